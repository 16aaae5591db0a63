/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/priv.h"

#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/limits.h"
#include "base/path.h"
#include "cli/probe.h"
#include "cli/room.h"
#include "model/check.h"
#include "model/lint.h"
#include "net/net.h"
#include "sync/run.h"

#define CLOCK_WARN_MS (2 * 60 * 1000)
#define DISK_WARN_BYTES (64u << 20)

enum verdict { OK, WARN, FAIL };

struct finding {
    enum verdict verdict;
    char what[300]; /* a sentence, translated */
    const char *next; /* what to do, translated; NULL when OK */
};

struct doctor {
    struct cli_app *app;
    int opened;             /* ERR_OK, or why the store is not open */
    struct err open_error;
    struct store_health health;
    int healthy;
    struct cli_probe probe;
    struct cds *knowledge;  /* NULL: why not is in knowledge_error */
    struct err knowledge_error;
};

static void found(struct finding *f, enum verdict v, const char *what, const char *next)
{
    f->verdict = v;
    snprintf(f->what, sizeof f->what, "%s", what);
    f->next = next;
}

/* What needs the server, when there was no answer. True when the finding is made. */
static bool no_server(const struct doctor *d, struct finding *f)
{
    if (d->opened)
        found(f, FAIL, _("COULD NOT RUN: the store is not open"), _("open the store first"));
    else if (d->probe.code)
        found(f, WARN, _("COULD NOT RUN: the server did not answer"), _("mend the link first"));
    return d->opened || d->probe.code;
}

static void check_link(const struct doctor *d, struct finding *f)
{
    struct buf b;

    if (d->opened) {
        no_server(d, f);
    } else if (d->probe.code) {
        buf_init(&b, 1024);
        model_say(&d->probe.err, &b);
        found(f, FAIL, b.p ? b.p : "",
              _("check the cable, the network and the server's address; what is kept here can be read meanwhile"));
        buf_fini(&b);
    } else {
        found(f, OK, "", NULL);
        snprintf(f->what, sizeof f->what, _("the server answers (HTTP %d)"), d->probe.status);
        if (d->probe.status != 200) {
            f->verdict = FAIL;
            f->next = _("the address must be the FHIR base; if it is, sign in again");
        }
    }
}

static void check_clock(const struct doctor *d, struct finding *f)
{
    int64_t skew = d->probe.date_ms - d->probe.local_ms, away = skew < 0 ? -skew : skew;

    if (no_server(d, f))
        return;
    if (!d->probe.date_ms) {
        found(f, WARN, _("the server sends no Date"), _("ask the server's keeper: marks of a sync rest on it"));
        return;
    }
    found(f, away > CLOCK_WARN_MS ? WARN : OK, "", _("set this machine's clock: ages and typed times come from it"));
    snprintf(f->what, sizeof f->what, _("this clock is %lld s %s the server's"), (long long)away / 1000,
             skew > 0 ? _("behind") : _("ahead of"));
}

static const struct {
    const char *what, *next;
} refusals[] = {
    [NET_TLS_OTHER] = {N_("the server's certificate or protocol was refused"),
                       N_("check this clock, then the certificate; a clinic's own CA is added by init --ca FILE")},
    [NET_TLS_ISSUER] =
        {N_("no authority known here vouches for the server's certificate"),
         N_("a clinic's own CA is added by init --ca FILE; with no such CA, do not go on: ask who runs the server")},
    [NET_TLS_EXPIRED] = {N_("the server's certificate has expired"),
                         N_("check this clock; if it is right, the server's keeper must renew the certificate")},
    [NET_TLS_NOT_YET] = {N_("the server's certificate is not valid yet"),
                         N_("check this clock; if it is right, the server's keeper must look at the certificate")},
    [NET_TLS_HOST] = {N_("the server's certificate is for another host name"),
                      N_("check the server's address: it must be the name that the certificate is for")},
    [NET_TLS_PROTOCOL] = {N_("the server offers no TLS 1.2 or newer, or no TLS at all"),
                          N_("check the port; if it is right, the server's keeper must switch on TLS 1.2 or 1.3")},
    [NET_TLS_ROOTS] = {N_("this machine has no list of certificate authorities"),
                       N_("install the package ca-certificates; a clinic's own CA is added by init --ca FILE")},
};

