#include "tests/lib/long_log.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static const char payload[LONG_LOG_PAYLOAD];

void long_log_put(struct fixture *fixture, unsigned from, unsigned to)
{
    char key[16];
    for (unsigned i = from; i < to; i++) {
        snprintf(key, sizeof key, "%u", i);
        ck_assert_int_eq(fixture_put(fixture, key, payload, sizeof payload), STORE_OK);
    }
}

unsigned long_log_fill_segment(struct fixture *fixture, unsigned from)
{
    char before[512];
    snprintf(before, sizeof before, "%s", fixture_segment(fixture));
    for (; strcmp(fixture_segment(fixture), before) == 0; from++)
        long_log_put(fixture, from, from + 1);
    return from;
}

void long_log_write(struct long_log *log, struct fixture *fixture)
{
    unsigned next = 1;
    long_log_put(fixture, 0, 1);
    for (int i = 0; i < LONG_LOG_SEGMENTS; i++) {
        snprintf(log->paths[i], sizeof log->paths[i], "/data/stores/s/log/%016x.seg", (unsigned)i + 1);
        ck_assert_str_eq(fixture_segment(fixture), log->paths[i]);
        log->counts[i] = i > 0 ? next - 1 : 0; /* the key that did not fit any more began the segment */
        if (i + 1 < LONG_LOG_SEGMENTS)
            next = long_log_fill_segment(fixture, next);
    }
    log->counts[LONG_LOG_SEGMENTS] = next + 2;
    long_log_put(fixture, next, next + 2);
    log->end = fixture_figures(fixture).end_offset;
}

unsigned long_log_lost(struct fixture *fixture, unsigned from, unsigned to)
{
    char key[16];
    unsigned lost = 0;
    for (unsigned i = from; i < to; i++) {
        snprintf(key, sizeof key, "%u", i);
        enum store_error error = fixture_get(fixture, key, payload, sizeof payload);
        ck_assert_msg(error == STORE_OK || error == STORE_NO_OBJECT, "%s: %s", key, store_error_text(error));
        lost += error != STORE_OK;
    }
    return lost;
}
