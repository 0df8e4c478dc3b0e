#include "disk.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

static char *read_whole(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "re");
    struct stat info;
    ck_assert_msg(file != NULL, "%s cannot be opened", path);
    ck_assert_int_eq(fstat(fileno(file), &info), 0);
    char *bytes = malloc((size_t)info.st_size + 1);
    ck_assert_ptr_nonnull(bytes);
    *ret_size = fread(bytes, 1, (size_t)info.st_size, file);
    fclose(file);
    return bytes;
}

static void flip(const char *path, long position)
{
    int file = open(path, O_RDWR | O_CLOEXEC);
    char byte;
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(pread(file, &byte, 1, position), 1);
    byte = (char)(byte ^ 0x40);
    ck_assert_int_eq(pwrite(file, &byte, 1, position), 1);
    close(file);
}

/* Where the text stands last in a file, or -1. */
static long find_last(const char *path, const char *text)
{
    size_t size;
    char *bytes = read_whole(path, &size), *end = bytes + size;
    long last = -1;
    for (char *at = bytes, *hit; (hit = memmem(at, (size_t)(end - at), text, strlen(text))); at = hit + 1) {
        last = hit - bytes;
    }
    free(bytes);
    return last;
}

/* Calls `visit` for each regular file of a folder until it returns true; whether one did. */
static bool any_file(const struct server *server, const char *folder, bool (*visit)(const char *path, void *arg),
                     void *arg)
{
    char path[1024], whole[1024];
    snprintf(whole, sizeof whole, "%s", server_path(server, "%s", folder));
    DIR *entries = opendir(whole);
    ck_assert_msg(entries != NULL, "%s cannot be opened", whole);
    bool done = false;
    for (struct dirent *entry; !done && (entry = readdir(entries));) {
        if (entry->d_type == DT_REG) {
            snprintf(path, sizeof path, "%.512s/%.255s", whole, entry->d_name);
            done = visit(path, arg);
        }
    }
    closedir(entries);
    return done;
}

static bool flip_text(const char *path, void *text)
{
    long position = find_last(path, text);
    if (position >= 0) {
        flip(path, position);
    }
    return position >= 0;
}

void disk_flip(const struct server *server, const char *folder, const char *text)
{
    char *sought = strdup(text);
    ck_assert_msg(any_file(server, folder, flip_text, sought), "\"%s\" stands nowhere in %s", text, folder);
    free(sought);
}

static bool flip_position(const char *path, void *position)
{
    flip(path, *(long *)position);
    return false;
}

void disk_flip_at(const struct server *server, const char *folder, long position)
{
    any_file(server, folder, flip_position, &position);
}

/* ---- fingerprints ---------------------------------------------------------------------------- */

static uint64_t sum;

static int add_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)walk;
    uint64_t entry = XXH3_64bits(path, strlen(path));
    entry = entry * 31 + (uint64_t)info->st_mtim.tv_sec * 1000000000u + (uint64_t)info->st_mtim.tv_nsec;
    if (type == FTW_F) {
        size_t size;
        char *bytes = read_whole(path, &size);
        entry = entry * 31 + XXH3_64bits(bytes, size) + size;
        free(bytes);
    }
    sum += XXH3_64bits(&entry, sizeof entry); /* in whatever order the entries come */
    return 0;
}

uint64_t disk_fingerprint(const struct server *server)
{
    sum = 0;
    ck_assert_int_eq(nftw(server->data, add_entry, 16, FTW_PHYS), 0);
    return sum;
}
