/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Preloaded under wardline by tests of what happens while somebody unlocks: behind the derivation it makes the file
 * $PAUSE_KDF.at and waits for $PAUSE_KDF.go.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int pwhash(unsigned char *, unsigned long long, const char *, unsigned long long, const unsigned char *,
                   unsigned long long, size_t, int);
static char at[2048], go[2048];

__attribute__((constructor)) static void begin(void)
{
    const char *s = getenv("PAUSE_KDF"); /* wardline keeps little of its environment */

    snprintf(at, sizeof at, "%s.at", s ? s : "");
    snprintf(go, sizeof go, "%s.go", s ? s : "");
}

int crypto_pwhash(unsigned char *const out, unsigned long long n, const char *const passphrase, unsigned long long length,
                  const unsigned char *const salt, unsigned long long passes, size_t memory, int algorithm)
{
    pwhash *real;
    void *found = dlsym(RTLD_NEXT, "crypto_pwhash");
    int r;

    memcpy(&real, &found, sizeof real);
    r = real(out, n, passphrase, length, salt, passes, memory, algorithm);
    close(open(at, O_WRONLY | O_CREAT, 0600));
    while (access(go, F_OK))
        usleep(5000);
    return r;
}
