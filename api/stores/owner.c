/* owner.c - GET /v1/stores/{store}/owner: which server has a store.
 *
 * Nobody is sent on: pages cannot see where they are sent, and may ask no other server than their own. Who asks may do
 * something in that store, and so would be sent there by any other request.
 */
#include "api/request/core.h"
#include "api/request/reply.h"
#include "api/request/request.h"
#include "api/text/jsontext.h"

#include <stdio.h>
#include <stdlib.h>

static void answer(struct request *request)
{
    bool here = request->store;
    char *url = NULL;
    if (!here &&
        asprintf(&url, "%s%s/v1/stores/%s", request->owner, request_base_path(request), request->store_name) < 0) {
        reply_error(request, STORE_NO_MEMORY);
        return;
    }
    struct jsontext json = {0};
    jsontext_open(&json, '{');
    jsontext_field(&json, "name", request->store_name);
    jsontext_flag(&json, "here", here);
    jsontext_field(&json, "owner", here ? request->api->options.address : request->owner);
    jsontext_field(&json, "url", url);
    jsontext_close(&json, '}');
    free(url);
    reply_json(request, 200, &json);
}

static void finish(struct request *request)
{
    request_find_store(request, answer);
}

const struct endpoint endpoint_owner = {.finish = finish, .prompt = true};
