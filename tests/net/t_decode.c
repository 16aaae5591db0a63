/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Compressed bodies in each coding that is asked for: whole, torn, paused, and made to cost memory. What makes them is
 * the codings' own libraries.
 */
#include "config.h"

#include "tests/unit.h"

#include <brotli/encode.h>
#include <malloc.h>
#include <zlib.h>
#include <zstd.h>

#include "base/limits.h"
#include "tests/net/rig.h"

#define PLAIN (6u << 20)
#define BOMB (128u << 20)

static unsigned char *plain;  /* PLAIN bytes of counted lines */
static unsigned char *blanks; /* BOMB blanks */

/* --- making them ------------------------------------------------------------------------------ */

static size_t pack_gzip(const unsigned char *in, size_t n, int window, unsigned char *out, size_t room)
{
    z_stream z = {.next_in = (Bytef *)in, .avail_in = (uInt)n, .next_out = out, .avail_out = (uInt)room};

    (void)window;
    deflateInit2(&z, 6, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY);
    CU_ASSERT_EQUAL(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return z.total_out;
}

static size_t pack_brotli(const unsigned char *in, size_t n, int window, unsigned char *out, size_t room)
{
    CU_ASSERT_EQUAL(BrotliEncoderCompress(1, window, BROTLI_MODE_GENERIC, n, in, &room, out), BROTLI_TRUE);
    return room;
}

/* Without the size in its head, so that the window stands there. */
static size_t pack_zstd(const unsigned char *in, size_t n, int window, unsigned char *out, size_t room)
{
    ZSTD_CCtx *c = ZSTD_createCCtx();
    ZSTD_inBuffer from = {in, n, 0};
    ZSTD_outBuffer to = {out, room, 0};

    ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, window);
    ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, 0);
    from.size = n / 2; /* what is all given at once with its end has its size in the head after all */
    CU_ASSERT_FALSE(ZSTD_isError(ZSTD_compressStream2(c, &to, &from, ZSTD_e_continue)));
    from.size = n;
    CU_ASSERT_EQUAL(ZSTD_compressStream2(c, &to, &from, ZSTD_e_end), 0);
    ZSTD_freeCCtx(c);
    return to.pos;
}

static const struct {
    const char *name;
    size_t (*pack)(const unsigned char *in, size_t n, int window, unsigned char *out, size_t room);
    int window, largest, too_large; /* powers of two; 0: there is none too large */
} codings[] = {
    {"gzip", pack_gzip, 0, 0, 0},
    {"br", pack_brotli, 22, 22, 23},
    {"zstd", pack_zstd, 21, 23, 24},
};
#define CODINGS (sizeof codings / sizeof *codings)

struct packed {
    char *raw; /* head and body */
    size_t n, head;
};

static struct packed pack(unsigned coding, const unsigned char *in, size_t n, int window)
{
    size_t room = n + 65536;
    struct packed p = {.raw = malloc(room + 256)};

    p.head = (size_t)snprintf(p.raw, 256, "HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\n\r\n", codings[coding].name);
    p.n = p.head + codings[coding].pack(in, n, window, (unsigned char *)p.raw + p.head, room);
    return p;
}

/* --- asking for them -------------------------------------------------------------------------- */

/* The answer, and then the connection ends: no length says whether that was all. */
static bool say(struct server *s, int fd, const struct server_request *q)
{
    const struct packed *p = s->arg;

    (void)q;
    server_say(s, fd, p->raw, p->n);
    return false;
}

static void ask(struct asked *a, struct packed p)
{
    struct rig g;

    rig_open(&g, say, &p);
    rig_get(&g, a, 'a', "Patient");
    rig_wait(&g);
    rig_close(&g);
}

static void whole(void)
{
    for (unsigned i = 0; i < CODINGS; i++)
        for (size_t n = 1; n <= PLAIN; n *= 40) {
            struct packed p = pack(i, plain, n, codings[i].window);
            struct asked a = {0};

            ask(&a, p);
            CU_ASSERT_EQUAL(a.r.code, ERR_OK);
            CU_ASSERT(a.body.n == n && !memcmp(a.body.p, plain, n));
            CU_ASSERT_EQUAL(a.r.decoded, n);
            rig_forget(&a);
            free(p.raw);
        }
}

