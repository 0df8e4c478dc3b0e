/* verification.h - how far the verification of a store is, as JSON. Thread: any. */
#ifndef CAIRN_API_VERIFICATION_H
#define CAIRN_API_VERIFICATION_H

#include "api/text/jsontext.h"
#include "store/store.h"

/* An object; null when the store has not been verified since it was opened. */
void verification_write(struct jsontext *json, struct store *store);

#endif
