/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "fhir/bundle.h"
#include "fhir/index.h"
#include "store/member.h"
#include "sync/errand.h"
#include "sync/priv.h"

#define FACTS_BYTES (64u << 20)

struct name {
    char id[LIMIT_ID_BYTES + 1];
};

struct roster_run {
    struct errand x;
    struct store *store;
    struct clock clock;
    struct sync_scope spec;
    char base[LIMIT_URL_BYTES];
    struct roster_observer observer;
    bool same;             /* the members here are of this list */
    struct vec ids;        /* of struct name: what the list says, each once */
    struct seen had, links;
    char url[LIMIT_URL_BYTES + 1];
    bool more, said;       /* said: the page is what was asked for */
    unsigned pages;
    struct roster_report report;
};

/* Where a list's members stand: which facts of what is read (fhir/kind.h). */
static const struct source {
    const char *type;        /* of the list */
    const char *before, *behind; /* its id, in what is asked */
    const char *read;        /* the type that is read */
    enum kind_fact fact;
    bool keyed;              /* the fact must name the list: what is read are others that do */
} sources[] = {
    [SYNC_LIST_GIVEN] = {"Patient", "", "", "", 0, false},
    [SYNC_LIST_GROUP] = {"Group", "Group/", "", "Group", KIND_FACT_MEMBER, false},
    [SYNC_LIST_LIST] = {"List", "List/", "", "List", KIND_FACT_MEMBER, false},
    [SYNC_LIST_LOCATION] = {"Location", "Encounter?location=", "&status=in-progress,arrived,triaged&_count=200",
                            "Encounter", KIND_FACT_PLACE, true},
};

static struct roster_run *of_job(struct loop_job *job)
{
    return (struct roster_run *)(void *)sync_errand_of(job);
}

static void destroy(struct errand *x)
{
    struct roster_run *r = (struct roster_run *)(void *)x;

    vec_fini(&r->ids);
    sync_seen_fini(&r->had);
    sync_seen_fini(&r->links);
    sync_scope_fini(&r->spec);
    sync_errand_fini(x);
    mem_free(r);
}

static void end(struct roster_run *r, int code, const struct err *e)
{
    log_event("sync.list", code, sources[r->spec.list].type, (int64_t)r->ids.n, r->report.joined);
    r->report.code = code;
    r->report.date_ms = r->x.date_ms;
    r->report.err = *e;
    if (!r->x.abandoned)
        r->observer.done(r->observer.arg, &r->report); /* which may abandon it */
}

/* --- what the list says ------------------------------------------------------------------------------ */

static int add(struct roster_run *r, struct str id)
{
    struct name *n;
    bool added;

    if (!str_is_id(id))
        return ERR_OK;
    if (sync_seen_add(&r->had, sync_hash(id), &added))
        return ERR_NOMEM;
    if (!added)
        return ERR_OK;
    if (!(n = vec_push(&r->ids)))
        return ERR_TOOBIG;
    snprintf(n->id, sizeof n->id, "%.*s", STR_ARG(id));
    return ERR_OK;
}

static int add_facts(struct roster_run *r, const struct fhir_index *ix)
{
    const struct source *src = &sources[r->spec.list];
    int code = ERR_OK;

    for (unsigned i = 0; i < ix->facts_n && !code; i++) {
        const struct fhir_fact *f = &ix->facts[i];
        /* REQ: a server that does not know the search sends every visit: each must name the place itself. */
        bool meant = src->keyed ? str_is(f->type, src->type) && str_is(f->id, r->spec.list_id)
                                : str_is(ix->id, r->spec.list_id);

        if (f->fact == src->fact && meant && (!r->x.date_ms || f->at_ms > r->x.date_ms))
            code = add(r, f->who);
    }
    return code;
}

