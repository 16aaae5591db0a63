/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every string that a person sees goes through these. N_ marks a string that a table holds and that _
 * is applied to when it is shown. A translator's note goes in a comment that starts with TRANSLATORS:.
 * main calls intl_start once, before any thread is there; nothing else sets a locale.
 */
#ifndef BASE_INTL_H
#define BASE_INTL_H

#include <libintl.h>
#include <locale.h>
#include <stdbool.h>

#define _(s) gettext(s)
#define N_(s) s
#define P_(one, many, n) ngettext(one, many, (unsigned long)(n))
/* The same words that another language says in different ways: C_("weekday", "on "). NC_ is for tables; what it makes
 * is shown through intl_context alone. */
#define NC_(context, s) context "\004" s
#define C_(context, s) intl_context(NC_(context, s))

/* Takes the terminal's characters (LC_CTYPE) and the language of messages from the environment, and those two alone:
 * numbers, dates and sorting stay as they are everywhere. Catalogues come from locale/ beside the program (a tree
 * that was built and not installed) or from installed (an absolute path), always as UTF-8: how a terminal that has
 * less shows them is its room's work. May change LANGUAGE in the environment. */
void intl_start(const char *installed);

/* The name of the locale that the process's characters are of: "C.UTF-8", "C", "en_US.ISO-8859-1". */
const char *intl_characters(void);
/* Gives the calling thread the characters of another process's terminal, by that name, until intl_thread_end; one that
 * is not known here changes nothing. Languages cannot be a thread's: glibc takes LANGUAGE from the environment. */
struct intl_thread {
    locale_t own, before;
};
void intl_thread_begin(struct intl_thread *t, const char *characters);
void intl_thread_end(struct intl_thread *t);

/* The translation of what NC_ made, or the words in it. */
const char *intl_context(const char *marked);

/* The language of the messages: "en", or a catalogue's ("es", "fr"). A static string. */
const char *intl_language(void);

/* False when the environment asks for another language than English and the C library gives no way to one. */
bool intl_heard(void);

#endif
