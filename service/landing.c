/* landing.c - objects that come from a server, on their way into a store. See landing.h. */
#include "service/landing.h"

#include "api/http/attributes.h"
#include "api/http/digest.h"
#include "api/http/etag.h"
#include "api/http/expiry.h"
#include "api/http/fields.h"
#include "api/http/http_date.h"
#include "api/http/kept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <xxhash.h>

#define SECOND INT64_C(1000000000) /* nanoseconds */

enum { WRONG_MIN = 16 };

static const char meta_prefix[] = "Cairn-Meta-";

/* ---- commits --------------------------------------------------------------------------------- */

/* What is on its way into the store; it ends with its commit. */
struct landing {
    struct landings *landings;
    struct attributes attributes;
    struct digest sums;
    XXH3_state_t *hash;
    struct stream *stream; /* NULL: not begun, or taken over by its commit */
    struct store_key key;
    char key_bytes[STORE_KEY_MAX];
    char etag[ETAG_SIZE];
    int64_t modified; /* nanoseconds since 1970 */
    uint64_t size;
    const void *label;
    enum store_error error; /* of the stream */
    bool ready;             /* the stream takes bytes again */
    struct landing_sum old; /* what has landed before, and has its place */
};

/* What an object is of which the bytes have landed before; nothing where there is none, or an older one. */
static struct landing_sum landed_before(const struct landings *landings, const struct store_key *key)
{
    struct object *object;
    struct landing_sum sum = {0};
    if (store_get(landings->store, key, STORE_GET_EXPIRED, &object))
        return sum;
    const struct object_info *info = object_info(object);
    if (info->offset >= landings->since)
        sum = (struct landing_sum){1, info->size};
    object_release(object);
    return sum;
}

/* Lock held. */
static void add(struct landing_sum *sum, const struct landing_sum *more, const struct landing_sum *less)
{
    sum->objects += more->objects - less->objects;
    sum->bytes += more->bytes - less->bytes;
}

/* What has landed, and what it has taken the place of. Lock held. */
static void count(struct landings *landings, const struct landing_sum *landed, const struct landing_sum *old)
{
    static const struct landing_sum nothing;
    add(&landings->all, landed, &nothing);
    add(&landings->there, landed, old);
}

void landing_drop(struct landing *landing)
{
    stream_abort(landing->stream);
    XXH3_freeState(landing->hash);
    attributes_free(&landing->attributes);
    free(landing);
}

/* Takes down one whose bytes are wrong. Lock held. */
static void add_wrong(struct landings *landings, const void *label)
{
    if (landings->wrong_count == landings->wrong_capacity) {
        size_t capacity = landings->wrong_capacity ? landings->wrong_capacity * 2 : WRONG_MIN;
        const void **moved = realloc(landings->wrong, capacity * sizeof *moved);
        if (!moved) {
            landings->failure = STORE_NO_MEMORY;
            return;
        }
        landings->wrong = moved;
        landings->wrong_capacity = capacity;
    }
    landings->wrong[landings->wrong_count++] = label;
}

/* Thread: one that commits. */
static void landed(void *arg, const struct store_result *result)
{
    struct landing *landing = arg;
    struct landings *landings = landing->landings;
    const void *label = landing->label;
    struct landing_sum old = landing->old;
    landing_drop(landing);
    pthread_mutex_lock(&landings->lock);
    if (result->error == STORE_DIGEST)
        add_wrong(landings, label);
    else if (result->error)
        landings->failure = result->error;
    else
        count(landings, &(struct landing_sum){1, result->receipts[0].size}, &old);
    landings->in_flight--;
    pthread_cond_broadcast(&landings->landed);
    pthread_mutex_unlock(&landings->lock);
}

/* ---- all that are on their way ------------------------------------------------------------------- */

void landings_begin(struct landings *landings, struct store *store, atomic_uint_fast64_t *received)
{
    struct store_figures figures;
    store_figures(store, &figures);
    *landings = (struct landings){.store = store, .since = figures.end_offset, .received = received};
    pthread_mutex_init(&landings->lock, NULL);
    pthread_cond_init(&landings->landed, NULL);
}

