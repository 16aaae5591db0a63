/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/priv.h"

#include <stdio.h>

/* Version 3; a store of version 1 lacks res_prior, one of 1 or 2 fact and opened: they are made, and fact is filled
 * from the rows that are there, when it is opened (setting fact_filling: how far).
 * res: one row a resource, its bytes as received. key is a hash of (origin, type, id): an index of 8-byte
 *     integers costs a third of the pages that one of UUIDs costs, and each touched page is sealed anew.
 *     chart is the same of the chart id, NULL for a row of no chart. sort_ms is date_ms, or the greatest
 *     integer when there is no date: newest first shows undated rows first. size is that of the bytes,
 *     body may be compressed (codec as in body.c).
 * count: rows of a type, so that a status line need not walk ten million rows.
 * patient: what the worklist shows of each Patient row. sort, family and given are folded; near is birth
 *     year and the first letters of family and given, '' when one of them is unknown; words lists what stands
 *     in patient_word, so that a change takes out exactly what was put in.
 * patient_head: for each first character of a word, and each first two of a number, who has such a word: a bit
 *     for each pid of a block. Of 100,000 patients nearly all have a word that starts with 1, and to step
 *     through their words took 45 ms a keystroke; their bits are 25 rows.
 * res_prior: the bytes that a row had before the last change that a correction was: packed as in res.
 * fact: what a row says of a patient's place in the worklist's scopes (enum kind_fact). key is the hash of (origin,
 *     type, id) of what is meant; of what has a time instead, 1 where that is a day, 0 where it is an instant. pid is
 *     0 until the patient is here, whose chart's hash is in chart; a part (fact 7) has there the hash of its own name.
 * opened: whose chart was last opened when.
 * outbox: state 0 queued, 1 in flight, 2 in doubt, 3 acknowledged, 4 conflict, 5 attention. */
static const char text[] =
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
    " bytes_down INTEGER NOT NULL, round_trips INTEGER NOT NULL, PRIMARY KEY(day, origin)) WITHOUT ROWID;";

static const char prior[] =
    "CREATE TABLE res_prior(rid INTEGER PRIMARY KEY, version TEXT NOT NULL, size INTEGER NOT NULL,"
    " codec INTEGER NOT NULL, body BLOB NOT NULL);";

static const char fact[] =
    "CREATE TABLE fact(rid INTEGER, n INTEGER, fact INTEGER NOT NULL, key INTEGER NOT NULL, at_ms INTEGER NOT NULL,"
    " pid INTEGER NOT NULL, chart INTEGER NOT NULL, PRIMARY KEY(rid, n)) WITHOUT ROWID;"
    "CREATE INDEX fact_by ON fact(fact, key, at_ms, pid);"
    "CREATE INDEX fact_of ON fact(pid, fact, at_ms, key);"
    "CREATE INDEX fact_lost ON fact(chart, key) WHERE pid=0;"
    "CREATE TABLE opened(pid INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL);";

static int set_version(const struct sql *c, struct err *e)
{
    char pragma[48];

    snprintf(pragma, sizeof pragma, "PRAGMA user_version=%d", SCHEMA_VERSION);
    return sql_exec(c, pragma, e);
}

/* Whole or not at all: a crash in between leaves the older store. Facts are filled behind it, in small steps, in a
 * store of the new version: a program that knows none must not write rows in between. */
static int upgrade(struct sql *c, int64_t version, struct err *e)
{
    int code = sql_exec(c, "BEGIN IMMEDIATE", e);

    if (code)
        return code;
    if (version < 2)
        code = sql_exec(c, prior, e);
    if (!code && !(code = sql_exec(c, fact, e)) && !(code = fact_fill_begin(c, e)) && !(code = set_version(c, e)))
        code = sql_exec(c, "COMMIT", e);
    if (code)
        sql_exec(c, "ROLLBACK", NULL);
    return code;
}

int schema_make(const struct sql *c, struct err *e)
{
    char pragma[48];
    int code = sql_exec(c, "BEGIN IMMEDIATE", e);

    if (code)
        return code;
    snprintf(pragma, sizeof pragma, "PRAGMA application_id=%d", SCHEMA_APPLICATION);
    if (!(code = sql_exec(c, text, e)) && !(code = sql_exec(c, prior, e)) && !(code = sql_exec(c, fact, e)) &&
        !(code = sql_exec(c, pragma, e)) && !(code = set_version(c, e)))
        code = sql_exec(c, "COMMIT", e);
    if (code)
        sql_exec(c, "ROLLBACK", NULL);
    return code;
}

int schema_check(struct sql *c, struct err *e)
{
    int64_t application, version;
    int code = sql_number(c, "PRAGMA application_id", &application, e);

    if (code || (code = sql_number(c, "PRAGMA user_version", &version, e)))
        return code;
    if (application != SCHEMA_APPLICATION || version < 1)
        return err_set(e, ERR_DAMAGED, 0, 1, STORE_FILE);
    if (version > SCHEMA_VERSION)
        return err_set(e, ERR_VERSION, 0, version, STORE_FILE);
    if (version < SCHEMA_VERSION)
        code = upgrade(c, version, e);
    return code ? code : fact_fill(c, e);
}
