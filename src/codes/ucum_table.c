/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The table of UCUM's prefixes and units (data/ucum/units.tsv). A unit is defined by others, which may stand below it:
 * lines are worked out in turns until none is left. A table with a line that is none is not used at all.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/tsv.h"
#include "codes/ucum_priv.h"

#define FILE_NAME "units.tsv"
#define MEMORY ((size_t)8 << 20)

enum { CODE, KIND, METRIC, VALUE, UNIT, FUNCTION, NEEDS };

const struct ucum_atom *ucum_atom_named(const struct ucum *u, struct str code)
{
    unsigned lo = 0, hi = u->n;

    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        int o = str_cmp(u->atom[mid].code, code);

        if (!o)
            return u->atom[mid].known ? &u->atom[mid] : NULL;
        if (o < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

static int by_code(const void *a, const void *b)
{
    return str_cmp(((const struct ucum_atom *)a)->code, ((const struct ucum_atom *)b)->code);
}

static int longest(const void *a, const void *b)
{
    size_t x = ((const struct ucum_atom *)a)->code.n, y = ((const struct ucum_atom *)b)->code.n;

    return (x < y) - (x > y);
}

/* A line's cells as an atom that is not worked out; false: none. */
static bool read_row(const struct str *cell, unsigned line, struct ucum_atom *out)
{
    static const char *const kinds[] = {[UCUM_PREFIX] = "prefix", [UCUM_BASE] = "base", [UCUM_UNIT] = "unit",
                                        [UCUM_SCALE] = "special", [UCUM_ARBITRARY] = "arbitrary"};
    size_t k = 0;

    while (k < sizeof kinds / sizeof *kinds && !str_is(cell[KIND], kinds[k]))
        k++;
    if (k == sizeof kinds / sizeof *kinds || !cell[CODE].n || (cell[METRIC].n && !str_is(cell[METRIC], "metric")))
        return false;
    *out = (struct ucum_atom){.code = cell[CODE], .kind = (enum ucum_kind)k, .line = line, .value = cell[VALUE],
                              .by = cell[UNIT], .fn = cell[FUNCTION], .needs = cell[NEEDS]};
    out->metric = cell[METRIC].n || k == UCUM_BASE;
    return (k == UCUM_SCALE) == (cell[FUNCTION].n > 0);
}

static bool value_of(struct str s, struct ucum_ratio *out)
{
    struct path_decimal d;

    return path_decimal_parse(s, &d) && ucum_ratio_of(&d, out);
}

/* What UCUM counts as pure numbers is kept apart: no number says how many equivalents a mole has. */
static bool needs(struct ucum_atom *a)
{
    struct ucum_unit *x = &a->unit;

    if (str_is(a->needs, "moles"))
        x->moles = 1;
    else if (str_is(a->needs, "charge"))
        x->charges = x->moles, x->moles = 0;
    else if (str_is(a->needs, "osmoles"))
        x->osmoles = x->moles, x->moles = 0;
    else
        return !a->needs.n;
    return true;
}

/* Works an atom out by those that are known. */
static bool work_out(const struct ucum *u, struct ucum_atom *a, int *bases)
{
    struct ucum_ratio value;

    if (a->kind == UCUM_BASE) {
        a->unit = ucum_unit_one();
        if (*bases == UCUM_BASES)
            return false;
        a->unit.dim[(*bases)++] = 1;
        return a->known = true;
    }
    if (!value_of(a->value, &value) || ucum_read(u, a->by, &a->unit, NULL) || a->unit.fn ||
        !ucum_ratio_by(&a->unit.factor, &value, 1))
        return false;
    if (a->kind == UCUM_ARBITRARY && !a->unit.owns) {
        a->unit.own[0].atom = (unsigned)(a - u->atom);
        a->unit.own[0].times = 1;
        a->unit.owns = 1;
    }
    if (a->kind == UCUM_SCALE && !(a->unit.fn = ucum_fn_named(a->fn)))
        return false;
    return a->known = needs(a);
}

/* The first line that is none, or 0. */
static unsigned work_out_all(struct ucum *u)
{
    const struct ucum_atom *a;
    unsigned line = 1;
    bool more = true;
    int bases = 0;

    for (unsigned i = 0; i < u->prefixes; i++) {
        u->prefix[i].unit = ucum_unit_one();
        if (!value_of(u->prefix[i].value, &u->prefix[i].unit.factor))
            return u->prefix[i].line;
    }
    while (more) {
        more = false;
        line = 0;
        for (unsigned i = 0; i < u->n; i++) {
            if (!u->atom[i].known && work_out(u, &u->atom[i], &bases))
                more = true;
            if (!u->atom[i].known && (!line || u->atom[i].line < line))
                line = u->atom[i].line;
        }
    }
    for (unsigned i = 1; i < u->n; i++)
        if (str_eq(u->atom[i].code, u->atom[i - 1].code))
            return u->atom[i].line;
    if (line)
        return line;
    if (!(a = ucum_atom_named(u, STR("g"))))
        return 1;
    while (u->mass < UCUM_BASES - 1 && !a->unit.dim[u->mass])
        u->mass++;
    if (!(a = ucum_atom_named(u, STR("mol"))))
        return 1;
    u->mole = a->unit.factor;
    return 0;
}

static int read_rows(struct ucum *u, struct tsv *t, struct err *e)
{
    struct str cell[TSV_COLUMNS];
    struct ucum_atom a;
    unsigned line;

    if (!tsv_has(t, "code\tkind\tmetric\tvalue\tunit\tfunction\tneeds"))
        return err_set(e, ERR_INPUT, 0, t->line, FILE_NAME);
    u->date = tsv_head(t, "date");
    u->atom = arena_alloc(&u->a, t->rows * sizeof *u->atom);
    u->prefix = arena_alloc(&u->a, t->rows * sizeof *u->prefix);
    if (u->a.failed)
        return err_set(e, ERR_NOMEM, 0, 0, FILE_NAME);
    while (tsv_next(t, cell)) {
        if (!read_row(cell, t->line, &a))
            return err_set(e, ERR_INPUT, 0, t->line, FILE_NAME);
        if (a.kind == UCUM_PREFIX)
            u->prefix[u->prefixes++] = a;
        else
            u->atom[u->n++] = a;
    }
    qsort(u->atom, u->n, sizeof *u->atom, by_code);
    qsort(u->prefix, u->prefixes, sizeof *u->prefix, longest);
    line = work_out_all(u);
    return line ? err_set(e, ERR_INPUT, 0, line, FILE_NAME) : ERR_OK;
}

static int make(const char *dir, struct str bytes, struct ucum **out, struct err *e)
{
    struct ucum *u = mem_alloc(sizeof *u);
    struct tsv t;
    int r;

    *out = NULL;
    if (!u)
        return err_set(e, ERR_NOMEM, 0, 0, FILE_NAME);
    arena_init(&u->a, MEMORY);
    if (dir) {
        r = tsv_open(dir, FILE_NAME, &u->a, &t, e);
    } else {
        bytes = arena_str(&u->a, bytes);
        r = u->a.failed ? err_set(e, ERR_NOMEM, 0, 0, FILE_NAME) : tsv_parse(bytes, FILE_NAME, &t, e);
    }
    r = r ? r : read_rows(u, &t, e);
    if (r)
        ucum_free(u);
    else
        *out = u;
    return r;
}

int ucum_open(const char *dir, struct ucum **out, struct err *e)
{
    char own[PATH_MAX_BYTES];

    if (!dir)
        path_data("ucum", own);
    return make(dir ? dir : own, STR(""), out, e);
}

int ucum_load(struct str bytes, struct ucum **out, struct err *e)
{
    return make(NULL, bytes, out, e);
}

void ucum_free(struct ucum *u)
{
    if (!u)
        return;
    arena_fini(&u->a);
    mem_free(u);
}

struct str ucum_date(const struct ucum *u)
{
    return u->date;
}

unsigned ucum_count(const struct ucum *u)
{
    return u->n;
}
