/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/unit.h"

#include "base/limits.h"
#include "net/net.h"

/* want: what is asked for; NULL: refused. */
struct pair {
    const char *base, *link, *want;
};

#define CLINIC "https://fhir.clinic.example/fhir"

static const struct pair pairs[] = {
    /* the same origin, written in other ways */
    {CLINIC, "https://fhir.clinic.example/fhir/Patient/1", CLINIC "/Patient/1"},
    {CLINIC, "https://fhir.clinic.example/fhir", CLINIC},
    {CLINIC, "https://fhir.clinic.example/fhir/", CLINIC "/"},
    {CLINIC, "https://fhir.clinic.example/fhir?_getpages=1a2b&_getpagesoffset=20", CLINIC "?_getpages=1a2b&_getpagesoffset=20"},
    {CLINIC, "https://fhir.clinic.example:443/fhir/Patient", CLINIC "/Patient"},
    {CLINIC, "https://fhir.clinic.example:0443/fhir/Patient", CLINIC "/Patient"},
    {CLINIC, "https://fhir.clinic.example:/fhir/Patient", CLINIC "/Patient"},
    {CLINIC, "HTTPS://FHIR.Clinic.EXAMPLE/fhir/Patient", CLINIC "/Patient"},
    {"https://fhir.clinic.example:443/fhir", "https://fhir.clinic.example/fhir/Patient", CLINIC "/Patient"},
    {"HTTPS://FHIR.CLINIC.EXAMPLE/fhir/", "https://fhir.clinic.example/fhir/Patient", CLINIC "/Patient"},
    {"https://fhir.clinic.example:8443/fhir", "https://fhir.clinic.example:8443/fhir/a", "https://fhir.clinic.example:8443/fhir/a"},
    {"http://127.0.0.1:80/fhir", "http://127.0.0.1/fhir/a", "http://127.0.0.1/fhir/a"},
    {"http://127.0.0.1:8080/fhir", "http://127.0.0.1:8080/fhir/a", "http://127.0.0.1:8080/fhir/a"},
    {"http://[::1]:8080/fhir", "http://[::1]:8080/fhir/a", "http://[::1]:8080/fhir/a"},
    {"http://localhost:8080/fhir", "http://LOCALHOST:8080/fhir/a", "http://localhost:8080/fhir/a"},
    {"https://h.example", "https://h.example/Patient", "https://h.example/Patient"},
    {"https://h.example", "https://h.example", "https://h.example/"},
    {"https://h.example/", "https://h.example/a/b", "https://h.example/a/b"},
    {"https://xn--mller-kva.example/fhir", "https://xn--mller-kva.example/fhir/a", "https://xn--mller-kva.example/fhir/a"},
    /* links that lean on the base */
    {CLINIC, "", CLINIC},
    {CLINIC, "?_getpages=7", CLINIC "?_getpages=7"},
    {CLINIC, "metadata", CLINIC "/metadata"},
    {CLINIC "/", "metadata", CLINIC "/metadata"},
    {CLINIC "///", "metadata", CLINIC "/metadata"},
    {CLINIC, "./metadata", CLINIC "/metadata"},
    {CLINIC, "Patient?name=a&_count=5", CLINIC "/Patient?name=a&_count=5"},
    {CLINIC, "Patient/1/_history/2", CLINIC "/Patient/1/_history/2"},
    {CLINIC, "/fhir/Patient?_page=2", CLINIC "/Patient?_page=2"},
    {CLINIC, "//fhir.clinic.example/fhir/Patient", CLINIC "/Patient"},
    {CLINIC, "Patient/../Observation", CLINIC "/Observation"},
    {CLINIC, "Patient/x:y", CLINIC "/Patient/x:y"},
    {CLINIC, "Observation?code=http://loinc.org|1234-5", CLINIC "/Observation?code=http://loinc.org|1234-5"},
    {CLINIC, "Patient?next=https://evil.example/", CLINIC "/Patient?next=https://evil.example/"},
    {CLINIC, "Patient?x=@evil.example", CLINIC "/Patient?x=@evil.example"},
    {CLINIC, "Patient?x=/../../y", CLINIC "/Patient?x=/../../y"},
    {"https://h.example", "metadata", "https://h.example/metadata"},
    {"https://h.example", "", "https://h.example/"},
    /* bytes that a careless server leaves as they are */
    {CLINIC, "Patient?name=M\xc3\xbcller", CLINIC "/Patient?name=M%C3%BCller"},
    {CLINIC, "Patient?name=a b", CLINIC "/Patient?name=a%20b"},
    {CLINIC, "Patient?name=a\\,b", CLINIC "/Patient?name=a%5C,b"},
    {CLINIC, "Patient?_lastUpdated=ge2026-11-23T14:05:09.123%2B00:00", CLINIC "/Patient?_lastUpdated=ge2026-11-23T14:05:09.123%2B00:00"},
    {CLINIC, "Patient?a=1#evil", CLINIC "/Patient?a=1"},
    {CLINIC, "#x", CLINIC},
    {CLINIC, CLINIC "/a%2Fb", CLINIC "/a%2Fb"},
    /* another scheme */
    {CLINIC, "http://fhir.clinic.example/fhir/Patient", NULL},
    {CLINIC, "http://fhir.clinic.example:443/fhir/Patient", NULL},
    {CLINIC, "ftp://fhir.clinic.example/fhir/Patient", NULL},
    {CLINIC, "file:///etc/passwd", NULL},
    {CLINIC, "file://fhir.clinic.example/fhir/Patient", NULL},
    {CLINIC, "gopher://fhir.clinic.example:443/fhir/_", NULL},
    {CLINIC, "ws://fhir.clinic.example/fhir/Patient", NULL},
    {CLINIC, "wss://fhir.clinic.example/fhir/Patient", NULL},
    {CLINIC, "ldap://fhir.clinic.example/fhir", NULL},
    {CLINIC, "javascript:alert(1)", NULL},
    {CLINIC, "data:application/fhir+json,{}", NULL},
    {CLINIC, "urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8", NULL},
    {CLINIC, "mailto:a@fhir.clinic.example", NULL},
    {CLINIC, "https:fhir/Patient", NULL},
    {CLINIC, "https:/fhir.clinic.example/fhir/Patient", NULL},
    {CLINIC, "https:///fhir.clinic.example/fhir/Patient", NULL},
    {CLINIC, "https:////fhir.clinic.example/fhir/Patient", NULL},
    {CLINIC, "https:\\\\fhir.clinic.example\\fhir", NULL},
    {CLINIC, "https:\\/fhir.clinic.example/fhir", NULL},
    {CLINIC, ":https://fhir.clinic.example/fhir", NULL},
    {CLINIC, "https ://fhir.clinic.example/fhir", NULL},
    {CLINIC, "1https://fhir.clinic.example/fhir", NULL},
    {CLINIC, "httpsx://fhir.clinic.example/fhir", NULL},
    {CLINIC, " https://fhir.clinic.example/fhir", NULL},
    {"http://127.0.0.1:8080/fhir", "https://127.0.0.1:8080/fhir/a", NULL},
    /* another host */
    {CLINIC, "https://evil.example/fhir/Patient", NULL},
    {CLINIC, "https://fhir.clinic.example.evil/fhir/Patient", NULL},
    {CLINIC, "https://fhir.clinic.example.evil.example/fhir/Patient", NULL},
    {CLINIC, "https://fhir.clinic.examplex/fhir/Patient", NULL},
    {CLINIC, "https://xfhir.clinic.example/fhir/Patient", NULL},
    {CLINIC, "https://clinic.example/fhir/Patient", NULL},
    {CLINIC, "https://fhir.clinic.example./fhir/Patient", NULL},
    {CLINIC, "https://.fhir.clinic.example/fhir/Patient", NULL},
    {CLINIC, "https://fhir..clinic.example/fhir/Patient", NULL},
    {CLINIC, "https://fhir-clinic.example/fhir/Patient", NULL},
    {CLINIC, "https://fhir.clinic.example%2eevil.example/fhir/Patient", NULL},
    {CLINIC, "https://fhir%2eclinic.example/fhir/Patient", NULL},
    {CLINIC, "https://fhir.clinic.example%00.evil.example/fhir", NULL},
    {CLINIC, "https://fhir.clinic.example%0d%0a.evil.example/fhir", NULL},
    {CLINIC, "https://fhir.clinic.example%23@evil.example/fhir", NULL},
    {CLINIC, "https://fhir.clinic.example%40evil.example/fhir", NULL},
    {CLINIC, "https://fhir.cl\xc4\xb1nic.example/fhir/Patient", NULL},      /* dotless i */
    {CLINIC, "https://fhir.clinic.ex\xd0\xb0mple/fhir/Patient", NULL},      /* Cyrillic a */
    {CLINIC, "https://fhir.clinic\xe3\x80\x82" "example/fhir/Patient", NULL}, /* ideographic full stop */
    {CLINIC, "https://fhir.clinic\xef\xbc\x8e" "example/fhir/Patient", NULL}, /* full-width full stop */
    {CLINIC, "https://\xef\xbd\x86hir.clinic.example/fhir", NULL},          /* full-width f */
    {CLINIC, "https://fhir.clinic.example\xc2\xad/fhir/Patient", NULL},     /* soft hyphen */
    {CLINIC, "//evil.example/fhir/Patient", NULL},
    {CLINIC, "///evil.example/fhir/Patient", NULL},
    {CLINIC, "/\\evil.example/fhir", NULL},
    {CLINIC, "\\\\evil.example/fhir", NULL},
    {CLINIC, "\\/evil.example/fhir", NULL},
    {CLINIC, "https://169.254.169.254/latest/meta-data/", NULL},
    {CLINIC, "https://localhost/fhir/Patient", NULL},
    {CLINIC, "https://[::1]/fhir/Patient", NULL},
    {CLINIC, "https://10.0.0.1/fhir/Patient", NULL},
    {CLINIC, "https:///fhir/Patient", NULL},
    {CLINIC, "https://", NULL},
    {CLINIC, "https://?x", NULL},
    {CLINIC, "https://*/fhir/Patient", NULL},
    {CLINIC, "https://fhir.clinic.example,evil.example/fhir", NULL},
    {CLINIC, "https://fhir.clinic.example;evil.example/fhir", NULL},
    {CLINIC, "https://fhir.clinic.example evil.example/fhir", NULL},
    /* userinfo */
    {CLINIC, "https://user@fhir.clinic.example/fhir/Patient", NULL},
    {CLINIC, "https://user:pw@fhir.clinic.example/fhir/Patient", NULL},
    {CLINIC, "https://@fhir.clinic.example/fhir/Patient", NULL},
    {CLINIC, "https://:@fhir.clinic.example/fhir/Patient", NULL},
    {CLINIC, "https://fhir.clinic.example@evil.example/fhir/Patient", NULL},
    {CLINIC, "https://fhir.clinic.example:443@evil.example/fhir", NULL},
    {CLINIC, "https://fhir.clinic.example:x@evil.example/fhir", NULL},
    {CLINIC, "https://evil.example\\@fhir.clinic.example/fhir", NULL},
    {CLINIC, "https://fhir.clinic.example\\@evil.example/fhir", NULL},
    {CLINIC, "https://fhir.clinic.example\\.evil.example/fhir", NULL},
    {CLINIC, "https://a@b@fhir.clinic.example/fhir", NULL},
    {CLINIC, "https://evil.example#@fhir.clinic.example/fhir", NULL},
    {CLINIC, "https://evil.example?@fhir.clinic.example/fhir", NULL},
    {CLINIC, "https://evil.example/@fhir.clinic.example/fhir", NULL},
    {CLINIC, "https://fhir.clinic.example#@evil.example/fhir", NULL}, /* the base's host, but not its path */
    /* another port */
    {CLINIC, "https://fhir.clinic.example:444/fhir/Patient", NULL},
    {CLINIC, "https://fhir.clinic.example:80/fhir/Patient", NULL},
    {CLINIC, "https://fhir.clinic.example:8443/fhir/Patient", NULL},
    {CLINIC, "https://fhir.clinic.example:4430/fhir/Patient", NULL},
    {CLINIC, "https://fhir.clinic.example:65979/fhir/Patient", NULL}, /* 443 in 16 bits */
    {CLINIC, "https://fhir.clinic.example:-443/fhir/Patient", NULL},
    {CLINIC, "https://fhir.clinic.example:+443/fhir/Patient", NULL},
    {CLINIC, "https://fhir.clinic.example:443:443/fhir/Patient", NULL},
    {CLINIC, "https://fhir.clinic.example:0x1bb/fhir/Patient", NULL},
    {CLINIC, "https://fhir.clinic.example:443.evil.example/fhir", NULL},
    {"http://127.0.0.1:8080/fhir", "http://127.0.0.1/fhir/a", NULL},
    {"http://127.0.0.1:8080/fhir", "http://127.0.0.1:80801/fhir/a", NULL},
    /* addresses in disguise */
    {"http://127.0.0.1:8080/fhir", "http://127.0.0.2:8080/fhir/a", NULL},
    {"http://127.0.0.1:8080/fhir", "http://localhost:8080/fhir/a", NULL},
    {"http://127.0.0.1:8080/fhir", "http://127.1:8080/fhir/a", NULL},
    {"http://127.0.0.1:8080/fhir", "http://2130706433:8080/fhir/a", NULL},
    {"http://127.0.0.1:8080/fhir", "http://0x7f.0.0.1:8080/fhir/a", NULL},
    {"http://127.0.0.1:8080/fhir", "http://0177.0.0.1:8080/fhir/a", NULL},
    {"http://127.0.0.1:8080/fhir", "http://[::ffff:127.0.0.1]:8080/fhir/a", NULL},
    {"http://[::1]:8080/fhir", "http://[::1%25eth0]:8080/fhir/a", NULL},
    {"http://[::1]:8080/fhir", "http://[::1%eth0]:8080/fhir/a", NULL},
    {"http://[::1]:8080/fhir", "http://[0:0:0:0:0:0:0:1]:8080/fhir/a", NULL},
    {"http://[::1]:8080/fhir", "http://[::2]:8080/fhir/a", NULL},
    {"http://[::1]:8080/fhir", "http://[::1]evil.example:8080/fhir/a", NULL},
    {"http://[::1]:8080/fhir", "http://[::1:8080/fhir/a", NULL},
    {"http://[::1]:8080/fhir", "http://::1:8080/fhir/a", NULL},
    /* another path */
    {CLINIC, "https://fhir.clinic.example/", NULL},
    {CLINIC, "https://fhir.clinic.example", NULL},
    {CLINIC, "https://fhir.clinic.example/fhirx/Patient", NULL},
    {CLINIC, "https://fhir.clinic.example/FHIR/Patient", NULL},
    {CLINIC, "https://fhir.clinic.example/other/fhir/Patient", NULL},
    {CLINIC, "https://fhir.clinic.example//fhir/Patient", NULL},
    {CLINIC, "https://fhir.clinic.example/%66hir/Patient", NULL},
    {CLINIC, "https://fhir.clinic.example/?/fhir/Patient", NULL},
    {CLINIC, "/Patient", NULL},
    {CLINIC, "../admin", NULL},
    {CLINIC, "../fhirx", NULL},
    {CLINIC, "Patient/../../admin", NULL},
    {CLINIC, CLINIC "/../admin", NULL},
    {CLINIC, CLINIC "/x/../../admin", NULL},
    {CLINIC, CLINIC "/%2e%2e/admin", NULL},
    {CLINIC, CLINIC "/%2E%2E/admin", NULL},
    {CLINIC, CLINIC "/.%2e/admin", NULL},
    {CLINIC, CLINIC "/%2e./admin", NULL},
    {CLINIC, CLINIC "/%252e%252e/admin", NULL},
    {CLINIC, CLINIC "/%25252e%25252e/admin", NULL},
    {CLINIC, CLINIC "/%2e%2e%2fadmin", NULL},
    {CLINIC, CLINIC "/..%2fadmin", NULL},
    {CLINIC, CLINIC "/..%5cadmin", NULL},
    {CLINIC, CLINIC "/x%2f..%2f..%2fadmin", NULL},
    {CLINIC, CLINIC "/..;/admin", NULL},
    {CLINIC, CLINIC "/..;a=b/admin", NULL},
    {CLINIC, CLINIC "/%2e%2e;/admin", NULL},
    {CLINIC, CLINIC "/..\\admin", NULL},
    {CLINIC, CLINIC "/..%00/admin", NULL},
    {CLINIC, CLINIC "\\Patient", NULL},
    {CLINIC, "..\\..\\admin", NULL},
    /* bytes that no link has */
    {CLINIC, CLINIC "/Patient\r\nX-Evil: 1", NULL},
    {CLINIC, CLINIC "/Pat\tient", NULL},
    {CLINIC, CLINIC "/Patient\n", NULL},
    {CLINIC, CLINIC "/Pat\x7fient", NULL},
    {CLINIC, CLINIC "/Patient?x=\x1b[2J", NULL},
    {CLINIC, "https://fhir.clinic.example\t.evil.example/fhir", NULL},
    {CLINIC, "ht\ntps://fhir.clinic.example/fhir", NULL},
};

