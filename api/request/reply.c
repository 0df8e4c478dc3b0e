/* reply.c - a libmicrohttpd response for each way to have content: static, owned, a file, a reader. See reply.h. */
#include "api/request/reply.h"

#include "api/http/etag.h"
#include "api/http/http_date.h"
#include "api/request/core.h"
#include "api/text/utf8.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Bytes a reader is asked for at a time: a block of that size is in memory while its answer is under way. Short of
 * memory it is as large as a page. Content of unknown length uses none, but for clients of HTTP/1.0. */
enum { READER_BLOCK = 32 << 10, READER_BLOCK_SMALL = 4 << 10 };

enum { FIELDS_MAX = 16 << 10 }; /* bytes of the fields of an answer: twice what there may be (hygiene.c) */

#define DATE "Date"

/* The second is of the clock that records have their time from: the one of time() is behind it until the kernel's next
 * tick, and who sends back what is told of an object of the second that has just begun would be refused. */
static void add_date(struct request *request)
{
    struct timespec now;
    char date[HTTP_DATE_SIZE];
    clock_gettime(CLOCK_REALTIME, &now);
    request->date = now.tv_sec;
    http_date_write(date, now.tv_sec);
    reply_field(request, DATE, date);
}

static void keep(struct request *request, unsigned status, struct MHD_Response *response, uint64_t length)
{
    assert(!request->response);
    request->response = response;
    request->status = status;
    request->answer_length = length;
    add_date(request);
}

void reply_full(struct request *request)
{
    reply_problem(request, PROBLEM_BUSY, "Answers that clients have not read have the memory for now; try again.");
}

bool reply_admit(struct request *request, size_t bytes)
{
    bool taken = budget_take(&request->api->answers, &request->answer, bytes);
    if (!taken)
        reply_full(request);
    return taken;
}

void reply_field(struct request *request, const char *name, const char *value)
{
    if (request->response)
        field_lines_add(&request->lines, name, value);
}

void reply_close(struct request *request)
{
    if (request->response)
        MHD_add_response_header(request->response, "Connection", "close");
}

/* For each field libmicrohttpd takes three pieces of memory, and looks at it seven times. So it gets one, Date, which
 * it would else add by itself, with a value as long as all that is to stand in its place. It keeps a copy of that, and
 * sends what is there. */
bool reply_seal(struct request *request)
{
    static const char room[FIELDS_MAX + 1] = {[0 ... FIELDS_MAX - 1] = 'x'};
    static const size_t begin = sizeof DATE ": " - 1, end = sizeof "\r\n" - 1;
    const struct field_lines *lines = &request->lines;
    if (!request->response || lines->failed || lines->length - begin - end > FIELDS_MAX)
        return false;
    size_t length = lines->length - begin - end;
    if (MHD_add_response_header(request->response, DATE, room + FIELDS_MAX - length) != MHD_YES)
        return false;
    memcpy((char *)(uintptr_t)MHD_get_response_header(request->response, DATE), lines->bytes + begin, length);
    field_lines_free(&request->lines); /* the client may be long in taking the answer */
    return true;
}

void reply_static(struct request *request, unsigned status, const char *media_type, const void *bytes, size_t length)
{
    keep(request, status, MHD_create_response_from_buffer(length, (void *)(uintptr_t)bytes, MHD_RESPMEM_PERSISTENT),
         length);
    reply_field(request, "Content-Type", media_type);
}

void reply_empty(struct request *request, unsigned status)
{
    keep(request, status, MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT), 0);
}

void reply_owned(struct request *request, unsigned status, const char *media_type, char *bytes, size_t length)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(length, bytes, MHD_RESPMEM_MUST_FREE);
    if (!response)
        free(bytes);
    keep(request, status, response, length);
    request->content = bytes;
    request->content_length = length;
    reply_field(request, "Content-Type", media_type);
}

