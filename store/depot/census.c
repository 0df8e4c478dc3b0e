/* census.c - how many stores there are, and whether there may be one more. */
#include "store/depot/census.h"

#include "store/depot/folder.h"

#include <assert.h>
#include <stdlib.h>

void census_init(struct census *census, struct folder *folder, size_t limit)
{
    *census = (struct census){.folder = folder, .limit = limit};
    lock_init(&census->lock);
}

void census_free(struct census *census)
{
    lock_destroy(&census->lock);
}

/* Counts those that are there. An errno. Lock held. */
static int take_census(struct census *census)
{
    char **names;
    size_t count;
    assert(lock_is_mine(&census->lock));
    int error = folder_names(census->folder, &names, &count);
    if (error)
        return error;
    free(names);
    census->counted = true;
    census->count = count + census->making;
    return 0;
}

int census_begin(struct census *census, bool *ret_too_many)
{
    int error = 0;
    lock_take(&census->lock);
    if (!census->counted || census->count >= census->limit || census->folder->io->tenure) /* others make some, too */
        error = take_census(census);
    *ret_too_many = census->count >= census->limit;
    if (!error && !*ret_too_many) {
        census->making++;
        census->count++;
    }
    lock_release(&census->lock);
    return error;
}

void census_end(struct census *census, bool made)
{
    lock_take(&census->lock);
    assert(census->making > 0);
    census->making--;
    if (!made)
        census->count--;
    lock_release(&census->lock);
}

void census_forget(struct census *census)
{
    lock_take(&census->lock);
    if (census->count > census->making)
        census->count--;
    lock_release(&census->lock);
}
