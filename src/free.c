/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whatever this process frees is zeroed first, by whomever it was allocated: what came over the line lies in buffers
 * of libcurl and OpenSSL, what is on the screen in those of ncurses, and none of them wipes. The C library calls these
 * two, and so does every library here, because the program's own symbols come first; the memory stays glibc's.
 */
#include "config.h"

#ifdef WIPE_FREED

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void __libc_free(void *p);
void *__libc_malloc(size_t n);
void *__libc_realloc(void *p, size_t n);

/* A block of its own goes back to the system whole, which gives it to nobody as it is (malloc/malloc.c: the second
 * bit of the size before it); pages of it that were never used would only come into being to be zeroed. */
static int is_mapped(const void *p)
{
    size_t size;

    memcpy(&size, (const char *)p - sizeof size, sizeof size);
    return (size & 2) != 0;
}

void free(void *p)
{
    if (!p)
        return;
    if (!is_mapped(p)) {
        int kept = errno;

        explicit_bzero(p, malloc_usable_size(p));
        errno = kept;
    }
    __libc_free(p);
}

void *realloc(void *p, size_t n)
{
    size_t had = p ? malloc_usable_size(p) : 0;
    void *other;

    if (!p || is_mapped(p))
        return __libc_realloc(p, n);
    if (n && n <= had) { /* it stays where it is; what is cut off may be given away */
        explicit_bzero((char *)p + n, had - n);
        return __libc_realloc(p, n);
    }
    if (!n) {
        free(p);
        return NULL;
    }
    if ((other = __libc_malloc(n))) {
        memcpy(other, p, had);
        free(p);
    }
    return other;
}

#endif
