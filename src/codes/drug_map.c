/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which ingredients a medicine is of. A code of the table says it; words say it where each of them is a name, a salt, a
 * form, a strength: a single word that nobody here knows may be the other half of the medicine.
 */
#include "config.h"

#include <string.h>

#include "base/limits.h"
#include "codes/drugs_priv.h"

#define WORDS_MOST 64

struct word {
    struct str text; /* as it stands there */
    size_t from, to; /* its key in struct words' keys */
};

struct words {
    struct buf keys; /* of all words, blanks between */
    struct word word[WORDS_MOST];
    unsigned n;
    bool more; /* than that: not all was looked at */
};

static void cut(struct words *w, struct str s)
{
    struct str text;
    size_t from = w->keys.n;

    while (codes_next_word(&s, &text, &w->keys)) {
        from += from && w->keys.n > from;
        if (w->n == WORDS_MOST) {
            w->more = true;
            return;
        }
        w->word[w->n++] = (struct word){text, from, w->keys.n};
        from = w->keys.n;
    }
}

static bool is_nothing(const struct codes_name *x)
{
    return x && (x->means == CODES_MEANS_NOTHING || x->means == CODES_MEANS_UNIT);
}

/* "mg" of "500mg". */
static struct str behind_digits(struct str key)
{
    while (key.n && key.p[0] >= '0' && key.p[0] <= '9')
        key.p++, key.n--;
    return key;
}

/* A strength, a number of tablets: "500", "500mg", "0". REQ: "6MP" is a medicine. */
static bool is_number(const struct codes_drugs *d, struct str key)
{
    struct str unit = behind_digits(key);

    return unit.n < key.n && (!unit.n || is_nothing(codes_name_find(d, unit)));
}

/* REQ: not wholly understood, also where it has no words of its own. */
static void too_many(struct codes_drug_set *s)
{
    s->rest = s->words.n ? s->words : STR("...");
}

static void add_drug(struct codes_drug_set *s, unsigned drug)
{
    for (unsigned i = 0; i < s->drugs; i++)
        if (s->drug[i] == drug)
            return;
    if (s->drugs < CODES_SET_MOST)
        s->drug[s->drugs++] = drug;
    else
        too_many(s);
}

static void add_product(struct codes_drug_set *s, const struct codes_product *p)
{
    for (unsigned i = 0; i < p->drugs; i++)
        add_drug(s, p->drug[i]);
}

static void add_class(struct codes_drug_set *s, unsigned cls)
{
    for (unsigned i = 0; i < s->classes; i++)
        if (s->cls[i] == cls)
            return;
    if (s->classes < CODES_SET_MOST)
        s->cls[s->classes++] = cls;
    else
        too_many(s);
}

static void add_rest(struct codes_drug_set *s, struct str word, struct arena *a)
{
    const char *both = s->rest.n ? arena_fmt(a, "%.*s %.*s", STR_ARG(s->rest), STR_ARG(word)) : NULL;

    s->rest = both ? str_of(both) : word;
}

/* The longest name that begins at word i, and how many words it has; NULL. */
static const struct codes_name *longest(const struct codes_drugs *d, const struct words *w, unsigned i, unsigned *len)
{
    for (*len = w->n - i < CODES_NAME_WORDS ? w->n - i : CODES_NAME_WORDS; *len; --*len) {
        size_t from = w->word[i].from, to = w->word[i + *len - 1].to;
        const struct codes_name *x = codes_name_find(d, (struct str){w->keys.p + from, to - from});

        if (x)
            return x;
    }
    *len = 1;
    return NULL;
}

/* Of a medicine, a class that one of the ingredients is in says no more than that one. REQ: of an allergy it does: all
 * of the class are meant, and the one is an example. */
static void drop_said(const struct codes_drugs *d, enum codes_speaks of, struct codes_drug_set *s)
{
    unsigned n = 0;

    if (of == CODES_OF_AN_ALLERGY)
        return;
    for (unsigned i = 0; i < s->classes; i++) {
        bool said = false;

        for (unsigned k = 0; k < s->drugs; k++)
            said = said || codes_drug_in(d, s->drug[k], s->cls[i]);
        if (!said)
            s->cls[n++] = s->cls[i];
    }
    s->classes = n;
}

