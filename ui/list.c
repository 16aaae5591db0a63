/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ui/list.h"

#include <stdio.h>
#include <string.h>

#define LIST_LINE_BYTES 65536u
#define LIST_BYTES (64u << 20)
#define LIST_MAX 1000000u

void list_init(struct list *l)
{
    memset(l, 0, sizeof *l);
    arena_init(&l->arena, LIST_BYTES);
    vec_init(&l->lines, sizeof(struct text), LIST_MAX);
    vec_init(&l->first, sizeof(unsigned), LIST_MAX);
    vec_init(&l->looks, sizeof(enum tty_look), LIST_MAX);
}

void list_fini(struct list *l)
{
    vec_fini(&l->lines);
    vec_fini(&l->first);
    vec_fini(&l->looks);
    arena_fini(&l->arena);
    memset(l, 0, sizeof *l);
}

void list_clear(struct list *l, unsigned height)
{
    unsigned sel = l->sel, top = l->top, was = l->height, base = l->base;
    bool plain = l->plain;

    list_fini(l);
    list_init(l);
    l->realign = height != was;
    l->sel = sel;
    l->top = top;
    l->base = base;
    l->plain = plain;
    l->height = height ? height : 1;
}

/* Every line goes through the sanitiser again: what it joins is safe, and so is the sum; that way
 * no second place in the program makes struct text. */
static void add_line(struct list *l, unsigned indent, struct str lead, struct str body)
{
    struct text *line = vec_push(&l->lines);
    struct buf b;

    buf_init(&b, LIST_LINE_BYTES);
    if (lead.n)
        buf_addstr(&b, lead);
    for (unsigned at = tty_cols(lead); body.n && at < indent; at++)
        buf_addc(&b, ' ');
    buf_addstr(&b, body);
    if (line && !b.failed)
        *line = text_safe(&l->arena, buf_str(&b), 0);
    if (!line || b.failed || (b.n && !line->n))
        l->failed = true;
    buf_fini(&b);
}

void list_add(struct list *l, struct text lead, unsigned indent, struct text body, unsigned cols)
{
    unsigned *first = vec_push(&l->first);
    enum tty_look *look = first ? vec_push(&l->looks) : NULL;
    struct str head = {lead.s, lead.n}, rest = {body.s, body.n};

    if (!look) {
        l->failed = true;
        return;
    }
    *first = (unsigned)l->lines.n;
    *look = TTY_PLAIN;
    l->items++;
    if (indent + 20 > cols)
        indent = 2;
    while (head.n && (tty_cols(head) + 1 > indent || !rest.n || tty_alone(head))) {
        add_line(l, 0, tty_wrap(&head, cols), (struct str){0});
        if (!head.n && !rest.n)
            return;
    }
    do {
        add_line(l, indent, head, tty_wrap(&rest, cols - indent));
        head.n = 0;
    } while (rest.n && !l->failed);
}

void list_look(struct list *l, enum tty_look look)
{
    enum tty_look *last = vec_at(&l->looks, l->looks.n - 1);

    if (last)
        *last = look;
}

static enum tty_look look_of(const struct list *l, unsigned item)
{
    const enum tty_look *k = vec_at(&l->looks, item);

    return k ? *k : TTY_PLAIN;
}

static unsigned first_of(const struct list *l, unsigned item)
{
    const unsigned *f = vec_at(&l->first, item);

    return f ? *f : (unsigned)l->lines.n;
}

static unsigned tall(const struct list *l, unsigned item)
{
    return first_of(l, item + 1) - first_of(l, item);
}

unsigned list_lines(const struct list *l)
{
    return (unsigned)l->lines.n;
}

unsigned list_line_of(const struct list *l, unsigned item)
{
    return first_of(l, item);
}

uint64_t list_layout(const struct list *l)
{
    uint64_t h = l->items;

    for (unsigned i = 0; i < l->items; i++)
        h = (h ^ first_of(l, i + 1)) * UINT64_C(0x100000001b3);
    return h;
}

void list_visible(const struct list *l, unsigned *from, unsigned *to)
{
    unsigned room = l->height, i = l->top;

    *from = i;
    if (i < l->items) {
        unsigned k = tall(l, i) - l->skip;

        room -= k < room ? k : room;
        i++;
    }
    while (i < l->items && tall(l, i) <= room)
        room -= tall(l, i++);
    *to = i;
}

