/* listeners.c - opens and closes all listening sockets. See listeners.h. */
#include "service/listeners.h"

#include "service/config.h"
#include "service/locator.h"
#include "service/logger.h"

#include <errno.h>
#include <string.h>

/* What is to be opened: every address once. */
struct plan {
    struct address addresses[LISTENERS_MAX];
    const char *locators[LISTENERS_MAX]; /* that named the address */
    bool tls[LISTENERS_MAX];
    size_t count;
};

/* ---- the plan -------------------------------------------------------------------------------- */

/* Port 0 is another one each time. What is named with TLS and without is no address named twice, but a mistake, which
 * the kernel finds. */
static bool is_planned(const struct plan *plan, const struct address *address, bool tls)
{
    bool free_port = !address_path(address) && address_port(address) == 0;
    for (size_t i = 0; i < plan->count && !free_port; i++)
        if (plan->tls[i] == tls && address_is_same(&plan->addresses[i], address))
            return true;
    return false;
}

static bool plan_locator(struct plan *plan, const char *text)
{
    struct locator locator;
    struct locator_addresses found;
    const char *reason = locator_parse(text, &locator);
    if (!reason)
        reason = locator_resolve(&locator, &found);
    for (size_t i = 0; !reason && i < found.count; i++) {
        if (is_planned(plan, &found.items[i], locator.tls))
            continue;
        if (plan->count == LISTENERS_MAX) {
            reason = "there are more addresses than one server can listen on";
            break;
        }
        plan->locators[plan->count] = text;
        plan->tls[plan->count] = locator.tls;
        plan->addresses[plan->count++] = found.items[i];
    }
    if (reason)
        logger_line(LOG_ERROR, "cannot listen on '%s': %s", text, reason);
    return !reason;
}

/* The kernel lets [::] have a port for both families only where no address of IPv4 has it. */
static bool leaves_ipv4(const struct plan *plan, const struct address *address)
{
    if (!address_is_every_inet6(address))
        return false;
    for (size_t i = 0; i < plan->count; i++)
        if (plan->addresses[i].socket.ss_family == AF_INET &&
            address_port(&plan->addresses[i]) == address_port(address))
            return true;
    return false;
}

/* ---- the sockets ----------------------------------------------------------------------------- */

/* A machine without IPv6, say. */
static bool is_not_here(int error)
{
    return error == EADDRNOTAVAIL || error == EAFNOSUPPORT || error == EPROTONOSUPPORT;
}

/* How many addresses from `first` on come from one locator. */
static size_t siblings(const struct plan *plan, size_t first)
{
    size_t count = 1;
    while (first + count < plan->count && plan->locators[first + count] == plan->locators[first])
        count++;
    return count;
}

/* Opens an address. A port that the kernel picks is the one that `sibling` (NULL: there is none) has got already, so
 * that who is told one port finds it by each family; unless somebody else has it there. */
static bool open_address(const struct plan *plan, size_t i, const struct listener *sibling, struct listener *listener,
                         char *reason, size_t size)
{
    struct address address = plan->addresses[i];
    bool ipv6_only = leaves_ipv4(plan, &address);
    if (sibling && address_port(&address) == 0)
        address_set_port(&address, address_port(&sibling->address));
    if (listener_open(&address, plan->tls[i], ipv6_only, listener, reason, size))
        return true;
    bool picked = address_port(&plan->addresses[i]) == 0;
    return picked && errno == EADDRINUSE &&
           listener_open(&plan->addresses[i], plan->tls[i], ipv6_only, listener, reason, size);
}

/* Opens the addresses of one locator: all that the machine has, and at least one. */
static bool open_locator(const struct plan *plan, size_t first, size_t addresses, struct listener *listeners,
                         size_t *count)
{
    char reason[256], url[LISTENER_TEXT_MAX];
    size_t before = *count, end = first + addresses;
    for (size_t i = first; i < end; i++) {
        struct listener *listener = &listeners[*count];
        const struct listener *sibling = *count > before ? &listeners[before] : NULL;
        if (open_address(plan, i, sibling, listener, reason, sizeof reason)) {
            listener_format(listener, url, sizeof url);
            logger_line(LOG_INFO, "listening on %s", url);
            ++*count;
            continue;
        }
        bool others = i + 1 < end || *count > before;
        if (!is_not_here(errno) || !others) {
            logger_line(LOG_ERROR, "cannot listen on '%s': %s", plan->locators[i], reason);
            return false;
        }
    }
    return true;
}

bool listeners_open(const struct texts *locators, struct listener listeners[LISTENERS_MAX], size_t *count)
{
    struct plan plan = {0};
    for (size_t i = 0; i < locators->count; i++)
        if (!plan_locator(&plan, locators->items[i]))
            return false;
    for (size_t first = 0, step; first < plan.count; first += step) {
        step = siblings(&plan, first);
        if (!open_locator(&plan, first, step, listeners, count))
            return false;
    }
    return true;
}

void listeners_close(struct listener listeners[LISTENERS_MAX], size_t *count)
{
    while (*count > 0)
        listener_close(&listeners[--*count]);
}
