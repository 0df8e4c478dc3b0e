/* problem.h - the kinds of refusal, each with its status and the stable `type` clients may rely on.
 *
 * Answers are application/problem+json (RFC 9457). A type never changes its meaning; its sentence
 * may. Thread: any.
 */
#ifndef CAIRN_API_PROBLEM_H
#define CAIRN_API_PROBLEM_H

#include "store/store.h"

enum problem {
    PROBLEM_ELSEWHERE,   /* another server has the store: Location leads there */
    PROBLEM_BAD_REQUEST, /* the message itself is malformed: the connection closes */
    PROBLEM_BAD_URI,
    PROBLEM_BAD_KEY,
    PROBLEM_BAD_STORE_NAME,
    PROBLEM_BAD_HEADER,
    PROBLEM_BAD_PARAMETER,
    PROBLEM_BAD_BODY,
    PROBLEM_DIGEST_MISMATCH,
    PROBLEM_SIZE_MISMATCH,
    PROBLEM_UNAUTHORIZED,
    PROBLEM_FORBIDDEN,
    PROBLEM_CROSS_SITE,
    PROBLEM_UPLOAD_FINAL,
    PROBLEM_SAME_OBJECT,
    PROBLEM_NO_RESOURCE,
    PROBLEM_NO_STORE,
    PROBLEM_NO_OBJECT,
    PROBLEM_NO_UPLOAD,
    PROBLEM_METHOD_NOT_ALLOWED,
    PROBLEM_COLLISION,
    PROBLEM_NO_LINK_KEY,
    PROBLEM_STORE_NOT_EMPTY,
    PROBLEM_UPLOAD_PARTS,
    PROBLEM_UPLOAD_OFFSET,
    PROBLEM_VERIFICATION_RUNNING,
    PROBLEM_CHANGES_GONE,
    PROBLEM_LENGTH_REQUIRED,
    PROBLEM_PRECONDITION_FAILED,
    PROBLEM_TARGET_EXISTS,
    PROBLEM_TUS_VERSION,
    PROBLEM_TOO_LARGE,
    PROBLEM_TARGET_TOO_LONG,
    PROBLEM_UNSUPPORTED_MEDIA_TYPE,
    PROBLEM_BAD_RANGE,
    PROBLEM_EXPECTATION_FAILED,
    PROBLEM_MISDIRECTED,
    PROBLEM_ENTRY_REFUSED,
    PROBLEM_UPLOAD_HELD,
    PROBLEM_ATTRIBUTES_TOO_LARGE,
    PROBLEM_HEAD_TOO_LARGE,
    PROBLEM_CHECKSUM_MISMATCH,
    PROBLEM_INTERNAL,
    PROBLEM_DAMAGED,
    PROBLEM_NOT_IMPLEMENTED,
    PROBLEM_BUSY,
    PROBLEM_DRAINING,
    PROBLEM_STORE_FAILED,
    PROBLEM_NOT_READY,
    PROBLEM_LOADING,
    PROBLEM_NOT_HERE, /* another server has the store, and nobody can be sent there, or is to be */
    PROBLEM_VERSION,
    PROBLEM_DISK_FULL,
    PROBLEM_QUOTA_EXCEEDED,
    PROBLEM_TOO_MANY_STORES,
    PROBLEM_TOO_MANY_UPLOADS,
    PROBLEMS /* their number */
};

struct problem_kind {
    unsigned status;
    const char *type;     /* a URI */
    const char *title;    /* a short sentence, the same for every occurrence */
    unsigned retry_after; /* seconds, told in Retry-After; 0: not told */
};

/* Static storage. */
const struct problem_kind *problem_kind(enum problem problem);

/* How an error of the engine is told. The one place where the two meet. */
enum problem problem_of(enum store_error error, int os_error);

#endif
