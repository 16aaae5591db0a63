/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/date.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#define LOG_MAX (1 << 20)

static int log_fd = -1;
static struct clock log_clock;
static pthread_mutex_t log_mutex = PTHREAD_MUTEX_INITIALIZER;

/* Of a full file the newest half MiB stays. */
static void keep_short(int fd)
{
    struct stat st;
    char *p;
    ssize_t n;

    if (fstat(fd, &st) || st.st_size <= LOG_MAX)
        return;
    p = mem_alloc(LOG_MAX / 2);
    n = p ? pread(fd, p, LOG_MAX / 2, st.st_size - LOG_MAX / 2) : -1;
    if (n > 0 && ftruncate(fd, 0) == 0) {
        char *line = memchr(p, '\n', (size_t)n);

        if (line)
            (void)!write(fd, line + 1, (size_t)(p + n - line - 1));
    }
    mem_free(p);
}

int log_open(const char *path, const struct clock *clock)
{
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return ERR_IO;
    log_close();
    pthread_mutex_lock(&log_mutex);
    keep_short(fd);
    log_clock = *clock;
    log_fd = fd;
    pthread_mutex_unlock(&log_mutex);
    return ERR_OK;
}

void log_close(void)
{
    pthread_mutex_lock(&log_mutex);
    if (log_fd >= 0)
        close(log_fd);
    log_fd = -1;
    pthread_mutex_unlock(&log_mutex);
}

void log_event(const char *event, int code, const char *type, int64_t a, int64_t b)
{
    char line[256], when[DATE_INSTANT_MAX];
    int n;

    pthread_mutex_lock(&log_mutex);
    if (log_fd >= 0) {
        date_instant(clock_wall_ms(&log_clock), when);
        n = snprintf(line, sizeof line, "%s %s %s %s %" PRId64 " %" PRId64 "\n", when, event,
                     err_name(code), type && str_is_type(str_of(type)) ? type : "-", a, b);
        if (n > 0 && n < (int)sizeof line)
            (void)!write(log_fd, line, (size_t)n);
        keep_short(log_fd); /* a screen may stay open for months */
    }
    pthread_mutex_unlock(&log_mutex);
}
