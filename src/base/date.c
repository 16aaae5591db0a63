/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/date.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/intl.h"
#include "base/text.h"

/* REQ CS-09: DD-MMM-YYYY in every language and locale: the months are this table, never the C library's.
 * TRANSLATORS: months in dates such as 05-Mar-2026; three columns each, no two alike. */
static const char *const months[12] = {N_("Jan"), N_("Feb"), N_("Mar"), N_("Apr"), N_("May"),
                                       N_("Jun"), N_("Jul"), N_("Aug"), N_("Sep"), N_("Oct"),
                                       N_("Nov"), N_("Dec")};

static bool digits(struct str *s, size_t n, int *out)
{
    int v = 0;

    if (s->n < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (s->p[i] < '0' || s->p[i] > '9')
            return false;
        v = v * 10 + (s->p[i] - '0');
    }
    s->p += n;
    s->n -= n;
    *out = v;
    return true;
}

static bool literal(struct str *s, char c)
{
    if (!s->n || s->p[0] != c)
        return false;
    s->p++;
    s->n--;
    return true;
}

static bool leap(int y)
{
    return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

static int month_days(int y, int m)
{
    static const int n[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return m == 2 && leap(y) ? 29 : n[m - 1];
}

static bool parse_zone(struct str *s, int *offset)
{
    int h, m, sign;

    if (literal(s, 'Z')) {
        *offset = 0;
        return s->n == 0;
    }
    sign = literal(s, '+') ? 1 : literal(s, '-') ? -1 : 0;
    if (!sign || !digits(s, 2, &h) || !literal(s, ':') || !digits(s, 2, &m) || s->n)
        return false;
    if (m > 59 || h * 60 + m > 14 * 60)
        return false;
    *offset = sign * (h * 60 + m);
    return true;
}

static bool parse_time(struct str *s, struct date *d)
{
    if (!digits(s, 2, &d->hour) || !literal(s, ':') || !digits(s, 2, &d->min) || !literal(s, ':') ||
        !digits(s, 2, &d->sec) || d->hour > 23 || d->min > 59 || d->sec > 60)
        return false;
    if (literal(s, '.')) {
        int scale = 100, k;

        if (!digits(s, 1, &k))
            return false;
        do {
            d->ms += k * scale;
            scale /= 10;
        } while (digits(s, 1, &k));
    }
    return parse_zone(s, &d->offset_min);
}

static bool parse(struct str s, struct date *d)
{
    if (!digits(&s, 4, &d->year) || d->year < 1)
        return false;
    d->precision = DATE_YEAR;
    if (!s.n)
        return true;
    if (!literal(&s, '-') || !digits(&s, 2, &d->month) || d->month < 1 || d->month > 12)
        return false;
    d->precision = DATE_MONTH;
    if (!s.n)
        return true;
    if (!literal(&s, '-') || !digits(&s, 2, &d->day) || d->day < 1 ||
        d->day > month_days(d->year, d->month))
        return false;
    d->precision = DATE_DAY;
    if (!s.n)
        return true;
    d->precision = DATE_MINUTE;
    return literal(&s, 'T') && parse_time(&s, d);
}

bool date_parse(struct str s, struct date *d)
{
    *d = (struct date){0};
    if (parse(s, d))
        return true;
    *d = (struct date){0};
    return false;
}

/* Days from the civil calendar, counted in 400-year eras that start on 1 March. */
int64_t date_days(int year, int month, int day)
{
    int64_t y, era, yoe, doy;

    if (month < 1)
        month = 1;
    if (day < 1)
        day = 1;
    y = year - (month <= 2);
    era = (y >= 0 ? y : y - 399) / 400;
    yoe = y - era * 400;
    doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

struct date date_of_days(int64_t days)
{
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int month = (int)(mp < 10 ? mp + 3 : mp - 9);

    return (struct date){.precision = DATE_DAY,
                         .year = (int)(yoe + era * 400 + (month <= 2)),
                         .month = month,
                         .day = (int)(doy - (153 * mp + 2) / 5 + 1)};
}

int64_t date_ms(const struct date *d)
{
    int64_t s = date_days(d->year, d->month, d->day) * 86400;

    if (d->precision == DATE_MINUTE)
        s += (int64_t)d->hour * 3600 + (int64_t)d->min * 60 + d->sec - (int64_t)d->offset_min * 60;
    return s * 1000 + d->ms;
}

int date_zone_min(int64_t wall_ms)
{
    time_t t = (time_t)(wall_ms / 1000);
    struct tm tm;

    return localtime_r(&t, &tm) ? (int)(tm.tm_gmtoff / 60) : 0;
}

int date_month(struct str folded)
{
    static const char english[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    struct buf b;
    int month = 0;

    for (int i = 0; i < 12; i++)
        if (str_eq(folded, (struct str){english + 3 * i, 3}))
            return i + 1;
    buf_init(&b, 256);
    for (int i = 0; i < 12 && !month; i++) {
        int code;

        buf_clear(&b);
        code = text_fold(&b, str_of(_(months[i])));
        if (!code && str_eq(folded, buf_str(&b)))
            month = i + 1;
        else if (code == ERR_NOMEM)
            month = -1;
    }
    buf_fini(&b);
    return month;
}

void date_text(const struct date *d, char out[DATE_TEXT_MAX])
{
    const char *m = d->month ? _(months[d->month - 1]) : "";
    char zone[16] = "";

    switch (d->precision) {
    case DATE_NONE:
        out[0] = '\0';
        break;
    case DATE_YEAR:
        snprintf(out, DATE_TEXT_MAX, "%04d", d->year);
        break;
    case DATE_MONTH:
        snprintf(out, DATE_TEXT_MAX, "%.12s-%04d", m, d->year);
        break;
    case DATE_DAY:
        snprintf(out, DATE_TEXT_MAX, "%02d-%.12s-%04d", d->day, m, d->year);
        break;
    case DATE_MINUTE:
        if (d->offset_min != date_zone_min(date_ms(d))) {
            int off = d->offset_min < 0 ? -d->offset_min : d->offset_min;

            if (off)
                snprintf(zone, sizeof zone, " %c%02d:%02d", d->offset_min < 0 ? '-' : '+',
                         off / 60 % 100, off % 60);
            else
                snprintf(zone, sizeof zone, " UTC");
        }
        snprintf(out, DATE_TEXT_MAX, "%02d-%.12s-%04d %02d:%02d%s", d->day, m, d->year, d->hour,
                 d->min, zone);
        break;
    }
}

void date_short(int64_t wall_ms, int this_year, char out[DATE_TEXT_MAX])
{
    time_t t = (time_t)(wall_ms / 1000);
    struct tm tm;

    out[0] = '\0';
    if (!localtime_r(&t, &tm))
        return;
    if (tm.tm_year + 1900 == this_year)
        snprintf(out, DATE_TEXT_MAX, "%02d-%.12s %02d:%02d", tm.tm_mday, _(months[tm.tm_mon]),
                 tm.tm_hour, tm.tm_min);
    else
        snprintf(out, DATE_TEXT_MAX, "%02d-%.12s-%04d %02d:%02d", tm.tm_mday, _(months[tm.tm_mon]),
                 tm.tm_year + 1900, tm.tm_hour, tm.tm_min);
}

void date_instant(int64_t wall_ms, char out[DATE_INSTANT_MAX])
{
    int64_t days = wall_ms / DATE_DAY_MS, rest = wall_ms % DATE_DAY_MS;
    struct date d;

    if (rest < 0) {
        rest += DATE_DAY_MS;
        days--;
    }
    d = date_of_days(days);
    snprintf(out, DATE_INSTANT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", d.year % 10000,
             d.month % 100, d.day % 100, (int)(rest / 3600000), (int)(rest / 60000 % 60),
             (int)(rest / 1000 % 60), (int)(rest % 1000));
}

struct date date_today(int64_t wall_ms)
{
    time_t t = (time_t)(wall_ms / 1000);
    struct tm tm;

    if (!localtime_r(&t, &tm))
        return (struct date){0};
    return (struct date){
        .precision = DATE_DAY, .year = tm.tm_year + 1900, .month = tm.tm_mon + 1, .day = tm.tm_mday};
}

int64_t date_midnight(int64_t wall_ms, int days)
{
    time_t t = (time_t)(wall_ms / 1000);
    struct tm tm, day;

    if (!localtime_r(&t, &tm))
        return wall_ms;
    day = (struct tm){.tm_year = tm.tm_year, .tm_mon = tm.tm_mon, .tm_mday = tm.tm_mday + days, .tm_isdst = -1};
    return (int64_t)mktime(&day) * 1000;
}

bool date_age(const struct date *birth, const struct date *on, struct date_age *age)
{
    int bm = birth->month ? birth->month : 1, bd = birth->day ? birth->day : 1;
    int om = on->month ? on->month : 1, od = on->day ? on->day : 1;

    *age = (struct date_age){.approximate = birth->precision < DATE_DAY || on->precision < DATE_DAY};
    if (birth->precision == DATE_NONE || on->precision == DATE_NONE)
        return false;
    age->years = on->year - birth->year;
    age->months = om - bm;
    age->days = od - bd;
    if (age->days < 0) {
        int pm = om == 1 ? 12 : om - 1, py = om == 1 ? on->year - 1 : on->year;

        age->months--;
        age->days += month_days(py, pm);
        if (age->days < 0)
            age->days = 0;
    }
    if (age->months < 0) {
        age->years--;
        age->months += 12;
    }
    return age->years >= 0;
}

bool date_http(struct str s, int64_t *wall_ms)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct date d = {.precision = DATE_MINUTE};
    const char *m;

    s = str_trim(s);
    if (s.n != 29 || s.p[3] != ',' || memcmp(s.p + 25, " GMT", 4))
        return false;
    s.p += 5;
    s.n -= 9;
    if (!digits(&s, 2, &d.day) || !literal(&s, ' '))
        return false;
    for (m = names; *m && memcmp(m, s.p, 3); m += 3)
        ;
    if (!*m)
        return false;
    d.month = (int)(m - names) / 3 + 1;
    s.p += 3;
    s.n -= 3;
    if (!literal(&s, ' ') || !digits(&s, 4, &d.year) || !literal(&s, ' ') ||
        !digits(&s, 2, &d.hour) || !literal(&s, ':') || !digits(&s, 2, &d.min) ||
        !literal(&s, ':') || !digits(&s, 2, &d.sec) || d.day < 1 || d.year < 1970 ||
        d.day > month_days(d.year, d.month) || d.hour > 23 || d.min > 59 || d.sec > 60)
        return false;
    *wall_ms = date_ms(&d);
    return true;
}
