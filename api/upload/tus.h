/* tus.h - the fields of tus 1.0.0 that several requests have, each with its refusal.
 *
 * Each function returns false when it has answered. Thread: the daemon's.
 */
#ifndef CAIRN_API_TUS_H
#define CAIRN_API_TUS_H

#include "api/upload/session.h"

/* Whether the body is said to be bytes of an upload. */
bool tus_body(struct request *request);

/* A number of bytes; *ret_number stays as it is without the field, which may be missing unless it is `needed`. */
bool tus_number(struct request *request, enum field field, bool needed, uint64_t *ret_number);

/* Upload-Checksum, if there is one, and no other sum, which nobody would look at. */
bool tus_checksum(struct request *request, struct checksum *checksum);

#endif
