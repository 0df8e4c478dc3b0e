/* byteranges.h - several ranges of one object as the content of a multipart/byteranges answer.
 *
 * The heads of the parts are written beforehand, so that the length of the whole is known; the bytes
 * come from the pinned object while they are sent.
 *
 * Thread: one at a time.
 */
#ifndef CAIRN_API_BYTERANGES_H
#define CAIRN_API_BYTERANGES_H

#include "api/http/range.h"
#include "store/store.h"

#include <stdint.h>
#include <sys/types.h>

struct byteranges;

/* Takes the object; `content_type` is that of each part. NULL when memory is out; the object is then
 * still the caller's. */
struct byteranges *byteranges_new(struct object *object, const char *content_type, const struct range_set *set);

uint64_t byteranges_length(const struct byteranges *byteranges);

/* The value of Content-Type; borrowed. */
const char *byteranges_content_type(const struct byteranges *byteranges);

/* `length` bytes of the content from `position` on, by object_read(), or, with `now`, object_read_now(). */
enum store_error byteranges_read(const struct byteranges *byteranges, uint64_t position, char *bytes, size_t length,
                                 bool now);

/* The same as an MHD_ContentReaderCallback, for a payload in memory. */
ssize_t byteranges_hand_over(void *byteranges, uint64_t position, char *bytes, size_t capacity);

/* NULL is allowed. */
void byteranges_free(void *byteranges);

#endif
