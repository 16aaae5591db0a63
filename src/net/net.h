/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * HTTP over one curl multi handle on the loop. Named origins, each with exact scheme, host and port and
 * its own credentials; nothing else is ever contacted: no redirect is followed, no proxy, netrc, cookie or
 * environment is looked at, certificates are always verified. Bodies go to a sink in pieces, decoded (gzip,
 * br, zstd; a window of at most 8 MiB, in brotli 4; an answer may wait until others give theirs back). Header bytes
 * and the inflation ratio are bounded here; the size of a page is the sink's to bound. A body that comes as it is,
 * that neither a length nor chunks delimit and that ends early looks whole from here: the sink must know better.
 * Everything is called on the loop's thread; callbacks may call anything here but net_free.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "crypt/secret.h"
#include "loop/loop.h"

enum net_origin { NET_FHIR, NET_AUTH, NET_PACS, NET_CDS, NET_TX, NET_ORIGINS };

struct net;
struct net_head;

/* ERR_NOMEM. l outlives it. */
int net_new(struct loop *l, const struct clock *clock, struct net **out);
/* Ends every request with ERR_CANCELLED first (on_done is called from here). NULL is fine. */
void net_free(struct net *n);

/* Parses a base URL: https, or http for a loopback address only (ERR_HTTPS otherwise); ERR_USAGE for userinfo,
 * query or fragment, a host not in plain letters (xn--, not umlauts), an address in no usual form. ca_file: an added
 * root for this origin, or NULL; ERR_IO when it cannot be read. May be called again: a request for another host
 * that still waits then ends with ERR_ORIGIN. */
int net_origin_set(struct net *n, enum net_origin o, const char *base_url, const char *ca_file, struct err *e);
/* True when the URL's host is 127.0.0.0/8, ::1 or localhost. */
bool net_is_loopback(const char *base_url);
/* Credentials of an origin: sent to it alone. basic: "user:password"; bearer: the token. NULL: none. s is
 * copied. ERR_INPUT for a byte that no header may carry. */
enum net_auth { NET_AUTH_NONE, NET_AUTH_BASIC, NET_AUTH_BEARER };
int net_credentials(struct net *n, enum net_origin o, enum net_auth kind, const struct secret *s);

/* Requests to an origin that have not gone out yet wait until then (boot clock), whoever asks: what its server said
 * holds for this client. One that would wait longer than NET_HELD_MS ends with ERR_BUSY instead, num = seconds:
 * nothing of it has left. An earlier moment than the one set before changes nothing. */
#define NET_HELD_MS 90000
void net_quiet(struct net *n, enum net_origin o, int64_t until_ms);
/* heard is told of each answer's head, before its request is. NULL: nobody. */
void net_on_head(struct net *n, void (*heard)(void *arg, enum net_origin o, const struct net_head *h), void *arg);

/* The gate. link: absolute or relative, as a server sent it. Gives the URL to ask (base-relative links are
 * resolved; "" is the base itself) only if its scheme, host and port are exactly the origin's and its path is
 * under the base's: else ERR_ORIGIN with what = "scheme://host:port" of the link, or "malformed" for what is
 * no plain URL (userinfo, a zone, an escaped host). ERR_TOOBIG past LIMIT_URL_BYTES. out: LIMIT_URL_BYTES bytes. */
int net_gate(const struct net *n, enum net_origin o, struct str link, char *out, struct err *e);

/* What came before the body. */
struct net_head {
    int status;
    int64_t date_ms;        /* Date, or 0 */
    int64_t retry_after_s;  /* nothing is to be asked for so long: the longest that Retry-After (seconds or a date),
                             * x-ms-retry-after-ms and a used-up RateLimit say; 0: none does. At most
                             * LIMIT_RETRY_AFTER_S */
    char content_type[80];
    char etag[128];         /* as received, or "" */
    char location[512];     /* as received, or "" */
    char content_location[512]; /* the same */
    int64_t length;         /* Content-Length, or -1 */
    int64_t part_from, part_of; /* Content-Range: the first byte and the size of the whole; -1: it does not say */
    bool coded;             /* the body has a Content-Encoding other than identity */
};

