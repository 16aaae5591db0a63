/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One question to the profile's server, for doctor: GET metadata, and what its answer tells.
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

#endif
