/* batch_form.h - a batch as multipart/form-data (RFC 7578), as `curl -F key=@file` sends it: each part is a put.
 *
 *     --boundary
 *     Content-Disposition: form-data; name="the/key"; filename="ignored"
 *     Content-Type: text/plain            (kept with the object, as are Cairn-Meta-* fields)
 *
 *     the payload, any bytes
 *     --boundary--
 *
 * The part's name is the key. In it %22, %0D and %0A stand for a quote, CR and LF, as browsers and curl write them,
 * and so does \" for a quote, as others do; every other byte is itself, a backslash too. A quote ends the name where a
 * semicolon or the end of the line follows. Keys that this cannot express are for JSON. Thread: any.
 */
#ifndef CAIRN_API_BATCH_FORM_H
#define CAIRN_API_BATCH_FORM_H

#include <stdbool.h>
#include <stddef.h>

struct entries;

enum { BATCH_FORM_BOUNDARY_MAX = 70 };

/* The boundary that a Content-Type field announces, ended by NUL; false when there is none, or not a legal one. */
bool batch_form_boundary(const char *content_type, char boundary[BATCH_FORM_BOUNDARY_MAX + 1]);

/* Reads a body; names are decoded where they stand, payloads are borrowed from it. False when entries->fault says
 * what is wrong. */
bool batch_form_read(char *body, size_t length, const char *boundary, struct entries *entries);

#endif
