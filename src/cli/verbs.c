/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/priv.h"

#include <string.h>

#include "base/intl.h"
#include "base/mem.h"
#include "cli/host.h"

/* One row a verb. Usage lines are not translated: scripts and manuals quote them. */
static const struct cli_verb verbs[] = {
    {"init",
     "--server URL [--scope SPEC] [--auth KIND [--secret-fd N]] [--practitioner REF] [--role R] [--ca FILE] [--demo] "
     "[--budget SIZE/day]",
     N_("make a profile and its sealed store"),
     {{"--server", true}, {"--scope", true}, {"--auth", true}, {"--secret-fd", true}, {"--practitioner", true},
      {"--role", true}, {"--demo", false}, {"--ca", true}, {"--budget", true}},
     0, 0, CLI_ALONE, cli_verb_init},
    {"sync", "[--json] [--watch] [--accept-deletions] [--over-budget]", N_("fetch what is new from the server"),
     {{"--json", false}, {"--watch", false}, {"--accept-deletions", false}, {"--over-budget", false}},
     0, 0, CLI_AGAIN, cli_verb_sync},
    {"list", "[TEXT] [--json]", N_("patients in the cache"), {{"--json", false}}, 0, 1, CLI_AGAIN,
     cli_verb_list},
    {"show", "PATIENT [SECTION] [--json]", N_("a chart as plain text"), {{"--json", false}}, 1, 2, CLI_AGAIN,
     cli_verb_show},
    {"get", "TYPE/ID", N_("a resource's bytes exactly as last received or edited here"), {{NULL, false}}, 1, 1,
     CLI_AGAIN, cli_verb_get},
    {"attachment", "TYPE/ID [N] [--out FILE] [--again] [--json]",
     N_("a document's content, fetched if it is not kept here"),
     {{"--out", true}, {"--again", false}, {"--json", false}}, 1, 2, 0, cli_verb_attachment},
    {"put", "[FILE] [--json]", N_("queue one resource to be created (without an id) or changed"),
     {{"--json", false}}, 0, 1, 0, cli_verb_put},
    {"queue", "[--json]", N_("what has not reached the server, and why"), {{"--json", false}}, 0, 0, CLI_AGAIN,
     cli_verb_queue},
    {"conflicts", "[--json]", N_("changes made here of what the server has changed, too"), {{"--json", false}}, 0, 0,
     CLI_AGAIN, cli_verb_conflicts},
    {"resolve", "OP --mine|--theirs", N_("answers a conflict: sends the change, or gives it up"),
     {{"--mine", false}, {"--theirs", false}}, 1, 1, CLI_ALONE, cli_verb_resolve},
    {"status", "[--json]", N_("counts, data age, traffic of the last sync"), {{"--json", false}}, 0, 0,
     CLI_AGAIN | CLI_COUNTS, cli_verb_status},
    {"import", "FILE...", N_("Bundles and NDJSON into the cache, marked FROM FILE"), {{NULL, false}}, 1, -1,
     CLI_AGAIN, cli_verb_import},
    {"export", "DIR [--patient ID]", N_("the cache as NDJSON, a file a type"), {{"--patient", true}}, 1, 1,
     0, cli_verb_export},
    {"key", "list|add|change|remove|rotate|pair|open [SLOT|FILE] [--new-fd N] [--recovery] [--escrow FILE] [--keyring] "
            "[--hours H] [--label TEXT] [--escrow-key FILE] [--json]",
     N_("what opens the profile: passphrases, recovery code, the site's key"),
     {{"--new-fd", true}, {"--recovery", false}, {"--escrow", true}, {"--keyring", false}, {"--hours", true},
      {"--label", true}, {"--escrow-key", true}, {"--json", false}}, 1, 2, CLI_ALONE, cli_verb_key},
    {"backup", "FILE", N_("a sealed copy of the profile, opened by the same secrets"), {{NULL, false}}, 1, 1,
     0, cli_verb_backup},
    {"restore", "FILE [--escrow-key FILE] [--new-fd N]", N_("makes a profile of a backup"),
     {{"--escrow-key", true}, {"--new-fd", true}}, 1, 1, CLI_ALONE, cli_verb_restore},
    {"verify", "[--json]", N_("reads the whole store and names what is damaged"), {{"--json", false}}, 0, 0,
     CLI_AGAIN, cli_verb_verify},
    {"quota", "[SIZE|none] [--json]", N_("what the store takes, and the most that it may"), {{"--json", false}}, 0, 1,
     CLI_AGAIN, cli_verb_quota},
    {"budget", "[SIZE/day|none] [--json]", N_("how many bytes a day syncs may take, and what went today"),
     {{"--json", false}}, 0, 1, CLI_AGAIN, cli_verb_budget},
    {"wipe", "[--unsent N|unknown]", N_("destroys the profile on this machine"), {{"--unsent", true}}, 0, 0,
     CLI_ALONE, cli_verb_wipe},
    {"fhirpath", "[--strict] [--json] [--questionnaire FILE] EXPR FILE",
     N_("what a FHIRPath expression gives on a resource, one result a line"),
     {{"--strict", false}, {"--json", false}, {"--questionnaire", true}}, 2, 2, CLI_AGAIN, cli_verb_fhirpath},
    {"form", "check|preview|test FILE [ANSWERS] [--extract] [--patient FILE] [--lang L]",
     N_("a form (FHIR Questionnaire): what is wrong with it, how it looks, what comes of answers"),
     {{"--extract", false}, {"--patient", true}, {"--lang", true}}, 2, 3, CLI_AGAIN, cli_verb_form},
    {"sig", "[--lang L] [--json] [--weight KG@DATE] [--surface M2@DATE] [--within DAYS] TEXT | [--json] --say FILE",
     N_("what a typed dose line says, or asks; a Dosage in words"),
     {{"--lang", true}, {"--json", false}, {"--say", true}, {"--weight", true}, {"--surface", true},
      {"--within", true}},
     0, 1, CLI_AGAIN, cli_verb_sig},
    {"doctor", "[--json]", N_("seventeen checks, each with its next step"), {{"--json", false}}, 0, 0, CLI_AGAIN,
     cli_verb_doctor},
};

