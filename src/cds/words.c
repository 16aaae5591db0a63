/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cds/cds_priv.h"

const char *cds_caution(void)
{
    return _("not reviewed by a clinician");
}

const char *cds_tier_words(enum cds_tier t)
{
    static const char *const words[] = {
        [CDS_STOP] = N_("STOP"),
        [CDS_ASK] = N_("ASK"),
        [CDS_NOTE] = N_("NOTE"),
    };

    return _(words[t]);
}

const char *cds_kind_words(enum cds_kind k)
{
    static const char *const words[] = {
        [CDS_ALLERGY] = N_("Allergies"),           [CDS_INTERACTION] = N_("Interactions"),
        [CDS_DUPLICATE] = N_("Duplicates"),        [CDS_SINGLE_DOSE] = N_("Maximum single dose"),
        [CDS_DAILY_DOSE] = N_("Maximum dose a day"),
    };

    return _(words[k]);
}

const char *cds_state_words(enum cds_state s)
{
    static const char *const words[] = {
        [CDS_CLEAN] = N_("RAN - nothing found"),
        [CDS_FOUND] = N_("FOUND"),
        [CDS_COULD_NOT_RUN] = N_("COULD NOT RUN"),
    };

    return _(words[s]);
}
