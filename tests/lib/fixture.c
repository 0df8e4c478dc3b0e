/* fixture.c - see fixture.h. */
#include "tests/lib/fixture.h"

#include "store/disk/settings.h"
#include "store/log/record.h"
#include "store/log/segment.h"
#include "tests/lib/model.h"
#include "tests/lib/sim_medium.h"

#include <check.h>
#include <endian.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

static char segment_path[512];

_Noreturn static void give_up(const char *what, const char *detail)
{
    fprintf(stderr, "fixture: %s: %s\n", what, detail);
    abort();
}

static void must(const char *what, enum store_error error)
{
    if (error)
        give_up(what, store_error_text(error));
}

static void hear(void *arg, enum store_log_level level, const char *sentence)
{
    struct fixture *fixture = arg;
    if (level > STORE_LOG_INFO) {
        static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* any thread may log */
        pthread_mutex_lock(&lock);
        fixture->warnings++;
        snprintf(fixture->logged, sizeof fixture->logged, "%s", sentence);
        pthread_mutex_unlock(&lock);
    }
}

void fixture_open(struct fixture *fixture)
{
    struct store_detail detail;
    bool created;
    fixture->warnings = 0;
    fixture->logged[0] = 0;
    enum store_error error = depot_open("/data", &fixture->options, &fixture->depot, &detail);
    if (error)
        give_up("depot_open", detail.text);
    must("depot_create", depot_create(fixture->depot, "s", &created, NULL));
    must("depot_acquire", depot_acquire(fixture->depot, "s", &fixture->store, NULL));
}

void fixture_start(struct fixture *fixture, uint64_t seed)
{
    *fixture = (struct fixture){0};
    if (getenv("TEST_ON_MEDIUM")) {
        fixture->medium = sim_medium_new(seed);
        fixture->ground = ground_of_medium(fixture->medium);
    } else {
        fixture->disk = sim_disk_new(seed);
        fixture->ground = ground_of_disk(fixture->disk);
    }
    fixture->io = fixture->ground.io;
    fixture->options = model_options(fixture->io);
    fixture->options.log = hear;
    fixture->options.log_arg = fixture;
    fixture_open(fixture);
}

void fixture_close(struct fixture *fixture)
{
    depot_release(fixture->store);
    depot_close(fixture->depot);
    fixture->store = NULL;
    fixture->depot = NULL;
}

void fixture_set_first_segment(struct fixture *fixture, uint64_t bytes)
{
    fixture_close(fixture);
    fixture->options.first_segment = bytes;
    fixture_open(fixture);
}

void fixture_end(struct fixture *fixture)
{
    fixture_close(fixture);
    sim_disk_free(fixture->disk);
    if (fixture->medium)
        sim_medium_free(fixture->medium);
}

void fixture_renew(struct fixture *fixture)
{
    uint64_t first_segment = fixture->options.first_segment;
    fixture_end(fixture);
    fixture_start(fixture, 1);
    fixture_set_first_segment(fixture, first_segment);
}

void fixture_stop(struct fixture *fixture, bool clean)
{
    if (clean)
        fixture_close(fixture);
    else
        fixture_cut(fixture, 1);
}

void fixture_cut(struct fixture *fixture, uint64_t seed)
{
    fixture->ground.cut(fixture->ground.self);
    fixture_close(fixture);
    fixture->ground.reboot(fixture->ground.self, seed);
}

/* ---- writes that wait ------------------------------------------------------------------------ */

static struct store_key key_of(const char *key)
{
    bool hash = key[0] == '#';
    struct store_key named = store_key_of(key + hash, strlen(key + hash));
    return hash ? store_key_of_hash(named.hash) : named;
}

static enum store_error run(struct fixture *fixture, const struct store_op *op)
{
    struct ticket ticket;
    ticket_init(&ticket);
    unsigned flags = STORE_ALLOW_EMPTY | STORE_ALLOW_NUL;
    enum store_error error = store_batch(fixture->store, op, 1, flags, ticket_done, &ticket, NULL);
    if (!error)
        error = ticket_wait(&ticket);
    ticket_destroy(&ticket);
    return error;
}

enum store_error fixture_put(struct fixture *fixture, const char *key, const void *payload, size_t size)
{
    struct store_op op = {.kind = STORE_PUT, .key = key_of(key), .payload = payload, .size = size};
    return run(fixture, &op);
}

enum store_error fixture_delete(struct fixture *fixture, const char *key)
{
    struct store_op op = {.kind = STORE_DELETE, .key = key_of(key)};
    return run(fixture, &op);
}

