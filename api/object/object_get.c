/* object_get.c - GET and HEAD of …/objects/{key} and …/hashes/{hash}.
 *
 * The object is pinned without waiting where that can be done, else on an I/O thread. Preconditions
 * come first, then the range. A payload in memory is sent from the pin, which is released when the
 * last byte is out; a file is sent by the kernel, or read by an I/O thread where it cannot be; several
 * ranges are a content of their own.
 *
 * What is in memory counts while it is being sent. When others have that memory, the payload is
 * checked and sent from its file all the same: so readers who do not read cost no memory.
 */
#include "api/http/byteranges.h"
#include "api/http/conditional.h"
#include "api/http/digest.h"
#include "api/http/disposition.h"
#include "api/http/etag.h"
#include "api/http/http_date.h"
#include "api/http/kept.h"
#include "api/object/content.h"
#include "api/request/core.h"
#include "api/request/head.h"
#include "api/request/permit.h"
#include "api/request/query.h"
#include "api/request/reply.h"
#include "api/request/request.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    struct object *object; /* owned until the answer takes it */
    struct content content;
    struct precondition precondition;
    char *disposition; /* owned; that of a file that the client wants to save, or NULL */
};

static const char default_type[] = "application/octet-stream";

/* ---- what is known about the object ---------------------------------------------------------- */

/* A value of the attributes as a text of its own. */
struct field_text {
    char bytes[ATTRIBUTES_TEXT_MAX + 1];
};

static bool copy_text(struct field_text *text, const struct attribute *attribute)
{
    if (attribute->value_length > ATTRIBUTES_TEXT_MAX)
        return false;
    memcpy(text->bytes, attribute->value, attribute->value_length);
    text->bytes[attribute->value_length] = '\0';
    return true;
}

static void meta_field(struct request *request, const struct attribute *attribute)
{
    struct field_text value;
    char name[sizeof FIELD_META_PREFIX + ATTRIBUTES_TEXT_MAX];
    if (strlen(attribute->name) > ATTRIBUTES_TEXT_MAX || !copy_text(&value, attribute))
        return;
    stpcpy(stpcpy(name, FIELD_META_PREFIX), attribute->name);
    reply_field(request, name, value.bytes);
}

static void md5_field(struct request *request, const struct attribute *attribute)
{
    char text[DIGEST_MD5_SIZE];
    if (attribute->value_length != ATTRIBUTES_MD5 || request->status != 200)
        return; /* it would have to be that of the part */
    digest_write_md5(text, (const uint8_t *)attribute->value);
    reply_field(request, "Content-MD5", text);
}

static void sha256_field(struct request *request, const struct attribute *attribute)
{
    char text[DIGEST_SHA256_SIZE];
    const char *wanted = request_field(request, FIELD_WANT_REPR_DIGEST);
    if (attribute->value_length != ATTRIBUTES_SHA256 || (wanted && !digest_wants_sha256(wanted)))
        return;
    digest_write_sha256(text, (const uint8_t *)attribute->value);
    reply_field(request, "Repr-Digest", text);
}

/* As it came, but for the content type: that of several ranges is another one. */
static void kept_field(struct request *request, const struct kept *kept, const struct attribute *attribute)
{
    const struct reading *reading = request->state;
    struct field_text value;
    if (kept->tag == ATTRIBUTE_CONTENT_TYPE || (kept->tag == ATTRIBUTE_CONTENT_DISPOSITION && reading->disposition))
        return;
    if (copy_text(&value, attribute))
        reply_field(request, field_name(kept->field), value.bytes);
}

static void attribute_field(struct request *request, const struct attribute *attribute)
{
    const struct kept *kept = kept_of(attribute->tag);
    if (kept)
        kept_field(request, kept, attribute);
    else if (attribute->tag == ATTRIBUTE_META)
        meta_field(request, attribute);
    else if (attribute->tag == ATTRIBUTE_SHA256)
        sha256_field(request, attribute);
    else if (attribute->tag == ATTRIBUTE_MD5)
        md5_field(request, attribute);
}

static void expiry_field(struct request *request, const struct object_info *info)
{
    char text[HTTP_DATE_SIZE];
    if (!info->expires)
        return;
    http_date_write(text, info->expires);
    reply_field(request, field_name(FIELD_CAIRN_EXPIRES), text);
}

static void attribute_fields(struct request *request, const struct object_info *info)
{
    struct attribute attribute;
    size_t position = 0;
    while (attributes_next(info->attributes, info->attributes_length, &position, &attribute))
        attribute_field(request, &attribute);
    expiry_field(request, info);
}

static void content_type_of(const struct object_info *info, struct field_text *text)
{
    struct attribute attribute;
    size_t position = 0;
    while (attributes_next(info->attributes, info->attributes_length, &position, &attribute))
        if (attribute.tag == ATTRIBUTE_CONTENT_TYPE && copy_text(text, &attribute))
            return;
    memcpy(text->bytes, default_type, sizeof default_type);
}

/* Never later than the answer's own date (RFC 9110, section 8.8.2.1): when the clock has been set back, the next
 * version would be older than the one the client knows, and pass for it in If-Unmodified-Since. */
