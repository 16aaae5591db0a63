/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the store's own files share: the two connections with their prepared statements, the owner's lock,
 * row bodies, the patient table. Nobody else includes it.
 */
#ifndef STORE_PRIV_H
#define STORE_PRIV_H

#include <pthread.h>
#include <sqlite3.h>
#include <sys/types.h>

#include "base/limits.h"
#include "base/path.h"
#include "base/vec.h"
#include "store/edit.h"

#include "store/owner.h"
#include "store/seal.h"
#include "store/store.h"


#define SCHEMA_APPLICATION 0x57415244 /* "WARD" */

/* --- sql.c: a connection and its statements ---------------------------------------------------- */

#define SQL_WALKS 64 /* one statement for each set of a walk's filters */
/* What is said of a row r of res; its body is column 16. */
#define SQL_ROW_COLUMNS \
    "r.origin, r.type, r.id, r.version, r.updated_ms, r.patient, r.date, r.sort_ms, r.status, r.section, r.size, " \
    "r.fetched_ms, r.codec, o.state, o.kind, o.by_command"
#define SQL_ROW_EDIT "LEFT JOIN outbox o ON o.seq=r.op"
#define SQL_LIST(X)                                                                                   \
    X(SQL_BEGIN) X(SQL_COMMIT)                                                                        \
    X(SQL_FIND) X(SQL_INSERT) X(SQL_UPDATE) X(SQL_DELETE) X(SQL_COUNT_ADD) X(SQL_BODY) X(SQL_HAS)     \
    X(SQL_OLD_RIDS) X(SQL_OLD_ROW) X(SQL_INDEX_AGAIN)                                                  \
    X(SQL_WORDS_OF) X(SQL_WORDS_ADD) X(SQL_WORDS_DROP) X(SQL_WORDS_FIND)                               \
    X(SQL_ROW) X(SQL_COUNTS) X(SQL_AT_SERVER) X(SQL_PRIOR_KEEP) X(SQL_PRIOR_GET) X(SQL_PRIOR_DROP)                     \
    X(SQL_PATIENT_FIND) X(SQL_PATIENT_INSERT) X(SQL_PATIENT_UPDATE) X(SQL_PATIENT_DELETE)             \
    X(SQL_WORD_ADD) X(SQL_WORD_DROP) X(SQL_WORD_RANGE) X(SQL_HEAD_GET) X(SQL_HEAD_PUT)                \
    X(SQL_HEAD_ALL) X(SQL_PATIENT_MAX) X(SQL_PATIENT_COUNT)                                           \
    X(SQL_PATIENT_OF) X(SQL_PATIENT_PAGE) X(SQL_PATIENT_BACK) X(SQL_PATIENT_ORDER) X(SQL_PATIENT_ROW) \
    X(SQL_SAME_NAME) X(SQL_SAME_BIRTH) X(SQL_NEAR) X(SQL_BIRTH_ORDER)                                 \
    X(SQL_FACT_ADD) X(SQL_FACT_DROP) X(SQL_FACT_FOUND) X(SQL_FACT_LOST) X(SQL_FACT_KEY)                  \
    X(SQL_FACT_BOOKED) X(SQL_FACT_DUE) X(SQL_FACT_FIRST) X(SQL_FACT_DUE_OF) X(SQL_FACT_KEYS)            \
    X(SQL_FACT_KEY_ROW) X(SQL_TASKS) X(SQL_TASK_COUNT)                                                \
    X(SQL_FACT_PHONES) X(SQL_FACT_MATES) X(SQL_ROW_NAME) X(SQL_PATIENT_NAME)                            \
    X(SQL_HOME_GET) X(SQL_HOME_PUT) X(SQL_HOME_DROP) X(SQL_HOME_WORD_GET) X(SQL_HOME_WORD_PUT)          \
    X(SQL_HOME_WORD_DROP) X(SQL_HOME_WORD_RANGE) X(SQL_HOME_OF_ROW)                                               \
    X(SQL_OPENED_PUT) X(SQL_OPENED_TRIM) X(SQL_OPENED_DROP) X(SQL_OPENED)                             \
    X(SQL_MARK_PUT) X(SQL_MARK_GET) X(SQL_MISSING_ADD) X(SQL_MISSING_DROP) X(SQL_MISSING_TRIED)       \
    X(SQL_MISSING_EACH) X(SQL_SET) X(SQL_SETTING) X(SQL_QUEUE)                                        \
    X(SQL_RES_OP) X(SQL_ROW_VERSION) X(SQL_RECEIVED) X(SQL_THEIRS_GET) X(SQL_THEIRS_PUT)              \
    X(SQL_THEIRS_KEEP)                                                                                \
    X(SQL_THEIRS_DROP) X(SQL_OP_ADD) X(SQL_OP_BASE) X(SQL_OP_BASE_PRIOR) X(SQL_OP_JOIN)               \
    X(SQL_OP_HEAD) X(SQL_OP_NAMED) X(SQL_OP_BASE_OF) X(SQL_OP_OLDEST) X(SQL_OP_NEWEST)                \
    X(SQL_OP_REPLACED) X(SQL_THEIRS_STALE)                                                            \
    X(SQL_OP_STATE) X(SQL_OP_LATER) X(SQL_OP_DOUBT) X(SQL_OP_REBASE) X(SQL_OP_FOLD) X(SQL_OP_BUSY)     \
    X(SQL_OP_SENT) X(SQL_OP_FORGET) X(SQL_OP_DROP)                                                    \
    X(SQL_LEDGER_ADD) X(SQL_LEDGER_BODY) X(SQL_LEDGER_LAST) X(SQL_LEDGER_BEHIND) X(SQL_LEDGER_STAMP)  \
    X(SQL_LEDGER_OLD) X(SQL_LEDGER_PRUNE) X(SQL_LEDGER_EACH)                                          \
    X(SQL_PRIOR_BASE) X(SQL_PRIOR_SENT) X(SQL_OP_NEXT) X(SQL_OP_EACH) X(SQL_UNSENT) X(SQL_UNSENT_OF)    \
    X(SQL_DRAFT_PUT) X(SQL_DRAFT_GET) X(SQL_DRAFT_EACH) X(SQL_DRAFT_DROP)                            \
    X(SQL_OP_UNSENT) X(SQL_OP_SET_BASE) X(SQL_OP_SET_BODY) X(SQL_OP_GIVE) X(SQL_OP_NAME) X(SQL_OP_CHART)      \
    X(SQL_OP_TARGET) X(SQL_DRAFT_CHART) X(SQL_RES_NAME) X(SQL_RENAMED_PUT) X(SQL_RENAMED_AGAIN)           \
    X(SQL_RENAMED_GET) X(SQL_RENAMED_ANY) X(SQL_BLOB_FORGET)      \
    X(SQL_EVICT_UNOPENED) X(SQL_EVICT_OPENED) X(SQL_EVICT_ROWS) X(SQL_EVICT_MAY) X(SQL_EVICT_LOOK)    \
    X(SQL_EVICTED_ADD) X(SQL_EVICTED_OF) X(SQL_EVICTED_ALL) X(SQL_EVICTED_WANTED)                     \
    X(SQL_EVICTED_WANT) X(SQL_EVICTED_BACK) X(SQL_EVICTED_FORGET)                                     \
    X(SQL_MARK_FORGET) X(SQL_MARK_ASOF) X(SQL_MEMBER_PUT) X(SQL_MEMBER_DROP) X(SQL_MEMBER_GET)        \
    X(SQL_MEMBERS) X(SQL_MEMBERS_FORGET) X(SQL_COHORT_NEW) X(SQL_COHORT_APART) X(SQL_COHORT_JOIN)     \
    X(SQL_COHORT_DROP) X(SQL_COHORT_MOVE) X(SQL_COHORT_PART) X(SQL_LEFT_MAY) X(SQL_LEFT_ROWS)          \
    X(SQL_AT_SERVER_OF) X(SQL_COHORT_TIDY)                                                                               \
    X(SQL_TRAIL_ADD) X(SQL_TRAIL_EACH)
