/* pending.h - stores that a backup is to have, and has no copy of yet. What was cut short, or could not be copied, is
 * missing in a folder that is whole else: by these marks who restores the backup is told, and who checks it.
 *
 *     DRAFTS/.pending.NAME    there before anything is copied, and until the store's copy is in its place
 *
 * Thread: one.
 */
#ifndef CAIRN_PENDING_H
#define CAIRN_PENDING_H

#include "store/backup/places.h"

/* Notes those of the stores that have no copy, on disk when it returns. With `all` no others are to be copied: what is
 * noted of these is taken back. An errno. Blocking. */
int pending_expect(const struct places *places, const char *const *names, size_t count, bool all);

/* Notes one store whose copy, if there is one, gives way to another that is to come. Whether it is noted. An errno of
 * both. Blocking. */
int pending_note(const struct places *places, const char *name);
int pending_is_noted(const struct places *places, const char *name, bool *ret_noted);

/* The copy of a store is in its place, or there is no such store any more. */
void pending_settle(const struct places *places, const char *name);

/* Calls `tell(arg, name)` for each that is noted and has no copy, or whose copy has made room for what has not come
 * (places_recover()); an errno: there may be more. Blocking. */
int pending_each(const struct places *places, void (*tell)(void *arg, const char *name), void *arg);

/* The same of each that is noted or has made room, whether it has a copy or not. Blocking. */
int pending_each_entry(const struct places *places, void (*tell)(void *arg, const char *name), void *arg);

/* Takes all notes back where there is nothing else among the drafts: nothing has been begun. Blocking. */
void pending_withdraw(const struct places *places);

#endif
