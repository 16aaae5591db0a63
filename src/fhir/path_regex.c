/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * matches() and replaceMatches() by PCRE2, with limits: an expression of a form must not hold the program up. Dots take
 * line ends (specification 5.6: single line mode); what a replacement names with $ is a group.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "config.h"

#include <pcre2.h>
#include <string.h>

#include "fhir/path_fn.h"

#define MATCH_LIMIT 200000
#define DEPTH_LIMIT 1000
#define HEAP_LIMIT 4096      /* KiB */
#define MOST_PATTERN 8192    /* bytes */

struct regex {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *limits;
};

static void regex_fini(struct regex *x)
{
    pcre2_match_context_free(x->limits);
    pcre2_match_data_free(x->data);
    pcre2_code_free(x->code);
}

static bool regex_init(struct regex *x, struct str pattern, struct str flags, bool whole)
{
    uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_DOTALL | PCRE2_NEVER_BACKSLASH_C;
    PCRE2_SIZE at;
    int why;

    *x = (struct regex){0};
    for (size_t i = 0; i < flags.n; i++) {
        if (flags.p[i] != 'i' && flags.p[i] != 'm')
            return false;
        options |= flags.p[i] == 'i' ? PCRE2_CASELESS : PCRE2_MULTILINE;
    }
    if (whole)
        options |= PCRE2_ANCHORED | PCRE2_ENDANCHORED;
    if (pattern.n > MOST_PATTERN)
        return false;
    x->code = pcre2_compile((PCRE2_SPTR)(pattern.n ? pattern.p : ""), pattern.n, options, &why, &at, NULL);
    x->data = x->code ? pcre2_match_data_create_from_pattern(x->code, NULL) : NULL;
    x->limits = pcre2_match_context_create(NULL);
    if (!x->data || !x->limits)
        return false;
    pcre2_set_match_limit(x->limits, MATCH_LIMIT);
    pcre2_set_depth_limit(x->limits, DEPTH_LIMIT);
    pcre2_set_heap_limit(x->limits, HEAP_LIMIT);
    return true;
}

/* Input, pattern and flags; false: one is empty, or it failed. */
static bool arguments(struct path_run *r, const struct path_call *k, struct str *s, struct str *pattern, unsigned flag,
                      struct str *flags)
{
    *flags = STR("");
    return path_one_string(r, k->node, &k->in, s) == 1 && path_one_string(r, k->node, &k->arg[0], pattern) == 1 &&
           (k->node->args <= flag || path_one_string(r, k->node, &k->arg[flag], flags) == 1);
}

PATH_FN(path_fn_matches)
{
    struct str s, pattern, flags;
    struct regex x;
    int found = -1;

    if (!arguments(r, k, &s, &pattern, 1, &flags))
        return r->failed;
    if (path_step(r, k->node, 100)) /* a pattern costs what a hundred steps do, at least */
        return r->failed;
    if (regex_init(&x, pattern, flags, k->node->fn->kind)) {
        found = pcre2_match(x.code, (PCRE2_SPTR)(s.n ? s.p : ""), s.n, 0, 0, x.data, x.limits);
        found = found > 0 ? 1 : found == PCRE2_ERROR_NOMATCH ? 0 : -1;
    }
    regex_fini(&x);
    return found < 0 ? path_fail(r, k->node, PATH_REGEX) : path_put_bool(r, k->node, out, found);
}

PATH_FN(path_fn_replace_matches)
{
    struct str s, pattern, by, flags;
    struct regex x;
    PCRE2_SIZE n;
    char *p = NULL;
    int done = -1;

    if (!arguments(r, k, &s, &pattern, 2, &flags) || path_one_string(r, k->node, &k->arg[1], &by) != 1)
        return r->failed;
    if (!pattern.n) /* as R4's suite has it: no pattern, no place */
        return path_put_string(r, k->node, out, s);
    n = s.n * 4 + by.n * 64 + 1024;
    if (path_step(r, k->node, 100) || n > PATH_MAX_ARENA / 4 || !(p = arena_alloc(r->a, n)))
        return path_fail(r, k->node, PATH_TOO_LONG);
    if (regex_init(&x, pattern, flags, false))
        done = pcre2_substitute(x.code, (PCRE2_SPTR)(s.n ? s.p : ""), s.n, 0,
                                PCRE2_SUBSTITUTE_GLOBAL | PCRE2_SUBSTITUTE_UNSET_EMPTY, x.data, x.limits,
                                (PCRE2_SPTR)(by.n ? by.p : ""), by.n, (PCRE2_UCHAR *)p, &n);
    regex_fini(&x);
    if (done == PCRE2_ERROR_NOMEMORY)
        return path_fail(r, k->node, PATH_TOO_LONG);
    return done < 0 ? path_fail(r, k->node, PATH_REGEX) : path_put_string(r, k->node, out, (struct str){p, n});
}
