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
#include <wchar.h>

#include "base/mem.h"

struct tty {
    SCREEN *screen;
    unsigned rows, cols;
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

size_t tty_goodbye(char *out, size_t room)
{
    bool mine = !cur_term;
    int found;
    size_t n;

    if (!term_name_ok(getenv("TERM")) || (mine && setupterm(NULL, STDOUT_FILENO, &found) != OK))
        return 0;
    n = add_plain("sgr0", out, 0, room);
    n = add_plain("clear", out, n, room);
    n = add_plain("rmkx", out, n, room);
    n = add_plain("rmcup", out, n, room);
    if (mine)
        del_curterm(cur_term);
    return n;
}

/* Before ncurses sets its screen up: can this terminal address its cursor at all? initscr would
 * paint on TERM=dumb once, and then move nowhere. */
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
    *out = t;
    return ERR_OK;
}

void tty_suspend(struct tty *t)
{
    tty_blank(t);
    endwin();
    last.taken = 0;
}

void tty_resume(struct tty *t)
{
    last.taken = 1;
    tty_resized(t);
    tty_redraw(t);
}

void tty_close(struct tty *t)
{
    if (!t)
        return;
    tty_suspend(t);
    tcsetattr(STDIN_FILENO, TCSANOW, &last.before);
    delscreen(t->screen);
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

    (void)t;
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

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) || !w.ws_row || !w.ws_col)
        return;
    if (w.ws_row != t->rows || w.ws_col != t->cols)
        resizeterm(w.ws_row, w.ws_col);
    t->rows = (unsigned)LINES;
    t->cols = (unsigned)COLS;
}

void tty_blank(struct tty *t)
{
    (void)t;
    /* clear, not erase: it does not depend on what ncurses believes to be on the screen. */
    clear();
    wnoutrefresh(stdscr);
    doupdate();
}

void tty_blank_rows(struct tty *t, unsigned row, unsigned n, unsigned cols)
{
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
    (void)t;
    erase();
}

/* One character with the marks that sit on it; or one that the locale cannot show, spelled out as
 * <U+00E9>: never a silent '?'. */
struct cluster {
    wchar_t w[16];
    size_t n;
    unsigned cols;
    bool spelled;
};

static struct cluster next_cluster(struct str *safe)
{
    struct cluster k = {0};
    uint32_t c;
    size_t bytes = text_decode(*safe, &c);
    int w = c == TEXT_BAD ? -1 : wcwidth((wchar_t)c);

    safe->p += bytes;
    safe->n -= bytes;
    if (w <= 0) { /* a mark with nothing under it comes here too */
        char word[16];

        k.n =
            (size_t)snprintf(word, sizeof word, "<U+%04X>", c == TEXT_BAD ? 0xfffdu : (unsigned)c);
        for (size_t i = 0; i < k.n; i++)
            k.w[i] = (wchar_t)word[i];
        k.cols = (unsigned)k.n;
        k.spelled = true;
        return k;
    }
    k.w[k.n++] = (wchar_t)c;
    k.cols = (unsigned)w;
    while (safe->n && k.n < CCHARW_MAX) {
        bytes = text_decode(*safe, &c);
        if (c == TEXT_BAD || c < 0x300 || wcwidth((wchar_t)c) != 0)
            break;
        k.w[k.n++] = (wchar_t)c;
        safe->p += bytes;
        safe->n -= bytes;
    }
    return k;
}

unsigned tty_cols(struct str safe)
{
    unsigned all = 0;

    while (safe.n)
        all += next_cluster(&safe).cols;
    return all;
}

struct str tty_wrap(struct str *rest, unsigned cols)
{
    struct str before = *rest, line = text_wrap(rest, cols);

    for (unsigned narrow = cols; tty_cols(line) > cols && narrow > 2;) {
        narrow--;
        *rest = before;
        line = text_wrap(rest, narrow);
    }
    return line;
}

static void put_cell(const wchar_t *w, size_t n, attr_t attr)
{
    wchar_t one[CCHARW_MAX + 1] = {0};
    cchar_t c;

    memcpy(one, w, n * sizeof *one);
    setcchar(&c, one, attr, 0, NULL);
    add_wch(&c);
}

unsigned tty_put(struct tty *t, unsigned row, unsigned col, struct text s, unsigned cols,
                 enum tty_look look)
{
    static const attr_t attrs[] = {A_NORMAL, A_BOLD, A_REVERSE};
    struct str rest = {s.s, s.n};
    unsigned used = 0;

    if (row >= t->rows || col >= t->cols)
        return 0;
    if (cols > t->cols - col)
        cols = t->cols - col;
    if (row == t->rows - 1 && col + cols == t->cols && cols)
        cols--; /* the last cell of the last row makes some terminals scroll */
    move((int)row, (int)col);
    while (rest.n) {
        struct cluster k = next_cluster(&rest);

        if (used + k.cols > cols)
            break;
        if (k.spelled)
            for (size_t i = 0; i < k.n; i++)
                put_cell(k.w + i, 1, attrs[look]);
        else
            put_cell(k.w, k.n, attrs[look]);
        used += k.cols;
    }
    return used;
}

void tty_cursor(struct tty *t, unsigned row, unsigned col)
{
    if (row < t->rows && col < t->cols)
        move((int)row, (int)col);
}

void tty_show(struct tty *t)
{
    (void)t;
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
    (void)t;
    clearok(curscr, TRUE);
}
