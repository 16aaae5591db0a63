/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/priv.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "fhir/home.h"
#include "fhir/read.h"

#define WORDS_MAX 64   /* words by which one patient is found */
#define FOLD_BYTES 512 /* of one name part: no name is longer, a hostile one may be */

/* The head of s, at most max bytes, never cut inside a character. */
static struct str head(struct str s, size_t max)
{
    if (s.n > max) {
        s.n = max;
        while (s.n && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
            s.n--;
    }
    return s;
}

static bool punctuation(unsigned char c)
{
    return c < 0x80 && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z');
}

int patient_squeeze(struct buf *out, struct str folded)
{
    size_t start = out->n;

    for (size_t i = 0; i < folded.n; i++)
        if (!punctuation((unsigned char)folded.p[i]))
            buf_addc(out, folded.p[i]);
    if (!out->failed && out->n - start > PATIENT_WORD)
        out->n = start + head((struct str){out->p + start, out->n - start}, PATIENT_WORD).n;
    return out->failed;
}

unsigned patient_heads(struct str word, struct str out[2])
{
    uint32_t c;
    size_t k, m;

    if (!word.n)
        return 0;
    k = text_decode(word, &c);
    out[0] = (struct str){word.p, k};
    if (c < '0' || c > '9' || k == word.n)
        return 1;
    m = text_decode((struct str){word.p + k, word.n - k}, &c);
    out[1] = (struct str){word.p, k + m};
    return 2;
}

/* --- reading ----------------------------------------------------------------------------------- */

struct reader {
    const struct tape *t;
    struct arena *a;
    struct buf words;  /* blank-separated, each once */
    unsigned n;
    struct buf fold;   /* scratch */
};

static int fold(struct reader *r, struct str s)
{
    int code;

    buf_clear(&r->fold);
    code = text_fold(&r->fold, head(s, FOLD_BYTES));
    return code == ERR_INPUT ? ERR_OK : code; /* the tape took only UTF-8; what cannot be folded is not found */
}

static bool has_word(const struct buf *words, struct str w)
{
    struct str rest = buf_str(words);

    while (rest.n)
        if (str_eq(str_split(&rest, ' '), w))
            return true;
    return false;
}

static void add_word(struct reader *r, struct str folded)
{
    struct buf b;

    buf_init(&b, 16 * FOLD_BYTES);
    if (r->n < WORDS_MAX && !patient_squeeze(&b, folded) && b.n && !has_word(&r->words, buf_str(&b))) {
        if (r->words.n)
            buf_addc(&r->words, ' ');
        buf_addstr(&r->words, buf_str(&b));
        r->n++;
    }
    if (b.failed)
        r->words.failed = b.failed;
    buf_fini(&b);
}

/* Each blank-separated word whole (obrien) and, where punctuation parts it, its parts (o, brien). */
static int add_words(struct reader *r, struct str s)
{
    int code = fold(r, s);
    struct str rest = buf_str(&r->fold);

    while (!code && rest.n) {
        struct str word = str_split(&rest, ' '), part = {word.p, 0};

        add_word(r, word);
        for (size_t i = 0; i <= word.n; i++)
            if (i == word.n || punctuation((unsigned char)word.p[i])) {
                add_word(r, part);
                part = (struct str){word.p + i + 1, 0};
            } else {
                part.n++;
            }
    }
    return code ? code : r->words.failed;
}

/* An element's strings (one or a list), each as words. */
static int add_all(struct reader *r, tape_at list)
{
    int code = ERR_OK;

    for (tape_at i = tape_first(r->t, list); !code && i != TAPE_NONE; i = tape_next(r->t, list, i))
        code = add_words(r, tape_str(r->t, i, r->a));
    return code;
}

static int name_words(struct reader *r, tape_at name)
{
    int code = add_all(r, tape_get(r->t, name, "family"));

    if (!code && !(code = add_all(r, tape_get(r->t, name, "given"))))
        code = add_all(r, tape_get(r->t, name, "text"));
    return code;
}

/* Every name is searched, old ones too: that is how people ask. Only the one in force is shown. */
static int all_names(struct reader *r)
{
    tape_at names = tape_get(r->t, 0, "name");
    int code = ERR_OK;

    for (tape_at n = tape_first(r->t, names); !code && n != TAPE_NONE; n = tape_next(r->t, names, n))
        code = name_words(r, n);
    return code;
}

static int folded(struct reader *r, struct str s, struct str *out)
{
    int code = fold(r, s);

    *out = arena_str(r->a, buf_str(&r->fold));
    return code;
}

static int shown_name(struct reader *r, tape_at name, struct patient_facts *f)
{
    struct str given = STR("");
    tape_at list = tape_get(r->t, name, "given");
    struct buf b;
    int code;

    buf_init(&b, LIMIT_RESOURCE_BYTES * 2u);
    code = fhir_name_words(r->t, name, &b);
    f->name = arena_str(r->a, head(buf_str(&b), LIMIT_TEXT_CELL));
    buf_clear(&b);
    for (tape_at i = tape_first(r->t, list); !code && i != TAPE_NONE; i = tape_next(r->t, list, i)) {
        buf_addstr(&b, tape_str(r->t, i, r->a));
        code = buf_addc(&b, ' ');
    }
    if (!code)
        given = buf_str(&b);
    if (!code && !(code = folded(r, given, &f->given)))
        code = folded(r, tape_str(r->t, tape_get(r->t, name, "family"), r->a), &f->family);
    if (!code && !f->family.n) /* a name in one piece */
        code = folded(r, f->name, &f->family);
    buf_fini(&b);
    if (code)
        return code;
    if (!f->family.n)
        f->sort = STR(PATIENT_NAMELESS);
    else
        f->sort = str_of(arena_fmt(r->a, "%.*s%s%.*s", STR_ARG(f->family), f->given.n ? " " : "", STR_ARG(f->given)));
    return r->a->failed ? ERR_NOMEM : ERR_OK;
}

/* The one that people say first. */
static int identifier_rank(const struct tape *t, tape_at at)
{
    tape_at use = tape_get(t, at, "use");

    if (tape_str_is(t, use, "usual"))
        return 0;
    if (tape_str_is(t, use, "temp") || tape_str_is(t, use, "secondary"))
        return 3;
    return fhir_has_code(t, tape_get(t, at, "type"), NULL, "MR") ? 1 : 2;
}

static int identifiers(struct reader *r, int64_t now_ms, struct patient_facts *f)
{
    struct buf b;
    int code = ERR_OK;

    buf_init(&b, LIMIT_TEXT_CELL);
    for (int rank = 0; rank < 4 && !code; rank++) {
        tape_at at = TAPE_NONE;

        while (!code && (at = fhir_identifier_next(r->t, 0, at, now_ms)) != TAPE_NONE) {
            struct str v = str_trim(tape_str(r->t, tape_get(r->t, at, "value"), r->a));

            if (identifier_rank(r->t, at) != rank || !v.n)
                continue;
            if (v.n * 2 + 1 < LIMIT_TEXT_CELL - b.n) {
                if (b.n)
                    buf_addc(&b, ' ');
                for (size_t i = 0; i < v.n; i++) /* a blank inside becomes U+00A0: blanks part the numbers */
                    if (v.p[i] == ' ')
                        buf_adds(&b, "\xc2\xa0");
                    else
                        buf_addc(&b, v.p[i]);
            }
            if (!(code = add_words(r, v)) && !(code = fold(r, v)))
                add_word(r, buf_str(&r->fold));
        }
    }
    f->identifiers = arena_str(r->a, buf_str(&b));
    if (!code)
        code = b.failed;
    buf_fini(&b);
    return code;
}

/* The words of the addresses in force, beside those of names. */
static int homes(struct reader *r, int64_t now_ms, struct patient_facts *f)
{
    struct reader h = {.t = r->t, .a = r->a};
    tape_at list = tape_get(r->t, 0, "address");
    int code = ERR_OK;

    buf_init(&h.words, WORDS_MAX * (PATIENT_WORD + 1));
    buf_init(&h.fold, 32 * FOLD_BYTES);
    for (tape_at i = tape_first(r->t, list); !code && i != TAPE_NONE; i = tape_next(r->t, list, i))
        if (fhir_home_holds(r->t, i, now_ms))
            code = add_words(&h, fhir_home_words(r->t, i, r->a));
    f->home = arena_str(r->a, buf_str(&h.words));
    buf_fini(&h.words);
    buf_fini(&h.fold);
    return code;
}

/* Birth year, first letters of family and given: few share it, and most slips of the pen keep it. */
static struct str near_key(struct arena *a, const struct patient_facts *f)
{
    uint32_t c;
    size_t k, m;

