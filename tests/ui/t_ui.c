/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The parts of the screen that need no program around them: keys, lists, the table of commands, and
 * what a paint does with a row that is not the patient's. The terminal is a pseudo-terminal of this
 * process.
 */
#include "config.h"

#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypt/secret.h"
#include "tests/unit.h"
#include "ui/priv.h"

/* --- keys ------------------------------------------------------------------------------------- */

static unsigned feed(struct keys *k, const char *bytes, size_t n, int *out, unsigned room)
{
    unsigned got = 0;

    for (size_t i = 0; i < n; i++) {
        int two[2];
        unsigned m = keys_feed(k, (unsigned char)bytes[i], two);

        for (unsigned j = 0; j < m && got < room; j++)
            out[got++] = two[j];
    }
    return got;
}

static void keys_sequences(void)
{
    struct keys k;
    int out[32];

    keys_init(&k);
    CU_ASSERT_EQUAL(feed(&k, "\033[A\033OB\033[5~j\033[11~", 16, out, 32), 5);
    CU_ASSERT(out[0] == KEYS_UP && out[1] == KEYS_DOWN && out[2] == KEYS_PGUP && out[3] == 'j' &&
              out[4] == KEYS_F1);
    /* An arrow in two pieces is an arrow however long the line takes; Esc alone needs the timer. */
    CU_ASSERT_EQUAL(feed(&k, "\033", 1, out, 32), 0);
    CU_ASSERT(keys_waiting(&k));
    CU_ASSERT_EQUAL(feed(&k, "[B", 2, out, 32), 1);
    CU_ASSERT_EQUAL(out[0], KEYS_DOWN);
    CU_ASSERT_EQUAL(feed(&k, "\033", 1, out, 32), 0);
    CU_ASSERT_EQUAL(keys_timeout(&k, out), 1);
    CU_ASSERT_EQUAL(out[0], KEYS_ESC);
    CU_ASSERT(!keys_waiting(&k));
    CU_ASSERT_EQUAL(keys_timeout(&k, out), 0);
}

static void keys_unknown(void)
{
    /* No letter of a sequence that is not known may come through: L locks, q leaves, R reloads. */
    static const char *const noise[] = {"\033[1;5L", "\033[?62;1;6q", "\033Oq",   "\033[<0;10;10M",
                                        "\033[99~",  "\033q",         "\033[200~"};
    struct keys k;
    int out[64];

    keys_init(&k);
    for (size_t i = 0; i < sizeof noise / sizeof *noise; i++) {
        unsigned n = feed(&k, noise[i], strlen(noise[i]), out, 64);

        if (n)
            printf("\n    %zu keys of %s", (size_t)n, noise[i] + 1);
        CU_ASSERT_EQUAL(n, 0);
        CU_ASSERT(!keys_waiting(&k));
    }
    /* A control character ends it: Enter is not swallowed. */
    CU_ASSERT_EQUAL(feed(&k, "\033[\r", 3, out, 64), 1);
    CU_ASSERT_EQUAL(out[0], KEYS_ENTER);
    /* Never more than it holds. */
    for (int i = 0; i < 100; i++)
        feed(&k, i ? "1" : "\033[", i ? 1 : 2, out, 64);
    CU_ASSERT(k.held_n < sizeof k.held);
    keys_timeout(&k, out);
    CU_ASSERT_EQUAL(feed(&k, "j", 1, out, 64), 1);
    CU_ASSERT_EQUAL(out[0], 'j');
}

