/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The write-ahead log. SQLite writes a frame as a header of 24 bytes and then a page of 4096; one sealed
 * frame of 4120 takes both, so the header is held until its page comes. Three more patterns are SQLite's
 * habit (3.40 wal.c): a page alone (a frame overwritten in the same transaction), a header alone
 * (walRewriteChecksums after such), and 8 bytes at header+16 (the running checksum). Any other is refused.
 *
 * Once a frame was overwritten SQLite writes new ones without salts and checksum, and makes both good in the commit,
 * from the first overwritten frame on. SQLite 3.40 to 3.46 at least (3.54 is mended) do not see that a savepoint, or a
 * statement that failed, has taken that frame back: what was written behind the savepoint then stays without, and
 * recovery drops the commit and all behind it, though they were acknowledged. So what it left loose is linked here.
 */
#include "config.h"

#include "store/seal_priv.h"

#include <string.h>

#include "base/log.h"

static void put_big32(unsigned char *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (unsigned char)(v >> (24 - 8 * i));
}

/* SQLite's running checksum (file format 4.2), of n bytes, a multiple of 8; the header says in which byte order. */
static void sum_on(uint32_t sum[2], bool big, const unsigned char *p, int n)
{
    for (int i = 0; i < n; i += 8) {
        sum[0] += (big ? seal_big32(p + i) : seal_get32(p + i)) + sum[1];
        sum[1] += (big ? seal_big32(p + i + 4) : seal_get32(p + i + 4)) + sum[0];
    }
}

/* SQLite's own test of a WAL header (file format 4.1): magic, version, page size, checksum of 24 bytes. */
bool seal_wal_header_is_whole(const unsigned char h[SEAL_WAL_HEAD])
{
    uint32_t sum[2] = {0, 0};

    sum_on(sum, seal_big32(h) & 1, h, 24);
    return (seal_big32(h) & ~1u) == 0x377f0682 && seal_big32(h + 4) == 3007000 && seal_big32(h + 8) == SEAL_PAGE &&
           sum[0] == seal_big32(h + 24) && sum[1] == seal_big32(h + 28);
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

    memcpy(f->salts, p + 16, sizeof f->salts);
    if (rc == SQLITE_OK && !seal_wal_header_is_whole(p) && frame_behind(f, SEAL_WAL_HEAD, NULL))
        say_damaged(f, 0);
    return rc;
}

/* The frame that is on disk now, opened into f->clear. */
static int frame_on_disk(struct seal_file *f, sqlite3_int64 at)
{
    int rc = seal_raw_read(f, f->sealed, SEAL_FRAME, at);

    if (rc)
        return rc == SQLITE_IOERR_SHORT_READ ? SQLITE_IOERR_WRITE : rc;
    if (!seal_frame_get(f->keys, (uint64_t)at, f->sealed, f->clear)) {
        atomic_store(&f->keys->bad_page, seal_big32(f->sealed));
        return SQLITE_IOERR_DATA;
    }
    return SQLITE_OK;
}

/* --- frames without salts ------------------------------------------------------------------------ */

/* A new frame of the transaction under way. One with salts at or before the first loose one: that was taken back. */
static void note_frame(struct seal_file *f, const unsigned char head[SEAL_FRAME_HEAD], sqlite3_int64 at)
{
    static const unsigned char none[16];
    bool loose = !memcmp(head + 8, none, sizeof none);

    f->linking = false;
    f->linked_at = 0;
    if (loose ? !f->loose || at < f->loose : f->loose >= at)
        f->loose = loose ? at : 0;
    if (seal_big32(head + 4)) {
        f->commit_at = at;
        atomic_store(&f->keys->coming, seal_big32(head + 4));
    }
}

/* The checksum that the frame at `at` goes on from. A frame before the first loose one was not overwritten (or SQLite
 * itself would begin there), so its own is right. */
static int sum_before(struct seal_file *f, sqlite3_int64 at, const unsigned char *salts, uint32_t sum[2])
{
    int rc = at == SEAL_WAL_HEAD ? SQLITE_OK : frame_on_disk(f, at - SEAL_FRAME);

    if (rc || at == SEAL_WAL_HEAD)
        return rc;
    if (memcmp(f->clear + 8, salts, 8))
        return SQLITE_IOERR_WRITE;
    sum[0] = seal_big32(f->clear + 16);
    sum[1] = seal_big32(f->clear + 20);
    return SQLITE_OK;
}

