/* bookmark.c - how far a store of a server has been followed. See bookmark.h. */
#include "service/bookmark.h"

#include "service/small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum { FILE_MAX = 64 << 20, CHECK_LENGTH = 22 };

static const char before_line[] = "\nbefore ";
static const char begun_line[] = "\nbegun ";
static const char landmark_line[] = "\nlandmark ";
static const char damaged_line[] = "\ndamaged ";

/* What is in front of the name of a draft: no store's name begins so. */
static const char draft_mark[] = ".new.";

int bookmark_open_folder(const char *path, int *ret_folder)
{
    char *folder;
    if (asprintf(&folder, "%s/follow", path) < 0)
        folder = NULL;
    int error = !folder ? ENOMEM : mkdir(folder, 0700) < 0 && errno != EEXIST ? errno : 0;
    *ret_folder = error ? -1 : open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    error = error || *ret_folder >= 0 ? error : errno;
    free(folder);
    return error;
}

void bookmark_init(struct bookmark *bookmark, int folder, const char *name)
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
    bookmark->next = bookmark->begun = 0;
    bookmark->log[0] = bookmark->before[0] = '\0';
    bookmark_arrive(bookmark, NULL);
    json_array_clear(bookmark->damaged);
}

void bookmark_renew(struct bookmark *bookmark)
{
    if (bookmark->reached == 0 && bookmark->log[0]) {
        bookmark->reached = bookmark->next;
        memcpy(bookmark->before, bookmark->log, sizeof bookmark->before);
    }
    bookmark->next = bookmark->begun = 0;
    bookmark->log[0] = '\0';
    json_array_clear(bookmark->damaged);
}

void bookmark_arrive(struct bookmark *bookmark, json_t *landmark)
{
    json_decref(bookmark->landmark);
    bookmark->landmark = landmark;
    bookmark->reached = 0;
}

/* What a line of the file holds; NULL where it has none. */
static json_t *read_line(const char *text, const char *label)
{
    const char *line = text ? strstr(text, label) : NULL;
    return line ? json_loads(line + strlen(label), JSON_ALLOW_NUL | JSON_DISABLE_EOF_CHECK, NULL) : NULL;
}

/* Whether the text is what was written; *ret_body: behind the check. */
static bool is_whole(const char *text, size_t length, const char **ret_body)
{
    uint64_t check;
    int begun = 0;
    if (sscanf(text, "check %16" SCNx64 "%n", &check, &begun) != 1 || begun != CHECK_LENGTH || text[begun] != '\n')
        return false;
    *ret_body = text + begun;
    return XXH3_64bits(*ret_body, length - (size_t)begun) == check;
}

/* One that was begun anew, and has nothing yet, has no log but that of before. */
static bool read_logs(struct bookmark *bookmark, const char *body)
{
    int begun = 0;
    const char *before = strstr(body, before_line);
    if (sscanf(body, "\nnext %" SCNu64 "%n", &bookmark->next, &begun) != 1 || strncmp(body + begun, "\nlog ", 5) != 0)
        return false;
    bool known = sscanf(body + begun + 5, "%31[0-9a-f]", bookmark->log) == 1;
    bool renewed = before && sscanf(before + strlen(before_line), "%31[0-9a-f] %" SCNu64, bookmark->before,
                                    &bookmark->reached) >= 1;
    return known || renewed;
}

static bool read_body(struct bookmark *bookmark, const char *body)
{
    if (!read_logs(bookmark, body))
        return false;
    const char *begun = strstr(body, begun_line);
    if (begun && sscanf(begun + strlen(begun_line), "%" SCNu64, &bookmark->begun) != 1)
        return false;
    json_t *damaged = read_line(body, damaged_line);
    bookmark->landmark = read_line(body, landmark_line);
    if (json_is_array(damaged))
        json_array_extend(bookmark->damaged, damaged);
    json_decref(damaged);
    return true;
}

static bool write_body(FILE *file, const struct bookmark *bookmark)
{
    bool good = fprintf(file, "\nnext %" PRIu64 "\nlog %s", bookmark->next, bookmark->log) > 0;
    if (good && bookmark->before[0])
        good = fprintf(file, "%s%s", before_line, bookmark->before) > 0;
    if (good && bookmark->before[0] && bookmark->reached > 0)
        good = fprintf(file, " %" PRIu64, bookmark->reached) > 0;
    if (good && bookmark->next == 0 && bookmark->begun > 0)
        good = fprintf(file, "%s%" PRIu64, begun_line, bookmark->begun) > 0;
    if (good && bookmark->landmark)
        good = fputs(landmark_line, file) >= 0 && json_dumpf(bookmark->landmark, file, JSON_COMPACT) == 0;
    if (good && json_array_size(bookmark->damaged) > 0)
        good = fputs(damaged_line, file) >= 0 && json_dumpf(bookmark->damaged, file, JSON_COMPACT) == 0;
    return good && fputc('\n', file) >= 0;
}

/* What stands behind the check. free() it, also when it was not made. */
static bool make_body(const struct bookmark *bookmark, char **ret_body, size_t *ret_length)
{
    *ret_body = NULL;
    FILE *memory = open_memstream(ret_body, ret_length);
    bool good = memory && write_body(memory, bookmark);
    return memory && fclose(memory) == 0 && good;
}

static bool write_text(FILE *file, const struct bookmark *bookmark)
{
    char *body;
    size_t length;
    bool good = make_body(bookmark, &body, &length);
    good = good && fprintf(file, "check %016" PRIx64, (uint64_t)XXH3_64bits(body, length)) == CHECK_LENGTH &&
           fwrite(body, 1, length, file) == length && fflush(file) == 0 && fdatasync(fileno(file)) == 0;
    free(body);
    return good;
}

/* Reads one of before there was a check: it is good where it is, to the byte, what is made of what was read. */
static bool read_unchecked(struct bookmark *bookmark, const char *text)
{
    char *body, *made = NULL;
    size_t length;
    if (asprintf(&body, "\n%s", text) < 0)
        return false;
    bool good = read_body(bookmark, body) && make_body(bookmark, &made, &length) && strcmp(body, made) == 0;
    free(made);
    free(body);
    return good;
}

bool bookmark_read(struct bookmark *bookmark)
{
    size_t length = 0;
    const char *body;
    char *text = small_file_read_at(bookmark->folder, bookmark->name, FILE_MAX, &length);
    bool missing = !text && errno == ENOENT;
    bookmark_forget(bookmark);
    bool good = text && (is_whole(text, length, &body) ? read_body(bookmark, body) : read_unchecked(bookmark, text));
    if (!good)
        bookmark_forget(bookmark);
    free(text);
    return good || missing;
}

int bookmark_write(const struct bookmark *bookmark)
{
    char draft[NAME_MAX + 1];
    (void)snprintf(draft, sizeof draft, "%s%s", draft_mark, bookmark->name);
    FILE *file = small_file_draft_at(bookmark->folder, draft);
    bool good = file && write_text(file, bookmark);
    if (file && fclose(file) != 0)
        good = false;
    bool placed = good && renameat(bookmark->folder, draft, bookmark->folder, bookmark->name) == 0;
    return placed ? 0 : errno ? errno : EIO;
}

void bookmark_remove(const struct bookmark *bookmark)
{
    (void)unlinkat(bookmark->folder, bookmark->name, 0);
}
