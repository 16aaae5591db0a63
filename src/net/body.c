/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An answer's body on its way from curl to the sink. It is decoded here and not by curl: curl goes on decoding what it
 * has while a sink has paused it, without a bound, keeps whatever window a server names, and takes a compressed
 * body that breaks off for a whole one when no length says otherwise. */
#include "config.h"

#include "net/priv.h"

#define PIECE_BYTES (32u << 10) /* decoded at once */
#define WINDOWS_BYTES (8u << 20) /* one of zstd's largest, or two of brotli's, are more; four usual zstd are less */

static bool refuse(struct net_request *r, int code, int64_t num, const char *what)
{
    if (!r->stop.code)
        err_set(&r->stop, code, 0, num, what);
    return false;
}

static bool give(struct net_request *r, struct str piece)
{
    char path[NET_PATH_BYTES];
    int code;

    r->decoded += piece.n;
    if (r->decoded > LIMIT_INFLATE_FREE && r->decoded / LIMIT_INFLATE_RATIO > r->received)
        return refuse(r, ERR_TOOBIG, LIMIT_INFLATE_RATIO, "inflation");
    code = r->ask.on_bytes ? r->ask.on_bytes(r->ask.arg, piece) : ERR_OK;
    return code ? refuse(r, code, 0, net_path_of(r, path)) : true;
}

/* Decodes and gives until there is no more, or the sink pauses: then what is left of in is kept. False: r->stop says
 * why. */
static bool decode(struct net_request *r, struct str in)
{
    char path[NET_PATH_BYTES], piece[PIECE_BYTES];
    size_t n;
    int code;

    while (!r->cancelled && (in.n || r->more)) {
        if (r->pause_wanted) {
            buf_addstr(&r->held, in);
            return r->held.failed ? refuse(r, ERR_NOMEM, 0, NULL) : true;
        }
        if ((code = net_decoder_next(r->decoder, &in, piece, sizeof piece, &n)))
            return refuse(r, code, code == ERR_TOOBIG ? LIMIT_INFLATE_RATIO : (int64_t)r->received,
                          code == ERR_TOOBIG ? "inflation" : net_path_of(r, path));
        r->more = n == sizeof piece;
        if (n && !give(r, (struct str){piece, n}))
            return false;
    }
    return true;
}

bool net_body_waits(const struct net_request *r)
{
    return r->held.n || r->more;
}

/* Four of the largest would leave no room for their rows. Those that have begun wait for none that has not. */
bool net_body_room(const struct net_request *r)
{
    size_t bytes = 0;

    if (r->received || !*r->reader.encoding)
        return true;
    for (const struct net_request *o = r->net->running; o; o = o->next)
        bytes += o->decoder ? net_decoder_bytes(o->decoder) : 0;
    return bytes < WINDOWS_BYTES;
}

bool net_body_resume(struct net_request *r)
{
    struct buf held = r->held;
    bool good;

    buf_init(&r->held, held.max);
    good = decode(r, buf_str(&held));
    buf_fini(&held);
    return good;
}

bool net_body_torn(const struct net_request *r)
{
    return r->decoder && r->received && !net_decoder_ended(r->decoder);
}

size_t net_body_in(char *p, size_t size, size_t n, void *arg)
{
    struct net_request *r = arg;
    struct str in = {p, size * n};
    char path[NET_PATH_BYTES];
    int code;

    if (r->cancelled || !in.n)
        return 0;
    if (r->pause_wanted || net_body_waits(r) || !net_body_room(r)) {
        r->paused = true;
        return CURL_WRITEFUNC_PAUSE; /* curl keeps these bytes and brings them again */
    }
    if (!r->received) {
        buf_init(&r->held, CURL_MAX_WRITE_SIZE);
        code = r->reader.encodings > 1 ? ERR_DECODE : net_decoder_new(r->reader.encoding, &r->decoder);
        if (code) {
            refuse(r, code, 0, net_path_of(r, path));
            return 0;
        }
    }
    r->received += in.n;
    return (r->decoder ? decode(r, in) : give(r, in)) ? in.n : 0;
}
