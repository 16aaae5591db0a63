/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the screens are called, for people.
 */
#include "config.h"

#include "base/intl.h"
#include "ui/command.h"

static const struct {
    uint64_t where;
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
    {ON_SYNC, N_("The sync")},
    {ON_FORMS, N_("New entry in a chart")},
    {ON_FORM, N_("A form that is filled")},
    {ON_PICK, N_("Options to choose from")},
    {ON_FILING, N_("A form read back")},
    {ON_ANSWER, N_("An answer typed on the last line")},
    {ON_ACT, N_("Behind A")},
    {ON_ORDER, N_("One order, before it is kept")},
    {ON_SIGN, N_("Orders to be signed")},
};

const char *command_where_name(uint64_t where)
{
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (places[i].where == where)
            return places[i].name;
    return NULL;
}
