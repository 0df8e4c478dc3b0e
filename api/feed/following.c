/* following.c - reads the query, the log from there on, and tells why it does not go on. See following.h. */
#include "api/feed/following.h"

#include "api/feed/press.h"
#include "api/http/accept.h"
#include "api/http/etag.h"
#include "api/request/query.h"
#include "api/request/reply.h"
#include "api/text/timestamp.h"

#include <inttypes.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_MAX = 1000, WAIT_MAX = 60 };

/* ---- what is asked for ------------------------------------------------------------------------- */

static enum following_form form_of(const struct request *request)
{
    const char *accept = request_field(request, FIELD_ACCEPT);
    if (accept_prefers(accept, "text/event-stream", "application/json"))
        return FOLLOWING_EVENTS;
    return accept_prefers(accept, "application/x-ndjson", "application/json") ? FOLLOWING_LINES : FOLLOWING_PAGE;
}

static bool read_log(struct request *request, struct following *following)
{
    char text[LOG_ID_SIZE];
    enum uri_parameter found = uri_parameter(request->query, "log", text, sizeof text);
    following->of_log = found == URI_PARAMETER_FOUND && log_id_parse(text, &following->wanted);
    if (following->of_log || found == URI_PARAMETER_ABSENT)
        return true;
    reply_problem(request, PROBLEM_BAD_PARAMETER, "The parameter log is what a page has as its log: 8 hex digits.");
    return false;
}

static bool read_wait(struct request *request, struct following *following)
{
    uint64_t seconds = 0;
    if (!query_number(request, "wait", 0, WAIT_MAX, &seconds))
        return false;
    following->wait = 1000 * seconds;
    if (seconds == 0 || following->form == FOLLOWING_PAGE)
        return true;
    reply_problem(
        request, PROBLEM_BAD_PARAMETER,
        "The parameter wait is for pages: lines end with what there is, and a stream of events waits by itself.");
    return false;
}

/* A browser that comes back asks for the same URL as before, and only this field knows how far it has come. */
static bool read_last_event(struct request *request, struct following *following)
{
    const char *text = request_field(request, FIELD_LAST_EVENT_ID);
    struct event_id id;
    if (!text || following->form != FOLLOWING_EVENTS)
        return true;
    if (!event_id_parse(text, &id)) {
        reply_problem(request, PROBLEM_BAD_HEADER, "Last-Event-ID is not the id of an event of this stream.");
        return false;
    }
    following->query.since = id.offset;
    following->of_log = id.of_log;
    following->wanted = id.log;
    return true;
}

bool following_ask(struct request *request, struct following *following)
{
    struct store_changes_query *query = &following->query;
    query->prefix = following->prefix;
    following->form = form_of(request);
    following->left = following->form == FOLLOWING_LINES ? INT64_MAX : LIMIT_MAX;
    if (!query_number(request, "since", 0, INT64_MAX, &query->since) ||
        !query_number(request, "limit", 1, following->left, &following->left) || !read_wait(request, following) ||
        !query_prefix(request, following->prefix, &query->prefix_length) || !read_log(request, following) ||
        !read_last_event(request, following))
        return false;
    query->limit = (size_t)following->left;
    return true;
}

static bool is_of_this_log(const struct following *following)
{
    return !following->of_log ||
           memcmp(following->wanted.bytes, following->log.bytes, sizeof following->log.bytes) == 0;
}

/* The log's name is a sum that tells nothing of the salt. Who means another log has come to no place of this one. */
void following_begin(struct request *request, struct following *following)
{
    struct sha256_ctx sum;
    uint64_t salt = store_salt(request->store);
    sha256_init(&sum);
    sha256_update(&sum, sizeof salt, (const uint8_t *)&salt);
    sha256_digest(&sum, sizeof following->log.bytes, following->log.bytes);
    if (!is_of_this_log(following))
        following->query.since = UINT64_MAX;
}

/* ---- reading ----------------------------------------------------------------------------------- */

static void write_change(struct jsontext *json, const struct store_change *change)
{
    char etag[ETAG_SIZE], modified[TIMESTAMP_SIZE];
    jsontext_open(json, '{');
    jsontext_figure(json, "offset", change->offset);
    jsontext_field(json, "op", change->put ? "put" : "delete");
    jsontext_key(json, change->key, change->key_length);
    jsontext_name(json, "key_hash");
    jsontext_hash(json, change->key_hash);
    if (change->put) {
        etag_write(etag, &change->digest);
        jsontext_figure(json, "size", change->size);
        jsontext_field(json, "etag", etag);
    }
    timestamp_write(modified, change->time);
    jsontext_field(json, "modified", modified);
    if (change->ends)
        jsontext_figure(json, "ends", change->ends);
    jsontext_close(json, '}');
}

struct reading {
    struct following *following;
    size_t enough; /* bytes of text */
};

static bool take_change(void *arg, const struct store_change *change)
{
    const struct reading *reading = arg;
    struct following *following = reading->following;
    write_change(&following->text, change);
    if (following->form == FOLLOWING_LINES)
        jsontext_end(&following->text);
    following->told++;
    return following->text.length < reading->enough;
}

