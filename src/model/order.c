/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "model/order.h"

#include <stdio.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/limits.h"
#include "fhir/index.h"
#include "model/check.h"
#include "model/order_priv.h"

/* A weight's age at which a dose is not reckoned by it any more: a child grows. */
#define CHILD_YEARS 18
#define CHILD_DAYS 30
#define ADULT_DAYS 365

/* --- who may ---------------------------------------------------------------------------------- */

/* REQ: a role that is not known here drafts and does not sign. */
static const struct {
    const char *role;
    enum order_may may;
} roles[] = {
    {"prescriber", ORDER_MAY_SIGN},
    {"support", ORDER_MAY_NOT},
    {"registrar", ORDER_MAY_NOT},
};

enum order_may model_order_may(const struct model *m)
{
    enum order_may may = ORDER_MAY_DRAFT;

    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (!strcmp(m->role, roles[i].role))
            may = roles[i].may;
    return may == ORDER_MAY_SIGN && !m->practitioner[0] ? ORDER_MAY_DRAFT : may;
}

const char *model_order_may_words(const struct model *m)
{
    switch (model_order_may(m)) {
    case ORDER_MAY_SIGN:
        return "";
    case ORDER_MAY_NOT:
        return _("The role of this profile writes no orders.");
    case ORDER_MAY_DRAFT:
        break;
    }
    return m->practitioner[0] ? _("The role of this profile drafts orders and does not sign them.")
                              : _("This profile names nobody: its orders stay drafts, for nobody would have signed "
                                  "them.");
}

int model_order_may_chart(struct str chart, struct err *e)
{
    return str_starts(chart, STORE_FILE_PREFIX) ? err_set(e, ERR_INPUT, 0, 0, "a chart of a file") : ERR_OK;
}

/* --- words ------------------------------------------------------------------------------------ */

int model_order_said(const struct order_env *env, struct str chart, struct str bytes, struct arena *a,
                      struct text *out, struct err *e)
{
    struct store_row r = {.type = STR(ORDER_TYPE), .origin = STORE_SERVER, .op_state = -1};
    struct model_person *who;
    struct fhir_index ix;
    struct model_row row;
    struct tape t;
    int rank, code = tape_parse(&t, bytes, e);

    if (code)
        return code;
    code = fhir_index(&t, env->m->base[0] ? env->m->base : NULL, a, &ix, e);
    code = code ? code : model_person_open(env->m, chart, a, &who, e);
    if (!code) {
        r.id = ix.id;
        r.date = ix.date;
        r.date_ms = ix.date_ms;
        r.status = ix.status;
        code = model_format(env->m, who, &r, &t, a, &row, &rank, e);
    }
    if (!code)
        *out = row.text;
    tape_fini(&t);
    return code;
}

/* --- the resource ----------------------------------------------------------------------------- */

static void reference(struct jsonw *w, const char *name, const char *type, struct str id)
{
    jsonw_key(w, name);
    jsonw_open(w, '{');
    jsonw_key(w, "reference");
    if (type) {
        char whole[LIMIT_ID_BYTES + 80];

        snprintf(whole, sizeof whole, "%s/%.*s", type, STR_ARG(id));
        jsonw_z(w, whole);
    } else
        jsonw_str(w, id);
    jsonw_close(w, '}');
}

/* What was chosen, with the strength that the line says beside it: a dose in tablets means nothing without it. */
static void medication(struct jsonw *w, struct order *o)
{
    struct str name = o->drug.name;

    if (o->drug.raw.n) {
        char key[64];

        snprintf(key, sizeof key, "%.*s", STR_ARG(o->drug.raw_name));
        jsonw_key(w, key);
        jsonw_raw(w, o->drug.raw);
        return;
    }
    jsonw_key(w, "medicationCodeableConcept");
    jsonw_open(w, '{');
    if (o->drug.rxcui.n) {
        jsonw_key(w, "coding");
        jsonw_open(w, '[');
        jsonw_open(w, '{');
        jsonw_key(w, "system");
        jsonw_z(w, CODES_RXNORM);
        jsonw_key(w, "code");
        jsonw_str(w, o->drug.rxcui);
        jsonw_key(w, "display");
        jsonw_str(w, name);
        jsonw_close(w, '}');
        jsonw_close(w, ']');
    }
    jsonw_key(w, "text");
    if (o->sig->strength.n)
        jsonw_z(w, arena_fmt(&o->arena, "%.*s %.*s", STR_ARG(name), STR_ARG(o->sig->strength)));
    else
        jsonw_str(w, name);
    jsonw_close(w, '}');
}

