/* paging.h - what listings that come page by page have in common: `?cursor=`, and the next page's cursor.
 *
 * A cursor is bytes that mean something to the listing alone, in base64url: opaque to clients.
 *
 * Thread: the daemon's, but for paging_write_cursor(): any.
 */
#ifndef CAIRN_API_PAGING_H
#define CAIRN_API_PAGING_H

#include "api/request/request.h"
#include "api/text/jsontext.h"

#include <stdint.h>

/* The most bytes of any cursor; decoding may write a block more. */
enum { PAGING_CURSOR_MAX = STORE_CURSOR_MAX, PAGING_CURSOR_SIZE = PAGING_CURSOR_MAX + 3 };

/* The bytes of its cursor; none where it says nothing. False: they are none. */
bool paging_cursor(struct request *request, uint8_t cursor[PAGING_CURSOR_SIZE], size_t *ret_length);

/* Refuses a cursor that none of the listing's pages gave. Returns false. */
bool paging_refuse_cursor(struct request *request);

/* The member `cursor`; null where there is no next page: no bytes. */
void paging_write_cursor(struct jsontext *json, const void *cursor, size_t length);

#endif
