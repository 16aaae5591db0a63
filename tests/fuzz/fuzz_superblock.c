/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One copy of the superblock from a file that anybody may have written. The torn-write hash is made to fit,
 * or no input would get past it. What is taken over must write back the same bytes; a KDF is only ever
 * called within its bounds.
 */
#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "store/seal_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static const unsigned char dek[CRYPT_KEY] = {2};
    unsigned char b[SEAL_SUPER] = {0}, again[SEAL_SUPER];
    struct seal_super s, t;
    struct seal_keys *k;
    int raw, code;

    memcpy(b, p, n < sizeof b ? n : sizeof b);
    raw = seal_super_parse(b, &s);
    crypt_hash(b + SEAL_SUPER - CRYPT_HASH, b, SEAL_SUPER - CRYPT_HASH, NULL);
    code = seal_super_parse(b, &s);
    FUZZ_MUST(raw == ERR_DAMAGED || raw == code);
    FUZZ_MUST(code == ERR_OK || code == ERR_DAMAGED || code == ERR_VERSION);
    if (code == ERR_VERSION)
        FUZZ_MUST(s.reader > SEAL_VERSION);
    if (code)
        return 0;
    k = seal_keys_new(dek, s.file_id);
    FUZZ_MUST(k && !seal_super_verify(b, k)); /* nobody made its keyed hash by chance */
    for (unsigned i = 0; i < SEAL_SLOTS; i++)
        if (!crypt_kdf_allowed(&s.slot[i].kdf))
            FUZZ_MUST(seal_slot_unwrap(&s.slot[i], i, s.file_id, NULL, NULL) == ERR_DAMAGED);
    seal_super_write(again, &s, k);
    FUZZ_MUST(seal_super_verify(again, k) && seal_super_parse(again, &t) == ERR_OK);
    FUZZ_MUST(!memcmp(again, b, 96) && !memcmp(again + 128, b + 128, SEAL_SLOTS * SEAL_SLOT));
    FUZZ_MUST(!memcmp(&s.slot, &t.slot, sizeof s.slot) && s.generation == t.generation && s.version == t.version);
    seal_keys_free(k);
    return 0;
}
