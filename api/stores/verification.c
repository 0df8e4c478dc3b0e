/* verification.c - the members of an answer about it. See verification.h. */
#include "api/stores/verification.h"

#include "api/text/timestamp.h"

void verification_write(struct jsontext *json, struct store *store)
{
    struct store_verification verification;
    store_verification(store, &verification);
    if (verification.started == 0) {
        jsontext_null(json);
        return;
    }
    jsontext_open(json, '{');
    jsontext_flag(json, "running", verification.running);
    jsontext_flag(json, "complete", verification.complete);
    timestamp_field(json, "started", verification.started);
    timestamp_field(json, "finished", verification.finished);
    jsontext_figure(json, "bytes_done", verification.bytes_done);
    jsontext_figure(json, "bytes_total", verification.bytes_total);
    jsontext_figure(json, "records", verification.records);
    jsontext_figure(json, "blobs", verification.blobs);
    jsontext_figure(json, "flaws", verification.flaws);
    jsontext_close(json, '}');
}
