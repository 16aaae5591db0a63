/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The typed dose line. REQ: what has two readings is asked (tests/forms/ambiguous.tsv); 1,000 random Dosages are said in
 * three languages and read back the same; of 1,000 typed lines the same, and no number of theirs is lost; whatever is
 * typed, each token is used, asked about or named. Kills tests/mutants: sig-first-reading, sig-zero-unasked,
 * sig-unknown-dropped, sig-old-weight, sig-range-lost, sig-divisor-dropped, sig-week-a-rate.
 */
#include "config.h"

#include <stdlib.h>

#include "tests/unit.h"

#include "base/intl.h"
#include "base/mem.h"
#include "base/rng.h"
#include "model/sig.h"

#define DOSAGES 1000
#define LINES 1000

static struct sig_words *words[3];
static const char *const languages[] = {"en", "es", "fr"};
enum { EN, ES, FR };

static const char *below(const char *root, const char *sub)
{
    static char path[1200];
    const char *top = getenv(root);

    snprintf(path, sizeof path, "%s/%s", top ? top : ".", sub);
    return path;
}

/* Speaks a language; false where it has no catalogue (a tree in which nothing but this test was built). */
static bool speak(int l)
{
    unsetenv("LC_ALL");
    unsetenv("LC_MESSAGES");
    setenv("LANG", l == EN ? "C.UTF-8" : l == ES ? "es_ES.UTF-8" : "fr_FR.UTF-8", 1);
    setenv("LANGUAGE", languages[l], 1);
    intl_start(below("top_builddir", "locale"));
    if (!strcmp(intl_language(), languages[l]))
        return true;
    unit_skip("no catalogue");
    return false;
}

static struct sig_env env(int l)
{
    struct sig_env e = {.words = words[l], .measure_days = 30};

    date_parse(STR("2026-11-30"), &e.today);
    return e;
}

static int load(void)
{
    for (int l = 0; l < 3; l++)
        if (model_sig_words_load(below("top_srcdir", "data/sig"), languages[l], &words[l], NULL))
            return 1;
    return 0;
}

static struct sig *read_with(const struct sig_env *e, const char *line, struct arena *a)
{
    struct sig *s = arena_alloc(a, sizeof *s);

    CU_ASSERT_EQUAL_FATAL(model_sig_read(e, str_of(arena_dup(a, line, strlen(line))), a, s, NULL), ERR_OK);
    return s;
}

static struct sig *read_line(int l, const char *line, struct arena *a)
{
    struct sig_env e = env(l);

    return read_with(&e, line, a);
}

static const char *json_of(const struct sig *s, struct arena *a)
{
    struct buf b;
    const char *out;

    buf_init(&b, 1 << 20);
    if (model_sig_dosages(s, &b, NULL))
        buf_clear(&b);
    out = arena_dup(a, b.p ? b.p : "", b.n);
    buf_fini(&b);
    return out;
}

static const char *say(const char *json, struct arena *a)
{
    struct tape t;
    struct buf b;
    const char *out;

    buf_init(&b, 1 << 20);
    CU_ASSERT_EQUAL_FATAL(tape_parse(&t, str_of(json), NULL), ERR_OK);
    model_sig_say(&t, 0, &b);
    CU_ASSERT_EQUAL(b.failed, ERR_OK);
    out = arena_dup(a, b.p ? b.p : "", b.n);
    tape_fini(&t);
    buf_fini(&b);
    return out;
}

static void tell(const struct sig *s)
{
    for (unsigned i = 0; i < s->asks; i++)
        printf("\n      asked '%.*s': %s", (int)s->ask[i].len, s->line.p + s->ask[i].off, model_sig_why_name(s->ask[i].why));
}

/* --- round trips ------------------------------------------------------------------------------ */

/* Says JSON in the language that is spoken, reads the words, and writes JSON again. */
static bool comes_back(int l, const char *json, struct arena *a)
{
    struct sig_env e = env(l);
    const char *said = say(json, a), *again;
    struct sig *s;

    e.said = e.no_drug = true;
    s = read_with(&e, said, a);
    again = json_of(s, a);
    if (!strcmp(json, again))
        return true;
    printf("\n    %s: '%s'\n    was %s\n    is  %s", languages[l], said, json, again);
    tell(s);
    return false;
}

static uint64_t seed;

static unsigned any(unsigned n)
{
    return (unsigned)(rng_splitmix(&seed) % n);
}

static bool maybe(unsigned percent)
{
    return any(100) < percent;
}

static struct str one_of(const char *const *list, unsigned n)
{
    return str_of(list[any(n)]);
}

#define ONE_OF(list) one_of(list, sizeof(list) / sizeof *(list))

static struct str value(void)
{
    static const char *const values[] = {"1", "2", "0.5", "500", "5.0", "1.0", "0.125", "1.125", "1500", "12345.678", "2.50", "1.000", "1000", "10.000", "250", "1000000", "0.1", "7.5", "1.250"};

    return ONE_OF(values);
}

static const char *const units[][2] = {{"mg", "mg"}, {"mcg", "ug"}, {"g", "g"}, {"mL", "mL"}, {"units", "[iU]"}, {"mEq", "meq"}, {"mmol", "mmol"}};
static const char *const forms[3][4][3] = {
    {{"tablet", "tablets", "{tablet}"}, {"drop", "drops", "{drop}"}, {"puff", "puffs", "{puff}"}, {"dose", "doses", "{dose}"}},
    {{"comprimido", "comprimidos", "{tablet}"}, {"gota", "gotas", "{drop}"}, {"inhalación", "inhalaciones", "{puff}"}, {"dosis", "dosis", "{dose}"}},
    {{"comprimé", "comprimés", "{tablet}"}, {"goutte", "gouttes", "{drop}"}, {"bouffée", "bouffées", "{puff}"}, {"prise", "prises", "{dose}"}}};

enum { UNITS = 7 + 4 };

static struct sig_quantity quantity(int l, int of)
{
    struct sig_quantity q = {.value = value()};

