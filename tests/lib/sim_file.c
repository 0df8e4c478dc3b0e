/* sim_file.c - a power cut picks one of several ways to treat a file's unsynced writes, as disks differ: all are
 * kept, all are lost, they end in the middle of one, each has its own fate, or each sector has. The length is
 * metadata: one time in four it goes its own way between the smallest and the largest it has had since the sync. */
#include "tests/lib/sim_file.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SECTOR = 512 };

struct sim_write {
    struct sim_write *next;
    uint64_t order;
    bool resize; /* to `position` bytes; else `length` bytes at `position` */
    size_t position;
    size_t length;
    uint8_t bytes[];
};

static void *must(void *memory)
{
    if (!memory)
        abort(); /* a test without memory has nothing to say */
    return memory;
}

static void bytes_reserve(struct sim_bytes *bytes, size_t size)
{
    if (size <= bytes->capacity)
        return;
    size_t capacity = bytes->capacity ? bytes->capacity : 256;
    while (capacity < size)
        capacity *= 2;
    bytes->at = must(realloc(bytes->at, capacity));
    bytes->capacity = capacity;
}

static void bytes_resize(struct sim_bytes *bytes, size_t size)
{
    bytes_reserve(bytes, size);
    if (size > bytes->size)
        memset(bytes->at + bytes->size, 0, size - bytes->size);
    bytes->size = size;
}

static void bytes_put(struct sim_bytes *bytes, const uint8_t *from, size_t length, size_t position)
{
    if (length == 0)
        return;
    if (position + length > bytes->size)
        bytes_resize(bytes, position + length);
    memcpy(bytes->at + position, from, length);
}

static void write_apply(const struct sim_write *write, struct sim_bytes *to)
{
    if (write->resize) {
        bytes_resize(to, write->position);
    } else {
        bytes_put(to, write->bytes, write->length, write->position);
    }
}

static void append(struct sim_file *file, struct sim_write *write)
{
    write->order = ++file->writes;
    if (file->last) {
        file->last->next = write;
    } else {
        file->first = write;
    }
    file->last = write;
    write_apply(write, &file->now);
}

static void drop_first(struct sim_file *file)
{
    struct sim_write *write = file->first;
    file->first = write->next;
    if (!file->first)
        file->last = NULL;
    free(write);
}

void sim_file_free(struct sim_file *file)
{
    while (file->first)
        drop_first(file);
    free(file->now.at);
    free(file->durable.at);
    *file = (struct sim_file){0};
}

size_t sim_file_read(const struct sim_file *file, void *bytes, size_t length, size_t position)
{
    if (position >= file->now.size)
        return 0;
    size_t rest = file->now.size - position;
    size_t taken = length < rest ? length : rest;
    memcpy(bytes, file->now.at + position, taken);
    return taken;
}

void sim_file_write(struct sim_file *file, const void *bytes, size_t length, size_t position)
{
    struct sim_write *write = must(calloc(1, sizeof *write + length));
    write->position = position;
    write->length = length;
    memcpy(write->bytes, bytes, length);
    append(file, write);
    if (position + length > file->charged)
        file->charged = position + length;
}

void sim_file_resize(struct sim_file *file, size_t size)
{
    struct sim_write *write = must(calloc(1, sizeof *write));
    write->resize = true;
    write->position = size;
    append(file, write);
    if (size < file->charged)
        file->charged = size;
}

void sim_file_allocate(struct sim_file *file, size_t size)
{
    if (size > file->now.size)
        sim_file_resize(file, size);
    if (size > file->charged)
        file->charged = size;
}

void sim_file_sync(struct sim_file *file, uint64_t order)
{
    while (file->first && file->first->order <= order) {
        write_apply(file->first, &file->durable);
        drop_first(file);
    }
}

/* ---- what a cut leaves ----------------------------------------------------------------------- */

enum way { KEEP_ALL, LOSE_ALL, IN_ORDER, BY_WRITE, BY_SECTOR, WAYS };

