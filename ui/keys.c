/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ui/keys.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

static const struct {
    const char *name;
    int key;
} names[] = {
    {"Enter", KEYS_ENTER},       {"Tab", KEYS_TAB},
    {"Shift-Tab", KEYS_BACKTAB}, {"Space", ' '},
    {"Esc", KEYS_ESC},           {"Up", KEYS_UP},
    {"Down", KEYS_DOWN},         {"Left", KEYS_LEFT},
    {"Right", KEYS_RIGHT},       {"PgUp", KEYS_PGUP},
    {"PgDn", KEYS_PGDN},         {"Home", KEYS_HOME},
    {"End", KEYS_END},           {"Ins", KEYS_INSERT},
    {"Del", KEYS_DELETE},        {"Backspace", KEYS_BACKSPACE},
    {"Click", KEYS_CLICK},       {"WheelUp", KEYS_WHEEL_UP},
    {"WheelDown", KEYS_WHEEL_DOWN},
};

/* XTerm Control Sequences (PC-style and VT220-style function keys), console_codes(4), VT100 user
 * guide 3. */
static const struct {
    const char *s;
    int key;
} ansi[] = {
    {"\033[A", KEYS_UP},    {"\033[B", KEYS_DOWN},    {"\033[C", KEYS_RIGHT},
    {"\033[D", KEYS_LEFT},  {"\033OA", KEYS_UP},      {"\033OB", KEYS_DOWN},
    {"\033OC", KEYS_RIGHT}, {"\033OD", KEYS_LEFT},    {"\033[H", KEYS_HOME},
    {"\033[F", KEYS_END},   {"\033OH", KEYS_HOME},    {"\033OF", KEYS_END},
    {"\033[1~", KEYS_HOME}, {"\033[4~", KEYS_END},    {"\033[7~", KEYS_HOME},
    {"\033[8~", KEYS_END},  {"\033[2~", KEYS_INSERT}, {"\033[3~", KEYS_DELETE},
    {"\033[5~", KEYS_PGUP}, {"\033[6~", KEYS_PGDN},   {"\033[Z", KEYS_BACKTAB},
    {"\033OM", KEYS_ENTER}, {"\033OP", KEYS_F1},      {"\033OQ", KEYS_F2},
    {"\033OR", KEYS_F3},    {"\033OS", KEYS_F4},      {"\033[11~", KEYS_F1},
    {"\033[12~", KEYS_F2},  {"\033[13~", KEYS_F3},    {"\033[14~", KEYS_F4},
    {"\033[15~", KEYS_F5},  {"\033[17~", KEYS_F6},    {"\033[18~", KEYS_F7},
    {"\033[19~", KEYS_F8},  {"\033[20~", KEYS_F9},    {"\033[21~", KEYS_F10},
    {"\033[23~", KEYS_F11}, {"\033[24~", KEYS_F12},   {"\033[[A", KEYS_F1},
    {"\033[[B", KEYS_F2},   {"\033[[C", KEYS_F3},     {"\033[[D", KEYS_F4},
    {"\033[[E", KEYS_F5},
};

void keys_init(struct keys *k)
{
    memset(k, 0, sizeof *k);
    for (size_t i = 0; i < sizeof ansi / sizeof *ansi; i++)
        keys_add(k, ansi[i].s, ansi[i].key);
}

void keys_add(struct keys *k, const char *sequence, int key)
{
    size_t n = sequence ? strlen(sequence) : 0;

    if (n < 2 || n > KEYS_SEQ || sequence[0] != '\033' || k->n == KEYS_SEQS)
        return;
    for (unsigned i = 0; i < k->n; i++)
        if (k->seq[i].n == n && !memcmp(k->seq[i].s, sequence, n))
            return;
    memcpy(k->seq[k->n].s, sequence, n);
    k->seq[k->n].n = (unsigned)n;
    k->seq[k->n++].key = key;
}

/* A character's bytes wait for as long as the next one takes: on a slow line half of one is no key to be dropped, nor
 * is the last letter of a passphrase on a terminal that is not UTF-8. */
bool keys_waiting(const struct keys *k)
{
    return k->held_n > 0 && k->held[0] == '\033';
}

static void drop(struct keys *k)
{
    mem_zero(k->held, sizeof k->held); /* it may be part of a passphrase */
    k->held_n = 0;
}

/* Is what is held the beginning of a known sequence? *key is set when it is the whole of one. */
static bool begins(const struct keys *k, int *key)
{
    bool some = false;

    for (unsigned i = 0; i < k->n; i++) {
        if (k->seq[i].n < k->held_n || memcmp(k->seq[i].s, k->held, k->held_n))
            continue;
        some = true;
        if (k->seq[i].n == k->held_n)
            *key = k->seq[i].key;
    }
    return some;
}

/* ECMA-48 5.4: a control sequence ends at its final byte, 0x40 to 0x7e. */
static bool sequence_over(const struct keys *k)
{
    unsigned char last = (unsigned char)k->held[k->held_n - 1];

    if (k->held_n == sizeof k->held)
        return true;
    if (k->held[1] == '[')
        return k->held_n > 2 && last >= 0x40 && last <= 0x7e;
    return k->held[1] != 'O' || k->held_n > 2;
}

/* ESC [ < button ; column ; row M: a button was pressed or the wheel turned (XTerm Control Sequences, SGR 1006).
 * Buttons with Shift, Meta or Ctrl, releases (m), drags and any other: nothing. */
