/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/priv.h"

#include <errno.h>

/* The text of each statement stands beside its number; the schema is in schema.c. */
static const char *const texts[SQL_IDS] = {
    [SQL_BEGIN] = "BEGIN",
    [SQL_COMMIT] = "COMMIT",
    [SQL_FIND] = "SELECT rid, size, codec, body, index_rev, op, version, updated_ms, fetched_ms FROM res "
                 "INDEXED BY res_key "
                 "WHERE key=?1 AND origin=?2 AND type=?3 AND id=?4",
    [SQL_INSERT] = "INSERT INTO res(key, origin, type, id, version, updated_ms, chart, patient, date, sort_ms, "
                   "status, section, title, fetched_ms, index_rev, size, codec, body, op) "
                   "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19)",
    [SQL_UPDATE] = "UPDATE res SET version=?5, updated_ms=?6, chart=?7, patient=?8, date=?9, sort_ms=?10, status=?11, "
                   "section=?12, title=?13, fetched_ms=?14, index_rev=?15, size=?16, codec=?17, body=?18, op=?19 "
                   "WHERE rid=?20",
    [SQL_DELETE] = "DELETE FROM res WHERE rid=?1",
    [SQL_COUNT_ADD] = "INSERT INTO count(type, n) VALUES(?1, ?2) ON CONFLICT(type) DO UPDATE SET n = n + ?2",
    [SQL_PRIOR_KEEP] = "INSERT OR REPLACE INTO res_prior(rid, version, size, codec, body) "
                       "SELECT rid, version, size, codec, body FROM res WHERE rid=?1 AND (version<>?2 OR version='') "
                       "AND (status IN ('corrected','amended','entered-in-error') "
                       "OR ?3 IN ('corrected','amended','entered-in-error'))",
    [SQL_PRIOR_GET] =
        "SELECT p.size, p.codec, p.body, p.version FROM res INDEXED BY res_key JOIN res_prior p ON p.rid=res.rid "
        "WHERE res.key=?1 AND res.origin=?2 AND res.type=?3 AND res.id=?4",
    /* of an edit that is not there yet: what it was made from */
    [SQL_PRIOR_BASE] =
        "SELECT o.base_size, o.base_codec, o.base, o.base_etag FROM res INDEXED BY res_key "
        "JOIN outbox o INDEXED BY outbox_row ON o.rid=res.rid AND o.state<>3 AND o.base_size>0 "
        "WHERE res.key=?1 AND res.origin=?2 AND res.type=?3 AND res.id=?4 AND res.op>0 "
        "AND res.status IN ('corrected','amended','entered-in-error') ORDER BY o.seq LIMIT 1",
    [SQL_PRIOR_SENT] =
        "INSERT OR REPLACE INTO res_prior(rid, version, size, codec, body) SELECT r.rid, o.base_etag, o.base_size, "
        "o.base_codec, o.base FROM outbox o JOIN res r ON r.rid=o.rid WHERE o.seq=?1 AND o.base_size>0 "
        "AND r.status IN ('corrected','amended','entered-in-error')",
    [SQL_PRIOR_DROP] = "DELETE FROM res_prior WHERE rid=?1",
    [SQL_BODY] = "SELECT size, codec, body FROM res INDEXED BY res_key "
                 "WHERE key=?1 AND origin=?2 AND type=?3 AND id=?4",
    [SQL_HAS] = "SELECT 1 FROM res INDEXED BY res_key "
                "WHERE key=?1 AND origin=?2 AND type=?3 AND id=?4 AND (?5='' OR (version=?5 AND op IS NOT 0))",
    [SQL_ROW] = "SELECT " SQL_ROW_COLUMNS ", r.body FROM res r " SQL_ROW_EDIT " WHERE r.rid=?1",
    [SQL_OLD_RIDS] = "SELECT rid FROM res WHERE rid > ?1 ORDER BY rid LIMIT ?2",
    [SQL_OLD_ROW] = "SELECT origin, type, id, patient, date, sort_ms, status, section, size, codec, body FROM res "
                    "WHERE rid=?1",
    [SQL_INDEX_AGAIN] =
        "UPDATE res SET type=?2, id=?3, patient=?4, chart=?5, date=?6, sort_ms=?7, status=?8, section=?9, title=?10, "
        "index_rev=?11, codec=coalesce(?12, codec), body=coalesce(?13, body) WHERE rid=?1",
    [SQL_WORDS_OF] = "SELECT chart, title, size, codec, body FROM res WHERE rid=?1",
    [SQL_WORDS_ADD] = "INSERT INTO words(rowid, t) VALUES(?1, ?2)",
    [SQL_WORDS_DROP] = "INSERT INTO words(words, rowid, t) VALUES('delete', ?1, ?2)",
    [SQL_WORDS_FIND] =
        "SELECT rowid FROM words WHERE words MATCH ?1 AND rowid < ?2 ORDER BY rowid DESC LIMIT ?3",
    [SQL_AT_SERVER] =
        "SELECT coalesce((SELECT n FROM count WHERE type=?1), 0) - (SELECT count(*) FROM outbox WHERE kind=0 AND "
        "state<>3 AND type=?1) - CASE WHEN EXISTS (SELECT 1 FROM patient WHERE origin=1) THEN (SELECT count(*) FROM "
        "res INDEXED BY res_type WHERE type=?2 AND origin=1) ELSE 0 END, "
        "(SELECT coalesce(sum(n), 0) FROM evicted WHERE type=?1)",
    [SQL_COUNTS] = "SELECT type, n FROM count WHERE n > 0 ORDER BY type",
    [SQL_PATIENT_FIND] = "SELECT pid, words FROM patient WHERE rid=?1",
    [SQL_PATIENT_INSERT] =
        "INSERT INTO patient(rid, chart, origin, name, sort, family, given, birth, gender, identifiers, "
        "near, words) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)",
    [SQL_PATIENT_UPDATE] = "UPDATE patient SET chart=?2, origin=?3, name=?4, sort=?5, family=?6, given=?7, birth=?8, "
                           "gender=?9, identifiers=?10, near=?11, words=?12 WHERE rid=?1",
    [SQL_PATIENT_DELETE] = "DELETE FROM patient WHERE rid=?1",
    [SQL_WORD_ADD] = "INSERT OR IGNORE INTO patient_word(word, pid) VALUES(?1, ?2)",
    [SQL_WORD_DROP] = "DELETE FROM patient_word WHERE word=?1 AND pid=?2",
    [SQL_WORD_RANGE] = "SELECT pid FROM patient_word WHERE word >= ?1 AND word < ?2",
    [SQL_HEAD_GET] = "SELECT bits FROM patient_head WHERE head=?1 AND block=?2",
    [SQL_HEAD_PUT] = "INSERT OR REPLACE INTO patient_head(head, block, bits) VALUES(?1, ?2, ?3)",
    [SQL_HEAD_ALL] = "SELECT block, bits FROM patient_head WHERE head=?1",
    [SQL_PATIENT_MAX] = "SELECT coalesce(max(pid), 0) FROM patient",
    [SQL_PATIENT_COUNT] = "SELECT count(*) FROM patient",
    [SQL_PATIENT_OF] = "SELECT pid FROM patient WHERE rid=(SELECT rid FROM res INDEXED BY res_key "
                       "WHERE key=?1 AND origin=?2 AND type=?3 AND id=?4)",
    [SQL_PATIENT_PAGE] =
        "SELECT pid FROM patient INDEXED BY patient_name WHERE sort >= '' ORDER BY sort, pid LIMIT ?1 OFFSET ?2",
    [SQL_PATIENT_BACK] =
        "SELECT pid FROM patient INDEXED BY patient_name WHERE sort >= '' ORDER BY sort DESC, pid DESC "
        "LIMIT ?1 OFFSET ?2",
    [SQL_PATIENT_ORDER] = "SELECT pid FROM patient INDEXED BY patient_name WHERE sort >= '' ORDER BY sort, pid",
    [SQL_PATIENT_ROW] =
        "SELECT chart, origin, name, birth, gender, identifiers, sort, family, given, near FROM patient WHERE pid=?1",
    [SQL_SAME_NAME] = "SELECT pid FROM patient INDEXED BY patient_name WHERE sort=?1 LIMIT ?2",
    [SQL_SAME_BIRTH] = "SELECT pid, family, given FROM patient INDEXED BY patient_birth WHERE birth=?1 LIMIT ?2",
    [SQL_NEAR] = "SELECT pid, family, given FROM patient INDEXED BY patient_near WHERE near=?1 LIMIT ?2",
    [SQL_BIRTH_ORDER] =
        "SELECT pid FROM patient INDEXED BY patient_birth WHERE birth > '' ORDER BY birth, family, pid",
    [SQL_FACT_ADD] = "INSERT INTO fact(rid, n, fact, key, at_ms, pid, chart) VALUES(?1,?2,?3,?4,?5,?6,?7)",
    [SQL_FACT_DROP] = "DELETE FROM fact WHERE rid=?1",
    [SQL_FACT_FOUND] = "UPDATE fact SET pid=?1 WHERE pid=0 AND chart=?2 AND fact<>7",
    [SQL_FACT_LOST] = "UPDATE fact SET pid=0 WHERE pid=?1",
    /* 7: parts, and parts of parts */
    [SQL_FACT_KEY] = "WITH RECURSIVE part(k) AS (VALUES(?2) UNION SELECT f.chart FROM part CROSS JOIN fact f "
                     "INDEXED BY fact_by ON f.fact=7 AND f.key=part.k) SELECT f.pid FROM part CROSS JOIN fact f "
                     "INDEXED BY fact_by ON f.fact=?1 AND f.key=part.k AND f.at_ms > ?3",
    [SQL_FACT_BOOKED] = "SELECT pid FROM fact INDEXED BY fact_by WHERE fact=3 AND key=0 AND at_ms >= ?1 AND at_ms < ?2 "
                        "ORDER BY at_ms, pid",
    /* 1 tasks, 2 vaccines; days against today's date, instants against this day's first moment */
    [SQL_FACT_DUE] = "SELECT pid, at_ms FROM fact INDEXED BY fact_by WHERE fact=1 AND key=1 AND at_ms < ?1 UNION ALL "
                     "SELECT pid, at_ms FROM fact INDEXED BY fact_by WHERE fact=1 AND key=0 AND at_ms < ?2 UNION ALL "
                     "SELECT pid, at_ms FROM fact INDEXED BY fact_by WHERE fact=2 AND key=1 AND at_ms < ?1 UNION ALL "
                     "SELECT pid, at_ms FROM fact INDEXED BY fact_by WHERE fact=2 AND key=0 AND at_ms < ?2 "
                     "ORDER BY 2, 1",
    [SQL_FACT_FIRST] = "SELECT min(at_ms) FROM fact INDEXED BY fact_of WHERE pid=?1 AND fact=3 AND at_ms >= ?2 "
                       "AND at_ms < ?3",
    [SQL_FACT_DUE_OF] =
        "SELECT key, min(at_ms) FROM fact INDEXED BY fact_of WHERE pid=?1 AND fact IN (1, 2) GROUP BY key",
    [SQL_FACT_KEYS] = "WITH RECURSIVE at(k, pid) AS (SELECT key, pid FROM fact INDEXED BY fact_by WHERE fact=?1 "
                      "AND at_ms > ?2 AND pid > 0 UNION SELECT f.key, at.pid FROM at CROSS JOIN fact f "
                      "INDEXED BY fact_lost ON f.pid=0 AND f.chart=at.k AND f.fact=7) "
                      "SELECT k, count(*) FROM at GROUP BY k",
    [SQL_FACT_KEY_ROW] = "SELECT origin, type, id FROM res INDEXED BY res_key WHERE key=?1",
    [SQL_TASKS] = "SELECT rid, pid, key, at_ms FROM fact INDEXED BY fact_by WHERE fact=1 AND key=1 AND pid > 0 "
                  "UNION ALL "
                  "SELECT rid, pid, key, at_ms FROM fact INDEXED BY fact_by WHERE fact=1 AND key=0 AND pid > 0 "
                  "ORDER BY 4, 2, 1 LIMIT ?1 OFFSET ?2",
    [SQL_TASK_COUNT] = "SELECT count(*) FROM fact INDEXED BY fact_by WHERE fact=1 AND pid > 0",
    /* 8 telephones, 9 homes, 10 relations */
    [SQL_FACT_PHONES] = "SELECT pid FROM fact INDEXED BY fact_by WHERE fact=8 AND key >= ?1 AND key < ?2 "
                        "AND at_ms > ?3 AND pid > 0",
    [SQL_FACT_MATES] = "SELECT f.fact, f.key, f.rid, o.rid, o.pid FROM fact f INDEXED BY fact_of CROSS JOIN fact o "
                       "INDEXED BY fact_by ON o.fact=f.fact AND o.key=f.key WHERE f.pid=?1 AND f.fact IN (8, 9, 10) "
                       "AND f.at_ms > ?2 AND o.at_ms > ?2 AND o.pid > 0 AND o.pid <> ?1 LIMIT ?3",
    [SQL_ROW_NAME] = "SELECT origin, type, id FROM res WHERE rid=?1",
    [SQL_PATIENT_NAME] = "SELECT r.origin, r.type, r.id FROM patient p CROSS JOIN res r ON r.rid=p.rid WHERE p.pid=?1",
    [SQL_HOME_GET] = "SELECT words FROM home WHERE pid=?1",
    [SQL_HOME_PUT] = "INSERT OR REPLACE INTO home(pid, words) VALUES(?1, ?2)",
    [SQL_HOME_OF_ROW] = "SELECT p.pid, r.fetched_ms FROM patient p CROSS JOIN res r ON r.rid=p.rid WHERE p.rid=?1",
    [SQL_HOME_DROP] = "DELETE FROM home WHERE pid=?1",
    [SQL_HOME_WORD_GET] = "SELECT pids FROM home_word WHERE word=?1 AND block=?2",
    [SQL_HOME_WORD_PUT] = "INSERT OR REPLACE INTO home_word(word, block, pids) VALUES(?1, ?2, ?3)",
    [SQL_HOME_WORD_DROP] = "DELETE FROM home_word WHERE word=?1 AND block=?2",
    [SQL_HOME_WORD_RANGE] = "SELECT block, pids FROM home_word WHERE word >= ?1 AND word < ?2",
    [SQL_OPENED_PUT] = "INSERT OR REPLACE INTO opened(pid, at_ms) VALUES(?1, ?2)",
    [SQL_OPENED_TRIM] = "DELETE FROM opened WHERE pid IN (SELECT pid FROM opened INDEXED BY opened_at "
                        "ORDER BY at_ms DESC LIMIT -1 OFFSET ?1)",
    [SQL_OPENED_DROP] = "DELETE FROM opened WHERE pid=?1",
    [SQL_OPENED] = "SELECT pid FROM opened ORDER BY at_ms DESC, pid LIMIT ?1",
    [SQL_MARK_PUT] = "INSERT OR REPLACE INTO mark(type, mark_ms, overlap_ms, asof_ms, run_start_ms, run_max_ms, "
                     "run_max_lexeme, next, count, cohort) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
    [SQL_MARK_GET] = "SELECT mark_ms, overlap_ms, asof_ms, run_start_ms, run_max_ms, run_max_lexeme, next, count "
                     "FROM mark WHERE type=?1 AND cohort=?2",
    [SQL_MARK_FORGET] = "DELETE FROM mark",
    /* of all cohorts the least: NULL where there is none */
    [SQL_MARK_ASOF] = "SELECT min(coalesce((SELECT asof_ms FROM mark m WHERE m.type=?1 AND m.cohort=c.cohort), 0)) "
                      "FROM (SELECT DISTINCT cohort FROM member WHERE left_ms=0) c",
    [SQL_MEMBER_PUT] = "INSERT OR REPLACE INTO member(id, cohort, since_ms, left_ms, asked) VALUES(?1,?2,?3,?4,?5)",
    [SQL_MEMBER_DROP] = "DELETE FROM member WHERE id=?1",
    [SQL_MEMBER_GET] = "SELECT id, cohort, since_ms, left_ms, asked FROM member WHERE id=?1",
    [SQL_MEMBERS] = "SELECT id, cohort, since_ms, left_ms, asked FROM member ORDER BY cohort, id",
    [SQL_MEMBERS_FORGET] = "DELETE FROM member",
    [SQL_COHORT_NEW] = "SELECT max(coalesce((SELECT max(cohort) FROM member), 0), coalesce((SELECT max(cohort) FROM "
                       "mark), 0)) + 1",
    /* kinds that the one has whole and the other has not, or is at */
    [SQL_COHORT_APART] = "SELECT count(*) FROM mark m WHERE (m.cohort=?1 OR m.cohort=?2) AND (m.run_start_ms<>0 OR "
                         "(m.mark_ms<>0 AND coalesce((SELECT o.mark_ms FROM mark o WHERE o.type=m.type AND "
                         "o.cohort=?1+?2-m.cohort), 0)=0))",
    [SQL_COHORT_JOIN] =
        "UPDATE mark SET mark_ms=min(mark.mark_ms, o.mark_ms), asof_ms=min(mark.asof_ms, o.asof_ms), "
        "overlap_ms=max(mark.overlap_ms, o.overlap_ms) "
        "FROM (SELECT type t, mark_ms, asof_ms, overlap_ms FROM mark WHERE "
        "cohort=?1) o WHERE mark.cohort=?2 AND mark.type=o.t",
    [SQL_COHORT_DROP] = "DELETE FROM mark WHERE cohort=?1",
    [SQL_COHORT_MOVE] = "UPDATE member SET cohort=?2 WHERE cohort=?1",
    [SQL_COHORT_PART] =
        "INSERT INTO mark(cohort, type, mark_ms, overlap_ms, asof_ms, run_start_ms, run_max_ms, run_max_lexeme, next, count) "
        "SELECT ?2, type, mark_ms, overlap_ms, asof_ms, 0, 0, '', '', count FROM mark WHERE cohort=?1 AND mark_ms<>0",
    [SQL_COHORT_TIDY] = "DELETE FROM mark WHERE cohort<>0 AND cohort NOT IN (SELECT cohort FROM member)",
    [SQL_LEFT_MAY] = "SELECT EXISTS (SELECT 1 FROM member WHERE id=?1 AND left_ms<>0 AND asked=0) AND NOT EXISTS (SELECT 1 "
                     "FROM draft WHERE chart=?1) AND NOT EXISTS (SELECT 1 FROM outbox INDEXED BY outbox_chart WHERE "
                     "chart=?1 AND state<>3) AND NOT EXISTS (SELECT 1 FROM opened WHERE pid=?2 AND at_ms >= ?3)",
    /* who the chart is of goes last */
    [SQL_LEFT_ROWS] = "SELECT rid, type FROM res INDEXED BY res_chart WHERE chart=?1 AND patient=?2 AND origin=0 "
                      "ORDER BY type=?3, rid LIMIT ?4",
    [SQL_AT_SERVER_OF] =
        "SELECT (SELECT count(*) FROM res INDEXED BY res_chart WHERE chart=?1 AND patient=?2 AND type=?3 AND origin=0) - "
        "(SELECT count(*) FROM outbox INDEXED BY outbox_chart WHERE chart=?4 AND kind=0 AND state<>3 AND type=?5), "
        "(SELECT coalesce(sum(n), 0) FROM evicted WHERE chart=?4 AND type=?5)",
    [SQL_MISSING_ADD] = "INSERT OR IGNORE INTO missing(type, id, tries) VALUES(?1, ?2, 0)",
    [SQL_MISSING_DROP] = "DELETE FROM missing WHERE type=?1 AND id=?2",
    [SQL_MISSING_TRIED] = "UPDATE missing SET tries = tries + 1 WHERE type=?1 AND id=?2",
    [SQL_MISSING_EACH] = "SELECT type, id FROM missing WHERE tries < 5 ORDER BY tries, type, id LIMIT ?1",
    [SQL_SET] = "INSERT OR REPLACE INTO setting(name, value) VALUES(?1, ?2)",
    [SQL_SETTING] = "SELECT value FROM setting WHERE name=?1",
    [SQL_RES_OP] = "UPDATE res SET op=?2 WHERE rid=?1",
    /* not where a pull has brought a newer one: that would be fetched again for as long as the edit stays */
    [SQL_ROW_VERSION] = "UPDATE res SET version=?2 WHERE rid=?1 AND rid NOT IN (SELECT rid FROM res_theirs)",
    [SQL_RECEIVED] = "UPDATE res SET version=?2, updated_ms=?3, fetched_ms=?4 WHERE rid=?1",
    [SQL_THEIRS_GET] = "SELECT size, codec, body, version, updated_ms, fetched_ms, gone FROM res_theirs WHERE rid=?1",
    [SQL_THEIRS_PUT] = "INSERT OR REPLACE INTO res_theirs(rid, version, updated_ms, fetched_ms, gone, size, codec, "
                       "body) VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
    [SQL_THEIRS_KEEP] = "INSERT OR REPLACE INTO res_theirs(rid, version, updated_ms, fetched_ms, gone, size, codec, "
                        "body) SELECT rid, version, updated_ms, fetched_ms, 0, size, codec, body FROM res WHERE rid=?1",
    [SQL_THEIRS_DROP] = "DELETE FROM res_theirs WHERE rid=?1",
    [SQL_OP_ADD] = "INSERT INTO outbox(op, rid, after, type, id, chart, kind, state, base_etag, author, role, "
                   "by_command, since_ms, next_at_ms, tries, why, base_size, base_codec, base, size, codec, body) "
                   "VALUES(?1,?2,?3,?4,?5,?6,?7,0,?8,?9,?10,?11,?12,0,0,'',0,0,x'',?13,?14,?15)",
    /* the base is the row as it lies there, or the version before a correction: packed as it is */
    [SQL_OP_BASE] = "UPDATE outbox SET (base_size, base_codec, base)=(SELECT size, codec, body FROM res WHERE rid=?2) "
                    "WHERE seq=?1",
    [SQL_OP_BASE_PRIOR] = "UPDATE outbox SET (base_size, base_codec, base)=(SELECT size, codec, body FROM res_prior "
                          "WHERE rid=?2) WHERE seq=?1 AND EXISTS (SELECT 1 FROM res_prior WHERE rid=?2 AND version=?3)",
    [SQL_OP_JOIN] = "UPDATE outbox SET kind=?2, chart=?3, size=?4, codec=?5, body=?6, author=?7, role=?8, "
                    "by_command=?9, why=CASE state WHEN 5 THEN '' ELSE why END, "
                    "state=CASE state WHEN 5 THEN 0 ELSE state END, next_at_ms=0 WHERE seq=?1",
    [SQL_OP_HEAD] = "SELECT seq, op, rid, after, kind, state, author, role, by_command, tries FROM outbox WHERE seq=?1",
    [SQL_OP_NAMED] = "SELECT seq, op, rid, after, kind, state, author, role, by_command, tries FROM outbox WHERE op=?1",
    [SQL_OP_BASE_OF] = "SELECT base_size, base_codec, base, kind FROM outbox WHERE seq=?1",
    [SQL_OP_OLDEST] = "SELECT min(seq) FROM outbox INDEXED BY outbox_row WHERE rid=?1 AND state<>3",
    [SQL_OP_NEWEST] = "SELECT max(seq) FROM outbox INDEXED BY outbox_row WHERE rid=?1 AND state<>3",
    [SQL_OP_STATE] = "UPDATE outbox SET state=?2, why=?3, tries=max(tries+?4, 0), "
                     "base_etag=CASE ?5 WHEN '' THEN base_etag ELSE ?5 END WHERE seq=?1",
    [SQL_OP_REPLACED] = "UPDATE outbox SET base_etag='' WHERE rid=?1 AND state=3 AND base_etag=?2 AND base_etag<>''",
    [SQL_THEIRS_STALE] = "DELETE FROM res_theirs WHERE rid=(SELECT rid FROM outbox WHERE seq=?1) AND gone=0 AND "
                         "version<>'' AND version<>?2 AND version=(SELECT base_etag FROM outbox WHERE seq=?1)",
    [SQL_OP_LATER] = "UPDATE outbox SET next_at_ms=?2 WHERE op=?1",
    [SQL_OP_DOUBT] = "UPDATE outbox SET state=2, why=?1 WHERE state IN (0, 1)",
    [SQL_OP_REBASE] = "UPDATE outbox SET kind=?2, base_etag=?3, base_size=?4, base_codec=?5, base=?6, size=?7, "
                      "codec=?8, body=?9, chart=?10, author=coalesce(?11, author), role=coalesce(?12, role), "
                      "by_command=coalesce(?13, by_command), state=0, why='', next_at_ms=0, "
                      "tries=tries*(?2<>0) WHERE seq=?1",
    [SQL_OP_FOLD] = "DELETE FROM outbox WHERE rid=?1 AND seq>?2 AND state<>3",
    [SQL_OP_BUSY] = "SELECT 1 FROM outbox INDEXED BY outbox_row WHERE rid=?1 AND state<>3 AND (seq<?2 OR state=1) "
                    "LIMIT 1",
    [SQL_OP_SENT] = "UPDATE outbox SET base_size=0, base_codec=0, base=x'', size=0, codec=0, body=x'' WHERE seq=?1",
    /* of a deletion the bytes that it deletes */
    [SQL_LEDGER_ADD] = "INSERT INTO ledger(op, type, id, chart, kind, state, author, role, by_command, since_ms, "
                       "at_ms, version, no, hash, link, size, codec, body) SELECT op, type, id, chart, kind, ?2, "
                       "author, role, by_command, since_ms, 0, ?3, ?4, ?5, ?6, iif(kind=2, base_size, size), "
                       "iif(kind=2, base_codec, codec), iif(kind=2, base, body) FROM outbox WHERE seq=?1",
    [SQL_LEDGER_BODY] = "SELECT op, type, id, kind, size, codec, body FROM outbox WHERE seq=?1",
    [SQL_LEDGER_LAST] = "SELECT no, link, at_ms FROM ledger WHERE state=3 ORDER BY n DESC LIMIT 1",
    [SQL_LEDGER_BEHIND] = "SELECT seq FROM outbox WHERE rid=?1 AND seq>?2 AND state<>3 ORDER BY seq",
    [SQL_LEDGER_STAMP] = "UPDATE ledger INDEXED BY ledger_at SET at_ms=?1 WHERE at_ms=0",
    [SQL_LEDGER_OLD] = "DELETE FROM outbox WHERE state=3 AND op IN (SELECT op FROM ledger INDEXED BY ledger_at "
                       "WHERE at_ms BETWEEN 1 AND ?1)",
    /* the newest stays: the next link is made from it */
    [SQL_LEDGER_PRUNE] = "DELETE FROM ledger WHERE n IN (SELECT n FROM ledger INDEXED BY ledger_at WHERE at_ms "
                         "BETWEEN 1 AND ?1) AND n<(SELECT max(n) FROM ledger WHERE state=3)",
    [SQL_LEDGER_EACH] = "SELECT n, op, type, id, chart, author, role, version, by_command, kind, state, since_ms, "
                        "at_ms, no, size, codec, body FROM ledger WHERE n<?1 AND (?2='' OR op=?2) "
                        "ORDER BY n DESC LIMIT 1",
    [SQL_OP_NEXT] = "UPDATE outbox SET base_etag=?2 WHERE after=?1",
    [SQL_OP_FORGET] = "UPDATE outbox SET rid=0 WHERE rid=?1",
    [SQL_OP_DROP] = "DELETE FROM outbox WHERE seq=?1",
    [SQL_OP_EACH] = "SELECT seq, op, after, type, id, chart, author, role, by_command, kind, state, base_etag, why, "
                    "since_ms, next_at_ms, tries, base_size, base_codec, base, size, codec, body FROM outbox "
                    "WHERE seq > ?1 AND (?2 OR state<>3) AND (?3='' OR chart=?3) AND (?4='' OR (type=?4 AND id=?5)) "
                    "AND (?6='' OR op=?6) ORDER BY seq LIMIT 1",
    [SQL_OP_UNSENT] = "SELECT seq, rid, base_size, base_codec, base, size, codec, body FROM outbox WHERE seq > ?1 "
                      "AND state<>3 ORDER BY seq LIMIT 1",
    [SQL_OP_SET_BASE] = "UPDATE outbox SET base_size=?2, base_codec=?3, base=?4 WHERE seq=?1",
    [SQL_OP_SET_BODY] = "UPDATE outbox SET size=?2, codec=?3, body=?4 WHERE seq=?1",
    [SQL_OP_GIVE] = "UPDATE outbox SET rid=?2 WHERE rid=?1 AND state<>3",
    [SQL_OP_NAME] = "UPDATE outbox SET id=?3 WHERE type=?1 AND id=?2",
    [SQL_OP_CHART] = "UPDATE outbox SET chart=?2 WHERE chart=?1",
    [SQL_OP_TARGET] = "SELECT type, id FROM outbox WHERE seq=?1",
    [SQL_DRAFT_CHART] = "UPDATE draft SET chart=?2 WHERE chart=?1",
    [SQL_RES_NAME] = "UPDATE res SET key=?1, origin=?2, type=?3, id=?4 WHERE rid=?5",
    [SQL_RENAMED_PUT] = "INSERT OR REPLACE INTO renamed(type, was, id) VALUES(?1,?2,?3)",
    [SQL_RENAMED_AGAIN] = "UPDATE renamed SET id=?3 WHERE type=?1 AND id=?2",
    [SQL_RENAMED_GET] = "SELECT id FROM renamed WHERE type=?1 AND was=?2",
    [SQL_RENAMED_ANY] = "SELECT ?1 + EXISTS(SELECT 1 FROM renamed)",
    [SQL_UNSENT] = "SELECT count(DISTINCT type||'/'||id) FROM outbox INDEXED BY outbox_state "
                   "WHERE state IN (0, 1, 2, 4, 5)",
    [SQL_UNSENT_OF] = "SELECT count(DISTINCT type||'/'||id) FROM outbox INDEXED BY outbox_chart "
                      "WHERE chart=?1 AND state<>3",
    [SQL_DRAFT_PUT] = "INSERT OR REPLACE INTO draft(name, chart, form, changed_ms, size, codec, body) "
                      "VALUES(?1,?2,?3,?4,?5,?6,?7)",
    [SQL_DRAFT_GET] = "SELECT size, codec, body FROM draft WHERE name=?1",
    [SQL_DRAFT_EACH] = "SELECT name, chart, form, changed_ms FROM draft WHERE ?1='' OR chart=?1 "
                       "ORDER BY changed_ms DESC, name",
    [SQL_DRAFT_DROP] = "DELETE FROM draft WHERE name=?1",
    [SQL_TRAIL_ADD] = "INSERT INTO audit(at_ms, boot_ms, action, outcome, session, author, role, chart, type, id, "
                      "version, purpose, reason) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
    [SQL_TRAIL_EACH] = "SELECT seq, at_ms, boot_ms, action, outcome, session, author, role, chart, type, id, version, "
                       "purpose, reason FROM audit WHERE seq > ?1 ORDER BY seq LIMIT ?2",
    [SQL_BLOB_FORGET] = "DELETE FROM blob WHERE rid=?1",
    [SQL_EVICT_UNOPENED] =
        "SELECT p.pid, p.chart FROM patient p WHERE p.pid > ?1 AND p.origin=0 AND NOT EXISTS (SELECT 1 FROM opened o "
        "WHERE o.pid=p.pid) AND NOT EXISTS (SELECT 1 FROM draft d WHERE d.chart=p.chart) ORDER BY p.pid LIMIT 1",
    [SQL_EVICT_OPENED] =
        "SELECT o.pid, p.chart, o.at_ms FROM opened o INDEXED BY opened_at CROSS JOIN patient p ON p.pid=o.pid "
        "WHERE (o.at_ms, o.pid) > (?2, ?1) AND o.at_ms < ?3 AND p.origin=0 AND NOT EXISTS (SELECT 1 FROM draft d "
        "WHERE d.chart=p.chart) ORDER BY o.at_ms, o.pid LIMIT 1",
    [SQL_EVICT_ROWS] = "SELECT rid, type FROM res INDEXED BY res_chart WHERE chart=?1 AND patient=?2 AND origin=0 "
                       "AND op IS NULL",
    [SQL_EVICT_MAY] =
        "SELECT NOT EXISTS (SELECT 1 FROM draft WHERE chart=?2) AND NOT EXISTS (SELECT 1 FROM opened WHERE pid=?1 "
        "AND at_ms >= ?4) AND NOT EXISTS (SELECT 1 FROM evicted WHERE chart=?2 AND type=?3 AND wanted=1)",
    [SQL_EVICT_LOOK] = "SELECT length(body) FROM res WHERE rid=?1 AND origin=0 AND op IS NULL",
    [SQL_EVICTED_ADD] = "INSERT INTO evicted(chart, type, at_ms, n, wanted) VALUES(?1,?2,?3,?4,0) "
                        "ON CONFLICT(chart, type) DO UPDATE SET at_ms=?3, n=n+?4",
    [SQL_EVICTED_OF] = "SELECT chart, type, at_ms, n, wanted FROM evicted WHERE chart=?1 ORDER BY type",
    [SQL_EVICTED_ALL] = "SELECT '', type, max(at_ms), count(*), 0 FROM evicted GROUP BY type",
    [SQL_EVICTED_WANTED] =
        "SELECT chart, type, at_ms, n, wanted FROM evicted INDEXED BY evicted_wanted WHERE wanted=1 "
        "ORDER BY chart, type",
    [SQL_EVICTED_WANT] = "UPDATE evicted SET wanted=1 WHERE chart=?1",
    [SQL_EVICTED_BACK] = "DELETE FROM evicted WHERE chart=?1 AND (?2='' OR (type=?2 AND wanted=1))",
    [SQL_EVICTED_FORGET] = "DELETE FROM evicted",
    [SQL_QUEUE] = "SELECT state, count(*) FROM outbox GROUP BY state",
};

