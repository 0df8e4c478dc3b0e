/* tunnel.h - a way through TLS for tests that speak in clear: what is sent into one end comes out of the other, and so
 * do the ends of what is sent.
 *
 *     int socket = tunnel_connect(port, NULL);   // raw.h works on it
 *
 * Whole tests go through one where TEST_THROUGH_TLS is set: server.h then starts the server with TLS and gives the port
 * of a tunnel to it.
 */
#ifndef CAIRN_TESTS_HTTP_TUNNEL_H
#define CAIRN_TESTS_HTTP_TUNNEL_H

#include <sys/types.h>

/* A socket whose bytes go to that port of 127.0.0.1 over TLS, with priorities as GnuTLS writes them (NULL: its own).
 * The caller closes it. -1 when the two do not come to an agreement. Thread: any. */
int tunnel_connect(int port, const char *priorities);

/* A process that takes connections on *ret_port of 127.0.0.1 and carries each to `port`; it ends with the thread that
 * has called this, or by tunnel_close(). */
pid_t tunnel_open(int port, int *ret_port);

void tunnel_close(pid_t tunnel);

#endif
