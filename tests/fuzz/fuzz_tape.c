/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Any bytes as one document. What the tape takes, jansson takes too, and the other way round but for what the
 * header says is refused. Every span lies in the bytes, in order, each inside of what holds it.
 */
#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <jansson.h>
#include <string.h>

#include "base/limits.h"
#include "fhir/index.h"
#include "fhir/read.h"

static void spans(const struct tape *t)
{
    for (uint32_t i = 0; i < t->n; i++) {
        const struct tape_node *n = &t->nodes[i];
        const char *p = t->bytes.p + n->off;

        FUZZ_MUST((size_t)n->off + n->len <= t->bytes.n && n->len > 0);
        FUZZ_MUST(n->next > i && n->next <= t->n);
        FUZZ_MUST(i == 0 || n->off > t->nodes[i - 1].off);
        if (n->kind == TAPE_STRING || n->kind == TAPE_KEY)
            FUZZ_MUST(n->len >= 2 && p[0] == '"' && p[n->len - 1] == '"' && n->next == i + 1);
        else if (n->kind == TAPE_OBJECT || n->kind == TAPE_ARRAY)
            FUZZ_MUST(p[0] == (n->kind == TAPE_OBJECT ? '{' : '[') && p[n->len - 1] == (n->kind == TAPE_OBJECT ? '}' : ']'));
        else
            FUZZ_MUST(n->next == i + 1);
        for (uint32_t k = i + 1; k < n->next; k = t->nodes[k].next)
            FUZZ_MUST(t->nodes[k].off > n->off && t->nodes[k].off + t->nodes[k].len < n->off + n->len);
    }
}

/* Nothing here may read out of bounds, whatever the shape. */
static void read_all(const struct tape *t)
{
    struct fhir_index x;
    struct arena a;

    arena_init(&a, 1 << 20);
    for (uint32_t i = 0; i < t->n; i++)
        if (t->nodes[i].kind == TAPE_STRING)
            FUZZ_MUST(tape_str(t, i, &a).n <= t->nodes[i].len || a.used);
    if (!fhir_index(t, "http://h/fhir", &a, &x, NULL))
        FUZZ_MUST(str_is_type(x.type) && str_is_id(x.id) && (!x.patient.n || str_is_id(x.patient)));
    fhir_unknown_modifier(t);
    fhir_quantity(t, fhir_choice(t, 0, "value").at, &a);
    fhir_name(t, 0, 0);
    arena_fini(&a);
}

/* May the two differ? Numbers that jansson cannot hold, halves of surrogates, and what the tape refuses. */
static bool odd(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '\\' && i + 1 < s.n && s.p[i + 1] == 'u')
            return true;
    for (size_t i = 0; i < s.n; i++) {
        size_t digits = 0;

        while (i < s.n && ((s.p[i] >= '0' && s.p[i] <= '9') || strchr("+-.eE", s.p[i])))
            digits++, i++;
        if (digits > 4)
            return true;
    }
    return memchr(s.p, '\0', s.n) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct str bytes = {(const char *)p, n};
    json_error_t why;
    json_t *other;
    struct tape t;
    int code = tape_parse(&t, bytes, NULL);

    FUZZ_MUST(code == ERR_OK || ((code == ERR_JSON || code == ERR_TOOBIG) && !t.n && !t.nodes));
    if (!code) {
        spans(&t);
        read_all(&t);
    }
    if (n && !odd(bytes)) {
        other = json_loadb(bytes.p, n, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &why);
        FUZZ_MUST(code || other);
        FUZZ_MUST(!other || !code || code == ERR_TOOBIG || memchr(bytes.p, '\\', n));
        json_decref(other);
    }
    tape_fini(&t);
    return 0;
}
