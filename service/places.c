/* places.c - places for connections. See places.h. */
#include "service/places.h"

enum {
    GUESTS = 16,     /* one of so many connections is for guests, */
    GUESTS_MOST = 2, /* and never more than one of so many */
    GUESTS_EACH = 4, /* for each thread at least so many, of whom one comes, for whom another one goes */
    THREAD = 8,      /* connections for each thread, at least */
    SHORT = 8        /* when one of so many places is left, they are short */
};

size_t places_count_threads(size_t threads, size_t connections_limit)
{
    size_t most = connections_limit < THREAD ? 1 : connections_limit / THREAD;
    return threads < most ? threads : most;
}

static size_t count_guests(size_t connections_limit, size_t threads)
{
    size_t usual = connections_limit / GUESTS, least = GUESTS_EACH * threads, most = connections_limit / GUESTS_MOST;
    if (usual < least)
        usual = least < most ? least : most;
    return usual;
}

void places_init(struct places *places, size_t connections_limit, size_t connections_per_address, size_t threads)
{
    size_t guests = count_guests(connections_limit, threads), stay = guests / threads;
    places->count = connections_limit - guests;
    places->guests_stay = stay > 1 ? stay - 1 : 1;
    atomic_store(&places->taken, 0);
    origins_init(&places->origins, connections_per_address);
}

void places_free(struct places *places)
{
    origins_free(&places->origins);
}

/* Counted first and looked at second, so that of two that race for the last place none slips by. */
bool places_take(struct places *places, const struct sockaddr *address)
{
    if (atomic_fetch_add(&places->taken, 1) < places->count && origins_enter(&places->origins, address))
        return true;
    atomic_fetch_sub(&places->taken, 1);
    return false;
}

void places_leave(struct places *places, const struct sockaddr *address)
{
    origins_leave(&places->origins, address);
    atomic_fetch_sub(&places->taken, 1);
}

bool places_are_short(const struct places *places)
{
    return atomic_load(&places->taken) > places->count - places->count / SHORT;
}
