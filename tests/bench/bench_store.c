/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One engine of the store's bench, measured in a process of its own; store.py beside this runs them in turn and
 * holds them against each other.
 *     bench_store rows OUT N FILE.gz...        resources of Bundles, those that a first sync brings, as rows
 *     bench_store plain|tuned|sealed DB ROWS N CACHE
 *     bench_store wardline HOME ROWS N CACHE
 *     bench_store sizes HOME                   bytes of each table and index of a home that wardline filled
 * plain: SQLite's own settings. tuned: with the sealed store's checkpoint. sealed: the same schema and rows on the
 * sealing VFS: what the seal alone costs. wardline: the store as it is, through its own functions. A row's parsing is
 * not measured: it is the line's work, not the store's. CACHE in KiB, 0: as it is shipped.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/text.h"
#include "fhir/bundle.h"
#include "store/priv.h"
#include "store/seal_priv.h"
#include "store/text.h"
#include "tests/bench/peer.h"

/* --- rows ---------------------------------------------------------------------------------------- */

struct made {
    char *raw;
    size_t n;
    unsigned rank; /* in the order of a first sync */
    char type[40], id[72];
};

static void copied(char *out, size_t room, struct str s)
{
    snprintf(out, room, "%.*s", STR_ARG(s));
}

static int take(void *arg, int outer, struct str bytes)
{
    struct vec *all = arg;
    struct tape t;
    const struct fhir_kind *k;
    unsigned n;

    (void)outer;
    if (tape_parse(&t, bytes, NULL))
        return ERR_OK;
    k = kind_find(tape_plain(&t, tape_get(&t, 0, "resourceType")));
    if (k && k->priority != KIND_DEMAND) {
        struct made *m = vec_push(all);

        peer_must(m && (m->raw = malloc(bytes.n)) != NULL, "memory");
        memcpy(m->raw, bytes.p, bytes.n);
        m->n = bytes.n;
        m->rank = (unsigned)(k - kind_table(&n));
        copied(m->type, sizeof m->type, str_of(k->type));
        copied(m->id, sizeof m->id, tape_plain(&t, tape_get(&t, 0, "id")));
    }
    tape_fini(&t);
    return ERR_OK;
}

static void read_file(const char *path, struct vec *all)
{
    const struct bundle_sink sink = {.resource = take, .arg = all};
    struct bundle_scan *s;
    gzFile f = gzopen(path, "rb");
    static char room[1 << 16];
    int n;

    peer_must(f && !bundle_new(&sink, 0, &s), "a file of Bundles");
    while ((n = gzread(f, room, sizeof room)) > 0)
        peer_must(!bundle_feed(s, (struct str){room, (size_t)n}, NULL), path);
    peer_must(!n && !bundle_end(s, NULL), path);
    bundle_free(s);
    gzclose(f);
}

static int by_name(const void *a, const void *b)
{
    const struct made *x = a, *y = b;
    int d = x->rank != y->rank ? (x->rank > y->rank) - (x->rank < y->rank) : strcmp(x->id, y->id);

    return d;
}

static bool hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool uuid_at(const char *p, size_t left)
{
    for (unsigned i = 0; i < 36; i++)
        if (left < 36 || (i == 8 || i == 13 || i == 18 || i == 23 ? p[i] != '-' : !hex(p[i])))
            return false;
    return true;
}

/* Copy k of a person is another person: every id changes, alike wherever it stands. */
static void renamed(char *p, size_t n, unsigned k)
{
    for (size_t i = 0; i + 36 <= n; i++) {
        uint64_t x;
        char fresh[9];

        if (!uuid_at(p + i, n - i))
            continue;
        x = strtoul((char[9]){p[i], p[i + 1], p[i + 2], p[i + 3], p[i + 4], p[i + 5], p[i + 6], p[i + 7]}, NULL, 16) * 4096u + k;
        snprintf(fresh, sizeof fresh, "%08x", (unsigned)(rng_splitmix(&x) & 0xffffffffu));
        memcpy(p + i, fresh, 8);
        i += 35;
    }
}

static void set(struct row *r, enum row_field f, struct str s)
{
    r->p[f] = s.p;
    r->n[f] = (uint32_t)s.n;
}

/* As the store folds them, so that the peers need not. */
static struct str words_of(struct arena *a, struct str words)
{
    struct buf b;
    struct str s;

    buf_init(&b, 32u << 20);
    peer_must(!text_fold(&b, words), "words");
    s = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return s;
}

