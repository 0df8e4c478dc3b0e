/* test_uploads.c - who works on an upload that survives its connection, and how it ends. */
#include "tests/lib/carrier.h"
#include "tests/lib/patience.h"
#include "tests/lib/prng.h"
#include "tests/lib/unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

FIXTURE_OF_EACH_TEST

/* ---- the way of one --------------------------------------------------------------------------- */

START_TEST(pieces_become_one_object)
{
    uint64_t id = carrier_must_create(&fixture, "k", CARRIER_SIZE);
    ck_assert_uint_eq(carrier_must_look(&fixture, id), 0);
    carrier_must_bring(&fixture, id, 0, 1000);
    carrier_reopen(&fixture);
    carrier_must_bring(&fixture, id, 1000, 300 * CARRIER_KIB);
    carrier_must_bring(&fixture, id, 300 * CARRIER_KIB,
                       512 * CARRIER_KIB); /* a multiple of blocks: past the page cache again */
    fixture_must_lack(&fixture, "k");
    carrier_reopen(&fixture);
    ck_assert_uint_eq(carrier_listed(&fixture), 1);
    carrier_must_conclude(&fixture, id, 512 * CARRIER_KIB, CARRIER_SIZE);
    ck_assert_int_eq(fixture_get(&fixture, "k", carrier_bytes(), CARRIER_SIZE), STORE_OK);
    ck_assert_uint_eq(carrier_listed(&fixture), 0);
    carrier_reopen(&fixture);
    ck_assert_int_eq(fixture_get(&fixture, "k", carrier_bytes(), CARRIER_SIZE), STORE_OK);
}
END_TEST

START_TEST(small_ones_are_inline_and_empty_ones_are_objects)
{
    uint64_t small = carrier_must_create(&fixture, "small", CARRIER_SMALL),
             empty = carrier_must_create(&fixture, "empty", 0);
    carrier_must_bring(&fixture, small, 0, 100);
    carrier_must_conclude(&fixture, small, 100, CARRIER_SMALL);
    carrier_must_conclude(&fixture, empty, 0, 0);
    ck_assert_int_eq(fixture_get(&fixture, "small", carrier_bytes(), CARRIER_SMALL), STORE_OK);
    ck_assert_int_eq(fixture_get(&fixture, "empty", "", 0), STORE_OK);
    ck_assert_uint_eq(fixture_figures(&fixture).blobs, 0);
}
END_TEST

START_TEST(what_had_come_when_a_client_left_stays)
{
    struct stream *stream;
    uint64_t id = carrier_must_create(&fixture, "k", CARRIER_SIZE);
    ck_assert_int_eq(carrier_resume(&fixture, id, 0, false, &stream), STORE_OK);
    ck_assert_int_eq(carrier_write(stream, 0, 300 * CARRIER_KIB + 7), STORE_OK);
    stream_abort(stream);
    carrier_reopen(&fixture); /* waits for it */
    ck_assert_uint_eq(carrier_must_look(&fixture, id), 300 * CARRIER_KIB + 7);
    carrier_must_conclude(&fixture, id, 300 * CARRIER_KIB + 7, CARRIER_SIZE);
    ck_assert_int_eq(fixture_get(&fixture, "k", carrier_bytes(), CARRIER_SIZE), STORE_OK);
}
END_TEST

START_TEST(one_works_on_it_at_a_time_and_where_it_ends)
{
    struct stream *stream, *other;
    struct upload_info info;
    uint64_t id = carrier_must_create(&fixture, "k", CARRIER_SIZE);
    carrier_must_bring(&fixture, id, 0, 50);
    ck_assert_int_eq(carrier_resume(&fixture, id, 49, false, &other), STORE_UPLOAD_OFFSET);
    ck_assert_int_eq(carrier_resume(&fixture, id, 51, false, &other), STORE_UPLOAD_OFFSET);
    ck_assert_int_eq(carrier_resume(&fixture, id + 1, 0, false, &other), STORE_NO_UPLOAD);
    ck_assert_int_eq(carrier_resume(&fixture, id, 50, false, &stream), STORE_OK);
    ck_assert_int_eq(carrier_resume(&fixture, id, 50, false, &other), STORE_UPLOAD_HELD);
    ck_assert_uint_eq(carrier_must_look(&fixture, id), 50);
    ck_assert_int_eq(upload_forget(fixture.store, id), STORE_UPLOAD_HELD);
    stream_abort(stream);
    carrier_reopen(&fixture);
    ck_assert_int_eq(upload_forget(fixture.store, id), STORE_OK);
    ck_assert_int_eq(carrier_look(&fixture, id, &info), STORE_NO_UPLOAD);
}
END_TEST

