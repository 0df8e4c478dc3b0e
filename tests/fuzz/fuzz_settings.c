/* fuzz_settings.c - the small text file in every folder of cairn: what is accepted is what would be written. */
#include "store/disk/settings.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/sim_disk.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static const char name[] = "settings";

static void write_file(const struct io *io, int folder, const void *bytes, size_t size)
{
    int file = io->openat(io->self, folder, name, O_WRONLY | O_CREAT, 0600);
    fuzz_assert(file >= 0 && io_write_all(io, file, bytes, size, 0) == 0);
    io->close(io->self, file);
}

static void assert_written_alike(const struct io *io, int folder, const struct settings *settings, const void *bytes,
                                 size_t size)
{
    fuzz_assert(settings_write(io, folder, name, settings) == 0);
    char *written = fuzz_allocate(size);
    struct stat status;
    int file = io->openat(io->self, folder, name, O_RDONLY, 0);
    fuzz_assert(file >= 0 && io->fstat(io->self, file, &status) == 0 && (size_t)status.st_size <= size);
    fuzz_assert(io_read_all(io, file, written, (size_t)status.st_size, 0) == 0);
    io->close(io->self, file);
    fuzz_assert(memcmp(written, bytes, (size_t)status.st_size) == 0);
    free(written);
}

static void read_as(const struct io *io, int folder, const char *kind, const void *bytes, size_t size)
{
    struct settings settings;
    struct failure failure = settings_read(io, folder, name, kind, &settings);
    enum store_error error = failure.error;
    fuzz_assert(failure.os_error == 0);
    if (error == STORE_OK)
        assert_written_alike(io, folder, &settings, bytes, size);
    else
        fuzz_assert(error == STORE_FOREIGN || error == STORE_TOO_NEW || error == STORE_DAMAGED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sim_disk *disk = sim_disk_new(1);
    const struct io *io = sim_disk_io(disk);
    int folder = io->openat(io->self, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0);
    write_file(io, folder, data, size);
    read_as(io, folder, "store", data, size);
    read_as(io, folder, "data folder", data, size);
    io->close(io->self, folder);
    sim_disk_free(disk);
    return 0;
}
