/* test_power.c - the power is cut at every call of a scenario, several seeds each, and often once more while the
 * store recovers. After each cut the depot opens, and every invariant of model.h holds.
 *
 *   CAIRN_CUTS   cuts in all, at least (10,000)
 *   CAIRN_SEED   the first seed (1)
 */
#include "tests/lib/history.h"
#include "tests/lib/model.h"
#include "tests/lib/prng.h"
#include "tests/lib/sim_disk.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

enum { CUTS = 10000, AFTERWARDS = 6 };

static uint64_t cuts;

/* The number of calls the scenario makes when nothing goes wrong. */
static uint64_t scenario_calls(void)
{
    struct sim_disk *disk = sim_disk_new(1);
    struct model *model = model_new(disk, 1);
    model_open(model, NULL);
    ck_assert(history_scenario(model));
    model_free(model);
    uint64_t calls = sim_disk_calls(disk, SIM_ANY);
    sim_disk_free(disk);
    return calls;
}

static void cut_scenario(struct model *model, uint64_t call, uint64_t seed)
{
    model->disturbed = true;
    sim_disk_cut_after(model->disk, call);
    if (model_open(model, NULL) == STORE_OK) {
        history_scenario(model);
    }
    model_power_cut(model, seed);
    model->disturbed = false;
    cuts++;
}

static void cut_recovery(struct model *model, struct prng *prng)
{
    model_close(model);
    model->disturbed = true;
    sim_disk_cut_after(model->disk, prng_below(prng, 80));
    model_open(model, NULL);
    model_power_cut(model, prng_next(prng));
    model->disturbed = false;
    cuts++;
}

/* What a cut has left must also be good to go on with, and to be cut again. */
static void go_on(struct model *model, struct prng *prng)
{
    history_round(model, prng, AFTERWARDS);
    if (prng_one_in(prng, 3)) {
        model->disturbed = true;
        model_power_cut(model, prng_next(prng));
        model->disturbed = false;
        cuts++;
    }
    model_verify(model);
}

static void cut_at(uint64_t call, uint64_t seed)
{
    struct sim_disk *disk = sim_disk_new(seed);
    struct model *model = model_new(disk, seed);
    struct prng prng = prng_of(prng_seed(seed, call));
    snprintf(model->scene, sizeof model->scene, "cut after call %llu", (unsigned long long)call);
    cut_scenario(model, call, prng_next(&prng));
    model_verify(model);
    if (prng_one_in(&prng, 2)) {
        cut_recovery(model, &prng);
    }
    go_on(model, &prng);
    model_free(model);
    sim_disk_free(disk);
}

START_TEST(a_cut_at_any_call_loses_nothing)
{
    uint64_t wanted = prng_environment("CAIRN_CUTS", CUTS);
    uint64_t first = prng_environment("CAIRN_SEED", 1);
    uint64_t calls = scenario_calls();
    uint64_t seed = first;
    for (; cuts < wanted; seed++) {
        for (uint64_t call = 0; call < calls; call++) {
            cut_at(call, seed);
        }
    }
    printf("power: %llu power cuts, at each of the %llu calls of the scenario, seeds %llu to %llu\n",
           (unsigned long long)cuts, (unsigned long long)calls, (unsigned long long)first,
           (unsigned long long)(seed - 1));
    fflush(stdout);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("power");
    TCase *sweep = tcase_create("sweep");
    tcase_set_timeout(sweep, 0);
    tcase_add_test(sweep, a_cut_at_any_call_loses_nothing);
    suite_add_tcase(suite, sweep);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
