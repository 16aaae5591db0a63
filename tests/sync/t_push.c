/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The rules of sending, one test a rule, on a server in small: a table of resources with versions. tests/sync/push.py has
 * them together, over a real line.
 *
 * Kills push-blind, push-portal-done, push-clash-decides, push-stray-forgotten, push-needs-forgotten, push-unmarked,
 * push-poison-blocks, push-settle-forgotten, push-two-of-a-row, conflict-gone-unsaid; and, found by tests/sim/t_send: push-settle-unasked,
 * push-held-forgotten, push-asked-early, push-sent-after-cancel, push-retry-after, push-taken-back-stops,
 * push-changed-starves, push-id-refused, push-posts-blindly, push-post-forgotten, push-no-history, push-large-for-ever, push-taken-id-mended, push-mended-blind.
 */
#include "config.h"

#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "sync/push.h"

#define OPS 200
#define SETTLE 1000

/* What the line does to the next request that sends. */
enum line { FINE, NEVER, LOST, PORTAL, REFUSED, CLASH, LARGE, SLOWER, WHOLE_400, GONE, BUSY, CHANGED, WRONG, GATEWAY };

struct bench {
    struct push_state *s;
    struct push_op op[OPS];
    unsigned n;
    enum store_op_state disk[OPS];
    unsigned at_server[OPS];     /* how often it was carried out */
    bool rival[OPS];             /* another version stands at the server */
    bool gone[OPS];              /* it was deleted there */
    char why[OPS][STORE_VERSION_BYTES];
    int64_t now_ms;
    enum line next[64];          /* of the requests that send, in order; FINE behind them */
    unsigned sends, reads, histories, largest, both, marks;
    bool in_flight[OPS], broke;  /* broke: what must never be was */
    int64_t wait_ms;
    bool done;
    int code, store_code;
    bool taken_back[OPS];        /* its user did, while the run went on */
    unsigned most;               /* operations of a batch that the server takes; 0: all */
    int history_status;          /* 0: 200 and what there is; else that one, and nothing is told */
    bool cancel_marking;         /* the run is cancelled while the first mark is on its way */
    int64_t told_ms;             /* the server said: not before */
    /* a server that gives the ids */
    int refuses_ids;             /* its status to a PUT of a new one; 0: it takes them */
    unsigned posts[OPS];         /* how often a POST of it was carried out */
    unsigned searches;
    bool nameless;               /* its answers name no id */
    int search_status;           /* 0: 200 and what there is */
    bool told_no_ids;            /* and that was noted, with a move */
    bool known_no_ids;           /* since before the run */
    char id[OPS][65];            /* as renamed */
};

static void feed(struct bench *b, struct push_event ev);

static enum push_found look(const struct bench *b, unsigned at)
{
    if (b->posts[at])
        return PUSH_FOUND_NOTHING; /* not by that name */
    if (b->gone[at])
        return PUSH_FOUND_GONE;
    if (b->rival[at])
        return PUSH_FOUND_OTHER;
    if (b->at_server[at])
        return PUSH_FOUND_OURS;
    return b->op[at].kind == STORE_OP_CREATE ? PUSH_FOUND_NOTHING : PUSH_FOUND_BASE;
}

static void answer(struct bench *b, const struct push_action *a, unsigned i, int status, bool fhir, enum push_found found)
{
    bool named = i < OPS && b->posts[i] && !b->nameless && status / 100 == 2;

    feed(b, (struct push_event){.type = PUSH_EV_ANSWER, .lane = a->lane, .at = i, .status = status, .fhir = fhir,
                                .found = found, .id = named ? STR("given") : STR(""), .version = status / 100 == 2 ? STR("2") : STR(""),
                                .retry_after_s = status == 429});
}

static void end(struct bench *b, const struct push_action *a, int code, bool written)
{
    feed(b, (struct push_event){.type = PUSH_EV_END, .lane = a->lane, .code = code, .written = written});
}

/* REQ: nothing of an operation is handed to the line that is not in flight on disk, and none of a row that has another
 * one before it. */
static void check_send(struct bench *b, const struct push_action *a)
{
    for (unsigned i = 0; i < a->n; i++) {
        unsigned at = a->at[i];

        b->broke = b->broke || b->disk[at] != STORE_OP_INFLIGHT || b->at_server[at] > 1;
        for (unsigned k = 0; k < b->n; k++)
            b->broke = b->broke || (b->op[at].after == b->op[k].seq && b->disk[k] != STORE_OP_ACKED);
    }
}

