/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A pseudo-locale that needs none installed: preloaded, it answers gettext's calls from the catalogue
 * that $PSEUDO_MO names (a GNU .mo file, native byte order). A string that is not wrapped, or not
 * extracted, then shows as the only plain text on the screen.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* libintl.h would make macros of these. */
char *gettext(const char *id);
char *dgettext(const char *domain, const char *id);
char *dcgettext(const char *domain, const char *id, int category);
char *ngettext(const char *one, const char *many, unsigned long n);
char *dcngettext(const char *domain, const char *one, const char *many, unsigned long n, int category);

static const char *mo;
static size_t mo_size;

__attribute__((constructor)) static void load(void)
{
    const char *path = getenv("PSEUDO_MO");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    struct stat st;

    if (fd < 0)
        return;
    if (!fstat(fd, &st) && st.st_size > 28) {
        mo = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        mo_size = (size_t)st.st_size;
        if (mo == MAP_FAILED || *(const uint32_t *)mo != 0x950412de)
            mo = NULL;
    }
    close(fd);
}

static const char *find(const char *id, size_t *length)
{
    const uint32_t *head = (const uint32_t *)mo;

    for (uint32_t i = 0; mo && i < head[2]; i++) {
        const uint32_t *from = (const uint32_t *)(mo + head[3]) + 2 * i, *to = (const uint32_t *)(mo + head[4]) + 2 * i;

        if (!strcmp(mo + from[1], id) && *id) {
            *length = to[0];
            return mo + to[1];
        }
    }
    return NULL;
}

char *dcgettext(const char *domain, const char *id, int category)
{
    size_t n;
    const char *s = find(id, &n);

    (void)domain, (void)category;
    return (char *)(s ? s : id);
}

char *gettext(const char *id)
{
    return dcgettext(NULL, id, 0);
}

char *dgettext(const char *domain, const char *id)
{
    return dcgettext(domain, id, 0);
}

char *dcngettext(const char *domain, const char *one, const char *many, unsigned long n, int category)
{
    size_t length;
    const char *s = find(one, &length);

    (void)domain, (void)category;
    if (!s)
        return (char *)(n == 1 ? one : many);
    return (char *)(n == 1 ? s : s + strlen(s) + 1);
}

char *ngettext(const char *one, const char *many, unsigned long n)
{
    return dcngettext(NULL, one, many, n, 0);
}