struct rig {
    struct loop *l;
    struct net *n;
};

static struct rig rig(void)
{
    struct clock clock = clock_system();
    struct rig r = {NULL, NULL};

    CU_ASSERT_EQUAL_FATAL(loop_new(&clock, &r.l), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(net_new(r.l, &clock, &r.n), ERR_OK);
    return r;
}

static void rig_free(struct rig *r)
{
    net_free(r->n);
    loop_free(r->l);
}

/* Kills tests/mutants/net-prefix.patch (origins compared as prefixes) and net-climb.patch (paths compared as
 * they are written). */
static void links(void)
{
    struct rig r = rig();
    unsigned passed = 0, refused = 0;

    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const struct pair *p = &pairs[i];
        char out[LIMIT_URL_BYTES], again[LIMIT_URL_BYTES];
        struct err e = ERR_NONE;
        int code;

        CU_ASSERT_EQUAL(net_origin_set(r.n, NET_FHIR, p->base, NULL, &e), ERR_OK);
        code = net_gate(r.n, NET_FHIR, str_of(p->link), out, &e);
        CU_ASSERT_EQUAL(code, p->want ? ERR_OK : ERR_ORIGIN);
        if (!p->want != !!code)
            printf("\n    \"%s\" gave \"%s\" %s ", p->link, out, e.what);
        UNIT_STR(out, p->want ? p->want : "");
        if (p->want && !code) { /* what passed once passes again, unchanged */
            CU_ASSERT_EQUAL(net_gate(r.n, NET_FHIR, str_of(out), again, &e), ERR_OK);
            UNIT_STR(again, out);
            passed++;
        } else
            refused++;
    }
    printf(" %u pass, %u are refused ", passed, refused);
    CU_ASSERT(passed >= 40 && refused >= 120);
    rig_free(&r);
}

