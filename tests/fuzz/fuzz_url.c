/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The gate. Input: a base URL, LF, a link. Whatever passes must be the base's origin to curl, stay under its
 * path, carry no userinfo and nothing a request line could be split with, and pass again unchanged.
 */
#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <curl/curl.h>
#include <string.h>

#include "net/priv.h"

static void must_be(CURLU *u, CURLUPart part, unsigned flags, const char *want)
{
    char *got = NULL;

    if (curl_url_get(u, part, &got, flags))
        got = NULL;
    FUZZ_MUST(want ? got && !strcmp(got, want) : !got);
    curl_free(got);
}

static void look_at(const struct net_base *b, const char *out)
{
    char place[NET_ROOT_BYTES], *port, *path = NULL;
    size_t n = strlen(b->path);
    CURLU *u = curl_url();

    FUZZ_MUST(u && strlen(out) < LIMIT_URL_BYTES && !curl_url_set(u, CURLUPART_URL, out, 0));
    memcpy(place, b->place, sizeof place);
    port = strrchr(place, ':');
    *port++ = '\0';
    must_be(u, CURLUPART_SCHEME, 0, b->tls ? "https" : "http");
    must_be(u, CURLUPART_HOST, 0, place);
    must_be(u, CURLUPART_PORT, CURLU_DEFAULT_PORT, port);
    must_be(u, CURLUPART_USER, 0, NULL);
    must_be(u, CURLUPART_PASSWORD, 0, NULL);
    must_be(u, CURLUPART_ZONEID, 0, NULL);
    must_be(u, CURLUPART_FRAGMENT, 0, NULL);
    FUZZ_MUST(!curl_url_get(u, CURLUPART_PATH, &path, CURLU_URLDECODE) || !curl_url_get(u, CURLUPART_PATH, &path, 0));
    FUZZ_MUST(!strstr(path, "/../") && !strstr(path, "/..;") && (strlen(path) < 3 || strcmp(path + strlen(path) - 3, "/..")));
    curl_free(path);
    FUZZ_MUST(!curl_url_get(u, CURLUPART_PATH, &path, 0));
    FUZZ_MUST(!strncmp(path, b->path, n) && (!path[n] || path[n] == '/'));
    curl_free(path);
    curl_url_cleanup(u);
    for (const char *p = out; *p; p++)
        FUZZ_MUST((unsigned char)*p > 0x20 && (unsigned char)*p < 0x7f && *p != '\\');
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct str link = {(const char *)p, n}, first = str_split(&link, '\n');
    char base[1200], out[LIMIT_URL_BYTES], again[LIMIT_URL_BYTES];
    struct net_base b;
    struct err e = ERR_NONE;
    int code;

    if (first.n >= sizeof base)
        return 0;
    memcpy(base, first.p, first.n);
    base[first.n] = '\0';
    code = net_base_parse(base, &b, &e);
    FUZZ_MUST(code == ERR_OK || code == ERR_USAGE || code == ERR_HTTPS);
    if (code) /* a link is worth looking at also when the fuzzer has lost the base */
        FUZZ_MUST(!net_base_parse("https://fhir.clinic.example/fhir", &b, &e));
    FUZZ_MUST(b.tls || b.loopback);
    if (!net_base_gate(&b, link, out, &e)) {
        look_at(&b, out);
        FUZZ_MUST(!net_base_gate(&b, str_of(out), again, &e) && !strcmp(out, again));
    } else
        FUZZ_MUST(!*out);
    return 0;
}
