/* findings.h - what the verification of a fixture's store finds.
 *
 * Thread: one.
 */
#ifndef CAIRN_TESTS_FINDINGS_H
#define CAIRN_TESTS_FINDINGS_H

#include "tests/lib/fixture.h"

enum { FINDINGS_MAX = 64, FINDING_KEY = 16 };

struct finding {
    struct store_flaw flaw;
    char key[FINDING_KEY]; /* "": it is not known */
};

/* Those of the last verification. */
extern struct finding findings[FINDINGS_MAX];
extern size_t findings_count;

/* For store_verify(); forget those of before by findings_count = 0. */
void findings_keep(void *arg, const struct store_flaw *flaw);

/* Verifies all; it must come to its end and agree with what the store tells of it. */
struct store_verification findings_verify(struct fixture *fixture);

/* There must be none. */
struct store_verification findings_none(struct fixture *fixture);

/* There must be one, of this kind. */
const struct store_flaw *findings_one(struct fixture *fixture, enum store_flaw_kind kind, const char *key, bool live);

/* The path of the store's only blob file. Static storage. */
const char *findings_blob_path(struct fixture *fixture);

#endif
