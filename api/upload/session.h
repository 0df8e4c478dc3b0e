/* session.h - what the requests about one unfinished upload have in common: POST that brings the first bytes, PATCH,
 * HEAD, and DELETE.
 *
 *     session_look(request, session, then)     which upload it is, and whether the visitor may
 *     session_claim(request, session, ...)     whoever else works on it is asked for it
 *     session_resume(request, session, then)   a stream goes on with it
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
    struct upload_resumption asked; /* of it the id, for all */
    struct upload_claim claim;
    struct checksum checksum;
    struct stream *stream; /* NULL before it is open, and once it has been handed over */
    struct upload_info info;
    char *told, *concat; /* owned: Upload-Metadata and Upload-Concat as they came; NULL: not known yet */
    struct metadata metadata;
    struct precondition precondition;
    bool committing;
    uint64_t offset; /* how far the upload has come when the session has ended */
    request_step *then;
};

/* Learns what there is to know of the upload; `then` follows, unless it has answered. Before that nobody else is
 * disturbed: who may not work on it has no claims either. */
void session_look(struct request *request, struct session *session, request_step *then);

/* Has whoever else works on it do as wished; `then` follows with request->error. */
void session_claim(struct request *request, struct session *session, enum upload_wish wish, request_step *then);

/* Opens a stream, for which the one of a client who brings nothing any more ends; `then` follows, unless it has
 * answered. */
void session_resume(struct request *request, struct session *session, request_step *then);

/* The same of an upload that nobody else knows. Thread: the engine's. */
void session_open(struct request *request, struct session *session);

/* What request->error means to the client then; false when it has answered. */
bool session_is_open(struct request *request);

size_t session_receive(struct request *request, struct session *session, const char *bytes, size_t length);

/* Ends the stream; `then` follows with request->error, or with an answer: that of an object that would have expired. */
void session_finish(struct request *request, struct session *session, request_step *then);

/* Answers an error of the end, unless it has been answered; NULL: it has left no upload. */
void session_refuse(struct request *request, const struct session *session);

/* How far an upload has come, as clients are told. One may have all its bytes and be no object yet, since the server
 * ended or was short of something in between, or a precondition did not hold: who learns that all bytes are there takes
 * it for done. So it lacks the last one, which whoever means it brings once more. Thread: any. */
uint64_t session_told_offset(const struct upload_info *info);

/* Adds Upload-Offset, and the receipt of an upload that is done. */
void session_position_fields(struct request *request, const struct session *session);

/* The same with Upload-Expires, of one that has just been worked on. */
void session_fields(struct request *request, const struct session *session);

void session_free(struct session *session);

#endif
