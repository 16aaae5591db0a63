/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "demo/priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/date.h"

void demo_instant(int64_t ms, char out[DEMO_INSTANT_MAX])
{
    size_t n;

    date_instant(ms, out);
    n = strlen(out);
    if (n && out[n - 1] == 'Z') /* HAPI 8.8.0 writes +00:00, which a client must percent-encode */
        memcpy(out + n - 1, "+00:00", sizeof "+00:00");
}

/* What takes the place of the bytes from off on. */
struct edit {
    size_t off, len;
    char text[LIMIT_ID_BYTES + 160];
};

static void span(struct edit *e, const struct tape *t, tape_at at)
{
    e->off = t->nodes[at].off;
    e->len = t->nodes[at].len;
}

static void behind(struct edit *e, const struct tape *t, tape_at at)
{
    e->off = t->nodes[at].off + t->nodes[at].len;
    e->len = 0;
}

/* The values that are there are replaced, those that are not go to the front of meta. */
static unsigned edit_meta(const struct tape *t, tape_at meta, const char *number,
                          const char *instant, struct edit *e)
{
    tape_at v = tape_get(t, meta, "versionId"), u = tape_get(t, meta, "lastUpdated");
    struct edit *front = e;
    unsigned n = 0;

    if (v == TAPE_NONE || u == TAPE_NONE) {
        n++;
        front->off = t->nodes[meta].off + 1;
        snprintf(front->text, sizeof front->text, "%s%s%s%s%s%s%s%s",
                 v == TAPE_NONE ? "\"versionId\":\"" : "", v == TAPE_NONE ? number : "",
                 v == TAPE_NONE ? "\"" : "", v == TAPE_NONE && u == TAPE_NONE ? "," : "",
                 u == TAPE_NONE ? "\"lastUpdated\":\"" : "", u == TAPE_NONE ? instant : "",
                 u == TAPE_NONE ? "\"" : "", tape_first_member(t, meta) != TAPE_NONE ? "," : "");
    }
    if (v != TAPE_NONE) {
        span(&e[n], t, v);
        snprintf(e[n++].text, sizeof e->text, "\"%s\"", number);
    }
    if (u != TAPE_NONE) {
        span(&e[n], t, u);
        snprintf(e[n++].text, sizeof e->text, "\"%s\"", instant);
    }
    return n;
}

static void add_edits(const struct tape *t, struct edit *e, unsigned n, struct buf *out)
{
    size_t at = 0;

    for (unsigned i = 1; i < n; i++) /* by place; there are four of them at most */
        for (unsigned k = i; k && e[k].off < e[k - 1].off; k--) {
            struct edit swap = e[k];

            e[k] = e[k - 1];
            e[k - 1] = swap;
        }
    for (unsigned i = 0; i < n; i++) {
        buf_add(out, t->bytes.p + at, e[i].off - at);
        buf_adds(out, e[i].text);
        at = e[i].off + e[i].len;
    }
    buf_add(out, t->bytes.p + at, t->bytes.n - at);
}

int demo_stamp(const struct tape *t, struct str id, uint32_t number, int64_t ms, struct buf *out)
{
    tape_at type = tape_get(t, 0, "resourceType"), old_id = tape_get(t, 0, "id"),
            meta = tape_get(t, 0, "meta");
    char version[16], instant[DEMO_INSTANT_MAX], fresh[96];
    struct edit e[5] = {{0}};
    unsigned n = 0;

    if (type == TAPE_NONE)
        return ERR_INPUT;
    snprintf(version, sizeof version, "%" PRIu32, number);
    demo_instant(ms, instant);
    snprintf(fresh, sizeof fresh, ",\"meta\":{\"versionId\":\"%s\",\"lastUpdated\":\"%s\"}",
             version, instant);
    if (old_id == TAPE_NONE) {
        behind(&e[n], t, type);
        snprintf(e[n++].text, sizeof e->text, ",\"id\":\"%.*s\"%s", STR_ARG(id),
                 meta == TAPE_NONE ? fresh : "");
    } else {
        span(&e[n], t, old_id);
        snprintf(e[n++].text, sizeof e->text, "\"%.*s\"%s", STR_ARG(id),
                 meta == TAPE_NONE ? fresh : "");
    }
    if (meta != TAPE_NONE)
        n += edit_meta(t, meta, version, instant, e + n);
    add_edits(t, e, n, out);
    return out->failed;
}
