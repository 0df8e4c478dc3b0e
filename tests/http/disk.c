#include "tests/http/disk.h"

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

char *disk_read(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "re");
    struct stat info;
    ck_assert_msg(file, "%s cannot be opened", path);
    ck_assert_int_eq(fstat(fileno(file), &info), 0);
    char *bytes = malloc((size_t)info.st_size + 1);
    ck_assert_ptr_nonnull(bytes);
    *ret_size = fread(bytes, 1, (size_t)info.st_size, file);
    fclose(file);
    return bytes;
}

static void flip(const char *path, off_t position)
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
    char *bytes = disk_read(path, &size), *end = bytes + size;
    long last = -1;
    for (char *at = bytes, *hit; (hit = memmem(at, (size_t)(end - at), text, strlen(text))); at = hit + 1)
        last = hit - bytes;
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
    ck_assert_msg(entries, "%s cannot be opened", whole);
    bool done = false;
    for (struct dirent *entry; !done && (entry = readdir(entries));)
        if (entry->d_type == DT_REG) {
            snprintf(path, sizeof path, "%.512s/%.255s", whole, entry->d_name);
            done = visit(path, arg);
        }
    closedir(entries);
    return done;
}

struct sought {
    const char *text;
    struct place place;
};

static bool holds_text(const char *path, void *arg)
{
    struct sought *sought = arg;
    struct stat info;
    sought->place.position = find_last(path, sought->text);
    snprintf(sought->place.path, sizeof sought->place.path, "%s", path);
    ck_assert_int_eq(stat(path, &info), 0);
    sought->place.size = info.st_size;
    return sought->place.position >= 0;
}

struct place disk_place(const struct server *server, const char *folder, const char *text)
{
    struct sought sought = {.text = text};
    ck_assert_msg(any_file(server, folder, holds_text, &sought), "\"%s\" stands nowhere in %s", text, folder);
    return sought.place;
}

void disk_overwrite(const struct place *place, off_t position, const void *bytes, size_t length)
{
    int file = open(place->path, O_WRONLY | O_CLOEXEC);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(pwrite(file, bytes, length, position), (ssize_t)length);
    close(file);
}

void disk_zero_from(const struct place *place, off_t position)
{
    size_t length = (size_t)(place->size - position);
    char *zeros = calloc(1, length);
    ck_assert_ptr_nonnull(zeros);
    disk_overwrite(place, position, zeros, length);
    free(zeros);
}

void disk_flip(const struct server *server, const char *folder, const char *text)
{
    struct place place = disk_place(server, folder, text);
    flip(place.path, place.position);
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
        char *bytes = disk_read(path, &size);
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
