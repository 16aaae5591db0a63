/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "demo/priv.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void demo_answer_init(struct demo_response *r)
{
    *r = (struct demo_response){.status = 500};
    buf_init(&r->body, DEMO_ANSWER_BYTES);
}

void demo_outcome(struct jsonw *w, const char *severity, const char *code, struct str words)
{
    jsonw_open(w, '{');
    jsonw_key(w, "resourceType");
    jsonw_z(w, "OperationOutcome");
    jsonw_key(w, "issue");
    jsonw_open(w, '[');
    jsonw_open(w, '{');
    jsonw_key(w, "severity");
    jsonw_z(w, severity);
    jsonw_key(w, "code");
    jsonw_z(w, code);
    jsonw_key(w, "diagnostics"); /* HAPI; Helios says it in details.text */
    jsonw_str(w, words);
    jsonw_close(w, '}');
    jsonw_close(w, ']');
    jsonw_close(w, '}');
}

void demo_fail(struct demo_turn *t, int status, const char *code, const char *fmt, ...)
{
    struct jsonw w;
    struct buf words;
    char line[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    buf_init(&words, sizeof line);
    buf_adds(&words, line);
    t->r->status = status;
    t->r->etag[0] = t->r->location[0] = t->r->content_location[0] = t->r->last_modified[0] = 0;
    buf_clear(&t->r->body);
    jsonw_init(&w, &t->r->body);
    demo_outcome(&w, "error", code, buf_str(&words));
    buf_fini(&words);
}

const char *demo_status_line(int status, char out[48])
{
    static const struct {
        int status;
        const char *words;
    } known[] = {
        {200, "OK"},
        {201, "Created"},
        {204, "No Content"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {410, "Gone"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
    };
    const char *words = "";

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].status == status)
            words = known[i].words;
    snprintf(out, 48, "%d %s", status, words);
    return out;
}

void demo_etag(uint32_t number, char out[64])
{
    snprintf(out, 64, "W/\"%" PRIu32 "\"", number);
}

/* HAPI and Helios both take a tag without W/. */
bool demo_etag_is(struct str header, uint32_t number)
{
    char digits[16];

    snprintf(digits, sizeof digits, "%" PRIu32, number);
    while (header.p) {
        struct str tag = str_trim(str_split(&header, ','));

        if (str_is(tag, "*"))
            return true;
        if (str_starts(tag, "W/"))
            tag = (struct str){tag.p + 2, tag.n - 2};
        if (tag.n >= 2 && tag.p[0] == '"' && tag.p[tag.n - 1] == '"')
            tag = (struct str){tag.p + 1, tag.n - 2};
        if (str_is(tag, digits))
            return true;
    }
    return false;
}

static void http_date(int64_t ms, char out[40])
{
    static const char days[] = "SunMonTueWedThuFriSat",
                      months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t s = (time_t)(ms / 1000);
    struct tm tm;

    out[0] = 0;
    if (gmtime_r(&s, &tm)) /* never strftime: its names follow the locale */
        snprintf(out, 40, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + 3 * tm.tm_wday,
                 tm.tm_mday, months + 3 * tm.tm_mon, (tm.tm_year + 1900) % 10000, tm.tm_hour,
                 tm.tm_min, tm.tm_sec);
}

void demo_dated(struct demo_turn *t, int64_t ms)
{
    t->r->updated_ms = ms;
    http_date(ms, t->r->last_modified);
}

void demo_version_headers(struct demo_turn *t, const struct demo_resource *r,
                          const struct demo_version *v, enum demo_location where)
{
    bool relative = t->in_bundle; /* HAPI: in a transaction-response the location is relative */
    char at[sizeof t->r->location];

    demo_etag(v->number, t->r->etag);
    demo_dated(t, v->updated_ms);
    snprintf(at, sizeof at, "%.*s%s%s/%s/_history/%" PRIu32, relative ? 0 : (int)t->base.n,
             t->base.p, relative ? "" : "/", demo_type_name(r->type), r->id, v->number);
    if (t->in_bundle || where == DEMO_CREATED)
        memcpy(t->r->location, at, sizeof at);
    if (!t->in_bundle)
        memcpy(t->r->content_location, at, sizeof at);
}

bool demo_prefers(const struct demo_turn *t, const char *what)
{
    struct str rest = t->q->prefer;

    while (rest.p) {
        struct str one = str_split(&rest, ';');

        while (one.p) {
            struct str word = str_trim(str_split(&one, ','));

            if (str_is(word, what))
                return true;
        }
    }
    return false;
}
