/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A line's reading: token by token, the readers are asked in turn. REQ: what none of them takes is named as not
 * understood, and what it has two readings for is asked; so a line without a question was read whole.
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/sig_priv.h"

/* What may stand alone, in any order. */
#define TOP \
    (BIT(K_OFTEN) | BIT(K_EVERY) | BIT(K_ONCE) | BIT(K_WHEN) | BIT(K_DAY) | BIT(K_ON) | BIT(K_AT) | BIT(K_OVER) | \
     BIT(K_FOR) | BIT(K_FROM) | BIT(K_UNTIL) | BIT(K_THEN) | BIT(K_STEP) | BIT(K_ALSO) | BIT(K_DOSE) | BIT(K_RATE) | \
     BIT(K_MAX) | BIT(K_NEEDED) | BIT(K_PATIENT) | BIT(K_ROUTE) | BIT(K_SITE) | BIT(K_EXTRA) | BIT(K_DAW) | \
     BIT(K_STAT) | BIT(K_QUANTITY) | BIT(K_REPEATS) | BIT(K_NUMBER) | BIT(K_UP_TO) | BIT(K_WORD))

/* --- helpers of the readers ------------------------------------------------------------------- */

bool model_sig_sign(const struct reading *p, unsigned i, char c)
{
    return i < p->n && p->t[i].kind == LEX_SIGN && p->t[i].fold.n == 1 && p->t[i].fold.p[0] == c;
}

bool model_sig_gap(const struct reading *p, unsigned i)
{
    if (model_sig_sign(p, i, ',') || model_sig_sign(p, i, ';'))
        return true;
    return model_sig_sign(p, i, '-') && !p->t[i].glued && (i + 1 == p->n || !p->t[i + 1].glued);
}

void model_sig_mark(struct reading *p, unsigned i, unsigned n, enum sig_use use)
{
    for (unsigned k = i; k < i + n && k < p->n; k++)
        if (p->t[k].use == SIG_UNREAD || use != SIG_USED)
            p->t[k].use = use;
}

struct str model_sig_raw(const struct reading *p, unsigned i, unsigned n)
{
    size_t from = p->t[i].off, to = p->t[i + n - 1].off + p->t[i + n - 1].len;

    return (struct str){p->out->line.p + from, to - from};
}

struct str model_sig_fmt(struct reading *p, const char *fmt, ...)
{
    char s[SIG_LINE_BYTES * 2];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(s, sizeof s, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof s) {
        p->failed = true;
        return STR("");
    }
    return arena_str(p->a, (struct str){s, (size_t)n});
}

struct sig_ask *model_sig_asks(struct reading *p, enum sig_why why, unsigned i, unsigned n)
{
    struct str raw = model_sig_raw(p, i, n);
    struct sig_ask *ask;

    model_sig_mark(p, i, n, why == SIG_UNKNOWN ? SIG_UNNAMED : SIG_ASKED);
    for (unsigned k = 0; k < p->out->asks; k++) { /* two readers may have come upon it */
        ask = &p->out->ask[k];
        if (ask->why == why && ask->len == raw.n && p->out->line.p + ask->off == raw.p) {
            ask->choices = 0;
            return ask;
        }
    }
    ask = &p->out->ask[p->out->asks];
    if (p->out->asks == SIG_ASKS) { /* the first ones must be answered before */
        ask = &p->out->ask[SIG_ASKS - 1];
        ask->why = SIG_TOO_LONG;
        ask->choices = 0;
        return ask;
    }
    p->out->asks++;
    *ask = (struct sig_ask){.why = why, .off = (size_t)(raw.p - p->out->line.p), .len = raw.n};
    return ask;
}

void model_sig_choice(struct reading *p, struct sig_ask *ask, const char *fmt, ...)
{
    char s[SIG_LINE_BYTES];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(s, sizeof s, fmt, ap);
    va_end(ap);
    for (unsigned k = 0; k < ask->choices && n > 0; k++)
        if (str_is(ask->choice[k], s))
            return;
    if (n <= 0 || (size_t)n >= sizeof s || ask->choices == SIG_CHOICES || ask->why == SIG_TOO_LONG)
        return;
    ask->choice[ask->choices++] = arena_str(p->a, (struct str){s, (size_t)n});
}

