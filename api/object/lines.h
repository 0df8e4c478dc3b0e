/* lines.h - a listing as lines: each a JSON object of its own, for programs that read one after the other.
 *
 *     {"key":"2026/cat.txt","key_hash":"0e52520540d3eb26","size":13,...}       an object
 *     {"prefix":"2026/"}                                                       a group of keys, with ?delimiter=
 *     {"cursor":"a2I..."}                                                      ?limit= has ended it: there may be more
 *
 * Each portion is a page of the engine: of one moment, and the next one of a later moment.
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_LINES_H
#define CAIRN_API_LINES_H

#include "api/request/request.h"

/* Once the request has its store: answers with all that is left, or waits. */
void lines_begin(struct request *request);

#endif
