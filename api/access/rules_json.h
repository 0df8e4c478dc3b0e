/* rules_json.h - reads an access file.
 *
 *     {"tokens": [{"name": "ci", "sha256": "<64 hex digits>", "expires": "2027-01-01T00:00:00Z",
 *                  "grants": [{"stores": ["photos", "tenant-*"], "prefix": "a/", "rights": ["read", "list"]}]}],
 *      "anonymous": [{"stores": ["public"], "rights": ["read"]}],
 *      "link_keys": [{"name": "web", "secret": "…"}]}
 *
 * Every list of the outermost object may be left out, and so may `expires` and `prefix`. What is not known, is given
 * twice or is no value of its kind makes the whole invalid: rules that are read half would let somebody in, or keep
 * somebody out.
 *
 * Read with jsonread, since a fault is told with its line, which a tree of jansson's does not keep. (`cairnd token` and
 * `cairnd link-key` let this judge an access file, and then edit such a tree of it.) Lists and objects nest no deeper
 * than in the example: what would be deeper is no value of its kind.
 *
 * Thread: any.
 */
#ifndef CAIRN_API_RULES_JSON_H
#define CAIRN_API_RULES_JSON_H

#include "api/access/rules.h"

enum {
    RULES_SECRET_MIN = 16, /* bytes of the secret of a link key */
    RULES_JSON_SENTENCE = 256,
};

struct rules_json_fault {
    size_t line;                        /* from 1; 0: memory is out */
    char sentence[RULES_JSON_SENTENCE]; /* without a full stop */
};

/* Rules with one reference, the caller's; NULL and *ret_fault when the text is not valid. */
struct rules *rules_json_read(const char *text, size_t length, struct rules_json_fault *ret_fault);

#endif
