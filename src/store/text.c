/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/text.h"

#include <string.h>

#include "base/text.h"
#include "store/priv.h"

/* The table words is FTS5's, and knows no text, only which token is in which row (content='', detail=none): what a
 * row's tokens are is read from its bytes again when they go. Tokens are ours: folded, letters and digits, with a blank
 * between; FTS5's tokenizer `ascii` takes every byte above 127 for a letter and so parts them nowhere else. A run in a
 * script without blanks is all its pairs of neighbours, and its last character alone, so that each character begins a
 * token. A chart's rows have a token of its own (chart_token), so that a search in one chart reads no other's rows. */

#define TOKENS_MOST (64u << 20) /* bytes of a row's: a limit that FHIR_TEXT_BYTES never reaches */
#define TOKEN_BYTES 60      /* of a word: the rest is not searched */
#define TEXT_DELETED "text.deleted"
#define TEXT_BROKEN "text.broken"

/* --- tokens -------------------------------------------------------------------------------------- */

enum letter { LETTER_NONE, LETTER_WORD, LETTER_RUN };

static enum letter letter_of(uint32_t c)
{
    /* Scripts without blanks, after text_fold: half and full widths are gone by then. */
    static const struct {
        uint32_t from, to;
    } runs[] = {
        {0x0e00, 0x0eff}, {0x1000, 0x109f}, {0x1780, 0x17ff}, {0x1950, 0x19df}, {0x1a20, 0x1aaf}, {0x3005, 0x3007},
        {0x3040, 0x30ff}, {0x3400, 0x9fff}, {0xa9e0, 0xa9ff}, {0xaa60, 0xaa7f}, {0xf900, 0xfaff}, {0x20000, 0x3ffff},
    };

    if (c < 0x80)
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? LETTER_WORD : LETTER_NONE;
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++)
        if (c >= runs[i].from && c <= runs[i].to)
            return c == 0x30fb || c == 0x0e5b ? LETTER_NONE : LETTER_RUN;
    if (c < 0xc0 ? c != 0xaa && c != 0xb5 && c != 0xba : c == 0xd7 || c == 0xf7)
        return LETTER_NONE;
    if ((c >= 0x2000 && c <= 0x206f) || (c >= 0x3000 && c <= 0x303f) || (c >= 0xe000 && c <= 0xf8ff) || c == TEXT_BAD)
        return LETTER_NONE;
    return LETTER_WORD;
}

struct cutter {
    struct buf *out;
    int (*add)(struct buf *out, struct str token, bool last);
};

/* One character more than from the start of s, or all of it. */
static size_t two(struct str s)
{
    uint32_t c;
    size_t n = text_decode(s, &c);

    return n < s.n ? n + text_decode((struct str){s.p + n, s.n - n}, &c) : n;
}

static void cut_run(struct cutter *k, struct str run)
{
    uint32_t c;
    bool one = text_decode(run, &c) == run.n;

    while (run.n) {
        size_t n = text_decode(run, &c);

        k->add(k->out, (struct str){run.p, two(run)}, run.n == n && !one);
        run.p += n;
        run.n -= n;
    }
}

static void cut_word(struct cutter *k, struct str word)
{
    if (word.n > TOKEN_BYTES) {
        word.n = TOKEN_BYTES;
        while (word.n && ((unsigned char)word.p[word.n] & 0xc0) == 0x80)
            word.n--;
    }
    k->add(k->out, word, false);
}

/* Hands out the tokens of folded text. */
static void cut(struct cutter *k, struct str s)
{
    enum letter before = LETTER_NONE;
    struct str piece = {s.p, 0};

    for (size_t n; s.n || piece.n; s.p += n, s.n -= n) {
        uint32_t c = 0;
        enum letter l = LETTER_NONE;

        n = s.n ? text_decode(s, &c) : 0;
        if (s.n)
            l = letter_of(c);
        if (l != before && piece.n) {
            (before == LETTER_RUN ? cut_run : cut_word)(k, piece);
            piece.n = 0;
        }
        if (!piece.n)
            piece.p = s.p;
        piece.n = l == LETTER_NONE ? 0 : piece.n + n;
        before = l;
        if (!s.n)
            break;
    }
}

