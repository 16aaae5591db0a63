/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Three versions of a resource as one: what is put together, what is asked, and which bytes stay. Kills merge-no-base,
 * merge-always-ask, merge-two-corrections, merge-drops-theirs.
 */
#include "config.h"

#include "tests/unit.h"

#include "base/limits.h"
#include "base/rng.h"
#include "fhir/holds.h"
#include "fhir/merge.h"

struct three {
    struct tape t[MERGE_SIDES];
    struct arena a;
    struct merge m;
};

static void begin(struct three *x, const char *base, const char *mine, const char *theirs)
{
    const char *const text[] = {base, mine, theirs};
    const struct tape *t[MERGE_SIDES];
    struct err e = ERR_NONE;

    *x = (struct three){.m = {.n = 0}};
    arena_init(&x->a, 1u << 20);
    for (int i = 0; i < MERGE_SIDES; i++) {
        if (text[i] && tape_parse(&x->t[i], str_of(text[i]), &e)) {
            printf("\n    %s\n", text[i]);
            CU_FAIL_FATAL("a document of the test");
        }
        t[i] = text[i] ? &x->t[i] : NULL;
    }
    CU_ASSERT_EQUAL_FATAL(fhir_merge(t[0], t[1], t[2], &x->a, &x->m, &e), ERR_OK);
}

static void end(struct three *x)
{
    for (int i = 0; i < MERGE_SIDES; i++)
        tape_fini(&x->t[i]);
    arena_fini(&x->a);
}

#define PATIENT(rest) "{\"resourceType\":\"Patient\",\"id\":\"p\"" rest "}"
#define ALLERGY(rest) "{\"resourceType\":\"AllergyIntolerance\",\"id\":\"p\"" rest "}"
#define TASK(rest) "{\"resourceType\":\"Task\",\"id\":\"p\"" rest "}"
#define TEL(n) "{\"system\":\"phone\",\"value\":\"" n "\"}"

