/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The patient banner, in the order of the display rules (name, birth date, gender, number), and
 * what must be known before anything is read below it.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "model/priv.h"

static void add_line(struct model_banner *b, const char *words)
{
    if (words && words[0] && b->n < MODEL_BANNER_MAX)
        b->line[b->n++] = text_own(words);
}

/* --- who ----------------------------------------------------------------------------------------
 */

/* "70010638", "TMP-17 (temp)"; " +1" behind when there are others. short_: a number of more than 20
 * columns is cut, with a mark: whole in the lines. */
static const char *number_words(const struct tape *t, int64_t now_ms, struct arena *a, bool short_)
{
    tape_at best = model_number(t, now_ms);
    const char *temp = tape_str_is(t, tape_get(t, best, "use"), "temp") ? _(" (temp)") : "";
    struct text v = text_safe(a, str_trim(tape_str(t, tape_get(t, best, "value"), a)), 64);
    size_t fit = v.n;
    unsigned more = 0;
    char cut[24] = "", others[24] = "";

    if (best == TAPE_NONE)
        return _("none");
    for (tape_at i = TAPE_NONE; (i = fhir_identifier_next(t, 0, i, now_ms)) != TAPE_NONE;)
        more += i != best;
    if (short_ && v.cols > 20) {
        fit = text_fit((struct str){v.s, v.n}, 8);
        snprintf(cut, sizeof cut, "[+%u]", v.cols - 8);
    }
    if (more)
        snprintf(others, sizeof others, " +%u", more);
    return arena_fmt(a, "%.*s%s%s%s", (int)fit, v.s, cut, temp, others);
}

static const char *all_numbers(const struct tape *t, int64_t now_ms, struct arena *a)
{
    char *line;
    struct buf b;

    buf_init(&b, LIMIT_RESOURCE_BYTES);
    for (tape_at i = TAPE_NONE; (i = fhir_identifier_next(t, 0, i, now_ms)) != TAPE_NONE;) {
        struct str type = fhir_words(t, tape_get(t, i, "type"), a);

        buf_adds(&b, b.n ? ", " : "");
        text_safe_buf(&b, str_trim(tape_str(t, tape_get(t, i, "value"), a)), false);
        if (tape_str_is(t, tape_get(t, i, "use"), "temp"))
            buf_adds(&b, _(" (temporary)"));
        if (type.n) {
            buf_adds(&b, " (");
            text_safe_buf(&b, type, false);
            buf_adds(&b, ")");
        }
    }
    line = arena_fmt(a, _("ID No. %s"), b.n ? b.p : _("none"));
    a->failed = a->failed || b.failed;
    buf_fini(&b);
    return line;
}

static const char *died_words(const struct model_person *p, struct arena *a)
{
    char when[DATE_TEXT_MAX], age[32];
    struct date day = p->death;

    if (!p->dead)
        return NULL;
    if (day.precision == DATE_NONE)
        return _("*** DIED, date not recorded ***");
    if (day.precision > DATE_DAY)
        day.precision = DATE_DAY;
    date_text(&day, when);
    model_age(&p->birth, &day, age);
    return age[0] ? arena_fmt(a, _("*** DIED %s Age at death %s ***"), when, age)
                  : arena_fmt(a, _("*** DIED %s ***"), when);
}

/* --- what must be known -------------------------------------------------------------------------
 */

struct pieces {
    struct arena *a;
    const char *s[16];
    unsigned n;
};

static void piece(struct pieces *p, const char *s)
{
    if (s && p->n < sizeof p->s / sizeof *p->s)
        p->s[p->n++] = s;
}

static bool replaced(const struct tape *t)
{
    tape_at links = tape_get(t, 0, "link");

    for (tape_at l = tape_first(t, links); l != TAPE_NONE; l = tape_next(t, links, l))
        if (tape_str_is(t, tape_get(t, l, "type"), "replaced-by"))
            return true;
    return false;
}

static bool is_test(const struct tape *t)
{
    return fhir_has_code(t, tape_get(t, tape_get(t, 0, "meta"), "security"),
                         "http://terminology.hl7.org/CodeSystem/v3-ActReason", "HTEST");
}

struct marks {
    const struct model_person *who;
    struct model *m;
    struct arena *a;
    struct buf directives, warnings;
    unsigned directive, warning;
};

/* A flag or consent that is in force: REQ: one that ended, was rejected or struck is never in the
 * banner. */
