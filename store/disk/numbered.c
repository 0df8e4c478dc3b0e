/* numbered.c - files that are named by a number. */
#include "store/disk/numbered.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void numbered_name(uint64_t number, const char *ending, char ret_name[NUMBERED_NAME_MAX])
{
    (void)snprintf(ret_name, NUMBERED_NAME_MAX, "%016" PRIx64 "%s", number, ending);
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
