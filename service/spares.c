/* spares.c - descriptors in reserve. See spares.h. */
#include "service/spares.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool spares_open(struct spares *spares, size_t most)
{
    *spares = (struct spares){.files = malloc(most * sizeof *spares->files), .most = most};
    if (!spares->files)
        return false;
    spares_fill(spares);
    return spares->count > 0;
}

void spares_close(struct spares *spares)
{
    while (spares_give(spares))
        continue;
    free(spares->files);
}

bool spares_give(struct spares *spares)
{
    return spares->count > 0 && close(spares->files[--spares->count]) == 0;
}

void spares_fill(struct spares *spares)
{
    while (spares->count < spares->most) {
        int file = eventfd(0, EFD_CLOEXEC);
        if (file < 0)
            return;
        spares->files[spares->count++] = file;
    }
}
