/* pursuit.h - one store of a server that is followed: how far that has come, and why it has not come further.
 *
 * Thread: one.
 */
#ifndef CAIRN_PURSUIT_H
#define CAIRN_PURSUIT_H

#include "service/bookmark.h"
#include "service/follower.h"
#include "service/landing.h"

enum { PURSUIT_PATH = 3 * STORE_KEY_MAX + STORE_NAME_MAX + 64 }; /* bytes of a path of the server, with the NUL */

/* One store that is followed. */
struct pursuit {
    struct follower *follower;
    const char *name;
    struct store *store;
    struct bookmark bookmark;
    json_t *unsettled;     /* name of an object -> its last change, which the folder does not have just so */
    json_t *damaged;       /* the same of those that the server cannot give */
    json_t *latest;        /* the changes of the last page that had some; NULL: none has come */
    char *awaited;         /* name of an object that has to be told of, or the log is another one; NULL: none has */
    unsigned still;        /* pages that ended where they began, one behind the other */
    bool anew;             /* the folder has nothing of before */
    bool in_vain;          /* at the end of the feed was asked again for what is unsettled, and still is */
    enum follower_end end; /* when something has failed */
    struct landings landings;
    struct follower_point point;
};

/* What has failed, and for whom; false. */
bool pursuit_fail_as(struct pursuit *pursuit, enum follower_end end, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* This store; false. */
#define pursuit_fail(pursuit, ...) pursuit_fail_as(pursuit, FOLLOWER_FAILED, __VA_ARGS__)

/* Whatever was to be done, the folder did not take it; false. */
bool pursuit_fail_store(struct pursuit *pursuit, const char *what, enum store_error error);

/* An answer that was not expected; false. What came may have no whole answer because the server is gone for all. */
bool pursuit_fail_answer(struct pursuit *pursuit, const char *what, int status);

/* Has the object of a change be waited for; NULL: none is any more. */
void pursuit_await(struct pursuit *pursuit, const json_t *change);

#endif
