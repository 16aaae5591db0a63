/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files seal_*.c share, and what tests of the seal may reach. All numbers on disk are
 * little-endian but SQLite's own (WAL header and frame header), which are big-endian. FORMAT has the
 * layout byte for byte; names here follow it.
 */
#ifndef STORE_SEAL_PRIV_H
#define STORE_SEAL_PRIV_H

#include <stdatomic.h>
#include <stddef.h>
#include <sys/stat.h>

#include "store/seal.h"

#define SEAL_VFS "wardline-seal"
#define SEAL_VERSION 1      /* of a store that was made here, and of every page and frame */
#define SEAL_VERSION_COPY 2 /* of a backup, whose slots are sealed under the id of the store that it is of */
#define SEAL_READS 2        /* the newest that this program reads */
#define SEAL_SUPER 4096                         /* one copy; A at 0, B behind it */
#define SEAL_CONTENT (SEAL_PAGE - SEAL_RESERVE) /* bytes of a page that SQLite fills */
#define SEAL_FILE_ID 16
#define SEAL_SLOTS 8
#define SEAL_SLOT 384
#define SEAL_LABEL 40
#define SEAL_CODE 20 /* bytes of a recovery code: 160 bits */
#define SEAL_WAL_HEAD 32   /* SQLite's own header, in clear */
#define SEAL_FRAME_HEAD 24 /* page no., size after commit, two salts: clear; checksum: sealed */
#define SEAL_FRAME_CLEAR 16

/* The suite written into byte 21: a store of the canary test's control build is refused by every other. */
#ifdef UNSEALED_TEST_STORE
#define SEAL_SUITE 255
#else
#define SEAL_SUITE 1 /* XChaCha20-Poly1305-IETF */
#endif

struct seal_keys {
    struct secret *raw; /* K_db, K_wal, K_hdr, K_blob, K_ask */
    unsigned char file_id[SEAL_FILE_ID];
    uint64_t process; /* crypt_process() of the maker: keys do not work in a forked child */
    bool creating;    /* the file has no page yet: reads past its end are not a loss */
    struct seal_keys *before; /* those of before a rotation, which another thread may still look at: freed with these */
    bool anywhere;    /* a backup: on a stick, on a share, with modes that are not ours to set */
    bool (*make_room)(void *arg); /* NULL: a full disk is a full disk */
    void *make_room_arg;
    atomic_bool wal_damaged;
    atomic_llong bad_page;
    atomic_llong pages; /* of the database as last committed, while it is open; 0, -1: not known */
    atomic_llong coming; /* of a commit that has been written, until its writer is done; 0: none */
};

/* Sub-keys, numbered as in FORMAT. */
enum seal_key { SEAL_K_DB = 1, SEAL_K_WAL, SEAL_K_HDR, SEAL_K_BLOB, SEAL_K_ASK, SEAL_SUBKEYS = SEAL_K_ASK };
const unsigned char *seal_key(const struct seal_keys *k, enum seal_key which);
/* Sub-keys of a data key. NULL when there is no memory. */
struct seal_keys *seal_keys_new(const unsigned char dek[CRYPT_KEY], const unsigned char file_id[SEAL_FILE_ID]);
/* The same keys for another file. */
struct seal_keys *seal_keys_like(const struct seal_keys *k, const unsigned char file_id[SEAL_FILE_ID]);

/* --- superblock ------------------------------------------------------------------------------ */

enum seal_slot_type { SEAL_FREE, SEAL_PASSPHRASE, SEAL_RECOVERY, SEAL_ESCROW, SEAL_KEYRING };

struct seal_slot {
    enum seal_slot_type type;
    struct crypt_kdf kdf;
    unsigned char bytes[SEAL_SLOT]; /* as on disk */
};

struct seal_super {
    uint32_t version, reader; /* format version; oldest reader that understands it */
    uint64_t generation;
    unsigned char file_id[SEAL_FILE_ID];
    unsigned char slot_id[SEAL_FILE_ID]; /* the file id that the slots are sealed under; written from version 2 on */
    unsigned char codec; /* of rows: 1 zstd with dictionary, 2 zstd */
    uint64_t created_ms;
    uint32_t epoch, flags;
    unsigned char commitment[CRYPT_HASH];
    struct seal_slot slot[SEAL_SLOTS];
};

