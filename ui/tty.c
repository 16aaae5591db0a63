/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ui/tty.h"

#include <curses.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "base/glyph.h"
#include "base/mem.h"
#include "ui/page.h"
#include "ui/theme.h"

struct tty {
    SCREEN *screen;    /* NULL in line mode */
    struct page *page; /* of line mode, else NULL */
    unsigned rows, cols;
    attr_t attrs[TTY_LOOKS];
    short pairs[TTY_LOOKS];
    bool mouse;         /* its reports were asked for */
    bool explicit_bidi; /* the terminal was told to leave the order of letters alone */
};

/* What a signal handler needs to give the terminal back; the one piece of state here, because a
 * handler has no argument. */
static struct {
    volatile sig_atomic_t taken;
    struct termios before;
    char bytes[256];
    size_t n;
} last;

/* A terminfo string without its padding ($<5/>): who says goodbye does not wait. */
static size_t add_plain(const char *capability, char *out, size_t n, size_t room)
{
    const char *s = tigetstr((char *)(uintptr_t)capability);

    if (!s || s == (const char *)-1)
        return n;
    while (*s) {
        if (s[0] == '$' && s[1] == '<' && strchr(s, '>')) {
            s = strchr(s, '>') + 1;
            continue;
        }
        if (n < room)
            out[n++] = *s;
        s++;
    }
    return n;
}

/* TERM becomes part of a file name, and nobody has looked at it. */
static bool term_name_ok(const char *s)
{
    size_t n = s ? strlen(s) : 0;

    return n > 0 && n <= 64 && s[0] != '.' &&
           strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+") == n;
}

/* xterm's modes 1000 (buttons) and 1006 (in decimal): what a terminal with kmous has. */
#define MOUSE_ON "\033[?1000h\033[?1006h"
#define MOUSE_OFF "\033[?1006l\033[?1000l"

static bool reports_mouse(void)
{
    const char *s = tigetstr((char *)(uintptr_t) "kmous");

    return s && s != (const char *)-1;
}

size_t tty_goodbye(char *out, size_t room)
{
    bool mine = !cur_term;
    int found;
    size_t n;

    if (!term_name_ok(getenv("TERM")) || (mine && setupterm(NULL, STDOUT_FILENO, &found) != OK))
        return 0;
    n = add_plain("sgr0", out, 0, room);
    /* the monitor does not know if it is on */
    for (const char *off = reports_mouse() ? MOUSE_OFF : ""; *off && n < room; off++)
        out[n++] = *off;
    n = add_plain("clear", out, n, room);
    n = add_plain("rmkx", out, n, room);
    n = add_plain("rmcup", out, n, room);
    if (mine)
        del_curterm(cur_term);
    return n;
}

/* Before ncurses sets its screen up: can this terminal address its cursor at all? initscr would paint on TERM=dumb
 * once, and then move nowhere. */
static int check_terminal(struct err *e)
{
    const char *term = getenv("TERM");
    int found;
    bool able;

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return err_set(e, ERR_TERMINAL, 0, 0, NULL);
    if (!term_name_ok(term))
        return err_set(e, ERR_TERMINAL, 0, 0, "TERM");
    if (setupterm((char *)(uintptr_t)term, STDOUT_FILENO, &found) != OK)
        return err_set(e, ERR_TERMINAL, 0, 0, term);
    able = tigetstr((char *)(uintptr_t) "cup") != NULL;
    del_curterm(cur_term);
    return able ? ERR_OK : err_set(e, ERR_TERMINAL, 0, 0, term);
}

bool tty_able(void)
{
    return check_terminal(NULL) == ERR_OK;
}

/* No key means a signal here and none stops the output, except where the terminal itself paces the
 * line with XON/XOFF instead of padding (terminfo xon: the VT100 family). Reading never blocks. */
static void set_modes(void)
{
    struct termios m;

    raw();
    noecho();
    nonl();
    typeahead(-1);
    leaveok(stdscr, FALSE);
    if (!tcgetattr(STDIN_FILENO, &m)) {
        if (tigetflag((char *)(uintptr_t) "xon") > 0)
            m.c_iflag |= IXON;
        m.c_cc[VMIN] = 0;
        m.c_cc[VTIME] = 0;
        tcsetattr(STDIN_FILENO, TCSANOW, &m);
    }
    def_prog_mode();
}

