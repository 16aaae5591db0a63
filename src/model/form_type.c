/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What was typed, read as numbers and quantities. Digits are never changed: what has two readings is asked. REQ CS-13.
 */
#include "config.h"

#include "model/form_priv.h"

#include <string.h>

#include "base/intl.h"

#define DIGITS_MAX 40

int model_form_refused(struct form_typing *t, const char *words)
{
    t->out->said = FORM_REFUSED;
    t->out->words = text_safe(t->a, str_of(words), 400);
    return ERR_OK;
}

int model_form_asked(struct form_typing *t, const char *words)
{
    t->out->said = FORM_ASKED;
    t->out->words = text_safe(t->a, str_of(words), 400);
    return ERR_OK;
}

void model_form_reading(struct form_typing *t, const char *words, const char *put)
{
    if (t->out->n < FORM_READINGS) {
        t->out->reading[t->out->n].words = text_safe(t->a, str_of(words), 400);
        t->out->reading[t->out->n++].put = arena_str(t->a, str_of(put));
    }
    t->out->readings++;
}

/* --- digits ------------------------------------------------------------------------------------ */

/* A number as it stands in words: runs of digits and what is between them. */
struct figure {
    bool negative, bad;
    struct str run[12]; /* of digits */
    char sep[12];       /* behind each but the last */
    unsigned n;
};

static struct figure figure_of(struct str s)
{
    struct figure g = {0};
    size_t i = 0;

    if (s.n && (*s.p == '-' || *s.p == '+')) {
        g.negative = *s.p == '-';
        i = 1;
    }
    for (;;) {
        size_t from = i;

        while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
            i++;
        g.run[g.n] = (struct str){s.p + from, i - from};
        if (i == s.n)
            break;
        if (g.n + 1 == 12 || !strchr(".,' ", s.p[i])) {
            g.bad = true;
            return g;
        }
        g.sep[g.n++] = s.p[i++];
    }
    g.n++;
    g.bad = s.n > DIGITS_MAX || (g.n == 1 && !g.run[0].n);
    return g;
}

/* Groups of three behind a first one of one to three: as thousands are written. */
static bool is_grouped(const struct figure *g, unsigned upto)
{
    if (g->run[0].n < 1 || g->run[0].n > 3 || *g->run[0].p == '0')
        return false;
    for (unsigned i = 1; i < upto; i++)
        if (g->run[i].n != 3 || g->sep[i - 1] != g->sep[0])
            return false;
    return true;
}

/* Whole runs joined, then a fraction: a JSON number. */
static char *number_of(struct form_typing *t, const struct figure *g, unsigned whole, bool fraction)
{
    struct buf b;
    char *out;
    size_t zeros = 0;

    buf_init(&b, 200);
    for (unsigned i = 0; i < whole; i++)
        buf_addstr(&b, g->run[i]);
    while (zeros + 1 < b.n && b.p[zeros] == '0')
        zeros++;
    buf_drop(&b, zeros);
    if (!b.n)
        buf_addc(&b, '0');
    if (fraction) {
        buf_addc(&b, '.');
        buf_addstr(&b, g->run[whole]);
    }
    out = arena_fmt(t->a, "%s%.*s", g->negative ? "-" : "", STR_ARG(buf_str(&b)));
    buf_fini(&b);
    return out;
}

static bool comma_decimal(const struct form_typing *t)
{
    return t->f->env.language && (!strncmp(t->f->env.language, "es", 2) || !strncmp(t->f->env.language, "fr", 2));
}

static void take(struct form_typing *t, const char *number)
{
    t->v = (struct form_value){.set = true, .kind = FORM_DECIMAL, .text = str_of(number)};
}

/* A reading, with the unit that was typed behind it. */
static void reading(struct form_typing *t, const char *number)
{
    if (number)
        model_form_reading(t, arena_fmt(t->a, "%s%s", number, t->unit_words), arena_fmt(t->a, "%s%s", number,
                                                                                       t->unit_put));
}

