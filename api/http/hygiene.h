/* hygiene.h - refuses what libmicrohttpd 0.9.75 lets through and a proxy may read differently.
 *
 * Its parser accepts a bare LF, folded lines, a blank before the colon, a NUL (the value is cut
 * there), blanks in the target and any mixture of framing fields. Each of them is a way to smuggle a
 * request past a proxy, so that the answer is 400 and the connection closes.
 *
 * How it is seen: the parser works in place. It ends the method, the target, every name and every
 * value with a NUL where it found a delimiter, and hands out pointers into one buffer. In a clean
 * request these pieces therefore follow each other without a gap: exactly one delimiter after method
 * and target, exactly CR LF after the version and after each value, a colon and blanks after each name,
 * and one more CR LF at the end of the head. A walk that finds every piece where the last one ended has
 * seen every byte of the head; anything else in between is what must not be there.
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_HYGIENE_H
#define CAIRN_API_HYGIENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/http/fields.h"

struct hygiene {
    const char *at;    /* where the next piece of the head must begin */
    const char *fault; /* a sentence, or NULL while nothing is wrong */
};

/* Begins the walk: `target_length` is what the target measured before it was split at its question mark. */
void hygiene_begin(struct hygiene *hygiene, const char *method, const char *target, size_t target_length,
                   const char *version);

/* One field, in the order received; false at the first fault. */
bool hygiene_field(struct hygiene *hygiene, const char *name, size_t name_length, const char *value,
                   size_t value_length);

/* Ends the walk: the head must end here, `head_length` bytes after the method's first. */
bool hygiene_end(struct hygiene *hygiene, const char *method, size_t head_length);

/* The rules about Host and about how the body is framed. NULL when they hold, or a sentence. */
const char *hygiene_framing(const struct fields *fields, const char *version);

#endif
