/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/mem.h"

#include "base/fault.h"

#include <stdlib.h>
#include <stdint.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#define LARGE_BLOCK (512 << 10) /* bytes */

/* glibc raises its threshold to the largest block freed, and keeps blocks below it in heaps that seldom shrink: one
 * answer of 8 MiB would stay for the day. */
void mem_start(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
    mallopt(M_TRIM_THRESHOLD, LARGE_BLOCK);
    mallopt(M_ARENA_MAX, 1); /* one for each thread costs more memory than waiting for another costs time */
#endif
}

void mem_trim(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

void *mem_alloc(size_t n)
{
    return fault_hit(FAULT_MEM) ? NULL : calloc(1, n ? n : 1);
}

void *mem_resize(void *p, size_t n)
{
    return fault_hit(FAULT_MEM) ? NULL : realloc(p, n ? n : 1);
}

char *mem_dup(const void *p, size_t n)
{
    char *copy = n == SIZE_MAX ? NULL : mem_alloc(n + 1);

    if (copy && n)
        memcpy(copy, p, n);
    return copy;
}

void mem_free(void *p)
{
    free(p);
}

void mem_zero(void *p, size_t n)
{
    if (p && n)
        explicit_bzero(p, n);
}

void mem_wipe(void *p, size_t n)
{
    mem_zero(p, n);
    free(p);
}
