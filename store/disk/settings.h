/* settings.h - the small text files that say whose a folder is and in which format.
 *
 *     cairn store            or: cairn data folder
 *     format 1               2: with the next but one
 *     salt 6a09e667f3bcc908  a store's only
 *     limit-bytes 1000000    the store's limits, as far as it has some
 *     limit-objects 100
 *     check bb67ae8584caa73b XXH3-64 of all before this line
 *
 * A store without limits has the older format, so that older programs open it. One that has some they refuse, rather
 * than to fill it.
 *
 * Thread: one at a time per file.
 */
#ifndef CAIRN_SETTINGS_H
#define CAIRN_SETTINGS_H

#include "store/base/error.h"
#include "store/disk/io.h"

/* The file of a store. */
#define SETTINGS_OF_STORE "settings"

struct settings {
    const char *kind; /* "store" or "data folder" */
    uint64_t salt;    /* 0 where there is none */
    struct store_limits limits;
};

/* Writes the file `name` into the folder by way of a temporary one, and syncs it, but not the folder; an
 * errno. */
int settings_write(const struct io *io, int folder, const char *name, const struct settings *settings);

/* Reads the file and proves that it is of that kind: STORE_FOREIGN when it is missing or something else,
 * STORE_TOO_NEW, STORE_DAMAGED, STORE_IO. An errno, ENOENT, tells a missing one from others that are foreign. */
struct failure settings_read(const struct io *io, int folder, const char *name, const char *kind,
                             struct settings *ret_settings);

/* Whether the folder's entry `draft` is what a settings_write() of these settings may have left that did not get to its
 * end: after a power cut a file may have its length and yet be zeros. */
bool settings_is_draft(const struct io *io, int folder, const char *draft, const char *name,
                       const struct settings *settings);

#endif