/* SQLite is about to link what it wrote, behind the frame at *asked, whose checksum it asks for. REQ: all frames of
 * the commit before that one are linked by then. Where the commit ends before that frame SQLite links nothing, and
 * *asked becomes the commit's end, for what comes next goes on from there. */
static int link_loose(struct seal_file *f, sqlite3_int64 *asked)
{
    sqlite3_int64 at = f->loose, last = *asked < f->commit_at ? *asked : f->commit_at;
    unsigned char head[SEAL_WAL_HEAD], frame[SEAL_FRAME_HEAD];
    uint32_t sum[2];
    int rc;

    f->linking = true;
    f->loose = 0; /* what lies behind is SQLite's to link: linked twice, a frame of an earlier commit could be torn */
    if (!at || at > last)
        return SQLITE_OK;
    if ((rc = seal_raw_read(f, head, SEAL_WAL_HEAD, 0)))
        return rc;
    sum[0] = seal_big32(head + 24);
    sum[1] = seal_big32(head + 28);
    for (rc = sum_before(f, at, head + 16, sum); !rc && at <= last; at += SEAL_FRAME) {
        if ((rc = frame_on_disk(f, at)))
            break;
        memcpy(frame, f->clear, 8);
        memcpy(frame + 8, head + 16, 8);
        sum_on(sum, seal_big32(head) & 1, frame, 8);
        sum_on(sum, seal_big32(head) & 1, f->clear + SEAL_FRAME_HEAD, SEAL_PAGE);
        put_big32(frame + 16, sum[0]);
        put_big32(frame + 20, sum[1]);
        seal_frame_put(f->keys, (uint64_t)at, frame, f->clear + SEAL_FRAME_HEAD, f->sealed);
        rc = seal_raw_write(f, f->sealed, SEAL_FRAME, at);
    }
    *asked = last;
    return rc;
}

/* --- reads and writes ---------------------------------------------------------------------------- */

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
    if (at + n <= SEAL_WAL_HEAD) {
        if (at == SEAL_WAL_HEAD - 8) { /* it links from the first frame on */
            f->loose = 0;
            f->linking = true;
        }
        return seal_raw_read(f, p, n, at);
    }
    in = (at - SEAL_WAL_HEAD) % SEAL_FRAME;
    if (at < SEAL_WAL_HEAD || in + n > SEAL_FRAME)
        return SQLITE_IOERR_READ;
    frame = at - in;
    whole = n == SEAL_FRAME;
    f->linked_at = whole && f->linking ? frame : 0;
    if (n == 8 && in == SEAL_FRAME_CLEAR && (rc = link_loose(f, &frame)))
        return rc;
    rc = seal_raw_read(f, f->sealed, SEAL_FRAME, frame);
    if (rc)
        return rc == SQLITE_IOERR_SHORT_READ && !whole ? SQLITE_IOERR_DATA : rc;
    if (seal_frame_get(f->keys, (uint64_t)frame, f->sealed, f->clear)) {
        memcpy(p, f->clear + in, (size_t)n);
        if (whole && !f->linking && seal_big32(f->clear + 4) && !memcmp(f->clear + 8, f->salts, sizeof f->salts))
            atomic_store(&f->keys->pages, seal_big32(f->clear + 4));
        return SQLITE_OK;
    }
    if (!whole) {
        atomic_store(&f->keys->bad_page, seal_big32(f->sealed));
        return SQLITE_IOERR_DATA;
    }
    /* Recovery takes zeros for the end of the log, as after a torn write: the commits before it stand.
     * seal_wal_flush verifies again, so these zeros can never get a fresh checksum. */
    judge_frame(f, frame);
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
        note_frame(f, head, at);
    } else {
        if ((rc = seal_wal_flush(f)) || (rc = frame_on_disk(f, at)))
            return rc;
        memcpy(head, f->clear, sizeof head);
    }
    seal_frame_put(f->keys, (uint64_t)at, head, page, f->sealed);
    return seal_raw_write(f, f->sealed, SEAL_FRAME, at);
}

static int write_log(struct seal_file *f, const void *p, int n, sqlite3_int64 at)
{
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
    /* REQ: no page follows, and behind the last one nothing at all: held, it would die with the process. */
    return at == f->linked_at ? seal_wal_flush(f) : SQLITE_OK;
}

int seal_wal_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
    struct seal_file *f = (struct seal_file *)file;
    int rc = write_log(f, p, n, at);

    if (rc) /* REQ: a commit that could not be written does not say how long the database is */
        atomic_store(&f->keys->coming, 0);
    return rc;
}