static void keys_characters(void)
{
    struct keys k;
    int out[16];
    char back[4];

    keys_init(&k);
    CU_ASSERT_EQUAL(feed(&k, "\xc3\xa9\xe7\x8e\x8b\xf0\x9f\x98\x80z", 10, out, 16), 4);
    CU_ASSERT(out[0] == 0xe9 && out[1] == 0x738b && out[2] == 0x1f600 && out[3] == 'z');
    CU_ASSERT_EQUAL(keys_utf8(0x738b, back), 3);
    CU_ASSERT(!memcmp(back, "\xe7\x8e\x8b", 3));
    /* A passphrase of a terminal that is not UTF-8 keeps its bytes. */
    CU_ASSERT_EQUAL(feed(&k, "\xe9z", 2, out, 16), 2);
    CU_ASSERT(out[0] == KEYS_BYTE + 0xe9 && out[1] == 'z');
    CU_ASSERT_EQUAL(keys_utf8(out[0], back), 1);
    CU_ASSERT_EQUAL(keys_utf8(KEYS_UP, back), 0);
    /* However long the line takes between its bytes, or the typist behind it. */
    CU_ASSERT_EQUAL(feed(&k, "\xc3", 1, out, 16), 0);
    CU_ASSERT(!keys_waiting(&k));
    CU_ASSERT_EQUAL(keys_timeout(&k, out), 0);
    CU_ASSERT_EQUAL(feed(&k, "\xa9", 1, out, 16), 1);
    CU_ASSERT_EQUAL(out[0], 0xe9);
    CU_ASSERT_EQUAL(feed(&k, "\xe9", 1, out, 16) + keys_timeout(&k, out), 0);
    CU_ASSERT_EQUAL(feed(&k, "\r", 1, out, 16), 2);
    CU_ASSERT(out[0] == KEYS_BYTE + 0xe9 && out[1] == KEYS_ENTER);
    CU_ASSERT_EQUAL(feed(&k, "\n\b\0", 3, out, 16), 2);
    CU_ASSERT(out[0] == KEYS_ENTER && out[1] == KEYS_BACKSPACE);
}

/* --- the table of commands -------------------------------------------------------------------- */

static void table_keys(void)
{
    unsigned n, sections;
    const struct command *c = command_table(&n);
    const struct kind_section *s = kind_sections(&sections);
    unsigned seen = 0;

    for (unsigned i = 0; i < n; i++) {
        struct str rest = str_of(c[i].keys);

        CU_ASSERT(c[i].help || c[i].keys[0] == '@');
        CU_ASSERT(!c[i].label || strlen(c[i].label) <= 8);
        for (unsigned j = 0; j < i; j++)
            CU_ASSERT(strcmp(c[i].id, c[j].id));
        CU_ASSERT(c[i].keys[0] || c[i].mnemonic); /* some way leads to each */
        while (rest.p && rest.n && c[i].keys[0] != '@') {
            struct str name = str_split(&rest, ' ');
            int key = keys_code(name), arg;
            char room[16];

            CU_ASSERT(key != 0);
            CU_ASSERT(str_is(name, keys_name(key, room)) || name.n == 1);
            /* On each of its screens the key finds this row and no other. */
            for (uint64_t where = ON_LOCK; command_where_name(where); where <<= 1)
                if (c[i].where & where) {
                    if (command_find(where, key, &arg) != &c[i])
                        printf("\n    %s: %.*s", c[i].id, STR_ARG(name));
                    CU_ASSERT(command_find(where, key, &arg) == &c[i]);
                    seen++;
                }
        }
    }
    CU_ASSERT(seen > 60);
    for (unsigned i = 0; i < sections; i++) {
        int arg = -1;
        const struct command *row = command_find(ON_CHART, s[i].letter, &arg);

        CU_ASSERT(row && !strcmp(row->id, "chart.section"));
        CU_ASSERT_EQUAL(arg, (int)i);
    }
}

/* Nothing hangs on a key that some terminal, line or person does not have: F-keys, Esc alone, Alt; nor on one that the line
 * or the system takes for itself: Ctrl-S, Ctrl-Q, Ctrl-Z. */
static void table_plain_keys(void)
{
    unsigned n;
    const struct command *c = command_table(&n);

    for (unsigned i = 0; i < n; i++) {
        struct str rest = str_of(c[i].keys);
        unsigned plain = c[i].keys[0] == '@' || c[i].mnemonic; /* the palette and line mode have these */

        while (rest.p && rest.n) {
            struct str name = str_split(&rest, ' ');
            int key = keys_code(name);

            plain += key == KEYS_ENTER || key == keys_code(STR("Click")) || key == KEYS_TAB || key == KEYS_BACKTAB || key == KEYS_BACKSPACE ||
                     (key >= KEYS_UP && key <= KEYS_RIGHT) || (key >= ' ' && key < 0x7f) || (key > 0 && key < ' ' && key != KEYS_ESC);
            CU_ASSERT(key != 'S' - '@' && key != 'Q' - '@' && key != 'Z' - '@');
        }
        CU_ASSERT(plain > 0 || !strcmp(c[i].id, "list.click")); /* the mouse does what j and k do */
    }
}