static void check_tls(const struct doctor *d, struct finding *f)
{
    if (d->opened) {
        no_server(d, f);
    } else if (d->probe.code == ERR_TLS) {
        size_t n = sizeof refusals / sizeof *refusals, why = d->probe.err.num > 0 ? (size_t)d->probe.err.num : 0;

        found(f, FAIL, _(refusals[why < n ? why : 0].what), _(refusals[why < n ? why : 0].next));
    } else if (!d->probe.https) {
        found(f, OK, _("http, on this machine only"), NULL);
    } else if (!no_server(d, f)) { /* REQ: nothing is verified where nobody answered */
        found(f, OK, _("https, certificate verified"), NULL);
    }
}

static void check_gzip(const struct doctor *d, struct finding *f)
{
    if (no_server(d, f))
        return;
    if (d->probe.decoded < 2048)
        found(f, WARN, _("COULD NOT RUN: the answer was too small to tell"), _("see the server's abilities below"));
    else if (d->probe.bytes_down < d->probe.decoded)
        found(f, OK, _("compressed answers arrive"), NULL);
    else
        found(f, WARN, _("answers arrive uncompressed: a proxy or gateway may take the compression out"),
              _("let gzip pass on the way: syncs cost about ten times the bytes without it"));
}

static void check_abilities(const struct doctor *d, struct finding *f)
{
    if (no_server(d, f))
        return;
    if (!d->probe.r4)
        found(f, FAIL, _("the server does not say that it speaks FHIR R4 (4.0.x)"), _("ask for its R4 address"));
    else if (!d->probe.batch)
        found(f, WARN, _("FHIR R4, but no batch"), _("syncs will take more round trips"));
    else
        found(f, OK, _("FHIR R4, batch"), NULL);
}

static void check_store(const struct doctor *d, struct finding *f)
{
    struct buf b;

    if (d->opened) {
        buf_init(&b, 1024);
        model_say(&d->open_error, &b);
        found(f, FAIL, b.p ? b.p : "",
              d->opened == ERR_DAMAGED ? _("restore the store, or make a new profile and sync again")
                                       : _("mend that, then run doctor again; the store itself may be whole"));
        buf_fini(&b);
    } else if (d->healthy) {
        found(f, FAIL, _("the store does not tell its state"),
              _("run doctor again; if it stays so, make a new profile"));
    } else if (d->health.wal_damaged) {
        found(f, WARN, _("the store's log was damaged: the last commits before it were lost"), _("sync again now"));
    } else {
        found(f, OK, "", NULL);
        snprintf(f->what, sizeof f->what, _("open, format %u, %lld bytes"), d->health.format,
                 (long long)(d->health.file_bytes + d->health.wal_bytes));
    }
}

/* REQ: that an edit may find no room is said before it does. */
static void check_room(const struct doctor *d, struct finding *f)
{
    struct store_room r;
    char quota[40];

    if (d->opened || store_room(d->app->store, &r, NULL)) {
        found(f, FAIL, _("COULD NOT RUN: the store is not open"), _("open the store first"));
        return;
    }
    snprintf(quota, sizeof quota, "%lld MiB", (long long)(r.quota >> 20));
    if (!r.quota)
        snprintf(quota, sizeof quota, "%s", _("no quota"));
    if (!r.reserve_bytes)
        found(f, FAIL, "",
              _("free some room on this disk now: until then a sync keeps nothing new, and an edit may be refused"));
    else if (r.disk_free < DISK_WARN_BYTES)
        found(f, WARN, "", _("free some room on this disk, or let the store take less: wardline quota SIZE"));
    else if (store_room_over(&r))
        found(f, WARN, "", _("sync; if it stays so, what is kept always takes more than the quota: raise it"));
    else
        found(f, OK, "", NULL);
    snprintf(f->what, sizeof f->what, _("free on this disk: %lld MiB; reserve for edits %s; in use %lld MiB of %s"),
             (long long)(r.disk_free >> 20), r.reserve_bytes ? _("held") : _("NOT HELD"),
             (long long)((r.file_bytes + r.wal_bytes + r.blob_bytes) >> 20), quota);
}