int tty_open(struct tty **out, struct err *e)
{
    struct tty *t;
    int code = check_terminal(e);

    if (code)
        return code;
    if (!(t = mem_alloc(sizeof *t)))
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    if (tcgetattr(STDIN_FILENO, &last.before) || !(t->screen = newterm(NULL, stdout, stdin))) {
        mem_free(t);
        return err_set(e, ERR_TERMINAL, 0, 0, getenv("TERM"));
    }
    last.n = tty_goodbye(last.bytes, sizeof last.bytes);
    last.taken = 1;
    set_modes();
    t->rows = (unsigned)LINES;
    t->cols = (unsigned)COLS;
    tty_theme(t, "thin");
    *out = t;
    return ERR_OK;
}

static unsigned number(const char *name, unsigned least)
{
    const char *s = getenv(name);
    int64_t n;

    return s && str_int(str_of(s), least, 1000, &n) ? (unsigned)n : least;
}

/* A window that is narrower than the pages of a screen wraps them by itself: nothing of a line is lost there. */
static void line_size(struct tty *t)
{
    struct winsize w = {0};

    t->rows = number("LINES", TTY_LINE_ROWS);
    t->cols = number("COLUMNS", TTY_LINE_COLS);
    if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) && w.ws_row && w.ws_col) {
        t->rows = w.ws_row > TTY_LINE_ROWS ? w.ws_row : TTY_LINE_ROWS;
        t->cols = w.ws_col > TTY_LINE_COLS ? w.ws_col : TTY_LINE_COLS;
    }
}

int tty_open_line(struct tty **out, struct err *e)
{
    struct tty *t = mem_alloc(sizeof *t);

    if (t)
        line_size(t);
    if (!t || !(t->page = page_new(t->rows, t->cols))) {
        mem_free(t);
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    }
    last.n = 0; /* nothing on the glass can be taken back: an end restores the modes alone */
    last.taken = !tcgetattr(STDIN_FILENO, &last.before);
    *out = t;
    return ERR_OK;
}

void tty_page_row(const struct tty *t, unsigned row, struct buf *out)
{
    if (t->page)
        page_row(t->page, row, out);
}

void tty_echo(struct tty *t, bool on)
{
    struct termios m;

    if (!t->page || tcgetattr(STDIN_FILENO, &m))
        return;
    m.c_lflag = on ? m.c_lflag | ECHO : m.c_lflag & ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSANOW, &m);
}

/* --- themes ----------------------------------------------------------------------------------- */

static bool colours_here(void)
{
    const char *no = getenv("NO_COLOR"); /* no-color.org: set and not empty */

    if ((no && *no) || !has_colors())
        return false;
    orig_colors = NULL; /* the palette is not touched, and need not be given back by an OSC */
    return start_color() == OK && COLORS >= 8 && use_default_colors() == OK;
}

bool tty_theme(struct tty *t, const char *name)
{
    const struct theme *theme = theme_of(name);
    bool colours;

    if (!theme)
        return false;
    if (t->page)
        return true;
    colours = theme->colours && colours_here();
    for (int i = 0; i < TTY_LOOKS; i++) {
        const struct theme_look *l = &theme->look[i];

        t->attrs[i] = (l->bold ? A_BOLD : 0) | (l->underline ? A_UNDERLINE : 0) | (l->reverse ? A_REVERSE : 0);
        t->pairs[i] = 0;
        if (colours && (l->fore || l->back)) {
            t->pairs[i] = (short)(i + 1);
            init_pair(t->pairs[i], (short)(l->fore - 1), (short)(l->back - 1));
        } else if (l->fore || l->back) { /* REQ: what a colour would set apart is set apart all the same */
            t->attrs[i] |= l->instead == THEME_BOLD ? A_BOLD : l->instead == THEME_REVERSE ? A_REVERSE : 0;
        }
    }
    bkgdset((chtype)COLOR_PAIR(t->pairs[TTY_PLAIN]) | ' ');
    tty_redraw(t);
    return true;
}

const char *tty_theme_name(unsigned i)
{
    return theme_name(i);
}

/* --- the end ---------------------------------------------------------------------------------- */

/* ECMA-48 BDSM: a terminal that orders right-to-left text by itself would order a whole line so, and put the figures
 * behind a name before it. As explicit it shows each character where it was put; others do not know the mode. */
