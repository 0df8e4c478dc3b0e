/* test_run.c - runs: what is written is read again, from memory and from the middle of a file; damage is met. */
#include "store/read/head.h"
#include "store/read/merge.h"
#include "store/read/run_writer.h"
#include "tests/lib/sim_disk.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRIES = 1000, OFFSET = 4321, SALT = 99 };

static const struct run_source sources[] = {{.number = 3, .covered = 700, .stamp = 5}, {.number = 9, .covered = 64}};

static struct sim_disk *disk;
static int file;
static struct handles handles;
static const struct handle_folder folder = {.handles = &handles};

static const struct io *io(void)
{
    return sim_disk_io(disk);
}

static void setup(void)
{
    disk = sim_disk_new(1);
    file = io()->openat(io()->self, AT_FDCWD, "/run", O_RDWR | O_CREAT, 0600);
    ck_assert_int_ge(file, 0);
    handles_init(&handles, io(), 1);
}

static void teardown(void)
{
    handles_free(&handles);
    io()->close(io()->self, file);
    ck_assert_uint_eq(sim_disk_open_files(disk), 0);
    sim_disk_free(disk);
}

/* The Nth entry: a few without a name, a longest key, attributes of all kinds. */
static void make_entry(size_t n, struct entry *ret_entry)
{
    static char key[STORE_KEY_MAX + 1], attributes[ENTRY_ATTRIBUTES_MAX];
    struct store_key named;
    memset(attributes, 'a', sizeof attributes);
    memset(key, 'z', sizeof key);
    if (n + 1 < ENTRIES)
        (void)snprintf(key, sizeof key, "folder %zu/%05zu", n / 100, n);
    key[STORE_KEY_MAX] = '\0';
    named = n < 3 ? store_key_of_hash(n << 40) : store_key_of(key, strlen(key));
    struct record record = {.type = n % 50 == 7 ? RECORD_TOMBSTONE : RECORD_PUT,
                            .key = named.bytes,
                            .key_length = named.length,
                            .key_hash = named.hash,
                            .offset = n * 8 + ((uint64_t)n << 33),
                            .size = n % 7 == 0 ? UINT64_MAX - n : n,
                            .time = -(int64_t)n,
                            .digest = store_digest_of(&n, sizeof n),
                            .attributes = attributes,
                            .attributes_length = n % 5 == 0   ? 0
                                                 : n % 5 == 1 ? sizeof attributes + n
                                                              : n % 300 / 2};
    entry_of(&record, ret_entry);
}

static void write_entries(struct run_writer *writer, uint64_t *ret_length)
{
    struct entry entry;
    for (size_t n = 0; n < ENTRIES; n++) {
        make_entry(n, &entry);
        ck_assert_int_eq(run_writer_add(writer, &entry).error, STORE_OK);
    }
    ck_assert_int_eq(run_writer_end(writer, sources, 2, ret_length).error, STORE_OK);
}

static uint64_t write_file(void)
{
    struct run_writer writer;
    uint64_t length;
    run_writer_init(&writer, io(), file, OFFSET, SALT);
    write_entries(&writer, &length);
    run_writer_free(&writer);
    return length;
}

static struct handle *own_handle(void)
{
    return handle_new(&folder, 1, ".keys", O_RDONLY, io()->dup(io()->self, file));
}

static enum store_error open_run(struct run **ret_run)
{
    return run_open(own_handle(), OFFSET, SALT, ret_run).error;
}

static void expect_entry(const struct entry *entry, size_t n)
{
    struct entry wanted;
    make_entry(n, &wanted);
    ck_assert_int_eq(place_compare(&entry->place, &wanted.place), 0);
    ck_assert_uint_eq(entry->offset, wanted.offset);
    ck_assert_int_eq(entry->tombstone, wanted.tombstone);
    if (wanted.tombstone)
        return;
    ck_assert_uint_eq(entry->size, wanted.size);
    ck_assert_int_eq(entry->time, wanted.time);
    ck_assert(store_digest_equal(&entry->digest, &wanted.digest));
    ck_assert_uint_eq(entry->attributes_length, wanted.attributes_length);
    ck_assert_int_eq(entry->curtailed, wanted.curtailed);
    if (wanted.attributes_length > 0)
        ck_assert_mem_eq(entry->attributes, wanted.attributes, wanted.attributes_length);
}