void following_read(struct request *request, struct following *following, size_t bytes)
{
    struct reading reading = {following, bytes};
    struct store_changes_query query = following->query;
    bool rest = query.amid && following->form == FOLLOWING_EVENTS; /* which ends with its transaction */
    query.limit = bytes > 0 && !rest ? (size_t)following->left : 0;
    query.parted = following->form != FOLLOWING_PAGE;
    following->told = 0;
    request_keep_error(request, store_changes(request->store, &query, take_change, &reading, &following->changes));
    if (request->error == STORE_OK)
        following_move(following);
}

void following_move(struct following *following)
{
    following->query.since = following->changes.next;
    following->query.amid = following->changes.amid;
}

void following_write_place(struct jsontext *json, const struct following *following)
{
    char log[LOG_ID_SIZE];
    log_id_write(log, &following->log);
    jsontext_figure(json, "next", following->changes.next);
    jsontext_figure(json, "oldest", following->changes.oldest);
    jsontext_figure(json, "end", following->changes.end);
    jsontext_field(json, "log", log);
}

static void begin_page(struct jsontext *json)
{
    jsontext_open(json, '{');
    jsontext_name(json, "changes");
    jsontext_open(json, '[');
}

static void end_page(struct jsontext *json, const struct following *following)
{
    jsontext_close(json, ']');
    following_write_place(json, following);
    jsontext_close(json, '}');
    jsontext_end(json);
}

void following_write_empty(struct jsontext *json, const struct following *following)
{
    begin_page(json);
    end_page(json, following);
}

void following_read_page(struct request *request, struct following *following, size_t bytes)
{
    begin_page(&following->text);
    following_read(request, following, bytes);
    end_page(&following->text, following);
}

/* Behind a part of a transaction comes another change, if any: something of it has been told. */
static void begin_event(struct jsontext *json, bool amid)
{
    json->comma = amid;
    if (amid)
        return;
    jsontext_frame(json, "data: ");
    begin_page(json);
}

static void end_event(struct jsontext *json, const struct following *following)
{
    char id[FOLLOWING_ID_SIZE];
    end_page(json, following);
    following_write_id(id, following);
    jsontext_frame(json, id);
}

void following_read_event(struct request *request, struct following *following, size_t bytes)
{
    begin_event(&following->text, following->query.amid);
    following_read(request, following, bytes);
    if (!following->query.amid)
        end_event(&following->text, following);
}

void following_write_id(char line[FOLLOWING_ID_SIZE], const struct following *following)
{
    char id[EVENT_ID_SIZE];
    event_id_write(id, &(struct event_id){true, following->log, following->query.since});
    (void)snprintf(line, FOLLOWING_ID_SIZE, "id: %s\n\n", id);
}

bool following_has_all(const struct following *following)
{
    return following->changes.next == following->changes.end;
}

/* ---- waiting ----------------------------------------------------------------------------------- */

bool following_wait(struct request *request, uint64_t end, uint64_t milliseconds, store_watched *told)
{
    struct following *following = request->state;
    if (!following->watcher)
        following->watcher = store_watcher_new(request->store, told, request);
    if (!following->watcher)
        return false;
    store_watch(following->watcher, end, (unsigned)milliseconds);
    return true;
}

/* The request may be another thread's just now: what is read of it is this one's own. */
void following_leave(struct request *request)
{
    struct following *following = request->state;
    if (following && following->watcher)
        store_watcher_leave(following->watcher);
}

/* ---- what keeps it from going on --------------------------------------------------------------- */

enum { DETAIL_SIZE = 256 };

static void describe_gone(const struct following *following, char detail[DETAIL_SIZE])
{
    if (is_of_this_log(following))
        (void)snprintf(detail, DETAIL_SIZE,
                       "What was deleted since %" PRIu64 " is known from %" PRIu64
                       " on only, or no change of this store begins there: begin with nothing, and since=0.",
                       following->query.since, following->changes.oldest);
    else
        (void)snprintf(detail, DETAIL_SIZE,
                       "The store has another log by now, since it was made anew: begin with nothing, and since=0.");
}

static void describe_damage(const struct following *following, char detail[DETAIL_SIZE])
{
    (void)snprintf(detail, DETAIL_SIZE,
                   "The log of the store cannot be read from %" PRIu64 " on. It goes on with since=%" PRIu64
                   "; what lies between is not known, and who holds a copy compares it with a listing.",
                   following->changes.next, following->changes.behind);
}

static void describe(const struct request *request, const struct following *following, char detail[DETAIL_SIZE])
{
    if (request->error == STORE_GONE)
        describe_gone(following, detail);
    else if (request->error == STORE_DAMAGED)
        describe_damage(following, detail);
    else
        (void)snprintf(detail, DETAIL_SIZE, "The store has been removed.");
}

void following_refuse(struct request *request, const struct following *following)
{
    char detail[DETAIL_SIZE];
    request->oldest = following->changes.oldest;
    describe(request, following, detail);
    if (request->error == STORE_GONE || request->error == STORE_DAMAGED)
        reply_problem(request, problem_of(request->error, 0), "%s", detail);
    else
        reply_store_error(request, request->error, request->store_name);
}

void following_write_refusal(struct jsontext *json, struct request *request, const struct following *following)
{
    char detail[DETAIL_SIZE];
    request->oldest = following->changes.oldest;
    describe(request, following, detail);
    reply_write_problem(json, request, problem_of(request->error, 0), detail);
}

void following_free(struct following *following, struct press *press)
{
    press_forget(press, following);
    store_watcher_free(following->watcher);
    jsontext_free(&following->text);
    free(following->events);
    free(following);
}
