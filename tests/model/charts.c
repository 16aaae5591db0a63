/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * charts [--unfetched TYPE]... [--file] [--details] [--find TEXT] HOME BUNDLE...: puts the resources of Bundles
 * into a throw-away store in HOME and prints what the model makes of them: {"list": [...],
 * "charts": {ID:
 * {"banner", "rows", "sections"}}}, rows as `show --json` prints them. For tests/model/danger.py
 * and digits.py: no server, no command line.
 * --unfetched: that kind has no mark, as before its first pull. --file: as imported from a file.
 * --asof TYPE=MINUTES: that kind was last pulled in full so long before the others. --page N: of a cover only what
 * stands on a page of N rows, each row a line.
 * --series: each chart with its grids and, for each row of a grid, its trend. --details: each row with its detail. --faults: instead, each
 * chart with every allocation failing in turn.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/jsonw.h"
#include "base/limits.h"
#include "crypt/crypt.h"
#include "fhir/bundle.h"
#include "model/model.h"
#include "model/refs.h"
#include "model/series.h"

#define NOW_MS 1795442700000LL /* 2026-11-23T14:05:00Z */

struct options {
    const char *unfetched[8], *asof[8];
    unsigned n, asof_n, page;
    bool file, details, faults, series;
    const char *find; /* the worklist holds those alone */
};

static int64_t now(void *arg)
{
    (void)arg;
    return NOW_MS;
}

static void must(int code, const struct err *e, const char *where)
{
    if (!code)
        return;
    fprintf(stderr, "charts: %s: %s %s\n", where, err_name(code), e ? e->what : "");
    exit(1);
}

struct loading {
    struct store_tx *tx;
    const struct options *o;
};

static int put(void *arg, int outer, struct str raw)
{
    const struct loading *l = arg;
    struct err e = ERR_NONE;
    struct fhir_index ix;
    struct arena a;
    struct tape t;

    (void)outer;
    arena_init(&a, 1 << 20);
    must(tape_parse(&t, raw, &e), &e, "entry");
    must(fhir_index(&t, l->o->file ? FHIR_BASE_FILE : NULL, &a, &ix, &e), &e, "index");
    must(
        store_put(l->tx, &ix, raw, l->o->file ? STORE_FILE_IMPORT : STORE_SERVER, NOW_MS, NULL, &e),
        &e, "put");
    tape_fini(&t);
    arena_fini(&a);
    return 0;
}

static void load(struct store_tx *tx, const char *path, const struct options *o)
{
    static char room[1 << 16];
    struct loading l = {tx, o};
    struct bundle_sink sink = {.resource = put, .arg = &l};
    struct bundle_scan *scan;
    struct err e = ERR_NONE;
    FILE *f = fopen(path, "rb");
    size_t n;

    if (!f)
        must(ERR_IO, NULL, path);
    must(bundle_new(&sink, 0, &scan), NULL, "scanner");
    while ((n = fread(room, 1, sizeof room, f)) > 0)
        must(bundle_feed(scan, (struct str){room, n}, &e), &e, path);
    must(bundle_end(scan, &e), &e, path);
    bundle_free(scan);
    fclose(f);
}

static void marks(struct store_tx *tx, const struct options *o)
{
    unsigned n;
    const struct fhir_kind *k = kind_table(&n);

    for (unsigned i = 0; i < n; i++) {
        struct store_mark m = {.mark_ms = NOW_MS, .asof_ms = NOW_MS};
        struct err e = ERR_NONE;
        bool skip = false;

        for (unsigned j = 0; j < o->n; j++)
            skip = skip || !strcmp(o->unfetched[j], k[i].type);
        snprintf(m.type, sizeof m.type, "%s", k[i].type);
        for (unsigned j = 0; j < o->asof_n; j++)
            if (!strncmp(o->asof[j], k[i].type, strlen(k[i].type)) && o->asof[j][strlen(k[i].type)] == '=')
                m.asof_ms -= strtoll(o->asof[j] + strlen(k[i].type) + 1, NULL, 10) * 60000;
        if (!skip)
            must(store_mark_put(tx, &m, &e), &e, "mark");
    }
}

static struct store *make(const char *home, char **files, int n, const struct options *o)
{
    static const struct crypt_kdf small = {.passes = 3, .mem_bytes = CRYPT_KDF_MIN_MEM};
    struct secret *pass = secret_new(16);
    struct store_key *key;
    struct store_tx *tx;
    struct store *s;
    struct err e = ERR_NONE;

