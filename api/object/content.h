/* content.h - the bytes of an object whose file the kernel cannot send from: read a portion at a time.
 *
 * Thread: the daemon's, unless it says otherwise.
 */
#ifndef CAIRN_API_CONTENT_H
#define CAIRN_API_CONTENT_H

#include "api/request/portions.h"

/* Bytes of an object. */
struct content_range {
    const struct object *object;
    uint64_t first;
    uint64_t length;
};

/* All zero: there is none. */
struct content {
    struct portions portions;
    struct content_range left; /* to be read */
    char *bytes;               /* of the portion */
};

/* Answers with the range; the object is borrowed until the request ends. `make` calls content_make(). */
void content_reply(struct content *content, struct request *request, request_step *make, unsigned status,
                   const struct content_range *range);

/* Reads the next portion. Thread: an I/O thread. */
void content_make(struct content *content, struct request *request);

void content_free(struct content *content);

#endif
