/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The full screen. Handlers change models and set damage; after all waiting input is drained, one paint a
 * loop turn. main gives it the things it must not know itself (sync) as hooks.
 */
#ifndef UI_UI_H
#define UI_UI_H

#include "auth/unlock.h"
#include "base/clock.h"
#include "loop/loop.h"
#include "model/model.h"

struct ui;

struct ui_hooks {
    /* The store was unlocked: main may open net and plan the next sync. The model is ui's until locked(). */
    void (*unlocked)(void *arg, struct store *s);
    void (*locked)(void *arg);       /* the store is about to be closed: stop everything that uses it */
    void (*sync_now)(void *arg);
    void (*sync_stop)(void *arg);
    void *arg;
};

/* Takes the terminal. ERR_UNSUPPORTED when it cannot address the cursor (TERM=dumb) or is no terminal. */
int ui_open(struct loop *l, const struct clock *clock, const char *home, const struct ui_hooks *h, struct ui **out, struct err *e);
void ui_close(struct ui *u);              /* clears the screen, restores the terminal */
/* main tells what the sync does; painted on change only. */
void ui_sync_changed(struct ui *u, const struct model_sync *s);
/* Async-signal-safe: clears the screen and restores the terminal's modes, for fatal signals. */
void ui_emergency(void);

#endif
