/* receipt.c - copies what the engine tells, whose key lives no longer than the callback. See receipt.h. */
#include "api/request/receipt.h"

#include "api/http/etag.h"

#include <stdlib.h>
#include <string.h>

static bool same_key(const struct store_receipt *values, const struct store_key *known)
{
    return known->bytes && known->length == values->key_length &&
           memcmp(known->bytes, values->key, values->key_length) == 0;
}

bool receipt_keep(struct receipt *receipt, const struct store_receipt *values, const struct store_key *known)
{
    receipt->values = *values;
    if (!values->key)
        return true;
    if (same_key(values, known)) {
        receipt->values.key = known->bytes;
        return true;
    }
    receipt->key = malloc(values->key_length);
    if (!receipt->key)
        return false;
    receipt->values.key = memcpy(receipt->key, values->key, values->key_length);
    return true;
}

void receipt_free(struct receipt *receipt)
{
    free(receipt->key);
}

void receipt_write(struct jsontext *json, const char *store, const struct store_receipt *values, bool exists)
{
    char etag[ETAG_SIZE];
    etag_write(etag, &values->digest);
    jsontext_open(json, '{');
    jsontext_field(json, "store", store);
    jsontext_key(json, values->key, values->key_length);
    jsontext_name(json, "key_hash");
    jsontext_hash(json, values->key_hash);
    jsontext_figure(json, "offset", values->offset);
    jsontext_figure(json, "size", values->size);
    jsontext_field(json, "etag", exists ? etag : NULL);
    jsontext_flag(json, "created", exists && !values->existed);
    jsontext_close(json, '}');
}
