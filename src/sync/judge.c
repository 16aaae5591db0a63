/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/judge.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "fhir/bundle.h"
#include "fhir/holds.h"

#define STRINGS_BYTES (2 * LIMIT_RESOURCE_BYTES) /* decoded strings of two documents */

static void version_of(const struct tape *t, char version[STORE_VERSION_BYTES])
{
    struct str v = tape_plain(t, tape_path(t, 0, "meta.versionId"));

    snprintf(version, STORE_VERSION_BYTES, "%.*s", (int)(v.n < STORE_VERSION_BYTES ? v.n : 0), v.p);
}

/* Does the document hold everything that the bytes say? */
static int same(const struct tape *got, struct str bytes, const char *url, bool *yes, struct err *e)
{
    struct tape t = {.n = 0};
    struct arena a;
    int code = ERR_OK;

    *yes = false;
    if (!bytes.n)
        return ERR_OK;
    arena_init(&a, STRINGS_BYTES);
    if (!(code = tape_parse(&t, bytes, e)))
        *yes = fhir_holds(got, &t, url, &a);
    if (a.failed)
        code = err_set(e, ERR_NOMEM, 0, 0, NULL);
    tape_fini(&t);
    arena_fini(&a);
    return code;
}

/* Is the document what the edit left? All that it says stands there, and nothing that it took away. A base that is not
 * known took away everything that the edit does not say; a create took away nothing. */
static int ours(const struct judge_op *op, const struct tape *got, bool *yes, struct err *e)
{
    struct tape base = {.n = 0}, body = {.n = 0};
    int code = same(got, op->body, op->url, yes, e);

    if (code || !*yes || op->kind == STORE_OP_CREATE)
        return code;
    if (!(code = tape_parse(&body, op->body, e)) && op->base.n)
        code = tape_parse(&base, op->base, e);
    if (!code)
        *yes = !fhir_keeps_dropped(got, op->base.n ? &base : got, &body);
    tape_fini(&base);
    tape_fini(&body);
    return code;
}

/* A resource of this server's, as it was asked for. */
static bool is_resource(const struct tape *t)
{
    return tape_is(t, 0, TAPE_OBJECT) && tape_is(t, tape_get(t, 0, "id"), TAPE_STRING) &&
           tape_is(t, tape_get(t, 0, "resourceType"), TAPE_STRING);
}

bool sync_judge_is_fhir(struct str body)
{
    struct tape t = {.n = 0};
    bool yes = !tape_parse_max(&t, body, LIMIT_PAGE_BYTES, NULL) && tape_is(&t, 0, TAPE_OBJECT) &&
               tape_is(&t, tape_get(&t, 0, "resourceType"), TAPE_STRING);

    tape_fini(&t);
    return yes;
}

void sync_judge_version(const char *etag, const char *location, char version[STORE_VERSION_BYTES])
{
    static const char history[] = "/_history/";
    const char *from = strchr(etag, '"'), *p;
    size_t n = from ? strcspn(++from, "\"") : 0;

    if (!n) {
        for (p = location, from = NULL; (p = strstr(p, history)); p += sizeof history - 1)
            from = p + sizeof history - 1;
        n = from ? strlen(from) : 0;
    }
    snprintf(version, STORE_VERSION_BYTES, "%.*s", (int)(n < STORE_VERSION_BYTES ? n : 0), from ? from : "");
}

void sync_judge_name(const char *location, const char *type, char id[LIMIT_ID_BYTES + 1])
{
    const char *end = strstr(location, "/_history/"), *from, *before;
    struct str s;

    end = end ? end : location + strlen(location);
    for (from = end; from > location && from[-1] != '/'; from--)
        ;
    for (before = from > location ? from - 1 : from; before > location && before[-1] != '/'; before--)
        ;
    s = (struct str){from, (size_t)(end - from)};
    id[0] = '\0';
    if (from > location && str_is((struct str){before, (size_t)(from - 1 - before)}, type) && str_is_id(s))
        snprintf(id, LIMIT_ID_BYTES + 1, "%.*s", STR_ARG(s));
}

/* --- the resource as it is ------------------------------------------------------------------------- */

