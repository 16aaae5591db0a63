/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "fhir/index.h"
#include "model/lint.h"
#include "model/priv.h"

void model_put(struct model_fmt *f, const char *own)
{
    buf_adds(f->out, own);
}

void model_putf(struct model_fmt *f, const char *fmt, ...)
{
    va_list ap;
    char s[512];

    va_start(ap, fmt);
    if (vsnprintf(s, sizeof s, fmt, ap) < (int)sizeof s)
        buf_adds(f->out, s);
    else
        f->out->failed = ERR_TOOBIG;
    va_end(ap);
}

void model_put_server(struct model_fmt *f, struct str s)
{
    size_t over = s.n > LIMIT_TEXT_CELL ? s.n - LIMIT_TEXT_CELL : 0;

    s.n -= over;
    while (over && s.n && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
        s.n--, over++;
    text_safe_buf(f->out, s, false);
    if (over) /* never a silent cut: the rest stands in the detail */
        model_putf(f, " [+%zu bytes]", over);
}

void model_aside(struct model_fmt *f, struct buf *aside)
{
    buf_init(aside, LIMIT_RESOURCE_BYTES);
    f->out = aside;
}

struct text model_aside_end(struct model_fmt *f, struct buf *aside, struct buf *was)
{
    char *words = aside->failed ? NULL : arena_dup(f->keep, aside->p ? aside->p : "", aside->n);

    if (!words)
        f->keep->failed = true;
    buf_fini(aside);
    f->out = was;
    return text_own(words ? words : "");
}

/* REQ CS-11, CS-13, CS-15 to CS-17: what a server sent is never dropped and never mended: it stands as it came, marked;
 * its detail says what is the matter, doctor counts such rows. A number of its own has its clear form instead. */
void model_put_told(struct model_fmt *f, struct str s)
{
    unsigned broken = f->kind && f->kind->section && !strcmp(f->kind->section, "medicines") ? model_lint(s) : 0;

    model_put_server(f, s);
    if (broken)
        model_put(f, MODEL_LINT_MARK);
    f->row->broken |= broken;
}

void model_sep(struct model_fmt *f)
{
    struct str s = buf_str(f->out);

    if (s.n && !str_ends(s, f->sep) && !str_ends(s, ": "))
        buf_adds(f->out, f->sep);
}

void model_flag(struct model_fmt *f, const char *own)
{
    for (unsigned i = 0; i < f->row->flags; i++)
        if (!strcmp(f->row->flag[i], own))
            return;
    if (f->row->flags < MODEL_FLAGS_MAX)
        f->row->flag[f->row->flags++] = own;
}

bool model_not_false(const struct model_fmt *f, tape_at at)
{
    return at != TAPE_NONE && !tape_is(f->t, at, TAPE_FALSE);
}

void model_put_labelled(struct model_fmt *f, const char *label, struct str s)
{
    if (!s.n)
        return;
    model_sep(f);
    model_put(f, label);
    model_put_told(f, s);
}

void model_put_date(struct model_fmt *f, struct str lexeme)
{
    char words[DATE_TEXT_MAX];
    struct date d;

    if (date_parse(lexeme, &d)) {
        date_text(&d, words);
        model_put(f, words);
        return;
    }
    model_put_server(f, lexeme);
    model_put(f, " ");
    model_put(f, _("(not a valid date)"));
}

void model_put_period(struct model_fmt *f, tape_at period)
{
    struct str start = tape_plain(f->t, tape_get(f->t, period, "start"));
    struct str end = tape_plain(f->t, tape_get(f->t, period, "end"));

    if (start.n) {
        /* TRANSLATORS: "from 03-Feb-2026 until 05-Feb-2026" */
        model_put(f, _("from "));
        model_put_date(f, start);
    }
    if (end.n) {
        model_put(f, start.n ? " " : "");
        model_put(f, _("until "));
        model_put_date(f, end);
    }
}

bool model_put_concept(struct model_fmt *f, tape_at concept)
{
    struct str words = fhir_words(f->t, concept, f->a), code;

    if (words.n) {
        model_put_told(f, words);
        return true;
    }
    code = fhir_code(f->t, concept);
    if (!code.n)
        return false;
    /* TRANSLATORS: an item for which the server sent a code and no words */
    model_put(f, _("code "));
    model_put_server(f, code);
    model_put(f, _(" (no words sent)"));
    return true;
}

bool model_put_concepts(struct model_fmt *f, tape_at list, const char *glue)
{
    bool any = false;

    for (tape_at c = tape_first(f->t, list); c != TAPE_NONE; c = tape_next(f->t, list, c)) {
        size_t before = f->out->n;

        if (any)
            model_put(f, glue);
        if (model_put_concept(f, c))
            any = true;
        else if (!f->out->failed)
            f->out->n = before;
    }
    return any;
}

void model_put_notes(struct model_fmt *f)
{
    tape_at notes = tape_get(f->t, 0, "note");

    for (tape_at n = tape_first(f->t, notes); n != TAPE_NONE; n = tape_next(f->t, notes, n))
        model_put_labelled(f, _("note: "),
                           str_trim(tape_str(f->t, tape_get(f->t, n, "text"), f->a)));
}

const char *model_code_word(const struct model_code_word *table, struct str code)
{
    for (; code.n && table->code; table++)
        if (str_is(code, table->code))
            return _(table->words);
    return NULL;
}

enum model_link model_link(struct model_fmt *f, struct str reference, const char *type,
                           void (*use)(struct model_fmt *f, const struct tape *t))
{
    enum model_link found = MODEL_LINK_MISSING;
    struct store_row row = {0};
    struct buf raw, key;
    struct tape t;
    bool own = false;
    int code = ERR_OK;

    if (!fhir_reference(reference, model_base(f->m, f->who), &row.type, &row.id))
        return MODEL_LINK_MISSING;
    if (!row.type.n)
        row.type = str_of(type);
    if (!str_is(row.type, type)) /* of another type nobody here knows whose it is, or what it says */
        return MODEL_LINK_MISSING;
    buf_init(&raw, LIMIT_RESOURCE_BYTES);
    buf_init(&key, 256);
    if (f->who->file)
        buf_adds(&key, STORE_FILE_PREFIX);
    buf_addstr(&key, row.id);
    /* A file's row never stands in for a server's: store_has is exact, store_get is not. */
    if (store_has(f->m->store, row.type, buf_str(&key), STR("")) &&
        (code = store_get(f->m->store, row.type, buf_str(&key), &raw, NULL)) == ERR_OK &&
        (code = tape_parse(&t, buf_str(&raw), NULL)) == ERR_OK) {
        code = model_own(f->m, f->who, &row, &t, &own);
        /* REQ: what belongs to another patient is never shown, whoever points to it. */
        found = own ? MODEL_LINK_OWN : MODEL_LINK_OTHER;
        if (!code && found == MODEL_LINK_OWN)
            use(f, &t);
        tape_fini(&t);
    }
    if (key.failed || (code && code != ERR_NOTFOUND && code != ERR_JSON))
        f->out->failed =
            key.failed ? key.failed : code; /* not known is not the same as not there */
    buf_fini(&key);
    buf_fini(&raw);
    return found;
}
