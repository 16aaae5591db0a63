/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fhir/merge.h"

#include <string.h>

#include "base/vec.h"
#include "fhir/holds.h"
#include "fhir/merge_priv.h"

#define MEMBERS_MAX 512 /* of an object that is taken apart, */
#define ELEMENTS_MAX 64 /* and of a list: all are compared with all */
#define KEYS 4

/* What may be merged without asking, where the two sides changed different elements. "*": of any type but those below.
 * append: only what was added. Everything else is asked. */
static const struct {
    const char *type, *path;
    bool append;
} listed[] = {
    {"Patient", "telecom", false},
    {"Patient", "address", false},
    {"Patient", "contact", false},
    {"Patient", "communication", false},
    {"Patient", "photo", false},
    {"Patient", "maritalStatus", false},
    {"Patient", "generalPractitioner", false},
    {"Encounter", "participant", false},
    {"Task", "note", false},
    {"Appointment", "comment", false},
    {"*", "note", true},
    {"*", "meta.tag", false},
};

static const char *const never[] = {
    "AllergyIntolerance", "MedicationRequest", "MedicationStatement", "MedicationAdministration",
    "MedicationDispense", "Medication", "Immunization", "Condition", "Flag", "Consent",
};

/* Lists whose elements are told apart, and by what. */
static const struct {
    const char *path, *key[KEYS];
} keyed[] = {
    {"identifier", {"value", "system"}},
    {"telecom", {"value", "system"}},
    {"address", {"text", "use"}},
    {"name", {"use"}},
    {"note", {"text", "time", "authorString", "authorReference"}},
    {"extension", {"url"}},
    {"generalPractitioner", {"reference"}},
    {"meta.tag", {"code", "system"}},
};

/* R4 datatypes that a choice of types may end in. */
static const char *const suffixes[] = {
    "Boolean", "DateTime", "Date", "Age", "Period", "Range", "String", "Quantity", "CodeableConcept", "Reference",
    "Integer", "Ratio", "SampledData", "Time", "Instant", "Timing", "Duration", "Decimal", "Uri", "Money",
    "Attachment", "Url", "Canonical",
};

/* Members of meta that are the server's. */
static const char *const servers[] = {"versionId", "lastUpdated", "source"};

bool fhir_merge_never(struct str type)
{
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (str_is(type, never[i]))
            return true;
    return false;
}

/* --- members -------------------------------------------------------------------------------------- */

struct merge_place merge_place_of(const struct merge *m, enum merge_side side, bool meta)
{
    const struct tape *t = m->side[side];

    return (struct merge_place){t, !t ? TAPE_NONE : meta ? tape_get(t, 0, "meta") : 0};
}

bool merge_is_server(struct str name)
{
    for (size_t i = 0; i < sizeof servers / sizeof *servers; i++)
        if (str_is(name, servers[i]))
            return true;
    return false;
}

/* A name without what says how its value is written. */
static struct str stem_of(struct str name, bool *choice)
{
    *choice = false;
    if (str_starts(name, "_"))
        name = (struct str){name.p + 1, name.n - 1};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        if (name.n > strlen(suffixes[i]) && str_ends(name, suffixes[i])) {
            *choice = true;
            return (struct str){name.p, name.n - strlen(suffixes[i])};
        }
    return name;
}

bool merge_in_group(const struct merge_group *g, struct str name)
{
    bool choice;
    struct str stem = stem_of(name, &choice);

    return choice == g->choice && str_eq(stem, g->stem);
}

/* The key node of a group's next member behind from (TAPE_NONE: the first). */
static tape_at member(const struct merge_group *g, struct merge_place p, tape_at from)
{
    if (!p.t || !tape_is(p.t, p.at, TAPE_OBJECT))
        return TAPE_NONE;
    for (tape_at k = from == TAPE_NONE ? tape_first_member(p.t, p.at) : tape_next_member(p.t, p.at, from);
         k != TAPE_NONE; k = tape_next_member(p.t, p.at, k))
        if (merge_in_group(g, tape_name(p.t, k)))
            return k;
    return TAPE_NONE;
}

