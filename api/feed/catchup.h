/* catchup.h - all that has happened up to now, as lines: each a JSON object of its own.
 *
 *     {"offset":0,"op":"put","key":"cat.jpg",...}                  a change
 *     {"next":147488,"oldest":0,"end":147488,"log":"9f31c2aa"}     the last line: how far it goes
 *
 * Each portion is a part of the log as it was at a moment. It goes on to where the log ends by then. Portions part
 * transactions, too: only the last line says how far a client has come, and a large one takes no more memory.
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_CATCHUP_H
#define CAIRN_API_CATCHUP_H

#include "api/request/request.h"

/* Once the request has its store: answers with all that is left. */
void catchup_begin(struct request *request);

#endif