/* Does only blank stand between a word and the one before it? */
static bool is_behind(const struct words *w, unsigned i)
{
    const char *p = i ? w->word[i - 1].text.p + w->word[i - 1].text.n : NULL;

    while (p && p < w->word[i].text.p && (*p == ' ' || *p == '\t'))
        p++;
    return p == w->word[i].text.p;
}

/* One that is passed over: a salt, a form, a strength. named: it stands behind the name of a medicine. */
static bool says_nothing(const struct codes_drugs *d, const struct words *w, unsigned i, const struct codes_name *x,
                         enum codes_speaks of, bool named)
{
    struct str key = {w->keys.p + w->word[i].from, w->word[i].to - w->word[i].from};

    if (!key.n)
        return w->word[i].text.n < CODES_WORD_BYTES;
    if (!x)
        return is_number(d, key);
    if (x->means == CODES_MEANS_METAL)
        return named && is_behind(w, i);
    return is_nothing(x) || of == CODES_OF_AN_ALLERGY;
}

static void read_words(const struct codes_drugs *d, const struct words *w, enum codes_speaks of, struct arena *a,
                       struct codes_drug_set *out)
{
    bool named = false;
    unsigned len;

    for (unsigned i = 0; i < w->n; i += len) {
        const struct codes_name *x = longest(d, w, i, &len);

        if (x && x->means == CODES_MEANS_DRUG)
            add_drug(out, x->of);
        else if (x && x->means == CODES_MEANS_PRODUCT)
            add_product(out, &d->product[x->of]);
        else if (x && x->means == CODES_MEANS_CLASS)
            add_class(out, x->of);
        else if (!says_nothing(d, w, i, x, of, named))
            add_rest(out, w->word[i].text, a);
        named = x && x->means <= CODES_MEANS_CLASS;
    }
    drop_said(d, of, out);
}

static void read_part(const struct codes_drugs *d, struct str s, enum codes_speaks of, struct arena *a,
                      struct codes_drug_set *out)
{
    struct words w = {.n = 0};

    buf_init(&w.keys, LIMIT_TEXT_CELL);
    cut(&w, s);
    if (w.keys.failed || w.more)
        out->rest = out->words; /* too long to be looked at */
    else
        read_words(d, &w, of, a, out);
    buf_fini(&w.keys);
}

/* RxNorm has a brand in brackets behind what it is made of: "... Oral Tablet [Vicodin]". The last brackets alone, and
 * what stands in others is read. */
static struct str without_brand(struct str s)
{
    size_t n = s.n && s.p[s.n - 1] == ']' ? s.n - 1 : 0;

    while (n && s.p[n] != '[')
        n--;
    return n ? str_trim((struct str){s.p, n}) : s;
}

/* Does a strength stand there: "125 mg"? No brand has one. */
static bool says_strength(const struct codes_drugs *d, struct str s)
{
    struct str word;
    struct buf key;
    bool says = false;

    buf_init(&key, LIMIT_TEXT_CELL);
    while (!says && codes_next_word(&s, &word, &key)) {
        const struct codes_name *x = codes_name_find(d, behind_digits(buf_str(&key)));

        says = key.failed || (x && x->means == CODES_MEANS_UNIT);
        buf_clear(&key);
    }
    buf_fini(&key);
    return says;
}

/* REQ: "[clavulanate 125 mg]" is no brand: what the table knows of it counts, and of what has a strength each word. */
static void add_brand(const struct codes_drugs *d, struct str s, struct arena *a, struct codes_drug_set *out)
{
    struct codes_drug_set brand = {.words = out->words};

    read_part(d, s, CODES_OF_A_MEDICINE, a, &brand);
    if (!str_eq(brand.rest, brand.words) && !says_strength(d, s))
        brand.rest = STR(""); /* too long to be looked at stays so */
    codes_drug_set_add(out, &brand, a);
    drop_said(d, CODES_OF_A_MEDICINE, out);
}

int codes_drugs_of_words(const struct codes_drugs *d, struct str words, enum codes_speaks of, struct arena *a,
                         struct codes_drug_set *out, struct err *e)
{
    struct str bare;

