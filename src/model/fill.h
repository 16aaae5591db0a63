/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A form that is being filled at a chart: the form engine (model/form.h) with what the chart and this machine have for
 * it, the draft that is kept of it, and what is filed of it. Called by screens.
 *
 * REQ: each draft and each filing names the patient at whose banner it was written, and is refused at another's; what
 * was read back is what is filed, byte for byte, and once; what nobody can be named for says NOT NAMED, never signed.
 * The form lives on the loop's thread. What is written is flat bytes that the store thread takes: model_draft_save,
 * model_draft_discard and model_filing_write are called there.
 */
#ifndef MODEL_FILL_H
#define MODEL_FILL_H

#include "base/path.h"
#include "model/codes.h"
#include "model/filing.h"

/* --- which forms there are --------------------------------------------------------------------- */

enum model_forms_place { MODEL_FORMS_USER, MODEL_FORMS_SITE, MODEL_FORMS_PACKAGE, MODEL_FORMS_PLACES };
#define MODEL_FORM_NAME 64

/* Folders of forms; "": none. */
struct model_form_dirs {
    char dir[MODEL_FORMS_PLACES][PATH_MAX_BYTES];
};
/* Beside wardline.conf; /etc/wardline/forms or where it was configured to; what comes with the program. */
void model_form_dirs(struct model_form_dirs *out);

struct model_form_file {
    char name[MODEL_FORM_NAME]; /* of its file, without .json */
    enum model_forms_place place;
    struct text title;
};
struct model_forms {
    struct arena arena;
    struct model_form_file *v; /* by title; of two of one name the user's stands, then the site's */
    unsigned n;
    unsigned bad; /* files that are no form about a patient, and stand nowhere here */
};
#define MODEL_FORMS_MAX 500
int model_forms(const struct model_form_dirs *dirs, const char *language, struct model_forms *out, struct err *e);
void model_forms_fini(struct model_forms *l);

/* --- drafts -------------------------------------------------------------------------------------- */

struct model_draft_row {
    char form[MODEL_FORM_NAME];
    int64_t changed_ms;
};
#define MODEL_DRAFTS_MAX 100
/* Of a chart, the newest first; how many there are, of which at most max are written. */
int model_drafts(struct model *m, struct str chart, struct model_draft_row *out, unsigned max, unsigned *n,
                 struct err *e);

#define MODEL_DRAFT_NAME (80 + 1 + MODEL_FORM_NAME)
/* One to be saved: bytes of its own. */
struct model_draft {
    char name[MODEL_DRAFT_NAME], chart[80], form[MODEL_FORM_NAME];
    int64_t changed_ms;
    struct buf bytes;
};
void model_draft_fini(struct model_draft *d); /* wipes */
int model_draft_save(struct store *s, const struct model_draft *d, struct err *e);
/* ERR_NOTFOUND: there is none. */
int model_draft_discard(struct store *s, struct str chart, const char *form, struct err *e);

/* --- filling --------------------------------------------------------------------------------------- */

struct model_fill;

struct model_fill_how {
    struct model *m;              /* borrowed until it is closed */
    const struct rng *rng;
    const char *language;
    const struct model_form_dirs *dirs;
    const char *data;             /* as model_codes_new */
    struct str chart;
    const char *form;             /* a name of model_forms */
};
/* Opens the form, filled with what the chart has for it. ERR_NOTFOUND: no such form, or patient; ERR_UNSUPPORTED
 * "file": the patient came from a file and is on no server; errors of model_form_open, with its findings. found may be
 * NULL. */
int model_fill_open(const struct model_fill_how *how, struct model_fill **out, struct form_findings *found,
                    struct err *e);
void model_fill_close(struct model_fill *x); /* wipes; NULL is fine */

struct form *model_fill_form(const struct model_fill *x);
const char *model_fill_chart(const struct model_fill *x);
const char *model_fill_name(const struct model_fill *x);
const struct model_codes *model_fill_codes(const struct model_fill *x); /* for what it lacks */
/* Who it will be by: "Practitioner/1 (nurse)", with the name where the person is kept here; or "NOT NAMED: filed, not
 * signed". */
struct text model_fill_author(const struct model_fill *x, struct arena *a);
/* The visit that it is written in, or "": the chart's only one that is open. */
struct text model_fill_visit(const struct model_fill *x, struct arena *a);

/* When the draft of this form in this chart was kept; 0: there is none. */
int64_t model_fill_draft_ms(const struct model_fill *x);
/* Takes it up in place of what stands there. ERR_INPUT: it is of another version of the form; it stays. */
int model_fill_resume(struct model_fill *x, struct err *e);
/* What is to be saved now; banner: the chart that the screen shows. ERR_INPUT "subject": another one. ERR_EXISTS: it
 * was filed. */
int model_fill_draft(struct model_fill *x, const char *banner, struct model_draft *out, struct err *e);

/* --- filing ----------------------------------------------------------------------------------------- */

/* "4 entries: Forms 1, Vital signs 2, who filed it 1", of what a form writes. */
struct text model_filing_words(const struct model_filing *w, struct arena *a);
/* Everything that would be written, for the page that reads it back. Refused: ERR_INPUT "subject" as above; ERR_EXISTS,
 * it was filed; ERR_OPEN with num, answers that are missing, wrong or not looked at; ERR_UNSUPPORTED, what is asked of
 * the server first (ifNoneExist) or deleted. */
int model_fill_filing(struct model_fill *x, const char *banner, struct model_filing *out, struct err *e);
/* model_filing_write says ERR_NOTFOUND "draft" of what was filed or discarded already. */
void model_fill_filed(struct model_fill *x); /* it was written: nothing more is kept or filed of it */

#endif
