/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Value sets by the line, for valueset_suite.py: loads the directories of the command line; then "expand URL", "member URL
 * SYSTEM CODE", "is-a SYSTEM CODE PARENT", "search SYSTEM MOST WORDS", TAB between them. Writes "OK" or enum
 * valueset_why, the count and the codes, TAB between them.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codes/valueset.h"

static void expand(const struct valueset_base *b, struct str url, struct arena *a)
{
    struct valueset_list l;
    struct str about;
    enum valueset_why why = valueset_expand(b, url, a, &l, &about);

    printf("%d\t%u", why, l.n);
    for (uint32_t i = 0; i < l.n; i++)
        printf("\t%.*s|%.*s", STR_ARG(l.v[i].system), STR_ARG(l.v[i].code));
    printf("\n");
}

static void search(const struct valueset_base *b, struct str rest, struct arena *a)
{
    struct str system = str_split(&rest, '\t'), most = str_split(&rest, '\t');
    struct valueset_found f;
    enum valueset_why why;
    int64_t n = 10;

    str_int(most, 0, 100000, &n);
    why = valueset_search(b, system, rest, (uint32_t)n, a, &f);
    printf("%d\t%u", why, f.all);
    for (uint32_t i = 0; i < f.n; i++)
        printf("\t%.*s|%d", STR_ARG(f.v[i].code.code), f.v[i].rank);
    printf("\n");
}

int main(int argc, char **argv)
{
    static char line[1 << 16];
    struct valueset_base *b;
    struct err e = ERR_NONE;

    if (valueset_base_new(STR(""), &b, &e))
        return 3;
    for (int i = 1; i < argc; i++)
        if (valueset_load_dir(b, argv[i], &e)) {
            fprintf(stderr, "%s: %s %s %lld\n", argv[i], err_name(e.code), e.what, (long long)e.num);
            return 2;
        }
    while (fgets(line, sizeof line, stdin)) {
        struct str rest = {line, strcspn(line, "\n")}, verb = str_split(&rest, '\t'), one, two;
        struct arena a;

        arena_init(&a, 32 << 20);
        if (str_is(verb, "expand")) {
            expand(b, rest, &a);
        } else if (str_is(verb, "search")) {
            search(b, rest, &a);
        } else {
            one = str_split(&rest, '\t');
            two = str_split(&rest, '\t');
            printf("%d\n", str_is(verb, "member") ? valueset_member(b, one, two, rest) : valueset_is_a(b, one, two, rest));
        }
        arena_fini(&a);
    }
    valueset_base_free(b);
    return 0;
}
