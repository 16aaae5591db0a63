/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files and input of whoever asked for a verb, when that is another process. Of the names that mean something else in
 * each process (/dev/fd, /proc/self, what leads there) none is followed: the owner would read its own.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef SYS_openat2
#include <linux/openat2.h>
#endif

#include "base/mem.h"
#include "cli/cli.h"
#include "loop/serve.h"

#define CHUNK_BYTES 65536

static bool is_own(const char *name)
{
    static const char *const own[] = {"/dev/std", "/dev/fd", "/dev/tty", "/proc/"};

    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (!strncmp(name, own[i], strlen(own[i])))
            return true;
    return false;
}

int cli_open(const struct cli_app *app, int in, const char *name)
{
    const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK; /* a pipe without a writer would wait for one */

    if (!app->guest)
        return openat(app->folder, name, O_RDONLY | O_CLOEXEC);
    if (!strcmp(name, "/dev/stdin")) /* to be closed as any other */
        return fcntl(in, F_DUPFD_CLOEXEC, 0);
    if (is_own(name)) {
        errno = EACCES;
        return -1;
    }
#ifdef SYS_openat2
    struct open_how how = {.flags = (unsigned long long)flags, .resolve = RESOLVE_NO_MAGICLINKS};
    long fd = syscall(SYS_openat2, app->folder, name, &how, sizeof how);

    if (fd >= 0 || errno != ENOSYS)
        return (int)fd;
#endif
    return openat(app->folder, name, flags);
}

/* As read(2), where `in` may be another process's: -1 with ECANCELED when the verb is to end. */
static long read_some(const struct cli_app *app, int in, void *p, size_t n)
{
    if (app->guest && !loop_serve_readable(app->guest, in)) {
        errno = ECANCELED;
        return -1;
    }
    return (long)read(in, p, n);
}

static int read_all(const struct cli_app *app, int fd, const char *name, struct buf *out, struct err *e)
{
    char *chunk = mem_alloc(CHUNK_BYTES);
    long n = 1;
    int r = chunk ? ERR_OK : err_set(e, ERR_NOMEM, 0, 0, NULL);

    while (!r && n > 0) {
        n = read_some(app, fd, chunk, CHUNK_BYTES);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n < 0)
            r = err_set(e, ERR_IO, errno, 0, name);
        else if (n > 0 && (r = buf_add(out, chunk, (size_t)n)))
            err_set(e, r, 0, (int64_t)out->max, name);
    }
    mem_wipe(chunk, CHUNK_BYTES);
    return r || out->n ? r : err_set(e, ERR_EMPTY, 0, 0, name);
}

int cli_read_input(const struct cli_app *app, int in, const char *path, struct buf *out, struct err *e)
{
    const char *slash = path ? strrchr(path, '/') : NULL, *name = slash ? slash + 1 : path;
    int fd, r;

    if (!path || !strcmp(path, "-"))
        return read_all(app, in, "standard input", out, e);
    fd = cli_open(app, in, path);
    if (fd < 0)
        return err_set(e, ERR_NOFILE, errno, 0, name);
    r = read_all(app, fd, name, out, e);
    close(fd);
    return r;
}
