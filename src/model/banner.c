/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * REQ CS-08: the patient banner, in the order of the display rules (name, birth date, gender, number), and
 * what must be known before anything is read below it.
 */
#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/glyph.h"
#include "base/limits.h"
#include "model/left.h"
#include "model/priv.h"
#include "store/edit.h"

static void add_line(struct model_banner *b, const char *words)
{
    if (words && words[0] && b->n < MODEL_BANNER_MAX)
        b->line[b->n++] = text_own(words);
}

/* --- who -------------------------------------------------------------------------------------- */

/* "70010638", "TMP-17 TEMP"; others: " +1" behind when there are any. A number of more than most columns is cut, with
 * a mark: whole in the lines. */
static const char *number_words(const struct tape *t, int64_t now_ms, struct arena *a, unsigned most, bool others_too)
{
    tape_at best = model_number(t, now_ms);
    const char *temp = tape_str_is(t, tape_get(t, best, "use"), "temp") ? _(" TEMP") : "";
    struct text v = text_safe(a, str_trim(tape_str(t, tape_get(t, best, "value"), a)), 64);
    size_t fit = v.n;
    unsigned more = 0;
    char cut[24] = "", others[24] = "";

    if (best == TAPE_NONE)
        return _("none");
    for (tape_at i = TAPE_NONE; (i = fhir_identifier_next(t, 0, i, now_ms)) != TAPE_NONE;)
        more += i != best;
    if (v.cols > most) {
        fit = text_fit((struct str){v.s, v.n}, 8);
        snprintf(cut, sizeof cut, "[+%u]", v.cols - 8);
    }
    if (more && others_too)
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
            buf_adds(&b, _(" TEMP (temporary)"));
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

/* aged: with the age, which the row says where it has the room. */
static const char *died_words(const struct model_person *p, struct arena *a, bool aged)
{
    char when[DATE_TEXT_MAX], age[32];
    struct date day = p->death;

    if (!p->dead)
        return NULL;
    if (day.precision == DATE_NONE)
        return p->died_bad.n
                   ? arena_fmt(a, _("*** DIED, date UNREADABLE: %s ***"),
                               text_safe(a, p->died_bad, 64).s)
                   : _("*** DIED, date not recorded ***");
    if (day.precision > DATE_DAY)
        day.precision = DATE_DAY;
    date_text(&day, when);
    model_age(&p->birth, &day, age);
    return age[0] && aged ? arena_fmt(a, _("*** DIED %s  Age at death %s ***"), when, age)
                  : arena_fmt(a, _("*** DIED %s ***"), when);
}

/* --- what must be known ----------------------------------------------------------------------- */

struct pieces {
    struct arena *a;
    struct model_part s[16];
    unsigned n;
};

/* names: NULL, or those that the words are about, for the room that is left in the row. */
static void piece_of(struct pieces *p, const char *brief, const char *label, const struct vec *names,
                     unsigned turn)
{
    if (brief && p->n < sizeof p->s / sizeof *p->s)
        p->s[p->n++] = (struct model_part){.brief = brief,
                                           .label = names && names->n ? label : NULL,
                                           .name = names ? names->p : NULL,
                                           .names = names ? (unsigned)names->n : 0,
                                           .turn = turn};
}

static void piece(struct pieces *p, const char *s)
{
    piece_of(p, s, NULL, NULL, 0);
}

/* The letters by which CPRS posts what must be read first. */
enum posting { POSTING_CRISIS, POSTING_WARNING, POSTING_ALLERGY, POSTING_DIRECTIVE, POSTINGS };
static const struct {
    char letter;
    const char *words;
} postings[POSTINGS] = {
    {'C', N_("C crisis: behaviour or safety")},
    {'W', N_("W warnings")},
    {'A', N_("A allergies")},
    {'D', N_("D directives")},
};

struct marks {
    const struct model_person *who;
    struct model *m;
    struct arena *a;
    struct vec directives, warnings; /* of struct text: what each is called */
    bool posted[POSTINGS];
};

/* Codes of a flag's or a consent's category (flag-category, consentcategorycodes) that say which letter it is posted
 * under; a flag of any other category, or of none, is a warning. */
static enum posting posted_as(const struct tape *t)
{
    static const struct {
        const char *code;
        enum posting as;
    } codes[] = {
        {"advance-directive", POSTING_DIRECTIVE}, {"dnr", POSTING_DIRECTIVE},  {"acd", POSTING_DIRECTIVE},
        {"polst", POSTING_DIRECTIVE},             {"hcd", POSTING_DIRECTIVE},  {"adr", POSTING_DIRECTIVE},
        {"behavioral", POSTING_CRISIS},           {"safety", POSTING_CRISIS},
    };

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (fhir_has_code(t, tape_get(t, 0, "category"), NULL, codes[i].code) ||
            fhir_has_code(t, tape_get(t, 0, "scope"), NULL, codes[i].code))
            return codes[i].as;
    return POSTING_WARNING;
}

/* A flag or consent that is in force: REQ: one that ended, was rejected or struck is never in the
 * banner. */
static int take_mark(void *arg, const struct store_row *r)
{
    struct marks *k = arg;
    struct tape t;
    struct model_row row;
    enum posting as;
    bool directive;
    struct text *name;
    int rank, code = tape_parse(&t, r->bytes, NULL);

    if (code == ERR_NOMEM)
        return code;
    if (code) {
        if (!(name = vec_push(&k->warnings)))
            return ERR_NOMEM;
        *name = text_own(_("a flag that cannot be read"));
        k->posted[POSTING_WARNING] = true;
        return ERR_OK;
    }
    as = posted_as(&t);
    directive = as == POSTING_DIRECTIVE;
    code = model_format(k->m, k->who, r, &t, k->a, &row, &rank, NULL);
    if (!code && rank < 3 && (directive || tape_get(&t, 0, "scope") == TAPE_NONE)) {
        k->posted[as] = true;
        if ((name = vec_push(directive ? &k->directives : &k->warnings)))
            *name = model_format_name(k->m, k->who, r, &t, k->a);
        else
            code = ERR_NOMEM;
    }
    tape_fini(&t);
    return code == ERR_NOTFOUND ? ERR_OK : code;
}

static int find_marks(struct marks *k, struct err *e)
{
    struct store_query q = {
        .section = STR("cover"), .patient = str_of(k->who->chart), .bytes = true};
    int code;

    vec_init(&k->directives, sizeof(struct text), 10000);
    vec_init(&k->warnings, sizeof(struct text), 10000);
    code = store_each(k->m->store, &q, take_mark, k, e);
    return code == ERR_NOMEM ? err_set(e, code, 0, 0, "banner") : code;
}

static void name_all(struct model_banner *b, const char *label, const struct vec *names)
{
    const char *s = label;

    VEC_EACH(const struct text, name, names)
    {
        s = s ? arena_fmt(&b->arena, "%s%s%s", s, name == names->p ? "" : "; ", name->s) : NULL;
    }
    if (names->n)
        add_line(b, s);
}

/* "[CWAD]", those letters that stand for something in this chart; in words in the lines. */
static void add_postings(struct model_banner *b, const struct marks *k, struct pieces *p)
{
    char letters[POSTINGS + 3] = "[";
    const char *words = _("Postings: ");
    unsigned n = 0;

    for (unsigned i = 0; i < POSTINGS; i++)
        if (k->posted[i]) {
            words = words ? arena_fmt(&b->arena, "%s%s%s", words, n ? ", " : "", _(postings[i].words)) : NULL;
            letters[++n] = postings[i].letter;
        }
    letters[n + 1] = ']';
    if (!n)
        return;
    add_line(b, words);
    /* A merged record's row names the one to use; its allergies are words there already. */
    if (n > 1 || !k->posted[POSTING_ALLERGY] || !p->s[0].instead)
        piece(p, arena_dup(&b->arena, letters, n + 2));
}

static void add_marks(struct model_banner *b, const struct marks *k, struct pieces *p)
{
    struct buf missing;
    unsigned n = (unsigned)k->warnings.n;

    buf_init(&missing, 1024);
    if (k->directives.n)
        piece_of(p, _("DIRECTIVE"), _("DIRECTIVE: "), &k->directives, 2);
    name_all(b, _("DIRECTIVE: "), &k->directives);
    if (n)
        piece_of(p, arena_fmt(&b->arena, P_("%u WARNING", "%u WARNINGS", n), n), _("WARNING: "),
                 &k->warnings, 4);
    name_all(b, _("WARNING: "), &k->warnings);
    if (!model_fetched(k->m, str_of(k->who->chart), STR("cover"), &missing, NULL, NULL)) {
        piece(p, _("Flags NOT FETCHED"));
        add_line(b, _("Flags and consents unavailable - NOT FETCHED"));
    }
    buf_fini(&missing);
}

/* Stands for the brief words of the part before: forms, each longer than the last. */
static void widen_by(struct pieces *p, struct text *forms, unsigned n)
{
    struct model_part *last = &p->s[p->n - 1];

    last->instead = true;
    last->name = forms;
    last->names = n;
    last->turn = 1;
}

/* REQ: nobody writes into a record that was merged away; the one to use is named. */
static void add_replaced(struct model *m, const struct tape *t, const struct model_person *who,
                         struct model_banner *b, struct pieces *p)
{
    struct model_other to, old;
    struct text *forms;

    if (model_linked_patient(m, who, t, "replaced-by", &b->arena, &to)) {
        piece(p, _("REPLACED - write nothing here"));
        if ((forms = arena_alloc(&b->arena, 2 * sizeof *forms))) {
            /* TRANSLATORS: behind the colon the record to be used instead */
            forms[0] = text_own(
                arena_fmt(&b->arena, _("REPLACED - write nothing here: %s"), to.number.s));
            forms[1] = text_own(
                arena_fmt(&b->arena, _("REPLACED - write nothing here: %s"), to.words.s));
            widen_by(p, forms, 2);
        }
        add_line(b, arena_fmt(&b->arena,
                              _("REPLACED - write nothing here: merged into another record, use %s"),
                              to.words.s));
    }
    if (model_linked_patient(m, who, t, "replaces", &b->arena, &old))
        add_line(b, arena_fmt(&b->arena, _("Replaces %s"), old.number.s));
}

static void add_death(const struct model_person *who, struct model_banner *b, struct pieces *p)
{
    struct text *whole;

    if (!who->dead)
        return;
    piece(p, died_words(who, &b->arena, false));
    if ((whole = arena_alloc(&b->arena, sizeof *whole))) {
        *whole = text_own(died_words(who, &b->arena, true));
        widen_by(p, whole, 1);
        add_line(b, whole->s);
    }
}

static void add_labels(const struct tape *t, const struct model_person *who, struct model_banner *b,
                       struct pieces *p)
{
    char c = fhir_confidentiality(t);
    /* The row has no room for what goes without saying. */
    bool merged = p->n && p->s[0].instead;
    const struct {
        bool is;
        const char *brief, *line;
    } labels[] = {
        {model_is_test(t), N_("TEST PATIENT"), N_("TEST PATIENT: made up, not a real person")},
        {who->file, N_("FROM FILE"), N_("FROM FILE, NOT ON SERVER")},
        {c == 'V', N_("very restricted"), N_("very restricted record")},
        {c == 'R', N_("restricted"), N_("restricted record")},
        {tape_is(t, tape_get(t, 0, "active"), TAPE_FALSE), merged ? NULL : N_("INACTIVE"), N_("INACTIVE record")},
        {fhir_unknown_modifier(t), N_("unknown modifier"),
         N_("CAUTION, unknown modifier, meaning may change")},
    };

    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (labels[i].is) {
            if (labels[i].brief)
                piece(p, _(labels[i].brief));
            add_line(b, _(labels[i].line));
        }
}

static void add_left(struct model *m, const struct model_person *who, struct model_banner *b, struct pieces *p)
{
    int64_t until_ms;
    const char *words = model_left_words(m, str_of(who->chart), &until_ms, &b->arena);
    char when[DATE_TEXT_MAX];
    struct date day;

    if (!words)
        return;
    day = date_today(until_ms);
    date_text(&day, when);
    piece(p, words);
    /* TRANSLATORS: "not in the list since (a date)"; another date */
    add_line(b, arena_fmt(&b->arena, _("%s: no longer synced, kept on this device until %s"), words, when));
}

/* --- rows for the screen ---------------------------------------------------------------------- */

/* In at most cols columns; what is cut ends in a mark, and stands whole in the lines. */
static const char *within(struct arena *a, const char *s, unsigned cols)
{
    struct str safe = str_of(s);

    return text_cols(safe) <= cols ? s : arena_fmt(a, "%.*s [+]", (int)text_fit(safe, cols - 4), s);
}

/* REQ: birth date, gender and number keep their places, however long the name is; a name that does not fit ends in a
 * mark, and stands whole in line[0]; one that stands there in other letters than its own, or in none, says so. */
static void first_row(struct model_banner *b, unsigned cols, const struct tape *t,
                      const struct model_person *who, const char *born, const char *sex)
{
    const char *number = number_words(t, who->now_ms, &b->arena, UINT_MAX, true);
    const char *brief = number_words(t, who->now_ms, &b->arena, 20, true);
    const char *least = number_words(t, who->now_ms, &b->arena, 13, false);
    /* TRANSLATORS: the banner's first row behind the name, from wide to narrow */
    const char *const forms[] = {
        arena_fmt(&b->arena, _("  Born %s  Gender %s  ID No. %s"), born, sex, number),
        arena_fmt(&b->arena, _(" Born %s Gender %s ID No. %s"), born, sex, number),
        arena_fmt(&b->arena, _(" Born %s Gender %s No. %s"), born, sex, number),
        arena_fmt(&b->arena, _(" Born %s Gender %s No. %s"), born, sex, brief),
        arena_fmt(&b->arena, _(" Born %s Gender %s No. %s"), within(&b->arena, born, 18), within(&b->arena, sex, 12),
                  least),
    };
    const struct text name = b->line[0];
    struct str head = {name.s, name.n};
    const char *rest = "", *mark = "", *note = glyph_note((struct str){name.s, name.n});
    unsigned used = 0, kinds = glyph_kinds(head);

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        rest = forms[i] ? forms[i] : "";
        used = text_cols(str_of(rest)) + text_cols(str_of(note));
        if (name.cols + used <= cols)
            break;
    }
    if (name.cols + used > cols && (kinds & (GLYPH_NUMBERED | GLYPH_WRITTEN)) == GLYPH_NUMBERED) {
        /* TRANSLATORS: in place of a name of which not one letter can be written, where its numbers have no room */
        const char *words = _("NAME NOT WRITABLE HERE");

        used -= text_cols(str_of(note));
        head = str_of(text_cols(str_of(words)) + 4 + used <= cols ? words : _("NOT WRITABLE"));
        mark = " [+]";
        note = "";
    } else if (name.cols + used > cols) {
        mark = " [+]";
        head.n = text_fit(head, cols > used + 10 ? cols - used - 4 : 6);
        while (head.n && (head.p[head.n - 1] == ' ' || head.p[head.n - 1] == ','))
            head.n--;
    }
    b->row[0] = text_own(arena_fmt(&b->arena, "%.*s%s%s%s", (int)head.n, head.p, mark, note, rest));
}