/* --- lists ------------------------------------------------------------------------------------ */

/* Text that no arena holds, so that a list's own memory alone can run out. */
static struct text item(unsigned i)
{
    static char s[40][120];

    snprintf(s[i], sizeof s[i], "item %u%s", i,
             i % 3 == 2
                 ? " has so many words that it needs three lines of thirty columns, all of them"
                 : "");
    return text_own(s[i]);
}

static void fill(struct list *l, unsigned items, unsigned height)
{
    struct text none = {"", 0, 0};

    list_init(l);
    list_clear(l, height);
    for (unsigned i = 0; i < items; i++)
        list_add(l, item(i), 0, none, 30);
    list_settle(l);
}

/* Every item is shown whole at some time, none is jumped over, and the selected one is always
 * there. */
static void list_walks(void)
{
    struct list l;
    unsigned from, to, next = 0;

    fill(&l, 40, 7);
    for (unsigned i = 0; i < 40; i++) {
        CU_ASSERT_EQUAL(l.sel, i);
        list_visible(&l, &from, &to);
        CU_ASSERT(from <= l.sel && l.sel < to);
        list_move(&l, 1);
    }
    CU_ASSERT(list_at_end(&l));
    for (unsigned i = 0; i < 50; i++) {
        list_visible(&l, &from, &to);
        CU_ASSERT(from <= l.sel && l.sel < to);
        list_move(&l, -1);
    }
    CU_ASSERT(l.sel == 0 && l.top == 0);
    do {
        list_visible(&l, &from, &to);
        CU_ASSERT_EQUAL(from, next);
        next = to;
        list_page(&l, 1);
    } while (next < 40);
    for (unsigned i = 0; l.top && i < 50; i++)
        list_page(&l, -1);
    CU_ASSERT(l.top == 0);
    list_fini(&l);
}

static void list_tall(void)
{
    struct list l;
    struct text none = {"", 0, 0};
    char words[2000] = "";
    unsigned n, m, before;

    for (unsigned i = 0; i < 90; i++)
        snprintf(words + strlen(words), sizeof words - strlen(words), "word%02u of a long note ",
                 i);
    list_init(&l);
    list_clear(&l, 5);
    list_add(&l, text_own("short"), 0, none, 40);
    list_add(&l, text_safe(&l.arena, str_of(words), 0), 0, none, 40);
    list_add(&l, text_own("last"), 0, none, 40);
    list_settle(&l);
    CU_ASSERT(list_lines(&l) > 40);
    list_move(&l, 1);
    CU_ASSERT(l.sel == 1 && l.top == 1 && l.skip == 0);
    for (before = 0; l.sel == 1 && before < 100; before++) {
        CU_ASSERT_EQUAL(l.skip, before); /* line by line, none left out */
        list_move(&l, 1);
    }
    CU_ASSERT_EQUAL(before, list_line_of(&l, 2) - 1 - 5 + 1);
    CU_ASSERT(l.sel == 2 && list_at_end(&l));
    list_pages(&l, &n, &m);
    CU_ASSERT_EQUAL(n, m);
    list_fini(&l);
}

static void list_painted_rule(void)
{
    struct list l;

    fill(&l, 40, 7);
    CU_ASSERT(!list_painted(&l));
    l.painted = 0; /* as a paint of the first page leaves it */
    l.painted_end = 3;
    CU_ASSERT(list_painted(&l));
    list_select(&l, 5);
    CU_ASSERT(!list_painted(&l));
    list_select(&l, 1);
    list_forget(&l);
    CU_ASSERT(!list_painted(&l));
    list_fini(&l);
}

/* --- paint ------------------------------------------------------------------------------------ */

struct glass {
    int master, in, out; /* in, out: the test's own */
    struct ui u;
};

