/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The site's key pair in two files of one line each: FILE, the secret half, stays where nobody gets at it; FILE.pub
 * goes to every machine.
 */
#include "config.h"

#include "cli/priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_HEAD "wardline-escrow-secret-1 "
#define PUBLIC_HEAD "wardline-escrow-public-1 "
#define LINE_BYTES (sizeof SECRET_HEAD + 2 * CRYPT_BOX_SECRET + 1)

_Static_assert(sizeof SECRET_HEAD == sizeof PUBLIC_HEAD && CRYPT_BOX_SECRET == CRYPT_BOX_PUBLIC, "one reader for both");

static int digit(unsigned char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 32 bytes behind a head, from a file that is private or need not be. */
static int read_key(const char *path, const char *head, bool private, struct secret **out, struct err *e)
{
    const size_t h = strlen(head);
    struct secret *line = secret_new(LINE_BYTES), *key = secret_new(CRYPT_BOX_SECRET);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), r = ERR_OK;
    struct stat st;

    if (fd < 0 || fstat(fd, &st))
        r = err_set(e, ERR_NOFILE, errno, 0, path);
    else if (private && (st.st_mode & 077))
        r = err_set(e, ERR_PERM, 0, 0, path);
    else if (!line || !key)
        r = err_set(e, ERR_NOMEM, 0, 0, NULL);
    else if (secret_read_line(line, fd) || line->n != h + 2 * CRYPT_BOX_SECRET || memcmp(line->p, head, h))
        r = err_set(e, ERR_INPUT, 0, 0, path);
    for (size_t i = 0; !r && i < CRYPT_BOX_SECRET; i++) {
        int a = digit(line->p[h + 2 * i]), b = digit(line->p[h + 2 * i + 1]);

        if (a < 0 || b < 0)
            r = err_set(e, ERR_INPUT, 0, 0, path);
        else
            key->p[key->n++] = (unsigned char)(a << 4 | b);
    }
    if (fd >= 0)
        close(fd);
    secret_free(line);
    if (r) {
        secret_free(key);
        key = NULL;
    }
    *out = key;
    return r;
}

int cli_escrow_secret(const char *path, struct secret **out, struct err *e)
{
    return read_key(path, SECRET_HEAD, true, out, e);
}

int cli_escrow_public(const char *path, unsigned char out[CRYPT_BOX_PUBLIC], struct err *e)
{
    struct secret *s;
    int r = read_key(path, PUBLIC_HEAD, false, &s, e);

    if (!r)
        memcpy(out, s->p, CRYPT_BOX_PUBLIC);
    secret_free(s);
    return r;
}

static int write_key(const char *path, const char *head, const unsigned char *key, struct err *e)
{
    static const char hex[] = "0123456789abcdef";
    struct secret *line = secret_new(LINE_BYTES);
    int fd, r = ERR_OK;

    if (!line)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    secret_set(line, head, strlen(head));
    for (size_t i = 0; i < CRYPT_BOX_SECRET; i++) {
        line->p[line->n++] = (unsigned char)hex[key[i] >> 4];
        line->p[line->n++] = (unsigned char)hex[key[i] & 15];
    }
    line->p[line->n++] = '\n';
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        r = err_set(e, errno == EEXIST ? ERR_EXISTS : ERR_IO, errno, 0, path);
    else if (write(fd, line->p, line->n) != (ssize_t)line->n || fsync(fd))
        r = err_set(e, ERR_IO, errno, 0, path);
    if (fd >= 0)
        close(fd);
    if (r && fd >= 0)
        unlink(path);
    secret_free(line);
    return r;
}

int cli_escrow_pair(const char *path, struct err *e)
{
    struct secret *secret = secret_new(CRYPT_BOX_SECRET);
    unsigned char pk[CRYPT_BOX_PUBLIC];
    char public[PATH_MAX_BYTES];
    int r = secret ? ERR_OK : err_set(e, ERR_NOMEM, 0, 0, NULL);

    if (!r && snprintf(public, sizeof public, "%s.pub", path) >= (int)sizeof public)
        r = err_set(e, ERR_TOOBIG, 0, PATH_MAX_BYTES, "path");
    if (!r) {
        crypt_box_pair(pk, secret);
        if (!(r = write_key(path, SECRET_HEAD, secret->p, e)) && (r = write_key(public, PUBLIC_HEAD, pk, e)))
            unlink(path);
    }
    secret_free(secret);
    return r;
}
