/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The worklist, a page at a time: never more patients in memory than are asked for. Name, birth
 * date, sex and number are those of the banner, read from the same resource.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "model/left.h"
#include "model/priv.h"
#include "model/scope.h"
#include "store/edit.h"

#define WORKLIST_ARENA ((size_t)512 << 20)

int model_listed_take(void *arg, const struct store_patient *p)
{
    struct model_listed *x = vec_push(arg);

    if (!x)
        return ERR_NOMEM;
    snprintf(x->chart, sizeof x->chart, "%.*s", STR_ARG(p->id));
    x->similar = p->similar;
    x->origin = p->origin;
    x->overdue_days = p->overdue_days;
    x->booked_ms = p->booked_ms;
    x->by_home = p->by_home;
    return ERR_OK;
}

static struct text number_of(const struct tape *t, int64_t now_ms, struct arena *a)
{
    tape_at i = model_number(t, now_ms);

    if (i == TAPE_NONE)
        return text_own(_("no number"));
    return text_safe(a, str_trim(tape_str(t, tape_get(t, i, "value"), a)), 64);
}

/* REQ: namesakes, the dead, records that are not to be used, and patients that are in no server's list are marked
 * in words. */
static void add_marks(const struct tape *t, const struct model_listed *x, const struct model_person *who,
                      struct text home, int64_t unsent, const char *left, struct arena *a, struct model_patient *row)
{
    const char *count = unsent ? arena_fmt(a, _("%lld NOT SENT"), (long long)unsent) : "";
    char time[DATE_TEXT_MAX] = "";
    const char *overdue = "";
    tape_at links = tape_get(t, 0, "link");
    char c = fhir_confidentiality(t);
    bool replaced = false;
    const char *all = "";

    for (tape_at l = tape_first(t, links); l != TAPE_NONE; l = tape_next(t, links, l))
        replaced = replaced || tape_str_is(t, tape_get(t, l, "type"), "replaced-by");
    if (x->overdue_days)
        /* TRANSLATORS: something was due twelve days ago */
        overdue = arena_fmt(a, _("OVERDUE %lldd"), (long long)x->overdue_days);
    if (x->timed && x->booked_ms != FHIR_NO_DATE)
        date_short(x->booked_ms, 0, time);
    const struct {
        bool is;
        const char *words;
    } marks[] = {
        {home.n > 0, home.s},
        {time[0], time[0] ? strrchr(time, ' ') + 1 : ""}, /* of the day that the list is of */
        {x->overdue_days && !who->dead, overdue},
        {replaced, N_("REPLACED")},
        {who->dead, N_("DIED")},
        {!replaced && tape_is(t, tape_get(t, 0, "active"), TAPE_FALSE), N_("INACTIVE")},
        {model_is_test(t), N_("TEST PATIENT")},
        {c == 'R' || c == 'V', N_("RESTRICTED")},
        {x->similar, N_("SIMILAR NAME")},
        {x->origin == STORE_FILE_IMPORT, N_("FROM FILE")},
        {left != NULL, left},
        {unsent, count},
    };

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (marks[i].is && all) {
            row->mark[row->marks_n++] = text_safe(a, str_of(_(marks[i].words)), 0);
            all = arena_fmt(a, "%s%s%s", all, *all ? " " : "", _(marks[i].words));
        }
    row->marks = text_own(all);
}

/* --- why a row matches ------------------------------------------------------------------------ */

