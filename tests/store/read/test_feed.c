/* test_feed.c - who follows a store's changes holds what the store does: over restarts, compactions, transactions,
 * power cuts and expiry; and what is answered where that cannot be.
 *
 *   CAIRN_FOLLOWED   histories (40); for many, CK_DEFAULT_TIMEOUT says how many seconds they have
 *   CAIRN_SEED       the first one's seed (1)
 */
#include "store/index/horizon.h"
#include "store/log/segment.h"
#include "tests/lib/fixture.h"
#include "tests/lib/follower.h"
#include "tests/lib/history.h"
#include "tests/lib/quiet.h"
#include "tests/lib/ticket.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HISTORIES = 40, EPISODES = 14, WEEK = 7 * 24 * 3600 };

/* ---- long histories -------------------------------------------------------------------------- */

struct life {
    struct model *model;
    struct prng prng;
    struct follower near[MODEL_STORES];   /* follows all the time, ... */
    struct follower far[MODEL_STORES];    /* ... now and then, ... */
    struct follower parted[MODEL_STORES]; /* ... or a few changes at a time, while transactions come and go */
    unsigned cuts;
};

static struct {
    uint64_t writes, restarts, cuts, compactions, hours;
    uint64_t changes, pages, compared, anew, amid;
} totals;

static void cut(struct life *life)
{
    life->model->disturbed = true;
    sim_disk_cut_after(life->model->disk, prng_below(&life->prng, 120));
    history_round(life->model, &life->prng, 8);
    history_burst(life->model, &life->prng);
    for (unsigned store = 0; store < MODEL_STORES; store++)
        (void)(follower_step(&life->near[store], 3) && follower_step(&life->parted[store], 3)); /* beside writes */
    model_power_cut(life->model, prng_next(&life->prng));
    life->model->disturbed = false;
    life->cuts++;
}

static void restart(struct life *life)
{
    model_close(life->model);
    model_open(life->model, NULL);
    totals.restarts++;
}

static void compacted(void *arg, enum store_error error, const struct store_compaction *compaction)
{
    struct store_result result = {.error = error};
    totals.compactions += error == STORE_OK && compaction->after.dead_bytes < compaction->before.dead_bytes;
    ticket_done(arg, &result);
}

/* All of a log that is worth it, but what somebody has to be told. */
static void compact(struct life *life)
{
    enum { MINUTE = 60000 };
    struct store *store = life->model->stores[prng_below(&life->prng, MODEL_STORES)];
    struct ticket ticket;
    model_settle(life->model);
    ticket_init(&ticket);
    ck_assert_int_eq(store_compact(store, MINUTE, compacted, &ticket), STORE_OK);
    ck_assert_int_eq(ticket_wait(&ticket), STORE_OK);
    ticket_destroy(&ticket);
}

/* Some objects expire, and are told when they are deleted. */
static void pass_hour(struct life *life)
{
    model_pass_hour(life->model);
    restart(life);
    model_await_purge(life->model);
    totals.hours++;
}

static void episode(struct life *life)
{
    struct model *model = life->model;
    switch (prng_below(&life->prng, 8)) {
    case 0:
        cut(life);
        break;
    case 1:
        restart(life);
        break;
    case 2:
    case 3:
        history_churn(model, &life->prng, (unsigned)prng_below(&life->prng, MODEL_STORES));
        break;
    case 4:
        compact(life);
        break;
    case 5:
        pass_hour(life);
        break;
    default:
        history_burst(model, &life->prng);
        history_round(model, &life->prng, 10);
        break;
    }
    model_settle(model);
}

static void compare(struct life *life, struct follower *followers)
{
    for (unsigned store = 0; store < MODEL_STORES; store++)
        follower_compare(&followers[store], 1 + prng_below(&life->prng, 40));
    totals.compared += MODEL_STORES;
}

