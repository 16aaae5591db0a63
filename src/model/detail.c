/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The detail of a row: its words, its codes, and the resource itself, cut into lines out of its own
 * bytes, so that no digit of it was ever written anew.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "fhir/index.h"
#include "model/lint.h"
#include "model/priv.h"

#define DETAIL_LINES 400000
#define DETAIL_NOTE_LINES 50000
#define DETAIL_VALUE                                                                               \
    4096 /* bytes of one value that a line shows: attachments are longer, and say so */

struct detail {
    struct arena *a;
    struct vec lines;
    bool failed;
};

static void add(struct detail *d, struct text line)
{
    struct text *at = line.s ? vec_push(&d->lines) : NULL;

    if (at)
        *at = line;
    else
        d->failed = true;
}

static void add_own(struct detail *d, const char *words)
{
    add(d, text_own(words));
}

/* --- words ------------------------------------------------------------------------------------ */

/* Of what the row's date is: by the element of the kind's table that it came from. */
static const char *date_label(const struct tape *t, const struct store_row *r)
{
    static const struct {
        const char *stem, *words;
    } labels[] = {
        {"effective", N_("Effective")},   {"issued", N_("Issued")},       {"authored", N_("Authored")},
        {"recorded", N_("Recorded")},     {"onset", N_("Began")},         {"performed", N_("Done")},
        {"occurrence", N_("Occurred")},   {"created", N_("Created")},     {"when", N_("Handed out")},
        {"assertedDate", N_("Recorded")}, {"dateAsserted", N_("Stated")}, {"dateTime", N_("Signed")},
        {"period", N_("From")},           {"start", N_("Starts")},        {"lastModified", N_("Changed")},
    };
    const struct fhir_kind *k = kind_find(r->type);
    struct str paths = str_of(k ? k->date_paths : NULL);

    while (r->date.n && paths.n) {
        struct str path = str_split(&paths, ' ');
        char name[64];

        snprintf(name, sizeof name, "%.*s", STR_ARG(path));
        if (!str_eq(tape_plain(t, tape_path(t, 0, name)), r->date))
            continue;
        for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
            if (str_starts(path, labels[i].stem))
                return _(labels[i].words);
    }
    return _("Date");
}

static void add_words(struct detail *d, const struct model_row *row, const struct store_row *r,
                      const struct tape *t)
{
    struct str rest = {row->text.s, row->text.n};
    tape_at notes = tape_get(t, 0, "note");
    char when[DATE_TEXT_MAX];

    while (rest.n) { /* a row's parts, each on its line */
        struct str part = str_split(&rest, '\n');

        add(d, text_own(arena_dup(d->a, part.p, part.n)));
    }
    add_own(d, arena_fmt(d->a, "%s: %s", date_label(t, r), row->date.s));
    for (unsigned i = 0; i < row->flags; i++)
        add_own(d, arena_fmt(d->a, _("Flag: %s"), row->flag[i]));
    for (unsigned i = 0; i < MODEL_LINTS; i++)
        if (row->broken & 1u << i) /* TRANSLATORS: why words of the server's are marked [!] */
            add_own(d, arena_fmt(d->a, _("[!] as it was sent: %s"), model_lint_words(i)));
    for (tape_at n = tape_first(t, notes); n != TAPE_NONE; n = tape_next(t, notes, n)) {
        struct text note = text_safe(d->a, tape_str(t, tape_get(t, n, "text"), d->a), 0);

        if (note.n && !strstr(row->text.s, note.s))
            add_own(d, arena_fmt(d->a, _("Note: %s"), note.s));
    }
    date_short(r->fetched_ms, 0, when);
    if (r->unsent)
        add_own(d, _("NOT SENT: edited here, and not at the server yet"));
    if (r->unsent && !r->fetched_ms) /* made here: nothing of it was ever received */
        return;
    add_own(d, arena_fmt(d->a,
                         r->origin == STORE_FILE_IMPORT ? _("Read from a file on %s")
                         : r->unsent                    ? _("Last received from the server on %s")
                                                        : _("Received from the server on %s"),
                         when));
    if (r->version.n)
        add_own(d, arena_fmt(d->a, _("Version: %s"), text_safe(d->a, r->version, 64).s));
}

/* The note itself, line by line. A struck row's is not read out: it stands in the resource below. */
static void add_note(struct detail *d, const struct tape *t)
{
    struct str rest, line;
    struct buf safe;
    bool cut;

    buf_init(&safe, (size_t)MODEL_NOTE_BYTES * 10);
    d->failed = model_note(t, d->a, &safe, &cut) || d->failed;
    rest = str_trim(buf_str(&safe));
    if (rest.n)
        add_own(d, _("Text:"));
    for (unsigned i = 0; rest.n; i++) {
        if (i == DETAIL_NOTE_LINES) {
            cut = true;
            break;
        }
        line = str_split(&rest, '\n');
        add(d, text_own(arena_dup(d->a, line.p, line.n)));
    }
    if (cut)
        add_own(d, _("[the text goes on: see the resource below]"));
    buf_fini(&safe);
}

/* --- codes ------------------------------------------------------------------------------------ */

/* Every Coding in the document, in its order: "system|code  display". */
static void add_codes(struct detail *d, const struct tape *t)
{
    for (uint32_t i = 0; i < t->n; i++) {
        tape_at code = tape_is(t, i, TAPE_OBJECT) ? tape_get(t, i, "code") : TAPE_NONE;
        tape_at system = tape_get(t, i, "system");
        struct str shown;

        if (!tape_is(t, code, TAPE_STRING) || !tape_is(t, system, TAPE_STRING))
            continue;
        shown = tape_str(
            t, tape_get(t, i, tape_get(t, i, "display") != TAPE_NONE ? "display" : "unit"), d->a);
        add_own(d, arena_fmt(d->a, "%s|%s  %s", text_safe(d->a, tape_str(t, system, d->a), 512).s,
                             text_safe(d->a, tape_str(t, code, d->a), 512).s,
                             text_safe(d->a, shown, 512).s));
    }
}