static void what_is_said(void)
{
    static const struct {
        const char *link, *what;
    } said[] = {
        {"https://evil.example/fhir/Patient?name=secret", "https://evil.example:443"},
        {"http://fhir.clinic.example/fhir", "http://fhir.clinic.example:80"},
        {"https://user:pw@evil.example/", "malformed"},
        {"https://\x1b[2J/", "malformed"},
        {CLINIC "/../Patient/secret", "https://fhir.clinic.example:443"},
    };
    struct rig r = rig();
    char out[LIMIT_URL_BYTES], big[LIMIT_URL_BYTES + 10];
    struct err e = ERR_NONE;

    CU_ASSERT_EQUAL(net_gate(r.n, NET_FHIR, STR("x"), out, &e), ERR_ORIGIN); /* no base yet */
    CU_ASSERT_EQUAL(net_origin_set(r.n, NET_FHIR, CLINIC, NULL, &e), ERR_OK);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        CU_ASSERT_EQUAL(net_gate(r.n, NET_FHIR, str_of(said[i].link), out, &e), ERR_ORIGIN);
        UNIT_STR(e.what, said[i].what);
    }
    memset(big, 'a', sizeof big);
    big[sizeof big - 1] = '\0';
    CU_ASSERT_EQUAL(net_gate(r.n, NET_FHIR, str_of(big), out, &e), ERR_TOOBIG);
    for (size_t n = 0; n < LIMIT_URL_BYTES; n++) { /* never a byte too many, whatever the length */
        int code = net_gate(r.n, NET_FHIR, (struct str){big, n}, out, &e);

        CU_ASSERT(code == ERR_OK ? strlen(out) == strlen(CLINIC) + (n > 0) + n : !*out);
    }
    CU_ASSERT_EQUAL(net_gate(r.n, NET_FHIR, (struct str){"a\0b", 3}, out, &e), ERR_ORIGIN);
    rig_free(&r);
}