static void bidi(struct tty *t, bool explicit)
{
    t->explicit_bidi = explicit;
    putp(explicit ? "\033[8l" : "\033[8h");
    if (explicit && last.n + 4 <= sizeof last.bytes) {
        memcpy(last.bytes + last.n, "\033[8h", 4);
        last.n += 4;
    }
}

static void mouse(const struct tty *t, const char *how)
{
    if (!t->mouse)
        return;
    putp(how);
    fflush(stdout);
}

void tty_mouse(struct tty *t)
{
    t->mouse = !t->page && reports_mouse();
    mouse(t, MOUSE_ON);
}

void tty_suspend(struct tty *t)
{
    if (!t->page) {
        tty_blank(t);
        mouse(t, MOUSE_OFF);
        if (t->explicit_bidi)
            bidi(t, false);
        endwin();
    }
    last.taken = 0;
}

void tty_resume(struct tty *t)
{
    last.taken = t->page ? !tcgetattr(STDIN_FILENO, &last.before) : 1;
    mouse(t, MOUSE_ON);
    tty_resized(t);
    tty_redraw(t);
}

void tty_close(struct tty *t)
{
    bool taken = last.taken;

    if (!t)
        return;
    tty_suspend(t);
    if (taken)
        tcsetattr(STDIN_FILENO, TCSANOW, &last.before);
    if (t->screen)
        delscreen(t->screen);
    page_free(t->page);
    mem_free(t);
}

void tty_emergency(void)
{
    int kept = errno;
    size_t at = 0;

    if (!last.taken)
        return;
    last.taken = 0;
    while (at < last.n) {
        ssize_t k = write(STDOUT_FILENO, last.bytes + at, last.n - at);

        if (k <= 0)
            break;
        at += (size_t)k;
    }
    tcsetattr(STDIN_FILENO, TCSANOW, &last.before);
    errno = kept;
}

int tty_fd(const struct tty *t)
{
    (void)t;
    return STDIN_FILENO;
}

size_t tty_read(struct tty *t, unsigned char *p, size_t n)
{
    ssize_t k;

    (void)t;
    do
        k = read(STDIN_FILENO, p, n);
    while (k < 0 && errno == EINTR);
    return k > 0 ? (size_t)k : 0;
}

bool tty_waits(const struct tty *t)
{
    int n = 0;

    (void)t;
    return !ioctl(STDIN_FILENO, FIONREAD, &n) && n > 0;
}

void tty_discard_input(struct tty *t)
{
    (void)t;
    tcflush(STDIN_FILENO, TCIFLUSH);
}

void tty_sequences(struct tty *t, struct keys *k)
{
    static const struct {
        const char *cap;
        int key;
    } caps[] = {
        {"kcuu1", KEYS_UP},     {"kcud1", KEYS_DOWN},   {"kcub1", KEYS_LEFT},
        {"kcuf1", KEYS_RIGHT},  {"kpp", KEYS_PGUP},     {"knp", KEYS_PGDN},
        {"khome", KEYS_HOME},   {"kend", KEYS_END},     {"kich1", KEYS_INSERT},
        {"kdch1", KEYS_DELETE}, {"kcbt", KEYS_BACKTAB}, {"kent", KEYS_ENTER},
        {"kf1", KEYS_F1},
    };

    if (t->page)
        return;
    for (size_t i = 0; i < sizeof caps / sizeof *caps; i++) {
        const char *s = tigetstr((char *)(uintptr_t)caps[i].cap);

        if (s && s != (const char *)-1)
            keys_add(k, s, caps[i].key);
    }
}

unsigned tty_rows(const struct tty *t)
{
    return t->rows;
}

unsigned tty_columns(const struct tty *t)
{
    return t->cols;
}

void tty_resized(struct tty *t)
{
    struct winsize w;

    if (t->page || ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) || !w.ws_row || !w.ws_col)
        return; /* pages of line mode keep their size: what was printed stays counted */
    if (w.ws_row != t->rows || w.ws_col != t->cols)
        resizeterm(w.ws_row, w.ws_col);
    t->rows = (unsigned)LINES;
    t->cols = (unsigned)COLS;
}

void tty_blank(struct tty *t)
{
    if (t->page)
        return;
    /* clear, not erase: it does not depend on what ncurses believes to be on the screen. */
    clear();
    wnoutrefresh(stdscr);
    doupdate();
}