/* --- the resource ----------------------------------------------------------------------------- */

static void add_raw_line(struct detail *d, unsigned depth, struct str key, struct str value,
                         bool comma)
{
    struct text k = text_safe(d->a, key, 512), v = text_safe(d->a, value, DETAIL_VALUE);

    add_own(d, arena_fmt(d->a, "%*s%s%s%s%s", (int)(depth * 2), "", k.s, k.n ? ": " : "", v.s,
                         comma ? "," : ""));
}

/* One line a value, out of the resource's own bytes. */
static void add_raw(struct detail *d, const struct tape *t)
{
    struct {
        tape_at end;
        bool object, comma;
    } open[LIMIT_DEPTH + 1];
    unsigned depth = 0;
    struct str key = STR("");

    for (tape_at i = 0; i <= t->n; i++) {
        bool object, container, comma;

        while (depth && i >= open[depth - 1].end) {
            depth--;
            add_raw_line(d, depth, STR(""), open[depth].object ? STR("}") : STR("]"),
                         open[depth].comma);
        }
        if (i == t->n)
            break;
        if (t->nodes[i].kind == TAPE_KEY) {
            key = tape_raw(t, i);
            continue;
        }
        object = tape_is(t, i, TAPE_OBJECT);
        container = (object || tape_is(t, i, TAPE_ARRAY)) && t->nodes[i].next > i + 1;
        comma = depth && t->nodes[i].next < open[depth - 1].end;
        if (container && depth <= LIMIT_DEPTH) {
            add_raw_line(d, depth, key, object ? STR("{") : STR("["), false);
            open[depth].end = t->nodes[i].next;
            open[depth].comma = comma;
            open[depth++].object = object;
        } else
            add_raw_line(d, depth, key,
                         object                      ? STR("{}")
                         : tape_is(t, i, TAPE_ARRAY) ? STR("[]")
                                                     : tape_raw(t, i),
                         comma);
        key = STR("");
    }
}

/* --- opening ---------------------------------------------------------------------------------- */

struct wanted {
    struct str id;
    struct model *m;
    const struct model_person *who;
    struct model_detail *out;
    struct detail *d;
    bool found;
    struct err *e;
};

static int take(void *arg, const struct store_row *r)
{
    struct wanted *w = arg;
    struct model_row row;
    struct buf raw;
    struct tape t;
    int rank, code;

    if (!str_eq(r->id, w->id))
        return ERR_OK;
    buf_init(&raw, LIMIT_RESOURCE_BYTES);
    code = store_get(w->m->store, r->type, r->id, &raw, w->e);
    if (!code && !(code = tape_parse(&t, buf_str(&raw), w->e))) {
        code = model_format_lines(w->m, w->who, r, &t, &w->out->arena, &row, &rank, w->e);
        if (!code) {
            w->found = true;
            w->out->title = model_format_name(w->m, w->who, r, &t, &w->out->arena);
            add_words(w->d, &row, r, &t);
            if (rank < 9)
                add_note(w->d, &t);
            code = model_attached_lines(w->m, r, &t, w->d->a, &w->d->lines, &w->out->fetch, w->e);
            if (!code && model_is_visit(r->type))
                code = model_visit_lines(w->m, w->who, r->type, r->id, w->d->a, &w->d->lines, w->e);
            w->out->codes_at = (unsigned)w->d->lines.n;
            add_codes(w->d, &t);
            w->out->raw_at = (unsigned)w->d->lines.n;
            add_raw(w->d, &t);
        }
        tape_fini(&t);
    }
    buf_fini(&raw);
    return code;
}

int model_detail(struct model *m, struct str chart, struct str type, struct str id,
                 struct model_detail *out, struct err *e)
{
    struct store_query q = {.type = type, .patient = chart};
    struct detail d = {.a = &out->arena};
    struct model_person who;
    struct wanted w = {.id = id, .m = m, .who = &who, .out = out, .d = &d, .e = e};
    struct buf raw;
    struct tape t;
    int code;

    memset(out, 0, sizeof *out);
    arena_init(&out->arena, (size_t)256 << 20);
    if ((code = model_patient_open(m, chart, &raw, &t, e)))
        return code;
    vec_init(&d.lines, sizeof(struct text), DETAIL_LINES);
    model_person_read(m, chart, &t, &out->arena, &who);
    memcpy(out->chart, who.chart, sizeof out->chart);
    code = model_allergy_state(m, chart, &who.allergies, NULL, e);
    if (!code)
        code = store_each(m->store, &q, take, &w, e);
    if (!code && !w.found)
        code = err_set(e, ERR_NOTFOUND, 0, 0, "row");
    out->n = (unsigned)d.lines.n;
    if (!code && (d.failed || out->arena.failed ||
                  !(out->lines = arena_alloc(&out->arena, (d.lines.n + 1) * sizeof *out->lines))))
        code = err_set(e, ERR_NOMEM, 0, 0, "detail");
    if (!code && out->n)
        memcpy(out->lines, d.lines.p, out->n * sizeof *out->lines);
    vec_fini(&d.lines);
    tape_fini(&t);
    buf_fini(&raw);
    if (code)
        model_detail_fini(out);
    return code;
}

void model_detail_fini(struct model_detail *d)
{
    arena_fini(&d->arena);
    memset(d, 0, sizeof *d);
}