/* want: the merged bytes; NULL: a person is asked. always: about more than a clash of what may be merged. */
static const struct row {
    const char *base, *mine, *theirs, *want;
    bool always;
} rows[] = {
    /* different numbers */
    {PATIENT(",\"telecom\":[" TEL("1") "]"), PATIENT(",\"telecom\":[" TEL("1") "," TEL("2") "]"),
     PATIENT(",\"telecom\":[" TEL("1") "," TEL("3") "]"), PATIENT(",\"telecom\":[" TEL("1") "," TEL("3") "," TEL("2") "]"),
     false},
    /* different elements; the server's white space and version stay */
    {PATIENT(",\"meta\":{\"versionId\":\"1\"}"), PATIENT(",\"meta\":{\"versionId\":\"1\"},\"maritalStatus\":{\"text\":\"M\"}"),
     PATIENT(",\n  \"meta\": {\"versionId\": \"2\"},\n  \"telecom\": [" TEL("1") "]\n"),
     PATIENT(",\n  \"meta\": {\"versionId\": \"2\"},\n  \"telecom\": [" TEL("1") "],\n  \"maritalStatus\":{\"text\":\"M\"}\n"),
     false},
    /* one number taken away here, another one put in there */
    {PATIENT(",\"telecom\":[" TEL("1") "," TEL("2") "]"), PATIENT(",\"telecom\":[" TEL("1") "]"),
     PATIENT(",\"telecom\":[" TEL("1") "," TEL("2") "," TEL("3") "]"), PATIENT(",\"telecom\":[" TEL("1") "," TEL("3") "]"),
     false},
    /* the only one taken away here: no empty list */
    {PATIENT(",\"telecom\":[" TEL("1") "]"), PATIENT(""), PATIENT(",\"telecom\":[" TEL("1") "],\"photo\":[{}]"),
     PATIENT(",\"photo\":[{}]"), false},
    /* one number corrected by both, in two ways: both would stand */
    {PATIENT(",\"telecom\":[" TEL("1") "]"), PATIENT(",\"telecom\":[" TEL("2") "]"), PATIENT(",\"telecom\":[" TEL("3") "]"),
     NULL, false},
    /* the same change */
    {ALLERGY(",\"criticality\":\"low\""), ALLERGY(",\"criticality\":\"high\""), ALLERGY(",\"criticality\" : \"high\""),
     ALLERGY(",\"criticality\" : \"high\""), false},
    /* the server's is another version, but says the same as the base */
    {ALLERGY(",\"criticality\":\"low\""), ALLERGY(",\"criticality\":\"high\""),
     ALLERGY(",\"meta\":{\"versionId\":\"2\"},\"criticality\":\"low\""),
     ALLERGY(",\"meta\":{\"versionId\":\"2\"},\"criticality\":\"high\""), false},
    /* an allergy is always asked, also where the elements differ */
    {ALLERGY(""), ALLERGY(",\"criticality\":\"high\""), ALLERGY(",\"note\":[{\"text\":\"x\"}]"), NULL, true},
    {ALLERGY(""), ALLERGY(",\"note\":[{\"text\":\"y\"}]"), ALLERGY(",\"note\":[{\"text\":\"x\"}]"), NULL, true},
    {ALLERGY(""), NULL, ALLERGY(",\"note\":[{\"text\":\"x\"}]"), NULL, true},
    {ALLERGY(""), ALLERGY(",\"note\":[{\"text\":\"x\"}]"), NULL, NULL, true},
    /* who the patient is */
    {PATIENT(""), PATIENT(",\"birthDate\":\"1970\""), PATIENT(",\"telecom\":[" TEL("1") "]"), NULL, true},
    {PATIENT(",\"birthDate\":\"1970\""), PATIENT(",\"birthDate\":\"1971\""), PATIENT(",\"birthDate\":\"1972\""), NULL, true},
    /* digits are what was said */
    {PATIENT(",\"photo\":[{\"size\":1}]"), PATIENT(",\"photo\":[{\"size\":1.0}]"), PATIENT(",\"photo\":[{\"size\":1.00}]"), NULL,
     false},
    /* a choice is one element, and so is a value with its extensions */
    {PATIENT(",\"deceasedBoolean\":false"), PATIENT(",\"deceasedDateTime\":\"2026\""), PATIENT(",\"deceasedBoolean\":true"), NULL,
     true},
    {PATIENT(",\"birthDate\":\"1970\""), PATIENT(",\"birthDate\":\"1970\",\"_birthDate\":{\"id\":\"1\"}"),
     PATIENT(",\"birthDate\":\"1971\""), NULL, true},
    /* notes: what is added, not what is taken away or written anew */
    {TASK(",\"note\":[{\"text\":\"a\"}]"), TASK(",\"note\":[{\"text\":\"a\"},{\"text\":\"b\"}]"),
     TASK(",\"note\":[{\"text\":\"a\"},{\"text\":\"c\"}]"), TASK(",\"note\":[{\"text\":\"a\"},{\"text\":\"c\"},{\"text\":\"b\"}]"),
     false},
    {"{\"resourceType\":\"Goal\",\"id\":\"p\",\"note\":[{\"text\":\"a\"}]}", "{\"resourceType\":\"Goal\",\"id\":\"p\"}",
     "{\"resourceType\":\"Goal\",\"id\":\"p\",\"note\":[{\"text\":\"a\"},{\"text\":\"c\"}]}", NULL, true},
    {TASK(",\"status\":\"requested\""), TASK(",\"status\":\"requested\",\"note\":[{\"text\":\"b\"}]"), TASK(",\"status\":\"completed\""),
     NULL, true},
    /* the order is a change */
    {PATIENT(",\"telecom\":[" TEL("1") "," TEL("2") "]"), PATIENT(",\"telecom\":[" TEL("2") "," TEL("1") "]"),
     PATIENT(",\"telecom\":[" TEL("1") "," TEL("2") "," TEL("3") "]"), NULL, false},
    /* tags: the union */
    {PATIENT(",\"meta\":{\"tag\":[{\"code\":\"a\"}]}"), PATIENT(",\"photo\":[{\"url\":\"x\"}]"),
     PATIENT(",\"meta\":{\"tag\":[{\"code\":\"a\"},{\"code\":\"b\"}]}"),
     PATIENT(",\"meta\":{\"tag\":[{\"code\":\"a\"},{\"code\":\"b\"}]},\"photo\":[{\"url\":\"x\"}]"), false},
    {PATIENT(""), PATIENT(",\"meta\":{\"tag\":[{\"code\":\"a\"}]}"), PATIENT(",\"photo\":[{\"url\":\"x\"}]"),
     PATIENT(",\"photo\":[{\"url\":\"x\"}],\"meta\":{\"tag\":[{\"code\":\"a\"}]}"), false},
    /* nobody knows what it was made from */
    {NULL, PATIENT(",\"telecom\":[" TEL("1") "]"), PATIENT(",\"photo\":[{\"url\":\"x\"}]"), NULL, true},
    {NULL, PATIENT(",\"telecom\":[" TEL("1") "]"), PATIENT(",\"telecom\":[" TEL("1") "]"), PATIENT(",\"telecom\":[" TEL("1") "]"),
     false},
    {NULL, PATIENT(",\"telecom\":[" TEL("1") "],\"photo\":[{}]"), PATIENT(",\"telecom\":[" TEL("1") "]"), NULL, true},
    /* something may turn its meaning around */
    {PATIENT(",\"modifierExtension\":[{\"url\":\"x\"}]"),
     PATIENT(",\"modifierExtension\":[{\"url\":\"x\"}],\"telecom\":[" TEL("1") "]"),
     PATIENT(",\"modifierExtension\":[{\"url\":\"x\"}],\"photo\":[{\"url\":\"x\"}]"), NULL, true},
};

