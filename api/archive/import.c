/* import.c - which members come in, and how: what does not fit behind what is gathered waits until that is committed.
 * See import.h. */
#include "api/archive/import.h"

#include "api/archive/legacy.h"
#include "api/request/core.h"
#include "api/request/permit.h"
#include "api/request/reply.h"
#include "api/text/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    SMALL = 256 << 10,     /* bytes of a member that is committed together with others */
    CRATE_BYTES = 4 << 20, /* of those together */
    REFUSALS_NAMED = 100,  /* members that the answer names */
    NAME_SHOWN = 1024
};

#define NO_RECORDS    "it has lost its records, as etag: the archive, which is one of cairn's own, is damaged there"
#define OTHER_CONTENT "its content is not what its records etag, sha256 and md5 say: it is damaged, or was changed"

void import_begin(struct import *import)
{
    struct request *request = import->request;
    const struct api_options *options = &request->api->options;
    bool bounded = import->atomic || options->batch_bytes_limit < CRATE_BYTES;
    import->crate = (struct crate){.bytes_limit = bounded ? options->batch_bytes_limit : CRATE_BYTES,
                                   .ops_limit = options->batch_ops_limit,
                                   .budget = &request->api->batches};
    jsontext_open(&import->refusals, '[');
}

bool import_stops(const struct import *import)
{
    return import->request->suspended || import->request->status != 0;
}

/* ---- the end before the end ---------------------------------------------------------------------- */

/* The member that has not come whole is none. */
static void leave_member(struct import *import)
{
    if (import->place == IMPORT_IN_CRATE)
        crate_drop(&import->crate);
    import->place = IMPORT_NOWHERE;
    stream_abort(import->stream);
    import->stream = NULL;
}

static void tell_refusal(struct import *import)
{
    char *refusal = import->refusal;
    import->refusal = NULL;
    reply_problem(import->request, import->problem, "%s; %" PRIu64 " objects of it are stored.", refusal,
                  import->objects);
    free(refusal);
}

/* Takes the text. */
static void cut(struct import *import, enum problem problem, char *refusal)
{
    import->refusal = refusal;
    import->problem = problem;
    leave_member(import);
    if (!refusal)
        reply_error(import->request, STORE_NO_MEMORY);
    else if (import->atomic || !import_commit(import))
        tell_refusal(import);
}

void import_cut(struct import *import, const char *sentence)
{
    char *refusal;
    if (asprintf(&refusal, "The archive is refused at byte %" PRIu64 ": %s", import->tar.position, sentence) < 0)
        refusal = NULL;
    cut(import, PROBLEM_BAD_BODY, refusal);
}

void import_tear(struct import *import)
{
    const struct request *request = import->request;
    char *refusal;
    if (asprintf(&refusal, "%s The archive is refused at byte %" PRIu64, request->tear, import->tar.position) < 0)
        refusal = NULL;
    cut(import, request->tear_problem, refusal);
}

/* Whoever has gone has been told nothing of them; but they have come, and he may have sent all there was. */
static void leave_crate(struct import *import)
{
    const struct request *request = import->request;
    if (import->crate.count > 0 && !import->atomic && !import->committing && request->status == 0)
        legacy_leave(&import->crate, request->api, request->store_name, request->store);
}

void import_drop(struct import *import)
{
    leave_member(import);
    leave_crate(import);
    crate_free(&import->crate);
    tar_free(&import->tar);
}

/* ---- refusals -------------------------------------------------------------------------------- */

void import_refuse(struct import *import, enum problem problem, const char *sentence)
{
    reply_problem(import->request, problem,
                  "The archive is refused at byte %" PRIu64 ": %s; %" PRIu64 " objects of it are stored.",
                  import->tar.position, sentence, import->objects);
}

static void refuse_error(struct import *import, enum store_error error)
{
    import_refuse(import, problem_of(error, import->request->os_error), store_error_text(error));
}

/* Names a member that does not come in; where all or none shall, none does. */
static void refuse_member(struct import *import, const char *reason)
{
    const struct tar *tar = &import->tar;
    struct jsontext *json = &import->refusals;
    size_t shown = tar->path_length <= NAME_SHOWN ? tar->path_length
                                                  : utf8_beginning(tar->path, tar->path_length, NAME_SHOWN);
    import->place = IMPORT_NOWHERE;
    if (import->atomic) {
        reply_problem(import->request, PROBLEM_ENTRY_REFUSED, "\"%.*s\" is refused, and nothing is stored: %s.",
                      (int)shown, tar->path, reason);
        return;
    }
    if (import->refused++ >= REFUSALS_NAMED)
        return;
    jsontext_open(json, '{');
    jsontext_bytes(json, "name", tar->path, shown);
    jsontext_field(json, "reason", reason);
    jsontext_close(json, '}');
}

/* ---- commits --------------------------------------------------------------------------------- */

static void suspend(struct import *import)
{
    request_suspend(import->request, import->then);
}