static void send(struct bench *b, const struct push_action *a)
{
    static const int status[] = {[FINE] = 200, [REFUSED] = 422, [CLASH] = 409, [GONE] = 404, [WRONG] = 400, [GATEWAY] = 502};
    enum line how = b->most && a->n > b->most && b->sends < 60 ? LARGE : b->sends < 64 ? b->next[b->sends] : FINE;

    check_send(b, a);
    b->broke = b->broke || b->now_ms < b->told_ms;
    b->sends++;
    b->largest = a->n > b->largest ? a->n : b->largest;
    for (unsigned i = 0; i < a->n; i++) {
        unsigned at = a->at[i];
        bool reaches = how == FINE || how == LOST || how == PORTAL, post = sync_push_op_at(b->s, at)->post;

        if (reaches && !post && b->op[at].kind == STORE_OP_CREATE && b->refuses_ids) {
            continue;
        }
        b->at_server[at] += reaches;
        b->posts[at] += reaches && post;
    }
    switch (how) {
    case NEVER:
        end(b, a, ERR_OFFLINE, false);
        return;
    case LOST:
        end(b, a, ERR_OFFLINE, true);
        return;
    case CHANGED:
        end(b, a, ERR_INUSE, false);
        return;
    case BUSY:
        b->told_ms = b->now_ms + 20000;
        feed(b, (struct push_event){.type = PUSH_EV_ANSWER, .lane = a->lane, .at = a->n > 1 ? PUSH_ALL : a->at[0],
                                    .status = 503, .fhir = true, .retry_after_s = 20});
        break;
    case LARGE:
    case SLOWER:
    case WHOLE_400:
        answer(b, a, a->n > 1 ? PUSH_ALL : a->at[0], how == LARGE ? 413 : how == SLOWER ? 429 : 400, true, 0);
        break;
    default:
        for (unsigned i = 0; i < a->n; i++) /* what is refused, clashes or is gone: the first alone */
            answer(b, a, a->at[i], how == FINE && !b->at_server[a->at[i]] ? b->refuses_ids : how == PORTAL || i ? 200 : status[how],
                   how != PORTAL, 0);
    }
    end(b, a, ERR_OK, true);
}

/* By its mark. */
static void find(struct bench *b, const struct push_action *a, unsigned at)
{
    unsigned n = b->posts[at];

    feed(b, (struct push_event){.type = PUSH_EV_ANSWER, .lane = a->lane, .at = at, .status = 200, .fhir = true,
                                .found = n > 1 ? PUSH_FOUND_SEVERAL : n ? PUSH_FOUND_OURS : PUSH_FOUND_NOTHING,
                                .version = STR("2"), .id = n ? STR("given") : STR("")});
}

/* One transaction: all of it or nothing. */
static int transaction(struct bench *b, const struct push_action *a)
{
    for (unsigned i = 0; i < a->n; i++)
        if (b->taken_back[a->move[i].at])
            return ERR_NOTFOUND;
    return b->store_code;
}

static void carry_out(struct bench *b, const struct push_action *a)
{
    int code;

    switch (a->type) {
    case PUSH_ACT_STORE:
        code = transaction(b, a);
        if (b->cancel_marking && !(b->cancel_marking = false))
            feed(b, (struct push_event){.type = PUSH_EV_CANCEL});
        for (unsigned i = 0; i < a->n && !code; i++) {
            b->broke = b->broke || b->disk[a->move[i].at] != a->move[i].from;
            b->disk[a->move[i].at] = a->move[i].to;
            snprintf(b->why[a->move[i].at], sizeof b->why[0], "%s", a->move[i].why);
            if (a->move[i].id[0])
                snprintf(b->id[a->move[i].at], sizeof b->id[0], "%s", a->move[i].id);
        }
        b->told_no_ids = b->told_no_ids || (a->no_ids && !code);
        feed(b, (struct push_event){.type = PUSH_EV_STORED, .lane = a->lane, .code = code});
        break;
    case PUSH_ACT_SEND:
        send(b, a);
        break;
    case PUSH_ACT_READ:
        b->reads++;
        b->broke = b->broke || b->now_ms < b->told_ms;
        for (unsigned k = 0; k < b->n; k++) /* nothing is to be learnt of what waits for another one */
            b->broke = b->broke || (b->op[a->at[0]].after == b->op[k].seq && b->disk[k] != STORE_OP_ACKED);
        answer(b, a, a->at[0], 200, true, look(b, a->at[0]));
        end(b, a, ERR_OK, true);
        break;
    case PUSH_ACT_HISTORY:
        b->histories++;
        if (b->history_status)
            answer(b, a, a->at[0], b->history_status, true, PUSH_FOUND_UNKNOWN);
        else
            answer(b, a, a->at[0], 200, true, b->at_server[a->at[0]] ? PUSH_FOUND_WAS_OURS : PUSH_FOUND_NEVER);
        end(b, a, ERR_OK, true);
        break;
    case PUSH_ACT_SEARCH:
        b->searches++;
        if (b->search_status)
            answer(b, a, a->at[0], b->search_status, true, PUSH_FOUND_UNKNOWN);
        else
            find(b, a, a->at[0]);
        end(b, a, ERR_OK, true);
        break;
    case PUSH_ACT_WAIT:
        b->wait_ms += a->wait_ms;
        b->now_ms += a->wait_ms;
        feed(b, (struct push_event){.type = PUSH_EV_WAKE});
        break;
    case PUSH_ACT_DONE:
        b->done = true;
        b->code = a->code;
        break;
    }
}

