/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/limits.h"
#include "fhir/bundle.h"
#include "fhir/ndjson.h"

/* What the sink was told, a line each. */
struct heard {
    struct buf b;
    unsigned resources, toobig;
    int stop_at; /* the resource at which the sink says ERR_CANCELLED; 0: never */
};

static int on_resource(void *arg, int outer, struct str bytes)
{
    struct heard *h = arg;

    buf_addf(&h->b, "R%d ", outer);
    buf_addstr(&h->b, bytes);
    buf_addc(&h->b, '\n');
    return (int)++h->resources == h->stop_at ? ERR_CANCELLED : 0;
}

static int on_link(void *arg, int outer, struct str relation, struct str url)
{
    struct heard *h = arg;

    return buf_addf(&h->b, "L%d %.*s %.*s\n", outer, STR_ARG(relation), STR_ARG(url));
}

static int on_response(void *arg, int entry, struct str status, struct str etag,
                       struct str location)
{
    struct heard *h = arg;

    return buf_addf(&h->b, "A%d %.*s|%.*s|%.*s\n", entry, STR_ARG(status), STR_ARG(etag),
    STR_ARG(location));
}

static int on_head(void *arg, int outer, struct str type, struct str total)
{
    struct heard *h = arg;

    return buf_addf(&h->b, "H%d %.*s %.*s\n", outer, STR_ARG(type), STR_ARG(total));
}

static int on_toobig(void *arg, int outer, struct str head)
{
    struct heard *h = arg;

    h->toobig++;
    return buf_addf(&h->b, "B%d %.*s\n", outer, (int)(head.n < 20 ? head.n : 20), head.p);
}

static void hear(struct heard *h, struct bundle_sink *sink)
{
    *h = (struct heard){0};
    buf_init(&h->b, 64u << 20);
    *sink = (struct bundle_sink){on_resource, on_link, on_response, on_head, on_toobig, h};
}

/* Feeds bytes in pieces; the end's code, or the first code of a feed. */
static int scan(struct heard *h, struct str bytes, size_t piece, size_t max)
{
    struct bundle_sink sink;
    struct bundle_scan *s;
    int code = 0;

    hear(h, &sink);
    CU_ASSERT_EQUAL_FATAL(bundle_new(&sink, max, &s), ERR_OK);
    for (size_t i = 0; !code && i < bytes.n; i += piece)
        code = bundle_feed(s, (struct str){bytes.p + i, bytes.n - i < piece ? bytes.n - i : piece},
                           NULL);
    if (!code)
        code = bundle_end(s, NULL);
    bundle_free(s);
    return code;
}

/* The same is heard whether the bytes come whole, one at a time or in threes. */
static void says(const char *bytes, int code, const char *want)
{
    static const size_t pieces[] = {1 << 20, 1, 3, 7};

    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct heard h;

        CU_ASSERT_EQUAL(scan(&h, str_of(bytes), pieces[i], 0), code);
        UNIT_STR(h.b.p ? h.b.p : "", want);
        buf_fini(&h.b);
    }
}

static const char page[] =
    "{ \"resourceType\" : \"Bundle\", \"id\":\"x\",\"meta\":{\"tag\":[{\"type\":\"no\"}]}"
    ",\n\"type\":\"searchset\",\"total\":3,"
    "\"link\":[{\"relation\":\"self\",\"url\":\"http:\\/\\/h\\/s\"},"
    "{\"url\":\"http://h/p?a=\\u00e9\",\"relation\":\"next\"}],"
    "\"entry\":[{\"fullUrl\":\"http://h/Patient/1\",\"resource\":{\"resourceType\":\"Patient\","
    "\"id\":\"1\",\"note\":\"}]{\\\"\"},"
    "\"search\":{\"mode\":\"match\"}},{},{\"resource\":null},\r\n"
    "{\"search\":{\"mode\":\"match\"}"
    ",\"resource\":{\"id\":\"2\",\"entry\":[{\"resource\":{\"no\":1}}]}}]}\n ";

static void a_page(void)
{
    says(page, ERR_OK,
         "H-1 searchset \nH-1 searchset 3\nL-1 self http://h/s\nL-1 next http://h/p?a=\xc3\xa9\n"
         "R-1 {\"resourceType\":\"Patient\",\"id\":\"1\",\"note\":\"}]{\\\"\"}\n"
         "R-1 {\"id\":\"2\",\"entry\":[{\"resource\":{\"no\":1}}]}\n");
    says("{\"entry\":[{\"resource\":{\"id\":\"1\"}}]"
         ",\"type\":\"searchset\",\"resourceType\":\"Bundle\"}", ERR_OK,
         "R-1 {\"id\":\"1\"}\nH-1 searchset \n");
    says("{\"resourceType\":\"Bundle\",\"entry\":[],\"link\":[],\"total\":0}", ERR_OK, "H-1  0\n");
    says("{\"resourceType\":\"Bundle\",\"total\":\"many\",\"type\":[7]}", ERR_OK, "");
}