    if (!pass)
        must(ERR_NOMEM, NULL, "secret");
    must(secret_set(pass, "correct horse 16", 16), NULL, "secret");
    must(store_create(home, pass, &small, &e), &e, "create");
    must(store_unlock(home, pass, &key, &e), &e, "unlock");
    must(store_open(home, key, &s, &e), &e, "open");
    must(store_begin(s, false, &tx, &e), &e, "begin");
    for (int i = 0; i < n; i++)
        load(tx, files[i], o);
    marks(tx, o);
    must(store_commit(tx, &e), &e, "commit");
    secret_free(pass);
    return s;
}

static void put_text(struct jsonw *w, struct text t)
{
    jsonw_str(w, (struct str){t.s ? t.s : "", t.n});
}

static void put_row(struct jsonw *w, const struct model_row *r, const char *chart)
{
    jsonw_key(w, "id");
    jsonw_z(w, r->id);
    jsonw_key(w, "resourceType");
    jsonw_z(w, r->type);
    jsonw_key(w, "date");
    put_text(w, r->date);
    jsonw_key(w, "text");
    put_text(w, r->text);
    jsonw_key(w, "flags");
    jsonw_open(w, '[');
    for (unsigned i = 0; i < r->flags; i++)
        put_text(w, text_own(r->flag[i]));
    jsonw_close(w, ']');
    jsonw_key(w, "goes_to");
    jsonw_z(w, r->goes_to ? r->goes_to->name : NULL);
    if (r->pane) {
        jsonw_key(w, "pane");
        jsonw_int(w, r->pane);
        jsonw_key(w, "must");
        jsonw_bool(w, r->must);
    }
    if (r->heading) {
        jsonw_key(w, "age");
        put_text(w, r->age);
        jsonw_key(w, "more");
        jsonw_int(w, r->more);
    }
    if (strcmp(r->chart, chart))
        must(ERR_BUG, NULL, "a row of another chart");
}

/* The raw part of a row's detail, as one text. */
static void put_detail(struct jsonw *w, struct model *m, const struct model_row *r)
{
    struct model_detail d;
    struct err e = ERR_NONE;
    struct buf raw;

    must(model_detail(m, str_of(r->chart), str_of(r->type), str_of(r->id), &d, &e), &e, "detail");
    buf_init(&raw, LIMIT_RESOURCE_BYTES * 2);
    for (unsigned i = d.raw_at; i < d.n; i++)
        buf_addf(&raw, "%s\n", d.lines[i].s);
    jsonw_key(w, "raw");
    jsonw_str(w, buf_str(&raw));
    jsonw_key(w, "words");
    jsonw_open(w, '[');
    for (unsigned i = 0; i < d.raw_at; i++)
        put_text(w, d.lines[i]);
    jsonw_close(w, ']');
    buf_fini(&raw);
    model_detail_fini(&d);
}

/* A cover as it stands on a page: what is not on it goes, and headings say how much that is. */
static void fit(struct model_section *s, unsigned page)
{
    struct model_hidden hidden[MODEL_PANES];
    unsigned *lines = calloc(s->n, sizeof *lines), n = 0;
    bool *shown = calloc(s->n, sizeof *shown);

    if (!lines || !shown)
        must(ERR_NOMEM, NULL, "page");
    for (unsigned i = 0; i < s->n; i++)
        lines[i] = 1;
    model_cover_fit(s, lines, page, shown, hidden);
    for (unsigned i = 0; i < s->n; i++)
        if (shown[i]) {
            s->rows[n] = s->rows[i];
            if (s->rows[n].brief.n)
                s->rows[n].text = s->rows[n].brief;
            if (s->rows[n].heading)
                s->rows[n].text = model_heading_words(&s->arena, &s->rows[n], hidden[s->rows[n].pane]);
            n++;
        }
    s->n = n;
    free(lines);
    free(shown);
}

/* --- results over time ------------------------------------------------------------------------ */

static void put_point(struct jsonw *w, const struct model_point *p, const char *chart)
{
    char part[16];

    jsonw_open(w, '{');
    jsonw_key(w, "id");
    jsonw_z(w, p->id);
    jsonw_key(w, "part");
    snprintf(part, sizeof part, "%u", p->part);
    jsonw_z(w, part);
    jsonw_key(w, "value");
    put_text(w, p->value);
    jsonw_key(w, "flag");
    put_text(w, p->flag);
    jsonw_key(w, "range");
    put_text(w, p->range);
    jsonw_key(w, "plotted");
    jsonw_z(w, p->place != MODEL_PLACE_NONE ? "yes" : "no");
    jsonw_key(w, "words");
    jsonw_z(w, p->words ? "yes" : "no");
    jsonw_close(w, '}');
    if (strcmp(p->chart, chart))
        must(ERR_BUG, NULL, "a point of another chart");
}

