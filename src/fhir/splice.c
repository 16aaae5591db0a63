/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fhir/splice.h"

#include <string.h>

#include "base/limits.h"

static const struct splice *find(const struct splice *edit, unsigned n, struct str name)
{
    for (unsigned i = 0; i < n; i++)
        if (str_is(name, edit[i].name))
            return &edit[i];
    return NULL;
}

static struct str between(const struct tape *t, size_t from, size_t to)
{
    return (struct str){t->bytes.p + from, to - from};
}

static size_t end_of(const struct tape *t, tape_at at)
{
    return t->nodes[at].off + t->nodes[at].len;
}

/* A list with one element more: what was in it stays, blanks too. */
static void add(const struct tape *t, tape_at list, struct str json, struct buf *out)
{
    struct str raw = tape_raw(t, list);

    raw.n--; /* its bracket */
    buf_addstr(out, raw);
    buf_adds(out, tape_first(t, list) == TAPE_NONE ? "" : ",");
    buf_addstr(out, json);
    buf_adds(out, "]");
}

static void fresh(const struct splice *x, bool any, struct buf *out)
{
    buf_adds(out, any ? "," : "");
    buf_addf(out, "\"%s\":%s", x->name, x->how == SPLICE_ADD ? "[" : "");
    buf_addstr(out, x->json);
    buf_adds(out, x->how == SPLICE_ADD ? "]" : "");
}

static void write(const struct tape *t, const struct splice *edit, unsigned n, struct buf *out)
{
    size_t at = t->nodes[0].off + 1, last = end_of(t, 0) - 1;
    bool any = false;

    buf_adds(out, "{");
    for (tape_at k = tape_first_member(t, 0); k != TAPE_NONE; k = tape_next_member(t, 0, k)) {
        const struct splice *x = find(edit, n, tape_name(t, k));

        if (x && x->how == SPLICE_DROP) {
            at = end_of(t, k + 1);
            continue;
        }
        /* What stands before a member: its comma, unless all before it went. */
        struct str gap = between(t, at, t->nodes[k].off);
        const char *comma = memchr(gap.p, ',', gap.n);

        if (comma && !any)
            gap = (struct str){comma + 1, gap.n - (size_t)(comma + 1 - gap.p)};
        buf_addstr(out, gap);
        buf_addstr(out, between(t, t->nodes[k].off, t->nodes[k + 1].off));
        if (x && x->how == SPLICE_ADD)
            add(t, k + 1, x->json, out);
        else
            buf_addstr(out, x ? x->json : tape_raw(t, k + 1));
        at = end_of(t, k + 1);
        any = true;
    }
    for (unsigned i = 0; i < n; i++)
        if (edit[i].how != SPLICE_DROP && tape_get(t, 0, edit[i].name) == TAPE_NONE) {
            fresh(&edit[i], any, out);
            any = true;
        }
    buf_addstr(out, between(t, at, last + 1));
}

/* Is a list what the other one was, and json behind it? */
static bool added(const struct tape *was, tape_at list, const struct tape *is, tape_at now, struct str json)
{
    tape_at x = tape_first(was, list), y = tape_first(is, now);

    for (; x != TAPE_NONE && y != TAPE_NONE; x = tape_next(was, list, x), y = tape_next(is, now, y))
        if (!str_eq(tape_raw(was, x), tape_raw(is, y)))
            return false;
    return x == TAPE_NONE && y != TAPE_NONE && str_eq(tape_raw(is, y), json) && tape_next(is, now, y) == TAPE_NONE;
}

/* REQ: each edit is there, and all members that no edit names have the bytes that they had. */
static bool holds(const struct tape *was, const struct tape *is, const struct splice *edit, unsigned n)
{
    unsigned members = 0;

    for (tape_at k = tape_first_member(was, 0); k != TAPE_NONE; k = tape_next_member(was, 0, k)) {
        struct str name = tape_name(was, k);
        tape_at y = tape_first_member(is, 0);

        if (find(edit, n, name))
            continue;
        members++;
        while (y != TAPE_NONE && !str_eq(tape_name(is, y), name))
            y = tape_next_member(is, 0, y);
        if (y == TAPE_NONE || !str_eq(tape_raw(was, k + 1), tape_raw(is, y + 1)))
            return false;
    }
    for (unsigned i = 0; i < n; i++) {
        tape_at before = tape_get(was, 0, edit[i].name), now = tape_get(is, 0, edit[i].name);

        if (edit[i].how == SPLICE_DROP ? now != TAPE_NONE
            : edit[i].how == SPLICE_SET ? now == TAPE_NONE || !str_eq(tape_raw(is, now), edit[i].json)
                                        : !added(was, before, is, now, edit[i].json))
            return false;
        members += now != TAPE_NONE;
    }
    for (tape_at k = tape_first_member(is, 0); k != TAPE_NONE; k = tape_next_member(is, 0, k))
        members--;
    return !members;
}

int fhir_splice(const struct tape *t, const struct splice *edit, unsigned n, struct buf *out, struct err *e)
{
    size_t from = out->n;
    struct tape is;
    bool good;
    int code;

    if (!tape_is(t, 0, TAPE_OBJECT))
        return err_set(e, ERR_INPUT, 0, 0, "resource");
    for (unsigned i = 0; i < n; i++) {
        tape_at at = tape_get(t, 0, edit[i].name);

        if (edit[i].how == SPLICE_ADD && at != TAPE_NONE && !tape_is(t, at, TAPE_ARRAY))
            return err_set(e, ERR_INPUT, 0, 0, edit[i].name);
    }
    write(t, edit, n, out);
    if (out->failed)
        return err_set(e, out->failed, 0, LIMIT_RESOURCE_BYTES, "resource");
    if ((code = tape_parse(&is, (struct str){out->p + from, out->n - from}, e)))
        return code;
    good = holds(t, &is, edit, n);
    tape_fini(&is);
    return good ? ERR_OK : err_set(e, ERR_BUG, 0, 0, "splice");
}
