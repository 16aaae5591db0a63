/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/mem.h"

#include "base/fault.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
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

#define STACK_NEAR (16 << 10)  /* bytes */
#define STACK_FAR (512 << 10)

/* Pages well below this frame, as many as are there: others would only come into being to be zeroed. No call is under
 * way while one is written. */
__attribute__((noinline, no_sanitize("address"))) static void zero_far_stack(void)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uintptr_t at = (uintptr_t)__builtin_frame_address(0) / page * page - STACK_NEAR / 2;
    unsigned char there;

    for (size_t n = 0; n < STACK_FAR / page && !mincore((void *)at, page, &there); n++, at -= page)
        for (size_t i = 0; there & 1 && i < page; i += sizeof(uint64_t))
            *(volatile uint64_t *)(at + i) = 0;
}

__attribute__((noinline)) static void zero_near_stack(void)
{
    unsigned char near[STACK_NEAR];

    explicit_bzero(near, sizeof near);
}

void mem_zero_stack(void)
{
    zero_far_stack();
    zero_near_stack();
}

void mem_wipe(void *p, size_t n)
{
    mem_zero(p, n);
    free(p);
}
