/* test_returns.c - random histories in which files of the log get lost or ruined, and are brought back later, as from a
 * backup.
 *
 * Between lives of a store up to LOST segment files are taken away or written over, and put back, in any order, while
 * the store is written to, compacted, listed, cut off and started again, also with cuts and failing calls during the
 * start. A plain map knows what every key was given last. It has to agree:
 *
 *   - whenever no file is missing: with every key, the figures, the listing and now and then a verification;
 *   - while one is: with what was written since the last loss. Any other key may hold an older value or none, but only
 *     if the damage is told; and what it holds is a value that it once was given, whole.
 *
 * Keys are named by themselves or by their hash alone, for reads and for writes.
 *
 * A history is decided by its seed, but for the order in which threads meet.
 *
 *   CAIRN_HISTORIES   their number (32)
 *   CAIRN_SEED        the first one's seed (1); the next one has the next number
 */
#include "tests/lib/fixture.h"
#include "tests/lib/prng.h"
#include "tests/lib/summaries.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HISTORIES = 32, LIVES = 30, KEYS = 60, LOST = 6, VALUES = 1 << 16, SIZE_MAX_SMALL = 500, SIZE_MAX_LARGE = 3000 };

static const char log_folder[] = "/data/stores/s/log";

/* What a history does beside the rest, by its seed. */
struct habits {
    bool heavy;   /* much is written in each life: then there is compaction */
    bool lowest;  /* it is the lowest files that are lost, and they come back in order */
    bool large;   /* some payloads are files of their own; keys come to share them by copies */
    bool newest;  /* the newest file is ruined, too */
    bool husks;   /* files come back over what compaction has left of them, too */
    bool listing; /* everything is listed in each life */
    bool hashes;  /* many writes name their keys by the hash alone */
    bool older;   /* else: what is written before the first loss is of version 2 */
};

struct lost_file {
    char path[64];
    uint8_t *bytes;
    size_t size;
};

struct history {
    struct fixture fixture;
    struct prng prng;
    uint64_t seed;
    unsigned life;
    struct habits habits;
    uint64_t time;           /* writes so far */
    uint64_t loss_time;      /* when a file was lost last */
    uint32_t value_of[KEYS]; /* 0: none */
    uint64_t time_of[KEYS];  /* of the last write of the key */
    uint32_t values;
    uint32_t sizes[VALUES];
    struct lost_file lost[LOST];
    unsigned lost_count;
    unsigned losses; /* ever */
};

static struct totals {
    uint64_t starts, cuts, faults, losses, returns, exact, told;
} totals;

