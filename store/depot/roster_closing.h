/* roster_closing.h - a store's way out of the roster.
 *
 * One that is idle is closed: for good, by a thread that opens stores, or to make room, by who wants it. Then those who
 * came meanwhile have it opened again; or it rests, if anything is remembered of it; or its entry goes, and before that
 * what the process has of it is given back.
 *
 * Thread: any.
 */
#ifndef CAIRN_ROSTER_CLOSING_H
#define CAIRN_ROSTER_CLOSING_H

#include "store/depot/roster.h"

/* ---- which one; the lock is held -------------------------------------------------------------- */

/* Whether nothing is under way in an idle store. */
bool roster_may_close(const struct roster_entry *entry);

/* The one to be closed where as many are open as may be; NULL: there is none. */
struct roster_entry *roster_surplus(struct roster *roster);

/* The one that gives back most where descriptors or memory are out; NULL: there is none. */
struct roster_entry *roster_dispensable(struct roster *roster);

/* ---- closing ---------------------------------------------------------------------------------- */

/* An idle store is about to be closed, by one of the next three. Lock held. */
void roster_begin_closing(struct roster_entry *entry);

/* For good, and to make room. They are jobs of a pool, too. Blocking. */
void roster_close_entry(void *entry);
void roster_close_for_now(void *entry);

/* Begins it, and has it closed for good soon. Lock held. */
void roster_close_soon(struct roster_entry *entry);

/* The same of a store that is to leave, if nobody uses it. Lock held. */
void roster_close_unused(struct roster_entry *entry);

/* Closes one to make room, chosen by one of the two above; false: there is none. Blocking. */
bool roster_close_one(struct roster *roster, struct roster_entry *(*choose)(struct roster *roster));

/* ---- closed: what becomes of the entry; the lock is held --------------------------------------- */

/* Nothing keeps the store from being opened any more: it is for those who wait, or the entry goes, and before that what
 * it has is given back; also where another process waits for it. */
void roster_end_entry(struct roster_entry *entry);

/* The store is closed, and nobody waits for it: it rests if anything is remembered of it, or that it is elsewhere, and
 * else the entry goes. */
void roster_leave_entry(struct roster_entry *entry);

/* A store that rests is remembered no longer: first what there is to tell is told, if there is anything. Whoever wants
 * it waits for that. */
void roster_forget_entry(struct roster_entry *entry);

#endif
