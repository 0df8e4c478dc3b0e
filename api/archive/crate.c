/* crate.c - one buffer, and where in it each member stands, since it moves when it grows. See crate.h. */
#include "api/archive/crate.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_BYTES = 64 << 10, FIRST_OPS = 64 };

struct crate_place {
    size_t key, attributes, payload, filled;
};

static size_t op_cost(void)
{
    return sizeof(struct store_op) + sizeof(struct crate_place);
}

static size_t at_least(size_t capacity, size_t needed, size_t most)
{
    while (capacity < needed)
        capacity *= 2;
    return capacity < most ? capacity : most;
}

/* Makes both buffers so large, within the budget. */
static bool grow(struct crate *crate, size_t bytes, size_t ops)
{
    if (!budget_take(crate->budget, &crate->share, bytes + ops * op_cost()))
        return false;
    char *buffer = bytes == crate->capacity ? crate->bytes : realloc(crate->bytes, bytes);
    if (buffer) {
        crate->bytes = buffer;
        crate->capacity = bytes;
    }
    struct store_op *grown = ops == crate->ops_capacity ? crate->ops : reallocarray(crate->ops, ops, sizeof *grown);
    if (grown)
        crate->ops = grown;
    struct crate_place *places = ops == crate->ops_capacity ? crate->places
                                                            : reallocarray(crate->places, ops, sizeof *places);
    if (places)
        crate->places = places;
    if (buffer && grown && places)
        crate->ops_capacity = ops;
    return buffer && grown && places;
}

static size_t append(struct crate *crate, const void *bytes, size_t length)
{
    size_t at = crate->length;
    if (length > 0)
        memcpy(crate->bytes + at, bytes, length);
    crate->length += length;
    return at;
}

enum crate_answer crate_add(struct crate *crate, const struct store_key *key, const void *attributes,
                            size_t attributes_length, size_t size)
{
    size_t more = key->length + attributes_length + size, needed = crate->length + more;
    if (size > crate->bytes_limit || needed > crate->bytes_limit || crate->count == crate->ops_limit)
        return CRATE_FULL;
    size_t bytes = at_least(crate->capacity == 0 ? FIRST_BYTES : crate->capacity, needed, crate->bytes_limit);
    size_t ops = at_least(crate->ops_capacity == 0 ? FIRST_OPS : crate->ops_capacity, crate->count + 1,
                          crate->ops_limit);
    if (!grow(crate, bytes, ops))
        return CRATE_BUSY;
    struct crate_place *place = &crate->places[crate->count];
    crate->begun = crate->length;
    place->key = append(crate, key->bytes, key->length);
    place->attributes = append(crate, attributes, attributes_length);
    place->payload = crate->length;
    place->filled = 0;
    crate->length += size;
    crate->ops[crate->count++] = (struct store_op){
        .kind = STORE_PUT, .key = *key, .size = size, .attributes_length = attributes_length};
    return CRATE_OK;
}

void crate_fill(struct crate *crate, const void *bytes, size_t length)
{
    struct crate_place *place = &crate->places[crate->count - 1];
    memcpy(crate->bytes + place->payload + place->filled, bytes, length);
    place->filled += length;
}

const void *crate_content(const struct crate *crate)
{
    return crate->bytes + crate->places[crate->count - 1].payload;
}

void crate_drop(struct crate *crate)
{
    crate->length = crate->begun;
    crate->count--;
}

const struct store_op *crate_ops(struct crate *crate)
{
    for (size_t i = 0; i < crate->count; i++) {
        struct store_op *op = &crate->ops[i];
        op->key.bytes = op->key.length > 0 ? crate->bytes + crate->places[i].key : NULL;
        op->attributes = crate->bytes + crate->places[i].attributes;
        op->payload = crate->bytes + crate->places[i].payload;
    }
    return crate->ops;
}

void crate_empty(struct crate *crate)
{
    crate->length = crate->count = 0;
}

void crate_free(struct crate *crate)
{
    free(crate->bytes);
    free(crate->ops);
    free(crate->places);
    budget_keep(&crate->share, 0);
    *crate = (struct crate){0};
}
