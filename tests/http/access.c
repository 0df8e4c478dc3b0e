#include "tests/http/access.h"

#include "tests/http/command.h"
#include "tests/http/site.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

__attribute__((format(printf, 1, 2))) static char *text_of(const char *format, ...)
{
    char *text;
    va_list list;
    va_start(list, format);
    ck_assert_int_ge(vasprintf(&text, format, list), 0);
    va_end(list);
    return command_keep(text);
}

const char *access_sum(const char *token)
{
    uint8_t sum[SHA256_DIGEST_SIZE];
    char digits[2 * SHA256_DIGEST_SIZE + 1];
    struct sha256_ctx state;
    sha256_init(&state);
    sha256_update(&state, strlen(token), (const uint8_t *)token);
    sha256_digest(&state, sizeof sum, sum);
    for (size_t i = 0; i < sizeof sum; i++)
        snprintf(digits + 2 * i, 3, "%02x", sum[i]);
    return text_of("%s", digits);
}

const char *access_token(const char *name, const char *grants, const char *expires)
{
    return text_of("{\"name\":\"%s\",\"sha256\":\"%s\",\"expires\":%s%s%s,\"grants\":[%s]}", name, access_sum(name),
                   expires ? "\"" : "", expires ? expires : "null", expires ? "\"" : "", grants);
}

const char *access_grant(const char *stores, const char *prefix, const char *rights)
{
    return text_of("{\"stores\":[%s],\"prefix\":\"%s\",\"rights\":[%s]}", stores, prefix, rights);
}

const char *access_anonymous(const char *grants)
{
    return text_of(",\"anonymous\":[%s]", grants);
}

const char *access_join(const char *first, ...)
{
    char *joined = text_of("%s", first);
    va_list list;
    va_start(list, first);
    for (const char *next = va_arg(list, const char *); next; next = va_arg(list, const char *))
        joined = text_of("%s,%s", joined, next);
    va_end(list);
    return joined;
}

void access_write(const char *tokens, const char *more)
{
    char path[SERVER_PATH_MAX + sizeof "/access.json.draft"], draft[sizeof path];
    snprintf(path, sizeof path, "%s/access.json", site.server->data);
    snprintf(draft, sizeof draft, "%s/access.json.new", site.server->data);
    ck_assert(mkdir(site.server->data, 0700) == 0 || errno == EEXIST);
    FILE *file = fopen(draft, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "{\"tokens\":[\n%s]%s}\n", tokens, more);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(rename(draft, path), 0);
}

void access_start(const char *tokens, const char *more)
{
    access_write(tokens, more);
    server_start(site.server);
    site_reconnect();
    site_expect(client_get(site.client, "/healthz", NULL), 200); /* it has read the file, and serves */
}

const char *access_bearer(const char *token)
{
    return text_of("Authorization: Bearer %s", token);
}
