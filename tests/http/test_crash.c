/* kill -9 in the middle of the load of several clients: what was acknowledged is there whole, of what was not there is
 * either all or nothing. */
#include "site.h"

#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "load.h"

enum { WORKERS = 6, ROUNDS = 6 };

/* What a crash leaves is no flaw: every byte that counts is the one that was stored. */
static void expect_whole_data(void)
{
    char *output;
    int code = server_run((const char *[]){"check", site.server->data, NULL}, &output);
    ck_assert_msg(code == 0, "cairnd check: %d: %s", code, output);
    free(output);
}

static void one_round(struct load *load, double seconds)
{
    load_start(load, site.server->url);
    clock_sleep(seconds);
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
    for (int round = 0; round < ROUNDS; round++) {
        size_t before = load_acknowledged(load);
        one_round(load, 0.3 + 0.17 * round);
        ck_assert_msg(load_acknowledged(load) > before + 20, "round %d wrote next to nothing", round);
    }
    printf("crash: %zu acknowledged writes over %d kills\n", load_acknowledged(load), ROUNDS);
    load_free(load);
}
END_TEST

/* A server killed while it recovers has lost nothing either. */
START_TEST(a_kill_during_the_start_loses_nothing)
{
    site_start();
    struct load *load = load_new(site.server->url, WORKERS, 2);
    one_round(load, 0.5);
    for (int i = 0; i < 3; i++) {
        server_crash(site.server);
        server_start(site.server);
    }
    load_verify(load, site.server->url);
    load_free(load);
}
END_TEST

START_TEST(many_short_lives_lose_nothing)
{
    server_add(site.server, "--segment-size");
    server_add(site.server, "1M");
    site_start();
    struct load *load = load_new(site.server->url, 3, 3);
    for (int round = 0; round < 10; round++) {
        one_round(load, 0.02 + 0.013 * round);
    }
    load_free(load);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        every_acknowledged_write_survives_kill_9,
        a_kill_during_the_start_loses_nothing,
        many_short_lives_lose_nothing,
    };
    return site_run("crash", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
