/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A Questionnaire's definitions, from its tape: items in the order of the document, with what R4 and the extensions of
 * SDC 4.0.0 say of them. What is not known here stays in the document and is not touched.
 */
#include "config.h"

#include "model/form_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/intl.h"
#include "fhir/read.h"

/* --- extensions ------------------------------------------------------------------------------- */

static bool is_named(struct str url, const char *name)
{
    static const char *const prefixes[] = {"sdc-questionnaire-", "questionnaire-"};
    size_t slash = url.n;

    if (!str_starts(url, "http://hl7.org/fhir/"))
        return false;
    while (slash && url.p[slash - 1] != '/')
        slash--;
    url = (struct str){url.p + slash, url.n - slash};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (str_starts(url, prefixes[i])) {
            url = (struct str){url.p + strlen(prefixes[i]), url.n - strlen(prefixes[i])};
            break;
        }
    return str_is(url, name);
}

tape_at model_form_ext(const struct tape *t, tape_at element, const char *name, unsigned n)
{
    tape_at list = tape_get(t, element, "extension");

    for (tape_at x = tape_first(t, list); x != TAPE_NONE; x = tape_next(t, list, x))
        if (is_named(tape_plain(t, tape_get(t, x, "url")), name) && !n--)
            return x;
    return TAPE_NONE;
}

tape_at model_form_ext_value(const struct tape *t, tape_at element, const char *name)
{
    return fhir_choice(t, model_form_ext(t, element, name, 0), "value").at;
}

tape_at model_form_part(const struct tape *t, tape_at extension, const char *name)
{
    tape_at list = tape_get(t, extension, "extension");

    for (tape_at x = tape_first(t, list); x != TAPE_NONE; x = tape_next(t, list, x))
        if (tape_str_is(t, tape_get(t, x, "url"), name))
            return fhir_choice(t, x, "value").at;
    return TAPE_NONE;
}

static bool ext_true(const struct tape *t, tape_at element, const char *name)
{
    return tape_true(t, model_form_ext_value(t, element, name));
}

static int64_t ext_int(const struct tape *t, tape_at element, const char *name, int64_t otherwise)
{
    int64_t v;

    return str_int(tape_lexeme(t, model_form_ext_value(t, element, name)), 0, 1000000, &v) ? v : otherwise;
}

/* --- words ------------------------------------------------------------------------------------ */

/* "es" of "es-419", or the same. */
static bool same_language(struct str has, struct str want)
{
    return has.n >= want.n && want.n && !memcmp(has.p, want.p, want.n) && (has.n == want.n || has.p[want.n] == '-');
}

static struct str words_in(struct str want, struct str own, const struct tape *t, tape_at object, const char *member,
                           struct arena *a, bool *foreign)
{
    struct str plain = tape_str(t, tape_get(t, object, member), a);
    char under[64] = "_";
    tape_at more, x;

    *foreign = plain.n && want.n && (own.n ? !same_language(own, want) : !str_is(want, "en"));
    memcpy(under + 1, member, strlen(member) + 1);
    more = tape_get(t, object, under);
    for (unsigned i = 0; (x = model_form_ext(t, more, "translation", i)) != TAPE_NONE; i++)
        if (same_language(tape_plain(t, model_form_part(t, x, "lang")), want)) {
            *foreign = false;
            return tape_str(t, model_form_part(t, x, "content"), a);
        }
    return plain;
}

struct str model_form_words(const struct form *f, const struct tape *t, tape_at object, const char *member,
                            struct arena *a, bool *foreign)
{
    return words_in(str_of(f->env.language), tape_plain(&f->t, tape_get(&f->t, 0, "language")), t, object, member, a,
                    foreign);
}

