/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The file's two superblocks: made, read, unlocked. Either copy may serve. The higher generation rules,
 * once the key has shown that nobody else wrote it.
 */
#include "config.h"

#include "store/seal_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/mem.h"

struct heads {
    unsigned char raw[2 * SEAL_SUPER];
    struct seal_super copy[2];
    int code[2]; /* of seal_super_parse */
    uint64_t size;
};

static const unsigned char *raw_copy(const struct heads *h, int i)
{
    return h->raw + i * SEAL_SUPER;
}

static int heads_read(const char *path, struct heads **out, struct err *e)
{
    struct heads *h = *out = mem_alloc(sizeof *h);
    size_t got;
    int code;

    if (!h)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    code = seal_read_head(path, h->raw, sizeof h->raw, &got, &h->size, e);
    for (int i = 0; i < 2; i++)
        h->code[i] = got >= (size_t)(i + 1) * SEAL_SUPER ? seal_super_parse(raw_copy(h, i), &h->copy[i]) : ERR_DAMAGED;
    return code;
}

/* The whole copy of the highest generation, the one behind `after` (-1: the first of all), or -1. */
static int next_copy(const struct heads *h, int after)
{
    bool a = h->code[0] != ERR_DAMAGED, b = h->code[1] != ERR_DAMAGED;
    int first = a && (!b || h->copy[0].generation >= h->copy[1].generation) ? 0 : b ? 1 : -1;

    if (after < 0 || first < 0)
        return first;
    return after == first && a && b ? !first : -1;
}

static bool copy_fits(const struct heads *h, int i, const struct seal_keys *k)
{
    unsigned char commitment[CRYPT_HASH];

    seal_commitment(commitment, k);
    return h->code[i] == ERR_OK && seal_super_verify(raw_copy(h, i), k) &&
           crypt_equal(h->copy[i].commitment, commitment, CRYPT_HASH) &&
           crypt_equal(h->copy[i].file_id, k->file_id, SEAL_FILE_ID);
}

/* With the key that slot no of copy i gave (no < 0: a key from elsewhere): the keys, if that slot stands in
 * the copy that rules. An older copy that a password change left behind must not let the old passphrase in. */
static int keys_from(const struct heads *h, int i, int no, const unsigned char *dek, struct seal_keys **out)
{
    struct seal_keys *k = seal_keys_new(dek, h->copy[i].file_id);
    int rules = -1, code = ERR_OK;

    if (!k)
        return ERR_NOMEM;
    for (int c = next_copy(h, -1); c >= 0 && rules < 0; c = next_copy(h, c))
        if (copy_fits(h, c, k))
            rules = c;
    if (rules < 0)
        code = ERR_DAMAGED;
    else if (no >= 0 && memcmp(h->copy[i].slot[no].bytes, h->copy[rules].slot[no].bytes, SEAL_SLOT))
        code = ERR_PASSPHRASE;
    if (code)
        seal_keys_free(k);
    else
        *out = k;
    return code;
}

/* A slot of copy i that is the same in copy `tried` was tried already. */
static bool was_tried(const struct heads *h, int i, unsigned no, int tried)
{
    return tried >= 0 && h->code[tried] == ERR_OK &&
           !memcmp(h->copy[0].slot_id, h->copy[1].slot_id, SEAL_FILE_ID) &&
           !memcmp(h->copy[i].slot[no].bytes, h->copy[tried].slot[no].bytes, SEAL_SLOT);
}

/* What is worth saying when no slot opened: that there was no memory for one, or that it was the wrong secret. */
static int worse(int a, int b)
{
    return a == ERR_NOMEM || b == ERR_NOMEM ? ERR_NOMEM : a == ERR_PASSPHRASE ? a : b;
}

/* Slots that cost nothing first, then those that cost a KDF each. */
static int try_copy(const struct heads *h, int i, int tried, const struct seal_proof *proof, struct secret *dek,
                    unsigned *which, struct seal_keys **out)
{
    int code = ERR_DAMAGED;

    for (unsigned n = 0; n < 2 * SEAL_SLOTS; n++) {
        unsigned no = n % SEAL_SLOTS;
        const struct seal_slot *s = &h->copy[i].slot[no];
        int got;

        if (!seal_slot_is_for(s, proof, n >= SEAL_SLOTS) || was_tried(h, i, no, tried))
            continue;
        got = seal_slot_try(s, no, h->copy[i].slot_id, proof, dek);
        if (!got) {
            *which = no;
            return keys_from(h, i, (int)no, dek->p, out);
        }
        code = worse(code, got);
    }
    return code;
}

