/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inside ui: the state of the full screen, and what a screen is. The page, for 24 rows:
 *     1-2  the patient's banner, or the worklist's title     22  message, or what lies below
 *     3    title, age of the data, Page n of m               23  key bar
 *     4-21 body                                              24  demo mark, prompt or the sync's state
 */
#ifndef UI_PRIV_H
#define UI_PRIV_H

#include "crypt/secret.h"
#include "fhir/kind.h"
#include "model/conflict.h"
#include "model/fill.h"
#include "model/refs.h"

#include "model/growth.h"
#include "model/household.h"
#include "model/order.h"
#include "model/scope.h"
#include "model/server.h"
#include "model/series.h"
#include "model/syncing.h"
#include "ui/command.h"
#include "ui/conf.h"
#include "ui/hint.h"
#include "ui/keys.h"
#include "ui/line.h"
#include "ui/list.h"
#include "ui/marks.h"
#include "ui/numbers.h"
#include "ui/palette.h"
#include "ui/prompt.h"
#include "ui/tour.h"
#include "ui/tty.h"
#include "ui/ui.h"

#define UI_MIN_ROWS 24
#define UI_MIN_COLS 80
#define UI_BODY 3                  /* the body's first row, from 0 */
#define UI_IDLE_MIN 5              /* without a key: lock */
#define UI_IDLE_MS (UI_IDLE_MIN * 60 * 1000)
#define UI_SYNC_MS 6000            /* between two paints of a running sync's numbers: at most 60 bytes in 5 s */
#define UI_SECTIONS_MAX 32

struct screen {
    uint64_t where;
    struct list *(*list)(struct ui *u); /* its body; NULL when it has none */
    const char *(*patient)(const struct ui *u); /* the chart that it shows; "" none, UI_MANY a list of patients */
    void (*build)(struct ui *u); /* lays its lines out for the size of the terminal */
    void (*paint)(struct ui *u); /* rows 1-3 and the body */
    void (*open)(struct ui *u);  /* Enter; only called when the selected row is on the screen */
    void (*back)(struct ui *u);
    void (*reload)(struct ui *u); /* R; may be NULL */
    /* Edits were made, sent or given up since it was read, and it is shown again. NULL: it shows none. */
    void (*edited)(struct ui *u);
    bool steady; /* edited() moves no row: it is called while it is shown, too */
    /* The rest may be NULL, and is left out of most screens. */
    void (*sideways)(struct ui *u, int by); /* > is +1, < is -1: columns to the right, to the left */
    /* Rows chosen by number (indexes in its list, n > 1, all of them painted): opens them in turn. */
    void (*several)(struct ui *u, const unsigned *item, unsigned n);
    void (*left)(struct ui *u); /* it is no longer shown nor below what is shown: drops what it holds */
    /* Of a list of which a window is in memory; NULL when all of it is. Places count in the whole list, from 0. */
    void (*slide)(struct ui *u);             /* before a move: rows around the marker */
    void (*jump)(struct ui *u, int to_end);  /* the first window, or the last one; the caller moves the marker */
    bool (*turn_to)(struct ui *u, unsigned at); /* the page begins with this row; false: there is none */
    bool (*more)(const struct ui *u);        /* the list goes on below the window */
};
#define UI_MANY "*" /* no FHIR id */
#define UI_DEPTH 16 /* more than there are screens, each of which lies there once */

struct scr_lock {
    struct secret *typed; /* NULL while it is being tried */
    unsigned shown;       /* stars */
    bool trying;
    unsigned percent;     /* of an older store's rows that are indexed again; 0: none yet */
    char unsent[160];     /* "2 changes NOT SENT since 14:05", as it was when it was locked; "" */
};

struct scr_work {
    struct list list;
    struct model_scope scope;   /* which patients, in which order */
    struct model_worklist rows; /* a window of the whole list */
    bool loaded;
    bool chosen;  /* a row was pointed at while the filter is typed */
    bool due;     /* the filter has changed, the rows have not yet */
    char filter[PROMPT_MAX];
    size_t filter_n;
    int64_t shown_total; /* of the list as the user asked for it */
    int64_t counted_ms;  /* boot clock: when new ones were last counted */
    int64_t fresh;       /* patients more than shown_total; < 0: fewer */
    bool stale;          /* a sync brought rows since */
};

