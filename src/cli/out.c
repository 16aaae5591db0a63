/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/cli.h"

#include <errno.h>
#include <langinfo.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/glyph.h"
#include "base/mem.h"

#define OUT_CHUNK 8192

static bool is_narrow(bool terminal)
{
    return terminal && strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
}

void cli_out_init(struct cli_out *o, int fd)
{
    *o = (struct cli_out){.fd = fd, .terminal = isatty(fd) == 1};
    o->narrow = is_narrow(o->terminal);
    buf_init(&o->buf, SIZE_MAX / 4);
}

void cli_out_sink(struct cli_out *o, bool terminal, int (*sink)(void *arg, struct str bytes), void *arg)
{
    *o = (struct cli_out){.fd = -1, .terminal = terminal, .narrow = is_narrow(terminal), .sink = sink, .arg = arg};
    buf_init(&o->buf, SIZE_MAX / 4);
}

bool cli_write(struct cli_out *o, const void *p, size_t bytes)
{
    size_t at = 0;

    if (o->sink && !o->failed)
        o->failed = o->sink(o->arg, (struct str){p, bytes}) != 0;
    while (!o->sink && !o->failed && at < bytes) {
        ssize_t n = write(o->fd, (const char *)p + at, bytes - at);

        if (n > 0)
            at += (size_t)n;
        else if (n < 0 && errno != EINTR)
            o->failed = true;
    }
    return !o->failed;
}

int cli_flush(struct cli_out *o)
{
    if (o->buf.n)
        cli_write(o, o->buf.p, o->buf.n);
    buf_clear(&o->buf);
    return o->failed ? ERR_IO : ERR_OK;
}

void cli_out_fini(struct cli_out *o)
{
    cli_flush(o);
    buf_fini(&o->buf);
}

int cli_put(struct cli_out *o, struct str s)
{
    int r = buf_addstr(&o->buf, s);

    if (r)
        return r;
    return o->buf.n >= OUT_CHUNK ? cli_flush(o) : o->failed ? ERR_IO : ERR_OK;
}

/* REQ: on paper and in a pipe text is UTF-8 in every locale, for programs; a terminal is for eyes. */
int cli_words(struct cli_out *o, struct str s)
{
    struct buf b;
    int r;

    if (!o->narrow)
        return cli_put(o, s);
    buf_init(&b, SIZE_MAX / 4);
    while (s.n) {
        size_t n = 0;

        while (n < s.n && (unsigned char)s.p[n] >= ' ')
            n++;
        glyph_bytes(&b, (struct str){s.p, n});
        if (n < s.n) /* a line's end, which is no glyph */
            buf_addc(&b, s.p[n++]);
        s.p += n;
        s.n -= n;
    }
    r = b.failed ? ERR_NOMEM : cli_put(o, buf_str(&b));
    buf_fini(&b);
    return r;
}

const char *cli_name_note(const struct cli_out *o, struct str name)
{
    return o->narrow ? glyph_note(name) : "";
}

int cli_line(struct cli_out *o, const char *fmt, ...)
{
    char small[512], *p = small;
    va_list ap;
    int n, r;

    va_start(ap, fmt);
    n = vsnprintf(small, sizeof small, fmt, ap);
    va_end(ap);
    if (n < 0)
        return ERR_BUG;
    if ((size_t)n >= sizeof small) {
        p = mem_alloc((size_t)n + 1);
        if (!p)
            return ERR_NOMEM;
        va_start(ap, fmt);
        vsnprintf(p, (size_t)n + 1, fmt, ap);
        va_end(ap);
    }
    r = cli_words(o, (struct str){p, (size_t)n});
    if (!r)
        r = cli_put(o, STR("\n"));
    if (p != small)
        mem_free(p);
    return r;
}

void cli_progress(struct cli_out *o, const char *line)
{
    if (!o->terminal)
        return;
    cli_put(o, STR("\r"));
    if (line)
        cli_put(o, (struct str){line, text_fit(str_of(line), 78)});
    for (unsigned c = line ? text_cols(str_of(line)) : 0; c < 78; c++)
        cli_put(o, STR(" "));
    cli_put(o, STR("\r"));
    cli_flush(o);
}
