/* batch_get.c - POST …/batch-get: many objects in one answer, in the order asked, null where there is none.
 *
 *     {"keys": ["a", "b"]}  or  {"objects": [{"key": "a"}, {"key_hash": "4da10dd61a0116b0"}]}
 *
 * All of it is the state of one moment: a batch that is written meanwhile shows whole or not at all. So the names are
 * read first, and then all objects looked up at once; before their payloads are taken into memory a first look, at
 * their sizes only, says whether they may. This happens on an I/O thread, as reading may wait for the disk. Limits are
 * those of a batch: operations for names, bytes for payloads.
 */
#include "api/request/body.h"
#include "api/request/core.h"
#include "api/request/object_json.h"
#include "api/request/permit.h"
#include "api/request/reply.h"
#include "api/request/request.h"
#include "api/text/jsonread.h"
#include "api/text/naming.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What an object takes while it is put into the answer: its bytes, and twice their base64 as the text grows; and what
 * is known about it. */
enum { ROOM_PER_BYTE = 4, ROOM_PER_OBJECT = 512 };

struct gathering {
    struct body body;
    struct jsonread json;
    struct jsontext answer;
    struct store_key *keys; /* asked for; their bytes are in the body */
    struct object **objects;
    enum store_error *errors;
    size_t count, capacity;
    size_t entry;      /* the one that an error of the store is about, or a right that is missing */
    bool forbidden;    /* the visitor may not read all that is asked for */
    const char *fault; /* what is wrong with the body, without a full stop */
    enum problem problem;
};

static bool refuse(struct gathering *gathering, enum problem problem, const char *fault)
{
    gathering->problem = problem;
    gathering->fault = fault;
    return false;
}

/* ---- one object ------------------------------------------------------------------------------ */

static void write_object(struct jsontext *json, const struct object_info *info, const void *payload)
{
    jsontext_open(json, '{');
    object_json_write(json, info);
    object_json_write_kept(json, info);
    object_json_write_meta(json, info);
    jsontext_name(json, "data");
    jsontext_base64(json, payload, (size_t)info->size);
    jsontext_close(json, '}');
}

/* The payload is in a file: what is written has to be in memory once. */
static enum store_error write_from_file(struct jsontext *json, const struct object *object)
{
    const struct object_info *info = object_info(object);
    char *bytes = malloc((size_t)info->size);
    enum store_error error = !bytes ? STORE_NO_MEMORY : object_read(object, 0, bytes, (size_t)info->size);
    if (error == STORE_OK)
        write_object(json, info, bytes);
    int os_error = errno;
    free(bytes);
    errno = os_error;
    return error;
}

static enum store_error write_found(struct jsontext *json, const struct object *object)
{
    const struct object_info *info = object_info(object);
    if (!object_payload(object) && info->size > 0)
        return write_from_file(json, object);
    write_object(json, info, object_payload(object));
    return STORE_OK;
}

/* ---- all objects ----------------------------------------------------------------------------- */

static void release_all(struct gathering *gathering)
{
    for (size_t i = 0; i < gathering->count; i++) {
        object_release(gathering->objects[i]);
        gathering->objects[i] = NULL;
    }
}

/* Whether the visitor may read all that is asked for: before anything is looked up, what has a key; then what was found
 * by its hash, whose key is known only now. What was not found and what is not the visitor's are the same. */
static bool may_read(const struct request *request, struct gathering *gathering, bool found)
{
    for (size_t i = 0; i < gathering->count; i++) {
        struct store_key key = gathering->keys[i];
        const struct object *object = found ? gathering->objects[i] : NULL;
        bool by_hash = !key.bytes;
        if (by_hash != found)
            continue;
        if (object && object_info(object)->key)
            key = store_key_of(object_info(object)->key, object_info(object)->key_length);
        if (permit_lacks(request, RIGHT_READ, request->store_name, &key) == 0)
            continue;
        gathering->entry = i;
        gathering->forbidden = true;
        return false;
    }
    return true;
}

/* Looks all keys up; what is not there is no error. False: request->error says why, or not all of it may be read. */
static bool look_up(struct request *request, struct gathering *gathering, unsigned flags)
{
    request->error = store_get_many(request->store, gathering->keys, gathering->count, flags, gathering->objects,
                                    gathering->errors);
    request->os_error = request->error == STORE_OK ? errno : 0; /* of the keys' errors */
    if (request->error == STORE_OK && !may_read(request, gathering, true))
        return false;
    for (size_t i = 0; request->error == STORE_OK && i < gathering->count; i++)
        if (gathering->errors[i] != STORE_NO_OBJECT) {
            request->error = gathering->errors[i];
            gathering->entry = i;
        }
    return request->error == STORE_OK;
}

