/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The sealed store: SQLite on our sealing VFS (store/seal.h), one file a profile, one owner process.
 * Every resource is kept byte for byte as it was received.
 *
 * Threads: functions that take a struct store_tx write, on the one writing connection, on the thread that called
 * store_begin: it waits there until no other thread writes, a person's edit before all others. A transaction is short
 * (LIMIT_TX_ROWS) and waits for nothing outside the store. All others read, on a read-only connection behind a
 * mutex, and may be called from any thread; what they see is the last commit. Callbacks run without a lock
 * and outside any snapshot: they may call every function here, and take their time.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "crypt/crypt.h"
#include "fhir/index.h"

struct store;
struct store_key; /* the data key, unwrapped, in locked memory */
struct store_tx;

#define STORE_FILE "store.wdb"

/* Long work tells how far it is. step's answer other than 0 stops it: ERR_CANCELLED, with nothing lost. */
struct store_progress {
    int (*step)(void *arg, uint64_t done, uint64_t all); /* pages, or rows; all may grow */
    void *arg;
};

/* --- opening --------------------------------------------------------------------------------- */

/* Makes HOME/store.wdb under a temporary name, fsyncs, renames. ERR_EXISTS when there is one. kdf NULL:
 * crypt_kdf_default. Slow (KDF): call it from the work thread or a program without a screen. */
int store_create(const char *home, const struct secret *passphrase, const struct crypt_kdf *kdf, struct err *e);

/* The same with settings in it from the first moment: a profile is there whole or not at all. */
struct store_value {
    const char *name; /* as for store_set */
    struct str value;
};
int store_create_with(const char *home, const struct secret *passphrase, const struct crypt_kdf *kdf,
                      const struct store_value *v, unsigned n, struct err *e);

/* The slow half of opening: reads the superblock, runs the KDF, unwraps the key. Any thread.
 * ERR_NOPROFILE, ERR_PASSPHRASE, ERR_VERSION, ERR_DAMAGED, ERR_NOMEM. */
int store_unlock(const char *home, const struct secret *passphrase, struct store_key **out, struct err *e);
void store_key_free(struct store_key *k);
struct store_key *store_key_dup(const struct store_key *k); /* NULL when there is no memory */

/* Takes the key (also on error). ERR_INUSE with the holder's pid (0: unknown), ERR_DAMAGED, ERR_VERSION, ERR_PERM
 * when others could read the home or the file. The lock is on HOME/store.lock, an empty file that stays. A forked
 * child owns nothing: there every call answers ERR_INUSE and store_close does nothing. */
int store_open(const char *home, struct store_key *key, struct store **out, struct err *e);
void store_close(struct store *s);

/* Gives back the memory that writing took; the next write takes it again. Takes words of deleted rows out of the index
 * (store/text.h). In no transaction of this thread; while another one writes, the memory stays. */
void store_rest(struct store *s);

/* What opening found amiss but survived: shown by doctor and once on the lock screen. */
struct store_health {
    bool superblock_a, superblock_b; /* whole and verified */
    bool wal_damaged;                /* later commits were lost behind a bad frame */
    uint64_t file_bytes, wal_bytes;
    struct crypt_kdf kdf;
    uint32_t format;
};
int store_health(struct store *s, struct store_health *h, struct err *e);

/* Pages in clear stand in memory that is locked? As soon as a store was opened or made in this process. */
bool store_pages_locked(void);

/* --- transactions ---------------------------------------------------------------------------- */

/* The handle that goes through model, store and audit: an edit, its outbox row and its audit row are one
 * transaction. durable: synchronous=FULL (a person's edit); false for cache fills. It is the calling thread's until
 * store_commit or store_rollback on that same thread. ERR_BUG: the thread has one already. */
int store_begin(struct store *s, bool durable, struct store_tx **out, struct err *e);
/* On error the transaction is gone and nothing of it is stored. A write that failed inside it (a full disk)
 * spoils it: then this gives that write's error. An input that was refused (ERR_INPUT, ERR_TOOBIG) does not. */
int store_commit(struct store_tx *tx, struct err *e);
void store_rollback(struct store_tx *tx);             /* NULL is fine */

/* --- resources ------------------------------------------------------------------------------- */

