/* model_uploads.h - uploads of a model's stores that survive their streams and the server, each on its way to a key.
 *
 * A model knows of them what a client was told. What was told holds: an offset is never less afterwards, whatever the
 * disk does; an upload that is done stays done; and the object is the one that it was to become, which an attempt
 * (attempt.h) sees to. Some are made of parts. They expire as the model's hours pass, and what the store counts of them
 * is what its list shows.
 *
 * Thread: one, the model's.
 */
#ifndef CAIRN_TESTS_MODEL_UPLOADS_H
#define CAIRN_TESTS_MODEL_UPLOADS_H

#include "store/store.h"
#include "tests/lib/prng.h"
#include "tests/lib/value.h"

enum {
    MODEL_UPLOADS = 3, /* of a store at a time */
    MODEL_PIECES = 3,
    MODEL_UPLOAD_HOURS = 3 /* until one expires */
};

struct model;
struct attempt;

enum model_upload_state {
    UPLOAD_ABSENT,
    UPLOAD_COMING,
    UPLOAD_ENDING, /* its attempt is under way or in doubt */
    UPLOAD_THERE,  /* its object has been there */
};

/* The upload of those bytes of the value; the only one has all of them. */
struct model_piece {
    bool made;
    uint64_t id;
    uint64_t from, to;
    uint64_t told;   /* bytes of it that are on disk, ... */
    uint64_t sure;   /* ... also by a disk that has failed: it may show what a cut takes back */
    int64_t expires; /* as it was told last, nanoseconds since 1970; it may be later */
};

struct model_upload {
    enum model_upload_state state;
    unsigned key;
    struct value value;
    bool joined; /* its pieces are parts */
    bool shaky;  /* it was done on a disk that was disturbed: that may be forgotten once the object is replaced */
    unsigned piece_count;
    struct model_piece pieces[MODEL_PIECES];
    uint64_t id; /* of what is made of parts, once it is known */
};

/* Those of a store. */
struct model_uploads {
    struct model_upload all[MODEL_UPLOADS];
    uint64_t *ghosts; /* owned: ids that may come again, since nobody was told that they are gone for good */
    size_t ghost_count;
    size_t ghost_capacity;
    bool doubtful;       /* the disk has been disturbed since the last cut */
    bool strays;         /* some were made that nobody was told of */
    uint64_t operations; /* what was done to them, */
    uint64_t finished;   /* how many became objects, */
    uint64_t again;      /* and how often that was asked for once more */
};

/* At the model's end. */
void model_uploads_free(struct model *model);

/* A client does something with one of a store's uploads, perhaps in an attempt. */
void model_uploads_act(struct model *model, struct prng *prng, unsigned store);

/* The power was cut: what is there now is on disk. */
void model_uploads_cut(struct model *model);

/* How the attempt ended that was to finish it; not called of one in doubt. */
void model_uploads_book(struct model *model, const struct attempt *attempt);

/* A start has shown whether the attempt that was in doubt came true. */
void model_uploads_decide(struct model *model, const struct attempt *attempt, bool there);

/* Nothing is under way: all is as it was told. *ret_bytes is what the store has to count of them. On a disk that is
 * disturbed false, and nothing is looked at. */
bool model_uploads_verify(struct model *model, unsigned store, uint64_t *ret_bytes);

#endif
