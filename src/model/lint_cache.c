/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How much of what servers sent breaks a display rule: for doctor.
 */
#include "config.h"

#include <string.h>

#include "base/arena.h"
#include "base/limits.h"
#include "fhir/tape.h"
#include "model/lint.h"

/* The members whose words a row of medicines shows as they came. */
static bool is_shown(struct str name)
{
    return str_is(name, "text") || str_is(name, "display") || str_is(name, "patientInstruction");
}

static unsigned lint_row(const struct tape *t, struct arena *a)
{
    unsigned broken = 0;

    for (tape_at i = 0; i < t->n; i++) {
        if (!tape_is(t, i, TAPE_OBJECT))
            continue;
        for (tape_at k = tape_first_member(t, i); k != TAPE_NONE; k = tape_next_member(t, i, k))
            if (is_shown(tape_name(t, k)) && tape_is(t, k + 1, TAPE_STRING))
                broken |= model_lint(tape_str(t, k + 1, a));
    }
    return broken;
}

static int count(void *arg, const struct store_row *r)
{
    struct model_lint_count *n = arg;
    struct arena a;
    struct tape t;
    unsigned broken = 0;
    int code = tape_parse(&t, r->bytes, NULL);

    if (code == ERR_NOMEM)
        return code;
    arena_init(&a, LIMIT_RESOURCE_BYTES);
    if (!code) {
        broken = lint_row(&t, &a);
        code = a.failed ? ERR_NOMEM : ERR_OK;
        tape_fini(&t);
    } else
        code = ERR_OK;
    arena_fini(&a);
    n->rows++;
    n->broken += broken != 0;
    n->rules |= broken;
    return code;
}

int model_lint_cache(struct store *store, struct model_lint_count *out, struct err *e)
{
    struct store_query q = {.section = STR("medicines"), .limit = MODEL_LINT_MOST, .bytes = true};
    int code;

    *out = (struct model_lint_count){0};
    code = store_each(store, &q, count, out, e);
    return code == ERR_NOMEM ? err_set(e, code, 0, 0, "medicines") : code;
}
