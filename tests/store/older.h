/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Stores as older wardlines made them: their SQL, frozen. Nothing here may change but by a new version's text.
 */
#ifndef TESTS_STORE_OLDER_H
#define TESTS_STORE_OLDER_H

#include "store/priv.h"
#include "tests/store/made.h"

#define OLDER_NEWEST 3
static const char *const older_sql[OLDER_NEWEST + 1] = {
    [1] =
        "CREATE TABLE setting(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
        "CREATE TABLE res(rid INTEGER PRIMARY KEY, key INTEGER NOT NULL, origin INTEGER NOT NULL, type TEXT NOT NULL,"
        " id TEXT NOT NULL, version TEXT NOT NULL, updated_ms INTEGER NOT NULL, chart INTEGER, patient TEXT NOT NULL,"
        " date TEXT NOT NULL, sort_ms INTEGER NOT NULL, status TEXT NOT NULL, section TEXT NOT NULL, title TEXT NOT NULL,"
        " fetched_ms INTEGER NOT NULL, index_rev INTEGER NOT NULL, size INTEGER NOT NULL, codec INTEGER NOT NULL,"
        " body BLOB NOT NULL);"
        "CREATE INDEX res_key ON res(key);"
        "CREATE INDEX res_type ON res(type);"
        "CREATE INDEX res_chart ON res(chart, section, sort_ms DESC) WHERE chart IS NOT NULL;"
        "CREATE TABLE count(type TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;"
        "CREATE TABLE patient(pid INTEGER PRIMARY KEY, rid INTEGER NOT NULL UNIQUE, chart TEXT NOT NULL,"
        " origin INTEGER NOT NULL, name TEXT NOT NULL, sort TEXT NOT NULL, family TEXT NOT NULL, given TEXT NOT NULL,"
        " birth TEXT NOT NULL, gender TEXT NOT NULL, identifiers TEXT NOT NULL, near TEXT NOT NULL, words TEXT NOT NULL);"
        "CREATE INDEX patient_name ON patient(sort);"
        "CREATE INDEX patient_birth ON patient(birth, family);"
        "CREATE INDEX patient_near ON patient(near, family, given);"
        "CREATE TABLE patient_word(word TEXT, pid INTEGER, PRIMARY KEY(word, pid)) WITHOUT ROWID;"
        "CREATE TABLE patient_head(head TEXT, block INTEGER, bits BLOB NOT NULL, PRIMARY KEY(head, block)) WITHOUT ROWID;"
        "CREATE TABLE mark(type TEXT PRIMARY KEY, mark_ms INTEGER NOT NULL, overlap_ms INTEGER NOT NULL,"
        " asof_ms INTEGER NOT NULL, run_start_ms INTEGER NOT NULL, run_max_ms INTEGER NOT NULL,"
        " run_max_lexeme TEXT NOT NULL, next TEXT NOT NULL, count INTEGER NOT NULL) WITHOUT ROWID;"
        "CREATE TABLE missing(type TEXT, id TEXT, tries INTEGER NOT NULL, PRIMARY KEY(type, id)) WITHOUT ROWID;"
        "CREATE TABLE outbox(seq INTEGER PRIMARY KEY AUTOINCREMENT, op TEXT NOT NULL UNIQUE, type TEXT NOT NULL,"
        " id TEXT NOT NULL, patient TEXT NOT NULL, kind INTEGER NOT NULL, state INTEGER NOT NULL, base_etag TEXT NOT NULL,"
        " author TEXT NOT NULL, since_ms INTEGER NOT NULL, next_at_ms INTEGER NOT NULL, tries INTEGER NOT NULL,"
        " why TEXT NOT NULL, size INTEGER NOT NULL, codec INTEGER NOT NULL, body BLOB NOT NULL);"
        "CREATE INDEX outbox_state ON outbox(state);"
        "CREATE TABLE wire(day INTEGER, origin TEXT, requests INTEGER NOT NULL, bytes_up INTEGER NOT NULL,"
        " bytes_down INTEGER NOT NULL, round_trips INTEGER NOT NULL, PRIMARY KEY(day, origin)) WITHOUT ROWID;",
    [2] =
        "CREATE TABLE res_prior(rid INTEGER PRIMARY KEY, version TEXT NOT NULL, size INTEGER NOT NULL,"
        " codec INTEGER NOT NULL, body BLOB NOT NULL);",
    [3] =
        "CREATE TABLE fact(rid INTEGER, n INTEGER, fact INTEGER NOT NULL, key INTEGER NOT NULL, at_ms INTEGER NOT NULL,"
        " pid INTEGER NOT NULL, chart INTEGER NOT NULL, PRIMARY KEY(rid, n)) WITHOUT ROWID;"
        "CREATE INDEX fact_by ON fact(fact, key, at_ms, pid);"
        "CREATE INDEX fact_of ON fact(pid, fact, at_ms, key);"
        "CREATE INDEX fact_lost ON fact(chart, key) WHERE pid=0;"
        "CREATE TABLE opened(pid INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL);",
};

