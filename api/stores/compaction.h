/* compaction.h - what is known of the compaction of a store that somebody has asked for, as JSON. Thread: any. */
#ifndef CAIRN_API_COMPACTION_H
#define CAIRN_API_COMPACTION_H

#include "api/text/jsontext.h"
#include "store/store.h"

/* An object; null when nobody has asked for one since the store was opened. */
void compaction_write(struct jsontext *json, const struct store_compaction *compaction);

#endif
