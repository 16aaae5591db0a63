/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bench_sync HOME RUNS: syncs a profile RUNS times in one process (so that the connection is warm from the
 * second on) and prints a line a run: milliseconds, requests, bytes up, bytes down, round trips, rows.
 * The passphrase is the first line of standard input.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypt/secret.h"
#include "loop/loop.h"
#include "store/store.h"
#include "sync/session.h"

struct bench {
    struct clock clock;
    struct loop *loop;
    struct sync_session *session;
    int64_t begun_ms;
    int left, code;
};

static void start(void *arg);

static void done(void *arg, const struct sync_report *r)
{
    struct bench *b = arg;

    printf("%" PRId64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
           clock_boot_ms(&b->clock) - b->begun_ms, r->wire.requests, r->wire.bytes_up, r->wire.bytes_down,
           r->wire.round_trips, r->pulled);
    fflush(stdout);
    b->code = r->code;
    if (--b->left > 0 && !r->code)
        loop_after(b->loop, 200, start, b);
    else
        loop_stop(b->loop, 0);
}

static void start(void *arg)
{
    struct bench *b = arg;
    struct sync_observer o = {.done = done, .arg = b};

    b->begun_ms = clock_boot_ms(&b->clock);
    b->code = sync_session_start(b->session, &o, NULL);
    if (b->code)
        loop_stop(b->loop, 0);
}

int main(int argc, char **argv)
{
    struct bench b = {.clock = clock_system()};
    const struct rng rng = rng_system();
    struct secret *pass;
    struct store_key *key;
    struct store *store;
    struct err e;

    if (argc != 3 || crypt_init(NULL) || !(pass = secret_new(1024)) || secret_read_line(pass, 0))
        return 1;
    b.left = atoi(argv[2]);
    if (store_unlock(argv[1], pass, &key, &e) || store_open(argv[1], key, &store, &e) ||
        loop_new(&b.clock, &b.loop) || sync_session_new(b.loop, store, &b.clock, &rng, &b.session, &e))
        return fprintf(stderr, "bench_sync: %s\n", err_name(e.code)), 1;
    secret_free(pass);
    start(&b);
    if (!b.code)
        loop_run(b.loop);
    sync_session_free(b.session);
    loop_free(b.loop);
    store_close(store);
    return b.code ? 1 : 0;
}
