/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fhir/path_time.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"

/* So many digits, in a range; s moves behind them. */
static bool number(struct str *s, unsigned digits, int lo, int hi, int *out)
{
    int64_t v;

    if (s->n < digits || !str_int((struct str){s->p, digits}, lo, hi, &v))
        return false;
    *out = (int)v;
    s->p += digits, s->n -= digits;
    return true;
}

static bool skip(struct str *s, char c)
{
    if (!s->n || *s->p != c)
        return false;
    s->p++, s->n--;
    return true;
}

static int month_days(int year, int month)
{
    return (int)(month == 12 ? 31 : date_days(year, month + 1, 1) - date_days(year, month, 1));
}

static bool parse_date(struct str *s, struct path_time *t)
{
    if (!number(s, 4, 1, 9999, &t->year))
        return false;
    t->precision = PATH_YEAR;
    if (!skip(s, '-'))
        return true;
    if (!number(s, 2, 1, 12, &t->month))
        return false;
    t->precision = PATH_MONTH;
    if (!skip(s, '-'))
        return true;
    t->precision = PATH_DAY;
    return number(s, 2, 1, month_days(t->year, t->month), &t->day);
}

static bool parse_fraction(struct str *s, struct path_time *t)
{
    int32_t unit = 100000000;

    for (; s->n && *s->p >= '0' && *s->p <= '9'; s->p++, s->n--, t->digits++) {
        if (t->digits < 9)
            t->ns += (*s->p - '0') * unit;
        unit /= 10;
    }
    if (t->digits > 9)
        t->digits = 9;
    t->precision = PATH_FRACTION;
    return t->digits > 0;
}

static bool parse_clock(struct str *s, struct path_time *t)
{
    if (!number(s, 2, 0, 23, &t->hour))
        return false;
    t->precision = PATH_HOUR;
    if (!skip(s, ':'))
        return true;
    if (!number(s, 2, 0, 59, &t->min))
        return false;
    t->precision = PATH_MINUTE;
    if (!skip(s, ':'))
        return true;
    if (!number(s, 2, 0, 60, &t->sec)) /* R4: 60 for leap seconds */
        return false;
    t->precision = PATH_SECOND;
    return !skip(s, '.') || parse_fraction(s, t);
}

static bool parse_zone(struct str *s, struct path_time *t)
{
    bool minus = s->n && *s->p == '-';
    int h, m;

    if (!s->n)
        return true;
    t->zoned = true;
    if (skip(s, 'Z'))
        return true;
    if ((!skip(s, '-') && !skip(s, '+')) || !number(s, 2, 0, 14, &h) || !skip(s, ':') || !number(s, 2, 0, 59, &m))
        return false;
    t->zone_min = (h * 60 + m) * (minus ? -1 : 1);
    return true;
}

bool path_time_parse(struct str s, enum path_kind kind, struct path_time *t)
{
    memset(t, 0, sizeof *t);
    if (kind == PATH_TIME)
        return parse_clock(&s, t) && !s.n;
    if (!parse_date(&s, t))
        return false;
    if (kind == PATH_DATETIME && skip(&s, 'T') && s.n) {
        if (t->precision < PATH_DAY || !parse_clock(&s, t) || !parse_zone(&s, t))
            return false;
    }
    return !s.n;
}

int path_time_text(const struct path_time *t, enum path_kind kind, struct buf *out)
{
    if (kind != PATH_TIME) {
        buf_addf(out, "%04d", t->year);
        if (t->precision >= PATH_MONTH)
            buf_addf(out, "-%02d", t->month);
        if (t->precision >= PATH_DAY)
            buf_addf(out, "-%02d", t->day);
        if (t->precision >= PATH_HOUR)
            buf_addc(out, 'T');
    }
    if (t->precision >= PATH_HOUR)
        buf_addf(out, "%02d", t->hour);
    if (t->precision >= PATH_MINUTE)
        buf_addf(out, ":%02d", t->min);
    if (t->precision >= PATH_SECOND)
        buf_addf(out, ":%02d", t->sec);
    if (t->precision >= PATH_FRACTION) {
        char ns[16];

        snprintf(ns, sizeof ns, "%09d", (int)t->ns);
        buf_addf(out, ".%.*s", t->digits, ns);
    }
    if (t->zoned && t->precision >= PATH_HOUR) {
        int m = t->zone_min < 0 ? -t->zone_min : t->zone_min;

        if (!m)
            buf_addc(out, 'Z');
        else
            buf_addf(out, "%c%02d:%02d", t->zone_min < 0 ? '-' : '+', m / 60, m % 60);
    }
    return out->failed;
}

/* Milliseconds of the wall clock that t was read on; what is behind its precision counts as the first. */
static int64_t wall_ms(const struct path_time *t)
{
    int64_t days = t->year ? date_days(t->year, t->month, t->day) : 0;

    return ((days * 24 + t->hour) * 60 + t->min) * INT64_C(60000) + t->sec * INT64_C(1000) + t->ns / 1000000;
}

