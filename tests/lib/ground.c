/* ground.c - what a model stands on: a simulated disk, or the medium on a cluster in memory. */
#include "tests/lib/ground.h"

#include "tests/lib/sim_disk.h"
#include "tests/lib/sim_medium.h"

/* ---- a disk ---------------------------------------------------------------------------------- */

static void cut_disk(void *self)
{
    sim_disk_cut(self);
}

static void reboot_disk(void *self, uint64_t seed)
{
    sim_disk_reboot(self, seed);
}

static void hold_disk(void *self, bool hold)
{
    sim_disk_hold_syncs(self, hold);
}

static size_t open_files_of_disk(void *self)
{
    return sim_disk_open_files(self);
}

static uint64_t bad_uses_of_disk(void *self)
{
    return sim_disk_bad_uses(self);
}

struct ground ground_of_disk(struct sim_disk *disk)
{
    return (struct ground){.self = disk,
                           .io = sim_disk_io(disk),
                           .cut = cut_disk,
                           .reboot = reboot_disk,
                           .hold = hold_disk,
                           .open_files = open_files_of_disk,
                           .bad_uses = bad_uses_of_disk};
}

/* ---- a medium -------------------------------------------------------------------------------- */

static void cut_medium(void *self)
{
    const struct sim_medium *medium = self;
    sim_cluster_cut(medium->sim);
}

/* What the cut left the cluster has decided by its own seed. */
static void reboot_medium(void *self, uint64_t seed)
{
    (void)seed;
    sim_medium_restart(self);
}

static void hold_medium(void *self, bool hold)
{
    const struct sim_medium *medium = self;
    sim_cluster_hold(medium->sim, hold);
}

static size_t open_files_of_medium(void *self)
{
    const struct sim_medium *medium = self;
    return medium->medium.descriptors.count;
}

static uint64_t bad_uses_of_medium(void *self)
{
    const struct sim_medium *medium = self;
    return medium->medium.descriptors.misses;
}

struct ground ground_of_medium(struct sim_medium *medium)
{
    return (struct ground){.self = medium,
                           .io = sim_medium_io(medium),
                           .cut = cut_medium,
                           .reboot = reboot_medium,
                           .hold = hold_medium,
                           .open_files = open_files_of_medium,
                           .bad_uses = bad_uses_of_medium};
}