/* It does not come to the end, so there are compactions and cuts amid what it has been told in part. */
static void go_on_a_little(struct life *life)
{
    for (unsigned store = 0; store < MODEL_STORES; store++) {
        struct follower *follower = &life->parted[store];
        follower->part = 1 + prng_below(&life->prng, 2);
        for (uint64_t steps = prng_below(&life->prng, 12); steps > 0 && !follower_step(follower, 40); steps--)
            ;
        totals.amid += follower->amid;
    }
}

static void live(uint64_t seed, uint64_t retention)
{
    struct sim_disk *disk = sim_disk_new(seed);
    struct life life = {.model = model_new(disk, seed), .prng = prng_of(seed)};
    life.model->options.feed_retention = retention;
    for (unsigned store = 0; store < MODEL_STORES; store++)
        life.near[store] = life.far[store] = life.parted[store] = (struct follower){.model = life.model,
                                                                                    .store = store};
    model_open(life.model, NULL);
    for (unsigned i = 0; i < EPISODES; i++) {
        episode(&life);
        compare(&life, life.near);
        go_on_a_little(&life);
        if (prng_one_in(&life.prng, 5))
            compare(&life, life.far);
    }
    compare(&life, life.far);
    compare(&life, life.parted);
    for (unsigned store = 0; store < MODEL_STORES; store++) {
        totals.changes += life.near[store].changes + life.far[store].changes;
        totals.pages += life.near[store].pages + life.far[store].pages;
        totals.anew += life.near[store].anew + life.far[store].anew;
        if (retention > 0 && life.cuts == 0)
            ck_assert_uint_eq(life.near[store].anew + life.far[store].anew, 0);
    }
    totals.cuts += life.cuts;
    totals.writes += life.model->operations;
    model_free(life.model);
    sim_disk_free(disk);
}

START_TEST(a_follower_holds_what_the_store_does)
{
    uint64_t first = prng_environment("CAIRN_SEED", 1), count = prng_environment("CAIRN_FOLLOWED", HISTORIES);
    for (uint64_t seed = first; seed < first + count; seed++)
        live(seed, seed % 3 ? WEEK : 0);
    printf("feed: %llu histories: %llu writes, %llu restarts, %llu power cuts, %llu compactions, %llu hours; "
           "%llu changes on %llu pages, compared %llu times, begun anew (410) %llu times, "
           "%llu times left amid a transaction\n",
           (unsigned long long)count, (unsigned long long)totals.writes, (unsigned long long)totals.restarts,
           (unsigned long long)totals.cuts, (unsigned long long)totals.compactions, (unsigned long long)totals.hours,
           (unsigned long long)totals.changes, (unsigned long long)totals.pages, (unsigned long long)totals.compared,
           (unsigned long long)totals.anew, (unsigned long long)totals.amid);
    fflush(stdout);
}
END_TEST

/* ---- single answers -------------------------------------------------------------------------- */

FIXTURE_OF_EACH_TEST

enum { TOLD_MAX = 64 };

static struct {
    char text[TOLD_MAX][40];
    uint64_t offsets[TOLD_MAX];
    size_t count;
    size_t enough; /* are so many; 0: none are */
} told;

static bool take(void *arg, const struct store_change *change)
{
    (void)arg;
    ck_assert_uint_lt(told.count, TOLD_MAX);
    (void)snprintf(told.text[told.count], sizeof told.text[0], "%s %.*s", change->put ? "put" : "delete",
                   change->key ? (int)change->key_length : 1, change->key ? (const char *)change->key : "?");
    told.offsets[told.count++] = change->offset;
    return told.count != told.enough;
}

static enum store_error ask(uint64_t since, size_t limit, const char *prefix, struct store_changes *ret_changes)
{
    struct store_changes_query query = {
        .since = since, .limit = limit, .prefix = prefix, .prefix_length = strlen(prefix)};
    told.count = 0;
    return store_changes(fixture.store, &query, take, NULL, ret_changes);
}

static void must_tell(size_t at, const char *text)
{
    ck_assert_uint_lt(at, told.count);
    ck_assert_str_eq(told.text[at], text);
}

