/* remembered.c - a ring that overwrites its first when it is full. See remembered.h. */
#include "store/write/remembered.h"

#include <stdlib.h>

bool remembered_add(struct remembered *remembered, size_t most, uint64_t id, uint64_t *ret_first)
{
    if (!remembered->ids)
        remembered->ids = malloc(most * sizeof *remembered->ids);
    if (!remembered->ids)
        return false;
    uint64_t *at = &remembered->ids[(remembered->first + remembered->count) % most];
    bool full = remembered->count == most;
    if (full) {
        *ret_first = *at;
        remembered->first = (remembered->first + 1) % most;
    } else {
        remembered->count++;
    }
    *at = id;
    return full;
}

void remembered_free(struct remembered *remembered)
{
    free(remembered->ids);
    *remembered = (struct remembered){0};
}
