/* purge.c - deletes the objects of a store that have expired. purge.h tells how. */
#include "store/upkeep/purge.h"

#include "store/base/expiry.h"
#include "store/log/expiring.h"
#include "store/read/listing.h"
#include "store/upkeep/commission.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST = 256,       /* deletions in one transaction */
    PAGE = 1024,      /* objects that are looked at in a turn */
    SHARE = 32,       /* after a look it rests for so many times as long as that took */
    PATIENCE = 60000, /* milliseconds, after which it looks at the clock, which may have been set, and tries again */
};

/* Objects that are to be deleted. */
struct haul {
    struct commission commission;
    struct store_op ops[MOST];
    struct txn_step steps[MOST];
    struct store_receipt receipts[MOST];
    unsigned char keys[MOST][STORE_KEY_MAX];
    size_t count;
};

/* A look at all objects. */
struct purge_look {
    struct store_list_query query;
    unsigned char cursor[STORE_CURSOR_MAX];
    int64_t began; /* on the monotonic clock */
};

static bool stopping(struct purge *purge)
{
    return errand_is_ending(&purge->errand) || gate_has_failed(purge->gate) || gate_is_removed(purge->gate);
}

/* ---- deleting -------------------------------------------------------------------------------- */

static struct haul *haul_new(const struct purge *purge)
{
    struct haul *haul = malloc(sizeof *haul); /* most of it is never touched */
    if (!haul)
        return NULL;
    commission_init(&haul->commission, purge->writer);
    haul->count = 0;
    return haul;
}

static void haul_free(struct haul *haul)
{
    commission_free(&haul->commission);
    free(haul);
}

static void haul_add(struct haul *haul, const struct object_info *info)
{
    size_t at = haul->count++;
    if (info->key)
        memcpy(haul->keys[at], info->key, info->key_length);
    haul->ops[at] = (struct store_op){
        .kind = STORE_DELETE,
        .key = {.bytes = info->key ? haul->keys[at] : NULL, .length = info->key_length, .hash = info->key_hash}};
    haul->steps[at] = (struct txn_step){0};
}

/* Has the writer delete those whose time is over; it knows better than what has been found. */
static struct failure haul_delete(struct haul *haul)
{
    const struct txn txn = {
        .ops = haul->ops, .steps = haul->steps, .receipts = haul->receipts, .count = haul->count, .expires = true};
    return haul->count > 0 ? commission_carry_out(&haul->commission, &txn) : failure_none();
}

/* ---- what the deadlines tell ----------------------------------------------------------------- */

/* Finds what has a hash, if that has expired. Several that have it are told apart by a look at all objects. */
static struct failure find(struct purge *purge, struct haul *haul, uint64_t hash, int64_t now)
{
    struct object *object;
    struct store_key key = store_key_of_hash(hash);
    struct failure failure = object_get(purge->reader, &key, STORE_GET_EXPIRED, &object);
    if (failure.error == STORE_COLLISION)
        deadlines_lack(purge->deadlines, now / CLOCK_SECOND);
    if (failure.error)
        return failure.error == STORE_IO || failure.error == STORE_NO_MEMORY ? failure : failure_none();
    if (expiry_is_over(object_info(object)->expires, now))
        haul_add(haul, object_info(object));
    object_release(object);
    return failure_none();
}

/* Deletes some of what the deadlines tell; *ret_more: there may be more of it. */
static struct failure delete_due(struct purge *purge, int64_t now, bool *ret_more)
{
    uint64_t hashes[MOST];
    struct failure failure = failure_none();
    size_t count = deadlines_take(purge->deadlines, now / CLOCK_SECOND, MOST, hashes);
    *ret_more = count > 0;
    if (count == 0)
        return failure_none();
    struct haul *haul = haul_new(purge);
    if (!haul)
        return failure_of(STORE_NO_MEMORY);
    for (size_t i = 0; i < count && !failure.error; i++)
        failure = find(purge, haul, hashes[i], now);
    if (!failure.error)
        failure = haul_delete(haul);
    haul_free(haul);
    return failure;
}

/* ---- a look at all objects ------------------------------------------------------------------- */

/* One page of it. */
struct page {
    struct purge *purge;
    struct haul *haul;
    int64_t now;
};

static bool see(void *arg, const struct store_list_item *item)
{
    struct page *page = arg;
    const struct object_info *info = item->info;
    if (expiry_is_over(info->expires, page->now))
        haul_add(page->haul, info);
    else if (info->expires)
        deadlines_add(page->purge->deadlines, info->expires, info->key_hash);
    return page->haul->count < MOST;
}

static void end_look(struct purge *purge)
{
    free(purge->look);
    purge->look = NULL;
}

/* Whether one is under way, or its time has come. */
static bool wants_look(const struct purge *purge, int64_t now)
{
    int64_t first, rest;
    (void)deadlines_tell(purge->deadlines, &first, &rest);
    return purge->look || (rest <= now / CLOCK_SECOND && clock_now(CLOCK_MONOTONIC) >= purge->rested);
}

