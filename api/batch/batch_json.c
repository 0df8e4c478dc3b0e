/* batch_json.c - reads operations member by member, and says of the first bad one what is wrong. See batch_json.h. */
#include "api/batch/batch_json.h"

#include "api/batch/entries.h"
#include "api/text/base64.h"
#include "api/text/jsonread.h"
#include "api/text/naming.h"

#include <string.h>

/* ---- what an operation may have -------------------------------------------------------------- */

enum member {
    MEMBER_OP,
    MEMBER_KEY,
    MEMBER_DATA,
    MEMBER_TO,
    MEMBER_KEY_HASH,
    MEMBER_KEY_BASE64,
    MEMBER_TO_HASH,
    MEMBER_TO_BASE64,
    MEMBER_KEPT, /* the first of kept_fields[]; the others follow */
    MEMBER_META = MEMBER_KEPT + KEPT_FIELDS,
    MEMBER_EXPIRY,
    MEMBER_OVERWRITE,
    MEMBER_IF_MATCH,
    MEMBER_IF_NONE_MATCH,
    MEMBERS
};

static const char *const member_names[MEMBERS] = {[MEMBER_OP] = "op",
                                                  [MEMBER_KEY] = "key",
                                                  [MEMBER_DATA] = "data",
                                                  [MEMBER_TO] = "to",
                                                  [MEMBER_KEY_HASH] = "key_hash",
                                                  [MEMBER_KEY_BASE64] = "key_base64",
                                                  [MEMBER_TO_HASH] = "to_hash",
                                                  [MEMBER_TO_BASE64] = "to_base64",
                                                  [MEMBER_META] = "meta",
                                                  [MEMBER_EXPIRY] = "cairn_expires",
                                                  [MEMBER_OVERWRITE] = "overwrite",
                                                  [MEMBER_IF_MATCH] = "if_match",
                                                  [MEMBER_IF_NONE_MATCH] = "if_none_match"};

static const char *member_name(unsigned member)
{
    bool kept = member >= MEMBER_KEPT && member < MEMBER_KEPT + KEPT_FIELDS;
    return kept ? kept_fields[member - MEMBER_KEPT].member : member_names[member];
}

#define BIT(member) (1U << (member))

enum {
    MEMBERS_OF_ALL = BIT(MEMBER_OP) | BIT(MEMBER_KEY) | BIT(MEMBER_KEY_BASE64) | BIT(MEMBER_KEY_HASH) |
                     BIT(MEMBER_IF_MATCH) | BIT(MEMBER_IF_NONE_MATCH),
    MEMBERS_KEPT = (BIT(KEPT_FIELDS) - 1) << MEMBER_KEPT,
    MEMBERS_OF_PUT = MEMBERS_OF_ALL | BIT(MEMBER_DATA) | MEMBERS_KEPT | BIT(MEMBER_META) | BIT(MEMBER_EXPIRY),
    MEMBERS_OF_RENAME = MEMBERS_OF_ALL | BIT(MEMBER_TO) | BIT(MEMBER_TO_BASE64) | BIT(MEMBER_TO_HASH) |
                        BIT(MEMBER_OVERWRITE)
};

static const struct kind {
    const char *name;
    enum store_op_kind op;
    unsigned members;
} kinds[] = {{"put", STORE_PUT, MEMBERS_OF_PUT},
             {"delete", STORE_DELETE, MEMBERS_OF_ALL},
             {"rename", STORE_RENAME, MEMBERS_OF_RENAME},
             {"copy", STORE_COPY, MEMBERS_OF_RENAME}};

/* ---- one operation --------------------------------------------------------------------------- */

struct step {
    struct jsonread *json;
    struct entries *entries;
    unsigned seen; /* one bit per member */
    struct text texts[MEMBERS];
    bool overwrite;
};

static bool read_text(struct step *step, enum member member)
{
    enum jsonread_type type = jsonread_type(step->json);
    if (type != JSONREAD_STRING && type != JSONREAD_NONE)
        return entries_refuse(step->entries, "%s is a string", member_name(member));
    return jsonread_string(step->json, &step->texts[member]);
}

/* A string, or seconds as a number. */
static bool read_expiry(struct step *step)
{
    struct text *text = &step->texts[MEMBER_EXPIRY];
    if (jsonread_type(step->json) != JSONREAD_NUMBER)
        return read_text(step, MEMBER_EXPIRY);
    return jsonread_number(step->json, &text->bytes, &text->length);
}

static bool read_overwrite(struct step *step)
{
    enum jsonread_type type = jsonread_type(step->json);
    if (type != JSONREAD_BOOL && type != JSONREAD_NONE)
        return entries_refuse(step->entries, "overwrite is true or false");
    return jsonread_bool(step->json, &step->overwrite);
}