static void reply_taken(struct request *request, unsigned status, const char *media_type, struct jsontext *json)
{
    jsontext_end(json);
    if (json->failed) {
        jsontext_free(json);
        keep(request, status, NULL, 0);
        return;
    }
    reply_owned(request, status, media_type, json->bytes, json->length);
}

void reply_json(struct request *request, unsigned status, struct jsontext *json)
{
    reply_taken(request, status, "application/json", json);
}

void reply_borrowed(struct request *request, unsigned status, const void *bytes, size_t length,
                    void (*release)(void *owner), void *owner)
{
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
        length, (void *)(uintptr_t)bytes, release, owner);
    if (!response)
        release(owner);
    keep(request, status, response, length);
}

void reply_edition(struct request *request, unsigned status, const char *media_type, struct edition *edition)
{
    request->content = edition->text;
    request->content_length = edition->length;
    reply_borrowed(request, status, edition->text, edition->length, edition_release, edition);
    reply_field(request, "Content-Type", media_type);
}

void reply_file(struct request *request, unsigned status, int file, uint64_t position, uint64_t length)
{
    struct MHD_Response *response = MHD_create_response_from_fd_at_offset64(length, file, position);
    if (!response)
        close(file);
    keep(request, status, response, length);
}

void reply_reader(struct request *request, unsigned status, uint64_t length, MHD_ContentReaderCallback read,
                  void (*release)(void *owner), void *owner)
{
    struct budget *answers = &request->api->answers;
    bool large = length != STORE_SIZE_UNKNOWN && budget_has(answers, READER_BLOCK);
    size_t block = large ? READER_BLOCK : READER_BLOCK_SMALL;
    budget_add(answers, &request->answer, request->answer.bytes + block);
    struct MHD_Response *response = MHD_create_response_from_callback(length, block, read, owner, release);
    if (!response && release)
        release(owner);
    keep(request, status, response, length);
}

