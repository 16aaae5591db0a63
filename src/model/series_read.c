/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One Observation as values of tests: its own value, its pair of pressures, or its components.
 */
#include "config.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "fhir/index.h"
#include "model/series_priv.h"

#define LOINC "http://loinc.org"
#define VALUES_MAX 2000000u

/* Codes that R4 (vitalsigns.html) prescribes, and their near kin, in the order of a chart's vital signs. A server may
 * send others beside them: these are what the test is. */
static const char *const vital_codes[MODEL_VITALS] = {
    "85354-9", "8480-6",  "8462-4",  "8867-4", "9279-1",  "8310-5", "2708-6",
    "59408-5", "29463-7", "8302-2", "8306-3", "39156-5", "9843-4"};

/* --- which test ------------------------------------------------------------------------------- */

static unsigned vital_rank(struct str system, struct str code)
{
    for (unsigned i = 0; i < MODEL_VITALS; i++)
        if (str_is(system, LOINC) && str_is(code, vital_codes[i]))
            return i;
    return UINT_MAX;
}

unsigned model_vital_rank(const struct tape *t)
{
    unsigned i = 0;

    while (i < MODEL_VITALS && !fhir_has_code(t, tape_get(t, 0, "code"), LOINC, vital_codes[i]))
        i++;
    return i;
}

/* A local system may call all its vital signs by one more code: the most telling coding alone is the test. */
static void read_code(const struct tape *t, tape_at concept, struct arena *keep, struct series_value *v)
{
    tape_at list = tape_get(t, concept, "coding");
    bool loinc = false;

    v->rank = UINT_MAX;
    for (tape_at c = tape_first(t, list); c != TAPE_NONE; c = tape_next(t, list, c)) {
        struct str system = tape_str(t, tape_get(t, c, "system"), keep);
        struct str code = tape_str(t, tape_get(t, c, "code"), keep);
        unsigned rank = vital_rank(system, code);
        bool is_loinc = str_is(system, LOINC);

        if (!code.n || (v->code.n && rank >= v->rank && (loinc || !is_loinc)))
            continue;
        v->system = is_loinc ? STR(LOINC) : arena_str(keep, system);
        v->code = arena_str(keep, code);
        v->rank = rank;
        loinc = is_loinc;
    }
    if (!v->code.n)
        v->system = arena_str(keep, str_trim(fhir_words(t, concept, keep)));
}

bool model_series_same_code(const struct series_value *a, const struct series_value *b)
{
    return str_eq(a->system, b->system) && str_eq(a->code, b->code) &&
           (a->p.pair == b->p.pair || a->is == SERIES_ABSENT || b->is == SERIES_ABSENT);
}

bool model_series_same_test(const struct series_value *a, const struct series_value *b)
{
    if (!model_series_same_code(a, b) || a->is != b->is || a->clash != b->clash)
        return false;
    if (a->clash)
        return str_eq(a->unit.unit, b->unit.unit) && str_eq(a->unit.code, b->unit.code);
    return a->is != SERIES_NUMBER || model_same_unit(&a->unit, &b->unit);
}

int model_series_newest_first(const void *x, const void *y)
{
    const struct series_value *a = x, *b = y;

    if (a->p.ms != b->p.ms)
        return a->p.ms > b->p.ms ? -1 : 1;
    if (strcmp(a->p.id, b->p.id))
        return strcmp(a->p.id, b->p.id);
    return a->p.part < b->p.part ? -1 : a->p.part > b->p.part;
}

void model_series_test(const struct series_value *v, struct arena *a, struct model_test *out)
{
    out->name = v->name;
    out->unit = v->unit_text;
    out->both = v->unit_text.n ? text_own(arena_fmt(a, "%s, %s", v->name.s, v->unit_text.s)) : v->name;
    if (!out->both.s)
        out->both = text_own("");
}

/* --- numbers ---------------------------------------------------------------------------------- */

