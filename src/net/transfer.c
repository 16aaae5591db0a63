/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "net/net.h"

#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/mem.h"
#include "net/priv.h"

#define HEADER_MAX 1024

/* --- what curl calls -------------------------------------------------------------------------- */

const char *net_path_of(const struct net_request *r, char out[NET_PATH_BYTES])
{
    const char *p = r->url + strlen(r->net->sites[r->ask.origin].base.root);
    size_t n = strcspn(p, "?");

    snprintf(out, NET_PATH_BYTES, "%.*s", (int)(n < NET_PATH_BYTES ? n : NET_PATH_BYTES - 1), p);
    return out;
}

static size_t stop(struct net_request *r, int code, int64_t num, const char *what)
{
    if (!r->stop.code)
        err_set(&r->stop, code, 0, num, what);
    return 0;
}

/* An answer that waited for a new connection waited for its set-up too: one round for TCP, one for TLS 1.3. */
static void count_round(struct net_request *r)
{
    struct net_meter *m = &r->net->meter;
    uint64_t rounds = r->round + 1;
    long connects = 0;

    curl_easy_getinfo(r->easy, CURLINFO_NUM_CONNECTS, &connects);
    if (connects)
        rounds += r->net->sites[r->ask.origin].base.tls ? 2 : 1;
    if (rounds > m->round_trips)
        m->round_trips = rounds;
}

static size_t header_in(char *p, size_t size, size_t n, void *arg)
{
    struct net_request *r = arg;
    char path[NET_PATH_BYTES];
    bool ended;
    int code;

    if (r->cancelled)
        return 0;
    if (net_head_line(&r->reader, (struct str){p, size * n}, &r->net->clock, &ended))
        return stop(r, ERR_TOOBIG, LIMIT_HEADER_BYTES, "headers");
    if (ended) {
        count_round(r);
        if (r->net->heard)
            r->net->heard(r->net->heard_arg, r->ask.origin, &r->reader.head);
        code = r->ask.on_head ? r->ask.on_head(r->ask.arg, &r->reader.head) : ERR_OK;
        if (code)
            return stop(r, code, 0, net_path_of(r, path));
    }
    return size * n;
}

static size_t body_out(char *p, size_t size, size_t n, void *arg)
{
    struct net_request *r = arg;
    size_t left = r->body_n - r->body_sent, take = size * n < left ? size * n : left;

    memcpy(p, r->body + r->body_sent, take);
    r->body_sent += take;
    return take;
}

/* When a kept connection dies before any answer, curl rewinds the body and sends the request again, also a
 * POST that the server may have carried out already. Refusing to rewind stops that; a request without a
 * body has nothing to rewind, and goes over a connection of its own (FRESH_CONNECT below). */