static inline void older_exec(struct store *s, const char *sql)
{
    struct err e = ERR_NONE;

    if (sql_exec(&s->w, sql, &e))
        printf("\n    %s: %s ", sql, sqlite3_errmsg(s->w.db));
    CU_ASSERT_EQUAL(e.code, ERR_OK);
}

/* The first column of every row, blank-separated. */
static inline void older_list(struct store *s, const char *sql, struct buf *out)
{
    sqlite3_stmt *st = NULL;

    CU_ASSERT_EQUAL(sql_prepare(&s->w, sql, &st, NULL), ERR_OK);
    while (st && sqlite3_step(st) == SQLITE_ROW)
        buf_addf(out, "%s%s", out->n ? " " : "", (const char *)sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
}

/* Runs "BEFORE name", or "BEFORE name BETWEEN name" without the blank in front of the second one, for each name. */
static inline void older_each(struct store *s, const char *list, const char *before, const char *between)
{
    struct buf names;
    struct str rest;
    char sql[400];

    buf_init(&names, 1 << 16);
    older_list(s, list, &names);
    for (rest = buf_str(&names); rest.n;) {
        struct str name = str_split(&rest, ' ');

        snprintf(sql, sizeof sql, "%s %.*s %s%.*s", before, STR_ARG(name), between ? between : "",
                 between ? (int)name.n : 0, name.p);
        older_exec(s, sql);
    }
    buf_fini(&names);
}

/* The rows of a table that was put aside as new_NAME, as far as the older table has their columns. */
static inline void older_fill(struct store *s, struct str name)
{
    char sql[4000], columns[600];
    struct buf list;

    buf_init(&list, 2000);
    snprintf(columns, sizeof columns,
             "SELECT group_concat(name, ',') FROM (SELECT name FROM pragma_table_info('%.*s') WHERE name IN "
             "(SELECT name FROM pragma_table_info('new_%.*s')))",
             STR_ARG(name), STR_ARG(name));
    older_list(s, columns, &list);
    snprintf(sql, sizeof sql, "INSERT INTO %.*s(%s) SELECT %s FROM new_%.*s", STR_ARG(name), list.p, list.p,
             STR_ARG(name));
    older_exec(s, sql);
    buf_fini(&list);
}

/* Makes the tables of an open store what an older version had, with the rows that they hold. Close it then. */
static inline void older_turn(struct store *s, int version)
{
    static const char tables[] = "SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite_%' "
                                 "AND name NOT LIKE 'new_%'",
                      both[] = "SELECT name FROM sqlite_schema t WHERE type='table' AND EXISTS "
                               "(SELECT 1 FROM sqlite_schema WHERE type='table' AND name='new_'||t.name)";
    char sql[64];
    struct buf names;

    sqlite3_set_authorizer(s->w.db, NULL, NULL);
    older_exec(s, "BEGIN");
    older_each(s, "SELECT name FROM sqlite_schema WHERE type='table' AND sql LIKE 'CREATE VIRTUAL%'",
               "DROP TABLE", NULL);
    older_each(s, "SELECT name FROM sqlite_schema WHERE type='index' AND sql IS NOT NULL", "DROP INDEX", NULL);
    older_each(s, tables, "ALTER TABLE", "RENAME TO new_");
    for (int i = 1; i <= version; i++)
        older_exec(s, older_sql[i]);
    buf_init(&names, 1 << 16);
    older_list(s, both, &names);
    for (struct str rest = buf_str(&names); rest.n;)
        older_fill(s, str_split(&rest, ' '));
    buf_fini(&names);
    older_each(s, "SELECT name FROM sqlite_schema WHERE type='table' AND name LIKE 'new_%'", "DROP TABLE", NULL);
    snprintf(sql, sizeof sql, "PRAGMA user_version=%d", version);
    older_exec(s, sql);
    older_exec(s, "COMMIT");
}

#endif
