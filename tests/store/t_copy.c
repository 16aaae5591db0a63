/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A store as a whole: rotated, backed up, restored, verified, wiped, with memory and files that fail at every call and a
 * person who stops it: the old one or the new one is there, whole. Planted faults: rotate-before-verify (the new
 * store takes the name before it was read back), backup-same-file-id (pages could be pasted from one to the other),
 * restore-resends (what the original may have sent is queued again), wipe-unlink-first (the slots stay on the disk).
 */
#include "config.h"

#include "tests/store/made.h"
#include "tests/store/quick.h"

#include <fcntl.h>

#include "base/fault.h"
#include "base/mem.h"
#include "base/rng.h"
#include "store/copy.h"
#include "store/priv.h"
#include "store/owner.h"
#include "store/seal_priv.h"
#include "tests/store/seal_help.h"

#define ROWS 40
static const char text[] = "correct horse";

/* --- a home with rows, and what it must still hold afterwards ----------------------------------- */

static void fill(struct store *s)
{
    char id[32], body[900];

    for (int i = 0; i < ROWS; i++) {
        struct fhir_index ix;

        snprintf(id, sizeof id, "o%d", i);
        memset(body, 'a' + i % 26, sizeof body);
        ix = made_index("Observation", id, "p1", "labs", 1000 + i);
        snprintf(body, sizeof body, "{\"resourceType\":\"Observation\",\"id\":\"%s\",\"note\":\"%0300d\"}", id, i * 7919);
        CU_ASSERT_EQUAL(made_put(s, &ix, str_of(body), STORE_SERVER, NULL), ERR_OK);
    }
    made_resource(s, "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"name\":[{\"family\":\"Ozturk\"}],"
                     "\"address\":[{\"line\":[\"3 Mill Lane\"],\"city\":\"Nakuru\"}]}");
}

/* One edit in the outbox, in a state by the schema's number. */
static void queue(struct store *s, const char *op, int state)
{
    int64_t edits = 0; /* a table of edits that knows their base, or the first one */
    char sql[800];

    CU_ASSERT_EQUAL(sql_number(&s->w, "SELECT count(*) FROM pragma_table_info('outbox') WHERE name='base'", &edits, NULL), ERR_OK);
    snprintf(sql, sizeof sql,
             "INSERT INTO outbox(op, type, id, %s, kind, state, base_etag, author, since_ms, next_at_ms, tries, why, size, codec, body) "
             "VALUES('%s', 'Observation', 'x', %s, 0, %d, '', 'me', 1, 0, 0, '', 24, 0, CAST('{\"unsent\":\"%.8s\"   }' AS BLOB))",
             edits ? "chart, rid, after, role, by_command, base_size, base_codec, base" : "patient", op,
             edits ? "'p1', 0, 0, '', 0, 0, 0, x''" : "'p1'", state, op);
    CU_ASSERT_EQUAL(sql_exec(&s->w, sql, NULL), ERR_OK);
}

static struct store *filled(char home[64])
{
    struct store *s = made_store(home);

    fill(s);
    queue(s, "op-aaaaa", 0);
    queue(s, "op-bbbbb", 1);
    queue(s, "op-ccccc", 4);
    queue(s, "op-ddddd", 3);
    return s;
}

static int count_row(void *arg, const struct store_row *row)
{
    char want[400];

    if (row->bytes.n && str_is(row->type, "Observation")) {
        snprintf(want, sizeof want, "{\"resourceType\":\"Observation\",\"id\":\"%.*s\",\"note\":\"%0300d\"}", (int)row->id.n, row->id.p,
                 atoi(row->id.p + 1) * 7919);
        CU_ASSERT(str_is(row->bytes, want));
    }
    ++*(int *)arg;
    return 0;
}

static void holds_all(struct store *s)
{
    struct store_query q = {.bytes = true};
    int rows = 0;

    CU_ASSERT_EQUAL(store_each(s, &q, count_row, &rows, NULL), ERR_OK);
    CU_ASSERT_EQUAL(rows, ROWS + 1);
}

static bool there(const char *home, const char *name)
{
    char path[200];

    snprintf(path, sizeof path, "%s/%s", home, name);
    return access(path, F_OK) == 0;
}

static void file_id(const char *path, unsigned char id[SEAL_FILE_ID])
{
    struct seal_super *super = mem_alloc(sizeof *super);

    memset(id, 0, SEAL_FILE_ID);
    if (!seal_super_get(path, NULL, super, NULL))
        memcpy(id, super->file_id, SEAL_FILE_ID);
    mem_free(super);
}

static bool same_id(const char *path, const unsigned char id[SEAL_FILE_ID])
{
    unsigned char now[SEAL_FILE_ID];

    file_id(path, now);
    return !memcmp(now, id, SEAL_FILE_ID);
}

static int opens_with(const char *home, const struct store_proof *p)
{
    struct store_key *k = NULL;
    int code = store_unlock_by(home, p, &k, NULL, NULL);

    store_key_free(k);
    return code;
}

static struct store *open_with(const char *home, const struct store_proof *p)
{
    struct store_key *k = NULL;
    struct store *s = NULL;
    struct err e = ERR_NONE;

    if (store_unlock_by(home, p, &k, NULL, &e) || store_open(home, k, &s, &e))
        printf("\n    open_with: %s ", err_name(e.code));
    return s;
}

static bool no_leftovers(const char *home)
{
    return !there(home, STORE_FILE_NEW) && !there(home, STORE_FILE_NEW "-wal") && !there(home, STORE_FILE_FROM) &&
           !there(home, STORE_FILE_NEW "-journal") && !there(home, STORE_FILE_FROM "-wal");
}

/* A file with a byte changed; false past its end. */
static bool flip(const char *path, uint64_t at)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    unsigned char b;
    bool done = fd >= 0 && pread(fd, &b, 1, (off_t)at) == 1;

    b ^= 1;
    done = done && pwrite(fd, &b, 1, (off_t)at) == 1;
    if (fd >= 0)
        close(fd);
    return done;
}

/* Progress that counts, stops at a call, or does harm at one. */
struct stopper {
    unsigned calls, at;
    uint64_t last, all;
    const char *harm; /* the file whose page 2 is changed instead of stopping */
    bool back;        /* only in the second half */
};

