/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The gate. Prefix comparison of URLs has cost a FHIR library its tokens (CVE-2026-34359), so a link is
 * taken apart and compared piece by piece; and since two parsers that disagree are a hole of their own, the
 * parser is the one that will make the request (curl's), the pieces are asked again for what this file
 * itself can see, and what is requested is put together anew from pieces that passed.
 */
#include "config.h"

#include "net/net.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "net/priv.h"

/* The authority as it stands in the URL: a host of plain letters and an optional port. No '@', no '%', no
 * '\', nothing beyond ASCII (an international name must be given in its xn-- form). */
static bool plain_authority(struct str a)
{
    for (size_t i = 0; i < a.n; i++)
        if (!isalnum((unsigned char)a.p[i]) && !strchr(".-_:[]", a.p[i]))
            return false;
    return a.n > 0 && a.n < NET_HOST_BYTES;
}

static struct str authority_of(const char *url)
{
    const char *p = url + strcspn(url, ":/?#");

    if (strncmp(p, "://", 3))
        return (struct str){0};
    return (struct str){p + 3, strcspn(p + 3, "/?#")};
}

static bool copy_part(CURLU *u, CURLUPart which, unsigned flags, char *out, size_t cap)
{
    char *s = NULL;
    bool fits = false;

    if (!curl_url_get(u, which, &s, flags) && s && strlen(s) < cap) {
        memcpy(out, s, strlen(s) + 1);
        fits = true;
    }
    curl_free(s);
    return fits;
}

struct pieces {
    char scheme[16], host[NET_HOST_BYTES], port[8], path[LIMIT_URL_BYTES], query[LIMIT_URL_BYTES];
    bool has_query;
};

/* False unless curl and this file see the same host in it. */
static bool take_apart(const char *url, struct pieces *p)
{
    CURLU *u = curl_url();
    struct str a = authority_of(url);
    bool good = false;

    if (u && plain_authority(a) && !curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER) &&
        copy_part(u, CURLUPART_SCHEME, 0, p->scheme, sizeof p->scheme) &&
        copy_part(u, CURLUPART_HOST, 0, p->host, sizeof p->host) &&
        copy_part(u, CURLUPART_PORT, CURLU_DEFAULT_PORT, p->port, sizeof p->port) &&
        copy_part(u, CURLUPART_PATH, 0, p->path, sizeof p->path)) {
        size_t n = strlen(p->host);
        char zone[2];

        p->has_query = copy_part(u, CURLUPART_QUERY, 0, p->query, sizeof p->query);
        for (size_t i = 0; i < n; i++)
            p->host[i] = (char)tolower((unsigned char)p->host[i]);
        /* curl rewrites 0x7f.1 and [0::1]; such a host is written to be misread and passes nowhere. */
        good = n && n <= a.n && !strncasecmp(a.p, p->host, n) && (n == a.n || a.p[n] == ':') &&
               !copy_part(u, CURLUPART_ZONEID, 0, zone, sizeof zone);
    }
    curl_url_cleanup(u);
    return good;
}

/* Decodes %XX in place, once. True when something was decoded. */
static bool percent_decode(char *s)
{
    char *w = s;
    bool any = false;

    for (; *s; s++, w++) {
        if (*s == '%' && str_hex(s[1]) >= 0 && str_hex(s[2]) >= 0) {
            *w = (char)(str_hex(s[1]) * 16 + str_hex(s[2]));
            s += 2;
            any = true;
        } else
            *w = *s;
        if (!*w)
            *w = '/'; /* %00: whatever a server makes of it, here it divides */
    }
    *w = '\0';
    return any;
}

/* True when a path still climbs after any number of decodings: "%2e%2e", "%252e.", "..;x" (a path
 * parameter, which Java servers cut off), "..\". Plain ".." never arrives here: curl has resolved it. */
static bool climbs(const char *path)
{
    char s[LIMIT_URL_BYTES];

    snprintf(s, sizeof s, "%s", path);
    do {
        for (const char *p = s; *p; p += strcspn(p, "/\\"), p += strspn(p, "/\\")) {
            size_t n = strcspn(p, ";/\\");

            if ((n == 1 || n == 2) && p[0] == '.' && p[n - 1] == '.')
                return true;
        }
    } while (percent_decode(s));
    return false;
}

static bool is_default_port(const struct pieces *p)
{
    return !strcmp(p->port, !strcmp(p->scheme, "https") ? "443" : "80");
}

static bool is_loopback_host(const char *h)
{
    int dots = 0;

    if (!strcmp(h, "localhost") || !strcmp(h, "[::1]"))
        return true;
    if (strncmp(h, "127.", 4))
        return false;
    for (; *h; h++) {
        if (*h != '.' && !isdigit((unsigned char)*h))
            return false; /* 127.0.0.1.example.org */
        dots += *h == '.';
    }
    return dots == 3;
}

static bool plain_url(const char *url)
{
    for (const char *p = url; *p; p++)
        if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7f || strchr("\\\"<>^`{|}", *p))
            return false;
    return true;
}

