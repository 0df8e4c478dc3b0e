/* Pipes and links under names that are the store's own: nobody waits for the ones, and the others lead nowhere. */
#include "tests/http/site.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PUTS = 60, SIZE = 100000, KEYS = 5 };

static const char *const names[] = {"log/spare", "log/next",      "log/husk",          "log/summary",
                                    "reach.new", "log/inventory", "log/inventory.new", "horizon.new"};

static const char victim_text[] = "somebody else's";

static char victim[SERVER_PATH_MAX + 16];

static int make_pipe(const char *path)
{
    return mkfifo(path, 0600);
}

static int make_link(const char *path)
{
    return symlink(victim, path);
}

/* What is a file of the store already stays one. */
static void make_all(int (*make)(const char *path))
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (make(server_path(site.server, "stores/%s/%s", site.store, names[i])) < 0)
            ck_assert_int_eq(errno, EEXIST);
}

/* So much that segments are begun, sealed, compacted and told of in all files. */
static void write_much(void)
{
    for (int i = 0; i < PUTS; i++) {
        char *key = client_text(site.client, "k%d", i % KEYS);
        ck_assert_int_lt(client_upload(site.client, site_object(key), SIZE, (uint64_t)i, NULL)->status, 300);
    }
    site_expect(client_send(site.client, "POST", site_target("/compact?wait=60"), NULL, 0, NULL), 200);
}

static void expect_no_harm(int (*make)(const char *path))
{
    server_add(site.server, "--segment-size=1M");
    site_start();
    make_all(make);
    write_much();
    make_all(make);
    write_much();
    server_stop(site.server);
    server_start(site.server);
    site_reconnect();
    for (int i = PUTS - KEYS; i < PUTS; i++)
        site_expect_payload(client_text(site.client, "k%d", i % KEYS), SIZE, (uint64_t)i);
}

START_TEST(nobody_waits_for_a_pipe)
{
    expect_no_harm(make_pipe);
}
END_TEST

START_TEST(no_link_is_followed)
{
    char text[sizeof victim_text] = "";
    (void)snprintf(victim, sizeof victim, "%s/victim", site.server->folder);
    int file = open(victim, O_RDWR | O_CREAT | O_EXCL, 0600);
    ck_assert_int_eq(write(file, victim_text, sizeof victim_text), sizeof victim_text);
    expect_no_harm(make_link);
    ck_assert_int_eq(pread(file, text, sizeof text, 0), sizeof text);
    ck_assert_str_eq(text, victim_text);
    close(file);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {nobody_waits_for_a_pipe, no_link_is_followed};
    return site_run("foreign", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
