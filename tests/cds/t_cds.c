/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The local checks: each pair of the tables is found, in either order, and what the non-interruptive tier has never stops;
 * each cause for which a check could not run is said, and nothing is then called clean. Kills tests/mutants:
 * cds-one-sided, cds-lack-is-clean, cds-old-file-used, drugs-allergy-class-dropped, cds-ingredients-instead.
 */
#include "config.h"

#include "tests/unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cds/check.h"

static const struct date today = {.precision = DATE_DAY, .year = 2026, .month = 12, .day = 1};

static const char *data_dir(const char *sub)
{
    static char dir[2][1100];
    static unsigned turn;
    const char *top = getenv("top_srcdir");
    char *out = dir[turn++ % 2];

    snprintf(out, sizeof dir[0], "%s/data/%s", top ? top : ".", sub);
    return out;
}

static struct cds *open_at(const char *drugs, const char *rules, const struct date *on)
{
    struct cds *c = NULL;
    struct err e = ERR_NONE;

    CU_ASSERT_EQUAL_FATAL(cds_open(drugs, rules, on, &c, &e), ERR_OK);
    return c;
}

static struct cds *tables(void)
{
    struct cds *c = open_at(data_dir("drugs"), data_dir("cds"), &today);

    for (unsigned i = 0; i < CDS_FILES; i++)
        if (cds_file(c, i)->state)
            printf("\n    %s: state %d, line %d ", cds_file(c, i)->file, cds_file(c, i)->state, cds_file(c, i)->line);
    CU_ASSERT_FATAL(!codes_drugs_bad(cds_drugs(c)) && !cds_file(c, 0)->state && !cds_file(c, 1)->state && !cds_file(c, 2)->state);
    return c;
}

/* --- a chart ----------------------------------------------------------------------------------- */

#define ROWS 16
struct ward {
    char json[ROWS + 1][2048];
    struct tape tape[ROWS + 1];
    struct cds_entry entry[ROWS + 1]; /* [ROWS]: the order */
    struct cds_entry medicine[ROWS], allergy[ROWS];
    struct cds_chart chart;
    struct cds_result out;
    unsigned n;
};

static void ward_init(struct ward *w)
{
    memset(w, 0, sizeof *w);
    w->chart = (struct cds_chart){.medicine = w->medicine, .allergy = w->allergy, .today = today};
    w->chart.birth = (struct date){.precision = DATE_DAY, .year = 1980, .month = 5, .day = 5};
}

static void ward_fini(struct ward *w)
{
    for (unsigned i = 0; i <= ROWS; i++)
        tape_fini(&w->tape[i]);
    cds_result_fini(&w->out);
}

/* json with ' for ". */
static struct cds_entry *put(struct ward *w, unsigned at, const char *type, const char *json)
{
    static const char *const ids[] = {"m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8"};
    struct err e = ERR_NONE;

    snprintf(w->json[at], sizeof w->json[at], "%s", json);
    for (char *c = w->json[at]; *c; c++)
        if (*c == '\'')
            *c = '"';
    CU_ASSERT_EQUAL_FATAL(tape_parse(&w->tape[at], str_of(w->json[at]), &e), ERR_OK);
    w->entry[at] = (struct cds_entry){.type = str_of(type), .id = at < 9 ? str_of(ids[at]) : STR(""), .t = &w->tape[at]};
    return &w->entry[at];
}

static struct cds_entry *medicine(struct ward *w, const char *words, enum cds_stand stand)
{
    char json[1024];
    struct cds_entry *x = &w->medicine[w->chart.medicines++];

    snprintf(json, sizeof json, "{'medicationCodeableConcept':{'text':\"%s\"},'authoredOn':'2026-02-03'}", words);
    *x = *put(w, w->n++, "MedicationRequest", json);
    x->stand = stand;
    return x;
}

static struct cds_entry *allergy(struct ward *w, const char *json)
{
    struct cds_entry *x = &w->allergy[w->chart.allergies++];

    *x = *put(w, w->n++, "AllergyIntolerance", json);
    return x;
}

#define NONE_KNOWN "{'code':{'text':'no known allergies'}}"
#define DAILY "'dosageInstruction':[{'route':{'text':'by mouth'},'timing':{'repeat':{'frequency':1,'period':1,'periodUnit':'d'}}," \
    "'doseAndRate':[{'doseQuantity':{'value':5,'unit':'mg','system':'http://unitsofmeasure.org','code':'mg'}}]}]"

static struct cds_result *check_json(struct ward *w, const struct cds *c, const char *json, const char *replaces)
{
    struct err e = ERR_NONE;

    cds_result_fini(&w->out);
    tape_fini(&w->tape[ROWS]);
    put(w, ROWS, "MedicationRequest", json);
    CU_ASSERT_EQUAL_FATAL(cds_check_order(c, &w->chart, &w->entry[ROWS], str_of(replaces), &w->out, &e), ERR_OK);
    return &w->out;
}

static struct cds_result *check(struct ward *w, const struct cds *c, const char *words)
{
    char json[2048];

    snprintf(json, sizeof json, "{'medicationCodeableConcept':{'text':\"%s\"}," DAILY "}", words);
    return check_json(w, c, json, "");
}

static const struct cds_card *card_of(const struct cds_result *r, enum cds_kind kind)
{
    for (unsigned i = 0; i < r->cards; i++)
        if (r->card[i].kind == kind)
            return &r->card[i];
    return NULL;
}

static bool lacks(const struct cds_result *r, enum cds_kind kind, const char *words)
{
    for (unsigned i = 0; i < r->check[kind].lacks; i++)
        if (strstr(r->check[kind].lack[i].s, words))
            return true;
    printf("\n    no \"%s\" in \"%s\" ", words, r->check[kind].line.s);
    return false;
}

/* REQ: what could not run says so, and is not called clean. */
static bool could_not(const struct cds_result *r, enum cds_kind kind, const char *words)
{
    return r->check[kind].state == CDS_COULD_NOT_RUN && strstr(r->check[kind].line.s, "COULD NOT RUN") &&
           lacks(r, kind, words);
}

/* --- every pair -------------------------------------------------------------------------------- */

/* The ingredients of a side, "drug:x" or "class:y". */
static unsigned side_drugs(const struct codes_drugs *d, struct str side, unsigned out[64])
{
    struct str kind = str_split(&side, ':');
    unsigned n = 0;
    int cls = str_is(kind, "class") ? codes_class_find(d, side) : -1, drug = codes_drug_find(d, side);

    if (cls < 0) {
        out[n++] = (unsigned)drug;
        return drug < 0 ? 0 : 1;
    }
    for (unsigned i = 0; i < codes_drugs_count(d) && n < 64; i++)
        if (codes_drug_in(d, i, (unsigned)cls))
            out[n++] = i;
    return n;
}

static const char *name_of(const struct cds *c, unsigned drug)
{
    static char names[2][64];
    static unsigned turn;
    char *out = names[turn++ % 2];
    struct str s = codes_drug(cds_drugs(c), drug)->name;

    snprintf(out, sizeof names[0], "%.*s", (int)s.n, s.p);
    for (char *p = out; *p; p++)
        if (*p == '\'') /* put() has another use for it */
            memmove(p, p + 1, strlen(p));
    return out;
}

