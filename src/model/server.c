/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "model/server.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/intl.h"
#include "base/limits.h"
#include "model/priv.h"

#define SERVER_ARENA ((size_t)64 << 20)

/* --- the question ------------------------------------------------------------------------------- */

/* A value of a search parameter (R4 search.html 3.1.1.4): its own marks by a backslash, then percent-encoded. */
static void add_value(struct buf *url, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (strchr("\\,|$", c ? c : 'x'))
            buf_adds(url, "%5C");
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-._~", c)))
            buf_addc(url, (char)c);
        else
            buf_addf(url, "%%%02X", c);
    }
}

static bool has_digit(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= '0' && s.p[i] <= '9')
            return true;
    return false;
}

/* "1984", "1984-02", "1984-02-03", "03-Feb-1984"; as R4 writes it. */
static bool birth_date(struct str w, char out[40])
{
    struct str rest = w, a = str_split(&rest, '-'), b = rest.p ? str_split(&rest, '-') : STR("");
    char name[16] = ""; /* of the month, as date_month takes it */
    int64_t day, year;
    struct date d;
    int month;

    for (size_t i = 0; i < b.n && b.n < sizeof name; i++)
        name[i] = b.p[i] >= 'A' && b.p[i] <= 'Z' ? (char)(b.p[i] + 'a' - 'A') : b.p[i];
    if (rest.n == 4 && str_int(a, 1, 31, &day) && str_int(rest, 1000, 9999, &year) &&
        (month = date_month(str_of(name))) > 0) {
        snprintf(out, 40, "%04d-%02d-%02d", (int)year, month, (int)day);
        return true;
    }
    if (w.n > 10 || !date_parse(w, &d) || d.year < 1850 || d.year > 2150)
        return false;
    snprintf(out, 40, "%.*s", STR_ARG(w));
    return true;
}

int model_server_query(struct str filter, struct buf *url, struct err *e)
{
    struct str rest = str_trim(filter);
    char birth[40];
    bool any = false;

    buf_clear(url);
    buf_adds(url, "Patient?");
    while (rest.n) {
        size_t n = 0;
        struct str w;

        while (n < rest.n && rest.p[n] != ' ' && rest.p[n] != ',')
            n++;
        w = (struct str){rest.p, n};
        rest = n < rest.n ? (struct str){rest.p + n + 1, rest.n - n - 1} : STR("");
        if (!w.n)
            continue;
        any = true;
        if (birth_date(w, birth))
            buf_addf(url, "birthdate=%s", birth);
        else {
            buf_adds(url, has_digit(w) ? "identifier=" : "name=");
            add_value(url, w);
        }
        buf_addc(url, '&');
    }
    buf_addf(url, "_count=%u&_total=accurate", MODEL_SERVER_MAX);
    if (!any)
        return err_set(e, ERR_INPUT, 0, 0, "filter");
    return url->failed ? err_set(e, url->failed, 0, LIMIT_URL_BYTES, "filter") : ERR_OK;
}

/* --- the answer --------------------------------------------------------------------------------- */

static int read_entry(struct model *m, const struct tape *bundle, tape_at resource, struct model_server *out,
                      struct err *e)
{
    struct model_listed x = {.origin = STORE_SERVER, .booked_ms = FHIR_NO_DATE};
    struct str id = tape_plain(bundle, tape_get(bundle, resource, "id"));
    struct tape t;
    int code;

    if (!tape_str_is(bundle, tape_get(bundle, resource, "resourceType"), "Patient") || !str_is_id(id))
        return ERR_OK; /* an OperationOutcome that comes along */
    if ((code = tape_parse(&t, tape_raw(bundle, resource), e)))
        return code;
    snprintf(x.chart, sizeof x.chart, "%.*s", STR_ARG(id));
    code = model_listed_fill(m, &x, &t, STR(""), 0, &out->arena, &out->rows[out->n]);
    /* REQ: whose chart is here is told from whose is not. */
    out->here[out->n] = !store_has(m->store, STR("Patient"), id, STR("")) ? MODEL_HERE_NOT
                        : model_demanded(m, id)                           ? MODEL_HERE_PART
                                                                          : MODEL_HERE;
    out->n += !code;
    tape_fini(&t);
    return code;
}

const char *model_here_words(enum model_here h)
{
    static const char *const words[] = {N_("ON SERVER, NOT HERE"), N_("here in part: NOT FETCHED in full"),
                                        N_("kept here")};

    return _(words[h]);
}

static void head(struct model *m, int64_t total, struct model_server *out)
{
    int64_t now = clock_wall_ms(&m->clock);
    char when[DATE_TEXT_MAX];
    const char *at;

    date_short(now, date_today(now).year, when);
    at = strrchr(when, ' ') ? strrchr(when, ' ') + 1 : when;
    if (!out->n)
        out->head = text_own(arena_fmt(&out->arena, _("none on the server either, searched %s"), at));
    else if (total > out->n)
        out->head = text_own(arena_fmt(&out->arena, _("%u of %lld on the server, asked %s: type more to see fewer"),
                                       out->n, (long long)total, at));
    else
        out->head = text_own(arena_fmt(&out->arena,
                                       P_("%u on the server, asked %s", "%u on the server, asked %s", out->n), out->n,
                                       at));
}

int model_server_read(struct model *m, struct str body, struct model_server *out, struct err *e)
{
    int64_t total = 0;
    struct tape t;
    tape_at list;
    int code = tape_parse(&t, body, e);

    memset(out, 0, sizeof *out);
    arena_init(&out->arena, SERVER_ARENA);
    if (!code && !tape_str_is(&t, tape_get(&t, 0, "resourceType"), "Bundle"))
        code = err_set(e, ERR_NOTFHIR, 0, 0, "Patient");
    out->rows = arena_alloc(&out->arena, MODEL_SERVER_MAX * sizeof *out->rows);
    out->here = arena_alloc(&out->arena, MODEL_SERVER_MAX * sizeof *out->here);
    if (!code && (!out->rows || !out->here))
        code = err_set(e, ERR_NOMEM, 0, 0, "server");
    list = tape_get(&t, 0, "entry");
    for (tape_at i = tape_first(&t, list); !code && i != TAPE_NONE && out->n < MODEL_SERVER_MAX;
         i = tape_next(&t, list, i))
        code = read_entry(m, &t, tape_get(&t, i, "resource"), out, e);
    str_int(tape_lexeme(&t, tape_get(&t, 0, "total")), 0, INT32_MAX, &total);
    if (!code)
        head(m, total, out);
    if (!code && out->arena.failed)
        code = err_set(e, ERR_NOMEM, 0, 0, "server");
    tape_fini(&t);
    if (code)
        model_server_fini(out);
    return code;
}

void model_server_fini(struct model_server *s)
{
    arena_fini(&s->arena);
    memset(s, 0, sizeof *s);
}
