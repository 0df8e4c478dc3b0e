/* coding_none.c - coding.h in a build without zlib and libzstd (-DCAIRN_CODINGS=OFF): none is taken off. */
#include "api/archive/coding.h"

bool coding_known(const char *content_encoding)
{
    (void)content_encoding;
    return false;
}

size_t coding_cost(enum coding_kind kind)
{
    (void)kind;
    return 0;
}

struct coding *coding_new(enum coding_kind kind)
{
    (void)kind;
    return NULL;
}

const char *coding_decode(struct coding *coding, const char *bytes, size_t length, size_t *ret_used, char *room,
                          size_t capacity, size_t *ret_made)
{
    (void)coding, (void)bytes, (void)length, (void)room, (void)capacity;
    *ret_used = *ret_made = 0;
    return "this build knows no codings";
}

bool coding_is_whole(const struct coding *coding)
{
    (void)coding;
    return false;
}

void coding_free(struct coding *coding)
{
    (void)coding;
}
