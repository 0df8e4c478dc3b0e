/* error.h - how the engine fails: an error and the errno behind it, and sentences for operators.
 *
 * What calls the table of file calls and no more fails as an errno: an int, 0 is success. What means something to the
 * engine fails as a failure, by value. Who opens something that an operator has to mend adds a sentence to it: a
 * store_detail.
 *
 * Thread: any.
 */
#ifndef CAIRN_STORE_ERROR_H
#define CAIRN_STORE_ERROR_H

#include "store/store.h"

/* ENOSPC and EDQUOT are STORE_FULL, ENOMEM is STORE_NO_MEMORY, ESHUTDOWN is STORE_FENCED, everything else STORE_IO. */
enum store_error error_of_errno(int os_error);

/* What became of a call; its error is STORE_OK when it has not failed. */
struct failure {
    enum store_error error;
    int os_error; /* errno of the file call that has failed; 0: none has */
};

static inline struct failure failure_none(void)
{
    return (struct failure){.error = STORE_OK};
}

/* One that no file call is the reason of; none, of STORE_OK. */
static inline struct failure failure_of(enum store_error error)
{
    return (struct failure){.error = error};
}

/* A call has failed, and its errno says what that means: error_of_errno(). None, of 0. */
struct failure failure_of_errno(int os_error);

/* The same where the disk was only read, and every errno is STORE_IO, but for STORE_FENCED. None, of 0. */
struct failure failure_io(int os_error);

/* What an operator is told of it: strerror() of a call that failed, else what the error means. */
const char *failure_text(struct failure failure);

/* For a function of the public header: the error, and what is beside it in errno. */
enum store_error failure_tell(struct failure failure);

/* Fills *detail (which may be NULL), but names no owner, and returns the failure, so that to fail is one statement. */
struct failure failure_detail(struct store_detail *detail, struct failure failure, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