static unsigned one_pair(struct ward *w, const struct cds *c, struct str id, struct str tier, unsigned a, unsigned b)
{
    struct cds_result *r;
    bool found = false;

    ward_init(w);
    allergy(w, NONE_KNOWN);
    medicine(w, name_of(c, b), CDS_ACTIVE);
    r = check(w, c, name_of(c, a));
    CU_ASSERT_EQUAL(r->check[CDS_INTERACTION].state, CDS_FOUND);
    for (unsigned i = 0; i < r->cards; i++) {
        char rule[40];

        if (r->card[i].kind != CDS_INTERACTION)
            continue;
        snprintf(rule, sizeof rule, "1:%.*s:", (int)id.n, id.p);
        if (str_starts(r->card[i].key, rule)) {
            found = true;
            CU_ASSERT_EQUAL(r->card[i].tier, str_is(tier, "stop") ? CDS_STOP : str_is(tier, "ask") ? CDS_ASK : CDS_NOTE);
        }
    }
    if (!found)
        printf("\n    %.*s: %s + %s ", (int)id.n, id.p, name_of(c, a), name_of(c, b));
    CU_ASSERT(found);
    ward_fini(w);
    return 1;
}

/* REQ: each pair of the table, whichever of the two is ordered. */
static void every_pair(void)
{
    static struct ward w;
    struct cds *c = tables();
    struct str cell[TSV_COLUMNS];
    unsigned a[64], b[64], pairs = 0;
    struct err e = ERR_NONE;
    struct arena bytes;
    struct tsv t;

    arena_init(&bytes, 1 << 20);
    CU_ASSERT_EQUAL_FATAL(tsv_open(data_dir("cds"), "interactions.tsv", &bytes, &t, &e), ERR_OK);
    while (tsv_next(&t, cell)) {
        unsigned na = side_drugs(cds_drugs(c), cell[1], a), nb = side_drugs(cds_drugs(c), cell[2], b);

        CU_ASSERT(na && nb);
        for (unsigned i = 0; i < na; i++)
            for (unsigned k = 0; k < nb; k++)
                if (a[i] != b[k]) {
                    pairs += one_pair(&w, c, cell[0], cell[3], a[i], b[k]);
                    pairs += one_pair(&w, c, cell[0], cell[3], b[k], a[i]);
                }
    }
    printf(" %u ", pairs);
    CU_ASSERT(pairs > 2400);
    arena_fini(&bytes);
    cds_free(c);
}

/* The tables that the project had before, when they are here: each rule and each class member of theirs stands in ours. */
static void none_is_lost(void)
{
    const char *path = unit_data("interactions/drug-classes.tsv");
    struct str cell[TSV_COLUMNS];
    struct err e = ERR_NONE;
    struct arena bytes;
    struct cds *c;
    struct tsv t;
    char dir[1024];

    if (!path)
        return;
    c = tables();
    snprintf(dir, sizeof dir, "%.*s", (int)(strrchr(path, '/') - path), path);
    arena_init(&bytes, 4 << 20);
    CU_ASSERT_EQUAL_FATAL(tsv_open(dir, "drug-classes.tsv", &bytes, &t, &e), ERR_OK);
    while (tsv_next(&t, cell)) {
        int drug = codes_drug_find(cds_drugs(c), cell[2]), cls = codes_class_find(cds_drugs(c), cell[0]);

        CU_ASSERT(drug >= 0 && (str_is(cell[0], "-") || (cls >= 0 && codes_drug_in(cds_drugs(c), (unsigned)drug, (unsigned)cls))));
        CU_ASSERT(drug >= 0 && str_eq(codes_drug(cds_drugs(c), (unsigned)drug)->rxcui, cell[3]));
    }
    CU_ASSERT_EQUAL_FATAL(tsv_open(dir, "interactions.tsv", &bytes, &t, &e), ERR_OK);
    while (tsv_next(&t, cell)) {
        struct str own[TSV_COLUMNS];
        bool there = false;
        struct tsv ours;

        CU_ASSERT_EQUAL_FATAL(tsv_open(data_dir("cds"), "interactions.tsv", &bytes, &ours, &e), ERR_OK);
        while (tsv_next(&ours, own))
            there = there || (str_eq(own[0], cell[0]) && str_eq(own[1], cell[1]) && str_eq(own[2], cell[2]));
        CU_ASSERT(there);
    }
    arena_fini(&bytes);
    cds_free(c);
}

/* What a card shows has Spanish and French words beside it. */
static void every_language(void)
{
    static const struct {
        const char *sub, *file, *columns;
    } files[] = {{"cds", "interactions.tsv", "effect action"}, {"cds", "allergies.tsv", "note"}, {"drugs", "classes.tsv", "name"}};
    struct str cell[TSV_COLUMNS];
    struct err e = ERR_NONE;
    struct arena bytes;
    struct tsv t;

    arena_init(&bytes, 1 << 20);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        CU_ASSERT_EQUAL_FATAL(tsv_open(data_dir(files[i].sub), files[i].file, &bytes, &t, &e), ERR_OK);
        while (tsv_next(&t, cell))
            for (struct str names = str_of(files[i].columns); names.p;) {
                struct str name = str_split(&names, ' ');
                char one[40], es[48], fr[48];

                snprintf(one, sizeof one, "%.*s", (int)name.n, name.p);
                snprintf(es, sizeof es, "%s:es", one);
                snprintf(fr, sizeof fr, "%s:fr", one);
                CU_ASSERT_FATAL(tsv_column(&t, one) >= 0 && tsv_column(&t, es) >= 0 && tsv_column(&t, fr) >= 0);
                CU_ASSERT(!cell[tsv_column(&t, one)].n == !cell[tsv_column(&t, es)].n);
                CU_ASSERT(!cell[tsv_column(&t, one)].n == !cell[tsv_column(&t, fr)].n);
            }
    }
    arena_fini(&bytes);
}

/* --- what is found ----------------------------------------------------------------------------- */

static void nothing_found(void)
{
    static struct ward w;
    struct cds *c = tables();
    struct cds_result *r;

    ward_init(&w);
    allergy(&w, NONE_KNOWN);
    medicine(&w, "lisinopril 10 mg tablet", CDS_ACTIVE);
    r = check(&w, c, "amlodipine");
    CU_ASSERT(!r->cards && !r->stops);
    for (int i = 0; i < CDS_KINDS; i++) {
        if (r->check[i].state != CDS_CLEAN)
            printf("\n    %s ", r->check[i].line.s);
        CU_ASSERT(r->check[i].state == CDS_CLEAN && !r->check[i].lacks);
    }
    UNIT_STR(r->check[CDS_INTERACTION].line.s, "Interactions: RAN - nothing found (list of 30-Nov-2026)");
    ward_fini(&w);
    cds_free(c);
}

static void cards(void)
{
    static struct ward w;
    struct cds *c = tables();
    struct cds_result *r;
    const struct cds_card *k;
    struct str key;

    ward_init(&w);
    allergy(&w, NONE_KNOWN);
    medicine(&w, "Warfarin Sodium 5 MG Oral Tablet", CDS_ACTIVE);
    medicine(&w, "simvastatin 40 mg", CDS_ACTIVE);
    r = check(&w, c, "clarithromycin");
    CU_ASSERT_FATAL(r->cards == 2);
    CU_ASSERT(r->stops && r->card[0].tier == CDS_STOP && r->card[1].tier == CDS_ASK);
    k = &r->card[1];
    UNIT_STR(k->summary.s, "Interaction: clarithromycin + warfarin");
    UNIT_STR(k->why.s, "Raised INR - Warfarin Sodium 5 MG Oral Tablet (active, of 03-Feb-2026)");
    UNIT_STR(k->action.s, "Check INR within days");
    UNIT_STR(k->source.s, "US label; lbl-04 in interactions.tsv of 30-Nov-2026, not reviewed by a clinician");
    UNIT_STR(k->about.s, "MedicationRequest/m1");
    UNIT_STR(r->check[CDS_INTERACTION].line.s, "Interactions: FOUND 2 (list of 30-Nov-2026)");
    /* REQ: an alert has the same key whenever it comes again, and no two have one. */
    CU_ASSERT(!str_eq(r->card[0].key, r->card[1].key));
    key = (struct str){mem_dup(k->key.p, k->key.n), k->key.n};
    r = check(&w, c, "clarithromycin");
    CU_ASSERT(str_eq(key, r->card[1].key));
    mem_free((char *)(uintptr_t)key.p);
    /* what an order replaces is not there */
    r = check_json(&w, c, "{'medicationCodeableConcept':{'text':'warfarin'}," DAILY "}", "MedicationRequest/m1");
    CU_ASSERT(!card_of(r, CDS_DUPLICATE));
    r = check(&w, c, "warfarin");
    CU_ASSERT_FATAL((k = card_of(r, CDS_DUPLICATE)) != NULL);
    CU_ASSERT(k->tier == CDS_STOP && strstr(k->why.s, "ordered: warfarin - there already: Warfarin Sodium 5 MG"));
    ward_fini(&w);
    cds_free(c);
}

