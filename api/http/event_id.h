/* event_id.h - the id of a server-sent event of a feed: how far it leads, in which log.
 *
 *     9f31c2aa-147488     a log, and an offset in it
 *     147488              an offset in whatever log there is
 *
 * A client shows the last one as Last-Event-ID when it comes back.
 *
 * Thread: any.
 */
#ifndef CAIRN_API_EVENT_ID_H
#define CAIRN_API_EVENT_ID_H

#include <stdbool.h>
#include <stdint.h>

enum { LOG_ID_BYTES = 4, LOG_ID_SIZE = 2 * LOG_ID_BYTES + 1 };

/* What a log is known by. */
struct log_id {
    uint8_t bytes[LOG_ID_BYTES];
};

struct event_id {
    bool of_log; /* it says of which */
    struct log_id log;
    uint64_t offset; /* at most INT64_MAX */
};

enum { EVENT_ID_SIZE = LOG_ID_SIZE + sizeof "9223372036854775807" };

/* False when it is none. */
bool event_id_parse(const char *text, struct event_id *ret_id);
void event_id_write(char text[EVENT_ID_SIZE], const struct event_id *id);

/* The log alone: exactly so many digits, of lower case. */
bool log_id_parse(const char *text, struct log_id *ret_log);
void log_id_write(char text[LOG_ID_SIZE], const struct log_id *log);

#endif
