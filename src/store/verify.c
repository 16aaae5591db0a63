/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Is the store what it was? From the bytes up: superblocks, log, pages, SQLite's structures, then rows against what was
 * derived from them. It goes on after a finding, and says where each is.
 */
#include "config.h"

#include "store/copy.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/blob_priv.h"
#include "store/owner.h"
#include "store/priv.h"
#include "store/seal_priv.h"

#define TOLD_MOST 100
#define STEP_OPS 20000 /* of SQLite's machine, between two calls of step */

struct look {
    struct store *s; /* that is open, or NULL */
    const char *path;
    struct seal_keys *keys;
    const struct store_progress *p;
    void (*found)(void *arg, const struct store_finding *);
    void *arg;
    struct store_verified *out;
    enum store_place place; /* of the scan under way */
    uint64_t done, all;     /* steps told */
};

static void find(struct look *l, enum store_place place, int64_t no, const char *what)
{
    if (++l->out->findings <= TOLD_MOST)
        l->found(l->arg, &(struct store_finding){place, no, what});
}

static int tell(struct look *l)
{
    return l->p ? l->p->step(l->p->arg, l->done, l->all) : 0;
}

/* --- bytes -------------------------------------------------------------------------------------- */

/* was: as they were before opening mended them; NULL: they have not been. */
static int superblocks(struct look *l, const struct seal_superblocks *was, struct err *e)
{
    unsigned char *b = mem_alloc(SEAL_DATA_OFFSET);
    struct seal_superblocks now = {.a_whole = false};
    size_t got = 0, at = 2 * SEAL_SUPER;
    uint64_t size;
    int code = b ? seal_read_head(l->path, b, SEAL_DATA_OFFSET, &got, &size, e) : err_set(e, ERR_NOMEM, 0, 0, NULL);

    if (!code && !(code = seal_inspect(l->path, l->keys, &now, e))) {
        if (!now.a_whole || (was && !was->a_whole))
            find(l, STORE_AT_SUPERBLOCK, 0, "");
        if (!now.b_whole || (was && !was->b_whole))
            find(l, STORE_AT_SUPERBLOCK, 1, "");
        while (at < got && !b[at])
            at++;
        if (at < SEAL_DATA_OFFSET)
            find(l, STORE_AT_SUPERBLOCK, 2, "");
    }
    mem_free(b);
    return code;
}

static void scanned(void *arg, int64_t no)
{
    struct look *l = arg;
    const struct seal_scan scan = {.path = l->path, .keys = l->keys};
    bool bad = true;

    if (l->s && l->place == STORE_AT_PAGE && !store_hold(l->s, NULL)) { /* it may have been under way */
        if (seal_scan_again(&scan, no, &bad, NULL))
            bad = true;
        store_let_go(l->s);
    }
    if (bad)
        find(l, l->place, no, "");
}

static int scan_step(void *arg, uint64_t done, uint64_t all)
{
    struct look *l = arg;

    l->done = done;
    l->all = 2 * all;
    return tell(l);
}

static int pages(struct look *l, struct err *e)
{
    const struct seal_scan scan = {l->path, l->keys, scan_step, scanned, l};

    l->place = STORE_AT_PAGE;
    return seal_scan_pages(&scan, &l->out->pages, e);
}

static int log_frames(struct look *l, struct err *e)
{
    const struct seal_scan scan = {l->path, l->keys, NULL, scanned, l};

    l->place = STORE_AT_LOG;
    return seal_scan_log(&scan, &l->out->frames, e);
}

/* --- what SQLite and the store make of them ---------------------------------------------------- */

static int machine_step(void *arg)
{
    return tell(arg);
}

/* What stops the whole verification; everything else that SQLite answers is a finding. */
static bool is_grave(int code)
{
    return code == ERR_NOMEM || code == ERR_CANCELLED || code == ERR_IO;
}

static int database(struct look *l, struct sql *c, struct err *e)
{
    sqlite3_stmt *st = NULL;
    int code = sql_prepare(c, "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check<>'ok'", &st, e);

    while (!code && (code = sql_step(c, st, e)) == 1) {
        const char *what = (const char *)sqlite3_column_text(st, 0);

        find(l, STORE_AT_DATABASE, 0, what ? what : "");
        code = ERR_OK;
    }
    sqlite3_finalize(st);
    if (code < 0 && !is_grave(code)) {
        find(l, STORE_AT_DATABASE, 0, "integrity_check");
        code = ERR_OK;
    }
    return code;
}

