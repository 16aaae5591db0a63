/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/store/made.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/limits.h"
#include "base/mem.h"
#include "store/seal.h"

/* --- bytes in, bytes out ----------------------------------------------------------------------- */

static void bytes_as_received(void)
{
    static const struct str row[] = {
        STR("{\"resourceType\":\"Observation\",\"id\":\"a\",\"valueQuantity\":{\"value\":0.10}}"),
        STR("{\"resourceType\":\"Observation\",\"id\":\"a\",\"valueQuantity\":{\"value\":1e-400}}"),
        STR("{\"resourceType\":\"Observation\",\"id\":\"a\",\"valueQuantity\":{\"value\":-0.000}}"),
        STR("\r\n { \"id\" : \"a\" ,\t\"resourceType\":\"Observation\"}\n\n"),
        STR("{\"id\":\"a\",\"note\":\"\\u0000\\ud800 \xe2\x80\xae\xf3\xa0\x81\x81\"}"),
        STR("{\"id\":\"a\",\"note\":\"\0\x1b[2J\"}"),
        STR("x"),
        STR("\xff\xfe\x00"),
    };
    struct fhir_index ix = made_index("Observation", "a", "p1", "labs", FHIR_NO_DATE);
    enum store_change change;
    char home[64];
    struct store *s = made_store(home);
    struct buf b;

    buf_init(&b, LIMIT_RESOURCE_BYTES);
    for (size_t i = 0; s && i < sizeof row / sizeof *row; i++) {
        CU_ASSERT_EQUAL(made_put(s, &ix, row[i], STORE_SERVER, &change), ERR_OK);
        CU_ASSERT_EQUAL(change, i ? STORE_CHANGED : STORE_NEW);
        CU_ASSERT_EQUAL(made_put(s, &ix, row[i], STORE_SERVER, &change), ERR_OK);
        CU_ASSERT_EQUAL(change, STORE_SAME);
        buf_clear(&b);
        CU_ASSERT_EQUAL(store_get(s, STR("Observation"), STR("a"), &b, NULL), ERR_OK);
        CU_ASSERT(str_eq(buf_str(&b), row[i]));
    }
    buf_fini(&b);
    made_end(s, home);
}

/* Every length around the page and the compressor's edges, and the greatest that is allowed. */
static void every_size(void)
{
    static const size_t sizes[] = {1, 2, 3, 63, 64, 4000, 4055, 4056, 4057, 8192, 65535, 65536, 1u << 20, LIMIT_RESOURCE_BYTES};
    struct fhir_index ix = made_index("Observation", "big", "p1", "labs", FHIR_NO_DATE);
    char home[64], *p = mem_alloc(LIMIT_RESOURCE_BYTES + 1);
    struct store *s = made_store(home);
    uint64_t x = 1;
    struct buf b;

    buf_init(&b, LIMIT_RESOURCE_BYTES);
    for (size_t i = 0; i < LIMIT_RESOURCE_BYTES + 1; i++) /* half of it does not compress */
        p[i] = (char)(i & 4096 ? (x = x * 6364136223846793005u + 1) >> 56 : 'a');
    for (size_t i = 0; s && i < sizeof sizes / sizeof *sizes; i++) {
        CU_ASSERT_EQUAL(made_put(s, &ix, (struct str){p, sizes[i]}, STORE_SERVER, NULL), ERR_OK);
        buf_clear(&b);
        CU_ASSERT_EQUAL(store_get(s, STR("Observation"), STR("big"), &b, NULL), ERR_OK);
        CU_ASSERT(str_eq(buf_str(&b), (struct str){p, sizes[i]}));
    }
    if (s) {
        struct store_tx *tx;

        CU_ASSERT_EQUAL(store_begin(s, false, &tx, NULL), ERR_OK);
        CU_ASSERT_EQUAL(store_put(tx, &ix, (struct str){p, LIMIT_RESOURCE_BYTES + 1}, STORE_SERVER, 0, NULL, NULL), ERR_TOOBIG);
        CU_ASSERT_EQUAL(store_put(tx, &ix, STR(""), STORE_SERVER, 0, NULL, NULL), ERR_INPUT);
        CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK); /* what was refused before it began spoils nothing */
    }
    mem_free(p);
    buf_fini(&b);
    made_end(s, home);
}

