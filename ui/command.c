/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ui/command.h"

#include <string.h>

#include "base/intl.h"
#include "ui/priv.h"

/* --- what they do ----------------------------------------------------------------------------- */

static void slide(struct ui *u)
{
    if (u->screen->slide)
        u->screen->slide(u);
}

static void move(struct ui *u, int by)
{
    slide(u);
    list_move(ui_list(u), by);
    u->work.chosen = true;
    u->damage = true;
}

static void page(struct ui *u, int by)
{
    slide(u);
    list_page(ui_list(u), by);
    u->damage = true;
}

static void jump(struct ui *u, int to_end)
{
    if (u->screen->jump)
        u->screen->jump(u, to_end);
    list_select(ui_list(u), to_end && ui_list(u)->items ? ui_list(u)->items - 1 : 0);
    u->damage = true;
}

static const char *nothing_here(const struct ui *u, int arg)
{
    (void)arg;
    return ui_list(u)->items ? NULL : _("The list is empty.");
}

static void open_row(struct ui *u, int arg)
{
    (void)arg;
    if (u->chart.mixed) { /* the screen says that Enter leads to the list */
        ui_go(u, scr_work_screen());
        return;
    }
    /* REQ: Enter typed ahead of the paint must not open what nobody has seen. */
    if (!list_painted(ui_list(u))) {
        ui_say(u, "%s",
               _("Not opened: that row was not on the screen yet. Look, then Enter again."));
        return;
    }
    u->screen->open(u);
}

static const char *not_stopped(const struct ui *u, int arg)
{
    (void)arg;
    return u->chart.mixed ? NULL : _("There is nothing behind this row.");
}

static void back(struct ui *u, int arg)
{
    (void)arg;
    u->screen->back(u);
    u->damage = true;
}

static void to_patients(struct ui *u, int arg)
{
    (void)arg;
    ui_go(u, scr_work_screen());
}

static void to_find(struct ui *u, int arg)
{
    to_patients(u, arg);
    scr_find_open(u);
}

static void sideways(struct ui *u, int by)
{
    u->screen->sideways(u, by);
    u->damage = true;
}

static const char *not_sideways(const struct ui *u, int arg)
{
    (void)arg;
    return u->screen->sideways ? NULL : _("Nothing lies sideways here: all columns are shown.");
}

static void number(struct ui *u, int digit)
{
    numbers_open(u, digit);
}

static const char *not_numbered(const struct ui *u, int arg)
{
    const struct list *l = ui_list(u);

    (void)arg;
    return l && !l->plain ? NULL : _("The lines here are one text: they have no numbers.");
}

static void page_number(struct ui *u, int arg)
{
    (void)arg;
    numbers_page(u);
}

static void palette(struct ui *u, int arg)
{
    (void)arg;
    palette_open(u);
}

static void mark_go(struct ui *u, int letter)
{
    marks_go(u, letter);
    u->damage = true;
}

static void undo(struct ui *u, int arg)
{
    (void)arg;
    marks_undo_last(u);
}

static const char *nothing_dismissed(const struct ui *u, int arg)
{
    (void)arg;
    return u->undo_n ? NULL : _("Nothing was dismissed that could come back.");
}

static void tour(struct ui *u, int arg)
{
    (void)arg;
    tour_begin(u);
}

static const char *no_demo(const struct ui *u, int arg)
{
    (void)arg;
    return u->demo ? NULL : _("The tour is part of the demo: these are no made-up patients.");
}

static void tour_stop(struct ui *u, int arg)
{
    (void)arg;
    tour_end(u);
}

static const char *no_tour(const struct ui *u, int arg)
{
    (void)arg;
    return tour_on(u) ? NULL : _("No tour is under way.");
}

static void click(struct ui *u, int arg)
{
    unsigned item;

    (void)arg;
    if (!list_at_row(ui_list(u), u->keys.at_row, &item))
        return;
    list_select(ui_list(u), item);
    u->work.chosen = true;
    u->damage = true;
}

static void ask_exit(struct ui *u, int arg)
{
    (void)arg;
    ui_ask(u);
}

static void answer(struct ui *u, int yes)
{
    if (yes && !u->asked) /* typed before the question was there */
        return;
    u->asking = false;
    u->damage = true;
    if (yes)
        loop_stop(u->loop, 0);
}

static void lock(struct ui *u, int arg)
{
    (void)arg;
    ui_lock(u);
}

static void reload(struct ui *u, int arg)
{
    (void)arg;
    ui_stack_reload(u);
}

