/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The only place where an error becomes a sentence: what, where, what to do. No patient data gets
 * in, as an error never carries any.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fhir/path.h"
#include "model/priv.h"

/* What goes behind the words: the argument that an error of this code carries. */
enum arg { ARG_NONE, ARG_WHAT, ARG_NUM, ARG_SUB, ARG_PATH };

static const struct sentence {
    int code;
    const char *what; /* N_() */
    enum arg arg;
    const char *todo; /* N_() */
} sentences[] = {
    {ERR_NOMEM, N_("memory is exhausted"), ARG_NONE, N_("close other programs and try again")},
    {ERR_BUG, N_("an error in wardline itself"), ARG_WHAT,
     N_("please report it with the log of the profile")},
    {ERR_USAGE, N_("the command line is not understood"), ARG_WHAT, N_("see wardline(1)")},
    {ERR_NOHOME, N_("HOME names no directory, so there is no place for a profile"), ARG_NONE,
     N_("name one with --home DIR")},
    {ERR_NOTTY, N_("there is no terminal to ask for the passphrase on"), ARG_NONE,
     N_("give it by --passphrase-fd")},
    {ERR_HTTPS, N_("only a server on this machine may be http"), ARG_WHAT, N_("use its https address")},
    {ERR_TERMINAL, N_("this terminal cannot show the full screen"), ARG_WHAT,
     N_("set TERM to what it is (vt100, xterm), or use `wardline --line'")},
    {ERR_NOFILE, N_("the file cannot be opened"), ARG_WHAT, N_("nothing was changed; check its name")},
    {ERR_EMPTY, N_("there is nothing in the file"), ARG_WHAT, N_("nothing was changed")},
    {ERR_SECTION, N_("a chart has no such section"), ARG_WHAT, N_("wardline(1) lists their names")},
    {ERR_INPUT, N_("the input is not what it must be"), ARG_WHAT,
     N_("nothing was changed; correct it and try again")},
    {ERR_JSON, N_("the input is no JSON; it breaks at byte"), ARG_NUM,
     N_("nothing was changed; check the file or the server")},
    {ERR_PATH, N_("the FHIRPath expression cannot be computed"), ARG_PATH,
     N_("nothing was changed; correct it and try again")},
    {ERR_TOOBIG, N_("something is over its limit"), ARG_WHAT,
     N_("nothing was changed; ask your support")},
    {ERR_NOTFOUND, N_("not found here"), ARG_WHAT,
     N_("check the id with `wardline list'; what is outside the scope is not kept here")},
    {ERR_UNSUPPORTED, N_("not supported"), ARG_WHAT, N_("see wardline(1) for what is")},
    {ERR_SHORT, N_("a new passphrase has at least this many characters"), ARG_NUM,
     N_("no profile was made; take a longer one, some words that only you put together")},
    {ERR_EXISTS, N_("it is there already"), ARG_WHAT,
     N_("choose another name, or use the one that is there")},
    {ERR_NOSLOT, N_("there is no such key slot"), ARG_NUM, N_("nothing was changed; see `wardline key list'")},
    {ERR_LASTSLOT, N_("this is the last passphrase that opens the profile: slot"), ARG_NUM,
     N_("nothing was changed; add another one first, or use `wardline key change'")},
    {ERR_SLOTSFULL, N_("all key slots are in use, so many"), ARG_NUM,
     N_("nothing was changed; remove one first (`wardline key list')")},
    {ERR_UNSENT, N_("edits here that never reached the server would be destroyed, so many"), ARG_NUM,
     N_("nothing was changed; see wardline(1), wipe")},
    {ERR_PERSON, N_("a person must answer this, at a terminal"), ARG_NONE,
     N_("nothing was changed; see wardline(1), resolve")},
    {ERR_ROLE, N_("the role of this profile may not do this"), ARG_WHAT,
     N_("nothing was changed; ask who may prescribe or nurse")},
    {ERR_OPEN, N_("questions still to be answered"), ARG_NUM, N_("nothing was changed")},
    {ERR_LINE, N_("not given up: it may have reached the server"), ARG_WHAT,
     N_("sync; when the server has said what it has, look again")},
    {ERR_BEHIND, N_("not given up: so many other changes rest on it"), ARG_NUM,
     N_("`wardline queue' names them; give those up first")},
    {ERR_STALE, N_("it was changed meanwhile, here or at the server"), ARG_NONE,
     N_("nothing was changed; look at it once more")},
    {ERR_CHECKS, N_("a STOP of the checks has no reason yet, so many"), ARG_NUM,
     N_("nothing was changed; read it, and type why it is to be given all the same")},
    {ERR_STATE, N_("that does not go with its state"), ARG_WHAT, N_("nothing was changed; look at it once more")},
    {ERR_IO, N_("a file operation failed"), ARG_WHAT,
     N_("check the disk's space and the file's permissions")},
    {ERR_OFFLINE, N_("no answer from the server"), ARG_WHAT,
     N_("nothing is lost; check the link and try again")},
    {ERR_TIMEOUT, N_("the server is too slow to go on"), ARG_WHAT,
     N_("nothing is lost; try again later")},
    {ERR_TLS, N_("the server's certificate was refused"), ARG_WHAT,
     N_("nothing was sent; ask your support, do not go around it")},
    {ERR_CUT, N_("the line was cut in the middle of an answer"), ARG_WHAT,
     N_("whole rows were kept; the next sync goes on from there")},
    {ERR_HTTP, N_("the server refused the request"), ARG_SUB,
     N_("nothing is lost; try again later, then ask your support")},
    {ERR_AUTH, N_("the server does not let this user in"), ARG_SUB,
     N_("check the profile's sign-in with your support")},
    {ERR_MISMATCH, N_("what the server sent is not the document that the record names (its size or its sum differs)"),
     ARG_WHAT, N_("nothing of it was kept: tell the sender of the document")},
    {ERR_NOTFHIR, N_("the answer is not FHIR (a portal or a proxy?)"), ARG_WHAT,
     N_("check the server's address and the network's sign-in page")},
    {ERR_ORIGIN, N_("a link to another server was refused"), ARG_WHAT,
     N_("tell the server's administrator")},
    {ERR_BUSY, N_("the server asks to be left alone, for so many seconds"), ARG_NUM,
     N_("nothing is lost; the next sync after that goes on")},
    {ERR_LOOP, N_("the server's pages never end"), ARG_NONE,
     N_("what came is kept; tell the server's administrator")},
    {ERR_ATTENTION, N_("done, but this many resources could not be kept"), ARG_NUM,
     N_("`wardline status' names them; tell the server's administrator")},
    {ERR_NOTSENT, N_("done, but so many changes made here are NOT SENT"), ARG_NUM,
     N_("`wardline queue' says which and why")},
    {ERR_BRAKE, N_("nothing was removed: the server no longer has, or the list no longer names, so many that are kept here"), ARG_NUM,
     N_("is it the right server and list? If it is meant so: wardline sync --accept-deletions")},
    {ERR_BUDGET, N_("the day's bytes are used: kinds behind the first rank were NOT FETCHED, so many"), ARG_NUM,
     N_("edits and the first rank go on; `wardline budget' changes it")},
    {ERR_FULL, N_("the disk is full: what came whole is kept"), ARG_NONE,
     N_("free some room on it, or let the store take less (`wardline quota')")},
    {ERR_FINDINGS, N_("checks with a finding"), ARG_NUM, N_("each says its next step above")},
    {ERR_LIST, N_("the scope's list cannot be read at the server; who was in it goes on being synced"), ARG_WHAT,
     N_("ask the server's keeper for the list, or for access to it")},
    {ERR_SCOPE, N_("done, but the server has no such patient of the scope"), ARG_WHAT,
     N_("check the id; a profile's scope is set by `wardline init'")},
    {ERR_PASSPHRASE, N_("that passphrase does not open this profile"), ARG_NONE,
     N_("try again; where it is lost, a recovery code or the site's key opens too")},
    {ERR_NOKEYRING, N_("this machine's keyring does not hold the key of this profile"), ARG_NONE,
     N_("give the passphrase; `wardline key add --keyring' puts one there")},
    {ERR_INUSE, N_("another process has this profile open; its pid is"), ARG_NUM,
     N_("close it there first")},
    {ERR_SILENT, N_("no answer from the process that holds the store"), ARG_NUM,
     N_("wake it (kill -CONT) or end it, then try again")},
    {ERR_GONE, N_("the process that held the store ended before it had answered; it was"), ARG_NUM,
     N_("`wardline status' says what is here; then try again")},
    {ERR_DAMAGED, N_("the store is damaged"), ARG_WHAT,
     N_("see `wardline doctor'; restore a backup or fetch again")},
    {ERR_VERSION, N_("made by a newer wardline, format"), ARG_NUM, N_("update this one")},
    {ERR_NOPROFILE, N_("there is no profile"), ARG_WHAT, N_("make one with `wardline init'")},
    {ERR_PERM, N_("others can get at a private file"), ARG_WHAT,
     N_("give it to its user alone (chmod go= and chown)")},
    {ERR_LOCKED, N_("the store is locked"), ARG_NONE, N_("unlock it with the passphrase")},
    {ERR_SQL, N_("the database refused, code"), ARG_SUB, N_("see `wardline doctor'")},
    {ERR_DECODE, N_("a compressed answer is broken"), ARG_WHAT,
     N_("try again; then ask your support")},
    {ERR_CANCELLED, N_("stopped on request"), ARG_NONE,
     N_("nothing is lost; it can be started again")},
    {ERR_PARTIAL, N_("done in part; this many parts are missing"), ARG_NUM,
     N_("see `wardline status', then try again")},
    {ERR_ROTATED, N_("the store was sealed anew (`key rotate') while this command waited"), ARG_NONE,
     N_("nothing is lost; start it again")},
};

