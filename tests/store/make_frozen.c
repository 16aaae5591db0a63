/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * make_frozen DIR: writes the stores of tests/store/frozen as this build writes them. Run once for a format or a schema,
 * never to mend what a test says: a store that an old version wrote cannot be written again. Salts and nonces differ at
 * each run, what stands in the files does not.
 */
#include "config.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/seal_priv.h"
#include "tests/store/frozen.h"
#include "tests/store/made.h"

static void must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "make_frozen: %s\n", what);
        exit(1);
    }
}

static void wrap(struct seal_super *s, unsigned no, const char *words, const unsigned char *dek)
{
    struct secret *p = made_pass(words);

    must(seal_slot_wrap(&s->slot[no], no, s->file_id, p, &made_kdf, dek, FROZEN_MARK) == ERR_OK, "slot");
    secret_free(p);
}

static void path_of(char path[300], const char *dir, const char *name)
{
    snprintf(path, 300, "%s/%s", dir, name);
    unlink(path);
}

/* A store with its rows; second: another slot, and the copy B of the superblock one generation behind. */
static void sealed(const char *dir, const char *name, const char *rows, bool second)
{
    struct seal_super s = {.version = SEAL_VERSION, .reader = SEAL_VERSION, .generation = 1, .codec = 2, .created_ms = FROZEN_MARK};
    unsigned char dek[CRYPT_KEY], copy[SEAL_SUPER];
    struct seal_keys *k = NULL;
    sqlite3 *db = NULL;
    char path[300];
    FILE *f;

    path_of(path, dir, name);
    memset(dek, FROZEN_KEY, sizeof dek);
    memcpy(s.file_id, FROZEN_FILE_ID, SEAL_FILE_ID);
    wrap(&s, 0, FROZEN_PASS, dek);
    must(seal_create_dek(path, dek, &s, &k, NULL) == ERR_OK && seal_open(path, k, false, &db, NULL) == ERR_OK, path);
    must(sqlite3_exec(db, FROZEN_SCHEMA, NULL, NULL, NULL) == SQLITE_OK, "schema");
    must(sqlite3_exec(db, rows, NULL, NULL, NULL) == SQLITE_OK && sqlite3_close(db) == SQLITE_OK, "rows");
    if (second) {
        wrap(&s, 5, FROZEN_SECOND, dek);
        s.generation = 2;
        seal_commitment(s.commitment, k);
        seal_super_write(copy, &s, k);
        must((f = fopen(path, "r+b")) != NULL && fwrite(copy, 1, sizeof copy, f) == sizeof copy && !fclose(f), "copy A");
    }
    seal_keys_free(k);
}

/* Rows 17 to 24 stay in the log: their writer goes without closing. */
static void with_log(const char *dir, const char *name)
{
    unsigned char dek[CRYPT_KEY];
    struct seal_keys *k = NULL;
    sqlite3 *db = NULL;
    char path[300];
    int status;

    sealed(dir, name, FROZEN_ROWS("1", "16"), false);
    snprintf(path, sizeof path, "%s/%s", dir, name);
    if (!fork()) {
        memset(dek, FROZEN_KEY, sizeof dek);
        must(seal_unlock_dek(path, dek, &k, NULL) == ERR_OK && seal_open(path, k, false, &db, NULL) == ERR_OK, path);
        must(sqlite3_exec(db, FROZEN_ROWS("17", "24"), NULL, NULL, NULL) == SQLITE_OK, "rows");
        _exit(0);
    }
    must(wait(&status) > 0 && status == 0, "log");
}

static void profile(const char *dir)
{
    struct fhir_index p = made_index("Patient", "f1", "f1", "", FHIR_NO_DATE),
                      o = made_index("Observation", "f2", "f1", "labs", FROZEN_MARK);
    struct store_mark m = {.type = "Patient", .mark_ms = FROZEN_MARK};
    struct secret *pass = made_pass(FROZEN_PASS);
    struct store_key *k = NULL;
    struct store *s = NULL;
    struct store_tx *tx;
    char home[] = "/tmp/frozen-XXXXXX", from[300], to[300], cmd[4096];
    FILE *in, *out;
    size_t n;

    must(mkdtemp(home) != NULL, "home");
    must(store_create(home, pass, &made_kdf, NULL) == ERR_OK && store_unlock(home, pass, &k, NULL) == ERR_OK &&
             store_open(home, k, &s, NULL) == ERR_OK, "profile");
    must(store_begin(s, true, &tx, NULL) == ERR_OK && store_put(tx, &p, STR(FROZEN_PATIENT), STORE_SERVER, FROZEN_MARK, NULL, NULL) == ERR_OK &&
             store_put(tx, &o, STR(FROZEN_RESULT), STORE_SERVER, FROZEN_MARK, NULL, NULL) == ERR_OK &&
             store_mark_put(tx, &m, NULL) == ERR_OK && store_commit(tx, NULL) == ERR_OK, "rows");
    store_close(s);
    secret_free(pass);
    snprintf(from, sizeof from, "%s/%s", home, STORE_FILE);
    path_of(to, dir, "profile-3.wdb");
    must((in = fopen(from, "rb")) != NULL && (out = fopen(to, "wb")) != NULL, to);
    while ((n = fread(cmd, 1, sizeof cmd, in)) > 0)
        must(fwrite(cmd, 1, n, out) == n, to);
    must(!fclose(out), to);
    fclose(in);
    made_remove(home);
}

int main(int argc, char **argv)
{
    umask(077);
    if (argc != 2 || crypt_init(NULL)) {
        fprintf(stderr, "usage: make_frozen DIR\n");
        return 1;
    }
    mkdir(argv[1], 0755);
    sealed(argv[1], "plain.wdb", FROZEN_ROWS("1", "24"), false);
    sealed(argv[1], "two-slots.wdb", FROZEN_ROWS("1", "24"), true);
    with_log(argv[1], "log.wdb");
    profile(argv[1]);
    return 0;
}