static void redraw(struct ui *u, int arg)
{
    (void)arg;
    tty_redraw(u->tty);
    u->damage = true;
}

static void sync_toggle(struct ui *u, int arg)
{
    bool running = u->sync.phase == MODEL_SYNC_RUNNING;

    (void)arg;
    if (running) {
        ui_say(u, "%s", _("Stopping the sync. What came so far is kept."));
        u->sync_said = true; /* until it has stopped */
        u->sync_asked = false;
        u->hooks.sync_stop(u->hooks.arg);
    } else {
        u->sync_asked = true;
        u->hooks.sync_now(u->hooks.arg); /* the last line says what it does */
    }
}

static void find(struct ui *u, int arg)
{
    (void)arg;
    scr_find_open(u);
}

static void typed_enter(struct ui *u, int arg)
{
    (void)arg;
    prompt_enter(u);
}

static void typed_cancel(struct ui *u, int arg)
{
    (void)arg;
    prompt_cancel(u);
}

static void typed_move(struct ui *u, int by)
{
    prompt_move(u, by);
}

static void unlock(struct ui *u, int arg)
{
    (void)arg;
    ui_unlocking(u);
}

static const char *not_now(const struct ui *u, int arg)
{
    (void)arg;
    if (u->lock.trying)
        return _("Still opening ...");
    return u->lock.typed && u->lock.typed->n ? ui_closing(u) : _("Type the passphrase first.");
}

static void section(struct ui *u, int i)
{
    scr_chart_section(u, (unsigned)i);
}

static void section_step(struct ui *u, int by)
{
    unsigned n;

    kind_sections(&n);
    scr_chart_section(u, (u->chart.section + n + (unsigned)by) % n);
}

static void sections(struct ui *u, int arg)
{
    (void)arg;
    scr_sections_open(u);
}

static const char *not_listed(const struct ui *u, int arg)
{
    (void)arg;
    return u->screen == scr_sections_screen() ? _("This is the list of sections.") : NULL;
}

static void banner(struct ui *u, int arg)
{
    (void)arg;
    scr_banner_open(u);
}

static void fetch_document(struct ui *u, int arg)
{
    (void)arg;
    scr_detail_fetch(u);
}

static void part(struct ui *u, int which)
{
    scr_detail_part(u, which);
    u->damage = true;
}

static void grid(struct ui *u, int arg)
{
    (void)arg;
    scr_grid_open(u);
}

static void grid_move(struct ui *u, int by)
{
    scr_grid_days_move(u, by);
}

static void grid_turn(struct ui *u, int by)
{
    scr_grid_days_turn(u, by);
}

/* Left of the newest day is where one came from, as Left is elsewhere. */
static void grid_left(struct ui *u, int arg)
{
    if (u->grid.day)
        scr_grid_days_move(u, -1);
    else
        back(u, arg);
}

static const char *no_grid(const struct ui *u, int arg)
{
    unsigned n;
    const struct kind_section *s = kind_sections(&n);

    (void)arg;
    return model_grid_has(str_of(s[u->chart.section].name)) ? NULL : _("Results and vital signs alone have a grid.");
}

static void trend(struct ui *u, int arg)
{
    const struct model_point *p = u->screen == scr_grid_screen() ? scr_grid_test(u) : NULL;
    const struct model_row *row = scr_chart_rows_at(&u->chart, u->chart.list.sel);

    (void)arg;
    /* REQ: as Enter: no row that nobody has seen. */
    if (u->screen != scr_detail_screen() && !list_painted(ui_list(u)))
        ui_say(u, "%s", _("Not opened: that row was not on the screen yet. Look, then Enter again."));
    else if (u->screen == scr_detail_screen())
        scr_trend_open(u, u->detail.type, u->detail.id, 0);
    else if (p)
        scr_trend_open(u, p->type, p->id, p->part);
    else if (u->screen == scr_chart_screen() && row && row->id[0])
        scr_trend_open(u, row->type, row->id, 0);
    else
        ui_say(u, "%s", _("There is nothing behind this row."));
}

static void scopes(struct ui *u, int orders)
{
    if (orders)
        scr_scopes_order(u);
    else
        scr_scopes_open(u);
}

static void keep_default(struct ui *u, int arg)
{
    (void)arg;
    scr_scopes_default(u);
}

static void tasks(struct ui *u, int arg)
{
    (void)arg;
    scr_tasks_open(u);
}

static void neighbour(struct ui *u, int by)
{
    if (!numbers_turn(u, by)) /* of those that were chosen by number, else of the list */
        scr_stop_neighbour(u, by);
}

