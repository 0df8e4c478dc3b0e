/* test_pace.c - whom the accounts call slow: by a clock of its own, and a connection that there is. */
#include "service/pace.h"
#include "tests/lib/unit.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND };

static const struct pace_terms calm = {.rate = 1024, .grace = MINUTE, .haste = MINUTE / 12, .ahead = 32 << 20};
static struct pace_terms crowded;
static struct pace pace;
static int reader, server;
static int64_t now; /* milliseconds */

/* Both ends of a connection, the client's with a buffer and segments of so many bytes; 0: those that it gets. */
static void connect_ends(int buffer, int segment)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    reader = socket(AF_INET, SOCK_STREAM, 0);
    if (buffer > 0)
        setsockopt(reader, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    if (segment > 0)
        setsockopt(reader, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
    ck_assert_int_eq(connect(reader, (struct sockaddr *)&address, sizeof address), 0);
    server = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    ck_assert_int_ge(server, 0);
    close(listener);
    pace = (struct pace){0};
    now = 0;
}

static void close_ends(void)
{
    close(reader);
    close(server);
}

static void setup(void)
{
    crowded = calm;
    crowded.crowded = true;
    connect_ends(0, 0);
}

/* Looks once a second, for so many of them. */
static enum pace_verdict look_for(int seconds, const struct pace_terms *terms)
{
    enum pace_verdict verdict = PACE_FAIR;
    for (int i = 0; i < seconds && verdict == PACE_FAIR; i++, now += SECOND)
        verdict = pace_look(&pace, server, terms, now);
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

/* As an answer that breaks off ends, or a client that gives up. What it has taken is not known any more, and nobody
 * says of it that it took too little. */
START_TEST(who_is_reset_is_not_slow)
{
    const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    (void)begin_answer();
    ck_assert_int_eq(connect(server, &nowhere, sizeof nowhere), 0);
    ck_assert_int_eq(pace_look(&pace, server, &calm, now), PACE_UNTOLD);
    ck_assert(!pace_is_open(&pace));
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

/* Rests for so long that only the hasty account has something, all that it holds: a third of a minute's. */
static void begin_rest(void)
{
    enum { BRISK = 140 };
    int seconds = begin_answer();
    ck_assert_int_gt(seconds, BRISK + MINUTE / SECOND + 40);
    ck_assert_int_eq(look_for(BRISK, &calm), PACE_FAIR);
}

/* Else a silent client would keep its place through every second crowd. */
START_TEST(a_crowd_that_comes_and_goes_hurries_as_well)
{
    enum pace_verdict verdict = PACE_FAIR;
    begin_rest();
    for (int i = 0; i < 24 && verdict == PACE_FAIR; i++) {
        verdict = look_for(1, &crowded);
        if (verdict == PACE_FAIR)
            verdict = look_for(1, &calm);
    }
    ck_assert_int_eq(verdict, PACE_SLOW_ANSWER);
}
END_TEST

START_TEST(a_calm_minute_makes_up_for_a_crowd)
{
    begin_rest();
    ck_assert_int_eq(look_for(19, &crowded), PACE_FAIR);
    ck_assert_int_eq(look_for(MINUTE / SECOND, &calm), PACE_FAIR);
    ck_assert_int_eq(look_for(4, &crowded), PACE_FAIR);
    ck_assert_int_eq(look_for(4, &crowded), PACE_SLOW_ANSWER);
}
END_TEST

/* ---- who passes a crowd ------------------------------------------------------------------------ */

enum { KIB = 1024, SMALL = 16 * KIB, USUAL = 64 * KIB, WIDE = 200 * KIB, ETHERNET = 1400 };

/* What a client does: so many bytes at once, every so many seconds, at the most `all` of them. */
struct habit {
    const char *name;
    bool sends;
    int bytes, seconds, all;
    int buffer, segment; /* 0: those that it gets */
    int cut;             /* seconds after which it may not be there any more; 0: it passes */
};

static const struct habit habits[] = {
    {.name = "reads 10 KiB/s", .bytes = 20 * KIB, .seconds = 2},
    {.name = "reads 10 KiB/s in segments", .bytes = 20 * KIB, .seconds = 2, .segment = ETHERNET},
    {.name = "reads 10 KiB/s through 64 KiB", .bytes = 20 * KIB, .seconds = 2, .buffer = USUAL, .segment = ETHERNET},
    {.name = "reads 10 KiB/s through 200 KiB", .bytes = 20 * KIB, .seconds = 2, .buffer = WIDE, .segment = ETHERNET},
    {.name = "reads 200 KiB each 20 s", .bytes = 200 * KIB, .seconds = 20, .buffer = WIDE, .segment = ETHERNET},
    {.name = "reads 2 KiB/s through 16 KiB", .bytes = 4 * KIB, .seconds = 2, .buffer = SMALL, .segment = ETHERNET},
    {.name = "reads 4 MiB and rests", .bytes = 4 << 20, .seconds = 1, .all = 4 << 20, .cut = 135},
    {.name = "reads nothing", .seconds = 1, .segment = ETHERNET, .cut = 22},
    {.name = "reads 100 B/s through 16 KiB",
     .bytes = 100,
     .seconds = 1,
     .buffer = SMALL,
     .segment = ETHERNET,
     .cut = 30},
    {.name = "sends 10 KiB/s", .sends = true, .bytes = 20 * KIB, .seconds = 2},
    {.name = "sends 80 KiB each 8 s", .sends = true, .bytes = 80 * KIB, .seconds = 8},
    {.name = "sends 300 KiB each 30 s", .sends = true, .bytes = 300 * KIB, .seconds = 30},
    {.name = "sends 2 KiB/s", .sends = true, .bytes = 4 * KIB, .seconds = 2},
    {.name = "sends 20 KiB each 10 s", .sends = true, .bytes = 20 * KIB, .seconds = 10},
    {.name = "sends 80 KiB and rests", .sends = true, .bytes = 80 * KIB, .seconds = 1, .all = 80 * KIB, .cut = 22},
    {.name = "sends nothing", .sends = true, .seconds = 1, .cut = 6},
    {.name = "sends a byte each second", .sends = true, .bytes = 1, .seconds = 1, .cut = 7},
    {.name = "sends 500 B/s", .sends = true, .bytes = 500, .seconds = 1, .cut = 31},
};

/* The server's socket holds as much of the answer as it can. */
static void answer_more(void)
{
    static char bytes[1 << 16];
    while (send(server, bytes, sizeof bytes, MSG_NOSIGNAL) > 0)
        continue;
}

/* Up to so many bytes to the server, which reads them; how many. */
static int send_some(int count)
{
    static char bytes[1 << 16];
    int sent = 0;
    for (ssize_t some = 1; sent < count && some > 0; sent += (int)some) {
        size_t rest = (size_t)(count - sent);
        some = send(reader, bytes, rest < sizeof bytes ? rest : sizeof bytes, MSG_NOSIGNAL);
        while (recv(server, bytes, sizeof bytes, 0) > 0)
            continue;
    }
    return sent;
}

/* Up to so many bytes of the answer; how many. What has come is acknowledged at once: the clock of the test is faster
 * than that of a kernel that waits for more. */
static int read_some(int count)
{
    static char bytes[1 << 16];
    int taken = 0, at_once = 1;
    for (ssize_t some = 1; taken < count && some > 0; taken += some > 0 ? (int)some : 0) {
        size_t rest = (size_t)(count - taken);
        some = recv(reader, bytes, rest < sizeof bytes ? rest : sizeof bytes, MSG_DONTWAIT);
        setsockopt(reader, IPPROTO_TCP, TCP_QUICKACK, &at_once, sizeof at_once);
        answer_more();
    }
    return taken;
}

static uint64_t acknowledged(void)
{
    uint64_t given, taken;
    pace_moved(server, &given, &taken);
    return taken;
}

/* Waits until the kernel has carried over what it can: the clock of the test does not. */
static void settle(void)
{
    uint64_t before;
    do {
        before = acknowledged();
        usleep(500);
    } while (acknowledged() != before);
}

/* Lives by its habit for so many seconds; after how many it is slow, or 0. */
static int live(const struct habit *habit, int *moved, int seconds, const struct pace_terms *terms)
{
    for (int i = 0; i < seconds; i++) {
        int second = (int)(now / SECOND), owed = (second / habit->seconds + 1) * habit->bytes;
        if (habit->all > 0 && owed > habit->all)
            owed = habit->all;
        if (owed > *moved) {
            *moved += habit->sends ? send_some(owed - *moved) : read_some(owed - *moved);
            settle();
        }
        if (look_for(1, terms) != PACE_FAIR)
            return i + 1;
    }
    return 0;
}

/* The crowd comes when it begins, amid what it does, or after a while, and stays. */
static void expect_habit(const struct habit *habit, int before)
{
    int moved = 0;
    close_ends();
    connect_ends(habit->buffer, habit->segment);
    pace_begin(&pace);
    ck_assert_int_eq(look_for(1, &calm), PACE_FAIR);
    if (!habit->sends)
        answer_more();
    settle();
    ck_assert_msg(live(habit, &moved, before, &calm) == 0, "who %s is cut without a crowd", habit->name);
    int cut = live(habit, &moved, 140, &crowded);
    if (habit->cut == 0)
        ck_assert_msg(cut == 0, "who %s is cut after %d s of a crowd, %d s before it", habit->name, cut, before);
    else
        ck_assert_msg(cut > 0 && cut <= habit->cut, "who %s is cut after %d s of a crowd, %d s before it", habit->name,
                      cut, before);
}

START_TEST(in_a_crowd_who_comes_on_passes)
{
    for (size_t i = 0; i < sizeof habits / sizeof *habits; i++)
        for (int before = 0; before <= 20; before += 10)
            expect_habit(&habits[i], before);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        who_has_taken_much_may_rest,
        who_is_reset_is_not_slow,
        a_crowd_that_has_gone_is_forgotten,
        a_crowd_takes_nothing_of_the_time_of_grace,
        a_crowd_that_comes_and_goes_hurries_as_well,
        a_calm_minute_makes_up_for_a_crowd,
        in_a_crowd_who_comes_on_passes,
    };
    return UNIT_RUN_WITH("pace", setup, close_ends, tests);
}
