/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The store as a whole: `backup`, `restore`, `verify`, `wipe`.
 */
#include "config.h"

#include "cli/priv.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/intl.h"
#include "base/log.h"
#include "base/text.h"
#include "crypt/keyring.h"

/* --- long work --------------------------------------------------------------------------------- */

static int step(void *arg, uint64_t done, uint64_t all)
{
    struct cli_work *w = arg;
    int percent = all ? (int)(done * 100 / all) : 0;
    sigset_t waiting;
    char line[160];

    if (percent != w->percent) {
        w->percent = percent;
        snprintf(line, sizeof line, "%s: %d %%", w->what, percent);
        cli_progress(w->err, line);
    }
    if (cli_cancelled(w->app))
        return 1;
    sigemptyset(&waiting);
    if (!w->app->guest) /* else they are the owner's */
        sigpending(&waiting);
    return sigismember(&waiting, SIGINT) == 1 || sigismember(&waiting, SIGTERM) == 1;
}

static void stopping(sigset_t *s)
{
    sigemptyset(s);
    sigaddset(s, SIGINT);
    sigaddset(s, SIGTERM);
}

void cli_work_begin(struct cli_work *w, const struct cli_app *app, struct cli_out *err, const char *what)
{
    sigset_t stop;

    *w = (struct cli_work){.app = app, .err = err, .what = what, .percent = -1};
    w->progress = (struct store_progress){step, w};
    stopping(&stop);
    if (!app->guest)
        pthread_sigmask(SIG_BLOCK, &stop, &w->before);
}

void cli_work_end(struct cli_work *w)
{
    const struct timespec now = {0, 0};
    sigset_t stop;

    cli_progress(w->err, NULL);
    if (w->app->guest)
        return;
    stopping(&stop);
    while (sigtimedwait(&stop, NULL, &now) > 0) /* it has been heeded, or came too late */
        ;
    pthread_sigmask(SIG_SETMASK, &w->before, NULL);
}

/* A file that is to be made, by the name that the asker gave: in its folder, which need not be this process's. */
static int path_of(const struct cli_app *app, const char *name, char out[PATH_MAX_BYTES], struct err *e)
{
    int n = !app->guest || name[0] == '/' ? snprintf(out, PATH_MAX_BYTES, "%s", name)
                                          : snprintf(out, PATH_MAX_BYTES, "/proc/self/fd/%d/%s", app->folder, name);

    if (app->guest && (!strncmp(name, "/proc/", 6) || !strncmp(name, "/dev/", 5)))
        return err_set(e, ERR_INPUT, 0, 0, name); /* it would be this process's own */
    return n < PATH_MAX_BYTES ? ERR_OK : err_set(e, ERR_TOOBIG, 0, PATH_MAX_BYTES, "path");
}

/* --- backup, restore --------------------------------------------------------------------------- */

CLI_VERB(cli_verb_backup)
{
    char path[PATH_MAX_BYTES];
    struct cli_work work;
    int r = cli_need_store(app, e);

    if (!r)
        r = path_of(app, args->word[0], path, e);

    (void)in, (void)out;
    if (r)
        return r;
    cli_work_begin(&work, app, err, _("backing up"));
    r = store_backup(app->store, path, &work.progress, e);
    cli_work_end(&work);
    if (!r)
        cli_line(err, _("Backup made and read back: %s. The passphrases and codes of this profile open it."),
                 args->word[0]);
    return r;
}

enum { RESTORE_ESCROW, RESTORE_NEW_FD };

CLI_VERB(cli_verb_restore)
{
    const char *site = args->value[RESTORE_ESCROW];
    struct store_proof proof = {.secret = NULL};
    struct secret *fresh = NULL;
    struct cli_work work;
    int fd = -1, r = path_home(app->home_option, app->home, e);

    (void)in, (void)out;
    if (!r && args->value[RESTORE_NEW_FD])
        r = cli_fd_option("--new-fd", args->value[RESTORE_NEW_FD], &fd, e);
    if (!r)
        r = cli_proof(app, site, _("Passphrase of the backup: "), &proof, e);
    if (!r && (site || fd >= 0)) /* where the site's key opens, nobody may know a passphrase */
        r = cli_new_passphrase(fd, &fresh, err, e);
    if (!r) {
        cli_work_begin(&work, app, err, _("restoring"));
        r = store_restore(app->home, args->word[0], &proof, fresh, &work.progress, e);
        cli_work_end(&work);
    }
    if (!r) {
        cli_line(err, "%s", _("Restored. Edits that waited in the backup are in doubt: the server may have them."));
        cli_line(err, "%s", _("It is asked about each of them before anything is sent. Next: wardline sync"));
    }
    secret_free((struct secret *)proof.secret);
    secret_free(fresh);
    return r;
}

