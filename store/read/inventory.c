/* inventory.c - what was known of a store's runs at a moment. inventory.h has the format. */
#include "store/read/inventory.h"

#include "store/base/little.h"
#include "store/base/xxh3.h"
#include "store/disk/numbered.h"
#include "store/log/tidemark.h"
#include "store/read/binding.h"
#include "store/read/learner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static const char file_name[] = "inventory";
static const char draft_name[] = "inventory.new";
static const char magic[8] = {'c', 'a', 'i', 'r', 'n', 'i', 'v', '1'}; /* the last one is the format */

enum {
    HEADER = 72,
    OF_A_RUN = 24, /* bytes that tell of a run, in front of its blocks */
    OF_A_BLOCK = 8,
};

/* Where the fields of the header stand. */
enum {
    AT_MAGIC = 0,
    AT_NUMBER = 8,
    AT_POSITION = 16,
    AT_DIGEST = 24,
    AT_RUN_BYTES = 32,
    AT_TOLD_BYTES = 40,
    AT_TOLD_CHECK = 48,
    AT_WORN = 56,
    AT_CHECK = 64,
};

bool inventory_is_name(const char *name)
{
    return strcmp(name, file_name) == 0;
}

bool inventory_is_draft(const char *name)
{
    return strcmp(name, draft_name) == 0;
}

void inventory_remove(const struct log *log)
{
    log->io->unlinkat(log->io->self, log->folder, file_name, 0);
}

/* The digest of a segment's file up to a position (tidemark.h). */
static struct failure take_digest(const struct log *log, const struct segment *segment, uint64_t position,
                                  uint64_t *ret_digest)
{
    int os_error = 0;
    uint64_t digest, at = tidemark_find(segment->tidemark, position, &digest);
    unsigned char *piece = malloc(TIDEMARK_PIECE);
    if (!piece)
        return failure_of(STORE_NO_MEMORY);
    for (; at < position && !os_error; at += TIDEMARK_PIECE) {
        size_t length = position - at < TIDEMARK_PIECE ? (size_t)(position - at) : TIDEMARK_PIECE;
        os_error = segment_read(segment, piece, length, at);
        digest = os_error ? 0 : XXH3_64bits_withSeed(piece, length, log->salt ^ digest);
    }
    free(piece);
    *ret_digest = digest;
    return os_error ? failure_io(os_error) : failure_none();
}

/* ---- writing one ----------------------------------------------------------------------------- */

struct making {
    struct index *index;
    const struct log *log;
    const struct inventory_stock *stock;
    int file;
    uint64_t run_bytes;
    struct inventory inventory; /* as far as it has come */
};

/* Writes the run of the last segment: all of its runs in one. */
static struct failure write_run(struct making *making, struct run *const *own)
{
    struct binding binding;
    const struct log *log = making->log;
    const struct run *last = own[making->stock->own - 1];
    struct run_source source = run_source_at(last, run_source_count(last) - 1);
    source.stamp = RUN_NO_STAMP; /* its file is written to */
    bool more;
    struct failure failure = binding_init(&binding, own, making->stock->own, log->salt, log->io, making->file);
    binding.writer.offset = HEADER;
    if (!failure.error)
        failure = binding_go(&binding, SIZE_MAX, &more);
    if (!failure.error)
        failure = run_writer_end(&binding.writer, &source, 1, &making->run_bytes);
    binding_free(&binding);
    return failure;
}

/* Opens the run in a file, with a descriptor of its own. */
static struct failure open_run(const struct log *log, int file, struct run **ret_run)
{
    int own = log->io->dup(log->io->self, file);
    if (own < 0)
        return failure_io(errno);
    return run_open(handle_new(&log->files, 0, "", O_RDONLY, own), HEADER, log->salt, ret_run); /* it stays kept */
}

/* The run of the last segment, which knows what leads to nothing of it; and if those that it was made of have taught
 * the others, so has it. */
static struct failure make_run(struct making *making)
{
    const struct inventory_stock *stock = making->stock;
    struct run *const *own = stock->runs + stock->count - stock->own;
    bool taught = true;
    if (stock->own == 0)
        return failure_none();
    struct failure failure = write_run(making, own);
    if (!failure.error)
        failure = open_run(making->log, making->file, &making->inventory.run);
    if (failure.error)
        return failure;
    for (size_t i = 0; i < stock->own; i++)
        taught = taught && run_has_taught(own[i]);
    if (taught)
        run_set_taught(making->inventory.run, run_blocks(making->inventory.run));
    learner_look_through(making->index, making->inventory.run);
    return failure;
}

static size_t told_length(const struct run *run)
{
    return OF_A_RUN + run_blocks(run) * OF_A_BLOCK;
}

/* Tells of one run. From its last block on, so that each only asks the next one how far it goes. */
static unsigned char *tell_of(unsigned char *at, struct run *run)
{
    size_t blocks = run_blocks(run);
    little_put64(at, run_identity(run));
    little_put64(at + 8, run_taught(run));
    little_put64(at + 16, blocks);
    at += OF_A_RUN;
    for (size_t block = blocks; block-- > 0;)
        little_put64(at + block * OF_A_BLOCK, run_gone(run, block));
    return at + blocks * OF_A_BLOCK;
}

