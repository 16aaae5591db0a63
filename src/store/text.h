/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Search in the words of all resources: names, titles, notes, the text of documents (fhir/plain.h). Words are folded
 * (base/text.h) and found by how they begin; scripts that set no blanks between words (Chinese, Japanese, Thai, Lao,
 * Khmer, Burmese) by any part.
 */
#ifndef STORE_TEXT_H
#define STORE_TEXT_H

#include "store/store.h"

#define STORE_TEXT_WORDS 8

struct store_text_query {
    struct str words;      /* as typed; the first STORE_TEXT_WORDS words count. UTF-8 */
    struct str chart;      /* a chart id; "" = all */
    int64_t before_rowid;  /* to go on behind the last row that was given; 0 = from the newest */
    unsigned limit;        /* 0 = no limit */
    bool bytes;            /* fill row->bytes */
};
/* Calls each for every row in which each of the words begins a word, what was stored last first; a code other than 0
 * ends it and is returned. Of a run of three or more characters without blanks: rows in which all its pairs stand, in
 * any order. ERR_INPUT: no word, or no UTF-8; ERR_TOOBIG past LIMIT_TEXT_CELL bytes. */
int store_text_search(struct store *s, const struct store_text_query *q,
                      int (*each)(void *arg, const struct store_row *row), void *arg, struct err *e);

/* Whether words of deleted rows may still lie, sealed, in the file's index. */
bool store_text_settled(struct store *s);
/* Takes them out: the index is written anew in steps, each a transaction, and the log is emptied. On the thread that
 * writes, outside a transaction; at once when nothing was deleted. step (may be NULL) other than 0 stops it between two
 * (ERR_CANCELLED): then it is not done, and nothing is lost. */
int store_text_settle(struct store *s, int (*step)(void *arg), void *arg, struct err *e);

#endif
