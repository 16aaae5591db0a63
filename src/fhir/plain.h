/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The words of a resource as plain text, not yet safe to show: narratives and HTML reduced, attached text decoded, and
 * all that a search knows of a resource by the kind table's text_paths. Nothing is ever fetched.
 */
#ifndef FHIR_PLAIN_H
#define FHIR_PLAIN_H

#include "fhir/kind.h"

/* What stands for that which plain text cannot hold; "" where it is to leave no trace. */
struct fhir_marks {
    const char *struck, *struck_end; /* around words that were struck out */
    const char *picture;
};
/* XHTML or HTML as plain text with LF between lines, appended to out. out's failure. */
int fhir_xhtml(struct str html, const struct fhir_marks *marks, struct buf *out);

/* RFC 4648, appended; blanks are passed over. At most most bytes: *cut when there are more. False: it is none, or out
 * has failed. */
bool fhir_base64(struct str s, size_t most, struct buf *out, bool *cut);
/* Is a media type that one, whatever parameters it has? type in lower case. */
bool fhir_is_media(struct str s, const char *type);

/* Everything that stands at the kind's text_paths, appended, each on a line of its own. The same resource gives the
 * same words in any language. Words past FHIR_TEXT_BYTES are left out. ERR_NOMEM. */
#define FHIR_TEXT_BYTES (1u << 20)
int fhir_text(const struct tape *t, const struct fhir_kind *k, struct arena *a, struct buf *out);

#endif
