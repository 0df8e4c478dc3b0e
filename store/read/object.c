/* object.c - reading: pin one version of what a key holds.
 *
 * The happy path: look the key's hash up under the shared lock, take a reference on the segment, let the
 * lock go, read the record in one call, check it, compare the key. A blob's file is opened by its number;
 * when it is gone, the object was replaced in between, and the look-up is made again.
 */
#include "store/read/object.h"

#include "store/base/condition.h"
#include "store/base/error.h"
#include "store/base/expiry.h"
#include "store/base/key.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { HEAD_GUESS = 512, EXPECTED = 64 /* of many, those that are asked for while one is read */ };

/* How it is read: enum store_get_flags, and at what time, in nanoseconds since 1970. */
struct manner {
    unsigned flags;
    int64_t now;
};

/* Reads that are made together see one time. */
static struct manner manner_of(unsigned flags)
{
    return (struct manner){flags, flags & STORE_GET_EXPIRED ? EXPIRY_NOTHING_YET : clock_now(CLOCK_REALTIME)};
}

struct object {
    const struct io *io;
    struct object_info info;
    const void *payload;
    uint64_t blob;
    int file;          /* that holds the payload; -1 */
    uint64_t position; /* of the payload in it */
    unsigned char bytes[];
};

/* What a look-up found: the record's place, with a reference on its segment. */
struct pin {
    struct segment *segment;
    struct location location;
};

/* Lock held. */
static enum store_error pin_take(const struct reader *reader, const struct store_key *key, bool own,
                                 struct pin *ret_pin)
{
    index_assert_locked(reader->index);
    uint64_t packed = own ? index_find_own(reader->index, key) : index_find(reader->index, key);
    if (!packed || packed == INDEX_SEVERAL)
        return packed ? STORE_COLLISION : STORE_NO_OBJECT;
    ret_pin->location = location_unpack(packed);
    ret_pin->segment = chain_pin(&reader->log->chain, ret_pin->location.segment);
    return STORE_OK;
}

/* The same with the lock taken for the moment only. */
static enum store_error pin_now(const struct reader *reader, const struct store_key *key, bool own, struct pin *ret_pin)
{
    index_lock_shared(reader->index);
    enum store_error error = pin_take(reader, key, own, ret_pin);
    index_unlock(reader->index);
    return error;
}

static struct failure read_file(const struct io *io, int file, void *bytes, size_t length, off_t position,
                                unsigned flags)
{
    if (flags & STORE_GET_NOWAIT) {
        ssize_t got = io->pread_nowait(io->self, file, bytes, length, position);
        if (got == (ssize_t)length)
            return failure_none();
        if (got >= 0 || errno == EAGAIN || errno == EINTR)
            return failure_of(STORE_AGAIN);
        return failure_io(errno);
    }
    return failure_io(io_read_all(io, file, bytes, length, position));
}

/* To open a file again that was closed is not waited for, like to open that of a blob. */
static struct failure read_bytes(const struct segment *segment, void *bytes, size_t length, off_t position,
                                 unsigned flags)
{
    int file, os_error = handle_take(segment->file, &file);
    if (os_error)
        return failure_io(os_error);
    struct failure failure = read_file(handle_io(segment->file), file, bytes, length, position, flags);
    handle_give(segment->file);
    return failure;
}

/* The offset of the record, which is its alone: its place may be another one's when the segment has gone. */
static uint64_t pin_offset(const struct pin *pin)
{
    return segment_offset(pin->segment, pin->location.position);
}

static void tell_damage(const struct reader *reader, const struct pin *pin)
{
    uint64_t offset = pin_offset(pin);
    if (damage_found_record(reader->index, offset, pin->location.length))
        notice_tell(reader->notice, STORE_LOG_ERROR, "the record at offset %llu is damaged: it is not served",
                    (unsigned long long)offset);
}

/* Why a record is not served that is not valid: it is damaged, or another key's, as far as its bytes still tell. */
static struct failure refuse_record(const unsigned char *bytes, size_t length, const struct store_key *key)
{
    struct store_key told;
    bool another = record_tells_key(bytes, length, key->hash, &told) && !key_same(key, &told);
    return failure_of(another ? STORE_NO_OBJECT : STORE_DAMAGED);
}

/* Reads `length` bytes of the record into a new object. */
static struct failure object_new(const struct reader *reader, const struct pin *pin, const struct store_key *key,
                                 size_t length, unsigned flags, struct object **ret_object, struct record *ret_record)
{
    struct object *object = malloc(sizeof *object + length);
    if (!object)
        return failure_of(STORE_NO_MEMORY);
    struct failure failure = read_bytes(pin->segment, object->bytes, length, pin->location.position, flags);
    if (!failure.error && !record_decode(object->bytes, length, pin_offset(pin), reader->log->salt, ret_record))
        failure = refuse_record(object->bytes, length, key);
    if (failure.error) {
        free(object);
        return failure;
    }
    object->io = reader->log->io;
    object->file = -1;
    object->position = 0;
    object->payload = NULL;
    *ret_object = object;
    return failure_none();
}

