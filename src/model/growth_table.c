/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "model/growth_table.h"

#include <math.h>
#include <string.h>

#include "base/tsv.h"
#include "base/vec.h"
#include "model/priv.h"
#include "model/series_priv.h"

#define TABLE_ROWS 10000u

/* One row of a table: false when it is none. *mine: of the sex that is asked for. */
static bool read_row(const struct str *cell, char sex, struct growth_row *row, bool *mine)
{
    double *const to[] = {&row->at, &row->l, &row->m, &row->s};

    *mine = cell[0].n == 1 && cell[0].p[0] == sex;
    if (!str_is(cell[0], "m") && !str_is(cell[0], "f"))
        return false;
    for (int i = 0; i < 4; i++)
        if (!model_series_number(cell[1 + i], to[i]))
            return false;
    return row->m > 0 && row->s > 0;
}

static bool read_rows(struct tsv *t, char sex, struct vec *rows)
{
    struct str cell[TSV_COLUMNS];

    if (t->columns != 5 || !str_is(t->column[0], "sex"))
        return false;
    while (tsv_next(t, cell)) {
        struct growth_row row, *at;
        bool mine;

        if (!read_row(cell, sex, &row, &mine))
            return false;
        if (!mine)
            continue;
        if (rows->n && ((struct growth_row *)rows->p)[rows->n - 1].at >= row.at)
            return false;
        if (!(at = vec_push(rows)))
            return false;
        *at = row;
    }
    return rows->n >= 2;
}

int model_growth_load(const char *dir, const char *file, char sex, struct arena *a, struct growth_table *out,
                      struct err *e)
{
    struct err why = ERR_NONE;
    struct arena bytes;
    struct vec rows;
    struct tsv t;
    bool whole;

    *out = (struct growth_table){0};
    arena_init(&bytes, TSV_BYTES + 4096);
    vec_init(&rows, sizeof(struct growth_row), TABLE_ROWS);
    whole = !tsv_open(dir, file, &bytes, &t, &why) && read_rows(&t, sex, &rows);
    arena_fini(&bytes);
    if (whole && (out->rows = arena_alloc(a, rows.n * sizeof *out->rows))) {
        memcpy(out->rows, rows.p, rows.n * sizeof *out->rows);
        out->n = (unsigned)rows.n;
    }
    vec_fini(&rows);
    if (!whole)
        return err_set(e, why.code == ERR_NOMEM ? ERR_NOMEM : ERR_IO, why.code == ERR_NOFILE ? why.sub : 0, 0, file);
    return out->rows ? ERR_OK : err_set(e, ERR_NOMEM, 0, 0, file);
}

bool model_growth_at(const struct growth_table *t, double at, struct growth_row *out)
{
    unsigned lo = 0, hi = t->n;
    double share;

    if (!t->n || at < t->rows[0].at - 1e-9 || at > t->rows[t->n - 1].at + 1e-9)
        return false;
    while (lo + 1 < hi) {
        unsigned mid = (lo + hi) / 2;

        if (t->rows[mid].at <= at + 1e-9)
            lo = mid;
        else
            hi = mid;
    }
    *out = t->rows[lo];
    share = lo + 1 < t->n ? (at - out->at) / (t->rows[lo + 1].at - out->at) : 0;
    if (share > 1e-6) {
        const struct growth_row *next = &t->rows[lo + 1];

        out->l += share * (next->l - out->l);
        out->m += share * (next->m - out->m);
        out->s += share * (next->s - out->s);
        out->at = at;
    }
    return true;
}

double model_growth_value(const struct growth_row *r, double z)
{
    return fabs(r->l) < 1e-9 ? r->m * exp(r->s * z) : r->m * pow(1 + r->l * r->s * z, 1 / r->l);
}

double model_growth_z(const struct growth_row *r, double y, bool restricted)
{
    double z = fabs(r->l) < 1e-9 ? log(y / r->m) / r->s : (pow(y / r->m, r->l) - 1) / (r->l * r->s);
    double third;

    if (!restricted || fabs(z) <= 3)
        return z;
    if (z > 0) {
        third = model_growth_value(r, 3);
        return 3 + (y - third) / (third - model_growth_value(r, 2));
    }
    third = model_growth_value(r, -3);
    return -3 + (y - third) / (model_growth_value(r, -2) - third);
}
