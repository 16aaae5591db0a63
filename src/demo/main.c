/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/intl.h"
#include "demo/demo.h"

struct options {
    unsigned port;
    const char *data;
    unsigned patients, charts; /* charts UINT_MAX: all */
    uint64_t seed;
    struct date today;         /* DATE_NONE: the clock's */
};

static const char usage[] = N_("Usage: wardline-demo [--port P] [--data FILE]\n"
                               "A FHIR R4 server on the loopback address, for trying wardline and for its tests.\n"
                               "  --port P      listen at 127.0.0.1:P; 0 (the default) takes any free port\n"
                               "  --data FILE   keep what is written in this SQLite file; without it, in memory\n"
                               "  --generate N  begin with N made-up patients\n"
                               "  --charts M    only the first M of them have full charts\n"
                               "  --seed S      another ward for another number (0 is the default)\n"
                               "  --today DATE  the ward as of that day, YYYY-MM-DD\n"
                               "  --help        this text\n"
                               "  --version     its version\n");

#define PATIENTS_MAX 999999

/* One line, exit status 1. */
static int refuse(const char *option)
{
    fprintf(stderr, _("wardline-demo: bad option or value: %s (try --help)\n"), option);
    return 1;
}

/* -1: go on; else the exit status. */
static int read_options(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {{"port", required_argument, NULL, 'p'},
                                          {"data", required_argument, NULL, 'd'},
                                          {"generate", required_argument, NULL, 'g'},
                                          {"charts", required_argument, NULL, 'c'},
                                          {"seed", required_argument, NULL, 's'},
                                          {"today", required_argument, NULL, 't'},
                                          {"help", no_argument, NULL, 'h'},
                                          {"version", no_argument, NULL, 'V'},
                                          {NULL, 0, NULL, 0}};
    int64_t n;
    int c;

    opterr = 0;
    while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
        switch (c) {
        case 'p':
            if (!str_int(str_of(optarg), 0, 65535, &n))
                return refuse("--port");
            o->port = (unsigned)n;
            break;
        case 'd':
            o->data = optarg;
            break;
        case 'g':
            if (!str_int(str_of(optarg), 0, PATIENTS_MAX, &n))
                return refuse("--generate");
            o->patients = (unsigned)n;
            break;
        case 'c':
            if (!str_int(str_of(optarg), 0, PATIENTS_MAX, &n))
                return refuse("--charts");
            o->charts = (unsigned)n;
            break;
        case 's':
            if (!str_int(str_of(optarg), 0, INT64_MAX, &n))
                return refuse("--seed");
            o->seed = (uint64_t)n;
            break;
        case 't':
            if (!date_parse(str_of(optarg), &o->today) || o->today.precision != DATE_DAY)
                return refuse("--today");
            break;
        case 'h':
            fputs(_(usage), stdout);
            return 0;
        case 'V':
            puts("wardline-demo " PACKAGE_VERSION);
            return 0;
        default:
            return refuse(argv[optind - 1]);
        }
    return optind < argc ? refuse(argv[optind]) : -1;
}

static int fail(const struct err *e)
{
    fprintf(stderr, "wardline-demo: %s %s%s%s\n", err_name(e->code), e->what, e->code == ERR_IO ? ": " : "",
            e->code == ERR_IO ? strerror(e->sub) : "");
    return err_exit(e->code);
}

struct filling {
    struct demo *d;
    int64_t now_ms;
};

static int take_bundle(void *arg, struct str bundle)
{
    struct filling *f = arg;
    struct demo_request q = {.method = STR("POST"), .path = STR(""), .body = bundle, .prefer = STR("return=minimal")};
    struct demo_response r = {0};

    demo_handle(f->d, f->now_ms, &q, &r);
    buf_fini(&r.body);
    return r.status == 200 ? ERR_OK : ERR_BUG;
}

static int fill(struct demo *d, const struct options *o, struct err *e)
{
    struct clock clock = clock_system();
    struct filling f = {d, clock_wall_ms(&clock)};
    struct date today = o->today.precision ? o->today : date_today(f.now_ms);

    if (!o->patients)
        return ERR_OK;
    return demo_generate(o->seed, o->patients, o->charts, &today, take_bundle, &f, e);
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
              "wardline-demo: http://127.0.0.1:%u/fhir, %zu patients\n", patients), port, patients);
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

    setlocale(LC_ALL, "");
    bindtextdomain(PACKAGE_NAME, LOCALEDIR);
    textdomain(PACKAGE_NAME);
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
        code = serve(d, fd, port, &stop, &e);
    demo_free(code && !d ? NULL : d);
    return code ? fail(&e) : 0;
}
