/* session.h - what the requests have in common that go on with an unfinished upload: POST that brings the first bytes,
 * PATCH, and HEAD of one that has all its bytes and only lacks its commit.
 *
 *     session_resume(request, session, then)   as soon as it is known which upload, and where it goes on
 *     session_receive(...)                     for each chunk
 *     session_finish(request, session, then)   the bytes are on disk, or the object is there
 *
 * What has come stays, also when the client leaves in the middle of it; but bytes whose sum was told count all together
 * or not at all.
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_SESSION_H
#define CAIRN_API_SESSION_H

#include "api/http/precondition.h"
#include "api/request/request.h"
#include "api/upload/checksum.h"
#include "api/upload/metadata.h"
#include "store/store.h"

struct session {
    struct upload_resumption asked;
    struct checksum checksum;
    struct stream *stream; /* NULL before it is open, and once it has been handed over */
    struct upload_info info;
    struct metadata metadata;
    struct precondition precondition;
    bool committing;
    uint64_t offset; /* how far the upload has come when the session has ended */
    request_step *then;
};

/* What an upload carries for this room: the preconditions and the metadata as they came. */
struct label {
    const char *match, *none_match, *metadata; /* "": none */
};

/* Writes one; free() it. NULL: no memory. Reads one: borrowed from the bytes. */
char *label_write(const struct label *label, size_t *ret_length);
struct label label_read(const struct upload_info *info);

/* Opens the stream; `then` follows, unless it has answered. */
void session_resume(struct request *request, struct session *session, request_step *then);

/* The same on the thread of a job, which looks at request->error behind it. Thread: the engine's. */
void session_open(struct request *request, struct session *session);

/* What its error means to the client; false when it has answered. */
bool session_is_open(struct request *request, struct session *session);

size_t session_receive(struct request *request, struct session *session, const char *bytes, size_t length);

/* Ends the stream; `then` follows with request->error. */
void session_finish(struct request *request, struct session *session, request_step *then);

/* Adds Upload-Offset, and the receipt of an upload that is done. */
void session_position_fields(struct request *request, const struct session *session);

/* The same with Upload-Expires, of one that has just been worked on. */
void session_fields(struct request *request, const struct session *session);

void session_free(struct session *session);

#endif
