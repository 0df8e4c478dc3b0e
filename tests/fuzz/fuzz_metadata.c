/* fuzz_metadata.c - the fields Upload-Metadata and Upload-Checksum: what is taken is what an object may have. */
#include "api/http/octet.h"
#include "api/upload/checksum.h"
#include "api/upload/metadata.h"
#include "store/store.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

/* They are read again from where they are kept. */
static void assert_kept(const struct attributes *attributes)
{
    struct attribute attribute;
    size_t position = 0;
    fuzz_assert(attributes->length <= STORE_ATTRIBUTES_MAX);
    while (attributes_next(attributes->bytes, attributes->length, &position, &attribute))
        fuzz_assert(attribute.tag != ATTRIBUTE_META || octet_all(attribute.name, strlen(attribute.name), OCTET_TOKEN));
    fuzz_assert(position == attributes->length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    struct metadata metadata = {0};
    struct checksum checksum = {0};
    if (!metadata_read(&metadata, text)) {
        fuzz_assert(!metadata.key || (metadata.key_length > 0 && metadata.key_length <= STORE_KEY_MAX));
        assert_kept(&metadata.attributes);
    }
    if (checksum_expect(&checksum, text))
        (void)checksum_verify(&checksum);
    metadata_free(&metadata);
    free(text);
    return 0;
}
