/* intent.h - what is under way in a data folder: a restoration, or a transfer. What it was begun for is a mark in its
 * folder of drafts, there before anything is copied and until all is. Nothing but the same command ends it, or one that
 * asks for all where one store was asked for; until then nobody opens the folder, or copies from or to it.
 *
 * What is under way is what the mark says, and nothing is inferred. It is the first thing that is there, and the last
 * that goes: so a folder of drafts that is empty says nothing, and where there are drafts without a mark somebody has
 * lost it: that cannot be told, and only be given up.
 *
 *     DIR/restore/.all             a restoration of all stores
 *     DIR/restore/.only.NAME       of that one
 *     DIR/restore/.beside          a transfer of all stores, beside those of others
 *     DIR/restore/.beside.NAME     of that one
 *
 * Thread: one.
 */
#ifndef CAIRN_INTENT_H
#define CAIRN_INTENT_H

#include "store/depot/folder.h"

enum { INTENT_MAX = STORE_NAME_MAX + 16 };

/* Borrowed. */
struct intent {
    const char *store; /* NULL: all */
    bool beside;
};

/* What is under way in an open folder, as its widest mark; "": nothing. An errno. Blocking. */
int intent_look(struct folder *folder, char ret_mark[INTENT_MAX]);

/* Says so, of the folder at `path`, and what to do; `why` this matters to who asks. STORE_FOREIGN. */
struct failure intent_refuse(struct store_detail *detail, const char *path, const char *mark, const char *why);

/* Whether who intends this ends what that mark was made for. */
bool intent_ends(const struct intent *intent, const char *mark);

/* Whether that is the name of a mark. */
bool intent_is_mark(const char *name);

/* Takes down what is intended, for good; an errno. *ret_made: it was not there before. Blocking. */
int intent_take(const struct io *io, int drafts, const struct intent *intent, bool *ret_made);

/* Takes that mark back; an errno. Blocking. */
int intent_drop(const struct io *io, int drafts, const struct intent *intent);

/* Takes all marks back from drafts that hold nothing else any more, the widest last; an errno. Blocking. */
int intent_end(const struct io *io, int drafts);

#endif