static void modified_field(struct request *request, const struct object_info *info)
{
    char date[HTTP_DATE_SIZE];
    int64_t seconds = info->modified / 1000000000;
    http_date_write(date, seconds < request->date ? seconds : request->date);
    reply_field(request, "Last-Modified", date);
}

/* All that is known of it beside its bytes. A 304 has that too: the ETag tells only the bytes, and what else has
 * changed caches may take over (RFC 9110, section 15.4.5). What is stored is anybody's, and a page among it would be
 * one of this server's origin: in the sandbox it has one of its own, and runs no scripts.
 *
 * Without memory there is no answer, and the pin that `info` belongs to may be gone with it. */
static void object_fields(struct request *request, const struct object_info *info, const char *content_type)
{
    const struct reading *reading = request->state;
    char etag[ETAG_SIZE];
    if (!request->response)
        return;
    etag_write(etag, &info->digest);
    reply_field(request, "ETag", etag);
    modified_field(request, info);
    reply_field(request, "Accept-Ranges", "bytes");
    reply_field(request, "Content-Security-Policy", "sandbox");
    reply_field(request, "Content-Type", content_type);
    attribute_fields(request, info);
    if (reading->disposition)
        reply_field(request, "Content-Disposition", reading->disposition);
}

/* ---- the content ----------------------------------------------------------------------------- */

static void release(void *object)
{
    object_release(object);
}

static void make_content(struct request *request)
{
    struct reading *reading = request->state;
    content_make(&reading->content, request);
}

/* Sends bytes of the object's file: the kernel does, where it can. */
static void send_from_file(struct request *request, unsigned status, uint64_t first, uint64_t length)
{
    struct reading *reading = request->state;
    int file = object_take_descriptor(reading->object);
    if (file >= 0)
        reply_file(request, status, file, object_position(reading->object) + first, length);
    else
        content_reply(&reading->content, request, make_content, status,
                      &(struct content_range){reading->object, first, length});
}

/* Sends bytes of the object, from memory or from its file. The answer takes the pin of a payload in memory. */
static void send_bytes(struct request *request, unsigned status, uint64_t first, uint64_t length)
{
    struct reading *reading = request->state;
    const struct object_info *info = object_info(reading->object);
    const char *payload = object_payload(reading->object);
    if (!payload && info->size > 0) {
        send_from_file(request, status, first, length);
        return;
    }
    reply_borrowed(request, status, !payload ? "" : payload + first, (size_t)length, release, reading->object);
    reading->object = NULL;
}

static void send_whole(struct request *request, const struct object_info *info)
{
    struct field_text content_type;
    content_type_of(info, &content_type);
    if (request->method == METHOD_HEAD)
        reply_length(request, 200, info->size);
    else
        send_bytes(request, 200, 0, info->size);
    object_fields(request, info, content_type.bytes);
}

static void send_unchanged(struct request *request, const struct object_info *info)
{
    struct field_text content_type;
    content_type_of(info, &content_type);
    reply_length(request, 304, info->size);
    object_fields(request, info, content_type.bytes);
}

static void send_range(struct request *request, const struct object_info *info, const struct range *range)
{
    char content_range[80];
    struct field_text content_type;
    content_type_of(info, &content_type);
    snprintf(content_range, sizeof content_range, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range->first,
             range->first + range->length - 1, info->size);
    send_bytes(request, 206, range->first, range->length);
    reply_field(request, "Content-Range", content_range);
    object_fields(request, info, content_type.bytes);
}

static void send_ranges(struct request *request, const struct object_info *info, const struct range_set *set)
{
    struct reading *reading = request->state;
    struct field_text content_type;
    content_type_of(info, &content_type);
    struct byteranges *byteranges = byteranges_new(reading->object, content_type.bytes, set);
    if (!byteranges) {
        reply_error(request, STORE_NO_MEMORY);
        return;
    }
    bool loaded = object_payload(reading->object);
    reading->object = NULL;
    if (loaded)
        reply_reader(request, 206, byteranges_length(byteranges), byteranges_hand_over, byteranges_free, byteranges);
    else
        content_reply_parts(&reading->content, request, make_content, 206, byteranges);
    object_fields(request, info, byteranges_content_type(byteranges));
}

static void refuse_range(struct request *request, const struct object_info *info)
{
    char content_range[40];
    snprintf(content_range, sizeof content_range, "bytes */%" PRIu64, info->size);
    reply_problem(request, PROBLEM_BAD_RANGE, "The object has %" PRIu64 " bytes, and none of them is in the range.",
                  info->size);
    reply_field(request, "Content-Range", content_range);
}

static bool has_coding(const struct object_info *info)
{
    struct attribute attribute;
    size_t position = 0;
    while (attributes_next(info->attributes, info->attributes_length, &position, &attribute))
        if (attribute.tag == ATTRIBUTE_CONTENT_ENCODING)
            return true;
    return false;
}

