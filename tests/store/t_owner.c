/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Owning a home: one process at a time, its socket, the proof; and whose turn it is to write.
 */
#include "config.h"

#include "tests/store/made.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "store/owner.h"

static struct store_key *key_of(const char *home)
{
    struct secret *p = made_pass("correct horse");
    struct store_key *k = NULL;

    store_unlock(home, p, &k, NULL);
    secret_free(p);
    return k;
}

static void new_home(char home[64])
{
    struct secret *p = made_pass("correct horse");

    made_home(home);
    CU_ASSERT_EQUAL_FATAL(store_create(home, p, &made_kdf, NULL), ERR_OK);
    secret_free(p);
}

/* A process that owns the home and listens, until it is killed. */
static pid_t owner_elsewhere(const char *home)
{
    int told[2];
    char word = 0;
    pid_t child;

    CU_ASSERT_EQUAL_FATAL(pipe(told), 0);
    fflush(NULL);
    if (!(child = fork())) {
        struct store_owner *o;
        int fd;

        word = store_own(home, &o, NULL) || store_owner_listen(o, &fd, NULL) ? 'n' : 'y';
        (void)!write(told[1], &word, 1);
        for (;;)
            pause();
    }
    CU_ASSERT_EQUAL(read(told[0], &word, 1), 1);
    CU_ASSERT_EQUAL(word, 'y');
    close(told[0]);
    close(told[1]);
    return child;
}

static void end(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void one_owns(void)
{
    struct store_owner *o, *again;
    struct err e = ERR_NONE;
    char home[64];
    pid_t other;
    int fd;

    new_home(home);
    CU_ASSERT_EQUAL(store_own(home, &o, &e), ERR_OK);
    CU_ASSERT_EQUAL(store_own(home, &again, &e), ERR_INUSE);
    CU_ASSERT_PTR_NULL(again);
    store_disown(o);
    other = owner_elsewhere(home);
    CU_ASSERT_EQUAL(store_own(home, &o, &e), ERR_INUSE);
    CU_ASSERT_EQUAL(e.num, other);
    kill(other, SIGSTOP); /* one that is stopped owns it still */
    CU_ASSERT_EQUAL(store_own(home, &o, &e), ERR_INUSE);
    end(other);
    CU_ASSERT_EQUAL_FATAL(store_own(home, &o, &e), ERR_OK);
    fflush(NULL);
    if (!fork()) { /* a child that was forked later gives nothing up */
        store_disown(o);
        _exit(0);
    }
    wait(NULL);
    CU_ASSERT_EQUAL(store_own(home, &again, &e), ERR_INUSE);
    CU_ASSERT_EQUAL(store_owner_listen(o, &fd, &e), ERR_OK);
    store_disown(o);
    made_remove(home);
}

/* The store comes and goes under an owner, as when a screen is locked. */
static void locked_and_unlocked(void)
{
    struct store *s, *twice;
    struct store_owner *o;
    struct err e = ERR_NONE;
    char home[64];
    pid_t child;
    int status;

    new_home(home);
    CU_ASSERT_EQUAL_FATAL(store_own(home, &o, &e), ERR_OK);
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL_FATAL(store_open_owned(o, key_of(home), &s, &e), ERR_OK);
        CU_ASSERT_EQUAL(store_open_owned(o, key_of(home), &twice, &e), ERR_INUSE);
        CU_ASSERT_EQUAL(e.num, 0);
        store_close(s);
        fflush(NULL);
        if (!(child = fork())) {
            struct store_owner *mine;

            _exit(store_own(home, &mine, &e) == ERR_INUSE && e.num == getppid() ? 0 : 1);
        }
        waitpid(child, &status, 0);
        CU_ASSERT_EQUAL(status, 0); /* closed, and still ours */
    }
    store_disown(o);
    s = made_open(home);
    CU_ASSERT_PTR_NOT_NULL(s);
    made_end(s, home);
}

