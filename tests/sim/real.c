/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/sim/real.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "fhir/tape.h"
#include "tests/store/disk.h"
#include "tests/store/made.h"
#include "tests/store/quick.h"

#define BODY_BYTES 160

struct real_sums real_sums;

static const char *const types[SIM_KINDS] = {
    "AllergyIntolerance", "Condition", "MedicationRequest", "Flag", "Consent",
    "Observation", "Procedure", "Goal", "Practitioner", "Organization",
};

static struct {
    struct help h;
    unsigned char *p, *copy, *copy_wal; /* the store as it begins; the backup */
    size_t n, copy_n, copy_wal_n;
    struct store *s;
    struct store_tx *pulling;
    unsigned long before; /* entries of the disk's record when the last transaction began */
} real;

/* --- opening -------------------------------------------------------------------------------------------- */

static void lost(const char *what, const struct err *e)
{
    printf("\n    the real store: %s: %s %s\n", what, err_name(e->code), e->what);
    abort();
}

static void open_it(void)
{
    struct secret *p = made_pass("correct horse");
    struct store_key *k = NULL;
    struct err e = ERR_NONE;

    if (store_unlock(real.h.dir, p, &k, &e) || store_open(real.h.dir, k, &real.s, &e))
        lost("it does not open", &e);
    secret_free(p);
    disk_record(true);
    real.before = 0;
}

static void close_it(void)
{
    disk_record(false);
    store_rollback(real.pulling);
    store_close(real.s);
    real.pulling = NULL;
    real.s = NULL;
}

static void lay(const unsigned char *p, size_t n, const unsigned char *wal, size_t wal_n)
{
    disk_put(real.h.path, p, n);
    disk_put(real.h.wal, wal, wal_n);
    help_stand_in(&real.h, p, n);
}

bool real_start(void)
{
    struct secret *p = made_pass("correct horse");
    struct err e = ERR_NONE;

    help_init(&real.h);
    if (store_create(real.h.dir, p, &made_kdf, &e))
        lost("it is not made", &e);
    secret_free(p);
    disk_start();
    disk_store(&real.h);
    open_it(); /* what only the first opening writes */
    close_it();
    real.p = disk_dup(real.h.path, &real.n);
    return real.p != NULL;
}

void real_stop(void)
{
    disk_stop();
    mem_free(real.p);
    mem_free(real.copy);
    mem_free(real.copy_wal);
    made_remove(real.h.dir);
}

/* --- what stands in it ------------------------------------------------------------------------------------ */

static unsigned number_at(const struct tape *t, const char *path)
{
    struct str s = tape_plain(t, tape_path(t, 0, path));
    char text[20];

    snprintf(text, sizeof text, "%.*s", (int)s.n, s.p);
    return (unsigned)atoi(text);
}

/* What a body says, and which version it says that it is. */
static void read_body(struct str bytes, unsigned *content, unsigned *version)
{
    struct tape t = {.n = 0};

    *content = *version = 0;
    if (!bytes.n)
        return;
    if (!tape_parse(&t, bytes, NULL)) {
        *content = number_at(&t, "says");
        *version = number_at(&t, "meta.versionId");
    }
    tape_fini(&t);
}

static unsigned number(struct str s)
{
    char text[20];

    snprintf(text, sizeof text, "%.*s", (int)s.n, s.p);
    return (unsigned)atoi(text);
}

static unsigned type_of(struct str type)
{
    for (unsigned i = 0; i < SIM_KINDS; i++)
        if (str_is(type, types[i]))
            return i;
    abort();
}

/* The name of an operation is its number: see name_of(). */
static unsigned uid_of(const char *op)
{
    return (unsigned)strtoul(op, NULL, 16);
}

static int read_op(void *arg, const struct store_op *o)
{
    struct both_disk *d = arg;
    struct both_op *op = &d->op[d->n];

    if (d->n == BOTH_OPS)
        abort();
    *op = (struct both_op){.seq = o->seq, .after = o->after, .next_at_ms = o->next_at_ms, .uid = uid_of(o->op), .res = type_of(o->type),
                           .id = number(o->id), .kind = o->kind, .state = o->state, .version = number(o->base_etag),
                           .tries = o->tries, .author = number(o->author)};
    read_body(o->body, &op->content, &(unsigned){0});
    read_body(o->base, &op->base, &op->base_version);
    d->n++;
    return ERR_OK;
}

