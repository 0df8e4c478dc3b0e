/* sim_medium.h - the medium on a cluster in memory, with pieces of a size that makes many of little.
 *
 *       struct sim_medium *ground = sim_medium_new(seed);
 *       options.io = sim_medium_io(ground);
 *       depot_open("/data", &options, &depot, NULL);
 *       sim_cluster_cut(ground->sim);                  // the process is gone
 *       ... depot_close(depot) ...
 *       sim_medium_restart(ground);                    // another one takes over
 *
 * Thread: one, but for the table.
 */
#ifndef CAIRN_TESTS_SIM_MEDIUM_H
#define CAIRN_TESTS_SIM_MEDIUM_H

#include "store/rados/medium.h"
#include "tests/lib/sim_cluster.h"

enum { SIM_MEDIUM_PIECE = 4096, SIM_MEDIUM_LEASE = 60, SIM_MEDIUM_CACHE = 32 * SIM_MEDIUM_PIECE };

struct sim_medium {
    struct sim_cluster *sim;
    struct medium medium;
    atomic_uint lost; /* how often it was told */
};

struct sim_medium *sim_medium_new(uint64_t seed);
void sim_medium_free(struct sim_medium *ground);

/* Stays the same. */
const struct io *sim_medium_io(const struct sim_medium *ground);

/* Ends the medium, whether or not it was cut off, and begins anew as another client. Every descriptor must be
 * closed. */
void sim_medium_restart(struct sim_medium *ground);

/* Waits until nothing is being removed. */
void sim_medium_settle(struct sim_medium *ground);

#endif
