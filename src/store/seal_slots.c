/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One key slot: the data key wrapped by a passphrase, a recovery code, a keyring's secret or a site's public key, and
 * unwrapped again. FORMAT 2 has the layout.
 */
#include "config.h"

#include "store/seal_priv.h"

#include <string.h>

#include "base/mem.h"

enum { /* offsets in a slot */
    SLOT_TYPE = 0, SLOT_PASSES = 4, SLOT_MEM = 8, SLOT_SALT = 16, SLOT_NONCE = 32, SLOT_DEK = 56, SLOT_TAG = 88,
    SLOT_PUBLIC = 104, SLOT_BOX = 136, SLOT_CREATED = 216, SLOT_CHANGED = 224, SLOT_LABEL = 232,
};

_Static_assert(CRYPT_KEY + CRYPT_BOX_MORE == SLOT_CREATED - SLOT_BOX, "sealed data key");
_Static_assert(SLOT_LABEL + SEAL_LABEL <= SEAL_SLOT, "label");

/* --- reading ----------------------------------------------------------------------------------- */

void seal_slot_parse(const unsigned char b[SEAL_SLOT], struct seal_slot *s)
{
    uint32_t type = seal_get32(b + SLOT_TYPE);

    memcpy(s->bytes, b, SEAL_SLOT);
    s->type = type <= SEAL_KEYRING ? (enum seal_slot_type)type : SEAL_FREE;
    s->kdf.passes = seal_get32(b + SLOT_PASSES);
    s->kdf.mem_bytes = seal_get64(b + SLOT_MEM);
}

void seal_slot_about(const struct seal_slot *s, struct seal_slot_info *out)
{
    *out = (struct seal_slot_info){.made_ms = seal_get64(s->bytes + SLOT_CREATED),
                                   .changed_ms = seal_get64(s->bytes + SLOT_CHANGED)};
    memcpy(out->label, s->bytes + SLOT_LABEL, SEAL_LABEL);
    memcpy(out->public_key, s->bytes + SLOT_PUBLIC, CRYPT_BOX_PUBLIC);
}

/* --- wrapping ---------------------------------------------------------------------------------- */

static void slot_bind(unsigned char ad[56], const struct seal_slot *s, unsigned no, const unsigned char *slot_id)
{
    memcpy(ad, "WLSL", 4);
    memcpy(ad + 4, slot_id, SEAL_FILE_ID);
    seal_put32(ad + 20, no);
    memcpy(ad + 24, s->bytes, 32);
}

/* What a secret of its own strength wraps with: a hash of it and the salt. */
static int kek_of_code(struct secret *kek, const struct secret *raw, const unsigned char salt[CRYPT_SALT])
{
    struct secret *text = secret_new(9 + CRYPT_SALT + raw->n);

    if (!text)
        return ERR_NOMEM;
    memcpy(text->p, "wl-slot-1", 9);
    memcpy(text->p + 9, salt, CRYPT_SALT);
    memcpy(text->p + 9 + CRYPT_SALT, raw->p, raw->n);
    crypt_hash(kek->p, text->p, text->cap, NULL);
    kek->n = CRYPT_KEY;
    secret_free(text);
    return ERR_OK;
}

static int kek_of(const struct seal_slot *s, const struct secret *secret, struct secret *kek)
{
    return s->type == SEAL_PASSPHRASE ? crypt_kdf(kek, secret, s->bytes + SLOT_SALT, &s->kdf)
                                      : kek_of_code(kek, secret, s->bytes + SLOT_SALT);
}

void seal_slot_label(struct seal_slot *s, const char *label, uint64_t made_ms, uint64_t now_ms)
{
    size_t n = label ? strlen(label) : 0;

    memset(s->bytes + SLOT_LABEL, 0, SEAL_LABEL);
    if (n)
        memcpy(s->bytes + SLOT_LABEL, label, n < SEAL_LABEL ? n : SEAL_LABEL);
    seal_put64(s->bytes + SLOT_CREATED, made_ms);
    seal_put64(s->bytes + SLOT_CHANGED, now_ms);
}

/* type: all but SEAL_FREE and SEAL_ESCROW; kdf: of SEAL_PASSPHRASE. */
static int wrap(struct seal_slot *s, unsigned no, const unsigned char *slot_id, enum seal_slot_type type,
                const struct secret *secret, const struct crypt_kdf *kdf, const unsigned char *dek, uint64_t now_ms)
{
    struct secret *kek = secret_new(CRYPT_KEY);
    unsigned char ad[56];
    int code = ERR_NOMEM;

    *s = (struct seal_slot){.type = type};
    if (kdf)
        s->kdf = *kdf;
    seal_put32(s->bytes + SLOT_TYPE, type);
    seal_put32(s->bytes + SLOT_PASSES, s->kdf.passes);
    seal_put64(s->bytes + SLOT_MEM, s->kdf.mem_bytes);
    crypt_random(s->bytes + SLOT_SALT, CRYPT_SALT);
    if (kek && !(code = kek_of(s, secret, kek))) {
        slot_bind(ad, s, no, slot_id);
        crypt_nonce(s->bytes + SLOT_NONCE);
        crypt_seal(s->bytes + SLOT_DEK, s->bytes + SLOT_TAG, dek, CRYPT_KEY, ad, sizeof ad, s->bytes + SLOT_NONCE,
                   kek->p);
        seal_slot_label(s, NULL, now_ms, now_ms);
    }
    secret_free(kek);
    return code;
}

