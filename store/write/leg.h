/* leg.h - a stream that goes on with an unfinished upload (uploads.h), which comes in one leg or several.
 *
 * It goes the way of any other, but its bytes go to the file of the upload, behind those that are there, and stay when
 * it ends early. From time to time, and at the end, they are made durable and then told. The last leg hands the commit
 * over; then the same file is the blob, or it is read once more and is inline. The digest is known where all of it came
 * in one leg, or else it is read for it.
 *
 * Others may want the upload meanwhile: then what has come is made durable, and the leg may have to leave it.
 *
 * Thread: an I/O thread, unless it says otherwise.
 */
#ifndef CAIRN_LEG_H
#define CAIRN_LEG_H

#include "store/write/stream.h"
#include "store/write/uploads.h"

/* What upload_resume() says: goes on with one of those uploads, which others may want from then on. Blocking. Thread:
 * any. */
struct failure leg_begin(struct uploads *uploads, const struct upload_resumption *asked,
                         const struct stream_hooks *hooks, struct stream **ret_stream, struct upload_info *ret_info);

/* The same with an upload that is held, which it takes when it begins; nobody is given it before its end. */
struct failure leg_go_on(struct upload *upload, const struct upload_resumption *asked, const struct stream_hooks *hooks,
                         struct stream **ret_stream);

/* Makes durable what has come; an errno. When that fails, nothing of it counts any more: another sync would succeed,
 * and mean nothing. */
int leg_rest(struct stream *stream);

/* What somebody else has wished for: that the bytes are on disk, or the upload as well. The stream goes on. */
void leg_settle(struct stream *stream, bool leave);

/* It is to be committed, or to fail by `error`: whoever commits is told once the upload has heard of the outcome.
 * STORE_BUSY, or that error. Thread: the one that sends. */
enum store_error leg_commit(struct stream *stream, enum store_error error);

/* Everything is written: ends the stream. */
void leg_end(struct stream *stream);

#endif
