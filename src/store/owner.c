/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/mem.h"
#include "store/priv.h"
#include "store/seal_priv.h"

#define BACKLOG 32

/* Two locks on HOME/store.lock. Byte 0 by open file description: it excludes everybody, a second opening in
 * this very process too. Byte 1 by process: it excludes nobody and is there because only such a lock tells its
 * holder's pid. A file apart from the store, because closing any descriptor of a file drops this process's
 * locks on it, SQLite's own with them. The file stays: removing it would let two owners lock two files. */
#ifdef F_OFD_SETLK
#define OWNER_SETLK F_OFD_SETLK
#else
#define OWNER_SETLK F_SETLK
#endif

struct store_owner {
    char home[PATH_MAX_BYTES];
    int lock, socket;
    pid_t pid;
    pthread_mutex_t mutex; /* guards open */
    bool open;
};

static int lock(int fd, int cmd, off_t byte, struct flock *l)
{
    *l = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return fcntl(fd, cmd, l);
}

static int take(const char *home, int *fd, struct err *e)
{
    char path[PATH_MAX_BYTES];
    struct flock l;
    struct stat st;
    int f, code = path_join(path, home, "store.lock", e);

    *fd = -1;
    if (code)
        return code;
    f = fault_hit(FAULT_IO) ? (errno = EIO, -1) : open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (f < 0 || fstat(f, &st)) {
        code = err_set(e, ERR_IO, errno, 0, path);
    } else if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077)) {
        code = err_set(e, ERR_PERM, 0, 0, path);
    } else if (lock(f, OWNER_SETLK, 0, &l)) {
        if (errno != EAGAIN && errno != EACCES)
            code = err_set(e, ERR_IO, errno, 0, path);
        else if (lock(f, F_GETLK, 1, &l) || l.l_type == F_UNLCK)
            code = err_set(e, ERR_INUSE, 0, 0, STORE_FILE);
        else
            code = err_set(e, ERR_INUSE, 0, l.l_pid, STORE_FILE);
    } else {
        lock(f, F_SETLK, 1, &l);
    }
    if (code && f >= 0)
        close(f);
    if (!code)
        *fd = f;
    return code;
}

int store_own(const char *home, struct store_owner **out, struct err *e)
{
    struct store_owner *o = mem_alloc(sizeof *o);
    int code;

    *out = NULL;
    if (!o)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    code = strlen(home) < sizeof o->home ? take(home, &o->lock, e)
                                         : err_set(e, ERR_TOOBIG, 0, PATH_MAX_BYTES, "path");
    if (code) {
        mem_free(o);
        return code;
    }
    memcpy(o->home, home, strlen(home) + 1);
    o->socket = -1;
    o->pid = getpid();
    pthread_mutex_init(&o->mutex, NULL);
    *out = o;
    return ERR_OK;
}

const char *owner_home(const struct store_owner *o)
{
    return o->home;
}

int owner_enter(struct store_owner *o, struct err *e)
{
    bool open;

    pthread_mutex_lock(&o->mutex);
    open = o->open;
    o->open = true;
    pthread_mutex_unlock(&o->mutex);
    return open ? err_set(e, ERR_INUSE, 0, 0, STORE_FILE) : ERR_OK;
}

void owner_leave(struct store_owner *o)
{
    pthread_mutex_lock(&o->mutex);
    o->open = false;
    pthread_mutex_unlock(&o->mutex);
}

/* --- the socket -------------------------------------------------------------------------------- */

/* Calls bind or connect with HOME/name. A socket's address has room for 107 bytes: a longer path is reached through
 * the folder's descriptor. */