START_TEST(changes_come_in_their_order)
{
    struct store_changes changes;
    ck_assert_int_eq(ask(0, 10, "", &changes), STORE_OK);
    ck_assert_uint_eq(told.count, 0);
    ck_assert_uint_eq(changes.next, 0);
    fixture_must_put(&fixture, "a", "1");
    fixture_must_put(&fixture, "a", "2");
    ck_assert_int_eq(fixture_delete(&fixture, "a"), STORE_OK);
    fixture_must_put(&fixture, "b", "3");
    ck_assert_int_eq(fixture_rename(&fixture, "b", "c"), STORE_OK);
    ck_assert_int_eq(ask(0, 10, "", &changes), STORE_OK);
    ck_assert_uint_eq(told.count, 6);
    must_tell(0, "put a");
    must_tell(1, "put a");
    must_tell(2, "delete a");
    must_tell(3, "put b");
    ck_assert_uint_eq(changes.next, changes.end);
    ck_assert_uint_eq(changes.end, fixture_figures(&fixture).end_offset);
    uint64_t since = told.offsets[3];
    ck_assert_int_eq(ask(since, 10, "", &changes), STORE_OK);
    ck_assert_uint_eq(told.count, 3);
    must_tell(0, "put b");
    ck_assert_int_eq(ask(changes.next, 10, "", &changes), STORE_OK);
    ck_assert_uint_eq(told.count, 0);
}
END_TEST

START_TEST(an_answer_does_not_part_a_transaction)
{
    struct store_changes changes;
    fixture_must_put(&fixture, "a", "1");
    fixture_put_batch(&fixture, "text");
    fixture_must_put(&fixture, "b", "2");
    ck_assert_int_eq(ask(0, 2, "", &changes), STORE_OK);
    ck_assert_uint_eq(told.count, 4);
    uint64_t inside = told.offsets[2];
    ck_assert_int_eq(ask(changes.next, 2, "", &changes), STORE_OK);
    ck_assert_uint_eq(told.count, 1);
    must_tell(0, "put b");
    ck_assert_int_eq(ask(inside, 2, "", &changes), STORE_GONE);
    ck_assert(!changes.amid);
    told.enough = 2;
    ck_assert_int_eq(ask(0, TOLD_MAX, "", &changes), STORE_OK);
    ck_assert_uint_eq(told.count, 4);
    told.enough = 0;
}
END_TEST

static void ask_for_part(struct store_changes_query *query, size_t enough, struct store_changes *ret_changes)
{
    told.count = 0;
    told.enough = enough;
    ck_assert_int_eq(store_changes(fixture.store, query, take, NULL, ret_changes), STORE_OK);
    told.enough = 0;
    query->since = ret_changes->next;
    query->amid = ret_changes->amid;
}

/* The limit does not part it, but where a transaction ends that is over it, the answer does. */
START_TEST(a_transaction_may_be_told_in_parts)
{
    struct store_changes_query query = {.limit = 2, .parted = true};
    struct store_changes changes;
    fixture_must_put(&fixture, "a", "1");
    fixture_put_batch(&fixture, "text");
    fixture_must_put(&fixture, "b", "2");
    ck_assert_int_eq(ask(0, TOLD_MAX, "", &changes), STORE_OK);
    ck_assert_uint_eq(told.count, 5);
    uint64_t third = told.offsets[2], last = told.offsets[4];
    ask_for_part(&query, 2, &changes);
    ck_assert_uint_eq(told.count, 2);
    ck_assert(changes.amid && changes.next == third);
    ask_for_part(&query, 1, &changes);
    ck_assert_uint_eq(told.count, 1);
    ck_assert(changes.amid);
    query.limit = 0;
    ask_for_part(&query, 0, &changes);
    ck_assert_uint_eq(told.count, 1);
    ck_assert(!changes.amid && changes.next == last);
    query.limit = 2;
    ask_for_part(&query, 0, &changes);
    must_tell(0, "put b");
    ck_assert(!changes.amid && changes.next == changes.end);
    ck_assert_int_eq(ask(0, 2, "", &changes), STORE_OK);
    ck_assert_uint_eq(told.count, 4);
}
END_TEST

