/* test_compact.c - space of dead records comes back, and nothing else changes. */
#include "store/internal.h"
#include "tests/lib/findings.h"
#include "tests/lib/fixture.h"
#include "tests/lib/patience.h"
#include "tests/lib/prng.h"
#include "tests/lib/quiet.h"
#include "tests/lib/ticket.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEYS = 200, SIZE = 400, MANY = 8000, LONG = 1000 * TICKET_PATIENCE };

FIXTURE_OF_EACH_TEST

/* What is to be compacted is, in the background; the files of the log are not larger than that then. */
static void wait_for_disk(uint64_t bytes)
{
    ck_assert(quiet_comes());
    ck_assert_uint_le(fixture_figures(&fixture).disk_bytes, bytes);
}

static void payload_of(unsigned key, unsigned version, char payload[SIZE])
{
    memset(payload, 'a' + (int)(version % 26), SIZE);
    (void)snprintf(payload, SIZE, "%u.%u", key, version);
}

static void put(unsigned key, unsigned version)
{
    char name[16];
    char payload[SIZE];
    (void)snprintf(name, sizeof name, "k%u", key);
    payload_of(key, version, payload);
    ck_assert_int_eq(fixture_put(&fixture, name, payload, SIZE), STORE_OK);
}

/* Puts or deletes so many keys from one on, all at once. */
static void put_or_delete(enum store_op_kind kind, unsigned from, unsigned count)
{
    static struct store_op ops[MANY];
    static char names[MANY][16], payload[SIZE];
    struct ticket ticket;
    ck_assert_uint_le(count, MANY);
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(names[i], sizeof names[i], "k%u", from + i);
        ops[i] = (struct store_op){.kind = kind,
                                   .key = store_key_of(names[i], strlen(names[i])),
                                   .payload = kind == STORE_PUT ? payload : NULL,
                                   .size = kind == STORE_PUT ? SIZE : 0};
    }
    ticket_init(&ticket);
    ck_assert_int_eq(store_batch(fixture.store, ops, count, 0, ticket_done, &ticket, NULL), STORE_OK);
    ck_assert_int_eq(ticket_wait(&ticket), STORE_OK);
    ticket_destroy(&ticket);
}

static void expect(unsigned key, unsigned version)
{
    char name[16];
    char payload[SIZE];
    (void)snprintf(name, sizeof name, "k%u", key);
    payload_of(key, version, payload);
    ck_assert_int_eq(fixture_get(&fixture, name, payload, SIZE), STORE_OK);
}

static void reopen(void)
{
    fixture_close(&fixture);
    fixture_open(&fixture);
}

START_TEST(overwriting_one_key_for_ever_takes_bounded_space)
{
    for (unsigned version = 0; version < 3000; version++)
        put(1, version);
    wait_for_disk(600 << 10);
    expect(1, 2999);
    reopen();
    expect(1, 2999);
    ck_assert_uint_eq(fixture_figures(&fixture).objects, 1);
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
}
END_TEST

/* A disk on which no segment goes as long as it is not let. */
static struct io held_io;
static atomic_bool held;

static int held_renameat(void *self, int from_folder, const char *from, int to_folder, const char *to)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    while (strcmp(from, "husk") == 0 && atomic_load(&held))
        nanosleep(&moment, NULL);
    return fixture.io->renameat(self, from_folder, from, to_folder, to);
}

enum { BATCHES = 16 }; /* each of 3.9 MB, over the one before */

static struct ticket tickets[BATCHES];

/* Begins them all while no segment goes. */
static void begin_batches(void)
{
    static struct store_op ops[MANY];
    static char names[MANY][16], payload[SIZE];
    fixture_close(&fixture);
    held_io = *fixture.io;
    held_io.renameat = held_renameat;
    atomic_store(&held, true);
    fixture.options.io = &held_io;
    fixture.options.store_ops_limit = BATCHES * MANY;
    fixture_open(&fixture);
    for (unsigned key = 0; key < MANY; key++) {
        (void)snprintf(names[key], sizeof names[key], "k%u", key);
        ops[key] = (struct store_op){
            .kind = STORE_PUT, .key = store_key_of(names[key], strlen(names[key])), .payload = payload, .size = SIZE};
    }
    for (unsigned i = 0; i < BATCHES; i++) {
        ticket_init(&tickets[i]);
        ck_assert_int_eq(store_batch(fixture.store, ops, MANY, 0, ticket_done, &tickets[i], NULL), STORE_OK);
    }
}

