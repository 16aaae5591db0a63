/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of this room share: gate.c (URLs), head.c (header lines), wire.c (sockets' byte counts),
 * decode.c (content codings), body.c (a body's way to its sink), net.c (origins, queue and lanes), transfer.c (one
 * transfer: its curl handle, its end).
 */
#ifndef NET_PRIV_H
#define NET_PRIV_H

#include <curl/curl.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/vec.h"
#include "net/net.h"

#define NET_HOST_BYTES 256
#define NET_ROOT_BYTES (NET_HOST_BYTES + 16)

/* A base URL, taken apart. */
struct net_base {
    char root[NET_ROOT_BYTES];  /* "https://host:8443": lower case, the port only when it is not the default */
    char place[NET_ROOT_BYTES]; /* "host:8443", the port always: for errors */
    char path[1024];            /* "/fhir" or "": never a '/' at its end */
    bool tls, loopback;
};
/* ERR_USAGE, ERR_HTTPS with the offending part. */
int net_base_parse(const char *url, struct net_base *b, struct err *e);
int net_base_gate(const struct net_base *b, struct str link, char out[LIMIT_URL_BYTES], struct err *e);

/* --- header lines ----------------------------------------------------------------------------- */

struct net_head_reader {
    struct net_head head;
    size_t bytes;       /* of all header lines so far */
    bool whole;         /* the empty line behind a final (not 1xx) head was seen */
    char encoding[32];  /* Content-Encoding, or "" */
    unsigned encodings; /* lines that name one */
    char retry_after[64], retry_ms[24], rate_limit[200];
};
/* One line with its CR LF. ERR_TOOBIG past LIMIT_HEADER_BYTES. *ended: this line completed the head. */
int net_head_line(struct net_head_reader *h, struct str line, const struct clock *clock, bool *ended);

/* --- the sockets' own counts ------------------------------------------------------------------ */

/* Bytes that TCP carried for one socket, both ways, TLS and framing included; see wire.c. */
struct net_count {
    uint64_t up, down;
};
struct net_wire {
    struct vec sockets;     /* int: descriptors that curl holds open */
    struct net_count closed, at_reset;
    bool blind;             /* the kernel did not tell: the meter falls back to what curl counts */
};
void net_wire_init(struct net_wire *w);
void net_wire_fini(struct net_wire *w);
void net_wire_watch(struct net_wire *w, CURL *easy); /* w outlives every connection */
bool net_wire_since_reset(const struct net_wire *w, struct net_count *out); /* false: blind */
void net_wire_reset(struct net_wire *w);

/* --- content codings (RFC 9110 8.4) ------------------------------------------------------------ */

#define NET_CODINGS "gzip, br, zstd" /* that are asked for */
struct net_decoder;
/* *out NULL: as it comes ("" or "identity"). ERR_DECODE for a coding, or a list of them, that is not known;
 * ERR_NOMEM. */
int net_decoder_new(const char *coding, struct net_decoder **out);
/* Writes at most room bytes to out, *n of them, and takes what they were made of from in. *n == room: there may be more
 * without new input. To be called until neither that nor in is left. ERR_DECODE; ERR_TOOBIG: wants a window above 8
 * MiB, in brotli above 4; ERR_NOMEM. */
int net_decoder_next(struct net_decoder *d, struct str *in, char *out, size_t room, size_t *n);
bool net_decoder_ended(const struct net_decoder *d); /* what was taken is whole */
size_t net_decoder_bytes(const struct net_decoder *d); /* its window, brotli's at its most; gzip's is nothing */
void net_decoder_free(struct net_decoder *d);        /* NULL is fine */

/* --- requests --------------------------------------------------------------------------------- */

struct net_site {
    bool set;
    struct net_base base;
    char *ca_file;
    enum net_auth auth;
    struct secret *credentials;
};

struct net_request {
    struct net_request *next;
    struct net *net;
    struct net_ask ask;      /* callbacks, origin, priority; its strings are not kept */
    char method[8];
    char url[LIMIT_URL_BYTES];
    char *body;
    size_t body_n, body_sent;
    struct curl_slist *headers;
    CURL *easy;              /* NULL while it waits */
    struct net_head_reader reader;
    bool running, cancelled, pause_wanted, paused;
    char why[CURL_ERROR_SIZE]; /* curl's words: never shown, see code_of */
    struct err stop;         /* why we stopped it ourselves */
    struct net_decoder *decoder; /* NULL: the body comes as it is */
    struct buf held;         /* bytes received while the sink would not have them, not decoded yet */
    bool more;               /* the decoder has more to give without another byte */
    bool over;               /* curl has ended with over_code; the sink has not had all yet */
    CURLcode over_code;
    uint64_t received, decoded;
    uint64_t round;          /* answers that had to come before this one could be asked */
};

struct net {
    struct loop *loop;
    struct clock clock;
    CURLM *multi;
    CURLSH *share;
    struct net_site sites[NET_ORIGINS];
    struct net_request *waiting, *running; /* waiting: by priority, then by asking */
    unsigned lanes;                        /* running */
    bool closing, dead;                    /* dead: a callback of curl's could not get memory */
    loop_timer curl_timer, pump_timer, quiet_timer;
    int64_t quiet_ms[NET_ORIGINS];         /* boot clock: nothing goes to that origin before */
    void (*heard)(void *arg, enum net_origin o, const struct net_head *h);
    void *heard_arg;
    struct net_wire wire;
    struct net_meter meter;
};

/* body.c */
size_t net_body_in(char *p, size_t size, size_t n, void *arg); /* CURLOPT_WRITEFUNCTION */
bool net_body_waits(const struct net_request *r);  /* bytes are here that the sink has not had */
bool net_body_room(const struct net_request *r);   /* it may begin: others' windows leave room for one more */
bool net_body_resume(struct net_request *r);       /* gives them; false: r->stop says why */
bool net_body_torn(const struct net_request *r);   /* a compressed body that is not whole */

/* transfer.c */
#define NET_PATH_BYTES 200
const char *net_path_of(const struct net_request *r, char out[NET_PATH_BYTES]); /* without the query: for errors */
int net_transfer_prepare(struct net_request *r, const struct net_ask *ask, struct err *e);
int net_transfer_start(struct net_request *r); /* hands it to curl; on error r->stop says why */
void net_transfer_result(const struct net_request *r, CURLcode curl, struct net_result *out);
void net_transfer_free(struct net_request *r); /* takes it from curl; NULL is fine */
/* gzip.c: ERR_OK with *out = NULL when it would not be smaller. */
int net_gzip(struct str in, char **out, size_t *out_n);

#endif
