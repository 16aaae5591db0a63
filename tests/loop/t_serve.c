/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The door and the guests: who is let in, what they may send, how they leave.
 */
#include "config.h"

#include "tests/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "loop/serve.h"

#define ASK_MOST 100

struct house {
    char dir[64], path[100];
    int listening;
    struct serve *serve;
    atomic_int running, most, ran, cancelled;
    atomic_bool hold; /* verbs last until they are cancelled or this is over */
    struct serve_rules rules;
};

static size_t greet(void *arg, unsigned char note[SERVE_NOTE], char out[SERVE_GREETING])
{
    (void)arg;
    memcpy(note, "noted", 6);
    memcpy(out, "hello", 5);
    return 5;
}

/* Says what was asked, behind what was noted, and the byte that the first descriptor holds. */
static void run(void *arg, struct serve_guest *g)
{
    struct house *h = arg;
    struct str asked = loop_serve_asked(g);
    char answer[300];
    int n, now = atomic_fetch_add(&h->running, 1) + 1, most = atomic_load(&h->most);

    while (now > most && !atomic_compare_exchange_weak(&h->most, &most, now))
        ;
    if (str_is(asked, "park"))
        loop_serve_park(g);
    while (atomic_load(&h->hold) && !loop_serve_cancelled(g))
        loop_serve_pause(g, 5);
    if (loop_serve_cancelled(g))
        atomic_fetch_add(&h->cancelled, 1);
    if (str_is(asked, "flood"))
        for (int i = 0; i < 100000 && !loop_serve_send(g, STR("................................................")); i++)
            ;
    n = snprintf(answer, sizeof answer, "%s %.*s %d", (const char *)loop_serve_note(g), STR_ARG(asked),
                 loop_serve_cancelled(g));
    loop_serve_send(g, (struct str){answer, (size_t)n});
    atomic_fetch_add(&h->ran, 1);
    atomic_fetch_sub(&h->running, 1);
}

static void house_up(struct house *h)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};

    memset(h, 0, sizeof *h);
    snprintf(h->dir, sizeof h->dir, "/tmp/wardline-test-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(h->dir));
    snprintf(h->path, sizeof h->path, "%s/s", h->dir);
    memcpy(a.sun_path, h->path, strlen(h->path) + 1);
    h->listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(bind(h->listening, (struct sockaddr *)&a, sizeof a), 0);
    CU_ASSERT_EQUAL_FATAL(listen(h->listening, 16), 0);
    h->rules = (struct serve_rules){ASK_MOST, 1, 200, 2, STR("k"), 50, greet, run, h};
    CU_ASSERT_EQUAL_FATAL(loop_serve_start(h->listening, &h->rules, &h->serve), ERR_OK);
}

static void house_down(struct house *h)
{
    loop_serve_stop(h->serve);
    close(h->listening);
    unlink(h->path);
    rmdir(h->dir);
}

static int visit(const struct house *h)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    memcpy(a.sun_path, h->path, strlen(h->path) + 1);
    if (connect(fd, (struct sockaddr *)&a, sizeof a)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* The next message but a pulse, for at most 5 s: its length; 0 at the end, -1 for none. */
static ssize_t hear(int fd, char *out, size_t room)
{
    struct pollfd p = {fd, POLLIN, 0};
    struct clock c = clock_system();
    int64_t end = clock_boot_ms(&c) + 5000;
    ssize_t n = -1;

    do
        n = poll(&p, 1, 5000) == 1 ? recv(fd, out, room - 1, 0) : -1;
    while (n == 1 && out[0] == 'k' && clock_boot_ms(&c) < end);
    out[n > 0 ? n : 0] = '\0';
    return n < 0 && errno == ECONNRESET ? 0 : n;
}

static int say(int fd, const char *words, size_t n, int fds)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * 20)];
    } control = {.bytes = {0}};
    struct iovec iov = {(void *)(uintptr_t)words, n};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
    int null = open("/dev/null", O_RDONLY), set[20];

    for (int i = 0; i < 20; i++)
        set[i] = null;
    if (fds) {
        struct cmsghdr *c;

        m.msg_control = &control;
        m.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)fds);
        c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)fds);
        memcpy(CMSG_DATA(c), set, sizeof(int) * (size_t)fds);
    }
    n = sendmsg(fd, &m, MSG_NOSIGNAL) == (ssize_t)n;
    close(null);
    return n ? 0 : -1;
}