static void write_row(FILE *f, const struct made *m, unsigned copy)
{
    struct str raw = {malloc(m->n), m->n};
    struct fhir_index ix;
    struct arena a;
    struct tape t;
    struct row r = {.date_ms = 0};

    peer_must(raw.p != NULL, "memory");
    memcpy((char *)raw.p, m->raw, m->n);
    if (copy)
        renamed((char *)raw.p, raw.n, copy);
    arena_init(&a, 32u << 20);
    if (!tape_parse(&t, raw, NULL)) {
        if (!fhir_index(&t, FHIR_BASE_FILE, &a, &ix, NULL)) {
            set(&r, ROW_TYPE, ix.type);
            set(&r, ROW_ID, ix.id);
            set(&r, ROW_PATIENT, ix.patient);
            set(&r, ROW_DATE, ix.date);
            set(&r, ROW_STATUS, ix.status);
            set(&r, ROW_SECTION, ix.section);
            set(&r, ROW_TITLE, ix.title);
            set(&r, ROW_WORDS, words_of(&a, ix.words));
            set(&r, ROW_BODY, raw);
            r.date_ms = ix.date_ms == FHIR_NO_DATE ? 0 : ix.date_ms;
            rows_write(f, &r);
        }
        tape_fini(&t);
    }
    arena_fini(&a);
    free((char *)raw.p);
}

static int make_rows(const char *out, unsigned n, int files, char **file)
{
    struct vec all;
    unsigned kept = 0;
    FILE *f = fopen(out, "wb");

    vec_init(&all, sizeof(struct made), 4u << 20);
    for (int i = 0; i < files; i++)
        read_file(file[i], &all);
    qsort(all.p, all.n, sizeof(struct made), by_name);
    for (size_t i = 0; i < all.n; i++) {
        const struct made *m = vec_at(&all, i), *last = kept ? vec_at(&all, kept - 1) : NULL;

        if (!last || strcmp(last->type, m->type) || strcmp(last->id, m->id))
            memmove(vec_at(&all, kept++), m, sizeof *m);
    }
    peer_must(f && kept > 1000, "hardly a resource in these files");
    /* Fewer than there are: some of each kind. More: copies of all of them, kind by kind. */
    for (unsigned i = 0; i < n; i++) {
        unsigned copies = (n + kept - 1) / kept, at = (unsigned)((uint64_t)i * kept / n);

        write_row(f, vec_at(&all, at), copies > 1 ? (unsigned)(i - (uint64_t)at * n / kept) : 0);
    }
    peer_must(!fclose(f), "write");
    return 0;
}

/* --- wardline's own store ------------------------------------------------------------------------- */

struct engine {
    struct store *s;
    const struct rows *rs;
};

static void opened(const char *home, bool fresh, struct store **s)
{
    struct secret *pass = secret_new(64);
    struct store_key *key;
    struct err e = ERR_NONE;
    double t;

    peer_must(pass && !secret_set(pass, "correct horse", 13), "memory");
    if (fresh)
        peer_must(!store_create(home, pass, NULL, &e), e.what);
    t = peer_cpu();
    peer_must(!store_unlock(home, pass, &key, &e), e.what);
    if (!fresh)
        peer_say("unlock", peer_cpu() - t, 0);
    t = peer_cpu();
    peer_must(!store_open(home, key, s, &e), e.what);
    if (!fresh)
        peer_say("reopen", peer_cpu() - t, 0);
    secret_free(pass);
}

struct parsed {
    struct tape t;
    struct fhir_index ix;
    struct str raw;
};

/* A transaction's rows; only what the store does with them is counted. */
static double insert_some(struct engine *en, uint32_t from, uint32_t to)
{
    static struct parsed p[PEER_TX_ROWS];
    struct store_tx *tx;
    struct arena a;
    struct err e = ERR_NONE;
    double t;

    arena_init(&a, 256u << 20);
    for (uint32_t i = from; i < to; i++) {
        struct parsed *x = &p[i - from];
        struct row r = rows_at(en->rs, i);

        x->raw = (struct str){r.p[ROW_BODY], r.n[ROW_BODY]};
        peer_must(!tape_parse(&x->t, x->raw, &e) && !fhir_index(&x->t, FHIR_BASE_FILE, &a, &x->ix, &e), "parse");
    }
    t = peer_cpu();
    peer_must(!store_begin(en->s, false, &tx, &e), e.what);
    for (uint32_t i = from; i < to; i++)
        peer_must(!store_put(tx, &p[i - from].ix, p[i - from].raw, STORE_SERVER, 1700000000000, NULL, &e), e.what);
    peer_must(!store_commit(tx, &e), e.what);
    t = peer_cpu() - t;
    for (uint32_t i = from; i < to; i++)
        tape_fini(&p[i - from].t);
    arena_fini(&a);
    return t;
}