/* RFC 8259's number, whatever the locale's point is. */
bool model_series_number(struct str s, double *v)
{
    double whole = 0, scale = 1;
    int64_t exponent = 0;
    bool minus = s.n && s.p[0] == '-', point = false, digits = false;
    size_t i = minus;

    for (; i < s.n && ((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] == '.' && !point)); i++) {
        if (s.p[i] == '.') {
            point = true;
            continue;
        }
        digits = true;
        whole = whole * 10 + (s.p[i] - '0');
        scale *= point ? 10 : 1;
    }
    if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
        struct str e = {s.p + i + 1, s.n - i - 1};

        if (e.n && e.p[0] == '+')
            e.p++, e.n--;
        if (!str_int(e, -30, 30, &exponent))
            return false;
        i = s.n;
    }
    if (!digits || i != s.n || !isfinite(whole) || !isfinite(scale))
        return false;
    *v = (minus ? -whole : whole) / scale * pow(10, (double)exponent);
    return isfinite(*v) && fabs(*v) < 1e15;
}

/* --- a point ---------------------------------------------------------------------------------- */

struct reading {
    struct model_fmt f;
    struct vec *out;
    const char *type, *id;
    bool struck, cancelled, unknown;
    const char *unsent; /* "NOT SENT, entered by command"; NULL */
};

static void read_date(struct reading *r, struct series_value *v)
{
    char words[DATE_TEXT_MAX];
    struct date d;

    v->p.ms = FHIR_NO_DATE;
    v->column = INT64_MIN;
    if (!date_parse(r->f.date, &d)) {
        v->p.date = v->p.day = text_own(r->f.date.n ? _("UNREADABLE") : _("no date"));
        v->p.place = MODEL_PLACE_NONE;
        return;
    }
    date_text(&d, words);
    v->p.date = text_safe(r->f.keep, str_of(words), 0);
    v->p.ms = date_ms(&d);
    if (d.precision < DATE_DAY) /* REQ: a day that nobody wrote is never invented, on no axis */
        v->p.place = MODEL_PLACE_NONE;
    d.precision = d.precision > DATE_DAY ? DATE_DAY : d.precision;
    date_text(&d, words);
    v->p.day = text_safe(r->f.keep, str_of(words), 0);
    v->column = date_days(d.year, d.month, d.day) * 4 + (int)d.precision;
    /* A day's grace for zones, as for every row (model/format.c). */
    if (v->p.ms > r->f.who->now_ms + DATE_DAY_MS) {
        v->p.ms = FHIR_NO_DATE + 1;
        v->p.place = MODEL_PLACE_NONE;
        v->column -= (int64_t)1 << 40;
        /* TRANSLATORS: heads a column of results dated after today */
        v->p.day = text_own(arena_fmt(r->f.keep, _("FUTURE %s"), v->p.day.s));
    }
}

/* As a section's row has it. */
static int read_unsent(struct reading *r, const struct store_row *row)
{
    const char *flag[MODEL_UNSENT_FLAGS];
    unsigned n;
    int code = model_unsent_flags(r->f.m, row, flag, &n);

    for (unsigned i = 0; i < n; i++)
        r->unsent = i ? arena_fmt(r->f.keep, "%s, %s", r->unsent ? r->unsent : "", flag[i]) : flag[i];
    return code ? code : r->f.keep->failed ? ERR_NOMEM : ERR_OK;
}

/* REQ: an edit that is not at the server says so wherever its value stands. */
static void say_unsent(struct reading *r, struct series_value *v)
{
    v->p.unsent = r->unsent != NULL;
    if (!r->unsent)
        return;
    v->p.brief = _("unsent");
    v->p.status =
        text_own(arena_fmt(r->f.keep, "%s%s%s", r->unsent, v->p.status.n ? ", " : "", v->p.status.s));
}

/* What the status says where it is not final: in full, and for a cell. */
static void read_status(struct reading *r, struct series_value *v)
{
    static const struct model_code_word briefs[] = {{"registered", N_("no result")}, {"preliminary", N_("prelim")},
                                                    {"amended", N_("amended")},      {"corrected", N_("corrected")},
                                                    {"unknown", N_("unsure")},       {NULL, NULL}};
    const struct model_status *s = model_status(model_formatter(str_of(v->p.type)), r->f.status);
    const char *words = s && s->code ? (s->tail ? s->tail : s->lead) : NULL;

    v->p.brief = model_code_word(briefs, r->f.status);
    v->p.brief = v->p.brief ? v->p.brief : "";
    v->p.status = text_own("");
    if (r->struck || r->cancelled) /* the value's words say it */
        return;
    v->p.status = text_own(r->unknown       ? _("unknown modifier")
                           : words          ? _(words)
                           : !r->f.status.n ? _("status not recorded")
                                            : "");
    if (s && !s->code && r->f.status.n && !r->unknown)
        v->p.status = text_safe(r->f.keep, r->f.status, 64);
}

