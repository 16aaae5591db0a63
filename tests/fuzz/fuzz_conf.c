/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * wardline.conf: whatever stands in it, Enter, q and the answers to questions stay what they are, every key finds one row
 * of its screen, and what is said of a fault is printable and one line.
 */
#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "ui/conf.h"
#include "ui/keys.h"

static struct conf c;

static void same(unsigned where, int key)
{
    int now = -1, was = -1;

    FUZZ_MUST(conf_find(&c, where, key, &now) == command_find(where, key, &was) && now == was);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    char said[400];
    int arg;

    memset(&c, 0, sizeof c);
    conf_parse(&c, (struct str){(const char *)p, n});
    FUZZ_MUST(c.n <= CONF_BINDS && strlen(c.theme) < sizeof c.theme);
    FUZZ_MUST(conf_say(&c, said, sizeof said) == (c.faults > 0));
    for (const char *s = said; c.faults && *s; s++)
        FUZZ_MUST(*s >= ' ' && *s <= '~');
    for (unsigned where = ON_LOCK; command_where_name(where); where <<= 1) {
        same(where, KEYS_ENTER);
        same(where, 'q');
        same(where, KEYS_ESC);
        for (int key = 1; key < 128; key++) {
            const struct command *found = conf_find(&c, where, key, &arg);

            FUZZ_MUST(!found || found->where & where);
            if (where & (ON_ASK | ON_STOP | ON_LOCK))
                same(where, key);
        }
    }
    return 0;
}
