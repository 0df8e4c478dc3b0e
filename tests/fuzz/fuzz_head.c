/* fuzz_head.c - the values of header fields: Range, If-Match, If-None-Match, If-Range, dates, digests, attributes.
 *
 * The input is one value; every reader gets it.
 */
#include "api/http/attributes.h"
#include "api/http/conditional.h"
#include "api/http/digest.h"
#include "api/http/etag.h"
#include "api/http/http_date.h"
#include "api/http/precondition.h"
#include "api/http/range.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void read_range(const char *value, uint64_t size)
{
    struct range_set set;
    if (range_read(value, size, &set) != RANGE_FOUND)
        return;
    uint64_t sum = 0;
    fuzz_assert(set.count > 0 && set.count <= RANGE_MAX);
    for (size_t i = 0; i < set.count; i++) {
        const struct range *range = &set.ranges[i];
        fuzz_assert(range->length > 0 && range->length <= size && range->first <= size - range->length);
        fuzz_assert(range->length <= size - sum);
        sum += range->length;
    }
}

static void read_ranges(const char *value)
{
    static const uint64_t sizes[] = {0, 1, 100, UINT64_C(1) << 40, UINT64_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        read_range(value, sizes[i]);
}

/* Every digest that was read must stand in the value as the tag it is written as. */
static void assert_quoted(const char *value, const struct store_digest *digests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char etag[ETAG_SIZE];
        etag_write(etag, &digests[i]);
        fuzz_assert(strstr(value, etag));
    }
}

static void read_preconditions(const char *value)
{
    struct precondition precondition = {0};
    const struct store_condition *condition = &precondition.condition;
    enum precondition_error match = precondition_match(&precondition, value);
    enum precondition_error none_match = precondition_none_match(&precondition, value);
    fuzz_assert(match == none_match);
    if (match == PRECONDITION_OK) {
        fuzz_assert(precondition_any(&precondition));
        fuzz_assert(condition->exists != condition->match_listed);
        fuzz_assert(condition->match_count <= condition->none_match_count);
        assert_quoted(value, condition->match, condition->match_count);
        assert_quoted(value, condition->none_match, condition->none_match_count);
    }
    precondition_free(&precondition);
}

static void read_if_range(const char *value)
{
    struct object_info info = {.digest = store_digest_of("text", 4)};
    char etag[ETAG_SIZE];
    etag_write(etag, &info.digest);
    if (conditional_range(value, &info))
        fuzz_assert(strncmp(value, etag, strlen(etag)) == 0);
}

static void read_date(const char *value)
{
    int64_t seconds, again;
    char text[HTTP_DATE_SIZE];
    if (!http_date_read(value, &seconds))
        return;
    http_date_write(text, seconds);
    fuzz_assert(strlen(text) == HTTP_DATE_SIZE - 1);
    fuzz_assert(http_date_read(text, &again) && (again == seconds || again == 0));
}

static void read_digests(const char *value)
{
    char sha256[DIGEST_SHA256_SIZE];
    struct digest digest, told;
    digest_init(&digest);
    if (digest_expect_list(&digest, value) && digest.sha256.told) {
        digest_write_sha256(sha256, digest.sha256.expected);
        fuzz_assert(strlen(sha256) == DIGEST_SHA256_SIZE - 1);
        digest_init(&told);
        fuzz_assert(digest_expect_list(&told, sha256) && told.sha256.told && !told.contradiction);
        fuzz_assert(memcmp(told.sha256.expected, digest.sha256.expected, sizeof told.sha256.expected) == 0);
    }
    digest_expect_md5(&digest, value);
    digest_update(&digest, value, strlen(value));
    bool contradiction = digest.contradiction;
    fuzz_assert(!digest_verify(&digest) || !contradiction);
    digest_wants_sha256(value);
}

/* The first line of the value is a name, the rest what it names. */
static void gather_attributes(const char *value)
{
    struct attributes attributes = {0};
    size_t name_length = strcspn(value, "\n");
    const char *rest = value[name_length] ? value + name_length + 1 : value;
    bool typed = attributes_add_field(&attributes, ATTRIBUTE_CONTENT_TYPE, "Content-Type", rest) == ATTRIBUTES_OK &&
                 *rest;
    bool named = attributes_add_meta(&attributes, value, name_length, rest) == ATTRIBUTES_OK;
    if (named)
        fuzz_assert(attributes_add_meta(&attributes, value, name_length, rest) == ATTRIBUTES_TWICE);
    fuzz_assert(attributes.text <= ATTRIBUTES_TEXT_MAX && attributes.length <= STORE_ATTRIBUTES_MAX);
    struct attribute attribute;
    size_t position = 0, found = 0;
    while (attributes_next(attributes.bytes, attributes.length, &position, &attribute)) {
        fuzz_assert(attribute.value_length == strlen(rest));
        fuzz_assert(memcmp(attribute.value, rest, attribute.value_length) == 0);
        found++;
    }
    fuzz_assert(found == (size_t)typed + (size_t)named && (found == 0 || position == attributes.length));
    attributes_free(&attributes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *value = fuzz_text(data, size);
    read_ranges(value);
    read_preconditions(value);
    read_if_range(value);
    read_date(value);
    read_digests(value);
    gather_attributes(value);
    free(value);
    return 0;
}
