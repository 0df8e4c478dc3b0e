/* rights.h - what may be done in a store, as a set of five; and what an operation asks for.
 *
 *     read     GET, HEAD, batch-get, the source of a copy or a move
 *     list     listings
 *     write    PUT, batches, the target of a copy or a move
 *     delete   DELETE, the source of a move
 *     admin    making, deleting and verifying stores, their limits; on every store: the server's metrics
 *
 * Thread: any.
 */
#ifndef CAIRN_API_RIGHTS_H
#define CAIRN_API_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>

enum right {
    RIGHT_READ = 1,
    RIGHT_LIST = 2,
    RIGHT_WRITE = 4,
    RIGHT_DELETE = 8,
    RIGHT_ADMIN = 16,
    RIGHTS_ALL = RIGHT_READ | RIGHT_LIST | RIGHT_WRITE | RIGHT_DELETE | RIGHT_ADMIN
};

/* The right of that name; 0: there is none. */
unsigned right_named(const char *name, size_t length);

enum { RIGHTS_TEXT_SIZE = sizeof "read and list and write and delete and admin" };

/* Their names, with `between` after each but the last: ", " or " or ". */
void rights_write(char text[RIGHTS_TEXT_SIZE], unsigned rights, const char *between);

/* Where an operation has to be allowed. */
enum scope {
    SCOPE_NONE,    /* nobody has thought about it: it is refused */
    SCOPE_PUBLIC,  /* everybody may */
    SCOPE_METRICS, /* on every store, unless the operator has opened them */
    SCOPE_KNOWN,   /* whoever may do anything anywhere, and is shown no more than that */
    SCOPE_STORE,   /* on the whole store of the path */
    SCOPE_WITHIN,  /* somewhere in that store: where exactly stands elsewhere, and the endpoint asks when it knows */
    SCOPE_OBJECT,  /* on the object of the path */
};

/* What an operation asks for, a column of the table of routes. */
struct demand {
    enum scope scope;
    unsigned rights;
    bool any; /* one of them will do */
};

/* Which of the rights that are demanded are lacking where some are given. */
unsigned demand_lacks(const struct demand *demand, unsigned given);

#endif
