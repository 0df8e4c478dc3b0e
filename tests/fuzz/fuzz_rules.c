/* fuzz_rules.c - access files: what is accepted is JSON to jansson too, and lets in those who stand in it and nobody
 * else; what is refused is told with a line that the file has.
 */
#include "api/access/rights.h"
#include "api/access/rules_json.h"
#include "api/access/visitor.h"
#include "tests/fuzz/fuzz.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void assert_fault(const char *text, size_t size, const struct rules_json_fault *fault)
{
    size_t lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';
    fuzz_assert(fault->line >= 1 && fault->line <= lines);
    fuzz_assert(fault->sentence[0] != '\0' && memchr(fault->sentence, '\0', sizeof fault->sentence));
}

/* The name of a store that a pattern stands for. */
static void store_of(const char *pattern, char name[128])
{
    size_t length = 0;
    for (; *pattern != '\0'; pattern++)
        if (*pattern != '*')
            name[length++] = *pattern;
    name[length] = '\0';
}

static void assert_grants(const struct grants *grants)
{
    char name[128];
    for (size_t i = 0; i < grants->count; i++) {
        const struct grant *grant = &grants->items[i];
        fuzz_assert((grant->rights & ~(unsigned)RIGHTS_ALL) == 0);
        for (size_t k = 0; k < grant->store_count; k++) {
            store_of(grant->stores[k], name);
            const char *prefix = grant->prefix ? grant->prefix : "";
            unsigned given = grants_rights(grants, name, prefix, grant->prefix_length);
            fuzz_assert((given & grant->rights) == grant->rights);
            fuzz_assert((grants_rights_within(grants, name) & given) == given);
        }
    }
}

static void assert_tokens(const struct rules *rules, const json_t *file)
{
    const json_t *tokens = json_object_get(file, "tokens");
    fuzz_assert(rules->token_count == json_array_size(tokens));
    for (size_t i = 0; i < rules->token_count; i++) {
        const struct token *token = &rules->tokens[i];
        fuzz_assert(token_name_valid(token->name, strlen(token->name)));
        fuzz_assert(rules_token(rules, &token->sum) == token);
        assert_grants(&token->grants);
    }
    for (size_t i = 0; i < json_array_size(json_object_get(file, "link_keys")); i++) {
        const json_t *name = json_object_get(json_array_get(json_object_get(file, "link_keys"), i), "name");
        fuzz_assert(rules_link_key(rules, json_string_value(name), json_string_length(name)) == &rules->link_keys[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_copy(data, size);
    struct rules_json_fault fault = {0};
    struct rules *rules = rules_json_read(text, size, &fault);
    if (rules) {
        json_t *file = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
        fuzz_assert(json_is_object(file));
        assert_tokens(rules, file);
        assert_grants(&rules->anonymous);
        json_decref(file);
    } else {
        assert_fault(text, size, &fault);
    }
    struct token_sum sum = {0};
    char *field = fuzz_text(data, size);
    struct visitor visitor = {.rules = rules};
    if (rules && visitor_show(&visitor, field, 0))
        fuzz_assert(token_in_field(field, &sum) && token_sum_equal(&sum, &visitor.token->sum));
    else
        token_in_field(field, &sum);
    free(field);
    free(text);
    visitor_leave(&visitor);
    return 0;
}