static int on_resource(void *arg, int outer, struct str bytes)
{
    struct roster_run *r = arg;
    const struct source *src = &sources[r->spec.list];
    struct fhir_index ix;
    struct tape t = {.n = 0};
    struct arena a;
    int code = tape_parse(&t, bytes, NULL);

    (void)outer;
    arena_init(&a, FACTS_BYTES);
    if (!code && tape_str_is(&t, tape_get(&t, 0, "resourceType"), src->read) &&
        !(code = fhir_index(&t, r->base, &a, &ix, NULL))) {
        r->said = r->said || (!src->keyed && str_is(ix.id, r->spec.list_id));
        code = add_facts(r, &ix);
    }
    arena_fini(&a);
    tape_fini(&t);
    return code;
}

static int on_bundle(void *arg, int outer, struct str type, struct str total)
{
    struct roster_run *r = arg;

    (void)total;
    if (outer < 0 && sources[r->spec.list].keyed && str_is(type, "searchset"))
        r->said = true;
    return ERR_OK;
}

static int on_link(void *arg, int outer, struct str relation, struct str url)
{
    struct roster_run *r = arg;
    char gated[LIMIT_URL_BYTES + 1];
    bool added = false;

    if (outer >= 0 || !str_is(relation, "next"))
        return ERR_OK;
    if (net_gate(r->x.net, NET_FHIR, url, gated, NULL))
        return ERR_ORIGIN;
    if (sync_seen_add(&r->links, sync_hash(str_of(gated)), &added))
        return ERR_NOMEM;
    if (!added || ++r->pages > LIMIT_PAGES)
        return ERR_LOOP;
    snprintf(r->url, sizeof r->url, "%s", gated);
    r->more = true;
    return ERR_OK;
}

/* REQ: only a whole answer of this server, in FHIR, says who is in the list; a part of one would say that the others
 * have left. */
static int read_page(struct loop_job *job)
{
    struct roster_run *r = of_job(job);
    const struct bundle_sink sink = {.resource = on_resource, .link = on_link, .head = on_bundle, .arg = r};
    int status = r->x.head.status, code;
    struct bundle_scan *scan;
    char name[100];

    r->more = r->said = false;
    snprintf(name, sizeof name, "%s/%s", sources[r->spec.list].type, r->spec.list_id);
    if (status != 200)
        return err_set(&job->err,
                       status == 401                    ? ERR_AUTH
                       : status < 408 || status == 410 ? ERR_LIST
                                                        : ERR_HTTP,
                       status, 0, name);
    if ((code = bundle_new(&sink, LIMIT_PAGE_BYTES, &scan)))
        return err_set(&job->err, code, 0, 0, NULL);
    code = bundle_feed(scan, buf_str(&r->x.down), &job->err);
    if (!code)
        code = bundle_end(scan, &job->err);
    bundle_free(scan);
    code = code || r->said ? code : ERR_NOTFHIR;
    return code ? err_set(&job->err, code, 0, 0, name) : ERR_OK;
}

/* --- the line -------------------------------------------------------------------------------------- */

static void keep(struct roster_run *r);
static void page_read(struct loop_job *job);

static void answered(struct errand *x, int code, const struct err *e)
{
    if (code)
        end((struct roster_run *)(void *)x, code, e);
    else
        sync_errand_submit(x, LOOP_WORK, read_page, page_read);
}

static void ask(struct roster_run *r)
{
    const struct net_ask a = {.origin = NET_FHIR, .method = "GET", .url = r->url, .priority = KIND_P0};

    sync_errand_ask(&r->x, &a);
}

static void page_read(struct loop_job *job)
{
    struct roster_run *r = of_job(job);

    if (r->x.abandoned)
        ;
    else if (job->code)
        end(r, job->code, &job->err);
    else if (r->more)
        ask(r);
    else
        keep(r);
    sync_errand_drop(&r->x);
}

/* --- what becomes of it ------------------------------------------------------------------------------ */

static int by_id(const void *x, const void *y)
{
    return strcmp(((const struct store_member *)x)->id, ((const struct store_member *)y)->id);
}

struct parting {
    int64_t from, into;
};