/* One separator: "0.5", "0,5", "1.000", ".5", "5.". */
static int one_separator(struct form_typing *t, const struct figure *g, bool whole)
{
    bool grouped = g->run[1].n == 3 && is_grouped(g, 1), spaced = g->sep[0] == ' ' || g->sep[0] == '\'';

    if (!g->run[0].n || !g->run[1].n) {
        if (!g->run[0].n && !g->run[1].n)
            return model_form_refused(t, _("This is no number."));
        model_form_asked(t, _("A digit is missing beside the point: is this meant?"));
        reading(t, number_of(t, g, 1, g->run[1].n > 0));
        return ERR_OK;
    }
    if (grouped || spaced) {
        if (!grouped)
            return model_form_refused(t, _("This is no number."));
        model_form_asked(t, _("Is this thousands, or a fraction?"));
        reading(t, number_of(t, g, 2, false));
        if (!spaced && !whole)
            reading(t, number_of(t, g, 1, true));
        return ERR_OK;
    }
    if (whole)
        return model_form_refused(t, _("A whole number is needed."));
    if (g->sep[0] == '.' || comma_decimal(t)) {
        take(t, number_of(t, g, 1, true));
        return ERR_OK;
    }
    model_form_asked(t, _("A comma: is this meant?"));
    reading(t, number_of(t, g, 1, true));
    return ERR_OK;
}

static int many_separators(struct form_typing *t, const struct figure *g, bool whole)
{
    char last = g->sep[g->n - 2];
    bool fraction = last != g->sep[0];

    if (!is_grouped(g, fraction ? g->n - 1 : g->n) ||
        (fraction && (last == ' ' || last == '\'' || !g->run[g->n - 1].n)))
        return model_form_refused(t, _("This is no number."));
    if (fraction && whole)
        return model_form_refused(t, _("A whole number is needed."));
    model_form_asked(t, _("Is this meant?"));
    reading(t, number_of(t, g, fraction ? g->n - 1 : g->n, fraction));
    return ERR_OK;
}

/* typed: the number alone. */
static int read_figure(struct form_typing *t, struct str typed, bool whole)
{
    struct figure g = figure_of(str_trim(typed));

    if (g.bad)
        return model_form_refused(t, _("This is no number."));
    if (g.n > 2)
        return many_separators(t, &g, whole);
    if (t->meant && (g.n == 1 || (!whole && g.sep[0] == '.' && g.run[0].n && g.run[1].n)))
        take(t, number_of(t, &g, 1, g.n == 2));
    else if (g.n == 2)
        return one_separator(t, &g, whole);
    else
        take(t, number_of(t, &g, 1, false));
    return ERR_OK;
}

/* Where the number ends and the unit begins. */
static struct str split_unit(struct str *typed)
{
    size_t n = 0, digit = 0;

    while (n < typed->n && strchr("0123456789.,' +-", typed->p[n]) && typed->p[n]) {
        n++;
        if (typed->p[n - 1] != ' ')
            digit = n;
    }
    struct str unit = str_trim((struct str){typed->p + digit, typed->n - digit});

    typed->n = digit;
    return unit;
}

/* --- units -------------------------------------------------------------------------------------- */

static bool same_words(struct str a, struct str b)
{
    struct buf x, y;
    bool same;

    buf_init(&x, 1000);
    buf_init(&y, 1000);
    text_fold(&x, a);
    text_fold(&y, b);
    same = x.n && str_eq(buf_str(&x), buf_str(&y));
    buf_fini(&x);
    buf_fini(&y);
    return same;
}

/* The unit that was typed, from 1: by its code as it is written, or by its words; 0: none of them. */
static unsigned unit_named(const struct form_item *d, struct str s)
{
    for (unsigned i = 0; i < d->nunits; i++)
        if (str_eq(d->units[i].v.text, s) || str_eq(d->units[i].v.display, s))
            return i + 1;
    for (unsigned i = 0; i < d->nunits; i++)
        if (same_words(d->units[i].v.display, s))
            return i + 1;
    return 0;
}

static struct str unit_words(const struct form_value *u)
{
    return u->display.n ? u->display : u->text;
}

char *model_form_unit_list(const struct form_item *d, struct arena *a)
{
    char *out = arena_dup(a, "", 0);

    for (unsigned i = 0; i < d->nunits && out; i++)
        out = arena_fmt(a, "%s%s%.*s", out, i ? ", " : "", STR_ARG(unit_words(&d->units[i].v)));
    return out;
}