    if (f->birth.n < 4 || !f->family.n || !f->given.n)
        return STR("");
    k = text_decode(f->family, &c);
    m = text_decode(f->given, &c);
    return str_of(arena_fmt(a, "%.4s%.*s%.*s", f->birth.p, (int)k, f->family.p, (int)m, f->given.p));
}

int patient_read(struct str bytes, int64_t now_ms, struct arena *a, struct patient_facts *out, struct err *e)
{
    struct patient_facts f = {
        .name = STR(""), .sort = STR(PATIENT_NAMELESS), .family = STR(""), .given = STR(""), .identifiers = STR(""),
        .home = STR("")};
    struct reader r = {.a = a};
    struct date birth;
    struct tape t;
    tape_at name;
    int code = tape_parse(&t, bytes, e);

    if (code)
        return code;
    r.t = &t;
    buf_init(&r.words, WORDS_MAX * (PATIENT_WORD + 1));
    buf_init(&r.fold, 32 * FOLD_BYTES);
    f.birth = arena_str(a, tape_plain(&t, tape_get(&t, 0, "birthDate")));
    f.gender = arena_str(a, tape_plain(&t, tape_get(&t, 0, "gender")));
    name = fhir_name(&t, 0, now_ms);
    /* What a patient is asked for first is added first: there may be more words than WORDS_MAX. */
    if (date_parse(f.birth, &birth))
        add_word(&r, f.birth);
    if (!(code = shown_name(&r, name, &f)) && !(code = name_words(&r, name)) && !(code = identifiers(&r, now_ms, &f)))
        code = all_names(&r);
    if (!code)
        code = homes(&r, now_ms, &f);
    f.near = near_key(a, &f);
    f.words = arena_str(a, buf_str(&r.words));
    if (!code)
        code = r.words.failed ? r.words.failed : a->failed ? ERR_NOMEM : ERR_OK;
    buf_fini(&r.words);
    buf_fini(&r.fold);
    tape_fini(&t);
    *out = f;
    return code ? err_set(e, code, 0, 0, "Patient") : ERR_OK;
}

/* --- writing ----------------------------------------------------------------------------------- */

static int words_each(struct sql *c, enum sql_id id, int64_t pid, struct str words, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, id, &st, e);

