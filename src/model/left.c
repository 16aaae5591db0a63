/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "model/left.h"

#include "model/priv.h"
#include "store/member.h"

const char *model_left_words(struct model *m, struct str chart, int64_t *until_ms, struct arena *a)
{
    struct store_member who;
    char when[DATE_TEXT_MAX];
    struct date day;

    if (store_member(m->store, chart, &who, NULL) || !who.left_ms)
        return NULL;
    day = date_today(who.left_ms);
    date_text(&day, when);
    *until_ms = who.left_ms + STORE_MEMBER_GRACE_MS;
    /* TRANSLATORS: of a patient: the list that this device follows does not name her any more; a date */
    return arena_fmt(a, _("not in the list since %s"), when);
}
