/* run.c - entries of some segments in the order of their places. run.h has the format. */
#include "store/read/run.h"

#include "store/base/little.h"
#include "store/base/xxh3.h"
#include "store/disk/numbered.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const char magic[8] = {'c', 'a', 'i', 'r', 'n', 'k', 'y', '4'}; /* the last one is the format */

/* No run has so many of anything: what says that it has is damaged, and must not make sums overflow. */
#define COUNT_MAX ((uint64_t)1 << 48)

struct run {
    atomic_uint references;
    uint64_t salt;
    struct handle *file; /* NULL: in memory */
    uint64_t offset;
    unsigned char *bytes; /* in memory: the whole run; else what stands behind its blocks */
    struct run_header header;
    const unsigned char *blocks; /* in memory */
    const unsigned char *sources;
    const unsigned char *fences;
    const unsigned char *keys;
    uint64_t *lacks; /* packed locations of records that could not be read */
    size_t lacks_count;
    atomic_bool broken;
    atomic_size_t taught;
    atomic_uint_fast64_t *gone; /* of each block, up to which entry all of its lead to nothing */
};

/* ---- the header ------------------------------------------------------------------------------ */

void run_encode_header(const struct run_header *header, uint64_t salt, unsigned char *ret_bytes)
{
    memcpy(ret_bytes + RUN_AT_MAGIC, magic, sizeof magic);
    little_put64(ret_bytes + RUN_AT_SOURCES, header->sources);
    little_put64(ret_bytes + RUN_AT_ENTRIES, header->entries);
    little_put64(ret_bytes + RUN_AT_BLOCKS, header->blocks);
    little_put64(ret_bytes + RUN_AT_BLOCK_BYTES, header->block_bytes);
    little_put64(ret_bytes + RUN_AT_KEY_BYTES, header->key_bytes);
    little_put64(ret_bytes + RUN_AT_TOMBSTONES, header->tombstones);
    little_put64(ret_bytes + RUN_AT_TAIL_CHECK, header->tail_check);
    little_put64(ret_bytes + RUN_AT_CHECK, XXH3_64bits_withSeed(ret_bytes, RUN_AT_CHECK, salt));
    struct run_header told;
    assert(run_decode_header(ret_bytes, salt, &told));
}

bool run_decode_header(const unsigned char *bytes, uint64_t salt, struct run_header *ret_header)
{
    *ret_header = (struct run_header){.sources = little_get64(bytes + RUN_AT_SOURCES),
                                      .entries = little_get64(bytes + RUN_AT_ENTRIES),
                                      .blocks = little_get64(bytes + RUN_AT_BLOCKS),
                                      .block_bytes = little_get64(bytes + RUN_AT_BLOCK_BYTES),
                                      .key_bytes = little_get64(bytes + RUN_AT_KEY_BYTES),
                                      .tombstones = little_get64(bytes + RUN_AT_TOMBSTONES),
                                      .tail_check = little_get64(bytes + RUN_AT_TAIL_CHECK)};
    return memcmp(bytes + RUN_AT_MAGIC, magic, sizeof magic) == 0 &&
           little_get64(bytes + RUN_AT_CHECK) == XXH3_64bits_withSeed(bytes, RUN_AT_CHECK, salt) &&
           ret_header->sources < COUNT_MAX && ret_header->entries < COUNT_MAX && ret_header->blocks < COUNT_MAX &&
           ret_header->tombstones <= ret_header->entries && ret_header->block_bytes < COUNT_MAX &&
           ret_header->key_bytes < COUNT_MAX;
}

bool run_is_foreign(const unsigned char *bytes)
{
    const unsigned char *format = bytes + RUN_AT_MAGIC + sizeof magic - 1;
    return memcmp(bytes + RUN_AT_MAGIC, magic, sizeof magic - 1) == 0 && *format != (unsigned char)magic[7] &&
           *format >= '1' && *format <= '9';
}

static uint64_t tail_length(const struct run_header *header)
{
    return header->sources * RUN_SOURCE + header->blocks * RUN_FENCE + header->key_bytes;
}

/* ---- coming and going ------------------------------------------------------------------------ */

/* NULL when memory is out. */
static struct run *run_new(struct run content)
{
    struct run *run = malloc(sizeof *run);
    if (!run)
        return NULL;
    *run = content;
    atomic_init(&run->references, 1);
    atomic_init(&run->broken, false);
    atomic_init(&run->taught, 0);
    return run;
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
    handle_free(run->file);
    free(run->bytes);
    free(run->lacks);
    free(run->gone);
    free(run);
}

bool run_is_shared(const struct run *run)
{
    return atomic_load_explicit(&run->references, memory_order_acquire) > 1;
}

/* Finds what stands behind the blocks, where that begins; false: memory is out. */
static bool run_lay_out(struct run *run, const unsigned char *tail)
{
    run->sources = tail;
    run->fences = tail + run->header.sources * RUN_SOURCE;
    run->keys = run->fences + run->header.blocks * RUN_FENCE;
    run->gone = calloc(run->header.blocks + 1, sizeof *run->gone);
    return run->gone != NULL;
}

