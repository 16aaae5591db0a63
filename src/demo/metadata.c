/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "demo/priv.h"

#include <string.h>

static void interactions(struct jsonw *w, const char *const *codes)
{
    jsonw_key(w, "interaction");
    jsonw_open(w, '[');
    for (; *codes; codes++) {
        jsonw_open(w, '{');
        jsonw_key(w, "code");
        jsonw_z(w, *codes);
        jsonw_close(w, '}');
    }
    jsonw_close(w, ']');
}

static void param(struct jsonw *w, const char *name, const char *kind)
{
    jsonw_open(w, '{');
    jsonw_key(w, "name");
    jsonw_z(w, name);
    jsonw_key(w, "type");
    jsonw_z(w, kind);
    jsonw_close(w, '}');
}

static void resource(const struct demo *d, struct jsonw *w, uint32_t type)
{
    static const char *const codes[] = {
        "read",   "vread",        "update",      "delete", "history-instance",
        "create", "history-type", "search-type", NULL};
    unsigned n;
    const struct demo_param_kind *p = demo_params(&n);

    jsonw_open(w, '{');
    jsonw_key(w, "type");
    jsonw_z(w, demo_type_name(type));
    interactions(w, codes);
    jsonw_key(w, "versioning");
    jsonw_z(w, "versioned-update");
    jsonw_key(w, "readHistory");
    jsonw_bool(w, true);
    jsonw_key(w, "updateCreate");
    jsonw_bool(w, !d->ways.server_ids && !d->ways.server_ids_400);
    jsonw_key(w, "conditionalCreate");
    jsonw_bool(w, true);
    jsonw_key(w, "conditionalUpdate");
    jsonw_bool(w, true);
    jsonw_key(w, "searchParam");
    jsonw_open(w, '[');
    param(w, "_id", "token");
    param(w, "_lastUpdated", "date");
    for (unsigned i = 0; i < n; i++)
        if (!strcmp(p[i].type, demo_type_name(type)))
            param(w, p[i].name, p[i].kind);
    jsonw_close(w, ']');
    jsonw_close(w, '}');
}

void demo_metadata(struct demo_turn *t)
{
    const char *system[4] = {"batch"};
    unsigned n = 1;
    char instant[DEMO_INSTANT_MAX];
    struct jsonw w;

    if (!t->d->ways.no_transaction)
        system[n++] = "transaction";
    if (!t->d->ways.no_history)
        system[n++] = "history-system";
    t->r->status = 200;
    demo_instant(t->now, instant);
    jsonw_init(&w, &t->r->body);
    jsonw_open(&w, '{');
    jsonw_key(&w, "resourceType");
    jsonw_z(&w, "CapabilityStatement");
    jsonw_key(&w, "status");
    jsonw_z(&w, "active");
    jsonw_key(&w, "date");
    jsonw_z(&w, instant);
    jsonw_key(&w, "kind");
    jsonw_z(&w, "instance");
    jsonw_key(&w, "software");
    jsonw_raw(&w, STR("{\"name\":\"wardline-demo\",\"version\":\"" PACKAGE_VERSION "\"}"));
    jsonw_key(&w, "implementation");
    jsonw_open(&w, '{');
    jsonw_key(&w, "description");
    jsonw_z(&w, "A made-up ward: not real patients");
    jsonw_key(&w, "url");
    jsonw_str(&w, t->base);
    jsonw_close(&w, '}');
    jsonw_key(&w, "fhirVersion");
    jsonw_z(&w, "4.0.1");
    jsonw_key(&w, "format");
    jsonw_raw(&w, STR("[\"application/fhir+json\",\"json\"]"));
    jsonw_key(&w, "rest");
    jsonw_open(&w, '[');
    jsonw_open(&w, '{');
    jsonw_key(&w, "mode");
    jsonw_z(&w, "server");
    jsonw_key(&w, "resource");
    jsonw_open(&w, '[');
    for (uint32_t i = 0; i < demo_type_count(); i++)
        resource(t->d, &w, i);
    jsonw_close(&w, ']');
    interactions(&w, system);
    jsonw_key(&w, "operation"); /* HAPI lists it so, with a definition of its own */
    jsonw_raw(&w, STR("[{\"name\":\"export\",\"definition\":"
                      "\"http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export\"}]"));
    jsonw_close(&w, '}');
    jsonw_close(&w, ']');
    jsonw_close(&w, '}');
}
