/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What base/text.c makes of a server's text, for hostile.py: there must be no second sanitiser. A line of stdin is 't'
 * (a text of one line) or 'l' (line ends are kept) and the bytes in hexadecimal; a line of stdout is what text_safe_buf
 * gives, in hexadecimal.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

#define MOST (1 << 20)

static size_t unhex(const char *hex, char *out)
{
    size_t n = 0;
    unsigned byte;

    while (sscanf(hex + 2 * n, "%2x", &byte) == 1)
        out[n++] = (char)byte;
    return n;
}

int main(void)
{
    char *line = malloc(MOST), *bytes = malloc(MOST);

    if (!line || !bytes)
        return 2;
    while (fgets(line, MOST, stdin)) {
        struct buf b;
        size_t n = unhex(line + 1, bytes);

        buf_init(&b, MOST);
        if (text_safe_buf(&b, (struct str){bytes, n}, line[0] == 'l'))
            return 2;
        for (size_t i = 0; i < b.n; i++)
            printf("%02x", (unsigned char)b.p[i]);
        putchar('\n');
        buf_fini(&b);
    }
    free(line);
    free(bytes);
    return 0;
}