void model_sig_offer(struct reading *p, struct sig_ask *ask, const struct str *part, size_t n)
{
    struct buf b;

    buf_init(&b, SIG_LINE_BYTES);
    for (size_t i = 0; i < n; i++) {
        if (!part[i].n) { /* a language that has no word for it: a choice that lacks a part says something else */
            buf_fini(&b);
            return;
        }
        buf_adds(&b, i ? " " : "");
        buf_addstr(&b, part[i]);
    }
    if (b.n && !b.failed)
        model_sig_choice(p, ask, "%s", b.p);
    buf_fini(&b);
}

bool model_sig_row_asked(struct reading *p, const struct sig_row *row, unsigned i, unsigned n)
{
    struct sig_ask *ask = NULL;
    const struct sig_row *first = row;

    while (first > p->env->words->row) { /* all of its readings, of whatever kind */
        const struct sig_row *before = first - 1;

        if (model_sig_same(p, before) != first)
            break;
        first = before;
    }
    for (const struct sig_row *r = first; r; r = model_sig_same(p, r)) {
        if (!r->clear.n)
            continue;
        if (!ask)
            ask = model_sig_asks(p, SIG_TWO_READINGS, i, n);
        model_sig_choice(p, ask, "%s%.*s", p->t[i].glued ? " " : "", STR_ARG(r->clear));
    }
    return ask != NULL;
}

void model_sig_remark(struct reading *p, unsigned i, unsigned n, struct str means)
{
    struct str raw = model_sig_raw(p, i, n);

    for (unsigned k = 0; k < p->out->remarks; k++)
        if (p->out->line.p + p->out->remark[k].off == raw.p)
            return;
    if (p->out->remarks < SIG_REMARKS && !p->env->said)
        p->out->remark[p->out->remarks++] = (struct sig_remark){(size_t)(raw.p - p->out->line.p), raw.n, means};
}

/* --- what is no dose and no time -------------------------------------------------------------- */

static unsigned gap(struct reading *p, unsigned i)
{
    const struct sig_row *row;
    unsigned n;

    if (model_sig_gap(p, i))
        return 1;
    if (p->env->said && model_sig_sign(p, i, '(') && (n = model_sig_match(p, i + 1, BIT(K_CALCULATED), &row)) &&
        model_sig_sign(p, i + 1 + n, ')') && p->amounts) {
        p->amount[p->amounts - 1].dose.calculated = true;
        return n + 2;
    }
    return 0;
}

static unsigned note(struct reading *p, unsigned i)
{
    if (p->t[i].kind != LEX_QUOTE)
        return 0;
    if (p->out->note.n)
        p->out->note = model_sig_fmt(p, "%.*s; %.*s", STR_ARG(p->out->note), STR_ARG(p->t[i].fold));
    else
        p->out->note = p->t[i].fold;
    return 1;
}

static bool new_step(struct reading *p, unsigned i, bool beside)
{
    model_sig_close_step(p, i);
    if (p->out->steps == SIG_STEPS) {
        model_sig_asks(p, SIG_TOO_LONG, i, 1);
        return false;
    }
    p->s = &p->out->step[p->out->steps++];
    if (!beside)
        p->sequence++;
    p->s->sequence = p->sequence;
    p->step_at = i;
    p->begun = false;
    return true;
}