/* REQ: of a list that has not come whole the names that have are not said as all of them. */
static void add_allergies(struct model *m, const struct model_person *who, struct model_banner *b,
                          const struct model_allergens *names, const struct vec *only, struct pieces *p)
{
    const char *words = model_allergy_words(who->allergies), *label;
    bool known = who->allergies == MODEL_ALLERGIES_KNOWN, whole = true;
    struct buf missing;

    buf_init(&missing, 1024);
    if (known)
        whole = model_fetched(m, str_of(who->chart), STR("allergies"), &missing, NULL, NULL);
    buf_fini(&missing);

    b->allergies = who->allergies;
    if (who->allergies == MODEL_ALLERGIES_UNAVAILABLE)
        add_line(b, _("Allergies unavailable - NOT FETCHED"));
    else
        add_line(b, known ? model_allergens_words(names) : words);
    label = arena_fmt(&b->arena, "%s: ", words ? words : "");
    if (known && !only->n) /* inactive ones alone: counted */
        words = model_allergens_words(names);
    piece_of(p, words, label, only, 3);
    if (known && only->n && label && p->n && p->s[p->n - 1].brief == words)
        p->s[p->n - 1].counted = arena_fmt(&b->arena, "%s%zu", label, only->n);
    if (!whole) {
        piece(p, _("more may exist"));
        add_line(b, _("Allergies NOT FETCHED in full, more may exist"));
    }
}

