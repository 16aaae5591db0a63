/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What net sends, to whom, in which order, how often, and how it counts.
 */
#include "config.h"

#include "tests/unit.h"

#include <unistd.h>
#include <zlib.h>

#include "base/fault.h"
#include "base/limits.h"
#include "tests/net/rig.h"

static bool say_ok(struct server *s, int fd, const struct server_request *q)
{
    (void)q;
    server_says(s, fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    return true;
}

/* Holds every answer until the gate is open. */
static bool say_ok_later(struct server *s, int fd, const struct server_request *q)
{
    server_wait_gate(s);
    return say_ok(s, fd, q);
}

static bool has_line(const char *head, const char *line)
{
    const char *at = strstr(head, line);

    return at && at > head && at[-1] == '\n' && !strncmp(at + strlen(line), "\r\n", 2);
}

/* The rest of something, as it is. */
static void the_rest(void)
{
    struct asked a = {0};
    struct rig g;

    rig_open(&g, say_ok, NULL);
    CU_ASSERT_EQUAL(rig_ask(&g, &a, 'a', (struct net_ask){.method = "GET", .url = "Binary/b", .accept = "*/*", .plain = true,
                            .from = UINT64_C(5000000000)}, NULL), ERR_OK);
    rig_wait(&g);
    CU_ASSERT(has_line(g.s.last_head, "Range: bytes=5000000000-"));
    CU_ASSERT(has_line(g.s.last_head, "Accept-Encoding: identity"));
    CU_ASSERT(has_line(g.s.last_head, "Accept: */*"));
    rig_forget(&a);
    rig_close(&g);
}

static void what_is_sent(void)
{
    struct asked a = {0}, b = {0};
    struct rig g;
    const char *body = "{\"resourceType\":\"Bundle\",\"type\":\"batch\"}";

    rig_open(&g, say_ok, NULL);
    rig_get(&g, &a, 'a', "metadata");
    rig_wait(&g);
    CU_ASSERT_EQUAL(a.r.code, ERR_OK);
    CU_ASSERT(!strncmp(g.s.last_head, "GET /fhir/metadata HTTP/1.1\r\n", 29));
    CU_ASSERT(has_line(g.s.last_head, "Accept: application/fhir+json"));
    CU_ASSERT_PTR_NOT_NULL(strstr(g.s.last_head, "\r\nAccept-Encoding: "));
    CU_ASSERT_PTR_NOT_NULL(strstr(g.s.last_head, "gzip"));
    CU_ASSERT_PTR_NOT_NULL(strstr(g.s.last_head, "\r\nUser-Agent: wardline/"));
    CU_ASSERT_PTR_NULL(strstr(g.s.last_head, "Authorization"));
    CU_ASSERT_PTR_NULL(strstr(g.s.last_head, "Range"));
    CU_ASSERT_PTR_NULL(strstr(g.s.last_head, "Cookie"));
    CU_ASSERT_PTR_NULL(strstr(g.s.last_head, "Content-"));
    CU_ASSERT_EQUAL(rig_ask(&g, &b, 'b', (struct net_ask){.method = "PUT", .url = "Patient/p", .body = str_of(body),
                    .if_match = "W/\"7\"", .if_none_exist = "identifier=a|b", .prefer = "return=minimal", .no_cache = true}, NULL), ERR_OK);
    rig_wait(&g);
    CU_ASSERT_EQUAL(b.r.code, ERR_OK);
    CU_ASSERT(b.r.reused);
    CU_ASSERT(!strncmp(g.s.last_head, "PUT /fhir/Patient/p HTTP/1.1\r\n", 30));
    CU_ASSERT(has_line(g.s.last_head, "Content-Type: application/fhir+json"));
    CU_ASSERT(has_line(g.s.last_head, "Content-Length: 40"));
    CU_ASSERT(has_line(g.s.last_head, "If-Match: W/\"7\""));
    CU_ASSERT(has_line(g.s.last_head, "If-None-Exist: identifier=a|b"));
    CU_ASSERT(has_line(g.s.last_head, "Prefer: return=minimal"));
    CU_ASSERT(has_line(g.s.last_head, "Cache-Control: no-cache"));
    CU_ASSERT_PTR_NULL(strstr(g.s.last_head, "Expect"));
    rig_close(&g);
    rig_forget(&a);
    rig_forget(&b);
}

static void what_is_refused_at_once(void)
{
    struct asked a = {0};
    struct err e = ERR_NONE;
    struct rig g;
    char long_etag[2000];

    memset(long_etag, 'x', sizeof long_etag);
    long_etag[sizeof long_etag - 1] = '\0';
    rig_open(&g, say_ok, NULL);
    CU_ASSERT_EQUAL(rig_ask(&g, &a, 'a', (struct net_ask){.method = "GET", .url = "http://evil.example/fhir/x"}, &e), ERR_ORIGIN);
    UNIT_STR(e.what, "http://evil.example:80");
    CU_ASSERT_EQUAL(rig_ask(&g, &a, 'a', (struct net_ask){.method = "GET", .url = "../x"}, &e), ERR_ORIGIN);
    CU_ASSERT_EQUAL(rig_ask(&g, &a, 'a', (struct net_ask){.origin = NET_CDS, .method = "GET", .url = "x"}, &e), ERR_ORIGIN);
    CU_ASSERT_EQUAL(rig_ask(&g, &a, 'a', (struct net_ask){.method = "GET", .url = "x", .if_match = "a\r\nX: y"}, &e), ERR_INPUT);
    UNIT_STR(e.what, "If-Match");
    CU_ASSERT_EQUAL(rig_ask(&g, &a, 'a', (struct net_ask){.method = "GET", .url = "x", .if_match = long_etag}, &e), ERR_INPUT);
    /* an update whose condition is empty would be one without a condition */
    CU_ASSERT_EQUAL(rig_ask(&g, &a, 'a', (struct net_ask){.method = "PUT", .url = "x", .body = STR("{}"), .if_match = ""}, &e), ERR_INPUT);
    UNIT_STR(e.what, "If-Match");
    CU_ASSERT_EQUAL(rig_ask(&g, &a, 'a', (struct net_ask){.method = "POST", .url = "x", .body = STR("{}"), .if_none_exist = ""}, &e), ERR_INPUT);
    CU_ASSERT_EQUAL(rig_ask(&g, &a, 'a', (struct net_ask){.method = "GET /evil", .url = "x"}, &e), ERR_BUG);
    CU_ASSERT_PTR_NULL(a.request);
    CU_ASSERT_EQUAL(a.dones, 0);
    rig_close(&g);
    CU_ASSERT_EQUAL(g.s.requests, 0);
}

/* Answers the first request of a connection; the second one is heard whole and then the line is dead. */
static bool die_on_the_second(struct server *s, int fd, const struct server_request *q)
{
    if (q->nth_here > 1)
        return false;
    return say_ok(s, fd, q);
}

/* Kills tests/mutants/net-twice.patch: a rewind that is always granted. curl sends a request again by itself
 * when a kept connection dies before any answer; the server may have carried it out. */
static void what_changes_something_is_never_sent_twice(void)
{
    static const struct {
        const char *method;
        bool repeatable, again;
    } sent[] = {{"POST", false, false}, {"PUT", false, false}, {"PATCH", false, false}, {"POST", true, true}, {"GET", false, true}};

    for (size_t i = 0; i < sizeof sent / sizeof *sent; i++) {
        struct asked a = {0}, b = {0};
        char twice[64];
        struct rig g;

        rig_open(&g, die_on_the_second, NULL);
        rig_get(&g, &a, 'a', "a");
        rig_wait(&g);
        rig_ask(&g, &b, 'b', (struct net_ask){.method = sent[i].method, .url = "b", .repeatable = sent[i].repeatable,
                .body = strcmp(sent[i].method, "GET") ? STR("{\"x\":1}") : (struct str){0}}, NULL);
        rig_wait(&g);
        rig_close(&g);
        snprintf(twice, sizeof twice, "GET a;%s b;%s%s", sent[i].method, sent[i].again ? sent[i].method : "", sent[i].again ? " b;" : "");
        UNIT_STR(g.s.log, twice);
        CU_ASSERT_EQUAL(b.r.code, sent[i].again ? ERR_OK : ERR_OFFLINE);
        rig_forget(&a);
        rig_forget(&b);
    }
}

static bool die_on_writing(struct server *s, int fd, const struct server_request *q)
{
    return !strcmp(q->method, "GET") && say_ok(s, fd, q);
}

/* A DELETE or an empty POST has no body whose rewinding could be refused. Kills tests/mutants/net-fresh.patch. */
static void nor_is_one_without_a_body(void)
{
    static const char *const methods[] = {"POST", "DELETE", "PUT"};

    for (size_t i = 0; i < 3; i++) {
        struct asked a = {0}, b = {0};
        char once[64];
        struct rig g;

        rig_open(&g, die_on_writing, NULL);
        rig_get(&g, &a, 'a', "a");
        rig_wait(&g);
        rig_ask(&g, &b, 'b', (struct net_ask){.method = methods[i], .url = "b"}, NULL);
        rig_wait(&g);
        rig_close(&g);
        snprintf(once, sizeof once, "GET a;%s b;", methods[i]);
        UNIT_STR(g.s.log, once);
        CU_ASSERT_EQUAL(b.r.code, ERR_OFFLINE);
        rig_forget(&a);
        rig_forget(&b);
    }
}

static bool keep_body(struct server *s, int fd, const struct server_request *q)
{
    struct buf *kept = s->arg;

    buf_clear(kept);
    buf_add(kept, q->body, q->body_n);
    return say_ok(s, fd, q);
}

static void gzip_bodies(void)
{
    struct buf kept, plain;
    struct rig g;

    buf_init(&kept, 1u << 20);
    buf_init(&plain, 1u << 20);
    for (int i = 0; i < 2000; i++)
        buf_addf(&plain, "{\"resourceType\":\"Observation\",\"id\":\"%d\"}", i);
    rig_open(&g, keep_body, &kept);
    for (int i = 0; i < 2; i++) {
        struct str body = i ? STR("{}") : buf_str(&plain); /* the second would only grow */
        static unsigned char out[1u << 20];
        struct asked a = {0};
        z_stream z = {0};

        rig_ask(&g, &a, 'a', (struct net_ask){.method = "POST", .url = "", .body = body, .gzip_body = true}, NULL);
        rig_wait(&g);
        CU_ASSERT_EQUAL(a.r.code, ERR_OK);
        CU_ASSERT_EQUAL(has_line(g.s.last_head, "Content-Encoding: gzip"), !i);
        if (i) {
            CU_ASSERT(str_eq(buf_str(&kept), body));
        } else {
            CU_ASSERT(kept.n * 8 < body.n);
            inflateInit2(&z, 31);
            z.next_in = (Bytef *)kept.p;
            z.avail_in = (uInt)kept.n;
            z.next_out = out;
            z.avail_out = sizeof out;
            CU_ASSERT_EQUAL(inflate(&z, Z_FINISH), Z_STREAM_END);
            CU_ASSERT(str_eq((struct str){(char *)out, z.total_out}, body));
            inflateEnd(&z);
        }
        rig_forget(&a);
    }
    rig_close(&g);
    buf_fini(&kept);
    buf_fini(&plain);
}

/* --- who gets the key ------------------------------------------------------------------------- */

static void credentials_go_to_their_origin_alone(void)
{
    struct secret *basic = secret_new(64), *token = secret_new(64), *bad = secret_new(64);
    struct asked a = {0}, b = {0}, c = {0}, d = {0};
    struct server other;
    struct rig g;

    CU_ASSERT_FATAL(basic && token && bad);
    secret_set(basic, "nurse:pass:word", 15);
    secret_set(token, "tok-en.123", 10);
    secret_set(bad, "tok\r\nX: y", 9);
    rig_open(&g, say_ok, NULL);
    CU_ASSERT_FATAL(server_start(&other, say_ok, NULL));
    CU_ASSERT_EQUAL(net_origin_set(g.n, NET_CDS, other.base, NULL, NULL), ERR_OK);
    CU_ASSERT_EQUAL(net_credentials(g.n, NET_FHIR, NET_AUTH_BEARER, bad), ERR_INPUT);
    CU_ASSERT_EQUAL(net_credentials(g.n, NET_FHIR, NET_AUTH_BEARER, token), ERR_OK);
    rig_get(&g, &a, 'a', "a");
    rig_ask(&g, &b, 'b', (struct net_ask){.origin = NET_CDS, .method = "GET", .url = "b"}, NULL);
    rig_wait(&g);
    CU_ASSERT(has_line(g.s.last_head, "Authorization: Bearer tok-en.123"));
    CU_ASSERT(has_line(other.last_head, "Accept: application/json"));
    CU_ASSERT_PTR_NULL(strstr(other.last_head, "Authorization"));
    CU_ASSERT_EQUAL(net_credentials(g.n, NET_FHIR, NET_AUTH_BASIC, basic), ERR_OK);
    rig_get(&g, &c, 'c', "c");
    rig_wait(&g);
    CU_ASSERT(has_line(g.s.last_head, "Authorization: Basic bnVyc2U6cGFzczp3b3Jk"));
    CU_ASSERT_EQUAL(net_origin_set(g.n, NET_FHIR, other.base, NULL, NULL), ERR_OK); /* moves to another host */
    rig_get(&g, &d, 'd', "d");
    rig_wait(&g);
    UNIT_STR(other.log, "GET b;GET d;");
    CU_ASSERT_PTR_NULL(strstr(other.last_head, "Authorization"));
    rig_close(&g);
    server_stop(&other);
    rig_forget(&a);
    rig_forget(&b);
    rig_forget(&c);
    rig_forget(&d);
    secret_free(basic);
    secret_free(token);
    secret_free(bad);
}

/* A request that still waits when its origin moves: the new host's key is not for the old host. */
static void credentials_wait_for_their_own_host(void)
{
    struct secret *token = secret_new(64);
    struct asked a = {0};
    struct server other;
    struct rig g;

    CU_ASSERT_FATAL(token != NULL);
    secret_set(token, "tok-en.123", 10);
    rig_open(&g, say_ok, NULL);
    CU_ASSERT_FATAL(server_start(&other, say_ok, NULL));
    rig_get(&g, &a, 'a', "a");
    CU_ASSERT_EQUAL(net_origin_set(g.n, NET_FHIR, other.base, NULL, NULL), ERR_OK);
    CU_ASSERT_EQUAL(net_credentials(g.n, NET_FHIR, NET_AUTH_BEARER, token), ERR_OK);
    rig_wait(&g);
    CU_ASSERT_EQUAL(a.r.code, ERR_ORIGIN);
    UNIT_STR(g.s.log, "");
    UNIT_STR(other.log, "");
    rig_close(&g);
    server_stop(&other);
    rig_forget(&a);
    secret_free(token);
}

static void the_environment_is_not_asked(void)
{
    char home[] = "/tmp/t_request-XXXXXX", file[64];
    struct asked a = {0};
    struct rig g;
    FILE *f;

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(home));
    snprintf(file, sizeof file, "%s/.netrc", home);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f = fopen(file, "w"));
    fprintf(f, "machine 127.0.0.1 login evil password evil\ndefault login evil password evil\n");
    fclose(f);
    setenv("HOME", home, 1);
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("all_proxy", "http://127.0.0.1:1", 1);
    rig_open(&g, say_ok, NULL);
    rig_get(&g, &a, 'a', "a");
    rig_wait(&g);
    CU_ASSERT_EQUAL(a.r.code, ERR_OK);
    CU_ASSERT_PTR_NULL(strstr(g.s.last_head, "Authorization"));
    rig_close(&g);
    rig_forget(&a);
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    unlink(file);
    rmdir(home);
}