static void end_batches(void)
{
    for (unsigned i = 0; i < BATCHES; i++) {
        ck_assert_int_eq(ticket_wait(&tickets[i]), STORE_OK);
        ticket_destroy(&tickets[i]);
    }
}

/* Twice what there is, the margin twice, and the segments at the end: else this is 70 MB. */
START_TEST(writers_wait_for_compaction_before_the_log_has_grown_too_far)
{
    enum { BOUND = 50 << 20, MARGIN = 16 << 20 };
    begin_batches();
    WAIT_UNTIL(fixture_figures(&fixture).overdue_bytes > 2 * MARGIN);
    ck_assert(quiet_comes());
    ck_assert_uint_le(fixture_figures(&fixture).disk_bytes, BOUND);
    ck_assert_uint_gt(fixture_figures(&fixture).writes_in_flight, 0);
    ck_assert_uint_gt(fixture_figures(&fixture).overdue_bytes, 2 * MARGIN);
    atomic_store(&held, false);
    end_batches();
    ck_assert_uint_eq(fixture_figures(&fixture).objects, MANY);
    WAIT_UNTIL(fixture_figures(&fixture).disk_bytes < 16 << 20 && fixture_figures(&fixture).overdue_bytes < MARGIN);
    ck_assert_uint_lt(fixture_figures(&fixture).overdue_bytes, MARGIN);
}
END_TEST

static enum store_error begin_copy(struct store *source, const char *key, struct store *target, struct store_op *op,
                                   struct ticket *ticket)
{
    *op = (struct store_op){.key = store_key_of(key, strlen(key)), .target = store_key_of(key, strlen(key))};
    ticket_init(ticket);
    return store_copy(source, op, target, false, ticket_done, ticket);
}

/* What is copied into the store that rests holds nothing until that lets it in, and what is copied out of it need not
 * wait. Each of two stores may be the one of which a copy takes the key first: so there is one in either direction. */
START_TEST(copies_rest_for_the_store_that_they_come_into_and_hold_nothing_meanwhile)
{
    struct store *other;
    struct store_op in_op, out_op, put_op = {.kind = STORE_PUT, .payload = "new", .size = 3};
    struct ticket in, out;
    bool created;
    fixture_must_put(&fixture, "mine", "of s");
    begin_batches();
    ck_assert_int_eq(depot_create(fixture.depot, "t", &created, NULL), STORE_OK);
    ck_assert_int_eq(depot_acquire(fixture.depot, "t", &other, NULL), STORE_OK);
    put_op.key = store_key_of("theirs", 6);
    ck_assert_int_eq(ticket_batch(other, &put_op, 1, NULL), STORE_OK);
    WAIT_UNTIL(fixture_figures(&fixture).disk_bytes > 32 << 20);
    ck_assert(quiet_comes());
    ck_assert_int_eq(begin_copy(other, "theirs", fixture.store, &in_op, &in), STORE_OK);
    ck_assert_int_eq(begin_copy(fixture.store, "mine", other, &out_op, &out), STORE_OK);
    ck_assert_int_eq(ticket_batch(other, &put_op, 1, NULL), STORE_OK);
    ck_assert_int_eq(ticket_wait(&out), STORE_OK);
    fixture_must_lack(&fixture, "theirs");
    atomic_store(&held, false);
    ck_assert_int_eq(ticket_wait(&in), STORE_OK);
    fixture_must_hold(&fixture, "theirs", "new");
    end_batches();
    depot_release(other);
    ticket_destroy(&in);
    ticket_destroy(&out);
}
END_TEST

