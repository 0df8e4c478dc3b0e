/* test_catalog.c - listings: order, prefixes, groups, pages, and what they show while the store changes. */
#include "tests/lib/fixture.h"
#include "tests/lib/pages.h"
#include "tests/lib/prng.h"
#include "tests/lib/quiet.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS = 400, TEXT = 64 };

FIXTURE_OF_EACH_TEST

static const char *list_all(const char *prefix, const char *delimiter, size_t limit)
{
    return pages_all(fixture.store, prefix, delimiter, limit);
}

static void list_page(struct page *page, const char *prefix, const char *delimiter, size_t limit)
{
    ck_assert_int_eq(page_list(fixture.store, page, prefix, delimiter, limit), STORE_OK);
}

static void put(const char *key)
{
    ck_assert_int_eq(fixture_put_text(&fixture, key, "v"), STORE_OK);
}

static void put_all(const char *const *keys)
{
    for (; *keys; keys++)
        put(*keys);
}

/* ---- one behaviour each ---------------------------------------------------------------------- */

START_TEST(an_empty_store_has_an_empty_page)
{
    ck_assert_str_eq(list_all("", "", 10), "");
}
END_TEST

START_TEST(keys_come_in_bytewise_order)
{
    put_all((const char *const[]){"b", "a", "B", "a/b", "a.b", "\xc3\xbc", "aa", NULL});
    ck_assert_str_eq(list_all("", "", 10), "B a a.b a/b aa b \xc3\xbc ");
}
END_TEST

START_TEST(a_prefix_selects)
{
    put_all((const char *const[]){"a", "ab", "abc", "abd", "ac", "b", "\xff", "\xff\xff", NULL});
    ck_assert_str_eq(list_all("ab", "", 10), "ab abc abd ");
    ck_assert_str_eq(list_all("\xff", "", 10), "\xff \xff\xff ");
    ck_assert_str_eq(list_all("x", "", 10), "");
}
END_TEST

START_TEST(a_delimiter_groups)
{
    put_all((const char *const[]){"a", "d/1", "d/2", "d/e/1", "d0", "f/", "\xff/a", "\xff/b", NULL});
    ck_assert_str_eq(list_all("", "/", 10), "a d/+ d0 f/+ \xff/+ ");
    ck_assert_str_eq(list_all("d/", "/", 10), "d/1 d/2 d/e/+ ");
    ck_assert_str_eq(list_all("", "/", 1), "a d/+ d0 f/+ \xff/+ ");
}
END_TEST

START_TEST(a_group_needs_an_object)
{
    put_all((const char *const[]){"d/1", "d/2", "e/1", NULL});
    ck_assert_int_eq(fixture_delete(&fixture, "d/1"), STORE_OK);
    ck_assert_str_eq(list_all("", "/", 10), "d/+ e/+ ");
    ck_assert_int_eq(fixture_delete(&fixture, "d/2"), STORE_OK);
    ck_assert_str_eq(list_all("", "/", 10), "e/+ ");
}
END_TEST

START_TEST(the_last_page_has_no_cursor)
{
    struct page page = {0};
    put_all((const char *const[]){"a", "b", "c", "d", NULL});
    list_page(&page, "", "", 2);
    ck_assert_str_eq(page.text, "a b ");
    ck_assert_uint_gt(page.cursor_length, 0);
    list_page(&page, "", "", 2);
    ck_assert_str_eq(page.text, "a b c d ");
    ck_assert_uint_eq(page.cursor_length, 0);
}
END_TEST

START_TEST(a_cursor_outlives_its_key)
{
    struct page page = {0};
    put_all((const char *const[]){"a", "b", "c", "d", NULL});
    list_page(&page, "", "", 2);
    ck_assert_int_eq(fixture_delete(&fixture, "b"), STORE_OK);
    ck_assert_int_eq(fixture_delete(&fixture, "c"), STORE_OK);
    put("bb");
    list_page(&page, "", "", 2);
    ck_assert_str_eq(page.text, "a b bb d ");
}
END_TEST

START_TEST(an_object_without_a_name_comes_first)
{
    struct ticket ticket;
    struct store_op op = {.kind = STORE_PUT, .key = store_key_of_hash(7), .payload = "v", .size = 1};
    put("a");
    ticket_init(&ticket);
    ck_assert_int_eq(store_batch(fixture.store, &op, 1, 0, ticket_done, &ticket, NULL), STORE_OK);
    ck_assert_int_eq(ticket_wait(&ticket), STORE_OK);
    ticket_destroy(&ticket);
    ck_assert_str_eq(list_all("", "", 1), " a ");
}
END_TEST

