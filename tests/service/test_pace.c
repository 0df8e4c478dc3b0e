/* test_pace.c - whom the accounts call slow: by a clock of its own, and a connection that there is. */
#include "service/pace.h"
#include "tests/lib/unit.h"

#include <arpa/inet.h>
#include <check.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND };

static const struct pace_terms calm = {.rate = 1024, .grace = MINUTE, .haste = MINUTE / 12, .ahead = 32 << 20};
static struct pace_terms crowded;
static struct pace pace;
static int reader, server;
static int64_t now; /* milliseconds */

/* Both ends of a connection. */
static void setup(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    reader = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(reader, (struct sockaddr *)&address, sizeof address), 0);
    server = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    ck_assert_int_ge(server, 0);
    close(listener);
    crowded = calm;
    crowded.crowded = true;
    pace = (struct pace){0};
    now = 0;
}

static void teardown(void)
{
    close(reader);
    close(server);
}

/* Looks once a second, for so many of them. */
static enum pace_verdict look_for(int seconds, const struct pace_terms *terms)
{
    enum pace_verdict verdict = PACE_FAIR;
    for (int i = 0; i < seconds && verdict == PACE_FAIR; i++, now += SECOND)
        verdict = pace_look(&pace, server, true, terms, now);
    return verdict;
}

/* A request whose answer is larger than all that the kernel holds. The reader takes a part, and nothing from then on:
 * for so many seconds that has bought its time, at the least rate. */
static int begin_answer(void)
{
    enum { PART = 256 << 10 };
    static char bytes[1 << 16], part[1 << 16];
    uint64_t given, taken;
    pace_begin(&pace);
    ck_assert_int_eq(look_for(1, &calm), PACE_FAIR);
    for (ssize_t read = 0; read < PART; read += recv(reader, part, sizeof part, 0))
        send(server, bytes, sizeof bytes, MSG_NOSIGNAL);
    while (send(server, bytes, sizeof bytes, MSG_NOSIGNAL) > 0)
        continue;
    pace_moved(server, &given, &taken);
    ck_assert_uint_gt(given, taken);
    ck_assert_int_eq(look_for(1, &calm), PACE_FAIR);
    return PART / (int)calm.rate;
}

START_TEST(who_has_taken_much_may_rest)
{
    int seconds = begin_answer();
    ck_assert_int_eq(look_for(seconds - 2, &calm), PACE_FAIR);
    ck_assert_int_eq(look_for(24 * 3600, &calm), PACE_SLOW_ANSWER);
}
END_TEST

START_TEST(in_a_crowd_only_the_last_moments_count)
{
    begin_answer();
    ck_assert_int_eq(look_for(4, &crowded), PACE_FAIR);
    ck_assert_int_eq(look_for(4, &crowded), PACE_SLOW_ANSWER);
}
END_TEST

START_TEST(a_crowd_that_has_gone_is_forgotten)
{
    int seconds = begin_answer();
    ck_assert_int_eq(look_for(2, &crowded), PACE_FAIR);
    ck_assert_int_eq(look_for(seconds - 4, &calm), PACE_FAIR);
}
END_TEST

/* Who has an idle timeout for its body has it after a crowd, too. */
START_TEST(a_crowd_takes_nothing_of_the_time_of_grace)
{
    pace_begin(&pace);
    ck_assert_int_eq(look_for(1, &calm), PACE_FAIR);
    ck_assert_int_eq(look_for(2, &crowded), PACE_FAIR);
    ck_assert_int_eq(look_for(MINUTE / SECOND - 4, &calm), PACE_FAIR);
    ck_assert_int_eq(look_for(4, &calm), PACE_SLOW_BODY);
}
END_TEST

/* Else a silent client would keep its place through every second crowd. */
START_TEST(a_crowd_that_comes_and_goes_hurries_as_well)
{
    enum pace_verdict verdict = PACE_FAIR;
    begin_answer();
    for (int i = 0; i < 8 && verdict == PACE_FAIR; i++) {
        verdict = look_for(1, &crowded);
        if (verdict == PACE_FAIR)
            verdict = look_for(1, &calm);
    }
    ck_assert_int_eq(verdict, PACE_SLOW_ANSWER);
}
END_TEST

START_TEST(a_calm_minute_makes_up_for_a_crowd)
{
    begin_answer();
    ck_assert_int_eq(look_for(5, &crowded), PACE_FAIR);
    ck_assert_int_eq(look_for(55, &calm), PACE_FAIR);
    ck_assert_int_eq(look_for(4, &crowded), PACE_FAIR);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        who_has_taken_much_may_rest,
        in_a_crowd_only_the_last_moments_count,
        a_crowd_that_has_gone_is_forgotten,
        a_crowd_takes_nothing_of_the_time_of_grace,
        a_crowd_that_comes_and_goes_hurries_as_well,
        a_calm_minute_makes_up_for_a_crowd,
    };
    return UNIT_RUN_WITH("pace", setup, teardown, tests);
}
