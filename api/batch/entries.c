/* entries.c - a growing list of operations; a fault ends reading and keeps its place. See entries.h. */
#include "api/batch/entries.h"

#include "api/http/expiry.h"
#include "api/http/octet.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 16 };

/* ---- faults ---------------------------------------------------------------------------------- */

static void set_fault(struct entries *entries, enum problem problem, size_t index, const char *format,
                      va_list arguments)
{
    if (entries->fault.sentence[0] != '\0')
        return;
    entries->fault.problem = problem;
    entries->fault.index = index;
    vsnprintf(entries->fault.sentence, sizeof entries->fault.sentence, format, arguments);
}

bool entries_refuse(struct entries *entries, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    set_fault(entries, PROBLEM_ENTRY_REFUSED, entries->count - 1, format, arguments);
    va_end(arguments);
    return false;
}

bool entries_malformed(struct entries *entries, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    set_fault(entries, PROBLEM_BAD_BODY, SIZE_MAX, format, arguments);
    va_end(arguments);
    return false;
}

__attribute__((format(printf, 3, 4))) static bool fail(struct entries *entries, enum problem problem,
                                                       const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    set_fault(entries, problem, SIZE_MAX, format, arguments);
    va_end(arguments);
    return false;
}

static bool no_memory(struct entries *entries)
{
    return fail(entries, problem_of(STORE_NO_MEMORY, 0), "%s", store_error_text(STORE_NO_MEMORY));
}

/* ---- the list -------------------------------------------------------------------------------- */

static bool grow(struct entries *entries)
{
    size_t capacity = entries->capacity == 0 ? FIRST_CAPACITY : entries->capacity * 2;
    struct store_op *ops = realloc(entries->ops, capacity * sizeof *ops);
    if (ops)
        entries->ops = ops;
    struct entry *owned = realloc(entries->owned, capacity * sizeof *owned);
    if (owned)
        entries->owned = owned;
    if (!ops || !owned)
        return no_memory(entries);
    entries->capacity = capacity;
    return true;
}

bool entries_add(struct entries *entries)
{
    if (entries->count == entries->limit)
        return fail(entries, PROBLEM_TOO_LARGE, "it has more than the %zu operations allowed here", entries->limit);
    if (entries->count == entries->capacity && !grow(entries))
        return false;
    entries->ops[entries->count] = (struct store_op){0};
    entries->owned[entries->count] = (struct entry){0};
    entries->count++;
    return true;
}

struct store_op *entries_last(const struct entries *entries)
{
    return &entries->ops[entries->count - 1];
}

static struct entry *last_owned(const struct entries *entries)
{
    return &entries->owned[entries->count - 1];
}

void entries_complete(struct entries *entries)
{
    for (size_t i = 0; i < entries->count; i++) {
        entries->ops[i].condition = entries->owned[i].precondition.condition;
        entries->ops[i].attributes = entries->owned[i].attributes.bytes;
        entries->ops[i].attributes_length = entries->owned[i].attributes.length;
    }
}

void entries_free(struct entries *entries)
{
    for (size_t i = 0; i < entries->count; i++) {
        precondition_free(&entries->owned[i].precondition);
        attributes_free(&entries->owned[i].attributes);
    }
    free(entries->ops);
    free(entries->owned);
    *entries = (struct entries){0};
}

/* ---- attributes and conditions --------------------------------------------------------------- */

static bool judge_attribute(struct entries *entries, enum attributes_error error, const char *name)
{
    switch (error) {
    case ATTRIBUTES_OK:
        return true;
    case ATTRIBUTES_TOO_LARGE:
        return entries_refuse(entries, "the fields that are kept with it, metadata among them, have more than %d bytes",
                              ATTRIBUTES_TEXT_MAX);
    case ATTRIBUTES_NOT_TEXT:
        return entries_refuse(entries, "%s is not text without control characters", name);
    case ATTRIBUTES_TWICE:
        return entries_refuse(entries, "%s is given twice", name);
    default:
        return no_memory(entries);
    }
}

bool entries_kept(struct entries *entries, const struct kept *kept, const char *value, size_t length)
{
    enum attributes_error error = ATTRIBUTES_NOT_TEXT;
    if (strlen(value) == length)
        error = kept_add(&last_owned(entries)->attributes, kept, value);
    return judge_attribute(entries, error, field_name(kept->field));
}

bool entries_meta(struct entries *entries, const char *name, size_t name_length, const char *value, size_t length)
{
    if (name_length == 0 || !octet_all(name, name_length, OCTET_TOKEN))
        return entries_refuse(entries, "a metadata name has to be a token as in the name of a header field");
    enum attributes_error error = ATTRIBUTES_NOT_TEXT;
    if (strlen(value) == length)
        error = attributes_add_meta(&last_owned(entries)->attributes, name, name_length, value);
    char shown[64];
    snprintf(shown, sizeof shown, "the metadata %.*s", (int)name_length, name);
    return judge_attribute(entries, error, shown);
}

bool entries_expiry(struct entries *entries, const char *name, const char *value, size_t length)
{
    struct expiry expiry;
    if (!expiry_read(value, length, &expiry) || !expiry_is_ahead(&expiry))
        return entries_refuse(entries, "%s is \"%.*s\": " EXPIRY_RULE, name, (int)(length < 64 ? length : 64), value);
    return judge_attribute(entries, attributes_set_expiry(&last_owned(entries)->attributes, expiry_second(&expiry)),
                           name);
}

static bool judge_condition(struct entries *entries, enum precondition_error error, const char *name)
{
    if (error == PRECONDITION_NO_MEMORY)
        return no_memory(entries);
    return error == PRECONDITION_OK ||
           entries_refuse(entries, "%s is * or a list of entity tags in double quotes", name);
}

bool entries_if_match(struct entries *entries, const char *value, size_t length)
{
    enum precondition_error error = PRECONDITION_MALFORMED;
    if (strlen(value) == length)
        error = precondition_match(&last_owned(entries)->precondition, value);
    return judge_condition(entries, error, "if_match");
}

bool entries_if_none_match(struct entries *entries, const char *value, size_t length)
{
    enum precondition_error error = PRECONDITION_MALFORMED;
    if (strlen(value) == length)
        error = precondition_none_match(&last_owned(entries)->precondition, value);
    return judge_condition(entries, error, "if_none_match");
}
