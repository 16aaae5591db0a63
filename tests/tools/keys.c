/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * keys HOME, the passphrase on standard input: prints the store's data key and its sub-keys in hex, one a line, for tests
 * that look for them where they must not be.
 */
#include "config.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/path.h"
#include "store/seal_priv.h"
#include "store/store.h"

static void say(const unsigned char *p)
{
    for (int i = 0; i < CRYPT_KEY; i++)
        printf("%02x", p[i]);
    putchar('\n');
}

int main(int argc, char **argv)
{
    struct secret *passphrase, *dek;
    struct seal_keys *k = NULL;
    char path[PATH_MAX_BYTES];

    if (argc != 2 || crypt_init(NULL) || !(passphrase = secret_new(LIMIT_PASSPHRASE)) || !(dek = secret_new(CRYPT_KEY)) ||
        secret_read_line(passphrase, 0) || path_join(path, argv[1], STORE_FILE, NULL) ||
        seal_unlock_by(path, &(struct seal_proof){SEAL_FREE, passphrase}, &k, dek, NULL, NULL)) {
        fprintf(stderr, "keys: the store was not opened\n");
        return 2;
    }
    say(dek->p);
    for (int i = 1; i <= SEAL_SUBKEYS; i++)
        say(seal_key(k, (enum seal_key)i));
    seal_keys_free(k);
    secret_free(dek);
    secret_free(passphrase);
    return 0;
}
