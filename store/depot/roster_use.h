/* roster_use.h - having the stores of a roster, and giving them back: what the rest of the depot does with it.
 *
 * Thread: any, unless it says otherwise. Names are valid: the depot has looked at them.
 */
#ifndef CAIRN_ROSTER_USE_H
#define CAIRN_ROSTER_USE_H

#include "store/depot/roster.h"

/* Where a store is wanted that another process has. */
enum roster_wish { ROSTER_WHEREVER, ROSTER_HERE };

/* A reference to a store that is open. Else STORE_AGAIN, and it is opened: `opened(arg, ...)` is called, once, when
 * that has come to an end, perhaps before this returns, with a reference or with the errors of store_open()
 * (internal.h) and of tenancy_take(). It must not block.
 * STORE_NO_MEMORY, STORE_FENCED: nothing that is known here may be told. Does not block. Who waits for that:
 * arrival.h. */
enum store_error roster_acquire_soon(struct roster *roster, const char *name, enum roster_wish wish,
                                     store_opened *opened, void *arg, struct store **ret_store);

/* The same for a store that is open already, else STORE_AGAIN. Does not block. */
enum store_error roster_try_acquire(struct roster *roster, const char *name, struct store **ret_store);

/* Gives a reference back. With the last one of a store that was struck it is closed, and its files are removed, by an
 * I/O thread. */
void roster_release(struct store *store);

/* It stays open, however long nobody uses it, unless others need the room. Thread: one that holds a reference. */
void roster_keep(struct store *store);

/* The store was taken away, and is to be removed by this entry of the trash: nobody finds the store any more. Thread:
 * one that holds a reference to it, and has claimed its name. */
void roster_strike(struct roster *roster, struct store *store, const char *trash);

/* Keeps everybody from opening a store that nobody has open, until roster_unblock(), which takes what this returns.
 * What was remembered of it is forgotten: it is about to be removed.
 * NULL: somebody has it open or is opening it, or memory is out. */
struct roster_entry *roster_block(struct roster *roster, const char *name);
void roster_unblock(struct roster *roster, struct roster_entry *entry);

/* Has this process have a store that is blocked, until that ends: tenancy_take(). Blocking. */
struct failure roster_have(struct roster_entry *entry, bool look, struct store_detail *detail);

/* Another process asks for a store: it is closed and given back as soon as nobody uses it. Who waits for its next
 * commit does not any more. Does not block. */
void roster_hand_over(struct roster *roster, const char *name, const struct tenant *heir);

/* Calls `visit`, which may block, for the stores that are open, each held meanwhile; that does not count as a use of
 * them. None is visited when memory is out. Blocking. */
void roster_each_held(struct roster *roster, void (*visit)(void *arg, struct store *store), void *arg);

/* Closes all stores, several at a time. Every one must have been released, and none is asked for any more. Blocking. */
void roster_close(struct roster *roster);

#endif