/* The value that is shown for the group: its member's without an underscore, or what there is. */
static tape_at shown(const struct merge_group *g, struct merge_place p, struct str *name)
{
    tape_at found = TAPE_NONE;

    for (tape_at k = member(g, p, TAPE_NONE); k != TAPE_NONE; k = member(g, p, k))
        if (found == TAPE_NONE || str_starts(*name, "_")) {
            found = k + 1;
            *name = tape_name(p.t, k);
        }
    return found;
}

static bool same_in(const struct merge_group *g, struct merge_place x, struct merge_place y, struct arena *a)
{
    for (tape_at k = member(g, x, TAPE_NONE); k != TAPE_NONE; k = member(g, x, k)) {
        tape_at other = TAPE_NONE;

        for (tape_at i = member(g, y, TAPE_NONE); i != TAPE_NONE; i = member(g, y, i))
            if (str_eq(tape_name(x.t, k), tape_name(y.t, i)))
                other = i + 1;
        if (other == TAPE_NONE || !fhir_same(x.t, k + 1, y.t, other, a))
            return false;
    }
    return true;
}

bool merge_same(const struct merge_group *g, struct merge_place x, struct merge_place y, struct arena *a)
{
    return same_in(g, x, y, a) && same_in(g, y, x, a);
}

/* Is there something in the value that may turn its meaning around? */
static bool modified(const struct tape *t, tape_at at)
{
    for (tape_at i = at; at != TAPE_NONE && i < t->nodes[at].next; i++)
        if (t->nodes[i].kind == TAPE_KEY && str_is(tape_name(t, i), "modifierExtension"))
            return true;
    return false;
}

/* --- lists ------------------------------------------------------------------------------------------- */

static const char *const *keys_of(struct str path)
{
    for (size_t i = 0; i < sizeof keyed / sizeof *keyed; i++)
        if (str_is(path, keyed[i].path))
            return keyed[i].key;
    return NULL;
}

static struct str key_text(const struct tape *t, tape_at el, const char *const *keys)
{
    for (int i = 0; i < KEYS && keys[i]; i++)
        if (tape_get(t, el, keys[i]) != TAPE_NONE)
            return tape_raw(t, tape_get(t, el, keys[i]));
    return STR("");
}

static bool same_key(const struct tape *x, tape_at a, const struct tape *y, tape_at b, const char *const *keys,
                     struct arena *mem)
{
    for (int i = 0; i < KEYS && keys[i]; i++) {
        tape_at u = tape_get(x, a, keys[i]), v = tape_get(y, b, keys[i]);

        if ((u == TAPE_NONE) != (v == TAPE_NONE) || (u != TAPE_NONE && !fhir_same(x, u, y, v, mem)))
            return false;
    }
    return true;
}

/* The element of list in y with the key of element el of x; *place: which one it is. */
static tape_at counterpart(const struct tape *x, tape_at el, const struct tape *y, tape_at list,
                           const char *const *keys, struct arena *a, int *place)
{
    int n = 0;

    for (tape_at i = y ? tape_first(y, list) : TAPE_NONE; i != TAPE_NONE; i = tape_next(y, list, i), n++)
        if (same_key(x, el, y, i, keys, a)) {
            *place = n;
            return i;
        }
    return TAPE_NONE;
}

/* A list of objects, each with a key of its own. */
static bool apart(const struct tape *t, tape_at list, const char *const *keys, struct arena *a)
{
    if (list == TAPE_NONE)
        return true;
    if (!tape_is(t, list, TAPE_ARRAY) || tape_count(t, list) > ELEMENTS_MAX || modified(t, list))
        return false;
    for (tape_at i = tape_first(t, list); i != TAPE_NONE; i = tape_next(t, list, i)) {
        if (!tape_is(t, i, TAPE_OBJECT) || !key_text(t, i, keys).n)
            return false;
        for (tape_at k = tape_first(t, list); k != i; k = tape_next(t, list, k))
            if (same_key(t, i, t, k, keys, a))
                return false;
    }
    return true;
}

/* Do those that both lists have come in the same order? */
static bool ordered(const struct tape *x, tape_at xs, const struct tape *y, tape_at ys, const char *const *keys,
                    struct arena *a)
{
    int last = -1, at = 0;

    for (tape_at i = x ? tape_first(x, xs) : TAPE_NONE; i != TAPE_NONE; i = tape_next(x, xs, i)) {
        if (counterpart(x, i, y, ys, keys, a, &at) == TAPE_NONE)
            continue;
        if (at < last)
            return false;
        last = at;
    }
    return true;
}

