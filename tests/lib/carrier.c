/* carrier.c - the steps of an upload, each with what it waits for. See carrier.h. */
#include "tests/lib/carrier.h"

#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint8_t bytes[CARRIER_SIZE];
static pthread_once_t bytes_once = PTHREAD_ONCE_INIT;

const struct store_condition carrier_no_condition;
const struct stream_finish carrier_nothing;
const uint64_t carrier_seams[CARRIER_PARTS + 1] = {0, 5000, 5000, 300 * CARRIER_KIB, CARRIER_SIZE};

static void fill_bytes(void)
{
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 2654435761u >> 13);
}

const uint8_t *carrier_bytes(void)
{
    pthread_once(&bytes_once, fill_bytes);
    return bytes;
}

/* ---- the store --------------------------------------------------------------------------------- */

void carrier_start_over(struct fixture *fixture, uint64_t seed)
{
    fixture_end(fixture);
    fixture_start(fixture, seed);
}

void carrier_reopen(struct fixture *fixture)
{
    fixture_close(fixture);
    fixture_open(fixture);
}

void carrier_limit(struct fixture *fixture, uint64_t most)
{
    struct store_limit limit = {true, most};
    ck_assert_int_eq(depot_set_limits(fixture->depot, "s", &limit, NULL, NULL), STORE_OK);
}

static bool count(void *arg, const struct upload_info *info)
{
    (void)info;
    ++*(size_t *)arg;
    return true;
}

size_t carrier_listed(struct fixture *fixture)
{
    size_t uploads = 0;
    ck_assert_int_eq(upload_list(fixture->store, 0, count, &uploads), STORE_OK);
    return uploads;
}

static bool ends_so(const char *name, const char *ending)
{
    size_t length = strlen(name), tail = strlen(ending);
    return length >= tail && strcmp(name + length - tail, ending) == 0;
}

size_t carrier_files(struct fixture *fixture, const char *ending)
{
    const struct io *io = fixture->io;
    size_t files = 0;
    int folder = io->openat(io->self, AT_FDCWD, "/data/stores/s/uploads", O_RDONLY | O_DIRECTORY, 0);
    char *names = folder < 0 ? NULL : io->list(io->self, folder);
    for (const char *name = names; name && *name; name += strlen(name) + 1)
        files += ends_so(name, ending);
    free(names);
    if (folder >= 0)
        io->close(io->self, folder);
    return files;
}

/* ---- one upload -------------------------------------------------------------------------------- */

enum store_error carrier_create(struct fixture *fixture, const char *key, uint64_t length, uint64_t *ret_id)
{
    struct upload_order order = {
        .key = store_key_of(key, strlen(key)), .length = length, .label = "label", .label_length = 5};
    struct store_overrun overrun;
    return upload_create(fixture->store, &order, &overrun, ret_id);
}

uint64_t carrier_must_create(struct fixture *fixture, const char *key, uint64_t length)
{
    uint64_t id;
    ck_assert_int_eq(carrier_create(fixture, key, length, &id), STORE_OK);
    return id;
}

static void keep_info(void *arg, const struct upload_info *info)
{
    *(struct upload_info *)arg = *info;
}

enum store_error carrier_look(struct fixture *fixture, uint64_t id, struct upload_info *ret_info)
{
    return upload_look(fixture->store, id, keep_info, ret_info);
}

uint64_t carrier_must_look(struct fixture *fixture, uint64_t id)
{
    struct upload_info info;
    ck_assert_int_eq(carrier_look(fixture, id, &info), STORE_OK);
    return info.offset;
}

enum store_error carrier_resume(struct fixture *fixture, uint64_t id, uint64_t offset, bool whole,
                                struct stream **ret_stream)
{
    struct upload_resumption asked = {
        .id = id, .offset = offset, .size = STORE_SIZE_UNKNOWN, .length = STORE_SIZE_UNKNOWN, .whole = whole};
    struct upload_info info;
    return upload_resume(fixture->store, &asked, NULL, ret_stream, &info);
}

enum store_error carrier_write(struct stream *stream, uint64_t from, uint64_t to)
{
    enum store_error error = STORE_OK;
    while (from < to && !error) {
        size_t taken = 0;
        error = stream_write(stream, carrier_bytes() + from, (size_t)(to - from), &taken);
        from += taken;
        if (taken == 0)
            usleep(100);
    }
    return error;
}

/* Brings carrier_bytes() to where the upload is by now, and lets it rest. */
static enum store_error bring(struct fixture *fixture, uint64_t id, uint64_t offset, uint64_t from, uint64_t to,
                              uint64_t *ret_offset)
{
    struct stream *stream;
    struct ticket ticket;
    enum store_error error = carrier_resume(fixture, id, offset, false, &stream);
    if (error)
        return error;
    error = carrier_write(stream, from, to);
    ticket_init(&ticket);
    stream_rest(stream, &carrier_nothing, ticket_done, &ticket);
    enum store_error rested = ticket_wait(&ticket);
    *ret_offset = ticket.end_offset;
    ticket_destroy(&ticket);
    return error ? error : rested;
}

