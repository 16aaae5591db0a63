/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "demo/priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "base/mem.h"

#define ROOT "/fhir"
#define GZIP_BITS (15 + 16)
#define GZIP_FROM 256 /* smaller answers would grow */

struct demo_server {
    struct demo *d;
    struct clock clock;
    struct MHD_Daemon *daemon;
};

/* One HTTP request while it comes in. */
struct call {
    char *uri;
    struct buf body;
    int refused; /* status that it will be answered with, or 0 */
};

int demo_listen(unsigned port, int *fd, unsigned *bound, struct err *e)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int yes = 1;

    at.sin_port = htons((uint16_t)port);
    *fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd >= 0 && !setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) &&
        !bind(*fd, (struct sockaddr *)&at, sizeof at) && !listen(*fd, 128) &&
        !getsockname(*fd, (struct sockaddr *)&at, &n)) {
        *bound = ntohs(at.sin_port);
        return ERR_OK;
    }
    err_set(e, ERR_IO, errno, 0, "127.0.0.1");
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    return ERR_IO;
}

static struct str header(struct MHD_Connection *c, const char *name)
{
    return str_of(MHD_lookup_connection_value(c, MHD_HEADER_KIND, name));
}

/* "http://HOST/fhir": links lead back by the way that the request came (HAPI). */
static struct str base_of(struct MHD_Connection *c, struct arena *a)
{
    struct str host = header(c, MHD_HTTP_HEADER_HOST);

    for (size_t i = 0; i < host.n; i++)
        if (!memchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.:[]",
                    host.p[i], 67))
            return (struct str){"", 0};
    if (!host.n || host.n > 255)
        return (struct str){"", 0};
    return str_of(arena_fmt(a, "http://%.*s" ROOT, STR_ARG(host)));
}

/* gzip in b becomes plain. An HTTP status, 0 when it went well. */
static int gunzip(struct buf *b)
{
    z_stream z = {.next_in = (Bytef *)b->p, .avail_in = (uInt)b->n};
    struct buf out;
    char piece[16384];
    int rc = Z_OK;

    if (inflateInit2(&z, GZIP_BITS) != Z_OK)
        return 500;
    buf_init(&out, LIMIT_PAGE_BYTES);
    while (rc == Z_OK) {
        z.next_out = (Bytef *)piece;
        z.avail_out = sizeof piece;
        rc = inflate(&z, Z_NO_FLUSH);
        if (rc == Z_OK || rc == Z_STREAM_END)
            buf_add(&out, piece, sizeof piece - z.avail_out);
        if (out.failed)
            break;
    }
    inflateEnd(&z);
    if (out.failed || rc != Z_STREAM_END) {
        rc = out.failed == ERR_TOOBIG ? 413 : out.failed ? 500 : 400;
        buf_fini(&out);
        return rc;
    }
    buf_fini(b);
    *b = out;
    return 0;
}

/* The answer's body as gzip, when that is smaller. */
static bool gzip(struct buf *b)
{
    z_stream z = {.next_in = (Bytef *)b->p, .avail_in = (uInt)b->n};
    struct buf out;
    bool done = false;

    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_BITS, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return false;
    buf_init(&out, DEMO_ANSWER_BYTES);
    if (!buf_reserve(&out, b->n)) {
        z.next_out = (Bytef *)out.p;
        z.avail_out = (uInt)b->n;
        done = deflate(&z, Z_FINISH) == Z_STREAM_END;
        out.n = z.total_out;
    }
    deflateEnd(&z);
    if (done) {
        buf_fini(b);
        *b = out;
    } else {
        buf_fini(&out);
    }
    return done;
}

static bool wants_gzip(struct str accept)
{
    while (accept.p) {
        struct str one = str_split(&accept, ','), name = str_trim(str_split(&one, ';'));

        if (str_is(name, "gzip"))
            return !one.p || !str_is(str_trim(one), "q=0");
    }
    return false;
}

static bool add_header(struct MHD_Response *r, const char *name, const char *value)
{
    return !value[0] || MHD_add_response_header(r, name, value) == MHD_YES;
}

