/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Writes one JSON document into a buf. Escapes C0, DEL, C1 and bidi controls as \uXXXX, so that what
 * `--json` prints can never drive a terminal; bytes that are not UTF-8 become U+FFFD. Commas and colons
 * are its own business. Errors stick in the buf.
 */
#ifndef BASE_JSONW_H
#define BASE_JSONW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct jsonw {
    struct buf *out;
    bool comma;
};

void jsonw_init(struct jsonw *w, struct buf *out);
void jsonw_open(struct jsonw *w, char bracket);          /* '{' or '[' */
void jsonw_close(struct jsonw *w, char bracket);         /* '}' or ']' */
void jsonw_key(struct jsonw *w, const char *name);       /* inside an object; a value must follow */
void jsonw_str(struct jsonw *w, struct str s);
void jsonw_z(struct jsonw *w, const char *z);            /* NULL gives null */
void jsonw_int(struct jsonw *w, int64_t v);
void jsonw_bool(struct jsonw *w, bool v);
void jsonw_null(struct jsonw *w);
void jsonw_raw(struct jsonw *w, struct str json);        /* already JSON: copied as it is */

#endif
