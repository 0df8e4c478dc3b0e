/* access.h - servers with access files, and requests with tokens. Texts live as long as the test's process. */
#ifndef CAIRN_TESTS_HTTP_ACCESS_H
#define CAIRN_TESTS_HTTP_ACCESS_H

#include <stddef.h>

/* The 64 digits of a token's SHA-256, as `sha256` wants them. */
const char *access_sum(const char *token);

/* A token of an access file whose text is its name. `grants` are those of JSON; `expires` NULL: never. */
const char *access_token(const char *name, const char *grants, const char *expires);

/* A grant of rights, as in `"read","list"`, on stores, as in `"photos"`, below a prefix. */
const char *access_grant(const char *stores, const char *prefix, const char *rights);

/* What else a file may say: these grants for anybody. */
const char *access_anonymous(const char *grants);

#define ACCESS_ALL "\"read\",\"list\",\"write\",\"delete\",\"admin\""

/* Texts one after the other, with commas between them; the last NULL. */
const char *access_join(const char *first, ...) __attribute__((sentinel));

/* Writes the access file of the site's server whole: these tokens, and what else stands in the object (or ""). */
void access_write(const char *tokens, const char *more);

/* Writes it, starts the site's server, connects its client and waits until it is answered. */
void access_start(const char *tokens, const char *more);

/* The line `Authorization: Bearer TOKEN`. */
const char *access_bearer(const char *token);

#endif