static void put_arg(const struct err *e, enum arg arg, struct buf *out)
{
    switch (arg) {
    case ARG_NONE:
        break;
    case ARG_WHAT:
        if (e->what[0]) {
            buf_adds(out, ": ");
            buf_adds(out, e->what);
        }
        break;
    case ARG_NUM:
        buf_addf(out, ": %" PRId64, e->num);
        break;
    case ARG_SUB:
        buf_addf(out, ": %d", e->sub);
        break;
    case ARG_PATH:
        buf_adds(out, ": ");
        buf_adds(out, _(path_why(e->sub)));
        if (e->what[0])
            buf_addf(out, ": %s", e->what);
        buf_adds(out, ", ");
        buf_addf(out, _("at character %lld"), (long long)e->num);
        break;
    }
}

static const struct sentence *find(const struct err *e)
{
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++)
        if (sentences[i].code == e->code)
            return &sentences[i];
    return NULL;
}

/* What and where. */
static void say_what(const struct err *e, struct buf *out)
{
    const struct sentence *s = find(e);

    buf_adds(out, s ? _(s->what) : err_name(e->code));
    if (s)
        put_arg(e, s->arg, out);
    if (s && e->code == ERR_IO && e->sub)
        buf_addf(out, " (%s)", strerror(e->sub));
}

