/* test_index.c - what booking a record does to look-ups and figures; no disk has to do with it. */
#include "store/index/index.h"
#include "store/index/yield.h"
#include "tests/lib/namesake.h"
#include "tests/lib/prng.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>

enum { SEGMENTS = 3, FAMILIES = 20, MEMBERS = 5, ROUNDS = 20000 };

static struct log log_of_test;
static struct blobs blobs;
static struct index index_of_test;
static struct segment segments[SEGMENTS];
static struct segment *chain[SEGMENTS];
static struct segment *slots[SEGMENTS];

static void setup(void)
{
    log_of_test.chain = (struct chain){
        .lock = &index_of_test.lock, .segments = chain, .count = SEGMENTS, .slots = slots, .slot_count = SEGMENTS};
    blobs = (struct blobs){.needs_lock = &index_of_test.lock};
    table_init(&blobs.needs, 1);
    for (uint32_t i = 0; i < SEGMENTS; i++) {
        segments[i] = (struct segment){.slot = i, .number = i + 1, .used = 1 << 20, .prepared = 1 << 20};
        chain[i] = slots[i] = &segments[i];
    }
    index_init(&index_of_test, &log_of_test, &blobs, 42);
}

static void teardown(void)
{
    index_free(&index_of_test);
    table_free(&blobs.needs);
}

static struct index_ended book(struct index_change change)
{
    index_lock(&index_of_test);
    ck_assert(index_reserve(&index_of_test, &change));
    struct index_ended ended = index_apply(&index_of_test, &change);
    index_reservations_end(&index_of_test);
    index_unlock(&index_of_test);
    return ended;
}

static struct location place(uint32_t segment, uint32_t position)
{
    return (struct location){.segment = segment, .position = 64 + position * 96, .length = 96};
}

static uint64_t now(struct store_key key)
{
    return index_now(&index_of_test, &key, NULL);
}

static void count_visit(void *arg, uint64_t packed)
{
    ck_assert_uint_gt(location_unpack(packed).length, 0);
    ++*(uint64_t *)arg;
}

static uint64_t count_each(void)
{
    uint64_t count = 0;
    index_lock_shared(&index_of_test);
    index_each(&index_of_test, count_visit, &count);
    index_unlock(&index_of_test);
    return count;
}

START_TEST(a_put_makes_its_key_lead_to_it)
{
    struct store_key key = store_key_of("a", 1);
    struct index_change put = {.type = RECORD_PUT, .key = key, .location = place(0, 0), .size = 7};
    struct index_ended ended = book(put);
    ck_assert_ptr_null(ended.segment);
    ck_assert_uint_eq(now(key), location_pack(put.location));
    ck_assert_uint_eq(now(store_key_of_hash(key.hash)), location_pack(put.location));
    ck_assert(index_leads_to(&index_of_test, &key, segment_offset(&segments[0], put.location.position)));
    ck_assert_uint_eq(now(store_key_of("b", 1)), 0);
    ck_assert_uint_eq(index_of_test.objects, 1);
    ck_assert_uint_eq(index_of_test.live_bytes, 7);
    ck_assert_uint_eq(index_of_test.dead_bytes, 0);
    ck_assert_uint_eq(segments[0].live, 1);
}
END_TEST

START_TEST(what_replaces_a_record_ends_it)
{
    struct store_key key = store_key_of("a", 1);
    book((struct index_change){.type = RECORD_PUT, .key = key, .location = place(0, 0), .size = 7, .blob = 3});
    struct index_ended ended = book((struct index_change){.type = RECORD_PUT,
                                                          .key = key,
                                                          .location = place(1, 0),
                                                          .size = 5,
                                                          .replaces = true,
                                                          .size_before = 7,
                                                          .blob_before = 3});
    ck_assert_ptr_eq(ended.segment, &segments[0]);
    ck_assert_uint_eq(ended.blob, 3);
    ck_assert_uint_eq(index_of_test.objects, 1);
    ck_assert_uint_eq(index_of_test.live_bytes, 5);
    ck_assert_uint_eq(index_of_test.dead_bytes, 96);
    ck_assert_uint_eq(segments[0].live, 0);
    ck_assert_uint_eq(segments[0].dead, 96);
    ck_assert_uint_eq(segments[1].live, 1);
    ck_assert_uint_eq(blobs.bytes, 0);
}
END_TEST