static int read_row(void *arg, const struct store_row *row)
{
    struct both_disk *d = arg;
    unsigned res = type_of(row->type), id = number(row->id), own;
    const struct both_op *newest;
    struct both_row *r;

    if (id >= BOTH_IDS)
        return ERR_OK;
    r = &d->row[res][id];
    r->here = true;
    r->version = number(row->version);
    read_body(row->bytes, &r->content, &own);
    newest = both_newest(d, res, id);
    if ((newest != NULL) != row->unsent)
        lost("a row says that it is sent, and is not", &(struct err){.code = ERR_BUG});
    r->op = newest ? newest->seq : own == r->version ? -1 : 0;
    return ERR_OK;
}

/* All of it, into the numbers. */
static void look(struct both_device *d)
{
    struct both_disk *disk = &d->disk;
    struct err e = ERR_NONE;

    disk->n = 0;
    memset(disk->row, 0, sizeof disk->row);
    if (store_op_each(real.s, &(struct store_op_query){.all = true, .bytes = true}, read_op, disk, &e) ||
        store_each(real.s, &(struct store_query){.bytes = true}, read_row, disk, &e))
        lost("it does not read", &e);
}

/* After a start: what the pull takes to be here, and its marks, are what is on the disk. */
static void look_back(struct both_device *d)
{
    look(d);
    for (unsigned k = 0; k < SIM_KINDS; k++) {
        struct store_mark *m = &d->disk.mark[k];
        struct err e = ERR_NONE;

        if (store_mark_get(real.s, str_of((char[3]){'K', (char)('0' + k), 0}), m, &e))
            lost("it has no marks", &e);
        if (!m->mark_ms && !m->run_start_ms)
            memset(m, 0, sizeof *m);
        for (unsigned id = 0; id < BOTH_IDS; id++)
            if (!d->disk.row[k][id].here || d->disk.row[k][id].version) /* of a server that names none: as it was */
                d->disk.have[k][id] = d->disk.row[k][id].version;
    }
}

static void real_give(struct both_device *d)
{
    disk_start();
    lay(real.p, real.n, NULL, 0);
    open_it();
    look_back(d);
}

static void real_take(struct both_device *d)
{
    (void)d;
    close_it();
}

/* --- transactions ------------------------------------------------------------------------------------------- */

static struct store_tx *begin(bool durable)
{
    struct store_tx *tx = NULL;
    struct err e = ERR_NONE;

    real.before = disk_recorded();
    if (store_begin(real.s, durable, &tx, &e))
        lost("no transaction", &e);
    return tx;
}

static void commit(struct store_tx *tx)
{
    struct err e = ERR_NONE;

    real_sums.transactions++;
    if (store_commit(tx, &e))
        lost("no commit", &e);
}

struct body {
    char p[BODY_BYTES];
    struct tape t;
    struct arena a;
    struct fhir_index ix;
};

static void body_init(struct body *b, unsigned res, unsigned id, unsigned content, unsigned version)
{
    int n = snprintf(b->p, sizeof b->p, "{\"resourceType\":\"%s\",\"id\":\"%u\",", types[res], id);
    struct err e = ERR_NONE;

    if (version)
        n += snprintf(b->p + n, sizeof b->p - (size_t)n, "\"meta\":{\"versionId\":\"%u\"},", version);
    snprintf(b->p + n, sizeof b->p - (size_t)n, "\"says\":\"%u\"}", content);
    arena_init(&b->a, 1 << 16);
    if (tape_parse(&b->t, str_of(b->p), &e) || fhir_index(&b->t, NULL, &b->a, &b->ix, &e))
        lost("a body", &e);
}

static void body_fini(struct body *b)
{
    tape_fini(&b->t);
    arena_fini(&b->a);
}

/* The first eight digits of a UUID are the operation's number. */
static void name_of(void *arg, void *p, size_t n)
{
    const unsigned *uid = arg;
    unsigned char *b = p;

    memset(b, 0, n);
    for (unsigned i = 0; i < 4 && i < n; i++)
        b[i] = (unsigned char)(*uid >> (24 - 8 * i));
}

