/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "fhir/home.h"

/* Finding patients. A filter's words are prefixes; each is one range of patient_word's index. The patients
 * of a range become a bit set by pid (100,000 patients are 12 KiB), the words' sets are cut with each other,
 * and the names in order are walked until the page is full. Nothing is sorted and nothing kept. */

#define FILTER_WORDS 8
#define HOME_LETTERS 3 /* of a word of an address */
#define SIMILAR_MOST 99   /* who has more namesakes is told apart by other means anyway */
#define SIMILAR_LOOK 1000 /* rows looked at in each index */

struct found {
    unsigned char *bits; /* NULL: everybody */
    unsigned char *named; /* of those: whom a name, a number or a birth date finds; NULL: all of them */
    size_t bytes;
    int64_t n, named_n;
};

/* --- filter words ------------------------------------------------------------------------------ */

/* "03-feb-1984" -> "19840203", as a birth date stands among the words. */
static bool day_word(struct str w, struct buf *out)
{
    struct str rest = w, d = str_split(&rest, '-'), m = str_split(&rest, '-');
    int64_t day, year;
    int month;

    if (rest.n != 4 || !str_int(d, 1, 31, &day) || !str_int(rest, 1000, 9999, &year) || !(month = date_month(m)))
        return false;
    if (month < 0) /* whether it is one could not be told: that nobody was found would be a lie */
        out->failed = ERR_NOMEM;
    return !buf_addf(out, "%04d%02d%02d", (int)year, month, (int)day);
}

/* The next word of a folded filter, squeezed, in out; false at the end and when out has failed. */
static bool next_word(struct str *rest, struct buf *out)
{
    while (rest->n && !out->failed) {
        struct str w = str_split(rest, ' ');

        buf_clear(out);
        if (!day_word(w, out))
            patient_squeeze(out, w);
        if (out->n && !out->failed)
            return true;
    }
    return false;
}

static int fold_filter(struct str filter, struct buf *out, struct err *e)
{
    int code;

    /* "smith,j" is two words; in a name's own words there is no comma. */
    buf_init(out, 32 * LIMIT_TEXT_CELL);
    if (filter.n > LIMIT_TEXT_CELL)
        return err_set(e, ERR_TOOBIG, 0, LIMIT_TEXT_CELL, "filter");
    code = text_fold(out, filter);
    for (size_t i = 0; i < out->n; i++)
        if (out->p[i] == ',')
            out->p[i] = ' ';
    return code ? err_set(e, code, 0, 0, "filter") : ERR_OK;
}

/* --- the set ----------------------------------------------------------------------------------- */

static void mark_bit(unsigned char *bits, size_t bytes, int64_t pid)
{
    if (pid >= 0 && (uint64_t)pid / 8 < bytes)
        bits[pid / 8] |= (unsigned char)(1u << (pid & 7));
}

static bool bit(const struct found *f, int64_t pid)
{
    return !f->bits || ((uint64_t)pid / 8 < f->bytes && (f->bits[pid / 8] >> (pid & 7) & 1));
}

/* Marks everybody who has a word with that head. */
static int mark_head(struct sql *c, struct str head, unsigned char *bits, size_t bytes, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_HEAD_ALL, &st, e);

    if (code)
        return code;
    sql_bind(st, 1, head);
    while ((code = sql_step(c, st, e)) == 1) {
        int64_t at = sqlite3_column_int64(st, 0) * (PATIENT_BLOCK / 8);
        struct str block = sql_column(st, 1);

        for (size_t k = 0; at >= 0 && k < block.n && (size_t)at + k < bytes; k++)
            bits[(size_t)at + k] = (unsigned char)block.p[k];
    }
    sql_done(st);
    return code;
}

