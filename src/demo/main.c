/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/intl.h"
#include "demo/demo.h"

struct options {
    unsigned port, patients, charts;
    uint64_t seed;
    struct date today; /* DATE_NONE: the clock's day */
    const char *data;
    struct demo_ways ways;
};

static const char usage[] =
    N_("Usage: wardline-demo [--port P] [--generate N] [--charts M] [--seed S] [--today DATE] "
       "[--data FILE] [--ways LIST]\n"
       "A FHIR R4 server on the loopback address, for trying wardline and for its tests.\n"
       "  --port P      listen at 127.0.0.1:P; 0 (the default) takes any free port\n"
       "  --generate N  make up N patients, unless FILE has some already\n"
       "  --charts M    M of them with full charts (default: all)\n"
       "  --seed S      another number, other patients (default 0)\n"
       "  --today DATE  the day on which the ward stands (default: today)\n"
       "  --data FILE   keep what is written in this SQLite file; without it, in memory\n"
       "  --ways LIST   answer as other servers do: server-ids, server-ids-400, no-location,\n"
       "                no-transaction, 412, no-history\n"
       "  --help        this text\n"
       "  --version     its version\n");

/* One line, exit status 1. */
static int refuse(const char *option)
{
    fprintf(stderr, _("wardline-demo: bad option or value: %s (try --help)\n"), option);
    return 1;
}

enum { PORT = 1, GENERATE, CHARTS, SEED, TODAY, DATA, WAYS, HELP, VERSION };

static const struct option options[] = {
    {"port", required_argument, NULL, PORT},
    {"generate", required_argument, NULL, GENERATE},
    {"charts", required_argument, NULL, CHARTS},
    {"seed", required_argument, NULL, SEED},
    {"today", required_argument, NULL, TODAY},
    {"data", required_argument, NULL, DATA},
    {"ways", required_argument, NULL, WAYS},
    {"help", no_argument, NULL, HELP},
    {"version", no_argument, NULL, VERSION},
    {NULL, 0, NULL, 0},
};

/* False: the value is not one for this option. */
static bool read_value(struct options *o, int option, struct str value)
{
    int64_t n = 0;

    switch (option) {
    case PORT:
        if (!str_int(value, 0, 65535, &n))
            return false;
        o->port = (unsigned)n;
        return true;
    case GENERATE:
        if (!str_int(value, 0, 10000000, &n))
            return false;
        o->patients = (unsigned)n;
        return true;
    case CHARTS:
        if (!str_int(value, 0, 10000000, &n))
            return false;
        o->charts = (unsigned)n;
        return true;
    case SEED:
        if (!str_int(value, 0, INT64_MAX, &n))
            return false;
        o->seed = (uint64_t)n;
        return true;
    case TODAY:
        return date_parse(value, &o->today) && o->today.precision == DATE_DAY;
    case WAYS:
        return demo_ways_read(value, &o->ways);
    default:
        o->data = value.p;
        return value.n > 0;
    }
}

/* -1: go on; else the exit status. */
static int read_options(int argc, char **argv, struct options *o)
{
    int c, i = 0;

    opterr = 0;
    while ((c = getopt_long(argc, argv, "", options, &i)) != -1) {
        if (c == '?')
            return refuse(argv[optind - 1]);
        if (c == HELP) {
            fputs(_(usage), stdout);
            return 0;
        }
        if (c == VERSION) {
            puts("wardline-demo " PACKAGE_VERSION);
            return 0;
        }
        if (!read_value(o, c, str_of(optarg)))
            return refuse(argv[optind - 1]);
    }
    return optind < argc ? refuse(argv[optind]) : -1;
}

static int fail(const struct err *e)
{
    fprintf(stderr, "wardline-demo: %s %s%s%s\n", err_name(e->code), e->what,
            e->code == ERR_IO ? ": " : "", e->code == ERR_IO ? strerror(e->sub) : "");
    return err_exit(e->code);
}

/* Makes the ward up, unless the file holds one already. */
static int fill(struct demo *d, const struct options *o, struct err *e)
{
    struct clock clock = clock_system();
    int64_t now = clock_wall_ms(&clock);
    struct date today = o->today.precision ? o->today : date_today(now);

    if (!o->patients || demo_count(d, NULL, now))
        return ERR_OK;
    /* The ward was written a day ago: a client that syncs twice finds nothing new the second time. */
    return demo_fill(d, now - DATE_DAY_MS, o->seed, o->patients, o->charts, &today, e);
}

static int serve(struct demo *d, int fd, unsigned port, const sigset_t *stop, struct err *e)
{
    struct clock clock = clock_system();
    struct demo_server *s;
    size_t patients = demo_count(d, "Patient", clock_wall_ms(&clock));
    int signo, code = demo_serve(d, fd, &clock, &s, e);

    if (code)
        return code;
    printf(P_("wardline-demo: http://127.0.0.1:%u/fhir, %zu patient\n",
              "wardline-demo: http://127.0.0.1:%u/fhir, %zu patients\n", patients),
           port, patients);
    fflush(stdout);
    sigwait(stop, &signo);
    demo_server_stop(s);
    return ERR_OK;
}

int main(int argc, char **argv)
{
    struct options o = {.charts = UINT_MAX};
    struct rng ids = rng_system();
    struct err e = ERR_NONE;
    struct demo *d;
    sigset_t stop;
    char base[64];
    unsigned port;
    int fd, code;

    intl_start(LOCALEDIR);
    code = read_options(argc, argv, &o);
    if (code >= 0)
        return code;
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGHUP);
    sigprocmask(SIG_BLOCK, &stop, NULL); /* the server's thread inherits it; sigwait takes them */
    signal(SIGPIPE, SIG_IGN);
    if (demo_listen(o.port, &fd, &port, &e))
        return fail(&e);
    snprintf(base, sizeof base, "http://127.0.0.1:%u/fhir", port);
    code = demo_new(base, o.data, &ids, &d, &e);
    if (!code)
        code = fill(d, &o, &e);
    if (!code)
        *demo_ways(d) = o.ways; /* the ward itself has its ids from here */
    if (!code)
        code = serve(d, fd, port, &stop, &e);
    demo_free(d);
    return code ? fail(&e) : 0;
}
