/* error.c - how the engine fails: an error and the errno behind it, and sentences for operators. */
#include "store/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const texts[STORE_ERRORS] = {
    [STORE_OK] = "done",
    [STORE_AGAIN] = "it would have to wait",
    [STORE_NO_STORE] = "there is no such store",
    [STORE_ELSEWHERE] = "another server has the store",
    [STORE_NO_OBJECT] = "there is no such object",
    [STORE_NO_UPLOAD] = "there is no such upload, or it has expired",
    [STORE_UPLOAD_HELD] = "somebody else works on the upload: try again",
    [STORE_UPLOAD_PARTS] = "what it is to be made of has to be parts that have all their bytes",
    [STORE_UPLOAD_OFFSET] = "the upload has not come just so far",
    [STORE_MANY_UPLOADS] = ("the store has as many unfinished uploads as it may: finish or DELETE one, wait until some "
                            "expire, or have --uploads-kept raised"),
    [STORE_BAD_NAME] = "a store's name is 1 to 63 of a-z 0-9 . _ - and begins with a letter or digit",
    [STORE_BAD_KEY] = "a key has 1 to 1024 bytes",
    [STORE_BAD_ATTRIBUTES] = "the object's attributes are too long",
    [STORE_TOO_LARGE] = "it is larger than the configured limit",
    [STORE_EMPTY] = "the payload is empty and allow_empty is not set",
    [STORE_NUL] = "the payload is a single NUL byte and allow_null_bytes is not set",
    [STORE_COLLISION] = "several keys have this hash: name the object by its key",
    [STORE_CONDITION] = "the object is not in the state that a precondition asks for: look at it and try again",
    [STORE_EXISTS] = "the target exists",
    [STORE_SAME] = "source and target are the same object",
    [STORE_NOT_DRAINED] = "the store still holds objects",
    [STORE_DIGEST] = "the payload does not have the digest its sender announced",
    [STORE_SIZE] = "the payload does not have the size its sender announced",
    [STORE_BUSY] = "too much work is in flight: try again",
    [STORE_DRAINING] = "no new work is taken: shutting down, or the store is being deleted",
    [STORE_FULL] = "no space is left on the disk beyond the configured reserve: delete objects or make space",
    [STORE_QUOTA] = "the store would pass its limit: delete objects, or have the limit raised",
    [STORE_TOO_MANY] = "there are as many stores as there may be: remove one, or have the limit raised",
    [STORE_DAMAGED] = "the stored bytes do not match their digest",
    [STORE_GONE] = "the log does not tell any more all that has happened since: begin anew",
    [STORE_MISSING] = "the file of the payload is missing: put the object again, or bring the file back from a backup",
    [STORE_FAILED] =
        "a write failed, or the folder is gone: no writes until the server is started again; its log says why",
    [STORE_IO] = "a file call failed",
    [STORE_NO_MEMORY] = "memory is out: try again",
    [STORE_LOCKED] = "another process has the data folder open",
    [STORE_FOREIGN] = "the folder is not a data folder of cairn",
    [STORE_TOO_NEW] = "the folder was written by a newer cairn",
    [STORE_FENCED] = "another server has taken over, or the cluster does not answer: this one ends",
};

const char *store_error_text(enum store_error error)
{
    if ((unsigned)error >= STORE_ERRORS)
        return "unknown error";
    return texts[error];
}

bool store_error_is_shortage(enum store_error error, int os_error)
{
    return error == STORE_NO_MEMORY || (error == STORE_IO && (os_error == EMFILE || os_error == ENFILE));
}

enum store_error error_of_errno(int os_error)
{
    switch (os_error) {
    case ENOSPC:
    case EDQUOT:
        return STORE_FULL;
    case ENOMEM:
        return STORE_NO_MEMORY;
    case ESHUTDOWN:
        return STORE_FENCED;
    default:
        return STORE_IO;
    }
}

struct failure failure_of_errno(int os_error)
{
    return (struct failure){.error = os_error ? error_of_errno(os_error) : STORE_OK, .os_error = os_error};
}

struct failure failure_io(int os_error)
{
    enum store_error error = error_of_errno(os_error) == STORE_FENCED ? STORE_FENCED : STORE_IO;
    return (struct failure){.error = os_error ? error : STORE_OK, .os_error = os_error};
}

const char *failure_text(struct failure failure)
{
    return failure.error == STORE_IO ? strerror(failure.os_error) : store_error_text(failure.error);
}

enum store_error failure_tell(struct failure failure)
{
    errno = failure.os_error;
    return failure.error;
}

struct failure failure_detail(struct store_detail *detail, struct failure failure, const char *format, ...)
{
    if (!detail)
        return failure;
    detail->os_error = failure.os_error;
    detail->owner[0] = '\0';
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(detail->text, sizeof detail->text, format, arguments);
    va_end(arguments);
    return failure;
}
