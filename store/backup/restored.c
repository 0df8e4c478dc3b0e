/* restored.c - whether a folder holds what was restored to it. See restored.h. */
#include "store/backup/restored.h"

#include "store/backup/likeness.h"
#include "store/backup/stage.h"

#include <errno.h>

/* An errno. */
static int compare(const struct premises *premises, const char *name, bool *ret_same)
{
    const struct stage_store none = {-1, -1, -1};
    struct stage stage = {
        .io = premises->io, .source_io = &premises->reading, .source = none, .present = none, .draft = none};
    *ret_same = false;
    int error = stage_store_open(stage.source_io, premises->from.stores, name, false, &stage.source);
    if (!error)
        error = stage_store_open(stage.io, premises->to.stores, name, false, &stage.present);
    if (!error)
        error = likeness_find(&stage, true, ret_same);
    stage_close(&stage);
    return error == ENOENT || error == ENOTDIR || error == ELOOP ? 0 : error;
}

struct failure restored_look(const struct premises *premises, const char *name, bool *ret_same)
{
    struct tenant tenant;
    int error = folder_take_store(&premises->reading, name, &tenant);
    if (error)
        return error == EWOULDBLOCK ? failure_of(STORE_ELSEWHERE) : failure_io(error);
    error = compare(premises, name, ret_same);
    folder_leave_store(&premises->reading, name);
    return failure_io(error);
}
