/* change.c - what a line of a server's change feed says. See change.h. */
#include "service/change.h"

#include "api/text/naming.h"
#include "api/text/timestamp.h"

#include <stdlib.h>
#include <string.h>

enum { MILLISECOND = 1000000 };

static const char *const members[] = {"key", "key_base64", "key_hash"};

/* The point in time that timestamp_write() has written. */
static bool read_time(const char *text, int64_t *ret_time)
{
    int64_t seconds;
    if (!text || !timestamp_read(text, strlen(text), &seconds))
        return false;
    const char *part = strchr(text, '.');
    *ret_time = (seconds * 1000 + (part ? strtol(part + 1, NULL, 10) : 0)) * MILLISECOND;
    return true;
}

/* The key of a change: its text, its base64, or, where it has no name, its hash. *ret_copy: free it. */
static bool read_key(const json_t *json, struct store_key *ret_key, char **ret_copy)
{
    struct naming naming = {0};
    *ret_copy = NULL;
    for (size_t i = 0; i < NAMINGS; i++) {
        const json_t *value = json_object_get(json, members[i]);
        size_t length = json_string_length(value);
        if (!json_is_string(value))
            continue;
        *ret_copy = malloc(length + 1);
        if (!*ret_copy)
            return false;
        memcpy(*ret_copy, json_string_value(value), length + 1);
        naming.texts[i] = (struct text){.bytes = *ret_copy, .length = length};
        return naming_key(&naming, ret_key) == NULL;
    }
    return false;
}

bool change_read(const json_t *json, struct change *ret_change)
{
    const char *op = json_string_value(json_object_get(json, "op"));
    struct change change = {.offset = (uint64_t)json_integer_value(json_object_get(json, "offset")),
                            .size = (uint64_t)json_integer_value(json_object_get(json, "size"))};
    change.etag = op && strcmp(op, "put") == 0 ? json_string_value(json_object_get(json, "etag")) : NULL;
    change.sweeps = json_is_integer(json_object_get(json, "ends"));
    bool whole = op && (change.etag || strcmp(op, "delete") == 0) &&
                 read_time(json_string_value(json_object_get(json, "modified")), &change.modified) &&
                 read_key(json, &change.key, &change.key_copy);
    *ret_change = change;
    if (!whole)
        change_free(ret_change);
    return whole;
}

void change_free(struct change *change)
{
    free(change->key_copy);
    change->key_copy = NULL;
}

/* NUL is two bytes in it, which are no text (as in Java). */
char *change_name(const json_t *json)
{
    size_t which = 0;
    while (which < NAMINGS - 1 && !json_is_string(json_object_get(json, members[which])))
        which++;
    const json_t *value = json_object_get(json, members[which]);
    const char *text = json_string_value(value);
    size_t length = json_string_length(value);
    char *name = malloc(2 * length + 2), *at = name;
    if (!name)
        return NULL;
    *at++ = "kbh"[which];
    for (size_t i = 0; i < length; i++)
        if (text[i]) {
            *at++ = text[i];
        } else {
            *at++ = '\xC0';
            *at++ = '\x80';
        }
    *at = '\0';
    return name;
}
