/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two VFSes for SQLite's own test program (testfixture), which run beside this one builds and links with it. "sealed" opens
 * every main database through the seal, with a fixed data key; one that is not there yet is made. "control" does the same
 * without the seal: a plain database over unix-excl that begins in WAL mode with pages of 4096 bytes, 40 of them set aside. A
 * script that answers differently to the two has met the seal.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/seal_priv.h"

#define KEPT 256

/* In the place of seal_open.c's list: the scripts try every pragma there is. Those that no store may change they do not
 * ask for any more when they get here (see run). */
bool seal_pragma_allowed(const char *name, const char *value)
{
    (void)name, (void)value;
    return true;
}

static sqlite3_vfs sealed, control;
static const unsigned char dek[CRYPT_KEY] = {7};

/* Keys must outlive their connections; files come and go, so the last ones are kept. */
static struct seal_keys *keep(struct seal_keys *k)
{
    static struct seal_keys *kept[KEPT];
    static unsigned at;

    seal_keys_free(kept[at % KEPT]);
    return kept[at++ % KEPT] = k;
}

static bool absent(const char *name)
{
    struct stat st;

    return stat(name, &st) != 0 || st.st_size == 0;
}

static bool is_main(const char *name, int flags)
{
    return name && (flags & SQLITE_OPEN_MAIN_DB);
}

static int make_sealed(const char *name)
{
    struct seal_super s = {.version = SEAL_VERSION, .reader = SEAL_VERSION, .generation = 1, .codec = 2};
    struct seal_keys *k = NULL;
    int code;

    unlink(name);
    crypt_random(s.file_id, sizeof s.file_id);
    code = seal_create_dek(name, dek, &s, &k, NULL);
    seal_keys_free(k);
    return code ? SQLITE_CANTOPEN : SQLITE_OK;
}

static int open_sealed(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    sqlite3_vfs *seal = sqlite3_vfs_find(SEAL_VFS);
    struct seal_keys *k = NULL;
    int rc;

    (void)vfs;
    file->pMethods = NULL;
    if (!is_main(name, flags))
        return seal->xOpen(seal, name, file, flags, out);
    if (absent(name) && (flags & SQLITE_OPEN_CREATE) && (rc = make_sealed(name)))
        return rc;
    chmod(name, 0600);
    if (seal_unlock_dek(name, dek, &k, NULL))
        return absent(name) ? SQLITE_CANTOPEN : SQLITE_NOTADB;
    seal_opening(keep(k));
    rc = seal->xOpen(seal, name, file, flags, out);
    seal_opening(NULL);
    return rc;
}

static int make_control(const char *name)
{
    int reserve = SEAL_RESERVE, rc;
    sqlite3 *db = NULL;

    unlink(name);
    rc = sqlite3_open_v2(name, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "unix-excl");
    if (!rc)
        rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserve);
    if (!rc)
        rc = sqlite3_exec(db, "PRAGMA page_size=4096; PRAGMA auto_vacuum=2; PRAGMA journal_mode=WAL;"
                              "PRAGMA application_id=0x57444c4e; PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
    sqlite3_close(db);
    chmod(name, 0600);
    return rc;
}

static int open_control(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    sqlite3_vfs *real = sqlite3_vfs_find("unix-excl");
    int rc;

    (void)vfs;
    file->pMethods = NULL;
    if (is_main(name, flags) && absent(name) && (flags & SQLITE_OPEN_CREATE) && (rc = make_control(name)))
        return rc;
    return real->xOpen(real, name, file, flags, out);
}

/* What is not an opening goes straight to the VFS below. */
static void stand_on(sqlite3_vfs *mine, const char *name, const char *below,
                     int (*opens)(sqlite3_vfs *, const char *, sqlite3_file *, int, int *))
{
    *mine = *sqlite3_vfs_find(below);
    mine->zName = name;
    mine->xOpen = opens;
    mine->pNext = NULL;
    sqlite3_vfs_register(mine, 0);
}

__attribute__((constructor)) static void start(void)
{
    if (crypt_init(NULL) || seal_register()) {
        fprintf(stderr, "adapter: the seal does not start\n");
        _exit(99);
    }
    stand_on(&sealed, "sealed", SEAL_VFS, open_sealed);
    stand_on(&control, "control", "unix-excl", open_control);
}