/* REQ: the non-interruptive tier never stops, and never asks. */
static void notes_only(void)
{
    static struct ward w;
    struct cds *c = tables();
    struct cds_result *r;

    ward_init(&w);
    allergy(&w, NONE_KNOWN);
    medicine(&w, "omeprazole", CDS_ACTIVE);
    medicine(&w, "levothyroxine", CDS_ACTIVE);
    r = check(&w, c, "clopidogrel");
    CU_ASSERT(r->cards == 1 && r->card[0].tier == CDS_NOTE && !r->stops);
    r = check(&w, c, "calcium carbonate");
    CU_ASSERT(r->cards == 1 && r->card[0].tier == CDS_NOTE && !r->stops);
    ward_fini(&w);
    cds_free(c);
}

static void duplicates(void)
{
    static const struct {
        const char *ordered, *there;
        enum cds_stand stand;
        int tier; /* -1: none */
    } rows[] = {
        {"ibuprofen", "ibuprofeno 400 mg", CDS_ACTIVE, CDS_STOP}, {"ibuprofen", "ibuprofen", CDS_HELD, CDS_STOP},
        {"ibuprofen", "ibuprofen", CDS_PLANNED, CDS_ASK},        {"ibuprofen", "ibuprofen", CDS_DRAFTED, CDS_STOP},
        {"ibuprofen", "ibuprofen", CDS_STOPPED, -1},             {"ibuprofen", "naproxen", CDS_ACTIVE, CDS_ASK},
        {"lisinopril", "enalapril", CDS_ACTIVE, CDS_STOP},       {"insulin lispro", "insulin glargine", CDS_ACTIVE, CDS_NOTE},
        {"morphine", "ibuprofen", CDS_ACTIVE, -1},               {"clarithromycin", "ritonavir", CDS_ACTIVE, -1},
        {"amoxicillin", "penicillin", CDS_ACTIVE, CDS_ASK},
    };
    static struct ward w;
    struct cds *c = tables();

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct cds_card *k;

        ward_init(&w);
        allergy(&w, NONE_KNOWN);
        medicine(&w, rows[i].there, rows[i].stand);
        k = card_of(check(&w, c, rows[i].ordered), CDS_DUPLICATE);
        if ((k ? (int)k->tier : -1) != rows[i].tier)
            printf("\n    %s, %s ", rows[i].ordered, rows[i].there);
        CU_ASSERT_EQUAL(k ? (int)k->tier : -1, rows[i].tier);
        ward_fini(&w);
    }
    ward_init(&w); /* REQ: what must not be given is not a duplicate: it stops as such */
    allergy(&w, NONE_KNOWN);
    medicine(&w, "ketorolac", CDS_ACTIVE)->not_wanted = true;
    CU_ASSERT_FATAL(card_of(check(&w, c, "ketorolac"), CDS_DUPLICATE) != NULL);
    CU_ASSERT(strstr(card_of(&w.out, CDS_DUPLICATE)->summary.s, "DO NOT GIVE") && w.out.stops);
    CU_ASSERT(!card_of(check(&w, c, "warfarin"), CDS_INTERACTION));
    ward_fini(&w);
    ward_init(&w); /* REQ: so does one of a class that must not be given */
    allergy(&w, NONE_KNOWN);
    medicine(&w, "NSAIDs", CDS_ACTIVE)->not_wanted = true;
    CU_ASSERT_FATAL(card_of(check(&w, c, "ibuprofen"), CDS_DUPLICATE) != NULL);
    CU_ASSERT(strstr(card_of(&w.out, CDS_DUPLICATE)->summary.s, "DO NOT GIVE: ibuprofen") && w.out.stops);
    CU_ASSERT(!card_of(check(&w, c, "lisinopril"), CDS_DUPLICATE));
    ward_fini(&w);
    cds_free(c);
}

/* REQ: rows that have no id yet are told apart: each has a card and a key of its own, the same whenever it comes again. */
static void drafts(void)
{
    static const char *const others[] = {"ibuprofen", "naproxen"};
    static struct ward w;
    struct cds *c = tables();
    struct cds_result *r;
    char key[2][512];

    ward_init(&w);
    allergy(&w, NONE_KNOWN);
    for (int i = 0; i < 2; i++)
        medicine(&w, others[i], CDS_DRAFTED)->id = STR("");
    r = check(&w, c, "warfarin");
    CU_ASSERT_FATAL(r->check[CDS_INTERACTION].found == 2 && r->cards == 2);
    for (int i = 0; i < 2; i++) {
        CU_ASSERT(strstr(r->card[i].summary.s, others[i]) && !r->card[i].about.n);
        snprintf(key[i], sizeof key[i], "%.*s", STR_ARG(r->card[i].key));
    }
    CU_ASSERT(strcmp(key[0], key[1]) != 0);
    w.chart.medicines = 1;
    r = check(&w, c, "warfarin");
    CU_ASSERT(r->cards == 1 && str_is(r->card[0].key, key[0]));
    ward_fini(&w);
    cds_free(c);
}

/* REQ: a Medication's list of ingredients adds to its code, and never takes away from it. */
static void ingredients(void)
{
#define MADE(rest) "{'contained':[{'resourceType':'Medication','id':'x'," rest "}],'medicationReference':{'reference':'#x'}}"
#define OF(drug, rest) "{'itemCodeableConcept':{'text':'" drug "'}" rest "}"
#define RX(code) "{'system':'" CODES_RXNORM "','code':'" code "'}"
    static const struct {
        const char *json, *drugs;
        bool mapped;
    } rows[] = {
        {MADE("'code':{'text':'Aspirin 25 mg capsule'},'ingredient':[" OF("aspirin", "") "," OF("dipyridamole", "") "]"), "aspirin + dipyridamole", true},
        {MADE("'code':{'text':'Amoxicillin Forte'},'ingredient':[" OF("clavulanate", "") "]"), "amoxicillin + clavulanate", true},
        {MADE("'code':{'text':'Wonderol'},'ingredient':[" OF("aspirin", "") "]"), "aspirin", true},
        {MADE("'code':{'text':'Wonderol'},'ingredient':[" OF("aspirin", "") "," OF("wondermycin", "") "]"), "aspirin", false},
        {MADE("'code':{'text':'aspirin'},'ingredient':[" OF("wondermycin", "") "]"), "aspirin", false},
        {MADE("'code':{'text':'aspirin'},'ingredient':[" OF("maize starch", ",'isActive':false") "]"), "aspirin", true},
        {MADE("'code':{'text':'Wonderol'},'ingredient':[" OF("maize starch", ",'isActive':false") "]"), "", false},
        {MADE("'code':{'text':'ceftriaxone'},'ingredient':[" OF("lidocaine", ",'isActive':false") "]"), "cefTRIAXone + lidocaine", true},
        {MADE("'code':{'text':'Wonderol'},'ingredient':[" OF("lidocaine", ",'isActive':false") "]"), "lidocaine", false}, /* what acts is not known */
        {MADE("'code':{'text':'aspirin'},'ingredient':[]"), "aspirin", true},
        {MADE("'ingredient':[" OF("aspirin", "") "," OF("codeine", "") "]"), "aspirin + codeine", true},
        {MADE("'ingredient':[" OF("aspirin", "") "," OF("codeine", "") "," OF("warfarin", "") "," OF("ibuprofen", "") "," OF("naproxen", "") "," OF("lisinopril", "") ","
              OF("losartan", "") "," OF("amlodipine", "") "," OF("metformin", "") "," OF("digoxin", "") "," OF("lithium", "") "," OF("morphine", "") ","
              OF("fentanyl", "") "]"), NULL, false}, /* more than a set holds */
    };
    static struct ward w;
    struct cds *c = tables();

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct codes_drug_set s;
        struct err e = ERR_NONE;
        struct arena a;

        ward_init(&w);
        arena_init(&a, 1 << 20);
        CU_ASSERT_EQUAL(cds_entry_drugs(c, put(&w, 0, "MedicationRequest", rows[i].json), CODES_OF_A_MEDICINE, &a, &s, &e), ERR_OK);
        if (rows[i].drugs)
            UNIT_STR(codes_drug_set_words(cds_drugs(c), &s, &a), rows[i].drugs);
        if (s.mapped != rows[i].mapped)
            printf("\n    %s: %.*s ", rows[i].json, STR_ARG(s.rest));
        CU_ASSERT(s.mapped == rows[i].mapped && s.mapped == !s.rest.n);
        arena_fini(&a);
        ward_fini(&w);
    }
    cds_free(c);
}

