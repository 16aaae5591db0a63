/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `key`: what opens the profile. One row an action; each but `list`, `pair` and `open` proves a secret first.
 */
#include "config.h"

#include "cli/priv.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/intl.h"
#include "base/text.h"
#include "crypt/keyring.h"
#include "model/edit.h"

enum { NEW_FD, RECOVERY, ESCROW, KEYRING, HOURS, LABEL, ESCROW_KEY, JSON };

#define HOURS_MOST (24 * 366)

struct keying {
    struct cli_app *app;
    const struct cli_args *args;
    struct cli_out *out, *err;
    struct store_proof proof;
    struct store_slot slot[STORE_SLOTS]; /* all of them, before the change */
    unsigned slots;
};

static const struct {
    const char *name, *words;
} kinds[] = {
    [STORE_SLOT_PASSPHRASE] = {"passphrase", N_("passphrase")},
    [STORE_SLOT_RECOVERY] = {"recovery", N_("recovery code")},
    [STORE_SLOT_ESCROW] = {"escrow", N_("the site's key")},
    [STORE_SLOT_KEYRING] = {"keyring", N_("this machine's keyring")},
};

/* --- list --------------------------------------------------------------------------------------- */

static int gather(void *arg, const struct store_slot *s)
{
    struct keying *k = arg;

    k->slot[k->slots++] = *s;
    return 0;
}

static int slots_of(struct keying *k, struct err *e)
{
    k->slots = 0;
    return store_slot_each(k->app->home, gather, k, e);
}

static const struct store_slot *slot_no(const struct keying *k, unsigned no)
{
    for (unsigned i = 0; i < k->slots; i++)
        if (k->slot[i].no == no)
            return &k->slot[i];
    return NULL;
}

static void hex_of(const unsigned char *key, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++)
        snprintf(out + 2 * i, 3, "%02x", key[i]);
}

static void json_slot(struct jsonw *w, const struct store_slot *s)
{
    char key[2 * CRYPT_BOX_PUBLIC + 1];

    jsonw_open(w, '{');
    jsonw_key(w, "slot");
    jsonw_int(w, s->no);
    jsonw_key(w, "kind");
    jsonw_z(w, kinds[s->kind].name);
    jsonw_key(w, "label");
    jsonw_z(w, s->label);
    jsonw_key(w, "madeMs");
    jsonw_int(w, s->made_ms);
    jsonw_key(w, "changedMs");
    jsonw_int(w, s->changed_ms);
    if (s->kind == STORE_SLOT_PASSPHRASE) {
        jsonw_key(w, "memoryBytes");
        jsonw_int(w, (int64_t)s->kdf.mem_bytes);
        jsonw_key(w, "passes");
        jsonw_int(w, s->kdf.passes);
    }
    if (s->kind == STORE_SLOT_ESCROW) {
        hex_of(s->public_key, CRYPT_BOX_PUBLIC, key);
        jsonw_key(w, "publicKey");
        jsonw_z(w, key);
    }
    jsonw_close(w, '}');
}

/* "0  passphrase  23-Nov-2026 14:05  (night shift)" */
static void say_slot(struct cli_out *out, const struct store_slot *s)
{
    struct arena a;
    char when[DATE_TEXT_MAX], key[17];
    const char *label;

    arena_init(&a, 4096);
    label = text_safe(&a, str_of(s->label), 160).s;
    date_short(s->changed_ms, 0, when);
    hex_of(s->public_key, 8, key);
    cli_line(out, "%u  %s  %s%s%s%s%s%s", s->no, _(kinds[s->kind].words), when,
             s->kind == STORE_SLOT_ESCROW ? "  " : "", s->kind == STORE_SLOT_ESCROW ? key : "", *label ? "  (" : "",
             label, *label ? ")" : "");
    arena_fini(&a);
}

static int list(struct keying *k, struct err *e)
{
    struct buf b;
    struct jsonw w;
    int r = slots_of(k, e);

    if (r || !k->args->value[JSON]) {
        for (unsigned i = 0; !r && i < k->slots; i++)
            say_slot(k->out, &k->slot[i]);
        return r;
    }
    buf_init(&b, 64 * 1024);
    jsonw_init(&w, &b);
    jsonw_open(&w, '[');
    for (unsigned i = 0; i < k->slots; i++)
        json_slot(&w, &k->slot[i]);
    jsonw_close(&w, ']');
    cli_put(k->out, buf_str(&b));
    cli_put(k->out, STR("\n"));
    buf_fini(&b);
    return ERR_OK;
}