enum store_origin { STORE_SERVER, STORE_FILE_IMPORT }; /* imported rows say FROM FILE, NOT ON SERVER */
enum store_change { STORE_NEW, STORE_CHANGED, STORE_SAME };

/* A chart id names a patient's chart everywhere in wardline: a server patient's FHIR id, or "file:" and
 * the FHIR id of one that was imported. The same goes for the patient column of a row: rows of a file
 * belong to charts of files only. ':' is in no FHIR id, so the two can never meet. */
#define STORE_FILE_PREFIX "file:"

/* Puts one resource. An imported row never replaces a server's row, nor the other way round: the key is
 * (origin, type, id). STORE_SAME: the same bytes are here, nothing is written. STORE_CHANGED also when the version
 * is the same and the bytes are not: what came last is kept. A Patient's line in store_patients changes in the
 * same transaction; fetched_ms says which of its names and identifiers are in force. *change may be NULL.
 * A row with an edit that the server has not acknowledged keeps the edit: what comes, or that the server deleted it, is
 * kept beside it (store_op_theirs), and *change compares with what came last. */
int store_put(struct store_tx *tx, const struct fhir_index *ix, struct str bytes, enum store_origin origin,
              int64_t fetched_ms, enum store_change *change, struct err *e);
int store_delete(struct store_tx *tx, struct str type, struct str id, enum store_origin origin, struct err *e);

struct store_row {
    int64_t rowid;
    struct str type, version, date, status, section; /* as in struct fhir_index */
    struct str id;      /* as store_get takes it: "file:" before it for a row of a file */
    struct str patient; /* chart id, or "" */
    int64_t updated_ms, date_ms, fetched_ms;
    enum store_origin origin;
    struct str bytes; /* only when asked for */
    /* Has an edit that the server has not acknowledged (store/edit.h). Of the newest one: enum store_op_state and enum
     * store_op_kind, else -1; entered by a command. */
    bool unsent;
    int op_state, op_kind;
    bool by_command;
};

/* The bytes exactly as last received or as last edited here, appended to out. ERR_NOTFOUND. An id with "file:" before
 * it means the row of a file; without it the server's row, and a file's only if the server has none. */
int store_get(struct store *s, struct str type, struct str id, struct buf *out, struct err *e);
/* version: of what was last received, also of a row that was edited here since; "": any */
bool store_has(struct store *s, struct str type, struct str id, struct str version);

/* What a correction corrected: when store_put changes a row whose status is, or becomes, corrected, amended or
 * entered-in-error, the version before that change stays. Its bytes, appended to out, and its meta.versionId ("" when
 * it had none). Names a row as store_row.id does. ERR_NOTFOUND: none was ever here. */
#define STORE_VERSION_BYTES 72
int store_prior(struct store *s, struct str type, struct str id, struct buf *out, char version[STORE_VERSION_BYTES],
                struct err *e);

struct store_query {
    struct str type, section;          /* "" = any */
    struct str patient;                /* a chart id; "" = any */
    int64_t after_rowid;               /* for walking everything in steps */
    unsigned limit;                    /* 0 = no limit */
    bool bytes;                        /* fill row->bytes */
    bool newest_first;                 /* by date, undated first; else by rowid. after_rowid then counts for nothing */
};
/* Calls each for every row; a code other than 0 ends it and is returned. Up to 256 rows and 256 KiB are one
 * snapshot; a longer walk goes on in the next one. */
int store_each(struct store *s, const struct store_query *q, int (*each)(void *arg, const struct store_row *row),
               void *arg, struct err *e);
/* Those rows of rowids[n] that are still here, with their bytes, in that order. */
int store_rows(struct store *s, const int64_t *rowids, unsigned n, int (*each)(void *arg, const struct store_row *row),
               void *arg, struct err *e);
/* Of a type, how many rows are here that the server is to have: without those of files, and those created here that it
 * has not got. *removed: how many it is to have beside them, that were removed here (store/room.h). */
int store_at_server(struct store *s, struct str type, int64_t *n, int64_t *removed, struct err *e);
int store_counts(struct store *s, int (*each)(void *arg, struct str type, int64_t n), void *arg, struct err *e);


/* --- patients -------------------------------------------------------------------------------- */

