/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The searches that a pull asks, and what a self link says about them (R4 search.html 3.1.1.5: the self
 * link holds the parameters that the server used).
 */
#include "config.h"

#include "sync/priv.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/jsonw.h"

bool sync_ordered(const struct pull *p)
{
    return p->promised && !p->disorder;
}

int64_t sync_from(const struct pull *p)
{
    if (p->bare)
        return FHIR_NO_DATE;
    return sync_ordered(p) && p->max_ms != FHIR_NO_DATE ? p->max_ms : p->since_ms;
}

void sync_scope_url(const struct sync_scope *scope, const struct fhir_kind *k, struct buf *out)
{
    if (scope->all)
        return;
    buf_addf(out, "%s=", k->patient_param);
    for (unsigned i = 0; i < scope->n; i++)
        buf_addf(out, "%s%s", i ? "," : "", scope->patients[i]);
    buf_addc(out, '&');
}

static void scope_param(const struct sync_state *s, const struct pull *p, struct buf *out)
{
    if (!p->ids.n) {
        sync_scope_url(s->scope, p->kind, out);
        return;
    }
    buf_adds(out, "_id=");
    buf_addstr(out, buf_str(&p->ids));
    buf_addc(out, '&');
}

int sync_url(const struct sync_state *s, const struct pull *p, int64_t from_ms, unsigned count, struct buf *out)
{
    char at[DATE_INSTANT_MAX];

    buf_clear(out);
    buf_addf(out, "%s?", p->kind->type);
    scope_param(s, p, out);
    if (from_ms != FHIR_NO_DATE) {
        date_instant(from_ms, at);
        buf_addf(out, "_lastUpdated=ge%s&", at);
    }
    if (!p->bare)
        buf_adds(out, "_sort=_lastUpdated&");
    buf_addf(out, "_count=%u", count);
    return out->failed;
}

void sync_batch_begin(struct jsonw *w, struct buf *out)
{
    sync_bundle_begin(w, out, "batch");
}

void sync_bundle_begin(struct jsonw *w, struct buf *out, const char *type)
{
    buf_clear(out);
    jsonw_init(w, out);
    jsonw_open(w, '{');
    jsonw_key(w, "resourceType");
    jsonw_z(w, "Bundle");
    jsonw_key(w, "type");
    jsonw_z(w, type);
    jsonw_key(w, "entry");
    jsonw_open(w, '[');
}

void sync_batch_end(struct jsonw *w)
{
    jsonw_close(w, ']');
    jsonw_close(w, '}');
}

void sync_get_entry(struct jsonw *w, struct str url)
{
    jsonw_open(w, '{');
    jsonw_key(w, "request");
    jsonw_open(w, '{');
    jsonw_key(w, "method");
    jsonw_z(w, "GET");
    jsonw_key(w, "url");
    jsonw_str(w, url);
    jsonw_close(w, '}');
    jsonw_close(w, '}');
}

/* The oldest bound of all that are asked; FHIR_NO_DATE where some kind was never whole. */
static int64_t oldest(const struct lane *l)
{
    int64_t at = l->n ? INT64_MAX : FHIR_NO_DATE;

    for (unsigned i = 0; i < l->n; i++)
        at = l->of[i]->since_ms < at ? l->of[i]->since_ms : at;
    return at;
}

static void history_url(int64_t since_ms, struct buf *out)
{
    char at[DATE_INSTANT_MAX];

    date_instant(since_ms, at);
    buf_clear(out);
    buf_addf(out, "_history?_since=%s&_count=1", at);
}

int sync_batch_body(const struct sync_state *s, const struct lane *l, struct buf *out)
{
    struct buf url;
    struct jsonw w;

    buf_init(&url, LIMIT_URL_BYTES);
    sync_batch_begin(&w, out);
    for (unsigned i = 0; i < l->n && !url.failed; i++) {
        sync_url(s, l->of[i], sync_from(l->of[i]), l->of[i]->page[l->of[i]->front].count, &url);
        sync_get_entry(&w, buf_str(&url));
    }
    if (oldest(l) != FHIR_NO_DATE) {
        history_url(oldest(l), &url);
        sync_get_entry(&w, buf_str(&url));
    }
    sync_batch_end(&w);
    if (url.failed)
        out->failed = url.failed;
    buf_fini(&url);
    return out->failed;
}

/* Where the value of a query parameter begins, or NULL. A modifier (":Patient") may stand behind the name;
 * the name may be percent-encoded nowhere: '_', letters and '-' need none. */
static const char *param(struct str url, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 1; i + n < url.n; i++) {
        char before = url.p[i - 1], after = url.p[i + n];

        if ((before == '?' || before == '&') && !memcmp(url.p + i, name, n) &&
            (after == '=' || after == ':' || after == '%'))
            return url.p + i + n;
    }
    return NULL;
}

bool sync_echoes(struct str url, const char *name)
{
    return param(url, name) != NULL;
}

bool sync_echoes_count(struct str url, unsigned count)
{
    const char *at = param(url, "_count"), *end = url.p + url.n;
    char want[16];
    int n = snprintf(want, sizeof want, "=%u", count);

    return at && end - at >= n && !memcmp(at, want, (size_t)n) && (end - at == n || at[n] == '&');
}
