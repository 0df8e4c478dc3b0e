/* numbered.h - files that are named by a number: "0000000000000001.seg".
 *
 * Thread: any.
 */
#ifndef CAIRN_NUMBERED_H
#define CAIRN_NUMBERED_H

#include <stdbool.h>
#include <stdint.h>

enum { NUMBERED_NAME_MAX = 32 };

/* The name of a file: sixteen hexadecimal digits and an ending, which has its dot and is short. */
void numbered_name(uint64_t number, const char *ending, char ret_name[NUMBERED_NAME_MAX]);

/* The number in a name; false when it is not of just that form. */
bool numbered_read(const char *name, const char *ending, uint64_t *ret_number);

#endif
