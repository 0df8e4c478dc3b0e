/* rows.h - what the records of one segment do, a row each: all that recovery has to know of them.
 *
 * Rows come in the order of the log, and count when their whole transaction has come. Once sorted they stand in the
 * order of their salted key hashes, and those of one hash in the order of the log: so the rows of many segments can be
 * read side by side, and what becomes of a key is seen in one place.
 *
 * Thread: one at a time.
 */
#ifndef CAIRN_ROWS_H
#define CAIRN_ROWS_H

#include "store/log/record.h"

struct row {
    uint64_t order;  /* the salted key hash */
    uint64_t tag;    /* of the key: key.h */
    uint32_t place;  /* position in the segment's file, and the type */
    uint32_t extent; /* length of the record, and whether it has no key */
    uint64_t size;   /* of a put: its payload's; of a sweep: the offset up to where it sweeps */
    uint64_t blob;
};

/* Positions and lengths are multiples of the alignment of records, which leaves their last bits. */
static inline enum record_type row_type(const struct row *row)
{
    return (enum record_type)(row->place % RECORD_ALIGNMENT);
}

static inline uint32_t row_position(const struct row *row)
{
    return row->place - row->place % RECORD_ALIGNMENT;
}

static inline bool row_is_nameless(const struct row *row)
{
    return row->extent % RECORD_ALIGNMENT != 0;
}

static inline uint32_t row_length(const struct row *row)
{
    return row->extent - row->extent % RECORD_ALIGNMENT;
}

struct rows {
    uint64_t salt;
    struct row *list; /* a mapping (mapping.h) of so many rows as the capacity says */
    size_t count;     /* with those of the transaction under way */
    size_t capacity;
    size_t whole;     /* of whole transactions */
    uint32_t steps;   /* of the transaction under way */
    uint64_t began;   /* position of its first record */
    uint64_t dropped; /* bytes of records that damage has left without others of their transaction */
    uint64_t last;    /* position of the last record that came; 0: none did */
    bool marked;      /* that one is a mark */
    bool expiring;    /* one of those that came is of an object that expires */
};

void rows_init(struct rows *rows, uint64_t salt);
void rows_free(struct rows *rows);

/* Takes in a valid record at a position. False when memory is out. */
bool rows_take(struct rows *rows, uint64_t position, const struct record *record);

/* Whether a transaction is under way: it began at `began`. */
bool rows_are_under_way(const struct rows *rows);

/* Forgets it: it never was whole. */
void rows_forget(struct rows *rows);

/* The same where it is damage that has left it incomplete. */
void rows_drop(struct rows *rows);

/* Puts them in order and keeps no more memory than they take; no transaction is under way. False when memory is out. */
bool rows_sort(struct rows *rows);

#endif
