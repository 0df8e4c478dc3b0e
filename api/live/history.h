/* history.h - the last 15 minutes, a row of figures for each second.
 *
 * Rows are counted from 0 on. Who has been told those in front of one asks for that one and what follows; of what is
 * older than 15 minutes nothing is left.
 *
 * Thread: one at a time per struct.
 */
#ifndef CAIRN_API_HISTORY_H
#define CAIRN_API_HISTORY_H

#include "api/text/jsontext.h"

#include <stdbool.h>
#include <stdint.h>

enum { HISTORY_ROWS = 900 };

/* What is known of a second. Some are about a store only, others about all of them together (history.c). */
enum column {
    COLUMN_TIME, /* when it was over: milliseconds since 1970 */
    COLUMN_REQUESTS,
    COLUMN_READS,
    COLUMN_WRITES,
    COLUMN_DELETES,
    COLUMN_OTHERS,
    COLUMN_REFUSED,
    COLUMN_ERRORS,
    COLUMN_BYTES_IN,
    COLUMN_BYTES_OUT,
    COLUMN_P50, /* microseconds, like the next */
    COLUMN_P99,
    COLUMN_COMMITS,
    COLUMN_RECORDS,
    COLUMN_COMMIT_BYTES,
    COLUMN_SYNC_P50,
    COLUMN_SYNC_P99,
    COLUMN_DISK_FREE,
    COLUMN_DISK_SIZE,
    COLUMN_RESERVE,
    COLUMN_CONNECTIONS,
    COLUMN_MEMORY,
    COLUMN_OBJECTS,
    COLUMN_LIVE_BYTES,
    COLUMN_DEAD_BYTES,
    COLUMN_DISK_BYTES,
    COLUMN_WRITES_IN_FLIGHT,
    COLUMNS
};

/* The value of what was not measured. */
#define HISTORY_UNKNOWN UINT64_MAX

struct history_row {
    uint64_t values[COLUMNS];
};

struct history {
    uint64_t begin; /* rows in front of it are forgotten */
    uint64_t end;   /* rows that there ever were */
    struct history_row rows[HISTORY_ROWS];
};

/* A row of which nothing is known. */
void history_row_init(struct history_row *row);

void history_add(struct history *history, const struct history_row *row);

/* Forgets all rows. */
void history_clear(struct history *history);

/* Writes the names of the columns, and rows from *since on until the text has so many bytes, as arrays; *since is then
 * the next one. */
void history_write_columns(struct jsontext *json, bool of_store);
void history_write(struct jsontext *json, const struct history *history, bool of_store, uint64_t *since, size_t bytes);

#endif
