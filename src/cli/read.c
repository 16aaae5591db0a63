/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/priv.h"

#include <string.h>

#include "base/intl.h"
#include "base/limits.h"
#include "base/text.h"
#include "model/edit.h"
#include "model/refs.h"

#define LIST_STEP 200

/* --- list ------------------------------------------------------------------------------------ */

struct list_json {
    struct jsonw *w;
    const struct model_worklist *words; /* the same patients, for their marks */
    unsigned at;
};

static void split_into(struct jsonw *w, struct str words, char sep)
{
    while (words.p && words.n) {
        struct str one = str_split(&words, sep);

        if (one.n)
            jsonw_str(w, one);
    }
}

static int json_patient(void *arg, const struct store_patient *p)
{
    struct list_json *l = arg;
    const struct model_patient *m = l->at < l->words->n ? &l->words->rows[l->at] : NULL;

    l->at++;
    jsonw_open(l->w, '{');
    jsonw_key(l->w, "id");
    jsonw_str(l->w, p->id);
    jsonw_key(l->w, "name");
    jsonw_str(l->w, p->name);
    jsonw_key(l->w, "birthDate");
    jsonw_str(l->w, p->birth);
    jsonw_key(l->w, "gender");
    jsonw_str(l->w, p->gender);
    jsonw_key(l->w, "identifiers");
    jsonw_open(l->w, '[');
    split_into(l->w, p->identifiers, ' ');
    jsonw_close(l->w, ']');
    jsonw_key(l->w, "flags");
    jsonw_open(l->w, '[');
    for (unsigned i = 0; m && str_is(p->id, m->chart) && i < m->marks_n; i++)
        jsonw_z(l->w, m->mark[i].s);
    jsonw_close(l->w, ']');
    jsonw_close(l->w, '}');
    return l->w->out->failed;
}

static int list_json(struct cli_app *app, struct str filter, struct cli_out *out, struct err *e)
{
    struct model_worklist words;
    struct jsonw w;
    int r = ERR_OK;

    jsonw_init(&w, &out->buf);
    jsonw_open(&w, '[');
    for (unsigned at = 0;; at += LIST_STEP) {
        struct list_json l = {&w, &words, 0};

        r = model_worklist(&app->model, filter, at, LIST_STEP, &words, e);
        if (r)
            return r;
        r = store_patients(app->store, filter, at, LIST_STEP, json_patient, &l, e);
        model_worklist_fini(&words);
        if (r || l.at < LIST_STEP)
            break;
        cli_flush(out);
    }
    jsonw_close(&w, ']');
    return r ? r : cli_put(out, STR("\n"));
}

CLI_VERB(cli_verb_list)
{
    struct str filter = args->n ? str_of(args->word[0]) : STR("");
    struct model_worklist l = {.total = 1};
    int r = cli_need_store(app, e);

    (void)in, (void)err;
    if (r)
        return r;
    if (args->value[0])
        return list_json(app, filter, out, e);
    cli_marks(app, out);
    for (unsigned at = 0; !r && at < l.total; at += LIST_STEP) {
        int64_t total;

        r = model_worklist(&app->model, filter, at, LIST_STEP, &l, e);
        if (r)
            return r;
        if (!l.total)
            cli_line(out, "%s", l.empty.s);
        for (unsigned i = 0; i < l.n; i++) {
            const struct model_patient *p = &l.rows[i];

            r = cli_line(out, "%s  %s%s  %s  %s  %s%s%s", p->chart, p->name.s,
                         cli_name_note(out, (struct str){p->name.s, p->name.n}), p->born.s, p->sex.s, p->number.s,
                         p->marks.n ? "  " : "", p->marks.s);
        }
        total = l.total; /* to its end, even if a row of a window is gone meanwhile */
        model_worklist_fini(&l);
        l.total = total;
    }
    return r;
}

/* --- show ------------------------------------------------------------------------------------ */

static void show_row(struct cli_out *out, const struct model_row *row)
{
    struct arena a;

    if (row->heading) { /* of a pane of the cover */
        arena_init(&a, LIMIT_TEXT_CELL * 4);
        cli_words(out, STR("  "));
        cli_words(out, str_of(model_heading_words(&a, row, (struct model_hidden){0}).s));
        cli_words(out, STR("\n"));
        arena_fini(&a);
        return;
    }
    cli_words(out, row->pane ? STR("    ") : STR("  "));
    if (row->date.n) {
        cli_words(out, str_of(row->date.s));
        cli_words(out, STR("  "));
    }
    cli_words(out, str_of(row->text.s));
    for (unsigned i = 0; i < row->flags; i++) {
        cli_words(out, i ? STR(", ") : STR("  ["));
        cli_words(out, str_of(row->flag[i]));
    }
    cli_words(out, row->flags ? STR("]\n") : STR("\n"));
}

/* No section of the table: the rows of all of them, by date. */
static const struct kind_section timeline = {"timeline", N_("Timeline"), 'y', NULL};