/* A medicine that was stopped interacts as long as its rule says. */
static void after_the_end(void)
{
    static const struct {
        int days;
        bool found;
    } rows[] = {{0, true}, {14, true}, {15, false}, {-1, true}};
    static struct ward w;
    struct cds *c = tables();

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ward_init(&w);
        allergy(&w, NONE_KNOWN);
        medicine(&w, "phenelzine", CDS_STOPPED)->stopped_days = rows[i].days;
        CU_ASSERT_EQUAL(card_of(check(&w, c, "fluoxetine"), CDS_INTERACTION) != NULL, rows[i].found);
        ward_fini(&w);
    }
    ward_init(&w);
    allergy(&w, NONE_KNOWN);
    medicine(&w, "warfarin", CDS_STOPPED)->stopped_days = 1;
    CU_ASSERT(!card_of(check(&w, c, "ibuprofen"), CDS_INTERACTION));
    ward_fini(&w);
    cds_free(c);
}

static void allergies(void)
{
    static const struct {
        const char *json, *ordered;
        int tier; /* -1: none; the check is then clean unless lack says why it is not */
        const char *lack;
    } rows[] = {
        {"{'code':{'text':'amoxicillin'}}", "amoxicillin 500 mg capsule", CDS_STOP, NULL},
        {"{'code':{'text':'Allergy to penicillin'}}", "amoxicillin", CDS_STOP, NULL},
        {"{'code':{'text':'Penicilina'}}", "amoxicillin", CDS_STOP, NULL},
        {"{'code':{'text':'ampicillin'}}", "amoxicillin", CDS_STOP, NULL},
        {"{'code':{'text':'penicillin'}}", "cephalexin", CDS_NOTE, NULL},
        {"{'code':{'text':'ceftriaxone'}}", "cefuroxime", CDS_ASK, NULL},
        {"{'code':{'text':'sulfa'}}", "sulfamethoxazole / trimethoprim", CDS_STOP, NULL},
        {"{'code':{'text':'sulfa'}}", "furosemide", -1, NULL}, /* an alert here would be noise */
        {"{'code':{'text':'aspirin'}}", "ibuprofen", CDS_STOP, NULL},
        {"{'code':{'text':'lisinopril'}}", "enalapril", CDS_STOP, NULL},
        {"{'code':{'text':'lisinopril'}}", "losartan", CDS_NOTE, NULL},
        {"{'code':{'text':'codeine'}}", "morphine", CDS_NOTE, NULL},
        {"{'code':{'text':'opioids'}}", "morphine", CDS_STOP, NULL},
        {"{'code':{'text':'Opioids (codeine)'}}", "morphine", CDS_STOP, NULL}, /* the class, and an example */
        {"{'code':{'text':'Aminoglycosides (gentamicin)'}}", "tobramycin", CDS_STOP, NULL},
        {"{'code':{'text':'Penicillin [rash], sulfa [anaphylaxis]'}}", "co-trimoxazole", CDS_STOP, NULL},
        {"{'code':{'text':'codeine'},'type':'intolerance'}", "codeine", CDS_ASK, NULL},
        {"{'code':{'text':'codeine'},'type':'intolerance','criticality':'high'}", "codeine", CDS_STOP, NULL},
        {"{'code':{'text':'amoxicillin'},'clinicalStatus':{'coding':[{'code':'inactive'}]}}", "amoxicillin", CDS_ASK, NULL},
        {"{'code':{'text':'amoxicillin'},'clinicalStatus':{'coding':[{'code':'resolved'}]}}", "amoxicillin", -1, "not recorded"},
        {"{'code':{'text':'amoxicillin'},'verificationStatus':{'coding':[{'code':'refuted'}]}}", "amoxicillin", -1, "not recorded"},
        {"{'code':{'coding':[{'system':'" CODES_RXNORM "','code':'723'}]}}", "amoxicillin", CDS_STOP, NULL},
        {"{'code':{'text':'peanut'},'category':['food']}", "amoxicillin", -1, "not recorded"}, /* says no more than the last row */
        {"{'code':{'text':'aspirin'},'category':['food']}", "amoxicillin", -1, NULL},
        {"{'code':{'text':'peanut'}}", "amoxicillin", -1, "peanut"},
        {"{'code':{'text':'penicillin and wondermycin'}}", "amlodipine", -1, "wondermycin"},
        {"{'code':{'text':'penicillin and wondermycin'}}", "amoxicillin", CDS_STOP, "wondermycin"},
        {"{'code':{}}", "amoxicillin", -1, "an allergy without a name"},
        {"{'code':{'text':'NKDA'}}", "amoxicillin", -1, NULL},
        {"{'code':{'text':'no known food allergies'}}", "amoxicillin", -1, "not recorded"},
    };
    static struct ward w;
    struct cds *c = tables();

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cds_result *r;
        const struct cds_card *k;

        ward_init(&w);
        allergy(&w, rows[i].json);
        r = check(&w, c, rows[i].ordered);
        k = card_of(r, CDS_ALLERGY);
        if ((k ? (int)k->tier : -1) != rows[i].tier)
            printf("\n    %s, %s: %s ", rows[i].json, rows[i].ordered, r->check[CDS_ALLERGY].line.s);
        CU_ASSERT_EQUAL(k ? (int)k->tier : -1, rows[i].tier);
        if (rows[i].lack)
            CU_ASSERT(lacks(r, CDS_ALLERGY, rows[i].lack) && r->check[CDS_ALLERGY].state == (k ? CDS_FOUND : CDS_COULD_NOT_RUN));
        if (!rows[i].lack)
            CU_ASSERT(!r->check[CDS_ALLERGY].lacks && r->check[CDS_ALLERGY].state == (k ? CDS_FOUND : CDS_CLEAN));
        ward_fini(&w);
    }
    cds_free(c);
}

/* --- doses ------------------------------------------------------------------------------------- */