void tty_blank_rows(struct tty *t, unsigned row, unsigned n, unsigned cols)
{
    if (t->page)
        return;
    for (unsigned i = row; i < row + n && i < t->rows; i++) {
        move((int)i, 0);
        if (cols >= t->cols)
            clrtoeol();
        for (unsigned k = 0; k < cols && cols < t->cols; k++)
            addch(' ');
    }
    wnoutrefresh(stdscr);
    doupdate();
}

void tty_begin(struct tty *t)
{
    if (t->page)
        page_clear(t->page);
    else
        erase();
}

unsigned tty_cols(struct str safe)
{
    return text_cols(safe);
}

struct str tty_wrap(struct str *rest, unsigned cols)
{
    return text_wrap(rest, cols);
}

bool tty_alone(struct str safe)
{
    return glyph_kinds(safe) & GLYPH_UNSURE;
}

static void put_cell(const wchar_t *w, size_t n, attr_t attr, short pair)
{
    wchar_t one[CCHARW_MAX + 1] = {0};
    cchar_t c;

    memcpy(one, w, (n < CCHARW_MAX ? n : CCHARW_MAX) * sizeof *one);
    setcchar(&c, one, attr, pair, NULL);
    add_wch(&c);
}

static void put_glyph(struct tty *t, const struct glyph *g, enum tty_look look)
{
    if (g->way == GLYPH_ITSELF && g->c >= 0x80 && !t->explicit_bidi && translit_rtl(g->c))
        bidi(t, true);
    if (g->way == GLYPH_ITSELF)
        put_cell(g->w, g->n, t->attrs[look], t->pairs[look]);
    for (unsigned i = 0; g->way != GLYPH_ITSELF && i < g->n; i++)
        put_cell(g->w + i, 1, t->attrs[look], t->pairs[look]);
}

unsigned tty_put(struct tty *t, unsigned row, unsigned col, struct text s, unsigned cols,
                 enum tty_look look)
{
    struct glyph_reader r = {{s.s, s.n}, 0};
    struct glyph g;
    unsigned used = 0;

    if (row >= t->rows || col >= t->cols)
        return 0;
    if (cols > t->cols - col)
        cols = t->cols - col;
    if (row == t->rows - 1 && col + cols == t->cols && cols && !t->page)
        cols--; /* the last cell of the last row makes some terminals scroll */
    if (!t->page)
        move((int)row, (int)col);
    while (r.rest.n) {
        glyph_next(&r, &g);
        if (used + g.cols > cols)
            break;
        if (t->page)
            page_put(t->page, row, col + used, &g);
        else
            put_glyph(t, &g, look);
        used += g.cols;
    }
    return used;
}

void tty_focus(struct tty *t, unsigned row, unsigned col, struct text s, unsigned cols)
{
    if (t->attrs[TTY_FOCUS] != t->attrs[TTY_PLAIN] || t->pairs[TTY_FOCUS])
        tty_put(t, row, col, s, cols, TTY_FOCUS);
}

void tty_cursor(struct tty *t, unsigned row, unsigned col)
{
    if (!t->page && row < t->rows && col < t->cols)
        move((int)row, (int)col);
}

void tty_show(struct tty *t)
{
    if (t->page)
        return;
    wnoutrefresh(stdscr);
    doupdate();
}

static bool row_stands(unsigned row, unsigned cols)
{
    cchar_t a, b;

    for (unsigned i = 0; i < cols; i++) {
        mvwin_wch(curscr, (int)row, (int)i, &a);
        mvin_wch((int)row, (int)i, &b);
        if (memcmp(&a, &b, sizeof a))
            return false;
    }
    return true;
}

void tty_show_rows(struct tty *t, unsigned row, unsigned n)
{
    int y, x;

    if (t->page)
        return;
    getyx(stdscr, y, x);
    for (unsigned i = row; i < row + n && i < t->rows; i++) {
        WINDOW *w = row_stands(i, t->cols) ? NULL : newwin(1, (int)t->cols, (int)i, 0);

        if (!w)
            continue;
        wnoutrefresh(w);
        doupdate();
        copywin(stdscr, w, (int)i, 0, 0, 0, 0, (int)t->cols - 1, FALSE);
        wmove(w, 0, 0);
        wnoutrefresh(w);
        doupdate();
        delwin(w);
    }
    move(y, x);
}

void tty_redraw(struct tty *t)
{
    if (!t->page)
        clearok(curscr, TRUE);
}
