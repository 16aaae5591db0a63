/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/marker.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "fhir/bundle.h"
#include "fhir/path_type.h"
#include "fhir/rewrite.h"

#define SYSTEM "urn:wardline:op"

static bool has_identifiers(const char *type)
{
    struct path_element el;

    return path_type_element(str_of(type), STR("identifier"), &el) && el.many && str_is(el.type, "Identifier");
}

int sync_marker_query(const char *type, const char *op, bool encoded, struct buf *out)
{
    return buf_addf(out, "%s=" SYSTEM "%s%s", has_identifiers(type) ? "identifier" : "_tag", encoded ? "%7C" : "|", op);
}

int sync_marker_body(const char *type, const char *op, struct str body, struct buf *out)
{
    bool list = has_identifiers(type);
    struct tape t = {.n = 0};
    char element[160];
    struct buf bare;
    int code = tape_parse(&t, body, NULL);

    snprintf(element, sizeof element, "{\"system\":\"" SYSTEM "\",\"%s\":\"%s\"}", list ? "value" : "code", op);
    buf_init(&bare, LIMIT_RESOURCE_BYTES);
    if (!code)
        code = fhir_rewrite_id(&t, STR(""), &bare);
    tape_fini(&t);
    if (!code && !(code = tape_parse(&t, buf_str(&bare), NULL)))
        code = fhir_rewrite_add(&t, list ? REWRITE_ROOT : REWRITE_META, list ? "identifier" : "tag", str_of(element),
                                out);
    tape_fini(&t);
    buf_fini(&bare);
    return code;
}

/* --- the answer -------------------------------------------------------------------------------------- */

struct listing {
    const char *type, *op;
    bool list, bundle, more;
    unsigned ours, others;
    char version[STORE_VERSION_BYTES], id[LIMIT_ID_BYTES + 1];
};

static bool bears(const struct listing *l, const struct tape *t)
{
    tape_at list = l->list ? tape_get(t, 0, "identifier") : tape_path(t, 0, "meta.tag");

    for (tape_at i = tape_first(t, list); i != TAPE_NONE; i = tape_next(t, list, i))
        if (tape_str_is(t, tape_get(t, i, "system"), SYSTEM) &&
            tape_str_is(t, tape_get(t, i, l->list ? "value" : "code"), l->op))
            return true;
    return false;
}

static int on_resource(void *arg, int outer, struct str bytes)
{
    struct listing *l = arg;
    struct tape t = {.n = 0};
    struct str id, version;
    int code = outer < 0 ? tape_parse(&t, bytes, NULL) : ERR_INPUT;

    if (!code && tape_str_is(&t, tape_get(&t, 0, "resourceType"), l->type) && bears(l, &t) &&
        str_is_id(id = tape_plain(&t, tape_get(&t, 0, "id")))) {
        l->ours++;
        version = tape_plain(&t, tape_path(&t, 0, "meta.versionId"));
        snprintf(l->id, sizeof l->id, "%.*s", STR_ARG(id));
        snprintf(l->version, sizeof l->version, "%.*s", (int)(version.n < sizeof l->version ? version.n : 0),
                 version.p);
    } else if (code || !tape_str_is(&t, tape_get(&t, 0, "resourceType"), "OperationOutcome")) {
        l->others++;
    }
    tape_fini(&t);
    return code == ERR_NOMEM ? code : ERR_OK;
}

static int on_head(void *arg, int outer, struct str type, struct str total)
{
    (void)total;
    if (outer < 0 && str_is(type, "searchset"))
        ((struct listing *)arg)->bundle = true;
    return ERR_OK;
}

static int on_link(void *arg, int outer, struct str relation, struct str url)
{
    struct listing *l = arg;

    (void)url;
    l->more = l->more || (outer < 0 && str_is(relation, "next"));
    return ERR_OK;
}

/* REQ: a server that knows no such parameter may list everything (Helios), and that is no word on this one. */
int sync_marker_judge(const char *type, const char *op, const struct judge_answer *a, enum push_found *found,
                      char version[STORE_VERSION_BYTES], char id[LIMIT_ID_BYTES + 1], struct err *e)
{
    struct listing l = {.type = type, .op = op, .list = has_identifiers(type)};
    const struct bundle_sink sink = {.head = on_head, .resource = on_resource, .link = on_link, .arg = &l};
    struct bundle_scan *scan = NULL;
    int code;

    *found = PUSH_FOUND_UNKNOWN;
    version[0] = id[0] = '\0';
    if (!a->whole || a->status != 200)
        return ERR_OK;
    if ((code = bundle_new(&sink, LIMIT_PAGE_BYTES, &scan)))
        return err_set(e, code, 0, 0, NULL);
    code = bundle_feed(scan, a->body, e);
    if (!code)
        code = bundle_end(scan, e);
    bundle_free(scan);
    if (code || !l.bundle)
        return code == ERR_NOMEM ? code : ERR_OK;
    if (l.ours > 1) {
        *found = PUSH_FOUND_SEVERAL;
    } else if (l.ours == 1) {
        *found = PUSH_FOUND_OURS;
        memcpy(version, l.version, sizeof l.version);
        memcpy(id, l.id, sizeof l.id);
    } else if (!l.others && !l.more) {
        *found = PUSH_FOUND_NOTHING;
    }
    return ERR_OK;
}
