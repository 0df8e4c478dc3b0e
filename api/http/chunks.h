/* chunks.h - judges how a chunked body is framed, before libmicrohttpd reads it.
 *
 * Versions of libmicrohttpd differ in what they make of chunk extensions and of a LF alone; a line that does not fit
 * into its memory makes one of them run for ever. What passes here is a body without extensions and needless zeros,
 * whose lines end with CR LF, and with no more trailers than there is memory for.
 *
 * A trailer `Authorization` passes with blanks for its value: a token that is of no use there is not left in memory.
 *
 * What is left out is bounded by what arrives: extensions and zeros may have 16 KiB more than the data.
 *
 * Thread: any.
 */
#ifndef CAIRN_API_CHUNKS_H
#define CAIRN_API_CHUNKS_H

#include "api/http/fault.h"
#include "api/http/flow.h"

#include <stdbool.h>
#include <stdint.h>

enum chunks_state {
    CHUNKS_SIZE,          /* the first digit is to come */
    CHUNKS_DIGITS,        /* others may follow */
    CHUNKS_BLANK,         /* blanks, which only an extension may follow */
    CHUNKS_EXTENSION,     /* up to the line's end */
    CHUNKS_SIZE_LF,       /* the line's CR has come */
    CHUNKS_DATA,          /* `left` bytes of it are to come */
    CHUNKS_DATA_CR,       /* the end of the data */
    CHUNKS_DATA_LF,       /* its CR has come */
    CHUNKS_TRAILER,       /* a line begins, or the last one */
    CHUNKS_TRAILER_NAME,  /* of a field */
    CHUNKS_TRAILER_VALUE, /* up to the line's end */
    CHUNKS_TRAILER_LF,    /* the line's CR has come */
    CHUNKS_LAST_LF,       /* the last line's CR has come */
    CHUNKS_END,           /* the body is complete */
};

struct chunks {
    enum chunks_state state;
    uint64_t left; /* the size of a chunk as far as it has come, then what is to come of its data */
    uint64_t data; /* bytes of all chunks' that have come */
    size_t spare;  /* bytes that may still be left out */
    size_t memory; /* of the connection's, for the trailers */
    size_t alike;  /* bytes of a trailer's name that are those of one whose value is blanked; more: it is another one */
    struct fault fault;
};

/* `memory` is what the head has left of the memory that there is for both. */
void chunks_begin(struct chunks *chunks, size_t memory);

/* Passes what there is, up to the end of the body or to a fault, which leaves the rest in the flow. */
void chunks_pass(struct chunks *chunks, struct flow *flow);

/* After a fault: what makes of the bytes that have passed something that libmicrohttpd goes on with, be it one byte of
 * data more or the end of the body. */
const char *chunks_rest(const struct chunks *chunks);

#endif
