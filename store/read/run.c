/* run.c - the keys of one segment in order. run.h has the format. */
#include "store/read/run.h"

#include "store/base/error.h"
#include "store/base/little.h"
#include "store/base/lock.h"
#include "store/log/cursor.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum {
    AT_MAGIC = 0,
    AT_NUMBER = 8,
    AT_COVERED = 16,
    AT_COUNT = 24,
    AT_KEYS = 32,
    AT_HORIZON = 40,
    AT_CHECK = 48,
    HEADER = 56,
    ENTRY = 16,
    NAME_BYTES = 48,
};

static const char magic[8] = {'c', 'a', 'i', 'r', 'n', 'k', 'y', '2'};

enum { ROWS = 8 };

/* Entries, one behind the other. */
struct row {
    size_t from;
    size_t to;
};

struct run {
    atomic_uint references;
    const struct io *io;
    int file;             /* -1: in memory */
    unsigned char *bytes; /* NULL: in the file */
    size_t length;
    uint64_t covered;
    size_t count;
    uint64_t *lacks; /* packed locations of records that could not be read */
    size_t lacks_count;

    struct lock gone_lock;
    struct row gone[ROWS];
    size_t gone_count;
};

/* NULL when memory is out. */
static struct run *run_new(struct run content)
{
    struct run *run = malloc(sizeof *run);
    if (!run)
        return NULL;
    *run = content;
    atomic_init(&run->references, 1);
    lock_init(&run->gone_lock);
    return run;
}

static void run_name(uint64_t number, char ret_name[NAME_BYTES])
{
    (void)snprintf(ret_name, NAME_BYTES, "%016" PRIx64 ".keys", number);
}

bool run_is_draft(const char *name)
{
    static const char ending[] = ".keys.new";
    size_t length = strlen(name);
    return length > sizeof ending && strcmp(name + length - (sizeof ending - 1), ending) == 0;
}

bool run_number(const char *name, uint64_t *ret_number)
{
    char expected[NAME_BYTES];
    *ret_number = strtoull(name, NULL, 16);
    run_name(*ret_number, expected);
    return strcmp(name, expected) == 0;
}

struct run *run_retain(struct run *run)
{
    atomic_fetch_add_explicit(&run->references, 1, memory_order_relaxed);
    return run;
}

void run_release(struct run *run)
{
    if (!run || atomic_fetch_sub_explicit(&run->references, 1, memory_order_acq_rel) != 1)
        return;
    if (run->file >= 0)
        run->io->close(run->io->self, run->file);
    free(run->bytes);
    free(run->lacks);
    lock_destroy(&run->gone_lock);
    free(run);
}

uint64_t run_covered(const struct run *run)
{
    return run->covered;
}

size_t run_count(const struct run *run)
{
    return run->count;
}

const uint64_t *run_lacks(const struct run *run, size_t *ret_count)
{
    *ret_count = run->lacks_count;
    return run->lacks;
}

/* ---- reading --------------------------------------------------------------------------------- */

static struct failure run_bytes(const struct run *run, uint64_t position, void *bytes, size_t length)
{
    if (position > run->length || length > run->length - position)
        return failure_of(STORE_DAMAGED);
    int os_error = 0;
    if (run->bytes)
        memcpy(bytes, run->bytes + position, length);
    else
        os_error = io_read_all(run->io, run->file, bytes, length, (off_t)position);
    return failure_io(os_error);
}

struct failure run_read(const struct run *run, size_t at, struct run_entry *ret_entry)
{
    unsigned char entry[ENTRY];
    unsigned char head[2];
    struct failure failure = run_bytes(run, HEADER + (uint64_t)at * ENTRY, entry, sizeof entry);
    if (failure.error)
        return failure;
    uint64_t key = HEADER + (uint64_t)run->count * ENTRY + little_get32(entry + 12);
    failure = run_bytes(run, key, head, sizeof head);
    if (failure.error)
        return failure;
    ret_entry->hash = little_get64(entry);
    ret_entry->position = little_get32(entry + 8);
    ret_entry->key_length = (size_t)head[0] | (size_t)head[1] << 8;
    if (ret_entry->key_length > STORE_KEY_MAX)
        return failure_of(STORE_DAMAGED);
    return run_bytes(run, key + sizeof head, ret_entry->key, ret_entry->key_length);
}

