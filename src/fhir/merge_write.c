/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/limits.h"
#include "fhir/holds.h"
#include "fhir/merge_priv.h"

/* An object or a list under construction: what there was keeps the white space before it. */
struct joint {
    struct buf *out;
    struct str head, between, tail;
    bool any;
};

static struct str gap(const struct tape *t, size_t from, size_t to)
{
    return (struct str){t->bytes.p + from, to - from};
}

static size_t end_of(const struct tape *t, tape_at at)
{
    return t->nodes[at].off + t->nodes[at].len;
}

/* Brackets, blanks and commas as the document has them at a value; a plain pair where it has none. first: the first
 * thing in it, TAPE_NONE for none. */
static void begin(struct joint *j, struct buf *out, const struct tape *t, tape_at at, tape_at first, tape_at last)
{
    bool list = at == TAPE_NONE || tape_is(t, at, TAPE_ARRAY);

    *j = (struct joint){.out = out, .head = list ? STR("[") : STR("{"), .between = STR(","),
                        .tail = list ? STR("]") : STR("}")};
    if (first == TAPE_NONE)
        return;
    j->head = gap(t, t->nodes[at].off, t->nodes[first].off);
    j->tail = gap(t, end_of(t, last), end_of(t, at));
}

static void add(struct joint *j, struct str between, struct str what)
{
    buf_addstr(j->out, !j->any ? j->head : between.n ? between : j->between);
    buf_addstr(j->out, what);
    j->any = true;
}

static void end(struct joint *j)
{
    if (!j->any) /* head may have blanks, tail too: both are white space */
        buf_addstr(j->out, j->head);
    buf_addstr(j->out, j->tail);
}

/* --- lists -------------------------------------------------------------------------------------------- */

/* The field of a list's element of one side; NULL: nobody changed it. */
static const struct merge_field *field_of(const struct merge *m, unsigned group, enum merge_side side, tape_at at)
{
    for (unsigned i = 0; i < m->n; i++)
        if (m->field[i].group == group && m->field[i].at[side] == at)
            return &m->field[i];
    return NULL;
}

/* Calls each with what a split list holds in the end, in the server's order, then what is new from here. */
static void each_kept(const struct merge *m, unsigned group,
                      void (*each)(void *arg, const struct tape *t, tape_at at, tape_at before), void *arg)
{
    const struct merge_group *g = &m->group[group];
    const struct tape *t = m->side[MERGE_THEIRS];
    struct merge_place p = merge_place_of(m, MERGE_THEIRS, g->meta);
    tape_at list = TAPE_NONE, before = TAPE_NONE;

    for (tape_at k = tape_first_member(p.t, p.at); k != TAPE_NONE; k = tape_next_member(p.t, p.at, k))
        if (merge_in_group(g, tape_name(p.t, k)))
            list = k + 1;
    for (tape_at i = tape_first(t, list); i != TAPE_NONE; before = i, i = tape_next(t, list, i)) {
        const struct merge_field *f = field_of(m, group, MERGE_THEIRS, i);

        if (!f || f->choice != MERGE_TAKE_MINE)
            each(arg, t, i, before);
        else if (f->at[MERGE_MINE] != TAPE_NONE)
            each(arg, m->side[MERGE_MINE], f->at[MERGE_MINE], TAPE_NONE);
    }
    for (unsigned i = 0; i < m->n; i++) {
        const struct merge_field *f = &m->field[i];

        if (f->group == group && f->choice == MERGE_TAKE_MINE && f->at[MERGE_THEIRS] == TAPE_NONE &&
            f->at[MERGE_MINE] != TAPE_NONE)
            each(arg, m->side[MERGE_MINE], f->at[MERGE_MINE], TAPE_NONE);
    }
}

static void kept_add(void *arg, const struct tape *t, tape_at at, tape_at before)
{
    add(arg, before == TAPE_NONE ? STR("") : gap(t, end_of(t, before), t->nodes[at].off), tape_raw(t, at));
}

static void kept_count(void *arg, const struct tape *t, tape_at at, tape_at before)
{
    (void)t, (void)at, (void)before;
    ++*(unsigned *)arg;
}

static tape_at last_element(const struct tape *t, tape_at list)
{
    tape_at last = TAPE_NONE;

    for (tape_at i = tape_first(t, list); i != TAPE_NONE; i = tape_next(t, list, i))
        last = i;
    return last;
}

/* Name and list as one member; list: the server's, or TAPE_NONE. */
static void write_list(const struct merge *m, unsigned group, tape_at key, struct buf *out)
{
    const struct merge_group *g = &m->group[group];
    const struct tape *t = m->side[MERGE_THEIRS];
    tape_at list = key == TAPE_NONE ? TAPE_NONE : key + 1;
    struct joint j;

    if (key == TAPE_NONE)
        buf_addf(out, "\"%.*s\":", STR_ARG(g->stem));
    else
        buf_addstr(out, gap(t, t->nodes[key].off, t->nodes[list].off));
    begin(&j, out, t, list, list == TAPE_NONE ? TAPE_NONE : tape_first(t, list),
          list == TAPE_NONE ? TAPE_NONE : last_element(t, list));
    each_kept(m, group, kept_add, &j);
    end(&j);
}

