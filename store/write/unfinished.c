/* unfinished.c - encodes, checks and writes the file that tells of an unfinished upload. unfinished.h has its form. */
#include "store/write/unfinished.h"

#include "store/base/clock.h"
#include "store/base/little.h"
#include "store/base/xxh3.h"
#include "store/disk/numbered.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLOT = 128,
    SLOT_APART = 512, /* a disk writes sectors of so many bytes, or more, whole or torn, but not their neighbours */
    HEAD_AT = 1024,
    HEAD = 48,
    TEXT_AT = HEAD_AT + HEAD,
    PART = 8,
    FILE_MAX = TEXT_AT + STORE_KEY_MAX + STORE_UPLOAD_LABEL_MAX + STORE_UPLOAD_PARTS_MAX * PART,
    PARTIAL = 1,
    JOINED = 2,
};

static const unsigned char magic[8] = {'c', 'a', 'i', 'r', 'n', 'u', 'p', '1'};

/* What is checked stands behind its check. */
static uint64_t check_of(const unsigned char *bytes, size_t length, uint64_t salt, uint64_t id)
{
    return XXH3_64bits_withSeed(bytes, length, salt ^ id);
}

/* ---- slots ----------------------------------------------------------------------------------- */

static void slot_encode(unsigned char bytes[SLOT], const struct upload_slot *slot, uint64_t salt, uint64_t id)
{
    memset(bytes, 0, SLOT);
    little_put64(bytes + 8, slot->number);
    little_put64(bytes + 16, slot->offset);
    little_put64(bytes + 24, slot->length);
    little_put64(bytes + 32, (uint64_t)slot->expires);
    little_put64(bytes + 40, slot->stage);
    little_put64(bytes + 48, slot->record);
    little_put64(bytes + 56, slot->existed);
    memcpy(bytes + 64, slot->digest.bytes, sizeof slot->digest.bytes);
    little_put64(bytes + 80, (uint64_t)slot->modified);
    little_put64(bytes, check_of(bytes + 8, SLOT - 8, salt, id));
}

static bool slot_decode(const unsigned char bytes[SLOT], uint64_t salt, uint64_t id, struct upload_slot *ret_slot)
{
    if (little_get64(bytes) != check_of(bytes + 8, SLOT - 8, salt, id) || little_get64(bytes + 40) > UPLOAD_DONE)
        return false;
    *ret_slot = (struct upload_slot){.number = little_get64(bytes + 8),
                                     .offset = little_get64(bytes + 16),
                                     .length = little_get64(bytes + 24),
                                     .expires = (int64_t)little_get64(bytes + 32),
                                     .stage = (enum upload_stage)little_get64(bytes + 40),
                                     .record = little_get64(bytes + 48),
                                     .existed = little_get64(bytes + 56) != 0,
                                     .modified = (int64_t)little_get64(bytes + 80)};
    memcpy(ret_slot->digest.bytes, bytes + 64, sizeof ret_slot->digest.bytes);
    return true;
}

/* Where the slot of a number stands. */
static off_t slot_at(uint64_t number)
{
    return number % 2 == 0 ? 0 : SLOT_APART;
}

/* The one that holds; false: none is valid. */
static bool slot_choose(const unsigned char *bytes, uint64_t salt, uint64_t id, struct upload_slot *ret_slot)
{
    struct upload_slot even, odd;
    bool has_even = slot_decode(bytes, salt, id, &even);
    bool has_odd = slot_decode(bytes + SLOT_APART, salt, id, &odd);
    if (has_even && (!has_odd || even.number > odd.number))
        *ret_slot = even;
    else if (has_odd)
        *ret_slot = odd;
    return has_even || has_odd;
}

/* ---- the head -------------------------------------------------------------------------------- */

size_t unfinished_text_length(const struct unfinished *unfinished)
{
    return unfinished->key_length + unfinished->label_length + unfinished->part_count * PART;
}

