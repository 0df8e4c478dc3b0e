/* GET /metrics: the text format of Prometheus, read strictly, and what the figures tell. promtool looks at it,
 * too, where that is installed.
 */
#include "tests/http/clock.h"
#include "tests/http/command.h"
#include "tests/http/raw.h"
#include "tests/http/site.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* ---- the text -------------------------------------------------------------------------------- */

static const char *metrics(void)
{
    struct answer *answer = client_get(site.client, "/metrics", NULL);
    site_expect(answer, 200);
    ck_assert_str_eq(answer_header(answer, "Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    return (char *)answer->body;
}

/* The value of a sample, by its name with labels; fails the test unless there is exactly one. */
static double sample(const char *text, const char *name)
{
    char *start = client_text(site.client, "\n%s ", name);
    const char *found = strstr(text, start);
    ck_assert_msg(found, "no sample %s", name);
    ck_assert_msg(!strstr(found + 1, start), "two samples %s", name);
    return strtod(found + strlen(start), NULL);
}

static double store_sample(const char *text, const char *family)
{
    return sample(text, client_text(site.client, "cairn_store_%s{store=\"%s\"}", family, site.store));
}

/* The value of a sample that appears with its first count. */
static double count_of(const char *text, const char *name)
{
    return !strstr(text, client_text(site.client, "\n%s ", name)) ? 0 : sample(text, name);
}

/* ---- a strict reader ------------------------------------------------------------------------- */

enum { LABELS_MAX = 512, NAME_MAX_LENGTH = 128 };

struct family {
    char name[NAME_MAX_LENGTH], type[16];
    size_t samples;
    char labels[LABELS_MAX]; /* of the last bucket, without le */
    double bound, count;     /* of it */
};

static size_t name_length(const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz_0123456789");
    ck_assert_msg(length > 0 && length < NAME_MAX_LENGTH && (*text < '0' || *text > '9'), "no name: %.80s", text);
    return length;
}

static bool ends_with(const char *text, const char *end)
{
    return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

/* `# HELP name text` and `# TYPE name type`: a family begins. */
static void read_family(const char *help, const char *type, struct family *ret_family)
{
    char name[NAME_MAX_LENGTH];
    *ret_family = (struct family){.samples = 0};
    ck_assert_msg(sscanf(help, "# HELP %127s", ret_family->name) == 1, "no help: %s", help);
    ck_assert_msg(type && sscanf(type, "# TYPE %127s %15s", name, ret_family->type) == 2, "no type: %s", type);
    ck_assert_str_eq(name, ret_family->name);
    ck_assert_msg(ends_with(help, "."), "the help is no sentence: %s", help);
    bool counter = strcmp(ret_family->type, "counter") == 0;
    ck_assert_msg(counter || strcmp(ret_family->type, "gauge") == 0 || strcmp(ret_family->type, "histogram") == 0, "%s",
                  type);
    ck_assert_msg(counter == ends_with(name, "_total"), "a counter, and only one, ends with _total: %s", type);
    ck_assert_msg(strncmp(name, "cairn_", 6) == 0 || strncmp(name, "process_", 8) == 0, "a foreign name: %s", name);
}

/* Reads `{name="value",…}`, if there is one, and sees to it that each is well formed; what stands behind it. `le` is
 * left out of the labels that it writes, and its value is *ret_bound. */
static const char *read_labels(const char *text, char labels[LABELS_MAX], double *ret_bound)
{
    size_t used = 0;
    labels[0] = '\0';
    if (*text != '{')
        return text;
    do {
        const char *name = text + 1;
        size_t length = name_length(name);
        const char *value = name + length + 2;
        ck_assert_msg(name[length] == '=' && name[length + 1] == '"', "no value: %s", name);
        for (text = value; *text != '"' && *text != '\0'; text++)
            ck_assert_msg(*text != '\\' || *++text == '\\' || *text == '"' || *text == 'n', "an escape: %s", name);
        ck_assert_msg(*text == '"', "no end: %s", name);
        if (strncmp(name, "le=", 3) == 0)
            *ret_bound = strtod(value, NULL);
        else
            used += (size_t)snprintf(labels + used, LABELS_MAX - used, "%.*s,", (int)(text - name), name);
        ck_assert_uint_lt(used, LABELS_MAX);
    } while (*++text == ',');
    ck_assert_msg(*text == '}', "no end of the labels: %s", text);
    return text + 1;
}

/* Buckets come in the order of their bounds, add up, and end with that of all, which _count repeats. */
static void read_bucket(struct family *family, const char *suffix, const char *labels, double bound, double value)
{
    bool first = strcmp(labels, family->labels) != 0 || family->bound == HUGE_VAL;
    if (strcmp(suffix, "_bucket") == 0) {
        ck_assert_msg(first || bound > family->bound, "%s: %s: buckets out of order", family->name, labels);
        ck_assert_msg(first || value >= family->count, "%s: %s: buckets do not add up", family->name, labels);
        snprintf(family->labels, sizeof family->labels, "%s", labels);
        family->bound = bound;
        family->count = value;
        return;
    }
    ck_assert_msg(strcmp(labels, family->labels) == 0 && family->bound == HUGE_VAL, "%s: not behind all its buckets",
                  family->name);
    ck_assert_msg(strcmp(suffix, "_sum") == 0 || strcmp(suffix, "_count") == 0, "%s%s", family->name, suffix);
    ck_assert_msg(strcmp(suffix, "_count") != 0 || value == family->count, "%s: %s: another count", family->name,
                  labels);
}

/* `name{labels} value`, of the family. */
static void read_sample(struct family *family, const char *line)
{
    char labels[LABELS_MAX], suffix[NAME_MAX_LENGTH], *end;
    double bound = 0;
    size_t length = name_length(line), own = strlen(family->name);
    ck_assert_msg(length >= own && strncmp(line, family->name, own) == 0, "not of %s: %s", family->name, line);
    snprintf(suffix, sizeof suffix, "%.*s", (int)(length - own), line + own);
    const char *value = read_labels(line + length, labels, &bound);
    ck_assert_msg(*value == ' ', "no blank: %s", line);
    double number = strtod(value + 1, &end);
    ck_assert_msg(end > value + 1 && *end == '\0', "no number: %s", line);
    if (strcmp(family->type, "histogram") == 0)
        read_bucket(family, suffix, labels, bound, number);
    else
        ck_assert_msg(*suffix == '\0', "not of %s: %s", family->name, line);
    family->samples++;
}

/* Reads all of it; every family comes once, with its samples behind it. */
static size_t read_all(const char *metrics_text)
{
    char *text = client_text(site.client, "%s", metrics_text), seen[1 << 14] = " ";
    struct family family = {.samples = 1};
    size_t samples = 0;
    ck_assert_msg(ends_with(text, "\n"), "the last line has no end");
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if (*line != '#') {
            read_sample(&family, line);
            samples++;
            continue;
        }
        read_family(line, strtok(NULL, "\n"), &family);
        char *word = client_text(site.client, " %s ", family.name);
        ck_assert_msg(!strstr(seen, word), "%s comes twice", family.name);
        ck_assert_uint_lt(strlen(seen) + strlen(word), sizeof seen);
        strcat(seen, word + 1);
    }
    return samples;
}

START_TEST(it_is_in_the_text_format)
{
    enum { STORE_FAMILIES = 21 };
    read_all(metrics());
    site_expect(site_put("k", "v", NULL), 201);
    site_expect(site_get("none", NULL), 404);
    site_expect(client_get(site.client, "/nothing\"here", NULL), 404);
    const char *text = metrics();
    ck_assert_uint_gt(read_all(text), 100);
    char *label = client_text(site.client, "{store=\"%s\"}", site.store);
    size_t of_store = 0;
    for (const char *found = strstr(text, label); found; found = strstr(found + 1, label))
        of_store++;
    ck_assert_uint_eq(of_store, STORE_FAMILIES);
}
END_TEST

/* promtool knows more rules than the format has: those of names and units. */
START_TEST(promtool_has_nothing_to_say)
{
    if (system("command -v promtool >/dev/null") != 0)
        return;
    site_expect(site_put("k", "v", NULL), 201);
    char *path = command_file("metrics", client_text(site.client, "%s", metrics()));
    char *command = client_text(site.client, "promtool check metrics <%s >%s.said 2>&1 && ! grep . %s.said", path, path,
                                path);
    ck_assert_msg(system(command) == 0, "promtool: see above");
}
END_TEST

/* ---- what it tells --------------------------------------------------------------------------- */

START_TEST(the_figures_of_a_store)
{
    site_expect(site_put("k", "12345", NULL), 201);
    const char *text = metrics();
    ck_assert(store_sample(text, "open") == 1);
    ck_assert(store_sample(text, "objects") == 1);
    ck_assert(store_sample(text, "live_bytes") == 5);
    ck_assert(store_sample(text, "end_offset") == (double)site_figure("end_offset"));
    ck_assert(store_sample(text, "commits_total") == 1);
    ck_assert(store_sample(text, "records_total") == 1);
    ck_assert(store_sample(text, "damaged_bytes") == 0);
    ck_assert(store_sample(text, "failed") == 0);
    ck_assert(store_sample(text, "verification_running") == 0);
    site_expect(site_put("k2", "67", NULL), 201);
    text = metrics();
    ck_assert(store_sample(text, "objects") == 2);
    ck_assert(store_sample(text, "live_bytes") == 7);
}
END_TEST

/* Counted when the answer is out, which its client may know a moment before. */
static double soon(const char *name, double value)
{
    ck_assert_msg(clock_until(CLOCK_PATIENCE, count_of(metrics(), name) >= value), "%s is not %g", name, value);
    return count_of(metrics(), name);
}

START_TEST(requests_by_method_endpoint_and_status)
{
    const char *put = "cairn_http_responses_total{endpoint=\"PUT /v1/stores/{store}/objects/{key}\",code=\"201\"}";
    const char *get = "cairn_http_responses_total{endpoint=\"GET /v1/stores/{store}/objects/{key}\",code=\"404\"}";
    const char *none = "cairn_http_responses_total{endpoint=\"none\",code=\"404\"}";
    const char *text = metrics();
    double puts = sample(text, "cairn_http_requests_total{method=\"PUT\",status=\"2xx\"}");
    double refusals = sample(text, "cairn_http_requests_total{method=\"GET\",status=\"4xx\"}");
    double problems = sample(text, "cairn_http_problems_total{type=\"no-object\"}");
    double before[] = {count_of(text, put), count_of(text, get), count_of(text, none)};
    ck_assert(sample(text, "cairn_http_requests_in_flight") >= 1);
    site_expect(site_put("k2", "67", NULL), 201);
    site_expect(site_get("none", NULL), 404);
    site_expect(client_get(site.client, "/none", NULL), 404);
    text = metrics();
    ck_assert(sample(text, "cairn_http_requests_total{method=\"PUT\",status=\"2xx\"}") == puts + 1);
    ck_assert(sample(text, "cairn_http_requests_total{method=\"GET\",status=\"4xx\"}") == refusals + 2);
    ck_assert(sample(text, "cairn_http_problems_total{type=\"no-object\"}") == problems + 1);
    ck_assert(soon(put, before[0] + 1) == before[0] + 1);
    ck_assert(soon(get, before[1] + 1) == before[1] + 1);
    ck_assert(soon(none, before[2] + 1) == before[2] + 1);
}
END_TEST

START_TEST(durations_and_bytes)
{
    const char *put = "endpoint=\"PUT /v1/stores/{store}/objects/{key}\"";
    const char *get = "endpoint=\"GET /v1/stores/{store}/objects/{key}\"";
    char *count = client_text(site.client, "cairn_http_request_duration_seconds_count{%s}", put);
    char *sum = client_text(site.client, "cairn_http_request_duration_seconds_sum{%s}", put);
    char *in = client_text(site.client, "cairn_http_request_bytes_total{%s}", put);
    char *out = client_text(site.client, "cairn_http_response_bytes_total{%s}", get);
    const char *text = metrics();
    double counted = sample(text, count), seconds = sample(text, sum), received = sample(text, in),
           sent = sample(text, out);
    site_expect(client_upload(site.client, site_object("large"), 1 << 20, 1, NULL), 201);
    site_expect(client_download(site.client, site_object("large"), 1, 0, NULL), 200);
    site_expect(site_head("large", NULL), 200);
    ck_assert(soon(out, sent + (1 << 20)) == sent + (1 << 20));
    text = metrics();
    ck_assert(sample(text, count) == counted + 1);
    ck_assert(sample(text, sum) > seconds && sample(text, sum) < seconds + 60);
    ck_assert(sample(text, in) == received + (1 << 20));
}
END_TEST

/* A request that ends without an answer is over, too. */
START_TEST(requests_that_were_given_up)
{
    const char *none = "cairn_http_responses_total{endpoint=\"PUT /v1/stores/{store}/objects/{key}\",code=\"none\"}";
    double before = count_of(metrics(), none);
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket, "PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nbody", site_object("k")));
    ck_assert(clock_until(CLOCK_PATIENCE, server_has_read_all(site.server)));
    raw_reset(socket);
    ck_assert(soon(none, before + 1) == before + 1);
}
END_TEST

