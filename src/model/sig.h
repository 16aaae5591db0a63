/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A typed dose line and FHIR R4's Dosage, both ways: model_sig_read makes a struct sig of "amox 500 mg po tid 7d",
 * model_sig_dosages the Dosage of it, model_sig_say the words of any Dosage, and model_sig_read of those words the
 * same Dosage again. Pure: no screen, store or network; any thread. Called by the order's screen and `wardline sig`.
 *
 * REQ: what has two readings is a question with its choices, never a guess. No digit is changed. Each token is used,
 * asked about or named as not understood. Nothing that was not said is filled in: `lacks` names it. While a question
 * is open there is no Dosage. All words of a language stand in data/sig/LANG.tsv.
 */
#ifndef MODEL_SIG_H
#define MODEL_SIG_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/date.h"
#include "base/err.h"
#include "fhir/tape.h"

#define SIG_LINE_BYTES 1024
#define SIG_ARENA (1u << 20)

enum { SIG_STEPS = 12, SIG_WHENS = 6, SIG_DAYS = 7, SIG_TIMES = 8, SIG_ASKS = 32, SIG_CHOICES = 8, SIG_TOKENS = 256,
       SIG_REMARKS = 32 };

/* --- the words of a language ------------------------------------------------------------------ */

struct sig_words;
/* Reads dir/LANG.tsv (path_data("sig", dir) where the program's own are; a site may have others). language: "en", "es",
 * "fr". As tsv_open; ERR_INPUT (num = its line), ERR_UNSUPPORTED (no such language). */
int model_sig_words_load(const char *dir, const char *language, struct sig_words **out, struct err *e);
void model_sig_words_free(struct sig_words *w);

/* --- what was said ---------------------------------------------------------------------------- */

/* Numbers are FHIR lexemes with the digits that were typed; "" where nothing was said. */
struct sig_quantity {
    struct str value;
    struct str unit; /* in words: "mg", "mcg", "tablets" */
    struct str code; /* UCUM: "ug", "{tablet}"; "" with unit "" for a bare number */
};

/* One amount, or from low to high. */
struct sig_dose {
    struct sig_quantity low, high; /* a single amount is low; value "" on the side that a range lacks */
    bool range;
    bool calculated; /* from the weight or the body surface: see struct sig, formula */
};

struct sig_ratio {
    struct sig_quantity numerator, denominator;
};

/* A word of the table that has a code: a route of HL7's table 0162, or a text alone (code ""). */
struct sig_concept {
    struct str text, code;
};

struct sig_repeat {
    struct str frequency, frequency_most, period, period_most, period_unit; /* units: s min h d wk mo a */
    struct str count, count_most;
    struct str lasts, lasts_most, lasts_unit;    /* how long one dose runs */
    struct str bounds, bounds_most, bounds_unit; /* how long the treatment goes on */
    struct str from, until;                      /* or from when to when: "2026-12-01" */
    struct str when[SIG_WHENS];                  /* codes of event-timing, as they were said */
    struct str day[SIG_DAYS];                    /* mon .. sun */
    struct str at[SIG_TIMES];                    /* "08:00:00" */
    struct str offset;                           /* minutes, of when */
    unsigned whens, days, ats;
};

enum sig_needed { SIG_ALWAYS, SIG_AS_NEEDED, SIG_AS_NEEDED_FOR };

/* What a step, or the line, does not say. None of it is filled in by anybody but a person. */
enum sig_lack {
    SIG_LACKS_DRUG = 1,      /* of the line; never with env.no_drug */
    SIG_LACKS_DOSE = 2,
    SIG_LACKS_ROUTE = 4,
    SIG_LACKS_SCHEDULE = 8,
    SIG_LACKS_MAXIMUM = 16,  /* as needed, without the most in a time */
    SIG_LACKS_REASON = 32,   /* as needed for what: where the site wants it (env.reason) */
    SIG_LACKS_REPEATS = 64,  /* refills must be answered, 0 is an answer: of the line */
    SIG_LACKS_QUANTITY = 128, /* neither typed nor to be computed: of the line */
    SIG_LACKS_LENGTH = 256    /* how long a step goes on that another one follows */
};
const char *model_sig_lack_words(enum sig_lack one); /* "the route": for NOT SAID; translated */