uint64_t unfinished_part(const struct unfinished *unfinished, size_t part)
{
    assert(part < unfinished->part_count);
    return little_get64(unfinished->text + unfinished->key_length + unfinished->label_length + part * PART);
}

/* `bytes` has the text behind it. */
static void head_encode(unsigned char *bytes, const struct unfinished *unfinished, uint64_t salt)
{
    size_t text = unfinished_text_length(unfinished);
    memset(bytes, 0, HEAD);
    memcpy(bytes, magic, sizeof magic);
    little_put64(bytes + 16, unfinished->id);
    little_put64(bytes + 24, (uint64_t)unfinished->made);
    little_put32(bytes + 32, (uint32_t)unfinished->key_length);
    little_put32(bytes + 36, (uint32_t)unfinished->label_length);
    little_put32(bytes + 40, (unfinished->partial ? PARTIAL : 0) | (unfinished->joined ? JOINED : 0));
    little_put32(bytes + 44, (uint32_t)unfinished->part_count);
    if (text > 0)
        memcpy(bytes + HEAD, unfinished->text, text);
    little_put64(bytes + 8, check_of(bytes + 16, HEAD - 16 + text, salt, unfinished->id));
}

/* `bytes` are `length` of the file from its head on. */
static bool head_decode(const unsigned char *bytes, size_t length, uint64_t salt, uint64_t id,
                        struct unfinished *unfinished)
{
    if (length < HEAD || memcmp(bytes, magic, sizeof magic) != 0 || little_get64(bytes + 16) != id)
        return false;
    size_t key = little_get32(bytes + 32), label = little_get32(bytes + 36), parts = little_get32(bytes + 44);
    if (key > STORE_KEY_MAX || label > STORE_UPLOAD_LABEL_MAX || parts > STORE_UPLOAD_PARTS_MAX ||
        length != HEAD + key + label + parts * PART ||
        little_get64(bytes + 8) != check_of(bytes + 16, length - 16, salt, id))
        return false;
    unfinished->id = id;
    unfinished->made = (int64_t)little_get64(bytes + 24);
    unfinished->partial = little_get32(bytes + 40) & PARTIAL;
    unfinished->joined = little_get32(bytes + 40) & JOINED;
    unfinished->key_length = key;
    unfinished->label_length = label;
    unfinished->part_count = parts;
    return true;
}

/* ---- the file -------------------------------------------------------------------------------- */

static int open_file(const struct io *io, int folder, uint64_t id, const char *ending, int flags)
{
    char name[NUMBERED_NAME_MAX];
    numbered_name(id, ending, name);
    return io->openat(io->self, folder, name, flags, 0600);
}

static int write_new(const struct io *io, int folder, uint64_t salt, const struct unfinished *unfinished)
{
    size_t length = TEXT_AT + unfinished_text_length(unfinished);
    unsigned char *bytes = calloc(1, length);
    if (!bytes)
        return ENOMEM;
    int file = open_file(io, folder, unfinished->id, UNFINISHED_ENDING, O_RDWR | O_CREAT | O_EXCL);
    int error = file < 0 ? errno : 0;
    if (!error) {
        slot_encode(bytes + slot_at(unfinished->slot.number), &unfinished->slot, salt, unfinished->id);
        head_encode(bytes + HEAD_AT, unfinished, salt);
        error = io_write_all(io, file, bytes, length, 0);
        if (!error && io->fdatasync(io->self, file) < 0)
            error = errno;
        io->close(io->self, file);
    }
    free(bytes);
    return error;
}

/* Comes before its bytes go: bytes without it are nobody's, it without bytes is a lie. An errno. */
static int unlink_description(const struct io *io, int folder, uint64_t id)
{
    char name[NUMBERED_NAME_MAX];
    numbered_name(id, UNFINISHED_ENDING, name);
    return io->unlinkat(io->self, folder, name, 0) < 0 && errno != ENOENT ? errno : 0;
}

