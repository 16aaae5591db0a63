/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/mem.h"
#include "cli/ask.h"
#include "loop/loop.h"

#define AGAIN_MS 20              /* an owner that comes or goes is tried again after so long */
#define YIELDED_MS 300           /* who gave the home up lets the one that asked for it come first */
#define LOOK_MS 100              /* between two looks whether a screen still waits */
#define WHOLE_MOST (32u << 20)
#define HELD_MOST (64u << 20)    /* bytes that a slow reader of our output has not taken yet */
#define WRITE_MOST 4096          /* what a pipe takes whole once it takes anything */

enum end { NONE, OWNER, ANSWERED, FAILED };

struct asking {
    struct cli_app *app;
    const struct store_key *key;
    struct loop *loop;
    struct buf held[2]; /* for standard output and error */
    char *packet;       /* of ASK_PIECE + 1 bytes */
    int fd;             /* the owner's socket, or -1 */
    pid_t pid;
    bool greeted, yield, said; /* said: something of its answer was written */
    bool result, stopped, paused;
    loop_timer silence, retry;
    int64_t until_ms;   /* boot clock: an owner must be met by then */
    int64_t first_ms;   /* so long before the first try */
    const atomic_bool *cancel; /* NULL: by signals */
    enum end end;
    int code;
    struct err *e;
};

static void meet(void *arg);

static void finish(struct asking *a, enum end end, int code)
{
    a->end = end;
    a->code = code;
    loop_stop(a->loop, 0);
}

static void fail(struct asking *a, int code, int64_t num)
{
    finish(a, FAILED, err_set(a->e, code, 0, num, STORE_FILE));
}

static void hang_up(struct asking *a)
{
    loop_cancel(a->loop, a->silence);
    a->silence = 0;
    if (a->fd < 0)
        return;
    loop_fd(a->loop, a->fd, 0, NULL, NULL);
    close(a->fd);
    a->fd = -1;
}

/* May the verb be asked for once more, of whoever owns the home then? */
static bool may_again(const struct asking *a)
{
    return !a->said && (a->yield || (a->app->verb->how & CLI_AGAIN));
}

static void later(struct asking *a)
{
    hang_up(a);
    if (a->stopped) { /* REQ: Ctrl-C is not forgotten over a change of owners */
        fail(a, ERR_CANCELLED, 0);
        return;
    }
    for (int i = 0; i < 2; i++) {
        loop_fd(a->loop, i + 1, 0, NULL, NULL);
        buf_clear(&a->held[i]);
    }
    loop_cancel(a->loop, a->retry);
    a->retry = loop_after(a->loop, AGAIN_MS, meet, a);
}

/* A new owner has as long as the first one had. */
static void anew(struct asking *a)
{
    a->until_ms = clock_boot_ms(&a->app->clock) + CLI_SILENT_MS;
    later(a);
}

static void silent(void *arg)
{
    struct asking *a = arg;

    a->silence = 0;
    if (a->stopped)
        fail(a, ERR_CANCELLED, 0);
    else
        fail(a, ERR_SILENT, a->pid);
}

static void heard(struct asking *a)
{
    loop_cancel(a->loop, a->silence);
    a->silence = loop_after(a->loop, CLI_SILENT_MS, silent, a);
}

/* --- what it says, to our own output ------------------------------------------------------------- */

static void writable(void *arg, int fd, short revents);

static void watch_owner(struct asking *a);

/* What can be asked once more is written when it is whole: so half a list is nobody's, whoever is killed. Unless it is
 * too long for that. */
static void drain(struct asking *a)
{
    bool whole = a->result || a->said || !may_again(a) || a->held[0].n > WHOLE_MOST;

    loop_fd(a->loop, 1, whole && a->held[0].n ? POLLOUT : 0, writable, a);
    loop_fd(a->loop, 2, a->held[1].n ? POLLOUT : 0, writable, a);
    a->paused = a->held[0].n + a->held[1].n > HELD_MOST;
    watch_owner(a);
    if (a->result && !a->held[0].n && !a->held[1].n)
        finish(a, ANSWERED, 0);
}

static void writable(void *arg, int fd, short revents)
{
    struct asking *a = arg;
    struct buf *b = &a->held[fd - 1];
    ssize_t n = write(fd, b->p, b->n < WRITE_MOST ? b->n : WRITE_MOST);

    (void)revents;
    a->said |= fd == 1; /* a line of progress can stand twice */
    if (n >= 0) {
        buf_drop(b, (size_t)n);
    } else if (errno == EPIPE) { /* as when it had written itself */
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
    } else if (errno != EINTR && errno != EAGAIN) {
        finish(a, FAILED, err_set(a->e, ERR_IO, errno, 0, fd == 1 ? "standard output" : "standard error"));
        return;
    }
    drain(a);
}