/* --- new secrets ------------------------------------------------------------------------------- */

static int new_fd(const struct keying *k, int *fd, struct err *e)
{
    *fd = -1;
    return k->args->value[NEW_FD] ? cli_fd_option("--new-fd", k->args->value[NEW_FD], fd, e) : ERR_OK;
}

static int new_passphrase(struct keying *k, struct secret **out, struct err *e)
{
    int fd, r = new_fd(k, &fd, e);

    return r ? r : cli_new_passphrase(fd, out, k->err, e);
}

static int new_code(struct secret **out, struct err *e)
{
    *out = secret_new(STORE_CODE_BYTES);
    return *out && !store_code_new(*out) ? ERR_OK : err_set(e, ERR_NOMEM, 0, 0, NULL);
}

/* Shown once and kept nowhere: straight from locked memory to the descriptor. */
static int show_code(struct keying *k, struct secret *code)
{
    code->p[code->n++] = '\n';
    if (cli_flush(k->out) || !cli_write(k->out, code->p, code->n))
        return ERR_IO;
    cli_line(k->err, "%s", _("This recovery code opens the profile like a passphrase and is not shown again."));
    cli_line(k->err, "%s", _("Write it down, check it, and keep it under lock and key, away from this machine."));
    return ERR_OK;
}

int cli_keyring_name(const struct cli_app *app, char out[CLI_KEYRING_NAME], struct err *e)
{
    char id[STORE_ID_BYTES];
    int r = store_id(app->home, id, e);

    if (!r)
        snprintf(out, CLI_KEYRING_NAME, "wardline:%s", id);
    return r;
}

/* A key of its own in the kernel's keyring, for so many hours. */
static int new_keyring(struct keying *k, struct secret **out, struct err *e)
{
    const char *given = k->args->value[HOURS];
    int64_t hours = 0;
    char name[CLI_KEYRING_NAME];
    int r = cli_keyring_name(k->app, name, e);

    if (!r && given && !str_int(str_of(given), 1, HOURS_MOST, &hours))
        r = err_set(e, ERR_USAGE, 0, 0, "--hours");
    for (unsigned i = 0; !r && i < k->slots; i++)
        if (k->slot[i].kind == STORE_SLOT_KEYRING) /* one entry a profile */
            r = err_set(e, ERR_EXISTS, 0, 0, "keyring");
    if (r)
        return r;
    if (!(*out = secret_new(CRYPT_KEY)))
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    crypt_random((*out)->p, CRYPT_KEY);
    (*out)->n = CRYPT_KEY;
    if (crypt_keyring_put(name, *out, (unsigned)hours * 3600))
        r = err_set(e, ERR_UNSUPPORTED, 0, 0, "keyring");
    return r;
}

static void drop_keyring(struct keying *k)
{
    char name[CLI_KEYRING_NAME];

    if (!cli_keyring_name(k->app, name, NULL))
        crypt_keyring_drop(name);
}

/* --- changes ----------------------------------------------------------------------------------- */

/* The change stands in the trail, by the action's word and the slot's kind. */
static int trail(struct keying *k, const char *kind, int result, struct err *e)
{
    struct audit_event ev = model_event(&k->app->model, AUDIT_KEY, STR(""));
    char reason[80];
    int r;

    snprintf(reason, sizeof reason, "%s%s%s", k->args->word[0], *kind ? " " : "", kind);
    ev.reason = str_of(reason);
    ev.outcome = result && result != ERR_PARTIAL ? AUDIT_FAILED : AUDIT_DONE;
    r = model_audit(&k->app->model, &ev, result ? NULL : e);
    return result ? result : r;
}

static int slot_word(const struct keying *k, unsigned *no, struct err *e)
{
    int64_t n;

    if (k->args->n < 2 || !str_int(str_of(k->args->word[1]), 0, STORE_SLOTS - 1, &n))
        return err_set(e, ERR_USAGE, 0, 0, k->args->n < 2 ? "SLOT" : k->args->word[1]);
    *no = (unsigned)n;
    return ERR_OK;
}

