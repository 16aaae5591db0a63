/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Another data key. The new store lies whole beside the old one before it takes its name; then both connections are
 * closed, the name changes hands, and they are opened again. A crash leaves the one or the other.
 */
#include "config.h"

#include "store/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/mem.h"
#include "store/priv.h"
#include "store/seal_priv.h"

struct rotation {
    struct secret *old_dek, *dek;
    struct seal_super *super;
    struct seal_keys *keys;
    char temp[PATH_MAX_BYTES];
};

/* The proven slot and the escrows are sealed anew; whose secret nobody knows is told of. */
static int reseal_slots(struct rotation *r, const struct store_proof *proof, unsigned proven,
                        struct store_slot dropped[STORE_SLOTS], unsigned *n, struct err *e)
{
    for (unsigned no = 0; no < SEAL_SLOTS; no++) {
        struct seal_slot *slot = &r->super->slot[no], old = *slot;
        struct seal_slot_info was;
        int code = ERR_OK;

        seal_slot_about(&old, &was);
        if (old.type == SEAL_FREE)
            continue;
        *slot = (struct seal_slot){.type = SEAL_FREE};
        if (no == proven)
            code = seal_slot_wrap(slot, no, r->super->file_id, proof->secret, &old.kdf, r->dek->p, was.changed_ms);
        else if (old.type == SEAL_ESCROW)
            code = seal_slot_wrap_box(slot, was.public_key, r->dek->p, was.changed_ms);
        else
            slots_tell(&old, no, &dropped[(*n)++]);
        if (code)
            return err_set(e, code, 0, 0, "key slot");
        if (slot->type != SEAL_FREE)
            seal_slot_label(slot, was.label, was.made_ms, store_now_ms());
    }
    return ERR_OK;
}

static int begin(struct store *s, struct rotation *r, const struct store_proof *proof,
                 struct store_slot dropped[STORE_SLOTS], unsigned *n, struct err *e)
{
    unsigned proven = 0;
    int code;

    r->old_dek = secret_new(CRYPT_KEY);
    r->dek = secret_new(CRYPT_KEY);
    r->super = mem_alloc(sizeof *r->super);
    if (!r->old_dek || !r->dek || !r->super)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    if (snprintf(r->temp, sizeof r->temp, "%s%s", s->path, STORE_FILE_NEW + strlen(STORE_FILE)) >= (int)sizeof r->temp)
        return err_set(e, ERR_TOOBIG, 0, PATH_MAX_BYTES, "path");
    if ((code = slots_prove(s, proof, r->old_dek, &proven, r->super, e)))
        return code;
    if (r->super->slot[proven].type != SEAL_PASSPHRASE)
        return err_set(e, ERR_LASTSLOT, 0, proven, NULL);
    crypt_random(r->dek->p, CRYPT_KEY);
    r->super->version = r->super->reader = SEAL_VERSION;
    r->super->generation++;
    r->super->epoch++;
    crypt_random(r->super->file_id, SEAL_FILE_ID);
    memcpy(r->super->slot_id, r->super->file_id, SEAL_FILE_ID);
    if ((code = reseal_slots(r, proof, proven, dropped, n, e)))
        return code;
    r->keys = seal_keys_new(r->dek->p, r->super->file_id);
    return r->keys ? ERR_OK : err_set(e, ERR_NOMEM, 0, 0, NULL);
}

static void end(struct rotation *r)
{
    secret_free(r->old_dek);
    secret_free(r->dek);
    mem_free(r->super);
    seal_keys_free(r->keys);
}

/* The old file has lost its name; its superblocks go too, so that what the disk keeps of it opens to nobody. */
static void erase(int fd)
{
    static const unsigned char zero[2 * SEAL_SUPER];

    if (pwrite(fd, zero, sizeof zero, 0) == (ssize_t)sizeof zero)
        fsync(fd);
}

/* The log must be empty before the old store may be without it. */
static int empty_log(struct store *s, struct err *e)
{
    int rc = fault_hit(FAULT_IO) ? SQLITE_IOERR
                                 : sqlite3_wal_checkpoint_v2(s->w.db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

    return sql_error(&s->w, rc, e);
}

/* Both connections are closed, the log is gone. */
static int rename_over(struct store *s, struct rotation *r, const char *home, struct err *e)
{
    int code = ERR_OK, old = open(s->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fault_hit(FAULT_IO) || rename(r->temp, s->path)) {
        code = err_set(e, ERR_IO, errno, 0, s->path);
    } else {
        r->keys->before = s->key->seal;
        s->key->seal = r->keys;
        r->keys = NULL;
        if (store_sync_path(home, NULL))
            code = ERR_PARTIAL; /* a power cut may bring the old one back: it stays readable */
        else if (old >= 0)
            erase(old);
    }
    if (old >= 0)
        close(old);
    return code;
}

static int change_name(struct store *s, struct rotation *r, struct err *e)
{
    char home[PATH_MAX_BYTES];
    int code = empty_log(s, e);

    if (code)
        return code;
    snprintf(home, sizeof home, "%.*s", (int)(strlen(s->path) - strlen("/" STORE_FILE)), s->path);
    sql_close(&s->r);
    sql_close(&s->w);
    if (!(code = store_forget_log(s->path, e)))
        code = rename_over(s, r, home, e);
    if (store_connect(s, NULL, NULL) && !code)
        code = ERR_PARTIAL;
    return code == ERR_PARTIAL ? err_set(e, code, 0, 1, s->path) : code;
}

static int rotate(struct store *s, const struct store_proof *proof, const struct store_progress *p,
                  struct store_slot dropped[STORE_SLOTS], unsigned *n, struct err *e)
{
    struct rotation r = {.old_dek = NULL};
    int code = store_hold(s, e); /* nobody else writes from the copy's snapshot to its renaming */

    if (code)
        return code;
    if (!(code = begin(s, &r, proof, dropped, n, e)) &&
        !(code = copy_make(&(struct copy){.from = s->path, .to = r.temp, .from_keys = s->key->seal, .keys = r.keys,
                                          .super = r.super, .proof = proof, .progress = p}, e))) {
        pthread_mutex_lock(&s->mutex);
        code = change_name(s, &r, e);
        pthread_mutex_unlock(&s->mutex);
        if (code && code != ERR_PARTIAL)
            store_forget(r.temp, NULL);
    }
    end(&r);
    store_let_go(s);
    return code;
}

int store_rotate(struct store *s, const struct store_proof *proof, const struct store_progress *p,
                 struct store_slot dropped[STORE_SLOTS], unsigned *n, struct err *e)
{
    int code = copy_begin(s, p, e);

    *n = 0;
    if (!code) {
        code = rotate(s, proof, p, dropped, n, e);
        pthread_mutex_unlock(&s->whole);
    }
    return code;
}