/* Thread: the engine's. */
static void committed(void *arg, const struct store_result *result)
{
    struct import *import = arg;
    struct request *request = import->request;
    request->error = result->error;
    request->os_error = result->os_error;
    request->overrun = result->overrun;
    for (size_t i = 0; result->error == STORE_OK && i < result->receipt_count; i++) {
        import->objects++;
        import->created += !result->receipts[i].existed;
        import->bytes += result->receipts[i].size;
    }
    request_resume(request);
}

/* The last one, of an archive that is cut off, is let in whatever becomes of the server. */
static void commit_crate(struct import *import)
{
    const unsigned flags = STORE_ALLOW_EMPTY | STORE_ALLOW_NUL | (import->refusal ? STORE_BEGUN : 0);
    struct request *request = import->request;
    struct crate *crate = &import->crate;
    const struct store_op *ops = crate_ops(crate);
    import->committing = true;
    suspend(import);
    enum store_error error = store_batch(request->store, ops, crate->count, flags, committed, import, NULL);
    if (error == STORE_OK)
        return; /* the request is no longer ours */
    request->error = error;
    request_resume(request);
}

static enum store_error seal(void *arg, const void **ret_attributes, size_t *ret_length)
{
    struct import *import = arg;
    if (!digest_verify(&import->digest))
        return STORE_DIGEST;
    *ret_attributes = import->attributes.bytes;
    *ret_length = import->attributes.length;
    return STORE_OK;
}

static void commit_stream(struct import *import)
{
    const struct member_etag *etag = &import->etag;
    struct stream_finish finish = {.digest = etag->told ? &etag->digest : NULL, .seal = seal, .arg = import};
    struct stream *stream = import->stream;
    import->stream = NULL;
    import->committing = true;
    suspend(import);
    stream_commit(stream, &finish, committed, import);
}

bool import_settle(struct import *import)
{
    if (!import->committing)
        return true;
    import->committing = false;
    crate_empty(&import->crate);
    enum store_error error = import->request->error;
    import->request->error = STORE_OK;
    if (error == STORE_DIGEST)
        refuse_member(import, OTHER_CONTENT);
    else if (error != STORE_OK)
        refuse_error(import, error);
    else if (import->refusal)
        tell_refusal(import);
    return import->request->status == 0;
}

bool import_commit(struct import *import)
{
    bool any = import->crate.count > 0;
    if (any)
        commit_crate(import);
    return any;
}

/* ---- members --------------------------------------------------------------------------------- */

static void tap(void *arg, const void *bytes, size_t length)
{
    struct import *import = arg;
    digest_update(&import->digest, bytes, length);
}

static void open_stream(struct import *import, const struct store_key *key)
{
    struct request *request = import->request;
    struct stream_hooks hooks = {.arg = import, .tap = tap, .overrun = &request->overrun};
    if (import->crate.count > 0) { /* its members come first */
        import->waits = true;
        commit_crate(import);
        return;
    }
    enum store_error error = stream_open(request->store, key, import->tar.size, &hooks, &import->stream);
    request_keep_error(request, error);
    import->place = IMPORT_IN_STREAM;
    if (error != STORE_OK)
        refuse_error(import, error);
}

static void add_to_crate(struct import *import, const struct store_key *key)
{
    const struct attributes *attributes = &import->attributes;
    enum crate_answer answer = crate_add(&import->crate, key, attributes->bytes, attributes->length,
                                         (size_t)import->tar.size);
    if (answer == CRATE_OK) {
        import->place = IMPORT_IN_CRATE;
        return;
    }
    if (!import->atomic && import->crate.count > 0) {
        import->waits = true;
        commit_crate(import);
    } else if (answer == CRATE_FULL) {
        import_refuse(import, PROBLEM_TOO_LARGE, "it is more than one transaction may hold");
    } else {
        import_refuse(import, PROBLEM_BUSY, "other requests have the memory for now");
    }
}

static const char *kind_fault(enum tar_kind kind)
{
    static const char *const faults[] = {[TAR_LINK] = "it is a link: pack the file that it leads to, by tar with "
                                                      "--dereference and --hard-dereference",
                                         [TAR_DEVICE] = "it is a device or a pipe",
                                         [TAR_SPARSE] = "it is sparse: pack it without --sparse, by bsdtar with "
                                                        "--no-read-sparse",
                                         [TAR_UNKNOWN] = "it is of a kind that is not known here"};
    return faults[kind];
}

/* Attributes and sums. NULL, or what is wrong with them. */
static const char *read_records(struct import *import)
{
    attributes_free(&import->attributes);
    digest_init(&import->digest);
    const char *fault = member_attributes(&import->tar, &import->attributes);
    if (!fault)
        fault = member_sums(&import->tar, &import->digest, &import->etag);
    if (!fault && digest_keep(&import->digest, &import->attributes) != ATTRIBUTES_OK)
        fault = "memory is short";
    return fault;
}