static int stop(void *arg, uint64_t done, uint64_t all)
{
    struct stopper *st = arg;

    CU_ASSERT(done <= all);
    st->last = done;
    st->all = all;
    if (++st->calls != st->at && !(st->harm && st->back && done * 2 > all && !st->at))
        return 0;
    if (!st->harm)
        return 1;
    st->at = ++st->calls; /* once */
    CU_ASSERT(flip(st->harm, SEAL_DATA_OFFSET + SEAL_PAGE + 77));
    return 0;
}

/* --- what a verification finds first ------------------------------------------------------------ */

struct seen {
    unsigned n;
    enum store_place place;
    int64_t no;
    char what[80];
};

static void see(void *arg, const struct store_finding *f)
{
    struct seen *s = arg;

    if (!s->n++) {
        s->place = f->place;
        s->no = f->no;
        snprintf(s->what, sizeof s->what, "%s", f->what);
    }
}

static struct seen verified(struct store *s, struct store_verified *out)
{
    struct seen seen = {0};

    CU_ASSERT_EQUAL(store_verify(s, NULL, see, &seen, out, NULL), ERR_OK);
    CU_ASSERT_EQUAL(seen.n, out->findings);
    return seen;
}

/* --- rotation ----------------------------------------------------------------------------------- */

static void rotated(void)
{
    char home[64], path[100], link_path[100];
    struct store *s = filled(home);
    struct secret *pass = made_pass(text), *other = made_pass("another"), *site = secret_new(CRYPT_BOX_SECRET), *code = secret_new(STORE_CODE_BYTES);
    const struct store_proof proof = {.secret = pass}, escrow = {STORE_SLOT_ESCROW, site}, second = {.secret = other}, paper = {.secret = code};
    unsigned char pk[CRYPT_BOX_PUBLIC], was[SEAL_FILE_ID], old[3 * CRYPT_KEY];
    struct store_slot dropped[STORE_SLOTS];
    struct stopper count = {0};
    struct seal_superblocks sb;
    unsigned n = 99;

    snprintf(path, sizeof path, "%s/%s", home, STORE_FILE);
    snprintf(link_path, sizeof link_path, "%s/link", home);
    crypt_box_pair(pk, site);
    store_code_new(code);
    CU_ASSERT_EQUAL(store_slot_add(s, &proof, &(struct store_slot_new){.kind = STORE_SLOT_PASSPHRASE, .secret = other, .kdf = &made_kdf}, NULL, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_slot_add(s, &proof, &(struct store_slot_new){.kind = STORE_SLOT_ESCROW, .public_key = pk, .label = "clinic"}, NULL, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_slot_add(s, &proof, &(struct store_slot_new){.kind = STORE_SLOT_RECOVERY, .secret = code, .label = "paper"}, NULL, NULL), ERR_OK);
    file_id(path, was);
    memcpy(old, s->key->seal->raw->p, sizeof old);
    CU_ASSERT_EQUAL(link(path, link_path), 0);
    CU_ASSERT_EQUAL(store_rotate(s, &paper, NULL, dropped, &n, NULL), ERR_LASTSLOT); /* or no passphrase would be left */
    CU_ASSERT_EQUAL(store_rotate(s, &(struct store_proof){.secret = site}, NULL, dropped, &n, NULL), ERR_PASSPHRASE);
    CU_ASSERT(same_id(path, was));
    CU_ASSERT_EQUAL(store_rotate(s, &proof, &(struct store_progress){stop, &count}, dropped, &n, NULL), ERR_OK);
    CU_ASSERT(count.calls > 0 && count.last == count.all && count.all > 0);
    CU_ASSERT_EQUAL(n, 2);
    CU_ASSERT(dropped[0].no == 1 && dropped[0].kind == STORE_SLOT_PASSPHRASE && dropped[1].no == 3 && !strcmp(dropped[1].label, "paper"));
    CU_ASSERT_FALSE(same_id(path, was));
    CU_ASSERT(memcmp(old, s->key->seal->raw->p, CRYPT_KEY) && memcmp(old + 2 * CRYPT_KEY, s->key->seal->raw->p + 2 * CRYPT_KEY, CRYPT_KEY));
    CU_ASSERT(no_leftovers(home));
    holds_all(s); /* the same handle goes on: reading and writing */
    queue(s, "op-eeeee", 0);
    CU_ASSERT_EQUAL(made_patient(s, "p2", STORE_SERVER, "\"gender\":\"other\""), ERR_OK);
    CU_ASSERT_EQUAL(sql_exec(&s->w, "DELETE FROM res WHERE id='p2'", NULL), ERR_OK);
    store_close(s);
    CU_ASSERT_EQUAL(opens_with(home, &second), ERR_PASSPHRASE);
    CU_ASSERT_EQUAL(opens_with(home, &paper), ERR_PASSPHRASE);
    CU_ASSERT_EQUAL(opens_with(home, &escrow), ERR_OK);
    s = open_with(home, &proof);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    holds_all(s);
    CU_ASSERT_EQUAL(seal_inspect(link_path, NULL, &sb, NULL), ERR_OK); /* the old one opens to nobody */
    CU_ASSERT(!sb.a_whole && !sb.b_whole);
    secret_free(pass);
    secret_free(other);
    secret_free(site);
    secret_free(code);
    made_end(s, home);
}

/* Stopped at each call of its progress, then done. */
static void rotation_stopped(void)
{
    char home[64], path[100];
    struct store *s = filled(home);
    struct secret *pass = made_pass(text);
    const struct store_proof proof = {.secret = pass};
    struct store_slot dropped[STORE_SLOTS];
    unsigned char was[SEAL_FILE_ID];
    bool done = false;
    unsigned n, stops = 0;

    snprintf(path, sizeof path, "%s/%s", home, STORE_FILE);
    file_id(path, was);
    for (unsigned at = 1; !done && at < 100; at++) {
        struct stopper st = {.at = at};
        struct err e = ERR_NONE;
        int code = store_rotate(s, &proof, &(struct store_progress){stop, &st}, dropped, &n, &e);

        done = st.calls < at;
        stops += !done;
        CU_ASSERT_EQUAL(code, done ? ERR_OK : ERR_CANCELLED);
        CU_ASSERT_EQUAL(same_id(path, was), !done);
        CU_ASSERT(no_leftovers(home));
        holds_all(s);
    }
    CU_ASSERT(done && stops >= 2);
    secret_free(pass);
    made_end(s, home);
}

/* What came out wrong never takes the old one's place. */
static void rotation_harmed(void)
{
    char home[64], path[100], temp[100];
    struct store *s = filled(home);
    struct secret *pass = made_pass(text);
    const struct store_proof proof = {.secret = pass};
    struct store_slot dropped[STORE_SLOTS];
    unsigned char was[SEAL_FILE_ID];
    struct stopper st = {.harm = temp, .back = true};
    unsigned n;
    int code;

    snprintf(path, sizeof path, "%s/%s", home, STORE_FILE);
    snprintf(temp, sizeof temp, "%s/%s", home, STORE_FILE_NEW);
    file_id(path, was);
    code = store_rotate(s, &proof, &(struct store_progress){stop, &st}, dropped, &n, NULL);
    CU_ASSERT(st.at > 0);
    CU_ASSERT_EQUAL(code, ERR_DAMAGED);
    CU_ASSERT(same_id(path, was));
    holds_all(s);
    CU_ASSERT(no_leftovers(home));
    store_close(s);
    s = open_with(home, &proof);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    holds_all(s);
    secret_free(pass);
    made_end(s, home);
}

/* --- backup and restore ------------------------------------------------------------------------ */

static struct store_queue_counts queued(struct store *s)
{
    struct store_queue_counts c;

    CU_ASSERT_EQUAL(store_queue_counts(s, &c, NULL), ERR_OK);
    return c;
}

static void backed_up(void)
{
    char home[64], there_home[64], to[100], path[100], again[100], value[100];
    struct store *s = filled(home), *r;
    struct secret *pass = made_pass(text), *code = secret_new(STORE_CODE_BYTES), *fresh = made_pass("fresh one"), *wrong = made_pass("wrong");
    const struct store_proof proof = {.secret = pass}, paper = {.secret = code}, next = {.secret = fresh};
    unsigned char id[SEAL_FILE_ID], copy_id[SEAL_FILE_ID];
    struct buf b;

    made_home(there_home);
    snprintf(path, sizeof path, "%s/%s", home, STORE_FILE);
    snprintf(to, sizeof to, "%s/monday.wdb", there_home);
    snprintf(again, sizeof again, "%s/%s", there_home, STORE_FILE);
    store_code_new(code);
    CU_ASSERT_EQUAL(store_slot_add(s, &proof, &(struct store_slot_new){.kind = STORE_SLOT_RECOVERY, .secret = code}, NULL, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_backup(s, to, NULL, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_backup(s, to, NULL, NULL), ERR_EXISTS);
    CU_ASSERT_EQUAL(store_backup(s, "/no/such/place/x", NULL, NULL), ERR_IO);
    CU_ASSERT_FALSE(there(there_home, "monday.wdb.part"));
    CU_ASSERT_FALSE(there(there_home, "monday.wdb-wal"));
    holds_all(s);
    CU_ASSERT(queued(s).queued == 2 && queued(s).indoubt == 0 && queued(s).conflict == 1); /* the original sends on */
    file_id(path, id);
    CU_ASSERT_FALSE(same_id(to, id));
    file_id(to, copy_id);

    CU_ASSERT_EQUAL(store_restore(there_home, to, &(struct store_proof){.secret = wrong}, NULL, NULL, NULL), ERR_PASSPHRASE);
    CU_ASSERT_EQUAL(store_restore(there_home, "/no/such/file", &proof, NULL, NULL, NULL), ERR_NOFILE);
    CU_ASSERT_EQUAL(store_restore(home, to, &proof, NULL, NULL, NULL), ERR_INUSE);
    CU_ASSERT(!there(there_home, STORE_FILE) && no_leftovers(there_home));
    CU_ASSERT_EQUAL(store_restore(there_home, to, &paper, fresh, NULL, NULL), ERR_OK); /* by any secret of the original */
    CU_ASSERT_EQUAL(store_restore(there_home, to, &paper, fresh, NULL, NULL), ERR_EXISTS);
    CU_ASSERT_FALSE(same_id(again, id));
    CU_ASSERT_FALSE(same_id(again, copy_id));
    CU_ASSERT(no_leftovers(there_home));
    CU_ASSERT_EQUAL(opens_with(there_home, &proof), ERR_OK);
    CU_ASSERT_EQUAL(opens_with(there_home, &paper), ERR_OK);
    CU_ASSERT_EQUAL(opens_with(there_home, &(struct store_proof){.secret = wrong}), ERR_PASSPHRASE);
    r = open_with(there_home, &next);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    holds_all(r);
    CU_ASSERT(queued(r).queued == 0 && queued(r).indoubt == 2 && queued(r).conflict == 1);
    buf_init(&b, 200);
    CU_ASSERT_EQUAL(store_setting(r, "restored.from", &b, NULL), ERR_OK);
    for (int i = 0; i < SEAL_FILE_ID; i++)
        snprintf(value + 2 * i, 3, "%02x", copy_id[i]);
    CU_ASSERT(b.n > 33 && !strncmp(b.p, value, 32));
    buf_fini(&b);
    /* It is a store like any other: its slots can be changed, it can be backed up and rotated. */
    CU_ASSERT_EQUAL(store_slot_remove(r, &proof, 0, NULL), ERR_OK);
    CU_ASSERT_EQUAL(opens_with(there_home, &proof), ERR_PASSPHRASE);
    CU_ASSERT_EQUAL(opens_with(there_home, &next), ERR_OK);
    secret_free(pass);
    secret_free(code);
    secret_free(fresh);
    secret_free(wrong);
    store_close(r);
    made_remove(there_home);
    made_end(s, home);
}

/* A backup that somebody puts into a home by hand is as careful as one that was restored. */
static void backup_by_hand(void)
{
    char home[64], there_home[64], to[100];
    struct store *s = filled(home), *r;
    struct secret *pass = made_pass(text);
    const struct store_proof proof = {.secret = pass};

    made_home(there_home);
    snprintf(to, sizeof to, "%s/%s", there_home, STORE_FILE);
    CU_ASSERT_EQUAL(store_backup(s, to, NULL, NULL), ERR_OK);
    r = open_with(there_home, &proof);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    holds_all(r);
    CU_ASSERT(queued(r).queued == 0 && queued(r).indoubt == 2);
    store_close(r);
    secret_free(pass);
    made_remove(there_home);
    made_end(s, home);
}

/* Stopped anywhere, or of a damaged file: nothing is there. */
static void backup_stopped(void)
{
    char home[64], there_home[64], to[100];
    struct store *s = filled(home);
    struct secret *pass = made_pass(text);
    const struct store_proof proof = {.secret = pass};
    struct stat st;
    bool done = false;
    int pages, refused = 0;

    made_home(there_home);
    snprintf(to, sizeof to, "%s/monday.wdb", there_home);
    for (unsigned at = 1; !done && at < 100; at++) {
        struct stopper stopper = {.at = at};
        int code = store_backup(s, to, &(struct store_progress){stop, &stopper}, NULL);

        done = stopper.calls < at;
        CU_ASSERT_EQUAL(code, done ? ERR_OK : ERR_CANCELLED);
        CU_ASSERT_EQUAL(there(there_home, "monday.wdb"), done);
        CU_ASSERT_FALSE(there(there_home, "monday.wdb.part"));
    }
    CU_ASSERT(done);
    done = false;
    for (unsigned at = 1; !done && at < 100; at++) {
        struct stopper stopper = {.at = at};
        int code = store_restore(there_home, to, &proof, NULL, &(struct store_progress){stop, &stopper}, NULL);

        done = stopper.calls < at;
        CU_ASSERT_EQUAL(code, done ? ERR_OK : ERR_CANCELLED);
        CU_ASSERT_EQUAL(there(there_home, STORE_FILE), done);
        CU_ASSERT(no_leftovers(there_home));
    }
    CU_ASSERT(done);
    CU_ASSERT_EQUAL(store_wipe(there_home, NULL), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(stat(to, &st), 0);
    pages = (int)(st.st_size / SEAL_PAGE);
    for (int page = 0; page < pages; page++) {
        uint64_t at = (uint64_t)page * SEAL_PAGE + 100;
        int code;

        if (page == 2 || page == 3)
            continue; /* the zeros between */
        CU_ASSERT(flip(to, at));
        code = store_restore(there_home, to, &proof, NULL, NULL, NULL);
        CU_ASSERT_EQUAL(flip(to, at), true);
        CU_ASSERT(code == ERR_OK || (code == ERR_DAMAGED && page >= 4)); /* one superblock serves */
        CU_ASSERT_EQUAL(there(there_home, STORE_FILE), code == ERR_OK);
        refused += code != ERR_OK;
        if (!code) { /* nor is a page missed that nothing is on, such as an empty index's: then all is there */
            struct store *r = open_with(there_home, &proof);
            struct store_verified out;

            CU_ASSERT_PTR_NOT_NULL_FATAL(r);
            holds_all(r);
            CU_ASSERT_EQUAL(verified(r, &out).n, 0);
            store_close(r);
            CU_ASSERT_EQUAL(store_wipe(there_home, NULL), ERR_OK);
        }
    }
    CU_ASSERT(refused > pages / 2);
    secret_free(pass);
    made_remove(there_home);
    made_end(s, home);
}

/* A key of before a rotation opens nothing, and leaves the log as it lies: with it every frame would count as torn, and
 * what was committed would go. Kills store-stale-opens. */
static void stale_key(void)
{
    char home[64], other[64], from[100], to[100], log[100];
    struct store *s = filled(home);
    struct secret *pass = made_pass(text);
    const struct store_proof proof = {.secret = pass};
    struct store_slot dropped[STORE_SLOTS];
    struct store_key *k = NULL;
    unsigned char *b;
    size_t n, logged = 0, now;
    unsigned lost;

    CU_ASSERT_EQUAL_FATAL(store_unlock(home, pass, &k, NULL), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(store_rotate(s, &proof, NULL, dropped, &lost, NULL), ERR_OK);
    CU_ASSERT(store_key_stale(home, k));
    made_resource(s, "{\"resourceType\":\"Patient\",\"id\":\"late\"}");
    made_home(other);
    umask(077);
    for (int i = 0; i < 2; i++) { /* as a kill would leave it */
        snprintf(from, sizeof from, "%s/%s%s", home, STORE_FILE, i ? "-wal" : "");
        snprintf(to, sizeof to, "%s/%s%s", other, STORE_FILE, i ? "-wal" : "");
        b = help_read(from, &n);
        help_write(to, b, n);
        chmod(to, 0600);
        mem_free(b);
        logged = n;
    }
    snprintf(log, sizeof log, "%s", to);
    made_end(s, home);
    CU_ASSERT_EQUAL(store_open(other, k, &s, NULL), ERR_PASSPHRASE);
    CU_ASSERT_EQUAL_FATAL(access(log, F_OK), 0);
    b = help_read(log, &now);
    mem_free(b);
    CU_ASSERT(logged > SEAL_WAL_HEAD && now == logged);
    s = open_with(other, &proof);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT(store_has(s, STR("Patient"), STR("late"), STR("")));
    secret_free(pass);
    made_end(s, other);
}

/* --- verify ------------------------------------------------------------------------------------ */

/* Closes the store, changes a byte, opens and verifies. */
static struct seen after_flip(struct store **s, const char *home, const struct store_proof *p, const char *path, uint64_t at)
{
    struct store_verified out;
    struct seen seen = {0};

    store_close(*s);
    CU_ASSERT(flip(path, at));
    *s = open_with(home, p);
    if (*s)
        seen = verified(*s, &out);
    else
        CU_ASSERT_EQUAL(store_verify_shut(home, p, NULL, see, &seen, &out, NULL), ERR_OK);
    store_close(*s);
    flip(path, at);
    *s = open_with(home, p);
    return seen;
}

static void verify_bytes(void)
{
    char home[64], path[100];
    struct store *s = filled(home);
    struct secret *pass = made_pass(text), *wrong = made_pass("wrong");
    const struct store_proof proof = {.secret = pass};
    struct store_verified out;
    struct seen seen = verified(s, &out);
    unsigned last;

    snprintf(path, sizeof path, "%s/%s", home, STORE_FILE);
    CU_ASSERT_EQUAL(seen.n, 0);
    CU_ASSERT(out.rows == ROWS + 1 && out.pages > 10 && out.frames > 0);
    last = (unsigned)out.pages;
    for (unsigned page = 1; page <= last; page += page < 3 ? 1 : 5) {
        seen = after_flip(&s, home, &proof, path, SEAL_DATA_OFFSET + (uint64_t)(page - 1) * SEAL_PAGE + page * 31 % SEAL_PAGE);
        CU_ASSERT(seen.n >= 1 && seen.place == STORE_AT_PAGE && seen.no == page);
    }
    for (uint64_t at = 0; at < 2 * SEAL_SUPER; at += 512) { /* named once, and mended */
        store_close(s);
        CU_ASSERT(flip(path, at + 3));
        s = open_with(home, &proof);
        CU_ASSERT_PTR_NOT_NULL_FATAL(s);
        seen = verified(s, &out);
        CU_ASSERT(seen.n == 1 && seen.place == STORE_AT_SUPERBLOCK && seen.no == (at >= SEAL_SUPER));
        store_close(s);
        s = open_with(home, &proof);
        CU_ASSERT_EQUAL(verified(s, &out).n, 0);
    }
    seen = after_flip(&s, home, &proof, path, 9000);
    CU_ASSERT(seen.n == 1 && seen.place == STORE_AT_SUPERBLOCK && seen.no == 2);
    store_close(s);
    CU_ASSERT(flip(path, 3) && flip(path, SEAL_SUPER + 3)); /* both: nothing opens it, and that is said */
    memset(&seen, 0, sizeof seen);
    CU_ASSERT_EQUAL(store_verify_shut(home, &proof, NULL, see, &seen, &out, NULL), ERR_OK);
    CU_ASSERT(seen.n == 2 && seen.place == STORE_AT_SUPERBLOCK && out.pages == 0);
    CU_ASSERT(flip(path, 3) && flip(path, SEAL_SUPER + 3));
    CU_ASSERT_EQUAL(store_verify_shut(home, &(struct store_proof){.secret = wrong}, NULL, see, &seen, &out, NULL), ERR_PASSPHRASE);
    CU_ASSERT_EQUAL(truncate(path, SEAL_DATA_OFFSET + (off_t)(last - 1) * SEAL_PAGE), 0);
    memset(&seen, 0, sizeof seen);
    CU_ASSERT_EQUAL(store_verify_shut(home, &proof, NULL, see, &seen, &out, NULL), ERR_OK);
    CU_ASSERT(seen.n == 1 && seen.place == STORE_AT_PAGE && seen.no == 0);
    secret_free(pass);
    secret_free(wrong);
    made_remove(home);
}

/* All of a store that is open here: another descriptor of it would drop its locks when it is closed. */
static unsigned char *read_open(const char *path, size_t *n)
{
    struct seal_reader r;
    unsigned char *p;

    CU_ASSERT_EQUAL_FATAL(seal_reader_open(&r, path, NULL), ERR_OK);
    *n = (size_t)r.size;
    p = mem_alloc(*n);
    CU_ASSERT_EQUAL_FATAL(seal_read_at(&r, p, *n, 0, NULL), (int)*n);
    seal_reader_close(&r);
    return p;
}

/* Each kind of byte in a log that a crash left: header, the clear part of a frame, its message, nonce and tag. */
static void verify_log(void)
{
    static const struct {
        unsigned at; /* in the log */
        int64_t no;
    } place[] = {{0, 0}, {9, 0}, {17, 0}, {26, 0}, {32 + 2, 1}, {32 + SEAL_FRAME + 9, 2}, {32 + SEAL_FRAME + 17, 2},
                 {32 + 2 * SEAL_FRAME + 900, 3}, {32 + SEAL_FRAME * 2 - 30, 2}, {32 + SEAL_FRAME * 2 - 1, 2}};
    char home[64], path[100], wal[100];
    size_t n, wal_n;
    unsigned char *kept, *kept_wal;
    struct secret *pass = made_pass(text);
    const struct store_proof proof = {.secret = pass};
    struct store *s = filled(home);
    struct store_verified out;

    snprintf(path, sizeof path, "%s/%s", home, STORE_FILE);
    snprintf(wal, sizeof wal, "%s/%s-wal", home, STORE_FILE);
    kept_wal = help_read(wal, &wal_n); /* as a crash leaves them */
    kept = read_open(path, &n);
    store_close(s);
    for (size_t i = 0; i < sizeof place / sizeof *place; i++) {
        struct seen seen = {0};

        help_write(path, kept, n);
        help_write(wal, kept_wal, wal_n);
        CU_ASSERT(flip(wal, place[i].at));
        CU_ASSERT_EQUAL(store_verify_shut(home, &proof, NULL, see, &seen, &out, NULL), ERR_OK);
        CU_ASSERT(seen.n >= 1 && seen.place == STORE_AT_LOG && seen.no == place[i].no);
        if ((s = open_with(home, &proof))) { /* where it still opens, the loss is told there too */
            seen = verified(s, &out);
            CU_ASSERT(seen.n >= 1 && seen.place == STORE_AT_LOG);
            store_close(s);
        }
    }
    mem_free(kept);
    mem_free(kept_wal);
    secret_free(pass);
    made_remove(home);
}

/* What was derived from the rows and does not fit them. */
static void verify_rows(void)
{
    static const char *const harm[][2] = {
        {"UPDATE count SET n=n+1 WHERE type='Patient'", "count"},
        {"DELETE FROM patient_word", "patient without a word"},
        {"DELETE FROM patient", "row without its patient"},
        {"UPDATE res SET key=key+1 WHERE id='o3'", "row"},
        {"UPDATE res SET chart=7 WHERE id='o3'", "row"},
        {"UPDATE res SET size=size+1 WHERE id='o3'", "row"},
        {"INSERT INTO res_prior VALUES(9999, '', 0, 0, x'')", "earlier version without its row"},
        {"INSERT INTO fact VALUES(9999, 0, 1, 0, 0, 0, 0)", "fact without its row"},
        {"INSERT INTO opened VALUES(9999, 0)", "opened chart without its patient"},
        {"INSERT INTO words(words) VALUES('delete-all')", "words"},
        {"INSERT INTO words(rowid, t) VALUES(3, 'glucose')", "words"},
        {"INSERT INTO words(rowid, t) VALUES(9999, 'glucose')", "words"},
        {"INSERT INTO words(words, rowid, t) SELECT 'delete', rid, 'ozturk' FROM patient", "words"},
        {"UPDATE home SET words='elsewhere' WHERE pid=1", "homes"},
        {"DELETE FROM home WHERE pid=1", "homes"},
        {"DELETE FROM home_word WHERE word=(SELECT min(word) FROM home_word)", "homes"},
        {"INSERT INTO home_word VALUES('nowhere', 0, x'0200')", "homes"},
    };

    for (size_t i = 0; i < sizeof harm / sizeof *harm; i++) {
        char home[64];
        struct store *s = filled(home);
        struct store_verified out;
        struct seen seen;

        CU_ASSERT_EQUAL(verified(s, &out).n, 0);
        CU_ASSERT_EQUAL_FATAL(sql_exec(&s->w, harm[i][0], NULL), ERR_OK);
        seen = verified(s, &out);
        CU_ASSERT(seen.n >= 1 && seen.place == STORE_AT_ROW && seen.no >= 1);
        UNIT_STR(seen.what, harm[i][1]);
        made_end(s, home);
    }
}

static void verify_stopped(void)
{
    char home[64];
    struct store *s = filled(home);
    struct stopper st = {.at = 1};
    struct store_verified out;
    struct seen seen = {0};

    CU_ASSERT_EQUAL(store_verify(s, &(struct store_progress){stop, &st}, see, &seen, &out, NULL), ERR_CANCELLED);
    holds_all(s);
    made_end(s, home);
}

/* More than the page cache holds: SQLite spills while it copies. */
static void large(void)
{
    char home[64], there_home[64], to[100], id[32], body[3000];
    struct store *s = filled(home);
    struct secret *pass = made_pass(text);
    const struct store_proof proof = {.secret = pass};
    struct store_slot dropped[STORE_SLOTS];
    struct store_verified out;
    struct stopper st = {0};
    struct store_tx *tx;
    uint64_t x = 3;
    unsigned n;

    made_home(there_home);
    snprintf(to, sizeof to, "%s/monday.wdb", there_home);
    CU_ASSERT_EQUAL_FATAL(store_begin(s, false, &tx, NULL), ERR_OK);
    for (int i = 0; i < 2500; i++) {
        struct fhir_index ix;

        snprintf(id, sizeof id, "l%d", i);
        ix = made_index("Condition", id, "p1", "problems", i);
        for (size_t j = 0; j + 1 < sizeof body; j++)
            body[j] = (char)('!' + rng_splitmix(&x) % 90);
        CU_ASSERT_EQUAL(store_put(tx, &ix, (struct str){body, sizeof body - 1}, STORE_SERVER, 1, NULL, NULL), ERR_OK);
    }
    CU_ASSERT_EQUAL_FATAL(store_commit(tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_rotate(s, &proof, &(struct store_progress){stop, &st}, dropped, &n, NULL), ERR_OK);
    CU_ASSERT(st.calls > 20);
    CU_ASSERT_EQUAL(verified(s, &out).n, 0);
    CU_ASSERT(out.rows == ROWS + 1 + 2500 && out.pages > 1500);
    CU_ASSERT_EQUAL(store_backup(s, to, NULL, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_restore(there_home, to, &proof, NULL, NULL, NULL), ERR_OK);
    store_close(s);
    s = open_with(there_home, &proof);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT_EQUAL(verified(s, &out).n, 0);
    CU_ASSERT_EQUAL(out.rows, ROWS + 1 + 2500);
    secret_free(pass);
    made_remove(home);
    made_end(s, there_home);
}

/* --- wipe -------------------------------------------------------------------------------------- */

static void wiped(void)
{
    char home[64], path[100], link_path[100];
    struct store *s = filled(home);
    struct secret *pass = made_pass(text);
    const struct seal_proof proof = {SEAL_FREE, pass};
    struct seal_keys *k = NULL;
    struct err e = ERR_NONE;

    snprintf(path, sizeof path, "%s/%s", home, STORE_FILE);
    snprintf(link_path, sizeof link_path, "%s/link", home);
    CU_ASSERT_EQUAL(link(path, link_path), 0);
    CU_ASSERT_EQUAL(store_wipe(home, &e), ERR_INUSE);
    store_close(s);
    CU_ASSERT_EQUAL(seal_unlock_by(link_path, &proof, &k, NULL, NULL, NULL), ERR_OK);
    seal_keys_free(k);
    CU_ASSERT_EQUAL(store_wipe(home, &e), ERR_OK);
    CU_ASSERT(!there(home, STORE_FILE) && !there(home, STORE_FILE "-wal"));
    CU_ASSERT_EQUAL(seal_unlock_by(link_path, &proof, &k, NULL, NULL, NULL), ERR_DAMAGED);
    CU_ASSERT_EQUAL(store_wipe(home, &e), ERR_NOPROFILE);
    CU_ASSERT_EQUAL(store_wipe("/no/such/home", &e), ERR_NOPROFILE);
    secret_free(pass);
    made_remove(home);
}

/* Without a key, and when nothing of it makes sense any more. */
static void wiped_damaged(void)
{
    char home[64], path[100];
    struct store *s = made_store(home);

    snprintf(path, sizeof path, "%s/%s", home, STORE_FILE);
    store_close(s);
    CU_ASSERT_EQUAL(truncate(path, 5000), 0);
    CU_ASSERT_EQUAL(store_wipe(home, NULL), ERR_OK);
    CU_ASSERT_FALSE(there(home, STORE_FILE));
    CU_ASSERT_EQUAL(symlink("/etc/passwd", path), 0);
    CU_ASSERT_EQUAL(store_wipe(home, NULL), ERR_PERM);
    made_remove(home);
}

static int read_line(void *arg, struct str line)
{
    struct buf *b = arg;

    buf_addstr(b, line);
    return buf_adds(b, "\n");
}

static void unsent(void)
{
    char home[64], path[100];
    struct store *s = filled(home);
    struct secret *pass = made_pass(text), *site = secret_new(CRYPT_BOX_SECRET), *stranger = secret_new(CRYPT_BOX_SECRET);
    const struct store_proof proof = {.secret = pass};
    unsigned char pk[CRYPT_BOX_PUBLIC], other[CRYPT_BOX_PUBLIC];
    struct stat st;
    struct buf b;

    snprintf(path, sizeof path, "%s/unsent", home);
    crypt_box_pair(pk, site);
    crypt_box_pair(other, stranger);
    CU_ASSERT_EQUAL(store_unsent_save(s, path, NULL), ERR_NOSLOT);
    CU_ASSERT_FALSE(there(home, "unsent"));
    CU_ASSERT_EQUAL(store_slot_add(s, &proof, &(struct store_slot_new){.kind = STORE_SLOT_ESCROW, .public_key = pk}, NULL, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_unsent_save(s, path, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_unsent_save(s, path, NULL), ERR_EXISTS);
    buf_init(&b, 10000);
    CU_ASSERT_EQUAL(store_unsent_open(path, stranger, read_line, &b, NULL), ERR_PASSPHRASE);
    CU_ASSERT_EQUAL(store_unsent_open("/no/such", site, read_line, &b, NULL), ERR_NOFILE);
    CU_ASSERT_EQUAL(b.n, 0);
    CU_ASSERT_EQUAL(store_unsent_open(path, site, read_line, &b, NULL), ERR_OK);
    CU_ASSERT(b.n && strstr(b.p, "\"op\":\"op-aaaaa\"") && strstr(b.p, "op-bbbbb") && strstr(b.p, "op-ccccc"));
    CU_ASSERT(strstr(b.p, "\"resource\":{\"unsent\":\"op-aaaaa\"") && !strstr(b.p, "op-ddddd")); /* that one has reached the server */
    CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
    for (off_t at = 0; at < st.st_size; at += 7) {
        CU_ASSERT(flip(path, (uint64_t)at));
        CU_ASSERT_NOT_EQUAL(store_unsent_open(path, site, read_line, &b, NULL), ERR_OK);
        CU_ASSERT(flip(path, (uint64_t)at));
    }
    for (off_t n = st.st_size - 1; n >= 0; n -= 5) {
        CU_ASSERT_EQUAL(truncate(path, n), 0);
        CU_ASSERT_NOT_EQUAL(store_unsent_open(path, site, read_line, &b, NULL), ERR_OK);
    }
    buf_fini(&b);
    secret_free(pass);
    secret_free(site);
    secret_free(stranger);
    made_end(s, home);
}

/* What a copy that never ended has left goes when the store is opened. */
static void leftovers(void)
{
    static const char *const names[] = {STORE_FILE_NEW, STORE_FILE_NEW "-wal", STORE_FILE_NEW "-journal", STORE_FILE_FROM};
    char home[64], path[200];
    struct store *s = filled(home);
    struct secret *pass = made_pass(text);
    const struct store_proof proof = {.secret = pass};

    store_close(s);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        FILE *f;

        snprintf(path, sizeof path, "%s/%s", home, names[i]);
        f = fopen(path, "w");
        CU_ASSERT_PTR_NOT_NULL_FATAL(f);
        fputs("half a copy", f);
        fclose(f);
    }
    s = open_with(home, &proof);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT(no_leftovers(home));
    holds_all(s);
    secret_free(pass);
    made_end(s, home);
}

/* ATTACH stays shut, in a store as ever and to any path but the one. */
static void attach_shut(void)
{
    char home[64], sql[200], to[] = "/a/b";
    struct store *s = filled(home);

    snprintf(sql, sizeof sql, "ATTACH '%s/x' AS x", home);
    CU_ASSERT_NOT_EQUAL(sql_exec(&s->w, sql, NULL), ERR_OK);
    snprintf(sql, sizeof sql, "VACUUM INTO '%s/x'", home);
    CU_ASSERT_NOT_EQUAL(sql_exec(&s->w, sql, NULL), ERR_OK);
    CU_ASSERT_FALSE(there(home, "x"));
    CU_ASSERT_EQUAL(seal_authorize(to, SQLITE_ATTACH, "/a/b", NULL, NULL, NULL), SQLITE_OK);
    CU_ASSERT_EQUAL(seal_authorize(to, SQLITE_ATTACH, "/a/c", NULL, NULL, NULL), SQLITE_DENY);
    CU_ASSERT_EQUAL(seal_authorize(NULL, SQLITE_ATTACH, "/a/b", NULL, NULL, NULL), SQLITE_DENY);
    CU_ASSERT_EQUAL(seal_authorize(to, SQLITE_ATTACH, NULL, NULL, NULL, NULL), SQLITE_DENY);
    made_end(s, home);
}

/* --- memory that runs out, files that fail ------------------------------------------------------ */

#ifdef FAULT_INJECTION

/* SQLite answers a plain error where it cannot tell the new file's size, and its integrity check takes a page that
 * cannot be read for a finding. */
static bool is_failure(int code)
{
    return code == ERR_NOMEM || code == ERR_IO || code == ERR_SQL || code == ERR_DAMAGED;
}

static void failing_rotation(enum fault_kind kind)
{
    char home[64], path[100];
    struct store *s = filled(home);
    struct secret *pass = made_pass(text);
    const struct store_proof proof = {.secret = pass};
    struct store_slot dropped[STORE_SLOTS];
    unsigned char was[SEAL_FILE_ID];
    bool done = false;
    unsigned n;

    snprintf(path, sizeof path, "%s/%s", home, STORE_FILE);
    for (unsigned long i = 1; !done && i < 20000; i++) {
        struct err e = ERR_NONE;
        bool same;
        int code;

        if (!s && !(s = open_with(home, &proof)))
            break;
        file_id(path, was);
        fault_arm(kind, i);
        code = store_rotate(s, &proof, NULL, dropped, &n, &e);
        done = fault_count(kind) < i;
        fault_arm(kind, 0);
        same = same_id(path, was);
        if (done)
            CU_ASSERT_EQUAL(code, ERR_OK);
        CU_ASSERT(code == ERR_OK || code == ERR_PARTIAL || is_failure(code));
        CU_ASSERT_EQUAL(same, code != ERR_OK && code != ERR_PARTIAL);
        CU_ASSERT_EQUAL(opens_with(home, &proof), ERR_OK);
        if (i % 10 && code && s->r.db && s->w.db)
            continue; /* the whole of it now and then, and wherever the handle may be shut */
        store_close(s);
        s = open_with(home, &proof);
        CU_ASSERT_PTR_NOT_NULL_FATAL(s);
        CU_ASSERT(no_leftovers(home));
        holds_all(s);
        CU_ASSERT(queued(s).queued == 2 && queued(s).indoubt == 0);
    }
    CU_ASSERT(done);
    secret_free(pass);
    made_end(s, home);
}

static void rotation_memory(void)
{
    failing_rotation(FAULT_MEM);
}

static void rotation_files(void)
{
    failing_rotation(FAULT_IO);
}

static void failing_copy(enum fault_kind kind)
{
    char home[64], there_home[64], to[100];
    struct store *s = filled(home), *r;
    struct secret *pass = made_pass(text);
    const struct store_proof proof = {.secret = pass};
    bool done = false, full = false;

    made_home(there_home);
    snprintf(to, sizeof to, "%s/monday.wdb", there_home);
    for (unsigned long i = 1; !done && i < 20000; i++) {
        struct err e = ERR_NONE;
        int backup, restore = ERR_BUG;

        fault_arm(kind, i);
        if (!(backup = store_backup(s, to, NULL, &e)))
            restore = store_restore(there_home, to, &proof, NULL, NULL, &e);
        done = fault_count(kind) < i;
        fault_arm(kind, 0);
        CU_ASSERT(backup == ERR_OK || is_failure(backup));
        CU_ASSERT(restore == ERR_OK || backup || is_failure(restore));
        CU_ASSERT_EQUAL(there(there_home, "monday.wdb"), backup == ERR_OK);
        CU_ASSERT_FALSE(there(there_home, "monday.wdb.part"));
        CU_ASSERT_EQUAL(there(there_home, STORE_FILE), restore == ERR_OK);
        if (!backup)
            full = true;
        if (done || (!restore && i % 20 == 0)) {
            r = open_with(there_home, &proof);
            CU_ASSERT_PTR_NOT_NULL_FATAL(r);
            holds_all(r);
            CU_ASSERT(queued(r).queued == 0 && queued(r).indoubt == 2);
            store_close(r);
        }
        if (!restore)
            CU_ASSERT_EQUAL(store_wipe(there_home, NULL), ERR_OK);
        unlink(to);
    }
    CU_ASSERT(done && full);
    holds_all(s);
    secret_free(pass);
    made_remove(there_home);
    made_end(s, home);
}

static void copy_memory(void)
{
    failing_copy(FAULT_MEM);
}

static void copy_files(void)
{
    failing_copy(FAULT_IO);
}

/* A verification that could not look never says that all is well; a wipe that failed says so. */
static void rest_files(void)
{
    char home[64], path[100];
    struct store *s = filled(home);
    struct secret *pass = made_pass(text), *site = secret_new(CRYPT_BOX_SECRET);
    const struct store_proof proof = {.secret = pass};
    unsigned char pk[CRYPT_BOX_PUBLIC];
    bool done = false;

    snprintf(path, sizeof path, "%s/unsent", home);
    crypt_box_pair(pk, site);
    CU_ASSERT_EQUAL(store_slot_add(s, &proof, &(struct store_slot_new){.kind = STORE_SLOT_ESCROW, .public_key = pk}, NULL, NULL), ERR_OK);
    for (int kind = FAULT_MEM; kind <= FAULT_IO; kind++) {
        done = false;
        for (unsigned long i = 1; !done && i < 20000; i++) {
            struct store_verified out;
            struct seen seen = {0};
            int code;

            fault_arm((enum fault_kind)kind, i);
            code = store_verify(s, NULL, see, &seen, &out, NULL);
            done = fault_count((enum fault_kind)kind) < i;
            fault_arm((enum fault_kind)kind, 0);
            CU_ASSERT(code == ERR_OK || code == ERR_NOMEM || code == ERR_IO);
            CU_ASSERT(code || seen.n || out.rows == ROWS + 1);
        }
        CU_ASSERT(done);
        done = false;
        for (unsigned long i = 1; !done && i < 2000; i++) {
            int code;

            fault_arm((enum fault_kind)kind, i);
            code = store_unsent_save(s, path, NULL);
            done = fault_count((enum fault_kind)kind) < i;
            fault_arm((enum fault_kind)kind, 0);
            CU_ASSERT_EQUAL(there(home, "unsent"), code == ERR_OK);
            unlink(path);
        }
        CU_ASSERT(done);
    }
    store_close(s);
    done = false;
    for (unsigned long i = 1; !done && i < 100; i++) {
        int code;

        if (!there(home, STORE_FILE)) {
            CU_ASSERT_EQUAL_FATAL(store_create(home, pass, &made_kdf, NULL), ERR_OK);
        }
        fault_arm(FAULT_IO, i);
        code = store_wipe(home, NULL);
        done = fault_count(FAULT_IO) < i;
        fault_arm(FAULT_IO, 0);
        CU_ASSERT(code || !there(home, STORE_FILE));
    }
    CU_ASSERT(done);
    secret_free(pass);
    secret_free(site);
    made_remove(home);
}

#else

static void rotation_memory(void)
{
    unit_skip("not configured with --enable-fault-injection");
}
#define rotation_files rotation_memory
#define copy_memory rotation_memory
#define copy_files rotation_memory
#define rest_files rotation_memory

#endif

static const struct unit_test tests[] = {
    {"rotated: the same rows under another key", rotated},
    {"a rotation that is stopped", rotation_stopped},
    {"a rotation whose copy comes to harm", rotation_harmed},
    {"a backup, restored: it sends nothing again", backed_up},
    {"a backup put in place by hand", backup_by_hand},
    {"a backup and a restore that are stopped, or of a damaged file", backup_stopped},
    {"a store larger than the page cache", large},
    {"a key of before a rotation", stale_key},
    {"verify names a changed byte: pages and superblocks", verify_bytes},
    {"verify names a changed byte: the log", verify_log},
    {"verify: rows against what was derived from them", verify_rows},
    {"a verification that is stopped", verify_stopped},
    {"wiped: the slots go before the names", wiped},
    {"a damaged store can be wiped", wiped_damaged},
    {"what was not sent, sealed for the site", unsent},
    {"left-overs go", leftovers},
    {"ATTACH is shut", attach_shut},
    {"rotation without memory", rotation_memory},
    {"rotation with files that fail", rotation_files},
    {"backup and restore without memory", copy_memory},
    {"backup and restore with files that fail", copy_files},
    {"verify, wipe and unsent edits with files that fail", rest_files},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("copy", tests, sizeof tests / sizeof *tests);
}
