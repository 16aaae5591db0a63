/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A model of a FHIR server's search, on a virtual clock: resources with versions, transactions that share one instant,
 * commits that show late, pages by cursor or by a stored list, and the quirks that real servers have.
 */
#ifndef TESTS_SIM_SERVER_H
#define TESTS_SIM_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define SIM_KINDS 10
#define SIM_ROWS 700      /* resources a kind */
#define SIM_VERSIONS 4000 /* writes in all */

struct sim_version {
    unsigned kind, id, version;
    int64_t updated_ms;   /* meta.lastUpdated */
    int64_t visible_ms;   /* from then on searches see it */
    int before;           /* the version it replaces, -1 none */
    unsigned content;     /* what it says; of a rival's: a number of its own (SIM_RIVAL and more) */
    unsigned by;          /* the operation that made it; 0: a rival */
    bool gone;            /* it was deleted */
};

#define SIM_RIVAL 1000000u /* contents from here on are rivals' */

/* What the server does besides what it should. */
struct sim_habit {
    bool stored_pages;    /* a list of ids is kept; rows show their newest version in their old place (HAPI) */
    bool unsorted;        /* ignores _sort and leaves it out of the self link */
    bool lies;            /* ignores _sort and says it did not */
    bool unfiltered;      /* ignores _lastUpdated and leaves it out of the self link */
    bool foreign;         /* next links name another origin */
    bool mute;            /* no self links */
    bool links_last;      /* links come behind the entries */
    bool no_batch, strict; /* 400 for a batch; 400 for _sort */
    int lacks;            /* a kind that it does not have: 404; -1 none */
    unsigned cap;         /* rows a page at most; 0 none */
};

struct sim_server {
    int64_t now_ms;
    struct sim_habit habit;
    struct sim_version v[SIM_VERSIONS];
    unsigned n;
    unsigned ids[SIM_KINDS];      /* ids given out */
    int newest[SIM_KINDS][SIM_ROWS];
    struct sim_list {             /* stored searches */
        bool live;
        unsigned serial, kind, n;
        unsigned id[SIM_ROWS];
    } list[64];
    unsigned lists;
};

/* Writes `rows` versions of a kind in one transaction; shows after late_ms. A new id with chance fresh in 100. */
void sim_write(struct sim_server *s, unsigned kind, unsigned rows, int64_t late_ms, unsigned fresh, uint64_t *seed);
/* The version that a search sees now, or NULL. */
const struct sim_version *sim_visible(const struct sim_server *s, unsigned kind, unsigned id);

/* The next version of a resource, there at once. id may be one of sim_reserve. */
struct sim_version *sim_next(struct sim_server *s, unsigned kind, unsigned id);
/* An id that nobody has. */
unsigned sim_reserve(struct sim_server *s, unsigned kind);
/* The newest version, seen by all or not; NULL: there never was one. */
const struct sim_version *sim_newest(const struct sim_server *s, unsigned kind, unsigned id);

struct sim_page {
    int status;
    unsigned n;
    const struct sim_version *row[SIM_ROWS];
    char self[300], next[300];    /* "" none */
};
/* Answers a search by its URL: "K2?_lastUpdated=ge...&_sort=_lastUpdated&_count=5" or one of its own links. */
void sim_search(struct sim_server *s, struct str url, struct sim_page *out);
void sim_expire(struct sim_server *s); /* stored lists are gone: 410 */

#endif