static bool letter(unsigned char c)
{
    return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

/* Does a word of folded, or what follows a mark inside one, begin with w? Marks count in neither, as in the
 * store's own search. */
bool model_begins(struct str folded, struct str w)
{
    for (size_t at = 0; at < folded.n; at++) {
        size_t i = at, k = 0;

        if (at && letter((unsigned char)folded.p[at - 1]))
            continue;
        while (k < w.n && i < folded.n && folded.p[i] != ' ') {
            if (!letter((unsigned char)w.p[k]))
                k++;
            else if (!letter((unsigned char)folded.p[i]))
                i++;
            else if (folded.p[i] == w.p[k])
                i++, k++;
            else
                break;
        }
        while (k < w.n && !letter((unsigned char)w.p[k]))
            k++;
        if (k == w.n)
            return true;
    }
    return false;
}

static void fold_name(const struct tape *t, tape_at name, struct arena *a, struct buf *out)
{
    struct buf words;

    buf_clear(out);
    buf_init(&words, LIMIT_RESOURCE_BYTES);
    fhir_name_words(t, name, &words);
    text_fold(out, buf_str(&words));
    a->failed = a->failed || words.failed == ERR_NOMEM || out->failed == ERR_NOMEM;
    buf_fini(&words);
}

/* The family name of a former name that has a word of the filter which the name in force does not have; or all of
 * it. NULL: there is none. */
static const char *former(const struct tape *t, tape_at now, struct str w, struct arena *a,
                          struct buf *scratch)
{
    tape_at names = tape_get(t, 0, "name");
    const char *was = NULL;
    struct str family;
    struct buf upper;

    for (tape_at n = tape_first(t, names); !was && n != TAPE_NONE; n = tape_next(t, names, n)) {
        if (n == now)
            continue;
        fold_name(t, n, a, scratch);
        if (!model_begins(buf_str(scratch), w))
            continue;
        buf_init(&upper, LIMIT_RESOURCE_BYTES);
        family = str_trim(tape_str(t, tape_get(t, n, "family"), a));
        buf_clear(scratch);
        text_fold(scratch, family);
        if (family.n && model_begins(buf_str(scratch), w))
            text_upper(&upper, family);
        else
            fhir_name_words(t, n, &upper);
        was = text_safe(a, buf_str(&upper), 256).s;
        a->failed = a->failed || upper.failed;
        buf_fini(&upper);
    }
    return was;
}

/* REQ: who is found by what she was called before is never taken for somebody who is called so now. */
static struct text name_of(const struct tape *t, const struct model_person *who, struct str filter,
                           struct arena *a)
{
    struct text name = model_name_text(t, who->now_ms, a);
    tape_at now = fhir_name(t, 0, who->now_ms);
    const char *was = NULL;
    struct buf asked, folded, scratch;
    struct str rest;

    buf_init(&asked, LIMIT_TEXT_CELL * 32u);
    buf_init(&folded, LIMIT_RESOURCE_BYTES);
    buf_init(&scratch, LIMIT_RESOURCE_BYTES);
    text_fold(&asked, filter);
    for (size_t i = 0; i < asked.n; i++)
        asked.p[i] = asked.p[i] == ',' ? ' ' : asked.p[i];
    fold_name(t, now, a, &folded);
    for (rest = buf_str(&asked); !was && rest.n;) {
        struct str w = str_split(&rest, ' ');

        if (w.n && !model_begins(buf_str(&folded), w))
            was = former(t, now, w, a, &scratch);
    }
    a->failed = a->failed || asked.failed == ERR_NOMEM || scratch.failed == ERR_NOMEM;
    buf_fini(&asked);
    buf_fini(&folded);
    buf_fini(&scratch);
    /* TRANSLATORS: behind a patient's name: what she was called before */
    return was ? text_own(arena_fmt(a, _("%s (was %s)"), name.s, was)) : name;
}

int model_listed_fill(struct model *m, const struct model_listed *x, const struct tape *t, struct str filter,
                      int64_t unsent, struct arena *a, struct model_patient *row)
{
    struct text home = {"", 0, 0};
    struct model_person who;
    int64_t until_ms;

    model_person_read(m, str_of(x->chart), t, a, &who);
    memcpy(row->chart, x->chart, sizeof row->chart);
    row->similar = x->similar > 0;
    row->name = name_of(t, &who, filter, a);
    row->born = model_born_text(&who, a);
    row->sex = model_sex_text(&who, a);
    row->number = number_of(t, who.now_ms, a);
    row->by_home = x->by_home && filter.n;
    if (row->by_home)
        home = model_home_found(m, &who, t, filter, a);
    add_marks(t, x, &who, home, unsent, model_left_words(m, str_of(x->chart), &until_ms, a), a, row);
    return a->failed ? ERR_NOMEM : ERR_OK;
}

int model_listed_row(struct model *m, const struct model_listed *x, struct str filter, struct arena *a,
                     struct model_patient *row, struct err *e)
{
    int64_t unsent = 0;
    struct buf raw;
    struct tape t;
    int code = x->all_sent ? ERR_OK : store_unsent(m->store, str_of(x->chart), &unsent, e);

    if (code || (code = model_patient_open(m, str_of(x->chart), &raw, &t, e)))
        return code;
    if ((code = model_listed_fill(m, x, &t, filter, unsent, a, row)))
        err_set(e, code, 0, 0, "Patient");
    tape_fini(&t);
    buf_fini(&raw);
    return code;
}

static bool has_digit(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= '0' && s.p[i] <= '9')
            return true;
    return false;
}

