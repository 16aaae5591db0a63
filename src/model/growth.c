/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A child's measurements against WHO's tables.
 */
#include "config.h"

#include "model/growth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "fhir/decimal.h"
#include "model/growth_table.h"
#include "model/series_plot.h"
#include "model/series_priv.h"

#define MONTH_DAYS 30.4375 /* as WHO's own programs count */
#define CHILD_DAYS 1826    /* the last day of the tables below 60 months */
#define STANDING_DAYS 731  /* from here on a child is measured standing */
#define LYING_MORE 0.7     /* cm by which a child is longer lying than standing */
#define CURVES 5
#define CURVE_COLS 160
#define GROWTH_BYTES ((size_t)128 << 20)

static const int curve_sd[CURVES] = {-3, -2, 0, 2, 3};

/* --- measurements ----------------------------------------------------------------------------- */

enum measure { WEIGHT, LENGTH, BMI, HEAD, MEASURES };
enum position { ANY, LYING, STANDING };

static const struct {
    const char *loinc;
    enum measure measure;
    enum position position;
} codes[] = {
    {"29463-7", WEIGHT, ANY},   {"3141-9", WEIGHT, ANY},      {"8302-2", LENGTH, ANY}, {"8306-3", LENGTH, LYING},
    {"8308-9", LENGTH, STANDING}, {"39156-5", BMI, ANY}, {"9843-4", HEAD, ANY},   {"8287-5", HEAD, ANY},
};

/* What a unit is in kg, cm or kg/m2. */
static const struct {
    enum measure measure;
    const char *unit;
    double in;
} units[] = {
    {WEIGHT, "kg", 1},      {WEIGHT, "g", 0.001},  {WEIGHT, "[lb_av]", 0.45359237}, {LENGTH, "cm", 1},
    {LENGTH, "m", 100},     {LENGTH, "[in_i]", 2.54}, {HEAD, "cm", 1},              {HEAD, "[in_i]", 2.54},
    {BMI, "kg/m2", 1},
};

/* Is a value such a measurement? By LOINC alone: no word of a name is enough for a z-score. */
static bool is_measure(const struct series_value *v, enum measure measure, enum position *position)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].measure == measure && str_is(v->system, "http://loinc.org") && str_is(v->code, codes[i].loinc)) {
            *position = codes[i].position;
            return true;
        }
    return false;
}

/* In the tables' unit; false when its unit is not known. */
static bool in_units(const struct series_value *v, enum measure measure, double *out)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        struct fhir_quantity unit = {.unit = str_of(units[i].unit)};

        if (units[i].measure == measure && !v->clash && model_same_unit(&v->unit, &unit)) {
            *out = v->p.at[0] * units[i].in;
            return true;
        }
    }
    return false;
}

/* --- which table ------------------------------------------------------------------------------ */

static const struct indicator {
    enum measure measure;
    bool restricted;
    double least, most;      /* z beyond which WHO takes a value for an error */
    const char *young, *old; /* tables by age; old NULL: there is none */
    double old_months;       /* to which that goes */
    const char *boy, *girl;
} indicators[MODEL_GROWTH_KINDS] = {
    [MODEL_GROWTH_WEIGHT] = {WEIGHT, true, -6, 5, "weight-for-age.tsv", "weight-for-age-5.tsv", 120,
                             N_("Weight for age, boys"), N_("Weight for age, girls")},
    [MODEL_GROWTH_LENGTH] = {LENGTH, false, -6, 6, "length-for-age.tsv", "length-for-age-5.tsv", 228,
                             N_("Length or height for age, boys"), N_("Length or height for age, girls")},
    [MODEL_GROWTH_WEIGHT_LENGTH] = {WEIGHT, true, -5, 5, "weight-for-length.tsv", NULL, 0,
                                    N_("Weight for length or height, boys"), N_("Weight for length or height, girls")},
    [MODEL_GROWTH_BMI] = {BMI, true, -5, 5, "bmi-for-age.tsv", "bmi-for-age-5.tsv", 228, N_("BMI for age, boys"),
                          N_("BMI for age, girls")},
    [MODEL_GROWTH_HEAD] = {HEAD, false, -5, 5, "head-for-age.tsv", NULL, 0, N_("Head circumference for age, boys"),
                           N_("Head circumference for age, girls")},
};

enum place { YOUNG, OLD, HEIGHT, NOWHERE };

struct model_growth_curve {
    struct growth_table table;
    enum place place;
    double scale;       /* days of a unit of the table's places; 1 for cm */
    double left, right; /* what the plot shows, in days or cm */
    const char *first, *last;
};