static void glass_open_as(struct glass *g, const char *term)
{
    struct winsize w = {24, 80, 0, 0};
    struct err e = ERR_NONE;
    int slave;

    memset(g, 0, sizeof *g);
    fflush(stdout);
    g->in = dup(0);
    g->out = dup(1);
    g->master = posix_openpt(O_RDWR | O_NOCTTY);
    grantpt(g->master);
    unlockpt(g->master);
    slave = open(ptsname(g->master), O_RDWR | O_NOCTTY);
    ioctl(slave, TIOCSWINSZ, &w);
    dup2(slave, 0);
    dup2(slave, 1);
    close(slave);
    setenv("TERM", term, 1);
    CU_ASSERT_EQUAL_FATAL(tty_open(&g->u.tty, &e), ERR_OK);
    list_init(&g->u.work.list);
    list_init(&g->u.chart.list);
    list_init(&g->u.chart.sections);
    list_init(&g->u.detail.list);
    list_init(&g->u.banner.list);
    list_init(&g->u.help.list);
}

static void glass_open(struct glass *g)
{
    glass_open_as(g, "vt100");
}

/* What the terminal received since the last call. */
static char *glass_read(struct glass *g, char *out, size_t room)
{
    size_t n = 0;
    struct pollfd p = {g->master, POLLIN, 0};

    while (n + 1 < room && poll(&p, 1, 50) > 0) {
        ssize_t k = read(g->master, out + n, room - 1 - n);

        if (k <= 0)
            break;
        n += (size_t)k;
    }
    out[n] = '\0';
    return out;
}

static void glass_close(struct glass *g)
{
    char rest[4096];

    tty_close(g->u.tty);
    glass_read(g, rest, sizeof rest);
    dup2(g->in, 0);
    dup2(g->out, 1);
    close(g->in);
    close(g->out);
    close(g->master);
}

/* A chart of three rows; row `alien` is of another patient (3: none). */
static void chart(struct ui *u, const char *id, const char *token, unsigned alien)
{
    struct scr_chart *c = &u->chart;
    unsigned n;

    scr_chart_close(u);
    c->open = true;
    snprintf(c->chart, sizeof c->chart, "%s", id);
    snprintf(c->banner.chart, sizeof c->banner.chart, "%s", id);
    arena_init(&c->banner.arena, 1 << 16);
    arena_init(&c->rows.arena, 1 << 16);
    c->banner.row[0] = text_safe(
        &c->banner.arena,
        str_of(arena_fmt(&c->banner.arena, "%s, Anna  Born 03-Feb-1984 (42y)", token)), 0);
    c->banner.row[1] = text_own("No known allergies");
    c->rows.section = kind_sections(&n);
    c->rows.age = text_own("as of 23-Nov 14:05");
    c->rows.rows = arena_alloc(&c->rows.arena, 3 * sizeof *c->rows.rows);
    c->rows.n = 3;
    c->cols = tty_columns(u->tty);
    for (unsigned i = 0; i < 3; i++) {
        struct model_row *r = &c->rows.rows[i];

        snprintf(r->chart, sizeof r->chart, "%s", i == alien ? "somebody-else" : id);
        r->date = text_own("05-Mar-2026");
        r->text = text_safe(
            &c->rows.arena,
            str_of(arena_fmt(&c->rows.arena, i == alien ? "ALIENROW" : "%sROW", token)), 0);
    }
    scr_chart_screen()->build(u);
    u->screen = scr_chart_screen();
}

/* Kills tests/mutants/ui-row-patient.patch: the assertion in scr_chart_own taken away; and ui-stop-uncounted. */
static void paint_other_patient(void)
{
    struct glass g;
    char got[3][8192], path[] = "/tmp/t_ui.XXXXXX", log[512] = "";
    int fd = mkstemp(path);
    const struct clock clock = clock_system();

    CU_ASSERT(fd >= 0 && log_open(path, &clock) == ERR_OK);
    glass_open(&g);
    chart(&g.u, "p1", "ONE", 3);
    ui_paint(&g.u);
    glass_read(&g, got[0], sizeof got[0]);
    CU_ASSERT_EQUAL(pread(fd, log, sizeof log - 1, 0), 0);
    chart(&g.u, "p1", "ONE", 1);
    ui_paint(&g.u);
    ui_paint(&g.u); /* doctor counts charts, not paints */
    CU_ASSERT(pread(fd, log, sizeof log - 1, 0) > 0);
    log_close();
    close(fd);
    unlink(path);
    CU_ASSERT(strstr(log, " display.stopped ") != NULL);
    CU_ASSERT_PTR_EQUAL(strchr(log, '\n'), strrchr(log, '\n'));
    glass_read(&g, got[1], sizeof got[1]);
    chart(&g.u, "p1", "ONE", 2); /* the banner's own chart is the other one */
    snprintf(g.u.chart.banner.chart, sizeof g.u.chart.banner.chart, "p2");
    ui_paint(&g.u);
    glass_read(&g, got[2], sizeof got[2]);
    scr_chart_close(&g.u);
    glass_close(&g);
    CU_ASSERT(strstr(got[0], "ONEROW") != NULL);
    CU_ASSERT(strstr(got[0], "Display stopped") == NULL);
    CU_ASSERT(strstr(got[1], "ALIENROW") == NULL);
    CU_ASSERT(strstr(got[1], "Display stopped: row of another patient. Enter = list") != NULL);
    CU_ASSERT(strstr(got[2], "ROW") == NULL);
    CU_ASSERT(g.u.chart.open == false);
}