enum store_error fixture_rename(struct fixture *fixture, const char *key, const char *target)
{
    struct store_op op = {.kind = STORE_RENAME, .key = key_of(key), .target = key_of(target)};
    return run(fixture, &op);
}

enum store_error fixture_copy(struct fixture *fixture, const char *key, const char *target)
{
    struct store_op op = {.kind = STORE_COPY, .key = key_of(key), .target = key_of(target)};
    return run(fixture, &op);
}

static enum store_error upload_all(struct stream *stream, const uint8_t *payload, size_t size)
{
    size_t taken = 0;
    enum store_error error = STORE_OK;
    for (size_t sent = 0; sent < size && !error; sent += taken)
        error = stream_write(stream, payload + sent, size - sent, &taken);
    return error;
}

enum store_error fixture_upload(struct fixture *fixture, const char *key, const void *payload, size_t size)
{
    struct store_key named = key_of(key);
    struct stream *stream;
    enum store_error error = stream_open(fixture->store, &named, size, NULL, &stream);
    if (error)
        return error;
    error = upload_all(stream, payload, size);
    if (error) {
        stream_abort(stream);
        return error;
    }
    struct ticket ticket;
    struct stream_finish finish = {.seal = NULL};
    ticket_init(&ticket);
    stream_commit(stream, &finish, ticket_done, &ticket);
    error = ticket_wait(&ticket);
    ticket_destroy(&ticket);
    return error;
}

void fixture_begin_put(struct fixture *fixture, struct fixture_put *put, const char *key, const char *text)
{
    put->op = (struct store_op){.kind = STORE_PUT, .key = key_of(key), .payload = text, .size = strlen(text)};
    ticket_init(&put->ticket);
    must("store_batch", store_batch(fixture->store, &put->op, 1, 0, ticket_done, &put->ticket, NULL));
}

enum store_error fixture_end_put(struct fixture_put *put)
{
    enum store_error error = ticket_wait(&put->ticket);
    ticket_destroy(&put->ticket);
    return error;
}

void fixture_wait_held(struct fixture *fixture)
{
    while (sim_disk_held(fixture->disk) == 0)
        usleep(100);
}

/* ---- reads ----------------------------------------------------------------------------------- */

static bool same_payload(struct fixture *fixture, struct object *object, const void *payload, size_t size)
{
    if (object_info(object)->size != size)
        return false;
    int file = object_take_descriptor(object);
    if (size == 0 || object_payload(object))
        return size == 0 || memcmp(object_payload(object), payload, size) == 0;
    uint8_t *bytes = malloc(size);
    bool same = bytes && (file < 0 ? object_read(object, 0, bytes, size) == STORE_OK
                                   : io_read_all(fixture->io, file, bytes, size, 0) == 0);
    same = same && memcmp(bytes, payload, size) == 0;
    if (file >= 0)
        fixture->io->close(fixture->io->self, file);
    free(bytes);
    return same;
}

enum store_error fixture_get(struct fixture *fixture, const char *key, const void *payload, size_t size)
{
    struct store_key named = key_of(key);
    struct object *object;
    enum store_error error = store_get(fixture->store, &named, STORE_GET_PAYLOAD, &object);
    if (error)
        return error;
    bool same = same_payload(fixture, object, payload, size);
    object_release(object);
    return same ? STORE_OK : STORE_DIGEST;
}

enum store_error fixture_put_text(struct fixture *fixture, const char *key, const char *text)
{
    return fixture_put(fixture, key, text, strlen(text));
}

enum store_error fixture_get_text(struct fixture *fixture, const char *key, const char *text)
{
    return fixture_get(fixture, key, text, strlen(text));
}

struct store_figures fixture_figures(struct fixture *fixture)
{
    struct store_figures figures;
    store_figures(fixture->store, &figures);
    return figures;
}

/* ---- files ----------------------------------------------------------------------------------- */

static int open_file(struct fixture *fixture, const char *path, int flags)
{
    int file = fixture->io->openat(fixture->io->self, AT_FDCWD, path, flags, 0600);
    if (file < 0)
        give_up("cannot open", path);
    return file;
}

/* ---- what must succeed ----------------------------------------------------------------------- */

const uint8_t *fixture_large(void)
{
    static uint8_t large[FIXTURE_LARGE];
    for (size_t i = 0; i < sizeof large; i++)
        large[i] = (uint8_t)(i * 31 >> 2);
    return large;
}

void fixture_must_put(struct fixture *fixture, const char *key, const char *text)
{
    ck_assert_int_eq(fixture_put_text(fixture, key, text), STORE_OK);
}

