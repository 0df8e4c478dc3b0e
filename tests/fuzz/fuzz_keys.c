/* fuzz_keys.c - the file of sorted keys beside a sealed segment: what it says is never believed over the log.
 *
 * The input is the file. The store's log is always the same: two segments, five objects. A file whose checks are not
 * right is made again, so the listing is whole; one whose checks are right, which takes the salt that nobody knows, may
 * hide objects, but shows none that is not there, and comes to an end. The mutator makes the checks right in every
 * second input.
 */
#include "store/log/record.h"
#include "store/log/segment.h"
#include "store/read/run.h"
#include "store/store.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/log_image.h"
#include "tests/fuzz/store_image.h"
#include "tests/lib/sim_disk.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { SEGMENT_SIZE = 1024, OBJECTS = 5, LIST_MAX = 100 };

struct writer {
    uint8_t *bytes;
    size_t length;
    uint64_t base;
};

/* ---- the log --------------------------------------------------------------------------------- */

static void begin_segment(struct writer *writer, uint8_t *bytes, uint64_t number, uint64_t base)
{
    *writer = (struct writer){.bytes = bytes, .length = SEGMENT_HEADER, .base = base};
    uint64_t fields[] = {htole64(SEGMENT_VERSION), htole64(number), htole64(base)};
    memset(bytes, 0, SEGMENT_HEADER);
    memcpy(bytes, "cairnseg", 8);
    memcpy(bytes + 8, fields, sizeof fields);
    memcpy(bytes + 40, &fields[2], sizeof fields[2]); /* the front */
    uint64_t check = htole64(XXH3_64bits_withSeed(bytes, 56, LOG_IMAGE_SALT));
    memcpy(bytes + 56, &check, sizeof check);
}

static void add(struct writer *writer, enum record_type type, struct store_key key)
{
    uint64_t offset = writer->base + writer->length - SEGMENT_HEADER;
    struct record record = {.type = type,
                            .offset = offset,
                            .group = offset,
                            .steps = 1,
                            .key_hash = key.hash,
                            .key = key.bytes,
                            .key_length = key.length,
                            .digest = store_digest_of("", 0)};
    fuzz_assert(writer->length + record_length(&record) <= SEGMENT_SIZE);
    record_encode(&record, LOG_IMAGE_SALT, writer->bytes + writer->length);
    writer->length += record_length(&record);
}

/* Two segments: of "a", "a/b", "b" and one without a name in the first, "b" is deleted by the second, which brings "c"
 * and "a/c" along. */
static void make_log(uint8_t bytes[2][SEGMENT_SIZE], struct log_image *ret_image)
{
    struct writer first, second;
    begin_segment(&first, bytes[0], 1, 0);
    add(&first, RECORD_PUT, store_key_of("b", 1));
    add(&first, RECORD_PUT, store_key_of("a/b", 3));
    add(&first, RECORD_PUT, store_key_of("a", 1));
    add(&first, RECORD_PUT, store_key_of_hash(42));
    begin_segment(&second, bytes[1], 2, first.length - SEGMENT_HEADER);
    add(&second, RECORD_TOMBSTONE, store_key_of("b", 1));
    add(&second, RECORD_PUT, store_key_of("c", 1));
    add(&second, RECORD_PUT, store_key_of("a/c", 3));
    *ret_image = (struct log_image){.count = 2, .segments = {{bytes[0], first.length}, {bytes[1], second.length}}};
}

/* ---- the file -------------------------------------------------------------------------------- */

static uint64_t field(const uint8_t *bytes, size_t at)
{
    uint64_t value;
    memcpy(&value, bytes + at, sizeof value);
    return le64toh(value);
}

static void put_check(uint8_t *at, const uint8_t *bytes, size_t length)
{
    uint64_t check = htole64(XXH3_64bits_withSeed(bytes, length, LOG_IMAGE_SALT));
    memcpy(at, &check, sizeof check);
}

