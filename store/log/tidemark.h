/* tidemark.h - the digest of a segment's file up to any place, of which most is known since the log was opened.
 *
 * It is that of the file's bytes in pieces of 1 MiB, each seeded with the store's salt and, by exclusive or, the digest
 * of the pieces in front of it. The last segment is read whole when a log is opened, and what it comes to behind each
 * piece is taken down then: whoever wants the digest up to a place later reads only what is behind the last piece in
 * front of it. What stands behind the records of that moment is written to later, and not taken down.
 *
 * Thread: one, until tidemark_end(); then any.
 */
#ifndef CAIRN_TIDEMARK_H
#define CAIRN_TIDEMARK_H

#include <stddef.h>
#include <stdint.h>
#include <xxhash.h>

enum { TIDEMARK_PIECE = 1 << 20 };

struct tidemark {
    uint64_t salt;
    XXH3_state_t *state; /* of the piece under way; NULL: it has ended, or memory was out */
    uint64_t end;        /* bytes that were seen */
    uint64_t *digests;   /* behind each piece */
    size_t count;
    size_t capacity;
};

/* NULL: memory is out. */
struct tidemark *tidemark_new(uint64_t salt);

/* NULL is allowed. */
void tidemark_free(struct tidemark *tidemark);

/* Bytes of the file come along, in order from its beginning on; those that were seen already do no harm. */
void tidemark_see(struct tidemark *tidemark, const void *bytes, size_t length, uint64_t position);

/* No more come, and the records end there. NULL where nothing is known, and then there is nothing to be freed; NULL is
 * allowed. */
struct tidemark *tidemark_end(struct tidemark *tidemark, uint64_t position);

/* The last place up to a position from which on the digest has to be made, and what it comes to in front of that: 0 and
 * 0 where nothing is known, or the tidemark is NULL. */
uint64_t tidemark_find(const struct tidemark *tidemark, uint64_t position, uint64_t *ret_digest);

#endif