static int take_mark(void *arg, const struct store_row *r)
{
    static const char *const directive_codes[] = {
        "advance-directive", "dnr", "acd", "polst", "hcd", "adr"};
    struct marks *k = arg;
    struct tape t;
    struct model_row row;
    bool directive = false;
    struct buf *out;
    int rank, code = tape_parse(&t, r->bytes, NULL);

    if (code == ERR_NOMEM)
        return code;
    if (code) {
        k->warning++;
        buf_adds(&k->warnings, k->warnings.n ? "; " : "");
        buf_adds(&k->warnings, _("a flag that cannot be read"));
        return ERR_OK;
    }
    for (size_t i = 0; i < sizeof directive_codes / sizeof *directive_codes; i++)
        directive = directive ||
                    fhir_has_code(&t, tape_get(&t, 0, "category"), NULL, directive_codes[i]) ||
                    fhir_has_code(&t, tape_get(&t, 0, "scope"), NULL, directive_codes[i]);
    code = model_format(k->m, k->who, r, &t, k->a, &row, &rank, NULL);
    if (!code && rank < 3 && (directive || tape_get(&t, 0, "scope") == TAPE_NONE)) {
        struct text name = model_format_name(k->m, k->who, r, &t, k->a);

        out = directive ? &k->directives : &k->warnings;
        (*(directive ? &k->directive : &k->warning))++;
        buf_adds(out, out->n ? "; " : "");
        buf_adds(out, name.s);
    }
    tape_fini(&t);
    return code == ERR_NOTFOUND ? ERR_OK : code;
}

static int add_marks(struct model *m, const struct model_person *who, struct model_banner *b,
                     struct pieces *p, struct err *e)
{
    struct store_query q = {.section = STR("cover"), .patient = str_of(who->chart), .bytes = true};
    struct marks k = {.who = who, .m = m, .a = &b->arena};
    struct buf missing;
    int code;

    buf_init(&k.directives, LIMIT_RESOURCE_BYTES);
    buf_init(&k.warnings, LIMIT_RESOURCE_BYTES);
    buf_init(&missing, 1024);
    code = store_each(m->store, &q, take_mark, &k, e);
    if (!code && (k.directives.failed || k.warnings.failed))
        code = err_set(e, ERR_NOMEM, 0, 0, "banner");
    if (!code && k.directive) {
        piece(p, _("DIRECTIVE"));
        add_line(b, arena_fmt(&b->arena, _("DIRECTIVE: %s"), k.directives.p));
    }
    if (!code && k.warning) {
        piece(p, arena_fmt(&b->arena, P_("%u WARNING", "%u WARNINGS", k.warning), k.warning));
        add_line(b, arena_fmt(&b->arena, _("WARNING: %s"), k.warnings.p));
    }
    if (!code && !model_fetched(m, str_of(who->chart), STR("cover"), &missing, NULL, NULL)) {
        piece(p, _("Flags NOT FETCHED"));
        add_line(b, _("Flags and consents unavailable - NOT FETCHED"));
    }
    buf_fini(&k.directives);
    buf_fini(&k.warnings);
    buf_fini(&missing);
    return code;
}

static void add_labels(const struct tape *t, const struct model_person *who, struct model_banner *b,
                       struct pieces *p)
{
    char c = fhir_confidentiality(t);
    const struct {
        bool is;
        const char *brief, *line;
    } labels[] = {
        {replaced(t), N_("REPLACED"),
         N_("REPLACED: merged into another record; write nothing here, use the other one")},
        {is_test(t), N_("TEST PATIENT"), N_("TEST PATIENT: made up, not a real person")},
        {who->file, N_("FROM FILE"), N_("FROM FILE, NOT ON SERVER")},
        {c == 'V', N_("very restricted"), N_("very restricted record")},
        {c == 'R', N_("restricted"), N_("restricted record")},
        {tape_is(t, tape_get(t, 0, "active"), TAPE_FALSE), N_("INACTIVE"), N_("INACTIVE record")},
        {fhir_unknown_modifier(t), N_("unknown modifier"),
         N_("CAUTION, unknown modifier, meaning may change")},
    };

    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (labels[i].is) {
            piece(p, _(labels[i].brief));
            add_line(b, _(labels[i].line));
        }
}

/* --- rows for the screen ------------------------------------------------------------------------
 */

/* REQ: birth date, gender and number keep their places, however long the name is; a name that does
 * not fit ends in a mark, and stands whole in line[0]. */
static void first_row(struct model_banner *b, unsigned cols, const struct tape *t,
                      const struct model_person *who, const char *born, const char *sex)
{
    const char *number = number_words(t, who->now_ms, &b->arena, false);
    const char *brief = number_words(t, who->now_ms, &b->arena, true);
    /* TRANSLATORS: the banner's first row behind the name, from wide to narrow */
    const char *const forms[] = {
        arena_fmt(&b->arena, _("  Born %s  Gender %s  ID No. %s"), born, sex, number),
        arena_fmt(&b->arena, _(" Born %s Gender %s ID No. %s"), born, sex, number),
        arena_fmt(&b->arena, _(" Born %s Gender %s No. %s"), born, sex, number),
        arena_fmt(&b->arena, _(" Born %s Gender %s No. %s"), born, sex, brief),
    };
    const struct text name = b->line[0];
    struct str head = {name.s, name.n};
    const char *rest = "", *mark = "";
    unsigned used = 0;

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        rest = forms[i] ? forms[i] : "";
        used = text_cols(str_of(rest));
        if (name.cols + used <= cols)
            break;
    }
    if (name.cols + used > cols) {
        mark = " [+]";
        head.n = text_fit(head, cols > used + 12 ? cols - used - 4 : 8);
        while (head.n && (head.p[head.n - 1] == ' ' || head.p[head.n - 1] == ','))
            head.n--;
    }
    b->row[0] = text_own(arena_fmt(&b->arena, "%.*s%s%s", (int)head.n, head.p, mark, rest));
}