    if (of < 7) {
        q.unit = str_of(units[of][0]), q.code = str_of(units[of][1]);
    } else {
        const char *const *f = forms[l][of - 7];

        q.unit = str_of(f[strtod(q.value.p, NULL) > 1]);
        q.code = str_of(f[2]);
    }
    return q;
}

static void random_dose(int l, struct sig_dose *d)
{
    int of = (int)any(UNITS);

    d->low = quantity(l, of);
    d->range = maybe(25);
    if (d->range) {
        d->high = quantity(l, of);
        if (maybe(20))
            d->low = (struct sig_quantity){0};
    }
    d->calculated = maybe(10);
}

static void random_rate(struct sig_step *s)
{
    static const char *const per[][2] = {{"mL/h", "mL/h"}, {"mcg/kg/min", "ug/kg/min"}, {"units/h", "[iU]/h"}, {"mg/min", "mg/min"}, {"mg/wk", "mg/wk"}};
    unsigned k = any(5);

    if (maybe(30)) {
        s->rate_ratio.numerator = (struct sig_quantity){value(), STR("mL"), STR("mL")};
        s->rate_ratio.denominator = (struct sig_quantity){STR("8"), STR("h"), STR("h")};
        return;
    }
    s->rate.low = (struct sig_quantity){value(), str_of(per[k][0]), str_of(per[k][1])};
    if ((s->rate.range = maybe(25)))
        s->rate.high = (struct sig_quantity){value(), str_of(per[k][0]), str_of(per[k][1])};
}

static struct str count(void)
{
    static const char *const counts[] = {"1", "2", "3", "4", "5", "8", "12", "1500"};

    return ONE_OF(counts);
}

static void random_times(struct sig_repeat *r)
{
    static const char *const whens[] = {"MORN", "MORN.early", "MORN.late", "NOON", "AFT", "AFT.early", "AFT.late", "EVE", "EVE.early", "EVE.late", "NIGHT", "PHS", "HS",
                                        "WAKE", "C", "CM", "CD", "CV", "AC", "ACM", "ACD", "ACV", "PC", "PCM", "PCD", "PCV"};
    static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    static const char *const at[] = {"08:00:00", "12:30:00", "20:00:00", "23:59:00"};

    if (maybe(30)) {
        r->when[r->whens++] = ONE_OF(whens);
        if (maybe(30)) {
            r->when[1] = ONE_OF(whens);
            r->whens += !str_eq(r->when[0], r->when[1]);
        }
        if (str_starts(r->when[0], "AC") && maybe(50))
            r->offset = STR("30");
    } else if (maybe(20)) {
        r->at[r->ats++] = str_of(at[any(2)]);
        if (maybe(50))
            r->at[r->ats++] = str_of(at[2 + any(2)]);
    }
    if (maybe(15)) {
        unsigned d = any(6);

        r->day[r->days++] = str_of(days[d]);
        if (maybe(60))
            r->day[r->days++] = str_of(days[d + 1]);
    }
}

static void random_repeat(struct sig_repeat *r)
{
    static const char *const spans[] = {"s", "min", "h", "d", "wk", "mo", "a"};

    if (maybe(75)) {
        r->frequency = maybe(50) ? STR("1") : count();
        r->frequency_most = maybe(10) ? count() : STR("");
        r->period = maybe(50) ? STR("1") : count();
        r->period_most = maybe(10) ? count() : STR("");
        r->period_unit = ONE_OF(spans);
    }
    random_times(r);
    if (maybe(15)) {
        r->lasts = count();
        r->lasts_most = maybe(20) ? count() : STR("");
        r->lasts_unit = ONE_OF(spans);
    }
    if (maybe(15)) {
        r->count = count();
        r->count_most = maybe(20) ? count() : STR("");
    }
    if (maybe(50)) {
        r->bounds = count();
        r->bounds_most = maybe(20) ? count() : STR("");
        r->bounds_unit = ONE_OF(spans);
    } else if (maybe(10)) {
        r->from = maybe(70) ? STR("2026-12-01") : STR("");
        r->until = !r->from.n || maybe(70) ? STR("2027-02-03") : STR("");
    }
}

static void random_needed(int l, struct sig_step *s)
{
    static const char *const reasons[3][4] = {{"pain", "cough at night", "shortness of breath", "fever over 38.50"},
                                              {"dolor", "tos por la noche", "falta de aire", "fiebre de más de 38,5"},
                                              {"douleur", "toux la nuit", "essoufflement", "fièvre de plus de 38,5"}};

    s->needed = (enum sig_needed)any(3);
    if (s->needed == SIG_AS_NEEDED_FOR)
        s->reason = ONE_OF(reasons[l]);
    if (maybe(60)) {
        s->most.numerator = quantity(l, (int)any(UNITS));
        s->most.denominator = maybe(50) ? (struct sig_quantity){STR("24"), STR("h"), STR("h")} : (struct sig_quantity){STR("1"), STR("d"), STR("d")};
    }
    if (maybe(10))
        s->most_once = quantity(l, (int)any(UNITS));
    if (maybe(10))
        s->most_ever = quantity(l, (int)any(UNITS));
}

static void random_step(int l, struct sig_step *s)
{
    static const struct {
        const char *code, *text[3];
    } routes[] = {{"PO", {"by mouth", "vía oral", "par voie orale"}},    {"IV", {"intravenous", "intravenosa", "intraveineuse"}},
                  {"SC", {"subcutaneous", "subcutánea", "sous-cutanée"}}, {"IH", {"by nebuliser", "nebulizada", "en nébulisation"}}};
    static const char *const sites[3][2] = {{"right eye", "left thigh"}, {"ojo derecho", "brazo izquierdo"}, {"œil droit", "bras gauche"}};
    static const char *const extras[3][2] = {{"with food", "do not crush"}, {"con agua", "en ayunas"}, {"à jeun", "avec de l'eau"}};

    *s = (struct sig_step){0};
    if (maybe(90))
        random_dose(l, &s->dose);
    else
        random_rate(s);
    if (maybe(80)) {
        unsigned k = any(4);

        s->route = (struct sig_concept){str_of(routes[k].text[l]), str_of(routes[k].code)};
    }
    if (maybe(10))
        s->site.text = ONE_OF(sites[l]);
    if (maybe(10))
        s->extra[s->extras++].text = ONE_OF(extras[l]);
    random_repeat(&s->repeat);
    if (maybe(35))
        random_needed(l, s);
    if (maybe(10))
        s->patient = l == EN ? STR("take it with the large glass, 2.50 each") : l == ES ? STR("tómelo con calma") : STR("à prendre au calme");
}

