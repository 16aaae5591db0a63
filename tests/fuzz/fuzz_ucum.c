/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Any bytes as two codes of UCUM, a line each: the place of what is none is in the code; a code converts to itself with
 * every digit; two convert both ways or neither way; what converts has an order that turns round.
 */
#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codes/ucum.h"

static const struct ucum *table(void)
{
    static struct ucum *u;
    const char *top = getenv("top_srcdir");
    char dir[1024];

    snprintf(dir, sizeof dir, "%s/data/ucum", top ? top : ".");
    if (!u)
        FUZZ_MUST(!ucum_open(dir, &u, NULL));
    return u;
}

static void alone(struct str code)
{
    struct path_decimal v, out;
    size_t at = 0;
    enum ucum_why why = ucum_check(table(), code, &at);

    FUZZ_MUST(why < UCUM_WHY_N && at <= code.n);
    path_decimal_parse(STR("1.50"), &v);
    FUZZ_MUST(ucum_convert(table(), &v, code, code, NULL, &out) == why);
    FUZZ_MUST(why || (out.scale == 2 && !path_decimal_compare(&v, &out)));
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct str b = {(const char *)p, n}, a = str_split(&b, '\n');
    enum ucum_why one = ucum_comparable(table(), a, b, NULL), two = ucum_comparable(table(), b, a, NULL);
    struct path_decimal x, y;
    int order = 0, back = 0;

    alone(a);
    alone(b);
    FUZZ_MUST(!one == !two);
    path_decimal_int(3, &x);
    path_decimal_int(7, &y);
    if (!ucum_compare(table(), &x, a, &y, b, &order))
        FUZZ_MUST(!ucum_compare(table(), &y, b, &x, a, &back) && (order > 0) == (back < 0));
    return 0;
}