bool model_form_heading(struct str bytes, const char *language, struct arena *a, struct text *title)
{
    struct tape t;
    struct str words;
    tape_at subjects;
    bool foreign, is;

    if (tape_parse(&t, bytes, NULL))
        return false;
    subjects = tape_get(&t, 0, "subjectType");
    is = tape_str_is(&t, tape_get(&t, 0, "resourceType"), "Questionnaire") && !tape_count(&t, subjects);
    for (tape_at x = tape_first(&t, subjects); x != TAPE_NONE && !is; x = tape_next(&t, subjects, x))
        is = tape_str_is(&t, x, "Patient");
    words = words_in(str_of(language), tape_plain(&t, tape_get(&t, 0, "language")), &t, 0, "title", a, &foreign);
    if (!words.n)
        words = tape_str(&t, tape_get(&t, 0, "name"), a);
    *title = text_safe(a, words, 200);
    tape_fini(&t);
    return is;
}

/* --- values ----------------------------------------------------------------------------------- */

static const struct {
    const char *type;
    enum form_kind kind;
} value_types[] = {
    {"Boolean", FORM_BOOLEAN},     {"Decimal", FORM_DECIMAL},   {"Integer", FORM_INTEGER},
    {"Date", FORM_DATE},           {"Time", FORM_TIME},         {"DateTime", FORM_DATETIME},
    {"String", FORM_STRING},       {"Uri", FORM_URL},           {"Coding", FORM_CHOICE},
    {"Quantity", FORM_QUANTITY},   {"Reference", FORM_REFERENCE}, {"Attachment", FORM_ATTACHMENT},
};

/* Only what a struct form_value holds: it can be written from that. */
static bool is_simple(const struct tape *t, tape_at object)
{
    static const char *const known[] = {"system", "code", "display", "value", "unit", "reference"};

    for (tape_at k = tape_first_member(t, object); k != TAPE_NONE; k = tape_next_member(t, object, k)) {
        size_t i = 0;

        while (i < sizeof known / sizeof *known && !str_is(tape_name(t, k), known[i]))
            i++;
        if (i == sizeof known / sizeof *known)
            return false;
    }
    return true;
}

bool model_form_value_read(const struct tape *t, tape_at object, const char *stem, struct arena *a,
                           struct form_value *out)
{
    struct fhir_choice c = fhir_choice(t, object, stem);
    size_t i = 0;

    *out = (struct form_value){0};
    while (i < sizeof value_types / sizeof *value_types && !str_is(c.type, value_types[i].type))
        i++;
    if (i == sizeof value_types / sizeof *value_types)
        return false;
    out->kind = value_types[i].kind;
    out->json = tape_raw(t, c.at);
    if (tape_is(t, c.at, TAPE_OBJECT)) {
        bool quantity = out->kind == FORM_QUANTITY;

        out->system = tape_str(t, tape_get(t, c.at, "system"), a);
        out->display = tape_str(t, tape_get(t, c.at, quantity ? "unit" : "display"), a);
        out->code = quantity ? tape_str(t, tape_get(t, c.at, "code"), a) : STR("");
        out->comparator = quantity ? tape_str(t, tape_get(t, c.at, "comparator"), a) : STR("");
        out->text = quantity ? tape_lexeme(t, tape_get(t, c.at, "value"))
                  : out->kind == FORM_REFERENCE ? tape_str(t, tape_get(t, c.at, "reference"), a)
                  : out->kind == FORM_ATTACHMENT ? tape_str(t, tape_get(t, c.at, "title"), a)
                  : tape_str(t, tape_get(t, c.at, "code"), a);
        if (out->kind == FORM_REFERENCE)
            out->display = tape_str(t, tape_get(t, c.at, "display"), a);
        out->set = out->text.n || out->display.n || (out->kind == FORM_ATTACHMENT);
        if (out->kind != FORM_ATTACHMENT && is_simple(t, c.at))
            out->json = STR("");
    } else if (out->kind == FORM_BOOLEAN || out->kind == FORM_DECIMAL || out->kind == FORM_INTEGER) {
        out->text = tape_raw(t, c.at);
        out->json = STR("");
        out->set = out->kind == FORM_BOOLEAN ? tape_is(t, c.at, TAPE_TRUE) || tape_is(t, c.at, TAPE_FALSE)
                                             : tape_is(t, c.at, TAPE_NUMBER);
    } else {
        out->json = STR("");
        out->text = tape_str(t, c.at, a);
        out->set = tape_is(t, c.at, TAPE_STRING) && out->text.n;
    }
    return out->set || out->kind == FORM_QUANTITY;
}

