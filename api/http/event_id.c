/* event_id.c - reads and writes the ids of server-sent events. See event_id.h. */
#include "api/http/event_id.h"

#include "api/text/decimal.h"
#include "api/text/hex.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LOG_ID_DIGITS = 2 * LOG_ID_BYTES };

bool log_id_parse(const char *text, struct log_id *ret_log)
{
    return strlen(text) == LOG_ID_DIGITS && hex_decode_lower(text, ret_log->bytes, LOG_ID_BYTES);
}

void log_id_write(char text[LOG_ID_SIZE], const struct log_id *log)
{
    hex_encode(text, log->bytes, LOG_ID_BYTES);
    text[LOG_ID_DIGITS] = '\0';
}

bool event_id_parse(const char *text, struct event_id *ret_id)
{
    struct event_id id = {.of_log = strlen(text) > LOG_ID_DIGITS && text[LOG_ID_DIGITS] == '-'};
    const char *offset = id.of_log ? text + LOG_ID_DIGITS + 1 : text;
    if (id.of_log && !hex_decode_lower(text, id.log.bytes, LOG_ID_BYTES))
        return false;
    if (!decimal_parse(offset, strlen(offset), INT64_MAX, &id.offset))
        return false;
    *ret_id = id;
    return true;
}

void event_id_write(char text[EVENT_ID_SIZE], const struct event_id *id)
{
    char *at = text;
    if (id->of_log) {
        log_id_write(at, &id->log);
        at += LOG_ID_DIGITS;
        *at++ = '-';
    }
    (void)snprintf(at, EVENT_ID_SIZE - (size_t)(at - text), "%" PRIu64, id->offset);
}
