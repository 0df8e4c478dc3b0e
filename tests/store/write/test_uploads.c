/* test_uploads.c - uploads that survive their connections, the server's end, power cuts and a disk that fails. */
#include "tests/lib/fixture.h"
#include "tests/lib/patience.h"
#include "tests/lib/prng.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    KIBIBYTE = 1 << 10,
    SIZE = 700 * KIBIBYTE + 123, /* more than the inline limit, and no whole number of blocks */
    SMALL = 300,
    SEEDS = 3,
};

static struct fixture fixture;
static uint8_t bytes[SIZE];

static void start(uint64_t seed)
{
    fixture_start(&fixture, seed);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 2654435761u >> 13);
}

static void setup(void)
{
    start(5);
}

static void teardown(void)
{
    fixture_end(&fixture);
}

static void start_over(uint64_t seed)
{
    teardown();
    start(seed);
}

/* ---- steps ------------------------------------------------------------------------------------ */

static enum store_error create(const char *key, uint64_t length, uint64_t *ret_id)
{
    struct upload_order order = {
        .key = store_key_of(key, strlen(key)), .length = length, .label = "label", .label_length = 5};
    struct store_overrun overrun;
    return upload_create(fixture.store, &order, &overrun, ret_id);
}

static uint64_t must_create(const char *key, uint64_t length)
{
    uint64_t id;
    ck_assert_int_eq(create(key, length, &id), STORE_OK);
    return id;
}

static void keep_info(void *arg, const struct upload_info *info)
{
    *(struct upload_info *)arg = *info;
}

/* What it tells; the texts are gone. */
static enum store_error look(uint64_t id, struct upload_info *ret_info)
{
    return upload_look(fixture.store, id, keep_info, ret_info);
}

static uint64_t must_look(uint64_t id)
{
    struct upload_info info;
    ck_assert_int_eq(look(id, &info), STORE_OK);
    return info.offset;
}

static enum store_error resume(uint64_t id, uint64_t offset, bool whole, struct stream **ret_stream)
{
    struct upload_resumption asked = {
        .id = id, .offset = offset, .size = STORE_SIZE_UNKNOWN, .length = STORE_SIZE_UNKNOWN, .whole = whole};
    struct upload_info info;
    return upload_resume(fixture.store, &asked, NULL, ret_stream, &info);
}

static enum store_error write_all(struct stream *stream, uint64_t from, uint64_t to)
{
    enum store_error error = STORE_OK;
    while (from < to && !error) {
        size_t taken = 0;
        error = stream_write(stream, bytes + from, (size_t)(to - from), &taken);
        from += taken;
        if (taken == 0)
            usleep(100);
    }
    return error;
}

static const struct stream_finish nothing;

/* Brings the bytes to `to`, and lets the upload rest there. */
static enum store_error bring(uint64_t id, uint64_t from, uint64_t to, uint64_t *ret_offset)
{
    struct stream *stream;
    struct ticket ticket;
    enum store_error error = resume(id, from, false, &stream);
    if (error)
        return error;
    error = write_all(stream, from, to);
    ticket_init(&ticket);
    stream_rest(stream, &nothing, ticket_done, &ticket);
    enum store_error rested = ticket_wait(&ticket);
    *ret_offset = ticket.end_offset;
    ticket_destroy(&ticket);
    return error ? error : rested;
}

static void must_bring(uint64_t id, uint64_t from, uint64_t to)
{
    uint64_t offset;
    ck_assert_int_eq(bring(id, from, to, &offset), STORE_OK);
    ck_assert_uint_eq(offset, to);
}

/* Brings the rest and commits it. */
static enum store_error conclude(uint64_t id, uint64_t from, uint64_t to, const struct store_condition *condition)
{
    struct stream *stream;
    struct ticket ticket;
    struct stream_finish finish = {.condition = *condition};
    enum store_error error = resume(id, from, false, &stream);
    if (error)
        return error;
    (void)write_all(stream, from, to);
    ticket_init(&ticket);
    stream_commit(stream, &finish, ticket_done, &ticket);
    error = ticket_wait(&ticket);
    if (!error)
        ck_assert_uint_eq(ticket.receipts[0].size, to);
    ticket_destroy(&ticket);
    return error;
}

static const struct store_condition no_condition;

static void must_conclude(uint64_t id, uint64_t from, uint64_t to)
{
    ck_assert_int_eq(conclude(id, from, to, &no_condition), STORE_OK);
}

static void reopen(void)
{
    fixture_close(&fixture);
    fixture_open(&fixture);
}

static bool count(void *arg, const struct upload_info *info)
{
    (void)info;
    ++*(size_t *)arg;
    return true;
}

static size_t listed(void)
{
    size_t uploads = 0;
    ck_assert_int_eq(upload_list(fixture.store, 0, count, &uploads), STORE_OK);
    return uploads;
}

static void limit(uint64_t most)
{
    struct store_limit bytes_limit = {true, most};
    ck_assert_int_eq(depot_set_limits(fixture.depot, "s", &bytes_limit, NULL, NULL), STORE_OK);
}

static bool has_files(void);

/* Its time is over while its bytes come, and then nobody comes back. */
START_TEST(one_that_is_held_when_its_time_is_over_expires_later)
{
    struct stream *stream;
    fixture_close(&fixture);
    fixture.options.upload_expiry = 1;
    fixture_open(&fixture);
    uint64_t id = must_create("k", SIZE);
    ck_assert_int_eq(resume(id, 0, true, &stream), STORE_OK);
    ck_assert_int_eq(write_all(stream, 0, 1000), STORE_OK);
    for (int64_t end = time(NULL) + 4; time(NULL) < end;) /* the upkeep comes by meanwhile */
        usleep(1000);
    ck_assert(has_files());
    stream_abort(stream);
    WAIT_UNTIL(!has_files());
    ck_assert(!has_files());
    ck_assert_uint_eq(fixture_figures(&fixture).unfinished_bytes, 0);
}
END_TEST

/* Whether anything is left of any upload. */
static bool has_files(void)
{
    const struct io *io = fixture.io;
    int folder = io->openat(io->self, AT_FDCWD, "/data/stores/s/uploads", O_RDONLY | O_DIRECTORY, 0);
    char *names = folder < 0 ? NULL : io->list(io->self, folder);
    bool has = names && *names;
    free(names);
    if (folder >= 0)
        io->close(io->self, folder);
    return has;
}

/* ---- the way of one --------------------------------------------------------------------------- */

/* It has no byte that could be brought: who wants it makes it anew. */
START_TEST(an_empty_one_that_is_no_object_is_not_listed)
{
    struct upload_order part = {.partial = true};
    struct store_overrun overrun;
    uint64_t id, empty = must_create("k", 0);
    ck_assert_uint_eq(listed(), 0);
    fixture_must_lack(&fixture, "k");
    ck_assert_int_eq(upload_forget(fixture.store, empty), STORE_OK);
    ck_assert_int_eq(upload_create(fixture.store, &part, &overrun, &id), STORE_OK);
    (void)must_create("later", STORE_SIZE_UNKNOWN);
    ck_assert_uint_eq(listed(), 2);
}
END_TEST