static int add(struct keying *k, struct err *e)
{
    const struct cli_args *a = k->args;
    unsigned char pk[CRYPT_BOX_PUBLIC];
    struct store_slot_new n = {.kind = STORE_SLOT_PASSPHRASE, .label = a->value[LABEL], .public_key = pk};
    struct secret *secret = NULL;
    unsigned no = 0;
    int r;

    if ((a->value[RECOVERY] != NULL) + (a->value[ESCROW] != NULL) + (a->value[KEYRING] != NULL) > 1)
        return err_set(e, ERR_USAGE, 0, 0, "--recovery --escrow --keyring");
    if (a->value[ESCROW]) {
        n.kind = STORE_SLOT_ESCROW;
        r = cli_escrow_public(a->value[ESCROW], pk, e);
    } else if (a->value[RECOVERY]) {
        n.kind = STORE_SLOT_RECOVERY;
        r = new_code(&secret, e);
    } else if (a->value[KEYRING]) {
        n.kind = STORE_SLOT_KEYRING;
        r = new_keyring(k, &secret, e);
    } else {
        r = new_passphrase(k, &secret, e);
    }
    n.secret = secret;
    if (!r) {
        r = store_slot_add(k->app->store, &k->proof, &n, &no, e);
        if (r && r != ERR_PARTIAL && n.kind == STORE_SLOT_KEYRING)
            drop_keyring(k);
    }
    if (!r || r == ERR_PARTIAL) {
        cli_line(k->err, _("Key slot %u: %s."), no, _(kinds[n.kind].words));
        if (n.kind == STORE_SLOT_RECOVERY && show_code(k, secret)) { /* a code that nobody has seen is of no use */
            store_slot_remove(k->app->store, &k->proof, no, NULL);
            r = err_set(e, ERR_IO, 0, 0, "standard output");
        }
    }
    secret_free(secret);
    return trail(k, kinds[n.kind].name, r, e);
}

/* Slot by its number, or the one that was opened with. */
static int change(struct keying *k, struct err *e)
{
    struct store_slot_new n = {.kind = STORE_SLOT_PASSPHRASE, .label = k->args->value[LABEL]};
    const struct store_slot *s = NULL;
    struct secret *secret = NULL;
    unsigned no = 0;
    int at = -1, r = ERR_OK;

    if (k->args->n > 1) {
        if ((r = slot_word(k, &no, e)))
            return r;
        if (!(s = slot_no(k, no)))
            return err_set(e, ERR_NOSLOT, 0, no, NULL);
        n.kind = s->kind;
        at = (int)no;
    } else if (store_code_is(k->proof.secret) || k->proof.kind) { /* which passphrase was forgotten, only she knows */
        return err_set(e, ERR_USAGE, 0, 0, "SLOT");
    }
    if (n.kind == STORE_SLOT_ESCROW || n.kind == STORE_SLOT_KEYRING)
        return err_set(e, ERR_UNSUPPORTED, 0, 0, kinds[n.kind].name);
    r = n.kind == STORE_SLOT_RECOVERY ? new_code(&secret, e) : new_passphrase(k, &secret, e);
    n.secret = secret;
    if (!r)
        r = store_slot_change(k->app->store, &k->proof, at, &n, e);
    if (!r || r == ERR_PARTIAL) {
        if (n.kind == STORE_SLOT_RECOVERY && show_code(k, secret))
            r = err_set(e, ERR_IO, 0, 0, "standard output");
        else
            cli_line(k->err, "%s", _("Changed. Older copies of the file open with the old one: after a leak, rotate."));
    }
    secret_free(secret);
    return trail(k, kinds[n.kind].name, r, e);
}

static int take_out(struct keying *k, struct err *e)
{
    const struct store_slot *s;
    unsigned no = 0;
    int r = slot_word(k, &no, e);

    if (r)
        return r;
    s = slot_no(k, no);
    r = store_slot_remove(k->app->store, &k->proof, no, e);
    if ((!r || r == ERR_PARTIAL) && s) {
        if (s->kind == STORE_SLOT_KEYRING)
            drop_keyring(k);
        cli_line(k->err, _("Key slot %u opens nothing any more: %s."), no, _(kinds[s->kind].words));
    }
    return trail(k, s ? kinds[s->kind].name : "", r, e);
}

