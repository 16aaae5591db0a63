/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * FHIR dates (R4 datatypes: date, dateTime, instant) with the precision and the zone they were written
 * in. A date is not an instant: a birth date is the same day everywhere, a day that nobody wrote is never
 * invented. Times on screen are those of the clock that wrote them, and say whose clock it is.
 */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define DATE_DAY_MS INT64_C(86400000) /* without a change of the clock */

enum date_precision { DATE_NONE, DATE_YEAR, DATE_MONTH, DATE_DAY, DATE_MINUTE };

struct date {
    enum date_precision precision; /* DATE_MINUTE: a time with seconds and a zone */
    int year, month, day;          /* 1..9999, 1..12, 1..31; 0 where the precision ends */
    int hour, min, sec;            /* sec up to 60 */
    int ms;                        /* 0..999 */
    int offset_min;                /* east of UTC */
};

/* False, and precision DATE_NONE, for anything that R4 does not allow (30 February, 24:00, no zone). */
bool date_parse(struct str s, struct date *d);

/* UTC milliseconds of the first moment d can mean; a day counts as UTC. For sorting, never for show. */
int64_t date_ms(const struct date *d);

/* "23-Nov-2026", "Nov-2026", "2026", "23-Nov-2026 14:05", with "+14:00" or "UTC" behind a time unless the
 * machine's zone has that offset at that moment. */
#define DATE_TEXT_MAX 48
void date_text(const struct date *d, char out[DATE_TEXT_MAX]);

/* The machine's offset from UTC at an instant, in minutes east. */
int date_zone_min(int64_t wall_ms);

/* The month that date_text writes so, in English or in the language of the messages: 1..12, or 0; below 0
 * without memory. folded: as text_fold makes it. */
int date_month(struct str folded);

/* An instant on the machine's clock: "23-Nov 14:05" (with the year when it is not this_year). */
void date_short(int64_t wall_ms, int this_year, char out[DATE_TEXT_MAX]);

/* "2026-11-23T14:05:09.123Z" */
#define DATE_INSTANT_MAX 32
void date_instant(int64_t wall_ms, char out[DATE_INSTANT_MAX]);

/* The day of an instant on the machine's clock. */
struct date date_today(int64_t wall_ms);

/* The first moment of a day on the machine's clock: of the day of an instant, or so many days after it. */
int64_t date_midnight(int64_t wall_ms, int days);

/* Days since 1970-01-01 in the Gregorian calendar; month and day count as 1 where they are missing. */
int64_t date_days(int year, int month, int day);
struct date date_of_days(int64_t days);

/* Age on a day: whole years, months and days. False when birth is unknown, or after on. approximate is
 * set when the birth date has no day (the age may then be one less). */
struct date_age {
    int years, months, days; /* months 0..11 beyond years, days 0..30 beyond months */
    bool approximate;
};
bool date_age(const struct date *birth, const struct date *on, struct date_age *age);

/* An HTTP Date header (RFC 9110 5.6.7, IMF-fixdate). */
bool date_http(struct str s, int64_t *wall_ms);

#endif
