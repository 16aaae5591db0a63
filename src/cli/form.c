/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `form check|preview|test`: needs no profile, so that who writes a form can try it anywhere.
 */
#include "config.h"

#include <string.h>

#include "base/date.h"
#include "base/intl.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/priv.h"
#include "model/codes.h"

#define FORM_COLS 80
#define FORM_SHOWN 7 /* options that are listed; of more, how many there are */

enum { EXTRACT, PATIENT, LANG };

struct form_verb {
    struct cli_app *app;
    struct cli_out *out, *err;
    struct err *e;
    struct form *f;
    struct buf bytes, patient;
    struct tape patient_t;
    struct form_context context;
    struct form_env env;
    struct model_codes *codes;
    char subject[100];
};

static int member_of(void *arg, struct str set, struct str system, struct str code)
{
    return model_codes_member(((struct form_verb *)arg)->codes, set, system, code);
}

static int expand(void *arg, struct str set, struct str filter, unsigned from, unsigned max, struct arena *a,
                  struct form_coding *out, unsigned *total)
{
    return model_codes_expand(((struct form_verb *)arg)->codes, set, filter, from, max, a, out, total);
}

static int zone_min(void *arg, int64_t wall_ms)
{
    (void)arg;
    return date_zone_min(wall_ms);
}

void cli_lacks(struct cli_out *out, const struct model_codes *codes)
{
    struct text l[MODEL_LACKS];
    struct arena a;
    unsigned n;

    arena_init(&a, 1u << 20);
    n = model_codes_lacks(codes, &a, l, MODEL_LACKS);
    for (unsigned i = 0; i < n && i < MODEL_LACKS; i++)
        cli_line(out, "%s", l[i].s);
    if (n > MODEL_LACKS)
        cli_line(out, _("and %u more"), n - MODEL_LACKS);
    arena_fini(&a);
}

/* --- check ------------------------------------------------------------------------------------- */

static const char *grade_words(enum form_grade grade)
{
    return grade == FORM_ERROR ? _("error") : grade == FORM_WARNING ? _("warning") : _("note");
}

static void say_findings(struct cli_out *out, const struct form_findings *l)
{
    for (unsigned i = 0; i < l->n; i++)
        cli_line(out, "%s: %s%s%s", grade_words(l->v[i].grade), l->v[i].link.s, l->v[i].link.n ? ": " : "",
                 l->v[i].words.s);
}

/* --- preview ----------------------------------------------------------------------------------- */

static void wrapped(struct cli_out *out, unsigned indent, const char *first, struct text words)
{
    struct str rest = {words.s, words.n};
    char blank[FORM_COLS];
    unsigned hang = indent + text_cols(str_of(first));

    if (hang > FORM_COLS / 2)
        hang = FORM_COLS / 2;
    memset(blank, ' ', sizeof blank);
    blank[indent] = '\0';
    for (bool begun = false; rest.n || !begun; begun = true) {
        struct str line = text_wrap(&rest, FORM_COLS - hang);

        if (begun) {
            memset(blank, ' ', hang);
            blank[hang] = '\0';
        }
        cli_line(out, "%s%s%.*s", blank, begun ? "" : first, STR_ARG(line));
    }
}

static int say_options(struct form_verb *v, const struct form_row *row, unsigned indent, struct arena *a)
{
    struct form_options l;
    int r = model_form_options(v->f, row->key, STR(""), 0, FORM_SHOWN, a, &l, v->e);

    if (r)
        return r;
    if (l.here != FORM_ALL_HERE)
        wrapped(v->out, indent, "", l.why);
    for (unsigned i = 0; i < l.n && l.total <= FORM_SHOWN; i++)
        wrapped(v->out, indent, arena_fmt(a, "%u %c ", l.v[i].number, l.v[i].chosen ? '*' : '-'), l.v[i].words);
    if (l.total > FORM_SHOWN)
        wrapped(v->out, indent, "", text_own(arena_fmt(a, _("%u options"), l.total)));
    return ERR_OK;
}