enum store_error carrier_bring(struct fixture *fixture, uint64_t id, uint64_t from, uint64_t to, uint64_t *ret_offset)
{
    return bring(fixture, id, from, from, to, ret_offset);
}

void carrier_must_bring(struct fixture *fixture, uint64_t id, uint64_t from, uint64_t to)
{
    uint64_t offset;
    ck_assert_int_eq(carrier_bring(fixture, id, from, to, &offset), STORE_OK);
    ck_assert_uint_eq(offset, to);
}

static enum store_error commit(struct stream *stream, const struct store_condition *condition, uint64_t *ret_size)
{
    struct stream_finish finish = {.condition = *condition};
    struct ticket ticket;
    ticket_init(&ticket);
    stream_commit(stream, &finish, ticket_done, &ticket);
    enum store_error error = ticket_wait(&ticket);
    *ret_size = error ? 0 : ticket.receipts[0].size;
    ticket_destroy(&ticket);
    return error;
}

enum store_error carrier_commit(struct stream *stream, const struct store_condition *condition)
{
    uint64_t size;
    return commit(stream, condition, &size);
}

enum store_error carrier_conclude(struct fixture *fixture, uint64_t id, uint64_t from, uint64_t to,
                                  const struct store_condition *condition)
{
    struct stream *stream;
    uint64_t size;
    enum store_error error = carrier_resume(fixture, id, from, false, &stream);
    if (error)
        return error;
    (void)carrier_write(stream, from, to);
    error = commit(stream, condition, &size);
    if (!error)
        ck_assert_uint_eq(size, to);
    return error;
}

void carrier_must_conclude(struct fixture *fixture, uint64_t id, uint64_t from, uint64_t to)
{
    ck_assert_int_eq(carrier_conclude(fixture, id, from, to, &carrier_no_condition), STORE_OK);
}

static void post(void *arg)
{
    sem_post(arg);
}

enum store_error carrier_claim(struct fixture *fixture, uint64_t id, enum upload_wish wish, uint64_t offset)
{
    sem_t told;
    sem_init(&told, 0, 0);
    struct upload_claim asked = {.id = id, .wish = wish, .offset = offset, .ready = post, .arg = &told};
    enum store_error error = upload_claim(fixture->store, &asked);
    while (!error && sem_wait(&told) < 0)
        ;
    sem_destroy(&told);
    return error;
}

bool carrier_hand_over(struct fixture *fixture, uint64_t id, uint64_t from, uint64_t to, uint64_t *ret_offset)
{
    struct stream *stream;
    struct upload_info info;
    if (carrier_resume(fixture, id, from, false, &stream))
        return false;
    (void)carrier_write(stream, from, to);
    bool told = !carrier_claim(fixture, id, UPLOAD_SETTLED, 0) && !carrier_look(fixture, id, &info);
    bool taken = told && !carrier_claim(fixture, id, UPLOAD_LEFT, info.offset);
    stream_abort(stream);
    if (taken)
        *ret_offset = info.offset;
    return taken;
}

/* ---- parts of one ------------------------------------------------------------------------------ */

uint64_t carrier_must_create_part(struct fixture *fixture, uint64_t from, uint64_t to)
{
    struct upload_order order = {.partial = true, .length = to - from};
    struct store_overrun overrun;
    uint64_t id;
    ck_assert_int_eq(upload_create(fixture->store, &order, &overrun, &id), STORE_OK);
    return id;
}

enum store_error carrier_bring_part(struct fixture *fixture, uint64_t id, uint64_t from, uint64_t to)
{
    uint64_t offset;
    return bring(fixture, id, 0, from, to, &offset);
}

void carrier_bring_parts(struct fixture *fixture, uint64_t ret_parts[CARRIER_PARTS])
{
    for (int i = 0; i < CARRIER_PARTS; i++) {
        uint64_t from = carrier_seams[i], to = carrier_seams[i + 1];
        ret_parts[i] = carrier_must_create_part(fixture, from, to);
        ck_assert_int_eq(carrier_bring_part(fixture, ret_parts[i], from, to), STORE_OK);
    }
}

enum store_error carrier_join_if(struct fixture *fixture, const uint64_t *parts, size_t count,
                                 const struct store_condition *condition, struct stream **ret_stream,
                                 struct upload_info *ret_info)
{
    struct upload_union united = {
        .order = {.key = store_key_of("k", 1)}, .parts = parts, .part_count = count, .condition = condition};
    struct store_overrun overrun;
    return upload_join(fixture->store, &united, &overrun, ret_stream, ret_info);
}

enum store_error carrier_join(struct fixture *fixture, const uint64_t *parts, size_t count, struct stream **ret_stream,
                              struct upload_info *ret_info)
{
    return carrier_join_if(fixture, parts, count, NULL, ret_stream, ret_info);
}