/* Both took the same one away and put something in: two corrections of one number, which would both stand. */
static bool rewritten(const struct merge *m, const tape_at list[MERGE_SIDES], const char *const *keys)
{
    const struct tape *const *t = m->side;
    bool removed = false, added[MERGE_SIDES] = {false, false, false};
    int at;

    for (tape_at i = t[0] ? tape_first(t[0], list[0]) : TAPE_NONE; i != TAPE_NONE; i = tape_next(t[0], list[0], i))
        removed = removed || (counterpart(t[0], i, t[1], list[1], keys, m->a, &at) == TAPE_NONE &&
                              counterpart(t[0], i, t[2], list[2], keys, m->a, &at) == TAPE_NONE);
    for (int s = MERGE_MINE; s < MERGE_SIDES; s++)
        for (tape_at i = tape_first(t[s], list[s]); i != TAPE_NONE; i = tape_next(t[s], list[s], i))
            added[s] = added[s] || counterpart(t[s], i, t[0], list[0], keys, m->a, &at) == TAPE_NONE;
    return removed && added[MERGE_MINE] && added[MERGE_THEIRS];
}

static bool splits(const struct merge *m, const struct merge_group *g, const tape_at list[MERGE_SIDES])
{
    const char *const *keys = keys_of(g->path);
    const struct tape *const *t = m->side;

    if (!keys || g->choice || !t[MERGE_BASE])
        return false;
    for (int s = 0; s < MERGE_SIDES; s++) {
        struct merge_place p = merge_place_of(m, (enum merge_side)s, g->meta);
        tape_at k = member(g, p, TAPE_NONE);

        if ((k != TAPE_NONE && member(g, p, k) != TAPE_NONE) || !apart(t[s], list[s], keys, m->a))
            return false;
    }
    for (int s = MERGE_MINE; s < MERGE_SIDES; s++)
        if (!ordered(t[MERGE_BASE], list[MERGE_BASE], t[s], list[s], keys, m->a))
            return false;
    return !rewritten(m, list, keys);
}

/* --- fields ------------------------------------------------------------------------------------------- */

struct merging {
    struct merge *m;
    struct vec field; /* of struct merge_field */
    struct vec group;
    struct str type;
    bool guarded;     /* something about the resource may turn its meaning around: nothing is listed */
    int failed;
};

static bool is_listed(const struct merging *x, const struct merge_field *f)
{
    if (x->guarded || !x->m->side[MERGE_BASE] || fhir_merge_never(x->type))
        return false;
    for (int s = 0; s < MERGE_SIDES; s++)
        if (f->at[s] != TAPE_NONE && modified(x->m->side[s], f->at[s]))
            return false;
    for (size_t i = 0; i < sizeof listed / sizeof *listed; i++)
        if (str_is(f->path, listed[i].path) && (str_is(x->type, listed[i].type) || listed[i].type[0] == '*') &&
            (!listed[i].append || (f->key.n && !f->value[MERGE_BASE].n)))
            return true;
    return false;
}

/* Adds the field if a side changed it. eq: is mine as base, theirs as base, mine as theirs? */
static void add_field(struct merging *x, struct merge_field *f, bool mine_eq, bool theirs_eq, bool both_eq)
{
    struct merge_field *to;

    f->mine = !mine_eq;
    f->theirs = !theirs_eq;
    f->same = f->mine && f->theirs && both_eq;
    f->clash = f->mine && f->theirs && !f->same;
    if (!x->m->side[MERGE_BASE]) { /* what differs may be either's doing */
        f->mine = f->theirs = f->clash = !both_eq;
        f->same = false;
    }
    if (!f->mine && !f->theirs)
        return;
    for (int s = 0; s < MERGE_SIDES; s++)
        if (f->at[s] != TAPE_NONE)
            f->value[s] = tape_raw(x->m->side[s], f->at[s]);
    f->listed = is_listed(x, f);
    if (!(to = vec_push(&x->field)))
        x->failed = ERR_NOMEM;
    else
        *to = *f;
}

