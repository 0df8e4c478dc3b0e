/* abreast.h - the same work on each of many, several at a time: for what waits for something far away.
 *
 * Thread: any. Blocking.
 */
#ifndef CAIRN_ABREAST_H
#define CAIRN_ABREAST_H

#include <stddef.h>

enum { ABREAST_MAX = 16 };

/* Calls work(arg, number) once for each number below `count`, on up to so many threads, the calling one among them, and
 * returns when all is done. Where threads are out there are fewer. */
void abreast_run(size_t threads, size_t count, void (*work)(void *arg, size_t number), void *arg);

#endif
