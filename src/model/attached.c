/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "model/attached.h"

#include <string.h>

#include "base/limits.h"
#include "fhir/plain.h"
#include "model/priv.h"

/* Is it at the profile's server? net is the judge (net_gate), but a line must not promise what it will refuse. */
static bool is_ours(struct model *m, struct str url)
{
    struct buf base;
    bool ours = true;

    buf_init(&base, LIMIT_URL_BYTES);
    if (memmem(url.p, url.n, "://", 3) && !store_setting(m->store, "server", &base, NULL))
        ours = base.n && str_starts(url, base.p);
    buf_fini(&base);
    return ours;
}

int model_attached(struct model *m, struct str type, struct str id, const struct fhir_attachment *at,
                   struct model_attached *out, struct err *e)
{
    struct err why = ERR_NONE;
    int code;

    *out = (struct model_attached){.source = {type, id, at->no, at->url}};
    if (at->inlined || !at->url.n) {
        out->kept = at->inlined ? MODEL_KEPT_INLINE : MODEL_KEPT_NOWHERE;
        return ERR_OK;
    }
    if (str_starts(id, STORE_FILE_PREFIX) || !store_has(m->store, type, id, STR(""))) {
        out->kept = MODEL_KEPT_FILE;
        return ERR_OK;
    }
    if (!is_ours(m, at->url)) {
        out->kept = MODEL_KEPT_ELSEWHERE;
        return ERR_OK;
    }
    code = store_blob_look(m->store, &out->source, &out->blob, &why);
    if (!code)
        out->kept = out->blob.whole ? MODEL_KEPT_WHOLE : out->blob.have ? MODEL_KEPT_PART : MODEL_KEPT_NOT;
    else if (code != ERR_NOTFOUND && e)
        *e = why;
    return code == ERR_NOTFOUND ? ERR_OK : code;
}

static const struct {
    const char *name, *words;
} states[] = {
    [MODEL_KEPT_NOT] = {"not fetched", N_("NOT FETCHED")},
    [MODEL_KEPT_PART] = {"part", N_("FETCHED IN PART")},
    [MODEL_KEPT_WHOLE] = {"kept", N_("kept on this device")},
    [MODEL_KEPT_INLINE] = {"inline", N_("in the resource itself")},
    [MODEL_KEPT_ELSEWHERE] = {"elsewhere", N_("at another server: it cannot be fetched")},
    [MODEL_KEPT_NOWHERE] = {"nowhere", N_("the record does not say where it is")},
    [MODEL_KEPT_FILE] = {"file", N_("FROM FILE: it cannot be fetched")},
};

const char *model_kept_name(enum model_kept kept)
{
    return states[kept].name;
}

static void add(struct arena *a, const char **line, const char *words)
{
    *line = *words ? arena_fmt(a, "%s, %s", *line, words) : *line;
}

struct text model_attached_words(const struct fhir_attachment *at, const struct model_attached *what, struct arena *a)
{
    int64_t size = what->kept == MODEL_KEPT_WHOLE ? what->blob.size : at->size;
    char when[DATE_TEXT_MAX];
    const char *line = arena_fmt(a, _("Attachment %u"), at->no + 1);

    line = line ? arena_fmt(a, "%s: %s", line, _(states[what->kept].words)) : NULL;
    if (line && what->kept == MODEL_KEPT_PART)
        line = arena_fmt(a, _("%s (%lld bytes)"), line, (long long)what->blob.have);
    if (line && what->kept == MODEL_KEPT_WHOLE) {
        date_short(what->blob.at_ms, 0, when);
        line = arena_fmt(a, _("%s, received on %s"), line, when);
    }
    if (line)
        add(a, &line, text_safe(a, at->title, 200).s);
    if (line)
        add(a, &line, text_safe(a, at->media, 200).s);
    if (line && size >= 0)
        add(a, &line, arena_fmt(a, P_("%lld byte", "%lld bytes", size), (long long)size));
    return text_own(line ? line : "");
}

/* --- its words --------------------------------------------------------------------------------------- */

static bool is_markup(struct str media)
{
    static const char *const types[] = {"text/html", "application/xhtml+xml", "text/xml", "application/xml"};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (fhir_is_media(media, types[i]))
            return true;
    return false;
}

bool model_is_words(struct str media)
{
    static const char *const types[] = {"text/plain", "text/markdown", "text/csv"};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (fhir_is_media(media, types[i]))
            return true;
    return is_markup(media);
}

struct reading {
    struct buf raw;
    bool cut;
};

