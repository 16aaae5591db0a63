/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The words of a language, from data/sig: a phrase, what it is, its value, and for a phrase with more than one reading
 * what to write instead. A phrase that stands in two rows of a kind has two readings.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/tsv.h"
#include "model/sig_priv.h"

#define WORDS_BYTES (4u << 20)
#define PHRASE_WORDS 8

static const struct {
    const char *language;
    char decimal;
} languages[] = {{"en", '.'}, {"es", ','}, {"fr", ','}};

static bool kind_of(struct str word, enum sig_kind *kind)
{
    static const char *const names[] = {
#define X(name, word) word,
        SIG_KINDS(X)
#undef X
    };

    for (unsigned k = 0; k < K_KINDS; k++)
        if (str_is(word, names[k])) {
            *kind = (enum sig_kind)k;
            return true;
        }
    return false;
}

/* A phrase is read as a line is, so that what is typed finds it. */
static bool phrase(struct sig_words *w, struct str text, struct sig_row *row)
{
    struct lex t[PHRASE_WORDS];

    row->text = arena_str(&w->a, text);
    if (!text.n || model_sig_lex(row->text, '.', true, &w->a, t, PHRASE_WORDS, &row->words) || !row->words)
        return false;
    if (!(row->word = arena_alloc(&w->a, row->words * sizeof *row->word)))
        return false;
    for (unsigned i = 0; i < row->words; i++)
        row->word[i] = t[i].fold;
    return true;
}

static bool read_row(struct sig_words *w, const struct str cell[TSV_COLUMNS], struct sig_row *row)
{
    row->value = arena_str(&w->a, cell[2]);
    row->again = str_is(cell[3], "!");
    if (!row->again)
        row->clear = arena_str(&w->a, cell[3]);
    return kind_of(cell[1], &row->kind) && phrase(w, cell[0], row);
}

static int compare(const void *x, const void *y)
{
    const struct sig_row *a = x, *b = y;

    for (unsigned i = 0; i < a->words && i < b->words; i++) {
        int c = str_cmp(a->word[i], b->word[i]);

        if (c)
            return c;
    }
    if (a->words != b->words)
        return a->words < b->words ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

static int read_rows(struct sig_words *w, struct tsv *t, const char *file, struct err *e)
{
    struct str cell[TSV_COLUMNS], date = tsv_head(t, "date");

    if (!tsv_has(t, "words\tkind\tvalue\tinstead") || !date.n) /* nobody knows its age */
        return err_set(e, ERR_INPUT, 0, 0, file);
    if (!(w->row = arena_alloc(&w->a, t->rows * sizeof *w->row)))
        return err_set(e, ERR_NOMEM, 0, 0, file);
    for (; tsv_next(t, cell); w->rows++) {
        w->row[w->rows].place = w->rows;
        if (!read_row(w, cell, &w->row[w->rows]))
            return err_set(e, w->a.failed ? ERR_NOMEM : ERR_INPUT, 0, t->line, file);
    }
    qsort(w->row, w->rows, sizeof *w->row, compare);
    return ERR_OK;
}

int model_sig_words_load(const char *dir, const char *language, struct sig_words **out, struct err *e)
{
    struct sig_words *w;
    struct tsv t;
    char file[16];
    size_t l = 0;
    int code;

    *out = NULL;
    while (l < sizeof languages / sizeof *languages && strcmp(languages[l].language, language))
        l++;
    if (l == sizeof languages / sizeof *languages)
        return err_set(e, ERR_UNSUPPORTED, 0, 0, language);
    if (!(w = mem_alloc(sizeof *w)))
        return err_set(e, ERR_NOMEM, 0, 0, language);
    arena_init(&w->a, WORDS_BYTES);
    memcpy(w->language, languages[l].language, 3);
    w->decimal = languages[l].decimal;
    snprintf(file, sizeof file, "%s.tsv", w->language);
    code = tsv_open(dir, file, &w->a, &t, e);
    code = code ? code : read_rows(w, &t, file, e);
    if (code)
        model_sig_words_free(w);
    else
        *out = w;
    return code;
}

void model_sig_words_free(struct sig_words *w)
{
    if (!w)
        return;
    arena_fini(&w->a);
    mem_free(w);
}

/* Does a phrase begin at token i? 0, or how its words compare with the tokens there. */
static int at(const struct reading *p, unsigned i, const struct sig_row *row)
{
    for (unsigned k = 0; k < row->words; k++) {
        int c = i + k < p->n && p->t[i + k].kind != LEX_QUOTE ? str_cmp(row->word[k], p->t[i + k].fold) : 1;

        if (c)
            return c;
    }
    return 0;
}

unsigned model_sig_match(const struct reading *p, unsigned i, uint64_t kinds, const struct sig_row **row)
{
    const struct sig_words *w = p->env->words;
    unsigned lo = 0, hi = w->rows, best = 0;

    if (i >= p->n || p->t[i].kind == LEX_QUOTE)
        return 0;
    while (lo < hi) { /* the first row whose first word is not before this one */
        unsigned mid = (lo + hi) / 2;

        if (str_cmp(w->row[mid].word[0], p->t[i].fold) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < w->rows && str_eq(w->row[lo].word[0], p->t[i].fold); lo++)
        if ((kinds & BIT(w->row[lo].kind)) && w->row[lo].words > best && !at(p, i, &w->row[lo])) {
            best = w->row[lo].words;
            *row = &w->row[lo];
        }
    return best;
}

const struct sig_row *model_sig_same(const struct reading *p, const struct sig_row *row)
{
    const struct sig_row *next = row + 1;

    if (next >= p->env->words->row + p->env->words->rows || next->words != row->words)
        return NULL;
    for (unsigned k = 0; k < row->words; k++)
        if (!str_eq(next->word[k], row->word[k]))
            return NULL;
    return next;
}

/* The row of a kind with that value that comes first in the file, behind a place. */
static const struct sig_row *first_behind(const struct sig_words *w, enum sig_kind kind, const char *value,
                                          int64_t place)
{
    const struct sig_row *found = NULL;

    for (unsigned i = 0; i < w->rows; i++)
        if (w->row[i].kind == kind && !w->row[i].clear.n && str_is(w->row[i].value, value) && w->row[i].place > place &&
            (!found || w->row[i].place < found->place))
            found = &w->row[i];
    return found;
}

struct str model_sig_phrase(const struct reading *p, enum sig_kind kind, const char *value)
{
    const struct sig_row *found = first_behind(p->env->words, kind, value, -1);

    return found ? found->text : STR("");
}

struct str model_sig_singular(const struct reading *p, enum sig_kind kind, const char *value)
{
    const struct sig_row *found = first_behind(p->env->words, kind, value, -1);

    found = found ? first_behind(p->env->words, kind, value, found->place) : NULL;
    return found ? found->text : STR("");
}

bool model_sig_route(const struct sig_words *w, struct str code, struct sig_concept *out)
{
    const struct sig_row *found = NULL;

    for (unsigned i = 0; i < w->rows; i++) {
        struct str value = w->row[i].value, c = str_split(&value, '=');

        if (w->row[i].kind == K_ROUTE && !w->row[i].clear.n && str_eq(c, code) &&
            (!found || w->row[i].place < found->place)) {
            found = &w->row[i];
            *out = (struct sig_concept){.text = value, .code = c};
        }
    }
    return found != NULL;
}
