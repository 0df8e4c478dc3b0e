/* rules_json.c - reads an access file member by member. See rules_json.h.
 *
 * The text is copied, since reading uses it up; a fault is told with the line where reading stood, counted in the text
 * as it was given.
 */
#include "api/access/rules_json.h"

#include "api/access/rights.h"
#include "api/text/hex.h"
#include "api/text/jsonread.h"
#include "api/text/timestamp.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- faults ---------------------------------------------------------------------------------- */

enum { SHOWN = 80 /* bytes of a value that a fault quotes */ };

/* An item of a list in which no two may be alike. */
struct entry {
    const char *name; /* borrowed */
    struct token_sum sum;
    size_t end; /* a position in the text */
};

struct reading {
    struct jsonread json;
    struct rules *rules;
    struct entry *entries; /* owned: of the list that is being read */
    size_t entry_count;
    size_t fault_at; /* a position; 0: where reading stands */
    bool no_memory;
    char sentence[RULES_JSON_SENTENCE]; /* "": what jsonread says */
};

/* Always false, which stops reading. */
__attribute__((format(printf, 2, 3))) static bool refuse(struct reading *reading, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(reading->sentence, sizeof reading->sentence, format, arguments);
    va_end(arguments);
    return false;
}

static bool no_memory(struct reading *reading)
{
    reading->no_memory = true;
    return false;
}

/* A string that is not what `member` has to be. */
static bool refuse_value(struct reading *reading, const char *member, const struct text *value, const char *wanted)
{
    int shown = value->length < SHOWN ? (int)value->length : SHOWN;
    return refuse(reading, "%s: \"%.*s\" is not %s", member, shown, value->bytes, wanted);
}

/* ---- values ---------------------------------------------------------------------------------- */

static bool read_string(struct reading *reading, const char *member, struct text *ret_text)
{
    if (jsonread_type(&reading->json) != JSONREAD_STRING)
        return reading->json.fault ? false : refuse(reading, "%s: a string is missing", member);
    return jsonread_string(&reading->json, ret_text);
}

/* Names appear in logs, in answers and in fields. */
static bool read_name(struct reading *reading, char **name)
{
    struct text text;
    if (!read_string(reading, "name", &text))
        return false;
    if (!token_name_valid(text.bytes, text.length))
        return refuse_value(reading, "name", &text, "1 to 64 of the characters A-Z a-z 0-9 . _ - @ : +");
    *name = strndup(text.bytes, text.length);
    return *name || no_memory(reading);
}

static bool read_sum(struct reading *reading, struct token_sum *sum)
{
    struct text text;
    if (!read_string(reading, "sha256", &text))
        return false;
    return (text.length == 2 * sizeof sum->bytes && hex_decode_lower(text.bytes, sum->bytes, sizeof sum->bytes)) ||
           refuse_value(reading, "sha256", &text, "64 hexadecimal digits in lower case");
}

static bool read_expires(struct reading *reading, int64_t *expires)
{
    struct text text;
    if (jsonread_null(&reading->json))
        return true;
    if (!read_string(reading, "expires", &text))
        return false;
    return timestamp_read(text.bytes, text.length, expires) ||
           refuse_value(reading, "expires", &text, "a time such as 2027-01-01T00:00:00Z");
}

static bool read_secret(struct reading *reading, char **secret)
{
    struct text text;
    if (!read_string(reading, "secret", &text))
        return false;
    if (text.length < RULES_SECRET_MIN || memchr(text.bytes, '\0', text.length))
        return refuse(reading, "secret: %zu bytes are not %d or more of text", text.length, RULES_SECRET_MIN);
    *secret = strndup(text.bytes, text.length);
    return *secret || no_memory(reading);
}

/* ---- objects --------------------------------------------------------------------------------- */

/* Reads the member of that number into `object`. */
typedef bool read_member(struct reading *reading, unsigned member, void *object);

