/* test_join.c - parts of uploads become one, all or none of them. */
#include "tests/lib/carrier.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <semaphore.h>

FIXTURE_OF_EACH_TEST

/* ---- parts -------------------------------------------------------------------------------------- */

/* Nothing is left of them, and who comes with them again hears what became of them. */
static void must_be_joined(const uint64_t parts[CARRIER_PARTS])
{
    struct stream *stream;
    struct upload_info info;
    ck_assert_uint_eq(carrier_listed(&fixture), 0);
    ck_assert_uint_eq(fixture_figures(&fixture).unfinished_bytes, 0);
    ck_assert_int_eq(carrier_join(&fixture, parts, CARRIER_PARTS, &stream, &info), STORE_OK);
    ck_assert(!stream && info.done);
    struct store_digest digest = store_digest_of(carrier_bytes(), CARRIER_SIZE);
    ck_assert(info.length == CARRIER_SIZE && store_digest_equal(&info.digest, &digest));
}

START_TEST(parts_become_one_upload)
{
    uint64_t parts[CARRIER_PARTS];
    struct upload_info info;
    struct stream *stream;
    carrier_bring_parts(&fixture, parts);
    carrier_limit(&fixture, CARRIER_SIZE); /* they count once */
    ck_assert_int_eq(carrier_join(&fixture, parts, CARRIER_PARTS, &stream, &info), STORE_OK);
    ck_assert_uint_eq(carrier_listed(&fixture), CARRIER_PARTS);
    ck_assert_uint_eq(carrier_must_look(&fixture, parts[0]), carrier_seams[1]);
    ck_assert_uint_eq(info.offset, CARRIER_SIZE);
    ck_assert_int_eq(carrier_commit(stream, &carrier_no_condition), STORE_OK);
    ck_assert_int_eq(carrier_look(&fixture, parts[0], &info), STORE_NO_UPLOAD);
    ck_assert_int_eq(fixture_get(&fixture, "k", carrier_bytes(), CARRIER_SIZE), STORE_OK);
    must_be_joined(parts);
}
END_TEST

START_TEST(the_same_parts_are_the_same_upload)
{
    static const struct store_condition absent = {.absent = true};
    uint64_t parts[CARRIER_PARTS];
    struct upload_info info;
    struct stream *stream;
    carrier_bring_parts(&fixture, parts);
    ck_assert_int_eq(carrier_join_if(&fixture, parts, CARRIER_PARTS, &absent, &stream, &info), STORE_OK);
    ck_assert_int_eq(carrier_commit(stream, &absent), STORE_OK);
    fixture_must_put(&fixture, "k", "later");
    for (int i = 0; i < 2; i++) {
        uint64_t id = info.id;
        ck_assert_int_eq(carrier_join_if(&fixture, parts, CARRIER_PARTS, &absent, &stream, &info), STORE_OK);
        ck_assert(!stream && info.done && info.id == id && !info.existed);
        carrier_reopen(&fixture);
    }
    fixture_must_hold(&fixture, "k", "later");
    ck_assert_int_eq(carrier_join(&fixture, parts, CARRIER_PARTS - 1, &stream, &info), STORE_NO_UPLOAD);
    ck_assert_int_eq(upload_forget(fixture.store, info.id), STORE_NO_UPLOAD);
    ck_assert_int_eq(carrier_join(&fixture, parts, CARRIER_PARTS, &stream, &info), STORE_OK);
    ck_assert_int_eq(upload_forget(fixture.store, info.id), STORE_OK);
    ck_assert_int_eq(carrier_join(&fixture, parts, CARRIER_PARTS, &stream, &info), STORE_NO_UPLOAD);
}
END_TEST

static void post(void *arg)
{
    sem_post(arg);
}

START_TEST(who_comes_with_them_meanwhile_waits)
{
    uint64_t parts[CARRIER_PARTS];
    struct upload_info info;
    struct stream *stream, *other;
    sem_t told;
    carrier_bring_parts(&fixture, parts);
    ck_assert_int_eq(carrier_join(&fixture, parts, CARRIER_PARTS, &stream, &info), STORE_OK);
    ck_assert_int_eq(carrier_join(&fixture, parts, CARRIER_PARTS, &other, &info), STORE_AGAIN);
    ck_assert_int_eq(carrier_join(&fixture, parts, CARRIER_PARTS - 1, &other, &info), STORE_UPLOAD_HELD);
    ck_assert_int_eq(carrier_join(&fixture, parts, CARRIER_PARTS, &other, &info), STORE_AGAIN);
    sem_init(&told, 0, 0);
    struct upload_claim asked = {.id = info.id, .wish = UPLOAD_SETTLED, .ready = post, .arg = &told};
    ck_assert_int_eq(upload_claim(fixture.store, &asked), STORE_OK);
    ck_assert_int_ne(sem_trywait(&told), 0);
    ck_assert_int_eq(carrier_commit(stream, &carrier_no_condition), STORE_OK);
    while (sem_wait(&told) < 0)
        ;
    sem_destroy(&told);
    must_be_joined(parts);
}
END_TEST

