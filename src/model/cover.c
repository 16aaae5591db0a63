/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The cover: six panes, each a heading with how much there is and how old it is, and its first rows by name. What
 * must be seen stands in the first pane, or at the head of its own, and no page is too small for it.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "fhir/index.h"
#include "model/priv.h"

#define PANE_ROWS 16  /* more than a pane gets on the largest screen */
#define PANE_RANK 100 /* rows of a pane sort behind those of the panes before it */
#define ROW_COLS 200  /* about three lines of a small screen */
#define ENOUGH 1 /* ends a walk */

struct cover {
    struct model *m;
    struct model_rows *rs;
    struct err *e;
};

struct heading {
    const char *words;
    unsigned rows; /* put here so far */
    unsigned more; /* others that its count counts */
    /* of newest_rows: abnormal ones of those looked at, and of them not put here; how many were not looked at */
    unsigned abnormal, more_abnormal, unread;
};

struct pane {
    enum model_pane pane;
    const char *section, *also; /* what feeds it; Enter on its heading opens the first */
    int (*rows)(struct cover *c, const struct pane *p, struct heading *h);
};

/* --- rows ------------------------------------------------------------------------------------- */

static struct text keep_text(struct arena *a, struct text s)
{
    return text_own(arena_dup(a, s.s ? s.s : "", s.n));
}

/* REQ: a row that is too long for the cover of a screen stands there by name alone, with what turns it round before it,
 * and says so: half of a dose or a panel is none. */
static struct text brief_text(struct arena *a, const struct model_row *from)
{
    size_t n = from->name_at + from->name_n;

    if (from->text.cols <= ROW_COLS || !from->name_n || n > from->text.n)
        return (struct text){"", 0, 0};
    return text_own(arena_fmt(a, _("%.*s - long: Enter shows all of it"), (int)n, from->text.s));
}

static int add_copy(struct cover *c, const struct pane *p, struct heading *h, const struct model_row *from, bool must)
{
    struct model_row *row = model_rows_add(c->rs, (int)p->pane * PANE_RANK + 1 + (int)h->rows++);

    if (!row)
        return err_set(c->e, ERR_NOMEM, 0, 0, "cover");
    *row = *from;
    row->pane = p->pane;
    row->must = must;
    row->text = keep_text(c->rs->keep, from->text);
    row->brief = brief_text(c->rs->keep, from);
    row->date = keep_text(c->rs->keep, from->date);
    for (unsigned i = 0; i < from->flags; i++)
        row->flag[i] = keep_text(c->rs->keep, text_own(from->flag[i])).s;
    return c->rs->keep->failed ? err_set(c->e, ERR_NOMEM, 0, 0, "cover") : ERR_OK;
}

/* All rows of a section in its order, in memory that goes with whole_fini. */
struct whole {
    struct arena a;
    struct model_rows rs;
};

static void whole_fini(struct whole *w)
{
    vec_fini(&w->rs.rows);
    arena_fini(&w->a);
}

static int whole_section(struct cover *c, const char *section, struct whole *w)
{
    int code;

    arena_init(&w->a, (size_t)256 << 20);
    w->rs = (struct model_rows){.keep = &w->a, .who = c->rs->who};
    vec_init(&w->rs.rows, sizeof(struct model_sorted), 200000);
    code = model_rows_fill(c->m, str_of(section), &w->rs, c->e);
    if (!code && w->a.failed)
        code = err_set(c->e, ERR_NOMEM, 0, 0, "cover");
    if (!code)
        model_rows_sort(str_of(section), &w->rs);
    else
        whole_fini(w);
    return code;
}

/* The newest of a section, of which there may be very many: those with a day that is not ahead, and not struck. */
struct newest {
    struct cover *c;
    struct arena a;
    struct vec rows; /* of struct recent */
    unsigned again[MODEL_VITALS + 1]; /* of each vital sign, how many there are of the day so far */
    unsigned all, looked, abnormal;
};