const struct cli_verb *cli_verbs(unsigned *n)
{
    *n = sizeof verbs / sizeof *verbs;
    return verbs;
}

const struct cli_verb *cli_verb_named(const char *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (!strcmp(verbs[i].name, name))
            return &verbs[i];
    return NULL;
}

static int help(void)
{
    struct cli_out o;

    cli_out_init(&o, 1);
    cli_line(&o, "wardline [--home DIR] [--passphrase-fd N | --keyring] [--line] [--theme NAME] [COMMAND]");
    cli_line(&o, "%s", _("Without COMMAND: the full screen. See wardline(1)."));
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        cli_line(&o, "  %s %s", verbs[i].name, verbs[i].usage);
        cli_line(&o, "      %s", _(verbs[i].help));
    }
    cli_out_fini(&o);
    return o.failed ? err_exit(ERR_IO) : 0;
}

static int version(void)
{
    struct cli_out o;

    cli_out_init(&o, 1);
    cli_line(&o, "wardline %s", PACKAGE_VERSION);
    cli_out_fini(&o);
    return 0;
}

/* Sorts a verb's words into options and the rest; the rest stays in argv. */
static int parse(const struct cli_verb *v, int argc, char **argv, struct cli_args *a, struct err *e)
{
    bool plain = false;

    *a = (struct cli_args){.word = argv};
    for (int i = 1; i < argc; i++) {
        int k = 0;

        if (!plain && !strcmp(argv[i], "--")) {
            plain = true;
            continue;
        }
        if (plain || argv[i][0] != '-' || !argv[i][1]) {
            a->word[a->n++] = argv[i];
            continue;
        }
        while (k < CLI_OPTIONS && v->option[k].name && strcmp(v->option[k].name, argv[i]))
            k++;
        if (k == CLI_OPTIONS || !v->option[k].name || (v->option[k].value && i + 1 == argc))
            return err_set(e, ERR_USAGE, 0, 0, argv[i]);
        a->value[k] = v->option[k].value ? argv[++i] : "";
    }
    if (a->n < v->least || (v->most >= 0 && a->n > v->most))
        return err_set(e, ERR_USAGE, 0, 0, a->n > v->most && v->most >= 0 ? a->word[v->most] : v->usage);
    return ERR_OK;
}

