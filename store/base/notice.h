/* notice.h - telling the operator: what happened, with which store.
 *
 * Thread: any. A notice does not change while others have it.
 */
#ifndef CAIRN_NOTICE_H
#define CAIRN_NOTICE_H

#include "store/store.h"

/* Where sentences go. */
struct notice {
    store_log_function *tell; /* NULL: silence */
    void *arg;
    const char *store; /* the name that they begin with; NULL: they are about the whole depot. Borrowed */
};

/* Does not block. */
void notice_tell(const struct notice *notice, enum store_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
