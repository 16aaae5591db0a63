/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/priv.h"

#include "base/intl.h"
#include "model/receipt.h"

static void hex(const struct model_receipt *r, char out[2 * CRYPT_SHA256 + 1])
{
    static const char digit[] = "0123456789abcdef";

    for (int i = 0; i < CRYPT_SHA256; i++) {
        out[2 * i] = digit[r->hash[i] >> 4];
        out[2 * i + 1] = digit[r->hash[i] & 15];
    }
    out[2 * CRYPT_SHA256] = '\0';
}

static void instant(struct jsonw *w, const char *name, int64_t ms)
{
    char when[DATE_INSTANT_MAX];

    date_instant(ms, when);
    jsonw_key(w, name);
    jsonw_z(w, ms ? when : NULL);
}

static void number(struct jsonw *w, const char *name, int64_t n)
{
    jsonw_key(w, name);
    jsonw_int(w, n);
}

static void json(const struct cli_app *app, const struct model_receipt *r, struct jsonw *w)
{
    char sum[2 * CRYPT_SHA256 + 1];

    hex(r, sum);
    jsonw_open(w, '{');
    jsonw_key(w, "server");
    jsonw_z(w, app->model.base);
    instant(w, "made", r->made_ms);
    number(w, "acknowledged", r->acked);
    instant(w, "lastAcknowledged", r->acked_ms);
    number(w, "notSent", r->unsent.queued);
    number(w, "inDoubt", r->unsent.doubt);
    number(w, "attention", r->unsent.conflict + r->unsent.refused);
    number(w, "conflict", r->unsent.conflict);
    instant(w, "since", r->unsent.since_ms);
    instant(w, "lastSync", r->last.complete_ms);
    jsonw_key(w, "clockOffsetMs");
    if (r->offset_known)
        jsonw_int(w, r->offset_ms);
    else
        jsonw_null(w);
    jsonw_key(w, "hash");
    jsonw_z(w, r->acked ? sum : NULL);
    jsonw_key(w, "words");
    jsonw_open(w, '[');
    for (int i = 0; i < MODEL_RECEIPT_WORDS && r->words[i][0]; i++)
        jsonw_z(w, r->words[i]);
    jsonw_close(w, ']');
    jsonw_key(w, "wordList");
    jsonw_z(w, r->list[0] ? r->list : NULL);
    jsonw_close(w, '}');
}

static const char *when_of(int64_t ms, char out[DATE_TEXT_MAX])
{
    date_short(ms, 0, out);
    return ms ? out : _("never");
}

static void words(const struct model_receipt *r, struct cli_out *out)
{
    char sum[2 * CRYPT_SHA256 + 1];

    if (!r->acked)
        return;
    hex(r, sum);
    if (r->list[0]) {
        cli_line(out, _("what was acknowledged, in words: %s %s %s %s %s %s %s %s"), r->words[0], r->words[1],
                 r->words[2], r->words[3], r->words[4], r->words[5], r->words[6], r->words[7]);
        cli_line(out, _("  by the list of %s; the same words at both ends of a telephone: the same changes"), r->list);
    } else {
        cli_line(out, "%s", _("what was acknowledged, in words: COULD NOT SAY, the list of words is not here"));
    }
    cli_line(out, "  %s", sum);
}

static int text(const struct cli_app *app, const struct model_receipt *r, struct cli_out *out, struct err *e)
{
    char when[DATE_TEXT_MAX], acked[DATE_TEXT_MAX];
    struct arena a;
    const char *clock, *unsent;

    arena_init(&a, 4096);
    clock = model_offset_words(r, &a);
    unsent = model_unsent_words(&app->model, &r->unsent, &a);
    cli_marks(app, out);
    cli_line(out, _("receipt of %s"), when_of(r->made_ms, when));
    cli_line(out, _("server %s, scope %s"), app->model.base, app->model.scope);
    cli_line(out, _("acknowledged by the server: %lld, the last %s"), (long long)r->acked, when_of(r->acked_ms, acked));
    cli_line(out, _("queued: %lld; in doubt: %lld; in conflict: %lld; refused by the server: %lld"),
             (long long)r->unsent.queued, (long long)r->unsent.doubt, (long long)r->unsent.conflict,
             (long long)r->unsent.refused);
    if (unsent && *unsent)
        cli_line(out, "%s", unsent);
    cli_line(out, _("last complete sync: %s%s"), when_of(r->last.complete_ms, when), "");
    if (clock)
        cli_line(out, _("this device's clock: %s"), clock);
    words(r, out);
    arena_fini(&a);
    return clock && unsent ? ERR_OK : err_set(e, ERR_NOMEM, 0, 0, NULL);
}

CLI_VERB(cli_verb_receipt)
{
    char dir[PATH_MAX_BYTES];
    struct model_receipt r;
    struct jsonw w;
    int code = cli_need_store(app, e);

    (void)in, (void)err;
    if (code)
        return code;
    path_data("receipt", dir);
    if ((code = model_receipt(&app->model, dir, &r, e)))
        return code;
    if (!args->value[0])
        return text(app, &r, out, e);
    jsonw_init(&w, &out->buf);
    json(app, &r, &w);
    return cli_put(out, STR("\n"));
}
