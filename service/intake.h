/* intake.h - stands between libmicrohttpd and the sockets that it reads from.
 *
 * libmicrohttpd offers no place to look at bytes before it reads them, and looking with MSG_PEEK would cost a call for
 * each read and still miss what comes between the two. But it reads by calling recv(), which this program defines
 * itself: a dynamic linker takes the program's before that of libc, as it does for malloc(). So each read comes here,
 * and from a socket that is watched goes through its wire (wire.h), at no further system call and without a copy.
 *
 * Thread: the one that runs the daemon; each knows only its own sockets. recv() of any other socket, or with flags, is
 * the system's.
 */
#ifndef CAIRN_INTAKE_H
#define CAIRN_INTAKE_H

#include <stdbool.h>

struct wire;

/* From here on reads of the socket on this thread go through the wire, which is borrowed. False when memory is out. */
bool intake_watch(int socket, struct wire *wire);

/* Before the socket is closed. */
void intake_forget(int socket);

/* At the end of the thread: frees its list. */
void intake_end(void);

#endif
