/* doubts.c - blobs that are in doubt. doubts.h tells what for.
 *
 * What the log says of them is found in two passes over its rows: the records that name one of them, and then those
 * that end one of these.
 */
#include "store/backup/doubts.h"

#include "store/backup/contents.h"
#include "store/base/table.h"
#include "store/disk/blobs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CLAIMS_MIN = 64 };

/* A record that names a blob in doubt. */
struct claim {
    uint64_t blob;
    uint64_t tag;
    uint64_t offset;
    uint64_t segment; /* where it stands */
    uint64_t base;
    uint64_t position;
    size_t behind; /* the next of the same hash; 0: none, as all of these are counted from 1 */
    bool nameless;
    bool ended;
};

struct settlement {
    const struct doubts *doubts;
    struct table doubtful; /* number of a blob -> 1 */
    struct table by_order; /* salted hash of a key -> its last claim */
    struct table by_blob;  /* number of a blob -> a claim that has not ended */
    struct claim *claims;
    size_t count;
    size_t capacity;
};

/* ---- who needs them -------------------------------------------------------------------------- */

static bool add_claim(struct settlement *settlement, const struct outline_part *part, const struct row *row)
{
    if (settlement->count == settlement->capacity) {
        size_t capacity = settlement->capacity ? settlement->capacity * 2 : CLAIMS_MIN;
        struct claim *moved = realloc(settlement->claims, capacity * sizeof *moved);
        if (!moved)
            return false;
        settlement->claims = moved;
        settlement->capacity = capacity;
    }
    uint64_t position = row_position(row);
    settlement->claims[settlement->count++] = (struct claim){.blob = row->blob,
                                                             .tag = row->tag,
                                                             .offset = part->base + position - SEGMENT_HEADER,
                                                             .segment = part->number,
                                                             .base = part->base,
                                                             .position = position,
                                                             .behind = table_get(&settlement->by_order, row->order),
                                                             .nameless = row_is_nameless(row)};
    return table_set(&settlement->by_order, row->order, settlement->count);
}

static bool take_claims(void *arg, const struct outline_part *part)
{
    struct settlement *settlement = arg;
    bool good = true;
    for (size_t i = 0; i < part->rows.whole && good; i++) {
        const struct row *row = &part->rows.list[i];
        if (row_type(row) == RECORD_PUT && row->blob && table_get(&settlement->doubtful, row->blob))
            good = add_claim(settlement, part, row);
    }
    return good;
}

/* Whether a record that stands behind it ends what a claim stands for (replay.c does the same for a whole store). */
static bool ends(const struct outline_part *part, const struct row *row, const struct claim *claim)
{
    if (row_type(row) == RECORD_SWEEP)
        return row->size > claim->offset;
    if (row_type(row) == RECORD_PUT && (row_is_nameless(row) || claim->nameless))
        return true;
    return row->tag == claim->tag || !part->knows_namesakes;
}

static bool end_claims(void *arg, const struct outline_part *part)
{
    struct settlement *settlement = arg;
    for (size_t i = 0; i < part->rows.whole; i++) {
        const struct row *row = &part->rows.list[i];
        uint64_t offset = part->base + row_position(row) - SEGMENT_HEADER;
        if (row_type(row) == RECORD_MARK)
            continue;
        for (size_t at = table_get(&settlement->by_order, row->order); at; at = settlement->claims[at - 1].behind) {
            struct claim *claim = &settlement->claims[at - 1];
            claim->ended = claim->ended || (offset > claim->offset && ends(part, row, claim));
        }
    }
    return true;
}

static struct failure find_needs(struct settlement *settlement)
{
    const struct doubts *doubts = settlement->doubts;
    const struct stage_blobs *doubtful = &doubts->stage->doubtful;
    for (size_t i = 0; i < doubtful->count; i++)
        if (!table_set(&settlement->doubtful, doubtful->list[i].number, 1))
            return failure_of(STORE_NO_MEMORY);
    struct failure failure = outline_read(&doubts->outline, take_claims, settlement);
    if (!failure.error && settlement->count > 0)
        failure = outline_read(&doubts->outline, end_claims, settlement);
    for (size_t i = 0; i < settlement->count && !failure.error; i++)
        if (!settlement->claims[i].ended && !table_set(&settlement->by_blob, settlement->claims[i].blob, i + 1))
            failure = failure_of(STORE_NO_MEMORY);
    return failure;
}

/* ---- which is right -------------------------------------------------------------------------- */

/* A file that may be the blob. */
struct candidate {
    bool there;
    bool read;  /* the disk gives all of it */
    bool right; /* it is what was stored */
    struct timespec written;
};

