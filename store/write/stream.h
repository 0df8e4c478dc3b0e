/* stream.h - uploads: payloads that come piece by piece. For its users: store.h.
 *
 * Thread: any.
 */
#ifndef CAIRN_STREAM_H
#define CAIRN_STREAM_H

#include "store/store.h"
#include "store/write/intake.h"
#include "store/write/uploads.h"

/* What stream_open() says: an upload into the store of that intake. */
enum store_error stream_begin(const struct intake *intake, const struct store_key *key, uint64_t size,
                              const struct stream_hooks *hooks, struct stream **ret_stream);

/* The same with an upload that is held, which it takes when it begins. */
struct failure stream_go_on(struct upload *upload, const struct upload_resumption *asked,
                            const struct stream_hooks *hooks, struct stream **ret_stream);

/* What upload_resume() says: a stream that goes on with one of those uploads. */
struct failure stream_resume(struct uploads *uploads, const struct upload_resumption *asked,
                             const struct stream_hooks *hooks, struct stream **ret_stream,
                             struct upload_info *ret_info);

#endif
