/* test_faults.c - every single call of a scenario fails, once or from then on, with every error that fits.
 *
 * For each kind of call (and for any kind), N = 1, 2, 3 and so on: the Nth such call fails, until the scenario no longer
 * meets the fault. Whatever happens, the engine answers every write, says errors that a disk can cause, never shows
 * what it did not acknowledge, leaks no descriptor; and when the fault has ended and the depot is opened again,
 * everything acknowledged is there and work goes on.
 *
 *   CAIRN_SEED   of the disk and of the work behind the fault (1)
 */
#include "tests/lib/history.h"
#include "tests/lib/model.h"
#include "tests/lib/prng.h"
#include "tests/lib/sim_disk.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fault {
    enum sim_call call;
    int error;
};

static const struct fault faults[] = {
    {SIM_OPENAT, EIO},
    {SIM_OPENAT, EMFILE},
    {SIM_OPENAT, ENOSPC},
    {SIM_CLOSE, EIO},
    {SIM_PREAD, EIO},
    {SIM_PREAD_NOWAIT, EIO},
    {SIM_PREAD_NOWAIT, EAGAIN},
    {SIM_PWRITE, EIO},
    {SIM_PWRITE, ENOSPC},
    {SIM_FDATASYNC, EIO},
    {SIM_FDATASYNC, ENOSPC},
    {SIM_FSYNC, EIO},
    {SIM_FSYNC, ENOSPC},
    {SIM_WRITE_BACK, EIO},
    {SIM_FTRUNCATE, EIO},
    {SIM_FSTAT, EIO},
    {SIM_MKDIRAT, EIO},
    {SIM_MKDIRAT, ENOSPC},
    {SIM_UNLINKAT, EIO},
    {SIM_RENAMEAT, EIO},
    {SIM_RENAMEAT, ENOSPC},
    {SIM_LINKAT, EIO},
    {SIM_LINKAT, EMLINK},
    {SIM_LINKAT, EXDEV},
    {SIM_COPY_RANGE, EIO},
    {SIM_COPY_RANGE, EINVAL},
    {SIM_LOCK, EIO},
    {SIM_LIST, EIO},
    {SIM_LIST, EMFILE},
    {SIM_FREE_BYTES, EIO},
    {SIM_ANY, EIO},
    {SIM_ANY, ENOSPC},
    {SIM_ANY, ENOMEM},
};

static uint64_t seed;
static uint64_t runs;

/* An error at opening must name itself. */
static bool open_disturbed(struct model *model)
{
    struct store_detail detail;
    enum store_error error = model_open(model, &detail);
    if (error && !model_disk_error(error)) {
        model_fail(model, "opening: \"%s\" is not what a broken disk causes", store_error_text(error));
    }
    if (error && detail.text[0] == 0) {
        model_fail(model, "opening: \"%s\" comes without a sentence", store_error_text(error));
    }
    return error == STORE_OK;
}

static void meet(struct model *model, const struct fault *fault, uint64_t nth, bool forever)
{
    model->disturbed = true;
    sim_disk_fail(model->disk, fault->call, nth, forever, fault->error);
    if (open_disturbed(model) && history_scenario(model)) {
        model_verify(model);
    }
    model_close(model);
}

static void recover(struct model *model, struct prng *prng)
{
    sim_disk_heal(model->disk);
    model->disturbed = false;
    if (prng_one_in(prng, 3)) {
        model_power_cut(model, prng_next(prng));
    } else {
        model_open(model, NULL);
    }
    model_verify(model);
    history_round(model, prng, 6);
    model_verify(model);
}

/* Returns whether the fault was met. */
static bool run(const struct fault *fault, uint64_t nth, bool forever)
{
    struct sim_disk *disk = sim_disk_new(seed + nth);
    struct model *model = model_new(disk, seed);
    struct prng prng = prng_of(prng_seed(seed, nth));
    snprintf(model->scene, sizeof model->scene, "%s %llu fails %s with errno %d", sim_call_name(fault->call),
             (unsigned long long)nth, forever ? "for ever" : "once", fault->error);
    meet(model, fault, nth, forever);
    bool met = sim_disk_faults_met(disk) > 0;
    recover(model, &prng);
    model_free(model);
    sim_disk_free(disk);
    runs++;
    return met;
}

static void sweep(const struct fault *fault, bool forever)
{
    uint64_t nth = 1;
    while (run(fault, nth, forever)) {
        nth++;
    }
}

START_TEST(a_call_that_fails)
{
    seed = prng_environment("CAIRN_SEED", 1);
    const struct fault *fault = &faults[_i];
    sweep(fault, false);
    sweep(fault, true);
    printf("faults: %s with \"%s\", once and for ever: %llu runs\n", sim_call_name(fault->call),
           strerrorname_np(fault->error), (unsigned long long)runs);
    fflush(stdout);
}
END_TEST

/* A call that is interrupted is simply made again: nobody notices. */
START_TEST(interrupts_and_short_transfers_go_unnoticed)
{
    for (uint64_t part = 0; part < 20; part++) {
        struct sim_disk *disk = sim_disk_new(part);
        struct model *model = model_new(disk, part);
        sim_disk_set_short(disk, 2);
        sim_disk_set_interrupts(disk, 3);
        model_open(model, NULL);
        ck_assert(history_scenario(model));
        model_free(model);
        sim_disk_free(disk);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("faults");
    TCase *calls = tcase_create("sweep");
    tcase_set_timeout(calls, 0);
    tcase_add_loop_test(calls, a_call_that_fails, 0, (int)(sizeof faults / sizeof *faults));
    tcase_add_test(calls, interrupts_and_short_transfers_go_unnoticed);
    suite_add_tcase(suite, calls);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
