/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fhir/read.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"

bool fhir_each_at(const struct tape *t, tape_at from, struct str path,
                  bool (*visit)(void *arg, const struct tape *t, tape_at at), void *arg)
{
    struct str rest = path, name = str_split(&rest, '.');

    for (tape_at o = tape_first(t, from); o != TAPE_NONE; o = tape_next(t, from, o))
        for (tape_at k = tape_first_member(t, o); k != TAPE_NONE; k = tape_next_member(t, o, k)) {
            if (!str_eq(tape_name(t, k), name))
                continue;
            if (rest.p) {
                if (fhir_each_at(t, k + 1, rest, visit, arg))
                    return true;
                continue;
            }
            for (tape_at v = tape_first(t, k + 1); v != TAPE_NONE; v = tape_next(t, k + 1, v))
                if (visit(arg, t, v))
                    return true;
        }
    return false;
}

/* A string with more than blanks in it? */
static bool says(const struct tape *t, tape_at at)
{
    return tape_is(t, at, TAPE_STRING) && str_trim(tape_name(t, at)).n;
}

struct fhir_choice fhir_choice(const struct tape *t, tape_at object, const char *stem)
{
    size_t n = strlen(stem);

    for (tape_at k = tape_first_member(t, object); k != TAPE_NONE;
         k = tape_next_member(t, object, k)) {
        struct str name = tape_name(t, k);

        if (name.n > n && str_starts(name, stem) && name.p[n] >= 'A' && name.p[n] <= 'Z')
            return (struct fhir_choice){k + 1, {name.p + n, name.n - n}};
    }
    return (struct fhir_choice){TAPE_NONE, {"", 0}};
}

/* A coding of FHIR's own or of HL7's: what R4 binds a status to, whatever else a server puts beside it. */
static bool is_hl7(const struct tape *t, tape_at coding)
{
    struct str system = tape_plain(t, tape_get(t, coding, "system"));

    return str_starts(system, "http://terminology.hl7.org/") || str_starts(system, "http://hl7.org/fhir/");
}

struct str fhir_code(const struct tape *t, tape_at at)
{
    tape_at list, best;

    at = tape_first(t, at);
    if (tape_is(t, at, TAPE_STRING))
        return tape_plain(t, at);
    list = tape_get(t, at, "coding");
    best = tape_first(t, list);
    for (tape_at c = best; c != TAPE_NONE && !is_hl7(t, best); c = tape_next(t, list, c))
        if (is_hl7(t, c))
            best = c;
    return tape_plain(t, tape_get(t, best != TAPE_NONE ? best : at, "code"));
}

struct str fhir_words(const struct tape *t, tape_at at, struct arena *a)
{
    tape_at codings, best = TAPE_NONE, text;

    at = tape_first(t, at);
    if (tape_is(t, at, TAPE_STRING))
        return str_trim(tape_str(t, at, a));
    text = tape_get(t, at, "text");
    if (says(t, text))
        return str_trim(tape_str(t, text, a));
    codings = tape_get(t, at, "coding");
    for (tape_at c = tape_first(t, codings); c != TAPE_NONE; c = tape_next(t, codings, c)) {
        tape_at display = tape_get(t, c, "display");

        if (!says(t, display))
            continue;
        if (best == TAPE_NONE || tape_true(t, tape_get(t, c, "userSelected")))
            best = display;
    }
    if (best == TAPE_NONE)
        best = tape_get(t, at, "display");
    return str_trim(tape_str(t, best, a));
}

bool fhir_has_code(const struct tape *t, tape_at at, const char *system, const char *code)
{
    for (tape_at c = tape_first(t, at); c != TAPE_NONE; c = tape_next(t, at, c)) {
        tape_at codings = tape_get(t, c, "coding");

        if (codings == TAPE_NONE)
            codings = c;
        for (tape_at k = tape_first(t, codings); k != TAPE_NONE; k = tape_next(t, codings, k))
            if (tape_str_is(t, tape_get(t, k, "code"), code) &&
                (!system || tape_str_is(t, tape_get(t, k, "system"), system)))
                return true;
    }
    return false;
}

struct fhir_quantity fhir_quantity(const struct tape *t, tape_at at, struct arena *a)
{
    at = tape_first(t, at);
    return (struct fhir_quantity){
        .value = tape_lexeme(t, tape_get(t, at, "value")),
        .comparator = tape_plain(t, tape_get(t, at, "comparator")),
        .unit = str_trim(tape_str(t, tape_get(t, at, "unit"), a)),
        .code = tape_plain(t, tape_get(t, at, "code")),
        .ucum = tape_str_is(t, tape_get(t, at, "system"), "http://unitsofmeasure.org"),
    };
}

static struct str absent_of(const struct tape *t, tape_at element)
{
    tape_at list = tape_get(t, element, "extension");

    for (tape_at x = tape_first(t, list); x != TAPE_NONE; x = tape_next(t, list, x))
        if (tape_str_is(t, tape_get(t, x, "url"),
                        "http://hl7.org/fhir/StructureDefinition/data-absent-reason"))
            return tape_plain(t, tape_get(t, x, "valueCode"));
    return STR("");
}

struct str fhir_absent(const struct tape *t, tape_at object, const char *member)
{
    char name[80] = "_";

    if (strlen(member) + 2 > sizeof name)
        return STR("");
    memcpy(name + 1, member, strlen(member) + 1);
    return absent_of(t, tape_get(t, object, name));
}

