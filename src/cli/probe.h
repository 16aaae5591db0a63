/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * For doctor. One question to the profile's server: GET metadata, and what its answer tells. And where this machine's
 * memory may come to lie.
 */
#ifndef CLI_PROBE_H
#define CLI_PROBE_H

#include "cli/cli.h"

struct cli_probe {
    int code;                      /* ERR_OK: an answer came whole */
    struct err err;
    int status;
    bool https;
    int64_t date_ms, local_ms;     /* the server's Date, or 0; this clock when it came */
    uint64_t bytes_down, decoded;  /* of the answer, heads included; of its body */
    bool r4, batch;                /* CapabilityStatement: fhirVersion 4.0.x; a system interaction "batch" */
};
void cli_probe_server(struct cli_app *app, struct cli_probe *p);

/* How many of the swaps in use do not seal what is written to them, and the name of the first, in ASCII. -1: the system
 * does not tell. */
#define CLI_SWAP_BYTES 128
int cli_probe_swap(char plain[CLI_SWAP_BYTES]);

#endif
