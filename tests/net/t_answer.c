/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a server may say, and what net makes of it.
 */
#include "config.h"

#include "tests/unit.h"

#include <dirent.h>
#include <unistd.h>
#include <zlib.h>

#include "base/limits.h"
#include "tests/net/rig.h"

#define PATIENT "{\"resourceType\":\"Patient\",\"id\":\"p\"}"

/* One raw answer for every request; then the connection ends, if end says so. */
struct script {
    const char *raw;
    size_t n;
    bool keep, reset;
};

static bool say_script(struct server *s, int fd, const struct server_request *q)
{
    const struct script *c = s->arg;

    (void)q;
    server_say(s, fd, c->raw, c->n);
    if (c->reset)
        server_reset(s, fd);
    return c->keep;
}

/* Asks once for what the script says. The caller rig_forgets a. */
static void ask_raw(struct asked *a, const char *raw, size_t n, bool keep)
{
    struct script c = {raw, n, keep, false};
    struct rig g;

    *a = (struct asked){0};
    rig_open(&g, say_script, &c);
    rig_get(&g, a, 'a', "Patient/p?name=secret");
    rig_wait(&g);
    rig_close(&g);
    for (const char *p = a->r.err.what; *p; p++)
        CU_ASSERT((unsigned char)*p >= 0x20 && (unsigned char)*p < 0x7f);
    for (const char *p = a->r.head.content_type; *p; p++)
        CU_ASSERT((unsigned char)*p >= 0x20 && (unsigned char)*p < 0x7f);
    CU_ASSERT_PTR_NULL(strstr(a->r.err.what, "secret"));
}

static void ask_text(struct asked *a, const char *raw)
{
    ask_raw(a, raw, strlen(raw), false);
}

static void a_whole_answer(void)
{
    struct asked a;

    ask_text(&a, "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json;charset=UTF-8\r\nETag: W/\"7\"\r\n"
                 "Date: Mon, 23 Nov 2026 04:05:06 GMT\r\nLocation: /fhir/Patient/p/_history/7\r\nContent-Length: 35\r\n\r\n" PATIENT);
    CU_ASSERT_EQUAL(a.r.code, ERR_OK);
    CU_ASSERT_EQUAL(a.heads, 1);
    CU_ASSERT_EQUAL(a.head.status, 200);
    CU_ASSERT_EQUAL(a.r.head.status, 200);
    UNIT_STR(a.head.content_type, "application/fhir+json;charset=UTF-8");
    UNIT_STR(a.head.etag, "W/\"7\"");
    UNIT_STR(a.head.location, "/fhir/Patient/p/_history/7");
    CU_ASSERT_EQUAL(a.head.date_ms, INT64_C(1795406706000));
    CU_ASSERT_EQUAL(a.head.retry_after_s, 0);
    UNIT_STR(a.body.p, PATIENT);
    CU_ASSERT_EQUAL(a.r.decoded, 35);
    CU_ASSERT(!a.r.reused);
    rig_forget(&a);
}

static void heads(void)
{
    struct asked a;

    ask_text(&a, "HTTP/1.1 103 Early Hints\r\nETag: \"early\"\r\nLocation: /early\r\n\r\n"
                 "HTTP/1.1 304 Not Modified\r\netag:\t\"strong\" \r\nETAG: \"second\"\r\nContent-Length: 0\r\n\r\n");
    CU_ASSERT_EQUAL(a.r.code, ERR_OK);
    CU_ASSERT_EQUAL(a.heads, 1);
    CU_ASSERT_EQUAL(a.head.status, 304);
    UNIT_STR(a.head.etag, "\"strong\"");
    UNIT_STR(a.head.location, "");
    rig_forget(&a);
    /* half an ETag would be a lie, and one with a control character is none */
    ask_text(&a, "HTTP/1.1 200 OK\r\nETag: \"0123456789012345678901234567890123456789012345678901234567890123456789"
                 "01234567890123456789012345678901234567890123456789012345678901234567890\"\r\nContent-Length: 0\r\n\r\n");
    UNIT_STR(a.head.etag, "");
    rig_forget(&a);
    ask_text(&a, "HTTP/1.1 200 OK\r\nETag: \"a\x1b[2Jb\"\r\nContent-Type: text/\x1b]0;x\x07\xff\r\nContent-Length: 0\r\n\r\n");
    UNIT_STR(a.head.etag, "");
    UNIT_STR(a.head.content_type, "text/?]0;x??");
    rig_forget(&a);
    ask_text(&a, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: ETag\r\n\r\n2\r\n{}\r\n0\r\nETag: \"trailer\"\r\n\r\n");
    CU_ASSERT_EQUAL(a.r.code, ERR_OK);
    UNIT_STR(a.r.head.etag, "");
    UNIT_STR(a.body.p, "{}");
    rig_forget(&a);
}

