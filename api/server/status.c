/* status.c - the members of that answer. See status.h. */
#include "api/server/status.h"

#include "api/request/reply.h"

void status_reply(struct request *request, const char *status, const char *detail)
{
    struct jsontext json = {0};
    jsontext_open(&json, '{');
    jsontext_field(&json, "status", status);
    if (detail[0] != '\0')
        jsontext_field(&json, "detail", detail);
    jsontext_close(&json, '}');
    reply_json(request, 200, &json);
    reply_field(request, "Cache-Control", "no-store");
}
