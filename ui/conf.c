/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ui/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/intl.h"
#include "base/mem.h"
#include "ui/keys.h"

static const int fixed[] = {KEYS_ENTER, 'q', KEYS_ESC, 'C' - '@'};

/* --- reading ---------------------------------------------------------------------------------- */

static void fault(struct conf *c, enum conf_fault f, unsigned line, struct str word)
{
    c->faults++;
    if (c->fault)
        return;
    c->fault = f;
    c->line = line;
    snprintf(c->word, sizeof c->word, "%.*s", word.n < sizeof c->word ? (int)word.n : (int)sizeof c->word - 1,
             word.n ? word.p : "");
    for (char *p = c->word; *p; p++) /* any bytes at all may stand in a file */
        if (*p < ' ' || *p > '~')
            *p = '?';
}

static struct str next_word(struct str *rest)
{
    struct str word;

    *rest = str_trim(*rest);
    for (size_t i = 0; i < rest->n; i++)
        if (rest->p[i] == ' ' || rest->p[i] == '\t') {
            word = (struct str){rest->p, i};
            *rest = str_trim((struct str){rest->p + i, rest->n - i});
            return word;
        }
    word = *rest;
    *rest = (struct str){0};
    return word;
}

static const struct command *command_of(struct str id)
{
    unsigned n;
    const struct command *c = command_table(&n);

    for (unsigned i = 0; i < n; i++)
        if (str_is(id, c[i].id))
            return &c[i];
    return NULL;
}

static bool is_fixed(int key)
{
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (fixed[i] == key)
            return true;
    return false;
}

#define QUESTIONS (ON_ASK | ON_STOP | ON_LOCK) /* there the table's own keys are in force, whatever a file says */

/* REQ: no file changes what answers a question. A class of keys (digits, letters, sections) is no key either. */
static bool may_change(const struct command *c)
{
    return c->where & ~QUESTIONS && c->keys[0] != '@';
}

static void add(struct conf *c, const struct command *command, int key, bool off)
{
    c->bind[c->n].c = command;
    c->bind[c->n].key = key;
    c->bind[c->n++].off = off;
}

/* All keys of a command but those that stay. */
static enum conf_fault unbind_all(struct conf *c, const struct command *command)
{
    struct str rest = str_of(command->keys);

    while (rest.p && rest.n) {
        int key = keys_code(str_split(&rest, ' '));

        if (is_fixed(key))
            continue;
        if (c->n == CONF_BINDS)
            return CONF_MANY;
        add(c, command, key, true);
    }
    return CONF_FINE;
}

/* bind COMMAND KEY..., unbind COMMAND [KEY...]; *word: what is wrong. The whole line holds, or none of it. */
static enum conf_fault keys_line(struct conf *c, struct str rest, bool off, struct str *word)
{
    struct str id = next_word(&rest);
    const struct command *command = command_of(id);
    unsigned before = c->n;
    enum conf_fault f = CONF_FINE;

    *word = id;
    if (!command)
        return CONF_NO_COMMAND;
    if (!may_change(command))
        return CONF_QUESTION;
    if (!rest.n)
        f = off ? unbind_all(c, command) : CONF_NO_KEY;
    while (rest.n && !f) {
        int key = keys_code(*word = next_word(&rest));

        f = !key ? CONF_NO_KEY : is_fixed(key) ? CONF_FIXED : c->n == CONF_BINDS ? CONF_MANY : CONF_FINE;
        if (!f)
            add(c, command, key, off);
    }
    if (f)
        c->n = before;
    return f;
}

static enum conf_fault theme_line(struct conf *c, struct str rest, bool off, struct str *word)
{
    (void)off;
    *word = next_word(&rest);
    if (!word->n || rest.n || word->n >= sizeof c->theme)
        return CONF_VALUE;
    for (size_t i = 0; i < word->n; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-", word->p[i]))
            return CONF_VALUE;
    memcpy(c->theme, word->p, word->n);
    c->theme[word->n] = '\0';
    return CONF_FINE;
}

static enum conf_fault mouse_line(struct conf *c, struct str rest, bool off, struct str *word)
{
    (void)off;
    *word = next_word(&rest);
    if (rest.n || (!str_is(*word, "on") && !str_is(*word, "off")))
        return CONF_VALUE;
    c->mouse = str_is(*word, "on");
    return CONF_FINE;
}

static const struct {
    const char *word;
    enum conf_fault (*take)(struct conf *c, struct str rest, bool off, struct str *word);
    bool off;
} lines[] = {
    {"bind", keys_line, false},
    {"unbind", keys_line, true},
    {"theme", theme_line, false},
    {"mouse", mouse_line, false},
};

static enum conf_fault take_line(struct conf *c, struct str line, struct str *word)
{
    struct str rest = line;

