/* head.h - the fields of a request's head that several endpoints read, each with its refusal.
 *
 * Each function returns false when it has answered. Thread: the daemon's.
 */
#ifndef CAIRN_API_HEAD_H
#define CAIRN_API_HEAD_H

#include "api/http/attributes.h"
#include "api/http/expiry.h"
#include "api/http/precondition.h"
#include "api/request/request.h"

#include <stdbool.h>

/* If-Match or else If-Unmodified-Since, and If-None-Match. */
bool head_precondition(struct request *request, struct precondition *precondition);

/* Content-Type, its like and Cairn-Meta-*. */
bool head_attributes(struct request *request, struct attributes *attributes);

/* The same, but for those that are the body's, a piece of the object: they join what is there already, and yield to
 * it. */
bool head_attributes_beside(struct request *request, struct attributes *attributes);

/* Cairn-Expires. */
bool head_expiry(struct request *request, struct expiry *expiry);

#endif