/* It goes on behind what cannot be read, as else. */
START_TEST(damage_amid_a_transaction_is_told)
{
    struct store_changes_query query = {.limit = TOLD_MAX, .parted = true};
    struct store_changes changes;
    fixture_put_batch(&fixture, "text");
    fixture_must_put(&fixture, "b", "2");
    ck_assert_int_eq(ask(0, TOLD_MAX, "", &changes), STORE_OK);
    uint64_t second = told.offsets[1], last = told.offsets[told.count - 1];
    ask_for_part(&query, 1, &changes);
    ck_assert(changes.amid && changes.next == second);
    fixture_flip(&fixture, fixture_segment(&fixture), SEGMENT_HEADER + second + 20);
    ck_assert_int_eq(store_changes(fixture.store, &query, take, NULL, &changes), STORE_DAMAGED);
    ck_assert_uint_eq(changes.behind, last);
}
END_TEST

START_TEST(only_what_is_below_a_prefix_is_told)
{
    struct store_changes changes;
    fixture_must_put(&fixture, "a/1", "1");
    fixture_must_put(&fixture, "b/1", "1");
    fixture_must_put(&fixture, "#k", "1");
    fixture_must_put(&fixture, "a/2", "1");
    ck_assert_int_eq(ask(0, 10, "a/", &changes), STORE_OK);
    ck_assert_uint_eq(told.count, 2);
    must_tell(1, "put a/2");
    ck_assert_uint_eq(changes.next, changes.end);
    ck_assert_int_eq(ask(0, 10, "", &changes), STORE_OK);
    must_tell(2, "put ?");
}
END_TEST

START_TEST(an_offset_of_another_log_is_gone)
{
    struct store_changes changes;
    fixture_must_put(&fixture, "a", "1");
    fixture_must_put(&fixture, "b", "2");
    uint64_t end = fixture_figures(&fixture).end_offset;
    for (uint64_t since = 1; since <= end + 64; since++) {
        enum store_error error = ask(since, 10, "", &changes);
        bool begins = since == end / 2 || since == end;
        ck_assert_msg(error == (begins ? STORE_OK : STORE_GONE), "since %llu: %s", (unsigned long long)since,
                      store_error_text(error));
    }
    ck_assert_int_eq(ask(UINT64_MAX, 10, "", &changes), STORE_GONE);
}
END_TEST

/* What cannot be read cannot be told: the answer ends there, and the next one says so, and where the log goes on. */
START_TEST(damage_is_told_where_it_is_met)
{
    struct store_changes changes;
    fixture_put_three(&fixture);
    ck_assert_int_eq(ask(0, 10, "", &changes), STORE_OK);
    uint64_t second = told.offsets[1], third = told.offsets[2];
    size_t header = fixture_find_text(&fixture, "the second payload");
    fixture_flip(&fixture, fixture_segment(&fixture), header - 20);
    ck_assert_int_eq(ask(0, 10, "", &changes), STORE_OK);
    ck_assert_uint_eq(told.count, 1);
    ck_assert_uint_eq(changes.next, second);
    ck_assert_int_eq(ask(second, 10, "", &changes), STORE_DAMAGED);
    ck_assert_uint_eq(told.count, 0);
    ck_assert_uint_eq(changes.behind, third);
    ck_assert_int_eq(ask(changes.behind, 10, "", &changes), STORE_OK);
    must_tell(0, "put c");
}
END_TEST

/* ---- what is kept ---------------------------------------------------------------------------- */