/* The version in the bytes that the user sees and edits. */
static unsigned shown(unsigned res, unsigned id)
{
    unsigned content, version = 0;
    char text[12];
    struct buf b;

    buf_init(&b, 1 << 16);
    snprintf(text, sizeof text, "%u", id);
    if (!store_get(real.s, str_of(types[res]), str_of(text), &b, NULL))
        read_body(buf_str(&b), &content, &version);
    buf_fini(&b);
    return version;
}

static unsigned real_edit(struct both_device *d, enum store_op_kind kind, unsigned res, unsigned id, unsigned content)
{
    struct both_world *w = d->w;
    const struct both_op *n = both_newest(&d->disk, res, id);
    unsigned next = w->edits + 1, uid = n ? n->uid : 0;
    bool mends = n && n->state != STORE_OP_QUEUED;
    struct rng rng = {name_of, &next};
    enum store_change change = STORE_SAME;
    char op[STORE_OP_BYTES] = "", author[12];
    struct body b;
    struct store_edit ed = {.kind = kind, .ix = &b.ix, .rng = &rng, .now_ms = w->server.now_ms};
    struct err e = ERR_NONE;
    struct store_tx *tx;
    int code;

    if (w->edits == BOTH_EDITS || (kind == STORE_OP_CREATE) == d->disk.row[res][id].here)
        return 0;
    body_init(&b, res, id, content, kind == STORE_OP_CREATE ? 0 : shown(res, id));
    snprintf(author, sizeof author, "%u", d->author);
    ed.author = str_of(author);
    ed.bytes = kind == STORE_OP_DELETE ? STR("") : str_of(b.p);
    tx = begin(true);
    if ((code = store_edit(tx, &ed, &change, op, &e)))
        lost("an edit", &e);
    commit(tx);
    body_fini(&b);
    look(d);
    if (!op[0]) { /* nobody but this device ever knew of it; or the very bytes */
        if (uid && !both_op_of(&d->disk, uid))
            w->truth[uid].taken_back = w->truth[uid].undone = true;
        return 0;
    }
    if (change == STORE_NEW) {
        uid = ++w->edits;
        w->truth[uid] = (struct both_truth){.device = d->no, .res = res, .id = id};
    } else if (change == STORE_CHANGED) {
        w->seen[mends ? BOTH_MEND : BOTH_SQUASH]++;
    }
    if (uid != uid_of(op))
        lost("another operation", &(struct err){.code = ERR_BUG});
    n = both_op_of(&d->disk, uid);
    w->truth[uid].content = n->content;
    w->truth[uid].kind = n->kind;
    w->truth[uid].author = n->author;
    BOTH_SAY(w, "device %u: op %u (seq %d after %d) kind %d of K%u/%u says %u from %u (version %u)", d->no, uid, (int)n->seq,
             (int)n->after, n->kind, res, id, n->content, n->base, n->version);
    return uid;
}

static void op_name(unsigned uid, char op[STORE_OP_BYTES])
{
    struct rng rng = {name_of, &uid};

    rng_uuid(&rng, op);
}

static bool real_undo(struct both_device *d, unsigned uid)
{
    struct store_tx *tx = begin(true);
    char op[STORE_OP_BYTES];
    struct err e = ERR_NONE;
    int code;

    op_name(uid, op);
    code = store_op_drop(tx, op, &e);
    if (code && code != ERR_INUSE && code != ERR_NOTFOUND)
        lost("undo", &e);
    if (code) {
        store_rollback(tx);
        return false;
    }
    commit(tx);
    look(d);
    d->w->truth[uid].taken_back = d->w->truth[uid].undone = true;
    return true;
}

/* run_moves of src/sync/send.c. */
static int moves_in(struct store_tx *tx, struct both_device *d, const struct push_action *a, struct err *e)
{
    for (unsigned i = 0; i < a->n; i++) {
        const struct push_move *m = &a->move[i];
        char op[STORE_OP_BYTES];
        int code;

        op_name(d->uid[m->at], op);
        if ((code = store_op_move(tx, op, m->from, m->to, str_of(m->why), e)))
            return code;
        if (m->wait_ms && (code = store_op_later(tx, op, d->w->server.now_ms + m->wait_ms, e)))
            return code;
        BOTH_SAY(d->w, "device %u: op %u from %d to %d %s", d->no, d->uid[m->at], m->from, m->to, m->why);
    }
    return ERR_OK;
}

