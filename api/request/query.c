/* query.c - reads parameters, and refuses what they are not. See query.h. */
#include "api/request/query.h"

#include "api/request/reply.h"
#include "api/text/decimal.h"

#include <inttypes.h>
#include <string.h>

bool query_number(struct request *request, const char *name, uint64_t least, uint64_t most, uint64_t *number)
{
    char text[sizeof "18446744073709551615"];
    uint64_t value;
    enum uri_parameter found = uri_parameter(request->query, name, text, sizeof text);
    if (found == URI_PARAMETER_ABSENT)
        return true;
    if (found == URI_PARAMETER_FOUND && decimal_parse(text, strlen(text), most, &value) && value >= least) {
        *number = value;
        return true;
    }
    reply_problem(request, PROBLEM_BAD_PARAMETER, "The parameter %s is a number from %" PRIu64 " to %" PRIu64 ".", name,
                  least, most);
    return false;
}

bool query_switch(struct request *request, const char *name, bool *ret_on)
{
    char value[sizeof "false"] = "false";
    enum uri_parameter found = uri_parameter(request->query, name, value, sizeof value);
    bool on = strcmp(value, "true") == 0;
    if (found != URI_PARAMETER_MALFORMED && (on || strcmp(value, "false") == 0)) {
        *ret_on = on;
        return true;
    }
    reply_problem(request, PROBLEM_BAD_PARAMETER, "The parameter %s is true or false.", name);
    return false;
}

bool query_prefix(struct request *request, char ret_prefix[STORE_KEY_MAX + 1], size_t *ret_length)
{
    enum uri_parameter found = uri_parameter_bytes(request->query, "prefix", ret_prefix, STORE_KEY_MAX + 1, ret_length);
    if (found == URI_PARAMETER_ABSENT)
        *ret_length = 0;
    if (found != URI_PARAMETER_MALFORMED)
        return true;
    reply_problem(request, PROBLEM_BAD_PARAMETER,
                  "The parameter prefix is percent-encoded and has at most 1024 bytes.");
    return false;
}

bool query_download(struct request *request, char ret_disposition[DISPOSITION_SIZE])
{
    char name[3 * DISPOSITION_NAME_MAX + 1]; /* as long as its escapes */
    size_t length;
    enum uri_parameter found = uri_parameter_bytes(request->query, "download", name, sizeof name, &length);
    *ret_disposition = '\0';
    if (found == URI_PARAMETER_ABSENT)
        return true;
    if (found == URI_PARAMETER_MALFORMED || !disposition_name_valid(name, length)) {
        reply_problem(request, PROBLEM_BAD_PARAMETER,
                      "download is a name in UTF-8, without control characters, of at most %d bytes.",
                      DISPOSITION_NAME_MAX);
        return false;
    }
    disposition_write(ret_disposition, name, length);
    return true;
}