static enum MHD_Result send_answer(struct MHD_Connection *c, struct demo_response *r)
{
    bool zipped = r->body.n >= GZIP_FROM && (!r->media[0] || strstr(r->media, "ndjson")) &&
                  wants_gzip(header(c, MHD_HTTP_HEADER_ACCEPT_ENCODING)) && gzip(&r->body);
    struct MHD_Response *to =
        MHD_create_response_from_buffer(r->body.n, r->body.p, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result ok = MHD_NO;
    char wait[16] = "";

    if (r->retry_after)
        snprintf(wait, sizeof wait, "%d", r->retry_after);
    if (to &&
        add_header(to, MHD_HTTP_HEADER_CONTENT_TYPE,
                   r->media[0] ? r->media : r->body.n ? "application/fhir+json;charset=UTF-8" : "") &&
        add_header(to, MHD_HTTP_HEADER_CONTENT_DISPOSITION, r->media[0] ? "Attachment;" : "") &&
        add_header(to, MHD_HTTP_HEADER_ETAG, r->etag) &&
        add_header(to, MHD_HTTP_HEADER_LOCATION, r->location) &&
        add_header(to, MHD_HTTP_HEADER_CONTENT_LOCATION, r->content_location) &&
        add_header(to, MHD_HTTP_HEADER_LAST_MODIFIED, r->last_modified) &&
        add_header(to, MHD_HTTP_HEADER_RETRY_AFTER, wait) &&
        add_header(to, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT_ENCODING) &&
        add_header(to, MHD_HTTP_HEADER_CONTENT_ENCODING, zipped ? "gzip" : ""))
        ok = MHD_queue_response(c, (unsigned)r->status, to);
    if (to)
        MHD_destroy_response(to);
    return ok;
}

static void refuse(struct demo_response *r, int status, const char *words)
{
    struct jsonw w;

    demo_answer_init(r);
    r->status = status;
    jsonw_init(&w, &r->body);
    demo_outcome(&w, "error", "processing", str_of(words));
}

static bool below_root(struct str uri, struct str *path, struct str *query)
{
    *path = str_split(&uri, '?');
    *query = uri.p ? uri : (struct str){"", 0};
    if (!str_starts(*path, ROOT))
        return false;
    *path = (struct str){path->p + strlen(ROOT), path->n - strlen(ROOT)};
    if (path->n && path->p[0] != '/')
        return false;
    if (path->n)
        *path = (struct str){path->p + 1, path->n - 1};
    return true;
}

/* HAPI: a body that does not say that it is JSON is 400; _search takes a form. */
static bool type_fits(struct MHD_Connection *c, struct str path)
{
    struct str type = header(c, MHD_HTTP_HEADER_CONTENT_TYPE);

    return memmem(type.p ? type.p : "", type.n, "json", 4) ||
           (str_ends(path, "/_search") && str_starts(type, "application/x-www-form-urlencoded"));
}

static void run(struct demo_server *s, struct MHD_Connection *c, const char *method,
                struct call *call, struct demo_response *r)
{
    struct demo_request q = {.method = str_of(method)};
    struct str coding = header(c, MHD_HTTP_HEADER_CONTENT_ENCODING);
    struct arena a;

    if (!call->refused && str_is(coding, "gzip"))
        call->refused = gunzip(&call->body);
    else if (!call->refused && coding.n && !str_is(coding, "identity"))
        call->refused = 415;
    if (call->refused) {
        refuse(r, call->refused, "The body cannot be taken: its size or its encoding");
        return;
    }
    if (!below_root(str_of(call->uri), &q.path, &q.query)) {
        refuse(r, 404, "FHIR lies at " ROOT);
        return;
    }
    if (call->body.n && !type_fits(c, q.path)) {
        refuse(r, 400, "The body's Content-Type is not application/fhir+json");
        return;
    }
    arena_init(&a, 4096);
    q.base = base_of(c, &a);
    q.body = buf_str(&call->body);
    q.if_match = header(c, MHD_HTTP_HEADER_IF_MATCH);
    q.if_none_match = header(c, MHD_HTTP_HEADER_IF_NONE_MATCH);
    q.if_none_exist = header(c, "If-None-Exist");
    q.prefer = header(c, "Prefer");
    q.accept = header(c, MHD_HTTP_HEADER_ACCEPT);
    demo_handle(s->d, clock_wall_ms(&s->clock), &q, r);
    arena_fini(&a);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *n, void **context)
{
    struct call *call = *context;
    struct demo_response r;
    enum MHD_Result ok;

    (void)url, (void)version;
    if (!call)
        return MHD_NO;
    if (!call->body.max) { /* the first call: headers only */
        buf_init(&call->body, LIMIT_PAGE_BYTES);
        return MHD_YES;
    }
    if (*n) {
        if (!call->refused && buf_add(&call->body, data, *n))
            call->refused = call->body.failed == ERR_TOOBIG ? 413 : 500;
        *n = 0;
        return MHD_YES;
    }
    run(arg, c, method, call, &r);
    ok = send_answer(c, &r);
    buf_fini(&r.body);
    return ok;
}

/* The only place where MHD shows the query as it came. */
static void *on_uri(void *arg, const char *uri, struct MHD_Connection *c)
{
    struct call *call = mem_alloc(sizeof *call);

    (void)arg, (void)c;
    if (call && !(call->uri = mem_dup(uri, strlen(uri)))) {
        mem_free(call);
        call = NULL;
    }
    return call;
}

static void on_done(void *arg, struct MHD_Connection *c, void **context,
                    enum MHD_RequestTerminationCode why)
{
    struct call *call = *context;

    (void)arg, (void)c, (void)why;
    if (!call)
        return;
    buf_fini(&call->body);
    mem_free(call->uri);
    mem_free(call);
    *context = NULL;
}

int demo_serve(struct demo *d, int fd, const struct clock *clock, struct demo_server **out,
               struct err *e)
{
    struct demo_server *s = mem_alloc(sizeof *s);

    *out = NULL;
    if (s) {
        *s = (struct demo_server){.d = d, .clock = *clock};
        s->daemon = MHD_start_daemon(
            MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL, NULL, on_request, s,
            MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK, on_uri, NULL,
            MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL, MHD_OPTION_CONNECTION_TIMEOUT, 120u,
            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)256 << 10, MHD_OPTION_END);
    }
    if (s && s->daemon) {
        *out = s;
        return ERR_OK;
    }
    close(fd);
    mem_free(s);
    return err_set(e, ERR_IO, errno, 0, "127.0.0.1");
}

void demo_server_stop(struct demo_server *s)
{
    if (!s)
        return;
    MHD_stop_daemon(s->daemon); /* closes the socket too */
    mem_free(s);
}
