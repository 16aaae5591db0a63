/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fhir/home.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "fhir/read.h"

#define KEY_DIGITS 9
#define KEY_ONE 1000000000 /* in front of the digits, so that those that are 0 count */
#define PHONE_LEAST 6
#define PHONE_MOST 32

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The digits of s up to a letter behind them. */
static size_t digits(struct str s, char out[PHONE_MOST])
{
    size_t n = 0;

    for (size_t i = 0; i < s.n && n < PHONE_MOST; i++)
        if (digit(s.p[i]))
            out[n++] = s.p[i];
        else if (n && letter(s.p[i]))
            break;
    return n;
}

/* The last of n digits first, KEY_DIGITS of them at most; *unit: what one more digit would have been worth. */
static int64_t from_end(const char *d, size_t n, int64_t *unit)
{
    int64_t key = KEY_ONE;

    *unit = KEY_ONE;
    for (size_t i = 0; i < n && i < KEY_DIGITS; i++) {
        *unit /= 10;
        key += (d[n - 1 - i] - '0') * *unit;
    }
    return key;
}

bool fhir_phone(struct str value, int64_t *key)
{
    char d[PHONE_MOST];
    size_t n = digits(value, d), zeros = 0;
    int64_t unit;

    while (zeros < n && d[zeros] == '0')
        zeros++;
    if (n - zeros < PHONE_LEAST)
        return false;
    *key = from_end(d + zeros, n - zeros, &unit);
    return true;
}

bool fhir_phone_typed(struct str typed, int64_t *lo, int64_t *hi)
{
    char d[PHONE_MOST];
    size_t n, zeros = 0;
    int64_t unit;

    for (size_t i = 0; i < typed.n; i++)
        if (!digit(typed.p[i]) && (!typed.p[i] || !strchr(" +-()./", typed.p[i])))
            return false;
    n = digits(typed, d);
    if (n < FHIR_PHONE_TYPED)
        return false;
    while (n - zeros > PHONE_LEAST && d[zeros] == '0') /* a trunk's prefix, which other ways of writing it lack */
        zeros++;
    *lo = from_end(d + zeros, n - zeros, &unit);
    *hi = *lo + unit;
    return true;
}

static void add_part(struct buf *b, struct str s, const char *between)
{
    s = str_trim(s);
    if (!s.n)
        return;
    if (b->n)
        buf_adds(b, between);
    buf_addstr(b, s);
}

static bool add_lines(const struct tape *t, tape_at address, struct arena *a, struct buf *b)
{
    tape_at lines = tape_get(t, address, "line");

    for (tape_at i = tape_first(t, lines); i != TAPE_NONE; i = tape_next(t, lines, i))
        add_part(b, tape_str(t, i, a), ", ");
    return b->n > 0;
}

struct str fhir_home_words(const struct tape *t, tape_at address, struct arena *a)
{
    struct str out;
    struct buf b;

    buf_init(&b, LIMIT_RESOURCE_BYTES);
    if (!add_lines(t, address, a, &b))
        add_part(&b, tape_str(t, tape_get(t, address, "text"), a), ", ");
    add_part(&b, tape_str(t, tape_get(t, address, "city"), a), ", ");
    add_part(&b, tape_str(t, tape_get(t, address, "district"), a), ", ");
    add_part(&b, tape_str(t, tape_get(t, address, "postalCode"), a), " ");
    out = arena_str(a, buf_str(&b));
    a->failed = a->failed || b.failed == ERR_NOMEM;
    buf_fini(&b);
    return out;
}

bool fhir_home_key(const struct tape *t, tape_at address, struct arena *a, struct str *key)
{
    struct buf b, folded;
    bool lives;

    buf_init(&b, LIMIT_RESOURCE_BYTES);
    buf_init(&folded, LIMIT_RESOURCE_BYTES);
    lives = add_lines(t, address, a, &b);
    if (!lives)
        add_part(&b, tape_str(t, tape_get(t, address, "text"), a), ", ");
    lives = b.n > 0;
    add_part(&b, tape_str(t, tape_get(t, address, "city"), a), " ");
    text_fold(&folded, buf_str(&b));
    for (size_t i = 0; i < folded.n; i++) /* "12, Mill Lane." and "12 mill lane" are one */
        if (strchr(",.;-/#", folded.p[i] ? folded.p[i] : ','))
            folded.p[i] = ' ';
    buf_clear(&b);
    for (struct str rest = buf_str(&folded); rest.n;)
        add_part(&b, str_split(&rest, ' '), " ");
    *key = arena_str(a, buf_str(&b));
    a->failed = a->failed || b.failed == ERR_NOMEM || folded.failed == ERR_NOMEM;
    buf_fini(&folded);
    buf_fini(&b);
    return lives && key->n;
}

bool fhir_home_holds(const struct tape *t, tape_at address, int64_t now_ms)
{
    tape_at use = tape_get(t, address, "use");

    return !tape_str_is(t, use, "old") && !tape_str_is(t, use, "temp") && !tape_str_is(t, use, "billing") &&
           !fhir_period_over(t, tape_get(t, address, "period"), now_ms);
}