/* --- the conversation ----------------------------------------------------------------------------- */

/* The request, its proof, and two descriptors. */
static int ask(struct asking *a, const unsigned char challenge[STORE_CHALLENGE])
{
    const struct cli_app *app = a->app;
    unsigned flags = (a->key ? ASK_PROVEN : 0u) | (a->yield ? (unsigned)ASK_YIELD : 0u) |
                     (isatty(1) == 1 ? (unsigned)ASK_OUT_TERMINAL : 0u) |
                     (isatty(2) == 1 ? (unsigned)ASK_ERR_TERMINAL : 0u);
    unsigned char proof[STORE_PROOF] = {0};
    int fds[ASK_FDS] = {0, open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof fds)];
    } control = {.bytes = {0}};
    struct msghdr m = {.msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    struct iovec iov;
    struct buf request, packet;
    int r;

    buf_init(&request, LIMIT_ASK_BYTES - 8 - STORE_PROOF);
    buf_init(&packet, LIMIT_ASK_BYTES);
    r = fds[ASK_FOLDER] < 0
            ? ERR_IO
            : cli_ask_request(&request, flags, intl_characters(), a->yield ? 0 : app->words, app->word);
    if (!r && a->key)
        store_prove(a->key, challenge, buf_str(&request), proof);
    if (!r)
        r = cli_ask_packet(&packet, proof, buf_str(&request));
    if (r) {
        err_set(a->e, r, errno, LIMIT_ASK_BYTES, r == ERR_IO ? "." : "command line");
    } else {
        iov = (struct iovec){packet.p, packet.n};
        m.msg_iov = &iov;
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof fds);
        memcpy(CMSG_DATA(c), fds, sizeof fds);
        if (sendmsg(a->fd, &m, MSG_NOSIGNAL) < 0)
            r = ERR_GONE; /* it went, or dropped us: we meet the next one */
    }
    if (fds[ASK_FOLDER] >= 0)
        close(fds[ASK_FOLDER]);
    buf_fini(&packet);
    buf_fini(&request);
    return r;
}

static void greeting(struct asking *a, struct str packet)
{
    unsigned char challenge[STORE_CHALLENGE];
    bool open;
    int r;

    if (!cli_ask_greeted(packet, &open, challenge)) {
        fail(a, ERR_INUSE, a->pid); /* another version, which we do not understand */
        return;
    }
    a->greeted = true;
    r = ask(a, challenge);
    if (r == ERR_GONE)
        later(a);
    else if (r)
        finish(a, FAILED, r);
}

static void answer(struct asking *a, struct str packet)
{
    struct ask_answer w;
    struct buf *b;

    if (!cli_ask_answered(packet, &w)) {
        fail(a, ERR_BUG, 0);
        return;
    }
    if (w.kind != 'r' && a->app->typed) { /* it is not refused: the passphrase need not stay */
        secret_free(*a->app->typed);
        *a->app->typed = NULL;
    }
    if (w.kind == 'r' && w.again && may_again(a)) {
        anew(a);
        return;
    }
    if (w.kind == 'r') {
        a->result = true;
        a->app->status = w.status;
        *a->e = w.err;
        hang_up(a);
    } else if (w.kind != 'k') {
        b = &a->held[w.kind == 'e'];
        if (buf_addstr(b, w.bytes)) {
            fail(a, ERR_NOMEM, 0);
            return;
        }
    }
    drain(a);
}

/* It closed without an answer: it ended, and may have done what was asked, or not. What does no harm twice is asked
 * again of whoever comes next. */
static void closed(struct asking *a)
{
    if (a->stopped)
        fail(a, ERR_CANCELLED, 0);
    else if (!a->greeted || may_again(a))
        later(a);
    else
        fail(a, ERR_GONE, a->pid);
}

static void readable(void *arg, int fd, short revents)
{
    struct asking *a = arg;
    ssize_t n = recv(fd, a->packet, ASK_PIECE + 1, MSG_DONTWAIT);

    (void)revents;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        closed(a);
        return;
    }
    heard(a);
    if (a->greeted)
        answer(a, (struct str){a->packet, (size_t)n});
    else
        greeting(a, (struct str){a->packet, (size_t)n});
    mem_zero(a->packet, (size_t)n);
}

static void watch_owner(struct asking *a)
{
    if (a->fd >= 0)
        loop_fd(a->loop, a->fd, a->paused ? 0 : POLLIN, readable, a);
    if (a->paused) { /* it is we who do not listen */
        loop_cancel(a->loop, a->silence);
        a->silence = 0;
    }
}

