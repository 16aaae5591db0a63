/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who is in a scope, in which order, and that it stays true: whatever comes first, changes, goes, or was there before
 * the facts were kept.
 */
#include "config.h"

#include "tests/store/older.h"

#include <sqlite3.h>
#include <sys/wait.h>

#include "base/date.h"
#include "base/limits.h"
#include "store/priv.h"

#define BASE "http://h/fhir"
#define DAY ((int64_t)24 * 3600 * 1000)

/* 2026-11-23 10:00 UTC, on a machine whose zone is UTC. */
static struct store_view view(enum store_scope scope, const char *type, const char *id)
{
    int64_t today = date_days(2026, 11, 23) * DAY;

    return (struct store_view){.filter = STR(""), .scope = scope, .type = str_of(type), .id = str_of(id),
                               .now_ms = today + 10 * 3600 * 1000, .today_ms = today, .from_ms = today,
                               .to_ms = today + DAY, .day_ms = today, .day_end_ms = today + DAY};
}

/* A resource as a server sent it, in ' for ". */
static void put(struct store *s, enum store_origin origin, const char *json)
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
    CU_ASSERT_EQUAL(fhir_index(&t, origin == STORE_SERVER ? BASE : FHIR_BASE_FILE, &a, &ix, NULL), ERR_OK);
    CU_ASSERT_EQUAL(made_put(s, &ix, buf_str(&b), origin, NULL), ERR_OK);
    tape_fini(&t);
    arena_fini(&a);
    buf_fini(&b);
}

static void person(struct store *s, const char *id, const char *family, const char *rest)
{
    char json[400];

    snprintf(json, sizeof json, "{'resourceType':'Patient','id':'%s','name':[{'family':'%s'}]%s}", id, family, rest);
    put(s, STORE_SERVER, json);
}