static int mouse_key(struct keys *k)
{
    static const struct {
        int64_t button;
        int key;
    } buttons[] = {{0, KEYS_CLICK}, {64, KEYS_WHEEL_UP}, {65, KEYS_WHEEL_DOWN}};
    struct str rest = {k->held + 3, k->held_n > 4 ? k->held_n - 4 : 0}, b = str_split(&rest, ';'),
        x = str_split(&rest, ';');
    int64_t button, col, row;

    if (!k->mouse || k->held_n < 9 || memcmp(k->held, "\033[<", 3) || k->held[k->held_n - 1] != 'M' ||
        !str_int(b, 0, 255, &button) || !str_int(x, 1, 9999, &col) || !str_int(rest, 1, 9999, &row))
        return 0;
    k->at_col = (unsigned)col - 1;
    k->at_row = (unsigned)row - 1;
    for (size_t i = 0; i < sizeof buttons / sizeof *buttons; i++)
        if (buttons[i].button == button)
            return buttons[i].key;
    return 0;
}

static unsigned feed_sequence(struct keys *k, unsigned char byte, int *out)
{
    int key = 0;

    if (byte == '\033') { /* a new one begins; the old was Esc, or garbage */
        unsigned n = k->held_n == 1;

        out[0] = KEYS_ESC;
        k->held_n = 1;
        return n;
    }
    if (byte < ' ' || byte == 0x7f) { /* no sequence goes on with a control: hand both over */
        unsigned n = 0;

        if (k->held_n == 1)
            out[n++] = KEYS_ESC;
        drop(k);
        return n + keys_feed(k, byte, out + n);
    }
    k->held[k->held_n++] = (char)byte;
    if ((begins(k, &key) || !sequence_over(k)) && !key)
        return 0;
    if (!key)
        key = mouse_key(k);
    drop(k); /* with key = 0: a whole sequence that means nothing here */
    out[0] = key;
    return key != 0;
}

static unsigned feed_utf8(struct keys *k, unsigned char byte, int *out)
{
    unsigned char lead;
    unsigned want;
    uint32_t c;
    unsigned n = 0;

    if (k->held_n && (byte & 0xc0) != 0x80) { /* the character broke off */
        unsigned char old = (unsigned char)k->held[0];

        drop(k);
        out[n++] = KEYS_BYTE + old;
        return n + keys_feed(k, byte, out + n);
    }
    k->held[k->held_n++] = (char)byte;
    lead = (unsigned char)k->held[0];
    want = lead >= 0xf0 && lead < 0xf5 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 1;
    if (lead >= 0xf5)
        want = 1;
    if (k->held_n < want)
        return 0;
    if (text_decode((struct str){k->held, k->held_n}, &c) == k->held_n && c != TEXT_BAD)
        out[n++] = (int)c;
    else
        out[n++] = KEYS_BYTE + byte;
    drop(k);
    return n;
}

unsigned keys_feed(struct keys *k, unsigned char byte, int *out)
{
    if (k->held_n && k->held[0] == '\033')
        return feed_sequence(k, byte, out);
    if (byte >= 0x80 || k->held_n)
        return feed_utf8(k, byte, out);
    if (byte == '\033') {
        k->held[k->held_n++] = (char)byte;
        return 0;
    }
    if (!byte)
        return 0;
    out[0] = byte == '\n' ? KEYS_ENTER : byte == '\b' ? KEYS_BACKSPACE : byte;
    return 1;
}

unsigned keys_timeout(struct keys *k, int *out)
{
    unsigned n = k->held_n == 1 && keys_waiting(k);

    out[0] = KEYS_ESC;
    if (keys_waiting(k))
        drop(k);
    return n;
}

int keys_code(struct str name)
{
    int64_t f;

    if (name.n == 1 && name.p[0] > ' ' && name.p[0] < 0x7f)
        return name.p[0];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_is(name, names[i].name))
            return names[i].key;
    if (name.n == 6 && str_starts(name, "Ctrl-") && name.p[5] >= 'A' && name.p[5] <= 'Z')
        return name.p[5] - 'A' + 1;
    if (name.n >= 2 && name.p[0] == 'F' && str_int((struct str){name.p + 1, name.n - 1}, 1, 12, &f))
        return KEYS_F1 + (int)f - 1;
    return 0;
}

const char *keys_name(int key, char room[16])
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].key == key)
            return names[i].name;
    room[0] = '\0';
    if (key > ' ' && key < 0x7f)
        snprintf(room, 16, "%c", key);
    else if (key > 0 && key <= 26)
        snprintf(room, 16, "Ctrl-%c", 'A' + key - 1);
    else if (key >= KEYS_F1 && key <= KEYS_F12)
        snprintf(room, 16, "F%d", key - KEYS_F1 + 1);
    return room;
}

size_t keys_utf8(int key, char out[4])
{
    if (key >= KEYS_BYTE + 0x80 && key <= KEYS_BYTE + 0xff) {
        out[0] = (char)(key - KEYS_BYTE);
        return 1;
    }
    if (key < ' ' || key == 0x7f || key > 0x10ffff)
        return 0;
    if (key < 0x80) {
        out[0] = (char)key;
        return 1;
    }
    if (key < 0x800) {
        out[0] = (char)(0xc0 | key >> 6);
        out[1] = (char)(0x80 | (key & 0x3f));
        return 2;
    }
    if (key < 0x10000) {
        out[0] = (char)(0xe0 | key >> 12);
        out[1] = (char)(0x80 | (key >> 6 & 0x3f));
        out[2] = (char)(0x80 | (key & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | key >> 18);
    out[1] = (char)(0x80 | (key >> 12 & 0x3f));
    out[2] = (char)(0x80 | (key >> 6 & 0x3f));
    out[3] = (char)(0x80 | (key & 0x3f));
    return 4;
}
