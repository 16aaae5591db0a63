/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ui/tour.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/intl.h"
#include "ui/priv.h"

/* TRANSLATORS: at most 62 columns each; the keys stay as they are. */
static const struct {
    const char *says;
    const char *command; /* the beginning of the id of what ends the step */
} steps[] = {
    {N_("Tour 1/8: j moves down, k up (Ctrl-G ends the tour)"), "list.down"},
    {N_("Tour 2/8: Enter opens the patient at the marker"), "list.open"},
    {N_("Tour 3/8: m shows the medicines, gm from anywhere in a chart"), "chart.section"},
    {N_("Tour 4/8: Enter shows a row in full; 3 Enter takes row 3"), "list.open"},
    {N_("Tour 5/8: q goes back"), "back"},
    {N_("Tour 6/8: ? lists the keys of a screen, Enter does one"), "help"},
    {N_("Tour 7/8: q, q to the cover and the patients, / finds one"), "list.find"},
    {N_("Tour 8/8: Ctrl-G, then : and any name (:tour is this again)"), "palette"},
};

#define STEPS (sizeof steps / sizeof *steps)
#define SEEN "tour.seen"

void tour_offer(struct ui *u)
{
    char path[PATH_MAX_BYTES];

    if (u->demo && !u->line && !path_join(path, u->home, SEEN, NULL) && access(path, F_OK))
        tour_begin(u);
}

void tour_begin(struct ui *u)
{
    u->tour = 1;
    u->damage = true;
}

void tour_end(struct ui *u)
{
    char path[PATH_MAX_BYTES];
    int fd;

    u->tour = 0;
    u->damage = true;
    if (path_join(path, u->home, SEEN, NULL))
        return;
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0)
        close(fd);
}

bool tour_on(const struct ui *u)
{
    return u->tour > 0;
}

const char *tour_text(const struct ui *u)
{
    return u->tour ? _(steps[u->tour - 1].says) : "";
}

void tour_done(struct ui *u, const struct command *c)
{
    if (!u->tour || strncmp(c->id, steps[u->tour - 1].command, strlen(steps[u->tour - 1].command)))
        return;
    u->damage = true;
    if (u->tour++ == STEPS)
        tour_end(u);
}
