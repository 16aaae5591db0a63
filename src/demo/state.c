/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "demo/priv.h"

#include <string.h>

#include "base/mem.h"
#include "fhir/index.h"

int demo_state_init(struct demo *d)
{
    vec_init(&d->resources, sizeof(struct demo_resource), DEMO_RESOURCES_MAX);
    vec_init(&d->undo, sizeof(uint32_t), DEMO_RESOURCES_MAX);
    vec_init(&d->kept, sizeof(struct demo_kept), DEMO_KEPT_MAX);
    demo_export_init(d);
    d->logs = mem_alloc(demo_type_count() * sizeof *d->logs);
    if (!d->logs)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < demo_type_count(); i++)
        vec_init(&d->logs[i], sizeof(struct demo_log), SIZE_MAX);
    return ERR_OK;
}

void demo_state_fini(struct demo *d)
{
    VEC_EACH(struct demo_resource, r, &d->resources)
    {
        while (r->newest) {
            struct demo_version *v = r->newest;

            r->newest = v->older;
            mem_free(v);
        }
        mem_free(r->id);
    }
    VEC_EACH(struct demo_kept, k, &d->kept)
    mem_free(k->hits);
    for (uint32_t i = 0; d->logs && i < demo_type_count(); i++)
        vec_fini(&d->logs[i]);
    mem_free(d->logs);
    mem_free(d->buckets);
    vec_fini(&d->kept);
    vec_fini(&d->jobs);
    vec_fini(&d->undo);
    vec_fini(&d->resources);
}

struct demo_resource *demo_at(const struct demo *d, uint32_t i)
{
    return vec_at(&d->resources, i);
}

/* FNV-1a. The ids come over loopback from the person's own client: no flood to fear. */
static uint64_t hash(uint32_t type, struct str id)
{
    uint64_t h = 0xcbf29ce484222325u ^ type;

    for (size_t i = 0; i < id.n; i++)
        h = (h ^ (unsigned char)id.p[i]) * 0x100000001b3u;
    return h ^ h >> 32;
}

/* The bucket that holds TYPE/ID, or the empty one where it belongs. */
static uint32_t *bucket(const struct demo *d, uint32_t type, struct str id)
{
    size_t i = hash(type, id) & (d->n_buckets - 1);

    for (;; i = (i + 1) & (d->n_buckets - 1)) {
        const struct demo_resource *r = d->buckets[i] ? demo_at(d, d->buckets[i] - 1) : NULL;

        if (!r || (r->type == type && str_is(id, r->id)))
            return &d->buckets[i];
    }
}

static int grow(struct demo *d)
{
    size_t n = d->n_buckets ? d->n_buckets * 2 : 1024;
    uint32_t *old = d->buckets, *fresh = mem_alloc(n * sizeof *fresh);

    if (!fresh)
        return ERR_NOMEM;
    d->buckets = fresh;
    d->n_buckets = n;
    mem_free(old);
    for (uint32_t i = 0; i < d->resources.n; i++) {
        const struct demo_resource *r = demo_at(d, i);

        *bucket(d, r->type, str_of(r->id)) = i + 1;
    }
    return ERR_OK;
}

uint32_t demo_find(const struct demo *d, uint32_t type, struct str id)
{
    return d->n_buckets ? *bucket(d, type, id) - 1 : DEMO_NONE; /* 0 - 1 is DEMO_NONE */
}

int demo_place(struct demo *d, uint32_t type, struct str id, uint32_t *i)
{
    struct demo_resource *r;
    char *copy;

    *i = demo_find(d, type, id);
    if (*i != DEMO_NONE)
        return ERR_OK;
    if (d->resources.n >= d->n_buckets / 2 && grow(d))
        return ERR_NOMEM;
    copy = mem_dup(id.p, id.n);
    r = copy ? vec_push(&d->resources) : NULL;
    if (!r) {
        mem_free(copy);
        return ERR_NOMEM;
    }
    *r = (struct demo_resource){.id = copy, .type = type};
    *i = (uint32_t)(d->resources.n - 1);
    *bucket(d, type, id) = *i + 1;
    return ERR_OK;
}

const struct demo_version *demo_visible(const struct demo_resource *r, int64_t now)
{
    const struct demo_version *v = r->newest;

    while (v && v->visible_ms > now)
        v = v->older;
    return v;
}

const struct demo_version *demo_version_get(const struct demo_resource *r, int64_t now,
                                            uint32_t number)
{
    const struct demo_version *v = demo_visible(r, now);

    while (v && v->number > number)
        v = v->older;
    return v && v->number == number ? v : NULL;
}

