/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/priv.h"

#include <stdio.h>

/* The tables, by the version of the schema that brought them: a new store is made by all steps, an older one is
 * brought up to date by those that it lacks, in one transaction: whole or not at all.
 *
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
 * opened: whose chart was last opened when. */
static const char first[] =
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

static const char corrections[] =
    "CREATE TABLE res_prior(rid INTEGER PRIMARY KEY, version TEXT NOT NULL, size INTEGER NOT NULL,"
    " codec INTEGER NOT NULL, body BLOB NOT NULL);";

static const char scopes[] =
    "CREATE TABLE fact(rid INTEGER, n INTEGER, fact INTEGER NOT NULL, key INTEGER NOT NULL, at_ms INTEGER NOT NULL,"
    " pid INTEGER NOT NULL, chart INTEGER NOT NULL, PRIMARY KEY(rid, n)) WITHOUT ROWID;"
    "CREATE INDEX fact_by ON fact(fact, key, at_ms, pid);"
    "CREATE INDEX fact_of ON fact(pid, fact, at_ms, key);"
    "CREATE INDEX fact_lost ON fact(chart, key) WHERE pid=0;"
    "CREATE TABLE opened(pid INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL);";

/* res.op: seq of the newest operation of the row that the server has not acknowledged; 0 when all are, and the bytes
 *     are still those that were edited here; NULL for a row as received. A row where it is not NULL holds the bytes as
 *     edited, while version, updated_ms and fetched_ms stay those of the bytes that were last received.
 * res_theirs: the bytes last received for such a row, where they are not the base of its oldest operation. gone: the
 *     server deleted it (body is then empty).
 * outbox: what the server has not got, in the order of seq. op: a UUID. kind and state by store/edit.h. rid: its row
 *     of res, 0 when that has gone. after: seq of the operation before it on the same row that was no longer to be
 *     changed, 0: none. base: the bytes that the edit was made from, empty when they are not known; base_etag: their
 *     meta.versionId, '' when after says it all. body: the bytes as edited.
 * draft: what somebody began and did not sign; it never leaves the device.
 * audit: who did what, when, to whose chart; rows are only ever added.
 * outbox_3: the table of before, until the next start. */
static const char edits[] =
    "ALTER TABLE res ADD COLUMN op INTEGER;"
    "CREATE TABLE res_theirs(rid INTEGER PRIMARY KEY, version TEXT NOT NULL, updated_ms INTEGER NOT NULL,"
    " fetched_ms INTEGER NOT NULL, gone INTEGER NOT NULL, size INTEGER NOT NULL, codec INTEGER NOT NULL,"
    " body BLOB NOT NULL);"
    "DROP INDEX outbox_state;"
    "ALTER TABLE outbox RENAME TO outbox_3;"
    "CREATE TABLE outbox(seq INTEGER PRIMARY KEY AUTOINCREMENT, op TEXT NOT NULL UNIQUE, rid INTEGER NOT NULL,"
    " after INTEGER NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, chart TEXT NOT NULL, kind INTEGER NOT NULL,"
    " state INTEGER NOT NULL, base_etag TEXT NOT NULL, author TEXT NOT NULL, role TEXT NOT NULL,"
    " by_command INTEGER NOT NULL, since_ms INTEGER NOT NULL, next_at_ms INTEGER NOT NULL, tries INTEGER NOT NULL,"
    " why TEXT NOT NULL, base_size INTEGER NOT NULL, base_codec INTEGER NOT NULL, base BLOB NOT NULL,"
    " size INTEGER NOT NULL, codec INTEGER NOT NULL, body BLOB NOT NULL);"
    "CREATE INDEX outbox_state ON outbox(state);"
    "CREATE INDEX outbox_row ON outbox(rid);"
    "CREATE INDEX outbox_chart ON outbox(chart, state, rid);"
    "INSERT INTO outbox SELECT seq, op, coalesce((SELECT r.rid FROM res r INDEXED BY res_type WHERE r.type=o.type"
    " AND r.id=o.id AND r.origin=0), 0), 0, type, id, patient, kind, state, base_etag, author, '', 0, since_ms,"
    " next_at_ms, tries, why, 0, 0, x'', size, codec, body FROM outbox_3 o ORDER BY seq;"
    "UPDATE res SET op=(SELECT max(seq) FROM outbox o WHERE o.rid=res.rid AND o.state<>3)"
    " WHERE rid IN (SELECT rid FROM outbox WHERE state<>3);"
    "CREATE TABLE draft(name TEXT PRIMARY KEY, chart TEXT NOT NULL, form TEXT NOT NULL, changed_ms INTEGER NOT NULL,"
    " size INTEGER NOT NULL, codec INTEGER NOT NULL, body BLOB NOT NULL);"
    "CREATE INDEX draft_chart ON draft(chart);"
    "CREATE TABLE audit(seq INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, boot_ms INTEGER NOT NULL,"
    " session TEXT NOT NULL, author TEXT NOT NULL, role TEXT NOT NULL, action INTEGER NOT NULL,"
    " outcome INTEGER NOT NULL, chart TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, version TEXT NOT NULL,"
    " purpose TEXT NOT NULL, reason TEXT NOT NULL);"
    "CREATE INDEX audit_chart ON audit(chart);";