static void feed(struct bench *b, struct push_event ev)
{
    struct push_actions out;

    ev.now_ms = b->now_ms;
    sync_push_step(b->s, &ev, &out);
    for (unsigned i = 0; i < out.n; i++)
        carry_out(b, &out.a[i]);
}

/* An operation more. */
static struct push_op *add(struct bench *b, enum store_op_kind kind, enum store_op_state state)
{
    struct push_op *op = &b->op[b->n];

    *op = (struct push_op){.seq = 10 + b->n, .kind = kind, .state = state, .bytes = 400};
    snprintf(op->op, sizeof op->op, "op-%u", b->n);
    snprintf(op->type, sizeof op->type, "Observation");
    snprintf(op->id, sizeof op->id, "o-%u", b->n);
    snprintf(op->chart, sizeof op->chart, "p-1");
    snprintf(op->base, sizeof op->base, "%s", kind == STORE_OP_CREATE ? "" : "1");
    b->disk[b->n++] = state;
    return op;
}

/* All that add() made: those that name operation `on` are told so. */
static void run(struct bench *b, unsigned namer, unsigned on)
{
    CU_ASSERT_EQUAL_FATAL(sync_push_new(&b->s), ERR_OK);
    for (unsigned i = 0; i < b->n; i++) {
        feed(b, (struct push_event){.type = PUSH_EV_OP, .op = &b->op[i]});
        if (i == namer)
            feed(b, (struct push_event){.type = PUSH_EV_NEEDS, .res_type = str_of(b->op[on].type), .id = str_of(b->op[on].id)});
    }
    feed(b, (struct push_event){.type = PUSH_EV_START, .settle_ms = SETTLE, .server_ids = b->known_no_ids});
    CU_ASSERT(b->done);
    CU_ASSERT(!b->broke);
    for (unsigned i = 0; i < b->n; i++)
        CU_ASSERT(b->at_server[i] <= 1);
}

static void over(struct bench *b)
{
    sync_push_free(b->s);
    *b = (struct bench){.n = 0};
}

static struct bench b;

static void acknowledged(void)
{
    add(&b, STORE_OP_CREATE, STORE_OP_QUEUED);
    run(&b, OPS, 0);
    CU_ASSERT(b.code == ERR_OK && b.disk[0] == STORE_OP_ACKED && b.sends == 1 && !b.reads);
    CU_ASSERT_STRING_EQUAL(b.why[0], "2");
    over(&b);
}

/* REQ: an outcome that is no answer to it is no outcome. */
static void lost_answers(void)
{
    static const enum line ways[] = {LOST, PORTAL};

    for (unsigned i = 0; i < 2; i++) {
        add(&b, STORE_OP_CREATE, STORE_OP_QUEUED);
        b.next[0] = ways[i];
        run(&b, OPS, 0);
        CU_ASSERT(b.code == ERR_OK && b.disk[0] == STORE_OP_ACKED && b.sends == 1 && b.reads == 1 && b.at_server[0] == 1);
        over(&b);
    }
}

/* REQ: a create that the server does not have yet waits until the first sending can no more be under way. */
static void settles(void)
{
    add(&b, STORE_OP_CREATE, STORE_OP_QUEUED);
    b.next[0] = CLASH; /* in doubt, and nothing there: not by its version, which it has none */
    b.next[0] = WHOLE_400;
    add(&b, STORE_OP_CREATE, STORE_OP_QUEUED);
    run(&b, OPS, 0); /* a batch refused as a whole: nobody knows; each is read, waits, is read again, and goes alone */
    CU_ASSERT(b.code == ERR_OK && b.sends == 3 && b.reads == 4 && b.wait_ms >= SETTLE && b.largest == 2);
    over(&b);
}