START_TEST(more_than_its_length_is_not_taken)
{
    struct stream *stream;
    size_t taken;
    uint64_t id = carrier_must_create(&fixture, "k", 10);
    ck_assert_int_eq(carrier_resume(&fixture, id, 0, false, &stream), STORE_OK);
    ck_assert_int_eq(stream_write(stream, carrier_bytes(), 11, &taken), STORE_SIZE);
    stream_abort(stream);
    carrier_reopen(&fixture);
    ck_assert_uint_eq(carrier_must_look(&fixture, id), 0);
}
END_TEST

START_TEST(a_store_that_has_some_is_not_empty)
{
    struct store_detail detail;
    uint64_t id = carrier_must_create(&fixture, "k", CARRIER_SIZE);
    ck_assert_int_eq(depot_delete(fixture.depot, "s", false, &detail), STORE_NOT_DRAINED);
    ck_assert_ptr_nonnull(strstr(detail.text, "unfinished uploads"));
    ck_assert_int_eq(upload_forget(fixture.store, id), STORE_OK);
    carrier_must_create(&fixture, "k", CARRIER_SIZE);
    ck_assert_int_eq(depot_delete(fixture.depot, "s", true, &detail), STORE_OK);
}
END_TEST

START_TEST(a_store_is_removed_as_it_was_seen_and_under_no_writer)
{
    struct store_detail detail;
    struct stream *stream;
    struct store_digest seen = fixture_figures(&fixture).state;
    struct store_condition condition = {.match_listed = true, .match = &seen, .match_count = 1};
    uint64_t id = carrier_must_create(&fixture, "k", CARRIER_SIZE);
    ck_assert_int_eq(depot_delete_if(fixture.depot, "s", true, &condition, &detail), STORE_CONDITION);
    seen = fixture_figures(&fixture).state;
    ck_assert_int_eq(carrier_resume(&fixture, id, 0, false, &stream), STORE_OK);
    ck_assert_int_eq(depot_delete_if(fixture.depot, "s", true, &condition, &detail), STORE_CONDITION);
    stream_abort(stream);
    carrier_reopen(&fixture); /* until it is let go of */
    carrier_must_bring(&fixture, id, 0, 10);
    ck_assert_int_eq(depot_delete_if(fixture.depot, "s", true, &condition, &detail), STORE_CONDITION);
    seen = fixture_figures(&fixture).state;
    carrier_reopen(&fixture);
    ck_assert_int_eq(depot_delete_if(fixture.depot, "s", true, &condition, &detail), STORE_OK);
}
END_TEST

START_TEST(those_that_rest_hold_nothing_open)
{
    uint64_t id = carrier_must_create(&fixture, "k", CARRIER_SIZE);
    carrier_must_bring(&fixture, id, 0, 10);
    size_t open = sim_disk_open_files(fixture.disk);
    for (int i = 0; i < 200; i++)
        carrier_must_bring(&fixture, carrier_must_create(&fixture, "k", CARRIER_SIZE), 0, 10);
    ck_assert_uint_eq(sim_disk_open_files(fixture.disk), open);
    ck_assert_uint_eq(carrier_listed(&fixture), 201);
}
END_TEST

/* ---- somebody else wants it ------------------------------------------------------------------- */

/* A stream that has brought so much and hangs. */
static struct stream *hanging(uint64_t id, uint64_t from, uint64_t to, bool whole)
{
    struct stream *stream;
    ck_assert_int_eq(carrier_resume(&fixture, id, from, whole, &stream), STORE_OK);
    ck_assert_int_eq(carrier_write(stream, from, to), STORE_OK);
    return stream;
}