static void bases(void)
{
    static const char *const good[] = {
        "https://h.example", "https://h.example/", "https://h.example:8443/fhir/r4", "http://localhost/fhir", "http://127.0.0.1",
        "http://127.8.9.10:1/fhir", "http://[::1]:8080", "https://10.0.0.1/fhir", "https://[2001:db8::1]/fhir",
    };
    static const char *const bad[] = {
        "", "h.example", "h.example/fhir", "//h.example", "ftp://h.example", "file:///tmp/x", "http://h.example",
        "http://h.example/fhir", "http://localhost.evil.example", "http://127.0.0.1.evil.example", "http://127.0.0.1.evil",
        "http://127.1", "http://0x7f000001", "http://[::ffff:127.0.0.1]", "http://10.0.0.1", "http://0.0.0.0", "http://[::]",
        "https://u@h.example", "https://u:p@h.example", "https://h.example?x", "https://h.example/?x=1", "https://h.example/#x",
        "https://h.example/fhir#", "https://h.example/a b", "https://h.example/%2e%2e/x", "https://h.example/..;/x",
        "https://h ost.example", "https://h\xc3\xbc.example", "https://[::1%25lo]/", "https://h.example:99999/", "https://",
        "https:///x", "http://localhost@evil.example", "http://evil.example#localhost", "http://localhost\\@evil.example",
        "https://h.example/\r\nX: y", "https://h.example:443:443/", "https://h.example/fh\xc3\xafr", "https://h.example/%252e%252e/x",
    };
    struct rig r = rig();
    struct err e = ERR_NONE;
    char out[LIMIT_URL_BYTES];

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        CU_ASSERT_EQUAL(net_origin_set(r.n, NET_FHIR, good[i], NULL, &e), ERR_OK);
        CU_ASSERT_EQUAL(net_gate(r.n, NET_FHIR, STR("x"), out, &e), ERR_OK);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int code = net_origin_set(r.n, NET_AUTH, bad[i], NULL, &e);

        CU_ASSERT(code == ERR_USAGE || code == ERR_HTTPS);
        if (code != ERR_USAGE && code != ERR_HTTPS)
            printf("\n    \"%s\" was taken ", bad[i]);
        CU_ASSERT_EQUAL(net_gate(r.n, NET_AUTH, STR("x"), out, &e), ERR_ORIGIN);
    }
    CU_ASSERT_EQUAL(net_origin_set(r.n, NET_FHIR, "https://user:hunter2@h.example", NULL, &e), ERR_USAGE);
    UNIT_STR(e.what, "userinfo");
    CU_ASSERT_EQUAL(net_origin_set(r.n, NET_FHIR, "https://h.example", "/nonexistent/ca.pem", &e), ERR_IO);
    CU_ASSERT(net_is_loopback("http://localhost:1/x") && net_is_loopback("https://127.0.0.1") && net_is_loopback("http://[::1]"));
    CU_ASSERT(!net_is_loopback("https://h.example") && !net_is_loopback("http://127.0.0.1.evil.example") && !net_is_loopback(""));
    CU_ASSERT(!net_is_loopback("https://localhost.example") && !net_is_loopback("https://[::2]"));
    rig_free(&r);
}

static const struct unit_test tests[] = {
    {"links", links},
    {"what a refusal says", what_is_said},
    {"bases", bases},
};
UNIT_MAIN("gate", tests)