/* Where somebody was in a section of the open chart. */
struct scr_place {
    bool known;
    char type[64], id[80]; /* the resource at the marker; "": a row of none */
    unsigned sel, above;   /* its item, and how many stood above it on the page */
};

struct scr_chart {
    char chart[80];
    struct model_banner banner;
    struct model_section rows;
    bool open, stale;
    bool mixed;       /* the last paint met a row of another patient */
    bool counted;     /* such a paint of this chart is in the log */
    unsigned cols;    /* that the banner was made for */
    unsigned section; /* index in kind_sections() */
    struct scr_place places[UI_SECTIONS_MAX];
    struct list list, sections;
    struct vec items; /* unsigned: the row that each item of list is */
};

struct scr_stop {
    struct model_similar similar;
    bool loaded;
    struct ui_seen seen;
    unsigned typed;      /* number; 0 = none */
    struct list list;
};

struct scr_scopes {
    struct model_scopes scopes;
    bool loaded, orders; /* orders: the orders are chosen from, not the scopes */
    struct list list;
};

struct scr_tasks {
    struct model_tasks tasks; /* a window */
    unsigned asked;           /* its rows, if there are so many */
    bool loaded;
    struct vec noted;         /* char[80]: whose tasks were shown, by the audit trail */
    struct list list;
};

struct scr_household {
    struct model_household home;
    bool loaded;
    struct list list;
};

struct scr_server {
    struct model_server answer;
    bool asking, loaded;
    struct list list;
};

/* The attachment that is being fetched, or has come and was not shown yet. */
struct attach {
    char type[64], id[80];
    bool busy, come;
    int percent;
};

struct scr_detail {
    struct model_detail d;
    char type[64], id[80];     /* of its row */
    bool loaded;
    struct list list;
};

#define SCR_GRID_DAYS 40 /* side by side */
#define SCR_GRID_GAP 2   /* columns between two; the second holds the marker of the cell */
struct scr_grid {
    struct model_grid g;
    bool loaded;
    bool seen;      /* the chosen cell was on the screen as it is now */
    struct list list;
    unsigned day;   /* the chosen column */
    unsigned left;  /* the first one shown */
    unsigned shown; /* how many */
    unsigned indent, at[SCR_GRID_DAYS], wide[SCR_GRID_DAYS]; /* columns behind the margin */
};

#define SCR_PLOT_NOTES 24
struct scr_plot {
    struct arena arena; /* of plot and notes */
    struct text *plot, notes[SCR_PLOT_NOTES];
    unsigned plot_n, notes_n;
    bool notes_below; /* they were too long to stand above the values */
    bool failed;
    struct list list; /* the values */
};

struct scr_trend {
    struct model_trend t;
    char type[64], id[80]; /* the resource whose test it is */
    unsigned part;
    bool loaded;
    struct scr_plot plot;
};

struct scr_growth {
    struct model_growth g;
    bool loaded;
    struct scr_plot plot;
};

/* A window of a long list of rows. */
struct scr_rows {
    struct list list; /* first: a screen's list() leads back to what it is part of */
    const struct model_refs *refs; /* the whole list, borrowed */
    struct model_window w;
    bool loaded;
};

struct scr_timeline {
    struct model_refs refs;
    struct arena arena; /* of age */
    struct text age;
    bool loaded;
    int64_t rowid; /* where somebody was in it when it was left; 0: nowhere */
    unsigned above;
    struct scr_rows rows;
};

struct scr_found {
    struct model_search *search;
    bool all, running, failed;
    loop_timer timer;
    int64_t painted_ms;
    struct arena arena; /* of words, age and typed */
    struct text words, age;
    struct str typed;
    struct scr_rows rows;
};

struct scr_conflicts {
    struct model_conflict c;
    bool loaded;
    unsigned of; /* how many the chart has */
    struct list list;
};

#define SCR_SYNC_ARMED_MS 15000
struct scr_sync {
    struct model_syncing page;
    bool loaded;
    struct vec noted;           /* char[80]: whose changes were named, by the audit trail */
    char armed[STORE_OP_BYTES]; /* the change that one more d gives up, since: */
    int64_t armed_ms;           /* boot clock */
    struct list list;
};

