/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/priv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"

/* Two locks on HOME/store.lock. Byte 0 by open file description: it excludes everybody, a second opening in
 * this very process too. Byte 1 by process: it excludes nobody and is there because only such a lock tells its
 * holder's pid. A file apart from the store, because closing any descriptor of a file drops this process's
 * locks on it, SQLite's own with them. The file stays: removing it would let two owners lock two files. */
#ifdef F_OFD_SETLK
#define OWNER_SETLK F_OFD_SETLK
#else
#define OWNER_SETLK F_SETLK
#endif

static int lock(int fd, int cmd, off_t byte, struct flock *l)
{
    *l = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return fcntl(fd, cmd, l);
}

int owner_take(const char *home, int *fd, struct err *e)
{
    char path[PATH_MAX_BYTES];
    struct flock l;
    struct stat st;
    int f, code = path_join(path, home, "store.lock", e);

    *fd = -1;
    if (code)
        return code;
    f = fault_hit(FAULT_IO) ? (errno = EIO, -1) : open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (f < 0 || fstat(f, &st)) {
        code = err_set(e, ERR_IO, errno, 0, path);
    } else if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077)) {
        code = err_set(e, ERR_PERM, 0, 0, path);
    } else if (lock(f, OWNER_SETLK, 0, &l)) {
        if (errno != EAGAIN && errno != EACCES)
            code = err_set(e, ERR_IO, errno, 0, path);
        else if (lock(f, F_GETLK, 1, &l) || l.l_type == F_UNLCK)
            code = err_set(e, ERR_INUSE, 0, 0, STORE_FILE);
        else
            code = err_set(e, ERR_INUSE, 0, l.l_pid, STORE_FILE);
    } else {
        lock(f, F_SETLK, 1, &l);
    }
    if (code && f >= 0)
        close(f);
    if (!code)
        *fd = f;
    return code;
}

void owner_drop(int fd)
{
    if (fd >= 0)
        close(fd);
}
