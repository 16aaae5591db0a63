/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fhir/index.h"

#include <string.h>

#include "base/date.h"
#include "base/limits.h"
#include "fhir/plain.h"
#include "fhir/read.h"

struct wanted {
    const char *base; /* NULL in a file */
    struct arena *a;
    struct str found;
    bool full; /* the arena could not take it */
};

static struct str decoded(struct wanted *w, const struct tape *t, tape_at at)
{
    struct str s = tape_str(t, at, w->a);

    if (!s.n && tape_is(t, at, TAPE_STRING) && tape_name(t, at).n)
        w->full = true;
    return s;
}

static bool take_patient(void *arg, const struct tape *t, tape_at at)
{
    struct wanted *w = arg;
    struct str ref, type, id;

    if (tape_is(t, at, TAPE_STRING)) { /* Patient.id; a text where a reference should be names nobody */
        w->found = str_is_id(tape_plain(t, at)) ? tape_plain(t, at) : STR("");
        return true;
    }
    ref = decoded(w, t, tape_get(t, at, "reference")); /* some servers write "Patient\/1" */
    if (fhir_reference(ref, w->base, &type, &id) && (!type.n || str_is(type, "Patient")))
        w->found = id;
    return w->found.n || w->full;
}

static bool take_plain(void *arg, const struct tape *t, tape_at at)
{
    struct wanted *w = arg;

    w->found = tape_plain(t, at);
    return w->found.n > 0;
}

static bool take_string(void *arg, const struct tape *t, tape_at at)
{
    struct wanted *w = arg;

    w->found = str_trim(decoded(w, t, at));
    return w->found.n || w->full;
}

static bool take_words(void *arg, const struct tape *t, tape_at at)
{
    struct wanted *w = arg;

    w->found = fhir_words(t, at, w->a);
    w->full |= w->a->failed;
    return w->found.n || w->full;
}

static bool take_code(void *arg, const struct tape *t, tape_at at)
{
    struct wanted *w = arg;

    w->found = fhir_code(t, at);
    return w->found.n > 0;
}

/* paths: one or several with blanks between; NULL finds nothing. */
static struct str find(struct wanted *w, const struct tape *t, const char *paths,
                       bool (*take)(void *arg, const struct tape *t, tape_at at))
{
    struct str rest = str_of(paths);

    w->found = (struct str){"", 0};
    while (rest.n)
        if (fhir_each_at(t, 0, str_split(&rest, ' '), take, w))
            break;
    return w->found;
}

static int64_t when(struct str lexeme)
{
    struct date d;

    return date_parse(lexeme, &d) ? date_ms(&d) : FHIR_NO_DATE;
}

/* Title and text for a search. False: no memory. */
static bool all_words(const struct tape *t, struct arena *a, struct fhir_index *out)
{
    struct buf b;
    bool ok;

    out->words = out->title;
    if (!out->kind->text_paths)
        return true;
    buf_init(&b, FHIR_TEXT_BYTES);
    buf_addstr(&b, out->title);
    ok = !fhir_text(t, out->kind, a, &b);
    if (ok && b.n > out->title.n)
        out->words = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return ok && !a->failed;
}

int fhir_index(const struct tape *t, const char *base, struct arena *a, struct fhir_index *out,
               struct err *e)
{
    struct wanted w = {.base = base, .a = a};
    struct str none = {"", 0};
    const struct fhir_kind *kind;

    *out = (struct fhir_index){.type = tape_plain(t, tape_get(t, 0, "resourceType")),
                               .id = tape_plain(t, tape_get(t, 0, "id")),
                               .version = none, .updated = none, .updated_ms = FHIR_NO_DATE,
                               .patient = none,
                               .date = none, .date_ms = FHIR_NO_DATE, .status = none,
                               .section = none, .title = none, .words = none};
    if (!str_is_type(out->type))
        return err_set(e, ERR_INPUT, 0, 0, "resourceType");
    if (!str_is_id(out->id))
        return err_set(e, ERR_INPUT, 0, 0, "id");
    out->version = find(&w, t, "meta.versionId", take_plain);
    out->updated = find(&w, t, "meta.lastUpdated", take_plain);
    out->updated_ms = when(out->updated);
    out->kind = kind = kind_find(out->type);
    if (!kind)
        return ERR_OK;
    out->patient = find(&w, t, kind->patient_path, take_patient);
    out->date = find(&w, t, kind->date_paths, take_plain);
    out->date_ms = when(out->date);
    out->status = find(&w, t, kind->status_path, take_code);
    out->section = str_of(kind->section_of ? kind->section_of(t) : kind->section);
    out->title = find(&w, t, kind->code_path, take_words);
    if (!out->title.n)
        out->title = find(&w, t, kind->title_path, take_string);
    if (!w.full)
        w.full = !all_words(t, a, out);
    return w.full ? err_set(e, ERR_NOMEM, 0, 0, NULL) : fhir_facts(t, base, a, out, e);
}

bool fhir_reference(struct str ref, const char *base, struct str *type, struct str *id)
{
    size_t n = base ? strlen(base) : 0;
    struct str rest = ref, history;

    if (base && !strcmp(base, FHIR_BASE_FILE) && str_starts(ref, FHIR_BASE_FILE)) {
        *type = (struct str){"", 0};
        *id = (struct str){ref.p + n, ref.n - n};
        return str_is_id(*id);
    }
    while (n && base[n - 1] == '/')
        n--;
    if (n && ref.n > n && !memcmp(ref.p, base, n) && ref.p[n] == '/')
        rest = (struct str){ref.p + n + 1, ref.n - n - 1};
    *type = str_split(&rest, '/');
    *id = str_split(&rest, '/');
    if (!str_is_type(*type) || !str_is_id(*id))
        return false;
    if (!rest.p)
        return true;
    history = str_split(&rest, '/');
    return str_is(history, "_history") && rest.p && str_is_id(rest);
}

void fhir_references(const struct tape *t, const char *base,
                     void (*each)(void *arg, struct str type, struct str id), void *arg)
{
    for (tape_at k = 0; k + 1 < t->n; k++) {
        struct str type, id;
        struct arena a;

        if (t->nodes[k].kind != TAPE_KEY || !str_is(tape_name(t, k), "reference") || !tape_is(t,
        k + 1, TAPE_STRING))
            continue;
        arena_init(&a, LIMIT_URL_BYTES * 4);
        if (fhir_reference(tape_str(t, k + 1, &a), base, &type, &id))
            each(arg, type, id);
        arena_fini(&a);
    }
}
