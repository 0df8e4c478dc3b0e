/* fuzz_recovery.c - a store is opened on segment files that the fuzzer has changed, read, written to and opened again.
 *
 * The input is a log (log_image.h). A store whose log it is lies on a disk in memory, with one blob. Whatever the bytes
 * are: the store opens or says why not; what it gives has the digest and the key it says; its figures count what can be
 * read; it takes a write; and after it was closed and opened again it holds the same objects, at offsets that have only
 * grown.
 *
 * The mutator makes the checks right in every second input, with the salt that no attacker knows: behind the checks is
 * where recovery has to decide.
 */
#include "store/store.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/log_image.h"
#include "tests/fuzz/store_image.h"
#include "tests/lib/sim_disk.h"
#include "tests/lib/ticket.h"

#include <stdlib.h>
#include <string.h>

enum { KEYS_MAX = 96 };

static const char fresh_key[] = "written after recovery";
static const char fresh_payload[] = "a payload";

/* What a look-up says of a key. */
struct sight {
    enum store_error error;
    bool blob;
    uint64_t offset;
    uint64_t size;
    struct store_digest digest;
};

struct run {
    struct sim_disk *disk;
    const struct io *io;
    struct depot_options options;
    struct depot *depot;
    struct store *store;
    struct store_key keys[KEYS_MAX]; /* by bytes and by hash, no two alike */
    struct sight sights[KEYS_MAX];
    size_t count;
    bool more; /* the log names more than fit */
};

/* ---- keys and what is under them ------------------------------------------------------------- */

static bool same_key(const struct store_key *a, const struct store_key *b)
{
    return a->hash == b->hash && a->length == b->length &&
           (a->length == 0 || memcmp(a->bytes, b->bytes, a->length) == 0);
}

static void add_key(struct run *run, struct store_key key)
{
    for (size_t i = 0; i < run->count; i++)
        if (same_key(&run->keys[i], &key))
            return;
    if (run->count == KEYS_MAX)
        run->more = true;
    else
        run->keys[run->count++] = key;
}

static void visit_key(void *arg, const void *key, size_t length, uint64_t hash)
{
    add_key(arg, store_key_of_hash(hash));
    if (key)
        add_key(arg, store_key_of(key, length));
}

static void assert_true_to(const struct store_key *key, struct object *object)
{
    const struct object_info *info = object_info(object);
    fuzz_assert(info->key_hash == key->hash);
    if (key->bytes && info->key)
        fuzz_assert(info->key_length == key->length && memcmp(info->key, key->bytes, key->length) == 0);
    const void *payload = object_payload(object);
    if (!payload)
        return; /* a blob: the scrub compares it with its digest, a look-up does not */
    struct store_digest digest = store_digest_of(payload, (size_t)info->size);
    fuzz_assert(store_digest_equal(&digest, &info->digest));
}

static struct sight look(struct run *run, const struct store_key *key)
{
    struct object *object;
    struct sight sight = {.error = store_get(run->store, key, STORE_GET_PAYLOAD, &object)};
    if (sight.error != STORE_OK) {
        fuzz_assert(sight.error == STORE_NO_OBJECT || sight.error == STORE_COLLISION || sight.error == STORE_DAMAGED ||
                    sight.error == STORE_MISSING);
        return sight;
    }
    const struct object_info *info = object_info(object);
    sight = (struct sight){.offset = info->offset, .size = info->size, .digest = info->digest};
    int file = object_take_descriptor(object);
    sight.blob = file >= 0;
    if (sight.blob)
        run->io->close(run->io->self, file);
    assert_true_to(key, object);
    object_release(object);
    return sight;
}

static uint64_t end_offset(struct run *run)
{
    struct store_figures figures;
    store_figures(run->store, &figures);
    return figures.end_offset;
}

/* Looks at every key and holds the figures against what was seen: one object by each hash, or at least two where none
 * is told by it. */
static void look_at_all(struct run *run)
{
    struct store_figures figures;
    uint64_t seen = 0;
    bool more = run->more;
    for (size_t i = 0; i < run->count; i++) {
        run->sights[i] = look(run, &run->keys[i]);
        bool several = run->sights[i].error == STORE_COLLISION;
        fuzz_assert(!several || !run->keys[i].bytes);
        seen += several ? 2 : !run->keys[i].bytes && run->sights[i].error != STORE_NO_OBJECT;
        more = more || several;
        if (run->sights[i].error == STORE_OK)
            fuzz_assert(run->sights[i].offset < end_offset(run));
    }
    store_figures(run->store, &figures);
    fuzz_assert(more ? seen <= figures.objects : seen == figures.objects);
}

