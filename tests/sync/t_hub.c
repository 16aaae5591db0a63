/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One sync at a time, and a wish is met by one that began after it.
 */
#include "config.h"

#include "tests/unit.h"

#include "sync/hub.h"

static struct sync_hub_look look(struct sync_hub *h, sync_wish w, struct sync_report *r)
{
    *r = (struct sync_report){.pulled = 0};
    return sync_hub_look(h, w, r);
}

static void end(struct sync_hub *h, int code, uint64_t pulled, bool given_up)
{
    sync_hub_end(h, &(struct sync_report){.code = code, .pulled = pulled}, given_up);
}

/* Kills tests/mutants/sync-hub-joins-late.patch: a wish met by the sync that ran already when it came. */
static void met_by_the_next(void)
{
    struct sync_hub *h;
    struct sync_report r;
    struct sync_hub_look l;
    sync_wish first, second, third;

    CU_ASSERT_EQUAL_FATAL(sync_hub_new(&h), ERR_OK);
    first = sync_hub_wish(h);
    l = look(h, first, &r);
    CU_ASSERT(l.yours && !l.met && !l.running);
    CU_ASSERT_FALSE(sync_hub_begin(h)); /* it runs */
    second = sync_hub_wish(h);
    third = sync_hub_wish(h);
    sync_hub_progress(h, "Patient", 7, 1, 30);
    l = look(h, second, &r);
    CU_ASSERT(l.running && !l.yours && !l.met && l.rows == 7 && l.done == 1 && l.all == 30);
    UNIT_STR(l.type, "Patient");
    end(h, ERR_OK, 11, false);
    l = look(h, first, &r);
    CU_ASSERT(l.met && r.pulled == 11);
    l = look(h, second, &r); /* what was queued before `sync' may not be in that one */
    CU_ASSERT(!l.met && l.yours);
    UNIT_STR(l.type, "");
    l = look(h, third, &r);
    CU_ASSERT(!l.met && !l.yours && l.running);
    end(h, ERR_OFFLINE, 0, false);
    CU_ASSERT(look(h, second, &r).met && r.code == ERR_OFFLINE);
    CU_ASSERT(look(h, third, &r).met && r.code == ERR_OFFLINE); /* both by one */
    sync_hub_free(h);
}

static void given_up(void)
{
    struct sync_hub *h;
    struct sync_report r;
    sync_wish first, second;

    CU_ASSERT_EQUAL_FATAL(sync_hub_new(&h), ERR_OK);
    first = sync_hub_wish(h);
    second = sync_hub_wish(h);
    CU_ASSERT(look(h, first, &r).yours);
    end(h, ERR_CANCELLED, 0, true); /* by Ctrl-C of the one who ran it */
    CU_ASSERT(look(h, second, &r).yours); /* the other runs it then */
    second = sync_hub_wish(h);
    end(h, ERR_CANCELLED, 0, false); /* by a person at the screen: also for who waits behind it */
    CU_ASSERT(look(h, second, &r).met && r.code == ERR_CANCELLED);
    CU_ASSERT(look(h, first, &r).met && r.code == ERR_CANCELLED);
    first = sync_hub_wish(h);
    CU_ASSERT(look(h, first, &r).yours); /* but not for who comes later */
    end(h, ERR_OK, 0, false);
    sync_hub_free(h);
}

static void called(void *arg)
{
    ++*(int *)arg;
}

static void by_the_keeper(void)
{
    struct sync_hub *h;
    struct sync_report r;
    sync_wish w;
    int calls = 0;

    CU_ASSERT_EQUAL_FATAL(sync_hub_new(&h), ERR_OK);
    sync_hub_keeper(h, called, &calls);
    w = sync_hub_wish(h);
    for (int i = 0; i < 3; i++)
        CU_ASSERT(!look(h, w, &r).yours);
    CU_ASSERT_EQUAL(calls, 1); /* asked once, until it begins */
    CU_ASSERT(sync_hub_begin(h));
    CU_ASSERT(look(h, w, &r).running);
    end(h, ERR_OK, 3, false);
    CU_ASSERT(look(h, w, &r).met && r.pulled == 3);
    w = sync_hub_wish(h);
    look(h, w, &r);
    CU_ASSERT_EQUAL(calls, 2);
    sync_hub_free(h);
}

static const struct unit_test tests[] = {
    {"a wish is met by a sync that began after it", met_by_the_next},
    {"what one gives up the others have still to get", given_up},
    {"a keeper runs it for all", by_the_keeper},
};

UNIT_MAIN("hub", tests)
