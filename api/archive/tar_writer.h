/* tar_writer.h - writes a tar as POSIX wants it (pax): members with records, one behind the other, into memory.
 *
 *     tar_record(&records, "path", key, length);
 *     tar_member(&out, &records, "name in old readers", size, modified);
 *     ... size bytes of content ...
 *     tar_padding(&out, size);
 *     tar_end(&out);
 *
 * A failed allocation is remembered, so that only the end needs a check. Thread: one at a time per struct.
 */
#ifndef CAIRN_API_TAR_WRITER_H
#define CAIRN_API_TAR_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TAR_BLOCK = 512 };

struct tar_text {
    char *bytes; /* owned */
    size_t length, capacity;
    bool failed; /* memory was out: bytes are missing */
};

/* Room for `length` bytes behind the text, which become part of it; NULL when memory is out. */
char *tar_room(struct tar_text *text, size_t length);

/* A record of the next member: any bytes under a keyword. */
void tar_record(struct tar_text *records, const char *keyword, const void *value, size_t length);

/* The headers of a regular file. `name` is shown by readers that know no records; `modified` is in nanoseconds since
 * 1970. The records are used up. */
void tar_member(struct tar_text *out, struct tar_text *records, const char *name, uint64_t size, int64_t modified);

/* Whether a header is one that tar_member() writes, but for name, size and time: what few others write so. */
bool tar_is_own_header(const char block[TAR_BLOCK]);

/* What fills the last block of a member's content. */
void tar_padding(struct tar_text *out, uint64_t size);

/* The end of the archive. */
void tar_end(struct tar_text *out);

void tar_text_free(struct tar_text *text);

#endif