static bool count_item(void *arg, const struct store_list_item *item)
{
    size_t *listed = arg;
    fuzz_assert(item->info);
    ++*listed;
    return true;
}

/* A listing shows what can be read, and no more than there is. */
static void list_all(struct run *run)
{
    struct store_list_query query = {.limit = 10000};
    struct store_figures figures;
    unsigned char cursor[STORE_CURSOR_MAX];
    size_t cursor_length, listed = 0, readable = 0;
    fuzz_assert(store_list(run->store, &query, count_item, &listed, cursor, &cursor_length) == STORE_OK);
    fuzz_assert(cursor_length == 0);
    for (size_t i = 0; i < run->count; i++)
        readable += !run->keys[i].bytes && run->sights[i].error == STORE_OK;
    store_figures(run->store, &figures);
    fuzz_assert(listed >= readable && listed <= figures.objects);
}

/* Reading does not compare a blob with its digest: that it is wrong shows from a verification to the next start. */
static bool is_wrong_blob(const struct sight *one, const struct sight *other)
{
    return one->blob && other->error == STORE_DAMAGED;
}

static void assert_as_before(struct run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        struct sight now = look(run, &run->keys[i]);
        const struct sight *before = &run->sights[i];
        if (is_wrong_blob(before, &now) || is_wrong_blob(&now, before))
            continue;
        fuzz_assert(now.error == before->error && now.offset >= before->offset && now.size == before->size);
        fuzz_assert(store_digest_equal(&now.digest, &before->digest));
    }
}

/* ---- the life of the store ------------------------------------------------------------------- */

static enum store_error open_store(struct run *run)
{
    struct store_detail detail;
    fuzz_assert(depot_open("/data", &run->options, &run->depot, &detail) == STORE_OK);
    enum store_error error = depot_acquire(run->depot, "s", &run->store, &detail);
    fuzz_assert(error == STORE_OK || detail.text[0] != '\0');
    return error;
}

static void close_store(struct run *run)
{
    depot_release(run->store);
    depot_close(run->depot);
    run->store = NULL;
    fuzz_assert(sim_disk_open_files(run->disk) == 0);
    fuzz_assert(sim_disk_bad_uses(run->disk) == 0);
}

static void write_fresh(struct run *run)
{
    struct store_op op = {.kind = STORE_PUT,
                          .key = store_key_of(fresh_key, strlen(fresh_key)),
                          .payload = fresh_payload,
                          .size = sizeof fresh_payload};
    struct ticket ticket;
    ticket_init(&ticket);
    enum store_error error = store_batch(run->store, &op, 1, 0, ticket_done, &ticket, NULL);
    fuzz_assert((error ? error : ticket_wait(&ticket)) == STORE_OK);
    ticket_destroy(&ticket);
}

static void live_and_reopen(struct run *run)
{
    struct store_verification verification;
    look_at_all(run);
    list_all(run);
    fuzz_assert(store_verify(run->store, 0, NULL, NULL, &verification) == STORE_OK);
    assert_as_before(run);
    uint64_t end = end_offset(run);
    write_fresh(run);
    add_key(run, store_key_of(fresh_key, strlen(fresh_key)));
    add_key(run, store_key_of_hash(store_key_of(fresh_key, strlen(fresh_key)).hash));
    look_at_all(run);
    fuzz_assert(end_offset(run) > end);
    close_store(run);
    fuzz_assert(open_store(run) == STORE_OK);
    fuzz_assert(end_offset(run) > end);
    assert_as_before(run);
    look_at_all(run);
    list_all(run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct log_image image;
    uint8_t *bytes = fuzz_copy(data, size);
    struct run run = {.disk = sim_disk_new(1)};
    run.io = sim_disk_io(run.disk);
    run.options = store_image_options(run.io);
    log_image_split(bytes, size, &image);
    log_image_keys(&image, visit_key, &run);
    store_image_make(run.io, &image, NULL, 0);
    enum store_error error = open_store(&run);
    if (error == STORE_OK)
        live_and_reopen(&run);
    else
        fuzz_assert(error == STORE_DAMAGED || error == STORE_TOO_NEW || error == STORE_IO);
    close_store(&run);
    sim_disk_free(run.disk);
    free(bytes);
    return 0;
}

/* ---- mutation -------------------------------------------------------------------------------- */

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    struct log_image image;
    size = LLVMFuzzerMutate(data, size, max_size);
    if (seed & 1) {
        log_image_split(data, size, &image);
        log_image_seal(&image, seed >> 1);
    }
    return size;
}
