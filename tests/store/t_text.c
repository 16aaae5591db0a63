/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Search in the words of all resources. Kills tests/mutants/text-not-deleted.patch (a deleted row's words stay in the
 * file), text-other-patient.patch (a search in one chart gives another's rows) and text-never-again.patch (rows of an
 * older store are never found).
 */
#include "config.h"

#include "tests/store/older.h"

#include "store/text.h"

static void drop(struct store *s, const char *type, const char *id)
{
    struct store_tx *tx;

    CU_ASSERT_EQUAL_FATAL(store_begin(s, false, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_delete(tx, str_of(type), str_of(id), STORE_SERVER, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
}

static int take(void *arg, const struct store_row *row)
{
    struct buf *b = arg;

    return buf_addf(b, "%s%.*s", b->n ? " " : "", STR_ARG(row->id));
}

static const char *found(struct store *s, const char *words, const char *chart)
{
    const struct store_text_query q = {.words = str_of(words), .chart = str_of(chart)};
    static char out[400];
    struct buf b;
    int code;

    buf_init(&b, sizeof out - 1);
    code = store_text_search(s, &q, take, &b, NULL);
    snprintf(out, sizeof out, "%s", code ? err_name(code) : b.n ? b.p : "");
    buf_fini(&b);
    return out;
}

#define PATIENT(id, family, given) \
    "{\"resourceType\":\"Patient\",\"id\":\"" id "\",\"name\":[{\"family\":\"" family "\",\"given\":[\"" given "\"]}]}"
#define NOTE(id, who, text)                                                                                \
    "{\"resourceType\":\"Condition\",\"id\":\"" id "\",\"subject\":{\"reference\":\"Patient/" who "\"}," \
    "\"code\":{\"text\":\"Asthma\"},\"note\":[{\"text\":\"" text "\"}]}"

static void names_in_many_scripts(void)
{
    char home[64];
    struct store *s = made_store(home);

    made_resource(s, PATIENT("mue", "M\303\274ller", "Andr\303\251 Jos\303\251"));
    made_resource(s, PATIENT("obr", "O'Brien", "Si\303\264n"));
    made_resource(s, PATIENT("rus", "\320\230\320\262\320\260\320\275\320\276\320\262", "\320\237\321\221\321\202\321\200"));
    made_resource(s, PATIENT("zho", "\347\216\213", "\345\260\217\346\230\216"));
    made_resource(s, PATIENT("tha", "\340\270\252\340\270\241\340\270\212\340\270\262\340\270\242", "x"));
    UNIT_STR(found(s, "mull", ""), "mue");
    UNIT_STR(found(s, "M\303\234LLER", ""), "mue");
    UNIT_STR(found(s, "jose and", ""), "mue"); /* in any order, each the beginning of a word */
    UNIT_STR(found(s, "uller", ""), "");
    UNIT_STR(found(s, "brien", ""), "obr");
    UNIT_STR(found(s, "sion, o", ""), "obr");
    UNIT_STR(found(s, "\320\270\320\262\320\220", ""), "rus");
    UNIT_STR(found(s, "\320\277\320\265\321\202\321\200", ""), "rus"); /* the two dots of a letter are no other letter */
    UNIT_STR(found(s, "\346\230\216", ""), "zho"); /* any part of a name without blanks */
    UNIT_STR(found(s, "\345\260\217\346\230\216", ""), "zho");
    UNIT_STR(found(s, "\346\230\216\345\260\217", ""), "");
    UNIT_STR(found(s, "\340\270\212\340\270\262", ""), "tha");
    UNIT_STR(found(s, " ,; ", ""), "ERR_INPUT");
    UNIT_STR(found(s, "\"a\" OR b* NEAR(c) -d ^e", ""), ""); /* nothing that is typed is an expression */
    made_end(s, home);
}

static void what_is_searched(void)
{
    char home[64];
    struct store *s = made_store(home);

    made_resource(s, NOTE("co", "p", "wheezing since the flood"));
    made_resource(s, "{\"resourceType\":\"Composition\",\"id\":\"cm\",\"subject\":{\"reference\":\"Patient/p\"},\"title\":\"Discharge\",\"section\":"
           "[{\"title\":\"Plan\",\"text\":{\"div\":\"<div>Stop <b>metfor</b>min.<script>hidden()</script><p>Caf&eacute;</p></div>\"},"
           "\"section\":[{\"text\":{\"div\":\"<p>deeper</p>\"}}]}]}");
    made_resource(s, "{\"resourceType\":\"DocumentReference\",\"id\":\"do\",\"subject\":{\"reference\":\"Patient/p\"},\"content\":[{\"attachment\":"
           "{\"contentType\":\"text/plain; charset=utf-8\",\"title\":\"Referral letter\",\"data\":\"SGFuZG92ZXIgYXQgbm9vbg==\"}},"
           "{\"attachment\":{\"contentType\":\"application/pdf\",\"data\":\"SGFuZG92ZXI=\"}}]}");
    made_resource(s, "{\"resourceType\":\"Observation\",\"id\":\"ob\",\"subject\":{\"reference\":\"Patient/p\"},\"code\":{\"text\":\"Culture\"},"
           "\"valueCodeableConcept\":{\"coding\":[{\"display\":\"Staphylococcus\"}]}}");
    UNIT_STR(found(s, "wheez flood", ""), "co");
    UNIT_STR(found(s, "metformin", ""), "cm");
    UNIT_STR(found(s, "cafe", ""), "cm");
    UNIT_STR(found(s, "deeper discharge", ""), "cm");
    UNIT_STR(found(s, "hidden", ""), "");
    UNIT_STR(found(s, "noon", ""), "do");
    UNIT_STR(found(s, "referral", ""), "do");
    UNIT_STR(found(s, "staph", ""), "ob");
    made_end(s, home);
}

/* REQ: a search in a chart gives no other patient's row. */
static void one_chart(void)
{
    char home[64];
    struct store *s = made_store(home);
    struct store_text_query q = {.words = STR("asthma"), .chart = STR("p1"), .limit = 2};
    struct buf b;

    for (int i = 0; i < 5; i++) {
        char json[400];

        snprintf(json, sizeof json, NOTE("a%d", "p1", "x"), i);
        made_resource(s, json);
        snprintf(json, sizeof json, NOTE("b%d", "p2", "x"), i);
        made_resource(s, json);
    }
    UNIT_STR(found(s, "asthma", "p1"), "a4 a3 a2 a1 a0");
    UNIT_STR(found(s, "asthma", "p"), "");
    UNIT_STR(found(s, "asthma", "file:p1"), "");
    buf_init(&b, 100);
    CU_ASSERT_EQUAL(store_text_search(s, &q, take, &b, NULL), ERR_OK);
    UNIT_STR(b.p, "a4 a3");
    q.before_rowid = 7; /* a3 is the seventh row */
    buf_clear(&b);
    CU_ASSERT_EQUAL(store_text_search(s, &q, take, &b, NULL), ERR_OK);
    UNIT_STR(b.p, "a2 a1");
    buf_fini(&b);
    /* A row that moves to another chart, as a corrected subject does. */
    made_resource(s, NOTE("a0", "p2", "x"));
    UNIT_STR(found(s, "asthma", "p1"), "a4 a3 a2 a1");
    UNIT_STR(found(s, "asthma", "p2"), "b4 b3 b2 b1 b0 a0");
    made_end(s, home);
}

static void changes(void)
{
    char home[64];
    struct store *s = made_store(home);

    made_resource(s, NOTE("c", "p", "first words"));
    made_resource(s, NOTE("c", "p", "second words"));
    UNIT_STR(found(s, "first", ""), "");
    UNIT_STR(found(s, "second", ""), "c");
    CU_ASSERT(store_text_settled(s));
    drop(s, "Condition", "c");
    UNIT_STR(found(s, "second", ""), "");
    UNIT_STR(found(s, "asthma", ""), "");
    CU_ASSERT(!store_text_settled(s));
    CU_ASSERT_EQUAL(store_text_settle(s, NULL, NULL, NULL), ERR_OK);
    CU_ASSERT(store_text_settled(s));
    made_end(s, home);
}

/* Every page of the database, as SQLite sees it. */
static bool lies_there(struct store *s, const char *word)
{
    sqlite3_file *f = NULL;
    sqlite3_int64 size = 0;
    char *all;
    bool yes;

    CU_ASSERT_EQUAL_FATAL(sqlite3_file_control(s->w.db, "main", SQLITE_FCNTL_FILE_POINTER, &f), SQLITE_OK);
    CU_ASSERT_EQUAL_FATAL(f->pMethods->xFileSize(f, &size), SQLITE_OK);
    all = calloc(1, (size_t)size);
    for (sqlite3_int64 at = 0; at < size; at += SEAL_PAGE)
        CU_ASSERT_EQUAL(f->pMethods->xRead(f, all + at, SEAL_PAGE, at), SQLITE_OK);
    yes = memmem(all, (size_t)size, word, strlen(word)) != NULL;
    free(all);
    return yes;
}

/* REQ: what was deleted leaves nothing, also in pages that are in use no more. */
static void deletion_leaves_nothing(void)
{
    char home[64], path[100];
    struct store *s = made_store(home);
    struct stat st;

    for (int i = 0; i < 400; i++) {
        char json[600];

        snprintf(json, sizeof json, NOTE("n%d", "p%d", "qvxzzword%dqvxzz and some more of it"), i, i % 7, i);
        made_resource(s, json);
    }
    CU_ASSERT_EQUAL(sql_exec(&s->w, "PRAGMA wal_checkpoint(TRUNCATE)", NULL), ERR_OK);
    CU_ASSERT(lies_there(s, "qvxzz")); /* the test can see */
    for (int i = 0; i < 400; i++) {
        char id[16];

        snprintf(id, sizeof id, "n%d", i);
        drop(s, "Condition", id);
    }
    CU_ASSERT_EQUAL(store_text_settle(s, NULL, NULL, NULL), ERR_OK);
    CU_ASSERT(!lies_there(s, "qvxzz"));
    CU_ASSERT(!lies_there(s, "asthma"));
    snprintf(path, sizeof path, "%s/%s-wal", home, STORE_FILE);
    CU_ASSERT(!stat(path, &st) && st.st_size == 0);
    made_end(s, home);
}

static int stop(void *arg)
{
    return ++*(int *)arg > 0;
}

static void settling_is_stopped(void)
{
    char home[64];
    struct store *s = made_store(home);
    int steps = 0;

    made_resource(s, NOTE("a", "p", "alpha"));
    made_resource(s, NOTE("b", "p", "beta"));
    drop(s, "Condition", "a");
    CU_ASSERT_EQUAL(store_text_settle(s, stop, &steps, NULL), ERR_CANCELLED);
    CU_ASSERT(!store_text_settled(s));
    UNIT_STR(found(s, "beta", ""), "b");
    CU_ASSERT_EQUAL(store_text_settle(s, NULL, NULL, NULL), ERR_OK);
    UNIT_STR(found(s, "beta", ""), "b");
    UNIT_STR(found(s, "alpha", ""), "");
    made_end(s, home);
}

/* An entry that is not that of the row's bytes is never taken for it: the index is made anew. */
static void what_does_not_fit(void)
{
    char home[64];
    struct store *s = made_store(home);
    struct fhir_index ix = made_index("Condition", "c", "p", "problems", 1);

    ix.words = STR("zebra crossing");
    CU_ASSERT_EQUAL(made_put(s, &ix, STR(NOTE("c", "p", "other")), STORE_SERVER, NULL), ERR_OK);
    UNIT_STR(found(s, "zebra", ""), "c");
    made_resource(s, NOTE("c", "p", "third"));
    UNIT_STR(found(s, "third", ""), "c");
    CU_ASSERT(!store_text_settled(s));
    CU_ASSERT_EQUAL(store_text_settle(s, NULL, NULL, NULL), ERR_OK);
    UNIT_STR(found(s, "zebra", ""), "");
    UNIT_STR(found(s, "third", ""), "c");
    UNIT_STR(found(s, "asthma third", "p"), "c");
    made_end(s, home);
}

static void of_an_older_store(void)
{
    for (int version = 1; version <= OLDER_NEWEST; version++) {
        char home[64];
        struct store *s = made_store(home);
        struct buf b;

        made_resource(s, PATIENT("p", "M\303\274ller", "Anna"));
        for (int i = 0; i < 450; i++) {
            char json[400];

            snprintf(json, sizeof json, NOTE("7b6c1e02-0000-4000-8000-%012d", "p", "word%d"), i, i);
            made_resource(s, json);
        }
        older_turn(s, version);
        store_close(s);
        s = made_open(home);
        CU_ASSERT_PTR_NOT_NULL_FATAL(s);
        UNIT_STR(found(s, "muller", ""), "p");
        UNIT_STR(found(s, "word449", "p"), "7b6c1e02-0000-4000-8000-000000000449");
        buf_init(&b, 4000);
        CU_ASSERT_EQUAL(store_get(s, STR("Condition"), STR("7b6c1e02-0000-4000-8000-000000000200"), &b, NULL), ERR_OK);
        UNIT_STR(b.p ? b.p : "", NOTE("7b6c1e02-0000-4000-8000-000000000200", "p", "word200"));
        buf_fini(&b);
        drop(s, "Condition", "7b6c1e02-0000-4000-8000-000000000449");
        UNIT_STR(found(s, "word449", ""), "");
        CU_ASSERT_EQUAL(store_text_settle(s, NULL, NULL, NULL), ERR_OK);
        made_end(s, home);
    }
}

static const struct unit_test tests[] = {
    {"names in many scripts", names_in_many_scripts},
    {"what is searched", what_is_searched},
    {"a search in one chart", one_chart},
    {"words change and go", changes},
    {"deletion leaves nothing", deletion_leaves_nothing},
    {"settling can be stopped", settling_is_stopped},
    {"an entry that does not fit its row", what_does_not_fit},
    {"rows of an older store", of_an_older_store},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("text", tests, sizeof tests / sizeof *tests);
}
