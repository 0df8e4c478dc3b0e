/* object_copy.c - COPY of …/objects/{key} to where Destination says. */
#include "api/object/relocation.h"

static void begin(struct request *request)
{
    relocation_begin(request, false);
}

const struct endpoint endpoint_object_copy = {
    .begin = begin, .finish = relocation_finish, .end = relocation_end, .fault = "the object cannot be copied"};
