/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/priv.h"

#include <string.h>

#include "base/intl.h"
#include "cli/room.h"

int cli_read_size(struct str word, uint64_t least, uint64_t *out)
{
    static const char units[] = "KMGT";
    struct str digits = word;
    const char *unit = digits.n ? strchr(units, digits.p[digits.n - 1] & ~0x20) : NULL;
    int shift = unit && *unit ? 10 * (int)(unit - units + 1) : 0;
    int64_t n;

    *out = 0;
    if (str_is(word, "none"))
        return ERR_OK;
    digits.n -= shift > 0;
    if (!str_int(digits, 1, INT64_MAX >> shift, &n) || (uint64_t)n << shift < least)
        return ERR_INPUT;
    *out = (uint64_t)n << shift;
    return ERR_OK;
}

static int set(struct cli_app *app, uint64_t bytes, struct err *e)
{
    struct store_tx *tx;
    int r = store_begin(app->store, true, &tx, e);

    if (r)
        return r;
    if (!(r = store_quota_set(tx, bytes, e)))
        return store_commit(tx, e);
    store_rollback(tx);
    return r;
}

static void say_quota(const struct store_room *r, struct cli_out *out)
{
    const uint64_t over = store_room_over(r);

    if (!r->quota)
        cli_line(out, "%s", _("quota: none; nothing is removed"));
    else if (over)
        cli_line(out, _("quota: %lld bytes; %lld over it: the next sync removes what a server can give again"),
                 (long long)r->quota, (long long)over);
    else
        cli_line(out, _("quota: %lld bytes"), (long long)r->quota);
}

static int words(struct cli_app *app, struct cli_out *out, struct err *e)
{
    struct store_room room;
    int r = store_room(app->store, &room, e);

    if (r)
        return r;
    cli_line(out, _("in use: %lld bytes: store %lld, its log %lld, attachments %lld"),
             (long long)(room.file_bytes + room.wal_bytes + room.blob_bytes), (long long)room.file_bytes,
             (long long)room.wal_bytes, (long long)room.blob_bytes);
    if (room.free_bytes)
        cli_line(out, room.shrinks ? _("of the store, empty: %lld bytes")
                                   : _("of the store, empty: %lld bytes; `wardline key rotate' gives them back"),
                 (long long)room.free_bytes);
    say_quota(&room, out);
    cli_line(out, _("free on this disk: %lld bytes"), (long long)room.disk_free);
    cli_line(out, "%s", room.reserve_bytes ? _("reserve for edits on a full disk: held")
                                           : _("reserve for edits on a full disk: NOT HELD"));
    return cli_removed(app, STR(""), out, e);
}

CLI_VERB(cli_verb_quota)
{
    uint64_t bytes = 0;
    struct jsonw w;
    int r = args->n ? cli_read_size(str_of(args->word[0]), STORE_QUOTA_LEAST, &bytes) : ERR_OK;

    (void)in, (void)err;
    if (r)
        return err_set(e, r, 0, STORE_QUOTA_LEAST, args->word[0]);
    if ((r = cli_need_store(app, e)) || (args->n && (r = set(app, bytes, e))))
        return r;
    if (!args->value[0])
        return words(app, out, e);
    jsonw_init(&w, &out->buf);
    jsonw_open(&w, '{');
    r = cli_room_members(app, &w, e);
    jsonw_close(&w, '}');
    return r ? r : cli_put(out, STR("\n"));
}
