/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A form's answers as a QuestionnaireResponse, and back. What is disabled is left out (but in a draft); what has no
 * answer is, too.
 */
#include "config.h"

#include "model/form_priv.h"

#include <string.h>

#include "base/date.h"

#define DRAFT_URL "urn:wardline:draft"

/* --- writing ---------------------------------------------------------------------------------- */

struct writing {
    struct form *f;
    struct jsonw w;
    unsigned flags;
};

static bool goes(const struct writing *o, const struct form_node *n)
{
    const struct form_item *d = &o->f->item[n->item];

    if ((!n->on && !(o->flags & FORM_DRAFT)) || d->kind == FORM_DISPLAY)
        return false;
    if (n->v.set)
        return true;
    for (const struct form_node *k = n->first; k; k = k->next)
        if (goes(o, k))
            return true;
    return false;
}

static void items(struct writing *o, const struct form_node *parent);

static void begin(struct writing *o, struct form_node *n)
{
    const struct form_item *d = &o->f->item[n->item];
    struct str text = tape_str(&o->f->t, tape_get(&o->f->t, d->at, "text"), &o->f->run);

    if (o->w.comma)
        buf_addc(o->w.out, ','); /* the place behind it is what is remembered */
    o->w.comma = false;
    if (o->flags & FORM_WORKING)
        n->off = (uint32_t)o->w.out->n;
    jsonw_open(&o->w, '{');
    jsonw_key(&o->w, "linkId");
    jsonw_str(&o->w, d->link);
    if (text.n && !(o->flags & FORM_WORKING)) {
        jsonw_key(&o->w, "text");
        jsonw_str(&o->w, text);
    }
}

static void more_of(struct writing *o, const struct form_node *n)
{
    if (n->more.n) {
        jsonw_key(&o->w, "extension");
        jsonw_raw(&o->w, n->more);
    }
}

/* "origin seen overridden from" */
static void draft_mark(struct writing *o, const struct form_node *n)
{
    struct buf b;

    if (!(o->flags & FORM_DRAFT)) {
        more_of(o, n);
        return;
    }
    buf_init(&b, 4096);
    buf_addf(&b, "%d %d %d ", (int)n->origin, n->seen, n->overridden);
    buf_addstr(&b, n->from);
    jsonw_key(&o->w, "extension");
    jsonw_open(&o->w, '[');
    if (n->more.n > 2) /* without its brackets */
        jsonw_raw(&o->w, (struct str){n->more.p + 1, n->more.n - 2});
    jsonw_open(&o->w, '{');
    jsonw_key(&o->w, "url");
    jsonw_z(&o->w, DRAFT_URL);
    jsonw_key(&o->w, "valueString");
    jsonw_str(&o->w, buf_str(&b));
    jsonw_close(&o->w, '}');
    jsonw_close(&o->w, ']');
    buf_fini(&b);
}

static void answer(struct writing *o, const struct form_node *n)
{
    struct buf b;

    jsonw_open(&o->w, '{');
    if (n->v.set) {
        draft_mark(o, n);
        buf_init(&b, LIMIT_RESOURCE_BYTES);
        model_form_value_json(&n->v, &b);
        jsonw_key(&o->w, model_form_value_name(n->v.kind));
        jsonw_raw(&o->w, buf_str(&b));
        buf_fini(&b);
    }
    items(o, n);
    jsonw_close(&o->w, '}');
}

/* All answers of a question stand in one item. */
static struct form_node *question(struct writing *o, struct form_node *n)
{
    uint32_t item = n->item, off;

    begin(o, n);
    off = n->off;
    jsonw_key(&o->w, "answer");
    jsonw_open(&o->w, '[');
    for (; n && n->item == item; n = n->next)
        if (goes(o, n)) {
            n->off = off;
            answer(o, n);
        }
    jsonw_close(&o->w, ']');
    jsonw_close(&o->w, '}');
    return n;
}

static void items(struct writing *o, const struct form_node *parent)
{
    bool any = false;

    for (struct form_node *n = parent->first; n;) {
        if (!goes(o, n)) {
            n = n->next;
            continue;
        }
        if (!any) {
            jsonw_key(&o->w, "item");
            jsonw_open(&o->w, '[');
        }
        any = true;
        if (o->f->item[n->item].kind != FORM_GROUP) {
            n = question(o, n);
            continue;
        }
        begin(o, n);
        more_of(o, n);
        items(o, n);
        jsonw_close(&o->w, '}');
        n = n->next;
    }
    if (any)
        jsonw_close(&o->w, ']');
}

void model_form_now(const struct form *f, char out[40])
{
    int64_t ms = f->env.clock ? clock_wall_ms(f->env.clock) : 0;
    int zone = f->env.zone_min ? f->env.zone_min(f->env.arg, ms) : 0;
    int away = zone < 0 ? -zone : zone;
    char instant[DATE_INSTANT_MAX];

    date_instant(ms + (int64_t)zone * 60000, instant);
    memcpy(out, instant, 19);
    out[19] = zone < 0 ? '-' : '+';
    out[20] = (char)('0' + away / 600);
    out[21] = (char)('0' + away / 60 % 10);
    out[22] = ':';
    out[23] = (char)('0' + away % 60 / 10);
    out[24] = (char)('0' + away % 10);
    out[25] = '\0';
}