struct scr_banner {
    struct model_banner b; /* of the width that it was opened with: only its lines are used */
    bool loaded;
    struct list list;
};

struct scr_forms {
    struct model_forms forms;
    struct model_draft_row drafts[MODEL_DRAFTS_MAX];
    unsigned drafts_n;
    char chart[80];
    struct list list;
};

struct scr_form {
    struct model_fill *fill;   /* NULL: none is open */
    struct list list;          /* an item for each row of the form, in its order */
    form_key at;               /* being answered */
    struct arena arena;        /* of reading */
    struct str reading[FORM_READINGS];
    unsigned readings;
    char label[120];           /* of the prompt */
    unsigned left;             /* open, wrong or not looked at */
    unsigned asked, answered;  /* questions that a person answers, as they are shown now */
    uint64_t layout;           /* of the list as it was made last */
    bool kept;                 /* something of it was written as a draft */
    bool filed;                /* it is filed, or on its way */
    bool deaf;                 /* what is asked is not on the screen yet: no key answers it */
};

struct pick_rows {
    struct text *row, title, why; /* why: in place of rows, or "" */
    unsigned n;
};
/* What is picked from; the functions are those of one kind of list. */
struct pick_source {
    const char *label; /* N_(), of the prompt */
    int (*load)(struct ui *u, struct str typed, struct arena *a, struct pick_rows *out, struct err *e);
    void (*take)(struct ui *u, unsigned row);      /* a row that was chosen, and seen */
    void (*typed)(struct ui *u, struct str typed); /* Enter, and no row was chosen */
    const char *(*chart)(const struct ui *u);      /* whose it is */
};
struct scr_pick {
    const struct pick_source *source;
    struct arena arena;          /* of all that load() made */
    struct pick_rows rows;
    form_key key;                /* the question, of a form */
    struct form_options options; /* its options */
    struct order_drugs *drugs;   /* of an order */
    struct list list;
};

struct scr_order {
    struct arena arena; /* of drug and before */
    struct order_drug drug;
    struct text before; /* the order that this one takes the place of; "" */
    char prior[100];    /* "MedicationRequest/ID" of it */
    struct order o;
    bool read;            /* to its end */
    bool loaded, signing; /* signing: what is wanted once each STOP has its reason */
    char line[PROMPT_MAX];
    size_t line_n;
    struct order_row *rows; /* in o's arena */
    unsigned n;
    struct list list;
};

struct sign_item {
    unsigned line, card;
    bool open; /* a STOP without a reason */
    bool seen; /* it was on the screen */
};

struct scr_sign {
    struct order_basket b;
    bool loaded;
    struct vec items; /* struct sign_item: of each row of list */
    struct list list;
};

/* What is done to an order, and what is on its way to the disk. */
struct scr_act {
    char id[80];
    enum order_act act;
    unsigned number; /* the two digits that are asked for now */
    char digits[12], label[160];
    bool busy;       /* one at a time */
    char written[80];
    const struct screen *from;     /* where it was written; then, there: */
    void (*done)(struct ui *u);
    unsigned n;      /* how many were signed */
};

struct scr_filing {
    struct model_filing w;
    bool loaded, painted;
    struct list list;
};

#define HELP_ROWS 200
struct scr_help {
    struct list list;
    struct {
        const struct command *c;
        int arg;
    } row[HELP_ROWS];
};

struct ui {
    struct loop *loop;
    const struct clock *clock;
    char home[1024];
    struct ui_hooks hooks;
    struct tty *tty;
    struct line *line; /* of line mode, else NULL */
    struct keys keys;
    struct conf conf;
    int64_t esc_ms, last_key_ms, sync_painted_ms;
    loop_timer esc_timer, idle_timer, sync_timer;
    struct auth_unlock *unlock; /* remembers failed tries */