/* --- order and end ---------------------------------------------------------------------------- */

/* Answers when as many more have been asked as there are lanes: with fewer lanes it would wait for ever. */
static bool say_ok_in_lanes(struct server *s, int fd, const struct server_request *q)
{
    server_wait_requests(s, (q->nth + NET_LANES - 1) / NET_LANES * NET_LANES);
    return say_ok(s, fd, q);
}

static void lanes_and_priority(void)
{
    struct asked a[12] = {{0}};
    char url[2] = "a";
    struct rig g;

    rig_open(&g, say_ok_in_lanes, NULL);
    for (int i = 0; i < 12; i++) { /* priorities 2 1 0 2 1 0 ... */
        url[0] = (char)('a' + i);
        CU_ASSERT_EQUAL(rig_ask(&g, &a[i], url[0], (struct net_ask){.method = "GET", .url = url, .priority = 2 - i % 3}, NULL), ERR_OK);
    }
    rig_wait(&g);
    CU_ASSERT_EQUAL(g.s.most_at_once, NET_LANES);
    CU_ASSERT_EQUAL(g.s.requests, 12);
    CU_ASSERT(g.s.connections <= NET_LANES);
    for (size_t i = 0; i < 12; i++) /* "GET c;GET f;...": c f i l, then b e h k, then a d g j, each four in any order */
        CU_ASSERT(g.s.log[i * 6 + 4] % 3 == (i < 4 ? 'c' : i < 8 ? 'b' : 'a') % 3);
    rig_close(&g);
    for (int i = 0; i < 12; i++) {
        CU_ASSERT_EQUAL(a[i].r.code, ERR_OK);
        rig_forget(&a[i]);
    }
}

