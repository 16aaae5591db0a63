/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/ask.h"

#include <string.h>

static const char hello[] = "wl-own-1", asks[] = "wl-ask-1";

size_t cli_ask_greet(char out[ASK_GREETING], bool open, const unsigned char challenge[STORE_CHALLENGE])
{
    memcpy(out, hello, 8);
    out[8] = (char)open;
    memcpy(out + 9, challenge, STORE_CHALLENGE);
    return ASK_GREETING;
}

bool cli_ask_greeted(struct str packet, bool *open, unsigned char challenge[STORE_CHALLENGE])
{
    if (packet.n != ASK_GREETING || memcmp(packet.p, hello, 8) || (unsigned char)packet.p[8] > 1)
        return false;
    *open = packet.p[8];
    memcpy(challenge, packet.p + 9, STORE_CHALLENGE);
    return true;
}

int cli_ask_request(struct buf *out, unsigned flags, const char *characters, int n, char *const *word)
{
    int r = n > LIMIT_ASK_WORDS ? ERR_TOOBIG : buf_addc(out, (char)flags);

    if (!r)
        r = buf_add(out, characters, strlen(characters) + 1);
    for (int i = 0; !r && i < n; i++)
        r = buf_add(out, word[i], strlen(word[i]) + 1);
    return r;
}

int cli_ask_packet(struct buf *out, const unsigned char proof[STORE_PROOF], struct str request)
{
    int r = buf_add(out, asks, 8);

    if (!r)
        r = buf_add(out, proof, STORE_PROOF);
    return r ? r : buf_addstr(out, request);
}

bool cli_ask_parse(struct str packet, struct ask *out)
{
    const size_t head = 8 + STORE_PROOF;
    const char *at, *end = packet.p + packet.n;

    if (packet.n < head + 1 || packet.n > LIMIT_ASK_BYTES || memcmp(packet.p, asks, 8))
        return false;
    memcpy(out->proof, packet.p + 8, STORE_PROOF);
    out->request = (struct str){packet.p + head, packet.n - head};
    out->flags = (unsigned char)packet.p[head];
    out->n = 0;
    at = out->characters = packet.p + head + 1;
    if ((out->flags & ~(unsigned)ASK_FLAGS) || at == end || end[-1])
        return false;
    at += strlen(at) + 1;
    for (; at < end; at += strlen(at) + 1) {
        if (out->n == LIMIT_ASK_WORDS)
            return false;
        out->word[out->n++] = (char *)at;
    }
    return (out->n > 0) != ((out->flags & ASK_YIELD) != 0);
}

/* --- answers ------------------------------------------------------------------------------------ */

static void put_number(struct buf *b, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        buf_addc(b, (char)(v >> (8 * i)));
}

static uint64_t get_number(const char *p)
{
    uint64_t v = 0;

    for (int i = 0; i < 8; i++)
        v |= (uint64_t)(unsigned char)p[i] << (8 * i);
    return v;
}

int cli_ask_result(struct buf *out, int status, bool again, const struct err *e)
{
    buf_addc(out, 'r');
    buf_addc(out, (char)status);
    buf_addc(out, (char)again);
    put_number(out, (uint64_t)(int64_t)e->sub);
    put_number(out, (uint64_t)e->num);
    buf_adds(out, e->code ? err_name(e->code) : "");
    buf_addc(out, '\0');
    return buf_adds(out, e->what);
}

/* By its name: two versions may number them in two ways. */
static int code_named(struct str name)
{
    if (!name.n)
        return ERR_OK;
    for (int code = ERR_BASE_ + 1; code < 0 && !str_is(STR("ERR_?"), err_name(code)); code++)
        if (str_is(name, err_name(code)))
            return code;
    return ERR_BUG;
}

bool cli_ask_answered(struct str packet, struct ask_answer *out)
{
    const size_t head = 3 + 16;
    struct str rest, name;
    char what[sizeof out->err.what];

    *out = (struct ask_answer){.kind = packet.n ? packet.p[0] : '\0'};
    out->bytes = (struct str){packet.p + 1, packet.n ? packet.n - 1 : 0};
    if (out->kind == 'o' || out->kind == 'e')
        return out->bytes.n <= ASK_PIECE;
    if (out->kind == 'k')
        return true;
    if (out->kind != 'r' || packet.n < head + 1 || (unsigned char)packet.p[2] > 1)
        return false;
    rest = (struct str){packet.p + head, packet.n - head};
    name = str_split(&rest, '\0');
    if (!rest.p || rest.n >= sizeof what)
        return false;
    memcpy(what, rest.p, rest.n);
    what[rest.n] = '\0';
    out->status = (unsigned char)packet.p[1];
    out->again = packet.p[2];
    err_set(&out->err, code_named(name), (int)(int64_t)get_number(packet.p + 3), (int64_t)get_number(packet.p + 11),
            what);
    return true;
}