struct growing {
    struct model *m;
    struct model_growth *out;
    const struct indicator *is;
    const struct model_person *who;
    const char *dir;
    char sex;
    struct growth_table table[NOWHERE];
    bool loaded[NOWHERE];
    enum place newest; /* where the newest value with a z stands */
    struct err *e;
};

/* Where a child of an age is looked up. */
static enum place place_of(const struct growing *g, int64_t days)
{
    if (days < 0)
        return NOWHERE;
    if (g->out->kind == MODEL_GROWTH_WEIGHT_LENGTH)
        return days > CHILD_DAYS ? NOWHERE : days < STANDING_DAYS ? YOUNG : HEIGHT;
    if (days <= CHILD_DAYS)
        return YOUNG;
    return g->is->old && (double)days / MONTH_DAYS <= g->is->old_months ? OLD : NOWHERE;
}

static int load(struct growing *g, enum place place)
{
    const char *file = place == YOUNG ? g->is->young : place == OLD ? g->is->old : "weight-for-height.tsv";
    int code;

    if (g->loaded[place])
        return ERR_OK;
    code = model_growth_load(g->dir, file, g->sex, &g->out->arena, &g->table[place], g->e);
    g->loaded[place] = !code;
    return code;
}

/* --- words ------------------------------------------------------------------------------------ */

/* "2.96", "0.4": hundredths in the clear form of display rule 13. */
static const char *clear(struct arena *a, long hundredths)
{
    const char *lexeme = arena_fmt(a, "%lde-2", labs(hundredths)), *out = "";
    struct buf b;

    buf_init(&b, 64);
    if (lexeme && fhir_decimal_clear(str_of(lexeme), &b))
        out = arena_dup(a, b.p, b.n);
    else
        a->failed = true;
    buf_fini(&b);
    return out ? out : "";
}

static const char *beyond(const struct indicator *is, double z)
{
    if (z < is->least || z > is->most)
        return _(" - OUTSIDE WHO'S LIMITS: check the value, its date and the birth date");
    return z < -3   ? _(" - below -3 SD")
           : z < -2 ? _(" - below -2 SD")
           : z > 3  ? _(" - above +3 SD")
           : z > 2  ? _(" - above +2 SD")
                    : "";
}

static void put_z(struct growing *g, struct model_growth_point *p, const char *adjusted)
{
    struct arena *a = &g->out->arena;
    long hundredths = lround((p->z > 99 ? 99 : p->z < -99 ? -99 : p->z) * 100); /* beyond all sense it says so anyway */
    const char *n = clear(a, hundredths);
    char *words;

    /* TRANSLATORS: a z-score: so many standard deviations above the median of children of that age */
    words = hundredths > 0   ? arena_fmt(a, _("%s SD above the median: z = +%s"), n, n)
            : hundredths < 0 ? arena_fmt(a, _("%s SD below the median: z = -%s"), n, n)
                             : arena_fmt(a, "%s", _("at the median: z = 0"));
    words = words ? arena_fmt(a, "%s%s%s", words, beyond(g->is, p->z), adjusted) : NULL;
    p->words = text_own(words ? words : "");
}

/* --- a point ---------------------------------------------------------------------------------- */

/* Length and weight of one day; length NULL where one measurement is all. */
struct pair {
    const struct series_value *v, *length;
    double value, cm; /* in the tables' units */
    enum position position;
};

/* A length as it is measured at that age, and what was done to it. */
static const char *adjust(int64_t days, struct pair *p)
{
    if (days < STANDING_DAYS && p->position == STANDING) {
        p->cm += LYING_MORE;
        return _(" - 0.7 cm added, as it was measured standing");
    }
    if (days >= STANDING_DAYS && p->position == LYING) {
        p->cm -= LYING_MORE;
        return _(" - 0.7 cm taken off, as it was measured lying");
    }
    return "";
}

