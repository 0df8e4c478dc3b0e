/* prng.h - a small seeded generator, so that every random test can be repeated by its seed.
 *
 * The state is a plain value: copy it to fork a sequence. Not for secrets.
 *
 * Thread: one at a time per state.
 */
#ifndef CAIRN_TESTS_PRNG_H
#define CAIRN_TESTS_PRNG_H

#include <stdbool.h>
#include <stdint.h>

struct prng {
    uint64_t state;
};

struct prng prng_of(uint64_t seed);
uint64_t prng_next(struct prng *prng);

/* Below `bound`, which must not be 0. */
uint64_t prng_below(struct prng *prng, uint64_t bound);

/* True once in `times`; never when it is 0. */
bool prng_one_in(struct prng *prng, uint64_t times);

/* A seed for a part of a test: a different sequence for every `part`. */
uint64_t prng_seed(uint64_t seed, uint64_t part);

/* The number in an environment variable (decimal, or hexadecimal with 0x), or `otherwise`. Ends the program
 * with a sentence when the variable holds anything else. */
uint64_t prng_environment(const char *variable, uint64_t otherwise);

#endif
