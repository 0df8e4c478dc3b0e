/* verify.c - POST /v1/stores/{store}/verify: begins to compare every stored byte with its digest.
 *
 * The engine does it in the background; how far it is and what it found is among the store's figures. `?rate=` limits
 * its pace in bytes per second, so that it does not take the disk from those the store is for; 0 takes the limit away.
 */
#include "api/request/reply.h"
#include "api/request/request.h"
#include "api/stores/verification.h"
#include "api/text/decimal.h"

#include <stdlib.h>
#include <string.h>

enum { RATE_DEFAULT = 64 << 20 };

struct order {
    uint64_t rate;
};

static bool read_rate(struct request *request, uint64_t *ret_rate)
{
    char value[24];
    enum uri_parameter found = uri_parameter(request->query, "rate", value, sizeof value);
    *ret_rate = RATE_DEFAULT;
    if (found == URI_PARAMETER_ABSENT)
        return true;
    /* More than a signed number of 64 bits holds is not what openapi.yaml describes. */
    if (found == URI_PARAMETER_FOUND && decimal_parse(value, strlen(value), INT64_MAX, ret_rate))
        return true;
    reply_problem(request, PROBLEM_BAD_PARAMETER, "The parameter rate is a number of bytes per second; 0: no limit.");
    return false;
}

static void begin(struct request *request)
{
    struct order *order = calloc(1, sizeof *order);
    request->state = order;
    if (!order)
        reply_error(request, STORE_NO_MEMORY);
    else
        read_rate(request, &order->rate);
}

/* A body that is dropped would look as if it had been read. */
static size_t receive(struct request *request, const char *bytes, size_t length)
{
    (void)bytes;
    reply_problem(request, PROBLEM_BAD_BODY, "This request has no body: the pace is told by ?rate=BYTES.");
    return length;
}

static void start(struct request *request)
{
    const struct order *order = request->state;
    enum store_error error = store_verify_start(request->store, order->rate);
    if (error == STORE_BUSY) {
        reply_problem(request, PROBLEM_VERIFICATION_RUNNING,
                      "The store \"%s\" is being verified; GET %s/v1/stores/%s tells how far it is.",
                      request->store_name, request_base_path(request), request->store_name);
        return;
    }
    if (error != STORE_OK) {
        reply_store_error(request, error, request->store_name);
        return;
    }
    struct jsontext json = {0};
    verification_write(&json, request->store);
    reply_json(request, 202, &json);
}

static void finish(struct request *request)
{
    request_acquire(request, start);
}

const struct endpoint endpoint_verify = {.begin = begin, .receive = receive, .finish = finish, .parameters = {"rate"}};