static int say_row(struct form_verb *v, form_key key, struct arena *a)
{
    struct form_row row;
    unsigned indent;
    int r = model_form_row(v->f, key, a, &row, v->e);
    char *label;

    if (r)
        return r;
    indent = 2 * (row.depth < 16 ? row.depth : 16);
    label = arena_fmt(a, "%s%s%s%s%s", row.prefix.s, row.prefix.n ? " " : "", row.label.s, row.required ? " *" : "",
                      row.repeats ? arena_fmt(a, " (%u/%u)", row.nth, row.count) : "");
    if (row.kind == FORM_GROUP)
        wrapped(v->out, indent, "# ", text_own(label));
    else if (!row.question)
        wrapped(v->out, indent, "", text_own(label));
    else
        wrapped(v->out, indent, "",
                text_own(arena_fmt(a, "%s: %s%s%s", label,
                                   row.trouble.n ? row.trouble.s : row.value.n ? row.value.s : "____",
                                   row.unit.n && row.kind != FORM_QUANTITY ? " " : "",
                                   row.kind != FORM_QUANTITY ? row.unit.s : "")));
    if (row.question && (row.hint.n || row.limits.n || row.unit_list.n))
        wrapped(v->out, indent + 4, "", text_own(arena_fmt(a, "(%s%s%s%s%s)", row.hint.s, row.unit_list.n ? ": " : "",
                                                           row.unit_list.s, row.hint.n && row.limits.n ? "; " : "",
                                                           row.limits.s)));
    if (row.help.n)
        wrapped(v->out, indent + 4, "? ", row.help);
    return row.options && row.kind != FORM_BOOLEAN ? say_options(v, &row, indent + 4, a) : ERR_OK;
}

static int preview(struct form_verb *v)
{
    struct arena a;
    int r = ERR_OK;

    arena_init(&a, 4u << 20);
    wrapped(v->out, 0, "", model_form_title(v->f, &a));
    cli_line(v->out, "%s", "");
    for (unsigned i = 0; i < model_form_rows(v->f) && !r; i++) {
        arena_fini(&a);
        arena_init(&a, 4u << 20);
        r = say_row(v, model_form_at(v->f, i), &a);
    }
    arena_fini(&a);
    return r;
}

/* --- test -------------------------------------------------------------------------------------- */

/* "\n" is a line end, as in the other tables. */
static struct str unescaped(struct str s, struct arena *a)
{
    char *p = arena_alloc(a, s.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < s.n && p; i++)
        if (s.p[i] == '\\' && i + 1 < s.n && s.p[i + 1] == 'n') {
            p[n++] = '\n';
            i++;
        } else {
            p[n++] = s.p[i];
        }
    return p ? (struct str){p, n} : STR("");
}

static int act(struct form_verb *v, struct str path, struct str typed, struct arena *a, struct form_reply *reply)
{
    char sign = path.n ? *path.p : ' ';
    bool signed_path = strchr("+-!", sign) != NULL;
    struct str name = signed_path ? (struct str){path.p + 1, path.n - 1} : path;
    form_key key = model_form_named(v->f, path);

    if (key != FORM_NO_KEY || !signed_path)
        sign = ' ';
    else
        key = model_form_named(v->f, name);
    if (key == FORM_NO_KEY || model_form_index(v->f, key) < 0) {
        *reply = (struct form_reply){.said = FORM_REFUSED, .words = text_own(key ? _("This row is not shown now.")
                                                                                 : _("There is no such row."))};
        return ERR_OK;
    }
    if (sign == '+')
        return model_form_add(v->f, key, a, reply, v->e);
    if (sign == '-')
        return model_form_remove(v->f, key, a, reply, v->e);
    return model_form_put(v->f, key, typed, sign == '!' ? FORM_MEANT : 0, a, reply, v->e);
}

static void say_reply(struct form_verb *v, unsigned line, struct str path, const struct form_reply *reply,
                      struct arena *a)
{
    struct text name = text_safe(a, path, 80);

    if (reply->said != FORM_TAKEN)
        cli_line(v->err, "%u: %s: %s: %s", line, name.s, reply->said == FORM_ASKED ? _("asked") : _("refused"),
                 reply->words.s);
    for (unsigned i = 0; i < reply->n; i++)
        cli_line(v->err, "    %s", reply->reading[i].words.s);
}

/* Lines of path TAB typed; *missed: those that were not taken. */
static int fill(struct form_verb *v, struct str answers, unsigned *missed)
{
    unsigned line = 0;
    int r = ERR_OK;

    while (answers.n && !r) {
        struct str typed = str_split(&answers, '\n'), path = str_split(&typed, '\t');
        struct form_reply reply = {0};
        struct arena a;

        line++;
        if (!str_trim(path).n || *path.p == '#')
            continue;
        arena_init(&a, 8u << 20);
        r = act(v, path, unescaped(typed, &a), &a, &reply);
        if (!r && reply.said != FORM_TAKEN)
            ++*missed;
        if (!r)
            say_reply(v, line, path, &reply, &a);
        arena_fini(&a);
    }
    return r;
}

static int say_problems(struct form_verb *v, unsigned *errors)
{
    struct form_problem *p;
    struct arena a;
    unsigned n;
    int r;

    arena_init(&a, 32u << 20);
    r = model_form_problems(v->f, &a, &p, &n, v->e);
    for (unsigned i = 0; i < n && !r; i++) {
        struct text name = text_safe(&a, model_form_name(v->f, p[i].key, &a), 80);

        *errors += p[i].grade == FORM_ERROR;
        cli_line(v->err, "%s: %s%s%s", grade_words(p[i].grade), name.s, name.n ? ": " : "", p[i].words.s);
    }
    arena_fini(&a);
    return r;
}

