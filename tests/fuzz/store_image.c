/* store_image.c - see store_image.h. */
#include "tests/fuzz/store_image.h"

#include "store/disk/settings.h"
#include "store/log/segment.h"
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <stdio.h>

enum { BLOB_SIZE = 600, PATH_SIZE = 64 };

static void make_folder(const struct io *io, const char *path)
{
    fuzz_assert(io->mkdirat(io->self, AT_FDCWD, path, 0700) == 0);
}

static void make_file(const struct io *io, const char *path, const void *bytes, size_t size)
{
    int file = io->openat(io->self, AT_FDCWD, path, O_WRONLY | O_CREAT, 0600);
    fuzz_assert(file >= 0 && io_write_all(io, file, bytes, size, 0) == 0);
    io->close(io->self, file);
}

static void make_settings(const struct io *io, const char *path, const char *name, const char *kind, uint64_t salt)
{
    struct settings settings = {.kind = kind, .salt = salt};
    int folder = io->openat(io->self, AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
    fuzz_assert(folder >= 0 && settings_write(io, folder, name, &settings) == 0);
    io->close(io->self, folder);
}

static void make_segments(const struct io *io, const struct log_image *image)
{
    for (size_t i = 0; i < image->count; i++) {
        char name[SEGMENT_NAME_MAX], path[PATH_SIZE];
        segment_name(i + 1, name);
        snprintf(path, sizeof path, "/data/stores/s/log/%s", name);
        make_file(io, path, image->segments[i].bytes, image->segments[i].size);
    }
}

void store_image_make(const struct io *io, const struct log_image *image, const void *keys, size_t keys_size)
{
    static const char *const folders[] = {"/data",          "/data/trash",        "/data/stores",
                                          "/data/stores/s", "/data/stores/s/log", "/data/stores/s/blobs"};
    static const uint8_t blob[BLOB_SIZE];
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        make_folder(io, folders[i]);
    make_settings(io, "/data", "cairn", "data folder", 0);
    make_settings(io, "/data/stores/s", "settings", "store", LOG_IMAGE_SALT);
    make_file(io, "/data/stores/s/blobs/0000000000000001.blob", blob, sizeof blob);
    make_segments(io, image);
    if (keys) /* behind the segments: so their times are always the same, and a file can have been made of them */
        make_file(io, "/data/stores/s/log/0000000000000001.keys", keys, keys_size);
}

struct depot_options store_image_options(const struct io *io)
{
    struct depot_options options = depot_options_default();
    options.io = io;
    options.io_threads = 1;
    options.disk_reserve = 0;
    options.segment_size = 0; /* the least there is */
    return options;
}
