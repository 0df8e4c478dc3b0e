/* fuzz_summary.c - the summary beside a segment: whatever its bytes are, it counts only when its rows are such as the
 * records of that segment can have made, and then it is what would be written of them.
 *
 * The segment is a file of zeros in which nothing but the check of the last record is looked at. The mutator makes the
 * checks right in every second input, with the salt that no attacker knows.
 */
#include "store/base/little.h"
#include "store/log/summary.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/log_image.h"
#include "tests/lib/sim_disk.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { FILE_LENGTH = 8192, ROWS_MAX = 60 };
enum { AT_COUNT = 48, AT_LAST_CHECK = 72, AT_STAMP = 88, AT_ROWS_CHECK = 96, AT_CHECK = 104 };

static const char name[] = "/log/0000000000000001.sum";

static int make_file(const struct io *io, const char *path, const void *bytes, size_t size)
{
    int file = io->openat(io->self, AT_FDCWD, path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    fuzz_assert(file >= 0 && io_write_all(io, file, bytes, size, 0) == 0);
    return file;
}

/* What is relied upon when rows are replayed. */
static void assert_sound(const struct rows *rows, uint64_t end)
{
    uint64_t at = SEGMENT_HEADER;
    for (size_t i = 0; i < rows->count; i++) {
        const struct row *row = &rows->list[i];
        fuzz_assert(row_type(row) >= RECORD_PUT && row_type(row) <= RECORD_SWEEP);
        fuzz_assert(row_position(row) >= SEGMENT_HEADER && row_position(row) + row_length(row) <= end);
        fuzz_assert(row_length(row) >= RECORD_HEADER && row_length(row) <= RECORD_MAX);
        fuzz_assert(i == 0 || row[-1].order < row->order ||
                    (row[-1].order == row->order && row[-1].place < row->place));
        at += row_length(row);
    }
    fuzz_assert(at == end);
}

static void look(const struct log *log, const struct segment *segment, const uint8_t *data, size_t size)
{
    struct summary summary, again;
    struct rows rows;
    uint64_t end = size >= SUMMARY_HEADER ? little_get64(data + 32) : 0;
    if (end > segment->prepared)
        end = segment->prepared;
    if (!summary_read(log, segment, end, &summary, &rows))
        return;
    fuzz_assert(summary.number == segment->number && summary.base == segment->base && summary.end == end);
    fuzz_assert(summary_read(log, segment, end, &again, NULL) && again.rows_check == summary.rows_check);
    fuzz_assert(rows.count == summary.count && rows.count <= ROWS_MAX);
    assert_sound(&rows, end);
    (void)summary_differs(&summary, &rows); /* the header may tell of another blob */
    rows_free(&rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t zeros[FILE_LENGTH];
    struct sim_disk *disk = sim_disk_new(1);
    const struct io *io = sim_disk_io(disk);
    fuzz_assert(io->mkdirat(io->self, AT_FDCWD, "/log", 0700) == 0);
    struct segment_header header = {.version = SEGMENT_VERSION, .number = 1, .base = 0};
    struct handles handles;
    struct handle_folder folder = {.handles = &handles, .open = AT_FDCWD};
    handles_init(&handles, io, 1);
    struct segment *segment = segment_new(&folder, make_file(io, "/segment", zeros, sizeof zeros), &header,
                                          sizeof zeros);
    struct log log = {.io = io, .salt = LOG_IMAGE_SALT};
    log.folder = io->openat(io->self, AT_FDCWD, "/log", O_RDONLY | O_DIRECTORY, 0);
    if (!segment)
        abort();
    io->close(io->self, make_file(io, name, data, size));
    look(&log, segment, data, size);
    segment_release(segment);
    handles_free(&handles);
    io->close(io->self, log.folder);
    fuzz_assert(sim_disk_open_files(disk) == 0);
    sim_disk_free(disk);
    return 0;
}

/* Makes the rows such as records can have made: one behind the other, in the order of their hashes. */
static void line_up(uint8_t *rows, uint64_t count)
{
    uint32_t position = SEGMENT_HEADER;
    for (uint64_t i = 0; i < count; i++) {
        uint8_t *row = rows + i * SUMMARY_ROW;
        uint32_t length = RECORD_HEADER + little_get32(row + 20) % 5 * RECORD_ALIGNMENT;
        row[7] = (uint8_t)i;
        little_put32(row + 16, position | (RECORD_PUT + row[16] % 4));
        little_put32(row + 20, length | (row[20] & 1));
        position += length;
    }
}

/* Makes the header that of the rows behind it, and the checks right. */
static void seal(uint8_t *data, size_t size)
{
    static const uint8_t magic[] = "cairnsum";
    uint64_t count = (size - SUMMARY_HEADER) / SUMMARY_ROW, end = SEGMENT_HEADER;
    for (uint64_t i = 0; i < count; i++)
        end += little_get32(data + SUMMARY_HEADER + i * SUMMARY_ROW + 20) & ~UINT32_C(7);
    memcpy(data, magic, 8);
    little_put64(data + 8, SUMMARY_VERSION);
    little_put64(data + 16, 1);
    little_put64(data + 24, 0);
    little_put64(data + 32, end);
    little_put64(data + 40, FILE_LENGTH);
    little_put64(data + AT_COUNT, count);
    little_put64(data + AT_LAST_CHECK, 0);
    little_put64(data + AT_STAMP, 1); /* of the first write to the disk */
    uint64_t check = count ? XXH3_64bits_withSeed(data + SUMMARY_HEADER, count * SUMMARY_ROW, LOG_IMAGE_SALT) : 0;
    little_put64(data + AT_ROWS_CHECK, check);
    little_put64(data + AT_CHECK, XXH3_64bits_withSeed(data, AT_CHECK, LOG_IMAGE_SALT));
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    size = LLVMFuzzerMutate(data, size, max_size);
    if (seed % 2 && size >= SUMMARY_HEADER) {
        size_t rows = (size - SUMMARY_HEADER) / SUMMARY_ROW;
        rows = rows < ROWS_MAX ? rows : ROWS_MAX;
        size = SUMMARY_HEADER + rows * SUMMARY_ROW;
        if (seed % 4 == 1)
            line_up(data + SUMMARY_HEADER, rows);
        seal(data, size);
    }
    return size;
}
