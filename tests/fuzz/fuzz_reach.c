/* fuzz_reach.c - the file that tells how far a log has reached: what is accepted is what would be written, and in
 * bounds.
 *
 * The mutator makes the check right in every second input, with the salt that no attacker knows.
 */
#include "store/disk/note.h"
#include "store/log/reach.h"
#include "store/log/segment.h"
#include "tests/fuzz/check_line.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/log_image.h"
#include "tests/lib/sim_disk.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static void write_file(const struct io *io, const void *bytes, size_t size)
{
    int file = io->openat(io->self, AT_FDCWD, "/reach", O_WRONLY | O_CREAT, 0600);
    fuzz_assert(file >= 0 && io_write_all(io, file, bytes, size, 0) == 0);
    io->close(io->self, file);
}

static void assert_written_alike(const struct io *io, int log, const struct reach *reach)
{
    char before[NOTE_MAX], after[NOTE_MAX];
    int root = io->openat(io->self, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0);
    size_t length;
    fuzz_assert(note_read(io, root, "reach", 0, before, &length) == 0);
    fuzz_assert(reach_write(io, log, LOG_IMAGE_SALT, reach) == 0);
    fuzz_assert(note_read(io, root, "reach", 0, after, &length) == 0 && strcmp(before, after) == 0);
    io->close(io->self, root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reach reach;
    struct sim_disk *disk = sim_disk_new(1);
    const struct io *io = sim_disk_io(disk);
    fuzz_assert(io->mkdirat(io->self, AT_FDCWD, "/log", 0700) == 0);
    int log = io->openat(io->self, AT_FDCWD, "/log", O_RDONLY | O_DIRECTORY, 0);
    write_file(io, data, size);
    struct failure failure = reach_read(io, log, LOG_IMAGE_SALT, &reach);
    enum store_error error = failure.error;
    fuzz_assert(failure.os_error == 0 && (error == STORE_OK || error == STORE_DAMAGED));
    fuzz_assert(reach.offset <= SEGMENT_OFFSET_MAX && reach.segment <= SEGMENT_OFFSET_MAX);
    fuzz_assert(reach.oldest <= reach.segment && reach.blob <= SEGMENT_OFFSET_MAX);
    fuzz_assert((error == STORE_OK) == (reach.segment > 0));
    if (error == STORE_OK)
        assert_written_alike(io, log, &reach);
    io->close(io->self, log);
    fuzz_assert(sim_disk_open_files(disk) == 0);
    sim_disk_free(disk);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    return check_line_mutate(data, size, max_size, seed);
}
