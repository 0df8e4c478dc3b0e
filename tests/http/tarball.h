/* tarball.h - tars that tests make and look into: POSIX, names of at most 100 bytes, with records.
 *
 *     struct tarball ball = {0};
 *     tarball_add(&ball, "a.txt", "hello", 5, "SCHILY.xattr.user.cairn.meta.owner=ada", NULL);
 *     tarball_end(&ball);
 *     ... ball.bytes, ball.length ...
 *     tarball_free(&ball);
 *
 * Thread: one at a time per struct.
 */
#ifndef CAIRN_TESTS_HTTP_TARBALL_H
#define CAIRN_TESTS_HTTP_TARBALL_H

#include <stdbool.h>
#include <stddef.h>

struct tarball {
    char *bytes; /* owned */
    size_t length;
};

/* Adds a regular file behind its records, `keyword=value` each, the last NULL. */
void tarball_add(struct tarball *ball, const char *name, const void *bytes, size_t size, ...) __attribute__((sentinel));

/* The blocks that end it. */
void tarball_end(struct tarball *ball);

void tarball_free(struct tarball *ball);

/* Whether a tar has regular files of these names, the last NULL, in this order, no others, and its end. */
bool tarball_names(const void *bytes, size_t length, const char *const *names);

#endif