static void what_is_no_bundle_comes_whole(void)
{
    says(" {\"resourceType\":\"OperationOutcome\",\"issue\":[{\"code\":\"x\"}]}\n", ERR_OK,
         "R-1 {\"resourceType\":\"OperationOutcome\",\"issue\":[{\"code\":\"x\"}]}\n");
    says("{}", ERR_OK, "R-1 {}\n");
    /* a Bundle in a place that is not the root's own resourceType */
    says("{\"x\":{\"resourceType\":\"Bundle\"},\"y\":\"resourceType\",\"z\":\"Bundle\"}", ERR_OK,
         "R-1 {\"x\":{\"resourceType\":\"Bundle\"},\"y\":\"resourceType\",\"z\":\"Bundle\"}\n");
}

static const char batch[] =
    "{\"resourceType\":\"Bundle\",\"type\":\"batch-response\",\"entry\":["
    "{\"resource\":{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"total\":1,\"link\":"
    "[{\"relation\":\"next\",\"url\":\"n0\"}],"
    "\"entry\":[{\"resource\":{\"id\":\"a\"},\"response\":{\"status\":\"no\"}}]}"
    ",\"response\":{\"status\":\"200 OK\"}},"
    "{\"response\":{\"status\":\"404 Not Found\",\"outcome\":{\"resourceType\":"
    "\"OperationOutcome\"}}},"
    "{\"response\":{\"status\":\"200\",\"etag\":\"W/\\\"3\\\"\",\"location\":"
    "\"Patient/1/_history/3\"},"
    "\"resource\":{\"entry\":[{\"resource\":{\"id\":\"b\"}},"
    "{\"resource\":{\"resourceType\":\"Bundle\",\"type\":\"searchset\"}}],"
    "\"type\":\"searchset\",\"resourceType\":\"Bundle\"}},"
    "{\"resource\":{\"resourceType\":\"Bundle\",\"type\":\"document\",\"entry\":[{\"resource\":"
    "{\"id\":\"c\"}}]}}]}";

/* Kills tests/mutants/bundle-stored.patch: rows of a Bundle that somebody stored taken for answers. */
static void a_batch(void)
{
    says(batch, ERR_OK,
         "H-1 batch-response \nH0 searchset \nH0 searchset 1\nL0 next n0\nR0 {\"id\":\"a\"}\nA0 "
         "200 OK||\n"
         "A1 404 Not Found||\nA2 200|W/\"3\"|Patient/1/_history/3\n"
         "R2 {\"id\":\"b\"}\nR2 {\"resourceType\":\"Bundle\",\"type\":\"searchset\"}\nH2 "
         "searchset \n"
         "R-1 {\"resourceType\":\"Bundle\",\"type\":\"document\",\"entry\":[{\"resource\":"
         "{\"id\":\"c\"}}]}\n");
    /* a search that finds stored Bundles: they are rows, not pages */
    says("{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[{\"resource\":"
         "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[{\"resource\":{\"id\":"
         "\"old\"}}]}}]}", ERR_OK,
         "H-1 searchset \nR-1 {\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":"
         "[{\"resource\":{\"id\":\"old\"}}]}\n");
}

static void refused(void)
{
    static const struct {
        const char *bytes;
        int code;
    } rows[] = {
        {"", ERR_CUT}, {" \n", ERR_CUT}, {"<html>", ERR_NOTFHIR}, {"[]", ERR_NOTFHIR}, {"null",
        ERR_NOTFHIR},
        {"\xef\xbb\xbf{}", ERR_NOTFHIR}, {"\xff\xfe{", ERR_NOTFHIR},
        {"{}{}", ERR_JSON}, {"{} x", ERR_JSON}, {"{\"a\":[}", ERR_JSON}, {"{\"a\":1", ERR_CUT},
        {"{\"resourceType\":\"Bundle\",}", ERR_JSON}, {"{\"resourceType\":\"Bundle\"]", ERR_JSON},
        {"{\"resourceType\":\"Bundle\",\"entry\":[1}", ERR_JSON}, {"{\"resourceType\":\"Bundle\","
        "\"entry\":{}}", ERR_JSON},
        {"{\"resourceType\":\"Bundle\",\"entry\":[],\"entry\":[]}", ERR_JSON},
        {"{\"resourceType\":\"Bundle\",\"\\u0065ntry\":[]}", ERR_JSON},
        {"{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":[]}]}", ERR_JSON},
        {"{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":\"x\"}]}", ERR_JSON},
        {"{\"resourceType\":\"Bundle\",\"entry\":7}", ERR_JSON}, {"{\"resourceType\":\"Bundle\","
        "\"total\":1.}", ERR_JSON},
        {"{\"resourceType\":\"Bundle\",\"type\":\"\xff\"}", ERR_JSON}, {"{\"resourceType\":"
        "\"Bundle\",\"type\":\"a\nb\"}", ERR_JSON},
        {"{\"resourceType\":\"Bundle\" \"type\"}", ERR_JSON}, {"{\"resourceType\":\"Bundle\"}x",
        ERR_JSON},
        {"{\"resourceType\":\"Bundle\",\"link\":[,]}", ERR_JSON}, {"{\"resourceType\":\"Bundle\","
        "\"a\"}", ERR_JSON},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t piece = 1; piece < 100; piece += 98) {
            struct heard h;
            int code = scan(&h, str_of(rows[i].bytes), piece, 0);

            if (code != rows[i].code)
                printf("\n    %s: %s ", rows[i].bytes, err_name(code));
            CU_ASSERT_EQUAL(code, rows[i].code);
            CU_ASSERT_EQUAL(h.resources, 0);
            buf_fini(&h.b);
        }
}