static int at_address(int (*call)(int fd, const struct sockaddr *a, socklen_t n), int fd, const char *home,
                      const char *name)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int dir = -1, r, why, n = snprintf(a.sun_path, sizeof a.sun_path, "%s/%s", home, name);

    if (n >= (int)sizeof a.sun_path) {
        if ((dir = open(home, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
            return -1;
        n = snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/%s", dir, name);
    }
    r = call(fd, (struct sockaddr *)&a, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n + 1));
    why = errno;
    if (dir >= 0)
        close(dir);
    errno = why;
    return r;
}

int store_owner_listen(struct store_owner *o, int *fd, struct err *e)
{
    char path[PATH_MAX_BYTES], fresh[PATH_MAX_BYTES];
    int s, bad, code = path_join(path, o->home, STORE_SOCKET, e);

    if (!code)
        code = path_join(fresh, o->home, STORE_SOCKET ".new", e);
    if (code)
        return code;
    s = fault_hit(FAULT_IO) ? (errno = EMFILE, -1) : socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (s < 0)
        return err_set(e, ERR_IO, errno, 0, path);
    unlink(fresh); /* of one that died here; under the lock there is no other */
    /* The mode before the name: no other moment, and no umask, which is the whole process's. */
    bad = fchmod(s, 0600) || at_address(bind, s, o->home, STORE_SOCKET ".new");
    if (bad || listen(s, BACKLOG) || rename(fresh, path)) {
        code = err_set(e, ERR_IO, errno, 0, path);
        unlink(fresh);
        close(s);
        return code;
    }
    o->socket = *fd = s;
    return ERR_OK;
}

int store_owner_ask(const char *home, int *fd, pid_t *pid, struct err *e)
{
    struct ucred peer;
    socklen_t n = sizeof peer;
    int s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), code = ERR_OK;

    *fd = -1;
    *pid = 0;
    if (s < 0)
        return err_set(e, ERR_IO, errno, 0, STORE_SOCKET);
    if (at_address(connect, s, home, STORE_SOCKET)) {
        if (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR)
            code = err_set(e, ERR_NOTFOUND, 0, 0, STORE_SOCKET);
        else if (errno == EAGAIN)
            code = err_set(e, ERR_TIMEOUT, 0, 0, STORE_SOCKET);
        else
            code = err_set(e, ERR_IO, errno, 0, STORE_SOCKET);
    } else if (getsockopt(s, SOL_SOCKET, SO_PEERCRED, &peer, &n)) {
        code = err_set(e, ERR_IO, errno, 0, STORE_SOCKET);
    } else if (peer.uid != geteuid()) { /* what is asked, and its descriptors, are for nobody else */
        code = err_set(e, ERR_PERM, 0, 0, STORE_SOCKET);
    } else {
        *pid = peer.pid;
    }
    if (code)
        close(s);
    else
        *fd = s;
    return code;
}

void store_disown(struct store_owner *o)
{
    char path[PATH_MAX_BYTES];

    if (!o || o->pid != getpid())
        return;
    if (o->socket >= 0) {
        if (!path_join(path, o->home, STORE_SOCKET, NULL))
            unlink(path); /* still under the lock: it is ours */
        close(o->socket);
    }
    close(o->lock);
    pthread_mutex_destroy(&o->mutex);
    mem_free(o);
}

/* --- the proof --------------------------------------------------------------------------------- */

static void prove(const struct seal_keys *k, const unsigned char challenge[STORE_CHALLENGE], struct str request,
                  unsigned char proof[STORE_PROOF])
{
    unsigned char text[8 + STORE_CHALLENGE + CRYPT_HASH];

    memcpy(text, "wl-ask-1", 8);
    memcpy(text + 8, challenge, STORE_CHALLENGE);
    crypt_hash(text + 8 + STORE_CHALLENGE, request.p, request.n, NULL);
    crypt_hash(proof, text, sizeof text, seal_key(k, SEAL_K_ASK));
}

bool store_key_stale(const char *home, const struct store_key *k)
{
    struct seal_super *s = mem_alloc(sizeof *s);
    char path[PATH_MAX_BYTES];
    bool stale = s && !path_join(path, home, STORE_FILE, NULL) && !seal_super_get(path, NULL, s, NULL) &&
                 memcmp(s->file_id, k->seal->file_id, SEAL_FILE_ID) != 0;

    mem_free(s);
    return stale;
}

void store_prove(const struct store_key *k, const unsigned char challenge[STORE_CHALLENGE], struct str request,
                 unsigned char proof[STORE_PROOF])
{
    prove(k->seal, challenge, request, proof);
}

bool store_proven(const struct store *s, const unsigned char challenge[STORE_CHALLENGE], struct str request,
                  const unsigned char proof[STORE_PROOF])
{
    unsigned char want[STORE_PROOF];

    prove(s->key->seal, challenge, request, want);
    return crypt_equal(want, proof, STORE_PROOF);
}
