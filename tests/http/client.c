#include "tests/http/client.h"

#include "tests/http/payload.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { TIMEOUT_SECONDS = 120 };

struct client {
    CURL *curl;
    const char *trusted;   /* NULL: no certificate */
    char *url;             /* http://host:port, https://host:port */
    const char *unix_path; /* NULL: TCP; into `url` otherwise */
    struct answer **answers;
    size_t answer_count;
    char **texts;
    size_t text_count;
};

/* A request under way: where its body comes from, and where the answer's goes. */
struct exchange {
    struct client *client;
    struct answer *answer;
    size_t capacity;
    const char *method;
    const char *target;
    const void *body; /* NULL with has_body: the generated payload */
    bool has_body;
    uint64_t size;
    uint64_t sent;
    uint64_t seed;
    bool compare; /* the answer with the payload of `seed` from `position` */
    uint64_t position;
};

bool client_global(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

static const char *trusted;

void client_trust(const char *certificate)
{
    trusted = certificate;
}

static void open_curl(struct client *client)
{
    client->curl = curl_easy_init();
    ck_assert_ptr_nonnull(client->curl);
    if (client->unix_path)
        ck_assert_int_eq(curl_easy_setopt(client->curl, CURLOPT_UNIX_SOCKET_PATH, client->unix_path), CURLE_OK);
    if (client->trusted)
        ck_assert_int_eq(curl_easy_setopt(client->curl, CURLOPT_CAINFO, client->trusted), CURLE_OK);
}

struct client *client_new(const char *url)
{
    struct client *client = calloc(1, sizeof *client);
    ck_assert_ptr_nonnull(client);
    client->url = strdup(url);
    ck_assert_ptr_nonnull(client->url);
    client->unix_path = strncmp(url, "unix:", 5) == 0 ? client->url + 5 : NULL;
    client->trusted = trusted;
    open_curl(client);
    return client;
}

static void answer_free(struct answer *answer)
{
    json_decref(answer->json);
    free(answer->headers);
    free(answer->body);
    free(answer);
}

void client_forget(struct client *client)
{
    while (client->answer_count > 0)
        answer_free(client->answers[--client->answer_count]);
    while (client->text_count > 0)
        free(client->texts[--client->text_count]);
}

void client_free(struct client *client)
{
    if (!client)
        return;
    client_forget(client);
    curl_easy_cleanup(client->curl);
    free(client->answers);
    free(client->texts);
    free(client->url);
    free(client);
}

void client_disconnect(struct client *client)
{
    curl_easy_cleanup(client->curl);
    open_curl(client);
}

void client_throttle(struct client *client, curl_off_t upload, curl_off_t download)
{
    curl_easy_setopt(client->curl, CURLOPT_MAX_SEND_SPEED_LARGE, upload);
    curl_easy_setopt(client->curl, CURLOPT_MAX_RECV_SPEED_LARGE, download);
}

char *client_text(struct client *client, const char *format, ...)
{
    char *text;
    va_list list;
    va_start(list, format);
    ck_assert_int_ge(vasprintf(&text, format, list), 0);
    va_end(list);
    client->texts = realloc(client->texts, (client->text_count + 1) * sizeof *client->texts);
    ck_assert_ptr_nonnull(client->texts);
    client->texts[client->text_count++] = text;
    return text;
}

static struct answer *new_answer(struct client *client)
{
    struct answer *answer = calloc(1, sizeof *answer);
    client->answers = realloc(client->answers, (client->answer_count + 1) * sizeof *client->answers);
    ck_assert(answer && client->answers);
    client->answers[client->answer_count++] = answer;
    answer->body = calloc(1, 1);
    answer->headers = calloc(1, 1);
    ck_assert(answer->body && answer->headers);
    return answer;
}

static size_t read_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct exchange *exchange = arg;
    uint64_t left = exchange->size - exchange->sent;
    size_t length = size * count < left ? size * count : (size_t)left;
    if (exchange->body) {
        memcpy(bytes, (const char *)exchange->body + exchange->sent, length);
    } else {
        payload_fill(bytes, length, exchange->seed, exchange->sent);
    }
    exchange->sent += length;
    return length;
}

