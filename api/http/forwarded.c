/* forwarded.c - walks the list from its end, for as long as trusted proxies have written it. See forwarded.h. */
#include "api/http/forwarded.h"

#include "api/http/octet.h"

#include <string.h>

static bool is_trusted(const struct network *trusted, size_t count, const struct host *host)
{
    for (size_t i = 0; i < count; i++)
        if (network_holds(&trusted[i], host))
            return true;
    return false;
}

/* Takes the last member off the list that is not empty; false: there is none. */
static bool take_last(const char *list, size_t *length, struct host *ret_host, bool *ret_address)
{
    size_t end = *length, start;
    while (end > 0 && (list[end - 1] == ',' || octet_is(list[end - 1], OCTET_BLANK)))
        end--;
    for (start = end; start > 0 && list[start - 1] != ','; start--) {
    }
    *length = start;
    while (start < end && octet_is(list[start], OCTET_BLANK))
        start++;
    *ret_address = host_parse(list + start, end - start, ret_host);
    return end > start;
}

struct host forwarded_client(const struct network *trusted, size_t count, const struct host *peer, const char *field)
{
    struct host client = *peer, before;
    const char *list = field ? field : "";
    size_t length = strlen(list);
    bool address;
    while (is_trusted(trusted, count, &client) && take_last(list, &length, &before, &address) && address)
        client = before;
    return client;
}
