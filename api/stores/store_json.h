/* store_json.h - what is known of a store, in JSON.
 *
 * Thread: any; store_json_reply() the daemon's.
 */
#ifndef CAIRN_API_STORE_JSON_H
#define CAIRN_API_STORE_JSON_H

#include "api/request/request.h"
#include "api/text/jsontext.h"

/* The member `limits`: {"bytes","objects"}, null where there is no limit. */
void store_json_limits(struct jsontext *json, const struct store_limits *limits);

/* The member `owner`: where this server says that it serves; null where it does not. */
void store_json_owner(struct jsontext *json, const struct request *request);

/* Answers with the figures of the request's store. */
void store_json_reply(struct request *request);

#endif
