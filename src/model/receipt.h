/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a sync left behind, and a receipt of it: how many changes the server has acknowledged and how many not, as two
 * people can compare them over a telephone. Counts alone: no patient is named. Reading: any thread.
 */
#ifndef MODEL_RECEIPT_H
#define MODEL_RECEIPT_H

#include "crypt/digest.h"
#include "model/model.h"

/* The last sync, whatever came of it (setting sync.last, sync/run.h); all 0: there was none. Times in ms of this
 * machine's clock, but for server_ms. */
struct model_last {
    int64_t started_ms, ended_ms;
    int64_t server_ms;   /* the server's Date when it had begun; 0: it did not answer */
    int64_t complete_ms; /* end of the last one in which every kind came whole; 0: never */
    int64_t requests, bytes_up, bytes_down, round_trips, pulled, pushed;
};
int model_last_read(struct model *m, struct model_last *out, struct err *e);

/* Changes that the server has not acknowledged, and since when the oldest of them waits. */
struct model_unsent {
    int64_t n, since_ms;
    int64_t queued, doubt, conflict, refused; /* operations; doubt: on the line, too */
};
int model_unsent(struct model *m, struct model_unsent *out, struct err *e);
/* "3 changes NOT SENT since 23-Nov 14:05", "" when n is 0; in a, NULL without memory. */
const char *model_unsent_words(const struct model *m, const struct model_unsent *x, struct arena *a);

#define MODEL_RECEIPT_WORDS 8
struct model_receipt {
    struct model_last last;
    struct model_unsent unsent;
    int64_t made_ms;
    int64_t acked, acked_ms;       /* how many the server acknowledged since the profile was made; the last of them */
    unsigned char hash[CRYPT_SHA256]; /* over all of those (store/ledger.h) */
    bool offset_known;
    int64_t offset_ms;             /* how far the server's clock was ahead of this one's, at the last sync */
    char words[MODEL_RECEIPT_WORDS][16]; /* of the hash; "": none was acknowledged, or the words are not here */
    char list[16];                 /* the date of the list that they are of; "": it is not here */
};
/* dir: the folder of words.tsv (path_data("receipt", dir)). */
int model_receipt(struct model *m, const char *dir, struct model_receipt *out, struct err *e);
/* "3 s behind the server's", "the same as the server's", "not known": of this clock. In a, NULL without memory. */
const char *model_offset_words(const struct model_receipt *r, struct arena *a);

#endif