static void timeline(struct ui *u, int arg)
{
    (void)arg;
    scr_timeline_open(u);
}

static void conflicts(struct ui *u, int arg)
{
    (void)arg;
    scr_conflicts_open(u);
}

static void household(struct ui *u, int arg)
{
    (void)arg;
    scr_household_open(u);
}

static void ask_server(struct ui *u, int arg)
{
    (void)arg;
    scr_server_open(u);
}

static void search(struct ui *u, int all)
{
    scr_found_open(u, all);
}

static void fetch(struct ui *u, int arg)
{
    (void)arg;
    ui_say(u, "%s", _("Asked for: a sync brings it, R then shows it; S stops the sync."));
    u->sync_asked = true;
    u->hooks.fetch(u->hooks.arg, u->chart.chart);
}

static const char *not_removed(const struct ui *u, int arg)
{
    (void)arg;
    return u->chart.rows.removed ? NULL : _("Nothing of this page was removed from this device.");
}

static void growth(struct ui *u, int arg)
{
    (void)arg;
    scr_growth_open(u);
}

static void help(struct ui *u, int arg)
{
    (void)arg;
    scr_help_open(u);
}

/* --- the table -------------------------------------------------------------------------------- */

/* A page that asks takes an answer, or leads back; nothing goes past it. */
#define ON_FREE (ON_LISTS & ~ON_STOP)