/* One number into the value's text; where it may be placed. */
static enum model_place put_number(struct model_fmt *f, const struct fhir_quantity *q, double *at)
{
    static const struct {
        const char *comparator;
        enum model_place place;
    } places[] = {{"", MODEL_PLACE_AT},     {"<", MODEL_PLACE_BELOW}, {"<=", MODEL_PLACE_BELOW},
                  {">", MODEL_PLACE_ABOVE}, {">=", MODEL_PLACE_ABOVE}};

    /* REQ: a comparator without which the number is another result stands with its number. */
    model_put_server(f, q->comparator);
    model_put_server(f, q->value);
    if (!model_series_number(q->value, at))
        return MODEL_PLACE_NONE;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (str_is(q->comparator, places[i].comparator))
            return places[i].place;
    return MODEL_PLACE_NONE;
}

/* The value of an Observation or a component, its class and its place. */
static void put_value(struct reading *r, tape_at object, struct series_value *v)
{
    struct model_fmt *f = &r->f;
    struct fhir_choice c = fhir_choice(f->t, object, "value");

    if (str_is(c.type, "Quantity") || str_is(c.type, "Integer")) {
        bool quantity = str_is(c.type, "Quantity");

        v->unit = quantity ? fhir_quantity(f->t, c.at, f->keep)
                           : (struct fhir_quantity){.value = tape_lexeme(f->t, c.at)};
        v->clash = model_unit_clash(&v->unit);
        if (v->unit.value.n) {
            v->is = SERIES_NUMBER;
            v->p.place = put_number(f, &v->unit, &v->p.at[0]);
            return;
        }
    }
    if (c.at == TAPE_NONE && model_put_absent(f, object))
        return;
    if (model_put_value(f, object, "value"))
        v->is = c.at == TAPE_NONE || str_is(c.type, "Quantity") ? SERIES_ABSENT : SERIES_WORDS;
    else
        model_put(f, _("no value recorded"));
}

static void read_unit(struct reading *r, struct series_value *v, bool quantity)
{
    struct buf aside, *was = r->f.out;

    v->unit.value = v->unit.comparator = STR("");
    v->unit.unit = arena_str(r->f.keep, v->unit.unit);
    v->unit.code = arena_str(r->f.keep, v->unit.code);
    v->unit_text = text_own("");
    if (v->is != SERIES_NUMBER)
        return;
    if (!v->unit.unit.n && !v->unit.code.n) {
        v->unit_text = text_own(quantity ? _("no unit") : "");
        return;
    }
    model_aside(&r->f, &aside);
    model_put_result_unit(&r->f, &v->unit);
    v->unit_text = model_aside_end(&r->f, &aside, was);
    if (v->clash) /* REQ: on no axis: nobody knows which unit it is */
        v->p.place = MODEL_PLACE_NONE;
}

/* REQ: what no longer stands, or means what nobody here understands, shows no value among others, and no place. */
static bool put_void(struct reading *r, struct series_value *v)
{
    const char *words = r->struck      ? _("ENTERED IN ERROR")
                        : r->unknown   ? _("see the row")
                        : r->cancelled ? _("cancelled")
                                       : NULL;

    if (!words)
        return false;
    v->is = SERIES_ABSENT;
    v->p.value = text_own(words);
    v->p.flag = v->p.range = text_own("");
    return true;
}

static struct series_value *begin(struct reading *r, tape_at concept, unsigned part)
{
    struct series_value *v = vec_push(r->out);
    struct model_fmt *f = &r->f;
    struct buf aside, *was = f->out;

    if (!v) {
        f->keep->failed = true;
        return NULL;
    }
    v->is = SERIES_ABSENT;
    read_code(f->t, concept, f->keep, v);
    model_aside(f, &aside);
    if (!model_put_concept(f, concept))
        model_put(f, part ? _("part without a name") : _("without a name"));
    v->name = model_aside_end(f, &aside, was);
    v->p.chart = f->who->chart;
    v->p.type = r->type;
    v->p.id = r->id;
    v->p.part = part;
    v->p.flag = v->p.range = text_own("");
    return v;
}

