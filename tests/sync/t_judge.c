/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What answers say of an operation: the bytes are HAPI FHIR's shapes (tests/live/push has it judge real ones).
 * Kills judge-portal, judge-behind-base, judge-half-history, judge-taken-away, push-outcome-refuses.
 */
#include "config.h"

#include "tests/unit.h"

#include <stdio.h>

#include "sync/send_priv.h"
#include "sync/server.h"

#define OBS(version, text) \
    "{\"resourceType\":\"Observation\",\"id\":\"o\",\"meta\":{\"versionId\":\"" version "\"},\"code\":{\"text\":\"" text "\"}}"
#define OUTCOME "{\"resourceType\":\"OperationOutcome\",\"issue\":[]}"
#define PAST(link, entries) \
    "{\"resourceType\":\"Bundle\",\"type\":\"history\",\"link\":[" link "],\"entry\":[" entries "]}"
#define V(version, text) "{\"resource\":" OBS(version, text) "}"
#define NEXT "{\"relation\":\"next\",\"url\":\"http://127.0.0.1/fhir?_getpages=1\"}"

static const struct judge_op update = {STORE_OP_UPDATE, "1", {OBS("1", "old"), sizeof OBS("1", "old") - 1},
                                       {OBS("1", "new"), sizeof OBS("1", "new") - 1}, NULL};

static enum push_found judge(bool history, const struct judge_op *op, int status, const char *body, bool whole, char *version)
{
    const struct judge_answer a = {status, str_of(body), whole};
    enum push_found found = PUSH_FOUND_UNKNOWN;
    char v[STORE_VERSION_BYTES];

    CU_ASSERT_EQUAL((history ? sync_judge_history : sync_judge_read)(op, &a, &found, version ? version : v, NULL), ERR_OK);
    return found;
}

static enum push_found now(int status, const char *body)
{
    return judge(false, &update, status, body, true, NULL);
}

static void as_it_is(void)
{
    CU_ASSERT_EQUAL(now(200, OBS("1", "old")), PUSH_FOUND_BASE);
    CU_ASSERT_EQUAL(now(200, OBS("2", "new")), PUSH_FOUND_OURS);
    CU_ASSERT_EQUAL(now(200, OBS("2", "theirs")), PUSH_FOUND_OTHER);
    CU_ASSERT_EQUAL(now(404, OUTCOME), PUSH_FOUND_NOTHING);
    CU_ASSERT_EQUAL(now(410, OUTCOME), PUSH_FOUND_GONE);
}

/* REQ: only a FHIR server's word is evidence, and only a whole one. */
static void no_evidence(void)
{
    CU_ASSERT_EQUAL(now(404, "<html>not here</html>"), PUSH_FOUND_UNKNOWN);
    CU_ASSERT_EQUAL(now(410, ""), PUSH_FOUND_UNKNOWN);
    CU_ASSERT_EQUAL(now(200, "<html>sign in</html>"), PUSH_FOUND_UNKNOWN);
    CU_ASSERT_EQUAL(now(200, OUTCOME), PUSH_FOUND_UNKNOWN);
    CU_ASSERT_EQUAL(now(500, OUTCOME), PUSH_FOUND_UNKNOWN);
    CU_ASSERT_EQUAL(judge(false, &update, 200, OBS("2", "new"), false, NULL), PUSH_FOUND_UNKNOWN);
    CU_ASSERT_EQUAL(judge(true, &update, 404, OUTCOME, true, NULL), PUSH_FOUND_UNKNOWN);
    CU_ASSERT_EQUAL(judge(true, &update, 200, PAST("", V("2", "new")) "x", true, NULL), PUSH_FOUND_UNKNOWN);
}

/* A server without versions: the content alone tells. */
static void no_versions(void)
{
    struct judge_op op = update;

    op.version = "";
    CU_ASSERT_EQUAL(judge(false, &op, 200, OBS("", "old"), true, NULL), PUSH_FOUND_BASE);
    CU_ASSERT_EQUAL(judge(false, &op, 200, OBS("", "new"), true, NULL), PUSH_FOUND_OURS);
    CU_ASSERT_EQUAL(judge(false, &op, 200, OBS("", "theirs"), true, NULL), PUSH_FOUND_OTHER);
    op.base = STR("");
    CU_ASSERT_EQUAL(judge(false, &op, 200, OBS("", "old"), true, NULL), PUSH_FOUND_OTHER);
}

