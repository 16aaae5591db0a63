/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bench_patients [N]: what a keystroke in the worklist's filter costs in a store of N patients (100,000), what
 * opening costs, and how much memory stays. A line a figure, with its goal.
 */
#include "config.h"

#include "tests/store/made.h"

#include <time.h>

#include "base/rng.h"

static double now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
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
            char id[40], family[40], given[40];
            struct fhir_index ix = made_index("Patient", id, id, "", FHIR_NO_DATE);

            snprintf(id, sizeof id, "%08x-0000-4000-8000-%012x", (unsigned)rng_splitmix(&seed), i);
            ix.id = ix.patient = str_of(id);
            a_name(&seed, family, sizeof family, 9000);
            a_name(&seed, given, sizeof given, 900);
            buf_clear(&b);
            buf_addf(&b, "{\"resourceType\":\"Patient\",\"id\":\"%s\",\"identifier\":[{\"use\":\"usual\",\"value\":\"%u\"},"
                         "{\"use\":\"official\",\"value\":\"%010u\"}],\"name\":[{\"use\":\"official\",\"family\":\"%s\",\"given\":[\"%s\"]}],"
                         "\"gender\":\"female\",\"birthDate\":\"%u-%02u-%02u\"}",
                     id, 10000000 + i, (unsigned)rng_splitmix(&seed), family, given, 1930 + (unsigned)(rng_splitmix(&seed) % 96),
                     1 + (unsigned)(rng_splitmix(&seed) % 12), 1 + (unsigned)(rng_splitmix(&seed) % 28));
            if (store_put(tx, &ix, buf_str(&b), STORE_SERVER, 1, NULL, &e))
                die("fill", &e);
        }
        if (store_commit(tx, &e))
            die("fill", &e);
    }
    buf_fini(&b);
}

/* A keystroke: count and first page. The worst of three. */
static void filter(struct store *s, const char *words, unsigned offset)
{
    unsigned similar = 0;
    char what[80];
    double most = 0;
    int64_t n = 0;

    for (int i = 0; i < 3; i++) {
        double t = now_ms();

        similar = 0;
        if (store_patient_count(s, str_of(words), &n, NULL) || store_patients(s, str_of(words), offset, 24, none, &similar, NULL))
            die("filter", NULL);
        t = now_ms() - t;
        most = t > most ? t : most;
    }
    snprintf(what, sizeof what, "filter \"%s\" from %u: %d match, %u similar", words, offset, (int)n, similar);
    say(what, most, "ms", "<= 15");
}

static void patients(unsigned n)
{
    static const char *const filters[] = {"h", "1", "19", "hb", "hb o", "hb o 19", "hber", "1964-02", "10010000", "zzzz"};
    struct secret *p = made_pass("correct horse");
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
    filter(s, "", 0);
    say("open and three first pages", now_ms() - t, "ms", "<= 60");
    say("resident, more than before opening", resident_mib() - before, "MiB", "");
    filter(s, "", n > 30 ? n - 30 : 0);
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
        filter(s, filters[i], 0);
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
