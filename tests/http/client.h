/* client.h - one HTTP request, one call, through libcurl.
 *
 *     struct client *client = client_new(server->url);
 *     struct answer *answer = client_send(client, "PUT", "/v1/stores/a/objects/k", "abc", 3, "If-Match: *", NULL);
 *     ck_assert_int_eq(answer->status, 201);
 *     ck_assert_str_eq(answer_string(answer, "key"), "k");
 *     client_free(client);                                        // the answers too
 *
 * Targets go out as they are written: nothing is escaped or normalised here. A client keeps its connection, as curl
 * does. A request that gets no answer has status 0 and says why in `error`.
 *
 * Thread: one at a time per client. Call client_global() once, before the first thread.
 */
#ifndef CAIRN_TESTS_HTTP_CLIENT_H
#define CAIRN_TESTS_HTTP_CLIENT_H

#include <curl/curl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client;

struct answer {
    int status;          /* 0: there was no whole answer */
    CURLcode error;      /* CURLE_OK when there was one */
    char *headers;       /* the last header block, as it came */
    unsigned char *body; /* never NULL; a NUL follows it */
    size_t size;         /* bytes received */
    bool whole;          /* client_download(): every byte was the expected one */
    json_t *json;        /* what answer_json() parsed */
};

/* Sets up libcurl; false when it cannot be. */
bool client_global(void);

/* The certificate, in a file, that servers of clients made from here on may show; borrowed. NULL: none. */
void client_trust(const char *certificate);

/* A client of the server at that URL, `http://…`, `https://…` or `unix:PATH`. */
struct client *client_new(const char *url);

/* NULL is allowed. Frees every answer it gave. */
void client_free(struct client *client);

/* Frees the answers given so far: for loops. */
void client_forget(struct client *client);

/* Closes the connection; the next request opens another. */
void client_disconnect(struct client *client);

/* Limits for the requests that follow; 0: none. Bytes per second. */
void client_throttle(struct client *client, curl_off_t upload, curl_off_t download);

/* A string made by the format that lives as long as the client: for targets and header lines. */
char *client_text(struct client *client, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Sends a request with header lines, the last NULL, and returns the answer, which the client owns. `body` NULL: none.
 * With the header `Transfer-Encoding: chunked` the body goes in chunks, else with its Content-Length. */
struct answer *client_send(struct client *client, const char *method, const char *target, const void *body, size_t size,
                           ...) __attribute__((sentinel));

/* GET without a body. */
struct answer *client_get(struct client *client, const char *target, ...) __attribute__((sentinel));

/* PUTs the payload of that seed (payload.h) without holding it in memory. */
struct answer *client_upload(struct client *client, const char *target, uint64_t size, uint64_t seed, ...)
    __attribute__((sentinel));

/* GETs and compares with the payload of that seed from `position` on without holding it in memory: `whole`, `size`. */
struct answer *client_download(struct client *client, const char *target, uint64_t seed, uint64_t position, ...)
    __attribute__((sentinel));

/* The value of a header of the answer, or NULL; the last sixteen asked for on a thread stay valid. Case of the name
 * does not matter. */
const char *answer_header(struct answer *answer, const char *name);

/* How many times the header is there. */
size_t answer_header_count(const struct answer *answer, const char *name);

/* The body as JSON; fails the test when it is none. Lives as long as the answer. */
json_t *answer_json(struct answer *answer);

/* A member of the JSON body; fails the test when it is not there or not of that type. */
const char *answer_string(struct answer *answer, const char *name);
json_int_t answer_integer(struct answer *answer, const char *name);
bool answer_boolean(struct answer *answer, const char *name);

/* Whether the body is these bytes. */
bool answer_is(const struct answer *answer, const void *bytes, size_t length);

#endif
