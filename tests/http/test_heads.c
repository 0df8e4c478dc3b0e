/* Heads of every size, up to and beyond the memory of a connection: each is answered, or refused with nothing done. */
#include "tests/http/raw.h"
#include "tests/http/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    STEP = 250,
    BEYOND = 17000, /* more than there is memory */
    PARTS = 40,
    ATTRIBUTES = 3900, /* bytes of what comes back in the head of the object that is read */
};

/* How the bytes of a head are spent. */
enum filling { FIELDS, ARGUMENTS, COOKIES, FILLINGS };

/* So many bytes fit, in up to PARTS parts. Cookies are kept twice. */
static const size_t fits[FILLINGS] = {5500, 9500, 3500};

static struct raw_answer answer;

static void write_parts(FILE *out, enum filling filling, int parts, size_t size)
{
    static const char *const frames[FILLINGS][2] = {{"X-Filling: ", "\r\n"}, {"", "=1&"}, {"", "=1; "}};
    const char *before = frames[filling][0], *after = frames[filling][1];
    size_t around = strlen(before) + strlen(after), each = size / (size_t)parts;
    for (int i = 0; i < parts; i++)
        fprintf(out, "%s%0*d%s", before, each > around ? (int)(each - around) : 1, i, after);
}

/* A request whose head has about `size` bytes, with a body of one byte that is not sent; free() it. */
static char *make_head(const char *method, enum filling filling, int parts, size_t size)
{
    char *text;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    ck_assert_ptr_nonnull(out);
    fprintf(out, "%s %s?", method, site_object("k"));
    if (filling == ARGUMENTS)
        write_parts(out, filling, parts, size);
    fprintf(out, " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n");
    if (strcmp(method, "PUT") == 0)
        fprintf(out, "Content-Length: 1\r\nExpect: 100-continue\r\n");
    if (filling == COOKIES) {
        fprintf(out, "Cookie: ");
        write_parts(out, filling, parts, size);
        fprintf(out, "last=1\r\n");
    }
    if (filling == FIELDS)
        write_parts(out, filling, parts, size);
    fprintf(out, "\r\n");
    fclose(out);
    return text;
}

/* The final status. `ret_continued`: a 100 came before. */
static int ask(const char *head, bool *ret_continued)
{
    int socket = raw_connect(site.server->port);
    raw_send_bytes(socket, head, strlen(head));
    bool answered = raw_receive(socket, &answer);
    *ret_continued = answered && answer.status == 100;
    if (*ret_continued) {
        raw_send(socket, "x");
        answered = raw_receive(socket, &answer);
    }
    ck_assert_msg(answered, "no answer to a head of %zu bytes", strlen(head));
    ck_assert(raw_closed(socket));
    close(socket);
    return answer.status;
}

static void store_object(void)
{
    char *meta = client_text(site.client, "Cairn-Meta-Much: %0*d", ATTRIBUTES, 0);
    site_expect(site_put("k", "what was there before", meta, NULL), 201);
}

static void check_read(int status, enum filling filling, size_t size)
{
    ck_assert_msg(status == 200 || size > fits[filling], "%d for %zu bytes", status, size);
    ck_assert_msg(status == 200 || status == 431 || status == 414, "%d for %zu bytes", status, size);
    if (status == 200)
        ck_assert_uint_gt(strlen(answer.headers), ATTRIBUTES);
}

/* What the longest head leaves is enough for the longest answer. */
START_TEST(reading_is_answered_whole)
{
    store_object();
    for (enum filling filling = 0; filling < FILLINGS; filling++) {
        for (int parts = 1; parts <= PARTS; parts += PARTS - 1) {
            for (size_t size = STEP; size <= BEYOND; size += STEP) {
                bool continued;
                char *head = make_head("GET", filling, parts, size);
                check_read(ask(head, &continued), filling, size);
                free(head);
            }
        }
    }
}
END_TEST

/* Who was told to go on gets an answer, and who is refused has changed nothing. */
START_TEST(writing_is_answered_or_not_done)
{
    static const enum filling fillings[] = {FIELDS, COOKIES}; /* an upload takes no arguments */
    for (size_t i = 0; i < sizeof fillings / sizeof *fillings; i++) {
        enum filling filling = fillings[i];
        for (size_t size = STEP; size <= BEYOND; size += 2 * STEP) {
            bool continued;
            store_object();
            char *head = make_head("PUT", filling, PARTS / 2, size);
            int status = ask(head, &continued);
            free(head);
            ck_assert_msg(continued == (status == 200), "%d for a PUT of %zu bytes", status, size);
            ck_assert_msg(status == 200 || size > fits[filling], "%d for a PUT of %zu bytes", status, size);
            ck_assert_uint_eq(site_get("k", NULL)->size, status == 200 ? 1 : strlen("what was there before"));
            site_expect(site_delete("k", NULL), 200);
            client_forget(site.client);
        }
    }
}
END_TEST

int main(void)
{
    const TTest *tests[] = {reading_is_answered_whole, writing_is_answered_or_not_done};
    return site_run("heads", tests, sizeof tests / sizeof *tests, SITE_SHARED);
}
