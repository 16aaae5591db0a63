/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/push_priv.h"

/* One row a range of HTTP statuses. A status that did not come with FHIR is a proxy's or a portal's, who may have cut
 * off a request that the server is still carrying out. */
static const struct push_rule rules[] = {
    {200, 299, CLASS_DONE, CLASS_DOUBT, ""},
    {401, 401, CLASS_SIGNIN, CLASS_SIGNIN, "sign-in"},
    {403, 403, CLASS_REFUSED, CLASS_DOUBT, "forbidden"},
    {404, 404, CLASS_GONE, CLASS_DOUBT, "gone"},
    {405, 405, CLASS_REFUSED, CLASS_DOUBT, "not-supported"},
    {408, 408, CLASS_DOUBT, CLASS_DOUBT, ""},
    {409, 409, CLASS_CLASH, CLASS_DOUBT, "version"},
    {410, 410, CLASS_GONE, CLASS_DOUBT, "gone"},
    {412, 412, CLASS_CLASH, CLASS_DOUBT, "version"},
    {413, 413, CLASS_LARGE, CLASS_LARGE, "too-large"}, /* also a proxy's word: it passes nothing on */
    {429, 429, CLASS_AGAIN, CLASS_AGAIN, ""},
    {501, 501, CLASS_REFUSED, CLASS_DOUBT, "not-supported"},
    {500, 599, CLASS_DOUBT, CLASS_DOUBT, ""},
    {400, 499, CLASS_REFUSED, CLASS_DOUBT, "refused"},
};

const struct push_rule *sync_push_rule(int status)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (status >= rules[i].from && status <= rules[i].to)
            return &rules[i];
    return &rules[5]; /* no status that HTTP has: nobody knows */
}
