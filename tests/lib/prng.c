/* prng.c - SplitMix64: one addition and three mixing steps per number, and any seed is a good one. */
#include "tests/lib/prng.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

struct prng prng_of(uint64_t seed)
{
    return (struct prng){.state = mix(seed + 0x9e3779b97f4a7c15u)};
}

uint64_t prng_next(struct prng *prng)
{
    prng->state += 0x9e3779b97f4a7c15u;
    return mix(prng->state);
}

uint64_t prng_below(struct prng *prng, uint64_t bound)
{
    return prng_next(prng) % bound;
}

bool prng_one_in(struct prng *prng, uint64_t times)
{
    return times > 0 && prng_below(prng, times) == 0;
}

uint64_t prng_seed(uint64_t seed, uint64_t part)
{
    return mix(seed ^ mix(part + 1));
}

uint64_t prng_environment(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    if (!text || !*text)
        return otherwise;
    char *end;
    errno = 0;
    uint64_t number = strtoull(text, &end, 0);
    if (errno || *end || *text == '-') {
        fprintf(stderr, "%s is \"%s\": it must be a number\n", variable, text);
        exit(2);
    }
    return number;
}