/* How much of the record to read at first: all of it for a payload, else what a head mostly takes. */
static size_t first_length(const struct location *location, unsigned flags)
{
    size_t length = location->length;
    if (!(flags & STORE_GET_PAYLOAD) && length > HEAD_GUESS)
        length = HEAD_GUESS;
    return length;
}

static struct failure object_load(const struct reader *reader, const struct pin *pin, const struct store_key *key,
                                  unsigned flags, struct object **ret_object, struct record *ret_record)
{
    size_t length = first_length(&pin->location, flags);
    struct failure failure = object_new(reader, pin, key, length, flags, ret_object, ret_record);
    if (failure.error == STORE_DAMAGED && length < pin->location.length) { /* or the head is longer than guessed */
        length = pin->location.length < RECORD_HEAD_MAX ? pin->location.length : RECORD_HEAD_MAX;
        failure = object_new(reader, pin, key, length, flags, ret_object, ret_record);
    }
    return failure;
}

/* Takes down for the operator that an object's blob is not as it was written. */
static struct failure refuse_blob(const struct reader *reader, uint64_t blob, uint64_t key_hash,
                                  enum blob_damage damage)
{
    bool missing = damage == BLOB_DAMAGE_MISSING;
    if (damage_found_blob(reader->index, blob, damage))
        notice_tell(reader->notice, STORE_LOG_ERROR,
                    "the file of a large payload %s: the object with key hash %016llx is not served",
                    missing ? "is missing" : "has not the size that was stored", (unsigned long long)key_hash);
    return failure_of(missing ? STORE_MISSING : STORE_DAMAGED);
}

/* Opens the blob; STORE_AGAIN when it is gone. */
static struct failure object_open_blob(const struct reader *reader, struct object *object, const struct record *record)
{
    const struct io *io = reader->log->io;
    enum blob_damage damage = damage_of_blob(reader->index, record->blob);
    if (damage == BLOB_DAMAGE_DIGEST)
        return failure_of(STORE_DAMAGED);
    int file = blobs_open(reader->blobs, record->blob);
    if (file < 0)
        return errno == ENOENT || errno == EWOULDBLOCK ? failure_of(STORE_AGAIN) : failure_io(errno);
    struct stat status;
    if (io->fstat(io->self, file, &status) < 0) {
        int os_error = errno;
        io->close(io->self, file);
        return failure_io(os_error);
    }
    if ((uint64_t)status.st_size != record->size) {
        io->close(io->self, file);
        return refuse_blob(reader, record->blob, record->key_hash, BLOB_DAMAGE_SIZE);
    }
    if (damage)
        damage_found_blob(reader->index, record->blob, BLOB_DAMAGE_NONE);
    object->file = file;
    return failure_none();
}

static struct failure object_attach_payload(const struct reader *reader, struct object *object,
                                            const struct record *record)
{
    if (record->blob)
        return object_open_blob(reader, object, record);
    if (!record->payload || !record_payload_whole(record))
        return failure_of(STORE_DAMAGED);
    object->payload = record->payload;
    return failure_none();
}

/* Lets go of a payload that was found whole: it can be sent from the file of the log, which compaction does not write
 * to, but puts another in the place of. */
static struct failure object_unload(struct object **object, const struct pin *pin)
{
    struct object *whole = *object;
    int own, os_error = handle_take(pin->segment->file, &own);
    if (os_error)
        return failure_io(os_error);
    int file = whole->io->dup(whole->io->self, own);
    os_error = errno;
    handle_give(pin->segment->file);
    if (file < 0)
        return failure_io(os_error);
    size_t head = (size_t)((const unsigned char *)whole->payload - whole->bytes);
    size_t attributes = (size_t)((const unsigned char *)whole->info.attributes - whole->bytes);
    whole->file = file;
    whole->position = pin->location.position + head;
    whole->payload = NULL;
    struct object *lean = realloc(whole, sizeof *whole + head);
    if (!lean)
        return failure_none();
    lean->info.attributes = lean->bytes + attributes;
    if (lean->info.key)
        lean->info.key = lean->bytes + attributes - lean->info.key_length;
    *object = lean;
    return failure_none();
}

static void object_describe(struct object *object, const struct record *record)
{
    object->blob = record->blob;
    object->info = (struct object_info){
        .key = record->key,
        .key_length = record->key_length,
        .key_hash = record->key_hash,
        .attributes = record->attributes,
        .attributes_length = record->attributes_length,
        .size = record->size,
        .digest = record->digest,
        .modified = record->time,
        .expires = record_expires(record),
        .offset = record->offset,
    };
}

