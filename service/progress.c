/* progress.c - how far a long piece of work has come. See progress.h. */
#include "service/progress.h"

#include "service/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    TICK = 200,      /* milliseconds between two looks at the figures */
    INTERVAL = 10,   /* seconds between two lines where there is no terminal */
    MEMORY = 5,      /* seconds after which most of what the rate was is forgotten */
    BAR = 24,        /* characters ... */
    BAR_ENDS = 3,    /* ... and those around it */
    LINE_SIZE = 256, /* bytes */
    AMOUNT_MAX = 32,
};

static const char erase[] = "\r\033[K";

/* ---- figures --------------------------------------------------------------------------------- */

static void put_amount(char text[AMOUNT_MAX], double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    for (; bytes >= 1024 && unit + 1 < sizeof units / sizeof units[0]; unit++)
        bytes /= 1024;
    (void)snprintf(text, AMOUNT_MAX, bytes < 10 && unit > 0 ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

/* Seconds; -1: that cannot be told yet. */
static double time_left(const struct progress *progress, const struct progress_figures *figures)
{
    if (progress->rate < 1 || figures->total < figures->done)
        return -1;
    return (double)(figures->total - figures->done) / progress->rate;
}

static void put_time(char text[AMOUNT_MAX], double seconds)
{
    if (seconds < 0 || seconds > 1e7) {
        (void)snprintf(text, AMOUNT_MAX, "?");
        return;
    }
    unsigned whole = (unsigned)seconds;
    if (whole < 3600)
        (void)snprintf(text, AMOUNT_MAX, "%u:%02u", whole / 60, whole % 60);
    else
        (void)snprintf(text, AMOUNT_MAX, "%u:%02u:%02u", whole / 3600, whole / 60 % 60, whole % 60);
}

static double share_of(const struct progress_figures *figures)
{
    if (figures->total == 0)
        return 0;
    double share = (double)figures->done / (double)figures->total;
    return share < 1 ? share : 1;
}

/* The rate is a mean in which what was long ago counts less and less. */
static void learn_rate(struct progress *progress, const struct progress_figures *figures, int64_t now)
{
    double seconds = (double)(now - progress->looked) / 1000;
    double added = figures->done > progress->done ? (double)(figures->done - progress->done) : 0;
    if (seconds > 0)
        progress->rate += (added / seconds - progress->rate) * (seconds / (seconds + MEMORY));
    progress->looked = now;
    progress->done = figures->done;
}

/* ---- telling --------------------------------------------------------------------------------- */

static size_t put_figures(char *line, size_t size, const struct progress *progress,
                          const struct progress_figures *figures)
{
    char done[AMOUNT_MAX], total[AMOUNT_MAX], rate[AMOUNT_MAX], left[AMOUNT_MAX];
    put_amount(done, (double)figures->done);
    put_amount(total, (double)figures->total);
    put_amount(rate, progress->rate);
    put_time(left, time_left(progress, figures));
    int length = snprintf(line, size, "%s%s%3.0f %%, %s of %s, %s/s, %s left", figures->name,
                          figures->name[0] ? ": " : "", 100 * share_of(figures), done, total, rate, left);
    return length < (int)size ? (size_t)length : size - 1;
}

static void tell(struct progress *progress, const char *line, size_t length)
{
    if (write(progress->file, line, length) < 0)
        return; /* it was only meant to be looked at */
}

/* How many characters a line of the terminal has; more than there are to draw where it does not say. */
static size_t columns_of(const struct progress *progress)
{
    struct winsize size;
    return ioctl(progress->file, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : LINE_SIZE;
}

/* What has no room in the line is left out, the bar first: what goes on in the next line would stay there. */
static void draw(struct progress *progress, const struct progress_figures *figures)
{
    char line[LINE_SIZE], told[LINE_SIZE];
    size_t room = columns_of(progress) - 1;
    size_t length = put_figures(told, sizeof told, progress, figures);
    int filled = (int)(share_of(figures) * BAR), begun = snprintf(line, sizeof line, "%s", erase);
    if (room >= length + BAR + BAR_ENDS)
        begun += snprintf(line + begun, sizeof line - (size_t)begun, "[%.*s%*s] ", filled,
                          "========================", BAR - filled, "");
    else if (length > room)
        length = room;
    begun += snprintf(line + begun, sizeof line - (size_t)begun, "%.*s", (int)length, told);
    tell(progress, line, (size_t)begun < sizeof line ? (size_t)begun : sizeof line - 1);
    progress->drawn = true;
}

static void tell_line(struct progress *progress, const struct progress_figures *figures)
{
    char line[LINE_SIZE];
    size_t length = put_figures(line, sizeof line - 1, progress, figures);
    line[length++] = '\n';
    tell(progress, line, length);
}

static void tell_json(struct progress *progress, const struct progress_figures *figures)
{
    char line[LINE_SIZE], left[AMOUNT_MAX] = "null";
    double seconds = time_left(progress, figures);
    if (seconds >= 0)
        (void)snprintf(left, sizeof left, "%.0f", seconds);
    int length = snprintf(line, sizeof line,
                          "{\"store\":%s%s%s,\"bytes_done\":%" PRIu64 ",\"bytes_total\":%" PRIu64
                          ",\"bytes_per_second\":%.0f,\"seconds_left\":%s}\n",
                          figures->name[0] ? "\"" : "", figures->name[0] ? figures->name : "null",
                          figures->name[0] ? "\"" : "", figures->done, figures->total, progress->rate, left);
    tell(progress, line, (size_t)length);
}

/* Lock held. */
static void look(struct progress *progress)
{
    struct progress_figures figures = {0};
    int64_t now = clock_milliseconds();
    progress->sample(progress->arg, &figures);
    learn_rate(progress, &figures, now);
    if (progress->terminal) {
        draw(progress, &figures);
    } else if (now - progress->told >= INTERVAL * 1000) {
        progress->told = now;
        (progress->json ? tell_json : tell_line)(progress, &figures);
    }
}

/* ---- the thread ------------------------------------------------------------------------------ */

static struct timespec next_tick(void)
{
    struct timespec due;
    clock_gettime(CLOCK_MONOTONIC, &due);
    due.tv_nsec += TICK * 1000000;
    due.tv_sec += due.tv_nsec / 1000000000;
    due.tv_nsec %= 1000000000;
    return due;
}

static void *run(void *arg)
{
    struct progress *progress = arg;
    pthread_mutex_lock(&progress->lock);
    while (!progress->ending) {
        struct timespec due = next_tick();
        pthread_cond_timedwait(&progress->wake, &progress->lock, &due);
        if (!progress->ending)
            look(progress);
    }
    pthread_mutex_unlock(&progress->lock);
    return NULL;
}

static void wipe(struct progress *progress)
{
    if (progress->drawn)
        tell(progress, erase, sizeof erase - 1);
    progress->drawn = false;
}

void progress_begin(struct progress *progress, int file, bool json, progress_sample *sample, void *arg)
{
    *progress = (struct progress){.file = file, .json = json, .sample = sample, .arg = arg};
    progress->terminal = !json && isatty(file);
    progress->looked = progress->told = clock_milliseconds();
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&progress->lock, NULL);
    pthread_cond_init(&progress->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    progress->running = pthread_create(&progress->thread, NULL, run, progress) == 0;
}

void progress_pause(struct progress *progress)
{
    pthread_mutex_lock(&progress->lock);
    wipe(progress);
}

void progress_resume(struct progress *progress)
{
    pthread_mutex_unlock(&progress->lock);
}

void progress_end(struct progress *progress)
{
    pthread_mutex_lock(&progress->lock);
    progress->ending = true;
    wipe(progress);
    pthread_cond_signal(&progress->wake);
    pthread_mutex_unlock(&progress->lock);
    if (progress->running)
        pthread_join(progress->thread, NULL);
    pthread_cond_destroy(&progress->wake);
    pthread_mutex_destroy(&progress->lock);
}