/* Content-Range (RFC 9110 14.4): what cannot be read is as good as absent; the first of its name counts. */
static void parts_of_answers(void)
{
    static const struct {
        const char *line;
        int64_t from, of;
    } cases[] = {
        {"Content-Range: bytes 5-9/10\r\n", 5, 10},
        {"content-range:bytes 0-0/1\r\n", 0, 1},
        {"Content-Range: bytes 5-9/*\r\n", 5, -1},
        {"Content-Range: bytes */10\r\n", -1, -1},
        {"Content-Range: bytes=5-9/10\r\n", -1, -1},
        {"Content-Range: chapters 5-9/10\r\n", -1, -1},
        {"Content-Range: bytes -5-9/10\r\n", -1, -1},
        {"Content-Range: bytes 9999999999999999999-9/10\r\n", -1, -1},
        {"Content-Range: bytes 5\r\n", -1, -1},
        {"Content-Range: bytes 5-9\r\n", 5, -1},
        {"Content-Range: bytes 5-9/10\r\nContent-Range: bytes 6-9/11\r\n", 5, 10},
        {"", -1, -1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct asked a;
        char raw[400];

        snprintf(raw, sizeof raw, "HTTP/1.1 206 Partial Content\r\n%sContent-Length: 5\r\n\r\n01234", cases[i].line);
        ask_text(&a, raw);
        CU_ASSERT_EQUAL(a.head.part_from, cases[i].from);
        CU_ASSERT_EQUAL(a.head.part_of, cases[i].of);
        CU_ASSERT_EQUAL(a.head.length, 5);
        CU_ASSERT(!a.head.coded);
        rig_forget(&a);
    }
}

static void retry_after(void)
{
    static const struct {
        const char *lines;
        int64_t seconds;
    } said[] = {
        {"Retry-After: 7\r\n", 7},
        {"Retry-After: 0\r\n", 0},
        {"Retry-After: 86400\r\n", 86400},
        {"Retry-After: 86401\r\n", LIMIT_RETRY_AFTER_S},
        {"x-ms-retry-after-ms: 1500\r\n", 2},
        {"x-ms-retry-after-ms: 2000\r\nRetry-After: 1\r\n", 2},
        {"Retry-After: 3\r\nX-MS-Retry-After-Ms: 2000\r\n", 3},
        {"x-ms-retry-after-ms: 1e9\r\n", 0},
        {"x-ms-retry-after-ms: 99999999999999999999\r\n", LIMIT_RETRY_AFTER_S},
        {"RateLimit: \"fhirInteractions\";r=0;t=42\r\n", 42},
        {"RateLimit: \"requests\";r=49;t=60, \"fhirInteractions\";r=0;t=7\r\n", 7},
        {"RateLimit: \"requests\";r=49;t=60\r\n", 0},
        {"RateLimit: limit=100, remaining=0, reset=30\r\n", 30},
        {"RateLimit: limit=100, remaining=1, reset=30\r\n", 0},
        {"RateLimit: \"a\";t=9;r=0\r\nRetry-After: 4\r\n", 9},
        {"RateLimit: \"a\";r=0;t=-9\r\n", 0},
        {"Retry-After: 99999999\r\n", LIMIT_RETRY_AFTER_S},
        {"Retry-After: 99999999999999999999999999999999\r\n", LIMIT_RETRY_AFTER_S},
        {"Retry-After: -5\r\n", 0},
        {"Retry-After: soon\r\n", 0},
        {"Retry-After: 7x\r\n", 0},
        {"Retry-After:\r\n", 0},
        {"Date: Mon, 23 Nov 2026 04:05:06 GMT\r\nRetry-After: Mon, 23 Nov 2026 04:05:36 GMT\r\n", 30},
        {"Retry-After: Mon, 23 Nov 2026 04:05:36 GMT\r\nDate: Mon, 23 Nov 2026 04:05:06 GMT\r\n", 30},
        {"Date: Mon, 23 Nov 2026 04:05:06 GMT\r\nRetry-After: Mon, 23 Nov 2026 04:05:00 GMT\r\n", 0},
        {"Date: Mon, 23 Nov 2026 04:05:06 GMT\r\nRetry-After: Mon, 23 Nov 2099 04:05:00 GMT\r\n", LIMIT_RETRY_AFTER_S},
        {"Retry-After: Fri, 23 Nov 2299 04:05:00 GMT\r\n", LIMIT_RETRY_AFTER_S},
        {"Retry-After: Thu, 01 Jan 1970 00:00:01 GMT\r\n", 0},
    };

    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        char raw[512];
        struct asked a;

        snprintf(raw, sizeof raw, "HTTP/1.1 503 Later\r\n%sContent-Length: 0\r\n\r\n", said[i].lines);
        ask_text(&a, raw);
        CU_ASSERT_EQUAL(a.head.status, 503);
        CU_ASSERT_EQUAL(a.head.retry_after_s, said[i].seconds);
        if (a.head.retry_after_s != said[i].seconds)
            printf("\n    %s: %lld ", said[i].lines, (long long)a.head.retry_after_s);
        rig_forget(&a);
    }
}

