/* transport.h - stands between libmicrohttpd and the sockets that it reads from and writes to.
 *
 * libmicrohttpd offers no place to look at bytes before it reads them, and looking with MSG_PEEK would cost a call for
 * each read and still miss what comes between the two. But it reads by calling recv(), which this program defines
 * itself: a dynamic linker takes the program's before that of libc, as it does for malloc(). So each read comes here,
 * and from a socket that is watched goes through its wire (wire.h), at no further system call and without a copy.
 *
 * In the same way send(), sendmsg(), sendfile64() and shutdown() come here. Where a socket has a TLS session (tls.h),
 * what is written goes through that, and what is read comes out of it before it passes the wire. So for libmicrohttpd,
 * and for all that is made of what it reads and writes, there is no TLS.
 *
 * Thread: the one that runs the daemon; each knows only its own sockets. Calls for any other socket are the system's,
 * and so is recv() with flags.
 */
#ifndef CAIRN_TRANSPORT_H
#define CAIRN_TRANSPORT_H

#include <stdbool.h>

struct tls;
struct wire;

/* From here on what this thread reads from the socket goes through the wire, and both ways through the session where
 * there is one (NULL: none). Both are borrowed. False when memory is out. */
bool transport_watch(int socket, struct wire *wire, struct tls *tls);

/* Before the socket is closed. */
void transport_forget(int socket);

/* At the end of the thread: frees its list. */
void transport_end(void);

#endif
