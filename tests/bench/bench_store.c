/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Insert, 100,000 point reads and a full scan of rows like Synthea's (about 1.2 KB of JSON, four indexes, one
 * of them over random ids), in the sealed store's way and in plain SQLite's, interleaved in one run.
 *     bench_store [ROWS] [ROUNDS]      default 20000 rows, 3 rounds
 * CPU seconds (user and system), the least of the rounds; one line a figure:
 *     NAME plain=S tuned=S sealed=S packed=S sealed/plain=R packed/plain=R packed/tuned=R
 * plain: SQLite's default settings, WAL, NORMAL. tuned: plain with the sealed store's wal_autocheckpoint.
 * sealed: the sealing VFS, rows as they are. packed: as wardline has it, rows
 * compressed by the store's own functions. Cache: a fifth of
 * the plain file.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "store/priv.h"
#include "store/seal_priv.h"

enum engine { PLAIN, TUNED, SEALED, PACKED, ENGINES };
enum figure { INSERT, POINT, SCAN, BYTES, FIGURES };
static const char *const names[FIGURES] = {"insert", "point", "scan", "bytes"};

#define POINTS 100000
#define BODY 4096

struct bench {
    unsigned rows;
    char dir[64];
    double best[FIGURES][ENGINES];
    uint64_t sum[ENGINES]; /* of what was read: all engines must agree */
};

static void must(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "bench_store: %s\n", what);
        exit(1);
    }
}