/* Whether a member of an archive of our own has none of the records that each of them has: where zeros have taken their
 * place, they look like the end of an archive, and the member like the first one of another. */
static bool has_lost_records(struct import *import)
{
    const struct tar *tar = &import->tar;
    bool own = member_is_own(tar), amid = import->origin == IMPORT_OWN || (!import->origin && tar->begun > 0);
    if (!own && amid && member_looks_own(tar))
        return true;
    import->origin = own ? IMPORT_OWN : IMPORT_FOREIGN;
    return false;
}

/* Why a member cannot come in, or NULL: then its key and what its records say is known. */
static const char *member_fault(struct import *import, char bytes[STORE_KEY_MAX], struct store_key *ret_key)
{
    const struct request *request = import->request;
    const struct tar *tar = &import->tar;
    struct slice prefix = {import->prefix, import->prefix_length};
    const char *fault = kind_fault(tar->kind);
    if (!fault && has_lost_records(import))
        fault = NO_RECORDS;
    if (!fault)
        fault = member_key(tar, prefix, bytes, ret_key);
    if (fault)
        return fault;
    if (permit_lacks(request, RIGHT_WRITE, request->store_name, ret_key->bytes ? ret_key : NULL) != 0)
        return "the right write is lacking for its key";
    if (tar->size > request->api->options.object_limit)
        return "it is larger than an object may be";
    return read_records(import);
}

static void begin_member(struct import *import)
{
    struct store_key key;
    char bytes[STORE_KEY_MAX];
    import->waits = false;
    import->place = IMPORT_NOWHERE;
    if (import->tar.kind == TAR_FOLDER)
        return;
    const char *fault = member_fault(import, bytes, &key);
    if (fault)
        refuse_member(import, fault);
    else if (member_has_expired(&import->tar))
        import->expired++;
    else if (import->atomic || (import->tar.size <= SMALL && import->tar.size <= import->crate.bytes_limit / 2))
        add_to_crate(import, &key);
    else
        open_stream(import, &key);
}

static void ready(void *arg)
{
    request_resume(arg);
}

static size_t write_stream(struct import *import, const char *bytes, size_t length)
{
    size_t taken = 0;
    enum store_error error = stream_write(import->stream, bytes, length, &taken);
    request_keep_error(import->request, error);
    if (error != STORE_OK) {
        refuse_error(import, error);
    } else if (taken < length) {
        suspend(import);
        stream_wait(import->stream, ready, import->request);
    }
    return taken;
}

static size_t take_content(struct import *import, const char *bytes, size_t length)
{
    size_t taken = length;
    if (import->place == IMPORT_IN_STREAM) {
        taken = write_stream(import, bytes, length);
    } else if (import->place == IMPORT_IN_CRATE) {
        crate_fill(&import->crate, bytes, length);
        digest_update(&import->digest, bytes, length);
    }
    return taken;
}

/* Of a member in the crate whose content has come. */
static bool content_fits(struct import *import)
{
    const struct member_etag *etag = &import->etag;
    bool same = digest_verify(&import->digest);
    if (same && etag->told) {
        struct store_digest digest = store_digest_of(crate_content(&import->crate), (size_t)import->tar.size);
        same = store_digest_equal(&digest, &etag->digest);
    }
    return same;
}

static void end_member(struct import *import)
{
    enum import_place place = import->place;
    import->place = IMPORT_NOWHERE;
    if (place == IMPORT_IN_STREAM) {
        commit_stream(import);
    } else if (place == IMPORT_IN_CRATE && !content_fits(import)) {
        crate_drop(&import->crate);
        refuse_member(import, OTHER_CONTENT);
    }
}

/* ---- the tar ---------------------------------------------------------------------------------- */

static void take_step(struct import *import, enum tar_step told, const char *bytes, size_t *used)
{
    switch (told) {
    case TAR_MORE:
    case TAR_END:
        break;
    case TAR_MEMBER:
        begin_member(import);
        break;
    case TAR_CONTENT:
        *used = take_content(import, bytes, *used);
        break;
    case TAR_DONE:
        end_member(import);
        break;
    case TAR_FAULT:
        import_refuse(import, PROBLEM_BAD_BODY, import->tar.fault);
        break;
    }
}

size_t import_take(struct import *import, const char *bytes, size_t length)
{
    size_t taken = 0;
    if (import->waits)
        begin_member(import);
    while ((taken < length || tar_is_due(&import->tar)) && !import_stops(import)) {
        size_t used;
        enum tar_step told = tar_step(&import->tar, bytes + taken, length - taken, &used);
        take_step(import, told, bytes + taken, &used);
        if (told == TAR_CONTENT)
            tar_took(&import->tar, used);
        taken += used;
    }
    return taken;
}

void import_free(struct import *import)
{
    import_drop(import);
    free(import->refusal);
    attributes_free(&import->attributes);
    jsontext_free(&import->refusals);
}