/* An update names what it replaces: it can be sent again at once. */
static void update_again(void)
{
    add(&b, STORE_OP_UPDATE, STORE_OP_INDOUBT);
    run(&b, OPS, 0);
    CU_ASSERT(b.code == ERR_OK && b.reads == 1 && b.sends == 1 && b.wait_ms == 0 && b.disk[0] == STORE_OP_ACKED);
    over(&b);
}

/* REQ: what a broken run left in flight is asked for before anything is sent. */
static void stray(void)
{
    add(&b, STORE_OP_UPDATE, STORE_OP_INFLIGHT);
    b.at_server[0] = 1;
    run(&b, OPS, 0);
    CU_ASSERT(b.code == ERR_OK && b.sends == 0 && b.reads == 1 && b.disk[0] == STORE_OP_ACKED);
    over(&b);
}

/* REQ: 409 and 412 decide nothing: it may be the second copy of a request whose first one was carried out. */
static void clash(void)
{
    for (unsigned ours = 0; ours < 2; ours++) {
        add(&b, STORE_OP_UPDATE, STORE_OP_QUEUED);
        b.next[0] = CLASH;
        b.rival[0] = true;
        b.at_server[0] = ours;
        run(&b, OPS, 0);
        CU_ASSERT(b.sends == 1 && b.histories == 1 && b.disk[0] == (ours ? STORE_OP_ACKED : STORE_OP_CONFLICT));
        CU_ASSERT(b.code == (ours ? ERR_OK : ERR_NOTSENT));
        over(&b);
    }
}

static void clash_for_ever(void)
{
    add(&b, STORE_OP_UPDATE, STORE_OP_QUEUED);
    for (unsigned i = 0; i < 64; i++)
        b.next[i] = CLASH; /* while the base is the server's version */
    run(&b, OPS, 0);
    CU_ASSERT(b.sends == 2 && b.disk[0] == STORE_OP_ATTENTION);
    over(&b);
}

/* REQ: one that the server refuses holds up what comes behind it on its row and what names it, and nothing else. */
static void poison(void)
{
    for (unsigned i = 0; i < 4; i++)
        add(&b, STORE_OP_CREATE, STORE_OP_QUEUED);
    b.op[1].after = b.op[0].seq;
    b.op[1].kind = STORE_OP_UPDATE;
    b.next[0] = REFUSED;
    run(&b, 2, 0);
    CU_ASSERT(b.disk[0] == STORE_OP_ATTENTION && b.disk[1] == STORE_OP_QUEUED && b.disk[2] == STORE_OP_QUEUED);
    CU_ASSERT(b.disk[3] == STORE_OP_ACKED && b.code == ERR_NOTSENT);
    CU_ASSERT_STRING_EQUAL(b.why[0], "refused");
    over(&b);
}

/* REQ: one after the other on a row, and behind what they name; the version that one was given is the next one's base. */
static void in_order(void)
{
    add(&b, STORE_OP_CREATE, STORE_OP_QUEUED);
    add(&b, STORE_OP_UPDATE, STORE_OP_QUEUED)->after = 10;
    b.op[1].base[0] = '\0';
    add(&b, STORE_OP_CREATE, STORE_OP_QUEUED);
    run(&b, 2, 0);
    CU_ASSERT(b.code == ERR_OK && b.sends == 2 && b.largest == 2 && !b.reads);
    CU_ASSERT_STRING_EQUAL(sync_push_op_at(b.s, 1)->base, "2");
    over(&b);
}

/* What names itself, or each other, does not stop the run. */
static void in_circles(void)
{
    add(&b, STORE_OP_CREATE, STORE_OP_QUEUED);
    run(&b, 0, 0);
    CU_ASSERT(b.code == ERR_OK && b.sends == 1);
    over(&b);
    add(&b, STORE_OP_CREATE, STORE_OP_QUEUED)->after = 11;
    add(&b, STORE_OP_CREATE, STORE_OP_QUEUED)->after = 10;
    run(&b, OPS, 0);
    CU_ASSERT(b.code == ERR_NOTSENT && b.sends == 0);
    over(&b);
}

