/* archive_post.c - POST …/archive: each regular file of a tar becomes an object.
 *
 * The body is taken as it comes: unpacked (coding.h), read (tar_reader.h), and its members put into the store. Small
 * ones are gathered (crate.h) and committed together, large ones are streams of the engine, as uploads are. One thing
 * is done at a time, in the order of the archive, so that of two members with one name the last one stays. While the
 * engine works the connection is suspended.
 *
 * With ?atomic=true all of it is one transaction. Else what has been committed stays, whatever comes later: the answer
 * says how far it has come. A member is there whole or not at all.
 */
#include "api/archive/coding.h"
#include "api/archive/crate.h"
#include "api/archive/member.h"
#include "api/request/core.h"
#include "api/request/permit.h"
#include "api/request/query.h"
#include "api/request/reply.h"
#include "api/text/utf8.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    SMALL = 256 << 10,     /* bytes of a member that is committed together with others */
    CRATE_BYTES = 4 << 20, /* of those together */
    DECODED = 64 << 10,    /* bytes that are unpacked at a time */
    DECODED_TURN = 64,     /* times, before others have their turn */
    REFUSALS_NAMED = 100,  /* members that the answer names */
    NAME_SHOWN = 1024
};

enum place { NOWHERE, IN_CRATE, IN_STREAM };

struct unpacking {
    char prefix[STORE_KEY_MAX + 1];
    size_t prefix_length;
    bool atomic;
    char magic[CODING_MAGIC];
    size_t magic_length;
    struct coding *coding; /* NULL: it has none */
    struct budget_share coding_share;
    char *decoded; /* owned */
    size_t decoded_length, decoded_used;
    struct tar tar;
    bool ended; /* the archive has come to its end, of which the body need not be one */
    struct crate crate;
    struct attributes attributes; /* of the member under way */
    enum place place;             /* of its content */
    bool waits;                   /* the member has no place before the crate is empty */
    struct stream *stream;
    bool committing, finishing;
    size_t looked_at; /* bytes that come again */
    uint64_t objects, created, bytes, refused;
    struct jsontext refusals; /* of some */
};

/* ---- refusals -------------------------------------------------------------------------------- */

static bool stops(const struct request *request)
{
    return request->suspended || request->status != 0;
}

/* What is under way ends here: the client may be long in taking the answer. */
static void drop(struct unpacking *unpacking)
{
    stream_abort(unpacking->stream);
    unpacking->stream = NULL;
    crate_free(&unpacking->crate);
    coding_free(unpacking->coding);
    unpacking->coding = NULL;
    free(unpacking->decoded);
    unpacking->decoded = NULL;
    unpacking->decoded_length = unpacking->decoded_used = 0;
    budget_keep(&unpacking->coding_share, 0);
    tar_free(&unpacking->tar);
}

static void refuse_archive(struct request *request, enum problem problem, const char *sentence)
{
    const struct unpacking *unpacking = request->state;
    reply_problem(request, problem,
                  "The archive is refused at byte %" PRIu64 ": %s; %" PRIu64 " objects of it are stored.",
                  unpacking->tar.position, sentence, unpacking->objects);
}

static void refuse_error(struct request *request, enum store_error error)
{
    refuse_archive(request, problem_of(error, request->os_error), store_error_text(error));
}

/* Names a member that does not come in; where all or none shall, none does. */
static void refuse_member(struct request *request, const char *reason)
{
    struct unpacking *unpacking = request->state;
    const struct tar *tar = &unpacking->tar;
    struct jsontext *json = &unpacking->refusals;
    size_t shown = tar->path_length <= NAME_SHOWN ? tar->path_length
                                                  : utf8_beginning(tar->path, tar->path_length, NAME_SHOWN);
    unpacking->place = NOWHERE;
    if (unpacking->atomic) {
        reply_problem(request, PROBLEM_ENTRY_REFUSED, "\"%.*s\" is refused, and nothing is stored: %s.", (int)shown,
                      tar->path, reason);
        return;
    }
    if (unpacking->refused++ >= REFUSALS_NAMED)
        return;
    jsontext_open(json, '{');
    jsontext_bytes(json, "name", tar->path, shown);
    jsontext_field(json, "reason", reason);
    jsontext_close(json, '}');
}