static void cancel_late(void *arg)
{
    net_cancel(((struct asked *)arg)->request);
}

/* What would be held for longer than anybody waits ends at once, with nothing sent; other origins are not its server's.
 * Kills tests/mutants/net-holds-for-ever.patch. */
static void what_is_held_too_long_ends(void)
{
    struct clock clock = clock_system();
    int64_t now = clock_boot_ms(&clock);
    struct asked a = {0}, b = {0};
    struct rig g;
    loop_timer late;

    rig_open(&g, say_ok, NULL);
    net_quiet(g.n, NET_CDS, now + 300000);
    rig_get(&g, &a, 'a', "metadata");
    rig_wait(&g);
    CU_ASSERT_EQUAL(a.r.code, ERR_OK);
    net_quiet(g.n, NET_FHIR, now + 300000);
    CU_ASSERT_EQUAL(rig_ask(&g, &b, 'b', (struct net_ask){.method = "PUT", .url = "Patient/p", .body = STR("{}")}, NULL), ERR_OK);
    late = loop_after(g.l, 5000, cancel_late, &b);
    rig_wait(&g);
    loop_cancel(g.l, late);
    CU_ASSERT_EQUAL(b.r.code, ERR_BUSY);
    CU_ASSERT_EQUAL(b.r.bytes_up, 0);
    CU_ASSERT(b.r.err.num > 200 && b.r.err.num <= 300);
    CU_ASSERT_EQUAL(g.s.requests, 1);
    rig_close(&g);
    rig_forget(&a);
    rig_forget(&b);
}