/* Calls each for the rows of the timeline, a window at a time. */
static int each_of_timeline(struct cli_app *app, struct str chart, struct arena *a, struct text *age,
                            void (*head)(void *arg, struct text age),
                            void (*each)(void *arg, const struct model_row *r), void *arg, struct err *e)
{
    struct model_refs refs;
    struct model_window w;
    int r = model_timeline(&app->model, chart, &refs, a, age, e);

    if (r)
        return r;
    *age = text_own(arena_fmt(a, "%s%s", age->s, model_days_old(refs.asof_ms, clock_wall_ms(&app->clock), a)));
    if (head)
        head(arg, *age);
    for (unsigned at = 0; !r && at < refs.refs.n; at += LIST_STEP) {
        r = model_refs_window(&app->model, &refs, at, LIST_STEP, &w, e);
        for (unsigned i = 0; !r && i < w.n; i++)
            each(arg, &w.rows[i]);
        if (!r)
            model_window_fini(&w);
    }
    model_refs_fini(&refs);
    return r;
}

static void timeline_head(void *arg, struct text age)
{
    cli_line(arg, "%s (%s)", _(timeline.title), age.s);
}

static void timeline_row(void *arg, const struct model_row *r)
{
    show_row(arg, r);
}

static int show_section(struct cli_app *app, struct str chart, const struct kind_section *k, struct cli_out *out,
                        struct err *e)
{
    struct model_section s;
    struct text age;
    struct arena a;
    int r;

    if (k == &timeline) {
        arena_init(&a, 4096);
        r = each_of_timeline(app, chart, &a, &age, timeline_head, timeline_row, out, e);
        arena_fini(&a);
        return r;
    }
    if ((r = model_section(&app->model, chart, str_of(k->name), &s, e)))
        return r;
    cli_line(out, "%s%s%s%s%s", _(k->title), s.age.n ? " (" : "", s.age.s,
             model_days_old(s.asof_ms, clock_wall_ms(&app->clock), &s.arena), s.age.n ? ")" : "");
    for (unsigned i = 0; i < s.n; i++)
        show_row(out, &s.rows[i]);
    model_section_fini(&s);
    return ERR_OK;
}

static void json_row(struct jsonw *w, const struct model_row *row)
{
    jsonw_open(w, '{');
    jsonw_key(w, "id");
    jsonw_z(w, row->id);
    jsonw_key(w, "resourceType");
    jsonw_z(w, row->type);
    jsonw_key(w, "date");
    jsonw_z(w, row->date.s);
    jsonw_key(w, "text");
    jsonw_z(w, row->text.s);
    jsonw_key(w, "flags");
    jsonw_open(w, '[');
    for (unsigned i = 0; i < row->flags; i++)
        jsonw_z(w, row->flag[i]);
    jsonw_close(w, ']');
    if (row->heading) { /* of a pane of the cover: what stands behind it on the screen */
        jsonw_key(w, "age");
        jsonw_z(w, row->age.s);
        jsonw_key(w, "more");
        jsonw_int(w, row->more);
        jsonw_key(w, "moreAbnormal"); /* of those that were looked at; all of them were where moreUnread is 0 */
        jsonw_int(w, row->more_abnormal);
        jsonw_key(w, "moreUnread");
        jsonw_int(w, row->more_unread);
    }
    jsonw_close(w, '}');
}

static void json_timeline_row(void *arg, const struct model_row *r)
{
    json_row(arg, r);
}

static int json_section(struct cli_app *app, struct str chart, const struct kind_section *k, struct jsonw *w,
                        struct err *e)
{
    struct model_section s;
    struct text age;
    struct arena a;
    int r;

    if (k == &timeline) {
        arena_init(&a, 4096);
        jsonw_key(w, k->name);
        jsonw_open(w, '[');
        r = each_of_timeline(app, chart, &a, &age, NULL, json_timeline_row, w, e);
        jsonw_close(w, ']');
        arena_fini(&a);
        return r;
    }
    if ((r = model_section(&app->model, chart, str_of(k->name), &s, e)))
        return r;
    jsonw_key(w, k->name);
    jsonw_open(w, '[');
    for (unsigned i = 0; i < s.n; i++)
        json_row(w, &s.rows[i]);
    jsonw_close(w, ']');
    model_section_fini(&s);
    return ERR_OK;
}

/* By its name in --json, or its title on the screen. */
static const struct kind_section *section_named(struct str asked)
{
    unsigned n;
    const struct kind_section *all = kind_sections(&n), *found = kind_section_find(asked);
    struct buf want, title;

    buf_init(&want, 512);
    buf_init(&title, 512);
    text_fold(&want, asked);
    for (unsigned i = 0; !found && i < n; i++) {
        buf_clear(&title);
        text_fold(&title, str_of(_(all[i].title)));
        found = title.n && str_eq(buf_str(&want), buf_str(&title)) ? &all[i] : NULL;
    }
    buf_clear(&title);
    text_fold(&title, str_of(_(timeline.title)));
    if (!found && (str_is(asked, timeline.name) || str_eq(buf_str(&want), buf_str(&title))))
        found = &timeline;
    buf_fini(&want);
    buf_fini(&title);
    return found;
}

