/* exposition.h - the text format of Prometheus: a family's help and type, then its samples.
 *
 * Thread: one at a time per file.
 */
#ifndef CAIRN_API_EXPOSITION_H
#define CAIRN_API_EXPOSITION_H

#include "store/store.h"

#include <stdint.h>
#include <stdio.h>

/* Begins a family, whose samples follow. */
void exposition_family(FILE *out, const char *name, const char *type, const char *help);

/* A family of one sample. */
void exposition_gauge(FILE *out, const char *name, const char *help, uint64_t value);
void exposition_counter(FILE *out, const char *name, const char *help, uint64_t value);

/* A histogram without labels. Bounds and sum are told divided by `unit`. */
void exposition_tally(FILE *out, const char *name, const char *help, const struct store_tally *tally, double unit);

#endif
