/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "net/net.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/priv.h"

#define CREDENTIALS_MAX 8191 /* see set_credentials */

static void ended_by_curl(struct net *n);
static void pump(void *arg);

/* --- curl on the loop ------------------------------------------------------------------------- */

static void drive(struct net *n, curl_socket_t fd, int what)
{
    int running;

    curl_multi_socket_action(n->multi, fd, what, &running);
    ended_by_curl(n);
}

static void socket_ready(void *arg, int fd, short revents)
{
    int what = 0;

    /* An error or a hang-up is curl's to find by reading: then it knows which one it was. */
    if (revents & (POLLIN | POLLHUP | POLLERR))
        what |= CURL_CSELECT_IN;
    if (revents & (POLLOUT | POLLERR))
        what |= CURL_CSELECT_OUT;
    drive(arg, fd, what);
}

static int socket_wanted(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    struct net *n = arg;
    short events = 0;

    (void)easy;
    (void)socket_arg;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
        events |= POLLIN;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
        events |= POLLOUT;
    if (!loop_fd(n->loop, fd, events, socket_ready, n))
        return 0;
    n->dead = true;
    return -1;
}

static void curl_due(void *arg)
{
    struct net *n = arg;

    n->curl_timer = 0;
    drive(n, CURL_SOCKET_TIMEOUT, 0);
}

static int timer_wanted(CURLM *multi, long ms, void *arg)
{
    struct net *n = arg;

    (void)multi;
    loop_cancel(n->loop, n->curl_timer);
    n->curl_timer = 0;
    if (ms < 0 || (n->curl_timer = loop_after(n->loop, ms, curl_due, n)))
        return 0;
    n->dead = true;
    return -1;
}

/* Where libcurl is built on OpenSSL 1.1.1 or later, the texts of OpenSSL's errors are not loaded: half a MiB that
 * nobody reads, for what failed is told by curl's codes and the certificate's verdict. Nor is its table of ciphers by
 * name: TLS has its own. Weak: another libcurl has no such symbol. OPENSSL_init_crypto(3). */
int OPENSSL_init_crypto(uint64_t options, const void *settings) __attribute__((weak));
int OPENSSL_init_ssl(uint64_t options, const void *settings) __attribute__((weak));
#define NO_CRYPTO_STRINGS 0x1u
#define NO_ALL_CIPHERS 0x10u
#define NO_SSL_STRINGS 0x100000u

static void spare_texts(void)
{
    if (OPENSSL_init_crypto)
        OPENSSL_init_crypto(NO_CRYPTO_STRINGS | NO_ALL_CIPHERS, NULL);
    if (OPENSSL_init_ssl)
        OPENSSL_init_ssl(NO_SSL_STRINGS, NULL);
}

int net_new(struct loop *l, const struct clock *clock, struct net **out)
{
    struct net *n = mem_alloc(sizeof *n);

    *out = NULL;
    if (!n)
        return ERR_NOMEM;
    n->loop = l;
    n->clock = *clock;
    net_wire_init(&n->wire);
    spare_texts();
    if (curl_global_init(CURL_GLOBAL_DEFAULT)) {
        mem_free(n);
        return ERR_NOMEM;
    }
    n->multi = curl_multi_init();
    n->share = curl_share_init();
    if (!n->multi || !n->share || curl_share_setopt(n->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION)) {
        net_free(n);
        return ERR_NOMEM;
    }
    curl_multi_setopt(n->multi, CURLMOPT_SOCKETFUNCTION, socket_wanted);
    curl_multi_setopt(n->multi, CURLMOPT_SOCKETDATA, n);
    curl_multi_setopt(n->multi, CURLMOPT_TIMERFUNCTION, timer_wanted);
    curl_multi_setopt(n->multi, CURLMOPT_TIMERDATA, n);
    curl_multi_setopt(n->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    curl_multi_setopt(n->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)NET_LANES);
    *out = n;
    return ERR_OK;
}

/* --- origins ---------------------------------------------------------------------------------- */

int net_origin_set(struct net *n, enum net_origin o, const char *base_url, const char *ca_file, struct err *e)
{
    struct net_site *site = &n->sites[o];
    struct net_base base;
    char *ca = NULL;
    int code = net_base_parse(base_url, &base, e);

    if (code)
        return code;
    if (ca_file) {
        int fd = open(ca_file, O_RDONLY | O_CLOEXEC);

        if (fd < 0)
            return err_set(e, ERR_IO, errno, 0, ca_file);
        close(fd);
        if (!(ca = mem_dup(ca_file, strlen(ca_file))))
            return err_set(e, ERR_NOMEM, 0, 0, NULL);
    }
    if (site->set && strcmp(site->base.root, base.root))
        net_credentials(n, o, NET_AUTH_NONE, NULL); /* they were for the other host */
    mem_free(site->ca_file);
    site->ca_file = ca;
    site->base = base;
    site->set = true;
    return ERR_OK;
}