/* Marks everybody who has a word that starts with prefix. */
static int mark_range(struct sql *c, const struct buf *prefix, unsigned char *bits, size_t bytes, struct err *e)
{
    char end[PATIENT_WORD + 8];
    size_t n = prefix->n < PATIENT_WORD ? prefix->n : PATIENT_WORD;
    struct str heads[2];
    sqlite3_stmt *st;
    int code;

    for (unsigned k = patient_heads(buf_str(prefix), heads); k; k--)
        if (heads[k - 1].n == prefix->n)
            return mark_head(c, heads[k - 1], bits, bytes, e);
    if ((code = sql_use(c, SQL_WORD_RANGE, &st, e)))
        return code;
    memcpy(end, prefix->p, n);
    end[n] = '\xff'; /* above every byte of UTF-8 */
    sql_bind(st, 1, (struct str){prefix->p, n});
    sql_bind(st, 2, (struct str){end, n + 1});
    while ((code = sql_step(c, st, e)) == 1)
        mark_bit(bits, bytes, sqlite3_column_int64(st, 0));
    sql_done(st);
    return code;
}

static int one_number(struct sql *c, enum sql_id id, int64_t *out, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, id, &st, e);

    *out = 0;
    if (code)
        return code;
    if ((code = sql_step(c, st, e)) == 1) {
        *out = sqlite3_column_int64(st, 0);
        code = ERR_OK;
    }
    sql_done(st);
    return code;
}

static void mark_found(void *arg, int64_t pid)
{
    struct found *f = arg;

    mark_bit(f->bits, f->bytes, pid);
}

static int mark_phones(struct sql *c, struct str typed, int64_t now_ms, unsigned char *bits, size_t bytes,
                       struct err *e)
{
    struct found f = {.bits = bits, .bytes = bytes};
    int64_t lo, hi;

    return fhir_phone_typed(typed, &lo, &hi) ? home_mark_phones(c, lo, hi, now_ms, mark_found, &f, e) : ERR_OK;
}

/* A few letters would find half of a town, and a house number alone everybody at it. */
static int mark_homes(struct sql *c, struct str word, bool alone, int64_t now_ms, unsigned char *bits, size_t bytes,
                      struct err *e)
{
    bool number = word.n && word.p[0] >= '0' && word.p[0] <= '9';
    int code = ERR_OK;

    if (word.n >= (number && alone ? FHIR_PHONE_TYPED : number ? 1 : HOME_LETTERS))
        code = home_mark(c, word, bits, bytes, e);
    return code ? code : mark_phones(c, word, now_ms, bits, bytes, e);
}

/* What one word finds, cut with what those before it found: by name, and by name or home. */
static int cut_word(struct sql *c, const struct buf *word, bool first, bool alone, int64_t now_ms,
                    unsigned char *scratch, struct found *f, struct err *e)
{
    int code;

    memset(scratch, 0, f->bytes);
    code = mark_range(c, word, scratch, f->bytes, e);
    for (size_t k = 0; k < f->bytes; k++)
        f->named[k] = first ? scratch[k] : f->named[k] & scratch[k];
    if (!code)
        code = mark_homes(c, buf_str(word), alone, now_ms, scratch, f->bytes, e);
    for (size_t k = 0; k < f->bytes; k++)
        f->bits[k] = first ? scratch[k] : f->bits[k] & scratch[k];
    return code;
}

static int cut_sets(struct sql *c, const struct store_view *v, struct str folded, struct found *f, struct err *e)
{
    unsigned char *scratch = mem_alloc(f->bytes);
    struct str rest = folded;
    struct buf word;
    bool alone = !memchr(str_trim(folded).p, ' ', str_trim(folded).n);
    int code;

    f->named = mem_alloc(f->bytes);
    code = scratch && f->named ? ERR_OK : err_set(e, ERR_NOMEM, 0, 0, NULL);
    buf_init(&word, 32 * LIMIT_TEXT_CELL);
    for (unsigned i = 0; !code && i < FILTER_WORDS && next_word(&rest, &word); i++)
        code = cut_word(c, &word, !i, alone, v->now_ms, scratch, f, e);
    if (!code && word.failed)
        code = err_set(e, word.failed, 0, 0, "filter");
    if (!code && !alone) /* a telephone number in groups */
        code = mark_phones(c, folded, v->now_ms, f->bits, f->bytes, e);
    buf_fini(&word);
    mem_free(scratch);
    return code;
}

