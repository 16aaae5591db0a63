/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A connection to a sealed store: opened with the one set of settings that the seal's promises need, and
 * kept from leaving them. Two gates share one list: FCNTL_PRAGMA and the authorizer, because
 * "PRAGMA temp.temp_store" never reaches our file.
 */
#include "config.h"

#include "store/seal_priv.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/vfs.h>

#include "base/mem.h"

#define BUSY_MS 2000

#define ANY "" /* no rule of the seal hangs on it */

/* Values that may be set; a name or a value that is not listed is refused, asking is always allowed. */
static const struct {
    const char *name;
    const char *values[6];
} pragmas[] = {
    {"journal_mode", {"wal"}},
    {"page_size", {"4096"}},
    {"mmap_size", {"0"}},
    {"temp_store", {"2", "memory"}},
    {"synchronous", {"1", "normal", "2", "full", "3", "extra"}},
    {"secure_delete", {"1", "on", "true", "yes"}},
    {"cell_size_check", {"1", "on", "true", "yes"}},
    {"trusted_schema", {"0", "off", "false", "no"}},
    {"writable_schema", {"0", "off", "false", "no", "reset"}},
    {"locking_mode", {"normal"}},
    {"query_only", {"1", "on", "true", "yes"}},
    {"auto_vacuum", {"2", "incremental"}},
    {"incremental_vacuum", {ANY}},
    {"cache_size", {ANY}},
    {"wal_autocheckpoint", {ANY}},
    {"wal_checkpoint", {ANY}},
    {"application_id", {ANY}},
    {"user_version", {ANY}},
    {"integrity_check", {ANY}},
    {"quick_check", {ANY}},
    {"table_info", {ANY}},
    {"index_info", {ANY}},
    {"index_list", {ANY}},
};

bool seal_pragma_allowed(const char *name, const char *value)
{
    if (!name || !value)
        return true;
    for (size_t i = 0; i < sizeof pragmas / sizeof *pragmas; i++)
        for (size_t v = 0; !strcasecmp(name, pragmas[i].name) && v < 6 && pragmas[i].values[v]; v++)
            if (!strcmp(pragmas[i].values[v], ANY) || !strcasecmp(value, pragmas[i].values[v]))
                return true;
    return false;
}

/* ATTACH of the empty name is VACUUM's own scratch database, in memory; one of a path is a copy that seal_copy has
 * just begun; every other would write pages that no key seals. */
int seal_authorize(void *to, int action, const char *a, const char *b, const char *c, const char *d)
{
    (void)c, (void)d;
    switch (action) {
    case SQLITE_ATTACH:
        return a && (!*a || (to && !strcmp(a, to))) ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_FUNCTION:
        return b && !strcasecmp(b, "load_extension") ? SQLITE_DENY : SQLITE_OK;
    case SQLITE_PRAGMA:
        return seal_pragma_allowed(a, b) ? SQLITE_OK : SQLITE_DENY;
    default:
        return SQLITE_OK;
    }
}

