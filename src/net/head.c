/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "net/net.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/date.h"
#include "net/priv.h"

static bool printable(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
            return false;
    return true;
}

/* The first of its name counts. One that does not fit or has a control character is as good as absent: half
 * an ETag in an If-Match would be a lie. */
static void keep(char *out, size_t cap, struct str value)
{
    if (!*out && value.n < cap && printable(value)) {
        memcpy(out, value.p, value.n);
        out[value.n] = '\0';
    }
}

static void keep_type(char *out, size_t cap, struct str value)
{
    size_t n = value.n < cap ? value.n : cap - 1;

    if (*out)
        return;
    for (size_t i = 0; i < n; i++) /* for messages too: printable ASCII */
        out[i] = (char)(value.p[i] > 0x20 && value.p[i] < 0x7f ? value.p[i] : value.p[i] == ' ' ? ' ' : '?');
    out[n] = '\0';
}

static int64_t capped(int64_t s)
{
    return s < 0 ? 0 : s > LIMIT_RETRY_AFTER_S ? LIMIT_RETRY_AFTER_S : s;
}

/* Microsoft's FHIR server says it in milliseconds beside Retry-After (fhir-server issue 1658). */
static int64_t retry_ms(struct str v)
{
    int64_t ms = 0;
    bool digits = v.n > 0;

    for (size_t i = 0; i < v.n; i++)
        digits = digits && isdigit((unsigned char)v.p[i]);
    if (!digits)
        return 0;
    if (!str_int(v, 0, LIMIT_RETRY_AFTER_S * INT64_C(1000), &ms))
        return LIMIT_RETRY_AFTER_S;
    return capped(ms / 1000 + (ms % 1000 != 0));
}

/* One parameter of a limit: 't=30', 'reset=30'. */
static bool parameter(struct str part, const char *name, const char *older, int64_t *out)
{
    struct str value = str_trim(part), key = str_split(&value, '=');

    key = str_trim(key);
    return (str_is(key, name) || str_is(key, older)) && value.p && str_int(str_trim(value), 0, INT64_MAX, out);
}

/* RateLimit (draft-ietf-httpapi-ratelimit-headers): '"default";r=0;t=30, "daily";r=5;t=80000', as Medplum's server
 * says it; in the drafts before the eighth 'limit=100, remaining=0, reset=30'. Where nothing remains, nothing is to be
 * asked until it is reset; where something does, it says nothing. */
static int64_t rate_limit(struct str v)
{
    int64_t longest = 0, left = -1, reset = 0;
    bool older = true;

    for (size_t i = 0; i < v.n; i++)
        older = older && v.p[i] != ';';
    while (v.n) {
        struct str limit = str_split(&v, ',');

        left = older ? left : -1;
        reset = older ? reset : 0;
        while (limit.n) {
            struct str part = str_split(&limit, ';');

            parameter(part, "r", "remaining", &left);
            parameter(part, "t", "reset", &reset);
        }
        if (!left && capped(reset) > longest)
            longest = capped(reset);
    }
    return longest;
}

/* Both forms of RFC 9110 10.2.3. The date form is measured against the server's own Date: no clock of ours
 * comes in unless there is none. */
static int64_t retry_after(struct str v, int64_t date_ms, const struct clock *clock)
{
    int64_t s = 0, at;
    size_t digits = 0;

    while (digits < v.n && isdigit((unsigned char)v.p[digits]))
        digits++;
    if (digits && digits == v.n) {
        if (!str_int(v, 0, LIMIT_RETRY_AFTER_S, &s))
            s = LIMIT_RETRY_AFTER_S;
    } else if (date_http(v, &at)) {
        int64_t ms = at - (date_ms ? date_ms : clock_wall_ms(clock));

        s = ms > 0 ? ms / 1000 + (ms % 1000 != 0) : 0;
    }
    return capped(s);
}

static int64_t longest_wait(const struct net_head_reader *h, const struct clock *clock)
{
    int64_t said = retry_after(str_of(h->retry_after), h->head.date_ms, clock), ms = retry_ms(str_of(h->retry_ms)),
            limit = rate_limit(str_of(h->rate_limit));

    said = ms > said ? ms : said;
    return limit > said ? limit : said;
}

