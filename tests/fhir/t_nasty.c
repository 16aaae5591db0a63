/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What nasty/make-nasty.py makes, through scanner, tape and index: json/, utf8/, number/ and bundle/. What a
 * reader of the cache may meet is what comes out here; tests/cli/nasty.py does the same through the program.
 */
#include "config.h"

#include "tests/unit.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "fhir/bundle.h"
#include "fhir/index.h"

extern char **environ;

static char dir[] = "/tmp/wardline-nasty-XXXXXX";
static bool made;

/* Runs argv; true when it ends with 0. */
static bool run(const char *const *argv)
{
    pid_t pid;
    int status;

    return !posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)argv, environ) && waitpid(pid, &status, 0) == pid &&
           WIFEXITED(status) && !WEXITSTATUS(status);
}

static bool here(void)
{
    const char *make = made ? NULL : unit_data("nasty/make-nasty.py");
    const char *argv[] = {"python3", make, dir, "--big", "9000000", NULL};

    if (made)
        return true;
    if (!make)
        return false;
    CU_ASSERT_FATAL(mkdtemp(dir) && run(argv));
    return made = true;
}

/* What became of a file. */
struct fate {
    int scan;                    /* the scanner's code */
    unsigned resources, toobig;  /* handed over; over the limit */
    unsigned whole;              /* of those: the tape takes them */
    unsigned rows;               /* of those: with a type and an id */
    int tape;                    /* the last one's code, and where it stopped being JSON */
    struct buf last, links;
};

static int on_resource(void *arg, int outer, struct str bytes)
{
    struct fate *f = arg;
    struct fhir_index x;
    struct arena a;
    struct tape t;

    (void)outer;
    f->resources++;
    buf_clear(&f->last);
    buf_addstr(&f->last, bytes);
    f->tape = tape_parse(&t, bytes, NULL);
    f->whole += !f->tape;
    arena_init(&a, LIMIT_RESOURCE_BYTES);
    if (!f->tape)
        f->rows += !fhir_index(&t, "@BASE@", &a, &x, NULL);
    arena_fini(&a);
    tape_fini(&t);
    return 0;
}

static int on_link(void *arg, int outer, struct str relation, struct str url)
{
    struct fate *f = arg;

    (void)outer;
    return str_is(relation, "next") ? buf_addf(&f->links, "%.*s ", STR_ARG(url)) : 0;
}

static int on_toobig(void *arg, int outer, struct str head)
{
    (void)outer;
    CU_ASSERT(head.n > 0 && head.n <= LIMIT_TEXT_CELL);
    ((struct fate *)arg)->toobig++;
    return 0;
}

/* In pieces of an odd size, so that tokens are cut. */
static struct fate meet(const char *name)
{
    struct fate f = {0};
    struct bundle_sink sink = {.resource = on_resource, .link = on_link, .toobig = on_toobig, .arg = &f};
    struct bundle_scan *s;
    char path[300], piece[1021];
    size_t n;
    FILE *in;