/* --- meeting it ----------------------------------------------------------------------------------- */

/* Becomes the owner, or connects to the one that is. One that does neither answer nor let go in time is named. */
static void meet(void *arg)
{
    struct asking *a = arg;
    const char *home = a->app->home;
    bool late = clock_boot_ms(&a->app->clock) >= a->until_ms;
    int r = ERR_INUSE;

    a->retry = 0;
    a->greeted = false;
    if (a->key && (r = store_own(home, &a->app->owner, a->e)) != ERR_INUSE) {
        finish(a, r ? FAILED : OWNER, r);
        return;
    }
    if (a->key && a->e->num)
        a->pid = (pid_t)a->e->num;
    if (!a->yield && (a->app->verb->how & CLI_ALONE)) {
        fail(a, ERR_INUSE, a->pid);
        return;
    }
    r = store_owner_ask(home, &a->fd, &a->pid, a->e);
    if (!r) {
        heard(a);
        watch_owner(a);
    } else if (r == ERR_NOTFOUND && !a->key) {
        finish(a, FAILED, err_set(a->e, ERR_NOTTY, 0, 0, "--passphrase-fd"));
    } else if ((r == ERR_NOTFOUND || r == ERR_TIMEOUT) && !late) {
        later(a);
    } else {
        fail(a, r == ERR_NOTFOUND || r == ERR_TIMEOUT ? ERR_SILENT : r, a->pid);
    }
}

/* The first: the verb is to end. The owner tells how it ended. The second: at once. */
static void interrupted(void *arg, int signo)
{
    struct asking *a = arg;

    (void)signo;
    if (a->stopped || a->fd < 0 || !a->greeted || a->paused) {
        fail(a, ERR_CANCELLED, 0);
        return;
    }
    a->stopped = true;
    shutdown(a->fd, SHUT_WR);
    heard(a);
}

/* A screen that was locked again, or left, waits no more. */
static void look(void *arg)
{
    struct asking *a = arg;

    if (atomic_load(a->cancel))
        fail(a, ERR_CANCELLED, 0);
    else
        loop_after(a->loop, LOOK_MS, look, a);
}

static int run(struct asking *a)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    int r = loop_new(&a->app->clock, &a->loop);

    if (r)
        return err_set(a->e, r, 0, 0, "loop");
    a->fd = -1;
    a->packet = mem_alloc(ASK_PIECE + 1);
    for (int i = 0; i < 2; i++)
        buf_init(&a->held[i], HELD_MOST + ASK_PIECE);
    for (size_t i = 0; !a->cancel && i < sizeof signals / sizeof *signals; i++)
        loop_signal(a->loop, signals[i], interrupted, a);
    a->until_ms = clock_boot_ms(&a->app->clock) + CLI_SILENT_MS + a->first_ms;
    if (a->packet) {
        if (a->cancel)
            look(a);
        a->retry = loop_after(a->loop, a->first_ms, meet, a);
        loop_run(a->loop);
    } else {
        a->code = err_set(a->e, ERR_NOMEM, 0, 0, NULL);
    }
    hang_up(a);
    for (int i = 0; i < 2; i++)
        buf_fini(&a->held[i]);
    mem_free(a->packet);
    loop_free(a->loop);
    if (!a->cancel)
        signal(SIGPIPE, SIG_DFL); /* as before the loop: a command that runs here ends with its reader */
    return a->code;
}

int cli_guest_or_owner(struct cli_app *app, const struct store_key *key, struct err *e)
{
    struct asking a = {.app = app, .key = key, .e = e, .first_ms = app->yielded ? YIELDED_MS : 0};
    int r = key && !app->yielded ? store_own(app->home, &app->owner, e) : ERR_INUSE;

    if (r != ERR_INUSE) /* mostly there is no other: no loop, no threads for it */
        return r;
    r = run(&a);
    /* Refused for a key of before a rotation: it is unlocked anew, with what was typed. */
    app->stale = !r && a.end == ANSWERED && e->code == ERR_PASSPHRASE && key && store_key_stale(app->home, key);
    if (app->stale)
        return ERR_PASSPHRASE;
    app->answered = !r && a.end == ANSWERED;
    if (app->answered && e->code)
        app->status = cli_fail(e);
    return r;
}

int cli_guest_relieve(struct cli_app *app, const struct store_key *key, const atomic_bool *cancel, struct err *e)
{
    struct asking a = {.app = app, .key = key, .e = e, .yield = true, .cancel = cancel};
    int r = run(&a);

    if (!r && a.end == ANSWERED)
        r = e->code && e->code != ERR_LOCKED ? e->code : err_set(e, ERR_INUSE, 0, a.pid, STORE_FILE);
    return r;
}
