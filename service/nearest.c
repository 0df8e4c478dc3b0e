/* nearest.c - likeness of words. See nearest.h. */
#include "service/nearest.h"

#include <string.h>

enum { LONGEST = 64 }; /* of the words that are compared */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many letters have to be added, removed, replaced, or swapped with their neighbour to make one word of the other.
 * Each row of the table is for one letter more of `a`; the rows before the last two are of no use any more. */
static size_t changes_between(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][LONGEST + 1];
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

void nearest_try(struct nearest *nearest, const char *known)
{
    size_t length = strlen(known);
    if (nearest->length > LONGEST || length > LONGEST)
        return;
    size_t changes = changes_between(nearest->word, nearest->length, known, length);
    if (changes > 1 + nearest->length / 5 || (nearest->best && changes >= nearest->changes))
        return;
    nearest->best = known;
    nearest->changes = changes;
}
