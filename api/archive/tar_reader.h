/* tar_reader.h - reads a tar that is pushed in, in pieces as they come: what a piece holds is told step by step.
 *
 *     while (length > 0 || tar_is_due(&tar))
 *         switch (tar_step(&tar, bytes, length, &used)) {
 *         case TAR_MEMBER: ... tar.member ...                    // its content follows
 *         case TAR_CONTENT: ... take up to `used` of the bytes, tar_took(&tar, taken) ...
 *         ...
 *         }
 *
 * It knows what GNU tar, bsdtar, Python and POSIX write: ustar, old tars, pax records, long names of GNU. A member that
 * is sparse is told as such: its content is not what was packed. Records for all members (git's comment) say nothing.
 *
 * Behind the end of an archive are zeros, and perhaps another archive. That begins where those who write archives end
 * one: behind two blocks of zeros, or where more of them have filled up a record of TAR_RECORD bytes. Whatever else
 * stands there is a fault, for zeros in the midst of an archive that was damaged look like its end.
 *
 * Memory is constant: TAR_HEADERS_MAX bytes for the records of a member, beyond which the tar is refused.
 *
 * Thread: one at a time per struct.
 */
#ifndef CAIRN_API_TAR_READER_H
#define CAIRN_API_TAR_READER_H

#include "api/archive/tar_writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TAR_HEADERS_MAX = 64 << 10, TAR_RECORD = 20 * TAR_BLOCK };

enum tar_step {
    TAR_MORE,    /* all the bytes were used, or some: it goes on with those behind */
    TAR_MEMBER,  /* a member begins */
    TAR_CONTENT, /* bytes of its content stand in front */
    TAR_DONE,    /* the member is whole; what fills up its last block is still to come */
    TAR_END,     /* the archive is: zeros follow, or another one */
    TAR_FAULT    /* it is none, or too much: tar.fault */
};

enum tar_kind { TAR_FILE, TAR_FOLDER, TAR_LINK, TAR_DEVICE, TAR_SPARSE, TAR_UNKNOWN };

/* A record of pax; borrowed. */
struct tar_item {
    const char *keyword;
    size_t keyword_length;
    const char *value;
    size_t value_length;
};

enum tar_state { TAR_AT_HEADER, TAR_IN_RECORDS, TAR_IN_CONTENT, TAR_IN_PADDING, TAR_IN_MAP, TAR_AT_END };

struct tar {
    enum tar_state state;
    char block[TAR_BLOCK]; /* a header that is coming */
    size_t have;
    char type;             /* of what is under way */
    uint64_t left;         /* bytes of it */
    size_t padding;        /* behind it */
    struct tar_text name;  /* as a long name of GNU says it; empty: none has */
    struct tar_text items; /* the records of the next member */
    bool stale;            /* they were those of the last one */
    char short_name[256 + 1];
    uint64_t position; /* bytes read */
    uint64_t begun;    /* where the archive begins, if it stands behind another one */
    uint64_t zeros;    /* bytes of those that end it */
    const char *fault; /* a sentence without a full stop; static */

    /* The member. */
    enum tar_kind kind;
    const char *path; /* not ended by NUL */
    size_t path_length;
    uint64_t size;
};

enum tar_step tar_step(struct tar *tar, const char *bytes, size_t length, size_t *ret_used);

/* Whether the next step takes no byte: a member whose content has come is told to be whole before what follows has. */
bool tar_is_due(const struct tar *tar);

/* Whether what has come may be all. */
bool tar_has_ended(const struct tar *tar);

/* So many bytes of the content that tar_step() told of were taken. */
void tar_took(struct tar *tar, size_t length);

/* The record of the member at *position (0 to begin with); false behind the last. Later ones count. */
bool tar_next_item(const struct tar *tar, size_t *position, struct tar_item *ret_item);

void tar_free(struct tar *tar);

#endif