void model_form_reference(struct jsonw *w, const char *name, struct str s)
{
    if (!s.n)
        return;
    jsonw_key(w, name);
    jsonw_open(w, '{');
    jsonw_key(w, "reference");
    jsonw_str(w, s);
    jsonw_close(w, '}');
}

int model_form_response(struct form *f, const char *status, unsigned flags, struct buf *out, struct err *e)
{
    struct writing o = {.f = f, .flags = flags};
    char now[40];

    if (flags & FORM_WORKING)
        for (struct form_node *n = &f->root; n; n = model_form_walk(&f->root, n))
            n->off = FORM_NONE;
    jsonw_init(&o.w, out);
    jsonw_open(&o.w, '{');
    jsonw_key(&o.w, "resourceType");
    jsonw_z(&o.w, "QuestionnaireResponse");
    if (f->kept.n)
        jsonw_raw(&o.w, f->kept);
    if (f->canonical.n) {
        jsonw_key(&o.w, "questionnaire");
        jsonw_str(&o.w, f->canonical);
    }
    jsonw_key(&o.w, "status");
    jsonw_z(&o.w, status);
    model_form_reference(&o.w, "subject", f->env.subject);
    model_form_reference(&o.w, "encounter", f->env.encounter);
    if (f->env.clock) {
        model_form_now(f, now);
        jsonw_key(&o.w, "authored");
        jsonw_z(&o.w, now);
    }
    model_form_reference(&o.w, "author", f->env.author);
    items(&o, &f->root);
    jsonw_close(&o.w, '}');
    return out->failed ? err_set(e, out->failed, 0, LIMIT_RESOURCE_BYTES, "QuestionnaireResponse") : ERR_OK;
}

/* --- reading ---------------------------------------------------------------------------------- */

struct resuming {
    struct form *f;
    const struct tape *t;
    struct arena *a;
    struct err *e;
};

static int no_place(struct resuming *g, struct str link)
{
    char what[100];

    memcpy(what, link.p, link.n < sizeof what ? link.n : sizeof what - 1);
    what[link.n < sizeof what ? link.n : sizeof what - 1] = '\0';
    return err_set(g->e, ERR_INPUT, 0, 0, what);
}

static bool takes(const struct form_item *d, const struct form_value *v)
{
    enum form_kind want = model_form_value_kind(d->kind);

    return v->kind == want || d->closed || (d->kind == FORM_DECIMAL && v->kind == FORM_INTEGER);
}

/* Is there a place for all that stands in it? */
static int check(struct resuming *g, tape_at list, uint32_t parent)
{
    int r = ERR_OK;

    for (tape_at x = tape_first(g->t, list); x != TAPE_NONE && !r; x = tape_next(g->t, list, x)) {
        struct str link = tape_str(g->t, tape_get(g->t, x, "linkId"), g->a);
        uint32_t item = model_form_item(g->f, link);
        const struct form_item *d = item == FORM_NONE ? NULL : &g->f->item[item];
        tape_at answers = tape_get(g->t, x, "answer");
        struct form_value v;

        if (!d || d->parent != parent || (answers != TAPE_NONE && !model_form_is_answer(d->kind)) ||
            (!d->repeats && tape_count(g->t, answers) > 1))
            return no_place(g, link);
        r = check(g, tape_get(g->t, x, "item"), item);
        for (tape_at k = tape_first(g->t, answers); k != TAPE_NONE && !r; k = tape_next(g->t, answers, k)) {
            if (model_form_value_read(g->t, k, "value", g->a, &v) && !takes(d, &v))
                return no_place(g, link);
            r = check(g, tape_get(g->t, k, "item"), item);
        }
    }
    return r;
}

/* The next free instance of an item under one. */
static struct form_node *place(struct resuming *g, struct form_node *parent, uint32_t item, struct form_node *last)
{
    return last ? model_form_another(g->f, last) : model_form_beside(parent, item, NULL);
}

static void read_mark(struct resuming *g, struct form_node *n, tape_at answer)
{
    tape_at list = tape_get(g->t, answer, "extension");
    struct str s = STR("");
    struct buf b;
    int64_t origin;

    buf_init(&b, LIMIT_RESOURCE_BYTES);
    for (tape_at x = tape_first(g->t, list); x != TAPE_NONE; x = tape_next(g->t, list, x))
        if (tape_str_is(g->t, tape_get(g->t, x, "url"), DRAFT_URL)) {
            s = tape_str(g->t, tape_get(g->t, x, "valueString"), g->a);
        } else {
            buf_addc(&b, b.n ? ',' : '[');
            buf_addstr(&b, tape_raw(g->t, x));
        }
    if (b.n && !buf_addc(&b, ']'))
        n->more = arena_str(&g->f->a, buf_str(&b));
    buf_fini(&b);
    if (!s.n)
        return;
    if (str_int(str_split(&s, ' '), FORM_EMPTY, FORM_RESUMED, &origin))
        n->origin = (enum form_origin)origin;
    n->seen = str_is(str_split(&s, ' '), "1");
    n->overridden = str_is(str_split(&s, ' '), "1");
    n->from = arena_str(&g->f->a, s);
}

