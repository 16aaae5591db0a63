/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sums of content as it streams by: SHA-256, by which equal contents are known, and SHA-1, which FHIR states of an
 * attachment (R4, Attachment.hash). SHA-1 proves nothing against somebody who means harm: what came is compared with
 * what the same server said of it, no more.
 */
#ifndef CRYPT_DIGEST_H
#define CRYPT_DIGEST_H

#include <stddef.h>

#define CRYPT_SHA256 32
#define CRYPT_SHA1 20

struct crypt_digest;
struct crypt_digest *crypt_digest_new(void); /* NULL when there is no memory */
void crypt_digest_again(struct crypt_digest *d); /* as new */
void crypt_digest_add(struct crypt_digest *d, const void *p, size_t n);
/* Of all that was added; d is as new then. */
void crypt_digest_end(struct crypt_digest *d, unsigned char sha256[CRYPT_SHA256], unsigned char sha1[CRYPT_SHA1]);
void crypt_digest_free(struct crypt_digest *d); /* wipes; NULL is fine */

#endif
