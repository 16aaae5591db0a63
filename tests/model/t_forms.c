/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Questionnaires that others wrote (tests/forms/questionnaires.tsv names them): each opens, or is refused with the words
 * of the table. What opens is filled as a person would, question by question, and comes back from its own response byte
 * for byte.
 */
#include "config.h"

#include <zlib.h>

#include "tests/unit.h"

#include "base/limits.h"
#include "model/form.h"

static int64_t still(void *arg)
{
    (void)arg;
    return INT64_C(1795442709000);
}

static bool load(const char *path, struct buf *out)
{
    char piece[65536];
    gzFile f = gzopen(path, "rb"); /* plain files, too */
    int n;

    while (f && (n = gzread(f, piece, sizeof piece)) > 0)
        buf_add(out, piece, (size_t)n);
    if (f)
        gzclose(f);
    return f && out->n;
}

/* --- filling ---------------------------------------------------------------------------------- */

static const char *answer_of(const struct form_row *row)
{
    switch (row->kind) {
    case FORM_BOOLEAN:
        return "y";
    case FORM_DATE:
        return "2026-05-03";
    case FORM_DATETIME:
        return "2026-05-03 14:05";
    case FORM_TIME:
        return "14:05";
    case FORM_URL:
        return "https://example.org/";
    case FORM_REFERENCE:
        return "Practitioner/1";
    case FORM_INTEGER:
    case FORM_DECIMAL:
        return "7";
    case FORM_QUANTITY:
        return "70";
    default:
        return "words of somebody";
    }
}

/* Asked back where its value set is not here: nobody could look whether there is a code for them. */
static bool own_words(struct form *f, const struct form_row *row, const struct form_options *l, struct arena *a)
{
    struct form_reply reply;
    struct err e = ERR_NONE;

    if (row->kind != FORM_OPEN_CHOICE || model_form_put(f, row->key, STR("own words"), 0, a, &reply, &e))
        return false;
    CU_ASSERT_EQUAL(reply.said == FORM_ASKED, l->here != FORM_ALL_HERE);
    return reply.said == FORM_TAKEN ||
           (reply.said == FORM_ASKED && reply.n == 1 &&
            !model_form_put(f, row->key, reply.reading[0].put, FORM_MEANT, a, &reply, &e) && reply.said == FORM_TAKEN);
}

static bool put(struct form *f, const struct form_row *row, struct arena *a)
{
    struct form_reply reply;
    struct form_options l;
    struct err e = ERR_NONE;
    const char *typed = answer_of(row);
    int r;

    if (row->value.n) /* the form's own beginning */
        return true;
    if (row->options && row->kind != FORM_BOOLEAN) {
        unsigned i = 0;

        if (model_form_options(f, row->key, STR(""), 0, 9, a, &l, &e))
            return false;
        while (i < l.n && (l.v[i].chosen || l.v[i].off))
            i++;
        if (i == l.n)
            return own_words(f, row, &l, a);
        r = model_form_put(f, row->key, l.v[i].put, FORM_MEANT, a, &reply, &e);
    } else {
        r = model_form_put(f, row->key, str_of(typed), 0, a, &reply, &e);
        if (!r && reply.said == FORM_ASKED && reply.n)
            r = model_form_put(f, row->key, reply.reading[0].put, FORM_MEANT, a, &reply, &e);
    }
    return !r && reply.said == FORM_TAKEN;
}

struct count {
    unsigned questions, filled, lacking; /* lacking: their options are a value set that is not here, and say so */
};

static bool lacks(struct form *f, const struct form_row *row, struct arena *a)
{
    struct form_options l;

    return row->kind == FORM_CHOICE && !model_form_options(f, row->key, STR(""), 0, 1, a, &l, NULL) &&
           l.here == FORM_NOT_HERE && l.why.n;
}

