/* batch.c - POST …/batch: one transaction of puts, deletes, renames and copies in one store.
 *
 * The body is collected whole, since a transaction is decided as a whole; it is bounded by a limit of its own, and
 * all batches together by a budget. It is read where it stands (batch_json.c, batch_form.c), so that payloads
 * are not copied, and on an I/O thread when it is large, so that nobody else's request waits for it. Then the
 * engine gets all operations at once, and applies all or none.
 */
#include "api/batch/batch_form.h"
#include "api/batch/batch_json.h"
#include "api/batch/entries.h"
#include "api/request/body.h"
#include "api/request/core.h"
#include "api/request/permit.h"
#include "api/request/query.h"
#include "api/request/reply.h"
#include "api/request/request.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    READ_AT_ONCE = 64 << 10, /* bytes of a body that are read on the HTTP thread */
    ROOM_PER_RECEIPT = 512,  /* bytes of one in the answer, beside the key */
    ROOM_PER_BYTE = 6        /* of a key: as JSON may escape it */
};

struct batch {
    struct body body;
    char boundary[BATCH_FORM_BOUNDARY_MAX + 1]; /* of a form; "" for JSON */
    unsigned flags;                             /* enum store_batch_flags */
    struct entries entries;
    struct receipt *receipts; /* owned, one per operation */
    uint64_t end_offset;
    size_t failed_op;
};

/* ---- the head -------------------------------------------------------------------------------- */

static bool read_media_type(struct request *request, struct batch *batch)
{
    if (body_is(request, "application/json"))
        return true;
    if (!body_is(request, "multipart/form-data")) {
        reply_problem(request, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
                      "The body has to be application/json or multipart/form-data.");
        return false;
    }
    if (batch_form_boundary(request_field(request, FIELD_CONTENT_TYPE), batch->boundary))
        return true;
    reply_problem(request, PROBLEM_BAD_HEADER, "multipart/form-data needs a boundary of 1 to %d characters.",
                  BATCH_FORM_BOUNDARY_MAX);
    return false;
}

/* ?allow_empty=true and ?allow_null_bytes=true, for forms, which have no place for them. */
static bool read_switch(struct request *request, const char *name, unsigned flag, unsigned *flags)
{
    bool on;
    if (!query_switch(request, name, &on))
        return false;
    *flags |= on ? flag : 0;
    return true;
}

static void begin(struct request *request)
{
    const struct api_options *options = &request->api->options;
    struct batch *batch = calloc(1, sizeof *batch);
    request->state = batch;
    if (!batch) {
        reply_error(request, STORE_NO_MEMORY);
        return;
    }
    batch->entries.limit = options->batch_ops_limit;
    if (read_media_type(request, batch) && body_admit(request, &batch->body, options->batch_bytes_limit) &&
        read_switch(request, "allow_empty", STORE_ALLOW_EMPTY, &batch->flags) &&
        read_switch(request, "allow_null_bytes", STORE_ALLOW_NUL, &batch->flags))
        request_acquire(request, NULL);
}

/* ---- the body -------------------------------------------------------------------------------- */

static size_t receive(struct request *request, const char *bytes, size_t length)
{
    struct batch *batch = request->state;
    return body_receive(request, &batch->body, bytes, length);
}

static void read_job(struct request *request)
{
    struct batch *batch = request->state;
    char *bytes = body_bytes(&batch->body);
    if (batch->boundary[0] == '\0')
        batch_json_read(bytes, batch->body.length, &batch->entries, &batch->flags);
    else
        batch_form_read(bytes, batch->body.length, batch->boundary, &batch->entries);
}

/* The key at fault appears in the answer. */
static void show_key(struct request *request, const struct batch *batch, size_t index)
{
    const struct store_key *key = &batch->entries.ops[index].key;
    request->key = *key;
    request->has_key = key->bytes || key->hash != 0;
}