/* ---- commits --------------------------------------------------------------------------------- */

static void finish_on(struct request *request);

/* The step behind what is waited for: more of the body, or what is left to do behind it. */
static void suspend(struct request *request)
{
    const struct unpacking *unpacking = request->state;
    request_suspend(request, unpacking->finishing ? finish_on : NULL);
}

/* Thread: the engine's. */
static void committed(void *arg, const struct store_result *result)
{
    struct request *request = arg;
    struct unpacking *unpacking = request->state;
    request->error = result->error;
    request->os_error = result->os_error;
    request->overrun = result->overrun;
    for (size_t i = 0; result->error == STORE_OK && i < result->receipt_count; i++) {
        unpacking->objects++;
        unpacking->created += !result->receipts[i].existed;
        unpacking->bytes += result->receipts[i].size;
    }
    request_resume(request);
}

static void commit_crate(struct request *request)
{
    struct unpacking *unpacking = request->state;
    struct crate *crate = &unpacking->crate;
    const struct store_op *ops = crate_ops(crate);
    unpacking->committing = true;
    suspend(request);
    enum store_error error = store_batch(request->store, ops, crate->count, STORE_ALLOW_EMPTY | STORE_ALLOW_NUL,
                                         committed, request, NULL);
    if (error == STORE_OK)
        return; /* the request is no longer ours */
    request->error = error;
    request_resume(request);
}

static enum store_error seal(void *arg, const void **ret_attributes, size_t *ret_length)
{
    const struct unpacking *unpacking = arg;
    *ret_attributes = unpacking->attributes.bytes;
    *ret_length = unpacking->attributes.length;
    return STORE_OK;
}

static void commit_stream(struct request *request)
{
    struct unpacking *unpacking = request->state;
    struct stream_finish finish = {.seal = seal, .arg = unpacking};
    struct stream *stream = unpacking->stream;
    unpacking->stream = NULL;
    unpacking->committing = true;
    suspend(request);
    stream_commit(stream, &finish, committed, request);
}

/* What came of the commit that was waited for; false when it has answered. */
static bool settle(struct request *request)
{
    struct unpacking *unpacking = request->state;
    if (!unpacking->committing)
        return true;
    unpacking->committing = false;
    crate_empty(&unpacking->crate);
    if (request->error != STORE_OK)
        refuse_error(request, request->error);
    return request->error == STORE_OK;
}

/* ---- members --------------------------------------------------------------------------------- */

static void open_stream(struct request *request, const struct store_key *key)
{
    struct unpacking *unpacking = request->state;
    struct stream_hooks hooks = {.overrun = &request->overrun};
    if (unpacking->crate.count > 0) { /* its members come first */
        unpacking->waits = true;
        commit_crate(request);
        return;
    }
    enum store_error error = stream_open(request->store, key, unpacking->tar.size, &hooks, &unpacking->stream);
    request_keep_error(request, error);
    unpacking->place = IN_STREAM;
    if (error != STORE_OK)
        refuse_error(request, error);
}

static void add_to_crate(struct request *request, const struct store_key *key)
{
    struct unpacking *unpacking = request->state;
    const struct attributes *attributes = &unpacking->attributes;
    enum crate_answer answer = crate_add(&unpacking->crate, key, attributes->bytes, attributes->length,
                                         (size_t)unpacking->tar.size);
    unpacking->place = IN_CRATE;
    if (answer == CRATE_OK)
        return;
    if (!unpacking->atomic && unpacking->crate.count > 0) {
        unpacking->waits = true;
        commit_crate(request);
    } else if (answer == CRATE_FULL) {
        refuse_archive(request, PROBLEM_TOO_LARGE, "it is more than one transaction may hold");
    } else {
        refuse_archive(request, PROBLEM_BUSY, "other requests have the memory for now");
    }
}