struct store_patient {
    struct str id;         /* chart id: the FHIR id, or "file:" and it for a patient that came from a file */
    struct str name;       /* "FAMILY, Given" of the name in force (fhir_name_words), or ""; not yet safe */
    struct str birth;      /* lexeme */
    struct str gender;     /* code */
    struct str identifiers; /* those in force, usual ones first, joined by one blank; a blank inside one is U+00A0 */
    /* Others here (at most 99 are counted) with the same folded name, or the same birth date and a family name
     * within one letter or (given names being equal) of the same first part, or the same birth year and both names
     * within one letter. A name that is one letter is like its equal alone. */
    unsigned similar;
    unsigned born_alike; /* of those: by name and birth, not by the name alone */
    enum store_origin origin;
    bool by_home;          /* a word of the filter was found in an address or a telephone number alone */
    /* In a view (else 0 and FHIR_NO_DATE): days since the oldest of what is to be done was due, and when the first
     * booking of the view's day is. */
    int64_t overdue_days, booked_ms;
};
/* Those of whom each word of filter (of its first 8) starts a word of a name (old names too), an identifier in
 * force, or the birth date (1984, 1984-02, 03-Feb-1984), or of an address in force (with three letters, or beside
 * another word), or ends a telephone number of the patient, of a contact or of a RelatedPerson (four digits and more;
 * also the whole filter, with blanks inside): those whom only such a word finds come last. "" = all. Of a patient's
 * words 64 are kept: birth date, name in force, identifiers, other names, in that order. By name; the nameless last.
 * limit 0 = all. 512 rows are one snapshot: who comes or goes meanwhile shifts what is behind them. ERR_TOOBIG past
 * LIMIT_TEXT_CELL bytes, ERR_INPUT for what is no UTF-8. */
int store_patients(struct store *s, struct str filter, unsigned offset, unsigned limit,
                   int (*each)(void *arg, const struct store_patient *p), void *arg, struct err *e);
/* The same for one chart id. ERR_NOTFOUND. */
int store_patient(struct store *s, struct str chart, int (*each)(void *arg, const struct store_patient *p), void *arg,
                  struct err *e);
int store_patient_count(struct store *s, struct str filter, int64_t *n, struct err *e);
/* Calls each for those that patient.similar counts, by name. ERR_NOTFOUND: no such chart. */
int store_similar(struct store *s, struct str chart, int (*each)(void *arg, const struct store_patient *p), void *arg,
                  struct err *e);

/* --- households ------------------------------------------------------------------------------ */

/* One thing that a patient shares with another. */
struct store_mate {
    struct str chart;      /* the other's */
    enum kind_fact way;    /* KIND_FACT_PHONE, _HOME or _KIN */
    int64_t key;           /* of a telephone: as of fhir_phone */
    struct str mine_type, mine_id, type, id; /* the resources that say so, of the one and of the other */
};
/* Calls each for everything that the patient of a chart shares with others at a moment; in no order, and of more than
 * 2000 for no more. ERR_NOTFOUND. */
int store_household(struct store *s, struct str chart, int64_t now_ms,
                    int (*each)(void *arg, const struct store_mate *m), void *arg, struct err *e);

/* --- views: a part of the patients, in an order ------------------------------------------------ */

/* Which part. By the facts of the kind table (fhir/kind.h), each one look-up in an index. */
enum store_scope {
    STORE_EVERYBODY,
    STORE_IN_CARE,  /* of the Practitioner or PractitionerRole that is the key, or of one of that person's roles */
    STORE_AT_PLACE, /* in the Location that is the key, or in a part of it, in a visit that is open */
    STORE_MEMBERS,  /* of the Group or List that is the key */
    STORE_BOOKED,   /* with an appointment on the view's day */
    STORE_OPENED,   /* whose chart was opened on this device: the last STORE_OPENED_MOST */
    STORE_OVERDUE,  /* for whom something was due before today */
};
enum store_order { STORE_BY_NAME, STORE_BY_BIRTH, STORE_BY_BOOKING, STORE_BY_OVERDUE, STORE_BY_OPENED };
#define STORE_OPENED_MOST 100