#define NOTED(version, text, note) \
    "{\"resourceType\":\"Observation\",\"id\":\"o\",\"meta\":{\"versionId\":\"" version "\"},\"code\":{\"text\":\"" text \
    "\"}" note "}"
#define NOTE ",\"note\":[{\"text\":\"n\"}]"

/* REQ: an edit that takes an element away is not what the server has while the element stands there. */
static void taken_away(void)
{
    struct judge_op op = {STORE_OP_UPDATE, "1", STR(NOTED("1", "a", NOTE)), STR(NOTED("1", "a", "")), NULL};

    CU_ASSERT_EQUAL(judge(false, &op, 200, NOTED("2", "a", NOTE), true, NULL), PUSH_FOUND_OTHER);
    CU_ASSERT_EQUAL(judge(false, &op, 200, NOTED("2", "a", ",\"issued\":\"2026-01-01T00:00:00Z\""), true, NULL),
                    PUSH_FOUND_OURS);
    op.base = STR(""); /* not known: all that the edit does not say may have been taken away */
    CU_ASSERT_EQUAL(judge(false, &op, 200, NOTED("2", "a", NOTE), true, NULL), PUSH_FOUND_OTHER);
    CU_ASSERT_EQUAL(judge(false, &op, 200, NOTED("2", "a", ""), true, NULL), PUSH_FOUND_OURS);
}

static void as_it_was(void)
{
    char version[STORE_VERSION_BYTES];

    CU_ASSERT_EQUAL(judge(true, &update, 200, PAST("", V("3", "theirs") "," V("2", "new") "," V("1", "old")), true, version),
                    PUSH_FOUND_WAS_OURS);
    CU_ASSERT_STRING_EQUAL(version, "2");
    CU_ASSERT_EQUAL(judge(true, &update, 200, PAST("", V("2", "theirs") "," V("1", "old")), true, NULL), PUSH_FOUND_NEVER);
    /* the edit brings back what stood there before its base */
    CU_ASSERT_EQUAL(judge(true, &update, 200, PAST("", V("2", "theirs") "," V("1", "old") "," V("0", "new")), true, NULL),
                    PUSH_FOUND_NEVER);
    /* it does not reach back to the base */
    CU_ASSERT_EQUAL(judge(true, &update, 200, PAST(NEXT, V("9", "theirs")), true, NULL), PUSH_FOUND_UNKNOWN);
    CU_ASSERT_EQUAL(judge(true, &update, 200, PAST("", V("9", "theirs")), true, NULL), PUSH_FOUND_NEVER);
}

static void versions(void)
{
    static const char *const from[][3] = {
        {"W/\"2\"", "", "2"}, {"\"2\"", "", "2"}, {"", "Observation/o/_history/7", "7"}, {"W/\"\"", "x/_history/7", "7"},
        {"", "Observation/o", ""}, {"", "", ""}, {"2", "", ""},
    };
    char version[STORE_VERSION_BYTES], huge[400];

    for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
        sync_judge_version(from[i][0], from[i][1], version);
        CU_ASSERT_STRING_EQUAL(version, from[i][2]);
    }
    memset(huge, 'x', sizeof huge);
    huge[0] = '"';
    huge[sizeof huge - 1] = '\0';
    sync_judge_version(huge, "", version);
    CU_ASSERT_STRING_EQUAL(version, "");
}

/* REQ: a server that took an edit may say something of it too: information and warnings in an OperationOutcome, where
 * others would send the resource, are no refusal, alone and in a batch. */
