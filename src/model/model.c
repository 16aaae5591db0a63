/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "model/model.h"

#include <string.h>

static int setting(struct store *s, const char *name, char *out, size_t max, struct err *e)
{
    struct buf b;
    int code;

    buf_init(&b, max - 1);
    code = store_setting(s, name, &b, e);
    if (code == ERR_NOTFOUND)
        code = ERR_OK;
    if (!code && b.n)
        memcpy(out, b.p, b.n);
    out[code ? 0 : b.n] = '\0';
    buf_fini(&b);
    return code;
}

/* Is the host of a base URL this machine? */
static bool loopback(const char *base)
{
    static const char *const hosts[] = {"127.", "localhost", "[::1]"};
    const char *at = strstr(base, "://");

    for (size_t i = 0; at && i < sizeof hosts / sizeof *hosts; i++)
        if (!strncmp(at + 3, hosts[i], strlen(hosts[i])))
            return true;
    return false;
}

int model_init(struct model *m, struct store *s, const struct clock *clock, struct err *e)
{
    char auth[32] = "", demo[8] = "";
    int code;

    *m = (struct model){.store = s, .clock = *clock};
    if ((code = setting(s, "server", m->base, sizeof m->base, e)) ||
        (code = setting(s, "scope", m->scope, sizeof m->scope, e)) ||
        (code = setting(s, "auth", auth, sizeof auth, e)) ||
        (code = setting(s, "demo", demo, sizeof demo, e)))
        return code;
    m->demo = demo[0] && strcmp(demo, "0");
    m->unprotected = !strcmp(auth, "none") && m->base[0] && !loopback(m->base);
    return ERR_OK;
}
