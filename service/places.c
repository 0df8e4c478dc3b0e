/* places.c - places for connections. See places.h. */
#include "service/places.h"

enum {
    GUESTS = 16, /* one of so many connections is for guests */
    SHORT = 8    /* when one of so many places is left, they are short */
};

void places_init(struct places *places, size_t connections_limit, size_t connections_per_address)
{
    places->guests = connections_limit / GUESTS;
    if (places->guests == 0 && connections_limit > 1)
        places->guests = 1;
    places->count = connections_limit - places->guests;
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

size_t places_guests_of(const struct places *places, size_t hosts)
{
    return places->guests > hosts ? places->guests / hosts : 1;
}

bool places_are_short(const struct places *places)
{
    return atomic_load(&places->taken) > places->count - places->count / SHORT;
}