int unfinished_make(const struct io *io, int folder, uint64_t salt, const struct unfinished *unfinished)
{
    int error = write_new(io, folder, salt, unfinished);
    if (error == EEXIST)
        return error;
    int part = error ? -1 : open_file(io, folder, unfinished->id, UNFINISHED_BYTES, O_RDWR | O_CREAT | O_EXCL);
    if (!error && part < 0)
        error = errno;
    if (part >= 0)
        io->close(io->self, part);
    if (error && unlink_description(io, folder, unfinished->id) == 0)
        unfinished_drop_bytes(io, folder, unfinished->id);
    return error;
}

/* Reads the whole file; one that is longer than any can be is read so far. An errno. */
static int read_file(const struct io *io, int file, unsigned char **ret_bytes, size_t *ret_length)
{
    struct stat stat;
    if (io->fstat(io->self, file, &stat) < 0)
        return errno;
    if (stat.st_size < TEXT_AT || stat.st_size > FILE_MAX)
        return EBADMSG;
    size_t length = (size_t)stat.st_size;
    unsigned char *bytes = malloc(length);
    if (!bytes)
        return ENOMEM;
    int error = io_read_all(io, file, bytes, length, 0);
    if (error) {
        free(bytes);
        return error;
    }
    *ret_bytes = bytes;
    *ret_length = length;
    return 0;
}

int unfinished_read(const struct io *io, int folder, uint64_t salt, uint64_t id, struct unfinished *ret_unfinished)
{
    unsigned char *bytes = NULL;
    size_t length = 0;
    int file = open_file(io, folder, id, UNFINISHED_ENDING, O_RDONLY);
    if (file < 0)
        return errno;
    int error = read_file(io, file, &bytes, &length);
    io->close(io->self, file);
    if (error)
        return error;
    struct unfinished unfinished = {0};
    if (head_decode(bytes + HEAD_AT, length - HEAD_AT, salt, id, &unfinished) &&
        slot_choose(bytes, salt, id, &unfinished.slot)) {
        unfinished.text = memmove(bytes, bytes + TEXT_AT, length - TEXT_AT);
        *ret_unfinished = unfinished;
        return 0;
    }
    free(bytes);
    return EBADMSG;
}

struct failure unfinished_failure(int error)
{
    return error == ENOENT || error == EBADMSG ? failure_of(STORE_NO_UPLOAD) : failure_of_errno(error);
}

/* A slot could not be written, and perhaps is there all the same, in part or whole: what is read from now on holds. */
static void read_again(const struct io *io, int folder, uint64_t salt, struct unfinished *unfinished)
{
    struct unfinished read;
    if (unfinished_read(io, folder, salt, unfinished->id, &read))
        return;
    unfinished->slot = read.slot;
    unfinished_free(&read);
}

int unfinished_note(const struct io *io, int folder, uint64_t salt, struct unfinished *unfinished,
                    const struct upload_slot *slot)
{
    unsigned char bytes[SLOT];
    struct upload_slot next = *slot;
    int file = open_file(io, folder, unfinished->id, UNFINISHED_ENDING, O_RDWR), back = 0;
    if (file < 0)
        return errno;
    next.number = unfinished->slot.number + 1;
    slot_encode(bytes, &next, salt, unfinished->id);
    int error = io_write_all(io, file, bytes, sizeof bytes, slot_at(next.number));
    if (!error && io->fdatasync(io->self, file) < 0)
        error = errno;
    if (error) { /* else it is read again, although it is perhaps not on disk */
        slot_encode(bytes, &unfinished->slot, salt, unfinished->id);
        back = io_write_all(io, file, bytes, sizeof bytes, slot_at(next.number));
    }
    io->close(io->self, file);
    if (!error)
        unfinished->slot = next;
    else if (back)
        read_again(io, folder, salt, unfinished);
    return error;
}

