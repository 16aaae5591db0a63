/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/limits.h"
#include "net/net.h"
#include "sync/step.h"

enum { SERVER, SCOPE, AUTH, SECRET_FD, PRACTITIONER, ROLE, DEMO, CA, BUDGET };

/* How a profile signs in. Rows without built are known words whose turn has not come. */
static const struct {
    const char *kind;
    bool secret, built;
} auth_kinds[] = {
    {"none", false, true},    {"basic", true, true}, {"bearer", true, true},
    {"device", false, false}, {"code", false, false}, {"backend", true, false},
};

static int check_auth(const struct cli_args *args, struct secret **secret, struct err *e)
{
    const char *kind = args->value[AUTH] ? args->value[AUTH] : "none";
    int fd;

    for (size_t i = 0; i < sizeof auth_kinds / sizeof *auth_kinds; i++) {
        if (strcmp(auth_kinds[i].kind, kind))
            continue;
        if (!auth_kinds[i].built)
            return err_set(e, ERR_UNSUPPORTED, 0, 0, kind);
        if (auth_kinds[i].secret != (args->value[SECRET_FD] != NULL))
            return err_set(e, ERR_USAGE, 0, 0, "--secret-fd");
        if (!auth_kinds[i].secret)
            return ERR_OK;
        if (cli_fd_option("--secret-fd", args->value[SECRET_FD], &fd, e))
            return e->code;
        *secret = secret_new(4096);
        if (!*secret)
            return err_set(e, ERR_NOMEM, 0, 0, NULL);
        return secret_read_line(*secret, fd) ? err_set(e, ERR_INPUT, 0, 0, "--secret-fd") : ERR_OK;
    }
    return err_set(e, ERR_USAGE, 0, 0, kind);
}

/* The URL as the gate of origins will read it, before anything is made. */
static int check_server(const char *url, const char *ca, struct cli_app *app, struct err *e)
{
    struct loop *l = NULL;
    struct net *n = NULL;
    int r;

    if (!url)
        return err_set(e, ERR_USAGE, 0, 0, "--server");
    r = loop_new(&app->clock, &l);
    if (!r)
        r = net_new(l, &app->clock, &n);
    if (!r)
        r = net_origin_set(n, NET_FHIR, url, ca, e);
    else
        err_set(e, r, 0, 0, "net");
    net_free(n);
    loop_free(l);
    return r;
}

/* A far server that is asked without any sign-in. */
static bool is_unprotected(const struct cli_args *args)
{
    return (!args->value[AUTH] || !strcmp(args->value[AUTH], "none")) && !net_is_loopback(args->value[SERVER]);
}

static int create(struct cli_app *app, const struct cli_args *args, const struct secret *secret, const char *ca,
                  const char *budget, const struct secret *passphrase, const struct crypt_kdf *kdf, struct err *e)
{
    const struct store_value row[] = {
        {"server", str_of(args->value[SERVER])},
        {"scope", str_of(args->value[SCOPE] ? args->value[SCOPE] : "all")},
        {"auth", str_of(args->value[AUTH] ? args->value[AUTH] : "none")},
        {"auth.secret", secret ? (struct str){(const char *)secret->p, secret->n} : STR("")},
        {"practitioner", str_of(args->value[PRACTITIONER])},
        {"role", str_of(args->value[ROLE])},
        {"demo", args->value[DEMO] ? STR("1") : STR("")},
        {"unprotected", is_unprotected(args) ? STR("1") : STR("")},
        {"ca", str_of(ca)},
        {"budget", str_of(budget)},
    };
    struct store_value given[sizeof row / sizeof *row];
    unsigned n = 0;

    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        if (row[i].value.n)
            given[n++] = row[i];
    return store_create_with(app->home, passphrase, kdf, given, n, e);
}

/* The CA's file by its whole name: a sync may run from anywhere. */
static int find_ca(const char *given, char **whole, struct err *e)
{
    *whole = NULL;
    if (!given)
        return ERR_OK;
    *whole = realpath(given, NULL);
    if (!*whole || access(*whole, R_OK))
        return err_set(e, ERR_NOFILE, errno, 0, "--ca");
    return ERR_OK;
}

static int check_budget(const char *word, char out[24], struct err *e)
{
    int64_t bytes;
    int r = cli_read_budget(word, &bytes, e);

    if (!r && bytes)
        snprintf(out, 24, "%lld", (long long)bytes);
    return r;
}

/* What a guesser of the passphrase is up against, and where it had to be less. */
static void say_kdf(const struct crypt_kdf *k, struct cli_out *out, struct cli_out *err)
{
    cli_line(out, _("Passphrase sealed by Argon2id: %lld MiB of memory, %u passes."), (long long)(k->mem_bytes >> 20),
             k->passes);
    if (k->mem_bytes < CRYPT_KDF_BEST_MEM)
        cli_line(err, "%s", _("Less than 1 GiB of memory is free: a long passphrase makes up for the smaller figure."));
}

CLI_VERB(cli_verb_init)
{
    struct secret *secret = NULL, *passphrase = NULL;
    struct sync_scope scope = {0};
    struct crypt_kdf kdf;
    char *ca = NULL, budget[24] = "";
    int r;

    (void)in;
    r = find_ca(args->value[CA], &ca, e);
    if (!r)
        r = check_server(args->value[SERVER], ca, app, e);
    if (!r)
        r = sync_scope_parse(str_of(args->value[SCOPE] ? args->value[SCOPE] : "all"), &scope, e);
    if (!r && args->value[BUDGET])
        r = check_budget(args->value[BUDGET], budget, e);
    if (!r)
        r = check_auth(args, &secret, e);
    if (!r)
        r = path_home(app->home_option, app->home, e);
    if (!r)
        r = path_make_private(app->home, e);
    if (!r)
        r = cli_new_passphrase(app->passphrase_fd, &passphrase, err, e);
    if (!r)
        kdf = crypt_kdf_default();
    if (!r)
        r = create(app, args, secret, ca, budget, passphrase, &kdf, e);
    if (!r) {
        say_kdf(&kdf, out, err);
        if (is_unprotected(args))
            cli_line(err, "%s", _("UNPROTECTED: this server is asked without any sign-in."));
        cli_line(out, "%s", _("Profile made. Next: wardline key add --recovery, then wardline sync"));
    }
    free(ca);
    sync_scope_fini(&scope);
    secret_free(passphrase);
    secret_free(secret);
    return r;
}
