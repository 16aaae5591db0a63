/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The form engine: what was typed is taken, asked or refused, never guessed; what depends on it is computed, or says that
 * it cannot be; what is saved is what is shown. The forms that come with the program give the Bundles of tests/forms.
 * Kills tests/mutants: form-circle-opens, form-disabled-sent, form-thousands-guessed, form-beginning-completed,
 * form-failure-blank, form-unit-dropped, form-dose-counted.
 */
#include "config.h"

#include "tests/unit.h"

#include "base/limits.h"
#include "model/form.h"

#define HEAD "{\"resourceType\":\"Questionnaire\",\"url\":\"urn:test\",\"version\":\"1\",\"item\":["
#define FHIR "http://hl7.org/fhir/StructureDefinition/"
#define SDC "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"
#define PATH(e) "\"valueExpression\":{\"language\":\"text/fhirpath\",\"expression\":\"" e "\"}"
#define CALC(e) "\"extension\":[{\"url\":\"" SDC "calculatedExpression\"," PATH(e) "}]"

static int64_t still(void *arg)
{
    (void)arg;
    return INT64_C(1795442709000); /* 2026-11-23 */
}

static int east(void *arg, int64_t ms)
{
    (void)arg;
    return ms < INT64_C(1790000000000) ? 120 : 60; /* summer, winter */
}

struct bench {
    struct form *f;
    struct form_env env;
    struct clock clock;
    struct rng rng;
    uint64_t seed;
    struct form_findings found;
    struct form_reply reply;
    struct arena a;
    struct err e;
    int code;
    unsigned asked; /* of member_of */
};

static int member_of(void *arg, struct str set, struct str system, struct str code)
{
    struct bench *b = arg;

    (void)set;
    (void)system;
    b->asked++;
    return str_is(code, "yes");
}

static void begin(struct bench *b, const char *language)
{
    *b = (struct bench){.clock = {still, still, NULL}, .seed = 7, .e = ERR_NONE};
    b->rng = rng_seeded(&b->seed);
    b->env = (struct form_env){.clock = &b->clock, .rng = &b->rng, .zone_min = east, .language = language,
                               .arg = b, .member_of = member_of};
    arena_init(&b->a, 64u << 20);
    model_form_findings_init(&b->found);
}

static void with(struct bench *b, const char *bytes)
{
    b->code = model_form_open(str_of(bytes), &b->env, &b->f, &b->found, &b->e);
    if (b->code && b->found.n)
        return;
    CU_ASSERT_EQUAL_FATAL(b->code, ERR_OK);
}

static void end(struct bench *b)
{
    model_form_close(b->f);
    model_form_findings_fini(&b->found);
    arena_fini(&b->a);
}

static form_key key(struct bench *b, const char *name)
{
    return model_form_named(b->f, str_of(name));
}

static struct form_row row(struct bench *b, const char *name)
{
    struct form_row r;

    CU_ASSERT_EQUAL(model_form_row(b->f, key(b, name), &b->a, &r, &b->e), ERR_OK);
    return r;
}

static enum form_said put(struct bench *b, const char *name, const char *typed)
{
    CU_ASSERT_EQUAL(model_form_put(b->f, key(b, name), str_of(typed), 0, &b->a, &b->reply, &b->e), ERR_OK);
    return b->reply.said;
}

static bool shown(struct bench *b, const char *name)
{
    return model_form_index(b->f, key(b, name)) >= 0;
}

static const char *response(struct bench *b, unsigned flags)
{
    struct buf out;
    const char *s;

    buf_init(&out, LIMIT_RESOURCE_BYTES);
    CU_ASSERT_EQUAL(model_form_response(b->f, "in-progress", flags, &out, &b->e), ERR_OK);
    s = arena_dup(&b->a, out.p, out.n);
    buf_fini(&out);
    return s;
}

/* --- typed ------------------------------------------------------------------------------------- */

/* result: what stands there; "?a|b": asked, with those readings; "!": refused. */
struct typed {
    const char *language, *name, *typed, *result;
};

#define SCORED(words, score) "{\"valueString\":\"" words "\",\"extension\":[{\"url\":\"" FHIR "ordinalValue\",\"valueDecimal\":" score "}]}"
static const char all_kinds[] = HEAD
    "{\"linkId\":\"d\",\"type\":\"decimal\"},{\"linkId\":\"i\",\"type\":\"integer\"},{\"linkId\":\"b\",\"type\":\"boolean\"},"
    "{\"linkId\":\"date\",\"type\":\"date\"},{\"linkId\":\"dt\",\"type\":\"dateTime\"},{\"linkId\":\"t\",\"type\":\"time\"},"
    "{\"linkId\":\"s\",\"type\":\"string\"},{\"linkId\":\"u\",\"type\":\"url\"},"
    "{\"linkId\":\"text\",\"type\":\"text\"},"
    "{\"linkId\":\"q\",\"type\":\"quantity\",\"extension\":["
    "{\"url\":\"" FHIR "questionnaire-unitOption\",\"valueCoding\":{\"system\":\"http://unitsofmeasure.org\",\"code\":\"kg\",\"display\":\"kg\"}},"
    "{\"url\":\"" FHIR "questionnaire-unitOption\",\"valueCoding\":{\"system\":\"http://unitsofmeasure.org\",\"code\":\"[lb_av]\",\"display\":\"lb\"}}]},"
    "{\"linkId\":\"kg\",\"type\":\"decimal\",\"extension\":[{\"url\":\"" FHIR "questionnaire-unit\",\"valueCoding\":{\"code\":\"kg\"}}]},"
    "{\"linkId\":\"lbs\",\"type\":\"decimal\",\"extension\":[{\"url\":\"" FHIR "questionnaire-unitOption\",\"valueCoding\":{\"code\":\"kg\"}},"
    "{\"url\":\"" FHIR "questionnaire-unitOption\",\"valueCoding\":{\"code\":\"[lb_av]\",\"display\":\"lb\"}}]},"
    "{\"linkId\":\"c\",\"type\":\"choice\",\"answerOption\":[{\"valueCoding\":{\"code\":\"am\",\"display\":\"Amoxicillin\"}},"
    "{\"valueCoding\":{\"code\":\"ac\",\"display\":\"Amoxicillin and clavulanate\"}},{\"valueCoding\":{\"code\":\"x\",\"display\":\"2\"}}]},"
    "{\"linkId\":\"o\",\"type\":\"open-choice\",\"answerOption\":[{\"valueCoding\":{\"code\":\"y\",\"display\":\"Yellow\"}}]},"
    "{\"linkId\":\"dose\",\"type\":\"choice\",\"answerOption\":[{\"valueString\":\"1 mg\"},{\"valueString\":\"2 mg\"},"
    "{\"valueString\":\"2.5 mg\"},{\"valueString\":\"5 mg\"},{\"valueString\":\"7.5 mg\"},{\"valueString\":\"10 mg\"}]},"
    "{\"linkId\":\"score\",\"type\":\"choice\",\"answerOption\":[" SCORED("Not at all", "0") "," SCORED("Several days", "1") ","
    SCORED("Nearly every day", "3") "]},"
    "{\"linkId\":\"grade\",\"type\":\"choice\",\"answerOption\":[{\"valueString\":\"mild\",\"extension\":[{\"url\":\"" FHIR
    "questionnaire-optionPrefix\",\"valueString\":\"2)\"}]},{\"valueString\":\"severe\"}]}]}";

static const struct typed typings[] = {
    {"en", "d", "0.50", "0.50"},
    {"en", "d", "72.5", "72.5"},
    {"en", "d", "-3", "-3"},
    {"en", "d", "007", "7"},
    {"en", "d", "0.125", "0.125"},
    {"en", "d", "0.000", "0.000"},
    {"es", "d", "0,5", "0.5"},
    {"fr", "d", "12,25", "12.25"},
    {"en", "d", "0,5", "?0.5"},
    {"en", "d", "1.000", "?1000|1.000"},
    {"en", "d", "1,000", "?1000|1.000"},
    {"es", "d", "1.000", "?1000|1.000"},
    {"fr", "d", "1,000", "?1000|1.000"},
    {"en", "d", "12.345", "?12345|12.345"},
    {"en", "d", "1234.567", "1234.567"},
    {"en", "d", "1,000.5", "?1000.5"},
    {"es", "d", "1.000,5", "?1000.5"},
    {"fr", "d", "1 000", "?1000"},
    {"en", "d", ".5", "?0.5"},
    {"en", "d", "5.", "?5"},
    {"en", "d", "5.0", "5.0"},
    {"en", "d", "1e3", "!"},
    {"en", "d", "5 mg", "!"},
    {"en", "lbs", "150", "150"},
    {"en", "lbs", "150 lb", "!"}, /* two units, and a number has no place for which */
    {"en", "d", "five", "!"},
    {"en", "d", "1.2.3", "!"},
    {"en", "d", "1,00,000", "!"},
    {"en", "d", "--5", "!"},
    {"en", "i", "12", "12"},
    {"en", "i", "12.5", "!"},
    {"en", "i", "1.000", "?1000"},
    {"en", "i", "1,000,000", "?1000000"},
    {"en", "i", "2147483647", "2147483647"},
    {"en", "i", "-2147483648", "-2147483648"},
    {"en", "i", "2147483648", "!"}, /* no integer of FHIR: a server refuses the whole response */
    {"en", "b", "y", "Yes"},
    {"en", "b", "NO", "No"},
    {"en", "b", "1", "Yes"},
    {"en", "b", "maybe", "!"},
    {"en", "date", "2026", "2026"},
    {"en", "date", "2026-05", "May-2026"},
    {"en", "date", "2026-5-3", "03-May-2026"},
    {"en", "date", "3 May 2026", "03-May-2026"},
    {"en", "date", "3-may-2026", "03-May-2026"},
    {"en", "date", "May 2026", "May-2026"},
    {"en", "date", "May 3, 2026", "03-May-2026"},
    {"en", "date", "25/12/2026", "25-Dec-2026"},
    {"en", "date", "12/25/2026", "25-Dec-2026"},
    {"en", "date", "5/5/2026", "05-May-2026"},
    {"en", "date", "3/5/2026", "?03-May-2026|05-Mar-2026"},
    {"es", "date", "3/5/2026", "?03-May-2026|05-Mar-2026"},
    {"en", "date", "3/5/26", "!"},
    {"en", "date", "2026-02-30", "!"},
    {"en", "date", "2026-13", "!"},
    {"en", "date", "t", "23-Nov-2026"},
    {"en", "date", "t-30", "24-Oct-2026"},
    {"en", "date", "T+8", "01-Dec-2026"},
    {"en", "date", "yesterday", "!"},
    {"en", "t", "9:05", "09:05:00"},
    {"en", "t", "1405", "14:05:00"},
    {"en", "t", "24:00", "!"},
    {"en", "t", "25:00", "!"},
    {"en", "s", "  words ", "words"},
    {"en", "s", "two\nlines", "!"},
    {"en", "u", "https://a.b/c", "https://a.b/c"},
    {"en", "u", "a b", "!"},
    {"en", "q", "72 kg", "72 kg"},
    {"en", "q", "160lb", "160 lb"},
    {"en", "q", "72", "?72 kg|72 lb"},
    {"en", "q", "1.000 kg", "?1000 kg|1.000 kg"},
    {"en", "q", "1.000", "?1000 kg|1000 lb|1.000 kg|1.000 lb"},
    {"en", "q", "72 st", "!"},
    {"en", "kg", "72 kg", "72"},
    {"en", "kg", "160 lb", "!"},
    {"en", "c", "1", "Amoxicillin"},
    {"en", "c", "amoxicillin", "Amoxicillin"},
    {"en", "c", "ac", "Amoxicillin and clavulanate"},
    {"en", "c", "amox", "?Amoxicillin|Amoxicillin and clavulanate"},
    {"en", "c", "clav", "?Amoxicillin and clavulanate"},
    {"en", "c", "2", "?Amoxicillin and clavulanate|2"},
    {"en", "c", "ibu", "!"},
    {"en", "c", "9", "!"},
    {"en", "o", "Yellow", "Yellow"},
    {"en", "o", "yel", "?Yellow|own words: yel"},
    {"en", "o", "mauve", "mauve"},
    {"en", "dose", "5", "?7.5 mg|5 mg"}, /* the fifth, or the one of 5 mg */
    {"en", "dose", "2", "2 mg"},
    {"en", "dose", "3", "2.5 mg"},
    {"en", "dose", "10", "?10 mg"},
    {"en", "dose", "2.5 mg", "2.5 mg"},
    {"en", "score", "1", "?Not at all|Several days"}, /* the score stands on every printed sheet */
    {"en", "score", "2", "Several days"},
    {"en", "score", "3", "Nearly every day"},
    {"en", "grade", "2", "?severe|mild"},
};