/* Nor is it kept until it would expire. */
START_TEST(an_empty_one_that_is_no_object_goes_at_the_next_start)
{
    struct depot *depot;
    struct store_detail detail;
    struct upload_info info;
    uint64_t empty = must_create("k", 0), later = must_create("later", STORE_SIZE_UNKNOWN), byte = must_create("l", 1);
    reopen();
    ck_assert_int_eq(look(empty, &info), STORE_NO_UPLOAD);
    ck_assert_uint_eq(must_look(later), 0);
    ck_assert_uint_eq(must_look(byte), 0);
    ck_assert_int_eq(upload_forget(fixture.store, later), STORE_OK);
    ck_assert_int_eq(upload_forget(fixture.store, byte), STORE_OK);
    ck_assert(!has_files());
    must_create("k", 0);
    ck_assert(has_files());
    fixture_close(&fixture);
    ck_assert_int_eq(depot_open("/data", &fixture.options, &depot, &detail), STORE_OK); /* and opens no store */
    WAIT_UNTIL(!has_files());
    depot_close(depot);
    ck_assert(!has_files());
    fixture_open(&fixture);
}
END_TEST

START_TEST(pieces_become_one_object)
{
    uint64_t id = must_create("k", SIZE);
    ck_assert_uint_eq(must_look(id), 0);
    must_bring(id, 0, 1000);
    reopen();
    must_bring(id, 1000, 300 * KIBIBYTE);
    must_bring(id, 300 * KIBIBYTE, 512 * KIBIBYTE); /* a multiple of blocks: past the page cache again */
    fixture_must_lack(&fixture, "k");
    reopen();
    ck_assert_uint_eq(listed(), 1);
    must_conclude(id, 512 * KIBIBYTE, SIZE);
    ck_assert_int_eq(fixture_get(&fixture, "k", bytes, SIZE), STORE_OK);
    ck_assert_uint_eq(listed(), 0);
    reopen();
    ck_assert_int_eq(fixture_get(&fixture, "k", bytes, SIZE), STORE_OK);
}
END_TEST

START_TEST(small_ones_are_inline_and_empty_ones_are_objects)
{
    uint64_t small = must_create("small", SMALL), empty = must_create("empty", 0);
    must_bring(small, 0, 100);
    must_conclude(small, 100, SMALL);
    must_conclude(empty, 0, 0);
    ck_assert_int_eq(fixture_get(&fixture, "small", bytes, SMALL), STORE_OK);
    ck_assert_int_eq(fixture_get(&fixture, "empty", "", 0), STORE_OK);
    ck_assert_uint_eq(fixture_figures(&fixture).blobs, 0);
}
END_TEST

START_TEST(what_had_come_when_a_client_left_stays)
{
    struct stream *stream;
    uint64_t id = must_create("k", SIZE);
    ck_assert_int_eq(resume(id, 0, false, &stream), STORE_OK);
    ck_assert_int_eq(write_all(stream, 0, 300 * KIBIBYTE + 7), STORE_OK);
    stream_abort(stream);
    reopen(); /* waits for it */
    ck_assert_uint_eq(must_look(id), 300 * KIBIBYTE + 7);
    must_conclude(id, 300 * KIBIBYTE + 7, SIZE);
    ck_assert_int_eq(fixture_get(&fixture, "k", bytes, SIZE), STORE_OK);
}
END_TEST

START_TEST(one_works_on_it_at_a_time_and_where_it_ends)
{
    struct stream *stream, *other;
    struct upload_info info;
    uint64_t id = must_create("k", SIZE);
    must_bring(id, 0, 50);
    ck_assert_int_eq(resume(id, 49, false, &other), STORE_UPLOAD_OFFSET);
    ck_assert_int_eq(resume(id, 51, false, &other), STORE_UPLOAD_OFFSET);
    ck_assert_int_eq(resume(id + 1, 0, false, &other), STORE_NO_UPLOAD);
    ck_assert_int_eq(resume(id, 50, false, &stream), STORE_OK);
    ck_assert_int_eq(resume(id, 50, false, &other), STORE_UPLOAD_HELD);
    ck_assert_uint_eq(must_look(id), 50);
    ck_assert_int_eq(upload_forget(fixture.store, id), STORE_UPLOAD_HELD);
    stream_abort(stream);
    reopen();
    ck_assert_int_eq(upload_forget(fixture.store, id), STORE_OK);
    ck_assert_int_eq(look(id, &info), STORE_NO_UPLOAD);
}
END_TEST

START_TEST(more_than_its_length_is_not_taken)
{
    struct stream *stream;
    size_t taken;
    uint64_t id = must_create("k", 10);
    ck_assert_int_eq(resume(id, 0, false, &stream), STORE_OK);
    ck_assert_int_eq(stream_write(stream, bytes, 11, &taken), STORE_SIZE);
    stream_abort(stream);
    reopen();
    ck_assert_uint_eq(must_look(id), 0);
}
END_TEST

/* ---- somebody else wants it ------------------------------------------------------------------- */

static void post(void *arg)
{
    sem_post(arg);
}

/* Asks for it, and waits until that has been answered. */
static enum store_error claim(uint64_t id, enum upload_wish wish, uint64_t offset)
{
    sem_t told;
    sem_init(&told, 0, 0);
    struct upload_claim asked = {.id = id, .wish = wish, .offset = offset, .ready = post, .arg = &told};
    enum store_error error = upload_claim(fixture.store, &asked);
    while (!error && sem_wait(&told) < 0)
        ;
    sem_destroy(&told);
    return error;
}

/* A stream that has brought so much and hangs. */
static struct stream *hanging(uint64_t id, uint64_t from, uint64_t to, bool whole)
{
    struct stream *stream;
    ck_assert_int_eq(resume(id, from, whole, &stream), STORE_OK);
    ck_assert_int_eq(write_all(stream, from, to), STORE_OK);
    return stream;
}

START_TEST(what_has_come_is_told_and_the_stream_goes_on)
{
    static const uint64_t stops[] = {1, 5000, 300 * KIBIBYTE, 300 * KIBIBYTE + 1, 640 * KIBIBYTE, SIZE};
    uint64_t at = 0, id = must_create("k", SIZE);
    struct ticket ticket;
    struct stream *stream = hanging(id, 0, 0, false);
    for (size_t i = 0; i < sizeof stops / sizeof *stops; at = stops[i++]) {
        ck_assert_int_eq(write_all(stream, at, stops[i]), STORE_OK);
        ck_assert_int_eq(claim(id, UPLOAD_SETTLED, 0), STORE_OK);
        if (stops[i] < SIZE)
            ck_assert_uint_eq(must_look(id), stops[i]);
    }
    ticket_init(&ticket);
    stream_commit(stream, &nothing, ticket_done, &ticket);
    ck_assert_int_eq(ticket_wait(&ticket), STORE_OK);
    ticket_destroy(&ticket);
    ck_assert_int_eq(fixture_get(&fixture, "k", bytes, SIZE), STORE_OK);
}
END_TEST

/* Who hangs has been ended: of what he brings now nothing is taken. */
static void must_be_out(struct stream *stream)
{
    size_t taken = 0;
    ck_assert_int_eq(stream_write(stream, "something else", 14, &taken), STORE_UPLOAD_HELD);
    ck_assert_uint_eq(taken, 0);
}

START_TEST(who_comes_with_the_right_offset_ends_a_stream_that_hangs)
{
    uint64_t reached = 300 * KIBIBYTE + 7, id = must_create("k", SIZE);
    struct stream *old = hanging(id, 0, reached, false);
    ck_assert_int_eq(claim(id, UPLOAD_SETTLED, 0), STORE_OK);
    ck_assert_int_eq(claim(id, UPLOAD_LEFT, must_look(id)), STORE_OK);
    struct stream *new = hanging(id, reached, 500 * KIBIBYTE, false);
    must_be_out(old);
    stream_abort(old);
    stream_abort(new);
    reopen();
    must_conclude(id, 500 * KIBIBYTE, SIZE);
    ck_assert_int_eq(fixture_get(&fixture, "k", bytes, SIZE), STORE_OK);
}
END_TEST

