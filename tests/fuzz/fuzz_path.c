/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Any bytes as a FHIRPath expression, behind an empty line the document that it is asked of. It ends, within its limits; a
 * failure names a place in the expression; the same question has the same answer; what strict mode takes, lenient takes.
 */
#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "fhir/path.h"

static const char patient[] = "{\"resourceType\":\"Patient\",\"active\":true,\"name\":[{\"given\":[\"A\",\"B\"]}],\"birthDate\":\"1970-03\","
                              "\"_birthDate\":{\"extension\":[{\"url\":\"u\",\"valueDecimal\":1.50}]}}";

static int64_t still(void *arg)
{
    (void)arg;
    return INT64_C(1795442709000);
}

static int answer(const struct path *x, const struct tape *t, size_t n, struct buf *out)
{
    struct clock clock = {still, still, NULL};
    struct path_env env = {.clock = &clock};
    struct path_value root = path_root(t, 0);
    struct path_list l;
    struct err e = ERR_NONE;
    struct arena a;
    int r;

    arena_init(&a, PATH_MAX_ARENA);
    buf_init(out, 1 << 20);
    r = path_eval(x, &env, &root, &a, &l, &e);
    FUZZ_MUST(r == ERR_OK || (r == ERR_PATH && e.num > 0 && (size_t)e.num <= n + 1 && path_why(e.sub)[0] && !l.n));
    for (uint32_t i = 0; i < l.n; i++)
        path_text(&l.v[i], out);
    buf_addf(out, "%d %d %lld", r, e.sub, (long long)e.num);
    arena_fini(&a);
    return r;
}

static void both_ways(struct str text, const struct tape *t)
{
    struct path *strict = NULL, *lenient = NULL;
    struct buf one, two;
    struct err e = ERR_NONE;
    int r = path_parse(text, PATH_LENIENT, &lenient, &e);

    FUZZ_MUST(r == ERR_OK ? lenient != NULL : !lenient && r == ERR_PATH && e.num > 0 && (size_t)e.num <= text.n + 1);
    if (!path_parse(text, PATH_STRICT, &strict, NULL)) {
        path_check(strict, STR("Patient"), &e);
        answer(strict, t, text.n, &one);
        buf_fini(&one);
    }
    path_free(strict);
    if (r)
        return;
    answer(lenient, t, text.n, &one);
    answer(lenient, t, text.n, &two);
    FUZZ_MUST(one.n == two.n && (!one.n || !memcmp(one.p, two.p, one.n)));
    buf_fini(&one);
    buf_fini(&two);
    path_free(lenient);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct str text = {(const char *)p, n}, rest = STR("");
    struct tape t;

    for (size_t i = 0; i + 1 < n; i++)
        if (p[i] == '\n' && p[i + 1] == '\n') {
            text.n = i;
            rest = (struct str){(const char *)p + i + 2, n - i - 2};
            break;
        }
    if (text.n > 4096 || (tape_parse(&t, rest, NULL) && tape_parse(&t, str_of(patient), NULL)))
        return 0;
    both_ways(text, &t);
    tape_fini(&t);
    return 0;
}