int cli_run(struct cli_app *app, const struct cli_verb *v, int argc, char **argv, int in, struct cli_out *out,
            struct cli_out *err, struct err *e)
{
    /* They are sorted in place, and another process may be asked with what was given. */
    char **words = (char **)(void *)mem_dup(argv, (size_t)argc * sizeof *argv);
    struct cli_args args;
    int r;

    app->verb = v;
    app->word = argv;
    app->words = argc;
    r = words ? parse(v, argc, words, &args, e) : err_set(e, ERR_NOMEM, 0, 0, NULL);
    if (!r)
        r = v->run(app, &args, in, out, err, e);
    mem_free(words);
    cli_flush(out);
    cli_flush(err);
    if (!r && out->failed)
        r = err_set(e, ERR_IO, 0, 0, "standard output");
    if (r && e->code != r)
        err_set(e, r, 0, 0, v->name);
    return r;
}

static int run(struct cli_app *app, const struct cli_verb *v, int argc, char **argv)
{
    struct cli_out out, err;
    struct err e = ERR_NONE;
    int r, status;

    cli_out_init(&out, 1);
    cli_out_init(&err, 2);
    r = cli_run(app, v, argc, argv, 0, &out, &err, &e);
    while (r == ERR_CANCELLED && !app->answered && (v->how & CLI_AGAIN) && cli_host_asked(app->host)) {
        app->yielded = app->key != NULL;
        cli_close_store(app);
        e = ERR_NONE;
        r = cli_run(app, v, argc, argv, 0, &out, &err, &e);
    }
    status = app->answered ? app->status : r ? cli_fail(&e) : 0;
    cli_close_store(app); /* behind the answer: guests may keep it a moment */
    cli_out_fini(&out);
    cli_out_fini(&err);
    return status;
}

int cli_main(struct cli_app *app, int argc, char **argv, bool *screen)
{
    const struct cli_verb *v;
    struct err e = ERR_NONE;
    int i = 1;

    *screen = false;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (!strcmp(argv[i], "--help"))
            return help();
        if (!strcmp(argv[i], "--version"))
            return version();
        if (!strcmp(argv[i], "--home") && i + 1 < argc) {
            app->home_option = argv[++i];
        } else if (!strcmp(argv[i], "--passphrase-fd") && i + 1 < argc) {
            if (cli_fd_option(argv[i], argv[i + 1], &app->passphrase_fd, &e))
                return cli_fail(&e);
            i++;
        } else if (!strcmp(argv[i], "--keyring")) {
            app->keyring = true;
        } else if (!strcmp(argv[i], "--line")) {
            app->line = true;
        } else if (!strcmp(argv[i], "--theme") && i + 1 < argc) {
            app->theme = argv[++i];
        } else {
            err_set(&e, ERR_USAGE, 0, 0, argv[i]);
            return cli_fail(&e);
        }
    }
    if (i == argc) {
        *screen = true;
        return 0;
    }
    v = cli_verb_named(argv[i]);
    if (!v) {
        err_set(&e, ERR_USAGE, 0, 0, argv[i]);
        return cli_fail(&e);
    }
    return run(app, v, argc - i, argv + i);
}