static int add_token(struct buf *out, struct str token, bool last)
{
    (void)last;
    if (out->n)
        buf_addc(out, ' ');
    return buf_addstr(out, token);
}

static int chart_token(struct buf *out, int64_t chart)
{
    return buf_addf(out, "\xee\x80\x80%llx", (unsigned long long)chart); /* U+E000 is in no text's token */
}

/* What a row's entry in the index is; nothing for a row without words. chart 0: of none. */
static int tokens(struct buf *out, struct str words, int64_t chart)
{
    struct cutter k = {out, add_token};
    struct buf folded;
    int code;

    buf_init(&folded, 32u << 20);
    code = text_fold(&folded, words);
    if (!code)
        cut(&k, buf_str(&folded));
    buf_fini(&folded);
    if (!code && out->n && chart && !buf_addc(out, ' '))
        chart_token(out, chart);
    if (code == ERR_INPUT) { /* what cannot be folded is not found */
        buf_clear(out);
        code = ERR_OK;
    }
    return code ? code : out->failed;
}

/* --- writing ------------------------------------------------------------------------------------- */

static int run_words(struct sql *c, enum sql_id id, int64_t rid, struct str text, struct err *e)
{
    sqlite3_stmt *st;
    int code = text.n ? sql_use(c, id, &st, e) : ERR_OK;

    if (code || !text.n)
        return code;
    sqlite3_bind_int64(st, 1, rid);
    sql_bind(st, 2, text);
    return sql_run(c, st, e);
}

/* What res.title holds: a sum of the row's entry, by which it is known again before FTS5 is told to take it out. */
static void mark_of(struct str tokens_, unsigned char out[2])
{
    uint32_t h = 0x811c9dc5u;

    for (size_t i = 0; i < tokens_.n; i++)
        h = (h ^ (unsigned char)tokens_.p[i]) * 0x01000193u;
    out[0] = (unsigned char)(h >> 8);
    out[1] = (unsigned char)(h >> 16);
}

void text_bind_mark(sqlite3_stmt *st, int at, const struct text_entry *t)
{
    unsigned char b[2];

    mark_of(buf_str(&t->now), b);
    if (t->now.n)
        sqlite3_bind_blob(st, at, b, sizeof b, SQLITE_TRANSIENT);
    else
        sqlite3_bind_text(st, at, "", 0, SQLITE_STATIC);
}

int text_entry_of(struct str bytes, int64_t chart, struct buf *out)
{
    struct fhir_index ix;
    struct arena a;
    struct tape t = {.n = 0};
    int code = ERR_OK;

    arena_init(&a, 4 * LIMIT_RESOURCE_BYTES);
    if (!tape_parse(&t, bytes, NULL) && !fhir_index(&t, NULL, &a, &ix, NULL))
        code = tokens(out, ix.words, chart);
    tape_fini(&t);
    arena_fini(&a);
    return code;
}

/* The entry that a row of res has, told again from its bytes. One that is not known again stays: the row is found by a
 * word that it has no more, until the whole index is made anew (store_text_settle). */
static int present(struct sql *c, sqlite3_stmt *st, struct buf *out, struct err *e)
{
    struct str mark = sql_column(st, 1);
    struct buf raw;
    unsigned char b[2];
    int code;

    if (sqlite3_column_type(st, 1) != SQLITE_BLOB || mark.n != sizeof b)
        return ERR_OK;
    buf_init(&raw, LIMIT_RESOURCE_BYTES);
    code = body_unpack(&c->body, sql_column(st, 4), (enum body_codec)sqlite3_column_int(st, 3),
                       (size_t)sqlite3_column_int64(st, 2), &raw, e);
    if (!code)
        code = text_entry_of(buf_str(&raw), sqlite3_column_int64(st, 0), out);
    mark_of(buf_str(out), b);
    if (code == ERR_DAMAGED || (!code && memcmp(b, mark.p, sizeof b))) {
        buf_clear(out);
        code = mark_setting_put(c, TEXT_BROKEN, STR("1"), e);
    }
    buf_fini(&raw);
    return code;
}