/* An errno: whether it is there cannot be known. */
static int look(const struct io *io, int folder, const struct record *record, struct candidate *ret_candidate)
{
    struct imprint imprint;
    struct store_digest digest;
    *ret_candidate = (struct candidate){0};
    int file = folder < 0 ? -1 : numbered_open(io, folder, record->blob, blobs_ending);
    if (file < 0)
        return folder < 0 || errno == ENOENT || errno == ELOOP ? 0 : errno;
    int error = imprint_of(io, file, &imprint), unread = 0;
    if (!error && imprint.file) {
        *ret_candidate = (struct candidate){.there = true, .written = imprint.written};
        unread = contents_digest(&(struct contents){io, file}, imprint.size, &digest);
        ret_candidate->read = !unread;
        ret_candidate->right = !unread && imprint.size == record->size &&
                               memcmp(&digest, &record->digest, sizeof digest) == 0;
    }
    io->close(io->self, file);
    return unread == ENOMEM ? unread : error;
}

static void tell(const struct doubts *doubts, const struct record *record, const struct candidate *source, bool kept)
{
    enum store_flaw_kind kind = !source->there ? STORE_FLAW_MISSING : !source->read ? STORE_FLAW_READ : STORE_FLAW_BLOB;
    const struct store_flaw flaw = {.kind = kind,
                                    .offset = record->offset,
                                    .length = record->size,
                                    .key = record->key,
                                    .key_length = record->key_length,
                                    .key_hash = record->key_hash,
                                    .live = true};
    doubts->flaw(doubts->arg, &flaw, kept);
}

/* Of one that an object needs: what is right stays, or comes; else what there is. An errno. *ret_had: the copy has what
 * is right. */
static int settle(const struct doubts *doubts, const struct record *record, bool *ret_had)
{
    struct stage *stage = doubts->stage;
    struct candidate source, draft, present;
    int error = look(stage->source_io, stage->source.blobs, record, &source);
    if (error != ENOMEM) /* what the source does not give it has not: the copy's stays */
        error = look(stage->io, stage->draft.blobs, record, &draft);
    if (!error)
        error = look(stage->io, doubts->as_it_is ? -1 : stage->present.blobs, record, &present);
    if (error)
        return error;
    bool kept = draft.right || present.right;
    *ret_had = kept || source.right;
    if (!draft.right && (present.there || source.right))
        numbered_remove(stage->io, stage->draft.blobs, record->blob, blobs_ending);
    if (kept || (present.there && !source.right))
        error = stage_keep(stage, record->blob, source.right ? &source.written : NULL);
    else if (source.right || source.read)
        error = stage_take_as_it_is(stage, record->blob);
    if (!error && !source.right)
        tell(doubts, record, &source, kept);
    return error;
}

/* Reads the record of a claim and settles what it names. */
static struct failure settle_claim(const struct settlement *settlement, const struct claim *claim)
{
    const struct doubts *doubts = settlement->doubts;
    const struct io *io = doubts->stage->io;
    struct imprint imprint;
    struct record record;
    enum cursor_found found = CURSOR_NOTHING;
    bool had = true;
    int file = numbered_open(io, doubts->stage->draft.log, claim->segment, segment_ending);
    if (file < 0)
        return failure_io(errno);
    struct handle_alone own;
    handle_alone_init(&own, io, file);
    const struct segment segment = {.file = &own.file, .base = claim->base};
    int error = imprint_of(io, file, &imprint);
    cursor_begin(doubts->outline.cursor, &segment, imprint.size);
    if (!error)
        error = cursor_look(doubts->outline.cursor, claim->position, false, &record, &found);
    struct failure failure = failure_io(error);
    if (!error && found == CURSOR_NOTHING)
        failure = failure_of(STORE_DAMAGED);
    if (!failure.error)
        failure = failure_of_errno(settle(doubts, &record, &had));
    io->close(io->self, file);
    return failure.error || had ? failure : doubts->lacks(doubts->arg, claim->segment);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static struct failure settle_all(struct settlement *settlement)
{
    struct stage *stage = settlement->doubts->stage;
    struct failure failure = find_needs(settlement);
    for (size_t i = 0; i < stage->doubtful.count && !failure.error; i++) {
        uint64_t blob = stage->doubtful.list[i].number;
        size_t claim = table_get(&settlement->by_blob, blob);
        if (!table_remove(&settlement->doubtful, blob)) /* it is in the list twice */
            continue;
        if (claim)
            failure = settle_claim(settlement, &settlement->claims[claim - 1]);
        else
            numbered_remove(stage->io, stage->draft.blobs, blob, blobs_ending);
    }
    return failure;
}

struct failure doubts_settle(const struct doubts *doubts)
{
    struct settlement settlement = {.doubts = doubts};
    if (doubts->stage->doubtful.count == 0)
        return failure_none();
    table_init(&settlement.doubtful, doubts->outline.salt);
    table_init(&settlement.by_order, doubts->outline.salt);
    table_init(&settlement.by_blob, doubts->outline.salt);
    struct failure failure = settle_all(&settlement);
    table_free(&settlement.doubtful);
    table_free(&settlement.by_order);
    table_free(&settlement.by_blob);
    free(settlement.claims);
    return failure;
}
