/* health.c - what /readyz tells of a depot's stores. */
#include "store/depot/health.h"

#include "store/depot/roster_use.h"
#include "store/depot/trouble.h"
#include "store/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Puts "1 flaw was found" or the like behind the sentence. */
static void say_count(char *text, size_t capacity, uint64_t count, const char *one, const char *many)
{
    size_t used = strlen(text);
    if (count > 0)
        (void)snprintf(text + used, capacity - used, "%s%llu %s", used > 0 ? ", " : "", (unsigned long long)count,
                       count == 1 ? one : many);
}

/* All damage that is known of an open store, or "". */
static void tell_damage(struct store *store, char *text, size_t capacity)
{
    uint64_t bytes = 0;
    uint64_t damaged = 0;
    uint64_t missing = 0;
    damage_count(&store->index, &bytes, &damaged, &missing);
    text[0] = '\0';
    say_count(text, capacity, bytes, "byte of its log was found damaged", "bytes of its log were found damaged");
    say_count(text, capacity, damaged, "large payload was found damaged", "large payloads were found damaged");
    say_count(text, capacity, missing, "large payload was found missing", "large payloads were found missing");
    say_count(text, capacity, scrub_flaws(&store->scrub), "flaw was found by its verification",
              "flaws were found by its verification");
}

/* Says what is wrong with a store, damage only where nothing has been said yet; false when it takes no writes. */
static bool takes_writes(void *arg, struct store *store)
{
    struct store_detail *detail = arg;
    char damage[320];
    if (gate_has_failed(&store->gate)) {
        failure_detail(detail, failure_of(STORE_FAILED), "store %s: %s", store->name, store_error_text(STORE_FAILED));
        return false;
    }
    tell_damage(store, damage, sizeof damage);
    if (damage[0] && detail && !detail->text[0])
        failure_detail(detail, failure_of(STORE_DAMAGED), "store %s: %s", store->name, damage);
    return true;
}

bool health_tell(struct roster *roster, struct trouble *trouble, struct store_detail *ret_detail)
{
    bool healthy = roster_each_open(roster, takes_writes, ret_detail);
    if (healthy && ret_detail && !ret_detail->text[0])
        (void)trouble_tell(trouble, ret_detail);
    return healthy;
}

/* One whose gate is shut is being removed. Until a write comes all is well when the folder is moved back. */
static void find_store(void *arg, struct store *store)
{
    struct store_detail *detail = arg;
    if (!detail->text[0] && !gate_is_shut(&store->gate) &&
        !(log_is_found(&store->log) && blobs_are_found(&store->blobs)))
        failure_detail(
            detail, failure_io(ENOENT),
            "store %s: its folder is gone from the data folder, or log/ or blobs/ from that: it was moved or "
            "removed; move it back, since nothing is written to it elsewhere",
            store->name);
}

void health_find_stores(struct roster *roster, struct store_detail *detail)
{
    roster_each_held(roster, find_store, detail);
}