/* The bar shows rows in this order. TRANSLATORS: labels of the key bar have at most 8 columns. */
static const struct command commands[] = {
    {"lock.open", ON_LOCK, "Enter", NULL, N_("Open"), N_("Try the passphrase that was typed"),
     unlock, 0, not_now},
    {"lock.erase", ON_LOCK, "Backspace", NULL, NULL, N_("Take the last character away"), ui_type,
     KEYS_BACKSPACE, NULL},
    {"lock.clear", ON_LOCK, "Ctrl-U", NULL, NULL, N_("Take all of it away"), ui_type, 'U' - '@', NULL},
    {"lock.exit", ON_LOCK, "Ctrl-C Ctrl-D", NULL, N_("Exit"), N_("Leave wardline"), ask_exit, 0,
     NULL},

    {"find.open", ON_FIND, "Enter", NULL, N_("Choose"),
     N_("Open the only patient that matches, or go to the list of those that do"), typed_enter, 0,
     NULL},
    {"prompt.enter", ON_PROMPT, "Enter", NULL, N_("Do"), N_("Do what was typed"), typed_enter, 0, NULL},
    {"find.down", ON_FIND, "Down", NULL, NULL, N_("Move the marker down"), move, 1, NULL},
    {"find.up", ON_FIND, "Up", NULL, NULL, N_("Move the marker up"), move, -1, NULL},
    {"prompt.down", ON_PROMPT, "Down Tab", NULL, NULL, N_("To the next match"), typed_move, 1, NULL},
    {"prompt.up", ON_PROMPT, "Up Shift-Tab", NULL, NULL, N_("To the match before"), typed_move, -1, NULL},
    {"prompt.erase", ON_FIND | ON_PROMPT, "Backspace", NULL, NULL, N_("Take the last character away"), ui_type,
     KEYS_BACKSPACE, NULL},
    {"prompt.clear", ON_FIND | ON_PROMPT, "Ctrl-U", NULL, N_("Clear"), N_("Take all that was typed away"), ui_type,
     'U' - '@', NULL},
    {"find.cancel", ON_FIND, "Ctrl-G Esc Ctrl-C", NULL, N_("All"),
     N_("Drop the filter and show all patients"), typed_cancel, 0, NULL},
    {"prompt.cancel", ON_PROMPT, "Ctrl-G Esc Ctrl-C", NULL, N_("Drop"), N_("Drop what was typed"), typed_cancel, 0,
     NULL},

    {"grid.open", ON_GRID, "Enter", "DD", N_("Open"), N_("Open the newest result of the cell at the marker"), open_row,
     0, nothing_here},
    {"grid.older", ON_GRID, "> Right", NULL, N_("Older"), N_("To the next column, which is older"), grid_move, 1, NULL},
    {"grid.newer", ON_GRID, "<", NULL, N_("Newer"), N_("To the column before, which is newer"), grid_move, -1, NULL},
    {"grid.turn", ON_GRID, "} Tab", NULL, NULL, N_("The older dates beside those that are shown"), grid_turn, 1, NULL},
    {"grid.turn.back", ON_GRID, "{ Shift-Tab", NULL, NULL, N_("The newer dates beside those that are shown"), grid_turn,
     -1, NULL},
    {"grid.left", ON_GRID, "Left", NULL, NULL, N_("To the column before; from the newest one back to the list"),
     grid_left, 0, NULL},
    {"answer.enter", ON_ANSWER, "Enter", NULL, NULL, N_("Take what was typed as the answer"), typed_enter, 0, NULL},
    {"answer.down", ON_ANSWER, "Down Tab", NULL, NULL, N_("To the next option, where there is a list"), typed_move, 1,
     NULL},
    {"answer.up", ON_ANSWER, "Up Shift-Tab Ctrl-P", NULL, NULL, N_("To the option before"), typed_move, -1, NULL},
    {"answer.erase", ON_ANSWER, "Backspace", NULL, NULL, N_("Take the last character away"), ui_type, KEYS_BACKSPACE,
     NULL},
    {"answer.clear", ON_ANSWER, "Ctrl-U", NULL, NULL, N_("Take all that was typed away"), ui_type, 'U' - '@', NULL},
    {"answer.leave", ON_ANSWER, "Esc Ctrl-G Ctrl-C", NULL, NULL, N_("Leave the answer as it was"), typed_cancel, 0,
     NULL},

    {"form.edit", ON_FORM, "Enter Right", "DD", N_("Answer"), N_("Answer the question at the marker"),
     scr_form_edit_answer, 0, nothing_here},
    {"form.file", ON_FORM, "F", "FL", N_("File"), N_("Read the form back, to file it"), scr_filing_open, 0, NULL},
    {"form.next", ON_FORM, "Tab", NULL, NULL, N_("To the next question that is open, wrong or not looked at"),
     scr_form_acts_next, 0, NULL},
    {"form.yes", ON_FORM, "y", NULL, NULL, N_("Yes, to a question of yes or no"), scr_form_acts_truth, 1, nothing_here},
    {"form.no", ON_FORM, "n", NULL, NULL, N_("No, to a question of yes or no"), scr_form_acts_truth, 0, nothing_here},
    {"form.more", ON_FORM, "+", NULL, NULL, N_("One more answer, or one more group, where it repeats"),
     scr_form_acts_add, 0, nothing_here},
    {"form.less", ON_FORM, "-", NULL, NULL, N_("Take the answer away, or this one of several"), scr_form_acts_remove, 0,
     nothing_here},
    {"form.unit", ON_FORM, "u", NULL, NULL, N_("The next unit of the number; the number stays as it is"),
     scr_form_acts_unit, 0, nothing_here},
    {"form.jump", ON_FORM, "^", NULL, NULL, N_("To a question by its name, or the beginnings of its words"),
     scr_form_acts_jump, 0, nothing_here},
    {"filing.file", ON_FILING, "y", NULL, N_("File"), N_("File what is read here"), scr_filing_file, 0, NULL},
    {"list.open",
     ON_FORMS | ON_WORKLIST | ON_CHART | ON_SECTIONS | ON_TREND | ON_GROWTH | ON_SCOPES | ON_TASKS | ON_HOUSEHOLD |
         ON_SERVER | ON_TIMELINE | ON_FOUND | ON_CONFLICTS | ON_SYNC | ON_PICK | ON_ORDER | ON_SIGN,
     "Enter Right", "DD", N_("Open"), N_("Open the row at the marker"), open_row, 0, nothing_here},
    {"forms.discard", ON_FORMS, "x", NULL, N_("Discard"), N_("Discard the draft at the marker, after a question"),
     scr_forms_discard, 0, nothing_here},
    {"stop.open", ON_STOP, "Enter", NULL, N_("Open"),
     N_("Open the patient whose number was typed, or who was moved to; nobody is chosen beforehand"), open_row, 0,
     nothing_here},
    {"scopes.default", ON_SCOPES, "d", "SV", N_("Default"),
     N_("Show this list, and begin with it from now on"), keep_default, 0, nothing_here},
    {"help.run", ON_HELP, "Enter Right", NULL, N_("Do it"), N_("Back, and do what the row at the marker says"),
     open_row, 0, nothing_here},
    {"detail.stopped", ON_DETAIL | ON_BANNER, "Enter", NULL, NULL,
     N_("Back to the list of patients, when the screen says \"Display stopped\""), open_row, 0,
     not_stopped},
    {"list.find", ON_WORKLIST, "/ F3", "FD FI", N_("Find"),
     N_("Find patients: parts of the name, birth date, number or home, or the end of a telephone number; all "
        "patients kept here are searched"),
     find, 0, NULL},
    {"list.view", ON_WORKLIST, "v", "CV", N_("View"),
     N_("Choose another list: mine, a ward, a group, a clinic day, recently opened, overdue"), scopes, 0, NULL},
    {"list.order", ON_WORKLIST, "o", "OD", NULL,
     N_("Order the list by name, birth date, time of appointment, days overdue or last opened"), scopes, 1, NULL},
    {"list.tasks", ON_WORKLIST, "t", "TK", N_("Tasks"), N_("Open tasks of all patients, what is due first"), tasks, 0,
     NULL},
    {"list.server", ON_WORKLIST | ON_SERVER, "F", "AS", NULL,
     N_("Ask the server for the patients that the filter means; who is not kept here can be fetched"), ask_server, 0,
     NULL},
    {"list.household", ON_WORKLIST, "w", "HH", NULL,
     N_("Household: who shares a phone, a home or a relation with the patient at the marker"), household, 0,
     nothing_here},
    {"list.down", ON_LISTS, "j Down WheelDown", "DN", NULL, N_("Move down"), move, 1, nothing_here},
    {"list.up", ON_LISTS, "k Up WheelUp", "UP", NULL, N_("Move up"), move, -1, nothing_here},
    {"list.click", ON_FREE, "Click", NULL, NULL, N_("To the row that was clicked, where the mouse is on"), click, 0,
     nothing_here},
    {"form.page", ON_FORM, "Space PgDn Ctrl-F", "NX", N_("Page"), N_("Next page"), page, 1, nothing_here},
    {"form.page.back", ON_FORM, "PgUp Ctrl-B", "BU", NULL, N_("Previous page"), page, -1, nothing_here},
    {"list.next", ON_LISTS & ~ON_FORM, "Space PgDn + Ctrl-F", "NX", N_("Page"), N_("Next page"), page, 1,
     nothing_here},
    {"list.previous", ON_LISTS & ~ON_FORM, "- PgUp Ctrl-B", "BU", NULL, N_("Previous page"), page, -1,
     nothing_here},
    {"list.first", ON_LISTS, "Home H", "FS", NULL, N_("To the first row"), jump, 0, nothing_here},
    {"list.last", ON_LISTS, "End G", "LS", NULL, N_("To the last row"), jump, 1, nothing_here},
    {"list.number", ON_FREE, "@digit", NULL, NULL,
     N_("The row that this number stands before: 7 Enter opens it, 7T does T on it, 1-4,7 Enter opens several in turn; "
        "7j moves 7 rows"),
     number, -1, not_numbered},
    {"list.page", ON_FREE, "", "GO", NULL, N_("To the page of a number"), page_number, 0, nothing_here},
    {"list.right", ON_FREE & ~ON_GRID, ">", NULL, NULL, N_("Sideways: the columns to the right"), sideways, 1,
     not_sideways},
    {"list.left", ON_FREE & ~ON_GRID, "<", NULL, NULL, N_("Sideways: the columns to the left"), sideways, -1,
     not_sideways},
    {"growth.next", ON_GROWTH, "W", NULL, N_("Next"),
     N_("The next kind of curves: length, weight for length, BMI, head"), sideways, 1, NULL},
    {"chart.next", ON_CHART, "Tab", NULL, N_("Section"), N_("Next section of the chart"),
     section_step, 1, NULL},
    {"chart.previous", ON_CHART, "Shift-Tab", NULL, NULL, N_("Previous section of the chart"),
     section_step, -1, NULL},
    {"chart.neighbour", ON_CHART, "]", "NP", NULL, N_("To the next patient of the list"), neighbour, 1, NULL},
    {"chart.neighbour.before", ON_CHART, "[", "PP", NULL, N_("To the patient before in the list"), neighbour, -1, NULL},
    {"chart.new", ON_CHART, "N", "NW", N_("New"),
     N_("New entry: fill a form, or go on with a draft; drafts stay on this device"), scr_forms_open, 0,
     scr_forms_refused},
    {"chart.go", ON_CHART, "g", "GS", N_("Go"), N_("Go to a section: g and its letter; gg lists them all"),
     hint_second, ON_GO, NULL},
    {"chart.sections", ON_CHARTS & ~ON_SECTIONS, "", "CC SE", NULL, N_("List of all sections with their letters"),
     sections, 0,
     NULL},
    {"chart.banner", ON_CHART, "b", NULL, N_("Who"),
     N_("All of the banner: the whole name, every allergy and alert"), banner, 0, NULL},
    {"chart.timeline", ON_CHART | ON_SECTIONS, "y", "TL", NULL, N_("The timeline: rows of all sections, newest first"),
     timeline, 0, NULL},
    {"chart.search", ON_CHART | ON_SECTIONS | ON_TIMELINE, "/", "FI", NULL,
     N_("Search this chart: rows of any section that have all the words that are typed"), search, 0, NULL},
    {"search.all", ON_WORKLIST, "\\", "FA", NULL, N_("Search the rows of all charts kept here; q stops it"), search, 1,
     NULL},
    {"chart.fetch", ON_CHART, "F", "FE", NULL,
     N_("Fetch again what was removed of this chart to make room on this device"), fetch, 0, not_removed},
    {"chart.section", ON_CHART | ON_SECTIONS, "@section", NULL, NULL, NULL, section, 0, NULL},
    {"chart.conflicts", ON_CHART | ON_SECTIONS | ON_DETAIL, "C", "CF", NULL,
     N_("Conflicts: what was changed here and at the server, to be answered"), conflicts, 0, NULL},
    {"conflicts.mine", ON_CONFLICTS, "m", NULL, N_("Yours"), N_("Take what was written here"), scr_conflicts_take,
     MODEL_TAKE_MINE, NULL},
    {"conflicts.theirs", ON_CONFLICTS, "t", NULL, N_("Server's"), N_("Take what the server has"), scr_conflicts_take,
     MODEL_TAKE_THEIRS, NULL},
    {"conflicts.store", ON_CONFLICTS, "s", NULL, N_("Store"), N_("Store the answers, when all are given"),
     scr_conflicts_store, 0, NULL},
    {"conflicts.next", ON_CONFLICTS, "n", NULL, N_("Next"), N_("The next conflict of this chart; answers are dropped"),
     scr_conflicts_next, 0, NULL},
    {"order.new", ON_CHART | ON_SECTIONS | ON_DETAIL, "O", "NO", NULL,
     N_("Order a medicine: find it, type the dose line, read it back"), scr_drug_open, 0, NULL},
    {"order.list", ON_CHART | ON_SECTIONS | ON_DETAIL, "U", "UO", NULL,
     N_("Your orders of this chart that are NOT SIGNED: tick them, sign them"), scr_act_list, 0, NULL},
    {"order.act", ON_CHART | ON_DETAIL, "A", "AO", NULL,
     N_("Act on the order at the marker: A and r renew, c change, h hold, l release, s stop, e entered in error"),
     hint_second, ON_ACT, NULL},
    {"pick.find", ON_PICK, "/", NULL, N_("Search"), N_("Search once more"), scr_pick_find, 0, NULL},
    {"order.line", ON_ORDER, "e", NULL, N_("Line"), N_("Change the dose line"), scr_act_line, 0, NULL},
    {"order.sign", ON_ORDER, "s", NULL, N_("Sign"), N_("Keep this order, and sign it: two digits are asked for"),
     scr_act_end, 1, NULL},
    {"order.draft", ON_ORDER, "d", NULL, N_("Draft"), N_("Keep this order as a draft: NOT SIGNED"), scr_act_end, 0,
     NULL},
    {"sign.tick", ON_SIGN, "x", NULL, N_("Tick"), N_("Tick the order at the marker, or take the tick away"),
     scr_sign_tick, 0, NULL},
    {"sign.all", ON_SIGN, "a", NULL, N_("All"), N_("Tick all of them"), scr_sign_tick, 1, NULL},
    {"sign.sign", ON_SIGN, "s", NULL, N_("Sign"), N_("Sign what is ticked: two digits are asked for"), scr_act_sign, 0,
     NULL},
    {"chart.grid", ON_CHART, "=", "GR", NULL, N_("Results or vital signs as a grid: tests down, dates across"), grid, 0,
     no_grid},
    {"chart.trend", ON_CHART | ON_DETAIL, "T", "TR", NULL, N_("The trend of the test that the row is"), trend, 0, NULL},
    {"chart.growth", ON_CHART | ON_GRID | ON_TREND, "W", "GC", NULL,
     N_("A child's growth curves: weight, length, BMI, head"), growth, 0, NULL},
    {"grid.trend", ON_GRID, "T", "TR", N_("Trend"), N_("The trend of the row's test, with all of its values"), trend, 0,
     nothing_here},
    {"detail.fetch", ON_DETAIL, "F", "FE", NULL,
     N_("Fetch the document that the row names, and keep it; then show what is text of it; again: stop it"),
     fetch_document, 0, NULL},
    {"detail.words", ON_DETAIL, "w", NULL, N_("Words"), N_("To the row in words"), part, 0, NULL},
    {"detail.codes", ON_DETAIL, "c", NULL, N_("Codes"), N_("To its codes"), part, 1, NULL},
    {"detail.raw", ON_DETAIL, "r", NULL, N_("Raw"), N_("To the resource as it was received"), part,
     2, NULL},
    {"sync.again", ON_SYNC, "a", NULL, N_("Again"), N_("Send the change at the marker with the next sync"),
     scr_sync_again, 0, nothing_here},
    {"sync.discard", ON_SYNC, "d", NULL, N_("Discard"),
     N_("Give the change at the marker up, asked twice; never what may have reached the server"), scr_sync_discard, 0,
     nothing_here},
    {"sync.page", ON_FREE & ~ON_SYNC, "Q", "SQ", NULL,
     N_("The sync: changes that are NOT SENT and why, conflicts, what went over the line"), scr_sync_open, 0, NULL},
    {"list.reload", ON_WORKLIST | ON_CHART | ON_TASKS | ON_HOUSEHOLD | ON_TIMELINE | ON_GRID | ON_TREND | ON_GROWTH |
     ON_FORMS | ON_SYNC, "R F5", "RD",
     NULL,
     N_("Show what a sync has brought since the list was made"), reload, 0, NULL},
    {"sync.here", ON_WORKLIST, "s S F6", "SY", N_("Sync"),
     N_("Sync with the server now, or stop the sync that runs"), sync_toggle, 0, NULL},
    {"sync", ON_LISTS & ~ON_WORKLIST, "S F6", "SY", NULL,
     N_("Sync with the server now, or stop the sync that runs"), sync_toggle, 0, NULL},
    {"chart.go.over", ON_CHARTS & ~ON_CHART, "g", "GS", NULL,
     N_("Go to a section: g and its letter; gg lists them all"),
     hint_second, ON_GO, NULL},
    {"palette", ON_FREE, ": F2", NULL, NULL,
     N_("Any command by its name or first letters; CC;L does one after the other"),
     palette, 0, NULL},
    {"undo", ON_FREE, "z", "UN", NULL, N_("Bring back what was dismissed last: a message, a filter"), undo, 0,
     nothing_dismissed},
    {"mark", ON_FREE & ~(ON_HELP | ON_SECTIONS), "M", "MK", NULL, N_("Mark this place: M and a letter"), hint_second,
     ON_MARK,
     NULL},
    {"tour", ON_FREE, "", "TOUR", NULL, N_("The tour of the demo: a line that names the next key"), tour, 0, no_demo},
    {"tour.end", ON_FREE, "Ctrl-G", NULL, NULL, N_("End the tour"), tour_stop, 0, no_tour},
    {"mark.to", ON_FREE, "'", "GM", NULL, N_("To a marked place: ' and its letter"), hint_second, ON_MARKED, NULL},
    {"patients", ON_LISTS & ~ON_WORKLIST, "", "SP ^^", NULL, N_("To the list of patients"), to_patients, 0, NULL},
    {"patients.find", ON_LISTS & ~ON_WORKLIST, "", "FD", NULL, N_("To the list of patients, and find one"), to_find,
     0,
     NULL},
    {"lock", ON_LISTS, "L", "LK", N_("Lock"), N_("Lock: blank the screen and close the store"),
     lock, 0, NULL},
    {"help", ON_LISTS & ~ON_HELP, "? F1", "? ??", N_("Help"), N_("All keys of this screen"), help, 0,
     NULL},
    {"redraw", ON_LISTS, "Ctrl-L", "RR", NULL, N_("Send the whole screen again"), redraw, 0, NULL},
    {"grid.back", ON_GRID, "q h = Esc F10", "Q ^", N_("Back"), N_("Back to the list of results"), back, 0, NULL},
    {"back", ON_LISTS & ~ON_WORKLIST & ~ON_GRID, "q Left h Esc F10", "Q ^", N_("Back"),
     N_("Back to where you came from; from a section to the cover, from the cover to the list"), back, 0, NULL},
    {"list.back", ON_WORKLIST, "q Left h F10", "Q ^", N_("Exit"),
     N_("Drop the filter; without one, leave wardline after a question"), back, 0, NULL},
    {"exit", ON_LISTS, "Ctrl-C", "EX", NULL, N_("Leave wardline after a question"), ask_exit, 0,
     NULL},

    {"chart.section.go", ON_GO, "@section", NULL, NULL, NULL, section, 0, NULL},
    {"chart.sections.go", ON_GO, "g", NULL, NULL, N_("List of all sections with their letters"), sections, 0,
     not_listed},
    {"act.renew", ON_ACT, "r", NULL, N_("Renew"),
     N_("Order it once more: its doses stand in the line, refills are typed"), scr_act_again, 0, NULL},
    {"act.change", ON_ACT, "c", NULL, N_("Change"),
     N_("Another dose is another order; this one ends when it is signed"), scr_act_again, 0, NULL},
    {"act.hold", ON_ACT, "h", NULL, N_("Hold"), N_("Hold it; a reason can be given"), scr_act_do, ORDER_HOLD, NULL},
    {"act.release", ON_ACT, "l", NULL, N_("Release"), N_("Release what is held"), scr_act_do, ORDER_RELEASE, NULL},
    {"act.stop", ON_ACT, "s", NULL, N_("Stop"), N_("Stop it, with a reason; a draft is cancelled"), scr_act_do,
     ORDER_STOP, NULL},
    {"act.error", ON_ACT, "e", NULL, N_("Error"), N_("It was entered in error: strike it out, with a reason"),
     scr_act_do, ORDER_ERROR, NULL},
    {"mark.set", ON_MARK, "@letter", NULL, NULL, N_("This letter marks the place"), marks_set, 0, NULL},
    {"mark.go", ON_MARKED, "@letter", NULL, NULL, N_("To the place that this letter marks"), mark_go, 0, NULL},
    {"second.drop", ON_GO | ON_MARK | ON_MARKED | ON_ACT, "Esc Enter Backspace Ctrl-G", NULL, NULL,
     N_("Drop the first key; any other key drops it too, and does what it does on the screen"), hint_drop, 0,
         NULL},

    /* Enter and Right would open the row behind the question: here they are answers. */
    {"ask.yes", ON_ASK, "y", NULL, N_("Yes"), N_("Yes"), answer, 1, NULL},
    {"ask.no", ON_ASK, "n Esc q Left Enter Right", NULL, N_("No"),
     N_("No; any other key drops the question and does what it does on the screen behind it"),
     answer, 0, NULL},
};

