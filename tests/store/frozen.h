/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What stands in the stores under tests/store/frozen: make_frozen wrote them once, t_seal_frozen opens them for ever.
 */
#ifndef TESTS_STORE_FROZEN_H
#define TESTS_STORE_FROZEN_H

#define FROZEN_KEY 42 /* each byte of the data key */
#define FROZEN_PASS "frozen in November 2026"
#define FROZEN_SECOND "another person's words"
#define FROZEN_FILE_ID "frozen-store-id" /* with its NUL: 16 bytes */

/* 24 rows; those above 16 only in a log. */
#define FROZEN_SCHEMA "CREATE TABLE frozen(n INTEGER PRIMARY KEY, v TEXT, w BLOB); CREATE INDEX by_v ON frozen(v);"
#define FROZEN_ROWS(from, to) \
    "INSERT INTO frozen WITH RECURSIVE x(n) AS (SELECT " from " UNION ALL SELECT n+1 FROM x WHERE n<" to ") " \
    "SELECT n, printf('row %d, \xc3\xa9t\xc3\xa9 5 mg', n), CAST(replace(hex(zeroblob(n*20)), '0', char(64+n)) AS BLOB) FROM x"

/* A profile of schema 3. */
#define FROZEN_PATIENT \
    "{\"resourceType\":\"Patient\",\"id\":\"f1\",\"name\":[{\"family\":\"Frost\",\"given\":[\"\xc3\x89lo\xc3\xafse\"]}],\"birthDate\":\"1951-03-04\"}"
#define FROZEN_RESULT \
    "{\"resourceType\":\"Observation\",\"id\":\"f2\",\"status\":\"final\",\"subject\":{\"reference\":\"Patient/f1\"},\"valueQuantity\":{\"value\":0.10}}"
#define FROZEN_MARK 1764374400000

#endif
