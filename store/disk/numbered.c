/* numbered.c - files that are named by a number. */
#include "store/disk/numbered.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 16 };

/* By hand, since each commit looks for its segment by name: a printf() takes as many instructions as all the rest of
 * that. */
void numbered_name(uint64_t number, const char *ending, char ret_name[NUMBERED_NAME_MAX])
{
    assert(strlen(ending) < NUMBERED_NAME_MAX - DIGITS);
    for (unsigned digit = 0; digit < DIGITS; digit++)
        ret_name[digit] = "0123456789abcdef"[number >> (4 * (DIGITS - 1 - digit)) & 15];
    strcpy(ret_name + DIGITS, ending);
}

bool numbered_read(const char *name, const char *ending, uint64_t *ret_number)
{
    char expected[NUMBERED_NAME_MAX];
    uint64_t number = strtoull(name, NULL, 16);
    numbered_name(number, ending, expected);
    if (strcmp(name, expected) != 0)
        return false;
    *ret_number = number;
    return true;
}