static bool same_at(const struct merge *m, const struct merge_field *f, enum merge_side x, enum merge_side y)
{
    if (f->at[x] == TAPE_NONE || f->at[y] == TAPE_NONE)
        return f->at[x] == f->at[y];
    return fhir_same(m->side[x], f->at[x], m->side[y], f->at[y], m->a);
}

static void split(struct merging *x, unsigned group, struct merge_group *g, const tape_at list[MERGE_SIDES])
{
    static const enum merge_side order[] = {MERGE_THEIRS, MERGE_MINE, MERGE_BASE};
    const char *const *keys = keys_of(g->path);
    const struct tape *const *t = x->m->side;
    int at;

    g->split = true;
    for (int o = 0; o < MERGE_SIDES; o++) {
        enum merge_side s = order[o];

        for (tape_at i = tape_first(t[s], list[s]); i != TAPE_NONE; i = tape_next(t[s], list[s], i)) {
            struct merge_field f = {.path = g->path, .key = key_text(t[s], i, keys), .group = group};
            bool seen = false;

            for (int k = 0; k < o; k++)
                seen = seen || counterpart(t[s], i, t[order[k]], list[order[k]], keys, x->m->a, &at) != TAPE_NONE;
            if (seen)
                continue;
            for (int k = 0; k < MERGE_SIDES; k++)
                f.at[k] = counterpart(t[s], i, t[k], list[k], keys, x->m->a, &at);
            /* an edit without what meta had takes nothing away: its server would not either */
            add_field(x, &f, (g->meta && f.at[MERGE_MINE] == TAPE_NONE) || same_at(x->m, &f, MERGE_MINE, MERGE_BASE),
                      same_at(x->m, &f, MERGE_THEIRS, MERGE_BASE), same_at(x->m, &f, MERGE_MINE, MERGE_THEIRS));
        }
    }
}

static void compare(struct merging *x, unsigned group)
{
    struct merge_group *g = (struct merge_group *)x->group.p + group;
    struct merge_field f = {.path = g->path, .group = group};
    struct merge_place p[MERGE_SIDES];
    bool absent;

    for (int s = 0; s < MERGE_SIDES; s++) {
        struct str name = STR("");

        p[s] = merge_place_of(x->m, (enum merge_side)s, g->meta);
        f.at[s] = shown(g, p[s], &name);
    }
    if (splits(x->m, g, f.at)) {
        split(x, group, g, f.at);
        return;
    }
    absent = g->meta && f.at[MERGE_MINE] == TAPE_NONE; /* as above */
    add_field(x, &f, absent || merge_same(g, p[MERGE_MINE], p[MERGE_BASE], x->m->a),
              merge_same(g, p[MERGE_THEIRS], p[MERGE_BASE], x->m->a),
              absent || merge_same(g, p[MERGE_MINE], p[MERGE_THEIRS], x->m->a));
}

/* --- taking apart --------------------------------------------------------------------------------------- */

static void add_group(struct merging *x, struct str name, bool meta)
{
    struct merge_group g = {.meta = meta}, *to;

    g.stem = stem_of(name, &g.choice);
    VEC_EACH(struct merge_group, i, &x->group)
        if (i->meta == meta && merge_in_group(i, name))
            return;
    if (str_starts(name, "_"))
        name = (struct str){name.p + 1, name.n - 1};
    g.path = meta ? str_of(arena_fmt(x->m->a, "meta.%.*s", STR_ARG(name))) : name;
    if (!(to = vec_push(&x->group)))
        x->failed = ERR_NOMEM;
    else
        *to = g;
}

/* All members of an object of one side. False: it is nothing that can be taken apart. */
static bool groups_of(struct merging *x, struct merge_place p, bool meta)
{
    unsigned n = 0;

    for (tape_at k = tape_first_member(p.t, p.at); k != TAPE_NONE; k = tape_next_member(p.t, p.at, k)) {
        struct str name = tape_name(p.t, k);

        if (++n > MEMBERS_MAX || !name.n || name.n > 64)
            return false;
        if (!meta && (str_is(name, "modifierExtension") || str_is(name, "implicitRules")))
            x->guarded = true;
        if (!meta && str_is(name, "meta")) {
            if (!tape_is(p.t, k + 1, TAPE_OBJECT) || !groups_of(x, (struct merge_place){p.t, k + 1}, true))
                return false;
        } else if (meta ? !merge_is_server(name) : !str_is(name, "resourceType") && !str_is(name, "id")) {
            add_group(x, name, meta);
        }
    }
    return true;
}