static void dosages(void)
{
    struct sig *s = mem_alloc(sizeof *s);
    unsigned bad = 0;

    seed = 7;
    for (int l = 0; l < 3; l++) {
        if (!speak(l))
            continue;
        for (unsigned i = 0; i < (DOSAGES + 2) / 3 && bad < 5; i++) {
            struct arena a;

            arena_init(&a, 8 * SIG_ARENA);
            s->steps = maybe(20) ? 2 + any(3) : 1;
            for (unsigned k = 0; k < s->steps; k++) {
                random_step(l, &s->step[k]);
                s->step[k].sequence = s->steps > 1 ? k + 1 : 0;
                if (k > 1 && maybe(30))
                    s->step[k].sequence = s->step[k - 1].sequence;
            }
            for (unsigned k = 2; k < s->steps; k++) /* without gaps */
                if (s->step[k].sequence > s->step[k - 1].sequence)
                    s->step[k].sequence = s->step[k - 1].sequence + 1;
            bad += !comes_back(l, json_of(s, &a), &a);
            arena_fini(&a);
        }
    }
    mem_free(s);
    CU_ASSERT_EQUAL(bad, 0);
    speak(EN);
}

/* --- typed lines ------------------------------------------------------------------------------ */

static const char *const typed[3][7][8] = {
    {{"amox", "vitamin B12", "co-trimoxazole", "insulin R", "ferrous sulfate", "paracetamol", "T4", "vitamin D3"},
     {"500 mg", "500mg", "1-2 tab", "0.125 mg", "10 units", "1/2 tab", "125 mg/5 mL, 7.5 mL", "1,000,000 units"},
     {"po", "p.o.", "orally", "iv", "SC", "by mouth", "per os", "sl"},
     {"tid", "b.i.d.", "q6h", "every 4-6 hours", "3x/day", "twice a day", "weekly", "once daily at bedtime"},
     {"x7d", "for 10 days", "5-7 d", "for 3 doses", "2 weeks", "until 2026-12-31", "7 days", "x 14 d"},
     {"prn pain max 4 g/24h", "as needed for fever max 3 g a day", "", "", "daw", "\"call 0722 if worse\"", "", "prn nausea max 8 mg in 12 hours"},
     {"#21 r2", "qty 30 refills 0", "no refills", "r1", "disp 100 mL r3", "#21 tablets 2 refills", "", "r0"}},
    {{"amoxicilina", "vitamina B12", "cotrimoxazol", "insulina", "hierro", "paracetamol", "metamizol", "enalapril"},
     {"500 mg", "0,5 mg", "1-2 comp", "0,125 mg", "10 unidades", "1/2 comp", "125 mg/5 mL, 7,5 mL", "1.000.000 unidades"},
     {"vo", "v.o.", "vía oral", "iv", "SC", "por vía oral", "im", "sl"},
     {"cada 8 horas", "c/8h", "3 veces al día", "cada 4-6 horas", "una vez al día", "cada noche", "cada semana", "dos veces al día antes de las comidas"},
     {"x7d", "durante 10 días", "5-7 d", "x 3 dosis", "2 semanas", "hasta 2026-12-31", "7 días", "x 14 d"},
     {"si precisa por dolor máx 4 g/24h", "si es necesario por fiebre máximo 3 g al día", "", "", "no sustituir", "\"llamar al 0722\"", "", "prn dolor máx 8 mg en 12 horas"},
     {"#21 r2", "cant 30 r0", "sin repeticiones", "r1", "cantidad 100 mL r3", "#21 comprimidos 2 repeticiones", "", "r0"}},
    {{"amoxicilline", "vitamine B12", "cotrimoxazole", "insuline", "fer", "paracétamol", "énalapril", "furosémide"},
     {"500 mg", "0,5 mg", "1-2 cp", "0,125 mg", "10 unités", "1/2 cp", "125 mg/5 mL, 7,5 mL", "1.000.000 unités"},
     {"po", "p.o.", "par voie orale", "iv", "SC", "per os", "im", "sl"},
     {"toutes les 8 heures", "ttes les 6h", "3 fois/j", "toutes les 4-6 heures", "une fois par jour", "chaque soir", "chaque semaine", "deux fois par jour avant les repas"},
     {"x7j", "pendant 10 jours", "5-7 j", "pendant 3 prises", "2 semaines", "jusqu'au 2026-12-31", "7 jours", "pdt 14 j"},
     {"si besoin pour douleur max 4 g/24h", "si besoin fièvre maximum 3 g par jour", "", "", "non substituable", "\"appeler le 0722\"", "", "prn nausée max 8 mg en 12 heures"},
     {"#21 r2", "qté 30 r0", "sans renouvellement", "r1", "quantité 100 mL r3", "#21 comprimés 2 renouvellements", "", "r0"}}};

/* The medicine first, then the parts in any order. */
static void random_line(int l, struct buf *out)
{
    unsigned order[] = {1, 2, 3, 4, 5, 6};

    buf_adds(out, typed[l][0][any(8)]);
    for (unsigned i = 5; i > 0; i--) {
        unsigned k = any(i + 1), was = order[i];

        order[i] = order[k];
        order[k] = was;
    }
    for (unsigned k = 1; order[0] > 4; k++) { /* "#3" behind a name is asked */
        unsigned was = order[k];

        order[k] = order[0];
        order[0] = was;
    }
    for (unsigned i = 0; i < 6; i++) {
        buf_adds(out, maybe(20) ? ", " : " ");
        buf_adds(out, typed[l][order[i]][any(8)]);
    }
}

/* Does a lexeme stand in a text as a number of its own? */
static bool has_number(const char *text, struct str n)
{
    for (const char *at = text; *at; at++)
        if (!strncmp(at, n.p, n.n) && !(at > text && strchr("0123456789.", at[-1])) && !strchr("0123456789", at[n.n]))
            return true;
    return false;
}

