/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The tour of the demo: a line that names the next key, on row 22 where nothing else is said, until that key was
 * used. Only in a profile of made-up patients, and unasked only once: HOME/tour.seen is made when it ends.
 */
#ifndef UI_TOUR_H
#define UI_TOUR_H

#include <stdbool.h>

struct ui;
struct command;

void tour_offer(struct ui *u); /* after unlocking: begins it where it was never seen; in lines never: keys differ */
void tour_begin(struct ui *u);
void tour_end(struct ui *u);   /* for good, at any step */
bool tour_on(const struct ui *u);
const char *tour_text(const struct ui *u);                 /* translated; "" when none is under way */
void tour_done(struct ui *u, const struct command *c);     /* this command was used */

#endif