static int write_bytes(const struct order_env *env, struct order *o, struct str prior, struct err *e)
{
    const struct model *m = env->m;
    char now[DATE_INSTANT_MAX];
    struct jsonw w;
    int code;

    date_instant(clock_wall_ms(&m->clock), now);
    rng_uuid(env->rng, o->id);
    jsonw_init(&w, &o->bytes);
    jsonw_open(&w, '{');
    jsonw_key(&w, "resourceType");
    jsonw_z(&w, ORDER_TYPE);
    jsonw_key(&w, "id");
    jsonw_z(&w, o->id);
    jsonw_key(&w, "status");
    jsonw_z(&w, "draft");
    jsonw_key(&w, "intent");
    jsonw_z(&w, "order");
    medication(&w, o);
    reference(&w, "subject", "Patient", str_of(o->chart));
    jsonw_key(&w, "authoredOn");
    jsonw_z(&w, now);
    /* Who may not sign has entered it, and is not responsible for it (R4 MedicationRequest.recorder). */
    if (m->practitioner[0])
        reference(&w, model_order_may(m) == ORDER_MAY_SIGN ? "requester" : "recorder", NULL, str_of(m->practitioner));
    if (prior.n)
        reference(&w, "priorPrescription", NULL, prior);
    buf_adds(&o->bytes, ",");
    if ((code = model_sig_request(o->sig, &o->bytes, e)))
        return code;
    buf_adds(&o->bytes, "}");
    if (o->bytes.failed || o->arena.failed)
        return err_set(e, o->bytes.failed ? o->bytes.failed : ERR_NOMEM, 0, 0, "order");
    return o->sig->formula.n ? model_order_note(env, &o->bytes, o->sig->formula, e) : ERR_OK;
}

int model_order_splice(struct buf *bytes, const struct splice *edit, unsigned n, struct err *e)
{
    struct buf out;
    struct tape t;
    int code = tape_parse(&t, buf_str(bytes), e);

    if (code)
        return code;
    buf_init(&out, LIMIT_RESOURCE_BYTES);
    code = fhir_splice(&t, edit, n, &out, e);
    tape_fini(&t);
    if (code) {
        buf_fini(&out);
        return code;
    }
    buf_fini(bytes);
    *bytes = out;
    return ERR_OK;
}

int model_order_note(const struct order_env *env, struct buf *bytes, struct str text, struct err *e)
{
    struct splice edit = {.name = "note", .how = SPLICE_ADD};
    char now[DATE_INSTANT_MAX];
    struct buf json;
    struct jsonw w;
    int code;

    date_instant(clock_wall_ms(&env->m->clock), now);
    buf_init(&json, LIMIT_RESOURCE_BYTES);
    jsonw_init(&w, &json);
    jsonw_open(&w, '{');
    if (env->m->practitioner[0])
        reference(&w, "authorReference", NULL, str_of(env->m->practitioner));
    jsonw_key(&w, "time");
    jsonw_z(&w, now);
    jsonw_key(&w, "text");
    jsonw_str(&w, text);
    jsonw_close(&w, '}');
    edit.json = buf_str(&json);
    code = json.failed ? err_set(e, json.failed, 0, 0, "order") : model_order_splice(bytes, &edit, 1, e);
    buf_fini(&json);
    return code;
}

/* --- reading the line ------------------------------------------------------------------------- */

static int read_line(const struct order_env *env, struct order *o, struct str line, struct err *e)
{
    struct sig_env sig = {.words = env->words, .no_drug = true, .measure_days = ADULT_DAYS};
    struct model_person *who;
    struct model_weight weight;
    struct date_age age;
    int code = model_person_open(env->m, str_of(o->chart), &o->arena, &who, e);

    code = code ? code : model_weight(env->m, who, &o->arena, &weight, e);
    if (code)
        return code;
    sig.today = who->today;
    sig.weight = (struct sig_measure){weight.kg, weight.day};
    if (!date_age(&who->birth, &who->today, &age) || age.years < CHILD_YEARS)
        sig.measure_days = CHILD_DAYS;
    if (!(o->sig = arena_alloc(&o->arena, sizeof *o->sig)))
        return err_set(e, ERR_NOMEM, 0, 0, "order");
    return model_sig_read(&sig, arena_str(&o->arena, line), &o->arena, o->sig, e);
}