enum store_error landings_wait(struct landings *landings, size_t most)
{
    pthread_mutex_lock(&landings->lock);
    while (landings->in_flight > most)
        pthread_cond_wait(&landings->landed, &landings->lock);
    enum store_error error = landings->failure;
    pthread_mutex_unlock(&landings->lock);
    return error;
}

void landings_end(struct landings *landings)
{
    (void)landings_wait(landings, 0);
    pthread_cond_destroy(&landings->landed);
    pthread_mutex_destroy(&landings->lock);
    free(landings->wrong);
}

static void take_off(struct landings *landings)
{
    pthread_mutex_lock(&landings->lock);
    landings->in_flight++;
    pthread_mutex_unlock(&landings->lock);
}

static struct store_key copy_key(const struct store_key *key, char bytes[STORE_KEY_MAX])
{
    if (!key->bytes)
        return *key;
    memcpy(bytes, key->bytes, key->length);
    return (struct store_key){.bytes = bytes, .length = key->length, .hash = key->hash};
}

struct deletion {
    struct landings *landings;
    struct landing_sum old;
    struct store_op op;
    char key[STORE_KEY_MAX];
};

/* Thread: one that commits. */
static void deleted(void *arg, const struct store_result *result)
{
    struct deletion *deletion = arg;
    struct landings *landings = deletion->landings;
    struct landing_sum old = deletion->old;
    free(deletion);
    pthread_mutex_lock(&landings->lock);
    if (result->error)
        landings->failure = result->error;
    else
        count(landings, &(struct landing_sum){0}, &old);
    landings->in_flight--;
    pthread_cond_broadcast(&landings->landed);
    pthread_mutex_unlock(&landings->lock);
}

bool landings_delete(struct landings *landings, const struct store_key *key)
{
    struct deletion *deletion = malloc(sizeof *deletion);
    if (!deletion)
        return false;
    *deletion = (struct deletion){
        .landings = landings, .old = landed_before(landings, key), .op = {.kind = STORE_DELETE}};
    deletion->op.key = copy_key(key, deletion->key);
    take_off(landings);
    enum store_error error = store_batch(landings->store, &deletion->op, 1, 0, deleted, deletion, NULL);
    if (error)
        deleted(deletion, &(struct store_result){.error = error});
    return true;
}

/* ---- an object that comes ---------------------------------------------------------------------- */

static void ready(void *arg)
{
    struct landing *landing = arg;
    struct landings *landings = landing->landings;
    pthread_mutex_lock(&landings->lock);
    landing->ready = true;
    pthread_cond_broadcast(&landings->landed);
    pthread_mutex_unlock(&landings->lock);
}

static void wait_ready(struct landing *landing)
{
    struct landings *landings = landing->landings;
    landing->ready = false;
    stream_wait(landing->stream, ready, landing);
    pthread_mutex_lock(&landings->lock);
    while (!landing->ready)
        pthread_cond_wait(&landings->landed, &landings->lock);
    pthread_mutex_unlock(&landings->lock);
}

/* What stands for a field that nobody has set is not kept. */
static bool is_default(enum attribute_tag tag, const char *value)
{
    return (tag == ATTRIBUTE_CONTENT_TYPE && strcmp(value, "application/octet-stream") == 0) ||
           (tag == ATTRIBUTE_CACHE_CONTROL && strcmp(value, "no-cache") == 0);
}

static enum attributes_error keep_field(struct landing *landing, const char *name, const char *value)
{
    size_t prefix = sizeof meta_prefix - 1;
    if (strncasecmp(name, meta_prefix, prefix) == 0)
        return attributes_add_meta(&landing->attributes, name + prefix, strlen(name) - prefix, value);
    for (size_t i = 0; i < KEPT_FIELDS; i++)
        if (strcasecmp(name, field_name(kept_fields[i].field)) == 0)
            return is_default(kept_fields[i].tag, value) ? ATTRIBUTES_OK
                                                         : kept_add(&landing->attributes, &kept_fields[i], value);
    return ATTRIBUTES_OK;
}

/* The date that it is answered as, also where that has passed meanwhile. */
static enum attributes_error keep_expiry(struct landing *landing, const char *value)
{
    struct expiry expiry;
    if (!expiry_read(value, strlen(value), &expiry))
        return ATTRIBUTES_NO_TIME;
    return attributes_set_expiry(&landing->attributes, expiry_second(&expiry));
}