static void refuse_body(struct request *request, const struct batch *batch)
{
    const struct entries_fault *fault = &batch->entries.fault;
    if (fault->index == SIZE_MAX) {
        reply_problem(request, fault->problem, "The batch is refused: %s.", fault->sentence);
        return;
    }
    show_key(request, batch, fault->index);
    reply_entry_problem(request, fault->problem, fault->index, "Operation %zu is refused: %s.", fault->index,
                        fault->sentence);
}

/* ---- the answer ------------------------------------------------------------------------------ */

static const struct store_key *subject(const struct store_op *op)
{
    return op->kind == STORE_RENAME || op->kind == STORE_COPY ? &op->target : &op->key;
}

static void answer_receipts(struct request *request)
{
    struct batch *batch = request->state;
    struct jsontext json = {0};
    jsontext_open(&json, '{');
    jsontext_figure(&json, "offset", batch->end_offset);
    jsontext_name(&json, "results");
    jsontext_open(&json, '[');
    for (size_t i = 0; i < batch->entries.count; i++)
        receipt_write(&json, request->store_name, &batch->receipts[i].values,
                      batch->entries.ops[i].kind != STORE_DELETE);
    jsontext_close(&json, ']');
    jsontext_close(&json, '}');
    reply_json(request, 200, &json);
}

/* Errors that are the entry's own keep their status where HTTP has one for them; the others are 422. */
static enum problem entry_problem(enum store_error error, int os_error)
{
    switch (error) {
    case STORE_NO_OBJECT:
    case STORE_BAD_KEY:
    case STORE_BAD_ATTRIBUTES:
    case STORE_TOO_LARGE:
    case STORE_SAME:
        return PROBLEM_ENTRY_REFUSED;
    default:
        return problem_of(error, os_error);
    }
}

static void refuse_entry(struct request *request, const struct batch *batch)
{
    size_t index = batch->failed_op;
    enum problem problem = entry_problem(request->error, request->os_error);
    show_key(request, batch, index);
    if (request->error == STORE_EMPTY)
        reply_entry_problem(request, problem, index,
                            "Operation %zu puts no bytes; if that is meant, say \"allow_empty\": true "
                            "(?allow_empty=true for a form).",
                            index);
    else if (request->error == STORE_NUL)
        reply_entry_problem(request, problem, index,
                            "Operation %zu puts one single NUL byte; if that is meant, say \"allow_null_bytes\": true "
                            "(?allow_null_bytes=true for a form).",
                            index);
    else
        reply_entry_error(request, problem, index, request->error);
}

/* The answer is made: what it was made of is not kept while the client takes it. */
static void drop(struct batch *batch)
{
    for (size_t i = 0; batch->receipts && i < batch->entries.count; i++)
        receipt_free(&batch->receipts[i]);
    free(batch->receipts);
    batch->receipts = NULL;
    entries_free(&batch->entries);
    body_free(&batch->body);
}

static void answer(struct request *request)
{
    struct batch *batch = request->state;
    if (request->error == STORE_OK)
        answer_receipts(request);
    else if (batch->failed_op < batch->entries.count)
        refuse_entry(request, batch);
    else
        reply_error(request, request->error);
    drop(batch);
}

/* ---- the commit ------------------------------------------------------------------------------ */

/* Thread: the engine's. */
static void done(void *arg, const struct store_result *result)
{
    struct request *request = arg;
    struct batch *batch = request->state;
    request->error = result->error;
    request->os_error = result->os_error;
    request->overrun = result->overrun;
    batch->failed_op = result->failed_op;
    batch->end_offset = result->end_offset;
    /* A key that memory is short for is left out of the answer: the write has been done. */
    for (size_t i = 0; result->error == STORE_OK && i < result->receipt_count; i++)
        if (!receipt_keep(&batch->receipts[i], &result->receipts[i], subject(&batch->entries.ops[i])))
            batch->receipts[i].values.key = NULL;
    request_resume(request);
}

