/* method.h - the methods that are known here. They are case-sensitive.
 *
 * Thread: any.
 */
#ifndef CAIRN_API_METHOD_H
#define CAIRN_API_METHOD_H

enum method {
    METHOD_GET,
    METHOD_HEAD,
    METHOD_PUT,
    METHOD_PATCH,
    METHOD_POST,
    METHOD_DELETE,
    METHOD_MOVE,
    METHOD_COPY,
    METHOD_OPTIONS,
    METHODS /* their number; as a method: unknown */
};

/* METHODS for a method that is not known anywhere. */
enum method method_of(const char *name);

/* "other" for METHODS. */
const char *method_name(enum method method);

#endif
