/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/date.h"
#include "base/err.h"
#include "base/jsonw.h"
#include "base/log.h"
#include "base/path.h"
#include "base/text.h"
#include "base/translit.h"

static void date_precision(void)
{
    static const struct {
        const char *in, *out;
    } row[] = {
        {"2024", "2024"},           {"2024-02", "Feb-2024"},     {"2024-02-29", "29-Feb-2024"},
        {"2023-02-29", ""},         {"2024-13", ""},             {"0000", ""},
        {"10000-01-01", ""},        {"2024-02-29T24:00:00Z", ""}, {"2024-02-29T12:00:00", ""},
        {"2024-06-30T23:59:60Z", "30-Jun-2024 23:59"},           {"1900-02-29", ""},
        {"2026-02-25T00:00:00+14:00", "25-Feb-2026 00:00 +14:00"}, {" 2024", ""},
        {"2024-02-29T12:00:00.123456789Z", "29-Feb-2024 12:00"},  {"2024-02-29T12:00:00+99:99", ""},
    };
    char out[DATE_TEXT_MAX];
    struct date d;

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        CU_ASSERT_EQUAL(date_parse(str_of(row[i].in), &d), row[i].out[0] != '\0');
        date_text(&d, out);
        UNIT_STR(out, row[i].out);
    }
}

/* REQ CS-09: what date_text writes can be typed; in the C locale that is English. */
static void months_by_name(void)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

    for (int i = 0; i < 12; i++)
        CU_ASSERT_EQUAL(date_month((struct str){names + 3 * i, 3}), i + 1);
    CU_ASSERT_EQUAL(date_month(STR("ene")), 0);
    CU_ASSERT_EQUAL(date_month(STR("ja")), 0);
    CU_ASSERT_EQUAL(date_month(STR("")), 0);
}

static void date_round_trip(void)
{
    char out[DATE_INSTANT_MAX];
    struct date d;
    int64_t ms;

    for (int64_t day = -200000; day < 200000; day += 37) {
        d = date_of_days(day);
        CU_ASSERT_EQUAL(date_days(d.year, d.month, d.day), day);
    }
    date_instant(1700000000123, out);
    UNIT_STR(out, "2023-11-14T22:13:20.123Z");
    CU_ASSERT(date_parse(str_of(out), &d));
    CU_ASSERT_EQUAL(date_ms(&d), 1700000000123);
    CU_ASSERT(date_http(STR("Sun, 06 Nov 1994 08:49:37 GMT"), &ms));
    CU_ASSERT_EQUAL(ms, 784111777000);
}

static void ages(void)
{
    struct date b, on;
    struct date_age a;

    date_parse(STR("1996-02-29"), &b);
    date_parse(STR("2026-02-28"), &on);
    CU_ASSERT(date_age(&b, &on, &a));
    CU_ASSERT_EQUAL(a.years, 29);
    date_parse(STR("2027-01-01"), &b);
    CU_ASSERT_FALSE(date_age(&b, &on, &a));
}

/* The bytes of ESC, CR, BS, C1, bidi and tags never come out; what they were does. */
static void sanitiser(void)
{
    static const struct {
        const char *in, *out;
    } row[] = {
        {"Eve\x1b[2J", "Eve<ESC>[2J"},
        {"Dose 100 mg\rDose 1 mg", "Dose 100 mg<CR>Dose 1 mg"},
        {"100 mg\b\b1", "100 mg<BS><BS>1"},
        {"a\tb\nc\r\nd", "a b c d"},
        {"\xc2\x9b" "2J", "<U+009B>2J"},
        {"\xe2\x80\xae" "evil", "<U+202E>evil"},
        {"Eve\xf3\xa0\x81\x81", "Eve<U+E0041>"},
        {"Jo\xe2\x80\x8bhn", "John"},
        {"met\xc2\xad" "formin", "metformin"},
        {"\xff", "\xef\xbf\xbd"},
        {"Z\xcc\x80\xcc\x81\xcc\x82\xcc\x83", "Z\xcc\x80\xcc\x81"},
        {"\xd9\x85\xd8\xad", "\xd9\x85\xd8\xad"},
        /* marks do not pile up behind joiners either; what a joiner is for stays */
        {"Z\xcc\x80\xcc\x81\xe2\x80\x8d\xcc\x82\xcc\x83\xe2\x80\x8d\xcc\x84", "Z\xcc\x80\xcc\x81"},
        {"\xe0\xa4\x95\xe0\xa5\x8d\xe2\x80\x8d\xe0\xa4\xb7", "\xe0\xa4\x95\xe0\xa5\x8d\xe2\x80\x8d\xe0\xa4\xb7"},
    };
    struct arena a;

    arena_init(&a, 100000);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        UNIT_STR(text_safe(&a, str_of(row[i].in), 0).s, row[i].out);
    CU_ASSERT(str_eq((struct str){text_safe(&a, STR("a\0b"), 0).s, 7}, STR("a<NUL>b")));
    UNIT_STR(text_safe(&a, STR("abcdef"), 4).s, "abcd [+2 bytes]");
    CU_ASSERT_EQUAL(text_safe(&a, STR("\xe6\xac\xa7\xe9\x99\xbd"), 0).cols, 4);
    arena_fini(&a);
}

