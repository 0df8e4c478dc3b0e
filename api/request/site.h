/* site.h - what a request has to do with the site that it was made on, for browsers ask in the name of any page.
 *
 * A page may let a browser send a form, or what is as simple, to every server that the browser reaches, with no
 * question asked; it just may not see the answer. So what changes something is refused when it comes from a page of
 * another site, unless that site is allowed (--cors-origins), or the request carries what no browser adds by itself: a
 * token as Bearer, or a signed link. Who is let in by a password alone is not helped by an allowed site. Programs that
 * are no browsers say nothing of sites, and are let in.
 *
 * A page whose name an attacker points to this server (DNS rebinding) is of the same site as far as browsers know. The
 * name that the request then has in Host is one that this server does not go by (--host-names). Where everything is
 * open to this machine, and to no other, no name is answered that can be pointed elsewhere.
 *
 * Such a server, and any to who was let in by a password alone, gives pages of other sites nothing to embed either.
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_SITE_H
#define CAIRN_API_SITE_H

#include "api/request/request.h"

/* Whether the request is for this server, by the name that it calls it; false when it has answered. */
bool site_is_ours(struct request *request);

/* Whether what the request may change may be changed by the page it was made on; false when it has answered. The
 * visitor is known. */
bool site_may_change(struct request *request);

/* Adds to an answer what lets pages of allowed origins see it (https://fetch.spec.whatwg.org/#http-cors-protocol), or
 * keeps those of others from embedding it. */
void site_fields(struct request *request);

/* Adds what they may ask for to the answer that a browser wants before it asks. */
void site_preflight_fields(struct request *request);

#endif