const struct command *command_table(unsigned *n)
{
    *n = sizeof commands / sizeof *commands;
    return commands;
}

/* The keys that a row cannot name one by one: what its run() gets, -1: the key is none of them. */
static int section_of(int key)
{
    unsigned n;
    const struct kind_section *s = kind_sections(&n);

    for (unsigned i = 0; i < n; i++)
        if (key == s[i].letter)
            return (int)i;
    return -1;
}

static int digit_of(int key)
{
    return key >= '0' && key <= '9' ? key : -1;
}

static int letter_of(int key)
{
    return (key >= 'a' && key <= 'z') || (key >= 'A' && key <= 'Z') ? key : -1;
}

static const struct {
    const char *keys, *words;
    int (*arg_of)(int key);
} classes[] = {
    {"@section", NULL, section_of},
    {"@digit", "0-9", digit_of},
    {"@letter", "a-z A-Z", letter_of},
};

const char *command_keys(const struct command *c)
{
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (!strcmp(c->keys, classes[i].keys) && classes[i].words)
            return classes[i].words;
    return c->keys;
}

/* REQ: a key that drops the filter is not called Exit. */
const char *command_label(const struct ui *u, const struct command *c)
{
    return !strcmp(c->id, "list.back") && u->work.filter_n ? _("All") : _(c->label);
}

static bool has_key(const struct command *c, int key)
{
    struct str rest = str_of(c->keys);

    while (rest.p && rest.n)
        if (keys_code(str_split(&rest, ' ')) == key)
            return true;
    return false;
}

bool command_takes(const struct command *c, int key, int *arg)
{
    *arg = c->arg;
    if (c->keys[0] != '@')
        return has_key(c, key);
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (!strcmp(c->keys, classes[i].keys))
            *arg = classes[i].arg_of(key);
    return *arg >= 0;
}

const struct command *command_named(const char *id, uint64_t where)
{
    unsigned n;
    const struct command *c = command_table(&n);

    for (unsigned i = 0; i < n; i++)
        if (c[i].where & where && !strcmp(c[i].id, id))
            return &c[i];
    return NULL;
}

const struct command *command_find(uint64_t where, int key, int *arg)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        const struct command *c = &commands[i];

        if (c->where & where && command_takes(c, key, arg))
            return c;
    }
    return NULL;
}
