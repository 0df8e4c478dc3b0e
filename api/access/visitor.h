/* visitor.h - who asks, and what they may.
 *
 * Where there are no rules everybody may do everything. Else a visitor may do what the anonymous grants allow, and what
 * those of the token allow that was shown. A link lets one request in for which it is signed.
 *
 * Thread: one at a time per struct.
 */
#ifndef CAIRN_API_VISITOR_H
#define CAIRN_API_VISITOR_H

#include "api/access/link.h"
#include "api/access/rules.h"
#include "store/store.h"

#include <stdbool.h>

/* All zero: where there are no rules. */
struct visitor {
    struct rules *rules;             /* a reference, taken over; NULL: there are none */
    const struct token *token;       /* of the rules; NULL: none was shown */
    bool bearer;                     /* something was shown as one, a token of the rules where there are rules */
    bool by_password;                /* it is let in only for a token that was shown as Basic */
    const struct link_key *link_key; /* of the rules: signed the link that was shown; NULL: none was */
    uint64_t upload_limit;           /* with a link: the most bytes that it lets an upload have */
};

/* Takes the token in the value of an Authorization field. False when there is none in it that is known and has not
 * expired at `now`, in seconds since 1970. */
bool visitor_show(struct visitor *visitor, const char *authorization, int64_t now);

/* Takes a link. False when it is not signed for the target by a key of the rules, or has ended at `now`. What it allows
 * is no right that the functions below tell of: it is for one request only. */
bool visitor_show_link(struct visitor *visitor, const struct link *link, const struct link_target *target, int64_t now);

/* The most bytes that an upload may have: UINT64_MAX where nothing limits it. */
uint64_t visitor_upload_limit(const struct visitor *visitor);

/* What the visitor may do with an object of a store. A key of which only the hash is known, and NULL, stand for the
 * store as a whole; a key may also be the prefix of a listing. */
unsigned visitor_rights(const struct visitor *visitor, const char *store, const struct store_key *key);

/* What the visitor may do with any object of it whatever. */
unsigned visitor_rights_within(const struct visitor *visitor, const char *store);

/* What the visitor may do in every store, those included that are not there yet. */
unsigned visitor_rights_everywhere(const struct visitor *visitor);

/* Whether there is anything that this visitor may do. */
bool visitor_is_known(const struct visitor *visitor);

/* Whether the token that was shown has expired at `now`, in seconds since 1970. */
bool visitor_has_expired(const struct visitor *visitor, int64_t now);

/* The name of the token, NULL where none was shown. */
const char *visitor_name(const struct visitor *visitor);

/* The name of the key that signed the link, NULL where none was shown. */
const char *visitor_link_name(const struct visitor *visitor);

void visitor_leave(struct visitor *visitor);

#endif
