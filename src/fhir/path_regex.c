/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * matches() and replaceMatches() by PCRE2, in steps and with limits: an expression of a form must not hold the program
 * up. Dots take line ends (specification 5.6: single line mode); what a replacement names with $ is a group.
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
#define MOST_SUBJECT 65536
#define MOST_RESULT (PATH_MAX_ARENA / 4)
#define LOOK_EVERY 64        /* items, between looks at the clock */

struct regex {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *limits;
    struct path_run *r;
    const struct path_node *n;
    PCRE2_SIZE at;   /* where the last item began */
    uint32_t items, back; /* back: the highest group that the pattern looks back at */
};

static void regex_fini(struct regex *x)
{
    pcre2_match_context_free(x->limits);
    pcre2_match_data_free(x->data);
    pcre2_code_free(x->code);
}

/* Before each item of the pattern. MATCH_LIMIT counts anew at each place in the subject and at each match: these steps
 * are of the whole evaluation. An item moves over any number of characters without a word; one that looks back at a
 * group reads it once more. */
static int item(pcre2_callout_block *b, void *arg)
{
    struct regex *x = arg;
    size_t moved = b->current_position > x->at ? b->current_position - x->at : x->at - b->current_position;

    if (x->back && b->current_position > b->start_match)
        moved += b->current_position - b->start_match;
    x->at = b->current_position;
    if (++x->items % LOOK_EVERY == 0)
        path_late(x->r, x->n);
    return path_bytes(x->r, x->n, moved) ? PCRE2_ERROR_CALLOUT : 0;
}

static bool regex_init(struct regex *x, struct str pattern, struct str flags, bool whole)
{
    uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_DOTALL | PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT;
    PCRE2_SIZE at;
    int why;

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
    if (!x->data || !x->limits || pcre2_pattern_info(x->code, PCRE2_INFO_BACKREFMAX, &x->back))
        return false;
    pcre2_set_match_limit(x->limits, MATCH_LIMIT);
    pcre2_set_depth_limit(x->limits, DEPTH_LIMIT);
    pcre2_set_heap_limit(x->limits, HEAP_LIMIT);
    pcre2_set_callout(x->limits, item, x);
    return true;
}

/* Input, pattern and flags; false: one is empty, or it failed. A pattern costs what a hundred steps do, at least. */
static bool arguments(struct path_run *r, const struct path_call *k, struct str *s, struct str *pattern, unsigned flag,
                      struct str *flags)
{
    *flags = STR("");
    if (path_one_string(r, k->node, &k->in, s) != 1 || path_one_string(r, k->node, &k->arg[0], pattern) != 1 ||
        (k->node->args > flag && path_one_string(r, k->node, &k->arg[flag], flags) != 1))
        return false;
    if (s->n > MOST_SUBJECT)
        path_fail(r, k->node, PATH_TOO_LONG);
    return !path_step(r, k->node, 100 + (unsigned)(pattern->n < MOST_PATTERN ? pattern->n : MOST_PATTERN)) &&
           !path_bytes(r, k->node, s->n);
}

PATH_FN(path_fn_matches)
{
    struct str s, pattern, flags;
    struct regex x = {.r = r, .n = k->node};
    int found = -1;

    if (!arguments(r, k, &s, &pattern, 1, &flags))
        return r->failed;
    if (regex_init(&x, pattern, flags, k->node->fn->kind)) {
        found = pcre2_match(x.code, (PCRE2_SPTR)(s.n ? s.p : ""), s.n, 0, 0, x.data, x.limits);
        found = found > 0 ? 1 : found == PCRE2_ERROR_NOMATCH ? 0 : -1;
    }
    regex_fini(&x);
    return found < 0 || r->failed ? path_fail(r, k->node, PATH_REGEX) : path_put_bool(r, k->node, out, found);
}

/* Into room of the arena: a guess, then what PCRE2 says that it takes. Its code, or what pcre2_substitute says. */
static int substitute(struct regex *x, struct str s, struct str by, struct str *out)
{
    PCRE2_SIZE room = s.n + by.n + 256, n;
    int done = PCRE2_ERROR_NOMEMORY;

    for (int i = 0; i < 2 && done == PCRE2_ERROR_NOMEMORY && room <= MOST_RESULT; i++) {
        char *p = arena_alloc(x->r->a, room);

        if (!p)
            break;
        n = room;
        done = pcre2_substitute(x->code, (PCRE2_SPTR)(s.n ? s.p : ""), s.n, 0,
                                PCRE2_SUBSTITUTE_GLOBAL | PCRE2_SUBSTITUTE_UNSET_EMPTY |
                                    PCRE2_SUBSTITUTE_OVERFLOW_LENGTH, x->data, x->limits,
                                (PCRE2_SPTR)(by.n ? by.p : ""), by.n, (PCRE2_UCHAR *)p, &n);
        *out = (struct str){p, n};
        room = n;
    }
    return done;
}

PATH_FN(path_fn_replace_matches)
{
    struct str s, pattern, by, flags, made = STR("");
    struct regex x = {.r = r, .n = k->node};
    int done = -1;

    if (!arguments(r, k, &s, &pattern, 2, &flags) || path_one_string(r, k->node, &k->arg[1], &by) != 1)
        return r->failed;
    if (!pattern.n) /* as R4's suite has it: no pattern, no place */
        return path_put_string(r, k->node, out, s);
    if (regex_init(&x, pattern, flags, false))
        done = substitute(&x, s, by, &made);
    regex_fini(&x);
    if (done == PCRE2_ERROR_NOMEMORY)
        return path_fail(r, k->node, PATH_TOO_LONG);
    return done < 0 || r->failed ? path_fail(r, k->node, PATH_REGEX) : path_put_string(r, k->node, out, made);
}