/* Each framing, cut. A body that only the end of the connection delimits looks whole: the sink's business. */
static void cuts(void)
{
    static const struct {
        const char *raw;
        int code;
        const char *body;
    } said[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n" PATIENT, ERR_CUT, PATIENT},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n23\r\n" PATIENT "\r\n0\r\n\r\n", ERR_OK, PATIENT},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n23\r\n" PATIENT "\r\n", ERR_CUT, PATIENT},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n23\r\n{\"res", ERR_CUT, "{\"res"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}", ERR_CUT, ""},
        {"HTTP/1.1 200 OK\r\n\r\n{\"res", ERR_OK, "{\"res"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", ERR_CUT, ""},
        {"HTTP/1.1 200 OK\r\nContent-Len", ERR_CUT, ""},
        {"HTTP/1.", ERR_OFFLINE, ""},
        {"", ERR_OFFLINE, ""},
        {"220 mail.example ESMTP\r\n", ERR_NOTFHIR, ""},
        {"<html>login</html>", ERR_NOTFHIR, ""},
        {"HTTP/1.1 abc\r\n\r\n", ERR_NOTFHIR, ""},
        {"HTTP/1.1 099 Odd\r\nContent-Length: 2\r\n\r\n{}", ERR_NOTFHIR, ""}, /* no bytes without a head before them */
        {"HTTP/1.1 000 Odd\r\nContent-Length: 2\r\n\r\n{}", ERR_NOTFHIR, ""},
    };

    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        struct asked a;

        ask_text(&a, said[i].raw);
        CU_ASSERT_EQUAL(a.r.code, said[i].code);
        if (a.r.code != said[i].code)
            printf("\n    %s: %s (%d) ", said[i].raw, err_name(a.r.code), a.r.err.sub);
        CU_ASSERT_EQUAL(a.r.err.code, a.r.code);
        UNIT_STR(a.body.p ? a.body.p : "", said[i].body);
        if (a.r.code == ERR_CUT)
            UNIT_STR(a.r.err.what, "/fhir/Patient/p");
        rig_forget(&a);
    }
}

