/* replay.c - runs a fuzz target over files instead of under libFuzzer: replay_NAME FILE-OR-FOLDER...
 *
 * The tests run each target over its corpus with it; a developer runs it over one file to debug a finding.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void *read_file(const char *path, size_t *ret_size)
{
    struct stat status;
    FILE *file = fopen(path, "rb");
    if (!file || fstat(fileno(file), &status) < 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    *ret_size = (size_t)status.st_size;
    void *bytes = fuzz_allocate(*ret_size);
    if (fread(bytes, 1, *ret_size, file) != *ret_size) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    fclose(file);
    return bytes;
}

static unsigned replay_file(const char *path)
{
    size_t size;
    void *bytes = read_file(path, &size);
    fprintf(stderr, "replay: %s, %zu bytes\n", path, size);
    LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
    return 1;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static unsigned replay_folder(const char *path)
{
    struct dirent **entries;
    unsigned inputs = 0;
    int count = scandir(path, &entries, is_visible, alphasort);
    for (int i = 0; i < count; i++) {
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        inputs += replay_file(file);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return inputs;
}

int main(int count, char **arguments)
{
    unsigned inputs = 0;
    for (int i = 1; i < count; i++) {
        struct stat status;
        bool folder = stat(arguments[i], &status) == 0 && S_ISDIR(status.st_mode);
        inputs += folder ? replay_folder(arguments[i]) : replay_file(arguments[i]);
    }
    printf("replay: %u inputs\n", inputs);
    return inputs > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