/* The z-score of a pair at an age, or in words why there is none. */
static int judge(struct growing *g, int64_t days, struct pair *q, struct model_growth_point *p)
{
    enum place place = place_of(g, days);
    struct growth_row row;
    const char *adjusted = "";
    double at;
    int code;

    if (place == NOWHERE) {
        p->words = text_own(days < 0 ? _("no z-score: dated before the birth date") : _("no WHO table for this age"));
        return ERR_OK;
    }
    if ((code = load(g, place)))
        return code;
    if (q->length || g->is->measure == LENGTH)
        adjusted = adjust(days, q);
    p->y = g->is->measure == LENGTH ? q->cm : q->value;
    if (g->out->kind == MODEL_GROWTH_BMI && q->length)
        p->y = q->value / (q->cm * q->cm / 10000);
    p->x = g->out->kind == MODEL_GROWTH_WEIGHT_LENGTH ? q->cm : (double)days;
    at = place == OLD ? p->x / MONTH_DAYS : p->x;
    if (!(p->y > 0) || !model_growth_at(&g->table[place], at, &row)) {
        p->words = text_own(_("no WHO table for this length"));
        return ERR_OK;
    }
    p->has_z = true;
    p->z = model_growth_z(&row, p->y, g->is->restricted);
    if (g->newest == NOWHERE)
        g->newest = place;
    p->placed = place == g->newest;
    put_z(g, p, adjusted);
    return ERR_OK;
}

/* REQ: a measurement that is not at the server, or not final, says so here too. */
static struct text value_words(struct growing *g, const struct series_value *v)
{
    const struct text *s = &v->p.status;

    return text_own(arena_fmt(&g->out->arena, "%s%s%s%s%s%s", v->p.value.s, v->unit_text.n ? " " : "", v->unit_text.s,
                              s->n ? " [" : "", s->s, s->n ? "]" : ""));
}

/* As everywhere in the first two years; then months beside the years. */
static const char *age_words(const struct date *birth, const struct date *on, struct arena *a)
{
    struct date_age age;
    char words[32];

    if (!date_age(birth, on, &age))
        return "";
    if (age.years >= 2)
        /* TRANSLATORS: a child's age: 2 years and 8 months */
        return arena_fmt(a, _("%dy %dm"), age.years, age.months);
    model_age(birth, on, words);
    return arena_dup(a, words, strlen(words));
}

static void describe(struct growing *g, const struct pair *q, int64_t days, struct model_growth_point *p)
{
    struct arena *a = &g->out->arena;
    struct date on = date_of_days(days + date_days(g->who->birth.year, g->who->birth.month, g->who->birth.day));
    const char *age = "";

    p->chart = q->v->p.chart;
    p->type = q->v->p.type;
    p->id = q->v->p.id;
    p->date = q->v->p.date;
    p->value = value_words(g, q->v);
    p->unsent = q->v->p.unsent || (q->length && q->length->p.unsent);
    if (q->length)
        p->value = text_own(arena_fmt(a, "%s, %s", p->value.s, value_words(g, q->length).s));
    if (q->v->p.place != MODEL_PLACE_NONE && days >= 0)
        age = age_words(&g->who->birth, &on, a);
    p->age = text_own(age ? age : "");
    p->words = text_own("");
}

/* The day of a value as it was written (read_date of series_read.c). */
static int64_t day_of(const struct series_value *v)
{
    return (v->column - (v->column % 4 + 4) % 4) / 4;
}

static int add_point(struct growing *g, struct pair *q)
{
    struct model_growth_point *p = &g->out->points[g->out->n++];
    int64_t born = date_days(g->who->birth.year, g->who->birth.month, g->who->birth.day);
    int64_t days = day_of(q->v) - born;
    enum measure measure = q->length ? WEIGHT : g->is->measure;
    bool known = in_units(q->v, measure, &q->value);

    if (measure == LENGTH)
        q->cm = q->value;
    describe(g, q, days, p);
    if (q->v->is != SERIES_NUMBER) /* its own words say why: entered in error, no result */
        return ERR_OK;
    if (q->v->p.place != MODEL_PLACE_AT || (q->length && q->length->p.place != MODEL_PLACE_AT))
        p->words = text_own(_("no z-score: a limit, or no day"));
    else if (!known || (q->length && !in_units(q->length, LENGTH, &q->cm)))
        p->words = text_own(_("no z-score: unit not known"));
    else
        return judge(g, days, q, p);
    return ERR_OK;
}

/* --- all of them ------------------------------------------------------------------------------ */

/* The length measured on a weight's day; NULL. */
static const struct series_value *length_of(const struct vec *values, const struct series_value *weight,
                                            enum position *position)
{
    const struct series_value *v = values->p;

    for (unsigned i = 0; i < values->n; i++)
        if (v[i].column == weight->column && v[i].is == SERIES_NUMBER && v[i].p.place == MODEL_PLACE_AT &&
            is_measure(&v[i], LENGTH, position))
            return &v[i];
    return NULL;
}

static bool has_bmi(const struct vec *values, int64_t column)
{
    const struct series_value *v = values->p;
    enum position any;

    for (unsigned i = 0; i < values->n; i++)
        if (v[i].column == column && v[i].is == SERIES_NUMBER && is_measure(&v[i], BMI, &any))
            return true;
    return false;
}