/* curl asks to start again when a kept connection turns out to be closed. */
static int seek_body(void *arg, curl_off_t position, int origin)
{
    struct exchange *exchange = arg;
    if (origin != SEEK_SET)
        return CURL_SEEKFUNC_CANTSEEK;
    exchange->sent = (uint64_t)position;
    return CURL_SEEKFUNC_OK;
}

static bool keep_body(struct exchange *exchange, const char *bytes, size_t length)
{
    struct answer *answer = exchange->answer;
    if (answer->size + length + 1 > exchange->capacity) {
        exchange->capacity = 2 * (answer->size + length + 1);
        unsigned char *body = realloc(answer->body, exchange->capacity);
        if (!body)
            return false;
        answer->body = body;
    }
    memcpy(answer->body + answer->size, bytes, length);
    answer->body[answer->size + length] = '\0';
    return true;
}

static size_t write_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct exchange *exchange = arg;
    struct answer *answer = exchange->answer;
    size_t length = size * count;
    if (exchange->compare) {
        answer->whole &= payload_matches(bytes, length, exchange->seed, exchange->position + answer->size);
    } else if (!keep_body(exchange, bytes, length)) {
        return 0;
    }
    answer->size += length;
    return length;
}

/* Keeps the last block: an interim 100 Continue is dropped when the next status line arrives. */
static size_t write_header(char *bytes, size_t size, size_t count, void *arg)
{
    struct exchange *exchange = arg;
    struct answer *answer = exchange->answer;
    size_t length = size * count;
    size_t had = length >= 5 && strncmp(bytes, "HTTP/", 5) == 0 ? 0 : strlen(answer->headers);
    char *headers = realloc(answer->headers, had + length + 1);
    if (!headers)
        return 0;
    memcpy(headers + had, bytes, length);
    headers[had + length] = '\0';
    answer->headers = headers;
    return length;
}

static void set_method(CURL *curl, const struct exchange *exchange, bool chunked)
{
    bool head = strcmp(exchange->method, "HEAD") == 0;
    curl_easy_setopt(curl, CURLOPT_NOBODY, head ? 1L : 0L);
    if (!head) {
        curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
        curl_easy_setopt(curl, CURLOPT_UPLOAD, exchange->has_body ? 1L : 0L);
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, exchange->method);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, chunked ? (curl_off_t)-1 : (curl_off_t)exchange->size);
}

static void set_callbacks(CURL *curl, struct exchange *exchange)
{
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_body);
    curl_easy_setopt(curl, CURLOPT_READDATA, exchange);
    curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, seek_body);
    curl_easy_setopt(curl, CURLOPT_SEEKDATA, exchange);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, write_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, write_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, exchange);
}

static void set_options(CURL *curl, struct exchange *exchange)
{
    const struct client *client = exchange->client;
    curl_easy_setopt(curl, CURLOPT_URL, client->unix_path ? "http://localhost" : client->url);
    curl_easy_setopt(curl, CURLOPT_REQUEST_TARGET, exchange->target);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)TIMEOUT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 262144L);
    curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 262144L);
}

static struct curl_slist *headers_of(va_list list, bool *ret_chunked)
{
    struct curl_slist *headers = NULL;
    for (const char *line; (line = va_arg(list, const char *));) {
        headers = curl_slist_append(headers, line);
        ck_assert_ptr_nonnull(headers);
        *ret_chunked = *ret_chunked || strcasecmp(line, "Transfer-Encoding: chunked") == 0;
    }
    return headers;
}

static struct answer *perform(struct exchange *exchange, va_list list)
{
    CURL *curl = exchange->client->curl;
    bool chunked = false;
    struct curl_slist *headers = headers_of(list, &chunked);
    struct answer *answer = new_answer(exchange->client);
    exchange->answer = answer;
    answer->whole = exchange->compare;
    set_options(curl, exchange);
    set_method(curl, exchange, chunked);
    set_callbacks(curl, exchange);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    answer->error = curl_easy_perform(curl);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    answer->status = answer->error == CURLE_OK ? (int)status : 0;
    return answer;
}