/* Whatever lies there, as a resource of a kind that nobody knows: compressed before, hostile, binary. */
static void every_file(const char *folder)
{
    char path[1200], home[64], id[24] = "";
    const char *at = unit_data(folder);
    struct store *s = at ? made_store(home) : NULL;
    struct str base = at ? str_of(at) : STR("");
    DIR *d = s ? opendir(at) : NULL;
    struct buf in, out;
    int n = 0;

    buf_init(&in, LIMIT_RESOURCE_BYTES);
    buf_init(&out, LIMIT_RESOURCE_BYTES);
    for (struct dirent *f; d && (f = readdir(d));) {
        struct fhir_index ix = made_index("Unknown", id, "", "", FHIR_NO_DATE);
        char chunk[4096];
        size_t k;
        FILE *file;

        ix.kind = NULL;
        ix.id = (struct str){id, (size_t)snprintf(id, sizeof id, "f%d", n++)};
        snprintf(path, sizeof path, "%.*s/%s", STR_ARG(base), f->d_name);
        buf_clear(&in);
        buf_clear(&out);
        if (f->d_name[0] == '.' || !(file = fopen(path, "rb")))
            continue;
        while ((k = fread(chunk, 1, sizeof chunk, file)) > 0)
            buf_add(&in, chunk, k);
        fclose(file);
        if (in.failed || !in.n)
            continue;
        CU_ASSERT_EQUAL(made_put(s, &ix, buf_str(&in), STORE_FILE_IMPORT, NULL), ERR_OK);
        CU_ASSERT_EQUAL(store_get(s, STR("Unknown"), ix.id, &out, NULL), ERR_OK);
        CU_ASSERT(str_eq(buf_str(&in), buf_str(&out)));
    }
    if (d)
        closedir(d);
    if (s) {
        CU_ASSERT(n > 3);
        made_end(s, home);
    }
    buf_fini(&in);
    buf_fini(&out);
}

static void files_come_back(void)
{
    every_file("fhirpath");
    every_file("dicom");
    every_file("hl7v2");
}

/* --- origins ----------------------------------------------------------------------------------- */

static int count_row(void *arg, const struct store_row *row)
{
    (void)row;
    ++*(int *)arg;
    return 0;
}

static int rows_of(struct store *s, const char *patient)
{
    struct store_query q = {.patient = str_of(patient)};
    int n = 0;

    CU_ASSERT_EQUAL(store_each(s, &q, count_row, &n, NULL), ERR_OK);
    return n;
}

/* Kills tests/mutants/store-origin.patch (a put that ignores where a row comes from) and
 * store-file-chart.patch (a file's rows in a server patient's chart). */