static int fill(struct resuming *g, tape_at list, struct form_node *parent);

static int fill_answers(struct resuming *g, tape_at x, struct form_node *parent, uint32_t item)
{
    tape_at answers = tape_get(g->t, x, "answer");
    struct form_node *n = NULL;
    struct form_value v;
    int r = ERR_OK;

    for (tape_at k = tape_first(g->t, answers); k != TAPE_NONE && !r; k = tape_next(g->t, answers, k)) {
        n = place(g, parent, item, n);
        if (!n)
            return err_set(g->e, ERR_TOOBIG, 0, FORM_MAX_INSTANCES, "QuestionnaireResponse.item");
        if (model_form_value_read(g->t, k, "value", g->a, &v)) {
            r = model_form_set(g->f, n, &v, FORM_RESUMED, g->e);
            read_mark(g, n, k);
        }
        r = r ? r : fill(g, tape_get(g->t, k, "item"), n);
    }
    n = n ? n : model_form_beside(parent, item, NULL);
    return r || !n ? r : fill(g, tape_get(g->t, x, "item"), n);
}

static int fill(struct resuming *g, tape_at list, struct form_node *parent)
{
    int r = ERR_OK;

    for (tape_at x = tape_first(g->t, list); x != TAPE_NONE && !r; x = tape_next(g->t, list, x)) {
        uint32_t item = model_form_item(g->f, tape_str(g->t, tape_get(g->t, x, "linkId"), g->a));
        struct form_node *n = NULL, *last = NULL;

        if (g->f->item[item].kind != FORM_GROUP) {
            r = fill_answers(g, x, parent, item);
            continue;
        }
        for (n = model_form_beside(parent, item, NULL); n; n = model_form_beside(parent, item, n))
            last = n->touched ? n : last;
        n = place(g, parent, item, last);
        if (!n)
            return err_set(g->e, ERR_TOOBIG, 0, FORM_MAX_INSTANCES, "QuestionnaireResponse.item");
        n->touched = true;
        n->more = arena_str(&g->f->a, tape_raw(g->t, tape_get(g->t, x, "extension")));
        r = fill(g, tape_get(g->t, x, "item"), n);
    }
    return r;
}

/* Of the response itself: what this form does not write. */
static void keep(struct resuming *g)
{
    static const char *const names[] = {"id", "language", "extension", "identifier", "basedOn", "partOf", "source"};
    struct jsonw w;
    struct buf b;

    buf_init(&b, LIMIT_RESOURCE_BYTES);
    jsonw_init(&w, &b);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        tape_at at = tape_get(g->t, 0, names[i]);

        if (at != TAPE_NONE) {
            jsonw_key(&w, names[i]);
            jsonw_raw(&w, tape_raw(g->t, at));
        }
    }
    g->f->kept = b.failed ? STR("") : arena_str(&g->f->a, buf_str(&b));
    buf_fini(&b);
}

int model_form_resume(struct form *f, struct str bytes, struct err *e)
{
    struct tape t;
    struct arena a;
    struct resuming g = {f, &t, &a, e};
    struct form_tree before;
    struct str subject;
    int r = tape_parse(&t, bytes, e);

    if (r)
        return r;
    arena_init(&a, LIMIT_RESOURCE_BYTES * 2);
    if (!tape_str_is(&t, tape_get(&t, 0, "resourceType"), "QuestionnaireResponse"))
        r = err_set(e, ERR_INPUT, 0, 0, "resourceType");
    else if (!str_eq(tape_str(&t, tape_get(&t, 0, "questionnaire"), &a), f->canonical))
        r = err_set(e, ERR_INPUT, 0, 0, "questionnaire");
    subject = tape_str(&t, tape_get(&t, tape_get(&t, 0, "subject"), "reference"), &a);
    if (!r && subject.n && f->env.subject.n && !str_eq(subject, f->env.subject))
        r = err_set(e, ERR_INPUT, 0, 0, "subject"); /* another patient's answers */
    r = r ? r : check(&g, tape_get(&t, 0, "item"), FORM_NONE);
    if (!r) {
        before = model_form_lift(f);
        r = model_form_plant(f, e);
        r = r ? r : fill(&g, tape_get(&t, 0, "item"), &f->root);
        if (r) {
            model_form_lay_back(f, before);
        } else {
            model_form_fell(f, before);
            keep(&g);
            model_form_mark_all(f);
            r = model_form_settle(f, e);
        }
    }
    arena_fini(&a);
    tape_fini(&t);
    return r;
}