/* Between its limits, where both are whole: what is offered as an example would be taken. */
static long long example(struct form_typing *t)
{
    struct form_value limit;
    int64_t at[2];

    for (int most = 0; most < 2; most++)
        if (!model_form_limit(t->f, t->n, most, &limit, NULL) || !str_int(limit.text, 0, 100000, &at[most]))
            return 12;
    return (at[0] + at[1]) / 2;
}

/* Letters alone are no unit, and a unit without a number is no answer. */
static int number_wanted(struct form_typing *t)
{
    struct str unit = t->d->nunits ? unit_words(&t->d->units[0].v) : STR("");

    return model_form_refused(t, arena_fmt(t->a, _("A number is wanted here, as in %lld%s%.*s."), example(t),
                                           unit.n ? " " : "", STR_ARG(unit)));
}

static int unit_refused(struct form_typing *t)
{
    return model_form_refused(t, arena_fmt(t->a, _("This is none of its units: %s."),
                                           model_form_unit_list(t->d, t->a)));
}

int model_form_read_number(struct form_typing *t, bool whole)
{
    struct str typed = t->typed, unit = split_unit(&typed);
    int64_t fits;
    int r;

    if (unit.n && !typed.n)
        return number_wanted(t);
    if (unit.n && t->d->nunits != 1) /* a number alone: nothing would hold which unit it is in */
        return model_form_refused(t, _("This is no number."));
    if (unit.n && !unit_named(t->d, unit))
        return unit_refused(t);
    r = read_figure(t, typed, whole);
    if (t->v.set && whole && !str_int(t->v.text, INT32_MIN, INT32_MAX, &fits)) {
        t->v = (struct form_value){0};
        return model_form_refused(t, _("The number is too large."));
    }
    if (t->v.set && whole)
        t->v.kind = FORM_INTEGER;
    return r;
}

static void each_unit(struct form_typing *t, struct str number)
{
    for (unsigned i = 0; i < t->d->nunits; i++)
        model_form_reading(t, arena_fmt(t->a, "%.*s %.*s", STR_ARG(number), STR_ARG(unit_words(&t->d->units[i].v))),
                           arena_fmt(t->a, "%.*s|%u", STR_ARG(number), i + 1));
}

/* No unit was typed or chosen: of each number that it may be, each unit. */
static int ask_unit(struct form_typing *t)
{
    struct form_reply numbers = *t->out;
    struct form_value one = t->v;

    t->v = (struct form_value){0};
    t->out->n = t->out->readings = 0;
    if (one.set)
        model_form_asked(t, _("Which unit?"));
    if (one.set)
        each_unit(t, one.text);
    for (unsigned i = 0; i < numbers.n; i++)
        each_unit(t, numbers.reading[i].put);
    return ERR_OK;
}

static bool is_open(const struct form_typing *t)
{
    return !t->d->nunits || model_form_ext(&t->f->t, t->d->at, "unitOpen", 0) != TAPE_NONE;
}

int model_form_read_quantity(struct form_typing *t)
{
    struct str typed = t->typed, unit, rest = t->typed;
    unsigned nth = t->n->unit;
    int64_t meant;
    int r;

    str_split(&rest, '|');
    if (t->meant && str_int(rest, 1, t->d->nunits, &meant)) {
        typed.n -= rest.n + 1;
        nth = (unsigned)meant;
        unit = STR("");
    } else {
        unit = split_unit(&typed);
        if (unit.n && !typed.n)
            return number_wanted(t);
        if (unit.n)
            nth = unit_named(t->d, unit);
        if (unit.n && !nth && !is_open(t))
            return unit_refused(t);
    }
    if (nth) {
        t->unit_words = arena_fmt(t->a, " %.*s", STR_ARG(unit_words(&t->d->units[nth - 1].v)));
        t->unit_put = arena_fmt(t->a, "|%u", nth);
    } else if (unit.n) {
        t->unit_words = t->unit_put = arena_fmt(t->a, " %.*s", STR_ARG(unit));
    }
    r = read_figure(t, typed, false);
    if (!r && !nth && !unit.n && t->d->nunits && (t->v.set || t->out->n))
        return ask_unit(t);
    if (r || !t->v.set)
        return r;
    t->v.kind = FORM_QUANTITY;
    if (nth) {
        model_form_take_unit(&t->v, &t->d->units[nth - 1].v);
    } else {
        t->v.display = unit;
    }
    return ERR_OK;
}
