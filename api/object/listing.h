/* listing.h - a listing of the objects of a store under way: what is asked for, and where it has come to.
 *
 * Thread: the daemon's; what writes and listing_read() an I/O thread's.
 */
#ifndef CAIRN_API_LISTING_H
#define CAIRN_API_LISTING_H

#include "api/request/paging.h"
#include "api/request/portions.h"
#include "api/text/jsontext.h"

enum { LISTING_DELIMITER_MAX = 64, LISTING_PAGE_MAX = 1000 };

struct listing {
    char prefix[STORE_KEY_MAX + 1];
    char delimiter[LISTING_DELIMITER_MAX + 1];
    uint8_t cursor[PAGING_CURSOR_SIZE];
    struct store_list_query query; /* made of these; its cursor moves on */
    bool attributes;               /* each object's are asked for */
    bool lines;                    /* it is told in lines, and not as a page */
    uint64_t left;                 /* items that may still come */
    struct jsontext text;
    struct jsontext prefixes;        /* of a page */
    struct jsontext prefixes_base64; /* the same: those that are not UTF-8 */
    struct portions portions;        /* of lines */
};

/* Reads what the request asks for. False when it has refused. */
bool listing_ask(struct request *request, struct listing *listing);

/* Reads from where it has come to, up to what is left, and goes on behind that; what went wrong is in request->error.
 * Blocking. */
void listing_read(struct request *request, struct listing *listing, store_list_take *take);

/* Whether there may be more behind what was read. */
bool listing_goes_on(const struct listing *listing);

/* An object, as far as it is asked for. */
void listing_write_object(struct jsontext *json, const struct listing *listing, const struct object_info *info);

/* The cursor behind what was read. */
void listing_write_cursor(struct jsontext *json, const struct listing *listing);

void listing_free(struct listing *listing);

#endif
