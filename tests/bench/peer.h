/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What every engine of the store's bench is measured by: a file of rows, and a plain SQLite schema that gives the
 * same service. Needs nothing but SQLite, so that bench_cipher can be linked with SQLCipher instead.
 */
#ifndef TESTS_BENCH_PEER_H
#define TESTS_BENCH_PEER_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum row_field { ROW_TYPE, ROW_ID, ROW_PATIENT, ROW_DATE, ROW_STATUS, ROW_SECTION, ROW_TITLE, ROW_WORDS, ROW_BODY, ROW_FIELDS };

struct row {
    const char *p[ROW_FIELDS];
    uint32_t n[ROW_FIELDS];
    int64_t date_ms;
};

struct rows {
    const char *map;
    size_t bytes;
    uint32_t n;
    uint64_t *at; /* where each begins */
};

/* Ends the program with a word when ok is 0. */
void peer_must(int ok, const char *what);
void rows_write(FILE *f, const struct row *r);
void rows_open(struct rows *rs, const char *path, uint32_t most);
struct row rows_at(const struct rows *rs, uint32_t i);

/* The rows and words that all engines are asked for, in the same order. */
uint32_t peer_pick(uint64_t *seed, const struct rows *rs);
/* The head of a word of a row, as somebody types it, "abcde"; false: that row has none. */
bool peer_word(const struct rows *rs, uint64_t *seed, char out[40]);

#define PEER_POINTS 100000
#define PEER_LISTS 2000
#define PEER_WORDS 1000
#define PEER_LIST_ROWS 50
#define PEER_TX_ROWS 200 /* as wardline's own */

/* CPU seconds (user and system) of this process. */
double peer_cpu(void);
/* "NAME CPU SUM"; sum: of what was read, alike in all engines. */
void peer_say(const char *name, double cpu, uint64_t sum);
uint64_t peer_sum(uint64_t sum, const void *body, size_t n);

/* insert, point, list, words, scan in a fresh database that was opened, and bytes of the file. cache in KiB. */
void peer_measure(sqlite3 *db, const char *path, const struct rows *rs, unsigned cache, int checkpoint);

#endif
