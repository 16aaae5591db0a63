/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Recovery codes: 160 random bits as 32 symbols of Crockford's base 32 and a check symbol. With the symbols as numbers
 * of GF(32), the check makes the sum of a^(i+1) * symbol i and itself zero: any one symbol misread, and any two
 * neighbours changed about, are noticed; and it is one of the same 32 symbols, unlike that of Crockford's modulo 37.
 */
#include "config.h"

#include "store/seal_priv.h"

#include <string.h>

#include "base/mem.h"
#include "store/slots.h"

static const char symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

#define DATA (SEAL_CODE * 8 / 5)
#define GROUP 4

_Static_assert(DATA + DATA / GROUP + 2 == STORE_CODE_BYTES, "a code's text");

/* In GF(32) over x^5 + x^2 + 1, of which x is a generator. */
static unsigned times_x(unsigned v)
{
    v <<= 1;
    return v & 32 ? v ^ 0x25 : v;
}

static unsigned check_of(const unsigned char v[DATA])
{
    unsigned sum = 0;

    for (int i = DATA - 1; i >= 0; i--)
        sum = times_x(sum ^ v[i]);
    return sum;
}

/* The value of a typed symbol, or -1. */
static int value_of(unsigned char c)
{
    const char *at;

    if (c >= 'a' && c <= 'z')
        c = (unsigned char)(c - 'a' + 'A');
    if (c == 'O')
        c = '0';
    if (c == 'I' || c == 'L')
        c = '1';
    at = c ? strchr(symbols, c) : NULL;
    return at ? (int)(at - symbols) : -1;
}

bool seal_code_parse(const struct secret *typed, struct secret *raw)
{
    unsigned char v[DATA];
    unsigned n = 0;
    int check = -1;
    bool fits;

    for (size_t i = 0; i < typed->n; i++) {
        int x = value_of(typed->p[i]);

        if (typed->p[i] == ' ' || typed->p[i] == '-')
            continue;
        if (x < 0 || check >= 0)
            n = DATA + 1;
        else if (n < DATA)
            v[n++] = (unsigned char)x;
        else
            check = x;
        if (n > DATA)
            break;
    }
    fits = n == DATA && check >= 0 && check_of(v) == (unsigned)check;
    if (fits && raw) {
        secret_set(raw, NULL, 0);
        for (unsigned bit = 0; bit < SEAL_CODE * 8; bit++)
            raw->p[bit / 8] |= (unsigned char)((v[bit / 5] >> (4 - bit % 5) & 1) << (7 - bit % 8));
        raw->n = SEAL_CODE;
    }
    mem_zero(v, sizeof v);
    return fits;
}

bool store_code_is(const struct secret *typed)
{
    return seal_code_parse(typed, NULL);
}

int store_code_new(struct secret *code)
{
    unsigned char v[DATA];

    if (code->cap < STORE_CODE_BYTES)
        return ERR_TOOBIG;
    secret_set(code, NULL, 0);
    crypt_random(v, sizeof v);
    for (unsigned i = 0; i < DATA; i++) {
        v[i] &= 31;
        code->p[code->n++] = (unsigned char)symbols[v[i]];
        if (i % GROUP == GROUP - 1)
            code->p[code->n++] = '-';
    }
    code->p[code->n++] = (unsigned char)symbols[check_of(v)];
    mem_zero(v, sizeof v);
    return ERR_OK;
}
