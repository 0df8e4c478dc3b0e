/* note.c - a small text file that is there whole or not at all. */
#include "store/disk/note.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

void note_draft(const char *name, char ret_draft[NOTE_NAME_MAX])
{
    (void)snprintf(ret_draft, NOTE_NAME_MAX, "%s.new", name);
}

int note_write(const struct io *io, int folder, const char *name, const char *text, size_t length)
{
    char draft[NOTE_NAME_MAX];
    note_draft(name, draft);
    int file = io_open_anew(io, folder, draft, O_WRONLY);
    if (file < 0)
        return errno;
    int error = io_write_all(io, file, text, length, 0);
    if (!error && io->fdatasync(io->self, file) < 0)
        error = errno;
    io->close(io->self, file);
    if (!error && io_name(io, folder, draft, name) < 0)
        error = errno;
    return error;
}

int note_read(const struct io *io, int folder, const char *name, int flags, char ret_text[NOTE_MAX], size_t *ret_length)
{
    int file = io->openat(io->self, folder, name, O_RDONLY | O_NONBLOCK | flags, 0);
    if (file < 0)
        return errno;
    size_t length = 0;
    int error = 0;
    while (length < NOTE_MAX - 1) {
        ssize_t got = io->pread(io->self, file, ret_text + length, NOTE_MAX - 1 - length, (off_t)length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            error = errno;
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    ret_text[length] = '\0';
    *ret_length = length;
    io->close(io->self, file);
    return error;
}