#define ORAL "'route':{'text':'oral'}"
#define Q(v, u) "{'value':" v ",'unit':'" u "','system':'http://unitsofmeasure.org','code':'" u "'}"
#define DOSE(v, u) "'doseAndRate':[{'doseQuantity':" Q(v, u) "}]"
#define TIMES(f, p, u) "'timing':{'repeat':{'frequency':" f ",'period':" p ",'periodUnit':'" u "'}}"
#define SAID(v, u, code) "{'value':" v ",'unit':'" u "','system':'http://unitsofmeasure.org','code':'" code "'}"
#define PRODUCTS(codings, v, u, f, p) "{'medicationCodeableConcept':{'coding':[" codings "]},'dosageInstruction':[{" ORAL "," DOSE(v, u) "," TIMES(f, p, "h") "}]}"
#define ORDER(drug, dosages) "{'medicationCodeableConcept':{'text':'" drug "'},'dosageInstruction':[" dosages "]}"

static void doses(void)
{
    static const struct {
        const char *json;
        const char *single, *daily; /* a part of the card, "" clean, or a lack behind "!" */
    } rows[] = {
        {ORDER("acetaminophen", "{" ORAL "," DOSE("1000", "mg") "," TIMES("4", "1", "d") "}"), "", ""},
        {ORDER("acetaminophen", "{" ORAL "," DOSE("1", "g") "," TIMES("1", "4", "h") "}"), "", "6,000 mg in 24 hours"},
        {ORDER("paracetamol", "{" ORAL "," DOSE("1001", "mg") "," TIMES("1", "1", "d") "}"), "1,001 mg at once", ""},
        {ORDER("paracetamol", "{" ORAL "," DOSE("1000.0", "mg") "," TIMES("5", "1", "d") "}"), "", "5,000 mg in 24 hours"},
        /* a range counts as its greater end; a maximum a day holds it down */
        {ORDER("acetaminophen", "{" ORAL ",'doseAndRate':[{'doseRange':{'low':" Q("500", "mg") ",'high':" Q("2000", "mg") "}}]," TIMES("1", "1", "d") "}"),
         "2,000 mg at once", ""},
        {ORDER("acetaminophen", "{" ORAL "," DOSE("1000", "mg") "," TIMES("6", "1", "d") ",'asNeededBoolean':true,'maxDosePerPeriod':{'numerator':" Q("4", "g")
               ",'denominator':" Q("1", "d") "}}"), "", ""},
        {ORDER("acetaminophen", "{" ORAL "," DOSE("500", "mg") ",'asNeededBoolean':true}"), "", "!how often is not said"},
        /* two that run together add up, steps that follow one another do not */
        {ORDER("acetaminophen", "{" ORAL "," DOSE("1", "g") "," TIMES("3", "1", "d") "},{" ORAL "," DOSE("1", "g") "," TIMES("2", "1", "d") "}"), "",
         "5,000 mg in 24 hours"},
        {ORDER("acetaminophen", "{'sequence':1," ORAL "," DOSE("1", "g") "," TIMES("3", "1", "d") "},{'sequence':2," ORAL "," DOSE("1", "g") "," TIMES("2", "1", "d") "}"),
         "", ""},
        /* once a week is once in some 24 hours, never a seventh */
        {ORDER("amlodipine", "{" ORAL "," DOSE("20", "mg") "," TIMES("1", "1", "wk") "}"), "20 mg at once", "20 mg in 24 hours"},
        {ORDER("levothyroxine", "{" ORAL "," DOSE("0.4", "mg") "," TIMES("1", "1", "d") "}"), "400 mcg at once", "400 mcg in 24 hours"},
        {ORDER("levothyroxine", "{" ORAL "," DOSE("75", "ug") ",'timing':{'code':{'coding':[{'code':'QD'}]}}}"), "", ""},
        {ORDER("amlodipine", "{" ORAL "," DOSE("2", "{tablet}") "," TIMES("1", "1", "d") "}"), "!no mass", "!no mass"},
        {ORDER("amlodipine", "{" DOSE("5", "mg") "," TIMES("1", "1", "d") "}"), "!route is not said", "!route is not said"},
        {ORDER("acetaminophen", "{'route':{'text':'intravenous'}," DOSE("1", "g") "}"), "!by this route", "!by this route"},
        {ORDER("abacavir", "{" ORAL "," DOSE("300", "mg") "," TIMES("2", "1", "d") "}"), "!no maximum for abacavir", "!no maximum for abacavir"},
        {ORDER("acetaminophen / codeine", "{" ORAL "," DOSE("330", "mg") "," TIMES("2", "1", "d") "}"), "!several ingredients", "!several ingredients"},
        {ORDER("acetaminophen", "{" ORAL "}"), "!no dose is said", "!no dose is said"},
        {"{'medicationCodeableConcept':{'coding':[{'system':'" CODES_RXNORM "','code':'313782'}]},'dosageInstruction':[{" ORAL "," DOSE("4", "{tablet}") ","
         TIMES("4", "1", "d") "}]}", "1,300 mg at once", "5,200 mg in 24 hours"},
        /* REQ: the strength is of the product's ingredient, in whatever order the codes stand: 15 mg of codeine, twelve times a day */
        {PRODUCTS(RX("2670") "," RX("993770"), "2", "{tablet}", "1", "2"), "", "acetaminophen: 7,200 mg in 24 hours"},
        {PRODUCTS(RX("313782") "," RX("198440"), "4", "{tablet}", "4", "24"), "!no mass", "!no mass"}, /* 325 or 500 mg? */
        {PRODUCTS(RX("1806890"), "10", "1", "1", "24"), "!no mass", "!no mass"}, /* 1 mg/mL is not 1 mg a piece */
        /* REQ: how many meals there are in a day is not guessed */
        {ORDER("metformin", "{" ORAL "," DOSE("1000", "mg") ",'timing':{'repeat':{'when':['C']}}}"), "!no maximum single dose", "!how often is not said"},
        {ORDER("metformin", "{" ORAL "," DOSE("1000", "mg") ",'timing':{'repeat':{'when':['PC'],'period':1,'periodUnit':'d'}}}"), "!no maximum single dose",
         "!how often is not said"},
        {ORDER("metformin", "{" ORAL "," DOSE("1000", "mg") ",'timing':{'repeat':{'frequency':3,'period':1,'periodUnit':'d','when':['AC']}}}"),
         "!no maximum single dose", "3,000 mg in 24 hours"},
        {ORDER("metformin", "{" ORAL "," DOSE("1000", "mg") ",'timing':{'repeat':{'when':['CM','CV']}}}"), "!no maximum single dose", ""},
        /* REQ: a unit whose words and code differ is none, and "less than" is no dose */
        {ORDER("acetaminophen", "{" ORAL ",'doseAndRate':[{'doseQuantity':" SAID("5", "g", "mg") "}]," TIMES("1", "1", "d") "}"), "!units differ", "!units differ"},
        {ORDER("acetaminophen", "{" ORAL ",'doseAndRate':[{'doseQuantity':" SAID("5", "tablet", "mg") "}]," TIMES("1", "1", "d") "}"), "!units differ", "!units differ"},
        {ORDER("acetaminophen", "{" ORAL ",'doseAndRate':[{'doseQuantity':" SAID("5", "mL", "mg") "}]," TIMES("1", "1", "d") "}"), "!units differ", "!units differ"},
        {ORDER("acetaminophen", "{" ORAL ",'doseAndRate':[{'doseQuantity':" SAID("5", "milligrams", "mg") "}]," TIMES("1", "1", "d") "}"), "", ""},
        {ORDER("acetaminophen", "{" ORAL ",'doseAndRate':[{'doseQuantity':{'value':500,'comparator':'>','unit':'mg'}}]," TIMES("1", "1", "d") "}"), "!units differ",
         "!units differ"},
        {ORDER("acetaminophen", "{" ORAL ",'doseAndRate':[{'rateQuantity':" Q("5", "mg/h") "}]}"), "!a rate", "!a rate"},
    };
    static struct ward w;
    struct cds *c = tables();

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *want[2] = {rows[i].single, rows[i].daily};
        struct cds_result *r;

        ward_init(&w);
        allergy(&w, NONE_KNOWN);
        r = check_json(&w, c, rows[i].json, "");
        for (int k = 0; k < 2; k++) {
            enum cds_kind kind = k ? CDS_DAILY_DOSE : CDS_SINGLE_DOSE;
            const struct cds_card *card = card_of(r, kind);
            bool good = *want[k] == '!' ? could_not(r, kind, want[k] + 1)
                        : *want[k]      ? card && strstr(card->summary.s, want[k]) && card->tier == CDS_STOP
                                        : r->check[kind].state == CDS_CLEAN;

            if (!good)
                printf("\n    %s: %s ", rows[i].json, card ? card->summary.s : r->check[kind].line.s);
            CU_ASSERT(good);
        }
        ward_fini(&w);
    }
    cds_free(c);
}

