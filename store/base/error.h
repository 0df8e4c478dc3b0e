/* error.h - sentences about failures, and errno made into an enum store_error. */
#ifndef CAIRN_STORE_ERROR_H
#define CAIRN_STORE_ERROR_H

#include "store/store.h"

/* ENOSPC and EDQUOT are STORE_FULL, ENOMEM is STORE_NO_MEMORY, everything else STORE_IO. */
enum store_error error_of_errno(int os_error);

/* STORE_IO, and the reason in errno: for calls with no other place to put it. */
enum store_error error_io(int os_error);

/* Fills *detail (which may be NULL) and returns `error`, so that a failure is one statement. */
enum store_error error_detail(struct store_detail *detail, enum store_error error, int os_error, const char *format,
                              ...) __attribute__((format(printf, 4, 5)));

#endif