int net_credentials(struct net *n, enum net_origin o, enum net_auth kind, const struct secret *s)
{
    struct net_site *site = &n->sites[o];
    struct secret *copy = NULL;

    if (kind != NET_AUTH_NONE && s) {
        if (!s->n || s->n > CREDENTIALS_MAX)
            return ERR_INPUT;
        for (size_t i = 0; i < s->n; i++) /* basic travels in base64, but NUL would end it; a token as it is */
            if (!s->p[i] || (kind == NET_AUTH_BEARER && (s->p[i] <= 0x20 || s->p[i] > 0x7e)))
                return ERR_INPUT;
        if (!(copy = secret_dup(s)))
            return ERR_NOMEM;
    }
    secret_free(site->credentials);
    site->credentials = copy;
    site->auth = copy ? kind : NET_AUTH_NONE;
    return ERR_OK;
}

int net_gate(const struct net *n, enum net_origin o, struct str link, char *out, struct err *e)
{
    if (!n->sites[o].set) {
        *out = '\0';
        return err_set(e, ERR_ORIGIN, 0, 0, "unset");
    }
    return net_base_gate(&n->sites[o].base, link, out, e);
}

/* --- queue and lanes -------------------------------------------------------------------------- */

static bool pump_soon(struct net *n)
{
    if (!n->pump_timer && !n->closing)
        n->pump_timer = loop_after(n->loop, 0, pump, n);
    return n->pump_timer || n->closing;
}

static void unlink_from(struct net_request **list, struct net_request *r)
{
    while (*list != r)
        list = &(*list)->next;
    *list = r->next;
}

/* Of which curl holds bytes that may come now. */
static struct net_request *paused_in(struct net_request *list)
{
    while (list && (list->pause_wanted || !list->paused || net_body_waits(list) || !net_body_room(list)))
        list = list->next;
    return list;
}

/* on_done may start and cancel others: they only queue and mark. */
static void finish(struct net *n, struct net_request *r, CURLcode curl)
{
    struct net_result result;

    unlink_from(r->running ? &n->running : &n->waiting, r);
    n->lanes -= r->running;
    net_transfer_result(r, curl, &result);
    n->meter.bytes_up += result.bytes_up;
    n->meter.bytes_down += result.bytes_down;
    if (r->ask.on_done)
        r->ask.on_done(r->ask.arg, &result);
    net_transfer_free(r);
    if (n->waiting || paused_in(n->running))
        pump_soon(n);
}

/* A sink that has paused gets the rest of what came first. */
static void ended(struct net *n, struct net_request *r, CURLcode code)
{
    r->over = net_body_waits(r) && !r->cancelled && !r->stop.code;
    r->over_code = code;
    if (!r->over)
        finish(n, r, code);
}

static void ended_by_curl(struct net *n)
{
    CURLMsg *m;
    int left;

    while ((m = curl_multi_info_read(n->multi, &left)))
        if (m->msg == CURLMSG_DONE) {
            CURLcode code = m->data.result;
            void *r = NULL;

            curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &r);
            ended(n, r, code);
        }
    while (n->dead && n->running)
        finish(n, n->running, CURLE_OUT_OF_MEMORY);
}

static struct net_request *cancelled_in(struct net_request *list)
{
    while (list && !list->cancelled)
        list = list->next;
    return list;
}

static struct net_request *held_in(struct net_request *list)
{
    while (list && (list->pause_wanted || list->cancelled || !net_body_waits(list)))
        list = list->next;
    return list;
}

/* What lies here for sinks that go on again, and then curl. What curl kept comes from within curl_easy_pause: when the
 * sink refuses that, curl says so here and nowhere else. */
static void resume(struct net *n)
{
    struct net_request *r;

    while ((r = held_in(n->running)))
        if (!net_body_resume(r))
            finish(n, r, CURLE_WRITE_ERROR);
        else if (r->over && !net_body_waits(r))
            finish(n, r, r->over_code);
    while ((r = paused_in(n->running))) {
        CURLcode code;

        r->paused = false;
        if ((code = curl_easy_pause(r->easy, CURLPAUSE_CONT)))
            finish(n, r, code);
    }
}

/* The first that waits and may go now; *due: when the next of the others may, INT64_MAX: none is held. */
static struct net_request **may_go(struct net *n, int64_t *due)
{
    int64_t now = clock_boot_ms(&n->clock);