/* Each counts what does not fit; 0 is right. The name is shown. */
static const struct {
    const char *what, *sql;
} derived[] = {
    {"count",
     "SELECT abs((SELECT count(*) FROM res) - (SELECT coalesce(sum(n), 0) FROM count))"},
    {"patient without its row",
     "SELECT count(*) FROM patient p LEFT JOIN res r ON r.rid=p.rid "
     "WHERE r.type IS NULL OR r.type NOT IN ('Patient', " SHORT_PATIENT ")"},
    {"row without its patient",
     "SELECT count(*) FROM res r LEFT JOIN patient p ON p.rid=r.rid "
     "WHERE r.type IN ('Patient', " SHORT_PATIENT ") AND p.pid IS NULL"},
    {"word without its patient",
     "SELECT count(*) FROM patient_word w LEFT JOIN patient p ON p.pid=w.pid WHERE p.pid IS NULL"},
    {"patient without a word",
     "SELECT count(*) FROM patient WHERE words<>'' AND pid NOT IN (SELECT pid FROM patient_word)"},
    {"earlier version without its row",
     "SELECT count(*) FROM res_prior p LEFT JOIN res r ON r.rid=p.rid WHERE r.rid IS NULL"},
    {"fact without its row", "SELECT count(*) FROM fact f LEFT JOIN res r ON r.rid=f.rid WHERE r.rid IS NULL"},
    {"attachment without its row", "SELECT count(*) FROM blob b LEFT JOIN res r ON r.rid=b.rid WHERE r.rid IS NULL"},
    {"opened chart without its patient",
     "SELECT count(*) FROM opened o LEFT JOIN patient p ON p.pid=o.pid WHERE p.pid IS NULL"},
};

static int derivations(struct look *l, struct sql *c, struct err *e)
{
    int code = ERR_OK;

    for (size_t i = 0; !code && i < sizeof derived / sizeof *derived; i++) {
        int64_t wrong = 0;

        code = sql_number(c, derived[i].sql, &wrong, e);
        if (wrong || (code && !is_grave(code)))
            find(l, STORE_AT_ROW, wrong, derived[i].what);
        code = is_grave(code) ? code : ERR_OK;
    }
    return code;
}

/* Does a row's body open to the size that it had, and do its keys follow from its names? body: the bytes. */
static bool row_fits(struct sql *c, sqlite3_stmt *st, struct buf *body, int *code)
{
    char id_room[SHORT_ROOM], patient_room[SHORT_ROOM];
    struct str type = short_word(st, 1), id = short_id(st, 2, id_room), patient = short_id(st, 4, patient_room);
    int origin = sqlite3_column_int(st, 0);
    bool charted = sqlite3_column_type(st, 5) != SQLITE_NULL;

    *code = body_unpack(&c->body, sql_column(st, 8), (enum body_codec)sqlite3_column_int(st, 7),
                        (size_t)sqlite3_column_int64(st, 6), body, NULL);
    if (*code)
        return false;
    return sqlite3_column_int64(st, 3) == store_hash(origin, type, id) && charted == (patient.n > 0) &&
           (!charted || sqlite3_column_int64(st, 5) == store_chart_hash(patient));
}

static int row(struct sql *c, sqlite3_stmt *st, struct verify_index *v, int64_t *wrong, struct err *e)
{
    const bool received = sqlite3_column_type(st, 11) == SQLITE_NULL;
    struct verify_row r = {.rid = sqlite3_column_int64(st, 9), .chart = sqlite3_column_int64(st, 5),
                           .fetched_ms = sqlite3_column_int64(st, 10)};
    struct buf body;
    int why, code = ERR_OK;

    buf_init(&body, LIMIT_RESOURCE_BYTES);
    *wrong += !row_fits(c, st, &body, &why);
    r.bytes = buf_str(&body);
    r.received_patient = received && str_eq(short_word(st, 1), STR("Patient"));
    if (why == ERR_NOMEM)
        code = err_set(e, why, 0, 0, NULL);
    else if (!why)
        code = verify_index_row(v, c, &r, e);
    buf_fini(&body);
    return code;
}

static int rows(struct look *l, struct sql *c, struct verify_index *v, struct err *e)
{
    sqlite3_stmt *st = NULL;
    int64_t all = 0, wrong = 0;
    const uint64_t pages_done = l->done;
    int code = sql_number(c, "SELECT count(*) FROM res", &all, e);

    if (!code)
        code = sql_prepare(c, "SELECT origin, type, id, key, patient, chart, size, codec, body, rid, fetched_ms, op "
                              "FROM res", &st, e);
    while (!code && (code = sql_step(c, st, e)) == 1) {
        code = row(c, st, v, &wrong, e);
        l->done = pages_done + (all ? (l->all - pages_done) * ++l->out->rows / (uint64_t)all : 0);
        if (!code && l->out->rows % 1000 == 0 && tell(l))
            code = err_set(e, ERR_CANCELLED, 0, 0, NULL);
    }
    sqlite3_finalize(st);
    if (wrong || (code && !is_grave(code)))
        find(l, STORE_AT_ROW, wrong, "row");
    return is_grave(code) ? code : ERR_OK;
}

