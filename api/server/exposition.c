/* exposition.c - prints families and samples. See exposition.h. */
#include "api/server/exposition.h"

#include <inttypes.h>

void exposition_family(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void exposition_gauge(FILE *out, const char *name, const char *help, uint64_t value)
{
    exposition_family(out, name, "gauge", help);
    fprintf(out, "%s %" PRIu64 "\n", name, value);
}

void exposition_counter(FILE *out, const char *name, const char *help, uint64_t value)
{
    exposition_family(out, name, "counter", help);
    fprintf(out, "%s %" PRIu64 "\n", name, value);
}

void exposition_tally(FILE *out, const char *name, const char *help, const struct store_tally *tally, double unit)
{
    uint64_t count = 0;
    exposition_family(out, name, "histogram", help);
    for (size_t i = 0; i <= STORE_TALLY_BOUNDS; i++) {
        count += tally->buckets[i];
        if (i < STORE_TALLY_BOUNDS)
            fprintf(out, "%s_bucket{le=\"%.10g\"} %" PRIu64 "\n", name, (double)tally->bounds[i] / unit, count);
        else
            fprintf(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, count);
    }
    fprintf(out, "%s_sum %.17g\n%s_count %" PRIu64 "\n", name, (double)tally->sum / unit, name, count);
}
