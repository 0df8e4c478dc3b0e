/* object_copy.c - COPY of …/objects/{key} to where Destination says. */
#include "api/object/verb.h"

static void begin(struct request *request)
{
    verb_begin(request, false);
}

const struct endpoint endpoint_object_copy = {
    .begin = begin, .finish = verb_finish, .end = verb_end, .carries = true, .fault = "the object cannot be copied"};
