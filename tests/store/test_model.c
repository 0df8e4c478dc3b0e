/* test_model.c - long random histories on a simulated disk against a plain map.
 *
 * One history is a few thousand attempts on one disk, with restarts, power cuts, full disks, failing syncs and
 * short transfers strewn in. In every third the stores have limits that come and go. Uploads that survive all that are
 * on their way meanwhile (model_uploads.h). Its seed says all of it, but for the order in which threads meet.
 *
 *   CAIRN_OPERATIONS   attempts in all (100,000)
 *   CAIRN_SEED         the first history's seed (1); the next one has the next number
 */
#include "tests/lib/history.h"
#include "tests/lib/model.h"
#include "tests/lib/model_limits.h"
#include "tests/lib/prng.h"
#include "tests/lib/sim_disk.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { OPERATIONS = 100000, HISTORY = 5000 };

struct totals {
    uint64_t histories;
    uint64_t operations;
    uint64_t acknowledged;
    uint64_t refused;
    uint64_t failed;
    uint64_t doubts;
    uint64_t reads;
    uint64_t resumed; /* steps of uploads that survive, ... */
    uint64_t finished;
    uint64_t again;
    uint64_t cuts;
    uint64_t restarts;
    uint64_t hours;
    uint64_t full_disks;
    uint64_t failed_syncs;
    uint64_t failed_writes;
    uint64_t failed_calls;
};

struct life {
    struct sim_disk *disk;
    struct model *model;
    struct prng prng;
    struct totals *totals;
    bool limited; /* stores get limits now and then */
};

static void rounds(struct life *life, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (life->limited && prng_one_in(&life->prng, 4))
            model_limit(life->model, &life->prng, (unsigned)prng_below(&life->prng, MODEL_STORES));
        if (prng_one_in(&life->prng, 4)) {
            history_burst(life->model, &life->prng);
        } else {
            history_round(life->model, &life->prng, 1 + (unsigned)prng_below(&life->prng, 8));
        }
        model_settle(life->model);
    }
}

static void restart(struct life *life)
{
    life->totals->restarts++;
    life->model->disturbed = false;
    model_close(life->model);
    model_open(life->model, NULL);
}

/* Several writes are under way when the light goes out, and sometimes it goes out again during recovery. */
static void cut(struct life *life)
{
    life->model->disturbed = true;
    sim_disk_cut_after(life->disk, prng_below(&life->prng, 150));
    for (unsigned i = 0; i < 3; i++) {
        if (prng_one_in(&life->prng, 2)) {
            history_burst(life->model, &life->prng);
        } else {
            history_round(life->model, &life->prng, 8);
        }
    }
    model_power_cut(life->model, prng_next(&life->prng));
    life->totals->cuts++;
    life->model->disturbed = false;
}

static void cut_recovery(struct life *life)
{
    cut(life);
    model_close(life->model);
    life->model->disturbed = true;
    sim_disk_cut_after(life->disk, prng_below(&life->prng, 80));
    model_open(life->model, NULL);
    model_power_cut(life->model, prng_next(&life->prng));
    life->totals->cuts++;
    life->model->disturbed = false;
}

/* When space returns, all is well again without a restart. */
static void fill_disk(struct life *life)
{
    life->totals->full_disks++;
    life->model->disturbed = true;
    sim_disk_set_free(life->disk, prng_one_in(&life->prng, 2) ? 0 : prng_below(&life->prng, 200000));
    rounds(life, 4);
    model_verify(life->model);
    sim_disk_set_free(life->disk, UINT64_MAX);
    life->model->disturbed = false;
}

static void fail_sync(struct life *life)
{
    enum sim_call sync = prng_one_in(&life->prng, 3) ? SIM_FSYNC : SIM_FDATASYNC;
    life->totals->failed_syncs++;
    life->model->disturbed = true;
    sim_disk_fail(life->disk, sync, 1 + prng_below(&life->prng, 10), prng_one_in(&life->prng, 2), EIO);
    rounds(life, 3);
    model_verify(life->model);
    sim_disk_heal(life->disk);
    if (prng_one_in(&life->prng, 2)) {
        model_power_cut(life->model, prng_next(&life->prng));
        life->totals->cuts++;
        life->model->disturbed = false;
    } else {
        restart(life);
    }
}

/* A write that fails leaves the log in doubt, but the store goes on; sometimes until a cut looks at what is there. */
static void fail_write(struct life *life)
{
    life->totals->failed_writes++;
    life->model->disturbed = true;
    sim_disk_fail(life->disk, SIM_PWRITE, 1 + prng_below(&life->prng, 6), prng_one_in(&life->prng, 4), EIO);
    rounds(life, 3);
    sim_disk_heal(life->disk);
    model_settle(life->model);
    life->model->disturbed = false;
    history_burst(life->model, &life->prng);
    model_verify(life->model);
    if (prng_one_in(&life->prng, 2)) {
        model_power_cut(life->model, prng_next(&life->prng));
        life->totals->cuts++;
    }
}

/* Any call fails; afterwards the store goes on as far as it can, and then is started again without a cut. */
static void fail_any(struct life *life)
{
    enum sim_call call = (enum sim_call)prng_below(&life->prng, SIM_CALLS);
    life->totals->failed_calls++;
    life->model->disturbed = true;
    sim_disk_fail(life->disk, call, 1 + prng_below(&life->prng, 8), prng_one_in(&life->prng, 3), EIO);
    rounds(life, 3);
    sim_disk_heal(life->disk);
    rounds(life, 2);
    restart(life);
}

