/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "demo/demo.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "demo/generate.h"

#define PIECE 4096 /* of one template */

/* --- chance ----------------------------------------------------------------------------------- */

unsigned demo_gen_below(struct gen *g, unsigned n)
{
    return (unsigned)(rng_splitmix(&g->state) >> 33) % n;
}

int demo_gen_between(struct gen *g, int lo, int hi)
{
    return lo + (int)demo_gen_below(g, (unsigned)(hi - lo + 1));
}

bool demo_gen_chance(struct gen *g, unsigned per_mille)
{
    return demo_gen_below(g, 1000) < per_mille;
}

/* A chain of its own for each thing that has a number, so that no other thing moves it. */
static uint64_t chain(uint64_t seed, unsigned what, unsigned number)
{
    uint64_t s = seed;

    s = rng_splitmix(&s) ^ what;
    s = rng_splitmix(&s) ^ number;
    return rng_splitmix(&s);
}

/* --- words ------------------------------------------------------------------------------------ */

void demo_gen_add(struct gen *g, const char *fmt, ...)
{
    char s[PIECE];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(s, sizeof s, fmt, ap);
    va_end(ap);
    if (n < 0 || n >= PIECE) {
        g->b.failed = ERR_BUG;
        return;
    }
    for (char *q = s; (q = strchr(q, '\''));)
        *q = '"';
    buf_add(&g->b, s, (size_t)n);
}

const char *demo_gen_day(int64_t days, char out[GEN_DAY])
{
    struct date d = date_of_days(days);

    snprintf(out, GEN_DAY, "%04u-%02u-%02u", (unsigned)d.year % 10000, (unsigned)d.month % 100,
             (unsigned)d.day % 100);
    return out;
}

const char *demo_gen_time(int64_t days, int minute, char out[GEN_TIME])
{
    char day[GEN_DAY];

    snprintf(out, GEN_TIME, "%sT%02u:%02u:00Z", demo_gen_day(days, day),
             (unsigned)minute / 60 % 24, (unsigned)minute % 60);
    return out;
}

const char *demo_gen_fixed(int value, unsigned decimals, char out[GEN_TIME])
{
    static const int tens[] = {1, 10, 100, 1000};

    if (decimals)
        snprintf(out, GEN_TIME, "%d.%0*d", value / tens[decimals], (int)decimals,
                 value % tens[decimals]);
    else
        snprintf(out, GEN_TIME, "%d", value);
    return out;
}

/* --- entries ---------------------------------------------------------------------------------- */

void demo_gen_open_id(struct gen *g, const char *type, const char *id)
{
    snprintf(g->type, sizeof g->type, "%s", type);
    snprintf(g->id, sizeof g->id, "%s", id);
    demo_gen_add(g, "%s{'fullUrl':'http://demo.wardline.example/fhir/%s/%s',"
                    "'resource':{'resourceType':'%s','id':'%s'",
            g->entries++ ? ",\n" : "\n", type, id, type, id);
}

void demo_gen_open(struct gen *g, struct gen_person *p, const char *type, const char *prefix)
{
    char id[40];

    snprintf(id, sizeof id, "%s-%s%u", p->id, prefix, ++p->seq);
    demo_gen_open_id(g, type, id);
}

void demo_gen_close(struct gen *g)
{
    demo_gen_add(g, "},'request':{'method':'PUT','url':'%s/%s'}}", g->type, g->id);
}

static int send(struct gen *g, int (*emit)(void *arg, struct str bundle), void *arg, struct err *e)
{
    int code;

    buf_adds(&g->b, "\n]}\n");
    if (g->b.failed)
        return err_set(e, g->b.failed, 0, 0, "demo_generate");
    code = emit(arg, buf_str(&g->b));
    return code ? err_set(e, code, 0, 0, NULL) : ERR_OK;
}

static void begin(struct gen *g)
{
    buf_clear(&g->b);
    g->entries = 0;
    demo_gen_add(g, "{'resourceType':'Bundle','type':'transaction','entry':[");
}

/* --- people ----------------------------------------------------------------------------------- */

bool demo_gen_has(const struct gen_person *p, enum gen_problem which)
{
    return p->problems & 1u << which;
}

int64_t demo_gen_days_ago(struct gen *g, const struct gen_person *p, int lo, int hi)
{
    int64_t day = p->until - demo_gen_between(g, lo, hi);

    return day < p->born ? p->born : day;
}

/* One household's people: ages that fit together. */
#define HOME_MAX 7
struct home {
    unsigned n;
    struct gen_person who[HOME_MAX];
};

static struct gen_person *add_person(struct gen *g, struct home *h, bool female, int years)
{
    struct gen_person *p = &h->who[h->n++];

    *p = (struct gen_person){.female = female};
    p->born = g->today - years * 365 - years / 4 - demo_gen_between(g, 1, 360);
    return p;
}

static void children(struct gen *g, struct home *h, int mother_years, int max)
{
    int n = demo_gen_between(g, 1, max), years = demo_gen_between(g, 0, mother_years - 20 > 17 ? 17
                             : mother_years - 20);

    for (int i = 0; i < n && years >= 0; i++, years -= demo_gen_between(g, 1, 4)) {
        struct gen_person *p = add_person(g, h, demo_gen_chance(g, 490), years);

        if (i + 1 < n && demo_gen_chance(g, 60)) { /* twins */
            struct gen_person *twin = add_person(g, h, demo_gen_chance(g, 700) ? p->female
            : !p->female, years);

            twin->born = p->born;
            i++;
        }
    }
}