struct answer *client_send(struct client *client, const char *method, const char *target, const void *body, size_t size,
                           ...)
{
    struct exchange exchange = {.client = client, .method = method, .target = target, .body = body};
    exchange.has_body = body != NULL;
    exchange.size = size;
    va_list list;
    va_start(list, size);
    struct answer *answer = perform(&exchange, list);
    va_end(list);
    return answer;
}

struct answer *client_get(struct client *client, const char *target, ...)
{
    struct exchange exchange = {.client = client, .method = "GET", .target = target};
    va_list list;
    va_start(list, target);
    struct answer *answer = perform(&exchange, list);
    va_end(list);
    return answer;
}

struct answer *client_upload(struct client *client, const char *target, uint64_t size, uint64_t seed, ...)
{
    struct exchange exchange = {.client = client, .method = "PUT", .target = target, .has_body = true, .size = size};
    exchange.seed = seed;
    va_list list;
    va_start(list, seed);
    struct answer *answer = perform(&exchange, list);
    va_end(list);
    return answer;
}

struct answer *client_download(struct client *client, const char *target, uint64_t seed, uint64_t position, ...)
{
    struct exchange exchange = {.client = client, .method = "GET", .target = target, .compare = true, .seed = seed};
    exchange.position = position;
    va_list list;
    va_start(list, position);
    struct answer *answer = perform(&exchange, list);
    va_end(list);
    return answer;
}

/* The start of the value of the header line at `line`, or NULL when it is another header's. */
static const char *value_at(const char *line, const char *name)
{
    size_t length = strlen(name);
    if (strncasecmp(line, name, length) != 0 || line[length] != ':')
        return NULL;
    line += length + 1;
    return line + strspn(line, " \t");
}

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');
    return end ? end + 1 : NULL;
}

size_t answer_header_count(const struct answer *answer, const char *name)
{
    size_t count = 0;
    for (const char *line = answer->headers; line; line = next_line(line))
        count += value_at(line, name) != NULL;
    return count;
}

const char *answer_header(struct answer *answer, const char *name)
{
    static _Thread_local char values[16][2048]; /* the last sixteen asked for */
    static _Thread_local size_t turn;
    for (const char *line = answer->headers; line; line = next_line(line)) {
        const char *value = value_at(line, name);
        if (value) {
            char *copy = values[turn++ % 16];
            snprintf(copy, sizeof values[0], "%.*s", (int)strcspn(value, "\r\n"), value);
            return copy;
        }
    }
    return NULL;
}

json_t *answer_json(struct answer *answer)
{
    if (!answer->json) {
        json_error_t error;
        answer->json = json_loadb((const char *)answer->body, answer->size, JSON_DECODE_ANY, &error);
        ck_assert_msg(answer->json, "status %d, not JSON (%s): %s", answer->status, error.text,
                      (const char *)answer->body);
    }
    return answer->json;
}

static json_t *member(struct answer *answer, const char *name)
{
    json_t *value = json_object_get(answer_json(answer), name);
    ck_assert_msg(value, "status %d, no \"%s\" in %s", answer->status, name, (const char *)answer->body);
    return value;
}

const char *answer_string(struct answer *answer, const char *name)
{
    json_t *value = member(answer, name);
    ck_assert_msg(json_is_string(value), "\"%s\" is no string in %s", name, (const char *)answer->body);
    return json_string_value(value);
}

json_int_t answer_integer(struct answer *answer, const char *name)
{
    json_t *value = member(answer, name);
    ck_assert_msg(json_is_integer(value), "\"%s\" is no integer in %s", name, (const char *)answer->body);
    return json_integer_value(value);
}

bool answer_boolean(struct answer *answer, const char *name)
{
    json_t *value = member(answer, name);
    ck_assert_msg(json_is_boolean(value), "\"%s\" is no boolean in %s", name, (const char *)answer->body);
    return json_boolean_value(value);
}

bool answer_is(const struct answer *answer, const void *bytes, size_t length)
{
    return answer->error == CURLE_OK && answer->size == length && memcmp(answer->body, bytes, length) == 0;
}
