/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pulling and sending together: one to three devices, each with both engines over a store in memory, one model server,
 * a line that loses, doubles and delays, rivals, users, and a kill between any two actions. One seed is one history.
 *   outbox.c  the store: what store/edit.h says, on a disk that a crash leaves and memory that it takes
 *   post.c    the server's writing and reading side, and the line before it
 *   device.c  carries out what sync_push_step wants, as sync/send.c does
 *   oracle.c  what must hold
 *   both.c    who does what when
 *
 * Resources are the rows of tests/sim/server.h; what one says is a number, its content, which oracle and judge can look
 * up. Everything drawn comes from world.seed; time is server.now_ms.
 */
#ifndef TESTS_SIM_BOTH_H
#define TESTS_SIM_BOTH_H

#include <stdio.h>

#include "sync/judge.h"
#include "sync/push.h"
#include "tests/sim/client.h"

#define BOTH_DEVICES 3
#define BOTH_OPS 48          /* on one disk, acknowledged ones too */
#define BOTH_EDITS 160       /* operations in all */
#define BOTH_CONTENTS 400
#define BOTH_FLIGHTS 96
#define BOTH_IDS 64          /* resources of a kind that a device may edit */
#define BOTH_SETTLE_MS 60000
#define BOTH_LATE_MS 50000   /* a request without a version is carried out that long after it left at most */

/* What the world does to them; each is counted, and may be switched off by its name (WARDLINE_SIM_OFF). */
enum both_fault {
    BOTH_NEVER,      /* nothing left */
    BOTH_LOST,       /* it left and never came */
    BOTH_UNANSWERED, /* carried out, the answer was lost */
    BOTH_LATE,       /* given up here, carried out later */
    BOTH_DOUBLED,    /* delivered twice */
    BOTH_PORTAL,     /* 200, and no FHIR; not carried out */
    BOTH_GATEWAY,    /* 502 of a proxy; carried out */
    BOTH_BUSY,       /* 503 with Retry-After; not carried out */
    BOTH_THROTTLED,  /* 429 */
    BOTH_SIGNIN,     /* 401 */
    BOTH_LARGE,      /* 413 */
    BOTH_PARTLY,     /* entries of a batch without an answer, or 429, 500 */
    BOTH_CRASH,
    BOTH_DISK,       /* a transaction that fails */
    BOTH_CANCEL,
    BOTH_BACKUP,     /* a device is replaced by its backup */
    BOTH_RIVAL,
    BOTH_DELETED,    /* by a rival */
    BOTH_POISON,     /* a content that the server refuses */
    BOTH_UNDO,       /* the user takes an edit back */
    BOTH_SQUASH,     /* an edit joined one that was queued */
    BOTH_MEND,       /* and one that was refused */
    BOTH_AGAIN,      /* an edit brings back an old wording */
    BOTH_PULL,       /* the pull's own faults */
    BOTH_FAULTS
};
extern const char *const both_fault_names[BOTH_FAULTS];

enum both_law {
    LAW_I1, LAW_I2, LAW_I3, LAW_I5, LAW_I7, LAW_I8, LAW_I9, LAW_I10, LAW_I14, LAW_I15, LAW_I18, LAW_I19, LAW_I21, LAW_I23,
    LAW_MARKED, LAW_CAUSE, LAW_STOPPED, LAW_BACK, LAWS
};
extern const char *const both_law_names[LAWS];

/* The server's ways with writing, besides struct sim_habit. */
struct both_habit {
    int stale;            /* status to another version than If-Match says: 409 or 412 */
    bool blind;           /* looks at no If-Match */
    bool no_history;      /* 501 */
    bool no_client_ids;   /* 404 to a PUT of a new id: Medplum. What a POST makes has the same number here, but is not
                           * found under it by who made it until its mark was */
    bool no_batch;
    bool mute;            /* answers name no version */
    bool same_is_nothing; /* a PUT of what is there makes no version (HAPI) */
    unsigned history;     /* versions on a page of history */
};

struct both_content {
    int ref_kind;         /* names that resource; -1 none */
    unsigned ref_id;
    bool poison;
};

/* --- a disk --- */