static void fill(struct form *f, struct count *c)
{
    struct form_row row;
    struct err e = ERR_NONE;
    for (unsigned i = 0; i < model_form_rows(f); i++) {
        struct arena one;

        arena_init(&one, 8u << 20);
        if (!model_form_row(f, model_form_at(f, i), &one, &row, &e) && row.question && !row.read_only) {
            if (lacks(f, &row, &one)) {
                c->lacking++;
            } else {
                c->questions++;
                c->filled += put(f, &row, &one);
            }
        }
        arena_fini(&one);
    }
}

/* A response that is taken back gives itself. */
static bool round_trip(struct form *f, const struct form_env *env, struct str form)
{
    struct form *again = NULL;
    struct buf one, two;
    struct err e = ERR_NONE;
    bool same;

    buf_init(&one, LIMIT_RESOURCE_BYTES);
    buf_init(&two, LIMIT_RESOURCE_BYTES);
    same = !model_form_response(f, "completed", 0, &one, &e) && !model_form_open(form, env, &again, NULL, &e) &&
           !model_form_resume(again, buf_str(&one), &e) && !model_form_response(again, "completed", 0, &two, &e) &&
           one.n == two.n && !memcmp(one.p, two.p, one.n);
    if (!same && again)
        printf("\n    %s %s: %.*s", err_name(e.code), e.what, (int)(one.n < 2000 ? one.n : 2000), one.p);
    model_form_close(again);
    buf_fini(&two);
    buf_fini(&one);
    return same;
}

/* --- the table -------------------------------------------------------------------------------- */

static void one_row(char *line, unsigned *opened, struct count *all)
{
    char *file = strtok(line, "\t"), *verdict = strtok(NULL, "\t"), *number = strtok(NULL, "\t"), *words = strtok(NULL, "\n");
    struct clock clock = {still, still, NULL};
    struct form_env env = {.clock = &clock, .language = "en"};
    struct form_findings found;
    struct err e = ERR_NONE;
    struct form *f = NULL;
    struct buf b;
    char path[200];
    const char *where;
    struct count c = {0};

    snprintf(path, sizeof path, "questionnaires/%s", file);
    where = unit_data(path);
    if (!where)
        return;
    buf_init(&b, LIMIT_RESOURCE_BYTES);
    model_form_findings_init(&found);
    CU_ASSERT_FATAL(load(where, &b));
    if (model_form_open(buf_str(&b), &env, &f, &found, &e)) {
        UNIT_STR("refused", verdict);
        UNIT_STR(found.n ? found.v[0].words.s : "", words ? words : "");
    } else {
        UNIT_STR("opens", verdict);
        if ((unsigned)atoi(number) != model_form_rows(f))
            printf("\n    %s: %u rows", file, model_form_rows(f));
        CU_ASSERT_EQUAL((unsigned)atoi(number), model_form_rows(f));
        fill(f, &c);
        if (c.filled * 10 < c.questions * 9 || getenv("FORMS_SHOW"))
            printf("\n    %s: %u of %u filled, %u without options", file, c.filled, c.questions, c.lacking);
        CU_ASSERT(c.filled * 10 >= c.questions * 9);
        CU_ASSERT(round_trip(f, &env, buf_str(&b)));
        all->questions += c.questions;
        all->filled += c.filled;
        all->lacking += c.lacking;
        ++*opened;
    }
    model_form_findings_fini(&found);
    model_form_close(f);
    buf_fini(&b);
}

static void of_others(void)
{
    const char *top = getenv("top_srcdir");
    char path[1100], line[1000];
    unsigned opened = 0;
    struct count all = {0};
    FILE *f;

    if (!unit_data("questionnaires/lforms--phq9.json"))
        return;
    snprintf(path, sizeof path, "%s/tests/forms/questionnaires.tsv", top ? top : ".");
    f = fopen(path, "r");
    CU_ASSERT_FATAL(f != NULL);
    while (fgets(line, sizeof line, f))
        if (*line != '#')
            one_row(line, &opened, &all);
    fclose(f);
    printf(" %u open, %u of %u questions filled, %u lack their value set ", opened, all.filled, all.questions,
           all.lacking);
    CU_ASSERT(opened > 35);
}

static const struct unit_test tests[] = {{"questionnaires that others wrote", of_others}};

UNIT_MAIN("forms of others", tests)
