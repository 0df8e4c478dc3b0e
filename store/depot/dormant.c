/* dormant.c - goes round the stores that nobody has open. See dormant.h. */
#include "store/depot/dormant.h"

#include "store/depot/roster_use.h"
#include "store/disk/settings.h"
#include "store/write/unfinished.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROUND_MAX = 3600 /* seconds between two rounds */ };

/* Nobody opens the store meanwhile; in one that is open others work on uploads. */
static void sweep(struct dormant *dormant, const char *name, int uploads)
{
    const struct io *io = dormant->services->options->io;
    struct roster_entry *entry = roster_block(dormant->roster, name);
    if (!entry)
        return;
    if (roster_have(entry, true, NULL).error) { /* another process goes round its own */
        roster_unblock(dormant->roster, entry);
        return;
    }
    struct settings settings;
    int store = io->openat(io->self, dormant->folder->stores, name, O_RDONLY | O_DIRECTORY, 0);
    if (store >= 0 && !settings_read(io, store, SETTINGS_OF_STORE, "store", &settings).error)
        unfinished_sweep(dormant->services->leftovers, uploads, settings.salt);
    if (store >= 0)
        io->close(io->self, store);
    roster_unblock(dormant->roster, entry);
}

static void look_into(struct dormant *dormant, const char *name)
{
    const struct io *io = dormant->services->options->io;
    char path[STORE_NAME_MAX + sizeof UNFINISHED_FOLDER + 1];
    snprintf(path, sizeof path, "%s/%s", name, UNFINISHED_FOLDER);
    int uploads = io->openat(io->self, dormant->folder->stores, path, O_RDONLY | O_DIRECTORY, 0);
    if (uploads < 0)
        return;
    sweep(dormant, name, uploads);
    io->close(io->self, uploads);
}

/* Thread: one that opens stores. */
static int go_round(void *arg)
{
    struct dormant *dormant = arg;
    uint64_t seconds = dormant->services->options->upload_expiry;
    char **names = NULL;
    size_t count = 0;
    if (!folder_names(dormant->folder, &names, &count))
        for (size_t i = 0; i < count && !errand_is_ending(&dormant->round); i++)
            look_into(dormant, names[i]);
    free(names);
    trash_adopt(&dormant->folder->trash);
    return (int)(1000 * (seconds < 1 ? 1 : seconds < ROUND_MAX ? seconds : ROUND_MAX));
}

void dormant_begin(struct dormant *dormant, const struct services *services, struct folder *folder,
                   struct roster *roster)
{
    *dormant = (struct dormant){.services = services, .folder = folder, .roster = roster};
    errand_init(&dormant->round, services->openers, go_round, dormant, NULL);
    if (!services->options->read_only)
        (void)errand_ask(&dormant->round);
}

void dormant_end(struct dormant *dormant)
{
    (void)errand_end(&dormant->round);
    errand_free(&dormant->round);
}