static void wrapping(void)
{
    struct str rest = STR("one two threefourfive six");

    CU_ASSERT(str_is(text_wrap(&rest, 8), "one two"));
    CU_ASSERT(str_is(text_wrap(&rest, 8), "threefou"));
    CU_ASSERT(str_is(text_wrap(&rest, 8), "rfive"));
    CU_ASSERT(str_is(text_wrap(&rest, 8), "six"));
    CU_ASSERT_EQUAL(rest.n, 0);
}

static void folding(void)
{
    struct buf b;

    buf_init(&b, 1000);
    CU_ASSERT_EQUAL(text_fold(&b, STR("  M\xc3\x9cLLER,  Ren\xc3\xa9" "e ")), ERR_OK);
    UNIT_STR(b.p, "muller, renee");
    buf_clear(&b);
    CU_ASSERT_EQUAL(text_fold(&b, STR("Rene\xcc\x81" "e")), ERR_OK);
    UNIT_STR(b.p, "renee");
    buf_fini(&b);
}

static void json_escapes(void)
{
    struct jsonw w;
    struct buf b;

    buf_init(&b, 1000);
    jsonw_init(&w, &b);
    jsonw_open(&w, '{');
    jsonw_key(&w, "a");
    jsonw_str(&w, STR("\x1b\"\xc2\x9b\xe2\x80\xae\n\0"));
    jsonw_key(&w, "b");
    jsonw_open(&w, '[');
    jsonw_int(&w, -1);
    jsonw_null(&w);
    jsonw_close(&w, ']');
    jsonw_close(&w, '}');
    UNIT_STR(b.p, "{\"a\":\"\\u001b\\\"\\u009b\\u202e\\n\\u0000\",\"b\":[-1,null]}");
    buf_fini(&b);
}

static void limits_hold(void)
{
    struct arena a;
    struct buf b;

    buf_init(&b, 4);
    CU_ASSERT_EQUAL(buf_adds(&b, "12345"), ERR_TOOBIG);
    CU_ASSERT_EQUAL(buf_adds(&b, "1"), ERR_TOOBIG);
    buf_clear(&b);
    CU_ASSERT_EQUAL(buf_adds(&b, "1234"), ERR_OK);
    buf_fini(&b);
    arena_init(&a, 64);
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(&a, 60));
    CU_ASSERT_PTR_NULL(arena_alloc(&a, 60));
    arena_fini(&a);
}

static void ids(void)
{
    CU_ASSERT(str_is_id(STR("dg-al.1")));
    CU_ASSERT_FALSE(str_is_id(STR("../../_history")));
    CU_ASSERT_FALSE(str_is_id(STR("..")));
    CU_ASSERT_FALSE(str_is_id(STR("a\0b")));
    CU_ASSERT_FALSE(str_is_id(STR("")));
    CU_ASSERT_FALSE(str_is_type(STR("patient")));
}

