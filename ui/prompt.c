/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ui/prompt.h"

#include <string.h>

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
    prompt_open(u, u->prompt.kind, text);
    u->prompt.fresh = false;
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