/* Cuts the set with that of the view's scope; without a filter the scope alone is the set. */
static int cut_scope(struct sql *c, const struct store_view *v, bool filtered, struct found *f, struct err *e)
{
    struct found scope = {.bits = filtered ? mem_alloc(f->bytes) : f->bits, .bytes = f->bytes};
    int code = scope.bits ? view_mark(c, v, mark_found, &scope, e) : err_set(e, ERR_NOMEM, 0, 0, NULL);

    for (size_t k = 0; filtered && !code && k < f->bytes; k++)
        f->bits[k] &= scope.bits[k];
    if (filtered)
        mem_free(scope.bits);
    return code;
}

static void count(struct found *f)
{
    for (size_t k = 0; k < f->bytes; k++) {
        f->n += __builtin_popcount(f->bits[k]);
        if (f->named)
            f->named_n += __builtin_popcount(f->named[k] &= f->bits[k]);
    }
    if (!f->named || f->named_n < f->n)
        return;
    mem_free(f->named);
    f->named = NULL;
}

static void found_fini(struct found *f)
{
    mem_free(f->bits);
    mem_free(f->named);
}

/* Who matches. f is found_fini's. */
static int find(struct sql *c, const struct store_view *v, struct found *f, struct err *e)
{
    struct buf folded, word;
    struct str rest;
    int64_t most = 0;
    bool filtered = false;
    int code = fold_filter(v->filter, &folded, e);

    *f = (struct found){.bits = NULL};
    buf_init(&word, 32 * LIMIT_TEXT_CELL);
    rest = buf_str(&folded);
    if (!code)
        filtered = next_word(&rest, &word);
    if (word.failed)
        code = err_set(e, word.failed, 0, 0, "filter");
    if (!code && !filtered && v->scope == STORE_EVERYBODY) {
        code = one_number(c, SQL_PATIENT_COUNT, &f->n, e);
    } else if (!code && !(code = one_number(c, SQL_PATIENT_MAX, &most, e))) {
        f->bytes = (size_t)most / 8 + 1;
        f->bits = mem_alloc(f->bytes);
        code = f->bits ? ERR_OK : err_set(e, ERR_NOMEM, 0, 0, NULL);
        if (!code && filtered)
            code = cut_sets(c, v, buf_str(&folded), f, e);
        if (!code && v->scope != STORE_EVERYBODY)
            code = cut_scope(c, v, filtered, f, e);
        if (!code)
            count(f);
    }
    buf_fini(&word);
    buf_fini(&folded);
    return code;
}

/* --- who is easily taken for whom ---------------------------------------------------------------- */

struct similar {
    int64_t pid[SIMILAR_MOST];
    unsigned n, born; /* born: the first of them, who are alike by their birth too */
};

static void add_similar(struct similar *s, int64_t pid)
{
    for (unsigned i = 0; i < s->n; i++)
        if (s->pid[i] == pid)
            return;
    if (s->n < SIMILAR_MOST)
        s->pid[s->n++] = pid;
}

/* Looks through the rows of one index that share key and takes those that alike says yes to, by the family and the
 * given name in columns 1 and 2; NULL: all. */
static int look(struct sql *c, enum sql_id id, struct str key, int64_t self, struct str family, struct str given,
                bool (*alike)(struct str, struct str, struct str, struct str), struct similar *out, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, id, &st, e);

    if (code)
        return code;
    sql_bind(st, 1, key);
    sqlite3_bind_int(st, 2, SIMILAR_LOOK);
    while ((code = sql_step(c, st, e)) == 1) {
        int64_t pid = sqlite3_column_int64(st, 0);

        if (pid != self && (!alike || alike(family, given, sql_column(st, 1), sql_column(st, 2))))
            add_similar(out, pid);
    }
    sql_done(st);
    return code;
}