/* Why ERR_TLS, in its num. OTHER also where curl's TLS library does not tell; ROOTS: this machine has no list of
 * authorities. */
enum net_refusal {
    NET_TLS_OTHER,
    NET_TLS_ISSUER,
    NET_TLS_EXPIRED,
    NET_TLS_NOT_YET,
    NET_TLS_HOST,
    NET_TLS_PROTOCOL,
    NET_TLS_ROOTS
};

struct net_request;
struct net_result {
    int code;               /* ERR_OK: the body came whole (whatever the status); else why not */
    struct err err;
    struct net_head head;   /* status 0: nothing came */
    uint64_t bytes_up, bytes_down; /* as curl counts them: heads and bodies, no TLS */
    uint64_t decoded;
    bool reused;            /* no new connection */
};

struct net_ask {
    enum net_origin origin;
    const char *method;     /* "GET", "POST", "PUT" */
    const char *url;        /* from net_gate, or a path relative to the base: "metadata" */
    struct str body;        /* copied; empty for GET */
    bool gzip_body;         /* compress the body (Content-Encoding: gzip) */
    bool repeatable;        /* a POST that only asks: curl may send it again over a new connection when a kept
                               one dies unanswered. GETs always are; anything else is never sent twice. */
    const char *accept, *content_type; /* NULL: FHIR JSON (plain JSON for NET_AUTH and NET_CDS) */
    const char *if_match, *if_none_exist, *prefer; /* NULL: not sent */
    bool no_cache;          /* Cache-Control: no-cache */
    bool plain;             /* Accept-Encoding: identity. For what goes on where it broke off */
    uint64_t from;          /* not 0: Range: bytes=FROM-. What comes may be all of it: 200 instead of 206 */
    int priority;           /* KIND_P0 first: HTTP/2 weight and order in the queue */
    /* Called once before the first byte; not 0 stops the transfer. May be NULL. */
    int (*on_head)(void *arg, const struct net_head *h);
    /* Decoded bytes; not 0 stops the transfer with that code. */
    int (*on_bytes)(void *arg, struct str bytes);
    void (*on_done)(void *arg, const struct net_result *r);
    void *arg;
};
/* Starts it: all callbacks come on later turns, on_done exactly once, and then the request is gone. At most
 * NET_LANES run at once, the rest wait by priority. out may be NULL. ERR_ORIGIN (the gate), ERR_INPUT (a
 * header value that is empty, too long or has control characters), ERR_NOMEM, ERR_CANCELLED (net_free is under
 * way): no on_done then.
 *
 * How it can end, besides ERR_OK and what the sink returned: ERR_OFFLINE, ERR_TIMEOUT, ERR_TLS (what =
 * host:port, num = enum net_refusal), ERR_CUT (num = body bytes received), ERR_DECODE (what = path), ERR_NOTFHIR
 * (no HTTP at all), ERR_TOOBIG (what = "headers" or "inflation", num = the limit), ERR_CANCELLED, ERR_NOMEM. */
#define NET_LANES 4
int net_start(struct net *n, const struct net_ask *ask, struct net_request **out, struct err *e);
void net_cancel(struct net_request *r); /* on_done comes with ERR_CANCELLED, on a later turn */
/* Stops or goes on reading an answer, so that a slow store bounds what lies in memory. No on_bytes comes
 * while it is paused; no time-out runs either. Also from within on_bytes: that call's bytes count as taken. */
void net_pause(struct net_request *r, bool paused);

/* The meter, since net_meter_reset. bytes: what TCP carried, TLS handshakes and framing included (where the
 * kernel does not tell: what curl counted). round_trips: the longest chain of answers waited for one after
 * the other, TCP and TLS set-up included: a request counts as asked because of every answer whose head had
 * come when it went out. TLS counts as one round (1.3; 1.2 takes two). */
struct net_meter {
    uint64_t requests, bytes_up, bytes_down, round_trips;
};
void net_meter_reset(struct net *n);
struct net_meter net_meter(const struct net *n);

#endif
