/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The program that canary.py watches: `canary_writer HOME`, first line of stdin the passphrase, then one
 * word a line. Each word goes into a patient's name and identifiers, a result's title and text (short and
 * long), and a setting; "ok" is printed once that is durable. End of input closes the store.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "store/store.h"

static const struct fhir_kind patient_kind = {.type = "Patient", .patient_param = "_id"};
static const struct fhir_kind result_kind = {.type = "Observation", .patient_param = "patient", .patient_path = "subject"};

static int put(struct store_tx *tx, const struct fhir_kind *kind, const char *id, struct str patient, const char *word,
               struct buf *body, struct err *e)
{
    struct fhir_index ix = {.kind = kind, .type = str_of(kind->type), .id = str_of(id), .version = STR("1"), .updated_ms = 1,
                            .patient = patient, .date = STR("2026-11-23"), .date_ms = 1, .status = STR("final"),
                            .section = STR("labs"), .title = str_of(word)};

    return body->failed ? body->failed : store_put(tx, &ix, buf_str(body), STORE_SERVER, 1, NULL, e);
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
    code = put(tx, &patient_kind, patient, str_of(patient), word, &b, e);
    buf_clear(&b);
    buf_addf(&b, "{\"resourceType\":\"Observation\",\"id\":\"%s\",\"note\":[{\"text\":\"", result);
    for (unsigned i = 0; i < 40 + n % 7 * 400; i++)
        buf_addf(&b, "%s %u ", word, i);
    buf_adds(&b, "\"}]}");
    if (!code)
        code = put(tx, &result_kind, result, str_of(patient), word, &b, e);
    if (!code)
        code = store_set(tx, "canary.word", str_of(word), e);
    buf_fini(&b);
    if (code) {
        store_rollback(tx);
        return code;
    }
    return store_commit(tx, e);
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
    char word[200];
    unsigned n = 0;

    umask(077);
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
    return 0;
}
