/* agenda.h - what is to come, each at its time: many of them, the next one always at hand.
 *
 * Entries are intrusive, so that entering one cannot fail. To enter one and to look at the next costs the same however
 * many there are; to take one out, on average, their number's logarithm.
 *
 * Thread: one at a time per agenda.
 */
#ifndef CAIRN_AGENDA_H
#define CAIRN_AGENDA_H

#include <stdint.h>

struct agenda_entry {
    struct agenda_entry *next, *back, *child; /* the agenda's */
    int64_t due;
};

/* All zero: there is nothing to come. */
struct agenda {
    struct agenda_entry *first; /* the one that comes next; NULL: there is none */
};

/* Enters one that is in no agenda, with its time. */
void agenda_add(struct agenda *agenda, struct agenda_entry *entry, int64_t due);

/* Takes one out that is in it. */
void agenda_remove(struct agenda *agenda, struct agenda_entry *entry);

#endif
