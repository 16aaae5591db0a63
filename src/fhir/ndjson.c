/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fhir/ndjson.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"

struct ndjson_scan {
    struct ndjson_sink sink;
    struct buf line;
    int64_t number;
    bool dropping; /* the line under way is over the limit */
    int code;
    struct err err;
};

int ndjson_new(const struct ndjson_sink *sink, struct ndjson_scan **out)
{
    struct ndjson_scan *s = *out = mem_alloc(sizeof *s);

    if (!s)
        return ERR_NOMEM;
    s->sink = *sink;
    s->number = 1;
    buf_init(&s->line, LIMIT_RESOURCE_BYTES);
    return ERR_OK;
}

void ndjson_free(struct ndjson_scan *s)
{
    if (!s)
        return;
    buf_fini(&s->line);
    mem_wipe(s, sizeof *s);
}

static void fail(struct ndjson_scan *s, int code, int64_t num, const char *what)
{
    if (code && !s->code)
        s->code = err_set(&s->err, code, 0, num, what);
}

static void add(struct ndjson_scan *s, struct str part)
{
    size_t room = s->line.max - s->line.n, n = part.n < room ? part.n : room;
    struct str head;

    if (s->dropping)
        return;
    if (buf_add(&s->line, part.p, n)) {
        fail(s, s->line.failed, 0, NULL);
    } else if (n < part.n && !s->sink.toobig) {
        fail(s, ERR_TOOBIG, s->number, "resource");
    } else if (n < part.n) {
        s->dropping = true;
        head = buf_str(&s->line);
        if (head.n > LIMIT_TEXT_CELL)
            head.n = LIMIT_TEXT_CELL;
        fail(s, s->sink.toobig(s->sink.arg, s->number, head), 0, NULL);
        buf_clear(&s->line);
    }
}

static void end_line(struct ndjson_scan *s)
{
    struct str line = str_trim(buf_str(&s->line));

    if (!s->code && !s->dropping && line.n)
        fail(s, s->sink.resource(s->sink.arg, s->number, line), 0, NULL);
    buf_clear(&s->line);
    s->dropping = false;
    s->number++;
}

static int answer(const struct ndjson_scan *s, struct err *e)
{
    if (s->code && e)
        *e = s->err;
    return s->code;
}

int ndjson_feed(struct ndjson_scan *s, struct str bytes, struct err *e)
{
    while (bytes.n && !s->code) {
        const char *end = memchr(bytes.p, '\n', bytes.n);
        size_t n = end ? (size_t)(end - bytes.p) : bytes.n;

        add(s, (struct str){bytes.p, n});
        if (end)
            end_line(s);
        n += end != NULL;
        bytes = (struct str){bytes.p + n, bytes.n - n};
    }
    return answer(s, e);
}

int ndjson_end(struct ndjson_scan *s, struct err *e)
{
    end_line(s);
    return answer(s, e);
}