/* --- verify ------------------------------------------------------------------------------------ */

static const char *const places[] = {
    [STORE_AT_SUPERBLOCK] = "superblock", [STORE_AT_LOG] = "log", [STORE_AT_PAGE] = "page",
    [STORE_AT_DATABASE] = "database", [STORE_AT_BLOB] = "attachment", [STORE_AT_ROW] = "row",
};

struct verifying {
    struct cli_out *out;
    struct jsonw *w; /* or NULL: words */
};

static void json_finding(struct jsonw *w, const struct store_finding *f)
{
    jsonw_open(w, '{');
    jsonw_key(w, "place");
    jsonw_z(w, places[f->place]);
    jsonw_key(w, "number");
    jsonw_int(w, f->no);
    jsonw_key(w, "what");
    jsonw_z(w, f->what);
    jsonw_close(w, '}');
}

static void say_finding(struct cli_out *out, const struct store_finding *f)
{
    static const char *const copies[] = {N_("superblock A: damaged (when the store is opened, B mends it)"),
                                         N_("superblock B: damaged (when the store is opened, A mends it)"),
                                         N_("behind the superblocks: not the zeros that were there")};
    struct arena a;

    arena_init(&a, 4096);
    if (f->place == STORE_AT_SUPERBLOCK)
        cli_line(out, "%s", _(copies[f->no]));
    else if (f->place == STORE_AT_PAGE && !f->no)
        cli_line(out, "%s", _("the file is cut short"));
    else if (f->place == STORE_AT_LOG && !f->no)
        cli_line(out, "%s", _("the log is damaged: the last commits before it was opened may be lost"));
    else if (f->place == STORE_AT_DATABASE)
        cli_line(out, _("the database: %s"), text_safe(&a, str_of(f->what), 300).s);
    else if (f->place == STORE_AT_BLOB)
        cli_line(out, _("attachment %lld: damaged; it can be fetched again"), (long long)f->no);
    else if (f->place == STORE_AT_ROW)
        cli_line(out, _("rows that do not fit what was derived from them: %lld (%s)"), (long long)f->no, f->what);
    else if (f->place == STORE_AT_PAGE)
        cli_line(out, _("page %lld: damaged"), (long long)f->no);
    else
        cli_line(out, _("the log, frame %lld: damaged"), (long long)f->no);
    arena_fini(&a);
}

static void found(void *arg, const struct store_finding *f)
{
    struct verifying *v = arg;

    if (v->w)
        json_finding(v->w, f);
    else
        say_finding(v->out, f);
}

/* Opened if it can be; else as far as the bytes can be told. */
static int look(struct cli_app *app, const struct store_proof *proof, struct cli_work *work, struct verifying *v,
                struct store_verified *done, struct err *e)
{
    int r = proof->secret ? cli_need_store_by(app, proof, e) : cli_need_store(app, e);

    if (!r)
        return store_verify(app->store, &work->progress, found, v, done, e);
    cli_close_store(app);
    if (r != ERR_DAMAGED || !proof->secret || app->answered)
        return r;
    return store_verify_shut(app->home, proof, &work->progress, found, v, done, e);
}

static void finish(struct verifying *v, const struct store_verified *done)
{
    if (!v->w) {
        cli_line(v->out, _("Looked at: pages %lld, frames of the log %lld, rows %lld. Findings: %lld"),
                 (long long)done->pages, (long long)done->frames, (long long)done->rows, (long long)done->findings);
        return;
    }
    jsonw_close(v->w, ']');
    jsonw_key(v->w, "ok");
    jsonw_bool(v->w, !done->findings);
    jsonw_key(v->w, "pages");
    jsonw_int(v->w, (int64_t)done->pages);
    jsonw_key(v->w, "frames");
    jsonw_int(v->w, (int64_t)done->frames);
    jsonw_key(v->w, "rows");
    jsonw_int(v->w, (int64_t)done->rows);
    jsonw_close(v->w, '}');
}