static void people(struct gen *g, struct home *h)
{
    unsigned form = demo_gen_below(g, 100);
    int years;

    h->n = 0;
    if (form < 25) { /* somebody old */
        add_person(g, h, demo_gen_chance(g, 600), demo_gen_between(g, 66, 94));
    } else if (form < 45) { /* a couple */
        years = demo_gen_between(g, 24, 88);
        add_person(g, h, true, years);
        add_person(g, h, false, years + demo_gen_between(g, 0, 6));
    } else if (form < 60) { /* somebody alone */
        add_person(g, h, demo_gen_chance(g, 500), demo_gen_between(g, 19, 65));
    } else if (form < 70) { /* mother and children */
        years = demo_gen_between(g, 21, 46);
        add_person(g, h, true, years);
        children(g, h, years, 3);
    } else { /* parents and children, now and then a grandmother */
        years = demo_gen_between(g, 22, 48);
        if (demo_gen_chance(g, 120))
            add_person(g, h, true, years + demo_gen_between(g, 22, 34));
        add_person(g, h, true, years);
        add_person(g, h, false, years + demo_gen_between(g, 0, 6));
        children(g, h, years, 3);
    }
}

static const struct gen_culture *culture(struct gen *g)
{
    unsigned n, sum = 0, at;
    const struct gen_culture *c = demo_gen_cultures(&n);

    for (unsigned i = 0; i < n; i++)
        sum += c[i].weight;
    at = demo_gen_below(g, sum);
    while (at >= c->weight)
        at -= c++->weight;
    return c;
}

/* Nobody has the given name of somebody else in the house; twins and brothers often one much like it. */
static void name(struct gen *g, struct home *h)
{
    const struct gen_culture *c = culture(g);
    unsigned family = demo_gen_below(g, demo_gen_names(c->family)), at[2];

    at[0] = demo_gen_below(g, demo_gen_names(c->male));
    at[1] = demo_gen_below(g, demo_gen_names(c->woman));
    for (unsigned i = 0; i < h->n; i++) {
        struct gen_person *p = &h->who[i];
        unsigned *next = &at[p->female];

        p->culture = c;
        p->family = family;
        p->given = *next;
        *next = (*next + 1) % demo_gen_names(p->female ? c->woman : c->male);
    }
}

static void life(struct gen *g, struct gen_person *p)
{
    p->until = g->today;
    p->years = (int)((p->until - p->born) * 4 / 1461);
    if (p->years >= 70 && demo_gen_chance(g, 60)) {
        p->dead = true;
        p->died = p->until = g->today - demo_gen_between(g, 5, 700);
        p->years = (int)((p->until - p->born) * 4 / 1461);
    }
    p->doctor = demo_gen_below(g, GEN_DOCTORS);
    p->size = (unsigned)demo_gen_between(g, 880, 1130);
}

static void chart(struct gen *g, struct gen_person *p)
{
    demo_gen_problem_list(g, p);
    demo_gen_encounters(g, p);
    demo_gen_allergies(g, p);
    demo_gen_medicines(g, p);
    demo_gen_labs(g, p);
    demo_gen_vitals(g, p);
    demo_gen_immunizations(g, p);
    demo_gen_care(g, p);
}

int demo_generate(uint64_t seed, unsigned n, unsigned charts, const struct date *today,
                  int (*emit)(void *arg, struct str bundle), void *arg, struct err *e)
{
    struct home h;
    struct gen g = {.today = date_days(today->year, today->month, today->day)};
    unsigned number = 0;
    int code;

    buf_init(&g.b, LIMIT_PAGE_BYTES);
    for (unsigned i = 0; i < GEN_REGISTERS; i++)
        buf_init(&g.registers[i], GEN_REGISTER_MOST * sizeof h.who->id);
    begin(&g);
    demo_gen_clinic(&g);
    code = send(&g, emit, arg, e);
    for (unsigned house = 0; !code && number < n; house++) {
        g.state = chain(seed, 1, house);
        people(&g, &h);
        name(&g, &h);
        begin(&g);
        for (unsigned i = 0; i < h.n && number < n; i++, number++) {
            g.state = chain(seed, 2, number);
            life(&g, &h.who[i]);
            demo_gen_patient(&g, &h.who[i], number, house, h.n < 2 ? NULL : &h.who[i ? 0 : 1]);
            if (number < charts) {
                chart(&g, &h.who[i]);
                g.state = chain(seed, 3, number);
                demo_gen_lists(&g, &h.who[i]);
                g.state = chain(seed, 4, number);
                demo_gen_letter(&g, &h.who[i]);
            }
        }
        code = send(&g, emit, arg, e);
    }
    begin(&g);
    demo_gen_registers(&g);
    if (!code && g.entries)
        code = send(&g, emit, arg, e);
    for (unsigned i = 0; i < GEN_REGISTERS; i++)
        buf_fini(&g.registers[i]);
    buf_fini(&g.b);
    return code;
}