/* Is it of a fraction? 1/2 is 0.5; but the 10 of "mg/10 kg" is a number like any other. */
static bool of_fraction(struct str line, const struct sig_token *t)
{
    size_t at = t->off, end = t->off + t->len;

    return (at > 1 && line.p[at - 1] == '/' && strchr("0123456789", line.p[at - 2])) ||
           (end + 1 < line.n && line.p[end] == '/' && strchr("0123456789", line.p[end + 1]));
}

/* Each number of the line stands in what was made of it, with its digits. What a dose was computed of repeats the line,
 * and proves nothing. */
static bool numbers_stand(const struct sig *s, struct arena *a)
{
    struct buf b;
    const char *all;
    bool good = true;

    buf_init(&b, 1 << 20);
    CU_ASSERT_EQUAL(model_sig_request(s, &b, NULL), ERR_OK);
    buf_addf(&b, " %.*s", STR_ARG(s->strength));
    all = arena_dup(a, b.p, b.n);
    for (unsigned i = 0; i < s->tokens; i++) {
        const struct sig_token *t = &s->token[i];

        if (t->number && !of_fraction(s->line, t) && !has_number(all, t->value)) {
            printf("\n    '%.*s' of '%.*s' is lost: %s", (int)t->len, s->line.p + t->off, STR_ARG(s->line), all);
            good = false;
        }
    }
    buf_fini(&b);
    return good;
}

static bool all_named(const struct sig *s)
{
    bool good = true;

    for (unsigned i = 0; i < s->tokens; i++) {
        const struct sig_token *t = &s->token[i];

        if (t->use == SIG_UNREAD || ((t->use == SIG_ASKED || t->use == SIG_UNNAMED) && !s->asks)) {
            printf("\n    '%.*s' of '%.*s' is dropped", (int)t->len, s->line.p + t->off, STR_ARG(s->line));
            good = false;
        }
    }
    for (unsigned i = 0; i < s->asks; i++)
        good = good && s->ask[i].off + s->ask[i].len <= s->line.n;
    return good;
}

static void lines(void)
{
    unsigned bad = 0;

    seed = 11;
    for (int l = 0; l < 3; l++) {
        if (!speak(l))
            continue;
        for (unsigned i = 0; i < (LINES + 2) / 3 && bad < 5; i++) {
            struct arena a;
            struct buf b;
            struct sig *s;

            arena_init(&a, 8 * SIG_ARENA);
            buf_init(&b, SIG_LINE_BYTES);
            random_line(l, &b);
            s = read_line(l, b.p, &a);
            if (s->asks) {
                printf("\n    %s: '%s'", languages[l], b.p);
                tell(s);
            }
            bad += s->asks || !all_named(s) || !numbers_stand(s, &a) || !comes_back(l, json_of(s, &a), &a);
            buf_fini(&b);
            arena_fini(&a);
        }
    }
    CU_ASSERT_EQUAL(bad, 0);
    speak(EN);
}

/* The same lines with slips of the hand: nothing is dropped without a word. */
static void slips(void)
{
    static const char *const junk[] = {"zork", "<", "5", "O", "--", "(", "0.50", "/", "mg", "\"", "1e3", "@", "qd", ",", "x", "\xe2\x82\xac", "1-2-3-4-5", "per"};
    unsigned bad = 0, asked = 0;

    seed = 13;
    for (unsigned i = 0; i < LINES && bad < 5; i++) {
        int l = (int)any(3);
        struct arena a;
        struct buf b, c;
        struct sig *s;
        size_t at;

        arena_init(&a, 8 * SIG_ARENA);
        buf_init(&b, SIG_LINE_BYTES);
        buf_init(&c, SIG_LINE_BYTES);
        random_line(l, &b);
        for (at = any((unsigned)b.n); at && b.p[at] != ' '; at--)
            ;
        buf_add(&c, b.p, at);
        buf_adds(&c, maybe(70) ? " " : "");
        buf_addstr(&c, ONE_OF(junk));
        buf_add(&c, b.p + at, b.n - at);
        s = read_line(l, c.p, &a);
        asked += s->asks > 0;
        bad += !all_named(s) || (!s->asks && !numbers_stand(s, &a));
        buf_fini(&c);
        buf_fini(&b);
        arena_fini(&a);
    }
    CU_ASSERT_EQUAL(bad, 0);
    CU_ASSERT(asked > LINES / 2);
}

/* --- what is asked ---------------------------------------------------------------------------- */

static bool asks_for(const struct sig *s, struct str why)
{
    for (unsigned i = 0; i < s->asks; i++)
        if (str_is(why, model_sig_why_name(s->ask[i].why)))
            return true;
    return false;
}

/* Any of its choices is an answer: what was asked is not asked again. */
static bool answers(int l, const struct sig *s, struct arena *a)
{
    for (unsigned i = 0; i < s->asks; i++)
        for (unsigned k = 0; k < s->ask[i].choices; k++) {
            struct buf b;
            struct sig *now;
            bool again = false;

            buf_init(&b, 2 * SIG_LINE_BYTES);
            CU_ASSERT_EQUAL(model_sig_answer(s, i, k, &b), ERR_OK);
            now = read_line(l, b.p, a);
            for (unsigned j = 0; j < now->asks; j++)
                again = again || (now->ask[j].off == s->ask[i].off && now->ask[j].why == s->ask[i].why);
            if (again || now->asks > s->asks) {
                printf("\n    '%s' is no answer to '%.*s' of '%.*s'", b.p, (int)s->ask[i].len, s->line.p + s->ask[i].off, STR_ARG(s->line));
                tell(now);
                buf_fini(&b);
                return false;
            }
            buf_fini(&b);
        }
    return true;
}