struct recent {
    struct model_row row;
    char day[11];
    unsigned vital, again, at;
};

/* REQ: within a day nothing abnormal stands behind what is normal; then the last of each vital sign before earlier
 * ones. Else newest first. */
static int as_read(const void *x, const void *y)
{
    const struct recent *a = x, *b = y;
    int day = strcmp(b->day, a->day);

    if (day || a->row.abnormal != b->row.abnormal)
        return day ? day : a->row.abnormal ? -1 : 1;
    if (a->again != b->again || a->vital != b->vital)
        return a->again != b->again ? (a->again < b->again ? -1 : 1) : a->vital < b->vital ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

static int keep_recent(struct newest *n, const struct store_row *r, const struct tape *t, const struct model_row *row)
{
    const struct recent *last = n->rows.n ? vec_at(&n->rows, n->rows.n - 1) : NULL;
    struct recent x = {.row = *row, .vital = model_vital_rank(t), .at = (unsigned)n->rows.n}, *at;

    snprintf(x.day, sizeof x.day, "%.*s", STR_ARG(r->date));
    if (last && strcmp(last->day, x.day)) {
        if (n->rows.n >= PANE_ROWS)
            return ENOUGH;
        memset(n->again, 0, sizeof n->again);
    }
    if (x.vital < MODEL_VITALS)
        x.again = n->again[x.vital]++;
    if (!(at = vec_push(&n->rows)))
        return err_set(n->c->e, ERR_NOMEM, 0, 0, "cover");
    *at = x;
    return ERR_OK;
}

static int take_newest(void *arg, const struct store_row *r)
{
    struct newest *n = arg;
    struct model_row row;
    struct tape t;
    int rank, code;

    if (r->date_ms == FHIR_NO_DATE || r->date_ms > n->c->rs->who->now_ms + DATE_DAY_MS)
        return ERR_OK;
    if ((code = tape_parse(&t, r->bytes, NULL)))
        return code == ERR_NOMEM ? code : ERR_OK;
    code = model_format(n->c->m, n->c->rs->who, r, &t, &n->a, &row, &rank, n->c->e);
    if (!code && n->a.failed) /* REQ: a row that lost a word to memory is no row */
        code = err_set(n->c->e, ERR_NOMEM, 0, 0, "cover");
    if (!code && rank < 9 && row.sort_ms != FHIR_NO_DATE && !(code = keep_recent(n, r, &t, &row)))
        n->abnormal += row.abnormal;
    n->looked += !code || code == ERR_NOTFOUND;
    tape_fini(&t);
    return code == ERR_NOTFOUND ? ERR_OK : code;
}

static int count_row(void *arg, const struct store_row *r)
{
    struct newest *n = arg;

    (void)r;
    n->all++;
    return ERR_OK;
}

/* all: how many the section holds. */
static int newest_rows(struct cover *c, const struct pane *p, struct heading *h, unsigned *all)
{
    struct newest n = {.c = c};
    struct store_query q = {
        .section = str_of(p->section), .patient = str_of(c->rs->who->chart), .bytes = true, .newest_first = true};
    unsigned before = h->rows, put = 0;
    int code;

    arena_init(&n.a, (size_t)256 << 20);
    vec_init(&n.rows, sizeof(struct recent), 200000);
    code = store_each(c->m->store, &q, take_newest, &n, c->e);
    if (code >= 0 && n.rows.n > 1)
        qsort(n.rows.p, n.rows.n, sizeof(struct recent), as_read);
    for (size_t i = 0; code >= 0 && i < n.rows.n && h->rows < PANE_ROWS; i++) {
        const struct recent *x = vec_at(&n.rows, i);

        code = add_copy(c, p, h, &x->row, false);
        put += x->row.abnormal;
    }
    q.bytes = false;
    if (code >= 0)
        code = store_each(c->m->store, &q, count_row, &n, c->e);
    *all = n.all;
    h->more = n.all > h->rows - before ? n.all - (h->rows - before) : 0;
    h->abnormal = n.abnormal;
    h->more_abnormal = n.abnormal - put;
    h->unread = n.all > n.looked ? n.all - n.looked : 0;
    vec_fini(&n.rows);
    arena_fini(&n.a);
    return code < 0 ? code : ERR_OK;
}

/* --- panes ------------------------------------------------------------------------------------ */

/* Flags and consents are here already; those that are no longer in force stand below all others. */
static int alert_rows(struct cover *c, const struct pane *p, struct heading *h)
{
    unsigned n = 0;
    int code = model_alert_rows(c->m, c->rs, c->e);

    VEC_EACH(struct model_sorted, s, &c->rs->rows)
    {
        s->row.pane = p->pane;
        s->row.must = s->row.must || s->rank < 6;
        n += s->row.id[0] ? s->row.must : s->row.stands_for;
    }
    h->words = n ? arena_fmt(c->rs->keep, _("Allergies and alerts: %u"), n) : _("Allergies and alerts");
    return code;
}

static int problem_rows(struct cover *c, const struct pane *p, struct heading *h)
{
    struct whole w;
    unsigned active = 0;
    int code = whole_section(c, p->section, &w);

    if (code)
        return code;
    VEC_EACH(const struct model_sorted, s, &w.rs.rows)
    {
        if (code || s->rank)
            continue;
        active++;
        if (h->rows < PANE_ROWS)
            code = add_copy(c, p, h, &s->row, false);
    }
    h->more = active - h->rows;
    h->words = arena_fmt(c->rs->keep, _("Problems: %u active"), active);
    whole_fini(&w);
    return code;
}

/* REQ: what is given, what is held, what must not be given and what is only planned are counted apart. */
static const char *medicine_words(const unsigned as[], struct arena *a)
{
    const char *s = arena_fmt(a, _("Medicines: %u active"), as[MODEL_COUNTS_ACTIVE]);

    if (s && as[MODEL_COUNTS_HELD])
        s = arena_fmt(a, _("%s, %u on hold"), s, as[MODEL_COUNTS_HELD]);
    if (s && as[MODEL_COUNTS_FORBIDDEN])
        s = arena_fmt(a, _("%s; %u DO NOT GIVE"), s, as[MODEL_COUNTS_FORBIDDEN]);
    if (s && as[MODEL_COUNTS_PLANNED])
        s = arena_fmt(a, _("%s; %u planned or proposed"), s, as[MODEL_COUNTS_PLANNED]);
    if (s && as[MODEL_COUNTS_STOPPED])
        s = arena_fmt(a, _("%s; %u stopped in the last 48 h"), s, as[MODEL_COUNTS_STOPPED]);
    return s;
}

/* REQ: what must not be given stands first, and on every page. */
static int medicine_rows(struct cover *c, const struct pane *p, struct heading *h)
{
    unsigned as[MODEL_COUNTS_ALL] = {0}, all = 0;
    struct whole w;
    int code = whole_section(c, p->section, &w);

    if (code)
        return code;
    for (int turn = 0; turn < 2; turn++)
        VEC_EACH(const struct model_sorted, s, &w.rs.rows)
        {
            bool forbidden = s->row.counts_as == MODEL_COUNTS_FORBIDDEN;

            if (code || s->rank >= 9 || !s->row.counts_as || forbidden == (turn == 1))
                continue;
            as[s->row.counts_as]++;
            if (s->row.counts_as == MODEL_COUNTS_STOPPED)
                continue;
            all++;
            if (forbidden || h->rows < PANE_ROWS)
                code = add_copy(c, p, h, &s->row, forbidden);
        }
    h->more = all - h->rows;
    h->words = medicine_words(as, c->rs->keep);
    whole_fini(&w);
    return code;
}

/* REQ: an abnormal result is counted where the pane is headed; a count that may be too small says so. */
static const char *with_abnormal(struct cover *c, const struct heading *h, const char *words)
{
    if (!words || !h->abnormal)
        return words;
    if (h->unread)
        /* TRANSLATORS: the + says that it may be more: not all of them were looked at */
        return arena_fmt(c->rs->keep, _("%s, %u+ abnormal"), words, h->abnormal);
    return arena_fmt(c->rs->keep, P_("%s, %u abnormal", "%s, %u abnormal", h->abnormal), words, h->abnormal);
}

static int result_rows(struct cover *c, const struct pane *p, struct heading *h)
{
    unsigned all = 0;
    int code = newest_rows(c, p, h, &all);

    h->words = with_abnormal(c, h, arena_fmt(c->rs->keep, _("Results: %u"), all));
    return code;
}

static int vital_rows(struct cover *c, const struct pane *p, struct heading *h)
{
    unsigned all = 0;
    int code = newest_rows(c, p, h, &all);

    h->words = with_abnormal(c, h, arena_fmt(c->rs->keep, _("Vital signs: %u"), all));
    return code;
}

/* The next appointment first, then visits back in time. */
static int visit_rows(struct cover *c, const struct pane *p, struct heading *h)
{
    unsigned ahead = 0, past = 0;
    struct whole w;
    int code = whole_section(c, p->also, &w);

    if (code)
        return code;
    for (size_t i = w.rs.rows.n; !code && i-- > 0;) {
        const struct model_sorted *s = vec_at(&w.rs.rows, i);

        if (s->rank || s->row.sort_ms < c->rs->who->now_ms)
            continue;
        if (++ahead <= PANE_ROWS / 2)
            code = add_copy(c, p, h, &s->row, false);
    }
    whole_fini(&w);
    if (!code)
        code = newest_rows(c, p, h, &past);
    h->more += ahead > PANE_ROWS / 2 ? ahead - PANE_ROWS / 2 : 0;
    h->words = arena_fmt(c->rs->keep, _("Visits: %u; appointments ahead: %u"), past, ahead);
    return code;
}

static const struct pane panes[] = {
    {MODEL_PANE_ALERTS, "allergies", "cover", alert_rows},
    {MODEL_PANE_PROBLEMS, "problems", NULL, problem_rows},
    {MODEL_PANE_MEDICINES, "medicines", NULL, medicine_rows},
    {MODEL_PANE_RESULTS, "labs", NULL, result_rows},
    {MODEL_PANE_VITALS, "vitals", NULL, vital_rows},
    {MODEL_PANE_VISITS, "encounters", "appointments", visit_rows},
};

/* --- headings --------------------------------------------------------------------------------- */

/* REQ: a pane is as old as the oldest kind that feeds it, and of no other; a kind that was never pulled in full is
 * named. */
static void put_age(struct cover *c, const struct pane *p, struct model_row *row)
{
    const char *sections[] = {p->section, p->also};
    char when[DATE_TEXT_MAX];
    struct arena *a = c->rs->keep;
    struct model_lack l;
    int64_t oldest;

    model_lack_init(&l);
    for (size_t i = 0; i < sizeof sections / sizeof *sections && sections[i]; i++)
        model_lack(c->m, str_of(c->rs->who->chart), str_of(sections[i]), &l, NULL);
    oldest = l.asof_ms;
    if (l.unfetched.n)
        row->text = text_own(arena_fmt(a, _("%s - NOT FETCHED: %s"), row->text.s, l.unfetched.p));
    if (l.removed.n) {
        const char *words = model_removed_words(&l, a);

        row->text = text_own(words && row->text.s ? arena_fmt(a, "%s - %s", row->text.s, words) : NULL);
    }
    if (oldest && (!c->rs->asof_ms || oldest < c->rs->asof_ms))
        c->rs->asof_ms = oldest;
    c->rs->lacking = c->rs->lacking || l.unfetched.n;
    c->rs->removed = c->rs->removed || l.removed.n;
    date_short(oldest, c->rs->who->today.year, when);
    row->age = c->rs->who->file ? text_own(_("from a file"))
               : oldest         ? text_own(arena_fmt(a, _("as of %s"), when))
                                : text_own("");
    a->failed = model_lack_fini(&l) || a->failed;
}

static int add_heading(struct cover *c, const struct pane *p, const struct heading *h)
{
    struct model_row *row =
        model_rows_add(c->rs, p->pane == MODEL_PANE_ALERTS ? -PANE_RANK : (int)p->pane * PANE_RANK);

    if (!row || !h->words)
        return err_set(c->e, ERR_NOMEM, 0, 0, "cover");
    row->text = text_own(h->words);
    row->pane = p->pane;
    row->heading = row->must = true;
    row->more = h->more;
    row->more_abnormal = h->more_abnormal;
    row->more_unread = h->unread;
    row->goes_to = kind_section_find(str_of(p->section));
    put_age(c, p, row);
    return c->rs->keep->failed ? err_set(c->e, ERR_NOMEM, 0, 0, "cover") : ERR_OK;
}

int model_cover_rows(struct model *m, struct model_rows *rs, struct err *e)
{
    struct cover c = {m, rs, e};
    int code = ERR_OK;

    for (size_t i = 0; !code && i < sizeof panes / sizeof *panes; i++) {
        struct heading h = {0};

        code = panes[i].rows(&c, &panes[i], &h);
        if (code == ERR_NOMEM)
            err_set(e, code, 0, 0, "cover");
        if (!code)
            code = add_heading(&c, &panes[i], &h);
    }
    return code;
}

/* --- on a page -------------------------------------------------------------------------------- */

struct text model_heading_words(struct arena *a, const struct model_row *row, struct model_hidden hidden)
{
    const char *s = row->text.s;

    hidden.rows += row->more;
    hidden.abnormal += row->more_abnormal;
    if (s && row->age.n)
        s = arena_fmt(a, "%s  %s", s, row->age.s);
    if (s && hidden.abnormal)
        /* TRANSLATORS: the same, and how many of them are abnormal; the + says that it may be more */
        s = arena_fmt(a,
                      row->more_unread
                          ? _("%s  +%u more, %u+ abnormal")
                          : P_("%s  +%u more, %u abnormal", "%s  +%u more, %u abnormal", hidden.abnormal),
                      s, hidden.rows, hidden.abnormal);
    else if (s && hidden.rows)
        /* TRANSLATORS: behind the heading of a pane: how many rows of it are not on this page */
        s = arena_fmt(a, _("%s  +%u more"), s, hidden.rows);
    return text_own(s);
}

void model_cover_fit(const struct model_section *s, const unsigned *lines, unsigned room, bool *shown,
                     struct model_hidden hidden[MODEL_PANES])
{
    bool full[MODEL_PANES] = {0}, any = true;
    unsigned used = 0;

    memset(hidden, 0, MODEL_PANES * sizeof *hidden);
    for (unsigned i = 0; i < s->n; i++) {
        shown[i] = s->rows[i].must;
        used += shown[i] ? lines[i] : 0;
        hidden[s->rows[i].pane].rows += !shown[i];
        hidden[s->rows[i].pane].abnormal += !shown[i] && s->rows[i].abnormal;
    }
    while (any) {
        bool had[MODEL_PANES] = {0};

        any = false;
        for (unsigned i = 0; i < s->n; i++) {
            enum model_pane p = s->rows[i].pane;

            if (shown[i] || had[p] || full[p])
                continue;
            had[p] = true;
            if (used + lines[i] > room) { /* the rows behind it would stand out of their order */
                full[p] = true;
                continue;
            }
            shown[i] = any = true;
            used += lines[i];
            hidden[p].rows--;
            hidden[p].abnormal -= s->rows[i].abnormal;
        }
    }
}
