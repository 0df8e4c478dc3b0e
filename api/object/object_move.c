/* object_move.c - MOVE of …/objects/{key} to where Destination says. */
#include "api/object/relocation.h"

static void begin(struct request *request)
{
    relocation_begin(request, true);
}

const struct endpoint endpoint_object_move = {
    .begin = begin, .finish = relocation_finish, .end = relocation_end, .fault = "the object cannot be moved"};