/* A server of its own, since the shared one has opened stores. */
START_TEST(stores_that_are_not_open)
{
    struct server *server = server_new();
    server_add(server, "--stores=one,two");
    server_start(server);
    server_stop(server);
    server_reset(server); /* which has them there, but not open */
    server_start(server);
    struct client *client = client_new(server->url);
    struct answer *answer = client_get(client, "/metrics", NULL);
    site_expect(answer, 200);
    const char *text = (char *)answer->body;
    read_all(text);
    ck_assert(sample(text, "cairn_store_open{store=\"one\"}") == 0);
    ck_assert(sample(text, "cairn_store_open{store=\"two\"}") == 0);
    ck_assert(sample(text, "cairn_stores") == 2);
    ck_assert_ptr_null(strstr(text, "cairn_store_objects{"));
    ck_assert(sample(text, "cairn_log_sync_duration_seconds_count") == 0);
    ck_assert(sample(text, "cairn_http_problems_total{type=\"disk-full\"}") == 0);
    client_free(client);
    server_stop(server);
    server_free(server);
}
END_TEST

START_TEST(commits_and_syncs)
{
    const char *text = metrics();
    double syncs = sample(text, "cairn_log_sync_duration_seconds_count");
    double seconds = sample(text, "cairn_log_sync_duration_seconds_sum");
    double bytes = sample(text, "cairn_commit_size_bytes_sum");
    double records = sample(text, "cairn_commit_records_sum");
    site_expect(site_put("k", "12345", NULL), 201);
    site_expect(site_post("/batch", "{\"operations\":[{\"op\":\"delete\",\"key\":\"k\"},{\"op\":\"put\",\"key\":"
                                    "\"a\",\"data\":\"YQ==\"}]}"),
                200);
    text = metrics();
    ck_assert(sample(text, "cairn_log_sync_duration_seconds_count") == syncs + 2);
    ck_assert(sample(text, "cairn_log_sync_duration_seconds_sum") > seconds);
    ck_assert(sample(text, "cairn_commit_records_sum") == records + 3);
    ck_assert(sample(text, "cairn_commit_size_bytes_sum") >= bytes + 3 * 64);
}
END_TEST