/* Moves the page by as little as it takes to show the selected item whole. */
static void show_selected(struct list *l)
{
    unsigned from, to;

    if (l->sel < l->top) {
        l->top = l->sel;
        l->skip = 0;
    }
    for (;;) {
        list_visible(l, &from, &to);
        if (l->sel < to || l->top >= l->sel)
            return;
        l->top++;
        l->skip = 0;
    }
}

/* The page that paging from the start would show the selected item on. */
static void align(struct list *l)
{
    unsigned from, to;

    for (l->top = l->phase <= l->sel ? l->phase : 0;; l->top = to) {
        list_visible(l, &from, &to);
        if (l->sel < to || to >= l->items)
            return;
    }
}

void list_settle(struct list *l)
{
    l->skip = 0;
    if (l->sel >= l->items)
        l->sel = l->items ? l->items - 1 : 0;
    if (l->realign)
        align(l);
    l->realign = false;
    if (l->top > l->sel)
        l->top = l->sel;
    show_selected(l);
}

void list_select(struct list *l, unsigned item)
{
    l->unmarked = false;
    if (item < l->items)
        l->sel = item;
    if (l->sel != l->top)
        l->skip = l->sel < l->top ? 0 : l->skip;
    show_selected(l);
}

void list_turn_to(struct list *l, unsigned line)
{
    unsigned item = 0;

    while (item + 1 < l->items && first_of(l, item + 1) <= line)
        item++;
    l->top = item;
    l->skip = 0;
    list_select(l, item);
}

void list_move(struct list *l, int by)
{
    if (l->unmarked && l->items) { /* the first move marks where the page begins */
        list_select(l, l->top);
        return;
    }
    /* Inside an item that is taller than the page: a line at a time. */
    if (by > 0 && l->sel == l->top && l->items && tall(l, l->top) - l->skip > l->height) {
        l->skip++;
        return;
    }
    if (by < 0 && l->sel == l->top && l->skip) {
        l->skip--;
        return;
    }
    if (by > 0 && l->sel + 1 < l->items)
        list_select(l, l->sel + 1);
    else if (by < 0 && l->sel)
        list_select(l, l->sel - 1);
}

static void page_up(struct list *l)
{
    unsigned room = l->height;

    if (l->skip) {
        l->skip -= l->skip < l->height ? l->skip : l->height;
        return;
    }
    while (l->top && tall(l, l->top - 1) <= room)
        room -= tall(l, --l->top);
    if (room == l->height && l->top) { /* the one above is taller than the page: show its end */
        l->top--;
        l->skip = tall(l, l->top) - l->height;
    }
    l->sel = l->top;
}

void list_page(struct list *l, int by)
{
    unsigned from, to;

    if (!l->items)
        return;
    if (by < 0) {
        if (!l->top && !l->skip)
            l->sel = 0;
        else
            page_up(l);
        return;
    }
    if (tall(l, l->top) - l->skip > l->height) {
        l->skip += l->height;
        l->sel = l->top;
        return;
    }
    list_visible(l, &from, &to);
    if (to >= l->items) {
        l->sel = l->items - 1;
        return;
    }
    l->top = l->sel = to;
    l->skip = 0;
}

bool list_at_end(const struct list *l)
{
    unsigned from, to;

    list_visible(l, &from, &to);
    return to >= l->items && (!l->items || tall(l, l->top) - l->skip <= l->height);
}

void list_pages(const struct list *l, unsigned *n, unsigned *m)
{
    unsigned all = (unsigned)l->lines.n, at = first_of(l, l->top) + l->skip, height = l->height ? l->height : 1;

    *m = all ? (all + height - 1) / height : 1;
    *n = at / height + (at % height != 0) + 1;
    if (list_at_end(l)) {
        if (*n > *m) /* pages that end with a blank row, because the next item did not fit */
            *m = *n;
        *n = *m;
    } else if (*n >= *m) {
        *m = *n + 1;
    }
}

