/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * UCUM by the line, for ucum_suite.py: "check CODE", "convert VALUE FROM TO [MOLAR-MASS CHARGE]", TAB between them; writes
 * enum ucum_why and, behind a TAB, the number.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codes/ucum.h"

static enum ucum_why convert(const struct ucum *u, struct str rest, struct path_decimal *out)
{
    struct str value = str_split(&rest, '\t'), from = str_split(&rest, '\t'), to = str_split(&rest, '\t');
    struct str mass = str_split(&rest, '\t');
    struct ucum_substance of = {0};
    struct path_decimal v, m;
    int64_t charge = 0;

    if (!path_decimal_parse(value, &v))
        exit(2);
    if (mass.n && path_decimal_parse(mass, &m))
        of.molar_mass = &m;
    if (rest.n && str_int(rest, 0, 10, &charge))
        of.charge = (unsigned)charge;
    return ucum_convert(u, &v, from, to, &of, out);
}

int main(void)
{
    static char line[1 << 16];
    const char *top = getenv("top_srcdir");
    struct ucum *u;

    snprintf(line, sizeof line, "%s/data/ucum", top ? top : ".");
    if (ucum_open(line, &u, NULL))
        return 3;
    while (fgets(line, sizeof line, stdin)) {
        struct str rest = {line, strcspn(line, "\n")}, verb = str_split(&rest, '\t');
        struct path_decimal d = {0};
        struct buf b;
        enum ucum_why why = str_is(verb, "check") ? ucum_check(u, rest, NULL) : convert(u, rest, &d);

        buf_init(&b, 4096);
        path_decimal_text(&d, &b);
        printf("%d\t%s\n", why, b.p);
        buf_fini(&b);
    }
    ucum_free(u);
    return 0;
}
