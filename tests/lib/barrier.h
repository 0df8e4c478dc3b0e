/* barrier.h - waiting for what a pool has been given, without looking again and again. */
#ifndef CAIRN_TESTS_BARRIER_H
#define CAIRN_TESTS_BARRIER_H

#include "store/base/pool.h"

/* Waits until all that was given in has run, and what that has given in itself at once. Of pools of one thread. */
void barrier_wait(struct pool *pool);

#endif
