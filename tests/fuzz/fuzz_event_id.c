/* fuzz_event_id.c - how far a follower says to have come, as Last-Event-ID, and as `since` and `log`: what is accepted
 * means the same when it is written down again, and a place is the same one in the field and in the query. */
#include "api/http/event_id.h"
#include "api/http/uri.h"
#include "api/text/decimal.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void read_id(const char *text)
{
    char written[EVENT_ID_SIZE];
    struct event_id id, again;
    if (!event_id_parse(text, &id))
        return;
    fuzz_assert(id.offset <= INT64_MAX);
    event_id_write(written, &id);
    fuzz_assert(strlen(written) < sizeof written && event_id_parse(written, &again));
    fuzz_assert(again.of_log == id.of_log && again.offset == id.offset);
    fuzz_assert(!id.of_log || memcmp(&again.log, &id.log, sizeof id.log) == 0);
    fuzz_assert(strlen(written) <= strlen(text)); /* which may have zeros in front */
}

static void read_log(const char *text)
{
    char written[LOG_ID_SIZE];
    struct log_id log;
    if (!log_id_parse(text, &log))
        return;
    log_id_write(written, &log);
    fuzz_assert(strcmp(written, text) == 0);
}

enum { SINCE_SIZE = sizeof "18446744073709551615" };

/* The text as the parameter `since`, escaped, amid others. */
static enum uri_parameter since_of(const char *text, char value[SINCE_SIZE])
{
    static const char before[] = "limit=7&since=", behind[] = "&wait=1&since=0";
    size_t length = strlen(text);
    char *query = fuzz_allocate(sizeof before + 3 * length + sizeof behind), *at = stpcpy(query, before);
    at += uri_encode_value(at, text, length);
    at = stpcpy(at, behind);
    struct slice all = {query, (size_t)(at - query)};
    enum uri_parameter found = uri_parameter(all, "since", value, SINCE_SIZE);
    free(query);
    return found;
}

static void read_since(const char *text)
{
    char value[SINCE_SIZE];
    uint64_t since;
    struct event_id id;
    bool fits = strlen(text) < SINCE_SIZE;
    enum uri_parameter found = since_of(text, value);
    bool told = found == URI_PARAMETER_FOUND && decimal_parse(value, strlen(value), INT64_MAX, &since);
    bool same = event_id_parse(text, &id) && !id.of_log && fits;
    fuzz_assert(found != URI_PARAMETER_ABSENT && told == same);
    fuzz_assert(!told || (strcmp(value, text) == 0 && since == id.offset));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_allocate(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    read_id(text);
    read_log(text);
    read_since(text);
    free(text);
    return 0;
}
