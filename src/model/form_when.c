/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Dates and times as they are typed: as much of a date as somebody knows, never more; a day and a month that could be
 * either are asked. Midnight is 00:00 of the day that begins, and 24:00 says so: REQ CS-10.
 */
#include "config.h"

#include "model/form_priv.h"

#include <string.h>

#include "base/date.h"
#include "base/intl.h"

struct word {
    struct str s;
    char sep; /* behind it, or 0 */
};

/* Words of letters or digits, at most max; 0: something else stands there. */
static unsigned words_of(struct str s, struct word *w, unsigned max)
{
    unsigned n = 0;
    size_t i = 0;

    while (i < s.n) {
        size_t from = i;

        while (i < s.n && ((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] | 0x20) >= 'a' || (unsigned char)s.p[i] >= 0x80))
            i++;
        if (i == from || n == max)
            return 0;
        w[n].s = (struct str){s.p + from, i - from};
        w[n].sep = i < s.n ? s.p[i] : '\0';
        if (i < s.n && !strchr("-/. ,", s.p[i]))
            return 0;
        while (i < s.n && strchr("-/. ,", s.p[i]))
            i++;
        n++;
    }
    return n;
}

static bool digits(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n > 0;
}

static int number(struct str s)
{
    int64_t v;

    return str_int(s, 0, 9999, &v) ? (int)v : -1;
}

static int month_of(struct str s)
{
    struct buf b;
    int month;

    buf_init(&b, 256);
    text_fold(&b, s);
    month = date_month(buf_str(&b));
    if (!month && b.n > 3)
        month = date_month((struct str){b.p, 3}); /* "march", in English */
    buf_fini(&b);
    return month > 0 ? month : 0;
}

/* FHIR's words for it, or NULL where there is no such day. */
static char *iso(struct form_typing *t, int year, int month, int day)
{
    struct date d;
    char *s = day     ? arena_fmt(t->a, "%04d-%02d-%02d", year, month, day)
              : month ? arena_fmt(t->a, "%04d-%02d", year, month)
                      : arena_fmt(t->a, "%04d", year);

    return s && year >= 1000 && date_parse(str_of(s), &d) ? s : NULL;
}

static const char *said(struct form_typing *t, const char *date)
{
    struct date d;
    char words[DATE_TEXT_MAX];

    date_parse(str_of(date), &d);
    date_text(&d, words);
    return arena_fmt(t->a, "%s", words);
}

static int no_date(struct form_typing *t)
{
    return model_form_refused(t, _("This is no date. Write 2026-05-03, 2026-05, 2026, 3 May 2026, t (today) or t-3."));
}

/* Day and month in figures. */
static int figures(struct form_typing *t, int a, int b, int year, char **out)
{
    char *one = iso(t, year, b, a), *two = iso(t, year, a, b);

    if (one && two && strcmp(one, two)) {
        model_form_asked(t, _("Which day is meant?"));
        model_form_reading(t, said(t, one), one);
        model_form_reading(t, said(t, two), two);
        return ERR_OK;
    }
    *out = one ? one : two;
    return *out ? ERR_OK : no_date(t);
}

/* "t", "t-3", "t+7". */
static bool relative(struct form_typing *t, struct str s, char **out)
{
    struct date today;
    int64_t days = 0;

    *out = NULL;
    if (!s.n || (*s.p | 0x20) != 't' || !t->f->env.clock)
        return false;
    if (s.n > 1 && ((s.p[1] != '+' && s.p[1] != '-') || !str_int((struct str){s.p + 2, s.n - 2}, 0, 40000, &days)))
        return false;
    if (s.n > 1 && s.p[1] == '-')
        days = -days;
    char now[40];

    model_form_now(t->f, now);
    if (!date_parse((struct str){now, 10}, &today))
        return false;
    today = date_of_days(date_days(today.year, today.month, today.day) + days);
    *out = iso(t, today.year, today.month, today.day);
    return *out != NULL;
}

/* A date; *out NULL: asked or refused. */
static int read_date(struct form_typing *t, struct str s, char **out)
{
    struct word w[4];
    unsigned n;

    *out = NULL;
    if (relative(t, s, out))
        return ERR_OK;
    n = words_of(s, w, 4);
    if (!n || n > 3)
        return no_date(t);
    if (digits(w[0].s) && w[0].s.n == 4 && (n == 1 || digits(w[1].s))) { /* the year first */
        int month = n > 1 ? number(w[1].s) : 0, day = n > 2 ? number(w[2].s) : 0;

        *out = (n < 2 || month > 0) && (n < 3 || day > 0) ? iso(t, number(w[0].s), month, day) : NULL;
        return *out ? ERR_OK : no_date(t);
    }
    if (n == 2 && month_of(w[0].s) && digits(w[1].s) && w[1].s.n == 4) {
        *out = iso(t, number(w[1].s), month_of(w[0].s), 0);
    } else if (n == 3 && digits(w[2].s) && w[2].s.n <= 2) {
        return model_form_refused(t, _("The year takes four digits."));
    } else if (n == 3 && digits(w[2].s) && w[2].s.n == 4) {
        if (digits(w[0].s) && digits(w[1].s))
            return figures(t, number(w[0].s), number(w[1].s), number(w[2].s), out);
        if (digits(w[0].s) && month_of(w[1].s))
            *out = iso(t, number(w[2].s), month_of(w[1].s), number(w[0].s));
        else if (month_of(w[0].s) && digits(w[1].s))
            *out = iso(t, number(w[2].s), month_of(w[0].s), number(w[1].s));
    }
    return *out ? ERR_OK : no_date(t);
}

