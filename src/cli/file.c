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

#include "cli/cli.h"
#include "loop/serve.h"

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

long cli_read(const struct cli_app *app, int in, void *p, size_t n)
{
    if (app->guest && !loop_serve_readable(app->guest, in)) {
        errno = ECANCELED;
        return -1;
    }
    return (long)read(in, p, n);
}