static void each_row(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *r = &rows[i];
        struct err e = ERR_NONE;
        struct three x;
        struct buf b;
        bool good;

        buf_init(&b, 1u << 20);
        begin(&x, r->base, r->mine, r->theirs);
        good = x.m.ask == !r->want && (r->want || x.m.always == r->always);
        if (good && r->want)
            good = !fhir_merge_write(&x.m, &b, &e) && str_is(buf_str(&b), r->want);
        if (!good)
            printf("\n    row %u: ask %d always %d %s: %.*s\n", (unsigned)i, x.m.ask, x.m.always, err_name(e.code),
                   (int)b.n, b.p ? b.p : "");
        CU_ASSERT(good);
        end(&x);
        buf_fini(&b);
    }
}

/* A field that nobody answered is not written; what is answered is. */
static void answers(void)
{
    struct err e = ERR_NONE;
    struct three x;
    struct buf b;

    buf_init(&b, 4096);
    begin(&x, ALLERGY(",\"criticality\":\"low\""), ALLERGY(",\"criticality\":\"high\""),
          ALLERGY(",\"criticality\":\"unable-to-assess\",\"note\":[{\"text\":\"x\"}]"));
    CU_ASSERT_EQUAL_FATAL(x.m.n, 2);
    CU_ASSERT(x.m.field[0].clash && x.m.field[0].choice == MERGE_OPEN);
    CU_ASSERT(x.m.field[1].ask && x.m.field[1].choice == MERGE_TAKE_THEIRS);
    CU_ASSERT_EQUAL(fhir_merge_write(&x.m, &b, &e), ERR_INPUT);
    x.m.field[0].choice = MERGE_TAKE_MINE;
    CU_ASSERT_EQUAL(fhir_merge_write(&x.m, &b, &e), ERR_OK);
    CU_ASSERT(str_is(buf_str(&b), ALLERGY(",\"criticality\":\"high\",\"note\":[{\"text\":\"x\"}]")));
    end(&x);
    buf_clear(&b);
    begin(&x, ALLERGY(""), ALLERGY(",\"code\":{\"text\":\"x\"}"), NULL);
    x.m.field[0].choice = MERGE_TAKE_THEIRS;
    CU_ASSERT_EQUAL(fhir_merge_write(&x.m, &b, &e), ERR_NOTFOUND);
    x.m.field[0].choice = MERGE_TAKE_MINE;
    CU_ASSERT_EQUAL(fhir_merge_write(&x.m, &b, &e), ERR_OK);
    end(&x);
    buf_fini(&b);
}

/* --- properties --------------------------------------------------------------------------------------- */

/* A made-up Patient: which of the atoms it has, and in which of their forms. 0: not there. */
enum { ATOMS = 9, FORMS = 4 };
struct form {
    unsigned char atom[ATOMS];
};

static const char *const members[] = {"maritalStatus", "birthDate", "photo", "communication", "gender"};

