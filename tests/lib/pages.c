/* pages.c - see pages.h. */
#include "tests/lib/pages.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static bool collect(void *arg, const struct store_list_item *item)
{
    struct page *page = arg;
    const struct object_info *info = item->info;
    const char *format = info ? "%.*s " : "%.*s+ ";
    int length = (int)(info ? info->key_length : item->prefix_length);
    page->length += (size_t)snprintf(page->text + page->length, sizeof page->text - page->length, format, length,
                                     (const char *)(info ? info->key : item->prefix));
    ck_assert_uint_lt(page->length, sizeof page->text);
    page->items++;
    return true;
}

enum store_error page_list(struct store *store, struct page *page, const char *prefix, const char *delimiter,
                           size_t limit)
{
    struct store_list_query query = {.prefix = prefix,
                                     .prefix_length = strlen(prefix),
                                     .delimiter = delimiter,
                                     .delimiter_length = strlen(delimiter),
                                     .cursor = page->cursor,
                                     .cursor_length = page->cursor_length,
                                     .limit = limit};
    ck_assert(store_list_cursor_valid(query.cursor, query.cursor_length));
    return store_list(store, &query, collect, page, page->cursor, &page->cursor_length);
}

const char *pages_all(struct store *store, const char *prefix, const char *delimiter, size_t limit)
{
    static struct page page;
    page = (struct page){0};
    do {
        size_t before = page.items;
        ck_assert_int_eq(page_list(store, &page, prefix, delimiter, limit), STORE_OK);
        ck_assert_uint_le(page.items - before, limit);
    } while (page.cursor_length > 0);
    return page.text;
}
