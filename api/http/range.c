/* range.c - reads the list of ranges, and cuts them to the object. See range.h. */
#include "api/http/range.h"
#include "api/text/decimal.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* A position, however large: none lies behind the largest number. NULL when there are no digits. */
static const char *read_number(const char *at, uint64_t *ret_number)
{
    struct decimal decimal = decimal_read(at, strlen(at));
    if (decimal.digits == 0)
        return NULL;
    *ret_number = decimal.number;
    return at + decimal.digits;
}

/* The last `suffix` bytes. */
static struct range suffix_range(uint64_t suffix, uint64_t size)
{
    uint64_t length = suffix < size ? suffix : size;
    return (struct range){size - length, length};
}

/* Reads `first-last`, `first-` or `-suffix`; the length is 0 when no byte of it lies in the object. */
static const char *read_range(const char *at, uint64_t size, struct range *ret_range)
{
    uint64_t first, last = UINT64_MAX, suffix;
    if (*at == '-') {
        at = read_number(at + 1, &suffix);
        if (at)
            *ret_range = suffix_range(suffix, size);
        return at;
    }
    at = read_number(at, &first);
    if (!at || *at != '-')
        return NULL;
    at++;
    if (*at >= '0' && *at <= '9')
        at = read_number(at, &last);
    if (last < first)
        return NULL;
    if (first >= size)
        *ret_range = (struct range){0};
    else
        *ret_range = (struct range){first, (last < size ? last : size - 1) - first + 1};
    return at;
}

/* Reads the list; false when it is malformed or too long. */
static bool read_set(const char *at, uint64_t size, struct range_set *set, size_t *ret_read)
{
    set->count = 0;
    *ret_read = 0;
    for (at += strspn(at, ", \t"); *at != '\0'; at += strspn(at, ", \t")) {
        struct range range;
        at = read_range(at, size, &range);
        if (!at || ++*ret_read > RANGE_MAX)
            return false;
        at += strspn(at, " \t");
        if (*at != '\0' && *at != ',')
            return false;
        if (range.length > 0)
            set->ranges[set->count++] = range;
    }
    return *ret_read > 0;
}

/* Of an empty object there is no part to send, but all of it for whoever asks for its last bytes, or from its first
 * one on. */
static enum range_result read_of_nothing(const char *value, struct range_set *ret_set)
{
    enum range_result of_one_byte = range_read(value, 1, ret_set);
    return of_one_byte == RANGE_FOUND ? RANGE_IGNORED : of_one_byte;
}

enum range_result range_read(const char *value, uint64_t size, struct range_set *ret_set)
{
    size_t read;
    if (size == 0)
        return read_of_nothing(value, ret_set);
    if (strncasecmp(value, "bytes=", 6) != 0 || !read_set(value + 6, size, ret_set, &read))
        return RANGE_IGNORED;
    if (ret_set->count == 0)
        return RANGE_UNSATISFIABLE;
    uint64_t left = size;
    for (size_t i = 0; i < ret_set->count; i++) {
        if (ret_set->ranges[i].length > left)
            return RANGE_IGNORED;
        left -= ret_set->ranges[i].length;
    }
    return RANGE_FOUND;
}
