/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/sim/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/rng.h"

struct sim_version *sim_next(struct sim_server *s, unsigned kind, unsigned id)
{
    int before = s->newest[kind][id];
    struct sim_version *v = &s->v[s->n];

    *v = (struct sim_version){.kind = kind, .id = id, .version = before < 0 ? 1 : s->v[before].version + 1,
                              .updated_ms = s->now_ms, .visible_ms = s->now_ms, .before = before};
    if (before >= 0 && s->v[before].visible_ms > v->visible_ms) /* commits of one row do not overtake each other */
        v->visible_ms = s->v[before].visible_ms;
    s->newest[kind][id] = (int)s->n++;
    return v;
}

unsigned sim_reserve(struct sim_server *s, unsigned kind)
{
    s->newest[kind][s->ids[kind]] = -1;
    return s->ids[kind]++;
}

const struct sim_version *sim_newest(const struct sim_server *s, unsigned kind, unsigned id)
{
    return id < s->ids[kind] && s->newest[kind][id] >= 0 ? &s->v[s->newest[kind][id]] : NULL;
}

void sim_write(struct sim_server *s, unsigned kind, unsigned rows, int64_t late_ms, unsigned fresh, uint64_t *seed)
{
    for (unsigned i = 0; i < rows && s->n < SIM_VERSIONS; i++) {
        unsigned known = s->ids[kind], id;
        bool again = known && (known == SIM_ROWS || rng_splitmix(seed) % 100 >= fresh);
        struct sim_version *v;

        id = again ? (unsigned)(rng_splitmix(seed) % known) : sim_reserve(s, kind);
        if (again && !sim_newest(s, kind, id)) /* only the device that has given it out knows of it */
            continue;
        v = sim_next(s, kind, id);
        v->content = SIM_RIVAL + s->n;
        if (v->visible_ms < s->now_ms + late_ms)
            v->visible_ms = s->now_ms + late_ms;
    }
}

const struct sim_version *sim_visible(const struct sim_server *s, unsigned kind, unsigned id)
{
    int i = s->newest[kind][id];

    while (i >= 0 && s->v[i].visible_ms > s->now_ms)
        i = s->v[i].before;
    return i < 0 ? NULL : &s->v[i];
}

