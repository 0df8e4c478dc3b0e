/* clients.h - the clients that a loop serves: who comes, who is about to go, and who has to.
 *
 * Clients are listed from the moment that the loop has them, but those that libmicrohttpd was given and has not told of
 * yet (daemon.h).
 *
 * Thread: the loop's.
 */
#ifndef CAIRN_CLIENTS_H
#define CAIRN_CLIENTS_H

#include "service/client.h"
#include "service/loop_internal.h"

void clients_add(struct loop *loop, struct client *client);

/* It is none of the clients any more; its end, or its second beginning, is the caller's. */
void clients_unlink(struct loop *loop, const struct client *client);

/* Gives its place back and frees it. Its socket is the caller's, or libmicrohttpd's. */
void clients_forget(struct loop *loop, struct client *client);

/* libmicrohttpd is about to close its socket: sees to what it still sends, and forgets it. */
void clients_closed(struct loop *loop, struct client *client);

/* One that was not let go on is counted and told of. `rated`: its pace was what it was judged by. */
void clients_evicted(struct loop *loop, const struct client *client, enum api_eviction reason, bool rated);

/* A suspended request hears of it here alone: libmicrohttpd does not look at its socket. Once when the client has
 * closed its side, and again when it is gone for sure. */
void clients_ended(struct loop *loop, struct client *client);

/* libmicrohttpd takes a short read for the last one until epoll reports again, and an end that came together with the
 * last bytes is not reported again: it would miss it until the idle timeout is over. So it is told, after it has read
 * those bytes. */
void clients_tell_of_ends(struct loop *loop);

/* A shut-down socket reads as ended, so libmicrohttpd closes the connection. For reading only, a request that has
 * arrived already is still read and answered first. During a drain this is repeated, for those who were not idle. */
void clients_tell_phase(struct client *client, enum phase phase);

/* The same of all of them: that is the loop's phase from now on. */
void clients_enter_phase(struct loop *loop, enum phase phase);

/* Ends those that do not come to the point, when it is time to look again. */
void clients_judge(struct loop *loop);

/* Guests come and go. When many of them do not, one is made to; but none of those who wait for the server. First goes
 * who has said nothing, as a crowd does that only connects: else a client that needs several messages for its handshake
 * would be the oldest before its last one. Of those who speak the one goes that has been here for the longest time. */
void clients_limit_guests(struct loop *loop);

#endif