static bool take_field(void *arg, const char *name, const char *value)
{
    struct landing *landing = arg;
    int64_t seconds;
    if (strcasecmp(name, "ETag") == 0)
        (void)snprintf(landing->etag, sizeof landing->etag, "%s", value);
    else if (strcasecmp(name, "Content-Length") == 0)
        landing->size = strtoull(value, NULL, 10);
    else if (strcasecmp(name, "Last-Modified") == 0 && http_date_read(value, &seconds))
        landing->modified = seconds * SECOND;
    else if (strcasecmp(name, "Repr-Digest") == 0)
        return digest_expect_list(&landing->sums, value);
    else if (strcasecmp(name, "Content-MD5") == 0)
        return digest_expect_md5(&landing->sums, value);
    else if (strcasecmp(name, field_name(FIELD_CAIRN_EXPIRES)) == 0)
        return keep_expiry(landing, value) == ATTRIBUTES_OK;
    return keep_field(landing, name, value) == ATTRIBUTES_OK;
}

static bool begin(void *arg)
{
    struct landing *landing = arg;
    landing->error = stream_open(landing->landings->store, &landing->key, landing->size, NULL, &landing->stream);
    return !landing->error;
}

static bool take_bytes(void *arg, const void *bytes, size_t length)
{
    struct landing *landing = arg;
    const char *at = bytes;
    digest_update(&landing->sums, bytes, length);
    XXH3_128bits_update(landing->hash, bytes, length);
    atomic_fetch_add(landing->landings->received, length);
    while (length > 0) {
        size_t taken;
        landing->error = stream_write(landing->stream, at, length, &taken);
        if (landing->error)
            return false;
        at += taken;
        length -= taken;
        if (length > 0)
            wait_ready(landing);
    }
    return true;
}

/* Whether what came is what its ETag says: nobody else may ever have looked at it. */
static bool is_right(const struct landing *landing)
{
    XXH128_canonical_t canonical;
    struct store_digest digest;
    char etag[ETAG_SIZE];
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(landing->hash));
    memcpy(digest.bytes, canonical.digest, sizeof digest.bytes);
    etag_write(etag, &digest);
    return !landing->etag[0] || strcmp(etag, landing->etag) == 0;
}

static enum store_error seal(void *arg, const void **ret_attributes, size_t *ret_length)
{
    struct landing *landing = arg;
    if (!is_right(landing) || !digest_verify(&landing->sums) || digest_keep(&landing->sums, &landing->attributes))
        return STORE_DIGEST;
    *ret_attributes = landing->attributes.bytes;
    *ret_length = landing->attributes.length;
    return STORE_OK;
}

struct landing *landing_new(struct landings *landings, const struct store_key *key, const void *label)
{
    struct landing *landing = calloc(1, sizeof *landing);
    if (!landing)
        return NULL;
    landing->hash = XXH3_createState();
    if (!landing->hash) {
        free(landing);
        return NULL;
    }
    XXH3_128bits_reset(landing->hash);
    landing->landings = landings;
    landing->label = label;
    landing->key = copy_key(key, landing->key_bytes);
    landing->size = STORE_SIZE_UNKNOWN; /* a proxy that sends chunks does not tell it */
    digest_init(&landing->sums);
    return landing;
}

struct remote_reader landing_reader(struct landing *landing)
{
    return (struct remote_reader){.arg = landing, .field = take_field, .begin = begin, .take = take_bytes};
}

const char *landing_etag(const struct landing *landing)
{
    return landing->etag;
}

int64_t landing_modified(const struct landing *landing)
{
    return landing->modified;
}

enum store_error landing_error(const struct landing *landing)
{
    return landing->error;
}

void landing_commit(struct landing *landing, int64_t modified)
{
    struct stream *stream = landing->stream;
    const struct stream_finish finish = {.seal = seal, .arg = landing, .modified = modified};
    landing->stream = NULL;
    landing->old = landed_before(landing->landings, &landing->key);
    take_off(landing->landings);
    stream_commit(stream, &finish, landed, landing);
}
