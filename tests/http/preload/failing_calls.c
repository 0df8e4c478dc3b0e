/* failing_calls.c - loaded in front of libc, lets file calls of a real server fail when a test says so.
 *
 * While the folder $FAILING_CALLS holds a file with the name of a call, that call fails with the errno that the file
 * names, as in `echo 5 > fdatasync`. With 0 in its file fstatvfs() does not fail, but knows nothing, as on file systems
 * that have no size to tell. Thread: any.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* Whether the call is to fail, with errno set. */
static bool fails(const char *call)
{
    char path[512], text[16] = {0};
    const char *folder = getenv("FAILING_CALLS");
    if (!folder || snprintf(path, sizeof path, "%s/%s", folder, call) >= (int)sizeof path)
        return false;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t got = read(file, text, sizeof text - 1);
    close(file);
    errno = atoi(text);
    return got > 0;
}

/* The call that this library stands in front of. */
#define NEXT(call) ((__typeof__(&(call)))dlsym(RTLD_NEXT, #call))

int openat(int folder, const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return fails("openat") ? -1 : NEXT(openat)(folder, path, flags, mode);
}

int fdatasync(int file)
{
    return fails("fdatasync") ? -1 : NEXT(fdatasync)(file);
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t position)
{
    return fails("pwrite") ? -1 : NEXT(pwrite)(file, bytes, length, position);
}

ssize_t pread(int file, void *bytes, size_t length, off_t position)
{
    return fails("pread") ? -1 : NEXT(pread)(file, bytes, length, position);
}

ssize_t preadv2(int file, const struct iovec *parts, int count, off_t position, int flags)
{
    return fails("pread") ? -1 : NEXT(preadv2)(file, parts, count, position, flags);
}

int fstatvfs(int file, struct statvfs *figures)
{
    if (!fails("fstatvfs"))
        return NEXT(fstatvfs)(file, figures);
    memset(figures, 0, sizeof *figures);
    return errno == 0 ? 0 : -1;
}