/* Counted when a row is shown, by three index look-ups, and never stored: so it is true in the snapshot that
 * the row comes from, whoever came or went, and no put ever touches another patient's row. Similar are: the
 * same folded full name; the same birth date and a family name within one edit (twins), or the same given names and
 * a family name that begins with the same part; the same birth year with family and given name each within one
 * edit. A name of one letter is like its equal alone. */
static int similar(struct sql *c, int64_t pid, struct str sort, struct str family, struct str given, struct str birth,
                   struct str near, struct similar *s, struct err *e)
{
    int code = ERR_OK;

    s->n = 0;
    if (family.n && birth.n == 10)
        code = look(c, SQL_SAME_BIRTH, birth, pid, family, given, alike_family, s, e);
    if (!code && near.n)
        code = look(c, SQL_NEAR, near, pid, family, given, alike_both, s, e);
    s->born = s->n;
    if (!code && family.n)
        code = look(c, SQL_SAME_NAME, sort, pid, family, given, NULL, s, e);
    return code;
}

/* --- the page ---------------------------------------------------------------------------------- */

struct page {
    struct arena a;
    struct vec pids, rows;
};

#define PAGE_ROWS 512 /* rows read in one snapshot */

static void page_init(struct page *p)
{
    arena_init(&p->a, 16u << 20);
    vec_init(&p->pids, sizeof(int64_t), PAGE_ROWS);
    vec_init(&p->rows, sizeof(struct store_patient), PAGE_ROWS);
}

static void page_fini(struct page *p)
{
    vec_fini(&p->pids);
    vec_fini(&p->rows);
    arena_fini(&p->a);
}

static int page_add(struct page *p, int64_t pid, struct err *e)
{
    int64_t *at = vec_push(&p->pids);

    if (!at)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    *at = pid;
    return ERR_OK;
}

/* From the nearer end of the names: an offset is walked, and the list's last page is asked for as often as its
 * first. */
static int page_everybody(struct sql *c, int64_t all, unsigned offset, unsigned limit, struct page *p, struct err *e)
{
    int64_t take = offset >= all ? 0 : limit && limit < all - offset ? (int64_t)limit : all - offset;
    bool back = offset > all / 2;
    sqlite3_stmt *st;
    int code = sql_use(c, back ? SQL_PATIENT_BACK : SQL_PATIENT_PAGE, &st, e);

    if (code)
        return code;
    sqlite3_bind_int64(st, 1, take);
    sqlite3_bind_int64(st, 2, back ? all - offset - take : (int64_t)offset);
    while ((code = sql_step(c, st, e)) == 1)
        if ((code = page_add(p, sqlite3_column_int64(st, 0), e)))
            break;
    sql_done(st);
    for (size_t i = 0; back && i < p->pids.n / 2; i++) {
        int64_t *a = vec_at(&p->pids, i), *b = vec_at(&p->pids, p->pids.n - 1 - i), x = *a;

        *a = *b;
        *b = x;
    }
    return code;
}

struct walking {
    const struct found *f;
    int64_t left;          /* of the set, still to come */
    unsigned offset, limit;
    unsigned char *seen;   /* by pid, f->bytes or more; NULL where each comes once */
    size_t bytes;
    struct page *p;
};

/* Walks a statement's pids in order and takes those of the set. */
static int walk(struct sql *c, sqlite3_stmt *st, struct walking *w, struct err *e)
{
    struct found seen = {.bits = w->seen, .bytes = w->bytes};
    int code = ERR_OK;

    while (w->left > 0 && (!w->limit || w->p->pids.n < w->limit) && (code = sql_step(c, st, e)) == 1) {
        int64_t pid = sqlite3_column_int64(st, 0);

        code = ERR_OK;
        if (pid <= 0 || !bit(w->f, pid) || (w->seen && bit(&seen, pid)))
            continue;
        if (w->seen)
            mark_bit(w->seen, w->bytes, pid);
        w->left--;
        if (w->offset)
            w->offset--;
        else if ((code = page_add(w->p, pid, e)))
            break;
    }
    sql_done(st);
    return code;
}