static void cancel_self(struct asked *a)
{
    net_cancel(a->request);
    net_cancel(a->request);
}

static void start_another(struct asked *a)
{
    static struct asked more;

    if (a->name == 'z')
        return;
    more = (struct asked){.then = NULL};
    rig_get(a->rig, &more, 'z', "z");
    buf_fini(&more.body);
}

static void cancelling(void)
{
    struct asked running = {0}, waiting[6] = {{0}}, self = {.on_piece = cancel_self}, again = {.then = start_another};
    struct rig g;

    rig_open(&g, say_ok_later, NULL);
    rig_get(&g, &running, 'r', "r");
    for (int i = 0; i < 6; i++)
        rig_get(&g, &waiting[i], (char)('0' + i), "w");
    net_cancel(running.request);
    for (int i = 0; i < 6; i++)
        net_cancel(waiting[i].request);
    CU_ASSERT_EQUAL(running.dones, 0); /* later, never from within net_cancel */
    rig_wait(&g);
    CU_ASSERT_EQUAL(running.r.code, ERR_CANCELLED);
    CU_ASSERT_EQUAL(strlen(g.order), 7);
    server_open_gate(&g.s);
    rig_get(&g, &self, 's', "s");
    rig_wait(&g);
    CU_ASSERT_EQUAL(self.r.code, ERR_CANCELLED);
    CU_ASSERT_EQUAL(self.pieces, 1);
    rig_get(&g, &again, 'a', "a"); /* its on_done asks again */
    rig_wait(&g);
    CU_ASSERT_EQUAL(again.r.code, ERR_OK);
    CU_ASSERT_PTR_NOT_NULL(strchr(g.order, 'z'));
    rig_close(&g);
    rig_forget(&running);
    for (int i = 0; i < 6; i++) {
        CU_ASSERT_EQUAL(waiting[i].r.code, ERR_CANCELLED);
        rig_forget(&waiting[i]);
    }
    rig_forget(&self);
    rig_forget(&again);
}