static void differ(const struct history *history, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

static void differ(const struct history *history, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    fprintf(stderr, "seed %llu, life %u: ", (unsigned long long)history->seed, history->life);
    vfprintf(stderr, format, list);
    fprintf(stderr, " (the log says: %s)\n", history->fixture.logged);
    va_end(list);
    abort();
}

static uint64_t below(struct history *history, uint64_t bound)
{
    return prng_below(&history->prng, bound);
}

static bool one_in(struct history *history, uint64_t times)
{
    return prng_one_in(&history->prng, times);
}

/* ---- writing --------------------------------------------------------------------------------- */

static const char *name_of(unsigned key, char ret_name[16])
{
    snprintf(ret_name, 16, "key %02u", key);
    return ret_name;
}

/* The same, or its hash alone. */
static const char *address_of(struct history *history, unsigned key, char ret_name[16])
{
    bool hash = history->habits.hashes && one_in(history, 3);
    name_of(key, ret_name + hash);
    if (hash)
        ret_name[0] = '#';
    return ret_name;
}

/* A payload begins with the number of its value, which tells all the rest. */
static void fill(const struct history *history, uint32_t value, uint8_t *bytes)
{
    for (uint32_t i = 0; i < history->sizes[value]; i++)
        bytes[i] = (uint8_t)(value * 31 + i * 7 + (value >> 8));
    memcpy(bytes, &value, sizeof value);
}

static void expect_write(struct history *history, unsigned key, uint32_t value)
{
    history->value_of[key] = value;
    history->time_of[key] = ++history->time;
}

static void write_value(struct history *history, unsigned key)
{
    char name[16];
    uint8_t bytes[SIZE_MAX_LARGE + 8];
    uint32_t value = ++history->values;
    ck_assert_uint_lt(value, VALUES);
    bool large = history->habits.large && one_in(history, 6);
    uint32_t size = 8 + (uint32_t)below(history, large ? SIZE_MAX_LARGE : SIZE_MAX_SMALL);
    history->sizes[value] = size;
    fill(history, value, bytes);
    address_of(history, key, name);
    enum store_error error = large ? fixture_upload(&history->fixture, name, bytes, size)
                                   : fixture_put(&history->fixture, name, bytes, size);
    if (error)
        differ(history, "a put of key %u: %s", key, store_error_text(error));
    expect_write(history, key, value);
}

static void delete_key(struct history *history, unsigned key)
{
    char name[16];
    enum store_error error = fixture_delete(&history->fixture, address_of(history, key, name));
    if (error)
        differ(history, "a delete of key %u: %s", key, store_error_text(error));
    expect_write(history, key, 0);
}

/* Renames or copies, but only a key of which it is known what it holds. */
static void relocate_key(struct history *history, unsigned key, unsigned target, bool copy)
{
    char name[16], target_name[16];
    uint32_t value = history->value_of[key];
    bool known = history->lost_count == 0 || history->time_of[key] > history->loss_time;
    if (key == target || value == 0 || !known)
        return;
    address_of(history, key, name);
    address_of(history, target, target_name);
    enum store_error error = copy ? fixture_copy(&history->fixture, name, target_name)
                                  : fixture_rename(&history->fixture, name, target_name);
    if (error)
        differ(history, "a %s of key %u: %s", copy ? "copy" : "rename", key, store_error_text(error));
    expect_write(history, target, value);
    if (!copy)
        expect_write(history, key, 0);
}

static void work(struct history *history)
{
    uint64_t count = 1 + below(history, history->habits.heavy ? 600 : 80);
    while (count-- > 0) {
        unsigned key = (unsigned)below(history, KEYS);
        uint64_t what = below(history, history->habits.large ? 28 : 20);
        if (what < 12)
            write_value(history, key);
        else if (what < 19)
            delete_key(history, key);
        else
            relocate_key(history, key, (unsigned)below(history, KEYS), history->habits.large && one_in(history, 2));
    }
}

/* ---- comparing ------------------------------------------------------------------------------- */

static void read_bytes(struct history *history, struct object *object, uint8_t *bytes)
{
    const struct io *io = history->fixture.io;
    size_t size = (size_t)object_info(object)->size;
    int file = object_take_descriptor(object);
    if (file < 0) {
        memcpy(bytes, object_payload(object), size);
        return;
    }
    if (io_read_all(io, file, bytes, size, 0))
        differ(history, "a large payload cannot be read");
    io->close(io->self, file);
}

/* The value that a key holds, 0 when there is none, UINT32_MAX when reading tells of damage. */
static uint32_t read_value(struct history *history, unsigned key)
{
    char name[16];
    uint8_t bytes[SIZE_MAX_LARGE + 8], expected[SIZE_MAX_LARGE + 8];
    struct store_key store_key = store_key_of(name_of(key, name), strlen("key 00"));
    struct object *object;
    if (history->habits.hashes && one_in(history, 2))
        store_key = store_key_of_hash(store_key.hash);
    enum store_error error = store_get(history->fixture.store, &store_key, STORE_GET_PAYLOAD, &object);
    if (error == STORE_NO_OBJECT)
        return 0;
    if (error && history->lost_count == 0)
        differ(history, "reading key %u: %s", key, store_error_text(error));
    if (error)
        return UINT32_MAX;
    uint32_t value;
    size_t size = (size_t)object_info(object)->size;
    ck_assert_uint_le(size, sizeof bytes);
    read_bytes(history, object, bytes);
    object_release(object);
    memcpy(&value, bytes, sizeof value);
    if (value == 0 || value > history->values || history->sizes[value] != size)
        differ(history, "key %u holds what nobody has put", key);
    fill(history, value, expected);
    if (memcmp(bytes, expected, size) != 0)
        differ(history, "key %u holds torn bytes", key);
    return value;
}

static void compare_key(const struct history *history, unsigned key, uint32_t value, uint64_t damaged)
{
    uint32_t expected = history->value_of[key];
    if (value == expected || value == UINT32_MAX)
        return;
    if (history->lost_count == 0)
        differ(history, "key %u holds value %u instead of %u, and no file is missing", key, value, expected);
    if (damaged == 0)
        differ(history, "key %u holds value %u instead of %u, and no damage is told", key, value, expected);
    if (history->time_of[key] > history->loss_time)
        differ(history, "key %u holds value %u instead of %u, written since the last loss", key, value, expected);
}

static bool count_item(void *arg, const struct store_list_item *item)
{
    uint64_t *listed = arg;
    (void)item;
    ++*listed;
    return true;
}

static void compare_listing(struct history *history, uint64_t readable, uint64_t objects)
{
    unsigned char cursor[STORE_CURSOR_MAX];
    size_t length;
    uint64_t listed = 0;
    struct store_list_query query = {.limit = 2 * KEYS};
    ck_assert_int_eq(store_list(history->fixture.store, &query, count_item, &listed, cursor, &length), STORE_OK);
    if (listed < readable || listed > objects || (history->lost_count == 0 && listed != objects))
        differ(history, "%llu objects are listed, of %llu", (unsigned long long)listed, (unsigned long long)objects);
}

static void verify(struct history *history)
{
    struct store_verification verification;
    ck_assert_int_eq(store_verify(history->fixture.store, 0, NULL, NULL, &verification), STORE_OK);
    if (verification.flaws > 0)
        differ(history, "%llu flaws, and no file is missing", (unsigned long long)verification.flaws);
}

static void compare(struct history *history)
{
    struct store_figures figures = fixture_figures(&history->fixture);
    uint64_t objects = 0, readable = 0, bytes = 0;
    for (unsigned key = 0; key < KEYS; key++) {
        uint32_t value = read_value(history, key);
        compare_key(history, key, value, figures.damaged_bytes);
        objects += value != 0;
        readable += value != 0 && value != UINT32_MAX;
        bytes += value != 0 && value != UINT32_MAX ? history->sizes[value] : 0;
    }
    if (figures.objects != objects || (history->lost_count == 0 && figures.live_bytes != bytes))
        differ(history, "the figures say %llu objects of %llu bytes", (unsigned long long)figures.objects,
               (unsigned long long)figures.live_bytes);
    if (history->habits.listing)
        compare_listing(history, readable, objects);
    if (history->lost_count == 0 && figures.damaged_bytes == 0 && one_in(history, 3))
        verify(history);
    totals.exact += history->lost_count == 0;
    totals.told += figures.damaged_bytes > 0;
}

/* ---- losing and bringing back ---------------------------------------------------------------- */

static void sync_log(struct history *history)
{
    const struct io *io = history->fixture.io;
    int folder = io->openat(io->self, AT_FDCWD, log_folder, O_RDONLY | O_DIRECTORY, 0);
    io->fsync(io->self, folder);
    io->close(io->self, folder);
}

/* The names of all segments, one behind the other, in no order; free() it. */
static char *segment_names(struct history *history, unsigned *ret_count)
{
    const struct io *io = history->fixture.io;
    int folder = io->openat(io->self, AT_FDCWD, log_folder, O_RDONLY | O_DIRECTORY, 0);
    char *names = io->list(io->self, folder), *to = names;
    io->close(io->self, folder);
    *ret_count = 0;
    for (const char *name = names; *name;) {
        size_t size = strlen(name) + 1;
        if (strstr(name, ".seg")) {
            memmove(to, name, size);
            to += size;
            ++*ret_count;
        }
        name += size;
    }
    return names;
}

/* As an older program would have left them: no two objects had one hash, and nothing was missing so far. */
static void age_segments(struct history *history)
{
    unsigned count;
    char path[64], *names = segment_names(history, &count);
    for (const char *name = names; count > 0; count--, name += strlen(name) + 1) {
        snprintf(path, sizeof path, "%s/%.23s", log_folder, name);
        fixture_age_header(&history->fixture, path, 2);
    }
    free(names);
}

/* A segment's path, by the habits of the history; false when there is none. */
static bool pick(struct history *history, char ret_path[64], bool *ret_newest)
{
    unsigned count;
    char *names = segment_names(history, &count);
    const char *picked = names, *name = names, *lowest = names, *newest = names;
    uint64_t at = count > 0 ? below(history, count) : 0;
    for (unsigned i = 0; i < count; i++, name += strlen(name) + 1) {
        picked = i == at ? name : picked;
        lowest = strcmp(name, lowest) < 0 ? name : lowest;
        newest = strcmp(name, newest) > 0 ? name : newest;
    }
    picked = history->habits.lowest ? lowest : picked;
    *ret_newest = picked == newest;
    snprintf(ret_path, 64, "%s/%.23s", log_folder, picked);
    free(names);
    return count > 0;
}

/* Writes over a part of a file, or cuts it off there. Of the newest one nothing is left: a part of it could be taken
 * for the end of the log. */
static void ruin(struct history *history, const struct lost_file *file, bool newest)
{
    size_t from = one_in(history, 3) || newest ? 0 : (size_t)below(history, file->size);
    size_t length = newest ? file->size : 1 + (size_t)below(history, one_in(history, 2) ? 600 : file->size);
    length = length > file->size - from ? file->size - from : length;
    if (!newest && one_in(history, 4)) {
        fixture_resize_file(&history->fixture, file->path, from);
        return;
    }
    uint8_t *junk = calloc(1, length);
    for (size_t i = 0; i < length; i++)
        junk[i] = (uint8_t)(one_in(history, 2) ? below(history, 256) : 0);
    fixture_write_file(&history->fixture, file->path, junk, length, from);
    free(junk);
}

static void lose(struct history *history)
{
    const struct io *io = history->fixture.io;
    struct lost_file *file = &history->lost[history->lost_count];
    bool newest;
    if (history->lost_count == LOST || !pick(history, file->path, &newest))
        return;
    for (unsigned i = 0; i < history->lost_count; i++)
        if (strcmp(history->lost[i].path, file->path) == 0)
            return;
    file->bytes = fixture_read_file(&history->fixture, file->path, &file->size);
    if (one_in(history, 2) && (!newest || history->habits.newest))
        ruin(history, file, newest);
    else
        ck_assert_int_eq(io->unlinkat(io->self, AT_FDCWD, file->path, 0), 0);
    sync_log(history);
    history->lost_count++;
    history->losses++;
    history->loss_time = history->time;
    totals.losses++;
}

/* The size of a file; -1: there is none. */
static off_t size_of(struct history *history, const char *path)
{
    const struct io *io = history->fixture.io;
    struct stat status = {.st_size = -1};
    int file = io->openat(io->self, AT_FDCWD, path, O_RDONLY, 0);
    if (file < 0)
        return -1;
    io->fstat(io->self, file, &status);
    io->close(io->self, file);
    return status.st_size;
}

static void bring_back(struct history *history)
{
    enum { HUSK = 64 };
    unsigned at = history->habits.lowest ? history->lost_count - 1 : (unsigned)below(history, history->lost_count);
    struct lost_file file = history->lost[at];
    history->lost[at] = history->lost[--history->lost_count];
    off_t size = size_of(history, file.path);
    bool compacted = size == HUSK && file.size != HUSK;
    if (!compacted || history->habits.husks) {
        if (size >= 0)
            fixture_resize_file(&history->fixture, file.path, 0);
        fixture_write_file(&history->fixture, file.path, file.bytes, file.size, 0);
        sync_log(history);
    }
    free(file.bytes);
    totals.returns++;
}

/* ---- lives ----------------------------------------------------------------------------------- */

static bool try_open(struct history *history)
{
    struct fixture *fixture = &history->fixture;
    struct store_detail detail;
    fixture->warnings = 0;
    fixture->logged[0] = '\0';
    totals.starts++;
    if (depot_open("/data", &fixture->options, &fixture->depot, &detail) != STORE_OK)
        return false;
    if (depot_acquire(fixture->depot, "s", &fixture->store, &detail) == STORE_OK)
        return true;
    depot_close(fixture->depot);
    fixture->depot = NULL;
    return false;
}

static void check_descriptors(const struct history *history)
{
    if (sim_disk_open_files(history->fixture.disk) > 0 || sim_disk_bad_uses(history->fixture.disk) > 0)
        differ(history, "files stay open");
}

static void start_and_cut(struct history *history)
{
    struct sim_disk *disk = history->fixture.disk;
    sim_disk_cut_after(disk, 1 + below(history, 60));
    bool opened = try_open(history);
    sim_disk_cut(disk);
    if (opened)
        fixture_close(&history->fixture);
    sim_disk_reboot(disk, prng_next(&history->prng));
    totals.cuts++;
}

static void start_and_fail(struct history *history)
{
    static const int errors[] = {EIO, ENOSPC, EMFILE};
    struct sim_disk *disk = history->fixture.disk;
    enum sim_call call = (enum sim_call)below(history, SIM_ANY + 1);
    uint64_t nth = 1 + below(history, 40);
    bool always = one_in(history, 4);
    sim_disk_fail(disk, call, nth, always, errors[below(history, 3)]);
    bool opened = try_open(history);
    sim_disk_heal(disk);
    if (opened)
        fixture_close(&history->fixture);
    check_descriptors(history);
    totals.faults++;
}

/* Sometimes the first starts do not go well. */
static void begin_life(struct history *history)
{
    uint64_t way = below(history, 4);
    for (unsigned i = 0; i < 3 && way < 2 && !one_in(history, 3); i++) {
        if (way == 0)
            start_and_cut(history);
        else
            start_and_fail(history);
    }
    if (!try_open(history))
        differ(history, "the store cannot be opened");
}

/* Files come and go only after a clean stop: what a cut takes with a lost file cannot be told from what that held. */
static void end_life(struct history *history)
{
    if (history->lost_count == 0 && one_in(history, 3)) {
        fixture_cut(&history->fixture, prng_next(&history->prng));
        totals.cuts++;
        return;
    }
    if (one_in(history, 3))
        usleep(2000); /* compaction comes a little further */
    fixture_close(&history->fixture);
    check_descriptors(history);
    if (history->habits.older && history->losses == 0)
        age_segments(history);
    for (uint64_t n = one_in(history, 3) ? 1 + below(history, 2) : 0; n > 0; n--)
        lose(history);
    if (history->lost_count == 0 || one_in(history, 2))
        return;
    for (unsigned n = one_in(history, 2) ? history->lost_count : 1; n > 0; n--)
        bring_back(history);
}

static void history_run(uint64_t seed)
{
    struct history *history = calloc(1, sizeof *history);
    ck_assert_ptr_nonnull(history);
    history->seed = seed;
    history->prng = prng_of(seed);
    history->habits = (struct habits){.heavy = seed & 1,
                                      .lowest = (seed & 7) == 7,
                                      .large = seed & 2,
                                      .newest = seed & 4,
                                      .husks = seed & 8,
                                      .listing = seed & 16,
                                      .hashes = seed % 3 > 0,
                                      .older = seed % 3 == 0};
    fixture_start(&history->fixture, seed);
    for (history->life = 0; history->life < LIVES; history->life++) {
        work(history);
        compare(history);
        end_life(history);
        summaries_spoil_some(history->fixture.io, log_folder, &history->prng);
        begin_life(history);
        compare(history);
    }
    fixture_end(&history->fixture);
    while (history->lost_count > 0)
        free(history->lost[--history->lost_count].bytes);
    free(history);
}

START_TEST(what_comes_back_is_what_was_there)
{
    uint64_t first = prng_environment("CAIRN_SEED", 1);
    uint64_t count = prng_environment("CAIRN_HISTORIES", HISTORIES);
    for (uint64_t i = 0; i < count; i++)
        history_run(first + i);
    printf(
        "returns: seeds %llu to %llu: %llu starts, %llu power cuts, %llu starts with failing calls, %llu files lost, "
        "%llu brought back; compared %llu times with nothing missing, %llu times with damage told\n",
        (unsigned long long)first, (unsigned long long)(first + count - 1), (unsigned long long)totals.starts,
        (unsigned long long)totals.cuts, (unsigned long long)totals.faults, (unsigned long long)totals.losses,
        (unsigned long long)totals.returns, (unsigned long long)totals.exact, (unsigned long long)totals.told);
    if (count < HISTORIES)
        return; /* in a few histories nearly nothing may come back */
    ck_assert_uint_gt(totals.returns, count);
    ck_assert_uint_gt(totals.exact, count * LIVES / 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("returns");
    TCase *all = tcase_create("histories");
    tcase_set_timeout(all, 0);
    tcase_add_test(all, what_comes_back_is_what_was_there);
    suite_add_tcase(suite, all);
    return unit_conclude(suite);
}