/* What an object has: the names of its members, NULL behind the last, and which of them have to be there. */
struct shape {
    const char *what;
    const char *members[8];
    unsigned needed; /* one bit each */
    read_member *read;
};

static unsigned member_of(const struct shape *shape, const struct text *name)
{
    unsigned member = 0;
    while (shape->members[member] && !text_is(name, shape->members[member]))
        member++;
    return member;
}

static bool expect(struct reading *reading, enum jsonread_type type, const char *what, const char *kind)
{
    if (jsonread_type(&reading->json) != type)
        return reading->json.fault ? false : refuse(reading, "%s: %s is missing", what, kind);
    jsonread_enter(&reading->json);
    return true;
}

static bool read_object(struct reading *reading, const struct shape *shape, void *object)
{
    struct text name;
    unsigned seen = 0;
    if (!expect(reading, JSONREAD_OBJECT, shape->what, "an object"))
        return false;
    while (jsonread_member(&reading->json, &name)) {
        unsigned member = member_of(shape, &name);
        if (!shape->members[member])
            return refuse_value(reading, shape->what, &name, "a member that is known");
        if (seen & 1U << member)
            return refuse(reading, "%s: %s is given twice", shape->what, shape->members[member]);
        seen |= 1U << member;
        if (!shape->read(reading, member, object))
            return false;
    }
    for (unsigned member = 0; !reading->json.fault && shape->members[member]; member++)
        if (shape->needed & ~seen & 1U << member)
            return refuse(reading, "%s: %s is missing", shape->what, shape->members[member]);
    return !reading->json.fault;
}

/* ---- grants ---------------------------------------------------------------------------------- */

static bool read_stores(struct reading *reading, struct grant *grant)
{
    struct text text;
    if (!expect(reading, JSONREAD_ARRAY, "stores", "a list"))
        return false;
    while (jsonread_item(&reading->json)) {
        if (!read_string(reading, "stores", &text))
            return false;
        if (!grant_pattern_valid(text.bytes, text.length))
            return refuse_value(reading, "stores", &text,
                                "the name of a store, in which * may stand for any characters");
        if (!grant_add_store(grant, text.bytes, text.length))
            return no_memory(reading);
    }
    return !reading->json.fault;
}

static bool read_rights(struct reading *reading, struct grant *grant)
{
    struct text text;
    if (!expect(reading, JSONREAD_ARRAY, "rights", "a list"))
        return false;
    while (jsonread_item(&reading->json)) {
        if (!read_string(reading, "rights", &text))
            return false;
        unsigned right = right_named(text.bytes, text.length);
        if (right == 0)
            return refuse_value(reading, "rights", &text, "one of read, list, write, delete and admin");
        grant->rights |= right;
    }
    return !reading->json.fault;
}

static bool read_prefix(struct reading *reading, struct grant *grant)
{
    struct text text;
    if (!read_string(reading, "prefix", &text))
        return false;
    grant->prefix = malloc(text.length + 1);
    if (!grant->prefix)
        return no_memory(reading);
    memcpy(grant->prefix, text.bytes, text.length + 1);
    grant->prefix_length = text.length;
    return true;
}

enum { GRANT_STORES, GRANT_PREFIX, GRANT_RIGHTS };

static bool read_grant_member(struct reading *reading, unsigned member, void *object)
{
    struct grant *grant = object;
    switch (member) {
    case GRANT_STORES:
        return read_stores(reading, grant);
    case GRANT_PREFIX:
        return read_prefix(reading, grant);
    default:
        return read_rights(reading, grant);
    }
}

static const struct shape grant_shape = {.what = "grant",
                                         .members = {"stores", "prefix", "rights"},
                                         .needed = 1U << GRANT_STORES | 1U << GRANT_RIGHTS,
                                         .read = read_grant_member};

