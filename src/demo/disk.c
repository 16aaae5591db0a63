/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "demo/priv.h"

#include <sqlite3.h>
#include <string.h>

#include "base/mem.h"

struct demo_db {
    sqlite3 *db;
    sqlite3_stmt *put, *begin, *commit, *undo;
};

static const char schema[] =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=OFF;"
    "CREATE TABLE IF NOT EXISTS version("
    "  seq INTEGER PRIMARY KEY, type TEXT NOT NULL, id TEXT NOT NULL, number INTEGER NOT NULL,"
    "  updated_ms INTEGER NOT NULL, deleted INTEGER NOT NULL, bytes BLOB NOT NULL,"
    "  UNIQUE(type, id, number));";

static int sql_error(const struct demo_db *db, const char *path, struct err *e)
{
    return err_set(e, ERR_SQL, db->db ? sqlite3_extended_errcode(db->db) : SQLITE_NOMEM, 0, path);
}

static int prepare(struct demo_db *db, const char *sql, sqlite3_stmt **out)
{
    return sqlite3_prepare_v3(db->db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
}

static int load_row(struct demo *d, sqlite3_stmt *s)
{
    struct str type = {(const char *)sqlite3_column_text(s, 0), (size_t)sqlite3_column_bytes(s, 0)};
    struct str id = {(const char *)sqlite3_column_text(s, 1), (size_t)sqlite3_column_bytes(s, 1)};
    struct str bytes = {sqlite3_column_blob(s, 5), (size_t)sqlite3_column_bytes(s, 5)};
    uint32_t i, kind = demo_type(type);

    if (kind == DEMO_NONE || !str_is_id(id))
        return ERR_DAMAGED;
    if (demo_place(d, kind, id, &i))
        return ERR_NOMEM;
    return demo_load(d, i, sqlite3_column_int64(s, 3), (uint32_t)sqlite3_column_int64(s, 2), bytes,
                     sqlite3_column_int(s, 4));
}

static int load(struct demo *d, const char *path, struct err *e)
{
    sqlite3_stmt *s = NULL;
    int rc, code = ERR_OK;

    if (prepare(d->db,
                "SELECT type, id, number, updated_ms, deleted, bytes FROM version ORDER BY seq",
                &s))
        return sql_error(d->db, path, e);
    while (!code && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        code = load_row(d, s);
        if (code)
            err_set(e, code, 0, 0, path);
    }
    if (!code && rc != SQLITE_DONE)
        code = sql_error(d->db, path, e);
    sqlite3_finalize(s);
    return code;
}

int demo_db_open(struct demo *d, const char *path, struct err *e)
{
    struct demo_db *db = d->db = mem_alloc(sizeof *db);

    if (!db)
        return err_set(e, ERR_NOMEM, 0, 0, "demo");
    if (sqlite3_open_v2(path, &db->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) ||
        sqlite3_exec(db->db, schema, NULL, NULL, NULL) ||
        prepare(
            db,
            "INSERT INTO version(type, id, number, updated_ms, deleted, bytes) VALUES(?,?,?,?,?,?)",
            &db->put) ||
        prepare(db, "BEGIN IMMEDIATE", &db->begin) || prepare(db, "COMMIT", &db->commit) ||
        prepare(db, "ROLLBACK", &db->undo))
        return sql_error(db, path, e);
    return load(d, path, e);
}

void demo_db_close(struct demo_db *db)
{
    if (!db)
        return;
    sqlite3_finalize(db->put);
    sqlite3_finalize(db->begin);
    sqlite3_finalize(db->commit);
    sqlite3_finalize(db->undo);
    sqlite3_close(db->db);
    mem_free(db);
}

static int run(sqlite3_stmt *s)
{
    int rc = sqlite3_step(s);

    sqlite3_reset(s);
    return rc == SQLITE_DONE ? ERR_OK : ERR_SQL;
}

int demo_db_begin(struct demo_db *db)
{
    return run(db->begin);
}

int demo_db_commit(struct demo_db *db)
{
    return run(db->commit);
}

void demo_db_undo(struct demo_db *db)
{
    if (!sqlite3_get_autocommit(db->db))
        run(db->undo);
}

int demo_db_put(struct demo_db *db, struct str type, struct str id, const struct demo_version *v)
{
    sqlite3_bind_text(db->put, 1, type.p, (int)type.n, SQLITE_STATIC);
    sqlite3_bind_text(db->put, 2, id.p, (int)id.n, SQLITE_STATIC);
    sqlite3_bind_int64(db->put, 3, v->number);
    sqlite3_bind_int64(db->put, 4, v->updated_ms);
    sqlite3_bind_int(db->put, 5, v->deleted);
    sqlite3_bind_blob64(db->put, 6, v->bytes, v->n, SQLITE_STATIC);
    return run(db->put);
}
