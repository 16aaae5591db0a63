/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bench_patients [N]: what a keystroke in the worklist's filter costs in a store of N patients (100,000), what
 * opening costs, and how much memory stays. A line a figure, with its goal. Of a keystroke: the middle, the 95th of 100 and the
 * worst of its rounds on the wall, and what the processor spent on it, which other work of the machine does not add to.
 */
#include "config.h"

#include "tests/store/made.h"

#include <stdlib.h>
#include <time.h>

#include "base/rng.h"
#include "fhir/home.h"

static double now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double spent_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* getrusage knows it by the tick, of 4 ms */
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

#define ROUNDS 20
struct spent {
    double wall[ROUNDS], cpu[ROUNDS];
};

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void say_spent(const char *what, struct spent *k)
{
    qsort(k->wall, ROUNDS, sizeof *k->wall, by_size);
    qsort(k->cpu, ROUNDS, sizeof *k->cpu, by_size);
    printf("patients: %-48s p50 %6.2f  p95 %6.2f  worst %6.2f  cpu p50 %6.2f  worst %6.2f ms <= 15\n", what, k->wall[ROUNDS / 2],
           k->wall[ROUNDS * 95 / 100 - 1], k->wall[ROUNDS - 1], k->cpu[ROUNDS / 2], k->cpu[ROUNDS - 1]);
    fflush(stdout);
}

static double resident_mib(void)
{
    long total = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");

    if (!f || fscanf(f, "%ld %ld", &total, &resident) != 2)
        resident = 0;
    if (f)
        fclose(f);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1048576;
}

static void say(const char *what, double value, const char *unit, const char *goal)
{
    printf("patients: %-48s %10.2f %-4s %s\n", what, value, unit, goal);
    fflush(stdout);
}

static _Noreturn void die(const char *where, const struct err *e)
{
    fprintf(stderr, "bench_patients: %s: %s %d %s\n", where, e ? err_name(e->code) : "", e ? e->sub : 0, e ? e->what : "");
    exit(1);
}

static int none(void *arg, const struct store_patient *p)
{
    *(unsigned *)arg += p->similar > 0;
    return 0;
}

/* Names as a country has them: a few thousand families, half of the people in the hundred commonest. */
static void a_name(uint64_t *seed, char *out, size_t room, unsigned kinds)
{
    static const char *const part[] = {"an", "ber", "co", "da", "el", "fa", "gor", "ha", "in", "jo", "ka", "li", "mar",
                                       "no", "ol", "pe", "qua", "ros", "sen", "ta", "u", "va", "wil", "xi", "yo", "za"};
    unsigned k = (unsigned)(rng_splitmix(seed) % kinds);

    if (rng_splitmix(seed) & 1)
        k %= 100;
    snprintf(out, room, "%c%s%s%s", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[k * 7 % 26], part[k % 26], part[k / 26 % 26], k > 700 ? part[k / 700 % 26] : "");
}

/* As of a large place: everybody has a number, lives in a house of three, six in ten of these in one town, has one of twenty doctors, one in ten is overdue, one in a hundred in the one group. */
static void facts(struct fhir_index *ix, unsigned i, char doctor[16], const char *phone, const char *home, struct fhir_fact f[5])
{
    unsigned n = 0;

    snprintf(doctor, 16, "dr-%u", i % 20);
    f[n++] = (struct fhir_fact){.fact = KIND_FACT_CARER, .at_ms = FHIR_FOREVER, .who = ix->id, .type = STR("Practitioner"),
                                .id = str_of(doctor)};
    if (i % 10 == 0)
        f[n++] = (struct fhir_fact){.fact = KIND_FACT_DUE, .day = true, .at_ms = (int64_t)(1 + i % 3000) * 86400000, .who = ix->id,
                                    .type = STR(""), .id = STR("")};
    if (i % 100 == 0)
        f[n++] = (struct fhir_fact){.fact = KIND_FACT_MEMBER, .at_ms = FHIR_FOREVER, .who = ix->id, .type = STR("Group"), .id = STR("g")};
    f[n] = (struct fhir_fact){.fact = KIND_FACT_PHONE, .at_ms = FHIR_FOREVER, .who = ix->id, .type = STR(""), .id = STR("")};
    n += fhir_phone(str_of(phone), &f[n].number);
    f[n++] = (struct fhir_fact){.fact = KIND_FACT_HOME, .at_ms = FHIR_FOREVER, .who = ix->id, .type = STR(""), .id = str_of(home)};
    ix->facts = f;
    ix->facts_n = n;
}

