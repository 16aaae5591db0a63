/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/intl.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "crypt/secret.h"
#include "loop/loop.h"
#include "screen.h"
#include "ui/conf.h"

extern char **environ;

/* libcurl brings GnuTLS along, for RTMP and LDAP alone, and its constructor is a MiB of memory and a tenth of the
 * start. This is GnuTLS's own hook (GNUTLS_SKIP_GLOBAL_INIT); a libcurl that does use it starts it by itself. */
int _gnutls_global_init_skip(void);
int _gnutls_global_init_skip(void)
{
    return 1;
}

/* What may stay of the environment. The rest is a way in: SSLKEYLOGFILE writes down TLS secrets, OPENSSL_CONF
 * loads code, https_proxy diverts, TERMINFO feeds ncurses a hostile entry. */
static const char *const kept[] = {
    "TERM", "LANG", "LANGUAGE", "LC_*", "HOME", "USER", "TZ", "COLUMNS", "LINES", "XDG_DATA_HOME", "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "NO_COLOR", "SSH_CONNECTION", "TMUX", "STY",
};

static bool keep(const char *entry)
{
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        size_t n = strlen(kept[i]);

        if (kept[i][n - 1] == '*' ? !strncmp(entry, kept[i], n - 1) : !strncmp(entry, kept[i], n) && entry[n] == '=')
            return true;
    }
    return false;
}

static void drop_environment(void)
{
    char **to = environ;

    for (char **from = environ; from && *from; from++)
        if (keep(*from))
            *to++ = *from;
    if (to)
        *to = NULL;
}

/* A program that was started with one of 0, 1, 2 closed would open its store there. */
static bool standard_descriptors(void)
{
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            return false;
    return true;
}

int main(int argc, char **argv)
{
    struct cli_app app = {.passphrase_fd = -1, .folder = AT_FDCWD};
    bool screen = false;
    int status;

    mem_start();
    fault_from_env();
    drop_environment();
    umask(077);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error in words, not the end of a session */
    if (!standard_descriptors())
        return 70;
    intl_start(LOCALEDIR);
    app.clock = clock_system();
    app.rng = rng_system();
    app.settings = conf_check;
    if (crypt_init(&app.memory_locked))
        return 70;
    status = cli_main(&app, argc, argv, &screen);
    if (screen)
        status = screen_main(&app);
    log_close();
    return status;
}