enum sql_id {
#define SQL_ENUM_(id) id,
    SQL_LIST(SQL_ENUM_)
#undef SQL_ENUM_
    SQL_IDS
};

struct sql {
    sqlite3 *db;
    struct seal_keys *keys; /* borrowed: names the damaged page */
    sqlite3_stmt *stmt[SQL_IDS], *walk[SQL_WALKS];
    struct body_ctx *body; /* made at first use */
    bool fills;            /* what is being written is no edit: a full disk is ERR_FULL, and takes nothing away */
};

/* Turns what SQLite answered into our code; rc may be SQLITE_OK (then ERR_OK). */
int sql_error(const struct sql *c, int rc, struct err *e);
int sql_exec(const struct sql *c, const char *text, struct err *e);
/* A statement, reset and without bindings; prepared at its first use. Hand it to sql_done after use. */
int sql_use(struct sql *c, enum sql_id id, sqlite3_stmt **st, struct err *e);
int sql_prepare(const struct sql *c, const char *text, sqlite3_stmt **st, struct err *e);
void sql_done(sqlite3_stmt *st);
void sql_bind(sqlite3_stmt *st, int at, struct str s);  /* borrowed until sql_done; "" is '' and not NULL */
struct str sql_column(sqlite3_stmt *st, int at);        /* borrowed until the next step */
/* One step: 1 a row, 0 the end, or a negative code. */
int sql_step(const struct sql *c, sqlite3_stmt *st, struct err *e);
/* Steps a statement that gives no row, then sql_done. */
int sql_run(const struct sql *c, sqlite3_stmt *st, struct err *e);
int sql_run_with(struct sql *c, enum sql_id id, int64_t number, struct err *e); /* one whose parameter is a number */
int sql_number(const struct sql *c, const char *text, int64_t *out, struct err *e); /* one value, 0 if none */
void sql_close(struct sql *c);

