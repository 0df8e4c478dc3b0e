/* remains.c - goes through the folder to count, and then to what has to be concluded. See remains.h. */
#include "store/write/remains.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/* What was found in the folder, each in order. */
struct remains {
    struct uploads *uploads;
    uint64_t *ids;   /* of descriptions */
    uint64_t *bytes; /* of files with bytes */
    size_t id_count;
    size_t bytes_count;
    uint64_t *unsettled; /* those of which something is to be concluded */
    size_t unsettled_count;
    struct done *done; /* those that are remembered */
    size_t done_count;
};

struct done {
    int64_t expires;
    uint64_t id;
};

/* What never came to be an upload, for the server ended while it was made or removed, is known to nobody: its files
 * go. */
static void clear_wreck(const struct remains *remains, uint64_t id)
{
    const struct uploads *uploads = remains->uploads;
    notice_tell(uploads->intake->notice, STORE_LOG_INFO,
                "the upload %016" PRIx64 " is no whole one, or its description is damaged: it is removed", id);
    (void)unfinished_remove(uploads->leftovers, uploads->folder, id);
}

static int read_one(const struct remains *remains, uint64_t id, struct unfinished *ret_file)
{
    const struct uploads *uploads = remains->uploads;
    return unfinished_read(uploads->io, uploads->folder, uploads->salt, id, ret_file);
}

static bool is_settled(const struct unfinished *file)
{
    return file->slot.stage != UPLOAD_COMMITTING && !unfinished_is_private(file) && !unfinished_is_void(file) &&
           file->part_count == 0;
}

static void count_one(struct remains *remains, const struct unfinished *file)
{
    stock_find(&remains->uploads->stock, file);
    if (!is_settled(file))
        remains->unsettled[remains->unsettled_count++] = file->id;
    if (file->slot.stage == UPLOAD_DONE)
        remains->done[remains->done_count++] = (struct done){file->slot.expires, file->id};
}

/* Of one that is not done both files are made before it is told, and it is removed description first: one without its
 * bytes is nobody's. One that is done has them no more: a server that ended in between has left them, a second name of
 * what may be no object any more. Whether there is an upload. */
static bool make_whole(const struct remains *remains, const struct unfinished *file)
{
    const struct uploads *uploads = remains->uploads;
    bool done = file->slot.stage == UPLOAD_DONE;
    bool has = unfinished_ids_have(remains->bytes, remains->bytes_count, file->id);
    if (done && has)
        unfinished_drop_bytes(uploads->io, uploads->folder, file->id);
    if (!done && !has)
        clear_wreck(remains, file->id);
    return done || has;
}

/* What they hold counts against the limit. */
static void count_all(struct remains *remains, bool clear)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < remains->id_count; i++) {
        struct unfinished file;
        int error = read_one(remains, remains->ids[i], &file);
        if (error == EBADMSG && clear)
            clear_wreck(remains, remains->ids[i]);
        if (error)
            continue;
        if (!clear || make_whole(remains, &file)) {
            bytes += stock_resting(&file);
            count_one(remains, &file);
        }
        unfinished_free(&file);
    }
    stock_rest_more(&remains->uploads->stock, (int64_t)bytes);
}

/* What expires first was done first. */
static int compare_done(const void *a, const void *b)
{
    int64_t one = ((const struct done *)a)->expires, other = ((const struct done *)b)->expires;
    return (one > other) - (one < other);
}

static void remember_all(const struct remains *remains)
{
    if (remains->done_count > 0)
        qsort(remains->done, remains->done_count, sizeof *remains->done, compare_done);
    for (size_t i = 0; i < remains->done_count; i++)
        uploads_remember(remains->uploads, remains->done[i].id);
}

static void clear_bytes(const struct remains *remains)
{
    for (size_t i = 0; i < remains->bytes_count; i++)
        if (!unfinished_ids_have(remains->ids, remains->id_count, remains->bytes[i]))
            clear_wreck(remains, remains->bytes[i]);
}

/* Those of one that is done. */
static void clear_parts(const struct remains *remains, const struct unfinished *file)
{
    for (size_t i = 0; i < file->part_count; i++) {
        uint64_t part = unfinished_part(file, i);
        if (unfinished_ids_have(remains->ids, remains->id_count, part))
            (void)uploads_drop(remains->uploads, part);
    }
}

/* Who holds one finds out what became of its commit, and who lets go of one that is not done removes it, if it is made
 * of others. Nobody goes on with one that is void. */
static void conclude(const struct remains *remains, uint64_t id)
{
    struct upload *upload;
    if (uploads_hold(remains->uploads, id, &upload).error)
        return;
    if (unfinished_is_void(&upload->file))
        (void)upload_erase(upload);
    upload_release(upload);
}

static void conclude_all(const struct remains *remains)
{
    for (size_t i = 0; i < remains->unsettled_count; i++) {
        struct unfinished file;
        if (read_one(remains, remains->unsettled[i], &file))
            continue;
        if (file.slot.stage == UPLOAD_COMMITTING || unfinished_is_private(&file) || unfinished_is_void(&file))
            conclude(remains, remains->unsettled[i]);
        else
            clear_parts(remains, &file);
        unfinished_free(&file);
    }
}

/* An errno. */
static int find_all(struct remains *remains, bool clear)
{
    const struct uploads *uploads = remains->uploads;
    int error = unfinished_ids(uploads->io, uploads->folder, UNFINISHED_ENDING, &remains->ids, &remains->id_count);
    if (!error && clear)
        error = unfinished_ids(uploads->io, uploads->folder, UNFINISHED_BYTES, &remains->bytes, &remains->bytes_count);
    if (error)
        return error;
    remains->unsettled = calloc(remains->id_count + 1, sizeof *remains->unsettled);
    remains->done = calloc(remains->id_count + 1, sizeof *remains->done);
    return remains->unsettled && remains->done ? 0 : ENOMEM;
}

int remains_settle(struct uploads *uploads)
{
    struct remains remains = {.uploads = uploads};
    bool clear = !uploads->intake->services->options->read_only;
    if (uploads->folder < 0)
        return 0;
    int error = find_all(&remains, clear);
    if (!error)
        count_all(&remains, clear);
    if (!error && clear) {
        clear_bytes(&remains);
        remember_all(&remains);
        conclude_all(&remains);
        (void)errand_ask(&uploads->sweeper);
    }
    free(remains.ids);
    free(remains.bytes);
    free(remains.unsettled);
    free(remains.done);
    return error;
}
