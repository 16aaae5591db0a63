/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Finding one's way, the parts that need no screen: the prompt's editor, numbers of rows, the palette's matches,
 * and wardline.conf.
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

/* --- the mouse -------------------------------------------------------------------------------- */

static int one_key(struct keys *k, const char *bytes)
{
    int out[2], key = 0;

    for (; *bytes; bytes++)
        if (keys_feed(k, (unsigned char)*bytes, out))
            key = out[0];
    return key;
}

static void mouse_reports(void)
{
    static const char *const nothing[] = {"\033[<0;10;5m", "\033[<2;10;5M", "\033[<32;10;5M", "\033[<4;10;5M", "\033[<0;0;5M", "\033[<0;10M",
                                          "\033[<;;M", "\033[<0;10;5;7M", "\033[<0;99999;5M", "\033[<M", "\033[0;10;5M"};
    struct keys k;

    keys_init(&k);
    CU_ASSERT_EQUAL(one_key(&k, "\033[<0;10;5M"), 0); /* off: swallowed whole */
    k.mouse = true;
    CU_ASSERT_EQUAL(one_key(&k, "\033[<0;10;5M"), KEYS_CLICK);
    CU_ASSERT(k.at_row == 4 && k.at_col == 9);
    CU_ASSERT_EQUAL(one_key(&k, "\033[<64;80;24M"), KEYS_WHEEL_UP);
    CU_ASSERT_EQUAL(one_key(&k, "\033[<65;1;1M"), KEYS_WHEEL_DOWN);
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
        CU_ASSERT_EQUAL(one_key(&k, nothing[i]), 0);
    CU_ASSERT_EQUAL(one_key(&k, "j"), 'j');
}

