/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Key slots of every kind: who is let in and who is not, also after a crash at any point of a change. Planted faults:
 * slot-old-copy-opens (the copy that a crash left behind is not mended, so that it lets in again who was shut out),
 * slot-last-removed (the last passphrase can be taken out).
 */
#include "config.h"

#include "tests/store/made.h"
#include "tests/store/quick.h"

#include "base/fault.h"
#include "base/mem.h"
#include "base/rng.h"
#include "store/seal_priv.h"
#include "store/slots.h"

static struct store_proof typed(const struct secret *s)
{
    return (struct store_proof){.secret = s};
}

/* What a proof is answered with. */
static int opens_by(const char *home, enum store_slot_kind kind, const struct secret *s)
{
    struct store_proof p = {kind, s};
    struct store_key *k = NULL;
    int code = store_unlock_by(home, &p, &k, NULL, NULL);

    CU_ASSERT_EQUAL(code == ERR_OK, k != NULL);
    store_key_free(k);
    return code;
}

static int opens(const char *home, const char *text)
{
    struct secret *s = made_pass(text);
    int code = opens_by(home, 0, s);

    secret_free(s);
    return code;
}

static struct secret *bytes(unsigned char fill)
{
    struct secret *s = secret_new(CRYPT_KEY);

    memset(s->p, fill, CRYPT_KEY);
    s->n = CRYPT_KEY;
    return s;
}

/* Adds with the first passphrase as proof. */
static int add(struct store *s, const struct store_slot_new *n, unsigned *no)
{
    struct secret *p = made_pass("correct horse");
    struct store_proof proof = typed(p);
    int code = store_slot_add(s, &proof, n, no, NULL);

    secret_free(p);
    return code;
}

static int add_passphrase(struct store *s, const char *text, unsigned *no)
{
    struct secret *p = made_pass(text);
    int code = add(s, &(struct store_slot_new){.kind = STORE_SLOT_PASSPHRASE, .secret = p, .kdf = &made_kdf}, no);

    secret_free(p);
    return code;
}

static int take_out(struct store *s, unsigned no)
{
    struct secret *p = made_pass("correct horse");
    struct store_proof proof = typed(p);
    int code = store_slot_remove(s, &proof, no, NULL);

    secret_free(p);
    return code;
}

/* --- the recovery code ------------------------------------------------------------------------- */

static void codes(void)
{
    struct secret *code = secret_new(STORE_CODE_BYTES), *raw = secret_new(SEAL_CODE), *again = secret_new(SEAL_CODE);
    struct secret *typed_code = made_pass("");
    static const char symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    for (int round = 0; round < 20; round++) {
        CU_ASSERT_EQUAL_FATAL(store_code_new(code), ERR_OK);
        CU_ASSERT_EQUAL(code->n, 41);
        CU_ASSERT(seal_code_parse(code, raw) && raw->n == SEAL_CODE);
        for (size_t i = 0; i < code->n; i++) { /* one symbol misread: always noticed */
            unsigned char was = code->p[i];

            for (const char *c = symbols; was != '-' && *c; c++) {
                code->p[i] = (unsigned char)*c;
                CU_ASSERT_EQUAL(store_code_is(code), *c == was);
            }
            code->p[i] = was;
        }
        for (size_t i = 0; i + 1 < code->n; i++) { /* two neighbours changed about */
            size_t j = code->p[i + 1] == '-' ? i + 2 : i + 1;
            unsigned char a = code->p[i], b = code->p[j];

            if (a == '-' || a == b)
                continue;
            code->p[i] = b;
            code->p[j] = a;
            CU_ASSERT_FALSE(store_code_is(code));
            code->p[i] = a;
            code->p[j] = b;
        }
        secret_set(typed_code, NULL, 0);
        for (size_t i = 0; i < code->n; i++) { /* as people type */
            unsigned char c = code->p[i];

            typed_code->p[typed_code->n++] = c == '0' ? 'o' : c == '1' ? (i % 2 ? 'l' : 'I') : c == '-' ? ' ' : (c >= 'A' ? c + 32 : c);
        }
        CU_ASSERT(seal_code_parse(typed_code, again));
        CU_ASSERT(!memcmp(raw->p, again->p, SEAL_CODE));
        typed_code->n--;
        CU_ASSERT_FALSE(store_code_is(typed_code));
        typed_code->n += 2;
        typed_code->p[typed_code->n - 1] = '0';
        CU_ASSERT_FALSE(store_code_is(typed_code));
    }
    secret_set(typed_code, "0000-0000-0000-0000-0000-0000-0000-000U-0", 41);
    CU_ASSERT_FALSE(store_code_is(typed_code));
    CU_ASSERT_FALSE(store_code_is(raw)); /* not text at all */
    secret_free(code);
    secret_free(raw);
    secret_free(again);
    secret_free(typed_code);
}