/* --- turn.c: who writes ------------------------------------------------------------------------- */

/* The writing connection is used by one thread at a time. Who waits for a person's edit goes before who fills the
 * cache. A thread that has the turn must not take it again: turn_mine. */
struct turn {
    pthread_mutex_t mutex; /* guards the rest */
    pthread_cond_t free;
    pthread_t who;
    bool taken;
    unsigned edits; /* that wait */
};
void turn_init(struct turn *t);
void turn_fini(struct turn *t);
void turn_take(struct turn *t, bool edit);
bool turn_try(struct turn *t); /* true when it was free, and is taken now */
void turn_leave(struct turn *t);
bool turn_mine(struct turn *t);


/* --- the store --------------------------------------------------------------------------------- */

struct store_tx {
    struct store *s;
    int failed;     /* a statement failed: the transaction can only be rolled back, with this code */
    struct err why;
    bool queued;    /* something is to be sent that was not before it */
};

struct store_key {
    struct seal_keys *seal;
};

struct store {
    char path[PATH_MAX_BYTES];
    struct store_key *key;
    struct store_owner *owner; /* under whom it is open */
    bool owner_mine;           /* store_open took it itself */
    pid_t pid;             /* who opened it: a forked child does not own it */
    struct turn turn;      /* whose w is; guards what stands up to tx */
    struct sql w;          /* writing connection */
    bool settled, full;    /* its synchronous was set, and is FULL */
    bool in_tx;
    bool loose;            /* rows of attachments went: their files may be nobody's */

    bool removing;         /* the transaction takes rows out for want of room */
    bool reserved;         /* the reserve is there */
    struct store_tx tx;
    void (*on_queued)(void *arg);
    void *queued_arg;
    pthread_mutex_t mutex; /* guards r */
    struct sql r;          /* reading connection */
    pthread_mutex_t whole; /* held by who rotates, backs up or verifies: one at a time */
    struct seal_superblocks found; /* the superblock's copies as they were before opening mended them */
};

