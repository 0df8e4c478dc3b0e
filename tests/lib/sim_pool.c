/* sim_pool.c - the objects of a pool: a list, and what each of them holds. */
#include "tests/lib/sim_pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

/* ---- texts ----------------------------------------------------------------------------------- */

/* Where a name stands, or belongs. */
static size_t place_of(const struct sim_texts *texts, const char *name, bool *ret_there)
{
    size_t at = 0;
    while (at < texts->count && strcmp(texts->items[at].name, name) < 0)
        at++;
    *ret_there = at < texts->count && strcmp(texts->items[at].name, name) == 0;
    return at;
}

static void remove_text(struct sim_texts *texts, const char *name)
{
    bool there;
    size_t at = place_of(texts, name, &there);
    if (!there)
        return;
    free(texts->items[at].name);
    free(texts->items[at].text);
    memmove(&texts->items[at], &texts->items[at + 1], (--texts->count - at) * sizeof *texts->items);
}

static void set_text(struct sim_texts *texts, const char *name, const void *bytes, size_t length)
{
    bool there;
    char *text = must(length > 0 ? strndup(bytes, length) : strdup(""));
    size_t at = place_of(texts, name, &there);
    if (there) {
        free(texts->items[at].text);
        texts->items[at].text = text;
        return;
    }
    if (texts->count == texts->capacity) {
        texts->capacity = texts->capacity ? texts->capacity * 2 : 4;
        texts->items = must(realloc(texts->items, texts->capacity * sizeof *texts->items));
    }
    memmove(&texts->items[at + 1], &texts->items[at], (texts->count++ - at) * sizeof *texts->items);
    texts->items[at] = (struct sim_text){must(strdup(name)), text};
}

const char *sim_object_text(const struct sim_object *object, enum cluster_kind kind, const char *name)
{
    bool there;
    const struct sim_texts *texts = &object->texts[kind];
    size_t at = place_of(texts, name, &there);
    return there ? texts->items[at].text : NULL;
}

/* ---- objects --------------------------------------------------------------------------------- */

static void object_free(struct sim_object *object)
{
    for (size_t kind = 0; kind < 2; kind++) {
        while (object->texts[kind].count > 0)
            remove_text(&object->texts[kind], object->texts[kind].items[0].name);
        free(object->texts[kind].items);
    }
    free(object->bytes);
    free(object);
}

void sim_pool_free(struct sim_pool *pool)
{
    while (pool->objects) {
        struct sim_object *next = pool->objects->next;
        object_free(pool->objects);
        pool->objects = next;
    }
    pool->count = 0;
}

struct sim_object *sim_pool_find(struct sim_pool *pool, const char *name)
{
    struct sim_object *object = pool->objects;
    while (object && strcmp(object->name, name) != 0)
        object = object->next;
    return object;
}

struct sim_object *sim_pool_make(struct sim_pool *pool, const char *name)
{
    struct sim_object *object = must(calloc(1, sizeof *object));
    memcpy(object->name, name, strlen(name) + 1);
    object->next = pool->objects;
    pool->objects = object;
    pool->count++;
    return object;
}

static void sim_pool_remove(struct sim_pool *pool, const struct sim_object *object)
{
    struct sim_object **link = &pool->objects;
    while (*link != object)
        link = &(*link)->next;
    struct sim_object *found = *link;
    *link = found->next;
    pool->count--;
    object_free(found);
}

static void resize(struct sim_object *object, size_t size)
{
    object->bytes = must(realloc(object->bytes, size + 1));
    if (size > object->size)
        memset(object->bytes + object->size, 0, size - object->size);
    object->size = size;
}

size_t sim_object_read(const struct sim_object *object, void *bytes, size_t length, uint64_t position)
{
    if (position >= object->size)
        return 0;
    size_t left = object->size - (size_t)position;
    size_t got = length < left ? length : left;
    memcpy(bytes, object->bytes + position, got);
    return got;
}

/* ---- changes --------------------------------------------------------------------------------- */

/* What is not there is as the empty text. */
static bool is_so(const struct sim_object *object, const struct cluster_step *step)
{
    enum cluster_kind kind = step->kind == CLUSTER_ROW_IS ? CLUSTER_ROWS : CLUSTER_ATTRIBUTES;
    const char *text = object ? sim_object_text(object, kind, step->name) : NULL;
    if (!text)
        text = "";
    return strlen(text) == step->length && memcmp(text, step->bytes, step->length) == 0;
}

/* Whether all can be done; an errno. Guards of an object that is not there are ENOENT; so is one of an attribute where
 * it is made in front of that. */
static int check(const struct sim_object *object, const struct cluster_step *steps, size_t count)
{
    bool there = object != NULL;
    for (size_t i = 0; i < count; i++) {
        const struct cluster_step *step = &steps[i];
        bool guards = step->kind == CLUSTER_ROW_IS || step->kind == CLUSTER_ATTRIBUTE_IS;
        if (!there && (guards || step->kind == CLUSTER_EXISTS || step->kind == CLUSTER_REMOVE))
            return ENOENT;
        if (!object && step->kind == CLUSTER_ATTRIBUTE_IS)
            return ENOENT;
        if (guards && !is_so(object, step))
            return ECANCELED;
        there = there || (step->kind != CLUSTER_TRUNCATE && step->kind != CLUSTER_REMOVE_ROW);
    }
    return 0;
}

static void apply(struct sim_object *object, const struct cluster_step *step)
{
    switch (step->kind) {
    case CLUSTER_WRITE:
        if (step->position + step->length > object->size)
            resize(object, (size_t)step->position + step->length);
        memcpy(object->bytes + step->position, step->bytes, step->length);
        break;
    case CLUSTER_TRUNCATE:
        resize(object, (size_t)step->position);
        break;
    case CLUSTER_SET_ATTRIBUTE:
        set_text(&object->texts[CLUSTER_ATTRIBUTES], step->name, step->bytes, step->length);
        break;
    case CLUSTER_SET_ROW:
        set_text(&object->texts[CLUSTER_ROWS], step->name, step->bytes, step->length);
        break;
    case CLUSTER_REMOVE_ROW:
        remove_text(&object->texts[CLUSTER_ROWS], step->name);
        break;
    default:
        break;
    }
}

int sim_pool_change(struct sim_pool *pool, const char *name, const struct cluster_step *steps, size_t count)
{
    struct sim_object *object = sim_pool_find(pool, name);
    int error = check(object, steps, count);
    for (size_t i = 0; i < count && !error; i++) {
        bool makes = steps[i].kind != CLUSTER_TRUNCATE && steps[i].kind != CLUSTER_REMOVE_ROW;
        if (!object && makes)
            object = sim_pool_make(pool, name);
        if (steps[i].kind == CLUSTER_REMOVE) {
            sim_pool_remove(pool, object);
            object = NULL;
        } else if (object) {
            apply(object, &steps[i]);
        }
    }
    if (object && !error)
        object->changes++;
    return error;
}