/* atoms 0 to 3: numbers; the rest: members */
static void write_form(struct buf *b, const struct form *f, unsigned style)
{
    const char *gap = style & 1 ? "\n  " : "";
    bool first = true;

    buf_addf(b, "{%s\"resourceType\":\"Patient\",%s\"id\":\"p\"", gap, gap);
    for (int i = 0; i < 4; i++)
        if (f->atom[i]) {
            buf_addf(b, "%s{\"system\":\"phone\",\"value\":\"%d\",\"rank\":%u}", first ? ",\"telecom\": [" : ", ", i,
                     (unsigned)f->atom[i]);
            first = false;
        }
    buf_adds(b, first ? "" : "]");
    for (int i = 4; i < ATOMS; i++)
        if (f->atom[i])
            buf_addf(b, ",%s\"%s\":%s{\"text\":\"%u\"}", gap, members[i - 4], style & 2 ? " " : "", (unsigned)f->atom[i]);
    buf_adds(b, style & 1 ? "\n}" : "}");
    buf_addc(b, '\0');
}

static unsigned pick(uint64_t *seed, unsigned n)
{
    return (unsigned)(rng_splitmix(seed) >> 33) % n;
}

/* Reads it again: false when it is nothing that the generator could have written. */
static bool read_form(const struct tape *t, struct form *f)
{
    *f = (struct form){{0}};
    for (tape_at i = tape_first(t, tape_get(t, 0, "telecom")); i != TAPE_NONE;
         i = tape_next(t, tape_get(t, 0, "telecom"), i)) {
        int at = tape_plain(t, tape_get(t, i, "value")).p[0] - '0';

        if (at < 0 || at > 3 || f->atom[at])
            return false;
        f->atom[at] = (unsigned char)(tape_lexeme(t, tape_get(t, i, "rank")).p[0] - '0');
    }
    for (int i = 4; i < ATOMS; i++)
        if (tape_get(t, 0, members[i - 4]) != TAPE_NONE)
            f->atom[i] = (unsigned char)(tape_plain(t, tape_path(t, tape_get(t, 0, members[i - 4]), "text")).p[0] - '0');
    return true;
}

