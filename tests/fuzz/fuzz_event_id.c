/* fuzz_event_id.c - how far a follower says to have come, as Last-Event-ID and as `log`: what is accepted means the
 * same when it is written down again. */
#include "api/http/event_id.h"
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_allocate(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    read_id(text);
    read_log(text);
    free(text);
    return 0;
}
