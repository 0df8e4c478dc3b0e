/* history.c - a ring of rows, and who is told which of their columns. See history.h. */
#include "api/live/history.h"

#include <stddef.h>

enum about { ABOUT_BOTH, ABOUT_ALL, ABOUT_STORE };

static const struct {
    const char *name;
    enum about about;
} columns[COLUMNS] = {
    [COLUMN_TIME] = {"time", ABOUT_BOTH},
    [COLUMN_REQUESTS] = {"requests", ABOUT_BOTH},
    [COLUMN_READS] = {"reads", ABOUT_BOTH},
    [COLUMN_WRITES] = {"writes", ABOUT_BOTH},
    [COLUMN_DELETES] = {"deletes", ABOUT_BOTH},
    [COLUMN_OTHERS] = {"others", ABOUT_BOTH},
    [COLUMN_REFUSED] = {"refused", ABOUT_BOTH},
    [COLUMN_ERRORS] = {"errors", ABOUT_BOTH},
    [COLUMN_BYTES_IN] = {"bytes_in", ABOUT_BOTH},
    [COLUMN_BYTES_OUT] = {"bytes_out", ABOUT_BOTH},
    [COLUMN_P50] = {"p50_us", ABOUT_BOTH},
    [COLUMN_P99] = {"p99_us", ABOUT_BOTH},
    [COLUMN_COMMITS] = {"commits", ABOUT_BOTH},
    [COLUMN_RECORDS] = {"records", ABOUT_BOTH},
    [COLUMN_COMMIT_BYTES] = {"commit_bytes", ABOUT_BOTH},
    [COLUMN_SYNC_P50] = {"sync_p50_us", ABOUT_ALL},
    [COLUMN_SYNC_P99] = {"sync_p99_us", ABOUT_ALL},
    [COLUMN_DISK_FREE] = {"disk_free", ABOUT_ALL},
    [COLUMN_DISK_SIZE] = {"disk_total", ABOUT_ALL},
    [COLUMN_RESERVE] = {"reserve", ABOUT_ALL},
    [COLUMN_CONNECTIONS] = {"connections", ABOUT_ALL},
    [COLUMN_MEMORY] = {"memory", ABOUT_ALL},
    [COLUMN_OBJECTS] = {"objects", ABOUT_STORE},
    [COLUMN_LIVE_BYTES] = {"live_bytes", ABOUT_STORE},
    [COLUMN_DEAD_BYTES] = {"dead_bytes", ABOUT_STORE},
    [COLUMN_DISK_BYTES] = {"disk_bytes", ABOUT_STORE},
    [COLUMN_WRITES_IN_FLIGHT] = {"writes_in_flight", ABOUT_STORE},
};

static bool is_told(size_t column, bool of_store)
{
    return columns[column].about == ABOUT_BOTH || (columns[column].about == ABOUT_STORE) == of_store;
}

void history_row_init(struct history_row *row)
{
    for (size_t i = 0; i < COLUMNS; i++)
        row->values[i] = HISTORY_UNKNOWN;
}

void history_add(struct history *history, const struct history_row *row)
{
    history->rows[history->end % HISTORY_ROWS] = *row;
    history->end++;
    if (history->begin + HISTORY_ROWS < history->end)
        history->begin++;
}

void history_clear(struct history *history)
{
    history->begin = history->end;
}

void history_write_columns(struct jsontext *json, bool of_store)
{
    jsontext_open(json, '[');
    for (size_t i = 0; i < COLUMNS; i++)
        if (is_told(i, of_store))
            jsontext_text(json, columns[i].name);
    jsontext_close(json, ']');
}

static void write_row(struct jsontext *json, const struct history_row *row, bool of_store)
{
    jsontext_open(json, '[');
    for (size_t i = 0; i < COLUMNS; i++) {
        if (!is_told(i, of_store))
            continue;
        if (row->values[i] == HISTORY_UNKNOWN)
            jsontext_null(json);
        else
            jsontext_number(json, row->values[i]);
    }
    jsontext_close(json, ']');
}

void history_write(struct jsontext *json, const struct history *history, bool of_store, uint64_t *since, size_t bytes)
{
    if (*since < history->begin)
        *since = history->begin;
    jsontext_open(json, '[');
    for (; *since < history->end && json->length < bytes; ++*since)
        write_row(json, &history->rows[*since % HISTORY_ROWS], of_store);
    jsontext_close(json, ']');
}
