/* long_log.h - the log of a fixture grown to several segments of numbered objects, and which of them are lost.
 *
 * The keys are "0", "1", ...; none of the payloads takes the place of another.
 *
 * Thread: one.
 */
#ifndef CAIRN_TESTS_LONG_LOG_H
#define CAIRN_TESTS_LONG_LOG_H

#include "tests/lib/fixture.h"

enum { LONG_LOG_SEGMENTS = 4, LONG_LOG_PAYLOAD = 400 };

struct long_log {
    char paths[LONG_LOG_SEGMENTS][128];
    unsigned counts[LONG_LOG_SEGMENTS + 1]; /* of the keys in front of each segment */
    uint64_t end;
};

/* Fills that many segments. */
void long_log_write(struct long_log *log, struct fixture *fixture);

/* Puts the keys from `from` on up to `to`, without it. */
void long_log_put(struct fixture *fixture, unsigned from, unsigned to);

/* Puts until the log has begun another segment; returns the number of the next key. */
unsigned long_log_fill_segment(struct fixture *fixture, unsigned from);

/* How many of the keys from `from` on up to `to` are not there. */
unsigned long_log_lost(struct fixture *fixture, unsigned from, unsigned to);

#endif
