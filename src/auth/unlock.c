/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "auth/unlock.h"

#include <stddef.h>
#include <string.h>

#include "audit/audit.h"
#include "base/mem.h"
#include "base/path.h"
#include "store/owner.h"

#define WAIT_MOST_MS 60000

struct auth_unlock {
    struct loop *loop;
    struct loop_job job;        /* the KDF, then the opening */
    char home[PATH_MAX_BYTES];
    struct auth_opener opener;
    struct secret *passphrase;  /* until the store is open */
    struct store_key *key;      /* between the two */
    struct store *store;
    struct err err;             /* what a wrong passphrase will be answered with */
    loop_timer wait;
    unsigned failures;
    bool busy, running, freed;
    bool stale, again;          /* the store was rotated between the two: both once more */
    bool owed;                  /* the wait after the last wrong one was cut short */
    void (*opened)(void *arg, struct store *s, const struct err *e);
    void *arg;
};

int64_t auth_unlock_wait_ms(unsigned failures)
{
    if (!failures)
        return 0;
    return failures > 6 ? WAIT_MOST_MS : 1000ll << (failures - 1);
}

static struct auth_unlock *of(struct loop_job *job)
{
    return (struct auth_unlock *)((char *)job - offsetof(struct auth_unlock, job));
}

static void drop(struct auth_unlock *u)
{
    secret_free(u->passphrase);
    store_key_free(u->key);
    store_close(u->store);
    mem_free(u);
}

static void answer(struct auth_unlock *u, const struct err *e)
{
    struct store *s = u->store;

    u->busy = false;
    u->store = NULL;
    u->opened(u->arg, s, e); /* may start the next try, or free u: nothing of u is touched after it */
}

static void waited(void *arg)
{
    struct auth_unlock *u = arg;
    struct err e = u->err;

    u->wait = 0;
    answer(u, &e);
}

/* --- the two jobs ------------------------------------------------------------------------------ */

static int derive(struct loop_job *job)
{
    struct auth_unlock *u = of(job);

    return store_unlock(u->home, u->passphrase, &u->key, &job->err);
}

static int open_store(struct loop_job *job)
{
    struct auth_unlock *u = of(job);
    struct store_key *key = u->key, *kept = store_key_dup(key);
    int r;

    u->key = NULL;
    if (u->opener.open)
        r = u->opener.open(u->opener.arg, key, &job->cancel, &u->store, &job->err);
    else
        r = store_open(u->home, key, &u->store, &job->err);
    u->stale = r && kept && store_key_stale(u->home, kept);
    store_key_free(kept);
    return r;
}

static void begin(void *arg);

static void opened(struct loop_job *job)
{
    struct auth_unlock *u = of(job);
    struct err e = job->err;

    u->running = false;
    if (u->freed) {
        drop(u);
        return;
    }
    if (job->code && u->stale && !u->again) { /* REQ: nobody is told that a passphrase is wrong which is right */
        u->again = true;
        begin(u);
        return;
    }
    secret_free(u->passphrase);
    u->passphrase = NULL;
    if (job->code)
        e.code = job->code;
    answer(u, job->code ? &e : NULL);
}

static void derived(struct loop_job *job)
{
    struct auth_unlock *u = of(job);

    u->running = false;
    if (job->code) {
        secret_free(u->passphrase);
        u->passphrase = NULL;
    }
    if (u->freed) {
        drop(u);
    } else if (!job->code) {
        u->failures = 0;
        u->job = (struct loop_job){.run = open_store, .done = opened};
        u->running = true;
        loop_submit(u->loop, LOOP_STORE, &u->job);
    } else {
        u->err = job->err;
        u->err.code = job->code;
        if (job->code == ERR_PASSPHRASE) {
            audit_refused_note(u->home);
            u->wait = loop_after(u->loop, auth_unlock_wait_ms(++u->failures), waited, u);
        }
        if (!u->wait)
            waited(u);
    }
}

static void begin(void *arg)
{
    struct auth_unlock *u = arg;

    u->wait = 0;
    u->running = true;
    u->job = (struct loop_job){.run = derive, .done = derived};
    loop_submit(u->loop, LOOP_WORK, &u->job);
}

/* --- from outside ------------------------------------------------------------------------------ */

int auth_unlock_start(struct loop *l, const char *home, struct secret *passphrase, const struct auth_opener *opener,
                      void (*call)(void *arg, struct store *s, const struct err *e), void *arg,
                      struct auth_unlock **out)
{
    struct auth_unlock *u = *out ? *out : mem_alloc(sizeof *u);

    if (!u || u->busy || strlen(home) >= sizeof u->home) {
        secret_free(passphrase);
        if (u && !*out)
            mem_free(u);
        return !u ? ERR_NOMEM : ERR_BUG;
    }
    memcpy(u->home, home, strlen(home) + 1);
    u->loop = l;
    u->opener = opener ? *opener : (struct auth_opener){NULL, NULL};
    u->passphrase = passphrase;
    u->opened = call;
    u->arg = arg;
    u->busy = true;
    u->again = false;
    *out = u;
    if (u->owed)
        u->wait = loop_after(l, auth_unlock_wait_ms(u->failures), begin, u);
    u->owed = false;
    if (!u->wait)
        begin(u);
    return ERR_OK;
}

void auth_unlock_drop(struct auth_unlock **u)
{
    struct auth_unlock *fresh;

    if (!*u || !(*u)->busy)
        return;
    fresh = mem_alloc(sizeof *fresh);
    if (fresh) {
        fresh->failures = (*u)->failures;
        fresh->owed = (*u)->wait != 0;
    }
    auth_unlock_free(*u); /* its job may be running: only that job's end can free it */
    *u = fresh;
}

void auth_unlock_free(struct auth_unlock *u)
{
    if (!u)
        return;
    if (u->wait)
        loop_cancel(u->loop, u->wait);
    u->freed = true;
    u->job.cancel = true;
    if (!u->running) /* else the job's end drops it */
        drop(u);
}
