/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Key slots: what opens a store. The data key is not kept after unlocking, so whoever changes a slot proves a secret
 * again. A change is in force, whole, with one synced write; the copy of the superblock that it leaves behind is
 * brought up to it at once, or at the next opening.
 *
 * Threads: what takes a struct store runs on the thread that writes. All but store_slot_each run a KDF or two.
 */
#ifndef STORE_SLOTS_H
#define STORE_SLOTS_H

#include "store/store.h"

enum store_slot_kind {
    STORE_SLOT_PASSPHRASE = 1, /* Argon2id of what a person knows */
    STORE_SLOT_RECOVERY,       /* a code of 160 random bits on paper; no KDF */
    STORE_SLOT_ESCROW,         /* sealed to a site's public key (crypto_box_seal) */
    STORE_SLOT_KEYRING,        /* 32 random bytes that something else keeps; no KDF */
};

#define STORE_SLOTS 8
#define STORE_SLOT_LABEL 41 /* with its NUL; UTF-8, and not yet safe to show */
struct store_slot {
    unsigned no; /* 0..7 */
    enum store_slot_kind kind;
    char label[STORE_SLOT_LABEL];
    int64_t made_ms, changed_ms;
    struct crypt_kdf kdf;                        /* PASSPHRASE */
    unsigned char public_key[CRYPT_BOX_PUBLIC]; /* ESCROW */
};
/* The slots in use, in order. Needs no key, so nobody vouches for what it tells. ERR_NOPROFILE, ERR_PERM,
 * ERR_DAMAGED, ERR_VERSION, ERR_IO; a code other than 0 of each ends it and is returned. */
int store_slot_each(const char *home, int (*each)(void *arg, const struct store_slot *), void *arg, struct err *e);

/* The store's file id in hexadecimal: it is no secret, and names the store's entry in a keyring. */
#define STORE_ID_BYTES 33
int store_id(const char *home, char out[STORE_ID_BYTES], struct err *e);

/* What somebody shows to be let in. kind 0: what a person typed, which is tried as a recovery code first when it
 * has that form, then as a passphrase. ESCROW: the site's secret key, CRYPT_BOX_SECRET bytes. KEYRING: its bytes. */
struct store_proof {
    enum store_slot_kind kind;
    const struct secret *secret;
};
/* As store_unlock, by any proof; *no (may be NULL) is the slot that opened. ERR_PASSPHRASE: it opens none. */
int store_unlock_by(const char *home, const struct store_proof *proof, struct store_key **out, unsigned *no,
                    struct err *e);

/* A recovery code: 32 symbols of Crockford's base 32 in groups of four, and a check symbol. Read in any case, with or
 * without hyphens and blanks, O as 0, I and L as 1. code: at least STORE_CODE_BYTES. */
#define STORE_CODE_BYTES 42
int store_code_new(struct secret *code); /* ERR_TOOBIG */
/* True when it has the form of one and its check symbol fits. */
bool store_code_is(const struct secret *typed);

struct store_slot_new {
    enum store_slot_kind kind;
    const char *label;               /* NULL: none (add), the same (change) */
    const struct secret *secret;     /* PASSPHRASE, RECOVERY: as it will be typed; KEYRING: CRYPT_KEY bytes */
    const unsigned char *public_key; /* ESCROW: CRYPT_BOX_PUBLIC bytes */
    const struct crypt_kdf *kdf;     /* PASSPHRASE; NULL: crypt_kdf_default */
};
/* *no (may be NULL) is the slot's number. ERR_PASSPHRASE (proof), ERR_SLOTSFULL, ERR_INPUT (label, kdf, code, key),
 * ERR_NOMEM, ERR_IO: nothing was changed. ERR_PARTIAL: it is in force, and one copy of the superblock is still as it
 * was; the next opening mends that. */
int store_slot_add(struct store *s, const struct store_proof *proof, const struct store_slot_new *n, unsigned *no,
                   struct err *e);
/* Another secret in slot no, of the kind that it has; no < 0: in the slot that the proof opens. Also ERR_NOSLOT. */
int store_slot_change(struct store *s, const struct store_proof *proof, int no, const struct store_slot_new *n,
                      struct err *e);
/* Also ERR_NOSLOT, ERR_LASTSLOT: the last passphrase stays. */
int store_slot_remove(struct store *s, const struct store_proof *proof, unsigned no, struct err *e);

#endif