/* So many keys of 1,000 bytes are put, and deleted: where the log stood between the two. */
static uint64_t put_and_delete(unsigned count)
{
    enum { BATCH = 50, KEY = 1000 };
    static char keys[BATCH][KEY + 1];
    static struct store_op ops[BATCH];
    uint64_t since = 0;
    for (int kind = 0; kind < 2; kind++) {
        for (unsigned first = 0; first < count; first += BATCH) {
            struct ticket ticket;
            for (unsigned i = 0; i < BATCH; i++) {
                (void)snprintf(keys[i], sizeof keys[i], "%0*u", KEY, first + i);
                ops[i] = (struct store_op){.kind = kind ? STORE_DELETE : STORE_PUT, .key = store_key_of(keys[i], KEY)};
            }
            ticket_init(&ticket);
            ck_assert_int_eq(store_batch(fixture.store, ops, BATCH, STORE_ALLOW_EMPTY, ticket_done, &ticket, NULL),
                             STORE_OK);
            ck_assert_int_eq(ticket_wait(&ticket), STORE_OK);
            ticket_destroy(&ticket);
        }
        if (kind == 0)
            since = fixture_figures(&fixture).end_offset;
    }
    ck_assert(quiet_comes());
    return since;
}

static void keep_for(uint64_t retention)
{
    fixture_close(&fixture);
    fixture.options.feed_retention = retention;
    fixture_open(&fixture);
}

static enum store_error ask_for_one(uint64_t since)
{
    struct store_changes changes;
    return ask(since, 1, "", &changes);
}

/* The bound is 16 MiB where an eighth of the files is less. */
START_TEST(what_is_kept_has_its_bounds)
{
    keep_for(WEEK);
    uint64_t since = put_and_delete(8000);
    ck_assert_int_eq(ask_for_one(since), STORE_OK);
    (void)put_and_delete(10000);
    ck_assert_int_eq(ask_for_one(since), STORE_GONE);
    ck_assert_uint_le(fixture_figures(&fixture).disk_bytes, 2 * (16 << 20));
}
END_TEST

/* One that compacts and knows of no horizon leaves the file as it was. Nor does it help to take it away. */
START_TEST(what_an_older_program_has_dropped_is_not_claimed)
{
    static const char path[] = "/data/stores/s/horizon";
    size_t length;
    keep_for(0);
    (void)put_and_delete(1000);
    uint8_t *horizon = fixture_read_file(&fixture, path, &length);
    uint64_t since = put_and_delete(1000);
    ck_assert_int_eq(ask_for_one(since), STORE_GONE);
    fixture_close(&fixture);
    fixture_write_file(&fixture, path, horizon, length, 0);
    fixture_resize_file(&fixture, path, length);
    free(horizon);
    for (int there = 1; there >= 0; there--) {
        fixture_open(&fixture);
        ck_assert_int_eq(ask_for_one(since), STORE_GONE);
        ck_assert_int_eq(ask_for_one(0), STORE_OK);
        ck_assert_int_eq(ask_for_one(fixture_figures(&fixture).end_offset), STORE_OK);
        fixture_close(&fixture);
        if (there)
            ck_assert_int_eq(fixture.io->unlinkat(fixture.io->self, AT_FDCWD, path, 0), 0);
    }
    fixture_open(&fixture);
}
END_TEST

/* ---- the file -------------------------------------------------------------------------------- */

START_TEST(a_file_that_is_not_valid_is_none)
{
    static const char *const texts[] = {
        "", "cairn horizon\n", "cairn horizon\ndeletions 8\nfront 16\n",
        "cairn horizon\ndeletions 8\nfront 16\ncheck 0000000000000000\n",
        "cairn horizon\ndeletions 99999999999999999999\nfront 16\ncheck 0000000000000000\n"};
    struct horizon_text text;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        ck_assert(!horizon_parse(texts[i], 7, &text));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        changes_come_in_their_order,          an_answer_does_not_part_a_transaction,
        a_transaction_may_be_told_in_parts,   damage_amid_a_transaction_is_told,
        only_what_is_below_a_prefix_is_told,  an_offset_of_another_log_is_gone,
        what_is_kept_has_its_bounds,          what_an_older_program_has_dropped_is_not_claimed,
        damage_is_told_where_it_is_met,       a_file_that_is_not_valid_is_none,
        a_follower_holds_what_the_store_does,
    };
    return UNIT_RUN_WITH("feed", setup, teardown, tests);
}
