/* test_refusals.c - each way in which the log of a source may be damaged, in each of its segments, before and after it
 * was copied: the store is copied with all that was acknowledged, or it is refused, and the copy stays as it was, byte
 * for byte.
 *
 *   CAIRN_CELLS=all   each story with each damage of each segment; else a fifth of that
 */
#include "tests/lib/fixture.h"
#include "tests/lib/ticket.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { FILLER = 400, KEYS_MAX = 400, BATCH = 16, YOUNG = 3, SEGMENTS = 3, NUMBERS_MAX = 512, TEXT_MAX = FILLER + 64 };

FIXTURE_OF_EACH_TEST

/* ---- what was acknowledged ------------------------------------------------------------------- */

static struct {
    unsigned keys;                   /* so many there are, all of a generation at first */
    unsigned generation;             /* of the newest writes */
    unsigned acknowledged[KEYS_MAX]; /* generation; 0: none */
    unsigned copied[KEYS_MAX];
} state;

static const char *key_name(unsigned key)
{
    static char name[16];
    snprintf(name, sizeof name, "k%03u", key);
    return name;
}

static const char *text_of(unsigned key, unsigned generation)
{
    static char text[TEXT_MAX];
    int begun = snprintf(text, sizeof text, "k%03u of generation %u ", key, generation);
    memset(text + begun, 'f', FILLER);
    text[begun + FILLER] = '\0';
    return text;
}

/* Keys at these distances in one transaction, up to BATCH of them. What a store that has lost something does not take
 * is not acknowledged. */
static void put_batch(unsigned first, unsigned every)
{
    static char names[BATCH][16], texts[BATCH][TEXT_MAX];
    struct store_op ops[BATCH];
    struct ticket ticket;
    size_t count = 0;
    for (unsigned key = first; key < state.keys && count < BATCH; key += every, count++) {
        snprintf(names[count], sizeof names[count], "%s", key_name(key));
        snprintf(texts[count], sizeof texts[count], "%s", text_of(key, state.generation));
        ops[count] = (struct store_op){.kind = STORE_PUT,
                                       .key = store_key_of(names[count], strlen(names[count])),
                                       .payload = texts[count],
                                       .size = strlen(texts[count])};
    }
    ticket_init(&ticket);
    enum store_error error = store_batch(fixture.store, ops, count, 0, ticket_done, &ticket, NULL);
    if (!error)
        error = ticket_wait(&ticket);
    ticket_destroy(&ticket);
    for (size_t i = 0; i < count && !error; i++)
        state.acknowledged[first + i * every] = state.generation;
}

static void put_all(void)
{
    state.generation++;
    for (unsigned key = 0; key < state.keys; key += BATCH)
        put_batch(key, 1);
}

/* Some of the keys, from the first to the last. */
static void put_some(void)
{
    state.generation++;
    put_batch(0, 1 + state.keys / BATCH);
}

static const char *segment_path(const char *folder, unsigned number)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/stores/s/log/%016x.seg", folder, number);
    return path;
}

/* Segments with records, by their numbers: how many there are. */
static unsigned list_segments(unsigned numbers[NUMBERS_MAX])
{
    unsigned count = 0;
    for (unsigned number = 1; number < NUMBERS_MAX; number++)
        if (fixture_exists(&fixture, segment_path("/data", number)) && !fixture_is_husk(&fixture, number))
            numbers[count++] = number;
    return count;
}

static void fill(bool young)
{
    unsigned numbers[NUMBERS_MAX];
    memset(&state, 0, sizeof state);
    state.generation = 1;
    do {
        unsigned first = state.keys;
        state.keys += young ? YOUNG : BATCH;
        put_batch(first, 1);
    } while (!young && state.keys + BATCH <= KEYS_MAX && list_segments(numbers) < SEGMENTS);
}

/* Until compaction has taken the segment that was first. */
static void compact(void)
{
    unsigned numbers[NUMBERS_MAX];
    unsigned count = list_segments(numbers);
    for (unsigned i = 0; i < 2 || (i < 5 && count > 0 && !fixture_is_husk(&fixture, numbers[0])); i++)
        put_all();
}

/* ---- copies ---------------------------------------------------------------------------------- */

static enum store_error last;
static char why[512];
static uint64_t flaws;

static void told(void *arg, const struct backup_store *store)
{
    (void)arg;
    last = store->error;
    snprintf(why, sizeof why, "%s", store->why ? store->why : "");
}

static void flaw(void *arg, const char *store, const struct store_flaw *found, bool kept)
{
    (void)arg;
    (void)store;
    (void)found;
    (void)kept;
    flaws++;
}