static void as_typed(void)
{
    for (size_t i = 0; i < sizeof typings / sizeof *typings; i++) {
        const struct typed *t = &typings[i];
        struct bench b;
        enum form_said said;
        const char *got;

        begin(&b, t->language);
        with(&b, all_kinds);
        said = put(&b, t->name, t->typed);
        got = said == FORM_TAKEN ? row(&b, t->name).value.s : said == FORM_REFUSED ? "!" : "?";
        for (unsigned k = 0; k < b.reply.n && said == FORM_ASKED; k++)
            got = arena_fmt(&b.a, "%s%s%s", got, k ? "|" : "", b.reply.reading[k].words.s);
        if (strcmp(got, t->result))
            printf("\n    %s %s \"%s\" ", t->language, t->name, t->typed);
        UNIT_STR(got, t->result);
        if (said != FORM_TAKEN) {
            CU_ASSERT(b.reply.words.n > 0);
            CU_ASSERT(!row(&b, t->name).value.n); /* nothing was set */
        }
        for (unsigned k = 0; k < b.reply.n; k++) { /* each reading can be meant, and is what it says */
            struct form_reply more;

            CU_ASSERT(!model_form_put(b.f, key(&b, t->name), b.reply.reading[k].put, FORM_MEANT, &b.a, &more, &b.e));
            CU_ASSERT_EQUAL(more.said, FORM_TAKEN);
            if (!strstr(b.reply.reading[k].words.s, "own words"))
                UNIT_STR(row(&b, t->name).value.s, b.reply.reading[k].words.s);
        }
        if (said == FORM_TAKEN) { /* what an editor begins with gives the same again, or asks */
            struct form_row r = row(&b, t->name);

            said = put(&b, t->name, r.typed.s);
            CU_ASSERT(said == FORM_ASKED || (said == FORM_TAKEN && !strcmp(row(&b, t->name).value.s, r.value.s)));
        }
        end(&b);
    }
}

/* What is meant must be a reading that could have been given: no more is taken for it. */
static void meant(void)
{
    static const char *const rows[][2] = {{"d", "5."}, {"d", ".5"}, {"d", "0,5"}, {"i", "1.5"}, {"q", "5.|1"}, {"i", "9999999999"}};
    struct bench b;

    begin(&b, "en");
    with(&b, all_kinds);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT(!model_form_put(b.f, key(&b, rows[i][0]), str_of(rows[i][1]), FORM_MEANT, &b.a, &b.reply, &b.e));
        CU_ASSERT(b.reply.said != FORM_TAKEN && !row(&b, rows[i][0]).value.n);
    }
    CU_ASSERT(!model_form_put(b.f, key(&b, "d"), STR("1.000"), FORM_MEANT, &b.a, &b.reply, &b.e));
    UNIT_STR(row(&b, "d").value.s, "1.000");
    end(&b);
}

static void moments(void)
{
    struct bench b;

    begin(&b, "en");
    with(&b, all_kinds);
    CU_ASSERT_EQUAL(put(&b, "dt", "2026-11-20 14:05"), FORM_TAKEN);
    CU_ASSERT(strstr(response(&b, 0), "\"valueDateTime\":\"2026-11-20T14:05:00+01:00\"") != NULL);
    CU_ASSERT_EQUAL(put(&b, "dt", "3 July 2026 9:00"), FORM_TAKEN); /* its own zone, not today's */
    CU_ASSERT(strstr(response(&b, 0), "\"valueDateTime\":\"2026-07-03T09:00:00+02:00\"") != NULL);
    CU_ASSERT_EQUAL(put(&b, "dt", "2026-07"), FORM_TAKEN);
    CU_ASSERT(strstr(response(&b, 0), "\"valueDateTime\":\"2026-07\"") != NULL);
    CU_ASSERT_EQUAL(put(&b, "dt", "2026-07 9:00"), FORM_REFUSED);
    CU_ASSERT_EQUAL(put(&b, "dt", "2026-07-03 24:00"), FORM_REFUSED);
    CU_ASSERT_EQUAL(put(&b, "dt", "2026-11-20 00:00"), FORM_TAKEN); /* midnight stays what was typed, with its day */
    CU_ASSERT(strstr(response(&b, 0), "\"valueDateTime\":\"2026-11-20T00:00:00+01:00\"") != NULL);
    CU_ASSERT_EQUAL(put(&b, "dt", "n"), FORM_TAKEN);
    CU_ASSERT(strstr(response(&b, 0), "\"valueDateTime\":\"2026-11-23T") != NULL);
    end(&b);
}

/* --- conditions -------------------------------------------------------------------------------- */

static void conditions(void)
{
    struct bench b;

    begin(&b, "en");
    with(&b, HEAD
         "{\"linkId\":\"a\",\"type\":\"integer\"},"
         "{\"linkId\":\"g\",\"type\":\"group\",\"enableWhen\":[{\"question\":\"a\",\"operator\":\">\",\"answerInteger\":5}],"
         "\"item\":[{\"linkId\":\"x\",\"type\":\"string\"}]},"
         "{\"linkId\":\"y\",\"type\":\"string\",\"enableWhen\":[{\"question\":\"x\",\"operator\":\"exists\",\"answerBoolean\":true}]}]}");
    CU_ASSERT(!shown(&b, "x"));
    put(&b, "a", "7");
    CU_ASSERT_EQUAL(b.reply.more, 2);
    put(&b, "x", "kept");
    CU_ASSERT(shown(&b, "y"));
    put(&b, "y", "too");
    put(&b, "a", "3"); /* the group goes, and with it what depends on an answer in it */
    CU_ASSERT_EQUAL(b.reply.fewer, 3);
    CU_ASSERT(!shown(&b, "y"));
    CU_ASSERT(!strstr(response(&b, 0), "kept"));
    CU_ASSERT(!strstr(response(&b, 0), "too"));
    CU_ASSERT(strstr(response(&b, FORM_DRAFT), "kept") != NULL);
    put(&b, "a", "9");
    UNIT_STR(row(&b, "y").value.s, "too");
    end(&b);
}

/* What cannot be compared is asked, and says so: 0.5 g may well be 500 mg. */
static void conditions_in_doubt(void)
{
#define UNTIL(link, question, op, answer) "{\"linkId\":\"" link "\",\"type\":\"string\",\"enableWhen\":[{\"question\":\"" question \
                                          "\",\"operator\":\"" op "\"," answer "}]}"
#define MG(value) "\"answerQuantity\":{\"value\":" value ",\"unit\":\"mg\"}"
    static const struct {
        const char *question, *typed, *shown, *doubted; /* of those below: a letter each */
    } rows[] = {
        {"dose", "500 mg", "ed", ""},  {"dose", "500.0 mg", "ed", ""},      {"dose", "250 mg", "n", ""},
        {"dose", "0.5 g", "end", "end"}, {"dose", "500", "end", "end"},       {"day", "2026-05-03", "f", ""},
        {"day", "2026-05", "fg", "fg"},  {"day", "2026-05-04", "g", ""},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench b;

        begin(&b, "en");
        with(&b, HEAD "{\"linkId\":\"dose\",\"type\":\"quantity\"},{\"linkId\":\"day\",\"type\":\"date\"},"
                      UNTIL("e", "dose", "=", MG("500")) "," UNTIL("n", "dose", "!=", MG("500")) ","
                      UNTIL("d", "dose", ">=", MG("500")) ","
                      UNTIL("f", "day", "=", "\"answerDate\":\"2026-05-03\"") ","
                      UNTIL("g", "day", "!=", "\"answerDate\":\"2026-05-03\"") "]}");
        CU_ASSERT_EQUAL(put(&b, rows[i].question, rows[i].typed), FORM_TAKEN);
        for (const char *k = rows[i].question[1] == 'o' ? "end" : "fg"; *k; k++) {
            char name[2] = {*k, '\0'};

            if (shown(&b, name) != (strchr(rows[i].shown, *k) != NULL))
                printf("\n    %s: %s ", rows[i].typed, name);
            CU_ASSERT_EQUAL(shown(&b, name), strchr(rows[i].shown, *k) != NULL);
            CU_ASSERT_EQUAL(row(&b, name).trouble.n > 0, strchr(rows[i].doubted, *k) != NULL);
        }
        end(&b);
    }
}

/* A repeat asks about itself. */
static void conditions_in_repeats(void)
{
    struct bench b;

    begin(&b, "en");
    with(&b, HEAD "{\"linkId\":\"r\",\"type\":\"group\",\"repeats\":true,\"item\":[{\"linkId\":\"k\",\"type\":\"boolean\"},"
                  "{\"linkId\":\"v\",\"type\":\"string\",\"enableWhen\":[{\"question\":\"k\",\"operator\":\"=\",\"answerBoolean\":true}]}]}]}");
    CU_ASSERT(!model_form_add(b.f, key(&b, "r"), &b.a, &b.reply, &b.e));
    put(&b, "k#2", "y");
    CU_ASSERT(!shown(&b, "v#1"));
    CU_ASSERT(shown(&b, "v#2"));
    end(&b);
}

/* --- repeats and keys --------------------------------------------------------------------------- */