/* "Weight 72 kg 05-Mar-2026": a weight without its day is no weight to dose by.
 * REQ: no name of an allergen or a flag is hidden while the weight stands in the row. */
static int add_weight(struct model *m, const struct model_person *who, struct model_banner *b, struct pieces *p,
                      struct err *e)
{
    struct model_weight w;
    const char *words;
    int code = model_weight(m, who, &b->arena, &w, e);

    if (code)
        return code;
    if (!w.value.n) {
        add_line(b, w.fetched   ? _("Weight not recorded")
                    : w.removed ? _("Weight unavailable - removed from this device")
                                : _("Weight unavailable - NOT FETCHED"));
        return ERR_OK;
    }
    words = arena_fmt(&b->arena, _("Weight %s %s"), w.value.s, w.date.s);
    if (w.unsent) /* REQ: a dose may be reckoned by it */
        words = arena_fmt(&b->arena, "%s %s", words ? words : "", _("NOT SENT"));
    piece(p, words);
    if (p->n && p->s[p->n - 1].brief == words)
        p->s[p->n - 1].yields = true;
    add_line(b, words);
    return ERR_OK;
}

static int count_conflict(void *arg, const struct store_op *op)
{
    *(int64_t *)arg += op->state == STORE_OP_CONFLICT;
    return ERR_OK;
}