/* "then", "then STEP 2:", "AND ALSO:", "STEP 1:"; "and" before another amount. */
static unsigned step(struct reading *p, unsigned i)
{
    const struct sig_row *row;
    unsigned n = model_sig_match(p, i, BIT(K_STEP) | BIT(K_THEN) | BIT(K_ALSO), &row), numbered = 0;
    int64_t number;
    bool begun = p->begun;

    if (!n) {
        n = model_sig_match(p, i, BIT(K_AND), &row);
        if (n && p->amounts && i + n < p->n && p->t[i + n].kind == LEX_NUMBER &&
            model_sig_match(p, i + n + 1, BIT(K_UNIT) | BIT(K_FORM), &row) && new_step(p, i, true))
            return n;
        return 0;
    }
    if (!begun && row->kind != K_STEP)
        return 0; /* behind nothing */
    if (row->kind == K_THEN)
        numbered = model_sig_match(p, i + n, BIT(K_STEP), &row);
    if ((row->kind == K_STEP || numbered) && i + n + numbered < p->n && p->t[i + n + numbered].kind == LEX_NUMBER) {
        numbered++;
        if (!str_int(p->t[i + n + numbered - 1].value, 1, SIG_STEPS, &number) ||
            number != (int64_t)p->sequence + (begun ? 1 : 0))
            return 0; /* a step is missing */
    } else if (row->kind == K_STEP)
        return 0;
    if (model_sig_sign(p, i + n + numbered, ':'))
        numbered++;
    if (begun && !new_step(p, i, row->kind == K_ALSO))
        return n + numbered;
    return n + numbered;
}

/* What ends a free text: of a row that was said, the dash alone, as it may hold a comma. */
static bool ends_text(const struct reading *p, unsigned i)
{
    return model_sig_gap(p, i) && (!p->env->said || model_sig_sign(p, i, '-'));
}

/* Where a free text ends: with a gap, or where something begins that is read. *loose: what stops it could be of it,
 * too. */
static unsigned free_text(struct reading *p, unsigned i, bool *loose)
{
    uint64_t stop = TOP & ~(BIT(K_ONCE) | BIT(K_NUMBER) | BIT(K_ON) | BIT(K_AT) | BIT(K_WORD));
    const struct sig_row *row;
    unsigned k = i;

    *loose = false;
    for (; k < p->n && !ends_text(p, k); k++) {
        if (p->env->said)
            continue;
        if (k > i && k + 1 < p->n && p->t[k].glued && p->t[k + 1].glued &&
            (model_sig_sign(p, k, '/') || model_sig_sign(p, k, '-')))
            continue; /* pain/fever */
        if (p->t[k].kind != LEX_WORD)
            break;
        if (model_sig_match(p, k, stop, &row)) {
            *loose = BIT(row->kind) & (BIT(K_WHEN) | BIT(K_DAY) | BIT(K_SITE) | BIT(K_EXTRA));
            break;
        }
    }
    for (unsigned j = i; j < k; j++)
        p->t[j].free = true;
    return k - i;
}

static unsigned needed(struct reading *p, unsigned i)
{
    const struct sig_row *row;
    unsigned n = model_sig_match(p, i, BIT(K_NEEDED), &row), with, words;
    bool loose = false;

    if (!n)
        return 0;
    if (p->s->needed != SIG_ALWAYS) {
        model_sig_asks(p, SIG_TWICE, i, n);
        return n;
    }
    p->s->needed = SIG_AS_NEEDED;
    with = model_sig_match(p, i + n, BIT(K_NEEDED_FOR), &row);
    if (i + n + with < p->n && p->t[i + n + with].kind == LEX_QUOTE) {
        p->s->reason = p->t[i + n + with].fold;
        p->s->needed = p->s->reason.n ? SIG_AS_NEEDED_FOR : SIG_AS_NEEDED;
        return n + with + 1;
    }
    words = i + n + with < p->n ? free_text(p, i + n + with, &loose) : 0;
    if (!words)
        return n; /* the "for" of "prn for 5 days" is not this one's */
    p->s->needed = SIG_AS_NEEDED_FOR;
    p->s->reason = model_sig_raw(p, i + n + with, words);
    if (loose) { /* "prn cough at night": when it is taken, or what for? */
        unsigned m = model_sig_match(p, i + n + with + words, TOP, &row);
        struct sig_ask *ask = model_sig_asks(p, SIG_TWO_READINGS, i + n + with, words + m);

        model_sig_choice(p, ask, "\"%.*s\"", STR_ARG(model_sig_raw(p, i + n + with, words + m)));
        model_sig_choice(p, ask, "%.*s, %.*s", STR_ARG(p->s->reason),
                         STR_ARG(model_sig_raw(p, i + n + with + words, m)));
        words += m;
    }
    return n + with + words;
}