/* One copy. ERR_DAMAGED unless the torn-write sum and every fixed field fit; ERR_VERSION when whole but
 * too new (only version and generation are filled then). Knows no key: nothing in it is trusted yet. */
int seal_super_parse(const unsigned char b[SEAL_SUPER], struct seal_super *out);
/* The keyed sum: nobody without the key changed a byte. */
bool seal_super_verify(const unsigned char b[SEAL_SUPER], const struct seal_keys *k);
void seal_super_write(unsigned char b[SEAL_SUPER], const struct seal_super *s, const struct seal_keys *k);
void seal_commitment(unsigned char out[CRYPT_HASH], const struct seal_keys *k);

/* --- slots ----------------------------------------------------------------------------------- */

/* What somebody shows: SEAL_FREE what was typed, a recovery code or a passphrase; SEAL_ESCROW a secret key. */
struct seal_proof {
    enum seal_slot_type kind;
    const struct secret *secret;
};
struct seal_slot_info {
    uint64_t made_ms, changed_ms;
    char label[SEAL_LABEL + 1];
    unsigned char public_key[CRYPT_BOX_PUBLIC];
};
void seal_slot_parse(const unsigned char b[SEAL_SLOT], struct seal_slot *s);
void seal_slot_about(const struct seal_slot *s, struct seal_slot_info *out);
/* Each fills *s for slot number no. dek: the data key; slot_id as in struct seal_super. ERR_NOMEM, ERR_INPUT. */
int seal_slot_wrap(struct seal_slot *s, unsigned no, const unsigned char slot_id[SEAL_FILE_ID],
                   const struct secret *passphrase, const struct crypt_kdf *kdf,
                   const unsigned char dek[CRYPT_KEY], uint64_t now_ms);
int seal_slot_wrap_code(struct seal_slot *s, unsigned no, const unsigned char slot_id[SEAL_FILE_ID],
                        const struct secret *typed, const unsigned char dek[CRYPT_KEY], uint64_t now_ms);
int seal_slot_wrap_keyring(struct seal_slot *s, unsigned no, const unsigned char slot_id[SEAL_FILE_ID],
                           const struct secret *kept, const unsigned char dek[CRYPT_KEY], uint64_t now_ms);
int seal_slot_wrap_box(struct seal_slot *s, const unsigned char pk[CRYPT_BOX_PUBLIC],
                       const unsigned char dek[CRYPT_KEY], uint64_t now_ms);
/* Label (NULL: none) and times. Not bound to the key: the superblock's keyed sum covers them. */
void seal_slot_label(struct seal_slot *s, const char *label, uint64_t made_ms, uint64_t now_ms);
/* dek: CRYPT_KEY bytes. ERR_PASSPHRASE, ERR_DAMAGED (numbers out of bounds: no KDF was run), ERR_NOMEM. */
int seal_slot_unwrap(const struct seal_slot *s, unsigned no, const unsigned char slot_id[SEAL_FILE_ID],
                     const struct secret *passphrase, struct secret *dek);
/* Is it a slot that the proof may open; slow: one that costs a KDF, or one that does not? */
bool seal_slot_is_for(const struct seal_slot *s, const struct seal_proof *proof, bool slow);
/* As seal_slot_unwrap, for any slot that the proof is for. */
int seal_slot_try(const struct seal_slot *s, unsigned no, const unsigned char slot_id[SEAL_FILE_ID],
                  const struct seal_proof *proof, struct secret *dek);
/* The 160 bits of a recovery code as it was typed (raw: SEAL_CODE bytes or NULL); false: it is none. */
bool seal_code_parse(const struct secret *typed, struct secret *raw);

/* As seal_unlock, by any proof; dek (CRYPT_KEY bytes) and no may be NULL. */
int seal_unlock_by(const char *path, const struct seal_proof *proof, struct seal_keys **out, struct secret *dek,
                   unsigned *no, struct err *e);
/* The copy that rules. ERR_DAMAGED: none does. keys NULL: the first whole one, which nobody vouches for. */
int seal_super_get(const char *path, const struct seal_keys *k, struct seal_super *out, struct err *e);
/* Replaces it: the generation goes up by one, the other copy is written and synced first. On an error nothing was
 * changed; but after ERR_PARTIAL the new one rules, and the older copy is still there. */
