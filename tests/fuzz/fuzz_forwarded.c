/* fuzz_forwarded.c - who stands behind proxies, and the names that clients give to requests.
 *
 * The input has three lines: trusted networks with commas between them, the peer, X-Forwarded-For. The last one is
 * taken for an X-Request-Id, too.
 */
#include "api/http/forwarded.h"
#include "api/http/request_id.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { NETWORKS_MAX = 8 };

static bool is_same(const struct host *a, const struct host *b)
{
    return a->unix_socket == b->unix_socket && memcmp(&a->address, &b->address, sizeof a->address) == 0;
}

/* What is written of an address is read as the same one. */
static void assert_written(const struct host *host)
{
    char text[HOST_TEXT_SIZE];
    struct host again = {.unix_socket = true};
    host_write(host, text);
    fuzz_assert(host->unix_socket ? strcmp(text, "unix") == 0 : host_parse(text, strlen(text), &again));
    fuzz_assert(is_same(host, &again));
}

static size_t read_networks(char *line, struct network networks[NETWORKS_MAX])
{
    size_t count = 0;
    for (char *word = strsep(&line, ","); word && count < NETWORKS_MAX; word = strsep(&line, ","))
        if (network_parse(word, strlen(word), &networks[count])) {
            fuzz_assert(networks[count].bits <= 128);
            fuzz_assert(network_holds(&networks[count], &networks[count].host));
            count++;
        }
    return count;
}

/* Whether the address stands in the field as a member of its own. */
static bool is_told(const struct host *host, const char *field)
{
    for (const char *member = field;; member++) {
        struct host told;
        size_t length = strcspn(member, ",");
        const char *start = member + strspn(member, " \t");
        size_t end = length;
        while (member + end > start && (member[end - 1] == ' ' || member[end - 1] == '\t'))
            end--;
        if (member + end > start && host_parse(start, (size_t)(member + end - start), &told) && is_same(&told, host))
            return true;
        member += length;
        if (*member == '\0')
            return false;
    }
}

static void read_field(const struct network *networks, size_t count, const struct host *peer, const char *field)
{
    struct host client = forwarded_client(networks, count, peer, field);
    assert_written(&client);
    fuzz_assert(is_same(&client, peer) || is_told(&client, field));
    struct host unknown = forwarded_client(NULL, 0, peer, field);
    fuzz_assert(is_same(&unknown, peer));
    if (request_id_is_sane(field))
        fuzz_assert(strlen(field) <= REQUEST_ID_MAX && !strpbrk(field, " \t\r\n\"\\<>,;"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct network networks[NETWORKS_MAX];
    char *text = fuzz_text(data, size), *rest = text;
    char *trusted = strsep(&rest, "\n"), *peer = strsep(&rest, "\n");
    size_t count = read_networks(trusted, networks);
    struct host host = {.unix_socket = true};
    if (peer && host_parse(peer, strlen(peer), &host))
        assert_written(&host);
    read_field(networks, count, &host, !rest ? "" : rest);
    free(text);
    return 0;
}
