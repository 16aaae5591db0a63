/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A page, and how it is cut into pieces (the first byte says how). What is told does not hang on the pieces;
 * a shorter page tells a beginning of it; and of a document that the tape takes, the scanner hands over
 * exactly the resources that stand in it.
 */
#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "base/limits.h"
#include "fhir/bundle.h"
#include "fhir/tape.h"

struct told {
    struct buf b;
    unsigned resources;
};

static int on_resource(void *arg, int outer, struct str bytes)
{
    struct told *t = arg;

    FUZZ_MUST(bytes.n >= 2 && bytes.p[0] == '{' && bytes.p[bytes.n - 1] == '}');
    FUZZ_MUST(outer >= -1);
    t->resources++;
    buf_addf(&t->b, "R%d", outer);
    return buf_addstr(&t->b, bytes);
}

static int on_link(void *arg, int outer, struct str relation, struct str url)
{
    FUZZ_MUST(url.n <= LIMIT_URL_BYTES);
    buf_addf(&((struct told *)arg)->b, "L%d %zu ", outer, relation.n);
    return buf_addstr(&((struct told *)arg)->b, url);
}

static int on_response(void *arg, int entry, struct str status, struct str etag, struct str location)
{
    return buf_addf(&((struct told *)arg)->b, "A%d %zu %zu %zu", entry, status.n, etag.n, location.n);
}

static int on_head(void *arg, int outer, struct str type, struct str total)
{
    return buf_addf(&((struct told *)arg)->b, "H%d %zu %zu", outer, type.n, total.n);
}

static int on_toobig(void *arg, int outer, struct str head)
{
    return buf_addf(&((struct told *)arg)->b, "B%d %zu", outer, head.n);
}

static int scan(struct told *t, struct str bytes, size_t piece)
{
    struct bundle_sink sink = {on_resource, on_link, on_response, on_head, on_toobig, t};
    struct bundle_scan *s;
    int code = 0;

    *t = (struct told){0};
    buf_init(&t->b, 64u << 20);
    FUZZ_MUST(!bundle_new(&sink, LIMIT_PAGE_BYTES, &s));
    for (size_t i = 0; !code && i < bytes.n; i += piece)
        code = bundle_feed(s, (struct str){bytes.p + i, bytes.n - i < piece ? bytes.n - i : piece}, NULL);
    FUZZ_MUST(code || bundle_bytes(s) == bytes.n);
    if (!code)
        code = bundle_end(s, NULL);
    bundle_free(s);
    return code;
}

/* The resources of a Bundle as the tape sees them; those of a batch's answers included. */
static unsigned walk(const struct tape *t, tape_at bundle, bool batch)
{
    tape_at entries = tape_get(t, bundle, "entry");
    unsigned n = 0;

    if (!tape_is(t, entries, TAPE_ARRAY))
        return 0;
    for (tape_at e = tape_first(t, entries); e != TAPE_NONE; e = tape_next(t, entries, e)) {
        tape_at r = tape_get(t, e, "resource");

        if (!tape_is(t, r, TAPE_OBJECT))
            continue;
        if (batch && tape_str_is(t, tape_get(t, r, "resourceType"), "Bundle") &&
            tape_str_is(t, tape_get(t, r, "type"), "searchset"))
            n += walk(t, r, false);
        else
            n++;
    }
    return n;
}

static void as_the_tape_sees_it(const struct told *all, struct str bytes, int code)
{
    struct tape t;
    struct arena a;
    tape_at type;
    bool batch;

    if (tape_parse(&t, bytes, NULL))
        return;
    arena_init(&a, 1 << 20);
    type = tape_get(&t, 0, "type");
    /* the answers of a batch are opened when it has said that it is one */
    batch = str_is(tape_str(&t, type, &a), "batch-response") && type < tape_get(&t, 0, "entry");
    if (!tape_is(&t, 0, TAPE_OBJECT))
        FUZZ_MUST(code == ERR_NOTFHIR);
    else if (!tape_str_is(&t, tape_get(&t, 0, "resourceType"), "Bundle"))
        FUZZ_MUST(!code && all->resources == 1);
    else if (!code)
        FUZZ_MUST(all->resources == walk(&t, 0, batch));
    arena_fini(&a);
    tape_fini(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct str bytes = {(const char *)p + 1, n ? n - 1 : 0};
    struct told all, pieces, cut;
    int code;

    if (!n)
        return 0;
    code = scan(&all, bytes, bytes.n ? bytes.n : 1);
    FUZZ_MUST(scan(&pieces, bytes, 1 + p[0] % 16) == code);
    FUZZ_MUST(str_eq(buf_str(&all.b), buf_str(&pieces.b)));
    if (!code && bytes.n) {
        struct str less = {bytes.p, str_trim(bytes).p + str_trim(bytes).n - bytes.p - 1};

        less.n -= less.n ? p[0] % less.n : 0;
        FUZZ_MUST(scan(&cut, less, bytes.n) == ERR_CUT);
        FUZZ_MUST(cut.b.n <= all.b.n && (!cut.b.n || !memcmp(cut.b.p, all.b.p, cut.b.n)));
        buf_fini(&cut.b);
    }
    as_the_tape_sees_it(&all, bytes, code);
    buf_fini(&all.b);
    buf_fini(&pieces.b);
    return 0;
}
