/* small_file.c - reads a file whole. See small_file.h. */
#include "service/small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST = 4096 };

/* What is read may be a secret: no part of it stays behind in memory that is given back. */
static void drop(char *text, size_t length)
{
    if (text)
        explicit_bzero(text, length);
    free(text);
}

static char *grow(char *text, size_t length, size_t capacity)
{
    char *grown = malloc(capacity);
    if (grown && length > 0)
        memcpy(grown, text, length);
    drop(text, length);
    return grown;
}

static char *read_whole(int file, size_t limit, size_t *ret_length)
{
    size_t capacity = FIRST, length = 0;
    char *text = malloc(capacity);
    while (text && length <= limit) {
        ssize_t got = read(file, text + length, capacity - length - 1);
        if (got == 0) {
            text[length] = '\0';
            *ret_length = length;
            return text;
        }
        if (got < 0)
            break;
        length += (size_t)got;
        if (length + 1 == capacity)
            text = grow(text, length, capacity *= 2);
    }
    int error = length > limit ? EFBIG : errno;
    drop(text, length);
    errno = error;
    return NULL;
}

FILE *small_file_draft_at(int folder, const char *name)
{
    int file = unlinkat(folder, name, 0) == 0 || errno == ENOENT
                   ? openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)
                   : -1;
    FILE *draft = file < 0 ? NULL : fdopen(file, "w");
    int error = errno;
    if (file >= 0 && !draft)
        close(file);
    errno = error;
    return draft;
}

FILE *small_file_draft(const char *path)
{
    return small_file_draft_at(AT_FDCWD, path);
}

/* Takes the file. */
static char *read_open(int file, size_t limit, size_t *ret_length)
{
    if (file < 0)
        return NULL;
    char *text = read_whole(file, limit, ret_length);
    int error = errno;
    close(file);
    errno = error;
    return text;
}

char *small_file_read(const char *path, size_t limit, size_t *ret_length)
{
    return read_open(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), limit, ret_length);
}

char *small_file_read_at(int folder, const char *name, size_t limit, size_t *ret_length)
{
    return read_open(openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW), limit, ret_length);
}