    *due = INT64_MAX;
    for (struct net_request **at = &n->waiting; *at; at = &(*at)->next) {
        int64_t until = n->quiet_ms[(*at)->ask.origin];

        if (until <= now)
            return at;
        *due = until < *due ? until : *due;
    }
    return NULL;
}

/* The first that would be held for longer than anybody waits here; *held_ms: how long. */
static struct net_request *held_too_long(struct net *n, int64_t *held_ms)
{
    struct net_request *r = n->waiting;

    while (r && (*held_ms = n->quiet_ms[r->ask.origin] - clock_boot_ms(&n->clock)) <= NET_HELD_MS)
        r = r->next;
    return r;
}

static void quiet_over(void *arg)
{
    struct net *n = arg;

    n->quiet_timer = 0;
    pump(n);
}

static void wait_for_quiet(struct net *n, int64_t due)
{
    loop_cancel(n->loop, n->quiet_timer);
    n->quiet_timer = due == INT64_MAX ? 0 : loop_after(n->loop, due - clock_boot_ms(&n->clock), quiet_over, n);
}

void net_quiet(struct net *n, enum net_origin o, int64_t until_ms)
{
    if (n->quiet_ms[o] < until_ms)
        n->quiet_ms[o] = until_ms;
}

void net_on_head(struct net *n, void (*heard)(void *arg, enum net_origin o, const struct net_head *h), void *arg)
{
    n->heard = heard;
    n->heard_arg = arg;
}

static void pump(void *arg)
{
    struct net *n = arg;
    struct net_request *r, **at = NULL;
    int64_t held, due = INT64_MAX;

    n->pump_timer = 0;
    while ((r = cancelled_in(n->running)) || (r = cancelled_in(n->waiting)))
        finish(n, r, CURLE_OK);
    while ((r = held_too_long(n, &held))) {
        err_set(&r->stop, ERR_BUSY, 0, (held + 999) / 1000, NULL);
        finish(n, r, CURLE_OK);
    }
    resume(n);
    while (n->lanes < NET_LANES && (at = may_go(n, &due))) {
        r = *at;
        *at = r->next;
        r->next = n->running;
        n->running = r;
        r->running = true;
        n->lanes++;
        if (net_transfer_start(r))
            finish(n, r, CURLE_OK);
    }
    wait_for_quiet(n, at ? INT64_MAX : due);
    ended_by_curl(n);
}

int net_start(struct net *n, const struct net_ask *ask, struct net_request **out, struct err *e)
{
    struct net_request *r, **at;
    int code;

    if (out)
        *out = NULL;
    if (n->closing)
        return err_set(e, ERR_CANCELLED, 0, 0, NULL);
    if (!(r = mem_alloc(sizeof *r)))
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    r->net = n;
    if ((code = net_transfer_prepare(r, ask, e)) || (!pump_soon(n) && (code = err_set(e, ERR_NOMEM, 0, 0, NULL)))) {
        net_transfer_free(r);
        return code;
    }
    for (at = &n->waiting; *at && (*at)->ask.priority <= ask->priority; at = &(*at)->next)
        ;
    r->next = *at;
    *at = r;
    if (out)
        *out = r;
    return ERR_OK;
}

void net_cancel(struct net_request *r)
{
    r->cancelled = true;
    pump_soon(r->net);
}

void net_pause(struct net_request *r, bool paused)
{
    r->pause_wanted = paused;
    if (!paused)
        pump_soon(r->net);
}

void net_free(struct net *n)
{
    if (!n)
        return;
    n->closing = true;
    while (n->running || n->waiting) {
        struct net_request *r = n->running ? n->running : n->waiting;

        r->cancelled = true;
        finish(n, r, CURLE_OK);
    }
    curl_multi_cleanup(n->multi);
    curl_share_cleanup(n->share);
    curl_global_cleanup();
    loop_cancel(n->loop, n->curl_timer);
    loop_cancel(n->loop, n->pump_timer);
    loop_cancel(n->loop, n->quiet_timer);
    net_wire_fini(&n->wire);
    for (int o = 0; o < NET_ORIGINS; o++) {
        mem_free(n->sites[o].ca_file);
        secret_free(n->sites[o].credentials);
    }
    mem_free(n);
}

/* --- meter ------------------------------------------------------------------------------------ */

void net_meter_reset(struct net *n)
{
    n->meter = (struct net_meter){0};
    net_wire_reset(&n->wire);
    for (struct net_request *r = n->running; r; r = r->next)
        r->round = 0;
}

struct net_meter net_meter(const struct net *n)
{
    struct net_meter m = n->meter;
    struct net_count c;

    if (net_wire_since_reset(&n->wire, &c)) {
        m.bytes_up = c.up;
        m.bytes_down = c.down;
    }
    return m;
}
