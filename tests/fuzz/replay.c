/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Runs a fuzz target without a fuzzer: every file of its corpus, and mutations of each that are the same on
 * every run. fuzz_NAME [FILE...]: FILEs (a crash to look at) instead of the corpus.
 */
#include "config.h"

#include <dirent.h>
#include <string.h>

#include "base/rng.h"
#include "tests/fuzz/fuzz.h"

#define INPUT_MAX (1u << 20)
#define MUTATIONS 400

static void mutate(uint64_t *seed, uint8_t *p, size_t *n)
{
    for (unsigned times = 1 + rng_splitmix(seed) % 4; times; times--) {
        size_t at = *n ? rng_splitmix(seed) % *n : 0, len = *n ? 1 + rng_splitmix(seed) % (*n - at) : 0;

        switch (rng_splitmix(seed) % 5) {
        case 0: /* a bit */
            if (*n)
                p[at] ^= (uint8_t)(1u << rng_splitmix(seed) % 8);
            break;
        case 1: /* a byte */
            if (*n)
                p[at] = (uint8_t)rng_splitmix(seed);
            break;
        case 2: /* out */
            memmove(p + at, p + at + len, *n - at - len);
            *n -= len;
            break;
        case 3: /* twice */
            if (*n + len < INPUT_MAX) {
                memmove(p + at + len, p + at, *n - at);
                *n += len;
            }
            break;
        default: /* the end is missing */
            *n = at;
        }
    }
}

static size_t run_file(const char *path)
{
    static uint8_t bytes[INPUT_MAX];
    uint8_t *copy;
    uint64_t seed = 1;
    FILE *f = fopen(path, "rb");
    size_t n;

    if (!f) {
        perror(path);
        exit(1);
    }
    n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    for (unsigned i = 0; i <= MUTATIONS; i++) {
        size_t m = n;
        static uint8_t work[INPUT_MAX];

        memcpy(work, bytes, n);
        if (i)
            mutate(&seed, work, &m);
        copy = malloc(m ? m : 1); /* of its exact size, for AddressSanitizer */
        memcpy(copy, work, m);
        LLVMFuzzerTestOneInput(copy, m);
        free(copy);
    }
    return 1;
}

int main(int argc, char **argv)
{
    const char *name = strrchr(argv[0], '/'), *top = getenv("top_srcdir");
    char dir[512], path[1024];
    size_t files = 0;
    struct dirent *d;
    DIR *list;

    for (int i = 1; i < argc; i++)
        files += run_file(argv[i]);
    if (files)
        return 0;
    name = name ? name + 1 : argv[0];
    snprintf(dir, sizeof dir, "%s/tests/fuzz/corpus/%s", top ? top : ".", strncmp(name, "fuzz_", 5) ? name : name + 5);
    if (!(list = opendir(dir))) {
        perror(dir);
        return 1;
    }
    while ((d = readdir(list)))
        if (d->d_name[0] != '.') {
            snprintf(path, sizeof path, "%s/%s", dir, d->d_name);
            files += run_file(path);
        }
    closedir(list);
    printf("%s: %zu inputs, %u mutations of each\n", name, files, MUTATIONS);
    return files ? 0 : 1;
}