static bool begin_look(struct purge *purge)
{
    struct purge_look *look = malloc(sizeof *look);
    if (!look)
        return false;
    look->query = (struct store_list_query){.cursor = look->cursor, .limit = PAGE};
    look->began = clock_now(CLOCK_MONOTONIC);
    deadlines_forget(purge->deadlines);
    purge->look = look;
    return true;
}

/* All objects have been seen. */
static void conclude_look(struct purge *purge)
{
    int64_t first, rest, ended = clock_now(CLOCK_MONOTONIC);
    purge->rested = ended + SHARE * (ended - purge->look->began);
    end_look(purge);
    if (deadlines_tell(purge->deadlines, &first, &rest))
        return;
    expiring_untell(purge->log);
    purge->told = false;
}

/* Looks at some objects more, and deletes what has expired of them; *ret_more: there are others. */
static struct failure look_on(struct purge *purge, int64_t now, bool *ret_more)
{
    *ret_more = wants_look(purge, now);
    if (!*ret_more)
        return failure_none();
    struct page page = {.purge = purge, .haul = haul_new(purge), .now = now};
    if (!page.haul)
        return failure_of(STORE_NO_MEMORY);
    struct failure failure = failure_of(purge->look || begin_look(purge) ? STORE_OK : STORE_NO_MEMORY);
    struct purge_look *look = purge->look;
    if (!failure.error)
        failure = listing_page(purge->reader, purge->catalog, &look->query, EXPIRY_NOTHING_YET, see, &page,
                               look->cursor, &look->query.cursor_length);
    if (!failure.error)
        failure = haul_delete(page.haul);
    haul_free(page.haul);
    if (!failure.error && look->query.cursor_length == 0)
        conclude_look(purge);
    return failure;
}

/* ---- in the background ----------------------------------------------------------------------- */

static int64_t soonest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Nanoseconds until a second begins. */
static int64_t until(int64_t second, int64_t now)
{
    return second < INT64_MAX / CLOCK_SECOND ? second * CLOCK_SECOND - now : INT64_MAX;
}

/* When it has to come again: what the errand returns. */
static int wait_for_next(const struct purge *purge, int64_t now)
{
    int64_t first, rest, rested = purge->rested - clock_now(CLOCK_MONOTONIC);
    if (!deadlines_tell(purge->deadlines, &first, &rest))
        return ERRAND_DONE;
    int64_t look = until(rest, now);
    int64_t wait = soonest(until(first, now), look > rested ? look : rested) / CLOCK_MILLISECOND + 1;
    return wait < 1 ? 1 : (int)soonest(wait, PATIENCE);
}

/* Sees to it that the next start knows that there is something to look for. */
static void tell(struct purge *purge)
{
    int64_t first, rest;
    if (!purge->told && deadlines_tell(purge->deadlines, &first, &rest))
        purge->told = expiring_tell(purge->log) == 0;
}

/* What was taken out is not known any more. */
static void give_up(struct purge *purge)
{
    end_look(purge);
    deadlines_lack(purge->deadlines, 0);
    purge->rested = clock_now(CLOCK_MONOTONIC) + (int64_t)PATIENCE * CLOCK_MILLISECOND;
}

/* One transaction at a time, so that the stores of a depot get their turns. Thread: the depot's upkeep. */
static int purge_run(void *arg)
{
    struct purge *purge = arg;
    int64_t now = clock_now(CLOCK_REALTIME);
    bool more;
    assert(pool_is_current(purge->errand.pool));
    if (stopping(purge) || damage_has_gaps(purge->index))
        return ERRAND_DONE;
    tell(purge);
    struct failure failure = delete_due(purge, now, &more);
    if (!failure.error && !more)
        failure = look_on(purge, now, &more);
    if (failure.error)
        give_up(purge);
    return !failure.error && more ? ERRAND_AGAIN : wait_for_next(purge, now);
}

void purge_init(struct purge *purge, struct pool *upkeep)
{
    errand_init(&purge->errand, upkeep, purge_run, purge, NULL);
}

void purge_begin(struct purge *purge)
{
    int64_t first, rest;
    purge->told = purge->log->chain.count > 1 && expiring_is_told(purge->log);
    if (purge->told)
        deadlines_lack(purge->deadlines, 0);
    deadlines_begin(purge->deadlines, &purge->errand);
    if (deadlines_tell(purge->deadlines, &first, &rest))
        (void)errand_ask(&purge->errand);
}

void purge_stop(struct purge *purge)
{
    assert(!pool_is_current(purge->errand.pool)); /* it would wait for itself */
    (void)errand_end(&purge->errand);
}

void purge_free(struct purge *purge)
{
    free(purge->look);
    errand_free(&purge->errand);
}
