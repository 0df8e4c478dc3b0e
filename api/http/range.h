/* range.h - the Range field (RFC 9110, section 14): which bytes of an object are asked for.
 *
 * A field that is not understood is ignored, as is one that asks for more pieces than a reader can
 * want, or for more bytes in all than the object has: the whole object is then the cheaper answer. So is a range
 * that an empty object could satisfy if only it had a byte: the answer is the whole of it, no bytes.
 *
 * Thread: any.
 */
#ifndef CAIRN_API_RANGE_H
#define CAIRN_API_RANGE_H

#include <stddef.h>
#include <stdint.h>

enum { RANGE_MAX = 64 }; /* pieces in one answer */

/* Bytes first to first + length - 1; never empty. */
struct range {
    uint64_t first;
    uint64_t length;
};

struct range_set {
    size_t count;
    struct range ranges[RANGE_MAX];
};

enum range_result {
    RANGE_IGNORED,       /* send the whole */
    RANGE_FOUND,         /* send what is in the set, at least one */
    RANGE_UNSATISFIABLE, /* no piece of it lies in the object */
};

/* Reads the field's value for an object of `size` bytes; the set is defined when RANGE_FOUND. */
enum range_result range_read(const char *value, uint64_t size, struct range_set *ret_set);

#endif