/* REQ: how old what is read here is, in words: a screen shows the instant, and nobody counts days on it. */
static void check_data(const struct doctor *d, struct finding *f)
{
    int64_t at = d->opened ? 0 : sync_complete_ms(d->app->store);
    char when[DATE_TEXT_MAX];
    const char *old;
    struct arena a;

    if (d->opened) {
        found(f, FAIL, _("COULD NOT RUN: the store is not open"), _("open the store first"));
        return;
    }
    arena_init(&a, 4096);
    date_short(at, 0, when);
    old = model_days_old(at, clock_wall_ms(&d->app->clock), &a);
    found(f, at && old && !old[0] ? OK : WARN, "", _("wardline sync; if that fails, see the link above"));
    if (at)
        snprintf(f->what, sizeof f->what, _("last complete sync: %s%s"), when, old ? old : "");
    else
        snprintf(f->what, sizeof f->what, "%s", _("no complete sync yet"));
    arena_fini(&a);
}

static void check_superblocks(const struct doctor *d, struct finding *f)
{
    if (d->opened || d->healthy)
        found(f, FAIL, _("COULD NOT RUN: the store is not open"), _("open the store first"));
    else if (d->health.superblock_a && d->health.superblock_b)
        found(f, OK, _("both copies are whole"), NULL);
    else
        found(f, WARN,
              d->health.superblock_a ? _("copy B is damaged; copy A serves") : _("copy A is damaged; copy B serves"),
              _("the disk may be failing: sync, then make a new profile on a sound disk"));
}

static void check_memory(const struct doctor *d, struct finding *f)
{
    const char *more = _("raise the limit: ulimit -l 8192");

    if (!d->app->memory_locked)
        found(f, WARN, _("memory cannot be locked: keys could reach the swap"), more);
    else if (!d->opened && !store_pages_locked())
        found(f, WARN,
              _("keys are held in locked memory, but not the store's pages: what is read could reach the swap"), more);
    else if (d->opened)
        found(f, OK, _("keys are held in locked memory"), NULL);
    else
        found(f, OK, _("keys and the store's pages are held in locked memory"), NULL);
}

static void check_swap(const struct doctor *d, struct finding *f)
{
    char plain[CLI_SWAP_BYTES];
    int n = cli_probe_swap(plain);

    (void)d;
    if (n < 0)
        found(f, WARN, _("COULD NOT RUN: the system does not tell its swap"), _("ask whoever keeps this machine"));
    else if (!n)
        found(f, OK, _("no plain swap"), NULL);
    else
        found(f, WARN, "", _("encrypt the swap or use zram"));
    if (n > 0)
        snprintf(f->what, sizeof f->what, _("swap is not encrypted (%s): text on screen could reach the disk"), plain);
}

