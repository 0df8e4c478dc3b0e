/* history.h - random work on a model, as a seed says.
 *
 * Thread: one, the model's.
 */
#ifndef CAIRN_TESTS_HISTORY_H
#define CAIRN_TESTS_HISTORY_H

#include "tests/lib/model.h"
#include "tests/lib/prng.h"

/* Makes up to `count` attempts and reads among them; does not settle. */
void history_round(struct model *model, struct prng *prng, unsigned count);

/* Several small writes to one store that meet in one or two group commits; does not settle. */
void history_burst(struct model *model, struct prng *prng);

/* Overwrites most keys of a store until its log has begun another segment, so that the old one is worth compacting:
 * some of its records live, most are dead, some are tombstones. Settles. */
void history_churn(struct model *model, struct prng *prng, unsigned store);

/* After a refusal or a fault: a start, one in three times behind a power cut; everything is as the model has it, before
 * and after a few attempts more. */
void history_recover(struct model *model, struct prng *prng);

/* A short fixed history that meets every kind of work: rounds of a few attempts, each settled, a restart of the
 * depot in the middle, a look at every key at the end. Ends early (false) when a restart fails. */
bool history_scenario(struct model *model);

#endif
