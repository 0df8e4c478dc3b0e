/* locator.h - what --listen says: a host and a port, and whether TLS is spoken there, or the path of a unix socket and
 * who may use it.
 *
 * Reading a locator looks nothing up, so that a mistake in it is told before anything else happens; resolving it does,
 * and may give several addresses: those of a host name, or every interface of IPv4 and of IPv6.
 */
#ifndef CAIRN_LOCATOR_H
#define CAIRN_LOCATOR_H

#include "service/address.h"

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>

enum { LOCATOR_ADDRESSES_MAX = 16, LOCATOR_NAME_MAX = 32 };

/* What a locator may look like, for messages. */
#define LOCATOR_FORMS                                                                                                  \
    "127.0.0.1:8080, [::1]:8080, localhost:8080, files.example:8080, :8080 (every interface), 8080 (this machine "     \
    "only), each with TLS as tls:127.0.0.1:8443, or unix:/path[,mode=0660][,user=NAME][,group=NAME]; port 0 picks a "  \
    "free port"

struct locator {
    char host[NI_MAXHOST]; /* a name or a numeric address, without brackets; "": every interface */
    unsigned port;
    bool numeric;
    bool tls;
    char path[ADDRESS_PATH_MAX];                                  /* "": not a unix socket */
    int mode;                                                     /* of the socket's file; -1: as the umask has it */
    char user[LOCATOR_NAME_MAX + 1], group[LOCATOR_NAME_MAX + 1]; /* "": the process's */
};

/* The addresses of one locator. */
struct locator_addresses {
    struct address items[LOCATOR_ADDRESSES_MAX];
    size_t count;
};

/* How many bytes of a list the first locator takes: to the next comma that is not its own. */
size_t locator_length(const char *list);

/* Reads a locator. NULL, or a sentence that says which part of the text is at fault. */
const char *locator_parse(const char *text, struct locator *ret_locator);

/* Looks up what the locator names: host, interface, user and group. NULL, or a sentence that says what cannot be found.
 * May wait for a name server. */
const char *locator_resolve(const struct locator *locator, struct locator_addresses *ret_addresses);

#endif
