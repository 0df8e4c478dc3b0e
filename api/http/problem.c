/* problem.c - the table of kinds, and which of them an error of the engine is. See problem.h. */
#include "api/http/problem.h"

#include <assert.h>

#define TYPE "urn:problem-type:cairn:"

static const struct problem_kind kinds[PROBLEMS] = {
    [PROBLEM_ELSEWHERE] = {307, TYPE "elsewhere", "Another server has the store", 0},
    [PROBLEM_BAD_REQUEST] = {400, TYPE "bad-request", "The request message is malformed", 0},
    [PROBLEM_BAD_URI] = {400, TYPE "bad-uri", "The request target is malformed", 0},
    [PROBLEM_BAD_KEY] = {400, TYPE "bad-key", "The key is not one", 0},
    [PROBLEM_BAD_STORE_NAME] = {400, TYPE "bad-store-name", "The store name is not one", 0},
    [PROBLEM_BAD_HEADER] = {400, TYPE "bad-header", "A header field is malformed", 0},
    [PROBLEM_BAD_PARAMETER] = {400, TYPE "bad-parameter", "A query parameter is malformed", 0},
    [PROBLEM_BAD_BODY] = {400, TYPE "bad-body", "The request body is malformed", 0},
    [PROBLEM_DIGEST_MISMATCH] = {400, TYPE "digest-mismatch", "The content does not match its digest", 0},
    [PROBLEM_SIZE_MISMATCH] = {400, TYPE "size-mismatch", "The content does not have the announced length", 0},
    [PROBLEM_UNAUTHORIZED] = {401, TYPE "unauthorized", "A token that is valid here is needed", 0},
    [PROBLEM_FORBIDDEN] = {403, TYPE "forbidden", "A right is missing", 0},
    [PROBLEM_CROSS_SITE] = {403, TYPE "cross-site", "The request comes from a page of another site", 0},
    [PROBLEM_UPLOAD_FINAL] = {403, TYPE "upload-final", "The upload is made of others", 0},
    [PROBLEM_SAME_OBJECT] = {403, TYPE "same-object", "Source and target are the same object", 0},
    [PROBLEM_NO_RESOURCE] = {404, TYPE "no-resource", "There is nothing at this path", 0},
    [PROBLEM_NO_STORE] = {404, TYPE "no-store", "There is no such store", 0},
    [PROBLEM_NO_OBJECT] = {404, TYPE "no-object", "There is no such object", 0},
    [PROBLEM_NO_UPLOAD] = {404, TYPE "no-upload", "There is no such upload", 0},
    [PROBLEM_METHOD_NOT_ALLOWED] = {405, TYPE "method-not-allowed", "The method does not fit this resource", 0},
    [PROBLEM_COLLISION] = {409, TYPE "hash-collision", "Several keys have this hash", 0},
    [PROBLEM_NO_LINK_KEY] = {409, TYPE "no-link-key", "There is no key to sign links with", 0},
    [PROBLEM_STORE_NOT_EMPTY] = {409, TYPE "store-not-empty", "The store still holds objects", 0},
    [PROBLEM_UPLOAD_PARTS] = {409, TYPE "upload-parts", "Not all of the parts are complete", 0},
    [PROBLEM_UPLOAD_OFFSET] = {409, TYPE "upload-offset", "The upload has come to another offset", 0},
    [PROBLEM_VERIFICATION_RUNNING] = {409, TYPE "verification-running", "The store is being verified already", 0},
    [PROBLEM_CHANGES_GONE] = {410, TYPE "changes-gone", "Not all that has happened since then is known any more", 0},
    [PROBLEM_LENGTH_REQUIRED] = {411, TYPE "length-required", "The length of the content must be told", 0},
    [PROBLEM_PRECONDITION_FAILED] = {412, TYPE "precondition-failed", "A precondition does not hold", 0},
    [PROBLEM_TARGET_EXISTS] = {412, TYPE "target-exists", "The target exists and may not be overwritten", 0},
    [PROBLEM_TUS_VERSION] = {412, TYPE "tus-version", "The version of tus is not known here", 0},
    [PROBLEM_TOO_LARGE] = {413, TYPE "too-large", "The content is too large", 0},
    [PROBLEM_TARGET_TOO_LONG] = {414, TYPE "target-too-long", "The request target is too long", 0},
    [PROBLEM_UNSUPPORTED_MEDIA_TYPE] = {415, TYPE "unsupported-media-type", "The media type is not supported here", 0},
    [PROBLEM_BAD_RANGE] = {416, TYPE "range-not-satisfiable", "No part of the range lies in the object", 0},
    [PROBLEM_EXPECTATION_FAILED] = {417, TYPE "expectation-failed", "The expectation cannot be met", 0},
    [PROBLEM_MISDIRECTED] = {421, TYPE "misdirected", "The request is for a server of another name", 0},
    [PROBLEM_ENTRY_REFUSED] = {422, TYPE "entry-refused", "An entry of the batch was refused", 0},
    [PROBLEM_UPLOAD_HELD] = {423, TYPE "upload-held", "Somebody else works on the upload", 1},
    [PROBLEM_ATTRIBUTES_TOO_LARGE] = {431, TYPE "attributes-too-large", "The object's attributes are too large", 0},
    [PROBLEM_HEAD_TOO_LARGE] = {431, TYPE "head-too-large", "The head of the request is too large", 0},
    [PROBLEM_CHECKSUM_MISMATCH] = {460, TYPE "checksum-mismatch", "The bytes do not have their checksum", 0},
    [PROBLEM_INTERNAL] = {500, TYPE "internal", "The server could not do its work", 0},
    [PROBLEM_DAMAGED] = {500, TYPE "damaged", "The stored bytes are damaged", 0},
    [PROBLEM_NOT_IMPLEMENTED] = {501, TYPE "not-implemented", "The method or the coding is not known here", 0},
    [PROBLEM_BUSY] = {503, TYPE "busy", "Too much work is in flight", 1},
    [PROBLEM_DRAINING] = {503, TYPE "draining", "The server or the store is closing", 5},
    [PROBLEM_STORE_FAILED] = {503, TYPE "store-failed", "The store takes no writes", 60},
    [PROBLEM_NOT_READY] = {503, TYPE "not-ready", "The server is not well", 60},
    [PROBLEM_NOT_HERE] = {503, TYPE "not-here", "Another server has the store and uses it", 1},
    [PROBLEM_LOADING] = {503, TYPE "loading", "Stores are being opened", 1},
    [PROBLEM_VERSION] = {505, TYPE "version-not-supported", "The version of HTTP is not known here", 0},
    [PROBLEM_DISK_FULL] = {507, TYPE "disk-full", "The disk has no space for it", 0},
    [PROBLEM_QUOTA_EXCEEDED] = {507, TYPE "quota-exceeded", "The store would pass its limit", 0},
    [PROBLEM_TOO_MANY_STORES] = {507, TYPE "too-many-stores", "There are as many stores as there may be", 0},
    [PROBLEM_TOO_MANY_UPLOADS] = {507, TYPE "too-many-uploads", "The store has too many unfinished uploads", 0},
};

