/* pool.h - the tests on a pool of a Ceph cluster: where servers have their data then. Not all tests are for that: see
 * tests/lib/left_out.h.
 *
 *   TEST_POOL   the pool; without it servers have their data in folders of this machine
 *   CEPH_CONF   leads to its cluster
 *
 * Each server that is new gets a namespace of its own, which stays when the test has ended: the cluster goes with all
 * of them. Tests look at what lies there through the engine's table of file calls.
 *
 * Thread: one.
 */
#ifndef CAIRN_TESTS_HTTP_POOL_H
#define CAIRN_TESTS_HTTP_POOL_H

#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>

bool pool_is_used(void);

/* The value of --data for a server whose folder has that name. */
void pool_place(const char *name, char *ret_place, size_t size);

/* Connects to a place, to look at it; NULL: it is no pool. To be closed by medium_close(). */
struct medium *pool_open(const char *place);

#endif