START_TEST(who_is_out_may_end_in_any_way)
{
    struct ticket ticket;
    uint64_t id = must_create("k", SIZE);
    for (int way = 0; way < 3; way++) {
        struct stream *stream = hanging(id, 0, 10, way == 2); /* whole at last: nothing of it stays */
        ck_assert_int_eq(claim(id, UPLOAD_LEFT, way == 2 ? 0 : 10), STORE_OK);
        must_be_out(stream);
        ticket_init(&ticket);
        if (way == 0)
            stream_rest(stream, &nothing, ticket_done, &ticket);
        else if (way == 1)
            stream_commit(stream, &nothing, ticket_done, &ticket);
        else
            stream_abort(stream);
        if (way < 2)
            ck_assert_int_eq(ticket_wait(&ticket), STORE_UPLOAD_HELD);
        ticket_destroy(&ticket);
        ck_assert_uint_eq(must_look(id), way == 2 ? 0 : 10);
        ck_assert_int_eq(upload_forget(fixture.store, id), STORE_OK);
        id = must_create("k", SIZE);
    }
}
END_TEST

START_TEST(who_brings_bytes_is_left_alone)
{
    uint64_t id = must_create("k", SIZE);
    struct stream *stream = hanging(id, 0, 1000, false);
    ck_assert_int_eq(claim(id, UPLOAD_LEFT, 0), STORE_UPLOAD_OFFSET);
    ck_assert_int_eq(claim(id, UPLOAD_LEFT, 999), STORE_UPLOAD_OFFSET);
    ck_assert_int_eq(write_all(stream, 1000, 2000), STORE_OK);
    ck_assert_int_eq(claim(id, UPLOAD_GONE, 0), STORE_OK);
    ck_assert_int_eq(upload_forget(fixture.store, id), STORE_OK);
    must_be_out(stream);
    stream_abort(stream);
    ck_assert_int_eq(claim(id, UPLOAD_GONE, 0), STORE_OK); /* nobody is there to ask */
}
END_TEST

/* Somebody who goes on with one, and is held up by the disk while he begins. */
struct beginner {
    uint64_t id;
    uint64_t offset;
    struct upload_info info;
    struct stream *stream;
    enum store_error error;
};

static void *begin(void *arg)
{
    struct beginner *beginner = arg;
    struct upload_resumption asked = {
        .id = beginner->id, .offset = beginner->offset, .size = STORE_SIZE_UNKNOWN, .length = SIZE};
    beginner->error = upload_resume(fixture.store, &asked, NULL, &beginner->stream, &beginner->info);
    return NULL;
}

/* Told that it can be asked for again: takes it from who has only just begun. */
static void take_away(void *arg)
{
    const struct beginner *beginner = arg;
    ck_assert_int_eq(claim(beginner->id, UPLOAD_LEFT, beginner->offset), STORE_OK);
    ck_assert_int_eq(upload_forget(fixture.store, beginner->id), STORE_OK);
}

/* It is gone then, before he has heard of it: what he is told must not lie in its memory (the address sanitizer sees
 * whether it does). */
START_TEST(who_loses_it_when_he_begins_still_knows_it)
{
    pthread_t thread;
    struct beginner beginner = {.id = must_create("k", STORE_SIZE_UNKNOWN), .offset = 1000};
    must_bring(beginner.id, 0, 1000);
    sim_disk_hold_syncs(fixture.disk, true);
    ck_assert_int_eq(pthread_create(&thread, NULL, begin, &beginner), 0);
    while (sim_disk_held(fixture.disk) == 0)
        usleep(100);
    struct upload_claim asked = {.id = beginner.id, .wish = UPLOAD_SETTLED, .ready = take_away, .arg = &beginner};
    ck_assert_int_eq(upload_claim(fixture.store, &asked), STORE_OK);
    sim_disk_hold_syncs(fixture.disk, false);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(beginner.error, STORE_OK);
    ck_assert_uint_eq(beginner.info.id, beginner.id);
    ck_assert_uint_eq(beginner.info.offset, 1000);
    ck_assert_uint_eq(beginner.info.length, SIZE);
    ck_assert(!beginner.info.key && !beginner.info.label);
    must_be_out(beginner.stream);
    stream_abort(beginner.stream);
}
END_TEST

/* A client who has all bytes on disk and has heard nothing is told that the last one is missing. */
START_TEST(the_last_byte_comes_once_more)
{
    struct stream *stream;
    uint64_t id = must_create("k", SIZE);
    must_bring(id, 0, SIZE);
    fixture_must_put(&fixture, "k", "later");
    ck_assert_uint_eq(must_look(id), SIZE);
    fixture_must_hold(&fixture, "k", "later");
    ck_assert_int_eq(resume(id, SIZE - 2, false, &stream), STORE_UPLOAD_OFFSET);
    stream = hanging(id, SIZE - 1, SIZE, false);
    ck_assert_int_eq(claim(id, UPLOAD_LEFT, SIZE - 2), STORE_UPLOAD_OFFSET);
    ck_assert_int_eq(claim(id, UPLOAD_LEFT, SIZE - 1), STORE_OK);
    must_conclude(id, SIZE - 1, SIZE);
    must_be_out(stream);
    stream_abort(stream);
    ck_assert_int_eq(fixture_get(&fixture, "k", bytes, SIZE), STORE_OK);
    ck_assert_int_eq(resume(id, SIZE - 1, false, &stream), STORE_UPLOAD_OFFSET);
}
END_TEST

/* ---- two clients ------------------------------------------------------------------------------- */

enum { CONTESTED = 64 * KIBIBYTE, STRETCH = 3000 };

static struct contest {
    pthread_mutex_t lock; /* guards what follows but the id */
    uint64_t id;
    char owners[CONTESTED]; /* who was told that his byte there is on disk; 0: nobody */
} contest = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Which of them has written it stands in each byte. */
static uint8_t byte_of(char client, uint64_t position)
{
    return (uint8_t)((position * 31 & 0x7f) << 1 | (client == 'b'));
}

static void note_owner(char client, uint64_t from, uint64_t length)
{
    pthread_mutex_lock(&contest.lock);
    memset(contest.owners + from, client, length);
    pthread_mutex_unlock(&contest.lock);
}

/* Brings own bytes, until somebody else takes the upload; whether they are told to be on disk. */
static bool bring_own(char client, struct stream *stream, uint64_t from, uint64_t length)
{
    uint8_t own[STRETCH];
    struct ticket ticket;
    enum store_error error = STORE_OK;
    for (uint64_t i = 0; i < length; i++)
        own[i] = byte_of(client, from + i);
    for (uint64_t done = 0; done < length && !error;) {
        size_t taken = 0;
        error = stream_write(stream, own + done, (size_t)(done + 500 < length ? 500 : length - done), &taken);
        done += taken;
    }
    ticket_init(&ticket);
    stream_rest(stream, &nothing, ticket_done, &ticket);
    enum store_error rested = ticket_wait(&ticket);
    ticket_destroy(&ticket);
    return !error && !rested;
}

/* Goes on with the upload where it is; false: all of it is there. */
static bool take_a_turn(char client, uint64_t length)
{
    struct upload_info info;
    struct stream *stream;
    if (claim(contest.id, UPLOAD_SETTLED, 0) || look(contest.id, &info))
        return true;
    uint64_t from = info.offset, left = CONTESTED - from;
    length = length < left ? length : left;
    if (left > 0 && !claim(contest.id, UPLOAD_LEFT, from) && !resume(contest.id, from, false, &stream) &&
        bring_own(client, stream, from, length))
        note_owner(client, from, length);
    return left > 0;
}