static void origins_apart(void)
{
    struct fhir_index ix = made_index("Observation", "o1", "p1", "labs", FHIR_NO_DATE);
    enum store_change change;
    char home[64];
    struct store *s = made_store(home);
    struct store_tx *tx;
    struct buf b;

    buf_init(&b, 1000);
    CU_ASSERT_EQUAL(made_put(s, &ix, STR("server"), STORE_SERVER, NULL), ERR_OK);
    CU_ASSERT_EQUAL(made_put(s, &ix, STR("file"), STORE_FILE_IMPORT, &change), ERR_OK);
    CU_ASSERT_EQUAL(change, STORE_NEW);
    CU_ASSERT_EQUAL(store_get(s, STR("Observation"), STR("o1"), &b, NULL), ERR_OK);
    UNIT_STR(b.p, "server");
    buf_clear(&b);
    CU_ASSERT_EQUAL(store_get(s, STR("Observation"), STR("file:o1"), &b, NULL), ERR_OK);
    UNIT_STR(b.p, "file");
    CU_ASSERT_EQUAL(rows_of(s, "p1"), 1); /* a file's row joins no server patient's chart */
    CU_ASSERT_EQUAL(rows_of(s, "file:p1"), 1);
    CU_ASSERT(store_has(s, STR("Observation"), STR("o1"), STR("1")));
    CU_ASSERT_FALSE(store_has(s, STR("Observation"), STR("o1"), STR("2")));
    CU_ASSERT_EQUAL(store_begin(s, true, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_delete(tx, STR("Observation"), STR("o1"), STORE_SERVER, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_delete(tx, STR("Observation"), STR("never"), STORE_SERVER, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
    CU_ASSERT_FALSE(store_has(s, STR("Observation"), STR("o1"), STR("")));
    buf_clear(&b);
    CU_ASSERT_EQUAL(store_get(s, STR("Observation"), STR("o1"), &b, NULL), ERR_OK); /* the file's is left */
    UNIT_STR(b.p, "file");
    CU_ASSERT_EQUAL(rows_of(s, "p1"), 0);
    CU_ASSERT_EQUAL(store_get(s, STR("Observation"), STR("../x"), &b, NULL), ERR_NOTFOUND);
    buf_fini(&b);
    made_end(s, home);
}

/* --- walks ------------------------------------------------------------------------------------- */

struct seen {
    struct store *s;
    int n;
    char ids[2000];
    bool nested;
};

static int see(void *arg, const struct store_row *row)
{
    struct seen *v = arg;
    size_t at = strlen(v->ids);
    struct buf b;

    if (v->n++ < 20)
        snprintf(v->ids + at, sizeof v->ids - at, "%.*s ", STR_ARG(row->id));
    if (v->nested) { /* no lock is held during the call: it may read */
        buf_init(&b, 1000);
        CU_ASSERT_EQUAL(store_get(v->s, row->type, row->id, &b, NULL), ERR_OK);
        CU_ASSERT(str_eq(buf_str(&b), row->bytes));
        buf_fini(&b);
    }
    return v->n == 1000 ? 77 : 0;
}

static void sections_newest_first(void)
{
    static const struct {
        const char *id, *section, *patient;
        int64_t ms;
    } row[] = {{"old", "labs", "p1", -5}, {"new", "labs", "p1", 500}, {"undated", "labs", "p1", FHIR_NO_DATE},
               {"mid", "labs", "p1", 100}, {"pulse", "vitals", "p1", 300}, {"other", "labs", "p2", 200}};
    struct store_query q = {.patient = STR("p1"), .section = STR("labs"), .newest_first = true, .bytes = true};
    char home[64];
    struct seen v = {.s = made_store(home), .nested = true};

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct fhir_index ix = made_index("Observation", row[i].id, row[i].patient, row[i].section, row[i].ms);

        CU_ASSERT_EQUAL(made_put(v.s, &ix, str_of(row[i].id), STORE_SERVER, NULL), ERR_OK);
    }
    CU_ASSERT_EQUAL(store_each(v.s, &q, see, &v, NULL), ERR_OK);
    UNIT_STR(v.ids, "undated new mid old ");
    v.ids[0] = '\0';
    q.limit = 2;
    CU_ASSERT_EQUAL(store_each(v.s, &q, see, &v, NULL), ERR_OK);
    UNIT_STR(v.ids, "undated new ");
    v.ids[0] = '\0';
    q = (struct store_query){.type = STR("Observation"), .after_rowid = 2, .bytes = true};
    CU_ASSERT_EQUAL(store_each(v.s, &q, see, &v, NULL), ERR_OK);
    UNIT_STR(v.ids, "undated mid pulse other ");
    v.ids[0] = '\0';
    q = (struct store_query){.patient = STR("p1"), .newest_first = true, .bytes = true};
    CU_ASSERT_EQUAL(store_each(v.s, &q, see, &v, NULL), ERR_OK);
    UNIT_STR(v.ids, "undated new pulse mid old ");
    made_end(v.s, home);
}

static int count_type(void *arg, struct str type, int64_t n)
{
    size_t at = strlen(arg);

    snprintf((char *)arg + at, 200 - at, "%.*s=%d ", STR_ARG(type), (int)n);
    return 0;
}

/* More rows than one stretch: none twice, none left out, and a code of the caller's ends it. */
static void long_walks(void)
{
    struct store_query q = {.bytes = true};
    char home[64], id[20] = "", counts[200] = "";
    struct seen v = {.s = made_store(home)};
    struct store_tx *tx;

    CU_ASSERT_EQUAL(store_begin(v.s, false, &tx, NULL), ERR_OK);
    for (int i = 0; i < 999; i++) {
        struct fhir_index ix = made_index(i % 3 ? "Observation" : "Flag", id, "p1", "labs", i);

        ix.id = (struct str){id, (size_t)snprintf(id, sizeof id, "r%d", i)};
        CU_ASSERT_EQUAL(store_put(tx, &ix, str_of(id), STORE_SERVER, 0, NULL, NULL), ERR_OK);
    }
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_each(v.s, &q, see, &v, NULL), ERR_OK);
    CU_ASSERT_EQUAL(v.n, 999);
    v.n = 0;
    q.limit = 300;
    CU_ASSERT_EQUAL(store_each(v.s, &q, see, &v, NULL), ERR_OK);
    CU_ASSERT_EQUAL(v.n, 300);
    q = (struct store_query){.newest_first = true, .patient = STR("p1")};
    v.n = 0;
    CU_ASSERT_EQUAL(store_each(v.s, &q, see, &v, NULL), ERR_OK);
    CU_ASSERT_EQUAL(v.n, 999);
    v.n = 500;
    q = (struct store_query){.patient = STR("p1")};
    CU_ASSERT_EQUAL(store_each(v.s, &q, see, &v, NULL), 77);
    CU_ASSERT_EQUAL(store_counts(v.s, count_type, counts, NULL), ERR_OK);
    UNIT_STR(counts, "Flag=333 Observation=666 ");
    made_end(v.s, home);
}

struct long_walk {
    struct store *s;
    int64_t last;
    int n;
};

static int descending(void *arg, const struct store_row *row)
{
    struct long_walk *w = arg;

    CU_ASSERT(row->date_ms < w->last);
    w->last = row->date_ms;
    if (w->n++ == 100) { /* a newer one comes while the list is read: it shifts nothing */
        struct fhir_index ix = made_index("Observation", "newer", "p1", "labs", 5000);

        CU_ASSERT_EQUAL(made_put(w->s, &ix, STR("x"), STORE_SERVER, NULL), ERR_OK);
    }
    return ERR_OK;
}

/* Kills tests/mutants/store-walk-twice.patch: the rest of a long section begins again at its first row. */
static void long_section(void)
{
    static const struct {
        unsigned limit;
        bool bytes;
        int want;
    } cases[] = {{0, false, 999}, {0, true, 1000}, {300, true, 300}, {256, false, 256}, {1, true, 1}};
    char home[64], id[20] = "";
    struct store *s = made_store(home);
    struct store_tx *tx;

    CU_ASSERT_EQUAL_FATAL(store_begin(s, false, &tx, NULL), ERR_OK);
    for (int i = 0; i < 999; i++) {
        struct fhir_index ix = made_index("Observation", id, "p1", "labs", (i * 7) % 999);

        ix.id = (struct str){id, (size_t)snprintf(id, sizeof id, "r%d", i)};
        CU_ASSERT_EQUAL(store_put(tx, &ix, str_of(id), STORE_SERVER, 0, NULL, NULL), ERR_OK);
    }
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct store_query q = {.patient = STR("p1"), .section = STR("labs"), .newest_first = true, .limit = cases[i].limit,
                                .bytes = cases[i].bytes};
        struct long_walk w = {s, INT64_MAX, 0};

        CU_ASSERT_EQUAL(store_each(s, &q, descending, &w, NULL), ERR_OK);
        CU_ASSERT_EQUAL(w.n, cases[i].want);
    }
    made_end(s, home);
}

/* --- transactions ------------------------------------------------------------------------------ */

static struct store_mark a_mark(int64_t ms)
{
    struct store_mark m = {.mark_ms = ms, .overlap_ms = 300000, .asof_ms = ms, .run_start_ms = 7, .run_max_ms = -1, .count = 500};

    snprintf(m.type, sizeof m.type, "Observation");
    snprintf(m.run_max_lexeme, sizeof m.run_max_lexeme, "2026-01-01T00:00:00.000Z");
    snprintf(m.next, sizeof m.next, "?page=2");
    return m;
}

static void marks_and_settings(void)
{
    char home[64];
    struct store *s = made_store(home);
    struct store_mark m = a_mark(42), got;
    struct store_queue_counts q;
    struct store_tx *tx;
    struct buf b;

    buf_init(&b, 100);
    CU_ASSERT_EQUAL(store_mark_get(s, STR("Observation"), &got, NULL), ERR_OK);
    CU_ASSERT_EQUAL(got.mark_ms, 0);
    CU_ASSERT_EQUAL(store_begin(s, true, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_mark_put(tx, &m, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_set(tx, "server.base", STR("https://a\0b"), NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_missing_add(tx, STR("Practitioner"), STR("x"), NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_missing_add(tx, STR("Practitioner"), STR("x"), NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_mark_get(s, STR("Observation"), &got, NULL), ERR_OK);
    CU_ASSERT_EQUAL(got.mark_ms, 0); /* readers see the last commit */
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_mark_get(s, STR("Observation"), &got, NULL), ERR_OK);
    CU_ASSERT(!memcmp(&got, &m, sizeof m));
    CU_ASSERT_EQUAL(store_setting(s, "server.base", &b, NULL), ERR_OK);
    CU_ASSERT(str_eq(buf_str(&b), STR("https://a\0b")));
    CU_ASSERT_EQUAL(store_setting(s, "server.none", &b, NULL), ERR_NOTFOUND);
    CU_ASSERT_EQUAL(store_queue_counts(s, &q, NULL), ERR_OK);
    CU_ASSERT_EQUAL(q.queued + q.indoubt + q.conflict + q.attention, 0);
    buf_fini(&b);
    made_end(s, home);
}

static void a_rollback_leaves_nothing(void)
{
    struct fhir_index ix = made_index("Observation", "o1", "p1", "labs", 1);
    struct fhir_index pt = made_index("Patient", "p1", "p1", "", 1);
    struct store_mark m = a_mark(42), got;
    char home[64], counts[200] = "";
    struct store *s = made_store(home);
    struct store_tx *tx;
    int64_t n;

    CU_ASSERT_EQUAL(store_begin(s, false, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_put(tx, &ix, STR("{}"), STORE_SERVER, 0, NULL, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_put(tx, &pt, STR("{\"name\":[{\"family\":\"A\"}]}"), STORE_SERVER, 0, NULL, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_mark_put(tx, &m, NULL), ERR_OK);
    store_rollback(tx);
    CU_ASSERT_FALSE(store_has(s, STR("Observation"), STR("o1"), STR("")));
    CU_ASSERT_EQUAL(store_mark_get(s, STR("Observation"), &got, NULL), ERR_OK);
    CU_ASSERT_EQUAL(got.mark_ms, 0);
    CU_ASSERT_EQUAL(store_patient_count(s, STR(""), &n, NULL), ERR_OK);
    CU_ASSERT_EQUAL(n, 0);
    CU_ASSERT_EQUAL(store_counts(s, count_type, counts, NULL), ERR_OK);
    UNIT_STR(counts, "");
    CU_ASSERT_EQUAL(store_begin(s, false, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_begin(s, false, &tx, NULL), ERR_BUG);
    made_end(s, home); /* a transaction that is open when the store closes is none */
}

/* A process that writes rows and mark in one transaction after the other is killed at a moment of chance:
 * the mark that is found says how many rows there are, exactly. Kills tests/mutants/store-mark-apart.patch:
 * rows and mark in two transactions
 * (so does the test of a rollback above, without chance). */
static void kill_between(void)
{
    struct store_query q = {.type = STR("Observation")};
    char home[64];
    struct store *s = made_store(home);

    store_close(s);
    for (int round = 0; round < 8; round++) {
        int ready[2], n = 0;
        char c;
        pid_t child;
        struct store_mark m;

        CU_ASSERT_EQUAL_FATAL(pipe(ready), 0);
        if (!(child = fork())) {
            s = made_open(home);
            store_mark_get(s, STR("Observation"), &m, NULL);
            for (int64_t k = m.mark_ms;; k += 3) {
                struct store_tx *tx;
                char id[24];

                m = a_mark(k + 3);
                if (store_begin(s, false, &tx, NULL))
                    _exit(1);
                for (int64_t i = k; i < k + 3; i++) {
                    struct fhir_index ix = made_index("Observation", id, "p1", "labs", i);

                    ix.id = (struct str){id, (size_t)snprintf(id, sizeof id, "r%d", (int)i)};
                    store_put(tx, &ix, str_of(id), STORE_SERVER, 0, NULL, NULL);
                }
                if (store_mark_put(tx, &m, NULL) || store_commit(tx, NULL) || write(ready[1], "x", 1) != 1)
                    _exit(1);
            }
        }
        for (int i = 0; i < 5 + round * 7; i++)
            CU_ASSERT_EQUAL(read(ready[0], &c, 1), 1);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        close(ready[0]);
        close(ready[1]);
        s = made_open(home);
        CU_ASSERT_PTR_NOT_NULL_FATAL(s);
        CU_ASSERT_EQUAL(store_mark_get(s, STR("Observation"), &m, NULL), ERR_OK);
        CU_ASSERT_EQUAL(store_each(s, &q, count_row, &n, NULL), ERR_OK);
        CU_ASSERT_EQUAL(m.mark_ms, n);
        CU_ASSERT(n >= 3 * (5 + round * 7));
        store_close(s);
    }
    made_remove(home);
}

/* A reader on another thread, while rows come in: it sees whole transactions only. */
struct racing {
    struct store *s;
    atomic_bool stop, wrong;
    atomic_int rounds;
};

static void *read_pairs(void *arg)
{
    struct racing *r = arg;
    struct store_query q = {.patient = STR("p1"), .section = STR("labs"), .newest_first = true};

    while (!r->stop) {
        int n = 0;

        if (store_each(r->s, &q, count_row, &n, NULL) || n % 2)
            r->wrong = true;
        r->rounds++;
    }
    return NULL;
}

static void read_while_writing(void)
{
    char home[64], id[20];
    struct racing r = {.s = made_store(home)};
    pthread_t t;

    CU_ASSERT_EQUAL_FATAL(pthread_create(&t, NULL, read_pairs, &r), 0);
    for (int i = 0; i < 240 || r.rounds < 20; i += 2) {
        struct store_tx *tx;

        CU_ASSERT_EQUAL(store_begin(r.s, false, &tx, NULL), ERR_OK);
        for (int k = i; k < i + 2; k++) {
            struct fhir_index ix = made_index("Observation", id, "p1", "labs", k % 240);

            ix.id = (struct str){id, (size_t)snprintf(id, sizeof id, "r%d", k % 240)};
            CU_ASSERT_EQUAL(store_put(tx, &ix, str_of(id), STORE_SERVER, 0, NULL, NULL), ERR_OK);
        }
        CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
    }
    r.stop = true;
    pthread_join(t, NULL);
    CU_ASSERT_FALSE(r.wrong);
    made_end(r.s, home);
}

/* A disk that fills up in the middle of a transaction: an error, nothing of it stored, and when there is room
 * again the next one works. Files are kept from growing, which the kernel answers as a full disk does. Kills
 * tests/mutants/store-half-commit.patch: a transaction with a failed write in it is committed. */
static void full_disk(void)
{
    char home[64], path[100], counts[200] = "", *big = mem_alloc(200000);
    struct fhir_index ix = made_index("Observation", "small", "p1", "labs", 1);
    struct store *s = made_store(home);
    struct rlimit was, low;
    struct store_tx *tx;
    struct err e = ERR_NONE;
    uint64_t x = 1;
    struct stat st;
    int code = 0;

    for (size_t i = 0; i < 200000; i++)
        big[i] = (char)((x = x * 6364136223846793005u + 1) >> 56);
    CU_ASSERT_EQUAL(made_put(s, &ix, STR("kept"), STORE_SERVER, NULL), ERR_OK);
    snprintf(path, sizeof path, "%s/store.wdb-wal", home);
    CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &was);
    low = was;
    low.rlim_cur = (rlim_t)st.st_size + 60000;
    for (int round = 0; round < 3; round++) {
        setrlimit(RLIMIT_FSIZE, &low);
        code = store_begin(s, true, &tx, &e);
        for (int i = 0; !code && i < 40; i++) {
            char id[20];

            ix.id = (struct str){id, (size_t)snprintf(id, sizeof id, "big%d", i)};
            code = store_put(tx, &ix, (struct str){big, 200000}, STORE_SERVER, 1, NULL, &e);
        }
        code = store_commit(tx, &e);
        setrlimit(RLIMIT_FSIZE, &was);
        CU_ASSERT_EQUAL(code, ERR_IO);
        CU_ASSERT_EQUAL(e.code, ERR_IO);
        ix = made_index("Observation", round ? "after" : "small", "p1", "labs", 1);
        CU_ASSERT_EQUAL(made_put(s, &ix, STR("kept too"), STORE_SERVER, NULL), ERR_OK);
    }
    store_close(s);
    s = made_open(home);
    CU_ASSERT_EQUAL(store_counts(s, count_type, counts, NULL), ERR_OK);
    UNIT_STR(counts, "Observation=2 ");
    CU_ASSERT_EQUAL(rows_of(s, "p1"), 2);
    mem_free(big);
    made_end(s, home);
}

static int remember_code(struct store *s, struct err *e)
{
    struct store_query q = {.bytes = true};
    int n = 0;

    *e = ERR_NONE;
    return store_each(s, &q, count_row, &n, e);
}

/* One bit in a page that holds rows: an error that names file and page, never other bytes; what lies on other
 * pages is still read. */
static void damaged_page(void)
{
    char home[64], path[100], id[20], *big = mem_alloc(30000);
    struct fhir_index ix = made_index("Observation", id, "p1", "labs", 1);
    struct store *s = made_store(home);
    uint64_t x = 3;
    struct stat st;
    struct err e;
    unsigned char c;
    int fd;
    struct buf b;

    buf_init(&b, LIMIT_RESOURCE_BYTES);
    for (size_t i = 0; i < 30000; i++)
        big[i] = (char)((x = x * 6364136223846793005u + 1) >> 56);
    for (int i = 0; i < 5; i++) {
        ix.id = (struct str){id, (size_t)snprintf(id, sizeof id, "r%d", i)};
        CU_ASSERT_EQUAL(made_put(s, &ix, (struct str){big, 30000}, STORE_SERVER, NULL), ERR_OK);
    }
    CU_ASSERT_EQUAL(remember_code(s, &e), ERR_OK);
    store_close(s);
    snprintf(path, sizeof path, "%s/store.wdb", home);
    CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
    CU_ASSERT_FATAL((fd = open(path, O_RDWR)) >= 0);
    CU_ASSERT_EQUAL(pread(fd, &c, 1, st.st_size - 2000), 1); /* the last page: the tail of the last row */
    c ^= 4;
    CU_ASSERT_EQUAL(pwrite(fd, &c, 1, st.st_size - 2000), 1);
    close(fd);
    s = made_open(home);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT_EQUAL(remember_code(s, &e), ERR_DAMAGED);
    CU_ASSERT_EQUAL(e.num, (st.st_size - SEAL_DATA_OFFSET) / SEAL_PAGE);
    UNIT_STR(e.what, "store.wdb");
    CU_ASSERT_EQUAL(store_get(s, STR("Observation"), STR("r4"), &b, &e), ERR_DAMAGED);
    CU_ASSERT_EQUAL(b.n, 0);
    CU_ASSERT_EQUAL(store_get(s, STR("Observation"), STR("r0"), &b, &e), ERR_OK);
    CU_ASSERT(str_eq(buf_str(&b), (struct str){big, 30000}));
    buf_fini(&b);
    mem_free(big);
    made_end(s, home);
}

/* --- opening ----------------------------------------------------------------------------------- */

static void who_may_open(void)
{
    struct secret *good = made_pass("correct horse"), *bad = made_pass("correct hors");
    struct store_health h;
    struct store_key *k;
    char home[64], path[200];
    struct store *s, *again;
    struct err e = ERR_NONE;

    made_home(home);
    CU_ASSERT_EQUAL(store_unlock(home, good, &k, &e), ERR_NOPROFILE);
    CU_ASSERT_EQUAL(store_create(home, good, &made_kdf, &e), ERR_OK);
    CU_ASSERT_EQUAL(store_create(home, good, &made_kdf, &e), ERR_EXISTS);
    CU_ASSERT_EQUAL(store_unlock(home, bad, &k, &e), ERR_PASSPHRASE);
    CU_ASSERT_PTR_NULL(k);
    s = made_open(home);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT_EQUAL(store_health(s, &h, &e), ERR_OK);
    CU_ASSERT(h.superblock_a && h.superblock_b && !h.wal_damaged && h.file_bytes > 0);
    CU_ASSERT_EQUAL(h.kdf.mem_bytes, CRYPT_KDF_MIN_MEM);
    CU_ASSERT_EQUAL(store_unlock(home, good, &k, &e), ERR_OK);
    CU_ASSERT_EQUAL(store_open(home, k, &again, &e), ERR_INUSE); /* twice in one process is twice too */
    CU_ASSERT_PTR_NULL(again);
    CU_ASSERT_EQUAL(store_create(home, good, &made_kdf, &e), ERR_INUSE);
    store_close(s);
    snprintf(path, sizeof path, "%s/store.wdb", home);
    CU_ASSERT_EQUAL(chmod(path, 0640), 0);
    CU_ASSERT_EQUAL(store_unlock(home, good, &k, &e), ERR_PERM);
    CU_ASSERT_EQUAL(chmod(path, 0600), 0);
    CU_ASSERT_EQUAL(chmod(home, 0755), 0);
    CU_ASSERT_EQUAL(store_unlock(home, good, &k, &e), ERR_PERM);
    secret_free(good);
    secret_free(bad);
    made_remove(home);
}

/* A second process is refused and told who holds the store; a forked child holds nothing. Kills
 * tests/mutants/store-two-owners.patch: a lock that nobody minds. */
/* A profile made with a setting that store_set would refuse is not made. */
static void first_settings(void)
{
    const struct store_value good = {"server", STR("https://h.example")}, bad = {"Server Name", STR("x")};
    const struct store_value both[] = {good, bad};
    struct secret *p = made_pass("correct horse");
    struct store *s;
    char home[64];
    struct buf b;

    made_home(home);
    CU_ASSERT_EQUAL(store_create_with(home, p, &made_kdf, both, 2, NULL), ERR_BUG);
    CU_ASSERT_EQUAL(store_create_with(home, p, &made_kdf, &good, 1, NULL), ERR_OK);
    s = made_open(home);
    buf_init(&b, 100);
    CU_ASSERT_EQUAL(store_setting(s, "server", &b, NULL), ERR_OK);
    CU_ASSERT(str_eq(buf_str(&b), good.value));
    buf_fini(&b);
    secret_free(p);
    made_end(s, home);
}

/* A log that an older store left behind (its file was taken away after a crash) is no loss of the new one's. */
static void a_stale_log(void)
{
    struct fhir_index ix = made_index("Observation", "o1", "p1", "labs", FHIR_NO_DATE);
    char home[64], file[100], log[120], kept[100];
    struct store *s = made_store(home);
    struct secret *p = made_pass("correct horse");
    struct store_health h;

    snprintf(file, sizeof file, "%s/" STORE_FILE, home);
    snprintf(log, sizeof log, "%s-wal", file);
    snprintf(kept, sizeof kept, "%s/kept", home);
    CU_ASSERT_EQUAL(made_put(s, &ix, STR("old"), STORE_SERVER, NULL), ERR_OK);
    CU_ASSERT_EQUAL(link(log, kept), 0);
    store_close(s);
    CU_ASSERT_EQUAL(unlink(file), 0);
    CU_ASSERT_EQUAL(rename(kept, log), 0);
    CU_ASSERT_EQUAL(store_create(home, p, &made_kdf, NULL), ERR_OK);
    s = made_open(home);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT_EQUAL(store_health(s, &h, NULL), ERR_OK);
    CU_ASSERT_FALSE(h.wal_damaged);
    secret_free(p);
    made_end(s, home);
}

static void one_owner(void)
{
    char home[64];
    struct store *s = made_store(home);
    struct store_tx *tx;
    int status = 0;
    pid_t child;

    fflush(NULL);
    if (!(child = fork())) {
        struct secret *p = made_pass("correct horse");
        struct err e = ERR_NONE;
        struct store_key *k;
        struct store *mine;
        int bad = 0;

        bad |= store_begin(s, false, &tx, &e) != ERR_INUSE;
        bad |= store_has(s, STR("Patient"), STR("p"), STR("")) ? 2 : 0;
        store_close(s); /* does nothing */
        bad |= store_unlock(home, p, &k, &e) ? 4 : 0;
        bad |= store_open(home, k, &mine, &e) != ERR_INUSE ? 8 : 0;
        bad |= e.num != getppid() ? 16 : 0;
        _exit(bad);
    }
    waitpid(child, &status, 0);
    CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
    CU_ASSERT_EQUAL(store_begin(s, true, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_set(tx, "demo", STR("1"), NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
    store_close(s);
    s = made_open(home); /* and free again */
    CU_ASSERT_PTR_NOT_NULL(s);
    made_end(s, home);
}

static const struct unit_test tests[] = {
    {"a resource comes back byte for byte", bytes_as_received},
    {"so does every size", every_size},
    {"so does every file that lies about", files_come_back},
    {"a file's rows and the server's never meet", origins_apart},
    {"a section is listed newest first, undated rows before all", sections_newest_first},
    {"a long section, each row once", long_section},
    {"a long walk leaves nothing out", long_walks},
    {"marks, settings, missing references", marks_and_settings},
    {"a rollback leaves nothing behind", a_rollback_leaves_nothing},
    {"killed at any moment, rows and mark agree", kill_between},
    {"a reader sees whole transactions", read_while_writing},
    {"a full disk loses nothing and stores no half", full_disk},
    {"a damaged page is an error with its number", damaged_page},
    {"who may open a profile", who_may_open},
    {"the first settings keep store_set's rules", first_settings},
    {"a log that an older store left is no loss", a_stale_log},
    {"one process owns a store", one_owner},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("store", tests, sizeof tests / sizeof *tests);
}
