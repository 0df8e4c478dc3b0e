/* imprint.h - what is seen of a file from outside: which one it is, how long, and when it was written to last.
 *
 * A sealed segment and a blob never change, and their numbers are never used twice. So who has a file of one store with
 * the same number, length and time of its last change has the same bytes. A file that is written to right now may
 * change again within the same tick of the clock: of that the imprint says nothing.
 *
 * Thread: any.
 */
#ifndef CAIRN_IMPRINT_H
#define CAIRN_IMPRINT_H

#include "store/disk/io.h"

struct imprint {
    dev_t device;
    ino_t inode;
    bool file;     /* it is a regular one */
    uint64_t size; /* of any other: 0 */
    struct timespec written;
};

/* That of an open file; an errno. */
int imprint_of(const struct io *io, int file, struct imprint *ret_imprint);

/* That of a numbered file in a folder (numbered.h); an errno: ENOENT where there is none. Blocking. */
int imprint_find(const struct io *io, int folder, uint64_t number, const char *ending, struct imprint *ret_imprint);

/* Whether both are one file; whether two files of one number have the same bytes. */
bool imprint_same_file(const struct imprint *a, const struct imprint *b);
bool imprint_same_bytes(const struct imprint *a, const struct imprint *b);

/* By what it is known again, in a few bytes: never 0. The number of a file's inode is given to another one as soon as
 * the file has gone, so it tells nothing by itself. */
uint64_t imprint_token(const struct imprint *imprint);

/* A time that the file will not have again: of a copy that is not, or not for sure, the same. */
struct timespec imprint_older(const struct imprint *imprint);

#endif
