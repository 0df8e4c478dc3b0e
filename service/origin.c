/* origin.c - a table of addresses that have connections. See origin.h. */
#include "service/origin.h"

#include "service/address.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void origins_init(struct origins *origins, size_t limit)
{
    *origins = (struct origins){.limit = limit, .lock = PTHREAD_MUTEX_INITIALIZER};
}

void origins_free(struct origins *origins)
{
    for (size_t i = 0; i < ORIGIN_BUCKETS; i++)
        while (origins->buckets[i]) {
            struct origin *origin = origins->buckets[i];
            origins->buckets[i] = origin->next;
            free(origin);
        }
    pthread_mutex_destroy(&origins->lock);
}

static struct in6_addr mapped(in_addr_t inet)
{
    struct in6_addr address = {.s6_addr = {[10] = 0xff, [11] = 0xff}};
    memcpy(&address.s6_addr[12], &inet, sizeof inet);
    return address;
}

/* IPv4 counts as what it is when it comes over a socket of both families. */
static struct in6_addr whole_address(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return mapped(((const struct sockaddr_in *)address)->sin_addr.s_addr);
    return ((const struct sockaddr_in6 *)address)->sin6_addr;
}

/* What is counted; false when nothing is. */
static bool origin_of(const struct sockaddr *address, struct in6_addr *ret_origin)
{
    if (address_is_local(address))
        return false;
    struct in6_addr origin = whole_address(address);
    if (!IN6_IS_ADDR_V4MAPPED(&origin) && !IN6_IS_ADDR_LINKLOCAL(&origin))
        memset(&origin.s6_addr[8], 0, 8);
    *ret_origin = origin;
    return true;
}

/* Where the address stands, or would stand. Lock held. */
static struct origin **find(struct origins *origins, const struct in6_addr *address)
{
    uint32_t hash = 2166136261;
    for (size_t i = 0; i < sizeof address->s6_addr; i++)
        hash = (hash ^ address->s6_addr[i]) * 16777619;
    struct origin **link = &origins->buckets[hash % ORIGIN_BUCKETS];
    while (*link && memcmp(&(*link)->address, address, sizeof *address) != 0)
        link = &(*link)->next;
    return link;
}

/* Lock held. */
static bool enter(struct origins *origins, const struct in6_addr *address)
{
    struct origin **link = find(origins, address);
    if (!*link) {
        *link = calloc(1, sizeof **link);
        if (!*link)
            return false;
        (*link)->address = *address;
    }
    bool admitted = (*link)->connections < origins->limit;
    (*link)->connections += admitted;
    return admitted;
}

/* Lock held. */
static void leave(struct origins *origins, const struct in6_addr *address)
{
    struct origin **link = find(origins, address);
    struct origin *origin = *link;
    if (--origin->connections > 0)
        return;
    *link = origin->next;
    free(origin);
}

bool origins_enter(struct origins *origins, const struct sockaddr *address)
{
    struct in6_addr origin;
    if (!origin_of(address, &origin))
        return true;
    pthread_mutex_lock(&origins->lock);
    bool admitted = enter(origins, &origin);
    pthread_mutex_unlock(&origins->lock);
    return admitted;
}

void origins_leave(struct origins *origins, const struct sockaddr *address)
{
    struct in6_addr origin;
    if (!origin_of(address, &origin))
        return;
    pthread_mutex_lock(&origins->lock);
    leave(origins, &origin);
    pthread_mutex_unlock(&origins->lock);
}
