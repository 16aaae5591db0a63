/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/room.h"

#include "base/date.h"
#include "base/intl.h"
#include "base/text.h"

static int json_removed(void *arg, const struct store_evicted *u)
{
    struct jsonw *w = arg;

    jsonw_open(w, '{');
    jsonw_key(w, "type");
    jsonw_str(w, u->type);
    jsonw_key(w, "charts");
    jsonw_int(w, u->n);
    jsonw_close(w, '}');
    return w->out->failed;
}

int cli_room_members(struct cli_app *app, struct jsonw *w, struct err *e)
{
    struct store_room r;
    int code = store_room(app->store, &r, e);
    const struct {
        const char *name;
        uint64_t bytes;
    } row[] = {{"fileBytes", r.file_bytes}, {"logBytes", r.wal_bytes},     {"attachmentBytes", r.blob_bytes},
               {"emptyBytes", r.free_bytes}, {"overBytes", store_room_over(&r)}, {"diskFreeBytes", r.disk_free},
               {"reserveBytes", r.reserve_bytes}};

    if (code)
        return code;
    jsonw_key(w, "room");
    jsonw_open(w, '{');
    jsonw_key(w, "quotaBytes");
    if (r.quota)
        jsonw_int(w, (int64_t)r.quota);
    else
        jsonw_z(w, NULL);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        jsonw_key(w, row[i].name);
        jsonw_int(w, (int64_t)row[i].bytes);
    }
    jsonw_key(w, "removed");
    jsonw_open(w, '[');
    code = store_evicted_each(app->store, STR(""), false, json_removed, w, e);
    jsonw_close(w, ']');
    jsonw_close(w, '}');
    return code;
}

static int line_removed(void *arg, const struct store_evicted *u)
{
    struct cli_out *out = arg;
    char when[DATE_TEXT_MAX];
    struct date day = date_today(u->at_ms);
    struct arena a;
    int r;

    arena_init(&a, 4096);
    date_text(&day, when);
    if (u->chart.n)
        r = cli_line(out, _("removed from this device on %s: %s"), when, text_safe(&a, u->type, 64).s);
    else
        r = cli_line(out,
                     _("removed from this device, last on %s: %s, in charts: %lld; F in a chart fetches them"), when,
                     text_safe(&a, u->type, 64).s, (long long)u->n);
    arena_fini(&a);
    return r;
}

int cli_removed(struct cli_app *app, struct str chart, struct cli_out *out, struct err *e)
{
    return store_evicted_each(app->store, chart, false, line_removed, out, e);
}
