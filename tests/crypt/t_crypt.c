/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Secrets and primitives. Planted fault: crypt-fork-nonce (a forked child goes on with its parent's nonces).
 */
#include "config.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypt/crypt.h"
#include "crypt/digest.h"

/* --- secrets ----------------------------------------------------------------------------------- */

static int line_of(const char *text, size_t n, size_t cap, char out[64], char *next)
{
    struct secret *s = secret_new(cap);
    int ends[2], code;

    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    CU_ASSERT_EQUAL(write(ends[1], text, n), (ssize_t)n);
    close(ends[1]);
    code = secret_read_line(s, ends[0]);
    memset(out, 0, 64);
    memcpy(out, s->p, s->n);
    *next = '\0';
    CU_ASSERT(read(ends[0], next, 1) >= 0);
    close(ends[0]);
    secret_free(s);
    return code;
}

static void lines(void)
{
    char out[64], next;

    CU_ASSERT_EQUAL(line_of("pass word\nX", 11, 32, out, &next), ERR_OK);
    UNIT_STR(out, "pass word");
    CU_ASSERT_EQUAL(next, 'X'); /* what follows the line stays on the descriptor */
    CU_ASSERT_EQUAL(line_of("pass\r\n", 6, 32, out, &next), ERR_OK);
    UNIT_STR(out, "pass");
    CU_ASSERT_EQUAL(line_of("pass", 4, 32, out, &next), ERR_OK);
    UNIT_STR(out, "pass");
    CU_ASSERT_EQUAL(line_of("12345678\n", 9, 8, out, &next), ERR_OK);
    UNIT_STR(out, "12345678");
    CU_ASSERT_EQUAL(line_of("12345678\r\n", 10, 8, out, &next), ERR_OK);
    UNIT_STR(out, "12345678");
    CU_ASSERT_EQUAL(line_of("123456789\n", 10, 8, out, &next), ERR_TOOBIG);
    UNIT_STR(out, "");
    CU_ASSERT_EQUAL(line_of("\n", 1, 8, out, &next), ERR_INPUT);
    CU_ASSERT_EQUAL(line_of("\r\n", 2, 8, out, &next), ERR_INPUT);
    CU_ASSERT_EQUAL(line_of("", 0, 8, out, &next), ERR_INPUT);
    CU_ASSERT_EQUAL(line_of("p\xc3\xa4ss\n", 6, 8, out, &next), ERR_OK);
    UNIT_STR(out, "p\xc3\xa4ss");
}

static void secrets(void)
{
    struct secret *s = secret_new(8), *copy;

    CU_ASSERT_EQUAL(secret_set(s, "12345678", 8), ERR_OK);
    CU_ASSERT_EQUAL(secret_set(s, "123456789", 9), ERR_TOOBIG);
    CU_ASSERT(s->n == 8 && !memcmp(s->p, "12345678", 8));
    copy = secret_dup(s);
    CU_ASSERT_EQUAL(secret_set(s, "ab", 2), ERR_OK);
    CU_ASSERT(!memcmp(s->p, "ab\0\0\0\0\0", 8)); /* nothing of the longer one is left */
    CU_ASSERT(copy->n == 8 && !memcmp(copy->p, "12345678", 8));
    secret_free(s);
    secret_free(copy);
    secret_free(NULL);
    CU_ASSERT_PTR_NULL(secret_new((size_t)-1));
}

/* What is given out in the one locked stretch does not overlap, is zero, and is reused; what finds no place there has
 * one of its own; what is freed is gone from there. A forked child sees zeroes. Planted fault: hyg-key-survives-lock. */
static void arena(void)
{
    enum { N = 200 };
    struct secret *s[N], *large = secret_new(9000);
    const unsigned char *first;
    pid_t child;
    int status = 0, bad = 0;

    for (int i = 0; i < N; i++) {
        size_t cap = (size_t)(i * 37 % 700 + 1);

        s[i] = secret_new(cap);
        for (size_t k = 0; k < cap; k++)
            bad += s[i]->p[k] != 0;
        memset(s[i]->p, i + 1, cap);
        s[i]->n = cap;
    }
    for (int i = 0; i < N; i++)
        for (size_t k = 0; k < s[i]->n; k++)
            bad += s[i]->p[k] != (unsigned char)(i + 1);
    CU_ASSERT_EQUAL(bad, 0);
    CU_ASSERT(large && large->p[8999] == 0);
    if (!(child = fork()))
        _exit(s[0]->p[0] || s[N / 3]->p[0]);
    CU_ASSERT(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    first = s[7]->p;
    secret_free(s[7]);
    CU_ASSERT(first[0] == 0 && first[7 * 37] == 0);
    s[7] = secret_new(7 * 37 + 1);
    CU_ASSERT_PTR_EQUAL(s[7]->p, first);
    for (int i = 0; i < N; i++)
        secret_free(s[i]);
    secret_free(large);
    s[0] = secret_new(8192); /* the whole stretch is free again */
    s[1] = secret_new(8192);
    CU_ASSERT(s[0] && s[1] && s[1]->p > s[0]->p && s[1]->p - s[0]->p < 8192 + 64);
    secret_free(s[0]);
    secret_free(s[1]);
}

static void no_dumps(void)
{
    struct rlimit core;

    CU_ASSERT(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && core.rlim_max == 0);
    CU_ASSERT_EQUAL(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
}

/* --- primitives -------------------------------------------------------------------------------- */

static size_t unhex(const char *hex, unsigned char *out)
{
    size_t n = strlen(hex) / 2;

    for (size_t i = 0; i < n; i++) {
        unsigned v;

        sscanf(hex + 2 * i, "%2x", &v);
        out[i] = (unsigned char)v;
    }
    return n;
}

/* draft-irtf-cfrg-xchacha-03, A.3.1 */
static void aead_vector(void)
{
    static const char text[] = "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
                               "future, sunscreen would be it.";
    unsigned char key[CRYPT_KEY], nonce[CRYPT_NONCE], ad[12], want[16], tag[CRYPT_TAG], out[200], back[200];
    size_t n = sizeof text - 1;

    for (int i = 0; i < CRYPT_KEY; i++)
        key[i] = (unsigned char)(0x80 + i);
    for (int i = 0; i < CRYPT_NONCE; i++)
        nonce[i] = (unsigned char)(0x40 + i);
    unhex("50515253c0c1c2c3c4c5c6c7", ad);
    unhex("c0875924c1c7987947deafd8780acf49", want);
    crypt_seal(out, tag, (const unsigned char *)text, n, ad, sizeof ad, nonce, key);
    CU_ASSERT(!memcmp(tag, want, sizeof want));
    unhex("bd6d179d3e83d43b9576579493c0e939", want);
    CU_ASSERT(!memcmp(out, want, sizeof want));
    CU_ASSERT_EQUAL(crypt_unseal(back, out, n, tag, ad, sizeof ad, nonce, key), ERR_OK);
    CU_ASSERT(!memcmp(back, text, n));
    for (size_t i = 0; i < n; i++) {
        out[i] ^= 1;
        memset(back, 1, sizeof back);
        CU_ASSERT_EQUAL(crypt_unseal(back, out, n, tag, ad, sizeof ad, nonce, key), ERR_DAMAGED);
        CU_ASSERT(back[0] == 0 && !memcmp(back, back + 1, n - 1)); /* nothing unverified comes out */
        out[i] ^= 1;
    }
    ad[0] ^= 1;
    CU_ASSERT_EQUAL(crypt_unseal(back, out, n, tag, ad, sizeof ad, nonce, key), ERR_DAMAGED);
}

/* What the Argon2 reference library and Python's hashlib.blake2b make of the same: a change here locks every store
 * that there is. */
static void kdf_vectors(void)
{
    static const char *const want[] = {"904b42492da04031a468a6d1d51689848c15e5c88d8587b0186dce574b8c4bcc",
                                       "82e231837fa5adf89abd33a18efd3d0a7f244956b1b25f7ae04b971779c6f73c",
                                       "437ce4e4845eed3b61f3a86b7f14dd0cb1ab9138a69449db3aae01fe791e2488",
                                       "e5ca2b4633424c42a87f90448f9dae87bfc2d773581ea8a1f7d2177d92c41bba",
                                       "ca42a6350219c8f1a21439070074a4e9a2bd19a575cb7ce740c0f47af4e97586"};
    struct secret *p = secret_new(32), *key = secret_new(CRYPT_KEY);
    struct crypt_kdf k = {3, 64ull << 20};
    unsigned char salt[CRYPT_SALT], sub[CRYPT_KEY], right[CRYPT_KEY], text[11 + 16];

    for (int i = 0; i < CRYPT_SALT; i++)
        salt[i] = (unsigned char)i;
    secret_set(p, "correct horse battery", 21);
    CU_ASSERT_EQUAL(crypt_kdf(key, p, salt, &k), ERR_OK);
    unhex(want[0], right);
    CU_ASSERT(key->n == CRYPT_KEY && !memcmp(key->p, right, CRYPT_KEY));
    for (unsigned id = 1; id <= 3; id++) {
        crypt_subkey(sub, id, key->p);
        unhex(want[id], right);
        CU_ASSERT(!memcmp(sub, right, CRYPT_KEY));
    }
    memcpy(text, "wl-commit-1", 11);
    memcpy(text + 11, salt, 16);
    crypt_hash(right, text, sizeof text, sub);
    unhex(want[4], sub);
    CU_ASSERT(!memcmp(sub, right, CRYPT_HASH));
    secret_free(p);
    secret_free(key);
}

static void kdf(void)
{
    struct secret *p = secret_new(16), *a = secret_new(CRYPT_KEY), *b = secret_new(CRYPT_KEY);
    struct crypt_kdf k = {CRYPT_KDF_MIN_PASSES, CRYPT_KDF_MIN_MEM}, best = crypt_kdf_default();
    unsigned char salt[CRYPT_SALT] = {1};

    secret_set(p, "passphrase", 10);
    CU_ASSERT_EQUAL(crypt_kdf(a, p, salt, &k), ERR_OK);
    CU_ASSERT_EQUAL(crypt_kdf(b, p, salt, &k), ERR_OK);
    CU_ASSERT(crypt_equal(a->p, b->p, CRYPT_KEY));
    salt[0] = 2;
    CU_ASSERT_EQUAL(crypt_kdf(b, p, salt, &k), ERR_OK);
    CU_ASSERT(!crypt_equal(a->p, b->p, CRYPT_KEY));
    CU_ASSERT(crypt_kdf_allowed(&best) && best.passes >= 3);
    CU_ASSERT(best.mem_bytes == 256u << 20 || best.mem_bytes == CRYPT_KDF_MIN_MEM);
    secret_free(p);
    secret_free(a);
    secret_free(b);
}

/* --- nonces ------------------------------------------------------------------------------------ */

#define EACH 20000
#define THREADS 4

static void *draw(void *p)
{
    for (int i = 0; i < EACH; i++)
        crypt_nonce((unsigned char *)p + i * CRYPT_NONCE);
    return NULL;
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, CRYPT_NONCE);
}

/* Planted fault: crypt-fork-nonce. Four threads, then a child, then its parent again: no nonce twice. */
static void nonces(void)
{
    size_t total = (THREADS + 2) * EACH, twice = 0;
    unsigned char *all = malloc(total * CRYPT_NONCE);
    uint64_t process = crypt_process(), childs = 0;
    pthread_t thread[THREADS];
    int ends[2], status;
    pid_t pid;

    for (int i = 0; i < THREADS; i++)
        pthread_create(&thread[i], NULL, draw, all + (size_t)i * EACH * CRYPT_NONCE);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    fflush(NULL);
    if (!(pid = fork())) {
        FILE *f = fdopen(ends[1], "wb");

        draw(all);
        childs = crypt_process();
        fwrite(&childs, sizeof childs, 1, f);
        fwrite(all, CRYPT_NONCE, EACH, f);
        _exit(fflush(f) ? 1 : 0);
    }
    close(ends[1]);
    FILE *f = fdopen(ends[0], "rb");
    CU_ASSERT_EQUAL(fread(&childs, sizeof childs, 1, f), 1);
    CU_ASSERT_EQUAL(fread(all + (size_t)THREADS * EACH * CRYPT_NONCE, CRYPT_NONCE, EACH, f), EACH);
    fclose(f);
    waitpid(pid, &status, 0);
    CU_ASSERT_EQUAL(status, 0);
    draw(all + (size_t)(THREADS + 1) * EACH * CRYPT_NONCE);
    qsort(all, total, CRYPT_NONCE, by_bytes);
    for (size_t i = 1; i < total; i++)
        twice += !memcmp(all + i * CRYPT_NONCE, all + (i - 1) * CRYPT_NONCE, CRYPT_NONCE);
    CU_ASSERT_EQUAL(twice, 0);
    CU_ASSERT(process && childs && childs != process && crypt_process() == process);
    free(all);
}

static const char *in_hex(const unsigned char *p, size_t n)
{
    static char hex[80];

    for (size_t i = 0; i < n; i++)
        snprintf(hex + 2 * i, 3, "%02x", p[i]);
    return hex;
}

/* FIPS 180-2, appendix A: "abc", two blocks, a million times "a"; in pieces of every length, and nothing at all. */
static void digests(void)
{
    static const char two[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    struct crypt_digest *d = crypt_digest_new();
    unsigned char sha256[CRYPT_SHA256], sha1[CRYPT_SHA1];

    for (size_t piece = 1; piece <= sizeof two; piece++) {
        for (size_t i = 0; i < sizeof two - 1; i += piece)
            crypt_digest_add(d, two + i, i + piece < sizeof two - 1 ? piece : sizeof two - 1 - i);
        crypt_digest_end(d, sha256, sha1);
        UNIT_STR(in_hex(sha1, sizeof sha1), "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
        UNIT_STR(in_hex(sha256, sizeof sha256),
                 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    }
    for (int i = 0; i < 1000000 / 50; i++)
        crypt_digest_add(d, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 50);
    crypt_digest_end(d, sha256, sha1);
    UNIT_STR(in_hex(sha1, sizeof sha1), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    crypt_digest_end(d, sha256, sha1);
    UNIT_STR(in_hex(sha1, sizeof sha1), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    crypt_digest_free(d);
}

static const struct unit_test tests[] = {
    {"SHA-1 and SHA-256 as the standard has them", digests},
    {"a line from a descriptor, and nothing behind it", lines},
    {"secrets keep their limit and leave nothing", secrets},
    {"the one locked stretch", arena},
    {"no core dumps, not dumpable", no_dumps},
    {"the draft's vector; no changed byte is opened", aead_vector},
    {"the KDF", kdf},
    {"the KDF, its sub-keys and a keyed hash as others compute them", kdf_vectors},
    {"no nonce twice, across threads and a fork", nonces},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("crypt", tests, sizeof tests / sizeof *tests);
}
