/* bookmark.c - how far a store of a server has been followed. See bookmark.h. */
#include "service/bookmark.h"

#include "service/small_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 64 << 20 };

static const char landmark_line[] = "\nlandmark ";
static const char damaged_line[] = "\ndamaged ";

/* free() it; NULL when memory is out. */
static char *path_of(const char *folder, const char *name, const char *ending)
{
    char *path;
    return asprintf(&path, "%s/follow/%s%s", folder, name, ending) < 0 ? NULL : path;
}

int bookmark_make_folder(const char *folder)
{
    char *path = path_of(folder, "", "");
    int error = !path ? ENOMEM : mkdir(path, 0700) < 0 && errno != EEXIST ? errno : 0;
    free(path);
    return error;
}

void bookmark_init(struct bookmark *bookmark, const char *folder, const char *name)
{
    *bookmark = (struct bookmark){.folder = folder, .name = name, .damaged = json_array()};
}

void bookmark_free(struct bookmark *bookmark)
{
    json_decref(bookmark->landmark);
    json_decref(bookmark->damaged);
}

void bookmark_forget(struct bookmark *bookmark)
{
    bookmark->next = 0;
    bookmark->log[0] = '\0';
    json_decref(bookmark->landmark);
    bookmark->landmark = NULL;
    json_array_clear(bookmark->damaged);
}

/* What a line of the file holds; NULL where it has none. */
static json_t *read_line(const char *text, const char *label)
{
    const char *line = text ? strstr(text, label) : NULL;
    return line ? json_loads(line + strlen(label), JSON_ALLOW_NUL | JSON_DISABLE_EOF_CHECK, NULL) : NULL;
}

void bookmark_read(struct bookmark *bookmark)
{
    size_t length = 0;
    char *path = path_of(bookmark->folder, bookmark->name, "");
    char *text = path ? small_file_read(path, FILE_MAX, &length) : NULL;
    bookmark_forget(bookmark);
    if (!text || sscanf(text, "next %" SCNu64 "\nlog %31[0-9a-f]", &bookmark->next, bookmark->log) != 2)
        bookmark_forget(bookmark);
    json_t *damaged = read_line(text, damaged_line);
    if (bookmark->log[0])
        bookmark->landmark = read_line(text, landmark_line);
    if (bookmark->log[0] && json_is_array(damaged))
        json_array_extend(bookmark->damaged, damaged);
    json_decref(damaged);
    free(text);
    free(path);
}

static bool write_text(FILE *file, const struct bookmark *bookmark)
{
    bool good = fprintf(file, "next %" PRIu64 "\nlog %s", bookmark->next, bookmark->log) > 0;
    if (good && bookmark->landmark)
        good = fputs(landmark_line, file) >= 0 && json_dumpf(bookmark->landmark, file, JSON_COMPACT) == 0;
    if (good && json_array_size(bookmark->damaged) > 0)
        good = fputs(damaged_line, file) >= 0 && json_dumpf(bookmark->damaged, file, JSON_COMPACT) == 0;
    return good && fputc('\n', file) >= 0 && fflush(file) == 0 && fdatasync(fileno(file)) == 0;
}

int bookmark_write(const struct bookmark *bookmark)
{
    char *path = path_of(bookmark->folder, bookmark->name, "");
    char *draft = path_of(bookmark->folder, bookmark->name, ".new.");
    FILE *file = path && draft ? fopen(draft, "we") : NULL;
    bool good = file && write_text(file, bookmark);
    if (file && fclose(file) != 0)
        good = false;
    int error = good && rename(draft, path) == 0 ? 0 : errno ? errno : EIO;
    free(draft);
    free(path);
    return error;
}

void bookmark_remove(const struct bookmark *bookmark)
{
    char *path = path_of(bookmark->folder, bookmark->name, "");
    if (path)
        unlink(path);
    free(path);
}
