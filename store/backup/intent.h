/* intent.h - what a restoration, or a transfer, was begun for: a mark in its folder of drafts, there before anything
 * is copied and until all is. Nothing but the same command ends it, or one that asks for all where one store was asked
 * for.
 *
 *     DRAFTS/.all             a restoration of all stores
 *     DRAFTS/.only.NAME       of that one
 *     DRAFTS/.beside          a transfer of all stores, beside those of others
 *     DRAFTS/.beside.NAME     of that one
 *
 * Thread: one.
 */
#ifndef CAIRN_INTENT_H
#define CAIRN_INTENT_H

#include "store/disk/io.h"
#include "store/store.h"

enum { INTENT_MAX = STORE_NAME_MAX + 16 };

/* Borrowed. */
struct intent {
    const char *store; /* NULL: all */
    bool beside;
    bool late; /* something was begun: where no mark tells what that was, it was for all */
};

/* Takes down what is intended, for good; an errno. *ret_made: it was not there before. ret_other: the mark of what
 * was begun for something else, and nothing is changed then; or "". Blocking. */
int intent_take(const struct io *io, int drafts, const struct intent *intent, bool *ret_made,
                char ret_other[INTENT_MAX]);

/* A mark in words: "a restoration of all stores". */
void intent_words(const char *mark, char *ret_words, size_t size);

/* Takes the mark back, where nothing was begun; *ret_begun: something was, and nothing is changed. An errno.
 * Blocking. */
int intent_drop(const struct io *io, int drafts, const struct intent *intent, bool *ret_begun);

#endif
