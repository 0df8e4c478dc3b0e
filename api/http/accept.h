/* accept.h - which of two media types a client would rather have, and whether it takes a coding (RFC 9110, sections
 * 12.5.1 and 12.5.3).
 *
 * Thread: any.
 */
#ifndef CAIRN_API_ACCEPT_H
#define CAIRN_API_ACCEPT_H

#include <stdbool.h>

/* Whether the client prefers `type` to `usual`, which it gets where it says nothing, or wants neither. NULL: the field
 * is absent. Where both have the same quality, the one that is named more exactly is what the client came for.
 * Parameters of a type are not looked at, and what is malformed is passed over. */
bool accept_prefers(const char *accept, const char *type, const char *usual);

/* Whether the client takes content in that coding. NULL: the field is absent, and it is not asked for. */
bool accept_takes(const char *accept_encoding, const char *coding);

#endif