/* home: the words of a patient's addresses, as they stand in home_word: for each word who has it, a row a block of
 *     pids: places in the block, two bytes each (low one first), or where those were more, PATIENT_BLOCK bits. */
static const char homes[] =
    "CREATE TABLE home(pid INTEGER PRIMARY KEY, words TEXT NOT NULL);"
    "CREATE TABLE home_word(word TEXT, block INTEGER, pids BLOB NOT NULL, PRIMARY KEY(word, block)) WITHOUT ROWID;";

/* res: type, section, id, patient and date are in short forms (short.c); title is a sum of what words has of the row
 *     (text.c), '' for nothing. All rows of before are indexed again when the store has been opened (settle.c).
 *     res_chart in the order of the walk that it serves, read backwards: with sort_ms DESC, rows of one moment were
 *     sorted again.
 * words: which token is in which row of res (text.c). Its pages are those of the seal, less SQLite's own bytes: with
 *     more of it each would take another page for its end. */
static const char rows[] =
    "DELETE FROM setting WHERE name IN ('index.rev', 'index.next');"
    "DROP INDEX res_chart;"
    "CREATE INDEX res_chart ON res(chart, section, sort_ms) WHERE chart IS NOT NULL;"
    "CREATE VIRTUAL TABLE words USING fts5(t, content='', columnsize=0, detail=none, tokenize='ascii');"
    "INSERT INTO words(words, rank) VALUES('pgsz', 4000);";

/* blob: an attachment of row rid, the no-th that it names, fetched from url (as it stands there). name: of its file in
 *     HOME/blobs, key: that file's own (so a row that goes takes its file with it, and a rotation need not touch one);
 *     rows of the same content share both. have: bytes in whole chunks that were synced, or, of a whole one, all. size:
 *     of the content, -1: not known yet. sha: of a whole one, SHA-256. */
static const char blobs[] =
    "CREATE TABLE blob(bid INTEGER PRIMARY KEY, rid INTEGER NOT NULL, no INTEGER NOT NULL, url TEXT NOT NULL,"
    " etag TEXT NOT NULL, media TEXT NOT NULL, name TEXT NOT NULL, key BLOB NOT NULL, whole INTEGER NOT NULL,"
    " have INTEGER NOT NULL, size INTEGER NOT NULL, sha BLOB NOT NULL, at_ms INTEGER NOT NULL,"
    " used_ms INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX blob_of ON blob(rid, no);"
    "CREATE INDEX blob_name ON blob(name);"
    "CREATE INDEX blob_sha ON blob(sha) WHERE whole;"
    "CREATE INDEX blob_used ON blob(used_ms);";

/* evicted: kinds of a chart whose rows, or some of them, were removed for want of room (room.c): n of them, the last at
 *     at_ms; wanted: to be fetched again. It has the row before the first of those rows goes.
 * opened_at: who was opened longest ago. */
static const char room[] =
    "CREATE TABLE evicted(chart TEXT, type TEXT, at_ms INTEGER NOT NULL, n INTEGER NOT NULL, wanted INTEGER NOT NULL,"
    " PRIMARY KEY(chart, type)) WITHOUT ROWID;"
    "CREATE INDEX evicted_wanted ON evicted(chart) WHERE wanted=1;"
    "CREATE INDEX opened_at ON opened(at_ms);";

/* ledger: what has ended, in the order in which it did: an operation that the server acknowledged (state 3) or that was
 *     taken back (6), with the bytes that it carried (of a deletion: those that it deleted). at_ms: when, 0 until
 *     store_ledger_stamp says. version: what the server called it. no: how many were acknowledged with this one.
 *     hash: of its bytes; link: of that, of what it is and of the link before (ledger.c). Of those that ended before
 *     there was this table neither is known, and at_ms is when they were entered. */
static const char ended[] =
    "CREATE TABLE ledger(n INTEGER PRIMARY KEY AUTOINCREMENT, op TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL,"
    " chart TEXT NOT NULL, kind INTEGER NOT NULL, state INTEGER NOT NULL, author TEXT NOT NULL, role TEXT NOT NULL,"
    " by_command INTEGER NOT NULL, since_ms INTEGER NOT NULL, at_ms INTEGER NOT NULL, version TEXT NOT NULL,"
    " no INTEGER NOT NULL, hash BLOB NOT NULL, link BLOB NOT NULL, size INTEGER NOT NULL, codec INTEGER NOT NULL,"
    " body BLOB NOT NULL);"
    "CREATE INDEX ledger_at ON ledger(at_ms);"
    "INSERT INTO ledger(op, type, id, chart, kind, state, author, role, by_command, since_ms, at_ms, version, no, hash,"
    " link, size, codec, body) SELECT op, type, id, chart, kind, state, author, role, by_command, since_ms, since_ms,"
    " '', 0, x'', x'', size, codec, body FROM outbox WHERE state=3 ORDER BY seq;"
    "UPDATE outbox SET size=0, codec=0, body=x'' WHERE state=3;";