    while (!code && words.n) {
        sql_bind(st, 1, str_split(&words, ' '));
        sqlite3_bind_int64(st, 2, pid);
        code = sql_run(c, st, e);
    }
    return code;
}

/* One bit of patient_head. */
static int head_bit(struct sql *c, struct str head, int64_t pid, bool on, struct err *e)
{
    unsigned char bits[PATIENT_BLOCK / 8] = {0}, bit = (unsigned char)(1u << (pid & 7)),
                                       *at = &bits[pid % PATIENT_BLOCK / 8];
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_HEAD_GET, &st, e);

    if (code)
        return code;
    sql_bind(st, 1, head);
    sqlite3_bind_int64(st, 2, pid / PATIENT_BLOCK);
    if ((code = sql_step(c, st, e)) == 1) {
        struct str old = sql_column(st, 0);

        code = ERR_OK;
        memcpy(bits, old.p, old.n < sizeof bits ? old.n : sizeof bits);
    }
    sql_done(st);
    if (code || on == !!(*at & bit) || (code = sql_use(c, SQL_HEAD_PUT, &st, e)))
        return code;
    *at ^= bit;
    sql_bind(st, 1, head);
    sqlite3_bind_int64(st, 2, pid / PATIENT_BLOCK);
    sqlite3_bind_blob(st, 3, bits, sizeof bits, SQLITE_STATIC);
    return sql_run(c, st, e);
}

