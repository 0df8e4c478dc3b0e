/* rights.c - the names of the rights, as texts have them. See rights.h. */
#include "api/access/rights.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    unsigned right;
} names[] = {{"read", RIGHT_READ},
             {"list", RIGHT_LIST},
             {"write", RIGHT_WRITE},
             {"delete", RIGHT_DELETE},
             {"admin", RIGHT_ADMIN}};

unsigned right_named(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i].name) == length && memcmp(names[i].name, name, length) == 0)
            return names[i].right;
    return 0;
}

void rights_write(char text[RIGHTS_TEXT_SIZE], unsigned rights, const char *between)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (rights & names[i].right) {
            used += (size_t)snprintf(text + used, RIGHTS_TEXT_SIZE - used, "%s%s", used == 0 ? "" : between,
                                     names[i].name);
            assert(used < RIGHTS_TEXT_SIZE);
        }
}

unsigned demand_lacks(const struct demand *demand, unsigned given)
{
    if (demand->any)
        return demand->rights & given ? 0 : demand->rights;
    return demand->rights & ~given;
}
