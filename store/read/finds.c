/* finds.c - opens the files of runs, some at a time. See finds.h. */
#include "store/read/finds.h"

#include "store/base/abreast.h"
#include "store/read/keys.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 256 /* files that are open before they are taken, where that costs no descriptors */ };

struct find {
    const struct log *log;
    uint64_t number;
    struct run *run; /* owned until it is taken */
    struct failure failure;
};

/* Thread: any. */
static void open_one(void *arg, size_t number)
{
    struct find *find = (struct find *)arg + number;
    find->failure = keys_open(find->log, find->number, &find->run);
}

static struct failure take_one(struct find *find, finds_take *take, void *arg)
{
    struct run *run = find->failure.error ? NULL : find->run;
    find->run = NULL;
    return take(arg, find->number, run, find->failure);
}

static struct failure open_all(const struct io *io, struct find *finds, size_t count, finds_take *take, void *arg)
{
    struct failure failure = failure_none();
    size_t most = io->far ? MOST : 1;
    for (size_t from = 0; from < count && !failure.error; from += most) {
        size_t now = count - from < most ? count - from : most;
        abreast_run(io_at_once(io), now, open_one, finds + from);
        for (size_t i = from; i < from + now && !failure.error; i++)
            failure = take_one(&finds[i], take, arg);
    }
    for (size_t i = 0; i < count; i++)
        run_release(finds[i].run);
    return failure;
}

struct failure finds_open(const struct log *log, const char *names, finds_take *take, void *arg)
{
    size_t count = 0;
    uint64_t number;
    for (const char *name = names; *name; name += strlen(name) + 1)
        count += keys_number(name, &number);
    struct find *finds = calloc(count + 1, sizeof *finds);
    if (!finds)
        return failure_of(STORE_NO_MEMORY);
    count = 0;
    for (const char *name = names; *name; name += strlen(name) + 1)
        if (keys_number(name, &number))
            finds[count++] = (struct find){.log = log, .number = number};
    struct failure failure = open_all(log->io, finds, count, take, arg);
    free(finds);
    return failure;
}
