/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "model/codes.h"

#include <string.h>

#include "base/intl.h"
#include "base/mem.h"
#include "base/path.h"
#include "codes/ucum.h"
#include "codes/valueset.h"
#include "model/model.h"

#define NAME_BYTES 200 /* of what is named in a sentence; the rest of a longer one is left out */
#define SCRATCH ((size_t)32 << 20)

struct lack {
    enum { LACK_UNITS, LACK_UNIT, LACK_SETS, LACK_SET } what;
    struct err e;                /* of a table that cannot be read */
    const char *why;             /* to be translated; of a unit and a set */
    char name[NAME_BYTES];       /* the unit or the set */
    char about[NAME_BYTES];      /* what that set needs, or "" */
};

struct model_codes {
    struct model_codes *self; /* what units.arg points to */
    char ucum_dir[PATH_MAX_BYTES], sets_dir[PATH_MAX_BYTES];
    struct path_units units; /* asks the table behind it, which may not be open yet */
    struct path_units table;
    struct ucum *ucum;
    struct valueset_base *sets;
    bool asked_units, asked_sets; /* tried to open */
    struct lack lack[MODEL_LACKS];
    unsigned lacks; /* may be more than are kept */
};

/* --- what is missing --------------------------------------------------------------------------- */

static void name_put(char out[NAME_BYTES], struct str s)
{
    size_t n = s.n < NAME_BYTES ? s.n : NAME_BYTES - 1;

    if (n)
        memcpy(out, s.p, n);
    out[n] = '\0';
}

/* Each once. */
static void note(struct model_codes *c, const struct lack *l)
{
    unsigned kept = c->lacks < MODEL_LACKS ? c->lacks : MODEL_LACKS;

    for (unsigned i = 0; i < kept; i++)
        if (c->lack[i].what == l->what && !strcmp(c->lack[i].name, l->name))
            return;
    if (c->lacks < MODEL_LACKS)
        c->lack[c->lacks] = *l;
    c->lacks++;
}

static void note_file(struct model_codes *c, bool sets, const struct err *e)
{
    const struct lack l = {.what = sets ? LACK_SETS : LACK_UNITS, .e = *e};

    note(c, &l);
}

static char *lack_words(const struct lack *l, struct arena *a)
{
    struct text name = text_safe(a, str_of(l->name), 0), about = text_safe(a, str_of(l->about), 0);
    struct buf b;
    char *words;

    switch (l->what) {
    case LACK_UNIT:
        return arena_fmt(a, _("The unit \"%s\" cannot be computed with: %s."), name.s, _(l->why));
    case LACK_SET:
        return about.n ? arena_fmt(a, _("The value set %s cannot be used: %s (%s)."), name.s, _(l->why), about.s)
                       : arena_fmt(a, _("The value set %s cannot be used: %s."), name.s, _(l->why));
    default:
        buf_init(&b, LIMIT_TEXT_CELL);
        model_say(&l->e, &b);
        words = arena_fmt(a, l->what == LACK_UNITS ? _("The table of units cannot be used: %.*s")
                                                   : _("The value sets cannot be used: %.*s"), (int)b.n, b.p);
        buf_fini(&b);
        return words;
    }
}

unsigned model_codes_lacks(const struct model_codes *c, struct arena *a, struct text *out, unsigned max)
{
    for (unsigned i = 0; i < c->lacks && i < MODEL_LACKS && i < max; i++) {
        char *words = lack_words(&c->lack[i], a);

        out[i] = text_safe(a, str_of(words ? words : ""), 0);
    }
    return c->lacks;
}

/* --- units -------------------------------------------------------------------------------------- */

static const struct path_units *units_of(struct model_codes *c)
{
    struct err e = ERR_NONE;

    if (!c->asked_units) {
        c->asked_units = true;
        if (ucum_open(c->ucum_dir[0] ? c->ucum_dir : NULL, &c->ucum, &e))
            note_file(c, false, &e);
        else
            c->table = ucum_path(c->ucum);
    }
    return c->ucum ? &c->table : NULL;
}

static void note_unit(struct model_codes *c, struct str code)
{
    enum ucum_why why = ucum_check(c->ucum, code, NULL);
    struct lack l = {.what = LACK_UNIT, .why = ucum_why(why)};

    if (why == UCUM_OK)
        return; /* of these two units, or of so large a number: the expression's error says it */
    name_put(l.name, code);
    note(c, &l);
}

/* struct path_units hands on a table that is only read; this one is opened by asking. */
static struct model_codes *codes_of(const void *arg)
{
    return *(struct model_codes *const *)arg;
}