/* Where those go who leave a cohort now. */
static int part_from(struct store_tx *tx, struct vec *parts, int64_t from, int64_t *into, struct err *e)
{
    struct parting *p;
    int code;

    VEC_EACH(const struct parting, x, parts)
        if (x->from == from) {
            *into = x->into;
            return ERR_OK;
        }
    if (!(p = vec_push(parts)))
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    p->from = from;
    code = store_cohort_part(tx, from, &p->into, e);
    *into = p->into;
    return code;
}

/* Who is not in the list any more, and who is again. REQ: the marks of those who stay move on, and say nothing of who has
 * left; its own say what had come of it until then, and that is where it goes on when it comes back. */
static int leave(struct roster_run *r, struct store_tx *tx, const struct vec *members, struct err *e)
{
    int64_t now = r->x.date_ms ? r->x.date_ms : clock_wall_ms(&r->clock);
    struct vec parts;
    unsigned back = 0;
    int code = ERR_OK;

    vec_init(&parts, sizeof(struct parting), STORE_MEMBERS_MOST);
    VEC_EACH(const struct store_member, was, members) {
        bool in = sync_seen_has(&r->had, sync_hash(str_of(was->id)));
        struct store_member m = *was;

        if (code || m.asked || in == !m.left_ms)
            continue;
        back += in;
        r->report.left += !in;
        m.left_ms = in ? 0 : now > 0 ? now : 1;
        if (!in)
            code = part_from(tx, &parts, was->cohort, &m.cohort, e);
        if (!code)
            code = store_member_put(tx, &m, e);
    }
    if (!code && back) /* what was deleted of them meanwhile was not looked for */
        code = store_set(tx, "sync.changed", STR("1"), e);
    vec_fini(&parts);
    return code;
}

/* Those that are new, as cohorts that each fit a search. REQ: no mark is theirs yet. */
static int join(struct roster_run *r, struct store_tx *tx, const struct vec *members, struct err *e)
{
    struct sync_scope fresh = {.list = r->spec.list};
    int64_t cohort;
    int code = ERR_OK;

    if (!(fresh.patients = mem_alloc((r->ids.n + 1) * sizeof *fresh.patients)))
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    VEC_EACH(const struct name, n, &r->ids) {
        struct store_member key = {.cohort = 0}, *m;

        memcpy(key.id, n->id, sizeof n->id);
        m = members->n ? bsearch(&key, members->p, members->n, sizeof key, by_id) : NULL;
        if (!m)
            memcpy(fresh.patients[fresh.n++], n->id, sizeof n->id);
    }
    for (unsigned at = 0, most; at < fresh.n && !code; at += most) {
        most = sync_scope_fit(&fresh, at);
        code = store_cohort_new(tx, &cohort, e);
        for (unsigned i = at; i < at + most && !code; i++) {
            struct store_member m = {.cohort = cohort, .since_ms = r->x.date_ms};

            memcpy(m.id, fresh.patients[i], sizeof m.id);
            code = store_member_put(tx, &m, e);
        }
    }
    r->report.joined = fresh.n;
    sync_scope_fini(&fresh);
    return code;
}

static int keep_run(struct loop_job *job)
{
    struct roster_run *r = of_job(job);
    struct store_tx *tx;
    struct vec members;
    int code;

    vec_init(&members, sizeof(struct store_member), STORE_MEMBERS_MOST);
    code = r->same ? store_members(r->store, &members, &job->err) : ERR_OK;
    if (members.n > 1)
        qsort(members.p, members.n, sizeof(struct store_member), by_id);
    if (!code && !(code = store_begin(r->store, false, &tx, &job->err))) {
        if (!r->same)
            code = sync_begin_anew(tx, r->base, &r->spec, &job->err);
        if (!code)
            code = leave(r, tx, &members, &job->err);
        if (!code)
            code = join(r, tx, &members, &job->err);
        code = sync_errand_commit(tx, code, &job->err);
    }
    vec_fini(&members);
    return code;
}

