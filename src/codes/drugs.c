/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading the table. All of it is used, or none: a class without its members would be silence where there is danger.
 */
#include "config.h"

#include "codes/drugs.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/vec.h"
#include "codes/drugs_priv.h"

#define NAMES_MOST 20000u

static const struct {
    const char *name, *columns;
} files[CODES_DRUGS_FILES] = {
    [CODES_INGREDIENTS] = {"ingredients.tsv", "name\trxcui\tnames"},
    [CODES_CLASSES] = {"classes.tsv", "class\tname\tduplicate\twords"},
    [CODES_MEMBERS] = {"members.tsv", "class\tdrug"},
    [CODES_PRODUCTS] = {"products.tsv", "rxcui\twords\tdrugs\tstrength\tform"},
    [CODES_WORDS] = {"words.tsv", "word\tof"},
};

/* --- words ------------------------------------------------------------------------------------ */

static bool is_apostrophe(uint32_t c)
{
    return c == '\'' || c == 0x2019;
}

static bool is_letter(uint32_t c)
{
    if (c < 0x80)
        return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || is_apostrophe(c);
    return is_apostrophe(c) ||
           !(c == TEXT_BAD || (c >= 0x80 && c <= 0xbf) || (c >= 0x2000 && c <= 0x206f) || c == 0xd7);
}

bool codes_next_word(struct str *rest, struct str *word, struct buf *out)
{
    char bare[CODES_WORD_BYTES];
    size_t n = 0;

    while (rest->n) {
        uint32_t c;
        size_t len = text_decode(*rest, &c);

        if (is_letter(c))
            break;
        rest->p += len, rest->n -= len;
    }
    *word = (struct str){rest->p, 0};
    while (rest->n) {
        uint32_t c;
        size_t len = text_decode(*rest, &c);

        if (!is_letter(c))
            break;
        for (size_t i = 0; i < len && !is_apostrophe(c) && n < sizeof bare; i++)
            bare[n++] = rest->p[i];
        rest->p += len, rest->n -= len, word->n += len;
    }
    if (!word->n)
        return false;
    if (out->n)
        buf_addc(out, ' ');
    if (n < sizeof bare) /* a longer one is no name of anything */
        text_fold(out, (struct str){bare, n});
    return true;
}

void codes_key(struct str s, struct buf *out)
{
    struct str word;

    while (codes_next_word(&s, &word, out))
        ;
}

/* --- loading ---------------------------------------------------------------------------------- */

struct load {
    struct codes_drugs *d;
    struct vec drugs, classes, products, names, drug_codes, product_codes;
    struct buf key;
    struct arena bytes; /* the files', until all is copied */
    struct tsv t;
    struct str cell[TSV_COLUMNS];
    bool full;          /* no memory, or too many */
};

static struct str keep(struct load *l, struct str s)
{
    return s.n ? arena_str(&l->d->arena, s) : STR("");
}

static void add_code(struct load *l, struct vec *to, struct str rxcui, size_t at)
{
    struct codes_coded *x = rxcui.n ? vec_push(to) : NULL;

    l->full = l->full || (rxcui.n && !x);
    if (x)
        *x = (struct codes_coded){rxcui, (unsigned)at};
}

static void add_name(struct load *l, struct str words, enum codes_means means, unsigned of, bool own)
{
    struct codes_name *x = vec_push(&l->names);

    buf_clear(&l->key);
    codes_key(words, &l->key);
    if (!x || l->key.failed || !l->key.n) {
        l->full = l->full || !x || l->key.failed;
        return;
    }
    *x = (struct codes_name){keep(l, buf_str(&l->key)), words, means, of, own};
}

/* A list with ; between: as names, and where list is given, as the array of them. */
static void add_names(struct load *l, struct str cell, enum codes_means means, unsigned of, struct codes_drug *x)
{
    struct str one[64], rest = cell;
    unsigned n = 0;

    while (cell.n && rest.p && n < sizeof one / sizeof *one) {
        struct str s = str_trim(str_split(&rest, ';'));

        if (!s.n)
            continue;
        one[n] = keep(l, s);
        add_name(l, one[n++], means, of, false);
    }
    if (!x || !n)
        return;
    x->synonym = arena_alloc(&l->d->arena, n * sizeof *x->synonym);
    if (x->synonym)
        memcpy(x->synonym, one, n * sizeof *one);
    x->synonyms = x->synonym ? n : 0;
}

