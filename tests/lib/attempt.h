/* attempt.h - one write of a model: what it asks of the depot, what the map says it must do, and how it ended.
 *
 * Thread: one, the model's.
 */
#ifndef CAIRN_TESTS_ATTEMPT_H
#define CAIRN_TESTS_ATTEMPT_H

#include "store/store.h"
#include "tests/lib/ticket.h"
#include "tests/lib/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ATTEMPT_STEPS = 8 };

/* What an attempt has to meet because of its store's limits (model_limits.h). */
enum attempt_quota {
    ATTEMPT_FITS,
    ATTEMPT_FITS_ALONE,     /* as long as no other is under way with it, ... */
    ATTEMPT_OVERRUNS_ALONE, /* ... which goes for this, too; */
    ATTEMPT_MAY_FIT         /* and some are */
};

struct model;

/* What an attempt does to one key. */
struct effect {
    unsigned store;
    unsigned key;
    struct value old;
    struct value new;
};

struct step {
    void *payload;
    uint8_t attributes[VALUE_ATTRIBUTES_MAX];
    struct store_digest digest; /* for a condition */
    struct value result;        /* what it writes */
    bool existed;               /* what its receipt must say */
};

struct attempt {
    struct attempt *next;
    struct model *model;
    unsigned store; /* that commits it; of a copy between stores: the target */
    bool upload;
    struct model_upload *resumed; /* that it is to finish; NULL: none */
    bool transfer;
    bool half_open; /* a failed transfer of which nobody could look whether it has reached the target */
    uint64_t round; /* of the model, when it was submitted */
    struct effect effects[2 * ATTEMPT_STEPS];
    size_t effect_count;
    struct store_op ops[ATTEMPT_STEPS];
    struct step steps[ATTEMPT_STEPS];
    size_t step_count;
    enum store_error expected;
    size_t expected_step;
    enum attempt_quota quota;
    uint64_t announced_more; /* bytes: an upload says that it has so many more than come */
    uint64_t tapped;         /* bytes an upload's tap has seen */
    enum store_error ended;  /* refused at once, or what the ticket says */
    bool refused;
    struct ticket ticket;
};

/* A transaction, built step by step, then submitted. Every key it names must be free (model_key_free()). */
struct attempt *attempt_new(struct model *model, unsigned store);
void attempt_put(struct attempt *attempt, unsigned key, uint64_t size);
void attempt_delete(struct attempt *attempt, unsigned key);
void attempt_rename(struct attempt *attempt, unsigned key, unsigned target, bool keep_target);
void attempt_copy(struct attempt *attempt, unsigned key, unsigned target, bool keep_target);

enum attempt_condition { IF_EXISTS, IF_ABSENT, IF_SAME, IF_OTHER, ATTEMPT_CONDITIONS };

/* On the step that comes next. */
void attempt_condition(struct attempt *attempt, unsigned key, enum attempt_condition condition);
void attempt_submit(struct attempt *attempt);

/* Copies or transfers to the other store. */
void attempt_between(struct model *model, unsigned store, unsigned key, unsigned target, bool move);

enum upload_end { UPLOAD_COMMIT, UPLOAD_ABORT, UPLOAD_BAD_DIGEST, UPLOAD_TOO_SHORT, UPLOAD_ENDS };

/* An upload in pieces; its size is announced or not. */
void attempt_upload(struct model *model, unsigned store, unsigned key, uint64_t size, bool announced,
                    enum upload_end end);

/* The commit of an upload of the model's, under a condition unless that is ATTEMPT_CONDITIONS: by a stream that has all
 * its bytes, or the error that there is none. */
struct attempt *attempt_resumed(struct model *model, unsigned store, unsigned key, const struct value *value,
                                int condition);
void attempt_commit(struct attempt *attempt, struct stream *stream);
void attempt_refused(struct attempt *attempt, enum store_error error);

/* Writes all of the bytes, in pieces of that length. */
enum store_error attempt_send(struct stream *stream, const uint8_t *bytes, size_t length, size_t piece);

/* Waits for the result and compares it with what was expected. */
void attempt_settle(struct attempt *attempt);

/* Whether what the attempt wanted may still come true after a restart. */
bool attempt_in_doubt(const struct attempt *attempt);

void attempt_free(struct attempt *attempt);

#endif