START_TEST(closing_waits_for_nothing_that_is_overdue)
{
    begin_batches();
    WAIT_UNTIL(fixture_figures(&fixture).disk_bytes > 32 << 20);
    atomic_store(&held, false);
    fixture_close(&fixture);
    end_batches();
    fixture_open(&fixture);
    ck_assert_uint_eq(fixture_figures(&fixture).objects, MANY);
}
END_TEST

/* What is compacted leaves a file, but nobody has to keep it open. */
START_TEST(overwriting_one_key_for_ever_takes_bounded_descriptors)
{
    size_t before = 0;
    for (unsigned version = 0; version < 4000; version++) {
        put(1, version);
        if (version == 1000)
            before = sim_disk_open_files(fixture.disk);
    }
    wait_for_disk(600 << 10);
    ck_assert_uint_le(sim_disk_open_files(fixture.disk), before + 4);
}
END_TEST

/* A queue beside objects that stay: its tombstones are needed only as long as an older segment could hold their
 * keys. */
START_TEST(keys_used_once_beside_a_cold_segment_take_bounded_space)
{
    enum { COLD = 400, ROUNDS = 480, EACH = 50 };
    for (unsigned key = 0; key < COLD; key++)
        put(key, 1);
    uint64_t cold = fixture_figures(&fixture).disk_bytes;
    for (unsigned round = 0; round < ROUNDS; round++) {
        put_or_delete(STORE_PUT, COLD + round * EACH, EACH);
        put_or_delete(STORE_DELETE, COLD + round * EACH, EACH);
    }
    wait_for_disk(6 * cold); /* all tombstones would take 7 to 9 times as much */
    for (int start = 0; start < 2; start++) {
        for (unsigned key = 0; key < COLD; key++)
            expect(key, 1);
        ck_assert_uint_eq(fixture_figures(&fixture).objects, COLD);
        reopen();
    }
}
END_TEST

/* How many files of segments the log has. */
static unsigned count_segment_files(void)
{
    const struct io *io = fixture.io;
    unsigned count = 0;
    int folder = io->openat(io->self, AT_FDCWD, "/data/stores/s/log", O_RDONLY | O_DIRECTORY, 0);
    char *names = io->list(io->self, folder);
    for (const char *name = names; *name; name += strlen(name) + 1)
        count += strstr(name, ".seg") != NULL;
    free(names);
    io->close(io->self, folder);
    return count;
}

/* Some segments in between stay as they are. Between any two of them one husk is left, whatever was compacted there. */
START_TEST(months_without_a_restart_leave_no_more_files_than_live_segments)
{
    enum { COLD = 60, ROUNDS = 600, EACH = 60, LOOK = 100 };
    for (unsigned round = 0; round < ROUNDS; round++) {
        put_or_delete(STORE_PUT, round % LOOK ? 0 : COLD * (1 + round / LOOK), EACH);
        if (round % LOOK != LOOK - 1)
            continue;
        ck_assert(quiet_comes());
        ck_assert_uint_le(count_segment_files(), 2 * fixture_figures(&fixture).segments + 1);
        findings_none(&fixture);
    }
    unsigned number;
    ck_assert_int_eq(sscanf(fixture_segment(&fixture), "/data/stores/s/log/%x.seg", &number), 1);
    ck_assert_uint_gt(number, 200);
    for (int start = 0; start < 3; start++) {
        put(COLD * ROUNDS, (unsigned)start);
        ck_assert(quiet_comes());
        unsigned files = count_segment_files();
        if (start == 1)
            fixture_cut(&fixture, 1);
        else
            fixture_close(&fixture);
        fixture_open(&fixture);
        ck_assert_uint_eq(count_segment_files(), files);
        ck_assert_uint_eq(fixture_figures(&fixture).objects, EACH * (1 + ROUNDS / LOOK) + 1);
        ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
        findings_none(&fixture);
    }
}
END_TEST