static int add_conflicts(struct model *m, const struct model_person *who, struct model_banner *b, struct pieces *p,
                         struct err *e)
{
    int64_t n = 0;
    int code = store_op_each(m->store, &(struct store_op_query){.chart = str_of(who->chart)}, count_conflict, &n, e);

    if (code || !n)
        return code;
    piece(p, arena_fmt(&b->arena, P_("%lld CONFLICT", "%lld CONFLICTS", n), (long long)n));
    add_line(b, arena_fmt(&b->arena,
                          P_("CONFLICT: %lld change was made here and at the server, too; both stand in the chart",
                             "CONFLICTS: %lld changes were made here and at the server, too; both stand in the chart",
                             n),
                          (long long)n));
    return ERR_OK;
}

/* REQ: what stands here and not yet at the server is counted where nobody can miss it. */
static int add_unsent(struct model *m, const struct model_person *who, struct model_banner *b, struct pieces *p,
                      struct err *e)
{
    int64_t n = 0;
    int code = store_unsent(m->store, str_of(who->chart), &n, e);

    if (code || !n || (code = add_conflicts(m, who, b, p, e)))
        return code;
    piece(p, arena_fmt(&b->arena, _("%lld NOT SENT"), (long long)n));
    add_line(b, arena_fmt(&b->arena, P_("NOT SENT: %lld change that was made here is not at the server yet",
                                        "NOT SENT: %lld changes that were made here are not at the server yet", n),
                          (long long)n));
    return ERR_OK;
}