static void gone(struct store *s, const char *type, const char *id)
{
    struct store_tx *tx;

    CU_ASSERT_EQUAL(store_begin(s, false, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_delete(tx, str_of(type), str_of(id), STORE_SERVER, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
}

struct ids {
    char s[400];
    int64_t overdue[40];
    unsigned n;
};

static int take(void *arg, const struct store_patient *p)
{
    struct ids *l = arg;
    size_t at = strlen(l->s);

    l->overdue[l->n++] = p->overdue_days;
    snprintf(l->s + at, sizeof l->s - at, "%s%.*s", at ? " " : "", STR_ARG(p->id));
    return 0;
}

static struct ids listed(struct store *s, const struct store_view *v)
{
    struct ids l = {.n = 0};
    int64_t n = -1;

    CU_ASSERT_EQUAL(store_view_patients(s, v, 0, 0, take, &l, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_view_count(s, v, &n, NULL), ERR_OK);
    CU_ASSERT_EQUAL(n, l.n);
    for (unsigned at = 0; at < l.n; at++) { /* page by page it is the same list */
        struct ids one = {.n = 0};

        CU_ASSERT_EQUAL(store_view_patients(s, v, at, 1, take, &one, NULL), ERR_OK);
        CU_ASSERT_EQUAL(one.n, 1);
        CU_ASSERT(strstr(l.s, one.s) != NULL);
    }
    return l;
}

static void expect(struct store *s, enum store_scope scope, const char *type, const char *id, const char *want)
{
    struct store_view v = view(scope, type, id);

    UNIT_STR(listed(s, &v).s, want);
}

static void five(struct store *s)
{
    person(s, "a", "Adams", ",'birthDate':'1990-01-01','generalPractitioner':[{'reference':'Practitioner/d1'}]");
    person(s, "b", "Brown", ",'birthDate':'1950-01-01'");
    person(s, "c", "Clark", "");
    person(s, "d", "Davis", ",'birthDate':'1970-01-01'");
    person(s, "e", "Evans", ",'birthDate':'2020-01-01'");
}

/* Kills tests/mutants/store-scope-leaks.patch: a key that is not looked at. */
static void groups(void)
{
    char home[64];
    struct store *s = made_store(home);

    /* The group comes before its patients: nobody is in it until they are here. */
    put(s, STORE_SERVER, "{'resourceType':'Group','id':'g1','type':'person','actual':true,'member':[{'entity':{'reference':'Patient/a'}},"
                         "{'entity':{'reference':'" BASE "/Patient/c'}},{'entity':{'reference':'Patient/b'},'inactive':true},"
                         "{'entity':{'reference':'Patient/d'},'period':{'end':'2026-11-22'}},"
                         "{'entity':{'reference':'Patient/e'},'period':{'end':'2026-11-23'}},"
                         "{'entity':{'reference':'https://other.example/fhir/Patient/b'}}]}");
    expect(s, STORE_MEMBERS, "Group", "g1", "");
    five(s);
    put(s, STORE_SERVER, "{'resourceType':'Group','id':'g2','type':'person','actual':true,'member':[{'entity':{'reference':'Patient/b'}}]}");
    put(s, STORE_SERVER, "{'resourceType':'List','id':'g1','status':'current','mode':'working','entry':[{'item':{'reference':'Patient/d'}},"
                         "{'item':{'reference':'Patient/e'},'deleted':true}]}");
    put(s, STORE_SERVER, "{'resourceType':'List','id':'old','status':'retired','mode':'working','entry':[{'item':{'reference':'Patient/d'}}]}");
    expect(s, STORE_MEMBERS, "Group", "g1", "a c e");
    expect(s, STORE_MEMBERS, "Group", "g2", "b");
    expect(s, STORE_MEMBERS, "List", "g1", "d");
    expect(s, STORE_MEMBERS, "List", "old", "");
    expect(s, STORE_MEMBERS, "Group", "none", "");
    expect(s, STORE_MEMBERS, "Group", "file:g1", "");
    put(s, STORE_SERVER, "{'resourceType':'Group','id':'g1','type':'person','actual':true,'member':[{'entity':{'reference':'Patient/d'}}]}");
    expect(s, STORE_MEMBERS, "Group", "g1", "d");
    gone(s, "Patient", "d");
    expect(s, STORE_MEMBERS, "Group", "g1", "");
    person(s, "f", "Foster", ""); /* may get the number of the one that has gone */
    expect(s, STORE_MEMBERS, "Group", "g1", "");
    person(s, "d", "Davis", "");
    expect(s, STORE_MEMBERS, "Group", "g1", "d");
    gone(s, "Group", "g1");
    expect(s, STORE_MEMBERS, "Group", "g1", "");
    made_end(s, home);
}

static int one_key(void *arg, struct str type, struct str id, int64_t n)
{
    struct buf *b = arg;

    return buf_addf(b, "%s%.*s/%.*s=%d", b->n ? " " : "", STR_ARG(type), STR_ARG(id), (int)n);
}

static void wards_and_carers(void)
{
    char home[64];
    struct store *s = made_store(home);
    struct buf b;

    five(s);
    put(s, STORE_SERVER, "{'resourceType':'Location','id':'w','name':'Ward'}");
    put(s, STORE_SERVER, "{'resourceType':'Location','id':'room','partOf':{'reference':'Location/w'}}");
    put(s, STORE_SERVER, "{'resourceType':'Location','id':'bed','partOf':{'reference':'Location/room'}}");
    put(s, STORE_SERVER, "{'resourceType':'PractitionerRole','id':'r1','practitioner':{'reference':'Practitioner/d1'}}");
    put(s, STORE_SERVER, "{'resourceType':'Encounter','id':'e1','status':'in-progress','class':{'code':'IMP'},'subject':{'reference':'Patient/b'},"
                         "'location':[{'location':{'reference':'Location/bed'}},{'location':{'reference':'Location/x'},'status':'completed'}],"
                         "'participant':[{'individual':{'reference':'PractitionerRole/r1'}}]}");
    put(s, STORE_SERVER, "{'resourceType':'Encounter','id':'e2','status':'in-progress','class':{'code':'IMP'},'subject':{'reference':'Patient/c'},"
                         "'location':[{'location':{'reference':'Location/w'}}]}");
    put(s, STORE_SERVER, "{'resourceType':'Encounter','id':'e3','status':'finished','class':{'code':'IMP'},'subject':{'reference':'Patient/d'},"
                         "'location':[{'location':{'reference':'Location/w'}}],'participant':[{'individual':{'reference':'Practitioner/d1'}}]}");
    put(s, STORE_SERVER, "{'resourceType':'CareTeam','id':'t','status':'active','subject':{'reference':'Patient/e'},"
                         "'participant':[{'member':{'reference':'Practitioner/d1'}},{'member':{'reference':'Practitioner/d2'},'period':{'end':'2020-01-01'}}]}");
    expect(s, STORE_AT_PLACE, "Location", "w", "b c");
    expect(s, STORE_AT_PLACE, "Location", "bed", "b");
    expect(s, STORE_AT_PLACE, "Location", "x", "");
    expect(s, STORE_IN_CARE, "Practitioner", "d1", "a b e");
    expect(s, STORE_IN_CARE, "PractitionerRole", "r1", "b");
    expect(s, STORE_IN_CARE, "Practitioner", "d2", "");
    buf_init(&b, 1000);
    CU_ASSERT_EQUAL(store_view_keys(s, STORE_AT_PLACE, view(0, "", "").now_ms, one_key, &b, NULL), ERR_OK);
    CU_ASSERT(strstr(b.p, "Location/w=2") && strstr(b.p, "Location/room=1") && strstr(b.p, "Location/bed=1"));
    CU_ASSERT(!strstr(b.p, "Location/x"));
    buf_fini(&b);
    /* A discharge. */
    put(s, STORE_SERVER, "{'resourceType':'Encounter','id':'e1','status':'finished','class':{'code':'IMP'},'subject':{'reference':'Patient/b'},"
                         "'location':[{'location':{'reference':'Location/bed'}}]}");
    expect(s, STORE_AT_PLACE, "Location", "w", "c");
    expect(s, STORE_IN_CARE, "Practitioner", "d1", "a e");
    made_end(s, home);
}

static void task(struct store *s, const char *id, const char *who, const char *status, const char *due)
{
    char json[400], until[100] = "";

    if (*due)
        snprintf(until, sizeof until, ",'restriction':{'period':{'end':'%s'}}", due);
    snprintf(json, sizeof json, "{'resourceType':'Task','id':'%s','status':'%s','intent':'order','for':{'reference':'Patient/%s'}%s}", id,
             status, who, until);
    put(s, STORE_SERVER, json);
}

static int one_task(void *arg, const struct store_task *t)
{
    return buf_addf(arg, "%.*s:%.*s:%lld ", STR_ARG(t->id), STR_ARG(t->chart), (long long)t->overdue_days);
}

static void overdue(void)
{
    char home[64];
    struct store *s = made_store(home);
    struct store_view v = view(STORE_OVERDUE, "", "");
    struct ids l;
    struct buf b;
    int64_t n;

    five(s);
    task(s, "t1", "a", "requested", "2026-11-23");            /* today is not late */
    task(s, "t2", "b", "in-progress", "2026-11-11");          /* 12 days */
    task(s, "t3", "c", "completed", "2026-11-01");
    task(s, "t4", "d", "accepted", "2026-11-22T23:59:00Z");   /* yesterday */
    task(s, "t5", "e", "requested", "");
    task(s, "t6", "e", "ready", "2026-10");                   /* by its last day: 23 days */
    put(s, STORE_SERVER, "{'resourceType':'ImmunizationRecommendation','id':'i','patient':{'reference':'Patient/c'},'date':'2026-01-01','recommendation':["
                         "{'forecastStatus':{'coding':[{'code':'overdue'}]},'dateCriterion':[{'code':{'coding':[{'code':'30980-7'}]},'value':'2026-01-01'},"
                         "{'code':{'coding':[{'code':'59778-1'}]},'value':'2026-11-20'}]},"
                         "{'forecastStatus':{'coding':[{'code':'contraindicated'}]},'dateCriterion':[{'code':{'coding':[{'code':'30980-7'}]},'value':'2025-01-01'}]}]}");
    l = listed(s, &v);
    UNIT_STR(l.s, "b c d e");
    CU_ASSERT(l.overdue[0] == 12 && l.overdue[1] == 3 && l.overdue[2] == 1 && l.overdue[3] == 23);
    v.order = STORE_BY_OVERDUE;
    UNIT_STR(listed(s, &v).s, "e b c d");
    v.scope = STORE_EVERYBODY; /* the rest behind them, by name */
    UNIT_STR(listed(s, &v).s, "e b c d a");
    v.filter = STR("brown");
    UNIT_STR(listed(s, &v).s, "b");
    buf_init(&b, 1000);
    CU_ASSERT_EQUAL(store_tasks(s, &v, 0, 0, one_task, &b, NULL), ERR_OK);
    UNIT_STR(b.p, "t6:e:23 t2:b:12 t4:d:1 t1:a:0 t5:e:0 ");
    buf_clear(&b);
    CU_ASSERT_EQUAL(store_tasks(s, &v, 1, 2, one_task, &b, NULL), ERR_OK);
    UNIT_STR(b.p, "t2:b:12 t4:d:1 ");
    buf_fini(&b);
    CU_ASSERT_EQUAL(store_task_count(s, &n, NULL), ERR_OK);
    CU_ASSERT_EQUAL(n, 5);
    task(s, "t2", "b", "completed", "2026-11-11");
    expect(s, STORE_OVERDUE, "", "", "c d e");
    made_end(s, home);
}

static void booked_born_opened(void)
{
    char home[64];
    struct store *s = made_store(home);
    struct store_view v = view(STORE_BOOKED, "", "");
    struct store_tx *tx;
    static const char *const opened[] = {"c", "a", "c", "nobody"};
    static const struct {
        const char *id, *who, *status, *start;
    } row[] = {
        {"1", "d", "booked", "2026-11-23T14:00:00Z"}, {"2", "b", "arrived", "2026-11-23T08:30:00Z"},
        {"3", "a", "cancelled", "2026-11-23T09:00:00Z"}, {"4", "c", "booked", "2026-11-24T00:00:00Z"},
        {"5", "d", "booked", "2026-11-23T16:00:00Z"}, {"6", "e", "booked", "2026-11-23T23:59:59-02:00"},
    };

    five(s);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char json[400];

        snprintf(json, sizeof json, "{'resourceType':'Appointment','id':'%s','status':'%s','start':'%s','participant':[{'actor':{'reference':"
                 "'Practitioner/d1'},'status':'accepted'},{'actor':{'reference':'Patient/%s'},'status':'accepted'}]}", row[i].id, row[i].status,
                 row[i].start, row[i].who);
        put(s, STORE_SERVER, json);
    }
    UNIT_STR(listed(s, &v).s, "b d");
    v.order = STORE_BY_BOOKING;
    UNIT_STR(listed(s, &v).s, "b d");
    v.scope = STORE_EVERYBODY;
    UNIT_STR(listed(s, &v).s, "b d a c e");
    v.order = STORE_BY_BIRTH;
    UNIT_STR(listed(s, &v).s, "b d a e c");
    for (unsigned i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(store_begin(s, true, &tx, NULL), ERR_OK);
        CU_ASSERT_EQUAL(store_opened(tx, str_of(opened[i]), 1000 + i, NULL), ERR_OK);
        CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
    }
    v.order = STORE_BY_OPENED;
    UNIT_STR(listed(s, &v).s, "c a b d e");
    v.scope = STORE_OPENED;
    UNIT_STR(listed(s, &v).s, "c a");
    gone(s, "Patient", "c");
    UNIT_STR(listed(s, &v).s, "a");
    made_end(s, home);
}

/* Rows of a file belong to charts of files, and so do their scopes. */
static void of_files(void)
{
    char home[64];
    struct store *s = made_store(home);

    five(s);
    put(s, STORE_FILE_IMPORT, "{'resourceType':'Patient','id':'a','name':[{'family':'Adams'}]}");
    put(s, STORE_FILE_IMPORT, "{'resourceType':'Group','id':'g','type':'person','actual':true,'member':[{'entity':{'reference':'urn:uuid:a'}},"
                              "{'entity':{'reference':'Patient/b'}}]}");
    expect(s, STORE_MEMBERS, "Group", "file:g", "file:a");
    expect(s, STORE_MEMBERS, "Group", "g", "");
    made_end(s, home);
}

/* A store of the second version has no facts: opening it makes them from the rows that are there. */
static void from_version_2(void)
{
    static const char make[] = "INSERT INTO setting(name, value) VALUES('server', '" BASE "')";
    char home[64];
    struct store *s = made_store(home);

    five(s);
    CU_ASSERT_EQUAL(sql_exec(&s->w, make, NULL), ERR_OK);
    put(s, STORE_SERVER, "{'resourceType':'Group','id':'g','type':'person','actual':true,'member':[{'entity':{'reference':'" BASE "/Patient/c'}}]}");
    task(s, "t", "b", "requested", "2026-11-11");
    older_turn(s, 2);
    store_close(s);
    s = made_open(home);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    expect(s, STORE_MEMBERS, "Group", "g", "c");
    expect(s, STORE_OVERDUE, "", "", "b");
    expect(s, STORE_IN_CARE, "Practitioner", "d1", "a");
    made_end(s, home);
}

/* What a filling commits: how many rows at once, and where the process is killed. */
static struct {
    int commits, kill_at; /* 0: never */
    int changes, most;
} filling;

/* Each row of a transaction is indexed again, with its words, and has a fact. */
#define FILLING_MOST (6 * LIMIT_TX_ROWS)

static int at_commit(void *db)
{
    int now = sqlite3_total_changes(db), n = now - filling.changes;

    filling.changes = now;
    filling.most = n > filling.most ? n : filling.most;
    if (++filling.commits == filling.kill_at)
        _exit(filling.most > FILLING_MOST ? 1 : 9);
    return 0;
}

static int watch(sqlite3 *db, const char **why, const void *api)
{
    (void)why, (void)api;
    filling.changes = 0;
    sqlite3_commit_hook(db, at_commit, db);
    return SQLITE_OK;
}

/* Opens a store in a process of its own, which dies in its kill_at-th commit: was it killed? */
static bool opened_and_killed(const char *home, int kill_at)
{
    pid_t child = fork();
    int status = 0;

    if (!child) {
        struct store *s;

        filling.kill_at = kill_at;
        sqlite3_auto_extension((void (*)(void))watch);
        s = made_open(home);
        if (!s || filling.most > FILLING_MOST)
            _exit(1);
        store_close(s);
        _exit(0);
    }
    CU_ASSERT_EQUAL_FATAL(waitpid(child, &status, 0), child);
    CU_ASSERT_FATAL(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 9));
    return WEXITSTATUS(status) == 9;
}

/* A store of the second version with rows of several kinds, more than three transactions take. */
static void old_store(char home[64], int tasks)
{
    struct store *s = made_store(home);
    char id[16];

    five(s);
    put(s, STORE_SERVER, "{'resourceType':'Group','id':'g','type':'person','actual':true,'member':[{'entity':{'reference':'Patient/c'}}]}");
    for (int i = 0; i < tasks; i++) {
        snprintf(id, sizeof id, "t%d", i);
        task(s, id, i % 2 ? "b" : "c", "requested", "2026-11-11");
    }
    older_turn(s, 2);
    store_close(s);
}

static int64_t number(struct store *s, const char *text)
{
    int64_t n = -1;

    CU_ASSERT_EQUAL(sql_number(&s->w, text, &n, NULL), ERR_OK);
    return n;
}

/* Kills tests/mutants/store-fill-at-once and store-fill-anew: facts of an older store are made in transactions of at most 200 rows, and a
 * program that is killed in the middle goes on from there: one that began anew each time would never be done. */
static void filled_in_steps(void)
{
    char home[64];
    struct store *s;
    int kills = 0;

    old_store(home, 650);
    while (kills < 30 && opened_and_killed(home, 2))
        kills++;
    CU_ASSERT(kills >= 6 && kills <= 8); /* the upgrade, the beginning, four times rows, the end */
    s = made_open(home);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT_EQUAL(number(s, "SELECT count(*) FROM fact WHERE fact=1 AND pid > 0"), 650);
    CU_ASSERT_EQUAL(number(s, "SELECT count(*) FROM setting WHERE name='index.next'"), 0);
    expect(s, STORE_MEMBERS, "Group", "g", "c");
    expect(s, STORE_OVERDUE, "", "", "b c");
    expect(s, STORE_IN_CARE, "Practitioner", "d1", "a");
    made_end(s, home);
}

/* A row whose bytes are none does not keep the store shut. */
static void filled_past_damage(void)
{
    char home[64];
    struct store *s = made_store(home);

    five(s);
    task(s, "t1", "b", "requested", "2026-11-11");
    task(s, "t2", "c", "requested", "2026-11-11");
    CU_ASSERT_EQUAL(sql_exec(&s->w, "UPDATE res SET codec=0, size=1, body=x'7b' WHERE id='t1'", NULL), ERR_OK);
    older_turn(s, 2);
    store_close(s);
    s = made_open(home);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    expect(s, STORE_OVERDUE, "", "", "c");
    made_end(s, home);
}

static int one_like(void *arg, const struct store_patient *p)
{
    return buf_addf(arg, "%.*s ", STR_ARG(p->id));
}

static void who_is_similar(void)
{
    char home[64];
    struct store *s = made_store(home);
    struct buf b;

    person(s, "x", "Smith", ",'birthDate':'1950-01-01'");
    person(s, "y", "SMITH", ",'birthDate':'1990-01-01'");
    person(s, "z", "Smyth", ",'birthDate':'1950-01-01'");
    person(s, "w", "Jones", ",'birthDate':'1950-01-01'");
    buf_init(&b, 1000);
    CU_ASSERT_EQUAL(store_similar(s, STR("x"), one_like, &b, NULL), ERR_OK);
    UNIT_STR(b.p, "y z ");
    buf_clear(&b);
    CU_ASSERT_EQUAL(store_similar(s, STR("w"), one_like, &b, NULL), ERR_OK);
    CU_ASSERT_EQUAL(b.n, 0);
    CU_ASSERT_EQUAL(store_similar(s, STR("nobody"), one_like, &b, NULL), ERR_NOTFOUND);
    buf_fini(&b);
    made_end(s, home);
}

static const struct unit_test tests[] = {
    {"groups and lists hold their members and nobody else", groups},
    {"wards, their rooms, and who cares for whom", wards_and_carers},
    {"what is overdue, by how many days", overdue},
    {"bookings of a day, births, charts opened", booked_born_opened},
    {"a file's scopes are its own", of_files},
    {"a store of version 2 is filled", from_version_2},
    {"a store is filled in steps, and on after a kill", filled_in_steps},
    {"a damaged row does not keep a store shut", filled_past_damage},
    {"who is similar", who_is_similar},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("scopes", tests, sizeof tests / sizeof *tests);
}