static enum store_error copy_by(bool as_it_is)
{
    const struct backup_options options = {.io = fixture.io, .as_it_is = as_it_is, .told = told, .flaw = flaw};
    last = STORE_OK;
    why[0] = '\0';
    flaws = 0;
    enum store_error error = backup_make("/data", "/copy", &options, NULL);
    return error ? error : last;
}

static uint64_t add_file(uint64_t sum, const char *folder, const char *name)
{
    char path[256];
    size_t size;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    uint8_t *bytes = fixture_read_file(&fixture, path, &size);
    sum = XXH3_64bits_withSeed(path, strlen(path), sum);
    sum = XXH3_64bits_withSeed(bytes, size, sum);
    free(bytes);
    return sum;
}

/* Names and contents of all that a copy has of the store; 0: it has nothing. */
static uint64_t fingerprint(void)
{
    static const char *const folders[] = {"/copy/stores/s/log", "/copy/stores/s/blobs"};
    static const char *const notes[] = {"settings", "reach", "horizon"};
    const struct io *io = fixture.io;
    uint64_t sum = 0;
    for (size_t i = 0; i < 2; i++) {
        int folder = io->openat(io->self, AT_FDCWD, folders[i], O_RDONLY | O_DIRECTORY, 0);
        if (folder < 0)
            return 0;
        char *names = io->list(io->self, folder);
        for (const char *name = names; name && *name; name += strlen(name) + 1)
            sum ^= add_file(1, folders[i], name);
        free(names);
        io->close(io->self, folder);
    }
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        char path[64];
        snprintf(path, sizeof path, "/copy/stores/s/%s", notes[i]);
        if (fixture_exists(&fixture, path))
            sum ^= add_file(1, "/copy/stores/s", notes[i]);
    }
    return sum;
}

/* The generation of what a store holds below a key; 0: nothing. */
static unsigned held(struct store *store, unsigned key)
{
    struct object *object;
    char bytes[TEXT_MAX];
    unsigned generation = 0;
    struct store_key asked = store_key_of(key_name(key), strlen(key_name(key)));
    if (store_get(store, &asked, STORE_GET_PAYLOAD, &object))
        return 0;
    size_t size = object_info(object)->size;
    ck_assert_uint_lt(size, sizeof bytes);
    ck_assert_int_eq(object_read(object, 0, bytes, size), STORE_OK);
    object_release(object);
    bytes[size] = '\0';
    ck_assert_int_eq(sscanf(bytes, "k%*u of generation %u", &generation), 1);
    return generation;
}

static struct store *open_copy(struct depot **ret_depot, uint64_t *ret_flaws)
{
    struct depot_options options = fixture.options;
    struct store *store;
    struct store_verification verification;
    options.read_only = true;
    ck_assert_int_eq(depot_open("/copy", &options, ret_depot, NULL), STORE_OK);
    ck_assert_int_eq(depot_acquire(*ret_depot, "s", &store, NULL), STORE_OK);
    ck_assert_int_eq(store_verify(store, 0, NULL, NULL, &verification), STORE_OK);
    *ret_flaws = verification.flaws;
    return store;
}

/* The copy is whole and has all that was acknowledged; without `all`, only what it had before. */
static void expect_copied(bool all, const char *cell)
{
    struct depot *depot;
    uint64_t found;
    struct store *store = open_copy(&depot, &found);
    ck_assert_msg(found == 0, "%s: %llu flaws are copied", cell, (unsigned long long)found);
    for (unsigned key = 0; key < state.keys; key++) {
        unsigned least = all ? state.acknowledged[key] : state.copied[key], generation = held(store, key);
        ck_assert_msg(generation >= least, "%s: %s is of generation %u in the copy, and not %u", cell, key_name(key),
                      generation, least);
    }
    depot_release(store);
    depot_close(depot);
}

/* ---- damage ---------------------------------------------------------------------------------- */

static struct {
    char path[128];
    uint8_t *bytes; /* as they were */
    size_t size;
    uint8_t *older; /* as they were when it was copied; NULL: it was not there */
    size_t older_size;
} victim;

static void empty(void)
{
    fixture_resize_file(&fixture, victim.path, 0);
}

static void cut_to_header(void)
{
    fixture_resize_file(&fixture, victim.path, 64);
}

static size_t used(void)
{
    size_t end = victim.size;
    while (end > 64 && victim.bytes[end - 1] == 0)
        end--;
    return end;
}

static void cut_records(void)
{
    fixture_resize_file(&fixture, victim.path, 64 + (used() - 64) / 2);
}

static void cut_end(void)
{
    fixture_resize_file(&fixture, victim.path, victim.size - 8);
}