static void stop_now(void *arg)
{
    loop_stop(arg, 0);
}

static void refused_now(struct asked *a)
{
    struct net_ask ask = {.method = "GET", .url = "x"};

    CU_ASSERT_EQUAL(net_start(a->rig->n, &ask, NULL, NULL), ERR_CANCELLED);
}

static void freeing_ends_every_request_once(void)
{
    struct asked a[8] = {{0}};
    struct rig g;

    rig_open(&g, say_ok_later, NULL);
    for (int i = 0; i < 8; i++) {
        a[i].then = refused_now;
        rig_get(&g, &a[i], (char)('0' + i), "x");
    }
    loop_after(g.l, 50, stop_now, g.l); /* some are on their way, some wait */
    loop_run(g.l);
    rig_close(&g);
    for (int i = 0; i < 8; i++) {
        CU_ASSERT_EQUAL(a[i].r.code, ERR_CANCELLED);
        rig_forget(&a[i]);
    }
}

/* --- pausing ---------------------------------------------------------------------------------- */

#define MUCH (3u << 20)

static bool say_much(struct server *s, int fd, const struct server_request *q)
{
    static const char block[65536];

    (void)q;
    server_says(s, fd, "HTTP/1.1 200 OK\r\nContent-Length: 3145728\r\n\r\n");
    for (unsigned n = 0; n < MUCH; n += sizeof block)
        server_say(s, fd, block, sizeof block);
    return true;
}

