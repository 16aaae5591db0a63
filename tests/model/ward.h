/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A chart in a throw-away store, from small resources written in place ('...' stands for "..."): all kinds pulled, on
 * 23-Nov-2026 at 14:05 UTC.
 */
#ifndef TESTS_MODEL_WARD_H
#define TESTS_MODEL_WARD_H

#include "tests/store/made.h"

#include "base/mem.h"
#include "fhir/index.h"
#include "model/model.h"

#define NOW_MS 1795442700000LL /* 2026-11-23T14:05:00Z */

#define OBS(id, when, status, rest)                                                                                    \
    "{'resourceType':'Observation','id':'" id "','status':'" status "','effectiveDateTime':'" when                     \
    "','subject':{'reference':'Patient/p'}," rest "}"
#define QTY(value, unit) "'valueQuantity':{'value':" value ",'unit':'" unit "'}"
#define VITAL "'category':[{'coding':[{'code':'vital-signs'}]}],"

static inline int64_t ward_now(void *arg)
{
    (void)arg;
    return NOW_MS;
}

struct ward {
    char home[64];
    struct model m;
};

/* The row that such a resource has; bytes: what its row holds instead of it, or NULL. */
static inline void put_as(struct ward *w, const char *quoted, const char *bytes)
{
    char *json = mem_dup(quoted, strlen(quoted));
    struct fhir_index ix;
    struct arena a;
    struct tape t;
    struct err e = ERR_NONE;
    int code;

    for (char *c = json; *c; c++)
        if (*c == '\'')
            *c = '"';
    arena_init(&a, 1 << 20);
    code = tape_parse(&t, str_of(json), &e);
    if (!code)
        code = fhir_index(&t, NULL, &a, &ix, &e);
    if (!code)
        code = made_put(w->m.store, &ix, str_of(bytes ? bytes : json), STORE_SERVER, NULL);
    if (code)
        printf("\n    %s: %s %s ", quoted, err_name(code), e.what);
    CU_ASSERT_EQUAL(code, ERR_OK);
    tape_fini(&t);
    arena_fini(&a);
    mem_free(json);
}

static inline void put(struct ward *w, const char *quoted)
{
    put_as(w, quoted, NULL);
}

/* A row that is listed as ever and whose bytes are none. */
static inline void put_damaged(struct ward *w, const char *quoted)
{
    put_as(w, quoted, "{\"resourceType\":");
}

static inline void begin_with(struct ward *w, const char *patient)
{
    unsigned n;
    const struct fhir_kind *k = kind_table(&n);
    struct store_tx *tx;
    struct err e = ERR_NONE;

    setenv("TZ", "UTC0", 1);
    *w = (struct ward){.m = {.clock = {.wall_ms = ward_now}}};
    w->m.store = made_store(w->home);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w->m.store);
    CU_ASSERT_EQUAL_FATAL(store_begin(w->m.store, false, &tx, &e), ERR_OK);
    for (unsigned i = 0; i < n; i++) {
        struct store_mark m = {.mark_ms = NOW_MS, .asof_ms = NOW_MS};

        snprintf(m.type, sizeof m.type, "%s", k[i].type);
        CU_ASSERT_EQUAL(store_mark_put(tx, &m, &e), ERR_OK);
    }
    CU_ASSERT_EQUAL_FATAL(store_commit(tx, &e), ERR_OK);
    put(w, patient);
}

static inline void end(struct ward *w)
{
    made_end(w->m.store, w->home);
}

/* The chart of Patient/p, a woman born on 17-May-1979. */
static inline void begin(struct ward *w)
{
    begin_with(w, "{'resourceType':'Patient','id':'p','gender':'female','birthDate':'1979-05-17'}");
}

#endif