START_TEST(the_disk_and_uploads)
{
    enum { SIZE = 1 << 20 };
    const char *text = metrics();
    ck_assert(sample(text, "cairn_disk_free_bytes") > 0);
    ck_assert(sample(text, "cairn_disk_size_bytes") > sample(text, "cairn_disk_free_bytes"));
    ck_assert(sample(text, "cairn_disk_full") == 0);
    double uploads = sample(text, "cairn_uploads_in_flight");
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket, "PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", site_object("k"), SIZE));
    ck_assert(raw_send_payload(socket, SIZE / 2, 1, 0));
    ck_assert(clock_until(CLOCK_PATIENCE, sample(metrics(), "cairn_uploads_in_flight") == uploads + 1));
    close(socket);
    ck_assert(clock_until(CLOCK_PATIENCE, sample(metrics(), "cairn_uploads_in_flight") == uploads));
}
END_TEST

START_TEST(connections_by_state)
{
    int half = raw_connect(site.server->port);
    ck_assert(raw_send(half, "PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nbody", site_object("k")));
    ck_assert(clock_until(CLOCK_PATIENCE, sample(metrics(), "cairn_http_connections{state=\"busy\"}") >= 1));
    double accepted = sample(metrics(), "cairn_http_connections_accepted_total");
    int idle = raw_connect(site.server->port);
    ck_assert(clock_until(CLOCK_PATIENCE, sample(metrics(), "cairn_http_connections_accepted_total") == accepted + 1));
    ck_assert(sample(metrics(), "cairn_http_connections{state=\"idle\"}") >= 1);
    ck_assert(sample(metrics(), "cairn_http_connections_guests") == 0);
    ck_assert(sample(metrics(), "cairn_http_connections_limit") == 4096);
    close(half);
    close(idle);
}
END_TEST

