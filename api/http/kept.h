/* kept.h - the header fields that come with an object and are answered with it, as they came.
 *
 * What they say is between who puts an object and who gets it: nothing here acts on it. A coding least of all: the
 * bytes that came are those that are stored, measured, hashed and parted into ranges (RFC 9110, section 8.4).
 *
 * Thread: any.
 */
#ifndef CAIRN_API_KEPT_H
#define CAIRN_API_KEPT_H

#include "api/http/attributes.h"
#include "api/http/fields.h"

struct kept {
    enum field field;
    enum attribute_tag tag;
    const char *member; /* its name in JSON */
};

enum { KEPT_FIELDS = 6 };

extern const struct kept kept_fields[KEPT_FIELDS];

/* NULL where the tag is that of something else. */
const struct kept *kept_of(enum attribute_tag tag);

/* Adds the value of a field; one that says nothing is the same as none. */
enum attributes_error kept_add(struct attributes *attributes, const struct kept *kept, const char *value);

#endif
