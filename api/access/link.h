/* link.h - signed links: whoever has the secret of a link key lets others get or put one object, for some time.
 *
 * A link is a request target with these parameters behind it:
 *
 *     cairn-key         the name of the link key
 *     cairn-expires     when it ends, in seconds since 1970
 *     cairn-size        the most bytes that an upload may have; may be absent
 *     cairn-type        the Content-Type that an upload has to have; may be absent
 *     cairn-signature   HMAC-SHA256 with the secret, base64url without padding, over these lines:
 *                       v1 \n METHOD \n EXPIRES \n SIZE \n TYPE \n STORE \n KEY
 *
 * The key of the object is its bytes, whatever their escapes in the target, so that no proxy that writes them in
 * another way breaks a link. It stands last since it may hold line ends; nothing before it may, and so the lines cannot
 * be read in two ways.
 *
 * Thread: any.
 */
#ifndef CAIRN_API_LINK_H
#define CAIRN_API_LINK_H

#include "api/access/rules.h"
#include "api/http/uri.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LINK_NUMBER_SIZE = 21, /* of a number in decimal, with the NUL */
    LINK_TYPE_SIZE = 256,
    LINK_SIGNATURE_SIZE = 44,
};

/* The values of the parameters; "" where one is absent. */
struct link {
    char key[TOKEN_NAME_MAX + 1];
    char expires[LINK_NUMBER_SIZE];
    char size[LINK_NUMBER_SIZE];
    char type[LINK_TYPE_SIZE];
    char signature[LINK_SIGNATURE_SIZE];
};

/* What a link is for. */
struct link_target {
    const char *method; /* GET or PUT */
    const char *store;
    const void *object; /* the bytes of its key */
    size_t object_length;
};

/* Whether that is the name of a parameter of a link. */
bool link_parameter(struct slice name);

/* Whether a query has any of them. */
bool link_in_query(struct slice query);

/* Takes the link out of a query. False when a parameter is malformed, too long, or there twice, or one is missing that
 * may not be absent. */
bool link_read(struct link *link, struct slice query);

/* Whether a text may be the Content-Type in a link: printable, not too long, and without blanks around it, since no
 * field has them. */
bool link_type_valid(const char *type, size_t length);

/* Makes the signature. */
void link_sign(struct link *link, const struct link_key *key, const struct link_target *target);

/* Whether the link is signed for the target and has not ended at `now`. In a time that does not depend on where
 * signatures differ. */
bool link_holds(const struct link *link, const struct link_key *key, const struct link_target *target, int64_t now);

/* The most bytes that an upload may have: UINT64_MAX without a limit. */
uint64_t link_size_limit(const struct link *link);

/* Room that link_write() needs at most: every byte may become an escape. */
enum {
    LINK_QUERY_SIZE = sizeof "cairn-key=&cairn-expires=&cairn-size=&cairn-type=&cairn-signature=" +
                      3 * (TOKEN_NAME_MAX + 2 * LINK_NUMBER_SIZE + LINK_TYPE_SIZE + LINK_SIGNATURE_SIZE)
};

/* Writes the query, without a question mark, ended by NUL. */
void link_write(const struct link *link, char query[LINK_QUERY_SIZE]);

#endif