/* An empty object says nothing: clients that begin each step with one send it with those that have no meta, too. */
static bool read_meta(struct step *step)
{
    bool given = false;
    struct text name, value;
    enum jsonread_type type = jsonread_type(step->json);
    if (type != JSONREAD_OBJECT)
        return type != JSONREAD_NONE && entries_refuse(step->entries, "meta is an object of strings");
    jsonread_enter(step->json);
    while (jsonread_member(step->json, &name)) {
        if (jsonread_null(step->json))
            continue;
        type = jsonread_type(step->json);
        if (type != JSONREAD_STRING && type != JSONREAD_NONE)
            return entries_refuse(step->entries, "meta is an object of strings");
        if (!jsonread_string(step->json, &value) ||
            !entries_meta(step->entries, name.bytes, name.length, value.bytes, value.length))
            return false;
        given = true;
    }
    if (!given)
        step->seen &= ~BIT(MEMBER_META);
    return !step->json->fault;
}

/* `expires` is the field Expires, a string; a number of seconds can only be when the object is to go. */
static unsigned find_member(struct step *step, const struct text *name)
{
    unsigned member = 0;
    if (text_is(name, "expires") && jsonread_type(step->json) == JSONREAD_NUMBER)
        return MEMBER_EXPIRY;
    while (member < MEMBERS && !text_is(name, member_name(member)))
        member++;
    return member;
}

static bool read_member(struct step *step, const struct text *name)
{
    unsigned member = find_member(step, name);
    if (member == MEMBERS)
        return entries_refuse(step->entries, "an operation has no member \"%.40s\"", name->bytes);
    if ((step->seen & BIT(member)) != 0)
        return entries_refuse(step->entries, "%s is given twice", member_name(member));
    if (jsonread_null(step->json))
        return true;
    step->seen |= BIT(member);
    if (member == MEMBER_META)
        return read_meta(step);
    if (member == MEMBER_EXPIRY)
        return read_expiry(step);
    return member == MEMBER_OVERWRITE ? read_overwrite(step) : read_text(step, member);
}

/* ---- what it means --------------------------------------------------------------------------- */

static bool name_object(struct step *step, enum member text, enum member base64, enum member hash,
                        struct store_key *ret_key)
{
    struct naming naming = {.texts = {[NAMING_TEXT] = step->texts[text],
                                      [NAMING_BASE64] = step->texts[base64],
                                      [NAMING_HASH] = step->texts[hash]}};
    const char *fault = naming_key(&naming, ret_key);
    enum member culprit = step->texts[hash].bytes ? hash : step->texts[base64].bytes ? base64 : text;
    return !fault || entries_refuse(step->entries, "%s: %s", member_names[culprit], fault);
}

static bool take_payload(struct step *step, struct store_op *op)
{
    struct text *data = &step->texts[MEMBER_DATA];
    if (!data->bytes)
        return entries_refuse(step->entries, "a put needs data, in base64");
    if (!base64_decode(data->bytes, data->length, &op->size))
        return entries_refuse(step->entries, "data is not base64");
    op->payload = data->bytes;
    return true;
}

static bool take_conditions(struct step *step)
{
    const struct text *match = &step->texts[MEMBER_IF_MATCH], *none = &step->texts[MEMBER_IF_NONE_MATCH];
    return (!match->bytes || entries_if_match(step->entries, match->bytes, match->length)) &&
           (!none->bytes || entries_if_none_match(step->entries, none->bytes, none->length));
}

static bool take_kept(struct step *step)
{
    for (size_t i = 0; i < KEPT_FIELDS; i++) {
        const struct text *value = &step->texts[MEMBER_KEPT + i];
        if (value->bytes && !entries_kept(step->entries, &kept_fields[i], value->bytes, value->length))
            return false;
    }
    return true;
}

static bool take_expiry(struct step *step)
{
    const struct text *value = &step->texts[MEMBER_EXPIRY];
    return !value->bytes || entries_expiry(step->entries, member_name(MEMBER_EXPIRY), value->bytes, value->length);
}

static const struct kind *find_kind(struct step *step)
{
    const struct text *name = &step->texts[MEMBER_OP];
    for (size_t i = 0; name->bytes && i < sizeof kinds / sizeof *kinds; i++)
        if (text_is(name, kinds[i].name))
            return &kinds[i];
    if (name->bytes)
        entries_refuse(step->entries, "op is \"%.40s\", and has to be put, delete, rename or copy", name->bytes);
    else
        entries_refuse(step->entries, "op is missing: it is put, delete, rename or copy");
    return NULL;
}