static size_t room_of(const struct object_info *info)
{
    return ROOM_PER_OBJECT + ROOM_PER_BYTE * ((size_t)info->size + info->key_length + info->attributes_length);
}

/* Whether the answer may hold the objects that were found. */
static bool admit(struct request *request, struct gathering *gathering)
{
    uint64_t limit = request->api->options.batch_bytes_limit, payload = 0;
    size_t bytes = 0;
    for (size_t i = 0; i < gathering->count; i++) {
        if (!gathering->objects[i])
            continue;
        const struct object_info *info = object_info(gathering->objects[i]);
        if (info->size > limit - payload)
            return refuse(gathering, PROBLEM_TOO_LARGE, "together the objects are larger than the bytes allowed here");
        payload += info->size;
        bytes += room_of(info);
    }
    return budget_take(&request->api->batches, &request->answer, bytes) ||
           refuse(gathering, PROBLEM_BUSY, "other batches have the memory for now; try again");
}

static void write_all(struct request *request, struct gathering *gathering)
{
    for (size_t i = 0; i < gathering->count && request->error == STORE_OK; i++) {
        if (!gathering->objects[i])
            jsontext_null(&gathering->answer);
        else
            request_keep_error(request, write_found(&gathering->answer, gathering->objects[i]));
        object_release(gathering->objects[i]);
        gathering->objects[i] = NULL;
    }
}

static void fetch(struct request *request, struct gathering *gathering)
{
    gathering->objects = calloc(gathering->count + 1, sizeof *gathering->objects);
    gathering->errors = calloc(gathering->count + 1, sizeof *gathering->errors);
    if (!gathering->objects || !gathering->errors) {
        request->error = STORE_NO_MEMORY;
        return;
    }
    bool small = look_up(request, gathering, 0) && admit(request, gathering);
    release_all(gathering);
    /* The sizes are looked at again, since the objects may be others by now. */
    if (small && look_up(request, gathering, STORE_GET_PAYLOAD) && admit(request, gathering))
        write_all(request, gathering);
    release_all(gathering);
}

/* ---- the names ------------------------------------------------------------------------------- */

static bool read_naming_members(struct gathering *gathering, struct naming *naming)
{
    struct text name;
    while (jsonread_member(&gathering->json, &name)) {
        enum naming_kind kind;
        bool known = naming_kind_of(name.bytes, name.length, &kind);
        bool again = known && naming->texts[kind].bytes;
        if (known && !again && jsonread_null(&gathering->json))
            continue;
        if (!known || again || jsonread_type(&gathering->json) != JSONREAD_STRING)
            return refuse(gathering, PROBLEM_BAD_BODY, "an object is named by one string: key, key_base64 or key_hash");
        if (!jsonread_string(&gathering->json, &naming->texts[kind]))
            return false;
    }
    return !gathering->json.fault;
}

/* Reads one name: a string in `keys`, an object in `objects`. */
static bool read_naming(struct gathering *gathering, enum jsonread_type wanted, struct naming *naming)
{
    enum jsonread_type type = jsonread_type(&gathering->json);
    if (type != wanted)
        return refuse(gathering, PROBLEM_BAD_BODY,
                      wanted == JSONREAD_STRING ? "keys is a list of strings" : "objects is a list of objects");
    if (wanted == JSONREAD_STRING)
        return jsonread_string(&gathering->json, &naming->texts[NAMING_TEXT]);
    jsonread_enter(&gathering->json);
    return read_naming_members(gathering, naming);
}

static bool keep_key(struct request *request, struct gathering *gathering, const struct store_key *key)
{
    if (gathering->count == request->api->options.batch_ops_limit)
        return refuse(gathering, PROBLEM_TOO_LARGE, "more objects are asked for than allowed here");
    if (gathering->count == gathering->capacity) {
        size_t capacity = gathering->capacity == 0 ? 64 : 2 * gathering->capacity;
        struct store_key *keys = realloc(gathering->keys, capacity * sizeof *keys);
        if (!keys) {
            request->error = STORE_NO_MEMORY;
            return false;
        }
        gathering->keys = keys;
        gathering->capacity = capacity;
    }
    gathering->keys[gathering->count++] = *key;
    return true;
}

static bool gather_list(struct request *request, struct gathering *gathering, enum jsonread_type wanted)
{
    if (jsonread_type(&gathering->json) != JSONREAD_ARRAY)
        return refuse(gathering, PROBLEM_BAD_BODY, "keys or objects is a list");
    jsonread_enter(&gathering->json);
    while (jsonread_item(&gathering->json)) {
        struct naming naming = {0};
        struct store_key key;
        if (!read_naming(gathering, wanted, &naming))
            return false;
        const char *fault = naming_key(&naming, &key);
        if (fault)
            return refuse(gathering, PROBLEM_BAD_BODY, fault);
        if (!keep_key(request, gathering, &key))
            return false;
    }
    return !gathering->json.fault;
}

