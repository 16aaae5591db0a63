/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `sig TEXT` and `sig --say FILE`: a typed dose line as a Dosage, and a Dosage in words. Neither needs a profile. REQ:
 * while anything is asked there is no dose in the output, and the exit status is 2.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "base/limits.h"
#include "cli/priv.h"
#include "fhir/decimal.h"
#include "model/sig.h"

enum { LANG, JSON, SAY, WEIGHT, SURFACE, WITHIN };

#define SIG_WITHIN_DAYS 30 /* the age at which a child's weight is no weight any more; a site says another one */

static const enum sig_lack lacks[] = {SIG_LACKS_DRUG,   SIG_LACKS_DOSE,    SIG_LACKS_ROUTE,    SIG_LACKS_SCHEDULE,
                                      SIG_LACKS_LENGTH,
                                      SIG_LACKS_REASON, SIG_LACKS_MAXIMUM, SIG_LACKS_QUANTITY, SIG_LACKS_REPEATS};

/* "12.3@2026-11-20" */
static int measure(const char *option, const char *word, struct sig_measure *out, struct err *e)
{
    struct str rest = str_of(word);
    int order;

    if (!word)
        return ERR_OK;
    out->value = str_split(&rest, '@');
    if (!fhir_decimal_compare(out->value, STR("0"), &order) || order <= 0 || !date_parse(rest, &out->date) ||
        out->date.precision != DATE_DAY)
        return err_set(e, ERR_USAGE, 0, 0, option);
    return ERR_OK;
}

static int environment(struct cli_app *app, const struct cli_args *args, struct sig_env *env, struct err *e)
{
    int64_t days = SIG_WITHIN_DAYS;
    int r = measure("--weight", args->value[WEIGHT], &env->weight, e);

    r = r ? r : measure("--surface", args->value[SURFACE], &env->surface, e);
    if (!r && args->value[WITHIN] && !str_int(str_of(args->value[WITHIN]), 0, 3650, &days))
        r = err_set(e, ERR_USAGE, 0, 0, "--within");
    env->measure_days = (int)days;
    env->today = date_today(clock_wall_ms(&app->clock));
    return r;
}

/* --- words ------------------------------------------------------------------------------------ */

static void labelled(struct cli_out *out, const char *label, struct str s, const char *more)
{
    if (!s.n)
        return;
    cli_words(out, str_of(label));
    cli_words(out, STR(" "));
    cli_words(out, s);
    cli_words(out, str_of(more));
    cli_put(out, STR("\n"));
}

static void put_asks(const struct sig *s, struct cli_out *out)
{
    for (unsigned i = 0; i < s->asks; i++) {
        const struct sig_ask *q = &s->ask[i];

        cli_line(out, _("ASKED \"%.*s\": %s"), (int)q->len, s->line.p + q->off, model_sig_why_words(q->why));
        for (unsigned k = 0; k < q->choices; k++)
            cli_line(out, "  %u  %.*s", k + 1, STR_ARG(str_trim(q->choice[k])));
    }
}

static int put_dose(const struct sig *s, struct cli_out *out, struct err *e)
{
    struct buf words;
    int r;

    buf_init(&words, LIMIT_RESOURCE_BYTES);
    r = model_sig_read_back(s, &words, e);
    r = r ? r : cli_words(out, buf_str(&words));
    r = r ? r : cli_put(out, STR("\n"));
    buf_fini(&words);
    return r;
}

static void put_quantity(const struct sig *s, struct arena *a, struct cli_out *out)
{
    const struct sig_quantity *q = s->quantity.value.n ? &s->quantity : &s->sum.total;
    const char *sum = arena_fmt(a,
                                s->sum.differs ? _(" - NOT THE SUM: %.*s")
                                : s->sum.most  ? _(" (at most: %.*s)")
                                               : " (%.*s)",
                                STR_ARG(s->sum.words));
    const char *amount = arena_fmt(a, q->unit.n ? "%.*s %.*s" : "%.*s", STR_ARG(q->value), STR_ARG(q->unit));

    if (!s->quantity.value.n && s->sum.known && s->sum.doses)
        labelled(out, s->sum.most ? _("DOSES AT MOST") : _("DOSES"), s->sum.words, "");
    else if (!s->quantity.value.n && !s->sum.known)
        labelled(out, _("QUANTITY"), s->sum.words, "");
    else
        labelled(out, _("QUANTITY"), str_of(amount), sum);
}

