/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A store of 100 MB as a whole: sealed anew (rotate), backed up, restored, verified; each reads back every byte.
 *     bench_copy [MB]
 * Wall seconds and CPU seconds, without the passphrase's Argon2id: one line a figure:
 *     NAME seconds=S cpu=S megabytes=N per_second=N
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/rng.h"
#include "store/copy.h"
#include "store/seal_priv.h"

#define BODY 2000

static const struct crypt_kdf cheap = {3, CRYPT_KDF_MIN_MEM};

static void must(int code, const char *what)
{
    if (code) {
        fprintf(stderr, "bench_copy: %s: %s\n", what, err_name(code));
        exit(1);
    }
}

static double now(clockid_t which)
{
    struct timespec t;

    clock_gettime(which, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double size_mb(const char *path)
{
    struct stat st;

    return stat(path, &st) ? 0 : (double)st.st_size / 1e6;
}

/* Rows that zstd can do nothing with, so that the file has the size that was asked for. */
static void fill(struct store *s, unsigned rows)
{
    static const struct fhir_kind kind = {.type = "Observation", .patient_param = "patient", .patient_path = "subject"};
    char id[32], chart[32], body[BODY + 64];
    struct store_tx *tx = NULL;
    uint64_t x = 7;

    for (unsigned n = 0; n < rows; n++) {
        struct fhir_index ix = {.kind = &kind, .type = STR("Observation"), .version = STR("1"), .updated = STR(""), .updated_ms = 1,
                                .date = STR(""), .date_ms = n, .status = STR("final"), .section = STR("labs"), .title = STR("Potassium")};
        int len;

        if (n % 200 == 0) {
            must(tx ? store_commit(tx, NULL) : 0, "commit");
            must(store_begin(s, false, &tx, NULL), "begin");
        }
        len = snprintf(id, sizeof id, "o%u", n);
        ix.id = (struct str){id, (size_t)len};
        len = snprintf(chart, sizeof chart, "p%u", n / 50);
        ix.patient = (struct str){chart, (size_t)len};
        len = snprintf(body, sizeof body, "{\"id\":\"o%u\",\"data\":\"", n);
        while (len < BODY)
            body[len++] = (char)('!' + (rng_splitmix(&x) >> 40) % 90);
        must(store_put(tx, &ix, (struct str){body, (size_t)len}, STORE_SERVER, 1, NULL, NULL), "put");
    }
    must(store_commit(tx, NULL), "commit");
}

static void found(void *arg, const struct store_finding *f)
{
    (void)arg, (void)f;
    must(ERR_DAMAGED, "verify");
}

static void say(const char *name, double wall, double cpu, double mb)
{
    printf("%s seconds=%.2f cpu=%.2f megabytes=%.0f per_second=%.0f\n", name, wall, cpu, mb, mb / wall);
}

/* What the KDF costs here: each of these but verify and backup runs it. */
static double kdf_cost(const struct secret *p, double *cpu)
{
    struct secret *key = secret_new(CRYPT_KEY);
    unsigned char salt[CRYPT_SALT] = {0};
    double t = now(CLOCK_MONOTONIC), c = now(CLOCK_PROCESS_CPUTIME_ID);

    must(crypt_kdf(key, p, salt, &cheap), "kdf");
    *cpu = now(CLOCK_PROCESS_CPUTIME_ID) - c;
    secret_free(key);
    return now(CLOCK_MONOTONIC) - t;
}

int main(int argc, char **argv)
{
    const unsigned mb = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100;
    struct secret *p = secret_new(64);
    const struct store_proof proof = {.secret = p};
    struct store_slot dropped[STORE_SLOTS];
    struct store_verified looked;
    struct store_key *k = NULL;
    struct store *s = NULL;
    char home[64], other[80], path[100], to[100], cmd_path[100];
    const char *tmp = getenv("TMPDIR");
    double t, c, kdf, kdf_cpu;
    unsigned n;

    snprintf(home, sizeof home, "%s/benchXXXXXX", tmp && strlen(tmp) < 40 ? tmp : "/tmp");
    must(crypt_init(NULL) || !p || secret_set(p, "correct horse", 13) || !mkdtemp(home) || !mb, "start");
    snprintf(other, sizeof other, "%s/other", home);
    snprintf(path, sizeof path, "%s/" STORE_FILE, home);
    snprintf(to, sizeof to, "%s/backup", home);
    must(store_create(home, p, &cheap, NULL) || store_unlock(home, p, &k, NULL) || store_open(home, k, &s, NULL), "store");
    fill(s, mb * 1000000u / (BODY + 250));
    kdf = kdf_cost(p, &kdf_cpu);
#define TIMED(name, file, runs, call)                                                                       \
    t = now(CLOCK_MONOTONIC), c = now(CLOCK_PROCESS_CPUTIME_ID);                                            \
    must(call, name);                                                                                       \
    say(name, now(CLOCK_MONOTONIC) - t - (runs) * kdf, now(CLOCK_PROCESS_CPUTIME_ID) - c - (runs) * kdf_cpu, size_mb(file))
    TIMED("rotate", path, 3, store_rotate(s, &proof, NULL, dropped, &n, NULL));
    TIMED("verify", path, 0, store_verify(s, NULL, found, NULL, &looked, NULL));
    TIMED("backup", to, 0, store_backup(s, to, NULL, NULL));
    TIMED("restore", to, 2, store_restore(other, to, &proof, NULL, NULL, NULL));
    store_close(s);
    must(store_wipe(home, NULL) || store_wipe(other, NULL), "wipe");
    unlink(to);
    for (int i = 0; i < 2; i++) {
        snprintf(cmd_path, sizeof cmd_path, "%s/store.lock", i ? home : other);
        unlink(cmd_path);
        rmdir(i ? home : other);
    }
    secret_free(p);
    return 0;
}