START_TEST(what_has_come_is_told_and_the_stream_goes_on)
{
    static const uint64_t stops[] = {1,           5000, 300 * CARRIER_KIB, 300 * CARRIER_KIB + 1, 640 * CARRIER_KIB,
                                     CARRIER_SIZE};
    uint64_t at = 0, id = carrier_must_create(&fixture, "k", CARRIER_SIZE);
    struct ticket ticket;
    struct stream *stream = hanging(id, 0, 0, false);
    for (size_t i = 0; i < sizeof stops / sizeof *stops; at = stops[i++]) {
        ck_assert_int_eq(carrier_write(stream, at, stops[i]), STORE_OK);
        ck_assert_int_eq(carrier_claim(&fixture, id, UPLOAD_SETTLED, 0), STORE_OK);
        if (stops[i] < CARRIER_SIZE)
            ck_assert_uint_eq(carrier_must_look(&fixture, id), stops[i]);
    }
    ticket_init(&ticket);
    stream_commit(stream, &carrier_nothing, ticket_done, &ticket);
    ck_assert_int_eq(ticket_wait(&ticket), STORE_OK);
    ticket_destroy(&ticket);
    ck_assert_int_eq(fixture_get(&fixture, "k", carrier_bytes(), CARRIER_SIZE), STORE_OK);
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
    uint64_t reached = 300 * CARRIER_KIB + 7, id = carrier_must_create(&fixture, "k", CARRIER_SIZE);
    struct stream *old = hanging(id, 0, reached, false);
    ck_assert_int_eq(carrier_claim(&fixture, id, UPLOAD_SETTLED, 0), STORE_OK);
    ck_assert_int_eq(carrier_claim(&fixture, id, UPLOAD_LEFT, carrier_must_look(&fixture, id)), STORE_OK);
    struct stream *new = hanging(id, reached, 500 * CARRIER_KIB, false);
    must_be_out(old);
    stream_abort(old);
    stream_abort(new);
    carrier_reopen(&fixture);
    carrier_must_conclude(&fixture, id, 500 * CARRIER_KIB, CARRIER_SIZE);
    ck_assert_int_eq(fixture_get(&fixture, "k", carrier_bytes(), CARRIER_SIZE), STORE_OK);
}
END_TEST

START_TEST(who_is_out_may_end_in_any_way)
{
    struct ticket ticket;
    uint64_t id = carrier_must_create(&fixture, "k", CARRIER_SIZE);
    for (int way = 0; way < 3; way++) {
        struct stream *stream = hanging(id, 0, 10, way == 2); /* whole at last: nothing of it stays */
        ck_assert_int_eq(carrier_claim(&fixture, id, UPLOAD_LEFT, way == 2 ? 0 : 10), STORE_OK);
        must_be_out(stream);
        ticket_init(&ticket);
        if (way == 0)
            stream_rest(stream, &carrier_nothing, ticket_done, &ticket);
        else if (way == 1)
            stream_commit(stream, &carrier_nothing, ticket_done, &ticket);
        else
            stream_abort(stream);
        if (way < 2)
            ck_assert_int_eq(ticket_wait(&ticket), STORE_UPLOAD_HELD);
        ticket_destroy(&ticket);
        ck_assert_uint_eq(carrier_must_look(&fixture, id), way == 2 ? 0 : 10);
        ck_assert_int_eq(upload_forget(fixture.store, id), STORE_OK);
        id = carrier_must_create(&fixture, "k", CARRIER_SIZE);
    }
}
END_TEST

START_TEST(who_brings_bytes_is_left_alone)
{
    uint64_t id = carrier_must_create(&fixture, "k", CARRIER_SIZE);
    struct stream *stream = hanging(id, 0, 1000, false);
    ck_assert_int_eq(carrier_claim(&fixture, id, UPLOAD_LEFT, 0), STORE_UPLOAD_OFFSET);
    ck_assert_int_eq(carrier_claim(&fixture, id, UPLOAD_LEFT, 999), STORE_UPLOAD_OFFSET);
    ck_assert_int_eq(carrier_write(stream, 1000, 2000), STORE_OK);
    ck_assert_int_eq(carrier_claim(&fixture, id, UPLOAD_GONE, 0), STORE_OK);
    ck_assert_int_eq(upload_forget(fixture.store, id), STORE_OK);
    must_be_out(stream);
    stream_abort(stream);
    ck_assert_int_eq(carrier_claim(&fixture, id, UPLOAD_GONE, 0), STORE_OK); /* nobody is there to ask */
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
        .id = beginner->id, .offset = beginner->offset, .size = STORE_SIZE_UNKNOWN, .length = CARRIER_SIZE};
    beginner->error = upload_resume(fixture.store, &asked, NULL, &beginner->stream, &beginner->info);
    return NULL;
}

