/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Households: who has which word in an address, and who shares a number, an address, a relation with whom. Half of a
 * clinic lives in one town, so a word's patients are no rows: a row holds those of one block of pids, as a list of
 * places in it while they are few, else as its bits.
 */
#include "config.h"

#include "store/priv.h"

#include <string.h>

#define BLOCK_BYTES (PATIENT_BLOCK / 8)
#define MATES_LOOK 2000 /* rows of those who share something; of a hospital's own number there are no more shown */

/* --- a row of home_word ------------------------------------------------------------------------- */

static void unpack(struct str packed, unsigned char bits[BLOCK_BYTES])
{
    memset(bits, 0, BLOCK_BYTES);
    if (packed.n >= BLOCK_BYTES) {
        memcpy(bits, packed.p, BLOCK_BYTES);
        return;
    }
    for (size_t i = 0; i + 1 < packed.n; i += 2) {
        unsigned at = (unsigned char)packed.p[i] | (unsigned)(unsigned char)packed.p[i + 1] << 8;

        if (at < PATIENT_BLOCK)
            bits[at / 8] |= (unsigned char)(1u << (at & 7));
    }
}

/* The shorter of both forms; its length, 0 when nobody is left. */
static size_t pack(const unsigned char bits[BLOCK_BYTES], unsigned char out[BLOCK_BYTES])
{
    size_t n = 0;

    for (unsigned at = 0; at < PATIENT_BLOCK; at++) {
        if (!(bits[at / 8] >> (at & 7) & 1))
            continue;
        if (n + 2 >= BLOCK_BYTES) {
            memcpy(out, bits, BLOCK_BYTES);
            return BLOCK_BYTES;
        }
        out[n++] = (unsigned char)at;
        out[n++] = (unsigned char)(at >> 8);
    }
    return n;
}

int home_has(struct sql *c, struct str word, int64_t pid, bool *yes, struct err *e)
{
    unsigned char bits[BLOCK_BYTES];
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_HOME_WORD_GET, &st, e);

    *yes = false;
    if (code)
        return code;
    sql_bind(st, 1, word);
    sqlite3_bind_int64(st, 2, pid / PATIENT_BLOCK);
    if ((code = sql_step(c, st, e)) == 1) {
        unpack(sql_column(st, 0), bits);
        *yes = bits[pid % PATIENT_BLOCK / 8] >> (pid & 7) & 1;
        code = ERR_OK;
    }
    sql_done(st);
    return code;
}

int home_count(struct sql *c, int64_t *n, struct err *e)
{
    unsigned char bits[BLOCK_BYTES];
    sqlite3_stmt *st = NULL;
    int code = sql_prepare(c, "SELECT pids FROM home_word", &st, e);

    *n = 0;
    while (!code && (code = sql_step(c, st, e)) == 1) {
        unpack(sql_column(st, 0), bits);
        for (size_t i = 0; i < PATIENT_BLOCK; i++)
            *n += bits[i / 8] >> (i & 7) & 1;
        code = ERR_OK;
    }
    sqlite3_finalize(st);
    return code;
}

static int set_bit(struct sql *c, struct str word, int64_t pid, bool on, struct err *e)
{
    unsigned char bits[BLOCK_BYTES], packed[BLOCK_BYTES], bit = (unsigned char)(1u << (pid & 7)),
                                                                 *at = &bits[pid % PATIENT_BLOCK / 8];
    size_t n;
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_HOME_WORD_GET, &st, e);

    if (code)
        return code;
    sql_bind(st, 1, word);
    sqlite3_bind_int64(st, 2, pid / PATIENT_BLOCK);
    code = sql_step(c, st, e);
    unpack(code == 1 ? sql_column(st, 0) : STR(""), bits);
    sql_done(st);
    if (code < 0)
        return code;
    *at = on ? *at | bit : *at & (unsigned char)~bit;
    n = pack(bits, packed);
    if ((code = sql_use(c, n ? SQL_HOME_WORD_PUT : SQL_HOME_WORD_DROP, &st, e)))
        return code;
    sql_bind(st, 1, word);
    sqlite3_bind_int64(st, 2, pid / PATIENT_BLOCK);
    if (n)
        sqlite3_bind_blob(st, 3, packed, (int)n, SQLITE_STATIC);
    return sql_run(c, st, e);
}