int text_begin(struct sql *c, int64_t rid, struct str words, struct str chart, struct text_entry *t, struct err *e)
{
    sqlite3_stmt *st;
    int code;

    buf_init(&t->old, TOKENS_MOST);
    buf_init(&t->now, TOKENS_MOST);
    if ((code = tokens(&t->now, words, chart.n ? store_chart_hash(chart) : 0)))
        return err_set(e, code, 0, 0, "words");
    if (!rid || (code = sql_use(c, SQL_WORDS_OF, &st, e)))
        return code;
    sqlite3_bind_int64(st, 1, rid);
    if ((code = sql_step(c, st, e)) == 1)
        code = present(c, st, &t->old, e);
    sql_done(st);
    return code;
}

int text_end(struct sql *c, int64_t rid, struct text_entry *t, struct err *e)
{
    bool same = str_eq(buf_str(&t->old), buf_str(&t->now));
    int code = same ? ERR_OK : run_words(c, SQL_WORDS_DROP, rid, buf_str(&t->old), e);

    return code || same ? code : run_words(c, SQL_WORDS_ADD, rid, buf_str(&t->now), e);
}

void text_free(struct text_entry *t)
{
    buf_fini(&t->old);
    buf_fini(&t->now);
}

int text_drop(struct sql *c, int64_t rid, struct err *e)
{
    struct text_entry t;
    int code = text_begin(c, rid, STR(""), STR(""), &t, e);

    if (!code && t.old.n && !(code = text_end(c, rid, &t, e)))
        code = mark_setting_put(c, TEXT_DELETED, STR("1"), e);
    text_free(&t);
    return code;
}

/* --- searching ----------------------------------------------------------------------------------- */

/* A token that a row must have, or the beginning of one. A run's last character stands in the pair before it, too. */
static int add_wanted(struct buf *out, struct str token, bool last)
{
    if (last)
        return ERR_OK;
    return buf_addf(out, "%s\"%.*s\"*", out->n ? " AND " : "", STR_ARG(token));
}

static int expression(struct str words, struct str chart, struct buf *out, struct err *e)
{
    struct cutter k = {out, add_wanted};
    struct buf folded;
    struct str rest;
    int code;

    if (words.n > LIMIT_TEXT_CELL)
        return err_set(e, ERR_TOOBIG, 0, LIMIT_TEXT_CELL, "search");
    buf_init(&folded, 32 * LIMIT_TEXT_CELL);
    code = text_fold(&folded, words);
    rest = buf_str(&folded);
    for (unsigned i = 0; !code && rest.n && i < STORE_TEXT_WORDS;) {
        struct str word = str_split(&rest, ' ');
        size_t before = out->n;

        cut(&k, word);
        i += out->n > before;
    }
    buf_fini(&folded);
    if (!code && !out->n)
        code = ERR_INPUT;
    if (!code && chart.n) {
        buf_adds(out, " AND \"");
        chart_token(out, store_chart_hash(chart));
        buf_addc(out, '"');
    }
    code = code ? code : out->failed;
    return code ? err_set(e, code, 0, 0, "search") : ERR_OK;
}

