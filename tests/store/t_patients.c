/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/store/made.h"

#include "base/limits.h"

struct list {
    char ids[4000];
    int n, similar, born_alike;
    char name[200], identifiers[400], birth[20], gender[20];
};

static int take(void *arg, const struct store_patient *p)
{
    struct list *l = arg;
    size_t at = strlen(l->ids);

    l->n++;
    l->similar = (int)p->similar;
    l->born_alike = (int)p->born_alike;
    snprintf(l->ids + at, sizeof l->ids - at, "%s%.*s", at ? " " : "", STR_ARG(p->id));
    snprintf(l->name, sizeof l->name, "%.*s", STR_ARG(p->name));
    snprintf(l->birth, sizeof l->birth, "%.*s", STR_ARG(p->birth));
    snprintf(l->gender, sizeof l->gender, "%.*s", STR_ARG(p->gender));
    snprintf(l->identifiers, sizeof l->identifiers, "%.*s", STR_ARG(p->identifiers));
    return 0;
}

/* Ids that a filter finds, in the order of the list; the count must say the same. */
static struct list found(struct store *s, const char *filter)
{
    struct list l = {.n = 0};
    int64_t n = -1;

    CU_ASSERT_EQUAL(store_patients(s, str_of(filter), 0, 0, take, &l, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_patient_count(s, str_of(filter), &n, NULL), ERR_OK);
    CU_ASSERT_EQUAL(n, l.n);
    return l;
}

static const char *const ward[][2] = {
    {"p1", "\"name\":[{\"use\":\"official\",\"family\":\"O'Brien-M\xc3\xbcller\",\"given\":[\"Ren\xc3\xa9" "e\",\"Ann\"]}],\"birthDate\":\"1984-02-03\","
           "\"gender\":\"female\",\"identifier\":[{\"value\":\"943 476 5919\"}]"},
    {"p2", "\"name\":[{\"family\":\"\xe7\x8e\x8b\",\"given\":[\"\xe5\xb0\x8f\xe6\x98\x8e\"]}],\"birthDate\":\"1950-11-14\""},
    {"p3", "\"name\":[{\"family\":\"\xd8\xad\xd8\xaf\xd8\xa7\xd8\xaf\",\"given\":[\"\xd9\x84\xd9\x8a\xd9\x84\xd9\x89\"]}]"},
    {"p4", "\"name\":[{\"family\":\"Nguye\xcc\x82\xcc\x83n\",\"given\":[\"Zoe\xcc\x88\"]}],\"birthDate\":\"1984\""},
    {"p5", "\"gender\":\"unknown\",\"identifier\":[{\"use\":\"temp\",\"value\":\"TMP-70010617\"}]"},
    {"p6", "\"name\":[{\"text\":\"Smith, John\"}],\"birthDate\":\"1984-12-31\""},
    {"p7", "\"name\":[{\"use\":\"old\",\"family\":\"Tremayne\"},{\"use\":\"official\",\"family\":\"Eastlake\",\"given\":[\"Flora\"]}]"},
};

static void every_word_is_a_prefix(void)
{
    static const struct {
        const char *filter, *ids;
    } row[] = {
        {"", "p7 p4 p1 p6 p3 p2 p5"}, {"   ", "p7 p4 p1 p6 p3 p2 p5"}, {"-", "p7 p4 p1 p6 p3 p2 p5"},
        {"mul", "p1"}, {"M\xc3\x9cL", "p1"}, {"brien", "p1"}, {"obrien", "p1"}, {"o'brien", "p1"}, {"O\xe2\x80\x99" "Brien-mu", "p1"},
        {"rene", "p1"}, {"ann ren", "p1"}, {"enee", ""}, {"rene x", ""},
        {"\xe7\x8e\x8b", "p2"}, {"\xe5\xb0\x8f", "p2"}, {"\xd8\xad\xd8\xaf", "p3"}, {"\xd9\x84\xd9\x8a \xd8\xad", "p3"},
        {"nguyen", "p4"}, {"Nguy\xe1\xbb\x85n zo\xc3\xab", "p4"},
        {"1984", "p4 p1 p6"}, {"1984-02", "p1"}, {"1984-02-03", "p1"}, {"03-Feb-1984", "p1"}, {"3-feb-1984", "p1"}, {"1984-12", "p6"},
        {"94347", "p1"}, {"943 476", "p1"}, {"943-476-5919", "p1"}, {"tmp-700", "p5"}, {"70010617", "p5"},
        {"smith,j", "p6"}, {"smith, john", "p6"}, {"tremayne", "p7"}, {"flora trem", "p7"},
        {"%", "p7 p4 p1 p6 p3 p2 p5"}, {"a_b*", ""}, {"zzz", ""}, {"\xf4\x8f\xbf\xbf", ""},
    };
    char home[64];
    struct store *s = made_store(home);

    for (size_t i = 0; i < sizeof ward / sizeof *ward; i++)
        CU_ASSERT_EQUAL(made_patient(s, ward[i][0], STORE_SERVER, "%s", ward[i][1]), ERR_OK);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        UNIT_STR(found(s, row[i].filter).ids, row[i].ids);
    CU_ASSERT_EQUAL(store_patients(s, STR("\xff"), 0, 0, take, &(struct list){.n = 0}, NULL), ERR_INPUT);
    made_end(s, home);
}

static void what_the_line_says(void)
{
    char home[64];
    struct store *s = made_store(home);
    struct list l;

    CU_ASSERT_EQUAL(made_patient(s, "p1", STORE_SERVER, "%s", ward[6][1]), ERR_OK);
    l = found(s, "");
    UNIT_STR(l.name, "EASTLAKE, Flora"); /* never the old name, though it comes first */
    UNIT_STR(l.identifiers, "");
    CU_ASSERT_EQUAL(made_patient(s, "p1", STORE_SERVER,
        "\"identifier\":[{\"use\":\"secondary\",\"value\":\"S9\"},{\"use\":\"old\",\"value\":\"OLD1\"},{\"value\":\"X 1\"},"
        "{\"value\":\"ENDED\",\"period\":{\"end\":\"1999-01-01\"}},{\"value\":\"M1\",\"type\":{\"coding\":[{\"code\":\"MR\"}]}},"
        "{\"use\":\"usual\",\"value\":\"U1\"},{\"use\":\"usual\"}],\"birthDate\":\"1951\",\"gender\":\"other\""), ERR_OK);
    l = found(s, "");
    CU_ASSERT_EQUAL(l.n, 1);
    UNIT_STR(l.name, "");
    UNIT_STR(l.identifiers, "U1 M1 X\xc2\xa0" "1 S9");
    UNIT_STR(l.birth, "1951");
    UNIT_STR(l.gender, "other");
    UNIT_STR(found(s, "eastlake").ids, ""); /* what a patient was called before is out of the index */
    UNIT_STR(found(s, "old1").ids, "");
    UNIT_STR(found(s, "ended").ids, "");
    UNIT_STR(found(s, "u1 x").ids, "p1");
    made_end(s, home);
}

static int similar_to(struct store *s, const char *id)
{
    struct list l = found(s, id);

    UNIT_STR(l.ids, id);
    return l.similar;
}

/* Kills tests/mutants/store-similar.patch: family names that differ by a letter are not near; store-similar-short.patch: names of
 * one letter are. */
static void namesakes(void)
{
    static const struct {
        const char *id, *family, *given, *birth;
        int similar;
    } row[] = {
        {"x0", "Pemberton", "Rosalind", "1958-11-06", 1}, {"x1", "Pemberton", "Rosalind", "1958-11-06", 1},
        {"x2", "Jansen", "Maria Elisabeth", "1944-04-12", 1}, {"x3", "Janssen", "Marie Elisabeth", "1944-05-11", 1},
        {"x4", "Okafor", "Ada", "2001-01-31", 1}, {"x5", "Okafor", "Obi", "2001-01-31", 1}, /* twins */
        {"x6", "Smith", "John", "1950-01-01", 1}, {"x7", "SMITH", "John", "1990-01-01", 1}, /* namesakes, no age in common */
        {"x8", "M\xc3\xbcller", "Jan", "1970-02-02", 1}, {"x9", "Muller", "Piet", "1970-02-02", 1},
        {"w0", "Farrow-Diruzo", "Kenneth", "1942-05-08", 2}, {"w1", "Farrow-Panimu", "Kenneth", "1942-05-08", 2},
        {"w2", "Farrow", "Kenneth", "1942-05-08", 2}, {"w3", "Farrow-Otto", "Kenneth", "1942-05-09", 0},
        {"w4", "Farrow-Otto", "Keith", "1942-05-08", 0},
        {"y0", "Garside", "Tom", "1958-11-06", 0}, {"y1", "Jones", "Rosalind", "1950", 0}, {"y2", "Jonas", "Tom", "1951", 0},
        /* one letter is no likeness to another: initials, names of one character, a double name's first part */
        {"v0", "O", "Tom", "1977-07-07", 0}, {"v1", "U", "Ann", "1977-07-07", 0}, {"v2", "Ox", "Jim", "1977-07-07", 0},
        {"v3", "\xe7\x8e\x8b", "\xe4\xbc\x9f", "1988-08-08", 1}, {"v4", "\xe6\x9d\x8e", "\xe4\xbc\x9f", "1988-08-08", 0},
        {"v5", "\xe7\x8e\x8b", "\xe8\x8a\xb3", "1988-08-08", 1}, /* a twin of v3 */
        {"v6", "\xe5\xbc\xa0", "\xe4\xbc\x9f", "1999-01-01", 0}, {"v7", "\xe5\xbc\xa0", "\xe8\x8a\xb3", "1999-02-02", 0},
        {"v8", "O-Bel", "Kay", "1966-06-06", 0}, {"v9", "O-Tarn", "Kay", "1966-06-06", 0},
        {"y3", "\xe7\x8e\x8b", "\xe5\xb0\x8f", "1960-01-01", 0}, {"y4", "\xe6\x9d\x8e\xe5\xa4\xa7", "\xe5\xb0\x8f", "1960-01-01", 0},
    };
    char home[64];
    struct store *s = made_store(home);
    struct store_tx *tx;

    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        CU_ASSERT_EQUAL(made_patient(s, row[i].id, STORE_SERVER,
            "\"name\":[{\"family\":\"%s\",\"given\":[\"%s\"]}],\"birthDate\":\"%s\",\"identifier\":[{\"value\":\"%s\"}]",
            row[i].family, row[i].given, row[i].birth, row[i].id), ERR_OK);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        CU_ASSERT_EQUAL(similar_to(s, row[i].id), row[i].similar);
    /* Who shares the whole name and was born in another year is alike by name alone; nobody else here is. */
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        CU_ASSERT_EQUAL(found(s, row[i].id).born_alike, strstr("x6 x7", row[i].id) ? 0 : row[i].similar);
    /* A nameless patient is like nobody; one from a file is like its namesake on the server. */
    CU_ASSERT_EQUAL(made_patient(s, "z0", STORE_SERVER, "\"identifier\":[{\"value\":\"z0\"}],\"birthDate\":\"1958-11-06\""), ERR_OK);
    CU_ASSERT_EQUAL(similar_to(s, "z0"), 0);
    CU_ASSERT_EQUAL(made_patient(s, "x0", STORE_FILE_IMPORT, "\"name\":[{\"family\":\"Pemberton\",\"given\":[\"Rosalind\"]}]"), ERR_OK);
    CU_ASSERT_EQUAL(similar_to(s, "x1"), 2);
    UNIT_STR(found(s, "pemberton").ids, "x0 x1 file:x0");
    CU_ASSERT_EQUAL(store_begin(s, false, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_delete(tx, STR("Patient"), STR("x0"), STORE_SERVER, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
    UNIT_STR(found(s, "pemberton").ids, "x1 file:x0");
    CU_ASSERT_EQUAL(similar_to(s, "x1"), 1);
    made_end(s, home);
}

/* Both ways of making a page (walking the names, sorting the few) give the same rows in the same order, at
 * every offset, and so does the list without a filter. */
static void pages(void)
{
    static const char *const filters[] = {"", "a", "b", "ca", "given7", "given1 f", "common a", "given399"};
    char home[64], id[8];
    struct store *s = made_store(home);
    uint64_t x = 7;

    for (int i = 0; i < 400; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        snprintf(id, sizeof id, "p%d", i);
        CU_ASSERT_EQUAL(made_patient(s, id, STORE_SERVER, "\"name\":[{\"family\":\"%c%cFam\",\"given\":[\"Given%d\",\"Common\"]}]",
                                     'a' + (int)(x >> 60) % 4, 'a' + (int)(x >> 50) % 26, i), ERR_OK);
    }
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        struct list all = found(s, filters[i]);

        for (unsigned step = 1; step < 60; step += 29) {
            struct list parts = {.n = 0};

            for (unsigned at = 0; at < (unsigned)all.n + step; at += step)
                CU_ASSERT_EQUAL(store_patients(s, str_of(filters[i]), at, step, take, &parts, NULL), ERR_OK);
            CU_ASSERT_EQUAL(parts.n, all.n);
            UNIT_STR(parts.ids, all.ids);
        }
    }
    made_end(s, home);
}

static int starting_with(char words[][3][8], const bool *here, const char *prefix)
{
    int n = 0;

    for (int i = 0; i < 40; i++)
        n += here[i] && (!strncmp(words[i][0], prefix, strlen(prefix)) || !strncmp(words[i][1], prefix, strlen(prefix)) ||
                         !strncmp(words[i][2], prefix, strlen(prefix)));
    return n;
}

/* Short prefixes are answered from a table of their own: after any run of changes and deletions it says what
 * the words themselves say. Kills tests/mutants/store-heads.patch: bits that nobody clears. */
static void short_prefixes_stay_true(void)
{
    static const char letters[] = "ab12";
    char home[64], id[8], words[40][3][8], prefix[3] = "";
    struct store *s = made_store(home);
    bool here[40] = {false};
    struct store_tx *tx;
    uint64_t x = 11;

    for (int round = 0; round < 300; round++) {
        int i = (int)((x = x * 6364136223846793005u + 1442695040888963407u) >> 33) % 40;

        snprintf(id, sizeof id, "p%d", i);
        for (int w = 0; w < 3; w++)
            for (int k = 0; k < 4; k++)
                words[i][w][k] = (k == 3 ? '\0' : letters[(x >> (20 + w * 6 + k * 2)) & 3]);
        here[i] = (x >> 60) > 3;
        if (here[i]) {
            CU_ASSERT_EQUAL(made_patient(s, id, STORE_SERVER, "\"name\":[{\"family\":\"%s\",\"given\":[\"%s\"]}],\"identifier\":[{\"value\":\"%s\"}]",
                                         words[i][0], words[i][1], words[i][2]), ERR_OK);
        } else {
            CU_ASSERT_EQUAL(store_begin(s, false, &tx, NULL), ERR_OK);
            CU_ASSERT_EQUAL(store_delete(tx, STR("Patient"), str_of(id), STORE_SERVER, NULL), ERR_OK);
            CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
        }
        for (int a = 0; round % 10 == 9 && a < 4; a++) {
            prefix[0] = letters[a];
            prefix[1] = '\0';
            CU_ASSERT_EQUAL(found(s, prefix).n, starting_with(words, here, prefix));
            for (int b = 0; b < 4; b++) {
                prefix[1] = letters[b];
                CU_ASSERT_EQUAL(found(s, prefix).n, starting_with(words, here, prefix));
            }
        }
    }
    made_end(s, home);
}

/* A Patient of 8 MiB, of thousands of names and numbers, of names that do not end: kept whole, listed short. */
/* A patient of many old names has more words than are kept: number, birth date and the name in force come first. */
static void many_old_names(void)
{
    char home[64];
    struct store *s = made_store(home);
    struct buf b;

    buf_init(&b, 10000);
    buf_adds(&b, "\"name\":[");
    for (int i = 0; i < 40; i++)
        buf_addf(&b, "{\"use\":\"old\",\"family\":\"Was%c%c\",\"given\":[\"Had%c%c\"]},", 'a' + i / 7, 'a' + i % 7, 'a' + i / 7, 'a' + i % 7);
    buf_adds(&b, "{\"family\":\"Now\",\"given\":[\"Ada\"]}],\"birthDate\":\"1984-02-03\",\"identifier\":[{\"value\":\"SEC-1\",\"use\":\"secondary\"},"
                 "{\"use\":\"usual\",\"value\":\"700123\"}]");
    CU_ASSERT_EQUAL(made_patient(s, "p1", STORE_SERVER, "%s", b.p), ERR_OK);
    CU_ASSERT_EQUAL(found(s, "now ada").n, 1);
    CU_ASSERT_EQUAL(found(s, "700123").n, 1);
    CU_ASSERT_EQUAL(found(s, "sec-1").n, 1);
    CU_ASSERT_EQUAL(found(s, "03-Feb-1984").n, 1);
    CU_ASSERT_EQUAL(found(s, "wasaa").n, 1);
    buf_fini(&b);
    made_end(s, home);
}

static void hostile_patients(void)
{
    struct fhir_index ix = made_index("Patient", "p1", "p1", "", FHIR_NO_DATE);
    char home[64];
    struct store *s = made_store(home);
    struct list l;
    struct buf b, got;

    buf_init(&b, LIMIT_RESOURCE_BYTES);
    buf_init(&got, LIMIT_RESOURCE_BYTES);
    buf_adds(&b, "{\"name\":[{\"family\":\"");
    while (b.n < 4000000)
        buf_adds(&b, "\xef\xb7\xba"); /* one character that folds to eighteen */
    buf_adds(&b, "\",\"given\":[\"");
    while (b.n < 4500000)
        buf_adds(&b, "x ");
    buf_adds(&b, "\"]}],\"birthDate\":\"\\u0031984\",\"gender\":7,\"identifier\":[{\"value\":\"7");
    while (b.n < 4600000)
        buf_addc(&b, '7');
    buf_adds(&b, "\"},{\"value\":[]},7,{\"value\":\"N1\"}");
    for (int i = 0; i < 20000; i++)
        buf_addf(&b, ",{\"value\":\"i%d \\u0000\"}", i);
    buf_adds(&b, "]}");
    CU_ASSERT_EQUAL_FATAL(b.failed, ERR_OK);
    CU_ASSERT_EQUAL(made_put(s, &ix, buf_str(&b), STORE_SERVER, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_get(s, STR("Patient"), STR("p1"), &got, NULL), ERR_OK);
    CU_ASSERT(str_eq(buf_str(&b), buf_str(&got)));
    l = found(s, "7777");
    CU_ASSERT_EQUAL(l.n, 1);
    CU_ASSERT(str_starts(str_of(l.identifiers), "N1 i0"));
    CU_ASSERT_EQUAL(found(s, "").n, 1);
    buf_fini(&b);
    buf_fini(&got);
    made_end(s, home);
}

static const struct unit_test tests[] = {
    {"every word of a filter starts a word", every_word_is_a_prefix},
    {"the name and the numbers in force", what_the_line_says},
    {"who is easily taken for whom", namesakes},
    {"pages are cuts of one list", pages},
    {"short prefixes stay true", short_prefixes_stay_true},
    {"many old names hide no number", many_old_names},
    {"a patient made to hurt", hostile_patients},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("patients", tests, sizeof tests / sizeof *tests);
}