int sql_error(const struct sql *c, int rc, struct err *e)
{
    int full = rc & 0xff;

    if (full == SQLITE_OK || full == SQLITE_ROW || full == SQLITE_DONE)
        return ERR_OK;
    if (rc == SQLITE_IOERR_DATA || full == SQLITE_CORRUPT || full == SQLITE_NOTADB)
        return err_set(e, ERR_DAMAGED, rc, c->keys ? seal_bad_page(c->keys) : 0, STORE_FILE);
    if (full == SQLITE_NOMEM || rc == SQLITE_IOERR_NOMEM)
        return err_set(e, ERR_NOMEM, rc, 0, NULL);
    if (full == SQLITE_FULL || (full == SQLITE_IOERR && c->db && sqlite3_system_errno(c->db) == EDQUOT))
        return err_set(e, c->fills ? ERR_FULL : ERR_IO, ENOSPC, 0, STORE_FILE);
    if (full == SQLITE_INTERRUPT)
        return err_set(e, ERR_CANCELLED, 0, 0, NULL);
    if (full == SQLITE_IOERR || full == SQLITE_CANTOPEN)
        return err_set(e, ERR_IO, c->db ? sqlite3_system_errno(c->db) : 0, 0, STORE_FILE);
    return err_set(e, ERR_SQL, rc, 0, STORE_FILE);
}

