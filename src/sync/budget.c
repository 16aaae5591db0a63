/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/budget.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "sync/priv.h"

static void day_of(const struct clock *clock, char out[11])
{
    struct date d = date_today(clock_wall_ms(clock));

    snprintf(out, 11, "%04u-%02u-%02u", (unsigned)d.year % 10000, (unsigned)d.month % 100, (unsigned)d.day % 100);
}

static int read_used(struct store *s, const char *day, int64_t *out, struct err *e)
{
    struct buf b;
    struct str rest;
    int r;

    *out = 0;
    buf_init(&b, 64);
    r = store_setting(s, "wire.day", &b, e);
    rest = buf_str(&b);
    if (!r && str_is(str_split(&rest, ' '), day) && !str_int(rest, 0, INT64_MAX, out))
        *out = 0;
    buf_fini(&b);
    return r == ERR_NOTFOUND ? ERR_OK : r;
}

int sync_budget_load(struct store *s, const struct clock *clock, struct sync_budget *out, struct err *e)
{
    *out = (struct sync_budget){.limit = sync_setting_ms(s, "budget")};
    day_of(clock, out->day);
    return read_used(s, out->day, &out->used, e);
}

int sync_budget_add(struct store *s, struct store_tx *tx, const struct clock *clock, int64_t bytes, int64_t *used,
                    struct err *e)
{
    char day[11], text[40];
    int r;

    day_of(clock, day);
    if ((r = read_used(s, day, used, e)))
        return r;
    if (!bytes)
        return ERR_OK;
    *used += bytes;
    snprintf(text, sizeof text, "%s %lld", day, (long long)*used);
    return store_set(tx, "wire.day", str_of(text), e);
}

int sync_budget_set(struct store_tx *tx, int64_t limit, struct err *e)
{
    char text[24];

    snprintf(text, sizeof text, "%lld", (long long)limit);
    return store_set(tx, "budget", str_of(limit ? text : ""), e);
}

bool sync_budget_over(const struct sync_budget *b, int64_t more)
{
    return b->limit && b->used + more >= b->limit;
}
