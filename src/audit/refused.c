/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/path.h"

#define REFUSED_FILE "refused"
#define REFUSED_MOST 4096

void audit_refused_note(const char *home)
{
    char path[PATH_MAX_BYTES];
    struct stat st;
    int fd;

    if (path_join(path, home, REFUSED_FILE, NULL))
        return;
    fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size < REFUSED_MOST)
        (void)!write(fd, "x", 1);
    close(fd);
}

unsigned audit_refused(const char *home, int64_t *last_ms)
{
    char path[PATH_MAX_BYTES];
    struct stat st;

    *last_ms = 0;
    if (path_join(path, home, REFUSED_FILE, NULL) || lstat(path, &st) || !S_ISREG(st.st_mode))
        return 0;
    *last_ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
    return (unsigned)st.st_size;
}

void audit_refused_clear(const char *home)
{
    char path[PATH_MAX_BYTES];

    if (!path_join(path, home, REFUSED_FILE, NULL))
        unlink(path);
}