static bool read_grants(struct reading *reading, const char *what, struct grants *grants)
{
    if (!expect(reading, JSONREAD_ARRAY, what, "a list"))
        return false;
    while (jsonread_item(&reading->json)) {
        struct grant *grant = grants_add(grants);
        if (!grant)
            return no_memory(reading);
        if (!read_object(reading, &grant_shape, grant))
            return false;
    }
    return !reading->json.fault;
}

/* ---- tokens and keys ------------------------------------------------------------------------- */

/* Room for one more item of `size` bytes behind `count`, all zero; NULL when memory is out. Room is doubled, each time
 * that it is used up. */
static void *add_item(void **items, size_t *count, size_t size)
{
    bool full = (*count & (*count - 1)) == 0;
    char *grown = full ? realloc(*items, (*count == 0 ? 1 : 2 * *count) * size) : *items;
    if (!grown)
        return NULL;
    *items = grown;
    memset(grown + *count * size, 0, size);
    return grown + (*count)++ * size;
}

/* Takes note of an item that was read to its end. */
static bool note_entry(struct reading *reading, const char *name, const struct token_sum *sum)
{
    struct entry *entry = add_item((void **)&reading->entries, &reading->entry_count, sizeof *entry);
    if (!entry)
        return no_memory(reading);
    *entry = (struct entry){.name = name, .end = jsonread_position(&reading->json)};
    if (sum)
        entry->sum = *sum;
    return true;
}

static int by_end(const struct entry *a, const struct entry *b)
{
    return (a->end > b->end) - (a->end < b->end);
}

static int by_name(const void *a, const void *b)
{
    int order = strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
    return order != 0 ? order : by_end(a, b);
}

static int by_sum(const void *a, const void *b)
{
    int order = memcmp(&((const struct entry *)a)->sum, &((const struct entry *)b)->sum, sizeof(struct token_sum));
    return order != 0 ? order : by_end(a, b);
}

/* People know each item of the list by its name. Sorted, those that are alike stand side by side, however many. */
static bool have_own_names(struct reading *reading, const char *what)
{
    struct entry *entries = reading->entries;
    if (reading->entry_count > 1)
        qsort(entries, reading->entry_count, sizeof *entries, by_name);
    for (size_t i = 1; i < reading->entry_count; i++)
        if (strcmp(entries[i - 1].name, entries[i].name) == 0) {
            reading->fault_at = entries[i].end;
            return refuse(reading, "%s: the name \"%s\" is given twice", what, entries[i].name);
        }
    return true;
}

/* Clients know a token by its sum. */
static bool have_own_sums(struct reading *reading)
{
    struct entry *entries = reading->entries;
    if (reading->entry_count > 1)
        qsort(entries, reading->entry_count, sizeof *entries, by_sum);
    for (size_t i = 1; i < reading->entry_count; i++)
        if (token_sum_equal(&entries[i - 1].sum, &entries[i].sum)) {
            reading->fault_at = entries[i].end;
            return refuse(reading, "token: \"%s\" and \"%s\" have the same sha256", entries[i - 1].name,
                          entries[i].name);
        }
    return true;
}

enum { TOKEN_NAME, TOKEN_SHA256, TOKEN_EXPIRES, TOKEN_GRANTS };

static bool read_token_member(struct reading *reading, unsigned member, void *object)
{
    struct token *token = object;
    switch (member) {
    case TOKEN_NAME:
        return read_name(reading, &token->name);
    case TOKEN_SHA256:
        return read_sum(reading, &token->sum);
    case TOKEN_EXPIRES:
        return read_expires(reading, &token->expires);
    default:
        return read_grants(reading, "grants", &token->grants);
    }
}

static const struct shape token_shape = {.what = "token",
                                         .members = {"name", "sha256", "expires", "grants"},
                                         .needed = 1U << TOKEN_NAME | 1U << TOKEN_SHA256 | 1U << TOKEN_GRANTS,
                                         .read = read_token_member};

