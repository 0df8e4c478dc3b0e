/* Clients that take places and memory and do nothing with them: others are served beside them, and they are cut.
 *
 * Servers with small limits stand for large crowds; tests/http/starving does the same in full size.
 */
#include "site.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "raw.h"

static void add(const char *flag, const char *value)
{
    server_add(site.server, flag);
    server_add(site.server, value);
}

static void close_all(const int *sockets, size_t count)
{
    for (size_t i = 0; i < count; i++)
        close(sockets[i]);
}

/* ---- bodies of batches ------------------------------------------------------------------------- */

enum { BATCH = 1 << 20 }; /* bytes in the largest */

static int begin_batch(const char *path, size_t size)
{
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket,
                       "POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n{",
                       site_target(path), size));
    return socket;
}

/* A batch of one put that is about as long as it says. */
static struct answer *post_batch(size_t length)
{
    char *body = malloc(length + 128);
    int used = sprintf(body, "{\"operations\":[{\"op\":\"put\",\"key\":\"k\",\"data\":\"");
    memset(body + used, 'A', length / 4 * 4);
    strcpy(body + used + length / 4 * 4, "\"}]}");
    struct answer *posted = site_post("/batch", body);
    free(body);
    return posted;
}

/* One byte of many that are announced costs one buffer, not what is announced. */
START_TEST(a_batch_that_does_not_come_costs_nothing)
{
    enum { STARVING = 16 };
    add("--batch-bytes-limit", "1M");
    site_start();
    int sockets[2 * STARVING];
    for (int i = 0; i < STARVING; i++) {
        sockets[2 * i] = begin_batch("/batch", BATCH);
        sockets[2 * i + 1] = begin_batch("/batch-get", BATCH);
    }
    site_expect(post_batch(BATCH / 2), 200);
    site_expect(site_post("/batch-get", "{\"keys\":[\"k\"]}"), 200);
    close_all(sockets, 2 * STARVING);
}
END_TEST

/* Those who have sent much hold it as long as they send; a quarter is kept for small batches. */
START_TEST(batches_half_way_leave_place_for_small_ones)
{
    enum { STARVING = 12, LARGE = BATCH / 4 * 3 };
    add("--batch-bytes-limit", "1M");
    site_start();
    site_expect(site_put("k", "v", NULL), 201);
    int sockets[STARVING];
    for (int i = 0; i < STARVING; i++) {
        sockets[i] = begin_batch("/batch", BATCH);
        raw_send_payload(sockets[i], BATCH - 2, 1, 0);
    }
    ck_assert_msg(clock_until(5, post_batch(LARGE)->status == 503), "they do not take all that large ones may have");
    site_expect(post_batch(1000), 200);
    site_expect(site_post("/batch-get", "{\"keys\":[\"k\"]}"), 200);
    close_all(sockets, STARVING);
    ck_assert_msg(clock_until(5, post_batch(LARGE)->status == 200), "their memory is not given back");
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        a_batch_that_does_not_come_costs_nothing,
        batches_half_way_leave_place_for_small_ones,
    };
    return site_run("starving", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
