/* sim_medium.c - the medium on a cluster in memory. */
#include "tests/lib/sim_medium.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void note_lost(void *arg, const char *sentence)
{
    struct sim_medium *ground = arg;
    (void)sentence;
    atomic_fetch_add(&ground->lost, 1);
}

static void begin(struct sim_medium *ground)
{
    const struct medium_use use = {.name = "/data",
                                   .lease = SIM_MEDIUM_LEASE,
                                   .piece = SIM_MEDIUM_PIECE,
                                   .cache = SIM_MEDIUM_CACHE,
                                   .lost = note_lost,
                                   .arg = ground};
    struct cluster cluster;
    sim_cluster_connect(ground->sim, &cluster);
    int error = medium_begin(&ground->medium, &cluster, &use);
    if (!error)
        return;
    fprintf(stderr, "the medium does not begin: %s\n", strerror(error));
    abort();
}

struct sim_medium *sim_medium_new(uint64_t seed)
{
    struct sim_medium *ground = calloc(1, sizeof *ground);
    if (!ground)
        abort();
    ground->sim = sim_cluster_new(seed);
    begin(ground);
    return ground;
}

void sim_medium_free(struct sim_medium *ground)
{
    medium_end(&ground->medium);
    sim_cluster_free(ground->sim);
    free(ground);
}

const struct io *sim_medium_io(const struct sim_medium *ground)
{
    return &ground->medium.io;
}

void sim_medium_restart(struct sim_medium *ground)
{
    medium_end(&ground->medium);
    sim_cluster_heal(ground->sim);
    begin(ground);
}

void sim_medium_settle(struct sim_medium *ground)
{
    removals_wait(&ground->medium.removals);
}
