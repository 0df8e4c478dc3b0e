/* archive_post.c - POST …/archive: each regular file of a tar becomes an object.
 *
 * The body is taken as it comes: unpacked (coding.h), read, and its members put into the store (import.h). While that
 * works the connection is suspended.
 *
 * With ?atomic=true all of it is one transaction. Else each member that has come whole stays, whatever comes later,
 * also where the body is cut off: the answer says how many there are.
 */
#include "api/archive/coding.h"
#include "api/archive/import.h"
#include "api/request/core.h"
#include "api/request/query.h"
#include "api/request/reply.h"
#include "api/request/sums.h"

#include <stdlib.h>
#include <string.h>

enum {
    DECODED = 64 << 10, /* bytes that are unpacked at a time */
    DECODED_TURN = 64   /* times, before others have their turn */
};

struct unpacking {
    struct import import;
    char magic[CODING_MAGIC];
    size_t magic_length;
    struct coding *coding; /* NULL: it has none */
    struct budget_share coding_share;
    char *decoded; /* owned */
    size_t decoded_length, decoded_used;
    size_t looked_at; /* bytes that come again */
};

static void drop(struct unpacking *unpacking)
{
    import_drop(&unpacking->import);
    coding_free(unpacking->coding);
    unpacking->coding = NULL;
    free(unpacking->decoded);
    unpacking->decoded = NULL;
    unpacking->decoded_length = unpacking->decoded_used = 0;
    budget_keep(&unpacking->coding_share, 0);
}

/* ---- the body -------------------------------------------------------------------------------- */

static void take_decoded(struct request *request)
{
    struct unpacking *unpacking = request->state;
    unpacking->decoded_used += import_take(&unpacking->import, unpacking->decoded + unpacking->decoded_used,
                                           unpacking->decoded_length - unpacking->decoded_used);
}

/* Lets others have their turn: few bytes may unpack to very many. */
static void take_turns(struct request *request)
{
    const struct unpacking *unpacking = request->state;
    request_suspend(request, unpacking->import.then);
    request_resume(request);
}

/* Unpacks bytes as long as there is something to unpack, and it goes on. */
static size_t take_coded(struct request *request, const char *bytes, size_t length)
{
    struct unpacking *unpacking = request->state;
    size_t taken = 0, used = 1, made = 1;
    take_decoded(request);
    for (int turn = 0; !import_stops(&unpacking->import) && used + made > 0; turn++) {
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
            import_refuse(&unpacking->import, PROBLEM_BAD_BODY, fault);
        else
            take_decoded(request);
    }
    return taken;
}

static size_t take(struct request *request, const char *bytes, size_t length)
{
    struct unpacking *unpacking = request->state;
    return unpacking->coding ? take_coded(request, bytes, length) : import_take(&unpacking->import, bytes, length);
}

static void begin_coding(struct request *request, enum coding_kind kind)
{
    struct unpacking *unpacking = request->state;
    if (!coding_known(kind == CODING_GZIP ? "gzip" : "zstd")) {
        import_refuse(&unpacking->import, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
                      "it is in gzip or zstd, which this server was built without");
        return;
    }
    if (!budget_take(&request->api->batches, &unpacking->coding_share, coding_cost(kind) + DECODED)) {
        import_refuse(&unpacking->import, PROBLEM_BUSY, "other requests have the memory for now");
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
    if (import_settle(&unpacking->import))
        used += detect(request, bytes + used, length - used);
    if (!import_stops(&unpacking->import))
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
    struct import *import = &unpacking->import;
    struct jsontext json = {0};
    jsontext_close(&import->refusals, ']');
    jsontext_open(&json, '{');
    jsontext_field(&json, "store", request->store_name);
    jsontext_figure(&json, "objects", import->objects);
    jsontext_figure(&json, "created", import->created);
    jsontext_figure(&json, "bytes", import->bytes);
    jsontext_figure(&json, "expired", import->expired);
    jsontext_figure(&json, "refused", import->refused);
    jsontext_name(&json, "refusals");
    jsontext_splice(&json, &import->refusals);
    jsontext_close(&json, '}');
    reply_json(request, 200, &json);
}

static bool is_whole(struct request *request)
{
    struct unpacking *unpacking = request->state;
    const char *fault = NULL;
    if (!tar_has_ended(&unpacking->import.tar))
        fault = "it ends before its end: what is cut off is missing";
    else if (unpacking->coding && !coding_is_whole(unpacking->coding))
        fault = "its coding ends before its end";
    if (fault)
        import_cut(&unpacking->import, fault);
    return !fault;
}

/* What is unpacked already and the member that waits come first. */
static void finish_some(struct request *request)
{
    struct unpacking *unpacking = request->state;
    take(request, unpacking->magic, 0);
    if (!import_stops(&unpacking->import) && is_whole(request) && !import_commit(&unpacking->import))
        answer(request);
}

/* What has come of it, up to there. The last commit waits for nobody: behind it import_settle() answers. */
static void torn(struct request *request)
{
    struct unpacking *unpacking = request->state;
    struct import *import = &unpacking->import;
    import->then = torn;
    if (import_settle(import))
        take(request, unpacking->magic, 0);
    if (!import_stops(import))
        import_tear(import);
    if (request->status != 0)
        drop(unpacking);
}

static void finish_on(struct request *request)
{
    struct unpacking *unpacking = request->state;
    unpacking->import.then = finish_on;
    if (import_settle(&unpacking->import))
        finish_some(request);
    if (request->status != 0)
        drop(unpacking);
}

/* ---- the request ----------------------------------------------------------------------------- */

static bool read_head(struct request *request, struct import *import)
{
    const char *coding = request_field(request, FIELD_CONTENT_ENCODING);
    if (coding && !field_holds_only(coding, "identity") && !coding_known(coding)) {
        reply_problem(request, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
                      "Content-Encoding %s is not understood here: gzip and zstd are, unless they were left out of the "
                      "build.",
                      coding);
        return false;
    }
    return query_prefix(request, import->prefix, &import->prefix_length) &&
           query_switch(request, "atomic", &import->atomic);
}

/* A digest is compared when all of the body is there. By then all but the last members are stored, unless all of them
 * are one transaction. */
static bool can_compare(struct request *request, const struct import *import)
{
    if (!request->digest || import->atomic)
        return true;
    reply_problem(
        request, PROBLEM_BAD_HEADER,
        "%s cannot be compared before the objects of an archive are stored, since they are as they come: send "
        "it with atomic=true, which stores all or none, or without a digest.",
        sums_field(request));
    return false;
}

static void begin(struct request *request)
{
    struct unpacking *unpacking = calloc(1, sizeof *unpacking);
    request->state = unpacking;
    if (!unpacking) {
        reply_error(request, STORE_NO_MEMORY);
        return;
    }
    unpacking->import.request = request;
    if (!read_head(request, &unpacking->import) || !can_compare(request, &unpacking->import))
        return;
    import_begin(&unpacking->import);
    request_acquire(request, NULL);
}

static void end(struct request *request)
{
    struct unpacking *unpacking = request->state;
    if (!unpacking)
        return;
    drop(unpacking);
    import_free(&unpacking->import);
    free(unpacking);
}

const struct endpoint endpoint_archive_post = {.begin = begin,
                                               .receive = receive,
                                               .finish = finish_on,
                                               .torn = torn,
                                               .end = end,
                                               .parameters = {"prefix", "atomic"},
                                               .keeps = true,
                                               .unconditional = true,
                                               .carries = true,
                                               .fault = "the archive cannot be stored"};