void fixture_must_upload(struct fixture *fixture, const char *key)
{
    ck_assert_int_eq(fixture_upload(fixture, key, fixture_large(), FIXTURE_LARGE), STORE_OK);
}

void fixture_must_copy(struct fixture *fixture, const char *key, const char *target)
{
    ck_assert_int_eq(fixture_copy(fixture, key, target), STORE_OK);
}

void fixture_must_hold(struct fixture *fixture, const char *key, const char *text)
{
    enum store_error error = fixture_get_text(fixture, key, text);
    ck_assert_msg(error == STORE_OK, "%s: %s", key, store_error_text(error));
}

void fixture_must_lack(struct fixture *fixture, const char *key)
{
    ck_assert_int_eq(fixture_get_text(fixture, key, ""), STORE_NO_OBJECT);
}

void fixture_put_three(struct fixture *fixture)
{
    fixture_must_put(fixture, "a", "the first payload");
    fixture_must_put(fixture, "b", "the second payload");
    fixture_must_put(fixture, "c", "the third payload");
}

void fixture_put_batch(struct fixture *fixture, const char *payload)
{
    struct store_op ops[3] = {{.kind = STORE_PUT, .key = store_key_of("x", 1)},
                              {.kind = STORE_PUT, .key = store_key_of("y", 1)},
                              {.kind = STORE_PUT, .key = store_key_of("z", 1)}};
    for (size_t i = 0; i < 3; i++) {
        ops[i].payload = payload;
        ops[i].size = strlen(payload);
    }
    struct ticket ticket;
    ticket_init(&ticket);
    ck_assert_int_eq(store_batch(fixture->store, ops, 3, 0, ticket_done, &ticket, NULL), STORE_OK);
    ck_assert_int_eq(ticket_wait(&ticket), STORE_OK);
    ticket_destroy(&ticket);
}

const char *fixture_segment(struct fixture *fixture)
{
    static const char log[] = "/data/stores/s/log";
    int folder = open_file(fixture, log, O_RDONLY | O_DIRECTORY);
    char *names = fixture->io->list(fixture->io->self, folder);
    const char *newest = "";
    for (const char *name = names; name && *name; name += strlen(name) + 1)
        if (*name == '0' && strcmp(name, newest) > 0)
            newest = name;
    snprintf(segment_path, sizeof segment_path, "%s/%s", log, newest);
    free(names);
    fixture->io->close(fixture->io->self, folder);
    return segment_path;
}

uint8_t *fixture_read_file(struct fixture *fixture, const char *path, size_t *ret_size)
{
    struct stat stat;
    int file = open_file(fixture, path, O_RDONLY);
    fixture->io->fstat(fixture->io->self, file, &stat);
    *ret_size = (size_t)stat.st_size;
    uint8_t *bytes = malloc(*ret_size + 1);
    if (!bytes || io_read_all(fixture->io, file, bytes, *ret_size, 0))
        give_up("cannot read", path);
    fixture->io->close(fixture->io->self, file);
    return bytes;
}

/* Removes the summary beside a segment, if there is one: the next start reads the segment itself. */
static void forget_summary(struct fixture *fixture, const char *path)
{
    char summary[256];
    size_t length = strlen(path);
    if (length < 4 || length >= sizeof summary || strcmp(path + length - 4, ".seg") != 0)
        return;
    (void)snprintf(summary, sizeof summary, "%.*s.sum", (int)length - 4, path);
    fixture->io->unlinkat(fixture->io->self, AT_FDCWD, summary, 0);
}

void fixture_write_file(struct fixture *fixture, const char *path, const void *bytes, size_t length, size_t position)
{
    int file = open_file(fixture, path, O_WRONLY | O_CREAT);
    struct stat before;
    if (fixture->io->fstat(fixture->io->self, file, &before) < 0 ||
        io_write_all(fixture->io, file, bytes, length, (off_t)position) ||
        fixture->io->set_written(fixture->io->self, file, &before.st_mtim) < 0)
        give_up("cannot write", path);
    fixture->io->fdatasync(fixture->io->self, file);
    fixture->io->close(fixture->io->self, file);
    forget_summary(fixture, path);
}

void fixture_resize_file(struct fixture *fixture, const char *path, size_t size)
{
    int file = open_file(fixture, path, O_WRONLY);
    if (fixture->io->ftruncate(fixture->io->self, file, (off_t)size) < 0)
        give_up("cannot resize", path);
    fixture->io->fdatasync(fixture->io->self, file);
    fixture->io->close(fixture->io->self, file);
}

