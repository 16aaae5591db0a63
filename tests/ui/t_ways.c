/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Finding one's way, the parts that need no screen: the prompt's editor, numbers of rows, the palette's matches.
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

/* --- numbers of rows -------------------------------------------------------------------------- */

static void number_lists(void)
{
    static const struct {
        const char *typed;
        unsigned n, first, last;
    } good[] = {{"7", 1, 7, 7}, {"07", 1, 7, 7}, {"0", 1, 0, 0}, {"1-4,7", 5, 1, 7}, {"98-2", 5, 98, 2}, {"3,3,1-3", 3, 3, 2}};
    static const char *const bad[] = {"", ",", "-", "1-", "-1", "1,", ",1", "100", "1-100", "1--2", "1-2-3", "1,,2", "x"};
    unsigned out[LIST_NUMBERS], n;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        CU_ASSERT(numbers_parse(str_of(good[i].typed), out, &n));
        CU_ASSERT(n == good[i].n && out[0] == good[i].first && out[n - 1] == good[i].last);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (numbers_parse(str_of(bad[i]), out, &n))
            printf("\n    %s", bad[i]);
        CU_ASSERT(!numbers_parse(str_of(bad[i]), out, &n));
    }
    CU_ASSERT(numbers_parse(STR("0-99"), out, &n) && n == LIST_NUMBERS);
}

/* A number means what the last paint showed before it, on a window of a longer list too; on a page of more than a hundred
 * rows the second row of a number has none. */
static void number_painted(void)
{
    struct list l;
    unsigned item = 1234;

    list_init(&l);
    list_clear(&l, 150);
    l.base = 95;
    for (unsigned i = 0; i < 120; i++)
        list_add(&l, text_own("row"), 0, (struct text){"", 0, 0}, 40);
    list_settle(&l);
    CU_ASSERT(list_number(&l, 0) == 96 && list_number(&l, 4) == 0 && list_number(&l, 5) == 1);
    CU_ASSERT(!list_numbered(&l, 96, &item)); /* nothing was painted */
    l.painted_end = 10;
    CU_ASSERT(list_numbered(&l, 96, &item) && item == 0);
    CU_ASSERT(list_numbered(&l, 1, &item) && item == 5);
    CU_ASSERT(!list_numbered(&l, 6, &item));
    l.painted_end = 120;
    CU_ASSERT(list_numbered(&l, 96, &item) && item == 0);
    l.painted = 3;
    CU_ASSERT(list_numbered(&l, 96, &item) && item == 100);
    l.plain = true;
    CU_ASSERT(!list_numbered(&l, 1, &item));
    list_fini(&l);
}

/* --- the palette ------------------------------------------------------------------------------ */

/* Every command that a screen has is found there by its id and by each of its mnemonics, alone or the first of its rank. */
static void palette_finds_all(void)
{
    struct palette_match m[PALETTE_MAX];
    unsigned n, seen = 0;
    const struct command *c = command_table(&n);

    for (unsigned i = 0; i < n; i++)
        for (unsigned where = ON_LOCK; command_where_name(where); where <<= 1) {
            struct str rest = str_of(c[i].mnemonic);

            if (!(c[i].where & where & ON_LISTS) || c[i].keys[0] == '@' || !strcmp(c[i].id, "palette"))
                continue;
            CU_ASSERT(palette_best(m, palette_find(where, false, str_of(c[i].id), m)) == 1 && m[0].c == &c[i]);
            while (rest.p && rest.n) {
                unsigned k = palette_find(where, true, str_split(&rest, ' '), m);

                if (palette_best(m, k) != 1)
                    printf("\n    %s", c[i].id);
                CU_ASSERT(palette_best(m, k) == 1);
                seen++;
            }
        }
    CU_ASSERT(seen > 50);
}

static const char *only(unsigned where, bool chart, const char *word)
{
    struct palette_match m[PALETTE_MAX];
    unsigned n = palette_find(where, chart, str_of(word), m), k;
    const struct kind_section *s = kind_sections(&k);

    if (palette_best(m, n) != 1)
        return n ? "many" : "none";
    return m[0].c->keys[0] == '@' ? s[m[0].arg].name : m[0].c->id;
}

static void palette_words(void)
{
    static const struct {
        unsigned where;
        bool chart;
        const char *word, *id;
    } rows[] = {
        {ON_CHART, true, "cc", "chart.sections"},  {ON_CHART, true, "m", "medicines"},
        {ON_CHART, true, "Medi", "medicines"},     {ON_CHART, true, "labs", "labs"},
        {ON_CHART, true, "results", "labs"},       {ON_CHART, true, "o", "orders"},
        {ON_CHART, true, "pro", "many"},           {ON_CHART, true, "prob", "problems"},
        {ON_CHART, true, "^", "back"},             {ON_CHART, true, "^^", "patients"},
        {ON_CHART, true, "?", "help"},             {ON_WORKLIST, false, "medicines", "none"},
        {ON_WORKLIST, false, "RD", "list.reload"}, {ON_DETAIL, true, "raw", "detail.raw"},
        {ON_WORKLIST, false, "EX", "exit"},        {ON_WORKLIST, false, "loc", "lock"},
        {ON_WORKLIST, false, "qwx", "none"},       {ON_LOCK, false, "Enter", "none"},
        {ON_DETAIL, true, "  LK ", "lock"},        {ON_BANNER, true, "vital", "vitals"},
    };
    struct palette_match m[PALETTE_MAX];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *got = only(rows[i].where, rows[i].chart, rows[i].word);

        if (strcmp(got, rows[i].id))
            printf("\n    %s: %s, not %s", rows[i].word, got, rows[i].id);
        CU_ASSERT(!strcmp(got, rows[i].id));
    }
    CU_ASSERT(palette_find(ON_WORKLIST, false, STR(""), m) > 15);
    CU_ASSERT(!palette_find(ON_WORKLIST, false, STR("\xff\xfe"), m));
}

static const struct unit_test tests[] = {
    {"prompt: characters in, characters out", prompt_edits},
    {"prompt: full", prompt_full},
    {"prompt: what stood there", prompt_fresh},
    {"numbers: 1-4,7", number_lists},
    {"numbers: what was painted", number_painted},
    {"palette: every command by id and mnemonic", palette_finds_all},
    {"palette: letters that are enough", palette_words},
};

int main(void)
{
    return unit_main("ways", tests, sizeof tests / sizeof *tests);
}
