/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Any bytes as a form, and behind an empty line what a person does to it, a line each: an item's name, TAB, what is
 * typed; '+', '-', '~' and '#' before the name add, remove, change the unit, tick the option of the digit that is typed. A form opens or is
 * refused in words; every row can be had; what was not taken has changed nothing; the response can be taken back and is
 * then the same; a Bundle is JSON.
 */
#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "base/limits.h"
#include "model/form.h"

static int64_t still(void *arg)
{
    (void)arg;
    return INT64_C(1795442709000);
}

static void look(struct form *f)
{
    for (unsigned i = 0; i < model_form_rows(f); i++) {
        form_key key = model_form_at(f, i), found[4];
        struct form_options l;
        struct form_row row;
        struct arena a;

        arena_init(&a, 64u << 20);
        FUZZ_MUST(key != FORM_NO_KEY && model_form_index(f, key) == (int)i);
        FUZZ_MUST(model_form_row(f, key, &a, &row, NULL) == ERR_OK);
        FUZZ_MUST(row.nth >= 1 && row.nth <= row.count);
        FUZZ_MUST(row.value.n == 0 || row.question);
        FUZZ_MUST(model_form_named(f, model_form_name(f, key, &a)) == key);
        if (row.options)
            FUZZ_MUST(model_form_options(f, key, STR(""), 0, 20, &a, &l, NULL) == ERR_OK && l.n <= l.matched);
        model_form_jump(f, (struct str){row.label.s, row.label.n}, found, 4);
        arena_fini(&a);
    }
}

static void response(struct form *f, struct buf *out)
{
    struct err e = ERR_NONE;

    buf_init(out, LIMIT_RESOURCE_BYTES);
    FUZZ_MUST(model_form_response(f, "completed", 0, out, &e) == ERR_OK || e.code == ERR_TOOBIG);
}

static void act(struct form *f, struct str line)
{
    struct str path = str_split(&line, '\t'), name = path;
    char sign = path.n && strchr("+-~#", *path.p) ? *path.p : ' ';
    struct form_reply reply = {0};
    struct buf before, after;
    struct arena a;
    form_key key;
    int r;

    if (sign != ' ')
        name = (struct str){path.p + 1, path.n - 1};
    key = model_form_named(f, name);
    if (!key)
        return;
    arena_init(&a, 64u << 20);
    response(f, &before);
    r = sign == '+'   ? model_form_add(f, key, &a, &reply, NULL)
        : sign == '-' ? model_form_remove(f, key, &a, &reply, NULL)
        : sign == '~' ? model_form_unit(f, key, 1, &a, &reply, NULL)
        : sign == '#' ? model_form_toggle(f, key, line.n && *line.p > '0' && *line.p <= '9' ? (unsigned)(*line.p - '0') : 1, &a,
                                          &reply, NULL)
                      : model_form_put(f, key, line, 0, &a, &reply, NULL);
    response(f, &after);
    FUZZ_MUST(r == ERR_OK || r == ERR_NOMEM || r == ERR_TOOBIG);
    FUZZ_MUST(reply.said == FORM_TAKEN || (reply.words.n && before.n == after.n && !memcmp(before.p, after.p, after.n)));
    FUZZ_MUST(reply.said != FORM_ASKED || reply.n);
    if (!r && reply.said == FORM_ASKED)
        FUZZ_MUST(model_form_put(f, key, reply.reading[reply.n - 1].put, FORM_MEANT, &a, &reply, NULL) == ERR_OK &&
                  reply.said != FORM_ASKED);
    buf_fini(&after);
    buf_fini(&before);
    arena_fini(&a);
}

/* What is computed from what is not in the response may differ (a draft would keep it): only forms without expressions. */
static void round_trip(struct form *f, const struct form_env *env, struct str bytes)
{
    struct form *again = NULL;
    struct buf one, two;

    response(f, &one);
    if (memmem(bytes.p, bytes.n, "xpression", 9) == NULL && !model_form_open(bytes, env, &again, NULL, NULL) &&
        !model_form_resume(again, buf_str(&one), NULL)) {
        response(again, &two);
        FUZZ_MUST(one.n == two.n && !memcmp(one.p, two.p, one.n));
        buf_fini(&two);
    }
    model_form_close(again);
    buf_fini(&one);
}

static void bundle(struct form *f)
{
    struct buf out;
    struct tape t;

    buf_init(&out, LIMIT_RESOURCE_BYTES);
    if (!model_form_extract(f, &out, NULL)) {
        FUZZ_MUST(tape_parse(&t, buf_str(&out), NULL) == ERR_OK);
        tape_fini(&t);
    } else {
        FUZZ_MUST(!out.n);
    }
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct str form = {(const char *)p, n}, rest = STR("");
    struct clock clock = {still, still, NULL};
    uint64_t seed = 1;
    struct rng rng = rng_seeded(&seed);
    struct form_env env = {.clock = &clock, .rng = &rng, .language = "es", .subject = STR("Patient/p")};
    struct form_findings found;
    struct err e = ERR_NONE;
    struct form *f;

    if (n > 65536)
        return 0;
    for (size_t i = 0; i + 1 < n; i++)
        if (p[i] == '\n' && p[i + 1] == '\n') {
            form.n = i;
            rest = (struct str){(const char *)p + i + 2, n - i - 2};
            break;
        }
    model_form_findings_init(&found);
    if (model_form_open(form, &env, &f, &found, &e)) {
        FUZZ_MUST(!f && e.code && (found.n || e.code == ERR_NOMEM || e.code == ERR_TOOBIG));
    } else {
        look(f);
        for (int i = 0; i < 40 && rest.n; i++)
            act(f, str_split(&rest, '\n'));
        look(f);
        round_trip(f, &env, form);
        bundle(f);
    }
    model_form_close(f);
    model_form_findings_fini(&found);
    return 0;
}
