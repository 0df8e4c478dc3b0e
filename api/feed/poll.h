/* poll.h - a page of a store's changes, held back until there is something to tell.
 *
 *     {"changes":[{"offset":0,"op":"put","key":"cat.jpg",...},...],"next":147488,"oldest":0,"end":147488,"log":"..."}
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_POLL_H
#define CAIRN_API_POLL_H

#include "api/request/request.h"

/* Once the request has its store: answers with the page, or waits. */
void poll_begin(struct request *request);

#endif