    *word = next_word(&rest);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (str_is(*word, lines[i].word))
            return lines[i].take(c, rest, lines[i].off, word);
    return CONF_NO_LINE;
}

void conf_parse(struct conf *c, struct str text)
{
    if (text.n > CONF_BYTES) {
        fault(c, CONF_LARGE, 0, (struct str){0});
        return;
    }
    for (unsigned n = 1; text.p && text.n; n++) {
        struct str line = str_trim(str_split(&text, '\n')), word = {0};
        enum conf_fault f = line.n && line.p[0] != '#' ? take_line(c, line, &word) : CONF_FINE;

        if (f)
            fault(c, f, n, word);
    }
}

void conf_read(struct conf *c)
{
    size_t n = 0;
    ssize_t k = 0;
    char *text;
    int fd;

    memset(c, 0, sizeof *c);
    if (!path_config("wardline.conf", c->path))
        return;
    fd = open(c->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return;
    c->found = true;
    text = fd < 0 ? NULL : mem_alloc(CONF_BYTES + 1);
    while (text && n <= CONF_BYTES && (k = read(fd, text + n, CONF_BYTES + 1 - n)) > 0)
        n += (size_t)k;
    if (!text || k < 0)
        fault(c, CONF_UNREADABLE, 0, (struct str){0});
    else
        conf_parse(c, (struct str){text, n});
    mem_free(text);
    if (fd >= 0)
        close(fd);
}

/* --- saying ----------------------------------------------------------------------------------- */

static const struct {
    enum conf_fault fault;
    const char *says;
} sentences[] = {
    {CONF_NO_LINE, N_("a line begins with bind, unbind, theme or mouse")},
    {CONF_NO_COMMAND, N_("no command is called that")},
    {CONF_NO_KEY, N_("no key is called that")},
    {CONF_FIXED, N_("this key stays what it is: it can neither be given nor taken")},
    {CONF_QUESTION, N_("the keys of this command cannot be changed")},
    {CONF_VALUE, N_("that cannot stand there")},
    {CONF_MANY, N_("too many keys, from here on")},
    {CONF_LARGE, N_("the file is too large: none of it was read")},
    {CONF_UNREADABLE, N_("the file cannot be read")},
};

bool conf_say(const struct conf *c, char *out, size_t n)
{
    const char *what = "";
    char where[40] = "", word[50] = "", more[80] = "";

    if (!c->fault)
        return false;
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++)
        if (sentences[i].fault == c->fault)
            what = _(sentences[i].says);
    if (c->line)
        snprintf(where, sizeof where, _(", line %u"), c->line);
    if (c->word[0])
        snprintf(word, sizeof word, "\"%s\": ", c->word);
    if (c->faults > 1)
        snprintf(more, sizeof more, P_(" (and %u more line)", " (and %u more lines)", c->faults - 1), c->faults - 1);
    snprintf(out, n, "wardline.conf%s: %s%s%s", where, word, what, more);
    return true;
}

int conf_check(char *out, size_t n)
{
    struct conf *c = mem_alloc(sizeof *c);
    int r;

    snprintf(out, n, "%s", "wardline.conf");
    if (!c)
        return 0;
    conf_read(c);
    r = !c->found ? 0 : c->fault ? -1 : 1;
    if (!conf_say(c, out, n))
        snprintf(out, n, "%s", c->path);
    mem_free(c);
    return r;
}

/* --- finding ---------------------------------------------------------------------------------- */

/* The last line about this command and this key: 1 bound, -1 unbound, 0 none. */
static int said_of(const struct conf *c, const struct command *command, int key)
{
    for (unsigned i = c->n; i-- > 0;)
        if (c->bind[i].c == command && c->bind[i].key == key)
            return c->bind[i].off ? -1 : 1;
    return 0;
}

const struct command *conf_find(const struct conf *c, uint64_t where, int key, int *arg)
{
    unsigned n;
    const struct command *all = command_table(&n);

    if (where & QUESTIONS)
        return command_find(where, key, arg);
    for (unsigned i = c->n; i-- > 0;)
        if (c->bind[i].key == key && c->bind[i].c->where & where && said_of(c, c->bind[i].c, key) > 0) {
            *arg = c->bind[i].c->arg;
            return c->bind[i].c;
        }
    for (unsigned i = 0; i < n; i++)
        if (all[i].where & where && command_takes(&all[i], key, arg) && said_of(c, &all[i], key) >= 0)
            return &all[i];
    return NULL;
}

const char *conf_keys(const struct conf *c, const struct command *command, struct arena *a)
{
    struct str rest = str_of(command->keys);
    struct buf b;
    char room[16];
    const char *out;
    bool some = false;

    for (unsigned i = 0; i < c->n; i++)
        some = some || c->bind[i].c == command;
    if (!some)
        return command_keys(command);
    buf_init(&b, 1024);
    for (unsigned i = 0; i < c->n; i++) /* its own first: the key bar shows that one */
        if (c->bind[i].c == command && said_of(c, command, c->bind[i].key) > 0) {
            buf_adds(&b, b.n ? " " : "");
            buf_adds(&b, keys_name(c->bind[i].key, room));
        }
    while (rest.p && rest.n) {
        struct str name = str_split(&rest, ' ');

        if (said_of(c, command, keys_code(name)) == 0) {
            buf_adds(&b, b.n ? " " : "");
            buf_addstr(&b, name);
        }
    }
    out = arena_dup(a, b.n ? b.p : "", b.n);
    buf_fini(&b);
    return out ? out : command->keys;
}