/* --- what later versions must open too --------------------------------------------------------- */

static void unhex(const char *hex, unsigned char *out)
{
    for (; hex[0] && hex[1]; hex += 2) {
        unsigned v = 0;

        sscanf(hex, "%2x", &v);
        *out++ = (unsigned char)v;
    }
}

static void known_answers(void)
{
    static const char raw_hex[] = "8b5df981646dfc5e2ee9c75acc0342496a15ae8c";
    static const char slot_hex[] = "02000000000000000000000000000000504d6ffde23996868005be1e7b6d92aa354a762f3fdb2fb4d0d951611c6b6fb5"
                                   "0000000000000000e2505c1290095b7314c7dc63fa73be657d70da1bf904832f4a9e3e5b504eab97e4b97c43afc9e78b"
                                   "98d2f841f24a6dfe";
    static const char box_hex[] = "13be4feaeaf204c7fd3358fc9c00721881d174278128227ec674f37f7fe97b6d65ba0bfd0c4d96e64602323a198bb889"
                                  "e31b23d54e1dd78cefaaf6aa1cf2fb560280163c441ffbd388994a695aa2c2fdac8a6609e15c86d8fada8b0a34ea2134"
                                  "6ec81b3d0e59f858c1dc6b9ae4a2bc9c";
    struct secret *code = made_pass("HDEZ-K0B4-DQY5-WBQ9-RXDC-R0T2-95N1-BBMC-Y"), *raw = secret_new(SEAL_CODE), *dek = secret_new(CRYPT_KEY),
                  *site = bytes(7);
    const struct seal_proof by_code = {SEAL_FREE, code}, by_site = {SEAL_ESCROW, site};
    unsigned char b[SEAL_SLOT] = {0}, want[CRYPT_KEY], id[SEAL_FILE_ID];
    struct seal_slot s;

    unhex(raw_hex, want);
    CU_ASSERT(seal_code_parse(code, raw) && !memcmp(raw->p, want, SEAL_CODE));
    for (int i = 0; i < SEAL_FILE_ID; i++)
        id[i] = (unsigned char)i;
    memset(want, 0x5a, sizeof want);
    unhex(slot_hex, b);
    seal_slot_parse(b, &s);
    CU_ASSERT_EQUAL(seal_slot_try(&s, 3, id, &by_code, dek), ERR_OK);
    CU_ASSERT(!memcmp(dek->p, want, CRYPT_KEY));
    CU_ASSERT_EQUAL(seal_slot_try(&s, 4, id, &by_code, dek), ERR_PASSPHRASE); /* bound to its number, and to the file */
    id[5] ^= 1;
    CU_ASSERT_EQUAL(seal_slot_try(&s, 3, id, &by_code, dek), ERR_PASSPHRASE);
    memset(b, 0, sizeof b);
    b[0] = SEAL_ESCROW;
    unhex(box_hex, b + 104);
    seal_slot_parse(b, &s);
    CU_ASSERT_EQUAL(seal_slot_try(&s, 0, id, &by_site, dek), ERR_OK);
    CU_ASSERT(!memcmp(dek->p, want, CRYPT_KEY));
    secret_free(code);
    secret_free(raw);
    secret_free(dek);
    secret_free(site);
}