static void ambiguous(void)
{
    char room[512];
    unsigned n = 0, bad = 0;
    FILE *f = fopen(below("top_srcdir", "tests/forms/ambiguous.tsv"), "r");

    CU_ASSERT_FATAL(f != NULL);
    while (fgets(room, sizeof room, f)) {
        struct str rest = str_of(room), language = str_split(&rest, '\t'), why = str_split(&rest, '\t'), line = str_split(&rest, '\t');
        int l = str_is(language, "es") ? ES : str_is(language, "fr") ? FR : EN;
        struct arena a;
        struct buf b;
        struct sig *s;

        if (room[0] == '#')
            continue;
        arena_init(&a, 64 * SIG_ARENA);
        buf_init(&b, 1 << 16);
        s = read_line(l, arena_dup(&a, line.p, line.n), &a);
        n++;
        if (!asks_for(s, why) || model_sig_dosages(s, &b, NULL) != ERR_OPEN || b.n || !all_named(s)) {
            printf("\n    '%.*s' is not asked: %.*s", STR_ARG(line), STR_ARG(why));
            tell(s);
            bad++;
        } else
            bad += !answers(l, s, &a);
        buf_fini(&b);
        arena_fini(&a);
    }
    fclose(f);
    CU_ASSERT(n >= 60);
    CU_ASSERT_EQUAL(bad, 0);
}

/* The choices of the first question, a bar between: none puts two numbers together that are two, and a weekly dose is
 * offered as such. */