/* Takes down what is known of all runs. */
static bool tell_all(struct making *making)
{
    const struct inventory_stock *stock = making->stock;
    struct inventory *inventory = &making->inventory;
    size_t others = stock->count - stock->own;
    for (size_t i = 0; i < others; i++)
        inventory->told_length += told_length(stock->runs[i]);
    inventory->told_length += inventory->run ? told_length(inventory->run) : 0;
    unsigned char *at = inventory->told = malloc(inventory->told_length + 1);
    for (size_t i = 0; at && i < others; i++)
        at = tell_of(at, stock->runs[i]);
    if (at && inventory->run)
        (void)tell_of(at, inventory->run);
    return at != NULL;
}

/* The stretch of the last segment that holds records: when what is known is known, the log has come at least so far. */
static bool pin_last(const struct making *making, struct stretch *ret_stretch)
{
    struct index *index = making->index;
    struct stretch stretch = {0};
    bool found = false;
    index_lock_shared(index);
    while (stretch_pin(making->log, stretch.next, index->end_offset, &stretch)) {
        if (segment_is_husk(stretch.segment) || stretch.records <= SEGMENT_HEADER) {
            stretch_release(&stretch);
            continue;
        }
        if (found)
            stretch_release(ret_stretch);
        *ret_stretch = stretch;
        found = true;
    }
    index_unlock(index);
    return found;
}

/* Takes down how far the log has come, which is in the segment of the run. */
static struct failure tell_log(struct making *making)
{
    struct stretch stretch;
    struct inventory *inventory = &making->inventory;
    if (!pin_last(making, &stretch))
        return failure_of(STORE_AGAIN);
    inventory->number = stretch.segment->number;
    inventory->position = stretch.records;
    struct failure failure = failure_none();
    if (inventory->run && run_source_at(inventory->run, 0).number != inventory->number)
        failure = failure_of(STORE_AGAIN);
    if (!failure.error)
        failure = take_digest(making->log, stretch.segment, inventory->position, &inventory->digest);
    stretch_release(&stretch);
    return failure;
}

/* Writes what stands around the run. */
static struct failure write_rest(const struct making *making)
{
    unsigned char header[HEADER];
    const struct log *log = making->log;
    const struct inventory *inventory = &making->inventory;
    memcpy(header + AT_MAGIC, magic, sizeof magic);
    little_put64(header + AT_NUMBER, inventory->number);
    little_put64(header + AT_POSITION, inventory->position);
    little_put64(header + AT_DIGEST, inventory->digest);
    little_put64(header + AT_RUN_BYTES, making->run_bytes);
    little_put64(header + AT_TOLD_BYTES, inventory->told_length);
    little_put64(header + AT_TOLD_CHECK, XXH3_64bits_withSeed(inventory->told, inventory->told_length, log->salt));
    little_put64(header + AT_WORN, making->stock->worn_at);
    little_put64(header + AT_CHECK, XXH3_64bits_withSeed(header, AT_CHECK, log->salt));
    int os_error = io_write_all(log->io, making->file, inventory->told, inventory->told_length,
                                (off_t)(HEADER + making->run_bytes));
    if (!os_error)
        os_error = io_write_all(log->io, making->file, header, sizeof header, 0);
    return failure_of_errno(os_error);
}

static struct failure make(struct making *making)
{
    const struct io *io = making->log->io;
    struct failure failure = make_run(making);
    if (!failure.error && !tell_all(making))
        failure = failure_of(STORE_NO_MEMORY);
    if (!failure.error)
        failure = tell_log(making);
    if (!failure.error)
        failure = write_rest(making);
    if (!failure.error &&
        (io->fdatasync(io->self, making->file) < 0 || io_name(io, making->log->folder, draft_name, file_name) < 0))
        failure = failure_of_errno(errno);
    return failure;
}

struct failure inventory_write(struct index *index, const struct log *log, const struct inventory_stock *stock,
                               struct run **ret_run)
{
    const struct io *io = log->io;
    struct making making = {.index = index, .log = log, .stock = stock};
    making.file = io_open_anew(io, log->folder, draft_name, O_RDWR);
    if (making.file < 0)
        return failure_of_errno(errno);
    struct failure failure = make(&making);
    io->close(io->self, making.file);
    free(making.inventory.told);
    if (!failure.error) {
        *ret_run = making.inventory.run;
        return failure;
    }
    run_release(making.inventory.run);
    io->unlinkat(io->self, log->folder, draft_name, 0);
    return failure;
}

/* ---- reading one ----------------------------------------------------------------------------- */

static bool is_foreign(const unsigned char *bytes)
{
    return memcmp(bytes + AT_MAGIC, magic, sizeof magic - 1) == 0 && bytes[sizeof magic - 1] != (unsigned char)magic[7];
}