/* The route with that code of HL7's table 0162 in the words of the language; false: it has none. */
bool model_sig_route(const struct sig_words *w, struct str code, struct sig_concept *out);

/* One Dosage. */
struct sig_step {
    unsigned sequence; /* equal numbers run together; 0: there is one step, or all run together */
    struct sig_dose dose, rate;
    struct sig_ratio rate_ratio; /* instead of rate: 1000 mL per 8 hours */
    struct sig_concept route, site;
    struct sig_repeat repeat;
    enum sig_needed needed;
    struct str reason;
    struct sig_ratio most;              /* in a time */
    struct sig_quantity most_once, most_ever; /* each time; in a lifetime */
    struct sig_concept extra[4];        /* "with food" */
    unsigned extras;
    struct str patient;                 /* for the patient: free text, not checked */
    unsigned lacks;                     /* of enum sig_lack */
};

enum sig_why {
    SIG_TWO_READINGS, /* qd, od, MS, 2/52 */
    SIG_NUMBER,       /* 1.000, 1,000, 5.0, .5, 05: more than one number, or one that is misread */
    SIG_NO_UNIT,      /* 500 of what? */
    SIG_UNKNOWN,      /* not understood; the choice keeps it as a note */
    SIG_TWICE,        /* said twice, and not the same */
    SIG_BACKWARDS,    /* 10-5 mg */
    SIG_FRACTION,     /* 1/3 is no decimal */
    SIG_DAY_OR_DOSE,  /* 15 mg/kg tid, 300 mg/day: each time, or shared out over a day? */
    SIG_STRENGTH,     /* 500 mg 2 tab: of 500 mg each, or that make 500 mg? */
    SIG_NO_WEIGHT,    /* a dose by weight or surface needs it */
    SIG_OLD_WEIGHT,   /* REQ: and refuses one that is older than env.measure_days, has no date, or is dated ahead */
    SIG_INEXACT,      /* does not divide evenly: type the dose */
    SIG_HOW_OFTEN,    /* a day's dose, and nothing says among how many times a day it is shared out: "with meals" */
    SIG_NO_PERIOD,    /* a maximum needs its time */
    SIG_DATE,         /* 03/04/2026 */
    SIG_TOO_LONG,     /* more than the limits above: nothing of the rest was read */
    SIG_WHYS
};
const char *model_sig_why_words(enum sig_why why); /* a sentence, translated */
const char *model_sig_why_name(enum sig_why why);  /* "two readings": for scripts and tests, in no language */

/* A question on a part of the line. A choice is what may stand there instead (model_sig_answer); there may be none:
 * then the line is to be typed anew. */
struct sig_ask {
    enum sig_why why;
    size_t off, len; /* bytes of the line */
    struct str choice[SIG_CHOICES];
    unsigned choices;
};

/* What was read, but would not be written so: "0,5" as 0.5, "ug" as mcg, "bid" as "twice a day" is none. To be said
 * back. */
struct sig_remark {
    size_t off, len;
    struct str means;
};

/* What became of a token of the line. */
enum sig_use { SIG_UNREAD, SIG_USED, SIG_ASKED, SIG_UNNAMED /* named as not understood */ };
struct sig_token {
    size_t off, len;
    enum sig_use use;
    bool number;
    struct str value; /* of a number: the lexeme that it became; "" as long as that is asked */
};

