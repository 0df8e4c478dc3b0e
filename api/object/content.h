/* content.h - bytes of an object that an I/O thread has to read, a portion at a time: where the kernel cannot send from
 * its file, or is not to, since several ranges of it are one answer.
 *
 * Thread: the daemon's, unless it says otherwise.
 */
#ifndef CAIRN_API_CONTENT_H
#define CAIRN_API_CONTENT_H

#include "api/http/byteranges.h"
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
    struct byteranges *parts;  /* owned; NULL: it is one range */
    struct content_range left; /* to be read; of parts: of their content */
    char *bytes;               /* of the portion */
};

/* Answers with the range; the object is borrowed until the request ends. `make` calls content_make(). */
void content_reply(struct content *content, struct request *request, request_step *make, unsigned status,
                   const struct content_range *range);

/* The same with several; takes them. */
void content_reply_parts(struct content *content, struct request *request, request_step *make, unsigned status,
                         struct byteranges *parts);

/* Reads the next portion. Thread: an I/O thread. */
void content_make(struct content *content, struct request *request);

void content_free(struct content *content);

#endif