static void expect_all(struct run *run)
{
    static const struct place beginning;
    struct head head;
    size_t n = 0;
    ck_assert_uint_eq(run_entries(run), ENTRIES);
    ck_assert_uint_eq(run_tombstones(run), ENTRIES / 50);
    ck_assert_uint_eq(run_source_count(run), 2);
    ck_assert_uint_eq(run_source_at(run, 1).number, 9);
    ck_assert_uint_eq(run_source_at(run, 0).stamp, 5);
    ck_assert(head_init(&head, run, false));
    ck_assert_int_eq(head_seek(&head, &beginning).error, STORE_OK);
    for (; !head.ended; n++) {
        expect_entry(&head.entry, n);
        ck_assert_int_eq(head_next(&head).error, STORE_OK);
    }
    ck_assert_uint_eq(n, ENTRIES);
    head_free(&head);
}

START_TEST(what_is_written_is_read)
{
    struct run *run;
    write_file();
    ck_assert_int_eq(open_run(&run), STORE_OK);
    expect_all(run);
    ck_assert_int_eq(run_prove(run).error, STORE_OK);
    run_release(run);
}
END_TEST

START_TEST(opening_a_run_reads_no_block)
{
    struct run *run;
    write_file();
    uint64_t reads = sim_disk_calls(disk, SIM_PREAD);
    ck_assert_int_eq(open_run(&run), STORE_OK);
    ck_assert_uint_gt(run_blocks(run), 5);
    ck_assert_uint_eq(sim_disk_calls(disk, SIM_PREAD), reads + 2);
    run_release(run);
}
END_TEST

START_TEST(a_place_is_found_by_one_read)
{
    struct run *run;
    struct entry entry;
    write_file();
    ck_assert_int_eq(open_run(&run), STORE_OK);
    for (size_t n = 0; n < ENTRIES; n++) {
        struct head head;
        uint64_t reads = sim_disk_calls(disk, SIM_PREAD);
        make_entry(n, &entry);
        ck_assert(head_init(&head, run, false));
        ck_assert_int_eq(head_seek(&head, &entry.place).error, STORE_OK);
        expect_entry(&head.entry, n);
        ck_assert_uint_eq(sim_disk_calls(disk, SIM_PREAD), reads + 1);
        head_free(&head);
    }
    run_release(run);
}
END_TEST

START_TEST(a_head_goes_forward_to_each_place)
{
    struct run *run;
    struct entry entry;
    write_file();
    ck_assert_int_eq(open_run(&run), STORE_OK);
    for (size_t step = 1; step < ENTRIES; step = step * 3 + 1) {
        struct head head;
        ck_assert(head_init(&head, run, false));
        for (size_t n = 0; n < ENTRIES; n += step) {
            make_entry(n, &entry);
            ck_assert_int_eq(head_seek(&head, &entry.place).error, STORE_OK);
            expect_entry(&head.entry, n);
            place_step(&entry.place);
            ck_assert_int_eq(head_seek(&head, &entry.place).error, STORE_OK);
            ck_assert_int_eq(head.ended, n + 1 == ENTRIES);
        }
        head_free(&head);
    }
    run_release(run);
}
END_TEST

/* Whatever byte the disk changes, it is noticed: when the run is opened, or where its block is read. */
START_TEST(no_changed_byte_passes)
{
    uint64_t length = write_file();
    for (uint64_t at = 0; at < length; at += at < 200 || at + 400 > length ? 1 : 37) {
        struct run *run;
        unsigned char byte;
        ck_assert_int_eq(io_read_all(io(), file, &byte, 1, (off_t)(OFFSET + at)), 0);
        byte ^= 0x40;
        ck_assert_int_eq(io_write_all(io(), file, &byte, 1, (off_t)(OFFSET + at)), 0);
        enum store_error error = open_run(&run);
        if (!error) {
            ck_assert_uint_ge(at, RUN_HEADER);
            error = run_prove(run).error;
            run_release(run);
        }
        ck_assert_int_eq(error, STORE_DAMAGED);
        byte ^= 0x40;
        ck_assert_int_eq(io_write_all(io(), file, &byte, 1, (off_t)(OFFSET + at)), 0);
    }
}
END_TEST

START_TEST(no_cut_run_is_opened)
{
    uint64_t length = write_file();
    for (uint64_t left = length; left-- > 0; left -= left > 999 ? 301 : 0) {
        struct run *run;
        ck_assert_int_eq(io()->ftruncate(io()->self, file, (off_t)(OFFSET + left)), 0);
        ck_assert_int_eq(open_run(&run), STORE_DAMAGED);
    }
}
END_TEST

START_TEST(a_run_of_another_store_is_none)
{
    struct run *run;
    write_file();
    ck_assert_int_eq(run_open(own_handle(), OFFSET, SALT + 1, &run).error, STORE_DAMAGED);
}
END_TEST

