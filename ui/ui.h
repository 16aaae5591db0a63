/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The full screen. Handlers change models and set damage; after all waiting input is drained, one
 * paint a loop turn. main gives it the things it must not know itself (sync, the store's life) as
 * hooks.
 *
 * ui takes these signals from the loop: HUP (lock and end), TERM and INT (end), TSTP (lock, then
 * stop), WINCH. Fatal ones are main's, which calls ui_emergency and err_on_fatal(ui_emergency).
 */
#ifndef UI_UI_H
#define UI_UI_H

#include "auth/unlock.h"
#include "base/clock.h"
#include "base/rng.h"
#include "loop/loop.h"
#include "model/model.h"

struct ui;

struct ui_hooks {
    struct auth_opener open; /* how the store is opened */
    /* The store was unlocked and is main's from here: it may open net and plan the next sync. ui
     * reads it until it calls locked(). */
    void (*unlocked)(void *arg, struct store *s);
    void (*locked)(
        void *arg); /* ui reads the store no more: stop everything that uses it, close it */
    /* locked() was called, and the store is not closed yet. May be NULL: never. */
    bool (*closing)(void *arg);
    void (*sync_now)(void *arg);
    void (*sync_stop)(void *arg);
    /* A job that writes: to be submitted to the store thread. The store stays open until its done() was called. */
    void (*write)(void *arg, struct loop_job *job);
    /* The same at once: its run() has ended when this returns its code, and done is not called (loop_do). */
    int (*write_now)(void *arg, struct loop_job *job);
    /* Asks the server (url relative to its base); ui_server_answered comes once, unless ask_stop came before. May be
     * NULL, with the two behind it: there is no asking. */
    void (*ask)(void *arg, const char *url);
    void (*ask_stop)(void *arg);
    /* The no-th attachment of a row is to be fetched: ui_attach_changed while it comes, ui_attached once, unless the
     * store was locked before. One at a time. May be NULL, with the one behind it. */
    void (*attach)(void *arg, const char *type, const char *id, unsigned no);
    void (*attach_stop)(void *arg);
    /* A patient who is not here is to be fetched, now and with every sync: as sync_now, its progress included. */
    void (*fetch)(void *arg, const char *id);
    const struct rng *rng; /* borrowed */
    void *arg;
};

/* Takes the terminal and shows the lock screen; loop_run then runs until the user leaves (loop_stop with 0).
 * ERR_TERMINAL when it cannot address the cursor or is no terminal. *h is copied. */
int ui_open(struct loop *l, const struct clock *clock, const char *home, const struct ui_hooks *h, struct ui **out,
            struct err *e);
/* The same in line mode (ui/line.h): on any terminal, or with a pipe at either end, which then gives the commands.
 * There loop_stop comes with 0 at the end of the commands, with ERR_NOTTY when they end before the passphrase, and
 * with the error when that does not open the profile. */
int ui_open_line(struct loop *l, const struct clock *clock, const char *home, const struct ui_hooks *h, struct ui **out,
                 struct err *e);
/* A theme of ui/tty.h; false: there is no such one. */
bool ui_theme(struct ui *u, const char *name);
/* Tries a passphrase at once, as if it had been typed; takes it. */
void ui_passphrase(struct ui *u, struct secret *passphrase);
/* Clears the screen, restores the terminal, calls locked() if it is due. Before loop_free. NULL is
 * fine. */
void ui_close(struct ui *u);
/* What the server answered to hooks.ask: e->code ERR_OK and the body, borrowed for the call; or why not. */
void ui_server_answered(struct ui *u, const struct err *e, struct str body);
/* What has come of what hooks.attach asked for; all -1: nobody knows of how much. */
void ui_attach_changed(struct ui *u, uint64_t have, int64_t all);
void ui_attached(struct ui *u, const struct err *e); /* e->code ERR_OK: it is kept now */
/* While hooks.open works: so many rows of all are indexed again, as an older wardline had indexed them. */
void ui_opening(struct ui *u, uint64_t done, uint64_t all);
/* main tells what the sync does; painted on change only. */
void ui_sync_changed(struct ui *u, const struct model_sync *s);
/* Async-signal-safe: clears the screen and restores the terminal's modes, for fatal signals. */
void ui_emergency(void);

#endif
