/* test_object.c - reading: the payload of a pinned object, wherever it is. */
#include "tests/lib/fixture.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <string.h>

enum { SMALL = 100 << 10, LARGE = 700 << 10, STEP = 33333 };

static struct fixture fixture;
static uint8_t payload[LARGE];

static void setup(void)
{
    fixture_start(&fixture, 9);
    fixture_close(&fixture);
    fixture.options.inline_limit = SMALL;
    fixture_open(&fixture);
    for (size_t i = 0; i < LARGE; i++)
        payload[i] = (uint8_t)(i * 31 + i / 251);
    ck_assert_int_eq(fixture_put(&fixture, "small", payload, SMALL), STORE_OK);
    ck_assert_int_eq(fixture_upload(&fixture, "large", payload, LARGE), STORE_OK);
}

static void teardown(void)
{
    fixture_end(&fixture);
}

static struct object *get(const char *key, unsigned flags)
{
    struct object *object = NULL;
    struct store_key name = store_key_of(key, strlen(key));
    ck_assert_int_eq(store_get(fixture.store, &name, flags, &object), STORE_OK);
    return object;
}

/* Reads it from the end to the beginning, so that no part is read where another has left off. */
static void check_read(const char *key, unsigned flags, size_t size, bool in_memory)
{
    static uint8_t bytes[LARGE];
    struct object *object = get(key, flags);
    ck_assert(in_memory == (object_payload(object) != NULL));
    memset(bytes, 0, sizeof bytes);
    for (size_t end = size; end > 0;) {
        size_t length = end < STEP ? end : STEP;
        end -= length;
        ck_assert_int_eq(object_read(object, end, bytes + end, length), STORE_OK);
    }
    ck_assert_int_eq(object_read(object, size, bytes, 0), STORE_OK);
    ck_assert_mem_eq(bytes, payload, size);
    object_release(object);
}

START_TEST(a_payload_is_read_wherever_it_is)
{
    check_read("small", STORE_GET_PAYLOAD, SMALL, true);
    check_read("small", STORE_GET_PAYLOAD | STORE_GET_FILE, SMALL, false); /* out of the log's own file */
    check_read("large", STORE_GET_PAYLOAD, LARGE, false);
}
END_TEST

START_TEST(what_is_pinned_is_read_after_it_is_deleted)
{
    struct object *object = get("large", STORE_GET_PAYLOAD);
    uint8_t bytes[STEP];
    ck_assert_int_eq(fixture_delete(&fixture, "large"), STORE_OK);
    ck_assert_int_eq(object_read(object, LARGE - STEP, bytes, STEP), STORE_OK);
    ck_assert_mem_eq(bytes, payload + LARGE - STEP, STEP);
    object_release(object);
}
END_TEST

START_TEST(a_disk_that_does_not_give_the_bytes_is_told)
{
    struct object *object = get("large", STORE_GET_PAYLOAD);
    uint8_t byte;
    sim_disk_fail(fixture.disk, SIM_PREAD, 1, false, ESTALE);
    ck_assert_int_eq(object_read(object, 0, &byte, 1), STORE_IO);
    ck_assert_int_eq(errno, ESTALE);
    ck_assert_int_eq(object_read(object, 0, &byte, 1), STORE_OK);
    object_release(object);
}
END_TEST

/* Like every other call of the engine: tests can make it short, and interrupt it. */
START_TEST(reads_that_come_short_are_made_whole)
{
    sim_disk_set_short(fixture.disk, 2);
    sim_disk_set_interrupts(fixture.disk, 3);
    check_read("large", STORE_GET_PAYLOAD, LARGE, false);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_payload_is_read_wherever_it_is,
        what_is_pinned_is_read_after_it_is_deleted,
        a_disk_that_does_not_give_the_bytes_is_told,
        reads_that_come_short_are_made_whole,
    };
    return UNIT_RUN_WITH("object", setup, teardown, tests);
}
