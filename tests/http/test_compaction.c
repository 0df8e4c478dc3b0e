/* Space comes back without anyone asking, and nothing else changes by it: small segments, much overwriting, then looks
 * at the figures, the objects, and both again after restarts. */
#include "tests/http/clock.h"
#include "tests/http/load.h"
#include "tests/http/site.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

enum { SIZE = 60000, SEGMENT = 1 << 20, KEPT = 12 };

static void start_with_small_segments(void)
{
    server_add(site.server, "--segment-size");
    server_add(site.server, "1M");
    site_start();
}

static char *kept_key(int i)
{
    return client_text(site.client, "kept-%d", i);
}

/* Objects that stay, with much that is overwritten and deleted in between: about 14 MB, of which 0.9 MB live. */
static void write_much(void)
{
    for (int i = 0; i < KEPT; i++) {
        site_expect(client_upload(site.client, site_object(kept_key(i)), SIZE, (uint64_t)i, NULL), 201);
        for (int turn = 0; turn < 18; turn++) {
            char *key = client_text(site.client, "churned-%d", turn % 3);
            ck_assert_int_eq(client_upload(site.client, site_object(key), SIZE, 1000, NULL)->status / 100, 2);
        }
        site_expect(site_put(client_text(site.client, "deleted-%d", i), "v", NULL), 201);
        site_expect(site_delete(client_text(site.client, "deleted-%d", i), NULL), 200);
        client_forget(site.client);
    }
}

static void expect_kept(void)
{
    for (int i = 0; i < KEPT; i++) {
        site_expect_payload(kept_key(i), SIZE, (uint64_t)i);
        site_expect(site_get(client_text(site.client, "deleted-%d", i), NULL), 404);
    }
    for (int i = 0; i < 3; i++)
        site_expect_payload(client_text(site.client, "churned-%d", i), SIZE, 1000);
    ck_assert_int_eq(site_figure("objects"), KEPT + 3);
    ck_assert_int_eq(site_figure("live_bytes"), (KEPT + 3) * SIZE);
}

/* Live is less than 1 MB; with segments of 1 MiB, one being written and one prepared, 8 MiB are plenty. */
static void expect_space_back(void)
{
    ck_assert_msg(clock_until(CLOCK_PATIENCE, site_figure("disk_bytes") < 8 * SEGMENT),
                  "%lld bytes of disk for %lld live ones", (long long)site_figure("disk_bytes"),
                  (long long)site_figure("live_bytes"));
}

static void again(void (*end)(struct server *server))
{
    end(site.server);
    server_start(site.server);
    site_reconnect();
}

START_TEST(the_space_of_dead_records_comes_back)
{
    start_with_small_segments();
    write_much();
    expect_space_back();
    expect_kept();
}
END_TEST

START_TEST(the_space_of_deleted_objects_comes_back)
{
    start_with_small_segments();
    for (int i = 0; i < 200; i++) {
        char *key = client_text(site.client, "k%d", i);
        site_expect(client_upload(site.client, site_object(key), SIZE, 1, NULL), 201);
    }
    ck_assert_int_gt(site_figure("disk_bytes"), 200 * SIZE);
    for (int i = 0; i < 200; i++)
        site_expect(site_delete(client_text(site.client, "k%d", i), NULL), 200);
    expect_space_back();
    ck_assert_int_eq(site_figure("objects"), 0);
}
END_TEST

START_TEST(what_was_compacted_survives_restarts)
{
    start_with_small_segments();
    write_much();
    expect_space_back();
    json_int_t end = site_figure("end_offset");
    again(server_crash);
    expect_kept();
    again(server_stop);
    expect_kept();
    ck_assert_int_ge(site_figure("end_offset"), end);
}
END_TEST

START_TEST(writes_after_a_compaction_are_kept)
{
    start_with_small_segments();
    write_much();
    expect_space_back();
    json_int_t end = site_figure("end_offset");
    struct answer *answer = site_put("after", "the compaction", NULL);
    site_expect(answer, 201);
    ck_assert_int_ge(answer_integer(answer, "offset"), end);
    site_expect(site_delete(kept_key(0), NULL), 200);
    for (int i = 0; i < 2; i++) {
        again(server_crash);
        site_expect_text("after", "the compaction");
        site_expect(site_get(kept_key(0), NULL), 404);
        ck_assert_int_eq(site_figure("objects"), KEPT + 3);
    }
}
END_TEST

