/* unfinished.h - what an unfinished upload is, and how far it has come, as the file beside its bytes says it.
 *
 * The file ID.upload in a store's folder uploads/, all integers little-endian:
 *
 *     0      128   a slot
 *     512    128   the other slot
 *     1024    48   the head: magic "cairnup1", check, id, time of its making (nanoseconds since 1970),
 *                  length of the key (4), of the label (4), flags (4; 1: partial, 2: joined), number of parts (4)
 *     1072         the key, then the label, then the ids of the parts (8 each)
 *
 *     a slot:  check, number, offset, length, expires, stage, offset of the record, existed, digest (16),
 *              time of the object, zeros
 *
 * A check is the XXH3-64 of all that follows it, of the head with all behind it, seeded with the store's salt and the
 * id. The head never changes. Of the slots the one with the higher number holds; each is written in the place of
 * the other, synced, and only then counts for anybody. So a crash leaves one of the two, and what was told is the
 * least that is found. Bytes of the upload behind its offset were never told, and are dropped.
 *
 * Thread: one at a time per struct, and per file.
 */
#ifndef CAIRN_UNFINISHED_H
#define CAIRN_UNFINISHED_H

#include "store/base/error.h"
#include "store/disk/io.h"
#include "store/disk/leftovers.h"
#include "store/store.h"

enum upload_stage {
    UPLOAD_OPEN,
    UPLOAD_COMMITTING, /* its object may be there already: who finds it so looks */
    UPLOAD_DONE,       /* its object was there; the bytes are gone */
};

/* What changes. */
struct upload_slot {
    uint64_t number;
    uint64_t offset; /* bytes that are on disk */
    uint64_t length; /* or STORE_SIZE_UNKNOWN */
    int64_t expires; /* nanoseconds since 1970 */
    enum upload_stage stage;
    uint64_t record;            /* once it is done: the offset of the object's record */
    bool existed;               /* and whether there was one before */
    struct store_digest digest; /* of the payload, from UPLOAD_COMMITTING on */
    int64_t modified;           /* the same of the object, nanoseconds since 1970: both together tell it from others */
};

struct unfinished {
    uint64_t id;
    int64_t made; /* nanoseconds since 1970 */
    bool partial;
    bool joined; /* made of parts, which have its bytes until its object is there: until then it is worth nothing */
    size_t key_length; /* 0: none */
    size_t label_length;
    size_t part_count;
    unsigned char *text; /* owned: the key, then the label, then the ids of the parts */
    struct upload_slot slot;
};

/* Makes the files of an upload that holds nothing yet, and makes them durable, but not their entries in the folder; an
 * errno. Blocking. */
int unfinished_make(const struct io *io, int folder, uint64_t salt, const struct unfinished *unfinished);

/* Reads what there is under the id; an errno: ENOENT when there is none, EBADMSG when it never came to be.
 * unfinished_free() it. Blocking. */
int unfinished_read(const struct io *io, int folder, uint64_t salt, uint64_t id, struct unfinished *ret_unfinished);

/* What it means to whoever asks for an upload that there is none, or that it never came to be: STORE_NO_UPLOAD. */
struct failure unfinished_failure(int error);

/* Writes the slot anew, under the next number, durably; an errno, and then the one before holds, unless that could not
 * be written again either: unfinished->slot is what is read from now on. Blocking. */
int unfinished_note(const struct io *io, int folder, uint64_t salt, struct unfinished *unfinished,
                    const struct upload_slot *slot);

/* The id of a part. */
uint64_t unfinished_part(const struct unfinished *unfinished, size_t part);

/* Bytes of its text. */
size_t unfinished_text_length(const struct unfinished *unfinished);

/* Bytes that its files have on disk. */
uint64_t unfinished_disk_bytes(const struct unfinished *unfinished);

/* Whether it is one of parts whose object is not there: it is its maker's alone. */
bool unfinished_is_private(const struct unfinished *unfinished);

/* Whether it is an empty one that is no object, since the server ended in between: it has no byte that could be
 * brought, and nobody is told of it. */
bool unfinished_is_void(const struct unfinished *unfinished);

/* Whether nobody may go on with it any more. */
bool unfinished_has_expired(const struct unfinished *unfinished);

/* The ids of the files in the folder that end so, in order, to be freed by the caller; an errno. Blocking. */
int unfinished_ids(const struct io *io, int folder, const char *ending, uint64_t **ret_ids, size_t *ret_count);

/* Whether that is one of them. */
bool unfinished_ids_have(const uint64_t *ids, size_t count, uint64_t id);

/* Calls `see` for those in the folder that have a file that ends so, and can be read, in the order of their ids from
 * one on, until it is false; an errno. Those that are done have no UNFINISHED_BYTES, and cost nothing. Blocking. */
int unfinished_each(const struct io *io, int folder, uint64_t salt, const char *ending, uint64_t from,
                    bool (*see)(void *arg, const struct unfinished *unfinished), void *arg);

/* Unlinks those that have expired, or are void, in a folder in which nobody works. Blocking. */
void unfinished_sweep(struct leftovers *leftovers, int folder, uint64_t salt);

/* Unlinks the file of its bytes: what remains of them has another name. Blocking. */
void unfinished_drop_bytes(const struct io *io, int folder, uint64_t id);

/* Unlinks what there is of it; an errno, and then it is there still. Blocking. */
int unfinished_remove(struct leftovers *leftovers, int folder, uint64_t id);

void unfinished_free(struct unfinished *unfinished);

/* In the folder of a store. */
#define UNFINISHED_FOLDER "uploads"

/* The names of its two files end so. */
#define UNFINISHED_ENDING ".upload"
#define UNFINISHED_BYTES  ".part"

#endif