START_TEST(tombstones_and_marks_are_booked_where_they_stand)
{
    struct store_key key = store_key_of("a", 1);
    book((struct index_change){.type = RECORD_PUT, .key = key, .location = place(0, 0), .size = 7});
    struct index_change remove = {
        .type = RECORD_TOMBSTONE, .key = key, .location = place(1, 0), .replaces = true, .size_before = 7};
    ck_assert_ptr_eq(book(remove).segment, &segments[0]);
    ck_assert_uint_eq(now(key), 0);
    book((struct index_change){.type = RECORD_MARK, .location = place(2, 0)});
    ck_assert_uint_eq(segments[1].tombstones, 96);
    ck_assert_uint_eq(segments[2].dead, 96);
    ck_assert_uint_eq(index_of_test.dead_bytes, 3 * 96);
    ck_assert_uint_eq(index_of_test.objects, 0);
    ck_assert_uint_eq(index_of_test.live_bytes, 0);
}
END_TEST

START_TEST(a_husk_takes_what_was_dead_along)
{
    struct store_key key = store_key_of("a", 1);
    struct segment husk = {.slot = 0, .number = 1, .husk = true};
    book((struct index_change){.type = RECORD_PUT, .key = key, .location = place(0, 0)});
    book((struct index_change){.type = RECORD_PUT, .key = key, .location = place(1, 0), .replaces = true});
    index_lock(&index_of_test);
    ck_assert(yield_is_oldest(&index_of_test, &segments[0]));
    ck_assert_uint_eq(yield_kept(&index_of_test, &segments[0]), yield_records(&segments[0]) - 96);
    ck_assert(!yield_is_candidate(&index_of_test, &segments[SEGMENTS - 1]));
    index_replace(&index_of_test, &husk);
    ck_assert(!yield_is_candidate(&index_of_test, &husk));
    ck_assert(yield_is_oldest(&index_of_test, &segments[1]));
    index_unlock(&index_of_test);
    ck_assert_uint_eq(index_of_test.dead_bytes, 0);
    ck_assert_ptr_eq(log_of_test.chain.slots[0], &husk);
}
END_TEST

START_TEST(by_its_hash_none_of_two_is_found)
{
    struct namesake sakes[] = {namesake_of(0, 0), namesake_of(0, 1), namesake_of(0, 2)};
    struct store_key one = namesake_key(&sakes[0]), two = namesake_key(&sakes[1]), three = namesake_key(&sakes[2]);
    struct store_key hash = store_key_of_hash(one.hash);
    struct crowd crowd = {.count = 1, .tags = index_tag(&index_of_test, &one)};
    book((struct index_change){.type = RECORD_PUT, .key = one, .location = place(0, 0)});
    ck_assert_uint_eq(now(two), location_pack(place(0, 0))); /* whoever reads it sees that it is another key's */
    book((struct index_change){.type = RECORD_PUT, .key = two, .location = place(0, 1), .others = crowd});
    ck_assert_uint_eq(index_now(&index_of_test, &hash, &crowd), INDEX_SEVERAL);
    ck_assert_uint_eq(crowd.count, 2);
    ck_assert_uint_eq(now(one), location_pack(place(0, 0)));
    ck_assert_uint_eq(now(two), location_pack(place(0, 1)));
    ck_assert_uint_eq(now(three), 0);
    ck_assert_uint_eq(count_each(), 2);
    book((struct index_change){.type = RECORD_TOMBSTONE, .key = one, .location = place(0, 2), .replaces = true});
    ck_assert_uint_eq(index_now(&index_of_test, &hash, &crowd), location_pack(place(0, 1)));
    ck_assert_uint_eq(crowd.count, 0);
    ck_assert_uint_eq(now(two), location_pack(place(0, 1)));
    ck_assert_uint_eq(count_each(), 1);
}
END_TEST

/* What the keys of a family lead to, beside the index. */
struct family {
    uint64_t packed[MEMBERS];
    struct namesake sakes[MEMBERS];
};

static struct crowd others_of(const struct family *family, unsigned but)
{
    struct crowd crowd = {0};
    for (unsigned i = 0; i < MEMBERS; i++) {
        struct store_key key = namesake_key(&family->sakes[i]);
        if (i != but && family->packed[i])
            crowd = crowd_with(crowd, index_tag(&index_of_test, &key));
    }
    return crowd;
}

