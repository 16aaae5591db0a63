/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Looking a row of the table up: by its key, by its id, by its place.
 */
#include "config.h"

#include "ui/command.h"

#include <string.h>

#include "base/intl.h"
#include "ui/priv.h"

/* The keys that a row cannot name one by one: what its run() gets, -1: the key is none of them. */
static int section_of(int key)
{
    unsigned n;
    const struct kind_section *s = kind_sections(&n);

    for (unsigned i = 0; i < n; i++)
        if (key == s[i].letter)
            return (int)i;
    return -1;
}

static int digit_of(int key)
{
    return key >= '0' && key <= '9' ? key : -1;
}

static int letter_of(int key)
{
    return (key >= 'a' && key <= 'z') || (key >= 'A' && key <= 'Z') ? key : -1;
}

static const struct {
    const char *keys, *words;
    int (*arg_of)(int key);
} classes[] = {
    {"@section", NULL, section_of},
    {"@digit", "0-9", digit_of},
    {"@letter", "a-z A-Z", letter_of},
};

const char *command_keys(const struct command *c)
{
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (!strcmp(c->keys, classes[i].keys) && classes[i].words)
            return classes[i].words;
    return c->keys;
}

/* REQ: a key that drops the filter is not called Exit. */
const char *command_label(const struct ui *u, const struct command *c)
{
    return !strcmp(c->id, "list.back") && u->work.filter_n ? _("All") : _(c->label);
}

static bool has_key(const struct command *c, int key)
{
    struct str rest = str_of(c->keys);

    while (rest.p && rest.n)
        if (keys_code(str_split(&rest, ' ')) == key)
            return true;
    return false;
}

bool command_takes(const struct command *c, int key, int *arg)
{
    *arg = c->arg;
    if (c->keys[0] != '@')
        return has_key(c, key);
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (!strcmp(c->keys, classes[i].keys))
            *arg = classes[i].arg_of(key);
    return *arg >= 0;
}

const struct command *command_named(const char *id, unsigned where)
{
    unsigned n;
    const struct command *c = command_table(&n);

    for (unsigned i = 0; i < n; i++)
        if (c[i].where & where && !strcmp(c[i].id, id))
            return &c[i];
    return NULL;
}

const struct command *command_find(unsigned where, int key, int *arg)
{
    unsigned n;
    const struct command *c = command_table(&n);

    for (unsigned i = 0; i < n; i++)
        if (c[i].where & where && command_takes(&c[i], key, arg))
            return &c[i];
    return NULL;
}

static const struct {
    unsigned where;
    const char *name;
} places[] = {
    {ON_LOCK, N_("Lock screen")},
    {ON_WORKLIST, N_("Patients")},
    {ON_FIND, N_("Finding a patient")},
    {ON_CHART, N_("Chart")},
    {ON_SECTIONS, N_("Sections of a chart")},
    {ON_DETAIL, N_("One row in full")},
    {ON_HELP, N_("Help")},
    {ON_BANNER, N_("The whole banner")},
    {ON_ASK, N_("A question on the last line")},
    {ON_PROMPT, N_("Words typed on the last line")},
    {ON_TIMELINE, N_("Timeline of a chart")},
    {ON_FOUND, N_("Rows that a search found")},
    {ON_GRID, N_("Results by date")},
    {ON_TREND, N_("One test over time")},
    {ON_SCOPES, N_("Which patients, in which order")},
    {ON_STOP, N_("Stop: similar patients")},
    {ON_TASKS, N_("Tasks of all patients")},
    {ON_GO, N_("Behind g")},
    {ON_MARK, N_("Behind M")},
    {ON_MARKED, N_("Behind '")},
    {ON_GROWTH, N_("Growth curves")},
    {ON_HOUSEHOLD, N_("Household of a patient")},
    {ON_SERVER, N_("Patients on the server")},
    {ON_CONFLICTS, N_("Conflicts of a chart")},
    {ON_DRUG, N_("Which medicine to order")},
    {ON_ORDER, N_("One order, before it is kept")},
    {ON_SIGN, N_("Orders to be signed")},
    {ON_ACT, N_("Behind A")},
};

const char *command_where_name(unsigned where)
{
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (places[i].where == where)
            return places[i].name;
    return NULL;
}