/* Makes the checks of all blocks right that the fences tell of. */
static void seal_blocks(uint8_t *blocks, uint64_t length, uint8_t *fences, uint64_t count)
{
    uint64_t from = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint8_t *fence = fences + i * RUN_FENCE;
        uint64_t to = field(fence, 8);
        if (to < from || to > length)
            return;
        put_check(fence, blocks + from, to - from);
        from = to;
    }
}

/* Makes all checks right, where the header tells of no more than there is. */
static void seal(uint8_t *bytes, size_t size)
{
    if (size < RUN_HEADER)
        return;
    uint64_t sources = field(bytes, RUN_AT_SOURCES), count = field(bytes, RUN_AT_BLOCKS);
    uint64_t blocks = field(bytes, RUN_AT_BLOCK_BYTES), keys = field(bytes, RUN_AT_KEY_BYTES);
    if (sources > size || count > size || blocks > size || keys > size)
        return;
    uint64_t tail = sources * RUN_SOURCE + count * RUN_FENCE + keys;
    if (tail + blocks > size - RUN_HEADER)
        return;
    uint8_t *behind = bytes + RUN_HEADER + blocks;
    seal_blocks(bytes + RUN_HEADER, blocks, behind + sources * RUN_SOURCE, count);
    put_check(bytes + RUN_AT_TAIL_CHECK, behind, tail);
    put_check(bytes + RUN_AT_CHECK, bytes, RUN_AT_CHECK);
}

/* Whether all checks are right already. */
static bool is_sealed(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = fuzz_copy(bytes, size);
    seal(copy, size);
    bool sealed = size >= RUN_HEADER && memcmp(copy, bytes, size) == 0;
    free(copy);
    return sealed;
}

/* ---- listing --------------------------------------------------------------------------------- */

struct listed {
    struct store *store;
    size_t count;
};

static bool add_item(void *arg, const struct store_list_item *item)
{
    struct listed *listed = arg;
    struct object *object;
    fuzz_assert(item->info);
    struct store_key key = store_key_of_hash(item->info->key_hash);
    fuzz_assert(store_get(listed->store, &key, 0, &object) == STORE_OK);
    fuzz_assert(object_info(object)->offset == item->info->offset);
    object_release(object);
    listed->count++;
    return true;
}

/* The objects that are listed, page by page. */
static size_t list(struct store *store, size_t limit)
{
    struct listed listed = {.store = store};
    struct store_list_query query = {.limit = limit};
    unsigned char cursor[STORE_CURSOR_MAX], next[STORE_CURSOR_MAX];
    do {
        enum store_error error = store_list(store, &query, add_item, &listed, next, &query.cursor_length);
        fuzz_assert(error == STORE_OK && listed.count <= LIST_MAX);
        memcpy(cursor, next, query.cursor_length);
        query.cursor = cursor;
    } while (query.cursor_length > 0);
    return listed.count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t bytes[2][SEGMENT_SIZE];
    struct log_image image;
    struct depot *depot;
    struct store *store;
    struct sim_disk *disk = sim_disk_new(1);
    struct depot_options options = store_image_options(sim_disk_io(disk));
    make_log(bytes, &image);
    store_image_make(sim_disk_io(disk), &image, data, size);
    fuzz_assert(depot_open("/data", &options, &depot, NULL) == STORE_OK);
    fuzz_assert(depot_acquire(depot, "s", &store, NULL) == STORE_OK);
    size_t at_once = list(store, LIST_MAX);
    size_t by_pages = list(store, 2);
    fuzz_assert(is_sealed(data, size) || (at_once == OBJECTS && by_pages == OBJECTS));
    depot_release(store);
    depot_close(depot);
    fuzz_assert(sim_disk_open_files(disk) == 0);
    sim_disk_free(disk);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    size = LLVMFuzzerMutate(data, size, max_size);
    if (seed & 1)
        seal(data, size);
    return size;
}
