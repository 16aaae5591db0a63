/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Any bytes as a typed dose line, in the language that the first one chooses. It ends; each token is used, asked about or
 * named; a question lies within the line and none leaves a Dosage; where nothing is asked, the Dosage is JSON; in
 * English, which is what is spoken here, it is the same when it is said and read back.
 */
#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "model/sig.h"

static const struct sig_words *table(unsigned l)
{
    static const char *const languages[] = {"en", "es", "fr"};
    static struct sig_words *words[3];
    const char *top = getenv("top_srcdir");
    char dir[1100];

    snprintf(dir, sizeof dir, "%s/data/sig", top ? top : ".");
    if (!words[l])
        FUZZ_MUST(model_sig_words_load(dir, languages[l], &words[l], NULL) == ERR_OK);
    return words[l];
}

static void comes_back(const struct sig_env *env, bool english, const struct buf *json, struct arena *a)
{
    struct sig *s = arena_alloc(a, sizeof *s);
    struct tape t;
    bool whole;

    FUZZ_MUST(s && tape_parse(&t, buf_str(json), NULL) == ERR_OK);
    FUZZ_MUST(model_sig_from(env, &t, 0, a, s, &whole, NULL) == ERR_OK);
    /* A free text may look like a label of ours; then it is known as free text, and never as another dose. */
    FUZZ_MUST(whole || !english || strstr(json->p, "asNeededCodeableConcept") || strstr(json->p, "patientInstruction"));
    tape_fini(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct sig_env env = {.words = table(n ? p[0] % 3 : 0), .measure_days = 30, .weight = {.value = STR("12.4")}};
    struct str line = {n ? (const char *)p + 1 : "", n ? n - 1 : 0};
    struct arena a;
    struct buf json;
    struct sig *s;

    date_parse(STR("2026-11-30"), &env.today);
    date_parse(STR("2026-11-20"), &env.weight.date);
    arena_init(&a, 16 * SIG_ARENA);
    buf_init(&json, 1 << 20);
    s = arena_alloc(&a, sizeof *s);
    if (model_sig_read(&env, line, &a, s, NULL) == ERR_OK) {
        for (unsigned i = 0; i < s->tokens; i++)
            FUZZ_MUST(s->token[i].use != SIG_UNREAD && s->token[i].off + s->token[i].len <= line.n &&
                      (s->token[i].use == SIG_USED || s->asks));
        for (unsigned i = 0; i < s->asks; i++)
            FUZZ_MUST(s->ask[i].len && s->ask[i].off + s->ask[i].len <= line.n);
        FUZZ_MUST(model_sig_dosages(s, &json, NULL) == (s->asks ? ERR_OPEN : ERR_OK));
        FUZZ_MUST(!s->asks == (json.n > 0));
        if (!s->asks)
            comes_back(&env, !n || p[0] % 3 == 0, &json, &a);
    }
    buf_fini(&json);
    arena_fini(&a);
    return 0;
}
