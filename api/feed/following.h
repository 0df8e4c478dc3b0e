/* following.h - what somebody who follows a store asks for, and how far they have been told.
 *
 *     ?since=4096&limit=100&prefix=2026/&wait=30&log=9f31c2aa
 *
 * Accept tells how: in a page, in lines, or as events.
 *
 * Thread: the daemon's; what reads or writes an I/O thread's, too.
 */
#ifndef CAIRN_API_FOLLOWING_H
#define CAIRN_API_FOLLOWING_H

#include "api/http/event_id.h"
#include "api/request/portions.h"
#include "api/text/jsontext.h"

struct events;
struct press;
struct print;

enum following_form { FOLLOWING_PAGE, FOLLOWING_LINES, FOLLOWING_EVENTS };

struct following {
    enum following_form form;
    bool of_log; /* the client says in which log it has come that far */
    struct log_id wanted, log;
    char prefix[STORE_KEY_MAX + 1];
    struct store_changes_query query; /* from where it has come to */
    uint64_t left;                    /* changes that may still be told */
    uint64_t wait;                    /* milliseconds for which a page that would tell nothing is held back */
    struct store_watcher *watcher;    /* owned, once it has waited for changes */
    bool over;                        /* nobody waits for changes any more */
    struct store_changes changes;     /* what came of the last reading */
    struct store_changes waiting;     /* of a page that is held back: what there was then */
    size_t told;                      /* changes of it */
    struct jsontext text;
    struct portions portions; /* of lines and events */
    struct print *print;      /* of pages and events: what is told just now; NULL: nothing */
    struct request *behind;   /* the press's: who comes next in a line */
    bool awake;               /* the same: it was let go on, and has not said that it has */
    struct events *events;    /* owned; NULL: it is told in another way */
};

/* Reads what the request asks for. False when it has refused. */
bool following_ask(struct request *request, struct following *following);

/* Once the request has its store. */
void following_begin(struct request *request, struct following *following);

/* Reads on from where it has come to, as many changes as are left and not much more than so many bytes of text, each an
 * object, and of lines on one of its own; with 0 bytes none. Only a page holds each transaction whole: of another form
 * there may be more to come of it (`query.amid`). What went wrong is in request->error. Blocking. */
void following_read(struct request *request, struct following *following, size_t bytes);

/* It has come to where the changes that were read end. */
void following_move(struct following *following);

/* The same as one object with all that a page has, and its end; and as an event, whose id is where it ends, or a part
 * of one: it has no end where it ends amid a transaction, and the next one no beginning. */
void following_read_page(struct request *request, struct following *following, size_t bytes);
void following_read_event(struct request *request, struct following *following, size_t bytes);

/* A page that has no changes, for where it has come to. */
void following_write_empty(struct jsontext *json, const struct following *following);

/* `id: 9f31c2aa-147488` and the end of an event: where it has come to. */
enum { FOLLOWING_ID_SIZE = EVENT_ID_SIZE + sizeof "id: \n\n" };
void following_write_id(char line[FOLLOWING_ID_SIZE], const struct following *following);

/* The members that say where it has come to. */
void following_write_place(struct jsontext *json, const struct following *following);

/* Of a request that is suspended: has told(request, ...) called when the log has come beyond `end`, or after so many
 * milliseconds, or when the client goes away (store_watch()). Each time the same `told`. False: no memory, and nobody
 * calls it. */
bool following_wait(struct request *request, uint64_t end, uint64_t milliseconds, store_watched *told);

/* The client goes away: if it waits, it does no longer. Thread: the daemon's. */
void following_leave(struct request *request);

/* Whether all that there was when it was read is told. */
bool following_has_all(const struct following *following);

/* Answers that it cannot go on; of events that are under way, writes what would have been answered. */
void following_refuse(struct request *request, const struct following *following);
void following_write_refusal(struct jsontext *json, struct request *request, const struct following *following);

void following_free(struct following *following, struct press *press);

#endif