/* Path of HOME's store; it and the home must be this user's alone. ERR_NOPROFILE, ERR_PERM, ERR_IO. */
int store_private(const char *home, char path[PATH_MAX_BYTES], struct err *e);
/* Temporary names beside the store; who opens it removes what lies there. */
#define STORE_FILE_NEW STORE_FILE ".new"
#define STORE_FILE_FROM STORE_FILE ".from"
int store_sync_path(const char *path, struct err *e);
int store_forget(const char *path, struct err *e); /* a file with its log and journal; none there is fine */
int store_forget_log(const char *path, struct err *e);
/* Keeps every other writer out, without a transaction. ERR_INUSE in a forked child, ERR_BUG within a transaction. */
int store_hold(struct store *s, struct err *e);
void store_let_go(struct store *s);
/* Both connections, with s->key. p: as of store_open_told. */
int store_connect(struct store *s, const struct store_progress *p, struct err *e);
uint64_t store_now_ms(void); /* for the superblock's times */

/* A snapshot on the reading connection; every store_read_begin that answered ERR_OK needs its end. */
int store_read_begin(struct store *s, struct err *e);
void store_read_end(struct store *s);
/* As store_begin, for a transaction that makes room: also while the disk is full. */
int store_begin_removal(struct store *s, struct store_tx **out, struct err *e);
/* Marks tx as failed when code is one (why may be NULL); returns code. */
int store_tx_check(struct store_tx *tx, int code, const struct err *why);

/* --- owner.c --------------------------------------------------------------------------------------- */

/* --- slots.c ----------------------------------------------------------------------------------- */

struct seal_slot;
struct seal_super;
struct store_slot;
struct store_proof;
void slots_tell(const struct seal_slot *from, unsigned no, struct store_slot *out);
/* The data key of the store that is open (CRYPT_KEY bytes), the slot that gave it, the superblock that rules. */
int slots_prove(struct store *s, const struct store_proof *proof, struct secret *dek, unsigned *no,
               struct seal_super *super, struct err *e);

/* --- copy.c ------------------------------------------------------------------------------------ */

struct store_progress;

struct copy {
    const char *from, *to;
    struct seal_keys *from_keys, *keys;
    struct seal_super *super;
    bool doubt;              /* what is queued there may have been sent from here */
    struct str restored;     /* value of "restored.from", or "" */
    const struct store_proof *proof; /* must open the copy; NULL: nobody asks */
    const struct store_progress *progress;
};
/* The copy under its temporary name: filled, marked, read back whole, synced. On an error nothing of it is left. */
int copy_make(const struct copy *c, struct err *e);
/* Waits until nobody else works on the store as a whole; pthread_mutex_unlock(&s->whole) ends it. ERR_CANCELLED. */
int copy_begin(struct store *s, const struct store_progress *p, struct err *e);

/* --- owner.c: one process owns a store ---------------------------------------------------------- */

const char *owner_home(const struct store_owner *o);
/* One store is open under an owner. ERR_INUSE, num 0: there is one. */
int owner_enter(struct store_owner *o, struct err *e);
void owner_leave(struct store_owner *o);

/* --- schema.c ---------------------------------------------------------------------------------- */

int schema_version(void); /* that this program makes */
/* The tables of a new store. */
int schema_make(struct sql *c, struct err *e);
/* Brings an older one up to date. ERR_VERSION for a newer one, ERR_DAMAGED for something that is no store. */
int schema_check(struct sql *c, const struct store_progress *p, struct err *e);

/* --- body.c: a row's bytes, each compressed alone ------------------------------------------------ */

/* Numbers as in the superblock's codec byte. Rows of every codec are read; BODY_ZSTD is not written any more. */
enum body_codec { BODY_RAW = 0, BODY_DICT = 1, BODY_ZSTD = 2 };
/* The dictionaries, in the program itself: a store opens anywhere. Made of data/rows/ID.dict by the makefile. */
enum { BODY_DICT_FLAT = 1, BODY_DICT_LINES = 2, BODY_DICTS = 2 };
struct body_dict {
    unsigned id; /* as in a frame's head */
    const unsigned char *bytes;
    size_t n;
};
const struct body_dict *dict_table(unsigned *n);
struct body_ctx; /* the compressor's working memory: made anew for each row it costs more than the row */
void body_free(struct body_ctx *b); /* NULL is fine */
/* out: the bytes to store, mem_wipe'd by the caller with its *n. */
int body_pack(struct body_ctx **b, struct str bytes, char **out, size_t *n, enum body_codec *codec, struct err *e);
/* The same for three columns: size, codec, body. No bytes: an empty one. */
struct body_packed {
    char *p; /* mem_wipe'd by the caller, with its n */
    size_t n, size;
    enum body_codec codec;
};
int body_packed(struct body_ctx **b, struct str bytes, struct body_packed *out, struct err *e);
void body_bind(sqlite3_stmt *st, int at, const struct body_packed *p);
/* Writes, or appends, exactly size bytes. ERR_DAMAGED when they are not what was packed; ERR_VERSION with the id of a
 * dictionary that this program does not have. */
