/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What of a chart is here. Never fetched and removed again are different things, and neither is "none recorded".
 */
#include "config.h"

#include <string.h>

#include "base/limits.h"
#include "model/priv.h"
#include "store/room.h"

static bool default_section(struct str name)
{
    unsigned n;
    const struct fhir_kind *k = kind_table(&n);

    for (unsigned i = 0; i < n; i++)
        if (k[i].section && str_is(name, k[i].section))
            return true;
    return false;
}

/* May resources of a kind stand in a section? A kind whose section hangs on its content may be in
 * any that no other kind has as its own. */
static bool kind_feeds(const struct fhir_kind *k, struct str name)
{
    if (!k->section || k->priority == KIND_DEMAND)
        return false;
    return str_is(name, k->section) || (k->section_of && !default_section(name));
}

/* REQ: of a patient whom somebody asked for, and whose chart has not come whole, no mark of the others tells. */
bool model_demanded(struct model *m, struct str chart)
{
    struct buf b;
    struct str rest;
    bool is = false;
    int code;

    buf_init(&b, LIMIT_SMALL_JSON);
    code = store_setting(m->store, "sync.demand", &b, NULL);
    rest = buf_str(&b);
    while (!is && rest.n)
        is = str_eq(str_split(&rest, ' '), chart);
    buf_fini(&b);
    return is || (code && code != ERR_NOTFOUND);
}

struct removal {
    struct str section;
    struct model_lack *out;
    bool all; /* of what was removed everything is wanted */
    uint64_t kinds; /* a bit for each place in the kind table */
};

static int add_removed(void *arg, const struct store_evicted *u)
{
    struct removal *x = arg;
    unsigned n;
    const struct fhir_kind *k = kind_table(&n);

    for (unsigned i = 0; i < n; i++)
        if (str_is(u->type, k[i].type) && kind_feeds(&k[i], x->section)) {
            x->kinds |= (uint64_t)1 << i;
            x->all = x->all && u->wanted;
            if (u->at_ms > x->out->removed_ms)
                x->out->removed_ms = u->at_ms;
        }
    return ERR_OK;
}

static void add_type(struct buf *list, const struct fhir_kind *k)
{
    buf_adds(list, list->n ? ", " : "");
    buf_adds(list, k->type);
}

bool model_lack(struct model *m, struct str chart, struct str section, struct model_lack *out, struct err *e)
{
    unsigned n;
    const struct fhir_kind *k = kind_table(&n);
    struct removal x = {section, out, true, 0};
    /* REQ: what cannot be told counts as not fetched. */
    bool untold = chart.n && store_evicted_each(m->store, chart, false, add_removed, &x, e);

    if (str_starts(chart, STORE_FILE_PREFIX)) /* a file is what it is */
        return true;
    untold = untold || model_demanded(m, chart);
    for (unsigned i = 0; i < n; i++) {
        int64_t asof_ms;

        if (!kind_feeds(&k[i], section))
            continue;
        if (untold || store_asof(m->store, chart, str_of(k[i].type), &asof_ms, e) || !asof_ms) {
            add_type(&out->unfetched, &k[i]);
            continue;
        }
        if (x.kinds >> i & 1)
            add_type(&out->removed, &k[i]);
        if (!out->asof_ms || asof_ms < out->asof_ms)
            out->asof_ms = asof_ms;
    }
    out->wanted = out->removed.n && x.all;
    return !out->unfetched.n && !out->removed.n;
}

void model_lack_init(struct model_lack *l)
{
    *l = (struct model_lack){.removed_ms = 0};
    buf_init(&l->unfetched, 65536);
    buf_init(&l->removed, 65536);
}

int model_lack_fini(struct model_lack *l)
{
    int failed = l->unfetched.failed ? l->unfetched.failed : l->removed.failed;

    buf_fini(&l->unfetched);
    buf_fini(&l->removed);
    return failed;
}

static void removed_on(const struct model_lack *l, char out[DATE_TEXT_MAX])
{
    struct date day = date_today(l->removed_ms);

    date_text(&day, out);
}

const char *model_removed_words(const struct model_lack *l, struct arena *a)
{
    char when[DATE_TEXT_MAX];

    removed_on(l, when);
    return arena_fmt(a,
                     l->wanted ? _("removed from this device on %s, asked for: the next sync brings it: %s")
                               : _("removed from this device on %s, fetch with F: %s"),
                     when, l->removed.p);
}

bool model_fetched(struct model *m, struct str chart, struct str section, struct buf *missing, int64_t *asof_ms,
                   struct err *e)
{
    struct model_lack l;
    char when[DATE_TEXT_MAX];
    bool whole;

    model_lack_init(&l);
    whole = model_lack(m, chart, section, &l, e);
    if (l.unfetched.n) {
        buf_adds(missing, missing->n ? ", " : "");
        buf_addstr(missing, buf_str(&l.unfetched));
    }
    if (l.removed.n) {
        removed_on(&l, when);
        buf_adds(missing, missing->n ? ", " : "");
        /* TRANSLATORS: kinds of resources, in a list of those that are not here; a date */
        buf_addf(missing, _("%s (removed from this device on %s)"), l.removed.p, when);
    }
    if (asof_ms)
        *asof_ms = l.asof_ms;
    if (model_lack_fini(&l) && !missing->failed)
        missing->failed = ERR_NOMEM;
    return whole;
}
