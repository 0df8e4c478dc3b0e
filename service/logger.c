/* logger.c - lines on stderr. See logger.h. */
#include "service/logger.h"

#include "api/text/text.h"
#include "api/text/timestamp.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    SENTENCE_MAX = 1024,
    LINE_MAX_LENGTH = 2 * SENTENCE_MAX + 128, /* JSON may put a backslash in front of a byte */
    PATIENCE = 100                            /* milliseconds */
};

/* Such a line goes into a pipe that has place at all without being waited for. */
static_assert(LINE_MAX_LENGTH <= PIPE_BUF, "a line has to fit into what poll() tells of");

static struct {
    enum log_level level;
    enum log_format format;
    bool timeless; /* who reads the lines writes the time beside them */
} settings = {LOG_INFO, LOG_TEXT, false};

/* Who reads the lines may have stopped. */
static struct {
    pthread_mutex_t lock;
    unsigned long lost; /* lines, since one was last written */
} out = {.lock = PTHREAD_MUTEX_INITIALIZER};

static const char *const level_names[] = {"info", "warning", "error", "audit"};

/* Whether stderr is what systemd says its journal reads. */
static bool goes_to_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    uintmax_t device, inode;
    struct stat info;
    return stream && sscanf(stream, "%" SCNuMAX ":%" SCNuMAX, &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &info) == 0 && info.st_dev == device && info.st_ino == inode;
}

void logger_open(enum log_level level, enum log_format format)
{
    settings.level = level;
    settings.format = format;
    settings.timeless = goes_to_journal();
}

static void write_now(char text[TIMESTAMP_SIZE])
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    timestamp_write(text, (int64_t)now.tv_sec * 1000000000 + now.tv_nsec);
}

static int format_text(char *line, size_t size, enum log_level level, const char *sentence)
{
    char time[TIMESTAMP_SIZE] = "";
    const char *name = level == LOG_INFO ? "" : level_names[level];
    if (!settings.timeless)
        write_now(time);
    return snprintf(line, size, "%s%scairnd: %s%s%s\n", time, *time ? " " : "", name, *name ? ": " : "", sentence);
}

/* JSON must be UTF-8, which a quoted path or key need not be. */
static void hide_foreign(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text >= 0x80)
            *text = '?';
}

static int format_json(char *line, size_t size, enum log_level level, char *sentence)
{
    char time[TIMESTAMP_SIZE];
    write_now(time);
    json_t *text = json_string(sentence);
    if (!text) {
        hide_foreign(sentence);
        text = json_string(sentence);
    }
    char *quoted = text ? json_dumps(text, JSON_ENCODE_ANY) : NULL;
    int length = snprintf(line, size, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":%s}\n", time, level_names[level],
                          quoted ? quoted : "null");
    free(quoted);
    json_decref(text);
    return length;
}

static int format_line(char *line, size_t size, enum log_level level, char *sentence)
{
    return settings.format == LOG_JSON ? format_json(line, size, level, sentence)
                                       : format_text(line, size, level, sentence);
}

/* Whether a line can be written now, or is refused for good, which writing it tells. */
static bool takes_line(int patience)
{
    struct pollfd file = {.fd = STDERR_FILENO, .events = POLLOUT};
    return poll(&file, 1, patience) != 0;
}

static void write_line(const char *line, int length)
{
    /* Where the log cannot be written there is nobody left to tell. */
    if (length > 0 && write(STDERR_FILENO, line, (size_t)length) < 0)
        return;
}

static void tell_lost(void)
{
    char sentence[SENTENCE_MAX], line[LINE_MAX_LENGTH];
    (void)snprintf(sentence, sizeof sentence, "%lu lines of this log are lost: nobody has read it for a while",
                   out.lost);
    out.lost = 0;
    write_line(line, format_line(line, sizeof line, LOG_WARNING, sentence));
}

/* A server does not stop because nobody reads its log. */
static void put_line(const char *line, int length)
{
    pthread_mutex_lock(&out.lock);
    bool takes = takes_line(out.lost > 0 ? 0 : PATIENCE);
    if (takes && out.lost > 0) {
        tell_lost();
        takes = takes_line(0);
    }
    if (takes)
        write_line(line, length);
    else
        out.lost++;
    pthread_mutex_unlock(&out.lock);
}

void logger_line(enum log_level level, const char *format, ...)
{
    if (level < settings.level)
        return;
    char sentence[SENTENCE_MAX], line[LINE_MAX_LENGTH];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    text_hide_controls(sentence);
    put_line(line, format_line(line, sizeof line, level, sentence));
}