static const enum problem by_error[STORE_ERRORS] = {
    [STORE_OK] = PROBLEM_INTERNAL, /* not an error: whoever asks has lost its way */
    [STORE_AGAIN] = PROBLEM_BUSY,
    [STORE_NO_STORE] = PROBLEM_NO_STORE,
    [STORE_ELSEWHERE] = PROBLEM_NOT_HERE,
    [STORE_NO_OBJECT] = PROBLEM_NO_OBJECT,
    [STORE_NO_UPLOAD] = PROBLEM_NO_UPLOAD,
    [STORE_UPLOAD_HELD] = PROBLEM_UPLOAD_HELD,
    [STORE_UPLOAD_PARTS] = PROBLEM_UPLOAD_PARTS,
    [STORE_UPLOAD_OFFSET] = PROBLEM_UPLOAD_OFFSET,
    [STORE_MANY_UPLOADS] = PROBLEM_TOO_MANY_UPLOADS,
    [STORE_BAD_NAME] = PROBLEM_BAD_STORE_NAME,
    [STORE_BAD_KEY] = PROBLEM_BAD_KEY,
    [STORE_BAD_ATTRIBUTES] = PROBLEM_ATTRIBUTES_TOO_LARGE,
    [STORE_TOO_LARGE] = PROBLEM_TOO_LARGE,
    [STORE_EMPTY] = PROBLEM_ENTRY_REFUSED,
    [STORE_NUL] = PROBLEM_ENTRY_REFUSED,
    [STORE_COLLISION] = PROBLEM_COLLISION,
    [STORE_CONDITION] = PROBLEM_PRECONDITION_FAILED,
    [STORE_EXISTS] = PROBLEM_TARGET_EXISTS,
    [STORE_SAME] = PROBLEM_SAME_OBJECT,
    [STORE_NOT_DRAINED] = PROBLEM_STORE_NOT_EMPTY,
    [STORE_DIGEST] = PROBLEM_DIGEST_MISMATCH,
    [STORE_SIZE] = PROBLEM_SIZE_MISMATCH,
    [STORE_BUSY] = PROBLEM_BUSY,
    [STORE_DRAINING] = PROBLEM_DRAINING,
    [STORE_FULL] = PROBLEM_DISK_FULL,
    [STORE_QUOTA] = PROBLEM_QUOTA_EXCEEDED,
    [STORE_TOO_MANY] = PROBLEM_TOO_MANY_STORES,
    [STORE_DAMAGED] = PROBLEM_DAMAGED,
    [STORE_GONE] = PROBLEM_CHANGES_GONE,
    [STORE_MISSING] = PROBLEM_DAMAGED,
    [STORE_FAILED] = PROBLEM_STORE_FAILED,
    [STORE_IO] = PROBLEM_INTERNAL,
    [STORE_NO_MEMORY] = PROBLEM_BUSY,
    [STORE_LOCKED] = PROBLEM_INTERNAL,
    [STORE_FOREIGN] = PROBLEM_INTERNAL,
    [STORE_TOO_NEW] = PROBLEM_INTERNAL,
    [STORE_FENCED] = PROBLEM_DRAINING,
};

const struct problem_kind *problem_kind(enum problem problem)
{
    assert(problem < PROBLEMS);
    return &kinds[problem];
}

enum problem problem_of(enum store_error error, int os_error)
{
    if (store_error_is_shortage(error, os_error))
        return PROBLEM_BUSY; /* of memory or of descriptors: it may well be done in a moment */
    return error < STORE_ERRORS ? by_error[error] : PROBLEM_INTERNAL;
}
