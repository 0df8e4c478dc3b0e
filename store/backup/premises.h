/* premises.h - the two data folders of a backup or a restoration: from where, and to where.
 *
 *     TO/backup/     says that TO is a backup, and holds stores in the making
 *     TO/restore/    the same of a folder that is being restored, until it is; then it goes. What for is noted
 *                    there (intent.h)
 *
 * What a folder is, and what is under way in it, is looked at before anything is changed there: by the same marks,
 * whatever the source is and whatever is asked for. So nothing is restored to a folder with stores but where its own
 * mark says that this restoration is under way. The mark is the last thing of TO/restore/ that goes. TO is locked until
 * it is closed, and no name in it leads through a symbolic link.
 *
 * Thread: one.
 */
#ifndef CAIRN_PREMISES_H
#define CAIRN_PREMISES_H

#include "store/depot/folder.h"
#include "store/store.h"

struct premises {
    const struct io *to_io;   /* of the copy, and ... */
    struct io within;         /* ... the same, of which no link is followed */
    const struct io *io;      /* that one, when TO is open */
    const struct io *from_io; /* of the source, and ... */
    struct io reading;        /* ... the same for who only reads */
    const char *from_path;
    const char *to_path;
    bool restore;
    const char *store; /* of a restoration: this one only; NULL: all */
    bool any_source;   /* struct backup_options */
    bool beside;       /* the same */
    bool part;         /* the same: TO is open already, and has been judged */
    struct folder from;
    struct folder to;
    int drafts;  /* the folder in which stores are made, ... */
    bool made;   /* ... by this run */
    bool marked; /* this run has taken down what it is for (intent.h) */
    bool fresh;  /* TO was not there before */
    bool ended;  /* nothing is to be restored: stores of FROM are in TO, and nothing is under way there (restored.h) */
    struct store_detail *detail;
};

/* A sentence about a call that has failed, with a path in it. */
struct failure premises_fail(const struct premises *premises, int os_error, const char *what, const char *path);

/* Opens both, where the second may be a copy of the first; what is missing of it is made. On failure nothing stays open
 * but what was. Blocking. */
struct failure premises_open(struct premises *premises);

/* The same of FROM alone, which another process may have open unless it is restored: then a copy that made room there,
 * in a run that was cut short, is brought back to its place. Blocking. */
struct failure premises_open_from(struct premises *premises);
void premises_close_from(struct premises *premises);

/* Calls `tell(arg, name)` for each store that FROM, if it is a backup, is to have and has no copy of. What cannot be
 * known is a failure. Blocking. */
struct failure premises_missing(const struct premises *premises, void (*tell)(void *arg, const char *name), void *arg);

/* The same of TO alone, which is to be a backup: what was followed there of a server (BACKUP_SERVER) is the source of
 * what it has, unless any source may be. *ret_empty: it has no stores. Blocking. */
struct failure premises_open_to(struct premises *premises, bool *ret_empty);

/* Whether the place of a store's copy in TO is to be taken still by what is followed anew of a server: that is noted,
 * and the copy that there is is not of what is followed. A note alone says too little: it goes when the copy that it is
 * about is in its place, and a run may be cut short in between. An errno. Blocking. */
int premises_is_renewed(const struct premises *premises, const char *name, bool *ret_renewed);

/* Removes TO, which was made, and what is in the making there, unless it has stores. It stays open. Blocking. */
void premises_withdraw(struct premises *premises);
void premises_close_to(struct premises *premises);

/* TO has what it gets from a folder from here on, and is not gone on with as the backup of a server. An errno.
 * Blocking. */
int premises_leave_server(struct premises *premises);

/* Opens TO alone, locked, whatever it is. Then a copy that made room is brought back to where it was, before anything
 * is judged by what is there. Blocking. */
struct failure premises_open_folder(struct premises *premises, enum folder_use use);
struct failure premises_recover(struct premises *premises);

/* Nothing is under way in FROM now, either. Blocking. */
struct failure premises_check_from(struct premises *premises);

/* TO holds stores of FROM, and not just what is to be restored. */
struct failure premises_refuse_restored(const struct premises *premises);

/* FROM has a store now that TO has a copy of, unless it may be any source: what it has not any more was removed there.
 * Blocking. */
struct failure premises_check_kin(struct premises *premises);

/* Whether something of what is restored has come to TO, or is in the making there: also in a run before. Blocking. */
bool premises_has_begun(struct premises *premises);

/* Closes what is open. With `failed`, a folder goes again that was made, and has come to hold nothing. Blocking. */
void premises_close(struct premises *premises, bool failed);

#endif
