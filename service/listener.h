/* listener.h - one listening socket. */
#ifndef CAIRN_LISTENER_H
#define CAIRN_LISTENER_H

#include "service/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { LISTENERS_MAX = 64 };

struct listener {
    int socket;             /* does not block */
    struct address address; /* with the port that was picked */
    dev_t device;           /* the unix socket's file, to remove no other one's at the end */
    ino_t inode;
};

/* Binds and listens. A unix socket that a dead process left is replaced; one that answers is an error.
 * On failure false, and `reason` holds a sentence. */
bool listener_open(const struct address *address, struct listener *ret_listener, char *reason, size_t size);

/* The address as a client would write it: http://127.0.0.1:8080, or unix:PATH. */
void listener_format(const struct listener *listener, char *text, size_t size);

/* Closes the socket and removes its file, if it is a unix socket whose file is still its own. */
void listener_close(struct listener *listener);

#endif