/* The quantity with its sum. */
struct sig_sum {
    bool known;
    bool most;       /* of ranges and what is as needed: at most so many */
    bool doses;      /* counts doses, as what is given is no countable thing */
    bool differs;    /* a quantity was typed, and it is another one */
    struct sig_quantity total; /* rounded up to a whole one; unit "" for doses */
    struct str words; /* "3 a day x 7 days = 21"; else why there is none */
};

struct sig {
    struct str line;
    struct str drug;      /* as typed, not looked up; "" when none */
    struct str strength;  /* as typed: "500 mg", "125 mg/5 mL" */
    struct sig_step step[SIG_STEPS];
    unsigned steps;
    struct sig_quantity quantity; /* typed: "#21" */
    struct str repeats;           /* "2"; "0" is an answer */
    bool no_substitution;         /* daw; else nothing was said of it */
    bool stat;                    /* priority */
    struct str note;              /* in quotes: free text, not checked */
    struct str formula;           /* "15 mg/kg x 12 kg (05-Mar-2026) = 180 mg" */
    struct sig_sum sum;
    unsigned lacks;               /* of the line and all its steps */
    struct sig_ask ask[SIG_ASKS]; /* in the line's order */
    unsigned asks;
    struct sig_remark remark[SIG_REMARKS];
    unsigned remarks;
    struct sig_token token[SIG_TOKENS];
    unsigned tokens;
};

/* --- reading ---------------------------------------------------------------------------------- */

struct sig_measure {
    struct str value; /* kg, or m2; "" not known */
    struct date date; /* of its measuring */
};

struct sig_env {
    const struct sig_words *words;
    bool said;    /* the line is model_sig_say's, where a point is always the decimal point, not a person's */
    bool no_drug; /* the medicine is chosen already: the line does not begin with it */
    bool reason;  /* as needed wants a reason */
    struct date today;
    struct sig_measure weight, surface;
    int measure_days;        /* older ones are refused; 0: all but today's; less: all */
    const char *const *unit; /* what this medicine comes in, NULL behind the last: offered for a bare number; or NULL */
};

/* Reads a line. out borrows from it and from a. ERR_TOOBIG (SIG_LINE_BYTES), ERR_INPUT (no UTF-8, or a control
 * character), ERR_NOMEM. A line that is full of questions is ERR_OK. */
int model_sig_read(const struct sig_env *env, struct str line, struct arena *a, struct sig *out, struct err *e);
/* The line with a choice in the place of what was asked; to be read again. */
int model_sig_answer(const struct sig *s, unsigned ask, unsigned choice, struct buf *line);

/* --- writing ---------------------------------------------------------------------------------- */

/* The array of Dosage, as JSON. ERR_OPEN (num = how many) while anything is asked; what is lacking is left out. */
int model_sig_dosages(const struct sig *s, struct buf *json, struct err *e);
/* The members of a MedicationRequest that the line speaks of, into an open object: priority, dosageInstruction,
 * dispenseRequest (quantity typed, else its sum; numberOfRepeatsAllowed), substitution, note. The medicine is not
 * among them: it is text that nobody looked up. ERR_OPEN. */
int model_sig_request(const struct sig *s, struct buf *json, struct err *e);

/* The same in full words, as model_sig_say has them: what is read back before it is signed. ERR_OPEN. */
int model_sig_read_back(const struct sig *s, struct buf *words, struct err *e);
/* A Dosage, or an array of them, in full words in the language of the messages, as every row of a chart says it
 * (model/fmt_dosage.c). False: no dose stands in it. out's failure. */
bool model_sig_say(const struct tape *t, tape_at dosage, struct buf *out);
/* A Dosage read back into its parts, to be changed or renewed: *whole says whether model_sig_dosages gives just that
 * again (but for the number of a step that is the only one, and asNeededBoolean false). If not, something in it has no
 * words of the table: it is to be shown as free text, not checked. */
int model_sig_from(const struct sig_env *env, const struct tape *t, tape_at dosage, struct arena *a, struct sig *out,
             bool *whole, struct err *e);

#endif
