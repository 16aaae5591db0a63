/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a chart has for a form: the patient, the visit, who is at work, what a reference names, and the searches that
 * forms ask. A search is answered of one patient's rows that came whole, or not at all: what was never fetched is not
 * "none".
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "fhir/index.h"
#include "fhir/read.h"
#include "model/fill_priv.h"
#include "model/priv.h"

#define QUERY_TOKENS 32
#define QUERY_ROWS 1000 /* of an answer */

static struct fill_doc *doc_new(struct fill_chart *c, size_t max)
{
    struct fill_doc *d = mem_alloc(sizeof *d);

    if (!d)
        return NULL;
    buf_init(&d->bytes, max);
    d->next = c->docs;
    c->docs = d;
    return d;
}

/* The newest one, taken back. */
static void doc_drop(struct fill_chart *c)
{
    struct fill_doc *d = c->docs;

    c->docs = d->next;
    tape_fini(&d->t);
    buf_fini(&d->bytes);
    mem_wipe(d, sizeof *d);
}

void model_fill_chart_close(struct fill_chart *c)
{
    while (c->docs)
        doc_drop(c);
    mem_zero(c, sizeof *c);
}

static int load(struct fill_chart *c, struct str type, struct str id, struct fill_doc **out, struct err *e)
{
    struct fill_doc *d = doc_new(c, LIMIT_RESOURCE_BYTES);
    int code = d ? store_get(c->m->store, type, id, &d->bytes, e) : err_set(e, ERR_NOMEM, 0, 0, NULL);

    code = code ? code : tape_parse(&d->t, buf_str(&d->bytes), e);
    if (code && d)
        doc_drop(c);
    *out = code ? NULL : d;
    return code;
}

/* --- contexts ------------------------------------------------------------------------------------ */

static void add_context(struct fill_chart *c, const char *name, const struct fill_doc *d)
{
    if (c->ncontexts < FILL_CONTEXTS)
        c->contexts[c->ncontexts++] = (struct form_context){name, &d->t, 0};
}

const struct fill_doc *model_fill_context(const struct fill_chart *c, const char *name)
{
    for (unsigned i = 0; i < c->ncontexts; i++)
        for (const struct fill_doc *d = c->docs; d; d = d->next)
            if (c->contexts[i].t == &d->t && !strcmp(c->contexts[i].name, name))
                return d;
    return NULL;
}

struct visits {
    char id[LIMIT_ID_BYTES + 8];
    unsigned open;
};

static int look_at_visit(void *arg, const struct store_row *r)
{
    struct visits *v = arg;

    if (str_is(r->status, "in-progress") && !v->open++)
        snprintf(v->id, sizeof v->id, "%.*s", STR_ARG(r->id));
    return ERR_OK;
}

/* REQ: of several open visits none is guessed. */
static int find_visit(struct fill_chart *c, struct err *e)
{
    const struct store_query q = {.type = STR("Encounter"), .patient = str_of(c->chart)};
    struct visits v = {.open = 0};
    struct fill_doc *d;
    int code = store_each(c->m->store, &q, look_at_visit, &v, e);

    if (code || v.open != 1)
        return code;
    if (load(c, STR("Encounter"), str_of(v.id), &d, NULL))
        return ERR_OK; /* cannot be read: then it is named nowhere */
    snprintf(c->encounter, sizeof c->encounter, "Encounter/%s", v.id);
    add_context(c, "encounter", d);
    return ERR_OK;
}

static void find_user(struct fill_chart *c)
{
    struct str rest = str_of(c->m->practitioner), type = str_split(&rest, '/');
    struct fill_doc *d;

    if (!rest.n || load(c, type, rest, &d, NULL))
        return;
    add_context(c, "user", d);
    add_context(c, "practitioner", d);
}

int model_fill_chart_open(struct fill_chart *c, struct err *e)
{
    struct fill_doc *d;
    int code = load(c, STR("Patient"), str_of(c->chart), &d, e);

    if (code)
        return code;
    snprintf(c->subject, sizeof c->subject, "Patient/%s", c->chart);
    add_context(c, "patient", d);
    code = find_visit(c, e);
    if (!code)
        find_user(c);
    return code;
}

bool model_fill_resolve(struct fill_chart *c, struct str reference, struct path_value *out)
{
    struct str type, id;
    struct fill_doc *d;

    if (!fhir_reference(reference, c->m->base[0] ? c->m->base : NULL, &type, &id) || load(c, type, id, &d, NULL))
        return false;
    *out = path_root(&d->t, 0);
    return true;
}

/* --- searches --------------------------------------------------------------------------------------- */

