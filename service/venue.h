/* venue.h - where the data folders are that a command works on: on this machine, or in a pool of a Ceph cluster.
 *
 *     struct venue venue = {.command = "check"};
 *     ... venue_read_flag(&venue, &arguments) ...       // --ceph-conf, --ceph-user
 *     if (venue_open(&venue, from, to, sentence))
 *         options.io = venue_to(&venue), options.from_io = venue_from(&venue);
 *     venue_close(&venue);
 *
 * Thread: one.
 */
#ifndef CAIRN_VENUE_H
#define CAIRN_VENUE_H

#include "store/store.h"

#include <stdbool.h>

enum { VENUE_SENTENCE = 1664 };

/* What a command says in its --help of the flags. */
#define VENUE_USAGE                                                                                                    \
    "  --ceph-conf FILE    of a pool: the configuration of its cluster; else where Ceph looks for it\n"                \
    "  --ceph-user NAME    and its user, whose key that leads to; else admin\n"

struct venue {
    const char *command; /* in front of sentences on stderr */
    const char *ceph_conf;
    const char *ceph_user;
    struct medium *medium; /* NULL: all is on this machine */
    bool from_pool;
    bool to_pool;
};

enum venue_flag {
    VENUE_OTHER, /* it is no flag of a venue */
    VENUE_READ,
    VENUE_BAD, /* stderr says why */
};
enum venue_flag venue_read_flag(struct venue *venue, char *const **arguments);

/* Connects where one of the two is in a pool; NULL: there is none. False: *ret_sentence, which has room for
 * VENUE_SENTENCE bytes, says why it cannot. */
bool venue_open(struct venue *venue, const char *from, const char *to, char *ret_sentence);

/* The file calls for each of the two; NULL: those of this machine. */
const struct io *venue_from(const struct venue *venue);
const struct io *venue_to(const struct venue *venue);

/* When nothing in it is open any more. */
void venue_close(struct venue *venue);

#endif
