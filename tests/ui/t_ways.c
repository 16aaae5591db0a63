/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Finding one's way, the parts that need no screen: the prompt's editor.
 */
#include "config.h"

#include <string.h>

#include "tests/unit.h"
#include "ui/priv.h"

static void type(struct prompt *p, const char *utf8)
{
    struct str rest = str_of(utf8);

    while (rest.n) {
        uint32_t c;
        size_t k = text_decode(rest, &c);

        prompt_edit(p, (int)c);
        rest = (struct str){rest.p + k, rest.n - k};
    }
}

static bool says(const struct prompt *p, const char *want)
{
    return str_eq((struct str){p->typed, p->n}, str_of(want));
}

static void prompt_edits(void)
{
    struct prompt p = {0};

    type(&p, "a\xc3\xa9\xe7\x8e\x8bz");
    CU_ASSERT(says(&p, "a\xc3\xa9\xe7\x8e\x8bz"));
    CU_ASSERT(prompt_edit(&p, KEYS_BACKSPACE) && prompt_edit(&p, KEYS_BACKSPACE));
    CU_ASSERT(says(&p, "a\xc3\xa9")); /* a whole character each time */
    CU_ASSERT(prompt_edit(&p, KEYS_BACKSPACE) && says(&p, "a"));
    CU_ASSERT(!prompt_edit(&p, KEYS_BYTE + 0xe9)); /* no UTF-8: not taken */
    CU_ASSERT(!prompt_edit(&p, KEYS_UP) && says(&p, "a"));
    CU_ASSERT(prompt_edit(&p, 'U' - '@') && !p.n);
    CU_ASSERT(!prompt_edit(&p, 'U' - '@') && !prompt_edit(&p, KEYS_BACKSPACE));
}

static void prompt_full(void)
{
    struct prompt p = {0};

    for (unsigned i = 0; i < PROMPT_MAX - 1; i++)
        CU_ASSERT(prompt_edit(&p, 'x'));
    CU_ASSERT(!prompt_edit(&p, 0xe9)); /* half of it has room: none of it is taken */
    CU_ASSERT_EQUAL(p.n, PROMPT_MAX - 1);
    CU_ASSERT(prompt_edit(&p, 'y') && !prompt_edit(&p, 'z'));
    CU_ASSERT_EQUAL(p.n, PROMPT_MAX);
}

/* The old filter stands there; a character begins anew, erasing goes on with it. */
static void prompt_fresh(void)
{
    struct ui *u = calloc(1, sizeof *u);
    static const struct prompt_kind kind = {.where = ON_PROMPT, .label = "Find:"};
    char longer[PROMPT_MAX + 1];

    memset(longer, 'x', sizeof longer);
    memcpy(longer + PROMPT_MAX - 1, "\xc3\xa9", 2);
    prompt_open(u, &kind, str_of("smi"));
    CU_ASSERT(prompt_is(u, &kind) && says(&u->prompt, "smi"));
    CU_ASSERT(prompt_edit(&u->prompt, KEYS_BACKSPACE) && says(&u->prompt, "sm"));
    CU_ASSERT(prompt_edit(&u->prompt, 'a') && says(&u->prompt, "sma"));
    prompt_open(u, &kind, prompt_typed(u));
    CU_ASSERT(says(&u->prompt, "sma"));
    CU_ASSERT(prompt_edit(&u->prompt, 'j') && says(&u->prompt, "j"));
    prompt_open(u, &kind, (struct str){longer, sizeof longer});
    CU_ASSERT_EQUAL(u->prompt.n, PROMPT_MAX - 1); /* no half of a character */
    prompt_key(u, 'U' - '@');
    CU_ASSERT(prompt_is(u, &kind));
    prompt_key(u, KEYS_BACKSPACE); /* nothing left to erase */
    CU_ASSERT(prompt_is(u, NULL) && !prompt_typed(u).n);
    free(u);
}

static const struct unit_test tests[] = {
    {"prompt: characters in, characters out", prompt_edits},
    {"prompt: full", prompt_full},
    {"prompt: what stood there", prompt_fresh},
};

int main(void)
{
    return unit_main("ways", tests, sizeof tests / sizeof *tests);
}
