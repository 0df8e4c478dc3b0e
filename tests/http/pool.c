/* pool.c - the tests on a pool of a Ceph cluster. See pool.h. */
#include "tests/http/pool.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

enum { LEASE = 30 }; /* seconds, of who looks */

static const char *pool_name(void)
{
    const char *name = getenv("TEST_POOL");
    return name && *name ? name : NULL;
}

bool pool_is_used(void)
{
    return pool_name() != NULL;
}

void pool_place(const char *name, char *ret_place, size_t size)
{
    int length = snprintf(ret_place, size, "rados:%s/%s", pool_name(), name);
    ck_assert_int_lt(length, (int)size);
}

static void note_lost(void *arg, const char *sentence)
{
    (void)arg;
    fprintf(stderr, "%s\n", sentence);
}

struct medium *pool_open(const char *place)
{
    const struct medium_options options = {.name = place, .lease = LEASE, .lost = note_lost};
    struct store_detail detail = {0};
    struct medium *medium = NULL;
    if (medium_is_named(place))
        ck_assert_msg(medium_open(&options, &medium, &detail) == STORE_OK, "%s: %s", place, detail.text);
    return medium;
}