static const char *kind_fault(enum tar_kind kind)
{
    static const char *const faults[] = {[TAR_LINK] = "it is a link",
                                         [TAR_DEVICE] = "it is a device or a pipe",
                                         [TAR_SPARSE] = "it is sparse: pack it without --sparse",
                                         [TAR_UNKNOWN] = "it is of a kind that is not known here"};
    return faults[kind];
}

/* Why a member cannot come in, or NULL: then its key and its attributes are known. */
static const char *member_fault(struct request *request, char bytes[STORE_KEY_MAX], struct store_key *ret_key)
{
    struct unpacking *unpacking = request->state;
    const struct tar *tar = &unpacking->tar;
    struct slice prefix = {unpacking->prefix, unpacking->prefix_length};
    const char *fault = kind_fault(tar->kind);
    if (!fault)
        fault = member_key(tar, prefix, bytes, ret_key);
    if (fault)
        return fault;
    if (permit_lacks(request, RIGHT_WRITE, request->store_name, ret_key->bytes ? ret_key : NULL) != 0)
        return "the right write is lacking for its key";
    if (tar->size > request->api->options.object_limit)
        return "it is larger than an object may be";
    attributes_free(&unpacking->attributes);
    return member_attributes(tar, &unpacking->attributes);
}

static void begin_member(struct request *request)
{
    struct unpacking *unpacking = request->state;
    struct store_key key;
    char bytes[STORE_KEY_MAX];
    unpacking->waits = false;
    unpacking->place = NOWHERE;
    if (unpacking->tar.kind == TAR_FOLDER)
        return;
    const char *fault = member_fault(request, bytes, &key);
    if (fault)
        refuse_member(request, fault);
    else if (unpacking->atomic ||
             (unpacking->tar.size <= SMALL && unpacking->tar.size <= unpacking->crate.bytes_limit / 2))
        add_to_crate(request, &key);
    else
        open_stream(request, &key);
}

static void ready(void *arg)
{
    request_resume(arg);
}

static size_t write_stream(struct request *request, const char *bytes, size_t length)
{
    struct unpacking *unpacking = request->state;
    size_t taken = 0;
    enum store_error error = stream_write(unpacking->stream, bytes, length, &taken);
    request_keep_error(request, error);
    if (error != STORE_OK) {
        refuse_error(request, error);
    } else if (taken < length) {
        suspend(request);
        stream_wait(unpacking->stream, ready, request);
    }
    return taken;
}

static size_t take_content(struct request *request, const char *bytes, size_t length)
{
    struct unpacking *unpacking = request->state;
    size_t taken = length;
    if (unpacking->place == IN_STREAM)
        taken = write_stream(request, bytes, length);
    else if (unpacking->place == IN_CRATE)
        crate_fill(&unpacking->crate, bytes, length);
    return taken;
}

static void end_member(struct request *request)
{
    const struct unpacking *unpacking = request->state;
    if (unpacking->place == IN_STREAM)
        commit_stream(request);
}

/* ---- the body -------------------------------------------------------------------------------- */

static void take_step(struct request *request, enum tar_step told, const char *bytes, size_t *used)
{
    struct unpacking *unpacking = request->state;
    switch (told) {
    case TAR_MORE:
        break;
    case TAR_MEMBER:
        begin_member(request);
        break;
    case TAR_CONTENT:
        *used = take_content(request, bytes, *used);
        break;
    case TAR_DONE:
        end_member(request);
        break;
    case TAR_END:
        unpacking->ended = true;
        break;
    case TAR_FAULT:
        refuse_archive(request, PROBLEM_BAD_BODY, unpacking->tar.fault);
        break;
    }
}