START_TEST(an_object_that_has_lost_its_name_is_listed_once)
{
    struct ticket ticket;
    struct store_op op = {
        .kind = STORE_PUT, .key = store_key_of_hash(store_key_of("a", 1).hash), .payload = "v", .size = 1};
    put("a");
    ck_assert_str_eq(list_all("", "", 10), "a "); /* from here on a run knows the name */
    ck_assert_int_eq(fixture_delete(&fixture, "a"), STORE_OK);
    ticket_init(&ticket);
    ck_assert_int_eq(store_batch(fixture.store, &op, 1, 0, ticket_done, &ticket, NULL), STORE_OK);
    ck_assert_int_eq(ticket_wait(&ticket), STORE_OK);
    ticket_destroy(&ticket);
    ck_assert_str_eq(list_all("", "", 10), " ");
}
END_TEST

START_TEST(a_damaged_cursor_is_known)
{
    ck_assert(!store_list_cursor_valid("x", 1));
    ck_assert(!store_list_cursor_valid("h123", 4));
    ck_assert(!store_list_cursor_valid("k", 1));
}
END_TEST

/* ---- against a model ------------------------------------------------------------------------- */

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What a listing must be, from which of the KEYS are there. */
static void expect_model(char (*keys)[TEXT], const bool *there, const char *prefix, size_t limit)
{
    static char expected[1 << 16];
    char *sorted[KEYS];
    size_t count = 0;
    size_t length = 0;
    for (size_t i = 0; i < KEYS; i++)
        if (there[i] && strncmp(keys[i], prefix, strlen(prefix)) == 0)
            sorted[count++] = keys[i];
    qsort(sorted, count, sizeof *sorted, compare_text);
    expected[0] = '\0';
    for (size_t i = 0; i < count; i++)
        length += (size_t)snprintf(expected + length, sizeof expected - length, "%s ", sorted[i]);
    ck_assert_str_eq(list_all(prefix, "", limit), expected);
}

/* Long enough for many segments, with listings, restarts and damaged runs in between. */
START_TEST(listings_follow_a_long_history)
{
    static char keys[KEYS][TEXT];
    static char filler[400];
    bool there[KEYS] = {false};
    struct prng prng = prng_of(5);
    memset(filler, 'x', sizeof filler);
    for (size_t i = 0; i < KEYS; i++)
        (void)snprintf(keys[i], TEXT, "%llu/%zu", (unsigned long long)prng_below(&prng, 20), i);
    for (unsigned round = 0; round < 60; round++) {
        for (unsigned step = 0; step < 40; step++) {
            size_t at = (size_t)prng_below(&prng, KEYS);
            bool remove = prng_one_in(&prng, 3);
            enum store_error error = remove ? fixture_delete(&fixture, keys[at])
                                            : fixture_put(&fixture, keys[at], filler, sizeof filler);
            ck_assert_int_eq(error, STORE_OK);
            there[at] = !remove;
        }
        if (prng_one_in(&prng, 5)) {
            fixture_close(&fixture);
            fixture_open(&fixture);
        }
        expect_model(keys, there, "", 1 + (size_t)prng_below(&prng, 50));
        expect_model(keys, there, "1", 7);
    }
    ck_assert_uint_gt(fixture_figures(&fixture).end_offset, 256 << 10); /* more than one segment holds */
}
END_TEST

static void fill_a_segment(void)
{
    static char filler[300];
    memset(filler, 'x', sizeof filler);
    for (unsigned i = 0; fixture_figures(&fixture).segments < 2; i++) {
        char key[TEXT];
        (void)snprintf(key, sizeof key, "%05u", i);
        ck_assert_int_eq(fixture_put(&fixture, key, filler, sizeof filler), STORE_OK);
    }
}

START_TEST(a_damaged_run_is_made_again)
{
    static const char path[] = "/data/stores/s/log/0000000000000001.keys";
    size_t size;
    fill_a_segment();
    char *listed = strdup(list_all("", "", 100));
    uint8_t *bytes = fixture_read_file(&fixture, path, &size);
    fixture_close(&fixture);
    bytes[size - 1] ^= 1;
    fixture_write_file(&fixture, path, bytes, size, 0);
    fixture_open(&fixture);
    ck_assert_str_eq(list_all("", "", 100), listed);
    free(bytes);
    free(listed);
}
END_TEST

/* What the lost end of a segment's file held is gone; all else is listed, with or without the keys' file. */
START_TEST(a_segment_that_was_cut_is_listed)
{
    fill_a_segment();
    put("zz");
    fixture_close(&fixture);
    fixture_resize_file(&fixture, "/data/stores/s/log/0000000000000001.seg", 1000);
    for (int listing = 0; listing < 2; listing++) {
        fixture_open(&fixture);
        const char *listed = list_all("", "", 100);
        ck_assert_msg(strncmp(listed, "00000 ", 6) == 0 && strstr(listed, " zz "), "%s", listed);
        ck_assert_ptr_null(strstr(listed, "00100 "));
        if (listing == 0)
            fixture_close(&fixture);
    }
}
END_TEST

