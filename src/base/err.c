/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/err.h"

#include <string.h>
#include <unistd.h>

static void (*fatal_undo)(void);

int err_set(struct err *e, int code, int sub, int64_t num, const char *what)
{
    if (!e)
        return code;
    *e = (struct err){.code = code, .sub = sub, .num = num};
    for (size_t i = 0; what && what[i] && i < sizeof e->what - 1; i++)
        e->what[i] = what[i] >= 0x20 && what[i] <= 0x7e ? what[i] : '?';
    return code;
}

int err_exit(int code)
{
    switch (code) {
    case ERR_OK:
        return 0;
#define ERR_CASE_(c, status)                                                                       \
    case c:                                                                                        \
        return status;
        ERR_TABLE(ERR_CASE_)
#undef ERR_CASE_
    default:
        return 70;
    }
}

const char *err_name(int code)
{
    switch (code) {
    case ERR_OK:
        return "ERR_OK";
#define ERR_CASE_(c, status)                                                                       \
    case c:                                                                                        \
        return #c;
        ERR_TABLE(ERR_CASE_)
#undef ERR_CASE_
    default:
        return "ERR_?";
    }
}

void err_on_fatal(void (*undo)(void))
{
    fatal_undo = undo;
}

_Noreturn void err_fatal(const char *where)
{
    static const char head[] = "wardline: bug: ";
    void (*undo)(void) = fatal_undo;

    fatal_undo = NULL;
    if (undo)
        undo();
    (void)!write(2, head, sizeof head - 1);
    (void)!write(2, where, strlen(where));
    (void)!write(2, "\n", 1);
    _exit(70);
}