#define CHILD ORDER("acetaminophen", "{" ORAL "," DOSE("250", "mg") "," TIMES("4", "1", "d") "}")

/* By age and weight; a weight that is too old, or whose day nobody knows, is refused. */
static void children(void)
{
    static struct ward w;
    struct cds *c = tables();
    struct cds_result *r;

    ward_init(&w);
    allergy(&w, NONE_KNOWN);
    w.chart.birth = (struct date){.precision = DATE_DAY, .year = 2023, .month = 11, .day = 1};
    r = check_json(&w, c, CHILD, "");
    CU_ASSERT(could_not(r, CDS_SINGLE_DOSE, "weight is not known") && could_not(r, CDS_DAILY_DOSE, "weight is not known"));
    w.chart.weight = STR("14.0");
    CU_ASSERT(could_not(check_json(&w, c, CHILD, ""), CDS_SINGLE_DOSE, "day of the weight"));
    w.chart.weighed = (struct date){.precision = DATE_DAY, .year = 2026, .month = 10, .day = 1};
    CU_ASSERT(could_not(check_json(&w, c, CHILD, ""), CDS_SINGLE_DOSE, "01-Oct-2026 is too old"));
    w.chart.weighed = (struct date){.precision = DATE_DAY, .year = 2026, .month = 12, .day = 2};
    CU_ASSERT(could_not(check_json(&w, c, CHILD, ""), CDS_SINGLE_DOSE, "dated ahead"));
    w.chart.weighed = (struct date){.precision = DATE_DAY, .year = 2026, .month = 11, .day = 20};
    r = check_json(&w, c, CHILD, ""); /* 15 mg x 14 kg = 210 mg, 60 mg x 14 kg = 840 mg */
    CU_ASSERT_FATAL(r->cards == 2);
    UNIT_STR(r->card[0].summary.s, "acetaminophen: 250 mg at once, more than the maximum of 210 mg");
    UNIT_STR(r->card[0].why.s, "acetaminophen - 15 mg per kg, 14.0 kg");
    UNIT_STR(r->card[1].summary.s, "acetaminophen: 1,000 mg in 24 hours, more than the maximum of 840 mg");
    /* REQ: no more than the table allows a grown-up, and said by whose limit */
    w.chart.birth = (struct date){.precision = DATE_DAY, .year = 2015, .month = 11, .day = 1};
    w.chart.weight = STR("80");
    r = check_json(&w, c, ORDER("paracetamol", "{" ORAL "," DOSE("1200", "mg") "," TIMES("4", "1", "d") "}"), "");
    CU_ASSERT_FATAL(r->cards == 2);
    UNIT_STR(r->card[0].summary.s, "acetaminophen: 1,200 mg at once, more than the maximum of 1,000 mg");
    UNIT_STR(r->card[0].why.s, "paracetamol");
    CU_ASSERT(strstr(r->card[0].source.s, "US label") != NULL);
    UNIT_STR(r->card[1].summary.s, "acetaminophen: 4,800 mg in 24 hours, more than the maximum of 4,000 mg");
    w.chart.weight = STR("20"); /* below it, the limit by weight stays */
    r = check_json(&w, c, ORDER("amoxicillin", "{" ORAL "," DOSE("1001", "mg") "," TIMES("1", "1", "d") "}"), "");
    CU_ASSERT(r->cards == 1 && strstr(r->card[0].summary.s, "more than the maximum of 1,000 mg"));
    /* REQ: a newborn has a lower one; from the first month on, that of a child */
    w.chart.birth = (struct date){.precision = DATE_DAY, .year = 2026, .month = 11, .day = 10};
    w.chart.weight = STR("4");
    r = check_json(&w, c, ORDER("paracetamol", "{" ORAL "," DOSE("60", "mg") "," TIMES("4", "1", "d") "}"), "");
    CU_ASSERT_FATAL(r->cards == 2);
    UNIT_STR(r->card[0].why.s, "paracetamol - 10 mg per kg, 4 kg");
    CU_ASSERT(strstr(r->card[1].summary.s, "240 mg in 24 hours, more than the maximum of 160 mg") != NULL);
    w.chart.birth.month = 10;
    r = check_json(&w, c, ORDER("paracetamol", "{" ORAL "," DOSE("60", "mg") "," TIMES("4", "1", "d") "}"), "");
    CU_ASSERT(r->check[CDS_SINGLE_DOSE].state == CDS_CLEAN && r->check[CDS_DAILY_DOSE].state == CDS_CLEAN);
    w.chart.birth = (struct date){.precision = DATE_DAY, .year = 2023, .month = 11, .day = 1};
    w.chart.weight = STR("14.0");
    w.chart.birth.precision = DATE_YEAR, w.chart.birth.year = 2014; /* 11 or 12: one limit is by weight, the other is not */
    CU_ASSERT(could_not(check_json(&w, c, CHILD, ""), CDS_DAILY_DOSE, "age is not known"));
    w.chart.birth.precision = DATE_NONE;
    CU_ASSERT(could_not(check_json(&w, c, CHILD, ""), CDS_DAILY_DOSE, "age is not known"));
    w.chart.birth = (struct date){.precision = DATE_DAY, .year = 1960, .month = 11, .day = 1};
    r = check(&w, c, "citalopram"); /* 5 mg */
    CU_ASSERT_EQUAL(r->check[CDS_DAILY_DOSE].state, CDS_CLEAN);
    r = check_json(&w, c, ORDER("citalopram", "{" ORAL "," DOSE("30", "mg") "," TIMES("1", "1", "d") "}"), "");
    CU_ASSERT(card_of(r, CDS_DAILY_DOSE) && strstr(card_of(r, CDS_DAILY_DOSE)->summary.s, "maximum of 20 mg"));
    ward_fini(&w);
    cds_free(c);
}

/* REQ: what the chart gives of the same ingredient counts for the day. */
static void with_the_chart(void)
{
    static struct ward w;
    struct cds *c = tables();
    struct cds_result *r;
    const struct cds_card *k;

    ward_init(&w);
    allergy(&w, NONE_KNOWN);
    w.medicine[0] = *put(&w, w.n++, "MedicationRequest", ORDER("acetaminophen", "{" ORAL "," DOSE("500", "mg") "," TIMES("4", "1", "d") "}"));
    w.chart.medicines = 1;
    r = check_json(&w, c, ORDER("paracetamol", "{" ORAL "," DOSE("1", "g") "," TIMES("3", "1", "d") "}"), "");
    CU_ASSERT_FATAL((k = card_of(r, CDS_DAILY_DOSE)) != NULL);
    UNIT_STR(k->summary.s, "acetaminophen: 5,000 mg in 24 hours, more than the maximum of 4,000 mg");
    UNIT_STR(k->why.s, "paracetamol - with acetaminophen (active)");
    medicine(&w, "acetaminophen 500 mg", CDS_ACTIVE); /* no dose: said, and never counted as none */
    r = check_json(&w, c, ORDER("paracetamol", "{" ORAL "," DOSE("1", "g") "," TIMES("1", "1", "d") "}"), "");
    CU_ASSERT(could_not(r, CDS_DAILY_DOSE, "not counted in the dose of a day"));
    ward_fini(&w);
    cds_free(c);
}

