/* identity.h - who a server proves to be: a certificate and its key, as TLS listeners show them.
 *
 * A pair is read once and never changes. Each connection keeps the one that it has begun with, so that a renewed one
 * can take its place at any time.
 */
#ifndef CAIRN_IDENTITY_H
#define CAIRN_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

struct identity;
struct gnutls_session_int;

enum { IDENTITY_TEXT_MAX = 512 };

/* Reads both files, in PEM: the certificate, with those that lead to its authority behind it, and its key without a
 * passphrase. NULL, and a sentence that says what is wrong with which; a build without TLS says that. Thread: any. */
struct identity *identity_read(const char *certificate, const char *key, char reason[IDENTITY_TEXT_MAX]);

/* Whose certificate it is and how long it is valid: "cairn.example, valid until 2027-02-28". Borrowed. Thread: any. */
const char *identity_text(const struct identity *identity);

/* Whether it is valid today. Thread: any. */
bool identity_is_valid(const struct identity *identity);

/* One reference more; one less, and the last frees it. NULL is allowed. Thread: any. */
struct identity *identity_hold(struct identity *identity);
void identity_release(struct identity *identity);

/* Makes a session of GnuTLS one of this server: its certificate, its versions and ciphers, the key of its tickets.
 * False when memory is out. It must not outlive the identity. */
bool identity_equip(const struct identity *identity, struct gnutls_session_int *session);

#endif