static void book_one(struct family *family, unsigned member, bool put, uint32_t round)
{
    uint64_t *packed = &family->packed[member];
    struct index_change change = {.type = put ? RECORD_PUT : RECORD_TOMBSTONE,
                                  .key = namesake_key(&family->sakes[member]),
                                  .location = place(round % SEGMENTS, round),
                                  .replaces = *packed != 0,
                                  .others = others_of(family, member)};
    book(change);
    *packed = put ? location_pack(change.location) : 0;
}

static uint64_t expect_family(const struct family *family)
{
    struct store_key hash = store_key_of_hash(namesake_key(&family->sakes[0]).hash);
    struct crowd all = others_of(family, MEMBERS);
    uint64_t single = 0;
    for (unsigned i = 0; i < MEMBERS; i++)
        single = family->packed[i] ? family->packed[i] : single;
    for (unsigned i = 0; i < MEMBERS; i++)
        ck_assert_uint_eq(now(namesake_key(&family->sakes[i])), all.count == 1 ? single : family->packed[i]);
    ck_assert_uint_eq(now(hash), all.count > 1 ? INDEX_SEVERAL : single);
    return all.count;
}

START_TEST(any_order_of_bookings_comes_out_right)
{
    static struct family families[FAMILIES];
    struct prng prng = prng_of(7);
    for (unsigned i = 0; i < FAMILIES * MEMBERS; i++)
        families[i / MEMBERS].sakes[i % MEMBERS] = namesake_of(i / MEMBERS, i % MEMBERS);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct family *family = &families[prng_below(&prng, FAMILIES)];
        unsigned member = (unsigned)prng_below(&prng, MEMBERS);
        bool put = prng_one_in(&prng, 2);
        if (put || family->packed[member])
            book_one(family, member, put, round);
        expect_family(family);
    }
    uint64_t objects = 0;
    for (unsigned i = 0; i < FAMILIES; i++)
        objects += expect_family(&families[i]);
    ck_assert_uint_eq(index_of_test.objects, objects);
    ck_assert_uint_eq(count_each(), objects);
    ck_assert_uint_eq(segments[0].live + segments[1].live + segments[2].live, objects);
}
END_TEST

static void find_without_the_lock(void)
{
    struct store_key key = store_key_of("a", 1);
    (void)index_find(&index_of_test, &key);
}

static void find_with_the_lock(void)
{
    index_lock_shared(&index_of_test);
    find_without_the_lock();
    index_unlock(&index_of_test);
}

static void book_with_a_shared_lock(void)
{
    index_lock_shared(&index_of_test);
    index_publish(&index_of_test);
    index_unlock(&index_of_test);
}

static void book_with_the_lock(void)
{
    index_lock(&index_of_test);
    index_publish(&index_of_test);
    find_without_the_lock();
    index_unlock(&index_of_test);
}

static void look_for_a_namesake_without_the_lock(void)
{
    struct namesakes *namesakes = namesakes_new(42, &index_of_test.lock);
    (void)namesakes_find(namesakes, 1);
}

static void add_a_namesake_with_a_shared_lock(void)
{
    struct namesakes *namesakes = namesakes_new(42, &index_of_test.lock);
    index_lock_shared(&index_of_test);
    (void)namesakes_find(namesakes, 1);
    namesakes_add(namesakes, 1, 1, 1);
    index_unlock(&index_of_test);
}

START_TEST(who_has_not_the_lock_is_stopped)
{
    ck_assert_int_eq(unit_signal_of(look_for_a_namesake_without_the_lock), SIGABRT);
    ck_assert_int_eq(unit_signal_of(add_a_namesake_with_a_shared_lock), SIGABRT);
    ck_assert_int_eq(unit_signal_of(find_without_the_lock), SIGABRT);
    ck_assert_int_eq(unit_signal_of(find_with_the_lock), 0);
    ck_assert_int_eq(unit_signal_of(book_with_a_shared_lock), SIGABRT);
    ck_assert_int_eq(unit_signal_of(book_with_the_lock), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_put_makes_its_key_lead_to_it,
        what_replaces_a_record_ends_it,
        tombstones_and_marks_are_booked_where_they_stand,
        a_husk_takes_what_was_dead_along,
        by_its_hash_none_of_two_is_found,
        any_order_of_bookings_comes_out_right,
        who_has_not_the_lock_is_stopped,
    };
    return UNIT_RUN_WITH("index", setup, teardown, tests);
}