static bool read_link_key_member(struct reading *reading, unsigned member, void *object)
{
    struct link_key *key = object;
    return member == 0 ? read_name(reading, &key->name) : read_secret(reading, &key->secret);
}

static const struct shape link_key_shape = {
    .what = "link key", .members = {"name", "secret"}, .needed = 3, .read = read_link_key_member};

static bool read_tokens(struct reading *reading)
{
    struct rules *rules = reading->rules;
    if (!expect(reading, JSONREAD_ARRAY, "tokens", "a list"))
        return false;
    reading->entry_count = 0;
    while (jsonread_item(&reading->json)) {
        struct token *token = add_item((void **)&rules->tokens, &rules->token_count, sizeof *token);
        if (!token)
            return no_memory(reading);
        token->expires = TOKEN_NEVER;
        if (!read_object(reading, &token_shape, token) || !note_entry(reading, token->name, &token->sum))
            return false;
    }
    return !reading->json.fault && have_own_names(reading, "token") && have_own_sums(reading);
}

static bool read_link_keys(struct reading *reading)
{
    struct rules *rules = reading->rules;
    if (!expect(reading, JSONREAD_ARRAY, "link_keys", "a list"))
        return false;
    reading->entry_count = 0;
    while (jsonread_item(&reading->json)) {
        struct link_key *key = add_item((void **)&rules->link_keys, &rules->link_key_count, sizeof *key);
        if (!key)
            return no_memory(reading);
        if (!read_object(reading, &link_key_shape, key) || !note_entry(reading, key->name, NULL))
            return false;
    }
    return !reading->json.fault && have_own_names(reading, "link key");
}

/* ---- the whole ------------------------------------------------------------------------------- */

enum { RULES_TOKENS, RULES_ANONYMOUS, RULES_LINK_KEYS };

static bool read_rules_member(struct reading *reading, unsigned member, void *object)
{
    struct rules *rules = object;
    switch (member) {
    case RULES_TOKENS:
        return read_tokens(reading);
    case RULES_ANONYMOUS:
        return read_grants(reading, "anonymous", &rules->anonymous);
    default:
        return read_link_keys(reading);
    }
}

static const struct shape rules_shape = {
    .what = "access file", .members = {"tokens", "anonymous", "link_keys"}, .read = read_rules_member};

static size_t line_of(const char *text, size_t position)
{
    size_t line = 1;
    for (size_t i = 0; i < position; i++)
        line += text[i] == '\n';
    return line;
}

static void note_fault(struct reading *reading, const char *text, struct rules_json_fault *ret_fault)
{
    if (reading->no_memory)
        refuse(reading, "memory is out");
    else if (reading->json.fault)
        refuse(reading, "not JSON: %s", reading->json.fault);
    size_t position = reading->fault_at != 0 ? reading->fault_at : jsonread_position(&reading->json);
    ret_fault->line = reading->no_memory ? 0 : line_of(text, position);
    memcpy(ret_fault->sentence, reading->sentence, sizeof reading->sentence);
}

static bool read_rules(struct reading *reading, char *copy, size_t length)
{
    jsonread_begin(&reading->json, copy, length);
    if (!read_object(reading, &rules_shape, reading->rules))
        return false;
    jsonread_end(&reading->json);
    return !reading->json.fault;
}

struct rules *rules_json_read(const char *text, size_t length, struct rules_json_fault *ret_fault)
{
    struct reading reading = {.rules = rules_new()};
    char *copy = malloc(length + 1);
    reading.no_memory = !reading.rules || !copy;
    if (copy)
        memcpy(copy, text, length);
    bool good = !reading.no_memory && read_rules(&reading, copy, length);
    free(copy);
    free(reading.entries);
    if (good) {
        rules_sort(reading.rules);
        return reading.rules;
    }
    note_fault(&reading, text, ret_fault);
    rules_release(reading.rules);
    return NULL;
}
