/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A system call for 24 random bytes is an eighth of the price of sealing a page, so a process draws 16
 * once and counts from there. A forked child that went on with the same prefix would use nonces twice;
 * the kernel wipes this page for it (MADV_WIPEONFORK), and where it cannot, the fork handler does.
 */
#include "config.h"

#include "crypt/crypt.h"

#include <pthread.h>
#include <sodium.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

static struct crypt_process {
    uint64_t token; /* 0: a process that has not drawn its own yet */
    unsigned char prefix[16];
    uint64_t count;
} *crypt_process_page;
static pthread_mutex_t crypt_process_mutex = PTHREAD_MUTEX_INITIALIZER;

static void before_fork(void)
{
    pthread_mutex_lock(&crypt_process_mutex);
}

static void in_parent(void)
{
    pthread_mutex_unlock(&crypt_process_mutex);
}

static void in_child(void)
{
    if (crypt_process_page)
        memset(crypt_process_page, 0, sizeof *crypt_process_page);
    pthread_mutex_unlock(&crypt_process_mutex);
}

/* With the mutex held: the page of this very process. */
static struct crypt_process *own_page(void)
{
    struct crypt_process *p = crypt_process_page;

    if (!p) {
        p = mmap(NULL, sizeof *p, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED || pthread_atfork(before_fork, in_parent, in_child))
            err_fatal("crypt: no page for nonces"); /* sealing without fresh nonces is worse than ending */
        (void)madvise(p, sizeof *p, MADV_WIPEONFORK);
        crypt_process_page = p;
    }
    if (!p->token) {
        if (sodium_init() < 0)
            err_fatal("crypt: sodium_init");
        randombytes_buf(p->prefix, sizeof p->prefix);
        p->count = 0;
        do
            randombytes_buf(&p->token, sizeof p->token);
        while (!p->token);
    }
    return p;
}

void crypt_nonce(unsigned char nonce[CRYPT_NONCE])
{
    struct crypt_process *p;
    uint64_t count;

    pthread_mutex_lock(&crypt_process_mutex);
    p = own_page();
    count = p->count++;
    memcpy(nonce, p->prefix, 16);
    pthread_mutex_unlock(&crypt_process_mutex);
    for (int i = 0; i < 8; i++)
        nonce[16 + i] = (unsigned char)(count >> (8 * i));
}

uint64_t crypt_process(void)
{
    uint64_t token;

    pthread_mutex_lock(&crypt_process_mutex);
    token = own_page()->token;
    pthread_mutex_unlock(&crypt_process_mutex);
    return token;
}