    const struct screen *screen;
    /* What Back leads to, the last one first. The worklist is at the bottom; a chart, and the page that stops before
     * one, lie on the list that it was opened from. */
    const struct screen *below[UI_DEPTH];
    unsigned below_n;
    uint64_t edits, read, below_read[UI_DEPTH]; /* model_edits(): now, and that each screen was read at */
    bool damage, asking, asked; /* asked: the question is on the screen */
    char glass[80];             /* whose data the terminal shows: a chart, UI_MANY or "" */
    bool open, demo, unprotected;
    struct model model; /* while open */
    struct model_sync sync, sync_shown; /* shown: what the last line says of it */
    char message[400]; /* UTF-8, made safe when it is painted */
    bool trifle;       /* it only says that a key does nothing: not worth coming back */
    bool sync_said;    /* the message is about the sync under way, and goes with it */
    bool sync_asked;   /* the sync under way was asked for by key: its end is said */
    bool fetching;     /* somebody is to be fetched, and the sync that does it has not begun */

    struct prompt prompt; /* over the screen, on the last row */
    struct palette palette;
    struct hint hint;
    struct numbers_turn turn;
    struct mark mark[MARKS];
    struct undo undo[UNDO_MAX];
    unsigned undo_n;
    unsigned tour; /* its step, from 1; 0: none is under way */
    struct scr_lock lock;
    struct scr_work work;
    struct scr_chart chart;
    struct scr_detail detail;
    struct attach attach;
    struct scr_grid grid;
    struct scr_trend trend;
    struct scr_growth growth;
    struct scr_banner banner;
    struct scr_timeline timeline;
    struct scr_found found;
    struct scr_conflicts conflicts;
    struct scr_sync syncing;
    struct scr_forms forms;
    struct scr_form form;
    struct scr_pick pick;
    struct scr_filing filing;
    struct order_desk desk; /* from the first order on, until the screen is locked */
    struct scr_order order;
    struct scr_sign sign;
    struct scr_act act;
    struct scr_help help;
    struct scr_stop stop;
    struct scr_scopes scopes;
    struct scr_tasks tasks;
    struct save *saves; /* jobs that have not come back (ui_save.c) */

    struct scr_household household;
    struct scr_server server;
};

/* Functions, so that no table of pointers is a writable symbol. */
const struct screen *scr_lock_screen(void);
const struct screen *scr_work_screen(void);
const struct screen *scr_chart_screen(void);
const struct screen *scr_sections_screen(void);
const struct screen *scr_detail_screen(void);
const struct screen *scr_grid_screen(void);
const struct screen *scr_trend_screen(void);
const struct screen *scr_growth_screen(void);
const struct screen *scr_banner_screen(void);
const struct screen *scr_help_screen(void);
const struct screen *scr_stop_screen(void);
const struct screen *scr_scopes_screen(void);
const struct screen *scr_tasks_screen(void);
const struct screen *scr_household_screen(void);
const struct screen *scr_server_screen(void);
const struct screen *scr_timeline_screen(void);
const struct screen *scr_found_screen(void);
const struct screen *scr_conflicts_screen(void);
const struct screen *scr_sync_screen(void);
const struct screen *scr_forms_screen(void);
const struct screen *scr_form_screen(void);
const struct screen *scr_pick_screen(void);
const struct screen *scr_filing_screen(void);
const struct screen *scr_order_screen(void);
const struct screen *scr_sign_screen(void);

/* ui_stack.c */
void ui_stack_edits(struct ui *u);  /* what is shown, after an edit */
void ui_stack_turn(struct ui *u);   /* each turn of the loop: the same, but while a sync runs */
void ui_stack_reload(struct ui *u); /* R */
/* Shows a screen; no row of it counts as painted yet. ui_go: s is where Back led to, or the bottom of all (what lay
 * above it is left); ui_over: s lies over the screen that is shown; ui_under: back to that one, where it was. */
void ui_go(struct ui *u, const struct screen *s);
void ui_over(struct ui *u, const struct screen *s);
void ui_under(struct ui *u);
const struct screen *ui_below(const struct ui *u); /* what ui_under shows; the worklist when there is nothing */