/* Acknowledged: what the pull's marks count as here. */
static void count_as_here(struct both_device *d, const struct push_action *a)
{
    for (unsigned i = 0; i < a->n; i++) {
        const struct both_op *op = both_op_of(&d->disk, d->uid[a->move[i].at]);
        unsigned version = (unsigned)atoi(a->move[i].why);

        if (op && a->move[i].to == STORE_OP_ACKED && version > d->disk.have[op->res][op->id])
            d->disk.have[op->res][op->id] = d->pull.have[op->res][op->id] = version;
    }
}

/* The power goes behind so many calls below the seal since the device started, and comes back. */
static void cut(struct both_device *d, unsigned long entries)
{
    close_it();
    disk_cut(entries, d->w->seed, &real.h, &real.h);
    open_it();
    look_back(d);
}

static int real_moves(struct both_device *d, const struct push_action *a, bool torn)
{
    struct store_tx *tx = begin(true);
    struct err e = ERR_NONE;
    int code = moves_in(tx, d, a, &e);

    if (code == ERR_NOTFOUND) {
        store_rollback(tx);
        return code;
    }
    if (code)
        lost("a move", &e);
    commit(tx);
    if (torn) {
        real_sums.torn++;
        cut(d, real.before + both_dice(d->w, (unsigned)(disk_recorded() - real.before) + 1));
        return ERR_OK;
    }
    look(d);
    count_as_here(d, a);
    return ERR_OK;
}

/* --- the pull ------------------------------------------------------------------------------------------------- */

static void real_put(struct both_device *d, const struct sim_version *v)
{
    enum store_change how = STORE_SAME;
    struct err e = ERR_NONE;
    struct body b;

    if (!real.pulling)
        real.pulling = begin(false);
    body_init(&b, v->kind, v->id, v->content, v->version);
    if (store_put(real.pulling, &b.ix, str_of(b.p), STORE_SERVER, d->w->server.now_ms, &how, &e))
        lost("a row", &e);
    BOTH_SAY(d->w, "device %u: pulled K%u/%u version %u says %u: %d", d->no, v->kind, v->id, v->version, v->content, how);
    body_fini(&b);
}

static void real_mark(struct both_device *d, const struct store_mark *m)
{
    struct err e = ERR_NONE;

    if (!real.pulling && !m->type[0])
        return;
    if (!real.pulling)
        real.pulling = begin(false);
    if (m->type[0] && store_mark_put(real.pulling, m, &e))
        lost("a mark", &e);
    commit(real.pulling);
    real.pulling = NULL;
    look(d);
}

static bool real_known(const struct both_device *d, const struct sim_version *v)
{
    char id[12], version[12];

    (void)d;
    snprintf(id, sizeof id, "%u", v->id);
    snprintf(version, sizeof version, "%u", v->version);
    return store_has(real.s, str_of(types[v->kind]), str_of(id), str_of(version));
}

/* --- harm ------------------------------------------------------------------------------------------------------ */

static void real_crash(struct both_device *d)
{
    struct both_disk was = d->disk;
    unsigned long all = disk_recorded();

    real_sums.crashes++;
    cut(d, d->w->plant_disk ? all / 3 : all);
    real_sums.unsynced += memcmp(was.row, d->disk.row, sizeof was.row) || memcmp(was.mark, d->disk.mark, sizeof was.mark);
}

static void real_backup(struct both_device *d)
{
    (void)d;
    mem_free(real.copy);
    mem_free(real.copy_wal);
    real.copy = disk_dup(real.h.path, &real.copy_n);
    real.copy_wal = disk_dup(real.h.wal, &real.copy_wal_n);
}

static void real_restore(struct both_device *d)
{
    struct err e = ERR_NONE;
    struct store_tx *tx;

    real_sums.restored++;
    close_it();
    lay(real.copy, real.copy_n, real.copy_wal, real.copy_wal_n);
    open_it();
    tx = begin(true);
    if (store_op_doubt(tx, STR(""), &e))
        lost("a backup", &e);
    commit(tx);
    look_back(d);
}

const struct both_store real_store = {
    real_give, real_take, real_edit, real_undo, real_moves, real_put, real_mark, real_known, real_crash, real_backup, real_restore,
};