static void insert(struct engine *en)
{
    double t = 0, t0;

    for (uint32_t i = 0; i < en->rs->n; i += PEER_TX_ROWS)
        t += insert_some(en, i, i + PEER_TX_ROWS < en->rs->n ? i + PEER_TX_ROWS : en->rs->n);
    t0 = peer_cpu();
    peer_must(!sql_exec(&en->s->w, "PRAGMA wal_checkpoint(TRUNCATE)", NULL), "checkpoint");
    peer_say("insert", t + peer_cpu() - t0, en->rs->n);
}

/* What one in twenty takes longer than. */
static int by_time(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void say_p95(const char *name, double *took, unsigned n)
{
    qsort(took, n, sizeof *took, by_time);
    if (n)
        peer_say(name, took[n * 95 / 100], 0);
}

static uint64_t body_sum(struct sql *c, sqlite3_stmt *st, uint64_t sum)
{
    struct buf b;

    buf_init(&b, LIMIT_RESOURCE_BYTES);
    peer_must(!body_unpack(&c->body, sql_column(st, 2), (enum body_codec)sqlite3_column_int(st, 1),
                           (size_t)sqlite3_column_int64(st, 0), &b, NULL), "row");
    sum = peer_sum(sum, b.p, b.n);
    buf_fini(&b);
    return sum;
}

static void points(struct engine *en)
{
    static double took[PEER_POINTS];
    struct sql *c = &en->s->r;
    uint64_t seed = 42, sum = 0;
    double t = peer_cpu();
    sqlite3_stmt *st;

    peer_must(!store_read_begin(en->s, NULL) && !sql_use(c, SQL_BODY, &st, NULL), "read");
    for (int i = 0; i < PEER_POINTS; i++) {
        struct row r = rows_at(en->rs, peer_pick(&seed, en->rs));
        struct str type = {r.p[ROW_TYPE], r.n[ROW_TYPE]}, id = {r.p[ROW_ID], r.n[ROW_ID]};
        double t1 = peer_cpu();

        store_bind_name(st, STORE_SERVER, type, id);
        peer_must(sql_step(c, st, NULL) == 1, "point");
        sum = body_sum(c, st, sum);
        sqlite3_reset(st);
        took[i] = peer_cpu() - t1;
    }
    store_read_end(en->s);
    peer_say("point", peer_cpu() - t, sum);
    say_p95("point.p95", took, PEER_POINTS);
}

static int count_row(void *arg, const struct store_row *r)
{
    *(uint64_t *)arg = peer_sum(*(uint64_t *)arg, r->bytes.p, r->bytes.n) + r->id.n;
    return 0;
}

static void lists(struct engine *en)
{
    static double took[PEER_LISTS];
    uint64_t seed = 43, sum = 0;
    double t = peer_cpu();

    for (int i = 0; i < PEER_LISTS; i++) {
        double t1 = peer_cpu();
        struct row r = rows_at(en->rs, peer_pick(&seed, en->rs));
        struct store_query q = {.type = STR(""), .section = {r.p[ROW_SECTION], r.n[ROW_SECTION]},
                                .patient = {r.p[ROW_PATIENT], r.n[ROW_PATIENT]}, .limit = PEER_LIST_ROWS, .newest_first = true, .bytes = true};

        if (q.patient.n && q.section.n)
            peer_must(!store_each(en->s, &q, count_row, &sum, NULL), "list");
        took[i] = peer_cpu() - t1;
    }
    peer_say("list", peer_cpu() - t, sum);
    say_p95("list.p95", took, PEER_LISTS);
}

static int count_hit(void *arg, const struct store_row *r)
{
    *(uint64_t *)arg += r->rowid > 0;
    return 0;
}

static void words(struct engine *en)
{
    static double took[PEER_WORDS];
    uint64_t seed = 44, sum = 0;
    double t = peer_cpu();
    unsigned n = 0;
    char word[44];

    for (int i = 0; i < PEER_WORDS; i++) {
        struct store_text_query q = {.chart = STR(""), .limit = PEER_LIST_ROWS};
        double t1 = peer_cpu();

        if (!peer_word(en->rs, &seed, word))
            continue;
        q.words = str_of(word);
        peer_must(!store_text_search(en->s, &q, count_hit, &sum, NULL), "words");
        took[n++] = peer_cpu() - t1;
    }
    peer_say("words", peer_cpu() - t, sum);
    say_p95("words.p95", took, n);
}

static void scan(struct engine *en)
{
    struct sql *c = &en->s->r;
    uint64_t sum = 0;
    double t = peer_cpu();
    sqlite3_stmt *st = NULL;

    peer_must(!sql_prepare(c, "SELECT size, codec, body FROM res", &st, NULL), "scan");
    while (sql_step(c, st, NULL) == 1)
        sum = body_sum(c, st, sum);
    sqlite3_finalize(st);
    peer_say("scan", peer_cpu() - t, sum);
}

static int count_patient(void *arg, const struct store_patient *p)
{
    *(unsigned *)arg += p->id.n > 0;
    return 0;
}

/* From the key to the worklist's first page. */
static void first_list(const char *home)
{
    struct secret *pass = secret_new(64);
    struct store_key *key;
    struct store *s;
    unsigned n = 0;
    double t;

    peer_must(pass && !secret_set(pass, "correct horse", 13) && !store_unlock(home, pass, &key, NULL), "unlock");
    t = peer_cpu();
    peer_must(!store_open(home, key, &s, NULL) && !store_patients(s, STR(""), 0, 24, count_patient, &n, NULL) && n, "first list");
    peer_say("first", peer_cpu() - t, 0);
    store_close(s);
    secret_free(pass);
}

static int measure(const char *home, const struct rows *rs, unsigned cache)
{
    struct engine en = {.rs = rs};
    char text[600];
    struct stat st;

    opened(home, true, &en.s);
    snprintf(text, sizeof text, "PRAGMA cache_size=-%u", cache);
    if (cache)
        peer_must(!sql_exec(&en.s->w, text, NULL) && !sql_exec(&en.s->r, text, NULL), "cache");
    insert(&en);
    points(&en);
    lists(&en);
    words(&en);
    scan(&en);
    store_close(en.s);
    snprintf(text, sizeof text, "%s/%s", home, STORE_FILE);
    peer_must(!stat(text, &st), "size");
    peer_say("bytes", (double)st.st_size, 0);
    opened(home, false, &en.s);
    store_close(en.s);
    first_list(home);
    return 0;
}

static int sizes(const char *home)
{
    struct store *s;
    sqlite3_stmt *st = NULL;

    opened(home, false, &s);
    peer_must(!sql_prepare(&s->r, "SELECT name, count(*)*4096, sum(payload), sum(unused) FROM dbstat GROUP BY name ORDER BY 2 DESC",
                           &st, NULL), "dbstat");
    while (sql_step(&s->r, st, NULL) == 1)
        printf("%-24s %12lld B, payload %12lld, unused %12lld\n", (const char *)sqlite3_column_text(st, 0),
               (long long)sqlite3_column_int64(st, 1), (long long)sqlite3_column_int64(st, 2), (long long)sqlite3_column_int64(st, 3));
    sqlite3_finalize(st);
    store_close(s);
    return 0;
}

/* --- engines -------------------------------------------------------------------------------------- */

static int peers(const char *engine, const char *path, const struct rows *rs, unsigned cache)
{
    struct seal_super super = {.version = SEAL_VERSION, .reader = SEAL_VERSION, .generation = 1, .codec = 2};
    unsigned char dek[CRYPT_KEY];
    struct seal_keys *k = NULL;
    sqlite3 *db = NULL;

    if (strcmp(engine, "sealed")) {
        peer_must(!sqlite3_open(path, &db), "open");
    } else {
        crypt_random(dek, sizeof dek);
        crypt_random(super.file_id, sizeof super.file_id);
        peer_must(!seal_create_dek(path, dek, &super, &k, NULL) && !seal_open(path, k, false, &db, NULL), "sealed store");
    }
    peer_measure(db, path, rs, cache, strcmp(engine, "tuned") ? 0 : 16384);
    seal_keys_free(k);
    return 0;
}

int main(int argc, char **argv)
{
    struct rows rs;
    unsigned n = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 0;

    peer_must(!crypt_init(NULL), "libsodium");
    if (argc > 4 && !strcmp(argv[1], "rows"))
        return make_rows(argv[2], (unsigned)strtoul(argv[3], NULL, 10), argc - 4, argv + 4);
    if (argc == 3 && !strcmp(argv[1], "sizes"))
        return sizes(argv[2]);
    peer_must(argc == 6, "usage: see the head of bench_store.c");
    rows_open(&rs, argv[3], n);
    if (!strcmp(argv[1], "wardline"))
        return measure(argv[2], &rs, (unsigned)strtoul(argv[5], NULL, 10));
    return peers(argv[1], argv[2], &rs, (unsigned)strtoul(argv[5], NULL, 10));
}
