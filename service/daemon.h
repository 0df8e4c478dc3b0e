/* daemon.h - libmicrohttpd's part of a loop: what it is given, and what it calls back with.
 *
 * Thread: the loop's, but daemon_start(). libmicrohttpd calls back only from inside MHD_run() and MHD_add_connection().
 */
#ifndef CAIRN_DAEMON_H
#define CAIRN_DAEMON_H

#include "service/client.h"
#include "service/loop_internal.h"

/* Starts it without a thread of its own; NULL on failure, perhaps with errno. */
struct MHD_Daemon *daemon_start(struct loop *loop);

/* Gives it a client, whose socket it closes in the end. The client may be gone when this returns: libmicrohttpd tells
 * of it, and of its end, from here on, or later. */
void daemon_give(struct loop *loop, struct client *client);

/* After MHD_run(): what has not arrived by now never will. libmicrohttpd had no room or no memory for it and has closed
 * its socket. */
void daemon_forget_refused(struct loop *loop);

#endif