/* Those whom the view's order knows, in that order; all others behind them, by name. */
static int page_walk(struct sql *c, const struct store_view *v, const struct found *f, unsigned offset, unsigned limit,
                     struct page *p, struct err *e)
{
    struct walking w = {.f = f, .left = f->n, .offset = offset, .limit = limit, .p = p};
    sqlite3_stmt *st;
    int64_t most = 0;
    int code = view_order(c, v, &st, e);

    if (!code && st && !(code = one_number(c, SQL_PATIENT_MAX, &most, e))) {
        w.bytes = (size_t)most / 8 + 1;
        w.seen = mem_alloc(w.bytes);
        code = w.seen ? walk(c, st, &w, e) : err_set(e, ERR_NOMEM, 0, 0, NULL);
    }
    if (!code && !(code = sql_use(c, SQL_PATIENT_ORDER, &st, e)))
        code = walk(c, st, &w, e);
    mem_free(w.seen);
    return code;
}

struct keyed {
    int64_t pid;
    struct str sort;
};

static int by_sort(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    int d = str_cmp(x->sort, y->sort);

    return d ? d : (x->pid > y->pid) - (x->pid < y->pid);
}

/* Few: their sort keys are looked up and sorted. */
static int page_sort(struct sql *c, const struct found *f, unsigned offset, unsigned limit, struct page *p,
                     struct err *e)
{
    struct vec keys;
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_PATIENT_ROW, &st, e);

    vec_init(&keys, sizeof(struct keyed), (size_t)f->n);
    for (size_t i = 0; !code && i < f->bytes * 8; i++) {
        struct keyed *k;

        if (!f->bits[i / 8])
            i |= 7;
        else if (bit(f, (int64_t)i)) {
            sqlite3_bind_int64(st, 1, (int64_t)i);
            if ((code = sql_step(c, st, e)) == 1) {
                code = ERR_OK;
                k = vec_push(&keys);
                if (k)
                    k->sort = arena_str(&p->a, sql_column(st, 6));
                if (!k || p->a.failed)
                    code = err_set(e, ERR_NOMEM, 0, 0, NULL);
                else
                    k->pid = (int64_t)i;
            }
            sql_done(st);
        }
    }
    if (!code && keys.n > 1)
        qsort(keys.p, keys.n, sizeof(struct keyed), by_sort);
    for (size_t i = offset; !code && i < keys.n && (!limit || i - offset < limit); i++)
        code = page_add(p, ((struct keyed *)vec_at(&keys, i))->pid, e);
    vec_fini(&keys);
    return code;
}

static int read_patient(struct sql *c, const struct store_view *v, int64_t pid, struct page *p, struct similar *like,
                        struct err *e)
{
    struct store_patient *r;
    struct str sort, family, given, near;
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_PATIENT_ROW, &st, e);

    if (code)
        return code;
    sqlite3_bind_int64(st, 1, pid);
    if ((code = sql_step(c, st, e)) == 1) {
        code = ERR_OK;
        if ((r = vec_push(&p->rows))) {
            r->id = arena_str(&p->a, sql_column(st, 0));
            r->origin = (enum store_origin)sqlite3_column_int(st, 1);
            r->name = arena_str(&p->a, sql_column(st, 2));
            r->birth = arena_str(&p->a, sql_column(st, 3));
            r->gender = arena_str(&p->a, sql_column(st, 4));
            r->identifiers = arena_str(&p->a, sql_column(st, 5));
        }
        sort = sql_column(st, 6);
        family = sql_column(st, 7);
        given = sql_column(st, 8);
        near = sql_column(st, 9);
        if (!r || p->a.failed)
            code = err_set(e, ERR_NOMEM, 0, 0, NULL);
        else if (!(code = similar(c, pid, sort, family, given, r->birth, near, like, e)))
            r->similar = like->n, r->born_alike = like->born;
    }
    sql_done(st);
    if (!code && p->rows.n) {
        r = vec_at(&p->rows, p->rows.n - 1);
        r->booked_ms = FHIR_NO_DATE;
        if (v)
            code = view_facts(c, v, pid, r, e);
    }
    return code;
}