static double cpu(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* An Observation as a Synthea export writes one: much of it the same in every row. */
static size_t body(unsigned n, char out[BODY])
{
    uint64_t x = n + 1, a = rng_splitmix(&x), b = rng_splitmix(&x), c = rng_splitmix(&x);

    return (size_t)snprintf(
        out, BODY,
        "{\"resourceType\":\"Observation\",\"id\":\"%016llx-%08x\",\"meta\":{\"versionId\":\"1\",\"lastUpdated\":\"2026-%02u-%02uT10:%02u:%02u.%03uZ\","
        "\"profile\":[\"http://hl7.org/fhir/us/core/StructureDefinition/us-core-observation-lab\"]},\"status\":\"final\",\"category\":[{\"coding\":"
        "[{\"system\":\"http://terminology.hl7.org/CodeSystem/observation-category\",\"code\":\"laboratory\",\"display\":\"laboratory\"}]}],"
        "\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"%u-%u\",\"display\":\"Glucose [Mass/volume] in Blood %u\"}],\"text\":"
        "\"Glucose [Mass/volume] in Blood\"},\"subject\":{\"reference\":\"urn:uuid:%016llx\"},\"encounter\":{\"reference\":\"urn:uuid:%016llx%04x\"},"
        "\"effectiveDateTime\":\"20%02u-%02u-%02uT08:%02u:11-05:00\",\"issued\":\"20%02u-06-11T08:12:11.%03u-05:00\",\"valueQuantity\":{\"value\":%u.%010u,"
        "\"unit\":\"mg/dL\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"mg/dL\"},\"referenceRange\":[{\"low\":{\"value\":65,\"unit\":\"mg/dL\"},"
        "\"high\":{\"value\":99,\"unit\":\"mg/dL\"},\"text\":\"65-99 mg/dL, fasting, adult; values outside are marked by the laboratory\"}],"
        "\"interpretation\":[{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation\",\"code\":\"N\"}]}],"
        "\"performer\":[{\"reference\":\"Practitioner/%llu\",\"display\":\"Dr. Example %llu\"}]}",
        (unsigned long long)a, n, n % 12 + 1, n % 28 + 1, n % 60, (unsigned)(b % 60), (unsigned)(b % 1000), n % 9999, n % 10, n % 300,
        (unsigned long long)(n / 40), (unsigned long long)c, n % 65536, n % 30, n % 12 + 1, n % 28 + 1, n % 60, n % 30, (unsigned)(c % 1000),
        (unsigned)(a % 400), (unsigned)(b % 1000000000), (unsigned long long)(c % 500), (unsigned long long)(c % 500));
}

static sqlite3 *open_plain(const struct bench *b, enum engine e, char path[96])
{
    sqlite3 *db = NULL;

    snprintf(path, 96, "%s/%s.db", b->dir, e == PLAIN ? "plain" : "tuned");
    must(!sqlite3_open(path, &db), "open");
    must(!sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=2", NULL, NULL, NULL), "settings");
    if (e == TUNED)
        must(!sqlite3_exec(db, "PRAGMA wal_autocheckpoint=16384", NULL, NULL, NULL), "settings");
    return db;
}

static sqlite3 *open_sealed(const struct bench *b, enum engine e, struct seal_keys **k, char path[96])
{
    struct seal_super s = {.version = SEAL_VERSION, .reader = SEAL_VERSION, .generation = 1, .codec = 2};
    unsigned char dek[CRYPT_KEY];
    sqlite3 *db = NULL;

    snprintf(path, 96, "%s/%s.wdb", b->dir, e == SEALED ? "sealed" : "packed");
    crypt_random(dek, sizeof dek);
    crypt_random(s.file_id, sizeof s.file_id);
    must(!seal_create_dek(path, dek, &s, k, NULL) && !seal_open(path, *k, false, &db, NULL), "sealed store");
    return db;
}

static void insert(struct bench *b, sqlite3 *db, struct body_ctx **pack)
{
    sqlite3_stmt *st;
    char raw[BODY], *packed = NULL, id[40], patient[24], date[16];
    enum body_codec codec;

    must(!sqlite3_exec(db, "CREATE TABLE r(n INTEGER PRIMARY KEY, type TEXT, id TEXT, patient TEXT, date TEXT, body BLOB, size INT);"
                                     "CREATE UNIQUE INDEX r1 ON r(type, id); CREATE INDEX r2 ON r(patient, date);"
                                     "CREATE INDEX r3 ON r(date); CREATE INDEX r4 ON r(type, date)", NULL, NULL, NULL), "schema");
    must(!sqlite3_prepare_v2(db, "INSERT INTO r VALUES(?,'Observation',?,?,?,?,?)", -1, &st, NULL), "prepare");
    for (unsigned n = 0; n < b->rows; n++) {
        size_t len = body(n, raw), got = len;
        uint64_t x = n * 7919u;

        if (n % 500 == 0)
            must(!sqlite3_exec(db, n ? "COMMIT; BEGIN" : "BEGIN", NULL, NULL, NULL), "commit");
        snprintf(id, sizeof id, "%016llx-%016llx", (unsigned long long)rng_splitmix(&x), (unsigned long long)rng_splitmix(&x));
        snprintf(patient, sizeof patient, "p%u", n / 40);
        snprintf(date, sizeof date, "20%02u-%02u-%02u", n % 30, n % 12 + 1, n % 28 + 1);
        must(!pack || (!body_pack(pack, (struct str){raw, len}, &packed, &got, &codec, NULL) && codec == BODY_ZSTD), "pack");
        sqlite3_bind_int64(st, 1, n);
        sqlite3_bind_text(st, 2, id, -1, SQLITE_STATIC);
        sqlite3_bind_text(st, 3, patient, -1, SQLITE_STATIC);
        sqlite3_bind_text(st, 4, date, -1, SQLITE_STATIC);
        sqlite3_bind_blob(st, 5, pack ? packed : raw, (int)got, SQLITE_STATIC);
        sqlite3_bind_int64(st, 6, (sqlite3_int64)len);
        must(sqlite3_step(st) == SQLITE_DONE, "insert");
        sqlite3_reset(st);
        mem_free(packed);
        packed = NULL;
    }
    must(!sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), "commit");
    sqlite3_finalize(st);
}

static uint64_t take(sqlite3_stmt *st, struct body_ctx **pack)
{
    struct str body_bytes = {sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0)};
    uint64_t sum;
    struct buf b;

    buf_init(&b, BODY);
    if (pack) {
        must(!body_unpack(pack, body_bytes, BODY_ZSTD, (size_t)sqlite3_column_int64(st, 1), &b, NULL), "row");
        body_bytes = buf_str(&b);
    }
    sum = body_bytes.n * 31 + (unsigned char)body_bytes.p[body_bytes.n / 2];
    buf_fini(&b);
    return sum;
}

