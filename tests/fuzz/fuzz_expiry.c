/* fuzz_expiry.c - Cairn-Expires: what is taken for a time is one, in bounds, and reads the same when it is answered. */
#include "api/http/attributes.h"
#include "api/http/expiry.h"
#include "api/http/http_date.h"
#include "store/store.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void assert_told(int64_t second)
{
    char date[HTTP_DATE_SIZE];
    struct expiry again;
    http_date_write(date, second);
    fuzz_assert(expiry_read(date, strlen(date), &again) && !again.from_now);
    fuzz_assert(expiry_second(&again) == second);
}

/* As the engine finds it. */
static void assert_kept(int64_t second)
{
    struct attributes attributes = {0};
    fuzz_assert(attributes_set_expiry(&attributes, second) == ATTRIBUTES_OK);
    fuzz_assert(store_expiry(attributes.bytes, attributes.length) == second);
    attributes_free(&attributes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct expiry expiry;
    char *text = fuzz_copy(data, size);
    if (expiry_read(text, size, &expiry)) {
        int64_t second = expiry_second(&expiry);
        fuzz_assert(expiry.given && second > 0 && second <= 253402300799);
        (void)expiry_is_ahead(&expiry);
        assert_told(second);
        assert_kept(second);
    }
    free(text);
    return 0;
}