START_TEST(listings_and_etags_are_untouched_by_a_compaction)
{
    start_with_small_segments();
    for (int i = 0; i < KEPT; i++) {
        site_expect(client_upload(site.client, site_object(kept_key(i)), SIZE, (uint64_t)i, "Content-Type: text/plain",
                                  "Cairn-Meta-A: b", NULL),
                    201);
    }
    char etag[64];
    snprintf(etag, sizeof etag, "%s", answer_header(site_head(kept_key(7), NULL), "ETag"));
    for (int i = 0; i < 200; i++)
        ck_assert_int_eq(client_upload(site.client, site_object("churned"), SIZE, 1000, NULL)->status / 100, 2);
    expect_space_back();
    struct answer *answer = site_head(kept_key(7), NULL);
    ck_assert_str_eq(answer_header(answer, "ETag"), etag);
    ck_assert_str_eq(answer_header(answer, "Content-Type"), "text/plain");
    ck_assert_str_eq(answer_header(answer, "Cairn-Meta-A"), "b");
}
END_TEST

/* Objects are read all the time while their records are moved. */
static atomic_bool done;

static void *read_for_ever(void *arg)
{
    struct client *client = client_new(site.server->url);
    for (int i = 0; !atomic_load(&done); i++) {
        char target[64];
        snprintf(target, sizeof target, "/v1/stores/main/objects/kept-%d", i % KEPT);
        struct answer *answer = client_download(client, target, (uint64_t)(i % KEPT), 0, NULL);
        if (answer->status != 200 || !answer->whole || answer->size != SIZE)
            *(int *)arg = answer->status;
        client_forget(client);
    }
    client_free(client);
    return NULL;
}

START_TEST(readers_notice_nothing)
{
    start_with_small_segments();
    write_much();
    int wrong[2] = {0};
    pthread_t readers[2];
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&readers[i], NULL, read_for_ever, &wrong[i]), 0);
    for (int i = 0; i < 300; i++) {
        char *key = client_text(site.client, "churned-%d", i % 3);
        site_expect(client_upload(site.client, site_object(key), SIZE, 1000, NULL), 200);
        client_forget(site.client);
    }
    expect_space_back();
    atomic_store(&done, true);
    for (int i = 0; i < 2; i++) {
        pthread_join(readers[i], NULL);
        ck_assert_msg(wrong[i] == 0, "a reader got %d, or other bytes", wrong[i]);
    }
    expect_kept();
}
END_TEST

/* Bytes of the log that are no longer on the disk: only compaction takes them from it, and the log's end only grows. */
static json_int_t given_back(void)
{
    struct answer *answer = client_get(site.client, site_target(""), NULL);
    site_expect(answer, 200);
    return answer_integer(answer, "end_offset") - answer_integer(answer, "disk_bytes");
}

/* Overwrites for that long at least, and until a segment has been compacted meanwhile, with others on their way. */
static void churn(double seconds)
{
    json_int_t before = given_back();
    double start = clock_now();
    for (int i = 0; clock_now() < start + seconds || given_back() < before + SEGMENT; i++) {
        ck_assert_msg(clock_now() < start + seconds + CLOCK_PATIENCE,
                      "nothing is compacted: %lld bytes are given back, as before", (long long)given_back());
        char *key = client_text(site.client, "churned-%d", i % 3);
        site_expect(client_upload(site.client, site_object(key), SIZE, 1000, NULL), 200);
        client_forget(site.client);
    }
}

START_TEST(kills_during_compactions_lose_nothing)
{
    start_with_small_segments();
    write_much();
    struct load *load = load_new(site.server->url, 4, 11);
    for (int round = 0; round < 5; round++) {
        size_t before = load_acknowledged(load);
        load_start(load, site.server->url);
        churn(0.3 + 0.1 * round);
        ck_assert(clock_until(CLOCK_PATIENCE, load_acknowledged(load) > before));
        server_crash(site.server);
        load_stop(load);
        load_expect_no_surprise(load);
        server_start(site.server);
        load_verify(load, site.server->url);
        site_reconnect();
    }
    load_free(load);
    expect_kept();
    expect_space_back();
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        the_space_of_dead_records_comes_back,
        the_space_of_deleted_objects_comes_back,
        what_was_compacted_survives_restarts,
        writes_after_a_compaction_are_kept,
        listings_and_etags_are_untouched_by_a_compaction,
        readers_notice_nothing,
        kills_during_compactions_lose_nothing,
    };
    return site_run("compaction", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