struct run *run_of_memory(unsigned char *bytes, size_t length, uint64_t salt, uint64_t *lacks, size_t lacks_count)
{
    struct run_header header;
    bool valid = run_decode_header(bytes, salt, &header);
    assert(valid && RUN_HEADER + header.block_bytes + tail_length(&header) == length);
    struct run *run = run_new((struct run){.salt = salt,
                                           .bytes = bytes,
                                           .header = header,
                                           .blocks = bytes + RUN_HEADER,
                                           .lacks = lacks,
                                           .lacks_count = lacks_count});
    if (run && run_lay_out(run, run->blocks + header.block_bytes))
        return run;
    free(run);
    return NULL;
}

/* ---- opening one ----------------------------------------------------------------------------- */

/* Where a block, or its fence's key, ends. */
static uint64_t block_end(const struct run *run, size_t at)
{
    return little_get64(run->fences + at * RUN_FENCE + 8);
}

static uint64_t key_end(const struct run *run, size_t at)
{
    return little_get64(run->fences + at * RUN_FENCE + 16);
}

/* Whether the fences divide the blocks and the keys up as they may, and the sources are in order. */
static bool is_laid_out(const struct run *run)
{
    uint64_t block = 0, key = 0;
    for (size_t i = 0; i < run->header.blocks; i++) {
        uint64_t next_block = block_end(run, i), next_key = key_end(run, i);
        if (next_block <= block || next_block - block > RUN_BLOCK_MAX || next_block > run->header.block_bytes ||
            next_key <= key || next_key - key > PLACE_MAX || next_key > run->header.key_bytes)
            return false;
        block = next_block;
        key = next_key;
    }
    for (size_t i = 1; i < run->header.sources; i++)
        if (run_source_at(run, i - 1).number >= run_source_at(run, i).number)
            return false;
    return run->header.sources > 0 && block == run->header.block_bytes && key == run->header.key_bytes;
}

static struct failure read_header(struct run *run)
{
    unsigned char bytes[RUN_HEADER];
    uint64_t rest;
    struct failure failure = numbered_read_header(handle_io(run->file), handle_file(run->file), run->offset, bytes,
                                                  sizeof bytes, &rest);
    if (failure.error)
        return failure;
    if (run_is_foreign(bytes))
        return failure_of(STORE_FOREIGN);
    bool valid = run_decode_header(bytes, run->salt, &run->header) && run->header.block_bytes <= rest &&
                 tail_length(&run->header) <= rest - run->header.block_bytes;
    return failure_of(valid ? STORE_OK : STORE_DAMAGED);
}

static struct failure read_tail(struct run *run)
{
    size_t length = tail_length(&run->header);
    run->bytes = malloc(length + 1);
    if (!run->bytes)
        return failure_of(STORE_NO_MEMORY);
    int os_error = io_read_all(handle_io(run->file), handle_file(run->file), run->bytes, length,
                               (off_t)(run->offset + RUN_HEADER + run->header.block_bytes));
    if (os_error)
        return failure_io(os_error);
    if (!run_lay_out(run, run->bytes))
        return failure_of(STORE_NO_MEMORY);
    bool valid = XXH3_64bits_withSeed(run->bytes, length, run->salt) == run->header.tail_check && is_laid_out(run);
    return failure_of(valid ? STORE_OK : STORE_DAMAGED);
}

struct failure run_open(struct handle *file, uint64_t offset, uint64_t salt, struct run **ret_run)
{
    struct run *run = file ? run_new((struct run){.salt = salt, .file = file, .offset = offset}) : NULL;
    if (!run) {
        handle_free(file);
        return failure_of(STORE_NO_MEMORY);
    }
    struct failure failure = read_header(run);
    if (!failure.error)
        failure = read_tail(run);
    if (failure.error)
        run_release(run);
    else
        *ret_run = run;
    return failure;
}

void run_rest(struct run *run)
{
    if (run->file)
        handle_rest(run->file);
}

int run_keep(struct run *run)
{
    return run->file ? handle_keep(run->file) : 0;
}

/* ---- what it is made of ---------------------------------------------------------------------- */

uint64_t run_identity(const struct run *run)
{
    return run->header.tail_check;
}

uint64_t run_entries(const struct run *run)
{
    return run->header.entries;
}

uint64_t run_tombstones(const struct run *run)
{
    return run->header.tombstones;
}

size_t run_source_count(const struct run *run)
{
    return run->header.sources;
}

struct run_source run_source_at(const struct run *run, size_t at)
{
    const unsigned char *source = run->sources + at * RUN_SOURCE;
    return (struct run_source){
        .number = little_get64(source), .covered = little_get64(source + 8), .stamp = little_get64(source + 16)};
}

struct run_source run_last_source(const struct run *run)
{
    return run_source_at(run, run_source_count(run) - 1);
}

