/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Prints wardline-keys(7) from the table of commands, when the program is built.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "fhir/kind.h"
#include "ui/command.h"

/* In man's macros '-' would become a hyphen and a leading '.' or '\'' a request. */
static void put(const char *s)
{
    if (*s == '.' || *s == '\'')
        fputs("\\&", stdout);
    for (; *s; s++) {
        if (*s == '-' || *s == '\\')
            putchar('\\');
        putchar(*s == '\\' ? 'e' : *s);
    }
}

static void row(const char *keys, const char *help)
{
    fputs(".TP\n.B ", stdout);
    for (; *keys; keys++) {
        char one[2] = {*keys, '\0'};

        if (*keys == ' ')
            fputs(", ", stdout); /* several keys */
        else
            put(one);
    }
    putchar('\n');
    put(help);
    putchar('\n');
}

static void sections(void)
{
    unsigned n;
    const struct kind_section *s = kind_sections(&n);

    for (unsigned i = 0; i < n; i++) {
        char keys[2] = {s[i].letter, '\0'};

        row(keys, s[i].title);
    }
}

static void screen(uint64_t where)
{
    unsigned n;
    const struct command *c = command_table(&n);

    fputs(".SH ", stdout);
    for (const char *p = command_where_name(where); *p; p++)
        putchar(*p >= 'a' && *p <= 'z' ? *p - 32 : *p);
    putchar('\n');
    for (unsigned i = 0; i < n; i++, c++) {
        if (!(c->where & where))
            continue;
        if (c->help && *command_keys(c))
            row(command_keys(c), c->help);
        else if (!c->help)
            sections();
    }
}

int main(void)
{
    puts(".\\\" SPDX-License-Identifier: GPL-3.0-or-later\n"
         ".\\\" Made from the program's table of commands; do not edit.\n"
         ".TH WARDLINE\\-KEYS 7 \"\" \"wardline " PACKAGE_VERSION "\"\n"
         ".SH NAME\nwardline\\-keys \\- the keys of the full screen\n"
         ".SH DESCRIPTION\n"
         "The last line but one of every screen names the keys that matter there, and\n.B ?\nshows "
         "all of them.\n"
         "Letters are enough: no function key, Alt, mouse or colour is needed.\n"
         "A key that is typed before a row or a question was shown does not open or answer it.");
    for (uint64_t where = ON_LOCK; command_where_name(where); where <<= 1)
        screen(where);
    puts(".SH SEE ALSO\n.BR wardline (1)");
    return fflush(stdout) ? 1 : 0;
}
