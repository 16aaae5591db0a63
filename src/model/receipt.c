/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "model/receipt.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "base/tsv.h"
#include "fhir/tape.h"
#include "store/ledger.h"

#define SAME_CLOCK_MS 2000 /* the server says whole seconds, and an answer takes its time */

/* --- what a sync left behind ------------------------------------------------------------------------- */

int model_last_read(struct model *m, struct model_last *out, struct err *e)
{
    const struct {
        const char *name;
        int64_t *to;
    } member[] = {{"started", &out->started_ms},   {"ended", &out->ended_ms},        {"server", &out->server_ms},
                  {"complete", &out->complete_ms}, {"requests", &out->requests},     {"bytesUp", &out->bytes_up},
                  {"bytesDown", &out->bytes_down}, {"roundTrips", &out->round_trips}, {"pulled", &out->pulled},
                  {"pushed", &out->pushed}};
    struct buf json;
    struct tape t;
    int code;

    memset(out, 0, sizeof *out);
    buf_init(&json, LIMIT_SMALL_JSON);
    code = store_setting(m->store, "sync.last", &json, e);
    if (!code && !(code = tape_parse(&t, buf_str(&json), e))) {
        for (size_t i = 0; i < sizeof member / sizeof *member; i++)
            str_int(tape_lexeme(&t, tape_get(&t, 0, member[i].name)), 0, INT64_MAX, member[i].to);
        tape_fini(&t);
    }
    buf_fini(&json);
    return code == ERR_NOTFOUND ? ERR_OK : code;
}

/* --- what is not sent ---------------------------------------------------------------------------------- */

static int count(void *arg, const struct store_op *op)
{
    struct model_unsent *x = arg;
    int64_t *const by_state[STORE_OP_STATES] = {
        [STORE_OP_QUEUED] = &x->queued,     [STORE_OP_INFLIGHT] = &x->doubt,    [STORE_OP_INDOUBT] = &x->doubt,
        [STORE_OP_CONFLICT] = &x->conflict, [STORE_OP_ATTENTION] = &x->refused,
    };

    if (!by_state[op->state])
        return ERR_OK;
    ++*by_state[op->state];
    x->n++;
    if (!x->since_ms || op->since_ms < x->since_ms)
        x->since_ms = op->since_ms;
    return ERR_OK;
}

int model_unsent(struct model *m, struct model_unsent *out, struct err *e)
{
    const struct store_op_query q = {.limit = 0};

    memset(out, 0, sizeof *out);
    return store_op_each(m->store, &q, count, out, e);
}

const char *model_unsent_words(const struct model *m, const struct model_unsent *x, struct arena *a)
{
    char when[DATE_TEXT_MAX];

    if (!x->n)
        return "";
    date_short(x->since_ms, date_today(clock_wall_ms(&m->clock)).year, when);
    return arena_fmt(a, P_("%lld change NOT SENT since %s", "%lld changes NOT SENT since %s", x->n), (long long)x->n,
                     when);
}

/* --- the receipt ----------------------------------------------------------------------------------------- */

/* A word for each byte. A list that is not whole would give other words for the same hash: then there are none. */
static void say_hash(const char *dir, struct model_receipt *r)
{
    struct str cell[TSV_COLUMNS], date;
    struct arena a;
    struct tsv t;

    arena_init(&a, 1 << 20);
    if (!tsv_open(dir, "words.tsv", &a, &t, NULL) && t.rows == 256 && tsv_has(&t, "word")) {
        date = tsv_head(&t, "date");
        snprintf(r->list, sizeof r->list, "%.*s", STR_ARG(date));
        for (unsigned n = 0; r->acked && tsv_next(&t, cell); n++)
            for (int i = 0; i < MODEL_RECEIPT_WORDS; i++)
                if (r->hash[i] == n)
                    snprintf(r->words[i], sizeof r->words[i], "%.*s", STR_ARG(cell[0]));
    }
    arena_fini(&a);
}

int model_receipt(struct model *m, const char *dir, struct model_receipt *out, struct err *e)
{
    struct store_ledger_head head;
    int code;

    memset(out, 0, sizeof *out);
    if ((code = model_last_read(m, &out->last, e)) || (code = model_unsent(m, &out->unsent, e)) ||
        (code = store_ledger_head(m->store, &head, e)))
        return code;
    out->made_ms = clock_wall_ms(&m->clock);
    out->acked = head.acked;
    out->acked_ms = head.at_ms;
    memcpy(out->hash, head.link, sizeof out->hash);
    out->offset_known = out->last.server_ms && out->last.started_ms;
    out->offset_ms = out->offset_known ? out->last.server_ms - out->last.started_ms : 0;
    say_hash(dir, out);
    return ERR_OK;
}

const char *model_offset_words(const struct model_receipt *r, struct arena *a)
{
    int64_t away = r->offset_ms < 0 ? -r->offset_ms : r->offset_ms;

    if (!r->offset_known)
        return _("not known: the server did not answer the last sync");
    if (away <= SAME_CLOCK_MS)
        return _("the same as the server's");
    return arena_fmt(a, r->offset_ms > 0 ? _("%lld s behind the server's") : _("%lld s ahead of the server's"),
                     (long long)away / 1000);
}
