/* settings.c - the small text files that say whose a folder is and in which format. */
#include "store/disk/settings.h"

#include "store/base/xxh3.h"
#include "store/disk/note.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FORMAT_PLAIN = 1, FORMAT_LIMITS = 2 };

static const char bytes_line[] = "limit-bytes ";
static const char objects_line[] = "limit-objects ";

/* The newest format of such files. */
static int format_known(const char *kind)
{
    return strcmp(kind, "store") == 0 ? FORMAT_LIMITS : FORMAT_PLAIN;
}

static int format_of(const struct settings *settings)
{
    return settings->limits.bytes.set || settings->limits.objects.set ? FORMAT_LIMITS : FORMAT_PLAIN;
}

/* Adds the line of a limit, where there is one; returns the length of the text. */
static size_t append_limit(char *text, size_t length, const char *line, const struct store_limit *limit)
{
    if (!limit->set)
        return length;
    return length + (size_t)snprintf(text + length, NOTE_MAX - length, "%s%" PRIu64 "\n", line, limit->most);
}

static struct store_limit read_limit(const char *text, const char *line)
{
    const char *found = strstr(text, line);
    return (struct store_limit){.set = found != NULL, .most = found ? strtoull(found + strlen(line), NULL, 10) : 0};
}

static size_t settings_format(const struct settings *settings, char ret_text[NOTE_MAX])
{
    size_t length = (size_t)snprintf(ret_text, NOTE_MAX, "cairn %s\nformat %d\nsalt %016" PRIx64 "\n", settings->kind,
                                     format_of(settings), settings->salt);
    length = append_limit(ret_text, length, bytes_line, &settings->limits.bytes);
    length = append_limit(ret_text, length, objects_line, &settings->limits.objects);
    uint64_t check = XXH3_64bits(ret_text, length);
    return length + (size_t)snprintf(ret_text + length, NOTE_MAX - length, "check %016" PRIx64 "\n", check);
}

static enum store_error settings_parse(const char *text, const char *kind, struct settings *ret_settings)
{
    char expected[NOTE_MAX];
    int format = 0;
    int first = snprintf(expected, sizeof expected, "cairn %s\n", kind);
    if (strncmp(text, expected, (size_t)first) != 0)
        return STORE_FOREIGN;
    struct settings settings = {.kind = kind};
    settings.limits.bytes = read_limit(text, bytes_line);
    settings.limits.objects = read_limit(text, objects_line);
    int found = sscanf(text + first, "format %d\nsalt %" SCNx64, &format, &settings.salt);
    if (found >= 1 && format > format_known(kind))
        return STORE_TOO_NEW;
    settings_format(&settings, expected);
    if (found != 2 || strcmp(text, expected) != 0)
        return STORE_DAMAGED;
    *ret_settings = settings;
    return STORE_OK;
}

int settings_write(const struct io *io, int folder, const char *name, const struct settings *settings)
{
    char text[NOTE_MAX];
    struct settings read;
    size_t length = settings_format(settings, text);
    assert(!settings_parse(text, settings->kind, &read) && read.salt == settings->salt);
    (void)read;
    return note_write(io, folder, name, text, length);
}

bool settings_is_draft(const struct io *io, int folder, const char *draft, const char *name,
                       const struct settings *settings)
{
    char expected[NOTE_MAX];
    char own[NOTE_NAME_MAX];
    char text[NOTE_MAX];
    size_t length = 0;
    note_draft(name, own);
    if (strcmp(draft, own) != 0 || note_read(io, folder, draft, O_NOFOLLOW, text, &length) ||
        length > settings_format(settings, expected))
        return false;
    for (size_t i = 0; i < length; i++)
        if (text[i] != '\0' && text[i] != expected[i])
            return false;
    return true;
}

struct failure settings_read(const struct io *io, int folder, const char *name, const char *kind,
                             struct settings *ret_settings)
{
    char text[NOTE_MAX];
    size_t length = 0;
    int os_error = note_read(io, folder, name, 0, text, &length);
    if (os_error == ENOENT)
        return (struct failure){.error = STORE_FOREIGN, .os_error = ENOENT};
    if (os_error)
        return failure_io(os_error);
    return failure_of(settings_parse(text, kind, ret_settings));
}
