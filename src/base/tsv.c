/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/tsv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/path.h"
#include "base/text.h"

/* The next line without its end; false when there is none. *whole: it had an end. */
static bool next_line(struct str *rest, struct str *line, bool *whole)
{
    const char *end;

    if (!rest->n)
        return false;
    end = memchr(rest->p, '\n', rest->n);
    *whole = end != NULL;
    *line = (struct str){rest->p, end ? (size_t)(end - rest->p) : rest->n};
    rest->p += line->n + *whole;
    rest->n -= line->n + *whole;
    if (line->n && line->p[line->n - 1] == '\r') /* of an editor elsewhere */
        line->n--;
    return true;
}

/* Control characters but TAB: no cell of such a file has one. */
static bool clean(struct str line)
{
    for (size_t i = 0; i < line.n; i++)
        if (((unsigned char)line.p[i] < 0x20 && line.p[i] != '\t') || line.p[i] == 0x7f)
            return false;
    return true;
}

static unsigned split(struct str line, struct str cell[TSV_COLUMNS])
{
    unsigned n = 0;

    while (line.p) {
        struct str one = str_trim(str_split(&line, '\t'));

        if (n < TSV_COLUMNS)
            cell[n] = one;
        n++;
    }
    return n;
}

/* Names the columns: each has a name, and no other's. */
static bool name_columns(struct tsv *t, struct str line)
{
    t->columns = split(line, t->column);
    if (t->columns > TSV_COLUMNS)
        return false;
    for (unsigned i = 0; i < t->columns; i++)
        for (unsigned k = 0; k <= i; k++)
            if (k == i ? !t->column[i].n : str_eq(t->column[i], t->column[k]))
                return false;
    return true;
}

/* Passes over what is no row. */
static bool is_row(struct str line)
{
    return line.n && line.p[0] != '#';
}

static int refuse(struct tsv *t, int code, int64_t line, const char *name, struct err *e)
{
    *t = (struct tsv){.rows = 0};
    return err_set(e, code, 0, line, name);
}

/* Does the head count as many rows as there are? */
static bool counted(const struct tsv *t)
{
    struct str says = tsv_head(t, "rows");
    int64_t n;

    return !says.n || (str_int(says, 0, UINT32_MAX, &n) && n == t->rows);
}

int tsv_parse(struct str bytes, const char *name, struct tsv *t, struct err *e)
{
    struct str rest = bytes, line, cell[TSV_COLUMNS];
    unsigned at = 0;
    bool whole = true;

    *t = (struct tsv){.head = {bytes.p, 0}};
    if (bytes.n > TSV_BYTES)
        return refuse(t, ERR_TOOBIG, TSV_BYTES, name, e);
    if (bytes.n && !text_is_utf8(bytes))
        return refuse(t, ERR_INPUT, 1, name, e);
    while (next_line(&rest, &line, &whole)) {
        at++;
        if (!whole || !clean(line))
            return refuse(t, ERR_INPUT, at, name, e);
        if (!is_row(line))
            continue;
        if (!t->columns) {
            t->head.n = (size_t)(line.p - bytes.p);
            t->body = rest;
            t->line = at;
            if (!name_columns(t, line))
                return refuse(t, ERR_INPUT, at, name, e);
        } else if (split(line, cell) != t->columns)
            return refuse(t, ERR_INPUT, at, name, e);
        else
            t->rows++;
    }
    if (t->columns && !counted(t))
        return refuse(t, ERR_INPUT, 0, name, e);
    return t->rows ? ERR_OK : refuse(t, ERR_EMPTY, 0, name, e);
}

/* All of a file, in a; false with errno. */
static bool read_all(int fd, struct arena *a, size_t n, struct str *out)
{
    char *p = arena_alloc(a, n + 1);
    size_t got = 0;

    *out = (struct str){p, 0};
    if (!p) {
        errno = ENOMEM;
        return false;
    }
    while (got < n) {
        ssize_t r = fault_hit(FAULT_IO) ? (errno = EIO, -1) : read(fd, p + got, n - got);

        if (r < 0 && errno != EINTR)
            return false;
        if (!r)
            break;
        got += r > 0 ? (size_t)r : 0;
    }
    out->n = got;
    return true;
}

int tsv_read(const char *dir, const char *file, struct arena *a, struct str *bytes, struct err *e)
{
    char path[PATH_MAX_BYTES];
    struct stat st;
    int fd, why = 0, code = path_join(path, dir, file, e);

    *bytes = STR("");
    if (code)
        return code;
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe in its place holds nobody up */
    if (fd < 0)
        return err_set(e, ERR_NOFILE, errno, 0, file);
    if (fstat(fd, &st))
        why = errno;
    else if (!S_ISREG(st.st_mode))
        why = EINVAL;
    else if (st.st_size > (off_t)TSV_BYTES)
        code = err_set(e, ERR_TOOBIG, 0, TSV_BYTES, file);
    else if (!read_all(fd, a, (size_t)st.st_size, bytes))
        why = errno;
    close(fd);
    return why ? err_set(e, why == ENOMEM ? ERR_NOMEM : ERR_NOFILE, why, 0, file) : code;
}

int tsv_open(const char *dir, const char *file, struct arena *a, struct tsv *t, struct err *e)
{
    struct str bytes;
    int code = tsv_read(dir, file, a, &bytes, e);

    *t = (struct tsv){.rows = 0};
    return code ? code : tsv_parse(bytes, file, t, e);
}

struct str tsv_head(const struct tsv *t, const char *key)
{
    struct str rest = t->head, line;
    bool whole;

    while (next_line(&rest, &line, &whole)) {
        struct str name;

        if (!line.n || line.p[0] != '#')
            continue;
        line.p++, line.n--;
        name = str_trim(str_split(&line, ':'));
        if (line.p && str_is(name, key))
            return str_trim(line);
    }
    return STR("");
}

int tsv_column(const struct tsv *t, const char *name)
{
    for (unsigned i = 0; i < t->columns; i++)
        if (str_is(t->column[i], name))
            return (int)i;
    return -1;
}

bool tsv_has(const struct tsv *t, const char *names)
{
    struct str rest = str_of(names);

    for (unsigned i = 0; rest.p; i++)
        if (!str_eq(str_split(&rest, '\t'), i < t->columns ? t->column[i] : STR("")))
            return false;
    return true;
}

bool tsv_next(struct tsv *t, struct str cell[TSV_COLUMNS])
{
    struct str line;
    bool whole;

    while (next_line(&t->body, &line, &whole)) {
        t->line++;
        if (is_row(line))
            return split(line, cell) == t->columns;
    }
    return false;
}
