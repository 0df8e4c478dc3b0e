/* cluster.c - calls of the seam that are made of others: a change that is waited for, all rows of a prefix. */
#include "store/rados/cluster.h"

#include "store/rados/latch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_AT_ONCE = 1000 };

int cluster_change(const struct cluster *cluster, const char *object, const struct cluster_step *steps, size_t count)
{
    struct latch latch;
    latch_init(&latch);
    latch_add(&latch);
    cluster->change(cluster->self, object, steps, count, latch_done, &latch);
    int error = latch_wait(&latch);
    latch_destroy(&latch);
    return error;
}

int cluster_get(const struct cluster *cluster, const char *object, enum cluster_kind kind, const char *name,
                char **ret_text)
{
    int error = cluster->get(cluster->self, object, kind, &name, 1, ret_text);
    if (error != ENOENT)
        return error;
    *ret_text = NULL;
    return 0;
}

struct cluster_step cluster_text(enum cluster_step_kind kind, const char *name, const char *text)
{
    return (struct cluster_step){.kind = kind, .name = name, .bytes = text, .length = strlen(text)};
}

/* ---- all rows -------------------------------------------------------------------------------- */

const char *cluster_next_row(const char *row)
{
    row += strlen(row) + 1;
    return row + strlen(row) + 1; /* behind its text */
}

/* The bytes of a list of rows without the empty name at its end; the name of its last row. */
static size_t measure(const char *rows, const char **ret_last)
{
    const char *at = rows;
    for (; *at; at = cluster_next_row(at))
        *ret_last = at;
    return (size_t)(at - rows);
}

/* Puts a page behind what is there; an errno. */
static int append(char **rows, size_t *length, const char *page, size_t page_length)
{
    char *longer = realloc(*rows, *length + page_length + 1);
    if (!longer)
        return ENOMEM;
    memcpy(longer + *length, page, page_length + 1);
    *rows = longer;
    *length += page_length;
    return 0;
}

int cluster_list(const struct cluster *cluster, const char *object, const char *prefix, char **ret_rows)
{
    char *rows = calloc(1, 1);
    size_t length = 0;
    const char *last = "";
    bool more = true;
    int error = rows ? 0 : ENOMEM;
    char *after = NULL;
    while (!error && more) {
        char *page = NULL;
        error = cluster->list(cluster->self, object, prefix, after ? after : "", ROWS_AT_ONCE, &page, &more);
        if (error)
            break;
        size_t page_length = measure(page, &last);
        more = more && page_length > 0;
        free(after);
        after = strdup(last);
        error = after ? append(&rows, &length, page, page_length) : ENOMEM;
        free(page);
    }
    free(after);
    if (error && error != ENOENT) {
        free(rows);
        return error;
    }
    *ret_rows = rows;
    return 0;
}