/* Some of the bits, by their names. */
static void name_lacks(unsigned bits, const char **between, struct cli_out *out)
{
    for (size_t i = 0; i < sizeof lacks / sizeof *lacks; i++)
        if (bits & lacks[i]) {
            cli_words(out, str_of(*between));
            cli_words(out, str_of(model_sig_lack_words(lacks[i])));
            *between = ", ";
        }
}

static void put_lacks(const struct sig *s, struct cli_out *out)
{
    const char *between = " ";
    char label[64];
    unsigned own = s->lacks;

    if (!s->lacks)
        return;
    cli_words(out, str_of(_("NOT SAID:")));
    for (unsigned i = 0; i < s->steps && s->steps > 1; i++)
        own &= ~s->step[i].lacks;
    name_lacks(own, &between, out);
    for (unsigned i = 0; i < s->steps && s->steps > 1; i++) {
        if (!s->step[i].lacks)
            continue;
        /* TRANSLATORS: behind NOT SAID: what a step of a taper lacks */
        snprintf(label, sizeof label, _("STEP %u: "), i + 1);
        cli_words(out, str_of(*between == ' ' ? " " : "; "));
        cli_words(out, str_of(label));
        between = "";
        name_lacks(s->step[i].lacks, &between, out);
    }
    cli_put(out, STR("\n"));
}

