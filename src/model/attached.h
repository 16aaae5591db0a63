/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A row's attachments that lie elsewhere, as a detail and `attachment` say them: what each is, whether it is kept on
 * this device, and the words of one that is text.
 */
#ifndef MODEL_ATTACHED_H
#define MODEL_ATTACHED_H

#include "base/buf.h"
#include "fhir/attach.h"
#include "model/model.h"
#include "store/blob.h"

enum model_kept {
    MODEL_KEPT_NOT,
    MODEL_KEPT_PART,
    MODEL_KEPT_WHOLE,
    MODEL_KEPT_INLINE,   /* its data stand in the resource */
    MODEL_KEPT_ELSEWHERE, /* at another server, which is not asked */
    MODEL_KEPT_NOWHERE,  /* neither data nor URL */
    MODEL_KEPT_FILE,  /* of a row of a file: there is no server to ask */
};
struct model_attached {
    enum model_kept kept;
    struct store_blob blob;        /* of a part, or of one that is kept */
    struct store_blob_source source;
};
/* What is here of one of row type/id (as store_get takes them). */
int model_attached(struct model *m, struct str type, struct str id, const struct fhir_attachment *at,
                   struct model_attached *out, struct err *e);
/* "kept", "part", "not fetched": for --json and tests, never translated. */
const char *model_kept_name(enum model_kept kept);
/* One line: which, title, type, size, and what is here of it. */
struct text model_attached_words(const struct fhir_attachment *at, const struct model_attached *what, struct arena *a);

/* Is it text that can be shown as lines? By its media type. */
bool model_is_words(struct str media);
/* The content of one that is kept, as safe text with LF between lines, appended; HTML and XML without their tags. *cut:
 * there is more. ERR_NOTFOUND, ERR_DAMAGED, ERR_NOMEM. */
int model_attached_text(struct model *m, const struct model_attached *what, struct str media, struct buf *out,
                        bool *cut, struct err *e);

#endif
