/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An order of any bytes against a chart of a medicine and an allergy. Each check says exactly one thing: found, with
 * cards; or nothing found, with nothing that was not looked at; or that it could not run, and why. No two cards have
 * one key, the most dangerous comes first, and nothing that reaches a screen drives it.
 */
#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "cds/check.h"

static const char medicine[] = "{\"medicationCodeableConcept\":{\"text\":\"warfarin 5 mg\"},\"authoredOn\":\"2026-02-03\"}";
static const char allergy[] = "{\"code\":{\"text\":\"penicillin\"}}";

/* The tables of the tree, read once: a million orders meet the same ones. */
static struct cds *tables(void)
{
    static const struct date today = {.precision = DATE_DAY, .year = 2026, .month = 12, .day = 1};
    static struct cds *c;
    const char *top = getenv("top_srcdir");
    char drugs[1100], rules[1100];
    struct err e = ERR_NONE;

    if (c)
        return c;
    snprintf(drugs, sizeof drugs, "%s/data/drugs", top ? top : ".");
    snprintf(rules, sizeof rules, "%s/data/cds", top ? top : ".");
    FUZZ_MUST(!cds_open(drugs, rules, &today, &c, &e) && !codes_drugs_bad(cds_drugs(c)));
    return c;
}

static void safe(struct text t)
{
    FUZZ_MUST(t.s && strlen(t.s) == t.n && text_is_utf8((struct str){t.s, t.n}));
    for (size_t i = 0; i < t.n; i++)
        FUZZ_MUST((unsigned char)t.s[i] >= 0x20 && t.s[i] != 0x7f);
}

static void look_at(const struct cds_result *r)
{
    bool stops = false;

    for (unsigned i = 0; i < r->cards; i++) {
        const struct cds_card *k = &r->card[i];

        safe(k->summary), safe(k->why), safe(k->action), safe(k->source);
        FUZZ_MUST(!i || k[-1].tier <= k->tier);
        for (unsigned j = 0; j < i; j++)
            FUZZ_MUST(!str_eq(k->key, r->card[j].key));
        stops = stops || k->tier == CDS_STOP;
    }
    FUZZ_MUST(stops == r->stops);
    for (int i = 0; i < CDS_KINDS; i++) {
        const struct cds_check *k = &r->check[i];

        safe(k->line);
        FUZZ_MUST((k->state == CDS_FOUND) == (k->found > 0));
        FUZZ_MUST((k->state == CDS_CLEAN) == (!k->found && !k->lacks));
        for (unsigned j = 0; j < k->lacks; j++) {
            safe(k->lack[j]);
            FUZZ_MUST(strstr(k->line.s, k->lack[j].s));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct tape order, there, known;
    struct cds_entry x = {.type = STR("MedicationRequest"), .t = &order}, m = {.type = x.type, .id = STR("m"), .t = &there};
    struct cds_entry a = {.type = STR("AllergyIntolerance"), .id = STR("a"), .t = &known};
    struct cds_chart chart = {.medicine = &m, .medicines = 1, .allergy = &a, .allergies = 1,
                              .birth = {.precision = DATE_DAY, .year = 1980, .month = 1, .day = 1},
                              .today = {.precision = DATE_DAY, .year = 2026, .month = 12, .day = 1}};
    struct cds_result r;
    struct err e = ERR_NONE;

    if (tape_parse(&order, (struct str){(const char *)p, n}, &e))
        return 0;
    FUZZ_MUST(!tape_parse(&there, str_of(medicine), &e) && !tape_parse(&known, str_of(allergy), &e));
    if (!cds_check_order(tables(), &chart, &x, STR(""), &r, &e))
        look_at(&r);
    cds_result_fini(&r);
    tape_fini(&order);
    tape_fini(&there);
    tape_fini(&known);
    return 0;
}