int store_text_search(struct store *s, const struct store_text_query *q,
                      int (*each)(void *arg, const struct store_row *row), void *arg, struct err *e)
{
    const struct store_query rows = {.patient = q->chart, .bytes = q->bytes};
    struct buf match;
    struct vec rids;
    sqlite3_stmt *st;
    int code;

    buf_init(&match, 64 * LIMIT_TEXT_CELL);
    vec_init(&rids, sizeof(int64_t), SIZE_MAX / sizeof(int64_t));
    code = expression(q->words, q->chart, &match, e);
    if (!code && !(code = store_read_begin(s, e))) {
        if (!(code = sql_use(&s->r, SQL_WORDS_FIND, &st, e))) {
            sql_bind(st, 1, buf_str(&match));
            sqlite3_bind_int64(st, 2, q->before_rowid ? q->before_rowid : INT64_MAX);
            sqlite3_bind_int64(st, 3, q->limit ? (int64_t)q->limit : -1);
            while ((code = sql_step(&s->r, st, e)) == 1) {
                int64_t *rid = vec_push(&rids);

                if (!rid) {
                    code = err_set(e, ERR_NOMEM, 0, 0, NULL);
                    break;
                }
                *rid = sqlite3_column_int64(st, 0);
            }
            sql_done(st);
        }
        store_read_end(s);
    }
    if (!code)
        code = walk_given(s, &rows, &rids, each, arg, e);
    vec_fini(&rids);
    buf_fini(&match);
    return code;
}

/* --- what deletion leaves -------------------------------------------------------------------------- */

static bool is_set(struct sql *c, const char *name)
{
    sqlite3_stmt *st;
    bool yes = false;

    if (!sql_use(c, SQL_SETTING, &st, NULL)) {
        sql_bind(st, 1, str_of(name));
        yes = sql_step(c, st, NULL) == 1;
        sql_done(st);
    }
    return yes;
}

bool store_text_settled(struct store *s)
{
    bool yes = true;

    if (!store_read_begin(s, NULL)) {
        yes = !is_set(&s->r, TEXT_DELETED) && !is_set(&s->r, TEXT_BROKEN);
        store_read_end(s);
    }
    return yes;
}

static int in_tx(struct store *s, const char *sql, struct err *e)
{
    struct store_tx *tx;
    int code = store_begin(s, false, &tx, e);

    if (code)
        return code;
    if ((code = sql_exec(&s->w, sql, e))) {
        store_rollback(tx);
        return code;
    }
    return store_commit(tx, e);
}

/* FTS5 keeps what was deleted until segments are merged (it has secure-delete from SQLite 3.42 on): all of them are,
 * into one. The first step, with a minus, tells it so. */
static int merge(struct store *s, int (*step)(void *arg), void *arg, struct err *e)
{
    int code = in_tx(s, "INSERT INTO words(words, rank) VALUES('merge', -500)", e);
    int before = -2;

    while (!code && sqlite3_total_changes(s->w.db) - before >= 2) {
        if (step && step(arg))
            return err_set(e, ERR_CANCELLED, 0, 0, "words");
        before = sqlite3_total_changes(s->w.db);
        code = in_tx(s, "INSERT INTO words(words, rank) VALUES('merge', 500)", e);
    }
    return code;
}

static bool is_broken(struct store *s)
{
    bool yes = false;

    if (!store_read_begin(s, NULL)) {
        yes = is_set(&s->r, TEXT_BROKEN);
        store_read_end(s);
    }
    return yes;
}

int store_text_settle(struct store *s, int (*step)(void *arg), void *arg, struct err *e)
{
    int code = ERR_OK;

    if (store_text_settled(s))
        return ERR_OK;
    if (is_broken(s)) {
        turn_take(&s->turn, false);
        code = settle_again(&s->w, e);
        turn_leave(&s->turn);
    }
    if (!code && !(code = merge(s, step, arg, e)) &&
        !(code = in_tx(s, "DELETE FROM setting WHERE name IN ('" TEXT_DELETED "','" TEXT_BROKEN "')", e))) {
        turn_take(&s->turn, false);
        code = sql_exec(&s->w, "PRAGMA wal_checkpoint(TRUNCATE)", e);
        turn_leave(&s->turn);
    }
    return code;
}