static void a_reset_is_a_cut_or_offline(void)
{
    struct script c = {.raw = "", .reset = true};
    struct asked a = {0}, b = {0};
    struct rig g;

    rig_open(&g, say_script, &c);
    rig_get(&g, &a, 'a', "x");
    rig_wait(&g);
    CU_ASSERT_EQUAL(a.r.code, ERR_OFFLINE);
    CU_ASSERT(!strncmp(a.r.err.what, "127.0.0.1:", 10));
    rig_close(&g);
    rig_open(&g, say_script, &c);
    server_stop(&g.s); /* nobody listens there now */
    rig_get(&g, &b, 'b', "x");
    rig_wait(&g);
    CU_ASSERT_EQUAL(b.r.code, ERR_OFFLINE);
    CU_ASSERT_EQUAL(b.r.err.sub, 7);
    CU_ASSERT_EQUAL(b.r.head.status, 0);
    net_free(g.n);
    loop_free(g.l);
    rig_forget(&a);
    rig_forget(&b);
}

/* Kills tests/mutants/net-redirect.patch: redirects followed. */
static void redirects_are_reported_not_followed(void)
{
    static const char *const to[] = {"/elsewhere" /* behind the base */, "http://evil.example/", "elsewhere", "file:///etc/passwd"};

    for (size_t i = 0; i < sizeof to / sizeof *to; i++) {
        char raw[256], where[128];
        struct script c = {.raw = raw, .keep = true};
        struct asked a = {0};
        struct rig g;

        rig_open(&g, say_script, &c);
        snprintf(where, sizeof where, "%s%s", i ? "" : g.s.base, to[i]);
        snprintf(raw, sizeof raw, "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", where);
        c.n = strlen(raw);
        rig_get(&g, &a, 'a', "Patient");
        rig_wait(&g);
        CU_ASSERT_EQUAL(a.r.code, ERR_OK);
        CU_ASSERT_EQUAL(a.r.head.status, 302);
        UNIT_STR(a.r.head.location, where);
        UNIT_STR(g.s.log, "GET Patient;");
        rig_close(&g);
        rig_forget(&a);
    }
}

/* --- compressed bodies ------------------------------------------------------------------------ */

/* n bytes from byte_at, gzipped behind a head; the caller frees. */
static char *gzip_answer(size_t n, unsigned char (*byte_at)(size_t i), bool chunked, size_t *out_n)
{
    static unsigned char in[65536];
    size_t cap = n / 4 + 65536, at;
    char *out = malloc(cap);
    z_stream z = {0};

    deflateInit2(&z, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY);
    at = (size_t)sprintf(out, "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Encoding: gzip\r\n%s\r\n",
                         chunked ? "Transfer-Encoding: chunked\r\n" : "");
    for (size_t i = 0; i < n;) {
        size_t k = n - i < sizeof in ? n - i : sizeof in;

        for (size_t j = 0; j < k; j++)
            in[j] = byte_at(i + j);
        z.next_in = in;
        z.avail_in = (uInt)k;
        i += k;
        do {
            unsigned char part[4096];
            size_t m;

            z.next_out = part;
            z.avail_out = sizeof part;
            deflate(&z, i == n ? Z_FINISH : Z_NO_FLUSH);
            m = sizeof part - z.avail_out;
            if (!m)
                break;
            CU_ASSERT_FATAL(at + m + 32 < cap);
            if (chunked)
                at += (size_t)sprintf(out + at, "%zx\r\n", m);
            memcpy(out + at, part, m);
            at += m;
            if (chunked)
                at += (size_t)sprintf(out + at, "\r\n");
        } while (!z.avail_out);
    }
    if (chunked)
        at += (size_t)sprintf(out + at, "0\r\n\r\n");
    deflateEnd(&z);
    *out_n = at;
    return out;
}

static unsigned char blank(size_t i)
{
    (void)i;
    return ' ';
}

/* A panel's page of results: the same 4 kB again and again, a counter in each. About 100:1. */
static unsigned char page_like(size_t i)
{
    return (unsigned char)(i % 4096 < 8 ? (i / 4096) >> (i % 4096) : (i % 4096 * 2654435761u) >> 24);
}

