/* compaction.c - the members of an answer about it. See compaction.h. */
#include "api/stores/compaction.h"

#include "api/text/timestamp.h"

static void write_log(struct jsontext *json, const char *name, const struct store_log_figures *figures)
{
    jsontext_name(json, name);
    jsontext_open(json, '{');
    jsontext_figure(json, "log_bytes", figures->bytes);
    jsontext_figure(json, "dead_bytes", figures->dead_bytes);
    jsontext_figure(json, "segments", figures->segments);
    jsontext_close(json, '}');
}

static uint64_t freed(const struct store_compaction *compaction)
{
    uint64_t before = compaction->before.bytes, after = compaction->after.bytes;
    return before > after ? before - after : 0;
}

void compaction_write(struct jsontext *json, const struct store_compaction *compaction)
{
    if (compaction->started == 0) {
        jsontext_null(json);
        return;
    }
    jsontext_open(json, '{');
    jsontext_flag(json, "running", compaction->running);
    jsontext_flag(json, "complete", compaction->complete);
    timestamp_field(json, "started", compaction->started);
    timestamp_field(json, "finished", compaction->finished);
    write_log(json, "before", &compaction->before);
    write_log(json, "after", &compaction->after);
    jsontext_figure(json, "freed_bytes", freed(compaction));
    jsontext_close(json, '}');
}
