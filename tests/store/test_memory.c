/* test_memory.c - every single allocation of the engine fails, once or from then on, while a scenario runs.
 *
 * The engine is linked with its calls of malloc() and its kin renamed to scarce_malloc() and so on (CMakeLists.txt);
 * the test's own memory is not touched. Nothing may crash, leak, hang or lose what was acknowledged.
 *
 *   CAIRN_SEED   of the work behind the shortage (1)
 */
#include "tests/lib/history.h"
#include "tests/lib/model.h"
#include "tests/lib/prng.h"
#include "tests/lib/sim_disk.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xxhash.h>

/* ---- the allocator --------------------------------------------------------------------------- */

#define PLENTY UINT64_MAX

static atomic_uint_fast64_t left = PLENTY; /* allocations that succeed from now on */
static atomic_bool lasting;                /* all fail afterwards, not only one */
static atomic_uint_fast64_t refused;

static bool refuse(void)
{
    uint_fast64_t now = atomic_load(&left);
    while (now != PLENTY) {
        uint_fast64_t next = now > 0 ? now - 1 : atomic_load(&lasting) ? 0 : PLENTY;
        if (atomic_compare_exchange_weak(&left, &now, next))
            break;
    }
    bool refusing = now == 0;
    refused += refusing;
    return refusing;
}

void *scarce_malloc(size_t size);
void *scarce_calloc(size_t count, size_t size);
void *scarce_realloc(void *memory, size_t size);
void *scarce_aligned_alloc(size_t alignment, size_t size);
void *scarce_mmap(void *address, size_t length, int protection, int flags, int file, off_t offset);
XXH3_state_t *scarce_createState(void);
int scarce_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *arg);

static void *no_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

void *scarce_malloc(size_t size)
{
    return refuse() ? no_memory() : malloc(size);
}

void *scarce_calloc(size_t count, size_t size)
{
    return refuse() ? no_memory() : calloc(count, size);
}

void *scarce_realloc(void *memory, size_t size)
{
    return refuse() ? no_memory() : realloc(memory, size);
}

void *scarce_aligned_alloc(size_t alignment, size_t size)
{
    return refuse() ? no_memory() : aligned_alloc(alignment, size);
}

void *scarce_mmap(void *address, size_t length, int protection, int flags, int file, off_t offset)
{
    if (!refuse())
        return mmap(address, length, protection, flags, file, offset);
    errno = ENOMEM;
    return MAP_FAILED;
}

XXH3_state_t *scarce_createState(void)
{
    return refuse() ? no_memory() : XXH3_createState();
}

int scarce_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *arg)
{
    return refuse() ? EAGAIN : pthread_create(thread, attributes, run, arg);
}

/* ---- the sweep ------------------------------------------------------------------------------- */

static uint64_t first_seed;
static uint64_t runs;

static atomic_uint_fast64_t unexplained; /* failures that were told without their reason */

static void hear(void *arg, enum store_log_level level, const char *sentence)
{
    (void)arg;
    (void)level;
    if (strstr(sentence, "(Success)")) {
        fprintf(stderr, "%s\n", sentence);
        atomic_fetch_add(&unexplained, 1);
    }
}

static void meet(struct model *model, uint64_t nth, bool forever)
{
    model->disturbed = true;
    model->options.log = hear;
    atomic_store(&lasting, forever);
    atomic_store(&left, nth);
    enum store_error error = model_open(model, NULL);
    if (error == STORE_OK && history_scenario(model))
        model_verify(model);
    model_close(model);
    atomic_store(&left, PLENTY);
}

/* Returns whether an allocation was refused. */
static bool run(uint64_t nth, bool forever)
{
    struct sim_disk *disk = sim_disk_new(first_seed + nth);
    struct model *model = model_new(disk, first_seed);
    struct prng prng = prng_of(prng_seed(first_seed, nth));
    snprintf(model->scene, sizeof model->scene, "after %llu allocations %s", (unsigned long long)nth,
             forever ? "all fail" : "one fails");
    atomic_store(&refused, 0);
    meet(model, nth, forever);
    bool met = atomic_load(&refused) > 0;
    history_recover(model, &prng);
    ck_assert_msg(atomic_load(&unexplained) == 0, "%s", model->scene);
    model_free(model);
    sim_disk_free(disk);
    runs++;
    return met;
}

static void sweep(bool forever)
{
    uint64_t nth = 0;
    while (run(nth, forever))
        nth++;
    ck_assert_uint_gt(nth, 50);
}

START_TEST(an_allocation_that_fails)
{
    first_seed = prng_environment("CAIRN_SEED", 1);
    sweep(_i == 1);
    printf("memory: one allocation after the other fails, %s: %llu runs\n", _i == 1 ? "for ever" : "once",
           (unsigned long long)runs);
    fflush(stdout);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("memory");
    TCase *all = tcase_create("sweep");
    tcase_set_timeout(all, 0);
    tcase_add_loop_test(all, an_allocation_that_fails, 0, 2);
    suite_add_tcase(suite, all);
    return unit_conclude(suite);
}
