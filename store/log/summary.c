/* summary.c - the rows of a sealed segment in a file beside it. summary.h has the format. */
#include "store/log/summary.h"

#include "store/base/little.h"
#include "store/base/mapping.h"
#include "store/base/xxh3.h"
#include "store/disk/numbered.h"
#include "store/log/expiring.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum {
    AT_MAGIC = 0,
    AT_VERSION = 8,
    AT_NUMBER = 16,
    AT_BASE = 24,
    AT_END = 32,
    AT_LENGTH = 40,
    AT_COUNT = 48,
    AT_BLOB = 56,
    AT_LAST = 64,
    AT_LAST_CHECK = 72,
    AT_MARKED = 80,
    AT_STAMP = 88,
    AT_ROWS_CHECK = 96,
    AT_CHECK = 104,
    CHUNK = 16 * SUMMARY_PIECE, /* rows that are read or written at once */
    CHUNK_BYTES = CHUNK * SUMMARY_ROW,
};

static const char magic[8] = {'c', 'a', 'i', 'r', 'n', 's', 'u', 'm'};
static const char ending[] = ".sum";
static const char draft[] = "summary";

bool summary_number(const char *name, uint64_t *ret_number)
{
    return numbered_read(name, ending, ret_number);
}

bool summary_is_draft(const char *name)
{
    return strcmp(name, draft) == 0;
}

void summary_remove(const struct log *log, uint64_t number)
{
    numbered_remove(log->io, log->folder, number, ending);
}

/* ---- its bytes ------------------------------------------------------------------------------- */

static void row_encode(const struct row *row, unsigned char *bytes)
{
    little_put64(bytes, row->order);
    little_put64(bytes + 8, row->tag);
    little_put32(bytes + 16, row->place);
    little_put32(bytes + 20, row->extent);
    little_put64(bytes + 24, row->size);
    little_put64(bytes + 32, row->blob);
}

static struct row row_decode(const unsigned char *bytes)
{
    return (struct row){
        .order = little_get64(bytes),
        .tag = little_get64(bytes + 8),
        .place = little_get32(bytes + 16),
        .extent = little_get32(bytes + 20),
        .size = little_get64(bytes + 24),
        .blob = little_get64(bytes + 32),
    };
}

static uint64_t header_check(const unsigned char *bytes, uint64_t salt)
{
    return XXH3_64bits_withSeed(bytes, AT_CHECK, salt);
}

static void header_encode(const struct summary *summary, uint64_t salt, unsigned char *bytes)
{
    memcpy(bytes + AT_MAGIC, magic, sizeof magic);
    little_put64(bytes + AT_VERSION, SUMMARY_VERSION);
    little_put64(bytes + AT_NUMBER, summary->number);
    little_put64(bytes + AT_BASE, summary->base);
    little_put64(bytes + AT_END, summary->end);
    little_put64(bytes + AT_LENGTH, summary->length);
    little_put64(bytes + AT_COUNT, summary->count);
    little_put64(bytes + AT_BLOB, summary->blob);
    little_put64(bytes + AT_LAST, summary->last);
    little_put64(bytes + AT_LAST_CHECK, summary->last_check);
    little_put64(bytes + AT_MARKED, summary->marked);
    little_put64(bytes + AT_STAMP, summary->stamp);
    little_put64(bytes + AT_ROWS_CHECK, summary->rows_check);
    little_put64(bytes + AT_CHECK, header_check(bytes, salt));
}

static bool header_decode(const unsigned char *bytes, uint64_t salt, struct summary *ret_summary)
{
    *ret_summary = (struct summary){
        .number = little_get64(bytes + AT_NUMBER),
        .base = little_get64(bytes + AT_BASE),
        .end = little_get64(bytes + AT_END),
        .length = little_get64(bytes + AT_LENGTH),
        .count = little_get64(bytes + AT_COUNT),
        .blob = little_get64(bytes + AT_BLOB),
        .last = little_get64(bytes + AT_LAST),
        .last_check = little_get64(bytes + AT_LAST_CHECK),
        .marked = little_get64(bytes + AT_MARKED) == 1,
        .stamp = little_get64(bytes + AT_STAMP),
        .rows_check = little_get64(bytes + AT_ROWS_CHECK),
    };
    return memcmp(bytes + AT_MAGIC, magic, sizeof magic) == 0 && little_get64(bytes + AT_VERSION) == SUMMARY_VERSION &&
           little_get64(bytes + AT_CHECK) == header_check(bytes, salt);
}

/* The check of the segment's last record: it tells one history of a log from another. An errno. */
static int read_last_check(const struct segment *segment, uint64_t last, uint64_t *ret_check)
{
    unsigned char bytes[8] = {0};
    int error = 0;
    if (last)
        error = segment_read(segment, bytes, sizeof bytes, last + RECORD_AT_CHECK);
    *ret_check = little_get64(bytes);
    return error;
}

/* ---- writing --------------------------------------------------------------------------------- */

static uint64_t highest_blob(const struct rows *rows)
{
    uint64_t highest = 0;
    for (size_t i = 0; i < rows->count; i++)
        if (rows->list[i].blob > highest)
            highest = rows->list[i].blob;
    return highest;
}