static bool take_ingredient(struct load *l)
{
    struct codes_drug *x = vec_push(&l->drugs);
    char *tall;

    if (!x || !l->cell[0].n)
        return false;
    x->name = keep(l, l->cell[0]);
    x->rxcui = keep(l, l->cell[1]);
    x->tall = x->name;
    add_code(l, &l->drug_codes, x->rxcui, l->drugs.n - 1);
    tall = arena_dup(&l->d->arena, x->name.p, x->name.n);
    if (tall) {
        codes_tall_man(tall, x->name.n);
        x->tall.p = tall;
    }
    add_name(l, x->name, CODES_MEANS_DRUG, (unsigned)l->drugs.n - 1, true);
    add_names(l, l->cell[2], CODES_MEANS_DRUG, (unsigned)l->drugs.n - 1, x);
    return true;
}

static bool take_class(struct load *l)
{
    static const char *const tiers[] = {"-", "stop", "ask", "note"};
    struct codes_class *x = vec_push(&l->classes);
    bool known = false;

    for (size_t i = 0; i < sizeof tiers / sizeof *tiers; i++)
        known = known || str_is(l->cell[2], tiers[i]);
    if (!x || !known || !l->cell[0].n || !l->cell[1].n)
        return false;
    *x = (struct codes_class){
        .id = keep(l, l->cell[0]),
        .name = keep(l, codes_dated_words(&l->t, l->cell, "name")),
        .duplicate = keep(l, l->cell[2]),
    };
    add_names(l, l->cell[3], CODES_MEANS_CLASS, (unsigned)l->classes.n - 1, NULL);
    return true;
}

static bool take_member(struct load *l)
{
    struct codes_drugs *d = l->d;
    int cls = codes_class_find(d, l->cell[0]), drug = codes_drug_find(d, l->cell[1]);

    if (cls < 0 || drug < 0)
        return false;
    d->in[(size_t)drug * d->classes + (size_t)cls] = true;
    return true;
}

static bool take_product(struct load *l)
{
    struct codes_product *x = vec_push(&l->products);
    struct str rest = l->cell[2];

    if (!x || !(l->cell[0].n || l->cell[1].n) || !rest.n)
        return false;
    *x = (struct codes_product){.rxcui = keep(l, l->cell[0]), .words = keep(l, l->cell[1]),
                                .strength = keep(l, l->cell[3]), .form = keep(l, l->cell[4])};
    add_code(l, &l->product_codes, x->rxcui, l->products.n - 1);
    while (rest.p) {
        int drug = codes_drug_find(l->d, str_trim(str_split(&rest, ';')));

        if (drug < 0 || x->drugs >= CODES_PRODUCT_DRUGS)
            return false;
        x->drug[x->drugs++] = (unsigned)drug;
    }
    if (!x->rxcui.n)
        add_name(l, x->words, CODES_MEANS_PRODUCT, (unsigned)l->products.n - 1, true);
    return true;
}

static bool take_word(struct load *l)
{
    enum codes_means means = str_is(l->cell[1], "allergy") ? CODES_MEANS_ALLERGY
                             : str_is(l->cell[1], "metal") ? CODES_MEANS_METAL
                             : str_is(l->cell[1], "unit")  ? CODES_MEANS_UNIT
                                                            : CODES_MEANS_NOTHING;

    if (!l->cell[0].n || !l->cell[1].n)
        return false;
    add_name(l, keep(l, l->cell[0]), means, 0, false);
    return true;
}

/* Hands a vector over to the table's arena. */
static void *settle(struct load *l, const struct vec *v, unsigned *n)
{
    void *p = arena_alloc(&l->d->arena, v->n * v->size + 1);

    if (p && v->n)
        memcpy(p, v->p, v->n * v->size);
    *n = p ? (unsigned)v->n : 0;
    return p;
}