int model_form_read_date(struct form_typing *t)
{
    char *date;
    int r = read_date(t, t->typed, &date);

    if (date)
        t->v = (struct form_value){.set = true, .kind = FORM_DATE, .text = str_of(date)};
    return r;
}

/* --- times ------------------------------------------------------------------------------------- */

static int no_time(struct form_typing *t)
{
    return model_form_refused(t, _("This is no time. Write 14:05."));
}

/* "14:05", "14:05:30", "1405"; NULL: none. */
static char *clock_of(struct form_typing *t, struct str s)
{
    struct str h, m, sec, rest = s;
    int64_t hour, min, second = 0;

    if (s.n == 4 && digits(s)) {
        h = (struct str){s.p, 2};
        m = (struct str){s.p + 2, 2};
        sec = STR("");
    } else {
        h = str_split(&rest, ':');
        m = str_split(&rest, ':');
        sec = rest;
    }
    if (h.n < 1 || h.n > 2 || m.n != 2 || !str_int(h, 0, 23, &hour) || !str_int(m, 0, 59, &min) ||
        (sec.n && (sec.n != 2 || !str_int(sec, 0, 59, &second))))
        return NULL;
    return arena_fmt(t->a, "%02d:%02d:%02d", (int)hour, (int)min, (int)second);
}

static bool is_midnight(struct str s)
{
    return str_is(s, "24:00") || str_is(s, "2400");
}

int model_form_read_time(struct form_typing *t)
{
    char *clock = clock_of(t, t->typed);

    if (is_midnight(t->typed))
        return model_form_refused(t, _("Midnight is 00:00 of the day that begins then."));
    if (!clock)
        return no_time(t);
    t->v = (struct form_value){.set = true, .kind = FORM_TIME, .text = str_of(clock)};
    return ERR_OK;
}

/* A time on the clock of the place, on that day. */
static int with_zone(struct form_typing *t, const char *date, const char *clock)
{
    struct date d;
    char *utc = arena_fmt(t->a, "%sT%sZ", date, clock);
    int zone = 0, away;

    if (!utc || !date_parse(str_of(utc), &d))
        return no_time(t);
    for (int i = 0; i < 2 && t->f->env.zone_min; i++) /* the zone's own step moves it once */
        zone = t->f->env.zone_min(t->f->env.arg, date_ms(&d) - (int64_t)zone * 60000);
    away = zone < 0 ? -zone : zone;
    t->v = (struct form_value){.set = true, .kind = FORM_DATETIME,
                               .text = str_of(arena_fmt(t->a, "%sT%s%c%02d:%02d", date, clock, zone < 0 ? '-' : '+',
                                                        away / 60, away % 60))};
    return ERR_OK;
}

int model_form_read_datetime(struct form_typing *t)
{
    struct str s = t->typed, day = s, time = STR("");
    struct date d;
    char *date, *clock, now[40];
    int r;

    if (date_parse(s, &d) && d.precision == DATE_MINUTE) {
        t->v = (struct form_value){.set = true, .kind = FORM_DATETIME, .text = s};
        return ERR_OK;
    }
    if (s.n == 1 && (*s.p | 0x20) == 'n' && t->f->env.clock) {
        model_form_now(t->f, now);
        t->v = (struct form_value){.set = true, .kind = FORM_DATETIME, .text = arena_str(t->a, str_of(now))};
        return ERR_OK;
    }
    for (size_t i = s.n; i > 0 && !time.n; i--)
        if ((s.p[i - 1] == ' ' || s.p[i - 1] == 'T') && memchr(s.p + i, ':', s.n - i)) {
            day = str_trim((struct str){s.p, i - 1});
            time = str_trim((struct str){s.p + i, s.n - i});
        }
    if (is_midnight(time))
        return model_form_refused(t, _("Midnight is 00:00 of the day that begins then."));
    r = read_date(t, day, &date);
    for (unsigned i = 0; i < t->out->n && time.n; i++) { /* the question is about the day alone */
        t->out->reading[i].put = str_of(arena_fmt(t->a, "%.*s %.*s", STR_ARG(t->out->reading[i].put), STR_ARG(time)));
        t->out->reading[i].words = text_safe(t->a, str_of(arena_fmt(t->a, "%s %.*s", t->out->reading[i].words.s,
                                                                    STR_ARG(time))), 200);
    }
    if (r || !date)
        return r;
    if (!time.n) {
        t->v = (struct form_value){.set = true, .kind = FORM_DATETIME, .text = str_of(date)};
        return ERR_OK;
    }
    clock = clock_of(t, time);
    if (!clock)
        return no_time(t);
    return strlen(date) == 10 ? with_zone(t, date, clock) : model_form_refused(t, _("A time needs the whole day."));
}
