/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fhir/rewrite.h"

#include <stdio.h>

#include "base/jsonw.h"

int fhir_rewrite(const struct tape *t, struct str (*swap)(void *arg, struct str reference), void *arg, struct arena *a,
                 struct buf *out, bool *changed)
{
    size_t done = 0;

    for (uint32_t i = 0; i + 1 < t->n; i++) {
        struct str shall;
        struct jsonw w;

        if (t->nodes[i].kind != TAPE_KEY || !str_is(tape_name(t, i), "reference") || !tape_is(t, i + 1, TAPE_STRING))
            continue;
        shall = swap(arg, tape_str(t, i + 1, a));
        if (!shall.p)
            continue;
        buf_add(out, t->bytes.p + done, t->nodes[i + 1].off - done);
        jsonw_init(&w, out);
        jsonw_str(&w, shall);
        done = t->nodes[i + 1].off + t->nodes[i + 1].len;
    }
    if (changed)
        *changed = done > 0;
    return buf_add(out, t->bytes.p + done, t->bytes.n - done);
}

int fhir_rewrite_id(const struct tape *t, struct str id, struct buf *out)
{
    tape_at at = tape_get(t, 0, "id");
    size_t from, to;

    if (!tape_is(t, at, TAPE_STRING))
        return ERR_INPUT;
    from = t->nodes[at].off;
    to = from + t->nodes[at].len;
    if (id.n) {
        buf_add(out, t->bytes.p, from);
        buf_addf(out, "\"%.*s\"", STR_ARG(id));
    } else { /* the member goes, with the comma on one side of it */
        const char *p = t->bytes.p;

        from = t->nodes[at - 1].off;
        while (to < t->bytes.n && p[to] != ',' && p[to] != '}')
            to++;
        if (to < t->bytes.n && p[to] == ',')
            to++;
        else
            while (from && p[from - 1] != '{' && p[from] != ',')
                from--;
        buf_add(out, p, from);
    }
    return buf_add(out, t->bytes.p + to, t->bytes.n - to);
}

/* Text in front of a container's end, or of its first member. */
static int insert(const struct tape *t, size_t at, const char *before, struct str element, const char *behind,
                  struct buf *out)
{
    buf_add(out, t->bytes.p, at);
    buf_adds(out, before);
    buf_addstr(out, element);
    buf_adds(out, behind);
    return buf_add(out, t->bytes.p + at, t->bytes.n - at);
}

int fhir_rewrite_add(const struct tape *t, enum rewrite_place where, const char *list, struct str element,
                     struct buf *out)
{
    tape_at in = where == REWRITE_META ? tape_get(t, 0, "meta") : 0, at;
    char name[64];
    size_t end;

    if (!tape_is(t, 0, TAPE_OBJECT) || tape_first_member(t, 0) == TAPE_NONE)
        return ERR_INPUT;
    if (in == TAPE_NONE) {
        snprintf(name, sizeof name, "\"meta\":{\"%s\":[", list);
        return insert(t, t->nodes[0].off + 1, name, element, "]},", out);
    }
    if (!tape_is(t, in, TAPE_OBJECT))
        return ERR_INPUT;
    if ((at = tape_get(t, in, list)) == TAPE_NONE) {
        snprintf(name, sizeof name, "\"%s\":[", list);
        return insert(t, t->nodes[in].off + 1, name, element, tape_first_member(t, in) == TAPE_NONE ? "]" : "],", out);
    }
    if (!tape_is(t, at, TAPE_ARRAY))
        return ERR_INPUT;
    end = t->nodes[at].off + t->nodes[at].len - 1;
    return insert(t, end, tape_count(t, at) ? "," : "", element, "", out);
}