/* REQ: the one thing that is filled in: where no step says a route, the one that the product's form leaves. */
static void fill_route(const struct order_env *env, struct order *o)
{
    struct sig_concept route;

    if (!o->drug.route.n || !model_sig_route(env->words, o->drug.route, &route))
        return;
    for (unsigned i = 0; i < o->sig->steps; i++)
        if (!(o->sig->step[i].lacks & SIG_LACKS_ROUTE))
            return;
    for (unsigned i = 0; i < o->sig->steps; i++) {
        o->sig->step[i].route = route;
        o->sig->step[i].lacks &= ~(unsigned)SIG_LACKS_ROUTE;
        o->route_filled = true;
    }
    if (o->route_filled)
        o->sig->lacks &= ~(unsigned)SIG_LACKS_ROUTE;
}

static void lack(struct order *o, const char *words)
{
    if (words)
        o->lack[o->lacks++] = text_safe(&o->arena, str_of(words), 0);
    else
        o->arena.failed = true;
}

/* What must be said before it is an order. The quantity alone may be left to the pharmacy: it says that it is. */
static void find_lacks(struct order *o)
{
    static const enum sig_lack must[] = {SIG_LACKS_DOSE,   SIG_LACKS_ROUTE,   SIG_LACKS_SCHEDULE, SIG_LACKS_LENGTH,
                                         SIG_LACKS_REASON, SIG_LACKS_MAXIMUM, SIG_LACKS_REPEATS};

    o->lack = arena_alloc(&o->arena, (sizeof must / sizeof *must + 1) * sizeof *o->lack);
    if (!o->lack)
        return;
    for (size_t i = 0; i < sizeof must / sizeof *must; i++)
        if (o->sig->lacks & must[i])
            lack(o, arena_fmt(&o->arena, _("NOT SAID: %s"), model_sig_lack_words(must[i])));
    if (o->sig->strength.n && (o->drug.product || o->drug.raw.n))
        lack(o, arena_fmt(&o->arena, _("The line says a strength (%.*s), and the medicine has its own: leave one out"),
                          STR_ARG(o->sig->strength)));
}

static void say_quantity(struct order *o)
{
    const struct sig *s = o->sig;
    const struct sig_quantity *q = s->quantity.value.n ? &s->quantity : &s->sum.total;
    const char *amount = arena_fmt(&o->arena, q->unit.n ? "%.*s %.*s" : "%.*s", STR_ARG(q->value), STR_ARG(q->unit));
    const char *words;

    if (!s->quantity.value.n && (!s->sum.known || s->sum.doses))
        words = arena_fmt(&o->arena, s->sum.known ? _("NOT SAID; doses: %.*s") : _("NOT SAID; %.*s"),
                          STR_ARG(s->sum.words));
    else
        words = arena_fmt(&o->arena,
                          s->sum.differs ? _("%s - NOT THE SUM: %.*s")
                          : s->sum.most  ? _("%s (at most: %.*s)")
                                         : "%s (%.*s)",
                          amount, STR_ARG(s->sum.words));
    if (words)
        o->quantity = text_safe(&o->arena, str_of(words), 0);
}

static int finish(const struct order_env *env, struct order *o, struct str prior, struct err *e)
{
    int code = write_bytes(env, o, prior, e);

    say_quantity(o);
    code = code ? code : model_order_said(env, str_of(o->chart), buf_str(&o->bytes), &o->arena, &o->words, e);
    if (!code)
        code = model_check_order(env->m, env->cds, str_of(o->chart), buf_str(&o->bytes), NULL, 0, prior, &o->checks, e);
    if (!code && o->arena.failed)
        code = err_set(e, ERR_NOMEM, 0, 0, "order");
    o->ready = !code;
    return code;
}

int model_order_compose(const struct order_env *env, struct str chart, const struct order_drug *drug, struct str line,
                        struct str prior, struct order *out, struct err *e)
{
    int code;