/* More of anything than is looked at, or than fits in one line made anew for each, is said. */
static void very_many(void)
{
    enum { MANY = 400, DOSAGES = 101 };
    static struct cds_entry many[MANY];
    static struct tape t[MANY];
    static char json[MANY][200], dosages[DOSAGES * 200 + 400];
    static struct ward w;
    struct cds *c = tables();
    struct err e = ERR_NONE;
    struct cds_result *r;
    size_t n;

    ward_init(&w);
    allergy(&w, NONE_KNOWN);
    for (int i = 0; i < MANY; i++) {
        snprintf(json[i], sizeof json[i], "{\"medicationCodeableConcept\":{\"text\":\"wonder%0100d\"}}", i);
        CU_ASSERT_EQUAL_FATAL(tape_parse(&t[i], str_of(json[i]), &e), ERR_OK);
        many[i] = (struct cds_entry){.type = STR("MedicationRequest"), .t = &t[i]};
    }
    w.chart.medicine = many;
    w.chart.medicines = MANY;
    r = check(&w, c, "amlodipine"); /* not ERR_NOMEM */
    CU_ASSERT(could_not(r, CDS_INTERACTION, "400 medicines are not, or not wholly") && could_not(r, CDS_DAILY_DOSE, "0399"));
    for (int i = 0; i < MANY; i++)
        tape_fini(&t[i]);
    w.chart.medicines = 0;
    for (int k = 0; k < 2; k++) { /* 100 are reckoned with, 101 are not */
        struct cds_entry order = {.type = STR("MedicationRequest"), .t = &t[0]};

        n = (size_t)snprintf(dosages, sizeof dosages, "{'medicationCodeableConcept':{'text':'amlodipine'},'dosageInstruction':[");
        for (int i = 0; i < DOSAGES - 1 + k; i++)
            n += (size_t)snprintf(dosages + n, sizeof dosages - n, "%s{" ORAL "," DOSE("1", "mg") "," TIMES("1", "1", "d") "}", i ? "," : "");
        snprintf(dosages + n, sizeof dosages - n, "]}");
        for (char *p = dosages; *p; p++)
            if (*p == '\'')
                *p = '"';
        CU_ASSERT_EQUAL_FATAL(tape_parse(&t[0], str_of(dosages), &e), ERR_OK);
        cds_result_fini(&w.out);
        CU_ASSERT_EQUAL(cds_check_order(c, &w.chart, &order, STR(""), &w.out, &e), ERR_OK);
        CU_ASSERT(k ? could_not(&w.out, CDS_DAILY_DOSE, "too large") : w.out.check[CDS_DAILY_DOSE].state == CDS_FOUND);
        CU_ASSERT(k ? could_not(&w.out, CDS_SINGLE_DOSE, "too large") : w.out.check[CDS_SINGLE_DOSE].state == CDS_CLEAN);
        tape_fini(&t[0]);
    }
    ward_fini(&w);
    cds_free(c);
}

/* What fits only when it is written once: not ERR_NOMEM, which would leave all of it unchecked. */
static void very_long(void)
{
    enum { MANY = 400, SIGNS = 3000 };
    static struct cds_entry many[MANY];
    static struct tape t;
    static char json[800], signs[SIGNS * 24 + 200];
    static struct ward w;
    struct cds *c = tables();
    struct err e = ERR_NONE;
    struct cds_result *r;
    size_t n;

    ward_init(&w); /* four hundred rows of the same, counted for the day */
    allergy(&w, NONE_KNOWN);
    n = (size_t)snprintf(json, sizeof json, "{'medicationCodeableConcept':{'text':'amlodipine %0200d mg'},'dosageInstruction':[{" ORAL "," DOSE("1", "mg") "," TIMES("1", "1", "d") "}]}", 1);
    for (char *p = json; *p; p++)
        if (*p == '\'')
            *p = '"';
    CU_ASSERT_EQUAL_FATAL(tape_parse(&t, (struct str){json, n}, &e), ERR_OK);
    for (int i = 0; i < MANY; i++)
        many[i] = (struct cds_entry){.type = STR("MedicationRequest"), .t = &t, .stand = CDS_ACTIVE};
    w.chart.medicine = many;
    w.chart.medicines = MANY;
    r = check_json(&w, c, ORDER("amlodipine", "{" ORAL "," DOSE("1", "mg") "," TIMES("1", "1", "d") "}"), "");
    CU_ASSERT(r->check[CDS_DAILY_DOSE].state == CDS_FOUND && strstr(card_of(r, CDS_DAILY_DOSE)->summary.s, "401 mg in 24 hours"));
    tape_fini(&t);
    ward_fini(&w);

    ward_init(&w); /* an allergy of three thousand reactions */
    n = (size_t)snprintf(signs, sizeof signs, "{\"code\":{\"text\":\"codeine\"},\"reaction\":[{\"manifestation\":[");
    for (int i = 0; i < SIGNS; i++)
        n += (size_t)snprintf(signs + n, sizeof signs - n, "%s{\"text\":\"rash %d\"}", i ? "," : "", i);
    n += (size_t)snprintf(signs + n, sizeof signs - n, "]}]}");
    CU_ASSERT_EQUAL_FATAL(tape_parse(&t, (struct str){signs, n}, &e), ERR_OK);
    many[0] = (struct cds_entry){.type = STR("AllergyIntolerance"), .t = &t};
    w.chart.allergy = many;
    w.chart.allergies = 1;
    r = check(&w, c, "codeine");
    CU_ASSERT(r->check[CDS_ALLERGY].state == CDS_FOUND && strstr(card_of(r, CDS_ALLERGY)->why.s, ", rash 2999"));
    tape_fini(&t);
    ward_fini(&w);
    cds_free(c);
}

/* --- what could not run ------------------------------------------------------------------------ */

static void chart_not_whole(void)
{
    static const struct {
        enum cds_here here;
        const char *words;
    } rows[] = {{CDS_NOT_FETCHED, "NOT FETCHED"}, {CDS_REMOVED, "removed from this device"}, {CDS_WITHHELD, "withheld"}};
    static struct ward w;
    struct cds *c = tables();
    struct cds_result *r;

    for (size_t i = 0; i < 3; i++) {
        ward_init(&w);
        w.chart.medicines_here = w.chart.allergies_here = rows[i].here;
        r = check(&w, c, "amlodipine");
        CU_ASSERT(could_not(r, CDS_ALLERGY, rows[i].words) && could_not(r, CDS_INTERACTION, rows[i].words) &&
                  could_not(r, CDS_DUPLICATE, rows[i].words) && could_not(r, CDS_DAILY_DOSE, rows[i].words));
        medicine(&w, "warfarin", CDS_ACTIVE); /* what is here is looked at all the same */
        r = check(&w, c, "ibuprofen");
        CU_ASSERT(r->check[CDS_INTERACTION].state == CDS_FOUND && lacks(r, CDS_INTERACTION, rows[i].words));
        CU_ASSERT(strstr(r->check[CDS_INTERACTION].line.s, "FOUND 1 (list of 30-Nov-2026); NOT CHECKED: medicines") != NULL);
        ward_fini(&w);
    }
    ward_init(&w);
    CU_ASSERT(could_not(check(&w, c, "amlodipine"), CDS_ALLERGY, "allergies not recorded"));
    CU_ASSERT(could_not(check(&w, c, "wondermycin"), CDS_INTERACTION, "not in the drug table: wondermycin"));
    for (int i = 0; i < CDS_KINDS; i++)
        CU_ASSERT(could_not(&w.out, i, "wondermycin"));
    CU_ASSERT(could_not(check(&w, c, "amlodipine and wondermycin"), CDS_INTERACTION, "not understood of"));
    /* REQ: of a class alone no rule for one of it can be asked: "statin" beside clarithromycin is not clean */
    CU_ASSERT(could_not(check(&w, c, "insulin"), CDS_INTERACTION, "of insulin only the class is known"));
    medicine(&w, "statin", CDS_ACTIVE);
    CU_ASSERT(could_not(check(&w, c, "clarithromycin"), CDS_INTERACTION, "drug table: statin"));
    CU_ASSERT(card_of(check(&w, c, "gemfibrozil"), CDS_INTERACTION) != NULL);
    ward_fini(&w), ward_init(&w);
    medicine(&w, "wonderol", CDS_ACTIVE);
    medicine(&w, "", CDS_ACTIVE);
    r = check(&w, c, "amlodipine");
    CU_ASSERT(could_not(r, CDS_INTERACTION, "2 medicines are not, or not wholly, in the drug table: wonderol, a medicine without a name"));
    CU_ASSERT(could_not(r, CDS_DUPLICATE, "wonderol"));
    w.medicine[0].t = NULL, w.allergy[0] = w.medicine[0], w.chart.allergies = 1;
    r = check(&w, c, "amlodipine");
    CU_ASSERT(could_not(r, CDS_INTERACTION, "1 medicine cannot be read") && could_not(r, CDS_ALLERGY, "1 allergy cannot be read"));
    ward_fini(&w);
    cds_free(c);
}

