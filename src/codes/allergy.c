/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "codes/allergy.h"

#include "fhir/read.h"

#define SNOMED "http://snomed.info/sct"
#define IPS_ABSENT "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"

/* Statements that stand where an allergen stands. SNOMED CT, and the International Patient
 * Summary's codes. */
static const struct {
    const char *system, *code;
    enum codes_allergy row;
} statements[] = {
    {SNOMED, "716186003", CODES_ALLERGY_NONE}, /* No known allergy */
    {SNOMED, "160244002", CODES_ALLERGY_NONE}, /* No known allergies (retired code) */
    {IPS_ABSENT, "no-known-allergies", CODES_ALLERGY_NONE},
    {SNOMED, "409137002", CODES_ALLERGY_PARTIAL},  /* No known drug allergy */
    {SNOMED, "429625007", CODES_ALLERGY_PARTIAL},  /* No known food allergy */
    {SNOMED, "428607008", CODES_ALLERGY_PARTIAL},  /* No known environmental allergy */
    {SNOMED, "428197003", CODES_ALLERGY_PARTIAL},  /* No known insect allergy */
    {SNOMED, "1003774007", CODES_ALLERGY_PARTIAL}, /* No known latex allergy */
    {IPS_ABSENT, "no-known-medication-allergies", CODES_ALLERGY_PARTIAL},
    {IPS_ABSENT, "no-known-environmental-allergies", CODES_ALLERGY_PARTIAL},
    {IPS_ABSENT, "no-known-food-allergies", CODES_ALLERGY_PARTIAL},
    {IPS_ABSENT, "no-allergy-info", CODES_ALLERGY_VOID},
};

/* The same in words alone, as typed where there is no code; in lower case. */
static const struct {
    const char *words;
    enum codes_allergy row;
} typed[] = {
    {"no known allergies", CODES_ALLERGY_NONE},
    {"no known allergy", CODES_ALLERGY_NONE},
    {"nka", CODES_ALLERGY_NONE},
    {"nkda", CODES_ALLERGY_PARTIAL},
    {"no known drug allergies", CODES_ALLERGY_PARTIAL},
    {"no known drug allergy", CODES_ALLERGY_PARTIAL},
    {"no known food allergies", CODES_ALLERGY_PARTIAL},
};

/* Equal but for case and blanks; plain ASCII, and needs no memory. */
static bool reads(struct str s, const char *words)
{
    s = str_trim(s);
    for (; *words; words++) {
        if (!s.n || (s.p[0] | (s.p[0] >= 'A' && s.p[0] <= 'Z' ? 32 : 0)) != *words)
            return false;
        s.p++, s.n--;
        while (*words == ' ' && s.n && s.p[0] == ' ')
            s.p++, s.n--;
    }
    return !s.n;
}

static enum codes_allergy by_words(const struct tape *t, tape_at code)
{
    if (tape_get(t, code, "coding") == TAPE_NONE)
        for (size_t i = 0; i < sizeof typed / sizeof *typed; i++)
            if (reads(tape_plain(t, tape_get(t, code, "text")), typed[i].words))
                return typed[i].row;
    return CODES_ALLERGY_LIVE;
}

enum codes_allergy codes_allergy_said(const struct tape *t)
{
    tape_at code = tape_get(t, 0, "code");
    enum codes_allergy row = by_words(t, code);

    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        if (fhir_has_code(t, code, statements[i].system, statements[i].code))
            row = statements[i].row;
    return row;
}

enum codes_allergy codes_allergy_read(const struct tape *t)
{
    struct str clinical = fhir_code(t, tape_get(t, 0, "clinicalStatus"));
    struct str verified = fhir_code(t, tape_get(t, 0, "verificationStatus"));
    enum codes_allergy row = codes_allergy_said(t);

    /* REQ: refuted and entered in error never count, neither as an allergy nor as "none known". */
    if (str_is(verified, "refuted") || str_is(verified, "entered-in-error"))
        return CODES_ALLERGY_VOID;
    if (row == CODES_ALLERGY_LIVE)
        return str_is(clinical, "resolved") ? CODES_ALLERGY_PAST : row;
    /* A statement that is no longer made says nothing. */
    return str_is(clinical, "resolved") || str_is(clinical, "inactive") ? CODES_ALLERGY_VOID : row;
}

bool codes_allergy_asked(const struct tape *t)
{
    static const char *const drugs[][2] = {{SNOMED, "409137002"}, {IPS_ABSENT, "no-known-medication-allergies"}};
    tape_at code = tape_get(t, 0, "code");
    enum codes_allergy row = codes_allergy_read(t);

    if (row == CODES_ALLERGY_NONE)
        return true;
    if (row != CODES_ALLERGY_PARTIAL)
        return false;
    for (size_t i = 0; i < sizeof drugs / sizeof *drugs; i++)
        if (fhir_has_code(t, code, drugs[i][0], drugs[i][1]))
            return true;
    return tape_get(t, code, "coding") == TAPE_NONE &&
           !reads(tape_plain(t, tape_get(t, code, "text")), "no known food allergies");
}
