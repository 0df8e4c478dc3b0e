/* changes.h - in what two rules differ, told by names. Thread: any. */
#ifndef CAIRN_API_CHANGES_H
#define CAIRN_API_CHANGES_H

#include "api/access/rules.h"

/* Which tokens and link keys were added, removed and changed, and whether the anonymous grants were: as in
 * "; token added: ci; link key removed: web", "" for none. The caller frees it; NULL when memory is out. */
char *changes_told(const struct rules *before, const struct rules *after);

#endif
