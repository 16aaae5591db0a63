/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The one table of limits on what comes from outside. Reaching one is ERR_TOOBIG, never an abort.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#define LIMIT_PAGE_BYTES (32u << 20)     /* a page (Bundle), decoded; streamed, never kept whole */
#define LIMIT_RESOURCE_BYTES (8u << 20)  /* one resource */
#define LIMIT_ATTACHMENT_BYTES (256u << 20) /* one attachment; streamed, never kept whole in memory */
#define LIMIT_DEPTH 64                   /* nesting of JSON */
#define LIMIT_NODES 200000               /* values and members in one resource */
#define LIMIT_INFLATE_RATIO 200          /* decoded to received bytes, once past LIMIT_INFLATE_FREE */
#define LIMIT_INFLATE_FREE (1u << 20)    /* decoded bytes that no ratio is asked of */
#define LIMIT_HEADER_BYTES (64u << 10)   /* all header lines of one answer */
#define LIMIT_URL_BYTES 4096             /* a URL or a paging link */
#define LIMIT_ID_BYTES 64                /* a FHIR id: [A-Za-z0-9\-\.]{1,64} */
#define LIMIT_PAGES 100000               /* pages in one run of one kind */
#define LIMIT_RETRY_AFTER_S 86400        /* the longest wait a server may ask for: beyond, it is asked once a day */
#define LIMIT_SMALL_JSON (1u << 20)      /* documents for jansson: settings, cards, never clinical */
#define LIMIT_PASSPHRASE 1024            /* bytes */
#define LIMIT_PASSPHRASE_LEAST 8         /* characters of a new one (NIST SP 800-63B, 3.1.1.2: whatever they are) */
#define LIMIT_TX_ROWS 200                /* rows that one store transaction takes */
#define LIMIT_ASK_BYTES (96u << 10)      /* what one process asks another: a command with all its words */
#define LIMIT_ASK_WORDS 2048             /* words of it */
#define LIMIT_TEXT_CELL 4096             /* bytes of server text in one row of a list */

#endif
