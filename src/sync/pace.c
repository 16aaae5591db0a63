/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/pace.h"

#include "base/err.h"
#include "base/limits.h"

int64_t sync_pace_draw(const struct rng *rng, int64_t least_ms, int64_t spread_ms)
{
    if (spread_ms <= 0)
        return least_ms;
    return least_ms + (rng ? (int64_t)(rng_u64(rng) % ((uint64_t)spread_ms + 1)) : spread_ms);
}

int64_t sync_pace_bound(unsigned failures)
{
    int64_t ms = SYNC_PACE_BASE_MS;

    while (failures-- && ms < SYNC_PACE_CAP_MS)
        ms *= 2;
    return ms < SYNC_PACE_CAP_MS ? ms : SYNC_PACE_CAP_MS;
}

int64_t sync_pace_backoff(unsigned failures, const struct rng *rng)
{
    return sync_pace_draw(rng, 0, sync_pace_bound(failures));
}

int64_t sync_pace_refused(int64_t retry_after_s, unsigned refusals)
{
    if (retry_after_s > LIMIT_RETRY_AFTER_S)
        retry_after_s = LIMIT_RETRY_AFTER_S;
    return retry_after_s > 0 ? retry_after_s * 1000 : sync_pace_bound(refusals);
}

bool sync_pace_hear(struct sync_pace *p, int status, int64_t retry_after_s, int64_t now_ms)
{
    int64_t for_ms;

    if (retry_after_s <= 0 || status == 202 || (status >= 300 && status <= 399))
        return false;
    for_ms = sync_pace_refused(retry_after_s, 0);
    if (now_ms + for_ms <= p->told_ms)
        return false;
    p->told_ms = now_ms + for_ms;
    p->told_for_ms = for_ms;
    return true;
}

int64_t sync_pace_quiet(const struct sync_pace *p, int64_t now_ms)
{
    return p->told_ms > now_ms ? p->told_ms - now_ms : 0;
}

bool sync_pace_is_failure(int code)
{
    return code && err_exit(code) == 3 && code != ERR_AUTH && code != ERR_CANCELLED;
}

int64_t sync_pace_next(struct sync_pace *p, int code, int64_t now_ms, const struct rng *rng)
{
    int64_t quiet = sync_pace_quiet(p, now_ms), next;

    if (sync_pace_is_failure(code)) {
        next = sync_pace_backoff(p->failures, rng);
        p->failures += p->failures < 32;
    } else {
        next = sync_pace_draw(rng, SYNC_PACE_EVERY_MS, SYNC_PACE_EVERY_MS / 4);
        p->failures = 0;
    }
    if (quiet && next < quiet + quiet / 4) /* REQ: never earlier than told; apart from others that were told the same */
        next = sync_pace_draw(rng, quiet, quiet / 4);
    return next;
}

/* --- across a new start ------------------------------------------------------------------------- */

int sync_pace_save(const struct sync_pace *p, int64_t now_ms, int64_t wall_ms, struct buf *out)
{
    int64_t quiet = sync_pace_quiet(p, now_ms);

    buf_addf(out, "%lld %lld %lld", (long long)(wall_ms + quiet), (long long)(now_ms + quiet),
             (long long)p->told_for_ms);
    return out->failed;
}

void sync_pace_load(struct sync_pace *p, struct str saved, int64_t now_ms, int64_t wall_ms)
{
    struct str wall = str_split(&saved, ' '), boot = str_split(&saved, ' ');
    int64_t most = LIMIT_RETRY_AFTER_S * INT64_C(1000), wall_until, boot_until, for_ms, left;

    *p = (struct sync_pace){.told_ms = 0};
    if (!str_int(wall, 0, INT64_MAX, &wall_until) || !str_int(boot, 0, INT64_MAX, &boot_until) ||
        !str_int(saved, 0, most, &for_ms))
        return;
    left = wall_until - wall_ms;
    if (boot_until - now_ms > left && boot_until - now_ms <= for_ms) /* more than was told: of another boot */
        left = boot_until - now_ms;
    left = left > for_ms ? for_ms : left;
    if (left <= 0)
        return;
    p->told_ms = now_ms + left;
    p->told_for_ms = for_ms;
}