CLI_VERB(cli_verb_verify)
{
    struct store_proof proof = {.secret = NULL};
    struct store_verified done = {0};
    struct verifying v = {.out = out};
    struct cli_work work;
    struct jsonw w;
    struct buf b;
    int r = app->store ? ERR_OK : cli_find_profile(app, e);

    (void)in;
    if (!r && !app->store && !app->yielded) /* open for another process, or begun again: nobody is asked */
        r = cli_proof(app, NULL, _("Passphrase: "), &proof, e);
    if (r)
        return r;
    buf_init(&b, 256 * 1024);
    if (args->value[0]) {
        jsonw_init(&w, &b);
        jsonw_open(&w, '{');
        jsonw_key(&w, "findings");
        jsonw_open(&w, '[');
        v.w = &w;
    }
    cli_work_begin(&work, app, err, _("verifying"));
    r = look(app, &proof, &work, &v, &done, e);
    cli_work_end(&work);
    if (!r) {
        finish(&v, &done);
        if (v.w && !cli_put(out, buf_str(&b)))
            cli_put(out, STR("\n"));
        if (done.findings)
            r = err_set(e, ERR_DAMAGED, 0, 0, STORE_FILE);
    }
    buf_fini(&b);
    secret_free((struct secret *)proof.secret);
    return r;
}

/* --- wipe -------------------------------------------------------------------------------------- */

static int unsent_count(struct cli_app *app, int64_t *n, struct err *e)
{
    struct store_queue_counts c;
    int r = store_queue_counts(app->store, &c, e);

    *n = r ? 0 : c.queued + c.indoubt + c.conflict + c.attention;
    return r;
}

/* Is it the number that somebody gave, or gives now? */
static int typed_count(const char *given, int64_t count, struct err *e)
{
    struct secret *s = NULL;
    char prompt[300];
    int64_t n = -1;
    int r;

    if (given) {
        str_int(str_of(given), 0, INT32_MAX, &n);
    } else {
        snprintf(prompt, sizeof prompt,
                 _("Edits that never reached the server and will be gone: %lld. Type that number to go on: "),
                 (long long)count);
        if ((r = cli_ask(prompt, &s, NULL)) && r != ERR_NOTTY)
            return err_set(e, r, 0, 0, "answer");
        if (!r)
            str_int((struct str){(const char *)s->p, s->n}, 0, INT32_MAX, &n);
        secret_free(s);
    }
    return n == count ? ERR_OK : err_set(e, ERR_UNSENT, 0, count, NULL);
}

/* Edits that nobody else has: to the site's key if there is one; else somebody says how many she gives up. */
static int save_unsent(struct cli_app *app, const char *given, struct cli_out *out, struct err *e)
{
    char name[64], path[PATH_MAX_BYTES];
    int64_t count;
    int r = unsent_count(app, &count, e);

    if (r || !count)
        return r;
    snprintf(name, sizeof name, "unsent-%lld.sealed", (long long)clock_wall_ms(&app->clock));
    if ((r = path_join(path, app->home, name, e)))
        return r;
    if ((r = store_unsent_save(app->store, path, e)) == ERR_NOSLOT)
        return typed_count(given, count, e);
    if (!r)
        cli_line(out, _("Edits that never reached the server: %lld. They are sealed for the site in %s"),
                 (long long)count, path);
    return r;
}

CLI_VERB(cli_verb_wipe)
{
    const char *given = args->value[0];
    struct store_proof proof = {.secret = NULL};
    char name[CLI_KEYRING_NAME];
    bool named;
    int r = cli_find_profile(app, e);

    (void)in;
    named = !r && !cli_keyring_name(app, name, NULL);
    if (!r && (!given || strcmp(given, "unknown"))) {
        r = cli_proof(app, NULL, _("Passphrase of the profile that is to be destroyed: "), &proof, e);
        if (!r)
            r = cli_need_store_by(app, &proof, e);
        if (!r)
            r = save_unsent(app, given, out, e);
        secret_free((struct secret *)proof.secret);
        cli_close_store(app);
        log_close();
    }
    if (!r && !(r = store_wipe(app->home, e))) {
        if (named)
            crypt_keyring_drop(name);
        cli_line(err, "%s", _("The profile is destroyed: its keys were overwritten, then its files removed."));
    }
    return r;
}