int body_unpack_at(struct body_ctx **b, struct str packed, enum body_codec codec, size_t size, char *out,
                   struct err *e);
int body_unpack(struct body_ctx **b, struct str packed, enum body_codec codec, size_t size, struct buf *out,
                struct err *e);

/* --- short.c: what res says of a row, in few bytes; equal values have equal forms ---------------------- */

#define SHORT_ROOM 40
#define SHORT_PATIENT "x'01'" /* in SQL: the word "Patient" */
/* Types and sections. */
void short_bind_word(sqlite3_stmt *st, int at, struct str s);
struct str short_word(sqlite3_stmt *st, int at); /* borrowed until the next step */
/* Ids and charts. The answer is borrowed until the next step, or in room. */
void short_bind_id(sqlite3_stmt *st, int at, struct str s);
struct str short_id(sqlite3_stmt *st, int at, char room[SHORT_ROOM]);
/* A date's lexeme beside its ms, without which it cannot be read again. */
void short_bind_date(sqlite3_stmt *st, int at, struct str lexeme, int64_t ms);
struct str short_date(sqlite3_stmt *st, int at, int64_t ms, char room[SHORT_ROOM]);

/* --- res.c ------------------------------------------------------------------------------------- */

/* The index key of a name: FNV-1a. Collisions cost a second look, no more. */
int64_t store_hash(int origin, struct str type, struct str id);
int64_t store_chart_hash(struct str chart);
/* key, origin, type and id of a row, as ?1 to ?4. */
void store_bind_name(sqlite3_stmt *st, int origin, struct str type, struct str id);
#define STORE_UNDATED INT64_MAX /* sort_ms of a row without a date: newest first shows it first */
/* "file:X" -> X and true. */
bool store_file_id(struct str *id);

/* The chart that a resource of an origin belongs to, by the patient's id: rows of a file never join a server
 * patient's. Borrowed from patient or room. */
#define STORE_CHART_BYTES (sizeof STORE_FILE_PREFIX + LIMIT_ID_BYTES)
struct str store_chart_of(struct str patient, enum store_origin origin, char room[STORE_CHART_BYTES]);

/* What stands there under a name. */
#define RES_RECEIVED (-1)
struct res_row {
    int64_t rid;  /* 0: nothing */
    int64_t op;   /* seq of its newest unacknowledged operation; 0: its bytes are an edit that was acknowledged;
                   * RES_RECEIVED: they are as received */
    bool current; /* its index is of FHIR_INDEX_REV */
    /* Of what was last received; a version that is longer counts as none. */
    char version[STORE_VERSION_BYTES];
    size_t version_n;
    int64_t updated_ms, fetched_ms;
};
/* bytes (NULL: not wanted): the row's, appended, if they are size long (-1: in any case); ERR_DAMAGED then also when
 * only they cannot be read, with out filled. */
int res_look(struct sql *c, int origin, struct str type, struct str id, struct res_row *out, int64_t size,
             struct buf *bytes, struct err *e);

struct patient_facts;
struct res_put {
    struct str bytes;
    enum store_origin origin;
    int64_t fetched_ms;
    int64_t now_ms; /* which of a Patient's names are in force */
    int64_t op;     /* as in struct res_row */
};
/* Refusals, before anything is written: of what no row can be made of; of a Patient that cannot be read. facts live in
 * a, of RES_READ_BYTES: a Patient that is all escaped names is kept, too. */