static void second_row(struct model_banner *b, unsigned cols, const struct pieces *p)
{
    struct buf out;
    unsigned used = 0, left = 0;

    buf_init(&out, 4096);
    for (unsigned i = 0; i < p->n; i++) {
        unsigned w = text_cols(str_of(p->s[i])) + (out.n ? 2 : 0), spare = i + 1 < p->n ? 5 : 0;

        if (left || used + w + spare > cols) {
            left++;
            continue;
        }
        buf_adds(&out, out.n ? "  " : "");
        buf_adds(&out, p->s[i]);
        used += w;
    }
    if (left) /* never a silent cut */
        buf_addf(&out, "  +%u", left);
    b->row[1] = text_own(arena_dup(&b->arena, out.p ? out.p : "", out.n));
    b->arena.failed = b->arena.failed || out.failed;
    buf_fini(&out);
}

static void add_allergies(struct model *m, const struct model_person *who, struct model_banner *b,
                          const struct buf *names)
{
    const char *words = model_allergy_words(who->allergies);

    (void)m;
    b->allergies = who->allergies;
    if (who->allergies == MODEL_ALLERGIES_UNAVAILABLE)
        add_line(b, _("Allergies unavailable - NOT FETCHED"));
    else if (who->allergies == MODEL_ALLERGIES_KNOWN && names->n)
        add_line(b, arena_fmt(&b->arena, "%s: %s", words, names->p));
    else
        add_line(b, words);
}

struct namesake {
    struct str chart;
    bool similar;
};

static int take_namesake(void *arg, const struct store_patient *p)
{
    struct namesake *n = arg;

    if (str_eq(p->id, n->chart))
        n->similar = p->similar != 0;
    return ERR_OK;
}

/* Has another patient here the same or nearly the same name and birth date? By its number, which
 * finds few. */
static int has_namesake(struct model *m, const struct tape *t, const struct model_person *who,
                        struct arena *a, bool *similar, struct err *e)
{
    struct namesake n = {.chart = str_of(who->chart)};
    tape_at i = model_number(t, who->now_ms);
    int code = ERR_OK;

    if (i != TAPE_NONE)
        code = store_patients(m->store, str_trim(tape_str(t, tape_get(t, i, "value"), a)), 0, 20,
                              take_namesake, &n, e);
    *similar = n.similar;
    return code;
}

static int compose(struct model *m, const struct tape *t, const struct model_person *who,
                   unsigned cols, const struct buf *names, struct model_banner *b, struct err *e)
{
    struct pieces p = {.a = &b->arena};
    bool similar;
    int code = has_namesake(m, t, who, &b->arena, &similar, e);
    const char *born = model_born_text(who, &b->arena).s, *sex = model_sex_text(who, &b->arena).s;
    const char *died = died_words(who, &b->arena);

    add_line(b, model_name_text(t, who->now_ms, &b->arena).s);
    add_line(b, arena_fmt(&b->arena, _("Born %s"), born));
    add_line(b, arena_fmt(&b->arena, _("Gender %s"), sex));
    add_line(b, all_numbers(t, who->now_ms, &b->arena));
    b->deceased = who->dead;
    add_allergies(m, who, b, names);
    piece(&p, model_allergy_words(who->allergies));
    piece(&p, died);
    add_line(b, died);
    if (similar) {
        piece(&p, _("SIMILAR NAME"));
        add_line(b,
                 _("SIMILAR NAME: another patient here is called and was born the same or nearly "
                   "so; check the number"));
    }
    add_labels(t, who, b, &p);
    if (!code)
        code = add_marks(m, who, b, &p, e);
    first_row(b, cols, t, who, born, sex);
    second_row(b, cols, &p);
    return code;
}

int model_banner(struct model *m, struct str chart, unsigned cols, struct model_banner *out,
                 struct err *e)
{
    struct model_person who;
    struct buf raw, names;
    struct tape t;
    int code;

    memset(out, 0, sizeof *out);
    arena_init(&out->arena, 4 * LIMIT_RESOURCE_BYTES);
    if ((code = model_patient_open(m, chart, &raw, &t, e)))
        return code;
    buf_init(&names, LIMIT_RESOURCE_BYTES);
    model_person_read(m, chart, &t, &out->arena, &who);
    memcpy(out->chart, who.chart, sizeof out->chart);
    code = model_allergy_state(m, chart, &who.allergies, &names, e);
    if (!code)
        code = compose(m, &t, &who, cols < 80 ? 80 : cols, &names, out, e);
    if (!code && (out->arena.failed || names.failed))
        code = err_set(e, ERR_NOMEM, 0, 0, "banner");
    buf_fini(&names);
    tape_fini(&t);
    buf_fini(&raw);
    if (code)
        model_banner_fini(out);
    return code;
}

void model_banner_fini(struct model_banner *b)
{
    arena_fini(&b->arena);
    memset(b, 0, sizeof *b);
}
