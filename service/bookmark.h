/* bookmark.h - how far a store of a server has been followed: a file in the folder where that is done.
 *
 *     FOLDER/follow/NAME     check dbd38ff853fc2d21    XXH3-64 of all behind this line
 *                            next 147488
 *                            log 9f31c2aa
 *                            before 51c3e07d 96    the log of what gives way to that, as long as it has not, and how
 *                                              far that was read, as long as this has not come to its end
 *                            begun 131072      where the log ended when it was read from its beginning, as long as
 *                                              that has not come to its end
 *                            landmark {...}    the last change that was read (landmark.h), of that one as long
 *                            damaged [...]     changes whose objects could not be had: they are asked for again
 *
 * One that an early version has written has no check, and is read all the same; what is written has one.
 *
 * Thread: one.
 */
#ifndef CAIRN_BOOKMARK_H
#define CAIRN_BOOKMARK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { BOOKMARK_LOG_SIZE = 32 };

struct bookmark {
    int folder; /* that of the bookmarks, open; borrowed, like the name */
    const char *name;
    uint64_t next;
    char log[BOOKMARK_LOG_SIZE]; /* which log that is a place of, as the feed's pages tell it; "": that is not known */
    char before[BOOKMARK_LOG_SIZE]; /* that of the copy whose place it is to take, when it was begun anew; "": none */
    uint64_t begun;   /* where the log ended when its first page came, while `next` is 0; 0: that is not known */
    uint64_t reached; /* of that one, a place up to which it was read, to which the landmark belongs; 0: to `log` */
    json_t *landmark; /* NULL: none is known */
    json_t *damaged;  /* an array of those */
};

/* Opens the folder of all of them in the data folder of that path; it is made, and is no link. The caller closes it,
 * and has it wherever it is moved. An errno. */
int bookmark_open_folder(const char *path, int *ret_folder);

/* One that knows nothing; free it. */
void bookmark_init(struct bookmark *bookmark, int folder, const char *name);
void bookmark_free(struct bookmark *bookmark);

/* Reads it: it knows nothing where there is none. False: it is damaged, or cannot be read, and knows nothing. */
bool bookmark_read(struct bookmark *bookmark);
void bookmark_forget(struct bookmark *bookmark);

/* All that was read is to be read anew: what it was known by stays, until bookmark_arrive() takes what it is known by
 * then (NULL: nothing; it is the bookmark's). */
void bookmark_renew(struct bookmark *bookmark);
void bookmark_arrive(struct bookmark *bookmark, json_t *landmark);

/* On disk when it returns: all in front of it is. An errno. */
int bookmark_write(const struct bookmark *bookmark);
void bookmark_remove(const struct bookmark *bookmark);

#endif