/* REQ: a row that is longer than others (a care plan of hundreds of activities) hides neither itself nor its section. */
/* A grid of one test and two days, a trend and curves of two points each; `alien` of them (2: none) is another's. */
static void points(struct ui *u, unsigned alien)
{
    struct scr_grid *g = &u->grid;
    struct scr_trend *t = &u->trend;
    struct scr_growth *w = &u->growth;

    scr_grid_close(u);
    scr_trend_close(u);
    scr_growth_close(u);
    arena_init(&g->g.arena, 1 << 16);
    arena_init(&t->t.arena, 1 << 16);
    arena_init(&w->g.arena, 1 << 16);
    g->loaded = t->loaded = w->loaded = true;
    g->g.tests_n = 1, g->g.days_n = t->t.n = w->g.n = 2;
    g->g.tests = arena_alloc(&g->g.arena, sizeof *g->g.tests);
    g->g.days = arena_alloc(&g->g.arena, 2 * sizeof *g->g.days);
    g->g.cells = arena_alloc(&g->g.arena, 2 * sizeof *g->g.cells);
    t->t.points = arena_alloc(&t->t.arena, 2 * sizeof *t->t.points);
    w->g.points = arena_alloc(&w->g.arena, 2 * sizeof *w->g.points);
    g->g.tests[0] = t->t.test = (struct model_test){text_own("TEST"), text_own("unit"), text_own("TEST, unit")};
    g->g.age = w->g.title = text_own("title");
    for (unsigned i = 0; i < 2; i++) {
        struct model_point p = {.chart = i == alien ? "somebody-else" : "p1", .type = "Observation", .id = "x", .brief = "",
                                .date = text_own("05-Mar-2026"), .value = text_own(i == alien ? "6.66" : "1.11"),
                                .place = MODEL_PLACE_AT, .at = {i == alien ? 6.66 : 1.11}};

        p.flag = p.range = p.status = text_own("");
        t->t.points[i] = p;
        g->g.days[i] = p.date;
        g->g.cells[i] = &t->t.points[i];
        w->g.points[i] = (struct model_growth_point){.chart = p.chart, .type = p.type, .id = p.id, .date = p.date,
                                                     .age = p.flag, .value = p.value, .words = p.flag};
    }
    snprintf(g->g.chart, sizeof g->g.chart, "p1");
    snprintf(t->t.chart, sizeof t->t.chart, "p1");
    snprintf(w->g.chart, sizeof w->g.chart, "p1");
}

/* REQ: each value of a grid, a plot and its list is of the patient above it. Kills tests/mutants/ui-point-patient. */
static void paint_other_points(void)
{
    const struct screen *const screens[] = {scr_grid_screen(), scr_trend_screen(), scr_growth_screen()};
    struct glass g;
    char got[8192];

    glass_open(&g);
    for (unsigned alien = 0; alien <= 2; alien++)
        for (size_t i = 0; i < sizeof screens / sizeof *screens; i++) {
            chart(&g.u, "p1", "ONE", 3);
            points(&g.u, alien);
            g.u.screen = screens[i];
            g.u.screen->build(&g.u);
            ui_paint(&g.u);
            glass_read(&g, got, sizeof got);
            CU_ASSERT_PTR_NULL(strstr(got, "6.66"));
            CU_ASSERT((strstr(got, "Display stopped: row of another patient") != NULL) == (alien < 2));
            CU_ASSERT(alien < 2 || strstr(got, "1.11"));
            tty_blank(g.u.tty);
            glass_read(&g, got, sizeof got);
            scr_chart_close(&g.u);
        }
    glass_close(&g);
}

