/* many.h - so many objects, with keys so long, that what the kernel holds of an answer about them is a part of it.
 *
 * Thread: the test's.
 */
#ifndef CAIRN_TESTS_HTTP_MANY_H
#define CAIRN_TESTS_HTTP_MANY_H

enum { MANY_KEY = 1000 /* bytes: digits, of which the first six tell which one it is */, MANY_BATCH = 200 };

/* Puts so many empty objects into the test's store, or deletes them, in batches of MANY_BATCH. */
void many_put(int count);
void many_delete(int count);

#endif
