/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Words and homes against the rows that they were made of. The index of words knows no text: each pair of a token and a
 * row that it has is added up, and each pair that the rows make now is taken off, by parts of the rows; a part where
 * something remains has a row that is found by a word that it does not have, or is not found by one that it has.
 */
#include "config.h"

#include "store/priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define PARTS 65536 /* 512 KiB: of 65,536 rows each has its own */

struct verify_index {
    uint64_t *sums; /* PARTS */
    struct vec tokens;
    struct buf entry;
    int64_t homes; /* rows whose words of addresses are others */
};

struct verify_index *verify_index_new(void)
{
    struct verify_index *v = mem_alloc(sizeof *v);

    if (v && !(v->sums = mem_alloc(PARTS * sizeof *v->sums))) {
        mem_free(v);
        return NULL;
    }
    if (v) {
        vec_init(&v->tokens, sizeof(struct str), SIZE_MAX / sizeof(struct str));
        buf_init(&v->entry, SIZE_MAX / 4);
    }
    return v;
}

void verify_index_free(struct verify_index *v)
{
    if (!v)
        return;
    vec_fini(&v->tokens);
    buf_fini(&v->entry);
    mem_free(v->sums);
    mem_free(v);
}

/* Of a token in a row, so that sums of other pairs are not the same. Nobody who could choose them is looked for: pages
 * that another has changed do not verify. */
static uint64_t pair(struct str token, int64_t rid)
{
    uint64_t h = 0xcbf29ce484222325u ^ (uint64_t)rid * 0x9e3779b97f4a7c15u;

    for (size_t i = 0; i < token.n; i++)
        h = (h ^ (unsigned char)token.p[i]) * 0x100000001b3u;
    h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9u;
    h = (h ^ h >> 27) * 0x94d049bb133111ebu;
    return h ^ h >> 31;
}

int verify_index_words(struct verify_index *v, struct sql *c, struct err *e)
{
    sqlite3_stmt *st = NULL;
    int code = sql_exec(c, "CREATE VIRTUAL TABLE temp.pairs USING fts5vocab(main, words, instance)", e);

    if (!code)
        code = sql_prepare(c, "SELECT term, doc FROM temp.pairs", &st, e);
    while (!code && (code = sql_step(c, st, e)) == 1) {
        int64_t rid = sqlite3_column_int64(st, 1);

        v->sums[(uint64_t)rid % PARTS] += pair(sql_column(st, 0), rid);
        code = ERR_OK;
    }
    sqlite3_finalize(st);
    return code;
}

static int in_order(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* A token that stands in a row twice is in the index once. */
static int row_words(struct verify_index *v, int64_t rid, int64_t chart, struct str bytes)
{
    struct str rest, last = {NULL, 0};
    int code;

    buf_clear(&v->entry);
    v->tokens.n = 0;
    if ((code = text_entry_of(bytes, chart, &v->entry)))
        return code;
    rest = buf_str(&v->entry);
    while (rest.n) {
        struct str *at = vec_push(&v->tokens);

        if (!at)
            return ERR_NOMEM;
        *at = str_split(&rest, ' ');
    }
    if (v->tokens.n)
        qsort(v->tokens.p, v->tokens.n, sizeof(struct str), in_order);
    VEC_EACH(const struct str, t, &v->tokens)
    {
        if (t->n && !(last.p && str_eq(*t, last)))
            v->sums[(uint64_t)rid % PARTS] -= pair(*t, rid);
        last = *t;
    }
    return ERR_OK;
}

/* The words of addresses that a patient row makes, as it was received; of one that was edited it is not known when. */
static int row_home(struct verify_index *v, struct sql *c, int64_t rid, int64_t fetched_ms, struct str bytes,
                    struct err *e)
{
    struct patient_facts f;
    struct arena a;
    sqlite3_stmt *st = NULL;
    int code;

    arena_init(&a, RES_READ_BYTES);
    if (!(code = patient_read(bytes, fetched_ms, &a, &f, e)) &&
        !(code = sql_prepare(c, "SELECT h.words FROM patient p JOIN home h ON h.pid=p.pid WHERE p.rid=?1", &st, e))) {
        sqlite3_bind_int64(st, 1, rid);
        if ((code = sql_step(c, st, e)) >= 0) {
            v->homes += !str_eq(code ? sql_column(st, 0) : STR(""), f.home);
            code = ERR_OK;
        }
        sqlite3_finalize(st);
    }
    arena_fini(&a);
    return code == ERR_NOMEM ? code : ERR_OK; /* what cannot be read has no words */
}

int verify_index_row(struct verify_index *v, struct sql *c, const struct verify_row *r, struct err *e)
{
    int code = row_words(v, r->rid, r->chart, r->bytes);

    if (code)
        return err_set(e, code, 0, 0, "words");
    return r->received_patient ? row_home(v, c, r->rid, r->fetched_ms, r->bytes, e) : ERR_OK;
}

int64_t verify_index_wrong_words(const struct verify_index *v)
{
    int64_t n = 0;

    for (size_t i = 0; i < PARTS; i++)
        n += v->sums[i] != 0;
    return n;
}

/* --- homes -------------------------------------------------------------------------------------- */

/* Those of a patient's words that home_word does not have for it; *has counts those that it should. */
static int lost_words(struct sql *c, int64_t pid, struct str words, int64_t *lost, int64_t *has, struct err *e)
{
    int code = ERR_OK;

    for (struct str rest = words; !code && rest.n;) {
        struct str w = str_split(&rest, ' '), behind = rest;
        bool again = false, there = false;

        while (behind.n)
            again |= str_eq(str_split(&behind, ' '), w);
        if (!w.n || again)
            continue;
        code = home_has(c, w, pid, &there, e);
        *lost += !there;
        *has += 1;
    }
    return code;
}

int verify_index_homes(struct verify_index *v, struct sql *c, int64_t *wrong, struct err *e)
{
    sqlite3_stmt *st = NULL;
    int64_t lost = 0, has = 0, have = 0;
    int code = sql_prepare(c, "SELECT pid, words FROM home", &st, e);

    while (!code && (code = sql_step(c, st, e)) == 1)
        code = lost_words(c, sqlite3_column_int64(st, 0), sql_column(st, 1), &lost, &has, e);
    sqlite3_finalize(st);
    if (!code)
        code = home_count(c, &have, e);
    *wrong = v->homes + lost + (have > has - lost ? have - (has - lost) : 0); /* the last: words of nobody */
    return code;
}