START_TEST(the_process)
{
    server_await_quiet(site.server); /* nothing is opened between two looks */
    const char *text = metrics();
    double started = sample(text, "process_start_time_seconds"), now = (double)time(NULL);
    ck_assert_msg(started < now + 2 && started > now - 3600, "%f", started); /* the system's start is in seconds */
    ck_assert(sample(text, "process_cpu_seconds_total") > 0);
    ck_assert(sample(text, "process_open_fds") == (double)server_descriptors(site.server));
    ck_assert(sample(text, "process_max_fds") >= sample(text, "process_open_fds"));
    double resident = sample(text, "process_resident_memory_bytes");
    ck_assert(resident > 1 << 20 && resident <= sample(text, "process_virtual_memory_bytes"));
    ck_assert_ptr_nonnull(strstr(text, "\ncairn_build_info{version=\""));
}
END_TEST

/* Asks a hundred times at once; whether one of the texts that come was made before. */
static bool some_share(int socket)
{
    enum { AT_ONCE = 100 };
    static const char question[] = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", name[] = "cairn_http_requests_total";
    static struct raw_answer answer;
    static char before[64];
    bool shared = false;
    for (int i = 0; i < AT_ONCE; i++)
        ck_assert(raw_send(socket, question));
    for (int i = 0; i < AT_ONCE; i++) {
        ck_assert(raw_receive(socket, &answer) && answer.status == 200 && answer.whole);
        const char *line = strstr(answer.body, client_text(site.client, "\n%s{method=\"GET\",status=\"2xx\"}", name));
        ck_assert_ptr_nonnull(line);
        shared = shared || strncmp(line, before, sizeof before - 1) == 0;
        memcpy(before, line, sizeof before - 1);
        client_forget(site.client);
    }
    return shared;
}

/* A tenth of a core is theirs without: a server that gets little more of a busy machine has nothing to save. The last
 * test here: it leaves others a text that was made before. */
START_TEST(who_asks_all_the_time_shares)
{
    int socket = raw_connect(site.server->port);
    double began = clock_now(), used = server_cpu(site.server);
    bool shared = clock_until(CLOCK_PATIENCE / 6, some_share(socket));
    used = (server_cpu(site.server) - used) / (clock_now() - began);
    ck_assert_msg(shared || used < 0.3, "each has a text of its own, for %.2f cores", used);
    close(socket);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        it_is_in_the_text_format,
        promtool_has_nothing_to_say,
        the_figures_of_a_store,
        requests_by_method_endpoint_and_status,
        durations_and_bytes,
        requests_that_were_given_up,
        stores_that_are_not_open,
        commits_and_syncs,
        the_disk_and_uploads,
        connections_by_state,
        the_process,
        who_asks_all_the_time_shares,
    };
    return site_run("metrics", tests, sizeof tests / sizeof *tests, SITE_SHARED);
}