    words = str_trim(words);
    *out = (struct codes_drug_set){.words = words};
    if (codes_drugs_bad(d) || !words.n)
        return ERR_OK;
    bare = of == CODES_OF_A_MEDICINE ? without_brand(words) : words;
    read_part(d, bare, of, a, out);
    if (!out->drugs && !out->classes && bare.n != words.n) {
        *out = (struct codes_drug_set){.words = words};
        read_part(d, words, of, a, out);
    } else if (bare.n != words.n) {
        add_brand(d, (struct str){bare.p + bare.n, words.n - bare.n}, a, out);
    }
    out->mapped = (out->drugs || out->classes) && !out->rest.n;
    return a->failed ? err_set(e, ERR_NOMEM, 0, 0, "drugs") : ERR_OK;
}

void codes_drug_set_add(struct codes_drug_set *to, const struct codes_drug_set *b, struct arena *a)
{
    bool mapped = to->mapped && b->mapped;

    for (unsigned i = 0; i < b->drugs; i++)
        add_drug(to, b->drug[i]);
    for (unsigned i = 0; i < b->classes; i++)
        add_class(to, b->cls[i]);
    if (b->rest.n)
        add_rest(to, b->rest, a);
    to->mapped = mapped && !to->rest.n;
}

/* What the codes say; false: none is of the table. */
static bool read_codes(const struct codes_drugs *d, const struct tape *t, tape_at concept, struct codes_drug_set *out)
{
    tape_at list = tape_get(t, concept, "coding");
    bool any = false;

    for (tape_at i = tape_first(t, list); i != TAPE_NONE; i = tape_next(t, list, i)) {
        struct str code = tape_plain(t, tape_get(t, i, "code"));
        int drug;
        const struct codes_product *p;

        if (!code.n || !tape_str_is(t, tape_get(t, i, "system"), CODES_RXNORM))
            continue;
        if ((drug = codes_drug_by_rxcui(d, code)) >= 0) {
            add_drug(out, (unsigned)drug);
            any = true;
        } else if ((p = codes_product_find(d, code))) {
            add_product(out, p);
            any = true;
        }
    }
    return any;
}

/* REQ: beside a code, words may add an ingredient, never take one away; without one, all that they name counts, and
 * one wording that is wholly understood is enough. */
static int add_words(const struct codes_drugs *d, struct str s, enum codes_speaks of, struct arena *a,
                     struct codes_drug_set *out, struct codes_drug_set *left, struct err *e)
{
    struct codes_drug_set said;
    int code = codes_drugs_of_words(d, s, of, a, &said, e);

    for (unsigned i = 0; i < said.drugs; i++)
        add_drug(out, said.drug[i]);
    for (unsigned i = 0; i < said.classes; i++)
        add_class(out, said.cls[i]);
    out->mapped = out->mapped || said.mapped;
    if (!left->rest.n && !left->words.n)
        *left = said;
    return code;
}

int codes_drugs_of(const struct codes_drugs *d, const struct tape *t, tape_at concept, enum codes_speaks of,
                   struct arena *a, struct codes_drug_set *out, struct err *e)
{
    tape_at list = tape_get(t, concept, "coding");
    struct str text = str_trim(tape_str(t, tape_get(t, concept, "text"), a));
    struct codes_drug_set left = {.drugs = 0};
    int code = ERR_OK;

    *out = (struct codes_drug_set){.words = text};
    if (codes_drugs_bad(d))
        return ERR_OK;
    out->mapped = read_codes(d, t, concept, out);
    if (text.n)
        code = add_words(d, text, of, a, out, &left, e);
    for (tape_at i = tape_first(t, list); i != TAPE_NONE && !code; i = tape_next(t, list, i)) {
        struct str shown = str_trim(tape_str(t, tape_get(t, i, "display"), a));

        out->words = out->words.n ? out->words : shown;
        if (shown.n)
            code = add_words(d, shown, of, a, out, &left, e);
    }
    drop_said(d, of, out);
    out->mapped = out->mapped && !out->rest.n;
    if (!out->mapped)
        out->rest = left.rest.n ? left.rest : out->words;
    return code;
}

const char *codes_drug_set_words(const struct codes_drugs *d, const struct codes_drug_set *s, struct arena *a)
{
    const char *words = NULL;

    for (unsigned i = 0; i < s->drugs + s->classes; i++) {
        struct str one = i < s->drugs ? d->drug[s->drug[i]].tall : d->cls[s->cls[i - s->drugs]].name;

        words = arena_fmt(a, "%s%s%.*s", words ? words : "", words ? " + " : "", STR_ARG(one));
    }
    return words ? words : "";
}