static void put_trend(struct jsonw *w, struct model *m, const char *chart, const struct model_point *newest)
{
    struct model_trend t;
    struct err e = ERR_NONE;

    must(model_trend(m, str_of(chart), str_of(newest->type), str_of(newest->id), newest->part, &t, &e), &e, "trend");
    jsonw_key(w, "test");
    put_text(w, t.test.both);
    jsonw_key(w, "trend");
    jsonw_open(w, '[');
    for (unsigned i = 0; i < t.n; i++)
        put_point(w, &t.points[i], chart);
    jsonw_close(w, ']');
    jsonw_key(w, "said");
    jsonw_open(w, '[');
    for (unsigned i = 0; i < t.said_n; i++)
        put_text(w, t.said[i]);
    jsonw_close(w, ']');
    model_trend_fini(&t);
}

static void put_grid(struct jsonw *w, struct model *m, const char *chart, const char *section)
{
    struct model_grid g;
    struct err e = ERR_NONE;

    must(model_grid(m, str_of(chart), str_of(section), &g, &e), &e, "grid");
    for (unsigned i = 0; i < g.tests_n; i++) {
        const struct model_point *newest = NULL;

        jsonw_open(w, '{');
        jsonw_key(w, "row");
        put_text(w, g.tests[i].both);
        jsonw_key(w, "unit");
        put_text(w, g.tests[i].unit);
        jsonw_key(w, "cells");
        jsonw_open(w, '[');
        for (unsigned k = 0; k < g.days_n; k++)
            for (const struct model_point *p = model_grid_cell(&g, i, k); p; p = p->more) {
                newest = newest ? newest : p;
                put_point(w, p, chart);
            }
        jsonw_close(w, ']');
        put_trend(w, m, chart, newest);
        jsonw_close(w, '}');
    }
    model_grid_fini(&g);
}

static void put_series(struct jsonw *w, struct model *m, const char *chart)
{
    jsonw_key(w, "series");
    jsonw_open(w, '[');
    put_grid(w, m, chart, "labs");
    put_grid(w, m, chart, "vitals");
    jsonw_close(w, ']');
}

static void put_chart(struct jsonw *w, struct model *m, const char *chart, const struct options *o)
{
    struct model_banner b;
    struct err e = ERR_NONE;
    unsigned n;
    const struct kind_section *k = kind_sections(&n);

    must(model_banner(m, str_of(chart), 80, &b, &e), &e, "banner");
    jsonw_key(w, chart);
    jsonw_open(w, '{');
    jsonw_key(w, "banner");
    jsonw_open(w, '[');
    for (unsigned i = 0; i < b.n; i++)
        put_text(w, b.line[i]);
    jsonw_close(w, ']');
    jsonw_key(w, "rows");
    jsonw_open(w, '[');
    put_text(w, b.row[0]);
    put_text(w, b.row[1]);
    jsonw_close(w, ']');
    model_banner_fini(&b);
    jsonw_key(w, "sections");
    jsonw_open(w, '{');
    for (unsigned i = 0; i < n; i++) {
        struct model_section s;

        must(model_section(m, str_of(chart), str_of(k[i].name), &s, &e), &e, k[i].name);
        if (o->page && s.rows[0].pane)
            fit(&s, o->page);
        jsonw_key(w, k[i].name);
        jsonw_open(w, '[');
        for (unsigned j = 0; j < s.n; j++) {
            jsonw_open(w, '{');
            put_row(w, &s.rows[j], chart);
            if (o->details && s.rows[j].id[0])
                put_detail(w, m, &s.rows[j]);
            jsonw_close(w, '}');
        }
        jsonw_close(w, ']');
        model_section_fini(&s);
    }
    jsonw_close(w, '}');
    if (o->series)
        put_series(w, m, chart);
    jsonw_close(w, '}');
}