int seal_error(struct err *e, sqlite3 *db, int rc, const struct seal_keys *k, const char *path)
{
    int full = db ? sqlite3_extended_errcode(db) : rc;

    switch (rc & 0xff) {
    case SQLITE_NOMEM:
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(e, ERR_INUSE, 0, 0, path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return err_set(e, ERR_DAMAGED, full, seal_bad_page(k), path);
    case SQLITE_CANTOPEN:
    case SQLITE_FULL:
        return err_set(e, ERR_IO, db ? sqlite3_system_errno(db) : 0, 0, path);
    case SQLITE_IOERR:
        if (full == SQLITE_IOERR_DATA)
            return err_set(e, ERR_DAMAGED, full, seal_bad_page(k), path);
        return err_set(e, ERR_IO, db ? sqlite3_system_errno(db) : 0, 0, path);
    case SQLITE_INTERRUPT:
        return err_set(e, ERR_CANCELLED, 0, 0, NULL);
    case SQLITE_READONLY:
        return err_set(e, ERR_PERM, 0, 0, path);
    default:
        return err_set(e, ERR_SQL, full, 0, path);
    }
}

/* Locks and fsync on a network file system are not what they say (sqlite.org/faq.html#q5). */
static bool on_network(const char *path)
{
    static const unsigned long kinds[] = {0x6969 /* NFS */, 0x517b /* SMB */, 0xff534d42 /* CIFS */,
                                          0xfe534d42 /* SMB2 */, 0x5346414f /* AFS */, 0x73757245 /* Coda */};
    struct statfs st;

    if (statfs(path, &st))
        return false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if ((unsigned long)(uint32_t)st.f_type == kinds[i])
            return true;
    return false;
}

/* The directory's links resolved, the last part not: it must be the file itself. NULL: no such place. */
char *seal_canonical(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    char *dir = slash ? mem_dup(path, (size_t)(slash - path) + 1) : mem_dup(".", 1), *real = NULL, *full = NULL;

    if (dir)
        real = realpath(dir, NULL);
    if (real && (full = mem_alloc(strlen(real) + strlen(name) + 2)))
        snprintf(full, strlen(real) + strlen(name) + 2, "%s/%s", real, name);
    free(real);
    mem_free(dir);
    return full;
}

static int connect_to(const char *path, struct seal_keys *k, bool readonly, sqlite3 **db)
{
    int flags = SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_FULLMUTEX | SQLITE_OPEN_PRIVATECACHE, rc;

    seal_opening(k);
    rc = sqlite3_open_v2(path, db, flags | (readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE), SEAL_VFS);
    seal_opening(NULL);
    return rc;
}

static int settle(sqlite3 *db, bool readonly)
{
    static const struct {
        int option, value;
    } config[] = {{SQLITE_DBCONFIG_DEFENSIVE, 1},    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                  {SQLITE_DBCONFIG_DQS_DML, 0},      {SQLITE_DBCONFIG_DQS_DDL, 0},
                  {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0}};
    int rc = SQLITE_OK;

    sqlite3_extended_result_codes(db, 1);
    for (size_t i = 0; !rc && i < sizeof config / sizeof *config; i++)
        rc = sqlite3_db_config(db, config[i].option, config[i].value, NULL);
    sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 1); /* VACUUM's */
    if (!rc)
        rc = sqlite3_exec(db,
                          "PRAGMA temp_store=2; PRAGMA mmap_size=0; PRAGMA secure_delete=ON; PRAGMA cell_size_check=ON;"
                          "PRAGMA wal_autocheckpoint=16384; PRAGMA synchronous=NORMAL",
                          NULL, NULL, NULL);
    if (!rc && readonly) /* a reader that is the last to close leaves the log as it lies */
        rc = sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (!rc && readonly)
        rc = sqlite3_exec(db, "PRAGMA query_only=ON", NULL, NULL, NULL);
    return rc;
}

static bool answers(sqlite3 *db, const char *question, const char *want, int *rc)
{
    sqlite3_stmt *st = NULL;
    bool yes = false;

    *rc = sqlite3_prepare_v2(db, question, -1, &st, NULL);
    if (!*rc && (*rc = sqlite3_step(st)) == SQLITE_ROW) {
        const char *got = (const char *)sqlite3_column_text(st, 0);

        yes = got && !strcasecmp(got, want);
        *rc = SQLITE_OK;
    }
    sqlite3_finalize(st);
    return yes;
}

/* Reads page 1 (which takes the lock and recovers the log) and asserts what the format promises of it. */
static int first_look(sqlite3 *db)
{
    int rc, reserve = -1;

    if (!answers(db, "PRAGMA journal_mode", "wal", &rc) || rc)
        return rc ? rc : SQLITE_CORRUPT;
    if (!answers(db, "SELECT count(*)>=0 FROM sqlite_schema", "1", &rc) || rc)
        return rc ? rc : SQLITE_CORRUPT;
    if (!answers(db, "PRAGMA page_size", "4096", &rc) || rc)
        return rc ? rc : SQLITE_CORRUPT;
    rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserve);
    return rc ? rc : reserve == SEAL_RESERVE ? SQLITE_OK : SQLITE_CORRUPT;
}

int seal_open(const char *path, struct seal_keys *keys, bool readonly, sqlite3 **db, struct err *e)
{
    unsigned char head[1];
    uint64_t size = 0;
    size_t got;
    int rc, code = seal_register();
    char *full = NULL;

    *db = NULL;
    if (!code && !keys->anywhere)
        code = seal_read_head(path, head, sizeof head, &got, &size, e);
    if (code)
        return code;
    if (!keys->anywhere && size < SEAL_DATA_OFFSET + SEAL_PAGE)
        return err_set(e, ERR_DAMAGED, 0, 1, path);
    if (!keys->anywhere && on_network(path))
        return err_set(e, ERR_UNSUPPORTED, 0, 0, "network file system");
    if (!(full = seal_canonical(path)))
        return err_set(e, errno == ENOMEM ? ERR_NOMEM : ERR_IO, errno, 0, path);
    rc = connect_to(full, keys, readonly, db);
    if (!rc)
        rc = settle(*db, readonly);
    if (!rc)
        rc = first_look(*db);
    if (!rc && !readonly && sqlite3_db_readonly(*db, "main"))
        rc = SQLITE_READONLY;
    if (!rc)
        rc = sqlite3_set_authorizer(*db, seal_authorize, NULL);
    if (!rc)
        sqlite3_busy_timeout(*db, BUSY_MS); /* only now: a second process must be told at once */
    code = rc ? seal_error(e, *db, rc, keys, path) : ERR_OK;
    if (code) {
        sqlite3_close(*db);
        *db = NULL;
    }
    mem_free(full);
    return code;
}
