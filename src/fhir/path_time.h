/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * FHIRPath's dates, dateTimes and times: nothing is invented behind the precision that they were written in.
 */
#ifndef FHIR_PATH_TIME_H
#define FHIR_PATH_TIME_H

#include "fhir/path.h"
#include "fhir/path_decimal.h"

/* kind: PATH_DATE, PATH_DATETIME (also without a time, also "2015T") or PATH_TIME. */
bool path_time_parse(struct str s, enum path_kind kind, struct path_time *out);
int path_time_text(const struct path_time *t, enum path_kind kind, struct buf *out);
/* False when their precision, or a zone that is not known, leaves it open. Dates and dateTimes, or two times. */
bool path_time_compare(const struct path_time *a, const struct path_time *b, int *order);
/* The same for two that path_time_compare finds in one place; others may share it. */
int64_t path_time_key(const struct path_time *t);
bool path_time_same_precision(const struct path_time *a, const struct path_time *b);
/* An instant, in a zone, to the millisecond. */
struct path_time path_time_of(int64_t wall_ms, int zone_min);
/* Units in which a calendar moves: 1 year .. 8 millisecond; 0 none. calendar: "month", "months"; else UCUM's codes of
 * fixed length ("d", "wk", "h", "min", "s", "ms"), or 'month' between quotes. */
enum path_unit { PATH_U_NONE, PATH_U_YEAR, PATH_U_MONTH, PATH_U_WEEK, PATH_U_DAY, PATH_U_HOUR, PATH_U_MINUTE,
    PATH_U_SECOND,
                 PATH_U_MS };
enum path_unit path_time_unit(struct str unit, bool calendar);
/* t moved by so many units; false: out of the calendar's years. */
bool path_time_add(struct path_time *t, enum path_kind kind, int64_t count, enum path_unit unit);
/* The first or last moment that t may mean, to a precision counted in digits (4 year .. 17 milliseconds; a time's
 * 2 .. 9); 0: the finest. False: no such precision. */
bool path_time_boundary(struct path_time *t, enum path_kind kind, int64_t digits, bool high);
int path_time_precision(const struct path_time *t, enum path_kind kind);

#endif