/* libmicrohttpd never asks for content that HEAD and 304 do not have. */
static ssize_t no_content(void *closure, uint64_t position, char *bytes, size_t capacity)
{
    (void)closure, (void)position, (void)bytes, (void)capacity;
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

void reply_length(struct request *request, unsigned status, uint64_t length)
{
    struct MHD_Response *response = MHD_create_response_from_callback(length, 1, no_content, NULL, NULL);
    if (response && length == STORE_SIZE_UNKNOWN) /* else a last chunk follows, which HEAD does not have either */
        MHD_set_response_options(response, MHD_RF_HTTP_VERSION_1_0_ONLY, MHD_RO_END);
    keep(request, status, response, 0);
}

/* The detail may quote what the client sent, or a part of it; JSON wants UTF-8. */
static void detail_field(struct jsontext *json, char *detail)
{
    utf8_mend(detail, strlen(detail));
    jsontext_field(json, "detail", detail);
}

/* For programs: which limit of the store would be passed, and by how much. */
static void write_quota(struct jsontext *json, const struct store_overrun *overrun)
{
    jsontext_name(json, "quota");
    jsontext_open(json, '{');
    jsontext_field(json, "of", overrun->of_objects ? "objects" : "bytes");
    jsontext_figure(json, "limit", overrun->limit);
    jsontext_figure(json, "used", overrun->used);
    jsontext_figure(json, "added", overrun->added);
    jsontext_close(json, '}');
}

/* `entry` is the index of the batch's entry that the problem is about, or SIZE_MAX. */
static void write_problem(struct jsontext *json, struct request *request, const struct problem_kind *kind, size_t entry,
                          char *detail)
{
    jsontext_open(json, '{');
    jsontext_field(json, "type", kind->type);
    jsontext_field(json, "title", kind->title);
    jsontext_figure(json, "status", kind->status);
    detail_field(json, detail);
    if (entry != SIZE_MAX)
        jsontext_figure(json, "index", entry);
    if (request->store_name)
        jsontext_field(json, "store", request->store_name);
    if (request->has_key) {
        jsontext_key(json, request->key.bytes, request->key.length);
        jsontext_name(json, "key_hash");
        jsontext_hash(json, request->key.hash);
    }
    if (kind == problem_kind(PROBLEM_QUOTA_EXCEEDED))
        write_quota(json, &request->overrun);
    if (kind == problem_kind(PROBLEM_CHANGES_GONE))
        jsontext_figure(json, "oldest", request->oldest);
    jsontext_field(json, "request_id", request_id(request));
    jsontext_close(json, '}');
}

void reply_write_problem(struct jsontext *json, struct request *request, enum problem problem, char *detail)
{
    write_problem(json, request, problem_kind(problem), SIZE_MAX, detail);
}

/* What only the operator can mend is logged, a limit of the system included: the client may keep it to itself. */
static bool is_operators(const struct request *request, const struct problem_kind *kind)
{
    return kind->status == 500 || (kind == problem_kind(PROBLEM_BUSY) && request->os_error != 0);
}

static void log_fault(const struct request *request, const struct problem_kind *kind, const char *sentence)
{
    const struct api_options *options = &request->api->options;
    bool stored = request->store_name != NULL;
    char whose[sizeof ", key hash " + 16] = "";
    char *line;
    if (!is_operators(request, kind) || !options->log)
        return;
    if (request->has_key)
        snprintf(whose, sizeof whose, ", key hash %016" PRIx64, request->key.hash);
    if (asprintf(&line, "%s%s%s%s: %s", method_name(request->method), stored ? " in store " : "",
                 stored ? request->store_name : "", whose, sentence) < 0)
        return;
    options->log(options->log_arg, API_LOG_ERROR, line);
    free(line);
}

static void reply_sentence(struct request *request, enum problem problem, size_t entry, const char *detail,
                           va_list arguments)
{
    const struct problem_kind *kind = problem_kind(problem);
    struct jsontext json = {0};
    char *sentence = NULL;
    int printed = vasprintf(&sentence, detail, arguments);
    request->problem = problem;
    if (printed < 0) {
        json.failed = true;
    } else {
        log_fault(request, kind, sentence);
        write_problem(&json, request, kind, entry, sentence);
        free(sentence);
    }
    reply_taken(request, kind->status, "application/problem+json", &json);
    if (kind->retry_after != 0) {
        char seconds[16];
        snprintf(seconds, sizeof seconds, "%u", kind->retry_after);
        reply_field(request, "Retry-After", seconds);
    }
}

void reply_problem(struct request *request, enum problem problem, const char *detail, ...)
{
    va_list arguments;
    va_start(arguments, detail);
    reply_sentence(request, problem, SIZE_MAX, detail, arguments);
    va_end(arguments);
}

void reply_entry_problem(struct request *request, enum problem problem, size_t entry, const char *detail, ...)
{
    va_list arguments;
    va_start(arguments, detail);
    reply_sentence(request, problem, entry, detail, arguments);
    va_end(arguments);
}

static void reply_quota(struct request *request)
{
    const struct store_overrun *overrun = &request->overrun;
    reply_problem(request, PROBLEM_QUOTA_EXCEEDED,
                  "The store may hold %" PRIu64 " %s and has %" PRIu64 "%s; this would add %" PRIu64
                  ": delete objects, or have the limit raised.",
                  overrun->limit, overrun->of_objects ? "objects" : "bytes", overrun->used,
                  overrun->of_objects ? "" : ", those of unfinished uploads among them", overrun->added);
}

/* Owned by the caller; NULL: memory is out. */
static char *error_sentence(const struct request *request, enum store_error error)
{
    char words[128], *text;
    bool told = request->detail && *request->detail != '\0';
    const char *fault = error == STORE_IO && request->endpoint ? request->endpoint->fault : NULL;
    const char *sentence = told ? request->detail : fault ? fault : store_error_text(error);
    const char *cause = told || !fault ? "" : store_error_text(error);
    if (!told && request->os_error != 0)
        cause = strerror_r(request->os_error, words, sizeof words);
    char first = *sentence >= 'a' && *sentence <= 'z' ? (char)(*sentence - 'a' + 'A') : *sentence;
    int printed = asprintf(&text, "%c%s%s%s.", first, sentence + 1, *cause == '\0' ? "" : ": ", cause);
    return printed < 0 ? NULL : text;
}

void reply_entry_error(struct request *request, enum problem problem, size_t entry, enum store_error error)
{
    char words[128];
    const char *cause = request->os_error == 0 ? "" : strerror_r(request->os_error, words, sizeof words);
    reply_entry_problem(request, problem, entry, "Operation %zu is refused: %s%s%s.", entry, store_error_text(error),
                        *cause == '\0' ? "" : ": ", cause);
}

/* The same path and query at another server. */
static void locate_elsewhere(struct request *request)
{
    const struct slice last = request->query.start ? request->query : request->path;
    size_t length = (size_t)(last.start + last.length - request->path.start);
    const char *as_it_came = request->path.start + request->target_length + 1;
    char *location;
    if (asprintf(&location, "%s%.*s", request->owner, (int)length, as_it_came) < 0)
        return;
    reply_field(request, "Location", location);
    free(location);
}

void reply_error(struct request *request, enum store_error error)
{
    if (error == STORE_QUOTA) {
        reply_quota(request);
        return;
    }
    bool elsewhere = error == STORE_ELSEWHERE && request->owner;
    char *sentence = error_sentence(request, error);
    reply_problem(request, elsewhere ? PROBLEM_ELSEWHERE : problem_of(error, request->os_error), "%s",
                  !sentence ? "" : sentence);
    free(sentence);
    if (elsewhere)
        locate_elsewhere(request);
}

void reply_broken_off(struct request *request)
{
    char *sentence = error_sentence(request, request->error);
    request->problem = problem_of(request->error, request->os_error);
    if (sentence)
        log_fault(request, problem_kind(request->problem), sentence);
    free(sentence);
}

/* Where an object is found: by its key, or by its hash when that is all that is known or can stand in a path. */
static char *location_of(const char *base, const char *store, const struct store_receipt *values)
{
    static const size_t frame = sizeof "/v1/stores//objects/" + 16;
    char *text = malloc(frame + strlen(base) + strlen(store) + 3 * values->key_length);
    if (!text)
        return NULL;
    bool named = values->key && !uri_is_dots(values->key, values->key_length);
    char *at = stpcpy(stpcpy(stpcpy(text, base), "/v1/stores/"), store);
    at = stpcpy(at, named ? "/objects/" : "/hashes/");
    if (named)
        at += uri_encode(at, values->key, values->key_length);
    else
        at += sprintf(at, "%016" PRIx64, values->key_hash);
    *at = '\0';
    return text;
}

void reply_receipt(struct request *request, const char *store)
{
    const struct store_receipt *values = &request->receipt.values;
    unsigned status = values->existed ? 200 : 201;
    struct jsontext json = {0};
    char etag[ETAG_SIZE];
    receipt_write(&json, store, values, true);
    reply_json(request, status, &json);
    etag_write(etag, &values->digest);
    reply_field(request, "ETag", etag);
    if (values->existed)
        return;
    char *location = location_of(request_base_path(request), store, values);
    if (location)
        reply_field(request, "Location", location);
    free(location);
}

void reply_store_error(struct request *request, enum store_error error, const char *name)
{
    if (!utf8_valid(name, strlen(name)))
        name = "?";
    request->has_key = request->has_key && request->store_name == name; /* else it is not one of that store */
    request->store_name = name;
    if (error == STORE_NO_STORE)
        reply_problem(request, PROBLEM_NO_STORE, "There is no store named \"%s\"; PUT %s/v1/stores/%s makes it.", name,
                      request_base_path(request), name);
    else if (error == STORE_BAD_NAME)
        reply_problem(request, PROBLEM_BAD_STORE_NAME,
                      "\"%s\" is not a store name: 1 to 63 of a-z, 0-9, '.', '_' and '-', a letter or digit first.",
                      name);
    else
        reply_error(request, error);
}
