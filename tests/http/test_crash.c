/* kill -9 in the middle of the load of several clients: what was acknowledged is there whole, of what was not there is
 * either all or nothing. */
#include "tests/http/clock.h"
#include "tests/http/load.h"
#include "tests/http/raw.h"
#include "tests/http/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WORKERS = 6, ROUNDS = 6 };

/* Records that make a recovery last: each layer replaces the one before. */
enum { FILLERS = 10000, LAYERS = 5, KILLS = 16 };

/* What a crash leaves is no flaw: every byte that counts is the one that was stored. On a pool the lease of who was
 * killed keeps a check away from its stores, and load_verify() is all that looks. */
static void expect_whole_data(void)
{
    char *output;
    if (site.server->place[0])
        return;
    int code = server_run((const char *[]){"check", site.server->data, NULL}, &output);
    ck_assert_msg(code == 0, "cairnd check: %d: %s", code, output);
    free(output);
}

/* Writes for that long, and until so many writes are acknowledged. */
static void one_round(struct load *load, double seconds, size_t writes)
{
    size_t before = load_acknowledged(load);
    load_start(load, site.server->url);
    clock_sleep(seconds);
    ck_assert(clock_until(CLOCK_PATIENCE, load_acknowledged(load) >= before + writes));
    server_crash(site.server);
    load_stop(load);
    load_expect_no_surprise(load);
    expect_whole_data();
    server_start(site.server);
    load_verify(load, site.server->url);
}

START_TEST(every_acknowledged_write_survives_kill_9)
{
    site_start();
    struct load *load = load_new(site.server->url, WORKERS, 1);
    for (int round = 0; round < ROUNDS; round++)
        one_round(load, 0.3 + 0.17 * round, 20);
    printf("crash: %zu acknowledged writes over %d kills\n", load_acknowledged(load), ROUNDS);
    load_free(load);
}
END_TEST

static void fill(const char *store)
{
    enum { STEP_MAX = 64 };
    char *body = malloc((size_t)(FILLERS + 1) * STEP_MAX), *next = body;
    ck_assert_ptr_nonnull(body);
    next += sprintf(next, "{\"operations\":[");
    for (int i = 0; i < FILLERS; i++)
        next += sprintf(next, "%s{\"op\":\"put\",\"key\":\"filler-%d\",\"data\":\"aGk=\"}", i ? "," : "", i);
    sprintf(next, "]}");
    for (int layer = 0; layer < LAYERS; layer++) {
        struct answer *answer = client_send(site.client, "POST", client_text(site.client, "/v1/stores/%s/batch", store),
                                            body, strlen(body), "Content-Type: application/json", NULL);
        site_expect(answer, 200);
        client_forget(site.client);
    }
    free(body);
}

/* A store is recovered when it is asked for first. */
static int ask_for_store(const char *store)
{
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket, "GET /v1/stores/%s HTTP/1.1\r\nHost: a\r\n\r\n", store));
    return socket;
}

/* How long a recovery takes that nobody disturbs. */
static double time_recovery(const char *store)
{
    static struct raw_answer answer;
    server_start(site.server);
    double start = clock_now();
    int socket = ask_for_store(store);
    ck_assert(raw_receive(socket, &answer));
    ck_assert_int_eq(answer.status, 200);
    double seconds = clock_now() - start;
    close(socket);
    server_crash(site.server);
    return seconds;
}

/* Starts the server and kills it so long after the store was asked for. Whether that was in the middle of the recovery:
 * the log's files were open, and there was no answer yet. */
static bool kill_recovery(const char *store, double seconds)
{
    char folder[64];
    snprintf(folder, sizeof folder, "stores/%s/log", store);
    server_start(site.server);
    ck_assert(!server_has_open(site.server, folder));
    int socket = ask_for_store(store);
    clock_sleep(seconds);
    server_halt(site.server);
    bool amid = server_has_open(site.server, folder) && raw_silent(socket, 0);
    server_crash(site.server);
    close(socket);
    return amid;
}

/* A server killed while it recovers has lost nothing either. */
START_TEST(a_kill_during_the_recovery_loses_nothing)
{
    const char *store = "load-a"; /* the load's first */
    site_start();
    struct load *load = load_new(site.server->url, WORKERS, 2);
    fill(store);
    load_start(load, site.server->url);
    clock_sleep(0.5);
    ck_assert(clock_until(CLOCK_PATIENCE, load_acknowledged(load) > 0));
    server_crash(site.server);
    load_stop(load);
    load_expect_no_surprise(load);
    double seconds = time_recovery(store);
    unsigned amid = 0, kills = 0;
    /* On a busy machine the next one may take another time: then all of them once more. */
    for (double end = clock_now() + CLOCK_PATIENCE; kills < KILLS || (amid == 0 && clock_now() < end); kills++)
        amid += kill_recovery(store, seconds * (kills % KILLS) / (double)KILLS);
    printf("crash: %u of %u kills fell into a recovery of %.0f ms\n", amid, kills, seconds * 1e3);
    ck_assert_uint_gt(amid, 0);
    expect_whole_data();
    server_start(site.server);
    load_verify(load, site.server->url);
    load_free(load);
    site_reconnect();
    struct answer *answer = client_get(
        site.client, client_text(site.client, "/v1/stores/%s/objects/filler-%d", store, FILLERS - 1), NULL);
    site_expect(answer, 200);
    ck_assert(answer_is(answer, "hi", 2));
}
END_TEST

START_TEST(many_short_lives_lose_nothing)
{
    server_add(site.server, "--segment-size");
    server_add(site.server, "1M");
    site_start();
    struct load *load = load_new(site.server->url, 3, 3);
    for (int round = 0; round < 10; round++)
        one_round(load, 0.02 + 0.013 * round, round == 0);
    load_free(load);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        every_acknowledged_write_survives_kill_9,
        a_kill_during_the_recovery_loses_nothing,
        many_short_lives_lose_nothing,
    };
    return site_run("crash", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
