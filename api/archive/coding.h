/* coding.h - takes a coding off bytes that are pushed in: gzip or zstd, or none, as their first bytes tell.
 *
 * Memory is constant: zstd's window may have 8 MiB (CODING_WINDOW_LOG), which every level but --ultra and --long keeps
 * to. Thread: one at a time per struct.
 */
#ifndef CAIRN_API_CODING_H
#define CAIRN_API_CODING_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { CODING_WINDOW_LOG = 23, CODING_MAGIC = 4 };

enum coding_kind { CODING_NONE, CODING_GZIP, CODING_ZSTD };

struct coding;

/* By the first CODING_MAGIC bytes of what is coded; also where this build cannot take it off. A zstd may begin with a
 * frame that is skipped, as pzstd writes them: there are sixteen marks of those. */
static inline enum coding_kind coding_of(const char *magic)
{
    if (memcmp(magic, "\x1f\x8b\x08", 3) == 0)
        return CODING_GZIP;
    bool skipped = (magic[0] & 0xf0) == 0x50 && memcmp(magic + 1, "\x2a\x4d\x18", 3) == 0;
    return skipped || memcmp(magic, "\x28\xb5\x2f\xfd", 4) == 0 ? CODING_ZSTD : CODING_NONE;
}

/* Whether Content-Encoding names one that this build takes off. */
bool coding_known(const char *content_encoding);

/* Memory that one takes, about. */
size_t coding_cost(enum coding_kind kind);

/* NULL when memory is out. */
struct coding *coding_new(enum coding_kind kind);

/* Takes some of the bytes and gives some; both counts may be 0. NULL, or a sentence without a full stop about what is
 * wrong with them; static. */
const char *coding_decode(struct coding *coding, const char *bytes, size_t length, size_t *ret_used, char *room,
                          size_t capacity, size_t *ret_made);

/* Whether what has come can be all. */
bool coding_is_whole(const struct coding *coding);

/* NULL is allowed. */
void coding_free(struct coding *coding);

#endif
