/* json.c - what reading the body of a batch costs: in place, as api/batch/batch_json.c does, or by way of a tree.
 *
 *   json place|tree OPERATIONS BYTES TIMES
 *
 * Makes a body of OPERATIONS puts of BYTES each and reads it TIMES times, up to the point where the engine would get
 * the operations. Prints the milliseconds of CPU for one reading, and the most memory that it took beside the body, in
 * KiB. The tree is jansson's: it copies each string, and since the engine takes bytes, each payload is decoded into a
 * copy.
 */
#include "api/batch/batch_json.h"
#include "api/batch/entries.h"
#include "api/text/base64.h"

#include <err.h>
#include <fcntl.h>
#include <jansson.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct text {
    char *bytes;
    size_t length;
};

static struct text make_body(size_t operations, size_t bytes)
{
    static const char begin[] = "{\"operations\":[", end[] = "]}";
    size_t digits = (bytes + 2) / 3 * 4, capacity = sizeof begin + sizeof end + operations * (digits + 80);
    struct text body = {.bytes = malloc(capacity)};
    if (!body.bytes)
        err(1, "%zu bytes", capacity);
    char *at = stpcpy(body.bytes, begin);
    for (size_t i = 0; i < operations; i++) {
        at += sprintf(at, "%s{\"op\":\"put\",\"key\":\"folder/%08zu\",\"data\":\"", i > 0 ? "," : "", i);
        memset(at, 'A', digits);
        memset(at + digits - (3 - bytes % 3) % 3, '=', (3 - bytes % 3) % 3);
        at = stpcpy(at + digits, "\"}");
    }
    body.length = (size_t)(stpcpy(at, end) - body.bytes);
    return body;
}

/* ---- the two readers ------------------------------------------------------------------------- */

static size_t read_in_place(struct text body)
{
    struct entries entries = {.limit = SIZE_MAX};
    unsigned flags = 0;
    size_t total = 0;
    if (!batch_json_read(body.bytes, body.length, &entries, &flags))
        errx(1, "%s", entries.fault.sentence);
    for (size_t i = 0; i < entries.count; i++)
        total += entries.ops[i].size;
    entries_free(&entries);
    return total;
}

static size_t read_as_tree(struct text body)
{
    json_error_t error;
    json_t *root = json_loadb(body.bytes, body.length, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
    json_t *operations = json_object_get(root, "operations"), *operation;
    void **payloads = calloc(json_array_size(operations), sizeof *payloads);
    size_t i, size, total = 0;
    if (!root || !payloads)
        errx(1, "%s", error.text);
    json_array_foreach (operations, i, operation) {
        json_t *data = json_object_get(operation, "data");
        payloads[i] = base64_decode_new(json_string_value(data), json_string_length(data), &size);
        if (!payloads[i])
            errx(1, "operation %zu", i);
        total += size;
    }
    for (i = 0; i < json_array_size(operations); i++)
        free(payloads[i]);
    free(payloads);
    json_decref(root);
    return total;
}

/* ---- figures --------------------------------------------------------------------------------- */

static double cpu_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

/* A line of /proc/self/status, in KiB. */
static long memory(const char *name)
{
    char line[256];
    long kib = -1;
    FILE *file = fopen("/proc/self/status", "re");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtol(line + strlen(name) + 1, NULL, 10);
    if (!file || kib < 0)
        errx(1, "/proc/self/status has no %s", name);
    fclose(file);
    return kib;
}

/* From here on the kernel notes a new peak of memory. */
static void forget_peak(void)
{
    int file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    if (file < 0 || write(file, "5", 1) != 1)
        err(1, "/proc/self/clear_refs");
    close(file);
}

int main(int count, char **arguments)
{
    if (count != 5)
        errx(2, "usage: json place|tree OPERATIONS BYTES TIMES");
    size_t (*reader)(struct text) = strcmp(arguments[1], "place") == 0 ? read_in_place : read_as_tree;
    size_t operations = strtoul(arguments[2], NULL, 10), bytes = strtoul(arguments[3], NULL, 10);
    long times = strtol(arguments[4], NULL, 10);
    struct text original = make_body(operations, bytes), body = {malloc(original.length), original.length};
    if (!body.bytes)
        err(1, "%zu bytes", original.length);

    double spent = 0;
    memcpy(body.bytes, original.bytes, body.length);
    malloc_trim(0);
    forget_peak();
    long before = memory("VmRSS:");
    for (long i = 0; i < times; i++) {
        memcpy(body.bytes, original.bytes, body.length); /* reading in place uses it up */
        double begin = cpu_now();
        if (reader(body) != operations * bytes)
            errx(1, "other bytes were read than were written");
        spent += cpu_now() - begin;
    }
    printf("%.3f %ld\n", spent / (double)times, memory("VmHWM:") - before);
    free(body.bytes);
    free(original.bytes);
    return 0;
}
