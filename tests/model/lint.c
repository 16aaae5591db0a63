/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * lint: strings on standard input, a NUL behind each; of each that breaks a display rule "NUMBER RULE WHAT", its number
 * from 0, on a line. For tests/house/rules.py.
 */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "model/lint.h"

int main(void)
{
    char chunk[65536];
    struct buf in;
    struct str rest;
    ssize_t n;

    buf_init(&in, 64u << 20);
    while ((n = read(0, chunk, sizeof chunk)) > 0)
        buf_add(&in, chunk, (size_t)n);
    if (n < 0 || in.failed)
        return 1;
    rest = buf_str(&in);
    for (unsigned i = 0; rest.n; i++) {
        unsigned broken = model_lint(str_split(&rest, '\0'));

        for (unsigned k = 0; k < MODEL_LINTS; k++)
            if (broken & 1u << k)
                printf("%u %u %s\n", i, model_lint_rule(k), model_lint_words(k));
    }
    buf_fini(&in);
    return 0;
}