void unfinished_drop_bytes(const struct io *io, int folder, uint64_t id)
{
    numbered_remove(io, folder, id, UNFINISHED_BYTES); /* else the next start does */
}

int unfinished_remove(struct leftovers *leftovers, int folder, uint64_t id)
{
    char name[NUMBERED_NAME_MAX];
    int error = unlink_description(leftovers->io, folder, id);
    if (error)
        return error;
    numbered_name(id, UNFINISHED_BYTES, name);
    (void)leftovers_remove(leftovers, folder, name);
    return 0;
}

void unfinished_free(struct unfinished *unfinished)
{
    free(unfinished->text);
    unfinished->text = NULL;
}

/* ---- the folder ------------------------------------------------------------------------------- */

uint64_t unfinished_disk_bytes(const struct unfinished *unfinished)
{
    uint64_t bytes = unfinished->slot.stage == UPLOAD_DONE ? 0 : unfinished->slot.offset;
    return TEXT_AT + unfinished_text_length(unfinished) + bytes;
}

bool unfinished_is_private(const struct unfinished *unfinished)
{
    return unfinished->joined && unfinished->slot.stage != UPLOAD_DONE;
}

bool unfinished_is_void(const struct unfinished *unfinished)
{
    return unfinished->slot.stage == UPLOAD_OPEN && unfinished->slot.length == 0 && !unfinished->partial;
}

bool unfinished_has_expired(const struct unfinished *unfinished)
{
    return unfinished->slot.expires <= clock_now(CLOCK_REALTIME);
}

static int compare_ids(const void *a, const void *b)
{
    uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
    return (one > other) - (one < other);
}

int unfinished_ids(const struct io *io, int folder, const char *ending, uint64_t **ret_ids, size_t *ret_count)
{
    size_t names_count = 0, count = 0;
    char *names = io->list(io->self, folder);
    if (!names)
        return errno;
    for (const char *name = names; *name; name += strlen(name) + 1)
        names_count++;
    uint64_t *ids = malloc((names_count + 1) * sizeof *ids);
    for (const char *name = names; ids && *name; name += strlen(name) + 1)
        count += numbered_read(name, ending, &ids[count]);
    free(names);
    if (!ids)
        return ENOMEM;
    qsort(ids, count, sizeof *ids, compare_ids);
    *ret_ids = ids;
    *ret_count = count;
    return 0;
}

bool unfinished_ids_have(const uint64_t *ids, size_t count, uint64_t id)
{
    return count > 0 && bsearch(&id, ids, count, sizeof *ids, compare_ids);
}

int unfinished_each(const struct io *io, int folder, uint64_t salt, const char *ending, uint64_t from,
                    bool (*see)(void *arg, const struct unfinished *unfinished), void *arg)
{
    uint64_t *ids;
    size_t count;
    int error = unfinished_ids(io, folder, ending, &ids, &count);
    if (error)
        return error;
    bool on = true;
    for (size_t i = 0; i < count && on; i++) {
        struct unfinished unfinished;
        if (ids[i] < from || unfinished_read(io, folder, salt, ids[i], &unfinished))
            continue;
        on = see(arg, &unfinished);
        unfinished_free(&unfinished);
    }
    free(ids);
    return 0;
}

struct sweeping {
    struct leftovers *leftovers;
    int folder;
};

static bool sweep_one(void *arg, const struct unfinished *unfinished)
{
    const struct sweeping *sweeping = arg;
    if (unfinished_has_expired(unfinished) || unfinished_is_void(unfinished))
        (void)unfinished_remove(sweeping->leftovers, sweeping->folder, unfinished->id);
    return true;
}

void unfinished_sweep(struct leftovers *leftovers, int folder, uint64_t salt)
{
    struct sweeping sweeping = {leftovers, folder};
    (void)unfinished_each(leftovers->io, folder, salt, UNFINISHED_ENDING, 0, sweep_one,
                          &sweeping); /* what cannot be read is tried the next time */
}
