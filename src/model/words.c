/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "model/priv.h"

/* http://terminology.hl7.org/CodeSystem/data-absent-reason. None of these words may read like a
 * value or like a result that is still to come. */
static const struct model_code_word absent[] = {
    {"unknown", N_("not known")},
    {"asked-unknown", N_("asked, not known")},
    {"temp-unknown", N_("not known for now")},
    {"not-asked", N_("not asked")},
    {"asked-declined", N_("asked, declined to answer")},
    {"masked", N_("masked: withheld for privacy")},
    {"not-applicable", N_("not applicable")},
    {"unsupported", N_("not supported by the source")},
    {"as-text", N_("given as text only")},
    {"error", N_("measurement error")},
    {"not-a-number", N_("not a number")},
    {"negative-infinity", N_("below what can be counted")},
    {"positive-infinity", N_("above what can be counted")},
    {"not-performed", N_("not performed")},
    {"not-permitted", N_("not permitted")},
    {NULL, NULL},
};

/* http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation: letter and words, display
 * rule 19. */
static const struct model_code_word interpretation[] = {
    {"H", N_("high")},
    {"HH", N_("critically high")},
    {"HU", N_("significantly high")},
    {"L", N_("low")},
    {"LL", N_("critically low")},
    {"LU", N_("significantly low")},
    {"A", N_("abnormal")},
    {"AA", N_("critically abnormal")},
    {"N", N_("normal")},
    {"POS", N_("positive")},
    {"NEG", N_("negative")},
    {"DET", N_("detected")},
    {"ND", N_("not detected")},
    {"IND", N_("indeterminate")},
    {"E", N_("equivocal")},
    {"RR", N_("reactive")},
    {"NR", N_("non-reactive")},
    {"WR", N_("weakly reactive")},
    {"R", N_("resistant")},
    {"S", N_("susceptible")},
    {"I", N_("intermediate")},
    {"NS", N_("non-susceptible")},
    {"SDD", N_("susceptible, dose dependent")},
    {"SYN-R", N_("synergy resistant")},
    {"SYN-S", N_("synergy susceptible")},
    {"B", N_("better")},
    {"W", N_("worse")},
    {"U", N_("significant change up")},
    {"D", N_("significant change down")},
    {"<", N_("off the scale, low side")},
    {">", N_("off the scale, high side")},
    {"HX", N_("above the high threshold")},
    {"LX", N_("below the low threshold")},
    {"EX", N_("outside the threshold")},
    {"UNE", N_("unexpected")},
    {"EXP", N_("expected")},
    {"QCF", N_("quality control failed")},
    {"TOX", N_("toxic")},
    {"CAR", N_("carrier")},
    {NULL, NULL},
};

const char *model_absent_word(struct str code)
{
    return model_code_word(absent, code);
}

const char *model_interpretation_word(struct str code)
{
    return model_code_word(interpretation, code);
}

/* --- what is not shown -------------------------------------------------------------------------- */

const char *model_not_shown(unsigned n, struct arena *a)
{
    return arena_fmt(a,
                     P_("NOT SHOWN: %u row that names another patient", "NOT SHOWN: %u rows that name another patient",
                        n),
                     n);
}

const char *model_not_read(unsigned n, struct arena *a)
{
    return arena_fmt(a, P_("NOT SHOWN: %u row that cannot be read", "NOT SHOWN: %u rows that cannot be read", n), n);
}

/* --- how old ------------------------------------------------------------------------------------ */

const char *model_days_old(int64_t asof_ms, int64_t now_ms, struct arena *a)
{
    int64_t days = asof_ms > 0 ? (now_ms - asof_ms) / DATE_DAY_MS : 0;

    if (days < 1)
        return "";
    /* TRANSLATORS: of what is kept here: it was fetched so many days ago; stands behind "as of 23-Nov 14:05" */
    return arena_fmt(a, P_(", %lld day old", ", %lld days old", days), (long long)days);
}
