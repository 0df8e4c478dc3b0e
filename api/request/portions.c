/* portions.c - a content reader that suspends its connection while there is nothing to read. See portions.h. */
#include "api/request/portions.h"

#include "api/request/core.h"
#include "api/request/interrupt.h"
#include "api/request/reply.h"

#include <string.h>

/* Bytes of a portion; while answers that clients do not read have the memory they are fewer, and who reads well waits
 * more often. */
enum { LEAST = 64 << 10, LEAST_SHORT = 4 << 10 };

/* What is in memory is counted, and never refused: half of the content may be out. */
static void take_measure(struct request *request, struct portions *portions)
{
    struct budget *answers = &request->api->answers;
    budget_keep(&request->answer, 0);
    portions->least = budget_has(answers, LEAST) ? LEAST : LEAST_SHORT;
    budget_add(answers, &request->answer, portions->least);
}

static void prepare(struct request *request, struct portions *portions)
{
    take_measure(request, portions);
    portions->length = portions->sent = 0;
    portions->idle = false;
}

void portions_begin(struct request *request, struct portions *portions, request_step *make, request_step *then)
{
    portions->request = request;
    portions->make = make;
    prepare(request, portions);
    request_offload(request, make, then);
}

static ssize_t break_off(struct request *request)
{
    reply_broken_off(request);
    interrupt_reset(request->connection);
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

static size_t hand_over(struct portions *portions, char *bytes, size_t capacity)
{
    size_t left = portions->length - portions->sent;
    size_t length = left < capacity ? left : capacity;
    memcpy(bytes, portions->bytes + portions->sent, length);
    portions->sent += length;
    portions->request->handed += length;
    return length;
}

/* Nothing is to come for now. */
static ssize_t rest(struct portions *portions)
{
    budget_keep(&portions->request->answer, 0);
    return portions->wait(portions->request) ? 0 : MHD_CONTENT_READER_END_OF_STREAM;
}

/* For libmicrohttpd: 0 where it is to ask again when the connection goes on. */
static ssize_t read_portion(void *closure, uint64_t position, char *bytes, size_t capacity)
{
    struct portions *portions = closure;
    struct request *request = portions->request;
    (void)position;
    if (request->error != STORE_OK)
        return break_off(request);
    if (portions->sent < portions->length)
        return (ssize_t)hand_over(portions, bytes, capacity);
    if (portions->last)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (portions->idle)
        return rest(portions);
    prepare(request, portions);
    request_pause(request);
    request_work(request, portions->make);
    return 0;
}

void portions_go_on(struct portions *portions)
{
    prepare(portions->request, portions);
    request_work(portions->request, portions->make);
}

void portions_say(struct portions *portions, const char *bytes, size_t length)
{
    portions->bytes = bytes;
    portions->length = length;
    portions->sent = 0;
    request_resume(portions->request);
}

void portions_begin_text(const struct portions *portions, struct jsontext *text)
{
    text->length = 0;
    if (text->capacity > 2 * portions->least)
        jsontext_free(text);
}

void portions_end_text(struct portions *portions, const struct jsontext *text)
{
    struct request *request = portions->request;
    if (text->failed && request->error == STORE_OK)
        request->error = STORE_NO_MEMORY;
    portions->bytes = text->bytes;
    portions->length = text->length;
}

void portions_reply(struct request *request, struct portions *portions, const char *media_type)
{
    if (request->method == METHOD_HEAD)
        reply_length(request, 200, STORE_SIZE_UNKNOWN);
    else
        reply_reader(request, 200, STORE_SIZE_UNKNOWN, read_portion, NULL, portions);
    reply_field(request, "Content-Type", media_type);
}
