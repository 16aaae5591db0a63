/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/slots.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/priv.h"
#include "store/seal_priv.h"

_Static_assert((int)STORE_SLOT_PASSPHRASE == SEAL_PASSPHRASE && (int)STORE_SLOT_KEYRING == SEAL_KEYRING, "kinds");
_Static_assert(STORE_SLOTS == SEAL_SLOTS && STORE_SLOT_LABEL == SEAL_LABEL + 1, "sizes");

static struct seal_proof sealed_proof(const struct store_proof *p)
{
    return (struct seal_proof){(enum seal_slot_type)p->kind, p->secret};
}

/* --- looking ----------------------------------------------------------------------------------- */

void slots_tell(const struct seal_slot *from, unsigned no, struct store_slot *out)
{
    struct seal_slot_info info;

    seal_slot_about(from, &info);
    *out = (struct store_slot){.no = no, .kind = (enum store_slot_kind)from->type, .kdf = from->kdf,
                               .made_ms = (int64_t)info.made_ms, .changed_ms = (int64_t)info.changed_ms};
    memcpy(out->label, info.label, sizeof out->label);
    memcpy(out->public_key, info.public_key, sizeof out->public_key);
}

int store_slot_each(const char *home, int (*each)(void *arg, const struct store_slot *), void *arg, struct err *e)
{
    struct seal_super *super = mem_alloc(sizeof *super);
    char path[PATH_MAX_BYTES];
    int code = super ? path_join(path, home, STORE_FILE, e) : err_set(e, ERR_NOMEM, 0, 0, NULL);

    if (!code)
        code = seal_super_get(path, NULL, super, e);
    for (unsigned no = 0; !code && no < SEAL_SLOTS; no++) {
        struct store_slot s;

        if (super->slot[no].type == SEAL_FREE)
            continue;
        slots_tell(&super->slot[no], no, &s);
        code = each(arg, &s);
    }
    mem_free(super);
    return code;
}

int store_id(const char *home, char out[STORE_ID_BYTES], struct err *e)
{
    struct seal_super *super = mem_alloc(sizeof *super);
    char path[PATH_MAX_BYTES];
    int code = super ? path_join(path, home, STORE_FILE, e) : err_set(e, ERR_NOMEM, 0, 0, NULL);

    if (!code && !(code = seal_super_get(path, NULL, super, e)))
        for (int i = 0; i < SEAL_FILE_ID; i++)
            snprintf(out + 2 * i, 3, "%02x", super->file_id[i]);
    mem_free(super);
    return code;
}

int store_unlock_by(const char *home, const struct store_proof *proof, struct store_key **out, unsigned *no,
                    struct err *e)
{
    const struct seal_proof p = sealed_proof(proof);
    char path[PATH_MAX_BYTES];
    struct store_key *k;
    int code = store_private(home, path, e);

    *out = NULL;
    if (code)
        return code;
    if (!(k = mem_alloc(sizeof *k)))
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    seal_register();
    code = seal_unlock_by(path, &p, &k->seal, NULL, no, e);
    if (code)
        store_key_free(k);
    else
        *out = k;
    return code;
}

/* --- changing ---------------------------------------------------------------------------------- */

int slots_prove(struct store *s, const struct store_proof *proof, struct secret *dek, unsigned *no,
               struct seal_super *super, struct err *e)
{
    const struct seal_proof p = sealed_proof(proof);
    struct seal_keys *k = NULL;
    int code = seal_unlock_by(s->path, &p, &k, dek, no, e);

    if (!code && (!crypt_equal(k->raw->p, s->key->seal->raw->p, k->raw->n) ||
                  !crypt_equal(k->file_id, s->key->seal->file_id, SEAL_FILE_ID)))
        code = err_set(e, ERR_BUG, 0, 0, "slots_prove"); /* not the file that is open */
    seal_keys_free(k);
    return code ? code : seal_super_get(s->path, s->key->seal, super, e);
}

static int wrap(struct seal_slot *slot, unsigned no, const struct seal_super *super, const struct store_slot_new *n,
                const struct secret *dek, struct err *e)
{
    struct crypt_kdf kdf = n->kdf ? *n->kdf : crypt_kdf_default();
    uint64_t now = store_now_ms();
    int code = ERR_INPUT;

    if (n->kind == STORE_SLOT_ESCROW)
        code = n->public_key ? seal_slot_wrap_box(slot, n->public_key, dek->p, now) : ERR_INPUT;
    else if (!n->secret || !n->secret->n)
        code = ERR_INPUT;
    else if (n->kind == STORE_SLOT_PASSPHRASE)
        code = seal_slot_wrap(slot, no, super->slot_id, n->secret, &kdf, dek->p, now);
    else if (n->kind == STORE_SLOT_RECOVERY)
        code = seal_slot_wrap_code(slot, no, super->slot_id, n->secret, dek->p, now);
    else if (n->kind == STORE_SLOT_KEYRING)
        code = seal_slot_wrap_keyring(slot, no, super->slot_id, n->secret, dek->p, now);
    return code ? err_set(e, code, 0, 0, code == ERR_INPUT ? "key slot" : NULL) : ERR_OK;
}

