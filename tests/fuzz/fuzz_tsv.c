/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Data files. What is taken has as many rows as were counted, each with as many cells as there are columns, in bytes
 * that were given; no proper beginning of it that leaves out a row is taken when its head counts the rows.
 */
#include "config.h"

#include "tests/fuzz/fuzz.h"

#include "base/tsv.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct str bytes = {(const char *)p, n}, cell[TSV_COLUMNS];
    struct err e = ERR_NONE;
    struct tsv t, cut;
    unsigned rows = 0;
    int code = tsv_parse(bytes, "fuzz", &t, &e);

    FUZZ_MUST(code == ERR_OK || code == ERR_EMPTY || code == ERR_INPUT || code == ERR_TOOBIG);
    FUZZ_MUST(code ? !t.rows && !t.columns : t.rows && t.columns && t.columns <= TSV_COLUMNS);
    while (!code && tsv_next(&t, cell)) {
        rows++;
        for (unsigned i = 0; i < t.columns; i++)
            FUZZ_MUST(cell[i].p >= bytes.p && cell[i].p + cell[i].n <= bytes.p + n);
    }
    FUZZ_MUST(rows == t.rows);
    if (!code && tsv_head(&t, "rows").n) {
        while (n && p[n - 1] == '\n')
            n--;
        while (n && p[n - 1] != '\n')
            n--;
        if (!tsv_parse((struct str){(const char *)p, n}, "fuzz", &cut, &e))
            FUZZ_MUST(cut.rows == rows); /* its last lines were no rows */
    }
    return 0;
}
