/* copy_post.c - POST …/copy: COPY for clients made from the interface's description. */
#include "api/object/command.h"

static void begin(struct request *request)
{
    command_begin(request, false);
}

const struct endpoint endpoint_copy_post = {.begin = begin,
                                            .receive = command_receive,
                                            .finish = command_finish,
                                            .end = command_end,
                                            .carries = true,
                                            .fault = "the object cannot be copied"};