static void lose(void)
{
    fixture_remove(&fixture, victim.path);
}

static void put_folder(void)
{
    fixture_remove(&fixture, victim.path);
    ck_assert_int_eq(fixture.io->mkdirat(fixture.io->self, AT_FDCWD, victim.path, 0700), 0);
}

/* The way that whoever writes into a file does: its time is another one then. */
static void touch(void)
{
    const struct io *io = fixture.io;
    int file = io->openat(io->self, AT_FDCWD, victim.path, O_RDWR, 0);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(io->set_written(io->self, file, &(struct timespec){.tv_sec = 1}), 0);
    io->close(io->self, file);
}

static void flip_header(void)
{
    fixture_flip(&fixture, victim.path, 24);
    touch();
}

static void flip_record(void)
{
    fixture_flip(&fixture, victim.path, 64 + 20);
    touch();
}

static void flip_payload(void)
{
    fixture_flip(&fixture, victim.path, 64 + 200);
    touch();
}

static void flip_end(void)
{
    fixture_flip(&fixture, victim.path, used() - 1);
    touch();
}

/* As a disk does it. */
static void rot(void)
{
    fixture_flip(&fixture, victim.path, 64 + 200);
}

static void zero(void)
{
    static const uint8_t zeros[4096];
    for (size_t at = 64; at < victim.size; at += sizeof zeros)
        fixture_write_file(&fixture, victim.path, zeros,
                           victim.size - at < sizeof zeros ? victim.size - at : sizeof zeros, at);
    touch();
}

/* Only this file is as it was when it was copied. */
static void bring_back(void)
{
    fixture_resize_file(&fixture, victim.path, 0);
    fixture_write_file(&fixture, victim.path, victim.older, victim.older_size, 0);
    touch();
}

static const struct harm {
    const char *name;
    void (*act)(void);
    bool starts; /* a server starts then */
} harms[] = {
    {"empty", empty, true},
    {"cut to its header", cut_to_header, true},
    {"cut", cut_records, true},
    {"cut at its end", cut_end, true},
    {"lost", lose, true},
    {"a folder", put_folder, false},
    {"header", flip_header, true},
    {"record", flip_record, true},
    {"payload", flip_payload, true},
    {"last byte", flip_end, true},
    {"rotten", rot, true},
    {"zeros", zero, true},
    {"older", bring_back, true},
};

enum { HARMS = sizeof harms / sizeof *harms };

/* ---- stories --------------------------------------------------------------------------------- */

/* What happens around the damage: once the store is filled, before, and behind. */
static const struct story {
    const char *name;
    bool copied;          /* before all of it */
    void (*before)(void); /* written then; NULL: nothing */
    bool cut;             /* the server is not closed, but killed */
    void (*behind)(void); /* written by a server that has started with the damage; NULL: none has */
} stories[] = {
    {"never copied", false, NULL, false, NULL},
    {"never copied, killed", false, NULL, true, NULL},
    {"copied", true, NULL, false, NULL},
    {"copied, killed", true, NULL, true, NULL},
    {"copied, written", true, put_some, false, NULL},
    {"copied, written, killed", true, put_some, true, NULL},
    {"copied, written behind", true, NULL, false, put_some},
    {"copied, killed, written behind", true, NULL, true, put_some},
    {"copied, all written behind", true, NULL, true, put_all},
    {"copied, compacted", true, compact, false, NULL},
    {"copied, compacted, killed", true, compact, true, NULL},
    {"copied, compacted behind", true, NULL, false, compact},
    {"copied, killed, compacted behind", true, NULL, true, compact},
};

enum { STORIES = sizeof stories / sizeof *stories };

static void forget_victim(void)
{
    free(victim.bytes);
    free(victim.older);
    memset(&victim, 0, sizeof victim);
}

/* Which segment it is: the first, one in the middle, the last. */
static void choose_victim(unsigned which)
{
    unsigned numbers[NUMBERS_MAX];
    unsigned count = list_segments(numbers);
    ck_assert_uint_gt(count, 0);
    unsigned number = numbers[which == 0 ? 0 : which == 1 ? count / 2 : count - 1];
    const char *copy = segment_path("/copy", number);
    if (fixture_exists(&fixture, copy))
        victim.older = fixture_read_file(&fixture, copy, &victim.older_size);
    snprintf(victim.path, sizeof victim.path, "%s", segment_path("/data", number));
    victim.bytes = fixture_read_file(&fixture, victim.path, &victim.size);
}