/* Whether there is a file to open, which may take long, for who is not to wait. */
static bool must_wait(const struct reader *reader, const struct record *record, unsigned flags)
{
    return record->blob && (flags & STORE_GET_PAYLOAD) && (flags & STORE_GET_NOWAIT) && reader->log->io->far;
}

static bool key_matches(const struct store_key *key, const struct record *record)
{
    struct store_key stored = record_key(record);
    return key_same(key, &stored);
}

/* What is said of a record that was read is so: its key, its time, its payload. *ret_gone as below. */
static struct failure object_settle(const struct reader *reader, const struct pin *pin, const struct store_key *key,
                                    struct manner manner, struct object **object, const struct record *record,
                                    uint64_t *ret_gone)
{
    struct failure failure = failure_none();
    object_describe(*object, record);
    if (!key_matches(key, record) || expiry_is_over((*object)->info.expires, manner.now))
        return failure_of(STORE_NO_OBJECT); /* it is another key's of that hash, or its time is over */
    if (must_wait(reader, record, manner.flags))
        return failure_of(STORE_AGAIN);
    if (manner.flags & STORE_GET_PAYLOAD)
        failure = object_attach_payload(reader, *object, record);
    *ret_gone = failure.error == STORE_AGAIN ? record->blob : 0;
    if (!failure.error && (manner.flags & STORE_GET_FILE) && (*object)->payload && record->size > STORE_PAYLOAD_SMALL)
        failure = object_unload(object, pin);
    return failure;
}

/* Makes an object of a pinned record. *ret_gone: the number of its blob, which has been unlinked meanwhile, else 0. */
static struct failure object_of_pin(const struct reader *reader, const struct pin *pin, const struct store_key *key,
                                    struct manner manner, struct object **ret_object, uint64_t *ret_gone)
{
    struct object *object;
    struct record record;
    uint64_t blob = 0;
    *ret_gone = 0;
    struct failure failure = object_load(reader, pin, key, manner.flags, &object, &record);
    if (!failure.error) {
        blob = record.blob;
        failure = object_settle(reader, pin, key, manner, &object, &record, ret_gone);
        if (failure.error)
            object_release(object);
    }
    if (failure.error == STORE_DAMAGED && !blob)
        tell_damage(reader, pin);
    if (!failure.error)
        *ret_object = object;
    return failure;
}

/* Whether the key still leads to the record that was pinned. */
static bool pin_current(const struct reader *reader, const struct store_key *key, const struct pin *pin)
{
    return index_leads_to(reader->index, key, pin_offset(pin));
}

struct failure object_get(const struct reader *reader, const struct store_key *key, unsigned flags,
                          struct object **ret_object)
{
    struct manner manner = manner_of(flags);
    if (!key_valid(key))
        return failure_of(STORE_BAD_KEY);
    for (;;) {
        struct pin pin;
        uint64_t gone;
        enum store_error error = pin_now(reader, key, false, &pin);
        if (error)
            return failure_of(error);
        struct failure failure = object_of_pin(reader, &pin, key, manner, ret_object, &gone);
        bool current = gone && pin_current(reader, key, &pin);
        segment_release(pin.segment);
        if (!gone)
            return failure;
        if (current)
            return refuse_blob(reader, gone, key->hash, BLOB_DAMAGE_MISSING);
    }
}

struct failure object_get_own(const struct reader *reader, const struct store_key *key, struct object **ret_object)
{
    struct pin pin;
    uint64_t gone;
    struct object *object;
    enum store_error error = pin_now(reader, key, true, &pin);
    if (error)
        return failure_of(error);
    struct failure failure = object_of_pin(reader, &pin, key, manner_of(STORE_GET_EXPIRED), &object, &gone);
    segment_release(pin.segment);
    if (failure.error)
        return failure;
    if (!object_info(object)->key != !key->bytes) {
        object_release(object);
        return failure_of(STORE_NO_OBJECT);
    }
    *ret_object = object;
    return failure_none();
}

struct failure object_check(const struct reader *reader, const struct store_key *key,
                            const struct store_condition *condition)
{
    struct object *object;
    struct failure failure = object_get(reader, key, 0, &object);
    if (failure.error == STORE_NO_OBJECT)
        return failure_of(condition_holds(condition, NULL, 0) ? STORE_OK : STORE_CONDITION);
    if (failure.error)
        return failure;
    bool holds = condition_holds(condition, &object_info(object)->digest, object_info(object)->modified);
    object_release(object);
    return failure_of(holds ? STORE_OK : STORE_CONDITION);
}

/* ---- many at once ---------------------------------------------------------------------------- */

