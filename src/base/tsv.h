/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reads the data files that come with the program, or that a site has put in their place (data/): knowledge that is
 * dated and sourced. UTF-8; lines of the head begin with #, "# date: 2026-11-30" among them; the first other line names
 * the columns; each one behind it is a row with exactly as many cells, TAB between them. Empty lines and lines that
 * begin with # are passed over. A head that says "# rows: 231" must be right: a file that was cut is then known to be.
 *
 * Pure but for tsv_open: nothing is kept beside what the caller gave. A file is read whole, or refused whole.
 */
#ifndef BASE_TSV_H
#define BASE_TSV_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define TSV_BYTES (16u << 20) /* a file */
#define TSV_COLUMNS 32

struct tsv {
    struct str head;                  /* all before the line that names the columns */
    struct str column[TSV_COLUMNS];   /* their names */
    unsigned columns;
    unsigned rows;                    /* so many does tsv_next give */
    struct str body;                  /* what tsv_next has not given yet */
    unsigned line;                    /* of the row that tsv_next gave last, from 1 */
};

/* Looks at all of bytes, which are borrowed and must outlive t. name: what the file is called in errors. ERR_EMPTY: no
 * line that names columns, or no row; ERR_INPUT with num = line: not such a file; with num = 0: its head counts more
 * rows, or fewer; ERR_TOOBIG. On an error t has no rows. */
int tsv_parse(struct str bytes, const char *name, struct tsv *t, struct err *e);
/* The same of DIR/FILE, read into a. ERR_NOFILE with sub = errno: it is not there, or cannot be read. */
int tsv_open(const char *dir, const char *file, struct arena *a, struct tsv *t, struct err *e);
/* The bytes of DIR/FILE alone, whatever they are, in a. Errors of tsv_open. */
int tsv_read(const char *dir, const char *file, struct arena *a, struct str *bytes, struct err *e);

/* What a line of the head says: tsv_head(t, "date"); "" when none does. The first counts. */
struct str tsv_head(const struct tsv *t, const char *key);
/* The place of a column, or -1. */
int tsv_column(const struct tsv *t, const char *name);
/* Do the columns begin with these, in this order? names: TAB between them. A site's own may follow. */
bool tsv_has(const struct tsv *t, const char *names);
/* The cells of the next row, without blanks at their ends; false behind the last one. */
bool tsv_next(struct tsv *t, struct str cell[TSV_COLUMNS]);

#endif
