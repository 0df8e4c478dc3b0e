/* test_learner.c - after many deletions a page costs what it shows, the first one too, and shows what there is. */
#include "store/internal.h"
#include "tests/lib/background.h"
#include "tests/lib/fixture.h"
#include "tests/lib/numbers.h"
#include "tests/lib/pages.h"
#include "tests/lib/quiet.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

/* Of so many objects a third has more than enough tombstones for the background to look at them. */
enum { KEYS = 24000, THIRD = KEYS / 3, TEXT = 32, READS = 24, TURNS = 4 };

static struct fixture fixture;
static bool there[KEYS];

static void change(enum store_op_kind kind, unsigned from, unsigned to, unsigned step)
{
    numbers_change(fixture.store, kind, from, to, step, there);
}

/* Segments are large enough that what has ended stays for a while. */
static void setup(void)
{
    fixture_start(&fixture, 1);
    fixture_close(&fixture);
    fixture.options.segment_size = 1 << 20;
    fixture_open(&fixture);
    memset(there, 0, sizeof there);
    change(STORE_PUT, 0, KEYS, 1);
}

static void teardown(void)
{
    fixture_end(&fixture);
}

static void reopen(void)
{
    fixture_close(&fixture);
    fixture_open(&fixture);
}

/* All that the background has to do for the next page has been done, though nobody has asked for one. */
static void await_background(void)
{
    ck_assert(background_settles(fixture.store));
}

/* The keys of a page of ten that begins at one. */
static const char *expected(unsigned from)
{
    static char text[16 * TEXT];
    size_t length = 0, count = 0;
    text[0] = '\0';
    for (unsigned i = from; i < KEYS && count < 10; i++)
        if (there[i]) {
            length += (size_t)snprintf(text + length, sizeof text - length, "%05u ", i);
            count++;
        }
    return text;
}

/* Asks for the page that begins at a key; how often that reads. */
static uint64_t reads_of_a_page(unsigned from)
{
    static struct page page;
    ck_assert(quiet_comes()); /* the page before may have had the binder look, which reads, too */
    uint64_t before = sim_disk_calls(fixture.disk, SIM_PREAD);
    page = (struct page){0};
    page.cursor_length = (size_t)snprintf((char *)page.cursor, sizeof page.cursor, "k%05u", from);
    ck_assert_int_eq(page_list(fixture.store, &page, "", "", 10), STORE_OK);
    ck_assert_str_eq(page.text, expected(from));
    return sim_disk_calls(fixture.disk, SIM_PREAD) - before;
}

/* Whether the background has looked: it does not where compaction has left few tombstones. */
static bool has_looked(void)
{
    struct catalog *catalog = &fixture.store->catalog;
    lock_take(&catalog->lock);
    bool opened = catalog->opened;
    lock_release(&catalog->lock);
    return opened;
}

/* Whether the page that begins at a key is cheap where the background has looked. Compaction may come in between: then
 * once more as after a start, when nothing is known but what the background learns. */
static void expect_cheap_page(unsigned from)
{
    uint64_t reads = 0;
    for (int turn = 0; turn < TURNS; turn++) {
        bool looked = has_looked();
        reads = reads_of_a_page(from);
        if (!looked || reads <= READS)
            return;
        reopen();
        await_background();
    }
    ck_abort_msg("from %u: %llu reads", from, (unsigned long long)reads);
}

/* Pages that begin in front of what was deleted, in it and behind it; now, and after a restart. */
static void expect_cheap_pages(void)
{
    static const unsigned from[] = {0, THIRD - 5, THIRD, THIRD + 1, KEYS / 2 + 77, 2 * THIRD - 1, 2 * THIRD};
    for (int start = 0; start < 2; start++) {
        await_background();
        for (size_t i = 0; i < sizeof from / sizeof *from; i++)
            expect_cheap_page(from[i]);
        reopen();
    }
}

START_TEST(behind_deleted_first_keys)
{
    change(STORE_DELETE, 0, THIRD, 1);
    expect_cheap_pages();
}
END_TEST

START_TEST(around_a_deleted_middle)
{
    change(STORE_DELETE, THIRD, 2 * THIRD, 1);
    expect_cheap_pages();
}
END_TEST

START_TEST(among_every_second_key)
{
    change(STORE_DELETE, 0, KEYS, 2);
    expect_cheap_pages();
}
END_TEST

START_TEST(where_deleted_keys_were_put_again)
{
    change(STORE_DELETE, THIRD, 2 * THIRD, 1);
    await_background();
    change(STORE_PUT, THIRD, 2 * THIRD, 1);
    expect_cheap_pages();
    change(STORE_DELETE, THIRD, 2 * THIRD, 1);
    expect_cheap_pages();
}
END_TEST

/* In an order that has nothing to do with that of the keys: no block is gone before the last tombstones come. */
START_TEST(after_deletions_in_no_order)
{
    enum { STRIDE = 7 };
    for (unsigned first = 0; first < STRIDE; first++)
        change(STORE_DELETE, first, 2 * THIRD, STRIDE);
    expect_cheap_pages();
}
END_TEST

/* What has been learnt of the runs that were merged is learnt again of the one that takes their place. */
START_TEST(while_segments_are_merged_and_compacted)
{
    for (unsigned from = 0; from < 2 * THIRD; from += THIRD / 2) {
        change(STORE_DELETE, from, from + THIRD / 2, 1);
        await_background();
        expect_cheap_page(0);
        change(STORE_PUT, 2 * THIRD, KEYS, 1);
    }
    expect_cheap_pages();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        behind_deleted_first_keys,         around_a_deleted_middle,     among_every_second_key,
        where_deleted_keys_were_put_again, after_deletions_in_no_order, while_segments_are_merged_and_compacted,
    };
    return UNIT_RUN_WITH("learner", setup, teardown, tests);
}