struct store_view {
    struct str filter;   /* as of store_patients */
    enum store_scope scope;
    struct str type, id; /* the key; "file:" before the id for one of a file */
    enum store_order order; /* who has no value to sort by comes behind, by name */
    int64_t now_ms;
    int64_t today_ms;    /* midnight in UTC of the date that it is here */
    int64_t from_ms, to_ms; /* today here, midnight to midnight, as instants */
    int64_t day_ms, day_end_ms; /* the same of the day whose bookings are meant */
};
int store_view_patients(struct store *s, const struct store_view *v, unsigned offset, unsigned limit,
                        int (*each)(void *arg, const struct store_patient *p), void *arg, struct err *e);
int store_view_count(struct store *s, const struct store_view *v, int64_t *n, struct err *e);
/* Every key (type and id as in a view) of a scope that somebody is in, with a number of patients; in no order. Those
 * whose resource is not here are left out. Of a place: those in its parts are counted, too. */
int store_view_keys(struct store *s, enum store_scope scope, int64_t now_ms,
                    int (*each)(void *arg, struct str type, struct str id, int64_t n), void *arg, struct err *e);

/* A chart was opened at a moment: for STORE_OPENED. Unknown ones are passed over. */
int store_opened(struct store_tx *tx, struct str chart, int64_t at_ms, struct err *e);

/* Open tasks of patients that are kept here, what is due first, those without a time last. */
struct store_task {
    struct str type, id; /* as store_get takes them */
    struct str chart;
    int64_t at_ms;       /* as in struct fhir_fact */
    bool day;
    int64_t overdue_days;
    bool unsent; /* as in struct store_row */
};
int store_tasks(struct store *s, const struct store_view *v, unsigned offset, unsigned limit,
                int (*each)(void *arg, const struct store_task *t), void *arg, struct err *e);
int store_task_count(struct store *s, int64_t *n, struct err *e);

/* --- pull marks ------------------------------------------------------------------------------ */

struct store_mark {
    char type[64];
    int64_t mark_ms;     /* server Date at the start of the last run without a failed page; 0 = never */
    int64_t overlap_ms;  /* grows with lateness seen */
    int64_t asof_ms;     /* same instant for a reader: the kind is whole as of then; 0 = NOT FETCHED */
    /* the run under way, or run_start_ms = 0 */
    int64_t run_start_ms; /* server Date */
    int64_t run_max_ms;   /* greatest lastUpdated whose rows are stored */
    char run_max_lexeme[40];
    char next[1024];      /* stored next link, origin-relative, or "" */
    unsigned count;       /* page size in use */
    int64_t cohort;       /* of members (store/member.h); 0: of all that the profile has */
};
/* Rows and mark in one transaction, always. */
int store_mark_put(struct store_tx *tx, const struct store_mark *m, struct err *e);
/* All zero but type when there is none. */
int store_mark_get(struct store *s, struct str type, struct store_mark *m, struct err *e);
int store_mark_of(struct store *s, int64_t cohort, struct str type, struct store_mark *m, struct err *e);
/* None of any cohort is left: every kind is pulled from its beginning. */
int store_marks_forget(struct store_tx *tx, struct err *e);
/* Since when a kind is whole for a chart; of chart "": for all that are synced. 0: it is NOT FETCHED. */
int store_asof(struct store *s, struct str chart, struct str type, int64_t *asof_ms, struct err *e);

/* References to rows that are not here yet (Practitioner/1), to be fetched in batches. One that was not found five
 * times is not given any more. */
int store_missing_add(struct store_tx *tx, struct str type, struct str id, struct err *e);
int store_missing_done(struct store_tx *tx, struct str type, struct str id, bool found, struct err *e);
int store_missing_each(struct store *s, unsigned limit, int (*each)(void *arg, struct str type, struct str id),
                       void *arg, struct err *e);

/* --- settings -------------------------------------------------------------------------------- */

/* server, scope, auth, practitioner, role, demo, last sync: values of at most LIMIT_SMALL_JSON bytes under names
 * of [a-z.]; ERR_TOOBIG, ERR_BUG. */
int store_set(struct store_tx *tx, const char *name, struct str value, struct err *e);
int store_setting(struct store *s, const char *name, struct buf *out, struct err *e); /* ERR_NOTFOUND */

/* --- queue ----------------------------------------------------------------------------------- */

struct store_queue_counts {
    int64_t queued, indoubt, conflict, attention;
};
int store_queue_counts(struct store *s, struct store_queue_counts *c, struct err *e);

#endif
