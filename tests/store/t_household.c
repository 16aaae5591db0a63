/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Households: whom a word of an address or the end of a telephone number finds, behind those whom a name finds; who
 * shares what with whom; and that it stays true, whatever comes first, changes, or goes. Kills
 * tests/mutants/store-home-stays.patch: the words of a former address go on finding.
 */
#include "config.h"

#include "tests/store/made.h"

#include "base/date.h"
#include "fhir/home.h"
#include "store/priv.h"
#include "tests/store/older.h"

#define BASE "http://h/fhir"

/* A resource as a server sent it, in ' for ". */
static void put(struct store *s, const char *json)
{
    struct fhir_index ix;
    struct arena a;
    struct tape t;
    struct buf b;

    buf_init(&b, 1 << 20);
    for (; *json; json++)
        buf_addc(&b, *json == '\'' ? '"' : *json);
    arena_init(&a, 1 << 20);
    CU_ASSERT_EQUAL(tape_parse(&t, buf_str(&b), NULL), ERR_OK);
    CU_ASSERT_EQUAL(fhir_index(&t, BASE, &a, &ix, NULL), ERR_OK);
    CU_ASSERT_EQUAL(made_put(s, &ix, buf_str(&b), STORE_SERVER, NULL), ERR_OK);
    tape_fini(&t);
    arena_fini(&a);
    buf_fini(&b);
}

static void person(struct store *s, const char *id, const char *family, const char *rest)
{
    char json[1000];

    snprintf(json, sizeof json, "{'resourceType':'Patient','id':'%s','name':[{'family':'%s'}]%s}", id, family, rest);
    put(s, json);
}

static int one(void *arg, const struct store_patient *p)
{
    return buf_addf(arg, "%.*s%s ", STR_ARG(p->id), p->by_home ? "~" : "");
}

/* ids in the list's order, ~ behind those whom only a home finds */
static void expect(struct store *s, const char *filter, const char *want)
{
    struct buf b;
    int64_t n = -1, ids = 0;

    buf_init(&b, 4096);
    buf_adds(&b, "");
    CU_ASSERT_EQUAL(store_patients(s, str_of(filter), 0, 0, one, &b, NULL), ERR_OK);
    UNIT_STR(b.p ? b.p : "", want);
    CU_ASSERT_EQUAL(store_patient_count(s, str_of(filter), &n, NULL), ERR_OK);
    for (const char *c = want; *c; c++)
        ids += *c == ' ';
    CU_ASSERT_EQUAL(n, ids);
    buf_fini(&b);
}

#define AT(line, city) ",'address':[{'line':['" line "'],'city':'" city "'}]"
#define CALL(number) ",'telecom':[{'system':'phone','value':'" number "'}]"

static void found(void)
{
    char home[64];
    struct store *s = made_store(home);

    person(s, "mill", "Miller", AT("3 Hill Road", "Kilifi"));
    person(s, "ann", "Adams", AT("12, Mill Lane", "Kilifi") CALL("+254 722 123 456"));
    person(s, "ben", "Brown", AT("12 Mill Lane", "Kilifi") CALL("0722-123456"));
    person(s, "cyd", "Clark", CALL("0733 999 111"));
    expect(s, "mill", "mill ann~ ben~ "); /* REQ: whom a name finds comes first */
    expect(s, "mi", "mill ");
    expect(s, "12 mill lane", "ann~ ben~ ");
    expect(s, "adams lane", "ann~ ");
    expect(s, "kilifi", "ann~ ben~ mill~ ");
    expect(s, "12", "");
    expect(s, "0722 123 456", "ann~ ben~ ");
    expect(s, "+254722123456", "ann~ ben~ ");
    expect(s, "3456", "ann~ ben~ ");
    expect(s, "456", "");
    expect(s, "brown 123456", "ben~ ");
    expect(s, "0733999112", "");
    /* in stretches, across where the one kind ends and the other begins */
    for (unsigned offset = 0; offset < 4; offset++) {
        static const char *const want[] = {"mill ann~ ", "ann~ ben~ ", "ben~ ", ""};
        struct buf b;

        buf_init(&b, 4096);
        buf_adds(&b, "");
        CU_ASSERT_EQUAL(store_patients(s, STR("mill"), offset, 2, one, &b, NULL), ERR_OK);
        UNIT_STR(b.p ? b.p : "", want[offset]);
        buf_fini(&b);
    }
    made_end(s, home);
}

