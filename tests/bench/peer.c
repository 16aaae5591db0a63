/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* built without config.h, too */
#endif
#include "tests/bench/peer.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void peer_must(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "store bench: %s\n", what);
        exit(1);
    }
}

double peer_cpu(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void peer_say(const char *name, double cpu, uint64_t sum)
{
    printf("%s %.6f %llu\n", name, cpu, (unsigned long long)sum);
    fflush(stdout);
}

uint64_t peer_sum(uint64_t sum, const void *body, size_t n)
{
    return sum + n * 31 + (n ? ((const unsigned char *)body)[n / 2] : 0);
}

/* --- rows -------------------------------------------------------------------------------------- */

void rows_write(FILE *f, const struct row *r)
{
    peer_must(fwrite(r->n, sizeof r->n, 1, f) == 1 && fwrite(&r->date_ms, sizeof r->date_ms, 1, f) == 1, "write");
    for (int i = 0; i < ROW_FIELDS; i++)
        peer_must(!r->n[i] || fwrite(r->p[i], r->n[i], 1, f) == 1, "write");
}

void rows_open(struct rows *rs, const char *path, uint32_t most)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    size_t at = 0;

    peer_must(fd >= 0 && !fstat(fd, &st) && st.st_size > 0, "no rows");
    rs->bytes = (size_t)st.st_size;
    rs->map = mmap(NULL, rs->bytes, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    rs->at = malloc(sizeof *rs->at * most);
    peer_must(rs->map != MAP_FAILED && rs->at, "memory");
    for (rs->n = 0; at < rs->bytes && rs->n < most; rs->n++) {
        uint32_t n[ROW_FIELDS];

        rs->at[rs->n] = at;
        memcpy(n, rs->map + at, sizeof n);
        at += sizeof n + sizeof(int64_t);
        for (int i = 0; i < ROW_FIELDS; i++)
            at += n[i];
    }
}

struct row rows_at(const struct rows *rs, uint32_t i)
{
    const char *p = rs->map + rs->at[i];
    struct row r;

    memcpy(r.n, p, sizeof r.n);
    p += sizeof r.n;
    memcpy(&r.date_ms, p, sizeof r.date_ms);
    p += sizeof r.date_ms;
    for (int k = 0; k < ROW_FIELDS; k++) {
        r.p[k] = p;
        p += r.n[k];
    }
    return r;
}

uint32_t peer_pick(uint64_t *seed, const struct rows *rs)
{
    uint64_t z = (*seed += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ (z >> 31)) % rs->n);
}

static bool letter(char c)
{
    return c >= 'a' && c <= 'z';
}

bool peer_word(const struct rows *rs, uint64_t *seed, char out[40])
{
    struct row r = rows_at(rs, peer_pick(seed, rs));
    uint32_t skip = peer_pick(seed, rs) % 4, from = 0;

    for (uint32_t i = 0; i <= r.n[ROW_WORDS]; i++) {
        if (i < r.n[ROW_WORDS] && letter(r.p[ROW_WORDS][i]))
            continue;
        if (i - from >= 4 && !skip--) {
            uint32_t n = i - from < 6 ? i - from : 6;

            memcpy(out, r.p[ROW_WORDS] + from, n);
            out[n] = '\0';
            return true;
        }
        from = i + 1;
    }
    return false;
}

/* --- SQLite -------------------------------------------------------------------------------------- */

static sqlite3_stmt *prepare(sqlite3 *db, const char *text)
{
    sqlite3_stmt *st;

    if (sqlite3_prepare_v2(db, text, -1, &st, NULL))
        peer_must(0, sqlite3_errmsg(db));
    return st;
}

static void run(sqlite3 *db, const char *text)
{
    if (sqlite3_exec(db, text, NULL, NULL, NULL))
        peer_must(0, sqlite3_errmsg(db));
}

static void bind(sqlite3_stmt *st, int at, const struct row *r, enum row_field f)
{
    sqlite3_bind_text(st, at, r->p[f], (int)r->n[f], SQLITE_STATIC);
}

static void step(sqlite3 *db, sqlite3_stmt *st)
{
    if (sqlite3_step(st) != SQLITE_DONE)
        peer_must(0, sqlite3_errmsg(db));
    sqlite3_reset(st);
}

/* The four indexes: who asks for one resource, for a chart's section by date, for all by date, for a kind by date. */
static void insert(sqlite3 *db, const struct rows *rs)
{
    sqlite3_stmt *st, *words;

    run(db, "CREATE TABLE res(rid INTEGER PRIMARY KEY, type TEXT, id TEXT, patient TEXT, date TEXT, sort INTEGER,"
            " status TEXT, section TEXT, title TEXT, fetched INTEGER, body BLOB);"
            "CREATE UNIQUE INDEX r1 ON res(type, id); CREATE INDEX r2 ON res(patient, section, sort);"
            "CREATE INDEX r3 ON res(sort); CREATE INDEX r4 ON res(type, sort);"
            "CREATE VIRTUAL TABLE words USING fts5(t, content='', detail=none, columnsize=0)");
    st = prepare(db, "INSERT INTO res(type, id, patient, date, sort, status, section, title, fetched, body)"
                     " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,1700000000000,?9) ON CONFLICT(type, id) DO UPDATE SET body=?9");
    words = prepare(db, "INSERT INTO words(rowid, t) VALUES(?1, ?2)");
    for (uint32_t i = 0; i < rs->n; i++) {
        struct row r = rows_at(rs, i);

        if (i % PEER_TX_ROWS == 0)
            run(db, i ? "COMMIT; BEGIN" : "BEGIN");
        bind(st, 1, &r, ROW_TYPE);
        bind(st, 2, &r, ROW_ID);
        bind(st, 3, &r, ROW_PATIENT);
        bind(st, 4, &r, ROW_DATE);
        sqlite3_bind_int64(st, 5, r.date_ms);
        bind(st, 6, &r, ROW_STATUS);
        bind(st, 7, &r, ROW_SECTION);
        bind(st, 8, &r, ROW_TITLE);
        sqlite3_bind_blob(st, 9, r.p[ROW_BODY], (int)r.n[ROW_BODY], SQLITE_STATIC);
        step(db, st);
        if (!r.n[ROW_WORDS])
            continue;
        sqlite3_bind_int64(words, 1, sqlite3_last_insert_rowid(db));
        bind(words, 2, &r, ROW_WORDS);
        step(db, words);
    }
    run(db, "COMMIT");
    sqlite3_finalize(words);
    sqlite3_finalize(st);
}