/* --- kinds ------------------------------------------------------------------------------------- */

struct seen {
    unsigned n;
    struct store_slot slot[STORE_SLOTS];
};

static int see(void *arg, const struct store_slot *s)
{
    struct seen *seen = arg;

    seen->slot[seen->n++] = *s;
    return 0;
}

static void kinds(void)
{
    char home[64];
    struct store *s = made_store(home);
    struct secret *code = secret_new(STORE_CODE_BYTES), *other = secret_new(STORE_CODE_BYTES), *site = secret_new(CRYPT_BOX_SECRET),
                  *stranger = secret_new(CRYPT_BOX_SECRET), *ring = bytes(9), *wrong = bytes(8);
    unsigned char pk[CRYPT_BOX_PUBLIC], pk2[CRYPT_BOX_PUBLIC];
    struct seen seen = {0};
    unsigned no = 99;

    CU_ASSERT_EQUAL(store_code_new(code), ERR_OK);
    CU_ASSERT_EQUAL(store_code_new(other), ERR_OK);
    crypt_box_pair(pk, site);
    crypt_box_pair(pk2, stranger);
    CU_ASSERT_EQUAL(opens_by(home, 0, code), ERR_PASSPHRASE);
    CU_ASSERT_EQUAL(opens_by(home, STORE_SLOT_ESCROW, site), ERR_PASSPHRASE); /* there is no such slot yet */
    CU_ASSERT_EQUAL(add(s, &(struct store_slot_new){.kind = STORE_SLOT_RECOVERY, .secret = code, .label = "paper"}, &no), ERR_OK);
    CU_ASSERT_EQUAL(no, 1);
    CU_ASSERT_EQUAL(add(s, &(struct store_slot_new){.kind = STORE_SLOT_ESCROW, .public_key = pk, .label = "clinic \xc3\x96"}, &no), ERR_OK);
    CU_ASSERT_EQUAL(add(s, &(struct store_slot_new){.kind = STORE_SLOT_KEYRING, .secret = ring}, &no), ERR_OK);
    CU_ASSERT_EQUAL(no, 3);
    CU_ASSERT_EQUAL(opens(home, "correct horse"), ERR_OK);
    CU_ASSERT_EQUAL(opens_by(home, 0, code), ERR_OK);
    CU_ASSERT_EQUAL(opens_by(home, STORE_SLOT_RECOVERY, code), ERR_OK);
    CU_ASSERT_EQUAL(opens_by(home, STORE_SLOT_ESCROW, site), ERR_OK);
    CU_ASSERT_EQUAL(opens_by(home, STORE_SLOT_KEYRING, ring), ERR_OK);
    CU_ASSERT_EQUAL(opens_by(home, 0, other), ERR_PASSPHRASE);
    CU_ASSERT_EQUAL(opens_by(home, STORE_SLOT_ESCROW, stranger), ERR_PASSPHRASE);
    CU_ASSERT_EQUAL(opens_by(home, STORE_SLOT_KEYRING, wrong), ERR_PASSPHRASE);
    CU_ASSERT_EQUAL(opens_by(home, 0, ring), ERR_PASSPHRASE); /* nor by a kind that it is not */
    CU_ASSERT_EQUAL(opens_by(home, STORE_SLOT_RECOVERY, ring), ERR_PASSPHRASE);
    CU_ASSERT_EQUAL(opens(home, "Correct horse"), ERR_PASSPHRASE);
    CU_ASSERT_EQUAL(store_slot_each(home, see, &seen, NULL), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(seen.n, 4);
    CU_ASSERT(seen.slot[0].kind == STORE_SLOT_PASSPHRASE && seen.slot[0].kdf.mem_bytes == CRYPT_KDF_MIN_MEM && seen.slot[0].label[0] == 0);
    CU_ASSERT(seen.slot[1].kind == STORE_SLOT_RECOVERY && !strcmp(seen.slot[1].label, "paper") && seen.slot[1].made_ms > 0);
    CU_ASSERT(seen.slot[2].kind == STORE_SLOT_ESCROW && !memcmp(seen.slot[2].public_key, pk, sizeof pk));
    CU_ASSERT(seen.slot[3].kind == STORE_SLOT_KEYRING && seen.slot[3].no == 3);
    secret_free(code);
    secret_free(other);
    secret_free(site);
    secret_free(stranger);
    secret_free(ring);
    secret_free(wrong);
    made_end(s, home);
}

/* A passphrase that happens to look like a recovery code is one all the same. */
static void passphrase_like_a_code(void)
{
    char home[64], text[STORE_CODE_BYTES];
    struct store *s = made_store(home);
    struct secret *code = secret_new(STORE_CODE_BYTES);

    CU_ASSERT_EQUAL(store_code_new(code), ERR_OK);
    memcpy(text, code->p, code->n);
    text[code->n] = '\0';
    CU_ASSERT_EQUAL(add_passphrase(s, text, NULL), ERR_OK);
    CU_ASSERT_EQUAL(opens(home, text), ERR_OK);
    secret_free(code);
    made_end(s, home);
}

static unsigned char *head_of(const char *home)
{
    unsigned char *b = mem_alloc(SEAL_DATA_OFFSET);
    char path[100];
    size_t got;
    uint64_t size;

    snprintf(path, sizeof path, "%s/%s", home, STORE_FILE);
    CU_ASSERT_EQUAL_FATAL(seal_read_head(path, b, SEAL_DATA_OFFSET, &got, &size, NULL), ERR_OK);
    return b;
}

static bool same_head(const char *home, const unsigned char *was)
{
    unsigned char *now = head_of(home);
    bool same = !memcmp(now, was, SEAL_DATA_OFFSET);

    mem_free(now);
    return same;
}

static void eight(void)
{
    char home[64], text[32];
    struct store *s = made_store(home);
    unsigned char *was;
    unsigned no;

    for (unsigned i = 1; i < STORE_SLOTS; i++) {
        snprintf(text, sizeof text, "passphrase %u", i);
        CU_ASSERT_EQUAL(add_passphrase(s, text, &no), ERR_OK);
        CU_ASSERT_EQUAL(no, i);
    }
    was = head_of(home);
    CU_ASSERT_EQUAL(add_passphrase(s, "one too many", &no), ERR_SLOTSFULL);
    CU_ASSERT(same_head(home, was));
    for (unsigned i = 1; i < STORE_SLOTS; i += 3) {
        snprintf(text, sizeof text, "passphrase %u", i);
        CU_ASSERT_EQUAL(opens(home, text), ERR_OK);
    }
    CU_ASSERT_EQUAL(take_out(s, 4), ERR_OK);
    CU_ASSERT_EQUAL(opens(home, "passphrase 4"), ERR_PASSPHRASE);
    CU_ASSERT_EQUAL(opens(home, "passphrase 7"), ERR_OK);
    CU_ASSERT_EQUAL(take_out(s, 4), ERR_NOSLOT);
    CU_ASSERT_EQUAL(take_out(s, 8), ERR_NOSLOT);
    CU_ASSERT_EQUAL(take_out(s, 4000000000), ERR_NOSLOT);
    CU_ASSERT_EQUAL(add_passphrase(s, "in its place", &no), ERR_OK);
    CU_ASSERT_EQUAL(no, 4);
    mem_free(was);
    made_end(s, home);
}

/* Whatever else opens the store: a person must be able to, with what she knows. */
static void last_passphrase(void)
{
    char home[64];
    struct store *s = made_store(home);
    struct secret *code = secret_new(STORE_CODE_BYTES), *fresh = made_pass("another one");
    struct store_proof proof = {.secret = code};
    unsigned no;

    CU_ASSERT_EQUAL(store_code_new(code), ERR_OK);
    CU_ASSERT_EQUAL(add(s, &(struct store_slot_new){.kind = STORE_SLOT_RECOVERY, .secret = code}, &no), ERR_OK);
    CU_ASSERT_EQUAL(take_out(s, 0), ERR_LASTSLOT);
    CU_ASSERT_EQUAL(store_slot_remove(s, &proof, 0, NULL), ERR_LASTSLOT);
    CU_ASSERT_EQUAL(opens(home, "correct horse"), ERR_OK);
    CU_ASSERT_EQUAL(add_passphrase(s, "another one", NULL), ERR_OK);
    CU_ASSERT_EQUAL(take_out(s, 0), ERR_OK);
    CU_ASSERT_EQUAL(opens(home, "correct horse"), ERR_PASSPHRASE);
    CU_ASSERT_EQUAL(opens(home, "another one"), ERR_OK);
    CU_ASSERT_EQUAL(take_out(s, 1), ERR_PASSPHRASE); /* a removed one proves nothing either */
    CU_ASSERT_EQUAL(store_slot_remove(s, &(struct store_proof){.secret = fresh}, 1, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_slot_remove(s, &(struct store_proof){.secret = fresh}, 2, NULL), ERR_LASTSLOT);
    CU_ASSERT_EQUAL(opens_by(home, 0, code), ERR_PASSPHRASE);
    secret_free(code);
    secret_free(fresh);
    made_end(s, home);
}

static void changed(void)
{
    char home[64];
    struct store *s = made_store(home);
    struct secret *old = made_pass("correct horse"), *new = made_pass("new one"), *wrong = made_pass("wrong");
    struct store_slot_new n = {.kind = STORE_SLOT_PASSPHRASE, .secret = new, .kdf = &made_kdf};
    struct seen before = {0}, after = {0};
    unsigned char *was;

    CU_ASSERT_EQUAL(store_slot_each(home, see, &before, NULL), ERR_OK);
    was = head_of(home);
    CU_ASSERT_EQUAL(store_slot_change(s, &(struct store_proof){.secret = wrong}, -1, &n, NULL), ERR_PASSPHRASE);
    CU_ASSERT_EQUAL(store_slot_change(s, &(struct store_proof){.secret = wrong}, 0, &n, NULL), ERR_PASSPHRASE);
    CU_ASSERT_EQUAL(store_slot_change(s, &(struct store_proof){.secret = old}, 5, &n, NULL), ERR_NOSLOT);
    n.kind = STORE_SLOT_RECOVERY; /* of another kind than the slot */
    CU_ASSERT_EQUAL(store_slot_change(s, &(struct store_proof){.secret = old}, 0, &n, NULL), ERR_INPUT);
    n.kind = STORE_SLOT_PASSPHRASE;
    n.label = "a label that is longer than the forty bytes it has";
    CU_ASSERT_EQUAL(store_slot_change(s, &(struct store_proof){.secret = old}, 0, &n, NULL), ERR_INPUT);
    n.label = NULL;
    n.kdf = &(struct crypt_kdf){1, 1 << 20};
    CU_ASSERT_EQUAL(store_slot_change(s, &(struct store_proof){.secret = old}, 0, &n, NULL), ERR_INPUT);
    n.kdf = &made_kdf;
    CU_ASSERT(same_head(home, was));
    CU_ASSERT_EQUAL(store_slot_change(s, &(struct store_proof){.secret = old}, -1, &n, NULL), ERR_OK);
    CU_ASSERT_EQUAL(opens(home, "correct horse"), ERR_PASSPHRASE);
    CU_ASSERT_EQUAL(opens(home, "new one"), ERR_OK);
    CU_ASSERT_EQUAL(store_slot_each(home, see, &after, NULL), ERR_OK);
    CU_ASSERT(after.n == 1 && after.slot[0].made_ms == before.slot[0].made_ms && after.slot[0].changed_ms >= before.slot[0].changed_ms);
    mem_free(was);
    was = head_of(home); /* both copies say the same */
    CU_ASSERT(!memcmp(was, was + SEAL_SUPER, SEAL_SUPER));
    mem_free(was);
    secret_free(old);
    secret_free(new);
    secret_free(wrong);
    made_end(s, home);
}

/* --- crashes ----------------------------------------------------------------------------------- */

/* What is written to the superblocks, in order: below the seal each write is noted. */
static struct {
    sqlite3_vfs vfs, *below;
    sqlite3_io_methods methods;
    const sqlite3_io_methods *real;
    bool on;
    unsigned n;
    struct {
        sqlite3_int64 at;
        unsigned char b[SEAL_SUPER];
        unsigned syncs; /* behind it, before the next */
    } write[4];
} noted;

static int note_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    if (noted.on && at < SEAL_DATA_OFFSET) {
        CU_ASSERT_FATAL(n == SEAL_SUPER && noted.n < 4);
        noted.write[noted.n].at = at;
        memcpy(noted.write[noted.n++].b, p, SEAL_SUPER);
    }
    return noted.real->xWrite(f, p, n, at);
}

static int note_sync(sqlite3_file *f, int flags)
{
    if (noted.on && noted.n)
        noted.write[noted.n - 1].syncs++;
    return noted.real->xSync(f, flags);
}

static int note_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
    int rc = noted.below->xOpen(noted.below, name, f, flags, out);

    (void)vfs;
    if (!rc && (flags & SQLITE_OPEN_MAIN_DB)) {
        noted.real = f->pMethods;
        noted.methods = *noted.real;
        noted.methods.xWrite = note_write;
        noted.methods.xSync = note_sync;
        f->pMethods = &noted.methods;
    }
    return rc;
}