/* The sections asked for: one, or all (n of the table). */
static const struct kind_section *sections(const struct cli_args *args, unsigned *n, struct err *e)
{
    const struct kind_section *k;

    if (args->n < 2)
        return kind_sections(n);
    k = section_named(str_of(args->word[1]));
    *n = 1;
    if (!k)
        err_set(e, ERR_SECTION, 0, 0, args->word[1]);
    return k;
}

static int show_json(struct cli_app *app, struct str chart, const struct model_banner *b, const struct kind_section *k,
                     unsigned n, struct cli_out *out, struct err *e)
{
    struct jsonw w;
    int r = ERR_OK;

    jsonw_init(&w, &out->buf);
    jsonw_open(&w, '{');
    jsonw_key(&w, "patient");
    jsonw_str(&w, chart);
    jsonw_key(&w, "demo");
    jsonw_bool(&w, app->model.demo);
    jsonw_key(&w, "banner");
    jsonw_open(&w, '[');
    for (unsigned i = 0; i < b->n; i++)
        jsonw_z(&w, b->line[i].s);
    jsonw_close(&w, ']');
    jsonw_key(&w, "sections");
    jsonw_open(&w, '{');
    for (unsigned i = 0; !r && i < n; i++)
        r = json_section(app, chart, &k[i], &w, e);
    jsonw_close(&w, '}');
    jsonw_close(&w, '}');
    return r ? r : cli_put(out, STR("\n"));
}

/* REQ: that a chart is read is on disk before a word of it is put out. */
static int audited(struct cli_app *app, struct str chart, const char *section, struct err *e)
{
    struct audit_event ev = model_event(&app->model, AUDIT_SHOW, chart);

    ev.reason = str_of(section);
    return model_audit(&app->model, &ev, e);
}

CLI_VERB(cli_verb_show)
{
    struct str chart = str_of(args->word[0]);
    const struct kind_section *k;
    struct model_banner b;
    unsigned n = 0;
    int r;

    (void)in, (void)err;
    k = sections(args, &n, e);
    if (!k)
        return e->code;
    r = cli_need_store(app, e);
    if (r)
        return r;
    r = model_banner(&app->model, chart, 80, &b, e);
    if (r)
        return r == ERR_NOTFOUND ? err_set(e, r, 0, 0, args->word[0]) : r;
    r = audited(app, chart, n == 1 ? k->name : "", e);
    if (!r && args->value[0]) {
        r = show_json(app, chart, &b, k, n, out, e);
    } else if (!r) {
        cli_marks(app, out);
        for (unsigned i = 0; i < b.n; i++)
            cli_line(out, "%s%s", b.line[i].s,
                     i ? "" : cli_name_note(out, (struct str){b.line[i].s, b.line[i].n}));
        for (unsigned i = 0; !r && i < n; i++)
            r = show_section(app, chart, &k[i], out, e);
    }
    model_banner_fini(&b);
    return r;
}

/* --- get ------------------------------------------------------------------------------------- */

static int get_audited(struct cli_app *app, struct str type, struct str id, struct str bytes, struct err *e)
{
    struct audit_event ev = model_event(&app->model, AUDIT_GET, STR(""));
    char chart[80] = "";

    if (model_chart_of(&app->model, id, bytes, chart, NULL)) /* what cannot be read is nobody's, but it is given out */
        chart[0] = '\0';
    ev.chart = str_of(chart);
    ev.type = type;
    ev.id = id;
    return model_audit(&app->model, &ev, e);
}

CLI_VERB(cli_verb_get)
{
    struct str id = str_of(args->word[0]), type = str_split(&id, '/'), bare = id;
    struct buf b;
    int r;

    (void)in, (void)err;
    if (id.p && str_starts(id, STORE_FILE_PREFIX))
        bare = (struct str){id.p + strlen(STORE_FILE_PREFIX), id.n - strlen(STORE_FILE_PREFIX)};
    if (!id.p || !str_is_type(type) || !str_is_id(bare))
        return err_set(e, ERR_INPUT, 0, 0, args->word[0]);
    r = cli_need_store(app, e);
    if (r)
        return r;
    buf_init(&b, LIMIT_RESOURCE_BYTES * 2);
    r = store_get(app->store, type, id, &b, e);
    if (!r)
        r = get_audited(app, type, id, buf_str(&b), e);
    if (!r && !out->terminal)
        r = cli_put(out, buf_str(&b));
    if (!r && out->terminal) {
        struct buf safe;

        buf_init(&safe, (size_t)LIMIT_RESOURCE_BYTES * 10);
        r = text_safe_buf(&safe, buf_str(&b), true);
        if (!r)
            r = cli_line(out, "%s", safe.p ? safe.p : "");
        buf_fini(&safe);
    }
    buf_fini(&b);
    return r;
}
