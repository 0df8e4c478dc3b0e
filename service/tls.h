/* tls.h - TLS on one connection: what is between the socket and the bytes that libmicrohttpd reads and writes.
 *
 * Its calls behave like those on a socket that does not block, also in what epoll's edges rely on: reading gives fewer
 * bytes than asked for only when nothing is left to be read, and writing takes fewer only when the kernel takes no
 * more.
 *
 * Thread: one at a time; the loop's, but tls_new().
 */
#ifndef CAIRN_TLS_H
#define CAIRN_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

struct identity;
struct tls;

enum tls_progress {
    TLS_READY,  /* the handshake is done: bytes can be read and written */
    TLS_READS,  /* it goes on when the socket is readable */
    TLS_WRITES, /* it goes on when the socket is writable */
    TLS_FAILED, /* it never will; the client has been told why, as far as that was possible */
};

/* The server's side of a connection; it holds the identity. NULL when memory is out. The socket is borrowed. */
struct tls *tls_new(struct identity *identity, int socket);

/* The client's side of a connection, whose server has to prove nothing. NULL when memory is out. */
struct tls *tls_new_client(int socket);

/* NULL is allowed. The client is told nothing: tls_end() does that. */
void tls_free(struct tls *tls);

/* Goes on with the handshake. */
enum tls_progress tls_shake(struct tls *tls);

/* As recv(), with a struct tls as `arg`; a wire's source. 0 when the client has said that it sends no more, or its side
 * of the connection has ended. */
ssize_t tls_receive(void *arg, void *buffer, size_t size);

/* Whether there are bytes that have come and been decrypted, but not been received. */
bool tls_has_ready(const struct tls *tls);

/* Whether a record has begun to come that is not whole yet; its bytes are in the session and not with the kernel. A key
 * update that no data has followed looks the same. */
bool tls_is_amid_record(const struct tls *tls);

/* Whether anything has been sent, if only of the handshake: the client has then said what there is to be answered. */
bool tls_has_answered(const struct tls *tls);

/* As sendmsg(), of these pieces; of the flags only MSG_MORE matters. */
ssize_t tls_send(struct tls *tls, const struct iovec *pieces, size_t count, int flags);

/* As sendfile(). */
ssize_t tls_send_file(struct tls *tls, int file, off64_t *offset, size_t size);

/* Bytes that have been sent. */
uint64_t tls_sent(const struct tls *tls);

/* Tells the client that nothing more comes, unless something was cut off. */
void tls_end(struct tls *tls);

#endif