/* --- findings --------------------------------------------------------------------------------- */

void model_form_findings_init(struct form_findings *l)
{
    *l = (struct form_findings){0};
    arena_init(&l->a, 4u << 20);
}

void model_form_findings_fini(struct form_findings *l)
{
    arena_fini(&l->a);
    l->v = NULL;
    l->n = 0;
}

int model_form_find(struct form_findings *l, enum form_grade grade, struct str link, const char *words)
{
    struct form_finding *more, one = {.grade = grade};
    unsigned at;

    if (!l || l->n >= 1000)
        return ERR_OK;
    at = l->n;
    one.link = text_safe(&l->a, link, 80);
    one.words = text_safe(&l->a, str_of(words), 400);
    for (unsigned i = 0; i < l->n; i++)
        if (l->v[i].grade == grade && !strcmp(l->v[i].link.s, one.link.s) && !strcmp(l->v[i].words.s, one.words.s))
            return ERR_OK; /* said already */
    if (!(l->n & (l->n - 1))) { /* a power of two: twice the room */
        more = arena_alloc(&l->a, (l->n ? 2 * l->n : 1) * sizeof *more);
        if (!more)
            return ERR_NOMEM;
        if (l->n)
            memcpy(more, l->v, l->n * sizeof *more);
        l->v = more;
    }
    while (at && l->v[at - 1].grade < grade)
        at--;
    memmove(&l->v[at + 1], &l->v[at], (l->n - at) * sizeof *l->v);
    l->v[at] = one;
    l->n++;
    return ERR_OK;
}

/* --- items ------------------------------------------------------------------------------------ */

static const struct {
    const char *type;
    enum form_kind kind;
} kinds[] = {
    {"group", FORM_GROUP},       {"display", FORM_DISPLAY},         {"boolean", FORM_BOOLEAN},
    {"decimal", FORM_DECIMAL},   {"integer", FORM_INTEGER},         {"date", FORM_DATE},
    {"dateTime", FORM_DATETIME}, {"time", FORM_TIME},               {"string", FORM_STRING},
    {"text", FORM_TEXT},         {"url", FORM_URL},                 {"choice", FORM_CHOICE},
    {"coding", FORM_CHOICE},     {"open-choice", FORM_OPEN_CHOICE}, {"quantity", FORM_QUANTITY},
    {"reference", FORM_REFERENCE}, {"attachment", FORM_ATTACHMENT},
};

static const struct {
    const char *code;
    enum form_shape shape;
    bool words_of; /* a display with it is its parent's words, and no row */
} controls[] = {
    {"gtable", FORM_GTABLE, false},      {"table", FORM_TABLE, false},       {"htable", FORM_TABLE, false},
    {"atable", FORM_TABLE, false},       {"grid", FORM_GRID, false},         {"page", FORM_PAGE, false},
    {"tab-container", FORM_TABS, false}, {"drop-down", FORM_DROPDOWN, false}, {"radio-button", FORM_RADIO, false},
    {"check-box", FORM_CHECKBOX, false}, {"autocomplete", FORM_AUTOCOMPLETE, false}, {"slider", FORM_SLIDER, false},
    {"spinner", FORM_SPINNER, false},    {"header", FORM_HEADER, false},     {"footer", FORM_FOOTER, false},
    {"legal", FORM_LEGAL, false},        {"prompt", FORM_PROMPT, false},     {"help", FORM_PLAIN, true},
    {"flyover", FORM_PLAIN, true},       {"unit", FORM_PLAIN, true},         {"upper", FORM_PLAIN, true},
    {"lower", FORM_PLAIN, true},
};

bool model_form_is_answer(enum form_kind kind)
{
    return kind != FORM_GROUP && kind != FORM_DISPLAY;
}

