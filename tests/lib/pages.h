/* pages.h - the pages of a listing as text: each key with a blank behind it, each group with a plus and a blank.
 *
 * Thread: one at a time, but for page_list().
 */
#ifndef CAIRN_TESTS_PAGES_H
#define CAIRN_TESTS_PAGES_H

#include "store/store.h"

struct page {
    char text[1 << 16];
    size_t length;
    size_t items;
    unsigned char cursor[STORE_CURSOR_MAX];
    size_t cursor_length;
};

/* Appends the page behind the one before; what store_list() says. Begins with a page that is all zero. */
enum store_error page_list(struct store *store, struct page *page, const char *prefix, const char *delimiter,
                           size_t limit);

/* All pages of a listing, one behind the other; the test fails where one cannot be had. Static storage. */
const char *pages_all(struct store *store, const char *prefix, const char *delimiter, size_t limit);

#endif
