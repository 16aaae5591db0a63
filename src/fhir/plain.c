/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fhir/plain.h"

#include <string.h>

#include "fhir/read.h"

bool fhir_base64(struct str s, size_t most, struct buf *out, bool *cut)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t start = out->n;
    uint32_t bits = 0;
    int have = 0;

    for (size_t i = 0; i < s.n && s.p[i] != '='; i++) {
        const char *d = s.p[i] ? strchr(digits, s.p[i]) : NULL;

        if (!d && s.p[i] && strchr(" \t\r\n", s.p[i]))
            continue;
        if (!d)
            return false;
        bits = bits << 6 | (uint32_t)(d - digits);
        if ((have += 6) < 8)
            continue;
        have -= 8;
        if (out->n - start == most) {
            *cut = true;
            break;
        }
        if (buf_addc(out, (char)(bits >> have & 0xff)))
            return false;
    }
    return true;
}

bool fhir_is_media(struct str s, const char *type)
{
    size_t k = 0, n = strlen(type);

    while (k < n && k < s.n && (s.p[k] | ((s.p[k] >= 'A' && s.p[k] <= 'Z') ? 32 : 0)) == type[k])
        k++;
    return k == n && (k == s.n || s.p[k] == ';' || s.p[k] == ' ');
}

/* --- what a search knows ------------------------------------------------------------------------- */

struct wanted {
    struct arena *a;
    struct buf *out;
    bool div, data; /* the path leads to a narrative, to an attachment */
};

static const struct fhir_marks no_marks = {"", "", ""};

static void new_line(struct buf *out)
{
    if (out->n && out->p[out->n - 1] != '\n')
        buf_addc(out, '\n');
}

static void add_attachment(struct wanted *w, const struct tape *t, tape_at at)
{
    struct str type = str_trim(tape_str(t, tape_get(t, at, "contentType"), w->a));
    struct str data = tape_str(t, tape_get(t, at, "data"), w->a);
    bool html = fhir_is_media(type, "text/html") || fhir_is_media(type, "application/xhtml+xml"), cut = false;
    struct buf bytes;

    if (!data.n || (!html && !fhir_is_media(type, "text/plain") && !fhir_is_media(type, "text/markdown")))
        return;
    buf_init(&bytes, FHIR_TEXT_BYTES + 1);
    if (fhir_base64(data, FHIR_TEXT_BYTES, &bytes, &cut)) {
        new_line(w->out);
        if (html)
            fhir_xhtml(buf_str(&bytes), &no_marks, w->out);
        else
            buf_addstr(w->out, buf_str(&bytes));
    }
    buf_fini(&bytes);
}

static bool take(void *arg, const struct tape *t, tape_at at)
{
    struct wanted *w = arg;

    if (w->data) {
        add_attachment(w, t, at);
    } else {
        struct str s = tape_is(t, at, TAPE_STRING) ? tape_str(t, at, w->a) : fhir_words(t, at, w->a);

        if (s.n)
            new_line(w->out);
        if (w->div)
            fhir_xhtml(s, &no_marks, w->out);
        else
            buf_addstr(w->out, s);
    }
    return w->out->failed;
}

static bool ends(struct str path, const char *with)
{
    size_t n = strlen(with);

    return path.n >= n && !memcmp(path.p + path.n - n, with, n);
}

int fhir_text(const struct tape *t, const struct fhir_kind *k, struct arena *a, struct buf *out)
{
    struct str rest = str_of(k ? k->text_paths : NULL);

    while (rest.n && !out->failed) {
        struct str path = str_split(&rest, ' ');
        struct wanted w = {.a = a, .out = out, .div = ends(path, ".div")};

        w.data = ends(path, "attachment") || ends(path, "presentedForm");
        fhir_each_at(t, 0, path, take, &w);
    }
    return out->failed == ERR_NOMEM || a->failed ? ERR_NOMEM : ERR_OK;
}
