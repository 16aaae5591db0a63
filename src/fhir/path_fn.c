/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The table of functions: FHIRPath's (specification 5), FHIR's (R4 2.9.1.6), SDC's and SQL-on-FHIR's.
 */
#include "config.h"

#include <string.h>

#include "fhir/path_fn.h"

#define L PATH_LAMBDA
#define ALL PATH_ALL_LAMBDA

static const struct path_fn functions[] = {
    /* 5.1 existence */
    {"empty", 0, 0, 0, path_fn_exists, PATH_EMPTY, "Boolean"},
    {"exists", 0, 1, L, path_fn_exists, PATH_EXISTS, "Boolean"},
    {"all", 1, 1, L, path_fn_all, 0, "Boolean"},
    {"allTrue", 0, 0, 0, path_fn_truths, PATH_ALL_TRUE, "Boolean"},
    {"anyTrue", 0, 0, 0, path_fn_truths, PATH_ANY_TRUE, "Boolean"},
    {"allFalse", 0, 0, 0, path_fn_truths, PATH_ALL_FALSE, "Boolean"},
    {"anyFalse", 0, 0, 0, path_fn_truths, PATH_ANY_FALSE, "Boolean"},
    {"subsetOf", 1, 1, 0, path_fn_subset, 0, "Boolean"},
    {"supersetOf", 1, 1, 0, path_fn_subset, 1, "Boolean"},
    {"count", 0, 0, 0, path_fn_count, 0, "Integer"},
    {"distinct", 0, 0, 0, path_fn_distinct, 0, "="},
    {"isDistinct", 0, 0, 0, path_fn_distinct, 1, "Boolean"},
    /* 5.2 filtering */
    {"where", 1, 1, L, path_fn_where, 0, "="},
    {"select", 1, 1, L, path_fn_select, 0, NULL},
    {"repeat", 1, 1, L, path_fn_repeat, 0, NULL},
    {"ofType", 1, 1, PATH_TYPE_ARG, path_fn_of_type, PATH_OF_TYPE, NULL},
    /* 5.3 subsetting */
    {"single", 0, 0, 0, path_fn_part, PATH_THE_SINGLE, "="},
    {"first", 0, 0, PATH_ORDERED, path_fn_part, PATH_THE_FIRST, "="},
    {"last", 0, 0, PATH_ORDERED, path_fn_part, PATH_THE_LAST, "="},
    {"tail", 0, 0, PATH_ORDERED, path_fn_part, PATH_THE_TAIL, "="},
    {"skip", 1, 1, PATH_ORDERED, path_fn_slice, 0, "="},
    {"take", 1, 1, PATH_ORDERED, path_fn_slice, 1, "="},
    {"intersect", 1, 1, 0, path_fn_meet, 0, "="},
    {"exclude", 1, 1, 0, path_fn_meet, 1, "="},
    /* 5.4 combining */
    {"union", 1, 1, 0, path_fn_union, 0, NULL},
    {"combine", 1, 2, 0, path_fn_union, 1, NULL},
    /* 5.5 conversion */
    {"iif", 2, 3, ALL, path_fn_iif, 0, NULL},
    {"toBoolean", 0, 0, 0, path_fn_convert, PATH_BOOLEAN, "Boolean"},
    {"toInteger", 0, 0, 0, path_fn_convert, PATH_INTEGER, "Integer"},
    {"toDecimal", 0, 0, 0, path_fn_convert, PATH_DECIMAL, "Decimal"},
    {"toString", 0, 0, 0, path_fn_convert, PATH_STRING, "String"},
    {"toDate", 0, 0, 0, path_fn_convert, PATH_DATE, "Date"},
    {"toDateTime", 0, 0, 0, path_fn_convert, PATH_DATETIME, "DateTime"},
    {"toTime", 0, 0, 0, path_fn_convert, PATH_TIME, "Time"},
    {"toQuantity", 0, 1, 0, path_fn_convert, PATH_QUANTITY, "Quantity"},
    {"convertsToBoolean", 0, 0, 0, path_fn_convert, PATH_BOOLEAN | PATH_CONVERTS, "Boolean"},
    {"convertsToInteger", 0, 0, 0, path_fn_convert, PATH_INTEGER | PATH_CONVERTS, "Boolean"},
    {"convertsToDecimal", 0, 0, 0, path_fn_convert, PATH_DECIMAL | PATH_CONVERTS, "Boolean"},
    {"convertsToString", 0, 0, 0, path_fn_convert, PATH_STRING | PATH_CONVERTS, "Boolean"},
    {"convertsToDate", 0, 0, 0, path_fn_convert, PATH_DATE | PATH_CONVERTS, "Boolean"},
    {"convertsToDateTime", 0, 0, 0, path_fn_convert, PATH_DATETIME | PATH_CONVERTS, "Boolean"},
    {"convertsToTime", 0, 0, 0, path_fn_convert, PATH_TIME | PATH_CONVERTS, "Boolean"},
    {"convertsToQuantity", 0, 1, 0, path_fn_convert, PATH_QUANTITY | PATH_CONVERTS, "Boolean"},
    /* 5.6 strings */
    {"indexOf", 1, 1, 0, path_fn_index_of, 0, "Integer"},
    {"lastIndexOf", 1, 1, 0, path_fn_index_of, 1, "Integer"},
    {"substring", 1, 2, 0, path_fn_substring, 0, "String"},
    {"startsWith", 1, 1, 0, path_fn_within, PATH_STARTS, "Boolean"},
    {"endsWith", 1, 1, 0, path_fn_within, PATH_ENDS, "Boolean"},
    {"contains", 1, 1, 0, path_fn_within, PATH_CONTAINS, "Boolean"},
    {"upper", 0, 0, 0, path_fn_case, PATH_UPPER, "String"},
    {"lower", 0, 0, 0, path_fn_case, PATH_LOWER, "String"},
    {"trim", 0, 0, 0, path_fn_case, PATH_TRIM, "String"},
    {"replace", 2, 2, 0, path_fn_replace, 0, "String"},
    {"matches", 1, 2, 0, path_fn_matches, 0, "Boolean"},
    {"matchesFull", 1, 2, 0, path_fn_matches, 1, "Boolean"},
    {"replaceMatches", 2, 3, 0, path_fn_replace_matches, 0, "String"},
    {"length", 0, 0, 0, path_fn_length, 0, "Integer"},
    {"toChars", 0, 0, 0, path_fn_chars, 0, "String"},
    {"split", 1, 1, 0, path_fn_split, 0, "String"},
    {"join", 0, 1, 0, path_fn_join, 0, "String"},
    {"encode", 1, 1, 0, path_fn_code, 0, "String"},
    {"decode", 1, 1, 0, path_fn_code, 1, "String"},
    {"escape", 1, 1, 0, path_fn_escape, 0, "String"},
    {"unescape", 1, 1, 0, path_fn_escape, 1, "String"},
    /* 5.7 numbers */
    {"abs", 0, 0, 0, path_fn_math, PATH_ABS, NULL},
    {"ceiling", 0, 0, 0, path_fn_round, PATH_CEILING, "Integer"},
    {"floor", 0, 0, 0, path_fn_round, PATH_FLOOR, "Integer"},
    {"truncate", 0, 0, 0, path_fn_round, PATH_DOWN, "Integer"},
    {"round", 0, 1, 0, path_fn_round, PATH_HALF_UP, "Decimal"},
    {"exp", 0, 0, 0, path_fn_math, PATH_EXP, "Decimal"},
    {"ln", 0, 0, 0, path_fn_math, PATH_LN, "Decimal"},
    {"log", 1, 1, 0, path_fn_math, PATH_LOG, "Decimal"},
    {"power", 1, 1, 0, path_fn_math, PATH_POWER, NULL},
    {"sqrt", 0, 0, 0, path_fn_math, PATH_SQRT, "Decimal"},
    /* 5.8 and what follows */
    {"children", 0, 0, PATH_SHUFFLES, path_fn_children, 0, NULL},
    {"descendants", 0, 0, PATH_SHUFFLES, path_fn_children, 1, NULL},
    {"trace", 1, 2, PATH_SECOND_LAMBDA, path_fn_trace, 0, "="},
    {"now", 0, 0, 0, path_fn_now, PATH_DATETIME, "DateTime"},
    {"today", 0, 0, 0, path_fn_now, PATH_DATE, "Date"},
    {"timeOfDay", 0, 0, 0, path_fn_now, PATH_TIME, "Time"},
    {"not", 0, 0, 0, path_fn_not, 0, "Boolean"},
    {"is", 1, 1, PATH_TYPE_ARG, path_fn_of_type, PATH_IS, "Boolean"},
    {"as", 1, 1, PATH_TYPE_ARG, path_fn_of_type, PATH_AS, NULL},
    {"aggregate", 1, 2, L, path_fn_aggregate, 0, NULL},
    {"sum", 0, 1, L, path_fn_fold, PATH_SUM, NULL},
    {"min", 0, 1, L, path_fn_fold, PATH_LEAST, NULL},
    {"max", 0, 1, L, path_fn_fold, PATH_MOST, NULL},
    {"avg", 0, 1, L, path_fn_fold, PATH_AVG, NULL},
    {"sort", 0, 3, ALL, path_fn_sort, 0, "="},
    {"type", 0, 0, 0, path_fn_type, 0, NULL},
    {"lowBoundary", 0, 1, 0, path_fn_boundary, 0, NULL},
    {"highBoundary", 0, 1, 0, path_fn_boundary, 1, NULL},
    {"precision", 0, 0, 0, path_fn_precision, 0, "Integer"},
    {"comparable", 1, 1, 0, path_fn_comparable, 0, "Boolean"},
    /* FHIR, SDC, SQL-on-FHIR */
    {"extension", 1, 1, 0, path_fn_extension, 0, "Extension"},
    {"hasValue", 0, 0, 0, path_fn_has_value, 0, "Boolean"},
    {"getValue", 0, 0, 0, path_fn_has_value, 1, NULL},
    {"resolve", 0, 0, 0, path_fn_resolve, 0, NULL},
    {"conformsTo", 1, 1, 0, path_fn_conforms, 0, "Boolean"},
    {"memberOf", 1, 1, 0, path_fn_member_of, 0, "Boolean"},
    {"weight", 0, 0, 0, path_fn_weight, 0, "Decimal"},
    {"ordinal", 0, 0, 0, path_fn_weight, 0, "Decimal"},
    {"getResourceKey", 0, 0, 0, path_fn_key, 0, "String"},
    {"getReferenceKey", 0, 1, PATH_TYPE_ARG, path_fn_key, 1, "String"},
};

const struct path_fn *path_fn_named(struct str name)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (str_is(name, functions[i].name))
            return &functions[i];
    return NULL;
}

const char *path_why(int why)
{
    static const char *const words[PATH_WHY_N] = {
        [PATH_SYNTAX] = N_("this is no expression"),
        [PATH_DEPTH] = N_("nested too deep"),
        [PATH_FUNCTION] = N_("no such function, or another number of arguments"),
        [PATH_VARIABLE] = N_("no such variable here"),
        [PATH_NO_TYPE] = N_("no such type"),
        [PATH_NO_ELEMENT] = N_("the type has no such element"),
        [PATH_ORDER] = N_("these have no order, so none has a place"),
        [PATH_SINGLE] = N_("several values where one is needed"),
        [PATH_KIND] = N_("a value of another type is needed"),
        [PATH_BAD_VALUE] = N_("a value that cannot be used so"),
        [PATH_REGEX] = N_("a regular expression that is wrong or takes too long"),
        [PATH_NEEDS] = N_("it needs something that is not here"),
        [PATH_TOO_LONG] = N_("it takes too long"),
    };

    return why > 0 && why < PATH_WHY_N && words[why] ? words[why] : "";
}
