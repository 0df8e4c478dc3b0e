/* portions.c - a content reader that suspends its connection while there is nothing to read. See portions.h. */
#include "api/request/portions.h"

#include "api/request/core.h"
#include "api/request/interrupt.h"
#include "api/request/reply.h"

#include <string.h>

/* Bytes of a portion; while answers that clients do not read have the memory they are fewer, and who reads well waits
 * more often. With the line that makes it full a usual one has room in 64 KiB. */
enum { LEAST = 56 << 10, LEAST_SHORT = 4 << 10, LEAST_LARGE = 1 << 20 };

/* Portions are as long as they are wanted while a quarter of the budget could be had: so those who do not read leave
 * room for pages. */
static bool has_room(const struct budget *answers, size_t wanted)
{
    return budget_has(answers, 2 * wanted) && budget_has(answers, answers->limit / 4);
}

/* What is in memory is counted, and never refused: half of the content may be out. Those who wait for a thread have
 * nothing in memory yet. Thread: an I/O thread. */
static void make(struct request *request)
{
    struct portions *portions = request->portions;
    struct budget *answers = &request->api->answers;
    size_t wanted = portions->large ? LEAST_LARGE : LEAST;
    portions->length = portions->sent = 0;
    portions->idle = false;
    portions->least = has_room(answers, wanted) ? wanted : LEAST_SHORT;
    budget_add(answers, &request->answer, portions->least);
    portions->capacity = 0;
    portions->make(request);
    budget_add(answers, &request->answer, portions->capacity);
    budget_keep(&request->answer, portions->capacity > 0 ? portions->capacity : portions->length);
}

void portions_begin(struct request *request, struct portions *portions, request_step *make_one, request_step *then)
{
    request->portions = portions;
    portions->make = make_one;
    request_offload(request, make, then);
}

void portions_from(struct request *request, struct portions *portions, portions_more *more)
{
    request->portions = portions;
    portions->more = more;
    portions->idle = true;
}

void portions_go_on(struct request *request)
{
    request_work(request, make);
}

void portions_lend(struct portions *portions, const char *bytes, size_t length)
{
    portions->bytes = bytes;
    portions->length = length;
    portions->sent = 0;
}

static ssize_t break_off(struct request *request)
{
    reply_broken_off(request);
    interrupt_reset(request->connection);
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

static ssize_t hand_over(struct request *request, char *bytes, size_t capacity)
{
    struct portions *portions = request->portions;
    size_t left = portions->length - portions->sent;
    size_t length = left < capacity ? left : capacity;
    memcpy(bytes, portions->bytes + portions->sent, length);
    portions->sent += length;
    request->handed += length;
    return (ssize_t)length;
}

/* For content that comes as it comes. */
static ssize_t ask_for_more(struct request *request, char *bytes, size_t capacity)
{
    const struct portions *portions = request->portions;
    switch (portions->more(request)) {
    case PORTIONS_LENT:
        return hand_over(request, bytes, capacity);
    case PORTIONS_LATER:
        return 0;
    case PORTIONS_NONE:
        break;
    }
    return request->error == STORE_OK ? MHD_CONTENT_READER_END_OF_STREAM : break_off(request);
}

/* Whether the next portion may have the memory of this one. */
static bool may_stay(const struct request *request)
{
    const struct portions *portions = request->portions;
    return portions->make_now && portions->least > LEAST_SHORT && has_room(&request->api->answers, portions->least);
}

/* For libmicrohttpd: 0 where it is to ask again when the connection goes on. */
static ssize_t read_portion(void *closure, uint64_t position, char *bytes, size_t capacity)
{
    struct request *request = closure;
    struct portions *portions = request->portions;
    (void)position;
    if (request->error != STORE_OK)
        return break_off(request);
    if (portions->sent < portions->length)
        return hand_over(request, bytes, capacity);
    if (portions->last)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (portions->idle)
        return ask_for_more(request, bytes, capacity);
    if (may_stay(request) && portions->make_now(request)) {
        portions->sent = 0;
        return hand_over(request, bytes, capacity);
    }
    budget_keep(&request->answer, 0);
    request_pause(request);
    request_work(request, make);
    return 0;
}

void portions_begin_text(const struct portions *portions, struct jsontext *text)
{
    text->length = 0;
    if (text->capacity > 2 * portions->least)
        jsontext_free(text);
}

/* Where memory is short the room for escapes that are not there is some times what a portion is long. */
void portions_end_text(struct request *request, struct jsontext *text)
{
    if (request->portions->least <= LEAST_SHORT)
        jsontext_trim(text);
    if (text->failed && request->error == STORE_OK)
        request->error = STORE_NO_MEMORY;
    request->portions->bytes = text->bytes;
    request->portions->length = text->length;
    request->portions->capacity = text->capacity;
}

void portions_reply(struct request *request, const char *media_type)
{
    if (request->method == METHOD_HEAD)
        reply_length(request, 200, STORE_SIZE_UNKNOWN);
    else
        reply_reader(request, 200, STORE_SIZE_UNKNOWN, read_portion, NULL, request);
    reply_field(request, "Content-Type", media_type);
}

void portions_reply_bytes(struct request *request, struct portions *portions, request_step *make_one, unsigned status,
                          uint64_t length)
{
    *portions = (struct portions){.make = make_one, .large = true};
    request->portions = portions;
    reply_reader(request, status, length, read_portion, NULL, request);
}