static int add_all(struct growing *g, const struct vec *values)
{
    const struct series_value *v = values->p;
    enum model_growth_kind kind = g->out->kind;
    int code = ERR_OK;

    for (unsigned i = 0; i < values->n && !code; i++) {
        struct pair q = {.v = &v[i]};

        if (kind != MODEL_GROWTH_WEIGHT_LENGTH && is_measure(&v[i], g->is->measure, &q.position)) {
            code = add_point(g, &q);
        } else if ((kind == MODEL_GROWTH_WEIGHT_LENGTH || kind == MODEL_GROWTH_BMI) &&
                   v[i].is == SERIES_NUMBER && is_measure(&v[i], WEIGHT, &q.position) &&
                   !(kind == MODEL_GROWTH_BMI && has_bmi(values, v[i].column)) &&
                   (q.length = length_of(values, &v[i], &q.position))) {
            code = add_point(g, &q);
        }
    }
    return code;
}

/* The part of a table that the plot shows: by the newest value. */
static bool choose_curve(struct growing *g)
{
    struct model_growth_curve *c = arena_alloc(&g->out->arena, sizeof *c);
    const struct model_growth_point *p = g->out->points;
    bool by_cm = g->out->kind == MODEL_GROWTH_WEIGHT_LENGTH;
    unsigned i = 0;

    if (!c)
        return false;
    if (g->newest == NOWHERE)
        return true;
    while (i < g->out->n && !p[i].placed)
        i++;
    c->place = g->newest;
    c->table = g->table[g->newest];
    c->scale = c->place == OLD ? MONTH_DAYS : 1;
    if (by_cm) {
        c->left = c->table.rows[0].at;
        c->right = c->table.rows[c->table.n - 1].at;
        c->first = c->place == YOUNG ? _("45 cm") : _("65 cm");
        c->last = c->place == YOUNG ? _("110 cm") : _("120 cm");
    } else if (c->place == OLD) {
        c->left = 60 * MONTH_DAYS;
        c->right = g->is->old_months * MONTH_DAYS;
        c->first = _("5 years");
        c->last = g->is->old_months > 120 ? _("19 years") : _("10 years");
    } else {
        c->left = 0;
        c->right = p[i].x < STANDING_DAYS ? 2 * 12 * MONTH_DAYS : CHILD_DAYS;
        c->first = _("birth");
        c->last = p[i].x < STANDING_DAYS ? _("2 years") : _("5 years");
    }
    g->out->curve = c;
    return true;
}

static void say_missing(struct growing *g)
{
    struct model_growth *out = g->out;
    struct buf missing;
    const char *words = out->n ? NULL : _("none recorded");
    int64_t asof = 0;
    bool whole;

    buf_init(&missing, 4096);
    whole = model_fetched(g->m, str_of(g->who->chart), STR("vitals"), &missing, &asof, NULL);
    out->age = model_series_age(g->who, whole, asof, &out->arena);
    if (!whole)
        words = arena_fmt(&out->arena,
                          out->n ? _("NOT FETCHED in full, more may exist: %s") : _("NOT FETCHED yet: %s"),
                          missing.p ? missing.p : "");
    if (words)
        out->said[out->said_n++] = text_own(words);
    out->arena.failed = out->arena.failed || missing.failed;
    buf_fini(&missing);
}

static bool say_all(struct growing *g, const struct series_walk *w)
{
    struct model_growth *out = g->out;
    const struct model_growth_curve *c = out->curve;
    unsigned off = 0, unsent = 0;

    if (!(out->said = arena_alloc(&out->arena, 7 * sizeof *out->said)))
        return false;
    for (unsigned i = 0; c && i < out->n; i++) {
        struct model_growth_point *p = &out->points[i];

        p->placed = p->placed && p->x >= c->left && p->x <= c->right;
        off += p->has_z && !p->placed;
    }
    for (unsigned i = 0; i < out->n; i++)
        unsent += out->points[i].unsent;
    if (unsent)
        out->said[out->said_n++] = model_series_unsent(unsent, &out->arena);
    if (c)
        out->said[out->said_n++] = text_own(c->place == OLD ? _("WHO Reference 2007; curves: -3, -2, 0, +2, +3 SD")
                                                            : _("WHO Standards 2006; curves: -3, -2, 0, +2, +3 SD"));
    if (off)
        out->said[out->said_n++] = text_own(arena_fmt(&out->arena,
                                                      P_("%u value of another age is not on this plot",
                                                         "%u values of other ages are not on this plot", off),
                                                      off));
    if (w->others) /* REQ: what cannot be a point is not passed over in silence */
        out->said[out->said_n++] = text_own(model_not_shown(w->others, &out->arena));
    if (w->unread)
        out->said[out->said_n++] = text_own(model_not_read(w->unread, &out->arena));
    say_missing(g);
    return !out->arena.failed;
}

