#include "tests/http/site.h"

#include "tests/http/clock.h"
#include "tests/lib/left_out.h"
#include "tests/lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Check's default of 4 s per test is for units. */
enum { TEST_SECONDS = 180 };

struct site site;

static char store_name[64];
static bool shared_retired = true;

static void create_store(void)
{
    struct answer *answer = client_send(site.client, "PUT", site_target(""), "", 0, NULL);
    ck_assert_msg(answer->status == 201 || answer->status == 200, "creating the store %s: %d (%s) %s", site.store,
                  answer->status, curl_easy_strerror(answer->error), (char *)answer->body);
}

void site_reconnect(void)
{
    client_free(site.client);
    site.client = client_new(site.server->url);
}

void site_listen(void)
{
    server_start(site.server);
    client_trust(site.server->cert[0] ? site.server->cert : NULL);
    site_reconnect();
}

void site_start(void)
{
    site_listen();
    create_store();
}

void site_preload(const char *library)
{
    char sanitizer[1024];
    const char *options = getenv("ASAN_OPTIONS");
    /* The sanitizer wants to be loaded first; it need not be, for these libraries. */
    snprintf(sanitizer, sizeof sanitizer, "%s:verify_asan_link_order=0", options ? options : "");
    setenv("ASAN_OPTIONS", sanitizer, 1);
    setenv("LD_PRELOAD", library, 1);
}

void site_preload_end(void)
{
    unsetenv("LD_PRELOAD");
}

void site_start_behind(const char *library)
{
    site_preload(library);
    site_start();
    site_preload_end();
}

static void open_shared(void)
{
    site.server = server_new();
    server_start(site.server);
}

/* Check ends the program without a word when a fixture like this one fails, so it must not. */
static void close_shared(void)
{
    shared_retired = server_retire(site.server);
    server_free(site.server);
}

/* Tests are processes of their own: the process id makes the name of a store that no other test has. */
static void enter_shared(void)
{
    snprintf(store_name, sizeof store_name, "test-%d", (int)getpid());
    site.store = store_name;
    site.client = client_new(site.server->url);
    create_store();
}

static void leave_shared(void)
{
    client_free(site.client);
}

static void enter_own(void)
{
    site.store = "main";
    site.server = server_new();
}

static void leave_own(void)
{
    client_free(site.client);
    server_free(site.server);
}

int site_run(const char *name, const TTest *const *tests, size_t count, enum site_kind kind)
{
    if (!client_global()) {
        fprintf(stderr, "%s: libcurl cannot be set up\n", name);
        return EXIT_FAILURE;
    }
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    if (!getenv("CK_DEFAULT_TIMEOUT"))
        tcase_set_timeout(tcase, TEST_SECONDS);
    if (kind == SITE_SHARED) {
        tcase_add_unchecked_fixture(tcase, open_shared, close_shared);
        tcase_add_checked_fixture(tcase, enter_shared, leave_shared);
    } else {
        tcase_add_checked_fixture(tcase, enter_own, leave_own);
    }
    bool known = left_out_add(tcase, "http", name, tests, count);
    suite_add_tcase(suite, tcase);
    int status = unit_conclude(suite);
    return shared_retired && known ? status : EXIT_FAILURE;
}

char *site_target(const char *rest)
{
    return client_text(site.client, "/v1/stores/%s%s", site.store, rest);
}

char *site_object(const char *escaped_key)
{
    return client_text(site.client, "/v1/stores/%s/objects/%s", site.store, escaped_key);
}

char *site_hash(uint64_t hash)
{
    return client_text(site.client, "/v1/stores/%s/hashes/%016llx", site.store, (unsigned long long)hash);
}

char *site_destination(const char *escaped_key)
{
    return client_text(site.client, "Destination: /v1/stores/%s/objects/%s", site.store, escaped_key);
}

struct answer *site_post(const char *rest, const char *json)
{
    return client_send(site.client, "POST", site_target(rest), json, strlen(json), "Content-Type: application/json",
                       NULL);
}

json_int_t site_figure(const char *name)
{
    struct answer *answer = client_get(site.client, site_target(""), NULL);
    site_expect(answer, 200);
    return answer_integer(answer, name);
}

void site_expect_blobs(size_t count)
{
    ck_assert_msg(clock_until(CLOCK_PATIENCE, server_blobs(site.server, site.store) == count),
                  "%zu blob files, not %zu", server_blobs(site.server, site.store), count);
}

void site_expect_problem(struct answer *answer, int status)
{
    site_expect(answer, status);
    const char *type = answer_header(answer, "Content-Type");
    ck_assert_ptr_nonnull(type);
    ck_assert_int_eq(strncmp(type, "application/problem+json", 24), 0);
    ck_assert_int_eq(answer_integer(answer, "status"), status);
    ck_assert_str_ne(answer_string(answer, "type"), "");
    ck_assert_str_ne(answer_string(answer, "title"), "");
    ck_assert_str_ne(answer_string(answer, "detail"), "");
}

void site_expect_kind(struct answer *answer, int status, const char *kind)
{
    site_expect_problem(answer, status);
    ck_assert_str_eq(answer_string(answer, "type"), client_text(site.client, "urn:problem-type:cairn:%s", kind));
}

void site_expect_text(const char *escaped_key, const char *text)
{
    struct answer *answer = site_get(escaped_key, NULL);
    site_expect(answer, 200);
    ck_assert_msg(answer_is(answer, text, strlen(text)), "%s: expected \"%s\", got %zu bytes \"%s\"", escaped_key, text,
                  answer->size, (char *)answer->body);
}

void site_expect_payload(const char *escaped_key, uint64_t size, uint64_t seed)
{
    struct answer *answer = client_download(site.client, site_object(escaped_key), seed, 0, NULL);
    ck_assert_msg(answer->status == 200, "%s: expected 200, got %d", escaped_key, answer->status);
    ck_assert_msg(answer->size == size, "%s: expected %llu bytes, got %zu", escaped_key, (unsigned long long)size,
                  answer->size);
    ck_assert_msg(answer->whole, "%s: other bytes than were stored", escaped_key);
}