static void commit(struct request *request)
{
    struct batch *batch = request->state;
    size_t failed_op = SIZE_MAX;
    request_suspend(request, answer);
    enum store_error error = store_batch(request->store, batch->entries.ops, batch->entries.count, batch->flags, done,
                                         request, &failed_op);
    if (error == STORE_OK)
        return; /* the request is no longer ours */
    request->error = error;
    batch->failed_op = failed_op;
    request_resume(request);
}

static void answer_nothing(struct request *request)
{
    struct batch *batch = request->state;
    struct store_figures figures;
    store_figures(request->store, &figures);
    batch->end_offset = figures.end_offset;
    answer_receipts(request);
}

/* There has to be memory for the answer before anything is written. */
static bool take_room(struct request *request, const struct batch *batch)
{
    size_t bytes = 0;
    for (size_t i = 0; i < batch->entries.count; i++)
        bytes += ROOM_PER_RECEIPT + ROOM_PER_BYTE * subject(&batch->entries.ops[i])->length;
    bool taken = budget_take(&request->api->batches, &request->answer, bytes);
    if (!taken)
        reply_problem(request, PROBLEM_BUSY, "Other batches have the memory for now; try again.");
    return taken;
}

static unsigned lacks(const struct request *request, const struct store_op *op)
{
    static const unsigned rights[] = {[STORE_PUT] = RIGHT_WRITE,
                                      [STORE_DELETE] = RIGHT_DELETE,
                                      [STORE_RENAME] = RIGHT_READ | RIGHT_DELETE,
                                      [STORE_COPY] = RIGHT_READ};
    unsigned lacking = permit_lacks(request, rights[op->kind], request->store_name, &op->key);
    if (op->kind == STORE_RENAME || op->kind == STORE_COPY)
        lacking |= permit_lacks(request, RIGHT_WRITE, request->store_name, &op->target);
    return lacking;
}

/* One step that the visitor may not do is enough to refuse them all. */
static bool permitted(struct request *request, const struct batch *batch)
{
    for (size_t i = 0; i < batch->entries.count; i++) {
        unsigned lacking = lacks(request, &batch->entries.ops[i]);
        if (lacking == 0)
            continue;
        show_key(request, batch, i);
        permit_refuse(request, lacking, request->store_name, i);
        return false;
    }
    return true;
}

/* Whether there is something to commit; else it has answered. */
static bool ready(struct request *request, struct batch *batch)
{
    if (request->error != STORE_OK) {
        reply_error(request, request->error);
        return false;
    }
    if (batch->entries.fault.sentence[0] != '\0') {
        refuse_body(request, batch);
        return false;
    }
    if (batch->entries.count == 0) {
        answer_nothing(request);
        return false;
    }
    if (!permitted(request, batch) || !take_room(request, batch))
        return false;
    batch->receipts = calloc(batch->entries.count, sizeof *batch->receipts);
    if (!batch->receipts)
        reply_error(request, STORE_NO_MEMORY);
    return batch->receipts != NULL;
}

static void read_done(struct request *request)
{
    struct batch *batch = request->state;
    if (ready(request, batch))
        commit(request);
    else
        drop(batch);
}

static void finish(struct request *request)
{
    const struct batch *batch = request->state;
    if (batch->body.length > READ_AT_ONCE) {
        request_offload(request, read_job, read_done);
        return;
    }
    request->error = STORE_OK;
    read_job(request);
    read_done(request);
}

static void end(struct request *request)
{
    struct batch *batch = request->state;
    if (!batch)
        return;
    drop(batch);
    free(batch);
}

const struct endpoint endpoint_batch = {.begin = begin,
                                        .receive = receive,
                                        .finish = finish,
                                        .end = end,
                                        .parameters = {"allow_empty", "allow_null_bytes"},
                                        .unconditional = true,
                                        .carries = true,
                                        .fault = "the batch cannot be written"};
