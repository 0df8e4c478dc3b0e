/* keys.c - files of runs. */
#include "store/read/keys.h"

#include "store/disk/numbered.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static const char ending[] = ".keys";
static const char single_ending[] = ".keys.new";
static const char merged_ending[] = ".merged.new";

/* As numbered_open() does. */
enum { FLAGS = O_RDONLY | O_NONBLOCK | O_NOFOLLOW };

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name);
    return length > strlen(end) && strcmp(name + length - strlen(end), end) == 0;
}

bool keys_is_draft(const char *name)
{
    return ends_with(name, single_ending) || ends_with(name, merged_ending);
}

bool keys_number(const char *name, uint64_t *ret_number)
{
    return numbered_read(name, ending, ret_number);
}

/* ---- making one ------------------------------------------------------------------------------ */

struct failure keys_begin(const struct log *log, uint64_t number, bool merged, struct keys_file *ret_file)
{
    const struct io *io = log->io;
    struct keys_file file = {.log = log, .number = number};
    numbered_name(number, merged ? merged_ending : single_ending, file.draft);
    file.file = io_open_anew(io, log->folder, file.draft, O_RDWR);
    if (file.file < 0)
        return failure_of_errno(errno);
    *ret_file = file;
    return failure_none();
}

void keys_abandon(struct keys_file *file)
{
    const struct io *io = file->log->io;
    io->close(io->self, file->file);
    io->unlinkat(io->self, file->log->folder, file->draft, 0);
}

struct failure keys_end(struct keys_file *file, bool lasting, struct run **ret_run)
{
    const struct log *log = file->log;
    const struct io *io = log->io;
    char name[NUMBERED_NAME_MAX];
    numbered_name(file->number, ending, name);
    /* Synced before it is named, so that a file which is not valid means a disk that has changed it. */
    if (io->fdatasync(io->self, file->file) < 0) {
        int os_error = errno;
        keys_abandon(file);
        return failure_of_errno(os_error);
    }
    bool named = lasting && io_name(io, log->folder, file->draft, name) >= 0;
    if (!named)
        io->unlinkat(io->self, log->folder, file->draft, 0); /* the descriptor will do */
    struct handle *handle = handle_new(&log->files, file->number, ending, FLAGS, file->file);
    struct failure failure = run_open(handle, 0, log->salt, ret_run);
    if (!failure.error && named)
        run_rest(*ret_run);
    return failure;
}

struct failure keys_write(const struct log *log, const struct run_source *source, struct draft *draft, bool lasting,
                          struct run **ret_run)
{
    struct keys_file file;
    struct run_writer writer;
    uint64_t length;
    struct failure failure = keys_begin(log, source->number, false, &file);
    if (failure.error)
        return failure;
    run_writer_init(&writer, log->io, file.file, 0, log->salt);
    failure = draft_write(draft, &writer);
    if (!failure.error)
        failure = run_writer_end(&writer, source, 1, &length);
    run_writer_free(&writer);
    if (!failure.error)
        return keys_end(&file, lasting, ret_run);
    keys_abandon(&file);
    return failure;
}

struct failure keys_draft(struct index *index, const struct log *log, const struct segment *segment, uint64_t records,
                          struct draft *draft, struct run_source *ret_source)
{
    uint64_t before, after;
    int error = segment_stamp(segment, &before);
    struct failure failure = draft_read(draft, index, log, segment, SEGMENT_HEADER, records);
    bool same = !error && !segment_stamp(segment, &after) && before == after;
    *ret_source = (struct run_source){
        .number = segment->number, .covered = records, .stamp = same ? before : RUN_NO_STAMP};
    return failure;
}

bool keys_is_there(const struct log *log, uint64_t number)
{
    int file = numbered_open(log->io, log->folder, number, ending);
    if (file < 0)
        return errno != ENOENT; /* what cannot be looked at for want of descriptors is not made anew */
    log->io->close(log->io->self, file);
    return true;
}

void keys_make(struct index *index, const struct log *log, const struct segment *segment, uint64_t records)
{
    struct draft draft;
    struct run_source source;
    struct run *run;
    if (keys_is_there(log, segment->number))
        return;
    draft_init(&draft);
    struct failure failure = keys_draft(index, log, segment, records, &draft, &source);
    if (!failure.error && draft.hole_count == 0 && source.stamp != RUN_NO_STAMP &&
        !keys_write(log, &source, &draft, true, &run).error)
        run_release(run);
    draft_free(&draft);
}

/* ---- what there is --------------------------------------------------------------------------- */

struct failure keys_open(const struct log *log, uint64_t number, struct run **ret_run)
{
    struct run *run;
    int file = numbered_open(log->io, log->folder, number, ending);
    if (file < 0)
        return errno == ENOENT ? failure_of(STORE_NO_OBJECT) : failure_io(errno);
    struct handle *handle = handle_new(&log->files, number, ending, FLAGS, file);
    struct failure failure = run_open(handle, 0, log->salt, &run);
    if (!failure.error && run_source_at(run, run_source_count(run) - 1).number != number) {
        run_release(run);
        return failure_of(STORE_DAMAGED);
    }
    if (!failure.error)
        *ret_run = run;
    return failure;
}

void keys_remove(const struct log *log, uint64_t number)
{
    char name[NUMBERED_NAME_MAX];
    numbered_name(number, ending, name);
    (void)leftovers_remove(log->leftovers, log->folder, name);
}

/* What the header of a file says. STORE_NO_OBJECT, STORE_DAMAGED, STORE_IO. */
static struct failure look_at(const struct log *log, uint64_t number, struct run_header *ret_header)
{
    unsigned char bytes[RUN_HEADER];
    uint64_t rest;
    int file = numbered_open(log->io, log->folder, number, ending);
    if (file < 0)
        return errno == ENOENT ? failure_of(STORE_NO_OBJECT) : failure_io(errno);
    struct failure failure = numbered_read_header(log->io, file, 0, bytes, sizeof bytes, &rest);
    log->io->close(log->io->self, file);
    if (!failure.error && !run_decode_header(bytes, log->salt, ret_header))
        failure = failure_of(STORE_DAMAGED);
    return failure;
}

void keys_remove_single(const struct log *log, uint64_t number)
{
    struct run_header header;
    if (!look_at(log, number, &header).error && header.sources == 1)
        keys_remove(log, number);
}

void keys_sweep(const struct log *log, uint64_t number)
{
    struct run_header header;
    log_assert_unowned(log);
    if (look_at(log, number, &header).error == STORE_DAMAGED)
        keys_remove(log, number);
}