static int compare(const void *arg, const struct path_decimal *x, struct str ux, const struct path_decimal *y,
                   struct str uy, int *order)
{
    struct model_codes *c = codes_of(arg);
    const struct path_units *u = units_of(c);
    int r = u ? u->compare(u->arg, x, ux, y, uy, order) : -1;

    if (u && r < 0) {
        note_unit(c, ux);
        note_unit(c, uy);
    }
    return r;
}

static int convert(const void *arg, const struct path_decimal *x, struct str from, struct str to,
                   struct path_decimal *out)
{
    struct model_codes *c = codes_of(arg);
    const struct path_units *u = units_of(c);
    int r = u ? u->convert(u->arg, x, from, to, out) : -1;

    if (u && r < 0) {
        note_unit(c, from);
        note_unit(c, to);
    }
    return r;
}

static int base(const void *arg, const struct path_decimal *x, struct str unit, struct path_decimal *out)
{
    struct model_codes *c = codes_of(arg);
    const struct path_units *u = units_of(c);
    int r = u ? u->base(u->arg, x, unit, out) : -1;

    if (u && r < 0)
        note_unit(c, unit);
    return r;
}

const struct path_units *model_codes_units(const struct model_codes *c)
{
    return &c->units;
}

/* --- value sets ----------------------------------------------------------------------------------- */

static const struct valueset_base *sets_of(struct model_codes *c)
{
    struct err e = ERR_NONE;

    if (c->asked_sets)
        return c->sets;
    c->asked_sets = true;
    if (valueset_base_new(STR(""), &c->sets, &e) ||
        valueset_load_dir(c->sets, c->sets_dir[0] ? c->sets_dir : NULL, &e)) {
        note_file(c, true, &e);
        valueset_base_free(c->sets);
        c->sets = NULL;
    }
    return c->sets;
}

static void note_set(struct model_codes *c, struct str set, enum valueset_why why, struct str about)
{
    struct lack l = {.what = LACK_SET, .why = valueset_why(why)};

    name_put(l.name, set);
    if (!str_eq(about, set))
        name_put(l.about, about);
    note(c, &l);
}

/* Why nothing is known of a set: what its expansion says. */
static void note_unknown(struct model_codes *c, struct str set)
{
    struct valueset_list all;
    struct str about = STR("");
    enum valueset_why why;
    struct arena a;

    arena_init(&a, SCRATCH);
    why = valueset_expand(c->sets, set, &a, &all, &about);
    if (why != VALUESET_OK)
        note_set(c, set, why, about);
    arena_fini(&a);
}

int model_codes_member(struct model_codes *c, struct str set, struct str system, struct str code)
{
    const struct valueset_base *b = sets_of(c);
    int is = b ? valueset_member(b, set, system, code) : -1;

    if (b && is < 0)
        note_unknown(c, set);
    return is;
}

int model_codes_expand(struct model_codes *c, struct str set, struct str filter, unsigned from, unsigned max,
                       struct arena *a, struct form_coding *out, unsigned *total)
{
    const struct valueset_base *b = sets_of(c);
    struct valueset_found found;
    int n = -1;
    struct arena scratch;

    *total = 0;
    if (!b)
        return -1;
    arena_init(&scratch, SCRATCH);
    if (valueset_options(b, set, filter, from, max, &scratch, &found) != VALUESET_OK) {
        note_unknown(c, set);
    } else {
        *total = found.all;
        for (n = 0; (uint32_t)n < found.n && (unsigned)n < max; n++) {
            const struct valueset_code *v = &found.v[n].code;

            out[n] = (struct form_coding){arena_str(a, v->system), arena_str(a, v->code), arena_str(a, v->display)};
        }
    }
    arena_fini(&scratch);
    return a->failed ? -1 : n;
}

/* --- opening ---------------------------------------------------------------------------------------- */

struct model_codes *model_codes_new(const char *dir)
{
    struct model_codes *c = mem_alloc(sizeof *c);

    if (!c)
        return NULL;
    c->self = c;
    c->units = (struct path_units){&c->self, compare, convert, base};
    if (dir && (path_join(c->ucum_dir, dir, "ucum", NULL) || path_join(c->sets_dir, dir, "codes", NULL))) {
        mem_free(c);
        return NULL;
    }
    return c;
}

void model_codes_free(struct model_codes *c)
{
    if (!c)
        return;
    ucum_free(c->ucum);
    valueset_base_free(c->sets);
    mem_free(c);
}