static void slices(void)
{
    static const uint32_t points[] = {0, 'a', 0x7f, 0x80, 0x7ff, 0x800, 0xfffd, 0x10000, 0x10ffff};
    char out[4];
    uint32_t c;

    CU_ASSERT(str_cmp(STR("a"), STR("b")) < 0 && str_cmp(STR("ab"), STR("a")) > 0 && !str_cmp(STR("a\0"), STR("a\0")));
    CU_ASSERT(str_cmp(STR("a"), STR("a\0")) < 0 && str_cmp(STR("\xff"), STR("a")) > 0);
    CU_ASSERT(!str_cmp((struct str){NULL, 0}, STR("")) && str_cmp((struct str){NULL, 0}, STR("a")) < 0);
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        size_t n = text_encode(points[i], out);

        CU_ASSERT_EQUAL(text_decode((struct str){out, n}, &c), n);
        CU_ASSERT_EQUAL(c, points[i]);
    }
    CU_ASSERT(!text_encode(0xd800, out) && !text_encode(0xdfff, out) && !text_encode(0x110000, out) && !text_encode(TEXT_BAD, out));
}

static void numbers(void)
{
    int64_t v = 7;

    CU_ASSERT(str_int(STR("-12"), -12, 0, &v) && v == -12);
    CU_ASSERT(str_int(STR("999999999999999999"), 0, INT64_MAX, &v) && v == 999999999999999999);
    CU_ASSERT(!str_int(STR("9223372036854775808"), 0, INT64_MAX, &v) && !str_int(STR("-1"), 0, 9, &v));
    CU_ASSERT(!str_int(STR("10"), 0, 9, &v) && !str_int(STR(""), 0, 9, &v) && !str_int(STR("-"), -9, 9, &v));
    CU_ASSERT(!str_int(STR("1 "), 0, 9, &v) && !str_int(STR("+1"), 0, 9, &v) && !str_int(STR("1\0"), 0, 9, &v));
    CU_ASSERT_EQUAL(v, 999999999999999999); /* what is refused changes nothing */
}

static void private_directories(void)
{
    char top[] = "/tmp/t_base-XXXXXX", deep[64], link[64], file[64], home[PATH_MAX_BYTES];
    struct stat st;

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(top));
    snprintf(deep, sizeof deep, "%s/a//b/c/", top);
    snprintf(link, sizeof link, "%s/link", top);
    snprintf(file, sizeof file, "%s/file", top);
    CU_ASSERT_EQUAL(path_make_private(deep, NULL), ERR_OK);
    CU_ASSERT_EQUAL(path_make_private(deep, NULL), ERR_OK);
    CU_ASSERT(!stat(deep, &st) && (st.st_mode & 07777) == 0700);
    chmod(deep, 0750);
    CU_ASSERT_EQUAL(path_make_private(deep, NULL), ERR_PERM);
    chmod(deep, 0700);
    CU_ASSERT_EQUAL(symlink(deep, link), 0);
    CU_ASSERT_EQUAL(path_make_private(link, NULL), ERR_PERM);
    CU_ASSERT_EQUAL(close(creat(file, 0600)), 0);
    CU_ASSERT_EQUAL(path_make_private(file, NULL), ERR_PERM);
    CU_ASSERT_EQUAL(path_join(home, file, "x", NULL), ERR_OK);
    CU_ASSERT_EQUAL(path_make_private(home, NULL), ERR_IO);
    unlink(file);
    unlink(link);
    for (const char *at = "a/b/c\0a/b\0a\0"; *at; at += strlen(at) + 1) {
        snprintf(file, sizeof file, "%s/%s", top, at);
        CU_ASSERT_EQUAL(rmdir(file), 0);
    }
    rmdir(top);
}

static void where_a_profile_lies(void)
{
    char home[PATH_MAX_BYTES], far[PATH_MAX_BYTES];

    memset(far, 'x', sizeof far - 1);
    far[sizeof far - 1] = '\0';
    setenv("HOME", "/home/u", 1);
    setenv("XDG_DATA_HOME", "relative", 1); /* the specification says to ignore it */
    CU_ASSERT_EQUAL(path_home(NULL, home, NULL), ERR_OK);
    UNIT_STR(home, "/home/u/.local/share/wardline");
    setenv("XDG_DATA_HOME", "/data", 1);
    CU_ASSERT_EQUAL(path_home(NULL, home, NULL), ERR_OK);
    UNIT_STR(home, "/data/wardline");
    CU_ASSERT_EQUAL(path_home("here", home, NULL), ERR_OK);
    UNIT_STR(home, "here");
    CU_ASSERT_EQUAL(path_home("", home, NULL), ERR_USAGE);
    CU_ASSERT_EQUAL(path_home(far, home, NULL), ERR_USAGE);
    CU_ASSERT_EQUAL(path_join(home, far, "x", NULL), ERR_TOOBIG);
    unsetenv("XDG_DATA_HOME");
    setenv("HOME", "", 1);
    CU_ASSERT_EQUAL(path_home(NULL, home, NULL), ERR_NOHOME);
}