static void choices(void)
{
    static const struct {
        const char *line, *want;
    } rows[] = {
        {"heparin 10 000 units sc bid", "10000"},
        {"warfarin 1 2.5 mg po daily", ""},
        {"adrenaline 1000 0.5 mL im once", ""},
        {"digoxin 0.5 125 mcg po daily", ""},
        {"methotrexate 10 mg/week po", "10 mg weekly"},
        {"methotrexate 0.5 mg/kg/week po", "0.5 mg/kg/dose weekly"},
        {"methotrexate 0.5 mg/kg per 1 week po", "0.5 mg/kg/dose weekly"},
        {"amox 45 mg/kg per 1 d po bid", "45 mg/kg/dose|45 mg/kg/day"},
        {"ceftriaxone 1 g iv 4 doses", "1 g for 4 doses iv|1 g 4 times a day iv"},
        {"ceftriaxone 1 g iv q12h 4 doses", "1 g for 4 doses iv q12h"},
        {"paracetamol 15 mg/kg/dose 1 tab po q6h", "15 mg/kg/dose"},
        {"amoxicillin 500 mg po 2 tab tid", "500 mg tab, 2 tab po|500 mg po"}, /* what stands between is not lost */
        {"furosemide 40 NG bid", "nanograms|by nasogastric tube"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a;
        struct buf b;
        struct sig *s;

        arena_init(&a, 8 * SIG_ARENA);
        buf_init(&b, 1 << 12);
        s = read_line(EN, rows[i].line, &a);
        CU_ASSERT_FATAL(s->asks > 0);
        for (unsigned k = 0; k < s->ask[0].choices; k++)
            buf_addf(&b, "%s%.*s", k ? "|" : "", STR_ARG(str_trim(s->ask[0].choice[k])));
        UNIT_STR(b.p ? b.p : "", rows[i].want);
        buf_fini(&b);
        arena_fini(&a);
    }
}

/* --- facts ------------------------------------------------------------------------------------ */

static void reads_as(int l, const char *line, const char *want)
{
    struct arena a;
    struct sig *s;

    arena_init(&a, 8 * SIG_ARENA);
    s = read_line(l, line, &a);
    if (s->asks) {
        printf("\n    '%s'", line);
        tell(s);
    }
    CU_ASSERT_EQUAL(s->asks, 0);
    if (!s->asks)
        UNIT_STR(say(json_of(s, &a), &a), want);
    arena_fini(&a);
}

static void facts(void)
{
    reads_as(EN, "amox 500 mg po tid 7d prn fever max 4 g/24h #21 r2", "DOSE 500 mg - by mouth - 3 times a day, for 7 days - as needed for fever - maximum 4 g in 24 hours");
    reads_as(EN, "prednisone 40 mg po daily 5d then 20 mg daily 5d",
             "STEP 1: DOSE 40 mg - by mouth - once a day, for 5 days - then STEP 2: DOSE 20 mg - by mouth - once a day, for 5 days");
    reads_as(EN, "insulin 10 units sc am and 20 units at bedtime", "DOSE 10 units - subcutaneous - in the morning - AND ALSO: DOSE 20 units - subcutaneous - at bedtime");
    reads_as(EN, "morphine 5-10 mg po q4-6h prn pain max 60 mg/day", "DOSE 5 mg to 10 mg - by mouth - every 4 to 6 hours - as needed for pain - maximum 60 mg in 1 day");
    reads_as(EN, "methotrexate 15 mg po weekly on Monday", "DOSE 15 mg - by mouth - once a week, on Monday");
    reads_as(EN, "dopamine 5 mcg/kg/min iv", "RATE 5 mcg per kg per minute - intravenous");
    reads_as(ES, "paracetamol 0,5 g vo c/8h x 5 d", "DOSE 0.5 g - vía oral - every 8 hours, for 5 days");
    reads_as(EN, "dopamine rate 5 mL/h to 10 mL/h iv", "RATE 5 mL per hour to 10 mL per hour - intravenous");
    reads_as(EN, "lidocaine rate 10 mg/week iv", "RATE 10 mg per week - intravenous");
    reads_as(EN, "methotrexate 10 mg weekly po 4 weeks", "DOSE 10 mg - by mouth - once a week, for 4 weeks");
    reads_as(EN, "methotrexate 10 mg po twice a week on Monday and Thursday", "DOSE 10 mg - by mouth - twice a week, on Monday and Thursday");
    reads_as(EN, "metoprolol 25-50 mg po bid max 50 mg per dose", "DOSE 25 mg to 50 mg - by mouth - twice a day - maximum 50 mg each time");
    reads_as(EN, "metformin 500 mg tab 2 tab po bid", "DOSE 2 tablets - by mouth - twice a day");
    reads_as(EN, "calcitriol 250 nanograms po daily", "DOSE 250 nanograms - by mouth - once a day");
    /* doses are given like puffs; "for" so many of them is how long */
    reads_as(EN, "salbutamol 2 doses inhaled qid 7d", "DOSE 2 doses - inhaled - 4 times a day, for 7 days");
    reads_as(EN, "salbutamol 1 dose inhaled in the morning", "DOSE 1 dose - inhaled - in the morning");
    reads_as(EN, "salbutamol 2 doses inhaled prn wheeze max 8 doses/day", "DOSE 2 doses - inhaled - as needed for wheeze - maximum 8 doses in 1 day");
    reads_as(EN, "ceftriaxone 1 g iv q12h for 4 doses", "DOSE 1 g - intravenous - every 12 hours, 4 times in all");
    reads_as(ES, "salbutamol 2 dosis cada 6 horas 7 d", "DOSE 2 dosis - every 6 hours, for 7 days");
    reads_as(FR, "salbutamol 2 prises matin et soir 7 j", "DOSE 2 prises - in the morning and in the evening, for 7 days");
    reads_as(FR, "salbutamol 2 doses matin et soir 7 j", "DOSE 2 prises - in the morning and in the evening, for 7 days");
    /* a pattern says how often, too: at no other time of day */
    reads_as(FR, "amoxicilline 1-0-1 cp po", "DOSE 1 comprimé - par voie orale - twice a day, in the morning and in the evening");
    reads_as(EN, "amox morning 1-0-1 tab po", "DOSE 1 tablet - by mouth - twice a day, in the morning and in the evening");
}

static const char *sum_of(const char *line, struct arena *a)
{
    struct sig *s = read_line(EN, line, a);

    return arena_dup(a, s->sum.words.p, s->sum.words.n);
}

static void sums(void)
{
    struct arena a;

    arena_init(&a, 16 * SIG_ARENA);
    UNIT_STR(sum_of("amox 500 mg po tid 7d", &a), "3 a day x 7 days = 21");
    UNIT_STR(sum_of("amox 2 cap po q8h 7d", &a), "2 capsules x 3 a day x 7 days = 42 capsules");
    UNIT_STR(sum_of("amox 7.5 mL po bid 1 week", &a), "7.5 mL x 2 a day x 1 week = 105 mL");
    UNIT_STR(sum_of("zinc 1 tab po q5h 2 d", &a), "1 tablet x 1 / 5 hours x 2 days = 10 tablets");
    UNIT_STR(sum_of("pred 2 tab po daily 5d then 1 tab daily 5d", &a), "2 tablets x 1 a day x 5 days + 1 tablet x 1 a day x 5 days = 15 tablets");
    UNIT_STR(sum_of("alendronate 1 tab po weekly 2 months", &a), "not computed: months and years have no fixed number of days");
    UNIT_STR(sum_of("iron 1 tab po daily", &a), "not computed: it is not said how often, or for how long");
    CU_ASSERT(read_line(EN, "codeine 1-2 tab po q4-6h 5d prn pain max 20 tab/day", &a)->sum.most);
    UNIT_STR(sum_of("codeine 1-2 tab po q4-6h 5d prn pain max 20 tab/day", &a), "2 tablets x 6 a day x 5 days = 60 tablets");
    /* REQ: never more than the line's own maximum */
    CU_ASSERT(read_line(EN, "codeine 1-2 tab po q4-6h 5d prn pain max 8 tab/day", &a)->sum.most);
    UNIT_STR(sum_of("codeine 1-2 tab po q4-6h 5d prn pain max 8 tab/day", &a), "8 tablets a day x 5 days = 40 tablets");
    UNIT_STR(sum_of("codeine 1-2 tab po q4-6h 1 week prn pain max 12 tab/48 h", &a), "12 tablets / 48 hours x 1 week = 42 tablets");
    UNIT_STR(sum_of("codeine 1-2 tab po q4-6h 5d prn pain max 8 mL/day", &a), "2 tablets x 6 a day x 5 days = 60 tablets");
    UNIT_STR(sum_of("amox morning 1-0-1 tab po 7d", &a), "1 tablet x 2 a day x 7 days = 14 tablets"); /* the morning counts once */
    arena_fini(&a);
}

static struct sig *weighed(const char *line, const char *kg, const char *day, struct arena *a)
{
    struct sig_env e = env(EN);

    e.weight.value = str_of(kg);
    date_parse(str_of(day), &e.weight.date);
    return read_with(&e, line, a);
}

static void weights(void)
{
    static const char line[] = "gentamicin 7.5 mg/kg/day iv q8h 5d";
    static const char *const meals[] = {"amox 30 mg/kg/day po with meals 7d", "amox 30 mg/kg/day po before meals 7d", "amox 30 mg/kg/day po after meals 7d"};
    static const char *const divided[] = {"paracetamol 150 mg/10 kg/dose po q6h 3d r0", "ivermectin 1 tab/10 kg/dose po once", "amox 30 mg/kg/2 days po bid"};
    struct arena a;
    struct sig *s;

    arena_init(&a, 16 * SIG_ARENA);
    s = weighed(line, "12.4", "2026-11-20", &a);
    CU_ASSERT_EQUAL(s->asks, 0);
    UNIT_STR(say(json_of(s, &a), &a), "DOSE 31 mg (calculated) - intravenous - every 8 hours, for 5 days");
    UNIT_STR(arena_dup(&a, s->formula.p, s->formula.n), "7.5 mg/kg/day x 12.4 kg (20-Nov-2026) / 3 = 31 mg");
    CU_ASSERT(asks_for(weighed(line, "", "2026-11-20", &a), STR("no weight")));
    CU_ASSERT(asks_for(weighed(line, "12.4", "2025-09-30", &a), STR("old weight"))); /* 14 months */
    CU_ASSERT(asks_for(weighed(line, "12.4", "2026-10-30", &a), STR("old weight"))); /* 31 days */
    CU_ASSERT_EQUAL(weighed(line, "12.4", "2026-10-31", &a)->asks, 0);
    CU_ASSERT(asks_for(weighed(line, "12.4", "2026-12-01", &a), STR("old weight"))); /* ahead */
    CU_ASSERT(asks_for(weighed(line, "12.4", "2026-11", &a), STR("old weight")));    /* no day */
    CU_ASSERT(asks_for(weighed("gentamicin 5 mg/kg/day iv q8h", "10", "2026-11-20", &a), STR("inexact"))); /* 50 / 3 */
    for (size_t i = 0; i < sizeof meals / sizeof *meals; i++) /* a day's dose shared out over how many meals? */
        CU_ASSERT(asks_for(weighed(meals[i], "12", "2026-11-20", &a), STR("how often")));
    s = weighed("amox 30 mg/kg/day po tid with meals", "12", "2026-11-20", &a);
    CU_ASSERT_EQUAL(s->asks, 0);
    UNIT_STR(say(json_of(s, &a), &a), "DOSE 120 mg (calculated) - by mouth - 3 times a day, with meals");
    for (size_t i = 0; i < sizeof divided / sizeof *divided; i++) /* REQ: no number behind "/" is dropped */
        CU_ASSERT(asks_for(weighed(divided[i], "12", "2026-11-20", &a), STR("unknown")));
    CU_ASSERT(asks_for(weighed("methotrexate 0.5 mg/kg/week po", "12", "2026-11-20", &a), STR("two readings")));
    CU_ASSERT(asks_for(weighed("paracetamol 15 mg/kg/dose 1 tab po q6h", "12", "2026-11-20", &a), STR("strength")));
    CU_ASSERT(asks_for(weighed("ibuprofen 10 mg/kg/dose po q6h max 400 mg per dose", "50", "2026-11-20", &a), STR("twice"))); /* 500 mg */
    CU_ASSERT_EQUAL(weighed("ibuprofen 10 mg/kg/dose po q6h max 400 mg per dose", "40", "2026-11-20", &a)->asks, 0);
    CU_ASSERT(asks_for(weighed("gentamicin 7.5 mg/kg/day iv at 08:00 and 08:00 and 08:00", "12", "2026-11-20", &a), STR("twice")));
    arena_fini(&a);
}

static void lacking(void)
{
    struct arena a;

    arena_init(&a, 16 * SIG_ARENA);
    CU_ASSERT_EQUAL(read_line(EN, "500 mg", &a)->lacks, SIG_LACKS_DRUG | SIG_LACKS_ROUTE | SIG_LACKS_SCHEDULE | SIG_LACKS_REPEATS | SIG_LACKS_QUANTITY);
    CU_ASSERT(read_line(EN, "amox 500 mg po tid prn pain", &a)->lacks & SIG_LACKS_MAXIMUM);
    CU_ASSERT_EQUAL(read_line(EN, "amox 1 cap po tid 7d r0", &a)->lacks, 0);
    CU_ASSERT(read_line(EN, "pred 40 mg po daily then 20 mg daily 5d", &a)->lacks & SIG_LACKS_LENGTH);
    CU_ASSERT(read_line(EN, "insulin R 10 units sc ac", &a)->repeats.n == 0);
    arena_fini(&a);
}

/* What the caller knows: that the medicine is chosen, what it comes in, that a reason is wanted. */
static void surroundings(void)
{
    static const char *const comes_in[] = {"mg", "capsule", NULL};
    struct sig_env e = env(EN);
    struct arena a;
    struct sig *s;
    struct buf b;

    arena_init(&a, 16 * SIG_ARENA);
    e.no_drug = e.reason = true;
    e.unit = comes_in;
    CU_ASSERT(asks_for(read_with(&e, "amox 500 mg po tid", &a), STR("unknown")));
    s = read_with(&e, "500 po tid", &a);
    CU_ASSERT_EQUAL_FATAL(s->asks, 1);
    CU_ASSERT_EQUAL_FATAL(s->ask[0].choices, 2);
    UNIT_STR(arena_dup(&a, s->ask[0].choice[1].p, s->ask[0].choice[1].n), "500 capsule");
    CU_ASSERT(read_with(&e, "500 mg po tid prn max 2 g in 24 h", &a)->lacks & SIG_LACKS_REASON);
    s = read_with(&e, "500 mg po tid 7d #21 r2 daw \"with a glass\" stat", &a);
    CU_ASSERT(asks_for(s, STR("twice"))); /* stat is once */
    s = read_with(&e, "500 ug po tid 7d #21 r2 daw \"with a glass\"", &a);
    CU_ASSERT_EQUAL_FATAL(s->asks, 0);
    CU_ASSERT_EQUAL(s->remarks, 1);
    UNIT_STR(arena_dup(&a, s->remark[0].means.p, s->remark[0].means.n), "mcg");
    buf_init(&b, 1 << 16);
    CU_ASSERT_EQUAL(model_sig_request(s, &b, NULL), ERR_OK);
    UNIT_STR(b.p, "\"note\":[{\"text\":\"with a glass\"}],\"dosageInstruction\":[{\"timing\":{\"repeat\":{\"boundsDuration\":{\"value\":7,\"unit\":\"d\","
                  "\"system\":\"http://unitsofmeasure.org\",\"code\":\"d\"},\"frequency\":3,\"period\":1,\"periodUnit\":\"d\"},\"code\":{\"coding\":[{\"system\":"
                  "\"http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation\",\"code\":\"TID\"}]}},\"route\":{\"coding\":[{\"system\":"
                  "\"http://terminology.hl7.org/CodeSystem/v2-0162\",\"code\":\"PO\"}],\"text\":\"by mouth\"},\"doseAndRate\":[{\"doseQuantity\":{\"value\":500,"
                  "\"unit\":\"mcg\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"ug\"}}]}],\"dispenseRequest\":{\"numberOfRepeatsAllowed\":2,"
                  "\"quantity\":{\"value\":21}},\"substitution\":{\"allowedBoolean\":false}");
    buf_clear(&b);
    CU_ASSERT_EQUAL(model_sig_request(read_with(&e, "500 mg po tid 7d", &a), &b, NULL), ERR_OK);
    CU_ASSERT(!strstr(b.p, "dispenseRequest")); /* R4 ele-1: nothing is said of it, and so many doses are no quantity */
    buf_clear(&b);
    CU_ASSERT_EQUAL(model_sig_request(read_with(&e, "1 tab po tid 7d", &a), &b, NULL), ERR_OK);
    CU_ASSERT(strstr(b.p, "\"dispenseRequest\":{\"quantity\":{\"value\":21,") != NULL);
    buf_fini(&b);
    arena_fini(&a);
}

static void limits(void)
{
    char line[SIG_LINE_BYTES + 2];
    struct sig_env e = env(EN);
    struct arena a;
    struct sig *s;

    arena_init(&a, 16 * SIG_ARENA);
    s = arena_alloc(&a, sizeof *s);
    memset(line, 'a', sizeof line);
    CU_ASSERT_EQUAL(model_sig_read(&e, (struct str){line, SIG_LINE_BYTES + 1}, &a, s, NULL), ERR_TOOBIG);
    for (size_t i = 0; i < SIG_LINE_BYTES; i++)
        line[i] = i % 2 ? ' ' : '5'; /* more tokens than there is room for */
    CU_ASSERT_EQUAL(model_sig_read(&e, (struct str){line, SIG_LINE_BYTES}, &a, s, NULL), ERR_TOOBIG);
    CU_ASSERT_EQUAL(model_sig_read(&e, (struct str){line, 200}, &a, s, NULL), ERR_OK); /* more questions */
    CU_ASSERT_EQUAL(s->asks, SIG_ASKS);
    CU_ASSERT(asks_for(s, STR("too long")) && all_named(s));
    CU_ASSERT_EQUAL(model_sig_read(&e, STR("amox\x1b[2J 500 mg"), &a, s, NULL), ERR_INPUT);
    CU_ASSERT_EQUAL(model_sig_read(&e, STR("amox \xe2\x80\xae 500 mg"), &a, s, NULL), ERR_INPUT); /* right to left */
    CU_ASSERT_EQUAL(model_sig_read(&e, STR("amox \xff 500 mg"), &a, s, NULL), ERR_INPUT);
    CU_ASSERT_EQUAL(model_sig_read(&e, STR(""), &a, s, NULL), ERR_OK);
    arena_fini(&a);
}

/* A Dosage that has more than the table has words for is not whole when it is read back. */
static void from(void)
{
    static const struct {
        const char *json;
        bool whole;
    } rows[] = {
        {"[{\"timing\":{\"repeat\":{\"frequency\":2,\"period\":1,\"periodUnit\":\"d\"},\"code\":{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/"
         "v3-GTSAbbreviation\",\"code\":\"BID\"}]}},\"doseAndRate\":[{\"doseQuantity\":{\"value\":5.0,\"unit\":\"mg\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"mg\"}}]}]",
         true},
        {"[{\"sequence\":1,\"asNeededBoolean\":false,\"doseAndRate\":[{\"doseQuantity\":{\"value\":5.0,\"unit\":\"mg\",\"system\":\"http://unitsofmeasure.org\","
         "\"code\":\"mg\"}}]}]",
         true},
        {"[{\"asNeededBoolean\":true,\"doseAndRate\":[{\"doseQuantity\":{\"value\":5.0,\"unit\":\"mg\",\"system\":\"http://unitsofmeasure.org\","
         "\"code\":\"mg\"}}],\"extension\":[]}]",
         false},
        {"[{\"text\":\"one in the morning\"}]", false},
        {"[{\"doseAndRate\":[{\"doseQuantity\":{\"value\":5,\"unit\":\"mg\"}}]}]", false},
        {"[{\"doseAndRate\":[{\"doseQuantity\":{\"value\":5,\"unit\":\"furlongs\"}}]}]", false},
    };
    struct sig_env e = env(EN);

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a;
        struct tape t;
        struct sig *s;
        bool whole;

        arena_init(&a, 8 * SIG_ARENA);
        s = arena_alloc(&a, sizeof *s);
        CU_ASSERT_EQUAL_FATAL(tape_parse(&t, str_of(rows[i].json), NULL), ERR_OK);
        CU_ASSERT_EQUAL(model_sig_from(&e, &t, 0, &a, s, &whole, NULL), ERR_OK);
        CU_ASSERT_EQUAL(whole, rows[i].whole);
        tape_fini(&t);
        arena_fini(&a);
    }
}

