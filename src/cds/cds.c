/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading the rules. A row that names a drug or a class that the drug table does not have makes its file damaged: a
 * rule that never fires is worse than a check that says so.
 */
#include "config.h"

#include "base/mem.h"
#include "cds/cds_priv.h"

#include <string.h>

#define RULES_MOST 20000u

static const struct {
    const char *name, *columns;
} files[CDS_FILES] = {
    [CDS_INTERACTIONS] = {"interactions.tsv", "id\ta\tb\ttier\tdays\teffect\taction\tbasis"},
    [CDS_ALLERGY_RULES] = {"allergies.tsv", "id\tallergy\tto\ttier\tnote"},
    [CDS_DOSE_LIMITS] = {"limits.tsv", "drug\troute\tfrom\tto\tper\tsingle\tdaily\tunit\tbasis"},
};

bool cds_thing_in(const struct codes_drugs *d, struct cds_thing thing, struct cds_thing side)
{
    if (thing.is_class == side.is_class)
        return thing.of == side.of;
    return side.is_class && codes_drug_in(d, thing.of, side.of);
}

struct load {
    struct cds *c;
    struct vec rows;
    struct tsv t;
    struct str cell[TSV_COLUMNS];
};

static struct str keep(struct load *l, struct str s)
{
    return s.n && !str_is(s, "-") ? arena_str(&l->c->arena, s) : STR("");
}

/* "drug:warfarin", "class:nsaid" */
static bool read_side(const struct load *l, struct str s, struct cds_thing *out)
{
    struct str kind = str_split(&s, ':');
    int at = str_is(kind, "drug")    ? codes_drug_find(l->c->drugs, s)
             : str_is(kind, "class") ? codes_class_find(l->c->drugs, s)
                                     : -1;

    *out = (struct cds_thing){str_is(kind, "class"), (unsigned)at};
    return at >= 0;
}

bool cds_read_tier(struct str s, bool none, int *out)
{
    static const char *const tiers[] = {[CDS_STOP] = "stop", [CDS_ASK] = "ask", [CDS_NOTE] = "note"};

    *out = CDS_NO_ALERT;
    for (int i = 0; i < 3; i++)
        if (str_is(s, tiers[i]))
            *out = i;
    return *out >= 0 || (none && str_is(s, "-"));
}

static bool take_interaction(struct load *l)
{
    struct cds_rule *x = vec_push(&l->rows);
    int64_t days;

    if (!x || !l->cell[0].n || !read_side(l, l->cell[1], &x->a) || !read_side(l, l->cell[2], &x->b) ||
        !cds_read_tier(l->cell[3], false, &x->tier) || !str_int(l->cell[4], 0, 3650, &days))
        return false;
    x->id = keep(l, l->cell[0]);
    x->days = (int)days;
    x->effect = keep(l, codes_dated_words(&l->t, l->cell, "effect"));
    x->action = keep(l, codes_dated_words(&l->t, l->cell, "action"));
    x->basis = keep(l, l->cell[7]);
    return x->effect.n > 0;
}

static bool take_allergy(struct load *l)
{
    struct cds_rule *x = vec_push(&l->rows);

    if (!x || !l->cell[0].n || !read_side(l, l->cell[1], &x->a) || !read_side(l, l->cell[2], &x->b) ||
        !cds_read_tier(l->cell[3], true, &x->tier))
        return false;
    x->id = keep(l, l->cell[0]);
    x->effect = keep(l, codes_dated_words(&l->t, l->cell, "note"));
    return true;
}

/* Years of an age as whole months: "0.25" is 3, "0.0833" is 1. */
static bool read_age(struct str s, int *months)
{
    struct path_decimal years, twelve, all;
    int64_t n;

    path_decimal_int(12, &twelve);
    if (!path_decimal_parse(s, &years) || !path_decimal_multiply(&years, &twelve, &all) ||
        !path_decimal_round(&all, 2, PATH_HALF_UP, &all))
        return false;
    path_decimal_trim(&all);
    if (!path_decimal_to_int(&all, &n) || n < 0 || n > 2400 || (years.n && !n))
        return false;
    *months = (int)n;
    return true;
}