static bool one_resource(const struct merge *m)
{
    const struct tape *t = m->side[MERGE_THEIRS];
    struct str type = tape_plain(t, tape_get(t, 0, "resourceType")), id = tape_plain(t, tape_get(t, 0, "id"));

    for (int s = 0; s < MERGE_SIDES; s++) {
        const struct tape *o = m->side[s];

        if (o && (!tape_is(o, 0, TAPE_OBJECT) || !str_eq(tape_plain(o, tape_get(o, 0, "resourceType")), type) ||
                  !str_eq(tape_plain(o, tape_get(o, 0, "id")), id)))
            return false;
    }
    return type.n && id.n;
}

static bool take_apart(struct merging *x)
{
    static const enum merge_side order[] = {MERGE_THEIRS, MERGE_MINE, MERGE_BASE};

    if (!one_resource(x->m))
        return false;
    x->type = tape_plain(x->m->side[MERGE_THEIRS], tape_get(x->m->side[MERGE_THEIRS], 0, "resourceType"));
    for (int o = 0; o < MERGE_SIDES; o++)
        if (x->m->side[order[o]] && !groups_of(x, merge_place_of(x->m, order[o], false), false))
            return false;
    for (unsigned i = 0; i < x->group.n; i++)
        compare(x, i);
    return true;
}

/* --- the decision ------------------------------------------------------------------------------------------ */

static void propose(struct merge *m)
{
    bool both;

    for (unsigned i = 0; i < m->n; i++) {
        m->mine = m->mine || (m->field[i].mine && !m->field[i].same);
        m->theirs = m->theirs || (m->field[i].theirs && !m->field[i].same);
    }
    both = m->mine && m->theirs;
    for (unsigned i = 0; i < m->n; i++) {
        struct merge_field *f = &m->field[i];
        enum merge_side from = f->mine && !f->same ? MERGE_MINE : MERGE_THEIRS;

        f->choice = f->clash ? MERGE_OPEN : from == MERGE_MINE ? MERGE_TAKE_MINE : MERGE_TAKE_THEIRS;
        f->ask = both && !f->same && (f->clash || !f->listed);
        if (f->ask && !f->value[from].n)
            f->choice = MERGE_OPEN;
        m->ask = m->ask || f->ask;
        m->always = m->always || (f->ask && !f->listed);
    }
}

static int as_whole(struct merging *x)
{
    struct merge_field *f;

    x->field.n = x->group.n = 0;
    x->m->whole = true;
    if (!(f = vec_push(&x->field)))
        return ERR_NOMEM;
    f->path = f->key = STR("");
    f->mine = f->theirs = f->clash = true;
    for (int s = 0; s < MERGE_SIDES; s++) {
        f->at[s] = x->m->side[s] ? 0 : TAPE_NONE;
        f->value[s] = x->m->side[s] ? tape_raw(x->m->side[s], 0) : STR("");
    }
    return ERR_OK;
}

static void *keep(struct arena *a, const struct vec *v)
{
    void *p = v->n ? arena_alloc(a, v->n * v->size) : NULL;

    if (p)
        memcpy(p, v->p, v->n * v->size);
    return p;
}

int fhir_merge(const struct tape *base, const struct tape *mine, const struct tape *theirs, struct arena *a,
               struct merge *out, struct err *e)
{
    struct merging x = {.m = out};

    *out = (struct merge){.side = {base, mine, theirs}, .a = a};
    vec_init(&x.field, sizeof(struct merge_field), 8 * MEMBERS_MAX * ELEMENTS_MAX);
    vec_init(&x.group, sizeof(struct merge_group), 8 * MEMBERS_MAX);
    if (!mine || !theirs || !take_apart(&x))
        x.failed = as_whole(&x);
    out->n = (unsigned)x.field.n;
    out->groups = (unsigned)x.group.n;
    out->field = keep(a, &x.field);
    out->group = keep(a, &x.group);
    vec_fini(&x.field);
    vec_fini(&x.group);
    if (x.failed || a->failed)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    propose(out);
    return ERR_OK;
}