static void read_control(const struct tape *t, struct form_item *d)
{
    tape_at concept = model_form_ext_value(t, d->at, "itemControl"), list = tape_get(t, concept, "coding");
    struct str code;

    for (tape_at c = tape_first(t, list); c != TAPE_NONE; c = tape_next(t, list, c)) {
        code = tape_plain(t, tape_get(t, c, "code"));
        for (size_t i = 0; i < sizeof controls / sizeof *controls; i++)
            if (str_is(code, controls[i].code)) {
                d->control = controls[i].code;
                d->shape = controls[i].shape;
                d->words_of = controls[i].words_of && d->kind == FORM_DISPLAY && d->parent != FORM_NONE;
                return;
            }
    }
}

static struct form_opt *room(struct form *f, unsigned n, struct err *e)
{
    struct form_opt *v = arena_alloc(&f->a, (n ? n : 1) * sizeof *v);

    if (!v)
        err_set(e, ERR_NOMEM, 0, 0, NULL);
    return v;
}

static int read_units(struct form *f, struct form_item *d, struct err *e)
{
    unsigned n = 0;
    tape_at x;

    while (model_form_ext(&f->t, d->at, "unitOption", n) != TAPE_NONE)
        n++;
    d->units = room(f, n + 1, e);
    if (!d->units)
        return ERR_NOMEM;
    for (unsigned i = 0; i < n; i++) {
        x = model_form_ext(&f->t, d->at, "unitOption", i);
        if (model_form_value_read(&f->t, x, "value", &f->a, &d->units[d->nunits].v))
            d->units[d->nunits++].at = fhir_choice(&f->t, x, "value").at;
    }
    x = model_form_ext(&f->t, d->at, "unit", 0);
    if (!d->nunits && model_form_value_read(&f->t, x, "value", &f->a, &d->units[0].v))
        d->nunits = 1;
    return ERR_OK;
}

static struct str score_of(const struct tape *t, tape_at option, tape_at coding)
{
    static const char *const names[] = {"ordinalValue", "itemWeight"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct str s = tape_lexeme(t, model_form_ext_value(t, option, names[i]));

        if (!s.n)
            s = tape_lexeme(t, model_form_ext_value(t, coding, names[i]));
        if (s.n)
            return s;
    }
    return STR("");
}

static int read_options(struct form *f, struct form_item *d, struct err *e)
{
    const struct tape *t = &f->t;
    tape_at list = tape_get(t, d->at, "answerOption");

    d->opts = room(f, tape_count(t, list), e);
    if (!d->opts)
        return ERR_NOMEM;
    for (tape_at o = tape_first(t, list); o != TAPE_NONE; o = tape_next(t, list, o)) {
        struct form_opt *p = &d->opts[d->nopts];
        tape_at coding = fhir_choice(t, o, "value").at;

        if (!model_form_value_read(t, o, "value", &f->a, &p->v))
            continue;
        if (p->v.kind == FORM_CHOICE && tape_get(t, coding, "version") == TAPE_NONE)
            p->v.json = STR(""); /* its translations and scores are the form's, no answer's */
        p->at = tape_is(t, coding, TAPE_OBJECT) ? coding : TAPE_NONE;
        p->prefix = tape_str(t, model_form_ext_value(t, o, "optionPrefix"), &f->a);
        p->score = score_of(t, o, coding);
        p->exclusive = ext_true(t, o, "optionExclusive");
        p->initial = tape_true(t, tape_get(t, o, "initialSelected"));
        d->nopts++;
    }
    return ERR_OK;
}

/* --- contained value sets ---------------------------------------------------------------------- */

struct collect {
    struct form *f;
    struct form_opt *v;
    unsigned n;
    bool open; /* something of it cannot be listed from here */
};

