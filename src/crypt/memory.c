/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How much memory this process may still take: what the machine has left, its own limit of address space, and the
 * limits of the control groups that it is in. A container's limit is not in /proc/meminfo.
 */
#include "config.h"

#include "crypt/crypt.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define PATH_BYTES 600

/* The number behind a word at the start of a line ("" = the first line); UINT64_MAX where there is none ("max"). */
static uint64_t number_in(const char *path, const char *word)
{
    FILE *f = fopen(path, "re");
    uint64_t n = UINT64_MAX;
    char line[200];
    size_t w = strlen(word);

    while (f && n == UINT64_MAX && fgets(line, sizeof line, f))
        if (!strncmp(line, word, w) && sscanf(line + w, "%" SCNu64, &n) != 1)
            n = UINT64_MAX;
    if (f)
        fclose(f);
    return n;
}

static uint64_t less(uint64_t limit, uint64_t used)
{
    return limit == UINT64_MAX ? limit : used == UINT64_MAX ? limit : limit > used ? limit - used : 0;
}

/* What is left under RLIMIT_AS. */
static uint64_t left_of_address_space(void)
{
    uint64_t pages = number_in("/proc/self/statm", "");
    struct rlimit l;

    if (getrlimit(RLIMIT_AS, &l) || l.rlim_cur == RLIM_INFINITY)
        return UINT64_MAX;
    return less(l.rlim_cur, pages == UINT64_MAX ? 0 : pages * (uint64_t)sysconf(_SC_PAGESIZE));
}

/* This process's group under /sys/fs/cgroup, or "". */
static void group(char out[PATH_BYTES])
{
    FILE *f = fopen("/proc/self/cgroup", "re");
    char line[PATH_BYTES];

    out[0] = '\0';
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, "0::/", 4))
            snprintf(out, PATH_BYTES, "%.*s", (int)strcspn(line + 3, "\n"), line + 3);
    if (f)
        fclose(f);
    if (!strcmp(out, "/"))
        out[0] = '\0';
}

/* The least that any group from this one up to the root leaves; what is mere cache of files does not count as used. */
static uint64_t left_of_groups(void)
{
    char at[PATH_BYTES], path[PATH_BYTES + 40];
    uint64_t left = number_in("/sys/fs/cgroup/memory/memory.limit_in_bytes", "");

    for (group(at);; *strrchr(at, '/') = '\0') {
        uint64_t limit, used;

        snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.max", at);
        limit = number_in(path, "");
        snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.stat", at);
        used = number_in(path, "anon ");
        if (less(limit, used) < left)
            left = less(limit, used);
        if (!strrchr(at, '/'))
            return left;
    }
}

uint64_t crypt_memory_left(void)
{
    uint64_t kib = number_in("/proc/meminfo", "MemAvailable:"), left = kib == UINT64_MAX ? kib : kib << 10;
    uint64_t space = left_of_address_space(), groups = left_of_groups();

    if (space < left)
        left = space;
    return groups < left ? groups : left;
}
