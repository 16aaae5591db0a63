/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The write-ahead log. SQLite writes a frame as a header of 24 bytes and then a page of 4096; one sealed
 * frame of 4120 takes both, so the header is held until its page comes. Three more patterns are SQLite's
 * habit (3.40 wal.c): a page alone (a frame overwritten in the same transaction), a header alone
 * (walRewriteChecksums after such), and 8 bytes at header+16 (the running checksum). Any other is refused.
 */
#include "config.h"

#include "store/seal_priv.h"

#include <string.h>

#include "base/log.h"

static uint32_t big32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* SQLite's own test of a WAL header (file format 4.1): magic, version, page size, checksum of 24 bytes. */
bool seal_wal_header_is_whole(const unsigned char h[SEAL_WAL_HEAD])
{
    bool big = big32(h) & 1;
    uint32_t a = 0, b = 0;

    for (int i = 0; i < 24; i += 8) {
        a += (big ? big32(h + i) : seal_get32(h + i)) + b;
        b += (big ? big32(h + i + 4) : seal_get32(h + i + 4)) + a;
    }
    return (big32(h) & ~1u) == 0x377f0682 && big32(h + 4) == 3007000 && big32(h + 8) == SEAL_PAGE &&
           a == big32(h + 24) && b == big32(h + 28);
}

/* Any frame at or behind `at` that verifies and has these salts (NULL: any)? f->clear is used. */
static bool frame_behind(struct seal_file *f, sqlite3_int64 at, const unsigned char *salts)
{
    sqlite3_int64 size = 0;

    if (seal_raw_size(f, &size))
        return false;
    for (; at + SEAL_FRAME <= size; at += SEAL_FRAME)
        if (seal_raw_read(f, f->sealed, SEAL_FRAME, at) == SQLITE_OK &&
            (!salts || !memcmp(f->sealed + 8, salts, 8)) &&
            seal_frame_get(f->keys, (uint64_t)at, f->sealed, f->clear))
            return true;
    return false;
}

static void say_damaged(struct seal_file *f, sqlite3_int64 at)
{
    if (!atomic_exchange(&f->keys->wal_damaged, true))
        log_event("seal.wal_damaged", ERR_DAMAGED, NULL, at, 0);
}

/* Recovery met a whole frame whose tag does not fit. Space that was never written (a hole after a power
 * cut) is no loss unless later frames of this log are there. */
static void judge_frame(struct seal_file *f, sqlite3_int64 at)
{
    static const unsigned char never[SEAL_FRAME_CLEAR];
    unsigned char head[SEAL_WAL_HEAD];

    if (memcmp(f->sealed, never, sizeof never)) {
        say_damaged(f, at);
        return;
    }
    if (seal_raw_read(f, head, SEAL_WAL_HEAD, 0) == SQLITE_OK && frame_behind(f, at + SEAL_FRAME, head + 16))
        say_damaged(f, at);
}

/* A log whose header does not fit is skipped whole by SQLite, without a word. */
static int read_header(struct seal_file *f, unsigned char *p)
{
    int rc = seal_raw_read(f, p, SEAL_WAL_HEAD, 0);

    if (rc == SQLITE_OK && !seal_wal_header_is_whole(p) && frame_behind(f, SEAL_WAL_HEAD, NULL))
        say_damaged(f, 0);
    return rc;
}