static int by_key(const void *x, const void *y)
{
    const struct codes_name *a = x, *b = y;
    int c = str_cmp(a->key, b->key);

    if (!c && a->means == b->means && a->of == b->of)
        return a->own != b->own ? (a->own ? -1 : 1) : str_cmp(a->words, b->words);
    return c ? c : a->means != b->means ? (int)a->means - (int)b->means : (a->of > b->of) - (a->of < b->of);
}

/* REQ: a name that stands for two ingredients would find one and hide the other: such a table is damaged. */
static void settle_names(struct load *l)
{
    struct codes_drugs *d = l->d;

    d->name = settle(l, &l->names, &d->names);
    if (!d->name || !d->names)
        return;
    qsort(d->name, d->names, sizeof *d->name, by_key);
    for (unsigned i = 1; i < d->names; i++) {
        const struct codes_name *a = &d->name[i - 1], *b = &d->name[i];

        if (a->key.n && str_eq(a->key, b->key) && b->means <= CODES_MEANS_CLASS &&
            (a->means != b->means || a->of != b->of))
            d->file[b->means == CODES_MEANS_DRUG      ? CODES_INGREDIENTS
                    : b->means == CODES_MEANS_PRODUCT ? CODES_PRODUCTS
                                                      : CODES_CLASSES]
                .state = CODES_FILE_DAMAGED;
    }
}

static int by_rxcui(const void *x, const void *y)
{
    return str_cmp(((const struct codes_coded *)x)->rxcui, ((const struct codes_coded *)y)->rxcui);
}

static struct codes_coded *settle_codes(struct load *l, const struct vec *v, unsigned *n)
{
    struct codes_coded *x = settle(l, v, n);

    if (*n)
        qsort(x, *n, sizeof *x, by_rxcui);
    return x;
}

/* What a file's rows become, once those it names are settled. */
static void settle_file(struct load *l, enum codes_drugs_file which)
{
    struct codes_drugs *d = l->d;

    if (which == CODES_INGREDIENTS) {
        d->drug = settle(l, &l->drugs, &d->drugs);
    } else if (which == CODES_CLASSES) {
        d->cls = settle(l, &l->classes, &d->classes);
        d->in = arena_alloc(&d->arena, (size_t)d->drugs * d->classes * sizeof *d->in + 1);
        l->full = l->full || !d->in;
    } else if (which == CODES_PRODUCTS) {
        d->product = settle(l, &l->products, &d->products);
    }
}

static int load_file(struct load *l, const char *dir, enum codes_drugs_file which, const struct date *today,
                     struct err *e)
{
    static bool (*const take[])(struct load *l) = {take_ingredient, take_class, take_member, take_product, take_word};
    struct codes_dated *f = &l->d->file[which];
    int code = codes_dated_open(dir, files[which].name, files[which].columns, today, &l->bytes, &l->t, f, e);

    while (!code && tsv_next(&l->t, l->cell))
        if (!take[which](l)) {
            codes_dated_bad(f, &l->t);
            break;
        }
    settle_file(l, which);
    return code;
}

static int load(struct load *l, const char *dir, const struct date *today, struct err *e)
{
    int code = ERR_OK;

    for (unsigned i = 0; i < CODES_DRUGS_FILES && !code; i++)
        code = load_file(l, dir, (enum codes_drugs_file)i, today, e);
    if (code)
        return code;
    settle_names(l);
    l->d->coded_drug = settle_codes(l, &l->drug_codes, &l->d->coded_drugs);
    l->d->coded_product = settle_codes(l, &l->product_codes, &l->d->coded_products);
    return l->full || l->d->arena.failed ? err_set(e, ERR_NOMEM, 0, 0, "drugs") : ERR_OK;
}