static void *compete(void *arg)
{
    char client = *(char *)arg;
    struct prng prng = prng_of((uint64_t)client);
    while (take_a_turn(client, 1 + prng_below(&prng, STRETCH)))
        ;
    return NULL;
}

START_TEST(of_two_clients_nothing_is_mixed)
{
    static uint8_t got[CONTESTED];
    char names[2] = {'a', 'b'};
    pthread_t threads[2];
    contest.id = must_create("k", CONTESTED);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, compete, &names[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    must_conclude(contest.id, CONTESTED, CONTESTED);
    struct store_key key = store_key_of("k", 1);
    struct object *object;
    ck_assert_int_eq(store_get(fixture.store, &key, STORE_GET_PAYLOAD, &object), STORE_OK);
    ck_assert_int_eq(object_read(object, 0, got, CONTESTED), STORE_OK);
    object_release(object);
    for (uint64_t i = 0; i < CONTESTED; i++) {
        ck_assert(got[i] == byte_of('a', i) || got[i] == byte_of('b', i));
        ck_assert(contest.owners[i] == 0 || got[i] == byte_of(contest.owners[i], i));
    }
}
END_TEST

/* ---- what counts all together or not at all --------------------------------------------------- */

static enum store_error refuse(void *arg, const void **ret_attributes, size_t *ret_length)
{
    (void)arg, (void)ret_attributes, (void)ret_length;
    return STORE_DIGEST;
}

START_TEST(a_piece_with_another_digest_leaves_nothing)
{
    struct stream *stream;
    struct ticket ticket;
    struct stream_finish finish = {.seal = refuse};
    uint64_t id = must_create("k", SIZE);
    must_bring(id, 0, 5);
    ck_assert_int_eq(resume(id, 5, true, &stream), STORE_OK);
    ck_assert_int_eq(write_all(stream, 5, 400 * KIBIBYTE), STORE_OK);
    ticket_init(&ticket);
    stream_rest(stream, &finish, ticket_done, &ticket);
    ck_assert_int_eq(ticket_wait(&ticket), STORE_DIGEST);
    ck_assert_uint_eq(ticket.end_offset, 5);
    ticket_destroy(&ticket);
    ck_assert_int_eq(resume(id, 5, true, &stream), STORE_OK);
    ck_assert_int_eq(write_all(stream, 5, 400 * KIBIBYTE), STORE_OK);
    stream_abort(stream);
    reopen();
    ck_assert_uint_eq(must_look(id), 5);
    must_conclude(id, 5, SIZE);
    ck_assert_int_eq(fixture_get(&fixture, "k", bytes, SIZE), STORE_OK);
}
END_TEST

/* ---- the commit ------------------------------------------------------------------------------- */

START_TEST(a_condition_is_decided_at_the_end_and_does_not_end_it)
{
    struct store_condition absent = {.absent = true};
    uint64_t id = must_create("k", SIZE);
    must_bring(id, 0, 1000);
    fixture_must_put(&fixture, "k", "meanwhile");
    ck_assert_int_eq(conclude(id, 1000, SIZE, &absent), STORE_CONDITION);
    for (int i = 0; i < 2; i++) {
        ck_assert_uint_eq(must_look(id), SIZE);
        ck_assert_uint_eq(fixture_figures(&fixture).unfinished_bytes, SIZE);
        ck_assert_int_eq(conclude(id, SIZE - 1, SIZE, &absent), STORE_CONDITION);
        fixture_must_hold(&fixture, "k", "meanwhile");
        reopen();
    }
    ck_assert_int_eq(fixture_delete(&fixture, "k"), STORE_OK);
    ck_assert_int_eq(conclude(id, SIZE - 1, SIZE, &absent), STORE_OK);
    ck_assert_int_eq(fixture_get(&fixture, "k", bytes, SIZE), STORE_OK);
    ck_assert_uint_eq(fixture_figures(&fixture).unfinished_bytes, 0);
}
END_TEST

/* Nobody can bring a byte of it again. */
START_TEST(an_empty_one_ends_with_its_condition)
{
    struct store_condition absent = {.absent = true};
    struct upload_info info;
    uint64_t id = must_create("k", 0);
    fixture_must_put(&fixture, "k", "meanwhile");
    ck_assert_int_eq(conclude(id, 0, 0, &absent), STORE_CONDITION);
    ck_assert_int_eq(look(id, &info), STORE_NO_UPLOAD);
}
END_TEST

START_TEST(one_that_is_done_is_remembered_and_not_committed_again)
{
    struct upload_info info;
    struct stream *stream = NULL;
    struct upload_resumption asked = {.offset = SIZE, .size = 0, .length = STORE_SIZE_UNKNOWN};
    uint64_t id = asked.id = must_create("k", SIZE);
    must_conclude(id, 0, SIZE);
    fixture_must_put(&fixture, "k", "later");
    reopen();
    ck_assert_int_eq(upload_resume(fixture.store, &asked, NULL, &stream, &info), STORE_UPLOAD_OFFSET);
    ck_assert_int_eq(look(id, &info), STORE_OK);
    ck_assert(info.done && info.offset == SIZE && !info.existed);
    struct store_digest digest = store_digest_of(bytes, SIZE);
    ck_assert(store_digest_equal(&info.digest, &digest));
    fixture_must_hold(&fixture, "k", "later");
}
END_TEST

/* ---- parts -------------------------------------------------------------------------------------- */

static uint64_t must_create_part(uint64_t from, uint64_t to)
{
    struct upload_order order = {.partial = true, .length = to - from};
    struct store_overrun overrun;
    uint64_t id;
    ck_assert_int_eq(upload_create(fixture.store, &order, &overrun, &id), STORE_OK);
    return id;
}

/* Those of bytes[from, to). */
static enum store_error bring_part(uint64_t id, uint64_t from, uint64_t to)
{
    struct stream *stream;
    struct ticket ticket;
    enum store_error error = resume(id, 0, false, &stream);
    if (error)
        return error;
    error = write_all(stream, from, to);
    ticket_init(&ticket);
    stream_rest(stream, &nothing, ticket_done, &ticket);
    enum store_error rested = ticket_wait(&ticket);
    ticket_destroy(&ticket);
    return error ? error : rested;
}

static enum store_error join_if(const uint64_t *parts, size_t count, const struct store_condition *condition,
                                struct stream **ret_stream, struct upload_info *ret_info)
{
    struct upload_union united = {
        .order = {.key = store_key_of("k", 1)}, .parts = parts, .part_count = count, .condition = condition};
    struct store_overrun overrun;
    return upload_join(fixture.store, &united, &overrun, ret_stream, ret_info);
}

static enum store_error join(const uint64_t *parts, size_t count, struct stream **ret_stream,
                             struct upload_info *ret_info)
{
    return join_if(parts, count, NULL, ret_stream, ret_info);
}

static enum store_error commit(struct stream *stream, const struct store_condition *condition)
{
    struct stream_finish finish = {.condition = *condition};
    struct ticket ticket;
    ticket_init(&ticket);
    stream_commit(stream, &finish, ticket_done, &ticket);
    enum store_error error = ticket_wait(&ticket);
    ticket_destroy(&ticket);
    return error;
}

enum { PARTS = 4 };

static const uint64_t seams[PARTS + 1] = {0, 5000, 5000, 300 * KIBIBYTE, SIZE}; /* one has nothing */

static void bring_parts(uint64_t parts[PARTS])
{
    for (int i = 0; i < PARTS; i++) {
        parts[i] = must_create_part(seams[i], seams[i + 1]);
        ck_assert_int_eq(bring_part(parts[i], seams[i], seams[i + 1]), STORE_OK);
    }
}

/* Nothing is left of them, and who comes with them again hears what became of them. */
static void must_be_joined(const uint64_t parts[PARTS])
{
    struct stream *stream;
    struct upload_info info;
    ck_assert_uint_eq(listed(), 0);
    ck_assert_uint_eq(fixture_figures(&fixture).unfinished_bytes, 0);
    ck_assert_int_eq(join(parts, PARTS, &stream, &info), STORE_OK);
    ck_assert(!stream && info.done);
    struct store_digest digest = store_digest_of(bytes, SIZE);
    ck_assert(info.length == SIZE && store_digest_equal(&info.digest, &digest));
}

START_TEST(parts_become_one_upload)
{
    uint64_t parts[PARTS];
    struct upload_info info;
    struct stream *stream;
    bring_parts(parts);
    limit(SIZE); /* they count once */
    ck_assert_int_eq(join(parts, PARTS, &stream, &info), STORE_OK);
    ck_assert_uint_eq(listed(), PARTS);
    ck_assert_uint_eq(must_look(parts[0]), seams[1]);
    ck_assert_uint_eq(info.offset, SIZE);
    ck_assert_int_eq(commit(stream, &no_condition), STORE_OK);
    ck_assert_int_eq(look(parts[0], &info), STORE_NO_UPLOAD);
    ck_assert_int_eq(fixture_get(&fixture, "k", bytes, SIZE), STORE_OK);
    must_be_joined(parts);
}
END_TEST

START_TEST(the_same_parts_are_the_same_upload)
{
    static const struct store_condition absent = {.absent = true};
    uint64_t parts[PARTS];
    struct upload_info info;
    struct stream *stream;
    bring_parts(parts);
    ck_assert_int_eq(join_if(parts, PARTS, &absent, &stream, &info), STORE_OK);
    ck_assert_int_eq(commit(stream, &absent), STORE_OK);
    fixture_must_put(&fixture, "k", "later");
    for (int i = 0; i < 2; i++) {
        uint64_t id = info.id;
        ck_assert_int_eq(join_if(parts, PARTS, &absent, &stream, &info), STORE_OK);
        ck_assert(!stream && info.done && info.id == id && !info.existed);
        reopen();
    }
    fixture_must_hold(&fixture, "k", "later");
    ck_assert_int_eq(join(parts, PARTS - 1, &stream, &info), STORE_NO_UPLOAD);
    ck_assert_int_eq(upload_forget(fixture.store, info.id), STORE_NO_UPLOAD);
    ck_assert_int_eq(join(parts, PARTS, &stream, &info), STORE_OK);
    ck_assert_int_eq(upload_forget(fixture.store, info.id), STORE_OK);
    ck_assert_int_eq(join(parts, PARTS, &stream, &info), STORE_NO_UPLOAD);
}
END_TEST

START_TEST(who_comes_with_them_meanwhile_waits)
{
    uint64_t parts[PARTS];
    struct upload_info info;
    struct stream *stream, *other;
    sem_t told;
    bring_parts(parts);
    ck_assert_int_eq(join(parts, PARTS, &stream, &info), STORE_OK);
    ck_assert_int_eq(join(parts, PARTS, &other, &info), STORE_AGAIN);
    ck_assert_int_eq(join(parts, PARTS - 1, &other, &info), STORE_UPLOAD_HELD);
    ck_assert_int_eq(join(parts, PARTS, &other, &info), STORE_AGAIN);
    sem_init(&told, 0, 0);
    struct upload_claim asked = {.id = info.id, .wish = UPLOAD_SETTLED, .ready = post, .arg = &told};
    ck_assert_int_eq(upload_claim(fixture.store, &asked), STORE_OK);
    ck_assert_int_ne(sem_trywait(&told), 0);
    ck_assert_int_eq(commit(stream, &no_condition), STORE_OK);
    while (sem_wait(&told) < 0)
        ;
    sem_destroy(&told);
    must_be_joined(parts);
}
END_TEST

/* Parts are there as they were, and count once. */
static void must_have_parts(const uint64_t parts[PARTS])
{
    ck_assert_uint_eq(listed(), PARTS);
    for (int i = 0; i < PARTS; i++)
        ck_assert_uint_eq(must_look(parts[i]), seams[i + 1] - seams[i]);
    ck_assert_uint_eq(fixture_figures(&fixture).unfinished_bytes, SIZE);
}

START_TEST(parts_outlive_what_does_not_become_an_object)
{
    static const struct store_condition exists = {.exists = true};
    struct upload_info info;
    struct stream *stream;
    uint64_t parts[PARTS];
    bring_parts(parts);
    ck_assert_int_eq(join(parts, PARTS, &stream, &info), STORE_OK);
    ck_assert_int_eq(commit(stream, &exists), STORE_CONDITION);
    must_have_parts(parts);
    uint64_t calls = sim_disk_calls(fixture.disk, SIM_COPY_RANGE);
    ck_assert_int_eq(join_if(parts, PARTS, &exists, &stream, &info), STORE_CONDITION);
    ck_assert_uint_eq(sim_disk_calls(fixture.disk, SIM_COPY_RANGE), calls);
    must_have_parts(parts);
    ck_assert_int_eq(join(parts, PARTS, &stream, &info), STORE_OK);
    stream_abort(stream);
    reopen(); /* waits for it */
    must_have_parts(parts);
    ck_assert_int_eq(look(info.id, &info), STORE_NO_UPLOAD);
}
END_TEST

START_TEST(what_is_no_complete_part_is_not_joined)
{
    struct stream *stream;
    struct upload_info info;
    uint64_t parts[] = {must_create_part(0, 10), must_create("k", 10), must_create("k", 10) + 1};
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(join(parts + i, 1, &stream, &info), i < 2 ? STORE_UPLOAD_PARTS : STORE_NO_UPLOAD);
    ck_assert_int_eq(bring_part(parts[0], 0, 10), STORE_OK);
    parts[1] = parts[0];
    ck_assert_int_eq(join(parts, 2, &stream, &info), STORE_UPLOAD_PARTS);
    ck_assert_int_eq(resume(parts[0], 9, false, &stream), STORE_UPLOAD_OFFSET);
    ck_assert_uint_eq(must_look(parts[0]), 10);
    ck_assert_uint_eq(fixture_figures(&fixture).unfinished_bytes, 10);
}
END_TEST

/* ---- limits ----------------------------------------------------------------------------------- */

START_TEST(unfinished_ones_count_against_the_limit)
{
    uint64_t offset, id = must_create("k", SIZE), refused;
    must_bring(id, 0, 600 * KIBIBYTE);
    limit(650 * KIBIBYTE);
    ck_assert_int_eq(create("other", SIZE, &refused), STORE_QUOTA);
    ck_assert_uint_eq(fixture_figures(&fixture).unfinished_bytes, 600 * KIBIBYTE);
    reopen();
    ck_assert_uint_eq(fixture_figures(&fixture).unfinished_bytes, 600 * KIBIBYTE);
    ck_assert_int_eq(bring(id, 600 * KIBIBYTE, SIZE, &offset), STORE_QUOTA);
    limit(SIZE);
    must_conclude(id, must_look(id), SIZE);
    ck_assert_uint_eq(fixture_figures(&fixture).unfinished_bytes, 0);
    ck_assert_int_eq(fixture_get(&fixture, "k", bytes, SIZE), STORE_OK);
}
END_TEST

START_TEST(any_number_that_replace_one_object_are_spared_nothing)
{
    uint64_t offset, id, whole;
    must_conclude(must_create("k", SIZE), 0, SIZE);
    limit(SIZE + 100 * KIBIBYTE);
    ck_assert_int_eq(create("k", SIZE, &id), STORE_QUOTA);
    must_bring(must_create("k", STORE_SIZE_UNKNOWN), 0, 60 * KIBIBYTE);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(bring(must_create("k", STORE_SIZE_UNKNOWN), 0, 60 * KIBIBYTE, &offset), STORE_QUOTA);
    ck_assert_uint_le(fixture_figures(&fixture).unfinished_bytes, 100 * KIBIBYTE);
    limit(2 * SIZE + 100 * KIBIBYTE);
    whole = must_create("k", SIZE);
    must_bring(whole, 0, SIZE);
    limit(SIZE + 60 * KIBIBYTE);
    must_conclude(whole, SIZE, SIZE); /* it adds nothing then */
    ck_assert_uint_le(fixture_figures(&fixture).unfinished_bytes, 100 * KIBIBYTE);
}
END_TEST

START_TEST(one_that_nobody_goes_on_with_expires)
{
    struct upload_info info;
    fixture_close(&fixture);
    fixture.options.upload_expiry = 0;
    fixture_open(&fixture);
    size_t nodes = sim_disk_nodes(fixture.disk);
    uint64_t id = must_create("k", SIZE);
    ck_assert_int_eq(look(id, &info), STORE_NO_UPLOAD);
    ck_assert_uint_eq(listed(), 0);
    must_create("l", SIZE); /* nobody looks at that: it is swept */
    fixture_close(&fixture);
    fixture_open(&fixture);
    while (sim_disk_nodes(fixture.disk) > nodes + 1) /* and the folder */
        usleep(1000);
}
END_TEST

START_TEST(those_of_a_store_that_nobody_opens_expire)
{
    struct depot *depot;
    struct store_detail detail;
    fixture_close(&fixture);
    fixture.options.upload_expiry = 1;
    fixture_open(&fixture);
    must_create("k", SIZE);
    fixture_close(&fixture);
    ck_assert_int_eq(depot_open("/data", &fixture.options, &depot, &detail), STORE_OK);
    WAIT_UNTIL(!has_files());
    depot_close(depot);
    ck_assert(!has_files());
    fixture_open(&fixture);
}
END_TEST

START_TEST(what_takes_the_place_of_an_object_needs_room_beside_it)
{
    uint64_t id;
    struct store_limit one = {true, 1};
    must_conclude(must_create("k", SIZE), 0, SIZE);
    limit(2 * SIZE);
    ck_assert_int_eq(create("k", SIZE, &id), STORE_OK);
    ck_assert_int_eq(create("k", SIZE + 1, &id), STORE_QUOTA);
    limit(SIZE);
    ck_assert_int_eq(create("k", 1, &id), STORE_QUOTA);
    ck_assert_int_eq(depot_set_limits(fixture.depot, "s", &(struct store_limit){0}, &one, NULL), STORE_OK);
    ck_assert_int_eq(create("l", 1, &id), STORE_QUOTA);
    ck_assert_int_eq(create("k", SIZE, &id), STORE_OK);
}
END_TEST

START_TEST(a_store_that_has_some_is_not_empty)
{
    struct store_detail detail;
    uint64_t id = must_create("k", SIZE);
    ck_assert_int_eq(depot_delete(fixture.depot, "s", false, &detail), STORE_NOT_DRAINED);
    ck_assert_ptr_nonnull(strstr(detail.text, "unfinished uploads"));
    ck_assert_int_eq(upload_forget(fixture.store, id), STORE_OK);
    must_create("k", SIZE);
    ck_assert_int_eq(depot_delete(fixture.depot, "s", true, &detail), STORE_OK);
}
END_TEST

/* ---- cuts and faults -------------------------------------------------------------------------- */

/* What a client was told. */
struct told {
    bool made;
    uint64_t id;
    uint64_t offset;
    bool done;
};

/* Brings bytes and hangs; somebody else learns how far it is, and takes it. */
static bool hand_over(uint64_t id, uint64_t from, uint64_t to, uint64_t *ret_offset)
{
    struct stream *stream;
    struct upload_info info;
    if (resume(id, from, false, &stream))
        return false;
    (void)write_all(stream, from, to);
    bool told = !claim(id, UPLOAD_SETTLED, 0) && !look(id, &info);
    bool taken = told && !claim(id, UPLOAD_LEFT, info.offset);
    stream_abort(stream);
    if (taken)
        *ret_offset = info.offset;
    return taken;
}

static void scenario(struct told *told)
{
    uint64_t offset;
    if (!fixture.store || create("k", SIZE, &told->id))
        return;
    told->made = true;
    if (bring(told->id, 0, 100 * KIBIBYTE + 1, &offset))
        return;
    told->offset = offset;
    if (!hand_over(told->id, offset, 400 * KIBIBYTE, &offset))
        return;
    told->offset = offset;
    told->done = conclude(told->id, offset, SIZE, &no_condition) == STORE_OK;
}

/* The client comes back, and goes on from what it is told now. */
static void go_on(const struct told *told)
{
    struct upload_info info;
    if (!told->made)
        return;
    ck_assert_int_eq(look(told->id, &info), STORE_OK);
    ck_assert_msg(info.offset >= told->offset, "told %llu, has %llu", (unsigned long long)told->offset,
                  (unsigned long long)info.offset);
    ck_assert(info.done || !told->done);
    if (!info.done)
        must_conclude(told->id, info.offset, SIZE);
    ck_assert_int_eq(fixture_get(&fixture, "k", bytes, SIZE), STORE_OK);
    ck_assert_uint_eq(listed(), 0);
}

static uint64_t scenario_calls(void)
{
    struct told told = {0};
    start_over(1);
    uint64_t before = sim_disk_calls(fixture.disk, SIM_ANY);
    scenario(&told);
    ck_assert(told.done);
    return sim_disk_calls(fixture.disk, SIM_ANY) - before;
}

START_TEST(a_cut_at_any_call_loses_nothing_that_was_told)
{
    uint64_t calls = scenario_calls();
    ck_assert_uint_gt(calls, 30);
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        for (uint64_t call = 0; call <= calls; call++) {
            struct told told = {0};
            start_over(seed);
            sim_disk_cut_after(fixture.disk, call);
            scenario(&told);
            fixture_cut(&fixture, seed * 1000 + call);
            fixture_open(&fixture);
            go_on(&told);
        }
}
END_TEST

START_TEST(a_call_that_fails_costs_nothing_that_was_told)
{
    uint64_t calls = scenario_calls();
    for (uint64_t call = 1; call <= calls; call++) {
        struct told told = {0};
        start_over(call);
        sim_disk_fail(fixture.disk, SIM_ANY, call, false, call % 2 ? EIO : ENOSPC);
        scenario(&told);
        sim_disk_heal(fixture.disk);
        reopen();
        go_on(&told);
    }
}
END_TEST

START_TEST(what_is_removed_does_not_come_back)
{
    struct upload_info info;
    for (uint64_t seed = 1; seed <= 2 * SEEDS; seed++) {
        start_over(seed);
        uint64_t id = must_create("k", SIZE);
        must_bring(id, 0, 1000);
        ck_assert_int_eq(upload_forget(fixture.store, id), STORE_OK);
        fixture_cut(&fixture, seed);
        fixture_open(&fixture);
        ck_assert_int_eq(look(id, &info), STORE_NO_UPLOAD);
        ck_assert_uint_eq(fixture_figures(&fixture).unfinished_bytes, 0);
    }
}
END_TEST

/* Makes one of the parts, and commits it, or hears that this has been done; whether a client was told so. */
static bool join_and_commit(const uint64_t *parts)
{
    struct stream *stream;
    struct upload_info info;
    if (join(parts, PARTS, &stream, &info))
        return false;
    return stream ? commit(stream, &no_condition) == STORE_OK : info.done;
}

/* The object is there, and nothing of the parts, or they are, all of them; who comes with them again gets it. */
static void must_have_joined(const uint64_t *parts, bool done)
{
    bool there = fixture_get(&fixture, "k", bytes, SIZE) == STORE_OK;
    ck_assert(there || !done);
    if (!there)
        must_have_parts(parts);
    ck_assert(join_and_commit(parts));
    ck_assert_int_eq(fixture_get(&fixture, "k", bytes, SIZE), STORE_OK);
    must_be_joined(parts);
}

/* However often they come again: nothing takes the place of what is put now. */
static void must_not_come_later(const uint64_t *parts)
{
    fixture_must_put(&fixture, "k", "later");
    must_be_joined(parts);
    reopen();
    must_be_joined(parts);
    fixture_must_hold(&fixture, "k", "later");
}

static uint64_t join_calls(void)
{
    uint64_t parts[PARTS];
    start_over(1);
    bring_parts(parts);
    uint64_t before = sim_disk_calls(fixture.disk, SIM_ANY);
    ck_assert(join_and_commit(parts));
    return sim_disk_calls(fixture.disk, SIM_ANY) - before;
}

/* The server ends in the way that follows from the number. */
static void end_join(const uint64_t *parts, uint64_t call, uint64_t calls)
{
    bool cut = call <= calls;
    if (cut)
        sim_disk_cut_after(fixture.disk, call);
    else
        sim_disk_fail(fixture.disk, SIM_ANY, call - calls, false, EIO);
    bool done = join_and_commit(parts);
    sim_disk_heal(fixture.disk);
    if (cut)
        fixture_cut(&fixture, call);
    else
        fixture_close(&fixture);
    fixture_open(&fixture);
    must_have_joined(parts, done);
}

START_TEST(a_cut_or_a_fault_while_parts_are_joined_loses_none)
{
    uint64_t calls = join_calls(), parts[PARTS];
    for (uint64_t call = 1; call <= 2 * calls; call++) {
        start_over(call);
        bring_parts(parts);
        end_join(parts, call, calls);
        must_not_come_later(parts);
    }
}
END_TEST

START_TEST(a_fault_while_parts_are_joined_is_over_when_they_come_again)
{
    uint64_t calls = join_calls(), parts[PARTS];
    for (uint64_t call = 1; call <= calls; call++) {
        start_over(call);
        bring_parts(parts);
        sim_disk_fail(fixture.disk, SIM_ANY, call, false, EIO);
        (void)join_and_commit(parts);
        sim_disk_heal(fixture.disk);
        if (!join_and_commit(parts)) /* a store whose log has failed takes nothing before it is opened again */
            reopen();
        ck_assert(join_and_commit(parts));
        ck_assert_int_eq(fixture_get(&fixture, "k", bytes, SIZE), STORE_OK);
        reopen();
        must_be_joined(parts);
    }
}
END_TEST

/* ---- histories --------------------------------------------------------------------------------- */

enum { KNOWN = 5, HISTORIES = 6, EVENTS = 60, LONG = 300 * KIBIBYTE, HOP = 60 * KIBIBYTE };

/* What clients know of the uploads of a history, each of a key of its own. */
struct known {
    char key[2];
    bool made;
    bool done;
    uint64_t id;
    uint64_t offset; /* told */
};

static void learn(struct known *known, const struct upload_info *info)
{
    ck_assert_msg(info->offset >= known->offset, "told %llu, has %llu", (unsigned long long)known->offset,
                  (unsigned long long)info->offset);
    ck_assert(info->done || !known->done);
    known->offset = info->offset;
    known->done = info->done;
}

static void go_on_by(struct known *known, uint64_t length, bool hang)
{
    uint64_t offset = known->offset, left = LONG - offset;
    bool last = length >= left;
    if (last && conclude(known->id, offset, LONG, &no_condition) == STORE_OK)
        known->done = true;
    if (!last && hang && !hand_over(known->id, offset, offset + length, &offset))
        return;
    if (!last && !hang && bring(known->id, offset, offset + length, &offset))
        return;
    known->offset = offset;
}

/* What one client does next; on a disk that fails it may come to nothing. */
static void act(struct known *known, struct prng *prng)
{
    struct upload_info info;
    if (!known->made) {
        known->made = create(known->key, LONG, &known->id) == STORE_OK;
        known->done = false;
        known->offset = 0;
    } else if (known->done || prng_one_in(prng, 20)) {
        known->made = false;
        (void)upload_forget(fixture.store, known->id);
    } else if (look(known->id, &info) == STORE_OK) {
        learn(known, &info);
        if (!known->done)
            go_on_by(known, 1 + prng_below(prng, HOP), prng_one_in(prng, 2));
    }
}

/* The disk is sound again: all that was told is so. */
static void audit(struct known *known)
{
    struct upload_info info;
    for (int i = 0; i < KNOWN; i++) {
        if (!known[i].made)
            continue;
        ck_assert_int_eq(look(known[i].id, &info), STORE_OK);
        learn(&known[i], &info);
        if (info.done)
            ck_assert_int_eq(fixture_get(&fixture, known[i].key, bytes, LONG), STORE_OK);
    }
}

/* The server ends, in one of three ways, and begins again. */
static void end_and_begin(struct known *known, struct prng *prng)
{
    unsigned way = (unsigned)prng_below(prng, 3);
    if (way == 1)
        sim_disk_cut_after(fixture.disk, prng_below(prng, 40));
    if (way == 2)
        sim_disk_fail(fixture.disk, SIM_ANY, 1 + prng_below(prng, 40), false, prng_one_in(prng, 2) ? EIO : ENOSPC);
    for (int i = 0; way > 0 && i < 3; i++)
        act(&known[prng_below(prng, KNOWN)], prng);
    sim_disk_heal(fixture.disk);
    if (way == 1)
        fixture_cut(&fixture, prng_next(prng));
    else
        fixture_close(&fixture);
    fixture_open(&fixture);
    audit(known);
}

START_TEST(whatever_happens_what_was_told_is_so)
{
    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        struct prng prng = prng_of(seed);
        struct known known[KNOWN] = {0};
        for (int i = 0; i < KNOWN; i++)
            known[i].key[0] = (char)('a' + i);
        start_over(seed);
        for (int event = 0; event < EVENTS; event++)
            if (prng_one_in(&prng, 6))
                end_and_begin(known, &prng);
            else
                act(&known[prng_below(&prng, KNOWN)], &prng);
        end_and_begin(known, &prng);
    }
}
END_TEST

