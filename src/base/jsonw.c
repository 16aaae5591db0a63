/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/jsonw.h"

#include <inttypes.h>

#include "base/text.h"

void jsonw_init(struct jsonw *w, struct buf *out)
{
    *w = (struct jsonw){out, false};
}

static void before_value(struct jsonw *w)
{
    if (w->comma)
        buf_addc(w->out, ',');
    w->comma = true;
}

void jsonw_open(struct jsonw *w, char bracket)
{
    before_value(w);
    buf_addc(w->out, bracket);
    w->comma = false;
}

void jsonw_close(struct jsonw *w, char bracket)
{
    buf_addc(w->out, bracket);
    w->comma = true;
}

static void escape(struct buf *out, uint32_t c)
{
    if (c == '"' || c == '\\')
        buf_addf(out, "\\%c", (char)c);
    else if (c == '\n')
        buf_adds(out, "\\n");
    else if (c == '\t')
        buf_adds(out, "\\t");
    else if (c < 0x10000)
        buf_addf(out, "\\u%04x", (unsigned)c);
    else
        buf_addf(out, "\\u%04x\\u%04x", 0xd800 + (unsigned)((c - 0x10000) >> 10),
                 0xdc00 + (unsigned)((c - 0x10000) & 0x3ff));
}

static void quoted(struct buf *out, struct str s)
{
    buf_addc(out, '"');
    while (s.n) {
        uint32_t c;
        size_t k = text_decode(s, &c);

        if (c == '"' || c == '\\' || c == '\n' || text_is_control(c))
            escape(out, c);
        else if (c == TEXT_BAD)
            buf_adds(out, "\xef\xbf\xbd");
        else
            buf_add(out, s.p, k);
        s.p += k;
        s.n -= k;
    }
    buf_addc(out, '"');
}

void jsonw_key(struct jsonw *w, const char *name)
{
    before_value(w);
    quoted(w->out, str_of(name));
    buf_addc(w->out, ':');
    w->comma = false;
}

void jsonw_str(struct jsonw *w, struct str s)
{
    before_value(w);
    quoted(w->out, s);
}

void jsonw_z(struct jsonw *w, const char *z)
{
    if (z)
        jsonw_str(w, str_of(z));
    else
        jsonw_null(w);
}

void jsonw_int(struct jsonw *w, int64_t v)
{
    before_value(w);
    buf_addf(w->out, "%" PRId64, v);
}

void jsonw_bool(struct jsonw *w, bool v)
{
    before_value(w);
    buf_adds(w->out, v ? "true" : "false");
}

void jsonw_null(struct jsonw *w)
{
    before_value(w);
    buf_adds(w->out, "null");
}

void jsonw_raw(struct jsonw *w, struct str json)
{
    before_value(w);
    buf_addstr(w->out, json);
}
