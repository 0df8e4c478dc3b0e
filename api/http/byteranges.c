/* byteranges.c - lays the heads of all parts out first, then reads payload between them. See byteranges.h. */
#include "api/http/byteranges.h"

#include "api/text/hex.h"

#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { BOUNDARY = 32 };

/* A part: where it begins in the content, its head, its range. The last one is the closing delimiter. */
struct part {
    uint64_t begin;
    char *head; /* owned */
    size_t head_length;
    struct range range;
};

struct byteranges {
    struct object *object;
    char content_type[sizeof "multipart/byteranges; boundary=" + BOUNDARY];
    uint64_t length;
    size_t count;
    struct part parts[];
};

/* Nobody can have put it into the object beforehand. */
static bool make_boundary(char boundary[BOUNDARY + 1])
{
    uint8_t random[BOUNDARY / 2];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return false;
    hex_encode(boundary, random, sizeof random);
    boundary[BOUNDARY] = '\0';
    return true;
}

static bool add_part(struct byteranges *byteranges, const char *boundary, const char *content_type,
                     const struct range *range, uint64_t size)
{
    struct part *part = &byteranges->parts[byteranges->count];
    int printed = asprintf(
        &part->head, "\r\n--%s\r\nContent-Type: %s\r\nContent-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n\r\n",
        boundary, content_type, range->first, range->first + range->length - 1, size);
    if (printed < 0)
        return false;
    byteranges->count++;
    part->begin = byteranges->length;
    part->head_length = (size_t)printed;
    part->range = *range;
    byteranges->length += part->head_length + range->length;
    return true;
}

static bool add_end(struct byteranges *byteranges, const char *boundary)
{
    struct part *part = &byteranges->parts[byteranges->count];
    int printed = asprintf(&part->head, "\r\n--%s--\r\n", boundary);
    if (printed < 0)
        return false;
    byteranges->count++;
    part->begin = byteranges->length;
    part->head_length = (size_t)printed;
    byteranges->length += part->head_length;
    return true;
}

static bool fill(struct byteranges *byteranges, const char *content_type, const struct range_set *set, uint64_t size)
{
    char boundary[BOUNDARY + 1];
    if (!make_boundary(boundary))
        return false;
    snprintf(byteranges->content_type, sizeof byteranges->content_type, "multipart/byteranges; boundary=%s", boundary);
    for (size_t i = 0; i < set->count; i++)
        if (!add_part(byteranges, boundary, content_type, &set->ranges[i], size))
            return false;
    return add_end(byteranges, boundary);
}

struct byteranges *byteranges_new(struct object *object, const char *content_type, const struct range_set *set)
{
    struct byteranges *byteranges = calloc(1, sizeof *byteranges + (set->count + 1) * sizeof(struct part));
    if (!byteranges)
        return NULL;
    if (!fill(byteranges, content_type, set, object_info(object)->size)) {
        byteranges_free(byteranges);
        return NULL;
    }
    byteranges->object = object;
    return byteranges;
}

uint64_t byteranges_length(const struct byteranges *byteranges)
{
    return byteranges->length;
}

const char *byteranges_content_type(const struct byteranges *byteranges)
{
    return byteranges->content_type;
}

static size_t smaller(uint64_t a, size_t b)
{
    return a < b ? (size_t)a : b;
}

/* As many bytes as stand in one place: in the head of a part, or in its payload. */
static enum store_error read_some(const struct byteranges *byteranges, uint64_t position, char *bytes, size_t *length,
                                  bool now)
{
    size_t i = byteranges->count - 1;
    while (byteranges->parts[i].begin > position)
        i--;
    const struct part *part = &byteranges->parts[i];
    uint64_t offset = position - part->begin;
    if (offset < part->head_length) {
        *length = smaller(part->head_length - offset, *length);
        memcpy(bytes, part->head + offset, *length);
        return STORE_OK;
    }
    offset -= part->head_length;
    *length = smaller(part->range.length - offset, *length);
    return (now ? object_read_now : object_read)(byteranges->object, part->range.first + offset, bytes, *length);
}

enum store_error byteranges_read(const struct byteranges *byteranges, uint64_t position, char *bytes, size_t length,
                                 bool now)
{
    enum store_error error = STORE_OK;
    for (size_t done = 0, some; error == STORE_OK && done < length; done += some) {
        some = length - done;
        error = read_some(byteranges, position + done, bytes + done, &some, now);
    }
    return error;
}

ssize_t byteranges_hand_over(void *closure, uint64_t position, char *bytes, size_t capacity)
{
    const struct byteranges *byteranges = closure;
    size_t length = smaller(byteranges->length - position, capacity);
    if (byteranges_read(byteranges, position, bytes, length, false) != STORE_OK)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    return (ssize_t)length;
}

void byteranges_free(void *closure)
{
    struct byteranges *byteranges = closure;
    if (!byteranges)
        return;
    for (size_t i = 0; i < byteranges->count; i++)
        free(byteranges->parts[i].head);
    object_release(byteranges->object);
    free(byteranges);
}