static void outcome_beside_success(void)
{
    static struct send_lane l;
    static struct send_run run;
    const char *batch = "{\"resourceType\":\"Bundle\",\"type\":\"batch-response\",\"entry\":[{\"response\":{\"status\":\"200 OK\","
                        "\"etag\":\"W/\\\"3\\\"\",\"outcome\":" OUTCOME "}},{\"resource\":" OUTCOME ",\"response\":{\"status\":\"201\","
                        "\"etag\":\"W/\\\"1\\\"\"}}]}";

    l = (struct send_lane){.run = &run, .doing = PUSH_ACT_SEND, .n = 1, .head = {.status = 200, .etag = "W/\"2\""}};
    for (unsigned i = 0; i < 2; i++)
        snprintf(l.op[i].op.type, sizeof l.op[i].op.type, "Observation");
    buf_init(&l.down, 4096);
    buf_adds(&l.down, OUTCOME);
    CU_ASSERT_EQUAL(sync_send_judge(&l.job), ERR_OK);
    CU_ASSERT(l.op[0].answered && l.op[0].ev.fhir && l.op[0].ev.status == 200 && !l.whole);
    CU_ASSERT_STRING_EQUAL(l.op[0].version, "2");
    buf_clear(&l.down);
    buf_adds(&l.down, batch);
    l.n = 2;
    CU_ASSERT_EQUAL(sync_send_judge(&l.job), ERR_OK);
    CU_ASSERT(!l.whole && l.op[0].ev.status == 200 && l.op[1].ev.status == 201 && l.op[0].ev.fhir && l.op[1].ev.fhir);
    CU_ASSERT(!strcmp(l.op[0].version, "3") && !strcmp(l.op[1].version, "1"));
    buf_fini(&l.down);
}

static const char *named(const char *location)
{
    static char id[LIMIT_ID_BYTES + 1];

    sync_judge_name(location, "Observation", id);
    return id;
}

/* The id that an answer names, in the shapes of HAPI, Helios and a transaction's. */
static void names(void)
{
    CU_ASSERT_STRING_EQUAL(named("http://127.0.0.1/fhir/Observation/77/_history/1"), "77");
    CU_ASSERT_STRING_EQUAL(named("https://a/b/Observation/0f-1"), "0f-1");
    CU_ASSERT_STRING_EQUAL(named("Observation/77/_history/1"), "77");
    CU_ASSERT_STRING_EQUAL(named("http://127.0.0.1/fhir/Bundle/77"), "");
    CU_ASSERT_STRING_EQUAL(named("Observation"), "");
    CU_ASSERT_STRING_EQUAL(named("Observation/"), "");
    CU_ASSERT_STRING_EQUAL(named("77"), "");
    CU_ASSERT_STRING_EQUAL(named(""), "");
}

#define FOUND(entries) "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[" entries "]}"
#define MARKED(id, op) \
    "{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"" id "\",\"meta\":{\"versionId\":\"3\"},\"identifier\":[{\"value\":\"1\"}," \
    "{\"system\":\"urn:wardline:op\",\"value\":\"" op "\"}]}}"

static enum push_found sought(int status, const char *body, char id[LIMIT_ID_BYTES + 1])
{
    const struct judge_answer a = {status, str_of(body), true};
    char version[STORE_VERSION_BYTES];
    enum push_found found;

    CU_ASSERT_EQUAL(sync_marker_judge("Observation", "op-1", &a, &found, version, id, NULL), ERR_OK);
    CU_ASSERT_STRING_EQUAL(version, found == PUSH_FOUND_OURS ? "3" : "");
    return found;
}