/* What every change shares: room for the data key and the superblock, the proof, the change, the writing. */
struct change {
    const struct store_slot_new *n; /* NULL: take a slot out */
    int no;                         /* the slot meant, or -1 */
    bool fresh;                     /* a slot that is free */
};

static int settle_no(const struct seal_super *super, const struct change *c, unsigned proven, unsigned *no,
                     struct err *e)
{
    unsigned passphrases = 0;

    for (unsigned i = 0; i < SEAL_SLOTS; i++)
        passphrases += super->slot[i].type == SEAL_PASSPHRASE;
    if (c->fresh) {
        for (*no = 0; *no < SEAL_SLOTS && super->slot[*no].type != SEAL_FREE;)
            ++*no;
        return *no < SEAL_SLOTS ? ERR_OK : err_set(e, ERR_SLOTSFULL, 0, SEAL_SLOTS, NULL);
    }
    *no = c->no < 0 ? proven : (unsigned)c->no;
    if (*no >= SEAL_SLOTS || super->slot[*no].type == SEAL_FREE)
        return err_set(e, ERR_NOSLOT, 0, *no, NULL);
    if (c->n && (int)super->slot[*no].type != (int)c->n->kind)
        return err_set(e, ERR_INPUT, 0, 0, "key slot");
    if (!c->n && passphrases == 1 && super->slot[*no].type == SEAL_PASSPHRASE)
        return err_set(e, ERR_LASTSLOT, 0, *no, NULL);
    return ERR_OK;
}

static int change_slot(struct seal_super *super, const struct change *c, unsigned no, const struct secret *dek,
                       struct err *e)
{
    struct seal_slot_info was;
    int code;

    seal_slot_about(&super->slot[no], &was);
    if (!c->n) {
        super->slot[no] = (struct seal_slot){.type = SEAL_FREE};
        return ERR_OK;
    }
    if (c->n->label && strlen(c->n->label) > SEAL_LABEL)
        return err_set(e, ERR_INPUT, 0, 0, "label");
    if (!(code = wrap(&super->slot[no], no, super, c->n, dek, e)))
        seal_slot_label(&super->slot[no], c->n->label ? c->n->label : was.label,
                        c->fresh ? store_now_ms() : was.made_ms, store_now_ms());
    return code;
}

static int change(struct store *s, const struct store_proof *proof, const struct change *c, unsigned *no,
                  struct err *e)
{
    struct secret *dek = secret_new(CRYPT_KEY);
    struct seal_super *super = mem_alloc(sizeof *super);
    unsigned proven = 0, at = 0;
    int code = dek && super ? ERR_OK : err_set(e, ERR_NOMEM, 0, 0, NULL);

    if (!code && s->pid != getpid())
        code = err_set(e, ERR_INUSE, 0, s->pid, STORE_FILE);
    if (!code && !(code = slots_prove(s, proof, dek, &proven, super, e)) &&
        !(code = settle_no(super, c, proven, &at, e)) && !(code = change_slot(super, c, at, dek, e)))
        code = seal_super_put(s->path, s->key->seal, super, e);
    if ((!code || code == ERR_PARTIAL) && no)
        *no = at;
    secret_free(dek);
    mem_free(super);
    return code;
}

int store_slot_add(struct store *s, const struct store_proof *proof, const struct store_slot_new *n, unsigned *no,
                   struct err *e)
{
    return change(s, proof, &(struct change){.n = n, .no = -1, .fresh = true}, no, e);
}

int store_slot_change(struct store *s, const struct store_proof *proof, int no, const struct store_slot_new *n,
                      struct err *e)
{
    return change(s, proof, &(struct change){.n = n, .no = no}, NULL, e);
}

int store_slot_remove(struct store *s, const struct store_proof *proof, unsigned no, struct err *e)
{
    return change(s, proof, &(struct change){.no = no < SEAL_SLOTS ? (int)no : SEAL_SLOTS}, NULL, e);
}