/* The stretch of one set. */
static int page_of(struct sql *c, const struct store_view *v, const struct found *f, unsigned offset, unsigned limit,
                   struct page *p, struct err *e)
{
    /* A look-up costs about as much as twenty steps of the walk; the walk is (offset + limit) / density. */
    double walk = ((double)offset + limit) * (double)(f->bytes * 8) / ((double)f->n + 1);

    if (v->order != STORE_BY_NAME)
        return page_walk(c, v, f, offset, limit, p, e);
    if (!f->bits)
        return page_everybody(c, f->n, offset, limit, p, e);
    if (f->n && 20.0 * (double)f->n < walk)
        return page_sort(c, f, offset, limit, p, e);
    return page_walk(c, v, f, offset, limit, p, e);
}

/* Those whom a name finds, then those whom an address or a telephone alone finds. */
static int page_both(struct sql *c, const struct store_view *v, struct found *f, unsigned offset, unsigned limit,
                     struct page *p, struct err *e)
{
    struct found part = {.bits = f->named, .bytes = f->bytes, .n = f->named_n};
    struct vec head;
    int code = ERR_OK;

    if (!f->named)
        return page_of(c, v, f, offset, limit, p, e);
    if (offset < f->named_n)
        code = page_of(c, v, &part, offset, limit, p, e);
    if (code || p->pids.n >= limit)
        return code;
    for (size_t k = 0; k < f->bytes; k++)
        f->bits[k] &= (unsigned char)~f->named[k];
    part = (struct found){.bits = f->bits, .bytes = f->bytes, .n = f->n - f->named_n};
    head = p->pids;
    vec_init(&p->pids, sizeof(int64_t), PAGE_ROWS);
    offset = offset > f->named_n ? offset - (unsigned)f->named_n : 0;
    code = page_of(c, v, &part, offset, limit - (unsigned)head.n, p, e);
    for (size_t i = 0; !code && i < p->pids.n; i++) {
        int64_t *at = vec_push(&head);

        if (at)
            *at = *(int64_t *)vec_at(&p->pids, i);
        else
            code = err_set(e, ERR_NOMEM, 0, 0, NULL);
    }
    vec_fini(&p->pids);
    p->pids = head;
    return code;
}

/* One stretch of a list, in one snapshot. */
static int read_page(struct store *s, const struct store_view *v, bool facts, unsigned offset, unsigned limit,
                     struct page *p, struct err *e)
{
    struct found f = {.bits = NULL}, named;
    struct similar like;
    int code = store_read_begin(s, e);

    if (code)
        return code;
    if (!(code = find(&s->r, v, &f, e)))
        code = page_both(&s->r, v, &f, offset, limit, p, e);
    named = (struct found){.bits = f.named, .bytes = f.bytes};
    VEC_EACH(const int64_t, pid, &p->pids)
    {
        size_t rows = p->rows.n;

        if (code)
            break;
        code = read_patient(&s->r, facts ? v : NULL, *pid, p, &like, e);
        if (!code && p->rows.n > rows)
            ((struct store_patient *)vec_at(&p->rows, rows))->by_home = !bit(&named, *pid);
    }
    found_fini(&f);
    store_read_end(s);
    return code;
}

int find_chart(struct sql *c, struct str chart, int64_t *pid, struct err *e)
{
    struct str id = chart;
    enum store_origin origin = store_file_id(&id) ? STORE_FILE_IMPORT : STORE_SERVER;
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_PATIENT_OF, &st, e);

    *pid = 0;
    if (code)
        return code;
    store_bind_name(st, (int)origin, STR("Patient"), id);
    if ((code = sql_step(c, st, e)) == 1) {
        *pid = sqlite3_column_int64(st, 0);
        code = ERR_OK;
    }
    sql_done(st);
    return code;
}

