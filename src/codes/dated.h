/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What can be said of a file of knowledge: is it there, whole, and young enough to rest a check on. Its head says its
 * date, after how many days it is too old, and how many rows it has (base/tsv.h):
 *     # date: 2026-11-30
 *     # too old after: 730 days
 *     # rows: 59
 * REQ: what is missing, emptied, cut, damaged, undated, dated ahead or too old is never used as if it were whole.
 */
#ifndef CODES_DATED_H
#define CODES_DATED_H

#include "base/date.h"
#include "base/tsv.h"

enum codes_file_state {
    CODES_FILE_GOOD,
    CODES_FILE_MISSING, /* or cannot be read: sub = errno */
    CODES_FILE_EMPTY,
    CODES_FILE_CUT,     /* its head counts more rows, or fewer; or counts none */
    CODES_FILE_DAMAGED, /* line says where */
    CODES_FILE_UNDATED, /* no date, or no limit of its age */
    CODES_FILE_AHEAD,   /* dated later than today: its date or this machine's clock is wrong */
    CODES_FILE_OLD,
    CODES_FILE_STATES
};

struct codes_dated {
    const char *file; /* "interactions.tsv": static */
    enum codes_file_state state;
    struct date date; /* of its head; precision DATE_NONE: it has none */
    int64_t days;     /* old; 0 when undated */
    int64_t limit;    /* days; 0: it has none */
    unsigned rows;
    int line;         /* CODES_FILE_DAMAGED: from 1 */
    int sub;          /* CODES_FILE_MISSING: errno */
};

/* Opens dir/file, whose columns must begin with these (TAB between them). ERR_OK whatever the file's state, which is in
 * *out; t has rows only when that is CODES_FILE_GOOD. file: static. Else ERR_NOMEM, ERR_TOOBIG (the path). */
int codes_dated_open(const char *dir, const char *file, const char *columns, const struct date *today, struct arena *a,
                     struct tsv *t, struct codes_dated *out, struct err *e);
/* A row that is none, found later by who reads it: the file is damaged. */
void codes_dated_bad(struct codes_dated *f, const struct tsv *t);
/* Why a file is not used: a sentence without its name, translated ("is missing", "is older than its 730 days"), with
 * its date and place where it has one. "" of a good one. In a. */
const char *codes_dated_why(const struct codes_dated *f, struct arena *a);
/* A cell in the language of the messages, where the file has a column for it ("effect:es") and something stands there;
 * else as the column itself has it. "" when there is none. */
struct str codes_dated_words(const struct tsv *t, const struct str *cell, const char *column);

#endif