    *out = (struct order){.drug = *drug, .words = {"", 0, 0}, .quantity = {"", 0, 0}};
    arena_init(&out->arena, ORDER_ARENA);
    buf_init(&out->bytes, LIMIT_RESOURCE_BYTES);
    snprintf(out->chart, sizeof out->chart, "%.*s", STR_ARG(chart));
    if (model_order_may(env->m) == ORDER_MAY_NOT)
        return err_set(e, ERR_ROLE, 0, 0, env->m->role);
    if ((code = model_order_may_chart(chart, e)) || (code = read_line(env, out, line, e)))
        return code;
    fill_route(env, out);
    find_lacks(out);
    if (out->arena.failed)
        return err_set(e, ERR_NOMEM, 0, 0, "order");
    return out->sig->asks || out->lacks ? ERR_OK : finish(env, out, prior, e);
}

void model_order_fini(struct order *o)
{
    cds_result_fini(&o->checks);
    buf_fini(&o->bytes);
    arena_fini(&o->arena);
    *o = (struct order){.ready = false};
}

/* --- reasons ---------------------------------------------------------------------------------- */

bool model_order_reason_good(struct str reason)
{
    unsigned letters = 0;

    reason = str_trim(reason);
    if (reason.n > ORDER_REASON_MOST || !text_is_utf8(reason))
        return false;
    while (reason.n) {
        uint32_t c;
        size_t n = text_decode(reason, &c);

        if (text_is_control(c))
            return false;
        letters += c > ' ' && c != '.' && c != '-';
        reason = (struct str){reason.p + n, reason.n - n};
    }
    return letters >= ORDER_REASON_LEAST;
}

/* What the note of a STOP begins with: by it its reason is found again in the bytes. */
static char *stop_head(const struct cds_card *card, struct arena *a)
{
    /* TRANSLATORS: a note in an order: which STOP of the checks was read; the reason stands behind it */
    return arena_fmt(a, _("STOP read: %s. Given all the same: "), card->summary.s);
}

int model_order_stop_note(const struct order_env *env, const struct cds_result *checks, unsigned card,
                          struct str reason, struct buf *bytes, struct err *e)
{
    struct arena a;
    const char *head, *note;
    int code;

    if (card >= checks->cards || !model_order_reason_good(reason))
        return err_set(e, ERR_INPUT, 0, 0, "reason");
    arena_init(&a, LIMIT_RESOURCE_BYTES);
    head = stop_head(&checks->card[card], &a);
    reason = str_trim(reason);
    note = head ? arena_fmt(&a, "%s%.*s", head, STR_ARG(reason)) : NULL;
    code = note ? model_order_note(env, bytes, str_of(note), e) : err_set(e, ERR_NOMEM, 0, 0, "order");
    arena_fini(&a);
    return code;
}

int model_order_answer(const struct order_env *env, struct order *o, unsigned card, struct str reason, struct err *e)
{
    int code = o->ready ? model_order_stop_note(env, &o->checks, card, reason, &o->bytes, e)
                        : err_set(e, ERR_OPEN, 0, 0, "order");

    return code ? code : model_order_said(env, str_of(o->chart), buf_str(&o->bytes), &o->arena, &o->words, e);
}

bool model_order_answered(const struct cds_card *card, struct str bytes)
{
    bool found = false;
    struct arena a;
    struct tape t;
    const char *head;

    if (tape_parse(&t, bytes, NULL))
        return false;
    arena_init(&a, LIMIT_RESOURCE_BYTES);
    head = stop_head(card, &a);
    for (tape_at list = tape_get(&t, 0, "note"), i = tape_first(&t, list); head && i != TAPE_NONE && !found;
         i = tape_next(&t, list, i))
        found = str_starts(tape_str(&t, tape_get(&t, i, "text"), &a), head);
    arena_fini(&a);
    tape_fini(&t);
    return found;
}

unsigned model_order_open(const struct cds_result *checks, struct str bytes)
{
    unsigned n = 0;

    for (unsigned i = 0; i < checks->cards; i++)
        n += checks->card[i].tier == CDS_STOP && !model_order_answered(&checks->card[i], bytes);
    return n;
}

int model_order_keep(const struct order *o, struct model_filing *out, struct err *e)
{
    const struct model_write w = {.bytes = buf_str(&o->bytes), .create = true, .why = "draft"};
    unsigned open;

    model_filing_init(out, str_of(o->chart));
    if (!o->ready)
        return err_set(e, ERR_OPEN, 0, o->sig ? o->sig->asks + o->lacks : 1, "order");
    if ((open = model_order_open(&o->checks, w.bytes)))
        return err_set(e, ERR_CHECKS, 0, open, NULL);
    return model_filing_add(out, &w, e);
}