static void collect_one(struct collect *c, tape_at at, struct str system)
{
    const struct tape *t = &c->f->t;
    struct form_opt p = {.at = at};

    p.v = (struct form_value){.set = true, .kind = FORM_CHOICE, .system = system,
                              .text = tape_str(t, tape_get(t, at, "code"), &c->f->a),
                              .display = tape_str(t, tape_get(t, at, "display"), &c->f->a)};
    p.score = score_of(t, at, TAPE_NONE);
    if (!p.v.text.n)
        return;
    if (c->v)
        c->v[c->n] = p;
    c->n++;
}

static void collect_contains(struct collect *c, tape_at list)
{
    const struct tape *t = &c->f->t;

    for (tape_at x = tape_first(t, list); x != TAPE_NONE; x = tape_next(t, list, x)) {
        if (!tape_true(t, tape_get(t, x, "abstract")))
            collect_one(c, x, tape_str(t, tape_get(t, x, "system"), &c->f->a));
        collect_contains(c, tape_get(t, x, "contains"));
    }
}

static void collect_set(struct collect *c, tape_at set)
{
    const struct tape *t = &c->f->t;
    tape_at compose = tape_get(t, set, "compose"), list = tape_get(t, compose, "include");

    if (tape_get(t, set, "expansion") != TAPE_NONE) {
        collect_contains(c, tape_path(t, set, "expansion.contains"));
        return;
    }
    c->open = list == TAPE_NONE || tape_get(t, compose, "exclude") != TAPE_NONE;
    for (tape_at i = tape_first(t, list); i != TAPE_NONE; i = tape_next(t, list, i)) {
        tape_at concepts = tape_get(t, i, "concept");
        struct str system = tape_str(t, tape_get(t, i, "system"), &c->f->a);

        c->open = c->open || concepts == TAPE_NONE || tape_get(t, i, "valueSet") != TAPE_NONE;
        for (tape_at x = tape_first(t, concepts); x != TAPE_NONE; x = tape_next(t, concepts, x))
            collect_one(c, x, system);
    }
}

static tape_at contained_set(const struct form *f, struct str canonical)
{
    const struct tape *t = &f->t;
    tape_at list = tape_get(t, 0, "contained");
    const char *bar = canonical.n ? memchr(canonical.p, '|', canonical.n) : NULL;
    struct str url = bar ? (struct str){canonical.p, (size_t)(bar - canonical.p)} : canonical;

    if (str_starts(canonical, "#"))
        return fhir_contained(t, canonical);
    for (tape_at x = tape_first(t, list); x != TAPE_NONE; x = tape_next(t, list, x))
        if (tape_str_is(t, tape_get(t, x, "resourceType"), "ValueSet") && url.n &&
            str_eq(tape_plain(t, tape_get(t, x, "url")), url))
            return x;
    return TAPE_NONE;
}

static int read_value_set(struct form *f, struct form_item *d, struct err *e)
{
    struct str canonical = tape_str(&f->t, tape_get(&f->t, d->at, "answerValueSet"), &f->a);
    struct collect c = {.f = f};
    tape_at set;

    if (!canonical.n)
        return ERR_OK;
    d->value_set = canonical;
    set = contained_set(f, canonical);
    if (set == TAPE_NONE)
        return ERR_OK;
    collect_set(&c, set);
    if (c.open || !c.n) { /* who has terminologies is asked by its own name, if it has one */
        struct str url = tape_str(&f->t, tape_get(&f->t, set, "url"), &f->a);

        d->value_set = url.n ? url : canonical;
        return ERR_OK;
    }
    d->opts = room(f, c.n, e);
    if (!d->opts)
        return ERR_NOMEM;
    c = (struct collect){.f = f, .v = d->opts};
    collect_set(&c, set);
    d->nopts = c.n;
    d->value_set = STR("");
    return ERR_OK;
}

/* --- one item --------------------------------------------------------------------------------- */

static bool read_kind(const struct form *f, struct form_item *d)
{
    struct str type = tape_plain(&f->t, tape_get(&f->t, d->at, "type"));

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_is(type, kinds[i].type)) {
            d->kind = kinds[i].kind;
            return true;
        }
    return false;
}

