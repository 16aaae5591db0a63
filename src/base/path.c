/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int path_join(char out[PATH_MAX_BYTES], const char *dir, const char *name, struct err *e)
{
    int n = snprintf(out, PATH_MAX_BYTES, "%s/%s", dir, name);

    return n > 0 && n < PATH_MAX_BYTES ? ERR_OK : err_set(e, ERR_TOOBIG, 0, PATH_MAX_BYTES, "path");
}

bool path_beside(const char *name, char out[PATH_MAX_BYTES])
{
    char program[PATH_MAX_BYTES];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    char *end;

    if (n <= 0)
        return false;
    program[n] = '\0';
    if (!(end = strrchr(program, '/')))
        return false;
    *end = '\0';
    return path_join(out, program, name, NULL) == ERR_OK && !access(out, X_OK);
}

void path_data(const char *name, char out[PATH_MAX_BYTES])
{
    char inside[PATH_MAX_BYTES];

    if (path_join(inside, "data", name, NULL) != ERR_OK || !path_beside(inside, out))
        if (path_join(out, PKGDATADIR, name, NULL) != ERR_OK)
            out[0] = '\0';
}

bool path_config(const char *name, char out[PATH_MAX_BYTES])
{
    const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    char dir[PATH_MAX_BYTES];

    if (xdg && xdg[0] == '/')
        return !path_join(dir, xdg, "wardline", NULL) && !path_join(out, dir, name, NULL);
    return home && home[0] == '/' && !path_join(dir, home, ".config/wardline", NULL) &&
           !path_join(out, dir, name, NULL);
}

int path_home(const char *given, char out[PATH_MAX_BYTES], struct err *e)
{
    const char *xdg = getenv("XDG_DATA_HOME"), *home = getenv("HOME");

    if (given) {
        if (!*given || strlen(given) >= PATH_MAX_BYTES - 32)
            return err_set(e, ERR_USAGE, 0, 0, "--home");
        memcpy(out, given, strlen(given) + 1);
        return ERR_OK;
    }
    if (xdg && xdg[0] == '/' && strlen(xdg) < PATH_MAX_BYTES - 64)
        return path_join(out, xdg, "wardline", e);
    if (home && home[0] == '/' && strlen(home) < PATH_MAX_BYTES - 64)
        return path_join(out, home, ".local/share/wardline", e);
    return err_set(e, ERR_NOHOME, 0, 0, NULL);
}

/* A directory that was just made is there for good only when the one that holds it is on disk. As well as may be:
 * one that cannot be read cannot be synced. */
static void sync_holder(const char *dir)
{
    char holder[PATH_MAX_BYTES];
    const char *slash = strrchr(dir, '/');
    size_t n = slash ? (size_t)(slash - dir) + 1 : 0;
    int fd;

    memcpy(holder, n ? dir : ".", n ? n : 1);
    holder[n ? n : 1] = '\0';
    fd = open(holder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

int path_make_private(const char *dir, struct err *e)
{
    char part[PATH_MAX_BYTES];
    struct stat st;
    size_t n = strlen(dir);

    if (n >= sizeof part)
        return err_set(e, ERR_TOOBIG, 0, PATH_MAX_BYTES, "path");
    memcpy(part, dir, n + 1);
    for (size_t i = 1; i <= n; i++) {
        if (dir[i] != '/' && dir[i] != '\0')
            continue;
        part[i] = '\0';
        if (!mkdir(part, 0700))
            sync_holder(part);
        else if (errno != EEXIST)
            return err_set(e, ERR_IO, errno, 0, part);
        part[i] = dir[i];
    }
    if (lstat(dir, &st))
        return err_set(e, ERR_IO, errno, 0, dir);
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
        return err_set(e, ERR_PERM, 0, 0, dir);
    return ERR_OK;
}
