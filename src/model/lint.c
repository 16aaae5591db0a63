/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "model/lint.h"

#include <string.h>

#include "base/intl.h"

/* Where in s the rules look: words are runs of letters and digits; what is not ASCII is a letter. */
struct at {
    struct str s;
    size_t i;
};

static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

static unsigned char byte(struct str s, size_t i)
{
    return i < s.n ? (unsigned char)s.p[i] : 0;
}

static size_t word_end(struct str s, size_t i)
{
    while (i < s.n && (is_letter(byte(s, i)) || is_digit(byte(s, i))))
        i++;
    return i;
}

static bool word_is(struct str s, size_t from, const char *const *words)
{
    struct str w = {s.p + from, word_end(s, from) - from};

    for (; *words; words++)
        if (str_is(w, *words))
            return true;
    return false;
}

/* What a dose is counted in. */
static const char *const dose_units[] = {"mg", "MG", "mcg", "MCG", "ug", "g", "kg", "ng", "mL", "ml", "ML", "L",
                                         "mEq", "mmol", "units", "unit", "U", "IU", "cc", "\xc2\xb5g",
                                         "\xce\xbcg", NULL};
static const char *const short_units[] = {"U", "IU", "u", "iu", "UI", NULL};
static const char *const stopped_units[] = {"mg", "mcg", "g", "kg", "mL", "ml", "L", NULL};
static const char *const cc[] = {"cc", "CC", NULL};
static const char *const often[] = {"QD", "qd", "QOD", "qod", "OD", "HS", "QHS", "qhs", NULL};
static const char *const morphine[] = {"MS", "MSO4", "MgSO4", NULL};
static const char *const dotted[] = {"q.d.", "Q.D.", "q.o.d.", "Q.O.D.", "h.s.", "H.S.", NULL};

static unsigned of_unit(struct str s, size_t i, bool touching, size_t digits)
{
    unsigned out = 0;

    if (word_is(s, i, dose_units)) {
        out |= touching ? 1u << MODEL_LINT_TOUCHING : 0;
        out |= digits > 3 ? 1u << MODEL_LINT_COMMA : 0;
    }
    if (word_is(s, i, short_units))
        out |= 1u << MODEL_LINT_UNITS;
    if (word_is(s, i, cc))
        out |= 1u << MODEL_LINT_CC;
    if (word_is(s, i, stopped_units)) {
        size_t k = word_end(s, i);

        if (byte(s, k) == '.' && byte(s, k + 1) == ' ' && byte(s, k + 2) >= 'a' && byte(s, k + 2) <= 'z')
            out |= 1u << MODEL_LINT_STOP;
    }
    return out;
}

/* A number at i, and the unit behind it. Moves i behind the number. "4.0.1" and "1.2.3" are none. */
static unsigned number(struct at *a)
{
    struct str s = a->s;
    size_t i = a->i, digits = 0, point = 0;
    unsigned out = 0;
    bool grouped = false;

    for (; i < s.n; i++) {
        if (is_digit(byte(s, i)))
            digits += !point;
        else if (byte(s, i) == ',' && is_digit(byte(s, i + 1)) && !point)
            grouped = true;
        else if (byte(s, i) == '.' && is_digit(byte(s, i + 1))) {
            if (point) { /* a version, an address, a date */
                while (i < s.n && (is_digit(byte(s, i)) || byte(s, i) == '.'))
                    i++;
                a->i = i;
                return 0;
            }
            point = i;
        } else
            break;
    }
    a->i = i;
    if (point && byte(s, i) == '.' && is_letter(byte(s, i + 1)))
        return 0;
    if (point && byte(s, i - 1) == '0')
        out |= 1u << MODEL_LINT_ZERO;
    if (is_letter(byte(s, i)))
        return out | of_unit(s, i, true, grouped ? 0 : digits);
    return byte(s, i) == ' ' ? out | of_unit(s, i + 1, false, grouped ? 0 : digits) : out;
}

/* A word at i that no number stands before. Moves i behind it. */
static unsigned word(struct at *a)
{
    unsigned out = word_is(a->s, a->i, often) ? 1u << MODEL_LINT_OFTEN : 0;

    if (word_is(a->s, a->i, morphine))
        out |= 1u << MODEL_LINT_MORPHINE;
    for (size_t k = 0; dotted[k]; k++)
        if (str_starts((struct str){a->s.p + a->i, a->s.n - a->i}, dotted[k]))
            out |= 1u << MODEL_LINT_OFTEN;
    a->i = word_end(a->s, a->i);
    return out;
}

/* Any other character at i. */
static unsigned sign(struct at *a)
{
    unsigned char c = byte(a->s, a->i), before = a->i ? byte(a->s, a->i - 1) : ' ', next = byte(a->s, a->i + 1);
    size_t k = a->i + 1;

    a->i++;
    if (c == '.' && is_digit(next) && (before == ' ' || before == '('))
        return 1u << MODEL_LINT_POINT;
    if ((c == '<' || c == '>') && before != '-') {
        k += byte(a->s, k) == '=';
        k += byte(a->s, k) == ' ';
        return is_digit(byte(a->s, k)) ? 1u << MODEL_LINT_LESS : 0;
    }
    return 0;
}

/* The glyphs of micro, before a unit and not inside a word of Greek. */
static bool has_micro(struct str s)
{
    for (size_t i = 0; i + 2 < s.n; i++)
        if ((!memcmp(s.p + i, "\xc2\xb5", 2) || !memcmp(s.p + i, "\xce\xbc", 2)) &&
            (!i || !is_letter(byte(s, i - 1))) && strchr("gLlmMIU", byte(s, i + 2)))
            return true;
    return false;
}

unsigned model_lint(struct str s)
{
    struct at a = {s, 0};
    unsigned out = has_micro(s) ? 1u << MODEL_LINT_MICRO : 0;

    while (a.i < s.n) {
        if (is_digit(byte(s, a.i)))
            out |= number(&a);
        else if (is_letter(byte(s, a.i)))
            out |= word(&a);
        else
            out |= sign(&a);
    }
    return out;
}

static const struct {
    unsigned rule;
    const char *words;
} rules[MODEL_LINTS] = {
    [MODEL_LINT_ZERO] = {13, N_("a zero at the end of a decimal number")},
    [MODEL_LINT_POINT] = {13, N_("a decimal number without a zero before its point")},
    [MODEL_LINT_COMMA] = {13, N_("a large number without commas")},
    [MODEL_LINT_TOUCHING] = {11, N_("a unit that touches its number")},
    [MODEL_LINT_UNITS] = {15, N_("units abbreviated to letters")},
    [MODEL_LINT_MICRO] = {15, N_("the Greek letter for micro")},
    [MODEL_LINT_CC] = {15, N_("millilitres under another name")},
    [MODEL_LINT_STOP] = {15, N_("a full stop behind a unit")},
    [MODEL_LINT_OFTEN] = {16, N_("an abbreviation of how often or when")},
    [MODEL_LINT_MORPHINE] = {16, N_("an abbreviation of morphine or magnesium")},
    [MODEL_LINT_LESS] = {17, N_("a sign for less or more than")},
};

unsigned model_lint_rule(enum model_lint lint)
{
    return rules[lint].rule;
}

const char *model_lint_words(enum model_lint lint)
{
    return _(rules[lint].words);
}
