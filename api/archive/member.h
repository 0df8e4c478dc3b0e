/* member.h - an object as the member of a tar: the path it has there, and what the records keep of it.
 *
 * Records of our own are called SCHILY.xattr.user.cairn.NAME: for tar they are extended attributes. So whoever unpacks
 * with `--xattrs` has them on his files, and what is packed so brings them back; all others pass them over in silence,
 * which GNU tar does with no other keyword that it does not know. NAME is
 *
 *     key          the key, percent-encoded, where it cannot be a path
 *     key_hash     the hash, of an object that has no key
 *     etag         of the content, as it is answered
 *     sha256, md5  of the content, in hexadecimal digits, where the object has them: a content that does not have
 *                  these three does not come in
 *     meta.NAME    Cairn-Meta-NAME
 *     content_type and its like: kept.h
 *     cairn_expires  when the object expires, as a date; what has expired since does not come in
 *
 * Thread: any.
 */
#ifndef CAIRN_API_MEMBER_H
#define CAIRN_API_MEMBER_H

#include "api/archive/tar_reader.h"
#include "api/archive/tar_writer.h"
#include "api/http/attributes.h"
#include "api/http/digest.h"
#include "api/http/uri.h"
#include "store/store.h"

#define MEMBER_PREFIX "SCHILY.xattr.user.cairn."

/* Where those lie in a tar that have a key which no file can have. */
#define MEMBER_FOLDER ".cairn-keys/"

/* Whether a key can be a path below any folder, by which tar finds it again. */
bool member_is_path(const void *key, size_t length);

/* Writes the headers of an object's member; `records` is empty before and behind it. */
void member_write(struct tar_text *out, struct tar_text *records, const struct object_info *info);

/* The key that a member has, below a prefix, in `bytes`. NULL, or why it can have none: a sentence without a full stop;
 * static. */
const char *member_key(const struct tar *tar, struct slice prefix, char bytes[STORE_KEY_MAX],
                       struct store_key *ret_key);

/* The digest of the content, if its record tells one. */
struct member_etag {
    bool told;
    struct store_digest digest;
};

/* Whether the member has the records of one of ours. Where it has not, whether all the same it looks like one. */
bool member_is_own(const struct tar *tar);
bool member_looks_own(const struct tar *tar);

/* Expects the sums that the records say the content has. NULL, or what is wrong with them. */
const char *member_sums(const struct tar *tar, struct digest *digest, struct member_etag *ret_etag);

/* Whether the object that it was has expired by now. Stored all the same, it would be there for nobody, and neither
 * would what its key holds. */
bool member_has_expired(const struct tar *tar);

/* Adds what the records say that the object shall have. NULL, or what is wrong with it. */
const char *member_attributes(const struct tar *tar, struct attributes *attributes);

#endif