/* The merge of three forms, every question answered by asked; as a form. */
static void merged(const struct form f[MERGE_SIDES], unsigned style, enum merge_choice asked, struct form *out, bool *ask)
{
    struct err e = ERR_NONE;
    struct buf b[MERGE_SIDES], got;
    struct three x;
    struct tape t;

    buf_init(&got, 1u << 16);
    for (int i = 0; i < MERGE_SIDES; i++) {
        buf_init(&b[i], 1u << 16);
        write_form(&b[i], &f[i], style >> 2 * i);
    }
    begin(&x, b[0].p, b[1].p, b[2].p);
    *ask = x.m.ask;
    for (unsigned i = 0; i < x.m.n; i++)
        if (x.m.field[i].choice == MERGE_OPEN)
            x.m.field[i].choice = asked;
    CU_ASSERT_EQUAL_FATAL(fhir_merge_write(&x.m, &got, &e), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(tape_parse(&t, buf_str(&got), &e), ERR_OK);
    CU_ASSERT_TRUE_FATAL(read_form(&t, out));
    /* what neither changed keeps the server's bytes */
    for (tape_at k = tape_first_member(&x.t[2], 0); k != TAPE_NONE; k = tape_next_member(&x.t[2], 0, k)) {
        bool changed = false;

        for (unsigned i = 0; i < x.m.n; i++)
            changed = changed || str_eq(x.m.field[i].path, tape_name(&x.t[2], k));
        for (tape_at i = tape_first_member(&t, 0); i != TAPE_NONE && !changed; i = tape_next_member(&t, 0, i))
            changed = str_eq(tape_name(&t, i), tape_name(&x.t[2], k)) && str_eq(tape_raw(&t, i + 1), tape_raw(&x.t[2], k + 1));
        CU_ASSERT_TRUE_FATAL(changed);
    }
    tape_fini(&t);
    end(&x);
    for (int i = 0; i < MERGE_SIDES; i++)
        buf_fini(&b[i]);
    buf_fini(&got);
}

static void properties(void)
{
    unsigned disjoint = 0, asked = 0, unasked = 0;

    for (uint64_t n = 0; n < 4000; n++) {
        uint64_t seed = n;
        struct form f[MERGE_SIDES], swapped[MERGE_SIDES], got, back;
        unsigned style = pick(&seed, 64), clashes = 0, few = 2 + pick(&seed, 8);
        bool ask, again;

        for (int i = 0; i < ATOMS; i++) {
            f[0].atom[i] = (unsigned char)pick(&seed, FORMS);
            f[1].atom[i] = pick(&seed, few) ? f[0].atom[i] : (unsigned char)pick(&seed, FORMS);
            f[2].atom[i] = pick(&seed, few) ? f[0].atom[i] : (unsigned char)pick(&seed, FORMS);
            clashes += f[1].atom[i] != f[0].atom[i] && f[2].atom[i] != f[0].atom[i] && f[1].atom[i] != f[2].atom[i];
        }
        merged(f, style, MERGE_TAKE_MINE, &got, &ask);
        for (int i = 0; i < ATOMS; i++) { /* nothing stands there that stands in none of the three, nothing else goes */
            if (f[1].atom[i] == f[0].atom[i] && !ask)
                CU_ASSERT_EQUAL_FATAL(got.atom[i], f[2].atom[i]);
            if (f[2].atom[i] == f[0].atom[i] && !ask)
                CU_ASSERT_EQUAL_FATAL(got.atom[i], f[1].atom[i]);
            CU_ASSERT_FATAL(got.atom[i] == f[0].atom[i] || got.atom[i] == f[1].atom[i] || got.atom[i] == f[2].atom[i]);
        }
        CU_ASSERT_FATAL(!clashes || ask);
        swapped[0] = f[0], swapped[1] = f[2], swapped[2] = f[1];
        merged(swapped, style, MERGE_TAKE_THEIRS, &back, &again);
        CU_ASSERT_EQUAL_FATAL(ask, again);
        if (!ask) /* the same whoever came first */
            CU_ASSERT_EQUAL_FATAL(memcmp(&got, &back, sizeof got), 0);
        disjoint += !clashes;
        asked += ask;
        unasked += !ask;
        f[2] = f[0]; /* identities: only one of them said anything */
        merged(f, style, MERGE_OPEN, &got, &ask);
        CU_ASSERT_FATAL(!ask && !memcmp(&got, &f[1], sizeof got));
        swapped[0] = swapped[1] = f[0];
        swapped[2] = f[1];
        merged(swapped, style, MERGE_OPEN, &got, &ask);
        CU_ASSERT_FATAL(!ask && !memcmp(&got, &f[1], sizeof got));
    }
    printf(" %u asked, %u not, %u without a clash ", asked, unasked, disjoint);
    CU_ASSERT(asked > 200 && unasked > 200 && disjoint > unasked);
}

/* Hostile shapes: asked as a whole, in no time. */
static void shapes(void)
{
    static const char *const odd[] = {"[]", "{}", "1", "{\"resourceType\":\"Patient\"}", PATIENT(",\"meta\":1"),
                                      PATIENT(",\"telecom\":{}"), PATIENT(",\"telecom\":[1,[]]"),
                                      "{\"resourceType\":\"Task\",\"id\":\"p\"}"};
    struct buf many;
    struct three x;

    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct err e = ERR_NONE;
        struct buf b;

        buf_init(&b, 4096);
        begin(&x, PATIENT(""), PATIENT(",\"telecom\":[" TEL("1") "]"), odd[i]);
        CU_ASSERT(x.m.ask);
        for (unsigned k = 0; k < x.m.n; k++)
            x.m.field[k].choice = MERGE_TAKE_MINE;
        CU_ASSERT_EQUAL(fhir_merge_write(&x.m, &b, &e), ERR_OK);
        end(&x);
        buf_fini(&b);
    }
    buf_init(&many, 1u << 20);
    buf_adds(&many, "{\"resourceType\":\"Patient\",\"id\":\"p\"");
    for (unsigned i = 0; i < 20000; i++)
        buf_addf(&many, ",\"m%u\":1", i);
    buf_adds(&many, "}");
    begin(&x, PATIENT(""), PATIENT(",\"photo\":[]"), many.p);
    CU_ASSERT(x.m.whole && x.m.always);
    end(&x);
    buf_fini(&many);
}

static const struct unit_test tests[] = {{"what is merged, what is asked", each_row},
                                         {"what is answered is written", answers},
                                         {"identity, symmetry, nothing out of nothing", properties},
                                         {"hostile shapes", shapes}};
UNIT_MAIN("merge", tests)