/* ---- many ------------------------------------------------------------------------------------- */

static void keep(size_t uploads)
{
    fixture_close(&fixture);
    fixture.options.uploads_kept = uploads;
    fixture_open(&fixture);
}

/* Whether so many are counted, with files of at least so many bytes beside the log; also by who opens the store. */
static void must_count(uint64_t uploads, uint64_t least)
{
    for (int i = 0; i < 2; i++) {
        struct store_figures figures = fixture_figures(&fixture);
        ck_assert_uint_eq(figures.unfinished_uploads, uploads);
        ck_assert_uint_ge(figures.disk_bytes, least);
        ck_assert_uint_le(figures.disk_bytes, least + (16 << 10) + 10 * 200);
        reopen();
    }
}

START_TEST(no_more_are_made_than_a_store_keeps)
{
    enum { DESCRIPTION = 1072 };
    uint64_t id, refused;
    keep(3);
    must_create("a", SIZE);
    must_create("b", SIZE);
    id = must_create("c", SMALL);
    must_bring(id, 0, 100);
    must_count(3, 3 * DESCRIPTION + 100);
    ck_assert_int_eq(create("d", 1, &refused), STORE_MANY_UPLOADS);
    must_conclude(id, 100, SMALL);
    must_count(2, 3 * DESCRIPTION);
    id = must_create("d", SIZE);
    ck_assert_int_eq(create("e", 1, &refused), STORE_MANY_UPLOADS);
    ck_assert_int_eq(upload_forget(fixture.store, id), STORE_OK);
    must_count(2, 3 * DESCRIPTION);
    must_create("e", SIZE);
}
END_TEST