/* Nothing opened: a proof that no slot is for, such as a site's key where there is no escrow, is a wrong one. */
static int nothing_opened(const struct heads *h, int i, const struct seal_proof *proof, int code)
{
    if (code != ERR_DAMAGED)
        return code;
    for (unsigned n = 0; n < 2 * SEAL_SLOTS; n++)
        if (seal_slot_is_for(&h->copy[i].slot[n % SEAL_SLOTS], proof, n >= SEAL_SLOTS))
            return code;
    return proof->kind == SEAL_FREE ? code : ERR_PASSPHRASE;
}

static int try_heads(const struct heads *h, const struct seal_proof *proof, struct secret *dek, unsigned *no,
                     struct seal_keys **out)
{
    int first = next_copy(h, -1), i, code = first < 0 ? ERR_DAMAGED : h->code[first];

    if (code == ERR_OK && h->size < SEAL_DATA_OFFSET + SEAL_PAGE)
        return ERR_DAMAGED; /* cut off before its first page: an empty database is not what was kept */
    if (code == ERR_OK)
        code = nothing_opened(h, first, proof, try_copy(h, first, -1, proof, dek, no, out));
    /* What opens nothing in the one copy may open the other, if their slots differ. */
    if (code && code != ERR_VERSION && first >= 0 && (i = next_copy(h, first)) >= 0 && h->code[i] == ERR_OK) {
        int other = try_copy(h, i, first, proof, dek, no, out);

        code = other == ERR_OK ? other : worse(code, other);
    }
    return code;
}

int seal_unlock_by(const char *path, const struct seal_proof *proof, struct seal_keys **out, struct secret *dek,
                   unsigned *no, struct err *e)
{
    struct secret *own = dek ? NULL : secret_new(CRYPT_KEY);
    struct heads *h = NULL;
    unsigned which = 0;
    int code = dek || own ? heads_read(path, &h, e) : err_set(e, ERR_NOMEM, 0, 0, NULL), first;

    *out = NULL;
    if (!code) {
        code = try_heads(h, proof, dek ? dek : own, &which, out);
        if (code == ERR_VERSION && (first = next_copy(h, -1)) >= 0)
            err_set(e, code, 0, h->copy[first].version, path);
        else if (code)
            err_set(e, code, 0, 0, path);
        else if (no)
            *no = which;
    }
    mem_free(h);
    secret_free(own);
    return code;
}

int seal_unlock(const char *path, const struct secret *passphrase, struct seal_keys **out, struct err *e)
{
    const struct seal_proof typed = {SEAL_FREE, passphrase};

    return seal_unlock_by(path, &typed, out, NULL, NULL, e);
}

int seal_unlock_dek(const char *path, const unsigned char dek[CRYPT_KEY], struct seal_keys **out, struct err *e)
{
    struct heads *h = NULL;
    int i, code = heads_read(path, &h, e);

    *out = NULL;
    if (!code) {
        code = ERR_DAMAGED;
        for (i = next_copy(h, -1); i >= 0 && code == ERR_DAMAGED; i = next_copy(h, i))
            code = h->code[i] ? h->code[i] : keys_from(h, i, -1, dek, out);
        if (!code && h->size < SEAL_DATA_OFFSET + SEAL_PAGE)
            code = ERR_DAMAGED;
        if (code) {
            seal_keys_free(*out);
            *out = NULL;
            err_set(e, code, 0, 0, path);
        }
    }
    mem_free(h);
    return code;
}

static void tell(const struct heads *h, const struct seal_keys *keys, struct seal_superblocks *out)
{
    int i;

    *out = (struct seal_superblocks){.a_whole = h->code[0] == ERR_OK && (!keys || copy_fits(h, 0, keys)),
                                     .b_whole = h->code[1] == ERR_OK && (!keys || copy_fits(h, 1, keys))};
    i = out->a_whole ? 0 : out->b_whole ? 1 : next_copy(h, -1);
    if (i >= 0) {
        out->format = h->copy[i].version;
        for (unsigned no = 0; no < SEAL_SLOTS; no++)
            if (h->copy[i].slot[no].type == SEAL_PASSPHRASE &&
                (!out->kdf.mem_bytes || h->copy[i].slot[no].kdf.mem_bytes < out->kdf.mem_bytes))
                out->kdf = h->copy[i].slot[no].kdf;
    }
}