static int test(struct form_verb *v, const char *path, bool extract)
{
    struct buf answers, result;
    unsigned missed = 0, errors = 0;
    int r;

    buf_init(&answers, LIMIT_RESOURCE_BYTES);
    buf_init(&result, 4u * LIMIT_RESOURCE_BYTES);
    r = cli_read_input(v->app, 0, path, &answers, v->e);
    r = r ? r : fill(v, buf_str(&answers), &missed);
    r = r ? r : say_problems(v, &errors);
    if (!r)
        r = extract ? model_form_extract(v->f, &result, v->e)
                    : model_form_response(v->f, "completed", 0, &result, v->e);
    r = r ? r : cli_put(v->out, buf_str(&result));
    r = r ? r : cli_put(v->out, STR("\n"));
    buf_fini(&result);
    buf_fini(&answers);
    if (!r && missed)
        return err_set(v->e, ERR_OPEN, 0, missed, path);
    return !r && errors ? err_set(v->e, ERR_ATTENTION, 0, errors, path) : r;
}

/* --- the verb ---------------------------------------------------------------------------------- */

static int read_patient(struct form_verb *v, const char *path)
{
    struct str id;
    int r = cli_read_input(v->app, 0, path, &v->patient, v->e);

    r = r ? r : tape_parse(&v->patient_t, buf_str(&v->patient), v->e);
    if (r)
        return r;
    id = tape_plain(&v->patient_t, tape_get(&v->patient_t, 0, "id"));
    if (!tape_str_is(&v->patient_t, tape_get(&v->patient_t, 0, "resourceType"), "Patient"))
        return err_set(v->e, ERR_INPUT, 0, 0, "resourceType");
    v->context = (struct form_context){"patient", &v->patient_t, 0};
    v->env.contexts = &v->context;
    v->env.ncontexts = 1;
    if (str_is_id(id)) {
        memcpy(v->subject, "Patient/", 8);
        memcpy(v->subject + 8, id.p, id.n);
        v->env.subject = (struct str){v->subject, 8 + id.n};
    }
    return ERR_OK;
}

static int run(struct form_verb *v, const struct cli_args *args, int in)
{
    struct form_findings found;
    const char *what = args->word[0];
    bool check = !strcmp(what, "check");
    int r = cli_read_input(v->app, in, args->word[1], &v->bytes, v->e);

    if (r)
        return r;
    v->env.clock = &v->app->clock;
    v->env.rng = &v->app->rng;
    v->env.zone_min = zone_min;
    v->env.arg = v;
    v->env.member_of = member_of;
    v->env.expand = expand;
    v->env.units = model_codes_units(v->codes);
    v->env.language = args->value[LANG] ? args->value[LANG] : intl_language();
    r = args->value[PATIENT] ? read_patient(v, args->value[PATIENT]) : ERR_OK;
    if (r)
        return r;
    model_form_findings_init(&found);
    r = model_form_open(buf_str(&v->bytes), &v->env, &v->f, &found, v->e);
    if (check || r)
        say_findings(check ? v->out : v->err, &found);
    if (check && !r)
        cli_line(v->out, P_("It opens: %u row is shown.", "It opens: %u rows are shown.", model_form_rows(v->f)),
                 model_form_rows(v->f));
    model_form_findings_fini(&found);
    if (!r && !strcmp(what, "preview"))
        r = preview(v);
    else if (!r && !check)
        r = test(v, args->word[2], args->value[EXTRACT] != NULL);
    return r;
}

CLI_VERB(cli_verb_form)
{
    static const struct {
        const char *word;
        int words;
    } what[] = {{"check", 2}, {"preview", 2}, {"test", 3}};
    struct form_verb v = {.app = app, .out = out, .err = err, .e = e};
    size_t i = 0;
    int r;

    while (i < sizeof what / sizeof *what && strcmp(what[i].word, args->word[0]))
        i++;
    if (i == sizeof what / sizeof *what || what[i].words != args->n)
        return err_set(e, ERR_USAGE, 0, 0, args->word[0]);
    v.codes = model_codes_new(NULL);
    if (!v.codes)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    buf_init(&v.bytes, LIMIT_RESOURCE_BYTES);
    buf_init(&v.patient, LIMIT_RESOURCE_BYTES);
    r = run(&v, args, in);
    cli_lacks(err, v.codes);
    model_form_close(v.f);
    model_codes_free(v.codes);
    tape_fini(&v.patient_t);
    buf_fini(&v.patient);
    buf_fini(&v.bytes);
    return r;
}
