/* content.c - bytes of an object, read a portion at a time. See content.h. */
#include "api/object/content.h"

#include <stdlib.h>

void content_reply(struct content *content, struct request *request, request_step *make, unsigned status,
                   const struct content_range *range)
{
    content->left = *range;
    portions_reply_bytes(request, &content->portions, make, status, range->length);
}

void content_reply_parts(struct content *content, struct request *request, request_step *make, unsigned status,
                         struct byteranges *parts)
{
    content->parts = parts;
    content_reply(content, request, make, status, &(struct content_range){.length = byteranges_length(parts)});
}

static enum store_error read_next(const struct content *content, size_t length)
{
    const struct content_range *left = &content->left;
    return content->parts ? byteranges_read(content->parts, left->first, content->bytes, length)
                          : object_read(left->object, left->first, content->bytes, length);
}

void content_make(struct content *content, struct request *request)
{
    struct portions *portions = &content->portions;
    struct content_range *left = &content->left;
    size_t length = left->length < portions->least ? (size_t)left->length : portions->least;
    char *bytes = realloc(content->bytes, length);
    if (!bytes) {
        request->error = STORE_NO_MEMORY;
        return;
    }
    content->bytes = bytes;
    request_keep_error(request, read_next(content, length));
    left->first += length;
    left->length -= length;
    portions->bytes = bytes;
    portions->length = length;
    portions->last = left->length == 0;
}

void content_free(struct content *content)
{
    byteranges_free(content->parts);
    free(content->bytes);
}
