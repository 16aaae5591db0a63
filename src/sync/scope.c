/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/step.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* The ids go into one URL beside the rest of a search. */
#define SCOPE_BYTES (LIMIT_URL_BYTES - 512)

static int usage(struct str word, struct err *e)
{
    char w[100];
    size_t n = word.n < sizeof w - 1 ? word.n : sizeof w - 1;

    if (n)
        memcpy(w, word.p, n);
    w[n] = '\0';
    return err_set(e, ERR_USAGE, 0, 0, w);
}

static bool listed(const struct sync_scope *s, struct str id)
{
    for (unsigned i = 0; i < s->n; i++)
        if (str_is(id, s->patients[i]))
            return true;
    return false;
}

unsigned sync_scope_fit(const struct sync_scope *s, unsigned at)
{
    size_t bytes = 0;
    unsigned n = 0;

    while (at + n < s->n && (bytes += strlen(s->patients[at + n]) + 1) <= SCOPE_BYTES)
        n++;
    return n;
}

static int patients(struct str spec, struct str list, struct sync_scope *out, struct err *e)
{
    unsigned n = 1;

    for (size_t i = 0; i < list.n; i++)
        n += list.p[i] == ',';
    if (!(out->patients = mem_alloc(n * sizeof *out->patients)))
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    while (list.p) {
        struct str id = str_split(&list, ',');

        if (!str_is_id(id)) {
            sync_scope_fini(out);
            return usage(spec, e);
        }
        if (!listed(out, id))
            memcpy(out->patients[out->n++], id.p, id.n);
    }
    if (sync_scope_fit(out, 0) < out->n)
        out->list = SYNC_LIST_GIVEN;
    return ERR_OK;
}

int sync_scope_parse(struct str spec, struct sync_scope *out, struct err *e)
{
    static const struct {
        const char *word;
        enum sync_list list;
    } words[] = {
        {"patient/", SYNC_LIST_GIVEN},
        {"group/", SYNC_LIST_GROUP},
        {"list/", SYNC_LIST_LIST},
        {"location/", SYNC_LIST_LOCATION},
    };

    *out = (struct sync_scope){0};
    if (str_is(spec, "all")) {
        out->all = true;
        return ERR_OK;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i].word);
        struct str rest;

        if (!str_starts(spec, words[i].word))
            continue;
        rest = (struct str){spec.p + n, spec.n - n};
        if (words[i].list == SYNC_LIST_GIVEN)
            return patients(spec, rest, out, e);
        if (!str_is_id(rest))
            break;
        out->list = words[i].list;
        snprintf(out->list_id, sizeof out->list_id, "%.*s", STR_ARG(rest));
        return ERR_OK;
    }
    return usage(spec, e);
}

int sync_scope_copy(const struct sync_scope *from, struct sync_scope *to)
{
    *to = *from;
    to->patients = NULL;
    if (!from->n)
        return ERR_OK;
    if (!(to->patients = mem_alloc(from->n * sizeof *to->patients)))
        return ERR_NOMEM;
    memcpy(to->patients, from->patients, from->n * sizeof *to->patients);
    return ERR_OK;
}

int sync_scope_add(struct sync_scope *s, const struct sync_scope *more)
{
    char(*grown)[65] = mem_resize(s->patients, (s->n + more->n + 1) * sizeof *grown);

    if (!grown)
        return ERR_NOMEM;
    s->patients = grown;
    if (more->n)
        memcpy(s->patients + s->n, more->patients, more->n * sizeof *grown);
    s->n += more->n;
    return ERR_OK;
}

void sync_scope_fini(struct sync_scope *s)
{
    mem_free(s->patients);
    *s = (struct sync_scope){0};
}

int64_t sync_scope_cohort(const struct sync_scope *s, const struct fhir_kind *k)
{
    return sync_scope_by_id(s, k) ? 0 : s->cohort;
}

bool sync_scope_by_id(const struct sync_scope *s, const struct fhir_kind *k)
{
    return !s->all && !k->patient_param && k->priority != KIND_DEMAND;
}