int codes_drugs_open(const char *dir, const struct date *today, struct codes_drugs **out, struct err *e)
{
    struct load l = {.d = mem_alloc(sizeof *l.d)};
    int code;

    *out = NULL;
    if (!l.d)
        return err_set(e, ERR_NOMEM, 0, 0, "drugs");
    arena_init(&l.d->arena, CODES_DRUGS_MEMORY);
    arena_init(&l.bytes, CODES_DRUGS_FILES * (TSV_BYTES + (size_t)4096));
    vec_init(&l.drugs, sizeof(struct codes_drug), NAMES_MOST);
    vec_init(&l.classes, sizeof(struct codes_class), NAMES_MOST);
    vec_init(&l.products, sizeof(struct codes_product), NAMES_MOST);
    vec_init(&l.names, sizeof(struct codes_name), NAMES_MOST);
    vec_init(&l.drug_codes, sizeof(struct codes_coded), NAMES_MOST);
    vec_init(&l.product_codes, sizeof(struct codes_coded), NAMES_MOST);
    buf_init(&l.key, 4096);
    code = load(&l, dir, today, e);
    buf_fini(&l.key);
    vec_fini(&l.drugs);
    vec_fini(&l.classes);
    vec_fini(&l.products);
    vec_fini(&l.names);
    vec_fini(&l.drug_codes);
    vec_fini(&l.product_codes);
    arena_fini(&l.bytes);
    if (code)
        codes_drugs_free(l.d);
    else
        *out = l.d;
    return code;
}

void codes_drugs_free(struct codes_drugs *d)
{
    if (d)
        arena_fini(&d->arena);
    mem_free(d);
}

/* --- reading ---------------------------------------------------------------------------------- */

const struct codes_dated *codes_drugs_file(const struct codes_drugs *d, enum codes_drugs_file which)
{
    return &d->file[which];
}

const struct codes_dated *codes_drugs_bad(const struct codes_drugs *d)
{
    for (unsigned i = 0; i < CODES_DRUGS_FILES; i++)
        if (d->file[i].state != CODES_FILE_GOOD)
            return &d->file[i];
    return NULL;
}

unsigned codes_drugs_count(const struct codes_drugs *d)
{
    return d->drugs;
}

const struct codes_drug *codes_drug(const struct codes_drugs *d, unsigned drug)
{
    return &d->drug[drug];
}

int codes_drug_find(const struct codes_drugs *d, struct str name)
{
    for (unsigned i = 0; i < d->drugs; i++)
        if (str_eq(d->drug[i].name, name))
            return (int)i;
    return -1;
}

unsigned codes_classes_count(const struct codes_drugs *d)
{
    return d->classes;
}

const struct codes_class *codes_class(const struct codes_drugs *d, unsigned cls)
{
    return &d->cls[cls];
}

int codes_class_find(const struct codes_drugs *d, struct str id)
{
    for (unsigned i = 0; i < d->classes; i++)
        if (str_eq(d->cls[i].id, id))
            return (int)i;
    return -1;
}

bool codes_drug_in(const struct codes_drugs *d, unsigned drug, unsigned cls)
{
    return drug < d->drugs && cls < d->classes && d->in[(size_t)drug * d->classes + cls];
}

const struct codes_name *codes_name_find(const struct codes_drugs *d, struct str key)
{
    unsigned lo = 0, hi = d->names;

    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;

        if (str_cmp(d->name[mid].key, key) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < d->names && str_eq(d->name[lo].key, key) ? &d->name[lo] : NULL;
}

/* Its place in the table, or -1. */
static int find_code(const struct codes_coded *x, unsigned n, struct str rxcui)
{
    unsigned lo = 0, hi = n;

    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        int c = str_cmp(x[mid].rxcui, rxcui);

        if (!c)
            return (int)x[mid].at;
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return -1;
}

int codes_drug_by_rxcui(const struct codes_drugs *d, struct str rxcui)
{
    return find_code(d->coded_drug, d->coded_drugs, rxcui);
}

const struct codes_product *codes_product_find(const struct codes_drugs *d, struct str rxcui)
{
    int at = find_code(d->coded_product, d->coded_products, rxcui);

    return at < 0 ? NULL : &d->product[at];
}

const struct codes_product *codes_product_next(const struct codes_drugs *d, unsigned drug, unsigned *at)
{
    for (; *at < 2 * d->products; ++*at) {
        const struct codes_product *x = &d->product[*at % d->products];
        bool alone = x->drugs == 1, holds = false;

        for (unsigned i = 0; i < x->drugs; i++)
            holds = holds || x->drug[i] == drug;
        if (holds && x->rxcui.n && alone == (*at < d->products)) {
            ++*at;
            return x;
        }
    }
    return NULL;
}