#define RES_READ_BYTES (8u * LIMIT_RESOURCE_BYTES)
int res_check(const struct fhir_index *ix, struct str bytes, struct err *e);
int res_read(const struct fhir_index *ix, const struct res_put *p, struct arena *a, struct patient_facts *facts,
             struct err *e);
/* Writes the row and all that hangs on it; *rid 0: a new one. facts: res_read's. */
int res_set(struct store_tx *tx, int64_t *rid, const struct fhir_index *ix, const struct res_put *p,
            const struct patient_facts *facts, struct err *e);
/* And takes it out. */
int res_drop(struct store_tx *tx, int64_t rid, struct str type, struct err *e);
/* REQ: a corrected result can be held against the one that was acted on. ix: of what takes the row's place. */
int res_keep_prior(struct sql *c, int64_t rid, const struct fhir_index *ix, struct err *e);

/* --- reserve.c: see store/room.h; in the turn ------------------------------------------------------ */

/* There it is, or it can be taken, or this file system has none to give: false only on a full disk. */
bool reserve_take(struct store *s);
bool reserve_give(void *store); /* for seal_keys.full */
bool reserve_is_held(const struct store *s);

/* --- room.c, evict.c ------------------------------------------------------------------------------- */

int room_pages(struct sql *c, int64_t *all, int64_t *empty, struct err *e);
int room_shrinks(struct sql *c, bool *yes, struct err *e);
/* Brings the log's pages home; empty: and cuts it, unless a reader is in the way. Not in the turn. */
int room_checkpoint(struct store *s, bool empty, struct err *e);

/* --- edit.c ------------------------------------------------------------------------------------- */

/* What comes for a row that has an unacknowledged edit: kept beside it. *change: against what came last. */
int edit_beside(struct sql *c, int64_t rid, const struct fhir_index *ix, const struct res_put *p,
                enum store_change *change, struct err *e);
/* The server deleted it. */
int edit_gone(struct sql *c, int64_t rid, struct err *e);

/* --- op.c --------------------------------------------------------------------------------------- */

struct op_head {
    int64_t seq, rid, after;
    char op[STORE_OP_BYTES];
    enum store_op_kind kind;
    enum store_op_state state;
    char author[LIMIT_ID_BYTES + 72], role[LIMIT_ID_BYTES + 72];
    bool by_command;
    unsigned tries;
};
/* By its number, or, where that is 0, by its name. seq 0: there is no such one. */
int op_head(struct sql *c, int64_t seq, const char *name, struct op_head *out, struct err *e);
/* SQL_OP_OLDEST or SQL_OP_NEWEST of a row; 0: none is unacknowledged. */
int op_of_row(struct sql *c, enum sql_id id, int64_t rid, int64_t *seq, struct err *e);
/* Is that a version which an acknowledged edit of the row replaced? A page that was asked for before may bring it; the
 * first time, then it counts as the server's word. */
int op_replaced(struct sql *c, int64_t rid, struct str version, bool *yes, struct err *e);
/* ledger.c: operation seq ends: its row of the ledger, before it goes from the outbox. version: of one acknowledged. */
int ledger_end(struct sql *c, int64_t seq, enum store_op_state how, struct str version, struct err *e);
/* The same, taken back, of those behind seq on row rid. */
int ledger_end_behind(struct sql *c, int64_t rid, int64_t seq, struct err *e);
/* Takes out the newest operation of a row, into the ledger, and gives the row back what it was. */
int op_undo(struct store_tx *tx, const struct op_head *op, struct err *e);

/* Bytes that a row had, or is to have, with what is known of them. bytes is its caller's to begin and end. */
struct op_former {
    bool there, gone;
    struct buf bytes;
    char version[STORE_VERSION_BYTES];
    int64_t updated_ms, fetched_ms;
};
/* What is known of the row as it was last received, apart from its bytes; and its type. */
int op_row_meta(struct sql *c, int64_t rid, struct op_former *f, char type[65], struct err *e);
/* The bytes that it shows, appended. */
int op_row_bytes(struct sql *c, int64_t rid, struct buf *out, struct err *e);
/* What was last received of a row that has an edit: what stands beside it, else its oldest edit's base. */
int op_last_received(struct sql *c, int64_t rid, struct op_former *f, struct err *e);
/* Puts the bytes into row rid and indexes it anew. op as in struct res_row. */
int op_set_row(struct store_tx *tx, int64_t rid, const struct op_former *f, int64_t op, struct err *e);

