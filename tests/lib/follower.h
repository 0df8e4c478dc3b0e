/* follower.h - who applies a store's changes in order, and so must hold what the store does.
 *
 * A follower that finds a difference ends the program, as the model does.
 *
 * Thread: one, the model's.
 */
#ifndef CAIRN_TESTS_FOLLOWER_H
#define CAIRN_TESTS_FOLLOWER_H

#include "tests/lib/model.h"

struct follower {
    struct model *model;
    unsigned store;
    struct {
        bool there;
        uint64_t size;
        uint64_t offset;
        struct store_digest digest;
        int64_t time;
    } held[MODEL_KEYS];
    size_t part; /* it takes transactions in parts, and at most so many changes each time; 0: whole ones */
    uint64_t since;
    bool amid;        /* that is amid a transaction */
    uint64_t shown;   /* offset of the last change of the answer */
    size_t taken;     /* changes of the answer */
    uint64_t changes; /* told in all, ... */
    uint64_t pages;   /* ... by so many answers */
    uint64_t anew;    /* times it had to begin anew */
};

/* Takes one answer of at most so many changes; whether it has come to the end of the log. */
bool follower_step(struct follower *follower, size_t limit);

/* Goes on to the end of the log. */
void follower_catch_up(struct follower *follower, size_t limit);

/* Catches up; then it must hold each object of the store, that version and no other, and nothing else. Nothing is under
 * way. */
void follower_compare(struct follower *follower, size_t limit);

#endif