size_t demo_log_from(const struct vec *log, int64_t ms)
{
    const struct demo_log *p = log->p;
    size_t lo = 0, hi = log->n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (p[mid].ms < ms)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* Into its place by time: the end, unless the clock went back or the version is an old one. */
static int log_add(struct demo *d, uint32_t i, int64_t ms, uint32_t number)
{
    struct vec *log = &d->logs[demo_at(d, i)->type];
    struct demo_log *p;
    size_t at = log->n && ((struct demo_log *)log->p)[log->n - 1].ms > ms
                    ? demo_log_from(log, ms + 1)
                    : log->n;

    if (!vec_push(log))
        return ERR_NOMEM;
    p = log->p;
    memmove(p + at + 1, p + at, (log->n - 1 - at) * sizeof *p);
    p[at] = (struct demo_log){ms, i, number};
    return ERR_OK;
}

static void log_remove(struct demo *d, uint32_t i, const struct demo_version *v)
{
    struct vec *log = &d->logs[demo_at(d, i)->type];
    struct demo_log *p = log->p;

    for (size_t at = demo_log_from(log, v->updated_ms); at < log->n; at++)
        if (p[at].resource == i && p[at].number == v->number) {
            memmove(p + at, p + at + 1, (log->n - at - 1) * sizeof *p);
            log->n--;
            return;
        }
}

/* Who stands at a patient's path. */
struct owners {
    struct demo *d;
    uint32_t owner;
    int code;
};

static bool add_owner(void *arg, const struct tape *t, tape_at at)
{
    struct owners *o = arg;
    struct str type, id;
    uint32_t i;

    if (!fhir_reference(tape_plain(t, tape_get(t, at, "reference")), o->d->base, &type, &id) ||
        !str_is(type, "Patient"))
        return false;
    o->code = demo_place(o->d, demo_type(type), id, &i);
    if (!o->code && o->owner != i)
        o->owner = o->owner == DEMO_NONE ? i : DEMO_SEVERAL;
    return o->code || o->owner == DEMO_SEVERAL;
}

/* Which patient's chart the resource is in, by the type's own search parameter. */
static int find_patient(struct demo *d, uint32_t i, struct str bytes, uint32_t *patient)
{
    uint32_t type = demo_at(d, i)->type;
    const struct demo_param_kind *kind = demo_param_find(type, STR("patient"));
    struct owners o = {d, DEMO_NONE, ERR_OK};
    struct str paths = str_of(kind ? kind->paths : NULL);
    struct tape t;
    int code;

    *patient = type == demo_type(STR("Patient")) ? i : DEMO_NONE;
    if (!kind)
        return ERR_OK;
    code = tape_parse(&t, bytes, NULL);
    if (code)
        return code;
    while (paths.p && !o.code)
        demo_walk(&t, 0, str_split(&paths, ' '), add_owner, &o);
    tape_fini(&t);
    *patient = o.owner;
    return o.code;
}

int demo_load(struct demo *d, uint32_t i, int64_t updated_ms, uint32_t number, struct str bytes,
              bool deleted)
{
    struct demo_version *v = mem_alloc(sizeof *v + bytes.n + 1);

    if (!v)
        return ERR_NOMEM;
    *v = (struct demo_version){.updated_ms = updated_ms,
                               .visible_ms = updated_ms,
                               .number = number,
                               .n = (uint32_t)bytes.n,
                               .patient = DEMO_NONE,
                               .deleted = deleted};
    if (bytes.n)
        memcpy(v->bytes, bytes.p, bytes.n);
    if ((!deleted && find_patient(d, i, bytes, &v->patient)) || log_add(d, i, updated_ms, number)) {
        mem_free(v);
        return ERR_NOMEM;
    }
    v->older = demo_at(d, i)->newest;
    demo_at(d, i)->newest = v;
    return ERR_OK;
}

int demo_put(struct demo *d, uint32_t i, int64_t updated_ms, uint32_t number, struct str bytes,
             bool deleted)
{
    uint32_t *undo = vec_push(&d->undo);
    struct demo_resource *r;
    int code;

    if (!undo)
        return ERR_NOMEM;
    *undo = i;
    code = demo_load(d, i, updated_ms, number, bytes, deleted);
    if (code) {
        d->undo.n--;
        return code;
    }
    r = demo_at(d, i);
    r->newest->visible_ms += d->faults.late_ms;
    if (!d->db)
        return ERR_OK;
    return demo_db_put(d->db, str_of(demo_type_name(r->type)), str_of(r->id), r->newest);
}

int demo_begin(struct demo *d)
{
    d->undo.n = 0;
    d->open = true;
    return d->db && !d->filling ? demo_db_begin(d->db) : ERR_OK;
}

int demo_commit(struct demo *d)
{
    int code = d->db && !d->filling ? demo_db_commit(d->db) : ERR_OK;

    if (code) {
        demo_undo(d);
        return code;
    }
    d->undo.n = 0;
    d->open = false;
    return ERR_OK;
}

void demo_undo(struct demo *d)
{
    while (d->undo.n) {
        uint32_t i = ((uint32_t *)d->undo.p)[--d->undo.n];
        struct demo_version *v = demo_at(d, i)->newest;

        log_remove(d, i, v);
        demo_at(d, i)->newest = v->older;
        mem_free(v);
    }
    if (d->db)
        demo_db_undo(d->db);
    d->open = false;
}

size_t demo_count(const struct demo *d, const char *type, int64_t now_ms)
{
    size_t n = 0;
    uint32_t only = type ? demo_type(str_of(type)) : DEMO_NONE;

    VEC_EACH(struct demo_resource, r, &d->resources)
    {
        const struct demo_version *v = demo_visible(r, now_ms);

        n += v && !v->deleted && (!type || r->type == only);
    }
    return n;
}