int seal_slot_wrap(struct seal_slot *s, unsigned no, const unsigned char slot_id[SEAL_FILE_ID],
                   const struct secret *passphrase, const struct crypt_kdf *kdf,
                   const unsigned char dek[CRYPT_KEY], uint64_t now_ms)
{
    return wrap(s, no, slot_id, SEAL_PASSPHRASE, passphrase, kdf, dek, now_ms);
}

int seal_slot_wrap_code(struct seal_slot *s, unsigned no, const unsigned char slot_id[SEAL_FILE_ID],
                        const struct secret *typed, const unsigned char dek[CRYPT_KEY], uint64_t now_ms)
{
    struct secret *raw = secret_new(SEAL_CODE);
    int code = !raw ? ERR_NOMEM : seal_code_parse(typed, raw) ? ERR_OK : ERR_INPUT;

    if (!code)
        code = wrap(s, no, slot_id, SEAL_RECOVERY, raw, NULL, dek, now_ms);
    secret_free(raw);
    return code;
}

int seal_slot_wrap_keyring(struct seal_slot *s, unsigned no, const unsigned char slot_id[SEAL_FILE_ID],
                           const struct secret *kept, const unsigned char dek[CRYPT_KEY], uint64_t now_ms)
{
    return kept->n == CRYPT_KEY ? wrap(s, no, slot_id, SEAL_KEYRING, kept, NULL, dek, now_ms) : ERR_INPUT;
}

int seal_slot_wrap_box(struct seal_slot *s, const unsigned char pk[CRYPT_BOX_PUBLIC],
                       const unsigned char dek[CRYPT_KEY], uint64_t now_ms)
{
    *s = (struct seal_slot){.type = SEAL_ESCROW};
    seal_put32(s->bytes + SLOT_TYPE, SEAL_ESCROW);
    memcpy(s->bytes + SLOT_PUBLIC, pk, CRYPT_BOX_PUBLIC);
    seal_slot_label(s, NULL, now_ms, now_ms);
    return crypt_box_seal(s->bytes + SLOT_BOX, dek, CRYPT_KEY, pk);
}

/* --- unwrapping -------------------------------------------------------------------------------- */

static int unwrap(const struct seal_slot *s, unsigned no, const unsigned char *slot_id, const struct secret *secret,
                  struct secret *dek)
{
    struct secret *kek = secret_new(CRYPT_KEY);
    unsigned char ad[56];
    int code = ERR_NOMEM;

    if (kek && !(code = kek_of(s, secret, kek))) {
        slot_bind(ad, s, no, slot_id);
        dek->n = CRYPT_KEY;
        if (crypt_unseal(dek->p, s->bytes + SLOT_DEK, CRYPT_KEY, s->bytes + SLOT_TAG, ad, sizeof ad,
                         s->bytes + SLOT_NONCE, kek->p))
            code = ERR_PASSPHRASE;
    }
    secret_free(kek);
    return code;
}

static int unbox(const struct seal_slot *s, const struct secret *secret_key, struct secret *dek)
{
    unsigned char pk[CRYPT_BOX_PUBLIC];

    if (crypt_box_public(pk, secret_key) || memcmp(pk, s->bytes + SLOT_PUBLIC, sizeof pk))
        return ERR_PASSPHRASE;
    dek->n = CRYPT_KEY;
    return crypt_box_open(dek->p, s->bytes + SLOT_BOX, CRYPT_KEY + CRYPT_BOX_MORE, secret_key);
}

int seal_slot_unwrap(const struct seal_slot *s, unsigned no, const unsigned char slot_id[SEAL_FILE_ID],
                     const struct secret *passphrase, struct secret *dek)
{
    /* a stranger's numbers: neither weak enough to guess nor big enough to hang */
    return crypt_kdf_allowed(&s->kdf) ? unwrap(s, no, slot_id, passphrase, dek) : ERR_DAMAGED;
}

/* What was typed opens a recovery slot if it is a code. */
static int uncode(const struct seal_slot *s, unsigned no, const unsigned char *slot_id, const struct secret *typed,
                  struct secret *dek)
{
    struct secret *raw = secret_new(SEAL_CODE);
    int code = !raw ? ERR_NOMEM : seal_code_parse(typed, raw) ? unwrap(s, no, slot_id, raw, dek) : ERR_PASSPHRASE;

    secret_free(raw);
    return code;
}

bool seal_slot_is_for(const struct seal_slot *s, const struct seal_proof *proof, bool slow)
{
    bool typed = proof->kind == SEAL_FREE, passphrase = s->type == SEAL_PASSPHRASE;

    return s->type != SEAL_FREE && slow == passphrase &&
           (proof->kind == s->type || (typed && (passphrase || s->type == SEAL_RECOVERY)));
}

int seal_slot_try(const struct seal_slot *s, unsigned no, const unsigned char slot_id[SEAL_FILE_ID],
                  const struct seal_proof *proof, struct secret *dek)
{
    switch (s->type) {
    case SEAL_PASSPHRASE:
        return seal_slot_unwrap(s, no, slot_id, proof->secret, dek);
    case SEAL_RECOVERY:
        return uncode(s, no, slot_id, proof->secret, dek);
    case SEAL_ESCROW:
        return unbox(s, proof->secret, dek);
    case SEAL_KEYRING:
        return unwrap(s, no, slot_id, proof->secret, dek);
    default:
        return ERR_PASSPHRASE;
    }
}
