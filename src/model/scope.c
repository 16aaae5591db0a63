/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Scopes: what each means to the store, what it is called, and the one that a profile begins with.
 */
#include "config.h"

#include "model/scope.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fhir/index.h"
#include "model/priv.h"

#define SETTING "worklist.view"
#define DAYS_AHEAD 7

/* The words of the setting; they stay, whatever the language. */
static const char *const scope_names[] = {"all", "mine", "ward", "group", "clinic", "recent", "overdue"};
static const struct {
    const char *name, *words;
} orders[MODEL_ORDERS] = {
    {"name", N_("name")},
    {"birth", N_("birth date")},
    {"time", N_("time of appointment")},
    {"overdue", N_("days overdue")},
    {"opened", N_("last opened")},
};

const char *model_order_words(enum store_order order)
{
    return _(orders[order].words);
}

bool model_scope_same(const struct model_scope *a, const struct model_scope *b)
{
    return a->scope == b->scope && a->day == b->day && !strcmp(a->type, b->type) && !strcmp(a->id, b->id);
}

static bool mine(const struct model *m, struct str *type, struct str *id)
{
    return fhir_reference(str_of(m->practitioner), m->base, type, id) && type->n;
}

const char *model_scope_refused(struct model *m, const struct model_scope *scope)
{
    struct str type, id;

    if (scope->scope == STORE_IN_CARE && !mine(m, &type, &id))
        return _("this profile names no practitioner (init --practitioner)");
    return NULL;
}

void model_scope_view(struct model *m, const struct model_scope *scope, struct str filter, struct store_view *out)
{
    int64_t now = clock_wall_ms(&m->clock);
    struct date today = date_today(now);

    *out = (struct store_view){.filter = filter, .scope = scope->scope, .type = str_of(scope->type),
                               .id = str_of(scope->id), .order = scope->order, .now_ms = now};
    if (scope->scope == STORE_IN_CARE && !mine(m, &out->type, &out->id))
        out->type = out->id = STR("");
    out->today_ms = date_days(today.year, today.month, today.day) * DATE_DAY_MS;
    out->from_ms = date_midnight(now, 0);
    out->to_ms = date_midnight(now, 1);
    out->day_ms = date_midnight(now, scope->day);
    out->day_end_ms = date_midnight(now, scope->day + 1);
}

/* --- names ------------------------------------------------------------------------------------- */

/* What a place, a group or a list is called by its own resource; its reference when that is not here. */
static struct text key_name(struct model *m, const char *type, const char *id, struct arena *a)
{
    const struct fhir_kind *k = kind_find(str_of(type));
    struct text name = {"", 0, 0};
    struct buf raw;
    struct tape t;

    buf_init(&raw, LIMIT_RESOURCE_BYTES);
    if (!store_get(m->store, str_of(type), str_of(id), &raw, NULL) && !tape_parse(&t, buf_str(&raw), NULL)) {
        if (k && k->title_path)
            name = text_safe(a, str_trim(tape_str(&t, tape_path(&t, 0, k->title_path), a)), LIMIT_TEXT_CELL);
        tape_fini(&t);
    }
    buf_fini(&raw);
    return name.n ? name : text_safe(a, str_of(arena_fmt(a, "%s/%s", type, id)), 0);
}

static struct text day_words(struct model *m, int day, struct arena *a)
{
    int64_t noon = date_midnight(clock_wall_ms(&m->clock), day) + DATE_DAY_MS / 2;
    struct date d = date_today(noon);
    char words[DATE_TEXT_MAX];

    date_text(&d, words);
    return text_safe(a, str_of(day ? arena_fmt(a, _("clinic %s"), words) : _("clinic today")), 0);
}

struct text model_scope_words(struct model *m, const struct model_scope *scope, struct arena *a)
{
    struct text name;

    switch (scope->scope) {
    case STORE_IN_CARE:
        return text_own(_("mine"));
    case STORE_AT_PLACE:
        name = key_name(m, scope->type, scope->id, a);
        return text_safe(a, str_of(arena_fmt(a, _("ward: %s"), name.s)), 0);
    case STORE_MEMBERS:
        name = key_name(m, scope->type, scope->id, a);
        return text_safe(a, str_of(arena_fmt(a, _("group: %s"), name.s)), 0);
    case STORE_BOOKED:
        return day_words(m, scope->day, a);
    case STORE_OPENED:
        return text_own(_("recently opened here"));
    case STORE_OVERDUE:
        return text_own(_("overdue"));
    default:
        return text_own(_("all"));
    }
}

const char *model_kept_words(const struct model *m, struct arena *a)
{
    return !m->scope[0] || !strcmp(m->scope, "all") ? _("all") : text_safe(a, str_of(m->scope), 0).s;
}

/* --- what can be chosen ------------------------------------------------------------------------ */

struct filling {
    struct model *m;
    struct model_scopes *out;
    struct vec rows;
    enum store_scope scope;
};

static struct model_scope_row *add(struct filling *f, enum store_scope scope, int64_t n)
{
    struct model_scope_row *r = vec_push(&f->rows);

    if (r) {
        r->scope = (struct model_scope){.scope = scope};
        r->n = n;
    }
    return r;
}

static int add_key(void *arg, struct str type, struct str id, int64_t n)
{
    struct filling *f = arg;
    struct model_scope_row *r = add(f, f->scope, n);

    if (!r)
        return ERR_NOMEM;
    snprintf(r->scope.type, sizeof r->scope.type, "%.*s", STR_ARG(type));
    snprintf(r->scope.id, sizeof r->scope.id, "%.*s", STR_ARG(id));
    return ERR_OK;
}

