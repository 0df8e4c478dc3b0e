/* remote.h - asking a server of cairn over HTTP: for what is copied from one.
 *
 *     remote = remote_open("https://files.example.com", token, NULL, &error);
 *     status = remote_json(remote, "/v1/stores", &answer);            // 200, and a tree; json_decref() it
 *     status = remote_read(remote, "/v1/stores/a/objects/k", &reader);
 *     remote_error(remote);                                           // of a status that was not wanted
 *     remote_close(remote);
 *
 * Where several servers have the stores, one that has not the store that is asked for sends to the one that has it
 * (referral.h), which is asked instead, and first from then on for what that store has.
 *
 * It is libcurl that speaks, which is loaded when somebody asks for it, so that a server takes none of it. Where cairnd
 * was built without (CAIRN_BACKUP_URL) remote_open() says so.
 *
 * Thread: one at a time per remote.
 */
#ifndef CAIRN_REMOTE_H
#define CAIRN_REMOTE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct remote;

/* What an answer of status 200 goes to; of others only the status is told. False ends the transfer. */
struct remote_reader {
    void *arg;
    bool (*field)(void *arg, const char *name, const char *value);
    bool (*begin)(void *arg); /* behind the last field */
    bool (*take)(void *arg, const void *bytes, size_t length);
};

/* NULL: a sentence says why. The URL is that of the server, or of what stands in front of it, with the path below which
 * it is (--base-path); `token` NULL: none is shown. `ca_file`, in PEM, has the certificates that count; NULL: those
 * that the machine trusts. */
struct remote *remote_open(const char *url, const char *token, const char *ca_file, const char **ret_sentence);

/* NULL is allowed. */
void remote_close(struct remote *remote);

/* The status of the answer to a GET; 0: there was no whole one. *ret_answer is a tree when it is 200. remote_json()
 * asks again where that may help: six times, in 16 s, and not a server that has never answered. */
int remote_json(struct remote *remote, const char *path, json_t **ret_answer);
int remote_read(struct remote *remote, const char *path, const struct remote_reader *reader);

/* Whether an answer is one that may be another a little later: there was no whole one, but for a reader that has ended
 * it, or the server has no time. */
bool remote_is_passing(const struct remote *remote, int status);

/* What was wrong with the last one, as a sentence. Borrowed, until the next. */
const char *remote_error(const struct remote *remote);

#endif