size_t fixture_find(struct fixture *fixture, const char *path, const void *bytes, size_t length)
{
    size_t size;
    uint8_t *all = fixture_read_file(fixture, path, &size);
    const uint8_t *found = memmem(all, size, bytes, length);
    if (!found)
        give_up("the bytes looked for are not in", path);
    size_t position = (size_t)(found - all);
    free(all);
    return position;
}

size_t fixture_find_text(struct fixture *fixture, const char *text)
{
    return fixture_find(fixture, fixture_segment(fixture), text, strlen(text));
}

void fixture_flip(struct fixture *fixture, const char *path, size_t position)
{
    size_t size;
    uint8_t *bytes = fixture_read_file(fixture, path, &size);
    ck_assert_uint_lt(position, size);
    uint8_t flipped = bytes[position] ^ 0x20;
    fixture_write_file(fixture, path, &flipped, 1, position);
    free(bytes);
}

size_t fixture_file_size(struct fixture *fixture, const char *path)
{
    size_t size;
    free(fixture_read_file(fixture, path, &size));
    return size;
}

bool fixture_exists(struct fixture *fixture, const char *path)
{
    int file = fixture->io->openat(fixture->io->self, AT_FDCWD, path, O_RDONLY, 0);
    if (file >= 0)
        fixture->io->close(fixture->io->self, file);
    return file >= 0;
}

void fixture_remove(struct fixture *fixture, const char *path)
{
    ck_assert_int_eq(fixture->io->unlinkat(fixture->io->self, AT_FDCWD, path, 0), 0);
}

bool fixture_is_husk(struct fixture *fixture, unsigned number)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/data/stores/s/log/%016x.seg", number);
    struct stat status;
    int file = fixture->io->openat(fixture->io->self, AT_FDCWD, path, O_RDONLY, 0);
    if (file < 0)
        return true;
    if (fixture->io->fstat(fixture->io->self, file, &status) < 0)
        give_up("cannot look at", path);
    fixture->io->close(fixture->io->self, file);
    return status.st_size == SEGMENT_HEADER;
}

/* The salt of the store to whose log a path leads. */
static uint64_t salt_of(struct fixture *fixture, const char *path)
{
    struct settings settings;
    char store[256];
    const char *log = strstr(path, "/log");
    ck_assert_ptr_nonnull(log);
    (void)snprintf(store, sizeof store, "%.*s", (int)(log - path), path);
    int folder = fixture->io->openat(fixture->io->self, AT_FDCWD, store, O_RDONLY | O_DIRECTORY, 0);
    if (settings_read(fixture->io, folder, "settings", "store", &settings).error)
        give_up("settings", "they cannot be read");
    fixture->io->close(fixture->io->self, folder);
    return settings.salt;
}

void fixture_age_header(struct fixture *fixture, const char *path, uint8_t version)
{
    size_t size;
    uint8_t *header = fixture_read_file(fixture, path, &size);
    header[SEGMENT_AT_VERSION] = version;
    if (version == 1)
        memset(header + SEGMENT_AT_KIND, 0, SEGMENT_AT_CHECK - SEGMENT_AT_KIND);
    uint64_t check = htole64(XXH3_64bits_withSeed(header, SEGMENT_AT_CHECK, salt_of(fixture, path)));
    memcpy(header + SEGMENT_AT_CHECK, &check, sizeof check);
    fixture_write_file(fixture, path, header, SEGMENT_HEADER, 0);
    free(header);
}

void fixture_part_husk(struct fixture *fixture, unsigned number)
{
    const struct io *io = fixture->io;
    struct segment_header first;
    uint64_t salt = salt_of(fixture, "/data/stores/s/log");
    int folder = open_file(fixture, "/data/stores/s/log", O_RDONLY | O_DIRECTORY);
    int file = segment_open(io, folder, number, O_RDWR);
    if (file < 0 || segment_read_header(io, file, salt, &first).error || !first.husk)
        give_up("cannot part", "there is no husk");
    struct segment_header second = {.number = number + 1, .husk = true, .end = first.end};
    first.end = first.base + (first.end - first.base) / 2 / RECORD_ALIGNMENT * RECORD_ALIGNMENT;
    second.base = second.front = first.end;
    char name[SEGMENT_NAME_MAX];
    segment_name(number + 1, name);
    int behind = io->openat(io->self, folder, name, O_RDWR | O_CREAT, 0600);
    if (behind < 0 || segment_write_header(io, behind, &second, salt) || segment_write_header(io, file, &first, salt) ||
        io->fsync(io->self, folder) < 0)
        give_up("cannot part", name);
    io->close(io->self, behind);
    io->close(io->self, file);
    io->close(io->self, folder);
}