int seal_inspect(const char *path, const struct seal_keys *keys, struct seal_superblocks *out, struct err *e)
{
    struct heads *h = NULL;
    int code = heads_read(path, &h, e);

    *out = (struct seal_superblocks){.a_whole = false};
    if (!code)
        tell(h, keys, out);
    mem_free(h);
    return code;
}

/* --- changing ---------------------------------------------------------------------------------- */

/* The copy that rules under k (NULL: the first whole one), or -1. */
static int ruling(const struct heads *h, const struct seal_keys *k)
{
    for (int c = next_copy(h, -1); c >= 0; c = next_copy(h, c))
        if (k ? copy_fits(h, c, k) : h->code[c] == ERR_OK)
            return c;
    return -1;
}

int seal_super_get(const char *path, const struct seal_keys *k, struct seal_super *out, struct err *e)
{
    struct heads *h = NULL;
    int code = heads_read(path, &h, e), c;

    if (!code) {
        int first = next_copy(h, -1);

        c = ruling(h, k);
        if (c >= 0)
            *out = h->copy[c];
        else if (first >= 0 && h->code[first] == ERR_VERSION)
            code = err_set(e, ERR_VERSION, 0, h->copy[first].version, path);
        else
            code = err_set(e, ERR_DAMAGED, 0, 0, path);
    }
    mem_free(h);
    return code;
}

int seal_super_put(const char *path, const struct seal_keys *k, struct seal_super *s, struct err *e)
{
    unsigned char *b = mem_alloc(SEAL_SUPER);
    struct heads *h = NULL;
    int code = b ? heads_read(path, &h, e) : err_set(e, ERR_NOMEM, 0, 0, NULL), c = -1;

    if (!code && (c = ruling(h, k)) < 0)
        code = err_set(e, ERR_DAMAGED, 0, 0, path);
    if (!code) {
        uint64_t rules = (uint64_t)c * SEAL_SUPER, other = SEAL_SUPER - rules;

        s->generation = h->copy[c].generation + 1;
        seal_super_write(b, s, k);
        if ((code = seal_write_head(path, b, SEAL_SUPER, other, e)))
            seal_write_head(path, raw_copy(h, c), SEAL_SUPER, other, NULL); /* it may be there all the same */
        else if (seal_write_head(path, b, SEAL_SUPER, rules, e) && seal_write_head(path, b, SEAL_SUPER, rules, e))
            code = err_set(e, ERR_PARTIAL, 0, 1, path);
    }
    mem_free(h);
    mem_free(b);
    return code;
}

int seal_super_mend(const char *path, const struct seal_keys *k, struct seal_superblocks *found, struct err *e)
{
    struct heads *h = NULL;
    int code = heads_read(path, &h, e), c;

    if (!code) {
        tell(h, k, found);
        if ((c = ruling(h, k)) < 0)
            code = err_set(e, ERR_DAMAGED, 0, 0, path);
        else if (memcmp(raw_copy(h, 0), raw_copy(h, 1), SEAL_SUPER))
            code = seal_write_head(path, raw_copy(h, c), SEAL_SUPER, (uint64_t)!c * SEAL_SUPER, e);
    }
    mem_free(h);
    return code;
}

/* --- making ------------------------------------------------------------------------------------ */

static int write_heads(const char *path, const unsigned char *b, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600), code = ERR_OK;

    if (fd < 0)
        return err_set(e, errno == EEXIST ? ERR_EXISTS : ERR_IO, errno, 0, path);
    for (size_t done = 0; done < SEAL_DATA_OFFSET && !code;) {
        ssize_t n = fault_hit(FAULT_IO) ? (errno = ENOSPC, -1) : write(fd, b + done, SEAL_DATA_OFFSET - done);

        if (n < 0 && errno != EINTR)
            code = err_set(e, ERR_IO, errno, 0, path);
        else if (n > 0)
            done += (size_t)n;
    }
    if (!code && fsync(fd))
        code = err_set(e, ERR_IO, errno, 0, path);
    if (close(fd) && !code)
        code = err_set(e, ERR_IO, errno, 0, path);
    if (code)
        unlink(path);
    return code;
}