static void repeats(void)
{
    struct bench b;
    form_key second, third;
    struct form_row r;

    begin(&b, "en");
    with(&b, HEAD "{\"linkId\":\"m\",\"type\":\"string\",\"repeats\":true,\"extension\":[{\"url\":\"" FHIR
                  "questionnaire-maxOccurs\",\"valueInteger\":3}]}]}");
    put(&b, "m", "one");
    CU_ASSERT(!model_form_add(b.f, key(&b, "m"), &b.a, &b.reply, &b.e));
    second = b.reply.key;
    CU_ASSERT(!model_form_add(b.f, key(&b, "m"), &b.a, &b.reply, &b.e));
    third = b.reply.key;
    put(&b, "m#3", "three");
    CU_ASSERT(!model_form_add(b.f, second, &b.a, &b.reply, &b.e));
    CU_ASSERT_EQUAL(b.reply.said, FORM_REFUSED);
    r = row(&b, "m#2");
    CU_ASSERT(r.nth == 2 && r.count == 3 && !r.can_add && r.can_remove);
    CU_ASSERT(!model_form_remove(b.f, second, &b.a, &b.reply, &b.e));
    CU_ASSERT_EQUAL(key(&b, "m#2"), third); /* the key stays, its number has changed */
    CU_ASSERT_EQUAL(model_form_row(b.f, second, &b.a, &r, &b.e), ERR_NOTFOUND);
    UNIT_STR(row(&b, "m#2").value.s, "three");
    CU_ASSERT(!model_form_remove(b.f, third, &b.a, &b.reply, &b.e));
    CU_ASSERT(!model_form_remove(b.f, key(&b, "m"), &b.a, &b.reply, &b.e));
    CU_ASSERT_EQUAL(model_form_rows(b.f), 1);
    CU_ASSERT(!row(&b, "m").value.n);
    end(&b);
}

static void boxes(void)
{
    struct bench b;

    begin(&b, "en");
    with(&b, HEAD "{\"linkId\":\"c\",\"type\":\"choice\",\"repeats\":true,\"answerOption\":[{\"valueString\":\"fever\"},"
                  "{\"valueString\":\"cough\"},{\"valueString\":\"none\",\"extension\":[{\"url\":\"" FHIR
                  "questionnaire-optionExclusive\",\"valueBoolean\":true}]}]}]}");
    for (unsigned n = 1; n <= 2; n++)
        CU_ASSERT(!model_form_toggle(b.f, key(&b, "c"), n, &b.a, &b.reply, &b.e));
    CU_ASSERT(strstr(response(&b, 0), "[{\"valueString\":\"fever\"},{\"valueString\":\"cough\"}]") != NULL);
    CU_ASSERT(!model_form_toggle(b.f, key(&b, "c"), 3, &b.a, &b.reply, &b.e)); /* shuts out the others */
    CU_ASSERT(strstr(response(&b, 0), "[{\"valueString\":\"none\"}]") != NULL);
    CU_ASSERT(!model_form_toggle(b.f, key(&b, "c"), 1, &b.a, &b.reply, &b.e)); /* and is shut out */
    CU_ASSERT(strstr(response(&b, 0), "[{\"valueString\":\"fever\"}]") != NULL);
    CU_ASSERT(!model_form_toggle(b.f, key(&b, "c"), 1, &b.a, &b.reply, &b.e));
    CU_ASSERT(!strstr(response(&b, 0), "answer"));
    end(&b);
}

/* An editor of several lines begins with what was saved. */
static void lines(void)
{
    struct bench b;
    struct form_row r;

    begin(&b, "en");
    with(&b, all_kinds);
    CU_ASSERT_EQUAL(put(&b, "text", "one\n  two\n"), FORM_TAKEN);
    r = row(&b, "text");
    CU_ASSERT(str_is(r.raw, "one\n  two\n"));
    CU_ASSERT(!strchr(r.value.s, '\n'));
    CU_ASSERT(strstr(response(&b, 0), "one\\n  two\\n") != NULL);
    end(&b);
}

static void unit_keys(void)
{
    struct bench b;

    begin(&b, "en");
    with(&b, all_kinds);
    CU_ASSERT(!model_form_unit(b.f, key(&b, "q"), 1, &b.a, &b.reply, &b.e));
    UNIT_STR(row(&b, "q").unit.s, "kg");
    UNIT_STR(row(&b, "q").unit_list.s, "kg, lb");
    put(&b, "q", "72.50");
    CU_ASSERT(!model_form_unit(b.f, key(&b, "q"), 1, &b.a, &b.reply, &b.e));
    UNIT_STR(row(&b, "q").value.s, "72.50 lb"); /* the number is what somebody read off: it stays */
    CU_ASSERT(!model_form_unit(b.f, key(&b, "q"), 1, &b.a, &b.reply, &b.e));
    UNIT_STR(row(&b, "q").value.s, "72.50 kg");
    end(&b);
}

/* Units without a code are told apart by their words, and one that is none of them is not the one before it. */
static void units_in_words(void)
{
#define IN_WORDS(unit) "{\"url\":\"" FHIR "questionnaire-unitOption\",\"valueCoding\":{\"display\":\"" unit "\"}}"
    struct bench b;

    begin(&b, "en");
    with(&b, HEAD "{\"linkId\":\"w\",\"type\":\"quantity\",\"extension\":[" IN_WORDS("kg") "," IN_WORDS("lb") ",{\"url\":\"" FHIR
                  "questionnaire-unitOpen\",\"valueCode\":\"optionsOrString\"}]}]}");
    CU_ASSERT_EQUAL(model_form_resume(b.f, STR("{\"resourceType\":\"QuestionnaireResponse\",\"questionnaire\":\"urn:test|1\",\"item\":["
                                               "{\"linkId\":\"w\",\"answer\":[{\"valueQuantity\":{\"value\":72,\"unit\":\"kg\"}}]}]}"),
                                      &b.e), ERR_OK);
    UNIT_STR(row(&b, "w").unit.s, "kg");
    CU_ASSERT_EQUAL(put(&b, "w", "73"), FORM_TAKEN);
    UNIT_STR(row(&b, "w").value.s, "73 kg");
    CU_ASSERT_EQUAL(put(&b, "w", "5 stone"), FORM_TAKEN);
    UNIT_STR(row(&b, "w").value.s, "5 stone");
    UNIT_STR(row(&b, "w").unit.s, "");
    CU_ASSERT_EQUAL(put(&b, "w", "6"), FORM_ASKED); /* of what? */
    end(&b);
}

/* --- computing ---------------------------------------------------------------------------------- */

/* Options that are computed go with the answers that they were computed from; what was chosen of them stays. */
static void computed_options(void)
{
#define OPTIONS "{\"url\":\"" SDC "answerExpression\"," PATH("%resource.item.where(linkId='dx').answer.value | 'Chickenpox' | 'Erysipelas'") "}"
    struct bench b;

    begin(&b, "en");
    with(&b, HEAD "{\"linkId\":\"dx\",\"type\":\"string\"},"
                  "{\"linkId\":\"pick\",\"type\":\"open-choice\",\"repeats\":true,\"extension\":[" OPTIONS "]},"
                  "{\"linkId\":\"n\",\"type\":\"integer\"," CALC("%resource.item.where(linkId='pick').answer.count()") "},"
                  "{\"linkId\":\"first\",\"type\":\"open-choice\",\"repeats\":true,\"extension\":[" OPTIONS ",{\"url\":\"" SDC
                  "initialExpression\"," PATH("'Chickenpox' | 'Erysipelas' | 'Scarlet fever'") "}]},"
                  "{\"linkId\":\"all\",\"type\":\"open-choice\",\"repeats\":true,\"extension\":[" OPTIONS ",{\"url\":\"" SDC
                  "calculatedExpression\"," PATH("'Erysipelas' | %resource.item.where(linkId='dx').answer.value") "}]}]}");
    CU_ASSERT(strstr(response(&b, 0), "[{\"valueString\":\"Chickenpox\"},{\"valueString\":\"Erysipelas\"},"
                                      "{\"valueString\":\"Scarlet fever\"}]") != NULL);
    CU_ASSERT_EQUAL(put(&b, "dx", "Measles, as far as can be said"), FORM_TAKEN);
    CU_ASSERT(strstr(response(&b, 0), "[{\"valueString\":\"Erysipelas\"},{\"valueString\":\"Measles, as far as can be said\"}]") !=
              NULL);
    for (unsigned n = 1; n <= 3; n++)
        CU_ASSERT(!model_form_toggle(b.f, key(&b, "pick"), n, &b.a, &b.reply, &b.e) && b.reply.said == FORM_TAKEN);
    CU_ASSERT(strstr(response(&b, 0), "[{\"valueString\":\"Measles, as far as can be said\"},{\"valueString\":\"Chickenpox\"},"
                                      "{\"valueString\":\"Erysipelas\"}]") != NULL);
    UNIT_STR(row(&b, "n").value.s, "3");
    end(&b);
}

/* An amount is computed with the unit that it has: a word is no code, and none is none. */
static void computed_amounts(void)
{
#define OF(e) "%resource.item.where(linkId='" e "').answer.value"
    struct bench b;

    begin(&b, "en");
    with(&b, HEAD "{\"linkId\":\"h\",\"type\":\"quantity\"},{\"linkId\":\"twice\",\"type\":\"quantity\"," CALC(OF("h") " * 2") "},"
                  "{\"linkId\":\"m\",\"type\":\"quantity\"," CALC("2 'mg'") "},"
                  "{\"linkId\":\"kg\",\"type\":\"decimal\",\"extension\":[{\"url\":\"" FHIR "questionnaire-unit\",\"valueCoding\":"
                  "{\"code\":\"kg\"}},{\"url\":\"" SDC "calculatedExpression\"," PATH(OF("h")) "}]}]}");
    CU_ASSERT_EQUAL(put(&b, "h", "5 ft"), FORM_TAKEN);
    CU_ASSERT(strstr(response(&b, 0), "\"valueQuantity\":{\"value\":10,\"unit\":\"ft\"}") != NULL);
    CU_ASSERT(strstr(response(&b, 0), "{\"value\":2,\"unit\":\"mg\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"mg\"}") != NULL);
    CU_ASSERT(strstr(row(&b, "kg").trouble.s, "cannot compute") && !row(&b, "kg").value.n); /* 5 ft are not 5 kg */
    CU_ASSERT_EQUAL(put(&b, "h", "72"), FORM_TAKEN);
    UNIT_STR(row(&b, "twice").value.s, "144");
    CU_ASSERT(strstr(response(&b, 0), "\"valueQuantity\":{\"value\":144}") != NULL);
    CU_ASSERT_EQUAL(put(&b, "h", "2.50 kg"), FORM_TAKEN);
    UNIT_STR(row(&b, "kg").value.s, "2.50");
    end(&b);
}

/* Only what depends on the answer is computed. */
static void no_more_than_needed(void)
{
    struct bench b;
    unsigned before;

    begin(&b, "en");
    with(&b, HEAD
         "{\"linkId\":\"a\",\"type\":\"string\"},{\"linkId\":\"b\",\"type\":\"string\"},"
         "{\"linkId\":\"ca\",\"type\":\"boolean\"," CALC("%resource.item.where(linkId='a').answer.value.memberOf('u')") "},"
         "{\"linkId\":\"cb\",\"type\":\"boolean\"," CALC("%resource.item.where(linkId='b').answer.value.memberOf('u')") "}]}");
    put(&b, "a", "yes");
    before = b.asked;
    put(&b, "b", "no");
    CU_ASSERT_EQUAL(b.asked, before + 1);
    UNIT_STR(row(&b, "ca").value.s, "Yes");
    UNIT_STR(row(&b, "cb").value.s, "No");
    end(&b);
}