static int body_rewind(void *arg, curl_off_t offset, int origin)
{
    struct net_request *r = arg;

    if (!r->ask.repeatable || origin != SEEK_SET || offset < 0 || (size_t)offset > r->body_n)
        return CURL_SEEKFUNC_FAIL;
    r->body_sent = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

/* --- before ----------------------------------------------------------------------------------- */

static int add_header(struct net_request *r, const char *name, const char *value, struct err *e)
{
    char line[HEADER_MAX];
    struct curl_slist *more;

    for (const char *p = value; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return err_set(e, ERR_INPUT, 0, 0, name);
    if ((size_t)snprintf(line, sizeof line, *value ? "%s: %s" : "%s:", name, value) >= sizeof line)
        return err_set(e, ERR_INPUT, 0, 0, name);
    if (!(more = curl_slist_append(r->headers, line)))
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    r->headers = more;
    return ERR_OK;
}

static int add_headers(struct net_request *r, const struct net_ask *ask, bool gzipped, struct err *e)
{
    bool plain = ask->origin == NET_AUTH || ask->origin == NET_CDS;
    const char *json = plain ? "application/json" : "application/fhir+json";
    char range[40];
    const struct {
        const char *name, *value;
        bool drop; /* "" takes curl's own line out; elsewhere it would lose a condition, and is refused */
    } lines[] = {
        {"Accept", ask->accept ? ask->accept : json, false},
        {"Content-Type", !ask->body.n ? "" : ask->content_type ? ask->content_type : json, !ask->body.n},
        {"Accept-Encoding", ask->plain ? "identity" : NET_CODINGS, false},
        {"Range", ask->from ? range : NULL, false},
        {"Content-Encoding", gzipped ? "gzip" : NULL, false},
        {"If-Match", ask->if_match, false},
        {"If-None-Exist", ask->if_none_exist, false},
        {"Prefer", ask->prefer, false},
        {"Cache-Control", ask->no_cache ? "no-cache" : NULL, false},
        {"Expect", "", true}, /* no waiting for 100 Continue: a round trip a body */
    };
    int code = ERR_OK;

    snprintf(range, sizeof range, "bytes=%llu-", (unsigned long long)ask->from);
    for (size_t i = 0; !code && i < sizeof lines / sizeof *lines; i++)
        if (lines[i].value)
            code = *lines[i].value || lines[i].drop ? add_header(r, lines[i].name, lines[i].value, e)
                                                    : err_set(e, ERR_INPUT, 0, 0, lines[i].name);
    return code;
}

int net_transfer_prepare(struct net_request *r, const struct net_ask *ask, struct err *e)
{
    int code;

    if (strlen(ask->method) >= sizeof r->method ||
        strspn(ask->method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != strlen(ask->method))
        return err_set(e, ERR_BUG, 0, 0, "net method");
    snprintf(r->method, sizeof r->method, "%s", ask->method);
    if ((code = net_gate(r->net, ask->origin, str_of(ask->url), r->url, e)))
        return code;
    r->ask = *ask;
    r->ask.repeatable |= !strcmp(r->method, "GET") || !strcmp(r->method, "HEAD");
    r->ask.body = (struct str){0};
    r->ask.url = r->ask.method = r->ask.accept = r->ask.content_type = NULL;
    r->ask.if_match = r->ask.if_none_exist = r->ask.prefer = NULL;
    if (ask->gzip_body && net_gzip(ask->body, &r->body, &r->body_n))
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    if ((code = add_headers(r, ask, r->body != NULL, e)))
        return code;
    if (ask->body.n && !r->body) {
        if (!(r->body = mem_dup(ask->body.p, ask->body.n)))
            return err_set(e, ERR_NOMEM, 0, 0, NULL);
        r->body_n = ask->body.n;
    }
    return ERR_OK;
}

/* Options that are numbers and the same for every transfer. The two of verification are read by a test. */
static const struct {
    CURLoption option;
    long value;
} net_options[] = {
    {CURLOPT_SSL_VERIFYPEER, 1L},
    {CURLOPT_SSL_VERIFYHOST, 2L},
    {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
    {CURLOPT_FOLLOWLOCATION, 0L},
    {CURLOPT_NETRC, CURL_NETRC_IGNORED},
    {CURLOPT_NOSIGNAL, 1L},
    {CURLOPT_CONNECTTIMEOUT, 20L},
    {CURLOPT_LOW_SPEED_LIMIT, 30L}, /* no time-out on the whole: a page over 2G takes minutes and is wanted */
    {CURLOPT_LOW_SPEED_TIME, 45L},
    {CURLOPT_TCP_KEEPALIVE, 1L},
    {CURLOPT_TCP_KEEPIDLE, 30L},
    {CURLOPT_TCP_KEEPINTVL, 15L},
    {CURLOPT_BUFFERSIZE, CURL_MAX_WRITE_SIZE},
#if LIBCURL_VERSION_NUM >= 0x075700
    {CURLOPT_QUICK_EXIT, 1L}, /* quitting does not wait for a name server that is not there */
#endif
};

static CURLcode set_credentials(CURL *c, const struct net_site *site)
{
    char text[8192]; /* net_credentials has looked at the size; curl makes its own copy, which we cannot wipe */
    CURLcode code;

    if (site->auth == NET_AUTH_NONE)
        return CURLE_OK;
    memcpy(text, site->credentials->p, site->credentials->n);
    text[site->credentials->n] = '\0';
    if (site->auth == NET_AUTH_BASIC) {
        code = curl_easy_setopt(c, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        code = code ? code : curl_easy_setopt(c, CURLOPT_USERPWD, text);
    } else {
        code = curl_easy_setopt(c, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
        code = code ? code : curl_easy_setopt(c, CURLOPT_XOAUTH2_BEARER, text);
    }
    mem_zero(text, sizeof text);
    return code;
}

static CURLcode set_request(CURL *c, struct net_request *r)
{
    const struct net_site *site = &r->net->sites[r->ask.origin];
    CURLcode code = curl_easy_setopt(c, CURLOPT_URL, r->url);

#define SET(option, value) code = code ? code : curl_easy_setopt(c, option, value)
    for (size_t i = 0; i < sizeof net_options / sizeof *net_options; i++)
        SET(net_options[i].option, net_options[i].value);
    SET(CURLOPT_PROXY, "");
#if LIBCURL_VERSION_NUM >= 0x075500
    SET(CURLOPT_PROTOCOLS_STR, site->base.tls ? "https" : "http");
#else
    SET(CURLOPT_PROTOCOLS, (long)(site->base.tls ? CURLPROTO_HTTPS : CURLPROTO_HTTP));
#endif
    /* No CURLOPT_ACCEPT_ENCODING: body.c decodes, and says why. */
    SET(CURLOPT_USERAGENT, "wardline/" PACKAGE_VERSION);
    SET(CURLOPT_HTTPHEADER, r->headers);
    SET(CURLOPT_SHARE, r->net->share);
    SET(CURLOPT_PRIVATE, r);
    SET(CURLOPT_ERRORBUFFER, r->why);
    SET(CURLOPT_HEADERFUNCTION, header_in);
    SET(CURLOPT_HEADERDATA, r);
    SET(CURLOPT_WRITEFUNCTION, net_body_in);
    SET(CURLOPT_WRITEDATA, r);
    if (site->ca_file)
        SET(CURLOPT_CAINFO, site->ca_file); /* beside the system's own, which CAPATH still names */
    if (!strcmp(r->method, "HEAD"))
        SET(CURLOPT_NOBODY, 1L);
    else if (strcmp(r->method, "GET"))
        SET(CURLOPT_CUSTOMREQUEST, r->method);
    if (r->body || !strcmp(r->method, "POST") || !strcmp(r->method, "PUT")) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_n);
        SET(CURLOPT_READFUNCTION, body_out);
        SET(CURLOPT_READDATA, r);
        SET(CURLOPT_SEEKFUNCTION, body_rewind);
        SET(CURLOPT_SEEKDATA, r);
    }
    if (!r->body_n && !r->ask.repeatable)
        SET(CURLOPT_FRESH_CONNECT, 1L);
#undef SET
    if (!code)
        code = set_credentials(c, site);
    /* What a curl built without HTTP/2 refuses is no error. PIPEWAIT would make the first requests in clear
     * wait for one answer just to learn that there is nothing to share. */
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(c, CURLOPT_PIPEWAIT, (long)site->base.tls);
    curl_easy_setopt(c, CURLOPT_STREAM_WEIGHT,
                     r->ask.priority <= 0  ? 256L
                     : r->ask.priority > 8 ? 1L
                                           : 256L >> r->ask.priority);
    net_wire_watch(&r->net->wire, c);
    return code;
}

int net_transfer_start(struct net_request *r)
{
    char url[LIMIT_URL_BYTES];
    int code;

    /* The origin may have moved to another host since, with credentials that are not for this one. */
    if ((code = net_gate(r->net, r->ask.origin, str_of(r->url), url, &r->stop)))
        return code;
    r->net->meter.requests++;
    r->round = r->net->meter.round_trips;
    if (fault_hit(FAULT_NET))
        return err_set(&r->stop, ERR_OFFLINE, 0, 0, r->net->sites[r->ask.origin].base.place);
    r->easy = curl_easy_init();
    if (!r->easy)
        return err_set(&r->stop, ERR_NOMEM, 0, 0, NULL);
    /* Every option must have been taken: a verification or a proxy that was not set is no transfer. */
    if (set_request(r->easy, r) || curl_multi_add_handle(r->net->multi, r->easy)) {
        curl_easy_cleanup(r->easy);
        r->easy = NULL;
        return err_set(&r->stop, ERR_NOMEM, 0, 0, NULL);
    }
    return ERR_OK;
}

/* --- after ------------------------------------------------------------------------------------ */

/* What an error of curl's means: before the head came, and after it. */
static const struct {
    CURLcode curl;
    int before, after;
} net_codes[] = {
    {CURLE_OPERATION_TIMEDOUT, ERR_TIMEOUT, ERR_TIMEOUT},
    {CURLE_PEER_FAILED_VERIFICATION, ERR_TLS, ERR_TLS},
    {CURLE_SSL_CONNECT_ERROR, ERR_TLS, ERR_TLS},
    {CURLE_SSL_CERTPROBLEM, ERR_TLS, ERR_TLS},
    {CURLE_SSL_CIPHER, ERR_TLS, ERR_TLS},
    {CURLE_SSL_CACERT_BADFILE, ERR_TLS, ERR_TLS},
    {CURLE_SSL_ISSUER_ERROR, ERR_TLS, ERR_TLS},
    {CURLE_SSL_INVALIDCERTSTATUS, ERR_TLS, ERR_TLS},
    {CURLE_SSL_PINNEDPUBKEYNOTMATCH, ERR_TLS, ERR_TLS},
    {CURLE_PARTIAL_FILE, ERR_CUT, ERR_CUT},
    {CURLE_RECV_ERROR, ERR_OFFLINE, ERR_CUT},
    {CURLE_SEND_ERROR, ERR_OFFLINE, ERR_CUT},
    {CURLE_GOT_NOTHING, ERR_OFFLINE, ERR_CUT},
    {CURLE_HTTP2, ERR_OFFLINE, ERR_CUT},
    {CURLE_HTTP2_STREAM, ERR_OFFLINE, ERR_CUT},
    {CURLE_WEIRD_SERVER_REPLY, ERR_NOTFHIR, ERR_NOTFHIR},
    {CURLE_UNSUPPORTED_PROTOCOL, ERR_NOTFHIR, ERR_NOTFHIR}, /* HTTP/0.9: bytes without a head */
    {CURLE_OUT_OF_MEMORY, ERR_NOMEM, ERR_NOMEM},
#if LIBCURL_VERSION_NUM >= 0x080600
    {CURLE_TOO_LARGE, ERR_TOOBIG, ERR_TOOBIG}, /* heads of 300 kB */
#endif
};

/* curl has one code for a handshake that was refused and for a line that broke during it, and tells them
 * apart only in words (OpenSSL backend). A broken line must not read as a certificate to worry about. */
static bool broke_off(const char *why)
{
    return strstr(why, "SSL_ERROR_SYSCALL") || strstr(why, "unexpected eof") || strstr(why, "reset by peer") ||
           strstr(why, "Broken pipe");
}

static int code_of(const struct net_request *r, CURLcode curl)
{
    if (curl == CURLE_SSL_CONNECT_ERROR && broke_off(r->why))
        return ERR_OFFLINE;
    /* A header line past curl's own 100 kB is out of memory to it (before 8.6). */
    if (curl == CURLE_OUT_OF_MEMORY && r->reader.bytes && !r->reader.whole)
        return ERR_TOOBIG;
    for (size_t i = 0; i < sizeof net_codes / sizeof *net_codes; i++)
        if (net_codes[i].curl == curl)
            return r->reader.head.status ? net_codes[i].after : net_codes[i].before;
    return ERR_OFFLINE;
}

/* OpenSSL's results of verification (x509_vfy.h); a name that is another host's is curl's own finding, before
 * it has asked for the result, which then is 0 or curl's first value, 1. A handshake that was refused has no
 * certificate yet: no version or cipher is common. */
static enum net_refusal refusal(const struct net_request *r, CURLcode curl)
{
    static const struct {
        long result;
        enum net_refusal why;
    } known[] = {{0, NET_TLS_HOST},    {1, NET_TLS_HOST},     {2, NET_TLS_ISSUER},
                 {9, NET_TLS_NOT_YET}, {10, NET_TLS_EXPIRED}, {18, NET_TLS_ISSUER},
                 {19, NET_TLS_ISSUER}, {20, NET_TLS_ISSUER},  {21, NET_TLS_ISSUER}};
    const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);
    long result = -1;

    if (curl == CURLE_SSL_CONNECT_ERROR)
        return NET_TLS_PROTOCOL;
    if (curl == CURLE_SSL_CACERT_BADFILE)
        return NET_TLS_ROOTS;
    if (curl != CURLE_PEER_FAILED_VERIFICATION || !v->ssl_version || strncmp(v->ssl_version, "OpenSSL", 7))
        return NET_TLS_OTHER;
    curl_easy_getinfo(r->easy, CURLINFO_SSL_VERIFYRESULT, &result);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].result == result)
            return known[i].why;
    return NET_TLS_OTHER;
}

static void say_why(const struct net_request *r, CURLcode curl, struct net_result *out)
{
    curl_off_t received = 0;
    char path[NET_PATH_BYTES];

    out->code = code_of(r, curl);
    curl_easy_getinfo(r->easy, CURLINFO_SIZE_DOWNLOAD_T, &received);
    if (out->code == ERR_CUT || out->code == ERR_DECODE)
        err_set(&out->err, out->code, (int)curl, received, net_path_of(r, path));
    else if (out->code == ERR_TOOBIG)
        err_set(&out->err, out->code, (int)curl, LIMIT_HEADER_BYTES, "headers");
    else if (out->code == ERR_NOTFHIR)
        err_set(&out->err, out->code, (int)curl, 0, r->reader.head.content_type);
    else
        err_set(&out->err, out->code, (int)curl, out->code == ERR_TLS ? refusal(r, curl) : 0,
                r->net->sites[r->ask.origin].base.place);
}

void net_transfer_result(const struct net_request *r, CURLcode curl, struct net_result *out)
{
    curl_off_t up = 0, down = 0;
    long head_up = 0, head_down = 0, connects = 0;

    *out = (struct net_result){.head = r->reader.head, .decoded = r->decoded};
    if (r->easy) {
        curl_easy_getinfo(r->easy, CURLINFO_REQUEST_SIZE, &head_up);
        curl_easy_getinfo(r->easy, CURLINFO_SIZE_UPLOAD_T, &up);
        curl_easy_getinfo(r->easy, CURLINFO_HEADER_SIZE, &head_down);
        curl_easy_getinfo(r->easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
        curl_easy_getinfo(r->easy, CURLINFO_NUM_CONNECTS, &connects);
        out->bytes_up = (uint64_t)head_up + (uint64_t)up;
        out->bytes_down = (uint64_t)head_down + (uint64_t)down;
        out->reused = !connects && r->reader.head.status;
    }
    if (r->cancelled)
        out->code = err_set(&out->err, ERR_CANCELLED, 0, 0, NULL);
    else if (r->stop.code) {
        out->err = r->stop;
        out->code = r->stop.code;
    } else if (curl || !r->reader.whole || net_body_torn(r)) /* a head that was cut is CURLE_OK to curl */
        say_why(r, curl ? curl : CURLE_PARTIAL_FILE, out);
}

void net_transfer_free(struct net_request *r)
{
    if (!r)
        return;
    if (r->easy) {
        curl_multi_remove_handle(r->net->multi, r->easy);
        curl_easy_cleanup(r->easy);
    }
    curl_slist_free_all(r->headers);
    mem_wipe(r->body, r->body_n);
    net_decoder_free(r->decoder);
    buf_fini(&r->held);
    mem_free(r);
}
