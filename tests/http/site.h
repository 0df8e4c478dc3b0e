/* site.h - what nearly every HTTP test wants: one running server for the program, and for each test a client and an
 * empty store of its own.
 *
 *     START_TEST(put_answers_201) {
 *         struct answer *answer = site_put("k", "abc", NULL);
 *         ck_assert_int_eq(answer->status, 201);
 *     }
 *     END_TEST
 *
 *     int main(void) {
 *         const TTest *tests[] = {put_answers_201};
 *         return site_run("objects", tests, sizeof tests / sizeof *tests, SITE_SHARED);
 *     }
 *
 * A shared server is started before the first test and stopped by SIGTERM after the last, and must then exit with 0. A
 * test of its own server (SITE_OWN) finds site.server not yet started, adds its flags and calls site_start().
 */
#ifndef CAIRN_TESTS_HTTP_SITE_H
#define CAIRN_TESTS_HTTP_SITE_H

#include "tests/http/client.h"
#include "tests/http/server.h"

#include <check.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct site {
    struct server *server;
    struct client *client;
    const char *store; /* the name of the test's store */
};

extern struct site site;

enum site_kind { SITE_SHARED, SITE_OWN };

/* Runs the tests, each in a process of its own; the value for main(). */
int site_run(const char *name, const TTest *const *tests, size_t count, enum site_kind kind);

/* SITE_OWN: starts the server, connects a client, creates the store if it is missing. */
void site_start(void);

/* SITE_OWN: starts the server only; nobody has connected yet, and there is no store. For tests that count connections:
 * when the server comes to the end of one that was closed before is uncertain. */
void site_listen(void);

/* As site_start(), with a library (preload/) between the server and libc. */
void site_start_behind(const char *library);

/* The same for all that is started until the end of it. */
void site_preload(const char *library);
void site_preload_end(void);

/* SITE_OWN: a new client for a server that was started again. */
void site_reconnect(void);

/* The target of an object of the test's store: by its key as it stands in a URL, or by its hash. */
char *site_object(const char *escaped_key);
char *site_hash(uint64_t hash);

/* Another target below the test's store, as in site_target("/batch"). */
char *site_target(const char *rest);

/* Requests for an object of the test's store, with header lines, the last NULL. A text's size is its length. */
#define site_put(key, text, ...) client_send(site.client, "PUT", site_object(key), text, strlen(text), __VA_ARGS__)
#define site_get(key, ...)       client_get(site.client, site_object(key), __VA_ARGS__)
#define site_head(key, ...)      client_send(site.client, "HEAD", site_object(key), NULL, 0, __VA_ARGS__)
#define site_delete(key, ...)    client_send(site.client, "DELETE", site_object(key), NULL, 0, __VA_ARGS__)
#define site_move(key, ...)      client_send(site.client, "MOVE", site_object(key), NULL, 0, __VA_ARGS__)
#define site_copy(key, ...)      client_send(site.client, "COPY", site_object(key), NULL, 0, __VA_ARGS__)

/* POSTs JSON to a target below the test's store. */
struct answer *site_post(const char *rest, const char *json);

/* The header line `Destination: …` of an object of the test's store. */
char *site_destination(const char *escaped_key);

/* A figure of the test's store. */
json_int_t site_figure(const char *name);

/* Fails the test unless the answer has this status; says what it was otherwise. */
#define site_expect(given, expected)                                                                                   \
    do {                                                                                                               \
        struct answer *site_answer = (given);                                                                          \
        ck_assert_msg(site_answer->status == (expected), "expected %d, got %d (%s): %s", (int)(expected),              \
                      site_answer->status, curl_easy_strerror(site_answer->error), (char *)site_answer->body);         \
    } while (0)

/* Fails the test unless the test's store soon has this number of blob files: they go in the background. */
void site_expect_blobs(size_t count);

/* Fails the test unless the answer is a problem document (RFC 9457) of this status. */
void site_expect_problem(struct answer *answer, int status);

/* The same, and of this kind: its type is urn:problem-type:cairn: and that word. */
void site_expect_kind(struct answer *answer, int status, const char *kind);

/* Fails the test unless GET of the key gives this text. */
void site_expect_text(const char *escaped_key, const char *text);

/* Fails the test unless GET of the key gives the payload of that size and seed (payload.h). */
void site_expect_payload(const char *escaped_key, uint64_t size, uint64_t seed);

#endif