/* --- opening ---------------------------------------------------------------------------------- */

/* REQ: no curve for a birth date that has no day, nor for a sex that WHO has no table for: neither is guessed. */
static const char *refuse(const struct model_person *who)
{
    if (who->born_bad.n || who->birth.precision < DATE_DAY)
        return _("Growth curves need a full birth date: day, month and year.");
    if (!str_is(who->sex, "male") && !str_is(who->sex, "female"))
        return _("Growth curves need a sex, male or female: WHO has tables for those alone.");
    return NULL;
}

static int grow(struct model *m, const struct model_person *who, const char *dir, struct model_growth *out,
                struct err *e)
{
    struct growing g = {.m = m, .out = out, .is = &indicators[out->kind], .who = who, .dir = dir, .newest = NOWHERE,
                        .e = e};
    struct series_walk w = {.m = m, .who = who, .keep = &out->arena, .e = e};
    const char *why = refuse(who);
    int code;

    out->refused = text_own(why ? why : "");
    if (why)
        return ERR_OK;
    g.sex = str_is(who->sex, "male") ? 'm' : 'f';
    out->title = text_own(g.sex == 'm' ? _(g.is->boy) : _(g.is->girl));
    code = model_series_walk(&w, STR(""));
    if (!code && w.values.n > 1)
        qsort(w.values.p, w.values.n, sizeof(struct series_value), model_series_newest_first);
    out->points = arena_alloc(&out->arena, (w.values.n + 1) * sizeof *out->points);
    if (!code && out->points)
        code = add_all(&g, &w.values);
    vec_fini(&w.values);
    if (!code && (!out->points || !choose_curve(&g) || !say_all(&g, &w)))
        code = err_set(e, ERR_NOMEM, 0, 0, "growth");
    return code;
}

int model_growth(struct model *m, struct str chart, enum model_growth_kind kind, const char *dir,
                 struct model_growth *out, struct err *e)
{
    struct model_person *who;
    int code;

    memset(out, 0, sizeof *out);
    arena_init(&out->arena, GROWTH_BYTES);
    out->kind = kind;
    out->title = out->age = text_own("");
    if (!(code = model_person_open(m, chart, &out->arena, &who, e))) {
        memcpy(out->chart, who->chart, sizeof out->chart);
        code = grow(m, who, dir, out, e);
    }
    if (code)
        model_growth_fini(out);
    return code;
}

void model_growth_fini(struct model_growth *g)
{
    arena_fini(&g->arena);
    memset(g, 0, sizeof *g);
}

/* --- the plot --------------------------------------------------------------------------------- */

static void add_curves(const struct model_growth_curve *c, struct series_mark *marks, unsigned *n)
{
    static const char ends[CURVES] = {'3', '2', '0', '2', '3'};

    for (unsigned i = 0; i <= CURVE_COLS; i++) {
        double x = c->left + (c->right - c->left) * i / CURVE_COLS;
        struct growth_row row;

        if (!model_growth_at(&c->table, x / c->scale, &row))
            continue;
        for (int k = 0; k < CURVES; k++)
            marks[(*n)++] = (struct series_mark){x, model_growth_value(&row, curve_sd[k]),
                                                 i == CURVE_COLS ? ends[k] : '.'};
    }
}

int model_growth_plot(const struct model_growth *g, unsigned width, unsigned height, struct arena *a,
                      struct text **lines, unsigned *lines_n)
{
    struct series_mark *marks = arena_alloc(a, (g->n + CURVES * (CURVE_COLS + 1) + 1) * sizeof *marks);
    struct series_plot plot = {.marks = marks};

    *lines_n = 0;
    if (!marks)
        return ERR_NOMEM;
    if (!g->curve)
        return ERR_OK;
    for (unsigned i = 0; i < g->n; i++)
        if (g->points[i].placed)
            marks[plot.marks_n++] = (struct series_mark){g->points[i].x, g->points[i].y, 'X'};
    add_curves(g->curve, marks, &plot.marks_n); /* behind the values: where two meet, the first stands */
    plot.left = g->curve->left;
    plot.right = g->curve->right;
    plot.first = text_own(g->curve->first);
    plot.last = text_own(g->curve->last);
    return model_series_draw(&plot, width, height, a, lines, lines_n);
}