static unsigned patient(struct reading *p, unsigned i)
{
    const struct sig_row *row;
    unsigned n = model_sig_match(p, i, BIT(K_PATIENT), &row), k;

    if (!n || !model_sig_sign(p, i + n, ':'))
        return 0;
    n++;
    k = i + n;
    while (k < p->n && !(p->env->said && ends_text(p, k)) && p->t[k].kind != LEX_QUOTE)
        p->t[k++].free = true;
    if (k == i + n || p->s->patient.n)
        return 0;
    p->s->patient = model_sig_raw(p, i + n, k - i - n);
    return k - i;
}

static unsigned quantity(struct reading *p, unsigned i)
{
    const struct sig_row *row;
    struct sig_amount amount;
    struct str value;
    unsigned n = model_sig_sign(p, i, '#') ? 1 : model_sig_match(p, i, BIT(K_QUANTITY), &row), k;

    if (!n || i + n >= p->n || p->t[i + n].kind != LEX_NUMBER)
        return 0;
    if (model_sig_sign(p, i, '#') && i && i == p->drug) { /* "tylenol #3": is it of the name? */
        struct sig_ask *ask = model_sig_asks(p, SIG_TWO_READINGS, i, 2);

        SIG_OFFER(p, ask, model_sig_phrase(p, K_QUANTITY, ""), model_sig_raw(p, i + 1, 1));
        return 2 + model_sig_match(p, i + 2, BIT(K_UNIT) | BIT(K_FORM), &row);
    }
    if (p->out->quantity.value.n) {
        model_sig_asks(p, SIG_TWICE, i, n + 1);
        return n + 1;
    }
    if ((k = model_sig_read_amount(p, i + n, true, &amount)) && !amount.dose.range && amount.basis == BASIS_NONE &&
        !amount.by) {
        p->out->quantity = amount.dose.low;
        return n + k;
    }
    if (!(k = model_sig_number(p, i + n, &value)))
        return 0;
    p->out->quantity.value = value;
    return n + k;
}

/* A letter that means refills does so only where it touches its number: insulin R 10 is no refill. */
static bool touched(const struct reading *p, unsigned i)
{
    return p->t[i].fold.n > 1 || (i + 1 < p->n && p->t[i + 1].glued && p->t[i + 1].kind == LEX_NUMBER);
}

static unsigned repeats(struct reading *p, unsigned i)
{
    const struct sig_row *row;
    struct str value;
    int64_t number;
    unsigned n = model_sig_match(p, i, BIT(K_REPEATS), &row), k = 0;

    if (n && row->value.n) /* "no refills" */
        value = row->value;
    else if (n && touched(p, i) && (k = model_sig_number(p, i + n, &value)))
        n += k;
    else if (p->t[i].kind == LEX_NUMBER && (k = model_sig_number(p, i, &value)) &&
             (n = model_sig_match(p, i + k, BIT(K_REPEATS), &row)) && !row->value.n)
        n += k;
    else
        return 0;
    if (p->out->repeats.n || !str_int(value, 0, 99, &number)) {
        model_sig_asks(p, SIG_TWICE, i, n);
        return n;
    }
    p->out->repeats = value;
    return n;
}

static void set_concept(struct reading *p, struct sig_concept *to, const struct sig_row *row, unsigned i, unsigned n)
{
    struct str v = row->value, code = str_split(&v, '=');
    struct sig_concept c = {.text = v.p ? v : code, .code = v.p ? code : STR("")};

    if (to->text.n && !str_eq(to->text, c.text))
        model_sig_asks(p, SIG_TWICE, i, n);
    else
        *to = c;
}