/* Kills tests/mutants/net-ratio.patch: no look at the ratio. */
static void a_bomb_is_stopped(void)
{
    for (int chunked = 0; chunked < 2; chunked++) {
        struct asked a;
        size_t n;
        char *raw = gzip_answer(64u << 20, blank, chunked, &n);

        ask_raw(&a, raw, n, false);
        CU_ASSERT_EQUAL(a.r.code, ERR_TOOBIG);
        UNIT_STR(a.r.err.what, "inflation");
        CU_ASSERT_EQUAL(a.r.err.num, LIMIT_INFLATE_RATIO);
        CU_ASSERT(a.r.decoded <= (uint64_t)(a.r.bytes_down + 16384) * LIMIT_INFLATE_RATIO + 65536);
        CU_ASSERT(a.r.decoded < 24u << 20);
        rig_forget(&a);
        free(raw);
    }
}

static void honest_compression_passes(void)
{
    for (int chunked = 0; chunked < 2; chunked++) {
        struct asked a;
        size_t n;
        char *raw = gzip_answer(12u << 20, page_like, chunked, &n);

        CU_ASSERT((12u << 20) / n > 50 && (12u << 20) / n < LIMIT_INFLATE_RATIO);
        ask_raw(&a, raw, n, false);
        CU_ASSERT_EQUAL(a.r.code, ERR_OK);
        CU_ASSERT_EQUAL(a.body.n, 12u << 20);
        CU_ASSERT(a.body.p && (unsigned char)a.body.p[4095] == page_like(4095));
        rig_forget(&a);
        free(raw);
    }
    for (size_t size = 1; size <= LIMIT_INFLATE_FREE; size *= 32) { /* small ones are not asked for their ratio */
        struct asked a;
        size_t n;
        char *raw = gzip_answer(size, blank, false, &n);

        ask_raw(&a, raw, n, false);
        CU_ASSERT_EQUAL(a.r.code, ERR_OK);
        CU_ASSERT_EQUAL(a.body.n, size);
        rig_forget(&a);
        free(raw);
    }
}

