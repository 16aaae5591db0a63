/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "crypt/secret.h"

#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/mem.h"
#include "crypt/locked.h"

#define ARENA (64u << 10)
#define UNIT 32u /* what is given out is a multiple of it */
#define UNITS (ARENA / UNIT)
#define CANARY 16u /* bytes behind each secret */

/* sodium_malloc takes four pages and four of the kernel's mappings for a key of 32 bytes. */
static struct {
    pthread_mutex_t mutex;
    struct locked area;
    bool opened;                  /* area.p NULL then: there is no memory for it */
    uint16_t run[UNITS];          /* units of what begins there; 0: free, or within another */
    unsigned char canary[CANARY];
} crypt_arena = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* With the mutex held. */
static void arena_open_once(void)
{
    if (crypt_arena.opened)
        return;
    crypt_arena.opened = locked_map(&crypt_arena.area, ARENA, LOCKED_SECRETS) == ERR_OK;
    randombytes_buf(crypt_arena.canary, CANARY);
}

static bool in_arena(const unsigned char *p)
{
    return crypt_arena.area.p && p >= crypt_arena.area.p && p < crypt_arena.area.p + ARENA;
}

static unsigned units(size_t n)
{
    return (unsigned)((n + CANARY + UNIT - 1) / UNIT);
}

/* The first gap that is large enough. NULL: there is none. */
static unsigned char *arena_take(size_t n)
{
    unsigned want = units(n), at = 0, gap = 0;
    unsigned char *p = NULL;

    pthread_mutex_lock(&crypt_arena.mutex);
    arena_open_once();
    while (crypt_arena.area.p && at < UNITS && gap < want) {
        gap = crypt_arena.run[at] ? 0 : gap + 1;
        at += crypt_arena.run[at] ? crypt_arena.run[at] : 1u;
    }
    if (gap == want) {
        crypt_arena.run[at - want] = (uint16_t)want;
        p = crypt_arena.area.p + (size_t)(at - want) * UNIT;
        memcpy(p + (size_t)want * UNIT - CANARY, crypt_arena.canary, CANARY);
    }
    pthread_mutex_unlock(&crypt_arena.mutex);
    return p;
}

static void arena_give(unsigned char *p)
{
    size_t at = (size_t)(p - crypt_arena.area.p) / UNIT, n = (size_t)crypt_arena.run[at] * UNIT;
    const unsigned char *canary = p + n - CANARY;

    /* in a forked child it is zero, like all there */
    if (!n || (sodium_memcmp(canary, crypt_arena.canary, CANARY) && !sodium_is_zero(canary, CANARY)))
        err_fatal("secret");
    sodium_memzero(p, n);
    pthread_mutex_lock(&crypt_arena.mutex);
    crypt_arena.run[at] = 0;
    pthread_mutex_unlock(&crypt_arena.mutex);
}

int crypt_init(bool *locked)
{
    const struct rlimit none = {0, 0};

    if (sodium_init() < 0)
        return ERR_BUG;
    if (setrlimit(RLIMIT_CORE, &none) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
        return ERR_BUG;
    pthread_mutex_lock(&crypt_arena.mutex);
    arena_open_once();
    if (locked)
        *locked = crypt_arena.area.held;
    pthread_mutex_unlock(&crypt_arena.mutex);
    return ERR_OK;
}

struct secret *secret_new(size_t cap)
{
    struct secret *s = sodium_init() < 0 ? NULL : mem_alloc(sizeof *s);

    if (!s)
        return NULL;
    s->cap = cap;
    if (!fault_hit(FAULT_MEM) && cap <= SIZE_MAX - 15) {
        s->p = cap <= ARENA / 8 ? arena_take(cap) : NULL;
        if (!s->p) /* a multiple of 16, because sodium_malloc puts the end, not the start, on a boundary */
            s->p = sodium_malloc((cap + 15) / 16 * 16);
    }
    if (!s->p) {
        mem_free(s);
        return NULL;
    }
    memset(s->p, 0, cap);
    return s;
}

void secret_free(struct secret *s)
{
    if (!s)
        return;
    if (in_arena(s->p))
        arena_give(s->p);
    else
        sodium_free(s->p); /* wipes */
    mem_free(s);
}

struct secret *secret_dup(const struct secret *s)
{
    struct secret *copy = secret_new(s->cap);

    if (copy) {
        memcpy(copy->p, s->p, s->n);
        copy->n = s->n;
    }
    return copy;
}

int secret_set(struct secret *s, const void *p, size_t n)
{
    if (n > s->cap)
        return ERR_TOOBIG;
    if (n)
        memmove(s->p, p, n);
    sodium_memzero(s->p + n, s->cap - n);
    s->n = n;
    return ERR_OK;
}

/* One byte a read: what follows the line on the descriptor is not ours, and no buffer keeps a copy. */
static int read_byte(int fd, unsigned char *to)
{
    ssize_t n;

    do
        n = read(fd, to, 1);
    while (n < 0 && errno == EINTR);
    return (int)n;
}

#define SECRET_CANCEL 3 /* Ctrl-C, where the terminal gives it as a character */

int secret_read_line(struct secret *s, int fd)
{
    struct secret *byte = secret_new(1);
    int code = byte ? ERR_OK : ERR_NOMEM, got = 0;

    secret_set(s, NULL, 0);
    while (!code && (got = read_byte(fd, byte->p)) == 1 && *byte->p != '\n') {
        if (*byte->p == SECRET_CANCEL)
            code = ERR_CANCELLED;
        else if (s->n < s->cap)
            s->p[s->n++] = *byte->p;
        else if (*byte->p != '\r')
            code = ERR_TOOBIG;
    }
    secret_free(byte);
    if (!code && got < 0)
        code = ERR_IO;
    if (!code && s->n && s->p[s->n - 1] == '\r')
        s->p[--s->n] = 0;
    if (!code && !s->n)
        code = ERR_INPUT;
    if (code)
        secret_set(s, NULL, 0);
    return code;
}
