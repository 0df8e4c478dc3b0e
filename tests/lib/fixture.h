/* fixture.h - one store on a simulated disk, with calls that wait: for tests of one behaviour each.
 *
 * Where TEST_ON_MEDIUM is set it is on a medium in a cluster in memory, and has no disk: then the tests that ask for
 * something of the disk are left out (left_out.h).
 *
 * Keys and payloads are strings; the key "#k" is the hash of "k" alone. What must succeed ends the test with a sentence
 * when it does not.
 *
 * Thread: one.
 */
#ifndef CAIRN_TESTS_FIXTURE_H
#define CAIRN_TESTS_FIXTURE_H

#include "store/store.h"
#include "tests/lib/ground.h"
#include "tests/lib/sim_disk.h"
#include "tests/lib/ticket.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fixture {
    struct sim_disk *disk;     /* NULL: it is on a medium */
    struct sim_medium *medium; /* NULL: it is on a disk */
    struct ground ground;
    const struct io *io;
    struct depot_options options;
    struct depot *depot; /* NULL while closed */
    struct store *store;
    unsigned warnings; /* sentences logged above STORE_LOG_INFO since it was opened */
    char logged[512];  /* the last of them */
};

/* A new disk of that seed with an open depot in /data and an open store "s". */
void fixture_start(struct fixture *fixture, uint64_t seed);
void fixture_end(struct fixture *fixture);

/* For a program each of whose tests has a fixture of its own, of seed 1: `fixture`, with setup() and teardown(). The
 * second has so many bytes for the first segment of a log. */
#define FIXTURE_OF_EACH_TEST FIXTURE_OF_EACH_TEST_WITH(fixture.options.first_segment)

#define FIXTURE_OF_EACH_TEST_WITH(bytes)                                                                               \
    static struct fixture fixture;                                                                                     \
                                                                                                                       \
    static void setup(void)                                                                                            \
    {                                                                                                                  \
        fixture_start(&fixture, 1);                                                                                    \
        if (fixture.options.first_segment != (bytes))                                                                  \
            fixture_set_first_segment(&fixture, bytes);                                                                \
    }                                                                                                                  \
                                                                                                                       \
    static void teardown(void)                                                                                         \
    {                                                                                                                  \
        fixture_end(&fixture);                                                                                         \
    }

/* Ends it, and starts one anew, of seed 1 and with a first segment of the same size. */
void fixture_renew(struct fixture *fixture);

void fixture_open(struct fixture *fixture);
void fixture_close(struct fixture *fixture);

/* Opens it again with so many bytes for the first segment of a log, as long as none is there: for what is to stand in
 * one file. */
void fixture_set_first_segment(struct fixture *fixture, uint64_t bytes);

/* Cuts the power and reboots the disk; the depot stays closed. */
void fixture_cut(struct fixture *fixture, uint64_t seed);

/* Closes it, or cuts the power. */
void fixture_stop(struct fixture *fixture, bool clean);

enum store_error fixture_put(struct fixture *fixture, const char *key, const void *payload, size_t size);
enum store_error fixture_upload(struct fixture *fixture, const char *key, const void *payload, size_t size);
enum store_error fixture_delete(struct fixture *fixture, const char *key);
enum store_error fixture_rename(struct fixture *fixture, const char *key, const char *target);
enum store_error fixture_copy(struct fixture *fixture, const char *key, const char *target); /* in the store */

/* A put under way: begin several, then end each. Key and text must live until its end. */
struct fixture_put {
    struct store_op op;
    struct ticket ticket;
};

void fixture_begin_put(struct fixture *fixture, struct fixture_put *put, const char *key, const char *text);
enum store_error fixture_end_put(struct fixture_put *put);

/* Waits until a sync is held (sim_disk_hold_syncs()). */
void fixture_wait_held(struct fixture *fixture);

/* What store_get() says; when that is STORE_OK, the payload must be these bytes: else STORE_DIGEST. */
enum store_error fixture_get(struct fixture *fixture, const char *key, const void *payload, size_t size);

/* Short forms for payloads that are strings. */
enum store_error fixture_put_text(struct fixture *fixture, const char *key, const char *text);
enum store_error fixture_get_text(struct fixture *fixture, const char *key, const char *text);

struct store_figures fixture_figures(struct fixture *fixture);

/* ---- what must succeed, or the test fails ----------------------------------------------------- */

enum { FIXTURE_LARGE = 3000 }; /* bytes: more than fits inline */

/* FIXTURE_LARGE bytes of a payload. Static storage. */
const uint8_t *fixture_large(void);

void fixture_must_put(struct fixture *fixture, const char *key, const char *text);
void fixture_must_upload(struct fixture *fixture, const char *key); /* fixture_large() */
void fixture_must_copy(struct fixture *fixture, const char *key, const char *target);
void fixture_must_hold(struct fixture *fixture, const char *key, const char *text);
void fixture_must_lack(struct fixture *fixture, const char *key);

/* "a", "b" and "c", with "the first payload", "the second payload" and "the third payload". */
void fixture_put_three(struct fixture *fixture);

/* "x", "y" and "z" in one transaction. */
void fixture_put_batch(struct fixture *fixture, const char *payload);

/* ---- the log's files, while closed or open --------------------------------------------------- */

/* The path of the newest segment. Static storage. */
const char *fixture_segment(struct fixture *fixture);

/* All bytes of a file; free() them. */
uint8_t *fixture_read_file(struct fixture *fixture, const char *path, size_t *ret_size);

/* Puts bytes into a file, whose time stays as it was, and syncs it. Where it is a segment its summary goes, so that a
 * start sees them. */
void fixture_write_file(struct fixture *fixture, const char *path, const void *bytes, size_t length, size_t position);
void fixture_resize_file(struct fixture *fixture, const char *path, size_t size);

/* Makes the header of a segment one of an older version. */
void fixture_age_header(struct fixture *fixture, const char *path, uint8_t version);

/* Where some bytes stand in a file; they must be there. */
size_t fixture_find(struct fixture *fixture, const char *path, const void *bytes, size_t length);

/* Where the text stands in the newest segment. */
size_t fixture_find_text(struct fixture *fixture, const char *text);

/* Changes one byte. */
void fixture_flip(struct fixture *fixture, const char *path, size_t position);

size_t fixture_file_size(struct fixture *fixture, const char *path);
bool fixture_exists(struct fixture *fixture, const char *path);
void fixture_remove(struct fixture *fixture, const char *path);

/* Whether compaction has made a husk of the segment of that number, or has another husk stand for it by now. */
bool fixture_is_husk(struct fixture *fixture, unsigned number);

/* Parts the husk of a number into two, of which the second has the next number: as compaction leaves them before the
 * first comes to stand for both. Durable. */
void fixture_part_husk(struct fixture *fixture, unsigned number);

#endif
