/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Locales that are not installed: preloaded, setlocale looks for them where $WARD_LOCPATH says (made there by localedef).
 * wardline itself drops LOCPATH from its environment before it asks for a locale.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

static char path[4096];

__attribute__((constructor)) static void remember(void)
{
    const char *p = getenv("WARD_LOCPATH");

    if (p && strlen(p) < sizeof path)
        memcpy(path, p, strlen(p) + 1);
}

char *setlocale(int category, const char *name)
{
    char *(*real)(int, const char *);

    *(void **)&real = dlsym(RTLD_NEXT, "setlocale");
    if (path[0])
        setenv("LOCPATH", path, 1);
    return real(category, name);
}