struct search {
    struct fill_chart *c;
    const struct fhir_kind *kind;
    struct str code[QUERY_TOKENS], status[QUERY_TOKENS];
    unsigned codes, statuses;
    bool patient, newest;
    int64_t since_ms; /* FHIR_NO_DATE: any */
    unsigned most, n;
    struct buf *out;
};

static unsigned tokens(struct str list, struct str out[QUERY_TOKENS])
{
    unsigned n = 0;

    while (list.n && n < QUERY_TOKENS)
        out[n++] = str_split(&list, ',');
    return list.n ? 0 : n;
}

static bool whose(const struct search *s, struct str value)
{
    if (str_starts(value, "Patient/")) {
        value.p += 8;
        value.n -= 8;
    }
    return str_is(value, s->c->chart);
}

/* One parameter; false: it is none of those that are answered here. */
static bool parameter(struct search *s, struct str name, struct str value)
{
    struct date d;
    int64_t n;

    if (str_is(name, "patient") || str_is(name, "subject"))
        return s->patient = whose(s, value);
    if (str_is(name, "code"))
        return s->kind->code_path && (s->codes = tokens(value, s->code)) > 0;
    if (str_is(name, "status"))
        return (s->statuses = tokens(value, s->status)) > 0;
    if (str_is(name, "_sort"))
        return s->newest = str_is(value, "-date");
    if (str_is(name, "_count"))
        return str_int(value, 1, QUERY_ROWS, &n) && (s->most = (unsigned)n);
    if (!str_is(name, "date") || !str_starts(value, "ge"))
        return false;
    value.p += 2;
    value.n -= 2;
    if (!date_parse(value, &d))
        return false;
    s->since_ms = date_ms(&d);
    return true;
}

static bool read_query(struct search *s, struct str query)
{
    struct str type = str_split(&query, '?');

    s->kind = kind_find(type);
    s->most = QUERY_ROWS;
    s->since_ms = INT64_MIN;
    if (!s->kind)
        return false;
    while (query.n) {
        struct str value = str_split(&query, '&'), name = str_split(&value, '=');

        if (!parameter(s, name, value))
            return false;
    }
    return s->patient;
}

/* "system|code", "code", "|code", "system|". */
static bool has_token(const struct tape *t, tape_at concept, struct str token)
{
    struct str system = memchr(token.p, '|', token.n) ? str_split(&token, '|') : STR("");
    char sys[LIMIT_URL_BYTES], code[LIMIT_URL_BYTES];

    if (system.n >= sizeof sys || token.n >= sizeof code)
        return false;
    snprintf(sys, sizeof sys, "%.*s", STR_ARG(system));
    snprintf(code, sizeof code, "%.*s", STR_ARG(token));
    return fhir_has_code(t, concept, system.n ? sys : NULL, code);
}

static int take_row(void *arg, const struct store_row *r)
{
    struct search *s = arg;
    bool is = !s->codes, stands = !s->statuses;
    struct tape t;

    if (s->n == s->most)
        return ERR_OK;
    for (unsigned i = 0; i < s->statuses; i++)
        stands = stands || str_eq(r->status, s->status[i]);
    if (!stands || r->date_ms < s->since_ms || tape_parse(&t, r->bytes, NULL))
        return ERR_OK;
    for (unsigned i = 0; i < s->codes && !is; i++)
        is = has_token(&t, tape_path(&t, 0, s->kind->code_path), s->code[i]);
    tape_fini(&t);
    if (is) {
        buf_adds(s->out, s->n++ ? ",{\"resource\":" : "{\"resource\":");
        buf_addstr(s->out, r->bytes);
        buf_addc(s->out, '}');
    }
    return s->out->failed;
}

bool model_fill_query(struct fill_chart *c, struct str query, struct path_value *out)
{
    struct search s = {.c = c};
    struct store_query q = {.patient = str_of(c->chart), .bytes = true};
    struct model_lack lack;
    struct fill_doc *d;
    bool here;

    if (!read_query(&s, query))
        return false;
    model_lack_init(&lack);
    here = s.kind->section && model_lack(c->m, str_of(c->chart), str_of(s.kind->section), &lack, NULL);
    model_lack_fini(&lack);
    if (!here || !(d = doc_new(c, LIMIT_PAGE_BYTES)))
        return false;
    s.out = &d->bytes;
    q.type = str_of(s.kind->type);
    q.newest_first = s.newest;
    buf_adds(&d->bytes, "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[");
    here = !store_each(c->m->store, &q, take_row, &s, NULL);
    buf_adds(&d->bytes, "]}");
    if (!here || d->bytes.failed || tape_parse(&d->t, buf_str(&d->bytes), NULL)) {
        doc_drop(c);
        return false;
    }
    *out = path_root(&d->t, 0);
    return true;
}