/* ui.c */
void ui_say(struct ui *u, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void ui_say_err(struct ui *u, const struct err *e);
void ui_lock(struct ui *u);
void ui_key(struct ui *u, int key);  /* as if it was typed now */
void ui_type(struct ui *u, int key); /* into the field that is open: the passphrase, or the prompt */
/* Does what a row of the table says, or says why it is refused; false then. */
bool ui_run(struct ui *u, const struct command *c, int arg);
int64_t ui_idle(struct ui *u);   /* locks when no key came for UI_IDLE_MS; ms until the next look */
void ui_unlocking(struct ui *u); /* tries the passphrase that was typed */
const char *ui_closing(const struct ui *u); /* why it cannot be tried yet, or NULL */
void ui_ask(struct ui *u);                  /* "Leave wardline?" */
uint64_t ui_where(const struct ui *u); /* the screen, or its prompt, or ON_ASK */
bool ui_small(const struct ui *u);     /* the window is too small to show anything of a patient */
unsigned ui_body_rows(const struct ui *u);
struct list *ui_list(const struct ui *u); /* of the screen that is shown, or NULL */
const char *ui_many(const struct ui *u); /* UI_MANY: for the screens of lists of patients */
/* A row of a list of people: who it is, then what (wardline's own words or safe text), then what must be known before
 * opening. */
void ui_person_row(struct list *l, const struct model_patient *who, const char *what, unsigned cols);

/* ui_save.c: written in the background; what goes wrong is said */
void ui_save_scope(struct ui *u, const struct model_scope *scope);
/* REQ: on disk before anything of the chart is shown; false, and said why, when it could not be. */
bool ui_save_opened(struct ui *u, const char *chart);
struct model_seen;
bool ui_save_seen(struct ui *u, const struct model_seen *seen); /* the same of a list of many charts' rows */
void ui_save_unlocked(struct ui *u);
/* Of forms, in the order in which they are asked for. What they are given is theirs. said: on success, or NULL. */
void ui_save_draft(struct ui *u, struct model_draft *d, const char *said);
void ui_save_discard(struct ui *u, const char *chart, const char *form);
void ui_save_filing(struct ui *u, struct model_filing *w,
                    void (*then)(struct ui *u, unsigned ops, const struct err *e));
bool ui_saving_draft(const struct ui *u); /* one of these has not come back */
void ui_save_orphan(struct ui *u); /* the screen goes: jobs under way must not find it */

/* ui_paint.c */
void ui_paint(struct ui *u);
/* What was said, what a sync has brought, that there is more below: row 22. In a. */
struct text ui_message_words(struct ui *u, struct arena *a);
bool ui_more_below(const struct ui *u); /* the list goes on below the page */
/* The next row of the table, from *i on, that stands in this screen's key bar, and its first key; NULL: no more. */
const struct command *ui_bar_next(const struct ui *u, unsigned *i, struct str *key, struct arena *a);
/* Row 3: left, then the age of the data, and at the right "Page n of m". */
void ui_paint_title(struct ui *u, struct text title, struct text age, unsigned n, unsigned m);
void ui_paint_prompt(struct ui *u, const char *label, struct str typed); /* row 24; parks the cursor */

/* scr_work.c */
void scr_work_load(struct ui *u); /* anew, from the store; the selection stays on its patient if it can */
void scr_work_slide(struct ui *u); /* before a move: rows around the selection */
/* Marks the row at this place of the whole list, and makes its window if need be: chart's, if it is not NULL and
 * near that place; else the page begins there. False: there is no such row, nothing has changed. */
bool scr_work_seek(struct ui *u, unsigned at, const char *chart);
void scr_work_refilter(struct ui *u);        /* when w->due: the rows that match what is typed */
void scr_work_count(struct ui *u, bool now); /* how many new ones a sync brought */
void scr_work_fini(struct ui *u);
void scr_work_view(struct ui *u, const struct model_scope *scope); /* another list, from its first row */

/* scr_stop.c */
/* REQ: the one way into a chart: whoever is easily taken for somebody else is stopped at first. from: the list that q
 * leads back to; it is shown or lies below. True when the chart is open now. */
bool scr_stop_open(struct ui *u, const char *chart, const struct screen *from);
/* Opens the next (+1) or the previous (-1) patient of the list that the chart was opened from. */
void scr_stop_neighbour(struct ui *u, int by);
bool scr_stop_deaf(struct ui *u);    /* REQ: this key was typed before the page could be read: it is to be dropped */
void scr_stop_painted(struct ui *u); /* after each paint */
bool scr_stop_type(struct ui *u, int key); /* a digit; false: it is none */
void scr_stop_close(struct ui *u);

/* scr_scopes.c, scr_tasks.c */
void scr_scopes_open(struct ui *u);
void scr_scopes_order(struct ui *u);
void scr_scopes_default(struct ui *u);
void scr_scopes_close(struct ui *u);
void scr_tasks_open(struct ui *u);
/* The marker goes to the next task (+1) or the one before (-1) of another patient. 0: there is none, and it stays; < 0:
 * it said why it cannot. */
int scr_tasks_step(struct ui *u, int by);
const char *scr_tasks_chart(const struct ui *u); /* whose the task at the marker is; "" when there is none */
void scr_tasks_close(struct ui *u);

/* scr_household.c */
void scr_household_open(struct ui *u); /* of the row at the worklist's marker */
void scr_household_close(struct ui *u);

/* scr_server.c */
void scr_server_open(struct ui *u); /* asks the server for the worklist's filter */
void scr_server_close(struct ui *u);

/* scr_work_rows.c */
void scr_work_rows_build(struct ui *u);
void scr_work_rows_paint(struct ui *u);
void scr_work_rows_edited(struct ui *u);

/* scr_find.c */
void scr_find_open(struct ui *u);
void scr_find_drop(struct ui *u); /* all patients again */
bool scr_find_typing(const struct ui *u);
void scr_find_keep(struct ui *u); /* what was typed filters on, nothing is opened: the list can be read */

/* scr_chart.c */
bool scr_chart_open(struct ui *u, const char *chart, const struct screen *from); /* over from; for scr_stop.c alone */
void scr_chart_section(struct ui *u, unsigned section);
/* marks that row of the section; false: not in it */
bool scr_chart_seek(struct ui *u, const char *type, const char *id);
/* REQ: what lies over a chart is read anew with its banner and its rows, or not at all: false, and it said why. */
bool scr_chart_renewed(struct ui *u);
/* The same, when a sync has brought something since the chart was read: before anything is opened over it. What is
 * borrowed of the chart's rows is gone. */
bool scr_chart_fresh(struct ui *u);
void scr_chart_banner(struct ui *u); /* rows 1-2 */
void scr_chart_close(struct ui *u);  /* drops all that is of the patient */
/* REQ: is this row of the patient whose banner stands above it? If not, says so, and the body must stay empty. */
bool scr_chart_own(struct ui *u, const char *chart);
/* Paints a list that is of that chart, or why not; false: nothing of it. l NULL: the caller paints, when it is own. */
bool scr_chart_body(struct ui *u, struct list *l, const char *chart);

/* scr_plot.c: begin, list_add each value, end */
void scr_plot_begin(struct ui *u, struct scr_plot *p, const struct text *said, unsigned n,
                    int (*draw)(struct ui *u, unsigned width, unsigned height, struct arena *a, struct text **lines,
                                unsigned *lines_n));
void scr_plot_end(struct ui *u, struct scr_plot *p, const struct text *said, unsigned n);
void scr_plot_paint(struct ui *u, struct scr_plot *p);
void scr_plot_fini(struct scr_plot *p);

/* scr_grid.c, scr_trend.c, scr_growth.c; closing twice is fine */
void scr_grid_open(struct ui *u); /* of the section that is shown */
void scr_grid_close(struct ui *u);
void scr_grid_days_lay_out(struct ui *u); /* columns for the width of the terminal, the chosen day among them */
void scr_grid_days_move(struct ui *u, int by); /* +1 an older day */
void scr_grid_days_turn(struct ui *u, int by); /* +1 as many older days as fit */
const struct model_point *scr_grid_test(const struct ui *u); /* at the marker, else of its row; NULL */
/* Of the test that a resource is; from the screen that is shown. False: it said why not. */
bool scr_trend_open(struct ui *u, const char *type, const char *id, unsigned part);
void scr_trend_close(struct ui *u);
void scr_growth_open(struct ui *u); /* or says why there are no curves for this patient */
void scr_growth_close(struct ui *u);

/* scr_chart_rows.c */
/* The words of `wardline show`: the text, then its flags: "text  [HH, FROM FILE]". */
struct text scr_chart_rows_words(struct arena *a, const struct model_row *r);
/* Adds a row to the list, as list_add; false without memory. */
bool scr_chart_rows_add(struct scr_chart *c, unsigned row, struct text lead, unsigned indent, struct text body,
                   unsigned cols);
const struct model_row *scr_chart_rows_at(const struct scr_chart *c, unsigned item); /* NULL: no such item */
void scr_chart_rows_build(struct ui *u);        /* a line or more for each row of the section */
void scr_chart_rows_remember(struct scr_chart *c);   /* where the marker and the page are */
/* Lays the section out; the marker goes to the resource it was on there, wherever that stands now, as far down the
 * page as it was. */
void scr_chart_rows_return(struct ui *u);
/* REQ: which medicines in force lie below the page, by name, in at most cols columns: "below: warfarin, digoxin +2";
 * "+ more below" where the next rows are none. In a, or a literal. */
const char *scr_chart_rows_below(const struct ui *u, unsigned cols, struct arena *a);

/* scr_rows.c */
/* Shows the list with row sel chosen, above rows under the page's head. refs stays the caller's. */
bool scr_rows_show(struct ui *u, struct scr_rows *r, const struct model_refs *refs, unsigned sel, unsigned above);
void scr_rows_build(struct ui *u, struct scr_rows *r);
/* Of struct screen, where list() is the list of a struct scr_rows. */
void scr_rows_slide(struct ui *u);
void scr_rows_edited(struct ui *u); /* the same rows, with what is NOT SENT now */
void scr_rows_jump(struct ui *u, int to_end);
bool scr_rows_turn_to(struct ui *u, unsigned at);
bool scr_rows_more(const struct ui *u);
void scr_rows_pages(const struct scr_rows *r, unsigned *n, unsigned *m);
const struct model_row *scr_rows_at(const struct scr_rows *r); /* at the marker, or NULL */
void scr_rows_close(struct scr_rows *r);

/* scr_timeline.c, scr_found.c; closing twice is fine */
void scr_timeline_open(struct ui *u);
void scr_timeline_close(struct ui *u);
void scr_found_open(struct ui *u, int all); /* asks for the words */
void scr_found_close(struct ui *u);

/* scr_conflicts.c */
void scr_conflicts_open(struct ui *u);           /* of the row at the marker, else the chart's first */
void scr_conflicts_take(struct ui *u, int take); /* enum model_take, of the element at the marker */
void scr_conflicts_store(struct ui *u, int arg); /* when all is answered */
void scr_conflicts_next(struct ui *u, int arg);
void scr_conflicts_close(struct ui *u);

/* scr_sync.c */
void scr_sync_open(struct ui *u, int arg);
void scr_sync_again(struct ui *u, int arg);   /* the change at the marker: with the next sync */
void scr_sync_discard(struct ui *u, int arg); /* asks, then gives it up */
void scr_sync_close(struct ui *u);
/* scr_form_left.c */
#define SCR_FORM_PAGE_COLS 16 /* of "Page 1 of 2" and the gaps beside it */
void scr_form_left_count(struct ui *u);
struct text scr_form_left_words(const struct ui *u, struct text title, struct arena *a); /* beside the form's title */

/* scr_forms.c; closing any of these twice is fine */
void scr_forms_open(struct ui *u, int arg);
const char *scr_forms_refused(const struct ui *u, int arg);
void scr_forms_discard(struct ui *u, int arg);  /* asks */
void scr_forms_changed(struct ui *u);  /* a draft came or went */
void scr_forms_close(struct ui *u);

/* scr_form.c */
void scr_form_open(struct ui *u, const char *name, bool draft);
void scr_form_close(struct ui *u);
struct form *scr_form_engine(const struct ui *u); /* NULL: none is open */
form_key scr_form_key(const struct ui *u);        /* of the row at the marker */
void scr_form_changed(struct ui *u, form_key at); /* rows are made anew, and the marker goes there */
void scr_form_keep(struct ui *u, const char *said);

/* scr_form_acts.c */
void scr_form_acts_add(struct ui *u, int arg);
void scr_form_acts_remove(struct ui *u, int arg);
void scr_form_acts_unit(struct ui *u, int arg);
void scr_form_acts_truth(struct ui *u, int yes);
void scr_form_acts_next(struct ui *u, int first);
void scr_form_acts_jump(struct ui *u, int arg);

/* scr_form_edit.c */
/* The row at the marker, when it was on the screen and is this patient's; else FORM_NO_KEY, and it said why. */
form_key scr_form_edit_here(struct ui *u);
bool scr_form_edit_row(struct ui *u, form_key key, struct arena *a, struct form_row *out);
bool scr_form_edit_took(struct ui *u, form_key key, const struct form_reply *r);
void scr_form_edit_answer(struct ui *u, int arg);
void scr_form_edit_put(struct ui *u, form_key key, struct str typed, unsigned how);
void scr_form_edit_drop(struct ui *u);
void scr_form_edit_painted(struct ui *u);
bool scr_form_edit_deaf(struct ui *u); /* REQ: this key was typed before the question could be read: it is dropped */

/* scr_pick.c, scr_options.c, scr_filing.c */
void scr_pick_open(struct ui *u, const struct pick_source *source, form_key key);
void scr_pick_find(struct ui *u, int arg); /* once more */
void scr_pick_close(struct ui *u);
void scr_options_open(struct ui *u, form_key key);
void scr_filing_open(struct ui *u, int arg);
void scr_filing_close(struct ui *u);
void scr_filing_file(struct ui *u, int arg);
void scr_filing_done(struct ui *u, unsigned ops, const struct err *e);

/* scr_drug.c, scr_order.c, scr_sign.c, scr_act.c; closing twice is fine */
void scr_drug_open(struct ui *u, int arg); /* a new order: which medicine? */
void scr_order_open(struct ui *u, const struct order_drug *drug);
void scr_order_again(struct ui *u, const char *id); /* that order once more, its doses typed into the line */
void scr_order_edit(struct ui *u);
void scr_order_end(struct ui *u, bool signs); /* keeps it as a draft; signs: and to the page where it is signed */
void scr_order_close(struct ui *u);
void scr_sign_open(struct ui *u, const char *id); /* id: of an order that was just read back, and is ticked; NULL */
void scr_sign_tick(struct ui *u, int all);
void scr_sign_ask(struct ui *u); /* for reasons that lack, then for the two digits */
void scr_sign_close(struct ui *u);
bool scr_act_desk(struct ui *u);   /* the tables are here, and this profile may write orders; or it said why not */
void scr_act_digits(struct ui *u); /* REQ: two digits, others each time */
void scr_act_line(struct ui *u, int arg);
void scr_act_end(struct ui *u, int signs); /* of an order that was read back: signed, else a draft */
void scr_act_list(struct ui *u, int arg);
void scr_act_sign(struct ui *u, int arg);
void scr_act_sign_now(struct ui *u); /* what is ticked */
void scr_act_again(struct ui *u, int arg);
void scr_act_do(struct ui *u, int act); /* enum order_act, on the order at the marker */
/* Writes it, what *w holds is taken; then done, if the screen is still the one that is shown now. id: of the order. */
void scr_act_file(struct ui *u, struct model_filing *w, const char *id, void (*done)(struct ui *u));
void scr_act_written(struct ui *u, const char *id); /* to the medicines, read anew; the marker on that order */
void scr_act_reason(struct ui *u); /* of a STOP: asks; one of these gets it, false: it is none */
bool scr_order_reason(struct ui *u, struct str typed);
bool scr_sign_reason(struct ui *u, struct str typed);
void scr_act_close(struct ui *u);      /* all that is of the patient */
void scr_act_desk_close(struct ui *u); /* the tables as well */

/* scr_cover.c */
void scr_cover_build(struct ui *u); /* lays the cover's rows out */

/* scr_sections.c, scr_detail.c, scr_banner.c, scr_help.c, scr_lock.c */
void scr_sections_open(struct ui *u);
bool scr_detail_open(struct ui *u, const char *type, const char *id);
void scr_detail_fetch(struct ui *u); /* its first attachment that is not kept; or shows the one that has come */
void scr_detail_part(struct ui *u, int part);
void scr_detail_close(struct ui *u);
void scr_banner_open(struct ui *u);
void scr_banner_close(struct ui *u);
void scr_help_open(struct ui *u);
void scr_lock_type(struct ui *u, int key);
void scr_lock_forget(struct ui *u);

#endif