/* REQ: who is like another patient is marked here as on the worklist; the words say no more than is so. */
static int take_alike(void *arg, const struct store_patient *p)
{
    if (p->similar)
        *(const char **)arg =
            p->born_alike
                ? _("SIMILAR NAME: another patient here has a similar name and the same birth date or year; check the "
                    "number")
                : _("SIMILAR NAME: another patient here has the same name; check the birth date and the number");
    return ERR_OK;
}

static int compose(struct model *m, const struct tape *t, const struct model_person *who,
                   unsigned cols, const struct model_allergens *names, struct model_banner *b,
                   struct err *e)
{
    struct pieces p = {.a = &b->arena};
    struct marks k = {.who = who, .m = m, .a = &b->arena};
    struct vec only;
    const char *similar = NULL;
    int code = store_patient(m->store, str_of(who->chart), take_alike, &similar, e);
    const char *born = model_born_text(who, &b->arena).s, *sex = model_sex_text(who, &b->arena).s;

    if (!code || code == ERR_NOTFOUND)
        code = find_marks(&k, e);
    vec_init(&only, sizeof(struct text), names->all.max);
    VEC_EACH(const struct model_allergen, x, &names->all)
    {
        struct text *name = vec_push(&only);

        if (name)
            *name = x->name;
        else
            b->arena.failed = true;
    }
    add_line(b, model_name_text(t, who->now_ms, &b->arena).s);
    add_line(b, arena_fmt(&b->arena, _("Born %s"), born));
    add_line(b, arena_fmt(&b->arena, _("Gender %s"), sex));
    add_line(b, all_numbers(t, who->now_ms, &b->arena));
    b->deceased = who->dead;
    add_replaced(m, t, who, b, &p);
    add_allergies(m, who, b, names, &only, &p);
    k.posted[POSTING_ALLERGY] = who->allergies == MODEL_ALLERGIES_KNOWN;
    add_postings(b, &k, &p);
    if (!code)
        code = add_unsent(m, who, b, &p, e);
    add_death(who, b, &p);
    add_marks(b, &k, &p);
    if (!code)
        code = add_weight(m, who, b, &p, e);
    if (similar) {
        if (!p.n || !p.s[0].instead) /* a replaced record names the other one */
            piece(&p, _("SIMILAR NAME"));
        add_line(b, similar);
    }
    add_left(m, who, b, &p);
    add_labels(t, who, b, &p);
    first_row(b, cols, t, who, born, sex);
    b->row[1] = model_strip(&b->arena, p.s, p.n, cols);
    vec_fini(&k.directives);
    vec_fini(&k.warnings);
    vec_fini(&only);
    return code;
}

int model_banner(struct model *m, struct str chart, unsigned cols, struct model_banner *out,
                 struct err *e)
{
    struct model_person who;
    struct model_allergens names;
    struct buf raw;
    struct tape t;
    int code;

    memset(out, 0, sizeof *out);
    arena_init(&out->arena, 4 * LIMIT_RESOURCE_BYTES);
    if ((code = model_patient_open(m, chart, &raw, &t, e)))
        return code;
    model_allergens_init(&names, &out->arena);
    model_person_read(m, chart, &t, &out->arena, &who);
    memcpy(out->chart, who.chart, sizeof out->chart);
    code = model_allergy_state(m, chart, &who.allergies, &names, e);
    if (!code)
        code = compose(m, &t, &who, cols < 80 ? 80 : cols, &names, out, e);
    if (!code && out->arena.failed)
        code = err_set(e, ERR_NOMEM, 0, 0, "banner");
    model_allergens_fini(&names);
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
