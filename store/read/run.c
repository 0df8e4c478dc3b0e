/* run.c - the keys of one segment in order. run.h has the format. */
#include "store/read/run.h"

#include "store/base/error.h"
#include "store/base/little.h"
#include "store/base/lock.h"
#include "store/disk/numbered.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
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

static const char ending[] = ".keys";
static const char draft_ending[] = ".keys.new";

bool run_is_draft(const char *name)
{
    size_t length = strlen(name);
    return length > sizeof draft_ending && strcmp(name + length - (sizeof draft_ending - 1), draft_ending) == 0;
}

bool run_number(const char *name, uint64_t *ret_number)
{
    return numbered_read(name, ending, ret_number);
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
    unsigned char head[RUN_KEY_HEAD];
    struct failure failure = run_bytes(run, HEADER + (uint64_t)at * ENTRY, entry, sizeof entry);
    if (failure.error)
        return failure;
    uint64_t key = HEADER + (uint64_t)run->count * ENTRY + little_get32(entry + 12);
    failure = run_bytes(run, key, head, sizeof head);
    if (failure.error)
        return failure;
    ret_entry->hash = little_get64(entry);
    ret_entry->position = little_get32(entry + 8);
    ret_entry->key_length = little_get16(head);
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
    for (size_t i = 1; i < ROWS; i++)
        if (run->gone[i].to - run->gone[i].from < shortest->to - shortest->from)
            shortest = &run->gone[i];
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
    for (size_t i = 0; i < run->gone_count; i++)
        if (run->gone[i].from <= at && at < run->gone[i].to)
            at = run->gone[i].to; /* no two rows touch */
    lock_release(&run->gone_lock);
    return at;
}

struct store_key run_entry_key(const struct run_entry *entry)
{
    return (struct store_key){
        .bytes = entry->key_length ? entry->key : NULL, .length = entry->key_length, .hash = entry->hash};
}

/* ---- making ---------------------------------------------------------------------------------- */

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

/* The bytes of a run; NULL when memory is out. */
static unsigned char *run_encode(const struct run_content *content, const struct segment *segment, uint64_t covered,
                                 uint64_t salt, size_t *ret_length)
{
    size_t length = HEADER + content->count * ENTRY + content->keys_length;
    unsigned char *bytes = calloc(1, length);
    if (!bytes)
        return NULL;
    memcpy(bytes + AT_MAGIC, magic, sizeof magic);
    little_put64(bytes + AT_NUMBER, segment->number);
    little_put64(bytes + AT_COVERED, covered);
    little_put64(bytes + AT_COUNT, content->count);
    little_put64(bytes + AT_KEYS, content->keys_length);
    little_put64(bytes + AT_HORIZON, content->horizon);
    for (size_t i = 0; i < content->count; i++) {
        unsigned char *entry = bytes + HEADER + i * ENTRY;
        little_put64(entry, content->items[i].hash);
        little_put32(entry + 8, content->items[i].position);
        little_put32(entry + 12, content->items[i].key);
    }
    if (content->keys_length > 0)
        memcpy(bytes + HEADER + content->count * ENTRY, content->keys, content->keys_length);
    little_put64(bytes + AT_CHECK, check_of(bytes, length, salt));
    assert(is_run_of(bytes, length, segment, covered));
    *ret_length = length;
    return bytes;
}

struct run *run_make(const struct log *log, const struct segment *segment, uint64_t covered,
                     const struct run_content *content)
{
    size_t length = 0;
    unsigned char *bytes = run_encode(content, segment, covered, log->salt, &length);
    if (!bytes)
        return NULL;
    struct run *run = run_new((struct run){.io = log->io,
                                           .file = -1,
                                           .bytes = bytes,
                                           .length = length,
                                           .covered = covered,
                                           .count = content->count,
                                           .lacks = content->lacks,
                                           .lacks_count = content->lacks_count});
    if (!run)
        free(bytes);
    return run;
}

/* ---- files ----------------------------------------------------------------------------------- */

/* Writes the bytes to a file under the draft's name; a descriptor, or -1. */
static int write_draft(const struct log *log, const struct run *run, const char *draft)
{
    const struct io *io = run->io;
    int file = io->openat(io->self, log->folder, draft, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (file < 0)
        return -1;
    /* Synced before it is named, so that a file which is not valid means a disk that has changed it. */
    if (io_write_all(io, file, run->bytes, run->length, 0) == 0 && io->fdatasync(io->self, file) == 0)
        return file;
    io->close(io->self, file);
    io->unlinkat(io->self, log->folder, draft, 0);
    return -1;
}

void run_save(const struct log *log, struct run *run, const struct segment *segment, bool lasting)
{
    assert(atomic_load(&run->references) == 1 && run->lacks_count == 0);
    const struct io *io = run->io;
    char name[NUMBERED_NAME_MAX];
    char draft[NUMBERED_NAME_MAX];
    numbered_name(segment->number, ending, name);
    numbered_name(segment->number, draft_ending, draft);
    int file = write_draft(log, run, draft);
    if (file < 0)
        return;
    if (!lasting || io->renameat(io->self, log->folder, draft, log->folder, name) < 0)
        io->unlinkat(io->self, log->folder, draft, 0); /* the descriptor will do */
    run->file = file;
    free(run->bytes);
    run->bytes = NULL;
}

void run_remove(const struct log *log, uint64_t number)
{
    char name[NUMBERED_NAME_MAX];
    numbered_name(number, ending, name);
    log->io->unlinkat(log->io->self, log->folder, name, 0);
}

void run_check_horizon(const struct log *log, uint64_t number)
{
    log_assert_unowned(log);
    const struct io *io = log->io;
    char name[NUMBERED_NAME_MAX];
    unsigned char header[HEADER];
    numbered_name(number, ending, name);
    int file = io->openat(io->self, log->folder, name, O_RDONLY | O_NONBLOCK, 0);
    if (file < 0)
        return;
    bool told = io_read_all(io, file, header, sizeof header, 0) == 0;
    io->close(io->self, file);
    if (told && (memcmp(header + AT_MAGIC, magic, sizeof magic) != 0 || little_get64(header + AT_HORIZON) > log->end))
        io->unlinkat(io->self, log->folder, name, 0);
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

struct failure run_open(const struct log *log, const struct segment *segment, uint64_t covered, struct run **ret_run)
{
    const struct io *io = log->io;
    char name[NUMBERED_NAME_MAX];
    numbered_name(segment->number, ending, name);
    int file = io->openat(io->self, log->folder, name, O_RDONLY | O_NONBLOCK, 0); /* it may be a pipe */
    if (file < 0)
        return errno == ENOENT ? failure_of(STORE_NO_OBJECT) : failure_io(errno);
    struct run *run = run_new((struct run){.io = io, .file = file, .covered = covered});
    if (!run) {
        io->close(io->self, file);
        return failure_of(STORE_NO_MEMORY);
    }
    struct failure failure = run_prove(run, log->salt, segment, covered);
    if (failure.error)
        run_release(run);
    else
        *ret_run = run;
    return failure;
}
