/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The program that canary.py watches: `canary_writer HOME`, first line of stdin the passphrase, then one
 * word a line. Each word goes into a patient's name and identifiers, a result's title and text (short and
 * long), and a setting, and backwards into an attachment of the result, or a part of one; "ok" is printed once that is
 * durable. End of input closes the store. oracle.py watches it too, for its attachments.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "base/mem.h"
#include "store/blob.h"

#define MARK "oracle-mark-in-plain-memory"

/* Indexed as what comes from a server, so that each word lies in the index of words, too. */
static int put(struct store_tx *tx, struct str patient, struct buf *body, struct err *e)
{
    struct fhir_index ix;
    struct arena a;
    struct tape t;
    int code = body->failed ? body->failed : tape_parse(&t, buf_str(body), e);

    if (code)
        return code;
    arena_init(&a, 4 * LIMIT_RESOURCE_BYTES);
    if (!(code = fhir_index(&t, NULL, &a, &ix, e))) {
        ix.patient = patient;
        code = ix.words.n ? store_put(tx, &ix, buf_str(body), STORE_SERVER, 1, NULL, e) : ERR_BUG;
    }
    tape_fini(&t);
    arena_fini(&a);
    return code;
}

/* Each word backwards in an attachment, too, every other one in a part of one. What the writer itself has of it goes. */
static int attach(struct store *s, unsigned n, const char *result, const char *word, struct err *e)
{
    const struct store_blob_source src = {STR("Observation"), str_of(result), 0, str_of(word)};
    const struct store_blob_answer answer = {word, word, -1};
    const struct store_blob_expect any = {.size = -1};
    struct store_blob_writer *w;
    char turned[200];
    size_t len = strlen(word);
    int code = store_blob_begin(s, &src, false, 1, &w, e);

    for (size_t i = 0; i < len; i++)
        turned[i] = word[len - 1 - i];
    if (!code)
        code = store_blob_restart(w, &answer, e);
    for (unsigned i = 0; !code && i < 10000; i++)
        code = store_blob_append(w, (struct str){turned, len}, e);
    mem_zero(turned, sizeof turned);
    if (!code)
        code = n % 2 ? store_blob_keep(w, e) : store_blob_end(w, &any, 1, e);
    store_blob_free(w);
    return code;
}

static int write_word(struct store *s, unsigned n, const char *word, struct err *e)
{
    char patient[32], result[32];
    struct store_tx *tx;
    struct buf b;
    int code;

    snprintf(patient, sizeof patient, "p%u", n);
    snprintf(result, sizeof result, "r%u", n);
    buf_init(&b, LIMIT_RESOURCE_BYTES);
    if ((code = store_begin(s, true, &tx, e)))
        return code;
    buf_addf(&b, "{\"resourceType\":\"Patient\",\"id\":\"%s\",\"name\":[{\"family\":\"%s\",\"given\":[\"%s\"]}],"
                 "\"identifier\":[{\"value\":\"%s\"}],\"birthDate\":\"1950-01-01\"}", patient, word, word, word);
    code = put(tx, str_of(patient), &b, e);
    buf_clear(&b);
    buf_addf(&b, "{\"resourceType\":\"Observation\",\"id\":\"%s\",\"code\":{\"text\":\"%s\"},\"note\":[{\"text\":\"", result, word);
    for (unsigned i = 0; i < 40 + n % 7 * 400; i++)
        buf_addf(&b, "%s %u ", word, i);
    buf_adds(&b, "\"}]}");
    if (!code)
        code = put(tx, str_of(patient), &b, e);
    if (!code)
        code = store_set(tx, "canary.word", str_of(word), e);
    buf_fini(&b);
    if (code) {
        store_rollback(tx);
        return code;
    }
    code = store_commit(tx, e);
    return code ? code : attach(s, n, result, word, e);
}

static bool line(char *p, size_t n)
{
    if (!fgets(p, (int)n, stdin))
        return false;
    p[strcspn(p, "\n")] = '\0';
    return true;
}

static int open_store(const char *home, struct store **s, struct err *e)
{
    const struct crypt_kdf cheap = {CRYPT_KDF_MIN_PASSES, CRYPT_KDF_MIN_MEM};
    struct secret *p = secret_new(LIMIT_PASSPHRASE);
    struct store_key *k = NULL;
    int code = p ? secret_read_line(p, 0) : ERR_NOMEM;

    if (!code && (code = store_create(home, p, &cheap, e)) == ERR_EXISTS)
        code = ERR_OK;
    if (!code && !(code = store_unlock(home, p, &k, e)))
        code = store_open(home, k, s, e);
    secret_free(p);
    return code;
}

int main(int argc, char **argv)
{
    struct store *s = NULL;
    struct err e = ERR_NONE;
    char word[200], *mark = malloc(64);
    unsigned n = 0;

    umask(077);
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* or not even a test could look */
    if (mark)
        snprintf(mark, 64, "%s %s", MARK, "here"); /* shows that an image of this process can be searched */
    if (argc != 2 || crypt_init(NULL) || open_store(argv[1], &s, &e)) {
        fprintf(stderr, "canary_writer: %s\n", err_name(e.code));
        return 1;
    }
    puts("open");
    fflush(stdout);
    while (line(word, sizeof word)) {
        if (write_word(s, n++, word, &e)) {
            fprintf(stderr, "canary_writer: %s\n", err_name(e.code));
            return 1;
        }
        puts("ok");
        fflush(stdout);
    }
    store_close(s);
    free(mark);
    return 0;
}
