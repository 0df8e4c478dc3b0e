/* agenda.c - a pairing heap: a tree in which nothing comes before what stands above it. See agenda.h.
 *
 * The children of an entry are a list. `back` leads to the one in front in that list, or from the first one to the
 * entry above.
 */
#include "store/base/agenda.h"

#include <assert.h>
#include <stddef.h>

/* Of two trees makes one. */
static struct agenda_entry *join(struct agenda_entry *a, struct agenda_entry *b)
{
    struct agenda_entry *above = b->due < a->due ? b : a, *below = above == a ? b : a;
    below->next = above->child;
    below->back = above;
    if (above->child)
        above->child->back = below;
    above->child = below;
    return above;
}

/* Joins the trees of a list two by two, and then all of them: so that what is above stays few. */
static struct agenda_entry *join_all(struct agenda_entry *list)
{
    struct agenda_entry *pairs = NULL, *whole = NULL;
    while (list) {
        struct agenda_entry *one = list, *other = one->next;
        list = other ? other->next : NULL;
        one = other ? join(one, other) : one;
        one->next = pairs;
        pairs = one;
    }
    while (pairs) {
        struct agenda_entry *one = pairs;
        pairs = one->next;
        whole = whole ? join(whole, one) : one;
    }
    if (whole)
        whole->next = whole->back = NULL;
    return whole;
}

void agenda_add(struct agenda *agenda, struct agenda_entry *entry, int64_t due)
{
    *entry = (struct agenda_entry){.due = due};
    agenda->first = agenda->first ? join(agenda->first, entry) : entry;
}

void agenda_remove(struct agenda *agenda, struct agenda_entry *entry)
{
    struct agenda_entry *below = join_all(entry->child);
    if (agenda->first == entry) {
        agenda->first = below;
        return;
    }
    assert(entry->back);
    if (entry->back->child == entry)
        entry->back->child = entry->next;
    else
        entry->back->next = entry->next;
    if (entry->next)
        entry->next->back = entry->back;
    if (below)
        agenda->first = join(agenda->first, below);
}
