/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/step.h"

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

static int patients(struct str spec, struct str list, struct sync_scope *out, struct err *e)
{
    unsigned n = 1;

    if (list.n > SCOPE_BYTES)
        return err_set(e, ERR_TOOBIG, 0, SCOPE_BYTES, "scope");
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
    return ERR_OK;
}

int sync_scope_parse(struct str spec, struct sync_scope *out, struct err *e)
{
    static const char *const later[] = {"group/", "list/", "location/"};
    const char *p = "patient/";

    *out = (struct sync_scope){0};
    if (str_is(spec, "all")) {
        out->all = true;
        return ERR_OK;
    }
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        if (str_starts(spec, later[i]))
            return err_set(e, ERR_UNSUPPORTED, 0, 0, later[i]);
    if (!str_starts(spec, p))
        return usage(spec, e);
    return patients(spec, (struct str){spec.p + strlen(p), spec.n - strlen(p)}, out, e);
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

void sync_scope_fini(struct sync_scope *s)
{
    mem_free(s->patients);
    *s = (struct sync_scope){0};
}

bool sync_scope_by_id(const struct sync_scope *s, const struct fhir_kind *k)
{
    return !s->all && !k->patient_param && k->priority != KIND_DEMAND;
}
