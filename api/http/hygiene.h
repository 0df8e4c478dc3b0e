/* hygiene.h - judges the head of a request, line by line, before libmicrohttpd reads it.
 *
 * Each version of libmicrohttpd forgives other things: a bare LF, folded lines, a blank before the colon, a NUL (the
 * value is cut there), blanks in the target, any mixture of framing fields. Each of them is a way to smuggle a request
 * past a proxy, and some of them it answers by itself, or twice, or never. Here they are a fault, the same under every
 * version. What passes is a head that all readers take for the same one, and that fits into the memory that
 * libmicrohttpd has for it, with room left for the answer's.
 *
 * Thread: any.
 */
#ifndef CAIRN_API_HYGIENE_H
#define CAIRN_API_HYGIENE_H

#include "api/http/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HYGIENE_FIELD = 64 /* bytes that libmicrohttpd takes for each field and each cookie beside its text */ };

struct hygiene {
    bool begun; /* the request line has come */
    bool old;   /* HTTP/1.0 */
    bool has_host;
    bool has_length;
    bool chunked;
    bool expects_continue, expects_other; /* by Expect: a 100 Continue; anything else */
    uint64_t length;                      /* of the body, with has_length */
    size_t memory;                        /* of the connection's, taken for what has come so far */
    struct fault fault;                   /* the first one */
};

enum hygiene_verdict {
    HYGIENE_SKIP,  /* an empty line before the request, which is none of it */
    HYGIENE_LINE,  /* a line of the head; others follow */
    HYGIENE_END,   /* the empty line at its end: how the body is framed is known */
    HYGIENE_FAULT, /* `fault` says which */
};

void hygiene_begin(struct hygiene *hygiene);

/* The next line, without its CR LF. Takes blanks behind a field's value, which are no part of it, off the length. */
enum hygiene_verdict hygiene_line(struct hygiene *hygiene, const char *line, size_t *length);

/* Of a line only so many bytes have come, and no end. False: a fault, since it can no longer fit. */
bool hygiene_waits(struct hygiene *hygiene, size_t length);

/* Memory that a whole head has left for the trailers. */
size_t hygiene_memory_left(const struct hygiene *hygiene);

/* A line ended with LF alone. */
void hygiene_bare_line(struct hygiene *hygiene);

#endif