/* The check of the rows up to the end of these, from that of the rows in front of them. */
static uint64_t check_on(const unsigned char *bytes, size_t count, uint64_t salt, uint64_t check)
{
    for (size_t from = 0; from < count; from += SUMMARY_PIECE) {
        size_t rows = count - from < SUMMARY_PIECE ? count - from : SUMMARY_PIECE;
        check = XXH3_64bits_withSeed(bytes + from * SUMMARY_ROW, rows * SUMMARY_ROW, salt ^ check);
    }
    return check;
}

/* The bytes of the chunk that begins with a row; how many rows it has. */
static size_t encode_chunk(const struct rows *rows, size_t from, unsigned char *bytes)
{
    size_t count = rows->count - from < CHUNK ? rows->count - from : CHUNK;
    for (size_t i = 0; i < count; i++)
        row_encode(&rows->list[from + i], bytes + i * SUMMARY_ROW);
    return count;
}

/* Writes the header in front of the rows, and those; `chunk` has room for one. An errno. */
static int write_all(const struct log *log, int file, struct summary *summary, const struct rows *rows,
                     unsigned char *chunk)
{
    const struct io *io = log->io;
    unsigned char header[SUMMARY_HEADER];
    int error = 0;
    for (size_t from = 0; from < rows->count && !error; from += CHUNK) {
        size_t count = encode_chunk(rows, from, chunk);
        summary->rows_check = check_on(chunk, count, log->salt, summary->rows_check);
        error = io_write_all(io, file, chunk, count * SUMMARY_ROW, (off_t)(SUMMARY_HEADER + from * SUMMARY_ROW));
    }
    if (error)
        return error;
    header_encode(summary, log->salt, header);
    return io_write_all(io, file, header, sizeof header, 0);
}

/* Writes the draft and gives it its name; an errno. */
static int write_file(const struct log *log, struct summary *summary, const struct rows *rows)
{
    const struct io *io = log->io;
    char name[NUMBERED_NAME_MAX];
    numbered_name(summary->number, ending, name);
    int file = io_open_anew(io, log->folder, draft, O_WRONLY);
    if (file < 0)
        return errno;
    unsigned char *chunk = mapping_new(CHUNK_BYTES);
    int error = chunk ? write_all(log, file, summary, rows, chunk) : ENOMEM;
    mapping_free(chunk, CHUNK_BYTES);
    io->close(io->self, file);
    if (!error && io_name(io, log->folder, draft, name) < 0)
        error = errno;
    if (error)
        io->unlinkat(io->self, log->folder, draft, 0);
    return error;
}