/* --- rename.c: ids of the server's choice ----------------------------------------------------------- */

/* An edit by who may still know an old name: ed as it came, and then with the names of today, which live in the rest.
 * All of it is its caller's to begin and end. */
struct rename_edit {
    struct store_edit ed;
    struct fhir_index ix;
    struct arena a;
    struct tape t;
    struct buf bytes;
};
/* What a name of before has become: *yes, and it is in room. */
int rename_get(struct sql *c, struct str type, struct str id, char room[LIMIT_ID_BYTES + 1], bool *yes, struct err *e);
int rename_edit(struct sql *c, struct rename_edit *r, struct err *e);

/* Indexes a row anew from its bytes, with its words but without its facts; what cannot be read keeps what it has. */
int res_index_again(struct sql *c, int64_t rid, const char *base, struct err *e);

/* --- settle.c: rows that an older wardline indexed ------------------------------------------------ */

/* Indexes them again, in transactions of its own; at once when there are none. p (may be NULL) is told behind each:
 * what was done before it stopped is kept. */
int settle_rows(struct sql *c, const struct store_progress *p, struct err *e);
/* All rows, whoever indexed them. */
int settle_again(struct sql *c, struct err *e);

/* --- text.c: the words of rows --------------------------------------------------------------------- */

/* A row's entry, as it was and as it is to be. text_begin before the row changes (rid 0: there is none yet, or none in
 * the index), text_end behind it; text_free in any case. */
struct text_entry {
    struct buf old, now;
};
int text_begin(struct sql *c, int64_t rid, struct str words, struct str chart, struct text_entry *t, struct err *e);
void text_bind_mark(sqlite3_stmt *st, int at, const struct text_entry *t); /* res.title */
int text_end(struct sql *c, int64_t rid, struct text_entry *t, struct err *e);
void text_free(struct text_entry *t);
/* What the entry of a row of a chart (its hash; 0: of none) is, from its bytes: tokens, a blank between; appended. */
int text_entry_of(struct str bytes, int64_t chart, struct buf *out);
/* Of a row that goes, before it does. */
int text_drop(struct sql *c, int64_t rid, struct err *e);

/* --- walk.c ---------------------------------------------------------------------------------------- */

/* Those of rids that are still here and, where q has a chart, in it, in their order; of q counts patient and bytes. */
int walk_given(struct store *s, const struct store_query *q, const struct vec *rids,
               int (*each)(void *arg, const struct store_row *row), void *arg, struct err *e);

/* --- fact.c: the facts behind the scopes, true in the same transaction as the row ---------------- */

/* In place of the facts that row rid had. */
int fact_put(struct sql *c, int64_t rid, const struct fhir_index *ix, enum store_origin origin, struct err *e);
int fact_drop(struct sql *c, int64_t rid, struct err *e);
/* A patient has come: facts that waited for it are its own. It has gone: they wait. */
int fact_found(struct sql *c, int64_t pid, struct str chart, struct err *e);
int fact_lost(struct sql *c, int64_t pid, struct err *e);

/* --- home.c: words of addresses ------------------------------------------------------------------ */

/* In place of the words that pid had; "" for none. */
int home_put(struct sql *c, int64_t pid, struct str words, struct err *e);
/* Those of row rid, if it is a patient's: bytes are its own. For res_index_again. */
int home_fill(struct sql *c, int64_t rid, struct str bytes, struct err *e);
/* For verify: does a word name pid? How many pairs of a word and a patient are there? */
int home_has(struct sql *c, struct str word, int64_t pid, bool *yes, struct err *e);
int home_count(struct sql *c, int64_t *n, struct err *e);
/* Adds to a set by pid everybody who has such a word that starts with prefix; whose telephone's key is in [lo, hi). */
int home_mark(struct sql *c, struct str prefix, unsigned char *bits, size_t bytes, struct err *e);
int home_mark_phones(struct sql *c, int64_t lo, int64_t hi, int64_t now_ms, void (*mark)(void *arg, int64_t pid),
                     void *arg, struct err *e);