static bool check_members(struct step *step, const struct kind *kind)
{
    for (unsigned member = 0; member < MEMBERS; member++)
        if ((step->seen & BIT(member) & ~kind->members) != 0)
            return entries_refuse(step->entries, "a %s has no %s", kind->name, member_name(member));
    return true;
}

static bool take_step(struct step *step)
{
    struct store_op *op = entries_last(step->entries);
    const struct kind *kind = find_kind(step);
    if (!kind || !check_members(step, kind))
        return false;
    op->kind = kind->op;
    if (!name_object(step, MEMBER_KEY, MEMBER_KEY_BASE64, MEMBER_KEY_HASH, &op->key))
        return false;
    if (op->kind == STORE_PUT && !(take_payload(step, op) && take_kept(step) && take_expiry(step)))
        return false;
    bool moves = op->kind == STORE_RENAME || op->kind == STORE_COPY;
    if (moves && !name_object(step, MEMBER_TO, MEMBER_TO_BASE64, MEMBER_TO_HASH, &op->target))
        return false;
    op->keep_target = !step->overwrite;
    return take_conditions(step);
}

static bool read_step(struct jsonread *json, struct entries *entries)
{
    struct step step = {.json = json, .entries = entries, .overwrite = true};
    struct text name;
    enum jsonread_type type = jsonread_type(json);
    if (type == JSONREAD_NONE || !entries_add(entries))
        return false;
    if (type != JSONREAD_OBJECT)
        return entries_refuse(entries, "an operation is an object such as {\"op\":\"delete\",\"key\":\"a\"}");
    jsonread_enter(json);
    while (jsonread_member(json, &name))
        if (!read_member(&step, &name))
            return false;
    return !json->fault && take_step(&step);
}

/* ---- the whole ------------------------------------------------------------------------------- */

struct whole {
    struct jsonread json;
    struct entries *entries;
    unsigned *flags;
    bool has_operations;
};

static bool read_operations(struct whole *whole)
{
    if (!whole->has_operations && jsonread_null(&whole->json))
        return true;
    enum jsonread_type type = jsonread_type(&whole->json);
    if (type == JSONREAD_NONE)
        return false;
    if (type != JSONREAD_ARRAY || whole->has_operations)
        return entries_malformed(whole->entries, "operations is one list");
    whole->has_operations = true;
    jsonread_enter(&whole->json);
    while (jsonread_item(&whole->json))
        if (!read_step(&whole->json, whole->entries))
            return false;
    return !whole->json.fault;
}

static bool read_switch(struct whole *whole, const char *name, unsigned flag)
{
    bool on;
    if (jsonread_null(&whole->json))
        return true;
    enum jsonread_type type = jsonread_type(&whole->json);
    if (type != JSONREAD_BOOL)
        return type != JSONREAD_NONE && entries_malformed(whole->entries, "%s is true or false", name);
    if (!jsonread_bool(&whole->json, &on))
        return false;
    *whole->flags |= on ? flag : 0;
    return true;
}

static bool read_whole_member(struct whole *whole, const struct text *name)
{
    if (text_is(name, "operations"))
        return read_operations(whole);
    if (text_is(name, "allow_empty"))
        return read_switch(whole, "allow_empty", STORE_ALLOW_EMPTY);
    if (text_is(name, "allow_null_bytes"))
        return read_switch(whole, "allow_null_bytes", STORE_ALLOW_NUL);
    return entries_malformed(whole->entries, "a batch has no member \"%.40s\"", name->bytes);
}

static bool read_whole(struct whole *whole)
{
    struct text name;
    enum jsonread_type type = jsonread_type(&whole->json);
    if (type != JSONREAD_OBJECT)
        return type != JSONREAD_NONE && entries_malformed(whole->entries, "a batch is an object with operations");
    jsonread_enter(&whole->json);
    while (jsonread_member(&whole->json, &name))
        if (!read_whole_member(whole, &name))
            return false;
    jsonread_end(&whole->json);
    if (whole->json.fault)
        return false;
    return whole->has_operations || entries_malformed(whole->entries, "a batch needs a list of operations");
}

bool batch_json_read(char *body, size_t length, struct entries *entries, unsigned *flags)
{
    struct whole whole = {.entries = entries, .flags = flags};
    jsonread_begin(&whole.json, body, length);
    if (!read_whole(&whole)) {
        if (whole.json.fault)
            entries_malformed(entries, "it is not JSON: %s at byte %zu", whole.json.fault,
                              jsonread_position(&whole.json));
        return false;
    }
    entries_complete(entries);
    return true;
}