static void failures_show(void)
{
    struct bench b;
    struct form_row r;

    begin(&b, "en");
    with(&b, HEAD
         "{\"linkId\":\"a\",\"type\":\"integer\"},"
         "{\"linkId\":\"n\",\"type\":\"integer\"," CALC("%resource.item.where(linkId='a').answer.value + 'x'.toInteger() + %nobody") "},"
         "{\"linkId\":\"s\",\"type\":\"integer\",\"repeats\":false," CALC("1 | 2") "},"
         "{\"linkId\":\"e\",\"type\":\"string\",\"extension\":[{\"url\":\"" SDC "enableWhenExpression\"," PATH("%nobody") "}]}]}");
    r = row(&b, "n");
    CU_ASSERT(!r.value.n && strstr(r.trouble.s, "cannot compute") && r.nproblems);
    CU_ASSERT(strstr(row(&b, "s").trouble.s, "cannot compute") != NULL);
    CU_ASSERT(shown(&b, "e")); /* asked rather than lost, and said so */
    CU_ASSERT(strstr(row(&b, "e").trouble.s, "cannot compute") != NULL);
    end(&b);
    begin(&b, "en"); /* the sum of its group, to which it belongs */
    with(&b, HEAD "{\"linkId\":\"g\",\"type\":\"group\",\"item\":[{\"linkId\":\"x\",\"type\":\"integer\"},"
                  "{\"linkId\":\"t\",\"type\":\"integer\"," CALC("%resource.item.item.answer.value.sum() + 1") "}]}]}");
    put(&b, "x", "1");
    CU_ASSERT(strstr(row(&b, "t").trouble.s, "without end") != NULL);
    CU_ASSERT(!row(&b, "t").value.n);
    end(&b);
    begin(&b, "en"); /* asked while one answer is there: answered beside another it goes, and is back */
    with(&b, HEAD "{\"linkId\":\"a\",\"type\":\"string\",\"extension\":[{\"url\":\"" SDC "enableWhenExpression\","
                  PATH("%resource.item.answer.count() < 2") "}]},{\"linkId\":\"b\",\"type\":\"string\"}]}");
    put(&b, "a", "x");
    CU_ASSERT(shown(&b, "a") && !row(&b, "a").trouble.n);
    put(&b, "b", "y");
    CU_ASSERT_FATAL(shown(&b, "a"));
    CU_ASSERT(strstr(row(&b, "a").trouble.s, "without end") != NULL);
    put(&b, "a", "");
    CU_ASSERT(shown(&b, "a") && !row(&b, "a").trouble.n);
    end(&b);
}

/* Who only looks does not use up the memory of a computation. */
static void looked_at_for_long(void)
{
    struct bench b;
    struct form_row r;

    begin(&b, "en");
    with(&b, HEAD "{\"linkId\":\"a\",\"type\":\"string\",\"extension\":[{\"url\":\"" FHIR "targetConstraint\",\"extension\":["
                  "{\"url\":\"severity\",\"valueCode\":\"error\"},{\"url\":\"expression\"," PATH("'xxxxxxxxxx'.replace('x', 'xxxxxxxxxx')"
                  ".replace('x', 'xxxxxxxxxx').replace('x', 'xxxxxxxxxx').replace('x', 'xxxxx').length() > 0") "}]}]}]}");
    put(&b, "a", "x");
    for (int i = 0; i < 6000; i++) {
        struct arena a;

        arena_init(&a, 1u << 20);
        CU_ASSERT_FATAL(!model_form_row(b.f, key(&b, "a"), &a, &r, &b.e) && !r.nproblems);
        arena_fini(&a);
    }
    end(&b);
}

static void sums(void)
{
    struct bench b;

    begin(&b, "en");
    with(&b, HEAD
         "{\"linkId\":\"g\",\"type\":\"group\",\"extension\":[{\"url\":\"" FHIR "variable\",\"valueExpression\":{\"name\":\"all\","
         "\"language\":\"text/fhirpath\",\"expression\":\"item.where(linkId!='t' and linkId!='d').answer.value\"}}],\"item\":["
         "{\"linkId\":\"x\",\"type\":\"decimal\"},{\"linkId\":\"y\",\"type\":\"decimal\"},"
         "{\"linkId\":\"t\",\"type\":\"decimal\"," CALC("%all.sum()") "},"
         "{\"linkId\":\"d\",\"type\":\"decimal\",\"readOnly\":false," CALC("%resource.item.where(linkId='g').item.where(linkId='t').answer.value * 2") "}]}]}");
    put(&b, "x", "0.10");
    put(&b, "y", "0.20");
    UNIT_STR(row(&b, "t").value.s, "0.30");
    UNIT_STR(row(&b, "d").value.s, "0.60");
    CU_ASSERT(row(&b, "t").read_only && !row(&b, "d").read_only);
    CU_ASSERT_EQUAL(put(&b, "t", "5"), FORM_REFUSED);
    CU_ASSERT_EQUAL(put(&b, "d", "5"), FORM_TAKEN);
    put(&b, "x", "1");
    UNIT_STR(row(&b, "d").value.s, "5"); /* typed over: stays */
    CU_ASSERT(row(&b, "d").overridden);
    CU_ASSERT(!model_form_clear(b.f, key(&b, "d"), &b.a, &b.reply, &b.e));
    UNIT_STR(row(&b, "d").value.s, "2.40");
    end(&b);
}

/* An answer that is computed no more is in no sum; one that was typed over stays. */
static void sums_of_fewer(void)
{
    struct bench b;

    begin(&b, "en");
    with(&b, HEAD "{\"linkId\":\"n\",\"type\":\"integer\"},"
                  "{\"linkId\":\"a\",\"type\":\"integer\",\"repeats\":true,\"readOnly\":false,"
                  CALC("(5 | 7 | 9).where($this <= %resource.item.where(linkId='n').answer.value)") "},"
                  "{\"linkId\":\"c\",\"type\":\"integer\"," CALC("%resource.item.where(linkId='a').answer.value.sum()") "}]}");
    put(&b, "n", "9");
    UNIT_STR(row(&b, "c").value.s, "21");
    put(&b, "n", "8");
    UNIT_STR(row(&b, "c").value.s, "12");
    put(&b, "n", "9");
    CU_ASSERT_EQUAL(put(&b, "a#3", "100"), FORM_TAKEN);
    UNIT_STR(row(&b, "c").value.s, "112");
    put(&b, "n", "6");
    UNIT_STR(row(&b, "c").value.s, "105");
    CU_ASSERT(row(&b, "a#2").overridden);
    end(&b);
}

static void circles(void)
{
    static const struct {
        const char *form, *words;
    } rows[] = {
        {HEAD "{\"linkId\":\"a\",\"type\":\"integer\"," CALC("%resource.item.where(linkId='b').answer.value") "},"
              "{\"linkId\":\"b\",\"type\":\"integer\"," CALC("%resource.item.where(linkId='a').answer.value") "}]}",
         "\"b\" and \"a\" depend on each other."},
        {HEAD "{\"linkId\":\"a\",\"type\":\"string\",\"enableWhen\":[{\"question\":\"a\",\"operator\":\"exists\",\"answerBoolean\":true}]}]}",
         "\"a\" depends on itself."},
        {HEAD "{\"linkId\":\"g\",\"type\":\"group\",\"enableWhen\":[{\"question\":\"b\",\"operator\":\"exists\",\"answerBoolean\":true}],"
              "\"item\":[{\"linkId\":\"b\",\"type\":\"string\"}]}]}", "\"b\" and \"g\" depend on each other."},
        {HEAD "{\"linkId\":\"a\",\"type\":\"integer\"},{\"linkId\":\"a\",\"type\":\"integer\"}]}", "Two items have the linkId \"a\"."},
        {HEAD "{\"linkId\":\"a\",\"type\":\"integer\"," CALC("1 +") "}]}", "An expression of \"a\" is none"},
        {HEAD "{\"linkId\":\"a\",\"type\":\"integer\",\"extension\":[{\"url\":\"" SDC "calculatedExpression\",\"valueExpression\":"
              "{\"language\":\"text/cql\",\"expression\":\"1\"}}]}]}", "\"a\" is computed in CQL"},
        {HEAD "{\"linkId\":\"a\",\"type\":\"matrix\"}]}", "The item's type is none of R4."},
        {"{\"resourceType\":\"Questionnaire\"}", "The form has no items."},
        {"{\"resourceType\":\"Patient\"}", "It is no Questionnaire."},
        {"{", "It is not JSON."},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench b;

        begin(&b, "en");
        with(&b, rows[i].form);
        CU_ASSERT(b.code && !b.f && b.found.n);
        if (!b.found.n || !strstr(b.found.v[0].words.s, rows[i].words))
            UNIT_STR(b.found.n ? b.found.v[0].words.s : "opened", rows[i].words);
        end(&b);
    }
}

/* --- what an expression looks at ------------------------------------------------------------------ */

static bool see(void *arg, const struct path_way *way)
{
    struct buf *b = arg;

    buf_addf(b, "%s%.*s:", b->n ? " " : "", (int)way->from.n, way->from.p);
    if (!way->narrowed)
        buf_addc(b, '*');
    for (unsigned i = 0; i < way->nlinks; i++)
        buf_addf(b, "%s%.*s", i ? "," : "", (int)way->links[i].n, way->links[i].p);
    return true;
}