int seal_super_put(const char *path, const struct seal_keys *k, struct seal_super *s, struct err *e);
/* Makes both copies what the one that rules is, if they are not: an older one, which a crash left, would let in who
 * was shut out if the newer one came to harm. found: as they were. */
int seal_super_mend(const char *path, const struct seal_keys *k, struct seal_superblocks *found, struct err *e);

/* As seal_create and seal_unlock with the data key given, for tests that cannot wait for the KDF; slot may
 * be NULL. No verb and no setting leads here. */
int seal_create_dek(const char *path, const unsigned char dek[CRYPT_KEY], const struct seal_super *s,
                    struct seal_keys **out, struct err *e);
int seal_unlock_dek(const char *path, const unsigned char dek[CRYPT_KEY], struct seal_keys **out, struct err *e);

/* --- a store as a whole ------------------------------------------------------------------------ */

/* A new file with superblocks and no page yet: synced. ERR_EXISTS, ERR_NOMEM, ERR_IO. */
int seal_shell(const char *path, const struct seal_super *s, const struct seal_keys *k, struct err *e);
void seal_forget(const char *path); /* removes a file with its log and journal */

struct seal_copy {
    const char *from;
    struct seal_keys *from_keys;
    const char *to; /* must not exist */
    const struct seal_super *super;
    struct seal_keys *keys;
    int (*step)(void *arg, uint64_t done, uint64_t all); /* pages; may be NULL. Not 0: stop, ERR_CANCELLED */
    void *arg;
};
/* What a new connection to `from` shows, by VACUUM INTO, sealed with other keys: synced, without a log. On an error
 * nothing of it is left. */
int seal_copy(const struct seal_copy *c, struct err *e);

/* Reads a file's pages, or its log's frames, as they lie there and opens each; the file may be open here. The log
 * must not be written meanwhile. bad is called with each number (from 1) that does not verify; 0: the log's header, or
 * a file whose size does not fit its pages. *looked: how many were there. */
struct seal_scan {
    const char *path; /* of the store */
    const struct seal_keys *keys;
    int (*step)(void *arg, uint64_t done, uint64_t all); /* may be NULL */
    void (*bad)(void *arg, int64_t no);
    void *arg;
};
int seal_scan_pages(const struct seal_scan *s, uint64_t *looked, struct err *e);
int seal_scan_log(const struct seal_scan *s, uint64_t *looked, struct err *e);
/* One number that bad was called with, once more: a page that was being written meanwhile is whole by now. */
int seal_scan_again(const struct seal_scan *s, int64_t no, bool *bad, struct err *e);

/* --- pages and frames ------------------------------------------------------------------------ */

/* page: SEAL_PAGE bytes of SQLite, of which the last SEAL_RESERVE are zero; sealed: the same size. */
void seal_page_put(const struct seal_keys *k, uint64_t no, const unsigned char *page, unsigned char *sealed);
/* False, and page zeroed, when the tag does not fit. */
bool seal_page_get(const struct seal_keys *k, uint64_t no, const unsigned char *sealed, unsigned char *page);
/* head: SEAL_FRAME_HEAD bytes; at: the frame's offset in the WAL file; sealed: SEAL_FRAME bytes. */
void seal_frame_put(const struct seal_keys *k, uint64_t at, const unsigned char *head, const unsigned char *page,
                    unsigned char *sealed);
/* frame: SEAL_FRAME bytes as SQLite wrote them, head and page; all zero when the tag does not fit. */
bool seal_frame_get(const struct seal_keys *k, uint64_t at, const unsigned char *sealed, unsigned char *frame);

/* --- the VFS --------------------------------------------------------------------------------- */

enum seal_role { SEAL_DB, SEAL_WAL, SEAL_JOURNAL };