/* Kills tests/mutants/net-torn.patch: a compressed body that breaks off passes for whole. */
static void torn(void)
{
    for (unsigned i = 0; i < CODINGS; i++) {
        struct packed p = pack(i, plain, 400000, codings[i].window);
        size_t all = p.n;

        for (unsigned k = 1; k < 10; k++) {
            struct asked a = {0};

            p.n = k == 9 ? all - 1 : p.head + (all - p.head) * k / 9;
            ask(&a, p);
            CU_ASSERT_EQUAL(a.r.code, ERR_CUT);
            CU_ASSERT(a.body.n <= 400000 && !memcmp(a.body.p ? a.body.p : "", plain, a.body.n));
            CU_ASSERT(k < 5 || a.body.n > 1000); /* what came is given */
            rig_forget(&a);
        }
        p.n = all;
        p.raw[p.n++] = 'x'; /* and a byte that belongs to nothing */
        p.raw[p.n++] = 'x';
        p.raw[p.n++] = 'x';
        p.raw[p.n++] = 'x';
        struct asked a = {0};

        ask(&a, p);
        CU_ASSERT_EQUAL(a.r.code, ERR_DECODE);
        rig_forget(&a);
        free(p.raw);
    }
}

/* --- a sink that pauses ----------------------------------------------------------------------- */

static unsigned pieces_then;

static void go_on(void *arg)
{
    struct asked *a = arg;

    CU_ASSERT_EQUAL(a->pieces, pieces_then);
    if (a->request) /* it may have paused behind its last byte */
        net_pause(a->request, false);
}

static void pause_at_each(struct asked *a)
{
    pieces_then = a->pieces;
    net_pause(a->request, true);
    CU_ASSERT_NOT_EQUAL(loop_after(a->rig->l, 1, go_on, a), 0);
}

/* Also behind the last byte that comes: the end waits for the sink. */
static void paused(void)
{
    for (unsigned i = 0; i < CODINGS; i++) {
        struct packed p = pack(i, plain, PLAIN, codings[i].window);
        struct asked a = {.on_piece = pause_at_each};

        ask(&a, p);
        CU_ASSERT_EQUAL(a.r.code, ERR_OK);
        CU_ASSERT(a.body.n == PLAIN && !memcmp(a.body.p, plain, PLAIN));
        CU_ASSERT(a.pieces >= PLAIN / 32768);
        rig_forget(&a);
        free(p.raw);
    }
}

static size_t before;

static size_t allocated(void)
{
    struct mallinfo2 m = mallinfo2();

    return m.uordblks + m.hblkhd;
}

static void look(void *arg)
{
    struct asked *a = arg;

    CU_ASSERT(a->body.n <= 65536);
    CU_ASSERT(allocated() < before + (12u << 20));
    if (a->request)
        net_cancel(a->request);
}

static void pause_for_good(struct asked *a)
{
    net_pause(a->request, true);
    if (a->pieces == 1)
        CU_ASSERT_NOT_EQUAL(loop_after(a->rig->l, 200, look, a), 0);
}

/* 128 MiB in some kilobytes, all of it here while the sink waits: it costs the window and no more. */
static void paused_costs_no_memory(void)
{
    for (unsigned i = 0; i < CODINGS; i++) {
        struct packed p = pack(i, blanks, BOMB, codings[i].window);
        struct asked a = {.on_piece = pause_for_good};

        before = allocated();
        ask(&a, p);
        CU_ASSERT_EQUAL(a.r.code, ERR_CANCELLED);
        rig_forget(&a);
        free(p.raw);
    }
}

/* --- too much --------------------------------------------------------------------------------- */

static void bombs(void)
{
    for (unsigned i = 0; i < CODINGS; i++) {
        struct packed p = pack(i, blanks, BOMB, codings[i].window);
        struct asked a = {0};

        ask(&a, p);
        CU_ASSERT_EQUAL(a.r.code, ERR_TOOBIG);
        UNIT_STR(a.r.err.what, "inflation");
        CU_ASSERT(a.r.decoded <= p.n * LIMIT_INFLATE_RATIO + LIMIT_INFLATE_FREE + 65536);
        rig_forget(&a);
        free(p.raw);
    }
}