/* Range means something for GET only, and only while the object is the one If-Range knows. */
static enum range_result find_range(const struct request *request, const struct object_info *info,
                                    struct range_set *set)
{
    const char *range = request_field(request, FIELD_RANGE);
    if (!range || request->method != METHOD_GET || !conditional_range(request_field(request, FIELD_IF_RANGE), info))
        return RANGE_IGNORED;
    return range_read(range, info->size, set);
}

static void send_wanted(struct request *request, const struct object_info *info)
{
    struct range_set set;
    enum range_result found = find_range(request, info, &set);
    if (found == RANGE_IGNORED)
        send_whole(request, info);
    else if (found == RANGE_UNSATISFIABLE)
        refuse_range(request, info);
    else if (set.count == 1)
        send_range(request, info, &set.ranges[0]);
    else if (has_coding(info))
        send_whole(request, info); /* clients undo a coding of all that comes, the lines between the parts included */
    else
        send_ranges(request, info, &set);
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void answer_found(struct request *request)
{
    struct reading *reading = request->state;
    const struct object_info *info = object_info(reading->object);
    switch (conditional_decide(&request->fields, &reading->precondition, info)) {
    case CONDITIONAL_FAILED:
        reply_problem(request, PROBLEM_PRECONDITION_FAILED, "The object is not the version that was asked for.");
        return;
    case CONDITIONAL_UNCHANGED:
        send_unchanged(request, info);
        return;
    case CONDITIONAL_SEND:
        send_wanted(request, info);
    }
}

/* A small payload takes no more than the connection itself does. */
static void count_payload(struct request *request, const struct object *object)
{
    bool loaded = object && object_payload(object);
    if (loaded && object_info(object)->size > STORE_PAYLOAD_SMALL)
        budget_add(&request->api->answers, &request->answer, (size_t)object_info(object)->size);
}

/* Of an object that is asked for by its hash it is known only now whether it stands below a prefix that the visitor may
 * read. One that does not, and none at all, are the same answer. */
static bool may_be_told(struct request *request, const struct object *object)
{
    if (request->key.bytes || store_error_is_shortage(request->error, request->os_error))
        return true;
    const struct object_info *info = !object ? NULL : object_info(object);
    struct store_key key = request->key;
    if (info && info->key)
        key = store_key_of(info->key, info->key_length);
    return permit_may(request, RIGHT_READ, request->store_name, &key);
}

static void answer(struct request *request)
{
    const struct reading *reading = request->state;
    if (!may_be_told(request, reading->object))
        return;
    count_payload(request, reading->object);
    if (request->error == STORE_NO_OBJECT)
        reply_problem(request, PROBLEM_NO_OBJECT, "The store holds no object under this key.");
    else if (request->error != STORE_OK)
        reply_error(request, request->error);
    else
        answer_found(request);
}

/* ---- the look-up ----------------------------------------------------------------------------- */

/* Its size is not known yet: there has to be memory for the largest. Several threads may find it at a time, and pass
 * the budget by one payload each. */
static unsigned payload_flags(const struct request *request)
{
    bool room = budget_has(&request->api->answers, STORE_INLINE_LIMIT_MAX);
    return room ? STORE_GET_PAYLOAD : STORE_GET_PAYLOAD | STORE_GET_FILE;
}

static void load_job(struct request *request)
{
    struct reading *reading = request->state;
    unsigned flags = payload_flags(request);
    request_keep_error(request, store_get(request->store, &request->key, flags, &reading->object));
}

static void load(struct request *request)
{
    request_offload(request, load_job, answer);
}

/* HEAD needs the payload too: what GET would not send, for damage, HEAD must not promise. */
static void look_up(struct request *request)
{
    struct reading *reading = request->state;
    unsigned flags = payload_flags(request) | STORE_GET_NOWAIT;
    request_keep_error(request, store_get(request->store, &request->key, flags, &reading->object));
    if (request->error == STORE_AGAIN)
        request_settle(request, load);
    else
        answer(request);
}

/* Under which name the client wants to save it. */
static bool read_download(struct request *request, struct reading *reading)
{
    char disposition[DISPOSITION_SIZE];
    if (!query_download(request, disposition))
        return false;
    if (*disposition == '\0')
        return true;
    reading->disposition = strdup(disposition);
    if (!reading->disposition)
        reply_error(request, STORE_NO_MEMORY);
    return reading->disposition != NULL;
}

static void begin(struct request *request)
{
    struct reading *reading = calloc(1, sizeof *reading);
    if (!reading) {
        reply_error(request, STORE_NO_MEMORY);
        return;
    }
    request->state = reading;
    if (read_download(request, reading))
        head_precondition(request, &reading->precondition);
}

static void finish(struct request *request)
{
    request_acquire(request, look_up);
}

static void end(struct request *request)
{
    struct reading *reading = request->state;
    if (!reading)
        return;
    object_release(reading->object);
    content_free(&reading->content);
    precondition_free(&reading->precondition);
    free(reading->disposition);
    free(reading);
}

const struct endpoint endpoint_object_get = {
    .begin = begin,
    .finish = finish,
    .prompt = true,
    .parameters = {"download"},
    .any_query = true, /* pages ask for `image.png?v=3`, so that no cache gives them an older one */
    .end = end,
    .fault = "the object cannot be read"};