/* A copy of a file of data/, changed by how; the kinds that then cannot run. */
enum harm { HARM_GONE, HARM_EMPTY, HARM_CUT, HARM_TORN, HARM_UNDATED, HARM_ROW, HARMS };

static void harm_file(const char *from, const char *to, enum harm how)
{
    static char bytes[1 << 18];
    FILE *f = fopen(from, "rb");
    size_t n;
    char *at;

    CU_ASSERT_FATAL(f != NULL);
    n = fread(bytes, 1, sizeof bytes - 1, f);
    fclose(f);
    bytes[n] = '\0';
    if (how == HARM_EMPTY)
        n = 0;
    if (how == HARM_TORN)
        n -= 3;
    if (how == HARM_CUT)
        for (n--; bytes[n - 1] != '\n';)
            n--;
    if (how == HARM_UNDATED)
        memcpy(strstr(bytes, "# date"), "# dote", 6);
    if (how == HARM_ROW && (at = strrchr(bytes, '\n'))) { /* a cell too many in the last row */
        at[0] = '\t', at[1] = '\n';
        n++;
    }
    if (how == HARM_GONE) {
        unlink(to);
        return;
    }
    CU_ASSERT_FATAL((f = fopen(to, "wb")) != NULL);
    fwrite(bytes, 1, n, f);
    fclose(f);
}

#define COPY HARMS /* unharmed */

/* REQ: each file, each harm: the checks that rest on it say so, and find nothing in it. */
static void files_harmed(void)
{
    static const struct {
        const char *sub, *file;
        unsigned kinds; /* 1u << enum cds_kind */
    } files[] = {
        {"drugs", "ingredients.tsv", 31}, {"drugs", "classes.tsv", 31},    {"drugs", "members.tsv", 31},
        {"drugs", "products.tsv", 31},    {"drugs", "words.tsv", 31},      {"cds", "interactions.tsv", 1u << CDS_INTERACTION},
        {"cds", "allergies.tsv", 1u << CDS_ALLERGY}, {"cds", "limits.tsv", 1u << CDS_SINGLE_DOSE | 1u << CDS_DAILY_DOSE},
    };
    enum { FILES = sizeof files / sizeof *files };
    static const char *const words[HARMS] = {"is not there", "is empty", "is not whole", "is damaged at line", "does not say its date", "is damaged at line"};
    static struct ward w;
    char dir[] = "/tmp/t_cds.XXXXXX", sub[2][64], from[1200], to[FILES][128];

    CU_ASSERT_FATAL(mkdtemp(dir) != NULL);
    for (int i = 0; i < 2; i++) {
        snprintf(sub[i], sizeof sub[i], "%s/%s", dir, i ? "cds" : "drugs");
        mkdir(sub[i], 0700);
    }
    for (unsigned i = 0; i < FILES; i++) {
        snprintf(to[i], sizeof to[i], "%s/%s/%s", dir, files[i].sub, files[i].file);
        snprintf(from, sizeof from, "%s/%s", data_dir(files[i].sub), files[i].file);
        harm_file(from, to[i], COPY);
    }
    for (unsigned i = 0; i < FILES; i++)
        for (unsigned how = 0; how <= HARMS; how++) {
            struct cds *c;

            snprintf(from, sizeof from, "%s/%s", data_dir(files[i].sub), files[i].file);
            harm_file(from, to[i], how); /* the last one mends it */
            c = open_at(sub[0], sub[1], &today);
            ward_init(&w);
            allergy(&w, NONE_KNOWN);
            check(&w, c, "amlodipine");
            for (unsigned k = 0; k < CDS_KINDS; k++)
                if (how < HARMS && files[i].kinds >> k & 1) {
                    CU_ASSERT(could_not(&w.out, k, files[i].file) && lacks(&w.out, k, words[how]));
                } else {
                    CU_ASSERT_EQUAL(w.out.check[k].state, CDS_CLEAN);
                }
            ward_fini(&w);
            cds_free(c);
        }
    for (unsigned i = 0; i < FILES; i++)
        unlink(to[i]);
    rmdir(sub[0]), rmdir(sub[1]), rmdir(dir);
}

/* REQ: older than its own limit, or dated ahead of this machine's clock. */
static void files_old(void)
{
    static const struct date later = {.precision = DATE_DAY, .year = 2028, .month = 12, .day = 1};
    static const struct date before = {.precision = DATE_DAY, .year = 2020, .month = 1, .day = 1};
    static struct ward w;

    for (int i = 0; i < 2; i++) {
        struct cds *c = open_at(data_dir("drugs"), data_dir("cds"), i ? &before : &later);
        struct cds_result *r;

        ward_init(&w);
        allergy(&w, NONE_KNOWN);
        medicine(&w, "warfarin", CDS_ACTIVE);
        r = check(&w, c, "ibuprofen");
        CU_ASSERT(!card_of(r, CDS_INTERACTION));
        CU_ASSERT(could_not(r, CDS_INTERACTION, i ? "is dated ahead" : "interactions.tsv is too old: of 30-Nov-2026, good for 730 days"));
        CU_ASSERT(could_not(r, CDS_SINGLE_DOSE, i ? "is dated ahead" : "limits.tsv is too old"));
        CU_ASSERT(could_not(r, CDS_ALLERGY, i ? "is dated ahead" : "allergies.tsv is too old"));
        ward_fini(&w);
        cds_free(c);
    }
}

static const struct unit_test tests[] = {
    {"each pair of the table is found", every_pair},
    {"nothing of the tables before is lost", none_is_lost},
    {"Spanish and French words", every_language},
    {"nothing found", nothing_found},
    {"cards: danger first, a key each", cards},
    {"notes never interrupt", notes_only},
    {"duplicates", duplicates},
    {"drafts are told apart", drafts},
    {"code and ingredients of a Medication", ingredients},
    {"after a medicine's end", after_the_end},
    {"allergies, classes, what crosses", allergies},
    {"maximum doses", doses},
    {"by age and weight", children},
    {"with what the chart gives", with_the_chart},
    {"very many", very_many},
    {"very long", very_long},
    {"a chart that is not whole", chart_not_whole},
    {"files that are harmed", files_harmed},
    {"files that are too old", files_old},
};

UNIT_MAIN("cds", tests)