static void read_flags(const struct form *f, struct form_item *d)
{
    const struct tape *t = &f->t;
    tape_at read_only = tape_get(t, d->at, "readOnly");
    bool many;

    d->required = tape_true(t, tape_get(t, d->at, "required"));
    d->repeats = d->kind != FORM_DISPLAY && tape_true(t, tape_get(t, d->at, "repeats"));
    d->read_only = tape_true(t, read_only);
    d->editable = tape_is(t, read_only, TAPE_FALSE);
    d->hidden = ext_true(t, d->at, "hidden");
    d->any = tape_str_is(t, tape_get(t, d->at, "enableBehavior"), "any");
    many = d->repeats;
    d->min_occurs = (unsigned)ext_int(t, d->at, "minOccurs", 0);
    d->required = d->required || d->min_occurs > 0;
    d->max_occurs = many ? (unsigned)ext_int(t, d->at, "maxOccurs", 0) : 1;
    d->min_length = ext_int(t, d->at, "minLength", -1);
    if (!str_int(tape_lexeme(t, tape_get(t, d->at, "maxLength")), 0, 1000000, &d->max_length))
        d->max_length = -1;
    d->places = (int)ext_int(t, d->at, "maxDecimalPlaces", -1);
}

static int read_item(struct form *f, struct form_item *d, struct err *e)
{
    const struct tape *t = &f->t;
    int r;

    d->help = d->unit_text = d->rule_calc = d->rule_answers = FORM_NONE;
    read_flags(f, d);
    read_control(t, d);
    d->regex = tape_str(t, model_form_ext_value(t, d->at, "regex"), &f->a);
    d->min = model_form_ext(t, d->at, "minValue", 0);
    d->max = model_form_ext(t, d->at, "maxValue", 0);
    if (d->min == TAPE_NONE)
        d->min = model_form_ext(t, d->at, "minQuantity", 0);
    if (d->max == TAPE_NONE)
        d->max = model_form_ext(t, d->at, "maxQuantity", 0);
    d->closed = d->kind == FORM_CHOICE || d->kind == FORM_OPEN_CHOICE ||
                tape_get(t, d->at, "answerOption") != TAPE_NONE;
    r = read_units(f, d, e);
    r = r ? r : read_options(f, d, e);
    return r ? r : d->nopts ? ERR_OK : read_value_set(f, d, e);
}

static int sentence(struct form_findings *found, struct str link, int code, const char *words, struct err *e)
{
    model_form_find(found, FORM_ERROR, link, words);
    return err_set(e, code, 0, 0, "Questionnaire");
}

static int read_level(struct form *f, tape_at list, uint32_t parent, unsigned depth, struct form_findings *found,
                      struct err *e)
{
    const struct tape *t = &f->t;
    int r = ERR_OK;

    for (tape_at x = tape_first(t, list); x != TAPE_NONE && !r; x = tape_next(t, list, x)) {
        struct form_item *d = &f->item[f->n];
        uint32_t i = f->n++;

        d->at = x;
        d->parent = parent;
        d->depth = depth;
        d->link = tape_str(t, tape_get(t, x, "linkId"), &f->a);
        if (!d->link.n)
            return sentence(found, STR(""), ERR_INPUT, _("An item has no linkId."), e);
        if (!read_kind(f, d))
            return sentence(found, d->link, ERR_INPUT, _("The item's type is none of R4."), e);
        r = read_item(f, d, e);
        if (!r && d->words_of) {
            uint32_t *place = !strcmp(d->control, "unit") ? &f->item[parent].unit_text : &f->item[parent].help;

            if (*place == FORM_NONE)
                *place = i;
            else
                d->words_of = false; /* the ends of a scale, help: what has no place beside the question is a row */
        }
        r = r ? r : read_level(f, tape_get(t, x, "item"), i, depth + 1, found, e);
        f->item[i].end = f->n;
    }
    return r;
}