/* renamed: what was created here under the id `was` and has got id from the server: for who still knows the old one. */
static const char renamed[] =
    "CREATE TABLE renamed(type TEXT, was TEXT, id TEXT NOT NULL, PRIMARY KEY(type, was)) WITHOUT ROWID;";

/* member: who is in the list that the profile follows (store/member.h). left_ms: since when the list has not named the
 *     patient any more, 0: it does. asked: a person wanted the chart, whatever the list says.
 * mark: each cohort of members has its own; what the profile has for all is cohort 0. */
static const char members[] =
    "ALTER TABLE mark RENAME TO mark_10;"
    "CREATE TABLE mark(cohort INTEGER, type TEXT, mark_ms INTEGER NOT NULL, overlap_ms INTEGER NOT NULL,"
    " asof_ms INTEGER NOT NULL, run_start_ms INTEGER NOT NULL, run_max_ms INTEGER NOT NULL,"
    " run_max_lexeme TEXT NOT NULL, next TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY(cohort, type))"
    " WITHOUT ROWID;"
    "INSERT INTO mark SELECT 0, type, mark_ms, overlap_ms, asof_ms, run_start_ms, run_max_ms, run_max_lexeme, next,"
    " count FROM mark_10;"
    "DROP TABLE mark_10;"
    "CREATE TABLE member(id TEXT PRIMARY KEY, cohort INTEGER NOT NULL, since_ms INTEGER NOT NULL,"
    " left_ms INTEGER NOT NULL, asked INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX member_cohort ON member(cohort, id);";

/* In order; the last one's version is the schema's. */
static const struct step {
    int version;
    const char *sql;
} steps[] = {
    {1, first},
    {2, corrections},
    {3, scopes},
    {4, edits},
    {5, homes},
    {6, rows},
    {7, blobs},
    {8, room},
    {9, ended},
    {10, renamed},
    {11, members},
};
#define STEPS (sizeof steps / sizeof *steps)

int schema_version(void)
{
    return steps[STEPS - 1].version;
}

/* Copies of tables that a step has changed: an opened store has shown that the new ones can be read. */
static const char copies[] = "DROP TABLE IF EXISTS outbox_3;";

static int run_steps(struct sql *c, int64_t from, struct err *e)
{
    char pragma[48];
    int code = ERR_OK;

    for (size_t i = 0; !code && i < STEPS; i++)
        if (steps[i].version > from)
            code = sql_exec(c, steps[i].sql, e);
    snprintf(pragma, sizeof pragma, "PRAGMA user_version=%d", schema_version());
    return code ? code : sql_exec(c, pragma, e);
}

/* Whole or not at all: a crash in between leaves the older store, or none. Rows are indexed again behind it, in
 * small steps (settle.c), in a store of the new version: a program that knows less must not write rows in between. */
static int upgrade(struct sql *c, int64_t from, struct err *e)
{
    char pragma[48];
    int code = sql_exec(c, "BEGIN IMMEDIATE", e);

    if (code)
        return code;
    snprintf(pragma, sizeof pragma, "PRAGMA application_id=%d", SCHEMA_APPLICATION);
    if (!(code = run_steps(c, from, e)) && (from || !(code = sql_exec(c, copies, e))) &&
        !(code = sql_exec(c, pragma, e)))
        code = sql_exec(c, "COMMIT", e);
    if (code)
        sql_exec(c, "ROLLBACK", NULL);
    return code;
}

int schema_make(struct sql *c, struct err *e)
{
    int code = upgrade(c, 0, e);

    return code ? code : settle_rows(c, NULL, e);
}

int schema_check(struct sql *c, const struct store_progress *p, struct err *e)
{
    int64_t application, version;
    int code = sql_number(c, "PRAGMA application_id", &application, e);

    if (code || (code = sql_number(c, "PRAGMA user_version", &version, e)))
        return code;
    if (application != SCHEMA_APPLICATION || version < 1)
        return err_set(e, ERR_DAMAGED, 0, 1, STORE_FILE);
    if (version > schema_version())
        return err_set(e, ERR_VERSION, 0, version, STORE_FILE);
    code = version < schema_version() ? upgrade(c, version, e) : sql_exec(c, copies, e);
    return code ? code : settle_rows(c, p, e);
}