/* Compaction begins; often the power goes before it has ended. */
static void churn(struct life *life)
{
    unsigned store = (unsigned)prng_below(&life->prng, MODEL_STORES);
    model_lift_limits(life->model);
    history_churn(life->model, &life->prng, store);
    if (prng_one_in(&life->prng, 2))
        cut(life);
}

/* What has expired is met by what comes next, or deleted at the next start, or the power goes while that begins. */
static void pass_hour(struct life *life)
{
    life->totals->hours++;
    model_pass_hour(life->model);
    if (prng_one_in(&life->prng, 3))
        return;
    if (prng_one_in(&life->prng, 2)) {
        restart(life);
        model_await_purge(life->model);
        return;
    }
    model_close(life->model);
    life->model->disturbed = true;
    sim_disk_cut_after(life->disk, prng_below(&life->prng, 200));
    if (model_open(life->model, NULL) == STORE_OK)
        history_round(life->model, &life->prng, 4);
    model_power_cut(life->model, prng_next(&life->prng));
    life->totals->cuts++;
    life->model->disturbed = false;
}

static void stutter(struct life *life)
{
    sim_disk_set_short(life->disk, 3);
    sim_disk_set_interrupts(life->disk, 5);
    rounds(life, 3);
    sim_disk_set_short(life->disk, 0);
    sim_disk_set_interrupts(life->disk, 0);
}

static void episode(struct life *life)
{
    uint64_t chance = prng_below(&life->prng, 100);
    if (chance < 4 && !life->limited) {
        pass_hour(life);
    } else if (chance < 38) {
        rounds(life, 8);
    } else if (chance < 40) {
        churn(life);
    } else if (chance < 65) {
        cut(life);
    } else if (chance < 72) {
        cut_recovery(life);
    } else if (chance < 80) {
        restart(life);
    } else if (chance < 88) {
        fill_disk(life);
    } else if (chance < 92) {
        fail_sync(life);
    } else if (chance < 95) {
        fail_write(life);
    } else if (chance < 98) {
        fail_any(life);
    } else {
        stutter(life);
    }
    model_verify(life->model);
}

static void add_up(struct totals *totals, const struct model *model)
{
    totals->histories++;
    totals->operations += model->operations;
    totals->acknowledged += model->acknowledged;
    totals->refused += model->refused;
    totals->failed += model->failed;
    totals->doubts += model->doubts;
    totals->reads += model->reads;
    for (unsigned i = 0; i < MODEL_STORES; i++) {
        totals->resumed += model->uploads[i].operations;
        totals->finished += model->uploads[i].finished;
        totals->again += model->uploads[i].again;
    }
}

static void history(uint64_t seed, uint64_t operations, struct totals *totals)
{
    struct life life = {.disk = sim_disk_new(seed), .prng = prng_of(seed), .totals = totals};
    life.limited = seed % 3 == 0;
    life.model = model_new(life.disk, seed);
    model_open(life.model, NULL);
    while (life.model->operations < operations)
        episode(&life);
    restart(&life);
    model_verify(life.model);
    model_close(life.model);
    add_up(totals, life.model);
    model_free(life.model);
    sim_disk_free(life.disk);
}

static void print(uint64_t first, const struct totals *totals)
{
    printf("model: seeds %llu to %llu: %llu histories, %llu writes (%llu acknowledged, %llu refused by limits, %llu "
           "failed by the disk, "
           "%llu decided after a restart), %llu reads, %llu steps of resumable uploads (%llu of which became objects, "
           "%llu asked for again), %llu power cuts, %llu restarts, %llu hours, %llu full disks, "
           "%llu failing syncs, %llu failing writes, %llu other failing calls\n",
           (unsigned long long)first, (unsigned long long)(first + totals->histories - 1),
           (unsigned long long)totals->histories, (unsigned long long)totals->operations,
           (unsigned long long)totals->acknowledged, (unsigned long long)totals->refused,
           (unsigned long long)totals->failed, (unsigned long long)totals->doubts, (unsigned long long)totals->reads,
           (unsigned long long)totals->resumed, (unsigned long long)totals->finished, (unsigned long long)totals->again,
           (unsigned long long)totals->cuts, (unsigned long long)totals->restarts, (unsigned long long)totals->hours,
           (unsigned long long)totals->full_disks, (unsigned long long)totals->failed_syncs,
           (unsigned long long)totals->failed_writes, (unsigned long long)totals->failed_calls);
    fflush(stdout);
}

START_TEST(histories_follow_the_map)
{
    uint64_t operations = prng_environment("CAIRN_OPERATIONS", OPERATIONS);
    uint64_t first = prng_environment("CAIRN_SEED", 1);
    struct totals totals = {0};
    while (totals.operations < operations) {
        uint64_t left = operations - totals.operations;
        history(first + totals.histories, left < HISTORY ? left : HISTORY, &totals);
    }
    print(first, &totals);
    ck_assert_uint_gt(totals.acknowledged, totals.operations / 4);
    ck_assert_uint_gt(totals.finished, totals.operations / 1000);
    ck_assert(totals.histories < 3 || totals.refused > totals.operations / 100);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model");
    TCase *all = tcase_create("histories");
    tcase_set_timeout(all, 0);
    tcase_add_test(all, histories_follow_the_map);
    suite_add_tcase(suite, all);
    return unit_conclude(suite);
}