/* Clients that are generated may send both members, the one they do not mean as null or as an empty list. */
static bool gather(struct request *request, struct gathering *gathering)
{
    struct jsonread *json = &gathering->json;
    struct text name;
    bool found = false, seen[2] = {false, false};
    if (jsonread_type(json) != JSONREAD_OBJECT)
        return refuse(gathering, PROBLEM_BAD_BODY, "the body is an object with keys or objects");
    jsonread_enter(json);
    while (jsonread_member(json, &name)) {
        bool keys = text_is(&name, "keys");
        if (!keys && !text_is(&name, "objects"))
            return refuse(gathering, PROBLEM_BAD_BODY, "the body has keys or objects and nothing else");
        size_t before = gathering->count;
        if (seen[keys])
            return refuse(gathering, PROBLEM_BAD_BODY, "a member is given twice");
        if (jsonread_null(json))
            continue;
        found = seen[keys] = true;
        if (!gather_list(request, gathering, keys ? JSONREAD_STRING : JSONREAD_OBJECT))
            return false;
        if (before > 0 && gathering->count > before)
            return refuse(gathering, PROBLEM_BAD_BODY, "objects are named by keys or by objects, not by both");
    }
    jsonread_end(json);
    return !json->fault && (found || refuse(gathering, PROBLEM_BAD_BODY, "the body needs keys or objects"));
}

/* ---- the request ----------------------------------------------------------------------------- */

static void begin(struct request *request)
{
    struct gathering *gathering = calloc(1, sizeof *gathering);
    request->state = gathering;
    if (!gathering)
        reply_error(request, STORE_NO_MEMORY);
    else if (body_admit_json(request, &gathering->body, request->api->options.batch_bytes_limit))
        request_acquire(request, NULL);
}

static size_t receive(struct request *request, const char *bytes, size_t length)
{
    struct gathering *gathering = request->state;
    return body_receive(request, &gathering->body, bytes, length);
}

static void gather_job(struct request *request)
{
    struct gathering *gathering = request->state;
    jsonread_begin(&gathering->json, body_bytes(&gathering->body), gathering->body.length);
    if (!gather(request, gathering)) {
        if (gathering->json.fault)
            refuse(gathering, PROBLEM_BAD_BODY, gathering->json.fault);
        return;
    }
    if (!may_read(request, gathering, false))
        return;
    jsontext_open(&gathering->answer, '{');
    jsontext_name(&gathering->answer, "objects");
    jsontext_open(&gathering->answer, '[');
    fetch(request, gathering);
    jsontext_close(&gathering->answer, ']');
    jsontext_close(&gathering->answer, '}');
}

/* The answer is made: what it was made of is not kept while the client takes it. */
static void drop(struct gathering *gathering)
{
    free(gathering->keys);
    free(gathering->objects);
    free(gathering->errors);
    gathering->keys = NULL;
    gathering->objects = NULL;
    gathering->errors = NULL;
    jsontext_free(&gathering->answer);
    body_free(&gathering->body);
}

static void answer(struct request *request)
{
    struct gathering *gathering = request->state;
    if (gathering->forbidden) {
        permit_refuse(request, RIGHT_READ, request->store_name, gathering->entry);
    } else if (request->error == STORE_COLLISION) {
        reply_entry_problem(request, PROBLEM_COLLISION, gathering->entry,
                            "Several keys have the hash %016" PRIx64 ": name the object by its key.",
                            gathering->keys[gathering->entry].hash);
    } else if (request->error != STORE_OK) {
        reply_error(request, request->error);
    } else if (gathering->json.fault) {
        reply_problem(request, gathering->problem, "The body is not JSON: %s at byte %zu.", gathering->fault,
                      jsonread_position(&gathering->json));
    } else if (gathering->fault) {
        reply_problem(request, gathering->problem, "The request is refused: %s.", gathering->fault);
    } else {
        budget_keep(&request->answer, gathering->answer.capacity);
        reply_json(request, 200, &gathering->answer);
        gathering->answer = (struct jsontext){0};
    }
    drop(gathering);
}

static void finish(struct request *request)
{
    request_offload(request, gather_job, answer);
}

static void end(struct request *request)
{
    struct gathering *gathering = request->state;
    if (!gathering)
        return;
    drop(gathering);
    free(gathering);
}

const struct endpoint endpoint_batch_get = {
    .begin = begin, .receive = receive, .finish = finish, .end = end, .fault = "the objects cannot be read"};
