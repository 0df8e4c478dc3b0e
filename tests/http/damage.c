#include "damage.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *damage_read(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    struct stat info;
    ck_assert_int_eq(fstat(fileno(file), &info), 0);
    char *bytes = malloc((size_t)info.st_size + 1);
    ck_assert_ptr_nonnull(bytes);
    *ret_size = fread(bytes, 1, (size_t)info.st_size, file);
    fclose(file);
    return bytes;
}

/* The last occurrence in one file. */
static bool find_in_file(const char *text, struct place *place)
{
    size_t size;
    char *bytes = damage_read(place->path, &size);
    place->size = (off_t)size;
    bool found = false;
    for (char *hit = bytes - 1; (hit = memmem(hit + 1, size - (size_t)(hit + 1 - bytes), text, strlen(text)));) {
        place->position = hit - bytes;
        found = true;
    }
    free(bytes);
    return found;
}

bool damage_find(const struct server *server, const char *store, const char *text, struct place *ret_place)
{
    char folder[512];
    snprintf(folder, sizeof folder, "%s", server_path(server, "stores/%s/log", store));
    DIR *entries = opendir(folder);
    ck_assert_ptr_nonnull(entries);
    bool found = false;
    for (struct dirent *entry = readdir(entries); entry; entry = readdir(entries)) {
        struct place place;
        snprintf(place.path, sizeof place.path, "%.250s/%.250s", folder, entry->d_name);
        if (entry->d_type == DT_REG && find_in_file(text, &place)) {
            *ret_place = place;
            found = true;
        }
    }
    closedir(entries);
    return found;
}

struct place damage_place(const struct server *server, const char *store, const char *text)
{
    struct place place;
    ck_assert_msg(damage_find(server, store, text, &place), "\"%s\" is in no segment", text);
    return place;
}

void damage_overwrite(const struct place *place, off_t position, const void *bytes, size_t length)
{
    int file = open(place->path, O_WRONLY | O_CLOEXEC);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(pwrite(file, bytes, length, position), (ssize_t)length);
    close(file);
}

void damage_zero_from(const struct place *place, off_t position)
{
    size_t length = (size_t)(place->size - position);
    char *zeros = calloc(1, length);
    damage_overwrite(place, position, zeros, length);
    free(zeros);
}

void damage_flip(const struct place *place)
{
    int file = open(place->path, O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(file, 0);
    char byte;
    ck_assert_int_eq(pread(file, &byte, 1, place->position), 1);
    byte = (char)(byte ^ 0x40);
    ck_assert_int_eq(pwrite(file, &byte, 1, place->position), 1);
    close(file);
}