/* Is the terminal's entry in the system's terminfo database? */
static bool known_terminal(const char *term)
{
    static const char *const dirs[] = {"/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo", "/usr/lib/terminfo"};
    char path[256];

    if (!*term || strlen(term) > 64 ||
        strspn(term, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-_") != strlen(term))
        return false;
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        snprintf(path, sizeof path, "%s/%c/%s", dirs[i], term[0], term);
        if (!access(path, R_OK))
            return true;
        snprintf(path, sizeof path, "%s/%02x/%s", dirs[i], (unsigned char)term[0], term);
        if (!access(path, R_OK))
            return true;
    }
    return false;
}

static void check_terminal(const struct doctor *d, struct finding *f)
{
    const char *term = getenv("TERM");

    (void)d;
    if (!term || !strcmp(term, "dumb"))
        found(f, WARN, _("this terminal cannot place the cursor: no full screen here"),
              _("set TERM to what the terminal is (vt100, xterm), or use list and show"));
    else if (!known_terminal(term))
        found(f, FAIL, _("TERM names a terminal that this system does not know"),
              _("set TERM=vt100, or install ncurses-term"));
    else
        found(f, OK, _("known to this system"), NULL);
}

static void check_settings(const struct doctor *d, struct finding *f)
{
    char what[sizeof f->what];
    int r = d->app->settings ? d->app->settings(what, sizeof what) : 0;

    if (r < 0)
        found(f, WARN, what, _("mend that line; man wardline.conf says what may stand there"));
    else
        found(f, OK, r ? what : _("none: the keys and looks that wardline brings"), NULL);
}

static void check_locale(const struct doctor *d, struct finding *f)
{
    (void)d;
    if (!intl_heard())
        found(f, WARN, _("the language asked for by LANGUAGE or LANG cannot be had: there is no C.UTF-8 locale"),
              _("install a locale of that language, or C.UTF-8"));
    else if (!strcmp(nl_langinfo(CODESET), "UTF-8"))
        found(f, OK, "UTF-8", NULL);
    else
        found(f, WARN, _("the locale is not UTF-8: names in other scripts cannot be shown"), _("set LANG=C.UTF-8"));
}

static void check_kdf(const struct doctor *d, struct finding *f)
{
    if (d->opened || d->healthy) {
        found(f, FAIL, _("COULD NOT RUN: the store is not open"), _("open the store first"));
        return;
    }
    found(f, d->health.kdf.mem_bytes >= (256ull << 20) ? OK : WARN, "",
          _("the profile was made on a machine short of memory: guard its file well, or make it anew on a larger one"));
    snprintf(f->what, sizeof f->what, _("Argon2id, %lld MiB, %u passes"), (long long)(d->health.kdf.mem_bytes >> 20),
             d->health.kdf.passes);
}

/* What the server sent is not this machine's fault: it is counted, and whoever keeps the order sets is told. */
static void check_rules(const struct doctor *d, struct finding *f)
{
    struct model_lint_count n;

    if (d->opened || model_lint_cache(d->app->store, &n, NULL)) {
        found(f, FAIL, _("COULD NOT RUN: the store is not open"), _("open the store first"));
        return;
    }
    found(f, OK, "", NULL);
    snprintf(f->what, sizeof f->what,
             _("%u of %u medicine entries looked at hold words that break one; they are marked [!]"), n.broken, n.rows);
}

/* A file of knowledge: its rows, its day, how old; or why it is not used. */
static void add_file(struct buf *b, const struct codes_dated *f, struct arena *a)
{
    char day[DATE_TEXT_MAX];

    buf_adds(b, b->n ? "; " : "");
    if (f->state) {
        buf_addf(b, "%s %s", f->file, codes_dated_why(f, a));
        return;
    }
    date_text(&f->date, day);
    /* TRANSLATORS: a file, its rows, its date, its age */
    buf_addf(b, _("%s %u rows of %s (%lld days)"), f->file, f->rows, day, (long long)f->days);
}

static void say_files(struct finding *f, const struct codes_dated *const *files, unsigned n)
{
    struct arena a;
    struct buf b;
    unsigned bad = 0;

    arena_init(&a, 1 << 16);
    buf_init(&b, sizeof f->what - 1);
    for (unsigned i = 0; i < n; i++)
        bad += files[i]->state != CODES_FILE_GOOD;
    for (unsigned i = 0; i < n; i++) /* where one is not used, that is what is to be said */
        if (!bad || files[i]->state)
            add_file(&b, files[i], &a);
    found(f, bad ? WARN : OK, b.p ? b.p : "", _("put whole files of today in place: wardline(1), FILES"));
    buf_fini(&b);
    arena_fini(&a);
}

/* REQ: what the local checks rest on, without a screen: each file's date, rows and age. */
static void check_knowledge(const struct doctor *d, struct finding *f, bool drugs)
{
    const struct codes_dated *files[(int)CODES_DRUGS_FILES + (int)CDS_FILES];
    const struct cds *c = d->knowledge;
    unsigned n = 0;

    if (!c) {
        struct buf b;

        buf_init(&b, 1024);
        model_say(&d->knowledge_error, &b);
        found(f, FAIL, "", NULL); /* the sentence says what to do */
        snprintf(f->what, sizeof f->what, "%s: %s", _("COULD NOT RUN"), b.p ? b.p : "");
        buf_fini(&b);
        return;
    }
    for (int i = 0; i < (drugs ? (int)CODES_DRUGS_FILES : (int)CDS_FILES); i++)
        files[n++] = drugs ? codes_drugs_file(cds_drugs(c), (enum codes_drugs_file)i) : cds_file(c, (enum cds_file)i);
    say_files(f, files, n);
}

static void check_drugs(const struct doctor *d, struct finding *f)
{
    check_knowledge(d, f, true);
}

static void check_checks(const struct doctor *d, struct finding *f)
{
    check_knowledge(d, f, false);
}

/* REQ: a row of another patient stops the display, and is never seen by nobody: the log has each. */
static void check_displays(const struct doctor *d, struct finding *f)
{
    char path[PATH_MAX_BYTES], line[256];
    FILE *log = NULL;
    unsigned n = 0;

    if (!path_join(path, d->app->home, "log", NULL))
        log = fopen(path, "re");
    while (log && fgets(line, sizeof line, log))
        n += strstr(line, " display.stopped ") != NULL;
    if (log)
        fclose(log);
    found(f, n ? WARN : OK, _("never stopped for a row of another patient, as far as the log goes back"),
          _("tell your support: a store or a server mixes patients; send the log"));
    if (n)
        snprintf(f->what, sizeof f->what,
                 P_("stopped %u time for a row of another patient",
                    "stopped %u times for a row of another patient", n),
                 n);
}

/* TRANSLATORS: names of doctor's checks. */
static const struct {
    const char *id, *label;
    void (*run)(const struct doctor *d, struct finding *f);
} checks[] = {
    {"link", N_("link"), check_link},
    {"clock", N_("clock"), check_clock},
    {"tls", N_("TLS"), check_tls},
    {"gzip", N_("compression"), check_gzip},
    {"abilities", N_("server's abilities"), check_abilities},
    {"store", N_("store"), check_store},
    {"room", N_("room on the disk"), check_room},
    {"data", N_("data kept here"), check_data},
    {"superblocks", N_("superblocks"), check_superblocks},
    {"memory", N_("memory locking"), check_memory},
    {"swap", N_("swap"), check_swap},
    {"terminal", N_("terminal"), check_terminal},
    {"locale", N_("locale"), check_locale},
    {"settings", N_("keys and looks"), check_settings},
    {"kdf", N_("passphrase strength against guessing"), check_kdf},
    {"rules", N_("display rules"), check_rules},
    {"displays", N_("display"), check_displays},
    {"drugs", N_("drug table (not reviewed by a clinician)"), check_drugs},
    {"checks", N_("local checks (not reviewed by a clinician)"), check_checks},
};

static void say(struct cli_out *out, struct jsonw *w, const char *id, const char *label, const struct finding *f)
{
    static const char *const verdicts[] = {"OK", "WARN", "FAIL"};

    if (!w) {
        cli_line(out, "%-4s  %s: %s", verdicts[f->verdict], label, f->what);
        if (f->verdict != OK && f->next)
            cli_line(out, "      %s %s", _("next:"), f->next);
        return;
    }
    jsonw_open(w, '{');
    jsonw_key(w, "id");
    jsonw_z(w, id);
    jsonw_key(w, "verdict");
    jsonw_z(w, verdicts[f->verdict]);
    jsonw_key(w, "what");
    jsonw_z(w, f->what);
    jsonw_key(w, "next");
    jsonw_z(w, f->verdict == OK ? NULL : f->next);
    jsonw_close(w, '}');
}

/* Another process has examined it, or there is nothing to examine, or not for this person. */
static bool is_none_of_ours(const struct cli_app *app, int code)
{
    static const int codes[] = {ERR_USAGE, ERR_PASSPHRASE, ERR_NOPROFILE, ERR_INUSE, ERR_SILENT, ERR_GONE,
                                ERR_CANCELLED};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (code == codes[i])
            return true;
    return app->answered;
}

CLI_VERB(cli_verb_doctor)
{
    struct doctor d = {.app = app};
    struct jsonw w;
    bool json = args->value[0] != NULL;
    int64_t bad = 0;

    (void)in, (void)err;
    d.opened = cli_need_store(app, &d.open_error);
    if (is_none_of_ours(app, d.opened)) {
        *e = d.open_error;
        return d.opened;
    }
    model_check_tables(&app->clock, &d.knowledge, &d.knowledge_error);
    if (!d.opened) {
        d.healthy = store_health(app->store, &d.health, NULL);
        cli_probe_server(app, &d.probe);
        if (!json)
            cli_marks(app, out);
    }
    jsonw_init(&w, &out->buf);
    if (json)
        jsonw_open(&w, '[');
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        struct finding f = {OK, "", NULL};

        checks[i].run(&d, &f);
        bad += f.verdict != OK;
        say(out, json ? &w : NULL, checks[i].id, _(checks[i].label), &f);
    }
    cds_free(d.knowledge);
    if (json) {
        jsonw_close(&w, ']');
        cli_put(out, STR("\n"));
    }
    if (d.opened) {
        *e = d.open_error;
        return d.opened;
    }
    return bad ? err_set(e, ERR_FINDINGS, 0, bad, NULL) : ERR_OK;
}