/* An instruction without a blank is one long word, and grows when it is folded: free text, and no failure. */
static void long_word(void)
{
    struct sig_env e = env(EN);
    struct arena a;
    struct tape t;
    struct buf b;
    struct sig *s;
    bool whole = true;

    arena_init(&a, 8 * SIG_ARENA);
    buf_init(&b, 1 << 20);
    buf_adds(&b, "[{\"text\":\"");
    for (unsigned i = 0; i < 3000; i++)
        buf_adds(&b, "\xea\xb0\x81"); /* Hangul: three letters each */
    buf_adds(&b, "\"}]");
    s = arena_alloc(&a, sizeof *s);
    CU_ASSERT_EQUAL_FATAL(tape_parse(&t, buf_str(&b), NULL), ERR_OK);
    CU_ASSERT_EQUAL(model_sig_from(&e, &t, 0, &a, s, &whole, NULL), ERR_OK);
    CU_ASSERT(!whole);
    tape_fini(&t);
    buf_fini(&b);
    arena_fini(&a);
}

static const struct unit_test tests[] = {
    {"ambiguous.tsv: all is asked, each choice answers", ambiguous},
    {"1,000 Dosages said and read back", dosages},
    {"1,000 typed lines, no number lost", lines},
    {"slips: each token is used, asked or named", slips},
    {"no choice says something else", choices},
    {"facts", facts},
    {"the sum of what is dispensed", sums},
    {"a dose by weight refuses an old one", weights},
    {"what was not said is named", lacking},
    {"what the caller knows; the parts of a request", surroundings},
    {"limits", limits},
    {"a Dosage read back, or known as free text", from},
    {"one long word is free text", long_word},
};

int main(void)
{
    int failed;

    if (load()) {
        fprintf(stderr, "data/sig cannot be read\n");
        return 99;
    }
    failed = unit_main("sig", tests, sizeof tests / sizeof *tests);
    for (int l = 0; l < 3; l++)
        model_sig_words_free(words[l]);
    return failed;
}