START_TEST(live_records_are_kept_and_offsets_only_grow)
{
    uint64_t end = 0;
    for (unsigned version = 0; version < 41; version++) {
        for (unsigned key = 0; key < KEYS; key += 1 + version % 3)
            put(key, version);
        ck_assert_uint_gt(fixture_figures(&fixture).end_offset, end);
        end = fixture_figures(&fixture).end_offset;
    }
    wait_for_disk(1 << 20);
    reopen();
    for (unsigned key = 0; key < KEYS; key++)
        expect(key, key % 2 == 0 ? 40 : 39);
}
END_TEST

/* Whether the file reach tells of a segment of that number: then it is not written again for a while. */
static bool reach_tells(const char *number)
{
    size_t size;
    char text[256], line[32];
    uint8_t *bytes = fixture_read_file(&fixture, "/data/stores/s/reach", &size);
    (void)snprintf(text, sizeof text, "%.*s", (int)size, (const char *)bytes);
    (void)snprintf(line, sizeof line, "\nsegment %s\n", number);
    free(bytes);
    return strstr(text, line) != NULL;
}

static const struct io *able_io;

static unsigned refused;

/* Gives the first segment no new file. */
static int refuse_first(void *self, int from_folder, const char *from, int to_folder, const char *to)
{
    if (strcmp(to, "0000000000000001.seg") != 0)
        return able_io->renameat(self, from_folder, from, to_folder, to);
    refused++;
    errno = EIO;
    return -1;
}

/* Two segments are worth it, and the first husk cannot be given its name: it is the turn of the second, and nobody has
 * to ask again. */
START_TEST(a_segment_that_fails_keeps_no_other_from_its_turn)
{
    unsigned keys = 0;
    fixture_close(&fixture);
    able_io = fixture.io;
    struct io io = *able_io;
    fixture.options.io = &io;
    fixture_open(&fixture);
    while (!fixture_exists(&fixture, "/data/stores/s/log/0000000000000003.seg"))
        put(keys++, 1);
    WAIT_UNTIL(fixture_exists(&fixture, "/data/stores/s/reach") && reach_tells("3"));
    io.renameat = refuse_first;
    put_or_delete(STORE_DELETE, 0, keys - 1);
    WAIT_UNTIL(fixture_is_husk(&fixture, 2));
    ck_assert(fixture_is_husk(&fixture, 2));
    ck_assert(!fixture_is_husk(&fixture, 1));
    ck_assert_uint_eq(refused, 1);
    expect(keys - 1, 1);
    fixture_close(&fixture);
    fixture.options.io = able_io;
    fixture_open(&fixture);
}
END_TEST

START_TEST(a_deleted_key_stays_deleted)
{
    for (unsigned round = 0; round < 30; round++) {
        for (unsigned key = 0; key < KEYS; key++)
            put(key, round);
        for (unsigned key = 0; key < KEYS; key += 2) {
            char name[16];
            (void)snprintf(name, sizeof name, "k%u", key);
            ck_assert_int_eq(fixture_delete(&fixture, name), STORE_OK);
        }
        if (round % 4 == 3)
            reopen();
        if (round % 4 == 1) {
            fixture_cut(&fixture, round);
            fixture_open(&fixture);
        }
        ck_assert_uint_eq(fixture_figures(&fixture).objects, KEYS / 2);
        for (unsigned key = 0; key < KEYS; key++) {
            char name[16];
            (void)snprintf(name, sizeof name, "k%u", key);
            if (key % 2)
                expect(key, round);
            else
                ck_assert_int_eq(fixture_get(&fixture, name, "", 0), STORE_NO_OBJECT);
        }
    }
    wait_for_disk(1 << 20);
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
}
END_TEST

