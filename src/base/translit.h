/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ASCII in place of a character that a terminal's character set lacks. Pure; no locale is asked here. What it gives is
 * shown, never kept, and a reader must be told where it stands in a name (ui/glyph.h).
 *
 * Sources: Cyrillic ICAO Doc 9303-3, section 6 B, the spelling of passports; Greek ISO 843 (ELOT 743), type 1 without
 * macrons; Latin letters, dashes, quotes and signs Unicode CLDR Latin-ASCII; accents the canonical decomposition.
 * REQ: no amount changes. A raised figure keeps its ^ (10^9, never 109), a fraction is set apart (1 1/2, never 11/2),
 * mu of a unit is "micro" and never m (milli, a thousand times more); figures of other scripts have no ASCII here.
 */
#ifndef BASE_TRANSLIT_H
#define BASE_TRANSLIT_H

#include <stdbool.h>
#include <stdint.h>

#define TRANSLIT_MAX 32

/* c in ASCII, NUL-ended, in room; it may be "" (the soft sign). before and after are its neighbours in the text, 0 at
 * an end: they decide on capitals (SHCH, Shch), on upsilon and on mu. False when there is none: c must then be
 * spelled out. */
bool translit_ascii(uint32_t c, uint32_t before, uint32_t after, char room[TRANSLIT_MAX]);
/* A mark that may be left out where it sits on a letter (an accent, not a stroke through it): a transliteration too. */
bool translit_mark(uint32_t c);
bool translit_letter(uint32_t c);
/* Of a script that is written from right to left. */
bool translit_rtl(uint32_t c);

#endif