static void fill(struct store *s, unsigned n)
{
    uint64_t seed = 1;
    struct buf b;

    buf_init(&b, 4096);
    for (unsigned i = 0; i < n;) {
        struct store_tx *tx;
        struct err e;

        if (store_begin(s, false, &tx, &e))
            die("fill", &e);
        for (unsigned k = 0; k < 200 && i < n; k++, i++) {
            char id[40], family[40], given[40], doctor[16];
            char phone[40], line[80];
            struct fhir_fact f[5];
            unsigned house = i / 3; /* three people live in it, with one number */
            struct fhir_index ix = made_index("Patient", id, id, "", FHIR_NO_DATE);

            snprintf(id, sizeof id, "%08x-0000-4000-8000-%012x", (unsigned)rng_splitmix(&seed), i);
            ix.id = ix.patient = str_of(id);
            a_name(&seed, family, sizeof family, 9000);
            a_name(&seed, given, sizeof given, 900);
            snprintf(phone, sizeof phone, "+254 722 %06u", house * 7919u % 1000000);
            snprintf(line, sizeof line, "%u %c%s Street", house % 300 + 1, "BCDFGHJKLM"[house % 10], family);
            facts(&ix, i, doctor, phone, line, f);
            buf_clear(&b);
            buf_addf(&b, "{\"resourceType\":\"Patient\",\"id\":\"%s\",\"identifier\":[{\"use\":\"usual\",\"value\":\"%u\"},"
                         "{\"use\":\"official\",\"value\":\"%010u\"}],\"name\":[{\"use\":\"official\",\"family\":\"%s\",\"given\":[\"%s\"]}],"
                         "\"telecom\":[{\"system\":\"phone\",\"value\":\"%s\"}],\"address\":[{\"line\":[\"%s\"],\"city\":\"%s\",\"postalCode\":\"%05u\"}],"
                         "\"gender\":\"female\",\"birthDate\":\"%u-%02u-%02u\"}",
                     id, 10000000 + i, (unsigned)rng_splitmix(&seed), family, given, phone, line,
                     house % 10 < 6 ? "Harborough" : "Hill Village", 10400 + house % 10, 1930 + (unsigned)(rng_splitmix(&seed) % 96),
                     1 + (unsigned)(rng_splitmix(&seed) % 12), 1 + (unsigned)(rng_splitmix(&seed) % 28));
            if (store_put(tx, &ix, buf_str(&b), STORE_SERVER, 1, NULL, &e))
                die("fill", &e);
        }
        if (store_commit(tx, &e))
            die("fill", &e);
    }
    buf_fini(&b);
}

/* A keystroke: count and first page. */
static void filter(struct store *s, const char *words, unsigned offset)
{
    unsigned similar = 0;
    char what[80];
    struct spent k;
    int64_t n = 0;

    for (int i = 0; i < ROUNDS; i++) {
        double t = now_ms(), c = spent_ms();

        similar = 0;
        if (store_patient_count(s, str_of(words), &n, NULL) || store_patients(s, str_of(words), offset, 24, none, &similar, NULL))
            die("filter", NULL);
        k.cpu[i] = spent_ms() - c;
        k.wall[i] = now_ms() - t;
    }
    snprintf(what, sizeof what, "filter \"%s\" from %u: %d match, %u similar", words, offset, (int)n, similar);
    say_spent(what, &k);
}

/* The same inside a scope, in an order. */
static void view(struct store *s, const char *name, enum store_scope scope, const char *type, const char *id, enum store_order order,
                 const char *words)
{
    int64_t today = (int64_t)4000 * 86400000;
    struct store_view v = {.filter = str_of(words), .scope = scope, .type = str_of(type), .id = str_of(id), .order = order, .now_ms = today,
                           .today_ms = today, .from_ms = today, .to_ms = today + 1, .day_ms = today, .day_end_ms = today + 1};
    unsigned similar = 0;
    char what[80];
    struct spent k;
    int64_t n = 0;

    for (int i = 0; i < ROUNDS; i++) {
        double t = now_ms(), c = spent_ms();

        if (store_view_count(s, &v, &n, NULL) || store_view_patients(s, &v, 0, 24, none, &similar, NULL))
            die("view", NULL);
        k.cpu[i] = spent_ms() - c;
        k.wall[i] = now_ms() - t;
    }
    snprintf(what, sizeof what, "%s, filter \"%s\": %d match", name, words, (int)n);
    say_spent(what, &k);
}

static void patients(unsigned n)
{
    static const char *const filters[] = {"h", "1", "19", "hb", "hb o", "hb o 19", "hber", "1964-02", "10010000", "zzzz",
                                          "harbor", "hill vil", "str", "0100", "0722 007919", "12 b", "104"};
    struct secret *p = made_pass("correct horse");
    unsigned similar = 0;
    struct store_key *key;
    struct store_health h;
    char home[64];
    struct store *s = made_store(home);
    double t = now_ms(), before;
    struct err e;

    fill(s, n);
    say("put a patient", (now_ms() - t) * 1000 / n, "us", "");
    say("resident after the puts", resident_mib(), "MiB", "");
    store_close(s);
    if (store_unlock(home, p, &key, &e))
        die("unlock", &e);
    before = resident_mib();
    t = now_ms();
    if (store_open(home, key, &s, &e))
        die("open", &e);
    if (store_patients(s, STR(""), 0, 24, none, &similar, NULL))
        die("first page", NULL);
    say("open and first page", now_ms() - t, "ms", "<= 60");
    filter(s, "", 0);
    say("resident, more than before opening", resident_mib() - before, "MiB", "");
    filter(s, "", n > 30 ? n - 30 : 0);
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
        filter(s, filters[i], 0);
    for (int i = 0; i < 2; i++) {
        const char *words = i ? "h" : "";

        view(s, "mine", STORE_IN_CARE, "Practitioner", "dr-3", STORE_BY_NAME, words);
        view(s, "a group", STORE_MEMBERS, "Group", "g", STORE_BY_NAME, words);
        view(s, "overdue", STORE_OVERDUE, "", "", STORE_BY_OVERDUE, words);
        view(s, "all by birth date", STORE_EVERYBODY, "", "", STORE_BY_BIRTH, words);
    }
    say("resident at the end", resident_mib(), "MiB", "<= 14");
    store_health(s, &h, &e);
    say("file", (double)h.file_bytes / 1048576, "MiB", "");
    secret_free(p);
    made_end(s, home);
}

int main(int argc, char **argv)
{
    if (crypt_init(NULL))
        return 1;
    patients(argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100000);
    return 0;
}