int seal_wal_read(sqlite3_file *file, void *p, int n, sqlite3_int64 at)
{
    struct seal_file *f = (struct seal_file *)file;
    sqlite3_int64 in, frame;
    bool whole;
    int rc;

    memset(p, 0, (size_t)n);
    if (!seal_mine(f))
        return SQLITE_IOERR_READ;
    if ((rc = seal_wal_flush(f)))
        return rc;
    if (at == 0 && n == SEAL_WAL_HEAD)
        return read_header(f, p);
    if (at + n <= SEAL_WAL_HEAD)
        return seal_raw_read(f, p, n, at);
    in = (at - SEAL_WAL_HEAD) % SEAL_FRAME;
    if (at < SEAL_WAL_HEAD || in + n > SEAL_FRAME)
        return SQLITE_IOERR_READ;
    frame = at - in;
    whole = n == SEAL_FRAME;
    rc = seal_raw_read(f, f->sealed, SEAL_FRAME, frame);
    if (rc)
        return rc == SQLITE_IOERR_SHORT_READ && !whole ? SQLITE_IOERR_DATA : rc;
    if (seal_frame_get(f->keys, (uint64_t)frame, f->sealed, f->clear)) {
        memcpy(p, f->clear + in, (size_t)n);
        return SQLITE_OK;
    }
    if (!whole) {
        atomic_store(&f->keys->bad_page, big32(f->sealed));
        return SQLITE_IOERR_DATA;
    }
    /* Recovery takes zeros for the end of the log, as after a torn write: the commits before it stand.
     * seal_wal_flush verifies again, so these zeros can never get a fresh checksum. */
    judge_frame(f, frame);
    return SQLITE_OK;
}

/* The frame that is on disk now, opened into f->clear. */
static int frame_on_disk(struct seal_file *f, sqlite3_int64 at)
{
    int rc = seal_raw_read(f, f->sealed, SEAL_FRAME, at);

    if (rc)
        return rc == SQLITE_IOERR_SHORT_READ ? SQLITE_IOERR_WRITE : rc;
    if (!seal_frame_get(f->keys, (uint64_t)at, f->sealed, f->clear)) {
        atomic_store(&f->keys->bad_page, big32(f->sealed));
        return SQLITE_IOERR_DATA;
    }
    return SQLITE_OK;
}

int seal_wal_flush(struct seal_file *f)
{
    int rc;

    if (f->role != SEAL_WAL || !f->held)
        return SQLITE_OK;
    f->held = false;
    if ((rc = frame_on_disk(f, f->held_at)))
        return rc;
    seal_frame_put(f->keys, (uint64_t)f->held_at, f->held_head, f->clear + SEAL_FRAME_HEAD, f->sealed);
    return seal_raw_write(f, f->sealed, SEAL_FRAME, f->held_at);
}

static int write_page(struct seal_file *f, const unsigned char *page, sqlite3_int64 at)
{
    unsigned char head[SEAL_FRAME_HEAD];
    int rc;

    if (!seal_reserve_is_zero(page))
        return SQLITE_IOERR_WRITE;
    if (f->held && f->held_at == at) {
        memcpy(head, f->held_head, sizeof head);
        f->held = false;
    } else {
        if ((rc = seal_wal_flush(f)) || (rc = frame_on_disk(f, at)))
            return rc;
        memcpy(head, f->clear, sizeof head);
    }
    seal_frame_put(f->keys, (uint64_t)at, head, page, f->sealed);
    return seal_raw_write(f, f->sealed, SEAL_FRAME, at);
}

int seal_wal_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
    struct seal_file *f = (struct seal_file *)file;
    sqlite3_int64 in = (at - SEAL_WAL_HEAD) % SEAL_FRAME;
    int rc;

    if (!seal_mine(f))
        return SQLITE_IOERR_WRITE;
    if (at >= SEAL_WAL_HEAD && in == SEAL_FRAME_HEAD && n == SEAL_PAGE)
        return write_page(f, p, at - in);
    if ((rc = seal_wal_flush(f)))
        return rc;
    if (at == 0 && n == SEAL_WAL_HEAD)
        return seal_raw_write(f, p, n, 0);
    if (at < SEAL_WAL_HEAD || in || n != SEAL_FRAME_HEAD)
        return SQLITE_IOERR_WRITE;
    memcpy(f->held_head, p, SEAL_FRAME_HEAD);
    f->held_at = at;
    f->held = true;
    return SQLITE_OK;
}