/* Parts are there as they were, and count once. */
static void must_have_parts(const uint64_t parts[CARRIER_PARTS])
{
    ck_assert_uint_eq(carrier_listed(&fixture), CARRIER_PARTS);
    for (int i = 0; i < CARRIER_PARTS; i++)
        ck_assert_uint_eq(carrier_must_look(&fixture, parts[i]), carrier_seams[i + 1] - carrier_seams[i]);
    ck_assert_uint_eq(fixture_figures(&fixture).unfinished_bytes, CARRIER_SIZE);
}

START_TEST(parts_outlive_what_does_not_become_an_object)
{
    static const struct store_condition exists = {.exists = true};
    struct upload_info info;
    struct stream *stream;
    uint64_t parts[CARRIER_PARTS];
    carrier_bring_parts(&fixture, parts);
    ck_assert_int_eq(carrier_join(&fixture, parts, CARRIER_PARTS, &stream, &info), STORE_OK);
    ck_assert_int_eq(carrier_commit(stream, &exists), STORE_CONDITION);
    must_have_parts(parts);
    uint64_t calls = sim_disk_calls(fixture.disk, SIM_COPY_RANGE);
    ck_assert_int_eq(carrier_join_if(&fixture, parts, CARRIER_PARTS, &exists, &stream, &info), STORE_CONDITION);
    ck_assert_uint_eq(sim_disk_calls(fixture.disk, SIM_COPY_RANGE), calls);
    must_have_parts(parts);
    ck_assert_int_eq(carrier_join(&fixture, parts, CARRIER_PARTS, &stream, &info), STORE_OK);
    stream_abort(stream);
    carrier_reopen(&fixture); /* waits for it */
    must_have_parts(parts);
    ck_assert_int_eq(carrier_look(&fixture, info.id, &info), STORE_NO_UPLOAD);
}
END_TEST

START_TEST(what_is_no_complete_part_is_not_joined)
{
    struct stream *stream;
    struct upload_info info;
    uint64_t parts[] = {carrier_must_create_part(&fixture, 0, 10), carrier_must_create(&fixture, "k", 10),
                        carrier_must_create(&fixture, "k", 10) + 1};
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(carrier_join(&fixture, parts + i, 1, &stream, &info),
                         i < 2 ? STORE_UPLOAD_PARTS : STORE_NO_UPLOAD);
    ck_assert_int_eq(carrier_bring_part(&fixture, parts[0], 0, 10), STORE_OK);
    parts[1] = parts[0];
    ck_assert_int_eq(carrier_join(&fixture, parts, 2, &stream, &info), STORE_UPLOAD_PARTS);
    ck_assert_int_eq(carrier_resume(&fixture, parts[0], 9, false, &stream), STORE_UPLOAD_OFFSET);
    ck_assert_uint_eq(carrier_must_look(&fixture, parts[0]), 10);
    ck_assert_uint_eq(fixture_figures(&fixture).unfinished_bytes, 10);
}
END_TEST

/* ---- cuts and faults -------------------------------------------------------------------------- */

/* Makes one of the parts, and commits it, or hears that this has been done; whether a client was told so. */
static bool join_and_commit(const uint64_t *parts)
{
    struct stream *stream;
    struct upload_info info;
    if (carrier_join(&fixture, parts, CARRIER_PARTS, &stream, &info))
        return false;
    return stream ? carrier_commit(stream, &carrier_no_condition) == STORE_OK : info.done;
}

/* The object is there, and nothing of the parts, or they are, all of them; who comes with them again gets it. */
static void must_have_joined(const uint64_t *parts, bool done)
{
    bool there = fixture_get(&fixture, "k", carrier_bytes(), CARRIER_SIZE) == STORE_OK;
    ck_assert(there || !done);
    if (!there)
        must_have_parts(parts);
    ck_assert(join_and_commit(parts));
    ck_assert_int_eq(fixture_get(&fixture, "k", carrier_bytes(), CARRIER_SIZE), STORE_OK);
    must_be_joined(parts);
}

/* However often they come again: nothing takes the place of what is put now. */
static void must_not_come_later(const uint64_t *parts)
{
    fixture_must_put(&fixture, "k", "later");
    must_be_joined(parts);
    carrier_reopen(&fixture);
    must_be_joined(parts);
    fixture_must_hold(&fixture, "k", "later");
}