/* "bytes 100-299/300"; a '*' for a size that is not known, or for a range that there is none of. */
static void content_range(struct net_head *h, struct str v)
{
    struct str unit = str_split(&v, ' '), first = str_split(&v, '-');

    if (h->part_from >= 0 || !str_is(unit, "bytes") || !v.p || !str_int(first, 0, INT64_MAX, &h->part_from))
        return;
    str_split(&v, '/');
    if (!v.p || !str_int(v, 0, INT64_MAX, &h->part_of))
        h->part_of = -1;
}

static bool is_name(struct str s, const char *name)
{
    return s.n == strlen(name) && !strncasecmp(s.p, name, s.n);
}

static void field(struct net_head_reader *h, struct str name, struct str value)
{
    static const struct {
        const char *name;
        size_t offset, cap;
    } kept[] = {
        {"etag", offsetof(struct net_head_reader, head.etag), sizeof h->head.etag},
        {"location", offsetof(struct net_head_reader, head.location), sizeof h->head.location},
        {"retry-after", offsetof(struct net_head_reader, retry_after), sizeof h->retry_after},
        {"x-ms-retry-after-ms", offsetof(struct net_head_reader, retry_ms), sizeof h->retry_ms},
        {"ratelimit", offsetof(struct net_head_reader, rate_limit), sizeof h->rate_limit},
    };

    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (strlen(kept[i].name) == name.n && !strncasecmp(kept[i].name, name.p, name.n))
            keep((char *)h + kept[i].offset, kept[i].cap, value);
    if (name.n == 16 && !strncasecmp(name.p, "content-encoding", 16)) {
        keep(h->encoding, sizeof h->encoding, value.n < sizeof h->encoding ? value : STR("too long"));
        h->encodings++;
    }
    if (is_name(name, "content-length") && h->head.length < 0 && !str_int(value, 0, INT64_MAX, &h->head.length))
        h->head.length = -1;
    if (is_name(name, "content-range"))
        content_range(&h->head, value);
    if (name.n == 12 && !strncasecmp(name.p, "content-type", 12))
        keep_type(h->head.content_type, sizeof h->head.content_type, value);
    if (name.n == 4 && !strncasecmp(name.p, "date", 4) && !h->head.date_ms && !date_http(value, &h->head.date_ms))
        h->head.date_ms = 0;
}

/* "HTTP/1.1 200 OK", "HTTP/2 200": 0 when there are no three digits. */
static int status_of(struct str line)
{
    int64_t status = 0;
    struct str rest = line;

    str_split(&rest, ' ');
    rest = str_trim(rest);
    return rest.n >= 3 && str_int((struct str){rest.p, 3}, 100, 999, &status) ? (int)status : 0;
}

int net_head_line(struct net_head_reader *h, struct str line, const struct clock *clock, bool *ended)
{
    struct str rest, name;

    *ended = false;
    h->bytes += line.n;
    if (h->bytes > LIMIT_HEADER_BYTES)
        return ERR_TOOBIG;
    if (h->whole)
        return ERR_OK; /* trailers of a chunked body: counted, never believed */
    rest = line;
    while (rest.n && (rest.p[rest.n - 1] == '\n' || rest.p[rest.n - 1] == '\r'))
        rest.n--;
    if (str_starts(rest, "HTTP/")) {
        h->head = (struct net_head){.status = status_of(rest), .length = -1, .part_from = -1, .part_of = -1};
        h->retry_after[0] = h->retry_ms[0] = h->rate_limit[0] = h->encoding[0] = '\0';
        h->encodings = 0;
        return ERR_OK;
    }
    if (!rest.n) {
        if (h->head.status < 200)
            return ERR_OK; /* 1xx: the real head is still to come */
        h->head.retry_after_s = longest_wait(h, clock);
        h->head.coded = h->encodings && strcasecmp(h->encoding, "identity");
        h->whole = *ended = true;
        return ERR_OK;
    }
    name = str_split(&rest, ':');
    if (rest.p && name.n && name.p[0] != ' ' && name.p[0] != '\t')
        field(h, name, str_trim(rest));
    return ERR_OK;
}