/* A click means the row as it was painted, of however many lines. */
static void rows_clicked(void)
{
    struct list l;
    unsigned item = 99;

    list_init(&l);
    list_clear(&l, 10);
    for (unsigned i = 0; i < 6; i++)
        list_add(&l, text_own(i == 1 ? "a row that needs three lines of twenty columns" : "row"), 0, (struct text){"", 0, 0}, 20);
    list_settle(&l);
    CU_ASSERT(list_line_of(&l, 2) == 4);
    CU_ASSERT(!list_at_row(&l, 0, &item)); /* not painted */
    l.painted_end = 6;
    l.page_row = 0;
    list_shown(&l);
    CU_ASSERT(list_at_row(&l, 0, &item) && item == 0);
    CU_ASSERT(list_at_row(&l, 3, &item) && item == 1);
    CU_ASSERT(list_at_row(&l, 4, &item) && item == 2);
    CU_ASSERT(list_at_row(&l, 7, &item) && item == 5);
    l.page_row = 3; /* a page that begins below other things */
    CU_ASSERT(!list_at_row(&l, 2, &item) && list_at_row(&l, 3, &item) && item == 0);
    l.page_row = 0;
    CU_ASSERT(!list_at_row(&l, 8, &item) && !list_at_row(&l, 17, &item));
    list_fini(&l);
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
        for (uint64_t where = ON_LOCK; command_where_name(where); where <<= 1) {
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

static const char *only(uint64_t where, bool chart, const char *word)
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
        uint64_t where;
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

/* --- wardline.conf ---------------------------------------------------------------------------- */

static struct conf conf;

static const char *found(uint64_t where, const char *key)
{
    int arg;
    const struct command *c = conf_find(&conf, where, keys_code(str_of(key)), &arg);

    return c ? c->id : "";
}

static void read_conf(const char *text)
{
    memset(&conf, 0, sizeof conf);
    conf_parse(&conf, str_of(text));
}

static void conf_binds(void)
{
    struct arena a;

    arena_init(&a, 4096);
    read_conf("# ours\n\n  bind list.next n F8\t\nunbind list.last G\nunbind undo\nbind lock X\nunbind lock L\ntheme marked\nmouse on\n");
    CU_ASSERT(!conf.faults && !strcmp(conf.theme, "marked") && conf.mouse);
    CU_ASSERT(!strcmp(found(ON_WORKLIST, "n"), "list.next") && !strcmp(found(ON_DETAIL, "F8"), "list.next"));
    CU_ASSERT(!strcmp(found(ON_WORKLIST, "Space"), "list.next")); /* what is not taken away stays */
    CU_ASSERT(!strcmp(found(ON_WORKLIST, "G"), "") && !strcmp(found(ON_WORKLIST, "End"), "list.last"));
    CU_ASSERT(!strcmp(found(ON_CHART, "z"), "") && !strcmp(found(ON_CHART, "X"), "lock") && !strcmp(found(ON_CHART, "L"), ""));
    CU_ASSERT(!strcmp(found(ON_CHART, "n"), "list.next")); /* a section's letter too: gn is left for it */
    for (unsigned n, i = 0; i < (command_table(&n), n); i++)
        if (!strcmp(command_table(&n)[i].id, "list.next"))
            CU_ASSERT(!strcmp(conf_keys(&conf, &command_table(&n)[i], &a), "n F8 Space PgDn + Ctrl-F"));
    read_conf("bind list.next n\nunbind list.next n\nunbind list.next Space\nbind list.next Space\n");
    CU_ASSERT(!strcmp(found(ON_WORKLIST, "n"), "") && !strcmp(found(ON_WORKLIST, "Space"), "list.next")); /* the last line holds */
    arena_fini(&a);
}

/* Kills tests/mutants/ui-conf-ask.patch and ui-conf-stop.patch: no file may change what answers a question. */
static void conf_refuses(void)
{
    static const struct {
        const char *line;
        enum conf_fault fault;
    } rows[] = {
        {"bind ask.yes x", CONF_QUESTION},   {"unbind ask.no n", CONF_QUESTION},  {"bind lock.open x", CONF_QUESTION},
        {"bind list.open q", CONF_FIXED},    {"bind exit Enter", CONF_FIXED},     {"unbind back q", CONF_FIXED},
        {"bind undo Ctrl-C", CONF_FIXED},    {"unbind list.open Enter", CONF_FIXED}, {"bind list.number x", CONF_QUESTION},
        {"bind no.such x", CONF_NO_COMMAND}, {"bind list.down Hyper", CONF_NO_KEY}, {"bind list.down", CONF_NO_KEY},
        {"bind list.down x Hyper", CONF_NO_KEY}, {"bind", CONF_NO_COMMAND},       {"theme ../x", CONF_VALUE},
        {"theme", CONF_VALUE},               {"mouse maybe", CONF_VALUE},         {"colour red", CONF_NO_LINE},
    };
    char text[200], said[300];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(text, sizeof text, "mouse on\n%s\ntheme thin\n", rows[i].line);
        read_conf(text);
        if (conf.fault != rows[i].fault)
            printf("\n    %s: %d", rows[i].line, conf.fault);
        CU_ASSERT(conf.fault == rows[i].fault && conf.line == 2 && conf.faults == 1 && !conf.n);
        CU_ASSERT(conf_say(&conf, said, sizeof said) && strstr(said, "wardline.conf, line 2: "));
        CU_ASSERT(conf.mouse && !strcmp(conf.theme, "thin")); /* the other lines hold */
        CU_ASSERT(!strcmp(found(ON_ASK, "y"), "ask.yes") && !strcmp(found(ON_ASK, "x"), "") && !strcmp(found(ON_CHART, "q"), "back") &&
                  !strcmp(found(ON_CHART, "Enter"), "list.open"));
    }
    read_conf("bind list.down x\nunbind list.down j\n"); /* not on a page that stops: there it moves to whom Enter opens */
    CU_ASSERT(!conf.faults && !strcmp(found(ON_CHART, "x"), "list.down") && !strcmp(found(ON_CHART, "j"), ""));
    CU_ASSERT(!strcmp(found(ON_STOP, "x"), "") && !strcmp(found(ON_STOP, "j"), "list.down"));
    read_conf("x\ny\n");
    CU_ASSERT(conf_say(&conf, said, sizeof said) && strstr(said, "(and 1 more line)"));
    read_conf("unbind list.open\nunbind back\n"); /* all of its keys, but those that stay */
    CU_ASSERT(!conf.faults && !strcmp(found(ON_CHART, "Enter"), "list.open") && !strcmp(found(ON_CHART, "Right"), "") && !strcmp(found(ON_CHART, "q"), "back"));
}

static void conf_limits(void)
{
    struct buf b;

    buf_init(&b, 1 << 20);
    for (unsigned i = 0; i < 300; i++)
        buf_adds(&b, "bind undo F7\n");
    memset(&conf, 0, sizeof conf);
    conf_parse(&conf, buf_str(&b));
    CU_ASSERT(conf.n == CONF_BINDS && conf.fault == CONF_MANY && conf.line == CONF_BINDS + 1 && conf.faults == 300 - CONF_BINDS);
    while (b.n <= CONF_BYTES)
        buf_adds(&b, "# a comment that goes on and on\n");
    memset(&conf, 0, sizeof conf);
    conf_parse(&conf, buf_str(&b));
    CU_ASSERT(conf.fault == CONF_LARGE && !conf.n);
    buf_fini(&b);
}

static const struct unit_test tests[] = {
    {"prompt: characters in, characters out", prompt_edits},
    {"prompt: full", prompt_full},
    {"prompt: what stood there", prompt_fresh},
    {"mouse: what is a key and what is nothing", mouse_reports},
    {"mouse: the row that was clicked", rows_clicked},
    {"numbers: 1-4,7", number_lists},
    {"numbers: what was painted", number_painted},
    {"palette: every command by id and mnemonic", palette_finds_all},
    {"palette: letters that are enough", palette_words},
    {"conf: keys given and taken", conf_binds},
    {"conf: what is refused, in words", conf_refuses},
    {"conf: limits", conf_limits},
};

int main(void)
{
    return unit_main("ways", tests, sizeof tests / sizeof *tests);
}
