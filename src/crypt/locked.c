/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "crypt/locked.h"

#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/mem.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

static size_t page(void)
{
    long n = sysconf(_SC_PAGESIZE);

    return n > 0 ? (size_t)n : 4096;
}

static bool hold(unsigned char *p, size_t n)
{
#ifdef MLOCK_ONFAULT
    if (mlock2(p, n, MLOCK_ONFAULT) == 0)
        return true;
#endif
    return mlock(p, n) == 0;
}

int locked_map(struct locked *l, size_t n, enum locked_kind kind)
{
    size_t edge = page();
    unsigned char *p;

    *l = (struct locked){NULL, 0, false};
    if (fault_hit(FAULT_MEM) || n > SIZE_MAX - 3 * edge)
        return ERR_NOMEM;
    n = (n + edge - 1) / edge * edge;
    p = mmap(NULL, n + 2 * edge, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return ERR_NOMEM;
    if (mprotect(p + edge, n, PROT_READ | PROT_WRITE)) {
        munmap(p, n + 2 * edge);
        return ERR_NOMEM;
    }
    *l = (struct locked){p + edge, n, hold(p + edge, n)};
    (void)madvise(l->p, n, MADV_DONTDUMP);
    if (kind == LOCKED_SECRETS)
        (void)madvise(l->p, n, MADV_WIPEONFORK);
    return ERR_OK;
}

void locked_unmap(struct locked *l)
{
    if (!l->p)
        return;
    mem_zero(l->p, l->n);
    munmap(l->p - page(), l->n + 2 * page());
    *l = (struct locked){NULL, 0, false};
}

void locked_give_back(struct locked *l, size_t from, size_t to)
{
    size_t edge = page();

    from = (from + edge - 1) / edge * edge;
    to = to / edge * edge;
    if (to > l->n)
        to = l->n;
    if (from >= to)
        return;
    if (l->held) /* a locked page cannot be given back */
        munlock(l->p + from, to - from);
    (void)madvise(l->p + from, to - from, MADV_DONTNEED);
    if (l->held)
        l->held = hold(l->p + from, to - from);
}

size_t locked_most(void)
{
    struct rlimit l;

    if (getrlimit(RLIMIT_MEMLOCK, &l) || l.rlim_cur == RLIM_INFINITY || l.rlim_cur > SIZE_MAX)
        return SIZE_MAX;
    return (size_t)l.rlim_cur;
}