static unsigned pieces_when_paused;

static void go_on(void *arg)
{
    struct asked *a = arg;

    CU_ASSERT_EQUAL(a->pieces, pieces_when_paused);
    if (a->request) /* it may have paused behind its last byte */
        net_pause(a->request, false);
}

static void pause_each_tenth(struct asked *a)
{
    if (a->pieces % 10)
        return;
    pieces_when_paused = a->pieces;
    net_pause(a->request, true);
    CU_ASSERT_NOT_EQUAL(loop_after(a->rig->l, 1, go_on, a), 0);
}

static void pausing(void)
{
    struct asked a = {.on_piece = pause_each_tenth}, b = {0};
    struct rig g;

    rig_open(&g, say_much, NULL);
    rig_get(&g, &a, 'a', "a");
    rig_get(&g, &b, 'b', "b"); /* goes on beside it */
    rig_wait(&g);
    CU_ASSERT_EQUAL(a.r.code, ERR_OK);
    CU_ASSERT_EQUAL(a.body.n, MUCH);
    CU_ASSERT_EQUAL(b.body.n, MUCH);
    CU_ASSERT(a.pieces > 100);
    rig_close(&g);
    rig_forget(&a);
    rig_forget(&b);
}

/* Kills tests/mutants/net-pause-refused.patch: what curl kept while the sink paused comes from within curl_easy_pause; a
 * sink that has had enough of it then ends the request all the same. The pause is longer than a second: until then a
 * timer of curl's own would find out. */
static void go_on_late(void *arg)
{
    struct asked *a = arg;

    if (a->request)
        net_pause(a->request, false);
}

