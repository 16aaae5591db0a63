/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "crypt/secret.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/mem.h"

/* Whether this process may lock memory at all: a container or a limit of 0 says no, and sodium_malloc
 * would go on without a word. */
static bool can_lock(void)
{
    unsigned char *p = sodium_malloc(1);
    bool yes = p && sodium_mlock(p, 1) == 0;

    sodium_free(p);
    return yes;
}

int crypt_init(bool *locked)
{
    const struct rlimit none = {0, 0};

    if (sodium_init() < 0)
        return ERR_BUG;
    if (setrlimit(RLIMIT_CORE, &none) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
        return ERR_BUG;
    if (locked)
        *locked = can_lock();
    return ERR_OK;
}

struct secret *secret_new(size_t cap)
{
    struct secret *s = sodium_init() < 0 ? NULL : mem_alloc(sizeof *s);

    if (!s)
        return NULL;
    /* a multiple of 16, because sodium_malloc puts the end, not the start, on a boundary */
    s->cap = cap;
    s->p = fault_hit(FAULT_MEM) || cap > SIZE_MAX - 15 ? NULL : sodium_malloc((cap + 15) / 16 * 16);
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
