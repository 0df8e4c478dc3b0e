/* flaw.h - one flaw of a store, told: for people on stdout, or as members of a JSON object. docs/verification.md has
 * the names.
 *
 * Thread: any.
 */
#ifndef CAIRN_FLAW_H
#define CAIRN_FLAW_H

#include "api/text/jsontext.h"
#include "store/store.h"

/* What it means for those whose data it is, and what to do. Static storage. */
const char *flaw_meaning(const struct store_flaw *flaw);

/* kind, offset, length, key, key_hash, live and text; the object is open. */
void flaw_json(struct jsontext *text, const struct store_flaw *flaw);

/* Where it is, whose it is, and what it is; then what it means. */
void flaw_print(const struct store_flaw *flaw, const char *meaning);

#endif
