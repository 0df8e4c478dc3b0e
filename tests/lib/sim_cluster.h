/* sim_cluster.h - a cluster in memory behind the medium's seam, which delays, reorders, fails and fences by a seed.
 *
 *       struct sim_cluster *sim = sim_cluster_new(seed);
 *       struct cluster cluster;
 *       sim_cluster_connect(sim, &cluster);              // a client
 *       medium_begin(&medium, &cluster, &use);
 *       ... sim_cluster_cut(sim): its process is gone; connect again, and go on ...
 *
 * Changes and reads of one object happen in the order in which a client has asked for them; those of several in any,
 * and what has happened is told in any order.
 *
 * What a client that was cut off has asked for, and was not told of, may still happen: now, later or never, until it is
 * fenced. So whoever takes over without fencing finds out.
 *
 * Thread: any, but for sim_cluster_new() and _free(), which want the cluster to themselves.
 */
#ifndef CAIRN_TESTS_SIM_CLUSTER_H
#define CAIRN_TESTS_SIM_CLUSTER_H

#include "store/rados/cluster.h"

struct sim_cluster;

enum sim_cluster_call {
    SIM_CLUSTER_CHANGE,
    SIM_CLUSTER_READ,
    SIM_CLUSTER_GET,
    SIM_CLUSTER_LIST,
    SIM_CLUSTER_LOCK, /* and what else has to do with locks */
    SIM_CLUSTER_CALLS /* their number; every kind */
};

struct sim_cluster *sim_cluster_new(uint64_t seed);

/* Every client must have been closed. NULL is allowed. */
void sim_cluster_free(struct sim_cluster *sim);

/* One client more; what follows is about the one that came last, but for the figures. */
void sim_cluster_connect(struct sim_cluster *sim, struct cluster *ret_cluster);

/* Cuts the client off: every call is ETIMEDOUT from now on, and the lease of its session has run out. */
void sim_cluster_cut(struct sim_cluster *sim);

/* Lets `calls` more calls pass, then cuts it off in place of the next one. */
void sim_cluster_cut_after(struct sim_cluster *sim, uint64_t calls);

/* The `nth` call from now (1 is the next) of that kind fails with `error`, and with `forever` all after it. A change
 * that fails with ETIMEDOUT happens all the same, or does not. */
void sim_cluster_fail(struct sim_cluster *sim, enum sim_cluster_call call, uint64_t nth, bool forever, int error);
void sim_cluster_heal(struct sim_cluster *sim);

/* Changes are not made until the hold ends: what waits for them waits. */
void sim_cluster_hold(struct sim_cluster *sim, bool hold);

/* Has every lock run out that can. */
void sim_cluster_expire(struct sim_cluster *sim);

/* What the pool says is free; UINT64_MAX: it does not tell. */
void sim_cluster_set_free(struct sim_cluster *sim, uint64_t bytes);

/* How many calls of a kind there have been; how many objects are there whose names begin so, and changes were made. */
uint64_t sim_cluster_calls(struct sim_cluster *sim, enum sim_cluster_call call);
size_t sim_cluster_objects(struct sim_cluster *sim, const char *prefix);

/* The most often that an object whose name begins so was changed, since this was last asked. */
uint64_t sim_cluster_hottest(struct sim_cluster *sim, const char *prefix);

#endif