static void batches(void)
{
    for (unsigned i = 0; i < 150; i++)
        add(&b, STORE_OP_UPDATE, STORE_OP_QUEUED);
    for (unsigned i = 100; i < 150; i++)
        snprintf(b.op[i].chart, sizeof b.op[i].chart, "p-2");
    run(&b, OPS, 0);
    CU_ASSERT(b.code == ERR_OK && b.largest == PUSH_BATCH && b.sends <= 6);
    over(&b);
    for (unsigned i = 0; i < 32; i++)
        add(&b, STORE_OP_UPDATE, STORE_OP_QUEUED);
    b.next[0] = b.next[1] = b.next[2] = LARGE; /* halved until it passes */
    run(&b, OPS, 0);
    CU_ASSERT(b.code == ERR_OK && b.sends < 20);
    over(&b);
    add(&b, STORE_OP_UPDATE, STORE_OP_QUEUED);
    b.next[0] = LARGE;
    run(&b, OPS, 0);
    CU_ASSERT(b.disk[0] == STORE_OP_ATTENTION && !strcmp(b.why[0], "too-large"));
    over(&b);
}

/* REQ: as slowly as the server says, and not at all where nobody answers. */
static void patience(void)
{
    add(&b, STORE_OP_UPDATE, STORE_OP_QUEUED);
    b.next[0] = SLOWER;
    run(&b, OPS, 0);
    CU_ASSERT(b.code == ERR_OK && b.sends == 2 && b.wait_ms >= 1000 && !b.reads);
    over(&b);
    add(&b, STORE_OP_UPDATE, STORE_OP_QUEUED);
    b.next[0] = b.next[1] = NEVER;
    run(&b, OPS, 0);
    CU_ASSERT(b.code == ERR_OFFLINE && b.sends == 2 && b.disk[0] == STORE_OP_QUEUED && !b.reads);
    over(&b);
    add(&b, STORE_OP_UPDATE, STORE_OP_QUEUED)->wait_ms = PUSH_PATIENCE_MS + 1;
    run(&b, OPS, 0);
    CU_ASSERT(b.code == ERR_NOTSENT && b.sends == 0 && b.wait_ms == 0);
    over(&b);
}

/* A disk that is full: nothing is sent that could not be marked. */
static void no_store(void)
{
    add(&b, STORE_OP_UPDATE, STORE_OP_QUEUED);
    b.store_code = ERR_IO;
    run(&b, OPS, 0);
    CU_ASSERT(b.code == ERR_IO && b.sends == 0);
    over(&b);
}

/* A base that is not known is asked for; another one than it was is a person's. */
static void base_unknown(void)
{
    add(&b, STORE_OP_UPDATE, STORE_OP_QUEUED)->base[0] = '\0';
    run(&b, OPS, 0);
    CU_ASSERT(b.code == ERR_OK && b.reads == 1 && b.sends == 1);
    over(&b);
    add(&b, STORE_OP_UPDATE, STORE_OP_QUEUED)->base[0] = '\0';
    b.rival[0] = true;
    run(&b, OPS, 0);
    CU_ASSERT(b.disk[0] == STORE_OP_CONFLICT && b.sends == 0);
    over(&b);
}

static void deleted(void)
{
    static const enum store_op_state want[] = {STORE_OP_ATTENTION, STORE_OP_CONFLICT, STORE_OP_ACKED};

    for (unsigned kind = STORE_OP_CREATE; kind <= STORE_OP_DELETE; kind++) {
        add(&b, (enum store_op_kind)kind, STORE_OP_QUEUED);
        b.next[0] = b.next[1] = GONE; /* a create: also as POST */
        run(&b, OPS, 0);
        CU_ASSERT(b.disk[0] == want[kind]);
        over(&b);
    }
}

/* REQ: what is in conflict or refused since an earlier run holds up what comes behind it on its row and what names it,
 * and nothing else; not even for a batch's time. */
static void held_since_before(void)
{
    add(&b, STORE_OP_UPDATE, STORE_OP_CONFLICT);
    add(&b, STORE_OP_UPDATE, STORE_OP_QUEUED)->after = 10;
    add(&b, STORE_OP_CREATE, STORE_OP_ATTENTION);
    add(&b, STORE_OP_CREATE, STORE_OP_QUEUED);
    add(&b, STORE_OP_CREATE, STORE_OP_QUEUED);
    run(&b, 3, 2);
    CU_ASSERT(b.disk[0] == STORE_OP_CONFLICT && b.disk[1] == STORE_OP_QUEUED && b.disk[2] == STORE_OP_ATTENTION);
    CU_ASSERT(b.disk[3] == STORE_OP_QUEUED && b.disk[4] == STORE_OP_ACKED && b.sends == 1 && b.code == ERR_NOTSENT);
    CU_ASSERT(sync_push_counts(b.s).all == 5 && sync_push_counts(b.s).held == 2);
    over(&b);
}

