/* query.h - the query parameters that several endpoints read, each with its refusal.
 *
 * Each function returns false when it has answered. Thread: the daemon's.
 */
#ifndef CAIRN_API_QUERY_H
#define CAIRN_API_QUERY_H

#include "api/http/disposition.h"
#include "api/request/request.h"

#include <stdbool.h>
#include <stdint.h>

/* A parameter that is a number of at least `least`; where it is absent the number stays. */
bool query_number(struct request *request, const char *name, uint64_t least, uint64_t most, uint64_t *number);

/* A parameter that is `true` or `false`; one that is absent is false. */
bool query_switch(struct request *request, const char *name, bool *ret_on);

/* `prefix`: the first bytes of keys; none where it is absent. */
bool query_prefix(struct request *request, char ret_prefix[STORE_KEY_MAX + 1], size_t *ret_length);

/* `download`: the name under which the client wants to save what comes, as its Content-Disposition; "" where it is
 * absent. */
bool query_download(struct request *request, char ret_disposition[DISPOSITION_SIZE]);

#endif
