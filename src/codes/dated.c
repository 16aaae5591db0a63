/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "codes/dated.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"

#define DAYS_MOST 36500

/* "730 days" */
static int64_t limit_of(const struct tsv *t)
{
    struct str says = tsv_head(t, "too old after");
    int64_t n;

    if (!str_ends(says, " days"))
        return 0;
    says.n -= strlen(" days");
    return str_int(says, 1, DAYS_MOST, &n) ? n : 0;
}

/* What its head says of its age. */
static enum codes_file_state age_of(const struct tsv *t, const struct date *today, struct codes_dated *out)
{
    out->limit = limit_of(t);
    if (!date_parse(tsv_head(t, "date"), &out->date) || out->date.precision != DATE_DAY) {
        out->date = (struct date){.precision = DATE_NONE};
        return CODES_FILE_UNDATED;
    }
    out->days = date_days(today->year, today->month, today->day) -
                date_days(out->date.year, out->date.month, out->date.day);
    if (!out->limit)
        return CODES_FILE_UNDATED;
    /* a day ahead is another zone's */
    return out->days < -1 ? CODES_FILE_AHEAD : out->days > out->limit ? CODES_FILE_OLD : CODES_FILE_GOOD;
}

static enum codes_file_state state_of(const struct err *e)
{
    switch (e->code) {
    case ERR_EMPTY:
        return CODES_FILE_EMPTY;
    case ERR_INPUT:
        return e->num ? CODES_FILE_DAMAGED : CODES_FILE_CUT;
    case ERR_TOOBIG:
        return CODES_FILE_DAMAGED;
    default:
        return CODES_FILE_MISSING;
    }
}

int codes_dated_open(const char *dir, const char *file, const char *columns, const struct date *today, struct arena *a,
                     struct tsv *t, struct codes_dated *out, struct err *e)
{
    struct err why = ERR_NONE;
    int code = tsv_open(dir, file, a, t, &why);

    *out = (struct codes_dated){.file = file, .rows = t->rows};
    if (code == ERR_NOMEM)
        return err_set(e, ERR_NOMEM, 0, 0, file);
    if (code) {
        out->state = state_of(&why);
        out->line = why.code == ERR_INPUT ? (int)why.num : 0;
        out->sub = why.sub;
    } else if (!tsv_has(t, columns)) {
        out->line = (int)t->line;
        out->state = CODES_FILE_DAMAGED;
    } else {
        out->state = tsv_head(t, "rows").n ? age_of(t, today, out) : CODES_FILE_CUT;
    }
    if (out->state != CODES_FILE_GOOD)
        *t = (struct tsv){.rows = 0};
    return ERR_OK;
}

void codes_dated_bad(struct codes_dated *f, const struct tsv *t)
{
    f->state = CODES_FILE_DAMAGED;
    f->line = (int)t->line;
}

struct str codes_dated_words(const struct tsv *t, const struct str *cell, const char *column)
{
    char name[64];
    int at, own = tsv_column(t, column);

    snprintf(name, sizeof name, "%s:%s", column, intl_language());
    at = tsv_column(t, name);
    return at >= 0 && cell[at].n ? cell[at] : own >= 0 ? cell[own] : STR("");
}

const char *codes_dated_why(const struct codes_dated *f, struct arena *a)
{
    char day[DATE_TEXT_MAX];

    date_text(&f->date, day);
    switch (f->state) {
    case CODES_FILE_MISSING:
        return _("is not there or cannot be read");
    case CODES_FILE_EMPTY:
        return _("is empty");
    case CODES_FILE_CUT:
        return _("is not whole: its head does not count its rows");
    case CODES_FILE_DAMAGED:
        return arena_fmt(a, _("is damaged at line %d"), f->line);
    case CODES_FILE_UNDATED:
        return _("does not say its date, or after how many days it is too old");
    case CODES_FILE_AHEAD:
        return arena_fmt(a, _("is dated ahead (%s): its date or this machine's clock is wrong"), day);
    case CODES_FILE_OLD:
        return arena_fmt(a, _("is too old: of %s, good for %lld days"), day, (long long)f->limit);
    default:
        return "";
    }
}
