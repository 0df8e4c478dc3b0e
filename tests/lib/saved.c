/* saved.c - files of a store's log that are kept aside and put back. */
#include "tests/lib/saved.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t saved_take(struct fixture *fixture, const char *part, struct saved ret_files[SAVED_MAX])
{
    size_t count = 0;
    const struct io *io = fixture->io;
    int folder = io->openat(io->self, AT_FDCWD, "/data/stores/s/log", O_RDONLY | O_DIRECTORY, 0);
    char *names = io->list(io->self, folder);
    io->close(io->self, folder);
    for (const char *name = names; *name; name += strlen(name) + 1) {
        if (!strstr(name, part))
            continue;
        ck_assert_uint_lt(count, SAVED_MAX);
        struct saved *file = &ret_files[count++];
        (void)snprintf(file->path, sizeof file->path, "/data/stores/s/log/%s", name);
        file->bytes = fixture_read_file(fixture, file->path, &file->size);
    }
    free(names);
    return count;
}

/* Whether a file is as it was saved. */
static bool is_same(struct fixture *fixture, const struct saved *saved)
{
    size_t size;
    if (!fixture_exists(fixture, saved->path))
        return false;
    uint8_t *bytes = fixture_read_file(fixture, saved->path, &size);
    bool same = size == saved->size && memcmp(bytes, saved->bytes, size) == 0;
    free(bytes);
    return same;
}

void saved_put_back(struct fixture *fixture, const struct saved *files, size_t count)
{
    const struct io *io = fixture->io;
    for (size_t i = 0; i < count; i++) {
        if (!is_same(fixture, &files[i])) {
            int file = io->openat(io->self, AT_FDCWD, files[i].path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
            ck_assert_int_eq(io_write_all(io, file, files[i].bytes, files[i].size, 0), 0);
            io->close(io->self, file);
        }
        free(files[i].bytes);
    }
}

static bool is_among(const struct saved *saved, const struct saved *files, size_t count)
{
    bool found = false;
    for (size_t i = 0; i < count && !found; i++)
        found = strcmp(files[i].path, saved->path) == 0;
    return found;
}

void saved_remove_others(struct fixture *fixture, const struct saved *files, size_t count)
{
    static struct saved there[SAVED_MAX];
    size_t there_count = saved_take(fixture, "", there);
    for (size_t i = 0; i < there_count; i++) {
        if (!is_among(&there[i], files, count))
            fixture_remove(fixture, there[i].path);
        free(there[i].bytes);
    }
}
