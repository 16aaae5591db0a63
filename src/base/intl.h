/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every string that a person sees goes through these. N_ marks a string that a table holds and that _
 * is applied to when it is shown. A translator's note goes in a comment that starts with TRANSLATORS:.
 */
#ifndef BASE_INTL_H
#define BASE_INTL_H

#include <libintl.h>

#define _(s) gettext(s)
#define N_(s) s
#define P_(one, many, n) ngettext(one, many, (unsigned long)(n))

#endif
