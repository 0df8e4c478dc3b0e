/* expiry.c - when an object expires. expiry.h has the bytes. */
#include "store/base/expiry.h"

#include "store/base/little.h"

#include <string.h>

static const unsigned char mark[4] = {1, 10, 8, 0};

void store_expiry_write(unsigned char ret_bytes[STORE_EXPIRY], int64_t seconds)
{
    memcpy(ret_bytes, mark, sizeof mark);
    little_put64(ret_bytes + sizeof mark, (uint64_t)seconds);
}

int64_t store_expiry(const void *attributes, size_t length)
{
    if (length < STORE_EXPIRY || memcmp(attributes, mark, sizeof mark) != 0)
        return 0;
    int64_t seconds = (int64_t)little_get64((const unsigned char *)attributes + sizeof mark);
    return seconds > 0 ? seconds : 0;
}