/* Looks all keys up under one lock, so that no commit falls between them. Where there is nothing to pin the segment is
 * NULL, and the error says why. */
static void pin_all(const struct reader *reader, const struct store_key *keys, size_t count, struct pin *ret_pins,
                    enum store_error *ret_errors)
{
    index_lock_shared(reader->index);
    for (size_t i = 0; i < count; i++) {
        ret_pins[i].segment = NULL;
        ret_errors[i] = key_valid(&keys[i]) ? pin_take(reader, &keys[i], false, &ret_pins[i]) : STORE_BAD_KEY;
    }
    index_unlock(reader->index);
}

static void unpin_all(struct pin *pins, size_t count)
{
    for (size_t i = 0; i < count; i++)
        segment_release(pins[i].segment);
}

static void expect(const struct reader *reader, const struct pin *pin, unsigned flags)
{
    const struct io *io = reader->log->io;
    int file;
    if (!pin->segment || !io->far || handle_take(pin->segment->file, &file))
        return;
    io->expect(io->self, file, pin->location.position, first_length(&pin->location, flags));
    handle_give(pin->segment->file);
}

/* Turns pins into objects; *ret_os_error is that of the last file call that failed. False when one vanished meanwhile:
 * everything has to be looked up again. */
static bool objects_of_pins(const struct reader *reader, const struct store_key *keys, size_t count,
                            struct manner manner, const struct pin *pins, struct object **ret_objects,
                            enum store_error *ret_errors, int *ret_os_error)
{
    for (size_t i = 0; i < count && i < EXPECTED; i++)
        expect(reader, &pins[i], manner.flags);
    for (size_t i = 0; i < count; i++) {
        uint64_t gone = 0;
        if (count - i > EXPECTED)
            expect(reader, &pins[i + EXPECTED], manner.flags);
        ret_objects[i] = NULL;
        struct failure failure = failure_of(ret_errors[i]);
        if (pins[i].segment)
            failure = object_of_pin(reader, &pins[i], &keys[i], manner, &ret_objects[i], &gone);
        if (gone && !pin_current(reader, &keys[i], &pins[i])) {
            while (i-- > 0) {
                object_release(ret_objects[i]);
                ret_objects[i] = NULL;
            }
            return false;
        }
        if (gone)
            failure = refuse_blob(reader, gone, keys[i].hash, BLOB_DAMAGE_MISSING);
        if (failure.os_error)
            *ret_os_error = failure.os_error;
        ret_errors[i] = failure.error;
    }
    return true;
}

struct failure object_get_many(const struct reader *reader, const struct store_key *keys, size_t count, unsigned flags,
                               struct object **ret_objects, enum store_error *ret_errors)
{
    struct manner manner = manner_of(flags);
    struct pin *pins = malloc((count ? count : 1) * sizeof *pins);
    if (!pins)
        return failure_of(STORE_NO_MEMORY);
    bool complete = false;
    int os_error = 0;
    while (!complete) {
        pin_all(reader, keys, count, pins, ret_errors);
        complete = objects_of_pins(reader, keys, count, manner, pins, ret_objects, ret_errors, &os_error);
        unpin_all(pins, count);
    }
    free(pins);
    return (struct failure){.os_error = os_error};
}

/* ---- the object ------------------------------------------------------------------------------ */

const struct object_info *object_info(const struct object *object)
{
    return &object->info;
}

const void *object_payload(const struct object *object)
{
    return object->payload;
}

enum store_error object_read(const struct object *object, uint64_t position, void *ret_bytes, size_t length)
{
    assert(position <= object->info.size && length <= object->info.size - position);
    if (object->payload && length > 0)
        memcpy(ret_bytes, (const unsigned char *)object->payload + position, length);
    if (object->payload)
        return STORE_OK;
    int os_error = io_read_all(object->io, object->file, ret_bytes, length, (off_t)(object->position + position));
    return failure_tell(failure_io(os_error));
}

enum store_error object_read_now(const struct object *object, uint64_t position, void *ret_bytes, size_t length)
{
    const struct io *io = object->io;
    if (object->payload)
        return object_read(object, position, ret_bytes, length);
    ssize_t got = io->pread_nowait(io->self, object->file, ret_bytes, length, (off_t)(object->position + position));
    return got == (ssize_t)length ? STORE_OK : STORE_AGAIN;
}

int object_take_descriptor(struct object *object)
{
    int file = object->io->own_numbers ? -1 : object->file;
    if (file >= 0)
        object->file = -1;
    return file;
}

uint64_t object_position(const struct object *object)
{
    return object->position;
}

uint64_t object_blob(const struct object *object)
{
    return object->blob;
}

void object_release(struct object *object)
{
    if (!object)
        return;
    if (object->file >= 0)
        object->io->close(object->io->self, object->file);
    free(object);
}
