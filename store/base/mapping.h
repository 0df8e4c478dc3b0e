/* mapping.h - memory in large pieces, which goes back to the system as soon as it is given back.
 *
 * What malloc() is given back in large pieces it keeps for later, and the more so the larger they were: memory of
 * tables that have grown would stay with the process twice. A small piece is malloc()'s nevertheless.
 *
 * Thread: any.
 */
#ifndef CAIRN_MAPPING_H
#define CAIRN_MAPPING_H

#include <stddef.h>

/* Bytes from which on a piece is a mapping of its own. */
enum { MAPPING_MIN = 64 << 10 };

/* So many bytes, all zero; NULL when memory is out. The system gives each page when it is first touched. */
void *mapping_new(size_t size);

/* The same with all pages there, for who is going to write all over it: a page that is read first and then written
 * is given twice, and the second time all processors are told. */
void *mapping_new_present(size_t size);

/* Makes `bytes`, a mapping of `size` (NULL: of 0), one of `larger` bytes, the new ones zero, wherever that then is;
 * nothing is copied. NULL when memory is out: then the old one stands. */
void *mapping_grow(void *bytes, size_t size, size_t larger);

/* Gives them back, all that were asked for; NULL is allowed. */
void mapping_free(void *bytes, size_t size);

#endif