/* Kills tests/mutants/net-window.patch: zstd keeps any window that a server names. */
static void windows(void)
{
    size_t n = 20u << 20;
    unsigned char *big = malloc(n);
    uint32_t chance = 1;

    for (size_t k = 0; k < n; k++) { /* some 2:1 */
        chance = chance * 1664525u + 1013904223u;
        big[k] = (unsigned char)('a' + (chance >> 28));
    }
    for (unsigned i = 0; i < CODINGS; i++)
        for (int large = 0; large < 2; large++) {
            struct asked a = {0};
            struct packed p;

            if (!codings[i].too_large)
                continue;
            p = pack(i, big, n, large ? codings[i].too_large : codings[i].largest);
            ask(&a, p);
            CU_ASSERT_EQUAL(a.r.code, large ? ERR_TOOBIG : ERR_OK);
            UNIT_STR(a.r.err.what, large ? "inflation" : "");
            CU_ASSERT(large || (a.body.n == n && !memcmp(a.body.p, big, n)));
            rig_forget(&a);
            free(p.raw);
        }
    free(big);
}

#define TOGETHER 4

static struct asked together[TOGETHER];
static bool all_go;

static void pause_till_all_go(struct asked *a)
{
    if (!all_go)
        net_pause(a->request, true);
}

static void look_at_all(void *arg)
{
    unsigned begun = 0;

    (void)arg;
    CU_ASSERT(allocated() < before + (12u << 20));
    all_go = true;
    for (unsigned i = 0; i < TOGETHER; i++) {
        begun += together[i].pieces > 0;
        net_pause(together[i].request, false);
    }
    CU_ASSERT_EQUAL(begun, 1);
}

/* One window at a time, and each answer comes whole. Kills tests/mutants/net-windows.patch: there are four. */
static void windows_together(void)
{
    struct packed p = pack(CODINGS - 1, plain, PLAIN, 23);
    struct rig g;

    rig_open(&g, say, &p);
    for (unsigned i = 0; i < TOGETHER; i++) {
        together[i] = (struct asked){.on_piece = pause_till_all_go};
        rig_get(&g, &together[i], (char)('a' + i), "Patient");
    }
    before = allocated();
    CU_ASSERT_NOT_EQUAL(loop_after(g.l, 500, look_at_all, NULL), 0);
    rig_wait(&g);
    rig_close(&g);
    for (unsigned i = 0; i < TOGETHER; i++) {
        CU_ASSERT_EQUAL(together[i].r.code, ERR_OK);
        CU_ASSERT(together[i].body.n == PLAIN && !memcmp(together[i].body.p, plain, PLAIN));
        rig_forget(&together[i]);
    }
    free(p.raw);
}

static void unknown(void)
{
    static const char *const heads[] = {
        "Content-Encoding: gzip, gzip\r\n",
        "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n",
        "Content-Encoding: deflate\r\n",
        "Content-Encoding: a-coding-of-a-name-that-is-longer-than-any\r\n",
    };

    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        struct packed p = {.raw = malloc(512)};
        struct asked a = {0};

        p.n = (size_t)snprintf(p.raw, 512, "HTTP/1.1 200 OK\r\n%s\r\n{}", heads[i]);
        ask(&a, p);
        CU_ASSERT_EQUAL(a.r.code, ERR_DECODE);
        UNIT_STR(a.r.err.what, "/fhir/Patient");
        CU_ASSERT_EQUAL(a.body.n, 0);
        rig_forget(&a);
        free(p.raw);
    }
}

static const struct unit_test tests[] = {
    {"whole", whole},
    {"torn, with no length to tell", torn},
    {"paused at each piece", paused},
    {"paused, it costs no memory", paused_costs_no_memory},
    {"bombs", bombs},
    {"the largest window, and one that is too large", windows},
    {"four of the largest windows", windows_together},
    {"codings that were not asked for", unknown},
};

int main(void)
{
    char line[64];
    int status;

    plain = malloc(PLAIN + 64);
    blanks = malloc(BOMB);
    if (!plain || !blanks)
        return 1;
    memset(blanks, ' ', BOMB);
    for (size_t at = 0, i = 0; at < PLAIN; i++) {
        int n = snprintf(line, sizeof line, "%zu a row of the page, %zu\n", i, i * 2654435761u % 1000);

        memcpy(plain + at, line, (size_t)n);
        at += (size_t)n;
    }
    status = unit_main("decode", tests, sizeof tests / sizeof *tests);
    free(plain);
    free(blanks);
    return status;
}
