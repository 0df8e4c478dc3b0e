/* press.h - pages of changes, each made once for all who ask for the same.
 *
 * Those who wait for the next commit of a store are woken together, and most of them have come to the same place of its
 * log. So the first of them has the page made, the others line up for it, and all get one text: a crowd takes the work
 * and the memory of one. Who asks later gets it, too, as long as somebody has it still and nothing has happened since.
 *
 *     press_order(request)           its page is made, or found; the request is suspended, and resumed when it is there
 *     press_take(request)            what came of it: request->error, and how far it goes
 *     press_leave(press, following)  it is done with; a text that is on its way out stays
 *
 * Of a crowd whose page is there some go on at a time, and each that has lets the next one go.
 *
 * A page is counted with what it takes. While answers that clients do not read have the memory pages are short, and
 * then `crowded`, without changes. Of an event that a transaction makes long a print is a part only, and shorter then.
 *
 * Thread: any that has the request.
 */
#ifndef CAIRN_API_PRESS_H
#define CAIRN_API_PRESS_H

#include "api/request/edition.h"
#include "api/request/request.h"
#include "store/store.h"

struct following;
struct press;

struct print {
    struct edition *edition; /* the text; NULL: an error, or an event that would tell nothing */
    bool crowded;            /* of a page: there was no memory to tell more than where the log ends */

    /* The press's. */
    struct print *next;        /* in its row */
    size_t followers;          /* who have it, or wait for it */
    const struct store *store; /* theirs: it lives as long as they have references to it */
    int form;                  /* and what follows is what they ask for; the limit is of changes */
    struct store_changes_query query;
    uint64_t asked;       /* where the log ended when it was asked for: it tells all up to there, or is full */
    bool made;            /* what follows is known */
    struct request *line; /* who waits for it */
    enum store_error error;
    int os_error;
    struct store_changes changes;
    size_t told;
    char prefix[];
};

/* NULL: no memory. */
struct press *press_new(void);
void press_free(struct press *press); /* when there are no requests any more */

/* For a request that is suspended, as its last statement: `following` in its state has no print, and gets one. */
void press_order(struct request *request);

/* Then, when it goes on. */
void press_take(struct request *request);

/* Gives the print back, if there is one; the second when the request ends. */
void press_leave(struct press *press, struct following *following);
void press_forget(struct press *press, struct following *following);

#endif
