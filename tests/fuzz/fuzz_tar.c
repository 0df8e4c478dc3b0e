/* fuzz_tar.c - a tar that is pushed in: whatever it is, what is told of it must not depend on how it is cut in pieces,
 * and each member's content has the size that was told.
 *
 * The first byte of the input is the size of the pieces; the rest is the tar.
 */
#include "api/archive/member.h"
#include "api/archive/tar_reader.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

/* What was told, in short. */
struct account {
    uint64_t members, content, ends;
    struct store_digest last_key;
    bool fault;
};

static void look_at_member(const struct tar *tar, struct account *account)
{
    char bytes[STORE_KEY_MAX];
    struct store_key key;
    struct attributes attributes = {0};
    account->members++;
    fuzz_assert(tar->size <= INT64_MAX);
    if (!member_key(tar, (struct slice){"p/", 2}, bytes, &key)) {
        fuzz_assert(key.length >= 3 && key.length <= STORE_KEY_MAX && memcmp(key.bytes, "p/", 2) == 0);
        account->last_key = store_digest_of(key.bytes, key.length);
    }
    if (!member_attributes(tar, &attributes))
        fuzz_assert(attributes.length <= STORE_ATTRIBUTES_MAX);
    attributes_free(&attributes);
}

static void push(struct tar *tar, const char *bytes, size_t length, struct account *account)
{
    while ((length > 0 || tar_is_due(tar)) && !account->fault) {
        size_t used;
        uint64_t left = tar->left;
        enum tar_step told = tar_step(tar, bytes, length, &used);
        fuzz_assert(used <= length && tar->items.length <= TAR_HEADERS_MAX && tar->name.length <= TAR_HEADERS_MAX);
        if (told == TAR_MEMBER)
            look_at_member(tar, account);
        if (told == TAR_CONTENT) {
            fuzz_assert(used > 0 && used <= left);
            account->content += used;
            tar_took(tar, used);
        }
        account->ends += told == TAR_DONE;
        account->fault = told == TAR_FAULT;
        bytes += used;
        length -= used;
    }
}

static struct account read_tar(const uint8_t *data, size_t size, size_t piece)
{
    struct tar tar = {0};
    struct account account = {0};
    for (size_t at = 0; at < size && !account.fault; at += piece) {
        size_t length = size - at < piece ? size - at : piece;
        char *copy = fuzz_copy(data + at, length);
        push(&tar, copy, length, &account);
        free(copy);
    }
    fuzz_assert(account.ends <= account.members);
    tar_free(&tar);
    return account;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct account whole = read_tar(data + 1, size - 1, size), pieces = read_tar(data + 1, size - 1, data[0] + 1U);
    fuzz_assert(whole.members == pieces.members && whole.content == pieces.content && whole.ends == pieces.ends);
    fuzz_assert(whole.fault == pieces.fault && store_digest_equal(&whole.last_key, &pieces.last_key));
    return 0;
}