int summary_write(const struct log *log, const struct segment *segment, uint64_t end, uint64_t stamp,
                  const struct rows *rows, uint64_t *ret_rows_check)
{
    uint64_t now;
    assert(!rows_are_under_way(rows) && rows->dropped == 0);
    struct summary summary = {
        .number = segment->number,
        .base = segment->base,
        .end = end,
        .length = segment->prepared,
        .count = rows->count,
        .blob = highest_blob(rows),
        .last = rows->last,
        .marked = rows->marked,
        .stamp = stamp,
    };
    if (space_is_full(log->space) || !space_affords(log->space, SUMMARY_HEADER + rows->count * SUMMARY_ROW))
        return ENOSPC;
    int error = segment_stamp(segment, &now);
    if (!error && now != stamp)
        error = EAGAIN;
    if (!error)
        error = read_last_check(segment, rows->last, &summary.last_check);
    if (!error && rows->expiring)
        error = expiring_tell(log);
    if (!error)
        error = write_file(log, &summary, rows);
    if (!error && ret_rows_check)
        *ret_rows_check = summary.rows_check;
    return error;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Whether the header tells of just this segment; `rest`: bytes behind it. */
static bool is_of(const struct summary *summary, const struct segment *segment, uint64_t end, uint64_t rest)
{
    uint64_t check, stamp;
    return summary->number == segment->number && summary->base == segment->base && summary->end == end &&
           summary->length == segment->prepared && summary->count <= end / RECORD_HEADER &&
           rest == summary->count * SUMMARY_ROW && summary->last < end && segment_stamp(segment, &stamp) == 0 &&
           stamp == summary->stamp && read_last_check(segment, summary->last, &check) == 0 &&
           check == summary->last_check;
}

/* What is seen of the rows as they pass. */
struct proof {
    uint64_t end;
    struct row before;
    uint64_t bytes; /* of their records */
    uint64_t check;
    bool sound;
};

/* The check tells that this program has written the rows. What it relies upon is looked at nevertheless. */
static void prove(struct proof *proof, const struct row *rows, size_t count)
{
    bool sound = proof->sound;
    struct row before = proof->before;
    for (size_t i = 0; i < count; i++) {
        const struct row row = rows[i];
        uint32_t position = row_position(&row), length = row_length(&row);
        sound = sound && position >= SEGMENT_HEADER && length >= RECORD_HEADER && length <= RECORD_MAX &&
                (uint64_t)position + length <= proof->end && row_type(&row) >= RECORD_PUT &&
                row_type(&row) <= RECORD_SWEEP &&
                (row.order > before.order || (row.order == before.order && row.place > before.place));
        proof->bytes += length;
        before = row;
    }
    proof->sound = sound;
    proof->before = before;
}

/* Reads rows where they stand in the file; `ret_rows` has room for as many. An errno. */
static int read_rows(const struct io *io, int file, uint64_t from, size_t count, struct row *ret_rows)
{
    static_assert(sizeof *ret_rows == SUMMARY_ROW, "what is read finds place in the rows that are made of it");
    return io_read_all(io, file, ret_rows, count * SUMMARY_ROW, (off_t)(SUMMARY_HEADER + from * SUMMARY_ROW));
}

static void decode_rows(struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        rows[i] = row_decode((const unsigned char *)&rows[i]);
}

/* Reads all rows and proves them: into `rows`, which has room for a chunk or, with `all`, for all of them. */
static bool read_and_prove(const struct log *log, int file, const struct summary *summary, struct row *rows, bool all)
{
    struct proof proof = {.end = summary->end, .sound = true};
    for (uint64_t from = 0; from < summary->count; from += CHUNK) {
        size_t count = summary->count - from < CHUNK ? (size_t)(summary->count - from) : CHUNK;
        struct row *chunk = all ? rows + from : rows;
        if (read_rows(log->io, file, from, count, chunk))
            return false;
        proof.check = check_on((const unsigned char *)chunk, count, log->salt, proof.check);
        decode_rows(chunk, count);
        prove(&proof, chunk, count);
    }
    return proof.sound && proof.bytes == summary->end - SEGMENT_HEADER && proof.check == summary->rows_check;
}

/* The same with the memory that it takes. */
static bool read_proven(const struct log *log, int file, const struct summary *summary, struct rows *ret_rows)
{
    bool all = ret_rows != NULL;
    size_t count = (size_t)summary->count, capacity = all ? count + 1 : CHUNK;
    struct rows rows = {.salt = log->salt,
                        .list = mapping_new(capacity * sizeof *rows.list),
                        .capacity = capacity,
                        .count = count,
                        .whole = count,
                        .last = summary->last,
                        .marked = summary->marked};
    bool proven = rows.list && read_and_prove(log, file, summary, rows.list, all);
    if (proven && all)
        *ret_rows = rows;
    else
        rows_free(&rows);
    return proven;
}

bool summary_read_if(const struct log *log, const struct segment *segment, uint64_t end,
                     bool (*wanted)(void *arg, uint64_t rows), void *arg, struct summary *ret_summary,
                     struct rows *ret_rows)
{
    const struct io *io = log->io;
    unsigned char header[SUMMARY_HEADER];
    uint64_t rest;
    int file = numbered_open(io, log->folder, segment->number, ending);
    if (file < 0)
        return false;
    bool counts = !numbered_read_header(io, file, 0, header, sizeof header, &rest).error &&
                  header_decode(header, log->salt, ret_summary) && is_of(ret_summary, segment, end, rest);
    bool all = counts && wanted(arg, ret_summary->count);
    if (counts && !all && ret_rows)
        *ret_rows = (struct rows){0};
    counts = counts && read_proven(log, file, ret_summary, all ? ret_rows : NULL);
    io->close(io->self, file);
    return counts;
}

static bool want(void *arg, uint64_t rows)
{
    (void)rows;
    return arg;
}

bool summary_read(const struct log *log, const struct segment *segment, uint64_t end, struct summary *ret_summary,
                  struct rows *ret_rows)
{
    return summary_read_if(log, segment, end, want, ret_rows, ret_summary, ret_rows);
}

struct failure summary_rows(const struct log *log, const struct segment *segment, uint64_t from, size_t count,
                            uint64_t *check, struct row *ret_rows)
{
    struct proof proof = {.end = segment->used, .sound = true};
    assert(from % SUMMARY_PIECE == 0);
    int file = numbered_open(log->io, log->folder, segment->number, ending);
    if (file < 0)
        return failure_of_errno(errno);
    int error = read_rows(log->io, file, from, count, ret_rows);
    log->io->close(log->io->self, file);
    if (error)
        return failure_of_errno(error);
    *check = check_on((const unsigned char *)ret_rows, count, log->salt, *check);
    decode_rows(ret_rows, count);
    prove(&proof, ret_rows, count);
    return failure_of(proof.sound ? STORE_OK : STORE_DAMAGED);
}

/* ---- comparing ------------------------------------------------------------------------------- */

bool summary_differs(const struct summary *summary, const struct rows *rows)
{
    unsigned char *chunk = mapping_new(CHUNK_BYTES);
    uint64_t check = 0;
    if (!chunk)
        return false;
    for (size_t from = 0; from < rows->count; from += CHUNK)
        check = check_on(chunk, encode_chunk(rows, from, chunk), rows->salt, check);
    mapping_free(chunk, CHUNK_BYTES);
    return summary->count != rows->count || summary->rows_check != check || summary->last != rows->last ||
           summary->marked != rows->marked || summary->blob != highest_blob(rows);
}