/* The file as it was, at another time. */
static void repair(void)
{
    (void)fixture.io->unlinkat(fixture.io->self, AT_FDCWD, victim.path, AT_REMOVEDIR);
    (void)fixture.io->unlinkat(fixture.io->self, AT_FDCWD, victim.path, 0);
    fixture_write_file(&fixture, victim.path, victim.bytes, victim.size, 0);
}

static void write_more(void)
{
    fixture_open(&fixture);
    put_some();
    fixture_close(&fixture);
}

static bool is_refused(enum store_error error)
{
    return error == STORE_DAMAGED || error == STORE_GONE;
}

/* The store was refused: what was copied stays, and so it does when that is tried once more. */
static void expect_refused(enum store_error error, uint64_t before, const char *cell)
{
    for (int i = 0; i < 2; i++) {
        ck_assert_msg(is_refused(error), "%s: error %d, %s", cell, (int)error, why);
        ck_assert_msg(fingerprint() == before, "%s: the copy has changed", cell);
        ck_assert_ptr_nonnull(strstr(why, ".seg"));
        ck_assert_ptr_nonnull(strstr(why, "--replace"));
        error = copy_by(false);
    }
}

/* It is taken as it is, and what is known then is told, and keeps nothing from being copied. */
static void expect_taken(const struct harm *harm, const char *cell)
{
    enum store_error error = copy_by(true);
    ck_assert_msg(!error, "%s: error %d as it is", cell, (int)error);
    error = copy_by(false);
    if (harm->act == put_folder && error == STORE_DAMAGED) /* where it would be the last */
        return;
    ck_assert_msg(!error, "%s: what is known is refused: %s", cell, why);
    if (!harm->starts)
        return;
    uint64_t before = fingerprint();
    write_more(); /* by a server that may write the damaged places otherwise */
    error = copy_by(false);
    ck_assert_msg(!error || (is_refused(error) && fingerprint() == before), "%s: error %d, %s", cell, (int)error, why);
}

static void play(const struct story *story, const struct harm *harm, unsigned which, const char *cell)
{
    fixture_renew(&fixture);
    fill(which == 3);
    if (story->copied)
        ck_assert_int_eq(copy_by(false), STORE_OK);
    memcpy(state.copied, story->copied ? state.acknowledged : (unsigned[KEYS_MAX]){0}, sizeof state.copied);
    uint64_t before = fingerprint();
    if (story->before)
        story->before();
    fixture_stop(&fixture, !story->cut);
    choose_victim(which);
    if ((harm->act == bring_back && !victim.older) || (story->behind && !harm->starts))
        return;
    harm->act();
    if (story->behind) {
        fixture_open(&fixture);
        story->behind();
        fixture_close(&fixture);
    }
    enum store_error error = copy_by(false);
    /* What only a server had that was killed nobody else can tell to be lost. */
    bool all = story->copied ? !(story->before && story->cut) : !story->cut;
    if (!error) {
        expect_copied(all, cell);
        return;
    }
    expect_refused(error, before, cell);
    if (!story->behind) {
        repair();
        error = copy_by(false);
        ck_assert_msg(!error, "%s: it is mended, and refused: %s", cell, why);
        expect_copied(true, cell);
        harm->act();
    }
    expect_taken(harm, cell);
}

static const char *const places[] = {"first", "middle", "last", "only"};

START_TEST(a_damaged_store_is_copied_whole_or_refused)
{
    const struct story *story = &stories[_i];
    for (size_t i = 0; i < HARMS; i++)
        for (unsigned which = 0; which < 4; which++) {
            char cell[128];
            if (!getenv("CAIRN_CELLS") && ((size_t)_i + i + which) % 5 != 0)
                continue;
            snprintf(cell, sizeof cell, "%s: the %s segment, %s", story->name, places[which], harms[i].name);
            play(story, &harms[i], which, cell);
            forget_victim();
        }
}
END_TEST

/* Taken as it is, with nothing written since: each run tells of it, and copies what comes. */
START_TEST(what_was_taken_as_it_is_is_known)
{
    for (unsigned which = 0; which < 4; which++) {
        char cell[128];
        snprintf(cell, sizeof cell, "the %s segment, %s", places[which], harms[_i].name);
        fixture_renew(&fixture);
        fill(which == 3);
        fixture_close(&fixture);
        choose_victim(which);
        if (harms[_i].act != bring_back) {
            harms[_i].act();
            if (copy_by(false))
                expect_taken(&harms[_i], cell);
        }
        forget_victim();
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("refusals");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 120);
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_loop_test(all, a_damaged_store_is_copied_whole_or_refused, 0, STORIES);
    tcase_add_loop_test(all, what_was_taken_as_it_is_is_known, 0, HARMS);
    suite_add_tcase(suite, all);
    return unit_conclude(suite);
}