START_TEST(one_that_could_not_be_made_does_not_count)
{
    uint64_t id;
    keep(1);
    for (int i = 0; i < 3; i++) {
        sim_disk_fail(fixture.disk, SIM_FSYNC, 1, false, EIO);
        ck_assert_int_eq(create("a", SIZE, &id), STORE_IO);
        sim_disk_heal(fixture.disk);
    }
    must_count(0, 0);
    must_create("a", SIZE);
    must_count(1, 1072);
}
END_TEST

START_TEST(parts_are_joined_also_where_no_more_may_be_made)
{
    struct stream *stream;
    struct upload_info info;
    uint64_t parts[2];
    keep(2);
    for (unsigned i = 0; i < 2; i++) {
        parts[i] = must_create_part(0, SMALL);
        ck_assert_int_eq(bring_part(parts[i], 0, SMALL), STORE_OK);
    }
    fixture_must_put(&fixture, "k", "1");
    ck_assert_int_eq(join(parts, 2, &stream, &info), STORE_OK);
    ck_assert_int_eq(commit(stream, &(struct store_condition){.absent = true}), STORE_CONDITION);
    must_count(2, 2 * 1072);
    ck_assert_int_eq(join(parts, 2, &stream, &info), STORE_OK);
    ck_assert_int_eq(commit(stream, &no_condition), STORE_OK);
    must_count(0, 1072);
}
END_TEST