static void say_empty(struct model *m, const struct model_scope *in, struct model_worklist *w, struct str filter)
{
    const char *scope = model_kept_words(m, &w->arena);

    if (w->total)
        return;
    if (in->scope != STORE_EVERYBODY && filter.n)
        w->empty = text_own(arena_fmt(
            &w->arena, _("none in this list (%s); v chooses another one; the server was not searched"),
            model_scope_words(m, in, &w->arena).s));
    else if (in->scope != STORE_EVERYBODY)
        w->empty = text_own(arena_fmt(&w->arena, _("nobody in this list now (%s); v chooses another one"),
                                      model_scope_words(m, in, &w->arena).s));
    else if (has_digit(filter)) /* a date in another form than those it is found by finds nobody */
        w->empty = text_own(arena_fmt(
            &w->arena,
            P_("none in the %lld patient kept here (%s); the server was not searched; "
               "birth dates are typed 1984, 1984-02 or 03-Feb-1984",
               "none in the %lld patients kept here (%s); the server was not searched; "
               "birth dates are typed 1984, 1984-02 or 03-Feb-1984",
               w->kept),
            (long long)w->kept, scope));
    else if (filter.n) /* REQ: an empty search is of this cache alone, and says so */
        w->empty = text_own(arena_fmt(
            &w->arena,
            P_("none in the %lld patient kept here (%s); the server was not searched",
               "none in the %lld patients kept here (%s); the server was not searched", w->kept),
            (long long)w->kept, scope));
    else
        w->empty = text_own(arena_fmt(
            &w->arena, _("no patients kept here yet (%s); a sync fetches them"), scope));
}

int model_worklist_in(struct model *m, const struct model_scope *scope, struct str filter, unsigned offset,
                      unsigned limit, struct model_worklist *out, struct err *e)
{
    struct store_view view;
    struct vec found; /* the resources are read after the walk */
    int code;

    memset(out, 0, sizeof *out);
    arena_init(&out->arena, WORKLIST_ARENA);
    vec_init(&found, sizeof(struct model_listed), limit ? limit : 1u << 20);
    out->offset = offset;
    model_scope_view(m, scope, filter, &view);
    code = store_view_count(m->store, &view, &out->total, e);
    if (!code)
        code = store_patient_count(m->store, STR(""), &out->kept, e);
    if (!code)
        code = store_unsent(m->store, STR(""), &out->unsent, e);
    if (!code)
        code = store_view_patients(m->store, &view, offset, limit, model_listed_take, &found, e);
    if (!code && !(out->rows = arena_alloc(&out->arena, (found.n + 1) * sizeof *out->rows)))
        code = err_set(e, ERR_NOMEM, 0, 0, "worklist");
    for (size_t i = 0; !code && i < found.n; i++) {
        struct model_listed *x = vec_at(&found, i);

        x->all_sent = !out->unsent;
        x->timed = scope->scope == STORE_BOOKED || scope->order == STORE_BY_BOOKING;
        code = model_listed_row(m, x, filter, &out->arena, &out->rows[out->n], e);
        if (code == ERR_NOTFOUND) /* gone since the walk */
            code = ERR_OK;
        else if (!code)
            out->n++;
    }
    if (!code)
        say_empty(m, scope, out, str_trim(filter));
    if (!code && out->arena.failed)
        code = err_set(e, ERR_NOMEM, 0, 0, "worklist");
    vec_fini(&found);
    if (code)
        model_worklist_fini(out);
    return code;
}

int model_worklist(struct model *m, struct str filter, unsigned offset, unsigned limit,
                   struct model_worklist *out, struct err *e)
{
    return model_worklist_in(m, &(struct model_scope){.scope = STORE_EVERYBODY}, filter, offset, limit, out, e);
}

void model_worklist_fini(struct model_worklist *w)
{
    arena_fini(&w->arena);
    memset(w, 0, sizeof *w);
}