/* Every whole resource before a cut is delivered, and the cut is said.
 * Kills tests/mutants/bundle-cut.patch: a cut page taken for whole. */
static void cut_after_every_byte(void)
{
    static const char *const pages[] = {page, batch};

    for (size_t p = 0; p < 2; p++) {
        struct str all = str_of(pages[p]);
        size_t whole = str_trim(all).n;
        unsigned before = 0;

        for (size_t k = 0; k <= all.n; k++) {
            struct heard h;
            int code = scan(&h, (struct str){all.p, k}, 5, 0);

            CU_ASSERT_EQUAL(code, k < whole ? ERR_CUT : ERR_OK);
            CU_ASSERT(h.resources >= before && h.resources <= before + 2);
            before = h.resources;
            if (p == 0) /* the byte that closes an entry's resource delivers it */
                CU_ASSERT_EQUAL(h.resources, (k >= (size_t)(strstr(page, "}"
                                ",\"search\":{\"mode\":\"match\"}},{}") - page + 1)) +
                                                 (k >= (size_t)(strstr(page, "}]}\n ") - page)));
            buf_fini(&h.b);
        }
        CU_ASSERT_EQUAL(before, p == 0 ? 2 : 4);
    }
}

/* A Bundle with one entry whose resource is head + n times fill + tail, and a small one behind it. */
static int scan_filled(struct heard *h, const char *head, const char *fill, size_t n,
                       const char *tail, size_t max)
{
    struct buf b;
    int code;

    buf_init(&b, 64u << 20);
    buf_adds(&b, "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[{\"resource\":");
    buf_adds(&b, head);
    while (n--)
        buf_adds(&b, fill);
    buf_adds(&b, tail);
    buf_adds(&b, "},{\"resource\":{\"id\":\"behind\"}}]}");
    CU_ASSERT_EQUAL_FATAL(b.failed, 0);
    code = scan(h, buf_str(&b), 100000, max);
    buf_fini(&b);
    return code;
}

static void limits(void)
{
    struct heard h;

    CU_ASSERT_EQUAL(scan_filled(&h, "{\"id\":\"big\",\"d\":\"", "0123456789abcdef",
                    LIMIT_RESOURCE_BYTES / 16, "\"}", 0), ERR_OK);
    CU_ASSERT_EQUAL(h.toobig, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(h.b.p, "B-1 {\"id\":\"big\",\"d\":\"01"));
    CU_ASSERT_PTR_NOT_NULL(strstr(h.b.p, "R-1 {\"id\":\"behind\"}"));
    buf_fini(&h.b);

    CU_ASSERT_EQUAL(scan_filled(&h, "{\"id\":\"deep\",\"d\":", "[", 100000, "\"]\",1", 0), ERR_CUT);
    CU_ASSERT_EQUAL(h.toobig, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(h.b.p, "B-1 {\"id\":\"deep\",\"d\":[["));
    CU_ASSERT_EQUAL(h.resources, 0);
    buf_fini(&h.b);

    CU_ASSERT_EQUAL(scan_filled(&h, "{\"d\":[[[", "[[],\"]\",", 62,
                    "0" "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}", 0),
                    ERR_OK);
    CU_ASSERT_EQUAL(h.toobig, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(h.b.p, "R-1 {\"id\":\"behind\"}"));
    buf_fini(&h.b);

    CU_ASSERT_EQUAL(scan_filled(&h, "{\"id\":\"1\"", " ", 5000, "}", 4000), ERR_TOOBIG);
    CU_ASSERT_EQUAL(h.resources, 0);
    buf_fini(&h.b);
}