static void paint_long_row(void)
{
    struct glass g;
    char got[8192], *words = mem_alloc(100001);

    memset(words, 'x', 100000);
    glass_open(&g);
    chart(&g.u, "p1", "ONE", 3);
    g.u.chart.rows.rows[2].text = text_own(words);
    scr_chart_screen()->build(&g.u);
    ui_paint(&g.u);
    glass_read(&g, got, sizeof got);
    scr_chart_close(&g.u);
    glass_close(&g);
    mem_free(words);
    CU_ASSERT(strstr(got, "ONEROW") != NULL && strstr(got, "NOT SHOWN") == NULL);
}

/* An error says what to do at its end: it is never cut at the edge; the key bar comes back with the next key. */
static void paint_long_message(void)
{
    struct glass g;
    char got[2][8192];

    glass_open(&g);
    chart(&g.u, "p1", "ONE", 3);
    ui_say(&g.u, "%s", "the server's certificate was refused: fhir.example.org:443; nothing was sent; ask your support, do not go AROUND");
    ui_paint(&g.u);
    glass_read(&g, got[0], sizeof got[0]);
    g.u.message[0] = '\0';
    ui_paint(&g.u);
    glass_read(&g, got[1], sizeof got[1]);
    scr_chart_close(&g.u);
    glass_close(&g);
    CU_ASSERT(strstr(got[0], "AROUND") != NULL && strstr(got[0], "Enter Open") == NULL);
    CU_ASSERT(strstr(got[1], "Enter Open") != NULL);
}

/* Kills tests/mutants/ui-no-erase.patch: at every prefix of the bytes a terminal shows one patient.
 * Here by the bytes alone: between the last of one and the first of the next stands the erasing of
 * the screen. */
