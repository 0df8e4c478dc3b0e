/* conditional.h - what a read's preconditions say of the object that was found, in the order of
 * RFC 9110, section 13.2.2. Thread: any.
 */
#ifndef CAIRN_API_CONDITIONAL_H
#define CAIRN_API_CONDITIONAL_H

#include "api/http/fields.h"
#include "api/http/precondition.h"
#include "store/store.h"

#include <stdbool.h>

enum conditional {
    CONDITIONAL_SEND,      /* go on */
    CONDITIONAL_FAILED,    /* 412 */
    CONDITIONAL_UNCHANGED, /* 304 */
};

/* `precondition` holds If-Match and If-None-Match; the dates are read from `fields`, and one that is malformed is
 * ignored. */
enum conditional conditional_decide(const struct fields *fields, const struct precondition *precondition,
                                    const struct object_info *info);

/* Whether Range counts, given the value of If-Range. A date never lets it count: two versions of one second
 * could not be told apart. */
bool conditional_range(const char *if_range, const struct object_info *info);

#endif