static void begin(struct head *head, struct run *run, size_t n)
{
    static const struct place beginning;
    ck_assert(head_init(head, run, false));
    ck_assert_int_eq(head_seek(head, &beginning).error, STORE_OK);
    expect_entry(&head->entry, n);
}

/* Entries that lead to nothing are passed over by heads that come later: by one read of the block behind them. */
START_TEST(what_is_known_to_be_gone_is_passed_over)
{
    struct run *run;
    struct head head;
    write_file();
    ck_assert_int_eq(open_run(&run), STORE_OK);
    for (size_t from = 0; from < 600; from += 300) {
        begin(&head, run, from);
        for (size_t n = 0; n < 300; n++)
            ck_assert_int_eq(head_gone(&head).error, STORE_OK);
        expect_entry(&head.entry, from + 300);
        head_free(&head);
    }
    uint64_t reads = sim_disk_calls(disk, SIM_PREAD);
    begin(&head, run, 600);
    ck_assert_uint_eq(sim_disk_calls(disk, SIM_PREAD), reads + 1);
    head_free(&head);
    run_release(run);
}
END_TEST

/* One entry that counts, or that nobody has looked at, ends what is known of a block; the next block begins anew. */
START_TEST(what_counts_is_not_passed_over)
{
    enum { COUNTS = 5 };
    struct run *run;
    struct head head;
    struct entry entry;
    write_file();
    ck_assert_int_eq(open_run(&run), STORE_OK);
    begin(&head, run, 0);
    for (size_t n = 0; !head.ended; n++)
        ck_assert_int_eq((n == COUNTS ? head_next(&head) : head_gone(&head)).error, STORE_OK);
    head_free(&head);
    begin(&head, run, COUNTS);
    size_t block = head.block;
    ck_assert_int_eq(head_next(&head).error, STORE_OK);
    expect_entry(&head.entry, COUNTS + 1);
    while (!head.ended && head.block == block)
        ck_assert_int_eq(head_next(&head).error, STORE_OK);
    ck_assert(head.ended);
    head_free(&head);
    make_entry(COUNTS + 1, &entry); /* who comes into the middle of a block has not looked at what is in front */
    ck_assert(head_init(&head, run, false));
    ck_assert_int_eq(head_seek(&head, &entry.place).error, STORE_OK);
    ck_assert_int_eq(head_gone(&head).error, STORE_OK);
    head_free(&head);
    begin(&head, run, COUNTS);
    head_free(&head);
    run_release(run);
}
END_TEST

START_TEST(runs_are_merged_in_order)
{
    static const struct place beginning;
    struct run *runs[3];
    struct run_writer writers[3];
    struct merge merge;
    struct entry entry;
    uint64_t *lacks = NULL;
    for (size_t i = 0; i < 3; i++) {
        run_writer_init(&writers[i], NULL, -1, 0, SALT);
        for (size_t n = 0; n < ENTRIES; n++) {
            make_entry(n, &entry);
            if (n % 3 == i || (n % 10 == 0 && i > 0)) /* every tenth is in two of them, or in three */
                ck_assert_int_eq(run_writer_add(&writers[i], &entry).error, STORE_OK);
        }
        ck_assert_int_eq(run_writer_take(&writers[i], sources, &lacks, 0, &runs[i]).error, STORE_OK);
        run_writer_free(&writers[i]);
    }
    ck_assert_int_eq(merge_init(&merge, runs, 3, false).error, STORE_OK);
    ck_assert_int_eq(merge_seek(&merge, &beginning).error, STORE_OK);
    for (size_t n = 0; n < ENTRIES; n++) {
        expect_entry(merge_entry(&merge), n);
        ck_assert_int_eq(merge_has_twin(&merge), n % 10 == 0);
        place_copy(&merge_entry(&merge)->place, &entry.place);
        place_step(&entry.place);
        ck_assert_int_eq(merge_seek(&merge, &entry.place).error, STORE_OK);
    }
    ck_assert_ptr_null(merge_entry(&merge));
    merge_free(&merge);
    for (size_t i = 0; i < 3; i++)
        run_release(runs[i]);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_is_written_is_read,        opening_a_run_reads_no_block,
        a_place_is_found_by_one_read,   a_head_goes_forward_to_each_place,
        no_changed_byte_passes,         no_cut_run_is_opened,
        a_run_of_another_store_is_none, what_is_known_to_be_gone_is_passed_over,
        what_counts_is_not_passed_over, runs_are_merged_in_order,
    };
    return UNIT_RUN_WITH("run", setup, teardown, tests);
}
