/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The reader of data files.
 */
#include "config.h"

#include "tests/unit.h"

#include <errno.h>
#include <unistd.h>

#include "base/tsv.h"

#define HEAD "# SPDX-License-Identifier: GPL-3.0-or-later\n# what: made up\n# date: 2026-11-30\n# rows: 2\n"
#define GOOD HEAD "name\tnote\n a \tone: two\n\n# between\nb\t\n"

static int code_of(const char *z, struct tsv *t, struct err *e)
{
    *e = ERR_NONE;
    return tsv_parse(str_of(z), "x.tsv", t, e);
}

static void a_file(void)
{
    struct str cell[TSV_COLUMNS];
    struct tsv t;
    struct err e;

    CU_ASSERT_EQUAL_FATAL(code_of(GOOD, &t, &e), ERR_OK);
    CU_ASSERT_EQUAL(t.rows, 2);
    CU_ASSERT_EQUAL(t.columns, 2);
    CU_ASSERT(str_is(tsv_head(&t, "date"), "2026-11-30"));
    CU_ASSERT(str_is(tsv_head(&t, "what"), "made up"));
    CU_ASSERT(!tsv_head(&t, "licence").n && !tsv_head(&t, "between").n);
    CU_ASSERT_EQUAL(tsv_column(&t, "note"), 1);
    CU_ASSERT_EQUAL(tsv_column(&t, "none"), -1);
    CU_ASSERT(tsv_has(&t, "name") && tsv_has(&t, "name\tnote") && !tsv_has(&t, "note") && !tsv_has(&t, "name\tnote\tx"));
    CU_ASSERT(tsv_next(&t, cell) && str_is(cell[0], "a") && str_is(cell[1], "one: two"));
    CU_ASSERT_EQUAL(t.line, 6);
    CU_ASSERT(tsv_next(&t, cell) && str_is(cell[0], "b") && !cell[1].n);
    CU_ASSERT_EQUAL(t.line, 9);
    CU_ASSERT(!tsv_next(&t, cell));
}

/* REQ: a file that was cut anywhere, or emptied, is refused whole: half a list of dangers is none. */
static void a_cut_file(void)
{
    static const char whole[] = GOOD;
    char part[sizeof whole];
    struct tsv t;
    struct err e;

    for (size_t n = 0; n < sizeof whole - 1; n++) {
        memcpy(part, whole, n);
        part[n] = '\0';
        CU_ASSERT_NOT_EQUAL(code_of(part, &t, &e), ERR_OK);
        CU_ASSERT(!t.rows && !t.body.n && !strcmp(e.what, "x.tsv"));
    }
    CU_ASSERT_EQUAL(code_of(HEAD "name\tnote\na\tb\n", &t, &e), ERR_INPUT);
    CU_ASSERT_EQUAL(e.num, 0);
}

static void no_such_file(void)
{
    static const struct {
        const char *bytes;
        int code, line;
    } rows[] = {
        {"", ERR_EMPTY, 0},           {"# only: a head\n", ERR_EMPTY, 0}, {"a\tb\n", ERR_EMPTY, 0},
        {"a\tb\nc\n", ERR_INPUT, 2},  {"a\tb\nc\td\te\n", ERR_INPUT, 2},  {"a\ta\nc\td\n", ERR_INPUT, 1},
        {"a\t\nc\td\n", ERR_INPUT, 1}, {"a\nb\033[2J\n", ERR_INPUT, 2},   {"a\n\xff\n", ERR_INPUT, 1},
        {"a\nb", ERR_INPUT, 2},       {"# rows: 2x\na\nb\nc\n", ERR_INPUT, 0}, {"# rows: 3\na\nb\nc\n", ERR_INPUT, 0},
    };
    char wide[3 * TSV_COLUMNS];
    struct tsv t;
    struct err e;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT_EQUAL(code_of(rows[i].bytes, &t, &e), rows[i].code);
        if (rows[i].code == ERR_INPUT)
            CU_ASSERT_EQUAL(e.num, rows[i].line);
    }
    for (size_t i = 0; i <= TSV_COLUMNS; i++) /* one column too many */
        snprintf(wide + 2 * i, 3, "%c\t", (int)('A' + i));
    wide[2 * TSV_COLUMNS + 1] = '\n', wide[2 * TSV_COLUMNS + 2] = '\0';
    CU_ASSERT_EQUAL(code_of(wide, &t, &e), ERR_INPUT);
    CU_ASSERT_EQUAL(code_of("a\tb\r\nc\td\r\n", &t, &e), ERR_OK);
}

static void on_a_disk(void)
{
    char dir[] = "/tmp/t_tsv.XXXXXX", path[64];
    struct err e = ERR_NONE;
    struct arena a;
    struct tsv t;
    FILE *f;

    CU_ASSERT_FATAL(mkdtemp(dir) != NULL);
    arena_init(&a, 1 << 20);
    CU_ASSERT_EQUAL(tsv_open(dir, "x.tsv", &a, &t, &e), ERR_NOFILE);
    CU_ASSERT(e.sub == ENOENT && !strcmp(e.what, "x.tsv"));
    snprintf(path, sizeof path, "%s/x.tsv", dir);
    CU_ASSERT_FATAL((f = fopen(path, "w")) != NULL);
    fputs(GOOD, f);
    fclose(f);
    CU_ASSERT_EQUAL(tsv_open(dir, "x.tsv", &a, &t, &e), ERR_OK);
    CU_ASSERT_EQUAL(t.rows, 2);
    CU_ASSERT(!truncate(path, 0));
    CU_ASSERT_EQUAL(tsv_open(dir, "x.tsv", &a, &t, &e), ERR_EMPTY);
    CU_ASSERT_EQUAL(tsv_open("/", "tmp", &a, &t, &e), ERR_NOFILE);
    unlink(path);
    rmdir(dir);
    arena_fini(&a);
}

static const struct unit_test tests[] = {
    {"head, columns, rows", a_file},
    {"cut anywhere", a_cut_file},
    {"what is no such file", no_such_file},
    {"on a disk", on_a_disk},
};

UNIT_MAIN("tsv", tests)