/* A log that is written for months has an end; what stays is the newest, in whole lines. */
static void the_log_stays_short(void)
{
    char path[] = "/tmp/t_base-log-XXXXXX", line[256], last[256] = "";
    struct clock clock = clock_system();
    int fd = mkstemp(path);
    unsigned bad = 0;
    FILE *f;

    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
    CU_ASSERT_EQUAL_FATAL(log_open(path, &clock), ERR_OK);
    for (int i = 0; i <= 40000; i++)
        log_event("test.event", ERR_OK, i % 2 ? "Patient" : "no type", i, -1);
    log_close();
    log_event("test.dropped", ERR_OK, NULL, 0, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f = fopen(path, "r"));
    while (fgets(line, sizeof line, f)) {
        bad += line[4] != '-' || strlen(line) < 40 || !strchr(line, '\n');
        snprintf(last, sizeof last, "%s", line);
    }
    CU_ASSERT(ftell(f) > 1 << 19 && ftell(f) <= 1 << 20);
    fclose(f);
    CU_ASSERT_EQUAL(bad, 0);
    UNIT_STR(last + 24, " test.event ERR_OK - 40000 -1\n");
    unlink(path);
}

static void errors(void)
{
    struct err e;

    CU_ASSERT_EQUAL(err_set(&e, ERR_CUT, 0, 5, "a\x1b[b"), ERR_CUT);
    UNIT_STR(e.what, "a?[b");
    CU_ASSERT_EQUAL(err_exit(ERR_PASSPHRASE), 5);
    CU_ASSERT_EQUAL(err_exit(-5), 70);
}

/* One text in ASCII, as a terminal that has nothing else would show it; "<>" for what has none. */
static const char *ascii_of(const char *z, char *out, size_t room)
{
    struct str s = str_of(z);
    uint32_t before = 0, c = 0, after = 0;
    char one[TRANSLIT_MAX];

    out[0] = '\0';
    while (s.n) {
        size_t k = text_decode(s, &c);
        struct str rest = {s.p + k, s.n - k};

        after = 0;
        if (rest.n)
            text_decode(rest, &after);
        if (c < 0x80)
            snprintf(one, sizeof one, "%c", (char)c);
        else if (!translit_ascii(c, before, after, one))
            snprintf(one, sizeof one, "<>");
        snprintf(out + strlen(out), room - strlen(out), "%s", one);
        before = c;
        s = rest;
    }
    return out;
}

/* ASCII has a way of its own, which is no other: a mark behind it makes it take the long one. */
static void folding_ascii(void)
{
    unsigned differ = 0;

    for (int x = 1; x < 128; x++)
        for (int y = 1; y < 128; y++) {
            char plain[8] = {(char)x, (char)y, ' ', (char)y, 'a', '\0'}, marked[12];
            struct buf a, b;

            snprintf(marked, sizeof marked, "%s\xcc\x81", plain);
            buf_init(&a, 100);
            buf_init(&b, 100);
            differ += text_fold(&a, str_of(plain)) || text_fold(&b, str_of(marked)) || !str_eq(buf_str(&a), buf_str(&b));
            buf_fini(&a);
            buf_fini(&b);
        }
    CU_ASSERT_EQUAL(differ, 0);
}