/* Told that it can be asked for again: takes it from who has only just begun. */
static void take_away(void *arg)
{
    const struct beginner *beginner = arg;
    ck_assert_int_eq(carrier_claim(&fixture, beginner->id, UPLOAD_LEFT, beginner->offset), STORE_OK);
    ck_assert_int_eq(upload_forget(fixture.store, beginner->id), STORE_OK);
}

/* It is gone then, before he has heard of it: what he is told must not lie in its memory (the address sanitizer sees
 * whether it does). */
START_TEST(who_loses_it_when_he_begins_still_knows_it)
{
    pthread_t thread;
    struct beginner beginner = {.id = carrier_must_create(&fixture, "k", STORE_SIZE_UNKNOWN), .offset = 1000};
    carrier_must_bring(&fixture, beginner.id, 0, 1000);
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
    ck_assert_uint_eq(beginner.info.length, CARRIER_SIZE);
    ck_assert(!beginner.info.key && !beginner.info.label);
    must_be_out(beginner.stream);
    stream_abort(beginner.stream);
}
END_TEST

/* A client who has all bytes on disk and has heard nothing is told that the last one is missing. */
START_TEST(the_last_byte_comes_once_more)
{
    struct stream *stream;
    uint64_t id = carrier_must_create(&fixture, "k", CARRIER_SIZE);
    carrier_must_bring(&fixture, id, 0, CARRIER_SIZE);
    fixture_must_put(&fixture, "k", "later");
    ck_assert_uint_eq(carrier_must_look(&fixture, id), CARRIER_SIZE);
    fixture_must_hold(&fixture, "k", "later");
    ck_assert_int_eq(carrier_resume(&fixture, id, CARRIER_SIZE - 2, false, &stream), STORE_UPLOAD_OFFSET);
    stream = hanging(id, CARRIER_SIZE - 1, CARRIER_SIZE, false);
    ck_assert_int_eq(carrier_claim(&fixture, id, UPLOAD_LEFT, CARRIER_SIZE - 2), STORE_UPLOAD_OFFSET);
    ck_assert_int_eq(carrier_claim(&fixture, id, UPLOAD_LEFT, CARRIER_SIZE - 1), STORE_OK);
    carrier_must_conclude(&fixture, id, CARRIER_SIZE - 1, CARRIER_SIZE);
    must_be_out(stream);
    stream_abort(stream);
    ck_assert_int_eq(fixture_get(&fixture, "k", carrier_bytes(), CARRIER_SIZE), STORE_OK);
    ck_assert_int_eq(carrier_resume(&fixture, id, CARRIER_SIZE - 1, false, &stream), STORE_UPLOAD_OFFSET);
}
END_TEST

/* ---- two clients ------------------------------------------------------------------------------- */

enum { CONTESTED = 64 * CARRIER_KIB, STRETCH = 3000 };

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
    stream_rest(stream, &carrier_nothing, ticket_done, &ticket);
    enum store_error rested = ticket_wait(&ticket);
    ticket_destroy(&ticket);
    return !error && !rested;
}

