/* figures.h - the figures of a store: how the answers call them, and where they stand. */
#ifndef CAIRN_FIGURES_H
#define CAIRN_FIGURES_H

#include "store/store.h"

struct figure {
    const char *name;               /* in JSON */
    const char *metric;             /* for /metrics: behind cairn_store_ */
    const char *metric_type, *help; /* the same */
    size_t offset;                  /* of a uint64_t in struct store_figures */
};

/* All that are numbers. Ends with one without a name. */
extern const struct figure figures_all[];

uint64_t figure_value(const struct figure *figure, const struct store_figures *figures);

#endif
