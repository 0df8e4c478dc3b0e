/* cursor.h - reading the records of one segment in order, and finding the next one behind a hole.
 *
 * Thread: one at a time per cursor.
 */
#ifndef CAIRN_CURSOR_H
#define CAIRN_CURSOR_H

#include "store/log/record.h"
#include "store/log/segment.h"
#include "store/log/tidemark.h"

struct cursor {
    const struct io *io;
    const struct segment *segment; /* borrowed */
    uint64_t salt;
    uint64_t limit; /* position in the file where the records end at the latest */
    unsigned char *window;
    uint64_t window_position;
    size_t window_length;
    size_t stride;             /* length of the last record that was looked at */
    struct tidemark *tidemark; /* is shown what is read; borrowed; NULL: there is none */
};

/* What stands at a position: no record, one whose head is valid but whose payload is not, a whole one. */
enum cursor_found { CURSOR_NOTHING, CURSOR_HEAD, CURSOR_WHOLE };

/* False when memory is out. One cursor serves many segments, one after the other. */
bool cursor_init(struct cursor *cursor, const struct io *io, uint64_t salt);
void cursor_free(struct cursor *cursor);
void cursor_begin(struct cursor *cursor, const struct segment *segment, uint64_t limit);

/* Looks for a record at a position; inline payloads are compared with their digests when `payloads` is set.
 * The record points into the cursor until its next call. An errno. */
int cursor_look(struct cursor *cursor, uint64_t position, bool payloads, struct record *ret_record,
                enum cursor_found *ret_found);

/* The next position from `from` on where a record's head is valid; the limit when there is none. An errno. */
int cursor_find(struct cursor *cursor, uint64_t from, uint64_t *ret_position, struct record *ret_record);

/* The base of a segment that does not know it, from the records up to the limit: the highest that one of them tells and
 * that lies within bounds. Records within a payload were written before it, so what they tell is lower. An errno. */
int cursor_find_base(struct cursor *cursor, uint64_t least, uint64_t most, uint64_t *ret_base, bool *ret_found);

/* Whether everything from `from` to the limit is zero. An errno. */
int cursor_zeros(struct cursor *cursor, uint64_t from, bool *ret_zeros);

#endif