static void gone(struct store *s, const char *type, const char *id)
{
    struct store_tx *tx;

    CU_ASSERT_EQUAL(store_begin(s, false, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_delete(tx, str_of(type), str_of(id), STORE_SERVER, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
}

static void stays_true(void)
{
    char home[64];
    struct store *s = made_store(home);

    put(s, "{'resourceType':'RelatedPerson','id':'r','patient':{'reference':'Patient/kid'},"
           "'telecom':[{'system':'phone','value':'0700 555 777'},{'system':'email','value':'700555888@x'}]}");
    expect(s, "0700555777", "");
    person(s, "kid", "Kidd", ",'contact':[{'telecom':[{'value':'0711 222 333'}]}]");
    expect(s, "0700555777", "kid~ "); /* it waited for the patient */
    expect(s, "0711222333", "kid~ ");
    expect(s, "700555888", "");
    gone(s, "RelatedPerson", "r");
    expect(s, "0700555777", "");
    person(s, "kid", "Kidd", AT("9 Old Street", "Malindi"));
    expect(s, "0711222333", "");
    expect(s, "malindi", "kid~ ");
    person(s, "kid", "Kidd", AT("9 New Street", "Mombasa"));
    expect(s, "malindi", "");
    expect(s, "mombasa", "kid~ ");
    person(s, "kid", "Kidd", ",'address':[{'use':'old','line':['1 Gone Road'],'city':'Lamu'}]");
    expect(s, "lamu", "");
    expect(s, "mombasa", "");
    person(s, "kid", "Kidd", AT("9 New Street", "Mombasa"));
    gone(s, "Patient", "kid");
    expect(s, "mombasa", "");
    made_end(s, home);
}

/* More than a row's list of places holds. */
static void many(void)
{
    char home[64], id[16];
    struct store *s = made_store(home);
    int64_t n = 0;

    for (unsigned i = 0; i < 600; i++) {
        snprintf(id, sizeof id, "p%u", i);
        person(s, id, "Xu", i % 2 ? AT("5 Long Street", "Bigtown") : AT("6 Long Street", "Smallham"));
    }
    CU_ASSERT_EQUAL(store_patient_count(s, STR("long"), &n, NULL), ERR_OK);
    CU_ASSERT_EQUAL(n, 600);
    CU_ASSERT_EQUAL(store_patient_count(s, STR("bigtown"), &n, NULL), ERR_OK);
    CU_ASSERT_EQUAL(n, 300);
    for (unsigned i = 1; i < 600; i += 2) {
        snprintf(id, sizeof id, "p%u", i);
        gone(s, "Patient", id);
    }
    CU_ASSERT_EQUAL(store_patient_count(s, STR("bigtown"), &n, NULL), ERR_OK);
    CU_ASSERT_EQUAL(n, 0);
    CU_ASSERT_EQUAL(store_patient_count(s, STR("long"), &n, NULL), ERR_OK);
    CU_ASSERT_EQUAL(n, 300);
    made_end(s, home);
}

static int mate(void *arg, const struct store_mate *m)
{
    return buf_addf(arg, "%.*s:%d:%.*s/%.*s ", STR_ARG(m->chart), (int)m->way, STR_ARG(m->type), STR_ARG(m->id));
}

static void expect_mates(struct store *s, const char *chart, const char *want)
{
    struct buf b;

    buf_init(&b, 4096);
    buf_adds(&b, "");
    CU_ASSERT_EQUAL(store_household(s, str_of(chart), MADE_NOW, mate, &b, NULL), ERR_OK);
    UNIT_STR(b.p ? b.p : "", want);
    buf_fini(&b);
}

static void mates(void)
{
    char home[64];
    struct store *s = made_store(home);

    person(s, "ann", "Adams", AT("12, Mill Lane", "Kilifi") ",'link':[{'type':'seealso','other':{'reference':'RelatedPerson/r'}}]");
    person(s, "ben", "Brown", AT("12 MILL LANE.", "Kilifi") CALL("0722 123 456"));
    person(s, "kid", "Kidd", "");
    put(s, "{'resourceType':'RelatedPerson','id':'r','patient':{'reference':'" BASE "/Patient/kid'},"
           "'telecom':[{'system':'phone','value':'+254722123456'}]}");
    person(s, "far", "Away", AT("12 Mill Lane", "Malindi"));
    expect_mates(s, "ann", "ben:9:Patient/ben kid:10:RelatedPerson/r ");
    expect_mates(s, "kid", "ben:8:Patient/ben ann:10:Patient/ann ");
    expect_mates(s, "far", "");
    CU_ASSERT_EQUAL(store_household(s, STR("nobody"), MADE_NOW, mate, NULL, NULL), ERR_NOTFOUND);
    made_end(s, home);
}

/* A store of the third version: households are made from the rows that are there. */
static void from_version_3(void)
{
    char home[64];
    struct store *s = made_store(home);

    person(s, "ann", "Adams", AT("12, Mill Lane", "Kilifi") CALL("0722 123 456"));
    person(s, "ben", "Brown", AT("12 Mill Lane", "Kilifi"));
    older_exec(s, "DELETE FROM fact WHERE fact >= 8");
    older_turn(s, 3);
    store_close(s);
    s = made_open(home);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    expect(s, "mill", "ann~ ben~ ");
    expect(s, "123456", "ann~ ");
    expect_mates(s, "ann", "ben:9:Patient/ben ");
    made_end(s, home);
}

static void numbers(void)
{
    static const struct {
        const char *number, *typed;
        bool is;
    } rows[] = {
        {"+1 555 0142", "15550142", true}, {"+1 555 0142", "555-0142", true}, {"0722 123456", "+254722123456", true},
        {"+254 (722) 123.456", "0722123456", true}, {"0722 123 456 ext 99", "123456", true}, {"0722 123 456", "0722 123", false},
        {"tel:+254722123456", "722123456", true}, {"0722 123 456", "456", false}, {"0722 123 456", "o456", false},
        {"123456", "3456", true}, {"00123456", "23456", true},
    };
    int64_t key, lo, hi;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CU_ASSERT_EQUAL(fhir_phone(str_of(rows[i].number), &key) && fhir_phone_typed(str_of(rows[i].typed), &lo, &hi) && key >= lo && key < hi,
                        rows[i].is);
    CU_ASSERT_FALSE(fhir_phone(STR("12345"), &key));
    CU_ASSERT_FALSE(fhir_phone(STR(""), &key));
    CU_ASSERT_FALSE(fhir_phone_typed(STR("smith 1234"), &lo, &hi));
}

static const struct unit_test tests[] = {
    {"telephone numbers are compared by their end", numbers},
    {"an address and a number find, behind names", found},
    {"what comes first, changes or goes", stays_true},
    {"a word that many have", many},
    {"who shares what with whom", mates},
    {"a store of version 3 is filled", from_version_3},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("household", tests, sizeof tests / sizeof *tests);
}