static uint64_t points(const struct bench *b, sqlite3 *db, struct body_ctx **pack)
{
    uint64_t x = 42, sum = 0;
    sqlite3_stmt *st;

    must(!sqlite3_prepare_v2(db, "SELECT body, size FROM r WHERE n=?", -1, &st, NULL) && !sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), "prepare");
    for (int i = 0; i < POINTS; i++) {
        sqlite3_bind_int64(st, 1, (sqlite3_int64)(rng_splitmix(&x) % b->rows));
        must(sqlite3_step(st) == SQLITE_ROW, "point");
        sum += take(st, pack);
        sqlite3_reset(st);
    }
    sqlite3_finalize(st);
    must(!sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), "end");
    return sum;
}

static uint64_t scan(sqlite3 *db, struct body_ctx **pack)
{
    sqlite3_stmt *st;
    uint64_t sum = 0;

    must(!sqlite3_prepare_v2(db, "SELECT body, size FROM r", -1, &st, NULL), "prepare");
    while (sqlite3_step(st) == SQLITE_ROW)
        sum += take(st, pack);
    sqlite3_finalize(st);
    return sum;
}

static void keep(struct bench *b, enum figure f, enum engine e, double v)
{
    if (!b->best[f][e] || v < b->best[f][e])
        b->best[f][e] = v;
}

static void one(struct bench *b, enum engine e)
{
    struct body_ctx *ctx = NULL, **pack = e == PACKED ? &ctx : NULL;
    struct seal_keys *k = NULL;
    char path[96], wal[104], cache[64];
    struct stat st;
    sqlite3 *db = e < SEALED ? open_plain(b, e, path) : open_sealed(b, e, &k, path);
    double t0;

    snprintf(cache, sizeof cache, "PRAGMA cache_size=-%u", b->rows * 2 / 5); /* KiB: a fifth of 2 KiB a row */
    must(!sqlite3_exec(db, cache, NULL, NULL, NULL), "cache");
    t0 = cpu();
    insert(b, db, pack);
    must(!sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL), "checkpoint");
    keep(b, INSERT, e, cpu() - t0);
    t0 = cpu();
    b->sum[e] = points(b, db, pack);
    keep(b, POINT, e, cpu() - t0);
    t0 = cpu();
    b->sum[e] += scan(db, pack);
    keep(b, SCAN, e, cpu() - t0);
    must(!sqlite3_close(db) && !stat(path, &st), "close");
    keep(b, BYTES, e, (double)st.st_size);
    body_free(ctx);
    seal_keys_free(k);
    unlink(path);
    snprintf(wal, sizeof wal, "%s-wal", path);
    unlink(wal);
}

int main(int argc, char **argv)
{
    struct bench b = {.rows = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 20000};
    int rounds = argc > 2 ? atoi(argv[2]) : 3;
    const char *tmp = getenv("TMPDIR");

    must(b.rows >= 1000 && rounds > 0 && !crypt_init(NULL), "usage: bench_store [ROWS] [ROUNDS]");
    snprintf(b.dir, sizeof b.dir, "%s/benchXXXXXX", tmp && strlen(tmp) < 40 ? tmp : "/tmp");
    must(mkdtemp(b.dir) != NULL, "temporary directory");
    for (int r = 0; r < rounds; r++)
        for (int e = 0; e < ENGINES; e++)
            one(&b, (enum engine)e);
    rmdir(b.dir);
    for (int e = 1; e < ENGINES; e++)
        must(b.sum[e] == b.sum[PLAIN], "the engines do not agree");
    for (int f = 0; f < FIGURES; f++) {
        const double *v = b.best[f];

        printf("%s plain=%.3f tuned=%.3f sealed=%.3f packed=%.3f sealed/plain=%.2f packed/plain=%.2f packed/tuned=%.2f\n", names[f], v[PLAIN],
               v[TUNED], v[SEALED], v[PACKED], v[SEALED] / v[PLAIN], v[PACKED] / v[PLAIN], v[PACKED] / v[TUNED]);
    }
    return 0;
}