/* Takes bytes of the tar; fewer when it waits or has answered. */
static size_t take_tar(struct request *request, const char *bytes, size_t length)
{
    struct unpacking *unpacking = request->state;
    size_t taken = 0;
    if (unpacking->waits)
        begin_member(request);
    while (taken < length && !stops(request)) {
        size_t used;
        enum tar_step told = tar_step(&unpacking->tar, bytes + taken, length - taken, &used);
        take_step(request, told, bytes + taken, &used);
        if (told == TAR_CONTENT)
            tar_took(&unpacking->tar, used);
        taken += used;
    }
    return taken;
}

static void take_decoded(struct request *request)
{
    struct unpacking *unpacking = request->state;
    unpacking->decoded_used += take_tar(request, unpacking->decoded + unpacking->decoded_used,
                                        unpacking->decoded_length - unpacking->decoded_used);
}

/* Lets others have their turn: few bytes may unpack to very many. */
static void take_turns(struct request *request)
{
    suspend(request);
    request_resume(request);
}

/* Unpacks bytes as long as there is something to unpack, and it goes on. */
static size_t take_coded(struct request *request, const char *bytes, size_t length)
{
    struct unpacking *unpacking = request->state;
    size_t taken = 0, used = 1, made = 1;
    take_decoded(request);
    for (int turn = 0; !stops(request) && used + made > 0; turn++) {
        if (turn == DECODED_TURN) {
            take_turns(request);
            break;
        }
        const char *fault = coding_decode(unpacking->coding, bytes + taken, length - taken, &used, unpacking->decoded,
                                          DECODED, &made);
        taken += used;
        unpacking->decoded_length = made;
        unpacking->decoded_used = 0;
        if (fault)
            refuse_archive(request, PROBLEM_BAD_BODY, fault);
        else
            take_decoded(request);
    }
    return taken;
}

static size_t take(struct request *request, const char *bytes, size_t length)
{
    const struct unpacking *unpacking = request->state;
    return unpacking->coding ? take_coded(request, bytes, length) : take_tar(request, bytes, length);
}

static void begin_coding(struct request *request, enum coding_kind kind)
{
    struct unpacking *unpacking = request->state;
    if (!budget_take(&request->api->batches, &unpacking->coding_share, coding_cost(kind) + DECODED)) {
        refuse_archive(request, PROBLEM_BUSY, "other requests have the memory for now");
        return;
    }
    unpacking->coding = coding_new(kind);
    unpacking->decoded = malloc(DECODED);
    if (!unpacking->coding || !unpacking->decoded)
        reply_error(request, STORE_NO_MEMORY);
}

/* The first bytes tell whether there is a coding. They are too few to wait for anything. */
static size_t detect(struct request *request, const char *bytes, size_t length)
{
    struct unpacking *unpacking = request->state;
    size_t wanted = CODING_MAGIC - unpacking->magic_length, used = length < wanted ? length : wanted;
    if (used == 0)
        return 0;
    memcpy(unpacking->magic + unpacking->magic_length, bytes, used);
    unpacking->magic_length += used;
    if (unpacking->magic_length < CODING_MAGIC)
        return used;
    enum coding_kind kind = coding_of(unpacking->magic);
    if (kind != CODING_NONE)
        begin_coding(request, kind);
    if (request->status == 0)
        take(request, unpacking->magic, CODING_MAGIC);
    return used;
}

/* While it waits at least a byte is left to come again, even if it was looked at: libmicrohttpd goes on at once with
 * the next chunk where all of one was taken, although the connection is suspended. */
static size_t receive(struct request *request, const char *bytes, size_t length)
{
    struct unpacking *unpacking = request->state;
    size_t used = unpacking->looked_at;
    if (settle(request))
        used += detect(request, bytes + used, length - used);
    if (!stops(request))
        used += take(request, bytes + used, length - used);
    unpacking->looked_at = request->suspended && used == length;
    if (request->status == 0)
        return used - unpacking->looked_at;
    drop(unpacking);
    return length;
}

