/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fhir/attach.h"

#include <string.h>

#include "fhir/plain.h"
#include "fhir/read.h"

struct walking {
    struct arena *a;
    int (*each)(void *arg, const struct fhir_attachment *at);
    void *arg;
    unsigned no;
    int code;
};

static void read_hash(struct str text, struct fhir_attachment *out)
{
    struct buf b;
    bool cut = false;

    buf_init(&b, sizeof out->sha1 + 1);
    out->hashed = fhir_base64(text, sizeof out->sha1, &b, &cut) && !cut && b.n == sizeof out->sha1;
    if (out->hashed)
        memcpy(out->sha1, b.p, sizeof out->sha1);
    buf_fini(&b);
}

static bool one(void *arg, const struct tape *t, tape_at at)
{
    struct walking *w = arg;
    struct fhir_attachment x = {.no = w->no, .size = -1};

    if (!tape_is(t, at, TAPE_OBJECT))
        return false;
    w->no++;
    x.media = str_trim(tape_str(t, tape_get(t, at, "contentType"), w->a));
    x.title = str_trim(tape_str(t, tape_get(t, at, "title"), w->a));
    x.url = tape_str(t, tape_get(t, at, "url"), w->a);
    x.inlined = tape_is(t, tape_get(t, at, "data"), TAPE_STRING);
    x.data = tape_str(t, tape_get(t, at, "data"), w->a);
    if (!str_int(tape_raw(t, tape_get(t, at, "size")), 0, INT64_MAX, &x.size))
        x.size = -1;
    read_hash(tape_str(t, tape_get(t, at, "hash"), w->a), &x);
    w->code = w->each(w->arg, &x);
    return w->code != 0;
}

int fhir_attachments(const struct tape *t, const struct fhir_kind *k, struct arena *a,
                     int (*each)(void *arg, const struct fhir_attachment *at), void *arg)
{
    struct walking w = {.a = a, .each = each, .arg = arg};
    struct str rest = str_of(k ? k->text_paths : NULL);

    while (rest.n && !w.code) {
        struct str path = str_split(&rest, ' ');

        if (str_ends(path, "attachment") || str_ends(path, "presentedForm"))
            fhir_each_at(t, 0, path, one, &w);
    }
    return w.code;
}

struct wanted {
    unsigned no;
    struct fhir_attachment *out;
};

static int take(void *arg, const struct fhir_attachment *at)
{
    struct wanted *w = arg;

    if (at->no != w->no)
        return 0;
    *w->out = *at;
    return 1;
}

bool fhir_attachment(const struct tape *t, const struct fhir_kind *k, unsigned no, struct arena *a,
                     struct fhir_attachment *out)
{
    return fhir_attachments(t, k, a, take, &(struct wanted){no, out}) != 0;
}