/* REQ: all of a restored copy is in doubt; it is asked for in order. */
static void doubt_in_order(void)
{
    add(&b, STORE_OP_UPDATE, STORE_OP_INDOUBT);
    add(&b, STORE_OP_UPDATE, STORE_OP_INDOUBT)->after = 10;
    b.op[1].base[0] = '\0';
    b.next[0] = NEVER; /* the first one waits for its second try */
    run(&b, OPS, 0);
    CU_ASSERT(b.code == ERR_OK && b.sends == 3 && b.disk[0] == STORE_OP_ACKED && b.disk[1] == STORE_OP_ACKED);
    over(&b);
}

/* REQ: nothing leaves behind a cancel, though it was marked. */
static void cancelled(void)
{
    add(&b, STORE_OP_UPDATE, STORE_OP_QUEUED);
    b.cancel_marking = true;
    run(&b, OPS, 0);
    CU_ASSERT(b.code == ERR_CANCELLED && b.sends == 0 && b.disk[0] == STORE_OP_QUEUED);
    over(&b);
}

/* REQ: Retry-After is said to this client: nothing is sent and nothing asked before. */
static void busy(void)
{
    add(&b, STORE_OP_UPDATE, STORE_OP_QUEUED);
    add(&b, STORE_OP_UPDATE, STORE_OP_QUEUED)->chart[0] = 'q';
    b.next[0] = BUSY;
    run(&b, OPS, 0);
    CU_ASSERT(b.code == ERR_OK && b.wait_ms >= 20000 && b.disk[0] == STORE_OP_ACKED && b.disk[1] == STORE_OP_ACKED);
    over(&b);
}

/* REQ: an edit that its user takes back or changes while the run goes on holds up no other. */
static void changed_meanwhile(void)
{
    for (unsigned i = 0; i < 3; i++)
        add(&b, STORE_OP_UPDATE, STORE_OP_QUEUED);
    b.taken_back[1] = true;
    run(&b, OPS, 0);
    CU_ASSERT(b.code == ERR_OK && b.disk[0] == STORE_OP_ACKED && b.disk[2] == STORE_OP_ACKED);
    CU_ASSERT(!b.at_server[1] && sync_push_counts(b.s).all == 2);
    over(&b);
    for (unsigned i = 0; i < 3; i++)
        add(&b, STORE_OP_UPDATE, STORE_OP_QUEUED);
    b.next[0] = b.next[2] = CHANGED; /* the batch, and then one of them alone */
    run(&b, OPS, 0);
    CU_ASSERT(b.code == ERR_NOTSENT && b.sends == 4 && sync_push_counts(b.s).acked == 2 && sync_push_counts(b.s).held == 1);
    over(&b);
}

/* REQ: a server that tells nobody what was leaves it to a person, not to the next run for ever. */
static void no_history(void)
{
    static const int status[] = {404, 501, 200};

    for (unsigned i = 0; i < 3; i++) {
        add(&b, STORE_OP_UPDATE, STORE_OP_INDOUBT);
        b.rival[0] = true;
        b.history_status = status[i];
        run(&b, OPS, 0);
        CU_ASSERT(b.disk[0] == STORE_OP_CONFLICT && !strcmp(b.why[0], "no-history"));
        over(&b);
    }
}

/* REQ: a create whose id another resource has is in conflict: mended and sent again it would overwrite that one. */
static void id_taken(void)
{
    add(&b, STORE_OP_CREATE, STORE_OP_INDOUBT);
    b.rival[0] = true;
    run(&b, OPS, 0);
    CU_ASSERT(b.disk[0] == STORE_OP_CONFLICT && !strcmp(b.why[0], "id-taken") && b.sends == 0);
    over(&b);
}

/* REQ: a create that was refused, mended and is sent again may find its id in use: an earlier copy came late, or this is
 * a backup and its user went on without it. It is asked for, and does not wait. Kills push-mended-blind. */
