/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A chunk on the work thread: each row's tape and index, whether this version is here already, which by-id
 * rows it names. It touches the chunk's own bytes and the store's reading side, nothing else.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "sync/shell.h"

struct naming {
    struct chunk *chunk;
    struct vec found;          /* of struct str: type, id, type, id */
    struct seen seen;
    int code;
};

static int found(struct naming *w, const struct fhir_kind *k, struct str id)
{
    struct str *type = vec_push(&w->found), *to;

    if (!type)
        return ERR_NOMEM;
    *type = str_of(k->type);
    if (!(to = vec_push(&w->found)))
        return ERR_NOMEM;
    *to = arena_str(&w->chunk->arena, id);
    return to->n ? ERR_OK : ERR_NOMEM;
}

/* All of them: as many as LIMIT_NODES allows. */
static void on_reference(void *arg, struct str type, struct str id)
{
    struct naming *w = arg;
    const struct fhir_kind *k = kind_find(type);
    char name[200];
    bool added;

    if (w->code || !k || !id.n || !sync_scope_by_id(&w->chunk->run->scope, k))
        return;
    snprintf(name, sizeof name, "%.*s/%.*s", STR_ARG(type), STR_ARG(id));
    w->code = sync_seen_add(&w->seen, sync_hash(str_of(name)), &added);
    if (!w->code && added && !store_has(w->chunk->run->store, type, id, STR("")))
        w->code = found(w, k, id);
}

static int name_others(struct chunk *c, const struct tape *t, struct item *it)
{
    struct naming w = {.chunk = c};

    vec_init(&w.found, sizeof(struct str), 2 * (size_t)LIMIT_NODES);
    fhir_references(t, c->run->base, on_reference, &w);
    if (!w.code && w.found.n && !(it->refs = arena_alloc(&c->arena, w.found.n * sizeof *it->refs)))
        w.code = ERR_NOMEM;
    if (!w.code && w.found.n) {
        memcpy(it->refs, w.found.p, w.found.n * sizeof *it->refs);
        it->n_refs = (unsigned)w.found.n;
    }
    vec_fini(&w.found);
    sync_seen_fini(&w.seen);
    return w.code;
}

/* The value of a member of the root object, though the rest may be no JSON: only for naming what is refused. */
static struct str root_member(struct str s, const char *name)
{
    size_t n = strlen(name);
    int depth = 0;

    for (size_t i = 0; i < s.n; i++) {
        size_t from = i + 1;

        if (s.p[i] == '{' || s.p[i] == '[')
            depth++;
        else if (s.p[i] == '}' || s.p[i] == ']')
            depth--;
        if (s.p[i] != '"')
            continue;
        for (i++; i < s.n && s.p[i] != '"'; i++)
            i += s.p[i] == '\\';
        if (depth != 1 || i >= s.n || i - from != n || memcmp(s.p + from, name, n))
            continue;
        for (i++; i < s.n && strchr(" \t\r\n:", s.p[i]); i++)
            ;
        from = i + 1;
        if (i >= s.n || s.p[i] != '"')
            return STR("");
        for (i++; i < s.n && s.p[i] != '"'; i++)
            ;
        return (struct str){s.p + from, i < s.n ? i - from : 0};
    }
    return STR("");
}

/* A resource that cannot be kept: named by what it says it is, and by a hash of its bytes, so that the same bytes
 * are refused once, and others of the same id are looked at again. */
static void refuse(struct chunk *c, struct item *it, struct str bytes, int code)
{
    struct str type = root_member(bytes, "resourceType"), id = root_member(bytes, "id");
    struct str shown_type = str_is_type(type) ? type : STR("?"), shown_id = str_is_id(id) ? id : STR("?");
    char name[200];

    snprintf(name, sizeof name, "%.*s/%.*s %016llx", STR_ARG(shown_type), STR_ARG(shown_id),
             (unsigned long long)sync_hash(bytes));
    it->bad = true;
    it->code = code;
    it->name = arena_str(&c->arena, str_of(name));
    it->ix = (struct fhir_index){.updated_ms = FHIR_NO_DATE};
    if (str_is_type(type))
        it->ix.type = arena_str(&c->arena, type);
    if (str_is_id(id))
        it->ix.id = arena_str(&c->arena, id);
}

/* An entry of a batch's answer that is no search: the server's history, as an item of its own. */
static bool is_history(const struct tape *t, struct item *it)
{
    if (it->outer >= 0 || !tape_str_is(t, tape_get(t, 0, "resourceType"), "Bundle") ||
        !tape_str_is(t, tape_get(t, 0, "type"), "history"))
        return false;
    it->type = SYNC_EV_CHANGES;
    it->changes = tape_count(t, tape_get(t, 0, "entry"));
    return true;
}

static int row(struct chunk *c, struct item *it)
{
    struct str bytes = {c->bytes.p + it->off, it->n};
    struct err e = ERR_NONE;
    struct tape t;
    int code;

    if (it->code) { /* too big: the head of it is all that is here */
        refuse(c, it, bytes, it->code);
        return ERR_OK;
    }
    if (!(code = tape_parse(&t, bytes, &e)) && is_history(&t, it)) {
        tape_fini(&t);
        return ERR_OK;
    }
    if (!code)
        code = fhir_index(&t, c->run->base, &c->arena, &it->ix, &e);
    if (!code && it->ix.version.n)
        it->known = store_has(c->run->store, it->ix.type, it->ix.id, it->ix.version);
    if (!code && !it->known && !c->run->scope.all)
        code = name_others(c, &t, it);
    tape_fini(&t);
    if (code && code != ERR_NOMEM)
        refuse(c, it, bytes, code);
    return code == ERR_NOMEM || c->arena.failed ? ERR_NOMEM : ERR_OK;
}

int sync_parse_run(struct loop_job *job)
{
    struct chunk *c = (struct chunk *)job; /* its first member */
    int code = ERR_OK;

    for (size_t i = c->first; i < c->items.n && !code; i++) {
        struct item *it = vec_at(&c->items, i);

        if (it->type == SYNC_EV_ROW)
            code = row(c, it);
    }
    return code;
}
