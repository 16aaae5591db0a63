/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * HOME/reserve: room on the disk that is kept for edits. What lies in it is nothing; that it lies there is all.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "store/owner.h"
#include "store/priv.h"
#include "store/room.h"

static int reserve_path(const struct store *s, char path[PATH_MAX_BYTES])
{
    return path_join(path, owner_home(s->owner), STORE_RESERVE, NULL);
}

static bool is_there(const char *path)
{
    struct stat st;

    return !lstat(path, &st) && S_ISREG(st.st_mode) && (uint64_t)st.st_blocks * 512 >= STORE_RESERVE_BYTES;
}

bool reserve_is_held(const struct store *s)
{
    char path[PATH_MAX_BYTES];

    return !reserve_path(s, path) && is_there(path);
}

/* A file system may promise blocks that it has not set aside, or press zeros to nothing: then it is filled with what
 * nothing can be made less of. */
static int fill(int fd)
{
    unsigned char noise[16384];
    int why = posix_fallocate(fd, 0, STORE_RESERVE_BYTES);
    struct stat st;

    if (why || fstat(fd, &st) || (uint64_t)st.st_blocks * 512 >= STORE_RESERVE_BYTES)
        return why;
    for (off_t at = 0; at < (off_t)STORE_RESERVE_BYTES; at += (off_t)sizeof noise) {
        crypt_random(noise, sizeof noise);
        if (pwrite(fd, noise, sizeof noise, at) != (ssize_t)sizeof noise)
            return errno ? errno : ENOSPC;
    }
    return fsync(fd) ? errno : 0;
}

/* Whole or not at all. An errno. */
static int make(const char *path)
{
    int fd, why;

    if (fault_hit(FAULT_IO))
        return EIO;
    unlink(path);
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return errno;
    why = fill(fd);
    close(fd);
    if (why)
        unlink(path);
    return why;
}

/* Only a full disk is a reason to refuse a cache fill: where the file cannot be had for another one (a file system that
 * takes no new file), it protects nothing. */
bool reserve_take(struct store *s)
{
    char path[PATH_MAX_BYTES];
    int why;

    if (s->reserved)
        return true;
    if (reserve_path(s, path))
        return true;
    why = is_there(path) ? 0 : make(path);
    s->reserved = !why;
    return why != ENOSPC && why != EDQUOT;
}

/* Called from below a write of the writing connection. What a cache fill writes is never worth it. */
bool reserve_give(void *arg)
{
    struct store *s = arg;
    char path[PATH_MAX_BYTES];

    if (!s->reserved || !turn_mine(&s->turn) || !s->in_tx || !(s->full || s->removing) || reserve_path(s, path))
        return false;
    s->reserved = false;
    log_event("store.reserve", ERR_FULL, NULL, STORE_RESERVE_BYTES, 0);
    return !unlink(path);
}