struct both_op {
    int64_t seq, after, next_at_ms;
    unsigned uid;         /* 1 to BOTH_EDITS */
    unsigned res, id;     /* kind of resource and its id */
    enum store_op_kind kind;
    enum store_op_state state;
    unsigned version, base, base_version; /* base_etag (0 none); base's content and version */
    unsigned content, tries, author;
};

struct both_row {
    bool here;
    unsigned content, version; /* version: last received */
    int64_t op;           /* -1 as received, 0 acknowledged and not yet received, else seq */
    unsigned shown;       /* what stood there is of that version: what an acknowledgement gave, or a pull */
    bool theirs;
    unsigned theirs_content, theirs_version;
};

struct both_disk {
    struct both_op op[BOTH_OPS];
    unsigned n;
    int64_t seq;
    struct both_row row[SIM_KINDS][BOTH_IDS];
    bool restored;        /* from a backup, once */
    /* of the pull */
    unsigned have[SIM_KINDS][SIM_ROWS];
    struct store_mark mark[SIM_KINDS];
    bool skip[SIM_KINDS], no_batch;
};

/* In place of outbox.c's numbers: a store of another making, for one device. Each call is one transaction; after it disk
 * says what stands there. */
struct both_device;
struct both_store {
    void (*give)(struct both_device *d); /* a new one, empty */
    void (*take)(struct both_device *d);
    unsigned (*edit)(struct both_device *d, enum store_op_kind kind, unsigned res, unsigned id, unsigned content);
    bool (*undo)(struct both_device *d, unsigned uid);
    /* torn: the power goes in the midst of it, and the device's store is opened anew */
    int (*moves)(struct both_device *d, const struct push_action *a, bool torn);
    void (*put)(struct both_device *d, const struct sim_version *v);
    void (*mark)(struct both_device *d, const struct store_mark *m); /* ends a pull's; type "": it has no mark */
    bool (*known)(const struct both_device *d, const struct sim_version *v);
    void (*crash)(struct both_device *d);
    void (*backup)(struct both_device *d);
    void (*restore)(struct both_device *d); /* all that was to be sent is in doubt */
};

/* --- a device --- */

struct both_lane {
    bool storing, asking; /* asking: a request is on the line */
    enum push_action_type doing;
    struct push_action a;
    int64_t due_ms;       /* of what is under way */
    int flight;           /* -1 none */
    int fate;             /* enum both_fault; BOTH_FAULTS: none */
    int64_t after_s;      /* Retry-After */
};

struct both_device {
    unsigned no;
    struct both_world *w;
    struct both_disk disk, backup;
    const struct both_store *store; /* NULL: outbox.c's */
    bool has_backup;
    struct sim_world pull;
    bool pulling;
    struct push_state *push;
    bool pushing, cancelled;
    struct both_lane lane[PUSH_LANES];
    int64_t wake_ms, next_ms, quiet_ms; /* quiet: the server said, not before */
    unsigned uid[BOTH_OPS * 2], loaded; /* of the engine's places */
    unsigned requests, waits, epoch;
    int code;
    unsigned author;
};

struct both_flight {
    bool live, wanted;    /* wanted: a lane waits for its answer */
    unsigned device, n;
    enum push_action_type doing;
    unsigned uid[PUSH_BATCH], res[PUSH_BATCH], id[PUSH_BATCH], content[PUSH_BATCH], if_match[PUSH_BATCH];
    bool removes[PUSH_BATCH], create[PUSH_BATCH], post[PUSH_BATCH];
    int64_t at_ms[2];     /* when it is carried out; 0 not */
    unsigned answer_of;   /* which of the two answers */
    int whole;            /* status of a batch as one; 0 */
    int status[PUSH_BATCH];
    unsigned version[PUSH_BATCH]; /* of a question: the newest one then */
    bool answered, made[PUSH_BATCH]; /* made: one copy of it made a version */
};

/* What an operation is, wherever it lies. */
struct both_truth {
    unsigned device, res, id, content, author;
    enum store_op_kind kind;
    bool conflict;        /* it came into one: then it stays there */
    bool undone;          /* by its user, before anybody could have it */
    bool taken_back, refused, doubled; /* doubled: a proxy's second copy of its create made a version too */
    bool blindly;         /* it replaced another version than it named: a lost update */
    unsigned made;        /* versions of it at the server */
    bool posted;          /* the first by a POST */
};