/* Goes on with the upload where it is; false: all of it is there. */
static bool take_a_turn(char client, uint64_t length)
{
    struct upload_info info;
    struct stream *stream;
    if (carrier_claim(&fixture, contest.id, UPLOAD_SETTLED, 0) || carrier_look(&fixture, contest.id, &info))
        return true;
    uint64_t from = info.offset, left = CONTESTED - from;
    length = length < left ? length : left;
    if (left > 0 && !carrier_claim(&fixture, contest.id, UPLOAD_LEFT, from) &&
        !carrier_resume(&fixture, contest.id, from, false, &stream) && bring_own(client, stream, from, length))
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
    contest.id = carrier_must_create(&fixture, "k", CONTESTED);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, compete, &names[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    carrier_must_conclude(&fixture, contest.id, CONTESTED, CONTESTED);
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
    uint64_t id = carrier_must_create(&fixture, "k", CARRIER_SIZE);
    carrier_must_bring(&fixture, id, 0, 5);
    ck_assert_int_eq(carrier_resume(&fixture, id, 5, true, &stream), STORE_OK);
    ck_assert_int_eq(carrier_write(stream, 5, 400 * CARRIER_KIB), STORE_OK);
    ticket_init(&ticket);
    stream_rest(stream, &finish, ticket_done, &ticket);
    ck_assert_int_eq(ticket_wait(&ticket), STORE_DIGEST);
    ck_assert_uint_eq(ticket.end_offset, 5);
    ticket_destroy(&ticket);
    ck_assert_int_eq(carrier_resume(&fixture, id, 5, true, &stream), STORE_OK);
    ck_assert_int_eq(carrier_write(stream, 5, 400 * CARRIER_KIB), STORE_OK);
    stream_abort(stream);
    carrier_reopen(&fixture);
    ck_assert_uint_eq(carrier_must_look(&fixture, id), 5);
    carrier_must_conclude(&fixture, id, 5, CARRIER_SIZE);
    ck_assert_int_eq(fixture_get(&fixture, "k", carrier_bytes(), CARRIER_SIZE), STORE_OK);
}
END_TEST

/* ---- the commit ------------------------------------------------------------------------------- */

START_TEST(a_condition_is_decided_at_the_end_and_does_not_end_it)
{
    struct store_condition absent = {.absent = true};
    uint64_t id = carrier_must_create(&fixture, "k", CARRIER_SIZE);
    carrier_must_bring(&fixture, id, 0, 1000);
    fixture_must_put(&fixture, "k", "meanwhile");
    ck_assert_int_eq(carrier_conclude(&fixture, id, 1000, CARRIER_SIZE, &absent), STORE_CONDITION);
    for (int i = 0; i < 2; i++) {
        ck_assert_uint_eq(carrier_must_look(&fixture, id), CARRIER_SIZE);
        ck_assert_uint_eq(fixture_figures(&fixture).unfinished_bytes, CARRIER_SIZE);
        ck_assert_int_eq(carrier_conclude(&fixture, id, CARRIER_SIZE - 1, CARRIER_SIZE, &absent), STORE_CONDITION);
        fixture_must_hold(&fixture, "k", "meanwhile");
        carrier_reopen(&fixture);
    }
    ck_assert_int_eq(fixture_delete(&fixture, "k"), STORE_OK);
    ck_assert_int_eq(carrier_conclude(&fixture, id, CARRIER_SIZE - 1, CARRIER_SIZE, &absent), STORE_OK);
    ck_assert_int_eq(fixture_get(&fixture, "k", carrier_bytes(), CARRIER_SIZE), STORE_OK);
    ck_assert_uint_eq(fixture_figures(&fixture).unfinished_bytes, 0);
}
END_TEST

/* Nobody can bring a byte of it again. */
START_TEST(an_empty_one_ends_with_its_condition)
{
    struct store_condition absent = {.absent = true};
    struct upload_info info;
    uint64_t id = carrier_must_create(&fixture, "k", 0);
    fixture_must_put(&fixture, "k", "meanwhile");
    ck_assert_int_eq(carrier_conclude(&fixture, id, 0, 0, &absent), STORE_CONDITION);
    ck_assert_int_eq(carrier_look(&fixture, id, &info), STORE_NO_UPLOAD);
}
END_TEST

START_TEST(one_that_is_done_is_remembered_and_not_committed_again)
{
    struct upload_info info;
    struct stream *stream = NULL;
    struct upload_resumption asked = {.offset = CARRIER_SIZE, .size = 0, .length = STORE_SIZE_UNKNOWN};
    uint64_t id = asked.id = carrier_must_create(&fixture, "k", CARRIER_SIZE);
    carrier_must_conclude(&fixture, id, 0, CARRIER_SIZE);
    fixture_must_put(&fixture, "k", "later");
    carrier_reopen(&fixture);
    ck_assert_int_eq(upload_resume(fixture.store, &asked, NULL, &stream, &info), STORE_UPLOAD_OFFSET);
    ck_assert_int_eq(carrier_look(&fixture, id, &info), STORE_OK);
    ck_assert(info.done && info.offset == CARRIER_SIZE && !info.existed);
    struct store_digest digest = store_digest_of(carrier_bytes(), CARRIER_SIZE);
    ck_assert(store_digest_equal(&info.digest, &digest));
    fixture_must_hold(&fixture, "k", "later");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        pieces_become_one_object,
        small_ones_are_inline_and_empty_ones_are_objects,
        what_had_come_when_a_client_left_stays,
        one_works_on_it_at_a_time_and_where_it_ends,
        more_than_its_length_is_not_taken,
        a_store_that_has_some_is_not_empty,
        a_store_is_removed_as_it_was_seen_and_under_no_writer,
        those_that_rest_hold_nothing_open,
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
    };
    return UNIT_RUN_WITH("uploads", setup, teardown, tests);
}