void list_pages_of(const struct list *l, unsigned total, bool more, unsigned *n, unsigned *m)
{
    unsigned h = l->height ? l->height : 1, top = l->base + l->top;

    *m = total > h ? (total + h - 1) / h : 1;
    *n = (top + h - 1) / h + 1;
    if (list_at_end(l) && !more) {
        *m = *n > *m ? *n : *m;
        *n = *m;
    } else if (*n >= *m) {
        *m = *n + 1;
    }
}

static unsigned paint_item(const struct list *l, struct tty *t, unsigned item, unsigned row,
                           unsigned room)
{
    unsigned at = first_of(l, item) + (item == l->top ? l->skip : 0), end = first_of(l, item + 1);
    unsigned k;
    char number[8];

    if (item == l->sel && !l->unmarked)
        tty_put(t, row, 0, text_own(">"), 1, TTY_PLAIN);
    if (!l->plain && item - l->top < LIST_NUMBERS) { /* each stands once on a page, however high */
        snprintf(number, sizeof number, "%2u", list_number(l, item));
        tty_put(t, row, 1, text_own(number), 2, TTY_PLAIN);
    }
    for (k = 0; at + k < end && k < room; k++)
        tty_put(t, row + k, LIST_MARGIN, *(struct text *)vec_at(&l->lines, at + k), tty_columns(t),
                look_of(l, item));
    if (item == l->sel && !l->unmarked && at < end && room)
        tty_focus(t, row, LIST_MARGIN, *(struct text *)vec_at(&l->lines, at), LIST_FOCUS);
    return k;
}

void list_paint(struct list *l, struct tty *t, unsigned row)
{
    unsigned from, to, used = 0, focus = row;

    list_visible(l, &from, &to);
    for (unsigned i = from; i < to; i++) {
        if (i == l->sel)
            focus = row + used;
        used += paint_item(l, t, i, row + used, l->height - used);
    }
    /* The hardware cursor is what a braille line and a screen reader follow. */
    tty_cursor(t, focus, LIST_MARGIN);
    l->page_row = row;
    l->shown_row = focus;
    l->painted = from;
    l->painted_end = to;
}

unsigned list_number(const struct list *l, unsigned item)
{
    return (l->base + item + 1) % LIST_NUMBERS;
}

bool list_numbered(const struct list *l, unsigned number, unsigned *item)
{
    for (unsigned i = l->painted; !l->plain && i < l->painted_end && i - l->painted < LIST_NUMBERS; i++)
        if (list_number(l, i) == number) {
            *item = i;
            return true;
        }
    return false;
}

bool list_painted(const struct list *l)
{
    return l->sel >= l->painted && l->sel < l->painted_end;
}

bool list_at_row(const struct list *l, unsigned row, unsigned *item)
{
    unsigned line = first_of(l, l->shown_top) + l->shown_skip + row - l->page_row;

    for (unsigned i = l->painted; l->shown && row >= l->page_row && i < l->painted_end; i++)
        if (line >= first_of(l, i) && line < first_of(l, i + 1)) {
            *item = i;
            return true;
        }
    return false;
}

void list_forget(struct list *l)
{
    l->painted = l->painted_end = 0;
    l->shown = false;
}

static unsigned apart(unsigned a, unsigned b)
{
    return a > b ? a - b : b - a;
}

enum list_change list_change(const struct list *l)
{
    if (!l->shown)
        return LIST_OTHER;
    if (apart(l->top, l->shown_top) > 1 || apart(l->skip, l->shown_skip) > 1)
        return LIST_TURNS;
    return l->top == l->shown_top && l->skip == l->shown_skip && l->sel < l->shown_sel ? LIST_CLIMBS
                                                                                       : LIST_MOVES;
}

void list_shown(struct list *l)
{
    l->shown = true;
    l->shown_top = l->top;
    l->shown_skip = l->skip;
    l->shown_sel = l->sel;
}

void list_slid(struct list *l, const struct list *was)
{
    unsigned by = was->base - l->base; /* modulo 2^32, as are the sums */

    if (was->painted_end <= was->painted || was->base + was->painted < l->base)
        return;
    l->painted = was->painted + by;
    l->painted_end = was->painted_end + by;
    l->shown = was->shown && was->base + was->shown_top >= l->base;
    l->shown_top = was->shown_top + by;
    l->shown_sel = was->shown_sel + by;
    l->shown_skip = was->shown_skip;
    l->page_row = was->page_row;
    l->shown_row = was->shown_row;
}
