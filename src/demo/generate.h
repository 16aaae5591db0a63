/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inside of demo_generate. Every generate_*.c adds resources of one person to the Bundle under way; all chance
 * comes from gen->state, which is set anew for every person, so that a person is the same whatever stands
 * around. Templates are written with ' for ": no string of the tables holds either.
 */
#ifndef DEMO_GENERATE_H
#define DEMO_GENERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/date.h"
#include "base/str.h"

/* Lists of patients, made while the people are; at most so many on each. */
enum gen_register { GEN_REGISTER_DIABETES, GEN_REGISTER_UNDER_FIVE, GEN_REGISTER_HOME, GEN_REGISTERS };
#define GEN_REGISTER_MOST 2000

struct gen {
    struct buf b;        /* the Bundle */
    uint64_t state;
    int64_t today;       /* days since 1970-01-01 */
    unsigned entries;
    char type[32], id[40]; /* the resource under way */
    struct buf registers[GEN_REGISTERS]; /* ids with blanks between */
    unsigned enrolled[GEN_REGISTERS];
};

/* Names with blanks between; each is NAME[/FEMALE FORM][:IN LATIN LETTERS[/FEMALE FORM]]. */
struct gen_culture {
    const char *language; /* BCP 47; NULL: not in R4's value set of languages */
    const char *spoken;
    unsigned weight;
    const char *family, *male, *woman;
};

enum gen_problem {
    GEN_HYPERTENSION, GEN_DIABETES, GEN_ASTHMA, GEN_COPD, GEN_FIBRILLATION, GEN_HEART_FAILURE,
    GEN_LIPIDS, GEN_THYROID,
    GEN_DEPRESSION, GEN_ARTHRITIS, GEN_KIDNEY, GEN_REFLUX, GEN_ECZEMA, GEN_MIGRAINE, GEN_CORONARY,
    GEN_EPILEPSY,
    GEN_ANAEMIA, GEN_DEMENTIA, GEN_RHEUMATOID, GEN_OTITIS, GEN_BRONCHITIS, GEN_URINARY, GEN_THROAT,
    GEN_PNEUMONIA, GEN_PROBLEMS
};

struct gen_person {
    char id[16];
    unsigned seq;              /* of the next resource of this person */
    bool female, dead;
    const struct gen_culture *culture;
    unsigned family, given;
    int64_t born, died;        /* days; died only when dead */
    int64_t until;             /* the last day on which something can have happened: today,
    or died */
    int years;                 /* age then */
    unsigned doctor;           /* of generate_clinic's */
    unsigned size;             /* own height and weight, per mille of the usual */
    uint32_t problems;         /* set of 1 << enum gen_problem */
    bool penicillin;           /* allergic to it */
    char encounter[40];        /* the newest one's id, or "" */
    char note[40];             /* id of the condition that matters most, or "" */
};

#define GEN_DOCTORS 6

/* --- generate.c: tools ------------------------------------------------------------------------ */

unsigned demo_gen_below(struct gen *g, unsigned n);              /* 0..n-1 */
int demo_gen_between(struct gen *g, int lo, int hi);
bool demo_gen_chance(struct gen *g, unsigned per_mille);
/* Template text: ' becomes ". */
void demo_gen_add(struct gen *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Opens an entry with a resource of type; the id is a new one of p with that prefix. */
void demo_gen_open(struct gen *g, struct gen_person *p, const char *type, const char *prefix);
void demo_gen_open_id(struct gen *g, const char *type, const char *id);
void demo_gen_close(struct gen *g);

#define GEN_DAY 11
#define GEN_TIME 21
const char *demo_gen_day(int64_t days, char out[GEN_DAY]);                      /* "2026-11-23" */
const char *demo_gen_time(int64_t days, int minute,
                          char out[GEN_TIME]);        /* "2026-11-23T08:05:00Z" */
const char *demo_gen_fixed(int value, unsigned decimals, char out[GEN_TIME]);   /* 410,
                           2 -> "4.10" */
int64_t demo_gen_days_ago(struct gen *g, const struct gen_person *p, int lo,
int hi); /* not before birth */
bool demo_gen_has(const struct gen_person *p, enum gen_problem which);
/* Usual kilograms (tenths) and centimetres (tenths) at an age in days. */
int demo_gen_weight(const struct gen_person *p, int64_t age);
int demo_gen_height(const struct gen_person *p, int64_t age);

/* --- the parts -------------------------------------------------------------------------------- */

const struct gen_culture *demo_gen_cultures(unsigned *n);             /* generate_names.c */
unsigned demo_gen_names(const char *names);                           /* how many */
struct str demo_gen_name(const char *names, unsigned which, bool female,
bool latin); /* latin: "" if it is so already */
void demo_gen_clinic(struct gen *g);                                  /* generate_people.c: who and where */
const char *demo_gen_doctor(unsigned n);                              /* reference */
/* kin: somebody of the same house to call, or NULL. */
void demo_gen_patient(struct gen *g, struct gen_person *p, unsigned number, unsigned home,
const struct gen_person *kin);
void demo_gen_encounters(struct gen *g, struct gen_person *p);        /* generate_care.c */
void demo_gen_care(struct gen *g, struct gen_person *p);
void demo_gen_letter(struct gen *g, struct gen_person *p); /* some people have one, kept apart (Binary) */
void demo_gen_problem_list(struct gen *g, struct gen_person *p);      /* generate_problems.c */
void demo_gen_allergies(struct gen *g, struct gen_person *p);
void demo_gen_medicines(struct gen *g, struct gen_person *p);         /* generate_medicines.c */
void demo_gen_labs(struct gen *g, struct gen_person *p);              /* generate_results.c */
void demo_gen_vitals(struct gen *g, struct gen_person *p);
void demo_gen_immunizations(struct gen *g, struct gen_person *p);     /* generate_vaccines.c */
void demo_gen_lists(struct gen *g, struct gen_person *p);             /* generate_lists.c */
void demo_gen_registers(struct gen *g);                               /* after all people */

#endif
