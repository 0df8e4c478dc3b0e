#include "tests/lib/findings.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct finding findings[FINDINGS_MAX];
size_t findings_count;

void findings_keep(void *arg, const struct store_flaw *flaw)
{
    (void)arg;
    ck_assert_uint_lt(findings_count, FINDINGS_MAX);
    struct finding *one = &findings[findings_count++];
    *one = (struct finding){.flaw = *flaw};
    ck_assert_uint_lt(flaw->key_length, FINDING_KEY);
    if (flaw->key)
        memcpy(one->key, flaw->key, flaw->key_length);
}

struct store_verification findings_verify(struct fixture *fixture)
{
    struct store_verification verification, told;
    findings_count = 0;
    ck_assert_int_eq(store_verify(fixture->store, 0, findings_keep, NULL, &verification), STORE_OK);
    ck_assert_uint_eq(verification.flaws, findings_count);
    ck_assert(!verification.running);
    ck_assert_int_ne(verification.started, 0);
    ck_assert_int_ge(verification.finished, verification.started);
    store_verification(fixture->store, &told);
    ck_assert_uint_eq(told.flaws, verification.flaws);
    ck_assert_uint_eq(told.bytes_done, verification.bytes_done);
    ck_assert_int_eq(told.finished, verification.finished);
    return verification;
}

struct store_verification findings_none(struct fixture *fixture)
{
    struct store_verification verification = findings_verify(fixture);
    ck_assert_uint_eq(verification.flaws, 0);
    ck_assert(verification.complete);
    ck_assert_uint_eq(verification.bytes_done, verification.bytes_total);
    return verification;
}

const struct store_flaw *findings_one(struct fixture *fixture, enum store_flaw_kind kind, const char *key, bool live)
{
    struct store_verification verification = findings_verify(fixture);
    ck_assert_msg(findings_count == 1, "%zu flaws instead of one", findings_count);
    const struct finding *one = &findings[0];
    ck_assert_msg(one->flaw.kind == kind, "a flaw of another kind: %s", store_flaw_text(one->flaw.kind));
    ck_assert_str_eq(one->key, key);
    ck_assert_uint_eq(one->flaw.key_hash, *key ? store_key_of(key, strlen(key)).hash : 0);
    ck_assert_int_eq(one->flaw.live, live);
    ck_assert(verification.complete);
    return &one->flaw;
}

const char *findings_blob_path(struct fixture *fixture)
{
    static char path[128];
    const struct io *io = fixture->io;
    int folder = io->openat(io->self, AT_FDCWD, "/data/stores/s/blobs", O_RDONLY | O_DIRECTORY, 0);
    char *names = io->list(io->self, folder);
    io->close(io->self, folder);
    ck_assert_ptr_nonnull(names);
    ck_assert_msg(*names && !names[strlen(names) + 1], "not exactly one blob");
    snprintf(path, sizeof path, "/data/stores/s/blobs/%s", names);
    free(names);
    return path;
}
