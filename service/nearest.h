/* nearest.h - what somebody may have meant by a word that is none: the known word that the fewest changes make of it.
 *
 *     struct nearest nearest = {.word = "treads", .length = 6};
 *     nearest_try(&nearest, "threads");
 *     nearest_try(&nearest, "listen");
 *     nearest.best;                       // "threads"; NULL when no word is near
 */
#ifndef CAIRN_NEAREST_H
#define CAIRN_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *word;
    size_t length;
    const char *best; /* borrowed from nearest_try() */
    size_t changes;   /* from `word` to `best` */
};

/* Offers a known word; it must live as long as the result is used. */
void nearest_try(struct nearest *nearest, const char *known);

#endif