static void must_remember(const uint64_t *ids, size_t count, size_t from)
{
    struct upload_info info;
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(look(ids[i], &info), i < from ? STORE_NO_UPLOAD : STORE_OK);
}

START_TEST(of_those_that_are_done_the_last_ones_are_remembered)
{
    enum { DONE = 5 };
    uint64_t ids[DONE];
    keep(3);
    for (size_t i = 0; i < DONE; i++) {
        ids[i] = must_create("k", SMALL);
        must_conclude(ids[i], 0, SMALL);
        must_remember(ids, i + 1, i < 3 ? 0 : i - 2);
    }
    must_count(0, 3 * 1072);
    must_remember(ids, DONE, 2);
    keep(2);
    must_remember(ids, DONE, 3);
    must_count(0, 2 * 1072);
}
END_TEST

START_TEST(a_listing_reads_none_that_is_done)
{
    must_create("k", SIZE);
    uint64_t before = sim_disk_calls(fixture.disk, SIM_OPENAT);
    ck_assert_uint_eq(listed(), 1);
    uint64_t needed = sim_disk_calls(fixture.disk, SIM_OPENAT) - before;
    for (int i = 0; i < 20; i++)
        must_conclude(must_create("k", SMALL), 0, SMALL);
    before = sim_disk_calls(fixture.disk, SIM_OPENAT);
    ck_assert_uint_eq(listed(), 1);
    ck_assert_uint_eq(sim_disk_calls(fixture.disk, SIM_OPENAT) - before, needed);
}
END_TEST