static void kept(struct loop_job *job)
{
    struct roster_run *r = of_job(job);

    if (!r->x.abandoned)
        end(r, job->code, &job->err);
    sync_errand_drop(&r->x);
}

static void keep(struct roster_run *r)
{
    sync_errand_submit(&r->x, LOOP_STORE, keep_run, kept);
}

/* --- the beginning ------------------------------------------------------------------------------------ */

/* Cohorts that are equally whole, and fit one search together, become one. */
static int join_cohorts(struct roster_run *r, struct err *e)
{
    struct sync_scope into, from;
    struct vec all;
    struct store_tx *tx;
    bool joined = false;
    int code;

    vec_init(&all, sizeof(struct roster_cohort), STORE_MEMBERS_MOST);
    code = sync_roster_cohorts(r->store, &all, e);
    for (size_t i = 1; i < all.n && !code; i++) {
        const struct roster_cohort *a = vec_at(&all, i - 1), *b = vec_at(&all, i);

        into = from = (struct sync_scope){.n = 0};
        if (!(code = sync_roster_scope(r->store, &r->spec, a->cohort, &into, e)) &&
            !(code = sync_roster_scope(r->store, &r->spec, b->cohort, &from, e)) &&
            !(code = sync_scope_add(&into, &from)) && sync_scope_fit(&into, 0) == into.n &&
            !(code = store_begin(r->store, false, &tx, e)))
            code = sync_errand_commit(tx, store_cohort_join(tx, b->cohort, a->cohort, &joined, e), e);
        if (joined)
            *(struct roster_cohort *)vec_at(&all, i) = *a;
        sync_scope_fini(&into);
        sync_scope_fini(&from);
    }
    vec_fini(&all);
    return code;
}

static int look(struct loop_job *job)
{
    struct roster_run *r = of_job(job);
    int code = sync_is_same(r->store, r->base, &r->spec, &r->same, &job->err);

    for (unsigned i = 0; i < r->spec.n && !code; i++)
        code = add(r, str_of(r->spec.patients[i]));
    return code || !r->same ? code : join_cohorts(r, &job->err);
}

static void looked(struct loop_job *job)
{
    struct roster_run *r = of_job(job);

    if (r->x.abandoned) {
        ;
    } else if (job->code) {
        end(r, job->code, &job->err);
    } else {
        r->observer.ready(r->observer.arg, r->same);
        if (r->x.abandoned)
            ;
        else if (r->spec.list == SYNC_LIST_GIVEN)
            keep(r);
        else
            ask(r);
    }
    sync_errand_drop(&r->x);
}

int sync_roster_start(struct loop *l, struct net *n, struct store *s, const struct clock *clock,
                      const struct sync_scope *spec, const char *base, const struct roster_observer *o,
                      struct roster_run **out, struct err *e)
{
    struct roster_run *r = mem_alloc(sizeof *r);

    *out = NULL;
    if (!r)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    sync_errand_init(&r->x, l, n);
    r->x.answered = answered;
    r->x.destroy = destroy;
    r->store = s;
    r->clock = *clock;
    r->observer = *o;
    vec_init(&r->ids, sizeof(struct name), STORE_MEMBERS_MOST);
    snprintf(r->base, sizeof r->base, "%s", base);
    snprintf(r->url, sizeof r->url, "%s%s%s", sources[spec->list].before, spec->list_id, sources[spec->list].behind);
    if (sync_scope_copy(spec, &r->spec)) {
        destroy(&r->x);
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    }
    sync_errand_submit(&r->x, LOOP_STORE, look, looked);
    *out = r;
    return ERR_OK;
}

void sync_roster_free(struct roster_run *r)
{
    sync_errand_abandon(r ? &r->x : NULL);
}

/* --- whom to pull -------------------------------------------------------------------------------------- */

int sync_roster_scope(struct store *s, const struct sync_scope *spec, int64_t cohort, struct sync_scope *out,
                      struct err *e)
{
    struct vec all;
    int code;

