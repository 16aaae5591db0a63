/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Preloaded under wardline by tests of what it says of a machine: /proc/swaps and /sys are read below $FAKE_ROOT.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char root[2048];

/* wardline keeps little of its environment */
__attribute__((constructor)) static void begin(void)
{
    const char *s = getenv("FAKE_ROOT");

    snprintf(root, sizeof root, "%s", s ? s : "");
}

static const char *moved(const char *path, char room[4096])
{
    if (!root[0] || (strcmp(path, "/proc/swaps") && strncmp(path, "/sys/", 5)))
        return path;
    snprintf(room, 4096, "%s%s", root, path);
    return room;
}

static void *next(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

FILE *fopen(const char *path, const char *how)
{
    FILE *(*real)(const char *, const char *);
    char room[4096];
    void *p = next("fopen");

    memcpy(&real, &p, sizeof real);
    return real(moved(path, room), how);
}

FILE *fopen64(const char *path, const char *how)
{
    return fopen(path, how);
}

DIR *opendir(const char *path)
{
    DIR *(*real)(const char *);
    char room[4096];
    void *p = next("opendir");

    memcpy(&real, &p, sizeof real);
    return real(moved(path, room));
}
