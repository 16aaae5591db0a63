/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The banner's second row: what must be known, by name as far as the width allows.
 */
#include "config.h"

#include "base/limits.h"
#include "model/priv.h"

#define STRIP_NAMES 64 /* more names are on no terminal's row */

/* A part with that many of its names; a name is whole or it is counted. */
static const char *part_words(struct arena *a, const struct model_part *p, unsigned shown)
{
    const char *s = p->label;

    if (!shown)
        return p->tally ? p->counted : p->brief;
    if (p->instead)
        return p->name[shown - 1].s;
    for (unsigned i = 0; i < shown && s; i++)
        s = arena_fmt(a, "%s%s%s", s, i ? ", " : "", p->name[i].s);
    if (s && shown < p->names)
        /* TRANSLATORS: behind some names of a list: how many others there are, in full and where room is short */
        s = arena_fmt(a, p->terse ? _("%s, +%u") : _("%s, +%u more"), s, p->names - shown);
    return s;
}

static unsigned part_cols(struct arena *a, const struct model_part *p, unsigned shown)
{
    const char *s = part_words(a, p, shown);

    return s ? text_cols(str_of(s)) : 0;
}

/* Gives a part as many names as room holds beyond its brief words; returns what is left. */
static unsigned widen(struct arena *a, struct model_part *p, unsigned room)
{
    unsigned brief = part_cols(a, p, 0), most = p->names < STRIP_NAMES ? p->names : STRIP_NAMES;
    unsigned best = brief;
    bool short_one = false;

    if ((!p->label && !p->instead) || p->dropped)
        return room;
    for (unsigned i = 1; i <= 2 * most; i++) { /* each number of names in full, then tersely */
        bool terse = i > most;
        unsigned k = terse ? i - most : i, w;

        p->terse = terse;
        w = part_cols(a, p, k);
        if (w <= brief + room && k > p->shown) {
            p->shown = k;
            best = w;
            short_one = terse;
        }
    }
    p->terse = short_one;
    return room + brief - best;
}

/* How many there are of which none is named; returns what is left. */
static unsigned tally(struct model_part *p, unsigned room)
{
    unsigned more = text_cols(str_of(p->counted)) - text_cols(str_of(p->brief));

    p->tally = more <= room;
    return p->tally ? room - more : room;
}

/* Which parts stand, each by its brief words, and with how many names. all: those that yield too. */
static void lay_out(struct arena *a, struct model_part *part, unsigned n, unsigned cols, bool all)
{
    unsigned used = 0, left = 0, room;
    bool full = false;

    for (unsigned i = 0; i < n; i++) {
        part[i].shown = 0;
        part[i].terse = part[i].tally = false;
        part[i].dropped = part[i].yields && !all;
        left += part[i].dropped;
    }
    for (unsigned i = 0; i < n; i++) {
        unsigned w = part_cols(a, &part[i], 0) + (used ? 2 : 0), spare = left || i + 1 < n ? 5 : 0;

        if (part[i].dropped)
            continue;
        if (full || used + w + spare > cols) {
            part[i].dropped = full = true;
            left++;
        } else
            used += w;
    }
    used += left ? 5 : 0;
    room = cols > used ? cols - used : 0;
    for (unsigned turn = 1; turn < 8; turn++)
        for (unsigned i = 0; i < n; i++)
            if (part[i].turn == turn)
                room = widen(a, &part[i], room);
    for (unsigned i = 0; i < n; i++)
        if (!part[i].dropped && !part[i].shown && part[i].counted)
            room = tally(&part[i], room);
}

/* Does everything stand there by name? */
static bool whole(const struct model_part *part, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (part[i].dropped || (part[i].label && part[i].shown < part[i].names))
            return false;
    return true;
}

struct text model_strip(struct arena *a, struct model_part *part, unsigned n, unsigned cols)
{
    unsigned left = 0;
    struct buf out;
    struct text row;

    lay_out(a, part, n, cols, true);
    if (!whole(part, n))
        lay_out(a, part, n, cols, false);
    buf_init(&out, LIMIT_TEXT_CELL);
    for (unsigned i = 0; i < n; i++) {
        const char *s = part_words(a, &part[i], part[i].shown);

        left += part[i].dropped;
        if (!part[i].dropped) {
            buf_adds(&out, out.n ? "  " : "");
            buf_adds(&out, s ? s : "");
        }
    }
    if (left) /* never a silent cut */
        buf_addf(&out, "  +%u", left);
    row = text_own(arena_dup(a, out.p ? out.p : "", out.n));
    a->failed = a->failed || out.failed;
    buf_fini(&out);
    return row;
}
