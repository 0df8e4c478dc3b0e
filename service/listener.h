/* listener.h - one listening socket. */
#ifndef CAIRN_LISTENER_H
#define CAIRN_LISTENER_H

#include "service/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { LISTENERS_MAX = 64 };
enum { LISTENER_TEXT_MAX = sizeof "https://" + ADDRESS_TEXT_MAX + sizeof " (and by IPv4)" };

struct listener {
    int socket;             /* does not block */
    struct address address; /* with the port that was picked */
    bool tls;               /* clients have to speak it */
    bool both_families;     /* [::] that takes IPv4 too */
    dev_t device;           /* the unix socket's file, to remove no other one's at the end */
    ino_t inode;
};

/* Binds and listens. [::] takes IPv4 too, unless it is to be IPv6 only. A unix socket that a dead process left is
 * replaced; one that answers is an error, and so is any other file. Nobody can connect before its mode and owner are as
 * asked. On failure false and errno, and `reason` holds a sentence. */
bool listener_open(const struct address *address, bool tls, bool ipv6_only, struct listener *ret_listener, char *reason,
                   size_t size);

/* The address as a client would write it: http://127.0.0.1:8080, https://127.0.0.1:8443, or unix:PATH; and whether IPv4
 * comes with IPv6. */
void listener_format(const struct listener *listener, char *text, size_t size);

/* Closes the socket and removes its file, if it is a unix socket whose file is still its own. */
void listener_close(struct listener *listener);

#endif
