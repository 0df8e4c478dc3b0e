/* guess.c - the time that a token takes which is not one, by how much of it is right.
 *
 *   guess TOKENS ROUNDS
 *
 * Makes rules of TOKENS tokens and shows guesses that begin with 0, 7, 20, 35 and all but one of the characters of one
 * of them, and the token itself: 1,000 times each a round, in turn. Prints the median of the rounds' nanoseconds for
 * one, and the quartiles, for each.
 */
#include "api/access/visitor.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TIMES = 1000, GUESSES = 6, ROUNDS_MAX = 10000 };

static double times[GUESSES][ROUNDS_MAX];

static struct rules *make_rules(size_t count, char token[TOKEN_TEXT_SIZE])
{
    struct rules *rules = rules_new();
    if (!rules)
        err(1, "rules");
    rules->tokens = calloc(count, sizeof *rules->tokens);
    for (size_t i = 0; rules->tokens && i < count; i++) {
        if (!token_make(token))
            err(1, "a token");
        rules->tokens[rules->token_count++] = (struct token){.sum = token_sum_of(token, strlen(token)),
                                                             .expires = TOKEN_NEVER};
    }
    rules_sort(rules);
    return rules;
}

/* Another character behind the first `right` of them. */
static void make_guess(char guess[128], const char *token, size_t right)
{
    snprintf(guess, 128, "Bearer %s", token);
    for (char *at = guess + strlen("Bearer ") + right; *at; at++)
        *at = *at == 'x' ? 'y' : 'x';
}

static double measure(struct rules *rules, const char *field)
{
    struct timespec begin, end;
    struct visitor visitor = {.rules = rules};
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int i = 0; i < TIMES; i++)
        visitor_show(&visitor, field, 0);
    clock_gettime(CLOCK_MONOTONIC, &end);
    return ((double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec)) / (double)TIMES;
}

static int by_value(const void *a, const void *b)
{
    double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

int main(int count, char **arguments)
{
    static const size_t right[GUESSES] = {0, 7, 20, 35, TOKEN_TEXT_SIZE - 2, TOKEN_TEXT_SIZE - 1};
    char token[TOKEN_TEXT_SIZE], guesses[GUESSES][128];
    size_t tokens = count == 3 ? strtoul(arguments[1], NULL, 10) : 0;
    size_t rounds = count == 3 ? strtoul(arguments[2], NULL, 10) : 0;
    if (tokens == 0 || rounds == 0 || rounds > ROUNDS_MAX)
        errx(2, "usage: guess TOKENS ROUNDS");
    struct rules *rules = make_rules(tokens, token);
    for (size_t i = 0; i < GUESSES; i++)
        make_guess(guesses[i], token, right[i]);
    for (size_t round = 0; round < rounds; round++)
        for (size_t i = 0; i < GUESSES; i++)
            times[i][round] = measure(rules, guesses[i]);
    for (size_t i = 0; i < GUESSES; i++) {
        qsort(times[i], rounds, sizeof times[i][0], by_value);
        printf("%2zu of %d characters right: %.1f ns (%.1f to %.1f)\n", right[i], TOKEN_TEXT_SIZE - 1,
               times[i][rounds / 2], times[i][rounds / 4], times[i][rounds * 3 / 4]);
    }
    rules_release(rules);
    return 0;
}