    buf_init(&f.last, LIMIT_RESOURCE_BYTES);
    buf_init(&f.links, 10000);
    snprintf(path, sizeof path, "%s/%s", dir, name);
    in = fopen(path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(in);
    CU_ASSERT_EQUAL_FATAL(bundle_new(&sink, LIMIT_PAGE_BYTES, &s), ERR_OK);
    while (!f.scan && (n = fread(piece, 1, sizeof piece, in)))
        f.scan = bundle_feed(s, (struct str){piece, n}, NULL);
    if (!f.scan)
        f.scan = bundle_end(s, NULL);
    bundle_free(s);
    fclose(in);
    return f;
}

static void leave(struct fate *f)
{
    buf_fini(&f->last);
    buf_fini(&f->links);
}

static void as_written(void)
{
    static const struct {
        const char *name;
        int scan;
        unsigned resources, whole, rows;
    } rows[] = {
        {"json/huge-string.json", ERR_TOOBIG, 0, 0, 0},
        {"json/nested-200.json", ERR_TOOBIG, 0, 0, 0},
        {"json/nested-100000.json", ERR_TOOBIG, 0, 0, 0},
        {"json/duplicate-keys.json", ERR_OK, 1, 0, 0},
        {"json/missing-resourceType.json", ERR_OK, 1, 1, 0},
        {"json/wrong-resourceType.json", ERR_OK, 1, 1, 0},
        {"json/unknown-resource.json", ERR_OK, 1, 1, 1},
        {"json/id-too-long.json", ERR_OK, 1, 1, 0},
        {"json/id-traversal.json", ERR_OK, 1, 1, 0},
        {"json/types-wrong.json", ERR_OK, 1, 1, 1},
        {"json/nulls.json", ERR_OK, 1, 1, 1},
        {"json/empty.json", ERR_CUT, 0, 0, 0},
        {"json/whitespace.json", ERR_CUT, 0, 0, 0},
        {"json/null.json", ERR_NOTFHIR, 0, 0, 0},
        {"json/array.json", ERR_NOTFHIR, 0, 0, 0},
        {"json/trailing.json", ERR_JSON, 0, 0, 0},
        {"json/comment.json", ERR_OK, 1, 0, 0},
        {"json/nan.json", ERR_OK, 1, 0, 0},
        {"json/truncated-1.json", ERR_CUT, 0, 0, 0},
        {"json/truncated-20.json", ERR_CUT, 0, 0, 0},
        {"json/truncated-240.json", ERR_CUT, 1, 1, 1},
        {"json/truncated-479.json", ERR_CUT, 3, 3, 3},
        {"json/html-error.json", ERR_NOTFHIR, 0, 0, 0},
        {"json/xml.json", ERR_NOTFHIR, 0, 0, 0},
        {"json/many-keys.json", ERR_OK, 1, 0, 0}, /* two nodes a member: over LIMIT_NODES */
        {"json/many-contained.json", ERR_OK, 1, 1, 1},
        {"utf8/bom.json", ERR_NOTFHIR, 0, 0, 0},
        {"utf8/utf16le.json", ERR_NOTFHIR, 0, 0, 0},
        {"utf8/escaped-lone-surrogate.json", ERR_OK, 1, 1, 1},
        {"utf8/escaped-nul.json", ERR_OK, 1, 1, 1},
        {"bundle/no-total.json", ERR_OK, 0, 0, 0},
        {"bundle/entry-no-resource.json", ERR_OK, 1, 1, 0},
        {"bundle/duplicate-ids.json", ERR_OK, 3, 3, 3},
        {"bundle/other-patient.json", ERR_OK, 1, 1, 1},
        {"bundle/reference-cycle.json", ERR_OK, 3, 3, 3},
        {"bundle/contained-cycle.json", ERR_OK, 1, 1, 1},
        {"bundle/merged-patient.json", ERR_OK, 1, 1, 1},
        {"bundle/merged-loop.json", ERR_OK, 1, 1, 1},
        {"bundle/operation-outcome-huge.json", ERR_OK, 1, 1, 0},
        {"bundle/capability-lies.json", ERR_OK, 1, 1, 0},
    };

    for (size_t i = 0; here() && i < sizeof rows / sizeof *rows; i++) {
        struct fate f = meet(rows[i].name);

        if (f.scan != rows[i].scan || f.resources != rows[i].resources || f.whole != rows[i].whole || f.rows != rows[i].rows)
            printf("\n    %s: %s, %u handed over, %u whole (%s), %u rows ", rows[i].name, err_name(f.scan), f.resources,
                   f.whole, err_name(f.tape), f.rows);
        CU_ASSERT_EQUAL(f.scan, rows[i].scan);
        CU_ASSERT_EQUAL(f.resources, rows[i].resources);
        CU_ASSERT_EQUAL(f.whole, rows[i].whole);
        CU_ASSERT_EQUAL(f.rows, rows[i].rows);
        leave(&f);
    }
}

static void next_links(void)
{
    static const char *const rows[][2] = {
        {"bundle/loop-1.json", "@BASE@/Patient?page=2 "},
        {"bundle/loop-2.json", "@BASE@/Patient?page=1 "},
        {"bundle/next-self.json", "@BASE@/Patient?page=1 "},
        {"bundle/next-other-host.json", "http://evil.example/Patient?page=2 "},
        {"bundle/next-file.json", "file:///etc/passwd "},
        {"bundle/next-relative.json", "Patient?page=2 "},
        {"bundle/next-endless.json", "@BASE@/Patient?page=2 "},
        {"number/total-negative.json", ""},
        {"number/total-huge.json", ""},
    };

    for (size_t i = 0; here() && i < sizeof rows / sizeof *rows; i++) {
        struct fate f = meet(rows[i][0]);

        CU_ASSERT_EQUAL(f.scan, ERR_OK);
        UNIT_STR(f.links.p ? f.links.p : "", rows[i][1]);
        leave(&f);
    }
}

/* Each line of index.tsv whose name begins so: name and kind. */
static void each_line(const char *prefix, void (*look)(const char *name, const char *kind))
{
    char path[300], line[500];
    FILE *f;

    snprintf(path, sizeof path, "%s/index.tsv", dir);
    f = fopen(path, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    while (fgets(line, sizeof line, f)) {
        char *kind = strchr(line, '\t'), *end = kind ? strchr(kind + 1, '\t') : NULL;

        if (!end || strncmp(line, prefix, strlen(prefix)))
            continue;
        *kind++ = *end = '\0';
        look(line, kind);
    }
    fclose(f);
}

/* A decimal either stays as it was written or its resource is refused. */
static void number(const char *name, const char *kind)
{
    static const char *const bad[] = {"100.", "00.5", ".5", "+1", "1_000", "0x10", "1,5", "Infinity"};
    const char *lexeme = strchr(kind, ' ') + 1;
    struct fate f;
    bool valid = true;

    if (strncmp(kind, "decimal ", 8))
        return;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        valid &= strcmp(lexeme, bad[i]) != 0;
    f = meet(name);
    CU_ASSERT_EQUAL(f.scan, ERR_OK);
    CU_ASSERT_EQUAL(f.whole, valid);
    if (valid) {
        struct tape t;

        CU_ASSERT_EQUAL_FATAL(tape_parse(&t, buf_str(&f.last), NULL), ERR_OK);
        /* the index shortens the longest ones */
        CU_ASSERT(str_starts(tape_lexeme(&t, tape_path(&t, 0, "valueQuantity.value")), lexeme));
        tape_fini(&t);
    }
    leave(&f);
}

static void numbers(void)
{
    if (here())
        each_line("number/", number);
}

static void bad_bytes(const char *name, const char *kind)
{
    struct fate f;

    if (strcmp(kind, "invalid JSON or UTF-8"))
        return;
    f = meet(name);
    CU_ASSERT_EQUAL(f.whole, 0);
    CU_ASSERT(f.scan || f.tape == ERR_JSON);
    leave(&f);
}

static void utf8(void)
{
    if (here())
        each_line("utf8/", bad_bytes);
}

static void swept(void)
{
    const char *argv[] = {"rm", "-rf", dir, NULL};

    if (made)
        CU_ASSERT(run(argv));
}

static const struct unit_test tests[] = {
    {"each file comes out as written here", as_written},
    {"next links are told as they stand", next_links},
    {"numbers stay as written or are refused", numbers},
    {"bytes that are not UTF-8 are refused", utf8},
    {"the folder is gone", swept},
};
UNIT_MAIN("nasty", tests)