static void paint_erases_between(void)
{
    struct glass g;
    char one[8192], two[8192], *erase;

    glass_open(&g);
    chart(&g.u, "p1", "ONE", 3);
    ui_paint(&g.u);
    glass_read(&g, one, sizeof one);
    chart(&g.u, "p2", "TWO", 3);
    ui_paint(&g.u);
    glass_read(&g, two, sizeof two);
    scr_chart_close(&g.u);
    glass_close(&g);
    erase = strstr(two, "\033[H\033[J");
    CU_ASSERT(strstr(one, "ONE, Anna") != NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(erase);
    CU_ASSERT(strstr(two, "TWO, Anna") > erase);
    CU_ASSERT(strpbrk(two, "TWORAN") > erase);
}

static int64_t boot_now(void *arg)
{
    return *(int64_t *)arg;
}

static void closed(void *arg)
{
    ++*(unsigned *)arg;
}

/* Five minutes of the boot clock without a key: the patient is off the glass before the store
 * closes. */
static void idle_locks(void)
{
    struct glass g;
    char got[8192], said[400];
    unsigned locks = 0, kept = 0;
    int64_t now = 1000000, left[3];
    struct clock clock = {.wall_ms = boot_now, .boot_ms = boot_now, .arg = &now};

    glass_open(&g);
    g.u.clock = &clock;
    g.u.hooks = (struct ui_hooks){.locked = closed, .arg = &locks};
    g.u.last_key_ms = now;
    chart(&g.u, "p1", "ONE", 3);
    ui_paint(&g.u);
    glass_read(&g, got, sizeof got);
    g.u.open = true; /* from here on as after an unlocking */
    memset(g.u.message, 'x', sizeof g.u.message - 1);
    memset(g.u.palette.base, 'x', sizeof g.u.palette.base);
    now += UI_IDLE_MS - 1;
    left[0] = ui_idle(&g.u);
    left[1] = locks;
    now++;
    left[2] = ui_idle(&g.u);
    glass_read(&g, got, sizeof got);
    snprintf(said, sizeof said, "%s", g.u.message);
    for (size_t i = 0; i < sizeof g.u.message; i++) /* what was said or typed may name a patient: all of it goes */
        kept += g.u.message[i] == 'x' || (i < sizeof g.u.palette.base && g.u.palette.base[i]);
    secret_free(g.u.lock.typed);
    glass_close(&g);
    CU_ASSERT_EQUAL(left[0], 1);
    CU_ASSERT_EQUAL(left[1], 0);
    CU_ASSERT_EQUAL(left[2], UI_IDLE_MS);
    CU_ASSERT_EQUAL(locks, 1);
    CU_ASSERT(!g.u.open && !g.u.chart.open && g.u.screen == scr_lock_screen());
    CU_ASSERT(strstr(got, "\033[H\033[J") != NULL);
    CU_ASSERT_EQUAL(kept, 0);
    CU_ASSERT(!strcmp(said, "Locked after 5 minutes without a key."));
}

#ifdef FAULT_INJECTION
/* Memory that runs out leaves a list that says so, never one that lacks a line. */
static void list_without_memory(void)
{
    struct list whole, l;
    unsigned long n = 0;

    fill(&whole, 40, 7);
    do {
        fault_arm(FAULT_MEM, ++n);
        fill(&l, 40, 7);
        fault_arm(FAULT_MEM, 0);
        CU_ASSERT(l.failed || (l.items == 40 && list_lines(&l) == list_lines(&whole)));
        if (!l.failed)
            break;
        list_fini(&l);
    } while (n < 10000);
    CU_ASSERT(n > 3 && n < 10000);
    list_fini(&l);
    list_fini(&whole);
}
#endif

struct theme_case {
    const char *term, *theme, *no_color;
    const char *alert, *abnormal; /* SGR parameters that must stand before the words */
    bool colours;                 /* any at all */
};

/* Is there a run of control sequences right before words in which this parameter of SGR stands? */
static bool looks(const char *all, const char *words, const char *parameter)
{
    const char *at = strstr(all, words), *from = at;
    char run[64] = ";", want[8];

    if (!at)
        return false;
    while (from > all && (from[-1] != '\r' && at - from < 40))
        from--;
    for (; from < at; from++)
        if (*from == '[' && from > all && from[-1] == '\033') {
            size_t n = strspn(from + 1, "0123456789;");

            if (from[1 + n] == 'm')
                snprintf(run + strlen(run), sizeof run - strlen(run), "%.*s;", (int)n, from + 1);
            if (from[1 + n] == 'm' && (!n || (n == 1 && from[1] == '0')))
                snprintf(run, sizeof run, ";");
        }
    snprintf(want, sizeof want, ";%s;", parameter);
    return strstr(run, want) != NULL;
}

static void theme_case(const struct theme_case *k)
{
    struct glass g;
    char got[8192];
    const char *second;
    bool colour = false;

    if (k->no_color)
        setenv("NO_COLOR", k->no_color, 1);
    glass_open_as(&g, k->term);
    CU_ASSERT(tty_theme(g.u.tty, k->theme));
    CU_ASSERT(!tty_theme(g.u.tty, "no such theme"));
    chart(&g.u, "p1", "ONE", 3);
    g.u.chart.banner.deceased = true;
    g.u.chart.rows.rows[1].abnormal = true;
    scr_chart_screen()->build(&g.u);
    ui_paint(&g.u);
    glass_read(&g, got, sizeof got);
    scr_chart_close(&g.u);
    glass_close(&g);
    unsetenv("NO_COLOR");
    second = strstr(got, "ROW") ? strstr(got, "ROW") + 3 : got;
    CU_ASSERT(looks(got, "ONE, Anna", k->alert));
    CU_ASSERT(!*k->abnormal || looks(second, "05-Mar-2026", k->abnormal));
    if (*k->abnormal && !looks(second, "05-Mar-2026", k->abnormal))
        printf("\n    %s %s %.30s", k->term, k->theme, second);
    for (int c = 0; c < 8; c++) {
        char fore[8], back[8];

        snprintf(fore, sizeof fore, "3%dm", c);
        snprintf(back, sizeof back, "4%dm", c);
        colour = colour || strstr(got, fore) || strstr(got, back);
    }
    CU_ASSERT_EQUAL(colour, k->colours);
    CU_ASSERT(strstr(got, "Born 03-Feb-1984 (42y)") != NULL && strstr(got, "ONEROW") != NULL);
}

/* REQ: no meaning hangs on a colour: the words stand in every theme, and where there are no colours bold or reverse sets
 * apart what a colour would. */
static void themes(void)
{
    static const struct theme_case cases[] = {
        {"xterm-256color", "thin", NULL, "7", "", false},         {"xterm-256color", "mono", NULL, "7", "1", false},
        {"xterm-256color", "colour", NULL, "41", "31", true}, {"xterm-256color", "contrast", NULL, "43", "33", true},
        {"xterm-256color", "marked", NULL, "7", "", false},       {"xterm-256color", "colour", "1", "7", "1", false},
        {"xterm-256color", "colour", "", "41", "31", true},   {"linux", "colour", NULL, "41", "31", true},
        {"vt100", "colour", NULL, "7", "1", false},               {"vt100", "contrast", NULL, "7", "1", false},
    };
    unsigned n = 0;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        theme_case(&cases[i]);
    while (tty_theme_name(n))
        n++;
    CU_ASSERT_EQUAL(n, 5);
}

static void lines(void)
{
    static const struct {
        const char *line;
        enum line_kind kind;
        int64_t row;
        const char *word;
    } cases[] = {
        {"", LINE_EMPTY, 0, ""},          {"  \t", LINE_EMPTY, 0, ""},   {"12", LINE_ROW, 12, ""},
        {" 3 t ", LINE_ROW, 3, "t"},      {"3t", LINE_ROW, 3, "t"},      {"3 Tab", LINE_ROW, 3, "Tab"},
        {"/ smi jo", LINE_TEXT, 0, "smi jo"}, {":FI", LINE_TEXT, 0, "FI"}, {"/", LINE_WORD, 0, "/"},
        {"\\warf", LINE_TEXT, 0, "warf"},
        {"FI", LINE_WORD, 0, "FI"},       {"-", LINE_WORD, 0, "-"},      {"99999999999999999999", LINE_ROW, 1000000000, ""},
        {"-3", LINE_WORD, 0, "-3"},       {"?", LINE_WORD, 0, "?"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct line_words w = line_parse(str_of(cases[i].line));

        CU_ASSERT_EQUAL(w.kind, cases[i].kind);
        CU_ASSERT_EQUAL(w.row, cases[i].row);
        CU_ASSERT(str_is(w.word, cases[i].word));
    }
}

static void paint_what_a_locale_cannot(void)
{
    struct str s = {"Jos\xc3\xa9 \xe7\x8e\x8b", 9}, rest = {"\xe7\x8e\x8b\xe7\x8e\x8b\xe7\x8e\x8b \xe7\x8e\x8b", 13};

    setlocale(LC_ALL, "C");
    CU_ASSERT_EQUAL(tty_cols(s), 5 + 8); /* Jose <U+738B> */
    CU_ASSERT(tty_cols(tty_wrap(&rest, 20)) <= 20);
    if (setlocale(LC_ALL, "C.UTF-8")) {
        CU_ASSERT_EQUAL(tty_cols(s), 7);
    } else {
        unit_skip("no UTF-8 locale");
    }
    setlocale(LC_ALL, "C");
}

static const struct unit_test tests[] = {
    {"keys: sequences whole, in pieces, and Esc alone", keys_sequences},
    {"keys: an unknown sequence is no letters", keys_unknown},
    {"keys: characters and bytes", keys_characters},
    {"commands: each key of each row finds that row", table_keys},
    {"commands: each has a key that every terminal has", table_plain_keys},
    {"list: walks and pages over every item", list_walks},
    {"list: an item taller than the page", list_tall},
    {"list: painted is painted", list_painted_rule},
    {"paint: a row of another patient is not shown", paint_other_patient},
    {"paint: nor a point of one", paint_other_points},
    {"paint: a row of 100,000 letters", paint_long_row},
    {"paint: a message of two rows", paint_long_message},
    {"paint: one patient is erased before the next", paint_erases_between},
    {"idle: five minutes without a key lock", idle_locks},
#ifdef FAULT_INJECTION
    {"list: without memory it says so", list_without_memory},
#endif
    {"line mode: what a line says", lines},
    {"themes: looks, and the same words in each", themes},
    {"paint: what the locale cannot show is spelled out", paint_what_a_locale_cannot},
};
int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("ui", tests, sizeof tests / sizeof *tests);
}