static void a_link_too_long_is_no_last_page(void)
{
    struct heard h;
    struct buf b;

    buf_init(&b, 1 << 20);
    buf_adds(&b, "{\"resourceType\":\"Bundle\",\"link\":[{\"relation\":\"next\",\"url\":\"");
    for (int i = 0; i < 30000; i++)
        buf_addc(&b, 'x');
    buf_adds(&b, "\"}]}");
    CU_ASSERT_EQUAL(scan(&h, buf_str(&b), 1000, 0), ERR_TOOBIG);
    buf_fini(&h.b);
    buf_fini(&b);
}

static void the_sink_may_stop_it(void)
{
    struct bundle_sink sink;
    struct bundle_scan *s;
    struct heard h;
    struct err e = ERR_NONE;

    hear(&h, &sink);
    h.stop_at = 1;
    CU_ASSERT_EQUAL_FATAL(bundle_new(&sink, 0, &s), ERR_OK);
    CU_ASSERT_EQUAL(bundle_feed(s, str_of(page), &e), ERR_CANCELLED);
    CU_ASSERT_EQUAL(h.resources, 1);
    CU_ASSERT_EQUAL(bundle_feed(s, str_of("}"), NULL), ERR_CANCELLED);
    CU_ASSERT_EQUAL(bundle_end(s, NULL), ERR_CANCELLED);
    bundle_free(s);
    bundle_free(NULL);
    buf_fini(&h.b);
    sink = (struct bundle_sink){0};
    CU_ASSERT_EQUAL_FATAL(bundle_new(&sink, 0, &s), ERR_OK);
    CU_ASSERT_EQUAL(bundle_feed(s, str_of(batch), &e), ERR_OK);
    CU_ASSERT_EQUAL(bundle_end(s, NULL), ERR_OK);
    CU_ASSERT_EQUAL(bundle_bytes(s), strlen(batch));
    bundle_free(s);
}

static int on_line(void *arg, int64_t line, struct str bytes)
{
    return on_resource(arg, (int)line, bytes);
}

static int on_big_line(void *arg, int64_t line, struct str head)
{
    return on_toobig(arg, (int)line, head);
}

static int scan_lines(struct heard *h, struct str bytes, size_t piece, bool deaf)
{
    struct ndjson_sink sink = {on_line, deaf ? NULL : on_big_line, h};
    struct ndjson_scan *s;
    int code = 0;

    *h = (struct heard){0};
    buf_init(&h->b, 64u << 20);
    CU_ASSERT_EQUAL_FATAL(ndjson_new(&sink, &s), ERR_OK);
    for (size_t i = 0; !code && i < bytes.n; i += piece)
        code = ndjson_feed(s, (struct str){bytes.p + i, bytes.n - i < piece ? bytes.n - i : piece},
                           NULL);
    if (!code)
        code = ndjson_end(s, NULL);
    ndjson_free(s);
    return code;
}

static void lines(void)
{
    struct heard h;
    struct buf b;

    for (size_t piece = 1; piece < 9; piece++) {
        CU_ASSERT_EQUAL(scan_lines(&h, STR("{\"a\":1}\r\n\n  \n{\"b\":2}\n{\"c\":3}"), piece,
                        true), ERR_OK);
        UNIT_STR(h.b.p, "R1 {\"a\":1}\nR4 {\"b\":2}\nR5 {\"c\":3}\n");
        buf_fini(&h.b);
    }
    buf_init(&b, 64u << 20);
    buf_adds(&b, "{\"id\":\"big\",\"d\":\"");
    for (unsigned i = 0; i < LIMIT_RESOURCE_BYTES / 8; i++)
        buf_adds(&b, "01234567");
    buf_adds(&b, "\"}\n{}\n");
    CU_ASSERT_EQUAL(scan_lines(&h, buf_str(&b), 100000, false), ERR_OK);
    UNIT_STR(h.b.p, "B1 {\"id\":\"big\",\"d\":\"012\nR2 {}\n");
    buf_fini(&h.b);
    CU_ASSERT_EQUAL(scan_lines(&h, buf_str(&b), 100000, true), ERR_TOOBIG);
    buf_fini(&h.b);
    buf_fini(&b);
}

static const struct unit_test tests[] = {
    {"a page, in pieces of any size", a_page},
    {"what is no Bundle comes whole", what_is_no_bundle_comes_whole},
    {"a batch answer's searches are opened, other Bundles are not", a_batch},
    {"what is no page is refused", refused},
    {"cut after every byte", cut_after_every_byte},
    {"limits", limits},
    {"a link too long is no last page", a_link_too_long_is_no_last_page},
    {"the sink may stop it, and may be deaf", the_sink_may_stop_it},
    {"NDJSON, a resource a line", lines},
};
UNIT_MAIN("bundle", tests)
