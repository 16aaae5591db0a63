/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "demo/priv.h"

#include <stddef.h>

/* What servers do otherwise than the one that is copied here: one word each, by whose answers. */
static const struct {
    const char *word;
    size_t at; /* of its bool in struct demo_ways */
} words[] = {
    /* Medplum issue 5032: PUT of an id that is not there is 404, an OperationOutcome "not-found". */
    {"server-ids", offsetof(struct demo_ways, server_ids)},
    /* Medplum issue 7401: or 400, "Cannot perform create as update with client-assigned ID". */
    {"server-ids-400", offsetof(struct demo_ways, server_ids_400)},
    /* Helios 0.2.7 (measured): a conditional create that finds one is 200 without a Location. */
    {"no-location", offsetof(struct demo_ways, no_location)},
    /* MS fhir-server on Cosmos, issue 1467: 405 to a transaction; a batch is taken. */
    {"no-transaction", offsetof(struct demo_ways, no_transaction)},
    /* Helios 0.2.7 (measured) and the standard: a stale If-Match is 412, where HAPI says 409. */
    {"412", offsetof(struct demo_ways, precondition)},
    /* AWS HealthLake has the history of an instance alone; 501 is what Helios says of what it has not. */
    {"no-history", offsetof(struct demo_ways, no_history)},
};

bool demo_ways_read(struct str list, struct demo_ways *out)
{
    while (list.n) {
        struct str word = str_split(&list, ',');
        size_t i = 0;

        while (i < sizeof words / sizeof *words && !str_is(word, words[i].word))
            i++;
        if (i == sizeof words / sizeof *words)
            return false;
        *(bool *)((char *)out + words[i].at) = true;
    }
    return true;
}

struct demo_ways *demo_ways(struct demo *d)
{
    return &d->ways;
}