START_TEST(a_large_object_survives_the_move_of_its_record)
{
    static char large[20000];
    memset(large, 'L', sizeof large);
    ck_assert_int_eq(fixture_put(&fixture, "large", large, sizeof large), STORE_OK);
    for (unsigned version = 0; version < 5000; version++)
        put(1, version);
    wait_for_disk((1 << 20) + sizeof large);
    ck_assert_int_eq(fixture_get(&fixture, "large", large, sizeof large), STORE_OK);
    reopen();
    ck_assert_int_eq(fixture_get(&fixture, "large", large, sizeof large), STORE_OK);
    ck_assert_uint_eq(fixture_figures(&fixture).blobs, 1);
}
END_TEST

START_TEST(a_reader_keeps_its_version)
{
    struct object *object;
    struct store_key key = store_key_of("k0", 2);
    char payload[SIZE];
    payload_of(0, 7, payload);
    put(0, 7);
    ck_assert_int_eq(store_get(fixture.store, &key, STORE_GET_PAYLOAD, &object), STORE_OK);
    for (unsigned version = 0; version < 3000; version++)
        put(0, version);
    wait_for_disk(600 << 10);
    ck_assert_mem_eq(object_payload(object), payload, SIZE);
    object_release(object);
}
END_TEST

START_TEST(verification_finds_nothing_wrong_afterwards)
{
    struct store_verification verification;
    for (unsigned version = 0; version < 20; version++) {
        for (unsigned key = 0; key < KEYS; key++)
            put(key, version);
    }
    wait_for_disk(1 << 20);
    ck_assert_int_eq(store_verify(fixture.store, 0, NULL, NULL, &verification), STORE_OK);
    ck_assert(verification.complete);
    ck_assert_uint_eq(verification.flaws, 0);
}
END_TEST

/* Occupies a thread that commits until it is let go. */
struct occupation {
    struct pool_job job;
    sem_t begun, go_on;
};

static void occupy(void *arg)
{
    struct occupation *occupation = arg;
    sem_post(&occupation->begun);
    sem_wait(&occupation->go_on);
}

static void note_compacted(void *arg, enum store_error error, const struct store_compaction *compaction)
{
    (void)compaction;
    ticket_done(arg, &(struct store_result){.error = error});
}

/* Whoever commits may wait, at the end of the descriptors, for a store to be closed, and that for its background. */
START_TEST(the_background_goes_on_while_no_thread_commits)
{
    struct occupation occupation = {.job = {.run = occupy, .arg = &occupation}};
    struct ticket ticket;
    fixture_close(&fixture);
    fixture.options.commit_threads = 1;
    fixture_open(&fixture);
    for (unsigned version = 0; version < 3; version++)
        for (unsigned key = 0; key < KEYS; key++)
            put(key, version);
    sem_init(&occupation.begun, 0, 0);
    sem_init(&occupation.go_on, 0, 0);
    pool_submit(fixture.store->services->commits, &occupation.job);
    sem_wait(&occupation.begun);
    ticket_init(&ticket);
    ck_assert_int_eq(store_compact(fixture.store, LONG, note_compacted, &ticket), STORE_OK);
    ck_assert_int_eq(ticket_wait(&ticket), STORE_OK);
    ticket_destroy(&ticket);
    sem_post(&occupation.go_on);
    reopen();
    expect(KEYS - 1, 2);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        overwriting_one_key_for_ever_takes_bounded_space,
        writers_wait_for_compaction_before_the_log_has_grown_too_far,
        copies_rest_for_the_store_that_they_come_into_and_hold_nothing_meanwhile,
        closing_waits_for_nothing_that_is_overdue,
        overwriting_one_key_for_ever_takes_bounded_descriptors,
        keys_used_once_beside_a_cold_segment_take_bounded_space,
        months_without_a_restart_leave_no_more_files_than_live_segments,
        live_records_are_kept_and_offsets_only_grow,
        a_segment_that_fails_keeps_no_other_from_its_turn,
        a_deleted_key_stays_deleted,
        a_large_object_survives_the_move_of_its_record,
        a_reader_keeps_its_version,
        verification_finds_nothing_wrong_afterwards,
        the_background_goes_on_while_no_thread_commits,
    };
    return UNIT_RUN_WITH("compact", setup, teardown, tests);
}