static uint64_t reads_of_a_page(const char *first)
{
    static struct page page;
    ck_assert(quiet_comes()); /* what goes on in the background reads, too */
    uint64_t before = sim_disk_calls(fixture.disk, SIM_PREAD);
    memset(&page, 0, sizeof page);
    list_page(&page, "", "", 1);
    ck_assert_msg(strncmp(page.text, first, strlen(first)) == 0, "%s", page.text);
    return sim_disk_calls(fixture.disk, SIM_PREAD) - before;
}

/* A queue: what has been taken from the front is passed over, not looked at by each page again. */
START_TEST(a_page_behind_deleted_keys_costs_what_it_shows)
{
    enum { TAKEN = 260 }; /* fewer than half: the segment stays; more than fit into a block of its keys */
    char key[TEXT];
    fixture_set_first_segment(&fixture, 256 << 10);
    fill_a_segment();
    list_all("", "", 100); /* now the keys of the segment are in a file */
    for (unsigned i = 0; i < TAKEN; i++) {
        (void)snprintf(key, sizeof key, "%05u", i);
        ck_assert_int_eq(fixture_delete(&fixture, key), STORE_OK);
    }
    list_all("zz", "", 100); /* now those of the active one are known */
    (void)snprintf(key, sizeof key, "%05u", TAKEN);
    (void)reads_of_a_page(key); /* it has the binder look, which reads, too */
    ck_assert_uint_eq(reads_of_a_page(key), 1);
    ck_assert_int_eq(fixture_put_text(&fixture, "00003", "again"), STORE_OK);
    list_all("zz", "", 100);
    ck_assert_uint_eq(reads_of_a_page("00003"), 1);
}
END_TEST

/* The keys' file of the first segment does not know of "key": it had been replaced when the file was made. */
START_TEST(a_version_that_damage_brings_back_is_listed)
{
    ck_assert_int_eq(fixture_put_text(&fixture, "key", "older"), STORE_OK);
    fill_a_segment();
    ck_assert_int_eq(fixture_put_text(&fixture, "key", "newer version"), STORE_OK);
    put("zz");
    list_all("", "", 100);
    fixture_close(&fixture);
    const char *path = fixture_segment(&fixture);
    size_t position = fixture_find(&fixture, path, "keynewer version", 16);
    fixture_write_file(&fixture, path, "K", 1, position);
    fixture_open(&fixture);
    ck_assert_int_eq(fixture_get_text(&fixture, "key", "older"), STORE_OK);
    ck_assert_ptr_nonnull(strstr(list_all("key", "", 100), "key"));
}
END_TEST

/* Bytes that are wrong for a while: what they hold is told to be damaged and is listed again when they are right. */
static void check_hole(bool sealed)
{
    static const char path[] = "/data/stores/s/log/0000000000000001.seg";
    put("key in a hole");
    put("key behind it");
    size_t position = fixture_find(&fixture, path, "key in a hole", 13);
    fixture_flip(&fixture, path, position);
    if (sealed)
        fill_a_segment(); /* behind the flip: or its keys are made before, and nobody looks at the record */
    for (int listing = 0; listing < 2; listing++) {
        ck_assert_ptr_null(strstr(list_all("", "", 100), "key in a hole"));
        ck_assert_ptr_nonnull(strstr(list_all("", "", 100), "key behind it"));
        ck_assert_uint_eq(fixture.warnings, 1);
    }
    uint64_t damaged = fixture_figures(&fixture).damaged_bytes;
    ck_assert_uint_gt(damaged, 0);
    fixture_flip(&fixture, path, position);
    for (int start = 0; start < 2; start++) {
        ck_assert_ptr_nonnull(strstr(list_all("", "", 100), "key in a hole "));
        ck_assert_ptr_nonnull(strstr(list_all("", "", 100), "key behind it"));
        ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, start == 0 ? damaged : 0);
        fixture_close(&fixture);
        fixture_open(&fixture);
    }
}

START_TEST(a_record_that_is_damaged_for_a_while_is_listed_again)
{
    check_hole(true);
    fixture_renew(&fixture);
    check_hole(false);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_empty_store_has_an_empty_page,
        keys_come_in_bytewise_order,
        a_prefix_selects,
        a_delimiter_groups,
        a_group_needs_an_object,
        the_last_page_has_no_cursor,
        a_cursor_outlives_its_key,
        an_object_without_a_name_comes_first,
        an_object_that_has_lost_its_name_is_listed_once,
        a_damaged_cursor_is_known,
        listings_follow_a_long_history,
        a_damaged_run_is_made_again,
        a_segment_that_was_cut_is_listed,
        a_page_behind_deleted_keys_costs_what_it_shows,
        a_version_that_damage_brings_back_is_listed,
        a_record_that_is_damaged_for_a_while_is_listed_again,
    };
    return UNIT_RUN_WITH("catalog", setup, teardown, tests);
}
