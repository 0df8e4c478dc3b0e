/* page.h - a listing as a page: one JSON object with a cursor that leads to the next page.
 *
 * Groups of keys that are not UTF-8 stand in `prefixes_base64`, which is there only when it is needed.
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_PAGE_H
#define CAIRN_API_PAGE_H

#include "api/request/request.h"

/* Once the request has its store: answers with the page, or waits. */
void page_begin(struct request *request);

#endif