static int compare(const struct judge_op *op, const struct tape *t, enum push_found *found,
                   char version[STORE_VERSION_BYTES], struct err *e)
{
    bool yes;
    int code;

    version_of(t, version);
    *found = PUSH_FOUND_OTHER;
    if (op->version[0] && !strcmp(version, op->version)) {
        *found = PUSH_FOUND_BASE;
        return ERR_OK;
    }
    if (op->kind != STORE_OP_DELETE) {
        code = ours(op, t, &yes, e);
        if (code || yes) {
            *found = PUSH_FOUND_OURS;
            return code;
        }
    }
    if (op->version[0])
        return ERR_OK;
    code = same(t, op->base, op->url, &yes, e); /* a base without a version is told by its content */
    if (!code && yes)
        *found = PUSH_FOUND_BASE;
    return code;
}

int sync_judge_read(const struct judge_op *op, const struct judge_answer *a, enum push_found *found,
               char version[STORE_VERSION_BYTES], struct err *e)
{
    struct tape t = {.n = 0};
    int code = ERR_OK;

    *found = PUSH_FOUND_UNKNOWN;
    version[0] = '\0';
    if (!a->whole || (a->status != 200 && !sync_judge_is_fhir(a->body))) /* a portal's 404 is no evidence */
        return ERR_OK;
    if (a->status == 404) {
        *found = PUSH_FOUND_NOTHING;
    } else if (a->status == 410) {
        *found = PUSH_FOUND_GONE;
    } else if (a->status == 200) {
        code = tape_parse(&t, a->body, e);
        if (!code && is_resource(&t))
            code = compare(op, &t, found, version, e);
        else if (code != ERR_NOMEM)
            code = ERR_OK;
        tape_fini(&t);
    }
    return code;
}

/* --- and as it was ---------------------------------------------------------------------------------- */

struct past {
    const struct judge_op *op;
    char version[STORE_VERSION_BYTES];
    bool ours, base, more;
    struct err err;
};

static int on_version(void *arg, int outer, struct str bytes)
{
    struct past *p = arg;
    char version[STORE_VERSION_BYTES];
    struct tape t = {.n = 0};
    bool yes = false;
    int code;

    if (outer >= 0 || p->ours || p->base)
        return ERR_OK;
    code = tape_parse(&t, bytes, &p->err);
    if (!code) {
        version_of(&t, version);
        p->base = p->op->version[0] && !strcmp(version, p->op->version);
        if (!p->base)
            code = ours(p->op, &t, &yes, &p->err);
        if (yes) {
            p->ours = true;
            snprintf(p->version, sizeof p->version, "%s", version);
        }
    }
    tape_fini(&t);
    return code == ERR_NOMEM ? code : ERR_OK; /* a version that is not readable is not ours */
}

static int on_link(void *arg, int outer, struct str relation, struct str url)
{
    struct past *p = arg;

    (void)url;
    p->more = p->more || (outer < 0 && str_is(relation, "next"));
    return ERR_OK;
}

int sync_judge_history(const struct judge_op *op, const struct judge_answer *a, enum push_found *found,
                  char version[STORE_VERSION_BYTES], struct err *e)
{
    struct past p = {.op = op};
    const struct bundle_sink sink = {.resource = on_version, .link = on_link, .arg = &p};
    struct bundle_scan *scan = NULL;
    int code;

    *found = PUSH_FOUND_UNKNOWN;
    version[0] = '\0';
    if (!a->whole || a->status != 200)
        return ERR_OK;
    if ((code = bundle_new(&sink, LIMIT_PAGE_BYTES, &scan)))
        return err_set(e, code, 0, 0, NULL);
    code = bundle_feed(scan, a->body, e);
    if (!code)
        code = bundle_end(scan, e);
    bundle_free(scan);
    if (code)
        return code == ERR_NOMEM ? code : ERR_OK;
    if (p.ours) {
        *found = PUSH_FOUND_WAS_OURS;
        memcpy(version, p.version, sizeof p.version);
    } else if (p.base || !p.more) {
        *found = PUSH_FOUND_NEVER;
    }
    return ERR_OK;
}
