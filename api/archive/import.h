/* import.h - a tar on its way into a store: each regular file of it becomes an object.
 *
 *     struct import import = {.request = request, .atomic = ...};
 *     import_begin(&import);
 *     import_take(&import, bytes, length)     as they come; behind each wait first import_settle()
 *     import_commit(&import)                  behind the last, what is still gathered
 *     import_free(&import);
 *
 * Small members are gathered (crate.h) and committed together, large ones are streams of the engine, as uploads are.
 * One thing is done at a time, in the order of the archive, so that of two members with one name the last one stays.
 * While the engine works the request is suspended. Where it cannot go on the request is answered. Where the archive is
 * cut off the members that have come whole are committed, and that is answered, if anybody is there for an answer. Of
 * what is one transaction nothing is.
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_IMPORT_H
#define CAIRN_API_IMPORT_H

#include "api/archive/crate.h"
#include "api/archive/member.h"
#include "api/archive/tar_reader.h"
#include "api/http/attributes.h"
#include "api/http/digest.h"
#include "api/request/request.h"
#include "api/text/jsontext.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whose members an archive has, as the last one tells. */
enum import_origin { IMPORT_UNTOLD, IMPORT_OWN, IMPORT_FOREIGN };

enum import_place { IMPORT_NOWHERE, IMPORT_IN_CRATE, IMPORT_IN_STREAM };

struct import {
    struct request *request;
    bool atomic;                    /* all is one transaction */
    char prefix[STORE_KEY_MAX + 1]; /* in front of each key */
    size_t prefix_length;
    request_step *then; /* behind what is waited for; NULL: more of the body */
    struct tar tar;
    enum import_origin origin;
    struct crate crate;
    struct attributes attributes; /* of the member under way */
    struct digest digest;         /* of its content, as far as its records tell sums */
    struct member_etag etag;      /* the same */
    enum import_place place;      /* of that */
    bool waits;                   /* the member has no place before the crate is empty */
    struct stream *stream;
    bool committing;
    char *refusal; /* owned: the beginning of an answer that waits for the last commit, or NULL */
    enum problem problem;
    uint64_t objects, created, bytes, expired, refused;
    struct jsontext refusals; /* of some: an array that is not closed */
};

/* What the caller knows is set. */
void import_begin(struct import *import);

/* Takes bytes of the tar; fewer when it waits or has answered. */
size_t import_take(struct import *import, const char *bytes, size_t length);

/* Whether it waits, or has answered. */
bool import_stops(const struct import *import);

/* What came of the commit that was waited for, if one was; false when it has answered. */
bool import_settle(struct import *import);

/* Commits what is gathered, and waits; false when there is nothing. */
bool import_commit(struct import *import);

/* Answers why the archive goes no further, in a sentence without a full stop, and how much of it has been stored. What
 * is still gathered is not: where something is damaged, that may be as well. */
void import_refuse(struct import *import, enum problem problem, const char *sentence);

/* The archive ends before its end, and what has come of it is sound: commits what is gathered, and waits; then, or
 * where there is nothing, answers that, and how much has been stored. */
void import_cut(struct import *import, const char *sentence);

/* The same where it is the body that is at fault (request->tear). */
void import_tear(struct import *import);

/* What is under way ends here: the client may be long in taking the answer, or has gone. */
void import_drop(struct import *import);

void import_free(struct import *import);

#endif
