/* test_bad_disk.c - verification of a disk that does not give the bytes. */
#include "tests/lib/findings.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>

FIXTURE_OF_EACH_TEST

/* Blocks of every file that cannot be read. */
static struct io bad_io;

static const struct io *good_io;

static off_t bad_from, bad_to;

static ssize_t bad_pread(void *self, int file, void *bytes, size_t length, off_t position)
{
    if (position + (off_t)length > bad_from && position < bad_to) {
        if (position >= bad_from) {
            errno = EIO;
            return -1;
        }
        length = (size_t)(bad_from - position);
    }
    return good_io->pread(self, file, bytes, length, position);
}

static void open_on_bad_blocks(void)
{
    fixture_close(&fixture);
    good_io = fixture.io;
    bad_io = *fixture.io;
    bad_io.pread = bad_pread;
    bad_from = bad_to = 0;
    fixture.options.io = &bad_io;
    fixture.options.first_segment = 64 << 10;
    fixture_open(&fixture);
}

START_TEST(a_bad_block_costs_only_what_is_in_it)
{
    uint8_t payload[300] = {7};
    open_on_bad_blocks();
    for (unsigned i = 0; i < 100; i++) {
        char key[16];
        snprintf(key, sizeof key, "key-%u", i);
        ck_assert_int_eq(fixture_put(&fixture, key, payload, sizeof payload), STORE_OK);
    }
    bad_from = 8192;
    bad_to = 16384;
    const struct store_flaw *flaw = findings_one(&fixture, STORE_FLAW_READ, "", true);
    ck_assert_uint_le(flaw->offset, 8192 - 64);
    ck_assert_uint_gt(flaw->offset, 8192 - 64 - 400);
    ck_assert_uint_ge(flaw->offset + flaw->length, 16384 - 64);
    ck_assert_uint_lt(flaw->offset + flaw->length, 16384 - 64 + 400);
    struct store_verification verification = findings_verify(&fixture);
    ck_assert_uint_gt(verification.records, 100 - 8192 / 392 - 3);
    ck_assert_uint_eq(verification.bytes_done, verification.bytes_total);
    bad_from = bad_to = 0;
    findings_none(&fixture);
}
END_TEST

START_TEST(a_dead_disk_is_one_flaw)
{
    open_on_bad_blocks();
    fixture_must_put(&fixture, "a", "the first payload");
    bad_from = 0;
    bad_to = 1 << 30;
    struct store_verification verification = findings_verify(&fixture);
    ck_assert_uint_eq(verification.flaws, 2);
    ck_assert_int_eq(findings[0].flaw.kind, STORE_FLAW_READ);
    ck_assert_int_eq(findings[1].flaw.kind, STORE_FLAW_READ);
    ck_assert(findings[1].flaw.live);
    ck_assert_uint_eq(verification.bytes_done, verification.bytes_total);
    bad_from = bad_to = 0;
}
END_TEST

START_TEST(a_blob_that_cannot_be_read_is_told)
{
    fixture_must_upload(&fixture, "large");
    sim_disk_fail(fixture.disk, SIM_PREAD, 3, true, EIO); /* behind the segment's header and its records */
    findings_one(&fixture, STORE_FLAW_READ, "large", true);
    sim_disk_heal(fixture.disk);
    findings_none(&fixture);
}
END_TEST

START_TEST(a_read_that_fails_once_is_no_flaw)
{
    fixture_must_put(&fixture, "a", "the first payload");
    sim_disk_fail(fixture.disk, SIM_PREAD, 2, false, EIO);
    findings_none(&fixture);
    ck_assert_uint_eq(sim_disk_faults_met(fixture.disk), 1);
}
END_TEST

START_TEST(want_of_descriptors_is_no_flaw)
{
    fixture_must_upload(&fixture, "large");
    sim_disk_fail(fixture.disk, SIM_OPENAT, 1, true, EMFILE);
    struct store_verification verification = findings_verify(&fixture);
    ck_assert_uint_eq(verification.flaws, 0);
    ck_assert_uint_eq(verification.blobs, 0);
    ck_assert(!verification.complete);
    sim_disk_heal(fixture.disk);
    findings_none(&fixture);
}
END_TEST

START_TEST(interruptions_and_short_reads_go_unnoticed)
{
    fixture_must_put(&fixture, "a", "the first payload");
    fixture_must_upload(&fixture, "large");
    sim_disk_set_short(fixture.disk, 3);
    sim_disk_set_interrupts(fixture.disk, 3);
    for (int i = 0; i < 50; i++)
        findings_none(&fixture);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_bad_block_costs_only_what_is_in_it, a_dead_disk_is_one_flaw,
        a_blob_that_cannot_be_read_is_told,   a_read_that_fails_once_is_no_flaw,
        want_of_descriptors_is_no_flaw,       interruptions_and_short_reads_go_unnoticed,
    };
    return UNIT_RUN_WITH("bad_disk", setup, teardown, tests);
}
