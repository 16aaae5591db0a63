/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The words of a note: attached text, a document's sections, or the narrative, as plain safe text.
 */
#include "config.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "fhir/plain.h"
#include "model/priv.h"

#define NOTE_DEPTH 8     /* sections in sections */
#define NOTE_GLANCE 4096 /* bytes that are read for a row's first words */
#define NOTE_COLUMNS 72  /* of them */

struct note {
    const struct tape *t;
    struct arena *a;
    struct buf plain; /* of the server's characters: not yet safe */
    size_t most;      /* bytes of attached text that are decoded */
    bool cut, bad;
};

static void new_part(struct note *n)
{
    if (n->plain.n && n->plain.p[n->plain.n - 1] != '\n')
        buf_addc(&n->plain, '\n');
}

int model_xhtml(struct str html, struct buf *out)
{
    const struct fhir_marks marks = {.struck = _("[struck out: "), .struck_end = "]", .picture = _("[picture]")};

    return fhir_xhtml(html, &marks, out);
}

static void add_div(struct note *n, tape_at narrative)
{
    struct str div = tape_str(n->t, tape_get(n->t, narrative, "div"), n->a);

    if (!div.n)
        return;
    new_part(n);
    model_xhtml(div, &n->plain);
}

static void add_attachment(struct note *n, tape_at at)
{
    struct str type = str_trim(tape_str(n->t, tape_get(n->t, at, "contentType"), n->a));
    struct str data = tape_str(n->t, tape_get(n->t, at, "data"), n->a);
    bool html = fhir_is_media(type, "text/html") || fhir_is_media(type, "application/xhtml+xml");
    struct buf bytes;

    if (!data.n || (!html && !fhir_is_media(type, "text/plain") && !fhir_is_media(type, "text/markdown")))
        return;
    buf_init(&bytes, n->most + 1);
    if (fhir_base64(data, n->most, &bytes, &n->cut)) {
        new_part(n);
        if (html)
            model_xhtml(buf_str(&bytes), &n->plain);
        else
            buf_addstr(&n->plain, buf_str(&bytes));
    } else if (bytes.failed && !n->plain.failed)
        n->plain.failed = bytes.failed;
    else
        n->bad = true;
    buf_fini(&bytes);
}

static void add_sections(struct note *n, tape_at list, unsigned depth)
{
    for (tape_at s = tape_first(n->t, list); s != TAPE_NONE; s = tape_next(n->t, list, s)) {
        struct str title = str_trim(tape_str(n->t, tape_get(n->t, s, "title"), n->a));

        if (title.n) {
            new_part(n);
            buf_addstr(&n->plain, title);
            buf_addc(&n->plain, '\n');
        }
        add_div(n, tape_get(n->t, s, "text"));
        if (depth < NOTE_DEPTH)
            add_sections(n, tape_get(n->t, s, "section"), depth + 1);
        else
            n->cut = n->cut || tape_get(n->t, s, "section") != TAPE_NONE;
    }
}

/* most: bytes; the words that do not fit are cut, and *cut says so. */
static int read_note(const struct tape *t, struct arena *a, size_t most, struct note *n)
{
    tape_at content = tape_get(t, 0, "content"), forms = tape_get(t, 0, "presentedForm");

    *n = (struct note){.t = t, .a = a, .most = most};
    buf_init(&n->plain, most);
    for (tape_at c = tape_first(t, content); c != TAPE_NONE; c = tape_next(t, content, c))
        add_attachment(n, tape_get(t, c, "attachment"));
    for (tape_at p = tape_first(t, forms); p != TAPE_NONE; p = tape_next(t, forms, p))
        add_attachment(n, p);
    add_sections(n, tape_get(t, 0, "section"), 1);
    if (!n->plain.n)
        add_div(n, tape_get(t, 0, "text"));
    if (n->plain.failed == ERR_TOOBIG) {
        n->cut = true;
        n->plain.failed = ERR_OK;
    }
    return n->plain.failed;
}

int model_note(const struct tape *t, struct arena *a, struct buf *out, bool *cut)
{
    struct note n;
    int code = read_note(t, a, MODEL_NOTE_BYTES, &n);

    if (!code)
        code = text_safe_buf(out, buf_str(&n.plain), true);
    if (!code && n.bad)
        code = buf_addf(out, "%s%s", out->n ? "\n" : "", _("(attached text that cannot be decoded)"));
    *cut = n.cut;
    buf_fini(&n.plain);
    return code;
}

bool model_put_first_words(struct model_fmt *f)
{
    struct note n;
    struct text words;
    size_t fit;
    int code = read_note(f->t, f->a, NOTE_GLANCE, &n);

    if (code)
        f->out->failed = f->out->failed ? f->out->failed : code;
    words = text_safe(f->a, str_trim(buf_str(&n.plain)), 0);
    buf_fini(&n.plain);
    if (code || !words.n)
        return false;
    fit = text_fit((struct str){words.s, words.n}, NOTE_COLUMNS);
    if (fit < words.n || n.cut)
        while (fit && words.s[fit] != ' ') /* a word, and above all a number, is whole or it is not there */
            fit--;
    if (!fit)
        return false;
    model_put(f, "\"");
    model_put_server(f, str_trim((struct str){words.s, fit}));
    model_put(f, fit < words.n || n.cut ? " ...\"" : "\"");
    return true;
}
