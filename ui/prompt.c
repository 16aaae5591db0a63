/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ui/prompt.h"

#include <string.h>

#include "base/intl.h"
#include "base/mem.h"
#include "ui/priv.h"

void prompt_open(struct ui *u, const struct prompt_kind *kind, struct str with)
{
    struct prompt p = {.kind = kind, .n = with.n, .fresh = true};

    if (p.n > sizeof p.typed)
        for (p.n = sizeof p.typed; p.n && ((unsigned char)with.p[p.n] & 0xc0) == 0x80;)
            p.n--;
    if (p.n)
        memcpy(p.typed, with.p, p.n);
    prompt_close(u);
    u->prompt = p;
    mem_zero(&p, sizeof p);
}

void prompt_close(struct ui *u)
{
    mem_zero(&u->prompt, sizeof u->prompt);
    u->damage = true;
}

void prompt_set(struct ui *u, struct str text)
{
    struct ui_seen seen = u->prompt.seen;

    prompt_open(u, u->prompt.kind, text);
    u->prompt.seen = seen;
    u->prompt.fresh = false;
}

#define GUARDED_MS 300 /* after the paint: what comes within it was on its way before anybody could have read it */

void ui_seen_paint(struct ui *u, struct ui_seen *s)
{
    if (s->painted)
        return;
    tty_discard_input(u->tty);
    *s = (struct ui_seen){true, clock_boot_ms(u->clock)};
}

bool ui_seen_late(const struct ui *u, const struct ui_seen *s, int64_t ms)
{
    return !s->painted || clock_boot_ms(u->clock) - s->ms < ms;
}

bool prompt_deaf(struct ui *u)
{
    if (!u->prompt.kind || !u->prompt.kind->guarded || !ui_seen_late(u, &u->prompt.seen, GUARDED_MS))
        return false;
    ui_say(u, "%s", _("Keys that were typed before the digits could be read were dropped."));
    return true;
}

void prompt_painted(struct ui *u)
{
    if (u->prompt.kind && u->prompt.kind->guarded)
        ui_seen_paint(u, &u->prompt.seen);
}

bool prompt_is(const struct ui *u, const struct prompt_kind *kind)
{
    return u->prompt.kind == kind;
}

struct str prompt_typed(const struct ui *u)
{
    return (struct str){u->prompt.typed, u->prompt.n};
}

bool prompt_edit(struct prompt *p, int key)
{
    char bytes[4];
    size_t n = key < KEYS_BYTE ? keys_utf8(key, bytes) : 0, was = p->n;

    if (n && p->fresh)
        p->n = 0;
    p->fresh = false;
    if (key == KEYS_BACKSPACE) {
        while (p->n && ((unsigned char)p->typed[--p->n] & 0xc0) == 0x80)
            ;
        return p->n != was;
    }
    if (key == 'U' - '@') {
        p->n = 0;
        return was != 0;
    }
    if (!n || p->n + n > sizeof p->typed)
        return p->n != was;
    memcpy(p->typed + p->n, bytes, n);
    p->n += n;
    return true;
}

void prompt_key(struct ui *u, int key)
{
    struct prompt *p = &u->prompt;
    const struct prompt_kind *k = p->kind;
    char bytes[4];

    if (k && k->takes && keys_utf8(key, bytes) && !k->takes(key))
        k->over(u, key);
    else if (key == KEYS_BACKSPACE && !p->n)
        prompt_cancel(u);
    else if (prompt_edit(p, key) && k && k->changed)
        k->changed(u);
    mem_zero(bytes, sizeof bytes);
    u->damage = true;
}

void prompt_enter(struct ui *u)
{
    const struct prompt_kind *k = u->prompt.kind;

    if (k && k->enter)
        k->enter(u);
    else
        prompt_close(u);
}

void prompt_cancel(struct ui *u)
{
    const struct prompt_kind *k = u->prompt.kind;

    prompt_close(u);
    if (k && k->cancelled)
        k->cancelled(u);
}

void prompt_move(struct ui *u, int by)
{
    if (u->prompt.kind && u->prompt.kind->move)
        u->prompt.kind->move(u, by);
    u->damage = true;
}