struct seal_file {
    sqlite3_file base; /* first: SQLite sees this */
    enum seal_role role;
    struct seal_keys *keys;
    uint64_t process;
    struct secret *work;      /* SEAL_FRAME sealed bytes, then SEAL_FRAME clear ones: locked memory */
    unsigned char *sealed;    /* both point into work */
    unsigned char *clear;
    bool readonly;
    bool writing;             /* DB: this connection has the one write transaction */
    unsigned char salts[8];   /* WAL: of its header, as recovery read it */
    bool held;                /* WAL: a frame header that waits for its page */
    sqlite3_int64 held_at;
    unsigned char held_head[SEAL_FRAME_HEAD];
    sqlite3_int64 loose;      /* WAL: the first frame that SQLite wrote without salts, until it links them; 0: none */
    sqlite3_int64 commit_at;  /* WAL: the last frame that ends a commit */
    sqlite3_int64 linked_at;  /* WAL: the frame that SQLite has just read to write its header anew; 0: none */
    bool linking;             /* WAL: it has asked for the checksum to go on from */
    struct seal_file *next;   /* open main databases */
    dev_t dev;
    ino_t ino;
    sqlite3_file *real;       /* the file of the VFS below, in the bytes behind this struct */
};

/* As seal_register over another VFS than unix-excl: for tests that cut the power below the seal. */
int seal_register_over(sqlite3_vfs *below);
/* Calls on the file below, where tests inject failures. */
int seal_raw_read(struct seal_file *f, void *p, int n, sqlite3_int64 at);
int seal_raw_write(struct seal_file *f, const void *p, int n, sqlite3_int64 at);
int seal_raw_size(struct seal_file *f, sqlite3_int64 *size);
/* True in the process that opened the file; a forked child owns none of its locks. */
bool seal_mine(const struct seal_file *f);
/* True when the bytes that SQLite leaves to the seal are zero, as the seal gave them. */
bool seal_reserve_is_zero(const unsigned char *page);
/* The keys that the open under way in this thread uses: xOpen of any other main database is refused. */
void seal_opening(struct seal_keys *k);
/* The first n bytes of a store file. Never opens a file that SQLite has open here: closing a second
 * descriptor would drop this process's locks (POSIX). got: bytes there. Owner, mode and type checked. */
int seal_read_head(const char *path, unsigned char *p, size_t n, size_t *got, uint64_t *size, struct err *e);
/* Writes n bytes at `at` of a store file and syncs them; through the connection's descriptor when it is open here. */
int seal_write_head(const char *path, const void *p, size_t n, uint64_t at, struct err *e);
/* seal_memory.c: before SQLite is used for the first time in the process; again is fine. */
void seal_memory_take(void);
void seal_memory_rest(void); /* gives back the memory of slots that are free */
struct seal_memory_state {
    bool ours, held;      /* SQLite uses it; its slots are locked */
    unsigned slots, used;
    size_t slot;          /* bytes */
};
void seal_memory_state(struct seal_memory_state *out);
/* seal_wal.c */
int seal_wal_read(sqlite3_file *file, void *p, int n, sqlite3_int64 at);
int seal_wal_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 at);
/* Writes a header that is still held; nothing may pass it. */
int seal_wal_flush(struct seal_file *f);
bool seal_wal_header_is_whole(const unsigned char h[SEAL_WAL_HEAD]);
/* The descriptor of a file that is open here reads for us; else *fd >= 0 is one of our own, for the caller to close.
 * seal_read_at: bytes read, fewer at the end, or ERR_IO. */
struct seal_reader {
    int fd;
    dev_t dev;
    ino_t ino;
    uint64_t size;
};
int seal_reader_open(struct seal_reader *r, const char *path, struct err *e);
int seal_read_at(const struct seal_reader *r, void *p, size_t n, uint64_t at, struct err *e);
void seal_reader_close(struct seal_reader *r);
/* seal_open.c */
int seal_error(struct err *e, sqlite3 *db, int rc, const struct seal_keys *k, const char *path);
char *seal_canonical(const char *path); /* links of its directory resolved; mem_free. NULL: errno says why */
/* What the authorizer answers; `to` is the one path that may be attached, or NULL. */
int seal_authorize(void *to, int action, const char *a, const char *b, const char *c, const char *d);
bool seal_pragma_allowed(const char *name, const char *value);

static inline void seal_put32(unsigned char *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (unsigned char)(v >> (8 * i));
}
static inline void seal_put64(unsigned char *p, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        p[i] = (unsigned char)(v >> (8 * i));
}
static inline uint32_t seal_big32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static inline uint32_t seal_get32(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static inline uint64_t seal_get64(const unsigned char *p)
{
    return (uint64_t)seal_get32(p) | (uint64_t)seal_get32(p + 4) << 32;
}

#endif