static void set_wall(struct path_time *t, int64_t ms, bool date)
{
    int64_t days = ms / DATE_DAY_MS, rest = ms % DATE_DAY_MS;

    if (rest < 0)
        rest += DATE_DAY_MS, days--;
    if (date) {
        struct date d = date_of_days(days);

        t->year = d.year, t->month = d.month, t->day = d.day;
    }
    t->hour = (int)(rest / 3600000);
    t->min = (int)(rest / 60000 % 60);
    t->sec = (int)(rest / 1000 % 60);
    t->ns = (int32_t)(rest % 1000 * 1000000 + t->ns % 1000000);
}

static int order_of(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* One of the two has a zone, the other's is unknown: what holds in every zone from -12:00 to +14:00. */
static bool compare_unzoned(const struct path_time *a, const struct path_time *b, int *order)
{
    const struct path_time *known = a->zoned ? a : b, *open = a->zoned ? b : a;
    int64_t at = wall_ms(known) - known->zone_min * INT64_C(60000), lo = wall_ms(open) - 14 * INT64_C(3600000);
    int64_t hi = wall_ms(open) + 12 * INT64_C(3600000) + (open->precision < PATH_MINUTE ? 3600000 : 60000);
    int o = at < lo ? -1 : at > hi ? 1 : 0;

    *order = known == a ? o : -o;
    return o != 0;
}

bool path_time_compare(const struct path_time *a, const struct path_time *b, int *order)
{
    struct path_time x = *a, y = *b;
    const int px[] = {PATH_YEAR, PATH_MONTH, PATH_DAY, PATH_HOUR, PATH_MINUTE};

    *order = 0;
    if (a->precision >= PATH_HOUR && b->precision >= PATH_HOUR && a->year && b->year && a->zoned != b->zoned)
        return compare_unzoned(a, b, order);
    if (a->precision >= PATH_HOUR && b->precision >= PATH_HOUR && a->zoned && b->zoned && a->zone_min != b->zone_min) {
        set_wall(&x, wall_ms(a) - a->zone_min * INT64_C(60000), true);
        set_wall(&y, wall_ms(b) - b->zone_min * INT64_C(60000), true);
    }
    const int vx[] = {x.year, x.month, x.day, x.hour, x.min}, vy[] = {y.year, y.month, y.day, y.hour, y.min};

    for (unsigned i = x.year || y.year ? 0 : 3; i < 5; i++) {
        if ((int)x.precision < px[i] || (int)y.precision < px[i])
            return x.precision == y.precision;
        *order = order_of(vx[i], vy[i]);
        if (*order)
            return true;
    }
    if (x.precision < PATH_SECOND || y.precision < PATH_SECOND)
        return x.precision == y.precision;
    *order = order_of(x.sec * INT64_C(1000000000) + x.ns, y.sec * INT64_C(1000000000) + y.ns);
    return true;
}

int64_t path_time_key(const struct path_time *t)
{
    int64_t ms, unit = t->precision == PATH_HOUR ? 3600000 : t->precision == PATH_MINUTE ? 60000 : 1000;

    if (t->precision < PATH_HOUR)
        return (t->year * INT64_C(13) + t->month) * 32 + t->day;
    ms = wall_ms(t) - (t->zoned ? t->zone_min * INT64_C(60000) : 0);
    return ms / unit - (ms % unit < 0);
}

bool path_time_same_precision(const struct path_time *a, const struct path_time *b)
{
    return a->precision == b->precision || (a->precision >= PATH_SECOND && b->precision >= PATH_SECOND);
}

struct path_time path_time_of(int64_t ms, int zone_min)
{
    struct path_time t = {.precision = PATH_FRACTION, .digits = 3, .zoned = true, .zone_min = zone_min};

    set_wall(&t, ms + zone_min * INT64_C(60000), true);
    return t;
}

enum path_unit path_time_unit(struct str unit, bool calendar)
{
    static const struct {
        const char *word, *ucum;
        enum path_unit unit;
    } table[] = {
        {"year", NULL, PATH_U_YEAR}, {"month", NULL, PATH_U_MONTH}, {"week", "wk", PATH_U_WEEK},
        {"day", "d", PATH_U_DAY}, {"hour", "h", PATH_U_HOUR}, {"minute", "min", PATH_U_MINUTE},
        {"second", "s", PATH_U_SECOND}, {"millisecond", "ms", PATH_U_MS},
    };
    struct str word = unit;

    if (word.n > 3 && word.p[word.n - 1] == 's')
        word.n--;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (str_is(word, table[i].word) || (!calendar && table[i].ucum && str_is(unit, table[i].ucum)))
            return table[i].unit;
    return PATH_U_NONE;
}

static bool add_months(struct path_time *t, int64_t months)
{
    int64_t m = t->year * INT64_C(12) + (t->month ? t->month - 1 : 0) + months;

    if (m < 12 || m >= 10000 * INT64_C(12))
        return false;
    t->year = (int)(m / 12);
    if (t->precision >= PATH_MONTH)
        t->month = (int)(m % 12) + 1;
    if (t->precision >= PATH_DAY && t->day > month_days(t->year, t->month))
        t->day = month_days(t->year, t->month);
    return true;
}

/* A value that has no day moves by whole months of 30 days and years of 365 (specification 6.6.7). */
static bool add_coarse(struct path_time *t, int64_t ms)
{
    int64_t days = ms / DATE_DAY_MS;

    return add_months(t, t->precision == PATH_YEAR ? days / 365 * 12 : days / 30);
}

bool path_time_add(struct path_time *t, enum path_kind kind, int64_t count, enum path_unit unit)
{
    static const int64_t ms[] = {[PATH_U_WEEK] = 7 * DATE_DAY_MS, [PATH_U_DAY] = DATE_DAY_MS, [PATH_U_HOUR] = 3600000,
                                 [PATH_U_MINUTE] = 60000, [PATH_U_SECOND] = 1000, [PATH_U_MS] = 1};
    static const int64_t step[] = {[PATH_DAY] = DATE_DAY_MS, [PATH_HOUR] = 3600000, [PATH_MINUTE] = 60000,
                                   [PATH_SECOND] = 1000, [PATH_FRACTION] = 1};
    const int64_t most = INT64_C(4000000000000000);
    int64_t by, now;

    if (unit == PATH_U_YEAR || unit == PATH_U_MONTH) {
        if (count > 200000 || count < -200000)
            return false;
        count *= unit == PATH_U_YEAR ? 12 : 1;
        return add_months(t, t->precision == PATH_YEAR ? count / 12 * 12 : count);
    }
    if (count > most / ms[unit] || count < -most / ms[unit])
        return false;
    by = count * ms[unit];
    if (kind != PATH_TIME && t->precision < PATH_DAY)
        return add_coarse(t, by);
    by -= by % step[t->precision];
    now = wall_ms(t) + by;
    if (kind == PATH_TIME)
        now = (now % DATE_DAY_MS + DATE_DAY_MS) % DATE_DAY_MS;
    else if (now < date_days(1, 1, 1) * DATE_DAY_MS || now >= (date_days(9999, 12, 31) + 1) * DATE_DAY_MS)
        return false;
    set_wall(t, now, kind != PATH_TIME);
    return true;
}

int path_time_precision(const struct path_time *t, enum path_kind kind)
{
    static const int of[] = {[PATH_YEAR] = 4, [PATH_MONTH] = 6, [PATH_DAY] = 8, [PATH_HOUR] = 10, [PATH_MINUTE] = 12,
                             [PATH_SECOND] = 14, [PATH_FRACTION] = 17};

    return of[t->precision] - (kind == PATH_TIME ? 8 : 0);
}

static enum path_precision of_digits(int64_t digits, enum path_kind kind)
{
    struct path_time t = {0};

    for (t.precision = PATH_YEAR; t.precision <= PATH_FRACTION; t.precision++)
        if (path_time_precision(&t, kind) == digits && (kind != PATH_TIME || t.precision >= PATH_HOUR))
            return t.precision;
    return PATH_P_NONE;
}

bool path_time_boundary(struct path_time *t, enum path_kind kind, int64_t digits, bool high)
{
    enum path_precision had = t->precision, want = digits ? of_digits(digits, kind) : kind == PATH_DATE
            ? PATH_DAY : PATH_FRACTION;

    if (!want || (kind == PATH_DATE && want > PATH_DAY))
        return false;
    if (had < PATH_MONTH && kind != PATH_TIME)
        t->month = high ? 12 : 1;
    if (had < PATH_DAY && kind != PATH_TIME)
        t->day = high ? month_days(t->year, t->month) : 1;
    if (had < PATH_HOUR)
        t->hour = high ? 23 : 0;
    if (had < PATH_MINUTE) /* R4 has no time of hours alone: 08 is 08:00, as its test suite reads it */
        t->min = high && had < PATH_HOUR ? 59 : 0;
    if (had < PATH_SECOND)
        t->sec = high ? 59 : 0;
    if (had < PATH_FRACTION)
        t->ns = high ? 999000000 : 0;
    for (int i = t->digits; had == PATH_FRACTION && high && i < 3; i++) /* .5 may have been .599 */
        t->ns += i == 1 ? 90000000 : 9000000;
    if (had < PATH_FRACTION || t->digits < 3)
        t->digits = 3;
    t->precision = want;
    if (kind == PATH_DATETIME && want < PATH_HOUR) {
        t->zoned = false;
    } else if (kind == PATH_DATETIME && !t->zoned) {
        t->zoned = true;
        t->zone_min = high ? -12 * 60 : 14 * 60;
    }
    return true;
}