struct both_world {
    uint64_t seed;
    unsigned rate[BOTH_FAULTS]; /* in 1000 */
    bool off[BOTH_FAULTS];
    struct sim_server server;
    struct both_habit habit;
    struct both_device device[BOTH_DEVICES];
    unsigned devices;
    struct both_content content[BOTH_CONTENTS];
    unsigned contents;
    struct both_truth truth[BOTH_EDITS + 1];
    unsigned edits;
    struct both_flight flight[BOTH_FLIGHTS];
    bool calm;            /* no more faults */
    bool rivals, users;
    /* a scripted world (small scope): no dice, the n-th request's fate and the n-th boundary's kill */
    bool scripted;
    unsigned boundary, kill_at, request, fate_at;
    enum both_fault fate;
    /* found */
    enum both_law plant;  /* LAWS: none */
    bool plant_disk;      /* the first device's disk loses what was synced */
    uint64_t trace;
    unsigned long seen[BOTH_FAULTS], held[LAWS];
    unsigned long requests, doubts, conflicts, lost;
    enum both_law law;    /* the one that was broken */
    const char *broken;
    char where[160];
    bool say;             /* WARDLINE_SIM_SAY: a line an event */
};

#define BOTH_SAY(w, ...) ((w)->say ? (void)(printf("\n      %.3f ", (double)((w)->server.now_ms - 1700000000000) / 1000), printf(__VA_ARGS__)) : (void)0)
/* dice */
unsigned both_dice(struct both_world *w, unsigned n);
/* True with the fault's rate; then it is counted. */
bool both_chance(struct both_world *w, enum both_fault f);

/* outbox.c */
struct both_op *both_op_of(struct both_disk *d, unsigned uid);
struct both_op *both_newest(struct both_disk *d, unsigned res, unsigned id);
/* uid of the operation; 0: nothing was queued. content 0: delete. */
unsigned both_edit(struct both_device *d, enum store_op_kind kind, unsigned res, unsigned id, unsigned content);
/* ERR_OK, ERR_NOTFOUND. */
int both_move(struct both_device *d, unsigned uid, enum store_op_state from, enum store_op_state to, unsigned version);
bool both_undo(struct both_device *d, unsigned uid);
void both_doubt_all(struct both_disk *d);
void both_pulled(void *device, const struct sim_version *v);
bool both_known(void *device, const struct sim_version *v);
void both_stored(void *device, const struct store_mark *m);

/* post.c */
void both_send(struct both_device *d, const struct push_action *a);
void both_ask(struct both_device *d, const struct push_action *a);
/* Carries out what is due; the moment of the next, or INT64_MAX. */
int64_t both_line(struct both_world *w);
/* The answer of a lane's request is due: feeds the engine. */
void both_answer(struct both_device *d, unsigned lane);

/* device.c */
void both_start(struct both_device *d);
/* Does the next thing of the device, if any is due: true. */
bool both_turn(struct both_device *d);
int64_t both_due(const struct both_device *d);
void both_kill(struct both_device *d);
void both_feed(struct both_device *d, struct push_event ev);

/* oracle.c */
void both_broken(struct both_world *w, enum both_law law, const char *what, unsigned uid);
/* Counts an evaluation; broken unless ok. */
void both_check(struct both_world *w, enum both_law law, bool ok, const char *what, unsigned uid);
void both_check_truth(struct both_world *w);
void both_check_send(struct both_device *d, const struct push_action *a);
void both_check_conflict(struct both_device *d, const struct both_op *op, enum store_op_state to);
void both_check_run(struct both_device *d);
void both_check_end(struct both_world *w);

/* both.c */
struct both_setting {
    uint64_t seed;
    unsigned acts;        /* of users and rivals at most */
    bool off[BOTH_FAULTS];
    enum both_law plant;
    bool plant_disk;
    const struct both_store *store; /* of the first device; NULL: as of the others */
    bool say;
    /* a small scope's */
    bool scripted;
    unsigned kill_at, fate_at;
    enum both_fault fate;
};
void both_init(struct both_world *w, const struct both_setting *s);
/* One history; NULL or what was broken. */
const char *both_history(struct both_world *w, const struct both_setting *s);
/* Lets all that is under way go on for ms at most, until nothing is. */
void both_run(struct both_world *w, int64_t ms);
void both_fini(struct both_world *w);

#endif