/* Route, place, "with food"; daw; stat. */
static unsigned words(struct reading *p, unsigned i)
{
    const struct sig_row *row;
    unsigned n = model_sig_match(p, i, BIT(K_ROUTE) | BIT(K_SITE) | BIT(K_EXTRA) | BIT(K_DAW) | BIT(K_STAT), &row);

    if (!n)
        return 0;
    if (model_sig_row_asked(p, row, i, n))
        return n;
    if (row->kind == K_ROUTE)
        set_concept(p, &p->s->route, row, i, n);
    else if (row->kind == K_SITE)
        set_concept(p, &p->s->site, row, i, n);
    else if (row->kind == K_DAW)
        p->out->no_substitution = true;
    else if (row->kind == K_STAT) {
        p->out->stat = true;
        if (p->s->repeat.count.n && !model_sig_number_is(p->s->repeat.count, 1))
            model_sig_asks(p, SIG_TWICE, i, n);
        p->s->repeat.count = STR("1");
    } else if (p->s->extras < sizeof p->s->extra / sizeof *p->s->extra)
        set_concept(p, &p->s->extra[p->s->extras++], row, i, n);
    else
        return 0;
    return n;
}

/* The words "DOSE" and "RATE" of a row that was said. */
static unsigned label(struct reading *p, unsigned i)
{
    const struct sig_row *row;
    const struct sig_row *most;
    unsigned n = model_sig_match(p, i, BIT(K_DOSE) | BIT(K_RATE), &row);

    if (!n || i + n >= p->n || (p->t[i + n].kind != LEX_NUMBER && !model_sig_match(p, i + n, BIT(K_UP_TO), &most)))
        return 0;
    p->rate = row->kind == K_RATE;
    return n;
}

/* A phrase of the table that is there to be asked about, and nothing else has taken. */
static unsigned doubtful(struct reading *p, unsigned i)
{
    const struct sig_row *row;
    unsigned n = model_sig_match(p, i, ~UINT64_C(0), &row);

    return n && model_sig_row_asked(p, row, i, n) ? n : 0;
}

/* --- the line --------------------------------------------------------------------------------- */

/* Digits of another script are no number here, and must not pass for a part of a name. */
static bool digits_in(const struct lex *t)
{
    for (size_t i = 0; i < t->fold.n && t->kind == LEX_WORD; i++)
        if (t->fold.p[i] >= '0' && t->fold.p[i] <= '9')
            return true;
    return false;
}

/* The medicine: the words before anything that is read. It is taken as it stands, and nobody looks it up here. */
static unsigned drug(struct reading *p)
{
    const struct sig_row *row;
    unsigned i = 0;

    if (p->env->no_drug || p->env->said)
        return 0;
    if (p->n > 2 && p->t[0].kind == LEX_NUMBER && model_sig_sign(p, 1, '-') && p->t[1].glued && p->t[2].glued &&
        p->t[2].kind == LEX_WORD && !model_sig_match(p, 2, TOP | BIT(K_UNIT) | BIT(K_FORM) | BIT(K_SPAN), &row))
        i = 3; /* 6-mercaptopurine */
    for (; i < p->n; i++) {
        const struct lex *t = &p->t[i];

        if (t->kind == LEX_QUOTE || model_sig_gap(p, i) || digits_in(t))
            break;
        if (t->fold.n > 1 && t->kind == LEX_WORD && model_sig_match(p, i, BIT(K_UNIT), &row))
            break; /* a unit is no part of a name, but for penicillin G's */
        if (model_sig_match(p, i, TOP, &row) && !(row->kind == K_REPEATS && !touched(p, i)))
            break;
        if (t->kind == LEX_NUMBER && !(i && t->glued && p->t[i - 1].kind != LEX_NUMBER &&
                                       !model_sig_sign(p, i - 1, '#')))
            break;
        if (t->kind == LEX_SIGN && !(i && t->glued && i + 1 < p->n && p->t[i + 1].glued &&
                                     (t->fold.p[0] == '-' || t->fold.p[0] == '/')))
            break;
    }
    for (unsigned k = 0; k < i; k++)
        p->t[k].free = true;
    if (i)
        p->out->drug = model_sig_raw(p, 0, i);
    model_sig_mark(p, 0, i, SIG_USED);
    for (unsigned k = 1; k < i; k++) /* warfarin5 mg, B12 tablets: is it of the name? */
        if (p->t[k].kind == LEX_NUMBER && model_sig_match(p, k + 1, BIT(K_UNIT) | BIT(K_FORM), &row))
            SIG_OFFER(p, model_sig_asks(p, SIG_TWO_READINGS, k - 1, 2), model_sig_raw(p, k - 1, 1), p->t[k].fold);
    return p->drug = i;
}