/* ---- the end --------------------------------------------------------------------------------- */

static void answer(struct request *request)
{
    struct unpacking *unpacking = request->state;
    struct jsontext json = {0};
    jsontext_close(&unpacking->refusals, ']');
    jsontext_open(&json, '{');
    jsontext_field(&json, "store", request->store_name);
    jsontext_figure(&json, "objects", unpacking->objects);
    jsontext_figure(&json, "created", unpacking->created);
    jsontext_figure(&json, "bytes", unpacking->bytes);
    jsontext_figure(&json, "refused", unpacking->refused);
    jsontext_name(&json, "refusals");
    jsontext_splice(&json, &unpacking->refusals);
    jsontext_close(&json, '}');
    reply_json(request, 200, &json);
}

static bool is_whole(struct request *request)
{
    const struct unpacking *unpacking = request->state;
    const char *fault = NULL;
    if (!unpacking->ended)
        fault = "it ends before its end: what is cut off is missing";
    else if (unpacking->coding && !coding_is_whole(unpacking->coding))
        fault = "its coding ends before its end";
    if (fault)
        refuse_archive(request, PROBLEM_BAD_BODY, fault);
    return !fault;
}

/* What is unpacked already and the member that waits come first. */
static void finish_some(struct request *request)
{
    const struct unpacking *unpacking = request->state;
    take(request, unpacking->magic, 0);
    if (stops(request) || !is_whole(request))
        return;
    if (unpacking->crate.count > 0)
        commit_crate(request);
    else
        answer(request);
}

static void finish_on(struct request *request)
{
    struct unpacking *unpacking = request->state;
    unpacking->finishing = true;
    if (settle(request))
        finish_some(request);
    if (request->status != 0)
        drop(unpacking);
}

/* ---- the request ----------------------------------------------------------------------------- */

static bool read_head(struct request *request, struct unpacking *unpacking)
{
    const char *coding = request_field(request, FIELD_CONTENT_ENCODING);
    if (coding && !field_holds_only(coding, "identity") && !coding_known(coding)) {
        reply_problem(request, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
                      "Content-Encoding %s is not understood here: gzip and zstd are, unless they were left out of the "
                      "build.",
                      coding);
        return false;
    }
    if (!query_prefix(request, unpacking->prefix, &unpacking->prefix_length))
        return false;
    bool good = uri_switch(request->query, "atomic", &unpacking->atomic);
    if (!good)
        reply_problem(request, PROBLEM_BAD_PARAMETER, "The parameter atomic is true or false.");
    return good;
}

static void begin(struct request *request)
{
    const struct api_options *options = &request->api->options;
    struct unpacking *unpacking = calloc(1, sizeof *unpacking);
    request->state = unpacking;
    if (!unpacking) {
        reply_error(request, STORE_NO_MEMORY);
        return;
    }
    if (!read_head(request, unpacking))
        return;
    bool bounded = unpacking->atomic || options->batch_bytes_limit < CRATE_BYTES;
    unpacking->crate = (struct crate){.bytes_limit = bounded ? options->batch_bytes_limit : CRATE_BYTES,
                                      .ops_limit = options->batch_ops_limit,
                                      .budget = &request->api->batches};
    jsontext_open(&unpacking->refusals, '[');
    request_acquire(request, NULL);
}

static void end(struct request *request)
{
    struct unpacking *unpacking = request->state;
    if (!unpacking)
        return;
    drop(unpacking);
    attributes_free(&unpacking->attributes);
    jsontext_free(&unpacking->refusals);
    free(unpacking);
}

const struct endpoint endpoint_archive_post = {.begin = begin,
                                               .receive = receive,
                                               .finish = finish_on,
                                               .end = end,
                                               .parameters = {"prefix", "atomic"},
                                               .keeps = true,
                                               .unconditional = true,
                                               .fault = "the archive cannot be stored"};