/* Kills tests/mutants/translit-mu.patch: mu that becomes m makes a thousandfold dose. */
static void transliteration(void)
{
    static const struct {
        const char *in, *out;
    } row[] = {
        {"Jos\u00e9 \u00c5str\u00f6m-\u0141uk\u00e1cs \u00d8yvind STRA\u00dfE", "Jose Astrom-Lukacs Oyvind STRAssE"},
        {"Nguy\u1ec5n Th\u1ecb \u00d0\u1eb7ng", "Nguyen Thi Dang"},
        {"\u0429\u0435\u0433\u043b\u043e\u0432\u0430 \u042e\u043b\u0438\u044f", "Shcheglova Iuliia"},
        {"\u0429\u0415\u0413\u041b\u041e\u0412\u0410, \u0418\u0433\u043e\u0440\u044c", "SHCHEGLOVA, Igor"},
        {"\u0408\u043e\u0432\u0430\u043d \u040a\u0435\u0433\u043e\u0448", "Jovan Njegosh"},
        {"\u0393\u03b9\u03ce\u03c1\u03b3\u03bf\u03c2 \u03a0\u03b1\u03c0\u03b1\u03b4\u03cc\u03c0\u03bf\u03c5\u03bb\u03bf\u03c2", "Giorgos Papadopoulos"},
        {"\u039c\u03b1\u03c1\u03af\u03b1 \u0395\u03c5\u03b1\u03b3\u03b3\u03ad\u03bb\u03bf\u03c5 \u03a8", "Maria Euaggelou Ps"},
        {"\u2018a\u2019 \u2013 \u201cb\u201d\u2026", "'a' - \"b\"..."},
        /* REQ: amounts */
        {"5 \u00b5g, 5 \u03bcg, 5 \u338d", "5 microg, 5 microg, 5 microg"},
        {"10\u2079/L, 1.73 m\u00b2, s\u207b\u00b9", "10^9/L, 1.73 m^2, s^-^1"},
        {"1\u00bd tablets, \u2460, CO\u2082", "1 1/2 tablets, (1), CO_2"},
        {"\u2212 5 \u00d7 2 \u2264 3 \u00b1 1, 39 \u00b0C", "- 5 x 2 <= 3 +/- 1, 39 degC"},
        {"\u226e 5, \u0663", "<> 5, <>"},
        {"\u738b \u05d0 \u0645", "<> <> <>"},
    };
    char out[200];

    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        UNIT_STR(ascii_of(row[i].in, out, sizeof out), row[i].out);
    CU_ASSERT(translit_mark(0x301) && !translit_mark(0x338) && !translit_mark(0x336) && !translit_mark('e'));
    CU_ASSERT(translit_rtl(0x5d0) && translit_rtl(0x645) && !translit_rtl('a') && !translit_rtl(TEXT_BAD));
    for (uint32_t c = 0x80; c < 0x110000; c++) { /* whatever comes out is plain, and never a '?' */
        char one[TRANSLIT_MAX];

        if ((c >= 0xd800 && c < 0xe000) || !translit_ascii(c, 'a', 'b', one))
            continue;
        for (const char *s = one; *s; s++)
            if (*s < 0x20 || *s > 0x7e || *s == '?') {
                printf("\n    U+%04X: %s", (unsigned)c, one);
                CU_ASSERT(false);
                break;
            }
    }
}

static const struct unit_test tests[] = {
    {"a date keeps its precision", date_precision},
    {"months by name", months_by_name},
    {"days and instants round trip", date_round_trip},
    {"ages", ages},
    {"server text never drives the terminal", sanitiser},
    {"what a terminal lacks, in ASCII, and no amount changes", transliteration},
    {"words wrap, long ones split", wrapping},
    {"folding finds a name however it was typed", folding},
    {"and ASCII as all else", folding_ascii},
    {"JSON escapes what drives a terminal", json_escapes},
    {"buffers and arenas keep their limit", limits_hold},
    {"ids that may become part of a URL", ids},
    {"slices compare, code points go there and back", slices},
    {"numbers", numbers},
    {"private directories", private_directories},
    {"where a profile lies", where_a_profile_lies},
    {"the log stays short", the_log_stays_short},
    {"errors carry no control bytes", errors},
};

int main(void)
{
    setenv("TZ", "UTC0", 1);
    setlocale(LC_CTYPE, "C.UTF-8"); /* widths are those of a locale */
    return unit_main("base", tests, sizeof tests / sizeof *tests);
}