/* REQ: by its mark alone; what a server lists that does not know the parameter is no word on this one. */
static void marks(void)
{
    char id[LIMIT_ID_BYTES + 1];
    struct buf b;

    CU_ASSERT_EQUAL(sought(200, FOUND(MARKED("77", "op-1")), id), PUSH_FOUND_OURS);
    CU_ASSERT_STRING_EQUAL(id, "77");
    CU_ASSERT_EQUAL(sought(200, FOUND(""), id), PUSH_FOUND_NOTHING);
    CU_ASSERT_EQUAL(sought(200, FOUND(MARKED("77", "op-1") "," MARKED("78", "op-1")), id), PUSH_FOUND_SEVERAL);
    CU_ASSERT_EQUAL(sought(200, FOUND(MARKED("77", "op-2")), id), PUSH_FOUND_UNKNOWN);
    CU_ASSERT_EQUAL(sought(404, OUTCOME, id), PUSH_FOUND_UNKNOWN);
    CU_ASSERT_EQUAL(sought(200, "<html>", id), PUSH_FOUND_UNKNOWN);
    CU_ASSERT_EQUAL(sought(200, OBS("1", "x"), id), PUSH_FOUND_UNKNOWN);
    buf_init(&b, 4096);
    CU_ASSERT_EQUAL(sync_marker_body("Observation", "op-1", STR("{\"id\":\"o\",\"resourceType\":\"Observation\",\"value\":1.50}"), &b), ERR_OK);
    UNIT_STR(b.p, "{\"identifier\":[{\"system\":\"urn:wardline:op\",\"value\":\"op-1\"}],\"resourceType\":\"Observation\",\"value\":1.50}");
    buf_clear(&b);
    CU_ASSERT_EQUAL(sync_marker_body("Observation", "op-1", STR("{\"resourceType\":\"Observation\",\"identifier\":[{\"value\":\"1\"}],\"id\":\"o\"}"), &b), ERR_OK);
    UNIT_STR(b.p, "{\"resourceType\":\"Observation\",\"identifier\":[{\"value\":\"1\"},{\"system\":\"urn:wardline:op\",\"value\":\"op-1\"}]}");
    buf_clear(&b); /* one identifier at most: it bears a tag */
    CU_ASSERT_EQUAL(sync_marker_body("Composition", "op-1", STR("{\"resourceType\":\"Composition\",\"id\":\"o\",\"meta\":{}}"), &b), ERR_OK);
    UNIT_STR(b.p, "{\"resourceType\":\"Composition\",\"meta\":{\"tag\":[{\"system\":\"urn:wardline:op\",\"code\":\"op-1\"}]}}");
    buf_clear(&b);
    CU_ASSERT_EQUAL(sync_marker_query("Composition", "op-1", true, &b), ERR_OK);
    UNIT_STR(b.p, "_tag=urn:wardline:op%7Cop-1");
    buf_fini(&b);
}

#define SAYS(system, create) \
    "{\"resourceType\":\"CapabilityStatement\",\"fhirVersion\":\"4.0.1\",\"rest\":[{\"resource\":[{\"type\":\"Patient\"" create \
    "}],\"interaction\":[" system "]}]}"

/* What a server says of itself. */
static void statements(void)
{
    struct server v;
    bool r4;

    CU_ASSERT(sync_server_read(STR(SAYS("{\"code\":\"transaction\"}", ",\"updateCreate\":false")), 5, &v, &r4) && r4);
    CU_ASSERT(v.can[SERVER_IDS].word == SERVER_NO && v.can[SERVER_TRANSACTION].word == SERVER_YES);
    CU_ASSERT(v.can[SERVER_BATCH].word == SERVER_YES && v.can[SERVER_HISTORY].word == SERVER_NO);
    CU_ASSERT(v.can[SERVER_GZIP].word == SERVER_UNKNOWN && !v.can[SERVER_IDS].shown && v.can[SERVER_IDS].at_ms == 5);
    CU_ASSERT(sync_server_read(STR(SAYS("{\"code\":\"batch\"},{\"code\":\"history-system\"}", "")), 5, &v, NULL));
    CU_ASSERT(v.can[SERVER_IDS].word == SERVER_UNKNOWN && v.can[SERVER_TRANSACTION].word == SERVER_NO);
    CU_ASSERT(v.can[SERVER_BATCH].word == SERVER_YES && v.can[SERVER_HISTORY].word == SERVER_YES);
    CU_ASSERT(!sync_server_read(STR(OUTCOME), 5, &v, &r4) && !r4);
    CU_ASSERT(!sync_server_read(STR("<html>"), 5, &v, NULL));
}

static const struct unit_test tests[] = {
    {"a resource as it is", as_it_is},
    {"what is no evidence", no_evidence},
    {"without versions", no_versions},
    {"what an edit took away", taken_away},
    {"a resource as it was", as_it_was},
    {"versions", versions},
    {"an outcome beside success", outcome_beside_success},
    {"the id that an answer names", names},
    {"by its mark", marks},
    {"what a server says of itself", statements},
};

int main(void)
{
    return unit_main("judge", tests, sizeof tests / sizeof *tests);
}