static void the_socket(const char *home)
{
    char path[400];
    struct store_owner *o;
    struct err e = ERR_NONE;
    struct stat st;
    int fd, listening;
    pid_t pid, other;

    snprintf(path, sizeof path, "%s/" STORE_SOCKET, home);
    CU_ASSERT_EQUAL(store_owner_ask(home, &fd, &pid, &e), ERR_NOTFOUND);
    other = owner_elsewhere(home);
    CU_ASSERT_EQUAL(lstat(path, &st), 0);
    CU_ASSERT(S_ISSOCK(st.st_mode) && (st.st_mode & 0777) == 0600);
    CU_ASSERT_EQUAL(store_owner_ask(home, &fd, &pid, &e), ERR_OK);
    CU_ASSERT_EQUAL(pid, other);
    close(fd);
    end(other);
    CU_ASSERT_EQUAL(lstat(path, &st), 0); /* what it left leads to nobody */
    CU_ASSERT_EQUAL(store_owner_ask(home, &fd, &pid, &e), ERR_NOTFOUND);
    CU_ASSERT_EQUAL_FATAL(store_own(home, &o, &e), ERR_OK);
    CU_ASSERT_EQUAL(store_owner_ask(home, &fd, &pid, &e), ERR_NOTFOUND);
    CU_ASSERT_EQUAL(store_owner_listen(o, &listening, &e), ERR_OK);
    CU_ASSERT_EQUAL(store_owner_ask(home, &fd, &pid, &e), ERR_OK);
    CU_ASSERT_EQUAL(pid, getpid());
    close(fd);
    store_disown(o);
    CU_ASSERT_NOT_EQUAL(lstat(path, &st), 0);
}

static void sockets(void)
{
    char home[64], deep[200];

    made_home(home);
    the_socket(home);
    snprintf(deep, sizeof deep, "%s/%0120d", home, 0); /* no room for it in a socket's address */
    CU_ASSERT_EQUAL_FATAL(mkdir(deep, 0700), 0);
    the_socket(deep);
    made_remove(deep);
    made_remove(home);
}

/* Many see at once that the owner has died: one of them becomes it, and the socket is that one's. Kills
 * tests/mutants/owner-two-takeovers.patch: the name on the lock is believed instead of the lock. */
static void one_takes_over(void)
{
    enum { MANY = 12 };
    int go[2], told[2];
    pid_t child[MANY], dead, pid;
    char home[64];

    made_home(home);
    for (int round = 0; round < 20; round++) {
        char word[MANY];
        int n = 0, fd;
        pid_t winner = 0;

        dead = owner_elsewhere(home);
        end(dead);
        CU_ASSERT_EQUAL_FATAL(pipe(go) || pipe(told), 0);
        fflush(NULL);
        for (int i = 0; i < MANY; i++)
            if (!(child[i] = fork())) {
                struct store_owner *o;
                int s;

                close(go[1]);
                (void)!read(go[0], &s, 1); /* its end */
                s = store_own(home, &o, NULL) || store_owner_listen(o, &s, NULL);
                (void)!write(told[1], s ? "n" : "y", 1);
                for (;;)
                    pause();
            }
        close(go[0]);
        close(go[1]);
        close(told[1]);
        while (n < MANY && read(told[0], word + n, 1) == 1)
            winner += word[n++] == 'y';
        CU_ASSERT_EQUAL(n, MANY);
        CU_ASSERT_EQUAL(winner, 1);
        CU_ASSERT_EQUAL(store_owner_ask(home, &fd, &pid, NULL), ERR_OK);
        close(fd);
        for (int i = 0; i < MANY; i++)
            end(child[i]);
        close(told[0]);
    }
    made_remove(home);
}

/* Kills tests/mutants/owner-proof-ignored.patch. */
static void proofs(void)
{
    unsigned char challenge[STORE_CHALLENGE] = {1, 2, 3}, other[STORE_CHALLENGE] = {1, 2, 4}, proof[STORE_PROOF],
                  none[STORE_PROOF] = {0};
    char home[64], second[64];
    struct store *s, *t;
    struct store_key *k, *copy;

    new_home(home);
    s = made_open(home);
    t = made_store(second);
    k = key_of(home);
    CU_ASSERT_PTR_NOT_NULL_FATAL(k);
    store_prove(k, challenge, STR("list"), proof);
    CU_ASSERT(store_proven(s, challenge, STR("list"), proof));
    CU_ASSERT_FALSE(store_proven(s, other, STR("list"), proof));
    CU_ASSERT_FALSE(store_proven(s, challenge, STR("lisT"), proof));
    CU_ASSERT_FALSE(store_proven(s, challenge, STR(""), proof));
    CU_ASSERT_FALSE(store_proven(s, challenge, STR("list"), none));
    CU_ASSERT_FALSE(store_proven(t, challenge, STR("list"), proof)); /* the same passphrase, another store */
    copy = store_key_dup(k);
    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    store_key_free(k);
    store_prove(copy, other, STR("x"), proof);
    CU_ASSERT(store_proven(s, other, STR("x"), proof));
    store_key_free(copy);
    made_end(s, home);
    made_end(t, second);
}

/* --- whose turn it is to write ------------------------------------------------------------------ */

struct writers {
    struct store *s;
    pthread_mutex_t m;
    int inside, most, edits_wait, fills_before;
    bool go;
};

struct writer {
    struct writers *all;
    bool edit;
    int n, code;
    pthread_t thread;
};

