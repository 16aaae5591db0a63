/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What one process tells another at HOME/owner.sock: any bytes are a message or none. The words of a request lie
 * inside it and make the same bytes again; an answer says the same when it is made anew.
 */
#include "config.h"

#include <string.h>

#include "cli/ask.h"
#include "tests/fuzz/fuzz.h"

static void request(struct str packet)
{
    static struct ask a;
    struct buf again, whole;

    if (!cli_ask_parse(packet, &a))
        return;
    FUZZ_MUST(a.n >= 0 && a.n <= LIMIT_ASK_WORDS && packet.n <= LIMIT_ASK_BYTES);
    FUZZ_MUST(a.request.p >= packet.p && a.request.p + a.request.n == packet.p + packet.n);
    FUZZ_MUST(a.characters > a.request.p && a.characters + strlen(a.characters) < packet.p + packet.n);
    for (int i = 0; i < a.n; i++)
        FUZZ_MUST(a.word[i] > a.request.p && a.word[i] + strlen(a.word[i]) < packet.p + packet.n);
    buf_init(&again, LIMIT_ASK_BYTES);
    buf_init(&whole, LIMIT_ASK_BYTES);
    FUZZ_MUST(!cli_ask_request(&again, a.flags, a.characters, a.n, a.word));
    FUZZ_MUST(str_eq(buf_str(&again), a.request));
    FUZZ_MUST(!cli_ask_packet(&whole, a.proof, buf_str(&again)));
    FUZZ_MUST(str_eq(buf_str(&whole), packet));
    buf_fini(&whole);
    buf_fini(&again);
}

static void answer(struct str packet)
{
    struct ask_answer w, v;
    struct buf b;

    if (!cli_ask_answered(packet, &w) || w.kind != 'r')
        return;
    FUZZ_MUST(w.err.code <= 0 && strlen(w.err.what) < sizeof w.err.what);
    buf_init(&b, 1024);
    FUZZ_MUST(!cli_ask_result(&b, w.status, w.again, &w.err));
    FUZZ_MUST(cli_ask_answered(buf_str(&b), &v));
    FUZZ_MUST(v.kind == 'r' && v.status == w.status && v.again == w.again && v.err.code == w.err.code &&
              v.err.sub == w.err.sub && v.err.num == w.err.num && !strcmp(v.err.what, w.err.what));
    buf_fini(&b);
}

static void greeting(struct str packet)
{
    unsigned char challenge[STORE_CHALLENGE];
    char again[ASK_GREETING];
    bool open;

    if (!cli_ask_greeted(packet, &open, challenge))
        return;
    FUZZ_MUST(cli_ask_greet(again, open, challenge) == packet.n && !memcmp(again, packet.p, packet.n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str s = {(const char *)data, size};

    request(s);
    answer(s);
    greeting(s);
    return 0;
}