static void put_all(struct jsonw *w, struct model *m, const struct options *o)
{
    struct model_worklist l;
    struct err e = ERR_NONE;

    must(model_worklist(m, str_of(o->find), 0, 0, &l, &e), &e, "worklist");
    jsonw_open(w, '{');
    jsonw_key(w, "list");
    jsonw_open(w, '[');
    for (unsigned i = 0; i < l.n; i++) {
        const struct text cells[] = {l.rows[i].name, l.rows[i].born, l.rows[i].sex,
                                     l.rows[i].number, l.rows[i].marks};

        jsonw_open(w, '{');
        jsonw_key(w, "id");
        jsonw_z(w, l.rows[i].chart);
        jsonw_key(w, "cells");
        jsonw_open(w, '[');
        for (size_t j = 0; j < sizeof cells / sizeof *cells; j++)
            put_text(w, cells[j]);
        jsonw_close(w, ']');
        jsonw_key(w, "marks");
        jsonw_open(w, '[');
        for (unsigned j = 0; j < l.rows[i].marks_n; j++)
            put_text(w, l.rows[i].mark[j]);
        jsonw_close(w, ']');
        jsonw_close(w, '}');
    }
    jsonw_close(w, ']');
    jsonw_key(w, "charts");
    jsonw_open(w, '{');
    for (unsigned i = 0; i < l.n; i++)
        put_chart(w, m, l.rows[i].chart, o);
    jsonw_close(w, '}');
    jsonw_close(w, '}');
    model_worklist_fini(&l);
}

/* --- memory that runs out -----------------------------------------------------------------------
 */

static int snapshot_trend(struct model *m, const char *chart, const struct model_point *p, struct buf *out,
                          struct err *e)
{
    struct model_trend t;
    struct text *lines;
    unsigned n;
    int code = model_trend(m, str_of(chart), str_of(p->type), str_of(p->id), p->part, &t, e);

    if (code)
        return code;
    code = model_plot(t.points, t.n, 60, 12, &t.arena, &lines, &n);
    for (unsigned i = 0; !code && i < n; i++)
        buf_addf(out, "%s\n", lines[i].s);
    for (unsigned i = 0; !code && i < t.n; i++)
        buf_addf(out, "%s %s %s\n", t.points[i].date.s, t.points[i].value.s, t.points[i].flag.s);
    for (unsigned i = 0; !code && i < t.said_n; i++)
        buf_addf(out, "%s\n", t.said[i].s);
    model_trend_fini(&t);
    return code ? err_set(e, code, 0, 0, "plot") : ERR_OK;
}

/* The grid of results, and the trend of its first row. */
static int snapshot_series(struct model *m, const char *chart, struct buf *out, struct err *e)
{
    const struct model_point *first = NULL;
    struct model_grid g;
    int code = model_grid(m, str_of(chart), STR("labs"), &g, e);

    if (code)
        return code;
    for (unsigned i = 0; i < g.tests_n; i++)
        for (unsigned k = 0; k < g.days_n; k++) {
            const struct model_point *p = model_grid_cell(&g, i, k);

            first = first ? first : p;
            if (p)
                buf_addf(out, "%s %s %s %s\n", g.tests[i].both.s, g.days[k].s, p->value.s, p->flag.s);
        }
    for (unsigned i = 0; i < g.said_n; i++)
        buf_addf(out, "%s\n", g.said[i].s);
    code = first ? snapshot_trend(m, chart, first, out, e) : ERR_OK;
    model_grid_fini(&g);
    return code;
}

/* The timeline's words, and how much a search finds. */
static int snapshot_refs(struct model *m, const char *chart, struct buf *out, struct err *e)
{
    struct model_search *search;
    struct model_window w;
    struct model_refs refs;
    struct text age;
    struct arena a;
    int code;

    arena_init(&a, 4096);
    code = model_timeline(m, str_of(chart), &refs, &a, &age, e);
    if (!code) {
        buf_addf(out, "%s %zu %u\n", age.s ? age.s : "", refs.refs.n, refs.undated);
        if (!(code = model_refs_window(m, &refs, 0, 40, &w, e))) {
            for (unsigned i = 0; i < w.n; i++)
                buf_addf(out, "%s %s\n", w.rows[i].date.s, w.rows[i].text.s);
            model_window_fini(&w);
        }
        model_refs_fini(&refs);
    }
    arena_fini(&a);
    if (code || (code = model_search_begin(m, str_of(chart), STR("note 2026"), &search, e)))
        return code;
    while (!code && !model_search_state(search).done)
        code = model_search_step(search, 10, e);
    buf_addf(out, "%zu found\n", model_search_found(search)->refs.n);
    model_search_free(search);
    return code;
}

