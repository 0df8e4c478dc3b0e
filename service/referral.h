/* referral.h - the answer of a server that another one has the store: where it leads, and whether one goes there.
 *
 * Who asks shows a token. The server that was trusted with it names the one that has the store, and may do so: it could
 * do anything with that token itself, and what it names is where a server of the same stores says that it serves. So
 * the token goes along, but only
 *
 *     - where it is cairn that has answered, and not a portal or a proxy in front of it;
 *     - to the very path and query that were asked for, at another address;
 *     - never out of TLS: what was asked by https is asked by https.
 */
#ifndef CAIRN_REFERRAL_H
#define CAIRN_REFERRAL_H

#include <jansson.h>

enum { REFERRAL_STATUS = 307 };

/* Reads such an answer of the server at `base`, a URL as far as the path begins: its field `Location`, which NULL means
 * it has not, and its body. NULL where *ret_base, to be freed, is that of the server to ask instead; else why none
 * is. */
const char *referral_read(const char *base, const char *path, const char *location, const json_t *problem,
                          char **ret_base);

#endif
