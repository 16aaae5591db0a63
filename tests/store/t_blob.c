/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Attachments: what comes out is what went in, or an error; a part is taken up again after a kill at any moment and a
 * failure of any call; nothing is said to be whole before it is on the disk. Planted faults: blob-have-before-sync (the
 * row says "whole" and then the file is synced), blob-chunk-place (chunks that changed about verify), blob-plain
 * (content in clear), blob-last-unsaid (a file that was cut at a chunk passes for whole), blob-row-stays (what hung on a
 * row that went is still read).
 */
#include "config.h"

#include "tests/store/made.h"
#include "tests/store/quick.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/rng.h"
#include "store/blob_priv.h"
#include "store/copy.h"
#include "store/room.h"

#define CHUNK STORE_BLOB_CHUNK
#define URL "Binary/scan"

/* --- content, written and read ------------------------------------------------------------------ */

static unsigned char at(unsigned seed, size_t i)
{
    return (unsigned char)((seed * 2654435761u + (unsigned)i * 40503u + (unsigned)(i >> 11) * 977u) >> 7);
}

static struct store_blob_source source(unsigned no)
{
    return (struct store_blob_source){STR("DocumentReference"), STR("d1"), no, STR(URL)};
}

static struct store *filled(char home[64])
{
    struct store *s = made_store(home);

    made_resource(s, "{\"resourceType\":\"DocumentReference\",\"id\":\"d1\",\"meta\":{\"versionId\":\"1\"}}");
    made_resource(s, "{\"resourceType\":\"DocumentReference\",\"id\":\"d2\",\"meta\":{\"versionId\":\"1\"}}");
    return s;
}

/* From wherever the writer stands, to size, in pieces of uneven length. */
static int write_on(struct store_blob_writer *w, unsigned seed, size_t size, struct err *e)
{
    struct store_blob begun;
    unsigned char piece[100003];
    int code = ERR_OK;

    store_blob_begun(w, &begun);
    for (size_t i = (size_t)begun.have, n; !code && i < size; i += n) {
        n = (i * 7 + 1) % sizeof piece + 1;
        n = n < size - i ? n : size - i;
        for (size_t k = 0; k < n; k++)
            piece[k] = at(seed, i + k);
        code = store_blob_append(w, (struct str){(const char *)piece, n}, e);
    }
    return code;
}

static const struct store_blob_expect anything = {.size = -1};

static int put(struct store *s, unsigned no, unsigned seed, size_t size, struct err *e)
{
    const struct store_blob_source src = source(no);
    struct store_blob_writer *w;
    int code = store_blob_begin(s, &src, false, MADE_NOW, &w, e);

    if (!code && !(code = write_on(w, seed, size, e)))
        code = store_blob_end(w, &anything, MADE_NOW + 1, e);
    if (!w)
        return code;
    store_blob_free(w);
    return code;
}

struct seen {
    unsigned seed;
    size_t n;
    bool wrong;
};

static int see(void *arg, struct str piece)
{
    struct seen *x = arg;

    for (size_t i = 0; i < piece.n; i++)
        x->wrong = x->wrong || (unsigned char)piece.p[i] != at(x->seed, x->n + i);
    x->n += piece.n;
    return ERR_OK;
}

/* ERR_OK only if it is whole and right. */
static int whole(struct store *s, unsigned no, unsigned seed, size_t size)
{
    const struct store_blob_source src = source(no);
    struct seen x = {.seed = seed};
    int code = store_blob_read(s, &src, see, &x, NULL);

    CU_ASSERT(!x.wrong);
    if (!code)
        CU_ASSERT_EQUAL(x.n, size);
    return code;
}

static int look(struct store *s, unsigned no, struct store_blob *out)
{
    const struct store_blob_source src = source(no);

    return store_blob_look(s, &src, out, NULL);
}

