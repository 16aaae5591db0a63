/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/server.h"

#include <stdio.h>
#include <string.h>

#include "fhir/tape.h"
#include "sync/priv.h"

#define SETTING "sync.server"

static const char *const names[SERVER_ABILITIES] = {
    [SERVER_IDS] = "ids",         [SERVER_BATCH] = "batch",      [SERVER_TRANSACTION] = "transaction",
    [SERVER_HISTORY] = "history", [SERVER_IF_MATCH] = "if-match", [SERVER_GZIP] = "gzip",
};

const char *sync_server_name(enum server_ability a)
{
    return names[a];
}

/* "ABILITY yes|no said|shown MS" */
static void read_line(struct str line, struct server *out)
{
    struct str name = str_split(&line, ' '), word = str_split(&line, ' '), how = str_split(&line, ' ');

    for (unsigned i = 0; i < SERVER_ABILITIES; i++) {
        struct server_can *c = &out->can[i];

        if (!str_is(name, names[i]) || !str_int(line, 0, INT64_MAX, &c->at_ms))
            continue;
        c->word = str_is(word, "yes") ? SERVER_YES : str_is(word, "no") ? SERVER_NO : SERVER_UNKNOWN;
        c->shown = str_is(how, "shown");
    }
}

#define SETTING_BYTES (LIMIT_URL_BYTES + SERVER_ABILITIES * 64)

void sync_server_load(struct store *s, struct server *out)
{
    struct buf b, base;
    struct str rest;

    *out = (struct server){.can = {{.word = SERVER_UNKNOWN}}};
    buf_init(&b, SETTING_BYTES);
    buf_init(&base, LIMIT_URL_BYTES);
    if (!store_setting(s, SETTING, &b, NULL) && !store_setting(s, "server", &base, NULL)) {
        rest = buf_str(&b);
        if (str_eq(str_split(&rest, '\n'), buf_str(&base)))
            while (rest.n)
                read_line(str_split(&rest, '\n'), out);
    }
    buf_fini(&base);
    buf_fini(&b);
}

static int save(struct store *s, struct store_tx *tx, const struct server *v, struct err *e)
{
    struct buf b;
    int code;

    buf_init(&b, SETTING_BYTES);
    if ((code = store_setting(s, "server", &b, e))) {
        buf_fini(&b);
        return code;
    }
    buf_addc(&b, '\n');
    for (unsigned i = 0; i < SERVER_ABILITIES; i++)
        if (v->can[i].word != SERVER_UNKNOWN)
            buf_addf(&b, "%s %s %s %lld\n", names[i], v->can[i].word == SERVER_YES ? "yes" : "no",
                     v->can[i].shown ? "shown" : "said", (long long)v->can[i].at_ms);
    code = b.failed ? err_set(e, b.failed, 0, 0, SETTING) : store_set(tx, SETTING, buf_str(&b), e);
    buf_fini(&b);
    return code;
}

int sync_server_shown(struct store *s, struct store_tx *tx, enum server_ability a, bool yes, int64_t now_ms,
                      struct err *e)
{
    struct server v;

    sync_server_load(s, &v); /* who writes has the turn: nobody changes it in between */
    v.can[a] = (struct server_can){yes ? SERVER_YES : SERVER_NO, true, now_ms};
    return save(s, tx, &v, e);
}

/* --- the statement --------------------------------------------------------------------------------- */

static bool interacts(const struct tape *t, tape_at of, const char *code)
{
    tape_at list = tape_get(t, of, "interaction");

    for (tape_at i = tape_first(t, list); i != TAPE_NONE; i = tape_next(t, list, i))
        if (tape_str_is(t, tape_get(t, i, "code"), code))
            return true;
    return false;
}

static void say(struct server *out, enum server_ability a, enum server_word word, int64_t now_ms)
{
    out->can[a] = (struct server_can){word, false, now_ms};
}

/* No where the statement says no of every kind; yes where of every one; else it says nothing. */
static enum server_word of_all(const struct tape *t, tape_at rest, const char *member)
{
    tape_at list = tape_get(t, rest, "resource");
    unsigned yes = 0, no = 0, n = 0;

    for (tape_at i = tape_first(t, list); i != TAPE_NONE; i = tape_next(t, list, i)) {
        tape_at v = tape_get(t, i, member);

        n++;
        yes += tape_is(t, v, TAPE_TRUE);
        no += tape_is(t, v, TAPE_FALSE);
    }
    return !n ? SERVER_UNKNOWN : yes == n ? SERVER_YES : no == n ? SERVER_NO : SERVER_UNKNOWN;
}

bool sync_server_read(struct str statement, int64_t now_ms, struct server *out, bool *r4)
{
    struct tape t = {.n = 0};
    bool found, transaction;
    tape_at rest;

    *out = (struct server){.can = {{.word = SERVER_UNKNOWN}}};
    found = !tape_parse(&t, statement, NULL) &&
            tape_str_is(&t, tape_get(&t, 0, "resourceType"), "CapabilityStatement");
    if (found) {
        rest = tape_first(&t, tape_get(&t, 0, "rest"));
        transaction = interacts(&t, rest, "transaction");
        say(out, SERVER_IDS, of_all(&t, rest, "updateCreate"), now_ms);
        say(out, SERVER_TRANSACTION, transaction ? SERVER_YES : SERVER_NO, now_ms);
        /* HAPI 8.8 lists only "transaction" and does both. */
        say(out, SERVER_BATCH, transaction || interacts(&t, rest, "batch") ? SERVER_YES : SERVER_NO, now_ms);
        say(out, SERVER_HISTORY, interacts(&t, rest, "history-system") ? SERVER_YES : SERVER_NO, now_ms);
    }
    if (r4)
        *r4 = found && str_starts(tape_plain(&t, tape_get(&t, 0, "fhirVersion")), "4.0");
    tape_fini(&t);
    return found;
}

int sync_server_said(struct store *s, struct store_tx *tx, struct str statement, int64_t now_ms, struct err *e)
{
    struct server v, said;

    if (!sync_server_read(statement, now_ms, &said, NULL))
        return ERR_OK;
    sync_server_load(s, &v);
    for (unsigned i = 0; i < SERVER_ABILITIES; i++)
        if (said.can[i].word != SERVER_UNKNOWN && !v.can[i].shown)
            v.can[i] = said.can[i];
    return save(s, tx, &v, e);
}

bool sync_server_refuses(const struct server *v, enum server_ability a, int64_t now_ms)
{
    const struct server_can *c = &v->can[a];

    return c->word == SERVER_NO && c->shown && c->at_ms && c->at_ms <= now_ms && now_ms - c->at_ms < SYNC_TRIED_MS;
}

bool sync_server_refused(struct store *s, enum server_ability a, const struct clock *clock)
{
    struct server v;

    sync_server_load(s, &v);
    return sync_server_refuses(&v, a, clock_wall_ms(clock));
}