struct failure run_seek(const struct run *run, size_t from, const struct place *place, size_t *ret_at)
{
    size_t low = from;
    size_t high = run->count;
    while (low < high) {
        struct run_entry entry;
        size_t middle = low + (high - low) / 2;
        struct failure failure = run_read(run, middle, &entry);
        if (failure.error)
            return failure;
        if (place_compare(place, entry.key, entry.key_length, entry.hash) > 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_at = low;
    return failure_none();
}

/* ---- what has gone --------------------------------------------------------------------------- */

/* Takes the rows out that touch `row`, and makes them part of it. Lock held. */
static struct row row_join(struct run *run, struct row row)
{
    assert(lock_is_mine(&run->gone_lock));
    for (size_t i = 0; i < run->gone_count;) {
        const struct row other = run->gone[i];
        if (other.from > row.to || other.to < row.from) {
            i++;
            continue;
        }
        row.from = other.from < row.from ? other.from : row.from;
        row.to = other.to > row.to ? other.to : row.to;
        run->gone[i] = run->gone[--run->gone_count];
    }
    return row;
}

/* The place for a row: a free one, or that of the shortest if it is shorter. NULL: none. Lock held. */
static struct row *row_place(struct run *run, const struct row *row)
{
    assert(lock_is_mine(&run->gone_lock));
    if (run->gone_count < ROWS)
        return &run->gone[run->gone_count++];
    struct row *shortest = &run->gone[0];
    for (size_t i = 1; i < ROWS; i++) {
        if (run->gone[i].to - run->gone[i].from < shortest->to - shortest->from)
            shortest = &run->gone[i];
    }
    return shortest->to - shortest->from < row->to - row->from ? shortest : NULL;
}

void run_learn_gone(struct run *run, size_t from, size_t to)
{
    lock_take(&run->gone_lock);
    struct row row = row_join(run, (struct row){from, to});
    struct row *place = row_place(run, &row);
    if (place)
        *place = row;
    lock_release(&run->gone_lock);
}

size_t run_pass_gone(struct run *run, size_t at)
{
    lock_take(&run->gone_lock);
    for (size_t i = 0; i < run->gone_count; i++) {
        if (run->gone[i].from <= at && at < run->gone[i].to)
            at = run->gone[i].to; /* no two rows touch */
    }
    lock_release(&run->gone_lock);
    return at;
}

struct store_key run_entry_key(const struct run_entry *entry)
{
    return (struct store_key){
        .bytes = entry->key_length ? entry->key : NULL, .length = entry->key_length, .hash = entry->hash};
}

/* ---- building -------------------------------------------------------------------------------- */

/* Entries on their way into a run: keys one behind the other, as in the file. */
struct draft {
    struct draft_entry {
        uint64_t hash;
        uint32_t position;
        uint32_t key;
    } * entries;
    size_t count;
    size_t capacity;
    unsigned char *keys;
    size_t keys_length;
    size_t keys_capacity;
    struct row *holes; /* positions between which nothing can be read, in order */
    size_t hole_count;
    size_t hole_capacity;
    uint64_t *lacks; /* the records in them to which keys lead */
    size_t lacks_count;
    size_t lacks_capacity;
    uint32_t slot; /* of the segment */
    bool starved;  /* memory is out */
};

static bool grow(void **bytes, size_t *capacity, size_t need, size_t size)
{
    if (need <= *capacity)
        return true;
    size_t larger = *capacity * 2 > need ? *capacity * 2 : need + 64;
    void *moved = realloc(*bytes, larger * size);
    if (!moved)
        return false;
    *bytes = moved;
    *capacity = larger;
    return true;
}

static bool draft_add(struct draft *draft, uint64_t hash, uint32_t position, const void *key, size_t length)
{
    void *entries = draft->entries;
    void *keys = draft->keys;
    bool fits = grow(&entries, &draft->capacity, draft->count + 1, sizeof *draft->entries);
    draft->entries = entries;
    fits = fits && grow(&keys, &draft->keys_capacity, draft->keys_length + 2 + length, 1);
    draft->keys = keys;
    if (!fits)
        return false;
    draft->entries[draft->count++] = (struct draft_entry){
        .hash = hash, .position = position, .key = (uint32_t)draft->keys_length};
    unsigned char *at = draft->keys + draft->keys_length;
    at[0] = (unsigned char)(length & 0xff);
    at[1] = (unsigned char)(length >> 8);
    if (length > 0)
        memcpy(at + 2, key, length);
    draft->keys_length += 2 + length;
    return true;
}

static void draft_free(struct draft *draft)
{
    free(draft->entries);
    free(draft->keys);
    free(draft->holes);
    free(draft->lacks);
}

static int draft_compare(const void *a, const void *b, void *arg)
{
    const struct draft_entry *left = a;
    const struct draft_entry *right = b;
    const unsigned char *keys = arg;
    const unsigned char *left_key = keys + left->key;
    const unsigned char *right_key = keys + right->key;
    size_t left_length = (size_t)left_key[0] | (size_t)left_key[1] << 8;
    size_t right_length = (size_t)right_key[0] | (size_t)right_key[1] << 8;
    size_t common = left_length < right_length ? left_length : right_length;
    int order = memcmp(left_key + 2, right_key + 2, common);
    if (order)
        return order;
    if (left_length != right_length)
        return left_length < right_length ? -1 : 1;
    if (left->hash != right->hash)
        return left->hash < right->hash ? -1 : 1;
    return left->position < right->position ? -1 : left->position > right->position;
}

/* Whether a record is worth a place in the run: its key leads to it, or to one that came after the horizon, when it
 * is what stands for the key in this listing. */
static bool is_wanted(struct index *index, const struct segment *segment, const struct run_horizon *horizon,
                      uint64_t position, const struct store_key *key)
{
    index_lock_shared(index);
    uint64_t packed = index_find_own(index, key);
    index_unlock(index);
    struct location location = location_unpack(packed);
    if (!packed)
        return false;
    if (location.segment == segment->slot && location.position == position)
        return true;
    return location.segment > horizon->slot ||
           (location.segment == horizon->slot && location.position >= horizon->position);
}

static struct failure draft_old(struct draft *draft, struct index *index, const struct segment *segment,
                                const struct run_horizon *horizon, const struct run *before)
{
    for (size_t at = 0; at < before->count; at++) {
        struct run_entry entry;
        struct failure failure = run_read(before, at, &entry);
        if (failure.error)
            return failure;
        struct store_key key = run_entry_key(&entry);
        if (is_wanted(index, segment, horizon, entry.position, &key) &&
            !draft_add(draft, entry.hash, entry.position, entry.key, entry.key_length))
            return failure_of(STORE_NO_MEMORY);
    }
    return failure_none();
}

static bool draft_add_hole(struct draft *draft, uint64_t from, uint64_t to)
{
    void *holes = draft->holes;
    bool fits = grow(&holes, &draft->hole_capacity, draft->hole_count + 1, sizeof *draft->holes);
    draft->holes = holes;
    if (fits)
        draft->holes[draft->hole_count++] = (struct row){(size_t)from, (size_t)to};
    return fits;
}

static bool is_in_hole(const struct draft *draft, size_t position)
{
    size_t low = 0;
    size_t high = draft->hole_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (draft->holes[middle].to <= position)
            low = middle + 1;
        else
            high = middle;
    }
    return low < draft->hole_count && draft->holes[low].from <= position;
}

static void draft_look(void *arg, uint64_t packed)
{
    struct draft *draft = arg;
    struct location location = location_unpack(packed);
    if (location.segment != draft->slot || !is_in_hole(draft, location.position) || draft->starved)
        return;
    void *lacks = draft->lacks;
    draft->starved = !grow(&lacks, &draft->lacks_capacity, draft->lacks_count + 1, sizeof *draft->lacks);
    draft->lacks = lacks;
    if (!draft->starved)
        draft->lacks[draft->lacks_count++] = packed;
}

/* Takes down what stands in the holes to which keys lead. What recovery has found lost none leads to. */
static struct failure draft_lacks(struct draft *draft, struct index *index)
{
    if (draft->hole_count == 0)
        return failure_none();
    index_lock_shared(index);
    index_each(index, draft_look, draft);
    index_unlock(index);
    return failure_of(draft->starved ? STORE_NO_MEMORY : STORE_OK);
}

/* Goes on behind a hole. */
static struct failure draft_hole(struct draft *draft, struct cursor *cursor, uint64_t *position)
{
    struct record behind;
    uint64_t from = *position;
    struct failure failure = failure_io(cursor_find(cursor, from + RECORD_ALIGNMENT, position, &behind));
    if (!failure.error && !draft_add_hole(draft, from, *position))
        failure = failure_of(STORE_NO_MEMORY);
    return failure;
}

/* Adds what the cursor finds up to its limit. */
static struct failure draft_new(struct draft *draft, struct index *index, struct cursor *cursor,
                                const struct run_horizon *horizon, uint64_t from)
{
    uint64_t position = from;
    while (position < cursor->limit) {
        struct record record;
        enum cursor_found found;
        struct failure failure = failure_io(cursor_look(cursor, position, false, &record, &found));
        bool nothing = !failure.error && found == CURSOR_NOTHING;
        if (nothing)
            failure = draft_hole(draft, cursor, &position);
        if (failure.error)
            return failure;
        if (nothing)
            continue;
        struct store_key key = record_key(&record);
        if (record.type == RECORD_PUT && is_wanted(index, cursor->segment, horizon, position, &key) &&
            !draft_add(draft, record.key_hash, (uint32_t)position, record.key, record.key_length))
            return failure_of(STORE_NO_MEMORY);
        position += record_length(&record);
    }
    return failure_none();
}

static struct failure draft_segment(struct draft *draft, struct index *index, const struct segment *segment,
                                    const struct run_horizon *horizon, uint64_t from, uint64_t to)
{
    struct cursor cursor;
    uint64_t held = to < segment->prepared ? to
                                           : segment->prepared; /* the file of a sealed segment may have been cut */
    if (from >= held)
        return failure_none();
    struct failure failure = failure_of(STORE_NO_MEMORY);
    if (cursor_init(&cursor, index->log->io, index->salt)) {
        cursor_begin(&cursor, segment, held);
        failure = draft_new(draft, index, &cursor, horizon, from);
    }
    cursor_free(&cursor);
    return failure;
}

static uint64_t check_of(const unsigned char *bytes, size_t length, uint64_t salt)
{
    uint64_t head = XXH3_64bits_withSeed(bytes, AT_CHECK, salt);
    return XXH3_64bits_withSeed(bytes + HEADER, length - HEADER, salt ^ head);
}

/* Whether the bytes are laid out as a run of the segment, up to `covered`; their check is another matter. */
static bool is_run_of(const unsigned char *bytes, size_t length, const struct segment *segment, uint64_t covered)
{
    return memcmp(bytes + AT_MAGIC, magic, sizeof magic) == 0 && little_get64(bytes + AT_NUMBER) == segment->number &&
           little_get64(bytes + AT_COVERED) == covered && little_get64(bytes + AT_COUNT) <= length / ENTRY &&
           HEADER + little_get64(bytes + AT_COUNT) * ENTRY + little_get64(bytes + AT_KEYS) == length;
}

/* Lays the sorted draft out as a run in memory. */
static struct run *run_of_draft(struct draft *draft, struct index *index, const struct segment *segment,
                                uint64_t covered)
{
    size_t length = HEADER + draft->count * ENTRY + draft->keys_length;
    unsigned char *bytes = calloc(1, length);
    if (!bytes)
        return NULL;
    memcpy(bytes + AT_MAGIC, magic, sizeof magic);
    little_put64(bytes + AT_NUMBER, segment->number);
    little_put64(bytes + AT_COVERED, covered);
    little_put64(bytes + AT_COUNT, draft->count);
    little_put64(bytes + AT_KEYS, draft->keys_length);
    little_put64(bytes + AT_HORIZON, index_end(index)); /* what the index has said so far lies in front of it */
    for (size_t i = 0; i < draft->count; i++) {
        unsigned char *entry = bytes + HEADER + i * ENTRY;
        little_put64(entry, draft->entries[i].hash);
        little_put32(entry + 8, draft->entries[i].position);
        little_put32(entry + 12, draft->entries[i].key);
    }
    if (draft->keys_length > 0)
        memcpy(bytes + HEADER + draft->count * ENTRY, draft->keys, draft->keys_length);
    little_put64(bytes + AT_CHECK, check_of(bytes, length, index->salt));
    assert(is_run_of(bytes, length, segment, covered));
    struct run *run = run_new((struct run){
        .io = index->log->io, .file = -1, .bytes = bytes, .length = length, .covered = covered, .count = draft->count});
    if (!run)
        free(bytes);
    return run;
}

/* Hands on what the draft lacks. */
static void run_take_lacks(struct run *run, struct draft *draft)
{
    run->lacks = draft->lacks;
    run->lacks_count = draft->lacks_count;
    draft->lacks = NULL;
}

struct failure run_build(struct index *index, const struct segment *segment, uint64_t from, uint64_t covered,
                         const struct run_horizon *horizon, struct run *const *before, size_t before_count,
                         struct run **ret_run)
{
    struct draft draft = {.slot = segment->slot};
    struct failure failure = failure_none();
    for (size_t i = 0; i < before_count && !failure.error; i++) {
        failure = draft_old(&draft, index, segment, horizon, before[i]);
        from = before[i]->covered;
    }
    if (!failure.error)
        failure = draft_segment(&draft, index, segment, horizon, from, covered);
    if (!failure.error)
        failure = draft_lacks(&draft, index);
    if (!failure.error && draft.count > 0)
        qsort_r(draft.entries, draft.count, sizeof *draft.entries, draft_compare, draft.keys);
    struct run *run = failure.error ? NULL : run_of_draft(&draft, index, segment, covered);
    if (run)
        run_take_lacks(run, &draft);
    draft_free(&draft);
    if (!failure.error && !run)
        failure = failure_of(STORE_NO_MEMORY);
    if (!failure.error)
        *ret_run = run;
    return failure;
}

/* ---- files ----------------------------------------------------------------------------------- */

/* Writes the bytes to a file under the draft's name; a descriptor, or -1. */
static int write_draft(struct index *index, const struct run *run, const char *draft)
{
    const struct io *io = run->io;
    int file = io->openat(io->self, index->log->folder, draft, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (file < 0)
        return -1;
    /* Synced before it is named, so that a file which is not valid means a disk that has changed it. */
    if (io_write_all(io, file, run->bytes, run->length, 0) == 0 && io->fdatasync(io->self, file) == 0)
        return file;
    io->close(io->self, file);
    io->unlinkat(io->self, index->log->folder, draft, 0);
    return -1;
}

void run_save(struct index *index, struct run *run, const struct segment *segment, bool lasting)
{
    assert(atomic_load(&run->references) == 1 && run->lacks_count == 0);
    const struct io *io = run->io;
    char name[NAME_BYTES];
    char draft[NAME_BYTES + sizeof ".new"];
    run_name(segment->number, name);
    (void)snprintf(draft, sizeof draft, "%s.new", name);
    int file = write_draft(index, run, draft);
    if (file < 0)
        return;
    if (!lasting || io->renameat(io->self, index->log->folder, draft, index->log->folder, name) < 0)
        io->unlinkat(io->self, index->log->folder, draft, 0); /* the descriptor will do */
    run->file = file;
    free(run->bytes);
    run->bytes = NULL;
}

void run_remove(struct index *index, uint64_t number)
{
    char name[NAME_BYTES];
    run_name(number, name);
    index->log->io->unlinkat(index->log->io->self, index->log->folder, name, 0);
}

void run_check_horizon(struct index *index, uint64_t number, uint64_t end)
{
    const struct io *io = index->log->io;
    char name[NAME_BYTES];
    unsigned char header[HEADER];
    run_name(number, name);
    int file = io->openat(io->self, index->log->folder, name, O_RDONLY | O_NONBLOCK, 0);
    if (file < 0)
        return;
    bool told = io_read_all(io, file, header, sizeof header, 0) == 0;
    io->close(io->self, file);
    if (told && (memcmp(header + AT_MAGIC, magic, sizeof magic) != 0 || little_get64(header + AT_HORIZON) > end))
        io->unlinkat(io->self, index->log->folder, name, 0);
}

/* Reads the whole file and proves it; then the bytes are let go again. */
static struct failure run_prove(struct run *run, uint64_t salt, const struct segment *segment, uint64_t covered)
{
    struct stat status;
    if (run->io->fstat(run->io->self, run->file, &status) < 0)
        return failure_io(errno);
    if (!S_ISREG(status.st_mode) || status.st_size < HEADER)
        return failure_of(STORE_DAMAGED);
    run->length = (size_t)status.st_size;
    unsigned char *bytes = malloc(run->length);
    if (!bytes)
        return failure_of(STORE_NO_MEMORY);
    int os_error = io_read_all(run->io, run->file, bytes, run->length, 0);
    bool valid = !os_error && is_run_of(bytes, run->length, segment, covered) &&
                 little_get64(bytes + AT_CHECK) == check_of(bytes, run->length, salt);
    if (valid)
        run->count = (size_t)little_get64(bytes + AT_COUNT);
    free(bytes);
    if (os_error)
        return failure_io(os_error);
    return failure_of(valid ? STORE_OK : STORE_DAMAGED);
}

struct failure run_open(struct index *index, const struct segment *segment, uint64_t covered, struct run **ret_run)
{
    const struct io *io = index->log->io;
    char name[NAME_BYTES];
    run_name(segment->number, name);
    int file = io->openat(io->self, index->log->folder, name, O_RDONLY | O_NONBLOCK, 0); /* it may be a pipe */
    if (file < 0)
        return errno == ENOENT ? failure_of(STORE_NO_OBJECT) : failure_io(errno);
    struct run *run = run_new((struct run){.io = io, .file = file, .covered = covered});
    if (!run) {
        io->close(io->self, file);
        return failure_of(STORE_NO_MEMORY);
    }
    struct failure failure = run_prove(run, index->salt, segment, covered);
    if (failure.error)
        run_release(run);
    else
        *ret_run = run;
    return failure;
}