static unsigned files(struct store *s, char last[PATH_MAX_BYTES])
{
    char folder[PATH_MAX_BYTES];
    unsigned n = 0;
    DIR *d;

    CU_ASSERT_EQUAL(blob_path(s->path, "", folder, NULL), ERR_OK);
    d = opendir(folder);
    for (struct dirent *f; d && (f = readdir(d));)
        if (f->d_name[0] != '.') {
            n++;
            if (last)
                CU_ASSERT_EQUAL(blob_path(s->path, f->d_name, last, NULL), ERR_OK);
        }
    if (d)
        closedir(d);
    return n;
}

static const size_t sizes[] = {0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, (1 << 20) + 5, 40 * CHUNK};
#define SIZES (sizeof sizes / sizeof *sizes)

static void lengths(void)
{
    char home[64];
    struct store *s = filled(home);
    struct store_blob b;
    uint64_t bytes, sum = 0;

    for (unsigned i = 0; i < SIZES; i++) {
        struct err e = ERR_NONE;

        CU_ASSERT_EQUAL(look(s, i, &b), ERR_NOTFOUND);
        CU_ASSERT_EQUAL(put(s, i, i, sizes[i], &e), ERR_OK);
        CU_ASSERT_EQUAL(whole(s, i, i, sizes[i]), ERR_OK);
        CU_ASSERT_EQUAL(look(s, i, &b), ERR_OK);
        CU_ASSERT(b.whole && b.have == sizes[i] && b.size == (int64_t)sizes[i] && b.at_ms == MADE_NOW + 1);
        CU_ASSERT_EQUAL(put(s, i, i, sizes[i], &e), ERR_EXISTS);
        sum += blob_file_bytes(sizes[i], true);
    }
    CU_ASSERT_EQUAL(store_blob_bytes(s, &bytes, NULL), ERR_OK);
    CU_ASSERT_EQUAL(bytes, sum);
    store_close(s);
    s = made_open(home);
    for (unsigned i = 0; i < SIZES; i++)
        CU_ASSERT_EQUAL(whole(s, i, i, sizes[i]), ERR_OK);
    made_end(s, home);
}

/* No content lies in a file in clear. Kills blob-plain. */
static void sealed(void)
{
    char home[64], path[PATH_MAX_BYTES];
    struct store *s = filled(home);
    char *raw = mem_alloc(CHUNK * 2);
    unsigned found = 0;
    ssize_t n;
    int fd;

    CU_ASSERT_EQUAL(put(s, 0, 5, CHUNK + 900, NULL), ERR_OK);
    CU_ASSERT_EQUAL(files(s, path), 1);
    fd = open(path, O_RDONLY);
    n = read(fd, raw, CHUNK * 2);
    CU_ASSERT_EQUAL(n, (ssize_t)blob_file_bytes(CHUNK + 900, true));
    close(fd);
    for (size_t i = 0; i + 8 < CHUNK; i += 64) {
        unsigned char piece[8];

        for (unsigned k = 0; k < 8; k++)
            piece[k] = at(5, i + k);
        found += memmem(raw, (size_t)n, piece, sizeof piece) != NULL;
    }
    CU_ASSERT_EQUAL(found, 0);
    mem_free(raw);
    made_end(s, home);
}

/* --- what a sync finds -------------------------------------------------------------------------------- */

static struct store *watched;
static unsigned syncs, too_early;

/* In place of the system's: when an attachment is synced, its row must not count yet what the sync is for. */
int fdatasync(int fd)
{
    char link[64], path[PATH_MAX_BYTES];
    struct store_blob b;
    ssize_t n;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (watched && (n = readlink(link, path, sizeof path - 1)) > 0 && memmem(path, (size_t)n, "/" STORE_BLOBS "/", 7)) {
        syncs++;
        too_early += !look(watched, 0, &b) && (b.whole || (int64_t)b.have > (int64_t)(syncs - 1) * 16 * CHUNK);
    }
    return (int)syscall(SYS_fdatasync, fd);
}

/* Kills blob-have-before-sync. */
static void synced_first(void)
{
    char home[64];
    struct store *s = filled(home);

    syncs = too_early = 0;
    watched = s;
    CU_ASSERT_EQUAL(put(s, 0, 2, 33 * CHUNK, NULL), ERR_OK);
    watched = NULL;
    CU_ASSERT_EQUAL(syncs, 3);
    CU_ASSERT_EQUAL(too_early, 0);
    made_end(s, home);
}