/* --- objects ------------------------------------------------------------------------------------------- */

struct writing {
    const struct merge *m;
    struct joint j;
    bool meta;
    struct arena *a;
};

static const struct merge_field *whole_field(const struct merge *m, unsigned group)
{
    for (unsigned i = 0; i < m->n; i++)
        if (m->field[i].group == group)
            return &m->field[i];
    return NULL;
}

static void member(struct writing *w, const struct tape *t, tape_at key, struct str between)
{
    add(&w->j, between, gap(t, t->nodes[key].off, end_of(t, key + 1)));
}

static void add_list(struct writing *w, unsigned group, tape_at key, struct str between)
{
    unsigned n = 0;
    struct buf b;

    each_kept(w->m, group, kept_count, &n);
    if (!n) /* an empty list is no FHIR (R4 json.html 2.6.2.1) */
        return;
    buf_init(&b, LIMIT_RESOURCE_BYTES);
    write_list(w->m, group, key, &b);
    add(&w->j, between, buf_str(&b));
    if (b.failed)
        w->j.out->failed = b.failed;
    buf_fini(&b);
}

/* All of a group's members as this side has them. */
static void from_mine(struct writing *w, const struct merge_group *g, struct str between)
{
    struct merge_place p = merge_place_of(w->m, MERGE_MINE, g->meta);

    for (tape_at k = p.t ? tape_first_member(p.t, p.at) : TAPE_NONE; k != TAPE_NONE; k = tape_next_member(p.t, p.at, k))
        if (merge_in_group(g, tape_name(p.t, k))) {
            member(w, p.t, k, between);
            between = STR("");
        }
}

static unsigned group_of(const struct merge *m, struct str name, bool meta)
{
    unsigned i = 0;

    while (i < m->groups && (m->group[i].meta != meta || !merge_in_group(&m->group[i], name)))
        i++;
    return i;
}

static int write_object(const struct merge *m, bool meta, struct buf *out);

/* meta within the resource. */
static void add_meta(struct writing *w, tape_at key, struct str between)
{
    const struct tape *t = w->m->side[MERGE_THEIRS];
    struct buf b;

    buf_init(&b, LIMIT_RESOURCE_BYTES);
    buf_addstr(&b, key == TAPE_NONE ? STR("\"meta\":") : gap(t, t->nodes[key].off, t->nodes[key + 1].off));
    if (write_object(w->m, true, &b))
        add(&w->j, between, buf_str(&b));
    if (b.failed)
        w->j.out->failed = b.failed;
    buf_fini(&b);
}

/* What stands where the server has a member of its own. */
static void place(struct writing *w, tape_at key, struct str between)
{
    const struct tape *t = w->m->side[MERGE_THEIRS];
    struct str name = tape_name(t, key);
    unsigned at = group_of(w->m, name, w->meta);
    struct merge_group *g = at < w->m->groups ? &w->m->group[at] : NULL;
    const struct merge_field *f = g && !g->split ? whole_field(w->m, at) : NULL;

    if (!w->meta && str_is(name, "meta")) {
        add_meta(w, key, between);
    } else if (g && g->split) {
        add_list(w, at, key, between);
        g->written = true;
    } else if (f && f->choice == MERGE_TAKE_MINE) {
        if (!g->written)
            from_mine(w, g, between);
        g->written = true;
    } else {
        member(w, t, key, between);
        if (g)
            g->written = true;
    }
}

/* 1 when there is anything in it. */
static int write_object(const struct merge *m, bool meta, struct buf *out)
{
    struct merge_place p = merge_place_of(m, MERGE_THEIRS, meta);
    struct writing w = {.m = m, .meta = meta};
    tape_at first = tape_first_member(p.t, p.at), last = TAPE_NONE, before = TAPE_NONE;

    for (tape_at k = first; k != TAPE_NONE; k = tape_next_member(p.t, p.at, k))
        last = k + 1;
    if (p.at == TAPE_NONE)
        w.j = (struct joint){.out = out, .head = STR("{"), .between = STR(","), .tail = STR("}")};
    else
        begin(&w.j, out, p.t, p.at, first, last);
    for (tape_at k = first; k != TAPE_NONE; before = k + 1, k = tape_next_member(p.t, p.at, k)) {
        struct str between = before == TAPE_NONE ? STR("") : gap(p.t, end_of(p.t, before), p.t->nodes[k].off);

        if (before != TAPE_NONE && w.j.between.n == 1)
            w.j.between = between; /* what is added looks like the rest */
        place(&w, k, between);
    }
    if (!meta && tape_get(p.t, p.at, "meta") == TAPE_NONE)
        add_meta(&w, TAPE_NONE, STR(""));
    for (unsigned i = 0; i < m->groups; i++) {
        const struct merge_field *f = whole_field(m, i);

        if (m->group[i].meta != meta || m->group[i].written)
            continue;
        if (m->group[i].split)
            add_list(&w, i, TAPE_NONE, STR(""));
        else if (f && f->choice == MERGE_TAKE_MINE)
            from_mine(&w, &m->group[i], STR(""));
        m->group[i].written = true;
    }
    end(&w.j);
    return w.j.any;
}