static uint64_t points(sqlite3 *db, const struct rows *rs)
{
    sqlite3_stmt *st = prepare(db, "SELECT body FROM res WHERE type=?1 AND id=?2");
    uint64_t seed = 42, sum = 0;

    run(db, "BEGIN");
    for (int i = 0; i < PEER_POINTS; i++) {
        struct row r = rows_at(rs, peer_pick(&seed, rs));

        bind(st, 1, &r, ROW_TYPE);
        bind(st, 2, &r, ROW_ID);
        peer_must(sqlite3_step(st) == SQLITE_ROW, "point");
        sum = peer_sum(sum, sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0));
        sqlite3_reset(st);
    }
    run(db, "COMMIT");
    sqlite3_finalize(st);
    return sum;
}

/* A section of a chart, newest first, with everything that a list is made of. */
static uint64_t lists(sqlite3 *db, const struct rows *rs)
{
    sqlite3_stmt *st = prepare(db, "SELECT rid, type, id, patient, date, sort, status, section, fetched, body FROM res"
                                   " WHERE patient=?1 AND section=?2 ORDER BY sort DESC LIMIT ?3");
    uint64_t seed = 43, sum = 0;

    for (int i = 0; i < PEER_LISTS; i++) {
        struct row r = rows_at(rs, peer_pick(&seed, rs));

        bind(st, 1, &r, ROW_PATIENT);
        bind(st, 2, &r, ROW_SECTION);
        sqlite3_bind_int(st, 3, PEER_LIST_ROWS);
        while (r.n[ROW_PATIENT] && r.n[ROW_SECTION] && sqlite3_step(st) == SQLITE_ROW) {
            for (int k = 1; k < 9; k++)
                sqlite3_column_text(st, k);
            sum = peer_sum(sum, sqlite3_column_blob(st, 9), (size_t)sqlite3_column_bytes(st, 9)) + (uint64_t)sqlite3_column_bytes(st, 2);
        }
        sqlite3_reset(st);
    }
    sqlite3_finalize(st);
    return sum;
}

static uint64_t words(sqlite3 *db, const struct rows *rs)
{
    sqlite3_stmt *st = prepare(db, "SELECT rowid FROM words WHERE words MATCH ?1 ORDER BY rowid DESC LIMIT ?2"),
                 *one = prepare(db, "SELECT type, id, patient, date, title FROM res WHERE rid=?1");
    uint64_t seed = 44, sum = 0;
    char word[44], prefix[sizeof word + 1];

    for (int i = 0; i < PEER_WORDS; i++) {
        if (!peer_word(rs, &seed, word))
            continue;
        snprintf(prefix, sizeof prefix, "%s*", word);
        sqlite3_bind_text(st, 1, prefix, -1, SQLITE_STATIC);
        sqlite3_bind_int(st, 2, PEER_LIST_ROWS);
        while (sqlite3_step(st) == SQLITE_ROW) {
            sqlite3_bind_int64(one, 1, sqlite3_column_int64(st, 0));
            peer_must(sqlite3_step(one) == SQLITE_ROW, "a word's row");
            for (int k = 0; k < 5; k++)
                sqlite3_column_text(one, k);
            sqlite3_reset(one);
            sum++;
        }
        sqlite3_reset(st);
    }
    sqlite3_finalize(st);
    sqlite3_finalize(one);
    return sum;
}

static uint64_t scan(sqlite3 *db)
{
    sqlite3_stmt *st = prepare(db, "SELECT body FROM res");
    uint64_t sum = 0;

    while (sqlite3_step(st) == SQLITE_ROW)
        sum = peer_sum(sum, sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0));
    sqlite3_finalize(st);
    return sum;
}

void peer_measure(sqlite3 *db, const char *path, const struct rows *rs, unsigned cache, int checkpoint)
{
    char text[160];
    struct stat st;
    uint64_t sum;
    double t;

    run(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=2");
    snprintf(text, sizeof text, "PRAGMA cache_size=-%u", cache);
    run(db, text);
    if (checkpoint) {
        snprintf(text, sizeof text, "PRAGMA wal_autocheckpoint=%d", checkpoint);
        run(db, text);
    }
    t = peer_cpu();
    insert(db, rs);
    run(db, "PRAGMA wal_checkpoint(TRUNCATE)");
    peer_say("insert", peer_cpu() - t, rs->n);
    t = peer_cpu();
    sum = points(db, rs);
    peer_say("point", peer_cpu() - t, sum);
    t = peer_cpu();
    sum = lists(db, rs);
    peer_say("list", peer_cpu() - t, sum);
    t = peer_cpu();
    sum = words(db, rs);
    peer_say("words", peer_cpu() - t, sum);
    t = peer_cpu();
    sum = scan(db);
    peer_say("scan", peer_cpu() - t, sum);
    peer_must(!sqlite3_close(db) && !stat(path, &st), "close");
    peer_say("bytes", (double)st.st_size, 0);
}