/* --- parts -------------------------------------------------------------------------------------------- */

static void parts(void)
{
    const struct store_blob_source src = source(0);
    const size_t size = 20 * CHUNK + 77;
    struct store_blob_writer *w, *other;
    char home[64];
    struct store *s = filled(home);
    struct store_blob b;

    CU_ASSERT_EQUAL_FATAL(store_blob_begin(s, &src, false, MADE_NOW, &w, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_blob_restart(w, &(struct store_blob_answer){"W/\"3\"", "application/pdf", (int64_t)size}, NULL), ERR_OK);
    CU_ASSERT_EQUAL(write_on(w, 9, 5 * CHUNK + 10, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_blob_begin(s, &src, false, MADE_NOW, &other, NULL), ERR_INUSE);
    CU_ASSERT_EQUAL(store_blob_begin(s, &src, true, MADE_NOW, &other, NULL), ERR_INUSE);
    CU_ASSERT_EQUAL(look(s, 0, &b), ERR_OK);
    CU_ASSERT(b.have == 0 && !b.whole); /* nothing was counted yet */
    CU_ASSERT_EQUAL(store_blob_keep(w, NULL), ERR_OK);
    store_blob_free(w);
    CU_ASSERT_EQUAL(look(s, 0, &b), ERR_OK);
    CU_ASSERT(b.have == 5 * CHUNK && !b.whole && b.size == (int64_t)size);
    UNIT_STR(b.etag, "W/\"3\"");
    UNIT_STR(b.media, "application/pdf");
    CU_ASSERT_EQUAL(whole(s, 0, 9, size), ERR_NOTFOUND); /* a part is never read */
    store_close(s);
    s = made_open(home);
    CU_ASSERT_EQUAL(files(s, NULL), 1); /* the sweep left it */
    CU_ASSERT_EQUAL(put(s, 0, 9, size, NULL), ERR_OK);
    CU_ASSERT_EQUAL(whole(s, 0, 9, size), ERR_OK);
    made_end(s, home);
}

/* What was fetched from another URL is another attachment. */
static void another_url(void)
{
    const struct store_blob_source moved = {STR("DocumentReference"), STR("d1"), 0, STR("Binary/other")};
    char home[64];
    struct store *s = filled(home);
    struct store_blob_writer *w;
    struct store_blob b;

    CU_ASSERT_EQUAL(put(s, 0, 1, 2 * CHUNK, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_blob_look(s, &moved, &b, NULL), ERR_NOTFOUND);
    CU_ASSERT_EQUAL(store_blob_read(s, &moved, see, &(struct seen){.seed = 1}, NULL), ERR_NOTFOUND);
    CU_ASSERT_EQUAL_FATAL(store_blob_begin(s, &moved, false, MADE_NOW, &w, NULL), ERR_OK);
    store_blob_begun(w, &b);
    CU_ASSERT(!b.have && !b.whole);
    store_blob_free(w);
    CU_ASSERT_EQUAL(files(s, NULL), 1);
    CU_ASSERT_EQUAL(look(s, 0, &b), ERR_NOTFOUND);
    CU_ASSERT_EQUAL(store_blob_begin(s, &(struct store_blob_source){STR("DocumentReference"), STR("nobody"), 0, STR(URL)},
                                     false, MADE_NOW, &w, NULL), ERR_NOTFOUND);
    made_end(s, home);
}

/* What comes is not what the record says of it: nothing of it stays. */
static void mismatch(void)
{
    static const unsigned char sum[CRYPT_SHA1] = {0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e,
                                                  0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d};
    const struct store_blob_source src = source(0);
    struct store_blob_expect x = {.size = -1, .hashed = true};
    char home[64];
    struct store *s = filled(home);
    struct store_blob_writer *w;
    struct store_blob b;

    memcpy(x.sha1, sum, sizeof sum); /* of "abc" */
    for (int i = 0; i < 3; i++) {
        struct err e = ERR_NONE;

        x.size = i == 1 ? 4 : 3;
        CU_ASSERT_EQUAL_FATAL(store_blob_begin(s, &src, false, MADE_NOW, &w, NULL), ERR_OK);
        CU_ASSERT_EQUAL(store_blob_append(w, i ? STR("abc") : STR("abd"), NULL), ERR_OK);
        CU_ASSERT_EQUAL(store_blob_end(w, &x, MADE_NOW, &e), i == 2 ? ERR_OK : ERR_MISMATCH);
        store_blob_free(w);
        CU_ASSERT_EQUAL(look(s, 0, &b), i == 2 ? ERR_OK : ERR_NOTFOUND);
        CU_ASSERT_EQUAL(files(s, NULL), i == 2);
    }
    made_end(s, home);
}

/* A server that begins anew with other content: no chunk of before is left, and none of them would verify. */
static void restarted(void)
{
    const struct store_blob_source src = source(0);
    const struct store_blob_answer a = {"W/\"2\"", "text/plain", -1};
    char home[64];
    struct store *s = filled(home);
    struct store_blob_writer *w;

    CU_ASSERT_EQUAL_FATAL(store_blob_begin(s, &src, false, MADE_NOW, &w, NULL), ERR_OK);
    CU_ASSERT_EQUAL(write_on(w, 1, 30 * CHUNK, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_blob_restart(w, &a, NULL), ERR_OK);
    CU_ASSERT_EQUAL(write_on(w, 2, 3 * CHUNK + 1, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_blob_end(w, &anything, MADE_NOW, NULL), ERR_OK);
    store_blob_free(w);
    CU_ASSERT_EQUAL(whole(s, 0, 2, 3 * CHUNK + 1), ERR_OK);
    made_end(s, home);
}

/* --- two of the same, and none ----------------------------------------------------------------------- */

static void shared(void)
{
    char home[64];
    struct store *s = filled(home);
    const struct store_blob_source src = source(1);
    struct store_blob_writer *w;
    struct store_blob b;
    struct store_tx *tx;

    CU_ASSERT_EQUAL(put(s, 0, 4, 2 * CHUNK, NULL), ERR_OK);
    CU_ASSERT_EQUAL(put(s, 1, 4, 2 * CHUNK, NULL), ERR_OK);
    CU_ASSERT_EQUAL(put(s, 2, 4, 2 * CHUNK - 1, NULL), ERR_OK);
    CU_ASSERT_EQUAL(files(s, NULL), 2);
    CU_ASSERT_EQUAL(whole(s, 1, 4, 2 * CHUNK), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(store_blob_begin(s, &src, true, MADE_NOW, &w, NULL), ERR_OK); /* one of the two anew */
    store_blob_free(w);
    CU_ASSERT_EQUAL(whole(s, 0, 4, 2 * CHUNK), ERR_OK);
    CU_ASSERT_EQUAL(whole(s, 1, 4, 2 * CHUNK), ERR_NOTFOUND);
    CU_ASSERT_EQUAL(put(s, 1, 4, 2 * CHUNK, NULL), ERR_OK);
    CU_ASSERT_EQUAL(files(s, NULL), 2);
    CU_ASSERT_EQUAL(store_begin(s, false, &tx, NULL), ERR_OK); /* kills blob-row-stays */
    CU_ASSERT_EQUAL(store_delete(tx, STR("DocumentReference"), STR("d1"), STORE_SERVER, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
    made_resource(s, "{\"resourceType\":\"DocumentReference\",\"id\":\"d1\",\"meta\":{\"versionId\":\"2\"}}");
    CU_ASSERT_EQUAL(look(s, 0, &b), ERR_NOTFOUND);
    CU_ASSERT_EQUAL(whole(s, 0, 4, 2 * CHUNK), ERR_NOTFOUND);
    store_rest(s);
    CU_ASSERT_EQUAL(files(s, NULL), 0);
    made_end(s, home);
}

static void evicted(void)
{
    char home[64];
    struct store *s = filled(home);
    const struct store_blob_source src = source(3);
    struct store_blob_writer *w;
    struct store_blob b;
    uint64_t freed;

    for (unsigned i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(put(s, i, i, 4 * CHUNK, NULL), ERR_OK);
    CU_ASSERT_EQUAL(sql_exec(&s->w, "UPDATE blob SET used_ms=1000+(no+1)%3", NULL), ERR_OK); /* 2, 0, 1 */
    CU_ASSERT_EQUAL_FATAL(store_blob_begin(s, &src, false, 1, &w, NULL), ERR_OK); /* the oldest, but under way */
    CU_ASSERT_EQUAL(store_blob_evict(s, 1, 1000, &freed, NULL), ERR_OK);
    CU_ASSERT(!freed && look(s, 2, &b) == ERR_OK); /* used since */
    CU_ASSERT_EQUAL(store_blob_evict(s, 1, INT64_MAX, &freed, NULL), ERR_OK);
    CU_ASSERT_EQUAL(freed, blob_file_bytes(4 * CHUNK, true));
    CU_ASSERT(look(s, 2, &b) == ERR_NOTFOUND && look(s, 0, &b) == ERR_OK && look(s, 1, &b) == ERR_OK);
    CU_ASSERT_EQUAL(whole(s, 0, 0, 4 * CHUNK), ERR_OK); /* used now: the other one goes */
    CU_ASSERT_EQUAL(store_blob_evict(s, 1, INT64_MAX, &freed, NULL), ERR_OK);
    CU_ASSERT(look(s, 1, &b) == ERR_NOTFOUND && look(s, 0, &b) == ERR_OK && look(s, 3, &b) == ERR_OK);
    store_blob_free(w);
    CU_ASSERT_EQUAL(store_blob_evict(s, UINT64_MAX, INT64_MAX, &freed, NULL), ERR_OK);
    CU_ASSERT_EQUAL(files(s, NULL), 0);
    made_end(s, home);
}

/* A full store: attachments that nobody opened of late go before a row does. Kills room-attachments-stay. */
static void before_rows(void)
{
    char home[64];
    struct store *s = filled(home);
    struct store_evict ev = {.want = 100};
    struct store_room r;
    struct store_blob b;

    CU_ASSERT_EQUAL(put(s, 0, 1, 4 * CHUNK, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_room(s, &r, NULL), ERR_OK);
    CU_ASSERT_EQUAL(r.blob_bytes, blob_file_bytes(4 * CHUNK, true));
    CU_ASSERT_EQUAL(store_evict(s, &ev, MADE_NOW + 1, NULL, NULL), ERR_OK);
    CU_ASSERT_EQUAL(look(s, 0, &b), ERR_OK); /* it came a moment ago */
    ev = (struct store_evict){.want = 100};
    CU_ASSERT_EQUAL(store_evict(s, &ev, MADE_NOW + 2 * STORE_EVICT_FRESH_MS, NULL, NULL), ERR_OK);
    CU_ASSERT(look(s, 0, &b) == ERR_NOTFOUND && !ev.rows);
    CU_ASSERT(store_has(s, STR("DocumentReference"), STR("d1"), STR("")));
    CU_ASSERT_EQUAL(files(s, NULL), 0);
    made_end(s, home);
}

/* --- harm --------------------------------------------------------------------------------------------- */

static void slurp(const char *path, unsigned char *p, size_t n)
{
    int fd = open(path, O_RDONLY);

    CU_ASSERT_EQUAL(read(fd, p, n), (ssize_t)n);
    close(fd);
}

static void spill(const char *path, const unsigned char *p, size_t n)
{
    int fd = open(path, O_WRONLY | O_TRUNC);

    CU_ASSERT_EQUAL(write(fd, p, n), (ssize_t)n);
    close(fd);
}

static unsigned bad_ones;
static void bad(void *arg, const struct store_finding *f)
{
    (void)arg;
    bad_ones += f->place == STORE_AT_BLOB;
}

static void must_be_damaged(struct store *s, size_t size, const char *what)
{
    struct store_verified done;
    int code = whole(s, 0, 3, size);

    if (code != ERR_DAMAGED)
        printf("\n    %s: %s ", what, err_name(code));
    CU_ASSERT_EQUAL(code, ERR_DAMAGED);
    bad_ones = 0;
    CU_ASSERT_EQUAL(store_verify(s, NULL, bad, NULL, &done, NULL), ERR_OK);
    CU_ASSERT_EQUAL(bad_ones, 1);
}

/* Kills blob-chunk-place and blob-last-unsaid. */
static void harmed(void)
{
    const size_t size = 3 * CHUNK + 50, n = (size_t)blob_file_bytes(size, true), each = BLOB_SEALED;
    unsigned char *good = mem_alloc(n + 1), *b = mem_alloc(n + 1);
    char home[64], path[PATH_MAX_BYTES];
    struct store *s = filled(home);
    struct store_verified done;

    CU_ASSERT_EQUAL(put(s, 0, 3, size, NULL), ERR_OK);
    CU_ASSERT_EQUAL(files(s, path), 1);
    slurp(path, good, n);
    for (size_t i = 0; i < n; i += 2999) {
        memcpy(b, good, n);
        b[i] ^= (unsigned char)(1u << i % 8);
        spill(path, b, n);
        CU_ASSERT_EQUAL(whole(s, 0, 3, size), ERR_DAMAGED);
    }
    memcpy(b, good, n); /* two changed about */
    memcpy(b, good + each, each);
    memcpy(b + each, good, each);
    spill(path, b, n);
    must_be_damaged(s, size, "changed about");
    spill(path, good, 3 * each);
    must_be_damaged(s, size, "cut at a chunk");
    spill(path, good, n - 1);
    must_be_damaged(s, size, "cut");
    good[n] = 0;
    spill(path, good, n + 1);
    must_be_damaged(s, size, "longer");
    /* A row that was changed so as to fit a cut file: the last chunk there is not a last one. */
    spill(path, good, 3 * each);
    CU_ASSERT_EQUAL(sql_exec(&s->w, "UPDATE blob SET have=3*65536", NULL), ERR_OK);
    must_be_damaged(s, 3 * CHUNK, "cut, and the row too");
    CU_ASSERT_EQUAL(sql_exec(&s->w, "UPDATE blob SET have=3*65536+50", NULL), ERR_OK);
    unlink(path);
    must_be_damaged(s, size, "gone");
    CU_ASSERT_EQUAL(put(s, 0, 3, size, NULL), ERR_OK); /* and it can be fetched again */
    CU_ASSERT_EQUAL(whole(s, 0, 3, size), ERR_OK);
    bad_ones = 0;
    CU_ASSERT_EQUAL(store_verify(s, NULL, bad, NULL, &done, NULL), ERR_OK);
    CU_ASSERT(!done.findings && done.chunks == 4);
    mem_free(good);
    mem_free(b);
    made_end(s, home);
}

/* A part that was harmed is begun anew. */
/* A file of two rows comes to harm: what is fetched again serves both. Kills blob-keeps-harmed. */
static void shared_harmed(void)
{
    char home[64], path[PATH_MAX_BYTES];
    struct store *s = filled(home);

    CU_ASSERT_EQUAL(put(s, 0, 4, 2 * CHUNK, NULL), ERR_OK);
    CU_ASSERT_EQUAL(put(s, 1, 4, 2 * CHUNK, NULL), ERR_OK);
    for (unsigned i = 0; i < 2; i++) {
        const struct store_blob_source src = source(i);
        struct store_blob_writer *w;

        CU_ASSERT_EQUAL(files(s, path), 1);
        spill(path, (const unsigned char *)"harm", 4);
        CU_ASSERT(whole(s, 0, 4, 2 * CHUNK) == ERR_DAMAGED && whole(s, 1, 4, 2 * CHUNK) == ERR_DAMAGED);
        CU_ASSERT_EQUAL_FATAL(store_blob_begin(s, &src, true, MADE_NOW, &w, NULL), ERR_OK);
        CU_ASSERT_EQUAL(write_on(w, 4, 2 * CHUNK, NULL), ERR_OK);
        CU_ASSERT_EQUAL(store_blob_end(w, &anything, MADE_NOW + 1, NULL), ERR_OK);
        store_blob_free(w);
        CU_ASSERT(whole(s, 0, 4, 2 * CHUNK) == ERR_OK && whole(s, 1, 4, 2 * CHUNK) == ERR_OK);
    }
    made_end(s, home);
}

static void part_harmed(void)
{
    const struct store_blob_source src = source(0);
    const size_t n = (size_t)blob_file_bytes(6 * CHUNK, false);
    unsigned char *b = mem_alloc(n);
    char home[64], path[PATH_MAX_BYTES];
    struct store *s = filled(home);
    struct store_blob_writer *w;
    struct store_blob had;

    CU_ASSERT_EQUAL_FATAL(store_blob_begin(s, &src, false, MADE_NOW, &w, NULL), ERR_OK);
    CU_ASSERT_EQUAL(write_on(w, 8, 6 * CHUNK + 1, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_blob_keep(w, NULL), ERR_OK);
    store_blob_free(w);
    CU_ASSERT_EQUAL(files(s, path), 1);
    slurp(path, b, n);
    b[2 * BLOB_SEALED + 100] ^= 4;
    spill(path, b, n);
    CU_ASSERT_EQUAL_FATAL(store_blob_begin(s, &src, false, MADE_NOW, &w, NULL), ERR_OK);
    store_blob_begun(w, &had);
    CU_ASSERT_EQUAL(had.have, 0);
    CU_ASSERT_EQUAL(write_on(w, 8, 6 * CHUNK + 9, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_blob_end(w, &anything, MADE_NOW, NULL), ERR_OK);
    store_blob_free(w);
    CU_ASSERT_EQUAL(whole(s, 0, 8, 6 * CHUNK + 9), ERR_OK);
    mem_free(b);
    made_end(s, home);
}

#ifdef FAULT_INJECTION
/* Whatever fails: it is whole and right, or it is not said to be whole, and the next try makes it so. Kills
 * blob-have-before-sync. */
static void every_call(enum fault_kind kind)
{
    const size_t size = 17 * CHUNK + 3;
    unsigned long n = 1;
    bool clean = false;

    for (; !clean; n++) {
        char home[64];
        struct store *s = filled(home);
        struct store_blob b;
        struct err e = ERR_NONE;
        int code, read;

        fault_arm(kind, n);
        code = put(s, 0, 6, size, &e);
        clean = fault_count(kind) < n;
        fault_arm(kind, 0);
        if (code)
            CU_ASSERT(code == ERR_IO || code == ERR_NOMEM || code == ERR_FULL);
        read = look(s, 0, &b);
        if (code)
            CU_ASSERT(read == ERR_NOTFOUND || !b.whole); /* what failed was not said to be there */
        store_close(s);
        s = made_open(home);
        CU_ASSERT_EQUAL(whole(s, 0, 6, size), code ? ERR_NOTFOUND : ERR_OK);
        if (code)
            CU_ASSERT_EQUAL(put(s, 0, 6, size, &e), ERR_OK);
        CU_ASSERT_EQUAL(whole(s, 0, 6, size), ERR_OK);
        CU_ASSERT_EQUAL(files(s, NULL), 1);
        made_end(s, home);
        if (CU_get_number_of_failures() > 20)
            return;
    }
    printf("(%lu calls) ", n - 2);
}

static void every_file_call(void)
{
    every_call(FAULT_IO);
}

static void every_allocation(void)
{
    every_call(FAULT_MEM);
}
#endif

/* --- kills --------------------------------------------------------------------------------------------- */

#define KILLS 60

static void kills(void)
{
    const size_t size = 120 * CHUNK + 1;
    char home[64];
    struct store *s = filled(home);
    uint64_t had = 0;
    unsigned no = 0, rounds = 0, taken = 0, slack = 0; /* slack: where all is slow */

    store_close(s);
    while (rounds < 10 * KILLS && (rounds < KILLS || no < 2 || taken < 2)) {
        pid_t child = fork();
        struct store_blob b = {0};

        if (!child) {
            s = made_open(home);
            _exit(!s || put(s, no, no, size, NULL));
        }
        usleep(1000 * (2 + slack + rounds++ * 37 % 90)); /* it is killed wherever it is by then */
        kill(child, SIGKILL);
        CU_ASSERT_EQUAL(waitpid(child, NULL, 0), child);
        s = made_open(home);
        CU_ASSERT_FATAL(s != NULL);
        if (!look(s, no, &b)) {
            CU_ASSERT(b.have >= had && (b.whole || b.have % CHUNK == 0));
            taken += had && b.have > had;
            slack = b.have > had ? slack : slack + 10;
            had = b.have;
        }
        if (b.whole) {
            CU_ASSERT_EQUAL(whole(s, no, no, size), ERR_OK);
            had = 0;
            no++;
        }
        store_close(s);
    }
    printf("(%u kills, %u whole, %u took up a part) ", rounds, no, taken);
    CU_ASSERT(taken > 1 && no > 1);
    made_remove(home);
}

/* --- the store as a whole -------------------------------------------------------------------------------- */

static void as_a_whole(void)
{
    char home[64], there[64], file[PATH_MAX_BYTES];
    struct store *s = filled(home);
    struct secret *p = made_pass("correct horse");
    const struct store_proof proof = {.kind = STORE_SLOT_PASSPHRASE, .secret = p};
    struct store_slot dropped[STORE_SLOTS];
    struct store_verified done;
    struct store_blob b;
    struct stat st;
    unsigned n = 0;

    CU_ASSERT_EQUAL(put(s, 0, 2, 5 * CHUNK + 5, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_rotate(s, &proof, NULL, dropped, &n, NULL), ERR_OK);
    CU_ASSERT_EQUAL(whole(s, 0, 2, 5 * CHUNK + 5), ERR_OK);
    snprintf(file, sizeof file, "%s/backup", home);
    CU_ASSERT_EQUAL(store_backup(s, file, NULL, NULL), ERR_OK);
    CU_ASSERT_EQUAL(whole(s, 0, 2, 5 * CHUNK + 5), ERR_OK);
    made_home(there);
    CU_ASSERT_EQUAL(store_restore(there, file, &proof, NULL, NULL, NULL), ERR_OK);
    store_close(s);
    s = made_open(there);
    CU_ASSERT_EQUAL(look(s, 0, &b), ERR_NOTFOUND); /* a cache: not in a backup */
    CU_ASSERT_EQUAL(store_verify(s, NULL, bad, NULL, &done, NULL), ERR_OK);
    CU_ASSERT_EQUAL(done.findings, 0);
    CU_ASSERT_EQUAL(put(s, 0, 2, 9, NULL), ERR_OK);
    store_close(s);
    CU_ASSERT_EQUAL(store_wipe(there, NULL), ERR_OK);
    snprintf(file, sizeof file, "%s/" STORE_BLOBS, there);
    CU_ASSERT(stat(file, &st) != 0);
    made_remove(there);
    secret_free(p);
    made_remove(home);
}

static const struct unit_test tests[] = {
    {"any length comes back as it was", lengths},
    {"nothing of it in clear", sealed},
    {"synced before it is counted", synced_first},
    {"a part is taken up where its whole chunks end", parts},
    {"what came from another URL is another one", another_url},
    {"what the record says of it is asked for", mismatch},
    {"begun anew with other content", restarted},
    {"the same content is one file, and goes with its last row", shared},
    {"the least recently used goes first", evicted},
    {"attachments go before rows", before_rows},
    {"no harm to a file passes", harmed},
    {"one of two rows that is harmed is fetched once", shared_harmed},
    {"a part that was harmed is begun anew", part_harmed},
#ifdef FAULT_INJECTION
    {"every file call fails once", every_file_call},
    {"every allocation fails once", every_allocation},
#endif
    {"killed at any moment", kills},
    {"rotated, backed up, restored, wiped", as_a_whole},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("blob", tests, sizeof tests / sizeof *tests);
}
