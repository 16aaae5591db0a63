/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Names that are easily taken for one another, folded as the table of patients has them.
 */
#include "config.h"

#include "base/text.h"
#include "store/priv.h"

/* Do two folded strings differ by one letter put in, left out or changed, or not at all? */
static bool one_edit(struct str a, struct str b)
{
    uint32_t x, y;

    while (a.n && b.n) {
        size_t k = text_decode(a, &x), m = text_decode(b, &y);
        struct str a1 = {a.p + k, a.n - k}, b1 = {b.p + m, b.n - m};

        if (x != y)
            return str_eq(a1, b1) || str_eq(a1, b) || str_eq(a, b1);
        a = a1;
        b = b1;
    }
    if (!a.n && !b.n)
        return true;
    if (!a.n)
        a = b;
    return text_decode(a, &x) == a.n;
}

static bool one_letter(struct str s)
{
    uint32_t c;

    return s.n && text_decode(s, &c) == s.n;
}

/* Equal, or within one letter, where that letter is not all of one of them: between the names O and U, or two that are
 * written with one character, it says nothing. */
static bool near_name(struct str a, struct str b)
{
    return str_eq(a, b) || (!one_letter(a) && !one_letter(b) && one_edit(a, b));
}

bool alike_family(struct str family, struct str given, struct str f, struct str g)
{
    struct str a = family, b = f;

    if (near_name(f, family))
        return true;
    /* A double name of which one part was dropped or changed: married names, merged records. */
    for (size_t i = 0; i < a.n; i++)
        if (a.p[i] == '-' || a.p[i] == ' ')
            a.n = i;
    for (size_t i = 0; i < b.n; i++)
        if (b.p[i] == '-' || b.p[i] == ' ')
            b.n = i;
    return given.n && str_eq(given, g) && a.n && !one_letter(a) && str_eq(a, b);
}

bool alike_both(struct str family, struct str given, struct str f, struct str g)
{
    return near_name(f, family) && near_name(g, given);
}
