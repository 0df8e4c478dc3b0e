/* figures.c - the figures of a store. */
#include "api/request/figures.h"

#include <stddef.h>

#define FIGURE(field, metric, type, help)                                                                              \
    {                                                                                                                  \
#field, metric, type, help, offsetof(struct store_figures, field)                                              \
    }

const struct figure figures_all[] = {
    FIGURE(objects, "objects", "gauge", "Objects that can be read."),
    FIGURE(live_bytes, "live_bytes", "gauge", "Payload bytes of those objects."),
    FIGURE(dead_bytes, "dead_bytes", "gauge", "Bytes that no object needs any more."),
    FIGURE(overdue_bytes, "overdue_bytes", "gauge", "Dead bytes by which compaction is behind the writers."),
    FIGURE(disk_bytes, "disk_bytes", "gauge", "Bytes of all files."),
    FIGURE(end_offset, "end_offset", "gauge", "End of the log, which only grows."),
    FIGURE(segments, "segments", "gauge", "Files of the log."),
    FIGURE(blobs, "blobs", "gauge", "Large payloads in files of their own."),
    FIGURE(writes_in_flight, "writes_in_flight", "gauge", "Writes accepted and not committed."),
    FIGURE(bytes_in_flight, "bytes_in_flight", "gauge", "Payload bytes in memory."),
    FIGURE(unfinished_bytes, "unfinished_bytes", "gauge", "Bytes of unfinished uploads that count against the limit."),
    FIGURE(unfinished_uploads, "unfinished_uploads", "gauge", "Unfinished resumable uploads."),
    FIGURE(commits, "commits_total", "counter", "Group commits since the store was opened."),
    FIGURE(records, "records_total", "counter", "Records committed since the store was opened."),
    FIGURE(damaged_bytes, "damaged_bytes", "gauge", "Bytes of the log found damaged."),
    FIGURE(damaged_blobs, "damaged_blobs", "gauge", "Large payloads found damaged or missing."),
    {0},
};

uint64_t figure_value(const struct figure *figure, const struct store_figures *figures)
{
    return *(const uint64_t *)((const char *)figures + figure->offset);
}