/* Openings that are remembered: who was opened longest ago is removed first (room.c). */
#define STORE_OPENED_KEPT 10000

/* --- verify_index.c: words and homes against the rows ---------------------------------------------- */

struct verify_index;
struct verify_row {
    int64_t rid, chart, fetched_ms; /* chart: its hash, 0: of none */
    bool received_patient;          /* a Patient's, whose bytes are as received */
    struct str bytes;
};
struct verify_index *verify_index_new(void); /* NULL when there is no memory */
void verify_index_free(struct verify_index *v);
/* All in one snapshot of a connection that may write (to temp): the index of words, then every row; then what is wrong:
 * parts of the rows, of which each has a row at least; pairs of a word of an address and a patient. */
int verify_index_words(struct verify_index *v, struct sql *c, struct err *e);
int verify_index_row(struct verify_index *v, struct sql *c, const struct verify_row *r, struct err *e);
int64_t verify_index_wrong_words(const struct verify_index *v);
int verify_index_homes(struct verify_index *v, struct sql *c, int64_t *wrong, struct err *e);

/* --- view.c ------------------------------------------------------------------------------------- */

/* Adds the patients of a view's scope to a set by pid. */
int view_mark(struct sql *c, const struct store_view *v, void (*mark)(void *arg, int64_t pid), void *arg,
              struct err *e);
/* A statement whose first column gives the pids in the view's order (some more than once); NULL: by name. */
int view_order(struct sql *c, const struct store_view *v, sqlite3_stmt **st, struct err *e);
/* What the view says of one patient. */
int view_facts(struct sql *c, const struct store_view *v, int64_t pid, struct store_patient *p, struct err *e);

/* --- mark.c: settings ---------------------------------------------------------------------------- */

/* The profile's server, "" when there is none: what references are read against. */
int mark_server(struct sql *c, char base[LIMIT_URL_BYTES], struct err *e);
/* ERR_BUG for a name that is none, ERR_TOOBIG past LIMIT_SMALL_JSON. */
int mark_setting_check(const char *name, struct str value, struct err *e);
int mark_setting_put(struct sql *c, const char *name, struct str value, struct err *e);

/* --- patient.c: the patient table, true in the same transaction as the row ------------------------ */

struct patient_facts {
    struct str name, sort, family, given, birth, gender, identifiers, near, words, home; /* home: words of addresses */
};
/* Reads a Patient's bytes. now_ms: which names and identifiers are in force. Strings live in a. */
int patient_read(struct str bytes, int64_t now_ms, struct arena *a, struct patient_facts *out, struct err *e);
int patient_put(struct store_tx *tx, int64_t rid, struct str chart, enum store_origin origin,
                const struct patient_facts *f, struct err *e);
int patient_drop(struct store_tx *tx, int64_t rid, struct err *e);
/* A word as it is searched for: folded, without punctuation, cut at PATIENT_WORD bytes. */
#define PATIENT_WORD 64
int patient_squeeze(struct buf *out, struct str folded);
/* The heads of a word that patient_head has rows for, at most two; how many. */
unsigned patient_heads(struct str word, struct str out[2]);
#define PATIENT_BLOCK 4096 /* pids in one row of patient_head */
/* A nameless patient's sort key: behind every name. */
#define PATIENT_NAMELESS "\xf4\x8f\xbf\xbf"

/* --- find.c ------------------------------------------------------------------------------------ */

/* The pid of a chart, 0 when there is none. */
int find_chart(struct sql *c, struct str chart, int64_t *pid, struct err *e);

/* --- alike.c ----------------------------------------------------------------------------------- */

/* Of two with the same birth date: is one's family and given name easily taken for the other's (f and g)? Folded. */
bool alike_family(struct str family, struct str given, struct str f, struct str g);
/* Of two of the same birth year. */
bool alike_both(struct str family, struct str given, struct str f, struct str g);

#endif
