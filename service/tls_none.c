/* tls_none.c - identity.h and tls.h in a build without GnuTLS (-DCAIRN_TLS=OFF): nobody proves to be anything, and so
 * no connection ever has a session. */
#include "service/identity.h"
#include "service/tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct identity *identity_read(const char *certificate, const char *key, char reason[IDENTITY_TEXT_MAX])
{
    (void)certificate;
    (void)key;
    snprintf(reason, IDENTITY_TEXT_MAX,
             "this build of cairnd has no TLS: build it with -DCAIRN_TLS=ON, or put a proxy "
             "in front");
    return NULL;
}

struct identity *identity_hold(struct identity *identity)
{
    return identity;
}

void identity_release(struct identity *identity)
{
    (void)identity;
}

struct tls *tls_new_client(int socket)
{
    (void)socket;
    errno = EPROTONOSUPPORT;
    return NULL;
}

void tls_free(struct tls *tls)
{
    (void)tls;
}

/* ---- what takes an identity or a session that there is none of ----------------------------------- */

const char *identity_text(const struct identity *identity)
{
    (void)identity;
    abort();
}

bool identity_is_valid(const struct identity *identity)
{
    (void)identity;
    abort();
}

struct tls *tls_new(struct identity *identity, int socket)
{
    (void)identity;
    (void)socket;
    abort();
}

enum tls_progress tls_shake(struct tls *tls)
{
    (void)tls;
    abort();
}

ssize_t tls_receive(void *arg, void *buffer, size_t size)
{
    (void)arg;
    (void)buffer;
    (void)size;
    abort();
}

bool tls_has_ready(const struct tls *tls)
{
    (void)tls;
    abort();
}

bool tls_is_amid_record(const struct tls *tls)
{
    (void)tls;
    abort();
}

bool tls_has_answered(const struct tls *tls)
{
    (void)tls;
    abort();
}

ssize_t tls_send(struct tls *tls, const struct iovec *pieces, size_t count, int flags)
{
    (void)tls;
    (void)pieces;
    (void)count;
    (void)flags;
    abort();
}

ssize_t tls_send_file(struct tls *tls, int file, off64_t *offset, size_t size)
{
    (void)tls;
    (void)file;
    (void)offset;
    (void)size;
    abort();
}

uint64_t tls_sent(const struct tls *tls)
{
    (void)tls;
    abort();
}

void tls_end(struct tls *tls)
{
    (void)tls;
    abort();
}