int sql_exec(const struct sql *c, const char *text, struct err *e)
{
    int rc = sqlite3_exec(c->db, text, NULL, NULL, NULL);

    return sql_error(c, rc ? sqlite3_extended_errcode(c->db) : SQLITE_OK, e);
}

int sql_prepare(const struct sql *c, const char *text, sqlite3_stmt **st, struct err *e)
{
    int rc = sqlite3_prepare_v3(c->db, text, -1, SQLITE_PREPARE_PERSISTENT, st, NULL);

    return sql_error(c, rc ? sqlite3_extended_errcode(c->db) : SQLITE_OK, e);
}

int sql_use(struct sql *c, enum sql_id id, sqlite3_stmt **st, struct err *e)
{
    int code = c->stmt[id] ? ERR_OK : sql_prepare(c, texts[id], &c->stmt[id], e);

    *st = c->stmt[id];
    return code;
}

void sql_done(sqlite3_stmt *st)
{
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
}

void sql_bind(sqlite3_stmt *st, int at, struct str s)
{
    sqlite3_bind_text64(st, at, s.p ? s.p : "", s.n, SQLITE_STATIC, SQLITE_UTF8);
}

struct str sql_column(sqlite3_stmt *st, int at)
{
    const void *p = sqlite3_column_blob(st, at);