/* --- writing ------------------------------------------------------------------------------------ */

static bool has_word(struct str words, struct str w)
{
    while (words.n)
        if (str_eq(str_split(&words, ' '), w))
            return true;
    return false;
}

/* Those of words that but has not. */
static int set_words(struct sql *c, int64_t pid, struct str words, struct str but, bool on, struct err *e)
{
    int code = ERR_OK;

    while (!code && words.n) {
        struct str w = str_split(&words, ' ');

        if (w.n && !has_word(but, w))
            code = set_bit(c, w, pid, on, e);
    }
    return code;
}

int home_put(struct sql *c, int64_t pid, struct str words, struct err *e)
{
    struct buf was;
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_HOME_GET, &st, e);

    if (code)
        return code;
    buf_init(&was, 64 * (PATIENT_WORD + 1));
    sqlite3_bind_int64(st, 1, pid);
    if ((code = sql_step(c, st, e)) == 1)
        code = buf_addstr(&was, sql_column(st, 0)) ? err_set(e, was.failed, 0, 0, "home") : ERR_OK;
    sql_done(st);
    if (!code && !str_eq(buf_str(&was), words) && !(code = set_words(c, pid, buf_str(&was), words, false, e)) &&
        !(code = set_words(c, pid, words, buf_str(&was), true, e)) &&
        !(code = sql_use(c, words.n ? SQL_HOME_PUT : SQL_HOME_DROP, &st, e))) {
        sqlite3_bind_int64(st, 1, pid);
        if (words.n)
            sql_bind(st, 2, words);
        code = sql_run(c, st, e);
    }
    buf_fini(&was);
    return code;
}

/* --- filling ------------------------------------------------------------------------------------ */

int home_fill(struct sql *c, int64_t rid, struct str bytes, struct err *e)
{
    struct patient_facts f;
    struct arena a;
    sqlite3_stmt *st;
    int64_t pid = 0, fetched_ms = 0;
    int code = sql_use(c, SQL_HOME_OF_ROW, &st, e);

    if (code)
        return code;
    sqlite3_bind_int64(st, 1, rid);
    if ((code = sql_step(c, st, e)) == 1) {
        pid = sqlite3_column_int64(st, 0);
        fetched_ms = sqlite3_column_int64(st, 1);
    }
    sql_done(st);
    if (code != 1)
        return code;
    arena_init(&a, 8u * LIMIT_RESOURCE_BYTES);
    if (!(code = patient_read(bytes, fetched_ms, &a, &f, e)))
        code = home_put(c, pid, f.home, e);
    arena_fini(&a);
    return code;
}

/* --- finding ------------------------------------------------------------------------------------ */

int home_mark(struct sql *c, struct str prefix, unsigned char *bits, size_t bytes, struct err *e)
{
    char end[PATIENT_WORD + 8];
    size_t n = prefix.n < PATIENT_WORD ? prefix.n : PATIENT_WORD;
    unsigned char block[BLOCK_BYTES];
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_HOME_WORD_RANGE, &st, e);

    if (code)
        return code;
    memcpy(end, prefix.p, n);
    end[n] = '\xff'; /* above every byte of UTF-8 */
    sql_bind(st, 1, (struct str){prefix.p, n});
    sql_bind(st, 2, (struct str){end, n + 1});
    while ((code = sql_step(c, st, e)) == 1) {
        int64_t at = sqlite3_column_int64(st, 0) * BLOCK_BYTES;

        unpack(sql_column(st, 1), block);
        for (size_t k = 0; at >= 0 && k < BLOCK_BYTES && (size_t)at + k < bytes; k++)
            bits[(size_t)at + k] |= block[k];
    }
    sql_done(st);
    return code;
}

