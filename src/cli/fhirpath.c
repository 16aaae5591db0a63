/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `fhirpath EXPR FILE`: needs no profile, so that who writes a form can try an expression anywhere.
 */
#include "config.h"

#include <string.h>

#include "base/date.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/priv.h"
#include "fhir/path.h"
#include "model/codes.h"

#define FHIRPATH_MS 10000 /* a person waits, and can end it */

enum { STRICT, JSON, FORM };

static int say_json(const struct path_list *l, struct cli_out *out)
{
    struct jsonw w;
    struct buf b;
    int r = ERR_OK;

    jsonw_init(&w, &out->buf);
    jsonw_open(&w, '[');
    for (uint32_t i = 0; i < l->n && !r; i++) {
        struct str space, name = path_type_of(&l->v[i], &space);

        buf_init(&b, LIMIT_RESOURCE_BYTES * 2);
        r = path_text(&l->v[i], &b);
        jsonw_open(&w, '{');
        jsonw_key(&w, "type");
        jsonw_str(&w, name);
        jsonw_key(&w, "namespace");
        jsonw_str(&w, space);
        jsonw_key(&w, "value");
        jsonw_str(&w, buf_str(&b));
        jsonw_close(&w, '}');
        buf_fini(&b);
    }
    jsonw_close(&w, ']');
    return r ? r : cli_put(out, STR("\n"));
}

/* One result a line: what would end the line, or drive a terminal, is shown by its name. */
static int say_lines(const struct path_list *l, struct cli_out *out)
{
    int r = ERR_OK;

    for (uint32_t i = 0; i < l->n && !r; i++) {
        struct buf b, safe;

        buf_init(&b, LIMIT_RESOURCE_BYTES * 2);
        buf_init(&safe, LIMIT_RESOURCE_BYTES * 4);
        r = path_text(&l->v[i], &b);
        r = r ? r : text_safe_buf(&safe, buf_str(&b), false);
        r = r ? r : cli_words(out, buf_str(&safe));
        r = r ? r : cli_put(out, STR("\n"));
        buf_fini(&b);
        buf_fini(&safe);
    }
    return r;
}

struct document {
    struct buf bytes;
    struct tape t;
};

/* A file that is no resource gives no empty answer, but an error. */
static int load(struct cli_app *app, int in, const char *path, struct document *d, struct path_value *root,
                struct err *e)
{
    int r = cli_read_input(app, in, path, &d->bytes, e);

    r = r ? r : tape_parse(&d->t, buf_str(&d->bytes), e);
    if (r)
        return r;
    *root = path_root(&d->t, 0);
    return tape_is(&d->t, 0, TAPE_OBJECT) && root->type.n ? ERR_OK : err_set(e, ERR_INPUT, 0, 0, "resourceType");
}

static int member_of(void *codes, struct str set, struct str system, struct str code)
{
    return model_codes_member(codes, set, system, code);
}

static int evaluate(struct cli_app *app, const struct cli_args *args, const struct path *x,
                    const struct path_value *root, const struct path_value *form, struct cli_out *out,
                    struct model_codes *codes, struct err *e)
{
    struct path_value copy = *form;
    struct path_var var = {"questionnaire", {&copy, 1, 1}};
    struct path_env env = {.clock = &app->clock, .max_ms = FHIRPATH_MS, .vars = &var,
                           .zone_min = date_zone_min(clock_wall_ms(&app->clock)), .nvars = args->value[FORM] ? 1 : 0,
                           .arg = codes, .member_of = member_of, .units = model_codes_units(codes)};
    struct path_list found;
    struct arena a;
    int r = args->value[STRICT] ? path_check(x, root->type, e) : ERR_OK;

    arena_init(&a, PATH_MAX_ARENA);
    r = r ? r : path_eval(x, &env, root, &a, &found, e);
    r = r ? r : args->value[JSON] ? say_json(&found, out) : say_lines(&found, out);
    arena_fini(&a);
    return r;
}

CLI_VERB(cli_verb_fhirpath)
{
    struct document d = {0}, form = {0};
    struct path_value root = {0}, form_root = {0};
    struct model_codes *codes = model_codes_new(NULL);
    struct path *x;
    int r = path_parse(str_of(args->word[0]), args->value[STRICT] ? PATH_STRICT : PATH_LENIENT, &x, e);

    if (!r && !codes)
        r = err_set(e, ERR_NOMEM, 0, 0, NULL);
    buf_init(&d.bytes, LIMIT_RESOURCE_BYTES);
    buf_init(&form.bytes, LIMIT_RESOURCE_BYTES);
    r = r ? r : load(app, in, args->word[1], &d, &root, e);
    if (!r && args->value[FORM])
        r = load(app, in, args->value[FORM], &form, &form_root, e);
    r = r ? r : evaluate(app, args, x, &root, &form_root, out, codes, e);
    if (r == ERR_PATH)
        cli_lacks(err, codes);
    model_codes_free(codes);
    tape_fini(&form.t);
    tape_fini(&d.t);
    buf_fini(&form.bytes);
    buf_fini(&d.bytes);
    path_free(x);
    return r;
}