    return (struct str){p ? p : "", (size_t)sqlite3_column_bytes(st, at)};
}

int sql_step(const struct sql *c, sqlite3_stmt *st, struct err *e)
{
    int rc = sqlite3_step(st);

    if (rc == SQLITE_ROW)
        return 1;
    return rc == SQLITE_DONE ? 0 : sql_error(c, sqlite3_extended_errcode(c->db), e);
}

int sql_run(const struct sql *c, sqlite3_stmt *st, struct err *e)
{
    int code = sql_step(c, st, e);

    sql_done(st);
    return code < 0 ? code : ERR_OK;
}

int sql_run_with(struct sql *c, enum sql_id id, int64_t number, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, id, &st, e);

    if (code)
        return code;
    if ((code = sql_error(c, sqlite3_bind_int64(st, 1, number), e)))
        sql_done(st);
    return code ? code : sql_run(c, st, e);
}

int sql_number(const struct sql *c, const char *text, int64_t *out, struct err *e)
{
    sqlite3_stmt *st = NULL;
    int code = sql_prepare(c, text, &st, e);

    *out = 0;
    if (!code && (code = sql_step(c, st, e)) == 1) {
        *out = sqlite3_column_int64(st, 0);
        code = ERR_OK;
    }
    sqlite3_finalize(st);
    return code;
}

void sql_close(struct sql *c)
{
    for (int i = 0; i < SQL_IDS; i++)
        sqlite3_finalize(c->stmt[i]);
    for (int i = 0; i < SQL_WALKS; i++)
        sqlite3_finalize(c->walk[i]);
    sqlite3_close(c->db);
    body_free(c->body);
    *c = (struct sql){.db = NULL};
}