static void give_up(void *arg)
{
    struct asked *a = arg;

    if (a->request)
        net_cancel(a->request);
}

static void pause_first(struct asked *a)
{
    if (a->pieces > 1)
        return;
    net_pause(a->request, true);
    CU_ASSERT_NOT_EQUAL(loop_after(a->rig->l, 1500, go_on_late, a), 0);
    CU_ASSERT_NOT_EQUAL(loop_after(a->rig->l, 6000, give_up, a), 0);
}

static void refusing_after_a_pause(void)
{
    struct asked a = {.on_piece = pause_first, .bytes_code = ERR_JSON, .bytes_code_after = 16385};
    struct rig g;

    rig_open(&g, say_much, NULL);
    rig_get(&g, &a, 'a', "a");
    rig_wait(&g);
    CU_ASSERT_EQUAL(a.r.code, ERR_JSON);
    CU_ASSERT_EQUAL(a.pieces, 2); /* it is not asked again */
    rig_close(&g);
    rig_forget(&a);
}

/* 8 MiB of counted lines, gzipped into chunks: what curl decodes while it is paused must wait, not get lost. */
static bool say_gzipped(struct server *s, int fd, const struct server_request *q)
{
    z_stream z = {0};
    char line[64], head[32];
    unsigned char out[1500];

    (void)q;
    server_says(s, fd, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n");
    deflateInit2(&z, 6, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY);
    for (unsigned i = 0; i <= 200000; i++) {
        z.next_in = (Bytef *)line;
        z.avail_in = (uInt)snprintf(line, sizeof line, "%08u the quick brown fox jumps over it\n", i);
        do {
            z.next_out = out;
            z.avail_out = sizeof out;
            deflate(&z, i == 200000 ? Z_FINISH : Z_NO_FLUSH);
            if (z.avail_out < sizeof out) {
                snprintf(head, sizeof head, "%zx\r\n", sizeof out - z.avail_out);
                server_says(s, fd, head);
                server_say(s, fd, out, sizeof out - z.avail_out);
                server_says(s, fd, "\r\n");
            }
        } while (!z.avail_out);
    }
    deflateEnd(&z);
    server_says(s, fd, "0\r\n\r\n");
    return true;
}

static void pausing_what_is_compressed(void)
{
    struct asked a = {.on_piece = pause_each_tenth};
    unsigned wrong = 0;
    struct rig g;

    rig_open(&g, say_gzipped, NULL);
    rig_get(&g, &a, 'a', "a");
    rig_wait(&g);
    CU_ASSERT_EQUAL(a.r.code, ERR_OK);
    CU_ASSERT_EQUAL_FATAL(a.body.n, 200001 * 43);
    for (unsigned i = 0; i <= 200000; i++)
        wrong += (unsigned)atol(a.body.p + i * 43) != i;
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT(a.pieces > 100);
    rig_close(&g);
    rig_forget(&a);
}

/* --- the meter -------------------------------------------------------------------------------- */

static void the_meter_counts_what_the_server_saw(void)
{
    struct asked a = {0}, b = {0}, c = {0};
    struct net_meter m;
    uint64_t heard, said;
    struct rig g;

    rig_open(&g, say_much, NULL);
    rig_get(&g, &a, 'a', "a?with=a&query=string");
    rig_ask(&g, &b, 'b', (struct net_ask){.method = "POST", .url = "b", .body = {"0123456789", 10}}, NULL);
    rig_wait(&g);
    m = net_meter(g.n);
    CU_ASSERT_EQUAL(m.requests, 2);
    CU_ASSERT_EQUAL(m.bytes_up, g.s.heard);
    CU_ASSERT_EQUAL(m.bytes_down, g.s.said);
    CU_ASSERT_EQUAL(a.r.bytes_up + b.r.bytes_up, g.s.heard);
    CU_ASSERT_EQUAL(a.r.bytes_down + b.r.bytes_down, g.s.said);
    heard = g.s.heard;
    said = g.s.said;
    net_meter_reset(g.n);
    CU_ASSERT_EQUAL(net_meter(g.n).bytes_down, 0);
    rig_get(&g, &c, 'c', "c");
    rig_wait(&g);
    m = net_meter(g.n);
    CU_ASSERT_EQUAL(m.requests, 1);
    CU_ASSERT_EQUAL(m.bytes_up, g.s.heard - heard);
    CU_ASSERT_EQUAL(m.bytes_down, g.s.said - said);
    CU_ASSERT_EQUAL(m.round_trips, 1); /* warm */
    rig_close(&g);
    rig_forget(&a);
    rig_forget(&b);
    rig_forget(&c);
}

static void round_trips_are_those_that_waited_for_each_other(void)
{
    struct asked a[4] = {{0}}, b[3] = {{0}};
    struct rig g;

    rig_open(&g, say_ok_later, NULL);
    server_open_gate(&g.s);
    for (int i = 0; i < 4; i++)
        rig_get(&g, &a[i], 'a', "a");
    rig_wait(&g);
    CU_ASSERT_EQUAL(net_meter(g.n).round_trips, 2); /* TCP, and one answer: side by side */
    for (int i = 0; i < 3; i++) {
        rig_get(&g, &b[i], 'b', "b");
        rig_wait(&g);
        CU_ASSERT_EQUAL(net_meter(g.n).round_trips, 3 + (unsigned)i);
    }
    rig_close(&g);
    for (int i = 0; i < 4; i++)
        rig_forget(&a[i]);
    for (int i = 0; i < 3; i++)
        rig_forget(&b[i]);
}

/* --- faults ----------------------------------------------------------------------------------- */

static void faults(void)
{
#ifdef FAULT_INJECTION
    for (unsigned long k = 0; k < 60; k++) { /* the k-th allocation fails; k = 0: the second start does */
        struct asked a = {0}, b = {0};
        struct rig g;
        int code;

        rig_open(&g, say_ok, NULL);
        if (k)
            fault_arm(FAULT_MEM, k);
        else
            fault_arm(FAULT_NET, 2);
        code = rig_ask(&g, &a, 'a', (struct net_ask){.method = "POST", .url = "a", .body = STR("{}"), .gzip_body = true}, NULL);
        rig_wait(&g);
        CU_ASSERT(code ? code == ERR_NOMEM && !a.dones : a.dones == 1);
        if (!k) {
            rig_get(&g, &b, 'b', "b");
            rig_wait(&g);
            CU_ASSERT_EQUAL(b.r.code, ERR_OFFLINE);
            UNIT_STR(g.s.log, "POST a;");
            rig_forget(&b);
        }
        fault_arm(FAULT_MEM, 0);
        fault_arm(FAULT_NET, 0);
        rig_close(&g);
        buf_fini(&a.body);
    }
#else
    unit_skip("not built with --enable-fault-injection");
#endif
}

static const struct unit_test tests[] = {
    {"what is sent", what_is_sent},
    {"the rest of something is asked for as it is", the_rest},
    {"what is refused at once", what_is_refused_at_once},
    {"what changes something is never sent twice", what_changes_something_is_never_sent_twice},
    {"nor is one without a body", nor_is_one_without_a_body},
    {"gzip bodies", gzip_bodies},
    {"credentials go to their origin alone", credentials_go_to_their_origin_alone},
    {"and wait for their own host", credentials_wait_for_their_own_host},
    {"the environment is not asked", the_environment_is_not_asked},
    {"lanes and priority", lanes_and_priority},
    {"what is held too long ends", what_is_held_too_long_ends},
    {"cancelling", cancelling},
    {"freeing ends every request once", freeing_ends_every_request_once},
    {"pausing", pausing},
    {"refusing after a pause", refusing_after_a_pause},
    {"pausing what is compressed", pausing_what_is_compressed},
    {"the meter counts what the server saw", the_meter_counts_what_the_server_saw},
    {"round trips are those that waited for each other", round_trips_are_those_that_waited_for_each_other},
    {"faults", faults},
};
UNIT_MAIN("request", tests)