static bool has_head(struct str words, struct str head)
{
    struct str heads[2];

    while (words.n)
        for (unsigned k = patient_heads(str_split(&words, ' '), heads); k; k--)
            if (str_eq(heads[k - 1], head))
                return true;
    return false;
}

/* Sets or clears the bits of every head of words that is none of but's. */
static int heads_each(struct sql *c, int64_t pid, bool on, struct str words, struct str but, struct err *e)
{
    struct str heads[2];
    int code = ERR_OK;

    while (!code && words.n)
        for (unsigned k = patient_heads(str_split(&words, ' '), heads); !code && k; k--)
            if (!has_head(but, heads[k - 1]))
                code = head_bit(c, heads[k - 1], pid, on, e);
    return code;
}

/* Takes out the words of the row, and their heads but those that now has as well; *pid = 0 when there is none. */
static int forget_words(struct sql *c, int64_t rid, struct str now, int64_t *pid, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_PATIENT_FIND, &st, e);

    *pid = 0;
    if (code)
        return code;
    sqlite3_bind_int64(st, 1, rid);
    if ((code = sql_step(c, st, e)) == 1) {
        *pid = sqlite3_column_int64(st, 0);
        if (!(code = words_each(c, SQL_WORD_DROP, *pid, sql_column(st, 1), e)))
            code = heads_each(c, *pid, false, sql_column(st, 1), now, e);
    }
    sql_done(st);
    return code;
}

int patient_put(struct store_tx *tx, int64_t rid, struct str chart, enum store_origin origin,
                const struct patient_facts *f, struct err *e)
{
    struct sql *c = &tx->s->w;
    sqlite3_stmt *st;
    int64_t pid;
    int code = forget_words(c, rid, f->words, &pid, e);

    if (code || (code = sql_use(c, pid ? SQL_PATIENT_UPDATE : SQL_PATIENT_INSERT, &st, e)))
        return code;
    sqlite3_bind_int64(st, 1, rid);
    sql_bind(st, 2, chart);
    sqlite3_bind_int(st, 3, origin);
    sql_bind(st, 4, f->name);
    sql_bind(st, 5, f->sort);
    sql_bind(st, 6, f->family);
    sql_bind(st, 7, f->given);
    sql_bind(st, 8, f->birth);
    sql_bind(st, 9, f->gender);
    sql_bind(st, 10, f->identifiers);
    sql_bind(st, 11, f->near);
    sql_bind(st, 12, f->words);
    if ((code = sql_run(c, st, e)))
        return code;
    if (!pid) {
        pid = sqlite3_last_insert_rowid(c->db);
        if ((code = fact_found(c, pid, chart, e)))
            return code;
    }
    if ((code = words_each(c, SQL_WORD_ADD, pid, f->words, e)) || (code = home_put(c, pid, f->home, e)))
        return code;
    return heads_each(c, pid, true, f->words, STR(""), e);
}

int patient_drop(struct store_tx *tx, int64_t rid, struct err *e)
{
    struct sql *c = &tx->s->w;
    sqlite3_stmt *st;
    int64_t pid;
    int code = forget_words(c, rid, STR(""), &pid, e);

    if (code || !pid || (code = fact_lost(c, pid, e)) || (code = home_put(c, pid, STR(""), e)) ||
        (code = sql_use(c, SQL_PATIENT_DELETE, &st, e)))
        return code;
    sqlite3_bind_int64(st, 1, rid);
    return sql_run(c, st, e);
}