static int say_words(const struct sig *s, struct arena *a, struct cli_out *out, struct err *e)
{
    int r;

    labelled(out, _("MEDICINE"), s->drug, _(" (as typed, not looked up)"));
    if (s->asks) {
        put_asks(s, out);
        return ERR_OK;
    }
    labelled(out, _("STRENGTH"), s->strength, "");
    if ((r = put_dose(s, out, e)))
        return r;
    labelled(out, _("COMPUTED"), s->formula, "");
    put_quantity(s, a, out);
    labelled(out, _("REFILLS"), s->repeats, "");
    if (s->no_substitution)
        cli_line(out, "%s", _("NO SUBSTITUTION"));
    if (s->stat)
        cli_line(out, "%s", _("AT ONCE"));
    labelled(out, _("NOTE"), s->note, _(" (free text, not checked)"));
    for (unsigned i = 0; i < s->remarks; i++)
        cli_line(out, _("READ \"%.*s\" as %.*s"), (int)s->remark[i].len, s->line.p + s->remark[i].off,
                 STR_ARG(s->remark[i].means));
    put_lacks(s, out);
    return a->failed ? err_set(e, ERR_NOMEM, 0, 0, "sig") : ERR_OK;
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void member(struct jsonw *w, const char *name, struct str s)
{
    jsonw_key(w, name);
    if (s.n)
        jsonw_str(w, s);
    else
        jsonw_null(w);
}

static void json_asks(struct jsonw *w, const struct sig *s)
{
    jsonw_key(w, "questions");
    jsonw_open(w, '[');
    for (unsigned i = 0; i < s->asks; i++) {
        const struct sig_ask *q = &s->ask[i];

        jsonw_open(w, '{');
        jsonw_key(w, "why");
        jsonw_z(w, model_sig_why_name(q->why));
        member(w, "text", (struct str){s->line.p + q->off, q->len});
        jsonw_key(w, "at");
        jsonw_int(w, (int64_t)q->off);
        jsonw_key(w, "choices");
        jsonw_open(w, '[');
        for (unsigned k = 0; k < q->choices; k++)
            jsonw_str(w, q->choice[k]);
        jsonw_close(w, ']');
        jsonw_close(w, '}');
    }
    jsonw_close(w, ']');
}

static void json_lacks(struct jsonw *w, const struct sig *s)
{
    static const char *const names[] = {"medicine", "dose", "route", "schedule", "length", "reason", "maximum",
                                        "quantity", "refills"};

    jsonw_key(w, "notSaid");
    jsonw_open(w, '[');
    for (size_t i = 0; i < sizeof lacks / sizeof *lacks; i++)
        if (s->lacks & lacks[i])
            jsonw_z(w, names[i]);
    jsonw_close(w, ']');
}

static int say_json(const struct sig *s, struct cli_out *out, struct err *e)
{
    struct buf request;
    struct jsonw w;
    int r = ERR_OK;

    buf_init(&request, LIMIT_RESOURCE_BYTES);
    jsonw_init(&w, &out->buf);
    jsonw_open(&w, '{');
    member(&w, "medicine", s->drug);
    member(&w, "strength", s->strength);
    jsonw_key(&w, "request");
    if (s->asks)
        jsonw_null(&w);
    else if (!(r = model_sig_request(s, &request, e))) {
        jsonw_open(&w, '{');
        jsonw_raw(&w, buf_str(&request));
        jsonw_close(&w, '}');
    }
    member(&w, "computed", s->formula);
    member(&w, "sum", s->sum.words);
    json_asks(&w, s);
    json_lacks(&w, s);
    jsonw_close(&w, '}');
    buf_fini(&request);
    return r ? r : cli_put(out, STR("\n"));
}

/* --- a Dosage in words ------------------------------------------------------------------------ */

/* Where the Dosages of a resource stand; else the document is one, or a list. */
static tape_at dosages(const struct tape *t)
{
    tape_at at = tape_get(t, 0, "dosageInstruction");

    if (at == TAPE_NONE)
        at = tape_get(t, 0, "dosage");
    return at == TAPE_NONE ? 0 : at;
}

static int say(struct cli_app *app, const struct cli_args *args, int in, struct cli_out *out, struct err *e)
{
    struct buf bytes, words;
    struct tape t = {0};
    struct jsonw w;
    int r;

    buf_init(&bytes, LIMIT_RESOURCE_BYTES);
    buf_init(&words, LIMIT_RESOURCE_BYTES);
    r = cli_read_input(app, in, args->value[SAY], &bytes, e);
    r = r ? r : tape_parse(&t, buf_str(&bytes), e);
    if (!r && !model_sig_say(&t, dosages(&t), &words) && !words.n)
        r = err_set(e, ERR_INPUT, 0, 0, "dosageInstruction");
    r = r ? r : words.failed ? err_set(e, words.failed, 0, 0, "dosage") : ERR_OK;
    if (!r && args->value[JSON]) {
        jsonw_init(&w, &out->buf);
        jsonw_open(&w, '{');
        member(&w, "words", buf_str(&words));
        jsonw_close(&w, '}');
    } else if (!r)
        r = cli_words(out, buf_str(&words));
    r = r ? r : cli_put(out, STR("\n"));
    tape_fini(&t);
    buf_fini(&words);
    buf_fini(&bytes);
    return r;
}

CLI_VERB(cli_verb_sig)
{
    struct sig_env env = {0};
    struct sig_words *words = NULL;
    struct sig *s;
    char dir[PATH_MAX_BYTES];
    struct arena a;
    int r;

    (void)err;
    if (args->value[SAY])
        return args->n ? err_set(e, ERR_USAGE, 0, 0, args->word[0]) : say(app, args, in, out, e);
    if (!args->n)
        return err_set(e, ERR_USAGE, 0, 0, "TEXT");
    arena_init(&a, SIG_ARENA);
    path_data("sig", dir);
    r = environment(app, args, &env, e);
    r = r ? r : model_sig_words_load(dir, args->value[LANG] ? args->value[LANG] : intl_language(), &words, e);
    env.words = words;
    if (!r && !(s = arena_alloc(&a, sizeof *s)))
        r = err_set(e, ERR_NOMEM, 0, 0, "sig");
    r = r ? r : model_sig_read(&env, str_of(args->word[0]), &a, s, e);
    r = r ? r : args->value[JSON] ? say_json(s, out, e) : say_words(s, &a, out, e);
    if (!r && s->asks)
        r = err_set(e, ERR_OPEN, 0, s->asks, "sig");
    model_sig_words_free(words);
    arena_fini(&a);
    return r;
}