/* --- reading back ------------------------------------------------------------------------------------------ */

struct checking {
    const struct merge *m;
    const struct tape *got;
    tape_at list, at;
    bool same;
};

static void kept_check(void *arg, const struct tape *t, tape_at at, tape_at before)
{
    struct checking *c = arg;

    (void)before;
    c->at = c->at == TAPE_NONE ? tape_first(c->got, c->list) : tape_next(c->got, c->list, c->at);
    c->same = c->same && c->at != TAPE_NONE && fhir_same(c->got, c->at, t, at, c->m->a);
}

/* Does the result say of a group what was chosen? */
static bool right(const struct merge *m, unsigned group, const struct tape *got)
{
    const struct merge_group *g = &m->group[group];
    const struct merge_field *f = g->split ? NULL : whole_field(m, group);
    struct merge_place to = {got, g->meta ? tape_get(got, 0, "meta") : 0};
    struct checking c = {.m = m, .got = got, .list = TAPE_NONE, .at = TAPE_NONE, .same = true};
    enum merge_side side = f && f->choice == MERGE_TAKE_MINE ? MERGE_MINE : MERGE_THEIRS;

    if (!g->split)
        return merge_same(g, to, merge_place_of(m, side, g->meta), m->a);
    for (tape_at k = tape_first_member(got, to.at); k != TAPE_NONE; k = tape_next_member(got, to.at, k))
        if (merge_in_group(g, tape_name(got, k)))
            c.list = k + 1;
    each_kept(m, group, kept_check, &c);
    return c.same && (c.list == TAPE_NONE || tape_next(got, c.list, c.at) == TAPE_NONE);
}

/* And nothing beside: each member is of a group, or the server's as it was. */
static bool nothing_more(const struct merge *m, const struct tape *got, bool meta)
{
    struct merge_place from = merge_place_of(m, MERGE_THEIRS, meta);
    tape_at at = meta ? tape_get(got, 0, "meta") : 0;

    for (tape_at k = tape_first_member(got, at); k != TAPE_NONE; k = tape_next_member(got, at, k)) {
        struct str name = tape_name(got, k);
        tape_at other = TAPE_NONE;

        if (group_of(m, name, meta) < m->groups || (!meta && str_is(name, "meta")))
            continue;
        for (tape_at i = tape_first_member(from.t, from.at); i != TAPE_NONE; i = tape_next_member(from.t, from.at, i))
            if (str_eq(tape_name(from.t, i), name))
                other = i + 1;
        if (other == TAPE_NONE || !str_eq(tape_raw(from.t, other), tape_raw(got, k + 1)))
            return false;
    }
    return true;
}

static int check(const struct merge *m, struct str bytes, struct err *e)
{
    struct tape got;
    int code = tape_parse(&got, bytes, e);
    bool good = !code && nothing_more(m, &got, false) && nothing_more(m, &got, true);

    if (code)
        return code;
    for (unsigned i = 0; i < m->groups && good; i++)
        good = right(m, i, &got);
    tape_fini(&got);
    if (m->a->failed)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    return good ? ERR_OK : err_set(e, ERR_BUG, 0, 0, "fhir_merge_write");
}

int fhir_merge_write(const struct merge *m, struct buf *out, struct err *e)
{
    enum merge_side side;
    struct buf b;
    int code;

    for (unsigned i = 0; i < m->n; i++)
        if (m->field[i].choice == MERGE_OPEN)
            return err_set(e, ERR_INPUT, 0, i, "field");
    buf_init(&b, LIMIT_RESOURCE_BYTES);
    if (m->whole) {
        side = m->field[0].choice == MERGE_TAKE_MINE ? MERGE_MINE : MERGE_THEIRS;
        if (!m->side[side])
            return err_set(e, ERR_NOTFOUND, 0, 0, "resource");
        code = buf_addstr(&b, m->side[side]->bytes);
    } else {
        for (unsigned i = 0; i < m->groups; i++)
            m->group[i].written = false;
        buf_addstr(&b, gap(m->side[MERGE_THEIRS], 0, m->side[MERGE_THEIRS]->nodes[0].off));
        write_object(m, false, &b);
        code = b.failed;
    }
    if (code)
        err_set(e, code, 0, LIMIT_RESOURCE_BYTES, "resource");
    else if (!m->whole)
        code = check(m, buf_str(&b), e);
    if (!code && (code = buf_addstr(out, buf_str(&b))))
        err_set(e, code, 0, (int64_t)out->max, "resource");
    buf_fini(&b);
    return code;
}
