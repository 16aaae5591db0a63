/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where this machine's memory may come to lie on a disk: the swap, and what is below it.
 */
#include "config.h"

#include "cli/probe.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/path.h"

#define DEPTH_MOST 8 /* LVM on LUKS on RAID on disks are four */

/* The first word of a file under the system's folder of a block device; "": there is none. */
static void word_of(const char *device, const char *name, char word[64])
{
    char path[PATH_MAX_BYTES];
    FILE *f = NULL;

    word[0] = '\0';
    if (!path_join(path, device, name, NULL))
        f = fopen(path, "re");
    if (!f)
        return;
    if (fscanf(f, "%63s", word) != 1)
        word[0] = '\0';
    fclose(f);
}

/* Is what is written to a block device sealed: by dm-crypt, or below by whatever it lies on; or in compressed memory
 * with no disk behind it? */
static bool is_sealed(const char *device, unsigned depth)
{
    char word[64], slaves[PATH_MAX_BYTES], path[PATH_MAX_BYTES];
    struct dirent *entry;
    unsigned n = 0, sealed = 0;
    DIR *dir;

    word_of(device, "dm/uuid", word);
    if (!strncmp(word, "CRYPT-", 6))
        return true;
    word_of(device, "backing_dev", word);
    if (word[0])
        return !strcmp(word, "none");
    if (!depth || path_join(slaves, device, "slaves", NULL) || !(dir = opendir(slaves)))
        return false;
    while ((entry = readdir(dir)))
        if (entry->d_name[0] != '.') {
            n++;
            sealed += !path_join(path, slaves, entry->d_name, NULL) && is_sealed(path, depth - 1);
        }
    closedir(dir);
    return n && sealed == n;
}

/* A line of /proc/swaps begins with a block device, or with a file on one. */
static bool is_plain(const char *swap)
{
    char *real = realpath(swap, NULL), device[PATH_MAX_BYTES];
    const char *path = real ? real : swap;
    struct stat st;

    if (!stat(path, &st) && !S_ISBLK(st.st_mode))
        snprintf(device, sizeof device, "/sys/dev/block/%u:%u", major(st.st_dev), minor(st.st_dev));
    else
        snprintf(device, sizeof device, "/sys/class/block/%.200s", strrchr(path, '/') + 1);
    free(real);
    return !is_sealed(device, DEPTH_MOST);
}

int cli_probe_swap(char plain[CLI_SWAP_BYTES])
{
    FILE *f = fopen("/proc/swaps", "re");
    char line[512], swap[CLI_SWAP_BYTES];
    int n = 0;

    plain[0] = '\0';
    if (!f)
        return -1;
    while (fgets(line, sizeof line, f))
        if (line[0] == '/' && sscanf(line, "%127s", swap) == 1 && is_plain(swap) && !n++)
            snprintf(plain, CLI_SWAP_BYTES, "%s", swap);
    for (char *c = plain; *c; c++)
        *c = *c > ' ' && *c < 0x7f ? *c : '?';
    fclose(f);
    return n;
}
