/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One copy of the superblock: bytes to struct and back. FORMAT 1 has the layout.
 */
#include "config.h"

#include "store/seal_priv.h"

#include <string.h>

#include "base/mem.h"

enum { /* offsets in a copy */
    AT_MAGIC = 0, AT_VERSION = 8, AT_READER = 10, AT_DATA = 12, AT_PAGE = 16, AT_RESERVE = 20, AT_SUITE, AT_CODEC,
    AT_SLOTS, AT_GENERATION = 24, AT_FILE_ID = 32, AT_CREATED = 48, AT_EPOCH = 56, AT_FLAGS = 60,
    AT_COMMITMENT = 64, AT_SLOT_ID = 96, AT_SLOT = 128, AT_KEYED = 4032, AT_TORN = 4064,
};
static const unsigned char magic[8] = {'W', 'A', 'R', 'D', 'L', 'N', '\r', '\n'};

_Static_assert(AT_SLOT + SEAL_SLOTS * SEAL_SLOT <= AT_KEYED, "slots fit");

/* --- keys -------------------------------------------------------------------------------------- */

const unsigned char *seal_key(const struct seal_keys *k, enum seal_key which)
{
    return k->raw->p + ((size_t)which - 1) * CRYPT_KEY;
}

struct seal_keys *seal_keys_new(const unsigned char dek[CRYPT_KEY], const unsigned char file_id[SEAL_FILE_ID])
{
    struct seal_keys *k = mem_alloc(sizeof *k);

    if (!k || !(k->raw = secret_new(SEAL_SUBKEYS * CRYPT_KEY))) {
        mem_free(k);
        return NULL;
    }
    k->raw->n = SEAL_SUBKEYS * CRYPT_KEY;
    for (uint64_t id = SEAL_K_DB; id <= SEAL_SUBKEYS; id++)
        crypt_subkey(k->raw->p + (id - 1) * CRYPT_KEY, id, dek);
    memcpy(k->file_id, file_id, SEAL_FILE_ID);
    k->process = crypt_process();
    return k;
}

struct seal_keys *seal_keys_like(const struct seal_keys *k, const unsigned char file_id[SEAL_FILE_ID])
{
    struct seal_keys *like = mem_alloc(sizeof *like);

    if (!like || !(like->raw = secret_dup(k->raw))) {
        mem_free(like);
        return NULL;
    }
    memcpy(like->file_id, file_id, SEAL_FILE_ID);
    like->process = crypt_process();
    return like;
}

struct seal_keys *seal_keys_dup(const struct seal_keys *k)
{
    return seal_keys_like(k, k->file_id);
}

void seal_keys_free(struct seal_keys *k)
{
    while (k) {
        struct seal_keys *before = k->before;

        secret_free(k->raw);
        mem_free(k);
        k = before;
    }
}

bool seal_wal_damaged(const struct seal_keys *k)
{
    return atomic_load(&k->wal_damaged);
}

int64_t seal_bad_page(const struct seal_keys *k)
{
    return atomic_load(&k->bad_page);
}

/* An AEAD tag alone would fit more than one key; this hash names the one. */
void seal_commitment(unsigned char out[CRYPT_HASH], const struct seal_keys *k)
{
    unsigned char text[11 + SEAL_FILE_ID];

    memcpy(text, "wl-commit-1", 11);
    memcpy(text + 11, k->file_id, SEAL_FILE_ID);
    crypt_hash(out, text, sizeof text, seal_key(k, SEAL_K_HDR));
}

/* --- a copy ------------------------------------------------------------------------------------ */

static uint32_t get16(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

int seal_super_parse(const unsigned char b[SEAL_SUPER], struct seal_super *out)
{
    unsigned char sum[CRYPT_HASH];

    *out = (struct seal_super){.version = 0};
    crypt_hash(sum, b, AT_TORN, NULL);
    if (memcmp(b, magic, sizeof magic) || !crypt_equal(sum, b + AT_TORN, CRYPT_HASH))
        return ERR_DAMAGED;
    out->version = get16(b + AT_VERSION);
    out->reader = get16(b + AT_READER);
    out->generation = seal_get64(b + AT_GENERATION);
    if (out->reader > SEAL_READS)
        return ERR_VERSION;
    if (!out->version || seal_get32(b + AT_DATA) != SEAL_DATA_OFFSET || seal_get32(b + AT_PAGE) != SEAL_PAGE ||
        b[AT_RESERVE] != SEAL_RESERVE || b[AT_SUITE] != SEAL_SUITE || b[AT_SLOTS] != SEAL_SLOTS)
        return ERR_DAMAGED;
    out->codec = b[AT_CODEC];
    memcpy(out->file_id, b + AT_FILE_ID, SEAL_FILE_ID);
    memcpy(out->slot_id, b + (out->version < SEAL_VERSION_COPY ? AT_FILE_ID : AT_SLOT_ID), SEAL_FILE_ID);
    out->created_ms = seal_get64(b + AT_CREATED);
    out->epoch = seal_get32(b + AT_EPOCH);
    out->flags = seal_get32(b + AT_FLAGS);
    memcpy(out->commitment, b + AT_COMMITMENT, CRYPT_HASH);
    for (unsigned i = 0; i < SEAL_SLOTS; i++)
        seal_slot_parse(b + AT_SLOT + i * SEAL_SLOT, &out->slot[i]);
    return ERR_OK;
}

bool seal_super_verify(const unsigned char b[SEAL_SUPER], const struct seal_keys *k)
{
    unsigned char sum[CRYPT_HASH];

    crypt_hash(sum, b, AT_KEYED, seal_key(k, SEAL_K_HDR));
    return crypt_equal(sum, b + AT_KEYED, CRYPT_HASH);
}

void seal_super_write(unsigned char b[SEAL_SUPER], const struct seal_super *s, const struct seal_keys *k)
{
    memset(b, 0, SEAL_SUPER);
    memcpy(b, magic, sizeof magic);
    b[AT_VERSION] = (unsigned char)s->version;
    b[AT_VERSION + 1] = (unsigned char)(s->version >> 8);
    b[AT_READER] = (unsigned char)s->reader;
    b[AT_READER + 1] = (unsigned char)(s->reader >> 8);
    seal_put32(b + AT_DATA, SEAL_DATA_OFFSET);
    seal_put32(b + AT_PAGE, SEAL_PAGE);
    b[AT_RESERVE] = SEAL_RESERVE;
    b[AT_SUITE] = SEAL_SUITE;
    b[AT_CODEC] = s->codec;
    b[AT_SLOTS] = SEAL_SLOTS;
    seal_put64(b + AT_GENERATION, s->generation);
    memcpy(b + AT_FILE_ID, s->file_id, SEAL_FILE_ID);
    seal_put64(b + AT_CREATED, s->created_ms);
    seal_put32(b + AT_EPOCH, s->epoch);
    seal_put32(b + AT_FLAGS, s->flags);
    memcpy(b + AT_COMMITMENT, s->commitment, CRYPT_HASH);
    if (s->version >= SEAL_VERSION_COPY)
        memcpy(b + AT_SLOT_ID, s->slot_id, SEAL_FILE_ID);
    for (unsigned i = 0; i < SEAL_SLOTS; i++)
        memcpy(b + AT_SLOT + i * SEAL_SLOT, s->slot[i].bytes, SEAL_SLOT);
    crypt_hash(b + AT_KEYED, b, AT_KEYED, seal_key(k, SEAL_K_HDR));
    crypt_hash(b + AT_TORN, b, AT_TORN, NULL);
}