static int count(struct model *m, struct model_scope_row *r, struct err *e)
{
    struct store_view v;

    model_scope_view(m, &r->scope, STR(""), &v);
    return store_view_count(m->store, &v, &r->n, e);
}

/* Those that every clinic has, and the days ahead on which somebody is booked. */
static int add_fixed(struct filling *f, struct err *e)
{
    static const enum store_scope first[] = {STORE_EVERYBODY, STORE_IN_CARE, STORE_OPENED, STORE_OVERDUE, STORE_BOOKED};
    int code = ERR_OK;

    for (size_t i = 0; !code && i < sizeof first / sizeof *first; i++) {
        struct model_scope_row *r = add(f, first[i], 0);

        code = r ? count(f->m, r, e) : err_set(e, ERR_NOMEM, 0, 0, "scopes");
    }
    for (int day = 1; !code && day <= DAYS_AHEAD; day++) {
        struct model_scope_row *r = add(f, STORE_BOOKED, 0);

        if (!r)
            return err_set(e, ERR_NOMEM, 0, 0, "scopes");
        r->scope.day = day;
        code = count(f->m, r, e);
        if (!r->n)
            f->rows.n--;
    }
    return code;
}

static int by_words(const void *a, const void *b)
{
    const struct model_scope_row *x = a, *y = b;
    int d = strcmp(x->name.s, y->name.s);

    return d ? d : strcmp(x->scope.id, y->scope.id);
}

int model_scopes(struct model *m, struct model_scopes *out, struct err *e)
{
    static const enum store_scope keyed[] = {STORE_AT_PLACE, STORE_MEMBERS};
    struct filling f = {.m = m, .out = out};
    int64_t now = clock_wall_ms(&m->clock);
    size_t from;
    int code;

    memset(out, 0, sizeof *out);
    arena_init(&out->arena, 64u << 20);
    vec_init(&f.rows, sizeof(struct model_scope_row), 100000);
    code = add_fixed(&f, e);
    from = f.rows.n;
    for (size_t i = 0; !code && i < sizeof keyed / sizeof *keyed; i++) {
        f.scope = keyed[i];
        code = store_view_keys(m->store, keyed[i], now, add_key, &f, e);
    }
    VEC_EACH(struct model_scope_row, r, &f.rows)
    {
        r->name = model_scope_words(m, &r->scope, &out->arena);
        r->refused = model_scope_refused(m, &r->scope);
    }
    if (!code && f.rows.n > from)
        qsort(vec_at(&f.rows, from), f.rows.n - from, f.rows.size, by_words);
    if (!code && !(out->rows = arena_alloc(&out->arena, (f.rows.n + 1) * sizeof *out->rows)))
        code = err_set(e, ERR_NOMEM, 0, 0, "scopes");
    if (!code && out->arena.failed)
        code = err_set(e, ERR_NOMEM, 0, 0, "scopes");
    if (!code && f.rows.n) {
        memcpy(out->rows, f.rows.p, f.rows.n * sizeof *out->rows);
        out->n = (unsigned)f.rows.n;
    }
    vec_fini(&f.rows);
    if (code)
        model_scopes_fini(out);
    return code;
}

void model_scopes_fini(struct model_scopes *s)
{
    arena_fini(&s->arena);
    memset(s, 0, sizeof *s);
}

/* --- the one to begin with ---------------------------------------------------------------------- */

/* "ward name 0 Location/w1" */
static bool read_words(struct str s, struct model_scope *out)
{
    struct str scope = str_split(&s, ' '), order = str_split(&s, ' '), day = str_split(&s, ' '), type;
    int64_t n = 0;
    bool known = false;

    *out = (struct model_scope){.scope = STORE_EVERYBODY};
    for (size_t i = 0; i < sizeof scope_names / sizeof *scope_names; i++)
        if (str_is(scope, scope_names[i])) {
            out->scope = (enum store_scope)i;
            known = true;
        }
    for (size_t i = 0; i < MODEL_ORDERS; i++)
        if (str_is(order, orders[i].name))
            out->order = (enum store_order)i;
    if (!known || !str_int(day, 0, DAYS_AHEAD, &n))
        return false;
    out->day = (int)n;
    if (out->scope != STORE_AT_PLACE && out->scope != STORE_MEMBERS)
        return true;
    type = str_split(&s, '/');
    if (!str_is_type(type) || type.n >= sizeof out->type || !s.n || s.n >= sizeof out->id)
        return false;
    snprintf(out->type, sizeof out->type, "%.*s", STR_ARG(type));
    snprintf(out->id, sizeof out->id, "%.*s", STR_ARG(s));
    return true;
}

int model_scope_default(struct model *m, struct model_scope *out, struct err *e)
{
    struct buf b;
    int code;

    *out = (struct model_scope){.scope = STORE_EVERYBODY};
    buf_init(&b, 512);
    code = store_setting(m->store, SETTING, &b, e);
    /* One that is not to be had any more would be an empty list at every start. */
    if (!code && (!read_words(buf_str(&b), out) || model_scope_refused(m, out)))
        *out = (struct model_scope){.scope = STORE_EVERYBODY};
    buf_fini(&b);
    return code == ERR_NOTFOUND ? ERR_OK : code;
}

int model_scope_keep(struct store *s, const struct model_scope *scope, struct err *e)
{
    struct store_tx *tx;
    char words[256];
    int code;

    snprintf(words, sizeof words, "%s %s %d %s/%s", scope_names[scope->scope], orders[scope->order].name, scope->day,
             scope->type, scope->id);
    if ((code = store_begin(s, true, &tx, e)))
        return code;
    if ((code = store_set(tx, SETTING, str_of(words), e)))
        store_rollback(tx);
    else
        code = store_commit(tx, e);
    return code;
}