static int blob_step(void *arg, uint64_t chunks)
{
    struct look *l = arg;

    l->out->chunks = chunks;
    return tell(l);
}

static void blob_found(void *arg, int64_t bid)
{
    find(arg, STORE_AT_BLOB, bid, "");
}

/* What the rows say against what can be searched, in one snapshot: a sync may go on meanwhile. */
static int indexes(struct look *l, struct sql *c, struct err *e)
{
    struct verify_index *v = verify_index_new();
    int code = v ? sql_exec(c, "BEGIN", e) : err_set(e, ERR_NOMEM, 0, 0, NULL), words = ERR_OK;
    int64_t homes = 0;

    if (!code && !is_grave(code = words = verify_index_words(v, c, e)) && !(code = rows(l, c, v, e))) {
        if (words || verify_index_wrong_words(v))
            find(l, STORE_AT_ROW, words ? 0 : verify_index_wrong_words(v), "words");
        code = verify_index_homes(v, c, &homes, e);
        if (homes || (code && !is_grave(code)))
            find(l, STORE_AT_ROW, homes, "homes");
    }
    if (v && !sqlite3_get_autocommit(c->db))
        sql_exec(c, "ROLLBACK", NULL);
    verify_index_free(v);
    return is_grave(code) ? code : ERR_OK;
}

/* --- the two ways in --------------------------------------------------------------------------- */

static int understood(struct look *l, struct err *e)
{
    struct sql c = {.keys = l->keys};
    int code = seal_open(l->path, l->keys, false, &c.db, e); /* it writes to temp alone */

    if (!code) {
        sqlite3_progress_handler(c.db, STEP_OPS, machine_step, l);
        if (!(code = database(l, &c, e)) && !(code = derivations(l, &c, e)) && !(code = indexes(l, &c, e)))
            code = blob_verify(&c, l->path, blob_step, blob_found, l, e);
    } else if (!is_grave(code)) {
        find(l, STORE_AT_DATABASE, 0, "open");
        code = ERR_OK;
    }
    sql_close(&c);
    return code;
}

static int verify(struct look *l, struct err *e)
{
    int code = superblocks(l, &l->s->found, e);

    if (code || (code = store_hold(l->s, e)))
        return code;
    code = log_frames(l, e);
    if (seal_wal_damaged(l->keys) && !l->out->findings)
        find(l, STORE_AT_LOG, 0, ""); /* met at opening, and written over since */
    /* A page that a power cut tore while the log held it is no loss: bring what the log has to its place first. */
    sqlite3_wal_checkpoint_v2(l->s->w.db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    store_let_go(l->s);
    if (code || (code = pages(l, e)))
        return code;
    return understood(l, e);
}

int store_verify(struct store *s, const struct store_progress *p,
                 void (*found)(void *arg, const struct store_finding *), void *arg, struct store_verified *out,
                 struct err *e)
{
    struct look l = {.s = s, .path = s->path, .p = p, .found = found, .arg = arg, .out = out};
    int code = copy_begin(s, p, e);

    *out = (struct store_verified){.pages = 0};
    if (!code) {
        l.keys = s->key->seal; /* not before: a rotation changes them */
        code = verify(&l, e);
        pthread_mutex_unlock(&s->whole);
    }
    return code;
}

static int shut(struct look *l, const struct store_proof *proof, struct err *e)
{
    const struct seal_proof shown = proof ? (struct seal_proof){(enum seal_slot_type)proof->kind, proof->secret}
                                          : (struct seal_proof){SEAL_FREE, NULL};
    int code = proof ? seal_unlock_by(l->path, &shown, &l->keys, NULL, NULL, e) : ERR_OK;

    if (code == ERR_PASSPHRASE || is_grave(code))
        return code;
    if ((code = superblocks(l, NULL, e)) || !l->keys || (code = log_frames(l, e)))
        return code;
    return pages(l, e);
}

int store_verify_shut(const char *home, const struct store_proof *proof, const struct store_progress *p,
                      void (*found)(void *arg, const struct store_finding *), void *arg, struct store_verified *out,
                      struct err *e)
{
    char path[PATH_MAX_BYTES];
    struct look l = {.path = path, .p = p, .found = found, .arg = arg, .out = out};
    struct store_owner *owner = NULL;
    int code = store_private(home, path, e);

    *out = (struct store_verified){.pages = 0};
    seal_register();
    if (!code && !(code = store_own(home, &owner, e)))
        code = shut(&l, proof, e);
    seal_keys_free(l.keys);
    store_disown(owner);
    return code;
}