static unsigned unknown(struct reading *p, unsigned i)
{
    struct sig_ask *ask;
    unsigned n = 1;

    /* What touches it is a part of it: "1O", "q6x". */
    while (i + n < p->n && p->t[i + n].glued && p->t[i + n].kind == LEX_WORD && p->t[i].kind == LEX_WORD)
        n++;
    ask = model_sig_asks(p, SIG_UNKNOWN, i, n);
    if (p->t[i].kind == LEX_WORD)
        model_sig_choice(p, ask, "\"%.*s\"", STR_ARG(model_sig_raw(p, i, n)));
    return n;
}

static void read_all(struct reading *p)
{
    static unsigned (*const readers[])(struct reading *p, unsigned i) = {
        gap, note, label, step, needed, patient, model_sig_read_max, quantity, repeats, model_sig_read_often,
            model_sig_read_when,
        model_sig_read_lasting, model_sig_read_pattern, model_sig_read_dose, words, doubtful, unknown};

    for (unsigned i = drug(p), n = 1; i < p->n && n; i += n) {
        n = 0;
        for (size_t r = 0; !n && r < sizeof readers / sizeof *readers; r++)
            if ((n = readers[r](p, i))) {
                model_sig_mark(p, i, n, SIG_USED);
                p->begun = p->begun || r > 3; /* no gap, note, label or step */
            }
    }
    model_sig_close_step(p, p->n);
}

/* REQ: a number that R4 has no room for, and a dose or a time of nothing, is a slip: positive, and whole where it
 * counts. */
static void check_number(struct reading *p, struct str lexeme, bool whole)
{
    struct path_decimal d, zero;
    int64_t n;

    path_decimal_int(0, &zero);
    if (!lexeme.n || (whole ? str_int(lexeme, 1, INT32_MAX, &n)
                            : model_sig_decimal(lexeme, &d) && path_decimal_compare(&d, &zero) > 0))
        return;
    for (unsigned i = 0; i < p->n; i++)
        if (p->t[i].value.p == lexeme.p) {
            if (!p->t[i].doubt) /* else it is asked already */
                model_sig_asks(p, SIG_NUMBER, i, 1);
            return;
        }
    model_sig_asks(p, SIG_NUMBER, 0, p->n);
}

static void check_step(struct reading *p, const struct sig_step *s)
{
    const struct sig_repeat *r = &s->repeat;
    const struct str counts[] = {r->frequency, r->frequency_most, r->count, r->count_most};
    const struct str amounts[] = {
        s->dose.low.value, s->dose.high.value, s->rate.low.value, s->rate.high.value, s->rate_ratio.numerator.value,
        s->rate_ratio.denominator.value, s->most.numerator.value, s->most.denominator.value, s->most_once.value,
        s->most_ever.value, r->period, r->period_most, r->lasts, r->lasts_most, r->bounds, r->bounds_most};

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        check_number(p, counts[i], true);
    for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++)
        check_number(p, amounts[i], false);
}

