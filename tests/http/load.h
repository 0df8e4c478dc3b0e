/* load.h - several clients that write, read, move and delete at once, and a journal of what was acknowledged.
 *
 *     struct load *load = load_new(server->url, 6, 1);
 *     load_start(load, server->url);
 *     ... server_crash(server) or server_terminate(server) ...
 *     load_stop(load);                      // joins the clients
 *     server_start(server);
 *     load_verify(load, server->url);       // and again from load_start()
 *     load_free(load);
 *
 * Every worker has keys of its own and one request under way at a time. So of each key the journal knows the state that
 * was acknowledged last and the one change that may or may not have happened:
 *   slots       PUT and DELETE of small and large objects
 *   a group     four keys written by one batch: always all of one version
 *   a traveller that is renamed: always under exactly one of two keys
 *   an emigrant that is moved between two stores: never in neither
 * Every payload follows from worker, key and version, so a torn or mixed one is recognised.
 *
 * Thread: one at a time per load.
 */
#ifndef CAIRN_TESTS_HTTP_LOAD_H
#define CAIRN_TESTS_HTTP_LOAD_H

#include <stddef.h>
#include <stdint.h>

struct load;

/* Creates the stores load-a and load-b and the objects that must always exist. The seed decides what is done. */
struct load *load_new(const char *url, size_t workers, uint64_t seed);

void load_start(struct load *load, const char *url);

/* Lets each worker finish its request. */
void load_stop(struct load *load);

/* Fails the test unless every key is in its acknowledged state or, where a change was under way, in the state after it.
 * What is found counts as acknowledged from then on. */
void load_verify(struct load *load, const char *url);

/* Writes acknowledged so far, of all starts; also while they go on. */
size_t load_acknowledged(const struct load *load);

/* Answers that began and then broke off. */
size_t load_cut(const struct load *load);

/* Requests that were answered by something that must not happen, and what it was. Fails the test if there is one. */
void load_expect_no_surprise(const struct load *load);

/* NULL is allowed. */
void load_free(struct load *load);

#endif