int home_mark_phones(struct sql *c, int64_t lo, int64_t hi, int64_t now_ms, void (*mark)(void *arg, int64_t pid),
                     void *arg, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_FACT_PHONES, &st, e);

    if (code)
        return code;
    sqlite3_bind_int64(st, 1, lo);
    sqlite3_bind_int64(st, 2, hi);
    sqlite3_bind_int64(st, 3, now_ms);
    while ((code = sql_step(c, st, e)) == 1)
        mark(arg, sqlite3_column_int64(st, 0));
    sql_done(st);
    return code;
}

/* --- a household -------------------------------------------------------------------------------- */

/* The resource of a row, and for the chart of a pid its Patient. */
static int name_row(struct sql *c, enum sql_id id, int64_t number, struct arena *a, struct str *type, struct str *name,
                    struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, id, &st, e);

    if (code)
        return code;
    sqlite3_bind_int64(st, 1, number);
    if ((code = sql_step(c, st, e)) == 1) {
        bool file = sqlite3_column_int(st, 0) == STORE_FILE_IMPORT;
        char room[SHORT_ROOM];
        struct str plain = short_id(st, 2, room);

        code = ERR_OK;
        *type = arena_str(a, short_word(st, 1));
        *name = str_of(arena_fmt(a, "%s%.*s", file ? STORE_FILE_PREFIX : "", STR_ARG(plain)));
    }
    sql_done(st);
    return !code && a->failed ? err_set(e, ERR_NOMEM, 0, 0, NULL) : code;
}

static int read_mate(struct sql *c, sqlite3_stmt *st, struct vec *mates, struct arena *a, struct err *e)
{
    struct store_mate *m = vec_push(mates);
    struct str patient;
    int code;

    if (!m)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    m->type = m->id = m->mine_type = m->mine_id = m->chart = STR("");
    m->way = (enum kind_fact)sqlite3_column_int(st, 0);
    m->key = sqlite3_column_int64(st, 1);
    if (!(code = name_row(c, SQL_ROW_NAME, sqlite3_column_int64(st, 2), a, &m->mine_type, &m->mine_id, e)) &&
        !(code = name_row(c, SQL_ROW_NAME, sqlite3_column_int64(st, 3), a, &m->type, &m->id, e)))
        code = name_row(c, SQL_PATIENT_NAME, sqlite3_column_int64(st, 4), a, &patient, &m->chart, e);
    return code;
}

int store_household(struct store *s, struct str chart, int64_t now_ms,
                    int (*each)(void *arg, const struct store_mate *m), void *arg, struct err *e)
{
    struct vec mates;
    struct arena a;
    sqlite3_stmt *st;
    int64_t pid = 0;
    int code = store_read_begin(s, e);

    if (code)
        return code;
    vec_init(&mates, sizeof(struct store_mate), MATES_LOOK);
    arena_init(&a, 4u << 20);
    if (!(code = find_chart(&s->r, chart, &pid, e)) && !pid)
        code = err_set(e, ERR_NOTFOUND, 0, 0, "Patient");
    if (!code && !(code = sql_use(&s->r, SQL_FACT_MATES, &st, e))) {
        sqlite3_bind_int64(st, 1, pid);
        sqlite3_bind_int64(st, 2, now_ms);
        sqlite3_bind_int64(st, 3, MATES_LOOK);
        while ((code = sql_step(&s->r, st, e)) == 1)
            if ((code = read_mate(&s->r, st, &mates, &a, e)))
                break;
        sql_done(st);
    }
    store_read_end(s);
    VEC_EACH(const struct store_mate, m, &mates)
    {
        if (code)
            break;
        code = each(arg, m);
    }
    vec_fini(&mates);
    arena_fini(&a);
    return code;
}