static int take(void *arg, struct str piece)
{
    struct reading *r = arg;
    size_t room = MODEL_NOTE_BYTES - r->raw.n;

    if (buf_add(&r->raw, piece.p, piece.n < room ? piece.n : room))
        return r->raw.failed;
    r->cut = piece.n > room;
    return r->cut ? ERR_CANCELLED : ERR_OK; /* enough */
}

int model_attached_text(struct model *m, const struct model_attached *what, struct str media, struct buf *out,
                        bool *cut, struct err *e)
{
    struct reading r = {.cut = false};
    struct err why = ERR_NONE;
    struct buf plain;
    int code;

    buf_init(&r.raw, MODEL_NOTE_BYTES + 1);
    buf_init(&plain, MODEL_NOTE_BYTES);
    code = store_blob_read(m->store, &what->source, take, &r, &why);
    code = code == ERR_CANCELLED && r.cut ? ERR_OK : code;
    if (!code && is_markup(media)) {
        code = model_xhtml(buf_str(&r.raw), &plain);
        r.cut = r.cut || code == ERR_TOOBIG;
        code = code == ERR_TOOBIG ? ERR_OK : code;
    }
    if (!code)
        code = text_safe_buf(out, is_markup(media) ? buf_str(&plain) : buf_str(&r.raw), true);
    *cut = r.cut;
    if (code)
        err_set(e, code, why.sub, why.num, why.what);
    buf_fini(&plain);
    buf_fini(&r.raw);
    return code;
}

/* --- in a detail ------------------------------------------------------------------------------------- */

struct listing {
    struct model *m;
    const struct store_row *row;
    struct arena *a;
    struct vec *lines;
    unsigned *fetch;
    struct err *e;
};

static int add_line(struct listing *l, struct text line)
{
    struct text *at = line.s ? vec_push(l->lines) : NULL;

    if (!at)
        return err_set(l->e, ERR_NOMEM, 0, 0, "detail");
    *at = line;
    return ERR_OK;
}

static int add_text(struct listing *l, const struct fhir_attachment *at, const struct model_attached *what)
{
    struct err why = ERR_NONE;
    struct str rest, line;
    struct buf safe;
    bool cut = false;
    int code;

    buf_init(&safe, (size_t)MODEL_NOTE_BYTES * 10);
    code = model_attached_text(l->m, what, at->media, &safe, &cut, &why);
    rest = str_trim(buf_str(&safe));
    while (!code && rest.n) {
        line = str_split(&rest, '\n');
        code = add_line(l, text_own(arena_dup(l->a, line.p, line.n)));
    }
    if (!code && cut)
        code = add_line(l, text_own(_("[the text goes on: wardline attachment writes all of it]")));
    buf_fini(&safe);
    if (code != ERR_DAMAGED)
        return code ? err_set(l->e, code, why.sub, why.num, why.what) : ERR_OK;
    *l->fetch = *l->fetch ? *l->fetch : at->no + 1;
    return add_line(l, text_own(_("What is kept of it is damaged; F fetches it again.")));
}

static int one(void *arg, const struct fhir_attachment *at)
{
    struct listing *l = arg;
    struct model_attached what;
    struct text line;
    int code = model_attached(l->m, l->row->type, l->row->id, at, &what, l->e);

    if (code || what.kept == MODEL_KEPT_INLINE) /* its words stand in the note, its data in the resource */
        return code;
    line = model_attached_words(at, &what, l->a);
    if (what.kept == MODEL_KEPT_NOT || what.kept == MODEL_KEPT_PART) {
        *l->fetch = *l->fetch ? *l->fetch : at->no + 1;
        line = text_own(arena_fmt(l->a, _("%s. F fetches it."), line.s));
    }
    if ((code = add_line(l, line)) || what.kept != MODEL_KEPT_WHOLE)
        return code;
    if (model_is_words(at->media))
        return add_text(l, at, &what);
    return add_line(l, text_own(arena_fmt(l->a, _("To a file: wardline attachment %s/%s %u --out FILE"),
                                          text_safe(l->a, l->row->type, 64).s, text_safe(l->a, l->row->id, 80).s,
                                          at->no + 1)));
}

int model_attached_lines(struct model *m, const struct store_row *r, const struct tape *t, struct arena *a,
                         struct vec *lines, unsigned *fetch, struct err *e)
{
    struct listing l = {m, r, a, lines, fetch, e};

    *fetch = 0;
    return fhir_attachments(t, kind_find(r->type), a, one, &l);
}