/* What the header says; `rest`: the bytes that the file has behind it. */
static struct failure decode_header(const unsigned char *bytes, uint64_t salt, uint64_t rest,
                                    struct inventory *inventory, uint64_t *ret_run_bytes)
{
    if (is_foreign(bytes))
        return failure_of(STORE_FOREIGN);
    uint64_t run_bytes = little_get64(bytes + AT_RUN_BYTES), told_bytes = little_get64(bytes + AT_TOLD_BYTES);
    inventory->number = little_get64(bytes + AT_NUMBER);
    inventory->position = little_get64(bytes + AT_POSITION);
    inventory->digest = little_get64(bytes + AT_DIGEST);
    inventory->worn_at = little_get64(bytes + AT_WORN);
    inventory->told_length = told_bytes;
    *ret_run_bytes = run_bytes;
    bool valid = memcmp(bytes + AT_MAGIC, magic, sizeof magic) == 0 &&
                 XXH3_64bits_withSeed(bytes, AT_CHECK, salt) == little_get64(bytes + AT_CHECK) && run_bytes <= rest &&
                 told_bytes <= rest - run_bytes;
    return failure_of(valid ? STORE_OK : STORE_DAMAGED);
}

/* What is told of the run behind `at`, and where that ends; NULL: it is told of none, or the bytes are not so. */
static const unsigned char *told_at(const struct inventory *inventory, size_t at, size_t *ret_end)
{
    if (inventory->told_length - at < OF_A_RUN)
        return NULL;
    const unsigned char *told = inventory->told + at;
    uint64_t blocks = little_get64(told + 16);
    if (blocks > (inventory->told_length - at - OF_A_RUN) / OF_A_BLOCK)
        return NULL;
    *ret_end = at + OF_A_RUN + (size_t)blocks * OF_A_BLOCK;
    return told;
}

static struct failure read_told(const struct log *log, int file, uint64_t from, uint64_t check,
                                struct inventory *inventory)
{
    inventory->told = malloc(inventory->told_length + 1);
    if (!inventory->told)
        return failure_of(STORE_NO_MEMORY);
    int os_error = io_read_all(log->io, file, inventory->told, inventory->told_length, (off_t)from);
    if (os_error)
        return failure_io(os_error);
    bool whole = XXH3_64bits_withSeed(inventory->told, inventory->told_length, log->salt) == check;
    return failure_of(whole ? STORE_OK : STORE_DAMAGED);
}

/* Reads all of it; the run takes a descriptor of its own. */
static struct failure read_all(const struct log *log, int file, struct inventory *inventory)
{
    unsigned char bytes[HEADER];
    uint64_t rest, run_bytes = 0;
    struct failure failure = numbered_read_header(log->io, file, 0, bytes, sizeof bytes, &rest);
    if (!failure.error)
        failure = decode_header(bytes, log->salt, rest, inventory, &run_bytes);
    if (!failure.error)
        failure = read_told(log, file, HEADER + run_bytes, little_get64(bytes + AT_TOLD_CHECK), inventory);
    if (failure.error || run_bytes == 0)
        return failure;
    return open_run(log, file, &inventory->run);
}

struct failure inventory_open(const struct log *log, struct inventory *ret_inventory)
{
    const struct io *io = log->io;
    struct inventory inventory = {0};
    int file = io->openat(io->self, log->folder, file_name, O_RDONLY | O_NONBLOCK, 0);
    if (file < 0)
        return errno == ENOENT ? failure_of(STORE_NO_OBJECT) : failure_io(errno);
    struct failure failure = read_all(log, file, &inventory);
    io->close(io->self, file);
    if (failure.error)
        inventory_free(&inventory);
    else
        *ret_inventory = inventory;
    return failure;
}

void inventory_free(struct inventory *inventory)
{
    run_release(inventory->run);
    free(inventory->told);
}

struct failure inventory_prove(const struct inventory *inventory, const struct log *log, const struct stretch *stretch)
{
    uint64_t digest;
    const struct segment *segment = stretch->segment;
    if (segment->number != inventory->number || segment_is_husk(segment) || inventory->position > stretch->records)
        return failure_of(STORE_DAMAGED);
    struct failure failure = take_digest(log, segment, inventory->position, &digest);
    return failure.error || digest == inventory->digest ? failure : failure_of(STORE_DAMAGED);
}

bool inventory_tell(const struct inventory *inventory, struct run *run, bool taught)
{
    size_t at = 0, end = 0, blocks = run_blocks(run);
    const unsigned char *told = told_at(inventory, 0, &end);
    while (told && (little_get64(told) != run_identity(run) || little_get64(told + 16) != blocks)) {
        at = end;
        told = told_at(inventory, at, &end);
    }
    if (!told)
        return false;
    for (size_t block = 0; block < blocks; block++) {
        uint64_t to = little_get64(told + OF_A_RUN + block * OF_A_BLOCK);
        if (to <= run_entry_at(blocks, 0))
            run_learn_gone(run, block, to);
    }
    if (taught && little_get64(told + 8) <= blocks)
        run_set_taught(run, (size_t)little_get64(told + 8));
    return true;
}
