/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the server has of a row that was changed here and there: until a person has answered, both versions count.
 */
#include "config.h"

#include <string.h>

#include "base/intl.h"
#include "fhir/index.h"
#include "model/edit.h"
#include "model/priv.h"

int model_beside_open(struct model *m, const struct store_row *r, struct model_beside *out, struct err *e)
{
    char version[STORE_VERSION_BYTES];
    enum store_beside what;
    struct err why = ERR_NONE;
    bool gone;
    int code;

    memset(out, 0, sizeof *out);
    buf_init(&out->bytes, LIMIT_RESOURCE_BYTES);
    if (!r->unsent)
        return ERR_OK;
    if ((code = store_op_beside(m->store, r->type, r->id, &what, e)))
        return code;
    if (what != STORE_BESIDE_OTHER) /* REQ: the edit's own base is not what the server has by now */
        return ERR_OK;
    code = store_op_theirs(m->store, r->type, r->id, &out->bytes, version, &gone, &why);
    if (code == ERR_NOTFOUND || (!code && (gone || str_eq(buf_str(&out->bytes), r->bytes))))
        return ERR_OK;
    if (!code)
        code = tape_parse(&out->t, buf_str(&out->bytes), &why);
    if (code)
        return *e = why, code;
    out->there = true;
    return ERR_OK;
}

void model_beside_close(struct model_beside *b)
{
    tape_fini(&b->t);
    buf_fini(&b->bytes);
}

int model_beside_format(struct model *m, const struct model_person *who, const struct store_row *r,
                        const struct model_beside *b, struct arena *keep, struct model_row *row, int *rank,
                        struct err *e)
{
    const char *lead = _("SERVER HAS: ");
    struct store_row theirs = *r;
    struct fhir_index ix;
    int code = fhir_index(&b->t, model_base(m, who), keep, &ix, e);

    if (code)
        return code;
    theirs.bytes = buf_str(&b->bytes);
    theirs.date = ix.date;
    theirs.date_ms = ix.date_ms;
    theirs.status = ix.status;
    theirs.unsent = false;
    theirs.op_state = -1;
    if ((code = model_format(m, who, &theirs, &b->t, keep, row, rank, e)))
        return code;
    row->text = text_own(arena_fmt(keep, "%s%s", lead, row->text.s));
    row->name_at += (unsigned)strlen(lead);
    if (row->brief.n)
        row->brief = text_own(arena_fmt(keep, "%s%s", lead, row->brief.s));
    if (row->flags < MODEL_FLAGS_MAX)
        row->flag[row->flags++] = model_op_flag(STORE_OP_CONFLICT);
    return keep->failed ? err_set(e, ERR_NOMEM, 0, 0, "row") : ERR_OK;
}