int net_base_parse(const char *url, struct net_base *b, struct err *e)
{
    struct pieces *p = mem_alloc(sizeof *p);
    const char *wrong = NULL;
    int code = ERR_USAGE;
    size_t n;

    *b = (struct net_base){0};
    if (!p)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    if (strlen(url) >= sizeof b->path || !plain_url(url) || !take_apart(url, p))
        wrong = strchr(url, '@') ? "userinfo" : url;
    else if (p->has_query || strpbrk(url, "?#"))
        wrong = "?";
    else if (climbs(p->path))
        wrong = p->path;
    else if (strcmp(p->scheme, "https") && strcmp(p->scheme, "http"))
        wrong = url;
    else if (strcmp(p->scheme, "https") && !is_loopback_host(p->host)) {
        wrong = url; /* in clear only to this machine itself */
        code = ERR_HTTPS;
    }
    if (wrong) {
        err_set(e, code, 0, 0, wrong); /* before what it points into goes */
        mem_free(p);
        return code;
    }
    b->tls = !strcmp(p->scheme, "https");
    b->loopback = is_loopback_host(p->host);
    snprintf(b->root, sizeof b->root, "%s://%s%s%s", b->tls ? "https" : "http", p->host, is_default_port(p) ? "" : ":",
             is_default_port(p) ? "" : p->port);
    snprintf(b->place, sizeof b->place, "%s:%s", p->host, p->port);
    for (n = strlen(p->path); n && p->path[n - 1] == '/'; n--)
        ;
    memcpy(b->path, p->path, n);
    mem_free(p);
    return ERR_OK;
}

bool net_is_loopback(const char *base_url)
{
    struct net_base b;

    return !net_base_parse(base_url, &b, NULL) && b.loopback;
}

/* Appends the link's bytes, with those that no URL has but some servers write (blanks, UTF-8, a FHIR "\,"
 * in a query) percent-encoded. The fragment goes. False: a control character, '\' before the query, no room. */
static bool add_clean(char out[LIMIT_URL_BYTES], struct str link)
{
    size_t n = strlen(out);
    bool query = false;

    for (size_t i = 0; i < link.n && link.p[i] != '#'; i++) {
        unsigned char c = (unsigned char)link.p[i];

        query |= c == '?';
        if (c < 0x20 || c == 0x7f || (c == '\\' && !query) || n + 4 > LIMIT_URL_BYTES)
            return false;
        if (c > 0x7f || strchr(" \\\"<>^`{}", c))
            n += (size_t)snprintf(out + n, 4, "%%%02X", c);
        else
            out[n++] = (char)c;
        out[n] = '\0';
    }
    return true;
}

/* "ftp:", "https:", "urn:": a scheme before any of "/?#". */
static bool has_scheme(struct str link)
{
    for (size_t i = 0; i < link.n && !strchr("/?#", link.p[i]); i++)
        if (link.p[i] == ':')
            return true;
    return false;
}

/* RFC 3986 5.2 for a base that ends in '/'; "" and "?..." mean the base as it was given. */
static bool make_absolute(const struct net_base *b, struct str link, char out[LIMIT_URL_BYTES])
{
    *out = '\0';
    if (has_scheme(link))
        ;
    else if (str_starts(link, "//"))
        snprintf(out, LIMIT_URL_BYTES, "%s:", b->tls ? "https" : "http");
    else if (str_starts(link, "/"))
        snprintf(out, LIMIT_URL_BYTES, "%s", b->root);
    else
        snprintf(out, LIMIT_URL_BYTES, "%s%s%s", b->root, b->path,
                 link.n && link.p[0] != '?' && link.p[0] != '#' ? "/" : "");
    return add_clean(out, link);
}

static bool under_base(const struct net_base *b, const char *path)
{
    size_t n = strlen(b->path);

    return !strncmp(path, b->path, n) && (!path[n] || path[n] == '/') && !climbs(path);
}

int net_base_gate(const struct net_base *b, struct str link, char out[LIMIT_URL_BYTES], struct err *e)
{
    struct pieces *p;
    char origin[NET_ROOT_BYTES + 16] = "malformed";
    bool pass = false;
    int n;

    *out = '\0';
    if (link.n >= LIMIT_URL_BYTES)
        return err_set(e, ERR_TOOBIG, 0, LIMIT_URL_BYTES, "url");
    p = mem_alloc(sizeof *p);
    if (!p)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    if (make_absolute(b, link, out) && take_apart(out, p)) {
        char root[NET_ROOT_BYTES + 16];

        snprintf(origin, sizeof origin, "%s://%s:%s", p->scheme, p->host, p->port);
        snprintf(root, sizeof root, "%s://%s%s%s", p->scheme, p->host, is_default_port(p) ? "" : ":",
                 is_default_port(p) ? "" : p->port);
        pass = !strcmp(root, b->root) && under_base(b, p->path);
    }
    if (pass) {
        n = snprintf(out, LIMIT_URL_BYTES, "%s%s%s%s", b->root, p->path, p->has_query ? "?" : "",
                     p->has_query ? p->query : "");
        pass = n > 0 && n < LIMIT_URL_BYTES;
    }
    mem_free(p);
    if (pass)
        return ERR_OK;
    *out = '\0';
    return err_set(e, ERR_ORIGIN, 0, 0, origin);
}
