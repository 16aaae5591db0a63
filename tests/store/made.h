/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the store's tests share: a home of their own, an opened store, rows to put.
 */
#ifndef TESTS_STORE_MADE_H
#define TESTS_STORE_MADE_H

#include "tests/unit.h"

#include <dirent.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store.h"

#define MADE_NOW 1700000000000

static const struct fhir_kind made_patient_kind = {.type = "Patient", .patient_param = "_id"};
static const struct fhir_kind made_other_kind = {.type = "Observation", .patient_param = "patient", .patient_path = "subject"};

static const struct crypt_kdf made_kdf = {3, CRYPT_KDF_MIN_MEM};

static inline struct secret *made_pass(const char *z)
{
    struct secret *s = secret_new(64);

    if (!s || secret_set(s, z, strlen(z)))
        abort();
    return s;
}

/* A new empty directory, 0700. */
static inline void made_home(char home[64])
{
    snprintf(home, 64, "/tmp/wardline-test-XXXXXX");
    if (!mkdtemp(home))
        abort();
}

static inline void made_remove(const char *home)
{
    char path[600];
    DIR *d = opendir(home);

    for (struct dirent *f; d && (f = readdir(d));) {
        if (f->d_name[0] == '.' || snprintf(path, sizeof path, "%s/%s", home, f->d_name) >= (int)sizeof path)
            continue;
        if (f->d_type == DT_DIR) /* attachments */
            made_remove(path);
        else
            unlink(path);
    }
    if (d)
        closedir(d);
    rmdir(home);
}

static inline struct store *made_open(const char *home)
{
    struct secret *p = made_pass("correct horse");
    struct store_key *k = NULL;
    struct store *s = NULL;
    struct err e = ERR_NONE;

    if (!store_unlock(home, p, &k, &e))
        store_open(home, k, &s, &e);
    secret_free(p);
    if (!s)
        printf("\n    made_open: %s %s ", err_name(e.code), e.what);
    return s;
}

/* A store in a new home. */
static inline struct store *made_store(char home[64])
{
    struct secret *p = made_pass("correct horse");
    struct err e = ERR_NONE;

    made_home(home);
    if (store_create(home, p, &made_kdf, &e))
        printf("\n    made_store: %s %s ", err_name(e.code), e.what);
    secret_free(p);
    return made_open(home);
}

static inline void made_end(struct store *s, const char *home)
{
    store_close(s);
    made_remove(home);
}

static inline struct fhir_index made_index(const char *type, const char *id, const char *patient, const char *section, int64_t date_ms)
{
    return (struct fhir_index){
        .kind = !strcmp(type, "Patient") ? &made_patient_kind : &made_other_kind,
        .type = str_of(type), .id = str_of(id), .version = STR("1"), .updated = STR(""), .updated_ms = 1,
        .patient = str_of(patient), .date = STR(""), .date_ms = date_ms, .status = STR("final"),
        .section = str_of(section), .title = STR("Potassium")};
}

/* One row in a transaction of its own. */
static inline int made_put(struct store *s, const struct fhir_index *ix, struct str bytes, enum store_origin origin, enum store_change *change)
{
    struct store_tx *tx;
    struct err e = ERR_NONE;
    int code = store_begin(s, false, &tx, &e);

    if (!code && (code = store_put(tx, ix, bytes, origin, MADE_NOW, change, &e)))
        store_rollback(tx);
    else if (!code)
        code = store_commit(tx, &e);
    if (code)
        printf("\n    made_put: %s %s %d ", err_name(code), e.what, e.sub);
    return code;
}

/* A resource as a server sends it, with the index that goes with it. */
static inline void made_resource(struct store *s, const char *json)
{
    struct fhir_index ix;
    struct arena a;
    struct tape t;

    arena_init(&a, 1 << 20);
    CU_ASSERT_EQUAL_FATAL(tape_parse(&t, str_of(json), NULL), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(fhir_index(&t, NULL, &a, &ix, NULL), ERR_OK);
    CU_ASSERT_EQUAL(made_put(s, &ix, str_of(json), STORE_SERVER, NULL), ERR_OK);
    tape_fini(&t);
    arena_fini(&a);
}

/* A Patient from JSON with %s and the like; id is both. */
static inline int made_patient(struct store *s, const char *id, enum store_origin origin, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static inline int made_patient(struct store *s, const char *id, enum store_origin origin, const char *fmt, ...)
{
    struct fhir_index ix = made_index("Patient", id, id, "", FHIR_NO_DATE);
    struct buf b;
    char rest[4000];
    va_list ap;
    int code;

    va_start(ap, fmt);
    vsnprintf(rest, sizeof rest, fmt, ap);
    va_end(ap);
    buf_init(&b, 8192);
    buf_addf(&b, "{\"resourceType\":\"Patient\",\"id\":\"%s\"%s%s}", id, rest[0] ? "," : "", rest);
    code = made_put(s, &ix, buf_str(&b), origin, NULL);
    buf_fini(&b);
    return code;
}

#endif