/* Everything that a chart and the worklist say, as one text. */
static int snapshot(struct model *m, const char *chart, struct buf *out, struct err *e)
{
    struct model_worklist l;
    struct model_banner b;
    unsigned n;
    const struct kind_section *k = kind_sections(&n);
    int code = model_worklist(m, STR(""), 0, 3, &l, e);

    if (code)
        return code;
    for (unsigned i = 0; i < l.n; i++)
        buf_addf(out, "%s %s %s\n", l.rows[i].name.s, l.rows[i].number.s, l.rows[i].marks.s);
    model_worklist_fini(&l);
    if ((code = model_banner(m, str_of(chart), 80, &b, e)))
        return code;
    for (unsigned i = 0; i < b.n; i++)
        buf_addf(out, "%s\n", b.line[i].s);
    buf_addf(out, "%s\n%s\n", b.row[0].s, b.row[1].s);
    model_banner_fini(&b);
    for (unsigned i = 0; i < n; i++) {
        struct model_section s;

        if ((code = model_section(m, str_of(chart), str_of(k[i].name), &s, e)))
            return code;
        for (unsigned j = 0; j < s.n; j++) {
            buf_addf(out, "%s %s %s\n", k[i].name, s.rows[j].date.s, s.rows[j].text.s);
            for (unsigned f = 0; f < s.rows[j].flags; f++)
                buf_addf(out, " %s\n", s.rows[j].flag[f]);
        }
        model_section_fini(&s);
    }
    code = snapshot_series(m, chart, out, e);
    return code ? code : snapshot_refs(m, chart, out, e);
}

/* REQ: with any one allocation failing a chart is whole, or an error; never a chart that lacks a
 * word. */
static void faults(struct model *m)
{
#ifdef FAULT_INJECTION
    struct model_worklist l;
    struct err e = ERR_NONE;
    unsigned long runs = 0, failed = 0;

    must(model_worklist(m, STR(""), 0, 0, &l, &e), &e, "worklist");
    for (unsigned i = 0; i < l.n; i++) {
        static char first[1 << 18], again[1 << 18];
        size_t whole = 0;

        for (unsigned long n = 0;; n++) { /* 0: as it must be */
            struct buf out;
            int code;
            bool fired;

            buf_init(&out, sizeof first - 1);
            buf_reserve(&out, sizeof first - 1);
            fault_arm(FAULT_MEM, n);
            code = snapshot(m, l.rows[i].chart, &out, &e);
            fired = n && fault_count(FAULT_MEM) >= n;
            fault_arm(FAULT_MEM, 0);
            memcpy(n ? again : first, out.p, out.n);
            if (!n)
                whole = out.n;
            if (code && (!fired || code != ERR_NOMEM))
                must(code, &e, "another error than no memory");
            if (!code && (out.n != whole || memcmp(n ? again : first, first, whole)))
                must(ERR_BUG, NULL, "a chart that lacks something is taken for whole");
            buf_fini(&out);
            runs++;
            failed += code != 0;
            if (n && !fired)
                break;
        }
    }
    model_worklist_fini(&l);
    printf("faults: %lu runs, %lu of them refused\n", runs, failed);
#else
    (void)m;
    (void)snapshot;
    puts("skipped: built without --enable-fault-injection");
#endif
}

int main(int argc, char **argv)
{
    struct options o = {0};
    struct clock clock = {.wall_ms = now, .boot_ms = now};
    struct err e = ERR_NONE;
    struct store *s;
    struct model m;
    struct jsonw w;
    struct buf out;
    int i = 1;

    for (; i < argc && argv[i][0] == '-'; i++) {
        if (!strcmp(argv[i], "--file"))
            o.file = true;
        else if (!strcmp(argv[i], "--details"))
            o.details = true;
        else if (!strcmp(argv[i], "--series"))
            o.series = true;
        else if (!strcmp(argv[i], "--faults"))
            o.faults = true;
        else if (!strcmp(argv[i], "--find") && i + 1 < argc)
            o.find = argv[++i];
        else if (!strcmp(argv[i], "--page") && i + 1 < argc)
            o.page = (unsigned)strtoul(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "--asof") && i + 1 < argc && o.asof_n < 8)
            o.asof[o.asof_n++] = argv[++i];
        else if (!strcmp(argv[i], "--unfetched") && i + 1 < argc && o.n < 8)
            o.unfetched[o.n++] = argv[++i];
    }
    if (argc - i < 2)
        return 2;
    setenv("TZ", "UTC", 1);
    must(crypt_init(NULL), NULL, "crypt");
    s = make(argv[i], argv + i + 1, argc - i - 1, &o);
    must(model_init(&m, s, &clock, &e), &e, "model");
    if (o.faults) {
        faults(&m);
        store_close(s);
        return 0;
    }
    buf_init(&out, (size_t)1 << 30);
    jsonw_init(&w, &out);
    put_all(&w, &m, &o);
    must(out.failed, NULL, "output");
    fwrite(out.p, 1, out.n, stdout);
    putchar('\n');
    buf_fini(&out);
    store_close(s);
    return 0;
}