static void keep_prefix(const struct sim_write *write, struct sim_bytes *to, struct prng *prng)
{
    if (!write->resize)
        bytes_put(to, write->bytes, (size_t)prng_below(prng, write->length + 1), write->position);
}

static void keep_sectors(const struct sim_write *write, struct sim_bytes *to, struct prng *prng)
{
    size_t done = 0;
    while (done < write->length) {
        size_t position = write->position + done;
        size_t length = SECTOR - position % SECTOR;
        if (length > write->length - done)
            length = write->length - done;
        if (prng_one_in(prng, 2))
            bytes_put(to, write->bytes + done, length, position);
        done += length;
    }
}

static void keep_by_chance(const struct sim_write *write, struct sim_bytes *to, struct prng *prng)
{
    switch (prng_below(prng, 3)) {
    case 0:
        write_apply(write, to);
        break;
    case 1:
        keep_prefix(write, to, prng);
        break;
    default:
        break;
    }
}

static uint64_t count_writes(const struct sim_file *file)
{
    uint64_t count = 0;
    for (const struct sim_write *write = file->first; write; write = write->next)
        count++;
    return count;
}

static void keep_in_order(const struct sim_file *file, struct sim_bytes *to, struct prng *prng)
{
    uint64_t whole = prng_below(prng, count_writes(file) + 1);
    const struct sim_write *write = file->first;
    for (; write && whole > 0; write = write->next, whole--)
        write_apply(write, to);
    if (write)
        keep_prefix(write, to, prng);
}

static void keep_some(const struct sim_file *file, struct sim_bytes *to, struct prng *prng)
{
    enum way way = (enum way)prng_below(prng, WAYS);
    if (way == IN_ORDER) {
        keep_in_order(file, to, prng);
        return;
    }
    for (const struct sim_write *write = file->first; write; write = write->next) {
        if (way == KEEP_ALL) {
            write_apply(write, to);
        } else if (way == BY_SECTOR && !write->resize) {
            keep_sectors(write, to, prng);
        } else if (way != LOSE_ALL) {
            keep_by_chance(write, to, prng);
        }
    }
}

/* The lengths a file has had since its last sync. */
static void length_range(const struct sim_file *file, size_t *ret_smallest, size_t *ret_largest)
{
    size_t size = file->durable.size;
    *ret_smallest = *ret_largest = size;
    for (const struct sim_write *write = file->first; write; write = write->next) {
        size_t end = write->position + write->length;
        size = write->resize || end > size ? end : size;
        *ret_smallest = size < *ret_smallest ? size : *ret_smallest;
        *ret_largest = size > *ret_largest ? size : *ret_largest;
    }
}

static void stray_length(const struct sim_file *file, struct sim_bytes *to, struct prng *prng)
{
    size_t smallest, largest;
    length_range(file, &smallest, &largest);
    if (largest > smallest && prng_one_in(prng, 4))
        bytes_resize(to, smallest + (size_t)prng_below(prng, largest - smallest + 1));
}

static void forget_writes(struct sim_file *file)
{
    while (file->first)
        drop_first(file);
}

void sim_file_sync_failed(struct sim_file *file, struct prng *prng)
{
    keep_some(file, &file->durable, prng);
    forget_writes(file);
}

static void copy_bytes(struct sim_bytes *to, const struct sim_bytes *from)
{
    to->size = 0;
    bytes_put(to, from->at, from->size, 0);
}

void sim_file_cut(struct sim_file *file, struct prng *prng)
{
    if (file->first) {
        struct sim_bytes left = {0};
        copy_bytes(&left, &file->durable);
        keep_some(file, &left, prng);
        stray_length(file, &left, prng);
        forget_writes(file);
        free(file->durable.at);
        file->durable = left;
    }
    copy_bytes(&file->now, &file->durable);
    file->charged = file->now.size;
}