static void *write_some(void *arg)
{
    struct writer *w = arg;
    struct store_tx *tx;

    for (int i = 0; i < w->n && !w->code; i++) {
        char value[32];

        w->code = store_begin(w->all->s, w->edit, &tx, NULL);
        if (w->code)
            break;
        pthread_mutex_lock(&w->all->m);
        w->all->inside++;
        w->all->most = w->all->inside > w->all->most ? w->all->inside : w->all->most;
        pthread_mutex_unlock(&w->all->m);
        snprintf(value, sizeof value, "%d", i);
        w->code = store_set(tx, w->edit ? "edit" : "fill", str_of(value), NULL);
        pthread_mutex_lock(&w->all->m);
        w->all->inside--;
        pthread_mutex_unlock(&w->all->m);
        if (i % 3)
            w->code = w->code ? w->code : store_commit(tx, NULL);
        else
            store_rollback(tx);
        store_rest(w->all->s);
    }
    return NULL;
}

static void one_writes(void)
{
    char home[64];
    struct writers all = {.s = made_store(home), .m = PTHREAD_MUTEX_INITIALIZER};
    struct writer w[6];
    struct store_tx *tx, *second;
    struct buf b;

    for (int i = 0; i < 6; i++) {
        w[i] = (struct writer){.all = &all, .edit = i % 2, .n = 60};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&w[i].thread, NULL, write_some, &w[i]), 0);
    }
    for (int i = 0; i < 6; i++) {
        pthread_join(w[i].thread, NULL);
        CU_ASSERT_EQUAL(w[i].code, ERR_OK);
    }
    CU_ASSERT_EQUAL(all.most, 1);
    buf_init(&b, 100);
    CU_ASSERT_EQUAL(store_setting(all.s, "edit", &b, NULL), ERR_OK);
    UNIT_STR(b.p, "59");
    buf_fini(&b);
    CU_ASSERT_EQUAL(store_begin(all.s, true, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_begin(all.s, true, &second, NULL), ERR_BUG); /* on one thread it would wait for itself */
    store_rollback(tx);
    store_rollback(tx); /* again is fine */
    made_end(all.s, home);
}

static void *one_fill(void *arg)
{
    struct writers *all = arg;
    struct store_tx *tx;

    if (!store_begin(all->s, false, &tx, NULL)) {
        pthread_mutex_lock(&all->m);
        all->fills_before += all->edits_wait > 0;
        pthread_mutex_unlock(&all->m);
        store_rollback(tx);
    }
    return NULL;
}

static void *one_edit(void *arg)
{
    struct writers *all = arg;
    struct store_tx *tx;

    pthread_mutex_lock(&all->m);
    all->edits_wait++;
    pthread_mutex_unlock(&all->m);
    if (!store_begin(all->s, true, &tx, NULL)) {
        pthread_mutex_lock(&all->m);
        all->edits_wait--;
        pthread_mutex_unlock(&all->m);
        store_rollback(tx);
    }
    return NULL;
}

/* Fills that have waited longer let an edit pass. Kills tests/mutants/owner-fill-before-edit.patch. */
static void edits_first(void)
{
    char home[64];
    struct writers all = {.s = made_store(home), .m = PTHREAD_MUTEX_INITIALIZER};
    pthread_t fill[8], edit[2];
    struct store_tx *tx;

    for (int round = 0; round < 20; round++) {
        CU_ASSERT_EQUAL_FATAL(store_begin(all.s, false, &tx, NULL), ERR_OK);
        for (int i = 0; i < 8; i++)
            pthread_create(&fill[i], NULL, one_fill, &all);
        for (int i = 0; i < 2; i++)
            pthread_create(&edit[i], NULL, one_edit, &all);
        for (int i = 0; i < 200; i++) { /* until both are at the door, and a moment more to reach for it */
            pthread_mutex_lock(&all.m);
            i = all.edits_wait < 2 ? 0 : i;
            pthread_mutex_unlock(&all.m);
            usleep(100);
        }
        store_rollback(tx);
        for (int i = 0; i < 8; i++)
            pthread_join(fill[i], NULL);
        for (int i = 0; i < 2; i++)
            pthread_join(edit[i], NULL);
    }
    CU_ASSERT_EQUAL(all.fills_before, 0);
    made_end(all.s, home);
}

static const struct unit_test tests[] = {
    {"one process owns a home", one_owns},
    {"the store comes and goes under its owner", locked_and_unlocked},
    {"the socket is its owner's, at any length of path", sockets},
    {"of many that see a dead owner one takes over", one_takes_over},
    {"a proof is for one challenge, one request, one store", proofs},
    {"one thread writes at a time", one_writes},
    {"an edit goes before cache fills", edits_first},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("owner", tests, sizeof tests / sizeof *tests);
}
