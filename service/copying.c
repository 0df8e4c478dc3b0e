/* copying.c - copying a data folder, and telling of it. See copying.h. */
#include "service/copying.h"

#include "service/interruption.h"
#include "service/progress.h"
#include "store/store.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct run {
    const struct copying_part *part; /* NULL: the whole */
    struct account *account;
    struct progress progress;
    atomic_uint_fast64_t done;
    atomic_uint_fast64_t total;
};

static bool wanted(void *arg, const char *name)
{
    const struct run *run = arg;
    return !run->part || run->part->wanted(run->part->arg, name);
}

static bool gone(void *arg, const char *name)
{
    struct run *run = arg;
    progress_pause(&run->progress);
    bool gone = run->part->gone(run->part->arg, name);
    progress_resume(&run->progress);
    return gone;
}

static void told(void *arg, const struct backup_store *store)
{
    struct run *run = arg;
    bool known = run->part || !store->unchanged;
    struct backup_store told = *store;
    if (run->part && !store->error)
        run->part->tell_sums(run->part->arg, store->name, &told);
    if (run->part && (store->error == STORE_DAMAGED || store->error == STORE_GONE))
        told.why = store->error == STORE_GONE ? run->part->remedy_gone : run->part->remedy;
    progress_pause(&run->progress);
    if (run->part && !store->error)
        run->part->tell_flaws(run->part->arg, store->name);
    account_store(run->account, &told, known ? &told.end_offset : NULL);
    progress_resume(&run->progress);
}

static void flaw(void *arg, const char *store, const struct store_flaw *found, bool kept)
{
    struct run *run = arg;
    progress_pause(&run->progress);
    account_flaw(run->account, store, run->part ? run->part->where : "the source", found, kept);
    progress_resume(&run->progress);
}

static void absent(void *arg, const char *name, enum backup_absence absence)
{
    static const enum account_absence told[] = {
        [BACKUP_STAYS] = ACCOUNT_GONE, [BACKUP_SPARED] = ACCOUNT_SPARED, [BACKUP_REMOVED] = ACCOUNT_REMOVED};
    struct run *run = arg;
    progress_pause(&run->progress);
    account_absent(run->account, name, told[absence]);
    progress_resume(&run->progress);
}

static void advanced(void *arg, uint64_t done, uint64_t total)
{
    struct run *run = arg;
    atomic_store(&run->done, done);
    atomic_store(&run->total, total);
}

static bool halted(void *arg)
{
    (void)arg;
    return interruption_came();
}

static void sample(void *arg, struct progress_figures *ret_figures)
{
    struct run *run = arg;
    ret_figures->done = atomic_load(&run->done);
    ret_figures->total = atomic_load(&run->total);
}

bool copying_is_url(const char *place)
{
    return strstr(place, "://");
}

/* With the file calls of where the two are. */
static bool make(const struct copying *copying, const struct copying_part *part, const struct venue *venue,
                 struct account *account, char ret_sentence[COPYING_SENTENCE])
{
    struct run run = {.part = part, .account = account};
    struct store_detail detail = {0};
    const struct backup_options options = {.io = venue_to(venue),
                                           .from_io = venue_from(venue),
                                           .store = part ? NULL : copying->store,
                                           .prune = copying->prune,
                                           .link = copying->link || part,
                                           .any_source = copying->replace,
                                           .as_it_is = copying->replace || copying->restore,
                                           .compare = copying->compare,
                                           .restore = copying->restore,
                                           .beside = copying->beside,
                                           .site = part ? part->site : NULL,
                                           .wanted = wanted,
                                           .gone = part ? gone : NULL,
                                           .told = told,
                                           .flaw = flaw,
                                           .absent = copying->restore || copying->store ? NULL : absent,
                                           .advanced = advanced,
                                           .halted = halted,
                                           .arg = &run};
    progress_begin(&run.progress, STDERR_FILENO, copying->json, sample, &run);
    enum store_error error = backup_make(part ? part->from : copying->from, copying->to, &options, &detail);
    progress_end(&run.progress);
    (void)snprintf(ret_sentence, COPYING_SENTENCE, "%s", detail.text[0] ? detail.text : store_error_text(error));
    return !error;
}

bool copying_make(const struct copying *copying, const struct copying_part *part, struct account *account,
                  char ret_sentence[COPYING_SENTENCE])
{
    struct venue venue = copying->venue;
    bool good = venue_open(&venue, part ? NULL : copying->from, copying->to, ret_sentence) &&
                make(copying, part, &venue, account, ret_sentence);
    venue_close(&venue);
    return good;
}

enum check_status copying_run(const struct copying *copying, bool *ret_ended)
{
    struct account account;
    char sentence[COPYING_SENTENCE];
    account_begin(&account, copying->command, copying->json, copying->from, copying->to);
    bool good = copying_make(copying, NULL, &account, sentence);
    if (ret_ended)
        *ret_ended = good;
    return account_end(&account, good ? NULL : sentence);
}
