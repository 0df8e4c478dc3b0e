/* model_limits.h - limits of a model's stores, and what an attempt has to meet because of them.
 *
 * Of a single attempt it is known whether it fits. Of several under way at once it depends on their order; but none
 * that adds nothing may be refused then either, uploads apart, and no store may hold more than its limit or, where that
 * was set below what it held, than it held then.
 *
 * Thread: one, the model's.
 */
#ifndef CAIRN_TESTS_MODEL_LIMITS_H
#define CAIRN_TESTS_MODEL_LIMITS_H

#include "tests/lib/model.h"
#include "tests/lib/prng.h"

/* Gives a store limits close to what it holds, or takes them away; not while a change before is in doubt. Settles
 * first. */
void model_limit(struct model *model, struct prng *prng, unsigned store);

/* Takes the limits of all stores away. Settles first; not on a broken disk. */
void model_lift_limits(struct model *model);

/* Objects of a store and bytes of their payloads, by the map. */
struct model_total model_total(const struct model *model, unsigned store);

/* What an attempt that is about to be submitted has to meet. */
enum attempt_quota model_weigh(const struct model *model, const struct attempt *attempt);

/* Those under way have met another one, or somebody who works on an upload meanwhile: what each of them has to meet
 * depends on the order. */
void model_meet(struct model *model);

/* The store has been opened: its limits are those that were set, or were about to be set when that failed. */
void model_adopt_limits(struct model *model, unsigned store);

/* Everything is settled: the store has not grown beyond its limits. */
void model_check_limits(struct model *model, unsigned store);

#endif