static uint64_t join_calls(void)
{
    uint64_t parts[CARRIER_PARTS];
    carrier_start_over(&fixture, 1);
    carrier_bring_parts(&fixture, parts);
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
    uint64_t calls = join_calls(), parts[CARRIER_PARTS];
    for (uint64_t call = 1; call <= 2 * calls; call++) {
        carrier_start_over(&fixture, call);
        carrier_bring_parts(&fixture, parts);
        end_join(parts, call, calls);
        must_not_come_later(parts);
    }
}
END_TEST

START_TEST(a_fault_while_parts_are_joined_is_over_when_they_come_again)
{
    uint64_t calls = join_calls(), parts[CARRIER_PARTS];
    for (uint64_t call = 1; call <= calls; call++) {
        carrier_start_over(&fixture, call);
        carrier_bring_parts(&fixture, parts);
        sim_disk_fail(fixture.disk, SIM_ANY, call, false, EIO);
        (void)join_and_commit(parts);
        sim_disk_heal(fixture.disk);
        if (!join_and_commit(parts)) /* a store whose log has failed takes nothing before it is opened again */
            carrier_reopen(&fixture);
        ck_assert(join_and_commit(parts));
        ck_assert_int_eq(fixture_get(&fixture, "k", carrier_bytes(), CARRIER_SIZE), STORE_OK);
        carrier_reopen(&fixture);
        must_be_joined(parts);
    }
}
END_TEST

/* ---- forgetting what they have become ---------------------------------------------------------- */

/* What the parts have become, and are no more; its id. */
static uint64_t join_anew(uint64_t seed)
{
    uint64_t parts[CARRIER_PARTS];
    struct stream *stream;
    struct upload_info info;
    carrier_start_over(&fixture, seed);
    carrier_bring_parts(&fixture, parts);
    ck_assert_int_eq(carrier_join(&fixture, parts, CARRIER_PARTS, &stream, &info), STORE_OK);
    ck_assert_int_eq(carrier_commit(stream, &carrier_no_condition), STORE_OK);
    return info.id;
}

static uint64_t forget_calls(void)
{
    uint64_t id = join_anew(1), before = sim_disk_calls(fixture.disk, SIM_ANY);
    ck_assert_int_eq(upload_forget(fixture.store, id), STORE_OK);
    return sim_disk_calls(fixture.disk, SIM_ANY) - before;
}

static void must_have_no_part(void)
{
    ck_assert_uint_eq(carrier_listed(&fixture), 0);
    ck_assert_uint_eq(fixture_figures(&fixture).unfinished_bytes, 0);
}

/* Their names go without a sync, and so does that of what knows of them: a cut must not leave the one without the
 * other, in whatever order a file system brings them to the disk. */
START_TEST(no_part_comes_back_without_what_it_has_become)
{
    enum { SEEDS = 8 };
    uint64_t calls = forget_calls();
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        for (uint64_t call = 0; call <= calls; call++) {
            uint64_t id = join_anew(seed);
            sim_disk_cut_after(fixture.disk, call);
            (void)upload_forget(fixture.store, id);
            fixture_cut(&fixture, seed);
            fixture_open(&fixture);
            must_have_no_part();
        }
}
END_TEST

START_TEST(a_part_that_could_not_be_removed_goes_with_what_it_has_become)
{
    for (uint64_t call = 1; call <= (uint64_t)2 * CARRIER_PARTS; call++) {
        uint64_t parts[CARRIER_PARTS];
        struct stream *stream;
        struct upload_info info;
        carrier_start_over(&fixture, call);
        carrier_bring_parts(&fixture, parts);
        ck_assert_int_eq(carrier_join(&fixture, parts, CARRIER_PARTS, &stream, &info), STORE_OK);
        sim_disk_fail(fixture.disk, SIM_UNLINKAT, call, false, EIO);
        ck_assert_int_eq(carrier_commit(stream, &carrier_no_condition), STORE_OK);
        sim_disk_heal(fixture.disk);
        ck_assert_int_eq(upload_forget(fixture.store, info.id), STORE_OK);
        must_have_no_part();
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        parts_become_one_upload,
        the_same_parts_are_the_same_upload,
        who_comes_with_them_meanwhile_waits,
        parts_outlive_what_does_not_become_an_object,
        what_is_no_complete_part_is_not_joined,
        a_cut_or_a_fault_while_parts_are_joined_loses_none,
        a_fault_while_parts_are_joined_is_over_when_they_come_again,
        no_part_comes_back_without_what_it_has_become,
        a_part_that_could_not_be_removed_goes_with_what_it_has_become,
    };
    return UNIT_RUN_WITH("join", setup, teardown, tests);
}
