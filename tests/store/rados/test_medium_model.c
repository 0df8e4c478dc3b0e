/* test_medium_model.c - long random histories on a pool in memory against a plain map.
 *
 * As store/test_model.c has them of a disk, with what can happen to a cluster: the process is gone in the middle of
 * anything, and what it had asked for may happen until the next one has shut it out; calls fail, or nobody knows.
 *
 *   CAIRN_OPERATIONS   attempts in all (20,000)
 *   CAIRN_SEED         the first history's seed (1); the next one has the next number
 */
#include "tests/lib/history.h"
#include "tests/lib/model.h"
#include "tests/lib/sim_medium.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>

enum { OPERATIONS = 20000, HISTORY = 5000 };

struct totals {
    uint64_t histories;
    uint64_t operations;
    uint64_t acknowledged;
    uint64_t failed;
    uint64_t doubts;
    uint64_t reads;
    uint64_t cuts;
    uint64_t restarts;
    uint64_t failed_calls;
};

struct life {
    struct sim_medium *ground;
    struct model *model;
    struct prng prng;
    struct totals *totals;
};

static void rounds(struct life *life, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (prng_one_in(&life->prng, 4))
            history_burst(life->model, &life->prng);
        else
            history_round(life->model, &life->prng, 1 + (unsigned)prng_below(&life->prng, 8));
        model_settle(life->model);
    }
}

/* Now and then as another process, to which the first has given back what it had. */
static void restart(struct life *life)
{
    life->totals->restarts++;
    life->model->disturbed = false;
    model_close(life->model);
    if (prng_one_in(&life->prng, 2))
        sim_medium_restart(life->ground);
    model_open(life->model, NULL);
}

static void power_cut(struct life *life)
{
    model_power_cut(life->model, prng_next(&life->prng));
    life->totals->cuts++;
    life->model->disturbed = false;
}

static void cut(struct life *life)
{
    life->model->disturbed = true;
    sim_cluster_cut_after(life->ground->sim, prng_below(&life->prng, 200));
    for (unsigned i = 0; i < 3; i++) {
        if (prng_one_in(&life->prng, 2))
            history_burst(life->model, &life->prng);
        else
            history_round(life->model, &life->prng, 8);
    }
    power_cut(life);
}

/* The one who takes over is gone as well before he has come to the end of it. */
static void cut_recovery(struct life *life)
{
    cut(life);
    model_close(life->model);
    life->model->disturbed = true;
    sim_cluster_cut_after(life->ground->sim, prng_below(&life->prng, 150));
    model_open(life->model, NULL);
    power_cut(life);
}

/* Afterwards the store goes on as far as it can, and is then started again, by this process or the next one. */
static void fail_calls(struct life *life)
{
    static const int errors[] = {ETIMEDOUT, EIO, ENOSPC};
    enum sim_cluster_call call = (enum sim_cluster_call)prng_below(&life->prng, SIM_CLUSTER_CALLS + 1);
    life->totals->failed_calls++;
    life->model->disturbed = true;
    sim_cluster_fail(life->ground->sim, call, 1 + prng_below(&life->prng, 20), prng_one_in(&life->prng, 3),
                     errors[prng_below(&life->prng, sizeof errors / sizeof *errors)]);
    rounds(life, 3);
    sim_cluster_heal(life->ground->sim);
    rounds(life, 2);
    if (prng_one_in(&life->prng, 2))
        restart(life);
    else
        power_cut(life);
}

static void churn(struct life *life)
{
    history_churn(life->model, &life->prng, (unsigned)prng_below(&life->prng, MODEL_STORES));
    if (prng_one_in(&life->prng, 2))
        cut(life);
}

static void episode(struct life *life)
{
    uint64_t chance = prng_below(&life->prng, 100);
    if (chance < 40)
        rounds(life, 8);
    else if (chance < 42)
        churn(life);
    else if (chance < 67)
        cut(life);
    else if (chance < 76)
        cut_recovery(life);
    else if (chance < 86)
        restart(life);
    else
        fail_calls(life);
    model_verify(life->model);
}

static void history(uint64_t seed, uint64_t operations, struct totals *totals)
{
    struct life life = {.ground = sim_medium_new(seed), .prng = prng_of(seed), .totals = totals};
    const struct ground ground = ground_of_medium(life.ground);
    life.model = model_new_on(&ground, seed);
    model_open(life.model, NULL);
    while (life.model->operations < operations)
        episode(&life);
    restart(&life);
    model_verify(life.model);
    model_close(life.model);
    totals->histories++;
    totals->operations += life.model->operations;
    totals->acknowledged += life.model->acknowledged;
    totals->failed += life.model->failed;
    totals->doubts += life.model->doubts;
    totals->reads += life.model->reads;
    model_free(life.model);
    sim_medium_free(life.ground);
}

static void print(uint64_t first, const struct totals *totals)
{
    printf("model on a pool: seeds %llu to %llu: %llu writes (%llu acknowledged, %llu failed, %llu decided after a "
           "restart), %llu reads, %llu processes gone, %llu restarts, %llu failing calls\n",
           (unsigned long long)first, (unsigned long long)(first + totals->histories - 1),
           (unsigned long long)totals->operations, (unsigned long long)totals->acknowledged,
           (unsigned long long)totals->failed, (unsigned long long)totals->doubts, (unsigned long long)totals->reads,
           (unsigned long long)totals->cuts, (unsigned long long)totals->restarts,
           (unsigned long long)totals->failed_calls);
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
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("medium_model");
    TCase *all = tcase_create("histories");
    tcase_set_timeout(all, 0);
    tcase_add_test(all, histories_follow_the_map);
    suite_add_tcase(suite, all);
    return unit_conclude(suite);
}