bool fhir_unknown_modifier(const struct tape *t)
{
    for (uint32_t i = 0; i < t->n; i++)
        if (t->nodes[i].kind == TAPE_KEY && (str_is(tape_name(t, i), "modifierExtension") ||
                                             str_is(tape_name(t, i), "implicitRules")))
            return true;
    return false;
}

bool fhir_period_over(const struct tape *t, tape_at at, int64_t now_ms)
{
    tape_at inner = tape_get(t, at, "period");
    struct date end;

    if (!date_parse(tape_plain(t, tape_get(t, inner != TAPE_NONE ? inner : at, "end")), &end))
        return false;
    if (end.precision == DATE_YEAR)
        end.month = 12;
    if (end.precision <= DATE_MONTH)
        end.day = 31;
    /* An end without a time means through that day (R4 datatypes, Period), in every zone. */
    return date_ms(&end) + (end.precision < DATE_MINUTE ? 36 * 3600 * 1000LL : 0) < now_ms;
}

static bool has_word(const struct tape *t, tape_at name)
{
    tape_at given = tape_get(t, name, "given");

    for (tape_at g = tape_first(t, given); g != TAPE_NONE; g = tape_next(t, given, g))
        if (says(t, g))
            return true;
    return says(t, tape_get(t, name, "family")) || says(t, tape_get(t, name, "text"));
}

static int name_rank(const struct tape *t, tape_at name, int64_t now_ms)
{
    static const char *const order[] = {"official",  "usual",    "",       "temp",
                                        "anonymous", "nickname", "maiden", "old"};
    struct str use = tape_plain(t, tape_get(t, name, "use"));
    int rank = 4;

    for (int i = 0; i < (int)(sizeof order / sizeof *order); i++)
        if (str_is(use, order[i]))
            rank = i;
    return rank + (fhir_period_over(t, name, now_ms) ? 100 : 0);
}

tape_at fhir_name(const struct tape *t, tape_at patient, int64_t now_ms)
{
    tape_at list = tape_get(t, patient, "name"), best = TAPE_NONE;
    int rank = 0;

    for (tape_at n = tape_first(t, list); n != TAPE_NONE; n = tape_next(t, list, n)) {
        int r = name_rank(t, n, now_ms);

        if (has_word(t, n) && (best == TAPE_NONE || r < rank))
            best = n, rank = r;
    }
    return best;
}

/* The words of a list: the first behind lead, the others behind a blank, tail at the end. Nothing without a word. */
static void add_list(const struct tape *t, tape_at list, const char *lead, const char *tail, struct arena *a,
                     struct buf *out)
{
    bool first = true;

    for (tape_at i = tape_first(t, list); i != TAPE_NONE; i = tape_next(t, list, i)) {
        struct str s = str_trim(tape_str(t, i, a));

        if (!s.n)
            continue;
        buf_adds(out, first ? lead : " ");
        first = false;
        buf_addstr(out, s);
    }
    if (!first)
        buf_adds(out, tail);
}

int fhir_name_words(const struct tape *t, tape_at name, struct buf *out)
{
    struct arena a;
    size_t before = out->n;

    arena_init(&a, 2 * LIMIT_RESOURCE_BYTES); /* room for every part of one resource */
    text_upper(out, str_trim(tape_str(t, tape_get(t, name, "family"), &a)));
    add_list(t, tape_get(t, name, "given"), out->n > before ? ", " : "", "", &a, out);
    if (out->n == before)
        buf_addstr(out, str_trim(tape_str(t, tape_get(t, name, "text"), &a)));
    else
        add_list(t, tape_get(t, name, "prefix"), " (", ")", &a, out);
    if (a.failed && !out->failed) /* a name without a part that is there would be another name */
        out->failed = ERR_NOMEM;
    arena_fini(&a);
    return out->failed;
}

tape_at fhir_identifier_next(const struct tape *t, tape_at patient, tape_at at, int64_t now_ms)
{
    tape_at list = tape_get(t, patient, "identifier");

    at = at == TAPE_NONE ? tape_first(t, list) : tape_next(t, list, at);
    for (; at != TAPE_NONE; at = tape_next(t, list, at))
        if (tape_is(t, tape_get(t, at, "value"), TAPE_STRING) &&
            !tape_str_is(t, tape_get(t, at, "use"), "old") && !fhir_period_over(t, at, now_ms))
            return at;
    return TAPE_NONE;
}

char fhir_confidentiality(const struct tape *t)
{
    static const char system[] = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
    tape_at security = tape_get(t, tape_get(t, 0, "meta"), "security");

    return fhir_has_code(t, security, system, "V")   ? 'V'
           : fhir_has_code(t, security, system, "R") ? 'R'
                                                     : 0;
}

tape_at fhir_contained(const struct tape *t, struct str reference)
{
    tape_at list = tape_get(t, 0, "contained");

    if (reference.n < 2 || reference.p[0] != '#')
        return TAPE_NONE;
    for (tape_at c = tape_first(t, list); c != TAPE_NONE; c = tape_next(t, list, c)) {
        struct str id = tape_plain(t, tape_get(t, c, "id"));

        if (id.n == reference.n - 1 && !memcmp(id.p, reference.p + 1, id.n))
            return c;
    }
    return TAPE_NONE;
}