START_TEST(without_a_reserve_compaction_is_left_what_it_may_need)
{
    uint64_t id;
    fixture_close(&fixture);
    fixture.options.disk_reserve = 0;
    fixture.options.first_segment = 64 * KIBIBYTE;
    fixture_open(&fixture);
    fixture_must_put(&fixture, "a", "1");
    sim_disk_set_free(fixture.disk, 128 * KIBIBYTE);
    ck_assert_int_eq(create("k", 1, &id), STORE_OK);
    sim_disk_set_free(fixture.disk, 40 * KIBIBYTE);
    ck_assert_int_eq(create("k", 1, &id), STORE_FULL);
    sim_disk_set_free(fixture.disk, UINT64_MAX);
}
END_TEST

START_TEST(those_that_rest_hold_nothing_open)
{
    uint64_t id = must_create("k", SIZE);
    must_bring(id, 0, 10);
    size_t open = sim_disk_open_files(fixture.disk);
    for (int i = 0; i < 200; i++)
        must_bring(must_create("k", SIZE), 0, 10);
    ck_assert_uint_eq(sim_disk_open_files(fixture.disk), open);
    ck_assert_uint_eq(listed(), 201);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_empty_one_that_is_no_object_is_not_listed,
        an_empty_one_that_is_no_object_goes_at_the_next_start,
        pieces_become_one_object,
        small_ones_are_inline_and_empty_ones_are_objects,
        what_had_come_when_a_client_left_stays,
        one_works_on_it_at_a_time_and_where_it_ends,
        more_than_its_length_is_not_taken,
        what_has_come_is_told_and_the_stream_goes_on,
        who_comes_with_the_right_offset_ends_a_stream_that_hangs,
        who_is_out_may_end_in_any_way,
        who_brings_bytes_is_left_alone,
        who_loses_it_when_he_begins_still_knows_it,
        the_last_byte_comes_once_more,
        of_two_clients_nothing_is_mixed,
        a_piece_with_another_digest_leaves_nothing,
        a_condition_is_decided_at_the_end_and_does_not_end_it,
        an_empty_one_ends_with_its_condition,
        one_that_is_done_is_remembered_and_not_committed_again,
        parts_become_one_upload,
        the_same_parts_are_the_same_upload,
        who_comes_with_them_meanwhile_waits,
        parts_outlive_what_does_not_become_an_object,
        what_is_no_complete_part_is_not_joined,
        unfinished_ones_count_against_the_limit,
        any_number_that_replace_one_object_are_spared_nothing,
        one_that_nobody_goes_on_with_expires,
        one_that_is_held_when_its_time_is_over_expires_later,
        those_of_a_store_that_nobody_opens_expire,
        what_takes_the_place_of_an_object_needs_room_beside_it,
        a_store_that_has_some_is_not_empty,
        a_cut_at_any_call_loses_nothing_that_was_told,
        a_call_that_fails_costs_nothing_that_was_told,
        what_is_removed_does_not_come_back,
        a_cut_or_a_fault_while_parts_are_joined_loses_none,
        a_fault_while_parts_are_joined_is_over_when_they_come_again,
        whatever_happens_what_was_told_is_so,
        those_that_rest_hold_nothing_open,
        no_more_are_made_than_a_store_keeps,
        one_that_could_not_be_made_does_not_count,
        parts_are_joined_also_where_no_more_may_be_made,
        of_those_that_are_done_the_last_ones_are_remembered,
        a_listing_reads_none_that_is_done,
        without_a_reserve_compaction_is_left_what_it_may_need,
    };
    return UNIT_RUN_WITH("uploads", setup, teardown, tests);
}
