/* permit.h - whether a request is let in.
 *
 * It is decided from the head alone, before a byte of the body is wanted and before a store is looked at, so that
 * nobody learns from a refusal whether a store is there. Endpoints whose targets stand elsewhere, in a field or in the
 * body, ask once more when they know them.
 *
 * 401 is the one answer for no token, a wrong one, and one that has expired, where nobody or nobody else may do this,
 * and the same for a link; 403 names the rights that a valid token lacks.
 *
 * Thread: the daemon's, unless said otherwise.
 */
#ifndef CAIRN_API_PERMIT_H
#define CAIRN_API_PERMIT_H

#include "api/request/request.h"

/* Learns who asks, and whether they may do what the route demands; false when it has answered. */
bool permit_arrival(struct request *request);

/* Whether the visitor has all of these rights on a key (visitor_rights()) of a store; false when it has answered. */
bool permit_may(struct request *request, unsigned rights, const char *store, const struct store_key *key);

/* Which of these rights the visitor lacks there; 0: none. Answers nothing. Thread: any. */
unsigned permit_lacks(const struct request *request, unsigned rights, const char *store, const struct store_key *key);

/* Whether what was found at the beginning would be found now: the rules have not changed since, and the token has not
 * expired. For answers that have no end. */
bool permit_holds(const struct request *request);

/* Answers that the visitor lacks these rights on a store. `entry` is the index of the batch's entry that asks for them,
 * or SIZE_MAX. */
void permit_refuse(struct request *request, unsigned lacking, const char *store, size_t entry);

#endif
