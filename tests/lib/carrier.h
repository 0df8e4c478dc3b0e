/* carrier.h - who brings uploads that survive to the store of a fixture: its steps, which wait.
 *
 * The bytes of all of them are the first ones of carrier_bytes(), and what is stored must be these. What must succeed
 * ends the test when it does not.
 *
 * Thread: any, unless the test's own is meant: where a step opens or closes the fixture.
 */
#ifndef CAIRN_TESTS_CARRIER_H
#define CAIRN_TESTS_CARRIER_H

#include "tests/lib/fixture.h"

enum {
    CARRIER_KIB = 1 << 10,
    CARRIER_SIZE = 700 * CARRIER_KIB + 123, /* more than the inline limit, and no whole number of blocks */
    CARRIER_SMALL = 300,
};

/* CARRIER_SIZE of them. Static storage. */
const uint8_t *carrier_bytes(void);

extern const struct store_condition carrier_no_condition;
extern const struct stream_finish carrier_nothing;

/* ---- the store --------------------------------------------------------------------------------- */

/* Ends the fixture, and starts one anew of that seed. */
void carrier_start_over(struct fixture *fixture, uint64_t seed);

void carrier_reopen(struct fixture *fixture);

/* So many bytes may be in it. */
void carrier_limit(struct fixture *fixture, uint64_t most);

/* How many uploads it lists. */
size_t carrier_listed(struct fixture *fixture);

/* How many files there are of uploads whose names end so; "": of any. */
size_t carrier_files(struct fixture *fixture, const char *ending);

/* ---- one upload -------------------------------------------------------------------------------- */

enum store_error carrier_create(struct fixture *fixture, const char *key, uint64_t length, uint64_t *ret_id);
uint64_t carrier_must_create(struct fixture *fixture, const char *key, uint64_t length);

/* What it tells; the texts are gone. */
enum store_error carrier_look(struct fixture *fixture, uint64_t id, struct upload_info *ret_info);

/* How far it is. */
uint64_t carrier_must_look(struct fixture *fixture, uint64_t id);

enum store_error carrier_resume(struct fixture *fixture, uint64_t id, uint64_t offset, bool whole,
                                struct stream **ret_stream);

/* Writes carrier_bytes() from one to another one. */
enum store_error carrier_write(struct stream *stream, uint64_t from, uint64_t to);

/* Brings the bytes to `to`, and lets the upload rest there. */
enum store_error carrier_bring(struct fixture *fixture, uint64_t id, uint64_t from, uint64_t to, uint64_t *ret_offset);
void carrier_must_bring(struct fixture *fixture, uint64_t id, uint64_t from, uint64_t to);

enum store_error carrier_commit(struct stream *stream, const struct store_condition *condition);

/* Brings the rest and commits it. */
enum store_error carrier_conclude(struct fixture *fixture, uint64_t id, uint64_t from, uint64_t to,
                                  const struct store_condition *condition);
void carrier_must_conclude(struct fixture *fixture, uint64_t id, uint64_t from, uint64_t to);

/* Asks for it, and waits until that has been answered. */
enum store_error carrier_claim(struct fixture *fixture, uint64_t id, enum upload_wish wish, uint64_t offset);

/* Brings bytes and hangs; somebody else learns how far it is, and takes it. */
bool carrier_hand_over(struct fixture *fixture, uint64_t id, uint64_t from, uint64_t to, uint64_t *ret_offset);

/* ---- parts of one ------------------------------------------------------------------------------ */

enum { CARRIER_PARTS = 4 };

/* Where they begin and end; one has nothing. */
extern const uint64_t carrier_seams[CARRIER_PARTS + 1];

uint64_t carrier_must_create_part(struct fixture *fixture, uint64_t from, uint64_t to);

/* Brings carrier_bytes() from one to another one, which are all of it. */
enum store_error carrier_bring_part(struct fixture *fixture, uint64_t id, uint64_t from, uint64_t to);

void carrier_bring_parts(struct fixture *fixture, uint64_t ret_parts[CARRIER_PARTS]);

/* Makes one of them, for the key "k". */
enum store_error carrier_join_if(struct fixture *fixture, const uint64_t *parts, size_t count,
                                 const struct store_condition *condition, struct stream **ret_stream,
                                 struct upload_info *ret_info);
enum store_error carrier_join(struct fixture *fixture, const uint64_t *parts, size_t count, struct stream **ret_stream,
                              struct upload_info *ret_info);

#endif
