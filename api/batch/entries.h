/* entries.h - the operations of a batch while they are read, with what they own, and the first fault in them.
 *
 * batch_json.c and batch_form.c read bodies into it; batch.c hands `ops` to the engine. Keys and payloads are
 * borrowed from the body.
 *
 * Functions that return false have set a fault, and reading has to stop. Thread: one at a time per struct.
 */
#ifndef CAIRN_API_ENTRIES_H
#define CAIRN_API_ENTRIES_H

#include "api/http/kept.h"
#include "api/http/precondition.h"
#include "api/http/problem.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>

/* What an operation owns. */
struct entry {
    struct precondition precondition;
    struct attributes attributes;
};

struct entries_fault {
    enum problem problem;
    size_t index;       /* of the entry at fault; SIZE_MAX when none is */
    char sentence[320]; /* without a full stop; "" while nothing is wrong */
};

struct entries {
    struct store_op *ops;
    struct entry *owned; /* one per op */
    size_t count, capacity;
    size_t limit; /* operations that are allowed */
    struct entries_fault fault;
};

/* Adds an operation, all zero; it is the one that the functions below are about. Pointers to earlier ones
 * become invalid. */
bool entries_add(struct entries *entries);

/* Fills in what an operation borrows from its entry, once all have been read. */
void entries_complete(struct entries *entries);

struct store_op *entries_last(const struct entries *entries);

/* Attributes and conditions of the last operation. Values are ended by NUL; `length` is theirs, to find a NUL
 * before that; but an expiry has no end of its own, and `name` is what it is called where it comes from. */
bool entries_kept(struct entries *entries, const struct kept *kept, const char *value, size_t length);
bool entries_meta(struct entries *entries, const char *name, size_t name_length, const char *value, size_t length);
bool entries_expiry(struct entries *entries, const char *name, const char *value, size_t length);
bool entries_if_match(struct entries *entries, const char *value, size_t length);
bool entries_if_none_match(struct entries *entries, const char *value, size_t length);

/* Sets the fault, of the last operation (422) or of the body as a whole (400). Always false. */
bool entries_refuse(struct entries *entries, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool entries_malformed(struct entries *entries, const char *format, ...) __attribute__((format(printf, 2, 3)));

void entries_free(struct entries *entries);

#endif
