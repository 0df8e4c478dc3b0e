/* test_power.c - the power is cut at every call of a scenario, several seeds each, and often once more while the
 * store recovers. After each cut the depot opens, and every invariant of model.h holds.
 *
 *   CAIRN_CUTS   cuts in the scenario, at least (5,000)
 *   CAIRN_SEED   the first seed (1)
 */
#include "store/disk/io.h"
#include "tests/lib/fixture.h"
#include "tests/lib/history.h"
#include "tests/lib/model.h"
#include "tests/lib/prng.h"
#include "tests/lib/quiet.h"
#include "tests/lib/sim_disk.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CUTS = 5000, AFTERWARDS = 6 };

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
    if (model_open(model, NULL) == STORE_OK)
        history_scenario(model);
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
    if (prng_one_in(&prng, 2))
        cut_recovery(model, &prng);
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
        for (uint64_t call = 0; call < calls; call++)
            cut_at(call, seed);
    }
    printf("power: %llu power cuts, at each of the %llu calls of the scenario, seeds %llu to %llu\n",
           (unsigned long long)cuts, (unsigned long long)calls, (unsigned long long)first,
           (unsigned long long)(seed - 1));
    fflush(stdout);
}
END_TEST

/* ---- compaction ------------------------------------------------------------------------------ */

enum { COMPACTION_CALLS = 80, COMPACTION_SEEDS = 8 };

/* The disk behind a gate that holds the background up: its first call when the log has come to another segment, which
 * is about the file beside the log, comes before it compacts. Else it would be done before there is a cut to meet. */
struct gate {
    struct io io;
    const struct io *disk;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool shut;
    unsigned waiting;
};

static struct gate gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static int gated_openat(void *self, int folder, const char *path, int flags, mode_t mode)
{
    if (strcmp(path, "..") == 0) {
        pthread_mutex_lock(&gate.lock);
        gate.waiting++;
        while (gate.shut)
            pthread_cond_wait(&gate.changed, &gate.lock);
        gate.waiting--;
        pthread_cond_broadcast(&gate.changed);
        pthread_mutex_unlock(&gate.lock);
    }
    return gate.disk->openat(self, folder, path, flags, mode);
}

static const struct io *gate_before(const struct io *disk)
{
    gate.disk = disk;
    gate.io = *disk;
    gate.io.openat = gated_openat;
    return &gate.io;
}

static void gate_shut(void)
{
    pthread_mutex_lock(&gate.lock);
    gate.shut = true;
    pthread_mutex_unlock(&gate.lock);
}