static void end(struct reading *r, struct series_value *v, bool quantity)
{
    bool gone = put_void(r, v);

    read_unit(r, v, quantity);
    read_status(r, v);
    say_unsent(r, v);
    if (gone)
        v->p.place = MODEL_PLACE_NONE;
    v->p.struck = r->struck;
    v->p.words = v->is != SERIES_NUMBER;
    read_date(r, v);
}

static void read_single(struct reading *r, tape_at object, unsigned part)
{
    struct series_value *v = begin(r, tape_get(r->f.t, object, "code"), part);
    struct buf aside, *was = r->f.out;
    struct model_judgement j;

    if (!v)
        return;
    model_aside(&r->f, &aside);
    put_value(r, object, v);
    v->p.value = model_aside_end(&r->f, &aside, was);
    model_judge(&r->f, object, &j);
    v->p.flag = j.flag;
    v->p.range = j.range;
    v->p.letter[0] = j.letter;
    v->p.has_low = j.low.n && model_series_number(j.low, &v->p.low);
    v->p.has_high = j.high.n && model_series_number(j.high, &v->p.high);
    end(r, v, str_is(fhir_choice(r->f.t, object, "value").type, "Quantity"));
}

/* --- pairs ------------------------------------------------------------------------------------ */

/* Is a pressure of two parts that can be one value: no half in another unit. */
static bool is_pair(struct model_fmt *f, tape_at half[2], struct fhir_quantity q[2])
{
    if (!model_pressure(f, &half[0], &half[1]))
        return false;
    for (int i = 0; i < 2; i++) {
        struct fhir_choice c = fhir_choice(f->t, half[i], "value");

        if (c.at != TAPE_NONE && !str_is(c.type, "Quantity"))
            return false;
        q[i] = fhir_quantity(f->t, c.at, f->keep);
        if (model_unit_clash(&q[i]))
            return false;
    }
    return !q[0].value.n || !q[1].value.n || model_same_unit(&q[0], &q[1]);
}

/* "H/-": what is said of each half, behind what is said of both. */
static void put_pair_flags(struct model_fmt *f, const struct text *whole, const struct model_judgement j[2])
{
    model_put(f, whole->s);
    if (!j[0].flag.n && !j[1].flag.n)
        return;
    model_put(f, whole->n ? " " : "");
    model_put(f, j[0].flag.n ? j[0].flag.s : "-");
    model_put(f, "/");
    model_put(f, j[1].flag.n ? j[1].flag.s : "-");
}

static void judge_pair(struct model_fmt *f, tape_at half[2], struct series_value *v)
{
    struct model_judgement whole, j[2];
    struct buf aside, *was = f->out;

    model_judge(f, 0, &whole);
    for (int i = 0; i < 2; i++) {
        model_judge(f, half[i], &j[i]);
        v->p.letter[i] = j[i].letter ? j[i].letter : whole.letter;
    }
    model_aside(f, &aside);
    put_pair_flags(f, &whole.flag, j);
    v->p.flag = model_aside_end(f, &aside, was);
    if (j[0].range.n && j[1].range.n)
        v->p.range = text_own(arena_fmt(f->keep, "%s / %s", j[0].range.s, j[1].range.s));
}

/* REQ: systolic before diastolic, whatever the order on the wire; a missing half is words, never a zero. */
static void read_pair(struct reading *r, tape_at half[2], const struct fhir_quantity q[2])
{
    struct series_value *v = begin(r, tape_get(r->f.t, 0, "code"), 0);
    enum model_place place[2] = {MODEL_PLACE_NONE, MODEL_PLACE_NONE};
    struct buf aside, *was = r->f.out;

    if (!v)
        return;
    v->p.pair = true;
    v->is = q[0].value.n || q[1].value.n ? SERIES_NUMBER : SERIES_ABSENT;
    v->unit = q[0].value.n ? q[0] : q[1];
    model_aside(&r->f, &aside);
    for (int i = 0; i < 2; i++) {
        model_put(&r->f, i ? "/" : "");
        if (q[i].value.n)
            place[i] = put_number(&r->f, &q[i], &v->p.at[i]);
        else if (!model_put_absent(&r->f, half[i]))
            model_put(&r->f, _("not recorded"));
    }
    v->p.value = model_aside_end(&r->f, &aside, was);
    v->p.place = place[0] == MODEL_PLACE_AT && place[1] == MODEL_PLACE_AT ? MODEL_PLACE_AT : MODEL_PLACE_NONE;
    judge_pair(&r->f, half, v);
    end(r, v, true);
}

