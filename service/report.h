/* report.h - what `cairnd check` finds, told on stdout piece by piece: for people, or as one JSON object for scripts.
 *
 *     report_begin(&report, folder, json);
 *     report_store(&report, name);                    // each store: its flaws, then one of the two ends
 *     report_flaw(&report, flaw);
 *     report_checked(&report, &verification);
 *     report_not_opened(&report, flaw, sentence);
 *     report_fail(&report, sentence);                 // nothing can be told, or nothing more
 *     written = report_end(&report);
 *
 * docs/verification.md has the shape of the JSON. Thread: one.
 */
#ifndef CAIRN_REPORT_H
#define CAIRN_REPORT_H

#include "api/text/jsontext.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct report {
    bool json;
    struct jsontext text; /* what of the JSON is not written yet */
    size_t stores;
    size_t whole_stores;
    uint64_t store_flaws; /* of the store under way */
    uint64_t flaws;
    bool complete;    /* everything was looked at */
    bool stopped;     /* what was not looked at was not for want of anything */
    char error[1664]; /* why nothing can be told, or "" */
    bool failed;      /* stdout did not take it, or memory was out */
};

void report_begin(struct report *report, const char *folder, bool json);
void report_store(struct report *report, const char *name);
void report_flaw(struct report *report, const struct store_flaw *flaw);
void report_checked(struct report *report, const struct store_verification *verification);

/* A store that cannot be opened is a flaw, unless it was just not looked at because this process was short of
 * something. */
void report_not_opened(struct report *report, bool flaw, const char *sentence);

/* The folder as a whole cannot be looked at: for people the sentence goes to stderr, for scripts into the object. */
void report_fail(struct report *report, const char *sentence);

/* Writes the sum and frees. False when not all of the report could be written. */
bool report_end(struct report *report);

#endif