static int by_time(const void *a, const void *b)
{
    const struct sim_version *x = *(const struct sim_version *const *)a, *y = *(const struct sim_version *const *)b;

    if (x->updated_ms != y->updated_ms)
        return x->updated_ms < y->updated_ms ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static bool value(struct str url, const char *name, char *out, size_t max)
{
    size_t n = strlen(name);

    for (size_t i = 0; i + n <= url.n; i++)
        if (!memcmp(url.p + i, name, n)) {
            size_t k = 0;

            for (i += n; i < url.n && url.p[i] != '&' && k + 1 < max; i++)
                out[k++] = url.p[i];
            out[k] = '\0';
            return true;
        }
    return false;
}

static unsigned matches(const struct sim_server *s, unsigned kind, int64_t from, const struct sim_version **out)
{
    unsigned n = 0;

    for (unsigned id = 0; id < s->ids[kind]; id++) {
        const struct sim_version *v = sim_visible(s, kind, id);

        if (v && !v->gone && v->updated_ms >= from)
            out[n++] = v;
    }
    return n;
}

static void link_to(const struct sim_server *s, char out[300], const char *rest)
{
    snprintf(out, 300, "%s%s", s->habit.foreign ? "http://elsewhere.example/" : "", rest);
}

static unsigned page_size(const struct sim_server *s, struct str url)
{
    char count[20] = "20";
    unsigned n;

    value(url, "_count=", count, sizeof count);
    n = (unsigned)atoi(count);
    return s->habit.cap && n > s->habit.cap ? s->habit.cap : n;
}

/* "L?list=3&at=40&_count=20" */
static void stored_page(struct sim_server *s, struct str url, struct sim_page *out)
{
    char list[20] = "", at[20] = "";
    unsigned l, from, at_row, count = page_size(s, url);

    value(url, "list=", list, sizeof list);
    value(url, "at=", at, sizeof at);
    l = (unsigned)atoi(list);
    from = (unsigned)atoi(at);
    if (!s->list[l % 64].live || s->list[l % 64].serial != l) {
        out->status = 410;
        return;
    }
    for (at_row = from; at_row < s->list[l % 64].n && out->n < count; at_row++) {
        const struct sim_version *v = sim_visible(s, s->list[l % 64].kind, s->list[l % 64].id[at_row]);

        if (!v->gone)
            out->row[out->n++] = v;
    }
    snprintf(out->self, sizeof out->self, "%.*s", (int)url.n, url.p);
    if (at_row < s->list[l % 64].n) {
        char rest[100];

        snprintf(rest, sizeof rest, "L?list=%u&at=%u&_count=%u", l, at_row, count);
        link_to(s, out->next, rest);
    }
}

static unsigned keep_list(struct sim_server *s, unsigned kind, const struct sim_version **row, unsigned n)
{
    unsigned serial = s->lists++;
    struct sim_list *l = &s->list[serial % 64];

    l->live = true;
    l->serial = serial;
    l->kind = kind;
    l->n = n;
    for (unsigned i = 0; i < n; i++)
        l->id[i] = row[i]->id;
    return serial;
}

static void self_link(const struct sim_server *s, struct str url, bool since, char out[300])
{
    char at[40] = "", count[20] = "";

    value(url, "_count=", count, sizeof count);
    if (since && !s->habit.unfiltered)
        value(url, "_lastUpdated=", at, sizeof at);
    snprintf(out, 300, "%.2s?%s%s%s_count=%s", url.p, at[0] ? "_lastUpdated=" : "", at, at[0] ? "&" : "", count);
    if (!s->habit.unsorted)
        strncat(out, "&_sort=_lastUpdated", 299 - strlen(out));
}

/* Cursor pages: "K2?from=MS&id=ID&_count=20&_lastUpdated=...": rows behind (MS, ID) in order. */
static void first_or_cursor(struct sim_server *s, unsigned kind, struct str url, struct sim_page *out)
{
    const struct sim_version *row[SIM_ROWS];
    char since[40], from[30], id[20];
    bool after = value(url, "_lastUpdated=gt", since, sizeof since);
    bool filtered = after || value(url, "_lastUpdated=ge", since, sizeof since), sorted = !s->habit.unsorted && !s->habit.lies;
    bool cursor = value(url, "from=", from, sizeof from) && value(url, "id=", id, sizeof id);
    unsigned n, i = 0, count = page_size(s, url);
    struct date d;

    n = matches(s, kind, filtered && !s->habit.unfiltered && date_parse(str_of(since), &d) ? date_ms(&d) + after : INT64_MIN, row);
    if (sorted)
        qsort(row, n, sizeof *row, by_time);
    if (cursor)
        while (i < n && (sorted ? row[i]->updated_ms < atoll(from) || (row[i]->updated_ms == atoll(from) && row[i]->id <= (unsigned)atoi(id))
                                : row[i]->id <= (unsigned)atoi(id)))
            i++;
    self_link(s, url, filtered, out->self);
    if (s->habit.stored_pages && n > count) {
        char first[100];

        snprintf(first, sizeof first, "L?list=%u&at=0&_count=%u", keep_list(s, kind, row, n), count);
        stored_page(s, str_of(first), out);
        self_link(s, url, filtered, out->self);
        return;
    }
    for (; i < n && out->n < count; i++)
        out->row[out->n++] = row[i];
    if (i < n) {
        char rest[200];

        snprintf(rest, sizeof rest, "K%u?from=%lld&id=%u&_count=%u%s%s", kind, (long long)row[i - 1]->updated_ms, row[i - 1]->id,
                 count, filtered ? after ? "&_lastUpdated=gt" : "&_lastUpdated=ge" : "", filtered ? since : "");
        link_to(s, out->next, rest);
    }
}

void sim_search(struct sim_server *s, struct str url, struct sim_page *out)
{
    unsigned kind = url.n > 1 ? (unsigned)(url.p[1] - '0') : 0;
    char sort[40];

    *out = (struct sim_page){.status = 200};
    if (url.p[0] == 'L') {
        stored_page(s, url, out);
    } else if ((int)kind == s->habit.lacks) {
        out->status = 404;
    } else if (s->habit.strict && value(url, "_sort=", sort, sizeof sort)) {
        out->status = 400;
    } else {
        first_or_cursor(s, kind, url, out);
    }
    if (s->habit.mute)
        out->self[0] = '\0';
}

void sim_expire(struct sim_server *s)
{
    for (unsigned i = 0; i < 64; i++)
        s->list[i].live = false;
}
