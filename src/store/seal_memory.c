/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * SQLite's memory. Pages in clear stand in slots of one locked stretch, as many as it has; what SQLite allocates
 * besides, and pages beyond it, are on the heap. All is zeroed when SQLite lets it go, so that closing a store leaves
 * nothing. SQLITE_CONFIG_PAGECACHE was not taken: SQLite keeps its list of free slots in the slots, so that nobody else
 * could wipe them. Process-wide, like SQLite's own settings.
 */
#include "config.h"

#include "store/seal_priv.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "crypt/locked.h"

#define SLOTS 1408               /* most: 6 MiB. A store's two connections keep 2.4; a copy needs as much again */
#define LEAVE (512u << 10)       /* bytes of what may be locked that are for secrets and for the seal's own work */
#define WORD 64

static struct {
    pthread_mutex_t mutex;       /* guards what is below it */
    struct locked area;
    uint64_t taken[SLOTS / WORD]; /* a bit a slot */
    unsigned slots, used, first; /* no slot before first is free */
    size_t slot;                 /* bytes */
    sqlite3_mem_methods heap;
    bool ours;                   /* SQLite uses all this */
} seal_memory = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static bool in_slot(const void *p)
{
    const unsigned char *at = p;

    return seal_memory.area.p && at >= seal_memory.area.p && at < seal_memory.area.p + seal_memory.area.n;
}

static bool is_taken(unsigned at)
{
    return seal_memory.taken[at / WORD] >> at % WORD & 1;
}

/* The lowest one that is free, so that few pieces of what is free lie between. NULL: all are taken. */
static void *take_slot(void)
{
    void *p = NULL;

    pthread_mutex_lock(&seal_memory.mutex);
    for (unsigned at = seal_memory.first; at < seal_memory.slots && !p; at++)
        if (!is_taken(at)) {
            seal_memory.taken[at / WORD] |= 1ull << at % WORD;
            seal_memory.first = at + 1;
            seal_memory.used++;
            p = seal_memory.area.p + at * seal_memory.slot;
        } else if (at % WORD == 0 && seal_memory.taken[at / WORD] == UINT64_MAX) {
            at += WORD - 1;
        }
    if (!p)
        seal_memory.first = seal_memory.slots;
    pthread_mutex_unlock(&seal_memory.mutex);
    return p;
}

static void give_slot(void *p)
{
    unsigned at = (unsigned)((size_t)((unsigned char *)p - seal_memory.area.p) / seal_memory.slot);

    mem_zero(p, seal_memory.slot);
    pthread_mutex_lock(&seal_memory.mutex);
    seal_memory.taken[at / WORD] &= ~(1ull << at % WORD);
    seal_memory.first = at < seal_memory.first ? at : seal_memory.first;
    seal_memory.used--;
    pthread_mutex_unlock(&seal_memory.mutex);
}

/* --- what SQLite calls ------------------------------------------------------------------------- */

static int size_of(void *p)
{
    return in_slot(p) ? (int)seal_memory.slot : seal_memory.heap.xSize(p);
}

static void *take(int n)
{
    void *p = NULL;

    if (n >= SEAL_PAGE && (size_t)n <= seal_memory.slot)
        p = take_slot();
    return p ? p : seal_memory.heap.xMalloc(n);
}

static void give(void *p)
{
    if (in_slot(p)) {
        give_slot(p);
    } else {
        mem_zero(p, (size_t)seal_memory.heap.xSize(p));
        seal_memory.heap.xFree(p);
    }
}

/* Not the heap's own: that would leave what it moves behind. */
static void *change(void *p, int n)
{
    int had = size_of(p);
    void *other;

    if (n <= had && n > had / 2)
        return p;
    if ((other = take(n))) {
        memcpy(other, p, (size_t)(n < had ? n : had));
        give(p);
    }
    return other;
}

static int round_up(int n)
{
    return seal_memory.heap.xRoundup(n);
}

static int begin(void *arg)
{
    (void)arg;
    return seal_memory.heap.xInit(seal_memory.heap.pAppData);
}

static void end(void *arg)
{
    (void)arg;
    seal_memory.heap.xShutdown(seal_memory.heap.pAppData);
}

/* --- from outside ------------------------------------------------------------------------------ */

/* As many slots as may be locked; where nothing may be, as many all the same. */
static void map_slots(void)
{
    size_t most = locked_most();
    unsigned slots = most > LEAVE && (most - LEAVE) / seal_memory.slot < SLOTS
                         ? (unsigned)((most - LEAVE) / seal_memory.slot) : SLOTS;

    if (locked_map(&seal_memory.area, slots * seal_memory.slot, LOCKED_PAGES) == ERR_OK)
        seal_memory.slots = slots;
}

void seal_memory_take(void)
{
    const sqlite3_mem_methods mine = {take, give, change, size_of, round_up, begin, end, NULL};
    int head = 0;

    if (seal_memory.ours || sqlite3_config(SQLITE_CONFIG_GETMALLOC, &seal_memory.heap) ||
        sqlite3_config(SQLITE_CONFIG_PCACHE_HDRSZ, &head) ||
        sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0) || /* each page by itself, none in bulk */
        sqlite3_config(SQLITE_CONFIG_MALLOC, &mine))
        return; /* SQLite is in use already: not in wardline, whose only SQLite is the store's */
    seal_memory.ours = true;
    seal_memory.slot = (SEAL_PAGE + (size_t)(head > 0 ? head : 256) + 15) / 16 * 16;
    map_slots();
}

void seal_memory_rest(void)
{
    pthread_mutex_lock(&seal_memory.mutex);
    for (unsigned from = 0, to; from < seal_memory.slots; from = to + 1) {
        for (to = from; to < seal_memory.slots && !is_taken(to); to++)
            ;
        if (to > from)
            locked_give_back(&seal_memory.area, from * seal_memory.slot, to * seal_memory.slot);
    }
    pthread_mutex_unlock(&seal_memory.mutex);
}

void seal_memory_state(struct seal_memory_state *out)
{
    pthread_mutex_lock(&seal_memory.mutex);
    *out = (struct seal_memory_state){seal_memory.ours, seal_memory.area.held, seal_memory.slots, seal_memory.used,
                                      seal_memory.slot};
    pthread_mutex_unlock(&seal_memory.mutex);
}
