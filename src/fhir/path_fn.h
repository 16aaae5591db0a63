/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which of several a function of the table is (struct path_fn's kind).
 */
#ifndef FHIR_PATH_FN_H
#define FHIR_PATH_FN_H

#include "base/intl.h"
#include "fhir/path_priv.h"

enum { PATH_EMPTY, PATH_EXISTS };
enum { PATH_ALL_TRUE, PATH_ANY_TRUE, PATH_ALL_FALSE, PATH_ANY_FALSE };
enum { PATH_THE_SINGLE, PATH_THE_FIRST, PATH_THE_LAST, PATH_THE_TAIL };
enum { PATH_OF_TYPE, PATH_IS, PATH_AS };
enum { PATH_STARTS, PATH_ENDS, PATH_CONTAINS };
enum { PATH_UPPER, PATH_LOWER, PATH_TRIM };
enum { PATH_ABS, PATH_EXP, PATH_LN, PATH_LOG, PATH_POWER, PATH_SQRT };
enum { PATH_SUM, PATH_LEAST, PATH_MOST, PATH_AVG };
#define PATH_CONVERTS 64 /* beside an enum path_kind: only whether it would */

#endif
