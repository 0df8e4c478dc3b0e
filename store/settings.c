/* settings.c - the small text files that say whose a folder is and in which format. */
#include "store/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

enum { TEXT_MAX = 512, NAME_MAX_BYTES = 64 };

static size_t settings_format(const struct settings *settings, char ret_text[TEXT_MAX])
{
    int length = snprintf(ret_text, TEXT_MAX, "cairn %s\nformat %d\nsalt %016" PRIx64 "\n", settings->kind,
                          SETTINGS_FORMAT, settings->salt);
    uint64_t check = XXH3_64bits(ret_text, (size_t)length);
    length += snprintf(ret_text + length, TEXT_MAX - (size_t)length, "check %016" PRIx64 "\n", check);
    return (size_t)length;
}

static void draft_of(const char *name, char ret_draft[NAME_MAX_BYTES])
{
    (void)snprintf(ret_draft, NAME_MAX_BYTES, "%s.new", name);
}

int settings_write(const struct io *io, int folder, const char *name, const struct settings *settings)
{
    char text[TEXT_MAX];
    char draft[NAME_MAX_BYTES];
    size_t length = settings_format(settings, text);
    draft_of(name, draft);
    int file = io->openat(io->self, folder, draft, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0)
        return errno;
    int error = io_write_all(io, file, text, length, 0);
    if (!error && io->fdatasync(io->self, file) < 0)
        error = errno;
    io->close(io->self, file);
    if (!error && io->renameat(io->self, folder, draft, folder, name) < 0)
        error = errno;
    return error;
}

/* Reads what there is of a file, at most TEXT_MAX - 1 bytes, and ends it with NUL; an errno. Waits for nobody who may
 * write into a pipe of that name. `flags`: more of open()'s. */
static int read_text(const struct io *io, int folder, const char *name, int flags, char ret_text[TEXT_MAX],
                     size_t *ret_length)
{
    int file = io->openat(io->self, folder, name, O_RDONLY | O_NONBLOCK | flags, 0);
    if (file < 0)
        return errno;
    size_t length = 0;
    int error = 0;
    while (length < TEXT_MAX - 1) {
        ssize_t got = io->pread(io->self, file, ret_text + length, TEXT_MAX - 1 - length, (off_t)length);
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

bool settings_is_draft(const struct io *io, int folder, const char *draft, const char *name,
                       const struct settings *settings)
{
    char expected[TEXT_MAX];
    char own[NAME_MAX_BYTES];
    char text[TEXT_MAX];
    size_t length = 0;
    draft_of(name, own);
    if (strcmp(draft, own) != 0 || read_text(io, folder, draft, O_NOFOLLOW, text, &length) ||
        length > settings_format(settings, expected))
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] != '\0' && text[i] != expected[i])
            return false;
    }
    return true;
}

enum store_error settings_read(const struct io *io, int folder, const char *name, const char *kind,
                               struct settings *ret_settings, int *ret_errno)
{
    char text[TEXT_MAX];
    char expected[TEXT_MAX];
    int format = 0;
    size_t length = 0;
    *ret_errno = read_text(io, folder, name, 0, text, &length);
    if (*ret_errno == ENOENT)
        return STORE_FOREIGN;
    if (*ret_errno)
        return STORE_IO;
    int first = snprintf(expected, sizeof expected, "cairn %s\n", kind);
    if (strncmp(text, expected, (size_t)first) != 0)
        return STORE_FOREIGN;
    struct settings settings = {.kind = kind};
    int found = sscanf(text + first, "format %d\nsalt %" SCNx64, &format, &settings.salt);
    if (found >= 1 && format > SETTINGS_FORMAT)
        return STORE_TOO_NEW;
    settings_format(&settings, expected);
    if (found != 2 || strcmp(text, expected) != 0)
        return STORE_DAMAGED;
    *ret_settings = settings;
    return STORE_OK;
}
