/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One sync at a time in a process that owns a store, whoever wants it: its screen, its own command, its guests. A wish
 * is met by a sync that began after it, so that what was queued before `sync` is in it; all wishes that wait while one
 * runs are met by the next one together. Either there is a keeper, which starts syncs for all when it is called (a full
 * screen with its loop), or whoever wishes runs it itself when hub_begin lets it.
 *
 * All functions: any thread. Nothing here waits.
 */
#ifndef SYNC_HUB_H
#define SYNC_HUB_H

#include "sync/run.h"

struct sync_hub;

int sync_hub_new(struct sync_hub **out); /* ERR_NOMEM */
void sync_hub_free(struct sync_hub *h);  /* NULL is fine */

/* From now on call() is asked to start a sync, on the wisher's thread; it must only pass that on. NULL: no keeper. */
void sync_hub_keeper(struct sync_hub *h, void (*call)(void *arg), void *arg);

/* Lets the caller run one: true, and sync_hub_end must follow; false while one runs. */
bool sync_hub_begin(struct sync_hub *h);
void sync_hub_progress(struct sync_hub *h, const char *type, uint64_t rows, unsigned done, unsigned all);
/* It is over. given_up: nobody meant to stop it but the one who ran it: the others' wishes stand, for the next. A
 * report with ERR_CANCELLED that was not given up was stopped by a person at the keeper's: all who wait are told. */
void sync_hub_end(struct sync_hub *h, const struct sync_report *r, bool given_up);

typedef uint64_t sync_wish;
sync_wish sync_hub_wish(struct sync_hub *h);
struct sync_hub_look {
    bool met;        /* report is the answer */
    bool yours;      /* nobody runs one and there is no keeper: sync_hub_begin has been granted, run it */
    bool running;
    char type[64];   /* of what runs: as progress told */
    uint64_t rows;
    unsigned done, all;
};
/* What has become of a wish; takes the turn when it is free. report is filled when met. */
struct sync_hub_look sync_hub_look(struct sync_hub *h, sync_wish w, struct sync_report *report);

#endif
