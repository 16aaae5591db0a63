/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * HTTP over one curl multi handle on the loop. Named origins, each with exact scheme, host and port and
 * its own credentials; nothing else is ever contacted, redirects are off, no proxy but the profile's, no netrc, no
 * cookies. Bodies go to a sink in pieces, decoded; the limits of base/limits.h are counted here, not by
 * curl (which neither bounds decoded bytes nor notices every cut body).
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

int net_new(struct loop *l, const struct clock *clock, struct net **out);
void net_free(struct net *n);

/* Parses a base URL: https, or http for a loopback address only (ERR_USAGE otherwise); no userinfo, query
 * or fragment. ca_file: an added root for this origin, or NULL. */
int net_origin_set(struct net *n, enum net_origin o, const char *base_url, const char *ca_file, struct err *e);
/* True when the URL's host is 127.0.0.0/8, ::1 or localhost. */
bool net_is_loopback(const char *base_url);
/* Credentials of an origin: sent to it alone. basic: "user:password"; bearer: the token. NULL: none. */
enum net_auth { NET_AUTH_NONE, NET_AUTH_BASIC, NET_AUTH_BEARER };
int net_credentials(struct net *n, enum net_origin o, enum net_auth kind, const struct secret *s);

/* The gate. link: absolute or relative, as a server sent it. Gives the URL to ask (base-relative links are
 * resolved) only if its scheme, host and port are exactly the origin's and its path is under the base's:
 * else ERR_ORIGIN with what = "scheme://host:port" of the link. out: LIMIT_URL_BYTES bytes. */
int net_gate(const struct net *n, enum net_origin o, struct str link, char *out, struct err *e);

/* What came before the body. */
struct net_head {
    int status;
    int64_t date_ms;        /* Date, or 0 */
    int64_t retry_after_s;  /* seconds form or date form, 0 if absent, at most LIMIT_RETRY_AFTER_S */
    char content_type[80];
    char etag[128];         /* as received, or "" */
    char location[512];     /* as received, or "" */
};

struct net_request;
struct net_result {
    int code;               /* ERR_OK: the body came whole (whatever the status); else why not */
    struct err err;
    struct net_head head;   /* status 0: nothing came */
    uint64_t bytes_up, bytes_down; /* on the wire as curl counts them, heads included */
    uint64_t decoded;
    bool reused;            /* no new connection */
};

struct net_ask {
    enum net_origin origin;
    const char *method;     /* "GET", "POST", "PUT" */
    const char *url;        /* from net_gate, or a path relative to the base: "metadata" */
    struct str body;        /* copied; empty for GET */
    bool gzip_body;         /* compress the body (Content-Encoding: gzip) */
    const char *if_match, *if_none_exist, *prefer; /* NULL: not sent */
    bool no_cache;          /* Cache-Control: no-cache */
    int priority;           /* KIND_P0 first: HTTP/2 weight and order in the queue */
    /* Called once before the first byte; not 0 stops the transfer. May be NULL. */
    int (*on_head)(void *arg, const struct net_head *h);
    /* Decoded bytes; not 0 stops the transfer with that code. */
    int (*on_bytes)(void *arg, struct str bytes);
    void (*on_done)(void *arg, const struct net_result *r);
    void *arg;
};
/* Starts it. At most NET_LANES run at once, the rest wait by priority. on_done comes exactly once. */
#define NET_LANES 4
int net_start(struct net *n, const struct net_ask *ask, struct net_request **out, struct err *e);
void net_cancel(struct net_request *r); /* on_done comes with ERR_CANCELLED, on a later turn */
/* Stops or goes on reading an answer, so that a slow store bounds what lies in memory (curl_easy_pause). Bytes
 * already on their way may still come once. Not from within this request's own on_bytes: from a later turn. */
void net_pause(struct net_request *r, bool paused);

/* The meter: what curl counted since net_meter_reset. round_trips: the longest chain of answers waited for one
 * after the other, TCP and TLS set-up included; the caller says with net_meter_step when a new
 * dependent round of requests starts. */
struct net_meter {
    uint64_t requests, bytes_up, bytes_down, round_trips;
};
void net_meter_reset(struct net *n);
struct net_meter net_meter(const struct net *n);

#endif