static int run(sqlite3 *db, const char *sql, const char *path, struct err *e)
{
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);

    return rc ? err_set(e, rc == SQLITE_NOMEM ? ERR_NOMEM : ERR_SQL, sqlite3_extended_errcode(db), 0, path) : ERR_OK;
}

/* The empty database: page 1, in WAL mode, with the bytes that the seal needs set aside in every page, and with pointer
 * maps (auto_vacuum 2), so that free pages can be given back to the disk. */
static int write_first_page(const char *path, struct seal_keys *k, struct err *e)
{
    sqlite3 *db = NULL;
    int code, reserve = SEAL_RESERVE;

    seal_opening(k);
    k->creating = true;
    code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, SEAL_VFS) ? err_set(e, ERR_IO, errno, 0, path) : ERR_OK;
    seal_opening(NULL);
    if (!code && sqlite3_file_control(db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserve))
        code = err_set(e, ERR_SQL, 0, 0, path);
    if (!code)
        code = run(db, "PRAGMA temp_store=2; PRAGMA page_size=4096; PRAGMA journal_mode=OFF; PRAGMA auto_vacuum=2;"
                       "PRAGMA journal_mode=WAL;"
                       "PRAGMA application_id=0x57444c4e; PRAGMA wal_checkpoint(TRUNCATE)", path, e);
    if (sqlite3_close(db) && !code)
        code = err_set(e, ERR_SQL, 0, 0, path);
    k->creating = false;
    return code;
}

void seal_forget(const char *path)
{
    static const char *const tails[] = {"", "-wal", "-journal"};
    char full[4096];

    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++)
        if (snprintf(full, sizeof full, "%s%s", path, tails[i]) < (int)sizeof full)
            unlink(full);
}

int seal_shell(const char *path, const struct seal_super *given, const struct seal_keys *k, struct err *e)
{
    struct seal_super *s = mem_alloc(sizeof *s);
    unsigned char *b = mem_alloc(SEAL_DATA_OFFSET);
    int code = s && b ? seal_register() : ERR_NOMEM;

    if (code) {
        err_set(e, code, 0, 0, NULL);
    } else {
        *s = *given;
        seal_commitment(s->commitment, k);
        seal_super_write(b, s, k);
        memcpy(b + SEAL_SUPER, b, SEAL_SUPER);
        code = write_heads(path, b, e);
    }
    mem_free(s);
    mem_free(b);
    return code;
}

int seal_create_dek(const char *path, const unsigned char dek[CRYPT_KEY], const struct seal_super *given,
                    struct seal_keys **out, struct err *e)
{
    struct seal_keys *k = seal_keys_new(dek, given->file_id);
    int code = k ? seal_shell(path, given, k, e) : err_set(e, ERR_NOMEM, 0, 0, NULL);

    *out = NULL;
    if (!code && (code = write_first_page(path, k, e)))
        seal_forget(path);
    if (code)
        seal_keys_free(k);
    else
        *out = k;
    return code;
}

int seal_create(const char *path, const struct secret *passphrase, const struct crypt_kdf *kdf, struct seal_keys **out,
                struct err *e)
{
    struct clock clock = clock_system();
    struct secret *dek = secret_new(CRYPT_KEY);
    struct seal_super *s = mem_alloc(sizeof *s);
    int code = dek && s ? ERR_OK : ERR_NOMEM;

    *out = NULL;
    if (!code) {
        *s = (struct seal_super){.version = SEAL_VERSION, .reader = SEAL_VERSION, .generation = 1, .codec = 1};
        s->created_ms = (uint64_t)clock_wall_ms(&clock);
        crypt_random(s->file_id, SEAL_FILE_ID);
        crypt_random(dek->p, CRYPT_KEY);
        code = seal_slot_wrap(&s->slot[0], 0, s->file_id, passphrase, kdf, dek->p, s->created_ms);
    }
    if (code)
        err_set(e, code, 0, 0, code == ERR_INPUT ? "kdf" : NULL);
    else
        code = seal_create_dek(path, dek->p, s, out, e);
    secret_free(dek);
    mem_free(s);
    return code;
}
