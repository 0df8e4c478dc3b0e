/* test_progress.c - how far it is, on a terminal and elsewhere. */
#include "service/progress.h"

#include "tests/lib/unit.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { TEXT_MAX = 4096, INTERVAL = 10 * 1000 };

static const struct progress_figures half = {.name = "photos", .done = 512 << 20, .total = 1024 << 20};

static void sample(void *arg, struct progress_figures *ret_figures)
{
    *ret_figures = *(const struct progress_figures *)arg;
}

/* Reads until the text has come: all that was read, with NUL behind it. */
static void read_up_to(int file, const char *wanted, char text[TEXT_MAX])
{
    size_t length = 0;
    text[0] = '\0';
    while (!strstr(text, wanted)) {
        ssize_t got = read(file, text + length, TEXT_MAX - 1 - length);
        ck_assert_msg(got > 0, "\"%s\" does not come: %s", wanted, text);
        length += (size_t)got;
        text[length] = '\0';
    }
}

static void expect_beginning(const char *text, const char *wanted)
{
    ck_assert_msg(strncmp(text, wanted, strlen(wanted)) == 0, "\"%s\" is not how it begins: %s", wanted, text);
}

/* Makes the next line due. */
static void let_time_pass(struct progress *progress)
{
    progress_pause(progress);
    progress->told -= INTERVAL;
    progress_resume(progress);
}

static int open_terminal(int *ret_terminal)
{
    int outside = posix_openpt(O_RDWR | O_NOCTTY);
    ck_assert(outside >= 0 && grantpt(outside) == 0 && unlockpt(outside) == 0);
    *ret_terminal = open(ptsname(outside), O_RDWR | O_NOCTTY);
    ck_assert_int_ge(*ret_terminal, 0);
    return outside;
}

START_TEST(a_terminal_has_a_line_that_is_drawn_anew)
{
    int terminal, outside = open_terminal(&terminal);
    char text[TEXT_MAX];
    struct progress progress;
    progress_begin(&progress, terminal, false, sample, (void *)(uintptr_t)&half);
    read_up_to(outside, "left", text);
    expect_beginning(text, "\r\033[K[============            ] photos:  50 %, 512 MiB of 1.0 GiB, ");
    ck_assert_ptr_null(strchr(text, '\n'));
    progress_pause(&progress);
    ck_assert_int_eq(write(terminal, "told", 4), 4);
    progress_resume(&progress);
    read_up_to(outside, "told", text);
    ck_assert_msg(strstr(text, "\r\033[Ktold"), "%s", text);
    progress_end(&progress);
    ck_assert_int_eq(write(terminal, "end", 3), 3);
    read_up_to(outside, "end", text);
    ck_assert(strncmp(text, "end", 3) == 0 || strstr(text, "\r\033[Kend"));
    close(terminal);
    close(outside);
}
END_TEST

/* Nothing goes on in the next line, where nobody would wipe it: the bar is left out, and then the end. */
START_TEST(a_line_is_no_longer_than_the_terminal_is_wide)
{
    static const struct {
        unsigned short columns;
        const char *line;
    } cases[] = {{100, "\r\033[K[============            ] photos:  50 %, 512 MiB of 1.0 GiB, "},
                 {60, "\r\033[Kphotos:  50 %, 512 MiB of 1.0 GiB, "},
                 {20, "\r\033[Kphotos:  50 %, 512 \r"},
                 {2, "\r\033[Kp\r"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int terminal, outside = open_terminal(&terminal);
        const struct winsize size = {.ws_col = cases[i].columns, .ws_row = 20};
        char text[TEXT_MAX];
        struct progress progress;
        ck_assert_int_eq(ioctl(terminal, TIOCSWINSZ, &size), 0);
        progress_begin(&progress, terminal, false, sample, (void *)(uintptr_t)&half);
        read_up_to(outside, cases[i].line, text);
        progress_end(&progress);
        close(terminal);
        close(outside);
    }
}
END_TEST

START_TEST(elsewhere_a_line_comes_when_it_is_due)
{
    int ends[2];
    char text[TEXT_MAX];
    struct progress progress;
    ck_assert_int_eq(pipe(ends), 0);
    progress_begin(&progress, ends[1], false, sample, (void *)(uintptr_t)&half);
    let_time_pass(&progress);
    read_up_to(ends[0], "\n", text);
    expect_beginning(text, "photos:  50 %, 512 MiB of 1.0 GiB, ");
    ck_assert_ptr_null(strchr(text, '\r'));
    progress_end(&progress);
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], text, TEXT_MAX), 0); /* no more came */
    close(ends[0]);
}
END_TEST

START_TEST(scripts_get_an_object_a_line)
{
    int ends[2];
    char text[TEXT_MAX];
    struct progress progress;
    ck_assert_int_eq(pipe(ends), 0);
    progress_begin(&progress, ends[1], true, sample, (void *)(uintptr_t)&half);
    let_time_pass(&progress);
    read_up_to(ends[0], "\n", text);
    expect_beginning(text, "{\"store\":\"photos\",\"bytes_done\":536870912,\"bytes_total\":1073741824,");
    ck_assert_ptr_nonnull(strstr(text, "\"bytes_per_second\":"));
    ck_assert_ptr_nonnull(strstr(text, "\"seconds_left\":"));
    progress_end(&progress);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(what_ends_soon_says_nothing)
{
    int ends[2];
    char text[TEXT_MAX];
    struct progress progress;
    ck_assert_int_eq(pipe(ends), 0);
    progress_begin(&progress, ends[1], false, sample, (void *)(uintptr_t)&half);
    progress_end(&progress);
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], text, TEXT_MAX), 0);
    close(ends[0]);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_terminal_has_a_line_that_is_drawn_anew,
        a_line_is_no_longer_than_the_terminal_is_wide,
        elsewhere_a_line_comes_when_it_is_due,
        scripts_get_an_object_a_line,
        what_ends_soon_says_nothing,
    };
    return UNIT_RUN("progress", tests);
}