const uint64_t *run_lacks(const struct run *run, size_t *ret_count)
{
    *ret_count = run->lacks_count;
    return run->lacks;
}

/* ---- its blocks ------------------------------------------------------------------------------ */

size_t run_blocks(const struct run *run)
{
    return run->header.blocks;
}

int run_compare_block(const struct run *run, size_t at, const struct place *place)
{
    uint64_t from = at > 0 ? key_end(run, at - 1) : 0;
    return -place_compare_bytes(place, run->keys + from, key_end(run, at) - from);
}

size_t run_find_block(const struct run *run, size_t from, const struct place *place)
{
    size_t step = 1;
    size_t blocks = run->header.blocks;
    size_t low = from;
    while (step < blocks - low && run_compare_block(run, low + step, place) <= 0) { /* mostly it is near */
        low += step;
        step *= 2;
    }
    size_t high = step < blocks - low ? low + step : blocks;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (run_compare_block(run, middle, place) > 0)
            high = middle;
        else
            low = middle;
    }
    return low;
}

/* Reads the block and proves it. */
static struct failure prove_block(const struct run *run, size_t at, unsigned char *buffer, size_t *ret_length)
{
    uint64_t from = at > 0 ? block_end(run, at - 1) : 0;
    size_t length = block_end(run, at) - from;
    int file, os_error = handle_take(run->file, &file);
    if (os_error)
        return failure_io(os_error);
    os_error = io_read_all(handle_io(run->file), file, buffer, length, (off_t)(run->offset + RUN_HEADER + from));
    handle_give(run->file);
    if (os_error)
        return failure_io(os_error);
    *ret_length = length;
    bool whole = XXH3_64bits_withSeed(buffer, length, run->salt) == little_get64(run->fences + at * RUN_FENCE);
    return failure_of(whole ? STORE_OK : STORE_DAMAGED);
}

void run_expect_block(const struct run *run, size_t at)
{
    int file;
    if (run->blocks || at >= run->header.blocks || !handle_io(run->file)->far || handle_take(run->file, &file))
        return;
    uint64_t from = at > 0 ? block_end(run, at - 1) : 0;
    handle_io(run->file)->expect(handle_io(run->file)->self, file, (off_t)(run->offset + RUN_HEADER + from),
                                 block_end(run, at) - from);
    handle_give(run->file);
}

struct failure run_read_block(struct run *run, size_t at, unsigned char *buffer, const unsigned char **ret_bytes,
                              size_t *ret_length)
{
    assert(at < run->header.blocks);
    if (run->blocks) {
        uint64_t from = at > 0 ? block_end(run, at - 1) : 0;
        *ret_bytes = run->blocks + from;
        *ret_length = block_end(run, at) - from;
        return failure_none();
    }
    struct failure failure = prove_block(run, at, buffer, ret_length);
    *ret_bytes = buffer;
    if (failure.error && !store_error_is_shortage(failure.error, failure.os_error))
        run_break(run);
    return failure;
}

struct failure run_prove(const struct run *run)
{
    struct failure failure = failure_none();
    unsigned char *buffer = malloc(RUN_BLOCK_MAX);
    size_t length;
    if (!buffer)
        return failure_of(STORE_NO_MEMORY);
    for (size_t at = 0; at < run->header.blocks && !failure.error; at++)
        failure = prove_block(run, at, buffer, &length);
    free(buffer);
    return failure;
}

void run_break(struct run *run)
{
    atomic_store(&run->broken, true);
}

bool run_is_broken(const struct run *run)
{
    return atomic_load(&run->broken);
}

/* ---- what has gone --------------------------------------------------------------------------- */

/* Only grows: what one has learnt no other takes back. */
void run_learn_gone(struct run *run, size_t block, uint64_t to)
{
    assert(block < run->header.blocks);
    uint64_t known = atomic_load_explicit(&run->gone[block], memory_order_relaxed);
    while (known < to && !atomic_compare_exchange_weak_explicit(&run->gone[block], &known, to, memory_order_relaxed,
                                                                memory_order_relaxed))
        ;
}

/* From block to block as far as it goes; the next one who asks goes there at once. */
uint64_t run_gone(struct run *run, size_t block)
{
    uint64_t from = run_entry_at(block, 0), to = from;
    for (size_t at = block; at < run->header.blocks; at = (size_t)(to >> 16)) {
        uint64_t known = atomic_load_explicit(&run->gone[at], memory_order_relaxed);
        if (known <= to)
            break;
        to = known;
    }
    if (to > from)
        run_learn_gone(run, block, to);
    return to;
}

size_t run_taught(const struct run *run)
{
    return atomic_load(&run->taught);
}

bool run_has_taught(const struct run *run)
{
    return run->header.tombstones == 0 || run_taught(run) == run->header.blocks;
}

void run_set_taught(struct run *run, size_t block)
{
    atomic_store(&run->taught, block);
}