static unsigned count_items(const struct tape *t, tape_at list)
{
    unsigned n = 0;

    for (tape_at x = tape_first(t, list); x != TAPE_NONE; x = tape_next(t, list, x))
        n += 1 + count_items(t, tape_get(t, x, "item"));
    return n;
}

/* --- by linkId -------------------------------------------------------------------------------- */

struct named {
    struct str link;
    uint32_t i;
};

static int by_link(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    int c = str_cmp(x->link, y->link);

    return c ? c : (x->i > y->i) - (x->i < y->i);
}

static int sort_links(struct form *f, struct form_findings *found, struct err *e)
{
    struct named *v = arena_alloc(&f->a, (f->n + 1) * sizeof *v);
    char *words;

    f->by_link = arena_alloc(&f->a, (f->n + 1) * sizeof *f->by_link);
    if (!v || !f->by_link)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    for (uint32_t i = 0; i < f->n; i++)
        v[i] = (struct named){f->item[i].link, i};
    qsort(v, f->n, sizeof *v, by_link);
    for (uint32_t i = 0; i < f->n; i++) {
        f->by_link[i] = v[i].i;
        if (i && str_eq(v[i].link, v[i - 1].link)) {
            words = arena_fmt(&f->a, _("Two items have the linkId \"%.*s\"."), STR_ARG(v[i].link));
            return sentence(found, v[i].link, ERR_INPUT, words ? words : "", e);
        }
    }
    return ERR_OK;
}

uint32_t model_form_item(const struct form *f, struct str link)
{
    uint32_t lo = 0, hi = f->n;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        int c = str_cmp(f->item[f->by_link[mid]].link, link);

        if (!c)
            return f->by_link[mid];
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return FORM_NONE;
}

/* --- enableWhen ------------------------------------------------------------------------------- */

static const char *const operators[] = {"exists", "=", "!=", ">", "<", ">=", "<="};

static bool read_when(struct form *f, tape_at x, struct form_when *w)
{
    const struct tape *t = &f->t;
    struct str op = tape_plain(t, tape_get(t, x, "operator"));
    size_t i = 0;

    w->question = model_form_item(f, tape_str(t, tape_get(t, x, "question"), &f->a));
    while (i < sizeof operators / sizeof *operators && !str_is(op, operators[i]))
        i++;
    w->op = (enum form_operator)i;
    return w->question != FORM_NONE && i < sizeof operators / sizeof *operators &&
           model_form_value_read(t, x, "answer", &f->a, &w->v) && (w->op != FORM_EXISTS || w->v.kind == FORM_BOOLEAN);
}

static int read_whens(struct form *f, struct form_item *d, struct form_findings *found, struct err *e)
{
    tape_at list = tape_get(&f->t, d->at, "enableWhen");
    unsigned n = tape_count(&f->t, list);

    d->when = arena_alloc(&f->a, (n + 1) * sizeof *d->when);
    if (!d->when)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    for (tape_at x = tape_first(&f->t, list); x != TAPE_NONE; x = tape_next(&f->t, list, x)) {
        if (!read_when(f, x, &d->when[d->nwhen]))
            return sentence(found, d->link, ERR_INPUT,
                            _("A condition (enableWhen) names no question of the form, or is not complete."), e);
        d->nwhen++;
    }
    return ERR_OK;
}

int model_form_define(struct form *f, struct form_findings *found, struct err *e)
{
    tape_at list = tape_get(&f->t, 0, "item");
    unsigned n = count_items(&f->t, list);
    int r;

    if (n > FORM_MAX_ITEMS)
        return err_set(e, ERR_TOOBIG, 0, FORM_MAX_ITEMS, "Questionnaire.item");
    if (!n)
        return sentence(found, STR(""), ERR_INPUT, _("The form has no items."), e);
    f->item = arena_alloc(&f->a, n * sizeof *f->item);
    if (!f->item)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    r = read_level(f, list, FORM_NONE, 0, found, e);
    r = r ? r : sort_links(f, found, e);
    for (uint32_t i = 0; i < f->n && !r; i++)
        r = read_whens(f, &f->item[i], found, e);
    return r;
}