/* Never less than it looks at. */
static void ways(void)
{
    static const char *const rows[][2] = {
        {"%resource.item.where(linkId='a').answer.value", "resource:a"},
        {"%resource.repeat(item).where(linkId='a' or linkId='b').answer", "resource:a,b"},
        {"%resource.item.where(linkId in ('a'|'b'))", "resource:a,b"},
        {"%resource.item.where(linkId='g').item.where('a' = linkId).answer", "resource:a,g"},
        {"%resource.item.where(linkId!='a').answer", "resource:*"},
        {"%resource.item.where(linkId='a' or code.exists())", "resource:*"},
        {"%resource.item.where((linkId='a').not())", "resource:*"},
        {"%resource.item.where(linkId=%name)", "resource:* name:*"},
        {"%resource.item.answer.value.sum()", "resource:*"},
        {"item.where(linkId='a').answer.value * 2", "context:a"},
        {"answer.value + %x", "context:* x:*"},
        {"iif(%a > 1, %resource.item.where(linkId='b').answer, item.count())", "a:* resource:b context:*"},
        {"today() - 3 days", ""},
        {"(%a | %resource.item.where(linkId='b')).first()", "a:* resource:b"},
        {"%q.item.where(linkId='a').answerOption.where(value.code = %resource.item.where(linkId='b').answer.value.code)",
         "q:a resource:b"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct path *x = NULL;
        struct buf b;

        buf_init(&b, 4096);
        CU_ASSERT_EQUAL_FATAL(path_parse(str_of(rows[i][0]), PATH_LENIENT, &x, NULL), ERR_OK);
        CU_ASSERT(path_ways(x, see, &b));
        UNIT_STR(b.p ? b.p : "", rows[i][1]);
        path_free(x);
        buf_fini(&b);
    }
}

/* --- problems ----------------------------------------------------------------------------------- */

static void problems(void)
{
    struct bench b;
    struct form_problem *p;
    unsigned n;

    begin(&b, "en");
    with(&b, HEAD
         "{\"linkId\":\"w\",\"type\":\"decimal\",\"required\":true,\"extension\":[{\"url\":\"" FHIR "minValue\",\"valueDecimal\":2},"
         "{\"url\":\"" FHIR "maxValue\",\"valueDecimal\":300},{\"url\":\"" FHIR "maxDecimalPlaces\",\"valueInteger\":1},"
         "{\"url\":\"" FHIR "targetConstraint\",\"extension\":[{\"url\":\"key\",\"valueId\":\"k\"},{\"url\":\"severity\",\"valueCode\":\"warning\"},"
         "{\"url\":\"expression\"," PATH("answer.value < 200") "},{\"url\":\"human\",\"valueString\":\"Very heavy.\"}]}]},"
         "{\"linkId\":\"s\",\"type\":\"string\",\"maxLength\":3,\"extension\":[{\"url\":\"" FHIR "regex\",\"valueString\":\"[A-Z]+\"}]}]}");
    CU_ASSERT(!model_form_problems(b.f, &b.a, &p, &n, &b.e));
    CU_ASSERT_EQUAL_FATAL(n, 1);
    UNIT_STR(p[0].words.s, "An answer is needed.");
    CU_ASSERT(p[0].grade == FORM_ERROR && p[0].key == key(&b, "w"));
    CU_ASSERT_EQUAL(model_form_next_open(b.f, FORM_NO_KEY), key(&b, "w"));
    UNIT_STR(row(&b, "w").limits.s, "from 2 to 300; at most 1 decimal place");
    put(&b, "w", "250.25");
    put(&b, "s", "ABCD");
    CU_ASSERT(!model_form_problems(b.f, &b.a, &p, &n, &b.e));
    CU_ASSERT_EQUAL_FATAL(n, 3);
    UNIT_STR(p[0].words.s, "At most 1 decimal place can stand here.");
    UNIT_STR(p[1].words.s, "At most 3 characters can stand here.");
    UNIT_STR(p[2].words.s, "Very heavy.");
    CU_ASSERT_EQUAL(p[2].grade, FORM_WARNING);
    put(&b, "w", "300.1");
    put(&b, "s", "AbC");
    CU_ASSERT(!model_form_problems(b.f, &b.a, &p, &n, &b.e));
    UNIT_STR(p[0].words.s, "At most 300 can stand here.");
    UNIT_STR(p[1].words.s, "It has not the form that is asked for.");
    put(&b, "w", "199.9");
    put(&b, "s", "ABC");
    CU_ASSERT(!model_form_problems(b.f, &b.a, &p, &n, &b.e));
    CU_ASSERT_EQUAL(n, 0);
    end(&b);
}

/* A rule that cannot be computed is no rule that is met. */
static void problems_in_doubt(void)
{
#define FIRST(e) "\"extension\":[{\"url\":\"" FHIR "cqf-expression\"," PATH(e) "}]"
    struct bench b;
    struct form_problem *p;
    unsigned n;

    begin(&b, "en");
    with(&b, HEAD "{\"linkId\":\"a\",\"type\":\"string\",\"_required\":{" FIRST("%nobody") "}},"
                  "{\"linkId\":\"b\",\"type\":\"string\",\"required\":true,\"_required\":{" FIRST("false") "}},"
                  "{\"linkId\":\"kg\",\"type\":\"decimal\"},"
                  "{\"linkId\":\"mg\",\"type\":\"decimal\",\"extension\":[{\"url\":\"" FHIR "maxValue\",\"_valueDecimal\":{\"extension\":["
                  "{\"url\":\"" FHIR "cqf-calculatedValue\"," PATH(OF("kg") " * 10") "}]}}]}]}");
    CU_ASSERT(row(&b, "a").required && !row(&b, "b").required);
    CU_ASSERT(!model_form_problems(b.f, &b.a, &p, &n, &b.e));
    CU_ASSERT_EQUAL_FATAL(n, 2);
    UNIT_STR(p[0].words.s, "An answer is needed.");
    CU_ASSERT(p[0].key == key(&b, "a") && p[0].grade == FORM_ERROR);
    CU_ASSERT(p[1].grade == FORM_WARNING && strstr(p[1].words.s, "cannot compute"));
    put(&b, "a", "x");
    put(&b, "mg", "200");
    CU_ASSERT(!model_form_problems(b.f, &b.a, &p, &n, &b.e)); /* at most ten times what nobody has said */
    CU_ASSERT_EQUAL_FATAL(n, 2);
    CU_ASSERT(p[1].key == key(&b, "mg") && strstr(p[1].words.s, "cannot compute"));
    CU_ASSERT(strstr(row(&b, "mg").limits.s, "cannot compute") != NULL);
    put(&b, "kg", "12");
    UNIT_STR(row(&b, "mg").limits.s, "at most 120");
    CU_ASSERT(!model_form_problems(b.f, &b.a, &p, &n, &b.e));
    UNIT_STR(p[0].words.s, "At most 120 can stand here.");
    end(&b);
}

/* Options that are not here, or cannot be computed, are not "none": what is typed may be one of them. */
static void options_not_here(void)
{
    struct bench b;

    begin(&b, "en");
    with(&b, HEAD "{\"linkId\":\"o\",\"type\":\"open-choice\",\"answerValueSet\":\"urn:set\"},"
                  "{\"linkId\":\"c\",\"type\":\"choice\",\"answerValueSet\":\"urn:set\"},"
                  "{\"linkId\":\"x\",\"type\":\"choice\",\"extension\":[{\"url\":\"" SDC "answerExpression\"," PATH("(1 | 2).single()") "}]}]}");
    CU_ASSERT_EQUAL(put(&b, "o", "Penicillin"), FORM_ASKED);
    UNIT_STR(b.reply.words.s, "the value set urn:set is not on this machine");
    CU_ASSERT_EQUAL_FATAL(b.reply.n, 1);
    CU_ASSERT(!model_form_put(b.f, key(&b, "o"), b.reply.reading[0].put, FORM_MEANT, &b.a, &b.reply, &b.e));
    UNIT_STR(row(&b, "o").value.s, "Penicillin");
    CU_ASSERT_EQUAL(put(&b, "c", "Penicillin"), FORM_REFUSED);
    UNIT_STR(b.reply.words.s, "The options are not on this machine.");
    CU_ASSERT_EQUAL(put(&b, "x", "Penicillin"), FORM_REFUSED);
    CU_ASSERT(strstr(b.reply.words.s, "cannot compute") != NULL);
    end(&b);
}

/* A set so long that it is asked by words, and then is gone. */
static int expand(void *arg, struct str set, struct str filter, unsigned from, unsigned max, struct arena *a, struct form_coding *out,
                  unsigned *total)
{
    (void)arg, (void)set, (void)a, (void)from, (void)max;
    if (filter.n)
        return -1;
    *out = (struct form_coding){STR("s"), STR("p"), STR("Penicillin")};
    *total = 5000;
    return 1;
}

static void options_gone(void)
{
    struct form_options l;
    struct bench b;

    begin(&b, "en");
    b.env.expand = expand;
    with(&b, HEAD "{\"linkId\":\"c\",\"type\":\"choice\",\"answerValueSet\":\"urn:set\"}]}");
    CU_ASSERT(!model_form_options(b.f, key(&b, "c"), STR(""), 0, 9, &b.a, &l, &b.e));
    CU_ASSERT(l.here == FORM_ALL_HERE && l.n == 1);
    CU_ASSERT(!model_form_options(b.f, key(&b, "c"), STR("pen"), 0, 9, &b.a, &l, &b.e));
    CU_ASSERT(l.here == FORM_NOT_HERE && l.why.n);
    CU_ASSERT_EQUAL(put(&b, "c", "pen"), FORM_REFUSED);
    UNIT_STR(b.reply.words.s, "The options are not on this machine.");
    end(&b);
}

/* Both ends of a scale, and its help: none is lost. */
static void scales(void)
{
#define BESIDE(link, control) "{\"linkId\":\"" link "\",\"text\":\"" link "\",\"type\":\"display\",\"extension\":[{\"url\":\"" FHIR \
                              "questionnaire-itemControl\",\"valueCodeableConcept\":{\"coding\":[{\"code\":\"" control "\"}]}}]}"
    struct bench b;

    begin(&b, "en");
    with(&b, HEAD "{\"linkId\":\"pain\",\"text\":\"Pain\",\"type\":\"integer\",\"item\":[" BESIDE("no pain", "lower") ","
                  BESIDE("worst pain", "upper") "," BESIDE("how to ask", "help") "," BESIDE("points", "unit") "]}]}");
    UNIT_STR(row(&b, "pain").help.s, "no pain");
    UNIT_STR(row(&b, "pain").unit.s, "points");
    CU_ASSERT(!shown(&b, "no pain") && shown(&b, "worst pain") && shown(&b, "how to ask") && !shown(&b, "points"));
    end(&b);
}

/* --- the chart, drafts -------------------------------------------------------------------------- */

static const char prefilled[] = "{\"resourceType\":\"Questionnaire\",\"url\":\"urn:p\",\"extension\":[{\"url\":\"" SDC "launchContext\",\"extension\":["
    "{\"url\":\"name\",\"valueCoding\":{\"code\":\"client\"}},{\"url\":\"type\",\"valueCode\":\"Patient\"}]}],\"item\":["
    "{\"linkId\":\"born\",\"type\":\"date\",\"extension\":[{\"url\":\"" SDC "initialExpression\"," PATH("%client.birthDate") "}]},"
    "{\"linkId\":\"given\",\"type\":\"string\",\"extension\":[{\"url\":\"" SDC "initialExpression\"," PATH("%client.name.given") "}]},"
    "{\"linkId\":\"enc\",\"type\":\"string\",\"extension\":[{\"url\":\"" SDC "initialExpression\"," PATH("%encounter.id") "}]},"
    "{\"linkId\":\"own\",\"type\":\"string\",\"initial\":[{\"valueString\":\"as ever\"}]},"
    "{\"linkId\":\"off\",\"type\":\"string\",\"enableWhen\":[{\"question\":\"own\",\"operator\":\"=\",\"answerString\":\"as ever\"}]}]}";

static void from_the_chart(void)
{
    static const char patient[] = "{\"resourceType\":\"Patient\",\"id\":\"p\",\"birthDate\":\"1980-02\",\"name\":[{\"given\":[\"A\",\"B\"]}]}";
    struct form_context context = {"patient", NULL, 0};
    struct form *again = NULL;
    struct form_row r;
    struct tape t;
    struct bench b;
    const char *draft;

    CU_ASSERT_EQUAL_FATAL(tape_parse(&t, str_of(patient), NULL), ERR_OK);
    context.t = &t;
    begin(&b, "en");
    b.env.contexts = &context;
    b.env.ncontexts = 1;
    b.env.subject = STR("Patient/p");
    with(&b, prefilled);
    r = row(&b, "born");
    UNIT_STR(r.value.s, "Feb-1980");
    UNIT_STR(r.from.s, "from the chart: Patient");
    CU_ASSERT(r.origin == FORM_PREFILLED && !r.seen);
    CU_ASSERT_EQUAL(model_form_unseen(b.f), 1);
    CU_ASSERT_EQUAL(model_form_next_open(b.f, FORM_NO_KEY), key(&b, "born"));
    CU_ASSERT(strstr(row(&b, "given").trouble.s, "several values") != NULL); /* none is chosen for anybody */
    CU_ASSERT(strstr(row(&b, "enc").trouble.s, "not here") != NULL);
    CU_ASSERT_EQUAL(row(&b, "own").origin, FORM_INITIAL);
    put(&b, "off", "hidden soon");
    put(&b, "own", "new");
    draft = response(&b, FORM_DRAFT);
    CU_ASSERT_EQUAL_FATAL(model_form_open(str_of(prefilled), &b.env, &again, NULL, &b.e), ERR_OK);
    CU_ASSERT_EQUAL(model_form_resume(again, str_of(draft), &b.e), ERR_OK);
    CU_ASSERT_EQUAL(model_form_unseen(again), 1); /* a draft knows what nobody has looked at yet */
    CU_ASSERT(!model_form_put(again, model_form_named(again, STR("own")), STR("as ever"), 0, &b.a, &b.reply, &b.e));
    CU_ASSERT(!model_form_row(again, model_form_named(again, STR("off")), &b.a, &r, &b.e));
    UNIT_STR(r.value.s, "hidden soon");
    CU_ASSERT(!model_form_see(again, model_form_named(again, STR("born")), &b.e));
    CU_ASSERT_EQUAL(model_form_unseen(again), 0);
    model_form_close(again);
    end(&b);
    tape_fini(&t);
}

/* The newest Observation of the item's code, as observationLinkPeriod asks. */
struct chart {
    const struct tape *t;
    char asked[200];
};

static bool query(void *arg, struct str text, struct path_value *out)
{
    struct chart *c = arg;

    snprintf(c->asked, sizeof c->asked, "%.*s", (int)text.n, text.p);
    *out = path_root(c->t, 0);
    return true;
}

static void last_observation(void)
{
    static const char bundle[] = "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":\"Observation\",\"status\":\"final\","
        "\"effectiveDateTime\":\"2026-11-01\",\"valueQuantity\":{\"value\":72.50,\"unit\":\"kg\",\"code\":\"kg\"}}}]}";
    static const char form[] = HEAD "{\"linkId\":\"w\",\"type\":\"quantity\",\"code\":[{\"system\":\"http://loinc.org\",\"code\":\"29463-7\"}],"
        "\"extension\":[{\"url\":\"" SDC "observationLinkPeriod\",\"valueDuration\":{\"value\":30,\"code\":\"d\"}}]}]}";
    struct chart c = {NULL, ""};
    struct tape t;
    struct bench b;

    CU_ASSERT_EQUAL_FATAL(tape_parse(&t, str_of(bundle), NULL), ERR_OK);
    c.t = &t;
    begin(&b, "en");
    b.env.subject = STR("Patient/p");
    b.env.query = query;
    b.env.arg = &c;
    with(&b, form);
    UNIT_STR(c.asked, "Observation?code=http://loinc.org|29463-7&patient=Patient/p&status=final,amended,corrected&date=ge2026-10-24&_sort=-date&_count=1");
    UNIT_STR(row(&b, "w").value.s, "72.50 kg");
    UNIT_STR(row(&b, "w").from.s, "from the chart: Observation of 01-Nov-2026");
    CU_ASSERT(!row(&b, "w").seen);
    end(&b);
    begin(&b, "en"); /* nobody to ask */
    with(&b, form);
    CU_ASSERT(strstr(row(&b, "w").trouble.s, "not here") != NULL);
    end(&b);
    tape_fini(&t);
}

/* An amount is taken in the unit that was asked for, and one that says no one amount is not taken. */
static void amounts_of_the_chart(void)
{
#define ASKED(type, more) HEAD "{\"linkId\":\"w\",\"type\":\"" type "\",\"code\":[{\"code\":\"29463-7\"}],\"extension\":[{\"url\":\"" SDC \
                          "observationLinkPeriod\",\"valueDuration\":{\"value\":30,\"code\":\"d\"}}" more "]}]}"
#define IN_KG ",{\"url\":\"" FHIR "questionnaire-unit\",\"valueCoding\":{\"system\":\"http://unitsofmeasure.org\",\"code\":\"kg\"}}"
#define FOUND(q) "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":\"Observation\",\"status\":\"final\"," \
                 "\"valueQuantity\":{" q "}}}]}"
    static const struct {
        const char *form, *found, *value; /* value "": it is said that it is no answer */
    } rows[] = {
        {ASKED("decimal", IN_KG), FOUND("\"value\":72.50,\"unit\":\"kilos\",\"code\":\"kg\""), "72.50"},
        {ASKED("decimal", IN_KG), FOUND("\"value\":72.50,\"unit\":\"kg\""), "72.50"},
        {ASKED("decimal", IN_KG), FOUND("\"value\":72.50"), "72.50"},
        {ASKED("decimal", IN_KG), FOUND("\"value\":2500,\"unit\":\"g\",\"code\":\"g\""), ""},
        {ASKED("decimal", IN_KG), FOUND("\"value\":2500,\"unit\":\"g\""), ""},
        {ASKED("integer", IN_KG), FOUND("\"value\":2500,\"code\":\"g\""), ""},
        {ASKED("decimal", ""), FOUND("\"value\":2500,\"unit\":\"g\",\"code\":\"g\""), ""},
        {ASKED("quantity", IN_KG), FOUND("\"value\":2500,\"unit\":\"g\",\"code\":\"g\""), "2500 g"},
        {ASKED("quantity", ""), FOUND("\"value\":0.03,\"comparator\":\"<\",\"unit\":\"ng/mL\""), ""},
        {ASKED("decimal", IN_KG), FOUND("\"value\":2,\"comparator\":\"<\",\"unit\":\"kg\",\"code\":\"kg\""), ""},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct chart c = {NULL, ""};
        struct tape t;
        struct bench b;

        CU_ASSERT_EQUAL_FATAL(tape_parse(&t, str_of(rows[i].found), NULL), ERR_OK);
        c.t = &t;
        begin(&b, "en");
        b.env.subject = STR("Patient/p");
        b.env.query = query;
        b.env.arg = &c;
        with(&b, rows[i].form);
        UNIT_STR(row(&b, "w").value.s, rows[i].value);
        CU_ASSERT_EQUAL(strstr(row(&b, "w").trouble.s, "no answer to it") != NULL, !*rows[i].value);
        end(&b);
        tape_fini(&t);
    }
}

/* A row of the chart for each medicine; one more is a person's, and nothing of the chart comes again. */
static void one_for_each(void)
{
#define EACH(context) HEAD "{\"linkId\":\"g\",\"type\":\"group\",\"repeats\":true,\"extension\":[{\"url\":\"" SDC "itemPopulationContext\"," \
                      "\"valueExpression\":{\"name\":\"m\",\"language\":\"text/fhirpath\",\"expression\":\"" context "\"}}],\"item\":[" \
                      "{\"linkId\":\"x\",\"type\":\"string\",\"extension\":[{\"url\":\"" SDC "initialExpression\"," PATH("%m.family") "}]}]}]}"
    static const char patient[] = "{\"resourceType\":\"Patient\",\"id\":\"p\",\"name\":[{\"family\":\"A\"},{\"family\":\"B\"},{\"family\":\"C\"}]}";
    struct form_context context = {"patient", NULL, 0};
    struct tape t;

    CU_ASSERT_EQUAL_FATAL(tape_parse(&t, str_of(patient), NULL), ERR_OK);
    context.t = &t;
    for (int i = 0; i < 3; i++) {
        struct bench b;

        begin(&b, "en");
        b.env.contexts = &context;
        b.env.ncontexts = 1;
        with(&b, !i ? EACH("%patient.name") : i == 1 ? EACH("%patient.name.select(family & '!')") : EACH("1 | 2"));
        CU_ASSERT_EQUAL(row(&b, "g").count, i ? 1 : 3); /* what is no place in the chart makes no rows */
        if (!i)
            UNIT_STR(row(&b, "x#3").value.s, "C");
        CU_ASSERT(!model_form_add(b.f, key(&b, "g"), &b.a, &b.reply, &b.e));
        CU_ASSERT_EQUAL(row(&b, "g").count, i ? 2 : 4);
        CU_ASSERT(!row(&b, i ? "x#2" : "x#4").value.n);
        end(&b);
    }
    tape_fini(&t);
}

/* Answers that are not taken back leave all as it was: of another patient, or too many. */
static void not_resumed(void)
{
#define RESPONSE(more) "{\"resourceType\":\"QuestionnaireResponse\",\"questionnaire\":\"urn:test|1\"," more "}"
    struct form_problem *p;
    struct bench b;
    struct buf many;
    unsigned n;

    begin(&b, "en");
    b.env.subject = STR("Patient/b");
    with(&b, HEAD "{\"linkId\":\"m\",\"type\":\"string\",\"repeats\":true},{\"linkId\":\"q\",\"type\":\"quantity\",\"extension\":["
                  "{\"url\":\"" FHIR "maxQuantity\",\"valueQuantity\":{\"value\":1,\"unit\":\"ng/mL\"}}]}]}");
    put(&b, "m", "one");
    CU_ASSERT_EQUAL(model_form_resume(b.f, STR(RESPONSE("\"subject\":{\"reference\":\"Patient/a\"},\"item\":[{\"linkId\":\"m\",\"answer\":["
                                                        "{\"valueString\":\"theirs\"}]}]")), &b.e), ERR_INPUT);
    UNIT_STR(b.e.what, "subject");
    UNIT_STR(row(&b, "m").value.s, "one");
    buf_init(&many, LIMIT_RESOURCE_BYTES);
    for (int i = 0; i <= FORM_MAX_INSTANCES; i++)
        buf_adds(&many, i ? ",{\"valueString\":\"x\"}" : "{\"valueString\":\"x\"}");
    CU_ASSERT_EQUAL(model_form_resume(b.f, str_of(arena_fmt(&b.a, RESPONSE("\"item\":[{\"linkId\":\"m\",\"answer\":[%s]}]"), many.p)),
                                      &b.e), ERR_TOOBIG);
    buf_fini(&many);
    CU_ASSERT(!model_form_problems(b.f, &b.a, &p, &n, &b.e));
    CU_ASSERT_EQUAL(model_form_unseen(b.f), 0);
    UNIT_STR(row(&b, "m").value.s, "one");
    CU_ASSERT_EQUAL(row(&b, "m").count, 1);
    CU_ASSERT_EQUAL(put(&b, "m", "two"), FORM_TAKEN);
    CU_ASSERT_EQUAL(model_form_resume(b.f, STR(RESPONSE("\"subject\":{\"reference\":\"Patient/b\"},\"item\":[{\"linkId\":\"q\",\"answer\":["
                                                        "{\"valueQuantity\":{\"value\":0.03,\"comparator\":\"<\",\"unit\":\"ng/mL\"}}]}]")),
                                      &b.e), ERR_OK);
    UNIT_STR(row(&b, "q").value.s, "<0.03 ng/mL"); /* shown as it is saved */
    CU_ASSERT(strstr(response(&b, 0), "\"comparator\":\"<\"") != NULL);
    CU_ASSERT(!model_form_problems(b.f, &b.a, &p, &n, &b.e));
    CU_ASSERT_EQUAL_FATAL(n, 1);
    UNIT_STR(p[0].words.s, "It cannot be compared with its limit (1 ng/mL).");
    end(&b);
}

static void others_stay(void)
{
    static const char theirs[] = "{\"resourceType\":\"QuestionnaireResponse\",\"id\":\"r1\",\"extension\":[{\"url\":\"urn:x\",\"valueCode\":\"y\"}],"
        "\"questionnaire\":\"urn:test|1\",\"status\":\"completed\",\"item\":[{\"linkId\":\"d\",\"answer\":[{\"extension\":[{\"url\":\"urn:z\","
        "\"valueCode\":\"k\"}],\"valueDecimal\":0.10}]},{\"linkId\":\"o\",\"answer\":[{\"valueCoding\":{\"code\":\"q\",\"userSelected\":true}}]}]}";
    struct bench b;
    const char *s;

    begin(&b, "en");
    with(&b, all_kinds);
    CU_ASSERT_EQUAL(model_form_resume(b.f, str_of(theirs), &b.e), ERR_OK);
    s = response(&b, 0);
    CU_ASSERT(strstr(s, "\"id\":\"r1\"") && strstr(s, "urn:x") && strstr(s, "urn:z") && strstr(s, "\"valueDecimal\":0.10") &&
              strstr(s, "\"userSelected\":true"));
    UNIT_STR(row(&b, "d").value.s, "0.10");
    CU_ASSERT_EQUAL(model_form_resume(b.f, STR("{\"resourceType\":\"QuestionnaireResponse\",\"questionnaire\":\"urn:test|2\"}"), &b.e), ERR_INPUT);
    CU_ASSERT_EQUAL(model_form_resume(b.f, STR("{\"resourceType\":\"QuestionnaireResponse\",\"questionnaire\":\"urn:test|1\",\"item\":[{\"linkId\":\"zz\"}]}"),
                                      &b.e), ERR_INPUT);
    UNIT_STR(b.e.what, "zz");
    UNIT_STR(row(&b, "d").value.s, "0.10"); /* nothing was changed */
    end(&b);
}

static void languages(void)
{
    struct bench b;
    form_key found[4];

    begin(&b, "es");
    with(&b, HEAD "{\"linkId\":\"w\",\"text\":\"Weight\",\"_text\":{\"extension\":[{\"url\":\"" FHIR "translation\",\"extension\":["
                  "{\"url\":\"lang\",\"valueCode\":\"es\"},{\"url\":\"content\",\"valueString\":\"Peso al nacer\"}]}]},\"type\":\"decimal\"},"
                  "{\"linkId\":\"h\",\"text\":\"Height\",\"type\":\"decimal\"},{\"linkId\":\"k\",\"text\":\"Knee/sole\",\"type\":\"decimal\"}]}");
    UNIT_STR(row(&b, "w").label.s, "Peso al nacer");
    CU_ASSERT(!row(&b, "w").foreign);
    UNIT_STR(row(&b, "h").label.s, "Height");
    CU_ASSERT(row(&b, "h").foreign);
    CU_ASSERT_EQUAL(model_form_jump(b.f, STR("nac"), found, 4), 1);
    CU_ASSERT_EQUAL(found[0], key(&b, "w"));
    CU_ASSERT_EQUAL(model_form_jump(b.f, STR("h"), found, 4), 1);
    CU_ASSERT_EQUAL(model_form_jump(b.f, STR("sol kn"), found, 4), 1); /* a word begins behind any sign, as in a list of options */
    end(&b);
}

/* A result that is one of the form's own options: shown in the screen's language, saved without the translations. */
static void computed_option_in_words(void)
{
    struct bench b;

    begin(&b, "es");
    with(&b, HEAD "{\"linkId\":\"a\",\"text\":\"A\",\"type\":\"boolean\"},{\"linkId\":\"r\",\"text\":\"R\",\"type\":\"choice\",\"readOnly\":true,"
                  "\"extension\":[{\"url\":\"" SDC "calculatedExpression\",\"valueExpression\":{\"language\":\"text/fhirpath\",\"expression\":"
                  "\"iif(%resource.item.where(linkId='a').answer.value, %questionnaire.item.where(linkId='r').answerOption[0].value)\"}}],"
                  "\"answerOption\":[{\"valueCoding\":{\"system\":\"urn:s\",\"code\":\"POS\",\"display\":\"Positive\",\"_display\":{\"extension\":[{\"url\":\""
                  FHIR "translation\",\"extension\":[{\"url\":\"lang\",\"valueCode\":\"es\"},{\"url\":\"content\",\"valueString\":\"Positivo\"}]}]}}}]}]}");
    put(&b, "a", "1");
    UNIT_STR(row(&b, "r").value.s, "Positivo");
    CU_ASSERT(strstr(response(&b, 0), "{\"system\":\"urn:s\",\"code\":\"POS\",\"display\":\"Positive\"}") != NULL);
    end(&b);
}

/* --- the forms that come with the program -------------------------------------------------------- */

static char *slurp(struct bench *b, const char *folder, const char *name, const char *suffix)
{
    const char *top = getenv("top_srcdir");
    char path[1100], piece[4096];
    struct buf out;
    char *s;
    FILE *f;
    size_t n;

    snprintf(path, sizeof path, "%s/%s/%s%s", top ? top : ".", folder, name, suffix);
    f = fopen(path, "rb");
    buf_init(&out, LIMIT_RESOURCE_BYTES);
    while (f && (n = fread(piece, 1, sizeof piece, f)) > 0)
        buf_add(&out, piece, n);
    if (f)
        fclose(f);
    CU_ASSERT(f && out.n);
    s = arena_dup(&b->a, out.p ? out.p : "", out.n);
    buf_fini(&out);
    return s;
}

static void answer_line(struct bench *b, struct str line)
{
    struct str path = str_split(&line, '\t');
    bool add = path.n && *path.p == '+';
    char *typed = arena_dup(&b->a, line.p ? line.p : "", line.n), *lf;

    if (!path.n)
        return;
    while ((lf = strstr(typed, "\\n"))) {
        lf[0] = '\n';
        memmove(lf + 1, lf + 2, strlen(lf + 2) + 1);
    }
    if (add)
        path = (struct str){path.p + 1, path.n - 1};
    if (add)
        model_form_add(b->f, model_form_named(b->f, path), &b->a, &b->reply, &b->e);
    else
        model_form_put(b->f, model_form_named(b->f, path), str_of(typed), 0, &b->a, &b->reply, &b->e);
    if (b->reply.said != FORM_TAKEN)
        printf("\n    %.*s: %s ", (int)path.n, path.p, b->reply.words.s);
    CU_ASSERT_EQUAL(b->reply.said, FORM_TAKEN);
}

static void one_golden(const char *form, const char *name)
{
    struct bench b;
    struct form_problem *p;
    struct str lines;
    struct buf out;
    const char *want;
    unsigned n;

    begin(&b, "en");
    b.env.subject = STR("Patient/p");
    b.env.encounter = STR("Encounter/e");
    b.env.author = STR("Practitioner/n");
    with(&b, slurp(&b, "forms", form, ".json"));
    CU_ASSERT_EQUAL(b.found.n, 0); /* nothing is to be said of it */
    lines = str_of(slurp(&b, "tests/forms", name, ".tsv"));
    while (lines.n)
        answer_line(&b, str_split(&lines, '\n'));
    CU_ASSERT(!model_form_problems(b.f, &b.a, &p, &n, &b.e));
    for (unsigned i = 0; i < n; i++)
        printf("\n    %s: %s ", name, p[i].words.s);
    CU_ASSERT_EQUAL(n, 0);
    buf_init(&out, LIMIT_RESOURCE_BYTES);
    CU_ASSERT_EQUAL(model_form_extract(b.f, &out, &b.e), ERR_OK);
    buf_addc(&out, '\n');
    if (getenv("FORM_GOLDEN")) { /* shows what it gives, for who has changed a form */
        printf("\n%s", out.p);
    } else {
        want = slurp(&b, "tests/forms", name, ".golden.json");
        CU_ASSERT(out.n == strlen(want) && !memcmp(out.p, want, out.n));
    }
    buf_fini(&out);
    end(&b);
}

static void goldens(void)
{
    static const char *const rows[][2] = {
        {"vitals", "vitals"},
        {"phq9", "phq9"},
        {"allergy", "allergy"},
        {"allergy", "allergy-none"},
        {"problem", "problem"},
        {"problem", "problem-over"},
        {"problem", "problem-none"},
        {"note", "note"},
        {"note", "note-telephone"},
        {"immunization", "immunization"},
        {"immunization", "immunization-oral"},
        {"immunization", "immunization-elsewhere"},
        {"immunization", "immunization-not"},
        {"epds", "epds"},
        {"epds", "epds-low"},
        {"tb", "tb"},
        {"tb", "tb-negative"},
        {"anc", "anc"},
        {"anc", "anc-scan"},
        {"referral", "referral"},
        {"referral", "referral-now"},
        {"visit", "visit"},
        {"visit", "visit-over"},
        {"task", "task"},
        {"task", "task-other"},
        {"appointment", "appointment"},
        {"appointment", "appointment-wish"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        one_golden(rows[i][0], rows[i][1]);
}

/* What a form says of an answer, of the form filled as its golden test does, with one answer changed. */
static void said_of(const char *form, const char *name, const char *path, const char *typed, enum form_grade grade, const char *words)
{
    struct bench b;
    struct form_problem *p;
    struct str lines;
    unsigned n;

    begin(&b, "en");
    with(&b, slurp(&b, "forms", form, ".json"));
    lines = str_of(slurp(&b, "tests/forms", name, ".tsv"));
    while (lines.n)
        answer_line(&b, str_split(&lines, '\n'));
    put(&b, path, typed);
    CU_ASSERT(!model_form_problems(b.f, &b.a, &p, &n, &b.e));
    CU_ASSERT_EQUAL(n, 1);
    if (n) {
        UNIT_STR(p[0].words.s, words);
        CU_ASSERT_EQUAL(p[0].grade, grade);
    }
    end(&b);
}

static void limits_in_words(void)
{
    static const struct {
        const char *form, *name, *path, *typed;
        enum form_grade grade;
        const char *words;
    } rows[] = {
        {"immunization", "immunization", "expiry", "2026-10", FORM_ERROR, "This lot has expired: do not give it."},
        {"immunization", "immunization", "expiry", "2026-11-22", FORM_ERROR, "This lot has expired: do not give it."},
        {"immunization", "immunization", "dose", "5 mL", FORM_WARNING, "Unusual value: read it once more."},
        {"problem", "problem-over", "ended", "2026-09", FORM_ERROR, "It cannot end before it began."},
        {"anc", "anc", "sys", "165", FORM_WARNING, "Unusual value: read it once more."},
        {"anc", "anc", "lmp", "2025-11-20", FORM_ERROR, "It must lie in the 45 weeks before this contact."},
        {"anc", "anc", "para", "4", FORM_ERROR, "There cannot be more births than pregnancies here."},
        {"tb", "tb", "days", "0 d", FORM_ERROR, "No such time can be meant."},
        {"visit", "visit-over", "end", "2026-11-23 08:59", FORM_ERROR, "It cannot end before it began."},
        {"referral", "referral", "by", "t-1", FORM_ERROR, "This day has passed."},
        {"appointment", "appointment", "start", "t+8", FORM_ERROR, "Day and time are needed."},
        {"appointment", "appointment-wish", "till", "t+7", FORM_ERROR, "It cannot end before it begins."},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        said_of(rows[i].form, rows[i].name, rows[i].path, rows[i].typed, rows[i].grade, rows[i].words);
}

/* "component" and "member" belong to the group's Observation; a template that is not there is an error and no Bundle. */
static void extraction(void)
{
#define EXTRACT(v) "\"extension\":[{\"url\":\"" SDC "observationExtract\"," v "}]"
#define CODED(link, type, code, v) "{\"linkId\":\"" link "\",\"type\":\"" type "\",\"code\":[{\"code\":\"" code "\"}]," v
    struct bench b;
    struct buf out;

    buf_init(&out, LIMIT_RESOURCE_BYTES);
    begin(&b, "en");
    with(&b, HEAD CODED("g", "group", "panel", EXTRACT("\"valueBoolean\":true")) ",\"item\":["
             CODED("s", "decimal", "sys", EXTRACT("\"valueCode\":\"component\"")) "},"
             CODED("m", "string", "mem", EXTRACT("\"valueCode\":\"member\"")) "},"
             CODED("n", "integer", "no", EXTRACT("\"valueBoolean\":false")) "}]}]}");
    put(&b, "s", "120");
    put(&b, "m", "words");
    put(&b, "n", "5");
    CU_ASSERT_EQUAL(model_form_extract(b.f, &out, &b.e), ERR_OK);
    CU_ASSERT(strstr(out.p, "\"component\":[{\"code\":{\"coding\":[{\"code\":\"sys\"}]},\"valueQuantity\":{\"value\":120}}]") != NULL);
    CU_ASSERT(strstr(out.p, "\"hasMember\":[{\"reference\":\"urn:uuid:") != NULL);
    CU_ASSERT(strstr(out.p, "\"valueString\":\"words\",\"derivedFrom\"") != NULL);
    CU_ASSERT(!strstr(out.p, "\"coding\":[{\"code\":\"no\"}]"));
    end(&b);
    buf_clear(&out);
    begin(&b, "en");
    with(&b, "{\"resourceType\":\"Questionnaire\",\"extension\":[{\"url\":\"" SDC "templateExtract\",\"extension\":[{\"url\":\"template\","
             "\"valueReference\":{\"reference\":\"#gone\"}}]}],\"item\":[{\"linkId\":\"a\",\"type\":\"string\"}]}");
    CU_ASSERT_EQUAL(model_form_extract(b.f, &out, &b.e), ERR_INPUT);
    CU_ASSERT_EQUAL(out.n, 0);
    end(&b);
    buf_fini(&out);
}

/* What the form says to extract is extracted whole, or nothing is and it is said of which answer. */
static void nothing_left_out(void)
{
    struct bench b;
    struct buf out, form;
    unsigned members = 0;
    bool said;

    buf_init(&out, LIMIT_RESOURCE_BYTES);
    buf_init(&form, LIMIT_RESOURCE_BYTES);
    buf_adds(&form, HEAD CODED("g", "group", "panel", EXTRACT("\"valueBoolean\":true")) ",\"item\":[");
    for (unsigned i = 0; i < 70; i++)
        buf_addf(&form, "%s{\"linkId\":\"m%u\",\"type\":\"integer\",\"code\":[{\"code\":\"c%u\"}],\"initial\":[{\"valueInteger\":%u}],"
                        EXTRACT("\"valueCode\":\"member\"") "}", i ? "," : "", i, i, i);
    buf_adds(&form, "]}]}");
    begin(&b, "en");
    with(&b, form.p);
    CU_ASSERT_EQUAL(model_form_extract(b.f, &out, &b.e), ERR_OK);
    for (const char *s = strstr(out.p, "\"hasMember\":["); s && s[1] && *s != ']'; s++)
        members += !strncmp(s, "\"reference\"", 11);
    CU_ASSERT_EQUAL(members, 70);
    end(&b);
    for (int i = 0; i < 3; i++) {
        static const char *const forms[] = {
            HEAD CODED("a", "string", "x", EXTRACT("\"valueCode\":\"derived\"")) "}]}",
            HEAD CODED("p", "group", "vital", EXTRACT("\"valueBoolean\":true")) ",\"item\":["
                CODED("g", "group", "bp", EXTRACT("\"valueCode\":\"member\"")) ",\"item\":["
                CODED("a", "string", "x", EXTRACT("\"valueCode\":\"component\"")) "}]}]}]}",
            HEAD CODED("q", "string", "q", EXTRACT("\"valueBoolean\":true")) ",\"item\":["
                CODED("a", "string", "x", EXTRACT("\"valueCode\":\"component\"")) "}]}]}",
        };

        begin(&b, "en");
        with(&b, forms[i]);
        said = false;
        for (unsigned k = 0; k < b.found.n; k++)
            said = said || (b.found.v[k].grade == FORM_WARNING && !strcmp(b.found.v[k].link.s, "a") &&
                            strstr(b.found.v[k].words.s, "observationExtract"));
        CU_ASSERT(said);
        buf_clear(&out);
        CU_ASSERT_EQUAL(model_form_extract(b.f, &out, &b.e), ERR_OK); /* nothing is answered */
        buf_clear(&out);
        put(&b, "a", "120");
        CU_ASSERT_EQUAL(model_form_extract(b.f, &out, &b.e), ERR_UNSUPPORTED);
        UNIT_STR(b.e.what, "a");
        CU_ASSERT_EQUAL(out.n, 0);
        end(&b);
    }
    buf_fini(&form);
    buf_fini(&out);
}

/* A template's element that takes one value takes one: of two, the first is nobody's choice. */
static void one_where_one_fits(void)
{
#define TEMPLATED(part, body) "{\"resourceType\":\"Questionnaire\",\"contained\":[{\"resourceType\":\"Basic\",\"id\":\"t\"" body "}]," \
    "\"extension\":[{\"url\":\"" SDC "templateExtract\",\"extension\":[{\"url\":\"template\",\"valueReference\":{\"reference\":\"#t\"}}" part \
    "]}],\"item\":[{\"linkId\":\"note\",\"text\":\"n\",\"type\":\"string\",\"repeats\":true}]}"
#define VALUE(e) "{\"extension\":[{\"url\":\"" SDC "templateExtractValue\",\"valueString\":\"" e "\"}]}"
#define NOTES "item.where(linkId='note').answer.value"
    static const struct {
        const char *form;
        int one, two; /* what comes of one answer, and of two */
        const char *of_two;
    } rows[] = {
        {TEMPLATED("", ",\"_language\":" VALUE(NOTES)), ERR_OK, ERR_PATH, NULL},
        {TEMPLATED("", ",\"extra\":{\"extension\":[{\"url\":\"" SDC "templateExtractContext\",\"valueString\":\"" NOTES "\"}],"
                       "\"_text\":" VALUE("$this") "}"), ERR_OK, ERR_PATH, NULL},
        {TEMPLATED("", ",\"_line\":[" VALUE(NOTES) "]"), ERR_OK, ERR_OK, "\"line\":[\"one\",\"two\"]"},
        {TEMPLATED(",{\"url\":\"resourceId\",\"valueString\":\"" NOTES "\"}", ""), ERR_OK, ERR_PATH, NULL},
        {TEMPLATED(",{\"url\":\"ifNoneExist\",\"valueString\":\"" NOTES "\"}", ""), ERR_OK, ERR_PATH, NULL},
        {TEMPLATED("", ",\"_amount\":" VALUE("4 'mg'")), ERR_OK, ERR_OK,
         "\"amount\":{\"value\":4,\"unit\":\"mg\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"mg\"}"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench b;
        struct buf out;

        begin(&b, "en");
        buf_init(&out, LIMIT_RESOURCE_BYTES);
        with(&b, rows[i].form);
        put(&b, "note", "one");
        CU_ASSERT_EQUAL(model_form_extract(b.f, &out, &b.e), rows[i].one);
        CU_ASSERT(out.n && (i == 5 || strstr(out.p, "one\"")));
        buf_clear(&out);
        CU_ASSERT(!model_form_add(b.f, key(&b, "note"), &b.a, &b.reply, &b.e));
        put(&b, "note#2", "two");
        CU_ASSERT_EQUAL(model_form_extract(b.f, &out, &b.e), rows[i].two);
        CU_ASSERT(rows[i].of_two ? out.n && strstr(out.p, rows[i].of_two) != NULL : !out.n);
        buf_fini(&out);
        end(&b);
    }
}

static const struct unit_test tests[] = {
    {"what was typed", as_typed},
    {"what is meant", meant},
    {"moments and their zone", moments},
    {"conditions", conditions},
    {"conditions that cannot be compared", conditions_in_doubt},
    {"conditions in repeats", conditions_in_repeats},
    {"repeats keep their keys", repeats},
    {"boxes to tick", boxes},
    {"lines", lines},
    {"units", unit_keys},
    {"units in words", units_in_words},
    {"computed options", computed_options},
    {"computed options in the screen's language", computed_option_in_words},
    {"computed amounts", computed_amounts},
    {"only what depends is computed", no_more_than_needed},
    {"what cannot be computed says so", failures_show},
    {"what is looked at for long", looked_at_for_long},
    {"sums, and values typed over", sums},
    {"sums of fewer", sums_of_fewer},
    {"what is refused, in words", circles},
    {"problems", problems},
    {"problems in doubt", problems_in_doubt},
    {"options that are not here", options_not_here},
    {"options that are gone", options_gone},
    {"both ends of a scale", scales},
    {"from the chart; drafts", from_the_chart},
    {"the last observation", last_observation},
    {"amounts of the chart", amounts_of_the_chart},
    {"a row for each of the chart's", one_for_each},
    {"answers that are not taken back", not_resumed},
    {"what others wrote stays", others_stay},
    {"what an expression looks at", ways},
    {"languages and jumps", languages},
    {"extraction", extraction},
    {"extraction leaves nothing out", nothing_left_out},
    {"one value where one fits", one_where_one_fits},
    {"the forms of the program", goldens},
    {"their limits, in words", limits_in_words},
};

UNIT_MAIN("form", tests)