/* --- an Observation --------------------------------------------------------------------------- */

static void read_all(struct reading *r)
{
    const struct tape *t = r->f.t;
    tape_at list = tape_get(t, 0, "component"), half[2];
    bool value = fhir_choice(t, 0, "value").at != TAPE_NONE || tape_get(t, 0, "dataAbsentReason") != TAPE_NONE;
    struct fhir_quantity q[2];
    unsigned part = 0;

    if (!value && is_pair(&r->f, half, q)) {
        read_pair(r, half, q);
        return;
    }
    /* A panel of members alone has no value of its own to come. */
    if (value || (!tape_count(t, list) && !tape_count(t, tape_get(t, 0, "hasMember"))))
        read_single(r, 0, 0);
    for (tape_at c = tape_first(t, list); c != TAPE_NONE; c = tape_next(t, list, c))
        read_single(r, c, ++part);
}

int model_series_read(struct model *m, const struct model_person *who, const struct store_row *row,
                      const struct tape *t, struct arena *keep, struct vec *out, struct err *e)
{
    struct reading r = {.f = {.m = m,
                              .who = who,
                              .sep = " - ",
                              .kind = kind_find(row->type),
                              .t = t,
                              .keep = keep,
                              .date = row->date,
                              .status = row->status},
                        .out = out,
                        .struck = model_struck(t, row->status),
                        .cancelled = str_is(row->status, "cancelled"),
                        .unknown = fhir_unknown_modifier(t)};
    struct model_row bare = {0};
    struct arena a;
    struct buf sink;
    bool own;
    int code = model_own(m, who, row, t, &own);

    if (!code)
        code = read_unsent(&r, row);
    if (code)
        return err_set(e, code, 0, 0, "row");
    if (!own) /* REQ: what belongs to another patient stands in no grid and on no axis */
        return err_set(e, ERR_NOTFOUND, 0, 0, "row");
    r.f.row = &bare;
    r.id = arena_dup(keep, row->id.p, row->id.n);
    r.type = r.f.kind ? r.f.kind->type : "";
    arena_init(&a, 4 * LIMIT_RESOURCE_BYTES);
    buf_init(&sink, LIMIT_RESOURCE_BYTES);
    r.f.a = &a;
    r.f.out = &sink;
    read_all(&r);
    code = a.failed || keep->failed || sink.failed ? ERR_NOMEM : ERR_OK;
    buf_fini(&sink);
    arena_fini(&a);
    return code ? err_set(e, code, 0, 0, "row") : ERR_OK;
}

/* --- a chart ---------------------------------------------------------------------------------- */

static int look(void *arg, const struct store_row *r)
{
    struct series_walk *w = arg;
    struct err why = ERR_NONE;
    struct tape t;
    int code;

    /* An escape may hide the code: such a row is read all the same. */
    if (w->holding.n && !memmem(r->bytes.p, r->bytes.n, w->holding.p, w->holding.n) &&
        !memchr(r->bytes.p, '\\', r->bytes.n))
        return ERR_OK;
    code = tape_parse(&t, r->bytes, &why);
    if (code == ERR_NOMEM)
        return err_set(w->e, code, 0, 0, "row");
    if (code) {
        w->unread++;
        return ERR_OK;
    }
    code = model_series_read(w->m, w->who, r, &t, w->keep, &w->values, w->e);
    tape_fini(&t);
    w->others += code == ERR_NOTFOUND;
    return code == ERR_NOTFOUND ? ERR_OK : code;
}

int model_series_walk(struct series_walk *w, struct str section)
{
    struct store_query q = {.type = STR("Observation"),
                            .section = section,
                            .patient = str_of(w->who->chart),
                            .bytes = true};

    vec_init(&w->values, sizeof(struct series_value), VALUES_MAX);
    return store_each(w->m->store, &q, look, w, w->e);
}