/* The one patient of a chart into page p, which stays empty when there is none; and those that are like it. */
static int read_one(struct store *s, struct str chart, bool likes, struct page *p, struct err *e)
{
    struct similar like = {.n = 0}, others;
    int64_t pid = 0;
    int code = store_read_begin(s, e);

    if (code)
        return code;
    if (!(code = find_chart(&s->r, chart, &pid, e)) && pid)
        code = read_patient(&s->r, NULL, pid, p, &like, e);
    for (unsigned i = 0; !code && likes && i < like.n; i++)
        code = read_patient(&s->r, NULL, like.pid[i], p, &others, e);
    store_read_end(s);
    return code;
}

int store_patient(struct store *s, struct str chart, int (*each)(void *arg, const struct store_patient *p), void *arg,
                  struct err *e)
{
    struct page p;
    int code;

    page_init(&p);
    code = read_one(s, chart, false, &p, e);
    if (!code)
        code = p.rows.n ? each(arg, vec_at(&p.rows, 0)) : err_set(e, ERR_NOTFOUND, 0, 0, "Patient");
    page_fini(&p);
    return code;
}

static int by_name(const void *a, const void *b)
{
    const struct store_patient *x = a, *y = b;
    int d = str_cmp(x->name, y->name);

    return d ? d : str_cmp(x->id, y->id);
}

int store_similar(struct store *s, struct str chart, int (*each)(void *arg, const struct store_patient *p), void *arg,
                  struct err *e)
{
    struct page p;
    int code;

    page_init(&p);
    code = read_one(s, chart, true, &p, e);
    if (!code && !p.rows.n)
        code = err_set(e, ERR_NOTFOUND, 0, 0, "Patient");
    if (!code && p.rows.n > 2)
        qsort(vec_at(&p.rows, 1), p.rows.n - 1, sizeof(struct store_patient), by_name);
    for (size_t i = 1; !code && i < p.rows.n; i++)
        code = each(arg, vec_at(&p.rows, i));
    page_fini(&p);
    return code;
}

static int each_page(struct store *s, const struct store_view *v, bool facts, unsigned offset, unsigned limit,
                     int (*each)(void *arg, const struct store_patient *p), void *arg, struct err *e)
{
    uint64_t left = limit ? limit : UINT64_MAX;
    int code = ERR_OK;
    size_t got = PAGE_ROWS;

    while (!code && left && got == PAGE_ROWS) {
        struct page p;

        page_init(&p);
        code = read_page(s, v, facts, offset, left < PAGE_ROWS ? (unsigned)left : PAGE_ROWS, &p, e);
        got = p.pids.n;
        offset += (unsigned)got;
        left -= got;
        for (size_t i = 0; !code && i < p.rows.n; i++)
            code = each(arg, vec_at(&p.rows, i));
        page_fini(&p);
    }
    return code;
}

int store_patients(struct store *s, struct str filter, unsigned offset, unsigned limit,
                   int (*each)(void *arg, const struct store_patient *p), void *arg, struct err *e)
{
    return each_page(s, &(struct store_view){.filter = filter}, false, offset, limit, each, arg, e);
}

int store_view_patients(struct store *s, const struct store_view *v, unsigned offset, unsigned limit,
                        int (*each)(void *arg, const struct store_patient *p), void *arg, struct err *e)
{
    return each_page(s, v, true, offset, limit, each, arg, e);
}

int store_view_count(struct store *s, const struct store_view *v, int64_t *n, struct err *e)
{
    struct found f;
    int code = store_read_begin(s, e);

    *n = 0;
    if (code)
        return code;
    code = find(&s->r, v, &f, e);
    store_read_end(s);
    *n = f.n;
    found_fini(&f);
    return code;
}

int store_patient_count(struct store *s, struct str filter, int64_t *n, struct err *e)
{
    return store_view_count(s, &(struct store_view){.filter = filter}, n, e);
}
