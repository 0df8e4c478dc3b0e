/* snapshot.c - the files of a log that somebody else writes to. See snapshot.h. */
#include "store/backup/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Numbers are given out one by one: one so far beyond the one in front of it is none of the log's (lineup.c). */
enum { FAR = 1 << 20 };

static int compare_files(const void *a, const void *b)
{
    const struct snapshot_file *left = a;
    const struct snapshot_file *right = b;
    return left->number < right->number ? -1 : left->number > right->number;
}

/* Takes the numbers of a list of names, in order; false when memory is out. */
static bool take_numbers(struct snapshot *snapshot, const char *names)
{
    size_t count = 0;
    for (const char *name = names; *name; name += strlen(name) + 1)
        count++;
    snapshot->files = calloc(count + 1, sizeof *snapshot->files);
    for (const char *name = names; snapshot->files && *name; name += strlen(name) + 1)
        if (segment_number(name, &snapshot->files[snapshot->count].number))
            snapshot->count++;
    if (snapshot->files)
        qsort(snapshot->files, snapshot->count, sizeof *snapshot->files, compare_files);
    return snapshot->files != NULL;
}

static void leave_out_strays(struct snapshot *snapshot)
{
    for (size_t i = 1; i < snapshot->count; i++)
        if (snapshot->files[i].number - snapshot->files[i - 1].number > FAR)
            snapshot->count = i;
}

/* Looks at each file; what has gone since it was listed is left out. An errno. */
static int take_imprints(struct snapshot *snapshot, const struct io *io, int log)
{
    size_t kept = 0;
    for (size_t i = 0; i < snapshot->count; i++) {
        struct snapshot_file file = snapshot->files[i];
        int error = imprint_find(io, log, file.number, segment_ending, &file.imprint);
        bool odd = error == ELOOP || error == ENXIO || (!error && !file.imprint.file); /* a link, a socket, a pipe */
        if (error && error != ENOENT && !odd)
            return error;
        if (odd)
            snapshot->odd = file.number;
        else if (!error)
            snapshot->files[kept++] = file;
    }
    snapshot->count = kept;
    return 0;
}

int snapshot_take(const struct io *io, int log, struct snapshot *ret_snapshot)
{
    struct snapshot snapshot = {0};
    char *names = io_list(io, log);
    if (!names)
        return errno;
    int error = take_numbers(&snapshot, names) ? 0 : ENOMEM;
    free(names);
    if (!error) {
        leave_out_strays(&snapshot);
        error = take_imprints(&snapshot, io, log);
    }
    if (error)
        snapshot_free(&snapshot);
    else
        *ret_snapshot = snapshot;
    return error;
}

void snapshot_free(struct snapshot *snapshot)
{
    free(snapshot->files);
    *snapshot = (struct snapshot){0};
}

const struct snapshot_file *snapshot_last(const struct snapshot *snapshot)
{
    return snapshot->count > 0 ? &snapshot->files[snapshot->count - 1] : NULL;
}

size_t snapshot_place(const struct snapshot *snapshot, uint64_t number)
{
    size_t low = 0, high = snapshot->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (snapshot->files[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool snapshot_has(const struct snapshot *snapshot, uint64_t number)
{
    size_t place = snapshot_place(snapshot, number);
    return place < snapshot->count && snapshot->files[place].number == number;
}

bool snapshot_equal(const struct snapshot *a, const struct snapshot *b)
{
    bool equal = a->count == b->count && a->odd == b->odd;
    for (size_t i = 0; equal && i < a->count; i++) {
        const struct snapshot_file *left = &a->files[i];
        const struct snapshot_file *right = &b->files[i];
        equal = left->number == right->number && imprint_same_file(&left->imprint, &right->imprint) &&
                (i + 1 == a->count || imprint_same_bytes(&left->imprint, &right->imprint));
    }
    return equal;
}

bool snapshot_copied(const struct snapshot *a, const struct snapshot *b)
{
    bool copied = a->count == b->count && a->odd == b->odd;
    for (size_t i = 0; copied && i < a->count; i++)
        copied = a->files[i].number == b->files[i].number &&
                 imprint_same_bytes(&a->files[i].imprint, &b->files[i].imprint);
    return copied;
}

int snapshot_read_header(const struct io *io, int log, uint64_t salt, uint64_t number,
                         struct segment_header *ret_header, bool *ret_told)
{
    int file = numbered_open(io, log, number, segment_ending);
    *ret_told = false;
    if (file < 0)
        return errno == ENOENT || errno == ELOOP ? 0 : errno;
    struct failure failure = segment_read_header(io, file, salt, ret_header);
    io->close(io->self, file);
    *ret_told = !failure.error;
    return failure.os_error;
}

bool snapshot_header(const struct io *io, int log, uint64_t salt, uint64_t number, struct segment_header *ret_header)
{
    bool told;
    return !snapshot_read_header(io, log, salt, number, ret_header, &told) && told;
}