static void broken_compression(void)
{
    struct asked a;

    ask_text(&a, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" PATIENT);
    CU_ASSERT_EQUAL(a.r.code, ERR_DECODE);
    UNIT_STR(a.r.err.what, "/fhir/Patient/p");
    rig_forget(&a);
    ask_text(&a, "HTTP/1.1 200 OK\r\nContent-Encoding: sdch\r\nContent-Length: 2\r\n\r\n{}");
    CU_ASSERT_EQUAL(a.r.code, ERR_DECODE);
    rig_forget(&a);
    ask_text(&a, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip, gzip, gzip, gzip, gzip, gzip\r\n\r\nxx");
    CU_ASSERT_EQUAL(a.r.code, ERR_DECODE);
    rig_forget(&a);
}

/* --- what is too much ------------------------------------------------------------------------- */

static void endless_headers(void)
{
    size_t cap = 600000, n = 0;
    char *raw = malloc(cap);
    struct asked a;

    n = (size_t)sprintf(raw, "HTTP/1.1 200 OK\r\n");
    while (n < 500000)
        n += (size_t)sprintf(raw + n, "X-Filler: 0123456789\r\n");
    sprintf(raw + n, "Content-Length: 2\r\n\r\n{}");
    ask_text(&a, raw);
    CU_ASSERT_EQUAL(a.r.code, ERR_TOOBIG);
    UNIT_STR(a.r.err.what, "headers");
    CU_ASSERT_EQUAL(a.r.err.num, LIMIT_HEADER_BYTES);
    CU_ASSERT_EQUAL(a.heads, 0);
    rig_forget(&a);
    free(raw);
}

static void a_sink_can_stop_it(void)
{
    struct script c = {.raw = "HTTP/1.1 200 OK\r\nContent-Length: 35\r\n\r\n" PATIENT, .keep = true};
    struct asked a = {.head_code = ERR_NOTFHIR}, b = {.bytes_code = ERR_TOOBIG};
    struct rig g;

    c.n = strlen(c.raw);
    rig_open(&g, say_script, &c);
    rig_get(&g, &a, 'a', "Patient/p?x=secret");
    rig_get(&g, &b, 'b', "Patient/p");
    rig_wait(&g);
    CU_ASSERT_EQUAL(a.r.code, ERR_NOTFHIR);
    UNIT_STR(a.r.err.what, "/fhir/Patient/p");
    CU_ASSERT_EQUAL(a.pieces, 0);
    CU_ASSERT_EQUAL(a.r.head.status, 200);
    CU_ASSERT_EQUAL(b.r.code, ERR_TOOBIG);
    CU_ASSERT_EQUAL(b.pieces, 1);
    rig_close(&g);
    rig_forget(&a);
    rig_forget(&b);
}

/* --- raw answers by others -------------------------------------------------------------------- */

/* data/nasty: what must come of each; the rest must merely end, with no control byte in any message. */
static const struct {
    const char *file;
    int code, status;
} nasty[] = {
    {"html-200.http", ERR_OK, 200},      {"gzip-lie.http", ERR_DECODE, 200},     {"short-length.http", ERR_CUT, 200},
    {"redirect-http.http", ERR_OK, 302}, {"retry-after.http", ERR_OK, 429},      {"header-escape.http", ERR_OK, 500},
    {"etag-odd.http", ERR_OK, 200},      {"201-no-location.http", ERR_OK, 201},  {"409.http", ERR_OK, 409},
    {"410.http", ERR_OK, 410},           {"412.http", ERR_OK, 412},              {"no-type.http", ERR_OK, 200},
    {"header-huge.http", ERR_TOOBIG, 0},
};

static void nasty_file(const char *dir, const char *name, unsigned *known)
{
    char path[1200], *raw = malloc(1u << 20);
    struct asked a;
    size_t n;
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    CU_ASSERT_FATAL(raw && (f = fopen(path, "rb")));
    n = fread(raw, 1, 1u << 20, f);
    fclose(f);
    ask_raw(&a, raw, n, false);
    for (size_t i = 0; i < sizeof nasty / sizeof *nasty; i++)
        if (!strcmp(nasty[i].file, name)) {
            CU_ASSERT_EQUAL(a.r.code, nasty[i].code);
            if (nasty[i].status)
                CU_ASSERT_EQUAL(a.r.head.status, nasty[i].status);
            if (a.r.code != nasty[i].code || (nasty[i].status && a.r.head.status != nasty[i].status))
                printf("\n    %s: %s, status %d ", name, err_name(a.r.code), a.r.head.status);
            ++*known;
        }
    CU_ASSERT(a.head.retry_after_s <= LIMIT_RETRY_AFTER_S);
    rig_forget(&a);
    free(raw);
}

static void nasty_answers(void)
{
    const char *maker = unit_data("nasty/make-nasty.py");
    char dir[] = "/tmp/t_answer-XXXXXX", command[2400], sub[64];
    unsigned known = 0;
    struct dirent *d;
    DIR *list;

    if (!maker)
        return;
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    snprintf(command, sizeof command, "python3 '%s' --big 1000 '%s' >/dev/null 2>&1", maker, dir);
    CU_ASSERT_EQUAL(system(command), 0);
    snprintf(sub, sizeof sub, "%s/http", dir);
    CU_ASSERT_PTR_NOT_NULL_FATAL(list = opendir(sub));
    while ((d = readdir(list)))
        if (strstr(d->d_name, ".http"))
            nasty_file(sub, d->d_name, &known);
    closedir(list);
    CU_ASSERT_EQUAL(known, sizeof nasty / sizeof *nasty);
    snprintf(command, sizeof command, "rm -r '%s'", dir);
    CU_ASSERT_EQUAL(system(command), 0);
}

static const struct unit_test tests[] = {
    {"a whole answer", a_whole_answer},
    {"heads: interim ones, doubles, long ones, trailers", heads},
    {"which part of the whole an answer is", parts_of_answers},
    {"Retry-After", retry_after},
    {"cuts in every framing", cuts},
    {"a reset, and nobody there", a_reset_is_a_cut_or_offline},
    {"redirects are reported, not followed", redirects_are_reported_not_followed},
    {"a bomb is stopped", a_bomb_is_stopped},
    {"honest compression passes", honest_compression_passes},
    {"broken compression", broken_compression},
    {"endless headers", endless_headers},
    {"a sink can stop it", a_sink_can_stop_it},
    {"raw answers of data/nasty", nasty_answers},
};
UNIT_MAIN("answer", tests)
