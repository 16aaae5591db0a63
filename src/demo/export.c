/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bulk export ($export of the system, of a Group), as HAPI FHIR 8.8 answers it: 202 with Content-Location
 * .../$export-poll-status?_jobId=, 202 with Retry-After and X-Progress while it runs, then a manifest without Expires;
 * files are Binary/ID, served as application/fhir+ndjson only with that Accept; DELETE of the job is 202. HAPI says
 * Retry-After: 120 where it takes six seconds; here it is one, and one poll. Helios answers the same shapes, sooner.
 */
#include "config.h"

#include "demo/priv.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define JOBS_MAX 32
#define FILE_ID "export-" /* Binary/export-JOB.Type */

struct demo_job {
    char id[37];
    int64_t at_ms;      /* transactionTime: nothing later is in it */
    char types[1024];   /* "": all */
    uint32_t group;     /* DEMO_NONE: the system */
    unsigned polls;
};

void demo_export_init(struct demo *d)
{
    vec_init(&d->jobs, sizeof(struct demo_job), JOBS_MAX);
}

static struct demo_job *job_of(struct demo_turn *t, struct str id)
{
    VEC_EACH(struct demo_job, j, &t->d->jobs)
        if (str_is(id, j->id))
            return j;
    return NULL;
}

static bool lists(const char *types, const char *type)
{
    struct str rest = str_of(types);

    while (rest.n)
        if (str_is(str_split(&rest, ','), type))
            return true;
    return !*types;
}

void demo_export(struct demo_turn *t, uint32_t group)
{
    struct demo_query q;
    struct demo_job *j;
    struct str types;

    if (!demo_prefers(t, "respond-async")) {
        demo_fail(t, 400, "processing", "Must request async processing for $export"); /* HAPI */
        return;
    }
    if (demo_query_parse(t->q->query, &t->a, &q) || (types = demo_query_get(&q, "_type")).n >= sizeof j->types) {
        demo_fail(t, 400, "invalid", "The parameters cannot be read");
        return;
    }
    if (t->d->jobs.n == JOBS_MAX)
        t->d->jobs.n = 0;
    if (!(j = vec_push(&t->d->jobs))) {
        demo_fail(t, 500, "exception", "No memory");
        return;
    }
    *j = (struct demo_job){.at_ms = t->now, .group = group};
    rng_uuid(&t->d->ids, j->id);
    snprintf(j->types, sizeof j->types, "%.*s", STR_ARG(types));
    t->r->status = 202;
    snprintf(t->r->content_location, sizeof t->r->content_location, "%.*s/$export-poll-status?_jobId=%s",
             STR_ARG(t->base), j->id);
}

static const struct demo_version *version_then(const struct demo_job *j, const struct demo_resource *r)
{
    const struct demo_version *v = r->newest;

    while (v && v->updated_ms > j->at_ms)
        v = v->older;
    return v && !v->deleted ? v : NULL;
}

/* Is it in the chart of a patient whom the group names, or such a patient? */
static bool in_group(struct demo_turn *t, const struct demo_job *j, uint32_t i, const struct demo_version *v)
{
    const struct demo_version *g = j->group == DEMO_NONE ? NULL : version_then(j, demo_at(t->d, j->group));
    char name[100];
    uint32_t who = !strcmp(demo_type_name(demo_at(t->d, i)->type), "Patient") ? i : v->patient;

    if (j->group == DEMO_NONE)
        return true;
    if (!g || who == DEMO_NONE || who >= t->d->resources.n)
        return false;
    snprintf(name, sizeof name, "\"Patient/%s\"", demo_at(t->d, who)->id);
    return memmem(g->bytes, g->n, name, strlen(name)) != NULL;
}

static size_t file_of(struct demo_turn *t, const struct demo_job *j, uint32_t type, struct buf *out)
{
    size_t n = 0;

    for (uint32_t i = 0; i < t->d->resources.n; i++) {
        const struct demo_resource *r = demo_at(t->d, i);
        const struct demo_version *v = r->type == type ? version_then(j, r) : NULL;

        if (!v || !in_group(t, j, i, v))
            continue;
        n++;
        if (out) {
            buf_add(out, v->bytes, v->n);
            buf_addc(out, '\n');
        }
    }
    return n;
}

static void manifest(struct demo_turn *t, const struct demo_job *j)
{
    char instant[DEMO_INSTANT_MAX];
    struct jsonw w;

    demo_instant(j->at_ms, instant);
    jsonw_init(&w, &t->r->body);
    jsonw_open(&w, '{');
    jsonw_key(&w, "transactionTime");
    jsonw_z(&w, instant);
    jsonw_key(&w, "request");
    jsonw_str(&w, str_of(arena_fmt(&t->a, "%.*s/$export", STR_ARG(t->base))));
    jsonw_key(&w, "requiresAccessToken");
    jsonw_bool(&w, true);
    jsonw_key(&w, "output");
    jsonw_open(&w, '[');
    for (uint32_t type = 0; type < demo_type_count(); type++) {
        if (!lists(j->types, demo_type_name(type)) || !file_of(t, j, type, NULL))
            continue;
        jsonw_open(&w, '{');
        jsonw_key(&w, "type");
        jsonw_z(&w, demo_type_name(type));
        jsonw_key(&w, "url");
        jsonw_str(&w, str_of(arena_fmt(&t->a, "%.*s/Binary/" FILE_ID "%s.%s", STR_ARG(t->base), j->id,
                                       demo_type_name(type))));
        jsonw_close(&w, '}');
    }
    jsonw_close(&w, ']');
    jsonw_key(&w, "error");
    jsonw_raw(&w, STR("[]"));
    jsonw_close(&w, '}');
}

void demo_export_poll(struct demo_turn *t)
{
    struct demo_query q;
    struct demo_job *j = NULL;

    if (!demo_query_parse(t->q->query, &t->a, &q))
        j = job_of(t, demo_query_get(&q, "_jobId"));
    if (!j) {
        demo_fail(t, 404, "not-found", "There is no such job"); /* HAPI */
    } else if (str_is(t->q->method, "DELETE")) {
        j->id[0] = '\0';
        t->r->status = 202;
    } else if (!j->polls++) {
        t->r->status = 202;
        t->r->retry_after = 1;
    } else {
        t->r->status = 200;
        manifest(t, j);
    }
}

bool demo_export_file(struct demo_turn *t, struct str id)
{
    struct str job, type = id;
    struct demo_job *j;

    if (!str_starts(id, FILE_ID) || !memmem(t->q->accept.p ? t->q->accept.p : "", t->q->accept.n, "fhir+ndjson", 11))
        return false;
    job = str_split(&type, '.');
    job = (struct str){job.p + strlen(FILE_ID), job.n - strlen(FILE_ID)};
    if (!(j = job_of(t, job)) || demo_type(type) == DEMO_NONE)
        return false;
    t->r->status = 200;
    file_of(t, j, demo_type(type), &t->r->body);
    snprintf(t->r->media, sizeof t->r->media, "application/fhir+ndjson");
    return true;
}