static void mended_create(void)
{
    struct push_op *op;

    add(&b, STORE_OP_CREATE, STORE_OP_QUEUED)->again = true;
    run(&b, OPS, 0);
    CU_ASSERT(b.code == ERR_OK && b.reads == 1 && b.sends == 1 && b.wait_ms == 0 && b.disk[0] == STORE_OP_ACKED);
    over(&b);
    add(&b, STORE_OP_CREATE, STORE_OP_QUEUED)->again = true;
    b.rival[0] = true;
    run(&b, OPS, 0);
    CU_ASSERT(b.disk[0] == STORE_OP_CONFLICT && !strcmp(b.why[0], "id-taken") && b.sends == 0);
    over(&b);
    op = add(&b, STORE_OP_CREATE, STORE_OP_QUEUED); /* the server had said when */
    op->again = true;
    op->wait_ms = 10000;
    b.told_ms = b.now_ms + 10000;
    run(&b, OPS, 0);
    CU_ASSERT(b.code == ERR_OK && b.reads == 1 && b.sends == 1 && b.wait_ms == 10000 && !b.broke);
    over(&b);
    op = add(&b, STORE_OP_CREATE, STORE_OP_QUEUED);
    op->again = true;
    op->wait_ms = PUSH_PATIENCE_MS + 1;
    run(&b, OPS, 0);
    CU_ASSERT(b.code == ERR_NOTSENT && b.reads == 0 && b.sends == 0 && b.wait_ms == 0);
    over(&b);
    add(&b, STORE_OP_UPDATE, STORE_OP_QUEUED)->again = true; /* which names its base */
    run(&b, OPS, 0);
    CU_ASSERT(b.code == ERR_OK && b.reads == 0 && b.sends == 1);
    over(&b);
}

/* REQ: deletions have no bodies, and a batch of them has a size: one that is too large comes apart all the same. */
static void large_deletions(void)
{
    for (unsigned i = 0; i < 8; i++)
        add(&b, STORE_OP_DELETE, STORE_OP_QUEUED)->bytes = 0;
    b.most = 2;
    run(&b, OPS, 0);
    CU_ASSERT(b.code == ERR_OK && b.sends <= 12);
    over(&b);
}

/* By the version's number alone nobody knew that there is none any more; a person must be told. */
static void deleted_meanwhile(void)
{
    add(&b, STORE_OP_UPDATE, STORE_OP_QUEUED);
    b.next[0] = CLASH;
    b.gone[0] = true;
    run(&b, OPS, 0);
    CU_ASSERT(b.disk[0] == STORE_OP_CONFLICT && !strcmp(b.why[0], "gone"));
    over(&b);
}

/* REQ: a PUT of a new id that is refused as such goes as POST, once, and is called what the server calls it. */
static void server_ids(void)
{
    static const int refusals[] = {404, 405, 400};

    for (unsigned i = 0; i < 3; i++) {
        add(&b, STORE_OP_CREATE, STORE_OP_QUEUED);
        b.refuses_ids = refusals[i];
        run(&b, OPS, 0);
        CU_ASSERT(b.code == ERR_OK && b.disk[0] == STORE_OP_ACKED && b.sends == 2 && b.posts[0] == 1 && !b.reads && !b.searches);
        CU_ASSERT(b.told_no_ids && !strcmp(b.id[0], "given") && !strcmp(sync_push_op_at(b.s, 0)->id, "given"));
        over(&b);
    }
    for (unsigned i = 0; i < 2; i++) { /* what is wrong with it is wrong in a POST, too, and says nothing of ids */
        add(&b, STORE_OP_CREATE, STORE_OP_QUEUED);
        b.next[0] = b.next[1] = i ? WRONG : REFUSED;
        run(&b, OPS, 0);
        CU_ASSERT(b.disk[0] == STORE_OP_ATTENTION && !strcmp(b.why[0], "refused") && b.sends == 1 + i && !b.told_no_ids);
        over(&b);
    }
}

/* Known from before: no PUT is tried, and all of a batch go so. What is behind it names it by its new name. */
static void server_ids_known(void)
{
    b.known_no_ids = true;
    b.refuses_ids = 404;
    for (unsigned i = 0; i < 3; i++)
        add(&b, STORE_OP_CREATE, STORE_OP_QUEUED);
    add(&b, STORE_OP_UPDATE, STORE_OP_QUEUED)->after = 10;
    snprintf(b.op[3].id, sizeof b.op[3].id, "%s", b.op[0].id);
    b.op[3].base[0] = '\0';
    run(&b, OPS, 0);
    CU_ASSERT(b.code == ERR_OK && b.sends == 2 && b.largest == 3 && !b.reads && !b.searches && !b.told_no_ids);
    CU_ASSERT_STRING_EQUAL(sync_push_op_at(b.s, 3)->id, "given");
    over(&b);
}

