/* content.c - bytes of an object, read a portion at a time. See content.h. */
#include "api/object/content.h"

#include <stdlib.h>

static enum store_error read_next(const struct content *content, size_t length, bool now)
{
    const struct content_range *left = &content->left;
    return content->parts ? byteranges_read(content->parts, left->first, content->bytes, length, now)
                          : (now ? object_read_now : object_read)(left->object, left->first, content->bytes, length);
}

static size_t next_length(const struct content *content)
{
    size_t least = content->portions.least;
    return content->left.length < least ? (size_t)content->left.length : least;
}

static void go_on(struct content *content, size_t length)
{
    struct portions *portions = &content->portions;
    content->left.first += length;
    content->left.length -= length;
    portions->bytes = content->bytes;
    portions->length = length;
    portions->last = content->left.length == 0;
}

/* There is room for it in the memory of the portion before. */
static bool make_now(struct request *request)
{
    struct content *content = (struct content *)request->portions; /* which it begins with */
    size_t length = next_length(content);
    if (!content->bytes || read_next(content, length, true) != STORE_OK)
        return false;
    go_on(content, length);
    return true;
}

void content_reply(struct content *content, struct request *request, request_step *make, unsigned status,
                   const struct content_range *range)
{
    content->left = *range;
    portions_reply_bytes(request, &content->portions, make, status, range->length);
    content->portions.make_now = make_now;
}

void content_reply_parts(struct content *content, struct request *request, request_step *make, unsigned status,
                         struct byteranges *parts)
{
    content->parts = parts;
    content_reply(content, request, make, status, &(struct content_range){.length = byteranges_length(parts)});
}

void content_make(struct content *content, struct request *request)
{
    size_t length = next_length(content);
    char *bytes = realloc(content->bytes, length);
    if (!bytes) {
        request->error = STORE_NO_MEMORY;
        return;
    }
    content->bytes = bytes;
    request_keep_error(request, read_next(content, length, false));
    go_on(content, length);
}

void content_free(struct content *content)
{
    byteranges_free(content->parts);
    free(content->bytes);
}
