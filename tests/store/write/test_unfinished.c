/* test_unfinished.c - uploads survive the server's end, power cuts and a disk that fails. */
#include "tests/lib/carrier.h"
#include "tests/lib/prng.h"
#include "tests/lib/unit.h"

#include <errno.h>

enum { SEEDS = 3 };

FIXTURE_OF_EACH_TEST

/* ---- cuts and faults -------------------------------------------------------------------------- */

/* What a client was told. */
struct told {
    bool made;
    uint64_t id;
    uint64_t offset;
    bool done;
};

static void scenario(struct told *told)
{
    uint64_t offset;
    if (!fixture.store || carrier_create(&fixture, "k", CARRIER_SIZE, &told->id))
        return;
    told->made = true;
    if (carrier_bring(&fixture, told->id, 0, 100 * CARRIER_KIB + 1, &offset))
        return;
    told->offset = offset;
    if (!carrier_hand_over(&fixture, told->id, offset, 400 * CARRIER_KIB, &offset))
        return;
    told->offset = offset;
    told->done = carrier_conclude(&fixture, told->id, offset, CARRIER_SIZE, &carrier_no_condition) == STORE_OK;
}

/* Each upload that counts is one that somebody can go on with or remove, and what is done has no bytes of its own. */
static void must_be_whole(void)
{
    size_t open = carrier_listed(&fixture);
    ck_assert_uint_eq(fixture_figures(&fixture).unfinished_uploads, open);
    ck_assert_uint_eq(carrier_files(&fixture, ".part"), open);
}

/* The client comes back, and goes on from what it is told now. */
static void go_on(const struct told *told)
{
    struct upload_info info;
    must_be_whole();
    if (!told->made)
        return;
    ck_assert_int_eq(carrier_look(&fixture, told->id, &info), STORE_OK);
    ck_assert_msg(info.offset >= told->offset, "told %llu, has %llu", (unsigned long long)told->offset,
                  (unsigned long long)info.offset);
    ck_assert(info.done || !told->done);
    if (!info.done)
        carrier_must_conclude(&fixture, told->id, info.offset, CARRIER_SIZE);
    ck_assert_int_eq(fixture_get(&fixture, "k", carrier_bytes(), CARRIER_SIZE), STORE_OK);
    must_be_whole();
    ck_assert_uint_eq(carrier_listed(&fixture), 0);
}

static uint64_t scenario_calls(void)
{
    struct told told = {0};
    carrier_start_over(&fixture, 1);
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
            carrier_start_over(&fixture, seed);
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
        carrier_start_over(&fixture, call);
        sim_disk_fail(fixture.disk, SIM_ANY, call, false, call % 2 ? EIO : ENOSPC);
        scenario(&told);
        sim_disk_heal(fixture.disk);
        carrier_reopen(&fixture);
        go_on(&told);
    }
}
END_TEST

START_TEST(what_is_removed_does_not_come_back)
{
    struct upload_info info;
    for (uint64_t seed = 1; seed <= 2 * SEEDS; seed++) {
        carrier_start_over(&fixture, seed);
        uint64_t id = carrier_must_create(&fixture, "k", CARRIER_SIZE);
        carrier_must_bring(&fixture, id, 0, 1000);
        ck_assert_int_eq(upload_forget(fixture.store, id), STORE_OK);
        fixture_cut(&fixture, seed);
        fixture_open(&fixture);
        ck_assert_int_eq(carrier_look(&fixture, id, &info), STORE_NO_UPLOAD);
        ck_assert_uint_eq(fixture_figures(&fixture).unfinished_bytes, 0);
        must_be_whole();
    }
}
END_TEST

/* ---- histories --------------------------------------------------------------------------------- */

enum { KNOWN = 5, HISTORIES = 6, EVENTS = 60, LONG = 300 * CARRIER_KIB, HOP = 60 * CARRIER_KIB };

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
    if (last && carrier_conclude(&fixture, known->id, offset, LONG, &carrier_no_condition) == STORE_OK)
        known->done = true;
    if (!last && hang && !carrier_hand_over(&fixture, known->id, offset, offset + length, &offset))
        return;
    if (!last && !hang && carrier_bring(&fixture, known->id, offset, offset + length, &offset))
        return;
    known->offset = offset;
}

/* What one client does next; on a disk that fails it may come to nothing. */
static void act(struct known *known, struct prng *prng)
{
    struct upload_info info;
    if (!known->made) {
        known->made = carrier_create(&fixture, known->key, LONG, &known->id) == STORE_OK;
        known->done = false;
        known->offset = 0;
    } else if (known->done || prng_one_in(prng, 20)) {
        known->made = false;
        (void)upload_forget(fixture.store, known->id);
    } else if (carrier_look(&fixture, known->id, &info) == STORE_OK) {
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
        ck_assert_int_eq(carrier_look(&fixture, known[i].id, &info), STORE_OK);
        learn(&known[i], &info);
        if (info.done)
            ck_assert_int_eq(fixture_get(&fixture, known[i].key, carrier_bytes(), LONG), STORE_OK);
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
        carrier_start_over(&fixture, seed);
        for (int event = 0; event < EVENTS; event++)
            if (prng_one_in(&prng, 6))
                end_and_begin(known, &prng);
            else
                act(&known[prng_below(&prng, KNOWN)], &prng);
        end_and_begin(known, &prng);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_cut_at_any_call_loses_nothing_that_was_told,
        a_call_that_fails_costs_nothing_that_was_told,
        what_is_removed_does_not_come_back,
        whatever_happens_what_was_told_is_so,
    };
    return UNIT_RUN_WITH("unfinished", setup, teardown, tests);
}
