/* reply.h - every answer is made here.
 *
 * Each function makes the answer and keeps it in the request, which queues it when its time has come
 * (request.h). A request is answered once; header fields are added after that. When memory is out
 * the connection is cut.
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_REPLY_H
#define CAIRN_API_REPLY_H

#include "api/http/problem.h"
#include "api/request/edition.h"
#include "api/request/request.h"
#include "api/text/jsontext.h"

#include <stdint.h>

/* Takes memory for the content of an answer that may be long, until it is out; false when it has answered that others
 * have that memory. */
bool reply_admit(struct request *request, size_t bytes);

/* Answers that others have that memory. */
void reply_full(struct request *request);

/* Adds a field to the answer. */
void reply_field(struct request *request, const char *name, const char *value);

/* The connection ends behind the answer. */
void reply_close(struct request *request);

/* Gives the answer its fields, and so ends it; false: there is none, as memory was out. */
bool reply_seal(struct request *request);

/* No content. */
void reply_empty(struct request *request, unsigned status);

/* A finished JSON text, which is taken over. */
void reply_json(struct request *request, unsigned status, struct jsontext *json);

/* Bytes from malloc(), which are taken over. */
void reply_owned(struct request *request, unsigned status, const char *media_type, char *bytes, size_t length);

/* Bytes that live as long as the program. */
void reply_static(struct request *request, unsigned status, const char *media_type, const void *bytes, size_t length);

/* A text that others have as well; takes the reference. */
void reply_edition(struct request *request, unsigned status, const char *media_type, struct edition *edition);

/* Bytes that `release(owner)` gives back when they are sent. */
void reply_borrowed(struct request *request, unsigned status, const void *bytes, size_t length,
                    void (*release)(void *owner), void *owner);

/* `length` bytes of a file from `position` on; takes the descriptor. */
void reply_file(struct request *request, unsigned status, int file, uint64_t position, uint64_t length);

/* `length` bytes that `read` produces; with STORE_SIZE_UNKNOWN as many as it has (portions.h). `release(owner)`, if
 * any, follows when they are sent. */
void reply_reader(struct request *request, unsigned status, uint64_t length, MHD_ContentReaderCallback read,
                  void (*release)(void *owner), void *owner);

/* No content, but the length it would have: for HEAD, and for 304. Where that is not known the connection closes. */
void reply_length(struct request *request, unsigned status, uint64_t length);

/* The receipt of a write that left an object in `store` (request->receipt): 201 with its Location when
 * it is new there, else 200; its ETag in both. */
void reply_receipt(struct request *request, const char *store);

/* A problem with a sentence for this occurrence, printf's way; it ends with a full stop. */
void reply_problem(struct request *request, enum problem problem, const char *detail, ...)
    __attribute__((format(printf, 3, 4)));

/* The same about one entry of a batch, counted from 0: the answer names it as `index`. */
void reply_entry_problem(struct request *request, enum problem problem, size_t entry, const char *detail, ...)
    __attribute__((format(printf, 4, 5)));

/* The same for what the engine has said of that entry, with the cause where a file call failed. */
void reply_entry_error(struct request *request, enum problem problem, size_t entry, enum store_error error);

/* The same for an error of the engine, with what is known about it: where the store is that another server has. */
void reply_error(struct request *request, enum store_error error);

/* The document of a problem without an answer around it. The detail is a sentence, and made UTF-8. Thread: an I/O
 * thread's, too. */
void reply_write_problem(struct jsontext *json, struct request *request, enum problem problem, char *detail);

/* The answer is under way and cannot go on: request->error says why. What is the operator's is logged. */
void reply_broken_off(struct request *request);

/* The same for an error about a store; it becomes the one the problem is about. The name has to live until the
 * request ends. */
void reply_store_error(struct request *request, enum store_error error, const char *name);

#endif