static bool is_amount(struct str s)
{
    struct path_decimal d;

    return str_is(s, "-") || (path_decimal_parse(s, &d) && !d.negative && d.n);
}

static bool take_limit(struct load *l)
{
    struct cds_limit *x = vec_push(&l->rows);
    int drug = codes_drug_find(l->c->drugs, l->cell[0]), power;

    if (!x || drug < 0 || !l->cell[1].n || !read_age(l->cell[2], &x->from) || !is_amount(l->cell[5]) ||
        !is_amount(l->cell[6]) || !cds_mass(l->cell[7], &power))
        return false;
    x->to = -1;
    if (!str_is(l->cell[3], "-") && (!read_age(l->cell[3], &x->to) || x->to <= x->from))
        return false;
    x->per_kg = str_is(l->cell[4], "kg");
    if (!x->per_kg && !str_is(l->cell[4], "-"))
        return false;
    x->drug = (unsigned)drug;
    x->route = keep(l, l->cell[1]);
    x->single = keep(l, l->cell[5]);
    x->daily = keep(l, l->cell[6]);
    x->unit = keep(l, l->cell[7]);
    x->basis = keep(l, l->cell[8]);
    return true;
}

/* One file's rows into an array of the table's arena. */
static int load_file(struct load *l, const char *dir, enum cds_file which, size_t size, bool (*take)(struct load *l),
                     const struct date *today, void *rows, unsigned *n, struct err *e)
{
    struct codes_dated *f = &l->c->file[which];
    struct arena bytes;
    void *p;
    int code;

    arena_init(&bytes, TSV_BYTES + 4096);
    vec_init(&l->rows, size, RULES_MOST);
    code = codes_dated_open(dir, files[which].name, files[which].columns, today, &bytes, &l->t, f, e);
    if (!code && !codes_drugs_bad(l->c->drugs)) /* without the drugs no row can be read, and none is damaged */
        while (tsv_next(&l->t, l->cell))
            if (!take(l)) {
                codes_dated_bad(f, &l->t);
                break;
            }
    if (!code && f->state == CODES_FILE_GOOD && l->rows.n) {
        p = arena_alloc(&l->c->arena, l->rows.n * size);
        if (p)
            memcpy(p, l->rows.p, l->rows.n * size);
        *n = p ? (unsigned)l->rows.n : 0;
        memcpy(rows, &p, sizeof p);
    }
    vec_fini(&l->rows);
    arena_fini(&bytes);
    return l->c->arena.failed ? err_set(e, ERR_NOMEM, 0, 0, files[which].name) : code;
}

int cds_open(const char *drugs, const char *rules, const struct date *today, struct cds **out, struct err *e)
{
    struct cds *c = mem_alloc(sizeof *c);
    struct load l = {.c = c};
    int code;

    *out = NULL;
    if (!c)
        return err_set(e, ERR_NOMEM, 0, 0, "checks");
    arena_init(&c->arena, (size_t)8 << 20);
    code = codes_drugs_open(drugs, today, &c->drugs, e);
    if (!code)
        code = load_file(&l, rules, CDS_INTERACTIONS, sizeof(struct cds_rule), take_interaction, today, &c->interaction,
                         &c->interactions, e);
    if (!code)
        code = load_file(&l, rules, CDS_ALLERGY_RULES, sizeof(struct cds_rule), take_allergy, today, &c->allergy,
                         &c->allergies, e);
    if (!code)
        code = load_file(&l, rules, CDS_DOSE_LIMITS, sizeof(struct cds_limit), take_limit, today, &c->limit,
                         &c->limits, e);
    if (code)
        cds_free(c);
    else
        *out = c;
    return code;
}

void cds_free(struct cds *c)
{
    if (!c)
        return;
    codes_drugs_free(c->drugs);
    arena_fini(&c->arena);
    mem_free(c);
}

const struct codes_drugs *cds_drugs(const struct cds *c)
{
    return c->drugs;
}

const struct codes_dated *cds_file(const struct cds *c, enum cds_file which)
{
    return &c->file[which];
}