static int open_files(void)
{
    int n = 0;

    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void asked_and_answered(void)
{
    struct house h;
    char got[400];
    int fd;

    house_up(&h);
    fd = visit(&h);
    CU_ASSERT_EQUAL(hear(fd, got, sizeof got), 5);
    UNIT_STR(got, "hello");
    CU_ASSERT_EQUAL(say(fd, "what", 4, 1), 0);
    CU_ASSERT(hear(fd, got, sizeof got) > 0);
    UNIT_STR(got, "noted what 0");
    CU_ASSERT_EQUAL(hear(fd, got, sizeof got), 0); /* and that is all */
    close(fd);
    house_down(&h);
    CU_ASSERT_EQUAL(atomic_load(&h.ran), 1);
}

/* Nobody but this user is even greeted. As root another user is tried; else it cannot be. Kills
 * tests/mutants/owner-peer-uid.patch. */
static void another_user(void)
{
    struct house h;
    int status = 0;
    pid_t child;

    if (geteuid()) {
        unit_skip("only root can become another user");
        return;
    }
    house_up(&h);
    CU_ASSERT_EQUAL(chmod(h.dir, 0755) || chmod(h.path, 0666), 0);
    fflush(NULL);
    if (!(child = fork())) {
        char got[400];
        int fd;

        if (setuid(65534))
            _exit(9);
        fd = visit(&h);
        _exit(fd < 0 ? 8 : hear(fd, got, sizeof got) == 0 ? 0 : 1);
    }
    waitpid(child, &status, 0);
    CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
    house_down(&h);
    CU_ASSERT_EQUAL(atomic_load(&h.ran), 0);
}

/* What is no request: nothing is run, nothing of it stays. */
static void rude_ones(void)
{
    static const struct {
        size_t n;
        int fds;
    } rude[] = {{4, 0}, {4, 2}, {4, 8}, {4, 20}, {ASK_MOST + 1, 1}, {5000, 1}, {0, 0}};
    char words[5000], got[400];
    struct house h;
    int before = open_files(), fd;

    memset(words, 'x', sizeof words);
    house_up(&h);
    for (size_t i = 0; i < sizeof rude / sizeof *rude; i++) {
        fd = visit(&h);
        CU_ASSERT_EQUAL(hear(fd, got, sizeof got), 5);
        if (rude[i].n)
            CU_ASSERT_EQUAL(say(fd, words, rude[i].n, rude[i].fds), 0);
        CU_ASSERT_EQUAL(hear(fd, got, sizeof got), 0); /* the last says nothing: it is dropped in time */
        close(fd);
    }
    CU_ASSERT_EQUAL(atomic_load(&h.ran), 0);
    fd = visit(&h);
    CU_ASSERT_EQUAL(hear(fd, got, sizeof got), 5);
    CU_ASSERT_EQUAL(say(fd, words, ASK_MOST, 1), 0); /* as long as it may be */
    CU_ASSERT(hear(fd, got, sizeof got) > ASK_MOST);
    close(fd);
    house_down(&h);
    CU_ASSERT_EQUAL(open_files(), before);
}

/* Who leaves is not worked for; one word more is leaving. Kills tests/mutants/owner-guest-outlives-asker.patch. */
static void left(void)
{
    struct house h;
    char got[400];
    int fd[2];

    house_up(&h);
    atomic_store(&h.hold, true);
    for (int i = 0; i < 2; i++) {
        fd[i] = visit(&h);
        CU_ASSERT_EQUAL(hear(fd[i], got, sizeof got), 5);
        CU_ASSERT_EQUAL(say(fd[i], "stay", 4, 1), 0);
    }
    for (int i = 0; i < 1000 && atomic_load(&h.running) < 2; i++)
        usleep(5000);
    close(fd[0]);
    CU_ASSERT_EQUAL(say(fd[1], "!", 1, 0), 0);
    CU_ASSERT(hear(fd[1], got, sizeof got) > 0); /* it is told how that ended */
    UNIT_STR(got, "noted stay -1");
    close(fd[1]);
    for (int i = 0; i < 1000 && atomic_load(&h.ran) < 2; i++)
        usleep(5000);
    CU_ASSERT_EQUAL(atomic_load(&h.cancelled), 2);
    atomic_store(&h.hold, false);
    CU_ASSERT_EQUAL(atomic_load(&h.ran), 2);
    house_down(&h);
}

/* Two at once by these rules; the third waits, and hears that somebody is there. */
static void more_than_there_is_room_for(void)
{
    struct house h;
    char got[400];
    int fd[5];

    house_up(&h);
    atomic_store(&h.hold, true);
    for (int i = 0; i < 5; i++) {
        fd[i] = visit(&h);
        CU_ASSERT_EQUAL(hear(fd[i], got, sizeof got), 5);
        CU_ASSERT_EQUAL(say(fd[i], "one", 3, 1), 0);
    }
    CU_ASSERT_EQUAL(recv(fd[4], got, sizeof got, 0), 1);
    CU_ASSERT_EQUAL(got[0], 'k');
    atomic_store(&h.hold, false);
    for (int i = 0; i < 5; i++) {
        CU_ASSERT(hear(fd[i], got, sizeof got) > 0);
        UNIT_STR(got, "noted one 0");
        close(fd[i]);
    }
    CU_ASSERT_EQUAL(atomic_load(&h.most), 2);
    house_down(&h);
}

/* Those who only wait, for a sync that is not theirs, take nobody's place. Kills tests/mutants/owner-crowded-out.patch. */
static void parked(void)
{
    struct house h;
    char got[400];
    int fd[6];

    house_up(&h);
    atomic_store(&h.hold, true);
    for (int i = 0; i < 6; i++) {
        fd[i] = visit(&h);
        CU_ASSERT_EQUAL(hear(fd[i], got, sizeof got), 5);
        CU_ASSERT_EQUAL(say(fd[i], "park", 4, 1), 0);
    }
    for (int i = 0; i < 1000 && atomic_load(&h.running) < 6; i++)
        usleep(5000);
    CU_ASSERT_EQUAL(atomic_load(&h.running), 6); /* and by these rules two are served at once */
    for (int i = 0; i < 5; i++)
        close(fd[i]);
    atomic_store(&h.hold, false);
    CU_ASSERT(hear(fd[5], got, sizeof got) > 0);
    close(fd[5]);
    house_down(&h);
    CU_ASSERT_EQUAL(atomic_load(&h.ran), 6);
}

/* One that does not listen holds nobody up for ever. */
static void deaf_ones(void)
{
    struct house h;
    char got[400];
    int fd, n = 0;

    house_up(&h);
    fd = visit(&h);
    CU_ASSERT_EQUAL(hear(fd, got, sizeof got), 5);
    CU_ASSERT_EQUAL(say(fd, "flood", 5, 1), 0);
    for (int i = 0; i < 1000 && !atomic_load(&h.running); i++)
        usleep(1000);
    usleep(20000); /* it waits for room now */
    loop_serve_cancel(h.serve, 7);
    for (int i = 0; i < 1000 && atomic_load(&h.ran) < 1; i++)
        usleep(5000);
    CU_ASSERT_EQUAL(atomic_load(&h.ran), 1);
    while (hear(fd, got, sizeof got) > 0)
        n++;
    CU_ASSERT(n > 0);
    close(fd);
    house_down(&h);
}

/* All that were asked are answered before the door is gone; who has not asked is not waited for. */
static void stopped(void)
{
    struct house h;
    char got[400];
    int fd[3];

    house_up(&h);
    for (int i = 0; i < 3; i++) {
        fd[i] = visit(&h);
        CU_ASSERT_EQUAL(hear(fd[i], got, sizeof got), 5);
    }
    CU_ASSERT_EQUAL(say(fd[0], "now", 3, 1), 0);
    CU_ASSERT(hear(fd[0], got, sizeof got) > 0);
    house_down(&h);
    UNIT_STR(got, "noted now 0");
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(hear(fd[i], got, sizeof got), 0);
        close(fd[i]);
    }
}

static const struct unit_test tests[] = {
    {"a guest is greeted, heard and answered", asked_and_answered},
    {"another user is not", another_user},
    {"what is no request is dropped whole", rude_ones},
    {"who leaves is not worked for", left},
    {"those beyond the room wait, and hear so", more_than_there_is_room_for},
    {"those who only wait take no room", parked},
    {"a deaf guest is let go of", deaf_ones},
    {"stopping waits for those who asked", stopped},
};

UNIT_MAIN("serve", tests)
