/* sweeper.c - goes round the uploads when the next of them expires. See sweeper.h. */
#include "store/write/sweeper.h"

#include "store/base/clock.h"

#include <stdint.h>

enum {
    SWEEP_MIN = 1000, /* milliseconds */
    SWEEP_MAX = 3600 * 1000,
    SWEEP_SHARE = 64, /* of the time after which they expire: no more often is looked at all of them */
};

struct round {
    struct uploads *uploads;
    int64_t next; /* when the next one expires */
};

static void expect(struct round *round, int64_t expires)
{
    if (expires < round->next)
        round->next = expires;
}

/* Holding one forgets it when it has expired. Of one that is held nothing is written down for as long as its bytes
 * come: it is looked at again when it may have been left. */
static bool sweep_one(void *arg, const struct unfinished *file)
{
    struct round *round = arg;
    struct upload *upload;
    if (!unfinished_has_expired(file)) {
        expect(round, file->slot.expires);
        return true;
    }
    enum store_error error = uploads_hold(round->uploads, file->id, &upload).error;
    if (error == STORE_UPLOAD_HELD) {
        expect(round, clock_now(CLOCK_REALTIME));
    } else if (!error) { /* somebody has gone on with it meanwhile */
        expect(round, upload->file.slot.expires);
        upload_release(upload);
    }
    return true;
}

/* Thread: the upkeep's. */
static int sweep(void *arg)
{
    struct round round = {.uploads = arg, .next = INT64_MAX};
    const struct intake *intake = round.uploads->intake;
    if (gate_is_removed(intake->gate) || uploads_visit(round.uploads, UNFINISHED_ENDING, 0, sweep_one, &round) ||
        round.next == INT64_MAX)
        return ERRAND_DONE;
    int64_t wait = (round.next - clock_now(CLOCK_REALTIME)) / CLOCK_MILLISECOND + 1;
    int64_t least = (int64_t)(intake->services->options->upload_expiry * 1000 / SWEEP_SHARE);
    if (wait < least)
        wait = least;
    return (int)(wait < SWEEP_MIN ? SWEEP_MIN : wait < SWEEP_MAX ? wait : SWEEP_MAX);
}

void sweeper_init(struct uploads *uploads)
{
    errand_init(&uploads->sweeper, uploads->intake->services->upkeep, sweep, uploads, NULL);
}
