/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The lock screen: a passphrase and Enter. Nothing of a patient is in memory while it stands.
 */
#include "config.h"

#include <string.h>

#include "base/intl.h"
#include "base/limits.h"
#include "ui/priv.h"

#define STARS_MAX 32
#define LABEL 4 /* the row of what is typed */

void scr_lock_forget(struct ui *u)
{
    secret_free(u->lock.typed);
    u->lock.typed = secret_new(LIMIT_PASSPHRASE);
    u->lock.shown = 0;
    u->lock.trying = false;
    u->lock.percent = 0;
    u->damage = true;
}

void ui_opening(struct ui *u, uint64_t done, uint64_t all)
{
    unsigned percent = all ? (unsigned)(done * 100 / all) : 0;

    /* a line's width of bytes at most a percent; in line mode each is a line to read, so a tenth of them */
    if (!u->lock.trying || u->lock.percent == percent || (u->line && u->lock.percent / 10 == percent / 10))
        return;
    u->lock.percent = percent;
    if (u->line)
        ui_say(u, _("Bringing the store up to date: %u %%"), percent);
    u->damage = true;
}

/* Takes the last character away: its continuation bytes too. */
static void erase(struct secret *s)
{
    while (s->n) {
        unsigned char c = s->p[--s->n];

        s->p[s->n] = 0;
        if ((c & 0xc0) != 0x80)
            return;
    }
}

void scr_lock_type(struct ui *u, int key)
{
    struct secret *s = u->lock.typed;
    char bytes[4];
    size_t n = keys_utf8(key, bytes);

    if (u->lock.trying || !s)
        return;
    if (key == KEYS_BACKSPACE) {
        erase(s);
        u->lock.shown -= u->lock.shown > 0;
    } else if (key == 'U' - '@') {
        scr_lock_forget(u);
    } else if (n && s->n + n <= s->cap) {
        memcpy(s->p + s->n, bytes, n);
        s->n += n;
        u->lock.shown++;
    }
    memset(bytes, 0, sizeof bytes);
}

static const char *patient(const struct ui *u)
{
    (void)u;
    return "";
}

static void paint(struct ui *u)
{
    struct arena a;
    char stars[STARS_MAX + 1];
    unsigned n = u->lock.shown < STARS_MAX ? u->lock.shown : STARS_MAX;
    struct text label = text_own(_("Passphrase:"));

    arena_init(&a, 8192);
    memset(stars, '*', sizeof stars);
    tty_put(u->tty, 0, 0, text_own(_("wardline - locked")), 80, TTY_PLAIN);
    tty_put(u->tty, 2, 0,
            text_own(_("Patient data on this device is sealed. Type the passphrase, then Enter.")),
            80, TTY_PLAIN);
    tty_put(u->tty, 3, 0,
            text_safe(&a, str_of(arena_fmt(&a, P_("It locks by itself after %d minute without a key.",
                                                  "It locks by itself after %d minutes without a key.", UI_IDLE_MIN),
                                           UI_IDLE_MIN)), 0),
            80, TTY_PLAIN);
    tty_put(u->tty, LABEL, 0, label, 40, TTY_PLAIN);
    if (u->lock.trying && u->lock.percent && !u->line)
        tty_put(u->tty, LABEL, label.cols + 1,
                text_safe(&a, str_of(arena_fmt(&a, _("Bringing the store up to date: %u %%"), u->lock.percent)), 0), 60,
                TTY_PLAIN);
    else if (u->lock.trying)
        tty_put(u->tty, LABEL, label.cols + 1, text_own(_("opening ... this takes a moment")), 60,
                TTY_PLAIN);
    else
        tty_put(u->tty, LABEL, label.cols + 1, text_safe(&a, (struct str){stars, n}, 0), STARS_MAX,
                TTY_PLAIN);
    if (u->lock.unsent[0])
        tty_put(u->tty, LABEL + 2, 0, text_safe(&a, str_of(u->lock.unsent), 0), 80, TTY_PLAIN);
    tty_cursor(u->tty, LABEL, label.cols + 1 + (u->lock.trying ? 0 : n));
    arena_fini(&a);
}

static void leave(struct ui *u)
{
    (void)u;
}

const struct screen *scr_lock_screen(void)
{
    static const struct screen screen = {.where = ON_LOCK, .patient = patient, .paint = paint, .open = leave,
                                         .back = leave};

    return &screen;
}
