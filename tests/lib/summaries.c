/* summaries.c - what may become of the summaries beside the segments of a log while it is closed. */
#include "tests/lib/summaries.h"

#include "store/log/summary.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct victim {
    const struct io *io;
    int folder;
    const char *name;
    const char *other; /* another one; NULL: there is none */
    struct prng *prng;
};

static void overwrite(const struct victim *victim, const void *bytes, size_t length, off_t at, bool anew)
{
    const struct io *io = victim->io;
    int file = io->openat(io->self, victim->folder, victim->name, O_WRONLY | (anew ? O_TRUNC : 0), 0);
    if (file < 0)
        return;
    (void)io_write_all(io, file, bytes, length, at);
    io->close(io->self, file);
}

/* All bytes of a file; NULL: it cannot be read. */
static unsigned char *read_whole(const struct victim *victim, const char *name, size_t *ret_length)
{
    const struct io *io = victim->io;
    struct stat status;
    unsigned char *bytes = NULL;
    int file = io->openat(io->self, victim->folder, name, O_RDONLY, 0);
    if (file < 0)
        return NULL;
    if (io->fstat(io->self, file, &status) == 0)
        bytes = malloc((size_t)status.st_size + 1);
    if (bytes && io_read_all(io, file, bytes, (size_t)status.st_size, 0)) {
        free(bytes);
        bytes = NULL;
    }
    if (bytes)
        *ret_length = (size_t)status.st_size;
    io->close(io->self, file);
    return bytes;
}

static void spoil(const struct victim *victim, enum spoiling spoiling)
{
    size_t length = 0;
    unsigned char *bytes = read_whole(victim, spoiling == SPOIL_FOREIGN && victim->other ? victim->other : victim->name,
                                      &length);
    if (!bytes || length == 0 || spoiling == SPOIL_NOTHING) {
        free(bytes);
        return;
    }
    size_t at = (size_t)prng_below(victim->prng, length);
    bytes[at] ^= (unsigned char)(spoiling == SPOIL_FLIP ? 1u << prng_below(victim->prng, 8) : 0);
    if (spoiling == SPOIL_REMOVE)
        victim->io->unlinkat(victim->io->self, victim->folder, victim->name, 0);
    else if (spoiling == SPOIL_FLIP)
        overwrite(victim, bytes + at, 1, (off_t)at, false);
    else
        overwrite(victim, bytes, spoiling == SPOIL_CUT ? at : spoiling == SPOIL_EMPTY ? 0 : length, 0, true);
    free(bytes);
}

/* Without a spoiling what chance says, which leaves every second one as it is. */
static unsigned spoil_all(const struct io *io, const char *path, struct prng *prng, const enum spoiling *spoiling)
{
    unsigned count = 0;
    uint64_t number;
    const char *other = NULL;
    int folder = io->openat(io->self, AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
    char *names = folder >= 0 ? io->list(io->self, folder) : NULL;
    for (const char *name = names; name && *name; name += strlen(name) + 1) {
        if (!summary_number(name, &number))
            continue;
        struct victim victim = {.io = io, .folder = folder, .name = name, .other = other, .prng = prng};
        enum spoiling chance = (enum spoiling)prng_below(prng, SPOILINGS * 2);
        spoil(&victim, spoiling ? *spoiling : chance < SPOILINGS ? chance : SPOIL_NOTHING);
        other = name;
        count++;
    }
    free(names);
    if (folder >= 0)
        io->close(io->self, folder);
    return count;
}

unsigned summaries_spoil(const struct io *io, const char *folder, enum spoiling spoiling)
{
    struct prng prng = prng_of(1);
    return spoil_all(io, folder, &prng, &spoiling);
}

unsigned summaries_spoil_some(const struct io *io, const char *folder, struct prng *prng)
{
    return spoil_all(io, folder, prng, NULL);
}