    *out = (struct sync_scope){.list = spec->list, .cohort = cohort};
    memcpy(out->list_id, spec->list_id, sizeof out->list_id);
    vec_init(&all, sizeof(struct store_member), STORE_MEMBERS_MOST);
    code = store_members(s, &all, e);
    if (!code && !(out->patients = mem_alloc((all.n + 1) * sizeof *out->patients)))
        code = err_set(e, ERR_NOMEM, 0, 0, NULL);
    VEC_EACH(const struct store_member, m, &all)
        if (!code && !m->left_ms && (!cohort || m->cohort == cohort))
            memcpy(out->patients[out->n++], m->id, sizeof m->id);
    vec_fini(&all);
    return code;
}

static int is_fresh(struct store *s, int64_t cohort, bool *fresh, struct err *e)
{
    unsigned n;
    const struct fhir_kind *k = kind_table(&n);
    struct store_mark m;
    int code = ERR_OK;

    *fresh = true;
    for (unsigned i = 0; i < n && *fresh && !code; i++)
        if (k[i].priority == KIND_P0 && k[i].patient_param &&
            !(code = store_mark_of(s, cohort, str_of(k[i].type), &m, e)))
            *fresh = !m.mark_ms;
    return code;
}

int sync_roster_cohorts(struct store *s, struct vec *out, struct err *e)
{
    struct vec all;
    int code;

    vec_init(&all, sizeof(struct store_member), STORE_MEMBERS_MOST);
    code = store_members(s, &all, e);
    VEC_EACH(const struct store_member, m, &all) {
        struct roster_cohort *c = out->n ? vec_at(out, out->n - 1) : NULL;

        if (code || m->left_ms)
            continue;
        if (!c || c->cohort != m->cohort) {
            if (!(c = vec_push(out)))
                code = err_set(e, ERR_NOMEM, 0, 0, NULL);
            else
                *c = (struct roster_cohort){.cohort = m->cohort};
            if (!code)
                code = is_fresh(s, m->cohort, &c->fresh, e);
        }
        if (!code)
            c->asked = c->asked || m->asked;
    }
    vec_fini(&all);
    return code;
}

int sync_roster_legs(struct store *s, struct vec *legs, struct err *e)
{
    struct vec all;
    unsigned fresh = 0;
    int code;

    vec_init(&all, sizeof(struct roster_cohort), STORE_MEMBERS_MOST);
    code = sync_roster_cohorts(s, &all, e);
    VEC_EACH(struct roster_cohort, c, &all) {
        VEC_EACH(const struct roster_leg, l, legs)
            if (l->cohort == c->cohort)
                c->cohort = 0;
        fresh += c->cohort && c->fresh;
    }
    for (int pass = 0; pass < 3; pass++)
        VEC_EACH(const struct roster_cohort, c, &all) {
            /* a chart that somebody waits for; the first rank of what is new; all */
            bool waited = c->asked && c->fresh;
            bool now = pass == 0 ? waited : pass == 1 ? c->fresh && !c->asked && fresh > 1 : !waited;
            struct roster_leg *l = now && c->cohort && !code ? vec_push(legs) : NULL;

            if (l)
                *l = (struct roster_leg){c->cohort, pass == 1};
            else if (now && c->cohort && !code)
                code = err_set(e, ERR_NOMEM, 0, 0, NULL);
        }
    vec_fini(&all);
    return code;
}

void sync_roster_merge(struct sync_kind_result *all, unsigned *n_all, const struct sync_kind_result *kinds, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        unsigned at = 0;

        while (at < *n_all && strcmp(all[at].type, kinds[i].type))
            at++;
        if (at == *n_all) {
            all[(*n_all)++] = kinds[i];
            continue;
        }
        all[at].over = all[at].over && kinds[i].over;
        all[at].failed = all[at].failed || kinds[i].failed;
        if (kinds[i].code)
            all[at].code = kinds[i].code;
    }
}