void model_say(const struct err *e, struct buf *out)
{
    const struct sentence *s = find(e);

    say_what(e, out);
    if (s) {
        buf_adds(out, "; ");
        buf_adds(out, _(s->todo));
    }
}

/* --- sync ------------------------------------------------------------------------------------- */

static const char *when_of(const struct model *m, int64_t ms, char out[DATE_TEXT_MAX])
{
    date_short(ms, date_today(clock_wall_ms(&m->clock)).year, out);
    return out;
}

const char *model_sync_todo(const struct model_sync *s)
{
    const struct sentence *x = s->phase == MODEL_SYNC_FAILED ? find(&s->err) : NULL;

    return x ? _(x->todo) : "";
}

/* No answer has come to the sync that runs. */
static bool unanswered(const struct model_sync *s)
{
    return s->phase == MODEL_SYNC_RUNNING && !s->done && !s->rows;
}

/* Behind "offline, kept here as of 23-Nov 14:05": who reads it need not count days. */
static const char *with_days(const struct model *m, const struct model_sync *s, const char *words, struct arena *a)
{
    const char *old = model_days_old(s->last_ms, clock_wall_ms(&m->clock), a);

    return words && old ? arena_fmt(a, "%s%s", words, old) : NULL;
}

/* REQ: no age without a complete sync; the age never leaves while a sync runs. */
static const char *fetching(const struct model_sync *s, const char *last, struct arena *a)
{
    if (unanswered(s))
        return s->last_ms ? arena_fmt(a, _("fetching, no answer yet; as of %s"), last) : _("fetching, no answer yet");
    if (s->last_ms)
        return arena_fmt(a, _("fetching %u of %u, %llu rows; as of %s"), s->done, s->all,
                         (unsigned long long)s->rows, last);
    return arena_fmt(a, _("fetching %u of %u %s, %llu rows so far"), s->done, s->all, s->type,
                     (unsigned long long)s->rows);
}