/* Returns when nobody waits any more. */
static void gate_open(void)
{
    pthread_mutex_lock(&gate.lock);
    gate.shut = false;
    pthread_cond_broadcast(&gate.changed);
    while (gate.waiting > 0)
        pthread_cond_wait(&gate.changed, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
}

/* What the engine says where the cut meets a compaction: in its reading or its husk, in the commit of what it moves, or
 * in the new segment for that. Nobody else writes then. */
static void hear_compaction(void *arg, enum store_log_level level, const char *sentence)
{
    static const char *const signs[] = {"is not compacted", "a commit failed", "takes no writes"};
    (void)level;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (strstr(sentence, signs[i]))
            atomic_store((atomic_bool *)arg, true);
}

/* Whether the cut met the compaction in its middle, not only what comes behind it. */
static bool cut_compaction_at(uint64_t call, uint64_t seed)
{
    atomic_bool met = false;
    struct sim_disk *disk = sim_disk_new(seed);
    struct model *model = model_new(disk, seed);
    struct prng prng = prng_of(prng_seed(seed, call));
    snprintf(model->scene, sizeof model->scene, "cut %llu calls into compaction", (unsigned long long)call);
    model->options.first_segment = MODEL_FIRST; /* most of what is in it has died when it is full */
    model->options.log = hear_compaction;
    model->options.log_arg = &met;
    model->options.io = gate_before(sim_disk_io(disk));
    model_open(model, NULL);
    attempt_upload(model, 0, MODEL_KEYS - 1, 3000, true, UPLOAD_COMMIT);
    attempt_upload(model, 0, MODEL_KEYS - 9, 100, true, UPLOAD_COMMIT);
    gate_shut();
    history_churn(model, &prng, 0);
    ck_assert(!atomic_load(&met));
    model->disturbed = true;
    sim_disk_cut_after(disk, call);
    gate_open();
    ck_assert(quiet_comes()); /* what runs in the background has ended, or met the cut */
    model_power_cut(model, prng_next(&prng));
    model->disturbed = false;
    cuts++;
    bool amid = atomic_load(&met);
    model_verify(model);
    ck_assert(quiet_comes());
    go_on(model, &prng);
    model_free(model);
    sim_disk_free(disk);
    return amid;
}

START_TEST(a_cut_during_compaction_loses_nothing)
{
    unsigned amid = 0;
    for (uint64_t seed = 0; seed < COMPACTION_SEEDS; seed++) {
        for (uint64_t call = 0; call < COMPACTION_CALLS; call++)
            amid += cut_compaction_at(call, seed);
    }
    printf("power: %llu power cuts during compaction and behind it, %u in the middle of it\n", (unsigned long long)cuts,
           amid);
    fflush(stdout);
    ck_assert_uint_gt(amid, COMPACTION_SEEDS * COMPACTION_CALLS / 4);
}
END_TEST

/* ---- torn groups ----------------------------------------------------------------------------- */

enum { QUEUED = 8, GROUP_SEEDS = 300 };

static const char *const queue_keys[QUEUED] = {"0", "1", "2", "3", "4", "5", "6", "7"};

static const char text[] = "a payload of a length that lets a group of records cover several sectors of the disk, so "
                           "that a sector may be missing in its middle while the records behind it are whole";

/* Commits one put, and cuts the power between the write and the sync of the group behind it. */
static void cut_group(struct fixture *fixture, uint64_t seed)
{
    struct fixture_put puts[QUEUED];
    ck_assert_int_eq(fixture_put_text(fixture, "a", text), STORE_OK); /* there is a segment now */
    sim_disk_hold_syncs(fixture->disk, true);
    fixture_begin_put(fixture, &puts[0], queue_keys[0], text);
    fixture_wait_held(fixture);
    for (int i = 1; i < QUEUED; i++)
        fixture_begin_put(fixture, &puts[i], queue_keys[i], text);
    sim_disk_cut_after(fixture->disk, 5); /* four look at the file behind the sync, and one writes the group */
    sim_disk_hold_syncs(fixture->disk, false);
    for (int i = 0; i < QUEUED; i++)
        ck_assert_int_eq(fixture_end_put(&puts[i]) == STORE_OK, i == 0);
    fixture_cut(fixture, seed);
    cuts++;
}

/* How many keys of the group are there: the first ones, without a gap. */
static int count_group(struct fixture *fixture)
{
    int count = 0;
    for (int i = 0; i < QUEUED; i++) {
        bool there = fixture_get_text(fixture, queue_keys[i], text) == STORE_OK;
        ck_assert_msg(!there || i == count, "key %d is there, key %d is not", i, count);
        count += there;
    }
    ck_assert_int_ge(count, 1);
    return count;
}

/* Some puts that end where a whole record of the torn group may begin. */
static unsigned put_afterwards(struct fixture *fixture, uint64_t seed)
{
    static const char *const keys[] = {"x", "y", "z"};
    unsigned count = 1 + (unsigned)(seed % 3);
    for (unsigned i = 0; i < count; i++)
        ck_assert_int_eq(fixture_put_text(fixture, keys[i], text), STORE_OK);
    return count;
}

/* What is not there after the cut stays away, also when the next commits end just before it. */
START_TEST(a_torn_group_ends_at_the_tear)
{
    unsigned torn = 0;
    for (uint64_t seed = 0; seed < GROUP_SEEDS; seed++) {
        struct fixture fixture;
        fixture_start(&fixture, seed);
        cut_group(&fixture, seed);
        fixture_open(&fixture);
        int count = count_group(&fixture);
        torn += count > 1 && count < QUEUED;
        unsigned more = put_afterwards(&fixture, seed);
        fixture_cut(&fixture, seed + 1);
        cuts++;
        fixture_open(&fixture);
        ck_assert_int_eq(count_group(&fixture), count);
        ck_assert_int_eq(fixture_get_text(&fixture, "x", text), STORE_OK);
        ck_assert_uint_eq(fixture_figures(&fixture).objects, (uint64_t)count + 1 + more);
        ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
        fixture_end(&fixture);
    }
    ck_assert_uint_gt(torn, 0);
}
END_TEST

/* ---- starts that tidy up --------------------------------------------------------------------- */

enum { TIDY_CALLS = 100, TIDY_SEEDS = 6, TIDY_KEYS = 3, TIDY_SIZE = 4000, TIDY_VERSIONS = 40 };

static void payload_of(int key, unsigned version, char ret_payload[TIDY_SIZE])
{
    memset(ret_payload, 'a' + key, TIDY_SIZE);
    snprintf(ret_payload, TIDY_SIZE, "%d.%u", key, version);
}

/* Few puts fill a segment. */
static void start_tidy(struct fixture *fixture, uint64_t seed)
{
    fixture_start(fixture, seed);
    fixture_close(fixture);
    fixture->options.inline_limit = TIDY_SIZE;
    fixture_open(fixture);
}

/* Puts of a few keys, until the files of several segments are husks; returns the last version. */
static unsigned make_husks(struct fixture *fixture)
{
    char key[2] = "0", payload[TIDY_SIZE];
    unsigned version = 0;
    for (; version < TIDY_VERSIONS; version++) {
        for (int i = 0; i < TIDY_KEYS; i++) {
            key[0] = (char)('0' + i);
            payload_of(i, version, payload);
            ck_assert_int_eq(fixture_put(fixture, key, payload, sizeof payload), STORE_OK);
        }
    }
    ck_assert(quiet_comes());
    return version - 1;
}

static void assert_versions(struct fixture *fixture, unsigned version)
{
    char key[2] = "0", payload[TIDY_SIZE];
    for (int i = 0; i < TIDY_KEYS; i++) {
        key[0] = (char)('0' + i);
        payload_of(i, version, payload);
        ck_assert_int_eq(fixture_get(fixture, key, payload, sizeof payload), STORE_OK);
    }
    ck_assert_uint_eq(fixture_figures(fixture).damaged_bytes, 0);
    ck_assert_uint_eq(fixture_figures(fixture).objects, TIDY_KEYS);
}

/* The disk, with an eye on a start that tidies up: it writes a husk that stands for several, and removes those. */
struct watch {
    struct io io;
    const struct io *disk;
    atomic_bool on;   /* the start is not over; what follows is the background's */
    atomic_bool husk; /* one is being written, or has been */
    atomic_bool met;  /* a later step of that came after the cut */
};

static struct watch watch;

static void watch_step(int result, bool step)
{
    if (atomic_load(&watch.on) && atomic_load(&watch.husk) && result < 0 && step)
        atomic_store(&watch.met, true);
}

static int watched_openat(void *self, int folder, const char *path, int flags, mode_t mode)
{
    int file = watch.disk->openat(self, folder, path, flags, mode);
    if (atomic_load(&watch.on) && file >= 0 && strcmp(path, "husk") == 0)
        atomic_store(&watch.husk, true);
    return file;
}

static int watched_renameat(void *self, int from_folder, const char *from, int to_folder, const char *to)
{
    int result = watch.disk->renameat(self, from_folder, from, to_folder, to);
    watch_step(result, strcmp(from, "husk") == 0);
    return result;
}

static int watched_unlinkat(void *self, int folder, const char *path, int flags)
{
    int result = watch.disk->unlinkat(self, folder, path, flags);
    watch_step(result, true);
    return result;
}

static void watch_begin(const struct io *disk)
{
    watch.disk = disk;
    watch.io = *disk;
    watch.io.openat = watched_openat;
    watch.io.renameat = watched_renameat;
    watch.io.unlinkat = watched_unlinkat;
    atomic_store(&watch.on, true);
    atomic_store(&watch.husk, false);
    atomic_store(&watch.met, false);
}

/* Opens the store in the dark to come; what then is open is closed again. Whether the cut came while it tidied up. */
static bool open_until_cut(const struct fixture *fixture)
{
    struct depot_options options = fixture->options;
    struct store_detail detail;
    struct depot *depot;
    struct store *store;
    watch_begin(options.io);
    options.io = &watch.io;
    if (depot_open("/data", &options, &depot, &detail))
        return false;
    enum store_error error = depot_acquire(depot, "s", &store, &detail);
    atomic_store(&watch.on, false);
    if (!error)
        depot_release(store);
    depot_close(depot);
    return atomic_load(&watch.met);
}

static bool cut_start_at(uint64_t call, uint64_t seed)
{
    struct fixture fixture;
    start_tidy(&fixture, seed);
    unsigned version = make_husks(&fixture);
    if (seed % 2)
        fixture_close(&fixture);
    else
        fixture_cut(&fixture, seed);
    fixture_part_husk(&fixture, 1);
    sim_disk_cut_after(fixture.disk, call);
    bool amid = open_until_cut(&fixture);
    sim_disk_reboot(fixture.disk, seed * TIDY_CALLS + call);
    cuts++;
    for (int start = 0; start < 2; start++) {
        fixture_open(&fixture);
        assert_versions(&fixture, version);
        fixture_close(&fixture);
    }
    fixture_open(&fixture);
    fixture_end(&fixture);
    return amid;
}

/* Husks made one, the file that tells how far the log has reached: neither may make a whole log look damaged. */
START_TEST(a_cut_during_a_start_that_tidies_up_damages_nothing)
{
    unsigned amid = 0;
    for (uint64_t seed = 0; seed < TIDY_SEEDS; seed++) {
        for (uint64_t call = 0; call < TIDY_CALLS; call++)
            amid += cut_start_at(call, seed);
    }
    printf("power: %u power cuts while a start tidied up\n", amid);
    fflush(stdout);
    ck_assert_uint_gt(amid, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("power");
    TCase *sweep = tcase_create("sweep");
    tcase_set_timeout(sweep, 0);
    tcase_add_test(sweep, a_cut_at_any_call_loses_nothing);
    tcase_add_test(sweep, a_cut_during_compaction_loses_nothing);
    tcase_add_test(sweep, a_torn_group_ends_at_the_tear);
    tcase_add_test(sweep, a_cut_during_a_start_that_tidies_up_damages_nothing);
    suite_add_tcase(suite, sweep);
    return unit_conclude(suite);
}