/* REQ: a POST whose answer was lost is looked for by its mark before anything is sent again. */
static void server_ids_lost(void)
{
    static const enum line ways[] = {LOST, PORTAL};

    for (unsigned i = 0; i < 2; i++) {
        add(&b, STORE_OP_CREATE, STORE_OP_QUEUED);
        b.known_no_ids = true;
        b.next[0] = ways[i];
        run(&b, OPS, 0);
        CU_ASSERT(b.code == ERR_OK && b.sends == 1 && b.searches == 1 && b.posts[0] == 1 && !strcmp(b.id[0], "given"));
        over(&b);
    }
    add(&b, STORE_OP_CREATE, STORE_OP_QUEUED); /* it never came: asked twice, with the time between, then sent again */
    b.known_no_ids = true;
    b.next[0] = GATEWAY;
    run(&b, OPS, 0);
    CU_ASSERT(b.code == ERR_OK && b.sends == 2 && b.searches == 2 && b.wait_ms >= SETTLE && b.posts[0] == 1);
    over(&b);
    add(&b, STORE_OP_CREATE, STORE_OP_QUEUED); /* 200, and it does not say which one */
    b.known_no_ids = b.nameless = true;
    run(&b, OPS, 0);
    CU_ASSERT(b.code == ERR_OK && b.sends == 1 && b.searches == 1 && !strcmp(b.id[0], "given"));
    over(&b);
}

/* REQ: how an earlier run, or another device before the backup, sent it nobody knows: also the mark is looked for. */
static void server_ids_earlier(void)
{
    for (unsigned i = 0; i < 2; i++) {
        add(&b, STORE_OP_CREATE, i ? STORE_OP_INDOUBT : STORE_OP_INFLIGHT);
        b.posts[0] = b.at_server[0] = 1;
        run(&b, OPS, 0);
        CU_ASSERT(b.code == ERR_OK && !b.sends && b.reads == 1 && b.searches == 1 && !strcmp(b.id[0], "given"));
        over(&b);
    }
    add(&b, STORE_OP_CREATE, STORE_OP_INDOUBT); /* a server that cannot be asked so, and takes ids of ours */
    b.search_status = 400;
    run(&b, OPS, 0);
    CU_ASSERT(b.code == ERR_OK && b.sends == 1 && b.disk[0] == STORE_OP_ACKED);
    over(&b);
    add(&b, STORE_OP_CREATE, STORE_OP_INDOUBT); /* and that does not: a person must look */
    b.known_no_ids = true;
    b.search_status = 400;
    run(&b, OPS, 0);
    CU_ASSERT(b.sends == 0 && b.disk[0] == STORE_OP_ATTENTION && !strcmp(b.why[0], "no-history"));
    over(&b);
    add(&b, STORE_OP_CREATE, STORE_OP_INDOUBT); /* two bear it: nothing is deleted unasked */
    b.posts[0] = 2;
    b.known_no_ids = true;
    run(&b, OPS, 0);
    CU_ASSERT(b.sends == 0 && b.disk[0] == STORE_OP_ATTENTION && !strcmp(b.why[0], "several"));
    over(&b);
}

static void nothing(void)
{
    run(&b, OPS, 0);
    CU_ASSERT(b.code == ERR_OK);
    over(&b);
}

static const struct unit_test tests[] = {
    {"an answer acknowledges", acknowledged},
    {"a lost answer is asked for", lost_answers},
    {"a create settles first", settles},
    {"an update is sent again at once", update_again},
    {"what was in flight is asked for", stray},
    {"a clash decides nothing", clash},
    {"a clash that never ends", clash_for_ever},
    {"poison delays only its dependents", poison},
    {"in order", in_order},
    {"in circles", in_circles},
    {"batches", batches},
    {"patience", patience},
    {"a store that refuses", no_store},
    {"a base that is not known", base_unknown},
    {"what was deleted", deleted},
    {"held up since before", held_since_before},
    {"doubt in order", doubt_in_order},
    {"cancelled while it is marked", cancelled},
    {"a server that is busy", busy},
    {"changed meanwhile", changed_meanwhile},
    {"no history", no_history},
    {"an id that is taken", id_taken},
    {"a create that was mended", mended_create},
    {"deletions too large", large_deletions},
    {"what was deleted since it was read", deleted_meanwhile},
    {"ids of the server's", server_ids},
    {"ids of the server's, known", server_ids_known},
    {"ids of the server's, lost", server_ids_lost},
    {"ids of the server's, of an earlier run", server_ids_earlier},
    {"nothing", nothing},
};

int main(void)
{
    return unit_main("push", tests, sizeof tests / sizeof *tests);
}