bool model_sync_no_link(const struct model *m, const struct model_sync *s, struct arena *a, struct text *out)
{
    char last[DATE_TEXT_MAX];
    const char *words = _("offline so far, no complete sync yet");

    if (unanswered(s)) {
        if (s->last_ms)
            words = arena_fmt(a, _("offline so far, kept here as of %s"), when_of(m, s->last_ms, last));
        *out = text_own(s->last_ms ? with_days(m, s, words, a) : words);
        return true;
    }
    if (s->phase != MODEL_SYNC_OFFLINE && s->phase != MODEL_SYNC_FAILED)
        return false;
    model_sync_words(m, s, a, out);
    return true;
}

void model_sync_words(const struct model *m, const struct model_sync *s, struct arena *a,
                      struct text *out)
{
    char last[DATE_TEXT_MAX], next[DATE_TEXT_MAX];
    const char *words = NULL;
    const bool kept = s->last_ms != 0;

    when_of(m, s->last_ms, last);
    when_of(m, s->next_ms, next);
    switch (s->phase) {
    case MODEL_SYNC_NEVER:
        words = _("no complete sync yet");
        break;
    case MODEL_SYNC_IDLE:
        if (!kept)
            words = _("no complete sync yet");
        else if (s->err.code == ERR_ATTENTION)
            words = arena_fmt(a, _("synced %s, %lld NOT kept: tell your support"), last,
                              (long long)s->err.num);
        else if (s->err.code == ERR_NOTSENT) /* REQ: what the server has not got is not called synced alone */
            words = arena_fmt(a, _("synced %s, %lld NOT SENT"), last, (long long)s->err.num);
        else if (s->err.code == ERR_BRAKE)
            words = arena_fmt(a, _("synced %s, %lld gone there, kept: tell your support"), last,
                              (long long)s->err.num);
        else
            words = s->next_ms ? arena_fmt(a, _("synced %s, next %s"), last, next)
                               : arena_fmt(a, _("synced %s"), last);
        break;
    case MODEL_SYNC_RUNNING:
        words = fetching(s, last, a);
        break;
    case MODEL_SYNC_OFFLINE: /* REQ CS-23: calm: offline is a state of the line, no error */
        words = kept ? with_days(m, s, arena_fmt(a, _("offline, kept here as of %s"), last), a)
                     : _("offline, no complete sync yet");
        break;
    case MODEL_SYNC_FAILED: { /* REQ: a failed sync never says that it was done */
        struct buf b;

        buf_init(&b, 2048);
        say_what(&s->err, &b);
        words = kept ? arena_fmt(a, _("NOT up to date since %s: %s"), last, b.p ? b.p : "")
                     : arena_fmt(a, _("NOT up to date: %s"), b.p ? b.p : "");
        buf_fini(&b);
        break;
    }
    }
    *out = text_own(words ? words : "");
}