static int rotate(struct keying *k, struct err *e)
{
    struct store_slot dropped[STORE_SLOTS];
    struct cli_work work;
    char name[CLI_KEYRING_NAME];
    unsigned n = 0;
    int r;

    if ((r = cli_keyring_name(k->app, name, e))) /* by the old file id */
        return r;
    cli_work_begin(&work, k->app, k->err, _("sealing anew"));
    r = store_rotate(k->app->store, &k->proof, &work.progress, dropped, &n, e);
    cli_work_end(&work);
    if (r == ERR_LASTSLOT) /* it would leave none behind */
        return err_set(e, ERR_UNSUPPORTED, 0, 0, "key rotate without a passphrase");
    if (r && r != ERR_PARTIAL)
        return trail(k, "", r, e);
    crypt_keyring_drop(name); /* its slot cannot come along */
    cli_line(k->err, "%s", _("The store is sealed with a new key. Backups made before open with the old secrets."));
    for (unsigned i = 0; i < n; i++) {
        cli_line(k->err, "%s", _("Left behind, as only its holder knows it; add it again:"));
        say_slot(k->err, &dropped[i]);
    }
    return trail(k, "", r, e);
}

/* --- the site's own ---------------------------------------------------------------------------- */

static int pair(struct keying *k, struct err *e)
{
    int r;

    if (k->args->n < 2)
        return err_set(e, ERR_USAGE, 0, 0, "FILE");
    if (!(r = cli_escrow_pair(k->args->word[1], e))) {
        cli_line(k->err, _("%s opens what is sealed for the site: keep it off line. %s.pub goes to each machine:"),
                 k->args->word[1], k->args->word[1]);
        cli_line(k->err, "%s", "  wardline key add --escrow FILE.pub");
    }
    return r;
}

static int edit(void *arg, struct str line)
{
    struct keying *k = arg;
    int r = cli_put(k->out, line);

    return r ? r : cli_put(k->out, STR("\n"));
}

/* The edits that `wipe` sealed for the site, one a line. */
static int open_unsent(struct keying *k, struct err *e)
{
    struct secret *secret = NULL;
    int r;

    if (k->args->n < 2 || !k->args->value[ESCROW_KEY])
        return err_set(e, ERR_USAGE, 0, 0, k->args->n < 2 ? "FILE" : "--escrow-key");
    if (!(r = cli_escrow_secret(k->args->value[ESCROW_KEY], &secret, e)))
        r = store_unsent_open(k->args->word[1], secret, edit, k, e);
    secret_free(secret);
    return r;
}

/* --- the table --------------------------------------------------------------------------------- */

static const struct action {
    const char *name;
    bool profile, proof; /* needs one; needs to be let in */
    int (*run)(struct keying *k, struct err *e);
} actions[] = {
    {"list", true, false, list}, {"add", true, true, add},       {"change", true, true, change},
    {"remove", true, true, take_out}, {"rotate", true, true, rotate}, {"pair", false, false, pair},
    {"open", false, false, open_unsent},
};

CLI_VERB(cli_verb_key)
{
    struct keying k = {.app = app, .args = args, .out = out, .err = err};
    const struct action *a = NULL;
    int r = ERR_OK;

    (void)in;
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (!strcmp(actions[i].name, args->word[0]))
            a = &actions[i];
    if (!a)
        return err_set(e, ERR_USAGE, 0, 0, args->word[0]);
    if (a->profile)
        r = cli_find_profile(app, e);
    if (!r && a->proof)
        r = slots_of(&k, e);
    if (!r && a->proof)
        r = cli_proof(app, args->value[ESCROW_KEY], _("Passphrase: "), &k.proof, e);
    if (!r && a->proof)
        r = cli_need_store_by(app, &k.proof, e);
    if (!r)
        r = a->run(&k, e);
    if (r == ERR_PARTIAL)
        cli_line(err, "%s",
                 _("It is in force, but the disk did not take all that was written: see `wardline doctor'."));
    secret_free((struct secret *)k.proof.secret);
    return r;
}