static void note_start(void)
{
    noted.below = sqlite3_vfs_find("unix-excl");
    noted.vfs = *noted.below;
    noted.vfs.zName = "noting";
    noted.vfs.xOpen = note_open;
    if (seal_register_over(&noted.vfs))
        abort();
}

static void note_now(void)
{
    noted.on = true;
    noted.n = 0;
    memset(noted.write, 0, sizeof noted.write);
}

/* The file's first bytes are these now; the store is closed. */
static void put_head(const char *home, const unsigned char *b)
{
    char path[100];

    snprintf(path, sizeof path, "%s/%s", home, STORE_FILE);
    CU_ASSERT_EQUAL(seal_write_head(path, b, SEAL_DATA_OFFSET, 0, NULL), ERR_OK);
}

/* Opens the store as its owner does and closes it; then the copy that ruled comes to harm. */
static void mend_then_harm(const char *home, const struct secret *secret, unsigned rules)
{
    struct store_proof p = {STORE_SLOT_KEYRING, secret};
    struct store_key *k = NULL;
    struct store *s = NULL;
    unsigned char *b;

    CU_ASSERT_EQUAL_FATAL(store_unlock_by(home, &p, &k, NULL, NULL), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(store_open(home, k, &s, NULL), ERR_OK);
    store_close(s);
    b = head_of(home);
    CU_ASSERT(!memcmp(b, b + SEAL_SUPER, SEAL_SUPER));
    memset(b + rules * SEAL_SUPER, 0, SEAL_SUPER);
    put_head(home, b);
    mem_free(b);
}

/* The head as a crash leaves it: `before`, then `whole` writes, then of the next one the sectors in mask. */
static void crash(unsigned char *b, const unsigned char *before, unsigned whole, unsigned mask)
{
    memcpy(b, before, SEAL_DATA_OFFSET);
    for (unsigned w = 0; w < whole; w++)
        memcpy(b + noted.write[w].at, noted.write[w].b, SEAL_SUPER);
    for (unsigned i = 0; whole < noted.n && i < SEAL_SUPER / 512; i++)
        if (mask >> i & 1)
            memcpy(b + noted.write[whole].at + i * 512, noted.write[whole].b + i * 512, 512);
}

/* Of two secrets before and after a change (new NULL: the old one was taken out; held: one that stays). */
static void crashed(const char *home, const unsigned char *before, const struct secret *old, const struct secret *new,
                    const struct secret *held)
{
    unsigned char *b = mem_alloc(SEAL_DATA_OFFSET);
    uint64_t seed = 5;

    CU_ASSERT_EQUAL_FATAL(noted.n, 2);
    CU_ASSERT(noted.write[0].at != noted.write[1].at && noted.write[0].syncs == 1 && noted.write[1].syncs == 1);
    for (int i = 0; i < 150; i++) {
        unsigned whole = i % 3, mask = i < 3 ? 0 : (unsigned)rng_splitmix(&seed) & 255;
        bool in_force;
        int was, is;

        crash(b, before, whole, mask);
        in_force = whole > 0 || !memcmp(b + noted.write[0].at, noted.write[0].b, SEAL_SUPER);
        put_head(home, b);
        was = opens_by(home, STORE_SLOT_KEYRING, old);
        is = new ? opens_by(home, STORE_SLOT_KEYRING, new) : ERR_PASSPHRASE;
        CU_ASSERT_EQUAL(was, in_force ? ERR_PASSPHRASE : ERR_OK);
        CU_ASSERT_EQUAL(is, in_force && new ? ERR_OK : ERR_PASSPHRASE);
        CU_ASSERT_EQUAL(opens_by(home, STORE_SLOT_KEYRING, held), ERR_OK);
        if (i > 12)
            continue;
        mend_then_harm(home, held, (unsigned)(noted.write[in_force ? 0 : 1].at / SEAL_SUPER));
        CU_ASSERT_EQUAL(opens_by(home, STORE_SLOT_KEYRING, old), in_force ? ERR_PASSPHRASE : ERR_OK);
        CU_ASSERT_EQUAL(opens_by(home, STORE_SLOT_KEYRING, held), ERR_OK);
    }
    mem_free(b);
}

static void crashes(void)
{
    char home[64];
    struct store *s = made_store(home);
    struct secret *p = made_pass("correct horse"), *old = bytes(1), *new = bytes(2), *held = bytes(3);
    struct store_proof proof = typed(p);
    struct store_slot_new n = {.kind = STORE_SLOT_KEYRING, .secret = old};
    unsigned char *before;
    unsigned no, at;

    CU_ASSERT_EQUAL(add(s, &n, &at), ERR_OK);
    n.secret = held;
    CU_ASSERT_EQUAL(add(s, &n, &no), ERR_OK);
    before = head_of(home);
    note_now();
    n.secret = new;
    CU_ASSERT_EQUAL(store_slot_change(s, &proof, (int)at, &n, NULL), ERR_OK);
    noted.on = false;
    store_close(s);
    crashed(home, before, old, new, held);
    mem_free(before);
    made_remove(home);

    s = made_store(home);
    n.secret = old;
    CU_ASSERT_EQUAL(add(s, &n, &at), ERR_OK);
    n.secret = held;
    CU_ASSERT_EQUAL(add(s, &n, &no), ERR_OK);
    before = head_of(home);
    note_now();
    CU_ASSERT_EQUAL(store_slot_remove(s, &proof, at, NULL), ERR_OK);
    noted.on = false;
    store_close(s);
    crashed(home, before, old, NULL, held);
    mem_free(before);
    made_remove(home);
    secret_free(p);
    secret_free(old);
    secret_free(new);
    secret_free(held);
}

/* The same with passphrases, between the two writes. */
static void passphrase_crash(void)
{
    char home[64];
    struct store *s = made_store(home);
    struct secret *old = made_pass("correct horse"), *new = made_pass("new one");
    struct store_slot_new n = {.kind = STORE_SLOT_PASSPHRASE, .secret = new, .kdf = &made_kdf};
    unsigned char *before = head_of(home), *b = mem_alloc(SEAL_DATA_OFFSET);
    struct store_key *k = NULL;

    note_now();
    CU_ASSERT_EQUAL(store_slot_change(s, &(struct store_proof){.secret = old}, -1, &n, NULL), ERR_OK);
    noted.on = false;
    store_close(s);
    crash(b, before, 1, 0);
    put_head(home, b);
    CU_ASSERT_EQUAL(opens(home, "correct horse"), ERR_PASSPHRASE);
    CU_ASSERT_EQUAL_FATAL(store_unlock(home, new, &k, NULL), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(store_open(home, k, &s, NULL), ERR_OK);
    store_close(s);
    mem_free(b);
    b = head_of(home);
    memset(b + noted.write[0].at, 0, SEAL_SUPER);
    put_head(home, b);
    CU_ASSERT_EQUAL(opens(home, "correct horse"), ERR_PASSPHRASE);
    CU_ASSERT_EQUAL(opens(home, "new one"), ERR_OK);
    mem_free(b);
    mem_free(before);
    secret_free(old);
    secret_free(new);
    made_remove(home);
}

/* --- memory that runs out, files that fail ------------------------------------------------------ */

#ifdef FAULT_INJECTION
static void failing(enum fault_kind kind)
{
    char home[64];
    struct store *s = made_store(home);
    struct secret *first = bytes(3), *ring = bytes(1), *next = bytes(2);
    struct store_slot_new n = {.kind = STORE_SLOT_KEYRING, .secret = first};
    struct store_proof proof = {STORE_SLOT_KEYRING, first};
    bool done = false;
    unsigned no;

    CU_ASSERT_EQUAL(add(s, &n, &no), ERR_OK); /* a proof that costs no KDF */
    n.secret = ring;
    CU_ASSERT_EQUAL(add(s, &n, &no), ERR_OK);
    for (unsigned long i = 1; !done && i < 400; i++) {
        struct err e = ERR_NONE;
        int code, was, is;

        n.secret = next;
        fault_arm(kind, i);
        code = store_slot_change(s, &proof, (int)no, &n, &e);
        done = fault_count(kind) < i;
        fault_arm(kind, 0);
        if (done)
            CU_ASSERT_EQUAL(code, ERR_OK);
        CU_ASSERT(code == ERR_OK || code == ERR_NOMEM || code == ERR_IO);
        was = opens_by(home, STORE_SLOT_KEYRING, ring);
        is = opens_by(home, STORE_SLOT_KEYRING, next);
        CU_ASSERT_EQUAL(is, code ? ERR_PASSPHRASE : ERR_OK);
        CU_ASSERT_EQUAL(was, code ? ERR_OK : ERR_PASSPHRASE);
        n.secret = ring;
        if (!code)
            CU_ASSERT_EQUAL(store_slot_change(s, &proof, (int)no, &n, &e), ERR_OK);
    }
    CU_ASSERT(done);
    secret_free(first);
    secret_free(ring);
    secret_free(next);
    made_end(s, home);
}

static void no_memory(void)
{
    failing(FAULT_MEM);
}

static void no_files(void)
{
    failing(FAULT_IO);
}
#else
static void no_memory(void)
{
    unit_skip("not configured with --enable-fault-injection");
}
#define no_files no_memory
#endif

static const struct unit_test tests[] = {
    {"a recovery code notices a slip", codes},
    {"a code and slots of the first version", known_answers},
    {"each kind of slot lets in its own secret alone", kinds},
    {"a passphrase that looks like a code", passphrase_like_a_code},
    {"eight slots and no more", eight},
    {"the last passphrase stays", last_passphrase},
    {"a change needs a proof, and shuts out the old one", changed},
    {"a crash at any sector of a change", crashes},
    {"a crash in a change of passphrase", passphrase_crash},
    {"a change without memory", no_memory},
    {"a change with files that fail", no_files},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    note_start();
    return unit_main("slots", tests, sizeof tests / sizeof *tests);
}