/* Numbers whose doubt nothing has lifted. */
static void ask_numbers(struct reading *p)
{
    for (unsigned i = 0; i < p->n; i++) {
        struct lex *t = &p->t[i];
        struct sig_ask *ask;

        if (t->kind != LEX_NUMBER || t->free || t->use != SIG_USED)
            continue;
        if (t->remark)
            model_sig_remark(p, i, 1, str_of(t->remark));
        if (!t->doubt)
            continue;
        ask = model_sig_asks(p, SIG_NUMBER, i, 1);
        for (unsigned k = 0; k < t->choices; k++)
            SIG_OFFER(p, ask, t->choice[k]);
    }
}

static int by_place(const void *x, const void *y)
{
    const struct sig_ask *a = x, *b = y;

    return a->off != b->off ? (a->off < b->off ? -1 : 1) : a->len < b->len ? -1 : a->len > b->len;
}

static void finish(struct reading *p)
{
    struct sig *s = p->out;

    ask_numbers(p);
    check_number(p, s->quantity.value, false);
    for (unsigned i = 0; i < s->steps; i++) {
        check_step(p, &s->step[i]);
        if (s->steps == 1 || p->sequence == 1)
            s->step[i].sequence = 0;
        s->lacks |= s->step[i].lacks;
    }
    model_sig_sum(p);
    if (!s->drug.n && !p->env->no_drug && !p->env->said)
        s->lacks |= SIG_LACKS_DRUG;
    if (!s->repeats.n)
        s->lacks |= SIG_LACKS_REPEATS;
    if (!s->quantity.value.n && (!s->sum.known || s->sum.doses))
        s->lacks |= SIG_LACKS_QUANTITY;
    qsort(s->ask, s->asks, sizeof *s->ask, by_place);
    for (unsigned i = 0; i < p->n; i++) {
        const struct lex *t = &p->t[i];

        s->token[s->tokens++] = (struct sig_token){
            t->off, t->len, t->use, t->kind == LEX_NUMBER && !t->free,
            t->kind == LEX_NUMBER && t->use == SIG_USED && !t->doubt ? t->value : STR("")};
    }
}

static bool is_text(struct str line)
{
    while (line.n) {
        uint32_t c;
        size_t k = text_decode(line, &c);

        if (c == TEXT_BAD || (text_is_control(c) && c != '\t'))
            return false;
        line.p += k, line.n -= k;
    }
    return true;
}

int model_sig_read(const struct sig_env *env, struct str line, struct arena *a, struct sig *out, struct err *e)
{
    struct reading *p;
    int code;

    *out = (struct sig){.line = line};
    if (line.n > SIG_LINE_BYTES && !env->said)
        return err_set(e, ERR_TOOBIG, 0, SIG_LINE_BYTES, "dose line");
    if (!is_text(line))
        return err_set(e, ERR_INPUT, 0, 0, "dose line");
    if (!(p = arena_alloc(a, sizeof *p)))
        return err_set(e, ERR_NOMEM, 0, 0, "dose line");
    *p = (struct reading){.env = env, .a = a, .out = out, .sequence = 1};
    code = model_sig_lex(line, env->words->decimal, env->said, a, p->t, SIG_TOKENS, &p->n);
    if (code)
        return err_set(e, code, 0, SIG_TOKENS, "dose line");
    p->s = &out->step[0];
    out->steps = 1;
    p->s->sequence = 1;
    read_all(p);
    finish(p);
    if (p->failed || a->failed)
        return err_set(e, ERR_NOMEM, 0, 0, "dose line");
    return ERR_OK;
}

int model_sig_answer(const struct sig *s, unsigned ask, unsigned choice, struct buf *line)
{
    const struct sig_ask *q = &s->ask[ask];

    if (ask >= s->asks || choice >= q->choices)
        return ERR_NOTFOUND;
    buf_add(line, s->line.p, q->off);
    buf_addstr(line, q->choice[choice]);
    buf_add(line, s->line.p + q->off + q->len, s->line.n - q->off - q->len);
    return line->failed;
}
